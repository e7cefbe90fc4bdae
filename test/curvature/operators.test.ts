import { expect, test } from "vitest";
import { ArgumentError, type Matrix, toMatrix, UnsupportedError } from "../../src/core/index.js";
import {
  classifyCriticalPoint,
  curvatureAt,
  empiricalFisher,
  empiricalNtk,
  fisher,
  ggn,
  gradientCovariance,
  hessian,
  hessianResidual,
  sharpness,
} from "../../src/curvature/index.js";
import { eigh, matmul } from "../../src/linalg/index.js";
import { jacobian, loss, mlp, perSampleGradients, gradient } from "../../src/networks/index.js";
import { toDense, type SymmetricOperator } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import type { ActivationName } from "../../src/special/index.js";
import { randomData, randomParams } from "../networks/support.js";
import { frobenius, maxDifference, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Case {
  sizes: number[];
  activation: string;
  loss: "mse" | "ce";
  params: number[];
  X: number[][];
  Y: number[] | number[][];
  hessian_eigs_desc: number[];
  negative_count: number;
  trace: number;
  ggn: number[][];
  ggn_rank_upper_bound: number;
  empirical_fisher: number[][];
  residual_fro: number;
  layer_ranges: [number, number][];
  block_eigs_desc: number[][];
}
const { cases: all } = fixture<{ cases: Record<string, Case> }>("networks/hessian-cases.json");
const cases = Object.entries(all).filter(([name]) => name !== "analytic_saddle");
/** References have 15 digits; eigenvalues of 21 x 21 matrices of norm about 5 add n ε ‖A‖. */
const TOLERANCE = 1e-12;

function setting(c: Case) {
  const activation = c.activation.replace("gelu_erf", "gelu") as ActivationName;
  const net = mlp({ sizes: c.sizes, activation, loss: c.loss === "ce" ? "cross-entropy" : "mse" });
  return { net, params: Float64Array.from(c.params), data: { inputs: c.X, targets: c.Y } };
}

function descending(A: SymmetricOperator): Float64Array {
  const dense = toDense(A);
  const { values } = eigh(dense, { vectors: false, triangle: "lower" });
  return values.slice().reverse();
}

test.each(cases)("%s: eigenvalues, blocks, Fisher matrices and residual agree with the references", (_, c) => {
  const { net, params, data } = setting(c);
  const ok = (verdict: { ok: boolean; message: string }): void => expect(verdict.ok, verdict.message).toBe(true);
  ok(within(descending(hessian(net, params, data)), c.hessian_eigs_desc, TOLERANCE));
  c.block_eigs_desc.forEach((values, l) => {
    ok(within(descending(hessian(net, params, data, { block: `layer${l + 1}` })), values, TOLERANCE));
  });
  const G = toDense(ggn(net, params, data));
  ok(within(G.data, toMatrix(c.ggn).data, TOLERANCE));
  ok(within(toDense(fisher(net, params, data)).data, G.data, TOLERANCE));
  const E = toDense(empiricalFisher(net, params, data));
  ok(within(E.data, toMatrix(c.empirical_fisher).data, TOLERANCE));
  expect(maxDifference(E.data, G.data)).toBeGreaterThan(1e-3); // the empirical Fisher is another matrix
  ok(within(frobenius(toDense(hessianResidual(net, params, data))), c.residual_fro, TOLERANCE));
  const rank = descending(ggn(net, params, data)).filter((value) => value > 1e-12).length;
  expect(rank).toBeLessThanOrEqual(c.ggn_rank_upper_bound);
  const top = sharpness(net, params, data, { rng: createRng(1), tolerance: 1e-10 });
  ok(within(top.value, c.hessian_eigs_desc[0], 1e-10));
  expect(
    top.interval[0] <= c.hessian_eigs_desc[0] + TOLERANCE && c.hessian_eigs_desc[0] <= top.interval[1] + TOLERANCE,
  ).toBe(true);
  const verdict = classifyCriticalPoint(net, params, data);
  expect([verdict.kind, verdict.spectrum.counts?.negative]).toEqual(["not critical", c.negative_count]);
});

test("Hessian, Gauss-Newton and residual of one point add up, product by product", () => {
  const net = mlp({ sizes: [3, 4, 2], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 1);
  const data = randomData(net, 9, 2);
  const point = curvatureAt(net, params, data, { batchSize: 4 });
  const sum = toDense(point.ggn).data.map((value, i) => value + toDense(point.residual).data[i]);
  expect(within(sum, toDense(point.hessian).data, 1e-13).ok).toBe(true);
  expect(within(point.gradient, gradient(net, params, data), 1e-14).ok).toBe(true);
});

test("gradient covariance is the covariance of the per-sample gradients", () => {
  const net = mlp({ sizes: [2, 3, 2], activation: "softplus" });
  const params = randomParams(net, 3);
  const data = randomData(net, 7, 4);
  const rows = perSampleGradients(net, params, data);
  const p = rows.cols;
  const mean = new Float64Array(p);
  rows.data.forEach((value, e) => (mean[e % p] += value / 7));
  const centred = { ...rows, data: rows.data.map((value, e) => value - mean[e % p]) };
  const expected = matmul(centred, centred, { transposeA: true }).data.map((value) => value / 7);
  expect(within(toDense(gradientCovariance(net, params, data)).data, expected, 1e-12).ok).toBe(true);
});

test("Monte Carlo Fisher converges to the exact one at the rate of independent draws", () => {
  const net = mlp({ sizes: [2, 2], bias: false, loss: "cross-entropy" });
  const params = randomParams(net, 5);
  const data = randomData(net, 3, 6);
  const exact = toDense(fisher(net, params, data));
  const draws = 20_000; // fixed in advance
  const estimate = toDense(fisher(net, params, data, { method: "monte-carlo", draws, rng: createRng(7) }));
  // One entry is a mean of draws of bounded variables: per-entry standard error below max|g|²/√(draws · n).
  const scale = Math.max(...data.inputs.data.map((x) => x * x));
  const z = maxDifference(estimate.data, exact.data) / (scale / Math.sqrt(draws * 3));
  expect(z).toBeLessThan(4);
  // Power: a Fisher matrix that is wrong by a third is far outside.
  const wrong = estimate.data.map((value) => (4 / 3) * value);
  expect(maxDifference(wrong, exact.data) / (scale / Math.sqrt(draws * 3))).toBeGreaterThan(4);
});

test("the empirical NTK is J Jᵀ, as operator, Gram matrix, blocks and mean", () => {
  for (const parameterisation of ["standard", "ntk"] as const) {
    const net = mlp({ sizes: [3, 5, 4, 2], activation: "gelu", parameterisation, weightScale: 1.4, biasScale: 0.3 });
    const params = randomParams(net, 8);
    const { inputs } = randomData(net, 4, 9);
    const J = jacobian(net, params, inputs);
    const expected = matmul(J, J, { transposeB: true });
    const K = empiricalNtk(net, params, inputs);
    const tolerance = 1e-13 * frobenius(expected);
    expect(within(K.gram().data, expected.data, tolerance).ok).toBe(true);
    expect(within(toDense(K.operator).data, expected.data, tolerance).ok).toBe(true);
    const at = (k: number, m: number): Float64Array =>
      Float64Array.from({ length: 16 }, (_, e) => expected.data[(Math.floor(e / 4) * 2 + k) * 8 + (e % 4) * 2 + m]);
    expect(within(K.outputGram(1).data, at(1, 1), tolerance).ok).toBe(true);
    const mean = at(0, 0).map((value, e) => (value + at(1, 1)[e]) / 2);
    expect(within(K.meanGram().data, mean, tolerance).ok).toBe(true);
    expect(eigh(expected, { vectors: false }).values[0]).toBeGreaterThan(-1e-12);
    // mse Gauss–Newton and K/n share their nonzero eigenvalues.
    const G = descending(ggn(net, params, { inputs, targets: randomData(net, 4, 9).targets }));
    const ofKernel = eigh(expected, { vectors: false })
      .values.slice()
      .reverse()
      .map((value) => value / 4);
    expect(within(G.slice(0, 8), ofKernel, tolerance).ok).toBe(true);
  }
});

test("critical points of (w1 w2 − 1)²/2 are classified by gradient first, then by signs", () => {
  const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false });
  const data = { inputs: [[1]], targets: [[1]] };
  const at = (a: number, b: number) => classifyCriticalPoint(net, Float64Array.of(a, b), data);
  expect(at(0, 0).kind).toBe("saddle");
  expect([at(0, 0).spectrum.largest, at(0, 0).spectrum.smallest]).toEqual([1, -1]);
  expect(at(1, 1).kind).toBe("degenerate");
  expect(within(at(2, 0.5).spectrum.largest, 4.25, 1e-15).ok).toBe(true);
  const off = at(0.5, 0.5);
  expect([off.kind, off.spectrum.largest, off.spectrum.smallest]).toEqual(["not critical", 0.75, -0.25]);
  expect(off.reason).toContain("signs of eigenvalues");
  const line = mlp({ sizes: [1, 1] });
  expect(classifyCriticalPoint(line, Float64Array.of(2, 1), { inputs: [[0], [1]], targets: [[1], [3]] }).kind).toBe(
    "local minimum",
  );
});

