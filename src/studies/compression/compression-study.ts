import {
  ArgumentError,
  type LabelledData,
  type LongRunning,
  type Matrix,
  OptionError,
  describe,
  isCancelled,
  requireInteger,
  requireOptions,
  requirePositive,
} from "../../core/index.js";
import { initialize, mlp, predict } from "../../networks/index.js";
import { type Rng, permutation } from "../../random/index.js";
import { chooseRank } from "../../rmt/index.js";
import { accuracyOf, gradientDescent, train } from "../../training/index.js";
import {
  type LabelledImages,
  classCount,
  imageData,
  pixelScaling,
  requireLabelledImages,
  selectRows,
} from "../spectral/images.js";
import { madeDigits } from "./made-digits.js";
import {
  type FactoredLayer,
  applyTruncated,
  continueFrom,
  decisions,
  factoredLayers,
  forward,
  rowNorms,
} from "./truncated-layers.js";

/** Options of the compression study that are plain data. */
export interface CompressionStudyOptions {
  /** Images to train on; made digits without them. */
  readonly images?: LabelledImages;
  /** Images on which everything is measured; needs `images`. Without them a fifth of the images is held out. */
  readonly testImages?: LabelledImages;
  /** Widths of the hidden layers. Default [128, 64]. */
  readonly hidden?: readonly number[];
  /** Updates. Default 600. */
  readonly steps?: number;
  /** Step size η. Default 0.1. */
  readonly stepSize?: number;
  /** Samples per update. Default 100, at most all. */
  readonly batchSize?: number;
  /** Made digits to train on when there are no images; half as many again to measure on. Default 2000. */
  readonly samples?: number;
}

/** What a run needs beside its options. */
export interface CompressionStudyRun extends CompressionStudyOptions, LongRunning {
  /** Made digits, hold-out, initialisation and batches. */
  readonly rng: Rng;
  /** A clock in milliseconds, for wall times; absent without it. */
  readonly now?: () => number;
}

/** What a truncation does to the network, measured on the test images and bounded. */
export interface TruncationEffect {
  /** Share of test images classified rightly. */
  readonly accuracy: number;
  /** Share of test images that keep the class the full network gives them. */
  readonly agreement: number;
  /** Share of test images for which the bound proves that: their margin exceeds √2 times it. */
  readonly certified: number;
  /** Root mean square of ‖f − f_k‖ over the test images. */
  readonly rmsChange: number;
  /** Largest ‖f − f_k‖. */
  readonly largestChange: number;
  /** Largest bound on it over the same images, by σ_{k+1}. */
  readonly bound: number;
  /** Largest bound that knows how the truncated part acts on each image: ‖(W − W_k) h‖ in the place of σ_{k+1} ‖h‖. */
  readonly localBound: number;
  /** Share of test images for which that bound proves their class. */
  readonly certifiedLocally: number;
  /** Largest quotient of a change and its own bound by σ_{k+1}: at most one. */
  readonly tightness: number;
  /** Largest quotient of a change and its own local bound, or of a local bound and its bound: at most one. */
  readonly localTightness: number;
}

/** One layer at one rank, the others untouched. */
export interface RankRow extends TruncationEffect {
  /** Rank k kept. */
  readonly rank: number;
  /** σ_{k+1} = ‖W − W_k‖₂; 0 at full rank. */
  readonly spectralError: number;
  /** Share of Σ σ² kept. */
  readonly energy: number;
}

/** One layer at every rank. */
export interface CompressionLayer {
  /** Name. */
  readonly name: string;
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** Product of the norms of the later layers: what a change of this layer's output is at most multiplied by. */
  readonly laterNorms: number;
  /** One row per rank, 0 first. */
  readonly ranks: readonly RankRow[];
  /** Ranks that rules choose. */
  readonly choices: readonly { readonly rule: string; readonly rank: number }[];
  /** Largest rank at which the two factors take fewer numbers than W: k < mn/(m + n). */
  readonly largestUseful: number;
  /** Smallest rank from which on the accuracy stays within one percentage point of the full network's. */
  readonly smallestSufficient: number;
}

/** All layers cut by one rule. */
export interface JointRow extends TruncationEffect {
  /** The rule: share of energy, accuracy lost by each layer alone on training images, Gavish–Donoho, or none. */
  readonly kind: "energy" | "loss" | "gavish-donoho" | "full";
  /** Share of energy, or accuracy allowed to be lost; null for the others. */
  readonly setting: number | null;
  /** Rank of each layer. */
  readonly ranks: readonly number[];
  /** Numbers stored (factors, or the matrix where that is smaller; biases) over those of the network. */
  readonly parameterShare: number;
}

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

