import {
  ArgumentError,
  type Matrix,
  type Tagged,
  UnsupportedError,
  defined,
  requireInteger,
  requireNumber,
  requireOptions,
  undefinedBecause,
  pow,
} from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import { type Rng, normalMatrix } from "../random/index.js";
import { type GaussianSmoothness, flattenGaussian } from "./gaussian-smoothness.js";
import { type HermiteSeries, hermiteSeries, hermiteWeights } from "./hermite-series.js";
import { requireKernel } from "./require-kernel.js";
import { sphereSpectrum } from "./sphere-spectrum.js";
import type { ModeSpectrum } from "./types.js";
import type { CompositeFactor, GaussianSpectrum } from "./types.js";

/** One eigenspace of the number operator. */
export interface GaussianLevel {
  /** Total degree |α|, the eigenvalue of the number operator. */
  readonly degree: number;
  /** Number of multi-indices α of that degree, C(k + d − 1, k). */
  readonly multiplicity: number;
}

/** Spectrum of K (1 + number operator)^s on Gaussian space. */
export interface GaussianComposite extends ModeSpectrum {
  /** E_s(ℓ) by degree, NaN-free: infinite factors make the spectrum undefined as a whole. */
  readonly factors: Float64Array;
}

/** Options of `gaussian(d).sobolev`. */
export interface GaussianSobolevOptions {
  /** Smoothness s, any real number. */
  readonly smoothness: number;
  /** Largest total degree. */
  readonly bandwidth: number;
}

/** The operator (1 + N)^s on Hermite polynomials of total degree <= bandwidth. */
export interface GaussianSobolev {
  /** (1 + k)^s by total degree k. */
  readonly symbol: Float64Array;
  /** Says that these are degrees of Hermite polynomials, which no spectrum of a kernel here is indexed by. */
  readonly domain: string;
  /** Number of Hermite polynomials of each degree. */
  readonly multiplicities: Float64Array;
  /** Smoothness, echoed. */
  readonly smoothness: number;
  /** Always throws: multiplying by degree would pair |x| Y_ℓ with Hermite polynomials. See `gaussian(d).composite`. */
  spectrumOf(kernel: Kernel): ModeSpectrum;
}

/** R^d with the standard normal law. */
export interface GaussianDomain {
  /** Text for titles. */
  readonly name: string;
  /** Dimension d. */
  readonly dimension: number;
  /** The eigenspace of total degree k of the number operator (minus the Ornstein–Uhlenbeck generator). */
  level(degree: number): GaussianLevel;
  /**
   * Exact spectrum of a kernel K(x, y) = |x| |y| f(θ): eigenvalue d μ_ℓ with eigenfunctions |x| Y_ℓ, μ_ℓ the Mercer
   * eigenvalues of f on S^{d−1}. All functions orthogonal to these are in the null space: decay is polynomial, ℓ^{−d}.
   */
  mercer(kernel: Kernel, maxDegree: number): GaussianSpectrum;
  /** The Sobolev operator (1 + N)^s by total Hermite degree; it shares no eigenspaces with network kernels. */
  sobolev(options: GaussianSobolevOptions): GaussianSobolev;
  /** n independent standard normal points, one per row. */
  nodes(n: number, options: { readonly rng: Rng }): Matrix;
  /** E_s(ℓ) = ⟨u, (1 + N)^s u⟩/⟨u, u⟩ for u = |x| Y_ℓ; finite exactly for s < 1 + d/2 (ℓ = 1: 2^s always). */
  compositeFactor(degree: number, smoothness: number): CompositeFactor;
  /** Nonzero eigenvalues d μ_ℓ E_s(ℓ) of K (1 + N)^s, or the reason why they are infinite. */
  composite(kernel: Kernel, maxDegree: number, smoothness: number): Tagged<GaussianComposite>;
  /**
   * Squared overlaps w_m = ⟨u, h⟩² of the unit eigenfunction u of degree ℓ with the Hermite functions of total degree ℓ + 2m,
   * m = 0 … count − 1: they sum to one, E_s(ℓ) = Σ w_m (1 + ℓ + 2m)^s, and all but ℓ = 1 spread over every m.
   */
  overlaps(degree: number, count: number): Float64Array;
  /** The exponent that flattens K (1 + N)^s best on degrees 0 … maxDegree, by a search with a lower bound that proves it. */
  optimalSmoothness(kernel: Kernel, maxDegree: number): GaussianSmoothness;
}

