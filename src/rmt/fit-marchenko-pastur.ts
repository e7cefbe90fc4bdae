import {
  ArgumentError,
  describe,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  log,
} from "../core/index.js";
import { spectralDistance } from "../spectra/index.js";
import { bbpRectangularInverse } from "./bbp.js";
import { type MarchenkoPasturLaw, marchenkoPastur } from "./marchenko-pastur.js";
import { medianOfSorted } from "./median.js";
import { normalQuantile } from "./normal.js";
import { tracyWidom, tracyWidomCentring } from "./tracy-widom.js";

/** Options of fitMarchenkoPastur. */
export interface FitMarchenkoPasturOptions {
  /** Level of the Tracy–Widom quantile that separates bulk and spikes; default 0.95. */
  readonly edgeLevel?: number;
  /** Level of the confidence interval of the variance; default 0.95. */
  readonly confidence?: number;
  /**
   * "median" (default) of the bulk: tolerates spikes and a distorted upper part. "trace" of the bulk: several times more
   * precise when the bulk really is noise, biased when it is not.
   */
  readonly estimator?: "median" | "trace";
  /** Largest number of rounds; default 20. */
  readonly maxIterations?: number;
}

/** An eigenvalue outside the fitted bulk. */
export interface Spike {
  /** The eigenvalue s² / max(rows, cols). */
  readonly value: number;
  /** P(largest eigenvalue of pure noise > value) by the Tracy–Widom law of β = 1 with finite-size centring. */
  readonly pValue: number;
  /** Planted singular value behind it, in the units of √value (multiply by √max(rows, cols) for the units of W). */
  readonly strength: number;
  /** Predicted squared cosine of the singular vector on the short side with the planted one. */
  readonly shortOverlap: number;
  /** The same on the long side. */
  readonly longOverlap: number;
}

/** A Marchenko–Pastur bulk with its spikes. */
export interface MarchenkoPasturFit {
  /** Variance σ² of the entries of the noise. */
  readonly variance: number;
  /** Standard error of the variance under the hypothesis of Gaussian noise. */
  readonly standardError: number;
  /** Confidence interval of the variance. */
  readonly interval: readonly [number, number];
  /** Level of the interval. */
  readonly confidence: number;
  /** min / max of the sides, exact zeros not counted. */
  readonly ratio: number;
  /** The fitted law. */
  readonly law: MarchenkoPasturLaw;
  /** Values above it are spikes: variance · (centre + quantile · scale) / N, beyond the asymptotic edge law.support[1]. */
  readonly edge: number;
  /** Level of the Tracy–Widom quantile in edge. */
  readonly edgeLevel: number;
  /** Eigenvalues above the edge, descending. */
  readonly spikes: readonly Spike[];
  /** Number of values in the bulk. */
  readonly bulkCount: number;
  /** Kolmogorov–Smirnov distance of the bulk to the fitted law. */
  readonly bulkDistance: number;
  /** 1.36/√bulkCount: the 5% point for independent values; eigenvalues repel each other, so noise stays far below. */
  readonly bulkThreshold: number;
  /** Whether bulkDistance is below bulkThreshold. */
  readonly bulkAccepted: boolean;
  /** Values that were exactly or numerically zero (<= 1e-10 of the largest) and left out. */
  readonly zeros: number;
  /** Rounds until the set of spikes did not change. */
  readonly iterations: number;
  /** "converged", or "max-iterations" when the set of spikes still changed. */
  readonly status: "converged" | "max-iterations";
  /** How the variance was estimated. */
  readonly estimator: "median" | "trace";
}

/** Relative size below which a value counts as a zero of a rank-deficient matrix. */
const ZERO = 1e-10;

/** Additive constant of the number variance (ln p + c)/π² at the median, checked by simulation (coverage test). */
const NUMBER_VARIANCE_CONSTANT = 2.2;

