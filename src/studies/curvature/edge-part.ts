import type { LongRunning, Status, Tagged } from "../../core/index.js";
import { sharpness } from "../../curvature/index.js";
import { initialize } from "../../networks/index.js";
import type { Rng } from "../../random/index.js";
import {
  type EdgeOfStability,
  type Optimizer,
  type StabilityRecord,
  adam,
  edgeOfStability,
  gradientDescent,
  momentum,
} from "../../training/index.js";
import { renamed } from "../study-parts.js";
import type { SettledCurvatureOptions } from "./options.js";
import type { CurvatureProblem } from "./problem.js";

/** One full-batch run against the stability limit of its optimiser. */
export interface EdgeRun {
  /** Name of the optimiser. */
  readonly optimizer: string;
  /** Its constants. */
  readonly config: Readonly<Record<string, number | boolean>>;
  /** η. */
  readonly stepSize: number;
  /** Largest stable η λ. */
  readonly limit: Tagged;
  /** Whether λ is that of the preconditioned Hessian. */
  readonly preconditioned: boolean;
  /** Loss and η λ along the run. */
  readonly records: readonly StabilityRecord[];
  /** Loss at every step. */
  readonly losses: Float64Array;
  /** Mean of η λ over the last half. */
  readonly lateMeanProduct: Tagged;
  /** Share of steps in the last half at which the loss rose. */
  readonly lateRisingShare: number;
  /** Where the run ended up. */
  readonly verdict: EdgeOfStability["verdict"];
  /** Largest eigenvalue of the Hessian itself at the end, with its residual norm. */
  readonly finalSharpness: { readonly value: number; readonly residualNorm: number };
  /** 2/η: the threshold of plain gradient descent at this step size. */
  readonly threshold: number;
  /** How the run ended. */
  readonly status: Status;
  /** Hessian products spent. */
  readonly matvecs: number;
}

/** Sharpness against the stability limits of three optimisers. */
export interface EdgePart {
  /** Samples of the full batches. */
  readonly samples: number;
  /** Sharpness at the common start, with its residual norm. */
  readonly initialSharpness: { readonly value: number; readonly residualNorm: number };
  /** Gradient descent, heavy ball and Adam. */
  readonly runs: readonly EdgeRun[];
}

const MEASUREMENTS = 25;
const DESCENT_SHARE = 0.7; // of the limit at the start: stable there, and close enough to see the sharpness reach it
const ADAM_SHARE = 0.25; // of the limit after the trial: the preconditioner still settles
const ADAM_TRIAL = { stepSize: 1e-3, steps: 21 } as const;
const ADAM_BETA2 = 0.99; // the average of g² follows within the run
const TOLERANCE = 1e-3;
const GAIN = 0.4; // a start that is less sharp than where training leads

/** Full-batch training with the squared loss by three optimisers from one start. */
export function edgePart(
  problem: CurvatureProblem,
  settled: SettledCurvatureOptions,
  rng: Rng,
  running: LongRunning,
): EdgePart {
  const { network, edge } = problem;
  const loss = "mse"; // cross-entropy flattens once the data are fitted: its sharpness falls and hides the edge
  const params = initialize(network, "lecun", rng.fork("initialization"), { gain: GAIN });
  const start = sharpness(network, params, edge, { loss, rng: rng.fork("start"), tolerance: TOLERANCE, ...running });
  const stable = (limit: number): number => limit / start.value;
  const trial = edgeOfStability(network, edge, {
    optimizer: adam({ stepSize: ADAM_TRIAL.stepSize, beta2: ADAM_BETA2 }),
    loss,
    params,
    steps: ADAM_TRIAL.steps,
    every: ADAM_TRIAL.steps - 1,
    tolerance: TOLERANCE,
    rng: rng.fork("trial"),
    ...renamed(running, "trial of adam"),
  });
  const preconditioned = trial.records[0]?.sharpness ?? start.value; // no record only where the run was cancelled
  const optimizers: readonly Optimizer[] = [
    gradientDescent({ stepSize: DESCENT_SHARE * stable(2) }),
    momentum({ stepSize: settled.momentumShare * stable(3.8), momentum: 0.9 }),
    adam({ stepSize: (ADAM_SHARE * 38) / preconditioned, beta2: ADAM_BETA2 }),
  ];
  const runs = optimizers.map((optimizer): EdgeRun => {
    const report = edgeOfStability(network, edge, {
      optimizer,
      loss,
      params,
      steps: settled.edgeSteps,
      every: Math.max(1, Math.round(settled.edgeSteps / MEASUREMENTS)),
      tolerance: TOLERANCE,
      rng: rng.fork(optimizer.name),
      ...renamed(running, optimizer.name),
    });
    const end = sharpness(network, report.params, edge, {
      loss,
      tolerance: TOLERANCE,
      rng: rng.fork(`${optimizer.name} end`),
      ...renamed(running, optimizer.name),
    });
    return {
      optimizer: optimizer.name,
      config: optimizer.config,
      stepSize: optimizer.stepSize,
      limit: report.limit,
      preconditioned: report.preconditioned,
      records: report.records,
      losses: report.losses,
      lateMeanProduct: report.lateMeanProduct,
      lateRisingShare: report.lateRisingShare,
      verdict: report.verdict,
      finalSharpness: { value: end.value, residualNorm: end.residualNorm },
      threshold: 2 / optimizer.stepSize,
      status: report.status,
      matvecs: report.matvecs + end.matvecs,
    };
  });
  return {
    samples: edge.inputs.rows,
    initialSharpness: { value: start.value, residualNorm: start.residualNorm },
    runs,
  };
}
