// Seven operators share one wrapper and one set of options; the length is their documentation.
import { type Matrix, requireInteger, requireOneOf, requireOptions, UnsupportedError } from "../core/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import {
  createExpansion,
  type DataLike,
  type LossExpansion,
  lossOptionKeys,
  type LossOptions,
  type Network,
  type OutputMetric,
  requireBlock,
  requireUncoupled,
} from "../networks/index.js";
import type { Rng } from "../random/index.js";

/** Which curvature an operator multiplies by. */
export type CurvatureKind =
  "hessian" | "ggn" | "residual" | "fisher" | "monte-carlo-fisher" | "empirical-fisher" | "gradient-covariance";

/** A symmetric operator on the parameters (or a block of them) of a network. */
export interface CurvatureOperator extends SymmetricOperator {
  /** Which curvature. */
  readonly kind: CurvatureKind;
  /** Name of the parameter block it is restricted to, or null for all parameters. */
  readonly block: string | null;
  /** Number of samples in the mean. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
  /** The evaluated loss behind the products. */
  readonly expansion: LossExpansion;
}

/** Options of the curvature operators. */
export interface CurvatureOptions extends LossOptions {
  /** Restrict to a block of parameters by name: "layer2" or "layer2.weight" (default: all parameters). */
  readonly block?: string;
}

/** Options of {@link fisher}. */
export interface FisherOptions extends CurvatureOptions {
  /** "exact" expectation over the model's labels (default), or "monte-carlo" draws of labels. */
  readonly method?: "exact" | "monte-carlo";
  /** Labels drawn per sample for "monte-carlo" (default 1). */
  readonly draws?: number;
  /** Randomness for "monte-carlo". */
  readonly rng?: Rng;
}

const KEYS = [...lossOptionKeys, "block"];

/**
 * Hessian of the mean loss at a parameter vector, as an operator by exact products.
 *
 * Relation: apply(v) = d/dt gradient(params + t v) at t = 0. For activations with kinks this is the almost-everywhere
 * Hessian: the measure on the kinks does not enter.
 *
 * @param params must not change while the operator is in use
 * @param data   `{ inputs, targets }`; the mean runs over all samples, batches are weighted by their size
 * @returns an operator of order parameterCount, or the block's length
 * @throws {ShapeError} when sizes do not fit
 * @throws {ArgumentError} for labels out of range or an unknown block
 *
 * Accuracy: relative to a few ε; symmetric to rounding. Cost: at most two gradients per product.
 * @see [pearlmutter1994]
 *
 * @example
 * ```ts
 * import { hessian } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 1] });
 * const H = hessian(net, new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(toDense(H).data.join(" ")); // 5 2 2 1
 * ```
 */
