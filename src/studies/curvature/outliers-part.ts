import type { LongRunning, Status } from "../../core/index.js";
import { type ClassOutliers, classOutliers } from "../../curvature/index.js";
import type { Rng } from "../../random/index.js";
import { renamed } from "../study-parts.js";
import type { CurvatureProblem } from "./problem.js";
import type { CurvatureTraining } from "./training-part.js";

/** Where the outliers of the Gauss–Newton matrix come from, at one parameter vector. */
export interface OutliersAt extends Pick<
  ClassOutliers,
  "attributions" | "classEigenvalues" | "traces" | "outlierCount" | "gapRatio"
> {
  /** Largest |1 − sum of the four shares| over the eigenvalues. */
  readonly shareDefect: number;
  /** How the eigensolver ended. */
  readonly status: Status;
}

/** Outlier attribution before and after training. */
export interface OutliersPart {
  /** Number of classes C. */
  readonly classes: number;
  /** At the initial parameters. */
  readonly initial: OutliersAt;
  /** At the trained parameters. */
  readonly trained: OutliersAt;
}

const TOLERANCE = 1e-5; // relative; the shares of an eigenvalue sum to one up to its residual over itself

/** Attributes the leading eigenvalues of the Gauss–Newton matrix to classes at both ends of the training. */
export function outliersPart(
  problem: CurvatureProblem,
  training: CurvatureTraining,
  rng: Rng,
  running: LongRunning,
): OutliersPart {
  const at = (params: Float64Array, when: string): OutliersAt => {
    const found = classOutliers(problem.network, params, problem.subset, {
      rng: rng.fork(when),
      tolerance: TOLERANCE,
      ...renamed(running, when),
    });
    const { attributions, classEigenvalues, traces, outlierCount, gapRatio, status } = found;
    const defects = attributions.map(({ shares }) =>
      Math.abs(1 - shares.class - shares.crossClass - shares.ownClass - shares.withinClass),
    );
    return {
      attributions,
      classEigenvalues,
      traces,
      outlierCount,
      gapRatio,
      shareDefect: Math.max(0, ...defects),
      status,
    };
  };
  return {
    classes: problem.classes,
    initial: at(training.initial, "before training"),
    trained: at(training.trained, "after training"),
  };
}
