import type { CancellationSignal, Progress } from "../core/index.js";
import type { ReportRecord } from "../report/index.js";
import {
  type ClaimKind,
  type ClaimRow,
  type SpectralStudyOptions,
  runClaims,
  spectralStudy,
  spectralStudyReport,
} from "../studies/index.js";
import { createRng } from "../random/index.js";

/** Long work as plain data, so that it can be sent to a worker thread. */
export type Job =
  | {
      /** Discriminator. */
      readonly kind: "spectral-study";
      /** Seed of all randomness. */
      readonly seed: number;
      /** Options of the study that are plain data. */
      readonly options: SpectralStudyOptions;
      /** The input in words. */
      readonly input: string;
      /** Versions for the provenance. */
      readonly versions: Readonly<Record<string, string>>;
    }
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

/** What a job gives back, as plain data. */
export type JobResult =
  | { readonly kind: "spectral-study"; readonly report: ReportRecord }
  | { readonly kind: "claims"; readonly rows: readonly ClaimRow[] };

/** What a running job may use of its surroundings. */
export interface JobHooks {
  /** Set when the user interrupts. */
  readonly signal: CancellationSignal;
  /** Receives progress. */
  readonly onProgress: (progress: Progress) => void;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

/** Does a job in this thread. */
export function runJob(job: Job, { signal, onProgress, now }: JobHooks): JobResult {
  const rng = createRng(job.seed);
  if (job.kind === "claims") {
    const selection = {
      ...(job.only === null ? {} : { only: job.only }),
      ...(job.claimKind === null ? {} : { kind: job.claimKind }),
    };
    return { kind: "claims", rows: runClaims({ ...selection, rng, signal, onProgress }) };
  }
  const study = spectralStudy({ ...job.options, rng, signal, onProgress, now });
  const { seed, input, versions } = job;
  return { kind: "spectral-study", report: spectralStudyReport(study, { seed, input, versions }) };
}
