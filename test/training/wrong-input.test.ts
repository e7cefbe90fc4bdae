import { expect, test } from "vitest";
import { ArgumentError } from "../../src/core/index.js";
import { mlp } from "../../src/networks/index.js";
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
    adviseStepSize: () => adviseStepSize(net, params, data, undefined as unknown as { rng: Rng }),
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
