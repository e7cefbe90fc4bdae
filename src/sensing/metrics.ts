import {
  ArgumentError,
  defined,
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOptions,
  requirePositive,
  requireVector,
  ShapeError,
  type Tagged,
  transpose,
  undefinedBecause,
  log10,
  asin,
  acos,
  square,
} from "../core/index.js";
import { matmul, svd } from "../linalg/index.js";
import { effectiveRank, stableRank } from "../spectra/index.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { dot, norm2 } from "./small-products.js";

/** What {@link sensingMetrics} compares with. */
export interface SensingMetricsOptions {
  /** The matrix that was sensed. */
  readonly truth?: Matrix;
  /** Measurements, for the training loss. */
  readonly measurements?: Measurements;
  /** Data, for the training loss. */
  readonly y?: Float64Array;
  /** Dual point ν of the nuclear-norm program (`dual` of its solution), for the gap; needs y. */
  readonly dual?: Float64Array;
  /** Φ, for the off-diagonal ratio. */
  readonly left?: Matrix;
  /** Ψ, for the off-diagonal ratio. */
  readonly right?: Matrix;
  /** Singular values above this times the largest count towards the numerical rank; default 1e-3. */
  readonly rankTolerance?: number;
  /** Dimension of the subspaces whose principal angles are reported; default the numerical rank of the truth. */
  readonly subspace?: number;
  /** Peak of the signal-to-noise ratio; default the largest entry of the truth. */
  readonly peak?: number;
}

/** One set of numbers for every method, so that they can be compared. */
export interface SensingMetrics {
  /** Σ s. */
  readonly nuclearNorm: number;
  /** ‖X‖_* − yᵀν: how far above the optimum, negative only for an X that does not fit the data. */
  readonly gap: Tagged;
  /** √Σ s². */
  readonly frobeniusNorm: number;
  /** Largest singular value. */
  readonly operatorNorm: number;
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** exp(−Σ p ln p), p = s / Σ s, with 0 ln 0 = 0; undefined for the zero matrix. */
  readonly effectiveRank: Tagged;
  /** ‖X‖_F² / ‖X‖₂²; undefined for the zero matrix. */
  readonly stableRank: Tagged;
  /** Number of singular values above rankTolerance times the largest. */
  readonly numericalRank: number;
  /** The tolerance of the numerical rank. */
  readonly rankTolerance: number;
  /** ‖X − truth‖_F / ‖truth‖_F. */
  readonly relativeError: Tagged;
  /** ‖A(X) − y‖² / 2, the sum convention. */
  readonly lossSum: Tagged;
  /** ‖A(X) − y‖² / (2 m), the mean convention. */
  readonly lossMean: Tagged;
  /** Principal angles (radians, ascending) between the leading left singular subspaces of X and the truth. */
  readonly leftAngles: Tagged<Float64Array>;
  /** The same for the right singular subspaces. */
  readonly rightAngles: Tagged<Float64Array>;
  /** ‖offdiag(Φᵀ X Ψ)‖_F / ‖X‖_F. */
  readonly offDiagonalRatio: Tagged;
  /** 10 log₁₀(peak² / mean squared error), in decibel. */
  readonly peakSignalToNoise: Tagged;
  /** The peak in use. */
  readonly peak: Tagged;
}

const CALLER = "sensingMetrics";

/**
 * Computes the metrics by which sensing methods are compared.
 *
 * Relation: nuclear norm Σ s; effective rank exp of the entropy of s / Σ s; principal angles arccos of the singular
 * values of U₁ᵀ U₂, by sines below 0.1 where the cosine has no digits; PSNR with the peak of the truth, not 255.
 *
 * @param X the reconstruction
 * @param options what to compare with; whatever is absent comes back as undefined with the reason
 * @throws {ShapeError} when matrices do not fit
 * @throws {ArgumentError} when y is given without measurements or the other way round
 *
 * Accuracy: d ε relative to ‖X‖. Cost: one singular value decomposition, two with a truth.
 * @see [roy2007]
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { sensingMetrics } from "eigenscope/sensing";
 * const { nuclearNorm, numericalRank } = sensingMetrics(fromRows([[3, 0], [0, -4]]));
 * console.log(nuclearNorm, numericalRank); // 7.0000000 2
 * ```
 */
