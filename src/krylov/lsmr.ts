import {
  type Matrix,
  type Status,
  axpy,
  isCancelled,
  norm,
  requireOptions,
  scaleVector,
  hypot,
} from "../core/index.js";
import { type LinearOperator, applyTransposeOf, requireOperator, requireTranspose } from "../operators/index.js";
import {
  type LinearSolveOptions,
  type LinearSolveResult,
  SOLVE_KEYS,
  requireSolve,
  residualInto,
  solved,
} from "./linear-solve.js";
import { requireFiniteProduct } from "./start.js";

/** A least-squares solution. */
export interface LsmrResult extends LinearSolveResult {
  /** ‖Aᵀ(b − A x)‖₂, recomputed: zero at the least-squares solution. */
  readonly normalResidualNorm: number;
}

/**
 * Solves a least-squares problem with a rectangular operator: MINRES on the normal equations, without forming them.
 *
 * Relation: x minimises ‖b − A x‖₂; normalResidualNorm = ‖Aᵀ(b − A x)‖₂. Of many minimisers the one of least norm (from a
 * zero guess).
 *
 * @param A operator with a transpose, rows x cols
 * @param b right-hand side, length rows
 * @returns solution, both residuals recomputed, status
 * @throws {ArgumentError} when A offers only apply
 * @throws {ShapeError} when b has another length than rows
 * @throws {NonFiniteError} when b or a product is not finite
 *
 * Accuracy: ‖Aᵀ r‖ to tolerance · ‖Aᵀ b‖. Cost: two matvecs an iteration (A, Aᵀ), six vectors.
 * Stopping: ‖Aᵀ r‖ of the recurrence <= tolerance times that of the first residual.
 * @see [fong2011]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { lsmr } from "eigenscope/krylov";
 * const { solution, residualNorm } = lsmr(fromRows([[1], [1]]), Float64Array.of(1, 3));
 * console.log(solution[0].toFixed(10), residualNorm.toFixed(10)); // 2.0000000000 1.4142135624
 * ```
 */
export function lsmr(A: LinearOperator | Matrix, b: Float64Array, options: LinearSolveOptions = {}): LsmrResult {
  const caller = "lsmr";
  const operator = requireTranspose(requireOperator(A, "A", caller), "A", caller);
  requireOptions(options, SOLVE_KEYS, caller);
  const { rows, cols } = operator;
  const { tolerance, maximum, x } = requireSolve(b, rows, cols, options, caller);
  const apply = (v: Float64Array, out: Float64Array): void => operator.apply(v, out);
  const u = new Float64Array(rows);
  const image = new Float64Array(rows);
  const v = new Float64Array(cols);
  const back = new Float64Array(cols);
  let beta = residualInto(apply, b, x, u);
  if (beta > 0) scaleVector(1 / beta, u);
  applyTransposeOf(operator, u, v);
  let alpha = norm(v);
  if (alpha > 0) scaleVector(1 / alpha, v);
  let matvecs = 2;
  requireFiniteProduct(alpha + beta, matvecs, caller);
  // Names as in the paper: a bar marks the second rotation.
  let alphaBar = alpha;
  let zetaBar = alpha * beta; // ± ‖Aᵀ r‖
  let [rho, rhoBar, cBar, sBar] = [1, 1, 1, 0];
  const h = v.slice();
  const hBar = new Float64Array(cols);
  const first = Math.abs(zetaBar);
  let status: Status = "max-iterations";
  let iterations = 0;
  while (Math.abs(zetaBar) > tolerance * first) {
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || matvecs + 4 > maximum) break;
    operator.apply(v, image);
    for (let i = 0; i < rows; i++) u[i] = image[i] - alpha * u[i];
    beta = norm(u);
    if (beta > 0) scaleVector(1 / beta, u);
    applyTransposeOf(operator, u, back);
    for (let i = 0; i < cols; i++) v[i] = back[i] - beta * v[i];
    alpha = norm(v);
    if (alpha > 0) scaleVector(1 / alpha, v);
    matvecs += 2;
    requireFiniteProduct(alpha + beta, matvecs, caller);
    const rhoBefore = rho;
    rho = hypot(alphaBar, beta);
    const theta = (beta / rho) * alpha;
    alphaBar = (alphaBar / rho) * alpha;
    const thetaBar = sBar * rho;
    const rhoBarBefore = rhoBar;
    rhoBar = hypot(cBar * rho, theta);
    cBar = (cBar * rho) / rhoBar;
    sBar = theta / rhoBar;
    const zeta = cBar * zetaBar;
    zetaBar = -sBar * zetaBar;
    const factor = (thetaBar * rho) / (rhoBefore * rhoBarBefore);
    for (let i = 0; i < cols; i++) hBar[i] = h[i] - factor * hBar[i];
    axpy(zeta / (rho * rhoBar), hBar, x);
    for (let i = 0; i < cols; i++) h[i] = v[i] - (theta / rho) * h[i];
    iterations++;
    options.onProgress?.({
      phase: caller,
      done: iterations,
      total: null,
      figures: { normalResidualNorm: Math.abs(zetaBar) },
    });
  }
  if (Math.abs(zetaBar) <= tolerance * first) status = "converged";
  const residualNorm = residualInto(apply, b, x, image);
  applyTransposeOf(operator, image, back);
  const normalResidualNorm = norm(back);
  const result = solved(
    x,
    normalResidualNorm,
    tolerance * first,
    status,
    { iterations, matvecs: matvecs + 2 },
    tolerance,
    "",
  );
  return { ...result, residualNorm, normalResidualNorm };
}
