import { expect, test } from "vitest";
import {
  argmaxRows,
  chainBackward,
  chainForward,
  chainTangents,
  createExpansion,
  gradient,
  jacobian,
  mlp,
  predict,
  requireBlock,
  requireData,
  requireInputs,
  requireParameters,
  requireUncoupled,
  softmax,
  unitCotangent,
} from "../../src/networks/index.js";
import { accuracyOf } from "../../src/training/index.js";
import { createRng } from "../../src/random/index.js";
import { within, withinRelative } from "../support/compare.js";
import { dot, randomData, randomParams, randomVector } from "./support.js";

const net = mlp({ sizes: [3, 4, 2], activation: "gelu", loss: "cross-entropy" });
const params = randomParams(net, 1);
const data = randomData(net, 5, 2);

test("forward, tangent and backward sweeps of a chain agree with each other, for parameters and inputs", () => {
  const pass = chainForward(net.chain, params, data.inputs);
  expect([...pass.output.data]).toEqual([...predict(net, params, data.inputs).data]);
  const rng = createRng(3);
  const v = randomVector(rng, net.parameterCount);
  const inputTangent = { rows: 5, cols: 3, data: randomVector(rng, 15) };
  const cotangent = { rows: 5, cols: 2, data: randomVector(rng, 10) };
  const tangents = chainTangents(pass, v, inputTangent);
  const g = new Float64Array(net.parameterCount);
  const back = chainBackward(pass, cotangent, g, true);
  const left = dot(tangents[tangents.length - 1].output.data, cotangent.data);
  const right = dot(g, v) + dot(back.input?.data ?? new Float64Array(0), inputTangent.data);
  expect(withinRelative(left, right, 1e-12).ok).toBe(true);
  // The row of the Jacobian is the backward sweep of a unit cotangent of one sample.
  const unit = unitCotangent(5, 2, 1);
  expect([...unit.data]).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const summed = new Float64Array(net.parameterCount);
  chainBackward(pass, unit, summed, false);
  const J = jacobian(net, params, data.inputs);
  const rows = Float64Array.from({ length: J.cols }, (_, j) =>
    [0, 1, 2, 3, 4].reduce((sum, i) => sum + J.data[(2 * i + 1) * J.cols + j], 0),
  );
  expect(within(summed, rows, 1e-13).ok).toBe(true);
});

test("guards return what they check and name what is wrong", () => {
  expect(requireBlock(net, "layer1.bias", "here")).toEqual({ start: 12, end: 16 });
  expect(requireBlock(net, "layer2", "here")).toEqual({ start: 16, end: 26 });
  expect(requireInputs(net, [[1, 2, 3]], "here")).toEqual({ rows: 1, cols: 3, data: Float64Array.of(1, 2, 3) });
  expect(requireData(net, { inputs: [[1, 2, 3]], targets: [1] }, net.loss, "here").targets.data).toEqual(
    Float64Array.of(0, 1),
  );
  expect(requireParameters(net, params, "here")).toBe(params);
  expect(() => requireParameters(net, [1, 2] as never, "here")).toThrow(
    "here: params must be a Float64Array, got an array of length 2",
  );
  expect(() => requireUncoupled(net, "here")).not.toThrow();
  expect(() => requireData(net, [] as never, net.loss, "here")).toThrow(
    "here: data must be an object { inputs, targets }",
  );
  const point = createExpansion(net, params, data, {}, "here");
  expect([...point.gradient()]).toEqual([...gradient(net, params, data)]);
  expect(() => createExpansion(net, params, data, { batch: 3 } as never, "here")).toThrow(
    'here: option "batch" must be one of',
  );
});

test("softmax, predicted classes and accuracy", () => {
  const outputs = { rows: 2, cols: 3, data: Float64Array.of(1000, 1000, -1000, 0, Math.log(2), Math.log(3)) };
  expect(within(softmax(outputs).data, [0.5, 0.5, 0, 1 / 6, 1 / 3, 1 / 2], 1e-15).ok).toBe(true);
  expect([...argmaxRows(outputs)]).toEqual([0, 2]);
  const targets = { rows: 2, cols: 3, data: Float64Array.of(0, 1, 0, 0, 0, 1) };
  expect(accuracyOf(outputs, targets)).toBe(0.5);
  expect(() => argmaxRows({ rows: 1, cols: 0, data: new Float64Array(0) })).toThrow(
    "argmaxRows: A must be of at least one column",
  );
});