export function sensingMetrics(X: Matrix, options: SensingMetricsOptions = {}): SensingMetrics {
  requireMatrix(X, "X", CALLER);
  requireFinite(X.data, "X", CALLER);
  requireOptions(
    options,
    ["truth", "measurements", "y", "dual", "left", "right", "rankTolerance", "subspace", "peak"],
    CALLER,
  );
  const rankTolerance = requireNumber(options.rankTolerance ?? 1e-3, "rankTolerance", CALLER, 0, 1);
  const { u, singularValues: s, v } = svd(X, { method: "jacobi", vectors: "thin" });
  const operatorNorm = s.length === 0 ? 0 : s[0];
  const nuclearNorm = s.reduce((sum, value) => sum + value, 0);
  const frobeniusNorm = norm2(s);
  const rankOf = (values: Float64Array): number =>
    values.filter((value) => value > rankTolerance * values[0] && value > 0).length;
  const noTruth = "no truth was given";
  const truth = options.truth === undefined ? null : requireSame(options.truth, X, "truth");
  const truthNorm = truth === null ? 0 : norm2(truth.data);
  const error = truth === null ? 0 : norm2(X.data.map((x, i) => x - truth.data[i]));
  let leftAngles: Tagged<Float64Array> = undefinedBecause(noTruth);
  let rightAngles: Tagged<Float64Array> = undefinedBecause(noTruth);
  if (truth !== null) {
    const other = svd(truth, { method: "jacobi", vectors: "thin" });
    const r = requireInteger(options.subspace ?? rankOf(other.singularValues), "subspace", CALLER, 0, s.length);
    leftAngles = defined(principalAngles(u, other.u, r));
    rightAngles = defined(principalAngles(v, other.v, r));
  }
  const loss = trainingLoss(X, options);
  const peak: Tagged =
    options.peak !== undefined
      ? defined(requirePositive(options.peak, "peak", CALLER))
      : truth === null
        ? undefinedBecause(noTruth)
        : peakOf(truth);
  const meanSquare = (error * error) / Math.max(1, X.data.length);
  return {
    nuclearNorm,
    gap: gapOf(nuclearNorm, options),
    frobeniusNorm,
    operatorNorm,
    singularValues: s,
    effectiveRank: effectiveRank(s),
    stableRank: stableRank(s),
    numericalRank: rankOf(s),
    rankTolerance,
    relativeError:
      truth === null
        ? undefinedBecause(noTruth)
        : truthNorm > 0
          ? defined(error / truthNorm)
          : undefinedBecause("the truth is zero"),
    lossSum: loss,
    lossMean: loss.defined ? defined(loss.value / options.measurements!.rows) : loss,
    leftAngles,
    rightAngles,
    offDiagonalRatio: offDiagonal(X, frobeniusNorm, options),
    peakSignalToNoise:
      truth === null || !peak.defined
        ? undefinedBecause(peak.defined ? noTruth : peak.reason)
        : meanSquare > 0
          ? defined(10 * log10((peak.value * peak.value) / meanSquare))
          : undefinedBecause("the reconstruction is exact"),
    peak,
  };
}

/**
 * Principal angles between the spans of the first r columns of U and U′, ascending, in radians.
 *
 * Angles with cosine above 0.995 are taken from the singular values of (I − U Uᵀ) U′, their sines: arccos of a number
 * within ε of one is good to √ε only.
 */
export function principalAngles(U: Matrix, other: Matrix, r: number): Float64Array {
  const caller = "principalAngles";
  requireMatrix(U, "U", caller);
  requireMatrix(other, "other", caller);
  requireInteger(r, "r", caller, 0, Math.min(U.cols, other.cols));
  const first = leading(U, r);
  const second = leading(other, r);
  const overlap = matmul(first, second, { transposeA: true });
  const { singularValues: cosines } = svd(overlap, { vectors: "none", method: "jacobi" });
  const projected = matmul(first, overlap);
  const rest = { ...second, data: second.data.map((x, i) => x - projected.data[i]) };
  const { singularValues: sines } = svd(rest, { vectors: "none", method: "jacobi" });
  return Float64Array.from({ length: r }, (_, i) => {
    const cosine = Math.min(1, cosines[i]);
    // Cosines descend and sines ascend with the angle.
    const sine = Math.min(1, sines[r - 1 - i]);
    return cosine > 0.995 ? asin(sine) : acos(cosine);
  });
}

