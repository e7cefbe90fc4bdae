/**
 * What a worker of the pool runs. scripts/build-worker.mjs bundles this file into worker-source.ts; nothing else
 * imports it.
 */
import type { Progress } from "../core/index.js";
import {
  allowFusedMultiplyAdd,
  gemm,
  gemmLower,
  openStore,
  setRoutinesBackend,
  takeRoutinesBytes,
} from "../routines/index.js";
import { type EighCertificate, certifyEigen } from "./eigh-certificate.js";
import { solveTridiagonal } from "./spectrum-part.js";
import { tridiagonalVectors } from "./tridiagonal-eigh.js";
import { backTransform, reductionStore, releaseReduction, tridiagonalize } from "./tridiagonalize.js";
import type {
  CertifyTask,
  EigenTask,
  StoreReference,
  TileTask,
  WorkerAnswer,
  WorkerRequest,
  WorkerTask,
} from "./worker-protocol.js";
import { count, isWorthKeeping } from "./worker-stores.js";
import { requireGoing, shareOf, teamOf } from "./worker-team.js";

interface Port {
  postMessage(answer: WorkerAnswer, transfer: ArrayBufferLike[]): void;
  on?(event: "message", listener: (data: WorkerRequest) => void): void;
  addEventListener?(event: "message", listener: (event: { data: WorkerRequest }) => void): void;
}

interface Scope extends Port {
  readonly process?: { getBuiltinModule?(name: string): { parentPort?: Port | null } | undefined };
}

const scope = globalThis as unknown as Scope;
const port: Port = scope.process?.getBuiltinModule?.("node:worker_threads")?.parentPort ?? scope;

/** Columns of a product between two looks at whether the call was given up: those that a packed panel has. */
const STRIP = 512;

/** What was set up for stores that will come again. */
const opened = new Map<number, { readonly values: Float64Array; readonly setting: string }>();

type Report = ((progress: Progress) => void) | undefined;

