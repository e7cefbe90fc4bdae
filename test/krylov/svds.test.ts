import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, ShapeError, column } from "../../src/core/index.js";
import { type SvdsOptions, type SvdsResult, svds } from "../../src/krylov/index.js";
import { orthogonalMatrix, svd } from "../../src/linalg/index.js";
import {
  type LinearOperator,
  counted,
  diagonal,
  fromFunction,
  fromMatrix,
  lowRank,
  toeplitz,
} from "../../src/operators/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const rng = () => createRng(21);

/** Problems with a result: both relations, orthogonality, signs, order. */
function soundness(A: LinearOperator, result: SvdsResult, norm: number): string[] {
  const problems: string[] = [];
  const image = new Float64Array(A.rows);
  const back = new Float64Array(A.cols);
  const rounding = tolerance(20, Math.sqrt(A.rows + A.cols), norm);
  result.singularValues.forEach((sigma, i) => {
    const u = column(result.u, i);
    const v = column(result.v, i);
    A.apply(v, image);
    (A.applyTranspose ?? A.apply).call(A, u, back);
    const residual =
      Math.hypot(...image.map((x, r) => x - sigma * u[r]), ...back.map((x, r) => x - sigma * v[r])) / Math.SQRT2;
    if (Math.abs(residual - result.residualNorms[i]) > rounding) problems.push(`residual ${i}`);
    if (residual > 1e-7 * norm) problems.push(`not converged ${i}`);
    if (Math.max(...v) !== Math.max(...v.map(Math.abs))) problems.push(`sign ${i}`);
    if (i > 0 && sigma > result.singularValues[i - 1]) problems.push(`order ${i}`);
  });
  if (Math.max(orthogonalityLoss(result.u), orthogonalityLoss(result.v)) > 1e-10) problems.push("orthogonality");
  return problems;
}

test("the Golub–Kahan example of the reference: all five singular values", () => {
  const { golub_kahan } = fixture<{ golub_kahan: { A: number[][]; true: number[] } }>("krylov/reference.json");
  const A: Matrix = { rows: 7, cols: 5, data: Float64Array.from(golub_kahan.A.flat()) };
  const result = svds(A, { count: 5, start: new Float64Array(5).fill(1) });
  expect(within(result.singularValues, golub_kahan.true, tolerance(10, 7, 5)).ok).toBe(true);
  expect(soundness(fromMatrix(A), result, 4.3)).toEqual([]);
});

test.each([
  [60, 40],
  [40, 60],
  [200, 9],
  [9, 200],
  [1, 5],
  [5, 1],
  [25, 25],
] as const)("%i x %i: largest and smallest triplets equal those of the dense solver", (rows, cols) => {
  const M = normalMatrix(createRng(rows), rows, cols);
  const dense = svd(M).singularValues;
  const A = fromMatrix(M);
  const count = Math.min(3, rows, cols);
  const largest = svds(A, { count, rng: rng(), tolerance: 1e-10 });
  expect([largest.status, within(largest.singularValues, dense.slice(0, count), 1e-9 * dense[0]).ok]).toEqual([
    "converged",
    true,
  ]);
  expect(soundness(A, largest, dense[0])).toEqual([]);
  const smallest = svds(A, { count, which: "smallest", krylovDimension: Math.min(rows, cols), rng: rng() });
  expect(within(smallest.singularValues, dense.slice(-count), tolerance(20, rows + cols, dense[0])).ok).toBe(true);
  expect(soundness(A, smallest, dense[0])).toEqual([]);
});

test("small singular values keep digits that AᵀA would lose (condition 1e12)", () => {
  const n = 20;
  const sigma = Array.from({ length: n }, (_, i) => 10 ** ((-12 * i) / (n - 1)));
  const U = orthogonalMatrix(createRng(1), n);
  const V = orthogonalMatrix(createRng(2), n);
  const A: Matrix = { rows: n, cols: n, data: new Float64Array(n * n) };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) A.data[i * n + j] += U.data[i * n + k] * sigma[k] * V.data[j * n + k];
  const { singularValues } = svds(A, { count: n, rng: rng() });
  expect(Math.abs(singularValues[n - 1] / 1e-12 - 1)).toBeLessThan(1e-2); // √(ε‖A‖²) = 1.5e-8 would hide it
});

