// Transforms of numbers that are held in parts: all real parts, then all imaginary ones. A vector holds the same part of
// two numbers, so that neither twiddles nor turns need a shuffle. The passes are those of fourier.ts, with the same bits,
// but in place (decimation in frequency); the last one writes every result to its place.
//
// There are two kinds. Along an axis of a grid eight lines go through a panel together, whose row i holds entry i of each
// line, eight real and eight imaginary parts. A single line of a power of two pairs neighbours instead.
// Addresses and steps are in bytes. One file above 400 lines, because both share the butterflies, which must be inlined.

/** Bytes of a row of the panel, and from its real to its imaginary parts. */
const ROW: usize = 128;
const HALF: usize = 64;

// V8 does not fold an added constant into an address, so the place of a vector in its row must be an immediate operand.
// These classes carry it as a type: offsetof<At32>() is 32.
@unmanaged class At0 {}
@unmanaged class At16 { a: v128; }
@unmanaged class At32 { a: v128; b: v128; }
@unmanaged class At48 { a: v128; b: v128; c: v128; }

// In the same way: what results are multiplied by. Nothing, one twiddle for both numbers of a vector (16 bytes), or one for
// each (32 bytes: two real parts, two imaginary ones).
@unmanaged class Ones {}
@unmanaged class Same { a: v128; }
@unmanaged class Pairs { a: v128; b: v128; }

const CONSTANTS: usize = memory.data<f64>([
  0.5, 0.8660254037844386, 0.25, 0.5590169943749475, 0.9510565162951535, 0.5877852522924731, 0.6234898018587336,
  -0.2225209339563144, -0.9009688679024191, 0.7818314824680298, 0.9749279121818236, 0.4338837391175581,
], 16);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load64_splat(CONSTANTS + 8 * index);
}

// @ts-ignore: decorator
@inline
function get<T>(p: usize): v128 {
  return v128.load(p, offsetof<T>());
}

// @ts-ignore: decorator
@inline
function put<T>(o: usize, j: usize, re: v128, im: v128): void {
  v128.store(o, re, offsetof<T>());
  v128.store(j, im, offsetof<T>());
}

/** Stores (re + i im) times the twiddle at w. */
// @ts-ignore: decorator
@inline
function turn<T, W>(o: usize, j: usize, re: v128, im: v128, w: usize): void {
  if (offsetof<W>() == offsetof<Ones>()) {
    put<T>(o, j, re, im);
  } else {
    const wr = offsetof<W>() == offsetof<Same>() ? v128.load64_splat(w) : v128.load(w);
    const wi = offsetof<W>() == offsetof<Same>() ? v128.load64_splat(w, 8) : v128.load(w, 16);
    put<T>(o, j, f64x2.sub(f64x2.mul(re, wr), f64x2.mul(im, wi)), f64x2.add(f64x2.mul(im, wr), f64x2.mul(re, wi)));
  }
}

// @ts-ignore: decorator
@inline
export function low(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 0, 2);
}

// @ts-ignore: decorator
@inline
export function high(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 1, 3);
}

// The radices take numbers at p (real parts) and i (imaginary parts), `far` apart, to o and j, `step` apart.

// @ts-ignore: decorator
@inline
function radix2<T, W>(p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize): void {
  const ar = get<T>(p);
  const ai = get<T>(i);
  const br = get<T>(p + far);
  const bi = get<T>(i + far);
  put<T>(o, j, f64x2.add(ar, br), f64x2.add(ai, bi));
  turn<T, W>(o + step, j + step, f64x2.sub(ar, br), f64x2.sub(ai, bi), w);
}

// @ts-ignore: decorator
@inline
function radix3<T, W>(p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize): void {
  const ar = get<T>(p);
  const ai = get<T>(i);
  const br = get<T>(p + far);
  const bi = get<T>(i + far);
  const cr = get<T>(p + 2 * far);
  const ci = get<T>(i + 2 * far);
  const half = constant(0);
  const sine = constant(1);
  const tr = f64x2.add(br, cr);
  const ti = f64x2.add(bi, ci);
  const ur = f64x2.sub(ar, f64x2.mul(half, tr));
  const ui = f64x2.sub(ai, f64x2.mul(half, ti));
  // −i sin (b − c) is (vr, −vi).
  const vr = f64x2.mul(sine, f64x2.sub(bi, ci));
  const vi = f64x2.mul(sine, f64x2.sub(br, cr));
  put<T>(o, j, f64x2.add(ar, tr), f64x2.add(ai, ti));
  turn<T, W>(o + step, j + step, f64x2.add(ur, vr), f64x2.sub(ui, vi), w);
  turn<T, W>(o + 2 * step, j + 2 * step, f64x2.sub(ur, vr), f64x2.add(ui, vi), w + 16);
}

