// Passes of the Stockham transform on interleaved numbers, one per vector; the formulas of fft-passes.ts in the same order.
// x and y are the two work spaces, w the twiddles of the pass; all addresses in bytes. One file above 400 lines, because
// the passes share constants and butterflies, which must be inlined.

// Constants that are loaded before the loops: V8 builds a literal vector again at each use.
const CONSTANTS: usize = memory.data<f64>([
  0.0, -0.0, 0.5, 0.8660254037844386, 0.25, 0.5590169943749475, 0.9510565162951535, 0.5877852522924731, 0.6234898018587336,
  -0.2225209339563144, -0.9009688679024191, 0.7818314824680298, 0.9749279121818236, 0.4338837391175581,
], 16);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load64_splat(CONSTANTS + 8 * index);
}

/** The mask of turn: the sign of the second part. */
// @ts-ignore: decorator
@inline
function signMask(): v128 {
  return v128.load(CONSTANTS);
}

// @ts-ignore: decorator
@inline
function swap(u: v128): v128 {
  return v128.shuffle<f64>(u, u, 1, 0);
}

/** −i u: (im, −re). */
// @ts-ignore: decorator
@inline
function turn(u: v128, sign: v128): v128 {
  return v128.xor(swap(u), sign);
}

/** u w for w = (wr, wr), v = (−wi, wi). */
// @ts-ignore: decorator
@inline
function times(u: v128, wr: v128, wi: v128): v128 {
  return f64x2.add(f64x2.mul(u, wr), f64x2.mul(swap(u), wi));
}

// Whether a pass has twiddles, as a type: the last one, whose twiddles are ones, goes without.
@unmanaged class Ones {}
@unmanaged class Turns { a: v128; }

// @ts-ignore: decorator
@inline
function by<W>(u: v128, wr: v128, wi: v128): v128 {
  return offsetof<W>() == 0 ? u : times(u, wr, wi);
}

// @ts-ignore: decorator
@inline
function real(w: usize): v128 {
  return v128.load64_splat(w);
}

// @ts-ignore: decorator
@inline
function imaginary(w: usize): v128 {
  return v128.xor(v128.load64_splat(w, 8), i64x2(0x8000000000000000, 0));
}

// @ts-ignore: decorator
@inline
function radix2<W>(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  const step = <usize>span << 4;
  const far = step * <usize>m;
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    const wr = real(w);
    const wi = imaginary(w);
    const end = i + step;
    for (; i < end; i += 16) {
      const a = v128.load(i);
      const b = v128.load(i + far);
      v128.store(o, f64x2.add(a, b));
      v128.store(o + step, by<W>(f64x2.sub(a, b), wr, wi));
      o += 16;
    }
    o += step;
    w += 16;
  }
}

export function pass2(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  if (m == 1) radix2<Ones>(x, y, w, span, 1);
  else radix2<Turns>(x, y, w, span, m);
}

export function pass3(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  const step = <usize>span << 4;
  const far = step * <usize>m;
  const half = constant(2);
  const sine = constant(3);
  const sign = signMask();
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    const w1r = real(w);
    const w1i = imaginary(w);
    const w2r = real(w + 16);
    const w2i = imaginary(w + 16);
    const end = i + step;
    for (; i < end; i += 16) {
      const a = v128.load(i);
      const b = v128.load(i + far);
      const c = v128.load(i + 2 * far);
      const t = f64x2.add(b, c);
      const u = f64x2.sub(a, f64x2.mul(half, t));
      const v = turn(f64x2.mul(sine, f64x2.sub(b, c)), sign);
      v128.store(o, f64x2.add(a, t));
      v128.store(o + step, times(f64x2.add(u, v), w1r, w1i));
      v128.store(o + 2 * step, times(f64x2.sub(u, v), w2r, w2i));
      o += 16;
    }
    o += 2 * step;
    w += 32;
  }
}

