import { type Matrix, requireNumber, requirePositive } from "../core/index.js";
import { type Coroutine, drive, driveAsync, multiply, multiplyTransposed } from "../krylov/index.js";
import {
  type AsyncLinearOperator,
  type LinearOperator,
  isSymmetric,
  requireOperator,
  requireTranspose,
} from "../operators/index.js";
import { massBetween } from "./count-eigenvalues.js";
import { fillProbe } from "./probes.js";
import {
  type BracketedEstimate,
  type QuadratureOptions,
  bracketed,
  requireQuadrature,
  sampleQuadrature,
} from "./quadrature-sampling.js";
import { probeQuadrature } from "./slq.js";

/** Options of {@link numericalRank}. */
export interface NumericalRankOptions extends QuadratureOptions {
  /** Singular values above this count. By default relativeThreshold times the largest one. */
  readonly threshold?: number;
  /** Threshold in units of the largest singular value, when `threshold` is absent; 1e-3 by default. */
  readonly relativeThreshold?: number;
}

/** A statistical count of the singular values above a threshold. */
export interface NumericalRankResult extends BracketedEstimate {
  /** The threshold used, in the units of A. */
  readonly threshold: number;
}

/** Lanczos steps that find the largest singular value, from below and closer than any threshold needs. */
const NORM_STEPS = 30;
const DEFAULT_RELATIVE_THRESHOLD = 1e-3;

/**
 * Counts the singular values of an operator above a threshold, statistically: its numerical rank.
 *
 * Relation: #{σ_i > threshold} = n (1 − E μ_v((−t, t))) for symmetric A, t the threshold; any other A is counted through
 * [[0, A], [Aᵀ, 0]] with eigenvalues ±σ_i and 0, so that no singular value is squared and thresholds down to rounding
 * make sense. For each probe the Chebyshev–Markov–Stieltjes inequalities bracket μ_v: an eigenvalue near the threshold
 * shows as a wide bracket. The rank of few large singular values is exact by svds or eigsh: use them when they fit.
 *
 * @param A operator with a transpose, or symmetric (or Matrix)
 * @param options.threshold absolute threshold > 0
 * @returns estimated rank, its bracket and interval, and the threshold
 * @throws {ArgumentError} when A offers only apply, or the threshold is not positive
 *
 * Accuracy: the interval joins the sampling intervals of both brackets. Cost: probes · steps products with A (and as many
 * with Aᵀ when A is not symmetric), 30 more for a relative threshold.
 * @see [golubmeurant2010]
 * @see [ubaru2017]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { numericalRank } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 400 }, (_, i) => (i < 100 ? 5 : 1e-9)));
 * const { interval, threshold } = numericalRank(A, { rng: createRng(1) });
 * console.log(interval.lower <= 100 && 100 <= interval.upper, threshold.toFixed(6)); // true 0.005000
 * ```
 */
export function numericalRank(A: LinearOperator | Matrix, options: NumericalRankOptions): NumericalRankResult {
  const operator = requireOperator(A, "A", "numericalRank");
  return drive(operator, count(operator, options));
}

/**
 * The form of {@link numericalRank} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous operator
 * @returns a promise of the result of numericalRank
 * @throws {ArgumentError} as numericalRank, as a rejection
 */
export async function numericalRankAsync(
  A: AsyncLinearOperator,
  options: NumericalRankOptions,
): Promise<NumericalRankResult> {
  return driveAsync(A, count(requireOperator(A as unknown as LinearOperator, "A", "numericalRankAsync"), options));
}

function* count(operator: LinearOperator, options: NumericalRankOptions): Coroutine<NumericalRankResult> {
  const caller = "numericalRank";
  const symmetric = isSymmetric(operator);
  const { rows, cols } = operator;
  const n = symmetric ? rows : rows + cols;
  const settings = requireQuadrature(n, options, ["threshold", "relativeThreshold"], caller);
  const relative = requireNumber(
    options.relativeThreshold ?? DEFAULT_RELATIVE_THRESHOLD,
    "relativeThreshold",
    caller,
    Number.MIN_VALUE,
    1,
  );
  if (options.threshold !== undefined) requirePositive(options.threshold, "threshold", caller);
  if (!symmetric) requireTranspose(operator, "A", caller);
  const product = symmetric ? multiply : augmentedProduct(rows, cols);
  const cost = symmetric ? 1 : 2;
  let spent = 0;
  let { threshold } = options;
  if (threshold === undefined) {
    const start = fillProbe("sphere", settings.rng.fork("norm"), new Float64Array(n));
    const steps = Math.min(NORM_STEPS, n);
    const rule = yield* probeQuadrature(start, { steps, reorthogonalization: "full", product });
    spent = cost * rule.matvecs;
    const largest = Math.max(-rule.nodes[0], rule.nodes[rule.nodes.length - 1]);
    threshold = relative * largest;
    if (largest === 0) return zeroRank(settings.confidence, spent);
  }
  const t = threshold;
  // A symmetric operator of order n has as many values outside ±t as its rank; the augmented one has twice as many.
  const scale = symmetric ? n : n / 2;
  const result = yield* sampleQuadrature(settings, {
    cost,
    product,
    values: (rule) => {
      const { least, most } = massBetween(rule, -t, t);
      return [scale * (1 - most), scale * (1 - least)];
    },
    resolved: (rule, share) => {
      const { least, most } = massBetween(rule, -t, t);
      return most - least <= share * (2 - most - least);
    },
  });
  const estimate = bracketed(result, settings.tolerance);
  return { ...estimate, matvecs: estimate.matvecs + spent, threshold: t };
}

/** (x, y) ↦ (A y, Aᵀ x). */
function augmentedProduct(rows: number, cols: number): (x: Float64Array, out: Float64Array) => Coroutine<void> {
  return function* (x, out) {
    yield* multiply(x.subarray(rows, rows + cols), out.subarray(0, rows));
    yield* multiplyTransposed(x.subarray(0, rows), out.subarray(rows, rows + cols));
  };
}

function zeroRank(level: number, matvecs: number): NumericalRankResult {
  return {
    mean: 0,
    standardError: 0,
    samples: 1,
    matvecs,
    interval: { lower: 0, upper: 0, level },
    quadrature: { lower: 0, upper: 0 },
    status: "converged",
    advice: null,
    threshold: 0,
  };
}
