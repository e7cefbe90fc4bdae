import { ArgumentError, type Matrix, ShapeError, describe } from "../core/index.js";
import { fromMatrix } from "./from-matrix.js";
import {
  type AsyncLinearOperator,
  type AsyncSymmetricOperator,
  type LinearOperator,
  type SymmetricOperator,
  hasTranspose,
  isSymmetric,
} from "./operator.js";

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
