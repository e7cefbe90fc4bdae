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
import {
  type AsyncLinearOperator,
  type LinearOperator,
  requireAsyncOperator,
  requireOperator,
  requireTranspose,
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
import { type Coroutine, drive, driveAsync, multiply, multiplyTransposed } from "./products.js";
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
  const operator = requireTranspose(requireOperator(A, "A", "lsmr"), "A", "lsmr");
  return drive(operator, solve(operator.rows, operator.cols, b, options));
}

/**
 * The form of {@link lsmr} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of lsmr for the same products, bit for bit.
 *
 * @param A asynchronous operator with a transpose
 * @param b right-hand side, length rows
 * @param options those of lsmr
 * @returns a promise of its result
 * @throws {ArgumentError} as lsmr, as a rejection
 */
export async function lsmrAsync(
  A: AsyncLinearOperator,
  b: Float64Array,
  options: LinearSolveOptions = {},
): Promise<LsmrResult> {
  const operator = requireAsyncOperator(A, "A", "lsmrAsync", "transposable");
  return driveAsync(operator, solve(operator.rows, operator.cols, b, options));
}

function* solve(rows: number, cols: number, b: Float64Array, options: LinearSolveOptions): Coroutine<LsmrResult> {
  const caller = "lsmr";
  requireOptions(options, SOLVE_KEYS, caller);
  const { tolerance, maximum, x: guess } = requireSolve(b, rows, cols, options, caller);
  const saved = restoreSolve(options.resume, caller, [cols, rows, cols, cols, cols], 8);
  const empty = (length: number): Float64Array<ArrayBuffer> => new Float64Array(length);
  const [x, u, v, h, hBar] = saved?.vectors ?? [guess, empty(rows), empty(cols), empty(cols), empty(cols)];
  const image = new Float64Array(rows);
  const back = new Float64Array(cols);
  // Names as in the paper: a bar marks the second rotation. zetaBar is ± ‖Aᵀ r‖.
  let [alpha, alphaBar, zetaBar, rho, rhoBar, cBar, sBar, first] = saved?.scalars ?? [0, 0, 0, 1, 1, 1, 0, 0];
  let { iterations, matvecs } = saved ?? { iterations: 0, matvecs: 2 };
  if (saved === null) {
    const beta = yield* residualInto(b, x, u);
    if (beta > 0) scaleVector(1 / beta, u);
    yield* multiplyTransposed(u, v);
    alpha = norm(v);
    if (alpha > 0) scaleVector(1 / alpha, v);
    requireFiniteProduct(alpha + beta, matvecs, caller);
    alphaBar = alpha;
    zetaBar = alpha * beta;
    first = Math.abs(zetaBar);
    h.set(v);
  }
  let status: Status = "max-iterations";
  while (Math.abs(zetaBar) > tolerance * first) {
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || matvecs + 4 > maximum) break;
    yield* multiply(v, image);
    for (let i = 0; i < rows; i++) u[i] = image[i] - alpha * u[i];
    const beta = norm(u);
    if (beta > 0) scaleVector(1 / beta, u);
    yield* multiplyTransposed(u, back);
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
  const state: LinearSolveState = {
    kind: "eigenscope-solve-1",
    method: caller,
    vectors: [x, u, v, h, hBar],
    scalars: [alpha, alphaBar, zetaBar, rho, rhoBar, cBar, sBar, first],
    iterations,
    matvecs,
  };
  const residualNorm = yield* residualInto(b, x, image);
  yield* multiplyTransposed(image, back);
  const normalResidualNorm = norm(back);
  const result = solved(
    x,
    normalResidualNorm,
    tolerance * first,
    status,
    { iterations, matvecs: matvecs + 2 },
    tolerance,
    "",
    state,
  );
  return { ...result, residualNorm, normalResidualNorm };
}
