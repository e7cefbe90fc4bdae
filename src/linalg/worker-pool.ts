import { type LongRunning, type Matrix, ResourceError, requireInteger, requireOptions } from "../core/index.js";
import { fusedInEffect, routinesBackend } from "../routines/index.js";
import type { EighOptions, SymmetricEigen } from "./eigh.js";
import type { MatrixInput } from "./input.js";
import type { MatmulOptions } from "./products.js";
import { eighByWorkers, gramByWorkers, matmulByWorkers } from "./worker-calls.js";
import type { WorkerAnswer } from "./worker-protocol.js";
import { sharedStores } from "./worker-stores.js";
import type { Done, Workers } from "./worker-together.js";
import { type WorkerLike, listen, startWorker } from "./worker-threads.js";

/** Options of {@link workerPool}. */
export interface WorkerPoolOptions {
  /** Number of workers, default 2. Results do not depend on it. */
  readonly workers?: number;
  /** Starts a worker for platforms that need their own way; it gets the source text of a classic script. */
  readonly createWorker?: () => WorkerLike;
}

/** Dense linear algebra on other threads. Every method gives the bits of the function of the same name. */
export interface WorkerPool {
  /** Number of workers. */
  readonly workers: number;
  /** As {@link matmul}, by tiles of rows. */
  matmul(A: MatrixInput, B: MatrixInput, options?: MatmulOptions & LongRunning): Promise<Matrix>;
  /** As {@link gram}, by tiles of rows with equal area below the diagonal. */
  gram(A: MatrixInput, options?: LongRunning): Promise<Matrix>;
  /** As {@link eigh}, all options: the workers share every step of the reduction, of divide and conquer and of the back-transformation. */
  eigh(A: MatrixInput, options?: EighOptions & LongRunning): Promise<SymmetricEigen>;
  /** Ends all workers; calls under way are rejected. */
  close(): Promise<void>;
}

/** A call that waits for a worker. */
interface Waiting {
  readonly resolve: (answer: Done) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: LongRunning["onProgress"];
}

/** A worker and the calls that wait for it. */
interface Slot {
  worker: WorkerLike | null;
  readonly waiting: Map<number, Waiting>;
}

/**
 * Creates a pool of workers for large products and eigenproblems: they leave the calling thread free and use several cores.
 *
 * Relation: every method resolves to what the function of the same name returns, bit for bit, whatever the number of workers:
 * work is cut into pieces that do not depend on their neighbours, or on the number of workers.
 * Workers start at the first call (about 35 ms each) and do not keep a Node process alive while idle. When a worker dies, the
 * calls that waited for it are rejected, inputs are untouched, and the next call starts a new one. A call whose `signal` is
 * aborted is rejected, and its workers stop at their next step; `onProgress` tells how far they are, and what it throws
 * rejects the call.
 * The workers of a call share one memory. Where that is refused (pages that are not cross-origin isolated) parts of the input
 * are sent to them instead, `eigh` does its reduction on one of them, and a signal is heeded between stages only.
 *
 * @param options number of workers, and how to start one
 * @returns the pool; end it with `close`
 * @throws {ArgumentError} when workers is not an integer from 1 to 64
 *
 * Accuracy: that of {@link matmul}, {@link gram} and {@link eigh}. Cost: inputs and results are copied once, into the shared
 * memory and out of it.
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { workerPool } from "eigenscope/linalg";
 * const pool = workerPool({ workers: 1 });
 * const product = await pool.matmul(fromRows([[1, 2], [3, 4]]), fromRows([[1], [1]]));
 * console.log(Array.from(product.data)); // [ 3, 7 ]
 * await pool.close();
 * ```
 */
export function workerPool(options: WorkerPoolOptions = {}): WorkerPool {
  requireOptions(options, ["workers", "createWorker"], "workerPool");
  const count = requireInteger(options.workers ?? 2, "workers", "workerPool", 1, 64);
  const create = options.createWorker ?? startWorker;
  const slots = Array.from({ length: count }, (): Slot => ({ worker: null, waiting: new Map() }));
  const stores = sharedStores(count);
  let closed = false;
  let next = 0;

  const workers: Workers = {
    count,
    stores,
    submit: (rank, task, transfer, onProgress) => {
      if (closed) return Promise.reject(ended("a closed pool"));
      const slot = slots[rank];
      const worker = (slot.worker ??= start(slot, create));
      const id = next++;
      const known = stores.known();
      return new Promise((resolve, reject) => {
        const buffers = transfer.map((array) => array.buffer);
        const setting = { backend: routinesBackend(), fused: fusedInEffect(), report: onProgress !== undefined };
        worker.postMessage({ id, ...setting, stores: known, task }, buffers);
        slot.waiting.set(id, { resolve, reject, onProgress });
        worker.ref?.();
      });
    },
  };

  return {
    workers: count,
    matmul: async (A, B, matmulOptions = {}) => matmulByWorkers(workers, A, B, matmulOptions),
    gram: async (A, gramOptions = {}) => gramByWorkers(workers, A, gramOptions),
    eigh: async (A, eighOptions = {}) => eighByWorkers(workers, A, eighOptions),
    close: async () => {
      closed = true;
      await Promise.all(
        slots.map(async (slot) => {
          const { worker } = slot;
          fail(slot, ended("a pool closed before the end"));
          slot.worker = null;
          await worker?.terminate();
        }),
      );
    },
  };
}

function ended(got: string): ResourceError {
  return new ResourceError({
    function: "workerPool",
    argument: "the worker of a call",
    expected: "alive until the call is done",
    got,
    remedy: "call again; the inputs are unchanged",
  });
}

function start(slot: Slot, create: () => WorkerLike): WorkerLike {
  const worker = create();
  listen(
    worker,
    (data) => {
      const { id, progress, arrays, certificate, error } = data as WorkerAnswer;
      const call = slot.waiting.get(id);
      if (progress !== undefined) {
        call?.onProgress?.(progress);
        return;
      }
      slot.waiting.delete(id);
      // An idle worker must not keep the process alive.
      if (slot.waiting.size === 0) worker.unref?.();
      if (arrays !== undefined) call?.resolve({ arrays, certificate });
      else call?.reject(ended(`the error "${error ?? "unknown"}"`));
    },
    (reason) => {
      if (slot.worker !== worker) return;
      slot.worker = null;
      fail(slot, ended(reason));
      // In browsers it outlives an error.
      void worker.terminate();
    },
  );
  return worker;
}

function fail(slot: Slot, error: Error): void {
  const calls = [...slot.waiting.values()];
  slot.waiting.clear();
  for (const call of calls) call.reject(error);
}
