import type { Matrix } from "../core/index.js";
import type { DenseOutput } from "./solution.js";
import { denseInto, denseTerms, evaluateDense, type Stepper } from "./stepper.js";
import type { Tableau } from "./tableaux.js";

/** What the recorder needs to know of an integration. */
export interface RecorderPlan {
  /** Number of unknowns. */
  readonly n: number;
  /** Initial time. */
  readonly t0: number;
  /** 1 forwards, −1 backwards. */
  readonly direction: 1 | -1;
  /** Coefficients in use. */
  readonly tableau: Tableau;
  /** Whether to keep the continuous extension. */
  readonly keepDense: boolean;
  /** Times to sample, or null. */
  readonly times: Float64Array | null;
}

/** Collects dense output and samples. */
export interface Recorder {
  /** Remembers the initial point and the samples at t0. */
  start(y: Float64Array): void;
  /** Whether the continuous extension of a step ending at tNew is needed. */
  wants(tNew: number): boolean;
  /** Computes the extension of the current step. */
  extend(t: number, y: Float64Array, yNew: Float64Array, h: number): void;
  /** Evaluates it at fraction x. */
  evaluate(y: Float64Array, x: number, out: Float64Array): void;
  /** Stores the step, cut off at tEnd when an event ended it. */
  accept(t: number, y: Float64Array, tNew: number, yNew: Float64Array, tEnd: number): void;
  /** The requested samples. */
  samples(): { readonly times: Float64Array; readonly states: Matrix } | null;
  /** The dense output. */
  dense(): DenseOutput | null;
}

/** Starts recording an integration. */
export function createRecorder(plan: RecorderPlan, stepper: Stepper): Recorder {
  const { n, keepDense, times, direction, tableau } = plan;
  const terms = denseTerms(tableau);
  const current = new Float64Array(terms * n); // extension of the step in progress
  const stepTimes: number[] = [];
  const stepStates: Float64Array[] = [];
  const stepCoefficients: Float64Array[] = [];
  const sampled: Float64Array | null = times === null ? null : new Float64Array(times.length * n);
  let next = 0; // index of the next sample
  return {
    start(y) {
      if (keepDense) {
        stepTimes.push(plan.t0);
        stepStates.push(y.slice());
      }
      while (times !== null && sampled !== null && next < times.length && times[next] === plan.t0) {
        sampled.set(y, next++ * n);
      }
    },
    wants(tNew) {
      return keepDense || (times !== null && next < times.length && (tNew - times[next]) * direction > 0);
    },
    extend(t, y, yNew, h) {
      denseInto(stepper, t, y, yNew, h, current, 0);
    },
    evaluate(y, x, out) {
      evaluateDense(y, 0, current, 0, terms, n, x, out);
    },
    accept(t, y, tNew, yNew, tEnd) {
      while (times !== null && sampled !== null && next < times.length && (tEnd - times[next]) * direction >= 0) {
        if (times[next] === tNew) sampled.set(yNew, next * n);
        else evaluateDense(y, 0, current, 0, terms, n, (times[next] - t) / (tNew - t), sampled, next * n);
        next++;
      }
      if (!keepDense) return;
      // A step cut by an event keeps its polynomial: the end of the step in `times` stays the full one, and only the
      // time reached (OdeSolution.t) tells how far the solution is meant.
      stepTimes.push(tNew);
      stepStates.push(yNew.slice());
      stepCoefficients.push(current.slice());
    },
    samples() {
      if (times === null || sampled === null) return null;
      return { times: times.slice(0, next), states: { rows: next, cols: n, data: sampled.slice(0, next * n) } };
    },
    dense() {
      if (!keepDense) return null;
      return {
        dimension: n,
        times: Float64Array.from(stepTimes),
        states: { rows: stepStates.length, cols: n, data: join(stepStates, n) },
        terms,
        coefficients: join(stepCoefficients, terms * n),
      };
    },
  };
}

function join(parts: readonly Float64Array[], length: number): Float64Array {
  const out = new Float64Array(parts.length * length);
  parts.forEach((part, i) => out.set(part, i * length));
  return out;
}
