import { expect, test } from "vitest";
import type { DensitySpectrum } from "../../../src/core/index.js";
import { type SymmetricOperator, diagonal } from "../../../src/operators/index.js";
import { tolerance } from "../compare.js";

/** Rounding of a sum of weights, in multiples of n ε. */
const MASS_FACTOR = 40;

/** Trapezoidal mass that smoothing and the grid may lose. */
const GRID_LOSS = 0.01;

/** The whole measure of a density record as sorted atoms: nodes, known outliers and the atom at zero. */
export function atomsOf({ nodes, weights, atom, outliers, dimension }: DensitySpectrum): [number, number][] {
  const atoms: [number, number][] = Array.from(nodes, (node, j) => [node, weights[j]]);
  for (const value of outliers) atoms.push([value, 1 / dimension]);
  if (atom > 0) atoms.push([0, atom]);
  return atoms.sort((a, b) => a[0] - b[0]);
}

/** ∫ |F − F_n| against the empirical distribution of the exact eigenvalues. */
export function wasserstein(density: DensitySpectrum, spectrum: ArrayLike<number>): number {
  const events = atomsOf(density);
  for (let i = 0; i < spectrum.length; i++) events.push([spectrum[i], -1 / spectrum.length]);
  events.sort((a, b) => a[0] - b[0]);
  let difference = 0;
  let distance = 0;
  for (let i = 0; i < events.length - 1; i++) {
    difference += events[i][1];
    distance += Math.abs(difference) * (events[i + 1][0] - events[i][0]);
  }
  return distance;
}

/**
 * What every spectral density satisfies: mass one in all, no negative density, a band around it, a grid in order, and a
 * Wasserstein distance to the exact spectrum that the reported error explains.
 */
export function densityLaws(
  name: string,
  spectrum: Float64Array,
  estimate: (A: SymmetricOperator) => DensitySpectrum & { readonly wassersteinError: number },
): void {
  test(`${name} satisfies the density laws`, () => {
    const result = estimate(diagonal(spectrum));
    const n = spectrum.length;
    expect([result.kind, result.dimension]).toEqual(["density", n]);
    const mass = atomsOf(result).reduce((sum, [, weight]) => sum + weight, 0);
    expect(Math.abs(mass - 1)).toBeLessThanOrEqual(tolerance(MASS_FACTOR, n));
    const { grid, density, band, weights } = result;
    let area = 0;
    for (let i = 0; i < grid.length; i++) {
      if (i > 0) {
        expect(grid[i]).toBeGreaterThan(grid[i - 1]);
        area += ((density[i] + density[i - 1]) / 2) * (grid[i] - grid[i - 1]);
      }
      expect(density[i]).toBeGreaterThanOrEqual(-tolerance(MASS_FACTOR, n, 10));
      expect(band.lower[i]).toBeLessThanOrEqual(density[i]);
      expect(band.upper[i]).toBeGreaterThanOrEqual(density[i]);
      expect(band.lower[i]).toBeGreaterThanOrEqual(0);
    }
    const bulk = weights.reduce((sum, weight) => sum + weight, 0);
    expect(Math.abs(area - bulk)).toBeLessThan(GRID_LOSS);
    const extent = Math.max(...spectrum) - Math.min(...spectrum);
    expect(wasserstein(result, spectrum)).toBeLessThan(4 * result.wassersteinError + 0.02 * extent);
  });
}
