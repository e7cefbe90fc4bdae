/**
 * Adaptive explicit Runge–Kutta integration with dense output, events and monitored invariants.
 * @module ode
 */
export { integrate, type IntegrateOptions } from "./integrate.js";
export type { Invariant } from "./invariants.js";
export {
  solutionAt,
  solutionOn,
  type DenseOutput,
  type EventRecord,
  type InvariantRecord,
  type OdeSolution,
} from "./solution.js";
export type { EventFunction } from "./events.js";
export type { RightHandSide } from "./stepper.js";
