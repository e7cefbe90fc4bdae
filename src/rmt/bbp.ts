import {
  ArgumentError,
  type Tagged,
  defined,
  requireNumber,
  requireOptions,
  requirePositive,
  undefinedBecause,
  square,
  pow,
} from "../core/index.js";

/** What a planted spike looks like in the sample. */
export interface SpikeForward {
  /** Where the sample value goes: outside the bulk when detectable, else the edge. */
  readonly location: number;
  /** Squared cosine between the planted and the found vector; 0 below the threshold. */
  readonly overlap: number;
  /** Whether the spike leaves the bulk. */
  readonly detectable: boolean;
  /** The strength above which it does. */
  readonly threshold: number;
}

/** What a sample value outside the bulk says about the spike behind it. */
export interface SpikeInverse {
  /** Strength of the planted spike. */
  readonly strength: number;
  /** Squared cosine between the planted and the found vector. */
  readonly overlap: number;
}

/** Parameters of the covariance model. */
export interface CovarianceParameters {
  /** p / n: dimensions over samples. */
  readonly ratio: number;
  /** Variance of the noise; default 1. Spike and location scale with it. */
  readonly variance?: number;
}

/**
 * Predicts where a spike of a covariance matrix appears in the sample covariance.
 *
 * Relation: for a population eigenvalue ℓ (in units of the variance) above 1 + √g the largest sample eigenvalue tends to
 * ℓ (1 + g/(ℓ−1)), with overlap (1 − g/(ℓ−1)²)/(1 + g/(ℓ−1)); below it sticks to the edge (1 + √g)².
 *
 * @param spike population eigenvalue, >= variance
 * @throws {ArgumentError} when spike < variance or ratio <= 0
 *
 * Accuracy: exact limit; at finite size the fluctuation is O(n^{−1/2}) and O(n^{−1/3}) near the threshold.
 * @see [baik2005]
 *
 * @example
 * ```ts
 * import { bbpCovariance } from "eigenscope/rmt";
 * const { location, overlap } = bbpCovariance(3, { ratio: 0.5 });
 * console.log(location, overlap); // 3.75 0.7
 * ```
 */
export function bbpCovariance(spike: number, parameters: CovarianceParameters): SpikeForward {
  const { ratio, variance } = covarianceParameters(parameters, "bbpCovariance");
  const ell = requireNumber(spike, "spike", "bbpCovariance", variance) / variance;
  const threshold = variance * (1 + Math.sqrt(ratio));
  if (spike <= threshold)
    return { location: variance * square(1 + Math.sqrt(ratio)), overlap: 0, detectable: false, threshold };
  const pull = ratio / (ell - 1);
  return {
    location: variance * ell * (1 + pull),
    overlap: (1 - pull / (ell - 1)) / (1 + pull),
    detectable: true,
    threshold,
  };
}

/**
 * Recovers the population eigenvalue behind a sample eigenvalue.
 *
 * Relation: the inverse of bbpCovariance: with t = location/variance, ℓ = (t + 1 − g + √((t + 1 − g)² − 4t)) / 2.
 *
 * @returns undefined at or below the edge: there the sample value carries no information on the spike
 * @throws {ArgumentError} when ratio <= 0
 * @see [baik2005]
 */
export function bbpCovarianceInverse(location: number, parameters: CovarianceParameters): Tagged<SpikeInverse> {
  const { ratio, variance } = covarianceParameters(parameters, "bbpCovarianceInverse");
  const t = requireNumber(location, "location", "bbpCovarianceInverse") / variance;
  if (t <= square(1 + Math.sqrt(ratio))) return undefinedBecause("not above the bulk edge");
  const middle = t + 1 - ratio;
  const strength = (variance * (middle + Math.sqrt(middle * middle - 4 * t))) / 2;
  return defined({ strength, overlap: bbpCovariance(strength, parameters).overlap });
}

function covarianceParameters(parameters: CovarianceParameters, caller: string): Required<CovarianceParameters> {
  requireOptions(parameters, ["ratio", "variance"], caller);
  return {
    ratio: requirePositive(parameters?.ratio, "ratio", caller),
    variance: requirePositive(parameters.variance ?? 1, "variance", caller),
  };
}

/** Parameters of the rectangular model. */
export interface RectangularParameters {
  /** c = n / m <= 1 for an n x m matrix: short side over long side. */
  readonly ratio: number;
  /** Standard deviation of the noise entries times √m; default 1. Strength and location scale with it. */
  readonly deviation?: number;
}

/** A spike of a rectangular matrix, with the overlaps of both singular vectors. */
export interface RectangularForward {
  /** Where the singular value goes. */
  readonly location: number;
  /** Squared cosine of the singular vector of the short side (length n). */
  readonly shortOverlap: number;
  /** Squared cosine of the singular vector of the long side (length m). */
  readonly longOverlap: number;
  /** Whether the spike leaves the bulk. */
  readonly detectable: boolean;
  /** deviation · c^{1/4}. */
  readonly threshold: number;
}

