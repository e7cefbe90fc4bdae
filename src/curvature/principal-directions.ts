import {
  column,
  type Convergence,
  dot,
  type LongRunning,
  type Matrix,
  norm,
  requireInteger,
  requireOneOf,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import type { DataLike, LossOptions, Network } from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { curvatureAt, lossOptionsOf } from "./operators.js";

/** Options of {@link principalDirections}. */
export interface PrincipalDirectionsOptions extends LossOptions, LongRunning {
  /** Random start of the Lanczos iteration. */
  readonly rng: Rng;
  /** Directions of largest curvature (default 3). */
  readonly largest?: number;
  /** Directions of smallest (most negative) curvature (default 3). */
  readonly smallest?: number;
  /** "hessian" (default) or "ggn". */
  readonly curvature?: "hessian" | "ggn";
  /** Residual tolerance, relative to the largest |eigenvalue| (default 1e-6). */
  readonly tolerance?: number;
  /** Products allowed (default 1000). */
  readonly maximumMatvecs?: number;
}

/** An eigenvector of the curvature and where it points. */
export interface PrincipalDirection {
  /** Eigenvalue: the curvature along the direction. */
  readonly eigenvalue: number;
  /** ‖A v − λ v‖₂: an eigenvalue lies within this distance. */
  readonly residualNorm: number;
  /** An interval that contains an eigenvalue. */
  readonly interval: readonly [number, number];
  /** (gᵀv)²/‖g‖², the share of the gradient's square along the direction; 0 where the gradient vanishes. */
  readonly gradientShare: number;
  /** 1/Σ v_i⁴: how many parameters take part, between 1 and their number. */
  readonly participation: number;
  /** Share of ‖v‖² in each block of parameters, in parameter order; they add up to 1. */
  readonly blockShares: readonly { readonly name: string; readonly share: number }[];
  /** Unit vector. */
  readonly vector: Float64Array;
}

/** Principal curvature directions with their certificates. */
export interface PrincipalDirections extends Convergence {
  /** Directions of largest curvature, descending. */
  readonly largest: readonly PrincipalDirection[];
  /** Directions of smallest curvature, ascending. */
  readonly smallest: readonly PrincipalDirection[];
  /** All of them as columns, largest before smallest: a warm start for a nearby point. */
  readonly vectors: Matrix;
  /** Share of the gradient's square in the space of all directions found. */
  readonly gradientShare: number;
  /** Norm of the gradient. */
  readonly gradientNorm: number;
  /** Which curvature. */
  readonly curvature: "hessian" | "ggn";
  /** Number of samples. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
}

/**
 * Principal curvature directions: eigenvectors of the Hessian (or Gauss–Newton matrix) at both ends of its spectrum, with where they point.
 *
 * Relation: A v = λ v up to the residual norm. A step t v changes the loss by t gᵀv + t² λ/2 + O(t³): the gradient's share along each
 * direction says whether descent feels it, the block shares in which layer it lies.
 *
 * @throws {ArgumentError} when the counts are not integers >= 0, or both 0
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: eigenvalues within the residual, directions within residual/gap (Davis–Kahan). Cost: one product per matvec, both ends from one
 * Krylov space.
 *
 * @example
 * ```ts
 * import { principalDirections } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [2, 1], bias: false });
 * const data = { inputs: [[2, 0], [0, 1]], targets: [[1], [1]] };
 * const { largest, smallest } = principalDirections(net, new Float64Array(2), data, { rng: createRng(1), largest: 1, smallest: 1 });
 * console.log(largest[0]?.eigenvalue.toFixed(6), smallest[0]?.eigenvalue.toFixed(6)); // 2.000000 0.500000
 * console.log(largest[0]?.gradientShare.toFixed(6), largest[0]?.participation.toFixed(6)); // 0.800000 1.000000
 * ```
 */
export function principalDirections(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: PrincipalDirectionsOptions,
): PrincipalDirections {
  const caller = "principalDirections";
  requireOptions(
    options,
    [
      "rng",
      "largest",
      "smallest",
      "curvature",
      "tolerance",
      "maximumMatvecs",
      "loss",
      "batchSize",
      "memoryBudget",
      "signal",
      "onProgress",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  const curvature = requireOneOf(options.curvature ?? "hessian", ["hessian", "ggn"] as const, "curvature", caller);
  const p = net.parameterCount;
  const top = Math.min(p, requireInteger(options.largest ?? 3, "largest", caller));
  const bottom = Math.min(p - top, requireInteger(options.smallest ?? 3, "smallest", caller));
  requireInteger(top + bottom, "largest + smallest", caller, 1);
  const point = curvatureAt(net, params, data, lossOptionsOf(options));
  const A = point[curvature];
  // "both" takes as many from each end: the wider end decides, and what was not asked for is left out.
  const both = top > 0 && bottom > 0;
  const found = eigsh(A, {
    count: both ? Math.min(p, 2 * Math.max(top, bottom)) : top + bottom,
    which: both ? "both" : top > 0 ? "largest" : "smallest",
    rng: options.rng,
    tolerance: requirePositive(options.tolerance ?? 1e-6, "tolerance", caller),
    maximumMatvecs: options.maximumMatvecs ?? 1000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const descending = Array.from(found.values.keys()).sort((i, j) => found.values[j] - found.values[i]);
  const gradientNorm = norm(point.gradient);
  const describeAt = (k: number): PrincipalDirection => {
    const vector = column(found.vectors, k);
    const along = gradientNorm === 0 ? 0 : dot(point.gradient, vector) / gradientNorm;
    return {
      eigenvalue: found.values[k],
      residualNorm: found.residualNorms[k],
      interval: [found.intervals.lower[k], found.intervals.upper[k]],
      gradientShare: along * along,
      participation: 1 / vector.reduce((sum, x) => sum + x * x * x * x, 0),
      blockShares: net.blocks.map(({ name, offset, length }) => {
        const part = vector.subarray(offset, offset + length);
        return { name, share: dot(part, part) };
      }),
      vector,
    };
  };
  const largest = descending.slice(0, top).map(describeAt);
  const smallest = bottom === 0 ? [] : descending.slice(-bottom).reverse().map(describeAt);
  const all = [...largest, ...smallest];
  const vectors = { rows: p, cols: all.length, data: new Float64Array(p * all.length) };
  all.forEach(({ vector }, k) => vector.forEach((x, i) => (vectors.data[i * all.length + k] = x)));
  return {
    largest,
    smallest,
    vectors,
    gradientShare: all.reduce((sum, direction) => sum + direction.gradientShare, 0),
    gradientNorm,
    curvature,
    samples: A.samples,
    loss: A.loss,
    status: found.status,
    iterations: found.iterations,
    matvecs: found.matvecs,
    tolerance: found.tolerance,
    residualNorms: Float64Array.from(all, ({ residualNorm }) => residualNorm),
    advice: found.advice,
  };
}