test("the same verdicts come from Lanczos beyond the dense limit", () => {
  const net = mlp({ sizes: [3, 6, 3], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 10);
  const data = randomData(net, 12, 11);
  const dense = classifyCriticalPoint(net, params, data);
  const lanczos = classifyCriticalPoint(net, params, data, { denseLimit: 1, rng: createRng(12) });
  expect(lanczos.spectrum.method).toBe("lanczos");
  expect(
    withinRelative(
      [lanczos.spectrum.largest, lanczos.spectrum.smallest],
      [dense.spectrum.largest, dense.spectrum.smallest],
      1e-8,
    ).ok,
  ).toBe(true);
  expect(lanczos.kind).toBe(dense.kind);
});

test("bad input: unknown blocks, losses without a model, missing randomness", () => {
  const net = mlp({ sizes: [1, 2], loss: "cross-entropy" });
  const data = { inputs: [[1]], targets: [0] };
  const params = new Float64Array(4);
  expect(() => hessian(net, params, data, { block: "layer7" })).toThrow(ArgumentError);
  expect(() => hessian(net, params, data, { block: "layer7" })).toThrow(
    'hessian: block must be one of layer1, layer1.weight, layer1.bias, got "layer7"',
  );
  const own = loss({ name: "own", value: () => 0, gradient: () => undefined, curvature: () => undefined });
  expect(() => fisher(net, params, data, { loss: own })).toThrow(UnsupportedError);
  expect(() => fisher(net, params, data, { method: "monte-carlo" })).toThrow(
    "fisher: rng must be given for method monte-carlo",
  );
  expect(() => hessian(net, params, data, { blok: "layer1" } as never)).toThrow(
    'hessian: option "blok" must be one of',
  );
});

test("a penalty-free network has a symmetric operator of the right order", () => {
  const net = mlp({ sizes: [2, 3, 1] });
  const H: { rows: number; cols: number; symmetric: true; samples: number } = hessian(
    net,
    randomParams(net, 1),
    randomData(net, 5, 2),
  );
  expect([H.rows, H.cols, H.symmetric, H.samples]).toEqual([13, 13, true, 5]);
  const M: Matrix = toDense(hessian(net, randomParams(net, 1), randomData(net, 5, 2), { block: "layer2.weight" }));
  expect([M.rows, M.cols]).toEqual([3, 3]);
});
