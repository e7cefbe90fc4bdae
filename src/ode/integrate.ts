import {
  ArgumentError,
  type Convergence,
  describe,
  isCancelled,
  type LongRunning,
  NonFiniteError,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
  requireVector,
  ShapeError,
  type Status,
  UNIT_ROUNDOFF,
  pow,
} from "../core/index.js";
import { createEventWatch, type EventFunction, requireEvents } from "./events.js";
import { type Invariant, watchInvariants } from "./invariants.js";
import { createRecorder } from "./recorder.js";
import type { OdeSolution } from "./solution.js";
import {
  createStepper,
  errorNorm,
  evaluateStage,
  type RightHandSide,
  type Stepper,
  stiffnessRatio,
  tryStep,
} from "./stepper.js";
import { tableaux } from "./tableaux.js";

/** Options of `integrate`. */
export interface IntegrateOptions extends LongRunning {
  /** Initial time. */
  readonly t0: number;
  /** Final time; may lie before t0. */
  readonly t1: number;
  /** Error allowed per step: one number for relative and absolute alike, or both (absolute also per unknown); default 1e-9 and 1e-12. */
  readonly tolerance?: number | { readonly relative?: number; readonly absolute?: number | ArrayLike<number> };
  /** Pair: "dopri5" for tolerances above 1e-7 and cheap right-hand sides, "dop853" (default) below. */
  readonly method?: "dopri5" | "dop853";
  /** Keep the continuous extension (default true); memory is steps · n · 4 or 7 numbers. */
  readonly dense?: boolean;
  /** Times, monotone from t0 towards t1, at which to report the solution without keeping the dense output. */
  readonly times?: ArrayLike<number>;
  /** Functions whose zeros are located; a terminal one ends the integration. */
  readonly events?: readonly EventFunction[];
  /** Conserved quantities to watch. */
  readonly invariants?: readonly Invariant[];
  /** First step size; chosen from f and its change when absent. */
  readonly initialStep?: number;
  /** Largest step size allowed; unlimited when absent. */
  readonly maximumStep?: number;
  /** Steps of this size without error control, for measuring orders; the last one is shortened to hit t1. */
  readonly fixedStep?: number;
  /** Budget of steps tried (default 1e6). */
  readonly maximumSteps?: number;
}

const KNOWN = [
  "t0",
  "t1",
  "tolerance",
  "method",
  "dense",
  "times",
  "events",
  "invariants",
  "initialStep",
  "maximumStep",
  "fixedStep",
  "maximumSteps",
  "signal",
  "onProgress",
] as const;
const CALLER = "integrate";
const SAFETY = 0.9; // of the optimal step size, so that most steps are accepted at once
const STIFF_STEPS = 15; // consecutive suspicious steps that make a suspicion
const PROGRESS_EVERY = 256; // steps between reports

/**
 * Integrates y' = f(t, y), y(t0) = y0 by an adaptive explicit Runge–Kutta pair with continuous extension.
 *
 * Relation: the result approximates the exact flow with a local error of at most absolute + relative · |y| per step
 * (root mean square over the unknowns); the global error is that times the growth of the flow.
 * For non-stiff problems: gradient flows of moderate condition number, limits of mirror flows, oscillators. The result
 * says when stiffness is suspected, in which case an implicit method or a change of variables is the way.
 *
 * @param f writes f(t, y) to its third argument; it must not change y
 * @param y0 initial values, finite; copied
 * @param options t0 and t1 are required
 * @returns solution at the end, dense output, samples, events, drift of invariants, counts, status
 * @throws {NonFiniteError} when y0 or f(t0, y0) is not finite
 * @throws {ArgumentError} for times, tolerances or steps out of range
 * @throws {OptionError} for unknown options
 *
 * Accuracy: order 5 (dense 4) for dopri5, order 8 (dense 7) for dop853. Cost: 6 or 11 evaluations of f per step (and 3
 * more where dop853 needs its dense output). Stopping: t1, a terminal event, `maximumSteps`, cancellation, or a step
 * size at the rounding level of t.
 * @see [dormand1980]
 * @see [hairer1993]
 * @example
 * ```ts
 * import { integrate } from "eigenscope/ode";
 * const circle = integrate((_t, y, out) => { out[0] = y[1]; out[1] = -y[0]; }, Float64Array.of(0, 1), {
 *   t0: 0, t1: Math.PI / 2, tolerance: 1e-10,
 *   invariants: [{ name: "energy", value: (_t, y) => y[0] * y[0] + y[1] * y[1] }],
 * });
 * console.log(circle.convergence.status, circle.y[0]); // converged 1.00000
 * ```
 */
