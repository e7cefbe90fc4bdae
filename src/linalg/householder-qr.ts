import { copyMatrix, type Matrix } from "../core/index.js";
import { type BlockReflector, applyLeft, blockReflector, makeReflector } from "./reflectors.js";

const PANEL = 32; // columns per block: large enough for GEMM, small enough for the panel to stay in L1/L2

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
}

/** Factors a copy of A by blocked Householder reflections. */
export function householderQr(A: Matrix): HouseholderQr {
  const { rows, cols, data } = copyMatrix(A);
  const count = Math.min(rows, cols);
  const blocks: { start: number; block: BlockReflector }[] = [];
  for (let start = 0; start < count; start += PANEL) {
    const width = Math.min(PANEL, count - start);
    const block = factorPanel(data, rows, cols, start, width);
    blocks.push({ start, block });
    const rest = start + width;
    applyLeft(block, true, cols - rest, data, start * cols + rest, cols);
  }
  return { rows, cols, blocks, r: data };
}

/** Factors columns start … start + width − 1 in transposed storage, writes R back and returns the block. */
function factorPanel(data: Float64Array, rows: number, cols: number, start: number, width: number): BlockReflector {
  const length = rows - start;
  const v = new Float64Array(width * length); // the panel transposed: column c of A is row c
  const tau = new Float64Array(width);
  for (let i = 0; i < length; i++) {
    const from = (start + i) * cols + start;
    for (let c = 0; c < width; c++) v[c * length + i] = data[from + c];
  }
  for (let c = 0; c < width; c++) {
    const at = c * length + c;
    tau[c] = makeReflector(v, at, length - c);
    if (tau[c] === 0) continue;
    for (let later = c + 1; later < width; later++) {
      const target = later * length + c;
      let sum = v[target];
      for (let i = 1; i < length - c; i++) sum += v[at + i] * v[target + i];
      sum *= tau[c];
      v[target] -= sum;
      for (let i = 1; i < length - c; i++) v[target + i] -= sum * v[at + i];
    }
  }
  for (let c = 0; c < width; c++) {
    for (let i = 0; i < length; i++) data[(start + i) * cols + start + c] = i <= c ? v[c * length + i] : 0;
    v.fill(0, c * length, c * length + c);
    v[c * length + c] = 1;
  }
  return blockReflector(v, width, length, tau);
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
  const q = new Float64Array(rows * width);
  for (let i = 0; i < Math.min(rows, width); i++) q[i * width + i] = 1;
  // Block b touches rows >= start, and in those rows only columns >= start are not yet zero.
  for (let b = blocks.length - 1; b >= 0; b--) {
    const { start, block } = blocks[b];
    if (start < width) applyLeft(block, false, width - start, q, start * width + start, width);
  }
  return q;
}
