import { ArgumentError, type Tagged, log } from "../core/index.js";
import { logarithmicErrorOf } from "./band.js";
import { conditionOfSpread } from "./conditioning.js";
import type { CompositeFactor, GaussianSpectrum } from "./types.js";

/** The exponent that flattens K (1 + N)^s on Gaussian space, found numerically and bounded from below. */
export interface GaussianSmoothness {
  /** s*, the minimiser on [0, min(100, 1 + d/2)), up to 1/1000 of the right end, where E_s is infinite. */
  readonly smoothness: number;
  /** Largest over smallest d μ_ℓ E_s(ℓ) at s*, or why it is unresolved: see {@link conditionNumber}. */
  readonly condition: Tagged;
  /** Logarithm of that ratio; a number also where the ratio exceeds 1e13. */
  readonly spread: number;
  /** Lower bound on that logarithm over the whole range of s, from the convexity of ln E_s: no exponent does better than this. */
  readonly spreadBound: number;
  /** How far the spread may be off, given the error bounds of the eigenvalues and the errors of E_s. */
  readonly spreadError: number;
  /** The same at s = 0, or why it is unresolved. */
  readonly conditionAtZero: Tagged;
  /** Largest distance of s* from any s that the bound does not exclude. */
  readonly uncertainty: number;
  /** Degrees left out because they vanish. */
  readonly omitted: readonly number[];
}

/** Points of the first scan; the search stops when bound and value agree so well, or after so many points. */
const SCAN = 16;
const GAP = 1e-10;
const MOST_POINTS = 200;
/** Share of the range of s that is searched. */
const SEARCHED = 0.999;

/** ln(d μ_ℓ E_s(ℓ)) of all degrees at one s. */
interface Heights {
  readonly s: number;
  readonly values: Float64Array;
  readonly spread: number;
  /** Bound on the errors of the values that depend on s. */
  readonly error: number;
}

/**
 * Minimises max_ℓ h_ℓ(s) − min_ℓ h_ℓ(s), h_ℓ = ln(d μ_ℓ E_s(ℓ)): h_ℓ is convex in s but no line, so that the walk along envelopes of the
 * sphere does not apply, and a difference of convex functions may have several minima. Convexity bounds it, though: between two points
 * h_ℓ lies below its chord and above the continued chords of its neighbours, which gives a convex lower bound of the spread. The point
 * where the lowest bound is attained is evaluated next, until the bound meets the best value.
 */
