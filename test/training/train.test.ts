import { expect, test } from "vitest";
import { ArgumentError } from "../../src/core/index.js";
import { gradient, lossValue, mlp } from "../../src/networks/index.js";
import { createRng } from "../../src/random/index.js";
import {
  adam,
  cosineSchedule,
  gradientDescent,
  momentum,
  type Optimizer,
  rmsprop,
  stepSchedule,
  train,
  warmupSchedule,
} from "../../src/training/index.js";
import { norm, randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";

/** Loss Σ λ_i θ_i²/2 as a linear network: one output, inputs √(n λ_i) e_i, targets 0. */
function quadratic(lambda: readonly number[]) {
  const n = lambda.length;
  const inputs = lambda.map((value, i) => Array.from({ length: n }, (_, j) => (i === j ? Math.sqrt(n * value) : 0)));
  return { net: mlp({ sizes: [n, 1], bias: false }), data: { inputs, targets: new Array<number>(n).fill(0) } };
}

function distanceAfter(
  optimizer: Optimizer,
  lambda: readonly number[],
  start: Float64Array,
  steps: number,
): Float64Array {
  const { net, data } = quadratic(lambda);
  return train(net, data, { optimizer, steps, params: start }).params;
}

test("gradient descent on a quadratic multiplies each mode by (1 − ηλ)", () => {
  const start = Float64Array.of(1, 1);
  for (const eta of [0.05, 0.19, 0.2, 0.201]) {
    const theta = distanceAfter(gradientDescent({ stepSize: eta }), [1, 10], start, 50);
    expect(withinRelative(theta, [(1 - eta) ** 50, (1 - 10 * eta) ** 50], 1e-12).ok).toBe(true);
  }
});

test("heavy ball and Nesterov follow their recurrences exactly, and diverge just beyond their limits", () => {
  for (const nesterov of [false, true]) {
    const gamma = 0.9;
    const limit = momentum({ stepSize: 1, momentum: gamma, nesterov }).stabilityLimit as number;
    expect(withinRelative(limit, nesterov ? 3.8 / 2.8 : 3.8, 1e-15).ok).toBe(true);
    const eta = 0.3;
    let [theta, v] = [1, 0];
    for (let t = 0; t < 30; t++) {
      const g = theta;
      v = gamma * v + eta * g;
      theta -= nesterov ? eta * g + gamma * v : v;
    }
    const run = distanceAfter(momentum({ stepSize: eta, momentum: gamma, nesterov }), [1], Float64Array.of(1), 30);
    expect(withinRelative(run[0], theta, 1e-13).ok).toBe(true);
    const size = (ratio: number): number =>
      Math.abs(
        distanceAfter(
          momentum({ stepSize: ratio * limit, momentum: gamma, nesterov }),
          [1],
          Float64Array.of(1),
          2000,
        )[0],
      );
    expect(size(0.99)).toBeLessThan(1);
    expect(size(1.01)).toBeGreaterThan(1e3);
  }
});

test("Adam and RMSProp follow their formulas", () => {
  const g = [2, 1, 0.5];
  // With the loss θ·x (one sample, huge target) the gradient is not constant; use one-parameter steps by hand instead.
  const context = { stepSize: 0.1 } as never;
  let [m, v, theta] = [0, 0, 1];
  const run = adam({ stepSize: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }).start(1);
  const params = Float64Array.of(1);
  g.forEach((value, t) => {
    m = 0.8 * m + 0.2 * value;
    v = 0.9 * v + 0.1 * value ** 2;
    const vHat = v / (1 - 0.9 ** (t + 1));
    theta -= (0.1 * (m / (1 - 0.8 ** (t + 1)))) / (Math.sqrt(vHat) + 1e-3);
    run.step(params, Float64Array.of(value), context);
    expect(withinRelative(run.preconditioner?.()?.[0] ?? Number.NaN, Math.sqrt(vHat) + 1e-3, 1e-14).ok).toBe(true);
  });
  expect(withinRelative(params[0], theta, 1e-14).ok).toBe(true);
  const square = rmsprop({ stepSize: 0.1, decay: 0.9, epsilon: 1e-3 }).start(1);
  expect(square.preconditioner?.()).toBeNull();
  const other = Float64Array.of(1);
  square.step(other, Float64Array.of(2), context);
  expect(withinRelative(other[0], 1 - 0.2 / (Math.sqrt(0.4) + 1e-3), 1e-14).ok).toBe(true);
  // The first Adam step has size η whatever the gradient's scale (up to ε).
  const tiny = Float64Array.of(0);
  adam({ stepSize: 0.1 }).start(1).step(tiny, Float64Array.of(1e-3), context);
  expect(withinRelative(tiny[0], -0.1, 1e-4).ok).toBe(true);
});

test("equal seeds give equal runs; an epoch visits every sample once, in batches weighted by their size", () => {
  const net = mlp({ sizes: [2, 5, 3], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 23, 1);
  const run = (seed: number) =>
    train(net, data, { optimizer: adam({ stepSize: 0.01 }), epochs: 3, batchSize: 10, rng: createRng(seed) });
  const a = run(5);
  expect([...a.params]).toEqual([...run(5).params]);
  expect([...a.params]).not.toEqual([...run(6).params]);
  expect([a.steps, a.epochs, a.history.length, a.status]).toEqual([9, 3, 3, "converged"]);
  const seen: number[] = [];
  const rows = Array.from({ length: 23 }, (_, i) => data.inputs.data[2 * i]);
  train(net, data, {
    optimizer: {
      ...gradientDescent({ stepSize: 0.1 }),
      start: () => ({
        step: (_, __, { batch }) => {
          for (let i = 0; i < batch.inputs.rows; i++) seen.push(rows.indexOf(batch.inputs.data[2 * i]));
        },
      }),
    },
    epochs: 1,
    batchSize: 10,
    rng: createRng(7),
  });
  expect([...seen].sort((x, y) => x - y)).toEqual(Array.from({ length: 23 }, (_, i) => i));
});

test("a loss that is not finite ends the run with the last finite parameters", () => {
  const { net, data } = quadratic([1]);
  const result = train(net, data, {
    optimizer: gradientDescent({ stepSize: 1e200 }),
    steps: 100,
    params: Float64Array.of(1),
  });
  expect(result.status).toBe("breakdown");
  expect(Number.isFinite(lossValue(net, result.params, data))).toBe(true);
  expect(result.advice).toBe(
    "the loss or its gradient was not finite after 1 steps: lower the step size (now 1e+200) or clip the gradient; params are the last with a finite loss",
  );
  expect(result.params[0]).toBe(1);
});

test("cancellation returns what is done; stop ends a run", () => {
  const { net, data } = quadratic([1, 2]);
  const signal = { aborted: false };
  const cancelled = train(net, data, {
    optimizer: gradientDescent({ stepSize: 0.1 }),
    steps: 100,
    params: Float64Array.of(1, 1),
    signal,
    onStep: ({ step }) => (signal.aborted = step >= 6),
  });
  expect([cancelled.status, cancelled.steps]).toEqual(["cancelled", 7]);
  expect(withinRelative(cancelled.params[0], 0.9 ** 7, 1e-13).ok).toBe(true);
  const stopped = train(net, data, {
    optimizer: gradientDescent({ stepSize: 0.1 }),
    steps: 100,
    params: Float64Array.of(1, 1),
    stop: ({ loss }) => loss < 0.1,
  });
  expect(stopped.status).toBe("converged");
  expect(stopped.lastLoss).toBeLessThan(0.1);
});

test("clipping bounds the gradient; weight decay is the gradient of (μ/2)‖θ‖²", () => {
  const net = mlp({ sizes: [2, 3, 1], activation: "tanh" });
  const data = randomData(net, 6, 2);
  const params = randomParams(net, 3);
  const g = gradient(net, params, data);
  const one = (extra: object): Float64Array =>
    train(net, data, { optimizer: gradientDescent({ stepSize: 1 }), steps: 1, params, ...extra }).params.map(
      (value, i) => params[i] - value,
    );
  expect(within(one({}), g, 1e-14).ok).toBe(true);
  expect(withinRelative(norm(one({ clip: 0.01 })), 0.01, 1e-12).ok).toBe(true);
  expect(within(one({ clip: 1e6 }), g, 1e-14).ok).toBe(true);
  const decayed = g.map((value, i) => value + 0.5 * params[i]);
  expect(within(one({ weightDecay: 0.5 }), decayed, 1e-14).ok).toBe(true);
});

test("early stopping returns the parameters of the best validation loss", () => {
  const net = mlp({ sizes: [1, 30, 1], activation: "tanh" });
  const data = randomData(net, 8, 4); // noise: more training makes validation worse
  const validation = randomData(net, 50, 5);
  const run = train(net, data, {
    optimizer: adam({ stepSize: 0.03 }),
    steps: 2000,
    recordEvery: 10,
    rng: createRng(1),
    validation,
    earlyStopping: { patience: 5 },
  });
  expect(run.steps).toBeLessThan(2000);
  const best = Math.min(...run.history.map((record) => record.validationLoss as number));
  expect(withinRelative(lossValue(net, run.params, validation), best, 1e-14).ok).toBe(true);
});

test("schedules take their stated values", () => {
  expect(within([0, 5, 10, 20].map(cosineSchedule(10, 0.2)), [1, 0.6, 0.2, 0.2], 1e-15).ok).toBe(true);
  expect([0, 9, 10, 25].map(stepSchedule(10, 0.5))).toEqual([1, 1, 0.5, 0.25]);
  expect([0, 3, 4, 9].map(warmupSchedule(4, stepSchedule(5, 0.1)))).toEqual([0.25, 1, 1, 0.1]);
});

test("a classifier of three separated blobs reaches full accuracy", () => {
  const rng = createRng(9);
  const targets = Array.from({ length: 60 }, (_, i) => i % 3);
  const inputs = targets.map((c) => [
    3 * Math.cos(c * 2.1) + 0.3 * rng.normal(),
    3 * Math.sin(c * 2.1) + 0.3 * rng.normal(),
  ]);
  const net = mlp({ sizes: [2, 16, 3], activation: "relu", loss: "cross-entropy" });
  const run = train(
    net,
    { inputs, targets },
    { optimizer: adam({ stepSize: 0.01 }), epochs: 60, batchSize: 20, rng, validation: { inputs, targets } },
  );
  expect(run.history.at(-1)?.validationAccuracy).toBe(1);
});

test("bad input is refused before any work", () => {
  const { net, data } = quadratic([1]);
  const optimizer = gradientDescent({ stepSize: 0.1 });
  const params = Float64Array.of(1);
  const fails = (call: () => unknown, text: string): void => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(text);
  };
  fails(
    () => train(net, data, { optimizer, params }),
    "train: epochs or steps must be given, exactly one of the two, got neither",
  );
  fails(
    () => train(net, data, { optimizer, steps: 1 }),
    "train: rng must be given when parameters or batches are drawn, got undefined; pass { rng: createRng(seed) }",
  );
  fails(() => train(net, data, { optimizer: {} as never, steps: 1, params }), "train: optimizer must be an optimiser");
  fails(
    () => train(net, data, { optimizer, steps: 1, params, earlyStopping: { patience: 2 } }),
    "train: validation must be given with earlyStopping",
  );
  fails(() => gradientDescent({ stepSize: 0 }), "gradientDescent: stepSize must be a finite number > 0, got 0");
  fails(() => adam({ stepSize: 1, beta1: 1 }), "adam: beta1 must be a number in [0, 1), got 1");
  expect(() => train(net, data, { optimizer, steps: 1, params, optimiser: 1 } as never)).toThrow(
    'train: option "optimiser" must be one of',
  );
});