export function integrate(f: RightHandSide, y0: ArrayLike<number>, options: IntegrateOptions): OdeSolution {
  const plan = requirePlan(f, y0, options);
  const { n, t0, t1, direction, relative, absolute, tableau, fixedStep, maximumSteps } = plan;
  const stepper = createStepper(tableau, f, n);
  let y = Float64Array.from(plan.y0);
  let yNew: Float64Array = new Float64Array(n);
  let t = t0;
  evaluateStage(stepper, 0, t, y);
  requireFinite(stepper.k[0], "f(t0, y0)", CALLER);

  const recorder = createRecorder(plan, stepper);
  recorder.start(y);
  const invariants = watchInvariants(options.invariants ?? [], t, y);
  const events = createEventWatch(options.events ?? [], t, y);
  let h = fixedStep ?? plan.initialStep ?? initialStep(stepper, plan, y);
  let previousError = 1e-4;
  let tried = 0;
  let accepted = 0;
  let rejected = 0;
  let lastRejected = false;
  let lastError = 0;
  let suspicious = 0;
  let calm = 0;
  let suspected = false;
  let largestRatio = 0;
  let status: Status = "converged";
  let advice: string | null = null;

  const exponent = 1 / tableau.order - tableau.controller.memory * 0.75;
  while ((t1 - t) * direction > 0) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      advice = `cancelled at t = ${t}: continue from the returned y`;
      break;
    }
    if (tried >= maximumSteps) {
      status = "max-iterations";
      advice = suspected
        ? `stopped at t = ${t} after ${tried} steps and the problem looks stiff (h |λ| stays at the stability bound): change variables or use an implicit method`
        : `stopped at t = ${t} after ${tried} steps: raise maximumSteps or relax the tolerance`;
      break;
    }
    h = Math.min(h, plan.maximumStep);
    if (h <= 4 * UNIT_ROUNDOFF * Math.abs(t) || h < Number.MIN_VALUE / UNIT_ROUNDOFF) {
      status = Number.isFinite(lastError) ? "stagnated" : "breakdown";
      advice = Number.isFinite(lastError)
        ? `the step size fell to the rounding level at t = ${t}: a singularity of the solution, a discontinuity of f, or a tolerance below rounding`
        : `f is not finite just beyond t = ${t}: the solution leaves the domain of f or blows up there`;
      break;
    }
    const remaining = Math.abs(t1 - t);
    // A last step slightly too short for the next one would be wasted: stretch by up to 1 % to end exactly at t1.
    const last = remaining <= h * (fixedStep === null ? 1.01 : 1 + 1e-9);
    const size = last ? remaining : h;
    const signed = size * direction;
    tryStep(stepper, t, y, signed, yNew);
    tried++;
    const error = errorNorm(stepper, y, yNew, signed, relative, absolute);
    lastError = error;
    if (fixedStep !== null && !Number.isFinite(error)) {
      status = "breakdown";
      advice = `f is not finite beyond t = ${t}: use a smaller fixedStep or error control`;
      break;
    }
    if (!(error <= 1) && fixedStep === null) {
      rejected++;
      lastRejected = true;
      const factor = Number.isFinite(error) ? SAFETY * pow(error, -exponent) : 0.1;
      h = size * Math.max(Number.isFinite(error) ? tableau.controller.decrease : 0.1, Math.min(1, factor));
      continue;
    }
    accepted++;
    const tNew = last ? t1 : t + signed;
    const ratio = stiffnessRatio(stepper, yNew, signed) / tableau.stabilityRadius;
    largestRatio = Math.max(largestRatio, ratio);
    if (ratio > 1) {
      calm = 0;
      if (++suspicious >= STIFF_STEPS) suspected = true;
    } else if (suspicious > 0 && ++calm >= 6) suspicious = 0;

    const wanted = recorder.wants(tNew) || events.active;
    if (wanted) recorder.extend(t, y, yNew, signed);
    const stop = events.check(t, y, tNew, yNew, (x, out) => recorder.evaluate(y, x, out));
    const tEnd = stop === null ? tNew : stop.t;
    recorder.accept(t, y, tNew, yNew, tEnd);
    if (stop !== null) yNew.set(stop.y);
    t = tEnd;
    invariants.update(t, yNew);
    const swap: Float64Array = y;
    y = yNew as Float64Array<ArrayBuffer>;
    yNew = swap;
    if (stop !== null) break;
    stepper.k[0].set(stepper.k[tableau.nodes.length]);
    if (fixedStep === null) {
      const optimal =
        error === 0
          ? tableau.controller.increase
          : SAFETY * pow(error, -exponent) * pow(previousError, tableau.controller.memory);
      const factor = Math.min(tableau.controller.increase, Math.max(tableau.controller.decrease, optimal));
      // After a rejection the step must not grow at once: that would be rejected again.
      h = size * (lastRejected ? Math.min(1, factor) : factor);
      previousError = Math.max(error, 1e-4);
    }
    lastRejected = false;
    if (options.onProgress !== undefined && accepted % PROGRESS_EVERY === 0) {
      options.onProgress({
        phase: "integrating",
        done: Math.abs(t - t0),
        total: Math.abs(t1 - t0),
        figures: { t, step: size },
      });
    }
  }
  const convergence: Convergence = {
    status,
    iterations: tried,
    matvecs: stepper.evaluations,
    tolerance: relative,
    residualNorms: Float64Array.of(lastError),
    advice,
  };
  return {
    convergence,
    method: tableau.name,
    t0,
    t,
    y,
    accepted,
    rejected,
    evaluations: stepper.evaluations,
    tolerance: fixedStep === null ? { relative, absolute: plan.absoluteEcho } : null,
    samples: recorder.samples(),
    dense: recorder.dense(),
    events: events.found,
    invariants: invariants.records(),
    stiffness: { suspected, largestRatio },
  };
}

