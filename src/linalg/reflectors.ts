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
      for (let k = i; k < j; k++) sum += t[i * count + k] * gram[k * count + j];
      t[i * count + j] = -tau[j] * sum;
    }
  }
  return { count, length, v, offset, stride, t };
}

/** C <- H C (or Hᵀ C): C is length x n at (offset, stride). */
export function applyLeft(
  block: BlockReflector,
  transpose: boolean,
  n: number,
  c: Float64Array,
  offset: number,
  stride: number,
): void {
  const { count, length, v, offset: vOffset, stride: vStride, t } = block;
  if (n === 0 || count === 0) return;
  const product = new Float64Array(count * n); // V C
  const scaled = new Float64Array(count * n); // op(T) V C
  gemm(false, false, count, n, length, 1, v, vOffset, vStride, c, offset, stride, 0, product, 0, n);
  gemm(transpose, false, count, n, count, 1, t, 0, count, product, 0, n, 0, scaled, 0, n);
  gemm(true, false, length, n, count, -1, v, vOffset, vStride, scaled, 0, n, 1, c, offset, stride);
}

/** C <- C H (or C Hᵀ): C is m x length at (offset, stride). */
export function applyRight(
  block: BlockReflector,
  transpose: boolean,
  m: number,
  c: Float64Array,
  offset: number,
  stride: number,
): void {
  const { count, length, v, offset: vOffset, stride: vStride, t } = block;
  if (m === 0 || count === 0) return;
  const product = new Float64Array(m * count); // C Vᵀ
  const scaled = new Float64Array(m * count); // C Vᵀ op(T)
  gemm(false, true, m, count, length, 1, c, offset, stride, v, vOffset, vStride, 0, product, 0, count);
  gemm(false, transpose, m, count, count, 1, product, 0, count, t, 0, count, 0, scaled, 0, count);
  gemm(false, false, m, length, count, -1, scaled, 0, count, v, vOffset, vStride, 1, c, offset, stride);
}
