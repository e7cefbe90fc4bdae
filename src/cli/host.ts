import type { Job, JobResult } from "./job.js";
import type { JobHooks } from "./job-hooks.js";
import type { ProgressScreen } from "./progress-bar.js";

/** Everything that the command takes from its process; tests hand in their own. */
export interface Host {
  /** Receives results. */
  readonly stdout: ProgressScreen;
  /** Receives messages and progress. */
  readonly stderr: ProgressScreen;
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Calls back at the first interrupt (Ctrl-C); returns the function that stops listening. */
  readonly onInterrupt: (handler: () => void) => () => void;
  /** Does a job, here or in a worker thread. */
  readonly execute: (
    job: Job,
    hooks: Omit<JobHooks, "now" | "signal"> & { readonly cancelled: () => boolean },
  ) => Promise<JobResult>;
  /** Versions of library and engine. */
  readonly versions: Readonly<Record<string, string>>;
}
