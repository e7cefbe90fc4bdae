import { requireInteger, requireVector } from "../core/index.js";
import { createEngine } from "./engine.js";
import { requireTwo } from "./plan.js";
import { realLength, realSignal, realSpectrum } from "./rfft.js";

/** A transform of real data of fixed length with its tables and work space, for repeated use. */
export interface RealFftPlan {
  /** Number of real data, n. */
  readonly length: number;
  /**
   * X_k = Σ_j x_j e^{−2πi jk/n} for k = 0 … ⌊n/2⌋, unnormalised, written to re and im (⌊n/2⌋ + 1 numbers each), which
   * must not overlap each other or x. Lengths are checked, entries are not.
   */
  forward(x: Float64Array, re: Float64Array, im: Float64Array): void;
  /**
   * The inverse of forward, written to x. The imaginary part of X_0, and of X_{n/2} for even n, is taken as 0; x may overlap re
   * and im. Lengths are checked, entries are not.
   */
  inverse(re: Float64Array, im: Float64Array, x: Float64Array): void;
}

/**
 * Prepares a transform of real data of fixed length for repeated use.
 *
 * Relation: forward is {@link rfft}, inverse is {@link irfft}, with the same bits.
 * Those two keep recent tables by themselves; a plan of your own also avoids their fresh result arrays, which take a third
 * of the time at 1000 points. One plan must not be entered twice at the same time.
 *
 * @param length number of real data, any positive integer
 * @returns the plan
 * @throws {ArgumentError} when length is not a positive integer up to 2³⁰
 *
 * Accuracy and cost: as {@link rfft}.
 * @see [vanloan1992]
 * @example
 * ```ts
 * import { createRealFftPlan } from "eigenscope/fft";
 * const plan = createRealFftPlan(4);
 * const [re, im] = [new Float64Array(3), new Float64Array(3)];
 * plan.forward(Float64Array.of(1, 0, -1, 0), re, im);
 * console.log(Array.from(re)); // [ 0, 2, 0 ]
 * ```
 */
export function createRealFftPlan(length: number): RealFftPlan {
  requireInteger(length, "length", "createRealFftPlan", 1, 2 ** 30);
  const engine = createEngine(realLength(length), 1);
  const bins = (length >> 1) + 1;
  const check = (x: unknown, re: unknown, im: unknown, caller: string): void => {
    requireVector(x, length, "x", `createRealFftPlan.${caller}`);
    requireVector(re, bins, "re", `createRealFftPlan.${caller}`);
    requireVector(im, bins, "im", `createRealFftPlan.${caller}`);
  };
  return {
    length,
    forward: (x, re, im) => {
      check(x, re, im, "forward");
      requireTwo(re, im, "im", "re", "createRealFftPlan.forward");
      requireTwo(x, re, "re", "x", "createRealFftPlan.forward");
      requireTwo(x, im, "im", "x", "createRealFftPlan.forward");
      realSpectrum(x, { re, im }, engine);
    },
    inverse: (re, im, x) => {
      check(x, re, im, "inverse");
      realSignal({ re, im }, x, length, engine);
    },
  };
}
