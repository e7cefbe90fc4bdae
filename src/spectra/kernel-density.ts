import {
  ArgumentError,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  square,
  pow,
  exp,
} from "../core/index.js";
import { sampleQuantile } from "./histogram.js";
import { requireValues, sortedValues } from "./values.js";

/** Options of kernelDensity. */
export interface KernelDensityOptions {
  /** Standard deviation of the Gaussian; default by Silverman's rule. */
  readonly bandwidth?: number;
  /** Abscissae, ascending; default `points` of them, four bandwidths beyond the data. */
  readonly grid?: ArrayLike<number>;
  /** Number of abscissae of the default grid; 512. */
  readonly points?: number;
  /** A hard lower edge of the distribution, such as 0 for eigenvalues of a Gram matrix: mass beyond it is reflected back. */
  readonly reflectAt?: number;
}

/** A smoothed density. */
export interface KernelDensity {
  /** Abscissae. */
  readonly grid: Float64Array;
  /** Density on the grid, mass one on the whole line (on [reflectAt, ∞) with reflection). */
  readonly density: Float64Array;
  /** The bandwidth used. */
  readonly bandwidth: number;
  /** Where the bandwidth comes from. */
  readonly bandwidthRule: "given" | "silverman";
  /** The edge of reflection, or null. */
  readonly reflectAt: number | null;
}

/** Contributions beyond this many bandwidths are below 1e-17 of the peak. */
const REACH = 9;

/**
 * Estimates a density with a Gaussian kernel.
 *
 * Relation: density(x) = (1 / N h) Σ φ((x − x_i) / h), plus the mirror images 2 r − x_i when reflectAt = r is given.
 * Without reflection the estimate is biased near a hard edge: half of the mass within h of it leaks out.
 *
 * @param values finite numbers, at least two different ones unless the bandwidth is given
 * @throws {ArgumentError} when the bandwidth cannot be chosen, or a value lies below reflectAt
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: the sum is exact to 1e-16; the statistical error is O(h²) + O((N h)^{-1/2}).
 * Cost: O(N log N + grid · values within 9 h).
 * @see [silverman1986]
 *
 * @example
 * ```ts
 * import { kernelDensity } from "eigenscope/spectra";
 * const { density } = kernelDensity([0.1, 0.4, 0.45, 0.9, 2], { bandwidth: 0.2, grid: [0, 1] });
 * console.log(density[0], density[1]); // 0.437811928854 0.365608208138
 * ```
 */
export function kernelDensity(values: ArrayLike<number>, options: KernelDensityOptions = {}): KernelDensity {
  const caller = "kernelDensity";
  requireOptions(options, ["bandwidth", "grid", "points", "reflectAt"], caller);
  const sorted = sortedValues(values, "values", caller);
  const given = options.bandwidth !== undefined;
  const bandwidth = given
    ? requirePositive(options.bandwidth, "bandwidth", caller)
    : silvermanBandwidth(sorted, caller);
  const reflectAt = options.reflectAt === undefined ? null : requireNumber(options.reflectAt, "reflectAt", caller);
  if (reflectAt !== null && sorted[0] < reflectAt) {
    throw new ArgumentError({
      function: caller,
      argument: "reflectAt",
      expected: `at most the smallest value ${sorted[0]}`,
      got: String(reflectAt),
    });
  }
  const grid =
    options.grid === undefined
      ? defaultGrid(sorted, bandwidth, reflectAt, options.points, caller)
      : requireValues(options.grid, "grid", caller);
  const density = new Float64Array(grid.length);
  const scale = 1 / (sorted.length * bandwidth * Math.sqrt(2 * Math.PI));
  for (let i = 0; i < grid.length; i++) {
    const x = grid[i];
    if (reflectAt !== null && x < reflectAt) continue;
    let sum = kernelSum(sorted, x, bandwidth);
    if (reflectAt !== null) sum += kernelSum(sorted, 2 * reflectAt - x, bandwidth);
    density[i] = scale * sum;
  }
  return { grid, density, bandwidth, bandwidthRule: given ? "given" : "silverman", reflectAt };
}

/** Silverman's rule 0.9 min(sd, IQR / 1.34) N^{-1/5}; the other measure alone when one of them vanishes. */
function silvermanBandwidth(sorted: Float64Array, caller: string): number {
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const squares = sorted.reduce((sum, value) => sum + square(value - mean), 0);
  const sd = n > 1 ? Math.sqrt(squares / (n - 1)) : 0;
  const spread = (sampleQuantile(sorted, 0.75) - sampleQuantile(sorted, 0.25)) / 1.34;
  const width = spread > 0 ? Math.min(sd, spread) : sd;
  if (!(width > 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "values",
      expected: "different numbers when no bandwidth is given",
      got: `${n} equal numbers`,
      remedy: "give bandwidth",
    });
  }
  return 0.9 * width * pow(n, -0.2);
}

function kernelSum(sorted: Float64Array, x: number, bandwidth: number): number {
  let sum = 0;
  const end = x + REACH * bandwidth;
  for (let i = firstAtLeast(sorted, x - REACH * bandwidth); i < sorted.length && sorted[i] <= end; i++) {
    const t = (x - sorted[i]) / bandwidth;
    sum += exp(-0.5 * t * t);
  }
  return sum;
}

/** Index of the first sorted value >= x. */
export function firstAtLeast(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function defaultGrid(
  sorted: Float64Array,
  bandwidth: number,
  reflectAt: number | null,
  points: number | undefined,
  caller: string,
): Float64Array {
  const count = requireInteger(points ?? 512, "points", caller, 2, 1_000_000);
  const low = Math.max(sorted[0] - 4 * bandwidth, reflectAt ?? -Infinity);
  const high = sorted[sorted.length - 1] + 4 * bandwidth;
  return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}
