// Real data as complex numbers of half the length, two of them per vector; the formulas of rfft.ts in src/fft, with the same
// bits. `imag` is the distance from real to imaginary parts, 0 for interleaved numbers; all addresses in bytes.
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

/** out ← interleaved complex numbers from `count` real ones, whose imaginary parts are 0. */
export function widen(x: usize, out: usize, count: i32): void {
  for (let k = 0; k < count; k++) {
    v128.store(out, v128.load64_zero(x));
    x += 8;
    out += 16;
  }
}
