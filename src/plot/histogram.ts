import { bin, extent } from "d3-array";
import { ArgumentError, requireFinite, requireInteger, requireOptions, requirePositive } from "../core/index.js";

/** A histogram normalised to a density. */
export interface Histogram {
  /** Left ends of the bins. */
  readonly left: readonly number[];
  /** Right ends of the bins. */
  readonly right: readonly number[];
  /** Share of the values in the bin divided by its width. */
  readonly density: readonly number[];
  /** Number of values in the bin. */
  readonly count: readonly number[];
}

/** How to bin. */
export interface HistogramOptions {
  /** Number of bins, by default 2 √n held between 8 and 60; ignored when a width is given. */
  readonly bins?: number;
  /** Width of a bin; edges then lie at multiples of it, so that histograms of equal width can be compared. */
  readonly width?: number;
}

const MAXIMUM_BINS = 10_000;

/**
 * Bins values into intervals of equal width; half-open bins, the last one closed.
 *
 * Relation: Σ density · width = 1 over the bins (no bins for no values).
 *
 * @param values finite numbers
 * @throws {NonFiniteError} for NaN and infinities
 * @throws {ArgumentError} when bins or width is out of range, or the width asks for more than 10,000 bins
 */
export function histogram(values: ArrayLike<number>, options: HistogramOptions = {}): Histogram {
  requireOptions(options, ["bins", "width"], "histogram");
  const bins = requireInteger(options.bins ?? defaultBins(values.length), "bins", "histogram", 1, MAXIMUM_BINS);
  requireFinite(values, "values", "histogram");
  if (options.width !== undefined) requirePositive(options.width, "width", "histogram");
  const [low, high] = extent(Array.from(values));
  if (low === undefined || high === undefined) return { left: [], right: [], density: [], count: [] };
  const edges = options.width === undefined ? equalEdges(low, high, bins) : gridEdges(low, high, options.width);
  const [start, end] = [edges[0]!, edges[edges.length - 1]!];
  const groups = bin().domain([start, end]).thresholds(edges.slice(1, -1))(Array.from(values));
  return {
    left: edges.slice(0, -1),
    right: edges.slice(1),
    density: groups.map((group, i) => group.length / (values.length * (edges[i + 1]! - edges[i]!))),
    count: groups.map((group) => group.length),
  };
}

/** The number of bins that `histogram` takes for n values by default. */
export function defaultBins(n: number): number {
  return Math.min(60, Math.max(8, Math.round(2 * Math.sqrt(n))));
}

function equalEdges(low: number, high: number, bins: number): number[] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Values that differ by rounding, or are too small for their bins to have a width: one bin around them.
  if (high - low <= 1e-12 * size || size < 1e-290) {
    const half = size < 1e-290 ? 0.5 : size / 2;
    return [low - half, high + half];
  }
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + ((high - low) * i) / bins));
}

function gridEdges(low: number, high: number, width: number): number[] {
  const first = Math.floor(low / width);
  const last = Math.max(first + 1, Math.floor(high / width) + 1);
  if (!(last - first <= MAXIMUM_BINS)) {
    throw new ArgumentError({
      function: "histogram",
      argument: "width",
      expected: `at least ${(high - low) / MAXIMUM_BINS} for values in [${low}, ${high}]`,
      got: String(width),
    });
  }
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * width);
}
