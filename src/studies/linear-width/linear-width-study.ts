import { type CancellationSignal, type LongRunning, type Progress, isCancelled } from "../../core/index.js";
import { type HeavyTailPart, heavyTailPart } from "./heavy-tail-part.js";
import { type InvariancePart, invariancePart } from "./invariance-part.js";
import { type ScalingPart, scalingPart } from "./scaling-part.js";
import { type OutlierPart, type WindowPart, outlierPart, windowPart } from "./outlier-part.js";
import { type LinearWidthPlan, type LinearWidthStudyOptions, planStudy } from "./plan.js";
import type { RunRow } from "./run-row.js";
import { type FeatureCorrelation, featureCorrelations } from "./run-table.js";
import { type Finding, heavyTailFinding, invarianceFinding, outlierFinding } from "./verdicts.js";

/** Record of the linear-width study. A part is null when the run was cancelled before it was done. */
export interface LinearWidthStudy {
  /** "cancelled" when the signal stopped it: whole parts are kept. */
  readonly status: "complete" | "cancelled";
  /** What was to be done. */
  readonly plan: LinearWidthPlan;
  /** Small steps: recipe R1. */
  readonly invariance: InvariancePart | null;
  /** The same over several widths. */
  readonly scaling: ScalingPart | null;
  /** One large step: recipe R2. */
  readonly outlier: OutlierPart | null;
  /** The window of step sizes: recipe R2b. */
  readonly window: WindowPart | null;
  /** Adaptive training: recipe R3. */
  readonly heavyTails: HeavyTailPart | null;
  /** Spectral features of every training run beside its test error. */
  readonly runs: readonly RunRow[];
  /** Rank correlations of spectral features with the test error over the runs of recipe R3, which share their problem. */
  readonly correlations: readonly FeatureCorrelation[];
  /** The findings with their verdicts, as far as their parts are done. */
  readonly findings: readonly Finding[];
  /** Whether all three findings came out as expected. */
  readonly passed: boolean;
  /** Seconds by part; empty without a clock. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Reproduces the findings on spectra of networks whose width grows with the number of samples: invariance under small
 * steps, an outlier after a large one, heavy tails after adaptive training.
 *
 * Relation: every number stands beside the same statistic where nothing was learned (redrawn, permuted or random), and the
 * verdicts compare the two. Network and data of seed s are replayed from the recipes' generator, everything else is drawn
 * from `rng`: equal options and streams give equal records, wall times apart.
 *
 * @param options rng is required; seeds 7, 8 and 9 are those of the recipes' reference numbers
 * @throws {ArgumentError} for seeds, scale or quick out of range
 * @throws {OptionError} for unknown options
 *
 * Cost: about two minutes on one core with the WebAssembly routines, the quick form less than one. Stopping: a cancelled study returns its whole parts.
 * @see [wang2023]
 * @see [martin2021]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { linearWidthStudy } from "eigenscope/studies";
 * const study = linearWidthStudy({ rng: createRng(1), signal: { aborted: true } });
 * console.log(study.status, study.plan.seeds.join(" "), study.findings.length); // cancelled 7 8 9 0
 * ```
 */
export function linearWidthStudy(options: LinearWidthStudyOptions): LinearWidthStudy {
  const plan = planStudy(options, "linearWidthStudy");
  const { rng, signal, onProgress, now } = options;
  const wallTimes: Record<string, number> = {};
  const part = <T>(name: string, work: (running: LongRunning) => T): T | null => {
    if (isCancelled(signal)) return null;
    const began = now?.();
    const result = work(longRunning(name, signal, onProgress));
    if (now !== undefined && began !== undefined) wallTimes[name] = (now() - began) / 1000;
    return isCancelled(signal) ? null : result;
  };
  const invariance = part("small steps", (running) => invariancePart(plan, rng.fork("invariance"), running));
  const scaling = part("scaling", (running) => scalingPart(plan, running));
  const outlier = part("large step", (running) => outlierPart(plan, rng.fork("outlier"), running));
  const window = outlier && part("window", (running) => windowPart(plan, rng.fork("window"), outlier, running));
  const heavyTails = part("adaptive training", (running) => heavyTailPart(plan, rng.fork("heavy tails"), running));
  const findings = [
    ...(invariance !== null && scaling !== null ? [invarianceFinding(invariance, scaling)] : []),
    ...(outlier !== null && window !== null ? [outlierFinding(outlier, window)] : []),
    ...(heavyTails !== null && invariance !== null ? [heavyTailFinding(heavyTails, invariance, plan)] : []),
  ];
  const runs = [
    ...(invariance === null ? [] : invariance.runs.map((run) => run.row)),
    ...(window === null ? [] : [...window.rates, ...window.stochastic].map((row) => row.row)),
    ...(heavyTails === null ? [] : [...heavyTails.runs.map((run) => run.row), ...heavyTails.firstLayerOnly]),
  ];
  return {
    status: isCancelled(signal) ? "cancelled" : "complete",
    plan,
    invariance,
    scaling,
    outlier,
    window,
    heavyTails,
    runs,
    correlations: heavyTails === null ? [] : featureCorrelations(heavyTails.runs.map((run) => run.row)),
    findings,
    passed: findings.length === 3 && findings.every((found) => found.reproduced),
    wallTimes,
  };
}

/** Signal and progress for a part, whose reports carry the name of the part. */
function longRunning(
  name: string,
  signal: CancellationSignal | undefined,
  onProgress: ((progress: Progress) => void) | undefined,
): LongRunning {
  onProgress?.({ phase: name, done: 0, total: null });
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : { onProgress: (progress) => onProgress({ ...progress, phase: `${name}: ${progress.phase}` }) }),
  };
}
