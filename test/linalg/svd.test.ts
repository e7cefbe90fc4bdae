import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix, fromRows, transpose } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { matmul, norms, orthogonalMatrix, reconstructSvd, svd } from "../../src/linalg/index.js";
import { orthogonalityLoss, tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import { differenceRatio, rectangularArbitrary, scaleMatrix } from "./support.js";

const BOUND = 20;
const METHODS = ["bidiagonal", "jacobi"] as const;

function holds(A: Matrix, method: "bidiagonal" | "jacobi"): boolean {
  const size = Math.max(A.rows, A.cols);
  const result = svd(A, { method });
  const { u, v, singularValues } = result;
  const norm = norms(A).frobenius;
  const alone = svd(A, { method, vectors: "none" });
  const descending = singularValues.every((value, k) => value >= 0 && (k === 0 || value <= singularValues[k - 1]!));
  return (
    descending &&
    u.cols === Math.min(A.rows, A.cols) &&
    differenceRatio(A, reconstructSvd(result)) <= BOUND &&
    orthogonalityLoss(u) <= tolerance(BOUND, size) &&
    orthogonalityLoss(v) <= tolerance(BOUND, size) &&
    within(alone.singularValues, singularValues, tolerance(BOUND, size) * norm).ok
  );
}

describe.each(METHODS)("svd, method %s", (method) => {
  test("properties: A = U S Vᵀ, orthonormal, descending, values alone agree", () => {
    fc.assert(
      fc.property(rectangularArbitrary, (A) => holds(A, method)),
      { numRuns: 50 },
    );
  });

  test.each([
    [1, 1],
    [1, 40],
    [40, 1],
    [33, 33],
    [64, 64],
    [65, 64],
    [100, 97],
    [97, 100],
    [150, 40],
    [30, 120],
    [0, 5],
    [5, 0],
  ])("%i x %i", (rows, cols) => {
    expect(holds(normalMatrix(createRng(rows * 1000 + cols), rows, cols), method)).toBe(true);
  });

  test("full: U and V are square orthogonal and extend the thin ones", () => {
    for (const [rows, cols] of [
      [9, 4],
      [4, 9],
      [50, 20],
      [6, 6],
      [3, 0],
    ] as const) {
      const A = normalMatrix(createRng(rows + cols), rows, cols);
      const full = svd(A, { method, vectors: "full" });
      expect([full.u.rows, full.u.cols, full.v.rows, full.v.cols]).toEqual([rows, rows, cols, cols]);
      expect(orthogonalityLoss(full.u)).toBeLessThanOrEqual(tolerance(BOUND, 50));
      expect(orthogonalityLoss(full.v)).toBeLessThanOrEqual(tolerance(BOUND, 50));
      expect(differenceRatio(A, reconstructSvd(full))).toBeLessThanOrEqual(BOUND);
    }
  });

  test("foreign oracle: LAPACK; transposes agree", () => {
    const { svd: cases } = fixture<{ svd: { a: number[][]; values: number[] }[] }>("linalg/lapack.json");
    for (const { a, values } of cases) {
      const A = fromRows(a);
      const allowed = tolerance(BOUND, Math.max(A.rows, A.cols), values[0]);
      expect(within(svd(A, { method }).singularValues, values, allowed).ok).toBe(true);
      expect(within(svd(transpose(A), { method }).singularValues, values, allowed).ok).toBe(true);
    }
  });

  test("rank deficiency, zero, repeated, 1e±150, 1e±300, subnormal", () => {
    const rank2 = matmul(normalMatrix(createRng(1), 70, 2), normalMatrix(createRng(2), 2, 50));
    const { singularValues } = svd(rank2, { method });
    expect(singularValues[2]!).toBeLessThanOrEqual(tolerance(BOUND, 70, singularValues[0]));
    expect(holds(rank2, method)).toBe(true);
    expect(holds(scaleMatrix(rank2, 0), method)).toBe(true);
    const G = normalMatrix(createRng(3), 20, 17);
    const reference = svd(G, { method }).singularValues;
    for (const scale of [1e-300, 1e-150, 1e150, 1e300]) {
      const scaled = svd(scaleMatrix(G, scale), { method }).singularValues.map((value) => value / scale);
      expect(within(scaled, reference, tolerance(BOUND, 20, reference[0])).ok).toBe(true);
    }
    const tiny = svd(
      fromRows([
        [5e-324, 0],
        [0, 1e-323],
      ]),
      { method },
    );
    expect(Array.from(tiny.singularValues)).toEqual([1e-323, 5e-324]);
    expect(orthogonalityLoss(svd(orthogonalMatrix(createRng(4), 40), { method }).u)).toBeLessThanOrEqual(
      tolerance(BOUND, 40),
    );
  });

  test("sign convention: the entry of largest modulus of each right vector is positive", () => {
    for (const [rows, cols] of [
      [12, 7],
      [7, 12],
    ] as const) {
      const { v } = svd(normalMatrix(createRng(8), rows, cols), { method });
      for (let j = 0; j < v.cols; j++) {
        let largest = 0;
        for (let i = 0; i < v.rows; i++) {
          if (Math.abs(v.data[i * v.cols + j]!) > Math.abs(largest)) largest = v.data[i * v.cols + j]!;
        }
        expect(largest).toBeGreaterThan(0);
      }
    }
  });

  test("certificate: measured, and the bound covers a known spectrum", () => {
    const exact = Float64Array.from({ length: 30 }, (_, i) => 30 - i);
    const U = orthogonalMatrix(createRng(5), 30);
    const scaled = { ...U, data: U.data.map((entry, k) => entry * exact[k % 30]!) };
    const A = matmul(scaled, orthogonalMatrix(createRng(6), 30));
    const { singularValues, certificate } = svd(A, { method, certificate: true });
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 30));
    expect(certificate!.orthogonalityLoss!).toBeLessThanOrEqual(tolerance(BOUND, 30));
    const construction = tolerance(BOUND, 30, 30);
    expect(within(singularValues, exact, certificate!.errorBound + construction).ok).toBe(true);
  });
});

