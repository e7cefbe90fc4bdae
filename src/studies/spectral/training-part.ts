import type { LongRunning, Status } from "../../core/index.js";
import { type Sharpness, sharpness as sharpnessAt } from "../../curvature/index.js";
import { initialize, lossValue, predict } from "../../networks/index.js";
import type { Rng } from "../../random/index.js";
import { accuracyOf, gradientDescent, train } from "../../training/index.js";
import type { SettledOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** Largest Hessian eigenvalue at some steps of a run. */
export interface SharpnessRecord {
  /** Steps taken when it was computed. */
  readonly steps: number[];
  /** Largest eigenvalues. */
  readonly values: number[];
  /** ‖H v − λ v‖₂ of each. */
  readonly residualNorms: number[];
  /** Whether each reached its tolerance. */
  readonly converged: boolean[];
  /** Samples in the Hessian. */
  readonly samples: number;
}

/** The training run with its sharpness. */
export interface TrainingPart {
  /** How the run ended. */
  readonly status: Status;
  /** Parameters at the start. */
  readonly initial: Float64Array;
  /** Parameters at the end. */
  readonly trained: Float64Array;
  /** Steps at which the loss was recorded. */
  readonly steps: readonly number[];
  /** Mean batch loss since the last record. */
  readonly loss: readonly number[];
  /** Sharpness at a handful of steps. */
  readonly sharpness: SharpnessRecord;
  /** 2/η, the stability threshold of full-batch gradient descent. */
  readonly threshold: number;
  /** Loss on all training data at the end. */
  readonly finalLoss: number;
  /** Share of training samples classified rightly; null for regression. */
  readonly trainAccuracy: number | null;
  /** Share of test samples classified rightly; null without test data. */
  readonly testAccuracy: number | null;
  /** Hessian products spent. */
  readonly matvecs: number;
}

const SHARPNESS_TOLERANCE = 1e-4; // residual relative to the norm; the eigenvalue error is its square over the gap
const RECORDS = 200; // points of the loss curve

/** Trains by (mini-batch) gradient descent and computes the sharpness on the subset at evenly spaced steps, the first and the last included. */
export function trainingPart(problem: Problem, settled: SettledOptions, rng: Rng, running: LongRunning): TrainingPart {
  const { network, subset } = problem;
  const { steps, stepSize, batchSize, gain, sharpnessSteps } = settled;
  const initial = initialize(network, "he", rng.fork("initialization"), { gain });
  const sharpness: SharpnessRecord = {
    steps: [],
    values: [],
    residualNorms: [],
    converged: [],
    samples: subset.inputs.rows,
  };
  const wanted = new Set(
    Array.from({ length: sharpnessSteps }, (_, i) => Math.round((i * steps) / (sharpnessSteps - 1))),
  );
  const spent = { matvecs: 0 };
  let last: Sharpness | null = null;
  const measure = (step: number, params: Float64Array): void => {
    last = sharpnessAt(network, params, subset, {
      tolerance: SHARPNESS_TOLERANCE,
      maximumMatvecs: settled.sharpnessMatvecs,
      rng: rng.fork("sharpness").fork(step),
      ...(last === null ? {} : { guess: last.vector }), // the top eigenvector turns slowly: a warm start saves products
      ...(running.signal === undefined ? {} : { signal: running.signal }),
    });
    sharpness.steps.push(step);
    sharpness.values.push(last.value);
    sharpness.residualNorms.push(last.residualNorm);
    sharpness.converged.push(last.status === "converged");
    spent.matvecs += last.matvecs;
  };
  const run = train(network, problem.train, {
    optimizer: gradientDescent({ stepSize }),
    steps,
    batchSize,
    params: initial,
    rng: rng.fork("training"),
    recordEvery: Math.max(1, Math.floor(steps / RECORDS)),
    onStep: ({ step, params }) => {
      if (wanted.has(step)) measure(step, params);
    },
    ...running,
  });
  if (run.status === "converged" && wanted.has(run.steps)) measure(run.steps, run.params);
  const accuracy = (data: Problem["train"] | null): number | null =>
    data === null || problem.classes === null
      ? null
      : accuracyOf(predict(network, run.params, data.inputs), data.targets);
  return {
    status: run.status,
    initial,
    trained: run.params,
    steps: run.history.map((record) => record.step),
    loss: run.history.map((record) => record.loss),
    sharpness,
    threshold: 2 / stepSize,
    finalLoss: lossValue(network, run.params, problem.train),
    trainAccuracy: accuracy(problem.train),
    testAccuracy: accuracy(problem.test),
    matvecs: spent.matvecs,
  };
}
