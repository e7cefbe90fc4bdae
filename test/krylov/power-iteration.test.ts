import { expect, test } from "vitest";
import { type Matrix, ShapeError } from "../../src/core/index.js";
import { powerIteration } from "../../src/krylov/index.js";
import { counted, diagonal, fromFunction } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const ones = (n: number): Float64Array => new Float64Array(n).fill(1);
const { power_iteration: reference } = fixture<{
  power_iteration: { rayleigh_at_1_5_10_20_40: number[]; asymptotic_error_ratio_theory: number };
}>("krylov/reference.json");

test("diag(4, 3, 1) from ones: the Rayleigh quotients of the reference and the error ratio (λ₂/λ₁)²", () => {
  const { history } = powerIteration(diagonal([4, 3, 1]), { start: ones(3), maximumMatvecs: 60, tolerance: 1e-15 });
  const at = [1, 5, 10, 20, 40].map((k) => history[k - 1]);
  expect(within(at, reference.rayleigh_at_1_5_10_20_40, tolerance(20, 3, 4)).ok).toBe(true);
  const ratio = (4 - history[30]) / (4 - history[29]);
  expect(Math.abs(ratio - reference.asymptotic_error_ratio_theory)).toBeLessThan(1e-6);
});

test("diag(3, −3, 1) does not converge and says so", () => {
  const result = powerIteration(diagonal([3, -3, 1]), { start: ones(3), maximumMatvecs: 200 });
  expect(result.status).toBe("stagnated");
  expect(result.residualNorm).toBeGreaterThan(2.9);
  expect(Math.abs(result.value)).toBeLessThan(1e-12); // the quotient looks settled: only the residual tells
  expect(result.advice).toContain("shift");
});

test("an indefinite operator gives the eigenvalue of largest modulus; a shift gives the largest one", () => {
  const A = diagonal([1, -3, 2]);
  const plain = powerIteration(A, { start: ones(3), tolerance: 1e-12 });
  expect([plain.status, Math.round(plain.value * 1e9) / 1e9]).toEqual(["converged", -3]);
  const shifted = powerIteration(A, { start: ones(3), shift: 3, tolerance: 1e-12 });
  expect(Math.abs(shifted.value - 2)).toBeLessThan(1e-12); // an eigenvalue of A, not of A + 3 I
});

test("a shift never enters the reported value, converged or not (momentum-shifted quotients)", () => {
  const A = diagonal([5, 3, 1, 0.5]);
  for (const shift of [0, 0.9, -0.9, 10]) {
    const result = powerIteration(A, { start: ones(4), shift, maximumMatvecs: 31 });
    const residual = [5, 3, 1, 0.5].map((d, i) => (d - result.value) * result.vector[i]);
    expect(within(result.residualNorm, Math.hypot(...residual), tolerance(10, 4, 5)).ok).toBe(true);
  }
});

test("deflation finds the next eigenvalue; the residual stays that of A", () => {
  const A = diagonal([5, 4, 1]);
  const top: Matrix = { rows: 3, cols: 1, data: Float64Array.of(2, 0, 0) };
  const next = powerIteration(A, { start: ones(3), deflate: top, tolerance: 1e-12 });
  expect(within(next.value, 4, tolerance(10, 3, 5)).ok).toBe(true);
  const wrong: Matrix = { rows: 3, cols: 1, data: Float64Array.of(1, 0.1, 0) }; // no eigenvector (negative control)
  expect(powerIteration(A, { start: ones(3), deflate: wrong, maximumMatvecs: 300 }).status).not.toBe("converged");
});

test("eigenvector start, zero operator, order one and tiny gaps", () => {
  expect(powerIteration(diagonal([2, 1]), { start: Float64Array.of(1, 0) })).toMatchObject({
    status: "converged",
    value: 2,
    matvecs: 1,
  });
  expect(powerIteration(diagonal([0, 0]), { start: ones(2) })).toMatchObject({
    status: "converged",
    value: 0,
    residualNorm: 0,
  });
  expect(powerIteration(diagonal([-7]), { rng: createRng(1) })).toMatchObject({ status: "converged", value: -7 });
  // Consecutive quotients differ by less than 1e-3 from the start on: a test on their change would stop at once.
  const gap = powerIteration(diagonal([1, 0.999, 0.998]), { start: ones(3), maximumMatvecs: 50 });
  expect(gap.status).not.toBe("converged");
  expect(Math.abs(gap.history[1] / gap.history[0] - 1)).toBeLessThan(1e-3);
});

test("products are counted; signal and progress work; wrong input is refused", () => {
  const A = counted(diagonal([4, 3, 1]));
  const signal = { aborted: false };
  const seen: number[] = [];
  const cut = powerIteration(A, {
    start: ones(3),
    signal,
    onProgress: ({ done }) => (seen.push(done), (signal.aborted = done === 3)),
  });
  expect([cut.status, cut.matvecs, A.counts.matvecs, seen]).toEqual(["cancelled", 3, 3, [1, 2, 3]]);
  expect(() => powerIteration(A, {})).toThrow("powerIteration: rng must be given when there is no start vector");
  expect(() => powerIteration(A, { start: ones(3), momentum: 0.9 } as never)).toThrow('option "momentum"');
  expect(() => powerIteration(A, { start: ones(3), deflate: { rows: 2, cols: 1, data: new Float64Array(2) } })).toThrow(
    ShapeError,
  );
  expect(() =>
    powerIteration(
      fromFunction(2, () => [Number.NaN, 1], { symmetric: true }),
      { start: ones(2) },
    ),
  ).toThrow("powerIteration: A (its product) must be finite in every entry, got NaN at index 0");
});
