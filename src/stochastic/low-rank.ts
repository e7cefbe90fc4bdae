// Both factorisations share the sketch, its growth and the posterior error: apart they would repeat them.
import {
  ArgumentError,
  EPSILON,
  type Matrix,
  ShapeError,
  type Status,
  norm,
  pow,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import { type Coroutine, drive, driveAsync, multiply, multiplyTransposed } from "../krylov/index.js";
import { matmul, qr, svd, tryCholesky } from "../linalg/index.js";
import {
  type AsyncLinearOperator,
  type AsyncSymmetricOperator,
  type LinearOperator,
  type SymmetricOperator,
  requireOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
  requireTranspose,
} from "../operators/index.js";
import { fillNormal, normalMatrix, requireRng, type Rng } from "../random/index.js";
import { besides, orthonormalBeside } from "./probes.js";

/** A posterior statement about the error of a randomised factorisation. */
export interface PosteriorError {
  /** ‖error‖₂ is at most this with the stated probability. */
  readonly spectralBound: number;
  /** Probability of the bound: 1 − 10^(−testVectors), less by that for every look that a tolerance took. */
  readonly probability: number;
  /** Unbiased estimate of ‖error‖_F² from the same vectors, as its root. */
  readonly frobenius: number;
  /** Fresh Gaussian vectors that were used. */
  readonly testVectors: number;
}

/** Options that the randomised factorisations share. */
export interface SketchOptions {
  /** Rank of the result; the alternative to `tolerance`. */
  readonly rank?: number;
  /**
   * Posterior error bound asked for, relative to the largest value found: the sketch is doubled until the bound is met. Every
   * vector of the sketch is then kept.
   */
  readonly tolerance?: number;
  /** Most sketch vectors with a tolerance; all n by default. */
  readonly maximumRank?: number;
  /** Extra sketch vectors with a rank; 8 by default. */
  readonly oversampling?: number;
  /** Stream for the sketch and the test vectors. */
  readonly rng: Rng;
  /** Fresh vectors for the posterior error; 5 by default. */
  readonly testVectors?: number;
}

/** Options of {@link randomizedSvd}. */
export interface RandomizedSvdOptions extends SketchOptions {
  /** Power iterations q, two more products per sketch vector each; 1 by default. */
  readonly powerIterations?: number;
}

/** A randomised singular value decomposition. */
export interface RandomizedSvdResult {
  /** rows x rank, orthonormal columns. */
  readonly u: Matrix;
  /** Descending. */
  readonly singularValues: Float64Array;
  /** cols x rank, orthonormal columns. */
  readonly v: Matrix;
  /** Error of the sketch's range, A − QQᵀA, before truncation to the rank. */
  readonly error: PosteriorError;
  /** Products with A and Aᵀ spent. */
  readonly matvecs: number;
  /** "converged", or "max-iterations" when the tolerance was not met within `maximumRank`. */
  readonly status: Status;
}

/** ‖E‖₂ <= 10 √(2/π) max ‖E ωᵢ‖ fails with probability 10^(−r) for r Gaussian vectors. [halko2011] */
const BOUND_FACTOR = 10 * Math.sqrt(2 / Math.PI);

/**
 * Computes an approximate truncated SVD from a random sketch, with a posterior error bound.
 *
 * Relation: A ≈ U diag(s) Vᵀ = Q Qᵀ A truncated to the rank, Q an orthonormal basis of (A Aᵀ)^q A Ω. The error of the range,
 * ‖A − QQᵀA‖₂, is at most error.spectralBound with the stated probability; truncation adds the next singular value.
 * For few triplets to full accuracy use svds.
 *
 * @param A operator with a transpose (or Matrix)
 * @param options.rank number of triplets, or
 * @param options.tolerance posterior error bound relative to the largest value
 * @returns u, singularValues, v and the posterior error
 * @throws {ArgumentError} when A offers only apply, or rank is out of range
 *
 * Accuracy: error. Cost: (2q + 2)(rank + oversampling) + testVectors products, (rank + oversampling)(rows + cols) numbers.
 * @see [halko2011]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { randomizedSvd } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 100 }, (_, i) => 2 ** -i));
 * const { singularValues, error } = randomizedSvd(A, { rank: 3, rng: createRng(1) });
 * console.log(singularValues[2].toFixed(6), error.spectralBound < 0.05); // 0.250000 true
 * ```
 */
export function randomizedSvd(A: LinearOperator | Matrix, options: RandomizedSvdOptions): RandomizedSvdResult {
  const operator = requireOperator(A, "A", "randomizedSvd");
  return drive(operator, sketchSvd(operator, options));
}

/**
 * The form of {@link randomizedSvd} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous operator with a transpose
 * @returns a promise of the result of randomizedSvd
 * @throws {ArgumentError} as randomizedSvd, as a rejection
 */
export async function randomizedSvdAsync(
  A: AsyncLinearOperator,
  options: RandomizedSvdOptions,
): Promise<RandomizedSvdResult> {
  return driveAsync(A, sketchSvd(requireOperator(A as unknown as LinearOperator, "A", "randomizedSvdAsync"), options));
}

function* sketchSvd(operator: LinearOperator, options: RandomizedSvdOptions): Coroutine<RandomizedSvdResult> {
  const caller = "randomizedSvd";
  requireTranspose(operator, "A", caller);
  const { rows, cols } = operator;
  const plan = requireSketch(Math.min(rows, cols), options, ["powerIterations"], caller);
  const { rng, testVectors } = plan;
  const power = requireInteger(options.powerIterations ?? 1, "powerIterations", caller, 0);
  let q: Matrix | null = null;
  let B: Matrix = { rows: cols, cols: 0, data: new Float64Array(0) }; // Aᵀ Q, cols x width
  let matvecs = 0;
  for (let look = 1; ; look++) {
    const fresh = plan.width(look) - B.cols;
    let block = qr(yield* timesColumns(rows, normalMatrix(rng, cols, fresh), false)).q;
    for (let i = 0; i < power; i++) {
      // Orthonormalised in between: (A Aᵀ)^q A Ω itself has columns that are parallel to rounding.
      const back = qr(yield* timesColumns(cols, block, true)).q;
      block = qr(yield* timesColumns(rows, back, false)).q;
    }
    const added = q === null ? block : orthonormalBeside(q, block);
    const basis: Matrix = q === null ? added : besides(q, added);
    q = basis;
    B = besides(B, yield* timesColumns(cols, added, true));
    matvecs += (2 * power + 2) * fresh;
    const error = yield* posterior(plan.probability(look), cols, testVectors, rng, function* (w) {
      const image = new Float64Array(rows);
      yield* multiply(w, image);
      return withoutRange(basis, image);
    });
    matvecs += testVectors;
    const { u, singularValues, v } = svd(B); // A ≈ Q Bᵀ = Q v diag(s) uᵀ
    const { status, rank } = plan.judge(look, error.spectralBound, singularValues[0]);
    if (status === null) continue;
    return {
      u: firstColumns(matmul(basis, v), rank),
      singularValues: singularValues.slice(0, rank),
      v: firstColumns(u, rank),
      error,
      matvecs,
      status,
    };
  }
}

/** Options of {@link nystrom}. */
export type NystromOptions = SketchOptions;

/** A randomised eigendecomposition of a positive semidefinite operator. */
export interface NystromResult {
  /** Eigenvalues of the approximation, descending, >= 0. */
  readonly values: Float64Array;
  /** n x rank, orthonormal columns. */
  readonly vectors: Matrix;
  /** Error of the approximation, A − V diag(values) Vᵀ, after truncation. */
  readonly error: PosteriorError;
  /** Products spent. */
  readonly matvecs: number;
  /** "converged", or "max-iterations" when the tolerance was not met within `maximumRank`. */
  readonly status: Status;
}

/**
 * Approximates a positive semidefinite operator from one product with a random block (Nyström).
 *
 * Relation: Â = (A Ω)(Ωᵀ A Ω)⁺(A Ω)ᵀ truncated to the rank; 0 <= Â <= A, so its eigenvalues are lower bounds.
 * Computed as in [tropp2017] with a shift ν = √n ε ‖A Ω‖ that is subtracted again, since the core matrix is singular to
 * rounding.
 *
 * @param A symmetric positive semidefinite operator (or Matrix)
 * @param options.rank number of eigenpairs, or
 * @param options.tolerance posterior error bound relative to the largest value
 * @returns values, vectors, posterior error
 * @throws {ArgumentError} when A lacks the symmetric mark or the sketch shows it indefinite
 *
 * Accuracy: error. Cost: rank + oversampling + testVectors products: half of what randomizedSvd needs without power steps.
 * @see [tropp2017]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { nystrom } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 100 }, (_, i) => 4 ** -i));
 * console.log(nystrom(A, { rank: 2, rng: createRng(1) }).values[1].toFixed(6)); // 0.250000
 * ```
 */
export function nystrom(A: SymmetricOperator | Matrix, options: NystromOptions): NystromResult {
  const operator = requireSymmetricOperator(A, "A", "nystrom");
  return drive(operator, sketchNystrom(operator.rows, options));
}

/**
 * The form of {@link nystrom} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric positive semidefinite operator
 * @returns a promise of the result of nystrom
 * @throws {ArgumentError} as nystrom, as a rejection
 */
export async function nystromAsync(A: AsyncSymmetricOperator, options: NystromOptions): Promise<NystromResult> {
  const operator = requireAsyncOperator(A, "A", "nystromAsync", "symmetric");
  return driveAsync(A, sketchNystrom(operator.rows, options));
}

function* sketchNystrom(n: number, options: NystromOptions): Coroutine<NystromResult> {
  const caller = "nystrom";
  const plan = requireSketch(n, options, [], caller);
  const { rng, testVectors } = plan;
  let omega: Matrix = { rows: n, cols: 0, data: new Float64Array(0) };
  let Y: Matrix = omega; // A Ω
  let matvecs = 0;
  for (let look = 1; ; look++) {
    const block = normalMatrix(rng, n, plan.width(look) - omega.cols);
    const added = omega.cols === 0 ? qr(block).q : orthonormalBeside(omega, block);
    omega = besides(omega, added);
    Y = besides(Y, yield* timesColumns(n, added, false));
    const { values: all, vectors: basis } = approximate(omega, Y, caller);
    const rank = plan.rank ?? all.length;
    const values = all.slice(0, rank);
    const vectors = firstColumns(basis, rank);
    const error = yield* posterior(plan.probability(look), n, testVectors, rng, function* (w) {
      const image = new Float64Array(n);
      yield* multiply(w, image);
      const overlaps = matmul(vectors, { rows: n, cols: 1, data: w }, { transposeA: true }).data;
      for (let k = 0; k < rank; k++) overlaps[k] *= values[k];
      const inside = matmul(vectors, { rows: rank, cols: 1, data: overlaps }).data;
      for (let i = 0; i < n; i++) image[i] -= inside[i];
      return image;
    });
    matvecs += added.cols + testVectors;
    const { status } = plan.judge(look, error.spectralBound, values[0]);
    if (status !== null) return { values, vectors, error, matvecs, status };
  }
}

/** Eigenpairs of (A Ω)(Ωᵀ A Ω)⁺(A Ω)ᵀ from Ω with orthonormal columns and Y = A Ω. */
function approximate(omega: Matrix, Y: Matrix, caller: string): { values: Float64Array; vectors: Matrix } {
  const size = norm(Y.data);
  const shift = Math.sqrt(Y.rows) * EPSILON * size;
  const shifted: Matrix = { ...Y, data: Y.data.map((value, at) => value + shift * omega.data[at]) };
  const core = matmul(omega, shifted, { transposeA: true });
  const attempt = size === 0 ? null : tryCholesky(symmetrized(core));
  if (attempt !== null && !attempt.positiveDefinite) {
    throw new ArgumentError({
      function: caller,
      argument: "A",
      expected: "positive semidefinite",
      got: "an operator with a negative quadratic form on the sketch",
      remedy: "shift it, or use eigsh for an indefinite operator",
    });
  }
  // Y L⁻ᵀ has the singular values √λ of the shifted approximation.
  const factor = attempt === null ? Y : timesInverseTranspose(shifted, attempt.l);
  const { u, singularValues } = svd(factor);
  return { values: singularValues.map((s) => Math.max(0, s * s - shift)), vectors: u };
}

/** How wide the sketch is and when it is good enough. */
interface SketchPlan {
  readonly rng: Rng;
  readonly testVectors: number;
  /** Rank of the result; null to keep the whole sketch. */
  readonly rank: number | null;
  /** Sketch vectors at the k-th look. */
  width(look: number): number;
  /** Probability that the bounds of all looks so far hold. */
  probability(look: number): number;
  /** The verdict on a bound, null to go on, and the rank to return. */
  judge(look: number, bound: number, largest: number): { status: Status | null; rank: number };
}

const FIRST_WIDTH = 16;

function requireSketch(limit: number, options: SketchOptions, more: readonly string[], caller: string): SketchPlan {
  const keys = ["rank", "tolerance", "maximumRank", "oversampling", "rng", "testVectors", ...more];
  requireOptions(options, keys, caller);
  if (limit === 0)
    throw new ShapeError({ function: caller, argument: "A", expected: "not empty", got: "0 rows or columns" });
  const rng = requireRng(options?.rng, caller);
  const testVectors = requireInteger(options.testVectors ?? 5, "testVectors", caller, 1);
  const oversampling = requireInteger(options.oversampling ?? 8, "oversampling", caller, 0);
  const maximum = requireInteger(options.maximumRank ?? limit, "maximumRank", caller, 1, limit);
  const probability = (look: number): number => 1 - look * pow(10, -testVectors);
  if (options.tolerance === undefined) {
    const rank = requireInteger(options.rank, "rank", caller, 1, limit);
    const width = Math.min(limit, rank + oversampling);
    const verdict = { status: "converged", rank } as const;
    return { rng, testVectors, rank, width: () => width, probability, judge: () => verdict };
  }
  if (options.rank !== undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "rank",
      expected: "absent when tolerance is given",
      got: String(options.rank),
      remedy: "limit the sketch by maximumRank",
    });
  }
  const tolerance = requireNumber(options.tolerance, "tolerance", caller, Number.MIN_VALUE);
  const width = (look: number): number => Math.min(maximum, FIRST_WIDTH * pow(2, look - 1));
  return {
    rng,
    testVectors,
    rank: null,
    width,
    probability,
    judge: (look, bound, largest) => {
      const rank = width(look);
      if (bound <= tolerance * largest) return { status: "converged", rank };
      return { status: rank === maximum ? "max-iterations" : null, rank };
    },
  };
}

