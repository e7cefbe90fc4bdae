// Operations on vectors that live in one memory, in the order of vectors.ts.

/** Σ x_i y_i in four interleaved partial sums, added pairwise: (s₀ + s₂) + (s₁ + s₃). */
export function innerProduct(n: i32, x: usize, y: usize): f64 {
  const end = x + (<usize>(n & ~3) << 3);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  while (x < end) {
    low = f64x2.add(low, f64x2.mul(v128.load(x), v128.load(y)));
    high = f64x2.add(high, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
    x += 32;
    y += 32;
  }
  const rest = n & 3;
  let s0 = f64x2.extract_lane(low, 0);
  let s1 = f64x2.extract_lane(low, 1);
  let s2 = f64x2.extract_lane(high, 0);
  const s3 = f64x2.extract_lane(high, 1);
  if (rest > 0) s0 += f64.load(x) * f64.load(y);
  if (rest > 1) s1 += f64.load(x, 8) * f64.load(y, 8);
  if (rest > 2) s2 += f64.load(x, 16) * f64.load(y, 16);
  return s0 + s2 + (s1 + s3);
}

/** (x_i, y_i) ← (c x_i + s y_i, c y_i − s x_i). */
export function rotate(n: i32, x: usize, y: usize, c: f64, s: f64): void {
  const cosine = f64x2.splat(c);
  const sine = f64x2.splat(s);
  const end = x + (<usize>(n & ~1) << 3);
  while (x < end) {
    const u = v128.load(x);
    const v = v128.load(y);
    v128.store(x, f64x2.add(f64x2.mul(cosine, u), f64x2.mul(sine, v)));
    v128.store(y, f64x2.sub(f64x2.mul(cosine, v), f64x2.mul(sine, u)));
    x += 16;
    y += 16;
  }
  if (n & 1) {
    const u = f64.load(x);
    const v = f64.load(y);
    f64.store(x, c * u + s * v);
    f64.store(y, c * v - s * u);
  }
}
