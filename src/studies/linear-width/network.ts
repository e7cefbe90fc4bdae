import { type Matrix, tanh } from "../../core/index.js";
import { eigh, matmul, svd } from "../../linalg/index.js";
import type { LinearWidthCase } from "./case.js";

/** Var tanh(Z) for a standard normal Z: tanh is centred already. */
const TANH_VARIANCE = 0.3942944903978412;

/** σ = SCALE · tanh has unit second moment; SCALE is also its Lipschitz constant. */
export const SCALE: number = 1 / Math.sqrt(TANH_VARIANCE);

/** max |σ″| = SCALE · 4/(3√3), the Lipschitz constant of σ′. */
export const SLOPE_LIPSCHITZ: number = (SCALE * 4) / (3 * Math.sqrt(3));

/** σ(W x/√d) at every sample, h x n. */
export function features(W: Matrix, X: Matrix): Matrix {
  const hidden = matmul(W, X);
  const { data } = hidden;
  const inner = 1 / Math.sqrt(X.rows);
  for (let e = 0; e < data.length; e++) data[e] = SCALE * tanh(inner * data[e]);
  return hidden;
}

/** f at every column of X. */
export function outputs(W: Matrix, v: Float64Array, X: Matrix): Float64Array {
  const root = Math.sqrt(W.rows);
  return matmul({ rows: 1, cols: W.rows, data: v }, features(W, X)).data.map((value) => value / root);
}

/** Mean squared error on the fresh points over the variance of their noiseless targets. */
export function testError({ testX, testY }: LinearWidthCase, W: Matrix, v: Float64Array): number {
  const f = outputs(W, v, testX);
  const mean = testY.reduce((sum, y) => sum + y, 0) / testY.length;
  let error = 0;
  let size = 0;
  for (let i = 0; i < f.length; i++) {
    error += (f[i] - testY[i]) * (f[i] - testY[i]);
    size += (testY[i] - mean) * (testY[i] - mean);
  }
  return error / size;
}

/** Gradients of (1/2n) Σ (f − y)², with the loss. */
export interface Gradients {
  /** With respect to W, h x d. */
  readonly W: Matrix;
  /** With respect to v. */
  readonly v: Float64Array;
  /** The loss. */
  readonly loss: number;
}

/** Loss and gradients at (W, v) on the samples X, y. */
export function gradients(W: Matrix, v: Float64Array, X: Matrix, y: Float64Array): Gradients {
  const [h, n, d] = [W.rows, X.cols, X.rows];
  const hidden = features(W, X);
  const root = Math.sqrt(h);
  const f = matmul({ rows: 1, cols: h, data: v }, hidden).data;
  const residuals = f.map((value, i) => value / root - y[i]);
  const back = new Float64Array(h * n);
  const weight = SCALE / (n * root * Math.sqrt(d));
  for (let k = 0; k < h; k++) {
    for (let e = k * n; e < (k + 1) * n; e++) {
      const t = hidden.data[e] / SCALE;
      back[e] = residuals[e - k * n] * v[k] * weight * (1 - t * t);
    }
  }
  const gradW = matmul({ rows: h, cols: n, data: back }, X, { transposeB: true });
  const gradV = matmul(hidden, { rows: n, cols: 1, data: residuals }).data.map((value) => value / (n * root));
  return { W: gradW, v: gradV, loss: residuals.reduce((sum, r) => sum + r * r, 0) / (2 * n) };
}

/** v_k σ′(W x/√d) at every sample, h x n. */
export function slopes(hidden: Matrix, v: Float64Array): Matrix {
  const { rows: h, cols: n } = hidden;
  const data = new Float64Array(h * n);
  for (let k = 0; k < h; k++) {
    for (let e = k * n; e < (k + 1) * n; e++) {
      const t = hidden.data[e] / SCALE;
      data[e] = v[k] * SCALE * (1 - t * t);
    }
  }
  return { rows: h, cols: n, data };
}

/** The conjugate kernel XᵀX of the features over h, and the part of the tangent kernel from the first layer. */
export function kernelsOf(
  W: Matrix,
  v: Float64Array,
  X: Matrix,
): { readonly conjugate: Matrix; readonly firstLayer: Matrix } {
  const [h, d] = [W.rows, X.rows];
  const hidden = features(W, X);
  const conjugate = matmul(hidden, hidden, { transposeA: true });
  const slope = slopes(hidden, v);
  const inputs = matmul(X, X, { transposeA: true });
  const inner = matmul(slope, slope, { transposeA: true });
  return {
    conjugate: { ...conjugate, data: conjugate.data.map((value) => value / h) },
    firstLayer: { ...inner, data: inner.data.map((value, e) => (value * inputs.data[e]) / (h * d)) },
  };
}

/** The tangent kernel of both layers: what the conjugate kernel and the first layer's part add up to. */
export const tangentKernel = ({ conjugate, firstLayer }: ReturnType<typeof kernelsOf>): Matrix => ({
  ...conjugate,
  data: conjugate.data.map((value, e) => value + firstLayer.data[e]),
});

/** Singular values, descending. */
export const valuesOf = (W: Matrix): Float64Array => svd(W, { vectors: "none" }).singularValues;

/** Eigenvalues of a symmetric matrix, ascending; those within n ε ‖K‖ of zero are zero. */
export function eigenvaluesOf(K: Matrix): Float64Array {
  const { values } = eigh(K, { vectors: false, triangle: "lower" });
  // A kernel of more samples than features has eigenvalues zero: their rounding, in another order for each kernel, would
  // enter the distance of two spectra.
  const floor = K.rows * Number.EPSILON * Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
  return values.map((value) => (Math.abs(value) <= floor ? 0 : value));
}

/** Critical learning rate 2n / λ_max of the first layer's kernel. */
export function criticalRate(start: LinearWidthCase): number {
  const values = eigenvaluesOf(kernelsOf(start.W, start.v, start.X).firstLayer);
  return (2 * start.X.cols) / values[values.length - 1];
}

/** A − B. */
export const difference = (A: Matrix, B: Matrix): Matrix => ({
  ...A,
  data: A.data.map((value, e) => value - B.data[e]),
});
