import { gemm, gemv } from "../routines/index.js";
import { applyRight, blockReflector, makeReflector, scratchLength } from "./reflectors.js";
import { borrowStore, releaseStore } from "./stores.js";

const PANEL = 32; // reflector pairs gathered before one rank-64 update
const BACK_PANEL = 64; // reflectors per block of the back-transformation

/** A = Q B Pᵀ, B upper bidiagonal, for rows >= cols. */
export interface Bidiagonalization {
  /** Rows of A. */
  readonly rows: number;
  /** Columns of A, <= rows. */
  readonly cols: number;
  /** Diagonal of B. */
  readonly diagonal: Float64Array;
  /** cols entries, B[i][i + 1]; the last one is 0. */
  readonly superDiagonal: Float64Array;
  /** cols x rows: row i is the left reflector i with explicit zeros and one. */
  readonly left: Float64Array;
  /** τ of the left reflectors. */
  readonly leftTau: Float64Array;
  /** cols x cols: row i is the right reflector i, zero up to column i and one at column i + 1. */
  readonly right: Float64Array;
  /** τ of the right reflectors. */
  readonly rightTau: Float64Array;
}

/**
 * Reduces a rows x cols matrix, rows >= cols, to upper bidiagonal form by blocked Householder reflections.
 *
 * Within a panel the matrix is not touched: A_current = A − LᵀR with the rows of L and R gathered so far, so that each
 * step costs two passes over A (one transposed), and the update is one GEMM per panel. [dongarra1989]
 */
export function bidiagonalize(rows: number, cols: number, data: Float64Array): Bidiagonalization {
  // A copy of A with room for the panels behind it.
  const height = rows + Math.ceil((2 * PANEL * (rows + cols)) / Math.max(1, cols));
  const a = borrowStore(height, cols);
  a.set(data);
  const diagonal = new Float64Array(cols);
  const superDiagonal = new Float64Array(cols);
  const left = new Float64Array(cols * rows);
  const right = new Float64Array(cols * cols);
  const leftTau = new Float64Array(cols);
  const rightTau = new Float64Array(cols);
  const updateLeft = rows * cols; // 2 · PANEL rows of length rows: v₀, x₀, v₁, x₁, …
  const updateRight = updateLeft + 2 * PANEL * rows; // 2 · PANEL rows of length cols: y₀, u₀, y₁, u₁, …
  const weights = new Float64Array(2 * PANEL); // coefficients of the postponed updates
  for (let start = 0; start < cols; start += PANEL) {
    const count = Math.min(PANEL, cols - start);
    a.fill(0, updateLeft, updateLeft + 2 * PANEL * (rows + cols));
    for (let c = 0; c < count; c++) {
      const i = start + c;
      const height = rows - i;
      const v = i * rows; // left reflector
      for (let k = i; k < rows; k++) left[v + k] = a[k * cols + i];
      if (c > 0) {
        for (let k = 0; k < 2 * c; k++) weights[k] = a[updateRight + k * cols + i];
        gemv(true, 2 * c, height, -1, a, updateLeft + i, rows, weights, 0, 1, 1, left, v + i, 1);
      }
      leftTau[i] = makeReflector(left, v + i, height);
      diagonal[i] = left[v + i];
      left[v + i] = 1;
      const width = cols - i - 1;
      if (width === 0) continue;
      // y = τ (Aᵀ v − Rᵀ (L v)) on the columns right of i.
      const y = updateRight + 2 * c * cols + i + 1;
      gemv(true, height, width, leftTau[i], a, i * cols + i + 1, cols, left, v + i, 1, 0, a, y, 1);
      if (c > 0) {
        gemv(false, 2 * c, height, leftTau[i], a, updateLeft + i, rows, left, v + i, 1, 0, weights, 0, 1);
        gemv(true, 2 * c, width, -1, a, updateRight + i + 1, cols, weights, 0, 1, 1, a, y, 1);
      }
      a.set(left.subarray(v + i, v + rows), updateLeft + 2 * c * rows + i);
      // Row i right of the diagonal, with all 2c + 1 updates.
      const u = i * cols;
      right.set(a.subarray(i * cols + i + 1, (i + 1) * cols), u + i + 1);
      for (let k = 0; k <= 2 * c; k++) weights[k] = a[updateLeft + k * rows + i];
      gemv(true, 2 * c + 1, width, -1, a, updateRight + i + 1, cols, weights, 0, 1, 1, right, u + i + 1, 1);
      rightTau[i] = makeReflector(right, u + i + 1, width);
      superDiagonal[i] = right[u + i + 1];
      right[u + i + 1] = 1;
      // x = τ (A u − Lᵀ (R u)) on the rows below i.
      const x = updateLeft + (2 * c + 1) * rows + i + 1;
      const below = height - 1;
      gemv(false, below, width, rightTau[i], a, (i + 1) * cols + i + 1, cols, right, u + i + 1, 1, 0, a, x, 1);
      gemv(false, 2 * c + 1, width, rightTau[i], a, updateRight + i + 1, cols, right, u + i + 1, 1, 0, weights, 0, 1);
      gemv(true, 2 * c + 1, below, -1, a, updateLeft + i + 1, rows, weights, 0, 1, 1, a, x, 1);
      a.set(right.subarray(u + i + 1, u + cols), updateRight + (2 * c + 1) * cols + i + 1);
    }
    const end = start + count;
    if (end < cols) {
      const corner = end * cols + end;
      gemm(
        true,
        false,
        rows - end,
        cols - end,
        2 * count,
        -1,
        a,
        updateLeft + end,
        rows,
        a,
        updateRight + end,
        cols,
        1,
        a,
        corner,
        cols,
      );
    }
  }
  releaseStore(a, height, cols);
  return { rows, cols, diagonal, superDiagonal, left, leftTau, right, rightTau };
}

