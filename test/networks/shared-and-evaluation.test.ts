import { expect, test } from "vitest";
import { ArgumentError, type Matrix, ShapeError, UnsupportedError } from "../../src/core/index.js";
import { curvatureProfile, empiricalFisher, empiricalNtk, ggn, hessian, kfac } from "../../src/curvature/index.js";
import { matmul } from "../../src/linalg/index.js";
import {
  activationLayer,
  batchNorm,
  conv2d,
  dense,
  evaluationMode,
  flatten,
  gradient,
  hvp,
  initialize,
  jacobian,
  type LayerDefinition,
  networkFromJson,
  networkToJson,
  type Network,
  perSampleGradients,
  predict,
  residual,
  sequential,
  shared,
  usesOf,
} from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { frobenius, within, withinRelative } from "../support/compare.js";
import { derivativeErrors, randomData, randomParams, randomVector } from "./support.js";

const DIFFERENCE = 1e-6;
const EXACT = 1e-12;

/** h = 3 steps of one cell, then a readout: a recurrent network of constant input. */
function recurrent(cell: LayerDefinition): LayerDefinition[] {
  return [cell, activationLayer("tanh"), cell, activationLayer("tanh"), cell, dense({ outputs: 2 })];
}
const tiedNet = (): Network =>
  sequential(recurrent(shared("cell", dense({ outputs: 4, parameterisation: "ntk", weightScale: 1.2 }))), {
    inputShape: [4],
    loss: "cross-entropy",
  });
const untiedNet = (): Network =>
  sequential(recurrent(dense({ outputs: 4, parameterisation: "ntk", weightScale: 1.2 })), {
    inputShape: [4],
    loss: "cross-entropy",
  });

/** E with E θ_tied = θ_untied: three copies of the cell. */
function copies(tied: Network, untied: Network): Matrix {
  const data = new Float64Array(untied.parameterCount * tied.parameterCount);
  const cell = 20;
  for (let i = 0; i < untied.parameterCount; i++) {
    const from = i < 3 * cell ? i % cell : i - 2 * cell;
    data[i * tied.parameterCount + from] = 1;
  }
  return { rows: untied.parameterCount, cols: tied.parameterCount, data };
}

test("shared parameters stand once, and every derivative is that of the untied network in the shared directions", () => {
  const tied = tiedNet();
  const untied = untiedNet();
  expect([tied.parameterCount, untied.parameterCount]).toEqual([30, 70]);
  expect(tied.chain.layers.map((_, l) => usesOf(tied.chain, l))).toEqual([[0, 2, 4], [], [], [], [], [5]]);
  expect(tied.blocks.map((block) => block.name)).toEqual([
    "layer1.weight",
    "layer1.bias",
    "layer4.weight",
    "layer4.bias",
  ]);
  const E = copies(tied, untied);
  const params = randomParams(tied, 1);
  const wide = matmul(E, { rows: params.length, cols: 1, data: params }).data;
  const data = randomData(tied, 7, 2);
  expect([...predict(tied, params, data.inputs).data]).toEqual([...predict(untied, wide, data.inputs).data]);
  const pull = (A: Matrix): Float64Array => matmul(matmul(E, A, { transposeA: true }), E).data;
  const close = (actual: Float64Array, expected: Float64Array): void => {
    const verdict = within(
      actual,
      expected,
      EXACT * Math.max(1, frobenius({ rows: 1, cols: expected.length, data: expected })),
    );
    expect(verdict.ok, verdict.message).toBe(true);
  };
  close(
    gradient(tied, params, data),
    matmul(E, { rows: 70, cols: 1, data: gradient(untied, wide, data) }, { transposeA: true }).data,
  );
  close(toDense(hessian(tied, params, data)).data, pull(toDense(hessian(untied, wide, data))));
  close(toDense(ggn(tied, params, data)).data, pull(toDense(ggn(untied, wide, data))));
  close(toDense(empiricalFisher(tied, params, data)).data, pull(toDense(empiricalFisher(untied, wide, data))));
  close(perSampleGradients(tied, params, data).data, matmul(perSampleGradients(untied, wide, data), E).data);
  const J = jacobian(tied, params, data.inputs);
  close(empiricalNtk(tied, params, data.inputs).gram().data, matmul(J, J, { transposeB: true }).data);
  const errors = derivativeErrors(tied, params, data, 3);
  expect(errors.gradient).toBeLessThan(DIFFERENCE);
  expect(errors.hessian).toBeLessThan(DIFFERENCE);
  expect(errors.symmetry).toBeLessThan(EXACT);
  // Negative control: a Hessian that adds the three diagonal blocks and forgets the blocks between the uses.
  const H = toDense(hessian(untied, wide, data));
  const forgetful = H.data.map((value, e) => {
    const [i, j] = [Math.floor(e / 70), e % 70];
    return i < 60 && j < 60 && Math.floor(i / 20) !== Math.floor(j / 20) ? 0 : value;
  });
  expect(within(toDense(hessian(tied, params, data)).data, pull({ ...H, data: forgetful }), 1e-6).ok).toBe(false);
});

