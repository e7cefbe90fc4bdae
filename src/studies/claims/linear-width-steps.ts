import { norm, tanh, log1p, exp, log, square } from "../../core/index.js";
import type { Matrix } from "../../core/index.js";
import { eigh, matmul, svd } from "../../linalg/index.js";
import { type Rng, fillNormal, normalMatrix } from "../../random/index.js";
import { bbpRectangular } from "../../rmt/index.js";

/** Var tanh(Z) for a standard normal Z: tanh is centred already. */
export const TANH_VARIANCE = 0.3942944903978412;

/** A two-layer network in the NTK parameterisation, one sample per column: f(x) = vᵀσ(W x/√d)/√h, σ = tanh normalised. */
export interface LinearWidthCase {
  /** d x n inputs. */
  readonly X: Matrix;
  /** h x d first layer. */
  readonly W: Matrix;
  /** Output weights. */
  readonly v: Float64Array;
  /** Targets. */
  readonly y: Float64Array;
  /** Unit teacher direction. */
  readonly beta: Float64Array;
}

/** σ(W x/√d) at every sample, h x n. */
export function features(W: Matrix, X: Matrix): Matrix {
  const hidden = matmul(W, X);
  const scale = 1 / Math.sqrt(TANH_VARIANCE);
  return { ...hidden, data: hidden.data.map((value) => scale * tanh(value / Math.sqrt(X.rows))) };
}

/** Teacher functions with mean and standard deviation of φ(Z) for a standard normal Z. */
const TEACHERS = {
  softplus: {
    value: (x: number): number => log1p(exp(x)),
    mean: 0.8060591833474398,
    deviation: 0.5210705343814394,
  },
  relu: { value: (x: number): number => Math.max(0, x), mean: 0.3989422804014327, deviation: 0.5838193701035489 },
} as const;

/** Name of a teacher function. */
export type Teacher = keyof typeof TEACHERS;

/** Normalised teacher values (φ(βᵀx) − mean)/deviation at the columns of X. */
export function teach(X: Matrix, beta: Float64Array, teacher: Teacher): Float64Array {
  const { value, mean, deviation } = TEACHERS[teacher];
  return matmul({ rows: 1, cols: X.rows, data: beta }, X).data.map((x) => (value(x) - mean) / deviation);
}

/** Draws the network and the data: y = normalised φ(βᵀx) + noise. */
export function drawCase(
  rng: Rng,
  d: number,
  h: number,
  n: number,
  outputScale: number,
  noise: number,
  teacher: Teacher = "softplus",
): LinearWidthCase {
  const X = normalMatrix(rng.fork("X"), d, n);
  const W = normalMatrix(rng.fork("W"), h, d);
  const v = fillNormal(rng.fork("v"), new Float64Array(h)).map((value) => outputScale * value);
  const beta = fillNormal(rng.fork("beta"), new Float64Array(d));
  const size = norm(Float64Array.from(beta));
  for (let j = 0; j < d; j++) beta[j] /= size;
  const errors = fillNormal(rng.fork("noise"), new Float64Array(n));
  const y = teach(X, beta, teacher).map((value, i) => value + noise * errors[i]);
  return { X, W, v, y, beta };
}

/** Gradient of (1/2n) Σ (f − y)² with respect to W, and the residuals. */
export function firstLayerGradient({ X, W, v, y }: LinearWidthCase): {
  readonly gradient: Matrix;
  readonly residuals: Float64Array;
} {
  const [h, n, d] = [W.rows, X.cols, X.rows];
  const hidden = features(W, X);
  const residuals = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let f = 0;
    for (let k = 0; k < h; k++) f += v[k] * hidden.data[k * n + i];
    residuals[i] = f / Math.sqrt(h) - y[i];
  }
  const scale = 1 / Math.sqrt(TANH_VARIANCE);
  const back = new Float64Array(h * n); // residual · v_k σ′ / (n √h √d)
  for (let k = 0; k < h; k++) {
    for (let i = 0; i < n; i++) {
      const value = hidden.data[k * n + i] / scale;
      back[k * n + i] = (residuals[i] * v[k] * scale * (1 - value * value)) / (n * Math.sqrt(h) * Math.sqrt(d));
    }
  }
  return { gradient: matmul({ rows: h, cols: n, data: back }, X, { transposeB: true }), residuals };
}

/** What one large gradient step does to the first layer. */
export interface LargeStep {
  /** s_1(W_1)/√h. */
  readonly top: number;
  /** s_2(W_1)/√h. */
  readonly second: number;
  /** Edge 1 + √(d/h) of the untouched bulk. */
  readonly edge: number;
  /** |⟨v_1, β⟩|. */
  readonly alignment: number;
  /** Predicted s_1/√h by the row-energy formula and the rectangular spiked model. */
  readonly predicted: number;
  /** Share of the gradient's energy in its leading singular value. */
  readonly rankOneEnergy: number;
  /** |⟨y, top eigenvector of the conjugate kernel⟩| / ‖y‖ after the step. */
  readonly kernelAlignment: number;
  /** s(W_1)/√h, descending. */
  readonly singularValues: Float64Array;
}

/**
 * Takes one step of size θ√h/‖gradient‖₂ from a small output (v scaled by 0.1), so that the step adds a rank-one part of
 * strength θ in units of √h.
 */
export function oneLargeStep(options: {
  readonly rng: Rng;
  readonly d: number;
  readonly h: number;
  readonly n: number;
  readonly strength: number;
}): LargeStep {
  const { rng, d, h, n, strength } = options;
  const start = drawCase(rng, d, h, n, 0.1, 0.3);
  const { gradient } = firstLayerGradient(start);
  const energies = svd(gradient, { vectors: "none" }).singularValues;
  const rate = (strength * Math.sqrt(h)) / energies[0];
  const W = { ...start.W, data: start.W.data.map((value, e) => value - rate * gradient.data[e]) };
  const { v, singularValues } = svd(W);
  let along = 0;
  for (let j = 0; j < d; j++) along += v.data[j * v.cols] * start.beta[j];
  const size = norm(Float64Array.from(start.v));
  const row = matmul({ rows: 1, cols: h, data: start.v.map((value) => value / size) }, W).data;
  const ratio = d / h;
  // ρ = v̂ᵀW₁ carries the spike and d noise entries of unit variance: θ_eff² = ‖ρ‖²/h − d/h.
  const effective = Math.sqrt(Math.max(0, row.reduce((sum, value) => sum + value * value, 0) / h - ratio));
  const hidden = features(W, start.X);
  const { vectors } = eigh(matmul(hidden, hidden, { transposeA: true }));
  let overlap = 0;
  for (let i = 0; i < n; i++) overlap += vectors.data[i * n + n - 1] * start.y[i];
  return {
    top: singularValues[0] / Math.sqrt(h),
    second: singularValues[1] / Math.sqrt(h),
    edge: 1 + Math.sqrt(ratio),
    alignment: Math.abs(along),
    predicted: bbpRectangular(effective, { ratio }).location,
    rankOneEnergy: (energies[0] * energies[0]) / energies.reduce((sum, value) => sum + value * value, 0),
    kernelAlignment: Math.abs(overlap) / norm(Float64Array.from(start.y)),
    singularValues: singularValues.map((value) => value / Math.sqrt(h)),
  };
}

/** Least-squares slope of log y on log x. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [x.map(log), y.map(log)];
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [ma, mb] = [mean(a), mean(b)];
  return (
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i] - mb), 0) /
    a.reduce((sum, value) => sum + square(value - ma), 0)
  );
}
