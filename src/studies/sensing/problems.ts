import { fromRows, type Matrix, type Tagged, transpose, exp, square, hypot } from "../../core/index.js";
import { matmul } from "../../linalg/index.js";
import {
  commutingMeasurements,
  diagonalProblem,
  type DiagonalProblem,
  gaussianMeasurements,
  measure,
  type Measurements,
  type SpectralActivationLike,
} from "../../sensing/index.js";
import type { Rng } from "../../random/index.js";
import { replay, replayNormal, replayOrthogonal } from "./replay.js";

/** B of the standard diagonal problem: four measurements of three coordinates. */
export function standardB(): Matrix {
  return fromRows([
    [1, 0.5, -0.2],
    [0.3, 1.1, 0.4],
    [0, 0.2, 0.9],
    [0.7, -0.3, 0.5],
  ]);
}

/** σ* of the standard diagonal problem. */
export const standardSigma: readonly number[] = [1, 0.6, 0.25];

/** The standard diagonal problem. */
export function standardProblem(
  options: {
    readonly activation?: SpectralActivationLike;
    readonly alphaTrainable?: boolean;
    readonly sigma?: readonly number[];
    readonly allowJump?: boolean;
  } = {},
): DiagonalProblem {
  return diagonalProblem(
    standardB(),
    { sigma: Float64Array.from(options.sigma ?? standardSigma) },
    {
      activation: options.activation ?? "tanh",
      alphaTrainable: options.alphaTrainable ?? true,
      allowJump: options.allowJump ?? false,
    },
  );
}

/** The rank-deficient problem of E5: two equations for three coordinates, whose l¹ minimiser is (0, 0.777…, 0.4909…). */
export function deficientProblem(activation: SpectralActivationLike, alphaTrainable: boolean): DiagonalProblem {
  const B = fromRows([
    [1, 2, 0.5],
    [0.3, -0.4, 1],
  ]);
  return diagonalProblem(B, { sigma: Float64Array.of(0.2, 0.7, 0.4) }, { activation, alphaTrainable });
}

/** A commuting matrix problem with its singular vectors and target. */
export interface CommutingProblem {
  /** Φ. */
  readonly left: Matrix;
  /** Ψ. */
  readonly right: Matrix;
  /** A_i = Φ diag(b_i) Ψᵀ. */
  readonly measurements: Measurements;
  /** Φ diag(σ*) Ψᵀ. */
  readonly truth: Matrix;
  /** σ*. */
  readonly sigma: readonly number[];
  /** Data of the truth. */
  readonly y: Float64Array;
}

/** The 4 x 4 problem of E6: six commuting measurements, the first Φ Ψᵀ itself. Seed 21. */
export function commutingProblem(): CommutingProblem {
  const rng = replay(21);
  const left = replayOrthogonal(rng, 4);
  const right = replayOrthogonal(rng, 4);
  const coefficients = replayNormal(rng, 6, 4);
  for (let i = 0; i < coefficients.data.length; i++) coefficients.data[i] = i < 4 ? 1 : 0.5 * coefficients.data[i];
  const sigma = [1, 0.6, 0.3, 0.15];
  const measurements = commutingMeasurements(left, right, coefficients);
  const truth = fromDiagonal(left, sigma, right);
  return { left, right, measurements, truth, sigma, y: measure(measurements, truth) };
}

/** Φ diag(values) Ψᵀ for square Φ, Ψ. */
export function fromDiagonal(left: Matrix, values: ArrayLike<number>, right: Matrix): Matrix {
  const scaled = { ...left, data: left.data.map((x, i) => x * values[i % left.cols]) };
  return matmul(scaled, right, { transposeB: true });
}

/** Diagonal of Φᵀ X Ψ. */
export function diagonalOf(left: Matrix, X: Matrix, right: Matrix): Float64Array {
  const T = matmul(matmul(transpose(left), X), right);
  return Float64Array.from({ length: Math.min(T.rows, T.cols) }, (_, i) => T.data[i * T.cols + i]);
}

/** Φ diag(u) Gᵀ, the factor of a spectral initialisation. */
export function spectralFactor(basis: Matrix, u: ArrayLike<number>, G: Matrix): Matrix {
  const data = new Float64Array(basis.rows * G.rows);
  for (let i = 0; i < basis.rows; i++) {
    for (let l = 0; l < G.cols; l++) {
      for (let j = 0; j < G.rows; j++)
        data[i * G.rows + j] += basis.data[i * basis.cols + l] * u[l] * G.data[j * G.cols + l];
    }
  }
  return { rows: basis.rows, cols: G.rows, data };
}

/** A problem with Gaussian measurements and a known truth. */
export interface GaussianProblem {
  /** The measurements. */
  readonly measurements: Measurements;
  /** The matrix that was sensed. */
  readonly truth: Matrix;
  /** Data, with noise where the recipe has it. */
  readonly y: Float64Array;
}

/** E7: 8 x 8 of rank 2 and nuclear norm 1, forty Gaussian measurements. Seed 101. */
export function gaussianProblem(): GaussianProblem {
  const n = 8;
  const rng = replay(101);
  const factor = { rows: n, cols: 2, data: Float64Array.from({ length: 2 * n }, () => rng.uniform()) };
  const product = matmul(factor, factor, { transposeB: true });
  // The nuclear norm of a positive semi-definite matrix is its trace.
  let trace = 0;
  for (let i = 0; i < n; i++) trace += product.data[i * n + i];
  const truth = { ...product, data: product.data.map((x) => x / trace) };
  const measurements = gaussianMeasurements({ rows: n, cols: n, count: 40, rng: rng as unknown as Rng });
  return { measurements, truth, y: measure(measurements, truth) };
}

/** E11: a drawn 14 x 14 glyph, 118 Gaussian measurements, noise of 1e-3. Seed 2024. */
export function glyphProblem(nuclearNormOf: (X: Matrix) => number): GaussianProblem {
  const n = 14;
  const stroke = [
    [0.2, 0.72],
    [0.2, 0.3],
    [0.5, 0.3],
    [0.5, 0.6],
    [0.65, 0.7],
    [0.8, 0.6],
    [0.8, 0.28],
  ];
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let nearest = Infinity;
      for (let s = 0; s + 1 < stroke.length; s++) {
        nearest = Math.min(nearest, distanceToSegment((i + 0.5) / n, (j + 0.5) / n, stroke[s], stroke[s + 1]));
      }
      data[i * n + j] = exp((-nearest * nearest) / (2 * square(0.06)));
    }
  }
  const total = nuclearNormOf({ rows: n, cols: n, data });
  const truth = { rows: n, cols: n, data: data.map((x) => x / total) };
  const rng = replay(2024);
  const measurements = gaussianMeasurements({ rows: n, cols: n, count: 118, rng: rng as unknown as Rng });
  const y = measure(measurements, truth);
  for (let i = 0; i < y.length; i++) y[i] += 1e-3 * rng.normal();
  return { measurements, truth, y };
}

function distanceToSegment(x: number, y: number, a: readonly number[], b: readonly number[]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)));
  return hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

/** The value of a quantity that must exist here. */
export function valueOf<T>(tagged: Tagged<T>): T {
  if (!tagged.defined) throw new Error(tagged.reason);
  return tagged.value;
}

/** Largest absolute difference of two lists. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}
