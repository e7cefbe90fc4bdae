import {
  ArgumentError,
  type Matrix,
  norm,
  requireFinite,
  requireMatrix,
  requireOptions,
  requirePositive,
  requireVector,
} from "../core/index.js";
import { bbpRectangular } from "./bbp.js";

/** Options of rowEnergySpike. */
export interface RowEnergyOptions {
  /** Variance of the entries of the noise; default 1. */
  readonly variance?: number;
}

/** A spike whose left vector is known, with what it does to the spectrum. */
export interface RowEnergySpike {
  /** ‖ûᵀW‖² with û the unit direction. */
  readonly rowEnergy: number;
  /** Planted singular value, in the units of W; 0 when the row carries no more energy than noise. */
  readonly strength: number;
  /** Standard error of the strength from the noise in the row; Infinity when the strength is 0. */
  readonly standardError: number;
  /** Predicted largest singular value of W: the outlier, or the edge when the spike is too weak. */
  readonly location: number;
  /** Edge √(variance) (√rows + √cols) of the bulk. */
  readonly edge: number;
  /** Strength above which an outlier appears: √(variance) (rows · cols)^{1/4}. */
  readonly threshold: number;
  /** Whether the strength exceeds it. */
  readonly detectable: boolean;
  /** Predicted squared cosine of the leading left singular vector with the direction. */
  readonly leftOverlap: number;
  /** Predicted squared cosine of the leading right singular vector with the planted one. */
  readonly rightOverlap: number;
}

/**
 * Predicts the outlier of noise plus one rank-one part whose left vector is known, from the energy of one row.
 *
 * Relation: for W = θ û wᵀ + G with independent entries of variance σ² in G, ‖ûᵀW‖² = θ² + σ² cols + O(θ σ + σ² √cols), so
 * θ² is what the row ûᵀW has beyond σ² cols; the outlier then follows from bbpRectangular. After a large gradient step on a
 * two-layer network with output weights v, û = v/‖v‖. Unlike the norm of the step, this stays right when the step is not
 * independent of the weights it is added to (it contains −v vᵀW₀ when v is not small).
 *
 * @param W rows x cols
 * @param direction rows numbers, not all zero; normalised here
 * @throws {ShapeError} when the direction does not have one entry per row
 * @throws {ArgumentError} when the direction is zero or the variance is not positive
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: standardError, about σ √((2 σ² cols/θ² + 4)) / 2; near the threshold the limit is approached like cols^{−1/3}.
 * Cost: one product of W with a vector.
 * @see [benaych2012]
 *
 * @example
 * ```ts
 * import { createRng, normalMatrix } from "eigenscope/random";
 * import { rowEnergySpike } from "eigenscope/rmt";
 * import { svd } from "eigenscope/linalg";
 * const W = normalMatrix(createRng(4), 60, 30);
 * for (let j = 0; j < 30; j++) W.data[j] += 3; // a spike of strength 3 √30 = 16.4 along the first row
 * const first = new Float64Array(60);
 * first[0] = 1;
 * const { location, detectable } = rowEnergySpike(W, first);
 * console.log(detectable, Math.abs(svd(W, { vectors: "none" }).singularValues[0] / location - 1) < 0.05); // true true
 * ```
 */
export function rowEnergySpike(W: Matrix, direction: Float64Array, options: RowEnergyOptions = {}): RowEnergySpike {
  const caller = "rowEnergySpike";
  requireMatrix(W, "W", caller);
  requireFinite(W.data, "W", caller);
  requireOptions(options, ["variance"], caller);
  const variance = requirePositive(options.variance ?? 1, "variance", caller);
  const { rows, cols } = W;
  requireVector(direction, rows, "direction", caller);
  requireFinite(direction, "direction", caller);
  const length = norm(direction);
  if (!(length > 0))
    throw new ArgumentError({ function: caller, argument: "direction", expected: "not zero", got: "a zero vector" });
  const row = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    const share = direction[i] / length;
    for (let j = 0; j < cols; j++) row[j] += share * W.data[i * cols + j];
  }
  let rowEnergy = 0;
  for (let j = 0; j < cols; j++) rowEnergy += row[j] * row[j];
  const long = Math.max(rows, cols);
  const strength = Math.sqrt(Math.max(0, rowEnergy - variance * cols));
  const deviation = Math.sqrt(variance);
  const scale = deviation * Math.sqrt(long);
  const ratio = Math.min(rows, cols) / long;
  const { location, shortOverlap, longOverlap, detectable, threshold } = bbpRectangular(strength / scale, { ratio });
  const tall = rows >= cols;
  return {
    rowEnergy,
    strength,
    // Var ‖ûᵀW‖² = 2 σ⁴ cols + 4 σ² θ², and d(θ²) = 2 θ dθ.
    standardError:
      strength > 0
        ? Math.sqrt(2 * variance * variance * cols + 4 * variance * strength * strength) / (2 * strength)
        : Infinity,
    location: scale * location,
    edge: deviation * (Math.sqrt(rows) + Math.sqrt(cols)),
    threshold: scale * threshold,
    detectable,
    leftOverlap: tall ? longOverlap : shortOverlap,
    rightOverlap: tall ? shortOverlap : longOverlap,
  };
}
