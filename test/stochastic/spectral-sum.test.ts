import { expect, test } from "vitest";
import { NonFiniteError } from "../../src/core/index.js";
import { matmul } from "../../src/linalg/index.js";
import {
  type SymmetricOperator,
  counted,
  diagonal as diagonalOperator,
  fromFunction,
  fromMatrix,
  lowRank,
  shift,
  toeplitz,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  type BracketedEstimate,
  countEigenvalues,
  diagonal,
  logDeterminant,
  schattenNorm,
  spectralSum,
} from "../../src/stochastic/index.js";
import { tolerance, within } from "../support/compare.js";
import { coverage, estimatorLaws, spectra } from "../support/laws/estimator-laws.js";

const rng = () => createRng(17);
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const laplacian = (n: number): SymmetricOperator =>
  toeplitz(Array.from({ length: n }, (_, i) => (i === 0 ? 2 : i === 1 ? -1 : 0)));

estimatorLaws(
  "spectralSum of exp",
  (values) => sum(values.map(Math.exp)),
  (A, stream) => spectralSum(A, Math.exp, { probes: 12, steps: 6, rng: stream }),
);
estimatorLaws(
  "squared Frobenius norm",
  (values) => Math.hypot(...values),
  (A, stream) => schattenNorm(A, 2, { probes: 40, rng: stream }),
  { minimum: 0.93, maximum: 0.97 },
);

test("log-determinant: Radau below, Gauss above, for every number of steps, and the exact value of each probe between", () => {
  const d = Float64Array.from({ length: 80 }, (_, i) => 0.01 + (i / 79) ** 2 * 10);
  const A = diagonalOperator(d);
  const widths: number[] = [];
  for (const steps of [2, 5, 10, 20, 40]) {
    const { quadrature } = logDeterminant(A, { probes: 3, steps, lowerBound: 0.01, rng: rng() });
    // With 80 steps the quadrature of the same probes is exact.
    const exact = logDeterminant(A, { probes: 3, steps: 80, lowerBound: 0.01, rng: rng() }).quadrature.upper;
    const rounding = tolerance(20, 80, Math.abs(exact));
    expect(quadrature.lower).toBeLessThanOrEqual(exact + rounding);
    expect(quadrature.upper).toBeGreaterThanOrEqual(exact - rounding);
    expect(quadrature.upper - quadrature.lower).toBeLessThanOrEqual((widths.at(-1) ?? Infinity) + rounding);
    widths.push(quadrature.upper - quadrature.lower);
  }
  // κ = 1000: twenty more steps gain ((√κ − 1)/(√κ + 1))^40 = 0.08.
  expect(widths[4]).toBeLessThan(0.2 * widths[3]);
});

test("log-determinant intervals contain the truth (closed form n + 1 of the Laplacian; peer test 22)", () => {
  const n = 50;
  const bound = 2 - 2 * Math.cos(Math.PI / (n + 1));
  let inside = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { interval } = logDeterminant(laplacian(n), {
      probes: 10,
      steps: 15,
      lowerBound: bound * 0.999,
      rng: createRng(seed),
    });
    if (interval.lower <= Math.log(n + 1) && Math.log(n + 1) <= interval.upper) inside++;
  }
  expect(inside / 60).toBeGreaterThanOrEqual(0.93); // the bracket makes it wider than the sampling interval
  const blind = logDeterminant(laplacian(n), { probes: 4, steps: 15, rng: rng() });
  expect([blind.interval.lower, blind.quadrature.lower]).toEqual([-Infinity, -Infinity]);
});

test("log-determinants that do not exist, and bounds that are none, are refused", () => {
  const none = logDeterminant(diagonalOperator([1, -1, 2]), { rng: rng() });
  expect([none.status, none.advice]).toEqual([
    "breakdown",
    "A has an eigenvalue <= 0, so its log-determinant does not exist: add a damping with shift(A, λ)",
  ]);
  expect(() => logDeterminant(laplacian(30), { lowerBound: 1, steps: 10, rng: rng() })).toThrow(
    "logDeterminant: lowerBound must be at most the smallest eigenvalue",
  );
  expect(() => logDeterminant(laplacian(3), { lowerBound: -1, rng: rng() })).toThrow("lowerBound");
});

test("counts: brackets hold for every probe and intervals contain the truth", () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => (i < 30 ? 5 + i / 30 : i / 200));
  const A = diagonalOperator(values);
  let covered = 0;
  for (let seed = 0; seed < 100; seed++) {
    const { interval, quadrature } = countEigenvalues(A, [3, Infinity], {
      probes: 12,
      steps: 30,
      rng: createRng(seed),
    });
    expect(quadrature.lower).toBeLessThanOrEqual(quadrature.upper);
    if (interval.lower <= 30 && 30 <= interval.upper) covered++;
  }
  expect(covered).toBeGreaterThanOrEqual(90);
  const all = countEigenvalues(A, [-Infinity, Infinity], { probes: 3, rng: rng() });
  expect(within([all.mean, all.interval.lower, all.interval.upper], [200, 200, 200], 1e-9).ok).toBe(true);
  const outside = countEigenvalues(A, [50, 60], { probes: 3, steps: 40, rng: rng() });
  expect([outside.quadrature.lower, outside.interval.lower <= 0]).toEqual([0, true]);
});

