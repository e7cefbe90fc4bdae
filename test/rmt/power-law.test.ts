import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { fitPowerLaw, hillEstimator } from "../../src/rmt/index.js";
import { spectralDistance } from "../../src/spectra/index.js";
import { hurwitzZeta } from "../../src/special/index.js";
import { withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Fit {
  xmin: number;
  alpha: number;
  D: number;
  n_tail: number;
  sigma: number;
}
interface Case {
  data: number[];
  fit: Fit & { "variant_onesided_D(WeightWatcher/plfit.m)": Fit };
  fit_fixed_xmin: Fit;
  loglik_powerlaw: number;
  exponential: { lambda: number; loglik: number };
  lognormal_truncated: { loglik: number };
  truncated_powerlaw: { alpha: number; loglik: number };
  vuong_vs_exponential: { R: number; normalized: number; p_two_sided: number };
  vuong_vs_lognormal: { R: number; normalized: number; p_two_sided: number };
  gof_p_B200_seed9?: number;
}
const { powerlaw } = fixture<{ powerlaw: Record<string, Case> }>("rmt/reference.json");
const RELATIVE = 1e-11;

test.each(Object.entries(powerlaw))("%s: fit, variants, likelihoods and Vuong tests of the reference", (name, row) => {
  const fit = fitPowerLaw(row.data);
  expect(fit.xmin).toBe(row.fit.xmin);
  expect(
    withinRelative([fit.alpha, fit.distance, fit.standardError], [row.fit.alpha, row.fit.D, row.fit.sigma], RELATIVE)
      .ok,
  ).toBe(true);
  expect(fit.tailCount).toBe(row.fit.n_tail);
  const plfit = row.fit["variant_onesided_D(WeightWatcher/plfit.m)"];
  const oneSided = fitPowerLaw(row.data, { distance: "one-sided" });
  expect([oneSided.xmin, oneSided.tailCount]).toEqual([plfit.xmin, plfit.n_tail]);
  expect(withinRelative(oneSided.alpha, plfit.alpha, RELATIVE).ok).toBe(true);
  const fixed = fitPowerLaw(row.data, { xmin: row.fit_fixed_xmin.xmin });
  expect(
    withinRelative([fixed.alpha, fixed.distance], [row.fit_fixed_xmin.alpha, row.fit_fixed_xmin.D], RELATIVE).ok,
  ).toBe(true);
  // Near zero a log-likelihood is a difference of large sums: absolute comparison in units of the count.
  expect(Math.abs(fit.logLikelihood - row.loglik_powerlaw)).toBeLessThan(1e-12 * row.data.length);
  const [exponential, lognormal, truncated] = fit.comparisons;
  expect(withinRelative(exponential!.parameters["rate"]!, row.exponential.lambda, RELATIVE).ok).toBe(true);
  expect(Math.abs(exponential!.statistic - row.vuong_vs_exponential.normalized)).toBeLessThan(1e-9);
  expect(Math.abs(exponential!.pValue - row.vuong_vs_exponential.p_two_sided)).toBeLessThan(1e-9);
  // The reference optimises numerically: likelihoods, never parameters; ours must be at least as high.
  for (const [ours, theirs] of [
    [lognormal!.logLikelihood, row.lognormal_truncated.loglik],
    [truncated!.logLikelihood, row.truncated_powerlaw.loglik],
  ] as const) {
    expect(ours).toBeGreaterThan(theirs - 1e-9);
    if (name !== "MP_eigs_120x60") expect(ours - theirs).toBeLessThan(1e-6); // there the reference stops at its bound alpha = -20
  }
  expect(Math.abs(lognormal!.pValue - row.vuong_vs_lognormal.p_two_sided)).toBeLessThan(1e-4);
});

/** The definition itself: every candidate, every deviation. */
function naiveScan(values: number[], oneSided: boolean): { xmin: number; distance: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted[sorted.length - 1]!;
  let best = { xmin: Number.NaN, distance: Infinity };
  for (const xmin of new Set(sorted)) {
    if (xmin === last) continue;
    const tail = sorted.filter((x) => x >= xmin);
    const beta = tail.length / tail.reduce((sum, x) => sum + Math.log(x / xmin), 0);
    let distance = 0;
    tail.forEach((x, j) => {
      const F = 1 - (x / xmin) ** -beta;
      const below = F - j / tail.length;
      distance = Math.max(distance, oneSided ? Math.abs(below) : Math.max(below, 1 / tail.length - below));
    });
    if (distance < best.distance - 1e-14) best = { xmin, distance };
  }
  return best;
}

test("the pruned scan agrees with the full scan, ties and both variants included", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 12, max: 400 }),
      fc.constantFrom("pareto", "rounded", "lognormal", "clustered"),
      fc.boolean(),
      (seed, n, kind, oneSided) => {
        const rng = createRng(seed);
        const values = Array.from({ length: n }, () => {
          const x = kind === "lognormal" ? Math.exp(rng.normal()) : (1 - rng.uniform()) ** -0.7;
          if (kind === "rounded") return Math.ceil(4 * x) / 4;
          return kind === "clustered" ? 5 + x / 1000 : x;
        });
        fc.pre(new Set(values).size >= 10);
        const fast = fitPowerLaw(values, { distance: oneSided ? "one-sided" : "two-sided", compare: [] });
        const slow = naiveScan(values, oneSided);
        expect(Math.abs(fast.distance - slow.distance)).toBeLessThan(1e-12 * n);
        if (kind !== "clustered") expect(fast.xmin).toBe(slow.xmin);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

test("the scan is far from quadratic: 100,000 values", () => {
  const rng = createRng(8);
  const values = Float64Array.from({ length: 100_000 }, () =>
    rng.uniform() < 0.7 ? Math.exp(0.3 * rng.normal()) : 2 * (1 - rng.uniform()) ** -0.5,
  );
  const fit = fitPowerLaw(values, { compare: [] });
  // The planted tail has density x^-3 from 2 on; below it the body bends away.
  expect(Math.abs(fit.alpha - 3)).toBeLessThan(5 * fit.standardError);
  expect(fit.xmin).toBeGreaterThan(1.8);
}, 20_000);

test("scaling the data scales xmin and nothing else", () => {
  const data = powerlaw["body_plus_tail_n300"]!.data;
  const a = fitPowerLaw(data);
  for (const scale of [2 ** -400, 2 ** 300]) {
    const b = fitPowerLaw(data.map((x) => x * scale));
    expect(b.xmin).toBe(a.xmin * scale);
    expect(withinRelative([b.alpha, b.distance], [a.alpha, a.distance], 1e-9).ok).toBe(true);
  }
});

test("the confidence interval covers the truth, given xmin", () => {
  let covered = 0;
  const draws = 400;
  for (let i = 0; i < draws; i++) {
    const rng = createRng([21, i]);
    const { interval } = fitPowerLaw(
      Array.from({ length: 100 }, () => (1 - rng.uniform()) ** (-1 / 1.5)),
      { xmin: 1, compare: [] },
    );
    if (interval[0] < 2.5 && 2.5 < interval[1]) covered++;
  }
  expect(Math.abs((covered / draws - 0.95) / Math.sqrt((0.95 * 0.05) / draws))).toBeLessThan(3.5);
});

test("bootstrap p-values are uniform under the null and small under an exponential", () => {
  const cases = 120;
  const pValues: number[] = [];
  for (let i = 0; i < cases; i++) {
    const rng = createRng([22, i]);
    const values = Array.from({ length: 60 }, () => (1 - rng.uniform()) ** (-1 / 1.5));
    const { goodness } = fitPowerLaw(values, {
      xmin: 1,
      compare: [],
      bootstrap: { replicates: 99, rng: rng.fork("bootstrap") },
    });
    // Mid-rank, so that the discrete p-values 0, 1/99, … centre on the uniform law.
    if (goodness.defined) pValues.push(Math.min(1, goodness.value.pValue + 0.5 / 99));
  }
  const uniform = { cdf: (p: number) => Math.min(1, Math.max(0, p)), quantile: (p: number) => p };
  // 1.95/√n is the 0.1% point of the KS statistic.
  expect(spectralDistance(pValues, uniform).kolmogorovSmirnov).toBeLessThan(1.95 / Math.sqrt(cases));
  const rng = createRng(23);
  const exponential = Array.from({ length: 400 }, () => 1 - Math.log(1 - rng.uniform()));
  const rejected = fitPowerLaw(exponential, { xmin: 1, bootstrap: { replicates: 99, rng } });
  expect(rejected.goodness.defined && rejected.goodness.value.pValue).toBeLessThan(0.02);
  expect(rejected.verdict).toBe("not supported by the data");
  expect(rejected.reasons.join("; ")).toContain("the exponential fits better");
}, 60_000);

test("the bootstrap of the reference agrees within its standard error, and repeats exactly", () => {
  const row = powerlaw["pareto_a2.5_n200_xmin1"]!;
  const run = (): number => {
    const { goodness, verdict } = fitPowerLaw(row.data, { bootstrap: { replicates: 200, rng: createRng(9) } });
    expect(verdict).toBe("supported");
    return goodness.defined ? goodness.value.pValue : -1;
  };
  const p = run();
  expect(Math.abs(p - row.gof_p_B200_seed9!)).toBeLessThan(3.5 * Math.sqrt(2) * 0.03);
  expect(run()).toBe(p);
});

test("cancelling a bootstrap returns what is done", () => {
  const signal = { aborted: false };
  const data = powerlaw["pareto_a2.5_n200_xmin1"]!.data;
  const { goodness } = fitPowerLaw(data, {
    bootstrap: { replicates: 50, rng: createRng(9) },
    signal,
    onProgress: ({ done }) => (signal.aborted = done >= 5),
  });
  expect(goodness.defined && [goodness.value.status, goodness.value.replicates]).toEqual(["cancelled", 5]);
});

test("discrete data: the exponent maximises the likelihood, and planted laws are found", () => {
  const alpha = 2.3;
  const total = hurwitzZeta(alpha, 1).value;
  const rng = createRng(12);
  const values = Array.from({ length: 3000 }, () => {
    const u = 1 - rng.uniform();
    let x = 1;
    while (x < 1e6 && hurwitzZeta(alpha, x + 1).value / total >= u) x = x < 50 ? x + 1 : Math.ceil(x * 1.02);
    return x;
  });
  const fit = fitPowerLaw(values, { kind: "discrete", xmin: 1 });
  expect(Math.abs(fit.alpha - alpha)).toBeLessThan(4 * fit.standardError);
  const meanLog = values.reduce((sum, x) => sum + Math.log(x), 0) / values.length;
  const likelihood = (a: number): number => -Math.log(hurwitzZeta(a, 1).value) - a * meanLog;
  expect(likelihood(fit.alpha)).toBeGreaterThan(likelihood(fit.alpha + 1e-4));
  expect(likelihood(fit.alpha)).toBeGreaterThan(likelihood(fit.alpha - 1e-4));
  const scanned = fitPowerLaw(values.slice(0, 500), {
    kind: "discrete",
    bootstrap: { replicates: 10, rng: createRng(1) },
  });
  expect(Math.abs(scanned.alpha - alpha)).toBeLessThan(6 * scanned.standardError);
  expect(scanned.goodness.defined && scanned.goodness.value.pValue).toBeGreaterThan(0);
});

test("discrete scan: leaving a losing cut-off early gives the answer of the full scan, and a million values take seconds", () => {
  const draw = (count: number, alpha: number, seed: number): number[] => {
    const rng = createRng(seed);
    return Array.from({ length: count }, () => Math.floor(0.5 * (1 - rng.uniform()) ** (-1 / (alpha - 1)) + 0.5));
  };
  for (const [seed, alpha] of [
    [1, 1.6],
    [2, 2.2],
    [3, 2.6],
  ] as const) {
    const values = draw(1500, alpha, seed);
    const different = [...new Set(values)].sort((a, b) => a - b);
    const all = different.slice(0, -1).map((xmin) => fitPowerLaw(values, { kind: "discrete", xmin }));
    const best = all.reduce((least, fit) => (fit.distance < least.distance ? fit : least));
    const scanned = fitPowerLaw(values, { kind: "discrete" });
    expect([scanned.xmin, scanned.alpha, scanned.distance]).toEqual([best.xmin, best.alpha, best.distance]);
  }
  // 4,000 different values: the full scan would take 16 million zeta functions, half a minute.
  const start = performance.now();
  expect(Math.abs(fitPowerLaw(draw(1_000_000, 1.7, 4), { kind: "discrete" }).alpha - 1.7)).toBeLessThan(0.02);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test("zeros are left out and counted; equal values have no tail", () => {
  const data = powerlaw["pareto_a2.5_n200_xmin1"]!.data;
  const fit = fitPowerLaw([...data, 0, 0, 1e-14]);
  expect([fit.excluded, fit.count]).toEqual([3, 200]);
  const equal = fitPowerLaw([2, 2, 2], { xmin: 2 });
  expect([equal.alpha, equal.verdict]).toEqual([Infinity, "not supported by the data"]);
});

test("bad input", () => {
  expect(() => fitPowerLaw([1, 2, 3])).toThrow(
    "at least 10 different values above zero, got 3; a tail cannot be told from so few",
  );
  expect(() => fitPowerLaw([1, -2])).toThrow("values must be numbers >= 0, got -2");
  expect(() => fitPowerLaw([1, Number.NaN])).toThrow("NaN at index 1");
  expect(() => fitPowerLaw([])).toThrow("a non-empty array of numbers");
  expect(() => fitPowerLaw([0, 0])).toThrow("got zeros only");
  expect(() => fitPowerLaw([1.5, 2], { kind: "discrete" })).toThrow("integers >= 1 for discrete data, got 1.5");
  expect(() => fitPowerLaw([1, 2], { xmin: 5 })).toThrow("xmin must be at most the largest value 2, got 5");
  expect(() => fitPowerLaw([1, 2], { compare: ["gamma" as "lognormal"] })).toThrow("compare must be one of");
  expect(() => hillEstimator([0, 0, 1], { count: 2 })).toThrow("positive in the 2 largest, got 0");
});
