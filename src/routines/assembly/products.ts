// Matrix products on packed panels and on resident matrices. Addresses are in bytes, sizes and strides in doubles.
// The order of every sum is that of gemm.ts, gemv.ts and symv.ts: identical bits are the contract.

// @ts-ignore: decorator
@inline
function lanes(even: v128): f64 {
  return f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
}

/**
 * sums_i ← Σ_j a_ij x_j in the order of dot: partial sums over j mod 4, added pairwise.
 *
 * Three rows at a time: V8 hoists every load of a basic block to its top, and six sums, two pieces of x and six entries
 * are what fits in registers (four rows spill and run at half the speed). The exit in the middle of the loop keeps the
 * two halves apart, so that both share one step of the pointers.
 */
export function rowSums(m: i32, n: i32, a: usize, stride: i32, x: usize, sums: usize): void {
  const rowBytes = <usize>stride << 3;
  const whole = n & ~3;
  const endX = x + (<usize>whole << 3);
  let i = 0;
  for (; i + 3 <= m; i += 3) {
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let s00 = f64x2.splat(0);
    let s01 = f64x2.splat(0);
    let s10 = f64x2.splat(0);
    let s11 = f64x2.splat(0);
    let s20 = f64x2.splat(0);
    let s21 = f64x2.splat(0);
    for (let px = x; px < endX; px += 64) {
      let x0 = v128.load(px);
      let x1 = v128.load(px, 16);
      s00 = f64x2.add(s00, f64x2.mul(v128.load(p0), x0));
      s01 = f64x2.add(s01, f64x2.mul(v128.load(p0, 16), x1));
      s10 = f64x2.add(s10, f64x2.mul(v128.load(p1), x0));
      s11 = f64x2.add(s11, f64x2.mul(v128.load(p1, 16), x1));
      s20 = f64x2.add(s20, f64x2.mul(v128.load(p2), x0));
      s21 = f64x2.add(s21, f64x2.mul(v128.load(p2, 16), x1));
      if (px + 32 >= endX) break;
      x0 = v128.load(px, 32);
      x1 = v128.load(px, 48);
      s00 = f64x2.add(s00, f64x2.mul(v128.load(p0, 32), x0));
      s01 = f64x2.add(s01, f64x2.mul(v128.load(p0, 48), x1));
      s10 = f64x2.add(s10, f64x2.mul(v128.load(p1, 32), x0));
      s11 = f64x2.add(s11, f64x2.mul(v128.load(p1, 48), x1));
      s20 = f64x2.add(s20, f64x2.mul(v128.load(p2, 32), x0));
      s21 = f64x2.add(s21, f64x2.mul(v128.load(p2, 48), x1));
      p0 += 64;
      p1 += 64;
      p2 += 64;
    }
    const out = sums + (<usize>i << 3);
    const rest = a + rowBytes * <usize>i + (<usize>whole << 3);
    f64.store(out, finishRow(s00, s01, rest, endX, n - whole));
    f64.store(out, finishRow(s10, s11, rest + rowBytes, endX, n - whole), 8);
    f64.store(out, finishRow(s20, s21, rest + 2 * rowBytes, endX, n - whole), 16);
  }
  for (; i < m; i++) {
    let p = a + rowBytes * <usize>i;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    for (let px = x; px < endX; px += 32) {
      s0 = f64x2.add(s0, f64x2.mul(v128.load(p), v128.load(px)));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(p, 16), v128.load(px, 16)));
      p += 32;
    }
    f64.store(sums + (<usize>i << 3), finishRow(s0, s1, p, endX, n - whole));
  }
}

/** Adds the last n mod 4 terms to the partial sums 0, 1, 2 and folds: (s0 + s2) + (s1 + s3). */
function finishRow(low: v128, high: v128, a: usize, x: usize, rest: i32): f64 {
  let s0 = f64x2.extract_lane(low, 0);
  let s1 = f64x2.extract_lane(low, 1);
  let s2 = f64x2.extract_lane(high, 0);
  const s3 = f64x2.extract_lane(high, 1);
  if (rest > 0) s0 += f64.load(a) * f64.load(x);
  if (rest > 1) s1 += f64.load(a, 8) * f64.load(x, 8);
  if (rest > 2) s2 += f64.load(a, 16) * f64.load(x, 16);
  return s0 + s2 + (s1 + s3);
}

