import {
  ArgumentError,
  type Matrix,
  describe,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  pow,
} from "../core/index.js";
import { directionsOf, requireNonzeroRows, requirePoints, requireSameDimension } from "./geometry.js";
import { forEachAngle } from "./pairwise.js";
import type { Kernel } from "./types.js";

/** Options of {@link zonalKernel}. */
export interface ZonalKernelOptions {
  /** Text for titles, "zonal kernel" by default. */
  readonly name?: string;
  /** Required dimension of the points; any by default. */
  readonly dimension?: number;
  /** What the norms of points do: "require" unit norms (default), or K = |x|^p |y|^p f(θ) for a number p. */
  readonly norms?: "require" | number;
}

/** Largest deviation from unit norm that counts as rounding. */
const UNIT_TOLERANCE = 1e-12;

/**
 * Makes a kernel from a function of the angle.
 *
 * Relation: K(x, y) = f(θ(x, y)) on unit vectors, or |x|^p |y|^p f(θ). Positive semidefiniteness is the caller's promise:
 * it holds on S^{d−1} exactly when all Funk–Hecke coefficients are >= 0.
 *
 * @param profile function of θ in [0, π]; receives π − θ as second argument
 * @param options name, dimension, treatment of norms
 * @throws {ArgumentError} by its methods for points off the unit sphere, zero vectors or another dimension
 *
 * Accuracy: angles to 1e-15 absolute, relative near 0 and π.
 *
 * @example
 * ```ts
 * import { zonalKernel } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * const laplace = zonalKernel((theta) => Math.exp(-2 * Math.sin(theta / 2)));
 * console.log(laplace.gram(fromRows([[1, 0], [0, 1]])).data[1]); // 0.243116734
 * ```
 */
export function zonalKernel(
  profile: (theta: number, supplement: number) => number,
  options: ZonalKernelOptions = {},
): Kernel {
  const caller = "zonalKernel";
  if (typeof profile !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "profile",
      expected: "a function of the angle",
      got: describe(profile),
    });
  }
  requireOptions(options, ["name", "dimension", "norms"], caller);
  if (options.dimension !== undefined) requireInteger(options.dimension, "dimension", caller, 1);
  const norms = options.norms ?? "require";
  if (typeof norms === "number") requireNumber(norms, "norms", caller);
  else requireOneOf(norms, ["require"], "norms", caller);
  const power = typeof norms === "number" ? norms : 0;
  const prepare = (X: Matrix, argument: string, method: string): ReturnType<typeof directionsOf> => {
    const where = `${caller}.${method}`;
    requirePoints(X, argument, where);
    if (options.dimension !== undefined && X.cols !== options.dimension) {
      throw new ArgumentError({
        function: where,
        argument,
        expected: `points of R^${options.dimension}`,
        got: `${X.rows} x ${X.cols}`,
      });
    }
    const directions = directionsOf(X);
    if (norms === "require") requireUnit(directions.norms, argument, where);
    else requireNonzeroRows(directions.norms, argument, where);
    return directions;
  };
  return {
    name: options.name ?? "zonal kernel",
    conventions: {
      kind: "zonal",
      depth: null,
      activation: null,
      linearAbsolute: null,
      weightVariance: null,
      biasVariance: null,
      inputScaling: null,
      profileNorm: "1",
      parameterisation: null,
      normalised: false,
      architecture: null,
      homogeneous: power === 1,
    },
    gram(X) {
      const points = prepare(X, "X", "gram");
      const n = X.rows;
      const data = new Float64Array(n * n);
      forEachAngle(points, points, true, (i, j, theta, supplement) => {
        const value = profile(theta, supplement) * pow(points.norms[i] * points.norms[j], power);
        data[i * n + j] = value;
        data[j * n + i] = value;
      });
      return { rows: n, cols: n, data };
    },
    cross(X, Y) {
      const a = prepare(X, "X", "cross");
      const b = prepare(Y, "Y", "cross");
      requireSameDimension(X, Y, `${caller}.cross`);
      const data = new Float64Array(X.rows * Y.rows);
      forEachAngle(a, b, false, (i, j, theta, supplement) => {
        data[i * Y.rows + j] = profile(theta, supplement) * pow(a.norms[i] * b.norms[j], power);
      });
      return { rows: X.rows, cols: Y.rows, data };
    },
    diagonal(X) {
      const { norms: lengths } = prepare(X, "X", "diagonal");
      const value = profile(0, Math.PI);
      return lengths.map((length) => value * pow(length, 2 * power));
    },
    profile(theta, supplement) {
      requireNumber(theta, "theta", `${caller}.profile`, 0, Math.PI);
      return profile(theta, supplement ?? Math.PI - theta);
    },
  };
}

/** Refuses points off the unit sphere. */
function requireUnit(norms: Float64Array, argument: string, caller: string): void {
  for (let i = 0; i < norms.length; i++) {
    if (!(Math.abs(norms[i] - 1) <= UNIT_TOLERANCE)) {
      throw new ArgumentError({
        function: caller,
        argument,
        expected: "of unit rows",
        got: `norm ${norms[i]} in row ${i}`,
        remedy: "divide each row by its norm",
      });
    }
  }
}

/**
 * Checks that all rows are unit vectors (to 1e-12).
 *
 * @throws {ArgumentError} naming the first row that is not
 */
export function requireUnitRows(X: Matrix, argument: string, caller: string): void {
  requireUnit(directionsOf(X).norms, argument, caller);
}
