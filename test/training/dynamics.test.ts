import { expect, test } from "vitest";
import { hessian } from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { lossValue, mlp } from "../../src/networks/index.js";
import { solutionAt } from "../../src/ode/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, mulberry32 } from "../../src/random/index.js";
import {
  adam,
  adviseStepSize,
  convergenceRate,
  edgeOfStability,
  gradientDescent,
  gradientFlow,
  kfacDescent,
  momentum,
  naturalGradient,
  optimalSteps,
  train,
} from "../../src/training/index.js";
import { randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Run {
  seed: number;
  eta: number;
  momentum: number;
  init_sharp: number;
  max_sharp: number;
  "late_mean_eta*sharp": number;
  loss: [number, number];
}
const { eos } = fixture<{ eos: { runs: Run[] } }>("training/eos.json");

/** The reference recipe: 1-16-16-1 tanh, zero biases, mulberry32 normals over √fanIn. */
function recipe(seed: number) {
  const net = mlp({ sizes: [1, 16, 16, 1], activation: "tanh" });
  const stream = mulberry32(seed);
  const params = new Float64Array(net.parameterCount);
  for (const { role, offset, length, fanIn } of net.blocks) {
    if (role === "weight") for (let i = 0; i < length; i++) params[offset + i] = stream.normal() / Math.sqrt(fanIn);
  }
  const x = Array.from({ length: 40 }, (_, i) => -1 + (2 * (i + 0.5)) / 40);
  return {
    net,
    params,
    data: { inputs: x.map((v) => [v]), targets: x.map((v) => Math.sin(3 * v) + 0.3 * Math.cos(7 * v)) },
  };
}

const runs = eos.runs.filter((run) => run.eta !== 0.8);

test.each(runs)(
  "seed $seed, step size $eta, momentum $momentum: sharpness along the run agrees with the reference",
  (r) => {
    const { net, params, data } = recipe(r.seed);
    const optimizer =
      r.momentum === 0 ? gradientDescent({ stepSize: r.eta }) : momentum({ stepSize: r.eta, momentum: r.momentum });
    const report = edgeOfStability(net, data, { optimizer, steps: 4000, every: 400, params, rng: createRng(1) });
    expect(withinRelative(report.initialSharpness, r.init_sharp, 1e-8).ok).toBe(true);
    expect(withinRelative(report.losses[0], r.loss[0], 1e-13).ok).toBe(true);
    // Trajectories beyond the edge amplify rounding, and the reference measured other steps: 5 % on late quantities.
    const late = report.lateMeanProduct.defined ? report.lateMeanProduct.value : Number.NaN;
    expect(withinRelative(late, r["late_mean_eta*sharp"], 0.05).ok).toBe(true);
    // Heavy ball at 0.2 passes a chaotic stretch: moving one weight by 1e-15 to 1e-12 (ten times) moves its last loss between 4.25e-5 and
    // 4.62e-5, so that two programs agree to 10 % at best.
    const chaotic = r.momentum > 0 && r.eta === 0.2;
    expect(withinRelative(report.losses[report.losses.length - 1], r.loss[1], chaotic ? 0.1 : 0.05).ok).toBe(true);
    expect(report.verdict).toBe(r.eta >= 0.4 ? "at the edge" : "below the edge");
  },
);

test("a step size far beyond 2/sharpness diverges, and the report says so", () => {
  const { net, params, data } = recipe(1);
  const report = edgeOfStability(net, data, {
    optimizer: gradientDescent({ stepSize: 0.8 }),
    steps: 4000,
    params,
    rng: createRng(1),
  });
  expect([report.verdict, report.status, report.lateMeanProduct.defined]).toEqual(["diverged", "breakdown", false]);
  expect(report.params.every(Number.isFinite)).toBe(true);
});

test.each([1e-3, 3e-3])("Adam hovers at its own preconditioned threshold, step size %f", (stepSize) => {
  const { net, params, data } = recipe(1);
  const report = edgeOfStability(net, data, {
    optimizer: adam({ stepSize, beta2: 0.99 }),
    steps: 4000,
    every: 400,
    params,
    rng: createRng(1),
  });
  expect(report.preconditioned).toBe(true);
  const late = report.lateMeanProduct.defined ? report.lateMeanProduct.value : Number.NaN;
  expect(late).toBeGreaterThan(31);
  expect(late).toBeLessThan(40);
});

test("gradient flow of a quadratic is the exponential, and its loss falls at every sample", () => {
  const net = mlp({ sizes: [2, 1], bias: false });
  const data = {
    inputs: [
      [2, 0],
      [0, 1],
    ],
    targets: [0, 0],
  }; // H = diag(2, 1/2)
  const times = [0.3, 1, 2.5];
  const flow = gradientFlow(net, Float64Array.of(1, 1), data, { duration: 2.5, tolerance: 1e-11, times });
  expect(within(flow.params, [Math.exp(-5), Math.exp(-1.25)], 1e-9).ok).toBe(true);
  const expected = times.map((t) => Math.exp(-4 * t) + 0.25 * Math.exp(-t));
  expect(within(flow.losses, expected, 1e-9).ok).toBe(true);
  expect(flow.solution.convergence.status).toBe("converged");
});

test("the dense output of the flow is the flow between its steps, and a cancelled flow returns where it came to", () => {
  const net = mlp({ sizes: [1, 1], bias: false });
  const data = { inputs: [[1]], targets: [0] }; // θ' = −θ
  const options = { duration: 2, tolerance: 1e-10, dense: true } as const;
  const { solution } = gradientFlow(net, Float64Array.of(1), data, options);
  const times = Array.from({ length: 41 }, (_, k) => k / 20);
  const values = times.map((t) => solutionAt(solution, t)[0]);
  expect(
    within(
      values,
      times.map((t) => Math.exp(-t)),
      1e-8,
    ).ok,
  ).toBe(true);
  const cut = gradientFlow(net, Float64Array.of(1), data, { ...options, signal: { aborted: true } });
  expect([cut.solution.convergence.status, cut.params[0]]).toEqual(["cancelled", 1]);
});

test("gradient descent approaches the flow at first order in its step", () => {
  const net = mlp({ sizes: [2, 4, 1], activation: "tanh" });
  const params = randomParams(net, 1);
  const data = randomData(net, 6, 2);
  const flow = gradientFlow(net, params, data, { duration: 1, tolerance: 1e-11, method: "dop853" });
  expect(flow.finalLoss).toBeLessThan(flow.initialLoss);
  const error = (steps: number): number => {
    const run = train(net, data, { optimizer: gradientDescent({ stepSize: 1 / steps }), steps, params });
    return Math.hypot(...run.params.map((value, i) => value - flow.params[i]));
  };
  const slope = Math.log2(error(50) / error(100));
  expect(slope).toBeGreaterThan(0.9);
  expect(slope).toBeLessThan(1.1);
});

test("natural gradient and K-FAC solve a badly scaled problem that defeats gradient descent", () => {
  const net = mlp({ sizes: [3, 3], loss: "cross-entropy" });
  const rng = createRng(3);
  const targets = Array.from({ length: 60 }, (_, i) => i % 3);
  const inputs = targets.map((c) => [
    1000 * (rng.normal() + (c === 1 ? 1 : 0)),
    rng.normal() + (c === 2 ? 2 : 0),
    1e-3 * rng.normal(),
  ]);
  const data = { inputs, targets };
  const params = new Float64Array(net.parameterCount);
  const final = (optimizer: ReturnType<typeof adam>, steps: number): number =>
    train(net, data, { optimizer, steps, params }).lastLoss;
  const natural = final(naturalGradient({ stepSize: 1, damping: 1e-6, tolerance: 1e-10 }), 15);
  const kfac = final(kfacDescent({ stepSize: 0.5, damping: 1e-3, refreshEvery: 1 }), 30);
  const plain = final(gradientDescent({ stepSize: 1e-6 }), 100);
  expect(natural).toBeLessThan(plain - 0.1);
  expect(kfac).toBeLessThan(plain - 0.1);
});

test("the natural-gradient step of a linear model with mse is the damped Newton step", () => {
  const net = mlp({ sizes: [2, 1], bias: false });
  const data = {
    inputs: [
      [2, 0],
      [0, 1],
    ],
    targets: [2, 3],
  }; // H = diag(2, 1/2), minimum (1, 3)
  const run = train(net, data, {
    optimizer: naturalGradient({ stepSize: 1, damping: 0.5, tolerance: 1e-14 }),
    steps: 1,
    params: new Float64Array(2),
  });
  expect(within(run.params, [2 / 2.5, 1.5 / 1], 1e-13).ok).toBe(true);
});

test("the step-size advice is the limit over the largest eigenvalue", () => {
  const net = mlp({ sizes: [2, 4, 2], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 4);
  const data = randomData(net, 9, 5);
  const { values } = eigh(toDense(hessian(net, params, data)), { vectors: false, triangle: "lower" });
  const advice = adviseStepSize(net, params, data, { rng: createRng(6), limit: 3.8 });
  const maximum = advice.maximum.defined ? advice.maximum.value : Number.NaN;
  expect(withinRelative(maximum, 3.8 / values[values.length - 1], 1e-4).ok).toBe(true);
  expect(advice.status).toBe("converged");
  // A signal ends the eigensolver: before the first product nothing is known, later the sharpness is a lower bound.
  for (const products of [0, 1, 3]) {
    let asked = 0;
    const signal = {
      get aborted() {
        return asked++ >= products;
      },
    };
    const cut = adviseStepSize(net, params, data, { rng: createRng(6), signal });
    expect(cut.status).toBe("cancelled");
    expect(cut.maximum.defined).toBe(products > 0);
    expect(cut.maximum.defined || cut.maximum.reason).toBe(
      products > 0 || "cancelled before the sharpness was measured",
    );
    expect(cut.sharpness).toBeLessThanOrEqual(values[values.length - 1] * (1 + 1e-12));
  }
  // Just below the advice a short run does not increase the loss of the local quadratic's scale.
  const below = train(net, data, { optimizer: gradientDescent({ stepSize: maximum / 4 }), steps: 20, params });
  expect(below.lastLoss).toBeLessThan(lossValue(net, params, data));
});

test("convergence factors agree with long runs of the optimisers, on both sides of their limits", () => {
  for (const optimizer of [
    gradientDescent({ stepSize: 0.15 }),
    gradientDescent({ stepSize: 0.21 }),
    momentum({ stepSize: 0.3, momentum: 0.8 }),
    momentum({ stepSize: 0.1, momentum: 0.8, nesterov: true }),
  ]) {
    const net = mlp({ sizes: [2, 1], bias: false });
    const data = {
      inputs: [
        [Math.sqrt(2), 0],
        [0, Math.sqrt(20)],
      ],
      targets: [0, 0],
    }; // eigenvalues 1 and 10
    const sizes: number[] = [];
    train(net, data, {
      optimizer,
      steps: 401,
      params: Float64Array.of(1, 1),
      onStep: ({ params }) => sizes.push(Math.hypot(...params)),
    });
    // Complex roots make the distance oscillate: the rate is that of its envelope over whole stretches.
    const envelope = (from: number): number => Math.max(...sizes.slice(from, from + 40));
    const measured = (envelope(340) / envelope(140)) ** (1 / 200);
    const { rate, stable } = convergenceRate(optimizer, [1, 10]);
    expect(withinRelative(measured, rate, 0.01).ok).toBe(true);
    expect(stable).toBe(measured < 1);
  }
  expect(() => convergenceRate(adam({ stepSize: 0.1 }), [1])).toThrow(
    "convergenceRate: optimizer must be gradient descent, heavy ball or Nesterov, got adam",
  );
  expect(() => convergenceRate(gradientDescent({ stepSize: 0.1 }), [])).toThrow("at least one number > 0");
});

test("the optimal steps attain their stated rates, and neighbours are slower", () => {
  const steps = optimalSteps(1, 50);
  const rate = (stepSize: number): number => convergenceRate(gradientDescent({ stepSize }), [1, 50]).rate;
  expect(withinRelative(rate(steps.gradientDescent.stepSize), steps.gradientDescent.rate, 1e-13).ok).toBe(true);
  expect(rate(1.05 * steps.gradientDescent.stepSize)).toBeGreaterThan(steps.gradientDescent.rate);
  expect(rate(0.95 * steps.gradientDescent.stepSize)).toBeGreaterThan(steps.gradientDescent.rate);
  const ball = momentum({ stepSize: steps.heavyBall.stepSize, momentum: steps.heavyBall.momentum });
  // Equal roots: rounding of the discriminant enters by its square root.
  expect(withinRelative(convergenceRate(ball, [1, 50]).rate, steps.heavyBall.rate, 1e-7).ok).toBe(true);
});
