import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, type DensitySpectrum, ShapeError } from "../../src/core/index.js";
import { eigsh, lanczos, ritzPairs } from "../../src/krylov/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal,
  fromAsyncFunction,
  fromFunction,
  lowRank,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  type SpectralDensityOptions,
  chebyshevDensity,
  jacksonFactors,
  spectralDensity,
  spectralDensityAsync,
} from "../../src/stochastic/index.js";
import { tolerance, within } from "../support/compare.js";
import { densityLaws, wasserstein } from "../support/laws/density-laws.js";
import { fixture } from "../support/shared.js";

/** T depends on rounding more than its Ritz values do. */
const SENSITIVITY_FACTOR = 200;

const rng = () => createRng(12);
const semicircleish = Float64Array.from({ length: 200 }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / 200) ** 3);
const withOutliers = Float64Array.from({ length: 1000 }, (_, i) =>
  i < 10 ? 10 + 5 * i : Math.abs(Math.sin(i * 12.9898) * 2),
);

densityLaws("slq", semicircleish, (A) => spectralDensity(A, { probes: 6, steps: 40, rng: rng() }));
densityLaws("slq with three vectors", semicircleish, (A) =>
  spectralDensity(A, { probes: 6, steps: 40, rng: rng(), reorthogonalization: "none" }),
);
densityLaws("slq with outliers", withOutliers, (A) =>
  spectralDensity(A, { probes: 6, steps: 40, rng: rng(), outliers: 10 }),
);
densityLaws(
  "slq with a null space",
  Float64Array.from({ length: 300 }, (_, i) => (i < 200 ? 0 : 1 + i / 300)),
  (A) => spectralDensity(A, { probes: 6, steps: 40, rng: rng(), nullity: 200 }),
);
densityLaws("kpm", semicircleish, (A) =>
  spectralDensity(A, { method: "kpm", probes: 6, steps: 40, rng: rng(), points: 4000 }),
);
densityLaws("kpm with outliers", withOutliers, (A) =>
  spectralDensity(A, { method: "kpm", probes: 6, steps: 40, rng: rng(), outliers: 10, points: 4000 }),
);

interface Reference {
  readonly slq_fixed_probe: {
    readonly probe: number[];
    readonly k: number;
    readonly nodes: number[];
    readonly weights: number[];
  };
  readonly kpm: {
    readonly jackson_N20_k0_to_20: number[];
    readonly chebyshev_moments: number[];
    readonly density_at_x: Record<string, number>;
  };
}
const reference = fixture<Reference>("stochastic/reference.json");

test("KPM: Jackson factors and the damped density of the Laplacian of order 50 equal the reference", () => {
  expect(within(jacksonFactors(20), reference.kpm.jackson_N20_k0_to_20, tolerance(8, 20)).ok).toBe(true);
  const points = Object.keys(reference.kpm.density_at_x).map(Number);
  const density = chebyshevDensity(Float64Array.from(reference.kpm.chebyshev_moments), Float64Array.from(points));
  expect(within(density, Object.values(reference.kpm.density_at_x), tolerance(20, 20)).ok).toBe(true);
  // Negative control: without damping the series of a point measure is negative somewhere.
  const point = Float64Array.from({ length: 21 }, (_, k) => Math.cos(k * Math.acos(0.3)));
  const undamped = Float64Array.from({ length: 99 }, (_, i) => {
    const angle = Math.acos(-0.99 + 0.02 * i);
    return point.reduce((sum, moment, k) => sum + (k === 0 ? 1 : 2) * moment * Math.cos(k * angle), 0);
  });
  const damped = chebyshevDensity(
    point,
    Float64Array.from({ length: 99 }, (_, i) => -0.99 + 0.02 * i),
  );
  expect(Math.min(...undamped)).toBeLessThan(-1);
  expect(Math.min(...damped)).toBeGreaterThan(-1e-12);
});

