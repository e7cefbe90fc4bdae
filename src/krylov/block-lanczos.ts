import {
  ArgumentError,
  EPSILON,
  type LongRunning,
  type Matrix,
  ShapeError,
  axpy,
  describe,
  dot,
  isCancelled,
  norm,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOptions,
} from "../core/index.js";
import { eigh, matmul } from "../linalg/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng } from "../random/index.js";
import { type Basis, appendRow, basisRow, copyBasis, createBasis, orthogonalize, subtract } from "./basis.js";
import { type Coroutine, drive, driveAsync, multiplyBlock } from "./products.js";
import type { RitzOptions } from "./ritz.js";
import { requireFiniteProduct } from "./start.js";
import { newDirection } from "./thick-restart.js";

/** Options of {@link blockLanczos}. */
export interface BlockLanczosOptions extends LongRunning {
  /** Number of block steps, earlier ones included when resuming. */
  readonly steps: number;
  /** Number of start vectors, 1 … n; the columns of `start` when absent. */
  readonly blockSize?: number;
  /** Start vectors as columns, n x b; dependent ones are dropped. Random from `rng` when absent, or where there are too few. */
  readonly start?: Matrix;
  /** Stream for random start vectors. */
  readonly rng?: Rng;
  /** An earlier factorisation of the same operator: the run goes on from it, bit for bit. */
  readonly resume?: BlockLanczosFactorization;
}

/** A block Lanczos factorisation. */
export interface BlockLanczosFactorization {
  /** Format of this record, which is also a state: see `resume`. */
  readonly kind: "eigenscope-block-lanczos-1";
  /** Block steps done. */
  readonly steps: number;
  /** Size of each block multiplied; they shrink where vectors turned out to be dependent. */
  readonly blockSizes: readonly number[];
  /** V, k x n: the vectors multiplied, as rows. */
  readonly basis: Matrix;
  /** T = V A Vᵀ, k x k, block tridiagonal. */
  readonly projected: Matrix;
  /** W, p x n: orthonormal vectors of the residual term, the next block; p = 0 when invariant. */
  readonly next: Matrix;
  /** C, p x k: couplings of the next block with the basis, zero but in the last columns. */
  readonly coupling: Matrix;
  /** True when nothing is left to multiply: the basis spans an invariant subspace and T's eigenvalues are A's. */
  readonly invariant: boolean;
  /** Products with A: one for each vector of the basis. */
  readonly matvecs: number;
}

/** Below this multiple of √n ε ‖T‖ a new vector consists of rounding errors: the block has lost a rank. */
const RANK_FACTOR = 10;

/**
 * Reduces a symmetric operator on the Krylov space of a whole block of start vectors.
 *
 * Relation: A Vᵀ = Vᵀ T + Wᵀ C with [V; W] orthonormal rows and T block tridiagonal. A block of b finds up to b copies of
 * a multiple eigenvalue where lanczos finds one; blockRitzPairs takes the eigenpairs out. eigsh restarts in bounded
 * memory and has the same blocks behind its option `blockSize`.
 *
 * @param A symmetric operator of order n >= 1
 * @param options.steps block steps
 * @param options.blockSize start vectors
 * @returns the factorisation; vectors that depend on the others to rounding are dropped and the blocks shrink
 * @throws {ArgumentError} when A lacks the symmetric mark, or start vectors are missing or all dependent
 * @throws {ShapeError} when start has not n rows
 * @throws {NonFiniteError} when a product of A has an entry that is not finite
 *
 * Accuracy: [V; W] orthonormal to a few ε, the relation to a few √n ε ‖A‖. Cost: one matvec a vector, 4 n k flops each;
 * 8 n (k + b) bytes. Stopping: after `steps`, or when the space is invariant (‖new vector‖ <= 10 √n ε ‖T‖₁ for all).
 * @see [ruhe1979]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { blockLanczos, blockRitzPairs } from "eigenscope/krylov";
 * const A = diagonal([5, 5, 5, 1, 2, 3]);
 * const factorization = blockLanczos(A, { steps: 4, blockSize: 3, rng: createRng(1) });
 * const { values } = blockRitzPairs(factorization);
 * console.log(factorization.invariant, Array.from(values, (value) => value.toFixed(6)).join(" "));
 * // true 1.000000 2.000000 3.000000 5.000000 5.000000 5.000000
 * ```
 */
export function blockLanczos(A: SymmetricOperator | Matrix, options: BlockLanczosOptions): BlockLanczosFactorization {
  const operator = requireSymmetricOperator(A, "A", "blockLanczos");
  return drive(operator, grow(operator.rows, options));
}

/**
 * The form of {@link blockLanczos} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of blockLanczos for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of blockLanczos
 * @returns a promise of the factorisation
 * @throws {ArgumentError} as blockLanczos, as a rejection
 */
