import { ArgumentError, log1p, pow, requireInteger } from "../core/index.js";
import { decodeFrequency } from "./frequencies.js";
import type { ModeSpectrum } from "./types.js";

/** The modes of a spectrum that a search for weights looks at. */
export interface Band {
  /** Modes that count: inside the band, of the parity asked for, and not vanishing. */
  readonly modes: readonly number[];
  /** Degree ℓ, or |k|² of a frequency, of every mode of the spectrum; NaN outside the band. */
  readonly levels: Float64Array;
  /** The other modes of the spectrum. */
  readonly omitted: readonly number[];
  /** Largest degree, or largest |k_j|. */
  readonly maxDegree: number;
}

/** Picks the modes of a band, by degree or by centred frequency; a spectrum with fewer than two of them is refused. */
export function bandOf(
  spectrum: ModeSpectrum,
  largest: number | undefined,
  parity: "all" | "even" | "odd",
  caller: string,
): Band {
  const { eigenvalues, conventions } = spectrum;
  const degrees = conventions.modes === "degree";
  const d = conventions.dimension;
  const N = degrees ? 0 : Math.round(pow(eigenvalues.length, 1 / d));
  const top = degrees ? eigenvalues.length - 1 : Math.floor(N / 2);
  const maxDegree = requireInteger(largest ?? top, "maxDegree", caller, 0, top);
  const vanishing = new Set(spectrum.vanishing);
  const frequency = new Int32Array(degrees ? 0 : d);
  const modes: number[] = [];
  const levels = new Float64Array(eigenvalues.length).fill(Number.NaN);
  const omitted: number[] = [];
  for (let i = 0; i < eigenvalues.length; i++) {
    const level = degrees ? i : decodeFrequency(i, d, N, frequency);
    const sum = degrees ? i : frequency.reduce((total, k) => total + Math.abs(k), 0);
    const inside = degrees ? i <= maxDegree : frequency.every((k) => Math.abs(k) <= maxDegree);
    const counts = parity === "all" || (parity === "odd") === (sum % 2 === 1);
    if (inside) levels[i] = level;
    (inside && counts && !vanishing.has(i) && eigenvalues[i] > 0 ? modes : omitted).push(i);
  }
  if (modes.length < 2) {
    throw new ArgumentError({
      function: caller,
      argument: "spectrum",
      expected: "with two nonvanishing modes at least",
      got: String(modes.length),
    });
  }
  return { modes, levels, omitted, maxDegree };
}

/** Largest e with |ln(λ̃/λ)| <= e for all λ̃ that the error bounds of the modes allow. */
export function logarithmicError(spectrum: ModeSpectrum, modes: readonly number[]): number {
  let ratio = 0;
  for (const i of modes) ratio = Math.max(ratio, spectrum.errorBounds[i] / spectrum.eigenvalues[i]);
  return ratio < 1 ? -log1p(-ratio) : Infinity;
}
