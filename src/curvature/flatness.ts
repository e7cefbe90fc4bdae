import {
  dot,
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOptions,
  type Status,
} from "../core/index.js";
import type { DataLike, LossOptions, Network } from "../networks/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { estimateOf } from "./estimate-of.js";
import { curvatureAt, lossOptionsOf } from "./operators.js";
import { sharpness } from "./sharpness.js";

/** Options of {@link flatness}. */
export interface FlatnessOptions extends LossOptions, LongRunning {
  /** Randomness of probes and starts. */
  readonly rng: Rng;
  /** Sign probes for the traces (default 20). */
  readonly probes?: number;
}

/** Measures of flatness, with what may be concluded from each. */
export interface Flatness {
  /** tr H. */
  readonly trace: Estimate;
  /** tr H / p, the mean eigenvalue. */
  readonly meanEigenvalue: Estimate;
  /** λ_max(H), with its residual norm. */
  readonly sharpness: { readonly value: number; readonly residualNorm: number };
  /** Σ θ_i² H_ii: unchanged when a ReLU layer is multiplied by α and the next divided by it. */
  readonly weightedTrace: Estimate;
  /** θᵀ G θ, G the Gauss–Newton matrix (Fisher–Rao): unchanged under the same rescaling. */
  readonly fisherRao: number;
  /** Which of these are not properties of the function that the network computes. */
  readonly warning: string;
  /** How the eigensolver ended, or "cancelled": traces then have the probes done so far. */
  readonly status: Status;
  /** Number of samples. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
}

/**
 * Measures how flat the loss is at a parameter vector: trace, largest eigenvalue, and two measures that a rescaling cannot change.
 *
 * Relation: for bias-free ReLU networks (α W_l, W_{l+1}/α) computes the same function; trace, mean eigenvalue and λ_max change with α,
 * Σ θ_i² H_ii and θᵀ G θ do not. Only the latter can be compared between networks.
 *
 * @throws {ArgumentError} when probes is not an integer >= 2
 *
 * Accuracy: traces by Hutchinson's estimator with standard errors. Cost: `probes` Hessian products twice, one eigsh, one Gauss–Newton
 * product.
 * @see [dinh2017]
 *
 * @example
 * ```ts
 * import { flatness } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const report = flatness(net, Float64Array.of(3), { inputs: [[2]], targets: [[1]] }, { rng: createRng(1) });
 * console.log(report.trace.mean, report.weightedTrace.mean, report.fisherRao); // 4 36 36
 * ```
 */
export function flatness(net: Network, params: Float64Array, data: DataLike, options: FlatnessOptions): Flatness {
  const caller = "flatness";
  requireOptions(options, ["rng", "probes", "loss", "batchSize", "memoryBudget", "signal", "onProgress"], caller);
  requireRng(options?.rng, caller);
  const probes = requireInteger(options.probes ?? 20, "probes", caller, 2);
  const point = curvatureAt(net, params, data, lossOptionsOf(options));
  const n = net.parameterCount;
  const v = new Float64Array(n); // sign probe, or sign probe times |θ|
  const Hv = new Float64Array(n);
  const stream = options.rng.fork("probes");
  const quadratic = (weights: Float64Array | null): Estimate => {
    const values: number[] = [];
    while (values.length < probes && !isCancelled(options.signal)) {
      fillRademacher(stream, v);
      if (weights !== null) for (let i = 0; i < n; i++) v[i] *= weights[i];
      point.hessian.apply(v, Hv);
      values.push(dot(v, Hv));
      options.onProgress?.({
        phase: weights === null ? "trace" : "weighted trace",
        done: values.length,
        total: probes,
      });
    }
    return estimateOf(values);
  };
  const trace = quadratic(null);
  const weightedTrace = quadratic(params);
  const top = sharpness(net, params, data, {
    ...lossOptionsOf(options),
    rng: options.rng.fork("sharpness"),
    tolerance: 1e-4,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  point.ggn.apply(params, Hv);
  return {
    trace,
    meanEigenvalue: { ...trace, mean: trace.mean / n, standardError: trace.standardError / n },
    sharpness: { value: top.value, residualNorm: top.residualNorm },
    weightedTrace,
    fisherRao: dot(params, Hv),
    warning:
      "trace, mean eigenvalue and largest eigenvalue depend on the parameterisation: rescaling a ReLU network changes them and not its function; compare networks by weightedTrace or fisherRao",
    status: isCancelled(options.signal) ? "cancelled" : top.status,
    samples: top.samples,
    loss: top.loss,
  };
}
