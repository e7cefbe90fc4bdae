import { expect, test } from "vitest";
import { ShapeError, UnsupportedError } from "../../src/core/index.js";
import { empiricalFisher, empiricalNtk, ggn, kfac } from "../../src/curvature/index.js";
import { matmul, svd } from "../../src/linalg/index.js";
import {
  activationLayer,
  averagePool,
  batchNorm,
  conv1d,
  conv2d,
  dense,
  expandLoss,
  flatten,
  gradient,
  initialize,
  jacobian,
  jvp,
  layerNorm,
  type LayerDefinition,
  maxPool,
  mlp,
  perSampleGradients,
  predict,
  residual,
  sequential,
  spectralDense,
  vjp,
} from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { frobenius, within, withinRelative } from "../support/compare.js";
import { derivativeErrors, dot, norm, randomData, randomVector } from "./support.js";

/** Central differences of step 1e-5 against exact passes. */
const DIFFERENCE = 1e-6;
const EXACT = 1e-12;

const compositions: Record<
  string,
  { layers: () => LayerDefinition[]; inputShape: number[]; loss?: "mse" | "cross-entropy" }
> = {
  "layer normalisation": {
    layers: () => [
      dense({ outputs: 5 }),
      layerNorm(),
      activationLayer("tanh"),
      dense({ outputs: 3 }),
      layerNorm({ epsilon: 1e-2 }),
    ],
    inputShape: [4],
    loss: "cross-entropy",
  },
  "batch normalisation": {
    layers: () => [dense({ outputs: 5 }), batchNorm(), activationLayer("silu"), dense({ outputs: 3 })],
    inputShape: [4],
    loss: "cross-entropy",
  },
  "batch normalisation first": { layers: () => [batchNorm(), dense({ outputs: 2 })], inputShape: [3] },
  "residual blocks": {
    layers: () => [
      dense({ outputs: 4 }),
      residual([activationLayer("gelu"), dense({ outputs: 6 }), activationLayer("tanh"), dense({ outputs: 4 })]),
      residual([residual([dense({ outputs: 4 }), activationLayer("sigmoid")])]),
      dense({ outputs: 2 }),
    ],
    inputShape: [3],
  },
  "residual first": {
    layers: () => [residual([activationLayer("tanh"), dense({ outputs: 3 })]), dense({ outputs: 2 })],
    inputShape: [3],
  },
  "one-dimensional convolution": {
    layers: () => [
      conv1d({ outputs: 3, kernel: 3, padding: 1, stride: 2 }),
      activationLayer("tanh"),
      flatten(),
      dense({ outputs: 2 }),
    ],
    inputShape: [2, 7],
    loss: "cross-entropy",
  },
  "two-dimensional convolutions": {
    layers: () => [
      conv2d({ outputs: 3, kernel: 3, padding: 1 }),
      activationLayer("softplus"),
      averagePool({ size: 2 }),
      conv2d({ outputs: 2, kernel: 2, parameterisation: "ntk", weightScale: 1.4, biasScale: 0.5 }),
      activationLayer("tanh"),
      flatten(),
      dense({ outputs: 3 }),
    ],
    inputShape: [2, 6, 5],
    loss: "cross-entropy",
  },
  "spectrally normalised layers": {
    layers: () => [
      spectralDense({ outputs: 5 }),
      activationLayer("tanh"),
      spectralDense({ outputs: 3, bias: false }),
      dense({ outputs: 4 }),
    ],
    inputShape: [4],
    loss: "cross-entropy",
  },
  "maximum pooling and image normalisation": {
    layers: () => [
      conv2d({ outputs: 2, kernel: 2, stride: 2 }),
      batchNorm(),
      maxPool({ size: 2, stride: 1 }),
      flatten(),
      dense({ outputs: 2 }),
    ],
    inputShape: [1, 8, 6],
  },
};