export function hessian(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvatureOperator {
  const point = expand(net, params, data, options, KEYS, "hessian");
  return restrict("hessian", point, options.block, "hessian", (v, out) => point.hvp(v, out));
}

/**
 * Generalised Gauss–Newton matrix of the mean loss: G = (1/n) Σ J_iᵀ Q_i J_i.
 *
 * Relation: H = G + (1/n) Σ_i Σ_k (∂ℓ/∂f_k) ∇²f_k(x_i). G is positive semidefinite for convex losses, of rank at most
 * n · outputs (n · (outputs − 1) for cross-entropy). Penalties do not enter.
 *
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: a jvp and a vjp per product.
 * @see [schraudolph2002]
 *
 * @example
 * ```ts
 * import { ggn } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 1] });
 * const G = ggn(net, new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(toDense(G).data.join(" ")); // 5 2 2 1
 * ```
 */
export function ggn(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvatureOperator {
  const point = expand(net, params, data, options, KEYS, "ggn");
  return restrict("ggn", point, options.block, "ggn", (v, out) => point.ggnProduct(v, out));
}

/**
 * The part of the Hessian that the Gauss–Newton matrix leaves out: R = H − G.
 *
 * Relation: R = (1/n) Σ_i Σ_k (∂ℓ/∂f_k) ∇²f_k(x_i) (+ the penalties' Hessian): zero for networks linear in their parameters
 * and at interpolation, indefinite in general.
 *
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: nothing is subtracted, so that R v is good to rounding where it is much smaller than H v. Cost: as a Hessian product.
 *
 * @example
 * ```ts
 * import { hessianResidual } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 1] });
 * const R = hessianResidual(net, new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(toDense(R).data.join(" ")); // 0 0 0 0
 * ```
 */
export function hessianResidual(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvatureOperator {
  const point = expand(net, params, data, options, KEYS, "hessianResidual");
  return restrict("residual", point, options.block, "hessianResidual", (v, out) => point.residualProduct(v, out));
}

/**
 * Fisher information of the model that the loss is the negative log-likelihood of.
 *
 * Relation: F = (1/n) Σ_i E_{y ∼ model(x_i)} ∇ℓ(x_i, y) ∇ℓ(x_i, y)ᵀ, with labels from the model, not from the data. For
 * softmax cross-entropy and unit-variance Gaussian mse the exact F equals the Gauss–Newton matrix. "monte-carlo" replaces the
 * expectation by `draws` labels per sample, drawn once when the operator is made.
 *
 * @throws {UnsupportedError} for a loss without a model of its labels, and for networks that couple samples
 * @throws {ArgumentError} when "monte-carlo" has no rng
 *
 * Cost: as the Gauss–Newton product. Accuracy of "monte-carlo": relative error of order (n · draws)^{-1/2}.
 *
 * @example
 * ```ts
 * import { fisher } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 2], bias: false, loss: "cross-entropy" });
 * const F = fisher(net, new Float64Array(2), { inputs: [[2]], targets: [0] });
 * console.log(toDense(F).data.join(" ")); // 1 -1 -1 1
 * ```
 */
export function fisher(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: FisherOptions = {},
): CurvatureOperator {
  const caller = "fisher";
  const point = expand(net, params, data, options, [...KEYS, "method", "draws", "rng"], caller);
  requireUncoupled(net, caller);
  const method = requireOneOf(options.method ?? "exact", ["exact", "monte-carlo"] as const, "method", caller);
  if (point.loss.sampleTargets === undefined) {
    throw new UnsupportedError({
      function: caller,
      argument: "loss",
      expected: "a negative log-likelihood with a model of its labels",
      got: `"${point.loss.name}"`,
      remedy: "use ggn, or give the loss a sampleTargets function",
    });
  }
  if (method === "exact") return restrict("fisher", point, options.block, caller, (v, out) => point.ggnProduct(v, out));
  const draws = requireInteger(options.draws ?? 1, "draws", caller, 1);
  const { rng } = options;
  if (rng === undefined) {
    throw new UnsupportedError({
      function: caller,
      argument: "rng",
      expected: "given for method monte-carlo",
      got: "undefined",
    });
  }
  const scores: Matrix[] = [];
  const outputs = point.outputs();
  for (let m = 0; m < draws; m++) scores.push(point.loss.gradients(outputs, point.loss.sampleTargets(outputs, rng)));
  const metric: OutputMetric = (_, __, directions, first) => outerMetric(scores, directions, first);
  return restrict("monte-carlo-fisher", point, options.block, caller, (v, out) => point.ggnProduct(v, out, metric));
}

/**
 * Second moment of the per-sample gradients with the data's own labels: (1/n) Σ g_i g_iᵀ.
 *
 * Relation: equals Gᵀ G / n for G = perSampleGradients. It is called the empirical Fisher matrix but is not the Fisher
 * information, nor does it approximate the Hessian away from a perfect fit.
 *
 * @throws {UnsupportedError} for networks that couple samples
 *
 * Cost: a jvp and a vjp per product; per-sample gradients are never formed.
 *
 * @example
 * ```ts
 * import { empiricalFisher } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 1] });
 * const E = empiricalFisher(net, new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [2]] });
 * console.log(toDense(E).data.join(" ")); // 18.5 6.5 6.5 2.5
 * ```
 */
export function empiricalFisher(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvatureOperator {
  const caller = "empiricalFisher";
  const point = expand(net, params, data, options, KEYS, caller);
  requireUncoupled(net, caller);
  return restrict("empirical-fisher", point, options.block, caller, (v, out) =>
    point.ggnProduct(v, out, dataMetric(point)),
  );
}

/**
 * Covariance of the per-sample gradients: (1/n) Σ (g_i − g)(g_i − g)ᵀ, the noise of a one-sample stochastic gradient.
 *
 * Relation: empiricalFisher − g gᵀ with g the gradient of the mean loss without penalties.
 *
 * @throws {UnsupportedError} for networks that couple samples
 *
 * @example
 * ```ts
 * import { gradientCovariance } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { toDense } from "eigenscope/operators";
 * const net = mlp({ sizes: [1, 1] });
 * const C = gradientCovariance(net, new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [2]] });
 * console.log(toDense(C).data.join(" ")); // 6.25 1.25 1.25 0.25
 * ```
 */
export function gradientCovariance(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvatureOperator {
  const caller = "gradientCovariance";
  const point = expand(net, params, data, options, KEYS, caller);
  requireUncoupled(net, caller);
  const mean = point.gradient();
  const decay = new Float64Array(mean.length);
  for (const penalty of net.penalties) penalty.addGradient(net, params, decay);
  for (let i = 0; i < mean.length; i++) mean[i] -= decay[i];
  const metric = dataMetric(point);
  return restrict("gradient-covariance", point, options.block, caller, (v, out) => {
    point.ggnProduct(v, out, metric);
    let projection = 0;
    for (let i = 0; i < mean.length; i++) projection += mean[i] * v[i];
    for (let i = 0; i < mean.length; i++) out[i] -= projection * mean[i];
  });
}

/** The curvatures of one loss at one parameter vector, which share one evaluation of the network. */
export interface CurvaturePoint {
  /** Mean loss plus penalties. */
  readonly value: number;
  /** Its gradient. */
  readonly gradient: Float64Array;
  /** Hessian. */
  readonly hessian: CurvatureOperator;
  /** Gauss–Newton matrix. */
  readonly ggn: CurvatureOperator;
  /** Hessian − Gauss–Newton. */
  readonly residual: CurvatureOperator;
  /** The evaluated loss behind the products. */
  readonly expansion: LossExpansion;
}

/**
 * Loss, gradient, Hessian, Gauss–Newton matrix and their difference at one parameter vector, from one evaluation.
 *
 * Relation: hessian = ggn + residual, product by product.
 *
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: one forward and one backward pass, shared by all products.
 *
 * @example
 * ```ts
 * import { curvatureAt } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * const point = curvatureAt(mlp({ sizes: [1, 1] }), new Float64Array(2), { inputs: [[1], [3]], targets: [[1], [1]] });
 * console.log(point.value, point.gradient.join(" ")); // 0.5 -2 -1
 * ```
 */
export function curvatureAt(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions = {},
): CurvaturePoint {
  const caller = "curvatureAt";
  const point = expand(net, params, data, options, KEYS, caller);
  const gradient = point.gradient();
  return {
    value: point.value,
    gradient,
    hessian: restrict("hessian", point, options.block, caller, (v, out) => point.hvp(v, out)),
    ggn: restrict("ggn", point, options.block, caller, (v, out) => point.ggnProduct(v, out)),
    residual: restrict("residual", point, options.block, caller, (v, out) => point.residualProduct(v, out)),
    expansion: point,
  };
}

function expand(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureOptions,
  keys: readonly string[],
  caller: string,
): LossExpansion {
  requireOptions(options, keys, caller);
  return createExpansion(net, params, data, lossOptionsOf(options), caller);
}

/** The part of options that `expandLoss` takes. */
export function lossOptionsOf(options: LossOptions): LossOptions {
  return {
    ...(options.loss === undefined ? {} : { loss: options.loss }),
    ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
    ...(options.memoryBudget === undefined ? {} : { memoryBudget: options.memoryBudget }),
  };
}

/** u_i ↦ mean over scores s of (s_iᵀ u_i) s_i, row by row. */
function outerMetric(scores: readonly Matrix[], directions: Matrix, first: number): Matrix {
  const { rows, cols } = directions;
  const out = new Float64Array(rows * cols);
  for (const score of scores) {
    for (let i = 0; i < rows; i++) {
      const base = (first + i) * cols;
      let projection = 0;
      for (let k = 0; k < cols; k++) projection += score.data[base + k] * directions.data[i * cols + k];
      projection /= scores.length;
      for (let k = 0; k < cols; k++) out[i * cols + k] += projection * score.data[base + k];
    }
  }
  return { rows, cols, data: out };
}

function dataMetric(point: LossExpansion): OutputMetric {
  return (outputs, targets, directions) => outerMetric([point.loss.gradients(outputs, targets)], directions, 0);
}

/** Wraps a product on all parameters, restricted to a block where asked for. */
function restrict(
  kind: CurvatureKind,
  point: LossExpansion,
  block: string | undefined,
  caller: string,
  product: (v: Float64Array, out: Float64Array) => void,
): CurvatureOperator {
  const all = point.network.parameterCount;
  const head = {
    kind,
    block: block ?? null,
    samples: point.samples,
    loss: point.loss.name,
    expansion: point,
    symmetric: true as const,
  };
  if (block === undefined) return { ...head, rows: all, cols: all, apply: product };
  const { start, end } = requireBlock(point.network, block, caller);
  const wide = new Float64Array(all); // direction, zero outside the block
  const result = new Float64Array(all); // product on all parameters
  return {
    ...head,
    rows: end - start,
    cols: end - start,
    apply(v, out) {
      wide.set(v, start);
      product(wide, result);
      out.set(result.subarray(start, end));
    },
  };
}

/** The Hessian of an evaluated loss, of all parameters or of a block. */
export function restrictedHessian(point: LossExpansion, block: string | undefined, caller: string): CurvatureOperator {
  return restrict("hessian", point, block, caller, (v, out) => point.hvp(v, out));
}
