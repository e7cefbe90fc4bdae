import { expect, test } from "vitest";
import { ArgumentError } from "../../src/core/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  counted,
  diagonal as diagonalOperator,
  fromAsyncFunction,
  fromMatrix,
  lowRank,
  shift,
} from "../../src/operators/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  absoluteHalfWidth,
  allOf,
  anyOf,
  countEigenvalues,
  countEigenvaluesAsync,
  decided,
  diagonal,
  diagonalAsync,
  logDeterminant,
  logDeterminantAsync,
  logSpectralDensity,
  logSpectralDensityAsync,
  matvecLimit,
  numericalRank,
  numericalRankAsync,
  nystrom,
  nystromAsync,
  randomizedSvd,
  randomizedSvdAsync,
  relativeHalfWidth,
  schattenNorm,
  schattenNormAsync,
  spectralDensity,
  spectralSum,
  spectralSumAsync,
  trace,
} from "../../src/stochastic/index.js";
import { wasserstein1 } from "../../src/stochastic/bulk.js";
import { coverage, estimatorLaws, spectra } from "../support/laws/estimator-laws.js";

const rng = (seed = 1) => createRng(seed);
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const above = (values: ArrayLike<number>, t: number): number =>
  Array.from(values).filter((value) => Math.abs(value) > t).length;

/** The same spectrum in the standard basis: probes uniform on the sphere do not see the difference, and it is cheap. */
const plain = new Map(spectra.map(({ A, values }) => [A, diagonalOperator(values)]));
const cheap = (A: SymmetricOperator): SymmetricOperator => plain.get(A) ?? A;

// Every method at every law of the probes, each with 1,000 seeds on flat, decaying and indefinite spectra.
estimatorLaws("hutchinson, normals", sum, (A, stream) =>
  trace(A, { method: "hutchinson", distribution: "gaussian", matvecs: 60, rng: stream }),
);
estimatorLaws("hutchinson, sphere", sum, (A, stream) =>
  trace(A, { method: "hutchinson", distribution: "sphere", matvecs: 30, rng: stream }),
);
estimatorLaws(
  "nuclear norm",
  (values) => sum(values.map(Math.abs)),
  (A, stream) => schattenNorm(A, 1, { probes: 16, steps: 36, rng: stream }),
);
estimatorLaws(
  "log-determinant of A + 4",
  (values) => sum(values.map((value) => Math.log(value + 4))),
  (A, stream) => logDeterminant(shift(cheap(A), 4), { probes: 16, steps: 10, lowerBound: 1, rng: stream }),
);
estimatorLaws("hutch++, signs", sum, (A, stream) => trace(A, { matvecs: 60, rng: stream }));

test("when nothing is left to sample the interval is as wide as rounding, and contains the truth", () => {
  for (const { A, values, name } of spectra) {
    for (const method of ["hutch++", "xtrace"] as const) {
      for (let seed = 0; seed < 20; seed++) {
        const { interval, standardError } = trace(A, { method, matvecs: 200, rng: rng(seed) });
        const truth = sum(values);
        expect(interval.lower <= truth && truth <= interval.upper, `${name}, ${method}`).toBe(true);
        expect(interval.upper - interval.lower).toBeLessThan(1e-11);
        expect(standardError).toBeLessThan(1e-15);
      }
    }
  }
});

// With as many steps as the order the rules are the measures themselves: no bracket is left to widen the interval.
estimatorLaws(
  "eigenvalue count",
  (values) => Array.from(values).filter((value) => value >= 0.5).length,
  (A, stream) => countEigenvalues(cheap(A), [0.5, Infinity], { probes: 12, steps: 36, rng: stream }),
);
/** A threshold with values of each spectrum on both sides. */
const middle = new Map([0.2, 1.5].flatMap((t) => spectra.filter((_, i) => (i === 0) === t > 1).map(({ A }) => [A, t])));
estimatorLaws(
  "numerical rank",
  (values) => above(values, middle.get(spectra.find((spectrum) => spectrum.values === values)!.A)!),
  (A, stream) => numericalRank(cheap(A), { threshold: middle.get(A)!, probes: 12, steps: 36, rng: stream }),
);