function leading(U: Matrix, r: number): Matrix {
  const data = new Float64Array(U.rows * r);
  for (let i = 0; i < U.rows; i++) for (let j = 0; j < r; j++) data[i * r + j] = U.data[i * U.cols + j];
  return { rows: U.rows, cols: r, data };
}

function trainingLoss(X: Matrix, { measurements, y, dual }: SensingMetricsOptions): Tagged {
  if (measurements === undefined && (y === undefined || dual !== undefined))
    return undefinedBecause("no measurements were given");
  if (measurements === undefined || y === undefined) {
    const argument = measurements === undefined ? "measurements" : "y";
    const expected = "given together with the other of measurements and y";
    throw new ArgumentError({ function: CALLER, argument, expected, got: "undefined" });
  }
  requireMeasurements(measurements, "measurements", CALLER);
  requireVector(y, measurements.rows, "y", CALLER);
  if (measurements.cols !== X.data.length) {
    const expected = `of ${X.rows} x ${X.cols} matrices`;
    const got = `${measurements.shape.rows} x ${measurements.shape.cols}`;
    throw new ShapeError({ function: CALLER, argument: "measurements", expected, got });
  }
  const image = new Float64Array(measurements.rows);
  measurements.apply(X.data, image);
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += square(image[i] - y[i]);
  return defined(0.5 * sum);
}

function gapOf(nuclearNorm: number, { y, dual }: SensingMetricsOptions): Tagged {
  if (dual === undefined) return undefinedBecause("no dual point was given");
  if (y === undefined) {
    throw new ArgumentError({
      function: CALLER,
      argument: "y",
      expected: "given together with dual",
      got: "undefined",
    });
  }
  requireVector(dual, y.length, "dual", CALLER);
  return defined(nuclearNorm - dot(y, dual));
}

function peakOf(truth: Matrix): Tagged {
  let largest = -Infinity;
  for (const x of truth.data) largest = Math.max(largest, x);
  return largest > 0 ? defined(largest) : undefinedBecause("the truth has no positive entry to serve as peak");
}

function offDiagonal(X: Matrix, norm: number, { left, right }: SensingMetricsOptions): Tagged {
  if (left === undefined || right === undefined) return undefinedBecause("no singular basis was given");
  requireMatrix(left, "left", CALLER);
  requireMatrix(right, "right", CALLER);
  if (left.rows !== X.rows || left.cols !== X.rows || right.rows !== X.cols || right.cols !== X.cols) {
    const expected = `${X.rows} x ${X.rows} with right ${X.cols} x ${X.cols}`;
    const got = `${left.rows} x ${left.cols} with right ${right.rows} x ${right.cols}`;
    throw new ShapeError({ function: CALLER, argument: "left", expected, got });
  }
  if (norm === 0) return undefinedBecause("the matrix is zero");
  const T = matmul(matmul(transpose(left), X), right);
  let off = 0;
  for (let i = 0; i < T.rows; i++)
    for (let j = 0; j < T.cols; j++) if (i !== j) off += T.data[i * T.cols + j] * T.data[i * T.cols + j];
  return defined(Math.sqrt(off) / norm);
}

function requireSame(A: Matrix, X: Matrix, name: string): Matrix {
  requireMatrix(A, name, CALLER);
  requireFinite(A.data, name, CALLER);
  if (A.rows !== X.rows || A.cols !== X.cols) {
    const got = `${A.rows} x ${A.cols}`;
    throw new ShapeError({ function: CALLER, argument: name, expected: `${X.rows} x ${X.cols}, as X`, got });
  }
  return A;
}
