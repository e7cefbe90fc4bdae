import { ShapeError, describe, requireOptions } from "../core/index.js";
import { gemv } from "../routines/index.js";
import {
  type MatrixInput,
  type VectorInput,
  requireFlags,
  requireInput,
  requireRepresentable,
  requireRightHandSide,
} from "./input.js";

/** Options of {@link matvec}. */
export interface MatvecOptions {
  /** Multiply by Aᵀ instead of A; default false. */
  readonly transpose?: boolean;
}

/**
 * Multiplies a matrix and a vector.
 *
 * Relation: y = A x, or Aᵀ x with `transpose`.
 * For many vectors put them into the columns of a matrix and use {@link matmul}: far faster, because each entry of A is used often.
 *
 * @param A m x n
 * @param x a vector of length n (m with `transpose`)
 * @returns a vector of length m (n with `transpose`)
 * @throws {ShapeError} when the length of x is another one
 * @throws {NonFiniteError} when an input is not finite or the product overflows
 *
 * Accuracy: |error| <= n ε |A| |x| in every entry. Cost: 2 m n flops, one pass over A.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { matvec } from "eigenscope/linalg";
 * const A = fromRows([[1, 2, 3], [4, 5, 6]]);
 * console.log(Array.from(matvec(A, Float64Array.of(1, 0, -1)))); // [ -2, -2 ]
 * console.log(Array.from(matvec(A, Float64Array.of(1, 1), { transpose: true }))); // [ 5, 7, 9 ]
 * ```
 */
export function matvec(A: MatrixInput, x: VectorInput, options: MatvecOptions = {}): Float64Array {
  requireOptions(options, ["transpose"], "matvec");
  requireFlags(options, ["transpose"], "matvec");
  const { rows: m, cols: n, data } = requireInput(A, "A", "matvec");
  const { transpose = false } = options;
  const [length, out] = transpose ? [m, n] : [n, m];
  const { columns, isVector } = requireRightHandSide(x, length, "x", "matvec");
  if (!isVector) {
    const expected = `a vector of length ${length}`;
    throw new ShapeError({ function: "matvec", argument: "x", expected, got: describe(x), remedy: "use matmul" });
  }
  const y = new Float64Array(out);
  if (m > 0 && n > 0) gemv(transpose, m, n, 1, data, 0, n, columns.data, 0, 1, 0, y, 0, 1);
  requireRepresentable(y, "the product A x", "matvec");
  return y;
}
