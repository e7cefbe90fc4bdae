import { type Estimate } from "../core/index.js";
import { studentQuantile } from "./student.js";

/** An interval that contains the true value with a stated probability. */
export interface ConfidenceInterval {
  /** Lower end. */
  readonly lower: number;
  /** Upper end. */
  readonly upper: number;
  /** Probability that an interval made in this way contains the true value. */
  readonly level: number;
}

/** An estimate with its confidence interval. */
export interface IntervalEstimate extends Estimate {
  /** Student's t interval around the mean. */
  readonly interval: ConfidenceInterval;
}

/** Running mean and variance without cancellation (Welford's update). */
export interface SampleMoments {
  /** Number of samples. */
  count: number;
  /** Their mean. */
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
}

/** No samples yet. */
export function createMoments(): SampleMoments {
  return { count: 0, mean: 0, squares: 0 };
}

/** Adds a sample. */
export function addSample(moments: SampleMoments, value: number): void {
  moments.count++;
  const deviation = value - moments.mean;
  moments.mean += deviation / moments.count;
  moments.squares += deviation * (value - moments.mean);
}

/** Unbiased variance of one sample; Infinity for fewer than two samples: nothing is known of the spread then. */
export function sampleVariance({ count, squares }: SampleMoments): number {
  return count < 2 ? Infinity : squares / (count - 1);
}

/** Mean, standard error and t interval of independent samples. */
export function estimateOf(moments: SampleMoments, matvecs: number, level: number): IntervalEstimate {
  const { count, mean } = moments;
  const standardError = Math.sqrt(sampleVariance(moments) / Math.max(1, count));
  return {
    mean,
    standardError,
    samples: count,
    matvecs,
    interval: intervalAround(mean, standardError, count, level),
  };
}

/** mean ± t · standardError with samples − 1 degrees of freedom; infinite for a single sample. */
export function intervalAround(
  mean: number,
  standardError: number,
  samples: number,
  level: number,
): ConfidenceInterval {
  if (samples < 2) return { lower: -Infinity, upper: Infinity, level };
  const half = studentQuantile(0.5 + level / 2, samples - 1) * standardError;
  return { lower: mean - half, upper: mean + half, level };
}
