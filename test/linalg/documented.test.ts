// Numbers that docs/linalg.md states and no other test holds.
import { expect, test } from "vitest";
import { EPSILON, fromRows } from "../../src/core/index.js";
import {
  departureFromNormality,
  eig,
  eigh,
  expm,
  logDeterminant,
  norms,
  orthogonalMatrix,
  orthogonalityLoss,
  reconstructSvd,
  svd,
} from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { withinRelative } from "../support/compare.js";
import { differenceRatio, randomSymmetric, residualRatio } from "./support.js";

/** What the page says of random matrices of order 1 to 40, where the tests of hard cases allow 20. */
const MEASURED = 3;

test("eigh and svd: residual and orthogonality stay below 3 n ε on random matrices of order 1 to 40", () => {
  const worst = { residual: 0, orthogonality: 0, backward: 0 };
  for (let seed = 0; seed < 1600; seed++) {
    const n = 1 + (seed % 40);
    const A = randomSymmetric(seed, n);
    const { values, vectors } = eigh(A);
    worst.residual = Math.max(worst.residual, residualRatio(A, values, vectors));
    worst.orthogonality = Math.max(worst.orthogonality, orthogonalityLoss(vectors) / (n * EPSILON));
    if (seed % 4 > 0) continue;
    const G = normalMatrix(createRng(seed), n, n);
    const decomposition = svd(G);
    worst.backward = Math.max(worst.backward, differenceRatio(G, reconstructSvd(decomposition)));
    for (const side of [decomposition.u, decomposition.v]) {
      worst.orthogonality = Math.max(worst.orthogonality, orthogonalityLoss(side) / (n * EPSILON));
    }
  }
  for (const value of Object.values(worst)) expect(value).toBeLessThanOrEqual(MEASURED);
  // Power: the verdict is not an empty one, a bound a tenth as large would fail.
  expect(Math.max(...Object.values(worst))).toBeGreaterThan(MEASURED / 10);
});

test("departure from normality of orthogonal matrices is near 1e-15 of the norm, the difference of squares near 1e-8", () => {
  for (const n of [5, 20, 60]) {
    const Q = orthogonalMatrix(createRng(n), n);
    const { departure, roundingLevel } = departureFromNormality(Q);
    const norm = norms(Q).frobenius;
    expect(departure / norm).toBeLessThanOrEqual(1e-14);
    expect(departure).toBeLessThanOrEqual(roundingLevel);
  }
  // The textbook formula leaves what it cancels: on one of these it is off by more than 1e-9.
  const textbook = [5, 20, 60].map((n) => {
    const Q = orthogonalMatrix(createRng(n), n);
    const { real, imaginary } = eig(Q);
    const squares = real.reduce((sum, x, j) => sum + x * x + imaginary[j] * imaginary[j], 0);
    return Math.sqrt(Math.abs(norms(Q).frobenius ** 2 - squares)) / norms(Q).frobenius;
  });
  expect(Math.max(...textbook)).toBeGreaterThan(1e-9);
});

test("expm of [1, b; 0, -1]: every entry to a few ε for b up to 1e300", () => {
  for (const b of [1, 1e3, 1e6, 1e10, 1e100, 1e300]) {
    const { data } = expm(
      fromRows([
        [1, b],
        [0, -1],
      ]),
    );
    const sinh = (Math.E - 1 / Math.E) / 2;
    expect(withinRelative(data, [Math.E, sinh * b, 0, 1 / Math.E], 8 * EPSILON).ok, `b = ${b}`).toBe(true);
  }
});

test("logDeterminant of a product of n orthogonal and triangular factors, where the determinant itself would overflow", () => {
  const n = 200;
  const Q = orthogonalMatrix(createRng(3), n);
  const scaled = { ...Q, data: Q.data.map((entry) => entry * 1e3) };
  const { sign, logModulus } = logDeterminant(scaled);
  expect(Math.abs(sign)).toBe(1);
  expect(Math.abs(logModulus - n * Math.log(1e3))).toBeLessThanOrEqual(4 * n * EPSILON * n);
});
