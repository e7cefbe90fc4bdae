import {
  type LongRunning,
  type Matrix,
  ShapeError,
  requireInteger,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import { type Coroutine, drive, driveAsync } from "../krylov/index.js";
import {
  type AsyncLinearOperator,
  type LinearOperator,
  requireOperator,
  requireSquareOperator,
} from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { STOPPING_KEYS, type StoppingOptions, requireStopping } from "./accuracy.js";
import { hutchPlusPlus } from "./hutch-plus-plus.js";
import { hutchinson } from "./hutchinson.js";
import { PROBE_DISTRIBUTIONS, type ProbeDistribution } from "./probes.js";
import { xtrace } from "./xtrace.js";
import type { TraceMethod, TraceResult, TraceSettings } from "./trace-result.js";

/** The accuracy knob of the trace estimators. */
export interface AccuracyOptions extends StoppingOptions {
  /** Products to spend when neither `tolerance` nor `stop` is given; 96 by default. */
  readonly matvecs?: number;
}

/** Options of {@link trace}. */
export interface TraceOptions extends AccuracyOptions, LongRunning {
  /** "hutch++" (default), "hutchinson" or "xtrace". */
  readonly method?: TraceMethod;
  /** Law of the probes; "rademacher" by default, "sphere" always for xtrace. */
  readonly distribution?: ProbeDistribution;
  /** Stream for the probes. */
  readonly rng: Rng;
}

const DEFAULT_MATVECS = 96;
const DEFAULT_MAXIMUM_MATVECS = 10_000;

/**
 * Estimates the trace of a square operator from products with random vectors.
 *
 * Relation: E mean = tr A; `interval` contains tr A with probability `confidence`. Variance of one Hutchinson probe, S the
 * symmetric part: 2(‖S‖_F² − Σ s_ii²) for signs, 2 ‖S‖_F² for normals, (2n/(n + 2))(‖S‖_F² − tr²/n) on the sphere.
 * "hutch++" deflates a sketch of the range first and wins when the spectrum decays; "xtrace" uses every product twice
 * and has conservative intervals; on flat spectra all are alike and "hutchinson" is the cheapest.
 *
 * @param A square operator (or Matrix) of order n >= 1, not necessarily symmetric
 * @param options.rng stream for the probes
 * @param options.tolerance requested relative half width; the number of probes follows (two-stage sampling)
 * @param options.stop rule asked after 8, 16, 32 … samples, such as anyOf(relativeHalfWidth(0.01), matvecLimit(500))
 * @returns mean, standard error, interval, products spent, status
 * @throws {ShapeError} when A is not square or of order 0
 * @throws {ArgumentError} when rng is missing or the budget too small for the method
 *
 * Accuracy: the interval (skewness-corrected t). Cost: as many products as `matvecs`
 * says; "hutch++" and "xtrace" keep a sketch of a third or a half as many vectors.
 * @see [hutchinson1990]
 * @see [meyer2021]
 * @see [epperly2024]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { trace } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 1000 }, (_, i) => 1 / (i + 1) ** 2));
 * const { mean, interval } = trace(A, { method: "hutch++", matvecs: 90, distribution: "gaussian", rng: createRng(1) });
 * console.log(mean.toFixed(2), interval.upper - interval.lower < 0.05); // 1.64 true
 * ```
 */
export function trace(A: LinearOperator | Matrix, options: TraceOptions): TraceResult {
  const operator = requireOperator(A, "A", "trace");
  return drive(operator, estimate(requireSquareOperator(operator, "A", "trace"), options));
}

/**
 * The form of {@link trace} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A square asynchronous operator
 * @param options those of trace
 * @returns a promise of the result of trace
 * @throws {ShapeError} as trace, as a rejection
 */
export async function traceAsync(A: AsyncLinearOperator, options: TraceOptions): Promise<TraceResult> {
  return driveAsync(A, estimate(requireSquareOperator(A as unknown as LinearOperator, "A", "traceAsync"), options));
}

function estimate(n: number, options: TraceOptions): Coroutine<TraceResult> {
  const caller = "trace";
  requireOptions(
    options,
    ["method", "distribution", "rng", "matvecs", ...STOPPING_KEYS, "signal", "onProgress"],
    caller,
    "required",
  );
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const method = requireOneOf(options.method ?? "hutch++", ["hutchinson", "hutch++", "xtrace"], "method", caller);
  const distribution = requireOneOf(
    options.distribution ?? (method === "xtrace" ? "sphere" : "rademacher"),
    method === "xtrace" ? ["sphere"] : PROBE_DISTRIBUTIONS,
    "distribution",
    caller,
  );
  const fewest = method === "hutchinson" ? 2 : method === "hutch++" ? 6 : 4;
  const stopping = requireStopping(options, fewest, DEFAULT_MAXIMUM_MATVECS, caller);
  const { signal, onProgress } = options;
  const settings: TraceSettings = {
    n,
    rng: requireRng(options.rng, caller),
    distribution,
    ...stopping,
    budget: Number.isFinite(stopping.maximumMatvecs)
      ? stopping.maximumMatvecs
      : requireInteger(options.matvecs ?? DEFAULT_MATVECS, "matvecs", caller, fewest),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  if (method === "hutchinson") return hutchinson(settings);
  return method === "hutch++" ? hutchPlusPlus(settings) : xtrace(settings);
}
