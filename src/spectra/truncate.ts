import { type Matrix, requireFinite, requireInteger, requireMatrix, square } from "../core/index.js";
import { svd } from "../linalg/index.js";

/** A rank-k approximation in factored form, with its errors. */
export interface Truncation {
  /** Rank kept. */
  readonly rank: number;
  /** rows x rank: left singular vectors. */
  readonly left: Matrix;
  /** The singular values kept, descending. */
  readonly singularValues: Float64Array;
  /** cols x rank: right singular vectors. */
  readonly right: Matrix;
  /** W_k = left · diag(singularValues) · rightᵀ, rows x cols. */
  readonly approximation: Matrix;
  /** ‖W − W_k‖₂ = s_{k+1} (not s_k). */
  readonly spectralError: number;
  /** ‖W − W_k‖_F = (Σ_{i>k} s_i²)^{1/2}. */
  readonly frobeniusError: number;
  /** ‖W − W_k‖_* = Σ_{i>k} s_i. */
  readonly nuclearError: number;
  /** Σ_{i<=k} s_i² / Σ s_i²; 1 for a zero matrix. */
  readonly energy: number;
  /** k (rows + cols): numbers stored by the factors, singular values absorbed into one of them. */
  readonly parameters: number;
  /** Whether that is fewer than rows · cols: only for k < rows · cols / (rows + cols). */
  readonly compresses: boolean;
}

/**
 * Truncates a matrix to its k leading singular triplets: the best approximation of rank k in every unitarily invariant norm.
 *
 * Relation: ‖W − W_k‖₂ = s_{k+1} and ‖W − W_k‖_F² = Σ_{i>k} s_i². Replacing one layer of a network moves its output by at
 * most s_{k+1} ‖h‖ times the Lipschitz constants of what follows; that may be large.
 *
 * @param W rows x cols, finite
 * @param rank k, 0 … min(rows, cols); see chooseRank of the rmt folder for ways to choose it
 * @throws {ArgumentError} when rank is out of range
 * @throws {NonFiniteError} when W is not finite
 *
 * Accuracy: errors to a few ε s_1, absolute. Cost: one SVD.
 * @see [eckart1936]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { truncateSvd } from "eigenscope/spectra";
 * const { spectralError, compresses } = truncateSvd(fromRows([[3, 0], [0, 2]]), 1);
 * console.log(spectralError, compresses); // 2 false
 * ```
 */
export function truncateSvd(W: Matrix, rank: number): Truncation {
  const caller = "truncateSvd";
  requireMatrix(W, "W", caller);
  requireFinite(W.data, "W", caller);
  const { rows, cols } = W;
  const count = Math.min(rows, cols);
  requireInteger(rank, "rank", caller, 0, count);
  const factors = count === 0 ? null : svd(W, { vectors: "thin" });
  const all = factors?.singularValues ?? new Float64Array(0);
  const left = leadingColumns(factors?.u ?? { rows, cols: 0, data: new Float64Array(0) }, rank);
  const right = leadingColumns(factors?.v ?? { rows: cols, cols: 0, data: new Float64Array(0) }, rank);
  const approximation = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) {
      const weight = left.data[i * rank + k] * all[k];
      for (let j = 0; j < cols; j++) approximation[i * cols + j] += weight * right.data[j * rank + k];
    }
  }
  const first = all[0] ?? 0;
  const squares = (from: number): number => {
    let sum = 0;
    for (let i = count - 1; i >= from; i--) sum += square(all[i] / first); // small terms first
    return sum;
  };
  const tail = first === 0 ? 0 : squares(rank);
  return {
    rank,
    left,
    singularValues: all.slice(0, rank),
    right,
    approximation: { rows, cols, data: approximation },
    spectralError: all[rank] ?? 0,
    frobeniusError: first * Math.sqrt(tail),
    nuclearError: all.subarray(rank).reduce((sum, value) => sum + value, 0),
    energy: first === 0 ? 1 : 1 - tail / squares(0),
    parameters: rank * (rows + cols),
    compresses: rank * (rows + cols) < rows * cols,
  };
}

function leadingColumns(A: Matrix, count: number): Matrix {
  const data = new Float64Array(A.rows * count);
  for (let i = 0; i < A.rows; i++) data.set(A.data.subarray(i * A.cols, i * A.cols + count), i * count);
  return { rows: A.rows, cols: count, data };
}
