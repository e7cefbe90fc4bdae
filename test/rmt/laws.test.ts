import { expect, test } from "vitest";
import { circularLaw, marchenkoPastur, semicircle, tracyWidom, tracyWidomCentring } from "../../src/rmt/index.js";
import { airy, gaussLegendre } from "../../src/special/index.js";
import { eig, logDeterminant, svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { spectralDistance } from "../../src/spectra/index.js";
import { tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Reference {
  marchenko_pastur: {
    ratio: number;
    sigma2: number;
    edges: number[];
    mass_at_zero: number;
    x: number[];
    pdf: number[];
    cdf: number[];
    quantiles: Record<string, number>;
    moments_1_to_5: number[];
  }[];
  semicircle: { sigma: number; x: number[]; pdf: number[]; cdf: number[] }[];
  tracy_widom: {
    grid: number[];
    F1: number[];
    F2: number[];
    F1_quantiles: Record<string, number>;
    F1_mean: number;
    F1_var: number;
    johnstone_ma: { n: number; p: number; mu: number; scale: number; lambda_threshold_95_of_XtX: number }[];
  };
}
const reference = fixture<Reference>("rmt/reference.json");
const ACCURACY = 2e-14; // stated of the closed forms; the reference itself is good to 9e-15

test.each(reference.marchenko_pastur)("Marchenko–Pastur with ratio $ratio: pdf, cdf, quantiles, moments", (row) => {
  const law = marchenkoPastur({ ratio: row.ratio, variance: row.sigma2 });
  expect(within(law.support, row.edges, ACCURACY).ok).toBe(true);
  expect(Math.abs(law.atom - row.mass_at_zero)).toBeLessThan(ACCURACY);
  row.x.forEach((x, i) => {
    expect(withinRelative(law.pdf(x), row.pdf[i]!, 1e-12).ok, `pdf ${x}`).toBe(true);
    expect(Math.abs(law.cdf(x) - row.cdf[i]!), `cdf ${x}`).toBeLessThan(ACCURACY);
  });
  for (const [p, quantile] of Object.entries(row.quantiles)) {
    expect(Math.abs(law.quantile(Number(p)) - quantile)).toBeLessThan(1e-13 * row.sigma2 * 10);
    if (Number(p) > law.atom) expect(Math.abs(law.cdf(law.quantile(Number(p))) - Number(p))).toBeLessThan(ACCURACY);
  }
  row.moments_1_to_5.forEach((moment, k) => expect(withinRelative(law.moment(k + 1), moment, 1e-13).ok).toBe(true));
});

test("Marchenko–Pastur: ends, atom and errors", () => {
  const law = marchenkoPastur({ ratio: 4 });
  expect([law.cdf(-1), law.cdf(0), law.cdf(0.5), law.cdf(100)]).toEqual([0, 0.75, 0.75, 1]);
  expect([law.quantile(0.5), law.quantile(1)]).toEqual([0, 9]);
  expect(marchenkoPastur({ ratio: 1 }).cdf(0)).toBe(0);
  expect(() => marchenkoPastur({ ratio: 0 })).toThrow("marchenkoPastur: ratio must be a finite number > 0, got 0");
  expect(() => law.quantile(1.1)).toThrow("quantile: p must be a number in [0, 1], got 1.1");
  expect(() => law.quantile(Number.NaN)).toThrow("got NaN");
});

test("semicircle and circular law", () => {
  for (const row of reference.semicircle) {
    const law = semicircle({ variance: row.sigma ** 2 });
    row.x.forEach((x, i) => {
      expect(Math.abs(law.pdf(x) - row.pdf[i]!)).toBeLessThan(ACCURACY);
      expect(Math.abs(law.cdf(x) - row.cdf[i]!)).toBeLessThan(ACCURACY);
      expect(Math.abs(law.quantile(law.cdf(x)) - x)).toBeLessThan(1e-12);
    });
  }
  expect(circularLaw({ variance: 4 }).quantile(0.25)).toBe(1);
});

test("squared singular values follow Marchenko–Pastur; eigenvalues follow the circular law instead", () => {
  const n = 150;
  const W = normalMatrix(createRng(25), n, n);
  const data = W.data.map((x) => x / Math.sqrt(n));
  const squares = svd({ ...W, data }, { vectors: "none" }).singularValues.map((s) => s * s);
  const { real, imaginary } = eig({ ...W, data });
  const moduli = real.map((x, i) => Math.hypot(x, imaginary[i]!));
  const mp = marchenkoPastur({ ratio: 1 });
  expect(spectralDistance(squares, mp).kolmogorovSmirnov).toBeLessThan(0.03);
  expect(
    spectralDistance(
      moduli.map((r) => r * r),
      mp,
    ).kolmogorovSmirnov,
  ).toBeGreaterThan(0.3); // negative control
  // The edge of the disc is smeared over n^{-1/2}: 1/sqrt(2 pi n) = 0.033 here, plus the fluctuation.
  expect(spectralDistance(moduli, circularLaw()).kolmogorovSmirnov).toBeLessThan(0.08);
});

test("Tracy–Widom 1 and 2 agree with the reference grid to 1e-12", () => {
  const TARGET = 1e-12; // the reference determinants are good to about 3e-13; the requirement is 1e-10
  const one = tracyWidom(1);
  const two = tracyWidom(2);
  reference.tracy_widom.grid.forEach((s, i) => {
    expect(Math.abs(one.cdf(s) - reference.tracy_widom.F1[i]!), `F1(${s})`).toBeLessThan(TARGET);
    expect(Math.abs(two.cdf(s) - reference.tracy_widom.F2[i]!), `F2(${s})`).toBeLessThan(TARGET);
  });
  for (const [p, s] of Object.entries(reference.tracy_widom.F1_quantiles))
    expect(Math.abs(one.quantile(Number(p)) - s)).toBeLessThan(1e-10);
  // Published values of F2.
  expect(Math.abs(two.cdf(-2) - 0.41322414250512257)).toBeLessThan(1e-13);
  expect(Math.abs(two.cdf(-1) - 0.8072142419992853)).toBeLessThan(1e-13);
  expect(Math.abs(two.cdf(0.1) - 0.9754704606594619)).toBeLessThan(1e-13);
});

/** F2 from the Airy kernel itself, (Ai(x) Ai′(y) − Ai′(x) Ai(y)) / (x − y): another kernel, another determinant. */
function airyKernelDeterminant(s: number, count: number): number {
  const { nodes, weights } = gaussLegendre(count);
  const half = (Math.max(16, s + 8) - s) / 2;
  const x = Array.from(nodes, (t) => s + half * (1 + t));
  const value = x.map((point) => airy(point));
  const data = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const [a, b] = [value[i]!, value[j]!];
      const kernel =
        i === j ? a.derivative ** 2 - x[i]! * a.ai ** 2 : (a.ai * b.derivative - a.derivative * b.ai) / (x[i]! - x[j]!);
      data[i * count + j] = (i === j ? 1 : 0) - half * Math.sqrt(weights[i]! * weights[j]!) * kernel;
    }
  }
  const { logModulus, sign } = logDeterminant({ rows: count, cols: count, data });
  return sign * Math.exp(logModulus);
}

