import type { Matrix } from "../core/index.js";
import { axpy, dot } from "../routines/index.js";
import {
  type BlockReflector,
  applyLeft,
  applyRight,
  blockReflector,
  makeReflector,
  scratchLength,
} from "./reflectors.js";
import { borrowStore, releaseStore } from "./stores.js";

const PANEL = 48; // columns per block of Q: the depth of the large products
const STRIP = 8; // columns factored by vector operations before the rest of the panel is updated by products

/** A = H₁ H₂ … [R; 0] with the reflectors kept in blocks. */
export interface HouseholderQr {
  /** Rows of A. */
  readonly rows: number;
  /** Columns of A. */
  readonly cols: number;
  /** One block per panel; block b acts on rows start … rows − 1. */
  readonly blocks: readonly { readonly start: number; readonly block: BlockReflector }[];
  /** The factored array, rows x cols: R in its upper triangle, zeros below. */
  readonly r: Float64Array;
  /** Gives the memory of `r` back, which may not be used afterwards. */
  readonly release?: () => void;
}

/** Factors a copy of A by blocked Householder reflections. */
export function householderQr(A: Matrix): HouseholderQr {
  const { rows, cols } = A;
  const { store, scratch, release } = borrowWithScratch(rows, cols);
  store.set(A.data);
  const data = store.subarray(0, rows * cols);
  const count = Math.min(rows, cols);
  const blocks: { start: number; block: BlockReflector }[] = [];
  for (let start = 0; start < count; start += PANEL) {
    const width = Math.min(PANEL, count - start);
    const block = factorPanel(data, rows, cols, start, width);
    blocks.push({ start, block });
    const rest = start + width;
    applyLeft(block, true, cols - rest, data, start * cols + rest, cols, scratch);
  }
  return { rows, cols, blocks, r: data, release };
}

/** A rows x cols store with room for the products of one block behind it. */
function borrowWithScratch(
  rows: number,
  cols: number,
): { store: Float64Array; scratch: Float64Array; release: () => void } {
  const height = rows + Math.ceil(scratchLength(PANEL, rows, cols) / Math.max(1, cols));
  const store = borrowStore(height, cols);
  return { store, scratch: store.subarray(rows * cols), release: () => releaseStore(store, height, cols) };
}

/** Factors columns start … start + width − 1 in transposed storage, writes R back and returns the block. */
function factorPanel(data: Float64Array, rows: number, cols: number, start: number, width: number): BlockReflector {
  const length = rows - start;
  const panel = new Float64Array(width * length); // the panel transposed: column c of A is row c
  const tau = new Float64Array(width);
  for (let i = 0; i < length; i++) {
    const from = (start + i) * cols + start;
    for (let c = 0; c < width; c++) panel[c * length + i] = data[from + c];
  }
  const v = new Float64Array(width * length); // reflectors with explicit zeros and ones
  for (let first = 0; first < width; first += STRIP) {
    const count = Math.min(STRIP, width - first);
    factorStrip(panel, length, first, count, tau);
    for (let c = first; c < first + count; c++) {
      v.set(panel.subarray(c * length + c + 1, (c + 1) * length), c * length + c + 1);
      v[c * length + c] = 1;
    }
    const rest = first + count;
    if (rest === width) break;
    // A column x becomes (H₁ … H_k)ᵀ x; as a row, xᵀ H₁ … H_k.
    const strip = blockReflector(v, count, length - first, tau.subarray(first, rest), first * length + first, length);
    applyRight(strip, false, width - rest, panel, rest * length + first, length);
  }
  for (let i = 0; i < length; i++) {
    const to = (start + i) * cols + start;
    for (let c = 0; c < width; c++) data[to + c] = i <= c ? panel[c * length + i] : 0;
  }
  return blockReflector(v, width, length, tau);
}

/** Reflectors of rows first … first + count − 1 of the transposed panel, applied within these rows only. */
function factorStrip(panel: Float64Array, length: number, first: number, count: number, tau: Float64Array): void {
  for (let c = first; c < first + count; c++) {
    const v = c * length + c;
    const size = length - c;
    tau[c] = makeReflector(panel, v, size);
    if (tau[c] === 0) continue;
    const beta = panel[v];
    panel[v] = 1;
    for (let later = c + 1; later < first + count; later++) {
      const x = later * length + c;
      axpy(size, -tau[c] * dot(size, panel, v, 1, panel, x, 1), panel, v, 1, panel, x, 1);
    }
    panel[v] = beta;
  }
}

/** C <- Q C, or Qᵀ C: C is rows x n with row stride n. */
export function applyQ(factor: HouseholderQr, transpose: boolean, c: Float64Array, n: number): void {
  const { blocks } = factor;
  if (transpose) {
    for (const { start, block } of blocks) applyLeft(block, true, n, c, start * n, n);
  } else {
    for (let b = blocks.length - 1; b >= 0; b--) applyLeft(blocks[b].block, false, n, c, blocks[b].start * n, n);
  }
}

/** The first `width` columns of Q, rows x width. */
export function formQ(factor: HouseholderQr, width: number): Float64Array {
  const { rows, blocks } = factor;
  const { store, scratch, release } = borrowWithScratch(rows, width);
  const q = store.subarray(0, rows * width).fill(0);
  for (let i = 0; i < Math.min(rows, width); i++) q[i * width + i] = 1;
  // Block b touches rows >= start, and in those rows only columns >= start are not yet zero.
  for (let b = blocks.length - 1; b >= 0; b--) {
    const { start, block } = blocks[b];
    if (start < width) applyLeft(block, false, width - start, q, start * width + start, width, scratch);
  }
  const result = q.slice();
  release();
  return result;
}
