import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Status,
  describe,
  norm,
  requireFinite,
  requireInteger,
  requireNumber,
  requireVector,
} from "../core/index.js";
import { type Coroutine, multiply } from "./products.js";

/** Options that the linear solvers share. */
export interface LinearSolveOptions extends LongRunning {
  /** Residual asked for, relative to the norm that the solver's page names; 1e-10 by default. */
  readonly tolerance?: number;
  /** Products after which the iteration ends; max(1000, 10 n) by default. */
  readonly maximumMatvecs?: number;
  /** First approximation; zero by default. */
  readonly guess?: Float64Array;
  /** `state` of an unfinished run with the same operator, b, guess and preconditioner: it goes on, bit for bit. */
  readonly resume?: LinearSolveState;
}

/** An unfinished solve: plain numbers that structured clone and serializeState can store. */
export interface LinearSolveState {
  /** Format of this record. */
  readonly kind: "eigenscope-solve-1";
  /** The solver it belongs to. */
  readonly method: "cg" | "minres" | "lsmr";
  /** Vectors of the recurrence, the solution first. */
  readonly vectors: readonly Float64Array[];
  /** Numbers of the recurrence. */
  readonly scalars: readonly number[];
  /** Iterations so far. */
  readonly iterations: number;
  /** Products so far, without those of the final check. */
  readonly matvecs: number;
}

/** An approximate solution of a linear system. */
export interface LinearSolveResult extends Convergence {
  /** x. */
  readonly solution: Float64Array;
  /** ‖b − A x‖₂, recomputed at the end. */
  readonly residualNorm: number;
  /** What `resume` takes to go on; null unless the run ended by its budget or the signal. */
  readonly state: LinearSolveState | null;
}

/** Names of the shared options, for checking. */
export const SOLVE_KEYS: readonly string[] = ["tolerance", "maximumMatvecs", "guess", "resume", "signal", "onProgress"];

/** Recomputed residuals this many times above the target contradict the recurrence. */
const CONTRADICTION = 10;

/** Checked shared options. */
export interface SolveSettings {
  readonly tolerance: number;
  readonly maximum: number;
  readonly x: Float64Array;
}

/** Checks b and the shared options; x is a copy of the guess. */
export function requireSolve(
  b: unknown,
  rows: number,
  cols: number,
  options: LinearSolveOptions,
  caller: string,
): SolveSettings {
  requireFinite(requireVector(b, rows, "b", caller), "b", caller);
  if (options.guess !== undefined) requireFinite(requireVector(options.guess, cols, "guess", caller), "guess", caller);
  return {
    tolerance: requireNumber(options.tolerance ?? 1e-10, "tolerance", caller, 0, 1),
    maximum: requireInteger(options.maximumMatvecs ?? Math.max(1000, 10 * cols), "maximumMatvecs", caller, 1),
    x: options.guess?.slice() ?? new Float64Array(cols),
  };
}

/**
 * The saved recurrence, copied so that a state can be resumed more than once; null for a fresh start.
 *
 * @throws {ArgumentError} when the state belongs to another solver or other sizes
 */
export function restoreSolve(
  resume: LinearSolveState | undefined,
  method: LinearSolveState["method"],
  lengths: readonly number[],
  scalars: number,
): { vectors: Float64Array<ArrayBuffer>[]; scalars: readonly number[]; iterations: number; matvecs: number } | null {
  if (resume === undefined) return null;
  const fits =
    resume?.kind === "eigenscope-solve-1" &&
    resume.method === method &&
    resume.vectors?.length === lengths.length &&
    resume.vectors.every((vector, i) => vector instanceof Float64Array && vector.length === lengths[i]) &&
    resume.scalars?.length === scalars;
  if (!fits) {
    throw new ArgumentError({
      function: method,
      argument: "resume",
      expected: `the state of an unfinished ${method} run of this order`,
      got: describe(resume),
    });
  }
  return { ...resume, vectors: resume.vectors.map((vector) => vector.slice()) };
}

/** residual ← b − A x, and its norm. */
export function* residualInto(b: Float64Array, x: Float64Array, residual: Float64Array): Coroutine<number> {
  yield* multiply(x, residual);
  for (let i = 0; i < b.length; i++) residual[i] = b[i] - residual[i];
  return norm(residual);
}

/** Puts a result together; a recurrence that claims more than the recomputed residual shows has stagnated. */
export function solved(
  x: Float64Array,
  residualNorm: number,
  target: number,
  claimed: Status,
  counts: { readonly iterations: number; readonly matvecs: number },
  tolerance: number,
  breakdownAdvice: string,
  state: LinearSolveState,
): LinearSolveResult {
  const status = claimed === "converged" && residualNorm > CONTRADICTION * target ? "stagnated" : claimed;
  const advice: Record<Status, string | null> = {
    converged: null,
    cancelled: "stopped by the signal: pass the state as resume to go on",
    breakdown: breakdownAdvice,
    stagnated:
      "rounding limits the residual: loosen the tolerance, scale the system, or restart with the solution as guess",
    "max-iterations":
      "raise maximumMatvecs (and pass the state as resume), or precondition: the condition number decides the number of steps",
  };
  return {
    solution: x,
    residualNorm,
    residualNorms: Float64Array.of(residualNorm),
    status,
    ...counts,
    tolerance,
    advice: advice[status],
    state: status === "max-iterations" || status === "cancelled" ? state : null,
  };
}
