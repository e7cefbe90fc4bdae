import { expect, test } from "vitest";
import { NonFiniteError, type Matrix, fromRows } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { expm } from "../../src/linalg/index.js";
import { tolerance, within, withinRelative } from "../support/compare.js";

const FACTOR = 20;

test("Moler and Van Loan's matrix with eigenvalues -1 and -17: the closed form", () => {
  const [a, b] = [Math.exp(-1), Math.exp(-17)];
  const exact = [-2 * a + 3 * b, 1.5 * a - 1.5 * b, -4 * a + 4 * b, 3 * a - 2 * b];
  const { data } = expm(
    fromRows([
      [-49, 24],
      [-64, 31],
    ]),
  );
  // The condition number of this exponential is near 1e2.
  expect(within(data, exact, tolerance(FACTOR, 2, 100)).ok).toBe(true);
});

function triangle(a: number, b: number, c: number): { data: Float64Array; exact: number[] } {
  const exact = [Math.exp(a), (b * (Math.exp(a) - Math.exp(c))) / (a - c), 0, Math.exp(c)];
  return {
    data: expm(
      fromRows([
        [a, b],
        [0, c],
      ]),
    ).data,
    exact,
  };
}

test.each([1, 1e6, 1e10, 1e15, 1e100, 1e200, 1e300])("[1, b; 0, -1] with b = %d: b cancels in the powers", (b) => {
  const { data, exact } = triangle(1, b, -1);
  const verdict = withinRelative(data, exact, tolerance(FACTOR, 2));
  expect(verdict.ok, verdict.message).toBe(true);
});

test.each([1, 1e4, 1e8, 1e12])("[a, b; 0, c] with b = %d: squarings by the powers, not by the norm", (b) => {
  for (const [a, c] of [
    [0.5, 0.25],
    [-3, -4],
    [0, 2],
  ] as const) {
    const { data, exact } = triangle(a, b, c);
    // Each squaring may double the relative error; ‖A⁴‖^{1/4} asks for log2(b)/4 of them at most, ‖A‖ for log2(b).
    const verdict = withinRelative(data, exact, tolerance(FACTOR, 2) * b ** 0.25);
    expect(verdict.ok, verdict.message).toBe(true);
  }
});

test("diagonal similarity: expm(D T D⁻¹) = D expm(T) D⁻¹ for gradings that leave T far from normal", () => {
  const n = 9;
  const G = normalMatrix(createRng(3), n, n);
  const T: Matrix = { rows: n, cols: n, data: G.data.map((entry, k) => (Math.floor(k / n) <= k % n ? entry : 0)) };
  const reference = expm(T).data;
  for (const exponent of [2, 5, 8]) {
    const d = (i: number): number => 2 ** (-exponent * i);
    const graded = T.data.map((entry, k) => (entry * d(Math.floor(k / n))) / d(k % n));
    const { data } = expm({ rows: n, cols: n, data: graded });
    const back = data.map((entry, k) => (entry / d(Math.floor(k / n))) * d(k % n));
    const verdict = within(back, reference, tolerance(FACTOR, n, 100));
    expect(verdict.ok, `${exponent}: ${verdict.message}`).toBe(true);
  }
});

test("nilpotent matrices of any size are exact, and what cancels in the powers does not overflow", () => {
  expect(
    Array.from(
      expm(
        fromRows([
          [0, 1.7e308],
          [0, 0],
        ]),
      ).data,
    ),
  ).toEqual([1, 1.7e308, 0, 1]);
  const chain = expm(
    fromRows([
      [0, 1e200, 0],
      [0, 0, 1e-100],
      [0, 0, 0],
    ]),
  ).data;
  expect(withinRelative([chain[1]!, chain[2]!, chain[5]!], [1e200, 5e99, 1e-100], tolerance(FACTOR, 3)).ok).toBe(true);
  const { data } = expm(
    fromRows([
      [0, 1e300],
      [1e-300, 0],
    ]),
  );
  const [cosh, sinh] = [Math.cosh(1), Math.sinh(1)];
  expect(withinRelative(data, [cosh, sinh * 1e300, sinh * 1e-300, cosh], tolerance(FACTOR, 2)).ok).toBe(true);
});

test("an overflow speaks in the name of expm", () => {
  expect(() => expm(fromRows([[1000]]))).toThrow(NonFiniteError);
  expect(() => expm(fromRows([[1000]]))).toThrow(/^expm: /);
});