export function flattenGaussian(
  d: number,
  spectrum: GaussianSpectrum,
  factor: (degree: number, smoothness: number) => CompositeFactor,
): GaussianSmoothness {
  const vanishing = new Set(spectrum.vanishing);
  const degrees = Array.from(spectrum.eigenvalues.keys()).filter(
    (l) => !vanishing.has(l) && spectrum.eigenvalues[l] > 0,
  );
  if (degrees.length < 2) {
    throw new ArgumentError({
      function: "gaussian.optimalSmoothness",
      argument: "kernel",
      expected: "with two nonvanishing degrees at least",
      got: String(degrees.length),
    });
  }
  const logarithms = degrees.map((l) => log(spectrum.eigenvalues[l]));
  const at = (s: number): Heights => {
    let error = 0;
    const values = Float64Array.from(degrees, (l, i) => {
      const { value, error: absolute } = factor(l, s);
      if (!value.defined) return Infinity; // beyond the double range
      const height = logarithms[i] + log(value.value);
      error = Math.max(error, absolute / value.value + 4 * Number.EPSILON * Math.abs(height));
      return height;
    });
    const [top, bottom] = extremes(values);
    return { s, values, spread: top - bottom, error };
  };
  let end = SEARCHED * Math.min(100, 1 + d / 2);
  while (!(at(end).spread < Infinity)) end *= 0.8; // E_s leaves the double range far beyond s*
  // One point to the left of the range, so that its first interval has a neighbour.
  const points = Array.from({ length: SCAN + 2 }, (_, i) => at(((i - 1) * end) / SCAN));
  const intervals = points.slice(1, -1).map((_, i) => lowerBound(points, i + 1));
  let best = points[1];
  for (const point of points.slice(1)) if (point.spread < best.spread) best = point;
  while (points.length < MOST_POINTS) {
    let weakest = 0;
    intervals.forEach(({ bound }, i) => {
      if (bound < intervals[weakest].bound) weakest = i;
    });
    if (intervals[weakest].bound >= best.spread - GAP) break;
    const place = weakest + 1;
    const point = at(intervals[weakest].s);
    points.splice(place + 1, 0, point);
    if (point.spread < best.spread) best = point;
    intervals.splice(weakest, 1, lowerBound(points, place), lowerBound(points, place + 1));
    // The neighbours' bounds use the new chord too.
    if (weakest > 0) intervals[weakest - 1] = lowerBound(points, place - 1);
    if (weakest + 2 < intervals.length) intervals[weakest + 2] = lowerBound(points, place + 2);
  }
  const spreadBound = Math.min(best.spread, ...intervals.map(({ bound }) => bound));
  let uncertainty = 0;
  intervals.forEach(({ bound }, i) => {
    if (bound >= best.spread) return;
    uncertainty = Math.max(uncertainty, best.s - points[i + 1].s, points[i + 2].s - best.s);
  });
  return {
    smoothness: best.s,
    condition: conditionOfSpread(best.spread, degrees.length),
    spread: best.spread,
    spreadBound,
    spreadError: 2 * (logarithmicErrorOf(spectrum, degrees) + best.error),
    conditionAtZero: conditionOfSpread(points[1].spread, degrees.length),
    uncertainty,
    omitted: Array.from(spectrum.eigenvalues.keys()).filter((l) => !degrees.includes(l)),
  };
}

function extremes(values: Float64Array): [number, number] {
  let top = -Infinity;
  let bottom = Infinity;
  for (const value of values) [top, bottom] = [Math.max(top, value), Math.min(bottom, value)];
  return [top, bottom];
}

/** Lower bound of the spread between points[i] and points[i + 1], and where in between it is attained. */
function lowerBound(points: readonly Heights[], i: number): { readonly bound: number; readonly s: number } {
  const [left, right] = [points[i], points[i + 1]];
  const width = right.s - left.s;
  const before = points[i - 1];
  const after = points[i + 2] as Heights | undefined;
  const m = left.values.length;
  const [rise, fall] = [left.s - before.s, after === undefined ? 1 : after.s - right.s];
  // The chords of close neighbours turn by the errors of their ends.
  const errorLeft = (x: number): number => left.error + ((left.error + before.error) / rise) * x;
  const errorRight = (x: number): number => right.error + ((right.error + (after?.error ?? 0)) / fall) * x;
  const bound = (s: number): number => {
    let fromLeft = -Infinity;
    let fromRight = -Infinity;
    let bottom = Infinity;
    const x = s - left.s;
    const y = right.s - s;
    for (let l = 0; l < m; l++) {
      const [a, b] = [left.values[l], right.values[l]];
      bottom = Math.min(bottom, a + ((b - a) / width) * x);
      fromLeft = Math.max(fromLeft, a + ((a - before.values[l]) / rise) * x);
      if (after !== undefined) fromRight = Math.max(fromRight, b - ((after.values[l] - b) / fall) * y);
    }
    return Math.max(fromLeft - errorLeft(x), fromRight - errorRight(y)) - bottom - Math.max(left.error, right.error);
  };
  // Convex in s: thirds of the interval close in on its minimum.
  let [low, high] = [left.s, right.s];
  for (let step = 0; step < 60; step++) {
    const third = (high - low) / 3;
    if (bound(low + third) <= bound(high - third)) high -= third;
    else low += third;
  }
  const least = (low + high) / 2;
  const inside = Math.min(right.s - 0.02 * width, Math.max(left.s + 0.02 * width, least));
  return { bound: bound(least), s: inside };
}
