import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  fromRows,
  identity,
  type Matrix,
  matrix,
  OptionError,
  ShapeError,
  transpose,
} from "../../src/core/index.js";
import { orthogonalMatrix } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  commutingMeasurements,
  customMeasurements,
  deepDiagonalFlow,
  deepFactorization,
  entryMeasurements,
  gaussianMeasurements,
  measure,
  minimumFrobenius,
  nuclearNormMinimization,
  phaseTransition,
  principalAngles,
  restrictedIsometry,
  sensingMetrics,
} from "../../src/sensing/index.js";
import { naiveProduct, tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Program {
  name: string;
  A: number[][][];
  y: number[];
  X_opt: number[][];
  nuclear_norm_opt: number;
  rank: number;
  unit_multiplicity_q: number;
  face_dim: number;
  rank_A_on_face: number;
  unique: boolean;
  X_min_frobenius: number[][];
  nuclear_norm_min_frobenius: number;
  tol_nuc: number;
}
interface MetricCase {
  A: number[][];
  B: number[][];
  A_sv: number[];
  B_sv: number[];
  nuclear_B: number;
  fro_B: number;
  op_B: number;
  erank_B: number;
  erank_A: number;
  stable_rank_B: number;
  rank_A_tol1em10: number;
  rel_err_B_vs_A: number;
  principal_angles_left_top2_rad: number[];
  principal_angles_right_top2_rad: number[];
  tol_abs: number;
}
const { nnm, metrics } = fixture<{ nnm: Program[]; metrics: MetricCase }>("sensing/programs.json");
const depth3 = fixture<{
  depth3_ode: { B: number[][]; sigma_star: number[]; w0: number; t: number[]; sigma: number[][]; tol_abs: number };
}>("sensing/dynamics.json").depth3_ode;
const value = <T>(tagged: { defined: true; value: T } | { defined: false; reason: string }): T => {
  if (!tagged.defined) throw new Error(tagged.reason);
  return tagged.value;
};

test("nuclear-norm programs: values to 1e-9, gap, certificate and uniqueness as in the reference", () => {
  for (const c of nnm) {
    const A = customMeasurements(c.A.map((a) => fromRows(a)));
    const y = Float64Array.from(c.y);
    const solution = nuclearNormMinimization(A, y);
    expect(solution.convergence.status, c.name).toBe("converged");
    expect(Math.abs(solution.nuclearNorm - c.nuclear_norm_opt), c.name).toBeLessThan(c.tol_nuc);
    expect(Math.abs(solution.gap), c.name).toBeLessThan(1e-9);
    expect(solution.infeasibility).toBeLessThan(1e-12 * Math.hypot(...c.y) * 10);
    const { certificate } = solution;
    expect(certificate.unique, c.name).toBe(c.unique);
    expect(certificate.unitMultiplicity, c.name).toBe(c.unit_multiplicity_q);
    expect(certificate.faceDimension).toBe(c.face_dim);
    expect(certificate.faceRank).toBe(c.rank_A_on_face);
    if (c.unique) {
      expect(within(solution.X.data, fromRows(c.X_opt).data, 1e-6).ok, c.name).toBe(true);
      // The dual solution need not be unique (its norm off the tangent space depends on τ), but it must prove optimality.
      expect(certificate.offTangentNorm).toBeLessThan(1 + 1e-9);
      expect(certificate.tangentResidual).toBeLessThan(1e-6);
      expect(certificate.rank).toBe(c.rank);
    }
    const regression = minimumFrobenius(A, y);
    expect(within(regression.X.data, fromRows(c.X_min_frobenius).data, 1e-10).ok, c.name).toBe(true);
    expect(Math.abs(sensingMetrics(regression.X).nuclearNorm - c.nuclear_norm_min_frobenius)).toBeLessThan(1e-10);
  }
});

test("weak duality holds for every threshold, and a perturbed multiplier opens the gap", () => {
  const c = nnm[2];
  const A = customMeasurements(c.A.map((a) => fromRows(a)));
  const y = Float64Array.from(c.y);
  for (const threshold of [0.05, 0.5, 2]) {
    const solution = nuclearNormMinimization(A, y, { threshold });
    expect(Math.abs(solution.nuclearNorm - c.nuclear_norm_opt)).toBeLessThan(c.tol_nuc);
  }
  const early = nuclearNormMinimization(A, y, { maximumIterations: 20 });
  expect(early.convergence.status).toBe("max-iterations");
  expect(early.nuclearNorm - early.gap).toBeLessThanOrEqual(c.nuclear_norm_opt + 1e-12); // the dual value stays a lower bound
  expect(early.nuclearNorm).toBeGreaterThanOrEqual(c.nuclear_norm_opt - 1e-12); // and the feasible X an upper one
  expect(early.convergence.advice).toContain("the gap bounds the error");
});

test("the program does not depend on units, from 1e-200 to 1e200, and says when measurements are dependent", () => {
  const A = entryMeasurements(2, 2, [
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  const unit = nuclearNormMinimization(A, Float64Array.of(1, 2, 2));
  for (const scale of [1e-200, 1e-9, 1e9, 1e200]) {
    const { X, nuclearNorm, gap, convergence } = nuclearNormMinimization(
      A,
      Float64Array.of(scale, 2 * scale, 2 * scale),
    );
    expect(convergence.status).toBe("converged");
    expect(Math.abs(convergence.iterations - unit.convergence.iterations)).toBeLessThan(3);
    expect(Math.abs(X.data[3] / scale - 1)).toBeLessThan(1e-9);
    expect(Math.abs(nuclearNorm / scale - 4)).toBeLessThan(1e-9);
    expect(Math.abs(gap / scale)).toBeLessThan(1e-9);
  }
  const twice = nuclearNormMinimization(customMeasurements([identity(2), identity(2)]), Float64Array.of(1, 1));
  expect(twice.convergence.advice).toBe(
    "the measurements have rank 1, not 2: dependent ones were resolved by the pseudo-inverse",
  );
});

test("symmetries of the program: transposition, rotation, scale, repeated measurements", () => {
  const rng = createRng(6);
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 2, max: 4 }),
      fc.constantFrom(1e-6, 1, 1e6),
      (rows, cols, scale) => {
        const list = Array.from({ length: Math.ceil(0.6 * rows * cols) }, () => normalMatrix(rng, rows, cols));
        const X = naiveProduct(normalMatrix(rng, rows, 1), normalMatrix(rng, 1, cols));
        const A = customMeasurements(list);
        const y = measure(A, X).map((v) => v * scale);
        const base = nuclearNormMinimization(A, y, { tolerance: 1e-12 }).nuclearNorm;
        const flipped = nuclearNormMinimization(customMeasurements(list.map(transpose)), y).nuclearNorm;
        const Q = orthogonalMatrix(rng, rows);
        const rotated = nuclearNormMinimization(customMeasurements(list.map((a) => naiveProduct(Q, a))), y).nuclearNorm;
        const twice = nuclearNormMinimization(
          customMeasurements([...list, ...list]),
          Float64Array.of(...y, ...y),
        ).nuclearNorm;
        for (const other of [flipped, rotated, twice]) expect(withinRelative(other, base, 1e-7).ok).toBe(true);
      },
    ),
    { numRuns: 8 },
  );
});

