import { pow, square } from "../../core/index.js";
import type { Matrix } from "../../core/index.js";
import { eigh, matmul, svd } from "../../linalg/index.js";
import { type Rng, permutation } from "../../random/index.js";
import { TANH_VARIANCE, features, type LinearWidthCase } from "./linear-width-steps.js";

/** Gradients of (1/2n) Σ (f − y)², and the loss. */
interface Gradients {
  readonly W: Matrix;
  readonly v: Float64Array;
  readonly loss: number;
}

const SCALE = 1 / Math.sqrt(TANH_VARIANCE);

/** f at every column of X. */
export function outputs(W: Matrix, v: Float64Array, X: Matrix): Float64Array {
  const root = Math.sqrt(W.rows);
  return matmul({ rows: 1, cols: W.rows, data: v }, features(W, X)).data.map((value) => value / root);
}

function gradients(W: Matrix, v: Float64Array, X: Matrix, y: Float64Array): Gradients {
  const [h, n, d] = [W.rows, X.cols, X.rows];
  const hidden = features(W, X);
  const root = Math.sqrt(h);
  const f = matmul({ rows: 1, cols: h, data: v }, hidden).data;
  const residuals = f.map((value, i) => value / root - y[i]);
  const back = new Float64Array(h * n);
  const weight = SCALE / (n * root * Math.sqrt(d));
  for (let k = 0; k < h; k++) {
    for (let i = 0; i < n; i++) {
      const tanh = hidden.data[k * n + i] / SCALE;
      back[k * n + i] = residuals[i] * v[k] * weight * (1 - tanh * tanh);
    }
  }
  const gradW = matmul({ rows: h, cols: n, data: back }, X, { transposeB: true });
  const gradV = matmul(hidden, { rows: n, cols: 1, data: residuals }).data.map((value) => value / (n * root));
  return { W: gradW, v: gradV, loss: residuals.reduce((sum, r) => sum + r * r, 0) / (2 * n) };
}

/** How to train. */
export interface Recipe {
  /** Learning rate. */
  readonly rate: number;
  /** Steps. */
  readonly steps: number;
  /** Samples per step, drawn without replacement in epochs; all when absent. */
  readonly batch?: number;
  /** Adam with (0.9, 0.999, 1e-8) instead of gradient descent. */
  readonly adam?: boolean;
  /** Train the output weights too. */
  readonly both?: boolean;
  /** Order of the batches. */
  readonly rng?: Rng;
}

/** Weights after training, with the loss at every step. */
export interface Trained {
  readonly W: Matrix;
  readonly v: Float64Array;
  readonly losses: readonly number[];
}

/** Trains the network of a case. */
export function trainCase(start: LinearWidthCase, recipe: Recipe): Trained {
  const W = { ...start.W, data: start.W.data.slice() };
  const v = start.v.slice();
  const update =
    recipe.adam === true
      ? createAdam(recipe.rate)
      : (theta: Float64Array, g: Float64Array): void => theta.forEach((_, e) => (theta[e] -= recipe.rate * g[e]));
  const n = start.X.cols;
  const losses: number[] = [];
  let order = new Uint32Array(0);
  for (let step = 0; step < recipe.steps; step++) {
    let { X, y } = start;
    if (recipe.batch !== undefined && recipe.rng !== undefined) {
      const per = Math.floor(n / recipe.batch);
      if (step % per === 0) order = Uint32Array.from(permutation(recipe.rng, n));
      ({ X, y } = columnsOf(start, order.subarray((step % per) * recipe.batch, ((step % per) + 1) * recipe.batch)));
    }
    const gradient = gradients(W, v, X, y);
    losses.push(gradient.loss);
    update(W.data, gradient.W.data);
    if (recipe.both === true) update(v, gradient.v);
  }
  return { W, v, losses };
}

function columnsOf({ X, y }: LinearWidthCase, indices: Uint32Array): { X: Matrix; y: Float64Array } {
  const data = new Float64Array(X.rows * indices.length);
  for (let j = 0; j < X.rows; j++)
    for (let i = 0; i < indices.length; i++) data[j * indices.length + i] = X.data[j * X.cols + indices[i]];
  return { X: { rows: X.rows, cols: indices.length, data }, y: Float64Array.from(indices, (i) => y[i]) };
}

function createAdam(rate: number): (theta: Float64Array, g: Float64Array) => void {
  const states = new Map<Float64Array, { m: Float64Array; s: Float64Array; t: number }>();
  return (theta, g) => {
    const state = states.get(theta) ?? { m: new Float64Array(theta.length), s: new Float64Array(theta.length), t: 0 };
    states.set(theta, state);
    state.t++;
    const [first, second] = [1 - pow(0.9, state.t), 1 - pow(0.999, state.t)];
    for (let e = 0; e < theta.length; e++) {
      state.m[e] = 0.9 * state.m[e] + 0.1 * g[e];
      state.s[e] = 0.999 * state.s[e] + 0.001 * g[e] * g[e];
      theta[e] -= (rate * state.m[e]) / first / (Math.sqrt(state.s[e] / second) + 1e-8);
    }
  };
}

/** Singular values, descending. */
export const valuesOf = (W: Matrix): Float64Array => svd(W, { vectors: "none" }).singularValues;

/** The conjugate kernel XᵀX of the features over h, and the part of the tangent kernel from the first layer. */
export function kernelsOf(
  W: Matrix,
  v: Float64Array,
  X: Matrix,
): { readonly conjugate: Matrix; readonly firstLayer: Matrix } {
  const [h, n, d] = [W.rows, X.cols, X.rows];
  const hidden = features(W, X);
  const conjugate = matmul(hidden, hidden, { transposeA: true });
  const slopes = {
    ...hidden,
    data: hidden.data.map((value, e) => v[Math.floor(e / n)] * SCALE * (1 - square(value / SCALE))),
  };
  const inputs = matmul(X, X, { transposeA: true });
  const inner = matmul(slopes, slopes, { transposeA: true });
  return {
    conjugate: { ...conjugate, data: conjugate.data.map((value) => value / h) },
    firstLayer: { ...inner, data: inner.data.map((value, e) => (value * inputs.data[e]) / (h * d)) },
  };
}

/** Eigenvalues of a symmetric matrix, ascending. */
export const eigenvaluesOf = (K: Matrix): Float64Array => eigh(K, { vectors: false, triangle: "lower" }).values;

/** Critical learning rate 2n / λ_max of the first layer's kernel. */
export function criticalRate(start: LinearWidthCase): number {
  const values = eigenvaluesOf(kernelsOf(start.W, start.v, start.X).firstLayer);
  return (2 * start.X.cols) / values[values.length - 1];
}
