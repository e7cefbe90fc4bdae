import { axpy, dot, gemm, gemmLower, gemv, symvRows } from "../routines/index.js";
import { blockReflector, makeReflector } from "./reflectors.js";
import { borrowStore, releaseStore } from "./stores.js";
import { ALONE, type Team, shareOf } from "./worker-team.js";

const PANEL = 24; // reflectors gathered before one rank-48 update
const BACK_PANEL = 64; // reflectors per block of the back-transformation: 128 would multiply a tenth more zeros
const PARTS = 4; // pieces of a product with the matrix, whatever the number of threads
const UNDIVIDED = 256; // below this order the product is one piece

const ONES = new Float64Array(PARTS).fill(1);

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

/** Rows of n numbers: the matrix; panels and two vectors of each thread; two sets of pieces of a product. */
function storeHeight(n: number, threads: number): number {
  return n + (4 * PANEL + 2) * threads + 2 * (PARTS + 1);
}

/** Numbers that a store shared by a team must hold. */
export function reductionLength(n: number, threads: number): number {
  return storeHeight(n, threads) * n;
}

/** Room for an n x n matrix, to be filled by the caller, and for the panels of its reduction behind it; not zeroed. */
export function reductionStore(n: number): Float64Array {
  return borrowStore(storeHeight(n, 1), n);
}

/** Takes it back when nothing refers to it any more. */
export function releaseReduction(n: number, store: Float64Array): void {
  releaseStore(store, storeHeight(n, 1), n);
}

/** Bounds of the pieces of a product with the leading block of an order: equal areas below the diagonal, at multiples of 4. */
function pieceBounds(order: number): number[] {
  if (order < UNDIVIDED) return [0, order];
  const bounds = [0];
  for (let p = 1; p < PARTS; p++) bounds.push(4 * Math.round((order / 4) * Math.sqrt(p / PARTS)));
  bounds.push(order);
  return bounds;
}

/**
 * Reduces a symmetric matrix to tridiagonal form by blocked Householder similarity, in place: `a` comes from
 * {@link reductionStore}.
 *
 * Rows are cleared from the bottom: row i of the lower triangle is contiguous, and the part still to be reduced is
 * always the leading block, so symv reads aligned rows. The two-sided update of a panel is postponed and done as one
 * rank-2·24 product on the lower triangle. [dongarra1989]
 *
 * The threads of a `team` share the products with the matrix by pieces that depend on the order alone, and the updates by
 * rows; the panels, which are small, each of them computes for itself. So they meet once per reflector.
 */
export function tridiagonalize(
  n: number,
  a: Float64Array,
  team: Team = ALONE,
  onPanel?: (rowsDone: number) => void,
): Tridiagonalization {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const tau = new Float64Array(n);
  // All in one array, so that in WebAssembly memory nothing is copied between them.
  const left = n * n + (4 * PANEL + 2) * n * team.rank; // 2 · PANEL rows v₀, w₀, v₁, w₁, … of the panel
  const right = left + 2 * PANEL * n; // 2 · PANEL rows w₀, v₀, w₁, v₁, …: A −= leftᵀ right
  const x = right + 2 * PANEL * n; // n entries, the row being cleared
  const w = x + n; // n entries, τ (A v − corrections)
  const pieces = n * n + (4 * PANEL + 2) * n * team.size; // two sets, used in turn, of the pieces and the corrections
  let set = 0; // a thread may be one meeting ahead of another that still reads the pieces of the last product
  const weights = new Float64Array(2 * PANEL); // coefficients of the postponed updates
  let end = n; // rows >= end are done
  while (end > 0) {
    const count = Math.min(PANEL, end);
    for (let c = 0; c < count; c++) {
      const i = end - 1 - c;
      // Bring row i up to date: a_i −= Σ left[k][i] right[k].
      a.copyWithin(x, i * n, i * n + i + 1);
      if (c > 0) {
        for (let k = 0; k < 2 * c; k++) weights[k] = a[left + k * n + i];
        gemv(true, 2 * c, i + 1, -1, a, right, n, weights, 0, 1, 1, a, x, 1);
      }
      diagonal[i] = a[x + i];
      if (i === 0) break;
      tau[i] = makeReversedReflector(a, x, i);
      offDiagonal[i - 1] = a[x + i - 1];
      a[x + i - 1] = 1;
      const vRow = left + 2 * c * n; // and w in the row after it
      const wRow = right + 2 * c * n; // and v in the row after it
      if (tau[i] === 0) {
        a.fill(0, vRow, vRow + 2 * n);
        a.fill(0, wRow, wRow + 2 * n);
        continue;
      }
      // Corrections: w −= left (rightᵀ v), from zero, so that threads may share them too.
      if (c > 0) gemv(false, 2 * c, i, tau[i], a, right, n, a, x, 1, 0, weights, 0, 1);
      multiplyByPieces(n, i, tau[i], a, x, left, 2 * c, weights, pieces + set * (PARTS + 1) * n, w, team);
      set = 1 - set;
      const half = 0.5 * tau[i] * dot(i, a, w, 1, a, x, 1);
      a.copyWithin(vRow, x, x + i);
      a.copyWithin(wRow + n, x, x + i);
      axpy(i, -half, a, x, 1, a, w, 1);
      a.copyWithin(vRow + n, w, w + i);
      a.copyWithin(wRow, w, w + i);
    }
    end -= count;
    team.meet(); // nobody reads rows of the matrix any more
    const first = rowBound(team, end, team.rank);
    const last = rowBound(team, end, team.rank + 1);
    const at = first * n;
    if (first > 0) gemm(true, false, last - first, first, 2 * count, -1, a, left + first, n, a, right, n, 1, a, at, n);
    gemmLower(true, false, last - first, 2 * count, -1, a, left + first, n, a, right + first, n, a, at + first, n);
    if (team.rank === 0) {
      for (let c = 0, i = end + count - 1; c < count && i > 0; c++, i--) {
        a.copyWithin(i * n, left + 2 * c * n, left + 2 * c * n + i);
      }
    }
    team.meet();
    onPanel?.(n - end);
  }
  return { n, diagonal, offDiagonal, reflectors: a, tau };
}

