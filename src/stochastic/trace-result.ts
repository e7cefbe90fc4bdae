import type { LongRunning, Status } from "../core/index.js";
import type { Rng } from "../random/index.js";
import type { StoppingSettings } from "./accuracy.js";
import type { IntervalEstimate } from "./estimate.js";
import type { ProbeDistribution } from "./probes.js";

/** How a trace is estimated. */
export type TraceMethod = "hutchinson" | "hutch++" | "xtrace";

/** A trace with its uncertainty. */
export interface TraceResult extends IntervalEstimate {
  /** Method used. */
  readonly method: TraceMethod;
  /** Law of the probes. */
  readonly distribution: ProbeDistribution;
  /** "converged" when the requested accuracy (or number of products) was reached. */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

/** Checked options, as the methods read them. */
export interface TraceSettings extends LongRunning, StoppingSettings {
  readonly n: number;
  readonly rng: Rng;
  readonly distribution: ProbeDistribution;
  /** Products to spend, or the most that may be spent. */
  readonly budget: number;
}