export async function blockLanczosAsync(
  A: AsyncSymmetricOperator,
  options: BlockLanczosOptions,
): Promise<BlockLanczosFactorization> {
  const operator = requireAsyncOperator(A, "A", "blockLanczosAsync", "symmetric");
  return driveAsync(operator, grow(operator.rows, options));
}

/** What a run carries: rows of T and C as lists, each as long as it is wide so far. */
interface Run {
  readonly basis: Basis;
  /** Vectors multiplied. */
  size: number;
  /** columns[j][i] = T or C entry (i, j) for i >= j: the couplings of A v_j with the vectors from v_j on. */
  readonly columns: Float64Array[];
  readonly blockSizes: number[];
}

function* grow(n: number, options: BlockLanczosOptions): Coroutine<BlockLanczosFactorization> {
  const caller = "blockLanczos";
  requireOptions(options, ["steps", "blockSize", "start", "rng", "resume", "signal", "onProgress"], caller);
  const steps = requireInteger(options?.steps, "steps", caller, 1);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const run = options.resume === undefined ? begin(n, options, caller) : restore(options.resume, n, caller);
  const { basis } = run;
  while (run.blockSizes.length < steps && run.size < basis.count && !isCancelled(options.signal)) {
    const end = basis.count; // of the block that is there
    const from = run.size;
    run.blockSizes.push(end - from);
    const products = new Float64Array((end - from) * n); // of the whole block, orthogonalised in place
    yield* multiplyBlock(basis.data.subarray(from * n, end * n), products, end - from);
    for (; run.size < end; run.size++) {
      step(run, products.subarray((run.size - from) * n, (run.size - from + 1) * n), caller);
    }
    const { length } = run.blockSizes;
    options.onProgress?.({
      phase: caller,
      done: length,
      total: steps,
      figures: { matvecs: run.size, blockSize: basis.count - run.size },
    });
  }
  return record(run, n);
}

/** Orthogonalises A v_j; what is left, if anything, becomes a vector of the next block. */
function step(run: Run, w: Float64Array, caller: string): void {
  const { basis, size: j, columns } = run;
  const n = basis.dimension;
  const v = basisRow(basis, j);
  // First pass: symmetry gives the couplings with earlier vectors, all zero but for about two blocks. Second: against all.
  const earlier = new Float64Array(j);
  for (let i = j - 1; i >= 0 && columns[i].length > j - i; i--) earlier[i] = columns[i][j - i];
  let first = 0;
  while (first < j && earlier[first] === 0) first++;
  const band = { ...basis, data: basis.data.subarray(first * n) };
  if (first < j) subtract(band, j - first, earlier.subarray(first), w);
  const alpha = dot(v, w);
  axpy(-alpha, v, w);
  const h = new Float64Array(basis.count);
  const beta = orthogonalize(basis, basis.count, w, h);
  requireFiniteProduct(alpha + beta, j + 1, caller);
  const independent = basis.count < n && beta > rankLimit(run, Math.abs(alpha) + beta);
  const column = new Float64Array(basis.count - j + (independent ? 1 : 0));
  for (let i = 1; j + i < basis.count; i++) column[i] = h[j + i];
  column[0] = alpha + h[j];
  if (independent) {
    column[basis.count - j] = beta;
    appendRow(basis, w, beta);
  }
  columns.push(column);
}

/** 10 √n ε times the largest column sum of T seen. */
function rankLimit({ basis, columns }: Run, newest: number): number {
  let scale = newest;
  for (const column of columns) {
    let sum = 0;
    for (const value of column) sum += Math.abs(value);
    scale = Math.max(scale, sum);
  }
  return RANK_FACTOR * Math.sqrt(basis.dimension) * EPSILON * scale;
}

function begin(n: number, options: BlockLanczosOptions, caller: string): Run {
  const { start, rng } = options;
  if (start !== undefined) {
    requireMatrix(start, "start", caller);
    requireFinite(start.data, "start", caller);
    if (start.rows !== n) {
      throw new ShapeError({
        function: caller,
        argument: "start",
        expected: `of ${n} rows`,
        got: `${start.rows} x ${start.cols}`,
      });
    }
  }
  const blockSize = requireInteger(options.blockSize ?? start?.cols, "blockSize", caller, 1, n);
  const basis = createBasis(n, Math.min(n, blockSize * (Math.min(options.steps, 8) + 1)));
  for (let c = 0; c < (start?.cols ?? 0) && basis.count < blockSize; c++) {
    const v = Float64Array.from({ length: n }, (_, i) => start!.data[i * start!.cols + c]);
    const before = norm(v);
    if (before === 0) continue;
    for (let i = 0; i < n; i++) v[i] /= before;
    const length = orthogonalize(basis, basis.count, v, new Float64Array(basis.count));
    if (length > RANK_FACTOR * Math.sqrt(n) * EPSILON) appendRow(basis, v, length);
  }
  while (rng !== undefined && basis.count < blockSize) {
    const fresh = newDirection(basis, rng);
    if (fresh === null) break;
    appendRow(basis, fresh, 1);
  }
  if (basis.count === 0 || (start === undefined && rng === undefined)) {
    throw new ArgumentError({
      function: caller,
      argument: "rng",
      expected: "given when there are no start vectors other than zero",
      got: "undefined",
      remedy: "pass { rng: createRng(seed) } or { start }",
    });
  }
  return { basis, size: 0, columns: [], blockSizes: [] };
}

