import {
  type Matrix,
  type Status,
  exp,
  expm1,
  isCancelled,
  norm,
  requireFinite,
  requireNumber,
} from "../core/index.js";
import { expm, tridiagonalEigh } from "../linalg/index.js";
import { type AsyncLinearOperator, type LinearOperator, isSymmetric, requireOperator } from "../operators/index.js";
import { advanceArnoldi, arnoldiVector, hessenberg, startArnoldi } from "./arnoldi.js";
import {
  type FunctionTimesVectorOptions,
  type FunctionTimesVectorResult,
  FUNCTION_KEYS,
  functionOutcome,
  liftFromBasis,
  requireAsyncSquare,
  requireFunctionInput,
} from "./matrix-function-times-vector.js";
import { startLanczos } from "./lanczos.js";
import { type Coroutine, drive, driveAsync, multiply } from "./products.js";

/** Options of {@link expmv}. */
export interface ExpmvOptions extends FunctionTimesVectorOptions {
  /** t in exp(t A) v, of any sign; 1 by default. */
  readonly time?: number;
}

/** exp(t A) v with its error estimate. */
export interface ExpmvResult extends FunctionTimesVectorResult {
  /** The time that `value` belongs to: t, or less when the signal stopped the run; expmv of the value goes on from there. */
  readonly timeReached: number;
}

/**
 * Computes exp(t A) v for a square operator, splitting t into steps that a small Krylov space resolves: Lanczos for a
 * symmetric operator, Arnoldi for any other.
 *
 * Relation: value = exp(t A) v; errorEstimate sums the steps' h β |e_kᵀ φ₁(h H) e₁|, φ₁(z) = (eᶻ − 1)/z, the leading term
 * of each step's error (later steps can magnify it when t A has eigenvalues with positive real part).
 *
 * @param A square operator of order n; only `apply` is used
 * @param v vector of length n
 * @param options.time t
 * @returns the vector, an error estimate and the status; iterations counts the time steps
 * @throws {ShapeError} when A is not square or v has another length
 * @throws {NonFiniteError} when the result overflows
 *
 * Accuracy: the estimate. Cost: one matvec a Krylov step, krylovDimension vectors; a time step whose space was too small is
 * shortened without a new product.
 * @see [hochbruck1997]
 * @see [saad1992]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { expmv } from "eigenscope/krylov";
 * const rotation = fromRows([[0, -1], [1, 0]]); // exp(t A) turns by the angle t
 * const { value, status } = expmv(rotation, Float64Array.of(1, 0), { time: Math.PI / 2 });
 * console.log(status, value[1].toFixed(10)); // converged 1.0000000000
 * ```
 */
export function expmv(A: LinearOperator | Matrix, v: Float64Array, options: ExpmvOptions = {}): ExpmvResult {
  const operator = requireOperator(A, "A", "expmv");
  return drive(operator, integrate(operator, v, options));
}

/**
 * The form of {@link expmv} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of expmv for the same products, bit for bit.
 *
 * @param A asynchronous square operator
 * @param v vector of length n
 * @param options those of expmv
 * @returns a promise of its result
 * @throws {ShapeError} as expmv, as a rejection
 */
export async function expmvAsync(
  A: AsyncLinearOperator,
  v: Float64Array,
  options: ExpmvOptions = {},
): Promise<ExpmvResult> {
  const operator = requireAsyncSquare(A, "expmvAsync");
  return driveAsync(operator, integrate(operator, v, options));
}

/** exp(h H) e₁ and the local error estimate. */
interface Step {
  readonly coefficients: Float64Array;
  readonly local: number;
  /** ‖exp(h H) e₁‖. */
  readonly growth: number;
}

/** A Krylov space of the vector that was reached. */
interface Space {
  readonly steps: number;
  readonly invariant: boolean;
  readonly basis: Float64Array;
  evaluate(h: number): Step;
}

