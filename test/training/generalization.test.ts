import { expect, test } from "vitest";
import { hessian } from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { initialize, mlp } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import {
  compareArchitectures,
  doubleDescent,
  initializationEffect,
  normalizationEffect,
  residualEffect,
  spectralBias,
  widthEffect,
} from "../../src/training/index.js";
import { withinRelative } from "../support/compare.js";

// 200 draws, fixed in advance: the relative standard error of the means below is 3 to 10 %.
test("linear double descent agrees with the exact expectation on both sides of the peak", () => {
  const features = [4, 10, 14, 20, 26, 40];
  const { records, peak, status } = doubleDescent({ samples: 20, features, draws: 200, noise: 0.7, rng: createRng(1) });
  expect([peak, status]).toEqual([20, "converged"]);
  for (const record of records) {
    if (record.features === 20) {
      expect(record.expected.defined).toBe(false);
      continue;
    }
    expect(record.zScore.defined && Math.abs(record.zScore.value)).toBeLessThan(4);
    expect(record.testError.standardError / record.testError.mean).toBeLessThan(0.15);
  }
  // The eigenvalue vanishes where the error peaks.
  const smallest = records.map((record) => record.smallestEigenvalue);
  expect(Math.min(...smallest)).toBe(smallest[3]);
});

test("the theory without the noise term of the peak is refuted by the same draws", () => {
  const [record] = doubleDescent({
    samples: 20,
    features: [14],
    inputs: 60,
    draws: 400,
    noise: 0.7,
    rng: createRng(1),
  }).records;
  const naive = 1 - 14 / 40; // the part of the teacher that is left out, as if fitting were free
  expect((record.testError.mean - naive) / record.testError.standardError).toBeGreaterThan(10);
});

test("random features: a peak at p = n, and no theory is claimed", () => {
  const { records, peak } = doubleDescent({
    samples: 30,
    features: [5, 30, 150],
    model: "random features",
    draws: 40,
    rng: createRng(2),
  });
  expect(peak).toBe(30);
  expect(records[1].median).toBeGreaterThan(5 * Math.max(records[0].median, records[2].median));
  expect(records.every((record) => !record.expected.defined && !record.zScore.defined)).toBe(true);
  expect(() => doubleDescent({ samples: 10, features: [20], inputs: 15, rng: createRng(1) })).toThrow(
    "doubleDescent: inputs must be at least 20, the largest number of features, got 15",
  );
  expect(() => doubleDescent({ samples: 10, features: [], rng: createRng(1) })).toThrow("at least one number");
  const cut = doubleDescent({ samples: 10, features: [5], rng: createRng(1), signal: { aborted: true } });
  expect([cut.status, cut.records.length]).toEqual(["cancelled", 0]);
});

test("a wide network learns frequencies in the order and at the speed of its tangent kernel", () => {
  const net = mlp({ sizes: [2, 300, 1], activation: "tanh", parameterisation: "ntk" });
  const bias = spectralBias(net, { frequencies: [1, 2], points: 16, steps: 300, runs: 3, rng: createRng(3) });
  expect([bias.orderedRuns, bias.runs]).toEqual([3, 3]);
  const lambda = bias.records.map((record) => record.kernelEigenvalue.mean);
  expect(lambda[0]).toBeGreaterThan(lambda[1]);
  for (const { steps, predicted, notLearned } of bias.records) {
    expect(notLearned).toBe(0);
    if (!steps.defined || !predicted.defined) throw new Error("not learned");
    // Steps are whole numbers, and at width 300 the kernel changes by some percent along the run.
    expect(Math.abs(steps.value.mean - predicted.value.mean)).toBeLessThan(1 + 0.15 * predicted.value.mean);
  }
});

test("frequencies that are not learned, wrong networks and wrong frequencies are reported", () => {
  const net = mlp({ sizes: [2, 30, 1], activation: "tanh", parameterisation: "ntk" });
  const short = spectralBias(net, { frequencies: [7], points: 32, steps: 3, runs: 2, rng: createRng(4) });
  expect(short.records[0]).toMatchObject({ steps: { defined: false }, notLearned: 2 });
  expect(() => spectralBias(mlp({ sizes: [1, 3, 1] }), { frequencies: [1], rng: createRng(1) })).toThrow(
    "two inputs (a point on the circle) and one output, got 1 inputs and 1 outputs",
  );
  expect(() => spectralBias(net, { frequencies: [16], points: 32, rng: createRng(1) })).toThrow("below points/2 = 16");
  const cut = spectralBias(net, { frequencies: [1], rng: createRng(1), signal: { aborted: true } });
  expect([cut.status, cut.runs]).toEqual(["cancelled", 0]);
});

