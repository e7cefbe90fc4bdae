import { ArgumentError, requireFinite, requireInteger, requireOptions, log } from "../core/index.js";

/** Options of hillEstimator. */
export interface HillOptions {
  /** Number k of largest values used; default the upper half, floor(n / 2) ("Hill50"). */
  readonly count?: number;
}

/** A Hill estimate. */
export interface HillEstimate {
  /** Exponent of the density: 1 + k / Σ ln(x / x_(k)) over the k largest values; Infinity when they are equal. */
  readonly alpha: number;
  /** (alpha − 1) / √k. */
  readonly standardError: number;
  /** k. */
  readonly count: number;
  /** x_(k), the k-th largest value. */
  readonly threshold: number;
}

/**
 * Estimates the tail exponent from the k largest values, without choosing a cut-off by distance.
 *
 * Relation: the continuous maximum-likelihood exponent with xmin = x_(k). With k = n/2 it is a robust statistic to compare a
 * spectrum with its permuted baseline; as an estimate of a true tail it needs k small against n.
 *
 * @param values positive numbers, at least two
 * @throws {ArgumentError} when one of the k largest values is not positive
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: a few n ε. Cost: O(n log n).
 * @see [hill1975]
 *
 * @example
 * ```ts
 * import { hillEstimator } from "eigenscope/rmt";
 * console.log(hillEstimator([1, 2, 4, 8], { count: 3 }).alpha); // 2.4426950408889
 * ```
 */
export function hillEstimator(values: ArrayLike<number>, options: HillOptions = {}): HillEstimate {
  const caller = "hillEstimator";
  requireOptions(options, ["count"], caller);
  requireFinite(values, "values", caller);
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const count = requireInteger(options.count ?? Math.floor(n / 2), "count", caller, 1, n);
  const threshold = sorted[n - count];
  if (!(threshold > 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "values",
      expected: `positive in the ${count} largest`,
      got: String(threshold),
    });
  }
  let sum = 0;
  for (let i = n - count; i < n; i++) sum += log(sorted[i] / threshold);
  const alpha = 1 + count / sum;
  return { alpha, standardError: (alpha - 1) / Math.sqrt(count), count, threshold };
}