test("traces and Kronecker factors of shared parameters count their uses as positions", () => {
  const net = tiedNet();
  const params = randomParams(net, 4);
  const data = randomData(net, 9, 5);
  const G = toDense(ggn(net, params, data));
  const traceOf = (start: number, end: number): number => {
    let sum = 0;
    for (let i = start; i < end; i++) sum += G.data[i * G.cols + i];
    return sum;
  };
  const profile = curvatureProfile(net, params, data, { rng: createRng(6), probes: 2, top: 0 });
  expect(withinRelative(profile.blocks[0].ggnTrace, traceOf(0, 20), EXACT).ok).toBe(true);
  expect(withinRelative(profile.ggnTrace, traceOf(0, 30), EXACT).ok).toBe(true);
  const K = kfac(net, params, data, { variant: "ekfac" });
  expect(withinRelative(K.quality({ rng: createRng(7) }).traceRatio, 1, 1e-11).ok).toBe(true);
  expect(kfac(net, params, data, { sharing: "reduce" }).spectrum().values).toHaveLength(30);
});

test("sharing inside a residual block, through a file, and what is refused", () => {
  const cell = shared("cell", dense({ outputs: 3, bias: false }));
  const net = sequential([residual([cell, activationLayer("tanh"), cell]), dense({ outputs: 2 })], {
    inputShape: [3],
  });
  expect(net.parameterCount).toBe(9 + 8);
  const params = randomParams(net, 8);
  const data = randomData(net, 5, 9);
  const errors = derivativeErrors(net, params, data, 10);
  expect(errors.hessian).toBeLessThan(DIFFERENCE);
  expect(errors.symmetry).toBeLessThan(EXACT);
  const rows = perSampleGradients(net, params, data);
  const mean = new Float64Array(rows.cols);
  rows.data.forEach((value, e) => (mean[e % rows.cols] += value / rows.rows));
  expect(within(mean, gradient(net, params, data), EXACT).ok).toBe(true);
  const again = networkFromJson(JSON.parse(JSON.stringify(networkToJson(net, params))));
  expect([...predict(again.net, again.params, data.inputs).data]).toEqual([...predict(net, params, data.inputs).data]);

  const wide = shared("cell", dense({ outputs: 5, bias: false }));
  const different = (): Network => sequential([cell, wide], { inputShape: [3] });
  expect(different).toThrow(ShapeError);
  expect(different).toThrow(
    'sequential: the parameters of layer2, shared as "cell" must be those of layer1: weight 3 x 3, got weight 5 x 3',
  );
  const across = (): Network => sequential([cell, residual([cell])], { inputShape: [3] });
  expect(across).toThrow(UnsupportedError);
  expect(across).toThrow("in one row of layers, got a second use in layer2.branch.layer1");
  expect(() => shared("", dense({ outputs: 1 }))).toThrow(ArgumentError);
  expect(() => shared("", dense({ outputs: 1 }))).toThrow("shared: name must be a non-empty text");
});

const normalised = (): Network =>
  sequential(
    [
      conv2d({ outputs: 2, kernel: 2 }),
      batchNorm(),
      activationLayer("tanh"),
      flatten(),
      residual([dense({ outputs: 12 }), batchNorm({ epsilon: 1e-3 }), activationLayer("silu")]),
      dense({ outputs: 3 }),
    ],
    { inputShape: [1, 3, 4], loss: "cross-entropy" },
  );

function movedParams(net: Network, seed: number): Float64Array {
  const rng = createRng(seed);
  return initialize(net, "lecun", rng, { biasDeviation: 0.2 }).map((value) => value + 0.1 * rng.normal());
}

