import { type Matrix, requireNumber, requireOptions, square } from "../core/index.js";
import { svd } from "../linalg/index.js";
import type { Network, ParameterBlock } from "./network.js";
import type { Penalty } from "./network.js";

/** Options of the penalties. */
export interface PenaltyOptions {
  /** Factor μ >= 0 of the term. */
  readonly coefficient: number;
}

/**
 * The term (μ/2)‖θ‖² over all parameters.
 *
 * Relation: gradient μ θ, Hessian μ I: every eigenvalue of the Hessian rises by μ.
 *
 * @throws {ArgumentError} when the coefficient is negative
 *
 * @example
 * ```ts
 * import { lossValue, mlp, squaredNormPenalty } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1], bias: false, penalties: [squaredNormPenalty({ coefficient: 0.5 })] });
 * console.log(lossValue(net, Float64Array.of(2), { inputs: [[1]], targets: [[2]] })); // 1
 * ```
 */
export function squaredNormPenalty(options: PenaltyOptions): Penalty {
  requireOptions(options, ["coefficient"], "squaredNormPenalty", "required");
  const mu = requireNumber(options.coefficient, "coefficient", "squaredNormPenalty", 0);
  return {
    name: `squared norm (${mu})`,
    value: (_, params) => (mu / 2) * params.reduce((sum, value) => sum + value * value, 0),
    addGradient(_, params, out) {
      for (let i = 0; i < out.length; i++) out[i] += mu * params[i];
    },
    addHessianProduct(_, __, direction, out) {
      for (let i = 0; i < out.length; i++) out[i] += mu * direction[i];
    },
  };
}

/** Relative gap of the two largest singular values below which the top pair is not determined. */
const GAP = 1e-8;

/**
 * The term μ Σ_l ‖W_l‖₂² over the weight matrices that act (spectral norms squared).
 *
 * Relation: gradient 2 μ s₁ u₁ v₁ᵀ of each layer; the Hessian follows from second-order perturbation of the top singular pair. Where the
 * top singular value is not simple (relative gap below 1e-8) the gradient is the subgradient of the computed pair, and the part of the
 * Hessian that would divide by the gap is left out.
 *
 * @throws {ArgumentError} when the coefficient is negative
 *
 * Cost: one SVD per layer and parameter vector.
 *
 * @example
 * ```ts
 * import { gradient, mlp, spectralPenalty } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 2], bias: false, penalties: [spectralPenalty({ coefficient: 1 })] });
 * const zero = { inputs: [[0, 0]], targets: [[0, 0]] };
 * console.log(gradient(net, Float64Array.of(3, 0, 0, 1), zero).join(" ")); // 6 0 0 0
 * ```
 */
export function spectralPenalty(options: PenaltyOptions): Penalty {
  requireOptions(options, ["coefficient"], "spectralPenalty", "required");
  const mu = requireNumber(options.coefficient, "coefficient", "spectralPenalty", 0);
  const factor = createFactorCache();
  const forEachWeight = (net: Network, visit: (block: ParameterBlock, weight: number) => void): void => {
    for (const block of net.blocks)
      if (block.role === "weight") visit(block, mu * (block.effectiveScale * block.effectiveScale));
  };
  return {
    name: `spectral (${mu})`,
    value(net, params) {
      let sum = 0;
      forEachWeight(net, (block, weight) => (sum += weight * square(factor(block, params).singularValues[0] ?? 0)));
      return sum;
    },
    addGradient(net, params, out) {
      forEachWeight(net, (block, weight) => {
        const { u, v, singularValues } = factor(block, params);
        const top = 2 * weight * singularValues[0];
        for (let i = 0; i < u.rows; i++) {
          for (let j = 0; j < v.rows; j++)
            out[block.offset + i * v.rows + j] += top * u.data[i * u.cols] * v.data[j * v.cols];
        }
      });
    },
    addHessianProduct(net, params, direction, out) {
      forEachWeight(net, (block, weight) =>
        addSpectralHessian(factor(block, params), block, weight, params, direction, out),
      );
    },
  };
}

