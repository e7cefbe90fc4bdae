import {
  ArgumentError,
  OptionError,
  type Tagged,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  log,
  exp,
  pow,
} from "../core/index.js";
import { conditionOfSpread } from "./conditioning.js";
import { decodeFrequency, frequencyFactor } from "./frequencies.js";
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
  /** Band condition number at s*: the minimum of the search, a ratio of the eigenvalues given even where it exceeds 1e13. */
  readonly condition: number;
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
 * Accuracy: that of the eigenvalues: s* changes by their relative error over ln σ.
 * Cost: O(m²) for m degrees, or m different lengths |k|.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { optimalSmoothness, sphere, torus } from "eigenscope/domains";
 * const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 20);
 * const best = optimalSmoothness(spectrum, { symbol: "D" });
 * console.log(best.smoothness, best.condition); // 3.26777 4.18213
 * const grid = optimalSmoothness(torus(2, 32).mercer(ntk({ depth: 3 })), { symbol: "C" });
 * console.log(grid.smoothness.toFixed(3), grid.condition.toFixed(2)); // 1.526 7.45
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
  const { modes, slopes, omitted } =
    conventions.modes === "degree"
      ? sphereLines(spectrum, symbol, parity, options, caller)
      : torusLines(spectrum, symbol, parity, options, caller);
  const intercepts = modes.map((l) => log(eigenvalues[l]));
  const envelope = extremeLines(intercepts, slopes);
  const smoothness = minimiseSpread(envelope.intercepts, envelope.slopes);
  const at = (s: number): { spread: number; active: number[] } => {
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
      active: modes.filter((_, i) => top - heights[i] <= near || heights[i] - bottom <= near),
    };
  };
  const best = at(smoothness);
  return {
    smoothness,
    condition: exp(best.spread),
    conditionAtZero: conditionOfSpread(at(0).spread, modes.length),
    active: best.active,
    omitted,
    symbol,
  };
}

/** Modes that count, each with the slope ln σ_1 of its line. */
interface Lines {
  readonly modes: readonly number[];
  readonly slopes: readonly number[];
  readonly omitted: readonly number[];
}

function sphereLines(
  spectrum: ModeSpectrum,
  symbol: SobolevSymbol,
  parity: "all" | "even" | "odd",
  options: OptimalSmoothnessOptions,
  caller: string,
): Lines {
  if (options.frequency !== undefined) {
    throw new OptionError({
      function: caller,
      argument: "option frequency",
      expected: "given for spectra of the torus only",
      got: options.frequency,
    });
  }
  const { degrees, omitted } = bandDegrees(spectrum, options.maxDegree, parity, caller);
  const d = spectrum.conventions.dimension;
  return {
    modes: degrees,
    slopes: degrees.map((l) => log(symbolValue(symbol, 1, l, l * (l + d - 2)))),
    omitted,
  };
}

function torusLines(
  spectrum: ModeSpectrum,
  symbol: SobolevSymbol,
  parity: "all" | "even" | "odd",
  options: OptimalSmoothnessOptions,
  caller: string,
): Lines {
  const { eigenvalues, conventions } = spectrum;
  const d = conventions.dimension;
  const N = Math.round(pow(eigenvalues.length, 1 / d));
  const half = Math.floor(N / 2);
  const bandwidth = requireInteger(options.maxDegree ?? half, "maxDegree", caller, 0, half);
  const factor = frequencyFactor(options.frequency, caller);
  const vanishing = new Set(spectrum.vanishing);
  const frequency = new Int32Array(d);
  const modes: number[] = [];
  const slopes: number[] = [];
  const omitted: number[] = [];
  for (let i = 0; i < eigenvalues.length; i++) {
    const squared = decodeFrequency(i, d, N, frequency);
    const odd = frequency.reduce((sum, k) => sum + Math.abs(k), 0) % 2 === 1;
    const counts = parity === "all" || (parity === "odd") === odd;
    const inside = frequency.every((k) => Math.abs(k) <= bandwidth);
    if (!(counts && inside && !vanishing.has(i) && eigenvalues[i] > 0)) {
      omitted.push(i);
      continue;
    }
    modes.push(i);
    slopes.push(log(symbolValue(symbol, 1, Math.sqrt(squared), factor * squared)));
  }
  requireTwo(modes.length, caller);
  return { modes, slopes, omitted };
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

/** The degrees of a band that count: of the parity asked for and not vanishing; the others are reported as omitted. */
function bandDegrees(
  spectrum: ModeSpectrum,
  largest: number | undefined,
  parity: "all" | "even" | "odd",
  caller: string,
): { degrees: number[]; omitted: number[]; maxDegree: number } {
  const { eigenvalues, conventions } = spectrum;
  if (conventions.modes !== "degree" || conventions.measure !== "uniform probability measure") {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "of the sphere, indexed by degree",
      got: `${conventions.domain}, modes by ${conventions.modes}`,
    });
  }
  const top = eigenvalues.length - 1;
  const maxDegree = requireInteger(largest ?? top, "maxDegree", caller, 0, top);
  const vanishing = new Set(spectrum.vanishing);
  const degrees: number[] = [];
  const omitted: number[] = [];
  for (let l = 0; l <= maxDegree; l++) {
    const counts = parity === "all" || (parity === "even") === (l % 2 === 0);
    (counts && !vanishing.has(l) && eigenvalues[l] > 0 ? degrees : omitted).push(l);
  }
  requireTwo(degrees.length, caller);
  return { degrees, omitted, maxDegree };
}

