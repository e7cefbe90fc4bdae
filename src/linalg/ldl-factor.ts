import { gemmLower, gemv } from "../routines/index.js";

/** (1 + √17)/8: balances the growth of 1 x 1 and 2 x 2 pivots. [bunch1977] */
const GROWTH = (1 + Math.sqrt(17)) / 8;
const PANEL = 48; // columns eliminated between two trailing updates

/** Rows of length n that the factorisation needs behind the matrix. */
export const LDL_EXTRA_ROWS: number = 2 * PANEL;

/** P A Pᵀ = U D Uᵀ, U unit upper triangular. */
export interface PackedLdl {
  /** n x n: row k holds column k of U above the diagonal, and the diagonal of D on it. */
  readonly a: Float64Array;
  /** n entries: D[k − 1][k], not zero inside the 2 x 2 blocks only. */
  readonly offDiagonal: Float64Array;
  /** Row i of P A is row permutation[i] of A. */
  readonly permutation: Uint32Array;
}

/** What one panel passes between its steps. */
interface Panel {
  readonly n: number;
  readonly a: Float64Array;
  readonly offDiagonal: Float64Array;
  /** Row k was exchanged with row exchanges[k] when pivot k was chosen; of a 2 x 2 block with rows k and k − 1 the second. */
  readonly exchanges: Uint32Array;
  /** Index of the columns of U of this panel, as rows. */
  readonly left: number;
  /** Index of the columns of U D. */
  readonly right: number;
}

/**
 * Bunch–Kaufman factorisation of the lower triangle of `a`, an n x n matrix with LDL_EXTRA_ROWS rows of room behind it.
 *
 * From the last row upwards: what would be column k is row k of the lower triangle, contiguous, and what is still to do
 * is the leading block. A column is brought up to date only when it is looked at; the rest of the matrix gets the whole
 * panel in one product. Exchanges are applied to earlier columns of U at the end, row by row.
 */
export function factorLdl(n: number, a: Float64Array): PackedLdl {
  const offDiagonal = new Float64Array(n);
  const exchanges = Uint32Array.from({ length: n }, (_, i) => i);
  const panel = { n, a, offDiagonal, exchanges, left: n * n, right: n * (n + PANEL) };
  const firstRow = new Uint32Array(n); // of the panel that row k belongs to: later exchanges are those below it
  for (let end = n; end > 0;) {
    const count = eliminatePanel(panel, end);
    firstRow.fill(end - count, end - count, end);
    end -= count;
    gemmLower(true, false, end, count, -1, a, panel.left, n, a, panel.right, n, a, 0, n);
  }
  for (let k = n - 1; k > 0; k--) {
    const row = k * n;
    for (let j = firstRow[k] - 1; j > 0; j--) {
      const other = exchanges[j];
      if (other === j) continue;
      const entry = a[row + j];
      a[row + j] = a[row + other];
      a[row + other] = entry;
    }
  }
  const permutation = Uint32Array.from({ length: n }, (_, i) => i);
  for (let k = n - 1; k > 0; k--) {
    const index = permutation[k];
    permutation[k] = permutation[exchanges[k]];
    permutation[exchanges[k]] = index;
  }
  return { a, offDiagonal, permutation };
}

