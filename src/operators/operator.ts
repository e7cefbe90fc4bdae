import { ArgumentError, type ExactSpectrum, type Matrix, ShapeError, describe } from "../core/index.js";
import { fromMatrix } from "./from-matrix.js";

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

/**
 * Checks that an argument is an operator (or a Matrix, which is wrapped) and returns the operator.
 *
 * @throws {ArgumentError} when it is neither
 */
export function requireOperator(A: unknown, argument: string, caller: string): LinearOperator {
  if (isOperator(A)) return A;
  if (isMatrix(A)) return fromMatrix(A);
  throw notAnOperator(A, argument, caller);
}

function notAnOperator(A: unknown, argument: string, caller: string): ArgumentError {
  return new ArgumentError({
    function: caller,
    argument,
    expected: "a linear operator (rows, cols and apply) or a Matrix",
    got: describe(A),
    remedy: "wrap a function with fromFunction(n, apply)",
  });
}

/**
 * Checks that an argument is a symmetric operator (or a symmetric Matrix, which is wrapped) and returns the operator.
 *
 * @throws {ArgumentError} when it is neither, or an operator without the symmetric mark
 * @throws {ShapeError} when it is not square
 * @throws {AsymmetricError} when a Matrix is not symmetric
 */
export function requireSymmetricOperator(A: unknown, argument: string, caller: string): SymmetricOperator {
  if (!isOperator(A) && isMatrix(A)) return fromMatrix(A, { symmetric: true });
  const operator = requireOperator(A, argument, caller);
  requireSquareOperator(operator, argument, caller);
  if (!isSymmetric(operator)) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a symmetric operator",
      got: `a ${operator.rows} x ${operator.cols} operator without the symmetric mark`,
      remedy: "pass { symmetric: true } where it is made, or use svds for a general operator",
    });
  }
  return operator;
}

/**
 * Checks that an operator is square and returns its order.
 *
 * @throws {ShapeError} when it is not
 */
export function requireSquareOperator(A: LinearOperator, argument: string, caller: string): number {
  if (!isOperator(A)) throw notAnOperator(A, argument, caller);
  if (A.rows !== A.cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${A.rows} x ${A.cols}` });
  }
  return A.rows;
}

/**
 * Checks that an operator can be applied transposed and returns it.
 *
 * @throws {ArgumentError} when it offers only `apply` and is not symmetric
 */
export function requireTranspose(A: LinearOperator, argument: string, caller: string): LinearOperator {
  if (!isOperator(A)) throw notAnOperator(A, argument, caller);
  if (!hasTranspose(A)) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "an operator with applyTranspose",
      got: `a ${A.rows} x ${A.cols} operator that offers only apply`,
      remedy: "pass applyTranspose to fromFunction, or { symmetric: true } if it is symmetric",
    });
  }
  return A;
}

/**
 * Checks that an argument has the form of an asynchronous operator and returns it.
 *
 * @param kind "symmetric": square with the symmetric mark; "transposable": with applyTranspose (or symmetric); "any"
 * @throws {ArgumentError} when it has not
 */
export function requireAsyncOperator(
  A: AsyncLinearOperator,
  argument: string,
  caller: string,
  kind: "symmetric",
): AsyncSymmetricOperator;
export function requireAsyncOperator(
  A: AsyncLinearOperator,
  argument: string,
  caller: string,
  kind: "transposable" | "any",
): AsyncLinearOperator;
export function requireAsyncOperator(
  A: AsyncLinearOperator,
  argument: string,
  caller: string,
  kind: "symmetric" | "transposable" | "any",
): AsyncLinearOperator {
  const operator = isOperator(A);
  const marked = operator && isSymmetric(A);
  if (kind === "symmetric" ? marked : operator && (kind === "any" || marked || A.applyTranspose !== undefined))
    return A;
  const needs = {
    symmetric: "a square asynchronous operator with the symmetric mark",
    any: "an asynchronous operator",
  };
  throw new ArgumentError({
    function: caller,
    argument,
    expected: kind === "transposable" ? "an asynchronous operator with applyTranspose" : needs[kind],
    got: operator
      ? `a ${A.rows} x ${A.cols} operator without ${kind === "symmetric" ? "the mark" : "it"}`
      : describe(A),
    remedy:
      kind === "symmetric"
        ? "make it with fromAsyncFunction(n, product, { symmetric: true })"
        : "make it with fromAsyncFunction(n, product, { applyTranspose })",
  });
}

function isOperator(value: unknown): value is LinearOperator {
  if (value === null || typeof value !== "object") return false;
  const { rows, cols, apply } = value as Partial<LinearOperator>;
  return typeof apply === "function" && isCount(rows) && isCount(cols);
}

function isMatrix(value: unknown): value is Matrix {
  if (value === null || typeof value !== "object") return false;
  const { rows, cols, data } = value as Partial<Matrix>;
  return data instanceof Float64Array && isCount(rows) && isCount(cols);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
