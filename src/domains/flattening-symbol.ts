import { type Tagged, exp, log, requireNumber, requireOptions } from "../core/index.js";
import { type Band, bandOf } from "./band.js";
import { conditionOfSpread } from "./conditioning.js";
import { requireSpectrum } from "./require-kernel.js";
import type { ModeSpectrum } from "./types.js";

/** Options of {@link flatteningSymbol}. */
export interface FlatteningOptions {
  /** Bound on the growth, the exponent g: σ(q′)/σ(q) <= ((1 + q′)/(1 + q))^g for q < q′. */
  readonly growth: number;
  /** Largest degree of the band (on the torus: largest |k_j|); all modes by default. */
  readonly maxDegree?: number;
}

/** Why no admissible symbol levels a spectrum better: two modes that cannot be brought closer. */
export interface FlatteningBound {
  /** Mode with the larger eigenvalue. */
  readonly larger: number;
  /** Mode with the smaller eigenvalue. */
  readonly smaller: number;
  /** Largest admissible ln(σ(smaller)/σ(larger)): g ln((1 + q_smaller)/(1 + q_larger)), or 0 where q_smaller <= q_larger. */
  readonly reach: number;
}

/** A free symbol and how well it levels a spectrum. */
export interface FlatteningSymbol {
  /** σ by mode: by degree 0 … maxDegree, or by flat index on the torus (0 outside the band). Nondecreasing in q, 1 at the lowest q. */
  readonly symbol: Float64Array;
  /** Domain whose modes these are, so that {@link composite} takes the result as it is. */
  readonly domain: string;
  /** Condition number of the composite on the modes that count, or why it is unresolved: see {@link conditionNumber}. */
  readonly condition: Tagged;
  /** Logarithm of the ratio of the largest to the smallest composite eigenvalue: the minimum over all admissible symbols. */
  readonly spread: number;
  /** How far the minimum may be off, given the error bounds of the eigenvalues. */
  readonly spreadError: number;
  /** Certificate: spread = ln μ_larger − ln μ_smaller − reach, which no admissible symbol undercuts; null where the spread is 0. */
  readonly bound: FlatteningBound | null;
  /** Growth, echoed. */
  readonly growth: number;
  /** Modes left out: vanishing, which no symbol reaches, or outside the band. */
  readonly omitted: readonly number[];
}

/**
 * Finds the symbol that best flattens a spectrum among nondecreasing symbols of bounded growth, exactly.
 *
 * Relation: minimise δ = max ln(μσ) − min ln(μσ) over σ(q) <= σ(q′) <= ((1 + q′)/(1 + q))^g σ(q) for all q < q′, where q is the degree
 * on the sphere, the length |k| on the torus, and on Gaussian space the degree ℓ of |x| Y_ℓ (an operator of the angles alone; (1 + N)^s is
 * no multiplier there). In logarithms the constraints are differences of two unknowns, so that the minimum is attained by two modes:
 * δ = max over pairs (a, b) of ln μ_a − ln μ_b − reach(a, b), reach = g ln((1 + q_b)/(1 + q_a)) for q_b > q_a and 0 otherwise. Modes of
 * one degree or length share a value; on the torus the spread within one length is therefore a bound that no growth undercuts.
 *
 * @param spectrum eigenvalues by degree or frequency from `mercer`, or from `torusCoefficients`
 * @param options  growth and band
 * @throws {ArgumentError} when growth < 0, the band exceeds the spectrum, or fewer than two modes are left
 *
 * Accuracy: that of the eigenvalues: δ moves by twice their largest relative error at most. Cost: two
 * sweeps, after sorting the lengths.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { composite, conditionNumber, flatteningSymbol, torus } from "eigenscope/domains";
 * const K = torus(2, 16).mercer(ntk({ depth: 3 }));
 * const best = flatteningSymbol(K, { growth: 3 });
 * const { condition } = conditionNumber(composite(K, best));
 * console.log(best.condition.defined && best.condition.value, condition.defined && condition.value); // 10.0623 10.0623
 * ```
 */
