import { type LongRunning, type Status, isCancelled, square } from "../core/index.js";
import { type Coroutine } from "../krylov/index.js";
import {
  type IntervalEstimate,
  type SampleMoments,
  addSample,
  createMoments,
  estimateOf,
  sampleVariance,
  skewedInterval,
} from "./estimate.js";
import { studentQuantile } from "./student.js";

/** Probes of the first stage: enough for a variance to within a quarter, few against what a tolerance of 1 % needs. */
const PILOT = 32;

/** What two-stage sampling needs to know. */
export interface SamplingPlan extends LongRunning {
  /** Draws one sample of the quantity (after its constant part). */
  readonly sample: () => Coroutine<number>;
  /** Known part of the estimate, added to the mean of the samples. */
  readonly constant: number;
  /** Requested half width relative to |estimate|; null to spend the budget. */
  readonly tolerance: number | null;
  /** Probability of the interval. */
  readonly confidence: number;
  /** Most samples. */
  readonly maximumSamples: number;
  /** Products per sample. */
  readonly cost: number;
  /** Name for progress reports. */
  readonly phase: string;
}

/** Result of sampling. */
export interface SamplingResult extends IntervalEstimate {
  readonly status: Status;
}

/**
 * Samples until the t interval is as narrow as asked, in two stages, so that looking at the data does not spoil the level.
 *
 * Relation (Stein): with s² and t from m pilot samples and N = max(m, ⌈(t s / δ)²⌉) samples in all, the mean of all is
 * within t s / √N <= δ of the expectation with at least the stated probability for normal samples, whatever their
 * variance. Stopping when a running interval gets short would stop early in lucky runs and cover less.
 * @see [stein1945]
 */
export function* sampleInTwoStages(plan: SamplingPlan): Coroutine<SamplingResult> {
  const { tolerance, confidence, maximumSamples, cost, constant } = plan;
  const moments = createMoments();
  const pilot = tolerance === null ? maximumSamples : Math.min(PILOT, maximumSamples);
  let status = yield* draw(plan, moments, pilot, maximumSamples);
  if (tolerance === null || status === "cancelled") {
    return { ...shifted(estimateOf(moments, cost * moments.count, confidence), constant), status };
  }
  const first = moments.count;
  const deviation = Math.sqrt(sampleVariance(moments));
  const quantile = studentQuantile(0.5 + confidence / 2, Math.max(1, first - 1));
  const half = tolerance * Math.abs(moments.mean + constant);
  const needed = deviation === 0 ? 0 : Math.ceil(square((quantile * deviation) / half));
  if (needed > moments.count) status = yield* draw(plan, moments, Math.min(needed, maximumSamples), needed);
  if (status === "converged" && !(needed <= maximumSamples)) status = "max-iterations";
  const standardError = deviation / Math.sqrt(moments.count);
  const interval = skewedInterval(moments, standardError, first, confidence);
  const { count, mean } = moments;
  return { ...shifted({ mean, standardError, samples: count, matvecs: cost * count, interval }, constant), status };
}

function* draw(plan: SamplingPlan, moments: SampleMoments, until: number, total: number): Coroutine<Status> {
  while (moments.count < until) {
    if (moments.count > 0 && isCancelled(plan.signal)) return "cancelled";
    addSample(moments, yield* plan.sample());
    plan.onProgress?.({
      phase: plan.phase,
      done: moments.count,
      total: Number.isFinite(total) ? total : null,
      figures: { mean: moments.mean + plan.constant },
    });
  }
  return "converged";
}

function shifted(estimate: IntervalEstimate, constant: number): IntervalEstimate {
  const { lower, upper, level } = estimate.interval;
  return {
    ...estimate,
    mean: estimate.mean + constant,
    interval: { lower: lower + constant, upper: upper + constant, level },
  };
}

/** Advice for estimates that did not reach their tolerance. */
export function samplingAdvice(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: the interval is that of the probes drawn so far";
  return "the tolerance needs more products than maximumMatvecs: raise it, loosen the tolerance, or deflate with hutch++ or xtrace";
}