function record(run: Run, n: number): BlockLanczosFactorization {
  const { basis, size, columns, blockSizes } = run;
  const pending = basis.count - size;
  const projected = new Float64Array(size * size);
  const coupling = new Float64Array(pending * size);
  columns.forEach((column, j) => {
    column.forEach((value, i) => {
      if (j + i < size) projected[(j + i) * size + j] = projected[j * size + j + i] = value;
      else coupling[(j + i - size) * size + j] = value;
    });
  });
  return {
    kind: "eigenscope-block-lanczos-1",
    steps: blockSizes.length,
    blockSizes: blockSizes.slice(),
    basis: { rows: size, cols: n, data: basis.data.subarray(0, size * n) },
    projected: { rows: size, cols: size, data: projected },
    next: { rows: pending, cols: n, data: basis.data.subarray(size * n, basis.count * n) },
    coupling: { rows: pending, cols: size, data: coupling },
    invariant: pending === 0,
    matvecs: size,
  };
}

function restore(resume: BlockLanczosFactorization, n: number, caller: string): Run {
  const { basis, projected, next, coupling, blockSizes } = resume ?? {};
  const size = basis?.rows;
  const fits =
    resume?.kind === "eigenscope-block-lanczos-1" &&
    basis.cols === n &&
    next?.cols === n &&
    projected?.rows === size &&
    coupling?.cols === size &&
    coupling.rows === next.rows &&
    blockSizes.reduce((sum, value) => sum + value, 0) === size;
  if (!fits) {
    throw new ArgumentError({
      function: caller,
      argument: "resume",
      expected: `a block Lanczos factorisation of order ${n}`,
      got: describe(resume),
    });
  }
  const data = new Float64Array((size + next.rows) * n);
  data.set(basis.data);
  data.set(next.data, size * n);
  // Column j of the run: T and C from the diagonal down to the last entry that is not zero by structure.
  const columns = Array.from({ length: size }, (_, j) => {
    const entries: number[] = [];
    for (let i = j; i < size; i++) entries.push(projected.data[i * size + j]);
    for (let p = 0; p < next.rows; p++) entries.push(coupling.data[p * size + j]);
    let { length } = entries;
    while (length > 1 && entries[length - 1] === 0) length--;
    return Float64Array.from(entries.slice(0, length));
  });
  return { basis: copyBasis(n, data, 2 * (size + next.rows)), size, columns, blockSizes: blockSizes.slice() };
}

/** Eigenpairs of T lifted to approximate eigenpairs of A. */
export interface BlockRitzPairs {
  /** Ritz values, ascending. */
  readonly values: Float64Array;
  /** ‖A y − θ y‖₂ of each pair for the unit Ritz vector y, from the factorisation alone. */
  readonly residualNorms: Float64Array;
  /** Ritz vectors as columns of an n x k matrix, or null when they were not asked for. */
  readonly vectors: Matrix | null;
}

/**
 * Extracts the Ritz pairs of a block Lanczos factorisation.
 *
 * Relation: T s_i = θ_i s_i; y_i = Vᵀ s_i; ‖A y_i − θ_i y_i‖ = ‖C s_i‖. Some eigenvalue lies within that of each θ_i.
 *
 * @param factorization of k vectors
 * @param options.vectors also compute the n x k Ritz vectors
 * @returns k values, ascending, multiple ones repeated
 *
 * Accuracy: values to a few k ε ‖T‖. Cost: O(k³); vectors 2 n k² flops.
 * @see [parlett1998]
 */
export function blockRitzPairs(factorization: BlockLanczosFactorization, options: RitzOptions = {}): BlockRitzPairs {
  requireOptions(options, ["vectors"], "blockRitzPairs");
  if (typeof factorization?.steps !== "number") {
    throw new ArgumentError({
      function: "blockRitzPairs",
      argument: "factorization",
      expected: "the result of blockLanczos",
      got: describe(factorization),
    });
  }
  const { basis, projected, coupling } = factorization;
  const { values, vectors: S } = eigh(projected);
  const shares = matmul(coupling, S); // C S, p x k
  const residualNorms = Float64Array.from({ length: S.cols }, (_, i) =>
    norm(Float64Array.from({ length: shares.rows }, (_, p) => shares.data[p * shares.cols + i])),
  );
  return { values, residualNorms, vectors: options.vectors === true ? matmul(basis, S, { transposeA: true }) : null };
}
