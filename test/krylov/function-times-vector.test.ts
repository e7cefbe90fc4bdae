import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, NonFiniteError, ShapeError } from "../../src/core/index.js";
import { expmv, functionTimesVector, matrixFunctionTimesVector } from "../../src/krylov/index.js";
import { expm, matmul, solve } from "../../src/linalg/index.js";
import { counted, diagonal, fromFunction, fromMatrix, scale, toDense, toeplitz } from "../../src/operators/index.js";
import { createRng, fillNormal, normalMatrix } from "../../src/random/index.js";
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

/** Convection and diffusion on a line with upwind differences: not symmetric, far from normal. */
const convection = (n: number, wind: number) =>
  fromFunction(n, (x, out) => {
    for (let i = 0; i < n; i++) {
      const left = i > 0 ? x[i - 1] : 0;
      out[i] = (1 + wind) * left - (2 + wind) * x[i] + (i + 1 < n ? x[i + 1] : 0);
    }
  });

test("expmv of operators that are not symmetric equals the dense exponential, forwards and backwards, far from normal", () => {
  for (const [n, wind, time] of [
    [30, 0.5, 0.3],
    [30, 20, 1],
    [30, 3, -0.7],
    [30, 1, 40],
  ]) {
    const A = convection(n, wind);
    const v = vector(n);
    const result = expmv(A, v, { time });
    const dense = toDense(A);
    const E = expm({ ...dense, data: dense.data.map((entry) => entry * time) });
    const exact = matmul(E, { rows: n, cols: 1, data: v }).data;
    const size = Math.hypot(...exact);
    expect({ wind, time, status: result.status }).toEqual({ wind, time, status: "converged" });
    // Both sides carry the rounding of exp(t A), which is far from normal: ε ‖exp(|t| |A|)‖ in the worst case.
    expect(within(result.value, exact, 1e-8 * size)).toMatchObject({ ok: true });
    expect(Math.hypot(...exact.map((value, i) => value - result.value[i]))).toBeLessThanOrEqual(
      Math.max(100 * result.errorEstimate, 1e-8 * size),
    );
  }
});

test("rotations and nilpotent operators in closed form; the semigroup property; one matvec a Krylov vector", () => {
  const turn: Matrix = { rows: 2, cols: 2, data: Float64Array.of(0, -1, 1, 0) };
  for (const angle of [0.1, -2, 50]) {
    const { value } = expmv(turn, Float64Array.of(1, 0), { time: angle });
    expect(within(value, [Math.cos(angle), Math.sin(angle)], tolerance(10, 2, Math.abs(angle) + 1)).ok).toBe(true);
  }
  const shift = fromFunction(5, (x, out) => x.forEach((_, i) => (out[i] = i + 1 < 5 ? x[i + 1] : 0)));
  const last = expmv(shift, Float64Array.of(0, 0, 0, 0, 1)); // Jordan block: 1 / k!
  expect(within(last.value, [1 / 24, 1 / 6, 1 / 2, 1, 1], tolerance(10, 5)).ok).toBe(true);
  expect([last.status, last.errorEstimate]).toEqual(["converged", 0]);
  const A = counted(convection(40, 2));
  const v = vector(40);
  const half = expmv(A, v, { time: 0.5 });
  expect(A.counts.matvecs).toBe(half.matvecs);
  const twice = expmv(A, half.value, { time: 0.5 });
  expect(within(twice.value, expmv(A, v, { time: 1 }).value, 1e-8 * Math.hypot(...v)).ok).toBe(true);
});

test("functions of operators that are not symmetric: polynomials exactly, the resolvent, and a negative control", () => {
  const n = 25;
  const dense = normalMatrix(createRng(3), n, n);
  const A = fromMatrix({ ...dense, data: dense.data.map((entry, at) => entry / 10 + (at % (n + 1) === 0 ? 3 : 0)) });
  const v = vector(n);
  const once = new Float64Array(n);
  const square = new Float64Array(n);
  A.apply(v, once);
  A.apply(once, square);
  const polynomial = matrixFunctionTimesVector(A, (H) => matmul(H, H), v);
  expect(within(polynomial.value, square, tolerance(100, n, 16 * Math.hypot(...v))).ok).toBe(true);
  const identity = (k: number): Matrix => ({
    rows: k,
    cols: k,
    data: Float64Array.from({ length: k * k }, (_, at) => (at % (k + 1) === 0 ? 1 : 0)),
  });
  const inverse = matrixFunctionTimesVector(A, (H) => solve(H, identity(H.rows)), v, { tolerance: 1e-12 });
  const back = new Float64Array(n);
  A.apply(inverse.value, back);
  expect(inverse.status).toBe("converged");
  expect(within(back, v, 1e-10 * Math.hypot(...v)).ok).toBe(true);
  // A projection that forgot that H is not symmetric fails the same verdict.
  const symmetrised = (H: Matrix): Matrix => ({
    ...H,
    data: H.data.map((entry, at) => (entry + H.data[(at % H.cols) * H.cols + Math.floor(at / H.cols)]) / 2),
  });
  const wrong = matrixFunctionTimesVector(A, (H) => solve(symmetrised(H), identity(H.rows)), v);
  A.apply(wrong.value, back);
  expect(within(back, v, 1e-10 * Math.hypot(...v)).ok).toBe(false);
  expect(Array.from(matrixFunctionTimesVector(A, expm, new Float64Array(n)).value)).toEqual(new Array(n).fill(0));
});

test("functions of general operators: budget, signal and wrong input", () => {
  const A = convection(60, 5);
  const v = vector(60);
  const poor = matrixFunctionTimesVector(A, expm, v, { krylovDimension: 3 });
  expect([poor.status, poor.matvecs, poor.errorEstimate > 1e-6]).toEqual(["max-iterations", 3, true]);
  expect(matrixFunctionTimesVector(A, expm, v, { signal: { aborted: true } }).status).toBe("cancelled");
  expect(() => matrixFunctionTimesVector(A, () => ({ rows: 1, cols: 2, data: new Float64Array(2) }), v)).toThrow(
    "matrixFunctionTimesVector: F (its result) must be 1 x 1, got 1 x 2",
  );
  expect(() => matrixFunctionTimesVector(A, 3 as never, v)).toThrow("F must be a function of a matrix, got 3");
  const tall = fromFunction(2, (x) => [x[0], x[1], 0], { rows: 3 });
  expect(() => expmv(tall, v)).toThrow("expmv: A must be square, got 3 x 2");
  expect(() => matrixFunctionTimesVector(A, expm, vector(3))).toThrow(ShapeError);
});