test("linear regression: normal equations, range, dependent and inconsistent data", () => {
  const rng = createRng(12);
  const A = gaussianMeasurements({ rows: 4, cols: 3, count: 7, rng });
  const y = normalMatrix(rng, 7, 1).data;
  const { X, coefficients, residual, rank } = minimumFrobenius(A, y);
  expect(rank).toBe(7);
  expect(residual).toBeLessThan(1e-12);
  const back = new Float64Array(12);
  A.applyTranspose(coefficients, back);
  expect(within(back, X.data, tolerance(8, 12, 10)).ok).toBe(true);
  const contradiction = minimumFrobenius(customMeasurements([identity(2), identity(2)]), Float64Array.of(1, 2));
  expect(contradiction.consistent).toBe(false);
  expect(contradiction.advice).toContain("rank 1");
  expect(contradiction.advice).toContain("the data are inconsistent");
  expect(Math.abs(contradiction.X.data[0] - 0.75)).toBeLessThan(1e-14);
  const solved = nuclearNormMinimization(customMeasurements([identity(2), identity(2)]), Float64Array.of(1, 2));
  expect(Math.abs(solved.nuclearNorm - 1.5)).toBeLessThan(1e-9);
  expect(solved.convergence.advice).toContain("inconsistent by");
  const zero = nuclearNormMinimization(entryMeasurements(2, 2, [[0, 0]]), Float64Array.of(0));
  expect(zero.nuclearNorm).toBe(0);
});

