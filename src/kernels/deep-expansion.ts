import {
  ArgumentError,
  type Matrix,
  type Tagged,
  defined,
  requireInteger,
  requireNumber,
  requireOptions,
  undefinedBecause,
  log,
  pow,
  cos,
} from "../core/index.js";
import type { ActivationLike } from "../special/index.js";
import { deltaOf } from "./cosine-map.js";
import { directionsOf, requireNonzeroRows, requirePoints } from "./geometry.js";
import { forEachAngle } from "./pairwise.js";
import { type PairKernels, anglesRecursion } from "./recursion.js";

/** Options of {@link deepExpansion}. */
export interface DeepExpansionOptions {
  /** Number of weight matrices, >= 2. */
  readonly depth: number;
  /** Activation a s + b|s| ("relu" by default) or Δ in (0, 1]. */
  readonly activation?: ActivationLike | number;
}

/** The off-diagonal NTK of a deep network at one input angle: exact, expanded, and the constants of the expansion. */
export interface DeepExpansion {
  /** Θ_L(θ₀), by the recursion. */
  readonly exact: number;
  /** Angle θ_{L−1} after all hidden layers. */
  readonly lastAngle: number;
  /** 3π/(8Δθ_{L−1}) − 1/8, the affine law in the inverse angle. */
  readonly affine: number;
  /** The affine law with its next term, −(31/(120c) + 5c/16) θ_{L−1}. */
  readonly refined: number;
  /** Θ_L − 3π/(8Δθ_{L−1}): tends to −1/8 with depth, with error (5.7 … 6.1)/(Δ²L). */
  readonly affineResidual: number;
  /** Θ_L − L/4 − (3/8) ln L: tends to a constant C(Δ, θ₀). */
  readonly constant: number;
  /** ξ = Θ_L − L/4, which grows like (3/8) ln L + C. */
  readonly xi: number;
  /** c = 2Δ/(3π): angles shrink like 1/(c L). */
  readonly rate: number;
  /** Δ, echoed. */
  readonly delta: number;
}

/**
 * Compares the NTK of a deep bias-free network at the edge of chaos with its expansion in the last angle.
 *
 * Relation: with c = 2Δ/(3π), Θ_L = 1/(4cθ_{L−1}) − 1/8 − (31/(120c) + 5c/16) θ_{L−1} + O(θ²), 1/θ_k = c(k + (3/2) ln k + O(1)),
 * Θ_L = L/4 + (3/8) ln L + C(Δ, θ₀) + o(1). The diagonal is exactly L.
 *
 * @param angle   θ₀ between the inputs, in (0, π]
 * @param options depth and activation
 * @throws {ArgumentError} for Δ = 0 (the kernel is linear at every depth), an angle out of range or depth < 2
 *
 * Accuracy: exact to 1e-12 relative at depth 1e6. Cost: O(depth), 0.1 µs per layer.
 * @see [terjek2025]
 *
 * @example
 * ```ts
 * import { deepExpansion } from "eigenscope/kernels";
 * const { affineResidual } = deepExpansion(1, { depth: 10000 });
 * console.log(affineResidual); // -0.1273206
 * ```
 */
export function deepExpansion(angle: number, options: DeepExpansionOptions): DeepExpansion {
  const caller = "deepExpansion";
  requireNumber(angle, "angle", caller, 0, Math.PI);
  requireOptions(options, ["depth", "activation"], caller);
  const depth = requireInteger(options?.depth, "depth", caller, 2);
  const delta = requireNonlinear(options.activation ?? "relu", caller);
  if (angle === 0 || (delta === 1 && angle === Math.PI)) {
    throw new ArgumentError({
      function: caller,
      argument: "angle",
      expected: "between distinct directions (and not antipodal for abs)",
      got: String(angle),
      remedy: "the kernel there is exactly the depth",
    });
  }
  const out: PairKernels = { nngp: 0, ntk: 0 };
  const lastAngle = anglesRecursion(depth, delta, angle, Math.PI - angle, out);
  const rate = (2 * delta) / (3 * Math.PI);
  const leading = 1 / (4 * rate * lastAngle);
  return {
    exact: out.ntk,
    lastAngle,
    affine: leading - 1 / 8,
    refined: leading - 1 / 8 - (31 / (120 * rate) + (5 * rate) / 16) * lastAngle,
    affineResidual: out.ntk - leading,
    constant: out.ntk - depth / 4 - (3 / 8) * log(depth),
    xi: out.ntk - depth / 4,
    rate,
    delta,
  };
}

