import { requireInteger, requireNumber, requirePositive, cos, pow } from "../core/index.js";

/** Factor on the step size at step 0, 1, …. */
export type Schedule = (step: number) => number;

/** Falls from 1 to `floor` along half a cosine over `steps` steps, then stays. */
export function cosineSchedule(steps: number, floor = 0): Schedule {
  requireInteger(steps, "steps", "cosineSchedule", 1);
  requireNumber(floor, "floor", "cosineSchedule", 0, 1);
  return (step) => floor + ((1 - floor) * (1 + cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/** Multiplies by `factor` at every multiple of `every` steps. */
export function stepSchedule(every: number, factor: number): Schedule {
  requireInteger(every, "every", "stepSchedule", 1);
  requirePositive(factor, "factor", "stepSchedule");
  return (step) => pow(factor, Math.floor(step / every));
}

/** Rises linearly from 1/steps to 1 over `steps` steps, then follows another schedule that starts there. */
export function warmupSchedule(steps: number, then: Schedule = () => 1): Schedule {
  requireInteger(steps, "steps", "warmupSchedule", 1);
  return (step) => (step < steps ? (step + 1) / steps : then(step - steps));
}
