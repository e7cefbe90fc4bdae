import { expect, test } from "vitest";
import { flatness, hessian } from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { gradient, initialize, lossValue, mlp } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import {
  adam,
  gradientDescent,
  modeConnectivity,
  spectralTracker,
  train,
  type TrackerRecord,
} from "../../src/training/index.js";
import { dot, norm, randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";

test("tracked eigenvalues, gradient shares and kernel drift agree with dense computation at every record", () => {
  const net = mlp({ sizes: [3, 6, 3], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 20, 1);
  const lines: string[] = [];
  const seen: Float64Array[] = [];
  const tracker = spectralTracker(net, data, {
    rng: createRng(2),
    every: 5,
    top: 2,
    tolerance: 1e-9,
    smallest: true,
    densityProbes: 2,
    matvecBudget: 300,
    singularValues: true,
    kernelInputs: data.inputs,
    onRecord: (record) => lines.push(JSON.stringify(record)),
  });
  train(net, data, {
    optimizer: gradientDescent({ stepSize: 0.5 }),
    steps: 20,
    params: randomParams(net, 3),
    onStep(state) {
      if (state.step % 5 === 0) seen.push(state.params.slice());
      tracker.onStep(state);
    },
  });
  expect(tracker.records.length).toBe(4); // before steps 0, 5, 10 and 15
  tracker.records.forEach((record, k) => {
    const params = seen[k];
    const { values, vectors } = eigh(toDense(hessian(net, params, data)), { triangle: "lower" });
    const p = values.length;
    expect(within(record.eigenvalues, [values[p - 1], values[p - 2]], 1e-7).ok).toBe(true);
    const g = gradient(net, params, data);
    const share = [p - 1, p - 2].reduce(
      (sum, k2) =>
        sum +
        dot(
          g,
          Float64Array.from({ length: p }, (_, i) => vectors.data[i * p + k2]),
        ) **
          2,
      0,
    );
    expect(within(record.gradientShare, share / norm(g) ** 2, 1e-5).ok).toBe(true);
    expect(withinRelative(record.loss, lossValue(net, params, data), 1e-13).ok).toBe(true);
    expect(record.kappa?.defined).toBe(false); // softmax shifts make the Hessian singular
    expect(record.singularValues?.["layer1.weight"]?.length).toBe(3);
    expect(record.density?.grid.length).toBeGreaterThan(10);
    expect(record.status).toBe("converged");
  });
  expect([tracker.records[0].kernelDrift, tracker.records[0].kernelAlignment]).toEqual([0, 1]);
  expect(tracker.records[3].kernelDrift).toBeGreaterThan(0.01);
  expect(lines.map((line) => JSON.parse(line) as TrackerRecord)).toEqual(JSON.parse(JSON.stringify(tracker.records)));
});

test("a resumed tracker continues the one it came from, bit for bit", () => {
  const net = mlp({ sizes: [2, 5, 2], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 12, 4);
  const options = { rng: createRng(5), top: 2, kernelInputs: data.inputs };
  const at = [1, 2, 3, 4].map((seed) => randomParams(net, 6).map((value, i) => value + 0.01 * seed * Math.sin(i)));
  const whole = spectralTracker(net, data, options);
  at.forEach((params, step) => whole.observe(step, params));
  const first = spectralTracker(net, data, options);
  first.observe(0, at[0]);
  first.observe(1, at[1]);
  const second = spectralTracker(net, data, { ...options, resume: JSON.parse(JSON.stringify(first.state())) });
  second.observe(2, at[2]);
  second.observe(3, at[3]);
  expect([...first.records, ...second.records]).toEqual([...whole.records]);
  // A warm start at nearly the same point costs fewer products than a cold one.
  expect(whole.records[3].matvecs).toBeLessThanOrEqual(whole.records[0].matvecs);
});

test("the matvec budget is kept, and an exhausted budget is reported with the best pair so far", () => {
  const net = mlp({ sizes: [3, 20, 3], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 20, 7);
  const tracker = spectralTracker(net, data, { rng: createRng(8), top: 3, matvecBudget: 8, tolerance: 1e-12 });
  const record = tracker.observe(0, randomParams(net, 9));
  expect(record.matvecs).toBeLessThanOrEqual(8);
  expect(record.status).not.toBe("converged");
  expect(record.residualNorms.every(Number.isFinite)).toBe(true);
  // All parts together stay within it, too.
  const whole = { rng: createRng(8), top: 2, smallest: true, densityProbes: 1, tolerance: 1e-12 } as const;
  for (const matvecBudget of [48, 60, 90]) {
    const { matvecs } = spectralTracker(net, data, { ...whole, matvecBudget }).observe(0, randomParams(net, 9));
    expect(matvecs).toBeLessThanOrEqual(matvecBudget);
  }
  expect(() => spectralTracker(net, data, { ...whole, matvecBudget: 40 })).toThrow(
    "spectralTracker: matvecBudget must be at least 47: 40 for the density and 7 for the eigenpairs, got 40",
  );
});

test("a signal cuts a record short: status and what was found, and the tracker goes on from the last vectors", () => {
  const net = mlp({ sizes: [3, 20, 3], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 20, 7);
  let left = Infinity;
  const signal = {
    get aborted() {
      return left-- <= 0;
    },
  };
  const options = { rng: createRng(8), top: 2, smallest: true, densityProbes: 1, matvecBudget: 200 } as const;
  const tracker = spectralTracker(net, data, { ...options, signal });
  const params = randomParams(net, 9);
  const whole = tracker.observe(0, params);
  expect(whole).toEqual(spectralTracker(net, data, options).observe(0, params));
  left = 0;
  const none = tracker.observe(1, params);
  expect(none).toMatchObject({ status: "cancelled", eigenvalues: [], matvecs: expect.any(Number) as number });
  expect(none.kappa).toEqual({ defined: false, reason: "cancelled before it was measured" });
  left = 25; // enough for the leading pairs, which start from the vectors of the first record
  const part = tracker.observe(2, params);
  expect(part.status).toBe("cancelled");
  expect(withinRelative(part.eigenvalues[0]!, whole.eigenvalues[0]!, 1e-6).ok).toBe(true);
});

test("κ of a positive definite Hessian is the ratio of its ends, within their residuals", () => {
  const net = mlp({ sizes: [3, 1], bias: false });
  const data = { inputs: [[1, 0, 0], [0, 2, 0], [0, 0, 4]], targets: [0, 0, 0] }; // prettier-ignore
  const record = spectralTracker(net, data, { rng: createRng(1), top: 1, smallest: true }).observe(
    0,
    new Float64Array(3),
  );
  expect(record.kappa?.defined && withinRelative(record.kappa.value, 16, 1e-10).ok).toBe(true); // H = diag(1, 4, 16)/3
});

test("two minima of one problem: a barrier on the line, none on the trained curve", () => {
  const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false });
  const data = { inputs: [[1]], targets: [1] };
  // On the hyperbola branch of positive weights, (4, 1/4) and (1/4, 4) are joined by w1 w2 = 1; the line rises to w1 w2 = 4.5.
  const result = modeConnectivity(net, Float64Array.of(4, 0.25), Float64Array.of(0.25, 4), data, {
    rng: createRng(10),
    points: 41,
    steps: 2000,
    eigenvalues: 1,
  });
  const middle = (2.125 ** 2 - 1) ** 2 / 2;
  expect(withinRelative(result.lineBarrier, middle, 1e-12).ok).toBe(true);
  expect(result.curveBarrier).toBeLessThan(0.2 * result.lineBarrier);
  expect(withinRelative([result.line[0].loss, result.line[40].loss, result.curve[0].loss], [0, 0, 0], 0).ok).toBe(true);
  // At (4, 1/4): H = [[w2², 2w1w2 − 1], [., w1²]] with eigenvalues 0 and w1² + w2².
  expect(withinRelative(result.line[0].largest[0], 16.0625, 1e-4).ok).toBe(true);
  expect(Math.abs(result.line[0].smallest ?? Number.NaN)).toBeLessThan(1e-6);
});

test("flatness: the invariant measures survive a ReLU rescaling, trace and sharpness do not", () => {
  const net = mlp({ sizes: [3, 6, 2], activation: "relu", bias: false, loss: "cross-entropy" });
  const params = initialize(net, "he", createRng(11));
  const data = randomData(net, 15, 12);
  const moved = params.map((value, i) => (i < 18 ? 10 * value : value / 10));
  const measure = (theta: Float64Array) => flatness(net, theta, data, { rng: createRng(13), probes: 200 });
  const [before, after] = [measure(params), measure(moved)];
  expect(withinRelative(after.fisherRao, before.fisherRao, 1e-11).ok).toBe(true);
  expect(withinRelative(after.weightedTrace.mean, before.weightedTrace.mean, 1e-9).ok).toBe(true); // equal probes: equal estimates
  expect(after.trace.mean / before.trace.mean).toBeGreaterThan(5);
  expect(after.sharpness.value / before.sharpness.value).toBeGreaterThan(5);
  const dense = eigh(toDense(hessian(net, params, data)), { vectors: false, triangle: "lower" }).values;
  const trace = dense.reduce((sum, value) => sum + value);
  expect(Math.abs(before.trace.mean - trace) / before.trace.standardError).toBeLessThan(4);
  expect(withinRelative(before.sharpness.value, dense[dense.length - 1], 1e-4).ok).toBe(true);
  expect(before.warning).toContain("compare networks by weightedTrace or fisherRao");
});

test("minima of a small regression are joined by a low curve where the line has a barrier", () => {
  const net = mlp({ sizes: [2, 24, 1], activation: "tanh" });
  const data = randomData(net, 30, 14);
  const minimum = (seed: number): Float64Array =>
    train(net, data, { optimizer: adam({ stepSize: 0.02 }), steps: 600, rng: createRng(seed), initialization: "lecun" })
      .params;
  const result = modeConnectivity(net, minimum(1), minimum(2), data, {
    rng: createRng(15),
    steps: 600,
    stepSize: 0.02,
  });
  expect(result.lineBarrier).toBeGreaterThan(0.05);
  expect(result.curveBarrier).toBeLessThan(0.5 * result.lineBarrier);
});
