import { ArgumentError, requireInteger, requireOptions, cbrt } from "../core/index.js";
import { requireValues, sortedValues } from "./values.js";

/** Options of histogram. */
export interface HistogramOptions {
  /** Number of bins of equal width between the extremes; default by the Freedman–Diaconis rule, 1 to 512. */
  readonly bins?: number;
  /** Edges, ascending; instead of bins. Values outside are counted in `below` and `above`. */
  readonly edges?: ArrayLike<number>;
}

/** Counts and densities per bin. */
export interface Histogram {
  /** bins + 1 edges, ascending. Bins are half-open [a, b); the last is closed. */
  readonly edges: Float64Array;
  /** Number of values per bin. */
  readonly counts: Float64Array;
  /** count / (N · width), N the number of values; mass one when none lie outside. */
  readonly density: Float64Array;
  /** Values below the first edge. */
  readonly below: number;
  /** Values above the last edge. */
  readonly above: number;
  /** Values that are exactly zero. An atom, not a density: report them beside it. They are also counted in their bin. */
  readonly zeros: number;
}

/**
 * Counts values in bins: one estimator of a spectral density (the spectral distribution itself is the sum of point masses).
 *
 * Relation: Σ density · width + (below + above) / N = 1.
 *
 * @param values any finite numbers
 * @throws {ArgumentError} for edges that do not increase, or bins and edges together
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Cost: O(N log N).
 *
 * @example
 * ```ts
 * import { histogram } from "eigenscope/spectra";
 * const { density } = histogram([0.1, 0.4, 0.45, 0.9, 2], { edges: [0, 0.5, 1, 1.5, 2] });
 * console.log(density.join(" ")); // 1.2 0.4 0 0.4
 * ```
 */
export function histogram(values: ArrayLike<number>, options: HistogramOptions = {}): Histogram {
  const caller = "histogram";
  requireOptions(options, ["bins", "edges"], caller);
  if (options.bins !== undefined && options.edges !== undefined) {
    throw new ArgumentError({ function: caller, argument: "options", expected: "given bins or edges", got: "both" });
  }
  const sorted = sortedValues(values, "values", caller);
  const edges =
    options.edges === undefined
      ? equalEdges(sorted, options.bins, caller)
      : requireValues(options.edges, "edges", caller);
  const bins = edges.length - 1;
  if (bins < 1 || edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]))) {
    throw new ArgumentError({
      function: caller,
      argument: "edges",
      expected: "at least two ascending numbers",
      got: `${edges.length} numbers, not all ascending`,
    });
  }
  const counts = new Float64Array(bins);
  let below = 0;
  let above = 0;
  let zeros = 0;
  let bin = 0;
  for (const value of sorted) {
    if (value === 0) zeros++;
    if (value < edges[0]) below++;
    else if (value > edges[bins]) above++;
    else {
      while (bin < bins - 1 && value >= edges[bin + 1]) bin++;
      counts[bin]++;
    }
  }
  const density = counts.map((count, i) => count / (sorted.length * (edges[i + 1] - edges[i])));
  return { edges, counts, density, below, above, zeros };
}

/** Sample quantile of sorted values by linear interpolation (type 7). */
export function sampleQuantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const lower = Math.floor(position);
  const upper = Math.min(lower + 1, sorted.length - 1);
  return sorted[lower] + (position - lower) * (sorted[upper] - sorted[lower]);
}

function equalEdges(sorted: Float64Array, bins: number | undefined, caller: string): Float64Array {
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  let count = bins;
  if (count === undefined) {
    const spread = sampleQuantile(sorted, 0.75) - sampleQuantile(sorted, 0.25);
    const width = (2 * spread) / cbrt(sorted.length);
    count = width > 0 ? Math.min(512, Math.max(1, Math.ceil((high - low) / width))) : 1;
  }
  requireInteger(count, "bins", caller, 1, 1_000_000);
  let edges = edgesBetween(low, high, count);
  if (edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]))) {
    // Equal values, or values closer together than doubles can divide: widen, so that densities are finite.
    const half = Math.max(Math.abs(low) / 2, low === 0 && high === 0 ? 0.5 : 1e-290 * count);
    edges = edgesBetween(low - half, high + half, count);
  }
  return edges;
}

function edgesBetween(low: number, high: number, count: number): Float64Array {
  const edges = Float64Array.from({ length: count + 1 }, (_, i) => low + (high - low) * (i / count));
  edges[count] = high;
  return edges;
}