/** The butterfly of radix 4. */
// @ts-ignore: decorator
@inline
function four<T, W>(ar: v128, ai: v128, br: v128, bi: v128, cr: v128, ci: v128, dr: v128, di: v128, o: usize, j: usize, step: usize, w: usize): void {
  const t0r = f64x2.add(ar, cr);
  const t0i = f64x2.add(ai, ci);
  const t1r = f64x2.sub(ar, cr);
  const t1i = f64x2.sub(ai, ci);
  const t2r = f64x2.add(br, dr);
  const t2i = f64x2.add(bi, di);
  // −i (b − d) is (t3r, −t3i).
  const t3r = f64x2.sub(bi, di);
  const t3i = f64x2.sub(br, dr);
  put<T>(o, j, f64x2.add(t0r, t2r), f64x2.add(t0i, t2i));
  turn<T, W>(o + 2 * step, j + 2 * step, f64x2.sub(t0r, t2r), f64x2.sub(t0i, t2i), w + offsetof<W>());
  turn<T, W>(o + step, j + step, f64x2.add(t1r, t3r), f64x2.sub(t1i, t3i), w);
  turn<T, W>(o + 3 * step, j + 3 * step, f64x2.sub(t1r, t3r), f64x2.add(t1i, t3i), w + 2 * offsetof<W>());
}

// @ts-ignore: decorator
@inline
function radix4<T, W>(p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize): void {
  const ar = get<T>(p);
  const ai = get<T>(i);
  const cr = get<T>(p + 2 * far);
  const ci = get<T>(i + 2 * far);
  const br = get<T>(p + far);
  const bi = get<T>(i + far);
  const dr = get<T>(p + 3 * far);
  const di = get<T>(i + 3 * far);
  four<T, W>(ar, ai, br, bi, cr, ci, dr, di, o, j, step, w);
}

// @ts-ignore: decorator
@inline
function radix5<T, W>(p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize): void {
  const x1r = get<T>(p + far);
  const x4r = get<T>(p + 4 * far);
  const x1i = get<T>(i + far);
  const x4i = get<T>(i + 4 * far);
  const p1r = f64x2.add(x1r, x4r);
  const n1r = f64x2.sub(x1r, x4r);
  const p1i = f64x2.add(x1i, x4i);
  const n1i = f64x2.sub(x1i, x4i);
  const x2r = get<T>(p + 2 * far);
  const x3r = get<T>(p + 3 * far);
  const x2i = get<T>(i + 2 * far);
  const x3i = get<T>(i + 3 * far);
  const p2r = f64x2.add(x2r, x3r);
  const n2r = f64x2.sub(x2r, x3r);
  const p2i = f64x2.add(x2i, x3i);
  const n2i = f64x2.sub(x2i, x3i);
  const ar = get<T>(p);
  const ai = get<T>(i);
  const tr = f64x2.add(p1r, p2r);
  const ti = f64x2.add(p1i, p2i);
  put<T>(o, j, f64x2.add(ar, tr), f64x2.add(ai, ti));
  const quarter = constant(2);
  const root = constant(3);
  const ur = f64x2.sub(ar, f64x2.mul(quarter, tr));
  const ui = f64x2.sub(ai, f64x2.mul(quarter, ti));
  const vr = f64x2.mul(root, f64x2.sub(p1r, p2r));
  const vi = f64x2.mul(root, f64x2.sub(p1i, p2i));
  const e1r = f64x2.add(ur, vr);
  const e1i = f64x2.add(ui, vi);
  const e2r = f64x2.sub(ur, vr);
  const e2i = f64x2.sub(ui, vi);
  const s1 = constant(4);
  const s2 = constant(5);
  // −i (s1 n1 + s2 n2) is (o1r, −o1i), −i (s2 n1 − s1 n2) is (o2r, −o2i)
  const o1r = f64x2.add(f64x2.mul(s1, n1i), f64x2.mul(s2, n2i));
  const o1i = f64x2.add(f64x2.mul(s1, n1r), f64x2.mul(s2, n2r));
  const o2r = f64x2.sub(f64x2.mul(s2, n1i), f64x2.mul(s1, n2i));
  const o2i = f64x2.sub(f64x2.mul(s2, n1r), f64x2.mul(s1, n2r));
  turn<T, W>(o + step, j + step, f64x2.add(e1r, o1r), f64x2.sub(e1i, o1i), w);
  turn<T, W>(o + 4 * step, j + 4 * step, f64x2.sub(e1r, o1r), f64x2.add(e1i, o1i), w + 48);
  turn<T, W>(o + 2 * step, j + 2 * step, f64x2.add(e2r, o2r), f64x2.sub(e2i, o2i), w + 16);
  turn<T, W>(o + 3 * step, j + 3 * step, f64x2.sub(e2r, o2r), f64x2.add(e2i, o2i), w + 32);
}

