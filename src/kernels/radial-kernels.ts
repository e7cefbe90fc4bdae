import { ArgumentError, type Matrix, requireNumber, requirePositive, pow, exp, sin } from "../core/index.js";
import { requirePoints, requireSameDimension, sumAndDifference } from "./geometry.js";
import type { Kernel } from "./types.js";

/**
 * Mehler's kernel Σ_α r^{|α|} h_α(x) h_α(y): diagonal in Hermite polynomials.
 *
 * Relation: K(x, y) = (1 − r²)^{−d/2} exp(−(r²(|x|² + |y|²) − 2r x·y)/(2(1 − r²))); eigenvalues r^{|α|} on L² of the normal law.
 *
 * @param r parameter in (0, 1)
 * @throws {ArgumentError} for r outside (0, 1)
 *
 * Accuracy: a few ε relative to the exponent. The profile is taken at |x| = |y| = 1 in dimension 2.
 *
 * @example
 * ```ts
 * import { mehlerKernel } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * console.log(mehlerKernel(0.6).diagonal(fromRows([[0]]))[0]); // 1.25
 * ```
 */
export function mehlerKernel(r: number): Kernel {
  requireNumber(r, "r", "mehlerKernel", 0, 1);
  if (r === 0 || r === 1) {
    throw new ArgumentError({ function: "mehlerKernel", argument: "r", expected: "in (0, 1)", got: String(r) });
  }
  // r²(|x|² + |y|²) − 2r x·y = [r(1 + r)|x − y|² − r(1 − r)|x + y|²]/2: the exponent from sums of squares.
  const minus = -r / (4 * (1 - r));
  const plus = r / (4 * (1 + r));
  const scale = (1 - r) * (1 + r);
  return radialKernel(
    `Mehler kernel, r = ${r}`,
    "mehlerKernel",
    (difference, sum, d) => pow(scale, -d / 2) * exp(minus * difference + plus * sum),
  );
}

/**
 * The Gaussian (RBF) kernel exp(−|x − y|²/(2ℓ²)).
 *
 * @param lengthScale ℓ > 0
 * @throws {ArgumentError} for ℓ <= 0
 *
 * @example
 * ```ts
 * import { rbfKernel } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * console.log(rbfKernel(1).gram(fromRows([[0], [1]])).data[1]); // 0.60653065971
 * ```
 */
export function rbfKernel(lengthScale: number): Kernel {
  requirePositive(lengthScale, "lengthScale", "rbfKernel");
  const factor = -0.5 / (lengthScale * lengthScale);
  return radialKernel(`RBF kernel, length ${lengthScale}`, "rbfKernel", (difference) => exp(factor * difference));
}

/** Kernels of |x − y|², |x + y|² and the dimension. */
function radialKernel(
  name: string,
  caller: string,
  value: (difference: number, sum: number, d: number) => number,
): Kernel {
  const fill = (X: Matrix, Y: Matrix, symmetric: boolean): Matrix => {
    const data = new Float64Array(X.rows * Y.rows);
    const parts = new Float64Array(2);
    for (let i = 0; i < X.rows; i++) {
      for (let j = symmetric ? i : 0; j < Y.rows; j++) {
        sumAndDifference(X.data, i, Y.data, j, X.cols, parts);
        const entry = value(parts[0], parts[1], X.cols);
        data[i * Y.rows + j] = entry;
        if (symmetric) data[j * Y.rows + i] = entry;
      }
    }
    return { rows: X.rows, cols: Y.rows, data };
  };
  return {
    name,
    conventions: {
      kind: "radial",
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
      homogeneous: false,
    },
    gram(X) {
      requirePoints(X, "X", `${caller}.gram`);
      return fill(X, X, true);
    },
    cross(X, Y) {
      requirePoints(X, "X", `${caller}.cross`);
      requirePoints(Y, "Y", `${caller}.cross`);
      requireSameDimension(X, Y, `${caller}.cross`);
      return fill(X, Y, false);
    },
    diagonal(X) {
      requirePoints(X, "X", `${caller}.diagonal`);
      return Float64Array.from({ length: X.rows }, (_, i) => {
        let squares = 0;
        for (let j = i * X.cols; j < (i + 1) * X.cols; j++) squares += X.data[j] * X.data[j];
        return value(0, 4 * squares, X.cols);
      });
    },
    profile(theta, supplement) {
      requireNumber(theta, "theta", `${caller}.profile`, 0, Math.PI);
      const half = sin(theta / 2);
      const other = sin((supplement ?? Math.PI - theta) / 2);
      return value(4 * half * half, 4 * other * other, 2);
    },
  };
}
