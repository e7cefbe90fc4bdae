// The calls of a worker pool: with memory that its workers share, or, where that is refused, with parts sent to them.
import { type LongRunning, type Matrix, type Progress, requireOptions } from "../core/index.js";
import { mirrorLower, openStore } from "../routines/index.js";
import { conquestLength } from "./divide-and-conquer.js";
import type { EighCertificate } from "./eigh-certificate.js";
import {
  EIGH_OPTIONS,
  type EighOptions,
  type SymmetricEigen,
  assembleEigen,
  requireEighOptions,
  requireRange,
} from "./eigh.js";
import {
  type MatrixInput,
  type SymmetricInput,
  beyondMemory,
  newArray,
  norm2,
  requireFlags,
  requireInput,
  requireRepresentable,
  requireSymmetric,
} from "./input.js";
import { type MatmulOptions, requireProduct } from "./products.js";
import type { EigenvalueRange } from "./spectrum-part.js";
import { reductionLength } from "./tridiagonalize.js";
import { columnsFromRows } from "./vectors.js";
import type { EigenTask, StoreReference, TileTask } from "./worker-protocol.js";
import { processors } from "./worker-threads.js";
import { type Done, type Workers, requireNotCancelled, together } from "./worker-together.js";

/** Fewer rows than this are not worth a message. */
const LEAST_ROWS = 32;
/** Fewer rows than this per worker are not worth the meetings of an eigendecomposition. */
const LEAST_TEAM_ROWS = 96;

/** What a tile of a product has in common with the others. */
type Product = Pick<
  TileTask,
  "transposeA" | "transposeB" | "n" | "k" | "aOffset" | "aStride" | "bOffset" | "bStride" | "cOffset" | "lower"
>;

/** op(A) op(B) by tiles of rows. */
export async function matmulByWorkers(
  workers: Workers,
  A: MatrixInput,
  B: MatrixInput,
  options: MatmulOptions & LongRunning,
): Promise<Matrix> {
  const caller = "workerPool.matmul";
  requireOptions(options, ["transposeA", "transposeB", "signal", "onProgress"], caller);
  requireFlags(options, ["transposeA", "transposeB"], caller);
  requireNotCancelled(options.signal, caller);
  const left = requireInput(A, "A", caller);
  const right = requireInput(B, "B", caller);
  const { transposeA = false, transposeB = false } = options;
  const [m, k, n] = requireProduct(left, right, transposeA, transposeB, caller);
  const data = newArray(m * n, caller);
  if (m > 0 && n > 0 && k > 0) {
    const bounds = boundsAt(m, workers.count, (share) => share);
    const shape = { transposeA, transposeB, n, k, aOffset: 0, aStride: left.cols, bOffset: m * k, bStride: right.cols };
    const product = { ...shape, cOffset: (m + n) * k, lower: false };
    const fill = (store: Float64Array): void => {
      store.set(left.data);
      store.set(right.data, m * k);
    };
    const done = await tiles(workers, product, (m + n) * k + m * n, fill, bounds, data, options, caller);
    if (!done) await sentTiles(workers, transposeA, transposeB, left, right, bounds, data, options, caller);
  }
  requireRepresentable(data, "the product A B", caller);
  return { rows: m, cols: n, data };
}

/** A Aᵀ by tiles of rows. */
export async function gramByWorkers(workers: Workers, A: MatrixInput, options: LongRunning): Promise<Matrix> {
  const caller = "workerPool.gram";
  requireOptions(options, ["signal", "onProgress"], caller);
  requireNotCancelled(options.signal, caller);
  const points = requireInput(A, "A", caller);
  const { rows: n, cols: k } = points;
  const data = newArray(n * n, caller);
  if (n > 0 && k > 0) {
    // Row i has i + 1 entries below the diagonal: bounds at equal areas.
    const bounds = boundsAt(n, workers.count, Math.sqrt);
    const shape = { transposeA: false, transposeB: true, n, k, aOffset: 0, aStride: k, bOffset: 0, bStride: k };
    const product = { ...shape, cOffset: n * k, lower: true };
    const fill = (store: Float64Array): void => store.set(points.data);
    const done = await tiles(workers, product, n * k + n * n, fill, bounds, data, options, caller);
    if (!done) await sentGram(workers, points, bounds, data, options, caller);
    mirrorLower(n, data, 0, n);
  }
  requireRepresentable(data, "the product A Aᵀ", caller);
  return { rows: n, cols: n, data };
}

