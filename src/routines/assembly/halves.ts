// Real data: as complex numbers of half the length, two of them per vector (the formulas of rfft.ts in src/fft), and of odd
// lengths, with the same bits as in JavaScript. `imag` is the distance from real to imaginary parts, 0 for interleaved numbers; all addresses in bytes.
// turns: e^{−2πi k/(2 half)} for k = 0 … half/2, interleaved.
import { high, low } from "./grid";

// @ts-ignore: decorator
@inline
function reversed(u: v128): v128 {
  return v128.shuffle<f64>(u, u, 1, 0);
}

/** Part 0 or 1 of number k. */
// @ts-ignore: decorator
@inline
function part(x: usize, imag: usize, k: i32, index: usize): usize {
  return imag == 0 ? x + (<usize>k << 4) + (index << 3) : x + (<usize>k << 3) + imag * index;
}

/**
 * Takes the transform of even entries + i odd entries apart: numbers 0 … half of the spectrum of the real data, to parts.
 * Returns 0, or NaN when a result is not finite.
 */
export function splitSpectrum(x: usize, imag: usize, turns: usize, half: i32, out: usize, outImag: usize): f64 {
  const point5 = f64x2.splat(0.5);
  let probe = f64x2.splat(0);
  let k = 1;
  let q = half - 1;
  for (; k + 2 < q; k += 2) {
    let ar: v128, ai: v128, br: v128, bi: v128;
    if (imag == 0) {
      const a = x + (<usize>k << 4);
      const b = x + (<usize>(q - 1) << 4);
      const a0 = v128.load(a);
      const a1 = v128.load(a, 16);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      ar = low(a0, a1);
      ai = high(a0, a1);
      br = low(b1, b0);
      bi = high(b1, b0);
    } else {
      const a = x + (<usize>k << 3);
      const b = x + (<usize>(q - 1) << 3);
      ar = v128.load(a);
      ai = v128.load(a + imag);
      br = reversed(v128.load(b));
      bi = reversed(v128.load(b + imag));
    }
    const t = turns + (<usize>k << 4);
    const t0 = v128.load(t);
    const t1 = v128.load(t, 16);
    const c = low(t0, t1);
    const s = high(t0, t1);
    const evenRe = f64x2.mul(point5, f64x2.add(ar, br));
    const evenIm = f64x2.mul(point5, f64x2.sub(ai, bi));
    const oddRe = f64x2.mul(point5, f64x2.add(ai, bi));
    const oddIm = f64x2.mul(point5, f64x2.sub(br, ar));
    const turnedRe = f64x2.sub(f64x2.mul(oddRe, c), f64x2.mul(oddIm, s));
    const turnedIm = f64x2.add(f64x2.mul(oddIm, c), f64x2.mul(oddRe, s));
    const kr = f64x2.add(evenRe, turnedRe);
    const ki = f64x2.add(evenIm, turnedIm);
    const qr = f64x2.sub(evenRe, turnedRe);
    const qi = f64x2.sub(turnedIm, evenIm);
    probe = f64x2.add(probe, f64x2.add(f64x2.add(f64x2.sub(kr, kr), f64x2.sub(ki, ki)), f64x2.add(f64x2.sub(qr, qr), f64x2.sub(qi, qi))));
    const left = out + (<usize>k << 3);
    const right = out + (<usize>(q - 1) << 3);
    v128.store(left, kr);
    v128.store(left + outImag, ki);
    v128.store(right, reversed(qr));
    v128.store(right + outImag, reversed(qi));
    q -= 2;
  }
  let rest = f64x2.extract_lane(probe, 0) + f64x2.extract_lane(probe, 1);
  for (; k <= q; k++, q--) {
    const ar = load<f64>(part(x, imag, k, 0));
    const ai = load<f64>(part(x, imag, k, 1));
    const br = load<f64>(part(x, imag, q, 0));
    const bi = load<f64>(part(x, imag, q, 1));
    const c = load<f64>(turns + (<usize>k << 4));
    const s = load<f64>(turns + (<usize>k << 4), 8);
    const oddRe = 0.5 * (ai + bi);
    const oddIm = 0.5 * (br - ar);
    const evenRe = 0.5 * (ar + br);
    const evenIm = 0.5 * (ai - bi);
    const turnedRe = oddRe * c - oddIm * s;
    const turnedIm = oddIm * c + oddRe * s;
    rest += storeBoth(out, outImag, k, evenRe + turnedRe, evenIm + turnedIm);
    rest += storeBoth(out, outImag, q, evenRe - turnedRe, turnedIm - evenIm);
  }
  const first = load<f64>(part(x, imag, 0, 0));
  const second = load<f64>(part(x, imag, 0, 1));
  rest += storeBoth(out, outImag, 0, first + second, 0);
  rest += storeBoth(out, outImag, half, first - second, 0);
  return rest;
}

