import {
  type Convergence,
  defined,
  type LongRunning,
  type Matrix,
  requireOptions,
  type Tagged,
  undefinedBecause,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import type { DataLike, Network } from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { type CurvatureOptions, hessian, lossOptionsOf } from "./operators.js";

/** Options of {@link sharpness}. */
export interface SharpnessOptions extends CurvatureOptions, LongRunning {
  /** Random start of the Lanczos iteration. */
  readonly rng: Rng;
  /** Residual relative to the largest |eigenvalue| (default 1e-6). */
  readonly tolerance?: number;
  /** Products allowed (default 1000). */
  readonly maximumMatvecs?: number;
  /** Approximate eigenvector as an n x 1 matrix, such as that of a nearby parameter vector. */
  readonly guess?: Matrix;
}

/** The largest Hessian eigenvalue with its certificate. */
export interface Sharpness extends Convergence {
  /** Largest (algebraic) eigenvalue of the Hessian; NaN when the run was cancelled before its first product. */
  readonly value: number;
  /** ‖H v − value v‖₂: an eigenvalue lies within this distance. */
  readonly residualNorm: number;
  /** An interval that contains an eigenvalue. */
  readonly interval: readonly [number, number];
  /** Unit eigenvector, n x 1 (n x 0 without a value): pass it as `guess` at the next parameter vector. */
  readonly vector: Matrix;
  /** 2/value: the largest stable step size of gradient descent on the local quadratic, where the value is positive. */
  readonly maximumStepSize: Tagged;
  /** Number of samples in the mean. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
}

/**
 * Sharpness: the largest eigenvalue of the Hessian of the mean loss, by Lanczos on exact products.
 *
 * Relation: ‖H v − λ v‖₂ = residualNorm. On the local quadratic, gradient descent is stable iff its step size is below 2/λ.
 *
 * @throws {ArgumentError} when no rng and no guess is given
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: the error is at most the residual, for a simple eigenvalue its square over the gap. Cost: one Hessian product per
 * matvec, 20 to 100 as a rule.
 * @see [cohen2021]
 *
 * @example
 * ```ts
 * import { sharpness } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const { value, maximumStepSize } = sharpness(net, Float64Array.of(0), { inputs: [[2]], targets: [[1]] }, { rng: createRng(1) });
 * console.log(value, maximumStepSize.defined && maximumStepSize.value); // 4 0.5
 * ```
 */
export function sharpness(net: Network, params: Float64Array, data: DataLike, options: SharpnessOptions): Sharpness {
  requireOptions(
    options,
    [
      "rng",
      "tolerance",
      "maximumMatvecs",
      "guess",
      "loss",
      "batchSize",
      "memoryBudget",
      "block",
      "signal",
      "onProgress",
    ],
    "sharpness",
  );
  requireRng(options?.rng, "sharpness");
  const H = hessian(net, params, data, {
    ...lossOptionsOf(options),
    ...(options.block === undefined ? {} : { block: options.block }),
  });
  const found = eigsh(H, {
    count: 1,
    which: "largest",
    rng: options.rng,
    tolerance: options.tolerance ?? 1e-6,
    maximumMatvecs: options.maximumMatvecs ?? 1000,
    ...(options.guess === undefined ? {} : { guess: options.guess }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  // A run that was cancelled before its first product has no value: the interval then says nothing, and the status why.
  const empty = found.values.length === 0;
  const value = empty ? Number.NaN : found.values[0];
  return {
    value,
    residualNorm: empty ? Infinity : found.residualNorms[0],
    interval: empty ? [-Infinity, Infinity] : [found.intervals.lower[0], found.intervals.upper[0]],
    vector: found.vectors,
    maximumStepSize:
      value > 0
        ? defined(2 / value)
        : undefinedBecause(
            empty
              ? "the run was cancelled before its first product"
              : "the largest eigenvalue is not positive: no step size is too large for the quadratic",
          ),
    samples: H.samples,
    loss: H.loss,
    status: found.status,
    iterations: found.iterations,
    matvecs: found.matvecs,
    tolerance: found.tolerance,
    residualNorms: found.residualNorms,
    advice: found.advice,
  };
}
