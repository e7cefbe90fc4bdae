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
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import {
  type LinearSolveOptions,
  type LinearSolveResult,
  type LinearSolveState,
  SOLVE_KEYS,
  requireSolve,
  residualInto,
  restoreSolve,
  solved,
} from "./linear-solve.js";
import { drive, driveAsync, multiply, type Coroutine } from "./products.js";
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
  const operator = requireSymmetricOperator(A, "A", "cg");
  return drive(operator, solve(operator.rows, b, options));
}

/**
 * The form of {@link cg} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of cg for the same products, bit for bit.
 *
 * @param A asynchronous symmetric positive definite operator
 * @param b right-hand side, length n
 * @param options those of cg; the preconditioner stays synchronous
 * @returns a promise of its result
 * @throws {ArgumentError} as cg, as a rejection
 */
export async function cgAsync(
  A: AsyncSymmetricOperator,
  b: Float64Array,
  options: CgOptions = {},
): Promise<LinearSolveResult> {
  const operator = requireAsyncOperator(A, "A", "cgAsync", "symmetric");
  return driveAsync(operator, solve(operator.rows, b, options));
}

function* solve(n: number, b: Float64Array, options: CgOptions): Coroutine<LinearSolveResult> {
  const caller = "cg";
  requireOptions(options, [...SOLVE_KEYS, "preconditioner"], caller);
  const { tolerance, maximum, x: guess } = requireSolve(b, n, n, options, caller);
  const precondition = requirePreconditioner(options.preconditioner, caller);
  const saved = restoreSolve(options.resume, caller, [n, n, n], 1);
  const [x, r, p] = saved?.vectors ?? [guess, new Float64Array(n), new Float64Array(n)];
  const z = new Float64Array(n); // M⁻¹ r
  const q = new Float64Array(n); // A p
  const target = tolerance * norm(b);
  let { iterations, matvecs } = saved ?? { iterations: 0, matvecs: 1 };
  let residualNorm: number;
  let rho: number;
  if (saved === null) {
    residualNorm = yield* residualInto(b, x, r);
    requireFiniteProduct(residualNorm, matvecs, caller);
    precondition(r, z);
    p.set(z);
    rho = dot(r, z);
  } else {
    residualNorm = norm(r);
    rho = saved.scalars[0];
  }
  let status: Status = "max-iterations";
  while (residualNorm > target) {
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || matvecs + 1 >= maximum) break;
    yield* multiply(p, q);
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
  const state: LinearSolveState = {
    kind: "eigenscope-solve-1",
    method: caller,
    vectors: [x, r, p],
    scalars: [rho],
    iterations,
    matvecs,
  };
  if (iterations > 0) {
    residualNorm = yield* residualInto(b, x, q); // r stays that of the recurrence
    matvecs++;
  }
  const advice = "A (or the preconditioner) is not positive definite: use minres";
  return solved(x, residualNorm, target, status, { iterations, matvecs }, tolerance, advice, state);
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
