import {
  defined,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireOptions,
  requirePositive,
  type Status,
  type Tagged,
  undefinedBecause,
} from "../core/index.js";
import { hessian } from "../curvature/index.js";
import { eigsh } from "../krylov/index.js";
import type { DataLike, InitializationScheme, LossLike, Network } from "../networks/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import type { Optimizer } from "./optimizer.js";
import { requireOptimizer } from "./require-optimizer.js";
import { train } from "./train.js";

/** Options of {@link edgeOfStability}. */
export interface EdgeOfStabilityOptions extends LongRunning {
  /** The optimiser; its stability limit sets the threshold. */
  readonly optimizer: Optimizer;
  /** Full-batch steps. */
  readonly steps: number;
  /** Steps between sharpness measurements (default steps/20, at least 1). */
  readonly every?: number;
  /** Start (default: drawn by `initialization`). */
  readonly params?: Float64Array;
  /** Scheme of the start when `params` is absent (default "he"). */
  readonly initialization?: InitializationScheme;
  /** Randomness of the start and of the eigensolver. */
  readonly rng: Rng;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
  /** Residual tolerance of the sharpness, relative (default 1e-4). */
  readonly tolerance?: number;
  /** Share of the run, at its end, that the late means are taken over (default 0.5). */
  readonly lateShare?: number;
}

/** One measurement. */
export interface StabilityRecord {
  /** Steps taken. */
  readonly step: number;
  /** Full-batch loss there. */
  readonly loss: number;
  /** Largest eigenvalue of the Hessian, or of P^{-1/2} H P^{-1/2} for adaptive optimisers. */
  readonly sharpness: number;
  /** Its residual norm. */
  readonly residualNorm: number;
  /** Step size times sharpness. */
  readonly product: number;
}

/** Sharpness along a training run against the threshold of its optimiser. */
export interface EdgeOfStability {
  /** The measurements. */
  readonly records: readonly StabilityRecord[];
  /** Largest stable value of step size times sharpness: 2 for gradient descent, 2(1 + γ) for heavy ball, 38 for Adam. */
  readonly limit: Tagged;
  /** Whether the sharpness is that of the preconditioned Hessian. */
  readonly preconditioned: boolean;
  /** Sharpness at the first measurement. */
  readonly initialSharpness: number;
  /** Largest sharpness measured. */
  readonly largestSharpness: number;
  /** Mean of step size times sharpness over the late part, where the run got that far. */
  readonly lateMeanProduct: Tagged;
  /** Share of steps in the late part at which the loss rose. */
  readonly lateRisingShare: number;
  /** "at the edge" when the late mean is within 10 % of the limit, else which side of it; "diverged" when the loss was no longer finite. */
  readonly verdict: "at the edge" | "below the edge" | "beyond the edge" | "diverged" | "not measured";
  /** Full-batch loss at every step. */
  readonly losses: Float64Array;
  /** Parameters at the end. */
  readonly params: Float64Array;
  /** Hessian products spent. */
  readonly matvecs: number;
  /** How the run ended. */
  readonly status: Status;
}

/**
 * Trains with full batches and follows the sharpness against the optimiser's stability threshold.
 *
 * Relation: on a quadratic the optimiser is stable iff step size · sharpness < limit. Full-batch training tends to sharpen until it gets
 * there, then hovers: a tendency of full-batch descent after progressive sharpening, not a law, and not one of small steps or of SGD.
 *
 * @throws {ArgumentError} when steps is not an integer >= 1
 *
 * Cost: one gradient per step; each measurement a warm-started eigsh (10 to 60 Hessian products).
 * @see [cohen2021]
 * @see [cohen2022]
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { edgeOfStability, gradientDescent } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const report = edgeOfStability(net, { inputs: [[1]], targets: [[0]] }, {
 *   optimizer: gradientDescent({ stepSize: 0.5 }), steps: 10, params: Float64Array.of(1), rng: createRng(1),
 * });
 * console.log(report.lateMeanProduct.defined && report.lateMeanProduct.value, report.verdict); // 0.5 below the edge
 * ```
 */
