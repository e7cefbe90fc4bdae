import { requireInteger, ShapeError } from "../core/index.js";
import type { FftEngine } from "../routines/index.js";
import {
  type ComplexArray,
  type ComplexInput,
  engineOf,
  isRecord,
  requireComplex,
  requireRecord,
  requireSignal,
  requireTransformed,
} from "./plan.js";
import { quarterTurns } from "./turns.js";

/**
 * Computes the discrete Fourier transform of real data: the first half of it, the rest being conjugate.
 *
 * Relation: X_k = Σ_j x_j e^{−2πi jk/n} for k = 0 … ⌊n/2⌋.
 *
 * @param x real data, n numbers
 * @returns fresh arrays of length ⌊n/2⌋ + 1; the imaginary part of X_0, and of X_{n/2} for even n, is exactly 0
 * @throws {ShapeError} when n = 0
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: as {@link fft}. Cost: half of {@link fft} of complex data; for odd n with a prime factor above 101 (in JavaScript
 * 31) the same.
 * @example
 * ```ts
 * import { rfft } from "eigenscope/fft";
 * console.log(Array.from(rfft([1, 0, -1, 0]).re)); // [ 0, 2, 0 ]
 * ```
 */
export function rfft(x: ArrayLike<number>): ComplexArray {
  const signal = requireSignal(x, "x", "rfft");
  const bins = (signal.length >> 1) + 1;
  const spectrum = { re: new Float64Array(bins), im: new Float64Array(bins) };
  if (!realSpectrum(signal, spectrum)) requireTransformed([spectrum.re, spectrum.im], { x }, "rfft");
  return spectrum;
}

/** The engine behind the transform of n real data: half the length when that is an integer. */
export function realLength(n: number): number {
  return n % 2 === 0 ? n / 2 : n;
}

/**
 * The transform behind {@link rfft}, entries unchecked, to entries 0 … ⌊n/2⌋ of `out`.
 * @returns whether every result is known to be finite
 */
export function realSpectrum(
  x: Float64Array,
  out: ComplexArray,
  engine: FftEngine = engineOf(realLength(x.length)),
): boolean {
  const n = x.length;
  if (n % 2 === 1 && engine.oddSpectrum !== undefined) return engine.oddSpectrum(x, out.re, out.im);
  if (n % 2 === 0 && engine.spectrum !== undefined) return engine.spectrum(x, out.re, out.im);
  const half = n >> 1;
  const { re, im } = out;
  if (n % 2 === 1) {
    const full = { re: new Float64Array(n), im: new Float64Array(n) };
    engine.transform(x, full.im, 0, full.re, full.im, 0, 1);
    re.set(full.re.subarray(0, half + 1));
    im.set(full.im.subarray(0, half + 1));
    im[0] = 0;
    return false;
  }
  // Even and odd entries as one complex signal of half the length, whose spectrum is then taken apart.
  for (let j = 0; j < half; j++) {
    re[j] = x[2 * j];
    im[j] = x[2 * j + 1];
  }
  engine.transform(re, im, 0, re, im, 0, 1);
  const turn = quarterTurns(n);
  for (let k = 1, q = half - 1; k <= q; k++, q--) {
    const evenRe = 0.5 * (re[k] + re[q]);
    const evenIm = 0.5 * (im[k] - im[q]);
    const oddRe = 0.5 * (im[k] + im[q]);
    const oddIm = 0.5 * (re[q] - re[k]);
    // e^{−2πi (n/2 − k)/n} is −conj e^{−2πi k/n}: both ends of the spectrum come from the same four numbers.
    const turnedRe = oddRe * turn[2 * k] - oddIm * turn[2 * k + 1];
    const turnedIm = oddIm * turn[2 * k] + oddRe * turn[2 * k + 1];
    re[k] = evenRe + turnedRe;
    im[k] = evenIm + turnedIm;
    re[q] = evenRe - turnedRe;
    im[q] = turnedIm - evenIm;
  }
  const [sum, difference] = [re[0] + im[0], re[0] - im[0]];
  re[0] = sum;
  re[half] = difference;
  im[0] = 0;
  im[half] = 0;
  return false;
}

