import { type LabelledData, type Matrix, isCancelled } from "../../core/index.js";
import { initialize, mlp, predict } from "../../networks/index.js";
import { accuracyOf, gradientDescent, train } from "../../training/index.js";
import { ROUNDING, reference } from "./effects.js";
import { type JointRow, jointRows, lossRanks } from "./joint-ranks.js";
import { type CompressionLayer, oneLayer } from "./layer-ranks.js";
import { type CompressionStudyRun, prepare } from "./options.js";
import { factoredLayers } from "./truncated-layers.js";

/** Record of the compression study. A part is null or short when the run was cancelled before it was done. */
export interface CompressionStudy {
  /** "cancelled" when the signal stopped it. */
  readonly status: "complete" | "cancelled";
  /** Options after defaults, without the images. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Widths of the network, inputs first. */
  readonly sizes: readonly number[];
  /** Number of parameters. */
  readonly parameterCount: number;
  /** Images trained on and measured on. */
  readonly samples: { readonly train: number; readonly test: number };
  /** Outcome of the training; null when it was cut short. */
  readonly training: {
    readonly finalLoss: number;
    readonly trainAccuracy: number;
    readonly testAccuracy: number;
  } | null;
  /** Share of the most frequent class among the test images: the accuracy of knowing nothing. */
  readonly chance: number;
  /** Layers one at a time. */
  readonly layers: readonly CompressionLayer[];
  /** All layers together. */
  readonly joint: readonly JointRow[];
  /** Whether no change exceeded its bound, and full rank reproduced the network. */
  readonly passed: boolean;
  /** Seconds by part; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Trains a digit classifier, truncates its layers to every rank, alone and together, and sets the accuracy beside σ_{k+1}
 * and a bound on the change of the output.
 *
 * Relation: replacing W_l by its best approximation of rank k changes the output at x by at most
 * σ_{k+1}(W_l) ‖h_{l−1}(x)‖ Π_{j>l} ‖W_j‖₂ (ReLU is 1-Lipschitz); for several layers the bounds add up, with the hidden
 * vectors of the truncated network. A class cannot change while √2 times the bound stays below the margin.
 *
 * @param run rng is required; digits are made when no images are given
 * @throws {ShapeError} when images and labels do not fit
 * @throws {NonFiniteError} for NaN or infinities in the images
 * @throws {ArgumentError} for options out of range
 * @throws {OptionError} for unknown options, or testImages without images
 *
 * Cost: some ten seconds. Stopping: a cancelled study returns the layers done so far.
 * @see [eckart1936]
 * @see [gavish2014]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { compressionStudy } from "eigenscope/studies";
 * const study = compressionStudy({ rng: createRng(1), samples: 100, hidden: [8], steps: 20 });
 * console.log(study.sizes.join("-"), study.layers[0].ranks.length, study.passed); // 256-8-10 9 true
 * ```
 */
export function compressionStudy(run: CompressionStudyRun): CompressionStudy {
  const caller = "compressionStudy";
  const { rng, signal, onProgress, now } = run;
  const { data, options } = prepare(run, caller);
  const wallTimes: Record<string, number> = {};
  const timed = <T>(name: string, work: () => T): T => {
    const began = now?.();
    const result = work();
    if (now !== undefined && began !== undefined) wallTimes[name] = (now() - began) / 1000;
    return result;
  };
  const network = mlp({
    sizes: [data.train.inputs.cols, ...options.hidden, data.train.targets.cols],
    activation: "relu",
    loss: "cross-entropy",
  });
  const head = {
    options: { ...options },
    sizes: [network.inputs, ...options.hidden, network.outputs],
    parameterCount: network.parameterCount,
    samples: { train: data.train.inputs.rows, test: data.test.inputs.rows },
    chance: chanceOf(data.test.targets),
    wallTimes,
  };
  const trained = timed("training", () =>
    train(network, data.train, {
      optimizer: gradientDescent({ stepSize: options.stepSize }),
      steps: options.steps,
      batchSize: options.batchSize,
      params: initialize(network, "he", rng.fork("initialization"), { gain: 0.5 }),
      rng: rng.fork("training"),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    }),
  );
  if (isCancelled(signal))
    return { ...head, status: "cancelled", training: null, layers: [], joint: [], passed: false };
  const accuracy = ({ inputs, targets }: LabelledData): number =>
    accuracyOf(predict(network, trained.params, inputs), targets);
  const testAccuracy = accuracy(data.test);
  const last = trained.history[trained.history.length - 1];
  const training = { finalLoss: last.loss, trainAccuracy: accuracy(data.train), testAccuracy };
  const factored = timed("singular values", () => factoredLayers(network, trained.params));
  const problem = reference(factored, data.test);
  const layers: CompressionLayer[] = [];
  timed("layers", () => {
    for (let l = 0; l < factored.length && !isCancelled(signal); l++) {
      onProgress?.({ phase: `ranks of ${factored[l].name}`, done: l, total: factored.length });
      const layer = oneLayer(problem, l, testAccuracy, signal);
      if (!isCancelled(signal)) layers.push(layer);
    }
  });
  const joint = isCancelled(signal)
    ? []
    : timed("together", () => {
        onProgress?.({ phase: "all layers together", done: factored.length, total: factored.length });
        return jointRows(problem, lossRanks(factored, data.train));
      });
  const rows = [...layers.flatMap((layer) => layer.ranks), ...joint];
  const whole = layers.map((layer) => layer.ranks[layer.ranks.length - 1]);
  return {
    ...head,
    status: isCancelled(signal) ? "cancelled" : "complete",
    training,
    layers,
    joint,
    passed:
      layers.length === factored.length &&
      rows.every((row) => row.tightness <= 1 && row.localTightness <= 1 + ROUNDING) &&
      whole.every((row) => row.accuracy === testAccuracy && row.agreement === 1),
  };
}

function chanceOf(targets: Matrix): number {
  const counts = new Float64Array(targets.cols);
  for (let i = 0; i < targets.rows; i++)
    for (let j = 0; j < targets.cols; j++) counts[j] += targets.data[i * targets.cols + j];
  return counts.reduce((a, b) => Math.max(a, b), 0) / targets.rows;
}
