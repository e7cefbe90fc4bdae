import { type Estimate, cbrt } from "../core/index.js";
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
  /** Student's t interval, corrected for the skewness of the samples where they are independent. */
  readonly interval: ConfidenceInterval;
}

/** Running mean, variance and skewness without cancellation (Welford's update). */
export interface SampleMoments {
  /** Number of samples. */
  count: number;
  /** Their mean. */
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
  /** Sum of cubed deviations from the mean. */
  cubes: number;
}

/** No samples yet. */
export function createMoments(): SampleMoments {
  return { count: 0, mean: 0, squares: 0, cubes: 0 };
}

/** Adds a sample. */
export function addSample(moments: SampleMoments, value: number): void {
  const n = ++moments.count;
  const deviation = value - moments.mean;
  const step = deviation / n;
  const growth = deviation * step * (n - 1);
  moments.mean += step;
  moments.cubes += growth * step * (n - 2) - 3 * step * moments.squares;
  moments.squares += growth;
}

/** Skewness of the samples; 0 when they do not vary. */
export function sampleSkewness({ count, squares, cubes }: SampleMoments): number {
  const variance = squares / count;
  return variance > 0 ? cubes / count / variance / Math.sqrt(variance) : 0;
}

/** Unbiased variance of one sample; Infinity for fewer than two samples: nothing is known of the spread then. */
export function sampleVariance({ count, squares }: SampleMoments): number {
  return count < 2 ? Infinity : squares / (count - 1);
}

/** Mean, standard error and skewness-corrected t interval of independent samples. */
export function estimateOf(moments: SampleMoments, matvecs: number, level: number): IntervalEstimate {
  const { count, mean } = moments;
  const standardError = Math.sqrt(sampleVariance(moments) / Math.max(1, count));
  return {
    mean,
    standardError,
    samples: count,
    matvecs,
    interval: skewedInterval(moments, standardError, count, level),
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

/**
 * A t interval for the mean of skewed samples.
 *
 * Quadratic forms of few large eigenvalues are as skewed as χ² with one degree of freedom: the symmetric t interval of 20
 * of them covers 89 % instead of 95 %. Hall's cubic transformation of the t statistic, which is monotone and so can be
 * inverted exactly, brings that to 94 % and changes nothing when there is no skewness.
 *
 * Relation: with u = (mean − μ)/s and skewness γ, u + γ u²/3 + γ² u³/27 + γ/(6n) is t-distributed over √n up to O(1/n).
 * @param standardError s/√n, where s may come from the first samples alone
 * @param fromSamples number of samples behind s: its degrees of freedom plus one
 * @see [hall1992]
 */
export function skewedInterval(
  moments: SampleMoments,
  standardError: number,
  fromSamples: number,
  level: number,
): ConfidenceInterval {
  const { count, mean } = moments;
  const skewness = sampleSkewness(moments);
  if (fromSamples < 2 || Math.abs(skewness) < 1e-6) return intervalAround(mean, standardError, fromSamples, level);
  const root = Math.sqrt(count);
  const deviation = standardError * root;
  const quantile = studentQuantile(0.5 + level / 2, fromSamples - 1) / root;
  const inverse = (y: number): number => (3 / skewness) * (cbrt(1 + skewness * (y - skewness / (6 * count))) - 1);
  return { lower: mean - deviation * inverse(quantile), upper: mean - deviation * inverse(-quantile), level };
}
