import { ShapeError } from "../core/index.js";
import { requireBlock, requireStrided } from "./extent.js";
import { residentSymmetric } from "./resident.js";
import { scal } from "./vectors.js";

/**
 * Multiplies a symmetric matrix, given by its lower triangle, by a vector.
 *
 * Relation: y ← alpha A x + beta y; only entries with column <= row are read, so each stored number is used twice and
 * the memory traffic is half of {@link gemv}'s. beta = 0 overwrites y. y must not overlap A or x.
 *
 * Order of the sums, the same in all back ends: rows in groups of four; each entry left of the diagonal block feeds
 * y_j ← y_j + ((t₀a₀ⱼ + t₁a₁ⱼ) + (t₂a₂ⱼ + t₃a₃ⱼ)) and two partial sums (even and odd j) per row; then the diagonal
 * block, entry by entry; the last n mod 4 rows singly.
 *
 * @param n order of A
 * @param alpha factor of the product; with 0 neither A nor x is read
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param x storage of x, contiguous
 * @param xOffset index of its first entry
 * @param beta factor of the old y
 * @param y storage of y, contiguous, overwritten
 * @param yOffset index of its first entry
 * @throws {ShapeError} when a block or vector leaves its array
 *
 * Accuracy: |error| <= n ε |A| |x| entrywise. Cost: 2n² flops, one pass over half of A.
 */
export function symv(
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  beta: number,
  y: Float64Array,
  yOffset: number,
): void {
  requireBlock(a, aOffset, aStride, n, n, "a", "symv");
  requireStrided(x, xOffset, 1, n, "x", "symv");
  requireStrided(y, yOffset, 1, n, "y", "symv");
  if (beta !== 1) scal(n, beta, y, yOffset, 1);
  if (alpha === 0 || n === 0) return;
  addRowsSymmetric(0, n, alpha, a, aOffset, aStride, x, xOffset, y, yOffset);
}

/**
 * Adds to y the part of alpha A x that comes from rows `first` … n − 1 of the lower triangle of a symmetric matrix, each of
 * their entries used for itself and for its mirror image, in the order of {@link symv}: several such parts, each into a
 * vector of its own, are what threads share among them.
 *
 * @param first first row, a multiple of 4; with 0 this is y ← alpha A x + y
 * @param n order of A; only y_0 … y_{n−1} change
 * @param alpha factor of the product
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param x storage of x, contiguous
 * @param xOffset index of its first entry
 * @param y storage of y, contiguous
 * @param yOffset index of its first entry
 * @throws {ShapeError} when a block or vector leaves its array, or first is not a multiple of 4
 *
 * Accuracy: |error| <= n ε |A| |x| entrywise. Cost: 2(n² − first²) flops.
 */
export function symvRows(
  first: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  y: Float64Array,
  yOffset: number,
): void {
  requireBlock(a, aOffset, aStride, n, n, "a", "symvRows");
  requireStrided(x, xOffset, 1, n, "x", "symvRows");
  requireStrided(y, yOffset, 1, n, "y", "symvRows");
  if (first % 4 !== 0 || first < 0) {
    throw new ShapeError({ function: "symvRows", argument: "first", expected: "a multiple of 4", got: `${first}` });
  }
  addRowsSymmetric(first, n, alpha, a, aOffset, aStride, x, xOffset, y, yOffset);
}

function addRowsSymmetric(
  first: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  y: Float64Array,
  yOffset: number,
): void {
  if (residentSymmetric(first, n, alpha, a, aOffset, aStride, x, xOffset, y, yOffset)) return;
  addSymmetric(first, n, alpha, a, aOffset, aStride, x, xOffset, y, yOffset);
}

/** y += alpha A x from rows first … n − 1 of the lower triangle. */
function addSymmetric(
  first: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  y: Float64Array,
  yOffset: number,
): void {
  let i = first;
  for (; i + 4 <= n; i += 4) {
    const t0 = alpha * x[xOffset + i];
    const t1 = alpha * x[xOffset + i + 1];
    const t2 = alpha * x[xOffset + i + 2];
    const t3 = alpha * x[xOffset + i + 3];
    const r0 = aOffset + i * aStride;
    let even0 = 0;
    let even1 = 0;
    let even2 = 0;
    let even3 = 0;
    let odd0 = 0;
    let odd1 = 0;
    let odd2 = 0;
    let odd3 = 0;
    let p0 = r0;
    let p1 = p0 + aStride;
    let p2 = p1 + aStride;
    let p3 = p2 + aStride;
    // i is a multiple of 4, so the columns left of the diagonal block come in pairs.
    for (let j = 0; j < i; j += 2) {
      const xe = x[xOffset + j];
      const xo = x[xOffset + j + 1];
      const e0 = a[p0];
      const e1 = a[p1];
      const e2 = a[p2];
      const e3 = a[p3];
      even0 += e0 * xe;
      even1 += e1 * xe;
      even2 += e2 * xe;
      even3 += e3 * xe;
      y[yOffset + j] += t0 * e0 + t1 * e1 + (t2 * e2 + t3 * e3);
      const o0 = a[p0 + 1];
      const o1 = a[p1 + 1];
      const o2 = a[p2 + 1];
      const o3 = a[p3 + 1];
      odd0 += o0 * xo;
      odd1 += o1 * xo;
      odd2 += o2 * xo;
      odd3 += o3 * xo;
      y[yOffset + j + 1] += t0 * o0 + t1 * o1 + (t2 * o2 + t3 * o3);
      p0 += 2;
      p1 += 2;
      p2 += 2;
      p3 += 2;
    }
    y[yOffset + i] += alpha * (even0 + odd0);
    y[yOffset + i + 1] += alpha * (even1 + odd1);
    y[yOffset + i + 2] += alpha * (even2 + odd2);
    y[yOffset + i + 3] += alpha * (even3 + odd3);
    addDiagonalBlock(4, alpha, a, r0 + i, aStride, x, xOffset + i, y, yOffset + i);
  }
  for (; i < n; i++) {
    const t = alpha * x[xOffset + i];
    const row = aOffset + i * aStride;
    let even = 0;
    let odd = 0;
    for (let j = 0; j < i; j++) {
      const entry = a[row + j];
      if ((j & 1) === 0) even += entry * x[xOffset + j];
      else odd += entry * x[xOffset + j];
      y[yOffset + j] += t * entry;
    }
    y[yOffset + i] += alpha * (even + odd) + t * a[row + i];
  }
}

/** The part of y += alpha A x that comes from a small block on the diagonal. */
function addDiagonalBlock(
  size: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  y: Float64Array,
  yOffset: number,
): void {
  for (let r = 0; r < size; r++) {
    const row = aOffset + r * aStride;
    const t = alpha * x[xOffset + r];
    for (let s = 0; s < r; s++) {
      const entry = a[row + s];
      y[yOffset + r] += alpha * (entry * x[xOffset + s]);
      y[yOffset + s] += t * entry;
    }
    y[yOffset + r] += t * a[row + r];
  }
}
