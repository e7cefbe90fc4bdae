import { type Matrix, requireFinite, requireMatrix, ShapeError } from "../core/index.js";
import { chainBackward, chainForward, chainTangents } from "./chain.js";
import { createExpansion, type LossOptions } from "./expansion.js";
import { type DataLike, type InputsLike, type Network, requireInputs, requireParameters } from "./network.js";

/**
 * Evaluates the network.
 *
 * @returns n x outputs, one row per sample
 * @throws {ShapeError} when inputs or parameters have the wrong size
 *
 * @example
 * ```ts
 * import { mlp, predict } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 1] });
 * console.log(predict(net, Float64Array.of(1, 2, 3), [[1, 1]]).data[0]); // 6
 * ```
 */
export function predict(net: Network, params: Float64Array, inputs: InputsLike): Matrix {
  requireParameters(net, params, "predict");
  return chainForward(net.chain, params, requireInputs(net, inputs, "predict")).output;
}

/** Mean loss with penalties at a parameter vector. */
export function lossValue(net: Network, params: Float64Array, data: DataLike, options: LossOptions = {}): number {
  return createExpansion(net, params, data, options, "lossValue").value;
}

/**
 * Gradient of the mean loss in the parameters.
 *
 * Relation: gᵀ v is the derivative of the loss along v, for every v.
 *
 * @returns a vector of the network's parameter count
 * @throws {ShapeError} when sizes do not fit
 * @throws {ArgumentError} for labels out of range
 *
 * Accuracy: exact derivatives, a few ε times the condition of the sums. Cost: about three forward passes.
 *
 * @example
 * ```ts
 * import { gradient, mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1] });
 * const g = gradient(net, Float64Array.of(2, 0), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(g.join(" ")); // 8 3
 * ```
 */
export function gradient(net: Network, params: Float64Array, data: DataLike, options: LossOptions = {}): Float64Array {
  return createExpansion(net, params, data, options, "gradient").gradient();
}

/** Mean loss and its gradient from one forward and one backward pass. */
export function valueAndGradient(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: LossOptions = {},
): { readonly value: number; readonly gradient: Float64Array } {
  const point = createExpansion(net, params, data, options, "valueAndGradient");
  return { value: point.value, gradient: point.gradient() };
}

/**
 * Derivative of the network's outputs along a direction in parameter space: J v.
 *
 * @returns n x outputs
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: about two forward passes.
 *
 * @example
 * ```ts
 * import { jvp, mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 1] });
 * console.log(jvp(net, new Float64Array(3), [[5, 7]], Float64Array.of(1, 0, 1)).data[0]); // 6
 * ```
 */
export function jvp(net: Network, params: Float64Array, inputs: InputsLike, direction: Float64Array): Matrix {
  requireParameters(net, params, "jvp");
  const X = requireInputs(net, inputs, "jvp");
  requireParameters(net, direction, "jvp", "direction");
  const tangents = chainTangents(chainForward(net.chain, params, X), direction, null);
  return tangents[tangents.length - 1].output;
}

/**
 * Pulls a cotangent of the outputs back to the parameters: Jᵀ c, summed over the samples.
 *
 * Relation: ⟨c, jvp(v)⟩ = ⟨vjp(c), v⟩ for all c and v.
 *
 * @param cotangent n x outputs
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: about three forward passes.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { mlp, vjp } from "eigenscope/networks";
 * const net = mlp({ sizes: [2, 1] });
 * console.log(vjp(net, new Float64Array(3), [[5, 7]], fromRows([[2]])).join(" ")); // 10 14 2
 * ```
 */
export function vjp(net: Network, params: Float64Array, inputs: InputsLike, cotangent: Matrix): Float64Array {
  requireParameters(net, params, "vjp");
  const X = requireInputs(net, inputs, "vjp");
  requireCotangent(net, X, cotangent, "vjp");
  const out = new Float64Array(net.parameterCount);
  chainBackward(chainForward(net.chain, params, X), cotangent, out, false);
  return out;
}

/** Checks a matrix of output cotangents. */
export function requireCotangent(net: Network, X: Matrix, cotangent: Matrix, caller: string): void {
  requireMatrix(cotangent, "cotangent", caller);
  if (cotangent.rows !== X.rows || cotangent.cols !== net.outputs) {
    throw new ShapeError({
      function: caller,
      argument: "cotangent",
      expected: `${X.rows} x ${net.outputs}`,
      got: `${cotangent.rows} x ${cotangent.cols}`,
    });
  }
  requireFinite(cotangent.data, "cotangent", caller);
}

/**
 * Hessian of the mean loss times a vector, by the exact second-order pass.
 *
 * Relation: H v = d/dt gradient(params + t v) at t = 0, without finite differences. For many products at one parameter
 * vector use `expandLoss` or the operator `hessian` of curvature: they evaluate the network once.
 *
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: relative to a few ε (1e-12 and better in the tests). Cost: forward, backward, and a second-order pass of at
 * most two gradients.
 * @see [pearlmutter1994]
 *
 * @example
 * ```ts
 * import { hvp, mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1] });
 * console.log(hvp(net, Float64Array.of(2, 0), { inputs: [[1], [3]], targets: [[1], [1]] }, Float64Array.of(1, 0)).join(" ")); // 5 2
 * ```
 */
export function hvp(
  net: Network,
  params: Float64Array,
  data: DataLike,
  direction: Float64Array,
  options: LossOptions = {},
): Float64Array {
  requireParameters(net, direction, "hvp", "direction");
  const out = new Float64Array(net.parameterCount);
  createExpansion(net, params, data, options, "hvp").hvp(direction, out);
  return out;
}

/**
 * Generalised Gauss–Newton matrix of the mean loss times a vector.
 *
 * Relation: G v = (1/n) Σ J_iᵀ Q_i J_i v, Q the Hessian of the loss in the outputs; positive semidefinite for convex losses.
 *
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: a forward pass, a jvp and a vjp.
 * @see [schraudolph2002]
 *
 * @example
 * ```ts
 * import { ggnProduct, mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1] });
 * console.log(ggnProduct(net, Float64Array.of(2, 0), { inputs: [[1], [3]], targets: [[1], [1]] }, Float64Array.of(1, 0)).join(" ")); // 5 2
 * ```
 */
export function ggnProduct(
  net: Network,
  params: Float64Array,
  data: DataLike,
  direction: Float64Array,
  options: LossOptions = {},
): Float64Array {
  requireParameters(net, direction, "ggnProduct", "direction");
  const out = new Float64Array(net.parameterCount);
  createExpansion(net, params, data, options, "ggnProduct").ggnProduct(direction, out);
  return out;
}
