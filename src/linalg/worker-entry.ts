/**
 * What a worker of the pool runs. scripts/build-worker.mjs bundles this file into worker-source.ts; nothing else
 * imports it.
 */
import { allowFusedMultiplyAdd, gemm, setRoutinesBackend } from "../routines/index.js";
import { type EighCertificate, certifyEigen } from "./eigh-certificate.js";
import { solveTridiagonal } from "./spectrum-part.js";
import { backTransform, reductionStore, releaseReduction, tridiagonalize } from "./tridiagonalize.js";
import type { CertifyTask, WorkerAnswer, WorkerRequest, WorkerTask } from "./worker-protocol.js";

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

function answer({ id, backend, fused, task }: WorkerRequest): void {
  try {
    setRoutinesBackend(backend);
    allowFusedMultiplyAdd(fused);
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

function perform(task: Exclude<WorkerTask, CertifyTask>): Float64Array[] {
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
