import { type LongRunning, isCancelled } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { type Comparison, satisfies } from "../claims/claim.js";
import { createParts } from "../study-parts.js";
import { type CubePart, cubePart } from "./cube-part.js";
import { type MatrixPart, matrixPart } from "./matrix-part.js";
import { type SettledSobolevOptions, type SobolevStudyOptions, settleSobolevOptions } from "./options.js";
import { type PhysicsPart, physicsPart } from "./physics-part.js";
import { type DomainSpectraPart, spectraPart } from "./spectra-part.js";
import { type SweepPart, sweepPart } from "./sweep-part.js";
import { type TrainingCurvesPart, trainingCurvesPart } from "./training-part.js";
import { type ZeroModesPart, zeroModesPart } from "./zero-modes-part.js";

/** What a run of the study needs beside its options. */
export interface SobolevStudyRun extends SobolevStudyOptions, LongRunning {
  /** Randomness: only the comparison of matrices and operators draws points. */
  readonly rng: Rng;
  /** A clock in milliseconds, for the wall times; without it they are absent. */
  readonly now?: () => number;
}

/** The record of a Sobolev study. A part is null when the run was cancelled before it was done. */
export interface SobolevStudy {
  /** "cancelled" when the signal stopped the run: parts that were done are kept. */
  readonly status: "complete" | "cancelled";
  /** Options after defaults. */
  readonly options: SettledSobolevOptions;
  /** Spectra of K, P and T, best exponents, condition numbers. */
  readonly spectra: DomainSpectraPart | null;
  /** Training of three targets. */
  readonly training: TrainingCurvesPart | null;
  /** The non-periodic function of the unit cube. */
  readonly cube: CubePart | null;
  /** Zero modes. */
  readonly zeroModes: ZeroModesPart | null;
  /** Losses of partial differential equations. */
  readonly physics: PhysicsPart | null;
  /** Matrices against operators. */
  readonly matrices: MatrixPart | null;
  /** Depths, activations, initialisations. */
  readonly sweep: SweepPart | null;
  /** Whether every number that has an expected value came out as expected. */
  readonly passed: boolean;
  /** Seconds of wall time by part; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Studies neural tangent kernels with Sobolev losses on sphere, torus and Gaussian space side by side.
 *
 * Relation: every part compares its numbers with what theory or an independent computation gives, and says whether they agree. Equal
 * options and streams give equal records, wall times apart.
 *
 * @throws {ArgumentError} for options out of range
 * @throws {OptionError} for unknown options
 *
 * Cost: see docs/study-sobolev.md. Stopping: a cancelled run returns the parts done so far.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { sobolevStudy } from "eigenscope/studies";
 * const study = sobolevStudy({ rng: createRng(1), quick: true, signal: { aborted: true } });
 * console.log(study.status, study.options.bandwidth, study.passed); // cancelled 20 false
 * ```
 */
export function sobolevStudy(run: SobolevStudyRun): SobolevStudy {
  const { rng, signal, onProgress, now, ...options } = run;
  const settled = settleSobolevOptions(options, "sobolevStudy");
  const { part, wallTimes } = createParts({ signal, onProgress, now, keep: [] });
  const parts = {
    spectra: part(PARTS.spectra, (running) => spectraPart(settled, running)),
    training: part(PARTS.training, (running) => trainingCurvesPart(settled, running)),
    cube: part(PARTS.cube, (running) => cubePart(settled, running)),
    zeroModes: part(PARTS.zeroModes, (running) => zeroModesPart(settled, running)),
    physics: part(PARTS.physics, (running) => physicsPart(settled, running)),
    matrices: part(PARTS.matrices, (running) => matrixPart(settled, rng.fork("matrices"), running)),
    sweep: part(PARTS.sweep, (running) => sweepPart(settled, running)),
  };
  const comparisons = Object.values(parts).map((done) => (done === null ? null : partComparisons(done)));
  return {
    status: isCancelled(signal) ? "cancelled" : "complete",
    options: settled,
    ...parts,
    passed: comparisons.every((list) => list !== null && list.every((item) => satisfies(item, item.measured))),
    wallTimes,
  };
}

/** The comparisons of a part. */
export function partComparisons(
  part: DomainSpectraPart | { readonly comparisons: readonly Comparison[] },
): readonly Comparison[] {
  return "comparisons" in part ? part.comparisons : part.domains.flatMap((domain) => domain.comparisons);
}

const PARTS = {
  spectra: "spectra",
  training: "training",
  cube: "unit cube",
  zeroModes: "zero modes",
  physics: "Poisson losses",
  matrices: "matrices",
  sweep: "sweep",
} as const;
