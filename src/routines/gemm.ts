import { PANEL_DEPTH } from "./pack.js";
import { requireBlock } from "./extent.js";
import { multiplyPacked } from "./gemm-packed.js";

/** Below this many multiplications packing costs more than it saves. */
const SMALL = 4096;

/**
 * Multiplies two matrices into a third.
 *
 * Relation: C ← alpha op(A) op(B) + beta C with op(A) m x k, op(B) k x n and row-major storage: entry (i, j) of A is
 * `a[aOffset + i·aStride + j]`. beta = 0 overwrites C whatever it held, NaN included.
 *
 * The order of every sum is part of the contract, so that all back ends give the same bits: C is first scaled by beta,
 * then for each block of 256 terms, in order, a plain left-to-right sum from zero is multiplied by alpha and added.
 * C must not overlap A or B.
 *
 * @param transposeA op(A) = Aᵀ when true, so A is stored k x m
 * @param transposeB op(B) = Bᵀ when true, so B is stored n x k
 * @param m rows of C
 * @param n columns of C
 * @param k terms of each sum
 * @param alpha factor of the product; with 0 neither A nor B is read
 * @param a storage of A
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param b storage of B
 * @param bOffset index of its first entry
 * @param bStride distance of its rows
 * @param beta factor of the old C
 * @param c storage of C, overwritten
 * @param cOffset index of its first entry
 * @param cStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: |error| <= k ε |op(A)| |op(B)| entrywise, plus the rounding of beta C. Cost: 2mnk flops.
 */
export function gemm(
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  b: Float64Array,
  bOffset: number,
  bStride: number,
  beta: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  requireBlock(a, aOffset, aStride, transposeA ? k : m, transposeA ? m : k, "a", "gemm");
  requireBlock(b, bOffset, bStride, transposeB ? n : k, transposeB ? k : n, "b", "gemm");
  requireBlock(c, cOffset, cStride, m, n, "c", "gemm");
  const packed = m * n * k > SMALL && m > 1 && n > 1;
  if (!packed || alpha === 0 || beta !== 0) scaleBlock(m, n, beta, c, cOffset, cStride);
  if (alpha === 0 || m === 0 || n === 0 || k === 0) return;
  const aRow = transposeA ? 1 : aStride;
  const aTerm = transposeA ? aStride : 1;
  const bTerm = transposeB ? 1 : bStride;
  const bCol = transposeB ? bStride : 1;
  if (packed) {
    const fresh = beta === 0;
    multiplyPacked(false, fresh, m, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
  } else {
    multiplySmall(m, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
  }
}

/**
 * Adds a product to the lower triangle of a square matrix: the update of symmetric reductions and of Cholesky.
 *
 * Relation: C ← alpha op(A) op(B) + C for row >= column, with op(A) n x k and op(B) k x n; sums in the order of
 * {@link gemm}. Entries above the diagonal may be overwritten with anything inside blocks on the diagonal and must not be
 * read afterwards. C must not overlap A or B.
 *
 * @param transposeA op(A) = Aᵀ when true, so A is stored k x n
 * @param transposeB op(B) = Bᵀ when true, so B is stored n x k
 * @param n order of C
 * @param k terms of each sum
 * @param alpha factor of the product; with 0 neither A nor B is read
 * @param a storage of A
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param b storage of B
 * @param bOffset index of its first entry
 * @param bStride distance of its rows
 * @param c storage of C
 * @param cOffset index of its first entry
 * @param cStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: as {@link gemm}. Cost: n²k flops.
 */
export function gemmLower(
  transposeA: boolean,
  transposeB: boolean,
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
  requireBlock(a, aOffset, aStride, transposeA ? k : n, transposeA ? n : k, "a", "gemmLower");
  requireBlock(b, bOffset, bStride, transposeB ? n : k, transposeB ? k : n, "b", "gemmLower");
  requireBlock(c, cOffset, cStride, n, n, "c", "gemmLower");
  if (alpha === 0 || n === 0 || k === 0) return;
  const aRow = transposeA ? 1 : aStride;
  const aTerm = transposeA ? aStride : 1;
  const bTerm = transposeB ? 1 : bStride;
  const bCol = transposeB ? bStride : 1;
  if (n * n * k > SMALL && n > 1) {
    multiplyPacked(true, false, n, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
  } else {
    multiplySmall(n, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
  }
}

/** C ← beta C on an m x n block; beta = 0 overwrites. */
export function scaleBlock(m: number, n: number, beta: number, c: Float64Array, offset: number, stride: number): void {
  if (beta === 1) return;
  for (let i = 0; i < m; i++) {
    const row = offset + i * stride;
    if (beta === 0) c.fill(0, row, row + n);
    else for (let j = 0; j < n; j++) c[row + j] *= beta;
  }
}

/** C += alpha op(A) op(B) without packing, in the order of the contract. */
function multiplySmall(
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aRow: number,
  aTerm: number,
  b: Float64Array,
  bOffset: number,
  bTerm: number,
  bCol: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  for (let first = 0; first < k; first += PANEL_DEPTH) {
    const depth = Math.min(PANEL_DEPTH, k - first);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let pa = aOffset + i * aRow + first * aTerm;
        let pb = bOffset + j * bCol + first * bTerm;
        for (let p = 0; p < depth; p++) {
          sum += a[pa] * b[pb];
          pa += aTerm;
          pb += bTerm;
        }
        c[cOffset + i * cStride + j] += alpha * sum;
      }
    }
  }
}
