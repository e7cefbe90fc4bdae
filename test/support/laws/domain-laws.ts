import { expect } from "vitest";
import type { ModeSpectrum } from "../../../src/domains/index.js";

/**
 * Laws of every spectrum by mode: lengths agree, error bounds are finite and nonnegative, vanishing modes are within their
 * bound of zero, and (for kernels that are positive semidefinite) no eigenvalue is negative beyond its bound.
 */
export function spectrumLaws(spectrum: ModeSpectrum): void {
  const { eigenvalues, errorBounds, multiplicities, vanishing } = spectrum;
  expect(errorBounds.length).toBe(eigenvalues.length);
  expect(multiplicities.length).toBe(eigenvalues.length);
  for (let k = 0; k < eigenvalues.length; k++) {
    expect(Number.isFinite(eigenvalues[k])).toBe(true);
    expect(errorBounds[k]).toBeGreaterThanOrEqual(0);
    expect(eigenvalues[k]).toBeGreaterThanOrEqual(-errorBounds[k]);
  }
  for (const k of vanishing) expect(Math.abs(eigenvalues[k])).toBeLessThanOrEqual(errorBounds[k]);
}

/** Judges true error / bar <= 1 against reference eigenvalues; returns the largest ratio. */
export function barRatio(spectrum: ModeSpectrum, reference: ReadonlyMap<number, number>): number {
  let worst = 0;
  for (const [mode, value] of reference) {
    const error = Math.abs(spectrum.eigenvalues[mode] - value);
    if (error > 0) worst = Math.max(worst, error / spectrum.errorBounds[mode]);
  }
  return worst;
}
