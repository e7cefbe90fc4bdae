import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { matmul, orthogonalMatrix, svd } from "../../src/linalg/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal,
  fromFunction,
  fromMatrix,
  lowRank,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { nystrom, randomizedSvd } from "../../src/stochastic/index.js";
import { orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const U = orthogonalMatrix(createRng(1), 120);
const V = orthogonalMatrix(createRng(2), 80);
const A: Matrix = matmul(
  {
    rows: 120,
    cols: 80,
    data: Float64Array.from(
      { length: 9600 },
      (_, at) => U.data[Math.floor(at / 80) * 120 + (at % 80)] / ((at % 80) + 1),
    ),
  },
  V,
  { transposeB: true },
);

const errorOf = (u: Matrix, s: Float64Array, v: Matrix): number => {
  const scaled = { ...u, data: u.data.map((value, at) => value * s[at % s.length]) };
  const approximation = matmul(scaled, v, { transposeB: true });
  return svd({ ...A, data: A.data.map((value, at) => value - approximation.data[at]) }).singularValues[0];
};

test("randomised SVD of σ_i = 1/i: errors near the optimum, better with power steps, inside the posterior bound (15 seeds)", () => {
  const { randomised_svd } = fixture<{
    randomised_svd: Record<string, { mean_err2: number }> & { bound_E2_q0: number };
  }>("stochastic/reference.json");
  for (const powerIterations of [0, 1, 2]) {
    let mean = 0;
    for (let seed = 0; seed < 15; seed++) {
      const result = randomizedSvd(A, { rank: 10, oversampling: 5, powerIterations, rng: createRng(seed) });
      const { u, singularValues, v, error } = result;
      const actual = errorOf(u, singularValues, v);
      mean += actual / 15;
      expect(Math.max(orthogonalityLoss(u), orthogonalityLoss(v))).toBeLessThan(tolerance(20, 120));
      expect(actual).toBeGreaterThanOrEqual(1 / 11 - 1e-12); // Eckart–Young: nothing of rank 10 is better
      expect(actual).toBeLessThanOrEqual(error.spectralBound + 1 / 11);
    }
    // The reference measured the untruncated range of 15 vectors; truncation to 10 adds at most σ_11.
    expect(mean).toBeLessThan(randomised_svd[`q${powerIterations}`].mean_err2 + 1 / 11);
    if (powerIterations === 0) expect(mean).toBeLessThan(randomised_svd.bound_E2_q0);
  }
});

test("the posterior Frobenius estimate is unbiased for the range error (60 seeds)", () => {
  let ratio = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { u, error } = randomizedSvd(A, {
      rank: 15,
      oversampling: 0,
      powerIterations: 0,
      testVectors: 20,
      rng: createRng(seed),
    });
    const inside = matmul(u, matmul(u, A, { transposeA: true }));
    const squares = A.data.reduce((sum, value, at) => sum + (value - inside.data[at]) ** 2, 0);
    ratio += error.frobenius ** 2 / squares / 60;
  }
  expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
});

test("operators of low rank are reproduced to rounding, in any shape, and products are counted", () => {
  for (const [rows, cols] of [
    [30, 20],
    [20, 30],
    [6, 6],
  ]) {
    const L = counted(lowRank(normalMatrix(createRng(1), rows, 3), normalMatrix(createRng(2), cols, 3)));
    const { singularValues, error, matvecs } = randomizedSvd(L, { rank: 4, rng: createRng(3) });
    expect(singularValues[3]).toBeLessThan(tolerance(20, rows + cols, singularValues[0]));
    expect(error.spectralBound).toBeLessThan(1e-11 * singularValues[0]);
    expect(matvecs).toBe(L.counts.matvecs + L.counts.transposedMatvecs);
  }
});

test("Nyström: eigenvalues from below, exact on low rank, inside its posterior bound; refuses indefinite operators", () => {
  const d = Float64Array.from({ length: 100 }, (_, i) => (i + 1) ** -2);
  const B = counted(diagonal(d) as SymmetricOperator);
  for (let seed = 0; seed < 20; seed++) {
    const { values, vectors, error } = nystrom(B, { rank: 8, oversampling: 4, rng: createRng(seed) });
    values.forEach((value, i) => expect(value).toBeLessThanOrEqual(d[i] + tolerance(20, 100)));
    expect(orthogonalityLoss(vectors)).toBeLessThan(tolerance(20, 100));
    const dense = Float64Array.from({ length: 10_000 }, (_, at) => {
      const [i, j] = [Math.floor(at / 100), at % 100];
      let value = i === j ? d[i] : 0;
      for (let k = 0; k < 8; k++) value -= vectors.data[i * 8 + k] * values[k] * vectors.data[j * 8 + k];
      return value;
    });
    expect(svd({ rows: 100, cols: 100, data: dense }).singularValues[0]).toBeLessThanOrEqual(error.spectralBound);
  }
  B.resetCounts();
  expect(nystrom(B, { rank: 3, rng: createRng(1) }).matvecs).toBe(B.counts.matvecs);
  const G = normalMatrix(createRng(4), 50, 3);
  const exact = nystrom(lowRank(G), { rank: 3, rng: createRng(5) });
  expect(
    within(
      exact.values,
      svd(G).singularValues.map((s) => s * s),
      1e-9 * exact.values[0],
    ).ok,
  ).toBe(true);
  expect([...nystrom(diagonal(new Float64Array(4)), { rank: 2, rng: createRng(1) }).values]).toEqual([0, 0]);
  expect(() => nystrom(diagonal([1, -1, 2, -3]), { rank: 4, rng: createRng(1) })).toThrow(
    "nystrom: A must be positive semidefinite",
  );
});

test("wrong input is refused by name", () => {
  expect(() => randomizedSvd(A, { rank: 81, rng: createRng(1) })).toThrow(
    "randomizedSvd: rank must be an integer in [1, 80], got 81",
  );
  expect(() => randomizedSvd(A, { rank: 2 } as never)).toThrow("randomizedSvd: rng must be a stream of random numbers");
  expect(() =>
    randomizedSvd(
      fromFunction(3, (x) => x),
      { rank: 1, rng: createRng(1) },
    ),
  ).toThrow("applyTranspose");
  expect(() => nystrom(fromMatrix(A) as never, { rank: 1, rng: createRng(1) })).toThrow("nystrom: A must be square");
  expect(() => nystrom(diagonal([1, 2]), { rank: 1, rng: createRng(1), shift: 1 } as never)).toThrow('option "shift"');
});
