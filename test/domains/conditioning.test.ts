import { expect, test } from "vitest";
import type { Tagged } from "../../src/core/index.js";
import {
  type ModeSpectrum,
  composite,
  conditionNumber,
  equispacedCircle,
  fibonacciSphere,
  flatteningSymbol,
  gaussian,
  optimalSmoothness,
  sphere,
  symmetricComposite,
  torus,
} from "../../src/domains/index.js";
import { ntk } from "../../src/kernels/index.js";
import { spherePoints, createRng } from "../../src/random/index.js";
import { fromRows } from "../../src/core/index.js";

const reason = (tagged: Tagged): string => (tagged.defined ? `defined: ${tagged.value}` : tagged.reason);
const valueOf = (tagged: Tagged): number => (tagged.defined ? tagged.value : Number.NaN);

/** Degrees with given eigenvalues and error bounds, on a domain's conventions. */
function withValues(
  base: ModeSpectrum,
  eigenvalues: Float64Array,
  errorBounds = eigenvalues.map(() => 0),
): ModeSpectrum {
  return { ...base, eigenvalues, errorBounds, multiplicities: eigenvalues.map(() => 1), vanishing: [] };
}
const bySphere = (values: readonly number[], bounds?: readonly number[]): ModeSpectrum =>
  withValues(
    sphere(3).mercer(ntk({ depth: 3 }), values.length - 1),
    Float64Array.from(values),
    bounds === undefined ? undefined : Float64Array.from(bounds),
  );

test("conditionNumber: 1e-13 for few modes, n ε for many, exactly at the threshold and just below", () => {
  expect(valueOf(conditionNumber(bySphere([1, 0.5, 1e-13])).condition)).toBe(1e13);
  expect(reason(conditionNumber(bySphere([1, 0.5, 0.99e-13])).condition)).toBe(
    "unresolved: eigenvalue 9.90e-14 of mode 2 is below 1.00e-13, the noise of double precision beside 1.00e+0",
  );
  const n = 2000; // n ε = 4.4e-13
  const many = (last: number): Tagged =>
    conditionNumber(bySphere([...Array<number>(n - 1).fill(1), last * n * Number.EPSILON])).condition;
  expect(many(1).defined).toBe(true);
  expect(reason(many(0.99))).toContain("of mode 1999 is below 4.44e-13");
});

test("conditionNumber: a mode within its error bar of zero is unresolved even where another one is smaller", () => {
  const certain = bySphere([1, 1e-3, 2e-3], [0, 1e-6, 1e-4]);
  expect(valueOf(conditionNumber(certain).condition)).toBe(1000);
  const uncertain = bySphere([1, 1e-3, 2e-3], [0, 1e-6, 5e-3]);
  expect(reason(conditionNumber(uncertain).condition)).toContain(
    "unresolved: eigenvalue 2.00e-3 of mode 2 is below 5.00e-3",
  );
  expect(conditionNumber(uncertain).smallestMode).toBe(1);
});

test("best exponents: the condition at s* is a number up to 1e13 and a reason beyond; the spread is a number on both sides", () => {
  // ln μ = (0, c, −c) at ln σ = (0, x, 2x): no exponent lowers the spread below 3c/2.
  const zigzag = (c: number): ModeSpectrum => bySphere([1, Math.exp(c), 1, Math.exp(c)]);
  for (const [c, defined] of [
    [12, true],
    [29, true],
    [31, false],
    [400, false],
  ] as const) {
    for (const symbol of ["A", "B", "C", "D"] as const) {
      const best = optimalSmoothness(zigzag(c), { symbol });
      const resolved = Math.exp(-best.spread) >= 1e-13;
      expect(best.condition.defined).toBe(resolved);
      if (c > 300 || c < 20) expect(resolved).toBe(defined);
      if (best.condition.defined)
        expect(Math.abs(best.condition.value / Math.exp(best.spread) - 1)).toBeLessThan(1e-12);
      else
        expect(best.condition.reason).toMatch(
          /^unresolved: the smallest eigenvalue is (\S+) of the largest, below 1\.00e-13$/,
        );
      expect(Number.isFinite(best.spread)).toBe(true);
    }
  }
  const steep = optimalSmoothness(bySphere([1, 1, 1e-300, 1]), { symbol: "D" });
  expect(reason(steep.condition)).toContain("unresolved: the smallest eigenvalue is");
  expect(steep.spread).toBeGreaterThan(600);
  expect(reason(optimalSmoothness(bySphere([1e150, 1e-200, 1e150]), { symbol: "D" }).condition)).toContain(
    "10^-350.0 of",
  );
});

