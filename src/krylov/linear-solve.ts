import {
  type Convergence,
  type LongRunning,
  type Status,
  norm,
  requireFinite,
  requireInteger,
  requireNumber,
  requireVector,
} from "../core/index.js";

/** Options that the linear solvers share. */
export interface LinearSolveOptions extends LongRunning {
  /** Residual asked for, relative to the norm that the solver's page names; 1e-10 by default. */
  readonly tolerance?: number;
  /** Products after which the iteration ends; max(1000, 10 n) by default. */
  readonly maximumMatvecs?: number;
  /** First approximation; zero by default. */
  readonly guess?: Float64Array;
}

/** An approximate solution of a linear system. */
export interface LinearSolveResult extends Convergence {
  /** x. */
  readonly solution: Float64Array;
  /** ‖b − A x‖₂, recomputed at the end. */
  readonly residualNorm: number;
}

/** Names of the shared options, for checking. */
export const SOLVE_KEYS: readonly string[] = ["tolerance", "maximumMatvecs", "guess", "signal", "onProgress"];

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

/** residual ← b − A x, and its norm. */
export function residualInto(
  apply: (x: Float64Array, out: Float64Array) => void,
  b: Float64Array,
  x: Float64Array,
  residual: Float64Array,
): number {
  apply(x, residual);
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
): LinearSolveResult {
  const status = claimed === "converged" && residualNorm > CONTRADICTION * target ? "stagnated" : claimed;
  const advice: Record<Status, string | null> = {
    converged: null,
    cancelled: "stopped by the signal: pass the solution as guess to go on",
    breakdown: breakdownAdvice,
    stagnated:
      "rounding limits the residual: loosen the tolerance, scale the system, or restart with the solution as guess",
    "max-iterations": "raise maximumMatvecs, or precondition: the condition number decides the number of steps",
  };
  return {
    solution: x,
    residualNorm,
    residualNorms: Float64Array.of(residualNorm),
    status,
    ...counts,
    tolerance,
    advice: advice[status],
  };
}