export function flatteningSymbol(spectrum: ModeSpectrum, options: FlatteningOptions): FlatteningSymbol {
  const caller = "flatteningSymbol";
  requireOptions(options, ["growth", "maxDegree"], caller);
  const growth = requireNumber(options?.growth, "growth", caller, 0);
  requireSpectrum(spectrum, caller);
  const band = bandOf(spectrum, options.maxDegree, "all", caller);
  const shells = shellsOf(spectrum, band, growth);
  const { spread, bound } = tightestPair(shells);
  const logarithms = leastLogarithms(shells);
  const symbol = new Float64Array(spectrum.conventions.modes === "degree" ? band.maxDegree + 1 : band.shellOf.length);
  const values = logarithms.map((x) => exp(x - logarithms[0]));
  for (let i = 0; i < symbol.length; i++) symbol[i] = band.shellOf[i] < 0 ? 0 : values[band.shellOf[i]];
  return {
    symbol,
    domain: spectrum.conventions.domain,
    condition: conditionOfSpread(spread, band.count),
    spread,
    spreadError: 2 * band.logarithmicError + 8 * Number.EPSILON * (1 + spread + largestModulus(shells)),
    bound,
    growth,
    omitted: band.omitted,
  };
}

/** All modes of one degree or one length. */
interface Shell {
  /** g ln(1 + q). */
  readonly rise: number;
  /** Modes of the largest and smallest eigenvalue that counts, −1 where none does. */
  readonly largest: number;
  readonly smallest: number;
  /** −ln of these: the least and the largest lift that a mode of the shell asks for. */
  readonly least: number;
  readonly most: number;
}

/** Shells by increasing q; those whose modes all vanish take part in the growth bound only. */
function shellsOf({ eigenvalues, conventions }: ModeSpectrum, band: Band, growth: number): Shell[] {
  return Array.from(band.levels, (level, a): Shell => {
    const rise = growth * log(1 + (conventions.modes === "degree" ? level : Math.sqrt(level)));
    const [largest, smallest] = [band.largest[a], band.smallest[a]];
    if (largest < 0) return { rise, largest, smallest, least: Infinity, most: -Infinity };
    return { rise, largest, smallest, least: -log(eigenvalues[largest]), most: -log(eigenvalues[smallest]) };
  });
}

/** max over pairs (a, b) of most(b) − least(a) − reach(a, b), by one sweep up and one down. */
function tightestPair(shells: readonly Shell[]): { spread: number; bound: FlatteningBound | null } {
  let spread = 0;
  let bound: FlatteningBound | null = null;
  const consider = (a: Shell, b: Shell, reach: number): void => {
    const needed = b.most - a.least - reach;
    if (needed > spread) [spread, bound] = [needed, { larger: a.largest, smaller: b.smallest, reach }];
  };
  let best: Shell | null = null; // least(a) − rise(a) smallest among q_a <= q_b
  for (const shell of shells) {
    if (shell.largest < 0) continue;
    if (best === null || shell.least - shell.rise < best.least - best.rise) best = shell;
    consider(best, shell, shell.rise - best.rise);
  }
  best = null; // least(a) smallest among q_a >= q_b
  for (const shell of shells.slice().reverse()) {
    if (shell.largest < 0) continue;
    if (best === null || shell.least < best.least) best = shell;
    consider(best, shell, 0);
  }
  return { spread, bound };
}

/** The least ln σ that lifts every mode to 0 within the growth bound: x_b = max over a of most(a) − reach(b, a). */
function leastLogarithms(shells: readonly Shell[]): Float64Array {
  const out = new Float64Array(shells.length);
  let above = -Infinity;
  for (let b = shells.length - 1; b >= 0; b--) {
    above = Math.max(above, shells[b].most - shells[b].rise);
    out[b] = shells[b].rise + above;
  }
  let below = -Infinity;
  for (let b = 0; b < shells.length; b++) {
    below = Math.max(below, shells[b].most);
    out[b] = Math.max(out[b], below);
  }
  return out;
}

function largestModulus(shells: readonly Shell[]): number {
  let size = 0;
  for (const { least, most, largest } of shells)
    if (largest >= 0) size = Math.max(size, Math.abs(least), Math.abs(most));
  return size;
}
