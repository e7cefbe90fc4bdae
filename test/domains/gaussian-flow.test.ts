import { expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/index.js";
import { composite, gaussian, sobolevFlow, timeToAccuracy, torus } from "../../src/domains/index.js";
import { ntk } from "../../src/kernels/index.js";
import { integrate } from "../../src/ode/index.js";
import { createRng } from "../../src/random/index.js";
import { gammaRatio } from "../../src/special/index.js";
import { maxDifference } from "../support/compare.js";
import { spectrumLaws } from "../support/laws/domain-laws.js";
import { fixture } from "../support/shared.js";

interface Mode {
  readonly l: number;
  readonly mult: number;
  readonly lambda_K: string;
  readonly E_s: string;
  readonly lambda_T: string;
}
interface Flow {
  readonly N: number;
  readonly L: number;
  readonly s: string;
  readonly initial_residual: Record<string, string>;
  readonly flow: { t: string; amplitudes: Record<string, string>; half_L2: string; half_Sobolev: string }[];
}
const cases = fixture<{
  cases: {
    "S7.gauss": { outputs: { d: number; L: number; s: string; modes: Mode[] }[] };
    "S7.d1": { outputs: { L: number; even: string; odd: string }[] };
    "S8.gf": { outputs: Flow[] };
  };
}>("domains/sobolev.json").cases;

test("S7.gauss: eigenvalues d μ, factors E_s and composites, within their error bars", () => {
  for (const { d, L, s, modes } of cases["S7.gauss"].outputs) {
    const domain = gaussian(d);
    const kernel = ntk({ depth: L });
    const spectrum = domain.mercer(kernel, 8);
    spectrumLaws(spectrum);
    const report = domain.composite(kernel, 8, Number(s));
    if (!report.defined) throw new Error(report.reason);
    for (const mode of modes) {
      const factor = domain.compositeFactor(mode.l, Number(s));
      const expected = Number(mode.E_s);
      // The tables have 15 significant digits: half a unit of the last one beside the bar.
      const lastDigit = 0.5 * 10 ** (Math.floor(Math.log10(expected)) - 14);
      expect(factor.value.defined && Math.abs(factor.value.value - expected)).toBeLessThanOrEqual(
        factor.error + lastDigit,
      );
      expect(factor.value.defined && Math.abs(factor.value.value / expected - 1)).toBeLessThan(1e-10);
      expect(Math.abs(spectrum.eigenvalues[mode.l] - Number(mode.lambda_K))).toBeLessThanOrEqual(
        spectrum.errorBounds[mode.l] + 1e-15,
      );
      expect(Math.abs(report.value.eigenvalues[mode.l] - Number(mode.lambda_T))).toBeLessThan(
        1e-10 * (1e-3 + Number(mode.lambda_T)),
      );
      expect(spectrum.multiplicities[mode.l]).toBe(mode.mult);
    }
  }
  for (const { L, even, odd } of cases["S7.d1"].outputs) {
    const { eigenvalues } = gaussian(1).mercer(ntk({ depth: L }), 3);
    expect(Math.abs(eigenvalues[0] / Number(even) - 1)).toBeLessThan(1e-13);
    expect(Math.abs(eigenvalues[1] / Number(odd) - 1)).toBeLessThan(1e-13);
    expect(eigenvalues[2]).toBe(0);
  }
});

test("E_s: extrapolated series against a brute sum of 4 million terms with its integral tail; infinite beyond 1 + d/2", () => {
  for (const [d, l, s] of [
    [3, 3, 1.5],
    [2, 0, 0.5],
    [4, 6, -0.7],
  ]) {
    let weight = gammaRatio((l + d + 1) / 2, 0, (l - 1) / 2) * gammaRatio((l + d + 1) / 2, 0, (1 - l) / 2);
    let sum = 0;
    const M = 4_000_000;
    for (let m = 0; m < M; m++) {
      sum += weight * (1 + l + 2 * m) ** s;
      weight *= ((l - 1) / 2 + m) ** 2 / ((m + 1) * (m + l + d / 2));
    }
    const p = 1 + d / 2 - s;
    sum += (weight * (1 + l + 2 * M) ** s * M) / p; // tail of a power law
    const factor = gaussian(d).compositeFactor(l, s);
    expect(factor.method).toBe("extrapolated series");
    expect(factor.value.defined && Math.abs(factor.value.value / sum - 1)).toBeLessThan(1e-9);
  }
  // Continuity against the closed forms, and a value near the limit of existence.
  const near = gaussian(3).compositeFactor(4, 1 + 1e-9);
  const closed = gaussian(3).compositeFactor(4, 1);
  expect(
    near.value.defined && closed.value.defined && Math.abs(near.value.value / closed.value.value - 1),
  ).toBeLessThan(1e-8);
  expect(gaussian(3).compositeFactor(2, 2.5).value.defined).toBe(false);
  expect(gaussian(3).compositeFactor(1, 9).value).toEqual({ defined: true, value: 512 });
  const report = gaussian(2).composite(ntk({ depth: 3 }), 4, 2);
  expect(!report.defined && report.reason).toContain("E_s is infinite for s = 2 >= 1 + d/2 = 2");
});

test("the line: abs has no odd part, and what vanishes by rank has no error bar", () => {
  const line = gaussian(1).mercer(ntk({ depth: 3, activation: "abs" }), 3);
  expect(line.vanishing).toEqual([1, 2, 3]);
  expect(Array.from(line.errorBounds.subarray(2))).toEqual([0, 0]);
  expect(Math.abs(line.eigenvalues[0] - 3)).toBeLessThanOrEqual(line.errorBounds[0]);
});

test("multiplicities of the number operator", () => {
  expect(gaussian(3).level(4)).toEqual({ degree: 4, multiplicity: 15 });
  expect(gaussian(1).level(9).multiplicity).toBe(1);
});

test("S8.gf: amplitudes and losses of Sobolev flow on the circle grid, and an ODE integrator", () => {
  for (const { N, L, s, initial_residual, flow } of cases["S8.gf"].outputs) {
    const grid = torus(1, N);
    const { eigenvalues } = grid.mercer(ntk({ depth: L }));
    const { symbol } = grid.sobolev({ smoothness: Number(s) });
    const residual = new Float64Array(N);
    const norms = new Float64Array(N).fill(0.5); // cosines; the constant has norm 1
    norms[0] = 1;
    for (const [k, value] of Object.entries(initial_residual)) residual[Number(k)] = Number(value);
    const times = flow.map(({ t }) => Number(t));
    const history = sobolevFlow({ eigenvalues, symbol, residual, norms }, { times });
    flow.forEach((row, i) => {
      for (const [k, value] of Object.entries(row.amplitudes)) {
        // e^{−λt} with an error of ε in λ is off by λ t ε: the table's relative 1e-11 holds to t = 100.
        expect(Math.abs(history.amplitudes.data[i * N + Number(k)] / Number(value) - 1)).toBeLessThan(1e-11);
      }
      expect(Math.abs(history.loss[i] / Number(row.half_L2) - 1)).toBeLessThan(1e-11);
      expect(Math.abs(history.sobolevLoss[i] / Number(row.half_Sobolev) - 1)).toBeLessThan(1e-11);
    });
    const rates = history.rates;
    const solution = integrate((_, y, out) => y.forEach((value, k) => (out[k] = -rates[k] * value)), residual, {
      t0: 0,
      t1: 1,
      tolerance: 1e-11,
    });
    const closed = sobolevFlow({ eigenvalues, symbol, residual }, { times: [1] });
    expect(maxDifference(solution.y, closed.amplitudes.data)).toBeLessThan(1e-9);
  }
});

test("descent: factors (1 − ημσ)^m, stability limit, zero modes never learned", () => {
  const problem = { eigenvalues: Float64Array.of(1, 0.25, 0), residual: Float64Array.of(1, 1, 2) };
  const history = sobolevFlow(problem, { times: [0, 3], step: 0.5 });
  expect(Array.from(history.amplitudes.data.subarray(3))).toEqual([0.125, 0.875 ** 3, 2]);
  expect(history.stepLimit).toBe(2);
  expect(history.stable).toBe(true);
  expect(sobolevFlow(problem, { times: [1], step: 2.1 }).stable).toBe(false);
  expect(history.neverLearned).toEqual([2]);
});

test("modes given as vanishing keep their residual; a negative rate is no stable flow", () => {
  const problem = { eigenvalues: Float64Array.of(1, 1e-17, -1e-17), residual: Float64Array.of(1, 1, 1) };
  const bare = sobolevFlow(problem, { times: [1e18] });
  expect([bare.neverLearned, bare.stable]).toEqual([[], false]);
  const known = sobolevFlow({ ...problem, vanishing: [1, 2] }, { times: [1e18] });
  expect(Array.from(known.amplitudes.data)).toEqual([0, 1, 1]);
  expect([known.neverLearned, known.stable]).toEqual([[1, 2], true]);
  const { exact } = timeToAccuracy({ ...problem, vanishing: [1, 2] }, { epsilon: 0.5 });
  expect(exact.defined ? "" : exact.reason).toContain("modes with zero rate keep a residual of norm 1.414e+0");
  const growing = timeToAccuracy(problem, { epsilon: 0.5 }).exact;
  expect(growing.defined ? "" : growing.reason).toContain("mode 2 has the negative rate -1.000e-17; give modes");
  // A mode without residual stays at zero even where its factor overflows.
  const still = sobolevFlow({ eigenvalues: Float64Array.of(-1, 1), residual: Float64Array.of(0, 1) }, { times: [1e3] });
  expect(Array.from(still.amplitudes.data)).toEqual([0, 0]);
  expect(() => sobolevFlow({ ...problem, norms: Float64Array.of(1, -1, 1) }, { times: [1] })).toThrow(
    "sobolevFlow: norms must be squared norms >= 0, got -1 at index 1",
  );
  expect(() => sobolevFlow({ ...problem, vanishing: [3] }, { times: [1] })).toThrow(
    "sobolevFlow: vanishing must be an integer in [0, 2], got 3",
  );
});

test("time to accuracy: exact crossing, zero modes, and Weyl's guarantee against a perturbed kernel", () => {
  const problem = { eigenvalues: Float64Array.of(2, 0.5, 0.1), residual: Float64Array.of(1, 1, 1) };
  const { exact, guaranteed } = timeToAccuracy(problem, { epsilon: 0.1, perturbation: 0.05 });
  if (!exact.defined || !guaranteed.defined) throw new Error("both times exist");
  const norm = (t: number, shift: number): number =>
    Math.hypot(...problem.eigenvalues.map((mu, k) => problem.residual[k] * Math.exp(-(mu - shift) * t)));
  expect(Math.abs(norm(exact.value, 0) / 0.1 - 1)).toBeLessThan(1e-13);
  expect(norm(guaranteed.value, 0.05)).toBeLessThanOrEqual(0.1); // the worst admissible constant perturbation
  // With a symbol: a turned kernel path K_t = K + δ Q(t) that commutes with neither K nor P stays within ε from then on.
  const symbol = Float64Array.of(1, 3, 9);
  const delta = 0.02;
  const weighted = timeToAccuracy({ ...problem, symbol }, { epsilon: 0.1, perturbation: delta });
  if (!weighted.guaranteed.defined) throw new Error("the time exists");
  expect(Math.abs(weighted.guaranteedRate - (0.9 - 9 * delta))).toBeLessThan(1e-15);
  const path = (t: number, r: Float64Array, out: Float64Array): void => {
    // −δ times the projector on a direction that turns with t: K_t >= K − δ.
    const u = [Math.cos(t) * Math.SQRT1_2, Math.sin(t), Math.cos(t) * Math.SQRT1_2];
    const along = u.reduce((sum, x, k) => sum + x * symbol[k] * r[k], 0);
    for (let k = 0; k < 3; k++) out[k] = -problem.eigenvalues[k] * symbol[k] * r[k] + delta * u[k] * along;
  };
  const t1 = weighted.guaranteed.value;
  const end = integrate(path, problem.residual, { t0: 0, t1, tolerance: 1e-10, method: "dop853" });
  expect(Math.hypot(...end.y)).toBeLessThanOrEqual(0.1);
  expect(t1).toBeGreaterThan(weighted.exact.defined ? weighted.exact.value : Infinity);
  const blind = timeToAccuracy({ ...problem, symbol: Float64Array.of(0, 1, 1) }, { epsilon: 0.1 });
  expect(!blind.guaranteed.defined && blind.guaranteed.reason).toContain("the symbol takes the value 0");
  const stuck = timeToAccuracy(
    { eigenvalues: Float64Array.of(1, 0), residual: Float64Array.of(1, 0.5) },
    { epsilon: 0.1 },
  );
  expect(!stuck.exact.defined && stuck.exact.reason).toContain("keep a residual of norm 5.000e-1 for ever");
  expect(stuck.guaranteed.defined).toBe(false);
  expect(timeToAccuracy(problem, { epsilon: 10 }).exact).toEqual({ defined: true, value: 0 });
});

test("time to accuracy at scales whose squares leave the double range", () => {
  const problem = (scale: number): Parameters<typeof timeToAccuracy>[0] => ({
    eigenvalues: Float64Array.of(2, 0.5),
    residual: Float64Array.of(scale, scale),
    symbol: Float64Array.of(1, 3),
  });
  const unit = timeToAccuracy(problem(1), { epsilon: 1e-3 });
  for (const scale of [1e-200, 1e250]) {
    const { exact, guaranteed } = timeToAccuracy(problem(scale), { epsilon: 1e-3 * scale });
    if (!exact.defined || !guaranteed.defined || !unit.exact.defined || !unit.guaranteed.defined)
      throw new Error("defined");
    expect(Math.abs(exact.value / unit.exact.value - 1)).toBeLessThan(1e-12);
    expect(Math.abs(guaranteed.value / unit.guaranteed.value - 1)).toBeLessThan(1e-12);
  }
  const far = timeToAccuracy(problem(1e300), { epsilon: 1e-300 }).exact;
  expect(far.defined && Math.abs(far.value / ((600 * Math.LN10) / 1.5) - 1)).toBeLessThan(1e-12);
});

test("bad input is refused by name", () => {
  const eigenvalues = Float64Array.of(1, 2);
  expect(() => sobolevFlow({ eigenvalues, residual: Float64Array.of(1) }, { times: [1] })).toThrow(ShapeError);
  expect(() => sobolevFlow({ eigenvalues, residual: eigenvalues }, { times: [-1] })).toThrow(ArgumentError);
  expect(() => sobolevFlow({ eigenvalues, residual: eigenvalues }, { times: [1.5], step: 0.1 })).toThrow(
    "whole numbers of steps",
  );
  expect(() => timeToAccuracy({ eigenvalues, residual: eigenvalues }, { epsilon: 0 })).toThrow(ArgumentError);
  // Fan-in scaling: K = (2/d) x·y …, so that eigenvalues are 2 μ and their sum tends to E K(x, x) = 2 · depth.
  const fanIn = gaussian(3).mercer(ntk({ depth: 3, weightVariance: 2 }), 40);
  const unit = gaussian(3).mercer(ntk({ depth: 3 }), 40);
  expect(Math.abs(fanIn.eigenvalues[4] / unit.eigenvalues[4] - 2 / 3)).toBeLessThan(1e-14);
  const trace = fanIn.eigenvalues.reduce((sum, value, l) => sum + value * fanIn.multiplicities[l], 0);
  expect(trace).toBeGreaterThan(5.8);
  expect(trace).toBeLessThan(6);
  const P = gaussian(3).sobolev({ smoothness: 2, bandwidth: 4 });
  expect(Array.from(P.symbol)).toEqual([1, 4, 9, 16, 25]);
  expect(Array.from(P.multiplicities)).toEqual([1, 3, 6, 10, 15]);
  expect(() => composite(ntk({ depth: 2 }), P)).toThrow(
    "composite: kernel must be diagonal in Hermite polynomials, got NTK of relu, depth 2; use gaussian(d).composite",
  );
  expect(gaussian(3).nodes(5, { rng: createRng(1) }).cols).toBe(3);
  expect(() => gaussian(3).nodes(5, {} as never)).toThrow("gaussian.nodes: rng must be given");
  expect(() => gaussian(3).mercer(ntk({ depth: 2, biasVariance: 0.1 }), 3)).toThrow(
    "gaussian.mercer: kernel must be homogeneous of degree one, K(x, y) = |x| |y| f(θ) (no bias), got NTK of relu, depth 2; use weightedNystrom",
  );
});