test("commuting data of full column rank: regression already is the minimiser, and every ν with Bᵀν = 1 proves it", () => {
  const rng = createRng(3);
  const left = orthogonalMatrix(rng, 3);
  const right = orthogonalMatrix(rng, 3);
  const A = commutingMeasurements(left, right, normalMatrix(rng, 5, 3));
  const truth = naiveProduct(
    naiveProduct(
      left,
      fromRows([
        [1, 0, 0],
        [0, 0.5, 0],
        [0, 0, 0.2],
      ]),
    ),
    transpose(right),
  );
  const y = measure(A, truth);
  expect(within(minimumFrobenius(A, y).X.data, truth.data, 1e-12).ok).toBe(true);
  expect(Math.abs(nuclearNormMinimization(A, y).nuclearNorm - 1.7)).toBeLessThan(1e-9);
});

test("metrics equal the reference, with zero values, angles below 1e-6 and a stated peak", () => {
  const A = fromRows(metrics.A);
  const B = fromRows(metrics.B);
  const of = sensingMetrics(B, { truth: A, subspace: 2 });
  expect(within(of.singularValues, metrics.B_sv, 1e-14).ok).toBe(true);
  for (const [ours, theirs] of [
    [of.nuclearNorm, metrics.nuclear_B],
    [of.frobeniusNorm, metrics.fro_B],
    [of.operatorNorm, metrics.op_B],
    [value(of.effectiveRank), metrics.erank_B],
    [value(of.stableRank), metrics.stable_rank_B],
    [value(of.relativeError), metrics.rel_err_B_vs_A],
    [value(sensingMetrics(A).effectiveRank), metrics.erank_A],
  ])
    expect(Math.abs(ours - theirs)).toBeLessThan(metrics.tol_abs);
  expect(within(value(of.leftAngles), metrics.principal_angles_left_top2_rad, metrics.tol_abs).ok).toBe(true);
  expect(
    within(value(of.rightAngles), metrics.principal_angles_right_top2_rad, metrics.tol_abs).ok ||
      value(of.rightAngles)[0] < 1e-10,
  ).toBe(true);
  expect(sensingMetrics(A, { rankTolerance: 1e-10 }).numericalRank).toBe(metrics.rank_A_tol1em10);
  expect(
    value(
      sensingMetrics(
        fromRows([
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ]),
      ).effectiveRank,
    ),
  ).toBe(1);
  expect(Math.abs(value(sensingMetrics(identity(5)).effectiveRank) - 5)).toBeLessThan(1e-14);
  const zero = sensingMetrics(matrix(2, 2));
  expect(zero.effectiveRank.defined).toBe(false);
  expect(zero.numericalRank).toBe(0);
  const c = nnm[2];
  const program = nuclearNormMinimization(customMeasurements(c.A.map((a) => fromRows(a))), Float64Array.from(c.y));
  const regression = sensingMetrics(fromRows(c.X_min_frobenius), { y: Float64Array.from(c.y), dual: program.dual });
  expect(Math.abs(value(regression.gap) - (c.nuclear_norm_min_frobenius - c.nuclear_norm_opt))).toBeLessThan(1e-8);
  expect(zero.gap.defined).toBe(false);
  expect(() => sensingMetrics(A, { dual: program.dual })).toThrow("given together with dual");
  const psnr = sensingMetrics(fromRows([[1.1, 0]]), { truth: fromRows([[1, 0]]) });
  expect(Math.abs(value(psnr.peakSignalToNoise) - 10 * Math.log10(1 / (0.01 / 2)))).toBeLessThan(1e-9);
  expect(value(psnr.peak)).toBe(1);
  expect(sensingMetrics(A, { truth: A }).peakSignalToNoise.defined).toBe(false);
});

test("principal angles keep their digits from 1e-12 to a right angle", () => {
  for (const angle of [0, 1e-12, 1e-6, 0.05, 0.2, 1, Math.PI / 2]) {
    const U = fromRows([[1], [0], [0]]);
    const V = fromRows([[Math.cos(angle)], [Math.sin(angle)], [0]]);
    expect(Math.abs(principalAngles(U, V, 1)[0] - angle)).toBeLessThanOrEqual(4e-16 * Math.max(1, angle));
  }
});

