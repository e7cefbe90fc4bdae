import { type Matrix, ResourceError, UnsupportedError } from "../core/index.js";
import { chainBackward, chainForward } from "./chain.js";
import type { ChainPass } from "./layer.js";
import { createExpansion, type LossOptions } from "./expansion.js";
import {
  type DataLike,
  type InputsLike,
  type Network,
  requireInputs,
  requireNetwork,
  requireParameters,
} from "./network.js";
import { zeros } from "./products.js";

/** Entries of a dense result above which the call is refused (4 GiB). */
const MAXIMUM_ENTRIES = 2 ** 29;

/**
 * Gradients of the loss of each sample.
 *
 * Relation: row i is ∂ℓ(f(x_i), y_i)/∂θ; the mean of the rows plus the penalties' gradient is `gradient`.
 *
 * @returns n x parameters
 * @throws {UnsupportedError} when a layer couples samples (batch normalisation): a sample has no gradient of its own
 * @throws {ResourceError} when n x parameters exceeds 4 GiB
 *
 * Cost: one forward and backward pass, plus writing n x parameters numbers.
 *
 * @example
 * ```ts
 * import { mlp, perSampleGradients } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1] });
 * const rows = perSampleGradients(net, Float64Array.of(2, 0), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(rows.data.join(" ")); // 1 1 15 5
 * ```
 */
export function perSampleGradients(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: LossOptions = {},
): Matrix {
  const caller = "perSampleGradients";
  requireUncoupled(net, caller);
  const point = createExpansion(net, params, data, options, caller);
  requireSize(point.samples, net.parameterCount, caller);
  const out = zeros(point.samples, net.parameterCount);
  point.forEachChunk((chunk) => {
    const cotangent = point.loss.gradients(chunk.pass.output, chunk.targets);
    writePerSample(chunk.pass, cotangent, rowsOf(out, chunk.first, cotangent.rows));
  });
  return out;
}

/**
 * Jacobian of the network's outputs in the parameters.
 *
 * Relation: row i · outputs + k is ∂f_k(x_i)/∂θ.
 *
 * @returns (n · outputs) x parameters
 * @throws {UnsupportedError} when a layer couples samples
 * @throws {ResourceError} when the result exceeds 4 GiB; use jvp and vjp, or empiricalNtk of curvature, instead
 *
 * Cost: one forward pass, one backward pass per output, plus writing the result.
 *
 * @example
 * ```ts
 * import { jacobian, mlp } from "eigenscope/networks";
 * const J = jacobian(mlp({ sizes: [1, 2] }), new Float64Array(4), [[3]]);
 * console.log(J.rows, J.data.join(" ")); // 2 3 0 1 0 0 3 0 1
 * ```
 */
export function jacobian(net: Network, params: Float64Array, inputs: InputsLike): Matrix {
  const caller = "jacobian";
  requireUncoupled(net, caller);
  requireParameters(net, params, caller);
  const X = requireInputs(net, inputs, caller);
  requireSize(X.rows * net.outputs, net.parameterCount, caller);
  const pass = chainForward(net.chain, params, X);
  const out = zeros(X.rows * net.outputs, net.parameterCount);
  const one = zeros(X.rows, net.parameterCount); // gradients of output k, row by row, before they are interleaved
  for (let k = 0; k < net.outputs; k++) {
    one.data.fill(0);
    writePerSample(pass, unitCotangent(X.rows, net.outputs, k), one);
    for (let i = 0; i < X.rows; i++) {
      out.data.set(one.data.subarray(i * one.cols, (i + 1) * one.cols), (i * net.outputs + k) * one.cols);
    }
  }
  return out;
}

/** Cotangent that selects output k of every sample. */
export function unitCotangent(rows: number, cols: number, k: number): Matrix {
  const cotangent = zeros(rows, cols);
  for (let i = 0; i < rows; i++) cotangent.data[i * cols + k] = 1;
  return cotangent;
}

/** Refuses networks in which a sample has no gradient of its own. */
export function requireUncoupled(net: Network, caller: string): void {
  if (!requireNetwork(net, caller).couplesSamples) return;
  const names = net.chain.layers.filter((layer) => layer.couplesSamples).map((layer) => layer.name);
  throw new UnsupportedError({
    function: caller,
    argument: "net",
    expected: "without layers that couple samples",
    got: `batch normalisation in ${names.join(", ")}`,
    remedy: "a sample has no gradient of its own there; fix the statistics by evaluationMode, or use layerNorm",
  });
}

function requireSize(rows: number, cols: number, caller: string): void {
  if (rows * cols > MAXIMUM_ENTRIES) {
    throw new ResourceError({
      function: caller,
      argument: "the result",
      expected: `at most ${MAXIMUM_ENTRIES} numbers (4 GiB)`,
      got: `${rows} x ${cols}`,
      remedy: "take fewer samples, or use products (jvp, vjp) instead of the matrix",
    });
  }
}

function rowsOf(A: Matrix, first: number, rows: number): Matrix {
  return { rows, cols: A.cols, data: A.data.subarray(first * A.cols, (first + rows) * A.cols) };
}

/** Adds the per-sample gradients for one cotangent to the rows of `out`. */
export function writePerSample(pass: ChainPass, cotangent: Matrix, out: Matrix, offset = 0): void {
  const { cotangents } = chainBackward(pass, cotangent, null, false);
  pass.passes.forEach((layerPass, index) => {
    if (cotangents[index] !== undefined)
      layerPass.perSample(cotangents[index], out, offset + pass.chain.offsets[pass.chain.sources[index]]);
  });
}