test.each(Object.entries(compositions))("%s: gradient and Hessian products agree with central differences", (_, c) => {
  const net = sequential(c.layers(), { inputShape: c.inputShape, ...(c.loss === undefined ? {} : { loss: c.loss }) });
  const params = initialize(net, "lecun", createRng(1), { biasDeviation: 0.2 });
  const rng = createRng(2);
  params.forEach((value, i) => (params[i] = value + 0.1 * rng.normal())); // scales and shifts away from 1 and 0
  const data = randomData(net, 6, 3);
  const errors = derivativeErrors(net, params, data, 4);
  expect(errors.gradient).toBeLessThan(DIFFERENCE);
  expect(errors.hessian).toBeLessThan(DIFFERENCE);
  expect(errors.symmetry).toBeLessThan(EXACT);
  const v = randomVector(rng, net.parameterCount);
  const cotangent = normalMatrix(rng, 6, net.outputs);
  const forward = jvp(net, params, data.inputs, v);
  expect(
    withinRelative(dot(forward.data, cotangent.data), dot(vjp(net, params, data.inputs, cotangent), v), 1e-11).ok,
  ).toBe(true);
});

test.each(Object.entries(compositions).filter(([name]) => !name.includes("normalisation") || name.startsWith("layer")))(
  "%s: per-sample gradients, Jacobian, tangent kernel and Fisher agree with their definitions",
  (_, c) => {
    const net = sequential(c.layers(), { inputShape: c.inputShape, ...(c.loss === undefined ? {} : { loss: c.loss }) });
    const params = initialize(net, "lecun", createRng(5), { biasDeviation: 0.2 });
    const data = randomData(net, 4, 6);
    const rows = perSampleGradients(net, params, data);
    const mean = new Float64Array(rows.cols);
    rows.data.forEach((value, e) => (mean[e % rows.cols] += value / rows.rows));
    expect(within(mean, gradient(net, params, data), EXACT * Math.max(1, norm(mean))).ok).toBe(true);
    const J = jacobian(net, params, data.inputs);
    const K = matmul(J, J, { transposeB: true });
    expect(within(empiricalNtk(net, params, data.inputs).gram().data, K.data, EXACT * frobenius(K)).ok).toBe(true);
    const E = matmul(rows, rows, { transposeA: true });
    expect(
      within(
        toDense(empiricalFisher(net, params, data)).data,
        E.data.map((value) => value / 4),
        EXACT * frobenius(E),
      ).ok,
    ).toBe(true);
    // Chunks do not change anything.
    const out = new Float64Array(net.parameterCount);
    const again = new Float64Array(net.parameterCount);
    const v = randomVector(createRng(7), net.parameterCount);
    expandLoss(net, params, data).hvp(v, out);
    expandLoss(net, params, data, { batchSize: 3 }).hvp(v, again);
    expect(within(again, out, EXACT * Math.max(1, norm(out))).ok).toBe(true);
  },
);

test("a convolution is the dense layer of its Toeplitz matrix", () => {
  const net = sequential([conv2d({ outputs: 2, kernel: 3, padding: 1, stride: 2 })], { inputShape: [2, 5, 4] });
  const params = initialize(net, "he", createRng(8), { biasDeviation: 1 });
  const rng = createRng(9);
  const X = normalMatrix(rng, 3, 40);
  const Y = predict(net, params, X);
  for (let s = 0; s < 3; s++) {
    for (let k = 0; k < 2; k++) {
      for (let p = 0; p < 3; p++) {
        for (let q = 0; q < 2; q++) {
          let sum = params[36 + k];
          for (let c = 0; c < 2; c++) {
            for (let a = 0; a < 3; a++) {
              for (let b = 0; b < 3; b++) {
                const [y, x] = [2 * p + a - 1, 2 * q + b - 1];
                if (y >= 0 && y < 5 && x >= 0 && x < 4)
                  sum += params[k * 18 + (c * 3 + a) * 3 + b] * X.data[s * 40 + (c * 5 + y) * 4 + x];
              }
            }
          }
          expect(Math.abs(Y.data[s * 12 + (k * 3 + p) * 2 + q] - sum)).toBeLessThan(1e-13);
        }
      }
    }
  }
});

