// Substitution with small triangles, in the order of trsm.ts.

import { pair, storePair } from "./reflections";

/**
 * X U = B in place for an upper triangle U of order n, entry (p, j) at p rowStep + j colStep; the rows of B (m, a multiple of
 * 8) go eight at a time, two in each register. `x` is room for 8n numbers: the eight rows solved so far, packed.
 */
export function solveForward(m: i32, n: i32, a: usize, rowStep: i32, colStep: i32, unit: i32, b: usize, stride: i32, x: usize): void {
  const rowBytes = <usize>stride << 3;
  const termBytes = <usize>rowStep << 3;
  const columnBytes = <usize>colStep << 3;
  for (let i = 0; i < m; i += 8) {
    const b0 = b + rowBytes * <usize>i;
    const b1 = b0 + 2 * rowBytes;
    const b2 = b1 + 2 * rowBytes;
    const b3 = b2 + 2 * rowBytes;
    let end = x;
    for (let j = 0; j < n; j++) {
      const shift = <usize>j << 3;
      let q = a + columnBytes * <usize>j;
      let v0 = pair(b0 + shift, rowBytes);
      let v1 = pair(b1 + shift, rowBytes);
      let v2 = pair(b2 + shift, rowBytes);
      let v3 = pair(b3 + shift, rowBytes);
      for (let p = x; p < end; p += 64) {
        const factor = v128.load64_splat(q);
        v0 = f64x2.sub(v0, f64x2.mul(v128.load(p), factor));
        v1 = f64x2.sub(v1, f64x2.mul(v128.load(p, 16), factor));
        v2 = f64x2.sub(v2, f64x2.mul(v128.load(p, 32), factor));
        v3 = f64x2.sub(v3, f64x2.mul(v128.load(p, 48), factor));
        q += termBytes;
      }
      if (!unit) {
        const pivot = v128.load64_splat(q);
        v0 = f64x2.div(v0, pivot);
        v1 = f64x2.div(v1, pivot);
        v2 = f64x2.div(v2, pivot);
        v3 = f64x2.div(v3, pivot);
      }
      v128.store(end, v0);
      v128.store(end, v1, 16);
      v128.store(end, v2, 32);
      v128.store(end, v3, 48);
      end += 64;
      storePair(b0 + shift, rowBytes, v0);
      storePair(b1 + shift, rowBytes, v1);
      storePair(b2 + shift, rowBytes, v2);
      storePair(b3 + shift, rowBytes, v3);
    }
  }
}
