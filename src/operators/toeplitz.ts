import { ArgumentError, EPSILON, type ExactSpectrum, requireFinite, pow, log2, cos } from "../core/index.js";
import { circulant } from "./circulant.js";
import type { LinearOperator, SymmetricOperator } from "./operator.js";

/**
 * Makes a Toeplitz operator from its first column and row, applied by FFT.
 *
 * Relation: (T x)_i = Σ_j t_{i − j} x_j with t_k = column[k] for k >= 0 and row[−k] for k < 0; without a row T is symmetric.
 * T is the corner of a circulant of twice its size. Symmetric tridiagonal ones (column = [a, b, 0, …]) know their spectrum:
 * a + 2b cos(πj/(n + 1)).
 *
 * @param column first column, length = rows >= 1
 * @param row first row, length = cols; its first entry must equal column[0]; absent for the symmetric case
 * @returns an operator, symmetric without a row
 * @throws {ArgumentError} when column is empty or the corner entries differ
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: 4 ε log₂(2n) · ‖t‖₁ ‖x‖ in norm. Cost: two FFTs of a power of two >= rows + cols − 1.
 *
 * @example
 * ```ts
 * import { toeplitz } from "eigenscope/operators";
 * const T = toeplitz([2, -1, 0]);
 * const out = new Float64Array(3);
 * T.apply(Float64Array.of(1, 2, 3), out);
 * console.log(Array.from(out, (value) => value.toFixed(6)).join(" ")); // 0.000000 0.000000 4.000000
 * ```
 */
export function toeplitz(column: ArrayLike<number>, row?: undefined): SymmetricOperator;
export function toeplitz(column: ArrayLike<number>, row: ArrayLike<number>): LinearOperator;
export function toeplitz(column: ArrayLike<number>, row?: ArrayLike<number>): LinearOperator {
  requireFinite(column, "column", "toeplitz");
  if (row !== undefined) requireFinite(row, "row", "toeplitz");
  const rows = column.length;
  const cols = row?.length ?? rows;
  if (rows === 0 || cols === 0) {
    throw new ArgumentError({
      function: "toeplitz",
      argument: "column",
      expected: "not empty, as row",
      got: `${rows} x ${cols}`,
    });
  }
  if (row !== undefined && row[0] !== column[0]) {
    throw new ArgumentError({
      function: "toeplitz",
      argument: "row",
      expected: `a row that begins with column[0] = ${column[0]}`,
      got: String(row[0]),
    });
  }
  const size = pow(2, Math.ceil(log2(Math.max(1, rows + cols - 1))));
  const first = new Float64Array(size);
  for (let i = 0; i < rows; i++) first[i] = column[i];
  for (let j = 1; j < cols; j++) first[size - j] = (row ?? column)[j];
  const embedding = circulant(first);
  const padded = new Float64Array(size); // x followed by zeros
  const product = new Float64Array(size);
  const corner =
    (by: (x: Float64Array, out: Float64Array) => void) =>
    (x: Float64Array, out: Float64Array): void => {
      padded.fill(0);
      padded.set(x);
      by(padded, product);
      out.set(product.subarray(0, out.length));
    };
  const apply = corner((x, out) => embedding.apply(x, out));
  if (row !== undefined)
    return { rows, cols, apply, applyTranspose: corner((x, out) => embedding.applyTranspose!(x, out)) };
  const spectrum = tridiagonalSpectrum(column);
  const operator: SymmetricOperator = {
    rows,
    cols,
    symmetric: true,
    apply,
    applyTranspose: apply,
    ...(spectrum === null ? {} : { exactSpectrum: spectrum }),
  };
  return operator;
}

/** Eigenvalues a + 2b cos(πj/(n + 1)) when all entries beyond the second vanish. */
function tridiagonalSpectrum(column: ArrayLike<number>): (() => ExactSpectrum) | null {
  const n = column.length;
  for (let k = 2; k < n; k++) if (column[k] !== 0) return null;
  const a = column[0];
  const b = n > 1 ? column[1] : 0;
  return () => ({
    kind: "exact",
    values: Float64Array.from({ length: n }, (_, j) => a + 2 * b * cos((Math.PI * (j + 1)) / (n + 1))).sort(),
    errorBound: 4 * EPSILON * (Math.abs(a) + 2 * Math.abs(b)),
  });
}
