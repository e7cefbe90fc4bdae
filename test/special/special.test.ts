import { expect, test } from "vitest";
import fc from "fast-check";
import { ArgumentError, NonFiniteError, OptionError } from "../../src/core/index.js";
import {
  activation,
  activationMoments,
  activationNames,
  erf,
  erfc,
  gamma,
  gammaRatio,
  gaussianExpectation,
  gaussLegendre,
  hasJump,
  leakyRelu,
  logGamma,
  mapRule,
  normalCdf,
  normalPdf,
  regularizedBeta,
  regularizedGamma,
} from "../../src/special/index.js";
import { tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const rules = fixture<{ rules: { n: number; nodes: string[]; weights: string[] }[] }>(
  "special/gauss-legendre.json",
).rules;
const table = fixture<{
  x: number[];
  activations: Record<string, number[]>;
  normalCdf: number[];
  secondMoments: { name: "gelu"; variance: number; value: number }[];
  regularizedGamma: { a: number; x: number; value: number }[];
  regularizedBeta: { a: number; b: number; x: number; value: number }[];
  logGamma: { x: number; value: number }[];
}>("special/functions.json");

const largeRules = fixture<{ rules: { n: number; index_node_weight: [number, string, string][] }[] }>(
  "special/gauss-legendre-large.json",
).rules;

const WEIGHT_FACTOR = 1; // relative weight error in units of n ε: each angle has a relative error of a few ε

test("Gauss-Legendre nodes agree with 25 digits to an ulp of 1, weights to n ε relative", () => {
  for (const { n, nodes, weights } of rules) {
    const rule = gaussLegendre(n);
    nodes.forEach((node, i) => {
      expect(Math.abs(rule.nodes[n - 1 - i] - Number(node))).toBeLessThanOrEqual(1.2e-16);
      expect(rule.nodes[i]).toBe(-rule.nodes[n - 1 - i]);
    });
    const verdict = withinRelative(
      Array.from(rule.weights).reverse().slice(0, weights.length),
      weights.map(Number),
      tolerance(WEIGHT_FACTOR, Math.max(n, 8)),
    );
    expect(verdict.ok, verdict.message).toBe(true);
  }
});

test("large Gauss-Legendre rules keep all digits of the weights (n = 200 to 100,000) and cost O(n)", () => {
  const NODE = 2.3e-16; // an ulp of 1
  const WEIGHT = 4; // times ε, relative, whatever n
  for (const { n, index_node_weight } of largeRules) {
    const { nodes, weights } = gaussLegendre(n);
    for (const [i, node, weight] of index_node_weight) {
      expect(Math.abs(nodes[n - 1 - i] - Number(node)), `node ${i} of ${n}`).toBeLessThanOrEqual(NODE);
      expect(nodes[i]).toBe(-nodes[n - 1 - i]);
      const verdict = withinRelative([weights[i]], [Number(weight)], tolerance(WEIGHT, 1));
      expect(verdict.ok, `weight ${i} of ${n}: ${verdict.message}`).toBe(true);
    }
  }
  // ∫ x^{2m} = 2/(2m + 1) at a degree that only the outermost nodes feel; rounding of the nodes is multiplied by 2m.
  const { nodes, weights } = gaussLegendre(1_000_001);
  expect(nodes[500_000]).toBe(0);
  let moment = 0;
  for (let i = 0; i < nodes.length; i++) moment += weights[i] * nodes[i] ** 20_000;
  expect(Math.abs(moment * (20_001 / 2) - 1)).toBeLessThan(20_000 * 2.3e-16);
});

test("n nodes integrate degree 2n - 1 exactly and degree 2n not (order, negative control)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (n) => {
      const { nodes, weights } = gaussLegendre(n);
      const power = (degree: number): number => nodes.reduce((sum, x, i) => sum + weights[i] * x ** degree, 0);
      for (let degree = 0; degree < 2 * n; degree++) {
        if (Math.abs(power(degree) - (degree % 2 === 0 ? 2 / (degree + 1) : 0)) > tolerance(4, n)) return false;
      }
      return n > 12 || Math.abs(power(2 * n) - 2 / (2 * n + 1)) > 1e-9;
    }),
  );
  const shifted = mapRule(gaussLegendre(20), 1, 3);
  expect(Math.abs(shifted.nodes.reduce((sum, x, i) => sum + shifted.weights[i] / x, 0) - Math.log(3))).toBeLessThan(
    1e-14,
  );
});

