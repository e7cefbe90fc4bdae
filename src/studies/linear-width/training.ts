import { type LongRunning, type Matrix, isCancelled, norm, pow } from "../../core/index.js";
import { type Rng, permutation } from "../../random/index.js";
import type { LinearWidthCase } from "./case.js";
import { gradients } from "./network.js";

/** How to train. */
export interface TrainingRecipe {
  /** Learning rate. */
  readonly rate: number;
  /** Steps. */
  readonly steps: number;
  /** Samples per step, drawn without replacement in epochs; all when absent. */
  readonly batch?: number;
  /** Order of the batches; needed with `batch`. */
  readonly rng?: Rng;
  /** Adam with (0.9, 0.999, 1e-8) instead of gradient descent. */
  readonly adam?: boolean;
  /** Train the output weights too. */
  readonly both?: boolean;
}

/** Weights after training, with the way there. */
export interface Trained {
  /** First layer. */
  readonly W: Matrix;
  /** Output weights. */
  readonly v: Float64Array;
  /** Loss before every step, of its batch. */
  readonly losses: readonly number[];
  /** Frobenius norm of every step of W. */
  readonly stepNorms: readonly number[];
}

/** Trains the network of a case; a cancelled run returns the weights it came to. */
export function trainCase(
  start: LinearWidthCase,
  recipe: TrainingRecipe,
  running: LongRunning = {},
  onStep?: (step: number, W: Matrix) => void,
): Trained {
  const W = { ...start.W, data: start.W.data.slice() };
  const v = start.v.slice();
  const rule = recipe.adam === true ? adamRule : descentRule;
  const [stepW, stepV] = [rule(recipe.rate), rule(recipe.rate)];
  const before = new Float64Array(W.data.length);
  const losses: number[] = [];
  const stepNorms: number[] = [];
  const batches =
    recipe.batch === undefined || recipe.rng === undefined ? null : batchesOf(start, recipe.batch, recipe.rng);
  for (let step = 0; step < recipe.steps && !isCancelled(running.signal); step++) {
    const { X, y } = batches === null ? start : batches(step);
    const gradient = gradients(W, v, X, y);
    losses.push(gradient.loss);
    before.set(W.data);
    stepW(W.data, gradient.W.data);
    if (recipe.both === true) stepV(v, gradient.v);
    for (let e = 0; e < before.length; e++) before[e] = W.data[e] - before[e];
    stepNorms.push(norm(before));
    onStep?.(step, W);
    running.onProgress?.({ phase: "training", done: step + 1, total: recipe.steps });
  }
  return { W, v, losses, stepNorms };
}

/** The samples of each step: a new order at the start of every epoch. */
function batchesOf(
  start: LinearWidthCase,
  size: number,
  rng: Rng,
): (step: number) => { readonly X: Matrix; readonly y: Float64Array } {
  const n = start.X.cols;
  const per = Math.floor(n / size);
  let order = permutation(rng, n);
  return (step) => {
    if (step > 0 && step % per === 0) order = permutation(rng, n);
    const from = (step % per) * size;
    const { X } = start;
    const data = new Float64Array(X.rows * size);
    for (let j = 0; j < X.rows; j++)
      for (let i = 0; i < size; i++) data[j * size + i] = X.data[j * X.cols + order[from + i]];
    return {
      X: { rows: X.rows, cols: size, data },
      y: Float64Array.from({ length: size }, (_, i) => start.y[order[from + i]]),
    };
  };
}

type Rule = (rate: number) => (theta: Float64Array, g: Float64Array) => void;

const descentRule: Rule = (rate) => (theta, g) => {
  for (let e = 0; e < theta.length; e++) theta[e] -= rate * g[e];
};

const adamRule: Rule = (rate) => {
  let [m, s, t] = [new Float64Array(0), new Float64Array(0), 0];
  return (theta, g) => {
    if (t === 0) [m, s] = [new Float64Array(theta.length), new Float64Array(theta.length)];
    t++;
    const [first, second] = [1 - pow(0.9, t), 1 - pow(0.999, t)];
    for (let e = 0; e < theta.length; e++) {
      m[e] = 0.9 * m[e] + 0.1 * g[e];
      s[e] = 0.999 * s[e] + 0.001 * g[e] * g[e];
      theta[e] -= (rate * m[e]) / first / (Math.sqrt(s[e] / second) + 1e-8);
    }
  };
};
