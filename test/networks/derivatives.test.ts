import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError } from "../../src/core/index.js";
import {
  activationLayer,
  dense,
  expandLoss,
  gradient,
  hvp,
  ggnProduct,
  jacobian,
  jvp,
  loss,
  lossValue,
  mlp,
  perSampleGradients,
  predict,
  sequential,
  valueAndGradient,
  vjp,
  type Network,
} from "../../src/networks/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";
import { denseOf, derivativeErrors, dot, norm, randomData, randomParams, randomVector } from "./support.js";

/** Central differences with step 1e-5 in double precision are good to about 1e-9 of the scale; the laws allow 1e-6. */
const DIFFERENCE = 1e-6;
/** Identities between exact passes: factor 1000 over rounding of sums of a few hundred terms. */
const EXACT = 1e-12;

const smooth = ["tanh", "sigmoid", "softplus", "gelu", "silu", "erf", "identity", "sine"] as const;
const kinked = ["relu", "leaky-relu", "abs"] as const;

test.each([...smooth, ...kinked])(
  "%s networks: gradient and Hessian products agree with central differences",
  (activation) => {
    for (const lossName of ["mse", "cross-entropy"] as const) {
      const net = mlp({ sizes: [3, 5, 4, 3], activation, loss: lossName });
      const errors = derivativeErrors(net, randomParams(net, 3), randomData(net, 7, 4), 5);
      expect(errors.gradient).toBeLessThan(DIFFERENCE);
      expect(errors.hessian).toBeLessThan(DIFFERENCE);
      expect(errors.symmetry).toBeLessThan(EXACT);
    }
  },
);

test("networks of any widths, losses and parameterisations obey the derivative laws", () => {
  const cases = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
    activation: fc.constantFrom(...smooth),
    loss: fc.constantFrom("mse" as const, "cross-entropy" as const),
    parameterisation: fc.constantFrom("standard" as const, "ntk" as const),
    bias: fc.boolean(),
    n: fc.integer({ min: 1, max: 6 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
  });
  fc.assert(
    fc.property(cases, ({ n, seed, ...options }) => {
      const net = mlp({ ...options, weightScale: 1.3, biasScale: 0.7 });
      const params = randomParams(net, seed);
      const data = randomData(net, n, seed + 1);
      const errors = derivativeErrors(net, params, data, seed);
      expect(errors.gradient).toBeLessThan(DIFFERENCE);
      expect(errors.hessian).toBeLessThan(DIFFERENCE);
      expect(errors.symmetry).toBeLessThan(EXACT);
    }),
    { numRuns: 40 },
  );
});

test("jvp and vjp are adjoint, and both agree with the Jacobian", () => {
  const net = mlp({ sizes: [4, 6, 3], activation: "gelu", parameterisation: "ntk", weightScale: 1.4 });
  const params = randomParams(net, 1);
  const rng = createRng(2);
  const X = normalMatrix(rng, 5, 4);
  const v = randomVector(rng, net.parameterCount);
  const c = normalMatrix(rng, 5, 3);
  const forward = jvp(net, params, X, v);
  const backward = vjp(net, params, X, c);
  expect(withinRelative(dot(forward.data, c.data), dot(backward, v), EXACT).ok).toBe(true);
  const J = jacobian(net, params, X);
  expect([J.rows, J.cols]).toEqual([15, net.parameterCount]);
  const product = Float64Array.from({ length: 15 }, (_, i) => dot(J.data.subarray(i * J.cols, (i + 1) * J.cols), v));
  expect(within(product, forward.data, EXACT * norm(v)).ok).toBe(true);
});