test("a thousand nodes: sums of weights, and an oscillating integral", () => {
  const n = 1000;
  const { nodes, weights } = gaussLegendre(n);
  expect(Math.abs(weights.reduce((a, b) => a + b) - 2)).toBeLessThan(tolerance(1, n));
  const oscillating = nodes.reduce((sum, x, i) => sum + weights[i] * Math.cos(700 * x), 0);
  expect(Math.abs(oscillating - (2 * Math.sin(700)) / 700)).toBeLessThan(tolerance(2, n));
});

test("activations agree with SciPy in both tails", () => {
  for (const [name, values] of Object.entries(table.activations)) {
    const phi = activation(name as "gelu");
    const verdict = withinRelative(
      table.x.map((x) => phi.value(x)),
      values,
      2e-14,
    );
    // gelu(-40) is subnormal territory times 40: relative accuracy ends where doubles do.
    if (name !== "gelu") expect(verdict.ok, `${name}: ${verdict.message}`).toBe(true);
    else
      expect(
        withinRelative(
          table.x.slice(1).map((x) => phi.value(x)),
          values.slice(1),
          2e-13,
        ).ok,
      ).toBe(true);
  }
  expect(withinRelative(table.x.slice(1).map(normalCdf), table.normalCdf, 2e-13).ok).toBe(true);
});

test("derivatives are the derivatives: Richardson differences of value and derivative", () => {
  const difference = (f: (x: number) => number, x: number): number => {
    const h = 1e-3;
    const central = (step: number): number => (f(x + step) - f(x - step)) / (2 * step);
    return (64 * central(h / 4) - 20 * central(h / 2) + central(h)) / 45; // sixth order
  };
  for (const name of activationNames) {
    const phi = activation(name);
    for (const x of [-2.3, -0.7, 0.4, 1.9]) {
      expect(Math.abs(difference((s) => phi.value(s), x) - phi.derivative(x)), `${name} at ${x}`).toBeLessThan(1e-11);
      expect(
        Math.abs(difference((s) => phi.derivative(s), x) - phi.secondDerivative(x)),
        `${name} at ${x}`,
      ).toBeLessThan(1e-11);
    }
    if (phi.linearAbsolute !== null) {
      const { linear, absolute } = phi.linearAbsolute;
      for (const x of [-3, 0.5]) expect(phi.value(x)).toBeCloseTo(linear * x + absolute * Math.abs(x), 14);
    }
    expect(Number.isNaN(phi.value(Number.NaN))).toBe(true);
  }
});

test("a user's function is completed; its second derivative defaults to a difference", () => {
  const phi = activation({ value: (x) => x ** 3, derivative: (x) => 3 * x * x });
  expect(phi.name).toBe("custom");
  expect(Math.abs(phi.secondDerivative(2) - 12)).toBeLessThan(1e-8);
  expect(activation(phi)).toBe(phi);
});

test("jumps of the function itself are told from kinks, at any scale and place", () => {
  for (const name of activationNames) expect(hasJump(activation(name)), name).toBe(name === "step");
  for (const size of [1e-6, 1, 1e6]) {
    for (const at of [-30, 0.5]) {
      const value = (x: number): number => size * (x > at ? x - at : 0);
      const derivative = (x: number): number => (x > at ? size : 0);
      expect(hasJump(activation({ value, derivative, kinks: [at] }))).toBe(false);
      expect(
        hasJump(activation({ value: (x) => value(x) + (x > at ? size / 1000 : 0), derivative, kinks: [at] })),
      ).toBe(true);
    }
  }
});

test("Gaussian moments: closed forms, SciPy's quad, and error bars that cover the error", () => {
  for (const variance of [1e-6, 0.3, 1, 50]) {
    const relu = activationMoments("relu", variance);
    expect(withinRelative(relu.secondMoment.value, variance / 2, 1e-14).ok).toBe(true);
    expect(withinRelative(relu.mean.value, Math.sqrt(variance / (2 * Math.PI)), 1e-14).ok).toBe(true);
    expect(withinRelative(relu.derivativeSecondMoment.value, 0.5, 1e-14).ok).toBe(true);
    expect(Math.abs(relu.secondMoment.value - variance / 2)).toBeLessThanOrEqual(relu.secondMoment.error);
    const sine = activationMoments("sine", variance);
    expect(Math.abs(sine.secondMoment.value - -Math.expm1(-2 * variance) / 2)).toBeLessThanOrEqual(
      sine.secondMoment.error,
    );
    const erfMoments = activationMoments("erf", variance);
    const exact = (2 / Math.PI) * Math.asin((2 * variance) / (1 + 2 * variance));
    expect(Math.abs(erfMoments.secondMoment.value - exact)).toBeLessThanOrEqual(
      erfMoments.secondMoment.error + 4e-16 * exact,
    );
  }
  for (const { name, variance, value } of table.secondMoments) {
    expect(withinRelative(activationMoments(name, variance).secondMoment.value, value, 1e-12).ok).toBe(true);
  }
});

