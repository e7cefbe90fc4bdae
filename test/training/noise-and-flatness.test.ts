import { expect, test } from "vitest";
import { gradientCovariance, hessian } from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { activationLayer, batchNorm, dense, lossValue, mlp, predict, sequential } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  compareFlatness,
  gradientDescent,
  rankCorrelation,
  rescaleLayer,
  sgdNoise,
  train,
} from "../../src/training/index.js";
import { randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";

test("noise moments agree with the dense covariance and Hessian within their standard errors; directions are exact", () => {
  const net = mlp({ sizes: [3, 5, 3], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 1);
  const data = randomData(net, 30, 2);
  const C = toDense(gradientCovariance(net, params, data));
  const H = toDense(hessian(net, params, data));
  const inner = (A: typeof C, B: typeof C): number => A.data.reduce((sum, value, e) => sum + value * B.data[e], 0);
  const traceOf = (A: typeof C): number =>
    Array.from({ length: A.rows }, (_, i) => A.data[i * (A.rows + 1)]).reduce((a, b) => a + b, 0);
  const report = sgdNoise(net, params, data, { rng: createRng(3), probes: 400, top: 3 });
  const z = (estimate: { mean: number; standardError: number }, exact: number): number =>
    Math.abs(estimate.mean - exact) / estimate.standardError;
  expect(z(report.noiseTrace, traceOf(C))).toBeLessThan(4);
  expect(z(report.hessianTrace, traceOf(H))).toBeLessThan(4);
  const alignment = report.alignment.defined ? report.alignment.value : { mean: Number.NaN, standardError: 0 };
  const scale = report.scale.defined ? report.scale.value : { mean: Number.NaN, standardError: 0 };
  expect(z(alignment, inner(C, H) / Math.sqrt(inner(C, C) * inner(H, H)))).toBeLessThan(4);
  expect(z(scale, inner(C, H) / inner(H, H))).toBeLessThan(4);
  expect(alignment.standardError).toBeLessThan(0.05);
  const { values, vectors } = eigh(H, { triangle: "lower" });
  report.directions.forEach(({ eigenvalue, variance }, k) => {
    const column = values.length - 1 - k;
    const v = Float64Array.from({ length: C.rows }, (_, i) => vectors.data[i * C.rows + column]);
    let exact = 0;
    for (let i = 0; i < C.rows; i++) for (let j = 0; j < C.rows; j++) exact += v[i] * C.data[i * C.rows + j] * v[j];
    expect(withinRelative([eigenvalue, variance], [values[column], exact], 1e-4).ok).toBe(true);
  });
});

test("well-specified regression at its optimum: the noise is s² H; a misspecified control is not", () => {
  const rng = createRng(4);
  const [n, d, s] = [4000, 5, 0.7];
  const net = mlp({ sizes: [d, 1], bias: false });
  const inputs = normalMatrix(rng.fork("inputs"), n, d);
  const noise = rng.fork("noise");
  const report = (deviation: (x: number) => number) => {
    const targets = Float64Array.from(
      { length: n },
      (_, i) => inputs.data[i * d] + deviation(inputs.data[i * d]) * noise.normal(),
    );
    const data = { inputs, targets };
    const { params } = train(net, data, {
      optimizer: gradientDescent({ stepSize: 0.9 }),
      steps: 60,
      params: new Float64Array(d),
    });
    const { alignment, scale, gradientNorm } = sgdNoise(net, params, data, { rng: createRng(5), top: 0 });
    return {
      alignment: alignment.defined ? alignment.value.mean : Number.NaN,
      scale: scale.defined ? scale.value.mean : Number.NaN,
      gradientNorm,
    };
  };
  const good = report(() => s);
  expect(good.gradientNorm).toBeLessThan(1e-12);
  expect(withinRelative(good.scale, s * s, 0.1).ok).toBe(true);
  expect(good.alignment).toBeGreaterThan(0.99);
  expect(report((x) => 2 * x * x).alignment).toBeLessThan(0.9); // noise that grows with the first input
});

test("no noise, no alignment; cancelled noise measurements return the probes done", () => {
  const net = mlp({ sizes: [1, 1], bias: false });
  const data = { inputs: [[1], [1]], targets: [1, 1] };
  const still = sgdNoise(net, Float64Array.of(1), data, { rng: createRng(1), top: 1 });
  expect(still.alignment).toEqual({ defined: false, reason: "the noise or the Hessian vanishes on all probes" });
  expect(still.topShare).toBe(0);
  let reports = 0;
  const cut = sgdNoise(net, Float64Array.of(0), data, {
    rng: createRng(1),
    signal: { get aborted() { return reports >= 2; } }, // prettier-ignore
    onProgress: () => reports++,
  });
  expect([cut.status, cut.noiseTrace.samples, cut.directions.length]).toEqual(["cancelled", 2, 0]);
  const coupled = sequential([dense({ outputs: 2 }), batchNorm(), dense({ outputs: 1 })], { inputShape: [1] });
  expect(() => sgdNoise(coupled, randomParams(coupled, 1), data, { rng: createRng(1) })).toThrow(
    "must be without layers that couple samples",
  );
});

test("rank correlation: closed form with ties, monotone maps, and p-values that are uniform without a relation", () => {
  // SciPy 1.x: spearmanr([1, 2, 2, 4, 5], [3, 1, 4, 4, 9]).statistic = 0.7631578947368421 (by hand: ranks 1, 2.5, 2.5, 4, 5 and 2, 1, 3.5, 3.5, 5)
  const tied = rankCorrelation([1, 2, 2, 4, 5], [3, 1, 4, 4, 9], { rng: createRng(1) });
  const a = [1, 2.5, 2.5, 4, 5].map((r) => r - 3);
  const b = [2, 1, 3.5, 3.5, 5].map((r) => r - 3);
  const product = (x: number[], y: number[]): number => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const exact = product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  expect(tied.value.defined && within(tied.value.value, exact, 1e-14).ok).toBe(true);
  const x = Array.from({ length: 20 }, (_, i) => Math.sin(3 * i));
  const y = Array.from({ length: 20 }, (_, i) => Math.sin(3 * i) + Math.cos(7 * i));
  const plain = rankCorrelation(x, y, { rng: createRng(2) });
  expect(
    rankCorrelation(
      x.map((v) => Math.exp(1e2 * v)),
      y,
      { rng: createRng(2) },
    ),
  ).toEqual(plain);
  expect(plain.interval.defined && plain.value.defined && plain.interval.value[0] < plain.value.value).toBe(true);
  expect(plain.pValue).toBeLessThan(0.05);
  // 200 unrelated pairs of lists, fixed in advance: the share below 0.1 has the standard deviation 0.021.
  let below = 0;
  for (let k = 0; k < 200; k++) {
    const rng = createRng([6, k]);
    const list = (): number[] => Array.from({ length: 8 }, () => rng.normal());
    if (rankCorrelation(list(), list(), { rng, permutations: 199 }).pValue <= 0.1) below++;
  }
  expect(Math.abs(below / 200 - 0.1)).toBeLessThan(4 * 0.0212);
  expect(rankCorrelation([1, 1, 1], [1, 2, 3], { rng: createRng(1) })).toMatchObject({
    value: { defined: false },
    pValue: 1,
  });
  expect(() => rankCorrelation([1, 2], [1], { rng: createRng(1) })).toThrow(
    "rankCorrelation: y must be of length 2, got length 1",
  );
  expect(() => rankCorrelation([1], [1], { rng: createRng(1) })).toThrow("at least two numbers");
});

test("rescaling leaves the function alone, with biases and with leaky rectifiers", () => {
  for (const activation of ["relu", "leaky-relu", "abs", "identity"] as const) {
    const net = mlp({ sizes: [3, 6, 5, 2], activation });
    const params = randomParams(net, 7);
    const X = normalMatrix(createRng(8), 10, 3);
    const before = predict(net, params, X).data;
    for (const layer of [1, 2]) {
      expect(withinRelative(predict(net, rescaleLayer(net, params, layer, 8), X).data, before, 1e-12).ok).toBe(true);
    }
  }
  const smooth = mlp({ sizes: [2, 3, 1], activation: "tanh" });
  expect(() => rescaleLayer(smooth, randomParams(smooth, 1), 1, 2)).toThrow("got activation tanh");
  expect(() => rescaleLayer(smooth, randomParams(smooth, 1), 2, 2)).toThrow("1 to 1, got 2");
  const deep = sequential(
    [dense({ outputs: 3 }), activationLayer("relu"), activationLayer("relu"), dense({ outputs: 1 })],
    { inputShape: [2] },
  );
  expect(() => rescaleLayer(deep, randomParams(deep, 1), 1, 2)).toThrow("got other layers");
});

test("flatness against test loss over runs: correlations, diverged runs, and the counterexample", () => {
  const net = mlp({ sizes: [2, 8, 1], activation: "relu", bias: false });
  const rng = createRng(9);
  const make = (n: number, label: string) => {
    const X = normalMatrix(rng.fork(label), n, 2);
    return {
      inputs: X,
      targets: Float64Array.from({ length: n }, (_, i) => Math.abs(X.data[2 * i]) - 0.5 * X.data[2 * i + 1]),
    };
  };
  const [data, test_] = [make(20, "train"), make(200, "test")];
  const settings = [
    { stepSize: 0.02, batchSize: 20 },
    { stepSize: 0.1, batchSize: 5 },
    { stepSize: 0.02, batchSize: 2, gain: 2 },
    { stepSize: 0.1, batchSize: 20, gain: 0.5 },
    { stepSize: 50, batchSize: 20 },
  ];
  const result = compareFlatness(net, data, test_, { settings, steps: 200, rng: createRng(10) });
  expect([result.runs.length, result.diverged, result.status]).toEqual([4, 1, "converged"]);
  for (const name of ["trace", "sharpness", "weightedTrace", "fisherRao"] as const) {
    const correlation = result.correlations[name];
    expect(correlation.defined && correlation.value.pairs).toBe(4);
  }
  expect(result.runs[0].testLoss).toBe(lossValue(net, result.runs[0].params, test_));
  const { counterexample } = result;
  if (!counterexample.defined) throw new Error(counterexample.reason);
  expect(counterexample.value.lossChange).toBeLessThan(1e-12);
  expect(counterexample.value.ratios.trace).toBeGreaterThan(3); // moved at will …
  expect(withinRelative(counterexample.value.ratios.weightedTrace, 1, 1e-9).ok).toBe(true); // … and not moved
  expect(withinRelative(counterexample.value.ratios.fisherRao, 1, 1e-9).ok).toBe(true);
  const smooth = mlp({ sizes: [2, 3, 1], activation: "tanh" });
  const other = compareFlatness(smooth, data, test_, { settings: settings.slice(0, 1), steps: 5, rng: createRng(11) });
  expect(other.counterexample.defined).toBe(false);
  expect(other.correlations.trace.defined).toBe(false);
  const cut = compareFlatness(net, data, test_, { settings, steps: 5, rng: createRng(11), signal: { aborted: true } });
  expect([cut.status, cut.runs.length]).toEqual(["cancelled", 0]);
  expect(() => compareFlatness(net, data, test_, { settings: [], steps: 5, rng: createRng(11) })).toThrow(
    "at least one setting",
  );
  expect(() => compareFlatness(net, data, test_, { settings, steps: 5, against: "error", rng: createRng(11) })).toThrow(
    'against must be "loss" for a network of one output, got "error"',
  );
});

test("flatness against the share of wrong answers of a classifier", () => {
  const net = mlp({ sizes: [2, 6, 3], activation: "relu", bias: false, loss: "cross-entropy" });
  const data = randomData(net, 30, 12);
  const settings = [0.5, 1, 2].map((gain) => ({ stepSize: 0.1, batchSize: 10, gain }));
  const result = compareFlatness(net, data, randomData(net, 40, 13), {
    settings,
    steps: 60,
    against: "error",
    rng: createRng(14),
  });
  const { trace } = result.correlations;
  const by = rankCorrelation(
    result.runs.map((run) => run.flatness.trace.mean),
    result.runs.map((run) => run.testError ?? Number.NaN),
    { rng: createRng(1) },
  );
  expect([result.against, trace.defined && trace.value.value]).toEqual(["error", by.value]);
});
