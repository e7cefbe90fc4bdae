/** Plain twins of the routines: textbook loops on full matrices, for comparison only. */

/** op(A) entry of a row-major block. */
export function entry(
  a: Float64Array,
  offset: number,
  stride: number,
  transpose: boolean,
  i: number,
  j: number,
): number {
  return transpose ? a[offset + j * stride + i] : a[offset + i * stride + j];
}

/** alpha op(A) op(B) + beta C as a fresh m x n array, with the scale |alpha| |A| |B| + |beta C| of its rounding. */
export function naiveGemm(
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: { data: Float64Array; offset: number; stride: number },
  b: { data: Float64Array; offset: number; stride: number },
  beta: number,
  c: { data: Float64Array; offset: number; stride: number },
): { values: Float64Array; scale: Float64Array } {
  const values = new Float64Array(m * n);
  const scale = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let size = 0;
      for (let p = 0; p < k; p++) {
        const term =
          entry(a.data, a.offset, a.stride, transposeA, i, p) * entry(b.data, b.offset, b.stride, transposeB, p, j);
        sum += term;
        size += Math.abs(term);
      }
      const old = beta === 0 ? 0 : beta * c.data[c.offset + i * c.stride + j];
      values[i * n + j] = alpha * sum + old;
      scale[i * n + j] = Math.abs(alpha) * size + Math.abs(old);
    }
  }
  return { values, scale };
}

/** Largest |actual − expected| / (ε scale) over a strided block; a zero scale demands equality. */
export function blockError(
  actual: Float64Array,
  offset: number,
  stride: number,
  m: number,
  n: number,
  expected: Float64Array,
  scale: Float64Array,
): number {
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const difference = Math.abs(actual[offset + i * stride + j] - expected[i * n + j]);
      const size = scale[i * n + j];
      const ratio = difference === 0 ? 0 : difference / (2 ** -52 * size);
      if (!(ratio <= worst)) worst = Number.isNaN(ratio) ? Infinity : ratio;
    }
  }
  return worst;
}

/** Index of the first entry whose bits differ (−0 is not 0, any NaN equals any NaN), or −1. */
export function firstBitDifference(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}
