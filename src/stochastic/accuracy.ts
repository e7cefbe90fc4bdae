import { ArgumentError, describe, requireInteger, requireNumber } from "../core/index.js";
import type { IntervalEstimate } from "./estimate.js";

/**
 * Decides from what is known so far whether sampling may end. Rules are plain functions, so users can write their own;
 * {@link anyOf} and {@link allOf} combine them.
 */
export type StoppingRule = (state: IntervalEstimate) => boolean;

/** How an estimate is told when it is good enough. */
export interface StoppingOptions {
  /**
   * Half width of the confidence interval asked for, relative to the estimate. The number of probes follows from it, and
   * where there is a quadrature also the number of steps.
   */
  readonly tolerance?: number;
  /**
   * Rule asked after 8, 16, 32 … samples, instead of `tolerance`. Its intervals hold for all these looks together, so
   * stopping at a favourable one does not spoil the confidence; they are a little wider for that.
   */
  readonly stop?: StoppingRule;
  /** Probability that the interval contains the true value; 0.95 by default. */
  readonly confidence?: number;
  /** Products never exceeded when `tolerance` or `stop` is given. */
  readonly maximumMatvecs?: number;
}

/** Checked stopping options. */
export interface StoppingSettings {
  /** Relative half width, or null. */
  readonly tolerance: number | null;
  /** Rule, or null. With neither the number of samples is fixed. */
  readonly stop: StoppingRule | null;
  /** Probability of the interval. */
  readonly confidence: number;
  /** Most products; Infinity when the number of samples is fixed. */
  readonly maximumMatvecs: number;
}

/** Names of the stopping options, for checking. */
export const STOPPING_KEYS: readonly string[] = ["tolerance", "stop", "confidence", "maximumMatvecs"];

/** Checks the stopping options. */
export function requireStopping(
  options: StoppingOptions,
  fewest: number,
  defaultMaximum: number,
  caller: string,
): StoppingSettings {
  const { tolerance, stop } = options;
  if (stop !== undefined && typeof stop !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "stop",
      expected: "a function of the estimate so far, such as relativeHalfWidth(0.01)",
      got: describe(stop),
    });
  }
  if (stop !== undefined && tolerance !== undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "stop",
      expected: "absent when tolerance is given",
      got: "both",
      remedy: "put the tolerance into the rule: anyOf(relativeHalfWidth(tolerance), …)",
    });
  }
  return {
    tolerance: tolerance === undefined ? null : requireNumber(tolerance, "tolerance", caller, Number.MIN_VALUE),
    stop: stop ?? null,
    confidence: requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-12),
    maximumMatvecs:
      tolerance === undefined && stop === undefined
        ? Infinity
        : requireInteger(options.maximumMatvecs ?? defaultMaximum, "maximumMatvecs", caller, fewest),
  };
}

/**
 * Stops when the half width of the interval is at most a share of the estimate.
 *
 * @param tolerance share > 0
 * @returns a rule for the option `stop`
 * @throws {ArgumentError} when tolerance is not positive
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { anyOf, matvecLimit, relativeHalfWidth, trace } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 500 }, (_, i) => 1 + i / 500));
 * const stop = anyOf(relativeHalfWidth(0.03), matvecLimit(200));
 * const { interval, samples } = trace(A, { method: "hutchinson", distribution: "gaussian", stop, rng: createRng(1) });
 * console.log(interval.lower < 749.5 && 749.5 < interval.upper, samples); // true 32
 * ```
 */
export function relativeHalfWidth(tolerance: number): StoppingRule {
  const share = requireNumber(tolerance, "tolerance", "relativeHalfWidth", Number.MIN_VALUE);
  return ({ mean, interval }) => (interval.upper - interval.lower) / 2 <= share * Math.abs(mean);
}

/**
 * Stops when the half width of the interval is at most a number in the units of the estimate.
 *
 * @param width number > 0
 * @returns a rule for the option `stop`
 * @throws {ArgumentError} when width is not positive
 */
export function absoluteHalfWidth(width: number): StoppingRule {
  const most = requireNumber(width, "width", "absoluteHalfWidth", Number.MIN_VALUE);
  return ({ interval }) => (interval.upper - interval.lower) / 2 <= most;
}

/**
 * Stops when the interval lies on one side of a number: a test of "is the trace above this?" that ends as soon as it knows.
 *
 * @param threshold finite number
 * @returns a rule for the option `stop`
 * @throws {ArgumentError} when threshold is not finite
 */
export function decided(threshold: number): StoppingRule {
  const at = requireNumber(threshold, "threshold", "decided");
  return ({ interval }) => interval.lower > at || interval.upper < at;
}

/**
 * Stops once that many products were spent. A soft limit, asked between batches; `maximumMatvecs` is the hard one, and
 * reaching it is reported as not converged.
 *
 * @param matvecs integer >= 1
 * @returns a rule for the option `stop`
 * @throws {ArgumentError} when matvecs is no integer >= 1
 */
export function matvecLimit(matvecs: number): StoppingRule {
  const limit = requireInteger(matvecs, "matvecs", "matvecLimit", 1);
  return (state) => state.matvecs >= limit;
}

/** Stops when at least one of the rules says so. */
export function anyOf(...rules: readonly StoppingRule[]): StoppingRule {
  requireRules(rules, "anyOf");
  return (state) => rules.some((rule) => rule(state));
}

/** Stops when all rules say so. */
export function allOf(...rules: readonly StoppingRule[]): StoppingRule {
  requireRules(rules, "allOf");
  return (state) => rules.every((rule) => rule(state));
}

function requireRules(rules: readonly StoppingRule[], caller: string): void {
  if (rules.length > 0 && rules.every((rule) => typeof rule === "function")) return;
  throw new ArgumentError({
    function: caller,
    argument: "rules",
    expected: "one or more functions",
    got: rules.length === 0 ? "none" : describe(rules.find((rule) => typeof rule !== "function")),
  });
}
