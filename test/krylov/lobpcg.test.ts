import fc from "fast-check";
import { expect, test } from "vitest";
import { ShapeError } from "../../src/core/index.js";
import { type LobpcgOptions, eigsh, lobpcg } from "../../src/krylov/index.js";
import { type SymmetricOperator, counted, diagonal, fromFunction, toeplitz } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { orthogonalityLoss, tolerance, within } from "../support/compare.js";

const rng = () => createRng(31);
const line = (n: number): SymmetricOperator =>
  toeplitz(Array.from({ length: n }, (_, i) => (i === 0 ? 2 : i === 1 ? -1 : 0)));

test("the Laplacian of order 50: smallest and largest within 1e-10 ‖A‖ of the closed form", () => {
  const spectrum = line(50).exactSpectrum!().values;
  const smallest = lobpcg(line(50), { count: 3, rng: rng(), tolerance: 1e-9 });
  expect([smallest.status, within(smallest.values, spectrum.slice(0, 3), 4e-10).ok]).toEqual(["converged", true]);
  const largest = lobpcg(line(50), { count: 3, which: "largest", rng: rng(), tolerance: 1e-9 });
  expect([largest.status, within(largest.values, spectrum.slice(-3).reverse(), 4e-10).ok]).toEqual(["converged", true]);
  expect(orthogonalityLoss(largest.vectors)).toBeLessThan(1e-12);
  expect(largest.values[0]).toBeGreaterThan(largest.values[1]);
});

test("a block finds multiple eigenvalues that a single Krylov space cannot see", () => {
  const spectrum = [1, 1, 1, 1, ...Array.from({ length: 60 }, (_, i) => 2 + i / 10)];
  const result = lobpcg(diagonal(spectrum), { count: 4, rng: rng() });
  expect([result.status, within(result.values, [1, 1, 1, 1], 1e-8).ok]).toEqual(["converged", true]);
  expect(result.clusters).toEqual([[0, 1, 2, 3]]);
});

test("a good preconditioner and a good guess save most of the products", () => {
  const d = Float64Array.from({ length: 400 }, (_, i) => 1 + i ** 1.5);
  const A = diagonal(d);
  const plain = lobpcg(A, { count: 3, rng: rng(), tolerance: 1e-10 });
  const preconditioner = (r: Float64Array, out: Float64Array): void => r.forEach((value, i) => (out[i] = value / d[i]));
  const better = lobpcg(A, { count: 3, rng: rng(), tolerance: 1e-10, preconditioner });
  expect(better.status).toBe("converged");
  expect(better.matvecs).toBeLessThan(plain.matvecs / 3);
  expect(lobpcg(A, { count: 3, rng: rng(), guess: better.vectors }).iterations).toBeLessThan(plain.iterations / 2);
});

test("f32-like graded spectra from 1e-8 to 1e8 do not break it down (peer test 10)", () => {
  const d = Float64Array.from({ length: 40 }, (_, i) => 10 ** (-8 + (16 * i) / 39));
  const A = fromFunction(40, (x, out) => x.forEach((value, i) => (out[i] = Math.fround(value * d[i]))), {
    symmetric: true,
  });
  const result = lobpcg(A, { count: 3, which: "largest", rng: rng(), tolerance: 1e-6 });
  expect([result.status, within(result.values, d.slice(-3).reverse(), 1e-5 * 1e8).ok]).toEqual(["converged", true]);
});

test("tiny, zero and whole-space problems end cleanly; products are counted", () => {
  expect(lobpcg(diagonal([4]), { count: 1, rng: rng() }).values[0]).toBe(4);
  const zero = lobpcg(diagonal(new Float64Array(5)), { count: 2, rng: rng() });
  expect([zero.status, ...zero.values]).toEqual(["converged", 0, 0]);
  const all = lobpcg(diagonal([3, 1, 2]), { count: 3, rng: rng() });
  expect(within(all.values, [1, 2, 3], tolerance(20, 3, 3)).ok).toBe(true);
  const A = counted(line(100));
  const result = lobpcg(A, { count: 2, rng: rng(), tolerance: 1e-5 });
  expect(result.matvecs).toBe(A.counts.matvecs);
});

test("agrees with eigsh on any spectrum (property)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
      fc.constantFrom(1, 1e120, 1e-120),
      fc.nat(99),
      (values, size, seed) => {
        const A = diagonal(values.map((value) => size * value));
        const count = 1 + (seed % Math.min(values.length, 3));
        const a = lobpcg(A, { count, rng: createRng(seed) });
        const b = eigsh(A, { count, which: "smallest", rng: createRng(seed), checkMultiplicity: true });
        expect(a.status).toBe("converged");
        return within(a.values, b.values, 3e-8 * size).ok;
      },
    ),
    { numRuns: 60 },
  );
});

test("budget, signal and wrong input", () => {
  const run = (options: unknown) => () => lobpcg(diagonal([1, 2, 3]), options as LobpcgOptions);
  const poor = lobpcg(line(300), { count: 3, rng: rng(), maximumIterations: 5 });
  expect([poor.status, poor.iterations]).toEqual(["max-iterations", 5]);
  expect(lobpcg(line(300), { count: 3, rng: rng(), signal: { aborted: true } }).status).toBe("cancelled");
  expect(run({ count: 1 })).toThrow("lobpcg: rng must be a stream of random numbers, got none");
  expect(run({ count: 4, rng: rng() })).toThrow("lobpcg: count must be an integer in [1, 3], got 4");
  expect(run({ count: 1, rng: rng(), blockSize: 9 })).toThrow("lobpcg: blockSize must be an integer in [1, 3], got 9");
  expect(run({ count: 1, rng: rng(), guess: { rows: 2, cols: 1, data: new Float64Array(2) } })).toThrow(ShapeError);
  expect(
    run({
      count: 1,
      rng: rng(),
      preconditioner: (_: Float64Array, out: Float64Array) => out.fill(Number.NaN),
      which: "smallest",
    }),
  ).toThrow("lobpcg: preconditioner must be");
});