/** Stores a number in parts. Returns 0 when both are finite, otherwise NaN. */
// @ts-ignore: decorator
@inline
function storeBoth(out: usize, imag: usize, k: i32, re: f64, im: f64): f64 {
  const at = out + (<usize>k << 3);
  store<f64>(at, re);
  store<f64>(at + imag, im);
  return (re - re) + (im - im);
}


/**
 * The reverse: numbers 0 … half of the spectrum, in parts, become the transform of even entries + i odd entries, its parts
 * exchanged, so that a forward transform inverts it.
 */
export function joinSpectrum(x: usize, imag: usize, turns: usize, half: i32, out: usize, outImag: usize): void {
  const point5 = f64x2.splat(0.5);
  let k = 1;
  let q = half - 1;
  for (; k + 2 < q; k += 2) {
    const a = x + (<usize>k << 3);
    const b = x + (<usize>(q - 1) << 3);
    const ar = v128.load(a);
    const ai = v128.load(a + imag);
    const br = reversed(v128.load(b));
    const bi = reversed(v128.load(b + imag));
    const t = turns + (<usize>k << 4);
    const t0 = v128.load(t);
    const t1 = v128.load(t, 16);
    const c = low(t0, t1);
    const s = high(t0, t1);
    const evenRe = f64x2.mul(point5, f64x2.add(ar, br));
    const evenIm = f64x2.mul(point5, f64x2.sub(ai, bi));
    const dr = f64x2.mul(point5, f64x2.sub(ar, br));
    const di = f64x2.mul(point5, f64x2.add(ai, bi));
    const oddRe = f64x2.add(f64x2.mul(dr, c), f64x2.mul(di, s));
    const oddIm = f64x2.sub(f64x2.mul(di, c), f64x2.mul(dr, s));
    const kr = f64x2.sub(evenRe, oddIm);
    const ki = f64x2.add(evenIm, oddRe);
    const qr = reversed(f64x2.add(evenRe, oddIm));
    const qi = reversed(f64x2.sub(oddRe, evenIm));
    if (outImag == 0) {
      const left = out + (<usize>k << 4);
      const right = out + (<usize>(q - 1) << 4);
      v128.store(left, low(ki, kr));
      v128.store(left, high(ki, kr), 16);
      v128.store(right, low(qi, qr));
      v128.store(right, high(qi, qr), 16);
    } else {
      const left = out + (<usize>k << 3);
      const right = out + (<usize>(q - 1) << 3);
      v128.store(left, ki);
      v128.store(left + outImag, kr);
      v128.store(right, qi);
      v128.store(right + outImag, qr);
    }
    q -= 2;
  }
  for (; k <= q; k++, q--) {
    const ar = load<f64>(part(x, imag, k, 0));
    const ai = load<f64>(part(x, imag, k, 1));
    const br = load<f64>(part(x, imag, q, 0));
    const bi = load<f64>(part(x, imag, q, 1));
    const c = load<f64>(turns + (<usize>k << 4));
    const s = load<f64>(turns + (<usize>k << 4), 8);
    const evenRe = 0.5 * (ar + br);
    const evenIm = 0.5 * (ai - bi);
    const dr = 0.5 * (ar - br);
    const di = 0.5 * (ai + bi);
    const oddRe = dr * c + di * s;
    const oddIm = di * c - dr * s;
    store<f64>(part(out, outImag, k, 1), evenRe - oddIm);
    store<f64>(part(out, outImag, k, 0), evenIm + oddRe);
    store<f64>(part(out, outImag, q, 1), evenRe + oddIm);
    store<f64>(part(out, outImag, q, 0), oddRe - evenIm);
  }
  const first = load<f64>(x);
  const last = load<f64>(part(x, imag, half, 0));
  store<f64>(part(out, outImag, 0, 1), 0.5 * (first + last));
  store<f64>(part(out, outImag, 0, 0), 0.5 * (first - last));
}

