import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  type Status,
  describe,
  isCancelled,
  norm,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requireVector,
  exp,
  expm1,
  square,
} from "../core/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import { type SymmetricOperator, requireSymmetricOperator } from "../operators/index.js";
import { gemv } from "../routines/index.js";
import { type LanczosFactorization, lanczosSteps } from "./lanczos.js";

/** Options of {@link functionTimesVector} and {@link expmv}. */
export interface FunctionTimesVectorOptions extends LongRunning {
  /** Error asked for, relative to the norm of the result; 1e-10 by default. */
  readonly tolerance?: number;
  /** Largest number of Lanczos vectors; min(n, 100) by default. */
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

const KEYS = ["tolerance", "krylovDimension", "signal", "onProgress"];

/**
 * Applies a function of a symmetric operator to a vector by Lanczos.
 *
 * Relation: value = ‖v‖ Vᵀ f(T) e₁ for the Lanczos factorisation A Vᵀ = Vᵀ T + …, started at v; equal to f(A) v when f is a
 * polynomial of degree below the number of steps.
 * For the exponential over long times use expmv, which splits them.
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
  const caller = "functionTimesVector";
  const { operator, length, tolerance, steps } = requireInput(A, v, options, caller);
  if (typeof f !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "f",
      expected: "a function of one number",
      got: describe(f),
    });
  }
  if (length === 0) return outcome(v.slice(), 0, "converged", 0, tolerance);
  const history: Float64Array[] = []; // f(T_k) e₁ of the last steps
  let calm = 0; // consecutive steps with a small change
  let change = Infinity;
  for (const factorization of lanczosSteps(operator, { start: v })) {
    const now = functionOfTridiagonal(factorization, f, caller);
    const k = factorization.steps;
    const earlier = history[k - 1 - LAG];
    history.push(now);
    if (earlier !== undefined) change = norm(now.map((value, i) => value - (earlier[i] ?? 0)));
    calm = change <= tolerance * norm(now) ? calm + 1 : 0;
    options.onProgress?.({ phase: caller, done: k, total: steps, figures: { change } });
    let status: Status | null = null;
    if (factorization.invariant || calm >= 2) status = "converged";
    else if (isCancelled(options.signal)) status = "cancelled";
    else if (k === steps) status = "max-iterations";
    if (status === null) continue;
    const estimate = factorization.invariant ? 0 : length * change;
    return outcome(lift(factorization, now, length), estimate, status, k, tolerance);
  }
  return outcome(v.slice(), Infinity, "breakdown", 0, tolerance); // not reached: the generator ends with an invariant record
}

/** Options of {@link expmv}. */
export interface ExpmvOptions extends FunctionTimesVectorOptions {
  /** t in exp(t A) v, of any sign; 1 by default. */
  readonly time?: number;
}

/**
 * Computes exp(t A) v for a symmetric operator, splitting t into steps that a small Krylov space resolves.
 *
 * Relation: value = exp(t A) v; errorEstimate sums the steps' h β |e_kᵀ φ₁(h T) e₁|, φ₁(z) = (eᶻ − 1)/z, the leading term
 * of each step's error (later steps can magnify it when t A has positive eigenvalues).
 *
 * @param A symmetric operator of order n
 * @param v vector of length n
 * @param options.time t
 * @returns the vector, an error estimate and the status; iterations counts the time steps
 * @throws {ArgumentError} when A lacks the symmetric mark
 * @throws {NonFiniteError} when the result overflows
 *
 * Accuracy: the estimate. Cost: one matvec a Lanczos step; a time step whose space was too small is shortened without a
 * new product.
 * @see [hochbruck1997]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { expmv } from "eigenscope/krylov";
 * const { value, status } = expmv(diagonal([0, -1]), Float64Array.of(1, 1), { time: 2 });
 * console.log(status, value[1].toFixed(10)); // converged 0.1353352832
 * ```
 */
export function expmv(
  A: SymmetricOperator | Matrix,
  v: Float64Array,
  options: ExpmvOptions = {},
): FunctionTimesVectorResult {
  const caller = "expmv";
  const { time, ...rest } = options ?? {};
  const { operator, tolerance, steps } = requireInput(A, v, rest, caller);
  const t = requireNumber(time ?? 1, "time", caller);
  let value: Float64Array = v.slice();
  let done = 0;
  let error = 0;
  let matvecs = 0;
  let pieces = 0;
  let status: Status = "converged";
  while (done < 1 && norm(value) > 0) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    const length = norm(value);
    let factorization: LanczosFactorization | null = null;
    let share = 1 - done; // of the whole time
    for (const record of lanczosSteps(operator, { start: value })) {
      factorization = record;
      if (record.invariant || record.steps === steps) break;
      const { local, growth } = stepError(record, share * t);
      if (local <= tolerance * share * growth) break;
    }
    const last = factorization!;
    matvecs += last.matvecs;
    let estimate = stepError(last, share * t);
    while (!last.invariant && estimate.local > tolerance * share * estimate.growth && share > 1e-12) {
      share /= 2;
      estimate = stepError(last, share * t);
    }
    const coefficients = functionOfTridiagonal(last, (theta) => exp(share * t * theta), caller);
    value = lift(last, coefficients, length);
    error += last.invariant ? 0 : length * estimate.local;
    done = 1 - done - share <= 1e-15 ? 1 : done + share;
    pieces++;
    requireFinite(value, "A (exp of its spectrum times t)", caller);
    options.onProgress?.({ phase: caller, done: pieces, total: null, figures: { time: done * t, error } });
  }
  return { ...outcome(value, error, status, matvecs, tolerance), iterations: pieces };
}

/** h β |e_kᵀ φ₁(h T) e₁| and ‖exp(h T) e₁‖. */
function stepError(factorization: LanczosFactorization, h: number): { local: number; growth: number } {
  const { diagonal, offDiagonal, residualNorm, steps: k, invariant } = factorization;
  const { values, vectors } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "full" });
  const S = vectors!.data;
  let last = 0;
  let squares = 0;
  for (let i = 0; i < k; i++) {
    const z = h * values[i];
    last += S[(k - 1) * k + i] * S[i] * (z === 0 ? 1 : expm1(z) / z);
    squares += square(S[i] * exp(z));
  }
  return { local: invariant ? 0 : Math.abs(h) * residualNorm * Math.abs(last), growth: Math.sqrt(squares) };
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

/** length · Vᵀ coefficients. */
function lift({ basis, steps }: LanczosFactorization, coefficients: Float64Array, length: number): Float64Array {
  const { cols, data } = basis!;
  const out = new Float64Array(cols);
  gemv(true, steps, cols, length, data, 0, cols, coefficients, 0, 1, 0, out, 0, 1);
  return out;
}

function requireInput(
  A: unknown,
  v: Float64Array,
  options: FunctionTimesVectorOptions,
  caller: string,
): { operator: SymmetricOperator; length: number; tolerance: number; steps: number } {
  const operator = requireSymmetricOperator(A, "A", caller);
  requireOptions(options, caller === "expmv" ? [...KEYS, "time"] : KEYS, caller);
  requireFinite(requireVector(v, operator.rows, "v", caller), "v", caller);
  const n = operator.rows;
  return {
    operator,
    length: norm(v),
    tolerance: requireNumber(options.tolerance ?? 1e-10, "tolerance", caller, 0, 1),
    steps: requireInteger(options.krylovDimension ?? Math.min(Math.max(n, 1), 100), "krylovDimension", caller, 1),
  };
}

function outcome(
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
