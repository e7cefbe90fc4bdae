import {
  ArgumentError,
  type Matrix,
  type Tagged,
  describe,
  defined,
  requireFinite,
  requireInteger,
  requireOptions,
  requireVector,
  undefinedBecause,
} from "../core/index.js";
import { type Kernel, zonalKernel } from "../kernels/index.js";
import { eigh } from "../linalg/index.js";
import { conditionFloor, conditionOfSymbol } from "./conditioning.js";
import { requireKernel } from "./require-kernel.js";
import { type SphereSpectrum, sphereName, sphereSpectrum } from "./sphere-spectrum.js";
import { type SobolevSymbol, requireSymbol, symbolValue } from "./symbols.js";
import { multiplicities, sumAt } from "./zonal-harmonics.js";

/** Options of `sphere(d).sobolev`. */
export interface SphereSobolevOptions {
  /** Which symbol σ(ℓ): see {@link SobolevSymbol}. There is no default: A, B, C and D differ in order. */
  readonly symbol: SobolevSymbol;
  /** Smoothness s, any real number; negative ones smooth. */
  readonly smoothness: number;
  /** Largest degree kept. */
  readonly bandwidth: number;
}

/** A Sobolev operator on the sphere, truncated to degrees <= bandwidth. */
export interface SphereSobolev {
  /** Symbol name, or "free" for one given by values. */
  readonly symbolName: SobolevSymbol | "free";
  /** Smoothness s, null for a free symbol. */
  readonly smoothness: number | null;
  /** Largest degree. */
  readonly bandwidth: number;
  /** Ambient dimension d. */
  readonly dimension: number;
  /** Sphere whose degrees these are, as in the conventions of its spectra. */
  readonly domain: string;
  /** σ(ℓ) by degree. */
  readonly symbol: Float64Array;
  /** N(d, ℓ) by degree. */
  readonly multiplicities: Float64Array;
  /** Σ N(d, ℓ): the rank of the operator and the largest possible rank of a sampled matrix. */
  readonly bandDimension: number;
  /** max σ / min σ on the band, or why there is no such number: a value <= 0, or a ratio beyond 1e13. */
  readonly condition: Tagged;
  /** p(1) = Σ σ N, the diagonal of the sampled matrix. */
  readonly valueAtOne: number;
  /** The zonal kernel p(cos θ) = Σ σ(ℓ) N(d, ℓ) P_ℓ(cos θ), as a Kernel on unit vectors. */
  readonly kernel: Kernel;
  /** p at an angle, by Clenshaw's recurrence; rounding about 1e-15 p(1). */
  profile(theta: number, supplement?: number): number;
  /** The spectrum of a kernel on the same band, for {@link composite}. */
  spectrumOf(kernel: Kernel): SphereSpectrum;
  /** Spectrum of the sampled matrix P/n at given points, which is not the spectrum of the operator. */
  sampled(points: Matrix): SampledSobolev;
}

/** Spectrum of a sampled Sobolev matrix beside that of its operator. */
export interface SampledSobolev {
  /** Number of points. */
  readonly points: number;
  /** Eigenvalues of P/n, ascending. */
  readonly eigenvalues: Float64Array;
  /** Number of eigenvalues of modulus above max(1e-13, n ε) of the largest, at most min(n, bandDimension). */
  readonly rank: number;
  /** Smallest modulus of those. */
  readonly smallestNonzero: number;
  /** Condition number of P/n; unresolved when the smallest eigenvalue is below max(1e-13, n ε) of the largest. */
  readonly condition: Tagged;
  /** In words: how the sampled matrix differs from the operator here. */
  readonly difference: string;
}

/** Builds the Sobolev operator of a named symbol. */
export function sphereSobolev(d: number, options: SphereSobolevOptions): SphereSobolev {
  const caller = "sphere.sobolev";
  requireOptions(options, ["symbol", "smoothness", "bandwidth"], caller);
  const symbol = requireSymbol(options?.symbol, options?.smoothness, caller);
  const bandwidth = requireInteger(options.bandwidth, "bandwidth", caller, 0, 100_000);
  const values = Float64Array.from({ length: bandwidth + 1 }, (_, l) =>
    symbolValue(symbol, options.smoothness, l, l * (l + d - 2)),
  );
  return fromSymbol(d, values, symbol, options.smoothness, caller);
}

