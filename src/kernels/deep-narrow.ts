import {
  type Matrix,
  ShapeError,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  sin,
  pow,
} from "../core/index.js";
import { arcCosineProfile } from "./arc-cosine.js";
import { angleOf } from "./cosine-map.js";
import { requirePoints, requireSameDimension, sumAndDifference } from "./geometry.js";
import type { Kernel } from "./types.js";

/** Options of {@link deepNarrowNtk}. */
export interface DeepNarrowOptions {
  /** Input dimension d_in. */
  readonly dimension: number;
  /** Scale σ of the random weights (variance σ²/d_in), 1 by default. */
  readonly weightScale?: number;
  /** Scale β of the random biases (variance (C_L β)²), 1 by default. */
  readonly biasScale?: number;
}

/** The limit kernel of deep narrow networks. */
export interface DeepNarrowKernel extends Kernel {
  /** Θ^L = depthFactor(L, C) · kernel: depth only multiplies, so it cancels in every condition number. */
  depthFactor(depth: number, passScale: number): number;
  /**
   * Coefficient of (1 − t)^{3/2} at t = 1 on the unit sphere: eigenvalues decay like this times the Funk–Hecke coefficient
   * of (1 − t)^{3/2}, that is like k^{−(d + 2)} (doubled on even degrees, absent on odd ones >= 3, when biasScale = 0).
   */
  readonly singularCoefficient: number;
}

/**
 * The scaled NTK of the deep narrow networks of Lee, Choi, Ryu and No: width d_in + 2, identity pass-through, one random unit
 * per layer, one output.
 *
 * Relation: Θ^L/(L C_L²) → K(x, y) = x·y + 1 + E[g(x)₊ g(y)₊] with g a Gaussian process of covariance σ² x·y/d + β². On the
 * unit sphere k(t) = t + 1 + (v/2) κ₁(ϱ), v = σ²/d + β², ϱ = (σ² t/d + β²)/v. The limit holds for inputs with nonnegative
 * coordinates (ReLU must pass them through); the kernel itself is positive semidefinite everywhere.
 * Its eigenvalues decay faster than those of wide networks, by k^{−2}, at any depth.
 *
 * @param options input dimension and the two scales
 * @throws {ArgumentError} for a dimension < 1 or σ <= 0
 *
 * Accuracy: about 4 ε relative. Cost: as one layer of {@link ntk}.
 * @see [lee2022]
 *
 * @example
 * ```ts
 * import { deepNarrowNtk } from "eigenscope/kernels";
 * const kernel = deepNarrowNtk({ dimension: 3, weightScale: 1, biasScale: 1 });
 * console.log(kernel.profile(0)); // 2.6666666666667
 * ```
 */
export function deepNarrowNtk(options: DeepNarrowOptions): DeepNarrowKernel {
  const caller = "deepNarrowNtk";
  requireOptions(options, ["dimension", "weightScale", "biasScale"], caller);
  const d = requireInteger(options?.dimension, "dimension", caller, 1);
  const sigma = requirePositive(options.weightScale ?? 1, "weightScale", caller);
  const beta = requireNumber(options.biasScale ?? 1, "biasScale", caller, 0);
  const gain = (sigma * sigma) / d;
  const bias = beta * beta;
  /** Value from |x|², |y|², |x − y|², |x + y|²: the angle of g(x), g(y) without cancellation, as in the NTK recursion. */
  const value = (xx: number, yy: number, minus: number, plus: number): number => {
    const v1 = gain * xx + bias;
    const v2 = gain * yy + bias;
    const S = Math.sqrt(v1) * Math.sqrt(v2);
    const product = (plus - minus) / 4;
    if (S === 0) return product + 1;
    const h = (gain * (xx - yy)) / (Math.sqrt(v1) + Math.sqrt(v2));
    const below = Math.max(0, (gain * minus) / 2 - (h * h) / 2);
    const above = Math.max(0, (gain * plus) / 2 + 2 * bias - (h * h) / 2);
    return product + 1 + (S / 2) * arcCosineProfile(1, angleOf(below, above), angleOf(above, below));
  };
  const requireDimension = (X: Matrix, argument: string, method: string): Float64Array => {
    const where = `${caller}.${method}`;
    requirePoints(X, argument, where);
    if (X.cols !== d) {
      throw new ShapeError({
        function: where,
        argument,
        expected: `of ${d} columns (option dimension)`,
        got: `${X.rows} x ${X.cols}`,
      });
    }
    const squares = new Float64Array(X.rows);
    for (let i = 0; i < X.rows; i++) for (let j = i * d; j < (i + 1) * d; j++) squares[i] += X.data[j] * X.data[j];
    return squares;
  };
  const fill = (X: Matrix, Y: Matrix, xx: Float64Array, yy: Float64Array, symmetric: boolean): Matrix => {
    const data = new Float64Array(X.rows * Y.rows);
    const parts = new Float64Array(2);
    for (let i = 0; i < X.rows; i++) {
      for (let j = symmetric ? i : 0; j < Y.rows; j++) {
        sumAndDifference(X.data, i, Y.data, j, d, parts);
        const entry = value(xx[i], yy[j], parts[0], parts[1]);
        data[i * Y.rows + j] = entry;
        if (symmetric) data[j * Y.rows + i] = entry;
      }
    }
    return { rows: X.rows, cols: Y.rows, data };
  };
  const v = gain + bias;
  return {
    name: `deep narrow NTK, σ = ${sigma}, β = ${beta}`,
    conventions: {
      kind: "deep-narrow",
      depth: null,
      activation: "relu",
      linearAbsolute: { linear: 0.5, absolute: 0.5 },
      weightVariance: sigma * sigma,
      biasVariance: bias,
      inputScaling: "fan-in",
      profileNorm: "1",
      parameterisation: "standard",
      normalised: true,
      architecture: null,
      homogeneous: false,
    },
    gram(X) {
      const xx = requireDimension(X, "X", "gram");
      return fill(X, X, xx, xx, true);
    },
    cross(X, Y) {
      const xx = requireDimension(X, "X", "cross");
      const yy = requireDimension(Y, "Y", "cross");
      requireSameDimension(X, Y, `${caller}.cross`);
      return fill(X, Y, xx, yy, false);
    },
    diagonal: (X) => requireDimension(X, "X", "diagonal").map((xx) => value(xx, xx, 0, 4 * xx)),
    profile(theta, supplement) {
      requireNumber(theta, "theta", `${caller}.profile`, 0, Math.PI);
      const minus = sin(theta / 2);
      const plus = sin((supplement ?? Math.PI - theta) / 2);
      return value(1, 1, 4 * minus * minus, 4 * plus * plus);
    },
    depthFactor(depth, passScale) {
      requireInteger(depth, "depth", `${caller}.depthFactor`, 1);
      requireNumber(passScale, "passScale", `${caller}.depthFactor`);
      return depth * passScale * passScale;
    },
    singularCoefficient: (v / 2) * ((2 * Math.SQRT2) / (3 * Math.PI)) * pow(gain / v, 1.5),
  };
}
