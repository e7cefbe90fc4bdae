import { expect, test } from "vitest";
import { ArgumentError } from "../../src/core/index.js";
import { batchNorm, dense, loss, mlp, sequential } from "../../src/networks/index.js";
import { createRng, requireRng, type Rng } from "../../src/random/index.js";
import {
  adviseStepSize,
  compareArchitectures,
  doubleDescent,
  type DoubleDescentOptions,
  edgeOfStability,
  type EdgeOfStabilityOptions,
  escapeTimes,
  gradientDescent,
  gradientFlow,
  modeConnectivity,
  normalizationEffect,
  rankCorrelation,
  sgdNoise,
  spectralTracker,
  type TrackerState,
  train,
  type TrainOptions,
} from "../../src/training/index.js";
import { randomData, randomParams } from "../networks/support.js";

const net = mlp({ sizes: [3, 4, 2], activation: "tanh", loss: "cross-entropy" });
const params = randomParams(net, 1);
const data = randomData(net, 8, 2);

/** A signal that is raised at its n-th look. */
function after(looks: number): { readonly aborted: boolean } {
  let seen = 0;
  return {
    get aborted() {
      return ++seen > looks;
    },
  };
}

test("randomness and optimisers that are missing are errors that say what to pass", () => {
  const none = {} as { rng: Rng };
  const calls: Record<string, () => unknown> = {
    adviseStepSize: () => adviseStepSize(net, params, data, none),
    compareArchitectures: () => compareArchitectures([], none),
    normalizationEffect: () => normalizationEffect(none),
    doubleDescent: () => doubleDescent({ samples: 5 } as unknown as DoubleDescentOptions),
    edgeOfStability: () => edgeOfStability(net, data, undefined as unknown as EdgeOfStabilityOptions),
    escapeTimes: () => escapeTimes(none),
    modeConnectivity: () => modeConnectivity(net, params, params, data, none),
    rankCorrelation: () => rankCorrelation([1, 2, 3], [1, 2, 3], none),
    sgdNoise: () => sgdNoise(net, params, data, none),
    spectralTracker: () => spectralTracker(net, data, none),
    mine: () => requireRng(createRng, "mine"), // the function instead of what it makes
  };
  for (const [name, call] of Object.entries(calls)) {
    expect(call, name).toThrow(ArgumentError);
    expect(call).toThrow(`${name}: rng must be a stream of random numbers, got`);
    expect(call).toThrow("pass { rng: createRng(seed) }");
  }
  const text = "optimizer must be an optimiser, got undefined; for example gradientDescent({ stepSize: 0.1 })";
  expect(() => train(net, data, undefined as unknown as TrainOptions)).toThrow(text);
  expect(() => edgeOfStability(net, data, { steps: 1, rng: createRng(1) } as EdgeOfStabilityOptions)).toThrow(text);
});

test("a run that is cancelled within a measurement of sharpness keeps no empty record", () => {
  const lengths = new Set<number>();
  for (let looks = 0; looks < 14; looks++) {
    const report = edgeOfStability(net, data, {
      optimizer: gradientDescent({ stepSize: 0.1 }),
      steps: 10,
      every: 1,
      rng: createRng(3),
      params,
      signal: after(looks),
    });
    expect(report.status).toBe("cancelled");
    lengths.add(report.records.length);
    for (const { sharpness, product, residualNorm } of report.records) {
      expect([sharpness, product, residualNorm].every(Number.isFinite)).toBe(true);
    }
  }
  expect(lengths.has(0)).toBe(true);
  expect(lengths.has(1)).toBe(true);
});

test("cancelled mode connectivity keeps all losses and the eigenvalues that it had", () => {
  const other = randomParams(net, 4);
  const options = { rng: createRng(5), points: 3, steps: 2, eigenvalues: 2 };
  const stopped = modeConnectivity(net, params, other, data, { ...options, signal: { aborted: true } });
  expect(stopped.status).toBe("cancelled");
  expect([...stopped.line, ...stopped.curve].every(({ loss }) => Number.isFinite(loss))).toBe(true);
  expect(stopped.line.map(({ largest, smallest }) => [largest.length, smallest])).toEqual(Array(3).fill([0, null]));
  // Raised while the curve's spectra are computed: the status says so, too.
  const midway = modeConnectivity(net, params, other, data, { ...options, signal: after(60) });
  expect(midway.status).toBe("cancelled");
  expect(midway.line[0].largest).toHaveLength(2);
});

test("a tracker state of another network is refused", () => {
  const resume = (state: unknown): (() => unknown) => {
    return () => spectralTracker(net, data, { rng: createRng(6), resume: state as TrackerState });
  };
  const text = "spectralTracker: resume must be what state() of a tracker on 26 parameters returned";
  expect(resume({ vectors: [[1, 2]], kernel: null, count: 1 })).toThrow(text);
  expect(resume({})).toThrow(text);
  expect(resume({ vectors: [], kernel: null, count: -1 })).toThrow("resume.count must be an integer >= 0");
  expect(resume({ vectors: [], kernel: null, count: 0 })).not.toThrow();
});

test("a gradient that is not finite ends a run, though the loss is finite, with the parameters before the step", () => {
  let calls = 0;
  const broken = loss({
    name: "broken",
    value: () => 1,
    gradient: (_, __, out) => out.fill(++calls > 2 ? Number.NaN : 1),
    curvature: (_, __, ___, out) => out.fill(0),
  });
  const one = mlp({ sizes: [1, 1], bias: false, loss: broken });
  const line = { inputs: [[1]], targets: [[0]] };
  const optimizer = gradientDescent({ stepSize: 0.5 });
  const run = train(one, line, { optimizer, steps: 5, params: Float64Array.of(3) });
  expect([run.status, run.steps, run.params[0]]).toEqual(["breakdown", 2, 2]);
  expect(run.advice).toContain("the loss or its gradient was not finite after 2 steps");
  calls = 0;
  expect(() =>
    train(one, line, { optimizer, steps: 5, params: Float64Array.of(3), schedule: () => Number.NaN }),
  ).toThrow("train: schedule must be a function that returns finite factors, got NaN at step 0");
});

test("clipping holds where the squares of the gradient overflow", () => {
  const one = mlp({ sizes: [1, 1], bias: false }); // gradient x² θ = 1e200 θ
  const run = train(
    one,
    { inputs: [[1e100]], targets: [[0]] },
    {
      optimizer: gradientDescent({ stepSize: 1 }),
      steps: 1,
      clip: 0.25,
      params: Float64Array.of(1),
    },
  );
  expect(run.params[0]).toBe(0.75);
  expect(run.history[0].gradientNorm).toBe(1e200);
});

test("a flow needs a duration > 0; noise of coupled samples is refused in its own name", () => {
  const text = "gradientFlow: duration must be a finite number";
  expect(() => gradientFlow(net, params, data, { duration: -1 })).toThrow(text);
  expect(() => gradientFlow(net, params, data, undefined as unknown as { duration: number })).toThrow(text);
  const coupled = sequential([batchNorm(), dense({ outputs: 2 })], { inputShape: [3], loss: "cross-entropy" });
  expect(() => sgdNoise(coupled, randomParams(coupled, 7), data, { rng: createRng(8) })).toThrow(
    "sgdNoise: net must be without layers that couple samples",
  );
});
