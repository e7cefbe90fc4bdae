import PowerOfTwoFft from "fft.js";
import { cosTurns, sinTurns } from "../core/index.js";
import { createFftEngine, type FftEngine, fftRadices, routinesBackend, transformBy } from "../routines/index.js";

/** Without vectors the pass of a larger prime takes longer than Bluestein's convolution. */
const LARGEST_PRIME_JS = 31;

/**
 * Builds the transform of any length: mixed radices for lengths without a prime factor above 101 (31 with the JavaScript back
 * end), Bluestein's convolution for the rest; with the JavaScript back end fft.js does single transforms of a power of two.
 */
export function createEngine(length: number, batch: number): FftEngine {
  if (length === 1) return identityEngine(batch);
  const radices = fftRadices(length);
  const largest = routinesBackend() === "js" ? LARGEST_PRIME_JS : Infinity;
  if (radices === null || radices[radices.length - 1] > largest) return chirpEngine(length, batch);
  if (batch === 1 && routinesBackend() === "js" && (length & (length - 1)) === 0) return powerOfTwoEngine(length);
  return createFftEngine(length, radices, batch);
}

function identityEngine(batch: number): FftEngine {
  const input = new Float64Array(2 * batch);
  const run = (): Float64Array => input;
  return { length: 1, batch, input, run, transform: transformBy(1, input, run) };
}

function powerOfTwoEngine(length: number): FftEngine {
  const transform = new PowerOfTwoFft(length);
  const table = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    table[2 * k] = cosTurns(k, length);
    table[2 * k + 1] = -sinTurns(k, length);
  }
  transform.table = table;
  const input = new Float64Array(2 * length);
  const output = new Float64Array(2 * length);
  const run = (): Float64Array => {
    transform.transform(output, input);
    return output;
  };
  return { length, batch: 1, input, run, transform: transformBy(length, input, run) };
}

/** Smallest length >= minimum among 2^a, 3·2^a, 5·2^a, 9·2^a and 15·2^a. */
function convolutionLength(minimum: number): number {
  let best = Infinity;
  for (const odd of [1, 3, 5, 9, 15]) {
    let length = odd;
    while (length < minimum) length *= 2;
    best = Math.min(best, length);
  }
  return best;
}

/**
 * Bluestein: with jk = (j² + k² − (k − j)²)/2 the transform is a convolution with the chirp w_j = exp(−πi j²/n), done at
 * a convenient length >= 2n − 1. j² mod 2n is taken in integers, so the chirp is as accurate as any twiddle.
 */
function chirpEngine(length: number, batch: number): FftEngine {
  const inner = createEngine(convolutionLength(2 * length - 1), batch);
  const total = inner.length;
  const chirp = new Float64Array(2 * length);
  for (let j = 0, square = 0; j < length; j++) {
    chirp[2 * j] = cosTurns(square, 2 * length);
    chirp[2 * j + 1] = -sinTurns(square, 2 * length);
    square = (square + 2 * j + 1) % (2 * length);
  }
  // Transform of the conjugate chirp, divided by the inner length; computed at batch 1.
  const single = batch === 1 ? inner : createEngine(total, 1);
  single.input.fill(0);
  for (let j = 0; j < length; j++) {
    for (const at of j === 0 ? [0] : [j, total - j]) {
      single.input[2 * at] = chirp[2 * j] / total;
      single.input[2 * at + 1] = -chirp[2 * j + 1] / total;
    }
  }
  const filter = single.run().slice(0, 2 * total);
  const conjugateChirp = chirp.map((value, index) => (index % 2 === 0 ? value : -value));
  const input = new Float64Array(2 * length * batch);
  /** What stands in inner.input becomes its convolution with the chirp, conjugated. */
  const convolve = (): Float64Array => {
    inner.input.fill(0, 2 * length * batch, 2 * total * batch);
    // The inverse transform is the conjugate of the forward transform of the conjugate.
    multiplyBatch(inner.run(), filter, inner.input, total, batch, -1);
    return inner.run();
  };
  const run = (): Float64Array => {
    multiplyBatch(input, chirp, inner.input, length, batch, 1);
    // conj(z) w = conj(z conj(w)): the conjugate chirp with a conjugate at the end.
    multiplyBatch(convolve(), conjugateChirp, input, length, batch, -1);
    return input;
  };
  const transform: FftEngine["transform"] = (re, im, from, outRe, outIm, to, divisor) => {
    const { input: start } = inner;
    for (let j = 0; j < length; j++) {
      const xr = re[from + j];
      const xi = im[from + j];
      const wr = chirp[2 * j];
      const wi = chirp[2 * j + 1];
      start[2 * j] = xr * wr - xi * wi;
      start[2 * j + 1] = xi * wr + xr * wi;
    }
    const end = convolve();
    for (let j = 0; j < length; j++) {
      const wr = conjugateChirp[2 * j];
      const wi = conjugateChirp[2 * j + 1];
      outRe[to + j] = (end[2 * j] * wr - end[2 * j + 1] * wi) / divisor;
      outIm[to + j] = -(end[2 * j + 1] * wr + end[2 * j] * wi) / divisor;
    }
  };
  return { length, batch, input, run, transform };
}

/** out ← x w, or its conjugate for sign −1, for complex numbers, w the same for all transforms of the batch. */
function multiplyBatch(
  x: Float64Array,
  w: Float64Array,
  out: Float64Array,
  length: number,
  batch: number,
  sign: 1 | -1,
): void {
  for (let i = 0; i < length; i++) {
    const wr = w[2 * i];
    const wi = w[2 * i + 1];
    for (let b = 2 * i * batch; b < 2 * (i + 1) * batch; b += 2) {
      const re = x[b];
      const im = x[b + 1];
      out[b] = re * wr - im * wi;
      out[b + 1] = sign * (im * wr + re * wi);
    }
  }
}
