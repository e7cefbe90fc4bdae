import { type Estimate, requireInteger, requireNumber, requireOptions, square } from "../core/index.js";
import { svd } from "../linalg/index.js";
import { normalMatrix, type Rng } from "../random/index.js";
import { requireMeasurements } from "./measure.js";
import { requireGenerator } from "./measurements.js";
import type { Measurements } from "./measurement-operator.js";
import { multiplyInto, multiplyTransposedInto, norm2 } from "./small-products.js";

/** Options of {@link restrictedIsometry}. */
export interface RestrictedIsometryOptions {
  /** Rank of the test matrices. */
  readonly rank: number;
  /** Independent random starts. */
  readonly samples: number;
  /** Source of the starts; each is forked by its number. */
  readonly rng: Rng;
  /** Improvement steps per start and direction, default 30; 0 for plain sampling. */
  readonly refinements?: number;
}

/** What sampling says about the restricted isometry constant. */
export interface RestrictedIsometry {
  /** Rank of the test matrices. */
  readonly rank: number;
  /** Largest ‖A(X)‖² found over unit X of that rank. */
  readonly largest: number;
  /** Smallest ‖A(X)‖² found. */
  readonly smallest: number;
  /**
   * (largest − smallest) / (largest + smallest): a lower bound on the constant δ_r of A times the best scale factor. No
   * sampling can give an upper bound.
   */
  readonly lowerBound: number;
  /** ‖A(X)‖² over the plain random starts. */
  readonly typical: Estimate;
}

/**
 * Bounds the restricted isometry constant of rank r from below by sampling and ascent.
 *
 * Relation: δ_r is the least δ with (1 − δ) c <= ‖A(X)‖² <= (1 + δ) c for all unit X of rank r and some scale c. Random
 * starts X are improved by X ← P_r(X ± s A*A(X)) / ‖·‖, the projected power method, up and down; every value met is a
 * witness, so that δ_r is at least the number returned. Computing it exactly is NP-hard.
 *
 * @param measurements family of measurements
 * @param options rank, samples and rng are required
 * @throws {ArgumentError} when the rank exceeds min(rows, cols) or counts are not positive
 *
 * Accuracy: a lower bound; `typical` carries its standard error. Cost: 2 · samples · refinements singular value
 * decompositions.
 * @see [recht2010]
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { entryMeasurements, restrictedIsometry } from "eigenscope/sensing";
 * // Three of four entries: the matrix that lives on the fourth is invisible, so δ = 1.
 * const A = entryMeasurements(2, 2, [[0, 0], [0, 1], [1, 0]]);
 * const { lowerBound } = restrictedIsometry(A, { rank: 1, samples: 10, rng: createRng(1) });
 * console.log(lowerBound > 0.999); // true
 * ```
 */
export function restrictedIsometry(measurements: Measurements, options: RestrictedIsometryOptions): RestrictedIsometry {
  const caller = "restrictedIsometry";
  requireMeasurements(measurements, "measurements", caller);
  requireOptions(options, ["rank", "samples", "rng", "refinements"], caller);
  const { rows, cols } = measurements.shape;
  const rank = requireInteger(options?.rank, "rank", caller, 1, Math.min(rows, cols));
  const samples = requireInteger(options.samples, "samples", caller, 1);
  const refinements = requireNumber(options.refinements ?? 30, "refinements", caller, 0);
  requireGenerator(options.rng, "fork", caller);
  const size = rows * cols;
  const image = new Float64Array(measurements.rows);
  const back = new Float64Array(size);
  const energy = (X: Float64Array): number => {
    measurements.apply(X, image);
    let sum = 0;
    for (const value of image) sum += value * value;
    return sum;
  };
  // A few power iterations on all matrices bound the shift that turns descent into ascent on s I − A*A.
  const top = operatorNormSquared(measurements, options.rng.fork("norm"));
  const starts: number[] = [];
  let largest = -Infinity;
  let smallest = Infinity;
  for (let sample = 0; sample < samples; sample++) {
    const rng = options.rng.fork(sample);
    const start = new Float64Array(size);
    multiplyInto(start, normalMatrix(rng, rows, rank).data, normalMatrix(rng, rank, cols).data, rows, rank, cols);
    normalise(start);
    starts.push(energy(start));
    for (const direction of [1, -1]) {
      const X = start.slice();
      for (let step = 0; ; step++) {
        const value = energy(X);
        largest = Math.max(largest, value);
        smallest = Math.min(smallest, value);
        if (step >= refinements) break;
        measurements.applyTranspose(image, back);
        for (let i = 0; i < size; i++) X[i] = direction === 1 ? back[i] : top * X[i] - back[i];
        projectRank(X, rows, cols, rank);
        if (normalise(X) === 0) break;
      }
    }
  }
  const mean = starts.reduce((sum, value) => sum + value, 0) / samples;
  const squares = starts.reduce((sum, value) => sum + square(value - mean), 0);
  return {
    rank,
    largest,
    smallest,
    lowerBound: largest + smallest > 0 ? (largest - smallest) / (largest + smallest) : 0,
    typical: {
      mean,
      standardError: samples > 1 ? Math.sqrt(squares / (samples - 1) / samples) : Infinity,
      samples,
      matvecs: samples,
    },
  };
}

function operatorNormSquared(measurements: Measurements, rng: Rng): number {
  const x = normalMatrix(rng, measurements.cols, 1).data;
  const image = new Float64Array(measurements.rows);
  let value = 0;
  for (let iteration = 0; iteration < 30; iteration++) {
    if (normalise(x) === 0) return 0;
    measurements.apply(x, image);
    measurements.applyTranspose(image, x);
    value = norm2(x);
  }
  return 1.1 * value; // the power method comes from below
}

function normalise(x: Float64Array): number {
  const size = norm2(x);
  if (size > 0) for (let i = 0; i < x.length; i++) x[i] /= size;
  return size;
}

/** X <- best approximation of rank r. */
function projectRank(X: Float64Array, rows: number, cols: number, rank: number): void {
  const { u, singularValues, v } = svd({ rows, cols, data: X }, { vectors: "thin" });
  const d = singularValues.length;
  const left = new Float64Array(rows * rank);
  const right = new Float64Array(cols * rank);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rank; j++) left[i * rank + j] = u.data[i * d + j] * singularValues[j];
  for (let i = 0; i < cols; i++) for (let j = 0; j < rank; j++) right[i * rank + j] = v.data[i * d + j];
  multiplyTransposedInto(X, left, right, rows, rank, cols);
}
