import type { LongRunning, Status } from "../../core/index.js";
import { initialize, lossValue, predict } from "../../networks/index.js";
import type { Rng } from "../../random/index.js";
import { accuracyOf, momentum, train } from "../../training/index.js";
import type { SettledCurvatureOptions } from "./options.js";
import type { CurvatureProblem } from "./problem.js";

/** The training run whose two ends are studied. */
export interface CurvatureTraining {
  /** How the run ended. */
  readonly status: Status;
  /** Parameters at the start. */
  readonly initial: Float64Array;
  /** Parameters at the end. */
  readonly trained: Float64Array;
  /** Epochs at which the loss was recorded. */
  readonly epochs: readonly number[];
  /** Mean batch loss since the last record. */
  readonly loss: readonly number[];
  /** Share of test samples classified rightly at these epochs; empty without test data. */
  readonly testAccuracy: readonly number[];
  /** Loss on the curvature samples at the start and at the end. */
  readonly subsetLoss: readonly [number, number];
  /** Share of training samples classified rightly at the end. */
  readonly trainAccuracy: number;
}

/** Trains the classifier by heavy ball with small batches. */
export function curvatureTraining(
  problem: CurvatureProblem,
  settled: SettledCurvatureOptions,
  rng: Rng,
  running: LongRunning,
): CurvatureTraining {
  const { network, train: data, test, subset } = problem;
  const initial = initialize(network, "lecun", rng.fork("initialization"));
  const perEpoch = Math.ceil(data.inputs.rows / settled.batchSize);
  const run = train(network, data, {
    optimizer: momentum({ stepSize: settled.stepSize }),
    epochs: settled.epochs,
    batchSize: settled.batchSize,
    params: initial,
    rng: rng.fork("training"),
    recordEvery: Math.max(1, Math.floor(perEpoch / 4)),
    ...(test === null ? {} : { validation: test }),
    ...running,
  });
  return {
    status: run.status,
    initial,
    trained: run.params,
    epochs: run.history.map((record) => record.epoch),
    loss: run.history.map((record) => record.loss),
    testAccuracy: test === null ? [] : run.history.map((record) => record.validationAccuracy ?? 0),
    subsetLoss: [lossValue(network, initial, subset), lossValue(network, run.params, subset)],
    trainAccuracy: accuracyOf(predict(network, run.params, data.inputs), data.targets),
  };
}
