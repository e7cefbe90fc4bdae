import {
  EPSILON,
  type Matrix,
  type Status,
  axpy,
  dot,
  isCancelled,
  norm,
  requireOptions,
  hypot,
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
import { type Coroutine, drive, driveAsync, multiply } from "./products.js";
import { requireFiniteProduct } from "./start.js";

/** β below this multiple of ε ‖T‖ ends the Krylov space. */
const BREAKDOWN_FACTOR = 10;

/**
 * Solves a symmetric, possibly indefinite or singular system by minimal residuals.
 *
 * Relation: x minimises ‖b − A x‖₂ over a growing Krylov space; residualNorm is that norm, recomputed.
 * A singular system without a solution ends as "breakdown" with a least-squares solution.
 *
 * @param A symmetric operator of order n
 * @param b right-hand side, length n
 * @returns solution, recomputed residual, status
 * @throws {ArgumentError} when A lacks the symmetric mark
 * @throws {ShapeError} when b has another length than n
 * @throws {NonFiniteError} when b or a product is not finite
 *
 * Accuracy: residual to tolerance · ‖b‖, limited by ε κ ‖b‖. Cost: one matvec an iteration and one at each end, seven vectors.
 * Stopping: recurrence residual <= tolerance · ‖b‖₂, or ‖A r‖ <= tolerance · ‖A‖ ‖r‖ (least-squares solution).
 * @see [paige1975]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { minres } from "eigenscope/krylov";
 * const { solution, status } = minres(diagonal([1, -2, 4]), Float64Array.of(1, 1, 1));
 * console.log(status, solution[1].toFixed(10)); // converged -0.5000000000
 * ```
 */
export function minres(
  A: SymmetricOperator | Matrix,
  b: Float64Array,
  options: LinearSolveOptions = {},
): LinearSolveResult {
  const operator = requireSymmetricOperator(A, "A", "minres");
  return drive(operator, solve(operator.rows, b, options));
}

/**
 * The form of {@link minres} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of minres for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param b right-hand side, length n
 * @param options those of minres
 * @returns a promise of its result
 * @throws {ArgumentError} as minres, as a rejection
 */
export async function minresAsync(
  A: AsyncSymmetricOperator,
  b: Float64Array,
  options: LinearSolveOptions = {},
): Promise<LinearSolveResult> {
  const operator = requireAsyncOperator(A, "A", "minresAsync", "symmetric");
  return driveAsync(operator, solve(operator.rows, b, options));
}

function* solve(n: number, b: Float64Array, options: LinearSolveOptions): Coroutine<LinearSolveResult> {
  const caller = "minres";
  requireOptions(options, SOLVE_KEYS, caller);
  const { tolerance, maximum, x: guess } = requireSolve(b, n, n, options, caller);
  const saved = restoreSolve(options.resume, caller, [n, n, n, n, n], 7);
  const residual = new Float64Array(n);
  let product: Float64Array = new Float64Array(n);
  const target = tolerance * norm(b);
  let { iterations, matvecs } = saved ?? { iterations: 0, matvecs: 1 };
  const x = saved?.vectors[0] ?? guess;
  let v: Float64Array; // Lanczos vector v_k
  let vBefore: Float64Array;
  let w: Float64Array; // direction of step k − 1
  let wBefore: Float64Array; // direction of step k − 2
  let [c, cBefore, s, sBefore] = [1, 1, 0, 0]; // the last two rotations
  let eta: number; // signed residual of the rotated system
  let beta = 0;
  let scale = 0; // ‖T‖₁ so far
  let residualNorm: number;
  if (saved === null) {
    residualNorm = yield* residualInto(b, x, residual);
    requireFiniteProduct(residualNorm, matvecs, caller);
    v = residual.map((value) => (residualNorm > 0 ? value / residualNorm : 0));
    [vBefore, w, wBefore] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    eta = residualNorm;
  } else {
    [, v, vBefore, w, wBefore] = saved.vectors;
    [c, cBefore, s, sBefore, eta, beta, scale] = saved.scalars;
    residualNorm = Math.abs(eta);
  }
  let status: Status = "max-iterations";
  while (Math.abs(eta) > target) {
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || matvecs + 1 >= maximum) break;
    yield* multiply(v, product);
    matvecs++;
    axpy(-beta, vBefore, product);
    const alpha = dot(v, product);
    axpy(-alpha, v, product);
    const betaNext = norm(product);
    requireFiniteProduct(alpha + betaNext, matvecs, caller);
    scale = Math.max(scale, beta + Math.abs(alpha) + betaNext);
    // The new column of T, rotated by the two rotations before it, then by its own.
    const delta = c * alpha - cBefore * s * beta;
    if (hypot(delta, c * betaNext) <= Math.max(tolerance, BREAKDOWN_FACTOR * EPSILON) * scale) {
      status = "breakdown"; // ‖A r‖ = |η| times this: r is (nearly) in the null space
      break;
    }
    const rho = hypot(delta, betaNext);
    const above = s * alpha + cBefore * c * beta;
    const corner = sBefore * beta;
    [cBefore, sBefore] = [c, s];
    c = delta / rho;
    s = betaNext / rho;
    for (let i = 0; i < n; i++) wBefore[i] = (v[i] - corner * wBefore[i] - above * w[i]) / rho;
    [w, wBefore] = [wBefore, w];
    axpy(c * eta, w, x);
    eta = -s * eta;
    iterations++;
    options.onProgress?.({ phase: caller, done: iterations, total: null, figures: { residualNorm: Math.abs(eta) } });
    if (betaNext <= BREAKDOWN_FACTOR * EPSILON * scale) break; // the Krylov space is exhausted: x is exact in it
    for (let i = 0; i < n; i++) product[i] /= betaNext;
    [vBefore, v, product] = [v, product, vBefore];
    beta = betaNext;
  }
  if (Math.abs(eta) <= target) status = "converged";
  const state: LinearSolveState = {
    kind: "eigenscope-solve-1",
    method: caller,
    vectors: [x, v, vBefore, w, wBefore],
    scalars: [c, cBefore, s, sBefore, eta, beta, scale],
    iterations,
    matvecs,
  };
  if (iterations > 0) {
    residualNorm = yield* residualInto(b, x, residual);
    matvecs++;
  }
  const advice = "b is not in the range of A: the solution minimises ‖b − A x‖";
  return solved(x, residualNorm, target, status, { iterations, matvecs }, tolerance, advice, state);
}