// @ts-ignore: decorator
@inline
function radix4<W>(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  const step = <usize>span << 4;
  const far = step * <usize>m;
  const sign = signMask();
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    const w1r = real(w);
    const w1i = imaginary(w);
    const w2r = real(w + 16);
    const w2i = imaginary(w + 16);
    const w3r = real(w + 32);
    const w3i = imaginary(w + 32);
    const end = i + step;
    for (; i < end; i += 16) {
      const a = v128.load(i);
      const b = v128.load(i + far);
      const c = v128.load(i + 2 * far);
      const d = v128.load(i + 3 * far);
      const t0 = f64x2.add(a, c);
      const t1 = f64x2.sub(a, c);
      const t2 = f64x2.add(b, d);
      const t3 = turn(f64x2.sub(b, d), sign);
      v128.store(o, f64x2.add(t0, t2));
      v128.store(o + step, by<W>(f64x2.add(t1, t3), w1r, w1i));
      v128.store(o + 2 * step, by<W>(f64x2.sub(t0, t2), w2r, w2i));
      v128.store(o + 3 * step, by<W>(f64x2.sub(t1, t3), w3r, w3i));
      o += 16;
    }
    o += 3 * step;
    w += 48;
  }
}

export function pass4(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  if (m == 1) radix4<Ones>(x, y, w, span, 1);
  else radix4<Turns>(x, y, w, span, m);
}

// @ts-ignore: decorator
@inline
function radix5<W>(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  const step = <usize>span << 4;
  const far = step * <usize>m;
  const quarter = constant(4);
  const root = constant(5);
  const s1 = constant(6);
  const s2 = constant(7);
  const sign = signMask();
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    const w1r = real(w);
    const w1i = imaginary(w);
    const w2r = real(w + 16);
    const w2i = imaginary(w + 16);
    const w3r = real(w + 32);
    const w3i = imaginary(w + 32);
    const w4r = real(w + 48);
    const w4i = imaginary(w + 48);
    const end = i + step;
    for (; i < end; i += 16) {
      const a = v128.load(i);
      const x1 = v128.load(i + far);
      const x2 = v128.load(i + 2 * far);
      const x3 = v128.load(i + 3 * far);
      const x4 = v128.load(i + 4 * far);
      const p1 = f64x2.add(x1, x4);
      const n1 = f64x2.sub(x1, x4);
      const p2 = f64x2.add(x2, x3);
      const n2 = f64x2.sub(x2, x3);
      const t = f64x2.add(p1, p2);
      const u = f64x2.sub(a, f64x2.mul(quarter, t));
      const v = f64x2.mul(root, f64x2.sub(p1, p2));
      const e1 = f64x2.add(u, v);
      const e2 = f64x2.sub(u, v);
      const o1 = turn(f64x2.add(f64x2.mul(s1, n1), f64x2.mul(s2, n2)), sign);
      const o2 = turn(f64x2.sub(f64x2.mul(s2, n1), f64x2.mul(s1, n2)), sign);
      v128.store(o, f64x2.add(a, t));
      v128.store(o + step, by<W>(f64x2.add(e1, o1), w1r, w1i));
      v128.store(o + 2 * step, by<W>(f64x2.add(e2, o2), w2r, w2i));
      v128.store(o + 3 * step, by<W>(f64x2.sub(e2, o2), w3r, w3i));
      v128.store(o + 4 * step, by<W>(f64x2.sub(e1, o1), w4r, w4i));
      o += 16;
    }
    o += 4 * step;
    w += 64;
  }
}

export function pass5(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  if (m == 1) radix5<Ones>(x, y, w, span, 1);
  else radix5<Turns>(x, y, w, span, m);
}

// @ts-ignore: decorator
@inline
function sum3(a: v128, x: v128, b: v128, y: v128, c: v128, z: v128): v128 {
  return f64x2.add(f64x2.add(f64x2.mul(a, x), f64x2.mul(b, y)), f64x2.mul(c, z));
}