test("K-FAC of a convolution: expand and reduce differ, EKFAC keeps the exact trace", () => {
  const net = sequential(
    [conv2d({ outputs: 2, kernel: 2 }), activationLayer("tanh"), flatten(), dense({ outputs: 3 })],
    {
      inputShape: [1, 4, 3],
      loss: "cross-entropy",
    },
  );
  const params = initialize(net, "lecun", createRng(10), { biasDeviation: 0.3 });
  const data = randomData(net, 9, 11);
  const G = toDense(ggn(net, params, data));
  const trace = Array.from({ length: G.rows }, (_, i) => G.data[i * G.rows + i]).reduce((sum, value) => sum + value);
  const exact = kfac(net, params, data, { variant: "ekfac" });
  expect(withinRelative(exact.quality({ rng: createRng(12) }).traceRatio, 1, 1e-11).ok).toBe(true);
  expect(
    withinRelative(
      exact.spectrum().values.reduce((sum, value) => sum + value),
      trace,
      1e-11,
    ).ok,
  ).toBe(true);
  const expand = kfac(net, params, data, { sharing: "expand" }).spectrum().values;
  const reduce = kfac(net, params, data, { sharing: "reduce" }).spectrum().values;
  expect(within(expand, reduce, 1e-6).ok).toBe(false);
  // A 1 x 1 image has one position: the two agree, and for one sample both are exact.
  const single = sequential([conv2d({ outputs: 2, kernel: 3 }), flatten(), dense({ outputs: 2 })], {
    inputShape: [1, 3, 3],
    loss: "cross-entropy",
  });
  const theta = initialize(single, "lecun", createRng(13), { biasDeviation: 0.3 });
  const one = randomData(single, 1, 14);
  const block = toDense(ggn(single, theta, one, { block: "layer1" }));
  for (const sharing of ["expand", "reduce"] as const) {
    const K = toDense(kfac(single, theta, one, { sharing }).operator);
    const inside = Array.from({ length: 400 }, (_, e) => K.data[Math.floor(e / 20) * K.cols + (e % 20)]);
    expect(within(inside, block.data, 1e-14).ok).toBe(true);
  }
});

test("a spectrally normalised layer acts with norm one, whatever its weights' scale, and leaves zero weights alone", () => {
  const net = sequential([spectralDense({ inputs: 4, outputs: 3, bias: false })]);
  for (const scale of [1e-3, 1, 1e3]) {
    const params = initialize(net, "lecun", createRng(19)).map((value) => scale * value);
    const identity = { rows: 4, cols: 4, data: Float64Array.from({ length: 16 }, (_, e) => (e % 5 === 0 ? 1 : 0)) };
    const { singularValues } = svd(predict(net, params, identity), { vectors: "none" });
    expect(withinRelative(singularValues[0], 1, 1e-14).ok).toBe(true);
    // Degree 0 in W: the gradient is orthogonal to the weights.
    const g = gradient(net, params, randomData(net, 6, 20));
    expect(Math.abs(dot(g, params))).toBeLessThan(1e-13 * norm(g) * norm(params));
  }
  expect([...predict(net, new Float64Array(12), [[1, 2, 3, 4]]).data]).toEqual([0, 0, 0]);
});

