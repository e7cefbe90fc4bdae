import {
  ArgumentError,
  describe,
  NonFiniteError,
  requireFinite,
  requireInteger,
  requireVector,
  ShapeError,
} from "../core/index.js";
import { routinesBackend } from "../routines/index.js";
import { createEngine } from "./engine.js";

/** Complex numbers as two arrays of the same length. */
export interface ComplexArray {
  /** Real parts. */
  readonly re: Float64Array;
  /** Imaginary parts. */
  readonly im: Float64Array;
}

/** A transform of fixed length with its tables and work space, for repeated use. */
export interface FftPlan {
  /** Number of points. */
  readonly length: number;
  /**
   * X_k = Σ_j x_j e^{−2πi jk/n}, unnormalised, written to outRe and outIm (which may be re and im themselves).
   * Lengths are checked, entries are not.
   */
  forward(re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void;
  /**
   * x_j = (1/n) Σ_k X_k e^{2πi jk/n}, the inverse of forward, written to outRe and outIm (which may be re and im).
   * Lengths are checked, entries are not.
   */
  inverse(re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void;
}

/**
 * Prepares a transform of fixed length for repeated use.
 *
 * Relation: forward is X_k = Σ_j x_j e^{−2πi jk/n}, inverse divides by n.
 * The functions {@link fft} and {@link ifft} keep recent plans by themselves; a plan of your own also avoids their
 * fresh output arrays and their check for non-finite entries. One plan must not be entered twice at the same time.
 *
 * @param length number of points, any positive integer; lengths whose prime factors are 2, 3, 5 and 7 are fastest
 * @returns the plan
 * @throws {ArgumentError} when length is not a positive integer below 2³⁰
 *
 * Accuracy: relative error in the 2-norm about ε log₂ n, also for primes. Cost: 5 n log₂ n flops, three times that with a prime factor above 7.
 * @see [vanloan1992]
 * @see [bluestein1970]
 * @example
 * ```ts
 * import { createFftPlan } from "eigenscope/fft";
 * const plan = createFftPlan(3);
 * const [re, im] = [Float64Array.of(1, 2, 3), new Float64Array(3)];
 * plan.forward(re, im, re, im); // in place
 * console.log(re[0], im[1]); // 6 0.8660254037844386
 * ```
 */
export function createFftPlan(length: number): FftPlan {
  requireInteger(length, "length", "createFftPlan", 1, 2 ** 30);
  const engine = createEngine(length, 1);
  return {
    length,
    forward: (re, im, outRe, outIm) => {
      requireParts(re, im, length, "forward");
      requireParts(outRe, outIm, length, "forward");
      engine.transform(re, im, 0, outRe, outIm, 0, 1);
    },
    inverse: (re, im, outRe, outIm) => {
      requireParts(re, im, length, "inverse");
      requireParts(outRe, outIm, length, "inverse");
      // Exchanging real and imaginary parts before and after turns e^{−…} into e^{+…}.
      engine.transform(im, re, 0, outIm, outRe, 0, length);
    },
  };
}

function requireParts(re: unknown, im: unknown, length: number, caller: string): void {
  requireVector(re, length, "re", `createFftPlan.${caller}`);
  requireVector(im, length, "im", `createFftPlan.${caller}`);
}

/** Recent plans, newest last: a handful of lengths is what a program alternates between. */
const plans = new Map<string, FftPlan>();
const PLANS_KEPT = 8;
/** Longer plans are not kept: their work space is megabytes. */
const LONGEST_KEPT = 2 ** 18;

/** The plan of a length, from the recent ones when possible. */
export function planOf(length: number): FftPlan {
  const key = `${routinesBackend()} ${length}`;
  const known = plans.get(key);
  if (known !== undefined) {
    plans.delete(key);
    plans.set(key, known);
    return known;
  }
  const plan = createFftPlan(length);
  if (length <= LONGEST_KEPT) {
    plans.set(key, plan);
    for (const oldest of plans.keys()) {
      if (plans.size <= PLANS_KEPT) break;
      plans.delete(oldest);
    }
  }
  return plan;
}

/**
 * Checks one-dimensional numeric input and returns it as a Float64Array (the same one when it is one). Its entries are
 * checked by {@link requireTransformed}, at the end.
 */
export function requireSignal(values: unknown, argument: string, caller: string): Float64Array {
  const isArray = Array.isArray(values) && values.every((value) => typeof value === "number");
  if (!isArray && !(values instanceof Float64Array) && !(values instanceof Float32Array)) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a Float64Array, a Float32Array or an array of numbers",
      got: describe(values),
    });
  }
  const signal = values instanceof Float64Array ? values : Float64Array.from(values as ArrayLike<number>);
  if (signal.length === 0) {
    throw new ShapeError({ function: caller, argument, expected: "of length at least 1", got: "length 0" });
  }
  return signal;
}

/**
 * Checks the result of a transform: every entry of it depends on every entry of the input, so one look at the output sees
 * NaN and infinities in the input as well as an overflow on the way.
 */
export function requireTransformed(
  output: readonly Float64Array[],
  input: Readonly<Record<string, ArrayLike<number>>>,
  caller: string,
): void {
  let probe = 0;
  for (const values of output) for (let i = 0; i < values.length; i++) probe += values[i] - values[i];
  if (probe === 0) return;
  for (const [argument, values] of Object.entries(input)) requireFinite(values, argument, caller);
  throw new NonFiniteError({
    function: caller,
    argument: "the result",
    expected: `representable (below ${Number.MAX_VALUE.toExponential(2)})`,
    got: Object.keys(input).length === 0 ? "NaN or an infinity, put in or by an overflow" : "an overflow",
    remedy: "scale the input down",
  });
}

/** Checks real and imaginary parts of the same length. */
export function requireComplex(re: unknown, im: unknown, caller: string): ComplexArray {
  const real = requireSignal(re, "re", caller);
  const imaginary = requireSignal(im, "im", caller);
  if (real.length !== imaginary.length) {
    throw new ShapeError({
      function: caller,
      argument: "im",
      expected: `of the length of re, ${real.length}`,
      got: `length ${imaginary.length}`,
    });
  }
  return { re: real, im: imaginary };
}
