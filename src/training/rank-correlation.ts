import {
  ArgumentError,
  describe,
  exp,
  log,
  requireFinite,
  requireInteger,
  requireOptions,
  ShapeError,
  type Tagged,
  defined,
  undefinedBecause,
} from "../core/index.js";
import { permutation, requireRng, type Rng } from "../random/index.js";

/** Options of {@link rankCorrelation}. */
export interface RankCorrelationOptions {
  /** Randomness of the permutations. */
  readonly rng: Rng;
  /** Permutations behind the p-value (default 1000). */
  readonly permutations?: number;
}

/** Spearman's rank correlation with its uncertainty. */
export interface RankCorrelation {
  /** ρ in [−1, 1]; undefined when one of the lists is constant. */
  readonly value: Tagged;
  /** 95 % interval by Fisher's z with variance 1.06/(n − 3); undefined for fewer than four pairs or |ρ| = 1. */
  readonly interval: Tagged<readonly [number, number]>;
  /** Two-sided permutation p-value (1 + #{|ρ*| ≥ |ρ|})/(1 + permutations); 1 when ρ is undefined. */
  readonly pValue: number;
  /** Number of pairs. */
  readonly pairs: number;
}

/**
 * Spearman's rank correlation of two lists, with an interval and a permutation p-value.
 *
 * Relation: the Pearson correlation of the ranks, ties sharing their mean rank: invariant under monotone maps of either list.
 *
 * @throws {ShapeError} when the lists differ in length
 * @throws {ArgumentError} for fewer than two pairs
 *
 * Accuracy: the p-value is at least 1/(1 + permutations). Cost: O(n log n) and O(n) per permutation.
 * @see [fieller1957]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { rankCorrelation } from "eigenscope/training";
 * const { value } = rankCorrelation([1, 2, 3, 4], [1, 8, 27, 20], { rng: createRng(1) });
 * console.log(value.defined && value.value.toFixed(6)); // 0.800000
 * ```
 */
export function rankCorrelation(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: RankCorrelationOptions,
): RankCorrelation {
  const caller = "rankCorrelation";
  requireOptions(options, ["rng", "permutations"], caller);
  requireRng(options?.rng, caller);
  const permutations = requireInteger(options.permutations ?? 1000, "permutations", caller, 1);
  const n = x.length;
  if (n < 2) {
    throw new ArgumentError({ function: caller, argument: "x", expected: "at least two numbers", got: describe(x) });
  }
  if (y.length !== n) {
    throw new ShapeError({ function: caller, argument: "y", expected: `of length ${n}`, got: `length ${y.length}` });
  }
  requireFinite(x, "x", caller);
  requireFinite(y, "y", caller);
  const a = centredRanks(x);
  const b = centredRanks(y);
  if (a === null || b === null) {
    const reason = "one of the lists is constant: it has no order";
    return { value: undefinedBecause(reason), interval: undefinedBecause(reason), pValue: 1, pairs: n };
  }
  const correlate = (order: ArrayLike<number> | null): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a[i] * b[order === null ? i : order[i]];
    return sum;
  };
  const rho = Math.max(-1, Math.min(1, correlate(null)));
  let asLarge = 0;
  const slack = 1e-12; // sums of the same products in another order
  for (let k = 0; k < permutations; k++) {
    if (Math.abs(correlate(permutation(options.rng, n))) >= Math.abs(rho) - slack) asLarge++;
  }
  return {
    value: defined(rho),
    interval: fisherInterval(rho, n),
    pValue: (1 + asLarge) / (1 + permutations),
    pairs: n,
  };
}

/** Ranks minus their mean over their norm; null when all values are equal. */
function centredRanks(values: ArrayLike<number>): Float64Array | null {
  const n = values.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Float64Array(n);
  for (let start = 0; start < n;) {
    let end = start + 1;
    while (end < n && values[order[end]] === values[order[start]]) end++;
    for (let k = start; k < end; k++) ranks[order[k]] = (start + end - 1) / 2 - (n - 1) / 2;
    start = end;
  }
  const length = Math.sqrt(ranks.reduce((sum, rank) => sum + rank * rank, 0));
  return length === 0 ? null : ranks.map((rank) => rank / length);
}

function fisherInterval(rho: number, n: number): Tagged<readonly [number, number]> {
  if (n < 4) return undefinedBecause("fewer than four pairs");
  if (Math.abs(rho) === 1) return undefinedBecause("a perfect order: Fisher's z is infinite");
  const z = log((1 + rho) / (1 - rho)) / 2; // artanh
  const half = 1.959963984540054 * Math.sqrt(1.06 / (n - 3)); // [fieller1957]
  const back = (value: number): number => {
    const e = exp(2 * value);
    return (e - 1) / (e + 1);
  };
  return defined([back(z - half), back(z + half)] as const);
}