/** Computes a product in shared memory and copies it to `data`; false where memory cannot be shared. */
async function tiles(
  workers: Workers,
  product: Product,
  length: number,
  fill: (store: Float64Array) => void,
  bounds: readonly number[],
  data: Float64Array,
  options: LongRunning,
  caller: string,
): Promise<boolean> {
  const { stores } = workers;
  const store = stores.borrow(length, Math.max(product.n, product.k));
  if (store === null) return false;
  const values = openStore(store.store);
  fill(values);
  const tasks = (control: Int32Array): TileTask[] =>
    bounds
      .slice(1)
      .map((end, rank) => ({ name: "tile", ...product, store, control, rank, first: bounds[rank], end }) as const);
  const total = data.length;
  const summary = (latest: readonly (Progress | undefined)[]): Progress => {
    const done = latest.reduce((sum, part) => sum + (part?.done ?? 0), 0);
    return { phase: "product", done: Math.min(done, total), total };
  };
  try {
    await together(workers, tasks, options, summary, caller);
  } catch (error) {
    stores.drop(store);
    throw error;
  }
  data.set(values.subarray(product.cOffset, product.cOffset + data.length));
  stores.giveBack(store);
  return true;
}

/** Tiles of a product computed from copies of the rows that each of them needs. */
async function sentTiles(
  workers: Workers,
  transposeA: boolean,
  transposeB: boolean,
  left: Matrix,
  right: Matrix,
  bounds: readonly number[],
  data: Float64Array,
  { signal }: LongRunning,
  caller: string,
): Promise<void> {
  const k = transposeA ? left.rows : left.cols;
  const n = transposeB ? right.rows : right.cols;
  await Promise.all(
    bounds.slice(1).map(async (end, tile) => {
      const first = bounds[tile];
      // Rows of op(A): a block of rows, or of columns inside a copy of all of A.
      const a = transposeA ? left.data.slice() : left.data.slice(first * k, end * k);
      const b = right.data.slice();
      const task = { name: "multiply", transposeA, transposeB, m: end - first, n, k, b, bStride: right.cols } as const;
      const place = { a, aOffset: transposeA ? first : 0, aStride: left.cols };
      const { arrays } = await workers.submit(tile, { ...task, ...place }, [a, b]);
      data.set(arrays[0], first * n);
    }),
  );
  requireNotCancelled(signal, caller);
}

async function sentGram(
  workers: Workers,
  points: Matrix,
  bounds: readonly number[],
  data: Float64Array,
  { signal }: LongRunning,
  caller: string,
): Promise<void> {
  const { rows: n, cols: k } = points;
  await Promise.all(
    bounds.slice(1).map(async (end, tile) => {
      const first = bounds[tile];
      const a = points.data.slice(0, end * k);
      const shape = { transposeA: false, transposeB: true, m: end - first, n: end, k, aStride: k, bStride: k };
      const task = { name: "multiply", ...shape, a, aOffset: first * k, b: a } as const;
      const block = (await workers.submit(tile, task, [a])).arrays[0];
      for (let i = first; i < end; i++) data.set(block.subarray((i - first) * end, (i - first) * end + i + 1), i * n);
    }),
  );
  requireNotCancelled(signal, caller);
}

/** Eigenvalues of a symmetric matrix, and eigenvectors as rows. */
interface Found {
  readonly values: Float64Array;
  readonly place: Float64Array;
  readonly rows: Float64Array | null;
  /** Called when the rows are not needed any more. */
  readonly release: () => void;
}

/** The eigendecomposition with all workers. */
export async function eighByWorkers(
  workers: Workers,
  A: MatrixInput,
  options: EighOptions & LongRunning,
): Promise<SymmetricEigen> {
  const caller = "workerPool.eigh";
  requireOptions(options, [...EIGH_OPTIONS, "signal", "onProgress"], caller);
  const { signal, onProgress: _, ...rest } = options;
  requireEighOptions(rest, caller);
  requireNotCancelled(signal, caller);
  const { stores } = workers;
  let matrix: StoreReference | null = null;
  const allocate = (order: number): Float64Array => {
    matrix = stores.borrow(reductionLength(order, teamSize(workers, order)), order);
    return matrix === null ? newArray(order * order, caller) : openStore(matrix.store);
  };
  let input: SymmetricInput;
  let range: EigenvalueRange | undefined;
  let original: Float64Array<ArrayBuffer> | null;
  try {
    input = requireSymmetric(A, rest.triangle, "A", caller, allocate);
    range = requireRange(rest.range, input.n, caller);
    original = rest.certificate === true ? input.data.slice(0, input.n * input.n) : null;
  } catch (error) {
    if (matrix !== null) stores.giveBack(matrix);
    throw error;
  }
  const { n, data, scale } = input;
  const norm = norm2(data, 0, n * n);
  const wantVectors = rest.vectors !== false;
  const task = { n, range, scale };
  const { values, place, rows, release } =
    matrix === null
      ? await sentEigen(workers, data, task, wantVectors, options, caller)
      : await teamEigen(workers, matrix, task, wantVectors, options, caller);
  const [first, before, after] = place;
  let vectors: Matrix | null;
  try {
    vectors = rows === null ? null : columnsFromRows(values.length, n, rows);
  } finally {
    release();
  }
  let certificate: EighCertificate | null = null;
  if (original !== null && vectors !== null) {
    const measured = { n, data: original, norm, scale, values, vectors: vectors.data, first, before, after };
    certificate = (await workers.submit(0, { name: "certify", ...measured }, [original])).certificate ?? null;
    requireNotCancelled(signal, caller);
  }
  return assembleEigen(n, { values, first }, vectors, norm, scale, certificate);
}

