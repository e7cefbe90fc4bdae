import {
  ArgumentError,
  type Convergence,
  type Matrix,
  requireInteger,
  requireNumber,
  requireVector,
  UnsupportedError,
  describe,
  requireFinite,
} from "../core/index.js";
import { evaluateDense } from "./stepper.js";

/** Accepted steps with the coefficients of their continuous extensions: plain data, read by `solutionAt`. */
export interface DenseOutput {
  /** Number of unknowns. */
  readonly dimension: number;
  /** Ends of the steps, steps + 1 numbers from t0 on. */
  readonly times: Float64Array;
  /** The solution at those times, one row per time. */
  readonly states: Matrix;
  /** Vectors per step. */
  readonly terms: number;
  /** Coefficients, [step][term][unknown]. */
  readonly coefficients: Float64Array;
}

/** A place where an event function crossed zero. */
export interface EventRecord {
  /** Name of the event. */
  readonly name: string;
  /** Time of the crossing, to the accuracy of the dense output. */
  readonly t: number;
  /** Solution there. */
  readonly y: Float64Array;
}

/** What became of a quantity that the exact flow conserves. */
export interface InvariantRecord {
  /** Name of the invariant. */
  readonly name: string;
  /** Its value at t0. */
  readonly initial: number;
  /** Its value at the end. */
  readonly final: number;
  /** Largest distance from the value at t0 over all accepted steps. */
  readonly maximumDrift: number;
}

/** Result of `integrate`. */
export interface OdeSolution {
  /** How it ended; iterations are steps tried, matvecs evaluations of f, residualNorms the last scaled error estimate. */
  readonly convergence: Convergence;
  /** Method in use. */
  readonly method: "dopri5" | "dop853";
  /** Initial time. */
  readonly t0: number;
  /** Time reached: t1, or where an event, the budget or a cancellation ended the work. */
  readonly t: number;
  /** Solution at that time. */
  readonly y: Float64Array;
  /** Steps accepted. */
  readonly accepted: number;
  /** Steps rejected by the error control. */
  readonly rejected: number;
  /** Evaluations of f. */
  readonly evaluations: number;
  /** Relative and absolute tolerance in use; null when the step was fixed. */
  readonly tolerance: { readonly relative: number; readonly absolute: number | Float64Array } | null;
  /** Solution at the requested `times` that were reached, one row each; null when none were requested. */
  readonly samples: { readonly times: Float64Array; readonly states: Matrix } | null;
  /** Continuous extension, or null when `dense` was false. */
  readonly dense: DenseOutput | null;
  /** Crossings of event functions, in order of time. */
  readonly events: readonly EventRecord[];
  /** Drift of the monitored invariants. */
  readonly invariants: readonly InvariantRecord[];
  /** Largest observed h |λ| over the stability radius; above 1 for many steps means stiffness. */
  readonly stiffness: { readonly suspected: boolean; readonly largestRatio: number };
}

/**
 * Evaluates the solution of `integrate` at one time between t0 and the time reached.
 *
 * Relation: at step ends it returns the stored states exactly; inside a step the error is O(h^5) for dopri5 and O(h^8)
 * for dop853, of the size of the local error tolerance.
 *
 * @param solution result of `integrate` with `dense` left on
 * @param t time in the covered range
 * @param out receives the values; allocated when absent
 * @returns the solution at t, `out` if it was given
 * @throws {UnsupportedError} when the solution was computed with dense: false
 * @throws {ArgumentError} when t is outside the range covered
 * @throws {ShapeError} when out has another length than the solution
 *
 * Cost: O(log steps + n).
 * @example
 * ```ts
 * import { integrate, solutionAt } from "eigenscope/ode";
 * const decay = integrate((_t, y, out) => { out[0] = -y[0]; }, Float64Array.of(1), { t0: 0, t1: 2 });
 * console.log(solutionAt(decay, 1)[0]); // 0.36788
 * ```
 */
export function solutionAt(solution: OdeSolution, t: number, out?: Float64Array): Float64Array {
  const dense = requireDense(solution, "solutionAt");
  requireNumber(t, "t", "solutionAt");
  const target =
    out === undefined ? new Float64Array(dense.dimension) : requireVector(out, dense.dimension, "out", "solutionAt");
  evaluateAt(dense, t, target, 0, "solutionAt");
  return target;
}

/**
 * Evaluates the solution of `integrate` on a grid.
 *
 * Relation: row i of the result is `solutionAt(solution, times[i])`.
 *
 * @param solution result of `integrate` with `dense` left on
 * @param times times in the covered range, in any order; or a number of equidistant points from t0 to the end
 * @returns times and a matrix with one row per time
 * @throws {UnsupportedError} when the solution was computed with dense: false
 * @throws {ArgumentError} when a time is outside the range covered, or a count is not an integer >= 2
 *
 * Cost: O(times · (log steps + n)).
 * @example
 * ```ts
 * import { integrate, solutionOn } from "eigenscope/ode";
 * const growth = integrate((_t, y, out) => { out[0] = y[0]; }, Float64Array.of(1), { t0: 0, t1: 1 });
 * console.log(solutionOn(growth, 3).states.data[2]); // 2.71828
 * ```
 */
export function solutionOn(
  solution: OdeSolution,
  times: ArrayLike<number> | number,
): { readonly times: Float64Array; readonly states: Matrix } {
  const dense = requireDense(solution, "solutionOn");
  let grid: Float64Array;
  if (typeof times === "number") {
    const count = requireInteger(times, "times", "solutionOn", 2);
    const { t0, t } = solution;
    // The last point is t itself, not t0 + 1 · (t − t0), which may round outside the range.
    grid = Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? t : t0 + ((t - t0) * i) / (count - 1)));
  } else {
    requireFinite(times, "times", "solutionOn");
    grid = Float64Array.from(times);
  }
  const data = new Float64Array(grid.length * dense.dimension);
  for (let i = 0; i < grid.length; i++) evaluateAt(dense, grid[i], data, i * dense.dimension, "solutionOn");
  return { times: grid, states: { rows: grid.length, cols: dense.dimension, data } };
}

function requireDense(solution: OdeSolution, caller: string): DenseOutput {
  if (solution?.dense === undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "solution",
      expected: "the result of integrate",
      got: describe(solution),
    });
  }
  if (solution.dense === null) {
    throw new UnsupportedError({
      function: caller,
      argument: "solution",
      expected: "computed with dense output",
      got: "a solution with dense: null",
      remedy: "leave the option dense on, or ask for times",
    });
  }
  return solution.dense;
}

/** Binary search for the step that holds t, then its polynomial. */
function evaluateAt(dense: DenseOutput, t: number, out: Float64Array, outOffset: number, caller: string): void {
  const { times, states, terms, coefficients, dimension } = dense;
  const steps = times.length - 1;
  const direction = times[steps] >= times[0] ? 1 : -1;
  if (!((t - times[0]) * direction >= 0 && (times[steps] - t) * direction >= 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "t",
      expected: `between ${times[0]} and ${times[steps]}`,
      got: String(t),
      remedy: "integrate further",
    });
  }
  let low = 0;
  let high = steps;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((t - times[middle]) * direction >= 0) low = middle;
    else high = middle;
  }
  const exact = t === times[low] ? low : t === times[high] ? high : -1;
  if (exact >= 0) {
    out.set(states.data.subarray(exact * dimension, (exact + 1) * dimension), outOffset);
    return;
  }
  const x = (t - times[low]) / (times[high] - times[low]);
  const offset = low * terms * dimension;
  evaluateDense(states.data, low * dimension, coefficients, offset, terms, dimension, x, out, outOffset);
}
