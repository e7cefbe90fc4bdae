import { PANEL_DEPTH, pack, packedLength } from "./pack.js";
import { requireBlock } from "./extent.js";
import { BLOCK_COLS, BLOCK_ROWS, type ProductArena, productArena } from "./product-arena.js";

/** Rows and columns of the register tile: 2 x 4 keeps eight sums in registers, a 4 x 4 tile spills. */
const TILE_ROWS = 2;
const TILE_COLS = 4;
/** Below this many multiplications packing costs more than it saves. */
const SMALL = 4096;

/** Packed panel of the left factor, BLOCK_ROWS x PANEL_DEPTH; reused by every call, nothing survives in it. */
let leftPanel = new Float64Array(0);
/** Packed panel of the right factor, PANEL_DEPTH x BLOCK_COLS. */
let rightPanel = new Float64Array(0);

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
  scaleBlock(m, n, beta, c, cOffset, cStride);
  if (alpha === 0 || m === 0 || n === 0 || k === 0) return;
  const aRow = transposeA ? 1 : aStride;
  const aTerm = transposeA ? aStride : 1;
  const bTerm = transposeB ? 1 : bStride;
  const bCol = transposeB ? bStride : 1;
  if (m * n * k <= SMALL || m === 1 || n === 1) {
    multiplySmall(m, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
  } else {
    multiplyPacked(m, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
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

/** C += alpha op(A) op(B) over packed panels. */
function multiplyPacked(
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
  const arena = productArena();
  if (arena !== null) {
    multiplyInArena(arena, m, n, k, alpha, a, aOffset, aRow, aTerm, b, bOffset, bTerm, bCol, c, cOffset, cStride);
    return;
  }
  const depthMax = Math.min(k, PANEL_DEPTH);
  const leftLength = packedLength(Math.min(m, BLOCK_ROWS), depthMax, TILE_ROWS);
  const rightLength = packedLength(Math.min(n, BLOCK_COLS), depthMax, TILE_COLS);
  if (leftPanel.length < leftLength) leftPanel = new Float64Array(leftLength);
  if (rightPanel.length < rightLength) rightPanel = new Float64Array(rightLength);
  for (let j0 = 0; j0 < n; j0 += BLOCK_COLS) {
    const cols = Math.min(BLOCK_COLS, n - j0);
    for (let first = 0; first < k; first += PANEL_DEPTH) {
      const depth = Math.min(PANEL_DEPTH, k - first);
      pack(b, bOffset + j0 * bCol + first * bTerm, bCol, bTerm, cols, depth, TILE_COLS, rightPanel, 0);
      for (let i0 = 0; i0 < m; i0 += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, m - i0);
        pack(a, aOffset + i0 * aRow + first * aTerm, aRow, aTerm, rows, depth, TILE_ROWS, leftPanel, 0);
        multiplyPanels(rows, cols, depth, alpha, leftPanel, rightPanel, c, cOffset + i0 * cStride + j0, cStride);
      }
    }
  }
}

/** C += alpha op(A) op(B) with panels and sums in WebAssembly memory: the matrices themselves stay where they are. */
function multiplyInArena(
  arena: ProductArena,
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
  const { functions, values, left, right, sums } = arena;
  for (let j0 = 0; j0 < n; j0 += BLOCK_COLS) {
    const cols = Math.min(BLOCK_COLS, n - j0);
    const stride = (cols + 3) & ~3;
    for (let first = 0; first < k; first += PANEL_DEPTH) {
      const depth = Math.min(PANEL_DEPTH, k - first);
      pack(b, bOffset + j0 * bCol + first * bTerm, bCol, bTerm, cols, depth, 4, values, right);
      for (let i0 = 0; i0 < m; i0 += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, m - i0);
        pack(a, aOffset + i0 * aRow + first * aTerm, aRow, aTerm, rows, depth, 4, values, left);
        functions.multiplyPanels(8 * left, 8 * right, 8 * sums, (rows + 3) & ~3, stride, depth, stride, 0);
        for (let i = 0; i < rows; i++) {
          const row = cOffset + (i0 + i) * cStride + j0;
          const from = sums + i * stride;
          for (let j = 0; j < cols; j++) c[row + j] += alpha * values[from + j];
        }
      }
    }
  }
}

/** C += alpha · (packed left) (packed right), tile by tile. */
function multiplyPanels(
  rows: number,
  cols: number,
  depth: number,
  alpha: number,
  left: Float64Array,
  right: Float64Array,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  for (let j = 0; j < cols; j += TILE_COLS) {
    const validCols = Math.min(TILE_COLS, cols - j);
    for (let i = 0; i < rows; i += TILE_ROWS) {
      let pa = i * depth;
      let pb = j * depth;
      let c00 = 0;
      let c01 = 0;
      let c02 = 0;
      let c03 = 0;
      let c10 = 0;
      let c11 = 0;
      let c12 = 0;
      let c13 = 0;
      for (let p = 0; p < depth; p++) {
        const a0 = left[pa];
        const a1 = left[pa + 1];
        const b0 = right[pb];
        const b1 = right[pb + 1];
        const b2 = right[pb + 2];
        const b3 = right[pb + 3];
        c00 += a0 * b0;
        c01 += a0 * b1;
        c02 += a0 * b2;
        c03 += a0 * b3;
        c10 += a1 * b0;
        c11 += a1 * b1;
        c12 += a1 * b2;
        c13 += a1 * b3;
        pa += 2;
        pb += 4;
      }
      const r0 = cOffset + i * cStride + j;
      c[r0] += alpha * c00;
      if (validCols > 1) c[r0 + 1] += alpha * c01;
      if (validCols > 2) c[r0 + 2] += alpha * c02;
      if (validCols > 3) c[r0 + 3] += alpha * c03;
      if (i + 1 >= rows) continue;
      const r1 = r0 + cStride;
      c[r1] += alpha * c10;
      if (validCols > 1) c[r1 + 1] += alpha * c11;
      if (validCols > 2) c[r1 + 2] += alpha * c12;
      if (validCols > 3) c[r1 + 3] += alpha * c13;
    }
  }
}