/** Eliminates rows end − 1, end − 2, …, as many as fit; returns how many. */
function eliminatePanel(panel: Panel, end: number): number {
  const { n, a, left, right } = panel;
  let c = 0; // columns done
  while (c < end && (c < PANEL - 1 || end <= PANEL)) {
    const k = end - 1 - c;
    const column = right + c * n;
    update(panel, c, k, k);
    const diagonal = Math.abs(a[column + k]);
    const r = largestBefore(a, column, k);
    const lambda = r === k ? 0 : Math.abs(a[column + r]);
    let size = 1;
    let pivot = k;
    if (lambda > 0 && diagonal < GROWTH * lambda) {
      update(panel, c + 1, k, r, c);
      const other = column + n;
      const above = largestBefore(a, other, r);
      let sigma = above === r ? 0 : Math.abs(a[other + above]);
      for (let j = r + 1; j <= k; j++) sigma = Math.max(sigma, Math.abs(a[other + j]));
      if (diagonal * sigma < GROWTH * lambda * lambda) {
        pivot = r;
        if (Math.abs(a[other + r]) >= GROWTH * sigma) a.copyWithin(column, other, other + k + 1);
        else size = 2;
      }
    }
    const target = k - size + 1;
    if (pivot !== target) exchange(panel, c + size, target, pivot);
    if (size === 1) divideByPivot(panel, c, k);
    else divideByBlock(panel, c, k);
    c += size;
  }
  for (let p = 0; p < c; p++) {
    const k = end - 1 - p;
    a.copyWithin(k * n, left + p * n, left + p * n + k);
    a[k * n + k] = a[right + p * n + k];
  }
  return c;
}

/** Row `slot` of U D receives column r of the rest of the matrix (order k + 1), with the first `done` columns of the panel subtracted. */
function update({ n, a, left, right }: Panel, slot: number, k: number, r: number, done: number = slot): void {
  const to = right + slot * n;
  a.copyWithin(to, r * n, r * n + r + 1);
  for (let j = r + 1, from = j * n + r; j <= k; j++, from += n) a[to + j] = a[from];
  if (done > 0) gemv(true, done, k + 1, -1, a, left, n, a, right + r, n, 1, a, to, 1);
}

/** Index of the largest modulus among the first k entries, the last of equals; k when all are zero. */
function largestBefore(a: Float64Array, at: number, k: number): number {
  let largest = 0;
  let index = k;
  for (let j = k - 1; j >= 0; j--) {
    const modulus = Math.abs(a[at + j]);
    if (modulus > largest) {
      largest = modulus;
      index = j;
    }
  }
  return index;
}

/**
 * Exchanges rows and columns p < t of what is left. Column t itself is up to date in the panel, so only its old values
 * move to the place of column p; the first `count` columns of the panel are exchanged entry by entry.
 */
function exchange({ n, a, exchanges, left, right }: Panel, count: number, t: number, p: number): void {
  exchanges[t] = p;
  a.copyWithin(p * n, t * n, t * n + p);
  a[p * n + p] = a[t * n + t];
  for (let j = p + 1, to = j * n + p; j < t; j++, to += n) a[to] = a[t * n + j];
  for (let c = 0; c < count; c++) {
    for (const at of [left + c * n, right + c * n]) {
      const entry = a[at + t];
      a[at + t] = a[at + p];
      a[at + p] = entry;
    }
  }
}

function divideByPivot({ n, a, left, right }: Panel, c: number, k: number): void {
  const from = right + c * n;
  const to = left + c * n;
  const pivot = a[from + k];
  if (pivot === 0) a.fill(0, to, to + k);
  else for (let j = 0; j < k; j++) a[to + j] = a[from + j] / pivot;
  a[to + k] = 1;
}

/** Columns k and k − 1 of U from those of U D. */
function divideByBlock({ n, a, offDiagonal, left, right }: Panel, c: number, k: number): void {
  const first = right + c * n;
  const second = first + n;
  const d21 = a[first + k - 1];
  offDiagonal[k] = d21;
  // Solve with the 2 x 2 block divided by d21: no overflow in the determinant.
  const p = a[second + k - 1] / d21;
  const q = a[first + k] / d21;
  const t = 1 / (q * p - 1) / d21;
  const to = left + c * n;
  for (let j = 0; j < k - 1; j++) {
    const x = a[first + j];
    const y = a[second + j];
    a[to + j] = t * (p * x - y);
    a[to + n + j] = t * (q * y - x);
  }
  a[to + k - 1] = 0;
  a[to + k] = 1;
  a[to + n + k - 1] = 1;
  a[to + n + k] = 0;
}