// @ts-ignore: decorator
@inline
function sum3(a: v128, x: v128, b: v128, y: v128, c: v128, z: v128): v128 {
  return f64x2.add(f64x2.add(f64x2.mul(a, x), f64x2.mul(b, y)), f64x2.mul(c, z));
}

// @ts-ignore: decorator
@inline
function radix7<T, W>(p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize): void {
  const ar = get<T>(p);
  const ai = get<T>(i);
  const x1r = get<T>(p + far);
  const x1i = get<T>(i + far);
  const x2r = get<T>(p + 2 * far);
  const x2i = get<T>(i + 2 * far);
  const x3r = get<T>(p + 3 * far);
  const x3i = get<T>(i + 3 * far);
  const x4r = get<T>(p + 4 * far);
  const x4i = get<T>(i + 4 * far);
  const x5r = get<T>(p + 5 * far);
  const x5i = get<T>(i + 5 * far);
  const x6r = get<T>(p + 6 * far);
  const x6i = get<T>(i + 6 * far);
  const p1r = f64x2.add(x1r, x6r);
  const p1i = f64x2.add(x1i, x6i);
  const n1r = f64x2.sub(x1r, x6r);
  const n1i = f64x2.sub(x1i, x6i);
  const p2r = f64x2.add(x2r, x5r);
  const p2i = f64x2.add(x2i, x5i);
  const n2r = f64x2.sub(x2r, x5r);
  const n2i = f64x2.sub(x2i, x5i);
  const p3r = f64x2.add(x3r, x4r);
  const p3i = f64x2.add(x3i, x4i);
  const n3r = f64x2.sub(x3r, x4r);
  const n3i = f64x2.sub(x3i, x4i);
  put<T>(o, j, f64x2.add(ar, f64x2.add(f64x2.add(p1r, p2r), p3r)), f64x2.add(ai, f64x2.add(f64x2.add(p1i, p2i), p3i)));
  const c1 = constant(6);
  const c2 = constant(7);
  const c3 = constant(8);
  const s1 = constant(9);
  const s2 = constant(10);
  const s3 = constant(11);
  const e1r = f64x2.add(ar, sum3(c1, p1r, c2, p2r, c3, p3r));
  const e1i = f64x2.add(ai, sum3(c1, p1i, c2, p2i, c3, p3i));
  const e2r = f64x2.add(ar, sum3(c2, p1r, c3, p2r, c1, p3r));
  const e2i = f64x2.add(ai, sum3(c2, p1i, c3, p2i, c1, p3i));
  const e3r = f64x2.add(ar, sum3(c3, p1r, c1, p2r, c2, p3r));
  const e3i = f64x2.add(ai, sum3(c3, p1i, c1, p2i, c2, p3i));
  // (o_k r, −o_k i) is −i times the sums of sines.
  const o1r = sum3(s1, n1i, s2, n2i, s3, n3i);
  const o1i = sum3(s1, n1r, s2, n2r, s3, n3r);
  const o2r = f64x2.sub(f64x2.sub(f64x2.mul(s2, n1i), f64x2.mul(s3, n2i)), f64x2.mul(s1, n3i));
  const o2i = f64x2.sub(f64x2.sub(f64x2.mul(s2, n1r), f64x2.mul(s3, n2r)), f64x2.mul(s1, n3r));
  const o3r = f64x2.add(f64x2.sub(f64x2.mul(s3, n1i), f64x2.mul(s1, n2i)), f64x2.mul(s2, n3i));
  const o3i = f64x2.add(f64x2.sub(f64x2.mul(s3, n1r), f64x2.mul(s1, n2r)), f64x2.mul(s2, n3r));
  turn<T, W>(o + step, j + step, f64x2.add(e1r, o1r), f64x2.sub(e1i, o1i), w);
  turn<T, W>(o + 2 * step, j + 2 * step, f64x2.add(e2r, o2r), f64x2.sub(e2i, o2i), w + 16);
  turn<T, W>(o + 3 * step, j + 3 * step, f64x2.add(e3r, o3r), f64x2.sub(e3i, o3i), w + 32);
  turn<T, W>(o + 4 * step, j + 4 * step, f64x2.sub(e3r, o3r), f64x2.add(e3i, o3i), w + 48);
  turn<T, W>(o + 5 * step, j + 5 * step, f64x2.sub(e2r, o2r), f64x2.add(e2i, o2i), w + 64);
  turn<T, W>(o + 6 * step, j + 6 * step, f64x2.sub(e1r, o1r), f64x2.add(e1i, o1i), w + 80);
}

