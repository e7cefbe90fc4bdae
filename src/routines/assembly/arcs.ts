// The arc-cosine recursion on a row of pairs; the formulas of arc-recursion.ts in the same order, two pairs per vector.
// Constants come from memory: a splat of a literal would be built anew at every use.

/** v ← 1 − |t| (at least 0), s ← sign of t; returns how many v lie below `near`, to be found again from differences. */
export function arcStart(t: usize, v: usize, s: usize, count: i32, near: f64): i32 {
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const bound = f64x2.splat(near);
  let found = 0;
  const end = t + (<usize>count << 3);
  while (t < end) {
    const cosine = v128.load(t);
    const below = f64x2.max(f64x2.sub(one, f64x2.abs(cosine)), zero);
    v128.store(v, below);
    v128.store(s, v128.bitselect(f64x2.neg(one), one, f64x2.lt(cosine, zero)));
    found += i32(popcnt(i64x2.bitmask(f64x2.lt(below, bound))));
    t += 16;
    v += 16;
    s += 16;
  }
  return found;
}

// @ts-ignore: decorator
@inline
function constant(k: usize, index: usize): v128 {
  return v128.load64_splat(k + (index << 3));
}

// @ts-ignore: decorator
@inline
function pair(k: usize, index: usize, x: v128): v128 {
  return f64x2.add(constant(k, index), f64x2.mul(constant(k, index + 1), x));
}

// @ts-ignore: decorator
@inline
function join(low: v128, high: v128, x: v128): v128 {
  return f64x2.add(low, f64x2.mul(high, x));
}

/** Angle 2 asin √(v/2) for v in [0, 1]. */
// @ts-ignore: decorator
@inline
function angle(k: usize, v: v128): v128 {
  const half = f64x2.mul(constant(k, 20), v);
  const y = f64x2.sub(constant(k, 21), v);
  const small = f64x2.le(v, constant(k, 20));
  const z = v128.bitselect(half, f64x2.mul(y, y), small);
  const root = v128.bitselect(f64x2.sqrt(half), y, small);
  const z2 = f64x2.mul(z, z);
  const z4 = f64x2.mul(z2, z2);
  const low = join(pair(k, 0, z), pair(k, 2, z), z2);
  const middle = join(pair(k, 4, z), pair(k, 6, z), z2);
  const high = join(pair(k, 8, z), pair(k, 10, z), z2);
  const series = join(join(low, middle, z4), high, f64x2.mul(z4, z4));
  const p = f64x2.add(root, f64x2.mul(f64x2.mul(root, z), series));
  return v128.bitselect(f64x2.add(p, p), f64x2.sub(constant(k, 22), p), small);
}

/** c (sin φ − φ cos φ) for φ in [0, π/2]. */
// @ts-ignore: decorator
@inline
function arc(k: usize, phi: v128): v128 {
  const q = f64x2.mul(phi, phi);
  const q2 = f64x2.mul(q, q);
  const low = join(pair(k, 12, q), pair(k, 14, q), q2);
  const high = join(pair(k, 16, q), pair(k, 18, q), q2);
  return f64x2.mul(constant(k, 23), f64x2.mul(f64x2.mul(phi, q), join(low, high, f64x2.mul(q2, q2))));
}

/** `steps` layers on v, s and the kernel t; k points to the constants. With `cosines` t receives the cosine instead. */
export function arcRecursion(t: usize, v: usize, s: usize, count: i32, steps: i32, k: usize, cosines: i32): void {
  const bytes = <usize>count << 3;
  let far = 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const sign = v128.load(s + at);
    v128.store(t + at, f64x2.mul(sign, f64x2.sub(constant(k, 21), v128.load(v + at))));
    far |= i64x2.bitmask(sign);
  }
  for (let step = 0; step < steps; step++) {
    if (far) far = anyLayer(t, v, s, bytes, k);
    else nearLayer(t, v, bytes, k);
  }
  if (!cosines) return;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(t + at, f64x2.mul(v128.load(s + at), f64x2.sub(constant(k, 21), v128.load(v + at))));
  }
}

/** One layer when every angle is at most π/2. */
function nearLayer(t: usize, v: usize, bytes: usize, k: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const below = v128.load(v + at);
    const phi = angle(k, below);
    const next = f64x2.sub(below, arc(k, phi));
    const slope = f64x2.sub(constant(k, 21), f64x2.mul(constant(k, 23), phi));
    v128.store(v + at, next);
    v128.store(t + at, f64x2.add(f64x2.sub(constant(k, 21), next), f64x2.mul(slope, v128.load(t + at))));
  }
}

/** One layer with angles on both sides of π/2; returns whether any is left beyond. */
function anyLayer(t: usize, v: usize, s: usize, bytes: usize, k: usize): i32 {
  let left = 0;
  const zero = f64x2.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const below = v128.load(v + at);
    const isFar = f64x2.lt(v128.load(s + at), zero);
    const phi = angle(k, below);
    const g = arc(k, phi);
    const turned = f64x2.mul(constant(k, 23), phi);
    const one = constant(k, 21);
    const linear = f64x2.mul(constant(k, 25), below);
    const above = f64x2.add(f64x2.add(constant(k, 24), linear), g);
    const under = f64x2.sub(f64x2.sub(constant(k, 26), linear), g);
    const stays = v128.and(isFar, f64x2.lt(above, one));
    const slope = v128.bitselect(f64x2.add(constant(k, 25), turned), f64x2.sub(one, turned), isFar);
    const next = v128.bitselect(above, v128.bitselect(under, f64x2.sub(below, g), isFar), stays);
    const sign = v128.bitselect(f64x2.neg(one), one, stays);
    v128.store(v + at, next);
    v128.store(s + at, sign);
    left |= i64x2.bitmask(sign);
    const cosine = f64x2.mul(sign, f64x2.sub(one, next));
    v128.store(t + at, f64x2.add(cosine, f64x2.mul(slope, v128.load(t + at))));
  }
  return left;
}