export function edgeOfStability(net: Network, data: DataLike, options: EdgeOfStabilityOptions): EdgeOfStability {
  const caller = "edgeOfStability";
  requireOptions(
    options,
    [
      "optimizer",
      "steps",
      "every",
      "params",
      "initialization",
      "rng",
      "loss",
      "tolerance",
      "lateShare",
      "signal",
      "onProgress",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  const steps = requireInteger(options.steps, "steps", caller, 1);
  const every = requireInteger(options.every ?? Math.max(1, Math.round(steps / 20)), "every", caller, 1);
  const lateShare = requirePositive(options.lateShare ?? 0.5, "lateShare", caller);
  const tolerance = requirePositive(options.tolerance ?? 1e-4, "tolerance", caller);
  const lossOptions = options.loss === undefined ? {} : { loss: options.loss };
  const { stabilityLimit, stepSize } = requireOptimizer(options.optimizer, caller);
  const records: StabilityRecord[] = [];
  const losses: number[] = [];
  let guess: Matrix | undefined;
  let matvecs = 0;
  let preconditioned = false;
  const run = train(net, data, {
    optimizer: options.optimizer,
    steps,
    recordEvery: every,
    rng: options.rng.fork("train"),
    ...lossOptions,
    ...(options.params === undefined ? {} : { params: options.params }),
    ...(options.initialization === undefined ? {} : { initialization: options.initialization }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    onStep({ step, params, loss, optimizer }) {
      losses.push(loss);
      if (step % every !== 0) return;
      const diagonal = optimizer.preconditioner?.() ?? null;
      // An adaptive method has no preconditioner before its first step: nothing to measure there.
      if (optimizer.preconditioner !== undefined && diagonal === null) return;
      preconditioned = diagonal !== null;
      const H = hessian(net, params, data, lossOptions);
      const found = eigsh(diagonal === null ? H : symmetricallyScaled(H, diagonal), {
        count: 1,
        which: "largest",
        tolerance,
        rng: options.rng.fork(`sharpness ${step}`),
        ...(guess === undefined ? {} : { guess }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      matvecs += found.matvecs;
      if (found.values.length === 0) return; // cancelled before its first product: nothing was measured
      guess = found.vectors;
      const sharpness = found.values[0];
      records.push({ step, loss, sharpness, residualNorm: found.residualNorms[0], product: stepSize * sharpness });
    },
  });
  const late = records.filter((record) => record.step >= (1 - lateShare) * steps);
  const lateMeanProduct: Tagged =
    late.length === 0
      ? undefinedBecause("no sharpness was measured in the late part of the run")
      : defined(late.reduce((sum, record) => sum + record.product, 0) / late.length);
  return {
    records,
    limit:
      stabilityLimit === null
        ? undefinedBecause(`${options.optimizer.name} has no stability limit of this form`)
        : defined(stabilityLimit),
    preconditioned,
    initialSharpness: records[0]?.sharpness ?? 0,
    largestSharpness: records.reduce((most, record) => Math.max(most, record.sharpness), 0),
    lateMeanProduct,
    lateRisingShare: risingShare(losses, Math.floor((1 - lateShare) * losses.length)),
    verdict: verdictOf(run.status, lateMeanProduct, stabilityLimit),
    losses: Float64Array.from(losses),
    params: run.params,
    matvecs,
    status: run.status,
  };
}

function risingShare(losses: readonly number[], from: number): number {
  let rising = 0;
  for (let i = from + 1; i < losses.length; i++) if (losses[i] > losses[i - 1]) rising++;
  return rising / Math.max(1, losses.length - 1 - from);
}

function verdictOf(status: Status, product: Tagged, limit: number | null): EdgeOfStability["verdict"] {
  if (status === "breakdown") return "diverged";
  if (limit === null || !product.defined) return "not measured";
  if (product.value < 0.9 * limit) return "below the edge";
  return product.value <= 1.1 * limit ? "at the edge" : "beyond the edge";
}

/** P^{-1/2} A P^{-1/2} for a diagonal P. */
function symmetricallyScaled(A: SymmetricOperator, diagonal: Float64Array): SymmetricOperator {
  const scale = diagonal.map((value) => 1 / Math.sqrt(value));
  const inner = new Float64Array(A.rows); // P^{-1/2} x
  return {
    rows: A.rows,
    cols: A.cols,
    symmetric: true,
    apply(x, out) {
      for (let i = 0; i < x.length; i++) inner[i] = scale[i] * x[i];
      A.apply(inner, out);
      for (let i = 0; i < x.length; i++) out[i] *= scale[i];
    },
  };
}

/** What {@link adviseStepSize} recommends. */
export interface StepSizeAdvice {
  /** Largest step size that is stable on the local quadratic: limit/sharpness. */
  readonly maximum: Tagged;
  /** Half of it: away from the edge, and within a factor of two of the fastest on the sharpest direction. */
  readonly recommended: Tagged;
  /** Sharpness it rests on; 0 when cancelled before it was measured. */
  readonly sharpness: number;
  /** Residual norm of the sharpness. */
  readonly residualNorm: number;
  /** Stability limit of the optimiser. */
  readonly limit: number;
  /** How the eigensolver ended: unless it converged the sharpness is a lower bound, and the step sizes are too large. */
  readonly status: Status;
  /** What the advice does not cover. */
  readonly caveat: string;
}

/** Options of {@link adviseStepSize}. */
export interface AdviseStepSizeOptions extends LongRunning {
  /** Random start of the eigensolver. */
  readonly rng: Rng;
  /** Stability limit of the optimiser (default 2, gradient descent). */
  readonly limit?: number;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
}

/**
 * Recommends a step size for gradient descent or momentum from the sharpness at a parameter vector.
 *
 * Relation: maximum = limit/λ_max(H), limit 2 for gradient descent, 2(1 + γ) for heavy ball.
 *
 * @throws {ArgumentError} when limit is not > 0
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { adviseStepSize } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const advice = adviseStepSize(net, Float64Array.of(0), { inputs: [[2]], targets: [[1]] }, { rng: createRng(1) });
 * console.log(advice.maximum.defined && advice.maximum.value); // 0.5
 * ```
 */
export function adviseStepSize(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: AdviseStepSizeOptions,
): StepSizeAdvice {
  requireOptions(options, ["rng", "limit", "loss", "signal", "onProgress"], "adviseStepSize", "required");
  requireRng(options.rng, "adviseStepSize");
  const limit = requirePositive(options.limit ?? 2, "limit", "adviseStepSize");
  const H = hessian(net, params, data, options.loss === undefined ? {} : { loss: options.loss });
  const found = eigsh(H, {
    count: 1,
    which: "largest",
    rng: options.rng,
    tolerance: 1e-4,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const measured = found.values.length > 0;
  const [sharpness, residualNorm] = measured ? [found.values[0], found.residualNorms[0]] : [0, 0];
  const tagged = (value: number): Tagged => {
    if (!measured) return undefinedBecause("cancelled before the sharpness was measured");
    return sharpness > 0 ? defined(value) : undefinedBecause("the largest Hessian eigenvalue is not positive here");
  };
  return {
    maximum: tagged(limit / sharpness),
    recommended: tagged(limit / (2 * sharpness)),
    sharpness,
    residualNorm,
    limit,
    status: found.status,
    caveat: "local and full-batch: sharpness changes along training, and mini-batch noise asks for less",
  };
}
