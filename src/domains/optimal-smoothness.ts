import { ArgumentError, OptionError, type Tagged, log, requireOneOf, requireOptions } from "../core/index.js";
import { type Band, bandOf } from "./band.js";
import { conditionOfSpread } from "./conditioning.js";
import { frequencyFactor } from "./frequencies.js";
import { requireSpectrum } from "./require-kernel.js";
import { type SobolevSymbol, requireSymbol, symbolValue } from "./symbols.js";
import type { ModeSpectrum } from "./types.js";

/** Options of {@link optimalSmoothness}. */
export interface OptimalSmoothnessOptions {
  /** Symbol whose exponent is sought. */
  readonly symbol: SobolevSymbol;
  /** Largest degree of the band (on the torus: largest |k_j|); all modes of the spectrum by default. */
  readonly maxDegree?: number;
  /** "all" nonvanishing degrees (default), or the "even" or "odd" ones only (on the torus: Σ k_j). */
  readonly degrees?: "all" | "even" | "odd";
  /** Torus only: "integer" (default) takes ν = |k| in symbols B and C, "angular" ν = 2π|k|. */
  readonly frequency?: "integer" | "angular";
}

/** The best exponent and what it buys. */
export interface OptimalSmoothness {
  /** s*, the minimiser (the left end when a whole interval minimises). */
  readonly smoothness: number;
  /** Band condition number at s*, or why it is unresolved: see {@link conditionNumber}. */
  readonly condition: Tagged;
  /** F(s*), the logarithm of the ratio of the largest to the smallest composite eigenvalue; a number also where that ratio exceeds 1e13. */
  readonly spread: number;
  /** How far F(s*) may be off, given the error bounds of the eigenvalues. */
  readonly spreadError: number;
  /** Band condition number without Sobolev weights, s = 0, or why it is unresolved: see {@link conditionNumber}. */
  readonly conditionAtZero: Tagged;
  /** Modes that attain the largest and the smallest composite eigenvalue at s*: degrees, or flat indices on the torus. */
  readonly active: readonly number[];
  /** Modes left out: of the other parity, outside the band, or vanishing, where no exponent reaches them. */
  readonly omitted: readonly number[];
  /** Symbol, echoed. */
  readonly symbol: SobolevSymbol;
}

/**
 * Finds the Sobolev exponent that flattens a spectrum best, exactly.
 *
 * Relation: s* minimises F(s) = max_ℓ (ln μ_ℓ + s ln σ_1(ℓ)) − min_ℓ (ln μ_ℓ + s ln σ_1(ℓ)) over the nonvanishing degrees of
 * the band. F is convex and piecewise linear: its minimum is at a crossing of two lines of the upper or lower envelope, which
 * is found by walking along both envelopes, not by search.
 *
 * @param spectrum eigenvalues by degree from `sphere(d).mercer`, or by frequency from `torus(d, N).mercer`
 * @param options  symbol and band
 * @throws {ArgumentError} when fewer than two modes are left, the band exceeds the spectrum, or the spectrum is of Gaussian space,
 * where (1 + N)^s is no multiplier (see `gaussian(d).optimalSmoothness`)
 *
 * Accuracy: that of the eigenvalues: F(s*) moves by twice their largest relative error at most, s* by their relative error over ln σ.
 * Cost: O(n + m log n) for n modes of m different degrees or lengths |k|.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { optimalSmoothness, sphere, torus } from "eigenscope/domains";
 * const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 20);
 * const best = optimalSmoothness(spectrum, { symbol: "D" });
 * console.log(best.smoothness, best.condition.defined && best.condition.value); // 3.26777 4.18213
 * const grid = optimalSmoothness(torus(2, 32).mercer(ntk({ depth: 3 })), { symbol: "C" });
 * console.log(grid.smoothness.toFixed(3), Math.exp(grid.spread).toFixed(2)); // 1.526 7.45
 * ```
 */
export function optimalSmoothness(spectrum: ModeSpectrum, options: OptimalSmoothnessOptions): OptimalSmoothness {
  const caller = "optimalSmoothness";
  requireOptions(options, ["symbol", "maxDegree", "degrees", "frequency"], caller);
  const parity = requireOneOf(options?.degrees ?? "all", ["all", "even", "odd"], "degrees", caller);
  const symbol = requireSymbol(options?.symbol, 1, caller);
  requireSpectrum(spectrum, caller);
  const { eigenvalues, conventions } = spectrum;
  if (conventions.measure === "standard normal law") {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "of the sphere or the torus",
      got: conventions.domain,
      remedy: "use gaussian(d).optimalSmoothness: the number operator is no multiplier on |x| Y",
    });
  }
  const band = bandOf(spectrum, options.maxDegree, parity, caller);
  const slopes = slopesOf(spectrum, band.levels, symbol, options.frequency, caller);
  // Lines ln μ + s ln σ_1 of the largest and of the smallest eigenvalue of each shell: the others lie between them.
  const shells = Array.from(slopes.keys()).filter((a) => band.largest[a] >= 0);
  const upper = shells.map((a) => ({ slope: slopes[a], height: log(eigenvalues[band.largest[a]]) }));
  const lower = shells.map((a) => ({ slope: slopes[a], height: log(eigenvalues[band.smallest[a]]) }));
  const smoothness = minimiseSpread(extremeLines(upper, 1), extremeLines(lower, -1));
  const best = spreadAt(smoothness, upper, lower);
  return {
    smoothness,
    condition: conditionOfSpread(best.spread, band.count),
    spread: best.spread,
    spreadError: 2 * band.logarithmicError + best.rounding,
    conditionAtZero: conditionOfSpread(spreadAt(0, upper, lower).spread, band.count),
    active: activeModes(spectrum, band, slopes, smoothness, best),
    omitted: band.omitted,
    symbol,
  };
}