const ENERGIES = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999] as const;

/** Accuracy that each layer alone may lose. */
const LOSSES = [0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1] as const;

/** Rounding allowed on a quotient of a change and its bound. */
const ROUNDING = 1e-9;

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

interface Settled {
  readonly hidden: readonly number[];
  readonly steps: number;
  readonly stepSize: number;
  readonly batchSize: number;
  readonly samples: number;
}

/** Checks the options, and makes or divides the images. */
function prepare(
  run: CompressionStudyRun,
  caller: string,
): { readonly data: { readonly train: LabelledData; readonly test: LabelledData }; readonly options: Settled } {
  requireOptions(
    run,
    [
      "images",
      "testImages",
      "hidden",
      "steps",
      "stepSize",
      "batchSize",
      "samples",
      "rng",
      "now",
      "signal",
      "onProgress",
    ],
    caller,
  );
  const { rng, images, testImages, hidden = [128, 64] } = run;
  if (typeof rng?.fork !== "function")
    throw new ArgumentError({
      function: caller,
      argument: "rng",
      expected: "a stream, such as createRng(1)",
      got: describe(rng),
    });
  if (!Array.isArray(hidden) || hidden.length === 0)
    throw new ArgumentError({
      function: caller,
      argument: "hidden",
      expected: "a list of at least one width",
      got: describe(hidden),
    });
  hidden.forEach((width, i) => requireInteger(width, `hidden[${i}]`, caller, 1, 4096));
  const samples = requireInteger(run.samples ?? 2000, "samples", caller, 50, 100_000);
  if (testImages !== undefined && images === undefined)
    throw new OptionError({
      function: caller,
      argument: "testImages",
      expected: "given together with images",
      got: "testImages alone",
    });
  if (images !== undefined && run.samples !== undefined)
    throw new OptionError({
      function: caller,
      argument: "samples",
      expected: "absent where images are given",
      got: describe(run.samples),
    });
  const steps = requireInteger(run.steps ?? 600, "steps", caller, 1);
  const stepSize = requirePositive(run.stepSize ?? 0.1, "stepSize", caller);
  const batch = requireInteger(run.batchSize ?? 100, "batchSize", caller, 1);
  const data =
    images === undefined
      ? division(
          madeDigits({ count: samples + Math.floor(samples / 2), rng: rng.fork("digits") }),
          null,
          samples,
          rng,
          caller,
        )
      : division(requireLabelledImages(images, caller), testImages ?? null, null, rng, caller);
  const count = data.train.inputs.rows;
  return { data, options: { hidden, steps, stepSize, batchSize: Math.min(count, batch), samples: count } };
}

/** Training and test data: the given test images, all after the first `first`, or a seeded fifth. */
function division(
  images: LabelledImages,
  testImages: LabelledImages | null,
  first: number | null,
  rng: Rng,
  caller: string,
): { train: LabelledData; test: LabelledData } {
  const classes = classCount(images);
  const plain = { mean: 0, deviation: 1 };
  const all = imageData(images, plain, classes, caller);
  if (testImages !== null) {
    requireLabelledImages(testImages, caller);
    const test = imageData(testImages, plain, classes, caller);
    if (test.inputs.cols !== all.inputs.cols)
      throw new ArgumentError({
        function: caller,
        argument: "testImages",
        expected: `images of ${all.inputs.cols} pixels, as for training`,
        got: `${test.inputs.cols} pixels`,
      });
    return standardised(all, test);
  }
  const n = all.inputs.rows;
  const order =
    first === null ? Array.from(permutation(rng.fork("hold-out"), n)) : Array.from({ length: n }, (_, i) => i);
  const cut = first ?? Math.floor((4 * n) / 5);
  return standardised(selectRows(all, order.slice(0, cut)), selectRows(all, order.slice(cut)));
}

/** Pixels by mean and deviation of the training images, which alone may know them. */
function standardised(train: LabelledData, test: LabelledData): { train: LabelledData; test: LabelledData } {
  const shape = [train.inputs.rows, train.inputs.cols];
  const { mean, deviation } = pixelScaling({
    images: { shape, data: train.inputs.data },
    labels: { shape: [0], data: [] },
  });
  const scaled = (data: LabelledData): LabelledData => ({
    ...data,
    inputs: { ...data.inputs, data: data.inputs.data.map((value) => (value - mean) / deviation) },
  });
  return { train: scaled(train), test: scaled(test) };
}