function* posterior(
  probability: number,
  n: number,
  testVectors: number,
  rng: Rng,
  residual: (w: Float64Array) => Coroutine<Float64Array>,
): Coroutine<PosteriorError> {
  let largest = 0;
  let squares = 0;
  for (let t = 0; t < testVectors; t++) {
    const image = yield* residual(fillNormal(rng, new Float64Array(n)));
    const sum = image.reduce((total, value) => total + value * value, 0);
    largest = Math.max(largest, Math.sqrt(sum));
    squares += sum / testVectors;
  }
  return { spectralBound: BOUND_FACTOR * largest, probability, frobenius: Math.sqrt(squares), testVectors };
}

/** A X, or Aᵀ X, column by column. */
function* timesColumns(outputs: number, X: Matrix, transpose: boolean): Coroutine<Matrix> {
  const data = new Float64Array(outputs * X.cols);
  const x = new Float64Array(X.rows);
  const y = new Float64Array(outputs);
  for (let j = 0; j < X.cols; j++) {
    for (let i = 0; i < X.rows; i++) x[i] = X.data[i * X.cols + j];
    yield* transpose ? multiplyTransposed(x, y) : multiply(x, y);
    for (let i = 0; i < outputs; i++) data[i * X.cols + j] = y[i];
  }
  return { rows: outputs, cols: X.cols, data };
}

