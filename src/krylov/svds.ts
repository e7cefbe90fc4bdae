import {
  type Convergence,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  axpy,
  dot,
  norm,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  hypot,
} from "../core/index.js";
import {
  type AsyncLinearOperator,
  type LinearOperator,
  requireAsyncOperator,
  requireOperator,
  requireTranspose,
} from "../operators/index.js";
import { createRng } from "../random/index.js";
import { type Basis, basisRow } from "./basis.js";
import { type EigenvalueIntervals, findClusters } from "./certify.js";
import {
  type GolubKahanOutcome,
  type GolubKahanRun,
  type GolubKahanSettings,
  createGolubKahanRun,
  golubKahan,
} from "./golub-kahan.js";
import { type Coroutine, drive, driveAsync, multiply, multiplyTransposed } from "./products.js";
import { type StartOptions, requireStart } from "./start.js";
import { type SvdsState, restoreSvds, saveSvds } from "./svds-state.js";
import { roundoff } from "./thick-restart.js";

/** Options of {@link svds}. */
export interface SvdsOptions extends StartOptions, LongRunning {
  /** Number of singular triplets, 1 … min(rows, cols). */
  readonly count: number;
  /** "largest" (default) or "smallest" (slow unless all of the space fits into krylovDimension). */
  readonly which?: "largest" | "smallest";
  /** Largest number of basis vectors on each side; max(2 count + 8, 24), at most min(rows, cols), by default. */
  readonly krylovDimension?: number;
  /** Residual asked for, relative to ‖A‖₂; 1e-8 by default. */
  readonly tolerance?: number;
  /** Products with A and Aᵀ after which the run ends; 10,000 by default. */
  readonly maximumMatvecs?: number;
  /** `state` of an unfinished run with the same operator, count, which and krylovDimension: it goes on, bit for bit. */
  readonly resume?: SvdsState;
}

/** Singular triplets with everything needed to judge them. */
export interface SvdsResult extends Convergence {
  /** Left singular vectors as columns, rows x count. */
  readonly u: Matrix;
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** Right singular vectors as columns, cols x count; the entry of largest modulus positive. */
  readonly v: Matrix;
  /** √((‖A v − σ u‖² + ‖Aᵀ u − σ v‖²)/2), recomputed: a singular value lies within this distance of σ. */
  readonly residualNorms: Float64Array;
  /** For each value σ the interval σ ∓ residual, widened by rounding: it contains a singular value. */
  readonly intervals: EigenvalueIntervals;
  /** Indices of values that are too close to be told apart: only the spaces of their vectors are determined. */
  readonly clusters: readonly (readonly number[])[];
  /** max |UᵀU − I|, |VᵀV − I|. */
  readonly orthogonalityLoss: number;
  /** Largest singular Ritz value seen, a lower bound of ‖A‖₂ and the unit of `tolerance`. */
  readonly norm: number;
  /** Basis size after defaults. */
  readonly krylovDimension: number;
  /** What `resume` takes to go on; null unless the run ended by its budget or the signal. */
  readonly state: SvdsState | null;
}

/** Recomputed residuals this many times above the target are no rounding. */
const CONTRADICTION = 10;

/**
 * Computes a few singular triplets of an operator by Golub–Kahan bidiagonalisation with thick restarts.
 *
 * Relation: A v = σ u and Aᵀ u = σ v up to residualNorms, UᵀU = VᵀV = I. A itself is used, not Aᵀ A: small singular values
 * keep their digits relative to ‖A‖.
 *
 * @param A operator with a transpose (or a Matrix)
 * @param options.count number of triplets
 * @param options.rng random start, and new directions after a breakdown
 * @returns u, singularValues, v, residuals, status and advice
 * @throws {ArgumentError} when A offers only apply, count is out of range, or no start is given
 * @throws {NonFiniteError} when a product of A is not finite
 *
 * Accuracy: residuals to max(tolerance, 10 √n ε) · ‖A‖. One copy of a multiple singular value is found unless the space is exhausted.
 * Cost: two matvecs a step (A and Aᵀ); 8 (rows + cols)(m + 2 count + 4) bytes.
 * Stopping: β |last component| <= tolerance · ‖A‖ for every wanted triplet, or maximumMatvecs, or the signal.
 * @see [golub1965]
 * @see [baglama2005]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { createRng } from "eigenscope/random";
 * import { svds } from "eigenscope/krylov";
 * const A = fromRows([[3, 0], [0, 4], [0, 0]]);
 * const { singularValues, status } = svds(A, { count: 1, rng: createRng(1) });
 * console.log(status, singularValues[0].toFixed(8)); // converged 4.00000000
 * ```
 */
