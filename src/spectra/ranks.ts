import {
  type Tagged,
  defined,
  requireOneOf,
  requireOptions,
  undefinedBecause,
  pow,
  log,
  exp,
  square,
} from "../core/index.js";
import { type MatrixOrSingularValues, singularValuesOf } from "./values.js";

/** Options of effectiveRank and participationRatio. */
export interface RankMeasureOptions {
  /**
   * What is normalised to a probability: singular values s ("singular-values", as Roy and Vetterli) or their squares
   * ("energy", the eigenvalues of the Gram matrix). The literature uses both under one name.
   */
  readonly weights?: "singular-values" | "energy";
}

const ZERO_MATRIX = "zero matrix";

/** Σ s^q relative to s_1^q: the division comes before the power, so that 1e±160 neither over- nor underflows. */
function relativePowerSum(values: Float64Array, power: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += pow(values[i] / values[0], power);
  return sum;
}

/** exp of the entropy of p_i = s_i^q / Σ s^q, with 0 ln 0 = 0. */
export function entropyRank(values: Float64Array, power: number): number {
  const total = relativePowerSum(values, power);
  let entropy = 0;
  for (let i = 0; i < values.length; i++) {
    const p = pow(values[i] / values[0], power) / total;
    if (p > 0) entropy -= p * log(p);
  }
  return exp(entropy);
}

/** (Σ s^q)² / Σ s^{2q}. */
export function participation(values: Float64Array, power: number): number {
  return square(relativePowerSum(values, power)) / relativePowerSum(values, 2 * power);
}

/**
 * Computes the effective rank: the exponential of the entropy of the normalised singular values.
 *
 * Relation: exp(−Σ p ln p) with p = s / Σ s, or p = s² / Σ s² for weights "energy". Between 1 and the rank; n for n equal values.
 *
 * @param input a matrix, or singular values
 * @returns undefined for a zero matrix
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: a few n ε. Cost: that of the singular values.
 * @see [roy2007]
 *
 * @example
 * ```ts
 * import { effectiveRank } from "eigenscope/spectra";
 * const rank = effectiveRank([2, 2, 2, 0]);
 * console.log(rank.defined && rank.value); // 3.0000000000
 * ```
 */
export function effectiveRank(input: MatrixOrSingularValues, options: RankMeasureOptions = {}): Tagged {
  const values = singularValuesOf(input, "effectiveRank");
  const power = weightPower(options, "effectiveRank", "singular-values");
  return isZero(values) ? undefinedBecause(ZERO_MATRIX) : defined(entropyRank(values, power));
}

/**
 * Computes the stable rank ‖W‖_F² / ‖W‖₂².
 *
 * Relation: 1 <= stable rank <= participation ratio of the energies <= rank. Insensitive to small singular values.
 *
 * @param input a matrix, or singular values
 * @returns undefined for a zero matrix
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: a few n ε. Cost: that of the singular values.
 *
 * @example
 * ```ts
 * import { stableRank } from "eigenscope/spectra";
 * const rank = stableRank([2, 1, 1]);
 * console.log(rank.defined && rank.value); // 1.5
 * ```
 */
export function stableRank(input: MatrixOrSingularValues): Tagged {
  const values = singularValuesOf(input, "stableRank");
  return isZero(values) ? undefinedBecause(ZERO_MATRIX) : defined(relativePowerSum(values, 2));
}

/**
 * Computes the participation ratio (Σ p)² / Σ p² of the energies p = s² (default) or of the singular values.
 *
 * Relation: n for n equal values, 1 for a rank-one matrix; at most effectiveRank with the same weights.
 *
 * @param input a matrix, or singular values
 * @returns undefined for a zero matrix
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: a few n ε. Cost: that of the singular values.
 *
 * @example
 * ```ts
 * import { participationRatio } from "eigenscope/spectra";
 * const ratio = participationRatio([2, 1], { weights: "singular-values" });
 * console.log(ratio.defined && ratio.value); // 1.8
 * ```
 */
export function participationRatio(input: MatrixOrSingularValues, options: RankMeasureOptions = {}): Tagged {
  const values = singularValuesOf(input, "participationRatio");
  const power = weightPower(options, "participationRatio", "energy");
  return isZero(values) ? undefinedBecause(ZERO_MATRIX) : defined(participation(values, power));
}

function isZero(values: Float64Array): boolean {
  return values.length === 0 || values[0] === 0;
}

function weightPower(options: RankMeasureOptions, caller: string, fallback: "singular-values" | "energy"): number {
  requireOptions(options, ["weights"], caller);
  return requireOneOf(options.weights ?? fallback, ["singular-values", "energy"], "weights", caller) === "energy"
    ? 2
    : 1;
}