test("evaluation mode gives the outputs of training mode on its own inputs, sample by sample", () => {
  const net = normalised();
  const params = movedParams(net, 11);
  const data = randomData(net, 8, 12);
  const fixed = evaluationMode(net, params, data.inputs);
  expect([net.couplesSamples, fixed.couplesSamples]).toEqual([true, false]);
  expect(fixed.blocks).toEqual(net.blocks);
  const outputs = predict(net, params, data.inputs).data;
  expect(within(predict(fixed, params, data.inputs).data, outputs, EXACT).ok).toBe(true);
  const single = { rows: 1, cols: 12, data: data.inputs.data.slice(24, 36) };
  expect(within(predict(fixed, params, single).data, outputs.slice(6, 9), EXACT).ok).toBe(true);
  // In training mode the same sample alone gives something else.
  expect(within(predict(net, params, single).data, outputs.slice(6, 9), 1e-3).ok).toBe(false);
});

test("in evaluation mode all per-sample quantities exist and every derivative is exact", () => {
  const net = normalised();
  const params = movedParams(net, 13);
  const data = randomData(net, 6, 14);
  const fixed = evaluationMode(net, params, randomData(net, 20, 15).inputs);
  const errors = derivativeErrors(fixed, params, data, 16);
  expect(errors.gradient).toBeLessThan(DIFFERENCE);
  expect(errors.hessian).toBeLessThan(DIFFERENCE);
  expect(errors.symmetry).toBeLessThan(EXACT);
  const rows = perSampleGradients(fixed, params, data);
  const mean = new Float64Array(rows.cols);
  rows.data.forEach((value, e) => (mean[e % rows.cols] += value / rows.rows));
  expect(within(mean, gradient(fixed, params, data), EXACT).ok).toBe(true);
  const J = jacobian(fixed, params, data.inputs);
  const K = matmul(J, J, { transposeB: true });
  expect(within(empiricalNtk(fixed, params, data.inputs).gram().data, K.data, EXACT * frobenius(K)).ok).toBe(true);
  const v = randomVector(createRng(17), fixed.parameterCount);
  expect(within(hvp(fixed, params, data, v, { batchSize: 4 }), hvp(fixed, params, data, v), EXACT).ok).toBe(true);
});

test("running averages over batches are those of the recurrence, survive JSON, and end where they should", () => {
  const net = sequential([batchNorm({ epsilon: 1e-6 })], { inputShape: [2] });
  const X = normalMatrix(createRng(18), 6, 2);
  const params = Float64Array.of(1.5, 0.5, 0.1, -0.2);
  const frozen = evaluationMode(net, params, X, { batchSize: 2, momentum: 0.25 });
  const statistics = frozen.definitions[0].config["statistics"] as { mean: number[]; variance: number[] };
  for (let f = 0; f < 2; f++) {
    let [mean, variance] = [0, 0];
    for (let b = 0; b < 3; b++) {
      const [x, y] = [X.data[4 * b + f], X.data[4 * b + 2 + f]];
      const [m, v] = [(x + y) / 2, ((x - y) / 2) ** 2];
      mean = b === 0 ? m : 0.75 * mean + 0.25 * m;
      variance = b === 0 ? v : 0.75 * variance + 0.25 * v;
    }
    expect(within([statistics.mean[f], statistics.variance[f]], [mean, variance], 1e-14).ok).toBe(true);
  }
  const again = networkFromJson(JSON.parse(JSON.stringify(networkToJson(frozen, params))));
  expect([...predict(again.net, params, X).data]).toEqual([...predict(frozen, params, X).data]);
  // A network in evaluation mode stays as it is.
  const twice = evaluationMode(frozen, params, normalMatrix(createRng(19), 4, 2));
  expect(twice.definitions[0].config["statistics"]).toEqual(statistics);
  expect(() => evaluationMode(net, params, X, { momentum: 0.1 })).toThrow(
    "evaluationMode: momentum must be given with a batchSize, got 0.1",
  );
  expect(() => batchNorm({ statistics: { mean: [0], variance: [-1] } })).toThrow(ArgumentError);
  expect(() => batchNorm({ statistics: { mean: [0], variance: [1, 1] } })).toThrow("got 1 means and 2 variances");
  expect(() => sequential([batchNorm({ statistics: { mean: [0], variance: [1] } })], { inputShape: [2] })).toThrow(
    "the statistics of layer1 (batchNorm) must be of 2 features, got 1",
  );
});