test("depth N: the diagonal law against the reference, against matrices, and the depth-2 special case", () => {
  const run = deepDiagonalFlow(
    fromRows(depth3.B),
    Float64Array.from(
      fromRows(depth3.B).data.length ? naiveProduct(fromRows(depth3.B), matrix(3, 1, depth3.sigma_star)).data : [],
    ),
    new Float64Array(3).fill(depth3.w0 ** 3),
    { depth: 3, times: depth3.t },
  );
  depth3.t.forEach((_, i) =>
    expect(within(run.sigma.data.slice(3 * i, 3 * i + 3), depth3.sigma[i], depth3.tol_abs).ok).toBe(true),
  );
  const A = commutingMeasurements(identity(3), identity(3), fromRows(depth3.B));
  const y = naiveProduct(fromRows(depth3.B), matrix(3, 1, depth3.sigma_star)).data;
  const errors = [0.01, 0.005].map((eta) => {
    const matrixRun = deepFactorization(A, y, { depth: 3, scale: depth3.w0, steps: 2 / eta, stepSize: eta });
    return within(
      [0, 1, 2].map((i) => matrixRun.X.data[4 * i]),
      depth3.sigma[3],
      0,
    ).error;
  });
  expect(Math.abs(Math.log2(errors[0] / errors[1]) - 1)).toBeLessThan(0.1); // Euler steps approach the flow at first order
});

test("depth N: gradient by differences through one step, plateau reported, explosion is a status", () => {
  const rng = createRng(2);
  const A = gaussianMeasurements({ rows: 4, cols: 3, count: 6, rng });
  const y = normalMatrix(rng, 6, 1).data;
  for (const depth of [1, 2, 3, 4]) {
    const options = { depth, scale: 0.6, innerDimension: 4 };
    const eta = 1e-6;
    const zero = deepFactorization(A, y, { ...options, steps: 0, stepSize: eta });
    const one = deepFactorization(A, y, { ...options, steps: 1, stepSize: eta });
    const lossOf = (X: Matrix): number => measure(A, X).reduce((sum, m, i) => sum + 0.5 * (m - y[i]) ** 2, 0);
    let gradientSquared = 0;
    zero.factors.forEach((W, j) => {
      for (let i = 0; i < W.data.length; i++) {
        const side = (t: number): number => {
          const factors = zero.factors.map((F, l) =>
            l === j ? { ...F, data: F.data.map((x, p) => (p === i ? x + t : x)) } : F,
          );
          return lossOf(factors.reduce((product, F) => naiveProduct(product, F)));
        };
        const numeric = (side(1e-5) - side(-1e-5)) / 2e-5;
        const step = (W.data[i] - one.factors[j].data[i]) / eta;
        expect(Math.abs(step - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)) + 1e-8);
        gradientSquared += numeric * numeric;
      }
    });
    expect(gradientSquared).toBeGreaterThan(0);
  }
  const plateau = deepFactorization(A, y, { depth: 3, scale: 1e-4, steps: 100, stepSize: 0.01 });
  expect(plateau.findings[0].code).toBe("plateau");
  const saddle = deepFactorization(A, y, { depth: 2, scale: 0, steps: 10, stepSize: 0.01 });
  expect(saddle.convergence.advice).toContain("all factors started at zero");
  const nothing = deepFactorization(A, new Float64Array(6), { depth: 3, scale: 0.3, steps: 10, stepSize: 0.01 });
  expect(nothing.findings).toEqual([]); // falling towards the target zero is no plateau
  const contradiction = deepFactorization(customMeasurements([identity(2), identity(2)]), Float64Array.of(1, 2), {
    depth: 2,
    scale: 0.5,
    steps: 500,
    stepSize: 0.05,
  });
  expect(contradiction.findings.map(({ code }) => code)).toEqual(["dependent-measurements", "inconsistent-data"]);
  expect(contradiction.convergence.advice).toContain("no matrix has a loss below 2.500e-1");
  expect(plateau.convergence.advice).toContain("start larger or go on longer");
  const exploded = deepFactorization(A, y, { depth: 3, scale: 1, steps: 1000, stepSize: 1 });
  expect(exploded.convergence.status).toBe("breakdown");
  expect(exploded.X.data.every(Number.isFinite)).toBe(true);
});

