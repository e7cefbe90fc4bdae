import {
  ArgumentError,
  describe,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
  square,
} from "../core/index.js";
import { marchenkoPastur } from "./marchenko-pastur.js";
import { medianOfSorted } from "./median.js";

/** Options of chooseRank. */
export interface ChooseRankOptions {
  /** "gavish-donoho" (default): hard threshold for a low-rank signal in white noise; "energy": keep a share of Σ s². */
  readonly method?: "gavish-donoho" | "energy";
  /** Share of the energy to keep, in (0, 1]; method "energy" only, default 0.9. */
  readonly energy?: number;
  /** Standard deviation of the noise entries when known; method "gavish-donoho" only. Estimated by the median otherwise. */
  readonly noise?: number;
}

/** A rank with the reason for it. */
export interface RankChoice {
  /** Number of singular values to keep. */
  readonly rank: number;
  /** Values above it are kept; for "energy" the smallest value kept. */
  readonly threshold: number;
  /** Factor of the threshold: λ*(β) for known noise (times √max(rows, cols) · noise), ω(β) for unknown (times the median); null for "energy". */
  readonly factor: number | null;
  /** Σ_{i<=rank} s_i² / Σ s²; 1 for a zero matrix. */
  readonly energy: number;
  /** The method used. */
  readonly method: "gavish-donoho" | "energy";
}

/** Energies within this relative distance of the requested share count as reaching it. */
const ENERGY_SLACK = 1e-15;

/**
 * Chooses how many singular values to keep.
 *
 * Relation: "energy": the smallest k with Σ_{i<=k} s_i² >= energy · Σ s_i². "gavish-donoho": s_i > λ*(β) √N σ for known
 * noise σ, or s_i > ω(β) · median(s), with β = min/max of the sides,
 * λ*² = 2(β + 1) + 8β / ((β + 1) + √(β² + 14β + 1)) and ω = λ* / √(median of the Marchenko–Pastur law), exactly.
 *
 * @param singularValues all min(rows, cols) of them, in any order
 * @param shape rows and cols of the matrix
 * @throws {ArgumentError} when the number of values does not fit the shape or one is negative
 * @throws {OptionError} for unknown methods or options
 *
 * Accuracy: ω to 1e-14. Cost: O(n log n).
 * @see [gavish2014]
 *
 * @example
 * ```ts
 * import { chooseRank } from "eigenscope/rmt";
 * const choice = chooseRank([10, 8, 1.1, 1, 0.9, 0.8], { rows: 6, cols: 6 });
 * console.log(choice.rank, choice.factor); // 2 2.8583624241
 * ```
 */
export function chooseRank(
  singularValues: ArrayLike<number>,
  shape: { readonly rows: number; readonly cols: number },
  options: ChooseRankOptions = {},
): RankChoice {
  const caller = "chooseRank";
  requireOptions(options, ["method", "energy", "noise"], caller);
  const method = requireOneOf(options.method ?? "gavish-donoho", ["gavish-donoho", "energy"], "method", caller);
  requireFinite(singularValues, "singularValues", caller);
  const sorted = Float64Array.from(singularValues).sort().reverse();
  const rows = requireInteger(shape?.rows, "shape.rows", caller);
  const cols = requireInteger(shape.cols, "shape.cols", caller);
  if (sorted.length === 0 || sorted.length !== Math.min(rows, cols) || sorted[sorted.length - 1] < 0) {
    throw new ArgumentError({
      function: caller,
      argument: "singularValues",
      expected: `all ${Math.min(rows, cols)} singular values of a ${rows} x ${cols} matrix, >= 0`,
      got: describe(singularValues),
    });
  }
  const shares = cumulativeEnergy(sorted);
  if (method === "energy") {
    if (options.noise !== undefined) throw notFor("noise", "gavish-donoho", caller);
    const wanted = requireNumber(options.energy ?? 0.9, "energy", caller, Number.MIN_VALUE, 1);
    const rank = 1 + shares.findIndex((share) => share >= wanted - ENERGY_SLACK);
    return { rank, threshold: sorted[rank - 1], factor: null, energy: shares[rank - 1], method };
  }
  if (options.energy !== undefined) throw notFor("energy", "energy", caller);
  const long = Math.max(rows, cols);
  const beta = Math.min(rows, cols) / long;
  const known = options.noise === undefined ? null : requirePositive(options.noise, "noise", caller);
  const lambda = optimalThreshold(beta);
  const factor = known === null ? lambda / Math.sqrt(marchenkoPastur({ ratio: beta }).quantile(0.5)) : lambda;
  const threshold = factor * (known === null ? medianOfSorted(sorted) : known * Math.sqrt(long));
  const rank = sorted.findIndex((value) => !(value > threshold));
  const kept = rank < 0 ? sorted.length : rank;
  return { rank: kept, threshold, factor, energy: kept === 0 ? 0 : shares[kept - 1], method };
}

function notFor(option: string, method: string, caller: string): ArgumentError {
  return new ArgumentError({
    function: caller,
    argument: option,
    expected: `absent unless method is "${method}"`,
    got: "a value",
  });
}

/** λ*(β) for known noise. [gavish2014] */
function optimalThreshold(beta: number): number {
  return Math.sqrt(2 * (beta + 1) + (8 * beta) / (beta + 1 + Math.sqrt(beta * beta + 14 * beta + 1)));
}

function cumulativeEnergy(descending: Float64Array): Float64Array {
  const first = descending[0];
  if (first === 0) return new Float64Array(descending.length).fill(1);
  let sum = 0;
  const sums = descending.map((value) => (sum += square(value / first)));
  return sums.map((value) => value / sum);
}
