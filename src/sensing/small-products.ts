import { square } from "../core/index.js";

/**
 * Products of small matrices into buffers, for the inner loop of training: at 28 x 28 the checks and allocations of
 * `matmul` cost more than the arithmetic. Row-major, no overlap between inputs and output.
 */

/** C (m x n) <- A (m x k) B (k x n). */
export function multiplyInto(C: Float64Array, A: Float64Array, B: Float64Array, m: number, k: number, n: number): void {
  C.fill(0, 0, m * n);
  for (let i = 0; i < m; i++) {
    const row = i * n;
    for (let l = 0; l < k; l++) {
      const a = A[i * k + l];
      if (a === 0) continue;
      const other = l * n;
      for (let j = 0; j < n; j++) C[row + j] += a * B[other + j];
    }
  }
}

/** C (m x n) <- A (m x k) Bᵀ with B n x k. */
export function multiplyTransposedInto(
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += A[i * k + l] * B[j * k + l];
      C[i * n + j] = sum;
    }
  }
}

/** C (m x n) <- Aᵀ B with A k x m and B k x n. */
export function transposedMultiplyInto(
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  C.fill(0, 0, m * n);
  for (let l = 0; l < k; l++) {
    for (let i = 0; i < m; i++) {
      const a = A[l * m + i];
      if (a === 0) continue;
      const row = i * n;
      const other = l * n;
      for (let j = 0; j < n; j++) C[row + j] += a * B[other + j];
    }
  }
}

/** Σ a_i b_i. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** √Σ a_i², safe from overflow and underflow by scaling with the largest entry. */
export function norm2(a: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += square(a[i] / largest);
  return largest * Math.sqrt(sum);
}
