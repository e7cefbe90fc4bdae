import { type Matrix, ResourceError, ShapeError, requireInteger, requireOptions } from "../core/index.js";
import { fusedInEffect, mirrorLower, routinesBackend } from "../routines/index.js";
import type { EighCertificate } from "./eigh-certificate.js";
import { type EighOptions, type SymmetricEigen, assembleEigen, requireEighOptions, requireRange } from "./eigh.js";
import { type MatrixInput, newArray, norm2, requireInput, requireRepresentable, requireSymmetric } from "./input.js";
import type { MatmulOptions } from "./products.js";
import { columnsFromRows } from "./vectors.js";
import type { WorkerAnswer, WorkerTask } from "./worker-protocol.js";
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
  matmul(A: MatrixInput, B: MatrixInput, options?: MatmulOptions): Promise<Matrix>;
  /** As {@link gram}, by tiles of rows with equal area below the diagonal. */
  gram(A: MatrixInput): Promise<Matrix>;
  /** As {@link eigh}, all options: the reduction on one worker, the back-transformation by tiles of vectors. */
  eigh(A: MatrixInput, options?: EighOptions): Promise<SymmetricEigen>;
  /** Ends all workers; calls under way are rejected. */
  close(): Promise<void>;
}

/** Fewer rows than this are not worth a message. */
const LEAST_ROWS = 32;

/** What a task that succeeded gives. */
interface Done {
  readonly arrays: Float64Array[];
  readonly certificate: EighCertificate | undefined;
}

/** A worker and the calls that wait for it. */
interface Slot {
  worker: WorkerLike | null;
  readonly waiting: Map<number, { resolve: (answer: Done) => void; reject: (error: Error) => void }>;
}

