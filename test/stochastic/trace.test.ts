import { expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/index.js";
import {
  type LinearOperator,
  counted,
  diagonal,
  fromAsyncFunction,
  fromFunction,
  fromMatrix,
  lowRank,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { type TraceMethod, type TraceOptions, studentQuantile, trace, traceAsync } from "../../src/stochastic/index.js";
import { tolerance, within } from "../support/compare.js";
import { coverage, estimatorLaws, spectra } from "../support/laws/estimator-laws.js";
import { fixture } from "../support/shared.js";

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const methods: readonly TraceMethod[] = ["hutchinson", "hutch++", "xtrace"];

estimatorLaws("hutchinson, signs", sum, (A, rng) => trace(A, { method: "hutchinson", matvecs: 100, rng }));
estimatorLaws("hutch++", sum, (A, rng) => trace(A, { method: "hutch++", matvecs: 60, distribution: "gaussian", rng }));
// XTrace reuses its vectors: its standard error allows for that with a margin, so coverage is 95 % or more.
estimatorLaws("xtrace", sum, (A, rng) => trace(A, { method: "xtrace", matvecs: 24, rng }), {
  minimum: 0.93,
  maximum: 0.995,
});

test("a requested accuracy is met and still covers (two-stage sampling, 300 seeds)", () => {
  const { A, values } = spectra[0];
  let met = 0;
  const { share } = coverage(
    sum(values),
    (rng) => {
      const result = trace(A, { method: "hutchinson", distribution: "gaussian", tolerance: 0.02, rng });
      if (result.status === "converged" && Math.abs(result.mean - sum(values)) <= 0.02 * Math.abs(result.mean)) met++;
      return result;
    },
    300,
  );
  expect(share).toBeGreaterThan(0.92);
  expect(met / 300).toBeGreaterThan(0.92);
});

test("stopping when the running mean moves less than 1e-3 misses its accuracy (negative control: the peers' rule)", () => {
  const { A, values, dense } = spectra[0];
  const product = new Float64Array(dense.rows);
  let met = 0;
  for (let seed = 0; seed < 200; seed++) {
    const rng = createRng(seed);
    let mean = 0;
    for (let k = 1; k <= 100; k++) {
      const v = Float64Array.from({ length: dense.rows }, () => rng.normal());
      A.apply(v, product);
      const before = mean;
      mean += (v.reduce((total, value, i) => total + value * product[i], 0) - mean) / k;
      if (k > 1 && Math.abs(mean - before) <= 1e-3 * Math.abs(mean)) break;
    }
    if (Math.abs(mean - sum(values)) <= 1e-3 * sum(values)) met++;
  }
  expect(met / 200).toBeLessThan(0.5);
});

test("probe variances are those of theory: signs 2(‖S‖² − Σ s_ii²), normals 2‖S‖², sphere (n = 20,000 probes)", () => {
  const { hutchinson } = fixture<{ hutchinson: Record<string, number> & { S: number[][] } }>(
    "stochastic/reference.json",
  );
  const A = fromMatrix({ rows: 12, cols: 12, data: Float64Array.from(hutchinson.S.flat()) });
  const cases = [
    ["rademacher", "var_rademacher_theory"],
    ["gaussian", "var_gaussian_theory"],
    ["sphere", "var_sphere_theory"],
  ] as const;
  for (const [distribution, key] of cases) {
    const probes = 20_000;
    const { mean, standardError } = trace(A, {
      method: "hutchinson",
      distribution,
      matvecs: probes,
      rng: createRng(5),
    });
    const variance = standardError ** 2 * probes;
    expect(Math.abs(variance / hutchinson[key] - 1)).toBeLessThan(0.06); // kurtosis <= 15: sd of the ratio <= 2.7 %
    expect(Math.abs(mean - hutchinson.trace) / standardError).toBeLessThan(4.5);
  }
});

test("on λ_i = i⁻² with 60 products: Hutchinson 0.10, Hutch++ and XTrace below 0.003 (rms relative error, 40 seeds)", () => {
  const n = 300;
  const A = diagonal(Float64Array.from({ length: n }, (_, i) => (i + 1) ** -2));
  const truth = sum(Array.from({ length: n }, (_, i) => (i + 1) ** -2));
  const rms = (method: TraceMethod): number => {
    let squares = 0;
    for (let seed = 0; seed < 40; seed++) {
      const options = method === "xtrace" ? { method } : ({ method, distribution: "gaussian" } as const);
      squares += (trace(A, { ...options, matvecs: 60, rng: createRng(seed) }).mean / truth - 1) ** 2 / 40;
    }
    return Math.sqrt(squares);
  };
  expect(rms("hutchinson")).toBeGreaterThan(0.06);
  expect(rms("hutch++")).toBeLessThan(0.003);
  expect(rms("xtrace")).toBeLessThan(0.003);
});

test("operators of low rank are exact once the sketch holds their range", () => {
  const U = normalMatrix(createRng(1), 60, 4);
  const truth = sum(U.data.map((value) => value * value));
  for (const method of ["hutch++", "xtrace"] as const) {
    const result = trace(lowRank(U), { method, matvecs: 24, rng: createRng(2) });
    expect(within(result.mean, truth, tolerance(20, 60, truth)).ok).toBe(true);
    expect(result.interval.upper - result.interval.lower).toBeLessThan(1e-9 * truth);
    const adaptive = trace(lowRank(U), { method, tolerance: 1e-6, rng: createRng(2) });
    expect(adaptive.status).toBe("converged");
    expect(within(adaptive.mean, truth, 1e-6 * truth).ok).toBe(true);
  }
});

test("zero, identity, order one and operators that are not symmetric", () => {
  for (const method of methods) {
    const zero = trace(diagonal(new Float64Array(7)), { method, matvecs: 12, rng: createRng(1) });
    expect([zero.mean, zero.standardError]).toEqual([0, 0]);
    const one = trace(diagonal(new Float64Array(7).fill(1)), { method, matvecs: 12, rng: createRng(1) });
    // Signs and the sphere see the identity without error; the deflated probes of Hutch++ vary in length.
    if (method === "hutch++") expect(Math.abs(one.mean - 7)).toBeLessThan(4.5 * one.standardError);
    else expect(within(one.mean, 7, tolerance(20, 7, 7)).ok).toBe(true);
    const single = trace(diagonal([3]), { method, matvecs: 6, rng: createRng(1) });
    expect(within(single.mean, 3, tolerance(20, 1, 3)).ok).toBe(true);
  }
  const G = normalMatrix(createRng(3), 20, 20);
  const truth = sum(Array.from({ length: 20 }, (_, i) => G.data[21 * i]));
  for (const method of methods) {
    const { mean, standardError } = trace(fromMatrix(G), { method, matvecs: 18, rng: createRng(4) });
    expect(Math.abs(mean - truth)).toBeLessThan(4.5 * standardError);
  }
});

test("products are counted for every method, fixed and adaptive; asynchronous products give the same bits", async () => {
  for (const method of methods) {
    for (const accuracy of [{ matvecs: 30 }, { tolerance: 0.2 }]) {
      const A = counted(spectra[0].A);
      const here = trace(A, { method, ...accuracy, rng: createRng(3) });
      expect(here.matvecs).toBe(A.counts.matvecs);
      const remote = fromAsyncFunction(A.rows, async (x, out) => A.apply(x, out), { symmetric: true });
      expect(await traceAsync(remote, { method, ...accuracy, rng: createRng(3) })).toEqual(here);
    }
  }
});

test("a budget that is too small, a signal and progress are reported", () => {
  const { A } = spectra[2];
  for (const method of methods) {
    const poor = trace(A, { method, tolerance: 1e-5, maximumMatvecs: 40, rng: createRng(1) });
    expect([poor.status, poor.matvecs <= 40]).toEqual(["max-iterations", true]);
    expect(poor.advice).toContain("maximumMatvecs");
  }
  const signal = { aborted: false };
  const cut = trace(A, {
    method: "hutchinson",
    matvecs: 50,
    rng: createRng(1),
    signal,
    onProgress: ({ done }) => (signal.aborted = done === 7),
  });
  expect([cut.status, cut.samples]).toEqual(["cancelled", 7]);
});

test("Student's quantiles equal those of SciPy 1.17 (scipy.stats.t.ppf); the normal limit is met", () => {
  const table = [
    [0.975, 1, 12.706204736174694],
    [0.975, 2, 4.302652729749462],
    [0.975, 9, 2.262157162798205],
    [0.995, 30, 2.7499956535672254],
    [0.95, 7, 1.8945786050900062],
    [0.025, 4, -2.7764451051977943],
    [0.975, 1e9, 1.959963984540054],
  ];
  for (const [p, nu, quantile] of table)
    expect(Math.abs(studentQuantile(p, nu) / quantile - 1)).toBeLessThan(nu > 1e6 ? 3e-6 : 1e-12);
  expect(studentQuantile(0.5, 3)).toBeLessThan(1e-12);
});

test("wrong input is refused before any product, by name", () => {
  const A = counted(diagonal([1, 2, 3]));
  const run =
    (options: unknown, operator: LinearOperator = A) =>
    () =>
      trace(operator, options as TraceOptions);
  expect(run({})).toThrow("trace: rng must be a stream of random numbers, got undefined");
  expect(run({ rng: createRng(1), method: "hutch" })).toThrow(
    'trace: method must be one of "hutchinson", "hutch++", "xtrace", got "hutch"',
  );
  expect(run({ rng: createRng(1), method: "xtrace", distribution: "gaussian" })).toThrow(
    'trace: distribution must be one of "sphere", got "gaussian"',
  );
  expect(run({ rng: createRng(1), matvecs: 3 })).toThrow("trace: matvecs must be an integer >= 6, got 3");
  expect(run({ rng: createRng(1), tolerance: 0 })).toThrow(ArgumentError);
  expect(run({ rng: createRng(1), confidence: 1 })).toThrow("trace: confidence must be a number in [0.5");
  expect(run({ rng: createRng(1), probes: 5 })).toThrow('option "probes"');
  expect(
    run(
      { rng: createRng(1) },
      fromFunction(2, (x) => [x[0], x[1], 0], { rows: 3 }),
    ),
  ).toThrow(ShapeError);
  expect(run({ rng: createRng(1) }, diagonal([]))).toThrow("trace: A must be of order >= 1, got 0 x 0");
  expect(A.counts.matvecs).toBe(0);
});