/** Results r and p − r of a prime from E and O, whose −i O is (sr, −si). */
// @ts-ignore: decorator
@inline
function primeEnd<W>(o: usize, j: usize, step: usize, w: usize, p: i32, r: i32, er: v128, ei: v128, sr: v128, si: v128): void {
  const low = step * <usize>r;
  const high = step * <usize>(p - r);
  turn<At0, W>(o + low, j + low, f64x2.add(er, sr), f64x2.sub(ei, si), w + (<usize>(r - 1) << 4));
  turn<At0, W>(o + high, j + high, f64x2.sub(er, sr), f64x2.add(ei, si), w + (<usize>(p - r - 1) << 4));
}

/**
 * An odd prime on one vector of a row, as primePass of fft-passes.ts has it, two outputs at once; c: its constants; `room` has
 * place for 2 (p − 1) vectors.
 */
function prime<W>(p: i32, x: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize, c: usize, room: usize): void {
  const h = (p - 1) >> 1;
  const next = <usize>h << 4;
  const filled = room + (<usize>h << 6);
  const ar = v128.load(x);
  const ai = v128.load(i);
  let sr = ar;
  let si = ai;
  let u = far;
  let v = far * <usize>(p - 1);
  for (let k = room; k < filled; k += 64) {
    const ur = v128.load(x + u);
    const ui = v128.load(i + u);
    const vr = v128.load(x + v);
    const vi = v128.load(i + v);
    const pr = f64x2.add(ur, vr);
    const pi = f64x2.add(ui, vi);
    v128.store(k, pr);
    v128.store(k, pi, 16);
    v128.store(k, f64x2.sub(ur, vr), 32);
    v128.store(k, f64x2.sub(ui, vi), 48);
    sr = f64x2.add(sr, pr);
    si = f64x2.add(si, pi);
    u += far;
    v -= far;
  }
  put<At0>(o, j, sr, si);
  for (let r = 1; r <= h; r += 2) {
    // A last single output is computed along once more.
    const beside: usize = r < h ? next : 0;
    let er = ar;
    let ei = ai;
    let fr = ar;
    let fi = ai;
    let nr = f64x2.splat(0);
    let ni = nr;
    let gr = nr;
    let gi = nr;
    for (let k = room; k < filled; k += 64) {
      const pr = v128.load(k);
      const pi = v128.load(k, 16);
      let t = v128.load64_splat(c);
      er = f64x2.add(er, f64x2.mul(t, pr));
      ei = f64x2.add(ei, f64x2.mul(t, pi));
      t = v128.load64_splat(c + beside);
      fr = f64x2.add(fr, f64x2.mul(t, pr));
      fi = f64x2.add(fi, f64x2.mul(t, pi));
      const dr = v128.load(k, 32);
      const di = v128.load(k, 48);
      t = v128.load64_splat(c, 8);
      nr = f64x2.add(nr, f64x2.mul(t, dr));
      ni = f64x2.add(ni, f64x2.mul(t, di));
      t = v128.load64_splat(c + beside, 8);
      gr = f64x2.add(gr, f64x2.mul(t, dr));
      gi = f64x2.add(gi, f64x2.mul(t, di));
      c += 16;
    }
    c += next;
    primeEnd<W>(o, j, step, w, p, r, er, ei, ni, nr);
    if (beside != 0) primeEnd<W>(o, j, step, w, p, r + 1, fr, fi, gi, gr);
  }
}