test("per-sample gradients average to the gradient, and GGN products are Jᵀ Q J", () => {
  const net = mlp({ sizes: [3, 4, 4], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 8);
  const data = randomData(net, 6, 9);
  const rows = perSampleGradients(net, params, data);
  const mean = new Float64Array(rows.cols);
  rows.data.forEach((value, e) => (mean[e % rows.cols] += value / rows.rows));
  expect(within(mean, gradient(net, params, data), EXACT).ok).toBe(true);
  const v = randomVector(createRng(10), net.parameterCount);
  const J = jacobian(net, params, data.inputs);
  const u = { rows: 6, cols: 4, data: new Float64Array(24) };
  for (let i = 0; i < 24; i++) u.data[i] = dot(J.data.subarray(i * J.cols, (i + 1) * J.cols), v);
  const Qu = loss("cross-entropy").curvature(predict(net, params, data.inputs), data.targets, u);
  const expected = new Float64Array(net.parameterCount);
  for (let i = 0; i < 24; i++)
    for (let j = 0; j < J.cols; j++) expected[j] += (Qu.data[i] * J.data[i * J.cols + j]) / 6;
  expect(within(ggnProduct(net, params, data, v), expected, EXACT).ok).toBe(true);
});

test("chunks of any sizes give the full-data products: uneven last batches are weighted by their size", () => {
  const net = mlp({ sizes: [3, 5, 2], activation: "silu", loss: "cross-entropy" });
  const params = randomParams(net, 11);
  const data = randomData(net, 17, 12);
  const v = randomVector(createRng(13), net.parameterCount);
  const whole = {
    ...valueAndGradient(net, params, data),
    hv: hvp(net, params, data, v),
    gv: ggnProduct(net, params, data, v),
  };
  for (const options of [
    { batchSize: 1 },
    { batchSize: 5 },
    { batchSize: 16 },
    { batchSize: 4, memoryBudget: 1000 },
    { memoryBudget: 1 },
  ]) {
    const point = expandLoss(net, params, data, options);
    const out = new Float64Array(net.parameterCount);
    expect(withinRelative(point.value, whole.value, EXACT).ok).toBe(true);
    expect(within(point.gradient(), whole.gradient, EXACT).ok).toBe(true);
    point.hvp(v, out);
    expect(within(out, whole.hv, EXACT).ok).toBe(true);
    point.hvp(v, out); // a second product from kept or recomputed passes
    expect(within(out, whole.hv, EXACT).ok).toBe(true);
    point.ggnProduct(v, out);
    expect(within(out, whole.gv, EXACT).ok).toBe(true);
  }
  // Negative control: the mean of batch means is another number when the last batch is smaller.
  const meanOfMeans = [0, 5, 10, 15].map((first) => {
    const end = Math.min(17, first + 5);
    const part = { inputs: slice(data.inputs, first, end), targets: slice(data.targets, first, end) };
    return lossValue(net, params, part);
  });
  expect(withinRelative(meanOfMeans.reduce((a, b) => a + b) / 4, whole.value, EXACT).ok).toBe(false);
});

function slice(A: { cols: number; data: Float64Array }, first: number, end: number) {
  return { rows: end - first, cols: A.cols, data: A.data.slice(first * A.cols, end * A.cols) };
}

test("a user's own loss with its derivatives works like the built-in one", () => {
  const own = loss({
    name: "half squared error",
    value: (f, y) => f.reduce((sum, value, k) => sum + (value - y[k]) ** 2 / 2, 0),
    gradient: (f, y, out) => f.forEach((value, k) => (out[k] = value - y[k])),
    curvature: (_, __, u, out) => out.set(u),
  });
  const net = mlp({ sizes: [2, 3, 2], activation: "tanh" });
  const params = randomParams(net, 14);
  const data = randomData(net, 5, 15);
  const v = randomVector(createRng(16), net.parameterCount);
  const close = (a: Float64Array, b: Float64Array): void => expect(within(a, b, EXACT).ok).toBe(true);
  close(gradient(net, params, data, { loss: own }), gradient(net, params, data));
  close(hvp(net, params, data, v, { loss: own }), hvp(net, params, data, v));
  expect(() => loss({ name: "half", value: () => 0 } as never)).toThrow(
    "loss: gradient must be a function, got undefined; a loss needs its value, its gradient and its curvature product in the outputs",
  );
});

test("cross-entropy stays finite where the naive formula overflows", () => {
  const outputs = { rows: 1, cols: 3, data: Float64Array.of(1000, -1000, 0) };
  const target = { rows: 1, cols: 3, data: Float64Array.of(0, 1, 0) };
  expect(loss("cross-entropy").values(outputs, target)[0]).toBe(2000);
  expect([...loss("cross-entropy").gradients(outputs, target).data]).toEqual([1, -1, 0]);
});

test("softmax-shift directions of the last bias are exact zero modes of the Hessian", () => {
  const net = mlp({ sizes: [2, 4, 3], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 17);
  const t = new Float64Array(net.parameterCount);
  t.fill(1, net.parameterCount - 3);
  const Ht = hvp(net, params, randomData(net, 6, 18), t);
  expect(norm(Ht)).toBeLessThan(1e-15);
});

test("a ReLU rescaling tangent annihilates the gradient always, the Hessian only at critical points", () => {
  const net = mlp({ sizes: [2, 3, 1], activation: "relu", bias: false });
  const params = randomParams(net, 19);
  const data = randomData(net, 8, 20);
  const t = params.map((value, i) => (i < 6 ? value : -value));
  const g = gradient(net, params, data);
  expect(Math.abs(dot(g, t))).toBeLessThan(EXACT * norm(g) * norm(t));
  // Differentiating gᵀt = 0 once more: H t = −(gradient with the signs of t).
  const expected = g.map((value, i) => (i < 6 ? -value : value));
  expect(within(hvp(net, params, data, t), expected, EXACT * norm(g)).ok).toBe(true);
});

test("the Hessian of a network of extreme scales neither overflows nor loses its symmetry", () => {
  for (const scale of [1e-150, 1e-60, 1e60]) {
    const net = mlp({ sizes: [2, 3, 1], activation: "identity" });
    const params = randomParams(net, 21).map((value) => value * scale);
    const point = expandLoss(net, params, randomData(net, 3, 22));
    const H = denseOf(net.parameterCount, (v, out) => point.hvp(v, out));
    const top = Math.max(...H.data.map(Math.abs));
    expect(Number.isFinite(top)).toBe(true);
    for (let i = 0; i < H.rows; i++) {
      for (let j = 0; j < i; j++)
        expect(Math.abs(H.data[i * H.cols + j] - H.data[j * H.cols + i])).toBeLessThan(EXACT * top);
    }
  }
});

test("bad input is refused with the argument, what came and what was expected", () => {
  const net = mlp({ sizes: [2, 3, 4], loss: "cross-entropy" });
  const params = new Float64Array(net.parameterCount);
  const X = [[1, 2]];
  const fails = (call: () => unknown, kind: new (...args: never[]) => Error, text: string): void => {
    expect(call).toThrow(kind);
    expect(call).toThrow(text);
  };
  fails(
    () => mlp({ sizes: [2] }),
    ArgumentError,
    "mlp: sizes must be an array of at least two widths, got an array of length 1",
  );
  fails(() => mlp({ sizes: [2, 0] }), ArgumentError, "mlp: sizes[1] must be an integer >= 1, got 0");
  fails(
    () => sequential([dense({ inputs: 2, outputs: 3 }), activationLayer("tanh"), dense({ inputs: 4, outputs: 1 })]),
    ShapeError,
    "sequential: the input of layer2 (dense) must be a vector of width 4, got shape 3; match the widths of neighbouring layers",
  );
  fails(() => sequential([]), ArgumentError, "sequential: layers must be a non-empty array of layers");
  fails(() => sequential([activationLayer("tanh")]), ArgumentError, "inputShape must be given when no layer fixes it");
  fails(
    () => gradient(net, params, { inputs: X, targets: [4] }),
    ArgumentError,
    "oneHot: label 0 must be an integer in [0, 3], got 4",
  );
  fails(
    () => gradient(net, params, { inputs: X, targets: [[1, 1, 0, 0]] }),
    ArgumentError,
    "rows of class probabilities",
  );
  fails(
    () => gradient(net, params, { inputs: [[1, 2, 3]], targets: [0] }),
    ShapeError,
    "of 2 columns, the width of the network's input, got 1 x 3",
  );
  fails(
    () => gradient(net, params, { inputs: X, targets: [0, 1] }),
    ShapeError,
    "targets must be 1 x 4, one row per sample, got 2 x 4",
  );
  fails(
    () => gradient(net, params.subarray(1), { inputs: X, targets: [0] }),
    ShapeError,
    "params must be of length 25",
  );
  fails(() => gradient(net, params, { inputs: [[1, NaN]], targets: [0] }), NonFiniteError, "NaN");
  fails(
    () =>
      gradient(net, params, {
        inputs: { rows: 0, cols: 2, data: new Float64Array(0) },
        targets: { rows: 0, cols: 4, data: new Float64Array(0) },
      }),
    ShapeError,
    "at least one row",
  );
  const broken: Network["parameterCount"] = net.parameterCount;
  fails(
    () => hvp(net, params, { inputs: X, targets: [0] }, new Float64Array(broken + 1)),
    ShapeError,
    "direction must be of length 25",
  );
});