/**
 * Gaussian space: R^d with the standard normal law, its number operator and the exact spectra of network kernels on it.
 *
 * Relation: (1 + N) h_α = (1 + |α|) h_α on Hermite polynomials, but the NTK is not diagonal there: its eigenfunctions are
 * |x| Y_ℓ, it shares with N only the rotations, and K (1 + N)^s has the eigenvalues d μ_ℓ E_s(ℓ), rank one on every degree.
 *
 * @param d dimension, 1 to 10,000
 * @throws {ArgumentError} for another d, and by its methods for kernels that are not homogeneous of degree one
 *
 * Accuracy: eigenvalues as on the sphere; E_s in closed form for s = 0, 1, 2, otherwise to about 1e-13 relative at ℓ <= 100, with its error.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { gaussian } from "eigenscope/domains";
 * const composite = gaussian(3).composite(ntk({ depth: 2 }), 2, 1);
 * console.log(composite.defined ? composite.value.eigenvalues[2] : composite.reason); // 0.78125
 * ```
 */
export function gaussian(d: number): GaussianDomain {
  requireInteger(d, "d", "gaussian", 1, 10_000);
  const domain: GaussianDomain = {
    name: `Gaussian space R^${d}`,
    dimension: d,
    level(degree) {
      requireInteger(degree, "degree", "gaussian.level");
      let count = 1;
      for (let j = 1; j <= Math.min(degree, d - 1); j++) count = (count * (Math.max(degree, d - 1) + j)) / j;
      return { degree, multiplicity: count < 2 ** 53 ? Math.round(count) : count };
    },
    mercer(kernel, maxDegree) {
      requireKernel(kernel, "gaussian.mercer", d);
      requireInteger(maxDegree, "maxDegree", "gaussian.mercer", 0, 40_000);
      requireHomogeneous(kernel, "gaussian.mercer");
      return d === 1 ? lineSpectrum(kernel, maxDegree) : radialSpectrum(kernel, d, maxDegree);
    },
    sobolev(options) {
      const caller = "gaussian.sobolev";
      requireOptions(options, ["smoothness", "bandwidth"], caller);
      const smoothness = requireNumber(options?.smoothness, "smoothness", caller, -200, 200);
      const bandwidth = requireInteger(options.bandwidth, "bandwidth", caller, 0, 100_000);
      return {
        symbol: Float64Array.from({ length: bandwidth + 1 }, (_, k) => pow(1 + k, smoothness)),
        multiplicities: Float64Array.from({ length: bandwidth + 1 }, (_, k) => domain.level(k).multiplicity),
        domain: `Hermite polynomials on Gaussian space R^${d}`,
        smoothness,
        spectrumOf(kernel) {
          throw new UnsupportedError({
            function: "composite",
            argument: "kernel",
            expected: "diagonal in Hermite polynomials",
            got: kernel.name,
            remedy: "use gaussian(d).composite(kernel, maxDegree, smoothness)",
          });
        },
      };
    },
    nodes(n, options) {
      requireInteger(n, "n", "gaussian.nodes", 1);
      requireOptions(options, ["rng"], "gaussian.nodes");
      if (options?.rng === undefined) {
        throw new ArgumentError({
          function: "gaussian.nodes",
          argument: "rng",
          expected: "given",
          got: "undefined",
          remedy: "pass { rng: createRng(seed) }",
        });
      }
      return normalMatrix(options.rng, n, d);
    },
    compositeFactor(degree, smoothness) {
      requireInteger(degree, "degree", "gaussian.compositeFactor");
      requireNumber(smoothness, "smoothness", "gaussian.compositeFactor", -100, 100);
      return compositeFactor(d, degree, smoothness);
    },
    composite(kernel, maxDegree, smoothness) {
      requireNumber(smoothness, "smoothness", "gaussian.composite", -100, 100);
      const spectrum = domain.mercer(kernel, maxDegree);
      const factors = new Float64Array(spectrum.eigenvalues.length);
      const errorBounds = new Float64Array(factors.length);
      for (let l = 0; l < factors.length; l++) {
        const factor = compositeFactor(d, l, smoothness);
        if (!factor.value.defined) {
          if (spectrum.eigenvalues[l] === 0) continue; // 0 times the factor of a function that K annihilates
          return undefinedBecause(`degree ${l}: ${factor.value.reason}`);
        }
        factors[l] = factor.value.value;
        errorBounds[l] = spectrum.errorBounds[l] * factors[l] + spectrum.eigenvalues[l] * factor.error;
      }
      const eigenvalues = spectrum.eigenvalues.map((value, l) => value * factors[l]);
      return defined({ ...spectrum, eigenvalues, errorBounds, factors });
    },
    overlaps(degree, count) {
      requireInteger(degree, "degree", "gaussian.overlaps");
      requireInteger(count, "count", "gaussian.overlaps", 0, 10_000_000);
      return hermiteWeights(d, degree, count);
    },
    optimalSmoothness(kernel, maxDegree) {
      const spectrum = domain.mercer(kernel, maxDegree);
      const series = Array.from({ length: maxDegree + 1 }, (_, degree) => hermiteSeries(d, degree));
      return flattenGaussian(d, spectrum, (degree, s) => compositeFactor(d, degree, s, series[degree]));
    },
  };
  return domain;
}

