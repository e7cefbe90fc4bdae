// The symmetric product, compiled twice as panels.ts is.
import { term } from "./term";

// @ts-ignore: decorator
@inline
function bothLanes(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** y + ((t0 e0 + t1 e1) + (t2 e2 + t3 e3)); fused, one after the other. */
// @ts-ignore: decorator
@inline
function gained(y: v128, t0: v128, e0: v128, t1: v128, e1: v128, t2: v128, e2: v128, t3: v128, e3: v128): v128 {
  if (FUSED) return term(t3, e3, term(t2, e2, term(t1, e1, term(t0, e0, y))));
  return f64x2.add(y, f64x2.add(f64x2.add(f64x2.mul(t0, e0), f64x2.mul(t1, e1)), f64x2.add(f64x2.mul(t2, e2), f64x2.mul(t3, e3))));
}

/**
 * y += alpha A x from rows first … n − 1 (first a multiple of 4) of the lower triangle, four rows at a time; `factors` is
 * room for alpha x of the four rows at work, of the caller because threads may share the memory.
 */
export function addSymmetric(
  first: i32,
  n: i32,
  alpha: f64,
  a: usize,
  stride: i32,
  x: usize,
  y: usize,
  factors: usize,
): void {
  const rowBytes = <usize>stride << 3;
  let i = first;
  for (; i + 4 <= n; i += 4) {
    const row = <usize>i << 3;
    const end = x + row;
    // By way of memory: V8 would compute alpha x again in every step of the loop if it saw how the factors are made.
    for (let r: usize = 0; r < 32; r += 8) f64.store(factors + r, alpha * f64.load(end + r));
    const t0 = v128.load64_splat(factors);
    const t1 = v128.load64_splat(factors, 8);
    const t2 = v128.load64_splat(factors, 16);
    const t3 = v128.load64_splat(factors, 24);
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let p3 = p2 + rowBytes;
    let py = y;
    // Four quarters, as in rowSums.
    for (let px = x; px < end; px += 64) {
      let piece = v128.load(px);
      let e0 = v128.load(p0);
      let e1 = v128.load(p1);
      let e2 = v128.load(p2);
      let e3 = v128.load(p3);
      s0 = term(e0, piece, s0);
      s1 = term(e1, piece, s1);
      s2 = term(e2, piece, s2);
      s3 = term(e3, piece, s3);
      v128.store(py, gained(v128.load(py), t0, e0, t1, e1, t2, e2, t3, e3));
      if (px + 16 >= end) break;
      piece = v128.load(px, 16);
      e0 = v128.load(p0, 16);
      e1 = v128.load(p1, 16);
      e2 = v128.load(p2, 16);
      e3 = v128.load(p3, 16);
      s0 = term(e0, piece, s0);
      s1 = term(e1, piece, s1);
      s2 = term(e2, piece, s2);
      s3 = term(e3, piece, s3);
      v128.store(py, gained(v128.load(py, 16), t0, e0, t1, e1, t2, e2, t3, e3), 16);
      if (px + 32 >= end) break;
      piece = v128.load(px, 32);
      e0 = v128.load(p0, 32);
      e1 = v128.load(p1, 32);
      e2 = v128.load(p2, 32);
      e3 = v128.load(p3, 32);
      s0 = term(e0, piece, s0);
      s1 = term(e1, piece, s1);
      s2 = term(e2, piece, s2);
      s3 = term(e3, piece, s3);
      v128.store(py, gained(v128.load(py, 32), t0, e0, t1, e1, t2, e2, t3, e3), 32);
      if (px + 48 >= end) break;
      piece = v128.load(px, 48);
      e0 = v128.load(p0, 48);
      e1 = v128.load(p1, 48);
      e2 = v128.load(p2, 48);
      e3 = v128.load(p3, 48);
      s0 = term(e0, piece, s0);
      s1 = term(e1, piece, s1);
      s2 = term(e2, piece, s2);
      s3 = term(e3, piece, s3);
      v128.store(py, gained(v128.load(py, 48), t0, e0, t1, e1, t2, e2, t3, e3), 48);
      py += 64;
      p0 += 64;
      p1 += 64;
      p2 += 64;
      p3 += 64;
    }
    const at = y + row;
    f64.store(at, f64.load(at) + alpha * bothLanes(s0));
    f64.store(at, f64.load(at, 8) + alpha * bothLanes(s1), 8);
    f64.store(at, f64.load(at, 16) + alpha * bothLanes(s2), 16);
    f64.store(at, f64.load(at, 24) + alpha * bothLanes(s3), 24);
    for (let r = 0; r < 4; r++) {
      const p = a + rowBytes * <usize>(i + r) + row;
      const yr = at + (<usize>r << 3);
      const t = alpha * f64.load(x + row + (<usize>r << 3));
      for (let s = 0; s < r; s++) {
        const shift = <usize>s << 3;
        const entry = f64.load(p + shift);
        f64.store(yr, f64.load(yr) + alpha * (entry * f64.load(x + row + shift)));
        f64.store(at + shift, f64.load(at + shift) + t * entry);
      }
      f64.store(yr, f64.load(yr) + t * f64.load(p + (<usize>r << 3)));
    }
  }
  for (; i < n; i++) {
    const row = <usize>i << 3;
    const p = a + rowBytes * <usize>i;
    const t = alpha * f64.load(x + row);
    let even = 0.0;
    let odd = 0.0;
    for (let j = 0; j < i; j++) {
      const shift = <usize>j << 3;
      const entry = f64.load(p + shift);
      const term = entry * f64.load(x + shift);
      if (j & 1) odd += term;
      else even += term;
      f64.store(y + shift, f64.load(y + shift) + t * entry);
    }
    f64.store(y + row, f64.load(y + row) + (alpha * (even + odd) + t * f64.load(p + row)));
  }
}
