import {
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import { type DataLike, type LossLike, lossValue, type Network, requireParameters } from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { gradientDescent } from "./optimizers.js";
import { estimateOf } from "./statistics.js";
import { train } from "./train.js";

/** Options of {@link escapeFromMinimum}. */
export interface EscapeFromMinimumOptions extends LongRunning {
  /** Step size η of stochastic gradient descent. */
  readonly stepSize: number;
  /** Samples per batch (default 1). */
  readonly batchSize?: number;
  /** The run has escaped when the loss on all data exceeds that at the start by this much. */
  readonly lossRise: number;
  /** Runs (default 50). */
  readonly runs?: number;
  /** Steps after which a run counts as censored (default 10,000). */
  readonly maximumSteps?: number;
  /** Steps between looks at the loss on all data (default 1). */
  readonly checkEvery?: number;
  /** Randomness of the batches. */
  readonly rng: Rng;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
}

/** How long stochastic gradient descent stays at a minimum. */
export interface MinimumEscape {
  /** Mean steps until escape with its standard error; a lower bound when runs are censored. */
  readonly steps: Estimate;
  /** Steps of each run. */
  readonly counts: Float64Array;
  /** Runs that had not escaped after the maximum of steps. */
  readonly censored: number;
  /** Loss on all data at the start. */
  readonly initialLoss: number;
  /** "converged", or "cancelled" with the runs done so far. */
  readonly status: Status;
}

/**
 * Runs stochastic gradient descent from a minimum of a network's loss until the loss on all data has risen by a given amount.
 *
 * Relation: batches are drawn as in `train`, each run with a stream of its own. Compare a sharp with a flat minimum of one loss to see
 * which one small batches leave sooner; `escapeTimes` has the theory for one dimension.
 *
 * @param params where each run starts
 * @throws {ArgumentError} for options out of range
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: the standard error over the runs. Cost: one batch gradient per step, one loss on all data per look.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { escapeFromMinimum } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false });
 * const data = { inputs: [[1], [1]], targets: [[0.5], [1.5]] }; // minima on w1 w2 = 1, sharper away from (1, 1)
 * const options = { stepSize: 0.1, lossRise: 0.02, runs: 20, rng: createRng(1) };
 * const [sharp, flat] = [Float64Array.of(3, 1 / 3), Float64Array.of(1, 1)].map((w) => escapeFromMinimum(net, w, data, options));
 * console.log(sharp.steps.mean < flat.steps.mean); // true
 * ```
 */
export function escapeFromMinimum(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: EscapeFromMinimumOptions,
): MinimumEscape {
  const caller = "escapeFromMinimum";
  requireOptions(
    options,
    ["stepSize", "batchSize", "lossRise", "runs", "maximumSteps", "checkEvery", "rng", "loss", "signal", "onProgress"],
    caller,
  );
  requireRng(options?.rng, caller);
  requireParameters(net, params, caller);
  const lossRise = requirePositive(options.lossRise, "lossRise", caller);
  const runs = requireInteger(options.runs ?? 50, "runs", caller, 2);
  const maximumSteps = requireInteger(options.maximumSteps ?? 10_000, "maximumSteps", caller, 1);
  const checkEvery = requireInteger(options.checkEvery ?? 1, "checkEvery", caller, 1);
  const optimizer = gradientDescent({ stepSize: requirePositive(options.stepSize, "stepSize", caller) });
  const lossOptions = options.loss === undefined ? {} : { loss: options.loss };
  const initialLoss = lossValue(net, params, data, lossOptions);
  const counts: number[] = [];
  let censored = 0;
  let status: Status = "converged";
  for (let run = 0; run < runs; run++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    let escaped = false;
    const result = train(net, data, {
      optimizer,
      steps: maximumSteps,
      batchSize: options.batchSize ?? 1,
      params,
      rng: options.rng.fork(run),
      recordEvery: maximumSteps,
      ...lossOptions,
      stop({ step, params: theta }) {
        if (step % checkEvery === 0) escaped = lossValue(net, theta, data, lossOptions) > initialLoss + lossRise;
        return escaped;
      },
    });
    // A loss that is no longer finite has left the minimum, too.
    if (!escaped && result.status !== "breakdown") censored++;
    counts.push(result.steps);
    options.onProgress?.({ phase: "escapes", done: run + 1, total: runs });
  }
  return { steps: estimateOf(counts), counts: Float64Array.from(counts), censored, initialLoss, status };
}