function requireNonlinear(phi: ActivationLike | number, caller: string): number {
  const delta = deltaOf(phi, caller);
  if (delta === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "activation",
      expected: "nonlinear (Δ > 0)",
      got: "Δ = 0",
      remedy: "the linear network has the kernel L x·y at every depth",
    });
  }
  return delta;
}

/** The affine model of a deep NTK matrix. */
export interface InverseCosineDistance {
  /** W with W_ij = 1/θ_{L−1,ij} off the diagonal and 0 on it. */
  readonly matrix: Matrix;
  /** Factor of W: 3π/(8Δ). */
  readonly slope: number;
  /** Constant off the diagonal: −1/8. */
  readonly offset: number;
  /** The model slope · W + offset (off the diagonal), depth on it: approximates the NTK matrix of unit vectors. */
  readonly model: Matrix;
  /** The exact NTK matrix on the directions of the points. */
  readonly exact: Matrix;
  /** Largest entry of |exact − model|. */
  readonly largestError: number;
  /**
   * Predicted size of largestError: 6.2/(Δ²L) for the affine law itself, and (θ_{L−1}/θ₀)³/(4cθ₀) for the start of the
   * recursion, which is forgotten like the cube of the angle: the second term dominates while L < 1/(Δ θ_min).
   */
  readonly predictedError: number;
  /** True when the second term is the smaller one: the regime of the affine law. */
  readonly reliable: boolean;
}

/**
 * The inverse cosine distance matrix of a deep network and the affine law K ≈ A W + B that its NTK follows.
 *
 * Relation: K = (3π/(8Δ)) W − (1/8) 1 1ᵀ + (L + 1/8) I + E, W_ij = 1/θ_{L−1,ij}, |E_ij| ~ (5.7 … 6.1)/(Δ²L). The points enter by
 * direction only. With sin(θ/2) in the place of θ/2 the same law reads A/dist with dist the cosine distance, A = 3π/(16Δ).
 *
 * @param X       points, one per row; distinct directions
 * @param options depth and activation
 * @throws {ArgumentError} for zero rows, Δ = 0, or directions that coincide (or are antipodal, for abs)
 *
 * Cost: n²/2 recursions of `depth` layers.
 * @see [terjek2025]
 *
 * @example
 * ```ts
 * import { inverseCosineDistance } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * const { largestError, predictedError } = inverseCosineDistance(fromRows([[1, 0], [0, 1], [-1, 0]]), { depth: 2000 });
 * console.log(largestError < predictedError); // true
 * ```
 */
export function inverseCosineDistance(X: Matrix, options: DeepExpansionOptions): InverseCosineDistance {
  const caller = "inverseCosineDistance";
  requireOptions(options, ["depth", "activation"], caller);
  const depth = requireInteger(options?.depth, "depth", caller, 2);
  const delta = requireNonlinear(options.activation ?? "relu", caller);
  const points = directionsOf(requirePoints(X, "X", caller));
  requireNonzeroRows(points.norms, "X", caller);
  const n = X.rows;
  const W = new Float64Array(n * n);
  const model = new Float64Array(n * n);
  const exact = new Float64Array(n * n);
  const slope = (3 * Math.PI) / (8 * delta);
  const out: PairKernels = { nngp: 0, ntk: 0 };
  let largestError = 0;
  let transient = 0;
  const rate = (2 * delta) / (3 * Math.PI);
  forEachAngle(points, points, true, (i, j, theta, supplement) => {
    if (i === j) {
      model[i * n + i] = depth;
      exact[i * n + i] = depth;
      return;
    }
    const last = anglesRecursion(depth, delta, theta, supplement, out);
    if (last === 0) {
      throw new ArgumentError({
        function: caller,
        argument: "X",
        expected: "of distinct directions (for abs: also not antipodal)",
        got: `coincident images of rows ${i} and ${j}`,
        remedy: "remove one of the rows; the NTK matrix is exactly singular there",
      });
    }
    const start = delta === 1 ? Math.min(theta, supplement) : theta;
    transient = Math.max(transient, pow(last / start, 3) / (4 * rate * start));
    const value = slope / last - 1 / 8;
    largestError = Math.max(largestError, Math.abs(out.ntk - value));
    for (const at of [i * n + j, j * n + i]) {
      W[at] = 1 / last;
      model[at] = value;
      exact[at] = out.ntk;
    }
  });
  const square = (data: Float64Array): Matrix => ({ rows: n, cols: n, data });
  return {
    matrix: square(W),
    slope,
    offset: -1 / 8,
    model: square(model),
    exact: square(exact),
    largestError,
    predictedError: 6.2 / (delta * delta * depth) + transient,
    reliable: transient < 6.2 / (delta * delta * depth),
  };
}

