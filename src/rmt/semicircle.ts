import { requireOptions, requirePositive, asin } from "../core/index.js";
import { type SpectralLaw, requireProbability, solveQuantile } from "./law.js";

/** Parameters of the semicircle and circular laws. */
export interface VarianceParameter {
  /** Variance of the law's source: n times the variance of an entry of the n x n matrix; default 1. */
  readonly variance?: number;
}

/**
 * Creates the semicircle law: the limit of the eigenvalues of a symmetric n x n matrix with entries of variance
 * `variance` / n.
 *
 * Relation: density √(R² − x²) · 2 / (π R²) on [−R, R], R = 2 √variance; the variance of the law is `variance`.
 *
 * @throws {ArgumentError} when the variance is not positive
 *
 * Accuracy: a few ε. Cost: closed form.
 *
 * @example
 * ```ts
 * import { semicircle } from "eigenscope/rmt";
 * const law = semicircle({ variance: 1 });
 * console.log(law.support, law.pdf(0), law.cdf(0)); // [ -2, 2 ] 0.318309886184 0.5
 * ```
 */
export function semicircle(parameters: VarianceParameter = {}): SpectralLaw {
  requireOptions(parameters, ["variance"], "semicircle");
  const variance = requirePositive(parameters.variance ?? 1, "variance", "semicircle");
  const radius = 2 * Math.sqrt(variance);
  const pdf = (x: number): number =>
    Math.abs(x) >= radius ? 0 : Math.sqrt((radius - x) * (radius + x)) / (2 * Math.PI * variance);
  const cdf = (x: number): number => {
    if (x <= -radius) return 0;
    if (x >= radius) return 1;
    return 0.5 + (x * Math.sqrt((radius - x) * (radius + x))) / (4 * Math.PI * variance) + asin(x / radius) / Math.PI;
  };
  return {
    pdf,
    cdf,
    support: [-radius, radius],
    atom: 0,
    quantile: (p) => {
      requireProbability(p, "quantile");
      if (p === 0 || p === 1) return p === 0 ? -radius : radius;
      return solveQuantile(p, -radius, radius, cdf, pdf);
    },
  };
}

/** The law of the modulus of an eigenvalue under the circular law. */
export interface CircularLaw extends SpectralLaw {
  /** Radius of the disc that the eigenvalues fill uniformly. */
  readonly radius: number;
}

/**
 * Creates the circular law: the eigenvalues of an n x n matrix with independent entries of variance `variance` / n fill
 * a disc uniformly. The functions describe the modulus |λ|.
 *
 * Relation: P(|λ| <= r) = r² / R², R = √variance; |λ|² is uniform on [0, R²].
 * Eigenvalues of a square random matrix follow this law; the Marchenko–Pastur law is that of its squared singular values.
 *
 * @throws {ArgumentError} when the variance is not positive
 *
 * Accuracy: a few ε. Cost: closed form.
 *
 * @example
 * ```ts
 * import { circularLaw } from "eigenscope/rmt";
 * console.log(circularLaw({ variance: 4 }).cdf(1)); // 0.25
 * ```
 */
export function circularLaw(parameters: VarianceParameter = {}): CircularLaw {
  requireOptions(parameters, ["variance"], "circularLaw");
  const variance = requirePositive(parameters.variance ?? 1, "variance", "circularLaw");
  const radius = Math.sqrt(variance);
  return {
    radius,
    support: [0, radius],
    atom: 0,
    pdf: (r) => (r < 0 || r > radius ? 0 : (2 * r) / variance),
    cdf: (r) => (r <= 0 ? 0 : Math.min(1, (r * r) / variance)),
    quantile: (p) => radius * Math.sqrt(requireProbability(p, "quantile")),
  };
}