export function pass7(x: usize, y: usize, w: usize, span: i32, m: i32): void {
  const step = <usize>span << 4;
  const far = step * <usize>m;
  const c1 = constant(8);
  const c2 = constant(9);
  const c3 = constant(10);
  const s1 = constant(11);
  const s2 = constant(12);
  const s3 = constant(13);
  const sign = signMask();
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    const end = i + step;
    for (; i < end; i += 16) {
      const a = v128.load(i);
      const x1 = v128.load(i + far);
      const x2 = v128.load(i + 2 * far);
      const x3 = v128.load(i + 3 * far);
      const x4 = v128.load(i + 4 * far);
      const x5 = v128.load(i + 5 * far);
      const x6 = v128.load(i + 6 * far);
      const p1 = f64x2.add(x1, x6);
      const n1 = f64x2.sub(x1, x6);
      const p2 = f64x2.add(x2, x5);
      const n2 = f64x2.sub(x2, x5);
      const p3 = f64x2.add(x3, x4);
      const n3 = f64x2.sub(x3, x4);
      v128.store(o, f64x2.add(a, f64x2.add(f64x2.add(p1, p2), p3)));
      const e1 = f64x2.add(a, sum3(c1, p1, c2, p2, c3, p3));
      const e2 = f64x2.add(a, sum3(c2, p1, c3, p2, c1, p3));
      const e3 = f64x2.add(a, sum3(c3, p1, c1, p2, c2, p3));
      const o1 = turn(sum3(s1, n1, s2, n2, s3, n3), sign);
      const o2 = turn(f64x2.sub(f64x2.sub(f64x2.mul(s2, n1), f64x2.mul(s3, n2)), f64x2.mul(s1, n3)), sign);
      const o3 = turn(f64x2.add(f64x2.sub(f64x2.mul(s3, n1), f64x2.mul(s1, n2)), f64x2.mul(s2, n3)), sign);
      v128.store(o + step, times(f64x2.add(e1, o1), real(w), imaginary(w)));
      v128.store(o + 2 * step, times(f64x2.add(e2, o2), real(w + 16), imaginary(w + 16)));
      v128.store(o + 3 * step, times(f64x2.add(e3, o3), real(w + 32), imaginary(w + 32)));
      v128.store(o + 4 * step, times(f64x2.sub(e3, o3), real(w + 48), imaginary(w + 48)));
      v128.store(o + 5 * step, times(f64x2.sub(e2, o2), real(w + 64), imaginary(w + 64)));
      v128.store(o + 6 * step, times(f64x2.sub(e1, o1), real(w + 80), imaginary(w + 80)));
      o += 16;
    }
    o += 6 * step;
    w += 96;
  }
}

/**
 * The pass of an odd prime, as primePass of fft-passes.ts has it; its constants stand before the twiddles. Two columns and two
 * outputs at once share what they load; `room` has place for 2 (p − 1) vectors.
 */
export function passPrime(x: usize, y: usize, w: usize, span: i32, m: i32, p: i32, room: usize): void {
  const h = (p - 1) >> 1;
  const step = <usize>span << 4;
  const far = step * <usize>m;
  const sign = signMask();
  const constants = w;
  const row = <usize>h << 4;
  const filled = room + (<usize>h << 6);
  w += row * <usize>h;
  let i = x;
  let o = y;
  for (let q = 0; q < m; q++) {
    for (let k = 0; k < span; k += 2) {
      // A last single column takes its neighbour along once more.
      const start = <usize>(k + 2 <= span ? k : span > 1 ? span - 2 : 0) << 4;
      const beside: usize = span > 1 ? 16 : 0;
      const at = i + start;
      const to = o + start;
      const a0 = v128.load(at);
      const a1 = v128.load(at + beside);
      let s0 = a0;
      let s1 = a1;
      let u = at + far;
      let v = at + far * <usize>(p - 1);
      for (let r = room; r < filled; r += 64) {
        const u0 = v128.load(u);
        const v0 = v128.load(v);
        const u1 = v128.load(u + beside);
        const v1 = v128.load(v + beside);
        const p0 = f64x2.add(u0, v0);
        const p1 = f64x2.add(u1, v1);
        v128.store(r, p0);
        v128.store(r, f64x2.sub(u0, v0), 16);
        v128.store(r, p1, 32);
        v128.store(r, f64x2.sub(u1, v1), 48);
        s0 = f64x2.add(s0, p0);
        s1 = f64x2.add(s1, p1);
        u += far;
        v -= far;
      }
      v128.store(to, s0);
      v128.store(to + beside, s1);
      let c = constants;
      for (let r = 1; r <= h; r += 2) {
        const next: usize = r < h ? row : 0;
        let e0 = a0;
        let e1 = a1;
        let f0 = a0;
        let f1 = a1;
        let n0 = f64x2.splat(0);
        let n1 = n0;
        let g0 = n0;
        let g1 = n0;
        for (let j = room; j < filled; j += 64) {
          const p0 = v128.load(j);
          const p1 = v128.load(j, 32);
          let t = v128.load64_splat(c);
          e0 = f64x2.add(e0, f64x2.mul(t, p0));
          e1 = f64x2.add(e1, f64x2.mul(t, p1));
          t = v128.load64_splat(c + next);
          f0 = f64x2.add(f0, f64x2.mul(t, p0));
          f1 = f64x2.add(f1, f64x2.mul(t, p1));
          const d0 = v128.load(j, 16);
          const d1 = v128.load(j, 48);
          t = v128.load64_splat(c, 8);
          n0 = f64x2.add(n0, f64x2.mul(t, d0));
          n1 = f64x2.add(n1, f64x2.mul(t, d1));
          t = v128.load64_splat(c + next, 8);
          g0 = f64x2.add(g0, f64x2.mul(t, d0));
          g1 = f64x2.add(g1, f64x2.mul(t, d1));
          c += 16;
        }
        c += row;
        primeEnd(to, beside, step, w, m, p, r, e0, e1, turn(n0, sign), turn(n1, sign));
        if (next != 0) primeEnd(to, beside, step, w, m, p, r + 1, f0, f1, turn(g0, sign), turn(g1, sign));
      }
    }
    i += step;
    o += step * <usize>p;
    w += <usize>(p - 1) << 4;
  }
}

