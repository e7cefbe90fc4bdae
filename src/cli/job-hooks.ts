import type { CancellationSignal, Progress } from "../core/index.js";

/** What a running job may use of its surroundings. */
export interface JobHooks {
  /** Set when the user interrupts. */
  readonly signal: CancellationSignal;
  /** Receives progress. */
  readonly onProgress: (progress: Progress) => void;
  /** A clock in milliseconds. */
  readonly now: () => number;
}
