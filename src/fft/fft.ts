import { ArgumentError, describe } from "../core/index.js";
import {
  type ComplexArray,
  type ComplexInput,
  engineOf,
  isRecord,
  requireComplex,
  requireSignal,
  requireTransformed,
} from "./plan.js";
import { realSpectrum } from "./rfft.js";

/**
 * Computes the discrete Fourier transform of any length.
 *
 * Relation: X_k = Σ_j x_j e^{−2πi jk/n}, unnormalised, k = 0 … n − 1; {@link ifft} inverts it.
 * Without imaginary parts the transform of real data is used: half the work, and X_{n−k} is exactly conj X_k.
 *
 * @param re real parts, n numbers
 * @param im imaginary parts; zero when absent
 * @returns fresh arrays of length n
 * @throws {ShapeError} when n = 0 or the lengths differ
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy: relative error in the 2-norm about ε log₂ n, also for primes. Cost: 5 n log₂ n flops, p n more for each prime factor p from 11 to
 * 101, three to four times as much with a larger one (in JavaScript: above 31).
 * @see [vanloan1992]
 * @example
 * ```ts
 * import { fft } from "eigenscope/fft";
 * const { re, im } = fft([1, 2, 3]);
 * console.log(re[0], re[1], im[1]); // 6 -1.5 0.8660254037844386
 * ```
 */
export function fft(re: ArrayLike<number>, im?: ArrayLike<number>): ComplexArray;
/** Of both parts in one record. */
export function fft(x: ComplexInput): ComplexArray;
export function fft(re: ArrayLike<number> | ComplexInput, im?: ArrayLike<number>): ComplexArray {
  if (isRecord(re)) return im === undefined ? fft(re.re, re.im) : twice(im, "fft");
  if (im === undefined) {
    const spectrum = mirrored(requireSignal(re, "re", "fft"));
    requireTransformed([spectrum.re, spectrum.im], { re }, "fft");
    return spectrum;
  }
  const input = requireComplex(re, im, "fft");
  const n = input.re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  engineOf(n).transform(input.re, input.im, 0, out.re, out.im, 0, 1);
  requireTransformed([out.re, out.im], { re, im }, "fft");
  return out;
}

/**
 * Inverts the discrete Fourier transform.
 *
 * Relation: x_j = (1/n) Σ_k X_k e^{2πi jk/n}, so ifft(fft(x)) = x.
 *
 * @param re real parts, n numbers
 * @param im imaginary parts; zero when absent
 * @returns fresh arrays of length n
 * @throws {ShapeError} when n = 0 or the lengths differ
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link fft}.
 * @example
 * ```ts
 * import { fft, ifft } from "eigenscope/fft";
 * console.log(Array.from(ifft(fft([1, 2, 3, 4])).re)); // [ 1, 2, 3, 4 ]
 * const { re, im } = fft([5, 6]);
 * console.log(Array.from(ifft(re, im).re)); // [ 5, 6 ]
 * ```
 */
export function ifft(re: ArrayLike<number>, im?: ArrayLike<number>): ComplexArray;
/** Of both parts in one record, such as {@link fft} returns. */
export function ifft(x: ComplexInput): ComplexArray;
export function ifft(re: ArrayLike<number> | ComplexInput, im?: ArrayLike<number>): ComplexArray {
  if (isRecord(re)) return im === undefined ? ifft(re.re, re.im) : twice(im, "ifft");
  if (im === undefined) {
    const signal = requireSignal(re, "re", "ifft");
    const n = signal.length;
    const { re: real, im: imaginary } = mirrored(signal);
    for (let i = 0; i < n; i++) {
      real[i] /= n;
      imaginary[i] /= -n;
    }
    requireTransformed([real, imaginary], { re }, "ifft");
    return { re: real, im: imaginary };
  }
  const input = requireComplex(re, im, "ifft");
  const n = input.re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  // Exchanging real and imaginary parts before and after turns e^{−…} into e^{+…}.
  engineOf(n).transform(input.im, input.re, 0, out.im, out.re, 0, n);
  requireTransformed([out.re, out.im], { re, im }, "ifft");
  return out;
}

function twice(im: unknown, caller: string): never {
  throw new ArgumentError({
    function: caller,
    argument: "im",
    expected: "absent beside a record { re, im }",
    got: describe(im),
  });
}

/** Full spectrum of real data from its first half. */
function mirrored(signal: Float64Array): ComplexArray {
  const n = signal.length;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  realSpectrum(signal, { re, im });
  for (let k = 1; k < n - k; k++) {
    re[n - k] = re[k];
    im[n - k] = -im[k];
  }
  return { re, im };
}
