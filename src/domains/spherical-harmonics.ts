import {
  ArgumentError,
  type Matrix,
  ResourceError,
  describe,
  requireInteger,
  requireOptions,
  atan2,
  cos,
  sin,
  hypot,
} from "../core/index.js";
import { requirePoints, requireUnitRows } from "../kernels/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { columnsUpTo, hypersphericalRows } from "./hyperspherical-harmonics.js";
import { requireSpectrum } from "./require-kernel.js";
import type { SphereSpectrum } from "./sphere-spectrum.js";

/** Largest matrix of harmonics that is built, in numbers (1 GiB). */
const MAXIMUM_NUMBERS = 2 ** 27;

/**
 * Evaluates the real spherical harmonics on S^{d−1} at points, for d = 2 the Fourier basis.
 *
 * Relation: ∫ Y_i Y_j = δ_ij over the uniform probability measure, and Σ_{i of degree ℓ} Y_i(x) Y_i(y) = N(d, ℓ) P_ℓ(x·y).
 * Columns: on S² index ℓ² + ℓ + m with m = −ℓ … ℓ (m < 0 the sines of azimuth |m|φ); on S¹ index 0 for the constant, then
 * √2 cos ℓφ, √2 sin ℓφ; for d >= 4 by degree, the last coordinate being the polar axis, with all degrees up to ℓ of one dimension
 * lower inside each degree ℓ.
 *
 * @param points    n unit vectors of R^d, d >= 2
 * @param maxDegree L
 * @returns n x Σ N(d, ℓ): (2L + 1) columns on S¹, (L + 1)² on S², (L + 1)(L + 2)(2L + 3)/6 on S³, N(d + 1, L) in general
 * @throws {ArgumentError} for points off the sphere
 * @throws {ResourceError} when the matrix exceeds 2^27 numbers
 *
 * Accuracy: relative to √(2ℓ + 1) about ε ℓ/sin θ at polar angle θ (z = cos θ determines θ no better), exact at the poles; to
 * degree 2,000 and beyond: sectoral values that underflow are carried with a separate exponent. For d >= 4 about ε ℓ d.
 * Cost: 4 flops per number; the number of columns grows like L^{d−1}, which bounds the degree for d >= 4.
 * @see [dai2013]
 *
 * @example
 * ```ts
 * import { sphericalHarmonics } from "eigenscope/domains";
 * import { fromRows } from "eigenscope/core";
 * const Y = sphericalHarmonics(fromRows([[0, 0, 1]]), 1);
 * console.log(Y.data[0], Y.data[2]); // 1 1.7320508
 * ```
 */
export function sphericalHarmonics(points: Matrix, maxDegree: number): Matrix {
  const caller = "sphericalHarmonics";
  requirePoints(points, "points", caller);
  requireInteger(maxDegree, "maxDegree", caller, 0, 20_000);
  if (points.cols < 2) {
    throw new ArgumentError({
      function: caller,
      argument: "points",
      expected: "of 2 columns or more",
      got: describe(points),
    });
  }
  requireUnitRows(points, "points", caller);
  const d = points.cols;
  const columns = columnsUpTo(d, maxDegree);
  if (!(points.rows * columns <= MAXIMUM_NUMBERS)) {
    throw new ResourceError({
      function: caller,
      argument: "maxDegree",
      expected: `such that n · columns <= ${MAXIMUM_NUMBERS}`,
      got: `${points.rows} x ${columns}`,
      remedy: "take fewer points at a time or a smaller degree",
    });
  }
  const data = new Float64Array(points.rows * columns);
  if (d > 3) {
    hypersphericalRows(points, maxDegree, data, (x, y, z, row) => sphereRow(x, y, z, maxDegree, row));
    return { rows: points.rows, cols: columns, data };
  }
  for (let i = 0; i < points.rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    if (d === 2) circleRow(points.data[2 * i], points.data[2 * i + 1], maxDegree, row);
    else sphereRow(points.data[3 * i], points.data[3 * i + 1], points.data[3 * i + 2], maxDegree, row);
  }
  return { rows: points.rows, cols: columns, data };
}

