import { describe, expect, test } from "vitest";
import { EPSILON } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { golubWelsch, tridiagonalEigh } from "../../src/linalg/index.js";
import { orthogonalityLoss, tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import { EDGE_SIZES, assemble, residualRatio } from "./support.js";

const BOUND = 20;

function normals(seed: number, n: number): Float64Array {
  const rng = createRng(seed);
  return Float64Array.from({ length: Math.max(0, n) }, () => rng.normal());
}

describe("tridiagonalEigh", () => {
  test.each(EDGE_SIZES.map((n) => [n]))("order %i: the three modes agree and the vectors hold", (n) => {
    const d = normals(n + 1, n);
    const e = normals(n + 1000, n - 1);
    const full = tridiagonalEigh(d, e, { vectors: "full" });
    const first = tridiagonalEigh(d, e);
    const none = tridiagonalEigh(d, e, { vectors: "none" });
    const T = assemble(d, e);
    expect(residualRatio(T, full.values, full.vectors!)).toBeLessThanOrEqual(BOUND);
    expect(orthogonalityLoss(full.vectors!)).toBeLessThanOrEqual(tolerance(BOUND, n));
    for (const other of [first, none]) expect(within(other.values, full.values, tolerance(BOUND, n, 5)).ok).toBe(true);
    expect(none.firstRow).toBeNull();
    expect(first.vectors).toBeNull();
    // Components of well separated vectors agree; the squares always sum to one.
    const sum = first.firstRow!.reduce((total, component) => total + component * component, 0);
    expect(Math.abs(sum - (n > 0 ? 1 : 0))).toBeLessThanOrEqual(tolerance(BOUND, n));
    for (let j = 0; j < n; j++) {
      const gap = Math.min(
        full.values[j]! - (full.values[j - 1] ?? -Infinity),
        (full.values[j + 1] ?? Infinity) - full.values[j]!,
      );
      const allowed = tolerance(BOUND, n, 1 + 5 / gap);
      expect(Math.abs(Math.abs(full.firstRow![j]!) - first.firstRow![j]!)).toBeLessThanOrEqual(allowed);
    }
  });

  test("foreign oracle: LAPACK", () => {
    const { tridiagonal } = fixture<{ tridiagonal: { diagonal: number[]; offDiagonal: number[]; values: number[] } }>(
      "linalg/lapack.json",
    );
    const d = Float64Array.from(tridiagonal.diagonal);
    const e = Float64Array.from(tridiagonal.offDiagonal);
    for (const vectors of ["none", "first-row", "full"] as const) {
      expect(within(tridiagonalEigh(d, e, { vectors }).values, tridiagonal.values, tolerance(BOUND, 40, 5)).ok).toBe(
        true,
      );
    }
  });

  test("W21+: the top pair, 7.16e-14 apart, to the last digits", () => {
    const { wilkinson } = fixture<{ wilkinson: { eigenvalues_desc: number[] } }>("linalg/reference.json");
    const d = Float64Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));
    const e = new Float64Array(20).fill(1);
    for (const vectors of ["none", "first-row", "full"] as const) {
      const { values } = tridiagonalEigh(d, e, { vectors });
      expect(within(values, [...wilkinson.eigenvalues_desc].reverse(), tolerance(1, 21, 11)).ok).toBe(true);
      expect(values[20]! - values[19]!).toBeGreaterThan(0.9 * 7.16e-14 - 8 * EPSILON * 11);
    }
  });

  test("a decoupled matrix with signs, zeros and subnormal couplings", () => {
    const d = Float64Array.of(3, -1, 2, 0, 5);
    const e = Float64Array.of(0, 5e-324, -0, 1e-310);
    const { values, vectors } = tridiagonalEigh(d, e, { vectors: "full" });
    expect(Array.from(values)).toEqual([-1, 0, 2, 3, 5]);
    expect(orthogonalityLoss(vectors!)).toBeLessThanOrEqual(tolerance(BOUND, 5));
  });

  test("a block of subnormals beside ordinary entries", () => {
    const n = 70;
    const d = Float64Array.from({ length: n }, (_, i) => (i % 35 === 17 ? 1 + i : 0));
    const e = Float64Array.from({ length: n - 1 }, (_, i) => 1e-310 * ((i % 5) - 2));
    const { values, vectors } = tridiagonalEigh(d, e, { vectors: "full" });
    expect(within(values, Float64Array.from(d).sort(), tolerance(BOUND, n, 60)).ok).toBe(true);
    expect(orthogonalityLoss(vectors!)).toBeLessThanOrEqual(tolerance(BOUND, n));
    expect(within(tridiagonalEigh(d, e).values, values, tolerance(BOUND, n, 60)).ok).toBe(true);
  });

  test("scales 1e-300 to 1e300", () => {
    const d = normals(5, 40);
    const e = normals(6, 39);
    const reference = tridiagonalEigh(d, e, { vectors: "none" }).values;
    for (const scale of [1e-300, 1e-150, 1e150, 1e300]) {
      const times = (x: Float64Array): Float64Array => x.map((entry) => entry * scale);
      for (const vectors of ["none", "first-row", "full"] as const) {
        const { values } = tridiagonalEigh(times(d), times(e), { vectors });
        expect(
          within(
            values.map((value) => value / scale),
            reference,
            tolerance(BOUND, 40, 5),
          ).ok,
        ).toBe(true);
      }
    }
  });
});

describe("golubWelsch", () => {
  test("Legendre, 20 points: exact for degree 39, symmetric, weights sum to the mass", () => {
    const n = 20;
    const beta = Float64Array.from({ length: n }, (_, k) => (k === 0 ? 2 : (k * k) / (4 * k * k - 1)));
    const { nodes, weights } = golubWelsch(new Float64Array(n), beta);
    for (const degree of [0, 2, 10, 38]) {
      const sum = nodes.reduce((total, x, j) => total + weights[j]! * x ** degree, 0);
      expect(withinRelative(sum, 2 / (degree + 1), tolerance(4, n)).ok).toBe(true);
    }
    const odd = nodes.reduce((total, x, j) => total + weights[j]! * x ** 39, 0);
    expect(Math.abs(odd)).toBeLessThanOrEqual(tolerance(4, n));
    // One degree more is not integrated: the rule is no better than it claims.
    const beyond = nodes.reduce((total, x, j) => total + weights[j]! * x ** 40, 0);
    expect(Math.abs(beyond - 2 / 41)).toBeGreaterThan(1e-12);
  });

  test("Hermite: moments of the normal law", () => {
    const n = 12;
    const beta = Float64Array.from({ length: n }, (_, k) => (k === 0 ? 1 : k));
    const { nodes, weights } = golubWelsch(new Float64Array(n), beta);
    const moment = (p: number): number => nodes.reduce((total, x, j) => total + weights[j]! * x ** p, 0);
    expect(withinRelative([moment(2), moment(4), moment(8)], [1, 3, 105], tolerance(50, n)).ok).toBe(true);
  });
});
