import { requireBlock } from "./extent.js";
import { gemm } from "./gemm.js";

/** Rows of C computed at once: wide enough to amortise packing, narrow enough to waste little above the diagonal. */
const BLOCK = 128;

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
  for (let first = 0; first < n; first += BLOCK) {
    const rows = Math.min(BLOCK, n - first);
    const row = cOffset + first * cStride;
    gemm(
      false,
      true,
      rows,
      first + rows,
      k,
      alpha,
      a,
      aOffset + first * aStride,
      aStride,
      a,
      aOffset,
      aStride,
      beta,
      c,
      row,
      cStride,
    );
  }
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
  for (let first = 0; first < n; first += BLOCK) {
    const rows = Math.min(BLOCK, n - first);
    const cols = first + rows;
    const row = cOffset + first * cStride;
    gemm(
      false,
      true,
      rows,
      cols,
      k,
      alpha,
      a,
      aOffset + first * aStride,
      aStride,
      b,
      bOffset,
      bStride,
      1,
      c,
      row,
      cStride,
    );
    gemm(
      false,
      true,
      rows,
      cols,
      k,
      alpha,
      b,
      bOffset + first * bStride,
      bStride,
      a,
      aOffset,
      aStride,
      1,
      c,
      row,
      cStride,
    );
  }
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
