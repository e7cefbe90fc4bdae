import {
  type LongRunning,
  isCancelled,
  requireInteger,
  requireOptions,
  requirePositive,
  type Status,
  square,
} from "../core/index.js";
import { hessian } from "../curvature/index.js";
import { eigsh } from "../krylov/index.js";
import {
  type DataLike,
  expandLoss,
  type LossLike,
  type Network,
  requireParameters,
  valueAndGradient,
} from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { adam } from "./optimizers.js";

/** Options of {@link modeConnectivity}. */
export interface ModeConnectivityOptions extends LongRunning {
  /** Randomness of the curve's training. */
  readonly rng: Rng;
  /** Points at which curves are evaluated, ends included (default 21). */
  readonly points?: number;
  /** Adam steps on the control point of the Bézier curve (default 1000). */
  readonly steps?: number;
  /** Adam step size (default 0.01). */
  readonly stepSize?: number;
  /** Hessian eigenvalues at each point: that many of the largest, and the smallest one (default 0: none). */
  readonly eigenvalues?: number;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
}

/** One point of a curve between two parameter vectors. */
export interface CurvePoint {
  /** Position along the curve, 0 to 1. */
  readonly t: number;
  /** Loss there. */
  readonly loss: number;
  /** Largest Hessian eigenvalues, descending; empty unless asked for. */
  readonly largest: readonly number[];
  /** Smallest Hessian eigenvalue, or null: not asked for, or cancelled before. */
  readonly smallest: number | null;
}

/** Loss along the straight line and along a trained Bézier curve. */
export interface ModeConnectivity {
  /** The straight line. */
  readonly line: readonly CurvePoint[];
  /** The quadratic Bézier curve through the trained control point. */
  readonly curve: readonly CurvePoint[];
  /** Largest loss on the line minus the larger end. */
  readonly lineBarrier: number;
  /** Largest loss on the curve minus the larger end. */
  readonly curveBarrier: number;
  /** Control point of the curve. */
  readonly control: Float64Array;
  /** How the training of the curve ended, or "cancelled": losses are complete all the same, eigenvalues as far as they were computed. */
  readonly status: Status;
}

/**
 * Compares the loss along the straight line between two minima with that along a quadratic Bézier curve trained to be low.
 *
 * Relation: the curve is (1 − t)² a + 2t(1 − t) c + t² b; its control point c minimises the mean loss over uniform t, by stochastic
 * gradients 2t(1 − t) ∇L. A low curve shows that the two are connected at that level; a failure to find one shows nothing.
 *
 * @param a parameters at t = 0
 * @param b parameters at t = 1
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: one gradient per step, one loss per point, and eigsh at each point when eigenvalues are asked for.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { modeConnectivity } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false }); // minima w1 w2 = 1
 * const ends = [Float64Array.of(1, 1), Float64Array.of(-1, -1)] as const;
 * const { lineBarrier } = modeConnectivity(net, ...ends, { inputs: [[1]], targets: [[1]] }, { rng: createRng(1), steps: 1 });
 * console.log(lineBarrier); // 0.5
 * ```
 */
export function modeConnectivity(
  net: Network,
  a: Float64Array,
  b: Float64Array,
  data: DataLike,
  options: ModeConnectivityOptions,
): ModeConnectivity {
  const caller = "modeConnectivity";
  requireOptions(
    options,
    ["rng", "points", "steps", "stepSize", "eigenvalues", "loss", "signal", "onProgress"],
    caller,
  );
  requireRng(options?.rng, caller);
  requireParameters(net, a, caller, "a");
  requireParameters(net, b, caller, "b");
  const points = requireInteger(options.points ?? 21, "points", caller, 3);
  const steps = requireInteger(options.steps ?? 1000, "steps", caller);
  const stepSize = requirePositive(options.stepSize ?? 0.01, "stepSize", caller);
  const count = requireInteger(options.eigenvalues ?? 0, "eigenvalues", caller);
  const lossOptions = options.loss === undefined ? {} : { loss: options.loss };
  const n = a.length;
  const control = a.map((value, i) => (value + b[i]) / 2);
  const bezier = (t: number): Float64Array =>
    a.map((value, i) => square(1 - t) * value + 2 * t * (1 - t) * control[i] + t * t * b[i]);
  const line = (t: number): Float64Array => a.map((value, i) => (1 - t) * value + t * b[i]);
  const evaluate = (path: (t: number) => Float64Array): CurvePoint[] =>
    Array.from({ length: points }, (_, k) => {
      const t = k / (points - 1);
      const theta = path(t);
      const { value } = expandLoss(net, theta, data, lossOptions);
      if (count === 0) return { t, loss: value, largest: [], smallest: null };
      const H = hessian(net, theta, data, lossOptions);
      const settings = {
        tolerance: 1e-4,
        rng: options.rng.fork(`eigenvalues ${k}`),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      };
      const top = eigsh(H, { count: Math.min(count, n), which: "largest", ...settings });
      const bottom = eigsh(H, { count: 1, which: "smallest", ...settings });
      return { t, loss: value, largest: Array.from(top.values), smallest: bottom.values[0] ?? null };
    });

  const straight = evaluate(line);
  const run = adam({ stepSize }).start(n);
  const draws = options.rng.fork("positions");
  let status: Status = "converged";
  for (let step = 0; step < steps; step++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    const t = draws.uniform();
    const { value, gradient } = valueAndGradient(net, bezier(t), data, lossOptions);
    if (!Number.isFinite(value)) {
      status = "breakdown";
      break;
    }
    const factor = 2 * t * (1 - t);
    run.step(
      control,
      gradient.map((entry) => factor * entry),
      { stepSize } as Parameters<typeof run.step>[2],
    );
    if (step % 100 === 0) options.onProgress?.({ phase: "curve", done: step, total: steps, figures: { loss: value } });
  }
  const curve = evaluate(bezier);
  if (isCancelled(options.signal)) status = "cancelled";
  const ends = Math.max(straight[0].loss, straight[points - 1].loss);
  const barrier = (list: readonly CurvePoint[]): number => Math.max(...list.map((point) => point.loss)) - ends;
  return { line: straight, curve, lineBarrier: barrier(straight), curveBarrier: barrier(curve), control, status };
}
