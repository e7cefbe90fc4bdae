import { ArgumentError, type Matrix, describe, requireFinite, requireMatrix } from "../core/index.js";
import { svd } from "../linalg/index.js";

/** Value and gradient of the spectral penalty. */
export interface SpectralPenalty {
  /** Σ_l ‖W_l‖₂². */
  readonly value: number;
  /** 2 s_1 u_1 v_1ᵀ per matrix; zero for a zero matrix. */
  readonly gradients: readonly Matrix[];
  /** (s_1 − s_2) / s_1 per matrix; 1 with a single singular value, 0 for a zero matrix. */
  readonly relativeGaps: Float64Array;
  /** True per matrix when the gap is below 1e-8: the penalty has a kink there and the gradient is one subgradient. */
  readonly gapTooSmall: readonly boolean[];
}

/** Below this relative gap the top singular pair, and with it the gradient, is not determined by the data. */
const SMALL_GAP = 1e-8;

/**
 * Computes the spectral regulariser R = Σ ‖W_l‖₂² and its gradient.
 *
 * Relation: ∂R/∂W_l = 2 s_1 u_1 v_1ᵀ where the largest singular value is simple; otherwise a subgradient, flagged.
 *
 * @param weights matrices of any shapes, at least one
 * @throws {ArgumentError} when the list is empty
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: value to a few ε; gradient to ε divided by the relative gap. Cost: one SVD with vectors per matrix.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { spectralPenalty } from "eigenscope/spectra";
 * const { value, gradients } = spectralPenalty([fromRows([[2, 0], [0, 1]])]);
 * console.log(value, gradients[0]?.data[0]); // 4 4
 * ```
 */
export function spectralPenalty(weights: readonly Matrix[]): SpectralPenalty {
  const caller = "spectralPenalty";
  if (!Array.isArray(weights) || weights.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "weights",
      expected: "a list of at least one matrix",
      got: describe(weights),
    });
  }
  let value = 0;
  const gradients: Matrix[] = [];
  const relativeGaps = new Float64Array(weights.length);
  weights.forEach((W: Matrix, index) => {
    requireMatrix(W, `weights[${index}]`, caller);
    requireFinite(W.data, `weights[${index}]`, caller);
    const { rows, cols } = W;
    const gradient = new Float64Array(rows * cols);
    gradients.push({ rows, cols, data: gradient });
    if (rows * cols === 0) return;
    const { u, v, singularValues } = svd(W, { vectors: "thin" });
    const first = singularValues[0];
    if (first === 0 || u === null || v === null) return;
    value += first * first;
    relativeGaps[index] = singularValues.length < 2 ? 1 : (first - singularValues[1]) / first;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) gradient[i * cols + j] = 2 * first * u.data[i * u.cols] * v.data[j * v.cols];
    }
  });
  return { value, gradients, relativeGaps, gapTooSmall: Array.from(relativeGaps, (gap) => gap < SMALL_GAP) };
}