/** Replaces each row z (count x rows, left singular vectors of [B; 0]) by Q z. */
export function applyLeftReflectors(
  reduction: Bidiagonalization,
  count: number,
  z: Float64Array,
  scratch?: Float64Array,
): void {
  // Q = H₀ H₁ …; as rows zᵀ … H₁ H₀, that is blocks from the last to the first, each transposed.
  const { rows, cols, left, leftTau } = reduction;
  applyDescending(cols, rows, left, leftTau, 0, count, z, scratch);
}

/** Replaces each row z (count x cols, right singular vectors of B) by P z. */
export function applyRightReflectors(
  reduction: Bidiagonalization,
  count: number,
  z: Float64Array,
  scratch?: Float64Array,
): void {
  const { cols, right, rightTau } = reduction;
  applyDescending(cols - 1, cols, right, rightTau, 1, count, z, scratch);
}

/** Blocks of reflectors (row i of `v` starts at column i + shift) from the last to the first, from the right. */
function applyDescending(
  total: number,
  length: number,
  v: Float64Array,
  tau: Float64Array,
  shift: number,
  count: number,
  z: Float64Array,
  scratch: Float64Array | undefined,
): void {
  const enough = scratch !== undefined && scratch.length >= scratchLength(Math.min(BACK_PANEL, total), length, count);
  const blocks = Math.ceil(total / BACK_PANEL);
  for (let b = blocks - 1; b >= 0; b--) {
    const start = b * BACK_PANEL;
    const width = Math.min(BACK_PANEL, total - start);
    const from = start + shift; // no reflector of this block touches columns before
    const rest = length - from;
    const rows = new Float64Array(width * rest);
    for (let k = 0; k < width; k++)
      rows.set(v.subarray((start + k) * length + from, (start + k + 1) * length), k * rest);
    const block = blockReflector(rows, width, rest, tau.subarray(start, start + width));
    applyRight(block, true, count, z, from, length, enough ? scratch : undefined);
  }
}
