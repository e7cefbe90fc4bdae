import { type Matrix, requireNumber, requireOneOf, requireOptions, pow, sin, cos } from "../core/index.js";
import { sineMinusAngleCosine } from "./cosine-map.js";
import { directionsOf, requireNonzeroRows, requirePoints, requireSameDimension } from "./geometry.js";
import { forEachAngle } from "./pairwise.js";
import type { Kernel } from "./types.js";

/** Options of {@link arcCosine}. */
export interface ArcCosineOptions {
  /**
   * true (default): |x|ⁿ|y|ⁿ κ_n(θ) with κ_n(0) = 1; false: the kernel 2 E (w·x)₊ⁿ (w·y)₊ⁿ itself, whose value on unit
   * vectors is (2n − 1)!!, that is 1, 1, 3.
   */
  readonly normalised?: boolean;
  /** What to do with zero rows: "error" (default), or "zero", the limit for order >= 1 and angle π/2 for order 0. */
  readonly zeroVectors?: "error" | "zero";
}

/**
 * The arc-cosine kernel of order 0, 1 or 2, in angle form.
 *
 * Relation: K(x, y) = |x|ⁿ |y|ⁿ κ_n(θ); unnormalised, K(x, y) = 2 E (w·x)₊ⁿ (w·y)₊ⁿ for a standard normal w.
 * Order 1 is the NNGP kernel of one ReLU layer, order 0 that of its derivative.
 *
 * @param order   0, 1 or 2
 * @param options normalisation and treatment of zero vectors
 * @throws {OptionError} for another order or an unknown option
 *
 * Accuracy: profile to 2e-15 relative on all of [0, π], including 1e-12 and (with its supplement given) π − 1e-12.
 * Cost: n²/2 inner products and one sine and cosine each.
 * @see [cho2009]
 *
 * @example
 * ```ts
 * import { arcCosine } from "eigenscope/kernels";
 * const kappa = arcCosine(1);
 * console.log(kappa.profile(0), kappa.profile(Math.PI / 2)); // 1 0.318309886183
 * ```
 */
export function arcCosine(order: 0 | 1 | 2, options: ArcCosineOptions = {}): Kernel {
  requireOneOf(order, [0, 1, 2], "order", "arcCosine");
  requireOptions(options, ["normalised", "zeroVectors"], "arcCosine");
  const normalised =
    requireOneOf(String(options.normalised ?? true), ["true", "false"], "normalised", "arcCosine") === "true";
  const zeroVectors = requireOneOf(options.zeroVectors ?? "error", ["error", "zero"], "zeroVectors", "arcCosine");
  const scale = normalised ? 1 : [1, 1, 3][order];
  const prepare = (X: Matrix, argument: string, caller: string): ReturnType<typeof directionsOf> => {
    const directions = directionsOf(requirePoints(X, argument, caller));
    if (zeroVectors === "error") requireNonzeroRows(directions.norms, argument, caller);
    return directions;
  };
  const value = (theta: number, supplement: number): number => scale * arcCosineProfile(order, theta, supplement);
  return {
    name: `arc-cosine of order ${order}`,
    conventions: {
      kind: "arc-cosine",
      depth: null,
      activation: ["step", "relu", "relu^2"][order],
      linearAbsolute: order === 1 ? { linear: 0.5, absolute: 0.5 } : null,
      weightVariance: null,
      biasVariance: null,
      inputScaling: "unit",
      profileNorm: "1",
      parameterisation: null,
      normalised,
      architecture: null,
      homogeneous: order === 1,
    },
    gram(X) {
      const points = prepare(X, "X", "arcCosine.gram");
      const n = X.rows;
      const data = new Float64Array(n * n);
      forEachAngle(points, points, true, (i, j, theta, supplement) => {
        const k = value(theta, supplement) * pow(points.norms[i] * points.norms[j], order);
        data[i * n + j] = k;
        data[j * n + i] = k;
      });
      return { rows: n, cols: n, data };
    },
    cross(X, Y) {
      const a = prepare(X, "X", "arcCosine.cross");
      const b = prepare(Y, "Y", "arcCosine.cross");
      requireSameDimension(X, Y, "arcCosine.cross");
      const data = new Float64Array(X.rows * Y.rows);
      forEachAngle(a, b, false, (i, j, theta, supplement) => {
        data[i * Y.rows + j] = value(theta, supplement) * pow(a.norms[i] * b.norms[j], order);
      });
      return { rows: X.rows, cols: Y.rows, data };
    },
    diagonal(X) {
      const { norms } = prepare(X, "X", "arcCosine.diagonal");
      return norms.map((norm) => scale * pow(norm, 2 * order));
    },
    profile(theta, supplement) {
      requireNumber(theta, "theta", "arcCosine.profile", 0, Math.PI);
      return value(theta, supplement ?? Math.PI - theta);
    },
  };
}

/**
 * The function κ_n of an angle, normalised to κ_n(0) = 1.
 *
 * Relation: κ₀ = (π − θ)/π, κ₁ = (sin θ + (π − θ) cos θ)/π, κ₂ = (3 sin θ cos θ + (π − θ)(1 + 2cos²θ))/(3π).
 *
 * @param order      0, 1 or 2
 * @param theta      angle in [0, π]
 * @param supplement π − theta, when it is known better than by subtraction
 *
 * Accuracy: 2e-15 relative. For θ > π/2, where the formulas cancel like (π − θ)³ and (π − θ)⁵, series are used.
 * @see [cho2009]
 */
export function arcCosineProfile(order: 0 | 1 | 2, theta: number, supplement: number = Math.PI - theta): number {
  if (order === 0) return supplement / Math.PI;
  if (order === 1) {
    if (theta > Math.PI / 2) return sineMinusAngleCosine(supplement) / Math.PI;
    return (sin(theta) + supplement * cos(theta)) / Math.PI;
  }
  if (theta > Math.PI / 2) return squaredSeries(2 * supplement) / (3 * Math.PI);
  const cosine = cos(theta);
  return (3 * sin(theta) * cosine + supplement * (1 + 2 * cosine * cosine)) / (3 * Math.PI);
}

/** 1 − κ₁(θ) with full relative accuracy near θ = 0, where it is θ²/2 − θ³/(3π) + …. */
export function oneMinusArcCosine(theta: number): number {
  requireNumber(theta, "theta", "oneMinusArcCosine", 0, Math.PI);
  const half = sin(theta / 2);
  return 2 * half * half - sineMinusAngleCosine(theta) / Math.PI;
}

/** Σ_{k>=2} (−1)^k (k − 1) z^{2k+1}/(2k + 1)!, for z = 2(π − θ) <= π: equals 3π κ₂. */
function squaredSeries(z: number): number {
  const s = z * z;
  let power = (z * s * s) / 120; // z⁵/5!
  let sum = 0;
  for (let k = 2; k <= 16; k++) {
    sum += (k % 2 === 0 ? k - 1 : 1 - k) * power;
    power *= s / ((2 * k + 2) * (2 * k + 3));
  }
  return sum;
}
