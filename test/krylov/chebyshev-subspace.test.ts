import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, column, transpose } from "../../src/core/index.js";
import { chebyshevSubspace } from "../../src/krylov/index.js";
import { orthogonalMatrix } from "../../src/linalg/index.js";
import { type SymmetricOperator, counted, diagonal, fromMatrix, toeplitz } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { naiveProduct, orthogonalityLoss, tolerance, within } from "../support/compare.js";

const rng = () => createRng(4);

/** Relative accuracy of converged values: residuals of 1e-8 in a spectrum with gaps. */
const ACCURACY = 1e-10;

/** Inertia of a diagonal, the exact count. */
const inertiaOf =
  (d: ArrayLike<number>) =>
  (x: number): number =>
    Array.from(d).filter((value) => value < x).length;

const inWindow = (d: ArrayLike<number>, [a, b]: readonly [number, number]): number[] =>
  Array.from(d)
    .filter((value) => value >= a && value <= b)
    .sort((x, y) => x - y);

test("all eigenvalues of interior windows, in the closed form of the Laplacian; products are counted", () => {
  const n = 120;
  const spectrum = Float64Array.from({ length: n }, (_, j) => 2 - 2 * Math.cos((Math.PI * (j + 1)) / (n + 1)));
  const laplacian = toeplitz(Float64Array.from({ length: n }, (_, i) => [2, -1][i] ?? 0)) as SymmetricOperator;
  const A = counted(laplacian);
  const interval = [1.5, 2.1] as const;
  const result = chebyshevSubspace(A, { interval, rng: rng(), inertia: inertiaOf(spectrum) });
  expect([result.status, result.countConfirmedBy]).toEqual(["converged", "inertia"]);
  expect(within(result.values, inWindow(spectrum, interval), ACCURACY * 4)).toMatchObject({ ok: true });
  expect(A.counts.matvecs).toBe(result.matvecs);
  expect(orthogonalityLoss(result.vectors)).toBeLessThan(1e-12);
  expect(result.values.length).toBeLessThan(result.blockSize);
  const { mean, standardError } = result.countEstimate;
  expect(Math.abs(mean - result.values.length)).toBeLessThan(5 * standardError);
  const product = new Float64Array(n);
  result.values.forEach((value, k) => {
    const v = column(result.vectors, k);
    laplacian.apply(v, product);
    const residual = Math.hypot(...product.map((entry, i) => entry - value * v[i]));
    expect(Math.abs(residual - result.residualNorms[k])).toBeLessThanOrEqual(tolerance(20, n, 4));
    const { lower, upper } = result.intervals;
    expect(Array.from(spectrum).some((s) => s >= lower[k] - 1e-14 && s <= upper[k] + 1e-14)).toBe(true);
  });
});

test("missed multiplicity: 5- and 20-fold interior eigenvalues and clusters within 1e-9 are complete, and one cluster", () => {
  for (const [copies, spread] of [
    [5, 0],
    [20, 0],
    [20, 1e-12],
  ]) {
    const d = Float64Array.from({ length: 200 }, (_, i) => (i < copies ? 50 + i * spread : i + 30));
    const interval = [49.8, 50.2] as const; // 50 is also d[20]
    const truth = inWindow(d, interval);
    const result = chebyshevSubspace(diagonal(d), { interval, rng: rng(), inertia: inertiaOf(d) });
    expect([result.status, result.countConfirmedBy, result.values.length]).toEqual([
      "converged",
      "inertia",
      truth.length,
    ]);
    expect(within(result.values, truth, ACCURACY * 230).ok).toBe(true);
    expect(result.clusters.map(({ length }) => length)).toEqual([truth.length]);
  }
});

test("windows beyond what the degree resolves are searched all the same: a filter that never reaches 1/2 misses nothing", () => {
  const d = Float64Array.from({ length: 300 }, (_, i) => i);
  const result = chebyshevSubspace(diagonal(d), {
    interval: [149.9, 150.1],
    degree: 150,
    rng: rng(),
    inertia: inertiaOf(d),
  });
  expect([result.status, result.countConfirmedBy, result.values.length]).toEqual(["converged", "inertia", 1]);
  expect(Math.abs(result.values[0] - 150)).toBeLessThan(ACCURACY * 300);
});

test("both ends belong to the window; empty windows are empty; the whole spectrum is a window", () => {
  const d = Float64Array.from({ length: 60 }, (_, i) => i);
  const run = (interval: readonly [number, number]) =>
    chebyshevSubspace(diagonal(d), { interval, rng: rng(), inertia: inertiaOf(d) });
  expect(Array.from(run([20, 23]).values, Math.round)).toEqual([20, 21, 22, 23]);
  const gap = run([30.2, 30.8]);
  expect([gap.status, gap.values.length, gap.countConfirmedBy]).toEqual(["converged", 0, "inertia"]);
  const beside = run([500, 600]);
  expect([beside.status, beside.values.length]).toEqual(["converged", 0]);
  const all = run([-1e3, 1e3]);
  expect([all.status, all.countConfirmedBy]).toEqual(["converged", "inertia"]);
  expect(within(all.values, d, ACCURACY * 60).ok).toBe(true);
  const end = run([56.5, 80]); // an end of the spectrum
  expect(Array.from(end.values, Math.round)).toEqual([57, 58, 59]);
});

