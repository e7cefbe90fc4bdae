/**
 * What a worker of the pool runs. scripts/build-worker.mjs bundles this file into worker-source.ts; nothing else
 * imports it.
 */
import { allowFusedMultiplyAdd, gemm, setRoutinesBackend } from "../routines/index.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import { backTransform, reductionStore, releaseReduction, tridiagonalize } from "./tridiagonalize.js";
import type { WorkerAnswer, WorkerRequest, WorkerTask } from "./worker-protocol.js";

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

function perform(task: WorkerTask): Float64Array[] {
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
    const { diagonal, offDiagonal, tau } = reduction;
    // A copy: memory of the WebAssembly routines cannot be handed over.
    const reflectors = task.vectors ? reduction.reflectors.slice(0, n * n) : null;
    releaseReduction(n, store);
    if (reflectors === null) return [tridiagonalValues(n, diagonal, offDiagonal)];
    const { values, rows, release } = tridiagonalVectors(n, diagonal, offDiagonal);
    const copy = rows.slice();
    release();
    return [values, copy, reflectors, tau];
  }
  const { reflectors, tau, rows } = task;
  const none = new Float64Array(0);
  backTransform({ n, diagonal: none, offDiagonal: none, reflectors, tau }, rows.length / n, rows, null);
  return [rows];
}