test("the norm of a spectrally normalised layer is the largest singular value, whatever was evaluated before", () => {
  const net = sequential([spectralDense({ inputs: 2, outputs: 2, bias: false })]);
  const acting = (W: number[]): Float64Array =>
    predict(net, Float64Array.from(W), [
      [1, 0],
      [0, 1],
    ]).data;
  // The start (1, 1) is the singular vector of 1; that of 3 is orthogonal to it.
  expect(within(acting([2, -1, -1, 2]), [2 / 3, -1 / 3, -1 / 3, 2 / 3], 1e-15).ok).toBe(true);
  // The last u is the singular vector of the other value now, exactly.
  expect(within(acting([4, 0, 0, 2]), [1, 0, 0, 0.5], 1e-15).ok).toBe(true);
  expect(within(acting([2, 0, 0, 4]), [0.5, 0, 0, 1], 1e-15).ok).toBe(true);
  expect(within(acting([4, 0, 0, 2]), [1, 0, 0, 0.5], 1e-15).ok).toBe(true);
});

test("batch normalisation makes a network blind to shifts of its inputs' features", () => {
  const layers = [batchNorm(), dense({ outputs: 4 }), activationLayer("tanh"), dense({ outputs: 2 })];
  const net = sequential(layers, { inputShape: [3] });
  const params = initialize(net, "he", createRng(15));
  const X = normalMatrix(createRng(16), 8, 3);
  const shifted = { ...X, data: X.data.map((value) => value + 5) };
  expect(within(predict(net, params, X).data, predict(net, params, shifted).data, 1e-12).ok).toBe(true);
});

test("where batch normalisation couples samples, per-sample quantities and chunks are an error that says so", () => {
  const net = sequential([dense({ outputs: 3 }), batchNorm(), dense({ outputs: 2 })], {
    inputShape: [2],
    loss: "cross-entropy",
  });
  const params = initialize(net, "he", createRng(17));
  const data = randomData(net, 5, 18);
  const text = "must be without layers that couple samples, got batch normalisation in layer2";
  for (const call of [
    () => perSampleGradients(net, params, data),
    () => jacobian(net, params, data.inputs),
    () => empiricalNtk(net, params, data.inputs),
    () => empiricalFisher(net, params, data),
    () => kfac(net, params, data),
  ]) {
    expect(call).toThrow(UnsupportedError);
    expect(call).toThrow(text);
  }
  expect(() => expandLoss(net, params, data, { batchSize: 2 })).toThrow("couples samples (batch normalisation), got 2");
  const inside = sequential([residual([batchNorm()]), dense({ outputs: 2 })], { inputShape: [2] });
  expect(inside.couplesSamples).toBe(true);
});

test("shapes that do not compose name the layer", () => {
  const fails = (call: () => unknown, text: string): void => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(text);
  };
  fails(
    () => sequential([conv2d({ outputs: 1, kernel: 2 }), dense({ outputs: 1 })], { inputShape: [1, 4, 4] }),
    "sequential: the input of layer2 (dense) must be a vector, got shape 1 x 3 x 3; put flatten() before it",
  );
  fails(
    () => sequential([dense({ inputs: 2, outputs: 3 }), residual([dense({ outputs: 4 })])]),
    "sequential: the branch of layer2 (residual) must be of output shape 3, that of its input, got 4",
  );
  fails(
    () => sequential([conv2d({ outputs: 1, kernel: 5 })], { inputShape: [1, 4, 4] }),
    "of at least the kernel 5 with padding 0, got shape 1 x 4 x 4",
  );
  fails(
    () => sequential([maxPool({ size: 3 })], { inputShape: [1, 2, 9] }),
    "at least the window 3, got shape 1 x 2 x 9",
  );
});

test("parameter blocks carry unique names in parameter order", () => {
  const net = sequential(
    [
      dense({ outputs: 2 }),
      residual([dense({ outputs: 2 }), activationLayer("tanh"), dense({ outputs: 2, bias: false })]),
    ],
    {
      inputShape: [1],
    },
  );
  expect(net.blocks.map((block) => `${block.name}@${block.offset}`)).toEqual([
    "layer1.weight@0",
    "layer1.bias@2",
    "layer2.branch.layer1.weight@4",
    "layer2.branch.layer1.bias@8",
    "layer2.branch.layer2.weight@10",
  ]);
  expect(mlp({ sizes: [1, 1] }).blocks).toHaveLength(2);
});
