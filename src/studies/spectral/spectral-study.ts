import { type LongRunning, isCancelled } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { createParts } from "../study-parts.js";
import { type CertificatePart, certificatePart } from "./certificate-part.js";
import { type HessianPart, hessianPart } from "./hessian-part.js";
import { type KernelPart, kernelPart } from "./kernel-part.js";
import { type LayersPart, layersPart } from "./layers-part.js";
import { type SettledOptions, type SpectralStudyOptions, settleOptions } from "./options.js";
import { prepareProblem } from "./problem.js";
import { type TorusPart, torusPart } from "./torus-part.js";
import { type TrainingPart, trainingPart } from "./training-part.js";

/** What a run of the study needs beside its options. */
export interface SpectralStudyRun extends SpectralStudyOptions, LongRunning {
  /** Randomness: data, initialisation, batches, subset and probes take their own forks. */
  readonly rng: Rng;
  /** A clock in milliseconds, for the wall times; without it they are absent. */
  readonly now?: () => number;
}

/** The record of a spectral study. A part is null when the run was cancelled before it was done. */
export interface SpectralStudy {
  /** "cancelled" when the signal stopped the run: parts that were done are kept. */
  readonly status: "complete" | "cancelled";
  /** Options after defaults. */
  readonly options: SettledOptions;
  /** Widths of the network, inputs first. */
  readonly sizes: readonly number[];
  /** Number of parameters. */
  readonly parameterCount: number;
  /** Samples used for curvature and kernels. */
  readonly subsetSize: number;
  /** Training loss and sharpness. */
  readonly training: TrainingPart | null;
  /** Singular values of the layers before and after training. */
  readonly layers: LayersPart | null;
  /** Hessian at the end. */
  readonly hessian: HessianPart | null;
  /** Infinite-width NTK of the data. */
  readonly kernel: KernelPart | null;
  /** NTK on the torus. */
  readonly torus: TorusPart | null;
  /** Spectral certificate. */
  readonly certificate: CertificatePart | null;
  /** Seconds of wall time by phase; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Trains a small network and studies its spectra: layers, sharpness, Hessian, infinite-width NTK, torus, certificate.
 *
 * Relation: equal options and equal streams give equal records, wall times apart. Curvature and kernels use a seeded
 * subset of the training data, whose size the record states.
 *
 * @throws {ShapeError} when images and labels do not fit
 * @throws {NonFiniteError} for NaN or infinities in the images
 * @throws {ArgumentError} for options out of range
 * @throws {OptionError} for unknown options
 *
 * Cost: the default about ten seconds, digits of 28 x 28 pixels about two minutes on one core. Stopping: a cancelled run
 * returns the parts done so far.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { spectralStudy } from "eigenscope/studies";
 * const study = spectralStudy({ rng: createRng(1), signal: { aborted: true } });
 * console.log(study.status, study.sizes.join("-"), study.parameterCount); // cancelled 16-64-64-2 5378
 * ```
 */
export function spectralStudy(run: SpectralStudyRun): SpectralStudy {
  const caller = "spectralStudy";
  const { rng, signal, onProgress, now, images, testImages, ...plain } = run;
  const given = {
    ...plain,
    ...(images === undefined ? {} : { images }),
    ...(testImages === undefined ? {} : { testImages }),
  };
  const settled = settleOptions(given, [], caller);
  const problem = prepareProblem(images ?? null, testImages ?? null, settled, rng, caller);
  // Cancelled in its course, a part is not whole: only the training keeps its records, as curves that end early.
  const { part, wallTimes } = createParts({ signal, onProgress, now, keep: [PHASES.training] });
  const training = part(PHASES.training, (running) => trainingPart(problem, settled, rng, running));
  const layers = training && part(PHASES.layers, () => layersPart(problem.network, training));
  const hessian =
    training &&
    part(PHASES.hessian, (running) => hessianPart(problem, training, settled, rng.fork("hessian"), running));
  const kernel = part(PHASES.kernel, () => kernelPart(problem, settled));
  const torus = part(PHASES.torus, (running) => torusPart(settled, running));
  const certificate =
    training &&
    part(PHASES.certificate, (running) => certificatePart(problem, training, rng.fork("certificate"), running));
  return {
    status: isCancelled(signal) ? "cancelled" : "complete",
    options: settled,
    sizes: [problem.network.inputs, ...settled.hidden, problem.network.outputs],
    parameterCount: problem.network.parameterCount,
    subsetSize: problem.subset.inputs.rows,
    training,
    layers,
    hessian,
    kernel,
    torus,
    certificate,
    wallTimes,
  };
}

const PHASES = {
  training: "training",
  layers: "singular values",
  hessian: "Hessian",
  kernel: "neural tangent kernel",
  torus: "torus",
  certificate: "certificate",
} as const;
