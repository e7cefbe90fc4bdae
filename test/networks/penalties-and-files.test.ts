import { expect, test } from "vitest";
import { FormatError, ShapeError, UnsupportedError } from "../../src/core/index.js";
import { hessian } from "../../src/curvature/index.js";
import { readSafetensorsSync } from "../../src/formats/index.js";
import { eigh, svd } from "../../src/linalg/index.js";
import {
  activationLayer,
  averagePool,
  batchNorm,
  conv2d,
  dense,
  flatten,
  initialize,
  layerNorm,
  loadNetwork,
  lossValue,
  mlp,
  networkFromJson,
  networkToJson,
  predict,
  residual,
  saveNetwork,
  sequential,
  spectralDense,
  spectralPenalty,
  squaredNormPenalty,
} from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";
import { derivativeErrors, randomData, randomParams } from "./support.js";

test("penalties are terms like the others: value, gradient and Hessian", () => {
  for (const sizes of [
    [3, 5, 2],
    [5, 2, 4],
  ]) {
    for (const parameterisation of ["standard", "ntk"] as const) {
      const penalties = [spectralPenalty({ coefficient: 0.7 }), squaredNormPenalty({ coefficient: 0.3 })];
      const net = mlp({ sizes, activation: "tanh", penalties, parameterisation, weightScale: 1.3 });
      const params = randomParams(net, 1);
      const errors = derivativeErrors(net, params, randomData(net, 5, 2), 3);
      expect(errors.gradient).toBeLessThan(1e-6);
      expect(errors.hessian).toBeLessThan(1e-6);
      expect(errors.symmetry).toBeLessThan(1e-12);
      const plain = mlp({ sizes, activation: "tanh", parameterisation, weightScale: 1.3 });
      const spectral = net.blocks
        .filter((block) => block.role === "weight")
        .reduce((sum, { offset, length, shape, effectiveScale }) => {
          const W = { rows: shape[0], cols: shape[1], data: params.slice(offset, offset + length) };
          return sum + (effectiveScale * svd(W, { vectors: "none" }).singularValues[0]) ** 2;
        }, 0);
      const expected = 0.7 * spectral + 0.15 * params.reduce((sum, value) => sum + value * value, 0);
      const data = randomData(net, 5, 2);
      expect(withinRelative(lossValue(net, params, data) - lossValue(plain, params, data), expected, 1e-12).ok).toBe(
        true,
      );
    }
  }
});

test("the squared-norm penalty lifts every Hessian eigenvalue by its coefficient", () => {
  const values = (penalties: ReturnType<typeof squaredNormPenalty>[]): Float64Array => {
    const net = mlp({ sizes: [2, 3, 2], activation: "tanh", penalties });
    return eigh(toDense(hessian(net, randomParams(net, 4), randomData(net, 6, 5))), {
      vectors: false,
      triangle: "lower",
    }).values;
  };
  const lifted = values([]).map((value) => value + 0.25);
  expect(within(values([squaredNormPenalty({ coefficient: 0.25 })]), lifted, 1e-13).ok).toBe(true);
});

const everything = () =>
  sequential(
    [
      conv2d({ outputs: 2, kernel: 2, padding: 1 }),
      activationLayer("leaky-relu"),
      averagePool({ size: 2 }),
      flatten(),
      dense({ outputs: 4, parameterisation: "ntk", weightScale: 1.5 }),
      residual([layerNorm(), dense({ outputs: 4, bias: false }), activationLayer("gelu")]),
      batchNorm({ epsilon: 1e-3 }),
      spectralDense({ outputs: 5 }),
      dense({ outputs: 3 }),
    ],
    { inputShape: [1, 4, 4], loss: "cross-entropy" },
  );

test("saved networks come back with the same function and the same bits, through JSON and safetensors", async () => {
  const net = everything();
  const params = initialize(net, "xavier", createRng(1), { biasDeviation: 0.1 });
  params[0] = 0.1 + 0.2; // a number whose shortest decimal has 17 digits
  const { inputs } = randomData(net, 3, 2);
  const expected = predict(net, params, inputs).data;
  const json = networkFromJson(JSON.parse(JSON.stringify(networkToJson(net, params))));
  const file = await loadNetwork(saveNetwork(net, params));
  for (const loaded of [json, file]) {
    expect([...loaded.params]).toEqual([...params]);
    expect(loaded.net.loss.name).toBe("cross-entropy");
    expect([...predict(loaded.net, loaded.params, inputs).data]).toEqual([...expected]);
  }
  const tensors = readSafetensorsSync(saveNetwork(net, params));
  expect(Object.keys(tensors)).toEqual(net.blocks.map((block) => block.name));
  expect(tensors["layer1.weight"]?.shape).toEqual([2, 4]);
});

test("penalties are saved with their coefficients, so that the loss comes back, too", async () => {
  const penalties = [squaredNormPenalty({ coefficient: 0.1 + 0.2 }), spectralPenalty({ coefficient: 1e-7 })];
  const net = mlp({ sizes: [2, 3, 2], activation: "tanh", penalties });
  const params = randomParams(net, 6);
  const data = randomData(net, 5, 7);
  const json = networkFromJson(JSON.parse(JSON.stringify(networkToJson(net, params))));
  const file = await loadNetwork(saveNetwork(net, params));
  for (const loaded of [json, file]) {
    expect(loaded.net.penalties.map(({ name }) => name)).toEqual(penalties.map(({ name }) => name));
    expect(lossValue(loaded.net, loaded.params, data)).toBe(lossValue(net, params, data));
  }
  const none = { value: () => 0, addGradient: () => undefined, addHessianProduct: () => undefined };
  const own = mlp({ sizes: [1, 1], penalties: [{ name: "mine", ...none }] });
  expect(() => networkToJson(own, new Float64Array(2))).toThrow(UnsupportedError);
  expect(() => networkToJson(own, new Float64Array(2))).toThrow(
    'penalties must be made by squaredNormPenalty or spectralPenalty, got "mine"; a user\'s own penalty is code',
  );
  const saved = networkToJson(net, params);
  expect(() => networkFromJson({ ...saved, penalties: ["spectral (-1)"] })).toThrow(FormatError);
  expect("penalties" in networkToJson(mlp({ sizes: [1, 1] }), new Float64Array(2))).toBe(false);
});

test("files that are not such networks are refused", async () => {
  const net = mlp({ sizes: [1, 1] });
  const saved = networkToJson(net, new Float64Array(2));
  expect(() => networkFromJson({} as never)).toThrow(FormatError);
  expect(() => networkFromJson({} as never)).toThrow(
    'a network saved by this library (format "eigenscope-network-1"), got an empty object',
  );
  expect(() => networkFromJson({ ...saved, layers: [{ kind: "attention", config: {} }] })).toThrow(
    'must be of a known kind, got "attention"',
  );
  expect(() => networkFromJson({ ...saved, parameters: { "layer1.weight": [1] } })).toThrow(ShapeError);
  expect(() => networkFromJson({ ...saved, parameters: { "layer1.weight": [1] } })).toThrow(
    'parameter "layer1.bias" must be of 1 numbers, got nothing',
  );
  const own = mlp({
    sizes: [1, 1, 1],
    activation: { name: "cube", value: (x) => x ** 3, derivative: (x) => 3 * x * x },
  });
  expect(() => saveNetwork(own, new Float64Array(4))).toThrow(UnsupportedError);
  expect(() => saveNetwork(own, new Float64Array(4))).toThrow("a user's own activation is code and cannot be saved");
  await expect(loadNetwork(Uint8Array.of(1, 2, 3))).rejects.toThrow(FormatError);
});