test("outliers are exact, the bulk keeps its mass, and the atom is exact", () => {
  const A = diagonal(withOutliers);
  const result = spectralDensity(A, { probes: 4, steps: 60, rng: rng(), outliers: 10 });
  expect(
    within(
      result.outliers,
      Array.from({ length: 10 }, (_, i) => 10 + 5 * i),
      1e-6,
    ).ok,
  ).toBe(true);
  expect(Math.abs(result.weights.reduce((sum, w) => sum + w, 0) - 0.99)).toBeLessThanOrEqual(tolerance(40, 1000));
  expect(result.nodes.at(-1)).toBeLessThan(2 + 1e-6); // no ghost of an outlier comes back in the bulk
  expect(result.status).toBe("converged");
  const found = eigsh(A, { count: 10, rng: rng() });
  const given = spectralDensity(A, { probes: 4, steps: 60, rng: rng(), deflate: found });
  expect(given.outliers).toEqual(found.values.slice().sort());
  expect(given.matvecs).toBe(240);
  const null200 = diagonal(Float64Array.from({ length: 300 }, (_, i) => (i < 200 ? 0 : 1 + i / 300)));
  const withAtom = spectralDensity(null200, { probes: 3, steps: 30, rng: rng(), nullity: 200 });
  expect(withAtom.atom).toBe(200 / 300);
  expect(Math.min(...withAtom.nodes)).toBeGreaterThan(1);
  const unresolved = spectralDensity(null200, { probes: 3, steps: 2, rng: rng(), nullity: 200 });
  expect([unresolved.status, unresolved.advice]).toEqual([
    "max-iterations",
    "3 probes show no node at zero, so the known null space is still inside the bulk: raise steps",
  ]);
});

test("200 steps with 10 isolated outliers: exactly 10 Ritz values beyond the gap, and W1 no worse than without (peer test 4)", () => {
  const spectrum = Float64Array.from({ length: 1000 }, (_, i) =>
    i < 10 ? 10 + 5 * i : Math.abs(createRng(i).normal()),
  );
  const A = diagonal(spectrum);
  const run = (reorthogonalization: "full" | "selective" | "none") =>
    spectralDensity(A, { probes: 1, steps: 200, rng: rng(), reorthogonalization });
  const beyond = (density: DensitySpectrum): number => density.nodes.filter((node) => node > 8).length;
  const full = run("full");
  expect(beyond(full)).toBe(10);
  expect(beyond(run("selective"))).toBe(10);
  const none = run("none");
  expect(beyond(none)).toBeGreaterThan(20); // ghosts: the reason for the default
  const distance = (density: DensitySpectrum): number => wasserstein(density, spectrum);
  expect(distance(full)).toBeLessThanOrEqual(distance(none) * 1.01);
  // Total outlier weight stays right even with ghosts: smoothed densities survive, counts do not.
  const weight = (density: DensitySpectrum): number =>
    density.nodes.reduce((sum, node, j) => sum + (node > 8 ? density.weights[j] : 0), 0);
  expect(Math.abs(weight(none) - weight(full))).toBeLessThan(1e-6);
});

test("the Wasserstein error estimate is of the size of the true error (12 seeds, fixed in advance)", () => {
  const A = diagonal(semicircleish);
  let ratio = 0;
  for (let seed = 0; seed < 12; seed++) {
    const result = spectralDensity(A, { probes: 6, steps: 30, rng: createRng(seed) });
    ratio += wasserstein(result, semicircleish) / result.wassersteinError / 12;
  }
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.7);
});