/** Bytes of constants before the twiddles of a pass: those of a prime without butterflies of its own. */
// @ts-ignore: decorator
@inline
function constantBytes(radix: i32): usize {
  return radix > 7 ? (<usize>(radix - 1) * <usize>(radix - 1)) << 2 : 0;
}

/** One radix on whole rows of the panel; constants and room are those of a prime. */
// @ts-ignore: decorator
@inline
function row<W>(radix: i32, p: usize, i: usize, far: usize, o: usize, j: usize, step: usize, w: usize, constants: usize, room: usize): void {
  if (radix == 4) {
    radix4<At0, W>(p, i, far, o, j, step, w);
    radix4<At16, W>(p, i, far, o, j, step, w);
    radix4<At32, W>(p, i, far, o, j, step, w);
    radix4<At48, W>(p, i, far, o, j, step, w);
  } else if (radix == 5) {
    radix5<At0, W>(p, i, far, o, j, step, w);
    radix5<At16, W>(p, i, far, o, j, step, w);
    radix5<At32, W>(p, i, far, o, j, step, w);
    radix5<At48, W>(p, i, far, o, j, step, w);
  } else if (radix == 2) {
    radix2<At0, W>(p, i, far, o, j, step, w);
    radix2<At16, W>(p, i, far, o, j, step, w);
    radix2<At32, W>(p, i, far, o, j, step, w);
    radix2<At48, W>(p, i, far, o, j, step, w);
  } else if (radix == 3) {
    radix3<At0, W>(p, i, far, o, j, step, w);
    radix3<At16, W>(p, i, far, o, j, step, w);
    radix3<At32, W>(p, i, far, o, j, step, w);
    radix3<At48, W>(p, i, far, o, j, step, w);
  } else if (radix == 7) {
    for (let c: usize = 0; c < HALF; c += 16) radix7<At0, W>(p + c, i + c, far, o + c, j + c, step, w);
  } else {
    for (let c: usize = 0; c < HALF; c += 16) prime<W>(radix, p + c, i + c, far, o + c, j + c, step, w, constants, room);
  }
}

/**
 * One pass over `blocks` transforms of length radix · m, from x, whose rows lie xStep apart and whose imaginary parts xImag
 * behind the real ones, to panel rows at y (which may be x).
 */
function pass(radix: i32, x: usize, xStep: usize, xImag: usize, y: usize, w: usize, m: i32, blocks: i32, room: usize): void {
  const far = xStep * <usize>m;
  const step = ROW * <usize>m;
  const others = <usize>(radix - 1);
  const constants = w;
  w += constantBytes(radix);
  for (let b = 0; b < blocks; b++) {
    let t = w;
    const end = y + step;
    for (; y < end; y += ROW) {
      row<Same>(radix, x, x + xImag, far, y, y + HALF, step, t, constants, room);
      x += xStep;
      t += others << 4;
    }
    x += far * others;
    y += step * others;
  }
}

/**
 * The last pass: `groups` groups of `radix` adjacent panel rows, without twiddles; the results of a group go `step` apart,
 * from the row of the target on that `order` names.
 */
function lastPass(radix: i32, x: usize, groups: i32, order: usize, y: usize, yStep: usize, yImag: usize, step: usize, constants: usize, room: usize): void {
  const end = order + (<usize>groups << 2);
  for (; order < end; order += 4) {
    const o = y + yStep * <usize>load<u32>(order);
    row<Ones>(radix, x, x + HALF, ROW, o, o + yImag, step, 0, constants, room);
    x += ROW * <usize>radix;
  }
}

/**
 * Transforms eight adjacent columns of n rows, xStep apart in the source and yStep in the target. plan: the radices;
 * order: the rows where results of the last pass begin (both 32-bit); w: the twiddles of the passes, before them the constants of
 * primes. The room of primes stands 2 n rows and 64 bytes behind the beginning of the panel.
 */