/** Validated input. */
interface Plan {
  readonly n: number;
  readonly y0: Float64Array;
  readonly t0: number;
  readonly t1: number;
  readonly direction: 1 | -1;
  readonly relative: number;
  readonly absolute: Float64Array;
  readonly absoluteEcho: number | Float64Array;
  readonly tableau: (typeof tableaux)["dopri5"];
  readonly keepDense: boolean;
  readonly times: Float64Array | null;
  readonly initialStep: number | null;
  readonly maximumStep: number;
  readonly fixedStep: number | null;
  readonly maximumSteps: number;
}

function requirePlan(f: RightHandSide, y0: ArrayLike<number>, options: IntegrateOptions): Plan {
  if (typeof f !== "function") {
    throw new ArgumentError({ function: CALLER, argument: "f", expected: "a function (t, y, out)", got: describe(f) });
  }
  if (y0 === null || typeof y0 !== "object" || typeof y0.length !== "number") {
    throw new ArgumentError({ function: CALLER, argument: "y0", expected: "an array of numbers", got: describe(y0) });
  }
  const start = Float64Array.from(y0);
  requireFinite(start, "y0", CALLER);
  requireOptions(options, KNOWN, CALLER);
  const t0 = requireNumber(options?.t0, "t0", CALLER);
  const t1 = requireNumber(options.t1, "t1", CALLER);
  const method = requireOneOf(options.method ?? "dop853", ["dopri5", "dop853"] as const, "method", CALLER);
  if (options.tolerance !== null && typeof options.tolerance === "object") {
    requireOptions(options.tolerance, ["relative", "absolute"], `${CALLER} (tolerance)`);
  }
  const given = typeof options.tolerance === "number" ? tolerancePair(options.tolerance) : (options.tolerance ?? {});
  const relative = requireNumber(given.relative ?? 1e-9, "tolerance.relative", CALLER, 0, 1);
  const absoluteGiven = given.absolute ?? 1e-12;
  const absolute = new Float64Array(start.length);
  if (typeof absoluteGiven === "number") {
    absolute.fill(requireNumber(absoluteGiven, "tolerance.absolute", CALLER, 0));
  } else {
    if (absoluteGiven.length !== start.length) {
      const got = `length ${absoluteGiven.length}`;
      const expected = `of length ${start.length}`;
      throw new ShapeError({ function: CALLER, argument: "tolerance.absolute", expected, got });
    }
    for (let i = 0; i < start.length; i++) {
      absolute[i] = requireNumber(absoluteGiven[i], "tolerance.absolute", CALLER, 0);
    }
  }
  if (relative === 0 && absolute.some((value) => value === 0)) {
    throw new ArgumentError({
      function: CALLER,
      argument: "tolerance",
      expected: "positive in its relative or its absolute part",
      got: "relative 0 and absolute 0",
      remedy: "give at least one of them",
    });
  }
  requireEvents(options.events ?? [], CALLER);
  const direction = t1 >= t0 ? 1 : -1;
  return {
    n: start.length,
    y0: start,
    t0,
    t1,
    direction,
    // Below about ten rounding errors the error estimate is noise and the step size would run away to zero.
    relative: relative === 0 ? 0 : Math.max(relative, 20 * UNIT_ROUNDOFF),
    absolute,
    absoluteEcho: typeof absoluteGiven === "number" ? absoluteGiven : absolute,
    tableau: tableaux[method],
    keepDense: options.dense ?? true,
    times: options.times === undefined ? null : requireTimes(options.times, t0, t1, direction),
    initialStep: options.initialStep === undefined ? null : requirePositive(options.initialStep, "initialStep", CALLER),
    maximumStep:
      options.maximumStep === undefined ? Infinity : requirePositive(options.maximumStep, "maximumStep", CALLER),
    fixedStep: options.fixedStep === undefined ? null : requirePositive(options.fixedStep, "fixedStep", CALLER),
    maximumSteps: requireInteger(options.maximumSteps ?? 1_000_000, "maximumSteps", CALLER, 1),
  };
}

