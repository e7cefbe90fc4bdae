import {
  ArgumentError,
  defined,
  describe,
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOneOf,
  requireOptions,
  requirePositive,
  type Status,
  type Tagged,
  undefinedBecause,
  UnsupportedError,
} from "../core/index.js";
import { type Flatness, flatness } from "../curvature/index.js";
import {
  type DataLike,
  initialize,
  type InitializationScheme,
  lossValue,
  type Network,
  predict,
  requireData,
} from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { gradientDescent } from "./optimizers.js";
import { type RankCorrelation, rankCorrelation } from "./rank-correlation.js";
import { rescaleLayer } from "./rescale.js";
import { accuracyOf, train } from "./train.js";

/** How one of the runs is trained. */
export interface FlatnessSetting {
  /** Step size η of stochastic gradient descent. */
  readonly stepSize: number;
  /** Samples per batch. */
  readonly batchSize: number;
  /** Factor on the initial weights (default 1). */
  readonly gain?: number;
}

/** Options of {@link compareFlatness}. */
export interface FlatnessComparisonOptions extends LongRunning {
  /** The runs; each is started and batched by its own stream. */
  readonly settings: readonly FlatnessSetting[];
  /** Updates of each run. */
  readonly steps: number;
  /** Scheme of the starts (default "he"). */
  readonly initialization?: InitializationScheme;
  /** What flatness is compared with: the test "loss" (default), or the "error", the share of test samples classified wrongly. */
  readonly against?: "loss" | "error";
  /** α of the rescaled counterexample (default 10). */
  readonly alpha?: number;
  /** Sign probes of the traces (default 20). */
  readonly probes?: number;
  /** Randomness. */
  readonly rng: Rng;
}

/** One trained network with its flatness and its test error. */
export interface FlatnessRun extends FlatnessSetting {
  /** Loss on the training data at the end. */
  readonly trainLoss: number;
  /** Loss on the test data. */
  readonly testLoss: number;
  /** Share of test samples classified wrongly; null for one output. */
  readonly testError: number | null;
  /** Flatness on the training data. */
  readonly flatness: Flatness;
  /** Parameters. */
  readonly params: Float64Array;
}

/** Names of the measures that are compared with the test loss. */
export type FlatnessMeasure = "trace" | "sharpness" | "weightedTrace" | "fisherRao";

/** One function, two parameter vectors. */
export interface RescaledCounterexample {
  /** Factor on the first layer. */
  readonly alpha: number;
  /** |loss after − loss before| over the loss before: zero to rounding. */
  readonly lossChange: number;
  /** Measure after over measure before: 1 for properties of the function. */
  readonly ratios: Readonly<Record<FlatnessMeasure, number>>;
}

/** Flatness against test loss over a set of runs. */
export interface FlatnessComparison {
  /** The runs that stayed finite, in the order of their settings. */
  readonly runs: readonly FlatnessRun[];
  /** Runs whose loss was no longer finite. */
  readonly diverged: number;
  /** What the measures are compared with. */
  readonly against: "loss" | "error";
  /** Rank correlation of each measure with that; undefined for fewer than two runs. */
  readonly correlations: Readonly<Record<FlatnessMeasure, Tagged<RankCorrelation>>>;
  /** What a rescaling does to the first run; undefined where the activation does not allow one. */
  readonly counterexample: Tagged<RescaledCounterexample>;
  /** "converged", or "cancelled" with the runs done so far. */
  readonly status: Status;
}

const MEASURES: readonly FlatnessMeasure[] = ["trace", "sharpness", "weightedTrace", "fisherRao"];

/**
 * Trains a network under several settings and asks whether flatter ends have the lower test loss.
 *
 * Relation: Spearman's correlation of each measure of `flatness` with the test loss (or test error) over the runs. The counterexample multiplies the first
 * layer of the first run by α and divides the next by it: the same function, hence the same test loss, with another trace and sharpness.
 *
 * @param data training samples, on which flatness is measured
 * @param testData samples for the test loss
 * @throws {ArgumentError} when there is no setting, or options are out of range
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: p-values by permutation; few runs settle little. Cost: the runs, and `flatness` at each end.
 * @see [dinh2017]
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { compareFlatness } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 4, 1], bias: false });
 * const data = { inputs: [[-1], [0.5], [1]], targets: [1, 0.5, 1] };
 * const settings = [{ stepSize: 0.1, batchSize: 3 }, { stepSize: 0.02, batchSize: 1 }];
 * const { counterexample } = compareFlatness(net, data, data, { settings, steps: 50, rng: createRng(1) });
 * console.log(counterexample.defined && counterexample.value.ratios.fisherRao.toFixed(6)); // 1.000000
 * ```
 */