/**
 * Inverts {@link rfft}: real data from the first half of their spectrum.
 *
 * Relation: x_j = (1/n) Σ_k X_k e^{2πi jk/n} with X_{n−k} = conj X_k. The imaginary part of X_0, and of X_{n/2} for even
 * n, cannot come from real data and must be zero.
 *
 * @param re real parts, ⌊n/2⌋ + 1 numbers
 * @param im imaginary parts
 * @param n number of real data, which ⌊n/2⌋ + 1 alone does not tell
 * @returns n real numbers
 * @throws {ShapeError} when the lengths do not fit n, or an imaginary part that must be zero is not
 * @throws {ArgumentError} when n is not a positive integer
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link rfft}.
 * @example
 * ```ts
 * import { irfft, rfft } from "eigenscope/fft";
 * const spectrum = rfft([3, 1, 2]);
 * console.log(Array.from(irfft(spectrum.re, spectrum.im, 3), Math.round)); // [ 3, 1, 2 ]
 * console.log(Array.from(irfft(spectrum, 3), Math.round)); // [ 3, 1, 2 ]
 * ```
 */
export function irfft(re: ArrayLike<number>, im: ArrayLike<number>, n: number): Float64Array;
/** Of both parts in one record, such as {@link rfft} returns. */
export function irfft(x: ComplexInput, n: number): Float64Array;
export function irfft(
  x: ArrayLike<number> | ComplexInput,
  y: ArrayLike<number> | number,
  length?: number,
): Float64Array {
  const spectrum = isRecord(x) ? requireRecord(x, "irfft") : requireComplex(x, y, "irfft");
  const n = requireInteger(isRecord(x) ? y : length, "n", "irfft", 1);
  const bins = Math.floor(n / 2) + 1;
  if (spectrum.re.length !== bins) {
    throw new ShapeError({
      function: "irfft",
      argument: "re",
      expected: `of length floor(n / 2) + 1 = ${bins}`,
      got: `length ${spectrum.re.length}`,
    });
  }
  for (const k of n % 2 === 0 ? [0, n / 2] : [0]) {
    if (spectrum.im[k] === 0) continue;
    throw new ShapeError({
      function: "irfft",
      argument: `im[${k}]`,
      expected: "0, as for real data",
      got: String(spectrum.im[k]),
      remedy: "set it to 0, or use ifft for complex data",
    });
  }
  const signal = new Float64Array(n);
  if (!realSignal(spectrum, signal, n)) requireTransformed([signal], { re: spectrum.re, im: spectrum.im }, "irfft");
  return signal;
}

/**
 * The transform behind {@link irfft} with another divisor, entries unchecked; the imaginary parts that must be zero are not read.
 * @returns whether every result is known to be finite
 */
export function realSignal(
  spectrum: ComplexArray,
  x: Float64Array,
  divisor: number,
  engine: FftEngine = engineOf(realLength(x.length)),
): boolean {
  const n = x.length;
  if (n % 2 === 1 && engine.oddSignal !== undefined) return engine.oddSignal(spectrum.re, spectrum.im, x, divisor);
  if (n % 2 === 1) {
    const re = new Float64Array(n);
    const im = new Float64Array(n);
    re.set(spectrum.re);
    im.set(spectrum.im);
    im[0] = 0;
    for (let k = 1; k < spectrum.re.length; k++) {
      re[n - k] = spectrum.re[k];
      im[n - k] = -spectrum.im[k];
    }
    engine.transform(im, re, 0, im, x, 0, divisor);
    return false;
  }
  if (engine.signal !== undefined) return engine.signal(spectrum.re, spectrum.im, x, divisor / 2);
  const half = n >> 1;
  const { re, im } = spectrum;
  const zr = new Float64Array(half);
  const zi = new Float64Array(half);
  const turn = quarterTurns(n);
  zr[0] = 0.5 * (re[0] + re[half]);
  zi[0] = 0.5 * (re[0] - re[half]);
  for (let k = 1, q = half - 1; k <= q; k++, q--) {
    const evenRe = 0.5 * (re[k] + re[q]);
    const evenIm = 0.5 * (im[k] - im[q]);
    const dr = 0.5 * (re[k] - re[q]);
    const di = 0.5 * (im[k] + im[q]);
    const oddRe = dr * turn[2 * k] + di * turn[2 * k + 1];
    const oddIm = di * turn[2 * k] - dr * turn[2 * k + 1];
    zr[k] = evenRe - oddIm;
    zi[k] = evenIm + oddRe;
    zr[q] = evenRe + oddIm;
    zi[q] = oddRe - evenIm;
  }
  engine.transform(zi, zr, 0, zi, zr, 0, divisor / 2);
  for (let j = 0; j < half; j++) {
    x[2 * j] = zr[j];
    x[2 * j + 1] = zi[j];
  }
  return false;
}
