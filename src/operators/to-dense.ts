import { type Matrix, ResourceError, requireInteger, requireOptions } from "../core/index.js";
import { type LinearOperator, isSymmetric } from "./operator.js";
import { requireOperator } from "./require-operator.js";

/** Options of {@link toDense}. */
export interface ToDenseOptions {
  /** Largest number of entries to allocate; 16,777,216 (128 MiB) by default. */
  readonly maximumEntries?: number;
}

const DEFAULT_MAXIMUM_ENTRIES = 2 ** 24;

/**
 * Assembles an operator as a matrix, for small cases and for tests.
 *
 * Relation: column j of the result is A e_j.
 *
 * @param A operator
 * @param options.maximumEntries refuse to assemble more than this many numbers
 * @returns the rows x cols matrix; for an operator marked symmetric the mean of it and its transpose
 * @throws {ResourceError} when rows · cols exceeds the limit; nothing has been computed then
 *
 * Accuracy: that of the operator's products. Cost: cols matvecs, 8 · rows · cols bytes.
 *
 * @example
 * ```ts
 * import { toRows } from "eigenscope/core";
 * import { diagonal, toDense } from "eigenscope/operators";
 * console.log(JSON.stringify(toRows(toDense(diagonal([1, 2]))))); // [[1,0],[0,2]]
 * ```
 */
export function toDense(A: LinearOperator, options: ToDenseOptions = {}): Matrix {
  const operator = requireOperator(A, "A", "toDense");
  requireOptions(options, ["maximumEntries"], "toDense");
  const limit = requireInteger(options.maximumEntries ?? DEFAULT_MAXIMUM_ENTRIES, "maximumEntries", "toDense", 1);
  const { rows, cols } = operator;
  if (rows * cols > limit) {
    throw new ResourceError({
      function: "toDense",
      argument: "A",
      expected: `of at most ${limit} entries (maximumEntries)`,
      got: `${rows} x ${cols} = ${rows * cols}`,
      remedy: "use a Krylov or stochastic method, or raise maximumEntries",
    });
  }
  const data = new Float64Array(rows * cols);
  const unit = new Float64Array(cols);
  const column = new Float64Array(rows);
  for (let j = 0; j < cols; j++) {
    unit[j] = 1;
    operator.apply(unit, column);
    unit[j] = 0;
    for (let i = 0; i < rows; i++) data[i * cols + j] = column[i];
  }
  if (isSymmetric(operator)) {
    // Rounding in the products leaves asymmetries of the order of ε; a symmetric operator has a symmetric matrix.
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < i; j++) {
        const mean = data[i * cols + j] / 2 + data[j * cols + i] / 2;
        data[i * cols + j] = mean;
        data[j * cols + i] = mean;
      }
    }
  }
  return { rows, cols, data };
}