/** y_j += ((t0 a0j + t1 a1j) + (t2 a2j + t3 a3j)) over groups of four rows, then row by row; t holds alpha x. */
export function addTransposed(m: i32, n: i32, a: usize, stride: i32, t: usize, y: usize): void {
  const rowBytes = <usize>stride << 3;
  const pairs = y + (<usize>(n & ~1) << 3);
  const end = y + (<usize>n << 3);
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const at = t + (<usize>i << 3);
    const t0 = v128.load64_splat(at);
    const t1 = v128.load64_splat(at, 8);
    const t2 = v128.load64_splat(at, 16);
    const t3 = v128.load64_splat(at, 24);
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let p3 = p2 + rowBytes;
    let py = y;
    for (; py < pairs; py += 16) {
      const left = f64x2.add(f64x2.mul(t0, v128.load(p0)), f64x2.mul(t1, v128.load(p1)));
      const right = f64x2.add(f64x2.mul(t2, v128.load(p2)), f64x2.mul(t3, v128.load(p3)));
      v128.store(py, f64x2.add(v128.load(py), f64x2.add(left, right)));
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
    }
    if (py < end) {
      const left = f64.load(at) * f64.load(p0) + f64.load(at, 8) * f64.load(p1);
      f64.store(py, f64.load(py) + (left + (f64.load(at, 16) * f64.load(p2) + f64.load(at, 24) * f64.load(p3))));
    }
  }
  for (; i < m; i++) {
    const s = v128.load64_splat(t + (<usize>i << 3));
    let p = a + rowBytes * <usize>i;
    let py = y;
    for (; py < pairs; py += 16) {
      v128.store(py, f64x2.add(v128.load(py), f64x2.mul(s, v128.load(p))));
      p += 16;
    }
    if (py < end) f64.store(py, f64.load(py) + f64x2.extract_lane(s, 0) * f64.load(p));
  }
}

/** y += alpha A x from the lower triangle, four rows at a time. */
export function addSymmetric(n: i32, alpha: f64, a: usize, stride: i32, x: usize, y: usize): void {
  const rowBytes = <usize>stride << 3;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const row = <usize>i << 3;
    const end = x + row;
    const t0 = f64x2.splat(alpha * f64.load(x + row));
    const t1 = f64x2.splat(alpha * f64.load(x + row, 8));
    const t2 = f64x2.splat(alpha * f64.load(x + row, 16));
    const t3 = f64x2.splat(alpha * f64.load(x + row, 24));
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let p3 = p2 + rowBytes;
    let py = y;
    // Two halves, as in rowSums.
    for (let px = x; px < end; px += 32) {
      let xe = v128.load(px);
      let e0 = v128.load(p0);
      let e1 = v128.load(p1);
      let e2 = v128.load(p2);
      let e3 = v128.load(p3);
      s0 = f64x2.add(s0, f64x2.mul(e0, xe));
      s1 = f64x2.add(s1, f64x2.mul(e1, xe));
      s2 = f64x2.add(s2, f64x2.mul(e2, xe));
      s3 = f64x2.add(s3, f64x2.mul(e3, xe));
      let left = f64x2.add(f64x2.mul(t0, e0), f64x2.mul(t1, e1));
      let right = f64x2.add(f64x2.mul(t2, e2), f64x2.mul(t3, e3));
      v128.store(py, f64x2.add(v128.load(py), f64x2.add(left, right)));
      if (px + 16 >= end) break;
      xe = v128.load(px, 16);
      e0 = v128.load(p0, 16);
      e1 = v128.load(p1, 16);
      e2 = v128.load(p2, 16);
      e3 = v128.load(p3, 16);
      s0 = f64x2.add(s0, f64x2.mul(e0, xe));
      s1 = f64x2.add(s1, f64x2.mul(e1, xe));
      s2 = f64x2.add(s2, f64x2.mul(e2, xe));
      s3 = f64x2.add(s3, f64x2.mul(e3, xe));
      left = f64x2.add(f64x2.mul(t0, e0), f64x2.mul(t1, e1));
      right = f64x2.add(f64x2.mul(t2, e2), f64x2.mul(t3, e3));
      v128.store(py, f64x2.add(v128.load(py, 16), f64x2.add(left, right)), 16);
      py += 32;
      p0 += 32;
      p1 += 32;
      p2 += 32;
      p3 += 32;
    }
    const at = y + row;
    f64.store(at, f64.load(at) + alpha * lanes(s0));
    f64.store(at, f64.load(at, 8) + alpha * lanes(s1), 8);
    f64.store(at, f64.load(at, 16) + alpha * lanes(s2), 16);
    f64.store(at, f64.load(at, 24) + alpha * lanes(s3), 24);
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
