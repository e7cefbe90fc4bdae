import type { ExactSpectrum } from "../core/index.js";

/** A linear map R^cols → R^rows, known by what it does to a vector. */
export interface LinearOperator {
  /** Length of the vectors it produces. */
  readonly rows: number;
  /** Length of the vectors it takes. */
  readonly cols: number;
  /** out ← A x. Writes every entry of `out`, does not change `x`; `x` and `out` never share memory. */
  apply(x: Float64Array, out: Float64Array): void;
  /** out ← Aᵀ x, where the transpose is known. */
  applyTranspose?(x: Float64Array, out: Float64Array): void;
  /**
   * Several products at once, where that is cheaper than one after the other: X holds `columns` vectors in a row, out
   * receives their products in a row. Block methods use it; without it they call `apply` for each vector.
   */
  applyBlock?(X: Float64Array, out: Float64Array, columns: number): void;
  /** All eigenvalues without assembling the operator, where its structure gives them (symmetric operators only). */
  exactSpectrum?(): ExactSpectrum;
}

/** A square operator with xᵀ(A y) = (A x)ᵀ y. The mark is a promise of the caller; {@link checkedSymmetric} tests it. */
export interface SymmetricOperator extends LinearOperator {
  /** Marks the promise, for the compiler and at run time. */
  readonly symmetric: true;
}

/**
 * The twin of {@link LinearOperator} whose products are computed elsewhere: a worker, a GPU, a server. The vectors handed
 * to it may be views of a large basis: post `x.slice()`, not `x`, which would copy the whole memory behind it.
 */
export interface AsyncLinearOperator {
  /** Length of the vectors it produces. */
  readonly rows: number;
  /** Length of the vectors it takes. */
  readonly cols: number;
  /** Resolves once out holds A x. */
  apply(x: Float64Array, out: Float64Array): Promise<void>;
  /** Resolves once out holds Aᵀ x, where the transpose is known. */
  applyTranspose?(x: Float64Array, out: Float64Array): Promise<void>;
  /** Resolves once out holds the products of the `columns` vectors that X holds in a row: one message for a whole block. */
  applyBlock?(X: Float64Array, out: Float64Array, columns: number): Promise<void>;
}

/** A symmetric operator whose products are computed elsewhere. */
export interface AsyncSymmetricOperator extends AsyncLinearOperator {
  /** Marks the promise xᵀ(A y) = (A x)ᵀ y. */
  readonly symmetric: true;
}

/** True for an operator that carries the symmetric mark. */
export function isSymmetric(A: LinearOperator): A is SymmetricOperator {
  return (A as Partial<SymmetricOperator>).symmetric === true && A.rows === A.cols;
}

/** True for operators that can be applied transposed: those with `applyTranspose` and the symmetric ones. */
export function hasTranspose(A: LinearOperator): boolean {
  return A.applyTranspose !== undefined || isSymmetric(A);
}

/** out ← Aᵀ x, by `applyTranspose` or by symmetry; the caller has checked {@link hasTranspose}. */
export function applyTransposeOf(A: LinearOperator, x: Float64Array, out: Float64Array): void {
  if (A.applyTranspose !== undefined) A.applyTranspose(x, out);
  else A.apply(x, out);
}
