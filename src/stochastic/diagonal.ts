import {
  type LongRunning,
  type Matrix,
  ShapeError,
  isCancelled,
  requireInteger,
  requireOptions,
  type Status,
} from "../core/index.js";
import { type LinearOperator, requireOperator, requireSquareOperator } from "../operators/index.js";
import { type Rng, fillRademacher } from "../random/index.js";
import { requireRng } from "./require-rng.js";

/** Options of {@link diagonal}. */
export interface DiagonalOptions extends LongRunning {
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Products to spend; 64 by default. */
  readonly matvecs?: number;
}

/** Estimated diagonal entries with their standard errors. */
export interface DiagonalResult {
  /** Estimate of each a_ii. */
  readonly diagonal: Float64Array;
  /** Standard error of each estimate; Infinity for a single probe. */
  readonly standardErrors: Float64Array;
  /** Number of probes. */
  readonly samples: number;
  /** Products spent. */
  readonly matvecs: number;
  /** "converged" when all probes were run. */
  readonly status: Status;
}

/**
 * Estimates the diagonal of a square operator from products with random signs.
 *
 * Relation: E (v ∘ A v) = diag A for random signs v; the variance of entry i is Σ_{j ≠ i} a_ij² for one probe.
 *
 * @param A square operator (or Matrix)
 * @param options.rng stream for the probes
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
  const caller = "diagonal";
  const operator = requireOperator(A, "A", caller);
  const n = requireSquareOperator(operator, "A", caller);
  requireOptions(options, ["rng", "matvecs", "signal", "onProgress"], caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const rng = requireRng(options?.rng, caller);
  const probes = requireInteger(options.matvecs ?? 64, "matvecs", caller, 1);
  const mean = new Float64Array(n);
  const squares = new Float64Array(n); // sums of squared deviations
  const v = new Float64Array(n);
  const product = new Float64Array(n);
  let samples = 0;
  while (samples < probes && !(samples > 0 && isCancelled(options.signal))) {
    fillRademacher(rng, v);
    operator.apply(v, product);
    samples++;
    for (let i = 0; i < n; i++) {
      const sample = v[i] * product[i];
      const deviation = sample - mean[i];
      mean[i] += deviation / samples;
      squares[i] += deviation * (sample - mean[i]);
    }
    options.onProgress?.({ phase: caller, done: samples, total: probes });
  }
  const standardErrors = squares.map((sum) => (samples < 2 ? Infinity : Math.sqrt(sum / (samples - 1) / samples)));
  return {
    diagonal: mean,
    standardErrors,
    samples,
    matvecs: samples,
    status: samples < probes ? "cancelled" : "converged",
  };
}