test("the band covers the expected smoothed density at most points, and narrows with more probes", () => {
  const spectrum = semicircleish;
  const A = diagonal(spectrum);
  const bandwidth = 0.1;
  const grid = Float64Array.from({ length: 41 }, (_, i) => -1.2 + 0.06 * i);
  const exact = grid.map(
    (x) =>
      spectrum.reduce((sum, s) => sum + Math.exp(-0.5 * ((x - s) / bandwidth) ** 2), 0) /
      (200 * bandwidth * Math.sqrt(2 * Math.PI)),
  );
  let covered = 0;
  const width = (probes: number): number => {
    const { band } = spectralDensity(A, { probes, steps: 60, rng: rng(), bandwidth, grid });
    return band.upper[20] - band.lower[20];
  };
  for (let seed = 0; seed < 40; seed++) {
    const { band } = spectralDensity(A, { probes: 10, steps: 30, rng: createRng(seed), bandwidth, grid });
    for (let i = 8; i < 33; i++) if (band.lower[i] <= exact[i] && exact[i] <= band.upper[i]) covered += 1 / (40 * 25);
  }
  expect(covered).toBeGreaterThan(0.9);
  expect(covered).toBeLessThan(0.985);
  expect(width(40)).toBeLessThan(width(5));
  const single = spectralDensity(A, { probes: 1, steps: 10, rng: rng() });
  expect([single.band.lower[0], single.band.upper[0], single.wassersteinError]).toEqual([0, Infinity, Infinity]);
});

test("the first probes stay the same when more are asked for, and equal seeds give equal results", () => {
  const A = diagonal(semicircleish);
  const options = { steps: 20, grid: Float64Array.of(0, 1), bandwidth: 0.1 };
  const one = spectralDensity(A, { ...options, rng: rng(), probes: 1 });
  const two = spectralDensity(A, { ...options, rng: rng(), probes: 2 });
  expect(Array.from(one.nodes).every((node) => two.nodes.includes(node))).toBe(true);
  expect(spectralDensity(A, { ...options, rng: rng(), probes: 2 })).toEqual(two);
});

test("degenerate operators: zero, identity, rank one, order one", () => {
  const zero = spectralDensity(diagonal(new Float64Array(5)), { probes: 3, rng: rng() });
  expect([...zero.nodes]).toEqual([0, 0, 0]);
  const one = spectralDensity(diagonal(new Float64Array(5).fill(1)), { probes: 2, rng: rng() });
  expect(within(one.nodes, [1, 1], tolerance(4, 5)).ok).toBe(true);
  const rankOne = spectralDensity(lowRank(normalMatrix(createRng(1), 30, 1)), { probes: 2, rng: rng(), nullity: 29 });
  expect([rankOne.nodes.length, rankOne.atom]).toEqual([2, 29 / 30]);
  expect(spectralDensity(diagonal([4]), { method: "kpm", probes: 2, rng: rng() }).density.every(Number.isFinite)).toBe(
    true,
  );
  expect(
    spectralDensity(diagonal(new Float64Array(5)), { method: "kpm", probes: 2, rng: rng() }).density.every(
      Number.isFinite,
    ),
  ).toBe(true);
});

test("scaling A scales the nodes (property, scales 1e±150)", () => {
  fc.assert(
    fc.property(fc.constantFrom(1e150, 1e-150, 3, -2), fc.constantFrom("slq", "kpm"), (factor, method) => {
      const d = Float64Array.from({ length: 20 }, (_, i) => Math.sin(i));
      const plain = spectralDensity(diagonal(d), { method, probes: 2, steps: 8, rng: rng() });
      const scaled = spectralDensity(diagonal(d.map((v) => v * factor)), { method, probes: 2, steps: 8, rng: rng() });
      const expected = plain.nodes.map((node) => node * factor).sort();
      return (
        within(scaled.nodes, expected, tolerance(1000, 20, Math.abs(factor))).ok &&
        scaled.density.every(Number.isFinite)
      );
    }),
    { numRuns: 8 },
  );
});

test("products are counted, async products give the same bits, signal and progress work", async () => {
  const A = counted(diagonal(semicircleish));
  const options = { probes: 3, steps: 20 } as const;
  const here = spectralDensity(A, { ...options, rng: rng() });
  expect([here.matvecs, A.counts.matvecs]).toEqual([60, 60]);
  A.resetCounts();
  const polynomial = spectralDensity(A, { ...options, rng: rng(), method: "kpm" });
  expect(polynomial.matvecs).toBe(A.counts.matvecs);
  A.resetCounts();
  const deflated = spectralDensity(A, { ...options, rng: rng(), outliers: 2 });
  expect(deflated.matvecs).toBe(A.counts.matvecs);
  const remote = fromAsyncFunction(200, async (x, out) => A.apply(x, out), { symmetric: true });
  expect(await spectralDensityAsync(remote, { ...options, rng: rng() })).toEqual(here);
  const signal = { aborted: false };
  const cut = spectralDensity(A, {
    ...options,
    rng: rng(),
    signal,
    onProgress: ({ done }) => (signal.aborted = done === 2),
  });
  expect([cut.status, cut.probes]).toEqual(["cancelled", 2]);
});

