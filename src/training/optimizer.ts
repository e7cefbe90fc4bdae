import type { LabelledData } from "../core/index.js";
import type { Loss, Network } from "../networks/index.js";

/** What an optimiser may look at besides the gradient. */
export interface StepContext {
  /** Step size after the schedule. */
  readonly stepSize: number;
  /** The network. */
  readonly network: Network;
  /** The loss. */
  readonly loss: Loss;
  /** The batch that the gradient came from. */
  readonly batch: LabelledData;
}

/** An optimiser at work on one parameter vector. */
export interface OptimizerRun {
  /** Updates the parameters in place from the gradient there. */
  step(params: Float64Array, gradient: Float64Array, context: StepContext): void;
  /** Diagonal P of the preconditioned step θ ← θ − η P⁻¹ m, for adaptive methods after their first step. */
  preconditioner?(): Float64Array | null;
}

/** An optimiser: what it is called, its constants, and how to start it. */
export interface Optimizer {
  /** Name, echoed in results. */
  readonly name: string;
  /** Base step size η; schedules multiply it. */
  readonly stepSize: number;
  /** All constants after defaults. */
  readonly config: Readonly<Record<string, number | boolean>>;
  /**
   * Largest η λ for which the method is stable on a quadratic of curvature λ (for adaptive methods: of the
   * preconditioned curvature); null when there is no such number.
   */
  readonly stabilityLimit: number | null;
  /** Begins a run on a vector of n parameters. */
  start(n: number): OptimizerRun;
}