/**
 * Fits a Marchenko–Pastur bulk to the eigenvalues of a Gram matrix, robustly against spikes.
 *
 * Relation: variance = median(bulk) / median of the law with variance 1, or, with k spikes removed,
 * N Σ bulk / ((N − k)(p − k)); the bulk is everything up to the Tracy–Widom quantile of the fitted noise; repeated until
 * the set of spikes does not change.
 * The Frobenius norm and the largest eigenvalue are not used: spikes inflate both.
 *
 * @param values eigenvalues s² / max(rows, cols), one per singular value, in any order
 * @param shape rows and cols of the matrix they come from
 * @returns the fit, every spike with p-value, strength and overlaps
 * @throws {ArgumentError} when the number of values does not fit the shape, one is negative, or fewer than 5 are not zero
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: the standard error follows from the rigidity of eigenvalues (number variance (ln p + c)/π²) and holds for
 * Gaussian entries; heavy-tailed entries break law and interval alike: see bulkAccepted.
 * Cost: O(p log p) per round plus one Tracy–Widom evaluation per spike.
 * @see [marchenko1967]
 * @see [ma2012]
 * @see [benaych2012]
 *
 * @example
 * ```ts
 * import { svd } from "eigenscope/linalg";
 * import { createRng, normalMatrix } from "eigenscope/random";
 * import { fitMarchenkoPastur } from "eigenscope/rmt";
 * const W = normalMatrix(createRng(1), 60, 40);
 * W.data[0] = 30;
 * const values = svd(W, { vectors: "none" }).singularValues.map((s) => s ** 2 / 60);
 * const fit = fitMarchenkoPastur(values, { rows: 60, cols: 40 });
 * console.log(fit.spikes.length, fit.interval[0] < 1 && 1 < fit.interval[1]); // 1 true
 * ```
 */
export function fitMarchenkoPastur(
  values: ArrayLike<number>,
  shape: { readonly rows: number; readonly cols: number },
  options: FitMarchenkoPasturOptions = {},
): MarchenkoPasturFit {
  const caller = "fitMarchenkoPastur";
  requireOptions(options, ["edgeLevel", "confidence", "estimator", "maxIterations"], caller);
  const edgeLevel = requireNumber(options.edgeLevel ?? 0.95, "edgeLevel", caller, 0.5, 1 - 1e-9);
  const confidence = requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-9);
  const estimator = requireOneOf(options.estimator ?? "median", ["median", "trace"], "estimator", caller);
  const maxIterations = requireInteger(options.maxIterations ?? 20, "maxIterations", caller, 1);
  const all = requireEigenvalues(values, shape, caller);
  const largest = all[all.length - 1];
  const zeros = all.findIndex((value) => value > ZERO * largest);
  const sorted = all.subarray(zeros < 0 ? all.length : zeros);
  if (sorted.length < 5) {
    throw new ArgumentError({
      function: caller,
      argument: "values",
      expected: "at least 5 values above zero",
      got: String(sorted.length),
      remedy: "a law cannot be fitted to so few",
    });
  }
  const long = Math.max(shape.rows, shape.cols);
  const ratio = sorted.length / long;
  const unit = marchenkoPastur({ ratio });
  const unitMedian = unit.quantile(0.5);
  const { center, scale } = tracyWidomCentring(long, sorted.length);
  const tracy = tracyWidom(1);
  const unitEdge = (center + tracyWidomQuantile(edgeLevel) * scale) / long;
  let bulkCount = sorted.length;
  let variance = 0;
  let iterations = 0;
  let status: "converged" | "max-iterations" = "max-iterations";
  while (iterations < maxIterations) {
    iterations++;
    // The first round is robust in any case: spikes are still inside.
    variance =
      iterations === 1 || estimator === "median"
        ? medianOfSorted(sorted, bulkCount) / unitMedian
        : traceVariance(sorted, bulkCount, long);
    let inside = bulkCount;
    // The bulk is a prefix of the sorted values: count those up to the present edge, which may also grow again.
    while (inside > 1 && sorted[inside - 1] > variance * unitEdge) inside--;
    while (inside < sorted.length && sorted[inside] <= variance * unitEdge) inside++;
    if (inside === bulkCount && (iterations > 1 || estimator === "median")) {
      status = "converged";
      break;
    }
    bulkCount = inside;
  }
  const law = marchenkoPastur({ ratio, variance });
  const spikes = Array.from(sorted.subarray(bulkCount))
    .reverse()
    .map((value) =>
      describeSpike(value, variance, ratio, tracy.survival((long * value) / variance / scale - center / scale)),
    );
  // Var(number of eigenvalues below the median) = (ln p + c)/π²; divided by the density there it moves the median.
  const spread =
    Math.sqrt(log(sorted.length) + NUMBER_VARIANCE_CONSTANT) / Math.PI / sorted.length / unit.pdf(unitMedian);
  // The trace of the bulk is a sum of (N − k)(p − k) squares of normals, each of relative variance 2.
  const entries = (long - sorted.length + bulkCount) * bulkCount;
  const standardError = variance * (estimator === "median" ? spread / unitMedian : Math.sqrt(2 / entries));
  const half = normalQuantile(0.5 + confidence / 2) * standardError;
  const bulkDistance = spectralDistance(sorted.subarray(0, bulkCount), law).kolmogorovSmirnov;
  const bulkThreshold = 1.36 / Math.sqrt(bulkCount);
  return {
    variance,
    standardError,
    interval: [variance - half, variance + half],
    confidence,
    ratio,
    law,
    edge: variance * unitEdge,
    edgeLevel,
    spikes,
    bulkCount,
    bulkDistance,
    bulkThreshold,
    bulkAccepted: bulkDistance < bulkThreshold,
    zeros: all.length - sorted.length,
    iterations,
    status,
    estimator,
  };
}

