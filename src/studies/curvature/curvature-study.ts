import { type LongRunning, isCancelled } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { createParts } from "../study-parts.js";
import { type EdgePart, edgePart } from "./edge-part.js";
import { type CurvatureStudyOptions, type SettledCurvatureOptions, settleCurvatureOptions } from "./options.js";
import { type OutliersPart, outliersPart } from "./outliers-part.js";
import { prepareCurvatureProblem } from "./problem.js";
import { type ProfilePart, profilePart } from "./profile-part.js";
import { type SpectraPart, spectraPart } from "./spectra-part.js";
import { type CurvatureTraining, curvatureTraining } from "./training-part.js";
import { type CurvatureVerdict, curvatureVerdicts } from "./verdicts.js";

/** What a run of the study needs beside its options. */
export interface CurvatureStudyRun extends CurvatureStudyOptions, LongRunning {
  /** Randomness: data, initialisation, batches, subset and probes take their own forks. */
  readonly rng: Rng;
  /** A clock in milliseconds, for the wall times; without it they are absent. */
  readonly now?: () => number;
}

/** The record of a curvature study. A part is null when the run was cancelled before it was done. */
export interface CurvatureStudy {
  /** "cancelled" when the signal stopped the run: parts that were done are kept. */
  readonly status: "complete" | "cancelled";
  /** Options after defaults. */
  readonly options: SettledCurvatureOptions;
  /** Widths of the network, inputs first. */
  readonly sizes: readonly number[];
  /** Number of parameters. */
  readonly parameterCount: number;
  /** Number of classes. */
  readonly classes: number;
  /** Answers computed from the parts that were done. */
  readonly verdicts: readonly CurvatureVerdict[];
  /** The training whose two ends are studied. */
  readonly training: CurvatureTraining | null;
  /** Curvature by layer. */
  readonly profile: ProfilePart | null;
  /** Spectra of Hessian, Gauss–Newton matrix and residual. */
  readonly spectra: SpectraPart | null;
  /** Outliers and classes. */
  readonly outliers: OutliersPart | null;
  /** Three optimisers against their limits. */
  readonly edge: EdgePart | null;
  /** Seconds of wall time by part; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Trains a classifier and says where its curvature is: by layer, by matrix (Hessian, Gauss–Newton, residual), by class, and against the
 * stability limits of three optimisers.
 *
 * Relation: equal options and equal streams give equal records, wall times apart. Curvature is taken on a seeded subset of the training
 * data, whose size the record states.
 *
 * @throws {ShapeError} when images and labels do not fit
 * @throws {NonFiniteError} for NaN or infinities in the images
 * @throws {ArgumentError} for options out of range
 * @throws {OptionError} for unknown options
 *
 * Cost: see docs/study-curvature.md. Stopping: a cancelled run returns the parts done so far.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { curvatureStudy } from "eigenscope/studies";
 * const study = curvatureStudy({ rng: createRng(1), signal: { aborted: true } });
 * console.log(study.status, study.sizes.join("-"), study.parameterCount); // cancelled 20-32-24-4 1564
 * ```
 */
export function curvatureStudy(run: CurvatureStudyRun): CurvatureStudy {
  const caller = "curvatureStudy";
  const { rng, signal, onProgress, now, ...options } = run;
  const settled = settleCurvatureOptions(options, caller);
  const problem = prepareCurvatureProblem(options.images ?? null, options.testImages ?? null, settled, rng, caller);
  const { part, wallTimes } = createParts({ signal, onProgress, now, keep: [PARTS.training] });
  const training = part(PARTS.training, (running) => curvatureTraining(problem, settled, rng, running));
  const profile =
    training && part(PARTS.profile, (running) => profilePart(problem, training, settled, rng.fork("profile"), running));
  const spectra =
    training && part(PARTS.spectra, (running) => spectraPart(problem, training, settled, rng.fork("spectra"), running));
  const outliers =
    training && part(PARTS.outliers, (running) => outliersPart(problem, training, rng.fork("outliers"), running));
  const edge = part(PARTS.edge, (running) => edgePart(problem, settled, rng.fork("edge"), running));
  const parts = { training, profile, spectra, outliers, edge };
  return {
    status: isCancelled(signal) ? "cancelled" : "complete",
    options: settled,
    sizes: [problem.network.inputs, ...settled.hidden, problem.network.outputs],
    parameterCount: problem.network.parameterCount,
    classes: problem.classes,
    verdicts: curvatureVerdicts(parts, problem.classes),
    ...parts,
    wallTimes,
  };
}

const PARTS = {
  training: "training",
  profile: "curvature by layer",
  spectra: "spectra",
  outliers: "outliers and classes",
  edge: "edge of stability",
} as const;
