import { ShapeError } from "./errors.js";
import { describe, requireFinite, requireInteger, requireMatrix } from "./guards.js";
import type { Matrix } from "./records.js";

/**
 * Builds a matrix record.
 *
 * Relation: the result has entry (i, j) at `data[i * cols + j]`.
 *
 * @param rows number of rows, an integer >= 0
 * @param cols number of columns, an integer >= 0
 * @param data entries in row-major order; a Float64Array is adopted without copying, anything else is copied; zeros when absent
 * @throws {ShapeError} when data.length is not rows * cols
 * @throws {NonFiniteError} when a copied entry is NaN or infinite
 *
 * @example
 * ```ts
 * import { matrix } from "eigenscope/core";
 * const A = matrix(2, 3, [1, 2, 3, 4, 5, 6]);
 * console.log(A.data[1 * A.cols + 2]); // 6
 * ```
 */
export function matrix(rows: number, cols: number, data?: ArrayLike<number>): Matrix {
  requireInteger(rows, "rows", "matrix");
  requireInteger(cols, "cols", "matrix");
  if (data === undefined) return { rows, cols, data: new Float64Array(rows * cols) };
  if (data.length !== rows * cols) {
    throw new ShapeError({
      function: "matrix",
      argument: "data",
      expected: `of length rows * cols = ${rows * cols}`,
      got: `length ${data.length}`,
    });
  }
  if (data instanceof Float64Array) return { rows, cols, data };
  requireFinite(data, "data", "matrix");
  return { rows, cols, data: Float64Array.from(data) };
}

/**
 * Builds a matrix from an array of rows of equal length.
 *
 * @throws {ShapeError} when the rows have different lengths
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * const A = fromRows([[2, 1], [1, 2]]);
 * console.log(A.rows, A.cols); // 2 2
 * ```
 */
export function fromRows(rows: ReadonlyArray<ArrayLike<number>>): Matrix {
  const cols = rows?.length === 0 ? 0 : rows?.[0]?.length;
  if (cols === undefined || !Number.isInteger(cols) || !Array.isArray(rows)) {
    throw new ShapeError({
      function: "fromRows",
      argument: "rows",
      expected: "an array of arrays of numbers",
      got: describe(Array.isArray(rows) ? rows[0] : rows),
    });
  }
  const data = new Float64Array(rows.length * cols);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row?.length !== cols) {
      throw new ShapeError({
        function: "fromRows",
        argument: "rows",
        expected: `of equal length (${cols}, as row 0)`,
        got: `length ${row.length} in row ${i}`,
      });
    }
    for (let j = 0; j < cols; j++) {
      // Number(undefined) is NaN: holes are caught below with everything else that is not finite.
      data[i * cols + j] = typeof row[j] === "number" ? row[j]! : Number.NaN;
    }
  }
  requireFinite(data, "rows", "fromRows");
  return { rows: rows.length, cols, data };
}

/** Copies a matrix into an array of rows, for printing and for JSON. */
export function toRows(A: Matrix): number[][] {
  requireMatrix(A, "A", "toRows");
  return Array.from({ length: A.rows }, (_, i) => Array.from(A.data.subarray(i * A.cols, (i + 1) * A.cols)));
}

/** Builds the n x n identity matrix. */
export function identity(n: number): Matrix {
  requireInteger(n, "n", "identity");
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return { rows: n, cols: n, data };
}

/**
 * Copies the transpose of a matrix.
 *
 * Relation: entry (j, i) of the result is entry (i, j) of A.
 * Cost: one read and one write per entry, in 32 x 32 blocks so that both stay in cache.
 */
export function transpose(A: Matrix): Matrix {
  const { rows, cols, data } = requireMatrix(A, "A", "transpose");
  const out = new Float64Array(rows * cols);
  const block = 32;
  for (let i0 = 0; i0 < rows; i0 += block) {
    const i1 = Math.min(rows, i0 + block);
    for (let j0 = 0; j0 < cols; j0 += block) {
      const j1 = Math.min(cols, j0 + block);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) out[j * rows + i] = data[i * cols + j]!;
      }
    }
  }
  return { rows: cols, cols: rows, data: out };
}

/** Copies a matrix. */
export function copyMatrix(A: Matrix): Matrix {
  const { rows, cols, data } = requireMatrix(A, "A", "copyMatrix");
  return { rows, cols, data: data.slice() };
}

/** Copies column j of a matrix. */
export function column(A: Matrix, j: number): Float64Array {
  requireMatrix(A, "A", "column");
  requireInteger(j, "j", "column", 0, A.cols - 1);
  const out = new Float64Array(A.rows);
  for (let i = 0; i < A.rows; i++) out[i] = A.data[i * A.cols + j]!;
  return out;
}

/** Views row i of a matrix: the result shares memory with A. */
export function row(A: Matrix, i: number): Float64Array {
  requireMatrix(A, "A", "row");
  requireInteger(i, "i", "row", 0, A.rows - 1);
  return A.data.subarray(i * A.cols, (i + 1) * A.cols);
}