function requireEigenvalues(
  values: ArrayLike<number>,
  shape: { readonly rows: number; readonly cols: number },
  caller: string,
): Float64Array {
  const rows = requireInteger(shape?.rows, "shape.rows", caller, 1);
  const cols = requireInteger(shape.cols, "shape.cols", caller, 1);
  if (typeof values !== "object" || values === null || values.length !== Math.min(rows, cols)) {
    throw new ArgumentError({
      function: caller,
      argument: "values",
      expected: `all ${Math.min(rows, cols)} eigenvalues of a ${rows} x ${cols} matrix`,
      got: describe(values),
    });
  }
  requireFinite(values, "values", caller);
  const sorted = Float64Array.from(values).sort();
  if (sorted[0] < 0) {
    throw new ArgumentError({
      function: caller,
      argument: "values",
      expected: "squared singular values >= 0",
      got: String(sorted[0]),
    });
  }
  return sorted;
}

function describeSpike(value: number, variance: number, ratio: number, pValue: number): Spike {
  const inverse = bbpRectangularInverse(Math.sqrt(value), {
    ratio: Math.min(1, ratio),
    deviation: Math.sqrt(variance),
  });
  const found = inverse.defined ? inverse.value : { strength: 0, shortOverlap: 0, longOverlap: 0 };
  return { value, pValue, ...found };
}

/** A spike takes one dimension on each side with it: the rest is noise of (N − k) x (p − k) entries. */
function traceVariance(sorted: Float64Array, bulkCount: number, long: number): number {
  let sum = 0;
  for (let i = 0; i < bulkCount; i++) sum += sorted[i];
  return (sum * long) / ((long - sorted.length + bulkCount) * bulkCount);
}

const quantiles = new Map<number, number>();

/** Quantiles of F₁ cost ten determinants: the few levels in use are remembered (the value depends on the level alone). */
export function tracyWidomQuantile(level: number): number {
  let value = quantiles.get(level);
  if (value === undefined) {
    value = tracyWidom(1).quantile(level);
    if (quantiles.size > 64) quantiles.clear();
    quantiles.set(level, value);
  }
  return value;
}
