import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  describe,
  isCancelled,
  norm,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOptions,
  requireVector,
} from "../core/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import {
  type AsyncLinearOperator,
  type AsyncSymmetricOperator,
  type LinearOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireOperator,
  requireSquareOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { gemv } from "../routines/index.js";
import { advanceArnoldi, arnoldiVector, hessenberg, startArnoldi } from "./arnoldi.js";
import { type LanczosFactorization, startLanczos } from "./lanczos.js";
import { type Coroutine, drive, driveAsync, multiply } from "./products.js";

/** Options of {@link functionTimesVector}, {@link matrixFunctionTimesVector} and expmv. */
export interface FunctionTimesVectorOptions extends LongRunning {
  /** Error asked for, relative to the norm of the result; 1e-10 by default. */
  readonly tolerance?: number;
  /** Largest number of Krylov vectors; min(n, 100) by default. */
  readonly krylovDimension?: number;
}

/** f(A) v with its error estimate. */
export interface FunctionTimesVectorResult extends Convergence {
  /** The vector f(A) v. */
  readonly value: Float64Array;
  /** Estimated ‖error‖₂; 0 when the Krylov space is invariant and only rounding is left. */
  readonly errorEstimate: number;
}

/** Steps between two approximations that are compared: successive ones can agree by accident. */
const LAG = 2;

/** Names of the options. */
export const FUNCTION_KEYS: readonly string[] = ["tolerance", "krylovDimension", "signal", "onProgress"];

/**
 * Applies a function of a symmetric operator to a vector by Lanczos.
 *
 * Relation: value = ‖v‖ Vᵀ f(T) e₁ for the Lanczos factorisation A Vᵀ = Vᵀ T + …, started at v; equal to f(A) v when f is a
 * polynomial of degree below the number of steps.
 * For the exponential over long times use expmv, which splits them; for operators that are not symmetric
 * {@link matrixFunctionTimesVector}.
 *
 * @param A symmetric operator of order n
 * @param f scalar function, finite on the spectrum of A
 * @param v vector of length n
 * @returns the vector, an error estimate and the status
 * @throws {ArgumentError} when A lacks the symmetric mark or f is not a function
 * @throws {NonFiniteError} when v or f at a Ritz value is not finite
 *
 * Accuracy: the estimate is the change over the last 2 steps, not a bound; it is reliable once convergence is superlinear.
 * Cost: one matvec a step, krylovDimension vectors.
 * Stopping: change <= tolerance · ‖value‖ in two consecutive steps, or an invariant subspace, or krylovDimension.
 * @see [golubmeurant2010]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { functionTimesVector } from "eigenscope/krylov";
 * const { value } = functionTimesVector(diagonal([1, 4, 9]), Math.sqrt, Float64Array.of(1, 1, 1));
 * console.log(Array.from(value, (entry) => entry.toFixed(10)).join(" ")); // 1.0000000000 2.0000000000 3.0000000000
 * ```
 */
export function functionTimesVector(
  A: SymmetricOperator | Matrix,
  f: (eigenvalue: number) => number,
  v: Float64Array,
  options: FunctionTimesVectorOptions = {},
): FunctionTimesVectorResult {
  const operator = requireSymmetricOperator(A, "A", "functionTimesVector");
  return drive(operator, byLanczos(operator, f, v, options));
}

/**
 * The form of {@link functionTimesVector} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of functionTimesVector for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param f scalar function, finite on the spectrum of A
 * @param v vector of length n
 * @param options those of functionTimesVector
 * @returns a promise of its result
 * @throws {ArgumentError} as functionTimesVector, as a rejection
 */
export async function functionTimesVectorAsync(
  A: AsyncSymmetricOperator,
  f: (eigenvalue: number) => number,
  v: Float64Array,
  options: FunctionTimesVectorOptions = {},
): Promise<FunctionTimesVectorResult> {
  const operator = requireAsyncOperator(A, "A", "functionTimesVectorAsync", "symmetric");
  return driveAsync(operator, byLanczos(operator, f, v, options));
}

