import { gemm, syrk } from "../routines/index.js";
import { norm2 } from "./input.js";
import { length2 } from "./scalar.js";

/**
 * Householder reflectors H = I − τ v vᵀ in compact WY form. Vectors are stored as rows: v contiguous is what both the
 * generation (dot, axpy) and the packing of GEMM want.
 */
export interface BlockReflector {
  /** Number of reflectors. */
  readonly count: number;
  /** Length of each vector. */
  readonly length: number;
  /** Storage of V, count x length with explicit zeros and ones. */
  readonly v: Float64Array;
  /** Index of the first entry of V. */
  readonly offset: number;
  /** Distance of the rows of V. */
  readonly stride: number;
  /** count x count upper triangular T with H₁ H₂ … = I − Vᵀ T V. */
  readonly t: Float64Array;
}

/** Vectors shorter than this are multiplied by LIFT before a reflector is made of them. */
const TINY = 1e-280;
const LIFT = 2 ** 600;

/**
 * Makes the reflector that maps x to (β, 0, …, 0), β of the sign opposite to x₀ so that x₀ − β does not cancel.
 * On return x holds β, v₁, v₂, … with v₀ = 1 implied. Returns τ; 0 means H = I.
 */
export function makeReflector(x: Float64Array, offset: number, length: number): number {
  if (length <= 1) return 0;
  const tail = norm2(x, offset + 1, length - 1);
  if (tail === 0) return 0;
  const alpha = x[offset];
  const norm = length2(alpha, tail);
  if (norm < TINY) {
    // Near the subnormal numbers norm and quotients have few digits, and H would not be orthogonal.
    for (let i = offset; i < offset + length; i++) x[i] *= LIFT;
    const tau = makeReflector(x, offset, length);
    x[offset] /= LIFT;
    return tau;
  }
  const beta = alpha > 0 ? -norm : norm;
  const pivot = alpha - beta;
  // Division, not a reciprocal: 1/pivot overflows for subnormal columns.
  for (let i = offset + 1; i < offset + length; i++) x[i] /= pivot;
  x[offset] = beta;
  return (beta - alpha) / beta;
}

/** Builds T of the compact WY form from the rows of V and the τ (forward order). */
export function blockReflector(
  v: Float64Array,
  count: number,
  length: number,
  tau: Float64Array,
  offset = 0,
  stride: number = length,
): BlockReflector {
  const t = new Float64Array(count * count);
  const gram = new Float64Array(count * count); // V Vᵀ, one GEMM instead of count² / 2 dots
  if (count > 1) syrk(count, length, 1, v, offset, stride, 0, gram, 0, count);
  for (let j = 0; j < count; j++) {
    t[j * count + j] = tau[j];
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += t[i * count + k] * gram[j * count + k]; // gram is symmetric
      t[i * count + j] = -tau[j] * sum;
    }
  }
  return { count, length, v, offset, stride, t };
}

/** C <- H C (or Hᵀ C): C is length x n at (offset, stride). `scratch` as for {@link applyRight}. */
export function applyLeft(
  block: BlockReflector,
  transpose: boolean,
  n: number,
  c: Float64Array,
  offset: number,
  stride: number,
  scratch?: Float64Array,
): void {
  const { count, length, t } = block;
  if (n === 0 || count === 0) return;
  const { v, vOffset, vStride, product, scaled } = place(block, count * n, scratch);
  gemm(false, false, count, n, length, 1, v, vOffset, vStride, c, offset, stride, 0, product, 0, n);
  gemm(transpose, false, count, n, count, 1, t, 0, count, product, 0, n, 0, scaled, 0, n);
  gemm(true, false, length, n, count, -1, v, vOffset, vStride, scaled, 0, n, 1, c, offset, stride);
}

/**
 * C <- C H (or C Hᵀ): C is m x length at (offset, stride). A `scratch` of {@link scratchLength} numbers in the memory of a
 * resident C keeps all three products inside that memory.
 */
export function applyRight(
  block: BlockReflector,
  transpose: boolean,
  m: number,
  c: Float64Array,
  offset: number,
  stride: number,
  scratch?: Float64Array,
): void {
  const { count, length, t } = block;
  if (m === 0 || count === 0) return;
  const { v, vOffset, vStride, product, scaled } = place(block, count * m, scratch);
  gemm(false, true, m, count, length, 1, c, offset, stride, v, vOffset, vStride, 0, product, 0, count);
  gemm(false, transpose, m, count, count, 1, product, 0, count, t, 0, count, 0, scaled, 0, count);
  gemm(false, false, m, length, count, -1, scaled, 0, count, v, vOffset, vStride, 1, c, offset, stride);
}

/** Numbers of scratch for a block of `count` reflectors of `length` entries applied to `others` columns or rows. */
export function scratchLength(count: number, length: number, others: number): number {
  return count * (length + 2 * others);
}

/** Where V and the two intermediate products of an application live. */
function place(
  { v, offset, stride, count, length }: BlockReflector,
  size: number,
  scratch: Float64Array | undefined,
): { v: Float64Array; vOffset: number; vStride: number; product: Float64Array; scaled: Float64Array } {
  if (scratch === undefined) {
    return { v, vOffset: offset, vStride: stride, product: new Float64Array(size), scaled: new Float64Array(size) };
  }
  const copy = scratch.subarray(2 * size);
  for (let k = 0; k < count; k++) {
    const from = offset + k * stride;
    copy.set(v.subarray(from, from + length), k * length);
  }
  const product = scratch.subarray(0, size);
  return { v: copy, vOffset: 0, vStride: length, product, scaled: scratch.subarray(size, 2 * size) };
}