export function svds(A: LinearOperator | Matrix, options: SvdsOptions): SvdsResult {
  const operator = requireTranspose(requireOperator(A, "A", "svds"), "A", "svds");
  return drive(operator, search(operator.rows, operator.cols, options));
}

/**
 * The form of {@link svds} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of svds for the same products, bit for bit.
 *
 * @param A asynchronous operator with a transpose
 * @param options those of svds
 * @returns a promise of its result
 * @throws {ArgumentError} as svds, as a rejection
 */
export async function svdsAsync(A: AsyncLinearOperator, options: SvdsOptions): Promise<SvdsResult> {
  const operator = requireAsyncOperator(A, "A", "svdsAsync", "transposable");
  return driveAsync(operator, search(operator.rows, operator.cols, options));
}

const KEYS = [
  "count", "which", "krylovDimension", "tolerance", "maximumMatvecs", "start", "rng", "resume", "signal", "onProgress",
]; // prettier-ignore

function* search(rows: number, cols: number, options: SvdsOptions): Coroutine<SvdsResult> {
  const caller = "svds";
  requireOptions(options, KEYS, caller);
  const small = Math.min(rows, cols);
  if (small === 0)
    throw new ShapeError({ function: caller, argument: "A", expected: "not empty", got: `${rows} x ${cols}` });
  const count = requireInteger(options?.count, "count", caller, 1, small);
  const standard = Math.min(small, Math.max(2 * count + 8, 24));
  const krylovDimension = options.krylovDimension ?? standard;
  const saved = options.resume?.rng;
  const rng = saved === undefined || saved === null ? options.rng : createRng.fromState(saved);
  const settings: GolubKahanSettings = {
    rows: Math.max(rows, cols),
    cols: small,
    count,
    which: requireOneOf(options.which ?? "largest", ["largest", "smallest"], "which", caller),
    krylovDimension: requireInteger(krylovDimension, "krylovDimension", caller, Math.min(small, count + 2), small),
    tolerance: requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0, 1),
    maximumMatvecs: requireInteger(options.maximumMatvecs ?? 10_000, "maximumMatvecs", caller, 2),
    rng: rng ?? null,
    signal: options.signal,
    onProgress: options.onProgress,
  };
  const run =
    options.resume === undefined
      ? createGolubKahanRun(settings, requireStart(small, options, caller))
      : restoreSvds(options.resume, settings);
  // The side of the start vector is the smaller one, so that its basis can fill the space.
  const wide = rows < cols;
  return yield* wide ? transposed(certified(settings, run, wide)) : certified(settings, run, wide);
}

/** The same coroutine for the transposed operator. */
function* transposed<T>(coroutine: Coroutine<T>): Coroutine<T> {
  for (;;) {
    const { value, done } = coroutine.next();
    if (done === true) return value;
    yield { ...value, transpose: !value.transpose };
  }
}