test("wrong input is refused before any product, by name", () => {
  const A = counted(diagonal([1, 2, 3]));
  const run =
    (options: unknown, operator: SymmetricOperator = A) =>
    () =>
      spectralDensity(operator, options as SpectralDensityOptions);
  expect(run({})).toThrow(
    "spectralDensity: rng must be a stream of random numbers, got undefined; pass { rng: createRng(seed) }",
  );
  expect(run({ rng: rng(), probes: 0 })).toThrow("spectralDensity: probes must be an integer >= 1, got 0");
  expect(run({ rng: rng(), method: "lanczos" })).toThrow(
    'spectralDensity: method must be one of "slq", "kpm", got "lanczos"',
  );
  expect(run({ rng: rng(), outliers: 3 })).toThrow("spectralDensity: outliers must be an integer in [0, 2], got 3");
  expect(run({ rng: rng(), nullity: 4 })).toThrow("spectralDensity: nullity must be an integer in [0, 3], got 4");
  expect(run({ rng: rng(), grid: Float64Array.of(1, 1) })).toThrow("spectralDensity: grid must be ascending");
  expect(run({ rng: rng(), bandwidth: 0 })).toThrow(ArgumentError);
  expect(run({ rng: rng(), sigma: 1 })).toThrow('option "sigma"');
  const known = { values: Float64Array.of(3), vectors: { rows: 3, cols: 1, data: Float64Array.of(0, 0, 1) } };
  expect(run({ rng: rng(), outliers: 1, deflate: known })).toThrow(
    "spectralDensity: outliers must be absent when deflate is given",
  );
  expect(run({ rng: rng(), deflate: { ...known, values: Float64Array.of(3, 2) } })).toThrow(ShapeError);
  expect(run({ rng: rng() }, fromFunction(3, (x) => x) as never)).toThrow(
    "spectralDensity: A must be a symmetric operator",
  );
  expect(A.counts.matvecs).toBe(0);
});

test("peer test 1: weights are squared first components, and 2k moments of the probe are exact to 1e-12", () => {
  const { probe, k, nodes, weights } = reference.slq_fixed_probe;
  const n = probe.length;
  const A = fromFunction(
    n,
    (x, out) => {
      for (let i = 0; i < n; i++) out[i] = 2 * x[i] - (i > 0 ? x[i - 1] : 0) - (i < n - 1 ? x[i + 1] : 0);
    },
    { symmetric: true },
  );
  const rule = ritzPairs(lanczos(A, { steps: k, start: Float64Array.from(probe) }));
  expect(within(rule.values, nodes, tolerance(SENSITIVITY_FACTOR, n, 4)).ok).toBe(true);
  expect(within(rule.weights, weights, tolerance(SENSITIVITY_FACTOR, n, 4)).ok).toBe(true);
  const power = Float64Array.from(probe);
  const product = new Float64Array(n);
  for (let p = 0; p < 2 * k; p++) {
    const exact = power.reduce((sum, value, i) => sum + value * probe[i], 0) / n;
    const quadrature = rule.values.reduce((sum, node, j) => sum + rule.weights[j] * node ** p, 0);
    expect(Math.abs(quadrature / exact - 1)).toBeLessThan(1e-12);
    const wrong = rule.values.reduce((sum, node, j) => sum + Math.sqrt(rule.weights[j]) * node ** p, 0);
    if (p > 0) expect(Math.abs(wrong / exact - 1)).toBeGreaterThan(1e-3); // components not squared (negative control)
    A.apply(power, product);
    power.set(product);
  }
});
