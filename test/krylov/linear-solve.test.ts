import fc from "fast-check";
import { expect, test } from "vitest";
import { NonFiniteError, ShapeError, transpose } from "../../src/core/index.js";
import { cg, lsmr, minres } from "../../src/krylov/index.js";
import { leastSquares, solve } from "../../src/linalg/index.js";
import { counted, diagonal, fromFunction, shift, toDense, toeplitz } from "../../src/operators/index.js";
import { createRng, fillNormal, normalMatrix } from "../../src/random/index.js";
import { naiveProduct, tolerance, within } from "../support/compare.js";

const vector = (n: number, seed = 1): Float64Array => fillNormal(createRng(seed), new Float64Array(n));
const line = (n: number) => toeplitz(Array.from({ length: n }, (_, i) => (i === 0 ? 2.1 : i === 1 ? -1 : 0)));

test("all three solve a positive definite system like the dense solver, and report the residual that is there", () => {
  const A = line(60);
  const b = vector(60);
  const exact = solve(toDense(A), b);
  for (const method of [cg, minres, lsmr]) {
    const operator = counted(A);
    const result = method(operator, b, { tolerance: 1e-12 });
    expect(result.status).toBe("converged");
    expect(within(result.solution, exact, 1e-9).ok).toBe(true); // condition 40
    const product = new Float64Array(60);
    A.apply(result.solution, product);
    const residual = Math.hypot(...product.map((value, i) => b[i] - value));
    expect(within(result.residualNorm, residual, tolerance(10, 60, 10)).ok).toBe(true);
    expect(result.matvecs).toBe(operator.counts.matvecs + operator.counts.transposedMatvecs);
  }
});

test("cg needs as many steps as there are distinct eigenvalues; a perfect preconditioner needs one", () => {
  const A = diagonal(Float64Array.from({ length: 90 }, (_, i) => [1, 5, 40][i % 3]));
  expect(cg(A, vector(90)).iterations).toBe(3);
  const preconditioner = (r: Float64Array, out: Float64Array): void =>
    r.forEach((value, i) => (out[i] = value / [1, 5, 40][i % 3]));
  expect(cg(A, vector(90), { preconditioner }).iterations).toBe(1);
});

test("minres solves indefinite and singular consistent systems; cg refuses what is not definite", () => {
  const A = shift(line(50), -2);
  const b = vector(50);
  const result = minres(A, b, { tolerance: 1e-10 });
  expect(result.status).toBe("converged");
  expect(within(result.solution, solve(toDense(A), b), 1e-6).ok).toBe(true);
  const refused = cg(A, b);
  expect([refused.status, refused.advice]).toEqual([
    "breakdown",
    "A (or the preconditioner) is not positive definite: use minres",
  ]);
  const singular = diagonal([3, -1, 0, 2]);
  const consistent = minres(singular, Float64Array.of(3, 1, 0, 1));
  expect(consistent.status).toBe("converged");
  expect(within(consistent.solution, [1, -1, 0, 0.5], tolerance(20, 4, 3)).ok).toBe(true);
  const inconsistent = minres(singular, Float64Array.of(3, 1, 7, 1));
  expect([inconsistent.status, inconsistent.advice]).toEqual([
    "breakdown",
    "b is not in the range of A: the solution minimises ‖b − A x‖",
  ]);
  expect(Math.abs(inconsistent.residualNorm - 7)).toBeLessThan(1e-8);
});

test("lsmr gives the least-squares solution of tall systems and the shortest one of wide ones", () => {
  const tall = normalMatrix(createRng(2), 40, 12);
  const b = vector(40, 3);
  const result = lsmr(tall, b, { tolerance: 1e-13 });
  expect(result.status).toBe("converged");
  expect(within(result.solution, leastSquares(tall, b).solution, 1e-9).ok).toBe(true);
  const wide = transpose(tall);
  const short = lsmr(wide, vector(12, 4), { tolerance: 1e-13 });
  expect(short.residualNorm).toBeLessThan(1e-9);
  const G = naiveProduct(wide, tall); // x = Aᵀ (A Aᵀ)⁻¹ b
  const y = solve(G, vector(12, 4));
  const expected = Float64Array.from({ length: 40 }, (_, i) =>
    y.reduce((sum, value, j) => sum + tall.data[i * 12 + j] * value, 0),
  );
  expect(within(short.solution, expected, 1e-8).ok).toBe(true);
});

test("solutions satisfy their residuals for any definite system (property: sizes, scales, guesses)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 25 }), fc.constantFrom(1, 1e100, 1e-100), fc.nat(999), (n, size, seed) => {
      const d = Float64Array.from({ length: n }, (_, i) => size * (1 + ((seed * (i + 1)) % 17)));
      const b = vector(n, seed);
      const guess = vector(n, seed + 1).map((value) => value / size);
      for (const method of [cg, minres, lsmr]) {
        const { solution, status } = method(diagonal(d), b, { guess, tolerance: 1e-11 });
        expect(status).toBe("converged");
        expect(
          within(
            solution.map((x, i) => x * d[i]),
            b,
            1e-6,
          ).ok,
        ).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test("zero right-hand sides, exact guesses, budget, signal", () => {
  for (const method of [cg, minres, lsmr]) {
    const zero = method(line(9), new Float64Array(9));
    expect([zero.status, zero.iterations, Math.max(...zero.solution)]).toEqual(["converged", 0, 0]);
    const exact = method(diagonal([1, 2]), Float64Array.of(1, 4), { guess: Float64Array.of(1, 2) });
    expect([exact.status, exact.iterations]).toEqual(["converged", 0]);
    const poor = method(line(200), vector(200), { maximumMatvecs: 10 });
    expect([poor.status, poor.matvecs <= 10]).toEqual(["max-iterations", true]);
    expect(method(line(200), vector(200), { signal: { aborted: true } }).status).toBe("cancelled");
    expect(() => method(line(3), vector(4))).toThrow(ShapeError);
    expect(() => method(line(3), Float64Array.of(1, Number.NaN, 0))).toThrow(NonFiniteError);
    expect(() => method(line(3), vector(3), { rtol: 1 } as never)).toThrow('option "rtol"');
    expect(() =>
      method(
        fromFunction(2, () => [Number.NaN, 0], { symmetric: true }),
        vector(2),
      ),
    ).toThrow(/finite/);
  }
  expect(() =>
    lsmr(
      fromFunction(2, (x) => x),
      vector(2),
    ),
  ).toThrow("lsmr: A must be an operator with applyTranspose");
  expect(() => cg(line(3), vector(3), { preconditioner: 1 as never })).toThrow(
    "cg: preconditioner must be a function (r, out), got 1",
  );
});
