import type { Estimate } from "../core/index.js";

/** Mean and standard error of independent values; one value has an infinite standard error. */
export function estimateOf(values: ArrayLike<number>, matvecs = 0): Estimate {
  const samples = values.length;
  let mean = 0;
  for (let i = 0; i < samples; i++) mean += values[i] / samples;
  let squares = 0;
  for (let i = 0; i < samples; i++) squares += (values[i] - mean) * (values[i] - mean);
  return {
    mean,
    standardError: samples < 2 ? Infinity : Math.sqrt(squares / (samples - 1) / samples),
    samples,
    matvecs,
  };
}

/** Quantile of values by linear interpolation of the order statistics. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