/** out ← second part, first part of `count` complex numbers one after the other, divided. Returns 0, or NaN as finishPart. */
export function leaveExchanged(x: usize, imag: usize, count: i32, out: usize, divisor: f64): f64 {
  const by = f64x2.splat(divisor);
  let probe = f64x2.splat(0);
  for (let k = 0; k < count; k++) {
    const pair =
      imag == 0
        ? reversed(v128.load(x + (<usize>k << 4)))
        : v128.load64_lane(x + (<usize>k << 3), v128.load64_zero(x + (<usize>k << 3) + imag), 1);
    const u = f64x2.div(pair, by);
    v128.store(out + (<usize>k << 4), u);
    probe = f64x2.add(probe, f64x2.sub(u, u));
  }
  return f64x2.extract_lane(probe, 0) + f64x2.extract_lane(probe, 1);
}

/**
 * The first pass over n = p m real data, p odd, as createOddTransform of fft-odd.ts has it: for each q < m outputs 0 … h = (p − 1)/2 of
 * the butterfly of x_{q + m j}, with their twiddles, to places q (h + 1) + s. w: the constants, then the twiddles; `room` has place
 * for p vectors. Two butterflies at once.
 */
export function oddPass(x: usize, y: usize, w: usize, m: i32, p: i32, room: usize): void {
  const h = (p - 1) >> 1;
  const step = <usize>m << 3;
  const pitch = <usize>(h + 1) << 4;
  const filled = room + (<usize>h << 5);
  const turns = w + (<usize>h << 4) * <usize>h;
  const turnsStep = <usize>h << 4;
  for (let k = 0; k < m; k += 2) {
    // A last single butterfly is taken with the one before, or twice.
    const q = k + 2 <= m ? k : m > 1 ? m - 2 : 0;
    const beside: usize = m > 1 ? 1 : 0;
    const at = x + (<usize>q << 3);
    const first = m > 1 ? v128.load(at) : v128.load64_splat(at);
    let sum = first;
    let u = at + step;
    let v = at + step * <usize>(p - 1);
    for (let r = room; r < filled; r += 32) {
      const a = m > 1 ? v128.load(u) : v128.load64_splat(u);
      const b = m > 1 ? v128.load(v) : v128.load64_splat(v);
      const both = f64x2.add(a, b);
      v128.store(r, both);
      v128.store(r, f64x2.sub(a, b), 16);
      sum = f64x2.add(sum, both);
      u += step;
      v -= step;
    }
    let o = y + pitch * <usize>q;
    const zero = f64x2.splat(0);
    v128.store(o, low(sum, zero));
    v128.store(o + beside * pitch, high(sum, zero));
    let c = w;
    let t = turns + turnsStep * <usize>q;
    for (let s = 1; s <= h; s++) {
      let even = first;
      let odd = zero;
      for (let r = room; r < filled; r += 32) {
        even = f64x2.add(even, f64x2.mul(v128.load64_splat(c), v128.load(r)));
        odd = f64x2.add(odd, f64x2.mul(v128.load64_splat(c, 8), v128.load(r, 16)));
        c += 16;
      }
      const t0 = v128.load(t);
      const t1 = v128.load(t + beside * turnsStep);
      const wr = low(t0, t1);
      const wi = high(t0, t1);
      const re = f64x2.add(f64x2.mul(even, wr), f64x2.mul(odd, wi));
      const im = f64x2.sub(f64x2.mul(even, wi), f64x2.mul(odd, wr));
      o += 16;
      v128.store(o, low(re, im));
      v128.store(o + beside * pitch, high(re, im));
      t += 16;
    }
  }
}

/** Entries 0 … ⌊n/2⌋ of the spectrum, in parts, from number s of transform k: entry p k + s or its conjugate. Returns as finishPart. */
export function oddSplit(x: usize, out: usize, imag: usize, m: i32, p: i32): f64 {
  const h = (p - 1) >> 1;
  const n = m * p;
  let rest: f64 = 0;
  for (let k = 0; k < m; k++) {
    let index = p * k;
    if (2 * index < n) rest += storeBoth(out, imag, index, load<f64>(x), k == 0 ? 0 : load<f64>(x, 8));
    for (let s = 1; s <= h; s++) {
      index++;
      x += 16;
      const conjugate = 2 * index > n;
      const im = load<f64>(x, 8);
      rest += storeBoth(out, imag, conjugate ? n - index : index, load<f64>(x), conjugate ? -im : im);
    }
    x += 16;
  }
  return rest;
}

