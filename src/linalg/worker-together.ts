import { type LongRunning, type Progress, ResourceError, isCancelled } from "../core/index.js";
import type { EighCertificate } from "./eigh-certificate.js";
import type { WorkerTask } from "./worker-protocol.js";
import type { SharedStores } from "./worker-stores.js";
import { CONTROL_LENGTH, giveUp } from "./worker-team.js";

/** What a task that succeeded gives. */
export interface Done {
  readonly arrays: Float64Array[];
  readonly certificate: EighCertificate | undefined;
}

/** The workers of a pool as its calls see them. */
export interface Workers {
  /** How many. */
  readonly count: number;
  /** Memory that they share. */
  readonly stores: SharedStores;
  /** Sends a task to worker `rank`, moving the arrays of `transfer`. */
  submit(
    rank: number,
    task: WorkerTask,
    transfer: readonly Float64Array[],
    onProgress?: (progress: Progress) => void,
  ): Promise<Done>;
}

/** A signal that tells by itself when it is aborted, as an AbortSignal does. */
interface Telling {
  addEventListener?(event: "abort", listener: () => void): void;
  removeEventListener?(event: "abort", listener: () => void): void;
}

/** Throws when the caller has cancelled. */
export function requireNotCancelled(signal: LongRunning["signal"], caller: string): void {
  if (isCancelled(signal)) throw cancelled(caller);
}

function cancelled(caller: string): ResourceError {
  return new ResourceError({
    function: caller,
    argument: "the call",
    expected: "left to run until it is done",
    got: "an aborted signal",
    remedy: "call again; the inputs are unchanged",
  });
}

/**
 * Runs tasks that wait for each other, one per worker, all with the control block that `tasks` receives. When one of them
 * fails, or the caller cancels or cannot take its progress, the others are told to stop.
 */
export async function together(
  workers: Workers,
  tasks: (control: Int32Array) => readonly WorkerTask[],
  { signal, onProgress }: LongRunning,
  summary: (latest: readonly (Progress | undefined)[]) => Progress | undefined,
  caller: string,
): Promise<Done[]> {
  requireNotCancelled(signal, caller);
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_LENGTH));
  let fail: (reason: unknown) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => (fail = reject));
  stopped.catch(() => undefined);
  const stop = (): void => fail(cancelled(caller));
  const telling = signal as Telling | undefined;
  telling?.addEventListener?.("abort", stop);
  let over = false; // messages that are still under way tell nobody
  const latest: (Progress | undefined)[] = [];
  const watch =
    signal === undefined && onProgress === undefined
      ? undefined
      : (rank: number, progress: Progress) => {
          if (over) return;
          if (isCancelled(signal)) {
            stop();
            return;
          }
          latest[rank] = progress;
          const whole = summary(latest);
          try {
            if (whole !== undefined) onProgress?.(whole);
          } catch (error) {
            fail(error);
          }
        };
  const answers: Promise<Done>[] = [];
  try {
    for (const [rank, task] of tasks(control).entries()) {
      const tell = watch && ((progress: Progress): void => watch(rank, progress));
      answers.push(workers.submit(rank, task, [], tell));
    }
    return await Promise.race([Promise.all(answers), stopped]);
  } catch (error) {
    giveUp(control);
    for (const answer of answers) answer.catch(() => undefined);
    throw error;
  } finally {
    over = true;
    telling?.removeEventListener?.("abort", stop);
  }
}
