import { requireBlock, requireStrided } from "./extent.js";
import { residentRows, residentTransposed } from "./resident.js";
import { scal } from "./vectors.js";

/**
 * Multiplies a matrix, or its transpose, by a vector.
 *
 * Relation: y ← alpha op(A) x + beta y with A stored m x n, row-major; x has n entries and y m (m and n with transpose).
 * beta = 0 overwrites y whatever it held. y must not overlap A or x.
 *
 * Order of the sums, the same in all back ends: without transpose each row is its sum over even columns plus its sum over
 * odd columns; with transpose four rows are fused,
 * y_j ← y_j + ((t₀a₀ⱼ + t₁a₁ⱼ) + (t₂a₂ⱼ + t₃a₃ⱼ)) with t = alpha x, then the remaining rows one by one.
 *
 * @param transpose op(A) = Aᵀ when true
 * @param m rows of A as stored
 * @param n columns of A as stored
 * @param alpha factor of the product; with 0 neither A nor x is read
 * @param a storage of A
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param x storage of x
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @param beta factor of the old y
 * @param y storage of y, overwritten
 * @param yOffset index of its first entry
 * @param yStep distance of its entries
 * @throws {ShapeError} when a block or vector leaves its array
 *
 * Accuracy: |error| <= n ε |op(A)| |x| entrywise. Cost: 2mn flops, one pass over A.
 */
export function gemv(
  transpose: boolean,
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  beta: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): void {
  requireBlock(a, aOffset, aStride, m, n, "a", "gemv");
  requireStrided(x, xOffset, xStep, transpose ? m : n, "x", "gemv");
  requireStrided(y, yOffset, yStep, transpose ? n : m, "y", "gemv");
  if (beta !== 1) scal(transpose ? n : m, beta, y, yOffset, yStep);
  if (alpha === 0 || m === 0 || n === 0) return;
  const fast = transpose ? residentTransposed : residentRows;
  if (fast(m, n, alpha, a, aOffset, aStride, x, xOffset, xStep, y, yOffset, yStep)) return;
  if (transpose) addTransposed(m, n, alpha, a, aOffset, aStride, x, xOffset, xStep, y, yOffset, yStep);
  else addRows(m, n, alpha, a, aOffset, aStride, x, xOffset, xStep, y, yOffset, yStep);
}

/** y += alpha A x, row by row, even columns apart from odd ones. */
function addRows(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): void {
  for (let i = 0; i < m; i++) {
    let even = 0;
    let odd = 0;
    let ia = aOffset + i * aStride;
    let ix = xOffset;
    let j = 0;
    for (; j + 2 <= n; j += 2) {
      even += a[ia] * x[ix];
      odd += a[ia + 1] * x[ix + xStep];
      ia += 2;
      ix += 2 * xStep;
    }
    if (j < n) even += a[ia] * x[ix];
    y[yOffset + i * yStep] += alpha * (even + odd);
  }
}

/** y += alpha Aᵀ x, four rows of A at a time: one load and store of y for eight flops. */
function addTransposed(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): void {
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const t0 = alpha * x[xOffset + i * xStep];
    const t1 = alpha * x[xOffset + (i + 1) * xStep];
    const t2 = alpha * x[xOffset + (i + 2) * xStep];
    const t3 = alpha * x[xOffset + (i + 3) * xStep];
    let r0 = aOffset + i * aStride;
    let r1 = r0 + aStride;
    let r2 = r1 + aStride;
    let r3 = r2 + aStride;
    let iy = yOffset;
    for (let j = 0; j < n; j++) {
      y[iy] += t0 * a[r0] + t1 * a[r1] + (t2 * a[r2] + t3 * a[r3]);
      r0++;
      r1++;
      r2++;
      r3++;
      iy += yStep;
    }
  }
  for (; i < m; i++) {
    const t = alpha * x[xOffset + i * xStep];
    let ia = aOffset + i * aStride;
    let iy = yOffset;
    for (let j = 0; j < n; j++, ia++, iy += yStep) y[iy] += t * a[ia];
  }
}