/** (I − QQᵀ) w, in place. */
function withoutRange(q: Matrix, w: Float64Array): Float64Array {
  const overlaps = matmul(q, { rows: w.length, cols: 1, data: w }, { transposeA: true });
  const inside = matmul(q, overlaps).data;
  for (let i = 0; i < w.length; i++) w[i] -= inside[i];
  return w;
}

function firstColumns(M: Matrix, count: number): Matrix {
  const data = new Float64Array(M.rows * count);
  for (let i = 0; i < M.rows; i++) data.set(M.data.subarray(i * M.cols, i * M.cols + count), i * count);
  return { rows: M.rows, cols: count, data };
}

function symmetrized(M: Matrix): Matrix {
  const n = M.rows;
  return { ...M, data: M.data.map((value, at) => (value + M.data[(at % n) * n + Math.floor(at / n)]) / 2) };
}

/** X with X Lᵀ = Y, row by row. */
function timesInverseTranspose(Y: Matrix, L: Matrix): Matrix {
  const { rows, cols } = Y;
  const data = Y.data.slice();
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < cols; j++) {
      let value = data[r * cols + j];
      for (let k = 0; k < j; k++) value -= L.data[j * cols + k] * data[r * cols + k];
      data[r * cols + j] = value / L.data[j * cols + j];
    }
  }
  return { rows, cols, data };
}
