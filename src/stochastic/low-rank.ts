import { ArgumentError, EPSILON, type Matrix, ShapeError, requireInteger, requireOptions, pow } from "../core/index.js";
import { matmul, qr, svd, tryCholesky } from "../linalg/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  applyTransposeOf,
  requireOperator,
  requireSymmetricOperator,
  requireTranspose,
} from "../operators/index.js";
import { type Rng, fillNormal, normalMatrix } from "../random/index.js";
import { requireRng } from "./require-rng.js";

/** A posterior statement about the error of a randomised factorisation. */
export interface PosteriorError {
  /** ‖error‖₂ is at most this with the stated probability. */
  readonly spectralBound: number;
  /** Probability of the bound: 1 − 10^(−testVectors). */
  readonly probability: number;
  /** Unbiased estimate of ‖error‖_F² from the same vectors, as its root. */
  readonly frobenius: number;
  /** Fresh Gaussian vectors that were used. */
  readonly testVectors: number;
}

/** Options that the randomised factorisations share. */
export interface SketchOptions {
  /** Rank of the result. */
  readonly rank: number;
  /** Extra sketch vectors; 8 by default. */
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
 * @param options.rank number of triplets
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
  const caller = "randomizedSvd";
  const operator = requireTranspose(requireOperator(A, "A", caller), "A", caller);
  const { rows, cols } = operator;
  const { rank, width, rng, testVectors } = requireSketch(Math.min(rows, cols), options, ["powerIterations"], caller);
  const power = requireInteger(options.powerIterations ?? 1, "powerIterations", caller, 0);
  let { q } = qr(timesColumns(operator, normalMatrix(rng, cols, width), false));
  for (let i = 0; i < power; i++) {
    // Orthonormalised in between: (A Aᵀ)^q A Ω itself has columns that are parallel to rounding.
    const back = qr(timesColumns(operator, q, true)).q;
    q = qr(timesColumns(operator, back, false)).q;
  }
  const B = timesColumns(operator, q, true); // Aᵀ Q, cols x width
  const { u, singularValues, v } = svd(B); // A ≈ Q Bᵀ = Q v diag(s) uᵀ
  const columns = (M: Matrix): Matrix => firstColumns(M, rank);
  const residual = (w: Float64Array): Float64Array => {
    const image = new Float64Array(rows);
    operator.apply(w, image);
    return withoutRange(q, image);
  };
  return {
    u: columns(matmul(q, v)),
    singularValues: singularValues.slice(0, rank),
    v: columns(u),
    error: posterior(residual, cols, testVectors, rng),
    matvecs: (2 * power + 2) * width + testVectors,
  };
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
}

/**
 * Approximates a positive semidefinite operator from one product with a random block (Nyström).
 *
 * Relation: Â = (A Ω)(Ωᵀ A Ω)⁺(A Ω)ᵀ truncated to the rank; 0 <= Â <= A, so its eigenvalues are lower bounds.
 * Computed as in [tropp2017] with a shift ν = √n ε ‖A Ω‖ that is subtracted again, since the core matrix is singular to
 * rounding.
 *
 * @param A symmetric positive semidefinite operator (or Matrix)
 * @param options.rank number of eigenpairs
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
  const caller = "nystrom";
  const operator = requireSymmetricOperator(A, "A", caller);
  const n = operator.rows;
  const { rank, width, rng, testVectors } = requireSketch(n, options, [], caller);
  const omega = qr(normalMatrix(rng, n, width)).q;
  const Y = timesColumns(operator, omega, false);
  const size = Math.sqrt(Y.data.reduce((sum, value) => sum + value * value, 0));
  const shift = Math.sqrt(n) * EPSILON * size;
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
  const values = singularValues.slice(0, rank).map((s) => Math.max(0, s * s - shift));
  const vectors = firstColumns(u, rank);
  const residual = (w: Float64Array): Float64Array => {
    const image = new Float64Array(n);
    operator.apply(w, image);
    for (let k = 0; k < rank; k++) {
      let overlap = 0;
      for (let i = 0; i < n; i++) overlap += vectors.data[i * rank + k] * w[i];
      for (let i = 0; i < n; i++) image[i] -= values[k] * overlap * vectors.data[i * rank + k];
    }
    return image;
  };
  return { values, vectors, error: posterior(residual, n, testVectors, rng), matvecs: width + testVectors };
}

function requireSketch(
  limit: number,
  options: SketchOptions,
  more: readonly string[],
  caller: string,
): { rank: number; width: number; rng: Rng; testVectors: number } {
  requireOptions(options, ["rank", "oversampling", "rng", "testVectors", ...more], caller);
  if (limit === 0)
    throw new ShapeError({ function: caller, argument: "A", expected: "not empty", got: "0 rows or columns" });
  const rank = requireInteger(options?.rank, "rank", caller, 1, limit);
  const oversampling = requireInteger(options.oversampling ?? 8, "oversampling", caller, 0);
  const testVectors = requireInteger(options.testVectors ?? 5, "testVectors", caller, 1);
  return { rank, width: Math.min(limit, rank + oversampling), rng: requireRng(options.rng, caller), testVectors };
}

function posterior(
  residual: (w: Float64Array) => Float64Array,
  n: number,
  testVectors: number,
  rng: Rng,
): PosteriorError {
  let largest = 0;
  let squares = 0;
  for (let t = 0; t < testVectors; t++) {
    const image = residual(fillNormal(rng, new Float64Array(n)));
    const square = image.reduce((sum, value) => sum + value * value, 0);
    largest = Math.max(largest, Math.sqrt(square));
    squares += square / testVectors;
  }
  return {
    spectralBound: BOUND_FACTOR * largest,
    probability: 1 - pow(10, -testVectors),
    frobenius: Math.sqrt(squares),
    testVectors,
  };
}

function timesColumns(A: LinearOperator, X: Matrix, transpose: boolean): Matrix {
  const [inputs, outputs] = transpose ? [A.rows, A.cols] : [A.cols, A.rows];
  const data = new Float64Array(outputs * X.cols);
  const x = new Float64Array(inputs);
  const y = new Float64Array(outputs);
  for (let j = 0; j < X.cols; j++) {
    for (let i = 0; i < inputs; i++) x[i] = X.data[i * X.cols + j];
    if (transpose) applyTransposeOf(A, x, y);
    else A.apply(x, y);
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