function requireHomogeneous(kernel: Kernel, caller: string): void {
  if (!kernel.conventions.homogeneous) {
    throw new ArgumentError({
      function: caller,
      argument: "kernel",
      expected: "homogeneous of degree one, K(x, y) = |x| |y| f(θ) (no bias)",
      got: kernel.name,
      remedy: "use weightedNystrom with a Gauss–Hermite rule for other kernels",
    });
  }
}

function radialSpectrum(kernel: Kernel, d: number, maxDegree: number): GaussianSpectrum {
  const sphere = sphereSpectrum(kernel, d, maxDegree, "auto");
  // K(x, y) = |x||y| f(θ) with f the profile at norm 1, or the profile at norm √d over d.
  const factor = kernel.conventions.profileNorm === "1" ? d : 1;
  return {
    conventions: { ...sphere.conventions, domain: `Gaussian space R^${d}`, measure: "standard normal law" },
    eigenvalues: sphere.eigenvalues.map((mu) => factor * mu),
    errorBounds: sphere.errorBounds.map((bound) => factor * bound),
    multiplicities: sphere.multiplicities,
    vanishing: sphere.vanishing,
    eigenfunctions: "|x| Y_l(x/|x|); every function orthogonal to these is annihilated",
  };
}

/** d = 1: rank two, |x| and x with eigenvalues (f(0) ± f(π))/2, E x² = 1. */
function lineSpectrum(kernel: Kernel, maxDegree: number): GaussianSpectrum {
  const first = kernel.profile(0);
  const last = kernel.profile(Math.PI, 0);
  const eigenvalues = new Float64Array(maxDegree + 1);
  eigenvalues[0] = (first + last) / 2;
  if (maxDegree >= 1) eigenvalues[1] = (first - last) / 2;
  const bound = 4 * Number.EPSILON * Math.abs(first);
  const errorBounds = eigenvalues.map((_, l) => (l <= 1 ? bound : 0));
  const vanishing = Array.from(eigenvalues.keys()).filter((l) => Math.abs(eigenvalues[l]) <= errorBounds[l]);
  return {
    conventions: {
      domain: "Gaussian space R^1",
      dimension: 1,
      measure: "standard normal law",
      modes: "degree",
      kernel: kernel.conventions,
    },
    eigenvalues,
    errorBounds,
    multiplicities: Float64Array.from({ length: maxDegree + 1 }, (_, l) => (l <= 1 ? 1 : 0)),
    vanishing,
    eigenfunctions: "|x| (degree 0) and x (degree 1); every function orthogonal to these is annihilated",
  };
}

/** E_s(ℓ) in closed form where there is one, else by the series. */
function compositeFactor(d: number, degree: number, s: number, series?: HermiteSeries): CompositeFactor {
  const closed = (value: number): CompositeFactor => ({
    value: defined(value),
    error: 8 * Number.EPSILON * Math.abs(value),
    method: "closed form",
  });
  if (degree === 1) return closed(pow(2, s)); // linear functions: one term
  if (!(s < 1 + d / 2)) {
    const reason = `E_s is infinite for s = ${s} >= 1 + d/2 = ${1 + d / 2}: |x| has a kink at the origin`;
    return { value: undefinedBecause(reason), error: Infinity, method: "closed form" };
  }
  const laplacian = degree * (degree + d - 2);
  if (s === 0) return closed(1);
  if (s === 1) return closed(1 + (1 + laplacian) / d);
  if (s === 2) {
    const c = d - 1 - laplacian;
    return closed(4 - (4 * c) / d + (c * c) / (d * (d - 2)));
  }
  const { value, error } = (series ?? hermiteSeries(d, degree)).power(s);
  const method = "extrapolated series";
  if (!(value > 0 && Number.isFinite(value) && Number.isFinite(error))) {
    const reason = `E_s of degree ${degree} at s = ${s} leaves the double range`;
    return { value: undefinedBecause(reason), error: Infinity, method };
  }
  return { value: defined(value), error, method };
}
