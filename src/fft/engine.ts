import PowerOfTwoFft from "fft.js";
import { cosTurns, sinTurns } from "../core/index.js";
import { createFftEngine, type FftEngine, fftRadices, routinesBackend, transformBy } from "../routines/index.js";

/**
 * Builds the transform of any length: mixed radices for lengths without a prime factor above 7, Bluestein's convolution
 * for the rest; with the JavaScript back end fft.js does single transforms of a power of two.
 */
export function createEngine(length: number, batch: number): FftEngine {
  if (length === 1) return identityEngine(batch);
  const radices = fftRadices(length);
  if (radices === null) return chirpEngine(length, batch);
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
  const input = new Float64Array(2 * length * batch);
  const run = (): Float64Array => {
    multiplyBatch(input, chirp, inner.input, length, batch);
    inner.input.fill(0, 2 * length * batch, 2 * total * batch);
    const spectrum = inner.run();
    // The inverse transform is the conjugate of the forward transform of the conjugate.
    multiplyBatch(spectrum, filter, inner.input, total, batch);
    conjugate(inner.input, total * batch);
    const back = inner.run();
    conjugate(back, length * batch);
    multiplyBatch(back, chirp, input, length, batch);
    return input;
  };
  return { length, batch, input, run, transform: transformBy(length, input, run) };
}

/** out ← x w for complex numbers, w the same for all transforms of the batch. Works in place. */
function multiplyBatch(x: Float64Array, w: Float64Array, out: Float64Array, length: number, batch: number): void {
  for (let i = 0; i < length; i++) {
    const wr = w[2 * i];
    const wi = w[2 * i + 1];
    for (let b = 2 * i * batch; b < 2 * (i + 1) * batch; b += 2) {
      const re = x[b];
      const im = x[b + 1];
      out[b] = re * wr - im * wi;
      out[b + 1] = im * wr + re * wi;
    }
  }
}

function conjugate(x: Float64Array, length: number): void {
  for (let i = 1; i < 2 * length; i += 2) x[i] = -x[i];
}