function* integrate(
  A: LinearOperator | AsyncLinearOperator,
  v: Float64Array,
  options: ExpmvOptions,
): Coroutine<ExpmvResult> {
  const caller = "expmv";
  const { tolerance, steps } = requireFunctionInput(A, v, options, [...FUNCTION_KEYS, "time"], caller);
  const t = requireNumber(options.time ?? 1, "time", caller);
  const spaces = isSymmetric(A as LinearOperator) ? lanczosSpaces : arnoldiSpaces;
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
    let share = 1 - done; // of the whole time
    const enough = (space: Space): boolean => {
      const { local, growth } = space.evaluate(share * t);
      return local <= tolerance * share * growth;
    };
    const space = yield* spaces(
      value.map((entry) => entry / length),
      steps,
      enough,
    );
    matvecs += space.steps;
    let step = space.evaluate(share * t);
    while (!space.invariant && !(step.local <= tolerance * share * step.growth) && share > 1e-12) {
      share /= 2;
      step = space.evaluate(share * t);
    }
    value = liftFromBasis(space.basis, value.length, step.coefficients, length);
    error += length * step.local;
    done = 1 - done - share <= 1e-15 ? 1 : done + share;
    pieces++;
    requireFinite(value, "A (exp of its spectrum times t)", caller);
    options.onProgress?.({ phase: caller, done: pieces, total: null, figures: { time: done * t, error } });
  }
  const reached = norm(v) === 0 ? t : done * t;
  return { ...functionOutcome(value, error, status, matvecs, tolerance), iterations: pieces, timeReached: reached };
}

/** Grows a Lanczos space of the unit vector v until it is enough. */
function* lanczosSpaces(v: Float64Array, steps: number, enough: (space: Space) => boolean): Coroutine<Space> {
  const run = startLanczos(v.length, { start: v }, Math.min(steps, 30));
  for (;;) {
    yield* multiply(run.current, run.product);
    const { diagonal, offDiagonal, residualNorm, basis, steps: k, invariant } = run.advance();
    const evaluate = (h: number): Step => {
      const { values, vectors } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "full" });
      const S = vectors!.data;
      const coefficients = new Float64Array(k);
      let last = 0;
      for (let i = 0; i < k; i++) {
        const z = h * values[i];
        const weight = S[i] * exp(z);
        for (let j = 0; j < k; j++) coefficients[j] += S[j * k + i] * weight;
        last += S[(k - 1) * k + i] * S[i] * (z === 0 ? 1 : expm1(z) / z);
      }
      const local = invariant ? 0 : Math.abs(h) * residualNorm * Math.abs(last);
      return { coefficients, local, growth: norm(coefficients) };
    };
    const space = { steps: k, invariant, basis: basis!.data, evaluate };
    if (invariant || k === steps || enough(space)) return space;
  }
}

/** Grows an Arnoldi space of the unit vector v until it is enough. */
function* arnoldiSpaces(v: Float64Array, steps: number, enough: (space: Space) => boolean): Coroutine<Space> {
  const run = startArnoldi(v, Math.min(steps, 30));
  const product = new Float64Array(v.length);
  for (;;) {
    yield* multiply(arnoldiVector(run), product);
    advanceArnoldi(run, product, "expmv");
    const { columns, invariant, basis } = run;
    const k = columns.length;
    const H = hessenberg(run);
    const beta = columns[k - 1][k];
    const evaluate = (h: number): Step => {
      // exp of [[h H, e₁], [0, 0]] holds exp(h H) and, in its last column, φ₁(h H) e₁.
      const size = k + 1;
      const data = new Float64Array(size * size);
      for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) data[i * size + j] = h * H.data[i * k + j];
      data[k] = 1;
      const E = expm({ rows: size, cols: size, data }).data;
      const coefficients = Float64Array.from({ length: k }, (_, i) => E[i * size]);
      const local = invariant ? 0 : Math.abs(h) * beta * Math.abs(E[(k - 1) * size + k]);
      return { coefficients, local, growth: norm(coefficients) };
    };
    const space = { steps: k, invariant, basis: basis.data, evaluate };
    if (invariant || k === steps) return space;
    // Each test costs a dense exponential of order k: every step at first, then every fifth of k.
    if (k % Math.max(1, Math.floor(k / 5)) === 0 && enough(space)) return space;
  }
}
