import fc from "fast-check";
import { expect, test } from "vitest";
import { NonFiniteError, ShapeError } from "../../src/core/index.js";
import { expmv, functionTimesVector } from "../../src/krylov/index.js";
import { expm, matmul } from "../../src/linalg/index.js";
import { counted, diagonal, fromMatrix, scale, toDense, toeplitz } from "../../src/operators/index.js";
import { createRng, fillNormal } from "../../src/random/index.js";
import { tolerance, within } from "../support/compare.js";

const vector = (n: number, seed = 1): Float64Array => fillNormal(createRng(seed), new Float64Array(n));
const line = (n: number) => toeplitz(Array.from({ length: n }, (_, i) => (i === 0 ? 2 : i === 1 ? -1 : 0)));

test("expmv equals the dense exponential, forwards, backwards and over long times", () => {
  const n = 30;
  const A = line(n);
  const v = vector(n);
  for (const time of [0.1, -1, -30, 3]) {
    const dense = matmul(expm(toDense(scale(A, time))), { rows: n, cols: 1, data: v }).data;
    const operator = counted(A);
    const result = expmv(operator, v, { time, krylovDimension: 12 });
    const size = Math.hypot(...dense);
    expect(result.status).toBe("converged");
    expect(within(result.value, dense, 1e-8 * size).ok).toBe(true);
    expect(result.matvecs).toBe(operator.counts.matvecs);
  }
  expect(expmv(A, v, { time: -30, krylovDimension: 6 }).iterations).toBeGreaterThan(1); // the time is split
});

test("the semigroup property and time zero", () => {
  const A = line(40);
  const v = vector(40);
  const half = expmv(A, v, { time: -2 }).value;
  expect(within(expmv(A, half, { time: -2 }).value, expmv(A, v, { time: -4 }).value, 1e-9).ok).toBe(true);
  expect(within(expmv(A, v, { time: 0 }).value, v, tolerance(10, 40, 3)).ok).toBe(true);
  expect(expmv(A, new Float64Array(40)).value).toEqual(new Float64Array(40));
});

test("polynomials of low degree are exact after as many steps; the inverse and the root equal closed forms", () => {
  const d = Float64Array.from({ length: 200 }, (_, i) => 1 + i / 20);
  const v = vector(200);
  const cube = functionTimesVector(diagonal(d), (x) => x ** 3, v);
  expect(
    within(
      cube.value,
      v.map((value, i) => value * d[i] ** 3),
      tolerance(100, 200, 1331),
    ).ok,
  ).toBe(true);
  expect(cube.matvecs).toBeLessThan(12);
  for (const f of [Math.sqrt, (x: number) => 1 / x, (x: number) => Math.log(x)]) {
    const result = functionTimesVector(diagonal(d), f, v, { tolerance: 1e-11 });
    const exact = v.map((value, i) => value * f(d[i]));
    const error = Math.hypot(...result.value.map((value, i) => value - exact[i]));
    expect(result.status).toBe("converged");
    expect(error).toBeLessThan(1e-8 * Math.hypot(...exact));
    expect(result.errorEstimate).toBeGreaterThan(error / 100); // the estimate is of the size of the error
  }
});

test("too small a space is reported, with an estimate of the size of the error", () => {
  const d = Float64Array.from({ length: 300 }, (_, i) => 1e-4 + i / 300);
  const v = vector(300);
  const result = functionTimesVector(diagonal(d), (x) => 1 / x, v, { krylovDimension: 10 });
  const error = Math.hypot(...result.value.map((value, i) => value - v[i] / d[i]));
  expect(result.status).toBe("max-iterations");
  expect(error).toBeGreaterThan(0.1 * result.errorEstimate);
  expect(result.advice).toContain("krylovDimension");
});

test("small and degenerate operators (property)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 12 }),
      fc.nat(99),
      (d, seed) => {
        const v = vector(d.length, seed);
        const { value, status } = expmv(diagonal(d), v, { time: 0.7 });
        return (
          status === "converged" &&
          within(
            value,
            v.map((x, i) => x * Math.exp(0.7 * d[i])),
            1e-8 * Math.hypot(...v) * Math.exp(2.1),
          ).ok
        );
      },
    ),
  );
});

test("wrong input is refused by name", () => {
  const v = vector(2);
  expect(() => expmv(diagonal([1, 2, 3]), v)).toThrow(ShapeError);
  expect(() => expmv(diagonal([1, 2]), v, { time: Number.NaN })).toThrow(NonFiniteError);
  expect(() => expmv(diagonal([1, 2]), v, { t: 1 } as never)).toThrow('expmv: option "t" must be one of');
  expect(() => expmv(diagonal([1, 1e6]), v, { time: 1 })).toThrow(NonFiniteError);
  expect(() => functionTimesVector(diagonal([1, -2]), Math.log, v)).toThrow(
    "functionTimesVector: f at the Ritz values must be finite",
  );
  expect(() => functionTimesVector(diagonal([1, 2]), 3 as never, v)).toThrow(
    "functionTimesVector: f must be a function of one number, got 3",
  );
  expect(() =>
    functionTimesVector(fromMatrix({ rows: 2, cols: 2, data: Float64Array.of(1, 2, 0, 1) }) as never, Math.exp, v),
  ).toThrow("symmetric operator");
});