test("the records of an architecture agree with its dense Hessian; the two ways to the ends agree", () => {
  const network = mlp({ sizes: [3, 4, 2], activation: "tanh", loss: "cross-entropy" });
  const data = { inputs: [[1, 0, -1], [0.5, 2, 0], [-1, 1, 1]], targets: [0, 1, 0] }; // prettier-ignore
  const variant = { name: "small", network, initialization: "lecun", data: () => data } as const;
  const rng = createRng(5);
  const whole = compareArchitectures([variant], { draws: 1, rng }).records[0];
  const params = initialize(network, "lecun", createRng(5).fork(0).fork("parameters"));
  const { values } = eigh(toDense(hessian(network, params, data)), { vectors: false, triangle: "lower" });
  expect(whole.largest.median).toBe(values[values.length - 1]);
  expect(whole.smallest.median).toBe(values[0]);
  expect(
    withinRelative(
      whole.trace?.median ?? 0,
      values.reduce((a, b) => a + b, 0),
      1e-12,
    ).ok,
  ).toBe(true);
  expect(whole.ggnRank?.median).toBe(3); // 3 samples, 2 classes
  const ends = compareArchitectures([variant], { draws: 1, denseLimit: 0, rng: createRng(5) }).records[0];
  expect([ends.trace, ends.spreadRatio, ends.ggnRank]).toEqual([null, null, null]);
  expect(withinRelative(ends.largest.median, whole.largest.median, 1e-8).ok).toBe(true);
  expect(ends.residualNorm).toBeGreaterThan(0);
  expect(() => compareArchitectures([], { rng })).toThrow("at least one variant");
});

// Three to nine draws each, fixed in advance; the ranges are those of the reference recipes, wide because single draws differ by factors.
test("normalisation blinds the Hessian to shifts, which inflate it without", () => {
  const { records } = normalizationEffect({ shifts: [0, 5], draws: 5, denseLimit: 0, rng: createRng(6) });
  const top = Object.fromEntries(records.map((record) => [record.name, record.largest.median]));
  expect(withinRelative(top["batch normalisation, shift 5"], top["batch normalisation, shift 0"], 1e-6).ok).toBe(true);
  expect(top["plain, shift 5"] / top["plain, shift 0"]).toBeGreaterThan(2.4);
  // Layer normalisation centres over features, not samples: it is no protection against a common shift of the inputs.
  expect(Math.abs(top["layer normalisation, shift 5"] / top["layer normalisation, shift 0"] - 1)).toBeGreaterThan(1e-3);
});

test("residual connections raise the largest eigenvalue and speed up training at η = 1/λ_max", () => {
  const { records } = residualEffect({ depths: [12], draws: 3, steps: 100, denseLimit: 0, rng: createRng(7) });
  const [plain, skip] = records;
  expect(skip.largest.median / plain.largest.median).toBeGreaterThan(3);
  expect(skip.finalLoss?.median).toBeLessThan(plain.finalLoss?.median ?? 0);
});

test("the gain sets the largest eigenvalue, the width adds directions of no Gauss–Newton curvature", () => {
  const gains = initializationEffect({ denseLimit: 0, rng: createRng(8) }).records.map(
    (record) => record.largest.median,
  );
  expect(gains[1] / gains[0]).toBeGreaterThan(3);
  expect(gains[2] / gains[1]).toBeGreaterThan(2);
  const widths = widthEffect({ rng: createRng(9), draws: 3 }).records;
  for (const record of widths)
    expect(record.ggnRank?.quartiles[1]).toBeLessThanOrEqual(Math.min(20, record.parameters));
  const shares = widths.map((record) => record.nearZeroShare?.median ?? 0);
  expect(shares[3]).toBeGreaterThan(shares[0]);
  const cut = widthEffect({ rng: createRng(9), signal: { aborted: true } });
  expect([cut.status, cut.records.length]).toEqual(["cancelled", 0]);
});
