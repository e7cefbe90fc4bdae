import fc from "fast-check";
import { expect, test } from "vitest";
import { histogram, kernelDensity } from "../../src/spectra/index.js";
import { createRng } from "../../src/random/index.js";
import { tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const { density: reference } = fixture<{
  density: {
    data: number[];
    hist_edges: number[];
    hist_density: number[];
    kde: number[];
    "kde_gaussian_h0.2_at": number[];
    silverman_h: number;
  };
}>("spectra/reference.json");

test("histogram and kernel estimate of the reference data", () => {
  const bins = histogram(reference.data, { edges: reference.hist_edges });
  expect(within(bins.density, reference.hist_density, tolerance(4, 5)).ok).toBe(true);
  const kde = kernelDensity(reference.data, { bandwidth: 0.2, grid: reference["kde_gaussian_h0.2_at"] });
  expect(within(kde.density, reference.kde, tolerance(4, 5)).ok).toBe(true);
});

test("Silverman's bandwidth", () => {
  expect(kernelDensity(reference.data).bandwidthRule).toBe("silverman");
  expect(within(kernelDensity(reference.data).bandwidth, reference.silverman_h, tolerance(8, 5)).ok).toBe(true);
});

test("a histogram has mass one, with what lies outside", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (values, bins) => {
        const h = histogram(values, { bins });
        let mass = 0;
        for (let i = 0; i < bins; i++) mass += h.density[i]! * (h.edges[i + 1]! - h.edges[i]!);
        expect(Math.abs(mass - 1)).toBeLessThan(1e-12);
        expect(h.below + h.above).toBe(0);
      },
    ),
  );
  const outside = histogram([-1, 0, 1, 2, 5], { edges: [0, 1, 2] });
  expect([outside.below, outside.above, outside.zeros, ...outside.counts]).toEqual([1, 1, 1, 1, 2]);
});

test("the kernel estimate has mass one; reflection keeps it on one side and removes the bias at the edge", () => {
  const rng = createRng(11);
  const values = Float64Array.from({ length: 4000 }, () => rng.uniform());
  const integrate = (k: { grid: Float64Array; density: Float64Array }): number => {
    let mass = 0;
    for (let i = 1; i < k.grid.length; i++)
      mass += ((k.density[i]! + k.density[i - 1]!) / 2) * (k.grid[i]! - k.grid[i - 1]!);
    return mass;
  };
  const grid = Float64Array.from({ length: 4001 }, (_, i) => -1 + (3 * i) / 4000);
  const half = Float64Array.from({ length: 4001 }, (_, i) => (2 * i) / 4000);
  expect(Math.abs(integrate(kernelDensity(values, { grid, bandwidth: 0.05 })) - 1)).toBeLessThan(1e-6);
  expect(Math.abs(integrate(kernelDensity(values, { grid: half, bandwidth: 0.05, reflectAt: 0 })) - 1)).toBeLessThan(
    1e-6,
  );
  // The density is 1 at the edge: without reflection half of it is lost. Statistical error about 0.06.
  const plain = kernelDensity(values, { grid: [0], bandwidth: 0.05 }).density[0]!;
  const reflected = kernelDensity(values, { grid: [0], bandwidth: 0.05, reflectAt: 0 }).density[0]!;
  expect(plain).toBeLessThan(0.6);
  expect(Math.abs(reflected - 1)).toBeLessThan(0.2);
});

test("input errors", () => {
  expect(() => histogram([])).toThrow("histogram: values must be of length >= 1, got length 0");
  expect(() => histogram([1], { edges: [1, 1] })).toThrow("edges must be at least two ascending numbers");
  expect(() => histogram([1], { bins: 2, edges: [0, 1] })).toThrow("given bins or edges, got both");
  expect(() => kernelDensity([2, 2])).toThrow(
    "different numbers when no bandwidth is given, got 2 equal numbers; give bandwidth",
  );
  expect(() => kernelDensity([-1, 2], { reflectAt: 0 })).toThrow(
    "reflectAt must be at most the smallest value -1, got 0",
  );
});
