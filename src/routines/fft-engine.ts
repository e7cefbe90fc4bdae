import { type FftPass, fftPass, fftTwiddles } from "./fft-passes.js";

/** A transform of fixed length over its own work space: fill `input`, call `run`, read what it returns. */
export interface FftEngine {
  /** Number of complex numbers in one transform. */
  readonly length: number;
  /** Transforms done at once; entry i of transform b lies at i·batch + b. */
  readonly batch: number;
  /** Interleaved complex work space, 2 · length · batch numbers. Destroyed by `run`. */
  readonly input: Float64Array;
  /** Transforms `input` with the sign e^{−2πi jk/n}, unnormalised. @returns interleaved result, valid until the next use */
  run(): Float64Array;
}

/**
 * Builds a Stockham transform of a length with the prime factors 2, 3, 5 and 7.
 *
 * @param length number of points
 * @param radices its factors among 2, 3, 4, 5, 7, in the order of the passes
 * @param batch number of interleaved transforms
 */
export function createFftEngine(length: number, radices: readonly number[], batch: number): FftEngine {
  const twiddles = fftTwiddles(length, radices);
  const input = new Float64Array(2 * length * batch);
  const other = new Float64Array(2 * length * batch);
  const stages: { pass: FftPass; first: number; span: number; m: number }[] = [];
  let rest = length;
  let first = 0;
  for (const radix of radices) {
    const m = rest / radix;
    stages.push({ pass: fftPass(radix), first, span: (length / rest) * batch, m });
    first += 2 * (radix - 1) * m;
    rest = m;
  }
  return {
    length,
    batch,
    input,
    run: () => {
      let from = input;
      let to = other;
      for (const { pass, first: start, span, m } of stages) {
        pass(from, to, twiddles, start, span, m);
        [from, to] = [to, from];
      }
      return from;
    },
  };
}
