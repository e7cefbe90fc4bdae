import { cosTurns, requireInteger, sinTurns } from "../core/index.js";

// What a transform needs beside its passes: radices, twiddle factors, the places of its results.

/** Radices with a pass of their own. */
export const RADICES: readonly number[] = [4, 2, 3, 5, 7];
/** Larger primes up to this one share a pass of p²/2 products; beyond it three transforms for a convolution are faster. */
export const LARGEST_RADIX = 101;

/**
 * Splits a length into the radices 4, 2, 3, 5, 7 and larger primes up to 101, in the order of the passes.
 *
 * @param n positive integer
 * @returns the radices, or null when a prime factor above 101 remains
 * @throws {ArgumentError} when n is not an integer >= 1
 */
export function fftRadices(n: number): readonly number[] | null {
  requireInteger(n, "n", "fftRadices", 1);
  const radices: number[] = [];
  let rest = n;
  const divide = (radix: number): void => {
    for (; rest % radix === 0; rest /= radix) radices.push(radix);
  };
  for (const radix of RADICES) divide(radix);
  for (let prime = 11; prime <= LARGEST_RADIX; prime += 2) divide(prime);
  return rest === 1 ? radices : null;
}

/** Numbers before the twiddles of a pass: none, or cos and sin of 2π k j / p for k, j = 1 … (p − 1)/2, the pass of a prime. */
export function passConstants(radix: number): number {
  return radix > 7 ? ((radix - 1) * (radix - 1)) / 2 : 0;
}

/**
 * Twiddle factors of all passes, pass after pass: for each q < m the p − 1 factors exp(−2πi q r / (p m)), r = 1 … p − 1;
 * before them the constants of the pass.
 *
 * @param n length of the transform
 * @param radices its radices in the order of the passes
 * @returns interleaved complex numbers
 */
export function fftTwiddles(n: number, radices: readonly number[]): Float64Array {
  let count = 0;
  let length = n;
  for (const radix of radices) {
    count += passConstants(radix) + 2 * (radix - 1) * (length / radix);
    length /= radix;
  }
  const twiddles = new Float64Array(count);
  let at = 0;
  length = n;
  for (const radix of radices) {
    const m = length / radix;
    for (let k = 1; radix > 7 && 2 * k < radix; k++) {
      for (let j = 1; 2 * j < radix; j++) {
        twiddles[at++] = cosTurns(k * j, radix);
        twiddles[at++] = sinTurns(k * j, radix);
      }
    }
    for (let q = 0; q < m; q++) {
      for (let r = 1; r < radix; r++) {
        twiddles[at++] = cosTurns(q * r, length);
        twiddles[at++] = -sinTurns(q * r, length);
      }
    }
    length = m;
  }
  return twiddles;
}

/**
 * The twiddles of the passes of radix 4 of a power of two, in pairs for vectors of two neighbours: real parts of
 * exp(−2πi q/(4m)) for q and q + 1, their imaginary parts, then the same for the squares and the cubes.
 */
export function pairedTwiddles(n: number): Float64Array {
  const pairs = new Float64Array(2 * n);
  let at = 0;
  for (let m = n / 4; m > 1; m /= 4) {
    for (let q = 0; q < m; q += 2) {
      for (let r = 1; r <= 3; r++) {
        for (const half of [0, 1]) {
          pairs[at + half] = cosTurns((q + half) * r, 4 * m);
          pairs[at + 2 + half] = -sinTurns((q + half) * r, 4 * m);
        }
        at += 4;
      }
    }
  }
  return pairs;
}

/**
 * Where the results of a transform with passes in place go: entry j·p + r before its last pass of radix p becomes number
 * order[j] + r·n/p of the result.
 */
export function fftOrder(n: number, radices: readonly number[]): Int32Array {
  const order = new Int32Array(n / radices[radices.length - 1]);
  let filled = 1;
  // The digits of j from the last to the first; that of pass k counts the product of the radices before it.
  for (let k = radices.length - 2; k >= 0; k--) {
    let weight = 1;
    for (let i = 0; i < k; i++) weight *= radices[i];
    for (let digit = radices[k] - 1; digit >= 0; digit--) {
      for (let j = 0; j < filled; j++) order[digit * filled + j] = order[j] + digit * weight;
    }
    filled *= radices[k];
  }
  return order;
}

/** One pass: its radix, where its twiddles begin, how many transforms it interleaves, length of what remains. */
export interface FftStage {
  /** Radix. */
  readonly radix: number;
  /** Index of its constants, or else its first twiddle, in the table. */
  readonly first: number;
  /** Interleaved transforms. */
  readonly span: number;
  /** Length of the transforms that remain. */
  readonly m: number;
}

/** The passes of a transform, in order. */
export function fftStages(length: number, radices: readonly number[], batch: number): readonly FftStage[] {
  const stages: FftStage[] = [];
  let rest = length;
  let first = 0;
  for (const radix of radices) {
    const m = rest / radix;
    stages.push({ radix, first, span: (length / rest) * batch, m });
    first += passConstants(radix) + 2 * (radix - 1) * m;
    rest = m;
  }
  return stages;
}