test("the knob: every estimator meets a requested tolerance as often as it promises (400 runs), and says so", () => {
  const { values } = spectra[0];
  const A = diagonalOperator(values);
  const runs: Record<string, (seed: number) => { mean: number; status: string; truth: number }> = {
    spectralSum: (seed) => ({
      ...spectralSum(A, Math.sqrt, { tolerance: 0.02, rng: rng(seed) }),
      truth: sum(values.map(Math.sqrt)),
    }),
    logDeterminant: (seed) => ({
      ...logDeterminant(A, { tolerance: 0.05, lowerBound: 1, rng: rng(seed) }),
      truth: sum(values.map(Math.log)),
    }),
    schattenNorm: (seed) => ({
      ...schattenNorm(A, 3, { tolerance: 0.02, rng: rng(seed) }),
      truth: Math.cbrt(sum(values.map((value) => value ** 3))),
    }),
    frobenius: (seed) => ({
      ...schattenNorm(A, 2, { tolerance: 0.01, rng: rng(seed) }),
      truth: Math.hypot(...values),
    }),
    countEigenvalues: (seed) => ({
      ...countEigenvalues(A, [1.49, 3], { tolerance: 0.1, rng: rng(seed) }),
      truth: values.filter((value) => value >= 1.49).length,
    }),
  };
  const tolerances = {
    spectralSum: 0.02,
    logDeterminant: 0.05,
    schattenNorm: 0.02,
    frobenius: 0.01,
    countEigenvalues: 0.1,
  };
  const RUNS = 400;
  for (const [name, run] of Object.entries(runs)) {
    let met = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      const { mean, status, truth } = run(seed);
      expect(status, name).toBe("converged");
      if (Math.abs(mean - truth) <= tolerances[name as keyof typeof tolerances] * Math.abs(mean)) met++;
    }
    expect(met / RUNS, name).toBeGreaterThanOrEqual(0.95 - 3 * Math.sqrt((0.95 * 0.05) / RUNS));
  }
});

test("Gauss and Radau rules bracket a sum for every number of steps, from below and from above the spectrum", () => {
  const d = Float64Array.from({ length: 60 }, (_, i) => 0.05 + (i / 59) ** 2 * 4);
  const A = diagonalOperator(d);
  const cases = [
    ["inverse", (x: number) => 1 / x, { derivatives: "alternating", bound: 0.04 }],
    ["exponential decay", (x: number) => Math.exp(-x), { derivatives: "alternating", bound: 0 }],
    ["root", Math.sqrt, { derivatives: "alternating", bound: 0.05 }],
    ["exponential", Math.exp, { derivatives: "equal", bound: 4.06 }],
    ["cube", (x: number) => x ** 3, { derivatives: "equal", bound: 5 }],
  ] as const;
  for (const [name, f, bracket] of cases) {
    const exact = spectralSum(A, f, { probes: 3, steps: 60, bracket, rng: rng() }).mean; // for these probes
    let width = Infinity;
    for (const steps of [2, 4, 8, 16]) {
      const { quadrature, quadratureError } = spectralSum(A, f, { probes: 3, steps, bracket, rng: rng() });
      const slack = 1e-12 * Math.abs(exact);
      expect(quadrature!.lower, `${name}, ${steps} steps`).toBeLessThanOrEqual(exact + slack);
      expect(quadrature!.upper, `${name}, ${steps} steps`).toBeGreaterThanOrEqual(exact - slack);
      expect(quadratureError).toBeLessThanOrEqual(width + slack);
      width = quadratureError;
    }
  }
  // Negative control: the sine's derivatives keep no sign, and the bracket misses.
  const wave = (x: number): number => Math.sin(6 * x);
  const bracket = { derivatives: "equal", bound: 4.06 } as const;
  const exact = spectralSum(A, wave, { probes: 3, steps: 60, bracket, rng: rng() }).mean;
  const missed = [2, 3, 4, 5, 6, 8].filter((steps) => {
    const { lower, upper } = spectralSum(A, wave, { probes: 3, steps, bracket, rng: rng() }).quadrature!;
    return !(lower <= exact && exact <= upper);
  });
  expect(missed.length).toBeGreaterThan(0);
  const asked = spectralSum(A, Math.exp, { tolerance: 0.05, bracket, rng: rng() });
  expect([asked.status, asked.quadrature !== null]).toEqual(["converged", true]);
  const inside = { derivatives: "alternating", bound: 2 } as const;
  expect(() => spectralSum(A, Math.sqrt, { steps: 10, bracket: inside, rng: rng() })).toThrow(
    "spectralSum: bracket.bound must be at most the smallest eigenvalue",
  );
  expect(() => spectralSum(A, Math.exp, { bracket: { derivatives: "same" as never, bound: 5 }, rng: rng() })).toThrow(
    "bracket.derivatives",
  );
});

