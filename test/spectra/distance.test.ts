import fc from "fast-check";
import { expect, test } from "vitest";
import { fitDecay, spectralDistance } from "../../src/spectra/index.js";
import { tolerance, within } from "../support/compare.js";

const uniform = { cdf: (x: number) => Math.min(1, Math.max(0, x)), quantile: (p: number) => p };

test("both one-sided jumps: one point against the uniform law", () => {
  const high = spectralDistance([0.9], uniform);
  expect(within(high.below, 0.9, tolerance(2, 1)).ok).toBe(true); // G(x) − 0 just before the jump
  expect(Math.abs(high.above - 0.1)).toBeLessThan(tolerance(2, 1));
  expect(high.kolmogorovSmirnov).toBe(high.below);
  const low = spectralDistance([0.2], uniform);
  expect(low.kolmogorovSmirnov).toBe(0.8); // 1 − G(x) just after it: a one-sided scan would report 0.2
});

test("Wasserstein distances of one point to the uniform law in closed form", () => {
  const { wasserstein1, wasserstein2 } = spectralDistance([0.3], uniform);
  expect(within(wasserstein1, (0.3 ** 2 + 0.7 ** 2) / 2, tolerance(8, 1)).ok).toBe(true);
  expect(within(wasserstein2, Math.sqrt((0.3 ** 3 + 0.7 ** 3) / 3), tolerance(8, 1)).ok).toBe(true);
});

const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 25 });

test("between samples: agrees with a naive scan over all points, ties included", () => {
  const step = (values: number[], x: number): number => values.filter((value) => value <= x).length / values.length;
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const got = spectralDistance(a, b);
      const points = [...a, ...b];
      const differences = points.map((x) => step(a, x) - step(b, x));
      expect(within(got.above, Math.max(0, ...differences), tolerance(2, 1)).ok).toBe(true);
      expect(within(got.below, Math.max(0, ...differences.map((d) => -d)), tolerance(2, 1)).ok).toBe(true);
      let area = 0; // ∫ |F − G| over the integers, where both are constant in between
      for (let x = -21; x < 21; x++) area += Math.abs(step(a, x) - step(b, x));
      expect(within(got.wasserstein1, area, tolerance(8, 50, 40)).ok).toBe(true);
    }),
  );
});

test("shift, symmetry and the triangle inequality", () => {
  fc.assert(
    fc.property(sample, sample, sample, (a, b, c) => {
      expect(
        spectralDistance(
          a,
          a.map((x) => x + 3),
        ).wasserstein1,
      ).toBeCloseTo(3, 10);
      expect(spectralDistance(a, b).wasserstein2).toBeCloseTo(spectralDistance(b, a).wasserstein2, 10);
      expect(spectralDistance(a, c).wasserstein2).toBeLessThanOrEqual(
        spectralDistance(a, b).wasserstein2 + spectralDistance(b, c).wasserstein2 + 1e-9,
      );
    }),
  );
});

test("an atom of the law is compared from both sides", () => {
  const half = {
    cdf: (x: number) => (x < 0 ? 0 : x < 1 ? 0.5 + x / 2 : 1),
    quantile: (p: number) => Math.max(0, 2 * p - 1),
  };
  expect(spectralDistance([0, 0, 0.5, 0.75], half).kolmogorovSmirnov).toBe(0.25);
});

test("decay fits recover planted laws with their errors", () => {
  const power = fitDecay(Array.from({ length: 200 }, (_, k) => 2 * (k + 1) ** -1.7));
  expect(within(power.power.rate, 1.7, tolerance(64, 200)).ok).toBe(true);
  expect(within(power.power.prefactor, 2, tolerance(64, 200)).ok).toBe(true);
  expect(power.preferred).toEqual({ defined: true, value: "power" });
  const geometric = fitDecay(Array.from({ length: 40 }, (_, k) => 5 * Math.exp(-0.3 * (k + 1))));
  expect(within(geometric.geometric.rate, 0.3, tolerance(64, 40)).ok).toBe(true);
  expect(geometric.preferred).toEqual({ defined: true, value: "geometric" });
  expect(fitDecay([4, 1]).preferred.defined).toBe(false);
  expect(() => fitDecay([1, 0.5, 0, 0], { to: 3 })).toThrow(
    "fitDecay: values must be positive from index 1 to 3, got 0 at 3; choose from and to",
  );
});

test("input errors", () => {
  expect(() => spectralDistance([1], "law" as unknown as number[])).toThrow(
    "reference must be numbers or a law { cdf, quantile }, got string",
  );
  expect(() => spectralDistance([], uniform)).toThrow("values must be of length >= 1");
});
