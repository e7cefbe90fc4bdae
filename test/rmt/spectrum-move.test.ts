import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, OptionError, type Matrix } from "../../src/core/index.js";
import { eigh, svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { descentMoveBound, levyDistance, spectrumMoveBounds } from "../../src/rmt/index.js";
import { spectralDistance } from "../../src/spectra/index.js";

const valuesOf = (A: Matrix): Float64Array => svd(A, { vectors: "none" }).singularValues;
const plus = (A: Matrix, B: Matrix): Matrix => ({ ...A, data: A.data.map((value, e) => value + B.data[e]) });
const ROUNDING = 1e-12;

test("property: the four bounds hold for any pair of matrices", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(1e-8, 1, 1e8),
      fc.integer({ min: 0, max: 1000 }),
      (rows, cols, rank, size, seed) => {
        const rng = createRng(seed);
        const A = normalMatrix(rng, rows, cols);
        const left = normalMatrix(rng, rows, rank);
        const right = normalMatrix(rng, rank, cols);
        const difference: Matrix = { rows, cols, data: new Float64Array(rows * cols) };
        for (let i = 0; i < rows; i++)
          for (let k = 0; k < rank; k++)
            for (let j = 0; j < cols; j++)
              difference.data[i * cols + j] += size * left.data[i * rank + k] * right.data[k * cols + j];
        const bounds = spectrumMoveBounds(difference);
        const [before, after] = [valuesOf(A), valuesOf(plus(A, difference))];
        const slack = ROUNDING * (1 + bounds.largestMove);
        const distance = spectralDistance(after, before);
        expect(bounds.rank).toBe(Math.min(rank, rows, cols));
        expect(distance.wasserstein2).toBeLessThanOrEqual(bounds.wasserstein2 + slack);
        // With size 1e-8 the values move less than their rounding: the KS bound is about exact values.
        if (size === 1) expect(distance.kolmogorovSmirnov).toBeLessThanOrEqual(bounds.kolmogorovSmirnov + ROUNDING);
        expect(levyDistance(after, before)).toBeLessThanOrEqual(bounds.levy + ROUNDING);
        for (let i = 0; i < before.length; i++)
          expect(Math.abs(after[i] - before[i])).toBeLessThanOrEqual(bounds.largestMove + slack);
      },
    ),
    { numRuns: 60 },
  );
});

test("symmetric matrices: the same bounds for eigenvalues", () => {
  const rng = createRng(2);
  const symmetric = (scale: number): Matrix => {
    const A = normalMatrix(rng, 12, 12);
    return { ...A, data: A.data.map((value, e) => scale * (value + A.data[(e % 12) * 12 + Math.floor(e / 12)])) };
  };
  const [A, difference] = [symmetric(1), symmetric(0.1)];
  const values = (B: Matrix): Float64Array => eigh(B, { vectors: false }).values;
  const bounds = spectrumMoveBounds(difference);
  const distance = spectralDistance(values(plus(A, difference)), values(A));
  expect(distance.wasserstein2).toBeLessThanOrEqual(bounds.wasserstein2);
  expect(levyDistance(values(plus(A, difference)), values(A))).toBeLessThanOrEqual(bounds.levy);
});

test("the bounds are attained: a multiple of the identity, and one large diagonal entry", () => {
  const identity = { rows: 3, cols: 3, data: Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]) };
  const shift = { ...identity, data: identity.data.map((value) => 0.25 * value) };
  const distance = spectralDistance(valuesOf(plus(identity, shift)), valuesOf(identity));
  expect(Math.abs(distance.wasserstein2 - spectrumMoveBounds(shift).wasserstein2)).toBeLessThan(ROUNDING);
  const spike = { ...identity, data: Float64Array.from([5, 0, 0, 0, 0, 0, 0, 0, 0]) };
  const jump = spectralDistance(valuesOf(plus(identity, spike)), valuesOf(identity));
  expect(Math.abs(jump.kolmogorovSmirnov - spectrumMoveBounds(spike).kolmogorovSmirnov)).toBeLessThan(ROUNDING);
});

test("a zero difference bounds everything by zero; huge and tiny entries do not overflow", () => {
  expect(spectrumMoveBounds({ rows: 2, cols: 3, data: new Float64Array(6) })).toMatchObject({
    frobenius: 0,
    largestMove: 0,
    rank: 0,
    wasserstein2: 0,
    levy: 0,
    kolmogorovSmirnov: 0,
  });
  for (const size of [1e-160, 1e160]) {
    const { frobenius, largestMove } = spectrumMoveBounds({
      rows: 1,
      cols: 2,
      data: Float64Array.from([3 * size, 4 * size]),
    });
    expect(Math.abs(frobenius / (5 * size) - 1)).toBeLessThan(ROUNDING);
    expect(Math.abs(largestMove / (5 * size) - 1)).toBeLessThan(ROUNDING);
  }
});