function circleRow(x: number, y: number, maxDegree: number, row: Float64Array): void {
  const angle = atan2(y, x);
  row[0] = 1;
  for (let l = 1; l <= maxDegree; l++) {
    row[2 * l - 1] = Math.SQRT2 * cos(l * angle);
    row[2 * l] = Math.SQRT2 * sin(l * angle);
  }
}

/** Step of the separate exponent, and the thresholds at which it is used. */
const BIG = 2 ** 600;
const SMALL = 2 ** -600;

function sphereRow(x: number, y: number, z: number, L: number, row: Float64Array): void {
  const azimuth = atan2(y, x);
  const sine = hypot(x, y);
  // Sectoral value of order m is seed · BIG^{exponent}: sin^m θ leaves the double range long before degree 2,000.
  let seed = 1;
  let exponent = 0;
  for (let m = 0; m <= L; m++) {
    if (m > 0) {
      seed *= (m === 1 ? Math.sqrt(3) : Math.sqrt((2 * m + 1) / (2 * m))) * sine;
      if (seed !== 0 && seed < SMALL) {
        seed *= BIG;
        exponent--;
      }
    }
    if (seed === 0) break; // at a pole only m = 0 contributes
    const cosine = m === 0 ? 1 : cos(m * azimuth);
    const sineM = m === 0 ? 0 : sin(m * azimuth);
    let previous = 0;
    let current = seed;
    let scale = exponent;
    for (let l = m; l <= L; l++) {
      if (l > m) {
        const a = Math.sqrt((4 * l * l - 1) / ((l - m) * (l + m)));
        const b = Math.sqrt(((l - 1 - m) * (l - 1 + m)) / (4 * (l - 1) * (l - 1) - 1));
        const next = a * (z * current - (l - 1 === m ? 0 : b) * previous);
        previous = current;
        current = next;
        if (scale < 0 && Math.abs(current) > 1) {
          current *= SMALL;
          previous *= SMALL;
          scale++;
        }
      }
      if (scale === 0) {
        const at = l * l + l;
        row[at + m] = current * cosine;
        if (m > 0) row[at - m] = current * sineM;
      }
    }
  }
}

/** A fast product with a zonal matrix, with its error. */
export interface ZonalOperator extends SymmetricOperator {
  /** Largest degree of the expansion. */
  readonly maxDegree: number;
  /** Bound on ‖A − K‖₂: n times the part of the kernel's trace beyond maxDegree. */
  readonly errorBound: number;
}

/** Options of {@link zonalOperator}. */
export interface ZonalOperatorOptions {
  /** Degree of the expansion; all degrees of the spectrum by default. */
  readonly maxDegree?: number;
}

/**
 * The Gram matrix of a zonal kernel at scattered points of S^{d−1}, multiplied through a truncated harmonic expansion.
 *
 * Relation: A = Y M Yᵀ with the harmonics Y at the points and M = diag μ_ℓ; ‖A − K‖₂ <= n (K(x, x) − Σ_{ℓ <= L} N μ_ℓ), because the
 * remainder of a positive semidefinite kernel is one too, with that diagonal. Network kernels decay slowly: the bound tells when it is
 * not worth it.
 *
 * @param spectrum from `sphere(d).mercer(kernel, L)`: its error bounds are part of errorBound
 * @param points   n unit vectors of R^d
 * @param options  degree
 * @throws {ArgumentError} when the dimensions differ, the degree exceeds the spectrum, or the kernel is seen not to be semidefinite
 * @throws {ResourceError} when n times the dimension D of the band exceeds 2^27
 *
 * Cost: 4nD flops per product and nD numbers of memory, D = N(d + 1, L) = 2L + 1, (L + 1)², (L + 1)(L + 2)(2L + 3)/6, … for
 * d = 2, 3, 4: it pays against the 2n² of the stored matrix while 2D < n, that is to degree (n/2)^{1/(d−1)} or so.
 *
 * @example
 * ```ts
 * import { fibonacciSphere, sphere, zonalOperator } from "eigenscope/domains";
 * import { zonalKernel } from "eigenscope/kernels";
 * const smooth = zonalKernel((theta) => Math.exp(Math.cos(theta)));
 * const A = zonalOperator(sphere(3).mercer(smooth, 20), fibonacciSphere(100));
 * console.log(A.errorBound < 1e-10); // true
 * ```
 */
