import { expect, test } from "vitest";
import type { Matrix } from "../../../src/core/index.js";
import { matmul, orthogonalMatrix } from "../../../src/linalg/index.js";
import { type SymmetricOperator, fromMatrix } from "../../../src/operators/index.js";
import { type Rng, createRng } from "../../../src/random/index.js";
import type { IntervalEstimate } from "../../../src/stochastic/index.js";

/** Order of the test operators: small, because 1,000 runs are made of each. */
const ORDER = 36;

/** Runs, fixed in advance: a coverage of 95 % then has a standard deviation of 0.7 %. */
const RUNS = 1000;

/** The three kinds of spectrum that every estimator must cope with, in a random eigenbasis. */
export const spectra: readonly {
  readonly name: string;
  readonly values: Float64Array;
  readonly A: SymmetricOperator;
  readonly dense: Matrix;
}[] = [
  { name: "flat", values: Float64Array.from({ length: ORDER }, (_, i) => 1 + i / ORDER) },
  { name: "decaying", values: Float64Array.from({ length: ORDER }, (_, i) => (i + 1) ** -2) },
  { name: "indefinite", values: Float64Array.from({ length: ORDER }, (_, i) => 0.3 + 3 * Math.sin(i)) },
].map((spectrum, index) => {
  const Q = orthogonalMatrix(createRng(40 + index), ORDER);
  const scaled = { ...Q, data: Q.data.map((entry, at) => entry * spectrum.values[at % ORDER]) };
  const dense = matmul(scaled, Q, { transposeB: true });
  return { ...spectrum, dense, A: fromMatrix(dense, { symmetric: true }) };
});

/** Bounds on the coverage of nominal 95 % intervals. */
export interface CoverageBounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** What an honest interval must reach: 95 % ± 2 %. */
export const HONEST: CoverageBounds = { minimum: 0.93, maximum: 0.97 };

/** Share of the runs whose interval contains the truth, and the z-score of the mean error. */
export function coverage(
  truth: number,
  estimate: (rng: Rng) => IntervalEstimate,
  runs = RUNS,
): { readonly share: number; readonly bias: number } {
  let inside = 0;
  let sum = 0;
  let squares = 0;
  for (let seed = 0; seed < runs; seed++) {
    const { mean, interval } = estimate(createRng(seed));
    if (interval.lower <= truth && truth <= interval.upper) inside++;
    sum += mean - truth;
    squares += (mean - truth) ** 2;
  }
  const variance = squares / runs - (sum / runs) ** 2;
  return { share: inside / runs, bias: Math.abs(sum / runs) / Math.sqrt(variance / runs) };
}

/** Every estimator is unbiased and covers, over 1,000 seeds, on flat, decaying and indefinite spectra. */
export function estimatorLaws(
  name: string,
  truth: (values: Float64Array) => number,
  estimate: (A: SymmetricOperator, rng: Rng) => IntervalEstimate,
  bounds: CoverageBounds = HONEST,
): void {
  for (const spectrum of spectra) {
    test(`${name}: unbiased, and 95 % intervals cover on the ${spectrum.name} spectrum (1,000 seeds)`, () => {
      const { share, bias } = coverage(truth(spectrum.values), (rng) => estimate(spectrum.A, rng));
      expect(bias).toBeLessThan(4.5);
      expect(share).toBeGreaterThanOrEqual(bounds.minimum);
      expect(share).toBeLessThanOrEqual(bounds.maximum);
    });
  }
}
