import { cosTurns, requireInteger, ShapeError, sinTurns } from "../core/index.js";
import { type ComplexArray, planOf, requireComplex, requireSignal, requireTransformed } from "./plan.js";

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
 * Accuracy: as {@link fft}. Cost: half of {@link fft} for even n, the same for odd n.
 * @example
 * ```ts
 * import { rfft } from "eigenscope/fft";
 * console.log(Array.from(rfft([1, 0, -1, 0]).re)); // [ 0, 2, 0 ]
 * ```
 */
export function rfft(x: ArrayLike<number>): ComplexArray {
  const spectrum = realSpectrum(requireSignal(x, "x", "rfft"));
  requireTransformed([spectrum.re, spectrum.im], { x }, "rfft");
  return spectrum;
}

/** The transform behind {@link rfft}, entries unchecked. */
export function realSpectrum(x: Float64Array): ComplexArray {
  const n = x.length;
  const bins = (n >> 1) + 1;
  const re = new Float64Array(bins);
  const im = new Float64Array(bins);
  if (n % 2 === 1) {
    const full = { re: new Float64Array(n), im: new Float64Array(n) };
    planOf(n).forward(x, full.im, full.re, full.im);
    re.set(full.re.subarray(0, bins));
    im.set(full.im.subarray(0, bins));
    im[0] = 0;
    return { re, im };
  }
  // Even and odd entries as one complex signal of half the length, whose spectrum is then taken apart.
  const half = n / 2;
  const zr = new Float64Array(half);
  const zi = new Float64Array(half);
  for (let j = 0; j < half; j++) {
    zr[j] = x[2 * j];
    zi[j] = x[2 * j + 1];
  }
  planOf(half).forward(zr, zi, zr, zi);
  const turn = halfTurns(n);
  for (let k = 0; k <= half; k++) {
    const p = k === half ? 0 : k;
    const q = k === 0 || k === half ? 0 : half - k;
    const evenRe = 0.5 * (zr[p] + zr[q]);
    const evenIm = 0.5 * (zi[p] - zi[q]);
    const oddRe = 0.5 * (zi[p] + zi[q]);
    const oddIm = -0.5 * (zr[p] - zr[q]);
    const c = turn[2 * k];
    const s = turn[2 * k + 1];
    re[k] = evenRe + (oddRe * c - oddIm * s);
    im[k] = evenIm + (oddIm * c + oddRe * s);
  }
  im[0] = 0;
  im[half] = 0;
  return { re, im };
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
 * @throws {NonFiniteError} for NaN and infinities
 *
 * Accuracy and cost: as {@link rfft}.
 * @example
 * ```ts
 * import { irfft, rfft } from "eigenscope/fft";
 * const { re, im } = rfft([3, 1, 2]);
 * console.log(Array.from(irfft(re, im, 3), Math.round)); // [ 3, 1, 2 ]
 * ```
 */
export function irfft(re: ArrayLike<number>, im: ArrayLike<number>, n: number): Float64Array {
  const spectrum = requireComplex(re, im, "irfft");
  requireInteger(n, "n", "irfft", 1);
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
      remedy: "use ifft for complex data",
    });
  }
  const x = realSignal(spectrum, n);
  requireTransformed([x], { re, im }, "irfft");
  return x;
}

/** The transform behind {@link irfft}, entries unchecked. */
export function realSignal(spectrum: ComplexArray, n: number): Float64Array {
  const x = new Float64Array(n);
  if (n % 2 === 1) {
    const re = new Float64Array(n);
    const im = new Float64Array(n);
    for (let k = 0; k < spectrum.re.length; k++) {
      re[k] = spectrum.re[k];
      im[k] = spectrum.im[k];
      if (k === 0) continue;
      re[n - k] = spectrum.re[k];
      im[n - k] = -spectrum.im[k];
    }
    planOf(n).inverse(re, im, x, im);
    return x;
  }
  const half = n / 2;
  const zr = new Float64Array(half);
  const zi = new Float64Array(half);
  const turn = halfTurns(n);
  for (let k = 0; k < half; k++) {
    const ar = spectrum.re[k];
    const ai = spectrum.im[k];
    const br = spectrum.re[half - k];
    const bi = -spectrum.im[half - k];
    const evenRe = 0.5 * (ar + br);
    const evenIm = 0.5 * (ai + bi);
    const dr = 0.5 * (ar - br);
    const di = 0.5 * (ai - bi);
    const c = turn[2 * k];
    const s = -turn[2 * k + 1];
    const oddRe = dr * c - di * s;
    const oddIm = di * c + dr * s;
    zr[k] = evenRe - oddIm;
    zi[k] = evenIm + oddRe;
  }
  planOf(half).inverse(zr, zi, zr, zi);
  for (let j = 0; j < half; j++) {
    x[2 * j] = zr[j];
    x[2 * j + 1] = zi[j];
  }
  return x;
}

/** e^{−2πi k/n} for k = 0 … n/2 of the last even length asked for. */
let turnLength = 0;
let turnTable = new Float64Array(0);

function halfTurns(n: number): Float64Array {
  if (turnLength === n) return turnTable;
  const table = new Float64Array(n + 2);
  for (let k = 0; k <= n / 2; k++) {
    table[2 * k] = cosTurns(k, n);
    table[2 * k + 1] = -sinTurns(k, n);
  }
  turnLength = n;
  turnTable = table;
  return table;
}
