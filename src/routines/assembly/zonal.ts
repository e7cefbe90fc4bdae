// Zonal kernels on a row of cosines by a table of polynomials; the formulas of zonal-table.ts in the same order. Two pairs
// share the arithmetic up to the polynomial; there one vector holds the even and the odd part of a single pair.

/**
 * out_j ← P(t_j) · (scale · weights_j) for `count` pairs, an even number. k points to pairs of equal doubles: 1, the bound
 * for "close", the masks of modulus and left end, the scale. `table` is the address that the bits of a piece are added to.
 * Returns bit 0 when a pair is close to 0 or π (its result is meaningless), bit 1 when a piece is missing (it is NaN).
 */
export function zonalRow(t: usize, count: i32, k: usize, table: usize, weights: usize, out: usize): i32 {
  const one = v128.load(k);
  const near = v128.load(k, 16);
  const modulus = v128.load(k, 32);
  const leftEnd = v128.load(k, 48);
  const scale = v128.load(k, 64);
  let closest = one;
  let sum = f64x2.splat(0);
  const end = t + (<usize>count << 3);
  while (t < end) {
    const cosine = v128.load(t);
    const positive = v128.and(cosine, modulus);
    const below = f64x2.sub(one, positive);
    closest = f64x2.pmin(closest, below);
    // pmax takes the bound for NaN too: the piece must exist, the result is NaN through y.
    const left = v128.and(f64x2.pmax(near, below), leftEnd);
    const y = f64x2.sub(below, left);
    const z = f64x2.mul(y, y);
    const at = i64x2.shr_u(v128.or(left, v128.xor(cosine, positive)), 41);
    const p = table + <usize>i32x4.extract_lane(at, 0);
    const q = table + <usize>i32x4.extract_lane(at, 2);
    const zp = v128.shuffle<f64>(z, z, 0, 0);
    const zq = v128.shuffle<f64>(z, z, 1, 1);
    let a = f64x2.add(f64x2.mul(v128.load(p, 48), zp), v128.load(p, 32));
    let b = f64x2.add(f64x2.mul(v128.load(q, 48), zq), v128.load(q, 32));
    a = f64x2.add(f64x2.mul(a, zp), v128.load(p, 16));
    b = f64x2.add(f64x2.mul(b, zq), v128.load(q, 16));
    a = f64x2.add(f64x2.mul(a, zp), v128.load(p));
    b = f64x2.add(f64x2.mul(b, zq), v128.load(q));
    const even = v128.shuffle<f64>(a, b, 0, 2);
    const odd = v128.shuffle<f64>(a, b, 1, 3);
    const value = f64x2.add(even, f64x2.mul(y, odd));
    sum = f64x2.add(sum, value);
    v128.store(out, f64x2.mul(value, f64x2.mul(scale, v128.load(weights))));
    t += 16;
    weights += 16;
    out += 16;
  }
  const close = i32(v128.any_true(f64x2.lt(closest, near)));
  return close | (i32(v128.any_true(f64x2.ne(sum, sum))) << 1);
}

/** out (cols x rows) ← the transpose of x (rows x cols); sizes are even, strides in doubles. */
export function transposeBlock(x: usize, rows: i32, cols: i32, stride: i32, out: usize, outStride: i32): void {
  const rowBytes = <usize>stride << 3;
  const outBytes = <usize>outStride << 3;
  for (let j = 0; j < cols; j += 2) {
    let from = x + (<usize>j << 3);
    let to = out + outBytes * <usize>j;
    const end = to + (<usize>rows << 3);
    while (to < end) {
      const a = v128.load(from);
      const b = v128.load(from + rowBytes);
      v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(to + outBytes, v128.shuffle<f64>(a, b, 1, 3));
      from += rowBytes << 1;
      to += 16;
    }
  }
}
