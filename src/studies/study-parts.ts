import { type CancellationSignal, type LongRunning, type Progress, isCancelled } from "../core/index.js";

/** What the parts of a study share. */
export interface PartsContext {
  /** Cancels the study: parts that were done are kept. */
  readonly signal: CancellationSignal | undefined;
  /** Receives progress under the name of the part. */
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** A clock in milliseconds; without it there are no wall times. */
  readonly now: (() => number) | undefined;
  /** Parts whose result is kept although they were cancelled in their course. */
  readonly keep: readonly string[];
}

/** Runs the parts of a study one after the other. */
export interface Parts {
  /** Runs one part unless the study is cancelled, before or in its course; null then. */
  readonly part: <T>(name: string, work: (running: LongRunning) => T) => T | null;
  /** Seconds of wall time by part, filled as parts end. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/** Makes the runner of the parts of one study. */
export function createParts({ signal, onProgress, now, keep }: PartsContext): Parts {
  const wallTimes: Record<string, number> = {};
  return {
    wallTimes,
    part(name, work) {
      if (isCancelled(signal)) return null;
      const began = now?.();
      const result = work(runningAs(name, signal, onProgress));
      if (now !== undefined && began !== undefined) wallTimes[name] = (now() - began) / 1000;
      return isCancelled(signal) && !keep.includes(name) ? null : result;
    },
  };
}

/** Signal and progress for a part, whose reports carry the name of the part. */
function runningAs(name: string, signal: PartsContext["signal"], onProgress: PartsContext["onProgress"]): LongRunning {
  onProgress?.({ phase: name, done: 0, total: null });
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: (progress) =>
            onProgress(progress.phase === name ? progress : { ...progress, phase: `${name}: ${progress.phase}` }),
        }),
  };
}

/** The same surroundings, with progress under another name. */
export function renamed({ signal, onProgress }: LongRunning, phase: string): LongRunning {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress({ ...progress, phase }) }),
  };
}
