import { requireBlock } from "./extent.js";
import { gemmLower } from "./gemm.js";

/**
 * Multiplies a matrix by its own transpose into a full symmetric matrix.
 *
 * Relation: C ← alpha A Aᵀ + beta C with A n x k; the lower triangle of C is read and computed, then mirrored, so C is
 * exactly symmetric. Sums in the order of {@link gemm}. C must not overlap A.
 *
 * @param n rows of A and order of C
 * @param k columns of A
 * @param alpha factor of the product
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param beta factor of the old C (its lower triangle counts); 0 overwrites
 * @param c storage of C, overwritten in full
 * @param cOffset index of its first entry
 * @param cStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: as {@link gemm}. Cost: n²k flops.
 */
export function syrk(
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  beta: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  requireBlock(a, aOffset, aStride, n, k, "a", "syrk");
  requireBlock(c, cOffset, cStride, n, n, "c", "syrk");
  if (beta !== 1) {
    for (let i = 0, row = cOffset; i < n; i++, row += cStride) {
      if (beta === 0) c.fill(0, row, row + i + 1);
      else for (let j = 0; j <= i; j++) c[row + j] *= beta;
    }
  }
  gemmLower(false, true, n, k, alpha, a, aOffset, aStride, a, aOffset, aStride, c, cOffset, cStride);
  mirrorLower(n, c, cOffset, cStride);
}

/**
 * Adds a symmetric product of two matrices to the lower triangle of a third.
 *
 * Relation: C ← alpha (A Bᵀ + B Aᵀ) + C with A and B n x k, in the lower triangle; entries above the diagonal may be
 * overwritten with anything inside blocks on the diagonal and must not be read afterwards. This is the trailing update
 * of blocked tridiagonalisation.
 *
 * @param n order of C
 * @param k columns of A and B
 * @param alpha factor of the product
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param b storage of B, row-major
 * @param bOffset index of its first entry
 * @param bStride distance of its rows
 * @param c storage of C
 * @param cOffset index of its first entry
 * @param cStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: as {@link gemm}. Cost: 2n²k flops.
 */
export function syr2kLower(
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  b: Float64Array,
  bOffset: number,
  bStride: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  requireBlock(a, aOffset, aStride, n, k, "a", "syr2kLower");
  requireBlock(b, bOffset, bStride, n, k, "b", "syr2kLower");
  requireBlock(c, cOffset, cStride, n, n, "c", "syr2kLower");
  gemmLower(false, true, n, k, alpha, a, aOffset, aStride, b, bOffset, bStride, c, cOffset, cStride);
  gemmLower(false, true, n, k, alpha, b, bOffset, bStride, a, aOffset, aStride, c, cOffset, cStride);
}

/**
 * Copies the lower triangle of an n x n block onto the upper one, in tiles so that both sides stay in cache.
 *
 * @param n order of the block
 * @param c storage
 * @param offset index of the first entry
 * @param stride distance of rows
 */
export function mirrorLower(n: number, c: Float64Array, offset: number, stride: number): void {
  const tile = 32;
  for (let i0 = 0; i0 < n; i0 += tile) {
    const i1 = Math.min(n, i0 + tile);
    for (let j0 = 0; j0 <= i0; j0 += tile) {
      for (let i = i0; i < i1; i++) {
        const end = Math.min(i, j0 + tile);
        for (let j = j0; j < end; j++) c[offset + j * stride + i] = c[offset + i * stride + j];
      }
    }
  }
}