function requireTwo(count: number, caller: string): void {
  if (count >= 2) return;
  throw new ArgumentError({
    function: caller,
    argument: "spectrum",
    expected: "with two nonvanishing modes at least",
    got: String(count),
  });
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

/** Options of {@link flatteningSymbol}. */
export interface FlatteningOptions {
  /** Bound on the growth from one degree to the next: σ(ℓ + 1) <= (1 + ℓ + 1)^g/(1 + ℓ)^g σ(ℓ); the exponent g. */
  readonly growth: number;
  /** Largest degree of the band; all by default. */
  readonly maxDegree?: number;
}

/** A free symbol and the condition number it reaches. */
export interface FlatteningSymbol {
  /** σ(0) = 1, σ(1), …, nondecreasing. */
  readonly symbol: Float64Array;
  /** Condition number of the composite on the nonvanishing degrees of the band. */
  readonly condition: number;
  /** Degrees that no symbol reaches. */
  readonly omitted: readonly number[];
}

/**
 * Finds the symbol that best flattens a spectrum among nondecreasing symbols of bounded growth.
 *
 * Relation: minimise max (μσ)/min (μσ) over σ(ℓ) <= σ(ℓ + 1) <= ((ℓ + 2)/(ℓ + 1))^g σ(ℓ). In logarithms this is a linear
 * program on a chain: with spread δ, each ln σ(ℓ) must lie in an interval of width δ shifted by −ln μ_ℓ and within reach of its
 * neighbours; feasibility is one sweep, and the smallest δ is found among the finitely many candidates by bisection to rounding.
 * For growth at least the local decay of μ the symbol is 1/μ and the condition number 1.
 *
 * @throws {ArgumentError} when growth < 0 or fewer than two degrees are left
 *
 * Accuracy: δ to 1e-12 absolute. Cost: 60 sweeps of O(m).
 */
export function flatteningSymbol(spectrum: ModeSpectrum, options: FlatteningOptions): FlatteningSymbol {
  const caller = "flatteningSymbol";
  requireOptions(options, ["growth", "maxDegree"], caller);
  const growth = requireNumber(options?.growth, "growth", caller, 0);
  requireSpectrum(spectrum, caller);
  const { eigenvalues } = spectrum;
  const { degrees, omitted, maxDegree } = bandDegrees(spectrum, options.maxDegree, "all", caller);
  const target = new Float64Array(maxDegree + 1).fill(Number.NaN); // −ln μ, NaN where the degree does not count
  for (const l of degrees) target[l] = -log(eigenvalues[l]);
  const step = Float64Array.from({ length: maxDegree }, (_, l) => growth * log((l + 2) / (l + 1)));
  const finite = target.filter((x) => !Number.isNaN(x));
  let high = Math.max(...finite) - Math.min(...finite);
  let low = 0;
  let best = chain(target, step, high)!;
  const immediate = chain(target, step, 0);
  if (immediate !== null) [best, high] = [immediate, 0];
  while (high - low > 1e-12 * (1 + high)) {
    const middle = (low + high) / 2;
    const candidate = chain(target, step, middle);
    if (candidate === null) low = middle;
    else [best, high] = [candidate, middle];
  }
  const symbol = best.map((x) => exp(x - best[0]));
  const products = Array.from(symbol, (sigma, l) => sigma * eigenvalues[l]).filter((_, l) => !Number.isNaN(target[l]));
  return { symbol, condition: Math.max(...products) / Math.min(...products), omitted };
}

/** Finds x with target[l] <= x[l] <= target[l] + δ and 0 <= x[l+1] − x[l] <= step[l], or null. */
function chain(target: Float64Array, step: Float64Array, delta: number): Float64Array | null {
  const n = target.length;
  const slack = 1e-13;
  const lower = new Float64Array(n);
  const upper = new Float64Array(n);
  for (let l = 0; l < n; l++) {
    const free = Number.isNaN(target[l]);
    lower[l] = free ? -Infinity : target[l];
    upper[l] = free ? Infinity : target[l] + delta;
    if (l > 0) {
      lower[l] = Math.max(lower[l], lower[l - 1]);
      upper[l] = Math.min(upper[l], upper[l - 1] + step[l - 1]);
    }
    if (lower[l] > upper[l] + slack) return null;
  }
  const x = new Float64Array(n);
  x[n - 1] = lower[n - 1];
  for (let l = n - 2; l >= 0; l--) x[l] = Math.min(upper[l], Math.max(lower[l], x[l + 1] - step[l]));
  return x;
}
