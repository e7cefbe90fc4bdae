import { type Matrix, requireOptions } from "../core/index.js";
import { type MatrixInput, requireInput, requireRankTolerance } from "./input.js";
import { inTheNameOf } from "./named.js";
import { numericalRank } from "./rank.js";
import { svd } from "./svd.js";

/** Options of {@link nullSpace}. */
export interface NullSpaceOptions {
  /** Singular values up to this share of the largest count as zero; default max(m, n) ε. */
  readonly rankTolerance?: number;
}

/** Orthonormal basis of a null space with the decision it rests on. */
export interface NullSpace {
  /** n x (n − rank), orthonormal columns; the entry of largest modulus of each is positive. */
  readonly basis: Matrix;
  /** Numerical rank at the tolerance. */
  readonly rank: number;
  /** Singular values of A, descending. */
  readonly singularValues: Float64Array;
}

/**
 * Computes an orthonormal basis of the null space of a matrix.
 *
 * Relation: Nᵀ N = I and ‖A N‖₂ is the largest singular value that counts as zero (up to rounding).
 * That of Aᵀ is what the columns of A do not reach.
 *
 * @param A m x n, any shape and rank; without rows every vector is in the null space
 * @throws {NonFiniteError} when A is not finite or a singular value overflows
 * @throws {ArgumentError} when rankTolerance is not in [0, 1]
 *
 * Accuracy: backward stable: the null space of A + E with ‖E‖ within a small multiple of n ε ‖A‖, on the rank decided. Cost: that of {@link svd}
 * with vectors.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { nullSpace } from "eigenscope/linalg";
 * const { basis, rank } = nullSpace(fromRows([[1, 1], [2, 2]]));
 * console.log(rank, basis.cols, (basis.data[0] + basis.data[1]).toFixed(12)); // 1 1 0.000000000000
 * ```
 */
export function nullSpace(A: MatrixInput, options: NullSpaceOptions = {}): NullSpace {
  requireOptions(options, ["rankTolerance"], "nullSpace");
  const input = requireInput(A, "A", "nullSpace");
  const { rows: m, cols: n } = input;
  const relative = requireRankTolerance(options.rankTolerance, m, n, "nullSpace");
  // The thin factor of a tall matrix has all n vectors, and no m x m one is formed.
  const { singularValues, v } = inTheNameOf("nullSpace", () => svd(input, { vectors: m >= n ? "thin" : "full" }));
  const rank = numericalRank(singularValues, relative);
  const width = n - rank;
  const data = new Float64Array(n * width);
  for (let i = 0; i < n; i++) data.set(v.data.subarray(i * n + rank, (i + 1) * n), i * width);
  return { basis: { rows: n, cols: width, data }, rank, singularValues };
}
