import { EigenscopeError, type Matrix } from "../core/index.js";
import { createRng } from "../random/index.js";
import type { ReportRecord } from "../report/index.js";
import {
  type ClaimKind,
  type ClaimRow,
  type CompressionStudyOptions,
  type CurvatureStudyOptions,
  type LinearWidthStudyOptions,
  type SobolevStudyOptions,
  type SpectralStudyOptions,
  compressionReport,
  compressionStudy,
  curvatureStudy,
  curvatureStudyReport,
  linearWidthReport,
  linearWidthStudy,
  runClaims,
  sensingStudy,
  sensingStudyReport,
  sobolevStudy,
  sobolevStudyReport,
  spectralStudy,
  spectralStudyReport,
} from "../studies/index.js";
import { UsageError } from "./usage-error.js";
import { type WeightsJob, type WeightsJobResult, runWeightsJob } from "./weights-job.js";
import type { JobHooks } from "./job-hooks.js";

/** What every study is given beside its own options. */
interface StudyContext {
  /** Seed of all randomness. */
  readonly seed: number;
  /** The input in words. */
  readonly input: string;
  /** Versions for the provenance. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What the studies of a classifier have in common: images, test images and the size of the subset. */
export type ImageStudyOptions = Pick<SpectralStudyOptions, "images" | "testImages" | "subset">;

/** A study as plain data. */
export type StudyJob = StudyContext &
  (
    | {
        /** Discriminator. */
        readonly kind: "spectral-study";
        /** Options of the study that are plain data. */
        readonly options: SpectralStudyOptions;
      }
    | {
        /** Discriminator. */
        readonly kind: "curvature-study";
        /** Options of the study that are plain data. */
        readonly options: CurvatureStudyOptions;
      }
    | {
        /** Discriminator. */
        readonly kind: "sobolev-study";
        /** Options of the study. */
        readonly options: SobolevStudyOptions;
      }
    | {
        /** Discriminator. */
        readonly kind: "linear-width-study";
        /** Options of the study that are plain data. */
        readonly options: Pick<LinearWidthStudyOptions, "seeds" | "quick" | "scale">;
      }
    | {
        /** Discriminator. */
        readonly kind: "compression-study";
        /** Options of the study that are plain data. */
        readonly options: CompressionStudyOptions;
      }
    | {
        /** Discriminator. */
        readonly kind: "sensing-study";
        /** Pictures to reconstruct. */
        readonly digits: readonly Matrix[];
        /** Whether the first picture is also given to the source's own network. */
        readonly full: boolean;
      }
  );

/** Long work as plain data, so that it can be sent to a worker thread. */
export type Job =
  | StudyJob
  | WeightsJob
  | {
      /** Discriminator. */
      readonly kind: "claims";
      /** Seed of all randomness. */
      readonly seed: number;
      /** Ids; all when null. */
      readonly only: readonly string[] | null;
      /** Kind of evidence; all when null. */
      readonly claimKind: ClaimKind | null;
    };

/** Input that was refused: a message for the person at the keyboard, and nothing else. */
export interface RefusedJobResult {
  /** Discriminator. */
  readonly kind: "refused";
  /** What came and what was expected. */
  readonly message: string;
}

/** What a job gives back, as plain data. */
export type JobResult = FinishedJob | RefusedJobResult;

/** What a job gives back that was not refused. */
export type FinishedJob =
  | WeightsJobResult
  | {
      /** Discriminator. */
      readonly kind: "study";
      /** The report. */
      readonly report: ReportRecord;
    }
  | {
      /** Discriminator. */
      readonly kind: "claims";
      /** The rows. */
      readonly rows: readonly ClaimRow[];
    };

/** Does a job in this thread. Errors of our own become a result: their class would not survive the way between threads. */
export async function runJob(job: Job, hooks: JobHooks): Promise<JobResult> {
  try {
    return await finish(job, hooks);
  } catch (error) {
    if (error instanceof EigenscopeError || error instanceof UsageError)
      return { kind: "refused", message: error.message };
    throw error;
  }
}

function finish(job: Job, hooks: JobHooks): FinishedJob | Promise<FinishedJob> {
  if (job.kind === "weights") return runWeightsJob(job, hooks);
  const { signal, onProgress, now } = hooks;
  const rng = createRng(job.seed);
  if (job.kind === "claims") {
    const selection = {
      ...(job.only === null ? {} : { only: job.only }),
      ...(job.claimKind === null ? {} : { kind: job.claimKind }),
    };
    return { kind: "claims", rows: runClaims({ ...selection, rng, signal, onProgress }) };
  }
  const { seed, input, versions } = job;
  if (job.kind === "spectral-study") {
    const study = spectralStudy({ ...job.options, rng, signal, onProgress, now });
    return { kind: "study", report: spectralStudyReport(study, { seed, input, versions }) };
  }
  if (job.kind === "curvature-study") {
    const study = curvatureStudy({ ...job.options, rng, signal, onProgress, now });
    const provenance = { program: "study curvature", seed, options: { ...study.options }, versions, input };
    return { kind: "study", report: curvatureStudyReport(study, provenance) };
  }
  if (job.kind === "sobolev-study") {
    const study = sobolevStudy({ ...job.options, rng, signal, onProgress, now });
    const provenance = { program: "study sobolev", seed, options: { ...study.options }, versions, input };
    return { kind: "study", report: sobolevStudyReport(study, provenance) };
  }
  if (job.kind === "linear-width-study") {
    const study = linearWidthStudy({ ...job.options, rng, signal, onProgress, now });
    const provenance = { program: "study linear-width", seed, options: { ...study.plan }, versions, input };
    return { kind: "study", report: linearWidthReport(study, provenance) };
  }
  if (job.kind === "compression-study") {
    const study = compressionStudy({ ...job.options, rng, signal, onProgress, now });
    const provenance = { program: "study compression", seed, options: study.options, versions, input };
    return { kind: "study", report: compressionReport(study, provenance) };
  }
  const digitDetail = job.full ? "full" : "summary";
  const study = sensingStudy({ digits: job.digits, digitDetail, rng, signal, onProgress, now });
  const options = { digits: job.digits.length, digitDetail };
  return {
    kind: "study",
    report: sensingStudyReport(study, { program: "study sensing", seed, options, versions, input }),
  };
}