/** Where the rows of a thread begin: equal areas below the diagonal. */
function rowBound(team: Team, end: number, rank: number): number {
  return rank === team.size ? end : Math.min(end, 4 * Math.round((end / 4) * Math.sqrt(rank / team.size)));
}

/** w ← alpha A v − (rows of the panel) · weights, A of order i and v at x; the pieces at `room` are shared by the team. */
function multiplyByPieces(
  n: number,
  i: number,
  alpha: number,
  a: Float64Array,
  x: number,
  panel: number,
  panelRows: number,
  weights: Float64Array,
  room: number,
  w: number,
  team: Team,
): void {
  const bounds = pieceBounds(i);
  const count = bounds.length - 1;
  if (count === 1) {
    // A small product costs less than a meeting: every thread does it alone.
    a.fill(0, w, w + i);
    symvRows(0, i, alpha, a, 0, n, a, x, a, w);
    gemv(true, panelRows, i, -1, a, panel, n, weights, 0, 1, 1, a, w, 1);
    return;
  }
  for (let p = 0; p < count; p++) {
    if (Math.floor((p * team.size) / count) !== team.rank) continue;
    const at = room + p * n;
    a.fill(0, at, at + i);
    symvRows(bounds[p], bounds[p + 1], alpha, a, 0, n, a, x, a, at);
  }
  // One thread has the corrections where they are wanted; a team gathers them.
  const [from, to] = shareOf(team, i, 4);
  const corrections = team.size === 1 ? w : room + PARTS * n;
  a.fill(0, corrections + from, corrections + to);
  gemv(true, panelRows, to - from, -1, a, panel + from, n, weights, 0, 1, 1, a, corrections + from, 1);
  team.meet();
  if (team.size > 1) a.copyWithin(w, corrections, corrections + i);
  // w_j ← w_j + ((piece₀ + piece₁) + (piece₂ + piece₃)), whoever computed them.
  gemv(true, PARTS, i, 1, a, room, n, ONES, 0, 1, 1, a, w, 1);
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
 * is room in the memory of resident rows, shared by the threads of a team, who share the rows.
 *
 * Q = H_{n−1} … H₁, so as rows zᵀ H₁ H₂ … H_{n−1}: blocks I − Vᵀ (T V) of reflectors in ascending order, applied from the right.
 */
export function backTransform(
  reduction: Tridiagonalization,
  count: number,
  rows: Float64Array,
  scratch: Float64Array | null,
  team: Team = ALONE,
): void {
  const { n, reflectors, tau } = reduction;
  const width = Math.min(BACK_PANEL, Math.max(1, n - 1));
  const blocks = Math.ceil((n - 1) / width);
  let needed = 0;
  for (let b = 0; b < blocks; b++) needed += 2 * width * Math.min(n - 1, (b + 1) * width);
  needed += width * count;
  const enough = scratch !== null && scratch.length >= needed;
  const room = enough ? scratch : new Float64Array(needed);
  let at = width * count;
  const places = Array.from({ length: blocks }, (_, b) => {
    const length = Math.min(n - 1, (b + 1) * width); // the longest reflector of the block has that many entries
    const start = 1 + b * width;
    const height = Math.min(width, n - start);
    const place = { start, height, length, v: at, tv: at + height * length };
    at += 2 * height * length;
    return place;
  });
  // The blocks are made by all threads together, or by each for itself where there is no room for that.
  for (let b = enough ? team.rank : 0; b < blocks; b += enough ? team.size : 1) {
    const { start, height, length, v, tv } = places[b];
    room.fill(0, v, v + height * length);
    for (let i = start; i < start + height; i++) {
      room.set(reflectors.subarray(i * n, i * n + i), v + (i - start) * length);
    }
    const { t } = blockReflector(room, height, length, tau.subarray(start, start + height), v, length);
    gemm(false, false, height, length, height, 1, t, 0, height, room, v, length, 0, room, tv, length);
  }
  team.meet();
  const [first, last] = shareOf(team, count, 4);
  for (const { height, length, v, tv } of places) {
    const product = first * width;
    gemm(false, true, last - first, height, length, 1, rows, first * n, n, room, v, length, 0, room, product, height);
    gemm(
      false,
      false,
      last - first,
      length,
      height,
      -1,
      room,
      product,
      height,
      room,
      tv,
      length,
      1,
      rows,
      first * n,
      n,
    );
  }
}