/** Lévy distance by its definition on a fine grid: the naive twin. */
function naiveLevy(a: readonly number[], b: readonly number[]): number {
  const F = (values: readonly number[], x: number): number =>
    values.filter((value) => value <= x).length / values.length;
  const points: number[] = [];
  for (let x = -1; x <= 3; x += 1 / 256) points.push(x);
  for (let epsilon = 0; epsilon <= 1; epsilon += 1 / 256) {
    if (points.every((x) => F(a, x - epsilon) - epsilon <= F(b, x) && F(b, x) <= F(a, x + epsilon) + epsilon))
      return epsilon;
  }
  return 1;
}

test("Lévy distance: naive twin, symmetry, at most KS, triangle inequality, zero for equal samples", () => {
  const sample = fc.array(
    fc.integer({ min: 0, max: 512 }).map((k) => k / 256),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(sample, sample, sample, (a, b, c) => {
      const distance = levyDistance(a, b);
      expect(Math.abs(distance - naiveLevy(a, b))).toBeLessThanOrEqual(1 / 256 + ROUNDING);
      expect(Math.abs(distance - levyDistance(b, a))).toBeLessThan(ROUNDING);
      expect(distance).toBeLessThanOrEqual(spectralDistance(a, b).kolmogorovSmirnov);
      expect(levyDistance(a, c)).toBeLessThanOrEqual(distance + levyDistance(b, c) + ROUNDING);
      expect(levyDistance(a, a)).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test("the bound on the way of the weights holds on a least-squares problem, for full steps and for batches", () => {
  const [n, p] = [20, 8];
  const rng = createRng(4);
  const J = normalMatrix(rng, n, p);
  const y = Float64Array.from({ length: n }, () => rng.normal());
  const kernelNorm = valuesOf(J)[0] ** 2;
  const run = (batch: number, stepSize: number, slower = 1): { losses: number[]; moves: number[] } => {
    const theta = new Float64Array(p);
    const losses: number[] = [];
    const moves = [0];
    for (let t = 0; t < 40; t++) {
      const g = new Float64Array(p);
      let loss = 0;
      for (let k = 0; k < batch; k++) {
        const i = (t * batch + k) % n;
        let r = -y[i];
        for (let j = 0; j < p; j++) r += J.data[i * p + j] * theta[j];
        loss += (r * r) / (2 * batch);
        for (let j = 0; j < p; j++) g[j] += (r * J.data[i * p + j]) / batch;
      }
      losses.push(loss);
      for (let j = 0; j < p; j++) theta[j] -= slower * stepSize * g[j];
      moves.push(Math.hypot(...theta));
    }
    return { losses, moves };
  };
  for (const batch of [n, 5]) {
    const stepSize = 0.1;
    const { losses, moves } = run(batch, stepSize);
    const bound = descentMoveBound(losses, { stepSize, samples: batch, kernelNorm });
    moves.forEach((move, t) => expect(move).toBeLessThanOrEqual(bound[t] + ROUNDING));
    expect(bound[1]).toBeGreaterThan(0);
  }
  // Power: a single sample attains the bound at its first step.
  const single = descentMoveBound([0.5], { stepSize: 1, samples: 1, kernelNorm: 9 });
  expect(single[1]).toBe(3);
});

test("wrong input is refused", () => {
  expect(() => spectrumMoveBounds({ rows: 0, cols: 3, data: new Float64Array(0) })).toThrow(ArgumentError);
  expect(() => spectrumMoveBounds({ rows: 1, cols: 1, data: Float64Array.of(Number.NaN) })).toThrow(NonFiniteError);
  const good = { stepSize: 1, samples: 1, kernelNorm: 1 };
  expect(() => descentMoveBound([-1], good)).toThrow("losses[0] must be");
  expect(() => descentMoveBound([1], { ...good, samples: 0 })).toThrow(ArgumentError);
  expect(() => descentMoveBound([1], { ...good, kernelNorm: -1 })).toThrow(ArgumentError);
  expect(() => descentMoveBound([1], { ...good, rate: 1 } as never)).toThrow(OptionError);
  expect(() => descentMoveBound([Number.NaN], good)).toThrow(NonFiniteError);
  expect(() => levyDistance([Number.NaN], [1])).toThrow(NonFiniteError);
  expect(() => levyDistance([], [1])).toThrow();
});