test("Schatten norms: nuclear, Frobenius and p = 4 of a rectangular matrix", () => {
  const M = normalMatrix(createRng(3), 60, 40);
  const gramian = matmul(M, M, { transposeA: true });
  const A = fromMatrix(M);
  const fourth = sum(gramian.data.map((value) => value * value)) ** 0.25;
  for (const [p, truth] of [
    [2, Math.hypot(...M.data)],
    [4, fourth],
  ] as const) {
    const { interval, mean, standardError } = schattenNorm(A, p, { probes: 60, steps: 20, rng: rng() });
    expect(Math.abs(mean - truth)).toBeLessThan(4.5 * standardError);
    expect(interval.lower).toBeLessThan(interval.upper);
  }
  const nuclear = schattenNorm(lowRank(normalMatrix(createRng(1), 50, 1)), 1, { probes: 200, steps: 5, rng: rng() });
  const truth = sum(normalMatrix(createRng(1), 50, 1).data.map((value) => value * value));
  expect(Math.abs(nuclear.mean - truth)).toBeLessThan(4.5 * nuclear.standardError);
  const operator = counted(A);
  expect(schattenNorm(operator, 1, { probes: 2, steps: 5, rng: rng() }).matvecs).toBe(
    operator.counts.matvecs + operator.counts.transposedMatvecs,
  );
});

test("the diagonal: unbiased with honest standard errors, exact for diagonal operators", () => {
  const { dense } = spectra[2];
  const n = dense.rows;
  const { diagonal: entries, standardErrors } = diagonal(fromMatrix(dense), { matvecs: 400, rng: rng() });
  const scores = Array.from({ length: n }, (_, i) => (entries[i] - dense.data[i * n + i]) / standardErrors[i]);
  expect(Math.max(...scores.map(Math.abs))).toBeLessThan(4.5);
  const variance = sum(scores.map((score) => score * score)) / n;
  expect(variance).toBeGreaterThan(0.3);
  expect(variance).toBeLessThan(2);
  const row = dense.data.subarray(0, n).map((value, j) => (j === 0 ? 0 : value * value));
  expect(Math.abs((standardErrors[0] ** 2 * 400) / sum(row) - 1)).toBeLessThan(0.4); // Σ_{j ≠ i} a_ij²
  const exact = diagonal(diagonalOperator([3, -1]), { matvecs: 2, rng: rng() });
  expect([...exact.diagonal, ...exact.standardErrors]).toEqual([3, -1, 0, 0]);
  expect(diagonal(diagonalOperator([3]), { matvecs: 1, rng: rng() }).standardErrors[0]).toBe(Infinity);
});

test("few probes of a decaying spectrum still cover: the skewness correction at work (negative control without it)", () => {
  const { A, values } = spectra[1];
  const run = (stream: ReturnType<typeof createRng>) => spectralSum(A, (x) => x, { probes: 12, steps: 4, rng: stream });
  const corrected = coverage(sum(values), run).share;
  const plain = coverage(sum(values), (stream) => {
    const { mean, standardError, ...rest } = run(stream);
    const half = 2.2009851600829 * standardError; // t, 11 degrees of freedom
    return { ...rest, mean, standardError, interval: { lower: mean - half, upper: mean + half, level: 0.95 } };
  }).share;
  expect(corrected).toBeGreaterThan(0.925);
  expect(plain).toBeLessThan(0.92);
});

test("counted products, signal, progress, wrong input", () => {
  const A = counted(shift(laplacian(40), 1));
  const methods: readonly ((options: { signal?: { aborted: boolean }; onProgress?: () => void }) => {
    matvecs: number;
    status?: string;
  })[] = [
    (options) => logDeterminant(A, { probes: 3, steps: 6, rng: rng(), ...options }),
    (options) => countEigenvalues(A, [0, 1], { probes: 3, steps: 6, rng: rng(), ...options }) as BracketedEstimate,
    (options) => spectralSum(A, Math.sqrt, { probes: 3, steps: 6, rng: rng(), ...options }),
    (options) => diagonal(A, { matvecs: 3, rng: rng(), ...options }),
  ];
  for (const method of methods) {
    A.resetCounts();
    expect(method({}).matvecs).toBe(A.counts.matvecs);
    const signal = { aborted: false };
    const cut = method({ signal, onProgress: () => (signal.aborted = true) });
    expect(cut.status).toBe("cancelled");
  }
  expect(() => spectralSum(A, Math.log, { rng: undefined as never })).toThrow(
    "spectralSum: rng must be a stream of random numbers",
  );
  expect(() => spectralSum(shift(laplacian(5), -2), Math.log, { rng: rng() })).toThrow(NonFiniteError);
  expect(() => countEigenvalues(A, [2, 1], { rng: rng() })).toThrow(
    "countEigenvalues: interval must be [a, b] with a <= b",
  );
  expect(() => schattenNorm(A, 0.5, { rng: rng() })).toThrow("schattenNorm: p must be a finite number >= 1, got 0.5");
  expect(() =>
    schattenNorm(
      fromFunction(2, (x) => x),
      1,
      { rng: rng() },
    ),
  ).toThrow("schattenNorm: A must be an operator with applyTranspose");
  expect(() => diagonal(A, { rng: rng(), probes: 3 } as never)).toThrow('option "probes"');
});
