// The check of a symmetric matrix, in any order: its outcome depends on none.

/**
 * The largest modulus of an n x n matrix whose entries equal their mirror images, NaN when one does not (NaN itself equals
 * nothing). Tiles of 2 x 2 against their transposes, in blocks of which both sides stay in cache.
 */
export function symmetricModulus(n: i32, a: usize, stride: i32): f64 {
  const rowBytes = <usize>stride << 3;
  const even = n & ~1;
  let equal = f64x2.eq(f64x2.splat(0), f64x2.splat(0));
  let largest = f64x2.splat(0);
  for (let i0 = 0; i0 < even; i0 += 32) {
    const i1 = min(even, i0 + 32);
    for (let j0 = 0; j0 <= i0; j0 += 32) {
      for (let i = i0; i < i1; i += 2) {
        const shift = <usize>i << 3;
        let p = a + rowBytes * <usize>i + (<usize>j0 << 3);
        let q = a + rowBytes * <usize>j0 + shift;
        const end = a + rowBytes * <usize>i + (<usize>min(j0 + 32, i + 2) << 3);
        while (p < end) {
          const upper = v128.load(p);
          const lower = v128.load(p + rowBytes);
          const left = v128.load(q);
          const right = v128.load(q + rowBytes);
          equal = v128.and(equal, f64x2.eq(upper, v128.shuffle<f64>(left, right, 0, 2)));
          equal = v128.and(equal, f64x2.eq(lower, v128.shuffle<f64>(left, right, 1, 3)));
          largest = f64x2.pmax(largest, f64x2.abs(upper));
          largest = f64x2.pmax(largest, f64x2.abs(lower));
          p += 16;
          q += rowBytes << 1;
        }
      }
    }
  }
  let modulus = Math.max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1));
  let same = v128.all_true<i64>(equal);
  if (n & 1) {
    let p = a + rowBytes * <usize>even;
    let q = a + (<usize>even << 3);
    for (let j = 0; j < n; j++) {
      const entry = f64.load(p);
      if (entry != f64.load(q)) same = false;
      modulus = Math.max(modulus, Math.abs(entry));
      p += 8;
      q += rowBytes;
    }
  }
  return same ? modulus : NaN;
}