test("F2 agrees with the determinant of the Airy kernel", () => {
  const ORACLE = 1e-12; // the divided difference of the Airy kernel cancels where nodes are close
  for (const s of [-6, -3, -1, 0, 2])
    expect(Math.abs(tracyWidom(2).cdf(s) - airyKernelDeterminant(s, 50))).toBeLessThan(ORACLE);
});

test.each([1, 2, 4] as const)(
  "beta %i: the density integrates to one and to the stated mean and variance; survival complements cdf",
  (beta) => {
    const law = tracyWidom(beta);
    let mass = 0;
    let mean = 0;
    let square = 0;
    const step = 0.25; // the trapezoidal rule converges geometrically for analytic densities
    for (let s = -11; s < 11; s += step) {
      const weight = step * law.pdf(s);
      mass += weight;
      mean += weight * s;
      square += weight * s * s;
    }
    expect(Math.abs(mass - 1)).toBeLessThan(1e-11);
    expect(Math.abs(mean - law.mean)).toBeLessThan(1e-9);
    expect(Math.abs(square - mean ** 2 - law.variance)).toBeLessThan(1e-8);
    for (const s of [-4, -1, 1]) {
      expect(Math.abs(law.cdf(s) + law.survival(s) - 1)).toBeLessThan(1e-14);
      const h = 1e-4;
      expect(Math.abs((law.cdf(s + h) - law.cdf(s - h)) / (2 * h) - law.pdf(s))).toBeLessThan(1e-8);
      expect(Math.abs(law.quantile(law.cdf(s)) - s)).toBeLessThan(1e-10);
    }
    expect(law.cdf(-50)).toBe(0);
    expect(law.survival(Infinity)).toBe(0);
  },
);

test("the far tail keeps its relative accuracy: survival of F1 approaches its leading term", () => {
  // 1 − F1(s) → tr K = ½ ∫ Ai from s to ∞, corrections of relative order K.
  for (const s of [6, 10, 14]) {
    const { nodes, weights } = gaussLegendre(60);
    let trace = 0;
    nodes.forEach((t, i) => (trace += weights[i]! * 4 * 0.5 * airy(s + 4 * (1 + t)).ai));
    expect(withinRelative(tracyWidom(1).survival(s), trace, 1e-9 + trace).ok).toBe(true);
  }
});

test("finite-size centring of the reference", () => {
  for (const { n, p, mu, scale, lambda_threshold_95_of_XtX: threshold } of reference.tracy_widom.johnstone_ma) {
    const got = tracyWidomCentring(n, p);
    expect(withinRelative(got.center, mu, 1e-13).ok).toBe(true);
    expect(withinRelative(got.scale, scale, 1e-13).ok).toBe(true);
    expect(withinRelative(got.center + got.scale * tracyWidom(1).quantile(0.95), threshold, 1e-10).ok).toBe(true);
  }
  expect(() => tracyWidomCentring(0, 3)).toThrow("rows must be a finite number >= 1, got 0");
});

test("largest eigenvalues of Gaussian matrices exceed the 95% point about once in twenty", () => {
  const draws = 400;
  const { center, scale } = tracyWidomCentring(40, 20);
  const point = center + scale * tracyWidom(1).quantile(0.95);
  let above = 0;
  for (let i = 0; i < draws; i++)
    if (svd(normalMatrix(createRng([9, i]), 40, 20), { vectors: "none" }).singularValues[0]! ** 2 > point) above++;
  const z = (above / draws - 0.05) / Math.sqrt((0.05 * 0.95) / draws);
  expect(Math.abs(z)).toBeLessThan(3.5);
});

test("beta must be 1, 2 or 4", () => {
  expect(() => tracyWidom(3 as 1)).toThrow("tracyWidom: beta must be one of 1, 2, 4, got 3");
  expect(tolerance(1, 1)).toBeGreaterThan(0);
});
