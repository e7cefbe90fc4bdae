import type { Matrix } from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { oddExtension } from "./activation.js";
import { type DiagonalProblem, type DiagonalState, requireState } from "./diagonal-problem.js";
import { type LocalSteps, stepsFromEigenvalues } from "./local-steps.js";

/**
 * Computes the kernel of the diagonal flow: how fast each direction of h moves.
 *
 * Relation: ḣ = 𝒦 Bᵀ(y − B h)/N with 𝒦 = diag(Σ_k α_k² γ′(w_k)² (u_k² + v_k²)) + [α trained] Σ_k γ(w_k) γ(w_k)ᵀ,
 * symmetric positive semi-definite.
 *
 * @param problem from `diagonalProblem`
 * @param state where to evaluate
 * @returns 𝒦, d x d
 * @throws {ShapeError} when state and problem do not fit
 */
export function diagonalKernel(problem: DiagonalProblem, state: DiagonalState): Matrix {
  requireState(problem, state, "diagonalKernel");
  const { activation: gamma, alphaTrainable } = problem;
  const d = problem.coefficients.cols;
  const data = new Float64Array(d * d);
  const image = new Float64Array(d);
  for (let k = 0; k < state.alpha.length; k++) {
    for (let i = 0; i < d; i++) {
      const u = state.u.data[k * d + i];
      const v = state.v.data[k * d + i];
      const slope = state.alpha[k] * gamma.derivative(Math.abs(u * v));
      data[i * d + i] += slope * slope * (u * u + v * v);
      image[i] = oddExtension(gamma, u * v);
    }
    if (!alphaTrainable) continue;
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) data[i * d + j] += image[i] * image[j];
  }
  return { rows: d, cols: d, data };
}

/**
 * Computes local step sizes and rates in diagonal coordinates.
 *
 * Relation: the eigenvalues are those of 𝒦 M / N on the range of M = BᵀB, computed from the symmetric B 𝒦 Bᵀ / N. Along
 * the flow the loss lies between L(0) exp(−2 ∫ λ_max) and L(0) exp(−2 ∫ λ_min); its asymptotic rate is exactly 2 λ_min
 * at the limit. Of perturbations within the diagonal coordinates: `localSteps` sees the same numbers in matrix form.
 *
 * @param problem from `diagonalProblem`
 * @param state where to evaluate, normally the limit
 * @throws {ShapeError} when state and problem do not fit
 *
 * Accuracy: m ε λ_max. Cost: m d² + m³ flops.
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalProblem, diagonalState, diagonalSteps } from "eigenscope/sensing";
 * const problem = diagonalProblem(identity(1), Float64Array.of(4), { activation: "identity", alphaTrainable: false });
 * console.log(diagonalSteps(problem, diagonalState(1, [1], 2)).criticalStep); // 0.25
 * ```
 */
export function diagonalSteps(problem: DiagonalProblem, state: DiagonalState): LocalSteps {
  const kernel = diagonalKernel(problem, state);
  const { coefficients: B } = problem;
  const m = B.rows;
  const d = B.cols;
  const N = problem.normalisation === "mean" ? Math.max(1, m) : 1;
  const half = new Float64Array(m * d); // B 𝒦
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < d; l++) {
      const b = B.data[i * d + l];
      for (let j = 0; j < d; j++) half[i * d + j] += b * kernel.data[l * d + j];
    }
  }
  const data = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = i; j < m; j++) {
      let sum = 0;
      for (let l = 0; l < d; l++) sum += half[i * d + l] * B.data[j * d + l];
      data[i * m + j] = data[j * m + i] = sum / N;
    }
  }
  return stepsFromEigenvalues(eigh({ rows: m, cols: m, data }, { vectors: false }).values);
}