test("zero, identity and rank-one operators end cleanly and exactly", () => {
  const zero = chebyshevSubspace(diagonal(new Float64Array(6)), { interval: [-1, 1], rng: rng() });
  expect([zero.status, ...zero.values]).toEqual(["converged", 0, 0, 0, 0, 0, 0]);
  const none = chebyshevSubspace(diagonal(new Float64Array(6)), { interval: [0.5, 1], rng: rng() });
  expect([none.status, none.values.length]).toEqual(["converged", 0]);
  const identity = chebyshevSubspace(diagonal(new Float64Array(40).fill(1)), { interval: [0.5, 2], rng: rng() });
  expect([identity.status, identity.values.length]).toEqual(["converged", 40]);
  const rankOne = chebyshevSubspace(diagonal(Float64Array.from({ length: 40 }, (_, i) => (i === 3 ? 9 : 0))), {
    interval: [8, 10],
    rng: rng(),
  });
  expect([rankOne.status, rankOne.values.length]).toEqual(["converged", 1]);
  const single = chebyshevSubspace(diagonal([-7]), { interval: [-8, -6], rng: rng() });
  expect([single.status, single.values[0]]).toEqual(["converged", -7]);
});

test("any window of any spectrum is complete (property: clustered, graded, multiple, scales; only apply is offered)", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("even", "clustered", "graded", "multiple"),
      fc.constantFrom(1, 1e150, 1e-150),
      fc.double({ min: 0, max: 0.7, noNaN: true }),
      fc.integer({ min: 0, max: 1e6 }),
      (n, kind, scale, from, seed) => {
        const shapes: Record<string, (i: number) => number> = {
          even: (i) => i / n,
          clustered: (i) => Math.round((4 * i) / n) / 4 + 1e-9 * i,
          graded: (i) => 2 ** -i,
          multiple: (i) => Math.floor((5 * i) / n) / 5,
        };
        const d = Float64Array.from({ length: n }, (_, i) => scale * shapes[kind](i));
        const interval = [scale * (from + 1e-4), scale * (from + 0.2137)] as const;
        const A: SymmetricOperator = {
          rows: n,
          cols: n,
          symmetric: true,
          apply: (x, out) => d.forEach((value, i) => (out[i] = value * x[i])),
        };
        const result = chebyshevSubspace(A, { interval, rng: createRng(seed) });
        expect([result.status, result.countConfirmedBy]).toEqual(["converged", "block"]);
        const edge = 1e-7 * scale; // an eigenvalue within the residual of an end may fall on either side
        const sure = inWindow(d, [interval[0] + edge, interval[1] - edge]);
        const possible = inWindow(d, [interval[0] - edge, interval[1] + edge]);
        expect(result.values.length).toBeGreaterThanOrEqual(sure.length);
        expect(result.values.length).toBeLessThanOrEqual(possible.length);
        if (sure.length === possible.length) expect(within(result.values, sure, 1e-8 * scale).ok).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test("a rotated operator with a small block: the block grows until something is left over", () => {
  const n = 80;
  const d = Float64Array.from({ length: n }, (_, i) => i);
  const Q = orthogonalMatrix(createRng(1), n);
  const scaled: Matrix = { rows: n, cols: n, data: Q.data.map((entry, at) => entry * d[at % n]) };
  const A = fromMatrix(naiveProduct(scaled, transpose(Q)), { symmetric: true });
  const result = chebyshevSubspace(A, { interval: [29.5, 41.5], blockSize: 2, rng: rng() });
  expect([result.status, result.countConfirmedBy, result.values.length]).toEqual(["converged", "block", 12]);
  expect(result.blockSize).toBeGreaterThan(12);
  expect(within(result.values, inWindow(d, [29.5, 41.5]), ACCURACY * n).ok).toBe(true);
});

test("what goes wrong is said: bounds too narrow, inertia that disagrees, budget", () => {
  const d = Float64Array.from({ length: 100 }, (_, i) => i);
  const narrow = chebyshevSubspace(diagonal(d), { interval: [49.5, 60.5], bounds: [0, 70], rng: rng() });
  expect([narrow.status, narrow.countConfirmedBy]).toEqual(["breakdown", "none"]);
  expect(narrow.advice).toBe("eigenvalues lie outside the given bounds: widen them, or leave them out");
  const liar = chebyshevSubspace(diagonal(d), {
    interval: [49.5, 60.5],
    rng: rng(),
    inertia: (x) => Math.floor(x / 2),
  });
  expect([liar.status, liar.countConfirmedBy]).toEqual(["stagnated", "none"]);
  expect(liar.advice).toContain("the inertia count disagrees");
  const poor = chebyshevSubspace(diagonal(d), { interval: [49.5, 60.5], rng: rng(), maximumMatvecs: 100 });
  expect([poor.status, poor.values.length]).toEqual(["max-iterations", 0]);
  expect(poor.advice).toContain("raise maximumMatvecs");
});

test("wrong input is refused before any product, by name", () => {
  const A = counted(diagonal([1, 2, 3]));
  expect(() => chebyshevSubspace(A, { interval: [2, 1], rng: rng() })).toThrow(
    "chebyshevSubspace: interval must be [a, b] with finite a < b, got [2, 1]",
  );
  expect(() => chebyshevSubspace(A, { interval: [1, 2], bounds: [0, Infinity], rng: rng() })).toThrow("bounds must be");
  expect(() => chebyshevSubspace(A, { interval: [1, 2] } as never)).toThrow("rng must be a stream of random numbers");
  expect(() => chebyshevSubspace(A, { interval: [1, 2], rng: rng(), inertia: 3 as never })).toThrow("inertia must be");
  expect(() => chebyshevSubspace(A, { interval: [1, 2], rng: rng(), degree: 0 })).toThrow("degree must be");
  expect(() => chebyshevSubspace(diagonal([]), { interval: [1, 2], rng: rng() })).toThrow("of order >= 1");
  expect(A.counts.matvecs).toBe(0);
});