describe("high relative accuracy of one-sided Jacobi", () => {
  // Exact singular values of the very float64 entries, by 60-digit arithmetic: see generate-graded.py.
  const { cases } = fixture<{ cases: { a: number[][]; values: number[] }[] }>("linalg/graded.json");
  const RELATIVE = 1e-13; // the bound

  test("every singular value of B D, cond(D) = 1e14, cond(B) <= 10", () => {
    for (const { a, values } of cases) {
      const A = fromRows(a);
      for (const matrix of [A, transpose(A)]) {
        const jacobi = svd(matrix, { method: "jacobi" });
        const verdict = withinRelative(jacobi.singularValues, values, RELATIVE);
        expect(verdict.ok, verdict.message).toBe(true);
        const alone = svd(matrix, { method: "jacobi", vectors: "none" }).singularValues;
        expect(withinRelative(alone, values, RELATIVE).ok).toBe(true);
        expect(orthogonalityLoss(jacobi.u)).toBeLessThanOrEqual(tolerance(20, A.rows));
        expect(orthogonalityLoss(jacobi.v)).toBeLessThanOrEqual(tolerance(20, A.rows));
      }
    }
  });

  test("negative control: eigenvalues of the Gram matrix fail the same verdict", () => {
    const A = fromRows(cases[0]!.a);
    const squares = svd(matmul(A, A, { transposeA: true })).singularValues;
    expect(withinRelative(squares.map(Math.sqrt), cases[0]!.values, RELATIVE).ok).toBe(false);
  });

  test("the order of the columns and their scales do not matter", () => {
    const { a, values } = cases[1]!;
    const shuffled = fromRows(a.map((row) => [...row].reverse()));
    expect(withinRelative(svd(shuffled, { method: "jacobi" }).singularValues, values, RELATIVE).ok).toBe(true);
    const scaled = svd(scaleMatrix(fromRows(a), 2 ** -700), { method: "jacobi" }).singularValues;
    expect(
      withinRelative(
        scaled,
        values.map((value) => value * 2 ** -700),
        RELATIVE,
      ).ok,
    ).toBe(true);
  });
});

test("bidiagonal values keep the absolute accuracy that they promise on graded input", () => {
  const { cases } = fixture<{ cases: { a: number[][]; values: number[] }[] }>("linalg/graded.json");
  for (const { a, values } of cases) {
    expect(within(svd(fromRows(a)).singularValues, values, BOUND * a.length * EPSILON * values[0]!).ok).toBe(true);
  }
});
