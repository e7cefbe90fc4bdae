import { expect, test } from "vitest";
import { ArgumentError, AsymmetricError, SingularError, toMatrix, UnsupportedError } from "../../src/core/index.js";
import {
  asyncOperatorFromHvp,
  classOutliers,
  curvatureProfile,
  estimateEffectiveRank,
  ggn,
  hessian,
  kfac,
  operatorFromGradient,
  operatorFromHvp,
} from "../../src/curvature/index.js";
import { eigsh, eigshAsync } from "../../src/krylov/index.js";
import { eigh } from "../../src/linalg/index.js";
import { gradient, initialize, mlp } from "../../src/networks/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { trace } from "../../src/stochastic/index.js";
import type { ActivationName } from "../../src/special/index.js";
import { dot, norm, randomData, randomParams, randomVector } from "../networks/support.js";
import { frobenius, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Case {
  sizes: number[];
  activation: string;
  loss: "mse" | "ce";
  params: number[];
  X: number[][];
  Y: number[] | number[][];
  ggn: number[][];
  kfac_A: number[][][];
  kfac_G: number[][][];
}
const { cases: all } = fixture<{ cases: Record<string, Case> }>("networks/hessian-cases.json");
const cases = Object.entries(all).filter(([name]) => name !== "analytic_saddle");
const TOLERANCE = 1e-12;

function setting(c: Case) {
  const activation = c.activation.replace("gelu_erf", "gelu") as ActivationName;
  const net = mlp({ sizes: c.sizes, activation, loss: c.loss === "ce" ? "cross-entropy" : "mse" });
  return { net, params: Float64Array.from(c.params), data: { inputs: c.X, targets: c.Y } };
}

test.each(cases)("%s: Kronecker factors agree with the references", (_, c) => {
  const { net, params, data } = setting(c);
  const K = kfac(net, params, data);
  K.blocks.forEach((block, l) => {
    expect(within(block.inputFactor.data, toMatrix(c.kfac_A[l]).data, TOLERANCE).ok).toBe(true);
    expect(within(block.outputFactor.data, toMatrix(c.kfac_G[l]).data, TOLERANCE).ok).toBe(true);
  });
});

test("for one sample the K-FAC blocks are the Gauss–Newton blocks", () => {
  const { net, params, data } = setting(all["tanh_ce_n1_kfac_exact"]);
  const K = toDense(kfac(net, params, data).operator);
  const G = toDense(ggn(net, params, data));
  for (const [start, end] of [
    [0, 6],
    [6, 15],
  ]) {
    for (let i = start; i < end; i++) {
      for (let j = start; j < end; j++) expect(Math.abs(K.data[i * 15 + j] - G.data[i * 15 + j])).toBeLessThan(1e-15);
    }
  }
});

test("spectrum, inverse and log-determinant of K-FAC and EKFAC are those of the assembled matrix", () => {
  const net = mlp({
    sizes: [3, 4, 2],
    activation: "tanh",
    loss: "cross-entropy",
    parameterisation: "ntk",
    weightScale: 1.5,
  });
  const params = randomParams(net, 1);
  const data = randomData(net, 11, 2);
  for (const variant of ["kfac", "ekfac"] as const) {
    const K = kfac(net, params, data, { variant, batchSize: 4 });
    const dense = toDense(K.operator);
    const { values } = eigh(dense, { vectors: false, triangle: "lower" });
    expect(within(K.spectrum().values, values, TOLERANCE).ok).toBe(true);
    const expected = values.reduce((sum, value) => sum + Math.log(value + 0.1), 0);
    expect(withinRelative(K.logDeterminant(0.1), expected, TOLERANCE).ok).toBe(true);
    const v = randomVector(createRng(3), net.parameterCount);
    const Kv = new Float64Array(v.length);
    const back = new Float64Array(v.length);
    K.operator.apply(v, Kv);
    Kv.forEach((value, i) => (Kv[i] = value + 0.1 * v[i]));
    K.inverse(0.1).apply(Kv, back);
    expect(within(back, v, 1e-11).ok).toBe(true);
    expect(() => K.inverse(0)).toThrow(SingularError);
    expect(() => K.inverse(0)).toThrow("pass a damping > 0");
  }
});

test("EKFAC has the exact trace, and is at least as near to the Gauss–Newton blocks as K-FAC", () => {
  const net = mlp({ sizes: [3, 5, 3], activation: "relu", loss: "cross-entropy" });
  const params = randomParams(net, 4);
  const data = randomData(net, 13, 5);
  const G = toDense(ggn(net, params, data));
  const distance = (variant: "kfac" | "ekfac"): number => {
    const K = toDense(kfac(net, params, data, { variant }).operator);
    return frobenius({ ...K, data: K.data.map((value, i) => value - G.data[i]) }) / frobenius(G);
  };
  expect(distance("ekfac")).toBeLessThanOrEqual(distance("kfac"));
  const E = kfac(net, params, data, { variant: "ekfac" });
  const quality = E.quality({ rng: createRng(6), probes: 400 });
  const trace = Array.from({ length: G.rows }, (_, i) => G.data[i * G.cols + i]).reduce((sum, value) => sum + value);
  expect(withinRelative([quality.ggnTrace, quality.traceRatio], [trace, 1], TOLERANCE).ok).toBe(true);
  const z = (quality.relativeSquaredError.mean - distance("ekfac") ** 2) / quality.relativeSquaredError.standardError;
  expect(Math.abs(z)).toBeLessThan(4);
});

test("block traces of one pass agree with the dense diagonal blocks, and add up", () => {
  const net = mlp({ sizes: [3, 5, 4, 3], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 7);
  const data = randomData(net, 15, 8);
  const H = toDense(hessian(net, params, data));
  const G = toDense(ggn(net, params, data));
  const part = (M: { cols: number; data: Float64Array }, name: string): number =>
    net.blocks
      .filter((block) => block.layer === name || block.name === name)
      .reduce((sum, { offset, length }) => {
        for (let i = offset; i < offset + length; i++) sum += M.data[i * M.cols + i];
        return sum;
      }, 0);
  for (const granularity of ["layer", "parameter"] as const) {
    const profile = curvatureProfile(net, params, data, {
      rng: createRng(9),
      probes: 300,
      granularity,
      top: 2,
      batchSize: 6,
    });
    for (const block of profile.blocks) {
      expect(withinRelative(block.ggnTrace, part(G, block.name), 1e-11).ok).toBe(true);
      // The residual block of the last biases is exactly zero: their estimate has no error but rounding.
      const exact = part(H, block.name);
      const allowed = 4 * block.trace.standardError + 1e-12 * Math.abs(exact);
      expect(Math.abs(block.trace.mean - exact)).toBeLessThan(allowed);
      const dense = eigh(toDense(hessian(net, params, data, { block: block.name })), {
        vectors: false,
        triangle: "lower",
      }).values;
      const expected = dense.slice(-block.top.length).reverse();
      expect(within(block.top, expected, 1e-4 * Math.abs(expected[0])).ok).toBe(true);
    }
    const sum = profile.blocks.reduce((total, block) => total + block.trace.mean, 0);
    expect(withinRelative(sum, profile.trace.mean, 1e-12).ok).toBe(true);
    expect(
      withinRelative(
        profile.blocks.reduce((total, block) => total + block.ggnShare, 0),
        1,
        1e-12,
      ).ok,
    ).toBe(true);
    expect(withinRelative(profile.trace.mean, profile.ggnTrace + profile.residualTrace.mean, 1e-12).ok).toBe(true);
    // Only the residual is estimated: fewer errors than probes of the whole Hessian would leave.
    const whole = trace(hessian(net, params, data), { method: "hutchinson", matvecs: 300, rng: createRng(9) });
    expect(profile.trace.standardError).toBeLessThan(whole.standardError);
  }
});

test("class parts of the Gauss–Newton matrix add up to it, have the stated ranks, and explain the shares", () => {
  const net = mlp({ sizes: [4, 6, 3], activation: "relu", loss: "cross-entropy" });
  const params = randomParams(net, 10);
  const data = randomData(net, 30, 11);
  const report = classOutliers(net, params, data, { rng: createRng(12), tolerance: 1e-9, batchSize: 8 });
  const G = toDense(ggn(net, params, data));
  const parts = [report.parts.class, report.parts.crossClass, report.parts.ownClass, report.parts.withinClass].map(
    (part) => toDense(part),
  );
  const sum = G.data.map((_, e) => parts.reduce((total, part) => total + part.data[e], 0));
  expect(within(sum, G.data, 1e-13).ok).toBe(true);
  const spectra = parts.map((part) => eigh(part, { vectors: false, triangle: "lower" }).values);
  const top = frobenius(G);
  const ranks = spectra.map((values) => values.filter((value) => value > 1e-10 * top).length);
  expect(ranks.slice(0, 3).map((rank, i) => rank <= [3, 6, 3][i])).toEqual([true, true, true]);
  for (const values of spectra) expect(values[0]).toBeGreaterThan(-1e-12 * top); // every part is positive semidefinite
  expect(within(report.classEigenvalues, spectra[0].slice(-3).reverse(), 1e-12 * top).ok).toBe(true);
  const traceOf = (M: { rows: number; data: Float64Array }): number =>
    Array.from({ length: M.rows }, (_, i) => M.data[i * M.rows + i]).reduce((a, b) => a + b);
  const traces = [report.traces.class, report.traces.crossClass, report.traces.ownClass, report.traces.withinClass];
  expect(withinRelative(traces, parts.map(traceOf), 1e-11).ok).toBe(true);
  const values = eigh(G, { vectors: false, triangle: "lower" }).values.slice().reverse();
  report.attributions.forEach(({ eigenvalue, shares }, k) => {
    expect(withinRelative(eigenvalue, values[k], 1e-8).ok).toBe(true);
    expect(Math.abs(shares.class + shares.crossClass + shares.ownClass + shares.withinClass - 1)).toBeLessThan(1e-8);
  });
  expect(() =>
    classOutliers(net, params, { inputs: data.inputs, targets: data.targets }, { rng: createRng(1), loss: "mse" }),
  ).toThrow(UnsupportedError);
});

test("at a mean-feature initialisation the outliers of the Gauss–Newton matrix number C − 1, in most runs", () => {
  let hits = 0;
  const runs = 10;
  for (let seed = 0; seed < runs; seed++) {
    const C = 3 + (seed % 3);
    const rng = createRng([7, seed]);
    const n = 25 * C;
    const targets = Array.from({ length: n }, (_, i) => i % C);
    const centres = Array.from({ length: C }, () => Array.from({ length: 8 }, () => rng.normal()));
    const inputs = targets.map((c) => centres[c].map((m) => m + 1.5 + rng.normal()));
    const net = mlp({ sizes: [8, 20, C], activation: "relu", loss: "cross-entropy" });
    const params = initialize(net, "he", rng);
    for (let i = net.blocks[2].offset; i < net.parameterCount; i++) params[i] *= 0.1;
    const report = classOutliers(net, params, { inputs, targets }, { rng });
    if (report.outlierCount === report.expected.classesMinusOne) hits++;
  }
  expect(hits).toBeGreaterThanOrEqual(8); // the spec found 19 of 20
});

test("foreign products are checked for symmetry and repeatability before use", () => {
  const net = mlp({ sizes: [3, 4, 2], activation: "tanh" });
  const params = randomParams(net, 13);
  const data = randomData(net, 6, 14);
  const H = hessian(net, params, data);
  const out = new Float64Array(H.rows);
  const foreign = operatorFromHvp(
    H.rows,
    (v) => {
      H.apply(v, out);
      return Array.from(out);
    },
    { rng: createRng(15) },
  );
  expect(foreign.asymmetry).toBeLessThan(1e-14);
  expect(within(toDense(foreign).data, toDense(H).data, 0).ok).toBe(true);
  const wrong = (): unknown =>
    operatorFromHvp(
      H.rows,
      (v, result) => {
        H.apply(v, result);
        result[0] += 0.01 * v[1]; // a second derivative that is missing on one side
      },
      { rng: createRng(16) },
    );
  expect(wrong).toThrow(AsymmetricError);
  expect(wrong).toThrow("operatorFromHvp: product must be symmetric");
  const noise = createRng(17);
  const noisy = (): unknown => operatorFromHvp(2, (v) => [v[0] + 1e-3 * noise.normal(), v[1]], { rng: createRng(18) });
  expect(noisy).toThrow(ArgumentError);
  expect(noisy).toThrow("between two calls; switch off dropout");
  expect(() => operatorFromHvp(2, () => [Number.NaN, 0], { rng: createRng(19) })).toThrow(
    "NaN, infinite or unwritten entries",
  );
  // A framework that loses everything gives zero, symmetric and repeatable; the reference finds it.
  const lost = (): unknown => operatorFromHvp(H.rows, (v) => v.map(() => 0), { rng: createRng(20), reference: H });
  expect(lost).toThrow("product must be that of the reference, to 1.00e-9, got a relative difference of 1.00e+0");
});

test("products that arrive as promises pass the same checks, and feed the asynchronous eigensolver", async () => {
  const net = mlp({ sizes: [3, 4, 2], activation: "tanh" });
  const params = randomParams(net, 13);
  const data = randomData(net, 6, 14);
  const H = hessian(net, params, data);
  const product = async (v: Float64Array, out: Float64Array): Promise<void> => {
    await Promise.resolve();
    H.apply(v, out);
  };
  const foreign = await asyncOperatorFromHvp(H.rows, product, { rng: createRng(15), reference: H });
  const direct = operatorFromHvp(H.rows, (v, out) => H.apply(v, out), { rng: createRng(15), reference: H });
  expect([foreign.asymmetry, foreign.variation, foreign.disagreement]).toEqual([direct.asymmetry, 0, 0]);
  const options = () => ({ count: 2, which: "largest", rng: createRng(16) }) as const;
  const { values } = await eigshAsync(foreign, options());
  expect([...values]).toEqual([...eigsh(direct, options()).values]);
  const wrong = asyncOperatorFromHvp(2, async ([a, b]) => [a, a + b], { rng: createRng(17) });
  await expect(wrong).rejects.toThrow("asyncOperatorFromHvp: product must be symmetric");
});

test("differences of gradients approximate the exact product within their own error estimate", () => {
  const net = mlp({ sizes: [3, 5, 2], activation: "gelu", loss: "cross-entropy" });
  const params = randomParams(net, 20);
  const data = randomData(net, 8, 21);
  const exact = hessian(net, params, data);
  const single = operatorFromGradient(params, (theta) => Array.from(gradient(net, theta, data)).map(Math.fround), {
    precision: "float32",
  });
  const double = operatorFromGradient(params, (theta, out) => out.set(gradient(net, theta, data)));
  const v = randomVector(createRng(22), exact.rows);
  const Hv = new Float64Array(exact.rows);
  const approximate = new Float64Array(exact.rows);
  exact.apply(v, Hv);
  for (const [operator, bound] of [
    [double, 1e-8],
    [single, 1e-2],
  ] as const) {
    operator.apply(v, approximate);
    const error = norm(Hv.map((value, i) => value - approximate[i])) / norm(Hv);
    expect(error).toBeLessThan(bound);
    expect(error).toBeLessThan(10 * operator.lastError());
    expect(operator.gradients()).toBe(4);
    // Products scale with the vector, whatever its length.
    const scaled = new Float64Array(exact.rows);
    operator.apply(
      v.map((value) => 1e8 * value),
      scaled,
    );
    expect(withinRelative(dot(scaled, v), 1e8 * dot(approximate, v), 1e-6).ok).toBe(true);
  }
  double.apply(new Float64Array(exact.rows), approximate);
  expect(norm(approximate)).toBe(0);
});

test("effective ranks from products agree with those of the spectrum within their standard errors", () => {
  const net = mlp({ sizes: [4, 8, 3], activation: "tanh", loss: "cross-entropy" });
  const params = randomParams(net, 23);
  const data = randomData(net, 25, 24);
  const H = hessian(net, params, data);
  const { values } = eigh(toDense(H), { vectors: false, triangle: "lower" });
  const power = (k: number): number => values.reduce((sum, value) => sum + value ** k, 0);
  const estimate = estimateEffectiveRank(H, { rng: createRng(25), probes: 600 });
  const z = (value: { mean: number; standardError: number }, exact: number): number =>
    (value.mean - exact) / value.standardError;
  expect(Math.abs(z(estimate.energy, power(2) ** 2 / power(4)))).toBeLessThan(4);
  expect(Math.abs(z(estimate.trace, power(1) ** 2 / power(2)))).toBeLessThan(4);
  // Power: the other ratio is not within its error.
  expect(Math.abs(z(estimate.energy, power(1) ** 2 / power(2)))).toBeGreaterThan(4);
  const stopped = estimateEffectiveRank(H, { rng: createRng(1), signal: { aborted: true } });
  expect([stopped.status, stopped.energy.standardError]).toEqual(["cancelled", Infinity]);
});
