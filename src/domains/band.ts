import { ArgumentError, log1p, pow, requireInteger } from "../core/index.js";
import type { ModeSpectrum } from "./types.js";

/** The modes of a spectrum that a search for weights looks at, in shells of one degree ℓ or one squared length |k|². */
export interface Band {
  /** ℓ or |k|² of each shell, ascending. */
  readonly levels: Float64Array;
  /** Shell of each mode of the spectrum, −1 outside the band. */
  readonly shellOf: Int32Array;
  /** Mode with the largest eigenvalue that counts in each shell, −1 where none does. */
  readonly largest: Int32Array;
  /** Mode with the smallest one. */
  readonly smallest: Int32Array;
  /** Number of modes that count: inside the band, of the parity asked for, and not vanishing. */
  readonly count: number;
  /** The other modes of the spectrum. */
  readonly omitted: readonly number[];
  /** Largest degree, or largest |k_j|. */
  readonly maxDegree: number;
  /** Largest e with |ln(λ̃/λ)| <= e for eigenvalues λ̃ within the error bounds of the modes that count. */
  readonly logarithmicError: number;
}

/** Picks the modes of a band, by degree or by centred frequency; a spectrum with fewer than two of them is refused. */
export function bandOf(
  spectrum: ModeSpectrum,
  largestDegree: number | undefined,
  parity: "all" | "even" | "odd",
  caller: string,
): Band {
  const { eigenvalues, errorBounds } = spectrum;
  const N = spectrum.conventions.modes === "degree" ? 0 : sideOf(spectrum);
  const top = N === 0 ? eigenvalues.length - 1 : Math.floor(N / 2);
  const maxDegree = requireInteger(largestDegree ?? top, "maxDegree", caller, 0, top);
  const { level, odd } = levelsOf(spectrum, N, maxDegree);
  const levels = distinct(level);
  const shellOf = Int32Array.from(level, (value) => (value < 0 ? -1 : indexIn(levels, value)));
  const largest = new Int32Array(levels.length).fill(-1);
  const smallest = new Int32Array(levels.length).fill(-1);
  const skip = new Uint8Array(eigenvalues.length);
  for (const i of spectrum.vanishing) skip[i] = 1;
  const omitted: number[] = [];
  let count = 0;
  let ratio = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    const shell = shellOf[i];
    const counts = shell >= 0 && (parity === "all" || (parity === "odd") === (odd[i] === 1));
    if (!counts || skip[i] === 1 || !(eigenvalues[i] > 0)) {
      omitted.push(i);
      continue;
    }
    count++;
    ratio = Math.max(ratio, errorBounds[i] / eigenvalues[i]);
    if (largest[shell] < 0 || eigenvalues[i] > eigenvalues[largest[shell]]) largest[shell] = i;
    if (smallest[shell] < 0 || eigenvalues[i] < eigenvalues[smallest[shell]]) smallest[shell] = i;
  }
  if (count < 2) {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "with two nonvanishing modes at least",
      got: String(count),
    });
  }
  return { levels, shellOf, largest, smallest, count, omitted, maxDegree, logarithmicError: logarithmOf(ratio) };
}

/** Largest e with |ln(λ̃/λ)| <= e for eigenvalues λ̃ within the error bounds of these modes. */
export function logarithmicErrorOf({ eigenvalues, errorBounds }: ModeSpectrum, modes: readonly number[]): number {
  return logarithmOf(modes.reduce((ratio, i) => Math.max(ratio, errorBounds[i] / eigenvalues[i]), 0));
}

function logarithmOf(ratio: number): number {
  return ratio < 1 ? -log1p(-ratio) : Infinity;
}

function sideOf({ eigenvalues, conventions }: ModeSpectrum): number {
  return Math.round(pow(eigenvalues.length, 1 / conventions.dimension));
}

/** Level of each mode, −1 outside the band, and whether its degree or Σ k_j is odd. */
function levelsOf(
  { eigenvalues, conventions }: ModeSpectrum,
  N: number,
  maxDegree: number,
): { level: Float64Array; odd: Uint8Array } {
  const level = new Float64Array(eigenvalues.length);
  const odd = new Uint8Array(eigenvalues.length);
  for (let i = 0; i < level.length; i++) {
    if (N === 0) {
      level[i] = i <= maxDegree ? i : -1;
      odd[i] = i % 2;
      continue;
    }
    let rest = i;
    let squared = 0;
    let sum = 0;
    for (let j = 0; j < conventions.dimension; j++) {
      const digit = rest % N;
      rest = (rest - digit) / N;
      const k = Math.min(digit, N - digit); // |k_j| of the centred frequency
      sum += k;
      squared = k > maxDegree ? Number.NaN : squared + k * k;
    }
    level[i] = squared >= 0 ? squared : -1;
    odd[i] = sum % 2;
  }
  return { level, odd };
}

/** The values >= 0 that occur, ascending. */
function distinct(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  let length = 0;
  for (const value of sorted)
    if (value >= 0 && (length === 0 || value !== sorted[length - 1])) sorted[length++] = value;
  return sorted.slice(0, length);
}

function indexIn(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