test("more accuracy costs more probes and more steps; a hard limit is kept and reported", () => {
  const A = counted(diagonalOperator(Float64Array.from({ length: 200 }, (_, i) => 0.01 + i / 200)));
  const spend = [0.2, 0.05, 0.02].map((tolerance) => spectralSum(A, Math.log1p, { tolerance, rng: rng() }).samples);
  expect(spend[0] <= spend[1] && spend[1] < spend[2]).toBe(true);
  const products = (tolerance: number): number => {
    const { matvecs, samples } = spectralSum(A, Math.sqrt, { tolerance, rng: rng() });
    return matvecs / samples;
  };
  expect(products(1e-3)).toBeGreaterThan(products(0.2));
  A.resetCounts();
  const poor = spectralSum(A, Math.sqrt, { tolerance: 1e-4, maximumMatvecs: 300, rng: rng() });
  expect([poor.status, poor.matvecs, poor.matvecs <= 300]).toEqual(["max-iterations", A.counts.matvecs, true]);
  expect(poor.advice).toContain("maximumMatvecs");
  const coarse = spectralSum(A, (x) => (x > 0.5 ? 1 : 0), {
    tolerance: 1e-3,
    steps: 8,
    maximumMatvecs: 4000,
    rng: rng(),
  });
  expect([coarse.status, coarse.advice]).toEqual([
    "max-iterations",
    "the quadrature error is larger than the tolerance allows: raise steps",
  ]);
  expect(() => logDeterminant(A, { tolerance: 0.1, rng: rng() })).toThrow(
    "logDeterminant: lowerBound must be given together with tolerance, got undefined",
  );
});

test("stopping rules may look again and again and still cover (1,000 seeds), where a naive rule does not", () => {
  const { A, values } = spectra[1];
  const law = { method: "hutchinson", distribution: "gaussian" } as const;
  const stop = anyOf(relativeHalfWidth(0.5), matvecLimit(400));
  const honest = coverage(sum(values), (stream) => trace(A, { ...law, stop, rng: stream }));
  expect(honest.share).toBeGreaterThanOrEqual(0.93);
  // Negative control: the plain interval after every product from the third on, and the first short one is taken.
  const A0 = cheap(A);
  const naive = coverage(sum(values), (stream) => {
    const again = `${stream.uint32()}`; // every look begins with the same probes
    for (let matvecs = 3; ; matvecs++) {
      const result = trace(A0, { ...law, matvecs, rng: stream.fork(again) });
      const { lower, upper } = result.interval;
      if ((upper - lower) / 2 <= 0.5 * result.mean || matvecs >= 80) return result;
    }
  });
  expect(naive.share).toBeLessThan(0.9);
  expect(naive.share).toBeLessThan(honest.share);
});

test("rules combine, see the estimate so far, and end as soon as the answer is known", () => {
  const A = diagonalOperator(Float64Array.from({ length: 300 }, (_, i) => 1 + i / 300));
  const law = { method: "hutchinson", distribution: "gaussian" } as const;
  const known = trace(A, { ...law, stop: decided(100), rng: rng() });
  expect([known.samples, known.status]).toEqual([8, "converged"]);
  const both = trace(A, { ...law, stop: allOf(decided(100), matvecLimit(60)), rng: rng() });
  expect(both.samples).toBe(64);
  const width = trace(A, { ...law, stop: absoluteHalfWidth(10), rng: rng() });
  expect((width.interval.upper - width.interval.lower) / 2).toBeLessThanOrEqual(10);
  const looks: number[] = [];
  const limited = trace(A, {
    ...law,
    stop: ({ samples }) => (looks.push(samples), false),
    maximumMatvecs: 50,
    rng: rng(),
  });
  expect([limited.status, limited.matvecs, ...looks]).toEqual(["max-iterations", 50, 8, 16, 32]);
  for (const method of ["hutch++", "xtrace"] as const) {
    const result = trace(A, { method, stop: relativeHalfWidth(0.02), rng: rng() });
    expect(result.status).toBe("converged");
    expect(result.interval.upper - result.interval.lower).toBeLessThanOrEqual(0.04 * result.mean);
  }
  expect(spectralSum(A, Math.log, { stop: matvecLimit(1), steps: 5, rng: rng() }).matvecs).toBe(40);
  expect(() => anyOf()).toThrow("anyOf: rules must be one or more functions, got none");
  expect(() => allOf(3 as never)).toThrow(ArgumentError);
  expect(() => trace(A, { stop: 0.01 as never, rng: rng() })).toThrow("trace: stop must be a function");
  expect(() => trace(A, { stop: matvecLimit(9), tolerance: 0.1, rng: rng() })).toThrow(
    "trace: stop must be absent when tolerance is given, got both",
  );
  expect(() => relativeHalfWidth(0)).toThrow("relativeHalfWidth: tolerance");
  expect(() => absoluteHalfWidth(-1)).toThrow("absoluteHalfWidth: width");
  expect(() => matvecLimit(0.5)).toThrow("matvecLimit: matvecs");
  expect(() => decided(Number.NaN)).toThrow("decided: threshold");
});

