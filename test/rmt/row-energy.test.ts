import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError, transpose } from "../../src/core/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { bbpRectangular, rowEnergySpike } from "../../src/rmt/index.js";

/** Noise with a spike of strength θ√max(rows, cols) along fixed directions. */
function spiked(
  seed: number,
  rows: number,
  cols: number,
  theta: number,
): { W: ReturnType<typeof normalMatrix>; u: Float64Array } {
  const rng = createRng(seed);
  const W = normalMatrix(rng, rows, cols);
  const u = Float64Array.from({ length: rows }, () => rng.normal());
  const w = Float64Array.from({ length: cols }, () => rng.normal());
  const size = (x: Float64Array): number => Math.hypot(...x);
  const weight = (theta * Math.sqrt(Math.max(rows, cols))) / (size(u) * size(w));
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) W.data[i * cols + j] += weight * u[i] * w[j];
  return { W, u };
}

test.each([
  [200, 100],
  [100, 200],
] as const)(
  "the strength planted in %i x %i is found within four standard errors, and the outlier where predicted",
  (rows, cols) => {
    for (const theta of [1.5, 2, 4]) {
      const { W, u } = spiked(11, rows, cols, theta);
      const found = rowEnergySpike(W, u);
      const planted = theta * Math.sqrt(200);
      expect(Math.abs(found.strength - planted)).toBeLessThan(4 * found.standardError);
      expect(found.detectable).toBe(true);
      const { u: left, singularValues } = svd(W);
      expect(Math.abs(singularValues[0] / found.location - 1)).toBeLessThan(0.03);
      let cosine = 0;
      for (let i = 0; i < rows; i++) cosine += (left.data[i * left.cols] * u[i]) / Math.hypot(...u);
      expect(Math.abs(cosine * cosine - found.leftOverlap)).toBeLessThan(0.08);
    }
  },
);

test("pure noise: below the threshold the location is the edge, which the largest value respects", () => {
  const { W, u } = spiked(3, 200, 100, 0);
  const found = rowEnergySpike(W, u);
  expect(found.detectable).toBe(false);
  expect(found.location).toBe(found.edge);
  expect(found.leftOverlap).toBe(0);
  expect(found.edge).toBeCloseTo(Math.sqrt(200) + 10, 12);
  expect(found.threshold).toBeCloseTo((200 * 100) ** 0.25, 12);
});

test("scale: W and the deviation times c, everything times c; the length of the direction does not matter", () => {
  const { W, u } = spiked(5, 60, 90, 2);
  const plain = rowEnergySpike(W, u);
  const c = 1e3;
  const scaled = rowEnergySpike(
    { ...W, data: W.data.map((value) => c * value) },
    u.map((value) => -7 * value),
    { variance: c * c },
  );
  for (const key of ["strength", "standardError", "location", "edge", "threshold"] as const)
    expect(Math.abs(scaled[key] / (c * plain[key]) - 1)).toBeLessThan(1e-12);
  expect(scaled.rightOverlap).toBeCloseTo(plain.rightOverlap, 12);
});

test("a noiseless limit: the row alone decides, and the prediction is bbpRectangular of it", () => {
  const { W, u } = spiked(8, 40, 30, 3);
  const { strength, location, rightOverlap } = rowEnergySpike(W, u);
  const direct = bbpRectangular(strength / Math.sqrt(40), { ratio: 30 / 40 });
  expect(location).toBe(Math.sqrt(40) * direct.location);
  expect(rightOverlap).toBe(direct.shortOverlap);
});

test("negative control: the rows of the transpose carry another energy", () => {
  const { W } = spiked(8, 200, 100, 3);
  const wrong = new Float64Array(100).fill(1);
  const ratio =
    rowEnergySpike(transpose(W), wrong).strength / rowEnergySpike(W, new Float64Array(200).fill(1)).strength;
  expect(Math.abs(ratio - 1), `ratio ${ratio}`).toBeGreaterThan(0.2); // right ones agree to rounding
});

test("wrong input is refused", () => {
  const { W, u } = spiked(1, 6, 4, 1);
  expect(() => rowEnergySpike(W, u.subarray(1))).toThrow(ShapeError);
  expect(() => rowEnergySpike(W, new Float64Array(6))).toThrow(ArgumentError);
  expect(() => rowEnergySpike(W, new Float64Array(6))).toThrow("direction must be not zero");
  expect(() => rowEnergySpike(W, u, { variance: 0 })).toThrow(ArgumentError);
  expect(() => rowEnergySpike({ ...W, data: W.data.map(() => Number.NaN) }, u)).toThrow(NonFiniteError);
  expect(() => rowEnergySpike(W, new Float64Array(6).fill(Infinity))).toThrow(NonFiniteError);
});