function chanceOf(targets: Matrix): number {
  const counts = new Float64Array(targets.cols);
  for (let i = 0; i < targets.rows; i++)
    for (let j = 0; j < targets.cols; j++) counts[j] += targets.data[i * targets.cols + j];
  return counts.reduce((a, b) => Math.max(a, b), 0) / targets.rows;
}

/** The full network on the test images. */
interface Reference {
  readonly layers: readonly FactoredLayer[];
  readonly test: LabelledData;
  readonly outputs: Matrix;
  readonly hidden: readonly Matrix[];
  readonly classes: Int32Array;
  readonly margins: Float64Array;
  /** Product of the norms of the layers after each. */
  readonly laterNorms: readonly number[];
}

function reference(layers: readonly FactoredLayer[], test: LabelledData): Reference {
  const full = layers.map((layer) => layer.singularValues.length);
  const { outputs, hidden } = forward(layers, full, test.inputs);
  const laterNorms = layers.map((_, l) =>
    layers.slice(l + 1).reduce((product, layer) => product * layer.singularValues[0], 1),
  );
  return { layers, test, outputs, hidden, ...decisions(outputs), laterNorms };
}

/** Compares truncated outputs with the full ones, against two bounds per image. */
function effect(problem: Reference, outputs: Matrix, bounds: Float64Array, local: Float64Array): TruncationEffect {
  const { test, classes, margins } = problem;
  const n = outputs.rows;
  const now = decisions(outputs).classes;
  const change = rowNorms(minus(outputs, problem.outputs));
  const floor = ROUNDING * rowNorms(problem.outputs).reduce((a, b) => Math.max(a, b), 0); // below it quotients are of roundings
  let [agreeing, proved, provedLocally, squares, tightness, localTightness] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (now[i] === classes[i]) agreeing++;
    // |Δ(f_a − f_b)| <= √2 ‖Δf‖: below the margin the first class stays first.
    if (Math.SQRT2 * bounds[i] < margins[i]) proved++;
    if (Math.SQRT2 * local[i] < margins[i]) provedLocally++;
    squares += change[i] * change[i];
    if (local[i] > floor) localTightness = Math.max(localTightness, change[i] / local[i], local[i] / bounds[i]);
    if (bounds[i] > floor) tightness = Math.max(tightness, change[i] / bounds[i]);
  }
  const largest = (list: Float64Array): number => list.reduce((a, b) => Math.max(a, b), 0);
  return {
    accuracy: accuracyOf(outputs, test.targets),
    agreement: agreeing / n,
    certified: proved / n,
    certifiedLocally: provedLocally / n,
    rmsChange: Math.sqrt(squares / n),
    largestChange: largest(change),
    bound: largest(bounds),
    localBound: largest(local),
    tightness,
    localTightness,
  };
}

const minus = (A: Matrix, B: Matrix): Matrix => ({ ...A, data: A.data.map((value, e) => value - B.data[e]) });

/** Every rank of one layer: each adds one rank-one part to the pre-activations of the last. */
function oneLayer(problem: Reference, l: number, full: number, signal: LongRunning["signal"]): CompressionLayer {
  const { layers, hidden, laterNorms } = problem;
  const { name, weights, singularValues, left, right } = layers[l];
  const r = singularValues.length;
  const { rows, cols } = weights;
  const inputs = hidden[l];
  const sizes = rowNorms(inputs);
  const whole = applyTruncated(layers[l], r, inputs);
  const pre = applyTruncated(layers[l], 0, inputs);
  const total = singularValues.reduce((sum, s) => sum + s * s, 0);
  const ranks: RankRow[] = [];
  let kept = 0;
  for (let k = 0; k <= r && !isCancelled(signal); k++) {
    if (k > 0) {
      kept += singularValues[k - 1] * singularValues[k - 1];
      for (let i = 0; i < pre.rows; i++) {
        let along = 0;
        for (let j = 0; j < cols; j++) along += inputs.data[i * cols + j] * right.data[j * r + k - 1];
        along *= singularValues[k - 1];
        for (let j = 0; j < rows; j++) pre.data[i * rows + j] += along * left.data[j * r + k - 1];
      }
    }
    const spectralError = k < r ? singularValues[k] : 0;
    const bounds = sizes.map((size) => spectralError * size * laterNorms[l]);
    const local = k < r ? rowNorms(minus(whole, pre)).map((size) => size * laterNorms[l]) : new Float64Array(pre.rows);
    // At full rank the layer is W itself, not the sum of its parts: equal outputs, not equal to rounding.
    const out = continueFrom(layers, l, k < r ? pre : whole);
    ranks.push({
      rank: k,
      spectralError,
      energy: total > 0 ? Math.min(1, kept / total) : 1,
      ...effect(problem, out, bounds, local),
    });
  }
  const choose = (energy: number): number =>
    chooseRank(singularValues, { rows, cols }, { method: "energy", energy }).rank;
  const insufficient = ranks.findLastIndex((row) => row.accuracy < full - 0.01);
  return {
    name,
    rows,
    cols,
    singularValues,
    laterNorms: laterNorms[l],
    ranks,
    choices: [
      { rule: "energy 90 %", rank: choose(0.9) },
      { rule: "energy 99 %", rank: choose(0.99) },
      { rule: "Gavish–Donoho", rank: chooseRank(singularValues, { rows, cols }).rank },
    ],
    largestUseful: Math.ceil((rows * cols) / (rows + cols)) - 1,
    smallestSufficient: Math.min(r, insufficient + 1),
  };
}

