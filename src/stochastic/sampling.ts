import { type LongRunning, type Status, isCancelled, square } from "../core/index.js";
import { type Coroutine } from "../krylov/index.js";
import type { StoppingSettings } from "./accuracy.js";
import {
  type IntervalEstimate,
  type SampleMoments,
  addSample,
  createMoments,
  sampleVariance,
  skewedInterval,
} from "./estimate.js";
import { studentQuantile } from "./student.js";

/** Probes of the first stage: enough for a variance to within a quarter, few against what a tolerance of 1 % needs. */
const PILOT = 32;

/** Samples before a stopping rule is asked for the first time; then twice as many each time. */
const FIRST_LOOK = 8;

/** What sampling needs to know. */
export interface SamplingPlan extends LongRunning, StoppingSettings {
  /**
   * Draws one sample: one number, or a lower and an upper end of what the sample would be without quadrature error; null
   * when the quantity does not exist.
   */
  readonly sample: () => Coroutine<readonly number[] | null>;
  /** Products spent so far, those before the sampling included. */
  readonly spent: () => number;
  /** Known part of the estimate, added to the mean of the samples. */
  readonly constant: number;
  /** Rounding error of the known part; the interval is widened by it, which shows when nothing is left to sample. */
  readonly rounding?: number;
  /** Number of samples when neither tolerance nor rule is given. */
  readonly samples: number;
  /** Name for progress reports. */
  readonly phase: string;
}

/** Result of sampling. */
export interface SamplingResult extends IntervalEstimate {
  /** Means of the lower and of the upper ends; equal when the samples are single numbers. */
  readonly ends: { readonly lower: number; readonly upper: number };
  /** "converged", "max-iterations", "cancelled" or "breakdown". */
  readonly status: Status;
}

/** Moments of the ends of the samples. */
interface Draws {
  readonly lower: SampleMoments;
  readonly upper: SampleMoments;
  /** Products of the dearest sample so far: what the next one may need. */
  cost: number;
}

/**
 * Draws samples until the estimate is as good as asked: a fixed number, by two stages, or by a rule.
 *
 * With a tolerance (Stein): with s² and t from m pilot samples and N = max(m, ⌈(t s / δ)²⌉) samples in all, the mean of all
 * is within t s / √N <= δ of the expectation with at least the stated probability for normal samples, whatever their
 * variance. Stopping when a running interval gets short would stop early in lucky runs and cover less.
 *
 * With a rule the error probability α is spent over the looks, α/(k (k + 1)) at the k-th: the sum over all k is α, so all
 * intervals hold together and the rule may choose among them.
 * @see [stein1945]
 */
export function* sampleMean(plan: SamplingPlan): Coroutine<SamplingResult> {
  const draws: Draws = { lower: createMoments(), upper: createMoments(), cost: 0 };
  if (plan.stop !== null) return yield* sampleByRule(plan, draws);
  const { tolerance } = plan;
  if (tolerance === null) {
    const status = yield* draw(plan, draws, plan.samples, plan.samples);
    return estimate(plan, draws, status, plan.confidence);
  }
  let status = yield* draw(plan, draws, PILOT, Infinity);
  const pilot: Pilot = {
    samples: draws.upper.count,
    lower: Math.sqrt(sampleVariance(draws.lower)),
    upper: Math.sqrt(sampleVariance(draws.upper)),
  };
  if (status === "cancelled" || status === "breakdown") return estimate(plan, draws, status, plan.confidence);
  const quantile = studentQuantile(0.5 + plan.confidence / 2, Math.max(1, pilot.samples - 1));
  const gap = (draws.upper.mean - draws.lower.mean) / 2; // what the quadrature leaves open; more probes do not close it
  const half = tolerance * Math.abs((draws.upper.mean + draws.lower.mean) / 2 + plan.constant) - gap;
  const deviation = Math.max(pilot.lower, pilot.upper);
  const needed = deviation === 0 ? 0 : Math.ceil(square((quantile * deviation) / half));
  const closed = half > 0 || (half === 0 && deviation === 0);
  if (!closed) status = "max-iterations";
  else status = needed <= pilot.samples ? "converged" : yield* draw(plan, draws, needed, needed);
  return estimate(plan, draws, status, plan.confidence, pilot);
}

/** Number and standard deviations of the pilot samples, which alone decide the width. */
interface Pilot {
  readonly samples: number;
  readonly lower: number;
  readonly upper: number;
}

function* sampleByRule(plan: SamplingPlan, draws: Draws): Coroutine<SamplingResult> {
  for (let look = 1, until = FIRST_LOOK; ; look++, until *= 2) {
    const status = yield* draw(plan, draws, until, Infinity);
    const result = estimate(plan, draws, status, levelOfLook(plan.confidence, look));
    if (status !== "converged" || plan.stop!(result)) return result;
  }
}

/** Confidence at the k-th look such that all looks hold together with the confidence asked for. */
export function levelOfLook(confidence: number, look: number): number {
  return 1 - (1 - confidence) / (look * (look + 1));
}

function* draw(plan: SamplingPlan, draws: Draws, until: number, total: number): Coroutine<Status> {
  const { lower, upper } = draws;
  while (upper.count < until) {
    if (upper.count > 0 && isCancelled(plan.signal)) return "cancelled";
    const before = plan.spent();
    if (upper.count > 1 && before + draws.cost > plan.maximumMatvecs) return "max-iterations";
    const ends = yield* plan.sample();
    if (ends === null) return "breakdown";
    addSample(lower, ends[0]);
    addSample(upper, ends[ends.length - 1]);
    draws.cost = Math.max(draws.cost, plan.spent() - before);
    plan.onProgress?.({
      phase: plan.phase,
      done: upper.count,
      total: Number.isFinite(total) ? total : null,
      figures: { mean: (lower.mean + upper.mean) / 2 + plan.constant, matvecs: plan.spent() },
    });
  }
  return "converged";
}

/** Joins the estimates of both ends. */
function estimate(
  { constant, confidence, spent, rounding = 0 }: SamplingPlan,
  { lower, upper }: Draws,
  status: Status,
  level: number,
  pilot?: Pilot,
): SamplingResult {
  const samples = upper.count;
  const from = pilot?.samples ?? samples;
  const error = (moments: SampleMoments, deviation: number | undefined): number =>
    (deviation ?? Math.sqrt(sampleVariance(moments))) / Math.sqrt(Math.max(1, samples));
  const [lowerError, upperError] = [error(lower, pilot?.lower), error(upper, pilot?.upper)];
  return {
    mean: (lower.mean + upper.mean) / 2 + constant,
    standardError: Math.max(lowerError, upperError),
    samples,
    matvecs: spent(),
    interval: {
      lower: skewedInterval(lower, lowerError, from, level).lower + constant - rounding,
      upper: skewedInterval(upper, upperError, from, level).upper + constant + rounding,
      level: confidence,
    },
    ends: { lower: lower.mean + constant, upper: upper.mean + constant },
    status,
  };
}

/** Advice for estimates that did not reach what was asked. */
export function samplingAdvice(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: the interval is that of the probes drawn so far";
  return "more products are needed than maximumMatvecs: raise it, ask for less, or deflate with hutch++ or xtrace";
}
