// Products of resident matrices with vectors. Addresses are in bytes, sizes and strides in doubles.
// The order of every sum is that of gemv.ts: identical bits are the contract.

// @ts-ignore: decorator
@inline
function gain(sum: v128, entry: v128, x: v128): v128 {
  return f64x2.add(sum, f64x2.mul(entry, x));
}

/**
 * sums_i ← Σ_j a_ij x_j: the sums over even and over odd j, added.
 *
 * Six rows at a time: as many streams as the processor fetches ahead well from memory, and one piece of x, six entries
 * and six sums are what fits in registers, since V8 hoists every load of a basic block to its top. The exits in the
 * middle of the loop keep its quarters apart, so that all share one step of the pointers.
 */
export function rowSums(m: i32, n: i32, a: usize, stride: i32, x: usize, sums: usize): void {
  const rowBytes = <usize>stride << 3;
  const pairs = <usize>(n & ~1) << 3;
  const endX = x + pairs;
  const odd = n & 1;
  let i = 0;
  while (i + 6 <= m) {
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + rowBytes;
    let p2 = p1 + rowBytes;
    let p3 = p2 + rowBytes;
    let p4 = p3 + rowBytes;
    let p5 = p4 + rowBytes;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let s4 = f64x2.splat(0);
    let s5 = f64x2.splat(0);
    for (let px = x; px < endX; px += 64) {
      let piece = v128.load(px);
      s0 = gain(s0, v128.load(p0), piece);
      s1 = gain(s1, v128.load(p1), piece);
      s2 = gain(s2, v128.load(p2), piece);
      s3 = gain(s3, v128.load(p3), piece);
      s4 = gain(s4, v128.load(p4), piece);
      s5 = gain(s5, v128.load(p5), piece);
      if (px + 16 >= endX) break;
      piece = v128.load(px, 16);
      s0 = gain(s0, v128.load(p0, 16), piece);
      s1 = gain(s1, v128.load(p1, 16), piece);
      s2 = gain(s2, v128.load(p2, 16), piece);
      s3 = gain(s3, v128.load(p3, 16), piece);
      s4 = gain(s4, v128.load(p4, 16), piece);
      s5 = gain(s5, v128.load(p5, 16), piece);
      if (px + 32 >= endX) break;
      piece = v128.load(px, 32);
      s0 = gain(s0, v128.load(p0, 32), piece);
      s1 = gain(s1, v128.load(p1, 32), piece);
      s2 = gain(s2, v128.load(p2, 32), piece);
      s3 = gain(s3, v128.load(p3, 32), piece);
      s4 = gain(s4, v128.load(p4, 32), piece);
      s5 = gain(s5, v128.load(p5, 32), piece);
      if (px + 48 >= endX) break;
      piece = v128.load(px, 48);
      s0 = gain(s0, v128.load(p0, 48), piece);
      s1 = gain(s1, v128.load(p1, 48), piece);
      s2 = gain(s2, v128.load(p2, 48), piece);
      s3 = gain(s3, v128.load(p3, 48), piece);
      s4 = gain(s4, v128.load(p4, 48), piece);
      s5 = gain(s5, v128.load(p5, 48), piece);
      p0 += 64;
      p1 += 64;
      p2 += 64;
      p3 += 64;
      p4 += 64;
      p5 += 64;
    }
    let rest = a + rowBytes * <usize>i + pairs;
    const out = sums + (<usize>i << 3);
    f64.store(out, folded(s0, odd, rest, endX));
    rest += rowBytes;
    f64.store(out, folded(s1, odd, rest, endX), 8);
    rest += rowBytes;
    f64.store(out, folded(s2, odd, rest, endX), 16);
    rest += rowBytes;
    f64.store(out, folded(s3, odd, rest, endX), 24);
    rest += rowBytes;
    f64.store(out, folded(s4, odd, rest, endX), 32);
    rest += rowBytes;
    f64.store(out, folded(s5, odd, rest, endX), 40);
    i += 6;
    // The last group may repeat a few rows: cheaper than rows one by one, which wait for their own sums.
    if (i < m && i + 6 > m) i = m - 6;
  }
  for (; i < m; i++) {
    let p = a + rowBytes * <usize>i;
    let s = f64x2.splat(0);
    for (let px = x; px < endX; px += 16) {
      s = gain(s, v128.load(p), v128.load(px));
      p += 16;
    }
    f64.store(sums + (<usize>i << 3), folded(s, odd, p, endX));
  }
}

/** The sum over even j, which gains the last term of an odd number of columns, plus the sum over odd j. */
function folded(pair: v128, odd: i32, a: usize, x: usize): f64 {
  let even = f64x2.extract_lane(pair, 0);
  if (odd) even += f64.load(a) * f64.load(x);
  return even + f64x2.extract_lane(pair, 1);
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
    for (let py = y; py < pairs; py += 32) {
      let left = f64x2.add(f64x2.mul(t0, v128.load(p0)), f64x2.mul(t1, v128.load(p1)));
      let right = f64x2.add(f64x2.mul(t2, v128.load(p2)), f64x2.mul(t3, v128.load(p3)));
      v128.store(py, f64x2.add(v128.load(py), f64x2.add(left, right)));
      // Two halves, as in rowSums.
      if (py + 16 >= pairs) break;
      left = f64x2.add(f64x2.mul(t0, v128.load(p0, 16)), f64x2.mul(t1, v128.load(p1, 16)));
      right = f64x2.add(f64x2.mul(t2, v128.load(p2, 16)), f64x2.mul(t3, v128.load(p3, 16)));
      v128.store(py, f64x2.add(v128.load(py, 16), f64x2.add(left, right)), 16);
      p0 += 32;
      p1 += 32;
      p2 += 32;
      p3 += 32;
    }
    if (pairs < end) {
      const last = a + rowBytes * <usize>i + (pairs - y);
      const left = f64.load(at) * f64.load(last) + f64.load(at, 8) * f64.load(last + rowBytes);
      const third = last + 2 * rowBytes;
      const right = f64.load(at, 16) * f64.load(third) + f64.load(at, 24) * f64.load(third + rowBytes);
      f64.store(pairs, f64.load(pairs) + (left + right));
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
