import { type Matrix, log, norm } from "../../core/index.js";
import { svd } from "../../linalg/index.js";
import { type Rng, permutation } from "../../random/index.js";
import { hillEstimator } from "../../rmt/index.js";
import { spectralDistance } from "../../spectra/index.js";
import { regularizedBeta } from "../../special/index.js";

/** Kolmogorov–Smirnov distance of two spectra. */
export const ks = (a: Float64Array, b: Float64Array): number => spectralDistance(a, b).kolmogorovSmirnov;

/** The same without the `count` largest of each; both descending. */
export const bulkDistance = (a: Float64Array, b: Float64Array, count: number): number =>
  ks(a.subarray(count), b.subarray(count));

/** Values above 1e-10 of the largest: the kernel of fewer units than samples has exact zeros. */
export function positivePart(values: Float64Array): Float64Array {
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  return values.filter((value) => value > 1e-10 * largest);
}

/** Hill exponent of the upper half of the positive values. */
export const upperHalfExponent = (values: Float64Array): number => hillEstimator(positivePart(values)).alpha;

/** Largest over median of the positive values. */
export function spread(values: Float64Array): number {
  const positive = positivePart(values);
  return positive.reduce((a, b) => Math.max(a, b), 0) / median(positive);
}

/** W with its entries in random order: what keeps their distribution and destroys every correlation. */
export function permutedCopy(W: Matrix, rng: Rng): Matrix {
  const order = permutation(rng, W.data.length);
  return { ...W, data: W.data.map((_, e) => W.data[order[e]]) };
}

/** |⟨v_1, β⟩| and the norm of the projection of β on the five leading right singular vectors. */
export function teacherOverlap(W: Matrix, beta: Float64Array): { readonly first: number; readonly five: number } {
  const { v } = svd(W);
  const along = Float64Array.from({ length: 5 }, (_, k) => {
    let sum = 0;
    for (let j = 0; j < beta.length; j++) sum += v.data[j * v.cols + k] * beta[j];
    return sum;
  });
  return { first: Math.abs(along[0]), five: norm(along) };
}

/** P(‖projection of a random direction of R^d on k given orthonormal vectors‖ >= a): the square is Beta(k/2, (d − k)/2). */
export const chanceOfOverlap = (a: number, d: number, k = 1): number =>
  regularizedBeta(Math.max(0, 1 - a * a), (d - k) / 2, k / 2); // the complement, accurate where it is tiny

/** The overlap that a random direction exceeds with probability p. */
export function overlapQuantile(p: number, d: number, k = 1): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (chanceOfOverlap(middle, d, k) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** Least-squares slope of log y on log x. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [x.map((value) => log(value)), y.map((value) => log(value))];
  const [ma, mb] = [mean(a), mean(b)];
  return (
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i] - mb), 0) /
    a.reduce((sum, value) => sum + (value - ma) * (value - ma), 0)
  );
}

/** Arithmetic mean. */
export const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Median; the mean of the middle two for an even number. */
export function median(list: ArrayLike<number>): number {
  const sorted = Float64Array.from(list).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Spearman's rank correlation; ties share their mean rank. */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [ranks(x), ranks(y)];
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / Math.sqrt(aa * bb);
}

function ranks(values: readonly number[]): number[] {
  return values.map(
    (value) =>
      values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2,
  );
}
