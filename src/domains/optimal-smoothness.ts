import { ArgumentError, requireInteger, requireNumber, requireOneOf, requireOptions } from "../core/index.js";
import { type SobolevSymbol, requireSymbol, symbolValue } from "./symbols.js";
import type { ModeSpectrum } from "./types.js";

/** Options of {@link optimalSmoothness}. */
export interface OptimalSmoothnessOptions {
  /** Symbol whose exponent is sought. */
  readonly symbol: SobolevSymbol;
  /** Largest degree of the band; all degrees of the spectrum by default. */
  readonly maxDegree?: number;
  /** "all" nonvanishing degrees (default), or the "even" or "odd" ones only. */
  readonly degrees?: "all" | "even" | "odd";
}

/** The best exponent and what it buys. */
export interface OptimalSmoothness {
  /** s*, the minimiser (the left end when a whole interval minimises). */
  readonly smoothness: number;
  /** Band condition number at s*. */
  readonly condition: number;
  /** Band condition number without Sobolev weights, s = 0. */
  readonly conditionAtZero: number;
  /** Degrees that attain the largest and the smallest composite eigenvalue at s*. */
  readonly active: readonly number[];
  /** Degrees left out: of the other parity, or vanishing, where no exponent reaches them. */
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
 * @param spectrum eigenvalues by degree, from `sphere(d).mercer`
 * @param options  symbol and band
 * @throws {ArgumentError} when fewer than two degrees are left, or the band exceeds the spectrum
 *
 * Accuracy: that of the eigenvalues: s* changes by their relative error over ln σ.
 * Cost: O(m²) for m degrees.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { optimalSmoothness, sphere } from "eigenscope/domains";
 * const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 20);
 * const best = optimalSmoothness(spectrum, { symbol: "D" });
 * console.log(best.smoothness, best.condition); // 3.26777 4.18213
 * ```
 */
export function optimalSmoothness(spectrum: ModeSpectrum, options: OptimalSmoothnessOptions): OptimalSmoothness {
  const caller = "optimalSmoothness";
  requireOptions(options, ["symbol", "maxDegree", "degrees"], caller);
  const parity = requireOneOf(options?.degrees ?? "all", ["all", "even", "odd"], "degrees", caller);
  const symbol = requireSymbol(options?.symbol, 1, caller);
  const { eigenvalues, conventions } = spectrum;
  if (conventions.modes !== "degree") {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "indexed by degree",
      got: `modes by ${conventions.modes}`,
    });
  }
  const { degrees, omitted } = bandDegrees(spectrum, options.maxDegree, parity, caller);
  const d = conventions.dimension;
  const intercepts = degrees.map((l) => Math.log(eigenvalues[l]));
  const slopes = degrees.map((l) => Math.log(symbolValue(symbol, 1, l, l * (l + d - 2))));
  const smoothness = minimiseSpread(intercepts, slopes);
  const at = (s: number): { spread: number; active: number[] } => {
    const heights = intercepts.map((a, i) => a + s * slopes[i]);
    const top = Math.max(...heights);
    const bottom = Math.min(...heights);
    const near = 1e-9 * (1 + Math.abs(top) + Math.abs(bottom));
    return {
      spread: top - bottom,
      active: degrees.filter((_, i) => top - heights[i] <= near || heights[i] - bottom <= near),
    };
  };
  const best = at(smoothness);
  return {
    smoothness,
    condition: Math.exp(best.spread),
    conditionAtZero: Math.exp(at(0).spread),
    active: best.active,
    omitted,
    symbol,
  };
}

/** The degrees of a band that count: of the parity asked for and not vanishing; the others are reported as omitted. */
function bandDegrees(
  spectrum: ModeSpectrum,
  largest: number | undefined,
  parity: "all" | "even" | "odd",
  caller: string,
): { degrees: number[]; omitted: number[]; maxDegree: number } {
  const { eigenvalues } = spectrum;
  const top = eigenvalues.length - 1;
  const maxDegree = requireInteger(largest ?? top, "maxDegree", caller, 0, top);
  const vanishing = new Set(spectrum.vanishing);
  const degrees: number[] = [];
  const omitted: number[] = [];
  for (let l = 0; l <= maxDegree; l++) {
    const counts = parity === "all" || (parity === "even") === (l % 2 === 0);
    (counts && !vanishing.has(l) && eigenvalues[l] > 0 ? degrees : omitted).push(l);
  }
  if (degrees.length < 2) {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "with two nonvanishing degrees at least",
      got: String(degrees.length),
    });
  }
  return { degrees, omitted, maxDegree };
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
  const { eigenvalues } = spectrum;
  const { degrees, omitted, maxDegree } = bandDegrees(spectrum, options.maxDegree, "all", caller);
  const target = new Float64Array(maxDegree + 1).fill(Number.NaN); // −ln μ, NaN where the degree does not count
  for (const l of degrees) target[l] = -Math.log(eigenvalues[l]);
  const step = Float64Array.from({ length: maxDegree }, (_, l) => growth * Math.log((l + 2) / (l + 1)));
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
  const symbol = best.map((x) => Math.exp(x - best[0]));
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
