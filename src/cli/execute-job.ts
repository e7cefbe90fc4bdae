import type { Host } from "./host.js";
import type { FinishedJob, Job } from "./job.js";
import { createProgressBar } from "./progress-bar.js";
import { UsageError } from "./usage-error.js";

/** A job's result with what happened around it. */
export interface ExecutedJob {
  /** What the job gave. */
  readonly result: FinishedJob;
  /** Whether the user interrupted it. */
  readonly cancelled: boolean;
  /** Wall time. */
  readonly seconds: number;
}

/**
 * Does a job with progress on stderr; the first interrupt asks it to stop and keeps what is done.
 *
 * @throws {UsageError} when the job refuses its input
 */
export async function executeJob(job: Job, host: Host, quiet: boolean): Promise<ExecutedJob> {
  const bar = createProgressBar(host.stderr, host.now);
  let cancelled = false;
  const release = host.onInterrupt(() => {
    cancelled = true;
    bar.close();
    host.stderr.write("\nstopping: what is done will be kept (interrupt again to stop at once)\n");
  });
  const began = host.now();
  try {
    const result = await host.execute(job, {
      cancelled: () => cancelled,
      onProgress: (progress) => {
        if (!quiet && !cancelled) bar.update(progress);
      },
    });
    if (result.kind === "refused") throw new UsageError(result.message);
    return { result, cancelled, seconds: (host.now() - began) / 1000 };
  } finally {
    release();
    if (!quiet) bar.close();
  }
}
