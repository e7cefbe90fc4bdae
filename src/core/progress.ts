/** The part of an AbortSignal that this library reads; any object of this shape will do. */
export interface CancellationSignal {
  /** True once the caller wants the work to stop. */
  readonly aborted: boolean;
  /** Why, if the caller said. */
  readonly reason?: unknown;
}

/** One report of long work. */
export interface Progress {
  /** What is going on, in words. */
  readonly phase: string;
  /** Units of work done. */
  readonly done: number;
  /** Units in all, or null when not known in advance. */
  readonly total: number | null;
  /** Figures worth showing, such as a residual or a loss. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Options of every function that may run long. */
export interface LongRunning {
  /** Cancels between units of work: the result is what is done so far, with status "cancelled". */
  readonly signal?: CancellationSignal;
  /** Called between units of work; must not throw. */
  readonly onProgress?: (progress: Progress) => void;
}

/** True when the caller asked to stop. */
export function isCancelled(signal: CancellationSignal | undefined): boolean {
  return signal !== undefined && signal.aborted;
}
