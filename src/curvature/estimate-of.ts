import { type Estimate, square } from "../core/index.js";

/** Mean of independent values with its standard error, infinite for fewer than two; one product each. */
export function estimateOf(values: readonly number[]): Estimate {
  const count = values.length;
  const mean = count === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + square(value - mean), 0);
  return {
    mean,
    standardError: count < 2 ? Infinity : Math.sqrt(squares / (count - 1) / count),
    samples: count,
    matvecs: count,
  };
}
