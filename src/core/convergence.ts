import { ArgumentError, NotConvergedError } from "./errors.js";
import { describe } from "./guards.js";

/** How an iteration ended. */
export type Status = "converged" | "max-iterations" | "breakdown" | "stagnated" | "cancelled";

/** What every iterative method reports beside its result. */
export interface Convergence {
  /** How the iteration ended. */
  readonly status: Status;
  /** Outer iterations (restarts, sweeps or steps, as the method's page says). */
  readonly iterations: number;
  /** Operator applications, each to one vector. */
  readonly matvecs: number;
  /** The tolerance that the stopping test used, after defaults. */
  readonly tolerance: number;
  /** Norms of the residuals, one per returned quantity, in the norm the method names. */
  readonly residualNorms: Float64Array;
  /** What to try when the status is not "converged", or what to know although it is; null when there is nothing to say. */
  readonly advice: string | null;
}

/**
 * Returns the result when it converged and throws otherwise, for callers who prefer exceptions.
 *
 * @throws {NotConvergedError} when `result.status` (or `result.convergence.status`) is not "converged"
 *
 * @example
 * ```ts
 * import { requireConverged } from "eigenscope/core";
 * const result = { status: "converged" as const, iterations: 3, matvecs: 3, tolerance: 1e-8, residualNorms: new Float64Array(1), advice: null };
 * console.log(requireConverged(result).iterations); // 3
 * ```
 */
export function requireConverged<T extends Convergence | { readonly convergence: Convergence }>(result: T): T {
  const given: unknown = result;
  const report: Convergence | undefined =
    given !== null && typeof given === "object" && "convergence" in given
      ? (given.convergence as Convergence)
      : (given as Convergence | undefined);
  if (typeof report?.status !== "string" || report.residualNorms === undefined) {
    throw new ArgumentError({
      function: "requireConverged",
      argument: "result",
      expected: "the result of an iterative method",
      got: describe(result),
    });
  }
  if (report.status === "converged") return result;
  const worst = report.residualNorms.length === 0 ? "none" : Math.max(...report.residualNorms).toExponential(2);
  throw new NotConvergedError({
    function: "requireConverged",
    argument: "result",
    expected: `converged to ${report.tolerance}`,
    got: `status "${report.status}" after ${report.iterations} iterations and ${report.matvecs} matvecs, largest residual norm ${worst}`,
    ...(report.advice === null ? {} : { remedy: report.advice }),
  });
}
