import { EPSILON, type ExactSpectrum } from "../core/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  applyTransposeOf,
  hasTranspose,
  isSymmetric,
} from "./operator.js";
import { requireOperator } from "./require-operator.js";

/**
 * Makes the Kronecker product of two operators without forming it.
 *
 * Relation: (A ⊗ B)(x ⊗ y) = (A x) ⊗ (B y); with X the A.cols x B.cols matrix of x in row-major order the product is A X Bᵀ.
 * The eigenvalues of symmetric factors multiply; an exact spectrum follows when both factors have one.
 *
 * @param A left factor
 * @param B right factor
 * @returns an (A.rows · B.rows) x (A.cols · B.cols) operator, symmetric when both factors are
 * @throws {ArgumentError} when an argument is no operator
 *
 * Cost: A.cols products with B and B.rows products with A; scratch of A.cols · B.rows numbers.
 *
 * @example
 * ```ts
 * import { diagonal, kronecker } from "eigenscope/operators";
 * const A = kronecker(diagonal([1, 2]), diagonal([3, 5]));
 * console.log(A.exactSpectrum?.().values.join(" ")); // 3 5 6 10
 * ```
 */
export function kronecker(A: SymmetricOperator, B: SymmetricOperator): SymmetricOperator;
export function kronecker(A: LinearOperator, B: LinearOperator): LinearOperator;
export function kronecker(A: LinearOperator, B: LinearOperator): LinearOperator {
  const left = requireOperator(A, "A", "kronecker");
  const right = requireOperator(B, "B", "kronecker");
  const rows = left.rows * right.rows;
  const cols = left.cols * right.cols;
  const apply = product(
    (x, out) => left.apply(x, out),
    (x, out) => right.apply(x, out),
    left.rows, left.cols, right.rows, right.cols,
  ); // prettier-ignore
  if (isSymmetric(left) && isSymmetric(right)) {
    const spectra = [left.exactSpectrum, right.exactSpectrum];
    const exact = spectra.every((spectrum) => spectrum !== undefined)
      ? { exactSpectrum: () => productSpectrum(spectra[0]!.call(left), spectra[1]!.call(right)) }
      : {};
    return { rows, cols, symmetric: true, apply, applyTranspose: apply, ...exact } as SymmetricOperator;
  }
  if (!hasTranspose(left) || !hasTranspose(right)) return { rows, cols, apply };
  const applyTranspose = product(
    (x, out) => applyTransposeOf(left, x, out),
    (x, out) => applyTransposeOf(right, x, out),
    left.cols, left.rows, right.cols, right.rows,
  ); // prettier-ignore
  return { rows, cols, apply, applyTranspose };
}

type Apply = (x: Float64Array, out: Float64Array) => void;

/** x ↦ A X Bᵀ: B on the rows of X, then A on the columns of the result. */
function product(a: Apply, b: Apply, aRows: number, aCols: number, bRows: number, bCols: number): Apply {
  const half = new Float64Array(aCols * bRows); // X Bᵀ
  const column = new Float64Array(aCols);
  const image = new Float64Array(aRows);
  return (x, out) => {
    for (let i = 0; i < aCols; i++)
      b(x.subarray(i * bCols, (i + 1) * bCols), half.subarray(i * bRows, (i + 1) * bRows));
    for (let j = 0; j < bRows; j++) {
      for (let i = 0; i < aCols; i++) column[i] = half[i * bRows + j];
      a(column, image);
      for (let i = 0; i < aRows; i++) out[i * bRows + j] = image[i];
    }
  };
}

function productSpectrum(a: ExactSpectrum, b: ExactSpectrum): ExactSpectrum {
  const values = new Float64Array(a.values.length * b.values.length);
  let at = 0;
  for (const x of a.values) for (const y of b.values) values[at++] = x * y;
  const largest = (list: Float64Array): number => list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const [la, lb] = [largest(a.values), largest(b.values)];
  const errorBound = la * b.errorBound + lb * a.errorBound + a.errorBound * b.errorBound + EPSILON * la * lb;
  return { kind: "exact", values: values.sort(), errorBound };
}
