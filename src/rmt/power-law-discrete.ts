import { log, square } from "../core/index.js";
import { hurwitzZeta } from "../special/index.js";
import type { TailFit } from "./power-law-scan.js";

const NEWTON_STEPS = 60;

/** Different values with their multiplicities. */
interface Counted {
  /** Ascending. */
  readonly values: readonly number[];
  /** Index of the first occurrence in the sorted data. */
  readonly starts: readonly number[];
}

function countValues(sorted: Float64Array): Counted {
  const values: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) {
      values.push(sorted[i]);
      starts.push(i);
    }
  }
  return { values, starts };
}

/**
 * Maximises −n ln ζ(α, xmin) − α Σ ln x over α > 1: the logarithm of ζ is convex, Newton's method with a guard.
 *
 * @param meanLog mean of ln x over the tail
 * @returns Infinity when all tail values equal xmin
 */
export function discreteExponent(xmin: number, meanLog: number): number {
  if (meanLog <= log(xmin)) return Infinity;
  // Continuous approximation with the half shift as the start.
  let alpha = 1 + 1 / Math.max(meanLog - log(xmin - 0.5), 1e-3);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const { value, derivative, secondDerivative } = hurwitzZeta(alpha, xmin);
    const ratio = derivative / value;
    const slope = -ratio - meanLog; // derivative of the mean log-likelihood
    const curvature = secondDerivative / value - ratio * ratio; // > 0
    const next = Math.max(1 + (alpha - 1) / 8, Math.min(alpha + slope / curvature, 1 + 8 * (alpha - 1)));
    if (Math.abs(next - alpha) <= 1e-13 * alpha) return next;
    alpha = next;
  }
  return alpha;
}

/** Standard error of the exponent from the observed information. */
export function discreteStandardError(alpha: number, xmin: number, count: number): number {
  const { value, derivative, secondDerivative } = hurwitzZeta(alpha, xmin);
  return 1 / Math.sqrt(count * (secondDerivative / value - square(derivative / value)));
}

/**
 * Fits the discrete law from one cut-off on. Between data values both step functions move: both ends are compared.
 *
 * @param limit once the distance has reached it, the rest is left out: this cut-off has lost already
 */
function fitAt(
  sorted: Float64Array,
  counted: Counted,
  index: number,
  logSums: Float64Array,
  limit: number = Infinity,
): TailFit {
  const { values, starts } = counted;
  const start = starts[index];
  const size = sorted.length - start;
  const xmin = values[index];
  const alpha = discreteExponent(xmin, logSums[start] / size);
  if (alpha === Infinity) return { start, alpha, distance: 0 };
  const total = hurwitzZeta(alpha, xmin).value;
  let distance = 0;
  for (let k = index; k < values.length && distance < limit; k++) {
    const end = k + 1 < starts.length ? starts[k + 1] : sorted.length;
    const empirical = (end - start) / size;
    const at = 1 - hurwitzZeta(alpha, values[k] + 1).value / total;
    distance = Math.max(distance, Math.abs(at - empirical));
    if (k + 1 < values.length) {
      const before = 1 - hurwitzZeta(alpha, values[k + 1]).value / total; // at values[k + 1] − 1
      distance = Math.max(distance, Math.abs(before - empirical));
    }
  }
  return { start, alpha, distance };
}

function suffixLogSums(sorted: Float64Array): Float64Array {
  const sums = new Float64Array(sorted.length + 1);
  for (let i = sorted.length - 1; i >= 0; i--) sums[i] = sums[i + 1] + log(sorted[i]);
  return sums;
}

/**
 * Scans all different values but the largest; integers repeat, so these are few. Most of the mass, and with it the largest
 * difference, is near the cut-off: a losing one is left after a few of its values. Cost for m different values: about m
 * fits; at worst, when no cut-off loses early, O(m²) zeta functions.
 */
export function scanDiscrete(sorted: Float64Array): TailFit {
  const counted = countValues(sorted);
  const sums = suffixLogSums(sorted);
  let best: TailFit = { start: 0, alpha: Infinity, distance: Infinity };
  for (let index = 0; index < counted.values.length - 1; index++) {
    const fit = fitAt(sorted, counted, index, sums, best.distance);
    if (fit.distance < best.distance) best = fit;
  }
  return best;
}

/** Fits with a given cut-off: the first index of a value. */
export function fitDiscreteAt(sorted: Float64Array, start: number): TailFit {
  const counted = countValues(sorted);
  return fitAt(sorted, counted, counted.starts.indexOf(start), suffixLogSums(sorted));
}

/** Draws from the discrete law by inverting its survival function with doubling and bisection. */
export function drawDiscrete(alpha: number, xmin: number, uniform: number): number {
  const total = hurwitzZeta(alpha, xmin).value;
  const survival = 1 - uniform; // in (0, 1]
  const above = (x: number): boolean => hurwitzZeta(alpha, x).value / total >= survival;
  let low = xmin;
  let high = 2 * xmin;
  while (above(high) && high < 2 ** 52) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (above(middle)) low = middle;
    else high = middle;
  }
  return low;
}