/** Extreme eigenvalues of K/n as the depth grows. */
export interface DeepSpectrumPrediction {
  /** Leading smallest eigenvalue 3L/(4n). */
  readonly smallest: number;
  /** Leading largest eigenvalue L/4 + 3L/(4n). */
  readonly largest: number;
  /** Limit of the condition number, 1 + n/3. */
  readonly conditionLimit: number;
  /** 1 + n/3 + (16/9) n ξ/L with the given ξ, or the reason why no ξ was given. */
  readonly condition: Tagged;
  /**
   * Exact values for equicorrelated points at the given angle, or the reason why there are none: no angle, or points so close that
   * L − T is below max(1e-13, n ε) of the largest eigenvalue and the condition number unresolved.
   */
  readonly equicorrelated: Tagged<{ readonly smallest: number; readonly largest: number; readonly condition: number }>;
}

/** Options of {@link deepSpectrum}. */
export interface DeepSpectrumOptions extends DeepExpansionOptions {
  /** Number of points, >= 1. */
  readonly points: number;
  /** Common angle of equicorrelated points, for their exact eigenvalues and for ξ. */
  readonly angle?: number;
}

/**
 * Predicts the extreme eigenvalues of the NTK matrix K/n of a deep network, beside the exact ones of equicorrelated points.
 *
 * Relation: λ_min ~ 3L/(4n), λ_max ~ L/4 + 3L/(4n), κ = 1 + n/3 + (16/9) n ξ/L + …, ξ = Θ_L − L/4; equicorrelated points have
 * λ_max = (L + (n − 1)T)/n, λ_min = (L − T)/n (n − 1 times), T = Θ_L(angle).
 *
 * @throws {ArgumentError} as {@link deepExpansion}, and for angles that n points cannot share: cos angle < −1/(n − 1)
 * @see [terjek2025]
 *
 * @example
 * ```ts
 * import { deepSpectrum } from "eigenscope/kernels";
 * const { equicorrelated, conditionLimit } = deepSpectrum({ depth: 1000, points: 100, angle: Math.PI / 2 });
 * console.log(equicorrelated.defined && equicorrelated.value.condition, conditionLimit); // 34.9214 34.3333
 * ```
 */
export function deepSpectrum(options: DeepSpectrumOptions): DeepSpectrumPrediction {
  const caller = "deepSpectrum";
  requireOptions(options, ["depth", "activation", "points", "angle"], caller);
  const depth = requireInteger(options?.depth, "depth", caller, 2);
  const n = requireInteger(options.points, "points", caller, 1);
  const phi = options.activation ?? "relu";
  requireNonlinear(phi, caller);
  // A single point has the one eigenvalue L.
  const base = {
    smallest: n === 1 ? depth : (3 * depth) / (4 * n),
    largest: depth / 4 + (3 * depth) / (4 * n),
    conditionLimit: n === 1 ? 1 : 1 + n / 3,
  };
  const { angle } = options;
  if (angle === undefined) {
    const reason = "no angle was given";
    return { ...base, condition: undefinedBecause(reason), equicorrelated: undefinedBecause(reason) };
  }
  if (n > 1 && cos(angle) < -1 / (n - 1) - 1e-12) {
    throw new ArgumentError({
      function: caller,
      argument: "angle",
      expected: `with cos(angle) >= −1/(n − 1) = ${-1 / (n - 1)}, for ${n} equicorrelated points to exist`,
      got: String(angle),
    });
  }
  const { exact: T, xi } = deepExpansion(angle, { depth, activation: phi });
  const smallest = n === 1 ? depth : (depth - T) / n;
  const largest = (depth + (n - 1) * T) / n;
  return {
    ...base,
    condition: defined(n === 1 ? 1 : 1 + n / 3 + ((16 / 9) * n * xi) / depth),
    equicorrelated:
      smallest < Math.max(1e-13, n * Number.EPSILON) * largest
        ? undefinedBecause(
            `unresolved: the smallest eigenvalue ${smallest.toExponential(2)} is the noise of double precision beside ${largest.toExponential(2)}`,
          )
        : defined({ smallest, largest, condition: largest / smallest }),
  };
}
