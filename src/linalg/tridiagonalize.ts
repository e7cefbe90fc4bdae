import { dot, gemmLower, gemv, symv } from "../routines/index.js";
import { applyRight, blockReflector, makeReflector, scratchLength } from "./reflectors.js";
import { borrowStore, releaseStore } from "./stores.js";

const PANEL = 24; // reflectors gathered before one rank-48 update
const BACK_PANEL = 128; // reflectors per block of the back-transformation

/** A = Q T Qᵀ with Q kept as reflectors. */
export interface Tridiagonalization {
  /** Order. */
  readonly n: number;
  /** Diagonal of T. */
  readonly diagonal: Float64Array;
  /** n entries, T[i][i + 1]; the last one is 0. */
  readonly offDiagonal: Float64Array;
  /** Row i holds the reflector that cleared row i of A, its i entries ending in an implied 1. */
  readonly reflectors: Float64Array;
  /** τ of each reflector. */
  readonly tau: Float64Array;
}

/** Room for an n x n matrix, to be filled by the caller, and for the panels of its reduction behind it; not zeroed. */
export function reductionStore(n: number): Float64Array {
  return borrowStore(n + 4 * PANEL + 1, n);
}

/** Takes it back when nothing refers to it any more. */
export function releaseReduction(n: number, store: Float64Array): void {
  releaseStore(store, n + 4 * PANEL + 1, n);
}

/**
 * Reduces a symmetric matrix to tridiagonal form by blocked Householder similarity, in place: `a` comes from
 * {@link reductionStore}.
 *
 * Rows are cleared from the bottom: row i of the lower triangle is contiguous, and the part still to be reduced is
 * always the leading block, so symv reads aligned rows. The two-sided update of a panel is postponed and done as one
 * rank-2·24 product on the lower triangle. [dongarra1989]
 */
export function tridiagonalize(n: number, a: Float64Array): Tridiagonalization {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const tau = new Float64Array(n);
  // All in one array, so that in WebAssembly memory nothing is copied between them.
  const left = n * n; // 2 · PANEL rows v₀, w₀, v₁, w₁, … of the panel
  const right = left + 2 * PANEL * n; // 2 · PANEL rows w₀, v₀, w₁, v₁, …: A −= leftᵀ right
  const w = right + 2 * PANEL * n; // n entries, τ (A v − corrections)
  const weights = new Float64Array(2 * PANEL); // coefficients of the postponed updates
  let end = n; // rows >= end are done
  while (end > 0) {
    const count = Math.min(PANEL, end);
    for (let c = 0; c < count; c++) {
      const i = end - 1 - c;
      const row = i * n;
      // Bring row i up to date: a_i −= Σ left[k][i] right[k].
      if (c > 0) {
        for (let k = 0; k < 2 * c; k++) weights[k] = a[left + k * n + i];
        gemv(true, 2 * c, i + 1, -1, a, right, n, weights, 0, 1, 1, a, row, 1);
      }
      diagonal[i] = a[row + i];
      if (i === 0) break;
      tau[i] = makeReversedReflector(a, row, i);
      offDiagonal[i - 1] = a[row + i - 1];
      a[row + i - 1] = 1;
      const vRow = left + 2 * c * n; // and w in the row after it
      const wRow = right + 2 * c * n; // and v in the row after it
      if (tau[i] === 0) {
        a.fill(0, vRow, vRow + 2 * n);
        a.fill(0, wRow, wRow + 2 * n);
        continue;
      }
      symv(i, tau[i], a, 0, n, a, row, 0, a, w);
      if (c > 0) {
        gemv(false, 2 * c, i, tau[i], a, right, n, a, row, 1, 0, weights, 0, 1);
        gemv(true, 2 * c, i, -1, a, left, n, weights, 0, 1, 1, a, w, 1);
      }
      const half = 0.5 * tau[i] * dot(i, a, w, 1, a, row, 1);
      for (let j = 0; j < i; j++) {
        const vj = a[row + j];
        const wj = a[w + j] - half * vj;
        a[vRow + j] = vj;
        a[vRow + n + j] = wj;
        a[wRow + j] = wj;
        a[wRow + n + j] = vj;
      }
    }
    end -= count;
    gemmLower(true, false, end, 2 * count, -1, a, left, n, a, right, n, a, 0, n);
  }
  return { n, diagonal, offDiagonal, reflectors: a, tau };
}

/** As makeReflector, but the pivot is the last entry: x becomes (v₀, …, v_{length−2}, β). */
function makeReversedReflector(x: Float64Array, offset: number, length: number): number {
  const last = offset + length - 1;
  const alpha = x[last];
  // Reuse of the forward routine: the pivot is moved to the front, the order of the others does not matter to it.
  x[last] = x[offset];
  x[offset] = alpha;
  const tau = makeReflector(x, offset, length);
  const beta = x[offset];
  x[offset] = x[last];
  x[last] = beta;
  return tau;
}

/**
 * Turns eigenvectors of T into eigenvectors of A: `rows` is count x n, one vector z per row, replaced by Q z. `scratch`
 * is room in the memory of resident rows.
 *
 * Q = H_{n−1} … H₁, so as rows zᵀ H₁ H₂ … H_{n−1}: blocks of reflectors in ascending order, applied from the right.
 */
export function backTransform(
  reduction: Tridiagonalization,
  count: number,
  rows: Float64Array,
  scratch: Float64Array | null,
): void {
  const { n, reflectors, tau } = reduction;
  const enough = scratch !== null && scratch.length >= scratchLength(Math.min(BACK_PANEL, n), n, count);
  for (let start = 1; start < n; start += BACK_PANEL) {
    const stop = Math.min(n, start + BACK_PANEL);
    const length = stop - 1; // reflector stop − 1, the longest one, has stop − 1 entries
    const width = stop - start;
    const v = new Float64Array(width * length);
    for (let i = start; i < stop; i++) v.set(reflectors.subarray(i * n, i * n + i), (i - start) * length);
    const block = blockReflector(v, width, length, tau.subarray(start, stop));
    applyRight(block, false, count, rows, 0, n, enough ? scratch : undefined);
  }
}