function eight(x: usize, xStep: usize, xImag: usize, y: usize, yStep: usize, yImag: usize, n: i32, plan: usize, order: usize, w: usize, panel: usize): void {
  const first = load<i32>(plan);
  const room = panel + 2 * ROW * <usize>n + 64;
  let m = n / first;
  if (m == 1) {
    if (x != panel) copyRows(x, xStep, xImag, panel, n);
    lastPass(first, panel, 1, order, y, yStep, yImag, yStep, w, room);
    return;
  }
  pass(first, x, xStep, xImag, panel, w, m, 1, room);
  w += constantBytes(first) + (<usize>((first - 1) * m) << 4);
  // Block by block to the end, so that what does not fit the first cache does so after the first pass.
  for (let b = 0; b < first; b++) {
    let part = m;
    let blocks = 1;
    let t = w;
    for (let at = plan + 4; ; at += 4) {
      const radix = load<i32>(at);
      if (radix == part) {
        lastPass(radix, panel, blocks, order, y, yStep, yImag, yStep * <usize>(n / radix), t, room);
        order += <usize>blocks << 2;
        break;
      }
      part /= radix;
      pass(radix, panel, ROW, HALF, panel, t, part, blocks, room);
      t += constantBytes(radix) + (<usize>((radix - 1) * part) << 4);
      blocks *= radix;
    }
    panel += ROW * <usize>m;
  }
}

/** Eight columns of n rows into a panel. */
function copyRows(x: usize, xStep: usize, xImag: usize, y: usize, n: i32): void {
  for (let r = 0; r < n; r++) {
    const i = x + xImag;
    v128.store(y, v128.load(x));
    v128.store(y, v128.load(x, 16), 16);
    v128.store(y, v128.load(x, 32), 32);
    v128.store(y, v128.load(x, 48), 48);
    v128.store(y, v128.load(i), 64);
    v128.store(y, v128.load(i, 16), 80);
    v128.store(y, v128.load(i, 32), 96);
    v128.store(y, v128.load(i, 48), 112);
    x += xStep;
    y += ROW;
  }
}

/** Reads eight lines, whose addresses stand in a list, into a panel: entry k of each lies k · step behind its beginning. */
function gatherLines(list: usize, step: usize, imag: usize, y: usize, n: i32): void {
  for (let pair = 0; pair < 4; pair++) {
    let a = <usize>load<u32>(list);
    let b = <usize>load<u32>(list, 4);
    let o = y;
    const end = o + ROW * <usize>n;
    for (; o < end; o += ROW) {
      v128.store(o, v128.load64_lane(b, v128.load64_zero(a), 1));
      v128.store(o, v128.load64_lane(b + imag, v128.load64_zero(a + imag), 1), 64);
      a += step;
      b += step;
    }
    list += 8;
    y += 16;
  }
}

/** The reverse for the first `count` lines. */
function scatterLines(x: usize, list: usize, step: usize, imag: usize, n: i32, count: i32): void {
  for (let line = 0; line < count; line++) {
    let a = <usize>load<u32>(list);
    let p = x;
    const end = p + ROW * <usize>n;
    for (; p < end; p += ROW) {
      store<f64>(a, load<f64>(p));
      store<f64>(a + imag, load<f64>(p, HALF));
      a += step;
    }
    list += 4;
    x += 8;
  }
}

/** Up to eight lines of adjacent numbers, n of them each, into a panel, transposed in blocks of two by two. */
function gatherRows(x: usize, imag: usize, y: usize, n: i32, count: i32): void {
  const pitch = <usize>n << 3;
  for (let line = 0; line < 8; line += 2) {
    // Places without a line repeat the last one.
    let a = x + pitch * <usize>(line < count ? line : count - 1);
    let b = x + pitch * <usize>(line + 1 < count ? line + 1 : count - 1);
    let o = y + (<usize>line << 3);
    const end = o + ROW * <usize>(n & ~1);
    for (; o < end; o += 2 * ROW) {
      const ar = v128.load(a);
      const br = v128.load(b);
      const ai = v128.load(a + imag);
      const bi = v128.load(b + imag);
      v128.store(o, low(ar, br));
      v128.store(o, low(ai, bi), 64);
      v128.store(o, high(ar, br), 128);
      v128.store(o, high(ai, bi), 192);
      a += 16;
      b += 16;
    }
    if (n & 1) {
      v128.store(o, v128.load64_lane(b, v128.load64_zero(a), 1));
      v128.store(o, v128.load64_lane(b + imag, v128.load64_zero(a + imag), 1), 64);
    }
  }
}

