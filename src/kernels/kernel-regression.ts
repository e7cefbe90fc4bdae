import {
  ArgumentError,
  type Matrix,
  ShapeError,
  requireFinite,
  requireMatrix,
  requireNumber,
  requireOptions,
  expm1,
} from "../core/index.js";
import { eigh, matmul } from "../linalg/index.js";
import { requireKernel } from "./geometry.js";
import type { Kernel } from "./types.js";

/** Options of {@link kernelRegression}. */
export interface KernelRegressionOptions {
  /** Variance σ² of the label noise (ridge), 0 by default. */
  readonly noiseVariance?: number;
  /** Training time of gradient flow on ½‖f − y‖² with step size one; Infinity (default) is the trained limit. */
  readonly time?: number;
  /** Network outputs at initialisation on training and test points; zeros by default. */
  readonly initial?: { readonly train: Matrix; readonly test: Matrix };
}

/** Predictions of kernel regression, a GP posterior or a partly trained network. */
export interface KernelPrediction {
  /** Predictions at the test points, one column per output. */
  readonly mean: Matrix;
  /** Posterior variance at the test points (trained limit, zero initial function), at least 0; null at finite times. */
  readonly variance: Float64Array | null;
  /** Largest amount by which rounding had made a variance negative before it was set to 0; 0 where none was. */
  readonly varianceRounding: number;
  /** Fit at the training points. */
  readonly fitted: Matrix;
  /** Eigenvalues of K on the training points, ascending. */
  readonly eigenvalues: Float64Array;
  /** Eigenvalues below n ε λ_max that were treated as never learned instead of being divided by. */
  readonly unresolved: number;
}

/**
 * Predicts with a kernel: posterior mean and variance of a Gaussian process, or the network after training time t.
 *
 * Relation: mean = f_0(x*) + k*ᵀ (K + σ²I)^{−1}(I − e^{−(K + σ²I)t})(y − f_0(X)), variance = K(x*, x*) − k*ᵀ(K + σ²I)^{−1}k*.
 * With the NTK this is the mean of an infinitely wide network trained by gradient flow; with the NNGP and t = ∞ the Bayesian
 * posterior. The factor (1 − e^{−λt})/λ is used as a whole, so that small eigenvalues are no hazard at finite times.
 *
 * @param kernel  kernel
 * @param X       training inputs, n x d
 * @param Y       training targets, n x c
 * @param test    test inputs, m x d
 * @param options noise, time, initial function
 * @throws {ShapeError} when rows do not fit
 * @throws {ArgumentError} for a negative noise or time
 *
 * Accuracy: relative error about ε κ(K + σ²I) in the trained limit; directions with λ <= n ε λ_max are left unlearned and
 * counted. Cost: one symmetric eigendecomposition of order n and the cross matrix.
 *
 * @example
 * ```ts
 * import { kernelRegression, ntk } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * const X = fromRows([[1, 0], [0, 1]]);
 * const { mean } = kernelRegression(ntk({ depth: 2 }), X, fromRows([[1], [-1]]), X);
 * console.log(mean.data[0]!.toFixed(12), mean.data[1]!.toFixed(12)); // 1.000000000000 -1.000000000000
 * ```
 */
export function kernelRegression(
  kernel: Kernel,
  X: Matrix,
  Y: Matrix,
  test: Matrix,
  options: KernelRegressionOptions = {},
): KernelPrediction {
  const caller = "kernelRegression";
  requireKernel(kernel, caller);
  requireOptions(options, ["noiseVariance", "time", "initial"], caller);
  requireMatrix(X, "X", caller);
  requireMatrix(Y, "Y", caller);
  requireMatrix(test, "test", caller);
  requireFinite(Y.data, "Y", caller);
  if (Y.rows !== X.rows) {
    throw new ShapeError({
      function: caller,
      argument: "Y",
      expected: `of ${X.rows} rows, as X`,
      got: `${Y.rows} x ${Y.cols}`,
    });
  }
  const noise = requireNumber(options.noiseVariance ?? 0, "noiseVariance", caller, 0);
  const time = options.time ?? Infinity;
  if (!(time >= 0))
    throw new ArgumentError({ function: caller, argument: "time", expected: ">= 0 or Infinity", got: String(time) });
  if (options.initial !== undefined) {
    requireMatrix(options.initial.train, "initial.train", caller);
    requireMatrix(options.initial.test, "initial.test", caller);
  }
  const initialTrain = requireInitial(options.initial?.train, X.rows, Y.cols, "initial.train", caller);
  const initialTest = requireInitial(options.initial?.test, test.rows, Y.cols, "initial.test", caller);
  const n = X.rows;
  const { values, vectors } = eigh(kernel.gram(X), { vectors: true });
  const floor = n * Number.EPSILON * (n === 0 ? 0 : values[n - 1] + noise);
  let unresolved = 0;
  const gain = values.map((value) => {
    const lambda = value + noise;
    if (lambda <= floor) {
      unresolved++;
      // (1 − e^{−λt})/λ → t at λ = 0: finite times are well defined, the limit is not.
      return time === Infinity ? 0 : time;
    }
    return time === Infinity ? 1 / lambda : -expm1(-lambda * time) / lambda;
  });
  const residual: Matrix = { ...Y, data: Y.data.map((value, i) => value - initialTrain[i]) };
  const coefficients = matmul(vectors, residual, { transposeA: true });
  for (let i = 0; i < n; i++) for (let j = 0; j < Y.cols; j++) coefficients.data[i * Y.cols + j] *= gain[i];
  const dual = matmul(vectors, coefficients);
  const cross = kernel.cross(test, X);
  const added = matmul(cross, dual);
  // K dual from the eigenvalues: V diag(λ) coefficients.
  for (let i = 0; i < n; i++) for (let j = 0; j < Y.cols; j++) coefficients.data[i * Y.cols + j] *= values[i];
  const fit = matmul(vectors, coefficients);
  const posterior =
    time === Infinity && options.initial === undefined ? posteriorVariance(kernel, test, cross, vectors, gain) : null;
  return {
    mean: { ...added, data: added.data.map((value, i) => value + initialTest[i]) },
    variance: posterior === null ? null : posterior.map((value) => Math.max(0, value)),
    varianceRounding: posterior === null ? 0 : posterior.reduce((most, value) => Math.max(most, -value), 0),
    fitted: { ...fit, data: fit.data.map((value, i) => value + initialTrain[i]) },
    eigenvalues: values,
    unresolved,
  };
}

function requireInitial(
  given: Matrix | undefined,
  rows: number,
  cols: number,
  argument: string,
  caller: string,
): Float64Array {
  if (given === undefined) return new Float64Array(rows * cols);
  requireMatrix(given, argument, caller);
  if (given.rows !== rows || given.cols !== cols) {
    throw new ShapeError({
      function: caller,
      argument,
      expected: `${rows} x ${cols}`,
      got: `${given.rows} x ${given.cols}`,
    });
  }
  requireFinite(given.data, argument, caller);
  return given.data;
}

function posteriorVariance(
  kernel: Kernel,
  test: Matrix,
  cross: Matrix,
  vectors: Matrix,
  gain: Float64Array,
): Float64Array {
  const projected = matmul(cross, vectors);
  return kernel.diagonal(test).map((prior, i) => {
    let explained = 0;
    for (let k = 0; k < projected.cols; k++)
      explained += gain[k] * (projected.data[i * projected.cols + k] * projected.data[i * projected.cols + k]);
    return prior - explained;
  });
}