function tolerancePair(tolerance: number): { readonly relative: number; readonly absolute: number } {
  if (!Number.isFinite(tolerance)) {
    const got = describe(tolerance);
    throw new NonFiniteError({ function: CALLER, argument: "tolerance", expected: "a finite number > 0", got });
  }
  return { relative: requirePositive(tolerance, "tolerance", CALLER), absolute: tolerance };
}

function requireTimes(times: ArrayLike<number>, t0: number, t1: number, direction: 1 | -1): Float64Array {
  const grid = requireVector(Float64Array.from(times), null, "times", CALLER);
  requireFinite(grid, "times", CALLER);
  for (let i = 0; i < grid.length; i++) {
    const before = i === 0 ? t0 : grid[i - 1];
    if ((grid[i] - before) * direction < 0 || (t1 - grid[i]) * direction < 0) {
      throw new ArgumentError({
        function: CALLER,
        argument: "times",
        expected: `monotone from t0 = ${t0} to t1 = ${t1}`,
        got: `${grid[i]} at index ${i}`,
      });
    }
  }
  return grid;
}

/** First step: the size at which an explicit Euler step and its change of slope stay within the tolerance. [hairer1993] */
function initialStep(stepper: Stepper, plan: Plan, y: Float64Array): number {
  const { n, relative, absolute, t0, t1, direction, tableau } = plan;
  const slope = stepper.k[0];
  const norm = (values: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const scale = absolute[i] + relative * Math.abs(y[i]);
      const ratio = values(i) / scale;
      if (ratio === ratio) sum += ratio * ratio; // 0/0 carries no information
    }
    return Math.sqrt(sum / Math.max(1, n));
  };
  const size = norm((i) => y[i]);
  const speed = norm((i) => slope[i]);
  let h = size < 1e-5 || speed < 1e-5 || !Number.isFinite(size / speed) ? 1e-6 : (0.01 * size) / speed;
  h = Math.min(h, Math.abs(t1 - t0));
  for (let i = 0; i < n; i++) stepper.argument[i] = y[i] + h * direction * slope[i];
  evaluateStage(stepper, 1, t0 + h * direction, stepper.argument);
  const bend = norm((i) => stepper.k[1][i] - slope[i]) / h;
  const steepest = Math.max(speed, bend);
  const second = steepest <= 1e-15 ? Math.max(1e-6, h * 1e-3) : pow(0.01 / steepest, 1 / tableau.order);
  const chosen = Math.min(100 * h, second, Math.abs(t1 - t0));
  return Number.isFinite(chosen) && chosen > 0 ? chosen : h;
}