export function zonalOperator(
  spectrum: SphereSpectrum,
  points: Matrix,
  options: ZonalOperatorOptions = {},
): ZonalOperator {
  const caller = "zonalOperator";
  requireOptions(options, ["maxDegree"], caller);
  requireSpectrum(spectrum, caller);
  const d = spectrum.conventions.dimension;
  if (points?.cols !== d) {
    throw new ArgumentError({
      function: caller,
      argument: "points",
      expected: `of ${d} columns, as the spectrum's sphere`,
      got: describe(points),
    });
  }
  const maxDegree = requireInteger(
    options.maxDegree ?? spectrum.eigenvalues.length - 1,
    "maxDegree",
    caller,
    0,
    spectrum.eigenvalues.length - 1,
  );
  const Y = sphericalHarmonics(points, maxDegree);
  const n = points.rows;
  const weights = new Float64Array(Y.cols);
  let trace = 0;
  let uncertainty = 0;
  for (let l = 0, at = 0; l <= maxDegree; l++) {
    const count = spectrum.multiplicities[l];
    weights.fill(spectrum.eigenvalues[l], at, at + count);
    at += count;
    trace += count * spectrum.eigenvalues[l];
    uncertainty += count * spectrum.errorBounds[l];
  }
  const rounding = uncertainty + 8 * Number.EPSILON * Math.abs(spectrum.valueAtOne);
  requireSemidefinite(spectrum, maxDegree, spectrum.valueAtOne - trace, rounding);
  const coefficients = new Float64Array(Y.cols);
  const apply = (x: Float64Array, out: Float64Array): void => {
    coefficients.fill(0);
    for (let i = 0; i < n; i++) {
      const v = x[i];
      const at = i * Y.cols;
      for (let k = 0; k < Y.cols; k++) coefficients[k] += Y.data[at + k] * v;
    }
    for (let k = 0; k < Y.cols; k++) coefficients[k] *= weights[k];
    for (let i = 0; i < n; i++) {
      let sum = 0;
      const at = i * Y.cols;
      for (let k = 0; k < Y.cols; k++) sum += Y.data[at + k] * coefficients[k];
      out[i] = sum;
    }
  };
  return {
    rows: n,
    cols: n,
    symmetric: true,
    apply,
    applyTranspose: apply,
    maxDegree,
    errorBound: n * (Math.max(0, spectrum.valueAtOne - trace) + rounding),
  };
}

/** The bound holds for positive semidefinite kernels; those that show themselves not to be are refused. */
function requireSemidefinite(spectrum: SphereSpectrum, maxDegree: number, rest: number, rounding: number): void {
  const negative = spectrum.eigenvalues.findIndex((mu, l) => mu < -spectrum.errorBounds[l]);
  if (rest >= -rounding && negative < 0) return;
  throw new ArgumentError({
    function: "zonalOperator",
    argument: "spectrum",
    expected: "of a positive semidefinite kernel",
    got:
      negative >= 0
        ? `the eigenvalue ${spectrum.eigenvalues[negative].toExponential(3)} of degree ${negative}`
        : `a trace beyond degree ${maxDegree} of ${rest.toExponential(3)}`,
    remedy: "use gramOperator, which needs no bound",
  });
}