function* certified(settings: GolubKahanSettings, run: GolubKahanRun, wide: boolean): Coroutine<SvdsResult> {
  const { rows, cols, which, tolerance, krylovDimension } = settings;
  const found = yield* golubKahan(settings, run);
  const count = found.values.length;
  const order = Array.from({ length: count }, (_, i) => (which === "largest" ? i : count - 1 - i));
  const singularValues = Float64Array.from(order, (i) => found.values[i]);
  const residualNorms = new Float64Array(count);
  const image = new Float64Array(rows);
  const back = new Float64Array(cols);
  for (let k = 0; k < count; k++) {
    const u = basisRow(found.left, order[k]);
    const v = basisRow(found.right, order[k]);
    fixSigns(wide ? u : v, wide ? v : u);
    yield* multiply(v, image);
    yield* multiplyTransposed(u, back);
    axpy(-singularValues[k], u, image);
    axpy(-singularValues[k], v, back);
    residualNorms[k] = hypot(norm(image), norm(back)) / Math.SQRT2;
  }
  const target = Math.max(tolerance, roundoff(cols, 1));
  const floor = roundoff(cols, found.scale);
  const worst = residualNorms.reduce((most, value) => Math.max(most, value), 0);
  const contradicted = found.status === "converged" && worst > CONTRADICTION * target * found.scale;
  const status: Status = contradicted ? "stagnated" : found.status;
  const [left, right] = wide ? [found.right, found.left] : [found.left, found.right];
  return {
    u: toColumns(left, order),
    singularValues,
    v: toColumns(right, order),
    residualNorms,
    intervals: {
      lower: singularValues.map((value, k) => Math.max(0, value - residualNorms[k] - floor)),
      upper: singularValues.map((value, k) => value + residualNorms[k] + floor),
      kind: Array.from(singularValues, () => "residual" as const),
    },
    clusters: findClusters(singularValues.slice().reverse(), residualNorms.slice().reverse(), floor)
      .map((cluster) => cluster.map((k) => count - 1 - k).reverse())
      .reverse(),
    orthogonalityLoss: Math.max(lossOf(found.left), lossOf(found.right)),
    norm: found.scale,
    krylovDimension,
    status,
    iterations: found.restarts,
    matvecs: found.matvecs + 2 * count,
    tolerance: target,
    advice: adviceFor(status, found),
    state: status === "max-iterations" || status === "cancelled" ? saveSvds(settings, run) : null,
  };
}

/** Makes the entry of largest modulus of `leading` positive, turning both vectors. */
function fixSigns(leading: Float64Array, other: Float64Array): void {
  let peak = 0;
  for (let i = 0; i < leading.length; i++) if (Math.abs(leading[i]) > Math.abs(peak)) peak = leading[i];
  if (peak >= 0) return;
  for (let i = 0; i < leading.length; i++) leading[i] = -leading[i];
  for (let i = 0; i < other.length; i++) other[i] = -other[i];
}

function toColumns(basis: Basis, order: readonly number[]): Matrix {
  const { dimension: n, data: rows } = basis;
  const data = new Float64Array(n * order.length);
  let at = 0; // the columns are written in the order of memory and read from as many streams
  for (let i = 0; i < n; i++) for (const row of order) data[at++] = rows[row * n + i];
  return { rows: n, cols: order.length, data };
}

function lossOf(basis: Basis): number {
  let worst = 0;
  for (let i = 0; i < basis.count; i++) {
    for (let j = 0; j <= i; j++) {
      worst = Math.max(worst, Math.abs(dot(basisRow(basis, i), basisRow(basis, j)) - (i === j ? 1 : 0)));
    }
  }
  return worst;
}

function adviceFor(status: Status, found: GolubKahanOutcome): string | null {
  if (status === "converged") return null;
  if (status === "cancelled")
    return "stopped by the signal: the triplets are the best so far, and the state as resume goes on";
  if (status === "breakdown")
    return "the start vector spans an invariant subspace: pass rng so that other directions can be tried";
  if (status === "stagnated")
    return "recomputed residuals exceed those of the recurrence: applyTranspose is not the transpose of apply";
  return `raise maximumMatvecs (and pass the state as resume) or krylovDimension (${found.restarts} restarts done); the smallest values need a krylovDimension near min(rows, cols)`;
}