test("best exponents on the torus and on Gaussian space are tagged by the same rule", () => {
  const grid = torus(1, 9).mercer(ntk({ depth: 3 }));
  const near = (share: number): Tagged => {
    const values = grid.eigenvalues.map(() => 1);
    values[2] = values[7] = share; // |k| = 2 beside 0, 1, 3, 4: no exponent reaches it
    return optimalSmoothness(withValues(grid, values), { symbol: "C" }).condition;
  };
  expect(valueOf(near(1e-12))).toBeGreaterThan(1e11);
  expect(reason(near(1e-14))).toContain(
    "unresolved: the smallest eigenvalue is 1.00e-14 of the largest, below 1.00e-13",
  );
  const few = gaussian(3).optimalSmoothness(ntk({ depth: 3 }), 10);
  expect(Math.abs(valueOf(few.condition) / Math.exp(few.spread) - 1)).toBeLessThan(1e-12);
  // d = 60: μ_ℓ falls so fast that no exponent below 1 + d/2 saves degree 24 of a two-layer kernel.
  const many = gaussian(60).optimalSmoothness(ntk({ depth: 2 }), 24);
  expect(reason(many.conditionAtZero)).toContain("unresolved");
  expect(many.condition.defined).toBe(Math.exp(-many.spread) >= 1e-13);
});

test("free symbols: condition tagged, spread a number", () => {
  const flat = (share: number): ReturnType<typeof flatteningSymbol> =>
    flatteningSymbol(bySphere([1, share, 1]), { growth: 0 });
  expect(valueOf(flat(1.01e-13).condition)).toBeGreaterThan(9e12);
  expect(reason(flat(0.99e-13).condition)).toBe(
    "unresolved: the smallest eigenvalue is 9.90e-14 of the largest, below 1.00e-13",
  );
  expect(Math.abs(flat(0.99e-13).spread + Math.log(0.99e-13))).toBeLessThan(1e-12);
});

test("symbols known in closed form: a number up to 1e13, whatever the number of modes; a reason beyond, and for values <= 0", () => {
  const symbolOn = (bandwidth: number, smoothness: number): Tagged =>
    sphere(3).sobolev({ symbol: "D", smoothness, bandwidth }).condition;
  expect(Math.abs(valueOf(symbolOn(9, 13)) / 1e13 - 1)).toBeLessThan(1e-14);
  expect(reason(symbolOn(9, 13.01))).toContain(
    "unresolved: the symbol's smallest value 1.00e+0 is below 1.00e-13 of its largest",
  );
  expect(symbolOn(9, -13).defined).toBe(true);
  expect(symbolOn(9, -13.01).defined).toBe(false);
  expect(reason(sphere(3).multiplier(Float64Array.of(1, 0, 2)).condition)).toContain("the symbol takes the value 0");
  expect(reason(sphere(3).multiplier(Float64Array.of(1, -3, 2)).condition)).toContain("the symbol takes the value -3");
  // 65,536 modes: n ε would be 1.5e-11, but a closed form has no rounding that grows with n.
  const grid = torus(2, 256);
  expect(Math.abs(valueOf(grid.sobolev({ smoothness: 2.8 }).condition) / 32_769 ** 2.8 - 1)).toBeLessThan(1e-13);
  expect(reason(grid.sobolev({ smoothness: 2.8, frequency: "angular" }).condition)).toContain("unresolved");
});

