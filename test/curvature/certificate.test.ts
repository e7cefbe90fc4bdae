import { expect, test } from "vitest";
import { toMatrix } from "../../src/core/index.js";
import { generalizationBounds, spectralCertificate } from "../../src/curvature/index.js";
import { inverseKl } from "../../src/curvature/pac-bayes.js";
import { mlp } from "../../src/networks/index.js";
import { createRng } from "../../src/random/index.js";
import { randomData, randomParams } from "../networks/support.js";
import { within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Bounds {
  sizes: number[];
  W: number[][][];
  X: number[][];
  Y: number[];
  prod_spectral: number;
  "bartlett_R_A_M=0": number;
  X_fro: number;
  max_row_norm: number;
  "bartlett_complexity_XF*R_A/(gamma*n)_gamma1": number;
  path_norm_l2: number;
  path_norm_l1: number;
  neyshabur_pacbayes_core: number;
  golowich_frobenius_bound: number;
  margins: number[];
  "ramp_margin_error_gamma0.5": number;
}
const { bounds } = fixture<{ bounds: Bounds }>("curvature/bounds.json");
const RELATIVE = 1e-12;

function fixedNet() {
  const net = mlp({ sizes: bounds.sizes, activation: "relu", bias: false, loss: "cross-entropy" });
  const params = Float64Array.from(bounds.W.flatMap((W) => [...toMatrix(W).data]));
  return { net, params, data: { inputs: bounds.X, targets: bounds.Y } };
}

test("norms, margins and complexities agree with the reference network", () => {
  const { net, params, data } = fixedNet();
  const report = generalizationBounds(net, params, data, { margin: 1 });
  const close = (actual: ArrayLike<number> | number, expected: ArrayLike<number> | number): void => {
    const verdict = withinRelative(actual, expected, RELATIVE);
    expect(verdict.ok, verdict.message).toBe(true);
  };
  close(report.spectralProduct, bounds.prod_spectral);
  close(report.bartlettNorm, bounds["bartlett_R_A_M=0"]);
  close(report.pathNormL2, bounds.path_norm_l2);
  close(report.pathNormL1, bounds.path_norm_l1);
  close(report.inputNorms.frobenius, bounds.X_fro);
  close(report.inputNorms.largest, bounds.max_row_norm);
  expect(within(report.margins, bounds.margins, 1e-14).ok).toBe(true);
  const complexity = report.bounds.map((bound) => (bound.complexity.defined ? bound.complexity.value : Number.NaN));
  close(complexity[0], bounds["bartlett_complexity_XF*R_A/(gamma*n)_gamma1"]);
  close(complexity[1], Math.sqrt(bounds.neyshabur_pacbayes_core / 6));
  close(complexity[2], bounds.golowich_frobenius_bound);
  close(generalizationBounds(net, params, data, { margin: 0.5 }).marginError, bounds["ramp_margin_error_gamma0.5"]);
  expect(report.bounds.every((bound) => bound.vacuous && bound.upToConstants)).toBe(true);
  // Control: the product of spectral norms is not a path norm.
  expect(Math.abs(report.spectralProduct / report.pathNormL2 - 1)).toBeGreaterThan(0.5);
});

test("rescaling a ReLU layer against the next leaves path norms alone and moves the Frobenius norms", () => {
  const { net, params, data } = fixedNet();
  const moved = params.map((value, i) => (i < 12 ? value * 10 : value / 10));
  const a = generalizationBounds(net, params, data, { margin: 1 });
  const b = generalizationBounds(net, moved, data, { margin: 1 });
  expect(withinRelative([b.pathNormL1, b.pathNormL2], [a.pathNormL1, a.pathNormL2], RELATIVE).ok).toBe(true);
  expect(withinRelative(b.spectralProduct, a.spectralProduct, RELATIVE).ok).toBe(true);
});

test("biases are absorbed by a constant input without changing the function", () => {
  const net = mlp({ sizes: [1, 1, 2], activation: "relu", loss: "cross-entropy" });
  // f = (W2 max(0, 2x + 3) + b2); paths through the augmented network: (|2| + |3|)·|w| + |b|.
  const params = Float64Array.of(2, 3, 5, 7, 1, 1);
  const report = generalizationBounds(net, params, { inputs: [[1]], targets: [0] });
  expect(withinRelative(report.pathNormL1, 5 * (5 + 7) + 2, RELATIVE).ok).toBe(true);
  expect(report.assumptions).toContain("biases are absorbed by a constant input 1");
});

test("theorems that do not cover the activation give a reason instead of a number", () => {
  const net = mlp({ sizes: [2, 3, 2], activation: "sigmoid", loss: "cross-entropy" });
  const report = generalizationBounds(net, randomParams(net, 1), randomData(net, 4, 2));
  for (const bound of report.bounds) {
    expect(bound.complexity.defined).toBe(false);
    expect(!bound.complexity.defined && bound.complexity.reason).toContain("sigmoid is not");
  }
  expect(report.pacBayes).toEqual({
    defined: false,
    reason: "no prior was given: pass { prior: initial parameters, rng }",
  });
});

test("the PAC-Bayes bound is a probability, states prior and posterior, and pays for distance from the prior", () => {
  const net = mlp({ sizes: [2, 2], loss: "cross-entropy" });
  const rng = createRng(3);
  const inputs = { rows: 4000, cols: 2, data: Float64Array.from({ length: 8000 }, () => rng.normal()) };
  const targets = Array.from({ length: 4000 }, (_, i) => (inputs.data[2 * i] > 0 ? 0 : 1));
  const params = Float64Array.of(2, 0, -2, 0, 0, 0);
  const near = generalizationBounds(
    net,
    params,
    { inputs, targets },
    { prior: new Float64Array(6), rng: createRng(4) },
  );
  const far = generalizationBounds(
    net,
    params,
    { inputs, targets },
    { prior: new Float64Array(6).fill(5), rng: createRng(4) },
  );
  if (!near.pacBayes.defined || !far.pacBayes.defined) throw new Error("both have a prior");
  expect(near.pacBayes.value.vacuous).toBe(false);
  expect(near.pacBayes.value.bound).toBeGreaterThan(near.pacBayes.value.empiricalError);
  expect(far.pacBayes.value.bound).toBeGreaterThan(near.pacBayes.value.bound);
  const { divergence, deviation } = near.pacBayes.value;
  expect(withinRelative(divergence, 8 / (2 * deviation ** 2), RELATIVE).ok).toBe(true);
});

test("inverse of the binary divergence: closed forms and monotonicity", () => {
  // kl(0 ‖ p) = −ln(1 − p)
  expect(within(inverseKl(0, 0.5), 1 - Math.exp(-0.5), 1e-15).ok).toBe(true);
  // kl is quadratic at its zero: rounding ε of kl is √ε in p, upwards.
  expect(within(inverseKl(0.3, 0), 0.3, Math.sqrt(2 ** -52)).ok).toBe(true);
  expect(inverseKl(0.3, 0.1)).toBeGreaterThan(inverseKl(0.3, 0.05));
  expect(inverseKl(0.5, 1e9)).toBe(1);
});

test("the certificate of a linear model is exact in every entry", () => {
  const net = mlp({ sizes: [2, 1], bias: false });
  const data = {
    inputs: [
      [2, 0],
      [0, 1],
    ],
    targets: [[1], [1]],
  };
  const c = spectralCertificate(net, Float64Array.of(3, 4), data, { rng: createRng(1) });
  // H = XᵀX/2 = diag(2, 1/2), K = X Xᵀ = diag(4, 1), W = (3, 4).
  expect([c.hessian.largest, c.hessian.smallest]).toEqual([2, 0.5]);
  expect(c.hessian.kappa).toEqual({ defined: true, value: 4 });
  expect(c.maxStableEta).toEqual({ defined: true, value: 1 });
  expect(within(c.modeRates.rates, [2, 0.5], 1e-12).ok).toBe(true);
  expect(within([c.ntkTop.value, c.pathNormL2, c.pathNormL1], [4, 5, 7], 1e-12).ok).toBe(true);
  expect(c.truncation[0].spectralError).toBe(0);
  expect(c.samples).toBe(2);
});

test("kappa of an indefinite or singular Hessian is a reason with counts, never a number", () => {
  const net = mlp({ sizes: [2, 3, 2], activation: "tanh", loss: "cross-entropy" });
  const data = randomData(net, 5, 6);
  const dense = spectralCertificate(net, randomParams(net, 5), data, { rng: createRng(1) });
  const { kappa, counts } = dense.hessian;
  expect(kappa.defined).toBe(false);
  expect(!kappa.defined && kappa.reason).toMatch(/indefinite \(\d+ negative, \d+ zero\)/);
  expect((counts?.negative ?? 0) + (counts?.zero ?? 0) + (counts?.positive ?? 0)).toBe(net.parameterCount);
  expect(dense.hessian.kappaNonzero.defined).toBe(true);
  const sparse = spectralCertificate(net, randomParams(net, 5), data, { rng: createRng(1), denseLimit: 0 });
  expect(sparse.hessian.method).toBe("lanczos");
  expect(sparse.assumptions.join()).toContain("Ritz values");
  expect(dense.assumptions.join()).not.toContain("Ritz values");
  expect(withinRelative(sparse.hessian.largest, dense.hessian.largest, 1e-6).ok).toBe(true);
  expect(sparse.hessian.kappaNonzero.defined).toBe(false);
});

test("truncation errors are s_{k+1}, not s_k", () => {
  const net = mlp({ sizes: [3, 3], bias: false });
  const c = spectralCertificate(net, Float64Array.of(3, 0, 0, 0, 2, 0, 0, 0, 1), randomData(net, 4, 7), {
    rng: createRng(1),
    rank: 1,
  });
  expect(within(c.truncation[0].spectralError, 2, 1e-15).ok).toBe(true);
  expect(within(c.truncation[0].frobeniusError, Math.sqrt(5), 1e-15).ok).toBe(true);
});