test("asynchronous forms give the same bits", async () => {
  const d = Float64Array.from({ length: 40 }, (_, i) => 0.5 + Math.abs(Math.sin(i)));
  const A = diagonalOperator(d);
  const remote = fromAsyncFunction(40, async (x, out) => A.apply(x, out), { symmetric: true });
  const M = normalMatrix(rng(3), 30, 20);
  const B = fromMatrix(M);
  const far = {
    rows: 30,
    cols: 20,
    apply: async (x: Float64Array, out: Float64Array) => B.apply(x, out),
    applyTranspose: async (x: Float64Array, out: Float64Array) => B.applyTranspose!(x, out),
  };
  const options = () => ({ probes: 3, steps: 7, rng: rng() });
  expect(await spectralSumAsync(remote, Math.sqrt, options())).toEqual(spectralSum(A, Math.sqrt, options()));
  const bounded = () => ({ ...options(), lowerBound: 0.4 });
  expect(await logDeterminantAsync(remote, bounded())).toEqual(logDeterminant(A, bounded()));
  expect(await countEigenvaluesAsync(remote, [0, 1], options())).toEqual(countEigenvalues(A, [0, 1], options()));
  expect(await schattenNormAsync(far, 1, options())).toEqual(schattenNorm(B, 1, options()));
  expect(await numericalRankAsync(far, options())).toEqual(numericalRank(B, options()));
  expect(await diagonalAsync(remote, { rng: rng(), matvecs: 4 })).toEqual(diagonal(A, { rng: rng(), matvecs: 4 }));
  expect(await logSpectralDensityAsync(remote, options())).toEqual(logSpectralDensity(A, options()));
  expect(await randomizedSvdAsync(far, { rank: 3, rng: rng() })).toEqual(randomizedSvd(B, { rank: 3, rng: rng() }));
  expect(await nystromAsync(remote, { rank: 3, rng: rng() })).toEqual(nystrom(A, { rank: 3, rng: rng() }));
});

test("numerical rank: rectangular, symmetric, tiny and zero; no value is squared on the way", () => {
  const small = 1e-11; // squared it would be lost beside one
  const M = normalMatrix(rng(2), 60, 40);
  const { u, v } = svd(M);
  const scaled = { ...u!, data: u!.data.map((value, at) => value * (at % 40 < 12 ? 1 : at % 40 < 25 ? small : 0)) };
  const rows = 60;
  const A = {
    rows,
    cols: 40,
    data: Float64Array.from({ length: rows * 40 }, (_, at) => {
      let total = 0;
      for (let k = 0; k < 40; k++) total += scaled.data[Math.floor(at / 40) * 40 + k] * v!.data[(at % 40) * 40 + k];
      return total;
    }),
  };
  const counts = (threshold: number) => numericalRank(fromMatrix(A), { threshold, probes: 60, steps: 60, rng: rng() });
  for (const [threshold, rank] of [
    [0.5, 12],
    [1e-12, 25],
  ]) {
    const { interval } = counts(threshold);
    expect(interval.lower <= rank && rank <= interval.upper, `${threshold}`).toBe(true);
    expect(interval.upper - interval.lower).toBeLessThan(14);
  }
  const negative = diagonalOperator([-3, 2, 1e-5, 0]);
  const exact = numericalRank(negative, { relativeThreshold: 0.1, probes: 200, rng: rng() });
  expect(exact.threshold).toBeCloseTo(0.3, 12);
  expect(exact.interval.lower <= 2 && 2 <= exact.interval.upper).toBe(true);
  const zero = numericalRank(diagonalOperator([0, 0, 0]), { rng: rng() });
  expect([zero.mean, zero.interval.upper, zero.status]).toEqual([0, 0, "converged"]);
  const A2 = counted(fromMatrix(A));
  const { matvecs } = numericalRank(A2, { probes: 2, steps: 5, rng: rng() });
  expect(matvecs).toBe(A2.counts.matvecs + A2.counts.transposedMatvecs);
  expect(() => numericalRank(negative, { threshold: 0, rng: rng() })).toThrow("numericalRank: threshold");
  const blind: LinearOperator = { rows: 3, cols: 2, apply: () => undefined };
  expect(() => numericalRank(blind, { rng: rng() })).toThrow(
    "numericalRank: A must be an operator with applyTranspose",
  );
});

