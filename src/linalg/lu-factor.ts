import { gemm, gemv, trsm, trsv } from "../routines/index.js";
import { allFinite, eliminationScale, largestModulus, overflow } from "./input.js";
import { inTheNameOf } from "./named.js";
import { borrowStore, releaseStore } from "./stores.js";

/** Columns of the narrowest panel: it is factored in transposed storage, where a column is contiguous. */
const BASE = 16;
/** Rows of a triangular system with one right-hand side that are solved by substitution between two products. */
const VECTOR_BLOCK = 32;

/** L and U packed in one array, with the row exchanges. */
export interface PackedLu {
  /** n x n: U on and above the diagonal, L below it. */
  readonly data: Float64Array;
  /** Row i of P A is row permutation[i] of A. */
  readonly permutation: Uint32Array;
  /** Determinant of P. */
  readonly sign: 1 | -1;
  /** Index of the first zero pivot, or null. */
  readonly singularAt: number | null;
  /** Gives the memory of `data` back, which may not be used afterwards. */
  readonly release: () => void;
}

/** What the recursion passes down. */
interface Elimination {
  readonly n: number;
  readonly a: Float64Array;
  /** Index of the transposed panel, BASE x n, behind the matrix. */
  readonly panel: number;
  /** Index of the row that the pivot of column j came from. */
  readonly pivots: Uint32Array;
  /** First zero pivot, or n. */
  singularAt: number;
}

/**
 * Elimination with partial pivoting of `scale` times the matrix `source`, which is copied.
 *
 * The columns are halved recursively, also within what would be the panel of a blocked method: left half, triangular
 * solve, product, right half. Products are then as deep as they are wide at every level, and the n² BASE / 2 operations
 * that remain run along columns stored contiguously. [toledo1997]
 */
export function factorLu(n: number, source: Float64Array, scale = 1): PackedLu {
  const height = n + BASE;
  const store = borrowStore(height, n);
  store.set(source);
  if (scale !== 1) for (let i = 0; i < n * n; i++) store[i] *= scale;
  const work: Elimination = { n, a: store, panel: n * n, pivots: new Uint32Array(n), singularAt: n };
  eliminate(work, 0, n);
  const permutation = Uint32Array.from({ length: n }, (_, i) => i);
  let sign: 1 | -1 = 1;
  for (let j = 0; j < n; j++) {
    const from = work.pivots[j];
    if (from === j) continue;
    const index = permutation[j];
    permutation[j] = permutation[from];
    permutation[from] = index;
    sign = sign === 1 ? -1 : 1;
  }
  const singularAt = work.singularAt === n ? null : work.singularAt;
  const release = (): void => releaseStore(store, height, n);
  return { data: store.subarray(0, n * n), permutation, sign, singularAt, release };
}

/**
 * The factors of the matrix times a power of two, see {@link eliminationScale}. Elements may grow by 2^(n − 1): where they
 * overflow, the matrix is scaled down and factored again.
 */
export function factorScaled(n: number, source: Float64Array, caller: string): { packed: PackedLu; scale: number } {
  const base = eliminationScale(largestModulus(source));
  for (const lowering of [1, 2 ** -64, 2 ** -1000]) {
    const scale = base * lowering;
    const packed = inTheNameOf(caller, () => factorLu(n, source, scale));
    if (allFinite(packed.data)) return { packed, scale };
    packed.release();
  }
  throw overflow("the elimination", caller);
}

/** Factors columns start … start + width − 1 in rows >= start; exchanges go through whole rows. */
function eliminate(work: Elimination, start: number, width: number): void {
  if (width <= BASE) {
    eliminatePanel(work, start, width);
    return;
  }
  const { n, a } = work;
  const half = width <= 2 * BASE ? BASE : Math.round(width / (2 * BASE)) * BASE;
  const rest = width - half;
  eliminate(work, start, half);
  const corner = start * n + start;
  const below = corner + half * n;
  trsm("left", "lower", false, true, half, rest, 1, a, corner, n, a, corner + half, n);
  gemm(false, false, n - start - half, rest, half, -1, a, below, n, a, corner + half, n, 1, a, below + half, n);
  eliminate(work, start + half, rest);
}

