// One public function: half of this file documents its options and records, the loop itself is one screen.
import {
  ArgumentError,
  describe,
  isCancelled,
  type LabelledData,
  type LongRunning,
  type Matrix,
  norm,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import {
  argmaxRows,
  chainBackward,
  chainForward,
  type DataLike,
  initialize,
  type InitializationScheme,
  type Loss,
  loss as lossOf,
  type LossLike,
  type Network,
  requireData,
  requireParameters,
} from "../networks/index.js";
import { permutation, type Rng } from "../random/index.js";
import type { Optimizer, OptimizerRun } from "./optimizer.js";
import { requireOptimizer } from "./require-optimizer.js";
import type { Schedule } from "./schedules.js";

/** What `onStep` and `stop` see before a step is taken. Arrays are live: copy what must last. */
export interface StepState {
  /** Steps taken so far. */
  readonly step: number;
  /** Epochs completed, fractional. */
  readonly epoch: number;
  /** Parameters at which loss and gradient were taken. */
  readonly params: Float64Array;
  /** Gradient of the batch loss, after weight decay and clipping. */
  readonly gradient: Float64Array;
  /** Batch loss. */
  readonly loss: number;
  /** Step size after the schedule. */
  readonly stepSize: number;
  /** The running optimiser, for its preconditioner. */
  readonly optimizer: OptimizerRun;
}

/** Options of {@link train}. */
export interface TrainOptions extends LongRunning {
  /** The optimiser. */
  readonly optimizer: Optimizer;
  /** Passes over the data; give this or `steps`. */
  readonly epochs?: number;
  /** Updates; give this or `epochs`. */
  readonly steps?: number;
  /** Samples per update (default: all, that is full batch). The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Start; by default drawn by `initialization`. */
  readonly params?: Float64Array;
  /** Scheme of the start when `params` is absent (default "he"). */
  readonly initialization?: InitializationScheme;
  /** Randomness of the start and of the batches; needed unless `params` is given and the batch is full. */
  readonly rng?: Rng;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
  /** Factor on the step size by step (default 1). */
  readonly schedule?: Schedule;
  /** Largest norm of the gradient; longer ones are scaled to it (default none). */
  readonly clip?: number;
  /** μ of the term (μ/2)‖θ‖² added to the loss's gradient (default 0). */
  readonly weightDecay?: number;
  /** μ of a decay θ ← θ − η μ θ beside the optimiser (default 0). */
  readonly decoupledWeightDecay?: number;
  /** Data on which loss and accuracy are recorded. */
  readonly validation?: DataLike;
  /** Stop when the validation loss has not fallen for `patience` records; the best parameters are returned. */
  readonly earlyStopping?: { readonly patience: number; readonly minimumDecrease?: number };
  /** Steps between records (default: one epoch). */
  readonly recordEvery?: number;
  /** Called before each update. */
  readonly onStep?: (state: StepState) => void;
  /** Stops before an update when it returns true. */
  readonly stop?: (state: StepState) => boolean;
}

/** One line of a training run. */
export interface TrainingRecord {
  /** Steps taken. */
  readonly step: number;
  /** Epochs completed, fractional. */
  readonly epoch: number;
  /** Mean of the batch losses since the last record, each at the parameters before its step. */
  readonly loss: number;
  /** Step size of the last step. */
  readonly stepSize: number;
  /** Norm of the last batch gradient, before clipping. */
  readonly gradientNorm: number;
  /** Loss on the validation data, or null without them. */
  readonly validationLoss: number | null;
  /** Share of validation samples whose largest output is the largest target, or null. */
  readonly validationAccuracy: number | null;
}

/** Result of {@link train}. */
export interface TrainingResult {
  /** Parameters: the last ones with a finite loss, or the best ones under early stopping. */
  readonly params: Float64Array;
  /**
   * "converged" when all steps were taken or a stopping rule ended the run, "breakdown" when the loss or its gradient was no longer finite,
   * "cancelled" by the signal.
   */
  readonly status: Status;
  /** Updates made. */
  readonly steps: number;
  /** Epochs completed, fractional. */
  readonly epochs: number;
  /** Loss at `params` on the last batch before the end (full batch: on all data). */
  readonly lastLoss: number;
  /** Records in order. */
  readonly history: readonly TrainingRecord[];
  /** Name of the optimiser. */
  readonly optimizer: string;
  /** Its constants. */
  readonly config: Readonly<Record<string, number | boolean>>;
  /** Name of the loss. */
  readonly loss: string;
  /** What to try when the status is not "converged"; null otherwise. */
  readonly advice: string | null;
}

const KNOWN = [
  "optimizer",
  "epochs",
  "steps",
  "batchSize",
  "params",
  "initialization",
  "rng",
  "loss",
  "schedule",
  "clip",
  "weightDecay",
  "decoupledWeightDecay",
  "validation",
  "earlyStopping",
  "recordEvery",
  "onStep",
  "stop",
  "signal",
  "onProgress",
];

/**
 * Trains a network on labelled data.
 *
 * Relation: each update is the optimiser's on the gradient of the mean loss over one batch; an epoch visits every sample
 * once in an order drawn from `rng`. Equal seeds give equal runs.
 * A loss or a gradient that is not finite ends the run with the last parameters whose loss was finite.
 *
 * @param data `{ inputs, targets }`; targets may be class labels
 * @returns parameters, status, history
 * @throws {ArgumentError} when neither epochs nor steps is given, or rng is missing where it is needed
 * @throws {ShapeError} when sizes do not fit
 *
 * Cost: per step one forward and one backward pass of the batch, by GEMM.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { gradientDescent, train } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1] });
 * const line = { inputs: [[-1], [0], [1]], targets: [[-1], [1], [3]] };
 * const run = train(net, line, { optimizer: gradientDescent({ stepSize: 1 }), steps: 100, params: new Float64Array(2) });
 * console.log(run.status, run.params.map((value) => Math.round(value)).join(" ")); // converged 2 1
 * ```
 */
export function train(net: Network, data: DataLike, options: TrainOptions): TrainingResult {
  requireOptions(options, KNOWN, "train");
  const plan = checkOptions(net, data, options);
  const { lossUsed, samples, batchSize, totalSteps, validation } = plan;
  const { optimizer, schedule, earlyStopping } = options;
  let params: Float64Array = plan.params;
  const lastGood = params.slice();
  const run = optimizer.start(params.length);
  const gradient = new Float64Array(params.length);
  const batches = createBatches(plan.samples, batchSize, options.rng);
  const history: TrainingRecord[] = [];
  const recordEvery = options.recordEvery ?? Math.ceil(samples.inputs.rows / batchSize);
  let best: { params: Float64Array; loss: number; age: number } | null = null;
  let status: Status = "converged";
  let step = 0;
  let lastLoss = Number.NaN;
  let lossSum = 0;
  let lossCount = 0;

  for (; ; step++) {
    const batch = batches.next();
    const epoch = batches.epoch(step);
    const loss = batchGradient(net, lossUsed, params, batch, gradient);
    if (!Number.isFinite(loss)) {
      status = "breakdown";
      params = lastGood;
      break;
    }
    lastLoss = loss;
    lastGood.set(params);
    if (step === totalSteps) break;
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    addDecay(gradient, params, options.weightDecay ?? 0);
    const gradientNorm = clipNorm(gradient, options.clip);
    if (!Number.isFinite(gradientNorm)) {
      status = "breakdown"; // a finite loss does not make the step finite: params stay as they are
      break;
    }
    const stepSize = optimizer.stepSize * (schedule === undefined ? 1 : requireFactor(schedule(step), step));
    const state: StepState = { step, epoch, params, gradient, loss, stepSize, optimizer: run };
    options.onStep?.(state);
    if (options.stop?.(state) === true) break;
    run.step(params, gradient, { stepSize, network: net, loss: lossUsed, batch });
    addDecay(params, params, -stepSize * (options.decoupledWeightDecay ?? 0));
    lossSum += loss;
    lossCount++;
    if ((step + 1) % recordEvery !== 0 && step + 1 !== totalSteps) continue;
    const scored = validation === null ? null : score(net, params, validation, lossUsed);
    const record: TrainingRecord = {
      step: step + 1,
      epoch: batches.epoch(step + 1),
      loss: lossSum / lossCount,
      stepSize,
      gradientNorm,
      validationLoss: scored?.loss ?? null,
      validationAccuracy: scored?.accuracy ?? null,
    };
    history.push(record);
    lossSum = lossCount = 0;
    options.onProgress?.({ phase: "training", done: step + 1, total: totalSteps, figures: { loss: record.loss } });
    if (earlyStopping === undefined || scored === null) continue;
    if (best === null || scored.loss < best.loss - (earlyStopping.minimumDecrease ?? 0)) {
      best = { params: params.slice(), loss: scored.loss, age: 0 };
    } else if (++best.age >= earlyStopping.patience) {
      step++;
      break;
    }
  }
  if (best !== null && status !== "cancelled") params = best.params;

  return {
    params,
    status,
    steps: step,
    epochs: batches.epoch(step),
    lastLoss,
    history,
    optimizer: optimizer.name,
    config: optimizer.config,
    loss: lossUsed.name,
    advice: adviceFor(status, step, optimizer),
  };
}

function adviceFor(status: Status, step: number, optimizer: Optimizer): string | null {
  if (status === "breakdown") {
    return `the loss or its gradient was not finite after ${step} steps: lower the step size (now ${optimizer.stepSize}) or clip the gradient; params are the last with a finite loss`;
  }
  return status === "cancelled" ? "continue by passing params of this result" : null;
}

interface Plan {
  readonly lossUsed: Loss;
  readonly samples: LabelledData;
  readonly validation: LabelledData | null;
  readonly batchSize: number;
  readonly totalSteps: number;
  readonly params: Float64Array;
}

function checkOptions(net: Network, data: DataLike, options: TrainOptions): Plan {
  requireOptimizer(options?.optimizer, "train");
  const lossUsed = options.loss === undefined ? net.loss : lossOf(options.loss);
  const samples = requireData(net, data, lossUsed, "train");
  const validation = options.validation === undefined ? null : requireData(net, options.validation, lossUsed, "train");
  const n = samples.inputs.rows;
  if ((options.epochs === undefined) === (options.steps === undefined)) {
    throw new ArgumentError({
      function: "train",
      argument: "epochs or steps",
      expected: "given, exactly one of the two",
      got: options.epochs === undefined ? "neither" : "both",
    });
  }
  const batchSize = Math.min(
    n,
    options.batchSize === undefined ? n : requireInteger(options.batchSize, "batchSize", "train", 1),
  );
  const totalSteps =
    options.steps === undefined
      ? Math.ceil(n / batchSize) * requireInteger(options.epochs, "epochs", "train")
      : requireInteger(options.steps, "steps", "train");
  if (options.clip !== undefined) requirePositive(options.clip, "clip", "train");
  requireNumber(options.weightDecay ?? 0, "weightDecay", "train", 0);
  requireNumber(options.decoupledWeightDecay ?? 0, "decoupledWeightDecay", "train", 0);
  if (options.recordEvery !== undefined) requireInteger(options.recordEvery, "recordEvery", "train", 1);
  if (options.earlyStopping !== undefined) {
    requireInteger(options.earlyStopping.patience, "earlyStopping.patience", "train", 1);
    if (validation === null) {
      throw new ArgumentError({
        function: "train",
        argument: "validation",
        expected: "given with earlyStopping",
        got: "undefined",
        remedy: "early stopping looks at the loss on data that are not trained on",
      });
    }
  }
  if (options.rng === undefined && (options.params === undefined || batchSize < n)) {
    throw new ArgumentError({
      function: "train",
      argument: "rng",
      expected: "given when parameters or batches are drawn",
      got: "undefined",
      remedy: "pass { rng: createRng(seed) }",
    });
  }
  const params =
    options.params === undefined
      ? initialize(net, options.initialization ?? "he", (options.rng as Rng).fork("initialization"))
      : requireParameters(net, options.params, "train").slice();
  return { lossUsed, samples, validation, batchSize, totalSteps, params };
}

/** Batches of one epoch after the other, each epoch in a fresh random order; full batches keep the order. */
function createBatches(
  data: LabelledData,
  batchSize: number,
  rng: Rng | undefined,
): { next(): LabelledData; epoch(step: number): number } {
  const n = data.inputs.rows;
  const perEpoch = Math.ceil(n / batchSize);
  if (batchSize === n || rng === undefined) return { next: () => data, epoch: (step) => step };
  const stream = rng.fork("batches");
  let order = permutation(stream, n);
  let position = 0;
  const gather = (A: Matrix, rows: number): Matrix => {
    const out = new Float64Array(rows * A.cols);
    for (let i = 0; i < rows; i++) {
      const from = order[position + i] * A.cols;
      out.set(A.data.subarray(from, from + A.cols), i * A.cols);
    }
    return { rows, cols: A.cols, data: out };
  };
  return {
    next() {
      if (position >= n) {
        order = permutation(stream, n);
        position = 0;
      }
      const rows = Math.min(batchSize, n - position);
      const batch = { inputs: gather(data.inputs, rows), targets: gather(data.targets, rows) };
      position += rows;
      return batch;
    },
    epoch: (step) => step / perEpoch,
  };
}

/** Mean loss of a batch with penalties; its gradient goes to `gradient`. */
function batchGradient(
  net: Network,
  lossUsed: Loss,
  params: Float64Array,
  batch: LabelledData,
  gradient: Float64Array,
): number {
  const pass = chainForward(net.chain, params, batch.inputs);
  const { rows } = batch.inputs;
  let sum = 0;
  for (const value of lossUsed.values(pass.output, batch.targets)) sum += value;
  let total = sum / rows;
  for (const penalty of net.penalties) total += penalty.value(net, params);
  if (!Number.isFinite(total)) return total;
  const cotangent = lossUsed.gradients(pass.output, batch.targets);
  for (let i = 0; i < cotangent.data.length; i++) cotangent.data[i] /= rows;
  gradient.fill(0);
  chainBackward(pass, cotangent, gradient, false);
  for (const penalty of net.penalties) penalty.addGradient(net, params, gradient);
  return total;
}

function addDecay(target: Float64Array, params: Float64Array, factor: number): void {
  if (factor === 0) return;
  for (let i = 0; i < target.length; i++) target[i] += factor * params[i];
}

function requireFactor(value: number, step: number): number {
  if (Number.isFinite(value)) return value;
  throw new ArgumentError({
    function: "train",
    argument: "schedule",
    expected: "a function that returns finite factors",
    got: `${describe(value)} at step ${step}`,
  });
}

/** Scales the gradient to the limit when it is longer; returns its norm before. */
function clipNorm(gradient: Float64Array, limit: number | undefined): number {
  const length = norm(gradient); // without overflow: clipping is for gradients that explode
  if (limit !== undefined && length > limit) {
    const factor = limit / length;
    for (let i = 0; i < gradient.length; i++) gradient[i] *= factor;
  }
  return length;
}

function score(
  net: Network,
  params: Float64Array,
  data: LabelledData,
  lossUsed: Loss,
): { loss: number; accuracy: number | null } {
  const { output } = chainForward(net.chain, params, data.inputs);
  let sum = 0;
  for (const value of lossUsed.values(output, data.targets)) sum += value;
  return { loss: sum / data.inputs.rows, accuracy: net.outputs > 1 ? accuracyOf(output, data.targets) : null };
}

/** Share of rows whose largest output stands where the largest target does. */
export function accuracyOf(outputs: Matrix, targets: Matrix): number {
  const predicted = argmaxRows(outputs);
  const wanted = argmaxRows(targets);
  let right = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === wanted[i]) right++;
  return right / predicted.length;
}
