import {
  type LongRunning,
  type Matrix,
  OptionError,
  ResourceError,
  describe,
  requireInteger,
  requireOptions,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { fusedInEffect, routinesBackend, routinesBytes } from "../routines/index.js";
import type { EighOptions, SymmetricEigen, SymmetricEigenWithVectors } from "./eigh.js";
import type { MatrixInput } from "./input.js";
import type { MatmulOptions } from "./products.js";
import { eighByWorkers, gramByWorkers, matmulByWorkers } from "./worker-calls.js";
import type { WorkerAnswer } from "./worker-protocol.js";
import { WORKER_SOURCE } from "./worker-source.js";
import { sharedStores } from "./worker-stores.js";
import type { Done, Workers } from "./worker-together.js";
import { type WorkerLike, listen, startWorker } from "./worker-threads.js";

/** Options of {@link workerPool}. */
export interface WorkerPoolOptions {
  /** Number of workers, default 2. Results do not depend on it. */
  readonly workers?: number;
  /** Starts a worker for platforms that need their own way; it gets the source text of a classic script. */
  readonly createWorker?: (source: string) => WorkerLike;
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
  eigh<C extends boolean = false>(
    A: MatrixInput,
    options?: Certifying<EighOptions, C> & LongRunning & { readonly vectors?: true },
  ): Promise<Certified<SymmetricEigenWithVectors, C>>;
  /** With vectors: false, or a choice made at run time. */
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
  /** Whether it has the WebAssembly modules. */
  equipped: boolean;
  readonly waiting: Map<number, Waiting>;
}

/**
 * Creates a pool of workers for large products and eigenproblems: they leave the calling thread free and use several cores.
 *
 * Relation: every method resolves to what the function of the same name returns, bit for bit, whatever the number of workers:
 * work is cut into pieces that do not depend on their neighbours, or on the number of workers.
 * A method reads its inputs before it returns its promise; they may be changed from then on.
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
 * @throws {OptionError} when createWorker is not a function
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
  if (typeof create !== "function") {
    const details = { function: "workerPool", argument: 'option "createWorker"', expected: "a function" };
    throw new OptionError({ ...details, got: describe(create) });
  }
  const slots = Array.from({ length: count }, (): Slot => ({ worker: null, equipped: false, waiting: new Map() }));
  const stores = sharedStores(count);
  let closed: Promise<void> | null = null;
  let next = 0;

  const workers: Workers = {
    count,
    stores,
    submit: (rank, task, transfer, onProgress) => {
      requireOpen();
      const slot = slots[rank];
      const worker = (slot.worker ??= start(slot, create));
      const id = next++;
      const known = stores.known();
      return new Promise((resolve, reject) => {
        const buffers = transfer.map((array) => array.buffer);
        const backend = routinesBackend();
        const bytes = backend === "wasm" && !slot.equipped ? routinesBytes() : undefined;
        const setting = { backend, fused: fusedInEffect(), bytes, report: onProgress !== undefined };
        worker.postMessage({ id, ...setting, stores: known, task }, buffers);
        if (bytes !== undefined) slot.equipped = true;
        slot.waiting.set(id, { resolve, reject, onProgress });
        worker.ref?.();
      });
    },
  };

  const requireOpen = (): void => {
    if (closed !== null) throw ended("a closed pool", "create another pool");
  };
  const end = async (slot: Slot): Promise<void> => {
    const { worker } = slot;
    fail(slot, ended("a pool closed before the end", "create another pool; the inputs are unchanged"));
    slot.worker = null;
    await worker?.terminate();
  };

  return {
    workers: count,
    matmul: async (A, B, matmulOptions = {}) => {
      requireOpen();
      return matmulByWorkers(workers, A, B, matmulOptions);
    },
    gram: async (A, gramOptions = {}) => {
      requireOpen();
      return gramByWorkers(workers, A, gramOptions);
    },
    // Vectors are there unless refused, which the overloads say and a single function type cannot.
    eigh: (async (A: MatrixInput, eighOptions: EighOptions & LongRunning = {}) => {
      requireOpen();
      return eighByWorkers(workers, A, eighOptions);
    }) as WorkerPool["eigh"],
    close: () => (closed ??= Promise.all(slots.map(end)).then(() => stores.forget())),
  };
}

function ended(got: string, remedy = "call again; the inputs are unchanged"): ResourceError {
  const details = {
    function: "workerPool",
    argument: "the worker of a call",
    expected: "alive until the call is done",
  };
  return new ResourceError({ ...details, got, remedy });
}

function start(slot: Slot, create: (source: string) => WorkerLike): WorkerLike {
  const worker = create(WORKER_SOURCE);
  slot.equipped = false;
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
    (reason, remedy) => {
      if (slot.worker !== worker) return;
      slot.worker = null;
      fail(slot, ended(reason, remedy));
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
