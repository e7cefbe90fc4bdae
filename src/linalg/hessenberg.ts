import { gemm, gemv } from "../routines/index.js";
import { applyLeft, applyRight, blockReflector, makeReflector, scratchLength } from "./reflectors.js";

const PANEL = 32; // reflectors gathered before the rest of the matrix is updated by products
const Q_PANEL = 64; // reflectors per block when Q is formed

/** Rows of length n that the reduction needs behind the matrix. */
export function hessenbergRows(n: number): number {
  return 2 * PANEL + Math.ceil(scratchLength(Math.min(Q_PANEL, n), n, n) / Math.max(1, n));
}

/** The reflectors of A = Q H Qᵀ. */
export interface HessenbergReflectors {
  /** Row k: reflector k, zero up to column k and one at column k + 1. */
  readonly v: Float64Array;
  /** τ of each. */
  readonly tau: Float64Array;
}

/**
 * Reduces the n x n matrix h to upper Hessenberg form in place by blocked Householder similarity; `room` is the index of
 * {@link hessenbergRows} rows behind it.
 *
 * Within a panel the rest of the matrix is not touched: the current matrix is A − Y Vᵀ from the right, and a column is
 * brought up to date from both sides when it is eliminated. Each step needs one product of the rest with a vector (a third of
 * all operations); what is left goes by products of matrices. [dongarra1989]
 */
export function reduceToHessenberg(n: number, h: Float64Array, room: number): HessenbergReflectors {
  const steps = Math.max(0, n - 2);
  const v = new Float64Array(steps * n);
  const tau = new Float64Array(steps);
  const vRows = room; // PANEL rows: the reflectors
  const yRows = room + PANEL * n; // PANEL rows: columns of Y = A V T
  const scratch = h.subarray(room + 2 * PANEL * n);
  const t = new Float64Array(PANEL * PANEL);
  const column = new Float64Array(n);
  const weights = new Float64Array(PANEL);
  const combined = new Float64Array(PANEL);
  for (let start = 0; start < steps; start += PANEL) {
    const count = Math.min(PANEL, steps - start);
    const top = start + 1; // rows from here on take part in the reflections of this panel
    h.fill(0, vRows, vRows + count * n);
    for (let j = 0; j < count; j++) {
      const c = start + j;
      const rows = n - top;
      for (let i = top; i < n; i++) column[i] = h[i * n + c];
      if (j > 0) {
        for (let k = 0; k < j; k++) weights[k] = h[vRows + k * n + c];
        gemv(true, j, rows, -1, h, yRows + top, n, weights, 0, 1, 1, column, top, 1);
        gemv(false, j, rows, 1, h, vRows + top, n, column, top, 1, 0, weights, 0, 1);
        for (let k = 0; k < j; k++) {
          let sum = 0;
          for (let i = 0; i <= k; i++) sum += t[i * PANEL + k] * weights[i];
          combined[k] = sum;
        }
        gemv(true, j, rows, -1, h, vRows + top, n, combined, 0, 1, 1, column, top, 1);
      }
      const length = n - c - 1;
      tau[c] = makeReflector(column, c + 1, length);
      for (let i = top; i <= c + 1; i++) h[i * n + c] = column[i];
      for (let i = c + 2; i < n; i++) h[i * n + c] = 0;
      column[c + 1] = 1;
      h.set(column.subarray(c + 1, n), vRows + j * n + c + 1);
      v.set(column.subarray(c + 1, n), c * n + c + 1);
      // y = τ (A v − Y Vᵀ v) and the next column of T.
      const y = yRows + j * n;
      h.fill(0, y, y + n);
      t[j * PANEL + j] = tau[c];
      if (tau[c] === 0) {
        for (let k = 0; k < j; k++) t[k * PANEL + j] = 0;
        continue;
      }
      const vector = vRows + j * n + c + 1;
      gemv(false, rows, length, tau[c], h, top * n + c + 1, n, h, vector, 1, 0, h, y + top, 1);
      if (j === 0) continue;
      gemv(false, j, length, tau[c], h, vRows + c + 1, n, h, vector, 1, 0, weights, 0, 1);
      gemv(true, j, rows, -1, h, yRows + top, n, weights, 0, 1, 1, h, y + top, 1);
      for (let k = 0; k < j; k++) {
        let sum = 0;
        for (let i = k; i < j; i++) sum += t[k * PANEL + i] * weights[i];
        t[k * PANEL + j] = -sum;
      }
    }
    finishPanel(n, h, start, count, vRows, yRows, t, scratch);
  }
  return { v, tau };
}

/** The part of Y above the panel, then A − Y Vᵀ from the right and Hᵀ A from the left on what the panel left alone. */
function finishPanel(
  n: number,
  h: Float64Array,
  start: number,
  count: number,
  vRows: number,
  yRows: number,
  t: Float64Array,
  scratch: Float64Array,
): void {
  const top = start + 1;
  const end = start + count; // columns from here on are not in the panel
  const length = n - top;
  // Yᵀ above the panel: Tᵀ (V Aᵀ), count x top.
  const product = scratch.subarray(0, count * top);
  const small = new Float64Array(count * count);
  for (let i = 0; i < count; i++) small.set(t.subarray(i * PANEL, i * PANEL + count), i * count);
  gemm(false, true, count, top, length, 1, h, vRows + top, n, h, top, n, 0, product, 0, top);
  gemm(true, false, count, top, count, 1, small, 0, count, product, 0, top, 0, h, yRows, n);
  gemm(true, false, n, n - end, count, -1, h, yRows, n, h, vRows + end, n, 1, h, end, n);
  if (end > top) gemm(true, false, top, end - top, count, -1, h, yRows, n, h, vRows + top, n, 1, h, top, n);
  const block = { count, length, v: h, offset: vRows + top, stride: n, t: small };
  applyLeft(block, true, n - end, h, top * n + end, n, scratch);
}

/** Qᵀ into the n x n block q of zeros that lies in one memory with `scratch`. */
export function formTransposedQ(
  n: number,
  { v, tau }: HessenbergReflectors,
  q: Float64Array,
  scratch: Float64Array,
): void {
  for (let i = 0; i < n; i++) q[i * (n + 1)] = 1;
  const blocks = Math.ceil(tau.length / Q_PANEL);
  // (H₁ H₂ …)ᵀ from the last block to the first; before block b rows and columns up to its start are those of I.
  for (let b = blocks - 1; b >= 0; b--) {
    const start = b * Q_PANEL;
    const count = Math.min(Q_PANEL, tau.length - start);
    const first = start + 1;
    const size = n - first;
    const block = blockReflector(v, count, size, tau.subarray(start, start + count), start * n + first, n);
    applyRight(block, true, size, q, first * n + first, n, scratch);
  }
}
