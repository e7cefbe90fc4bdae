import { type Matrix, requireOptions } from "../core/index.js";
import {
  type MatrixInput,
  type VectorInput,
  largestModulus,
  norm2,
  requireInput,
  requireRankTolerance,
  requireRepresentable,
  requireRightHandSide,
  safeScale,
  unscale,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";
import { numericalRank } from "./rank.js";
import { binaryExponent, timesPowerOfTwo } from "./scalar.js";
import { scaleColumns } from "./solve-columns.js";
import { svd } from "./svd.js";

/** Options of {@link leastSquares}. */
export interface LeastSquaresOptions {
  /** Singular values up to this share of the largest count as zero; default max(m, n) ε. */
  readonly rankTolerance?: number;
}

/** Minimiser of ‖A X − B‖_F of least norm. */
export interface LeastSquaresSolution<T extends Matrix | Float64Array = Matrix> {
  /** The minimiser: n x columns of B, or a vector when B was one. */
  readonly solution: T;
  /** ‖A x − b‖₂ for each column. */
  readonly residualNorms: Float64Array;
  /** Numerical rank of A at the tolerance. */
  readonly rank: number;
  /** Singular values of A, descending. */
  readonly singularValues: Float64Array;
}

/**
 * Solves min ‖A X − B‖_F and, among the minimisers, takes the one of least norm. Any shape and rank.
 *
 * Relation: Aᵀ (A X − B) = 0 and X lies in the row space of A (on the singular values that count).
 *
 * @param A m x n
 * @param B m x k, or a vector of length m
 * @throws {ShapeError} when B has another number of rows than A
 * @throws {NonFiniteError} when an input is not finite or the solution overflows
 *
 * Accuracy: backward stable on the numerical rank. Cost: that of {@link svd}.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { leastSquares } from "eigenscope/linalg";
 * const { solution, rank } = leastSquares(fromRows([[1, 0], [1, 1], [1, 2]]), Float64Array.of(1, 3, 5));
 * console.log(solution[0].toFixed(12), solution[1].toFixed(12), rank); // 1.000000000000 2.000000000000 2
 * ```
 */
export function leastSquares(
  A: MatrixInput,
  B: VectorInput,
  options?: LeastSquaresOptions,
): LeastSquaresSolution<Float64Array>;
/** Solves for several right-hand sides, one per column. */
export function leastSquares(A: MatrixInput, B: MatrixInput, options?: LeastSquaresOptions): LeastSquaresSolution;
/** With a choice made at run time. */
export function leastSquares(
  A: MatrixInput,
  B: MatrixInput | VectorInput,
  options?: LeastSquaresOptions,
): LeastSquaresSolution<Matrix | Float64Array>;
export function leastSquares(
  A: MatrixInput,
  B: MatrixInput | VectorInput,
  options: LeastSquaresOptions = {},
): LeastSquaresSolution<Matrix | Float64Array> {
  requireOptions(options, ["rankTolerance"], "leastSquares");
  const input = requireInput(A, "A", "leastSquares");
  const { columns, isVector } = requireRightHandSide(B, input.rows, "B", "leastSquares");
  const relative = requireRankTolerance(options.rankTolerance, input.rows, input.cols, "leastSquares");
  return inTheNameOf("leastSquares", () => solveBySvd(input, columns, isVector, relative));
}

function solveBySvd(
  input: Matrix,
  columns: Matrix,
  isVector: boolean,
  relative: number,
): LeastSquaresSolution<Matrix | Float64Array> {
  const { matrix, u, values, v, scale, singularValues } = scaledSvd(input, "leastSquares");
  // A column of B mixes all its entries into each coordinate, so that what is far below its largest one does not matter.
  const exponents = columnExponents(columns);
  scaleColumns(columns, (j) => exponents[j]);
  const projected = matmul(u, columns, { transposeA: true });
  const rank = invertRows(projected, values, relative);
  requireRepresentable(projected.data, "the solution", "leastSquares");
  const solution = matmul(v, projected);
  scaleColumns(solution, (j) => binaryExponent(scale) - exponents[j]);
  requireRepresentable(solution.data, "the solution", "leastSquares");
  // The residual of what is returned, which may have underflowed.
  const returned = { ...solution, data: solution.data.slice() };
  scaleColumns(returned, (j) => exponents[j] - binaryExponent(scale));
  const residual = matmul(matrix, returned);
  for (let i = 0; i < residual.data.length; i++) residual.data[i] -= columns.data[i];
  const residualNorms = Float64Array.from(exponents, (exponent, j) =>
    timesPowerOfTwo(norm2(residual.data, j, residual.rows, residual.cols), -exponent),
  );
  requireRepresentable(residualNorms, "the residual norms", "leastSquares");
  return { solution: isVector ? solution.data : solution, residualNorms, rank, singularValues };
}

/** The SVD of the matrix brought near one, and the singular values of the matrix itself: subnormal ones have few digits to divide by. */
function scaledSvd(
  input: Matrix,
  caller: string,
): { matrix: Matrix; u: Matrix; values: Float64Array; v: Matrix; scale: number; singularValues: Float64Array } {
  const scale = safeScale(largestModulus(input.data));
  const matrix = scale === 1 ? input : { ...input, data: input.data.map((entry) => entry * scale) };
  const { u, singularValues: values, v } = svd(matrix);
  return { matrix, u, values, v, scale, singularValues: unscale(values.slice(), scale, "the singular values", caller) };
}

/** For each column the power of two that brings it near one; 0 for one that is far from the ends of the double range. */
function columnExponents({ cols, data }: Matrix): Int32Array {
  return Int32Array.from({ length: cols }, (_, j) => {
    let largest = 0;
    for (let at = j; at < data.length; at += cols) largest = Math.max(largest, Math.abs(data[at]));
    const scale = safeScale(largest);
    return scale === 1 ? 0 : binaryExponent(scale);
  });
}

/** Divides row i by s_i, or clears it when s_i counts as zero; returns the rank. */
function invertRows(rows: Matrix, singularValues: Float64Array, relative: number): number {
  const rank = numericalRank(singularValues, relative);
  for (let i = 0; i < singularValues.length; i++) {
    for (let j = i * rows.cols; j < (i + 1) * rows.cols; j++)
      rows.data[j] = i < rank ? rows.data[j] / singularValues[i] : 0;
  }
  return rank;
}

/** Options of {@link pinv}. */
export interface PseudoInverseOptions {
  /** Singular values up to this share of the largest count as zero; default max(m, n) ε. */
  readonly rankTolerance?: number;
}

/** Moore–Penrose inverse with the decision it rests on. */
export interface PseudoInverse {
  /** n x m. */
  readonly inverse: Matrix;
  /** Numerical rank at the tolerance. */
  readonly rank: number;
  /** Singular values of A, descending. */
  readonly singularValues: Float64Array;
}

/**
 * Computes the Moore–Penrose inverse A⁺.
 *
 * Relation: A A⁺ A = A, A⁺ A A⁺ = A⁺, A A⁺ and A⁺ A symmetric.
 *
 * @param A m x n, any shape and rank
 * @throws {NonFiniteError} when A is not finite or the pseudo-inverse overflows
 *
 * Accuracy: cond(A) n ε relative, on the singular values that count. Cost: that of {@link svd}.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { pinv } from "eigenscope/linalg";
 * const { inverse, rank } = pinv(fromRows([[2, 0], [0, 0]]));
 * console.log(inverse.data[0], inverse.data[3], rank); // 0.5 0 1
 * ```
 */
export function pinv(A: MatrixInput, options: PseudoInverseOptions = {}): PseudoInverse {
  requireOptions(options, ["rankTolerance"], "pinv");
  const input = requireInput(A, "A", "pinv");
  const relative = requireRankTolerance(options.rankTolerance, input.rows, input.cols, "pinv");
  return inTheNameOf("pinv", () => invertBySvd(input, relative));
}

function invertBySvd(input: Matrix, relative: number): PseudoInverse {
  const { u, values, v, scale, singularValues } = scaledSvd(input, "pinv");
  const k = values.length;
  const scaled = { rows: k, cols: u.rows, data: new Float64Array(k * u.rows) }; // Uᵀ, then s⁺ Uᵀ
  for (let i = 0; i < u.rows; i++) for (let j = 0; j < k; j++) scaled.data[j * u.rows + i] = u.data[i * k + j];
  const rank = invertRows(scaled, values, relative);
  requireRepresentable(scaled.data, "the pseudo-inverse", "pinv");
  const inverse = matmul(v, scaled);
  scaleColumns(inverse, () => binaryExponent(scale));
  requireRepresentable(inverse.data, "the pseudo-inverse", "pinv");
  return { inverse, rank, singularValues };
}
