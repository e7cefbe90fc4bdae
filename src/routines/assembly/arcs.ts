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
  // Angles up to π/2 stay so and shrink: each form of the layer is left for the next, simpler one for good.
  let wide = 1;
  for (let step = 0; step < steps; step++) {
    if (far) far = anyLayer(t, v, s, bytes, k);
    else if (wide) wide = nearLayer(t, v, bytes, k);
    else narrowLayer(t, v, bytes, k);
  }
  if (!cosines) return;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(t + at, f64x2.mul(v128.load(s + at), f64x2.sub(constant(k, 21), v128.load(v + at))));
  }
}

/** One layer when every angle is at most π/2; returns whether any v beyond 1/2 is left. */
function nearLayer(t: usize, v: usize, bytes: usize, k: usize): i32 {
  let wide = 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const below = v128.load(v + at);
    const phi = angle(k, below);
    const next = f64x2.sub(below, arc(k, phi));
    const slope = f64x2.sub(constant(k, 21), f64x2.mul(constant(k, 23), phi));
    wide |= i64x2.bitmask(f64x2.gt(next, constant(k, 20)));
    v128.store(v + at, next);
    v128.store(t + at, f64x2.add(f64x2.sub(constant(k, 21), next), f64x2.mul(slope, v128.load(t + at))));
  }
  return wide;
}

/** One layer when every v is at most 1/2: no selections, and two vectors share each constant. */
function narrowLayer(t: usize, v: usize, bytes: usize, k: usize): void {
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const v0 = v128.load(v + at);
    const v1 = v128.load(v + at, 16);
    let c = constant(k, 20);
    const z = f64x2.mul(c, v0);
    const y = f64x2.mul(c, v1);
    const rz = f64x2.sqrt(z);
    const ry = f64x2.sqrt(y);
    const z2 = f64x2.mul(z, z);
    const y2 = f64x2.mul(y, y);
    // Coefficients two by two, in the order of `angle`.
    let d = constant(k, 0);
    c = constant(k, 1);
    let az = f64x2.add(d, f64x2.mul(c, z));
    let ay = f64x2.add(d, f64x2.mul(c, y));
    d = constant(k, 2);
    c = constant(k, 3);
    az = f64x2.add(az, f64x2.mul(f64x2.add(d, f64x2.mul(c, z)), z2));
    ay = f64x2.add(ay, f64x2.mul(f64x2.add(d, f64x2.mul(c, y)), y2));
    d = constant(k, 4);
    c = constant(k, 5);
    let bz = f64x2.add(d, f64x2.mul(c, z));
    let by = f64x2.add(d, f64x2.mul(c, y));
    d = constant(k, 6);
    c = constant(k, 7);
    bz = f64x2.add(bz, f64x2.mul(f64x2.add(d, f64x2.mul(c, z)), z2));
    by = f64x2.add(by, f64x2.mul(f64x2.add(d, f64x2.mul(c, y)), y2));
    const z4 = f64x2.mul(z2, z2);
    const y4 = f64x2.mul(y2, y2);
    az = f64x2.add(az, f64x2.mul(bz, z4));
    ay = f64x2.add(ay, f64x2.mul(by, y4));
    d = constant(k, 8);
    c = constant(k, 9);
    bz = f64x2.add(d, f64x2.mul(c, z));
    by = f64x2.add(d, f64x2.mul(c, y));
    d = constant(k, 10);
    c = constant(k, 11);
    bz = f64x2.add(bz, f64x2.mul(f64x2.add(d, f64x2.mul(c, z)), z2));
    by = f64x2.add(by, f64x2.mul(f64x2.add(d, f64x2.mul(c, y)), y2));
    az = f64x2.add(az, f64x2.mul(bz, f64x2.mul(z4, z4)));
    ay = f64x2.add(ay, f64x2.mul(by, f64x2.mul(y4, y4)));
    const pz = f64x2.add(rz, f64x2.mul(f64x2.mul(rz, z), az));
    const py = f64x2.add(ry, f64x2.mul(f64x2.mul(ry, y), ay));
    const phiZ = f64x2.add(pz, pz);
    const phiY = f64x2.add(py, py);
    const qz = f64x2.mul(phiZ, phiZ);
    const qy = f64x2.mul(phiY, phiY);
    const qz2 = f64x2.mul(qz, qz);
    const qy2 = f64x2.mul(qy, qy);
    d = constant(k, 12);
    c = constant(k, 13);
    az = f64x2.add(d, f64x2.mul(c, qz));
    ay = f64x2.add(d, f64x2.mul(c, qy));
    d = constant(k, 14);
    c = constant(k, 15);
    az = f64x2.add(az, f64x2.mul(f64x2.add(d, f64x2.mul(c, qz)), qz2));
    ay = f64x2.add(ay, f64x2.mul(f64x2.add(d, f64x2.mul(c, qy)), qy2));
    d = constant(k, 16);
    c = constant(k, 17);
    bz = f64x2.add(d, f64x2.mul(c, qz));
    by = f64x2.add(d, f64x2.mul(c, qy));
    d = constant(k, 18);
    c = constant(k, 19);
    bz = f64x2.add(bz, f64x2.mul(f64x2.add(d, f64x2.mul(c, qz)), qz2));
    by = f64x2.add(by, f64x2.mul(f64x2.add(d, f64x2.mul(c, qy)), qy2));
    az = f64x2.add(az, f64x2.mul(bz, f64x2.mul(qz2, qz2)));
    ay = f64x2.add(ay, f64x2.mul(by, f64x2.mul(qy2, qy2)));
    c = constant(k, 23);
    const one = constant(k, 21);
    const next0 = f64x2.sub(v0, f64x2.mul(c, f64x2.mul(f64x2.mul(phiZ, qz), az)));
    const next1 = f64x2.sub(v1, f64x2.mul(c, f64x2.mul(f64x2.mul(phiY, qy), ay)));
    v128.store(v + at, next0);
    v128.store(v + at, next1, 16);
    const slope0 = f64x2.sub(one, f64x2.mul(c, phiZ));
    const slope1 = f64x2.sub(one, f64x2.mul(c, phiY));
    v128.store(t + at, f64x2.add(f64x2.sub(one, next0), f64x2.mul(slope0, v128.load(t + at))));
    v128.store(t + at, f64x2.add(f64x2.sub(one, next1), f64x2.mul(slope1, v128.load(t + at, 16))), 16);
  }
  if (at < bytes) nearLayer(t + at, v + at, bytes - at, k);
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