/** Threads that wait for each other after every step must all have a processor. */
function teamSize(workers: Workers, n: number): number {
  return Math.max(1, Math.min(workers.count, processors() ?? workers.count, Math.floor(n / LEAST_TEAM_ROWS)));
}

/** What both ways to solve an eigenproblem need. */
interface Problem {
  readonly n: number;
  readonly range: EigenvalueRange | undefined;
  readonly scale: number;
}

/** By a team in shared memory. */
async function teamEigen(
  workers: Workers,
  matrix: StoreReference,
  problem: Problem,
  wantVectors: boolean,
  options: LongRunning,
  caller: string,
): Promise<Found> {
  const { stores } = workers;
  const { n } = problem;
  const size = teamSize(workers, n);
  const conquest = wantVectors ? stores.borrow(conquestLength(n), n) : null;
  const used = conquest === null ? [matrix] : [matrix, conquest];
  if (wantVectors && conquest === null) {
    stores.giveBack(matrix);
    throw beyondMemory(caller, "the work space", conquestLength(n));
  }
  const tasks = (control: Int32Array): EigenTask[] =>
    Array.from({ length: size }, (_, rank) => ({ name: "eigen", control, rank, size, ...problem, matrix, conquest }));
  let done: Done[];
  try {
    done = await together(workers, tasks, options, ([first]) => first, caller);
  } catch (error) {
    used.forEach((store) => stores.drop(store));
    throw error;
  }
  const [values, place] = done[0].arrays;
  const release = (): void => used.forEach((store) => stores.giveBack(store));
  if (conquest === null) return { values, place, rows: null, release };
  const start = (2 * n + place[0]) * n;
  return { values, place, rows: openStore(conquest.store).subarray(start, start + values.length * n), release };
}

/** By one worker that does the reduction, and all of them for the back-transformation, with arrays that are sent. */
async function sentEigen(
  workers: Workers,
  data: Float64Array,
  { n, range, scale }: Problem,
  wantVectors: boolean,
  { signal }: LongRunning,
  caller: string,
): Promise<Found> {
  const reduce = { name: "reduce", n, data, vectors: wantVectors, range, scale } as const;
  const { arrays } = await workers.submit(0, reduce, [data]);
  requireNotCancelled(signal, caller);
  const [values, place, rows, reflectors, tau] = arrays;
  const release = (): void => undefined;
  if (!wantVectors) return { values, place, rows: null, release };
  const bounds = boundsAt(values.length, workers.count, (share) => share);
  await Promise.all(
    bounds.slice(1).map(async (end, tile) => {
      const part = rows.slice(bounds[tile] * n, end * n);
      const last = tile === bounds.length - 2;
      // The last tile takes the reflectors themselves, the others copies.
      const own = last ? reflectors : reflectors.slice();
      const back = { name: "back", n, reflectors: own, tau, rows: part } as const;
      const answer = await workers.submit(tile, back, [own, part]);
      rows.set(answer.arrays[0], bounds[tile] * n);
    }),
  );
  requireNotCancelled(signal, caller);
  return { values, place, rows, release };
}

/** At most `parts` tiles of at least LEAST_ROWS rows, as bounds 0 = b₀ < b₁ < … = n. */
function boundsAt(n: number, parts: number, position: (share: number) => number): number[] {
  const count = Math.max(1, Math.min(parts, Math.floor(n / LEAST_ROWS)));
  const bounds = [0];
  for (let i = 1; i <= count; i++) {
    const bound = i === count ? n : Math.round(n * position(i / count));
    if (bound > bounds[bounds.length - 1]) bounds.push(bound);
  }
  return bounds;
}
