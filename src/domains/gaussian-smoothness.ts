import { ArgumentError, type Tagged, log } from "../core/index.js";
import { conditionOfSpread } from "./conditioning.js";
import type { CompositeFactor, GaussianSpectrum } from "./gaussian.js";

/** The exponent that flattens K (1 + N)^s on Gaussian space, found numerically. */
export interface GaussianSmoothness {
  /** s*, the minimiser on [0, min(100, 1 + d/2)). */
  readonly smoothness: number;
  /** Largest over smallest d μ_ℓ E_s(ℓ) at s*, or why it is unresolved: see {@link conditionNumber}. */
  readonly condition: Tagged;
  /** Logarithm of that ratio; a number also where the ratio exceeds 1e13. */
  readonly spread: number;
  /** The same at s = 0, or why it is unresolved. */
  readonly conditionAtZero: Tagged;
  /** Half of the interval within which the search placed s*. */
  readonly uncertainty: number;
  /** Degrees left out because they vanish. */
  readonly omitted: readonly number[];
}

/** Points of the scan that brackets the minimum, and steps of the golden section that follows. */
const SCAN = 24;
const GOLDEN_STEPS = 32;

/**
 * Minimises max_ℓ ln(d μ_ℓ E_s(ℓ)) − min_ℓ ln(d μ_ℓ E_s(ℓ)) over s: ln E_s(ℓ) is convex in s but no line, so that the exact walk along
 * envelopes of the sphere does not apply. A scan brackets the minimum, golden section closes in on it.
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
  const spread = (s: number): number => {
    let top = -Infinity;
    let bottom = Infinity;
    for (const [i, l] of degrees.entries()) {
      const { value } = factor(l, s);
      if (!value.defined) return Infinity; // beyond the double range: s stays below 1 + d/2
      const height = logarithms[i] + log(value.value);
      top = Math.max(top, height);
      bottom = Math.min(bottom, height);
    }
    return top - bottom;
  };
  const step = Math.min(100, 1 + d / 2) / SCAN;
  const scan = Array.from({ length: SCAN }, (_, i) => spread(i * step));
  const best = scan.reduce((least, value, i) => (value < scan[least] ? i : least), 0);
  let low = Math.max(0, best - 1) * step;
  let high = Math.min(SCAN - 1, best + 1) * step;
  const ratio = (Math.sqrt(5) - 1) / 2;
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let atLeft = spread(left);
  let atRight = spread(right);
  for (let i = 0; i < GOLDEN_STEPS; i++) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = spread(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = spread(right);
    }
  }
  const middle = (low + high) / 2;
  const least = spread(middle);
  return {
    smoothness: middle,
    condition: conditionOfSpread(least, degrees.length),
    spread: least,
    conditionAtZero: conditionOfSpread(scan[0], degrees.length),
    uncertainty: (high - low) / 2,
    omitted: Array.from(spectrum.eigenvalues.keys()).filter((l) => !degrees.includes(l)),
  };
}