/**
 * Applies a function of any square operator to a vector by Arnoldi's method.
 *
 * Relation: value = ‖v‖ Vᵀ F(H) e₁ for the Arnoldi factorisation A Vᵀ = Vᵀ H + …, started at v; equal to f(A) v when f is a
 * polynomial of degree below the number of steps.
 *
 * @param A square operator of order n; only `apply` is used
 * @param F the function on a small matrix, such as expm of eigenscope/linalg or (H) => solve(H, I); returns a matrix of
 *   the same order
 * @param v vector of length n
 * @returns the vector, an error estimate and the status
 * @throws {ShapeError} when A is not square, or F returns another shape
 * @throws {NonFiniteError} when v or F of a projected operator is not finite
 *
 * Accuracy: the estimate is the change over the last 2 steps, not a bound. Cost: one matvec and one F of order k at step k,
 * 8 n k flops, krylovDimension vectors.
 * Stopping: change <= tolerance · ‖value‖ in two consecutive steps, or an invariant subspace, or krylovDimension.
 * @see [saad1992]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { matmul } from "eigenscope/linalg";
 * import { matrixFunctionTimesVector } from "eigenscope/krylov";
 * const A = fromRows([[0, 1], [-2, 3]]); // not symmetric
 * const { value } = matrixFunctionTimesVector(A, (H) => matmul(H, H), Float64Array.of(1, 0));
 * console.log(Array.from(value, (entry) => entry.toFixed(10)).join(" ")); // -2.0000000000 -6.0000000000
 * ```
 */
export function matrixFunctionTimesVector(
  A: LinearOperator | Matrix,
  F: (H: Matrix) => Matrix,
  v: Float64Array,
  options: FunctionTimesVectorOptions = {},
): FunctionTimesVectorResult {
  const operator = requireOperator(A, "A", "matrixFunctionTimesVector");
  return drive(operator, byArnoldi(operator, F, v, options));
}

/**
 * The form of {@link matrixFunctionTimesVector} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of matrixFunctionTimesVector for the same products, bit for bit.
 *
 * @param A asynchronous square operator
 * @param F the function on a small matrix
 * @param v vector of length n
 * @param options those of matrixFunctionTimesVector
 * @returns a promise of its result
 * @throws {ShapeError} as matrixFunctionTimesVector, as a rejection
 */
export async function matrixFunctionTimesVectorAsync(
  A: AsyncLinearOperator,
  F: (H: Matrix) => Matrix,
  v: Float64Array,
  options: FunctionTimesVectorOptions = {},
): Promise<FunctionTimesVectorResult> {
  const operator = requireAsyncSquare(A, "matrixFunctionTimesVectorAsync");
  return driveAsync(operator, byArnoldi(operator, F, v, options));
}

function* byLanczos(
  A: LinearOperator | AsyncLinearOperator,
  f: (eigenvalue: number) => number,
  v: Float64Array,
  options: FunctionTimesVectorOptions,
): Coroutine<FunctionTimesVectorResult> {
  const caller = "functionTimesVector";
  const { length, tolerance, steps } = requireFunctionInput(A, v, options, FUNCTION_KEYS, caller);
  requireCallback(f, "f", "a function of one number", caller);
  if (length === 0) return functionOutcome(v.slice(), 0, "converged", 0, tolerance);
  const run = startLanczos(v.length, { start: v }, steps);
  const stop = stopping(tolerance, steps, options, caller);
  for (;;) {
    yield* multiply(run.current, run.product);
    const factorization = run.advance();
    const { basis, invariant } = factorization;
    const now = functionOfTridiagonal(factorization, f, caller);
    const { status, change } = stop(now, invariant);
    if (status === null) continue;
    const value = liftFromBasis(basis!.data, v.length, now, length);
    return functionOutcome(value, invariant ? 0 : length * change, status, factorization.steps, tolerance);
  }
}

function* byArnoldi(
  A: LinearOperator | AsyncLinearOperator,
  F: (H: Matrix) => Matrix,
  v: Float64Array,
  options: FunctionTimesVectorOptions,
): Coroutine<FunctionTimesVectorResult> {
  const caller = "matrixFunctionTimesVector";
  const { length, tolerance, steps } = requireFunctionInput(A, v, options, FUNCTION_KEYS, caller);
  requireCallback(F, "F", "a function of a matrix", caller);
  if (length === 0) return functionOutcome(v.slice(), 0, "converged", 0, tolerance);
  const run = startArnoldi(
    v.map((entry) => entry / length),
    steps,
  );
  const product = new Float64Array(v.length);
  const stop = stopping(tolerance, steps, options, caller);
  for (;;) {
    yield* multiply(arnoldiVector(run), product);
    advanceArnoldi(run, product, caller);
    const k = run.columns.length;
    const image = requireMatrix(F(hessenberg(run)), "F (its result)", caller);
    if (image.rows !== k || image.cols !== k) {
      const got = `${image.rows} x ${image.cols}`;
      throw new ShapeError({ function: caller, argument: "F (its result)", expected: `${k} x ${k}`, got });
    }
    requireFinite(image.data, "F (its result)", caller);
    const now = Float64Array.from({ length: k }, (_, i) => image.data[i * k]); // F(H) e₁
    const { status, change } = stop(now, run.invariant);
    if (status === null) continue;
    const value = liftFromBasis(run.basis.data, v.length, now, length);
    return functionOutcome(value, run.invariant ? 0 : length * change, status, k, tolerance);
  }
}

