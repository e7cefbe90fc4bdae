import {
  ArgumentError,
  describe,
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOneOf,
  requireOptions,
  ShapeError,
  exp,
  square,
  log,
} from "../core/index.js";
import type { Rng } from "../random/index.js";
import { zeros } from "./products.js";

/** Names understood by {@link loss}. */
export type LossName = "mse" | "cross-entropy";

/**
 * A loss L = (1/n) Σ_i ℓ(f_i, y_i) by its samples. All functions are per sample: the factor 1/n is applied where the
 * whole number of samples is known, so that batches of any sizes are weighted by their size.
 */
export interface Loss {
  /** Name, echoed in results. */
  readonly name: string;
  /** ℓ of each row. */
  values(outputs: Matrix, targets: Matrix): Float64Array;
  /** ∂ℓ/∂f of each row, n x outputs. */
  gradients(outputs: Matrix, targets: Matrix): Matrix;
  /** Q_i u_i for each row, Q_i = ∂²ℓ/∂f², n x outputs. */
  curvature(outputs: Matrix, targets: Matrix, directions: Matrix): Matrix;
  /** Draws targets from the model's own distribution, where the loss is a negative log-likelihood. */
  sampleTargets?(outputs: Matrix, rng: Rng): Matrix;
  /** Checks targets before any work. */
  validate?(targets: Matrix, caller: string): void;
}

/** What a user's own loss must supply, row by row; see {@link Loss}. */
export interface CustomLoss {
  /** Name, echoed in results. */
  readonly name: string;
  /** ℓ(f, y) of one sample. */
  readonly value: (output: Float64Array, target: Float64Array) => number;
  /** Writes ∂ℓ/∂f into `out`. */
  readonly gradient: (output: Float64Array, target: Float64Array, out: Float64Array) => void;
  /** Writes (∂²ℓ/∂f²) u into `out`. */
  readonly curvature: (output: Float64Array, target: Float64Array, direction: Float64Array, out: Float64Array) => void;
}

/** A name, a loss record, or a user's own per-sample loss with its two derivatives. */
export type LossLike = LossName | Loss | CustomLoss;

/**
 * Looks up a loss, or completes a user's own.
 *
 * Relation: "mse": L = 1/(2n) Σ‖f_i − y_i‖², so Q = I. "cross-entropy": L = −(1/n) Σ_i Σ_c y_ic log softmax(f_i)_c,
 * targets are rows of probabilities (one-hot for classes), Q = diag(p) − p pᵀ.
 *
 * @throws {OptionError} for an unknown name
 * @throws {ArgumentError} when a user's loss lacks a function
 *
 * Accuracy: log-softmax with the row's maximum subtracted: no overflow, relative error a few ulp.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { loss } from "eigenscope/networks";
 * const outputs = fromRows([[0, 0]]);
 * console.log(loss("cross-entropy").values(outputs, fromRows([[1, 0]]))[0]); // 0.693147180559945
 * console.log(loss("mse").values(outputs, fromRows([[1, 0]]))[0]); // 0.5
 * ```
 */
export function loss(which: LossLike): Loss {
  if (which !== null && typeof which === "object") {
    if ("values" in which) return which;
    return fromSamples(which);
  }
  return requireOneOf(which, ["mse", "cross-entropy"] as const, "loss", "loss") === "mse"
    ? meanSquaredError
    : crossEntropy;
}

/** Row-wise softmax with the maximum subtracted. */
export function softmax(outputs: Matrix): Matrix {
  const { rows, cols } = requireMatrix(outputs, "outputs", "softmax");
  const result = zeros(rows, cols);
  for (let i = 0; i < rows; i++) {
    const base = i * cols;
    let top = -Infinity;
    for (let j = 0; j < cols; j++) top = Math.max(top, outputs.data[base + j]);
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += result.data[base + j] = exp(outputs.data[base + j] - top);
    for (let j = 0; j < cols; j++) result.data[base + j] /= sum;
  }
  return result;
}

const meanSquaredError: Loss = {
  name: "mse",
  values(outputs, targets) {
    return Float64Array.from({ length: outputs.rows }, (_, i) => {
      let sum = 0;
      for (let j = i * outputs.cols; j < (i + 1) * outputs.cols; j++) sum += square(outputs.data[j] - targets.data[j]);
      return sum / 2;
    });
  },
  gradients(outputs, targets) {
    const data = outputs.data.slice();
    for (let i = 0; i < data.length; i++) data[i] -= targets.data[i];
    return { rows: outputs.rows, cols: outputs.cols, data };
  },
  curvature: (_, __, directions) => ({ ...directions, data: directions.data.slice() }),
  sampleTargets(outputs, rng) {
    // Unit-variance Gaussian around the output: its Fisher information is the identity, as Q.
    return { ...outputs, data: outputs.data.map((value) => value + rng.normal()) };
  },
};

