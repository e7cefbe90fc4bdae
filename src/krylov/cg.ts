import {
  ArgumentError,
  type Matrix,
  type Status,
  axpy,
  describe,
  dot,
  isCancelled,
  norm,
  requireOptions,
} from "../core/index.js";
import { type SymmetricOperator, requireSymmetricOperator } from "../operators/index.js";
import {
  type LinearSolveOptions,
  type LinearSolveResult,
  SOLVE_KEYS,
  requireSolve,
  residualInto,
  solved,
} from "./linear-solve.js";
import { requireFiniteProduct } from "./start.js";

/** Options of {@link cg}. */
export interface CgOptions extends LinearSolveOptions {
  /** out ← M⁻¹ r with M symmetric positive definite and close to A. */
  readonly preconditioner?: (r: Float64Array, out: Float64Array) => void;
}

/**
 * Solves a symmetric positive definite system by preconditioned conjugate gradients.
 *
 * Relation: A x = b up to residualNorm = ‖b − A x‖₂.
 * For indefinite systems use minres, for rectangular ones lsmr.
 *
 * @param A symmetric positive definite operator of order n (definiteness is checked along the way)
 * @param b right-hand side, length n
 * @param options.preconditioner symmetric positive definite approximate inverse
 * @returns solution, recomputed residual, status; "breakdown" when a direction of curvature <= 0 turns up
 * @throws {ArgumentError} when A lacks the symmetric mark
 * @throws {ShapeError} when b has another length than n
 * @throws {NonFiniteError} when b, a product or the preconditioner is not finite
 *
 * Accuracy: residual to tolerance · ‖b‖, limited by ε ‖A‖ ‖x‖. Cost: one matvec an iteration and one at each end, four vectors;
 * about √κ/2 · ln(2/tolerance) iterations.
 * Stopping: recurrence residual <= tolerance · ‖b‖₂.
 * @see [hestenes1952]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { cg } from "eigenscope/krylov";
 * const { solution, status, iterations } = cg(diagonal([1, 2, 4]), Float64Array.of(1, 1, 1));
 * console.log(status, iterations, solution[2].toFixed(10)); // converged 3 0.2500000000
 * ```
 */
export function cg(A: SymmetricOperator | Matrix, b: Float64Array, options: CgOptions = {}): LinearSolveResult {
  const caller = "cg";
  const operator = requireSymmetricOperator(A, "A", caller);
  requireOptions(options, [...SOLVE_KEYS, "preconditioner"], caller);
  const n = operator.rows;
  const { tolerance, maximum, x } = requireSolve(b, n, n, options, caller);
  const precondition = requirePreconditioner(options.preconditioner, caller);
  const apply = (v: Float64Array, out: Float64Array): void => operator.apply(v, out);
  const r = new Float64Array(n);
  const z = new Float64Array(n); // M⁻¹ r
  const q = new Float64Array(n); // A p
  let residualNorm = residualInto(apply, b, x, r);
  let matvecs = 1;
  requireFiniteProduct(residualNorm, matvecs, caller);
  const target = tolerance * norm(b);
  precondition(r, z);
  const p = z.slice();
  let rho = dot(r, z);
  let status: Status = "max-iterations";
  let iterations = 0;
  while (residualNorm > target) {
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || matvecs + 1 >= maximum) break;
    operator.apply(p, q);
    matvecs++;
    const curvature = dot(p, q);
    requireFiniteProduct(curvature + rho, matvecs, caller);
    if (!(curvature > 0) || !(rho > 0)) {
      status = "breakdown";
      break;
    }
    const step = rho / curvature;
    axpy(step, p, x);
    axpy(-step, q, r);
    residualNorm = norm(r);
    iterations++;
    options.onProgress?.({ phase: caller, done: iterations, total: null, figures: { residualNorm } });
    precondition(r, z);
    const next = dot(r, z);
    const ratio = next / rho;
    for (let i = 0; i < n; i++) p[i] = z[i] + ratio * p[i];
    rho = next;
  }
  if (residualNorm <= target) status = "converged";
  if (iterations > 0) {
    residualNorm = residualInto(apply, b, x, r);
    matvecs++;
  }
  const advice = "A (or the preconditioner) is not positive definite: use minres";
  return solved(x, residualNorm, target, status, { iterations, matvecs }, tolerance, advice);
}

function requirePreconditioner(preconditioner: unknown, caller: string): (r: Float64Array, out: Float64Array) => void {
  if (preconditioner === undefined) return (r, out) => out.set(r);
  if (typeof preconditioner === "function") return preconditioner as (r: Float64Array, out: Float64Array) => void;
  throw new ArgumentError({
    function: caller,
    argument: "preconditioner",
    expected: "a function (r, out)",
    got: describe(preconditioner),
  });
}
