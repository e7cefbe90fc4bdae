import {
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  isCancelled,
  norm,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import { type Coroutine, drive, driveAsync, multiply } from "../krylov/index.js";
import {
  type AsyncLinearOperator,
  type LinearOperator,
  requireOperator,
  requireSquareOperator,
} from "../operators/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { requireStopping } from "./accuracy.js";
import { samplingAdvice } from "./sampling.js";
import { studentQuantile } from "./student.js";

/** Options of {@link diagonal}. */
export interface DiagonalOptions extends LongRunning {
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Products to spend when no tolerance is given; 64 by default. */
  readonly matvecs?: number;
  /** Root-mean-square standard error asked for, relative to that of the entries: ‖standardErrors‖₂ <= tolerance ‖diagonal‖₂. */
  readonly tolerance?: number;
  /** Products never exceeded when a tolerance is given; 10,000 by default. */
  readonly maximumMatvecs?: number;
  /** Probability that the interval of an entry contains it; 0.95 by default. */
  readonly confidence?: number;
}

/** Estimated diagonal entries with their standard errors. */
export interface DiagonalResult {
  /** Estimate of each a_ii. */
  readonly diagonal: Float64Array;
  /** Standard error of each estimate; Infinity for a single probe. */
  readonly standardErrors: Float64Array;
  /** Student's t interval of each entry. */
  readonly intervals: { readonly lower: Float64Array; readonly upper: Float64Array; readonly level: number };
  /** Number of probes. */
  readonly samples: number;
  /** Products spent. */
  readonly matvecs: number;
  /** "converged" when all probes were run or the tolerance was met. */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

/** Probes from which the number of probes for a tolerance follows. */
const PILOT = 16;

/**
 * Estimates the diagonal of a square operator from products with random signs.
 *
 * Relation: E (v ∘ A v) = diag A for random signs v; the variance of entry i is Σ_{j ≠ i} a_ij² for one probe.
 *
 * @param A square operator (or Matrix)
 * @param options.rng stream for the probes
 * @param options.tolerance relative accuracy of the whole diagonal; 16 pilot probes fix the number of all probes
 * @returns entries with standard errors
 * @throws {ShapeError} when A is not square or of order 0
 *
 * Accuracy: the standard errors; exact for diagonal operators. Cost: one product a probe, five vectors.
 * @see [bekas2007]
 *
 * @example
 * ```ts
 * import { diagonal as diagonalOperator } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { diagonal } from "eigenscope/stochastic";
 * const { diagonal: entries } = diagonal(diagonalOperator([3, 1, 2]), { matvecs: 2, rng: createRng(1) });
 * console.log(entries.join(" ")); // 3 1 2
 * ```
 */
export function diagonal(A: LinearOperator | Matrix, options: DiagonalOptions): DiagonalResult {
  const operator = requireOperator(A, "A", "diagonal");
  return drive(operator, estimate(requireSquareOperator(operator, "A", "diagonal"), options));
}

/**
 * The form of {@link diagonal} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A square asynchronous operator
 * @returns a promise of the result of diagonal
 * @throws {ShapeError} as diagonal, as a rejection
 */
export async function diagonalAsync(A: AsyncLinearOperator, options: DiagonalOptions): Promise<DiagonalResult> {
  return driveAsync(A, estimate(requireSquareOperator(A as unknown as LinearOperator, "A", "diagonalAsync"), options));
}

function* estimate(n: number, options: DiagonalOptions): Coroutine<DiagonalResult> {
  const caller = "diagonal";
  const keys = ["rng", "matvecs", "tolerance", "maximumMatvecs", "confidence", "signal", "onProgress"];
  requireOptions(options, keys, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const rng = requireRng(options?.rng, caller);
  const { tolerance, maximumMatvecs } = requireStopping(options, 2, 10_000, caller);
  const confidence = requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-12);
  const fixed = requireInteger(options.matvecs ?? 64, "matvecs", caller, 1);
  const mean = new Float64Array(n);
  const squares = new Float64Array(n); // sums of squared deviations
  const v = new Float64Array(n);
  const product = new Float64Array(n);
  let samples = 0;
  let probes = tolerance === null ? fixed : Math.min(PILOT, maximumMatvecs);
  let status: Status = "converged";
  while (samples < probes) {
    if (samples > 0 && isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    fillRademacher(rng, v);
    yield* multiply(v, product);
    samples++;
    for (let i = 0; i < n; i++) {
      const sample = v[i] * product[i];
      const deviation = sample - mean[i];
      mean[i] += deviation / samples;
      squares[i] += deviation * (sample - mean[i]);
    }
    if (tolerance !== null && samples === Math.min(PILOT, maximumMatvecs)) {
      const variance = squares.reduce((sum, value) => sum + value, 0) / (samples - 1);
      const size = tolerance * norm(mean);
      const needed = variance === 0 ? 0 : Math.ceil(variance / (size * size));
      if (needed > maximumMatvecs) status = "max-iterations";
      probes = Math.max(samples, Math.min(needed, maximumMatvecs));
    }
    options.onProgress?.({ phase: caller, done: samples, total: probes });
  }
  const standardErrors = squares.map((sum) => (samples < 2 ? Infinity : Math.sqrt(sum / (samples - 1) / samples)));
  const quantile = samples < 2 ? Infinity : studentQuantile(0.5 + confidence / 2, samples - 1);
  const half = standardErrors.map((error) => (error === 0 ? 0 : quantile * error));
  return {
    diagonal: mean,
    standardErrors,
    intervals: {
      lower: mean.map((value, i) => value - half[i]),
      upper: mean.map((value, i) => value + half[i]),
      level: confidence,
    },
    samples,
    matvecs: samples,
    status,
    advice: samplingAdvice(status),
  };
}
