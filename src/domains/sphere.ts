import { ArgumentError, type Matrix, requireInteger, requireOneOf, requireOptions } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { type Rng, spherePoints } from "../random/index.js";
import { requireKernel } from "./require-kernel.js";
import { equispacedCircle, fibonacciSphere } from "./points.js";
import { type SphereSobolev, type SphereSobolevOptions, sphereMultiplier, sphereSobolev } from "./sphere-sobolev.js";
import { type SphereSpectrum, sphereSpectrum } from "./sphere-spectrum.js";
import { logMultiplicity, multiplicity } from "./zonal-harmonics.js";

/** One eigenspace of the Laplacian on the sphere. */
export interface SphereLevel {
  /** Degree k. */
  readonly degree: number;
  /** N(d, k); Infinity when it leaves the double range. */
  readonly multiplicity: number;
  /** ln N(d, k). */
  readonly logMultiplicity: number;
  /** Eigenvalue k(k + d − 2) of the negative Laplace–Beltrami operator. */
  readonly laplacian: number;
}

/** The unit sphere S^{d−1} in R^d with its uniform probability measure. */
export interface SphereDomain {
  /** Text for titles. */
  readonly name: string;
  /** Ambient dimension d. */
  readonly dimension: number;
  /** The eigenspace of degree k. */
  level(degree: number): SphereLevel;
  /** Σ_{ℓ <= k} N(d, ℓ): dimension of the polynomials of degree <= k on the sphere. */
  bandDimension(degree: number): number;
  /** The largest degree whose band has at most n dimensions: the bandwidth that n points can carry. */
  bandwidthFor(n: number): number;
  /**
   * Mercer eigenvalues μ_0 … μ_K of a zonal kernel, with error bars.
   *
   * Relation: μ_k = Γ(d/2)/(√π Γ((d − 1)/2)) ∫₀^π f(θ) P_k(cos θ) sin^{d−2} θ dθ and Σ N(d, k) μ_k = f(0).
   * The points have the norm that `kernel.conventions.profileNorm` says (1, or √d with fan-in scaling).
   * Two-layer bias-free kernels of a s + b|s| use exact recurrences (full relative accuracy at any degree), others
   * Gauss–Legendre quadrature in θ (absolute accuracy of a few ε f(0)).
   */
  mercer(kernel: Kernel, maxDegree: number, options?: { readonly method?: "auto" | "quadrature" }): SphereSpectrum;
  /** Sobolev operator of a named symbol. */
  sobolev(options: SphereSobolevOptions): SphereSobolev;
  /** Sobolev operator of a free symbol σ(0), σ(1), … */
  multiplier(symbol: Float64Array): SphereSobolev;
  /** n points: equispaced for d = 2, Fibonacci for d = 3, uniform random ones (rng needed) otherwise or when rng is given. */
  nodes(n: number, options?: { readonly rng?: Rng }): Matrix;
}

/**
 * The unit sphere of R^d.
 *
 * Relation: zonal kernels and Sobolev operators act on the spherical harmonics of degree k as multiplication by numbers
 * μ_k and σ(k): spectra, products and training are computed by degree.
 *
 * @param d ambient dimension, 2 to 10,000 (d = 2 is the circle)
 * @throws {ArgumentError} for another d
 *
 * Accuracy and cost: see the methods; mercer costs O(maxDegree²) after O(maxDegree) kernel evaluations.
 * @see [dai2013]
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { sphere } from "eigenscope/domains";
 * const spectrum = sphere(3).mercer(ntk({ depth: 2 }), 4);
 * console.log(Array.from(spectrum.eigenvalues).join(" ")); // 0.5 0.333333333333333 0.078125 0 0.005208333333333
 * console.log(spectrum.vanishing.join(" ")); // 3
 * ```
 */
export function sphere(d: number): SphereDomain {
  requireInteger(d, "d", "sphere", 2, 10_000);
  const domain: SphereDomain = {
    name: d === 2 ? "circle S^1" : `sphere S^${d - 1} in R^${d}`,
    dimension: d,
    level: (degree) => ({
      degree: requireInteger(degree, "degree", "sphere.level"),
      multiplicity: multiplicity(d, degree),
      logMultiplicity: logMultiplicity(d, degree),
      laplacian: degree * (degree + d - 2),
    }),
    bandDimension(degree) {
      requireInteger(degree, "degree", "sphere.bandDimension");
      // Polynomials of degree <= k on S^{d−1}: N(d + 1, k).
      return multiplicity(d + 1, degree);
    },
    bandwidthFor(n) {
      requireInteger(n, "n", "sphere.bandwidthFor", 1);
      // Doubling, then bisection: the circle carries (n − 1)/2 degrees.
      let high = 1;
      while (domain.bandDimension(high) <= n) high *= 2;
      let low = Math.floor(high / 2);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (domain.bandDimension(middle) <= n) low = middle;
        else high = middle;
      }
      return low;
    },
    mercer(kernel, maxDegree, options = {}) {
      requireOptions(options, ["method"], "sphere.mercer");
      const method = requireOneOf(options.method ?? "auto", ["auto", "quadrature"], "method", "sphere.mercer");
      requireKernel(kernel, "sphere.mercer", d);
      requireInteger(maxDegree, "maxDegree", "sphere.mercer", 0, 40_000);
      return sphereSpectrum(kernel, d, maxDegree, method);
    },
    sobolev: (options) => sphereSobolev(d, options),
    multiplier: (symbol) => sphereMultiplier(d, symbol),
    nodes(n, options = {}) {
      requireInteger(n, "n", "sphere.nodes", 1);
      requireOptions(options, ["rng"], "sphere.nodes");
      if (options.rng !== undefined) return spherePoints(options.rng, n, d);
      if (d === 2) return equispacedCircle(n);
      if (d === 3) return fibonacciSphere(n);
      throw new ArgumentError({
        function: "sphere.nodes",
        argument: "rng",
        expected: "given for d > 3, where there is no equispaced set",
        got: "undefined",
        remedy: "pass { rng: createRng(seed) }",
      });
    },
  };
  return domain;
}

/** The circle S¹ in R²: `sphere(2)`. */
export function circle(): SphereDomain {
  return sphere(2);
}