/** Images on which ranks are chosen by the accuracy they lose: training images, so that nothing is fitted to the test images. */
const CHOOSING = 1000;

/** For every allowed loss, each layer's smallest rank from which on it loses no more accuracy than that alone. */
function lossRanks(
  layers: readonly FactoredLayer[],
  training: LabelledData,
): { readonly allowed: number; readonly ranks: readonly number[] }[] {
  const count = Math.min(CHOOSING, training.inputs.rows);
  const problem = reference(
    layers,
    selectRows(
      training,
      Array.from({ length: count }, (_, i) => i),
    ),
  );
  const full = accuracyOf(problem.outputs, problem.test.targets);
  const curves = layers.map((_, l) => oneLayer(problem, l, full, undefined).ranks);
  return LOSSES.map((allowed) => ({
    allowed,
    ranks: curves.map((ranks) =>
      Math.min(ranks.length - 1, ranks.findLastIndex((row) => row.accuracy < full - allowed) + 1),
    ),
  }));
}

/** All layers cut by the same rule. */
function jointRows(
  problem: Reference,
  losses: readonly { readonly allowed: number; readonly ranks: readonly number[] }[],
): JointRow[] {
  const { layers } = problem;
  const byEnergy = (energy: number): number[] =>
    layers.map(({ singularValues, weights }) => chooseRank(singularValues, weights, { method: "energy", energy }).rank);
  const rows: Pick<JointRow, "kind" | "setting" | "ranks">[] = [
    ...ENERGIES.map((energy) => ({ kind: "energy" as const, setting: energy, ranks: byEnergy(energy) })),
    ...losses.map(({ allowed, ranks }) => ({ kind: "loss" as const, setting: allowed, ranks })),
    {
      kind: "gavish-donoho",
      setting: null,
      ranks: layers.map((layer) => chooseRank(layer.singularValues, layer.weights).rank),
    },
    { kind: "full", setting: null, ranks: layers.map((layer) => layer.singularValues.length) },
  ];
  return rows.map((row) => ({
    ...row,
    parameterShare: parameterShare(layers, row.ranks),
    ...jointEffect(problem, row.ranks),
  }));
}

function parameterShare(layers: readonly FactoredLayer[], ranks: readonly number[]): number {
  let [stored, all] = [0, 0];
  layers.forEach(({ weights: { rows, cols } }, l) => {
    stored += Math.min(ranks[l] * (rows + cols), rows * cols) + rows;
    all += rows * cols + rows;
  });
  return stored / all;
}

/** Telescoping: layer by layer from the first, each change acts on the truncated network's hidden vectors and passes the original later layers. */
function jointEffect(problem: Reference, ranks: readonly number[]): TruncationEffect {
  const { layers, test, laterNorms } = problem;
  const { outputs, hidden } = forward(layers, ranks, test.inputs);
  const bounds = new Float64Array(outputs.rows);
  const local = new Float64Array(outputs.rows);
  layers.forEach((layer, l) => {
    const { singularValues } = layer;
    if (ranks[l] >= singularValues.length) return;
    const sizes = rowNorms(hidden[l]);
    const parts = rowNorms(
      minus(applyTruncated(layer, singularValues.length, hidden[l]), applyTruncated(layer, ranks[l], hidden[l])),
    );
    for (let i = 0; i < bounds.length; i++) {
      bounds[i] += singularValues[ranks[l]] * sizes[i] * laterNorms[l];
      local[i] += parts[i] * laterNorms[l];
    }
  });
  return effect(problem, outputs, bounds, local);
}