/** Builds the operator of a free symbol, given by its values σ(0) … σ(bandwidth). */
export function sphereMultiplier(d: number, values: Float64Array): SphereSobolev {
  requireVector(values, null, "symbol", "sphere.multiplier");
  if (values.length === 0) {
    throw new ArgumentError({
      function: "sphere.multiplier",
      argument: "symbol",
      expected: "of length >= 1",
      got: describe(values),
    });
  }
  return fromSymbol(d, values.slice(), "free", null, "sphere.multiplier");
}

function fromSymbol(
  d: number,
  symbol: Float64Array,
  name: SobolevSymbol | "free",
  smoothness: number | null,
  caller: string,
): SphereSobolev {
  requireFinite(symbol, "symbol", caller);
  const bandwidth = symbol.length - 1;
  const counts = multiplicities(d, bandwidth);
  const coefficients = symbol.map((sigma, l) => sigma * counts[l]);
  requireFinite(coefficients, "symbol times multiplicity", caller);
  const largest = symbol.reduce((a, b) => Math.max(a, b), -Infinity);
  const smallest = symbol.reduce((a, b) => Math.min(a, b), Infinity);
  const profile = (theta: number, supplement = Math.PI - theta): number => sumAt(coefficients, d, theta, supplement);
  const kernel = zonalKernel(profile, {
    name: `Sobolev kernel ${name}, s = ${smoothness}, ℓ <= ${bandwidth}`,
    dimension: d,
  });
  const bandDimension = counts.reduce((a, b) => a + b, 0);
  return {
    symbolName: name,
    smoothness,
    bandwidth,
    dimension: d,
    domain: sphereName(d),
    symbol,
    multiplicities: counts,
    bandDimension,
    condition: conditionOfSymbol(symbol),
    valueAtOne: profile(0),
    kernel,
    profile: (theta, supplement) => kernel.profile(theta, supplement),
    spectrumOf: (other) => {
      requireKernel(other, "composite", d);
      return sphereSpectrum(other, d, bandwidth, "auto");
    },
    sampled: (points) => sampledSobolev(kernel, points, bandDimension, largest, smallest),
  };
}

function sampledSobolev(
  kernel: Kernel,
  points: Matrix,
  bandDimension: number,
  largest: number,
  smallest: number,
): SampledSobolev {
  const P = kernel.gram(points);
  const n = points.rows;
  if (n === 0) {
    throw new ArgumentError({
      function: "sphere.sobolev.sampled",
      argument: "points",
      expected: "of one row or more",
      got: describe(points),
    });
  }
  const { values } = eigh(P, { vectors: false });
  const eigenvalues = values.map((value) => value / n);
  const top = Math.max(Math.abs(eigenvalues[0]), Math.abs(eigenvalues[n - 1]));
  const floor = conditionFloor(n) * top;
  // More points than dimensions: the matrix is singular whatever rounding makes of its zero eigenvalues.
  const sizes = eigenvalues
    .map(Math.abs)
    .sort()
    .subarray(Math.max(0, n - bandDimension));
  const nonzero = top > 0 ? sizes.filter((size) => size >= floor) : sizes.subarray(0, 0);
  const rank = nonzero.length;
  const range = `the operator's eigenvalues lie in [${smallest}, ${largest}]`;
  const beyond = n > bandDimension;
  const low = eigenvalues[0].toExponential(2);
  const unresolved =
    eigenvalues[0] <= -floor
      ? `the matrix is not positive definite: it has an eigenvalue ${low}`
      : beyond
        ? `unresolved: rank ${rank} < n = ${n}: the band has dimension ${bandDimension}, other directions are not penalised`
        : `unresolved: the smallest eigenvalue ${low} is below ${floor.toExponential(2)}, the noise of double precision beside ${top.toExponential(2)}`;
  return {
    points: n,
    eigenvalues,
    rank,
    smallestNonzero: rank === 0 ? 0 : nonzero[0],
    condition: rank === n && eigenvalues[0] > 0 ? defined(top / eigenvalues[0]) : undefinedBecause(unresolved),
    difference:
      rank === n
        ? `${range}; those of the matrix in [${eigenvalues[0]}, ${eigenvalues[n - 1]}], equal only when the points integrate degree 2 · bandwidth exactly`
        : beyond
          ? `${range}; the matrix has ${n - rank} zero eigenvalues besides, since n = ${n} exceeds its rank ${rank}`
          : `${range}; ${n - rank} of the ${n} eigenvalues of the matrix are not resolved from zero`,
  };
}