test("log density: shares of the decades, signs and zeros of a spectrum over twelve decades", () => {
  const n = 240;
  const value = (i: number): number => (i < 40 ? -0.01 : i < 100 ? 1e-6 : i < 140 ? 0 : i < 200 ? 1 : 1e4);
  const A = diagonalOperator(Float64Array.from({ length: n }, (_, i) => value(i)));
  const result = logSpectralDensity(A, { probes: 60, steps: 20, points: 601, floor: 1e-8, rng: rng() });
  const mass = (side: (typeof result)["positive"], from: number, to: number): number => {
    if (!side.defined) return 0;
    const { moduli, density } = side.value;
    const step = Math.log10(moduli[1] / moduli[0]);
    return sum(density.map((rho, i) => (moduli[i] >= from && moduli[i] < to ? rho * step : 0)));
  };
  // Five eigenvalues found exactly: the shares vary like multinomials of χ² weights, sd about 0.006.
  const near = (actual: number, expected: number): void => expect(Math.abs(actual - expected)).toBeLessThan(0.03);
  near(mass(result.positive, 1e-8, 1e-4), 60 / n);
  near(mass(result.positive, 1e-2, 1e2), 60 / n);
  near(mass(result.positive, 1e2, 1e6), 40 / n);
  near(mass(result.negative, 0, Infinity), 40 / n);
  expect(result.zero.interval.lower <= 40 / n && 40 / n <= result.zero.interval.upper).toBe(true);
  const total = mass(result.positive, 0, Infinity) + mass(result.negative, 0, Infinity) + result.zero.mean;
  expect(Math.abs(total - 1)).toBeLessThan(1e-3); // the trapezoidal rule of Gaussians four deviations wide
  if (!result.positive.defined) throw new Error(result.positive.reason);
  expect(Math.abs(result.positive.value.resolvedFrom / 1e-6 - 1)).toBeLessThan(1e-3);
  // Too few steps see nothing small, and say where they stop.
  const wide = diagonalOperator(Float64Array.from({ length: 400 }, (_, i) => 10 ** (-8 * (i / 399))));
  const coarse = logSpectralDensity(wide, { probes: 4, steps: 10, rng: rng() }).positive;
  const fine = logSpectralDensity(wide, { probes: 4, steps: 120, rng: rng() }).positive;
  if (!coarse.defined || !fine.defined) throw new Error("no positive nodes");
  expect(coarse.value.resolvedFrom).toBeGreaterThan(100 * fine.value.resolvedFrom);
  expect(logSpectralDensity(diagonalOperator([0, 0]), { rng: rng() }).positive.defined).toBe(false);
  expect(() => logSpectralDensity(A, { rng: rng(), bandwidth: 0 })).toThrow("logSpectralDensity: bandwidth");
  const signal = { aborted: false };
  const cut = logSpectralDensity(A, { rng: rng(), signal, onProgress: () => (signal.aborted = true) });
  expect([cut.status, cut.probes]).toEqual(["cancelled", 1]);
});

