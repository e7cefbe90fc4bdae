import { ArgumentError, OptionError, type Tagged, log, requireOneOf, requireOptions } from "../core/index.js";
import { bandOf, logarithmicError } from "./band.js";
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
 * Cost: O(m²) for m degrees, or m different lengths |k|.
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
  const { modes, levels, omitted } = bandOf(spectrum, options.maxDegree, parity, caller);
  const slopes = slopesOf(
    spectrum,
    modes.map((i) => levels[i]),
    symbol,
    options.frequency,
    caller,
  );
  const intercepts = modes.map((l) => log(eigenvalues[l]));
  const largestSlope = slopes.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const envelope = extremeLines(intercepts, slopes);
  const smoothness = minimiseSpread(envelope.intercepts, envelope.slopes);
  const at = (s: number): { spread: number; rounding: number; active: number[] } => {
    let top = -Infinity;
    let bottom = Infinity;
    const heights = intercepts.map((a, i) => a + s * slopes[i]);
    for (const height of heights) {
      top = Math.max(top, height);
      bottom = Math.min(bottom, height);
    }
    const near = 1e-9 * (1 + Math.abs(top) + Math.abs(bottom));
    return {
      spread: top - bottom,
      rounding: 8 * Number.EPSILON * (1 + Math.abs(top) + Math.abs(bottom) + Math.abs(s) * largestSlope),
      active: modes.filter((_, i) => top - heights[i] <= near || heights[i] - bottom <= near),
    };
  };
  const best = at(smoothness);
  return {
    smoothness,
    condition: conditionOfSpread(best.spread, modes.length),
    spread: best.spread,
    spreadError: 2 * logarithmicError(spectrum, modes) + best.rounding,
    conditionAtZero: conditionOfSpread(at(0).spread, modes.length),
    active: best.active,
    omitted,
    symbol,
  };
}

/** Slope ln σ_1 of each mode's line in s. */
function slopesOf(
  spectrum: ModeSpectrum,
  levels: readonly number[],
  symbol: SobolevSymbol,
  frequency: OptimalSmoothnessOptions["frequency"],
  caller: string,
): number[] {
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

/** Of lines with the same slope only the highest and the lowest matter; on the torus that is one pair for each length |k|. */
function extremeLines(
  intercepts: readonly number[],
  slopes: readonly number[],
): { intercepts: number[]; slopes: number[] } {
  const ends = new Map<number, [number, number]>();
  slopes.forEach((slope, i) => {
    const pair = ends.get(slope);
    if (pair === undefined) ends.set(slope, [intercepts[i], intercepts[i]]);
    else [pair[0], pair[1]] = [Math.min(pair[0], intercepts[i]), Math.max(pair[1], intercepts[i])];
  });
  const lines = [...ends].flatMap(([slope, [low, high]]) =>
    low === high
      ? [[slope, low]]
      : [
          [slope, low],
          [slope, high],
        ],
  );
  return { intercepts: lines.map((line) => line[1]), slopes: lines.map((line) => line[0]) };
}

/**
 * Minimiser of max(a + s b) − min(a + s b): starting on the far left, follow the upper and lower envelopes to their next
 * corners until the slope of the difference is no longer negative.
 */
function minimiseSpread(a: readonly number[], b: readonly number[]): number {
  const order = a.map((_, i) => i);
  // At s → −∞ the smallest slope is on top (ties: the higher line), the largest at the bottom (ties: the lower line).
  let top = order.reduce((best, i) => (b[i] < b[best] || (b[i] === b[best] && a[i] > a[best]) ? i : best), 0);
  let bottom = order.reduce((best, i) => (b[i] > b[best] || (b[i] === b[best] && a[i] < a[best]) ? i : best), 0);
  let s = -Infinity;
  while (b[top] < b[bottom]) {
    let nextTop = -1;
    let cornerTop = Infinity;
    let nextBottom = -1;
    let cornerBottom = Infinity;
    for (const i of order) {
      if (b[i] > b[top]) {
        const corner = (a[top] - a[i]) / (b[i] - b[top]);
        if (corner < cornerTop || (corner === cornerTop && b[i] > b[nextTop])) [cornerTop, nextTop] = [corner, i];
      }
      if (b[i] < b[bottom]) {
        const corner = (a[i] - a[bottom]) / (b[bottom] - b[i]);
        if (corner < cornerBottom || (corner === cornerBottom && b[i] < b[nextBottom]))
          [cornerBottom, nextBottom] = [corner, i];
      }
    }
    s = Math.min(cornerTop, cornerBottom);
    if (cornerTop <= s) top = nextTop;
    if (cornerBottom <= s) bottom = nextBottom;
  }
  return s === -Infinity ? 0 : s;
}
