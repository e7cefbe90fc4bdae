import { requireStrided } from "./extent.js";
import { residentProducts } from "./resident.js";

/** Vectors this long, both in the memory of one resident matrix, are worth a call into WebAssembly. */
const LONG = 64;

/**
 * Inner product of two strided vectors.
 *
 * Relation: Σ x_i y_i, summed in four interleaved partial sums (i mod 4) that are added pairwise at the end.
 *
 * @param n number of terms
 * @param x storage of x
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @param y storage of y
 * @param yOffset index of its first entry
 * @param yStep distance of its entries
 * @returns the sum; 0 for n = 0
 * @throws {ShapeError} when a vector leaves its array
 *
 * Accuracy: |error| <= (n/4 + 3) ε Σ|x_i y_i|. Cost: 2n flops.
 */
export function dot(
  n: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): number {
  requireStrided(x, xOffset, xStep, n, "x", "dot");
  requireStrided(y, yOffset, yStep, n, "y", "dot");
  if (n >= LONG && xStep === 1 && yStep === 1 && x.buffer === y.buffer) {
    const resident = residentProducts(x);
    if (resident !== null) {
      return resident.functions.innerProduct(n, x.byteOffset + 8 * xOffset, y.byteOffset + 8 * yOffset);
    }
  }
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let ix = xOffset;
  let iy = yOffset;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += x[ix] * y[iy];
    s1 += x[ix + xStep] * y[iy + yStep];
    s2 += x[ix + 2 * xStep] * y[iy + 2 * yStep];
    s3 += x[ix + 3 * xStep] * y[iy + 3 * yStep];
    ix += 4 * xStep;
    iy += 4 * yStep;
  }
  if (i < n) s0 += x[ix] * y[iy];
  if (i + 1 < n) s1 += x[ix + xStep] * y[iy + yStep];
  if (i + 2 < n) s2 += x[ix + 2 * xStep] * y[iy + 2 * yStep];
  return s0 + s2 + (s1 + s3);
}

/**
 * Adds a multiple of one strided vector to another: y ← alpha x + y.
 *
 * @param n number of entries
 * @param alpha factor of x; with 0 nothing is read
 * @param x storage of x
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @param y storage of y, overwritten
 * @param yOffset index of its first entry
 * @param yStep distance of its entries
 * @throws {ShapeError} when a vector leaves its array
 *
 * Accuracy: two roundings per entry. Cost: 2n flops.
 */
export function axpy(
  n: number,
  alpha: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): void {
  requireStrided(x, xOffset, xStep, n, "x", "axpy");
  requireStrided(y, yOffset, yStep, n, "y", "axpy");
  if (alpha === 0) return;
  if (xStep === 1 && yStep === 1) {
    const shift = xOffset - yOffset;
    for (let i = yOffset; i < yOffset + n; i++) y[i] += alpha * x[i + shift];
    return;
  }
  for (let i = 0, ix = xOffset, iy = yOffset; i < n; i++, ix += xStep, iy += yStep) y[iy] += alpha * x[ix];
}

/**
 * Scales a strided vector: x ← alpha x; alpha = 0 overwrites with zeros, NaN included.
 *
 * @param n number of entries
 * @param alpha factor
 * @param x storage of x, overwritten
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @throws {ShapeError} when the vector leaves its array
 *
 * Accuracy: one rounding per entry. Cost: n flops.
 */
export function scal(n: number, alpha: number, x: Float64Array, xOffset: number, xStep: number): void {
  requireStrided(x, xOffset, xStep, n, "x", "scal");
  for (let i = 0, ix = xOffset; i < n; i++, ix += xStep) x[ix] = alpha === 0 ? 0 : alpha * x[ix];
}

/**
 * Applies a plane rotation to two strided vectors: (x_i, y_i) ← (c x_i + s y_i, c y_i − s x_i).
 *
 * @param n number of pairs
 * @param x storage of x, overwritten
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @param y storage of y, overwritten
 * @param yOffset index of its first entry
 * @param yStep distance of its entries
 * @param c cosine
 * @param s sine
 * @throws {ShapeError} when a vector leaves its array
 *
 * Accuracy: 3 roundings per entry. Cost: 6n flops.
 */
export function rot(
  n: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
  c: number,
  s: number,
): void {
  requireStrided(x, xOffset, xStep, n, "x", "rot");
  requireStrided(y, yOffset, yStep, n, "y", "rot");
  if (n >= LONG && xStep === 1 && yStep === 1 && x.buffer === y.buffer) {
    const resident = residentProducts(x);
    if (resident !== null) {
      resident.functions.rotate(n, x.byteOffset + 8 * xOffset, y.byteOffset + 8 * yOffset, c, s);
      return;
    }
  }
  for (let i = 0, ix = xOffset, iy = yOffset; i < n; i++, ix += xStep, iy += yStep) {
    const u = x[ix];
    const v = y[iy];
    x[ix] = c * u + s * v;
    y[iy] = c * v - s * u;
  }
}

/** Sums of squares in this range lost nothing to overflow or underflow that could show. */
const SAFE_SQUARES_MINIMUM = 1e-280;
const SAFE_SQUARES_MAXIMUM = 1e300;

/**
 * Euclidean norm of a strided vector, safe for entries whose squares overflow or underflow.
 *
 * Relation: (Σ x_i²)^{1/2}. One pass when the sum of squares is in [1e-280, 1e300]; otherwise a second pass over
 * entries scaled by a power of two, which rounds nothing.
 *
 * @param n number of entries
 * @param x storage of x
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @returns the norm; 0 for n = 0, NaN when an entry is NaN, Infinity when one is infinite
 * @throws {ShapeError} when the vector leaves its array
 *
 * Accuracy: relative error <= (n/8 + 3) ε. Cost: 2n flops, 5n for extreme scales.
 */
export function nrm2(n: number, x: Float64Array, xOffset: number, xStep: number): number {
  const squares = dot(n, x, xOffset, xStep, x, xOffset, xStep);
  if (squares >= SAFE_SQUARES_MINIMUM && squares <= SAFE_SQUARES_MAXIMUM) return Math.sqrt(squares);
  let largest = 0;
  for (let i = 0, ix = xOffset; i < n; i++, ix += xStep) {
    const size = Math.abs(x[ix]);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(largest)) return Number.NaN;
  }
  if (largest === 0 || largest === Infinity) return largest;
  // Powers of two only: scaling is exact unless an entry is negligible anyway.
  const scale = largest > 1 ? 2 ** -600 : 2 ** 600;
  let sum = 0;
  for (let i = 0, ix = xOffset; i < n; i++, ix += xStep) {
    const scaled = x[ix] * scale;
    sum += scaled * scaled;
  }
  return Math.sqrt(sum) / scale;
}