test("sampled Sobolev matrices: resolved down to max(1e-13, n ε), singular beyond their band, indefinite ones named", () => {
  // As many points as dimensions: equispaced on the circle with 2L + 1 points the eigenvalues are the symbol itself.
  const circleAt = (smoothness: number): ReturnType<ReturnType<ReturnType<typeof sphere>["sobolev"]>["sampled"]> =>
    sphere(2).sobolev({ symbol: "D", smoothness, bandwidth: 9 }).sampled(equispacedCircle(19));
  const good = circleAt(11); // κ = 1e11: called singular by a threshold of 1e-10
  expect([good.rank, good.condition.defined]).toEqual([19, true]);
  expect(Math.abs(valueOf(good.condition) / 1e11 - 1)).toBeLessThan(1e-2);
  const lost = circleAt(14);
  expect(reason(lost.condition)).toMatch(
    /^unresolved: the smallest eigenvalue \S+ is below \S+, the noise of double precision beside 1\.00e\+14$/,
  );
  expect(lost.rank).toBeLessThan(19);
  expect(lost.difference).toContain("are not resolved from zero");
  const thin = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 3 }).sampled(fibonacciSphere(50));
  expect(reason(thin.condition)).toBe(
    "unresolved: rank 16 < n = 50: the band has dimension 16, other directions are not penalised",
  );
  const indefinite = sphere(3).multiplier(Float64Array.of(1, -1)).sampled(fibonacciSphere(4));
  expect(reason(indefinite.condition)).toContain("the matrix is not positive definite: it has an eigenvalue -");
  expect(indefinite.rank).toBe(4);
  const twice = spherePoints(createRng(3), 6, 3);
  twice.data.copyWithin(3, 0, 3); // a duplicate point
  const duplicate = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 5 }).sampled(twice);
  expect(duplicate.rank).toBe(5);
  expect(reason(duplicate.condition)).toContain("unresolved: the smallest eigenvalue");
});

test("composites: steep weights make what was resolved unresolved, and the other way round", () => {
  const K = sphere(10).mercer(ntk({ depth: 2 }), 60);
  expect(conditionNumber(K, { modes: "nonzero" }).condition.defined).toBe(false);
  const weights = sphere(10).sobolev({ symbol: "D", smoothness: 10, bandwidth: 60 });
  expect(conditionNumber(composite(K, weights), { modes: "nonzero" }).condition.defined).toBe(true);
  const steep = sphere(3).sobolev({ symbol: "A", smoothness: 8, bandwidth: 20 });
  expect(reason(conditionNumber(composite(sphere(3).mercer(ntk({ depth: 3 }), 20), steep)).condition)).toContain(
    "unresolved",
  );
});

test("symmetricComposite says how many eigenvalues of P it took for zero", () => {
  const K = fromRows([
    [2, 1],
    [1, 2],
  ]);
  expect(
    symmetricComposite(
      K,
      fromRows([
        [1, 0],
        [0, 3],
      ]),
    ).clampedOfP,
  ).toBe(0);
  const rounded = symmetricComposite(
    K,
    fromRows([
      [1, 0],
      [0, -1e-14],
    ]),
  );
  expect([rounded.clampedOfP, rounded.smallestOfP]).toEqual([1, -1e-14]);
  expect(() => rounded.flow(Float64Array.of(1, 1), 1)).toThrow("symmetricComposite.flow: P must be positive definite");
  expect(() =>
    symmetricComposite(
      K,
      fromRows([
        [1, 0],
        [0, -1e-9],
      ]),
    ),
  ).toThrow("symmetricComposite: P must be positive semidefinite, got an eigenvalue -1.000e-9");
});
