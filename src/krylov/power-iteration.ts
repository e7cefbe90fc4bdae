import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  axpy,
  describe,
  dot,
  isCancelled,
  norm,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Basis, appendRow, createBasis, orthogonalize } from "./basis.js";
import { withPositivePeak } from "./certify.js";
import { type Coroutine, drive, driveAsync, multiply } from "./products.js";
import { type StartOptions, requireStart } from "./start.js";
import { roundoff } from "./thick-restart.js";

/** Options of {@link powerIteration}. */
export interface PowerIterationOptions extends StartOptions, LongRunning {
  /** Residual norm asked for, relative to the norm of the products seen; 1e-8 by default. */
  readonly tolerance?: number;
  /** Products after which the iteration ends; 1,000 by default. */
  readonly maximumMatvecs?: number;
  /** Iterates with A + shift I, so that the eigenvalue farthest from −shift is found; 0 by default. The value is one of A. */
  readonly shift?: number;
  /** Known eigenvectors as columns: the iteration stays orthogonal to them. */
  readonly deflate?: Matrix;
  /** `state` of an unfinished run with the same operator, shift and deflation: the run goes on, bit for bit. */
  readonly resume?: PowerIterationState;
}

/** An unfinished power iteration: plain numbers that structured clone and serializeState can store. */
export interface PowerIterationState {
  /** Format of this record. */
  readonly kind: "eigenscope-power-1";
  /** Unit vector to multiply next. */
  readonly next: Float64Array;
  /** Shift of the iteration. */
  readonly shift: number;
  /** Largest ‖A v‖ seen. */
  readonly scale: number;
  /** Rayleigh quotients so far. */
  readonly quotients: Float64Array;
  /** Residual norms so far. */
  readonly residualNorms: Float64Array;
}

/** One eigenpair by power iteration. */
export interface PowerIterationResult extends Convergence {
  /** Rayleigh quotient vᵀ A v. */
  readonly value: number;
  /** Unit vector v, the entry of largest modulus positive. */
  readonly vector: Float64Array;
  /** ‖A v − value · v‖₂: an eigenvalue lies within this distance, converged or not. */
  readonly residualNorm: number;
  /** value ∓ residualNorm, widened by rounding: contains an eigenvalue. */
  readonly interval: {
    /** Lower end. */
    readonly lower: number;
    /** Upper end. */
    readonly upper: number;
  };
  /** Rayleigh quotient of each iterate. */
  readonly history: Float64Array;
  /** What `resume` takes to go on; null when converged or broken down. */
  readonly state: PowerIterationState | null;
}

/**
 * Finds the eigenvalue of largest modulus by power iteration, judged by the residual of its Rayleigh quotient.
 *
 * Relation: residualNorm = ‖A v − value · v‖₂ with value = vᵀ A v.
 * For teaching and for O(1) memory; eigsh needs far fewer products. The limit is the eigenvalue of largest |λ + shift|,
 * not the largest one; when two of equal modulus and opposite sign compete, the residual stays large and the status says so.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.start first vector; random from `rng` when absent
 * @param options.shift added to A during the iteration and removed from the value
 * @param options.deflate known eigenvectors, n x k columns
 * @returns value, vector, residual, status and advice
 * @throws {ArgumentError} when A lacks the symmetric mark, or neither start nor rng is given
 * @throws {ShapeError} when deflate has not n rows, or spans everything
 *
 * Accuracy: |value − λ| <= residualNorm for some eigenvalue λ. Cost: one matvec an iteration, 3 vectors.
 * Stopping: residualNorm <= max(tolerance, 10 √n ε) · (largest ‖A v‖ seen). Error factor per iteration (λ₂/λ₁)².
 * @see [golubvanloan2013]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { powerIteration } from "eigenscope/krylov";
 * const ones = Float64Array.of(1, 1, 1);
 * const { status, residualNorm } = powerIteration(diagonal([3, -3, 1]), { start: ones });
 * console.log(status, residualNorm > 2.9); // stagnated true
 * ```
 */
export function powerIteration(A: SymmetricOperator | Matrix, options: PowerIterationOptions): PowerIterationResult {
  const operator = requireSymmetricOperator(A, "A", "powerIteration");
  return drive(operator, iterate(operator.rows, options));
}

/**
 * The form of {@link powerIteration} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of powerIteration for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of powerIteration
 * @returns a promise of its result
 * @throws {ArgumentError} as powerIteration, as a rejection
 */
export async function powerIterationAsync(
  A: AsyncSymmetricOperator,
  options: PowerIterationOptions,
): Promise<PowerIterationResult> {
  const operator = requireAsyncOperator(A, "A", "powerIterationAsync", "symmetric");
  return driveAsync(operator, iterate(operator.rows, options));
}