/**
 * Creates a pool of workers for large products and eigenproblems: they leave the calling thread free, and products use
 * several cores.
 *
 * Relation: every method resolves to what the function of the same name returns, bit for bit, whatever the number of workers:
 * work is cut by tiles of the output, and a tile does not depend on its neighbours.
 * Workers start at the first call (about 35 ms each) and do not keep a Node process alive while idle. When a worker dies, the
 * calls that waited for it are rejected, inputs are untouched, and the next call starts a new one.
 *
 * @param options number of workers, and how to start one
 * @returns the pool; end it with `close`
 * @throws {ArgumentError} when workers is not an integer from 1 to 64
 *
 * Accuracy: that of {@link matmul}, {@link gram} and {@link eigh}. Cost: inputs are copied to each worker that needs them.
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
  const workers = requireInteger(options.workers ?? 2, "workers", "workerPool", 1, 64);
  const create = options.createWorker ?? startWorker;
  const slots = Array.from({ length: workers }, (): Slot => ({ worker: null, waiting: new Map() }));
  let closed = false;
  let next = 0;

  const submit = (slot: Slot, task: WorkerTask, transfer: Float64Array[]): Promise<Done> => {
    if (closed) return Promise.reject(ended("a closed pool"));
    const worker = (slot.worker ??= start(slot, create));
    const id = next++;
    return new Promise((resolve, reject) => {
      slot.waiting.set(id, { resolve, reject });
      worker.ref?.();
      const buffers = transfer.map((array) => array.buffer);
      worker.postMessage({ id, backend: routinesBackend(), fused: fusedInEffect(), task }, buffers);
    });
  };

  return {
    workers,
    matmul: async (A, B, matmulOptions = {}) => {
      requireOptions(matmulOptions, ["transposeA", "transposeB"], "workerPool.matmul");
      return multiply(slots, submit, A, B, matmulOptions);
    },
    gram: async (A) => gramTiles(slots, submit, A),
    eigh: async (A, eighOptions = {}) => {
      requireEighOptions(eighOptions, "workerPool.eigh");
      return eighTiles(slots, submit, A, eighOptions);
    },
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

type Submit = (slot: Slot, task: WorkerTask, transfer: Float64Array[]) => Promise<Done>;

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
      const { id, arrays, certificate, error } = data as WorkerAnswer;
      const call = slot.waiting.get(id);
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
    },
  );
  return worker;
}

function fail(slot: Slot, error: Error): void {
  const calls = [...slot.waiting.values()];
  slot.waiting.clear();
  for (const call of calls) call.reject(error);
}

async function multiply(
  slots: readonly Slot[],
  submit: Submit,
  A: MatrixInput,
  B: MatrixInput,
  options: MatmulOptions,
): Promise<Matrix> {
  const caller = "workerPool.matmul";
  const left = requireInput(A, "A", caller);
  const right = requireInput(B, "B", caller);
  const { transposeA = false, transposeB = false } = options;
  const [m, k] = transposeA ? [left.cols, left.rows] : [left.rows, left.cols];
  const [innerB, n] = transposeB ? [right.cols, right.rows] : [right.rows, right.cols];
  if (k !== innerB) {
    throw new ShapeError({
      function: caller,
      argument: "B",
      expected: `of ${k} rows after transposition, to match A`,
      got: `${innerB} rows (${left.rows} x ${left.cols} times ${right.rows} x ${right.cols})`,
    });
  }
  const data = newArray(m * n, caller);
  if (m > 0 && n > 0 && k > 0) {
    const bounds = evenBounds(m, slots.length);
    await Promise.all(
      bounds.slice(1).map(async (end, tile) => {
        const first = bounds[tile];
        // Rows of op(A): a block of rows, or of columns inside a copy of all of A.
        const a = transposeA ? left.data.slice() : left.data.slice(first * k, end * k);
        const b = right.data.slice();
        const task = {
          name: "multiply",
          transposeA,
          transposeB,
          m: end - first,
          n,
          k,
          b,
          bStride: right.cols,
        } as const;
        const place = { a, aOffset: transposeA ? first : 0, aStride: left.cols };
        const { arrays } = await submit(slots[tile], { ...task, ...place }, [a, b]);
        data.set(arrays[0], first * n);
      }),
    );
  }
  requireRepresentable(data, "the product A B", caller);
  return { rows: m, cols: n, data };
}

async function gramTiles(slots: readonly Slot[], submit: Submit, A: MatrixInput): Promise<Matrix> {
  const caller = "workerPool.gram";
  const points = requireInput(A, "A", caller);
  const { rows: n, cols: k } = points;
  const data = newArray(n * n, caller);
  if (n > 0 && k > 0) {
    // Row i has i + 1 entries below the diagonal: bounds at equal areas.
    const bounds = boundsAt(n, slots.length, Math.sqrt);
    await Promise.all(
      bounds.slice(1).map(async (end, tile) => {
        const first = bounds[tile];
        const a = points.data.slice(0, end * k);
        const shape = { transposeA: false, transposeB: true, m: end - first, n: end, k, aStride: k, bStride: k };
        const task = { name: "multiply", ...shape, a, aOffset: first * k, b: a } as const;
        const block = (await submit(slots[tile], task, [a])).arrays[0];
        for (let i = first; i < end; i++) data.set(block.subarray((i - first) * end, (i - first) * end + i + 1), i * n);
      }),
    );
    mirrorLower(n, data, 0, n);
  }
  requireRepresentable(data, "the product A Aᵀ", caller);
  return { rows: n, cols: n, data };
}

async function eighTiles(
  slots: readonly Slot[],
  submit: Submit,
  A: MatrixInput,
  options: EighOptions,
): Promise<SymmetricEigen> {
  const caller = "workerPool.eigh";
  const { n, data, scale } = requireSymmetric(A, options.triangle, "A", caller);
  const range = requireRange(options.range, n, caller);
  const norm = norm2(data, 0, n * n);
  const original = options.certificate === true ? data.slice() : null;
  const wantVectors = options.vectors !== false;
  const reduce = { name: "reduce", n, data, vectors: wantVectors, range, scale } as const;
  const { arrays } = await submit(slots[0], reduce, [data]);
  const [values, [first, before, after], rows, reflectors, tau] = arrays;
  if (!wantVectors) return assembleEigen(n, { values, first }, null, norm, scale, null);
  const count = values.length;
  const bounds = evenBounds(count, slots.length);
  await Promise.all(
    bounds.slice(1).map(async (end, tile) => {
      const part = rows.slice(bounds[tile] * n, end * n);
      const last = tile === bounds.length - 2;
      // The last tile takes the reflectors themselves, the others copies.
      const own = last ? reflectors : reflectors.slice();
      const back = { name: "back", n, reflectors: own, tau, rows: part } as const;
      const answer = await submit(slots[tile], back, [own, part]);
      rows.set(answer.arrays[0], bounds[tile] * n);
    }),
  );
  const vectors = columnsFromRows(count, n, rows);
  let certificate: EighCertificate | null = null;
  if (original !== null) {
    const measured = { n, data: original, norm, scale, values, vectors: vectors.data, first, before, after };
    certificate = (await submit(slots[0], { name: "certify", ...measured }, [original])).certificate ?? null;
  }
  return assembleEigen(n, { values, first }, vectors, norm, scale, certificate);
}

/** At most `parts` tiles of at least LEAST_ROWS rows, as bounds 0 = b₀ < b₁ < … = n. */
function evenBounds(n: number, parts: number): number[] {
  return boundsAt(n, parts, (share) => share);
}

function boundsAt(n: number, parts: number, position: (share: number) => number): number[] {
  const count = Math.max(1, Math.min(parts, Math.floor(n / LEAST_ROWS)));
  const bounds = [0];
  for (let i = 1; i <= count; i++) {
    const bound = i === count ? n : Math.round(n * position(i / count));
    if (bound > bounds[bounds.length - 1]) bounds.push(bound);
  }
  return bounds;
}