export function compareFlatness(
  net: Network,
  data: DataLike,
  testData: DataLike,
  options: FlatnessComparisonOptions,
): FlatnessComparison {
  const caller = "compareFlatness";
  requireOptions(
    options,
    ["settings", "steps", "initialization", "against", "alpha", "probes", "rng", "signal", "onProgress"],
    caller,
  );
  requireRng(options?.rng, caller);
  const { settings, rng } = options;
  if (!Array.isArray(settings) || settings.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "settings",
      expected: "a list of at least one setting",
      got: describe(settings),
    });
  }
  const steps = requireInteger(options.steps, "steps", caller, 1);
  const against = requireOneOf(options.against ?? "loss", ["loss", "error"] as const, "against", caller);
  if (against === "error" && net.outputs === 1) {
    throw new ArgumentError({
      function: caller,
      argument: "against",
      expected: '"loss" for a network of one output',
      got: '"error"',
      remedy: "one output classifies nothing",
    });
  }
  const alpha = requirePositive(options.alpha ?? 10, "alpha", caller);
  const probes = requireInteger(options.probes ?? 20, "probes", caller, 2);
  requireData(net, data, net.loss, caller);
  const test = requireData(net, testData, net.loss, caller);
  const measure = (params: Float64Array, stream: Rng): Flatness => flatness(net, params, data, { rng: stream, probes });
  const runs: FlatnessRun[] = [];
  let diverged = 0;
  let status: Status = "converged";
  for (const [index, setting] of (settings as readonly FlatnessSetting[]).entries()) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    const stream = rng.fork(index);
    const result = train(net, data, {
      optimizer: gradientDescent({ stepSize: setting.stepSize }),
      batchSize: setting.batchSize,
      steps,
      rng: stream,
      params: initialize(net, options.initialization ?? "he", stream.fork("start"), { gain: setting.gain ?? 1 }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    options.onProgress?.({ phase: "runs", done: index + 1, total: settings.length });
    if (result.status === "cancelled") {
      status = "cancelled";
      break;
    }
    if (result.status === "breakdown") {
      diverged++;
      continue;
    }
    const { params } = result;
    runs.push({
      ...setting,
      trainLoss: lossValue(net, params, data),
      testLoss: lossValue(net, params, testData),
      testError: net.outputs > 1 ? 1 - accuracyOf(predict(net, params, test.inputs), test.targets) : null,
      flatness: measure(params, stream.fork("flatness")),
      params,
    });
  }
  const correlation = (name: FlatnessMeasure): Tagged<RankCorrelation> => {
    if (runs.length < 2) return undefinedBecause("fewer than two runs stayed finite");
    const values = runs.map((run) => valueOf(run.flatness, name));
    const tests = runs.map((run) => (against === "error" ? (run.testError ?? 0) : run.testLoss));
    return defined(rankCorrelation(values, tests, { rng: rng.fork(`permutations ${name}`) }));
  };
  return {
    runs,
    diverged,
    against,
    correlations: {
      trace: correlation("trace"),
      sharpness: correlation("sharpness"),
      weightedTrace: correlation("weightedTrace"),
      fisherRao: correlation("fisherRao"),
    },
    counterexample:
      runs.length === 0 ? undefinedBecause("no run stayed finite") : rescaled(net, data, runs[0], alpha, measure, rng),
    status,
  };
}

function rescaled(
  net: Network,
  data: DataLike,
  run: FlatnessRun,
  alpha: number,
  measure: (params: Float64Array, stream: Rng) => Flatness,
  rng: Rng,
): Tagged<RescaledCounterexample> {
  let moved: Float64Array;
  try {
    moved = rescaleLayer(net, run.params, 1, alpha);
  } catch (error) {
    if (error instanceof UnsupportedError || error instanceof ArgumentError) return undefinedBecause(error.message);
    throw error;
  }
  // The same sign vectors on both sides: the weighted trace then agrees to rounding, not only within its standard error.
  const before = measure(run.params, rng.fork("counterexample"));
  const after = measure(moved, rng.fork("counterexample"));
  const ratio = (name: FlatnessMeasure): number => valueOf(after, name) / valueOf(before, name);
  const loss = lossValue(net, run.params, data);
  return defined({
    alpha,
    lossChange: Math.abs(lossValue(net, moved, data) - loss) / Math.max(Math.abs(loss), Number.MIN_VALUE),
    ratios: Object.fromEntries(MEASURES.map((name) => [name, ratio(name)])) as Record<FlatnessMeasure, number>,
  });
}

function valueOf(report: Flatness, name: FlatnessMeasure): number {
  if (name === "sharpness") return report.sharpness.value;
  if (name === "fisherRao") return report.fisherRao;
  const estimate: Estimate = report[name];
  return estimate.mean;
}