/**
 * Predicts where a planted singular value appears: θ u vᵀ plus an n x m matrix of independent entries of variance 1/m.
 *
 * Relation: for θ > c^{1/4}: σ² = (1 + θ²)(c + θ²)/θ², squared cosines 1 − c(1 + θ²)/(θ²(θ² + c)) on the short and
 * 1 − (c + θ²)/(θ²(θ² + 1)) on the long side; below, the edge 1 + √c.
 *
 * @param strength planted singular value θ >= 0
 * @throws {ArgumentError} when strength < 0 or ratio is outside (0, 1]
 *
 * Accuracy: exact limit; finite-size fluctuations O(m^{−1/2}).
 * @see [benaych2012]
 *
 * @example
 * ```ts
 * import { bbpRectangular } from "eigenscope/rmt";
 * const { location, shortOverlap, longOverlap } = bbpRectangular(2, { ratio: 0.5 });
 * console.log(location, shortOverlap, longOverlap); // 2.3717082451 0.8611111111 0.775
 * ```
 */
export function bbpRectangular(strength: number, parameters: RectangularParameters): RectangularForward {
  const { ratio: c, deviation } = rectangularParameters(parameters, "bbpRectangular");
  const theta = requireNumber(strength, "strength", "bbpRectangular", 0) / deviation;
  const threshold = deviation * pow(c, 0.25);
  if (strength <= threshold) {
    return { location: deviation * (1 + Math.sqrt(c)), shortOverlap: 0, longOverlap: 0, detectable: false, threshold };
  }
  const t = theta * theta;
  return {
    location: deviation * (Math.sqrt((1 + t) * (c + t)) / theta),
    shortOverlap: 1 - (c * (1 + t)) / (t * (t + c)),
    longOverlap: 1 - (c + t) / (t * (t + 1)),
    detectable: true,
    threshold,
  };
}

/** What a singular value outside the bulk says. */
export interface RectangularInverse {
  /** Planted singular value. */
  readonly strength: number;
  /** Squared cosine on the short side. */
  readonly shortOverlap: number;
  /** Squared cosine on the long side. */
  readonly longOverlap: number;
}

/**
 * Recovers the planted singular value behind an observed one.
 *
 * Relation: the inverse of bbpRectangular: with t = (location/deviation)², θ² = ((t − 1 − c) + √((t − 1 − c)² − 4c)) / 2.
 *
 * @returns undefined at or below the edge 1 + √c
 * @throws {ArgumentError} when ratio is outside (0, 1]
 * @see [benaych2012]
 */
export function bbpRectangularInverse(location: number, parameters: RectangularParameters): Tagged<RectangularInverse> {
  const { ratio: c, deviation } = rectangularParameters(parameters, "bbpRectangularInverse");
  const sigma = requireNumber(location, "location", "bbpRectangularInverse") / deviation;
  if (sigma <= 1 + Math.sqrt(c)) return undefinedBecause("not above the bulk edge");
  const middle = sigma * sigma - 1 - c;
  const strength = deviation * Math.sqrt((middle + Math.sqrt(middle * middle - 4 * c)) / 2);
  const { shortOverlap, longOverlap } = bbpRectangular(strength, parameters);
  return defined({ strength, shortOverlap, longOverlap });
}

function rectangularParameters(parameters: RectangularParameters, caller: string): Required<RectangularParameters> {
  requireOptions(parameters, ["ratio", "deviation"], caller);
  const ratio = requirePositive(parameters?.ratio, "ratio", caller);
  if (ratio > 1) {
    throw new ArgumentError({
      function: caller,
      argument: "ratio",
      expected: "in (0, 1]",
      got: String(ratio),
      remedy: "transpose: the short side comes first",
    });
  }
  return { ratio, deviation: requirePositive(parameters.deviation ?? 1, "deviation", caller) };
}

/** Parameters of the Wigner model. */
export interface WignerParameters {
  /** s: the bulk is [−2s, 2s]; default 1. */
  readonly deviation?: number;
}

/**
 * Predicts where a spike of a symmetric matrix appears: θ v vᵀ plus a Wigner matrix with semicircle of radius 2s.
 *
 * Relation: for θ > s: θ + s²/θ with overlap 1 − s²/θ²; below, the edge 2s.
 *
 * @param strength planted eigenvalue θ >= 0
 * @throws {ArgumentError} when strength < 0 or deviation <= 0
 * @see [baik2005]
 */
export function bbpWigner(strength: number, parameters: WignerParameters = {}): SpikeForward {
  const s = wignerDeviation(parameters, "bbpWigner");
  const theta = requireNumber(strength, "strength", "bbpWigner", 0);
  if (theta <= s) return { location: 2 * s, overlap: 0, detectable: false, threshold: s };
  return { location: theta + s * (s / theta), overlap: 1 - square(s / theta), detectable: true, threshold: s };
}

/**
 * Recovers the planted eigenvalue behind one outside the semicircle.
 *
 * Relation: the inverse of bbpWigner: θ = (λ + √(λ² − 4s²)) / 2.
 *
 * @returns undefined at or below the edge 2s
 * @throws {ArgumentError} when deviation <= 0
 * @see [baik2005]
 */
export function bbpWignerInverse(location: number, parameters: WignerParameters = {}): Tagged<SpikeInverse> {
  const s = wignerDeviation(parameters, "bbpWignerInverse");
  const value = requireNumber(location, "location", "bbpWignerInverse");
  if (value <= 2 * s) return undefinedBecause("not above the bulk edge");
  const strength = (value + Math.sqrt((value - 2 * s) * (value + 2 * s))) / 2;
  return defined({ strength, overlap: bbpWigner(strength, parameters).overlap });
}

function wignerDeviation(parameters: WignerParameters, caller: string): number {
  requireOptions(parameters, ["deviation"], caller);
  return requirePositive(parameters.deviation ?? 1, "deviation", caller);
}