test("restricted isometry: bounds bracket all sampled images, Gaussian families concentrate, entries do not", () => {
  const rng = createRng(21);
  const A = gaussianMeasurements({ rows: 5, cols: 5, count: 200, scale: 1 / Math.sqrt(200), rng });
  const gaussian = restrictedIsometry(A, { rank: 1, samples: 40, rng: createRng(1) });
  expect(gaussian.lowerBound).toBeLessThan(0.9);
  expect(gaussian.smallest).toBeGreaterThan(0.4);
  const more = restrictedIsometry(A, { rank: 2, samples: 40, rng: createRng(1) });
  expect(more.lowerBound).toBeGreaterThanOrEqual(gaussian.lowerBound * 0.8);
  const entries = restrictedIsometry(
    entryMeasurements(5, 5, [
      [0, 0],
      [1, 1],
      [2, 2],
    ]),
    { rank: 1, samples: 20, rng: createRng(1) },
  );
  expect(entries.smallest).toBeLessThan(1e-6);
  expect(entries.lowerBound).toBeGreaterThan(0.99);
});

test("phase transition: seeded, independent of order, resumable, with standard errors", () => {
  const base = { rows: 4, cols: 4, ranks: [1, 2], counts: [4, 10, 16], trials: 3, rng: createRng(5) };
  const whole = phaseTransition(base);
  expect(whole.status).toBe("converged");
  const at = (rank: number, count: number) => whole.cells.find((cell) => cell.rank === rank && cell.count === count)!;
  expect(at(1, 16).successes).toBe(3); // as many measurements as entries: always recovered
  expect(at(2, 4).successes).toBe(0);
  let ticks = 0;
  const signal = { aborted: false };
  const half = phaseTransition({ ...base, signal, onProgress: () => void (signal.aborted = ++ticks >= 3) });
  expect(half.status).toBe("cancelled");
  const stored = JSON.parse(JSON.stringify(half)) as typeof half;
  const resumed = phaseTransition({ ...base, resume: stored });
  expect(resumed.cells).toEqual(whole.cells);
  expect(() => phaseTransition({ ...base, rng: createRng(6), resume: half })).toThrow(
    "phaseTransition: resume must be a result of the same seed, got seed 1.5.0, not 1.6.0",
  );
  const alone = phaseTransition({ ...base, ranks: [2], counts: [10] });
  expect(alone.cells[0]).toEqual(at(2, 10));
  expect(JSON.parse(JSON.stringify(whole.cells))).toEqual(whole.cells);
  // A method that returns NaN has failed, before and after storage; one that returns another shape is refused.
  const broken = phaseTransition({
    ...base,
    solve: (A) => ({ ...A.shape, data: new Float64Array(16).fill(NaN) }),
  });
  const again = phaseTransition({ ...base, resume: JSON.parse(JSON.stringify(broken)) as typeof broken });
  for (const { cells } of [broken, again]) expect(cells.every((cell) => cell.successes === 0)).toBe(true);
  expect(() => phaseTransition({ ...base, solve: () => identity(3) })).toThrow(
    "phaseTransition: the result of solve must be 4 x 4, got 3 x 3",
  );
});

test("bad input is refused", () => {
  const A = entryMeasurements(2, 2, [[0, 0]]);
  expect(() => nuclearNormMinimization(A, Float64Array.of(1, 2))).toThrow(ShapeError);
  expect(() => nuclearNormMinimization(A, Float64Array.of(1), { tau: 1 } as never)).toThrow(OptionError);
  expect(() => minimumFrobenius({} as never, Float64Array.of(1))).toThrow(
    "minimumFrobenius: measurements must be a family of measurements",
  );
  expect(() => deepFactorization(A, Float64Array.of(1), { depth: 0, scale: 1, steps: 1, stepSize: 1 })).toThrow(
    ArgumentError,
  );
  expect(() => deepDiagonalFlow(identity(1), Float64Array.of(1), Float64Array.of(0), { depth: 3, times: [1] })).toThrow(
    ArgumentError,
  );
  expect(() => sensingMetrics(identity(2), { truth: identity(3) })).toThrow(
    "sensingMetrics: truth must be 2 x 2, as X, got 3 x 3",
  );
  expect(() => sensingMetrics(identity(2), { y: Float64Array.of(1) })).toThrow("given together");
  expect(() => restrictedIsometry(A, { rank: 3, samples: 1, rng: createRng(1) })).toThrow(ArgumentError);
  expect(() => phaseTransition({ rows: 2, cols: 2, ranks: [], counts: [1], trials: 1, rng: createRng(1) })).toThrow(
    ArgumentError,
  );
});