const crossEntropy: Loss = {
  name: "cross-entropy",
  values(outputs, targets) {
    const { cols } = outputs;
    return Float64Array.from({ length: outputs.rows }, (_, i) => {
      const base = i * cols;
      let top = -Infinity;
      for (let j = 0; j < cols; j++) top = Math.max(top, outputs.data[base + j]);
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += exp(outputs.data[base + j] - top);
      const logSum = log(sum);
      let value = 0;
      for (let j = 0; j < cols; j++) value += targets.data[base + j] * (logSum - (outputs.data[base + j] - top));
      return value;
    });
  },
  gradients(outputs, targets) {
    const p = softmax(outputs);
    for (let i = 0; i < p.data.length; i++) p.data[i] -= targets.data[i];
    return p;
  },
  curvature(outputs, _, directions) {
    const p = softmax(outputs);
    const { rows, cols } = p;
    const out = zeros(rows, cols);
    for (let i = 0; i < rows; i++) {
      const base = i * cols;
      let mean = 0;
      for (let j = 0; j < cols; j++) mean += p.data[base + j] * directions.data[base + j];
      for (let j = 0; j < cols; j++) out.data[base + j] = p.data[base + j] * (directions.data[base + j] - mean);
    }
    return out;
  },
  sampleTargets(outputs, rng) {
    const p = softmax(outputs);
    const out = zeros(p.rows, p.cols);
    for (let i = 0; i < p.rows; i++) {
      let left = rng.uniform();
      let k = 0;
      while (k < p.cols - 1 && left >= p.data[i * p.cols + k]) left -= p.data[i * p.cols + k++];
      out.data[i * p.cols + k] = 1;
    }
    return out;
  },
  validate(targets, caller) {
    const slack = 1e-9; // probabilities that were themselves normalised in floating point
    for (let i = 0; i < targets.rows; i++) {
      let sum = 0;
      let least = 0;
      for (let j = 0; j < targets.cols; j++) {
        const value = targets.data[i * targets.cols + j];
        sum += value;
        least = Math.min(least, value);
      }
      if (least < 0 || Math.abs(sum - 1) > slack) {
        throw new ArgumentError({
          function: caller,
          argument: "targets",
          expected: "rows of class probabilities (nonnegative, sum 1) for the cross-entropy loss",
          got: `row ${i} with sum ${sum}${least < 0 ? " and a negative entry" : ""}`,
          remedy: "pass class labels 0 … C-1 or one-hot rows",
        });
      }
    }
  },
};

function fromSamples(custom: CustomLoss): Loss {
  requireOptions(custom, ["name", "value", "gradient", "curvature"], "loss");
  for (const key of ["value", "gradient", "curvature"] as const) {
    if (typeof custom[key] !== "function") {
      throw new ArgumentError({
        function: "loss",
        argument: key,
        expected: "a function",
        got: describe(custom[key]),
        remedy: "a loss needs its value, its gradient and its curvature product in the outputs",
      });
    }
  }
  const row = (A: Matrix, i: number): Float64Array => A.data.subarray(i * A.cols, (i + 1) * A.cols);
  return {
    name: custom.name,
    values: (outputs, targets) =>
      Float64Array.from({ length: outputs.rows }, (_, i) => custom.value(row(outputs, i), row(targets, i))),
    gradients(outputs, targets) {
      const out = zeros(outputs.rows, outputs.cols);
      for (let i = 0; i < out.rows; i++) custom.gradient(row(outputs, i), row(targets, i), row(out, i));
      return out;
    },
    curvature(outputs, targets, directions) {
      const out = zeros(outputs.rows, outputs.cols);
      for (let i = 0; i < out.rows; i++) {
        custom.curvature(row(outputs, i), row(targets, i), row(directions, i), row(out, i));
      }
      return out;
    },
  };
}

/**
 * Turns class labels into one-hot rows.
 *
 * @param labels integers 0 … classes − 1
 * @throws {ArgumentError} for a label out of range; the message names the first one
 *
 * @example
 * ```ts
 * import { toRows } from "eigenscope/core";
 * import { oneHot } from "eigenscope/networks";
 * console.log(JSON.stringify(toRows(oneHot([1, 0], 2)))); // [[0,1],[1,0]]
 * ```
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Matrix {
  requireFinite(labels, "labels", "oneHot");
  requireInteger(classes, "classes", "oneHot", 1);
  const out = zeros(labels.length, classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ArgumentError({
        function: "oneHot",
        argument: `label ${i}`,
        expected: `an integer in [0, ${classes - 1}]`,
        got: describe(label),
        remedy: "labels count from 0; check the number of classes",
      });
    }
    out.data[i * classes + label] = 1;
  }
  return out;
}

/** Index of the largest entry of each row: predicted classes of outputs, labels of one-hot targets. */
export function argmaxRows(A: Matrix): Int32Array {
  requireMatrix(A, "A", "argmaxRows");
  if (A.cols === 0) {
    throw new ShapeError({
      function: "argmaxRows",
      argument: "A",
      expected: "of at least one column",
      got: `${A.rows} x 0`,
    });
  }
  return Int32Array.from({ length: A.rows }, (_, i) => {
    let best = 0;
    for (let j = 1; j < A.cols; j++) if (A.data[i * A.cols + j] > A.data[i * A.cols + best]) best = j;
    return best;
  });
}
