// Sequences of small reflectors, in the order of reflect.ts. A reflector is three doubles: τ, v₁, v₂.

/** τ ((x₀ + v₁ x₁) + v₂ x₂). */
// @ts-ignore: decorator
@inline
function share(t: v128, v: v128, w: v128, x: v128, y: v128, z: v128): v128 {
  return f64x2.mul(t, f64x2.add(f64x2.add(x, f64x2.mul(v, y)), f64x2.mul(w, z)));
}

/**
 * Reflector p acts on rows p, p + 1, p + 2 of a (count + 2 rows). Eight columns at a time go down all rows: what the next
 * reflector needs stays in registers, and four independent pairs hide the latency of the chain.
 */
export function reflectRows(cols: i32, count: i32, r: usize, a: usize, stride: i32): void {
  const rowBytes = <usize>stride << 3;
  const end = r + <usize>count * 24;
  let j = 0;
  for (; j + 8 <= cols; j += 8) {
    let p = a + (<usize>j << 3);
    let x0 = v128.load(p);
    let x1 = v128.load(p, 16);
    let x2 = v128.load(p, 32);
    let x3 = v128.load(p, 48);
    let q = p + rowBytes;
    let y0 = v128.load(q);
    let y1 = v128.load(q, 16);
    let y2 = v128.load(q, 32);
    let y3 = v128.load(q, 48);
    q += rowBytes;
    for (let c = r; c < end; c += 24) {
      const t = v128.load64_splat(c);
      const v = v128.load64_splat(c, 8);
      const w = v128.load64_splat(c, 16);
      let z = v128.load(q);
      let s = share(t, v, w, x0, y0, z);
      v128.store(p, f64x2.sub(x0, s));
      x0 = f64x2.sub(y0, f64x2.mul(s, v));
      y0 = f64x2.sub(z, f64x2.mul(s, w));
      z = v128.load(q, 16);
      s = share(t, v, w, x1, y1, z);
      v128.store(p, f64x2.sub(x1, s), 16);
      x1 = f64x2.sub(y1, f64x2.mul(s, v));
      y1 = f64x2.sub(z, f64x2.mul(s, w));
      z = v128.load(q, 32);
      s = share(t, v, w, x2, y2, z);
      v128.store(p, f64x2.sub(x2, s), 32);
      x2 = f64x2.sub(y2, f64x2.mul(s, v));
      y2 = f64x2.sub(z, f64x2.mul(s, w));
      z = v128.load(q, 48);
      s = share(t, v, w, x3, y3, z);
      v128.store(p, f64x2.sub(x3, s), 48);
      x3 = f64x2.sub(y3, f64x2.mul(s, v));
      y3 = f64x2.sub(z, f64x2.mul(s, w));
      p += rowBytes;
      q += rowBytes;
    }
    v128.store(p, x0);
    v128.store(p, x1, 16);
    v128.store(p, x2, 32);
    v128.store(p, x3, 48);
    p += rowBytes;
    v128.store(p, y0);
    v128.store(p, y1, 16);
    v128.store(p, y2, 32);
    v128.store(p, y3, 48);
  }
  for (; j < cols; j++) {
    let p = a + (<usize>j << 3);
    let x = f64.load(p);
    let y = f64.load(p + rowBytes);
    for (let c = r; c < end; c += 24) {
      const v = f64.load(c, 8);
      const w = f64.load(c, 16);
      const z = f64.load(p + 2 * rowBytes);
      const s = f64.load(c) * (x + v * y + w * z);
      f64.store(p, x - s);
      x = y - s * v;
      y = z - s * w;
      p += rowBytes;
    }
    f64.store(p, x);
    f64.store(p + rowBytes, y);
  }
}

/** Two numbers, one below the other. */
// @ts-ignore: decorator
@inline
export function pair(p: usize, rowBytes: usize): v128 {
  return v128.load64_lane(p + rowBytes, v128.load64_zero(p), 1);
}

// @ts-ignore: decorator
@inline
export function storePair(p: usize, rowBytes: usize, x: v128): void {
  v128.store64_lane(p, x, 0);
  v128.store64_lane(p + rowBytes, x, 1);
}

/** The same for columns: eight rows at a time, two in each register. */
export function reflectColumns(rows: i32, count: i32, r: usize, a: usize, stride: i32): void {
  const rowBytes = <usize>stride << 3;
  const end = r + <usize>count * 24;
  let i = 0;
  for (; i + 8 <= rows; i += 8) {
    let p0 = a + rowBytes * <usize>i;
    let p1 = p0 + 2 * rowBytes;
    let p2 = p1 + 2 * rowBytes;
    let p3 = p2 + 2 * rowBytes;
    let x0 = pair(p0, rowBytes);
    let x1 = pair(p1, rowBytes);
    let x2 = pair(p2, rowBytes);
    let x3 = pair(p3, rowBytes);
    let y0 = pair(p0 + 8, rowBytes);
    let y1 = pair(p1 + 8, rowBytes);
    let y2 = pair(p2 + 8, rowBytes);
    let y3 = pair(p3 + 8, rowBytes);
    for (let c = r; c < end; c += 24) {
      const t = v128.load64_splat(c);
      const v = v128.load64_splat(c, 8);
      const w = v128.load64_splat(c, 16);
      let z = pair(p0 + 16, rowBytes);
      let s = share(t, v, w, x0, y0, z);
      storePair(p0, rowBytes, f64x2.sub(x0, s));
      x0 = f64x2.sub(y0, f64x2.mul(s, v));
      y0 = f64x2.sub(z, f64x2.mul(s, w));
      z = pair(p1 + 16, rowBytes);
      s = share(t, v, w, x1, y1, z);
      storePair(p1, rowBytes, f64x2.sub(x1, s));
      x1 = f64x2.sub(y1, f64x2.mul(s, v));
      y1 = f64x2.sub(z, f64x2.mul(s, w));
      z = pair(p2 + 16, rowBytes);
      s = share(t, v, w, x2, y2, z);
      storePair(p2, rowBytes, f64x2.sub(x2, s));
      x2 = f64x2.sub(y2, f64x2.mul(s, v));
      y2 = f64x2.sub(z, f64x2.mul(s, w));
      z = pair(p3 + 16, rowBytes);
      s = share(t, v, w, x3, y3, z);
      storePair(p3, rowBytes, f64x2.sub(x3, s));
      x3 = f64x2.sub(y3, f64x2.mul(s, v));
      y3 = f64x2.sub(z, f64x2.mul(s, w));
      p0 += 8;
      p1 += 8;
      p2 += 8;
      p3 += 8;
    }
    storePair(p0, rowBytes, x0);
    storePair(p1, rowBytes, x1);
    storePair(p2, rowBytes, x2);
    storePair(p3, rowBytes, x3);
    storePair(p0 + 8, rowBytes, y0);
    storePair(p1 + 8, rowBytes, y1);
    storePair(p2 + 8, rowBytes, y2);
    storePair(p3 + 8, rowBytes, y3);
  }
  for (; i < rows; i++) {
    let p = a + rowBytes * <usize>i;
    let x = f64.load(p);
    let y = f64.load(p, 8);
    for (let c = r; c < end; c += 24) {
      const v = f64.load(c, 8);
      const w = f64.load(c, 16);
      const z = f64.load(p, 16);
      const s = f64.load(c) * (x + v * y + w * z);
      f64.store(p, x - s);
      x = y - s * v;
      y = z - s * w;
      p += 8;
    }
    f64.store(p, x);
    f64.store(p, y, 8);
  }
}
