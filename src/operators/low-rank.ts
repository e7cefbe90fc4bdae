import {
  EPSILON,
  type ExactSpectrum,
  type Matrix,
  ShapeError,
  requireFinite,
  requireMatrix,
  requireOptions,
} from "../core/index.js";
import { eigh, matmul, qr } from "../linalg/index.js";
import { fromMatrix } from "./from-matrix.js";
import type { LinearOperator, SymmetricOperator } from "./operator.js";

/** Rounding of three backward stable steps, in multiples of (n + k) ε. */
const ERROR_FACTOR = 4;

/** Options of {@link lowRank}. */
export interface LowRankOptions {
  /** The k numbers in the middle; ones by default. */
  readonly weights?: ArrayLike<number>;
}

/**
 * Makes a low-rank operator from thin factors.
 *
 * Relation: lowRank(U, V) = U diag(w) Vᵀ; with V absent, U diag(w) Uᵀ, which is symmetric.
 *
 * @param U rows x k matrix
 * @param V cols x k matrix; absent for the symmetric case
 * @param options.weights w, length k; ones by default
 * @returns an operator of rank at most k that is never assembled; a symmetric one knows its spectrum (from the QR
 *   factorisation of U)
 * @throws {ShapeError} when V has another number of columns than U, or weights another length
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Cost: 2 k (rows + cols) flops a product, k numbers of scratch.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { lowRank } from "eigenscope/operators";
 * const A = lowRank(fromRows([[1], [2]]));
 * const out = new Float64Array(2);
 * A.apply(Float64Array.of(1, 1), out);
 * console.log(out.join(" ")); // 3 6
 * ```
 */
export function lowRank(U: Matrix, V?: undefined, options?: LowRankOptions): SymmetricOperator;
export function lowRank(U: Matrix, V: Matrix, options?: LowRankOptions): LinearOperator;
export function lowRank(U: Matrix, V?: Matrix, options: LowRankOptions = {}): LinearOperator {
  requireMatrix(U, "U", "lowRank");
  requireOptions(options, ["weights"], "lowRank");
  const rank = U.cols;
  if (V !== undefined && requireMatrix(V, "V", "lowRank").cols !== rank) {
    throw new ShapeError({
      function: "lowRank",
      argument: "V",
      expected: `of ${rank} columns, as U`,
      got: `${V.rows} x ${V.cols}`,
    });
  }
  const weights = options.weights === undefined ? null : requireWeights(options.weights, rank);
  const left = fromMatrix(U, { symmetric: false });
  const right = V === undefined ? left : fromMatrix(V, { symmetric: false });
  const inner = new Float64Array(rank); // diag(w) Vᵀ x
  const through =
    (from: LinearOperator, to: LinearOperator) =>
    (x: Float64Array, out: Float64Array): void => {
      from.applyTranspose!(x, inner);
      if (weights !== null) for (let j = 0; j < rank; j++) inner[j] *= weights[j];
      to.apply(inner, out);
    };
  const apply = through(right, left);
  if (V === undefined) {
    const exactSpectrum = (): ExactSpectrum => spectrumOf(U, weights);
    return {
      rows: U.rows,
      cols: U.rows,
      symmetric: true,
      apply,
      applyTranspose: apply,
      exactSpectrum,
    } as SymmetricOperator;
  }
  return { rows: U.rows, cols: V.rows, apply, applyTranspose: through(left, right) };
}

/** Eigenvalues of U diag(w) Uᵀ: those of R diag(w) Rᵀ for U = Q R, and zeros. */
function spectrumOf(U: Matrix, weights: Float64Array | null): ExactSpectrum {
  const n = U.rows;
  if (U.cols === 0) return { kind: "exact", values: new Float64Array(n), errorBound: 0 };
  const { r } = qr(U);
  const weighted = { ...r, data: r.data.map((entry, at) => entry * (weights?.[at % r.cols] ?? 1)) };
  const { data } = matmul(weighted, r, { transposeB: true });
  const order = r.rows;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < i; j++)
      data[i * order + j] = data[j * order + i] = (data[i * order + j] + data[j * order + i]) / 2;
  }
  const found = eigh({ rows: order, cols: order, data }, { vectors: false }).values;
  const values = new Float64Array(n);
  values.set(found.subarray(0, order));
  const most = weights === null ? 1 : weights.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const squares = U.data.reduce((sum, value) => sum + value * value, 0);
  // Backward errors of the factorisation, the product and the eigenvalues, each a few ε times the Frobenius norms.
  const errorBound = ERROR_FACTOR * (n + U.cols) * EPSILON * most * squares;
  return { kind: "exact", values: values.sort(), errorBound };
}

function requireWeights(weights: ArrayLike<number>, rank: number): Float64Array {
  requireFinite(weights, "weights", "lowRank");
  if (weights.length !== rank) {
    throw new ShapeError({
      function: "lowRank",
      argument: "weights",
      expected: `of length ${rank}`,
      got: `length ${weights.length}`,
    });
  }
  return Float64Array.from(weights);
}