/** The reverse for the first `count` lines, to lines `pitch` apart. */
function scatterRows(x: usize, y: usize, pitch: usize, imag: usize, n: i32, count: i32): void {
  for (let line = 0; line < count; line += 2) {
    let a = y + pitch * <usize>line;
    // The partner of a single last line is written to its place first and overwritten.
    const single = line + 1 == count;
    let b = single ? a : a + pitch;
    let p = x + (<usize>line << 3);
    const end = p + ROW * <usize>(n & ~1);
    for (; p < end; p += 2 * ROW) {
      const ur = v128.load(p);
      const ui = v128.load(p, 64);
      const vr = v128.load(p, 128);
      const vi = v128.load(p, 192);
      v128.store(b, high(ur, vr));
      v128.store(b + imag, high(ui, vi));
      v128.store(a, low(ur, vr));
      v128.store(a + imag, low(ui, vi));
      a += 16;
      b += 16;
    }
    if (n & 1) {
      store<f64>(b, load<f64>(p, 8));
      store<f64>(b + imag, load<f64>(p, 72));
      store<f64>(a, load<f64>(p));
      store<f64>(a + imag, load<f64>(p, 64));
    }
  }
}

/** Transforms `lines` of n adjacent numbers behind each other at x to lines yPitch apart at y; the panel has 2 n rows. */
export function gridRows(x: usize, xImag: usize, lines: i32, n: i32, y: usize, yPitch: usize, yImag: usize, plan: usize, order: usize, w: usize, panel: usize): void {
  const second = panel + ROW * <usize>n;
  for (; lines > 0; lines -= 8) {
    const count = lines < 8 ? lines : 8;
    gatherRows(x, xImag, panel, n, count);
    eight(panel, ROW, HALF, second, ROW, HALF, n, plan, order, w, panel);
    scatterRows(second, y, yPitch, yImag, n, count);
    x += <usize>n << 6;
    y += yPitch << 3;
  }
}

/** Transforms the columns of n numbers `stride` bytes apart (at least 16) in `slabs` slabs behind each other, in place. */
export function gridColumns(x: usize, stride: usize, imag: usize, slabs: i32, n: i32, plan: usize, order: usize, w: usize, panel: usize): void {
  const slab = stride * <usize>n;
  const rest = stride & (HALF - 1);
  let start = x;
  for (let s = 0; s < slabs; s++) {
    const end = start + stride - rest;
    for (let at = start; at < end; at += HALF) eight(at, stride, imag, at, stride, imag, n, plan, order, w, panel);
    start += slab;
  }
  const group = <i32>(rest >> 3);
  if (group > 0) gridLines(x + stride - rest, imag, slabs * group, group, slab, stride, n, plan, order, w, panel);
}

/**
 * Transforms single lines, eight at a time: line e begins ⌊e/group⌋ · jump bytes and e mod group numbers behind x, its
 * numbers lie `step` bytes apart.
 */
function gridLines(x: usize, imag: usize, lines: i32, group: i32, jump: usize, step: usize, n: i32, plan: usize, order: usize, w: usize, panel: usize): void {
  const second = panel + ROW * <usize>n;
  const list = second + ROW * <usize>n;
  for (let e = 0; e < lines; e += 8) {
    const count = lines - e < 8 ? lines - e : 8;
    for (let c = 0; c < 8; c++) {
      // Places without a line repeat the last one.
      const line = e + (c < count ? c : count - 1);
      store<u32>(list + (<usize>c << 2), <u32>(x + jump * <usize>(line / group) + (<usize>(line % group) << 3)));
    }
    gatherLines(list, step, imag, panel, n);
    eight(panel, ROW, HALF, second, ROW, HALF, n, plan, order, w, panel);
    scatterLines(second, list, step, imag, n, count);
  }
}

/** x ← x / divisor over `count` numbers. Returns 0, or NaN when one of them is not finite: x − x is 0 for the others. */
export function finishPart(x: usize, count: i32, divisor: f64): f64 {
  const pairs = x + ((<usize>count & ~1) << 3);
  const by = f64x2.splat(divisor);
  let probe = f64x2.splat(0);
  if (divisor == 1) {
    for (; x < pairs; x += 16) {
      const u = v128.load(x);
      probe = f64x2.add(probe, f64x2.sub(u, u));
    }
  } else {
    for (; x < pairs; x += 16) {
      const u = f64x2.div(v128.load(x), by);
      v128.store(x, u);
      probe = f64x2.add(probe, f64x2.sub(u, u));
    }
  }
  let rest = f64x2.extract_lane(probe, 0) + f64x2.extract_lane(probe, 1);
  if (count & 1) {
    const u = load<f64>(x) / divisor;
    store<f64>(x, u);
    rest += u - u;
  }
  return rest;
}