/** The reverse of oddSplit with the parts exchanged, so that forward passes invert. */
export function oddJoin(x: usize, imag: usize, out: usize, m: i32, p: i32): void {
  const h = (p - 1) >> 1;
  const n = m * p;
  for (let k = 0; k < m; k++) {
    for (let s = 0; s <= h; s++) {
      const index = p * k + s;
      const conjugate = 2 * index > n;
      const at = x + (<usize>(conjugate ? n - index : index) << 3);
      const im = load<f64>(at + imag);
      store<f64>(out, conjugate ? -im : im);
      store<f64>(out, load<f64>(at), 8);
      out += 16;
    }
  }
}

/** The reverse of oddPass after the passes, from exchanged parts, divided. Returns as finishPart. */
export function oddEnd(x: usize, y: usize, w: usize, m: i32, p: i32, room: usize, divisor: f64): f64 {
  const h = (p - 1) >> 1;
  const step = <usize>m << 3;
  const pitch = <usize>(h + 1) << 4;
  const filled = room + (<usize>h << 5);
  const turns = w + (<usize>h << 4) * <usize>h;
  const turnsStep = <usize>h << 4;
  const two = f64x2.splat(2);
  const by = f64x2.splat(divisor);
  let probe = f64x2.splat(0);
  for (let k = 0; k < m; k += 2) {
    // A last single butterfly is taken with the one before, or twice.
    const q = k + 2 <= m ? k : m > 1 ? m - 2 : 0;
    const beside: usize = m > 1 ? 1 : 0;
    let i = x + pitch * <usize>q;
    const first = high(v128.load(i), v128.load(i + beside * pitch));
    let sum = first;
    let t = turns + turnsStep * <usize>q;
    for (let r = room; r < filled; r += 32) {
      i += 16;
      const u0 = v128.load(i);
      const u1 = v128.load(i + beside * pitch);
      const ui = low(u0, u1);
      const ur = high(u0, u1);
      const t0 = v128.load(t);
      const t1 = v128.load(t + beside * turnsStep);
      const wr = low(t0, t1);
      const wi = high(t0, t1);
      const re = f64x2.mul(two, f64x2.add(f64x2.mul(ur, wr), f64x2.mul(ui, wi)));
      const im = f64x2.mul(two, f64x2.sub(f64x2.mul(ui, wr), f64x2.mul(ur, wi)));
      v128.store(r, re);
      v128.store(r, im, 16);
      sum = f64x2.add(sum, re);
      t += 16;
    }
    const o = y + (<usize>q << 3);
    sum = f64x2.div(sum, by);
    probe = f64x2.add(probe, f64x2.sub(sum, sum));
    storeColumns(o, sum, m);
    let c = w;
    for (let s = 1; s <= h; s++) {
      let even = first;
      let odd = f64x2.splat(0);
      for (let r = room; r < filled; r += 32) {
        even = f64x2.add(even, f64x2.mul(v128.load64_splat(c), v128.load(r)));
        odd = f64x2.add(odd, f64x2.mul(v128.load64_splat(c, 8), v128.load(r, 16)));
        c += 16;
      }
      const a = f64x2.div(f64x2.sub(even, odd), by);
      const b = f64x2.div(f64x2.add(even, odd), by);
      probe = f64x2.add(probe, f64x2.add(f64x2.sub(a, a), f64x2.sub(b, b)));
      storeColumns(o + step * <usize>s, a, m);
      storeColumns(o + step * <usize>(p - s), b, m);
    }
  }
  return f64x2.extract_lane(probe, 0) + f64x2.extract_lane(probe, 1);
}

/** Stores neighbours, or the first of them alone when there is one column. */
// @ts-ignore: decorator
@inline
function storeColumns(o: usize, u: v128, m: i32): void {
  if (m > 1) v128.store(o, u);
  else store<f64>(o, f64x2.extract_lane(u, 0));
}
