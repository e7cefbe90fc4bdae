import { ArgumentError, NonFiniteError, describe } from "../core/index.js";

/** A probability law of a spectrum in closed form. */
export interface SpectralLaw {
  /** Density of the continuous part; 0 outside the support. */
  readonly pdf: (x: number) => number;
  /** P(X <= x), the atom included. */
  readonly cdf: (x: number) => number;
  /** Smallest x with P(X <= x) >= p, for 0 <= p <= 1. */
  readonly quantile: (p: number) => number;
  /** Ends of the continuous part. */
  readonly support: readonly [number, number];
  /** Mass at zero; 0 when there is none. */
  readonly atom: number;
}

/** Checks a probability. */
export function requireProbability(p: unknown, caller: string): number {
  if (typeof p === "number" && Number.isNaN(p)) {
    throw new NonFiniteError({ function: caller, argument: "p", expected: "a number in [0, 1]", got: "NaN" });
  }
  if (typeof p !== "number" || !(p >= 0 && p <= 1)) {
    throw new ArgumentError({ function: caller, argument: "p", expected: "a number in [0, 1]", got: describe(p) });
  }
  return p;
}

/**
 * Solves cdf(x) = p on [low, high] for an increasing cdf: Newton steps where the density helps, bisection otherwise.
 * Stops when the bracket cannot be halved any more, or when a step is below its spacing.
 */
export function solveQuantile(
  p: number,
  low: number,
  high: number,
  cdf: (x: number) => number,
  pdf: (x: number) => number,
): number {
  let a = low;
  let b = high;
  let x = low + (high - low) * p;
  for (let iteration = 0; iteration < 200; iteration++) {
    const error = cdf(x) - p;
    if (error === 0) return x;
    if (error > 0) b = x;
    else a = x;
    const slope = pdf(x);
    let next = slope > 0 ? x - error / slope : Number.NaN;
    // Near an edge the density behaves like a root and Newton alone creeps: bisect unless it lands well inside.
    if (!(next > a && next < b) || iteration % 4 === 3) next = a + (b - a) / 2;
    if (next === x || next <= a || next >= b || Math.abs(next - x) <= 2 ** -52 * Math.abs(x)) return next;
    x = next;
  }
  return x;
}