/** A line height + s · slope. */
interface Line {
  readonly slope: number;
  readonly height: number;
}

/** Extreme values of all lines at s. */
interface Spread {
  readonly top: number;
  readonly bottom: number;
  readonly spread: number;
  readonly rounding: number;
}

function spreadAt(s: number, upper: readonly Line[], lower: readonly Line[]): Spread {
  let top = -Infinity;
  let bottom = Infinity;
  let size = 1;
  for (const { slope, height } of upper) {
    top = Math.max(top, height + s * slope);
    size = Math.max(size, Math.abs(height), Math.abs(s * slope));
  }
  for (const { slope, height } of lower) {
    bottom = Math.min(bottom, height + s * slope);
    size = Math.max(size, Math.abs(height));
  }
  return { top, bottom, spread: top - bottom, rounding: 16 * Number.EPSILON * size };
}

/** Modes that attain the extremes, up to a relative 1e-9. */
function activeModes(
  { eigenvalues }: ModeSpectrum,
  { shellOf, omitted }: Band,
  slopes: Float64Array,
  s: number,
  { top, bottom }: Spread,
): number[] {
  const near = 1e-9 * (1 + Math.abs(top) + Math.abs(bottom));
  const left = new Uint8Array(eigenvalues.length);
  for (const i of omitted) left[i] = 1;
  const active: number[] = [];
  for (let i = 0; i < eigenvalues.length; i++) {
    if (left[i] === 1) continue;
    const height = log(eigenvalues[i]) + s * slopes[shellOf[i]];
    if (top - height <= near || height - bottom <= near) active.push(i);
  }
  return active;
}

/** Slope ln σ_1 of each shell's lines in s: strictly increasing with the level. */
function slopesOf(
  spectrum: ModeSpectrum,
  levels: Float64Array,
  symbol: SobolevSymbol,
  frequency: OptimalSmoothnessOptions["frequency"],
  caller: string,
): Float64Array {
  const { modes, dimension: d } = spectrum.conventions;
  if (modes === "degree") {
    if (frequency !== undefined) {
      throw new OptionError({
        function: caller,
        argument: "option frequency",
        expected: "given for spectra of the torus only",
        got: frequency,
      });
    }
    return levels.map((l) => log(symbolValue(symbol, 1, l, l * (l + d - 2))));
  }
  const factor = frequencyFactor(frequency, caller);
  return levels.map((squared) => log(symbolValue(symbol, 1, Math.sqrt(squared), factor * squared)));
}

/**
 * The lines, by increasing slope, that are the largest (sign 1) or the smallest (sign −1) at some s: corners of the upper or lower hull
 * of the points (slope, height).
 */
function extremeLines(lines: readonly Line[], sign: 1 | -1): Line[] {
  const hull: Line[] = [];
  for (const line of lines) {
    while (hull.length >= 2) {
      const [p, q] = [hull[hull.length - 2], hull[hull.length - 1]];
      const turn = (q.slope - p.slope) * (line.height - p.height) - (line.slope - p.slope) * (q.height - p.height);
      if (sign * turn < 0) break;
      hull.pop();
    }
    hull.push(line);
  }
  return hull;
}

/** Minimiser of max − min of two envelopes: on the far left the smallest slope is on top and the largest at the bottom; follow both
 * envelopes to their next corners until the slope of the difference is no longer negative. */
function minimiseSpread(upper: readonly Line[], lower: readonly Line[]): number {
  const corner = (p: Line | undefined, q: Line | undefined): number =>
    p === undefined || q === undefined ? Infinity : (p.height - q.height) / (q.slope - p.slope);
  let top = 0;
  let bottom = lower.length - 1;
  let s = -Infinity;
  while (upper[top].slope < lower[bottom].slope) {
    const next = corner(upper[top], upper[top + 1]);
    const nextBelow = corner(lower[bottom], lower[bottom - 1]);
    s = Math.min(next, nextBelow);
    if (next <= s) top++;
    if (nextBelow <= s) bottom--;
  }
  return s === -Infinity ? 0 : s;
}
