import { ShapeError } from "../core/index.js";
import { fftRadices } from "../routines/index.js";
import { requireSignal, requireTransformed } from "./plan.js";
import { realSignal, realSpectrum } from "./rfft.js";

/** Up to this many products, or with a factor this short, the direct sum is faster and has no rounding from the transforms. */
const DIRECT = 2048;
const SHORT = 8;

/**
 * Convolves two real sequences.
 *
 * Relation: c_k = Σ_j a_j b_{k−j}, k = 0 … m + n − 2 (the product of two polynomials).
 *
 * @param a m numbers
 * @param b n numbers
 * @returns m + n − 1 numbers
 * @throws {ShapeError} when a sequence is empty
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: absolute error about ε log₂(m + n) ‖a‖ ‖b‖ in every entry (entries much smaller than that lose digits); short inputs are summed directly.
 * Cost: three real transforms of length at least m + n − 1.
 * @example
 * ```ts
 * import { convolve } from "eigenscope/fft";
 * console.log(Array.from(convolve([1, 2], [1, 3, 5]))); // [ 1, 5, 11, 10 ]
 * ```
 */
export function convolve(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const x = requireSignal(a, "a", "convolve");
  const y = requireSignal(b, "b", "convolve");
  const length = x.length + y.length - 1;
  const [short, long] = x.length < y.length ? [x, y] : [y, x];
  if (short.length <= SHORT || short.length * long.length <= DIRECT) {
    const out = new Float64Array(length);
    for (let i = 0; i < short.length; i++) {
      const factor = short[i];
      for (let j = 0; j < long.length; j++) out[i + j] += factor * long[j];
    }
    requireTransformed([out], { a, b }, "convolve");
    return out;
  }
  let padded = length + (length % 2);
  while (!(fftRadices(padded) ?? [11]).every((radix) => radix <= 7)) padded += 2;
  const first = new Float64Array(padded);
  const second = new Float64Array(padded);
  first.set(x);
  second.set(y);
  const out = product(first, second).slice(0, length);
  requireTransformed([out], { a, b }, "convolve");
  return out;
}

/**
 * Convolves two real periodic sequences.
 *
 * Relation: c_k = Σ_j a_j b_{(k−j) mod n}, so fft(c) = fft(a) fft(b).
 *
 * @param a n numbers
 * @param b n numbers
 * @returns n numbers
 * @throws {ShapeError} when the lengths differ or are 0
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: absolute error about ε log₂ n ‖a‖ ‖b‖ in every entry. Cost: three real transforms of length n.
 * @example
 * ```ts
 * import { circularConvolve } from "eigenscope/fft";
 * console.log(Array.from(circularConvolve([1, 2, 0, 0], [0, 0, 0, 1]))); // [ 2, 0, 0, 1 ]
 * ```
 */
export function circularConvolve(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const x = requireSignal(a, "a", "circularConvolve");
  const y = requireSignal(b, "b", "circularConvolve");
  if (x.length !== y.length) {
    throw new ShapeError({
      function: "circularConvolve",
      argument: "b",
      expected: `of the length of a, ${x.length}`,
      got: `length ${y.length}`,
      remedy: "pad with zeros, or use convolve",
    });
  }
  const out = product(x, y);
  requireTransformed([out], { a, b }, "circularConvolve");
  return out;
}

/** Inverse transform of the product of two real spectra. */
function product(x: Float64Array, y: Float64Array): Float64Array {
  const bins = (x.length >> 1) + 1;
  const p = { re: new Float64Array(bins), im: new Float64Array(bins) };
  const q = { re: new Float64Array(bins), im: new Float64Array(bins) };
  realSpectrum(x, p);
  realSpectrum(y, q);
  for (let k = 0; k < bins; k++) {
    const re = p.re[k] * q.re[k] - p.im[k] * q.im[k];
    p.im[k] = p.im[k] * q.re[k] + p.re[k] * q.im[k];
    p.re[k] = re;
  }
  const out = new Float64Array(x.length);
  realSignal(p, out, x.length);
  return out;
}