interface Factors {
  readonly rows: number;
  readonly cols: number;
  readonly u: Matrix;
  readonly singularValues: Float64Array;
  readonly v: Matrix;
}

function factorize(W: Float64Array, rows: number): Factors {
  const cols = W.length / rows;
  return { rows, cols, ...svd({ rows, cols, data: W }, { vectors: "thin" }) };
}

/** Keeps the SVD of each block until its entries change: products at one parameter vector share it. */
function createFactorCache(): (block: ParameterBlock, params: Float64Array) => Factors {
  const kept = new Map<string, { entries: Float64Array; factors: Factors }>();
  return (block, params) => {
    const now = params.subarray(block.offset, block.offset + block.length);
    const found = kept.get(block.name);
    if (
      found !== undefined &&
      found.entries.length === now.length &&
      found.entries.every((value, i) => value === now[i])
    ) {
      return found.factors;
    }
    const entries = now.slice();
    const factors = factorize(entries, block.shape[0]);
    kept.set(block.name, { entries, factors });
    return factors;
  };
}

/**
 * Derivative of 2 W v₁ v₁ᵀ along V: 2 (V v₁ v₁ᵀ + W v̇ v₁ᵀ + W v₁ v̇ᵀ) with v̇ = Σ_{j>1} v_j (v_jᵀ Ȧ v₁)/(s₁² − s_j²), Ȧ = WᵀV + VᵀW, and the
 * part of Ȧ v₁ outside the row space divided by s₁².
 */
function addSpectralHessian(
  factors: Factors,
  block: ParameterBlock,
  weight: number,
  params: Float64Array,
  direction: Float64Array,
  out: Float64Array,
): void {
  const { rows, cols, u, v, singularValues } = factors;
  const s1 = singularValues[0];
  if (!(s1 > 0)) return;
  const W = params.subarray(block.offset, block.offset + block.length);
  const V = direction.subarray(block.offset, block.offset + block.length);
  const v1 = Float64Array.from({ length: cols }, (_, j) => v.data[j * v.cols]);
  const u1 = Float64Array.from({ length: rows }, (_, i) => u.data[i * u.cols]);
  const Vv1 = apply(V, rows, cols, v1);
  const change = applyTransposed(W, rows, cols, Vv1); // Ȧ v₁ = Wᵀ(V v₁) + Vᵀ(W v₁)
  const second = applyTransposed(V, rows, cols, u1);
  for (let j = 0; j < cols; j++) change[j] += s1 * second[j];
  const vDot = new Float64Array(cols);
  const outside = change.slice();
  for (let k = 0; k < v.cols; k++) {
    let along = 0;
    for (let j = 0; j < cols; j++) along += v.data[j * v.cols + k] * change[j];
    for (let j = 0; j < cols; j++) outside[j] -= along * v.data[j * v.cols + k];
    const sk = singularValues[k];
    if (k === 0 || s1 - sk < GAP * s1) continue;
    for (let j = 0; j < cols; j++) vDot[j] += (along / ((s1 - sk) * (s1 + sk))) * v.data[j * v.cols + k];
  }
  for (let j = 0; j < cols; j++) vDot[j] += outside[j] / (s1 * s1);
  const WvDot = apply(W, rows, cols, vDot);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      out[block.offset + i * cols + j] += 2 * weight * ((Vv1[i] + WvDot[i]) * v1[j] + s1 * u1[i] * vDot[j]);
    }
  }
}

function apply(A: Float64Array, rows: number, cols: number, x: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i] += A[i * cols + j] * x[j];
  return out;
}

function applyTransposed(A: Float64Array, rows: number, cols: number, x: Float64Array): Float64Array {
  const out = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j] += A[i * cols + j] * x[i];
  return out;
}
