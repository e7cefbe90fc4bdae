import { pow, requireNumber } from "../core/index.js";
import { type MatrixOrSingularValues, singularValuesOf } from "./values.js";

/**
 * Computes a Schatten norm from all singular values: order 1 is the nuclear norm, 2 the Frobenius norm, Infinity ‖·‖₂.
 *
 * Relation: (Σ s^order)^{1/order}. For operators that are only known by products see schattenNorm of eigenscope/stochastic,
 * which estimates it.
 *
 * @param input a matrix, or singular values
 * @param order at least 1, Infinity included; below 1 the triangle inequality fails
 * @returns 0 for a zero matrix
 * @throws {ArgumentError} when order is below 1
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: a few n ε. Cost: that of the singular values.
 *
 * @example
 * ```ts
 * import { matrixSchattenNorm } from "eigenscope/spectra";
 * console.log(matrixSchattenNorm([4, 3], 2), matrixSchattenNorm([4, 3], Infinity)); // 5.000000000 4
 * ```
 */
export function matrixSchattenNorm(input: MatrixOrSingularValues, order: number): number {
  const caller = "matrixSchattenNorm";
  if (order !== Infinity) requireNumber(order, "order", caller, 1);
  const values = singularValuesOf(input, caller);
  const first = values[0] ?? 0;
  if (first === 0 || order === Infinity) return first;
  // Relative to the largest: powers of 1e160 would overflow.
  let sum = 0;
  for (let i = values.length - 1; i >= 0; i--) sum += pow(values[i] / first, order);
  return first * pow(sum, 1 / order);
}