/** Results r and p − r of a prime from E and −i O of two columns. */
// @ts-ignore: decorator
@inline
function primeEnd(o: usize, beside: usize, step: usize, w: usize, m: i32, p: i32, r: i32, e0: v128, e1: v128, o0: v128, o1: v128): void {
  const low = o + step * <usize>r;
  const high = o + step * <usize>(p - r);
  let l0 = f64x2.add(e0, o0);
  let l1 = f64x2.add(e1, o1);
  let h0 = f64x2.sub(e0, o0);
  let h1 = f64x2.sub(e1, o1);
  if (m > 1) {
    const a = w + (<usize>(r - 1) << 4);
    const b = w + (<usize>(p - r - 1) << 4);
    const ar = real(a);
    const ai = imaginary(a);
    const br = real(b);
    const bi = imaginary(b);
    l0 = times(l0, ar, ai);
    l1 = times(l1, ar, ai);
    h0 = times(h0, br, bi);
    h1 = times(h1, br, bi);
  }
  v128.store(low, l0);
  v128.store(low + beside, l1);
  v128.store(high, h0);
  v128.store(high + beside, h1);
}

/** out ← interleaved complex numbers from `count` real parts at x and as many imaginary parts behind them. */
export function interleave(x: usize, out: usize, count: i32): void {
  const bytes = <usize>count << 3;
  const pairs = x + ((<usize>count & ~1) << 3);
  while (x < pairs) {
    const re = v128.load(x);
    const im = v128.load(x + bytes);
    v128.store(out, v128.shuffle<f64>(re, im, 0, 2));
    v128.store(out, v128.shuffle<f64>(re, im, 1, 3), 16);
    x += 16;
    out += 32;
  }
  if (count & 1) {
    f64.store(out, f64.load(x));
    f64.store(out, f64.load(x + bytes), 8);
  }
}

/** The reverse, each number divided by `divisor`, the imaginary parts `bytes` behind the real ones. */
export function separate(x: usize, out: usize, count: i32, divisor: f64, bytes: usize): void {
  const pairs = out + ((<usize>count & ~1) << 3);
  const by = f64x2.splat(divisor);
  if (divisor == 1) {
    while (out < pairs) {
      const a = v128.load(x);
      const b = v128.load(x, 16);
      v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(out + bytes, v128.shuffle<f64>(a, b, 1, 3));
      x += 32;
      out += 16;
    }
  } else {
    while (out < pairs) {
      const a = v128.load(x);
      const b = v128.load(x, 16);
      v128.store(out, f64x2.div(v128.shuffle<f64>(a, b, 0, 2), by));
      v128.store(out + bytes, f64x2.div(v128.shuffle<f64>(a, b, 1, 3), by));
      x += 32;
      out += 16;
    }
  }
  if (count & 1) {
    f64.store(out, f64.load(x) / divisor);
    f64.store(out + bytes, f64.load(x, 8) / divisor);
  }
}