/** Decides after each step whether the coefficients have settled. */
function stopping(
  tolerance: number,
  steps: number,
  { signal, onProgress }: FunctionTimesVectorOptions,
  caller: string,
): (now: Float64Array, invariant: boolean) => { readonly status: Status | null; readonly change: number } {
  const history: Float64Array[] = []; // the coefficients of the steps so far
  let calm = 0; // consecutive steps with a small change
  let change = Infinity;
  return (now, invariant) => {
    const k = history.push(now);
    const earlier = history[k - 1 - LAG];
    if (earlier !== undefined) change = norm(now.map((value, i) => value - (earlier[i] ?? 0)));
    calm = change <= tolerance * norm(now) ? calm + 1 : 0;
    onProgress?.({ phase: caller, done: k, total: steps, figures: { change } });
    if (invariant || calm >= 2) return { status: "converged", change };
    if (isCancelled(signal)) return { status: "cancelled", change };
    return { status: k >= steps ? "max-iterations" : null, change };
  };
}

/** f(T) e₁. */
function functionOfTridiagonal(
  { diagonal, offDiagonal, steps: k }: LanczosFactorization,
  f: (theta: number) => number,
  caller: string,
): Float64Array {
  const { values, vectors } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "full" });
  const S = vectors!.data;
  const images = values.map(f);
  requireFinite(images, "f at the Ritz values", caller);
  const out = new Float64Array(k);
  for (let j = 0; j < k; j++) for (let i = 0; i < k; i++) out[j] += S[j * k + i] * images[i] * S[i];
  return out;
}

/** length · Vᵀ coefficients for vectors stored as rows. */
export function liftFromBasis(rows: Float64Array, n: number, coefficients: Float64Array, length: number): Float64Array {
  const out = new Float64Array(n);
  gemv(true, coefficients.length, n, length, rows, 0, n, coefficients, 0, 1, 0, out, 0, 1);
  return out;
}

/** Checks an asynchronous operator that must be square. */
export function requireAsyncSquare(A: AsyncLinearOperator, caller: string): AsyncLinearOperator {
  const operator = requireAsyncOperator(A, "A", caller, "any");
  if (operator.rows === operator.cols) return operator;
  const got = `${operator.rows} x ${operator.cols}`;
  throw new ShapeError({ function: caller, argument: "A", expected: "square", got });
}

/** Checks the vector and the shared options of functions of operators. */
export function requireFunctionInput(
  A: LinearOperator | AsyncLinearOperator,
  v: Float64Array,
  options: FunctionTimesVectorOptions,
  keys: readonly string[],
  caller: string,
): { length: number; tolerance: number; steps: number } {
  const n = requireSquareOperator(A as LinearOperator, "A", caller);
  requireOptions(options, keys, caller);
  requireFinite(requireVector(v, n, "v", caller), "v", caller);
  return {
    length: norm(v),
    tolerance: requireNumber(options.tolerance ?? 1e-10, "tolerance", caller, 0, 1),
    steps: requireInteger(options.krylovDimension ?? Math.min(Math.max(n, 1), 100), "krylovDimension", caller, 1),
  };
}

function requireCallback(callback: unknown, argument: string, expected: string, caller: string): void {
  if (typeof callback === "function") return;
  throw new ArgumentError({ function: caller, argument, expected, got: describe(callback) });
}

/** Puts a result together. */
export function functionOutcome(
  value: Float64Array,
  errorEstimate: number,
  status: Status,
  matvecs: number,
  tolerance: number,
): FunctionTimesVectorResult {
  const advice: Partial<Record<Status, string>> = {
    "max-iterations": "raise krylovDimension: f varies faster on the spectrum than polynomials of that degree",
    cancelled: "stopped by the signal",
  };
  return {
    value,
    errorEstimate,
    status,
    iterations: matvecs,
    matvecs,
    tolerance,
    residualNorms: Float64Array.of(errorEstimate),
    advice: advice[status] ?? null,
  };
}