test("an undeclared jump is caught by the error estimate, a declared one is exact", () => {
  const step = (x: number): number => (x > 0.123 ? 1 : 0);
  const truth = normalCdf(-0.123);
  const blind = gaussianExpectation(step);
  expect(Math.abs(blind.value - truth)).toBeLessThanOrEqual(blind.error);
  expect(within(gaussianExpectation(step, { kinks: [0.123] }).value, truth, 1e-15).ok).toBe(true);
  expect(gaussianExpectation((x) => x, { mean: 3, variance: 0 })).toEqual({ value: 3, error: 0 });
});

test("gamma, beta and error functions agree with SciPy and with their identities", () => {
  for (const { a, x, value } of table.regularizedGamma)
    expect(withinRelative(regularizedGamma(a, x), value, 1e-13).ok).toBe(true);
  for (const { a, b, x, value } of table.regularizedBeta)
    expect(withinRelative(regularizedBeta(x, a, b), value, 1e-13).ok).toBe(true);
  for (const { x, value } of table.logGamma) expect(withinRelative(logGamma(x), value, 1e-14).ok).toBe(true);
  expect(erf(0.5) + erfc(0.5)).toBeCloseTo(1, 15);
  expect(withinRelative(normalPdf(1.3), Math.exp(-0.845) / Math.sqrt(2 * Math.PI), 1e-15).ok).toBe(true);
  expect(withinRelative(gammaRatio(2.5, 0.5, 1.25), gamma(3) / gamma(3.75), 5e-15).ok).toBe(true);
  // Γ(x + 1)/Γ(x) = x and Γ(x + 1/2)² (…): exact ratios where Γ itself overflows.
  for (const x of [0.3, 7, 180, 1e4, 1e8]) expect(withinRelative(gammaRatio(x, 1, 0), x, 2e-14).ok).toBe(true);
  for (const x of [200, 1e4])
    expect(withinRelative(gammaRatio(x, 0.5, 0) * gammaRatio(x, 1, 0.5), x, 2e-14).ok).toBe(true);
});

test("bad input is refused by name", () => {
  expect(() => gaussLegendre(0)).toThrow("gaussLegendre: n must be an integer in [1, 10000000], got 0");
  expect(() => activation("gellu" as "gelu")).toThrow(OptionError);
  expect(() => activation("gellu" as "gelu")).toThrow('activation: name must be one of "relu"');
  expect(() => activation("tanh", { slope: 1 })).toThrow(ArgumentError);
  expect(() => activation({ value: 3 } as never)).toThrow(
    "activation: name.value must be a function of one number, got 3",
  );
  expect(() => leakyRelu(Number.NaN)).toThrow(NonFiniteError);
  expect(() => gaussianExpectation(() => Number.NaN)).toThrow(
    "gaussianExpectation: value of f must be finite in every entry",
  );
  expect(() => gaussianExpectation((x) => x, { variance: -1 })).toThrow(ArgumentError);
  expect(() => activationMoments("relu", 0)).toThrow(ArgumentError);
});

test("a tail that is nothing but rounding is not bisected for ever: E (1 − tanh²)² as one writes it", () => {
  let evaluations = 0;
  const { value, error } = gaussianExpectation(
    (x) => {
      evaluations++;
      return (1 - Math.tanh(x) ** 2) ** 2;
    },
    { variance: 1.5 },
  );
  expect(evaluations).toBeLessThan(10_000);
  const exact = gaussianExpectation((x) => Math.cosh(x) ** -4, { variance: 1.5 }).value;
  expect(Math.abs(value - exact)).toBeLessThan(1e-15);
  expect(error).toBeLessThan(1e-14);
});