test("a density within a tolerance: the Wasserstein distance to the truth is below it, by both methods", () => {
  const n = 300;
  const values = Float64Array.from({ length: n }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / n) ** 3).sort();
  const A = diagonalOperator(values);
  const truth = { nodes: values, weights: new Float64Array(n).fill(1 / n) };
  for (const method of ["slq", "kpm"] as const) {
    const result = spectralDensity(A, { method, tolerance: 0.02, rng: rng() });
    expect(result.status).toBe("converged");
    const extent = 2;
    expect(result.wassersteinError + result.quadratureError).toBeLessThanOrEqual(1.05 * 0.02 * extent);
    const distance = wasserstein1({ nodes: result.nodes, weights: result.weights }, truth);
    expect(distance).toBeLessThan(0.02 * extent);
    // The bound on the quadrature holds for each probe by itself; few steps make it visible.
    const few = spectralDensity(A, { method, steps: 6, probes: 60, rng: rng() });
    const error = wasserstein1({ nodes: few.nodes, weights: few.weights }, truth);
    expect(error).toBeLessThan(few.quadratureError + 3 * few.wassersteinError);
    const poor = spectralDensity(A, { method, tolerance: 0.001, maximumMatvecs: 2000, rng: rng() });
    expect([poor.status, poor.advice?.includes("tolerance"), poor.probes * poor.steps <= 2000]).toEqual([
      "max-iterations",
      true,
      true,
    ]);
  }
});

test("a diagonal within a tolerance; t intervals of its entries cover (300 seeds)", () => {
  const { dense } = spectra[2];
  const n = dense.rows;
  const truth = Float64Array.from({ length: n }, (_, i) => dense.data[i * n + i]);
  let inside = 0;
  for (let seed = 0; seed < 300; seed++) {
    const { intervals } = diagonal(fromMatrix(dense), { matvecs: 12, rng: rng(seed) });
    for (let i = 0; i < n; i++) if (intervals.lower[i] <= truth[i] && truth[i] <= intervals.upper[i]) inside++;
  }
  expect(inside / (300 * n)).toBeGreaterThan(0.93);
  expect(inside / (300 * n)).toBeLessThan(0.97);
  const result = diagonal(fromMatrix(dense), { tolerance: 0.1, rng: rng() });
  const error = Math.hypot(...result.diagonal.map((value, i) => value - truth[i]));
  expect([result.status, result.samples > 16]).toEqual(["converged", true]);
  expect(error).toBeLessThan(1.5 * 0.1 * Math.hypot(...truth));
  const poor = diagonal(fromMatrix(dense), { tolerance: 1e-4, maximumMatvecs: 20, rng: rng() });
  expect([poor.status, poor.samples]).toEqual(["max-iterations", 20]);
});

test("sketches within a tolerance: doubled until the posterior bound is met, and true", () => {
  const d = Float64Array.from({ length: 150 }, (_, i) => 0.8 ** i);
  const A: SymmetricOperator = diagonalOperator(d);
  const asMatrix = { rows: 150, cols: 150, data: new Float64Array(150 * 150) };
  for (let i = 0; i < 150; i++) asMatrix.data[i * 151] = d[i];
  for (const tolerance of [0.1, 1e-4]) {
    const low = randomizedSvd(A, { tolerance, rng: rng() });
    expect(low.status).toBe("converged");
    expect(low.error.spectralBound).toBeLessThanOrEqual(tolerance * low.singularValues[0]);
    const { u, v, singularValues } = low;
    const rank = singularValues.length;
    const residual = asMatrix.data.map((value, at) => {
      let total = value;
      for (let k = 0; k < rank; k++)
        total -= u.data[Math.floor(at / 150) * rank + k] * singularValues[k] * v.data[(at % 150) * rank + k];
      return total;
    });
    expect(svd({ ...asMatrix, data: residual }).singularValues[0]).toBeLessThan(low.error.spectralBound);
    const half = nystrom(A, { tolerance, rng: rng() });
    expect(half.status).toBe("converged");
    expect(half.error.spectralBound).toBeLessThanOrEqual(tolerance * half.values[0]);
    expect(half.matvecs).toBeLessThan(low.matvecs);
  }
  const flat = randomizedSvd(lowRank(normalMatrix(rng(4), 60, 60)), { tolerance: 1e-6, maximumRank: 20, rng: rng() });
  expect([flat.status, flat.singularValues.length]).toEqual(["max-iterations", 20]);
  expect(() => randomizedSvd(A, { rank: 3, tolerance: 0.1, rng: rng() })).toThrow(
    "randomizedSvd: rank must be absent when tolerance is given, got 3",
  );
  expect(() => nystrom(A, { rng: rng() })).toThrow("nystrom: rank");
});