function* iterate(n: number, options: PowerIterationOptions): Coroutine<PowerIterationResult> {
  const caller = "powerIteration";
  requireOptions(
    options,
    ["start", "rng", "tolerance", "maximumMatvecs", "shift", "deflate", "resume", "signal", "onProgress"],
    caller,
    "required",
  );
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const tolerance = Math.max(requirePositive(options.tolerance ?? 1e-8, "tolerance", caller), roundoff(n, 1));
  const maximum = requireInteger(options.maximumMatvecs ?? 1000, "maximumMatvecs", caller, 1);
  const { resume } = options;
  const shift = requireNumber(options.shift ?? resume?.shift ?? 0, "shift", caller);
  if (resume !== undefined) requireResumable(resume, n, shift, maximum, caller);
  const known = options.deflate === undefined ? null : requireDeflation(options.deflate, n, caller);
  const overlaps = new Float64Array(known?.count ?? 0);
  let next: Float64Array = resume?.next.slice() ?? requireStart(n, options, caller);
  if (known !== null && resume === undefined) divide(next, orthogonalize(known, known.count, next, overlaps));
  let v: Float64Array = new Float64Array(n);
  const product = new Float64Array(n);
  const history = Array.from(resume?.quotients ?? []);
  const residuals = Array.from(resume?.residualNorms ?? []);
  let scale = resume?.scale ?? 0; // largest ‖A v‖ seen, a lower bound of ‖A‖
  let status: Status = "max-iterations";
  for (let k = history.length + 1; ; k++) {
    [v, next] = [next, v];
    yield* multiply(v, product);
    requireFinite(product, "A (its product)", caller);
    // The quotient is that of A itself: whatever accelerates the iteration never enters the reported value.
    const value = dot(v, product);
    const residual = product.slice();
    axpy(-value, v, residual);
    history.push(value);
    residuals.push(norm(residual));
    scale = Math.max(scale, norm(product));
    options.onProgress?.({
      phase: caller,
      done: k,
      total: maximum,
      figures: { value, residualNorm: residuals[k - 1] },
    });
    if (residuals[k - 1] <= tolerance * scale) {
      status = "converged";
      break;
    }
    axpy(shift, v, product);
    const length = known === null ? norm(product) : orthogonalize(known, known.count, product, overlaps);
    if (length === 0) {
      status = "breakdown"; // only with deflated vectors that are no eigenvectors
      break;
    }
    next.set(product);
    divide(next, length);
    if (isCancelled(options.signal)) status = "cancelled";
    if (status === "cancelled" || k >= maximum) break;
  }
  const done = residuals.length;
  const residualNorm = residuals[done - 1];
  const resumable = status === "max-iterations" || status === "cancelled";
  // Half of the work without halving the residual: equal moduli of opposite sign, or a gap that is hopelessly small.
  if (status === "max-iterations" && residualNorm > residuals[done >> 1] / 2) status = "stagnated";
  const quotients = Float64Array.from(history);
  const value = history[done - 1];
  const reach = residualNorm + roundoff(n, scale);
  return {
    value,
    vector: withPositivePeak(v),
    residualNorm,
    interval: { lower: value - reach, upper: value + reach },
    history: quotients,
    status,
    iterations: done,
    matvecs: done,
    tolerance,
    residualNorms: Float64Array.of(residualNorm),
    advice: adviceFor(status),
    state: resumable
      ? { kind: "eigenscope-power-1", next, shift, scale, quotients, residualNorms: Float64Array.from(residuals) }
      : null,
  };
}

function requireResumable(
  resume: PowerIterationState,
  n: number,
  shift: number,
  maximum: number,
  caller: string,
): void {
  const fits =
    resume.kind === "eigenscope-power-1" &&
    resume.next?.length === n &&
    resume.shift === shift &&
    resume.quotients?.length === resume.residualNorms?.length &&
    resume.quotients.length < maximum;
  if (fits) return;
  throw new ArgumentError({
    function: caller,
    argument: "resume",
    expected: `the state of a run of order ${n} and shift ${shift} with fewer than maximumMatvecs = ${maximum} products`,
    got: describe(resume),
  });
}

function requireDeflation(deflate: Matrix, n: number, caller: string): Basis {
  requireMatrix(deflate, "deflate", caller);
  requireFinite(deflate.data, "deflate", caller);
  if (deflate.rows !== n || deflate.cols >= n) {
    throw new ShapeError({
      function: caller,
      argument: "deflate",
      expected: `a matrix of ${n} rows and fewer columns`,
      got: `${deflate.rows} x ${deflate.cols}`,
    });
  }
  const basis = createBasis(n, deflate.cols);
  for (let j = 0; j < deflate.cols; j++) {
    const v = Float64Array.from({ length: n }, (_, i) => deflate.data[i * deflate.cols + j]);
    const length = orthogonalize(basis, basis.count, v, new Float64Array(basis.count));
    if (length > 0) appendRow(basis, v, length);
  }
  return basis;
}

function divide(v: Float64Array, length: number): void {
  for (let i = 0; i < v.length; i++) v[i] /= length;
}

function adviceFor(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: pass the state as resume to go on";
  if (status === "breakdown")
    return "the deflated vectors are not eigenvectors of A: compute them to a smaller residual";
  if (status === "stagnated") {
    return "two eigenvalues of nearly equal modulus compete: pass a shift that separates them, or use eigsh";
  }
  return "raise maximumMatvecs (and pass the state as resume), or use eigsh, which needs far fewer products";
}