/**
 * One pass of radix 4 over `blocks` transforms of length 4 m in place, on adjacent numbers: a vector holds two of them
 * (m is even), so its twiddles stand in the table in pairs: real and imaginary parts of w, w², w³ for each pair.
 */
function line4(x: usize, imag: usize, w: usize, m: i32, blocks: i32): void {
  const far = <usize>m << 3;
  for (let b = 0; b < blocks; b++) {
    const end = x + far;
    let t = w;
    for (; x < end; x += 16) {
      radix4<At0, Pairs>(x, x + imag, far, x, x + imag, far, t);
      t += 96;
    }
    x += 3 * far;
  }
}

/** Four results of the last pass of radix 4 from four numbers of two blocks `far` apart, to neighbours in the target. */
// @ts-ignore: decorator
@inline
function lineEnd4(x: usize, imag: usize, far: usize, y: usize, yImag: usize, step: usize): void {
  const u = x + far;
  const r0 = v128.load(x);
  const s0 = v128.load(u);
  const r1 = v128.load(x, 16);
  const s1 = v128.load(u, 16);
  const ar = low(r0, s0);
  const br = high(r0, s0);
  const cr = low(r1, s1);
  const dr = high(r1, s1);
  const i0 = v128.load(x + imag);
  const j0 = v128.load(u + imag);
  const i1 = v128.load(x + imag, 16);
  const j1 = v128.load(u + imag, 16);
  const ai = low(i0, j0);
  const bi = high(i0, j0);
  const ci = low(i1, j1);
  const di = high(i1, j1);
  four<At0, Ones>(ar, ai, br, bi, cr, ci, dr, di, y, y + yImag, step, 0);
}

/** The same for radix 2. */
// @ts-ignore: decorator
@inline
function lineEnd2(x: usize, imag: usize, far: usize, y: usize, yImag: usize, step: usize): void {
  const u = x + far;
  const r = v128.load(x);
  const s = v128.load(u);
  const i = v128.load(x + imag);
  const k = v128.load(u + imag);
  const ar = low(r, s);
  const br = high(r, s);
  const ai = low(i, k);
  const bi = high(i, k);
  const j = y + yImag;
  put<At0>(y, j, f64x2.add(ar, br), f64x2.add(ai, bi));
  put<At0>(y + step, j + step, f64x2.sub(ar, br), f64x2.sub(ai, bi));
}

/**
 * Transforms one line of n adjacent numbers, n a power of two and at least 16, destroying it: the result goes to y.
 * order is that of the last pass, w the twiddles in pairs.
 */
export function powerLine(x: usize, imag: usize, n: i32, y: usize, yImag: usize, order: usize, w: usize): void {
  let part = n;
  let blocks = 1;
  while (part > 4) {
    part >>= 2;
    line4(x, imag, w, part, blocks);
    w += <usize>(48 * part);
    blocks <<= 2;
  }
  // Numbers of the four blocks of the first pass are neighbours in the result.
  const far = <usize>n << 1;
  const end = x + far;
  if (part == 4) {
    for (; x < end; x += 32) {
      const o = y + (<usize>load<u32>(order) << 3);
      lineEnd4(x, imag, far, o, yImag, far);
      lineEnd4(x + 2 * far, imag, far, o + 16, yImag, far);
      order += 4;
    }
  } else {
    for (; x < end; x += 16) {
      const o = y + (<usize>load<u32>(order) << 3);
      lineEnd2(x, imag, far, o, yImag, 2 * far);
      lineEnd2(x + 2 * far, imag, far, o + 16, yImag, 2 * far);
      order += 4;
    }
  }
}

/** powerLine for `lines` of them behind each other at x, to lines yPitch apart. */
export function powerRows(x: usize, imag: usize, lines: i32, n: i32, y: usize, yPitch: usize, yImag: usize, order: usize, w: usize): void {
  for (; lines > 0; lines--) {
    powerLine(x, imag, n, y, yImag, order, w);
    x += <usize>n << 3;
    y += yPitch;
  }
}