function answer({ id, backend, fused, bytes, report, stores, task }: WorkerRequest): void {
  try {
    if (bytes !== undefined) takeRoutinesBytes(bytes);
    for (const known of opened.keys()) if (!stores.includes(known)) opened.delete(known);
    setRoutinesBackend(backend);
    allowFusedMultiplyAdd(fused);
    const onProgress: Report = report ? (progress) => port.postMessage({ id, progress }, []) : undefined;
    if (task.name === "tile" || task.name === "eigen") {
      const arrays =
        task.name === "tile" ? multiplyTile(task, backend, onProgress) : solveEigen(task, backend, onProgress);
      port.postMessage({ id, arrays }, []);
      return;
    }
    if (task.name === "certify") {
      port.postMessage({ id, arrays: [], certificate: certify(task) }, []);
      return;
    }
    const arrays = perform(task);
    port.postMessage(
      { id, arrays },
      arrays.map((array) => array.buffer),
    );
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

if (port.on !== undefined) port.on("message", answer);
else port.addEventListener?.("message", (event) => answer(event.data));

function certify({ n, data, norm, scale, values, vectors, first, before, after }: CertifyTask): EighCertificate {
  const V = { rows: n, cols: values.length, data: vectors };
  return certifyEigen({ rows: n, cols: n, data }, norm, { values, first, before, after }, V, scale);
}

/** The numbers of a store; what was set up for it is used again. */
function open({ id, store }: StoreReference, rank: number, setting: string): Float64Array {
  const known = opened.get(id);
  if (known === undefined) count(store);
  const values = known?.setting === setting ? known.values : openStore(store, rank);
  // The next message may be far away: what will not come again must not be held until then.
  if (isWorthKeeping(store.length)) opened.set(id, { values, setting });
  return values;
}

function multiplyTile(task: TileTask, backend: string, onProgress: Report): Float64Array[] {
  const { store, control, rank, transposeA, transposeB, first, end, n, k } = task;
  const { aOffset, aStride, bOffset, bStride, cOffset, lower } = task;
  const values = open(store, rank, backend);
  const a = aOffset + (transposeA ? first : first * aStride);
  const rows = end - first;
  const cols = lower ? first : n; // left of the block on the diagonal
  for (let j = 0; j < cols; j += STRIP) {
    requireGoing(control);
    const width = Math.min(STRIP, cols - j);
    const b = bOffset + (transposeB ? j * bStride : j);
    const c = cOffset + first * n + j;
    gemm(transposeA, transposeB, rows, width, k, 1, values, a, aStride, values, b, bStride, 0, values, c, n);
    onProgress?.({ phase: "product", done: rows * (j + width), total: null });
  }
  if (lower) {
    for (let i = first; i < end; i++) values.fill(0, cOffset + i * n + first, cOffset + i * n + i + 1);
    gemmLower(false, true, rows, k, 1, values, a, aStride, values, a, aStride, values, cOffset + first * n + first, n);
    onProgress?.({ phase: "product", done: rows * n, total: null });
  }
  return [];
}

function solveEigen(task: EigenTask, backend: string, onProgress: Report): Float64Array[] {
  const { control, rank, size, n, range, scale } = task;
  const team = teamOf(control, rank, size);
  const tell = rank === 0 && onProgress !== undefined;
  const report = (phase: string, done: number, total: number): void => {
    if (tell) onProgress({ phase, done, total });
  };
  const matrix = open(task.matrix, rank, backend);
  const reduction = tridiagonalize(n, matrix, team, (done) => report("reduction", done, n));
  if (task.conquest === null) {
    if (rank > 0) return [];
    const { values, first, before, after } = solveTridiagonal(reduction, range, scale, false);
    return [values, Float64Array.of(first, before, after)];
  }
  const shared = open(task.conquest, rank, backend);
  report("tridiagonal eigenproblem", 0, 1);
  const part = solveTridiagonal(reduction, range, scale, true, (order, d, e) =>
    tridiagonalVectors(order, d, e, team, shared),
  );
  const { values, first, before, after } = part;
  const count = values.length;
  const rows = shared.subarray((2 * n + first) * n, (2 * n + first + count) * n);
  // A few vectors, or those of a small matrix, were found by each thread for itself.
  if (part.rows !== null && part.rows.buffer !== shared.buffer) {
    const [low, high] = shareOf(team, count);
    rows.set(part.rows.subarray(low * n, high * n), low * n);
    team.meet();
  }
  report("vectors", 0, 1);
  backTransform(reduction, count, rows, shared.subarray(0, 2 * n * n), team);
  return rank === 0 ? [values, Float64Array.of(first, before, after)] : [];
}

function perform(task: Exclude<WorkerTask, CertifyTask | TileTask | EigenTask>): Float64Array[] {
  if (task.name === "multiply") {
    const { transposeA, transposeB, m, n, k, a, aStride, b, bStride } = task;
    const out = new Float64Array(m * n);
    gemm(transposeA, transposeB, m, n, k, 1, a, task.aOffset, aStride, b, 0, bStride, 0, out, 0, n);
    return [out];
  }
  const { n } = task;
  if (task.name === "reduce") {
    const store = reductionStore(n);
    store.set(task.data);
    const reduction = tridiagonalize(n, store);
    // Copies: memory of the WebAssembly routines cannot be handed over.
    const reflectors = task.vectors ? reduction.reflectors.slice(0, n * n) : null;
    releaseReduction(n, store);
    const { values, first, before, after, rows, release } = solveTridiagonal(
      reduction,
      task.range,
      task.scale,
      task.vectors,
    );
    const place = Float64Array.of(first, before, after);
    if (reflectors === null || rows === null) return [values, place];
    const copy = rows.slice();
    release?.();
    return [values, place, copy, reflectors, reduction.tau];
  }
  const { reflectors, tau, rows } = task;
  const none = new Float64Array(0);
  backTransform({ n, diagonal: none, offDiagonal: none, reflectors, tau }, rows.length / n, rows, null);
  return [rows];
}