/** The narrowest panel, column by column: everything left of a column is subtracted when its turn comes. */
function eliminatePanel(work: Elimination, start: number, width: number): void {
  const { n, a, panel, pivots } = work;
  const length = n - start;
  for (let i = 0, from = start * n + start; i < length; i++, from += n) {
    for (let c = 0, to = panel + i; c < width; c++, to += length) a[to] = a[from + c];
  }
  for (let c = 0; c < width; c++) {
    const column = panel + c * length;
    for (let i = 1; i < c; i++) {
      let entry = a[column + i];
      for (let k = 0; k < i; k++) entry -= a[panel + k * length + i] * a[column + k];
      a[column + i] = entry;
    }
    if (c > 0) gemv(true, c, length - c, -1, a, panel + c, length, a, column, 1, 1, a, column + c, 1);
    let pivotRow = c;
    let largest = 0;
    for (let i = c; i < length; i++) {
      const modulus = Math.abs(a[column + i]);
      if (modulus > largest) {
        largest = modulus;
        pivotRow = i;
      }
    }
    pivots[start + c] = start + pivotRow;
    if (pivotRow !== c) {
      for (let k = 0, at = panel; k < width; k++, at += length) {
        const entry = a[at + c];
        a[at + c] = a[at + pivotRow];
        a[at + pivotRow] = entry;
      }
    }
    const pivot = a[column + c];
    if (pivot === 0) {
      work.singularAt = Math.min(work.singularAt, start + c);
      continue;
    }
    for (let i = column + c + 1; i < column + length; i++) a[i] /= pivot;
  }
  for (let c = 0; c < width; c++) exchangeRows(n, a, start + c, pivots[start + c]);
  for (let i = 0, to = start * n + start; i < length; i++, to += n) {
    for (let c = 0, from = panel + i; c < width; c++, from += length) a[to + c] = a[from];
  }
}

/** Whole rows at once: rows are contiguous, so this costs no more than a later permutation of the columns left out. */
function exchangeRows(n: number, a: Float64Array, i: number, j: number): void {
  if (i === j) return;
  const row = a.slice(i * n, (i + 1) * n);
  a.copyWithin(i * n, j * n, (j + 1) * n);
  a.set(row, j * n);
}

/** B <- A⁻¹ B (or A⁻ᵀ B) with packed factors; B is n x m. */
export function solvePacked(packed: PackedLu, n: number, b: Float64Array, m: number, transposed = false): void {
  const { data, permutation } = packed;
  if (m === 1) {
    solveVector(packed, n, b, transposed);
    return;
  }
  const x = borrowStore(n, m);
  if (transposed) {
    x.set(b);
    trsm("left", "upper", true, false, n, m, 1, data, 0, n, x, 0, m);
    trsm("left", "lower", true, true, n, m, 1, data, 0, n, x, 0, m);
    for (let i = 0; i < n; i++) b.set(x.subarray(i * m, (i + 1) * m), permutation[i] * m);
  } else {
    for (let i = 0; i < n; i++) x.set(b.subarray(permutation[i] * m, (permutation[i] + 1) * m), i * m);
    trsm("left", "lower", false, true, n, m, 1, data, 0, n, x, 0, m);
    trsm("left", "upper", false, false, n, m, 1, data, 0, n, x, 0, m);
    b.set(x.subarray(0, n * m));
  }
  releaseStore(x, n, m);
}

/** One right-hand side: substitution in blocks, and one matrix–vector product per block for all the rest. */
function solveVector({ data, permutation }: PackedLu, n: number, b: Float64Array, transposed: boolean): void {
  const source = b.slice();
  if (!transposed) for (let i = 0; i < n; i++) b[i] = source[permutation[i]];
  for (const triangle of transposed ? (["upper", "lower"] as const) : (["lower", "upper"] as const)) {
    const unit = triangle === "lower";
    const forward = unit !== transposed;
    const blocks = Math.ceil(n / VECTOR_BLOCK);
    for (let count = 0; count < blocks; count++) {
      const start = (forward ? count : blocks - 1 - count) * VECTOR_BLOCK;
      const width = Math.min(VECTOR_BLOCK, n - start);
      const from = forward ? 0 : start + width; // what is solved already
      const known = forward ? start : n - from;
      const at = transposed ? from * n + start : start * n + from;
      const [rows, cols] = transposed ? [known, width] : [width, known];
      gemv(transposed, rows, cols, -1, data, at, n, b, from, 1, 1, b, start, 1);
      trsv(triangle, transposed, unit, width, data, start * n + start, n, b, start, 1);
    }
  }
  if (!transposed) return;
  source.set(b);
  for (let i = 0; i < n; i++) b[permutation[i]] = source[i];
}
