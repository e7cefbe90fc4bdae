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
import { type LinearOperator, requireOperator, requireTranspose } from "../operators/index.js";
import { type Basis, basisRow } from "./basis.js";
import { type GolubKahanOutcome, type GolubKahanSettings, golubKahan } from "./golub-kahan.js";
import { type Coroutine, drive, multiply, multiplyTransposed } from "./products.js";
import { type StartOptions, requireStart } from "./start.js";
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
  /** max |UᵀU − I|, |VᵀV − I|. */
  readonly orthogonalityLoss: number;
  /** Largest singular Ritz value seen, a lower bound of ‖A‖₂ and the unit of `tolerance`. */
  readonly norm: number;
  /** Basis size after defaults. */
  readonly krylovDimension: number;
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
 * Cost: two matvecs a step (A and Aᵀ); 8 (rows + cols)(m + count + 2) bytes.
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
  const caller = "svds";
  const operator = requireTranspose(requireOperator(A, "A", caller), "A", caller);
  requireOptions(
    options,
    ["count", "which", "krylovDimension", "tolerance", "maximumMatvecs", "start", "rng", "signal", "onProgress"],
    caller,
  );
  const { rows, cols } = operator;
  const small = Math.min(rows, cols);
  if (small === 0)
    throw new ShapeError({ function: caller, argument: "A", expected: "not empty", got: `${rows} x ${cols}` });
  const count = requireInteger(options?.count, "count", caller, 1, small);
  const standard = Math.min(small, Math.max(2 * count + 8, 24));
  const krylovDimension = options.krylovDimension ?? standard;
  const settings: GolubKahanSettings = {
    rows: Math.max(rows, cols),
    cols: small,
    count,
    which: requireOneOf(options.which ?? "largest", ["largest", "smallest"], "which", caller),
    krylovDimension: requireInteger(krylovDimension, "krylovDimension", caller, Math.min(small, count + 2), small),
    tolerance: requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0, 1),
    maximumMatvecs: requireInteger(options.maximumMatvecs ?? 10_000, "maximumMatvecs", caller, 2),
    rng: options.rng ?? null,
    signal: options.signal,
    onProgress: options.onProgress,
  };
  // The side of the start vector is the smaller one, so that its basis can fill the space.
  const wide = rows < cols;
  const tall: LinearOperator = wide
    ? {
        rows: cols,
        cols: rows,
        apply: (x, out) => transposed(operator, x, out),
        applyTranspose: (x, out) => operator.apply(x, out),
      }
    : operator;
  const start = requireStart(small, options, caller);
  return drive(tall, certified(settings, start, wide));
}

function transposed(A: LinearOperator, x: Float64Array, out: Float64Array): void {
  if (A.applyTranspose !== undefined) A.applyTranspose(x, out);
  else A.apply(x, out);
}

function* certified(settings: GolubKahanSettings, start: Float64Array, wide: boolean): Coroutine<SvdsResult> {
  const { rows, cols, which, tolerance, krylovDimension } = settings;
  const found = yield* golubKahan(settings, start);
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
  const worst = residualNorms.reduce((most, value) => Math.max(most, value), 0);
  const contradicted = found.status === "converged" && worst > CONTRADICTION * target * found.scale;
  const status: Status = contradicted ? "stagnated" : found.status;
  const [left, right] = wide ? [found.right, found.left] : [found.left, found.right];
  return {
    u: toColumns(left, order),
    singularValues,
    v: toColumns(right, order),
    residualNorms,
    orthogonalityLoss: Math.max(lossOf(found.left), lossOf(found.right)),
    norm: found.scale,
    krylovDimension,
    status,
    iterations: found.restarts,
    matvecs: found.matvecs + 2 * count,
    tolerance: target,
    advice: adviceFor(status, found),
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
  const n = basis.dimension;
  const data = new Float64Array(n * order.length);
  order.forEach((row, k) => {
    const v = basisRow(basis, row);
    for (let i = 0; i < n; i++) data[i * order.length + k] = v[i];
  });
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
  if (status === "cancelled") return "stopped by the signal: the triplets are the best so far";
  if (status === "breakdown")
    return "the start vector spans an invariant subspace: pass rng so that other directions can be tried";
  if (status === "stagnated")
    return "recomputed residuals exceed those of the recurrence: applyTranspose is not the transpose of apply";
  return `raise maximumMatvecs or krylovDimension (${found.restarts} restarts done); the smallest values need a krylovDimension near min(rows, cols)`;
}