test("rank-deficient, zero, identity and order-one operators end cleanly", () => {
  const L = lowRank(normalMatrix(createRng(1), 30, 2), normalMatrix(createRng(2), 20, 2));
  const result = svds(L, { count: 4, rng: rng() });
  expect(result.status).toBe("converged");
  expect(soundness(L, result, result.norm)).toEqual([]);
  expect(Math.max(result.singularValues[2], result.singularValues[3])).toBeLessThan(tolerance(20, 30, result.norm));
  const zero = svds(lowRank(normalMatrix(createRng(1), 6, 1), normalMatrix(createRng(1), 4, 1), { weights: [0] }), {
    count: 2,
    rng: rng(),
  });
  expect([zero.status, ...zero.singularValues]).toEqual(["converged", 0, 0]);
  const one = svds(diagonal(new Float64Array(6).fill(1)), { count: 3, rng: rng() });
  expect(within(one.singularValues, [1, 1, 1], tolerance(10, 6)).ok).toBe(true);
  expect(svds(diagonal([-3]), { count: 1, rng: rng() }).singularValues[0]).toBe(3);
});

test("results are sound on any matrix (property: shapes, graded, scales)", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(1, 1e140, 1e-140),
      fc.boolean(),
      fc.nat(999),
      (rows, cols, size, graded, seed) => {
        const M = normalMatrix(createRng(seed), rows, cols);
        const A: Matrix = { ...M, data: M.data.map((value, at) => size * value * (graded ? 10 ** -(at % cols) : 1)) };
        const dense = svd(A).singularValues;
        const count = 1 + (seed % Math.min(rows, cols, 4));
        const result = svds(A, { count, rng: createRng(seed) });
        expect(result.status).toBe("converged");
        expect(soundness(fromMatrix(A), result, dense[0])).toEqual([]);
        expect(within(result.singularValues, dense.slice(0, count), 1e-7 * dense[0]).ok).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("products are counted, a transpose that is none is found out, budget and signal are reported", () => {
  const A = counted(
    toeplitz(
      Array.from({ length: 300 }, (_, i) => 1 / (1 + i)),
      Array.from({ length: 200 }, (_, i) => (i === 0 ? 1 : Math.sin(i))),
    ),
  );
  const result = svds(A, { count: 4, rng: rng() });
  expect([result.status, result.matvecs]).toEqual(["converged", A.counts.matvecs + A.counts.transposedMatvecs]);
  const wrong: LinearOperator = {
    rows: 40,
    cols: 40,
    apply: (x, out) => out.set(x.map((v, i) => v * (i + 1))),
    applyTranspose: (x, out) => out.set(x.map((v, i) => v * (40 - i))),
  };
  expect(svds(wrong, { count: 2, rng: rng(), maximumMatvecs: 400 }).status).not.toBe("converged");
  const poor = svds(A, { count: 4, rng: rng(), maximumMatvecs: 20 });
  expect([poor.status, poor.advice?.includes("maximumMatvecs")]).toEqual(["max-iterations", true]);
  const signal = { aborted: true };
  expect(svds(A, { count: 4, rng: rng(), signal }).status).toBe("cancelled");
});

test("wrong input is refused by name", () => {
  const run =
    (options: unknown, A: LinearOperator = diagonal([1, 2])) =>
    () =>
      svds(A, options as SvdsOptions);
  expect(run({ count: 3, rng: rng() })).toThrow("svds: count must be an integer in [1, 2], got 3");
  expect(run({ count: 1 })).toThrow("svds: rng must be given");
  expect(
    run(
      { count: 1, rng: rng() },
      fromFunction(2, (x) => x),
    ),
  ).toThrow("svds: A must be an operator with applyTranspose");
  expect(run({ count: 1, rng: rng(), k: 2 })).toThrow('option "k"');
  expect(run({ count: 1, rng: rng() }, diagonal([]))).toThrow(ShapeError);
});
