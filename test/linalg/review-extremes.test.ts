import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix, NonFiniteError, fromRows, identity } from "../../src/core/index.js";
import {
  cholesky,
  conditionEstimate,
  departureFromNormality,
  eig,
  eigh,
  eighHermitian,
  generalizedEigh,
  gram,
  inertia,
  ldl,
  leastSquares,
  logDeterminant,
  lu,
  matrixFunction,
  norms,
  numericalAbscissa,
  orthogonalMatrix,
  pinv,
  pivotedQr,
  qr,
  reconstructCholesky,
  reconstructEigh,
  reconstructHermitian,
  reconstructLdl,
  reconstructLu,
  reconstructPencil,
  reconstructPivotedQr,
  reconstructQr,
  reconstructSchur,
  reconstructSvd,
  solve,
  solveCholesky,
  spectralRadius,
  svd,
  tridiagonalEigh,
} from "../../src/linalg/index.js";
import { tolerance } from "../support/compare.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { assemble, differenceRatio, randomSymmetric, scaleMatrix, withSpectrum } from "./support.js";

const BOUND = 20;
const LARGEST = 1.7e308;
const full = fromRows([
  [LARGEST, LARGEST],
  [LARGEST, LARGEST],
]);
const turned = fromRows([
  [LARGEST, LARGEST],
  [-LARGEST, LARGEST],
]);
const mixed = fromRows([
  [LARGEST, LARGEST],
  [LARGEST, -LARGEST],
]);
const upper = fromRows([
  [0, LARGEST, LARGEST],
  [0, 0, LARGEST],
  [0, 0, 0],
]);
const spread = fromRows([
  [1, 0],
  [0, 0],
]);
const zero2 = fromRows([
  [0, 0],
  [0, 0],
]);

function upper3(entry: number): Matrix {
  return fromRows([
    [0, entry],
    [0, 0],
  ]);
}

describe("entries near the end of the double range", () => {
  test.each<[string, () => unknown]>([
    ["eigh", () => eigh(full)],
    ["eigh", () => eigh(full, { vectors: false })],
    ["eigh", () => eigh(full, { range: { indices: [1, 1] }, vectors: false })],
    ["eighHermitian", () => eighHermitian({ re: full, im: zero2 })],
    ["tridiagonalEigh", () => tridiagonalEigh(Float64Array.of(LARGEST, LARGEST), Float64Array.of(LARGEST))],
    ["svd", () => svd(full)],
    ["svd", () => svd(full, { vectors: "none" })],
    ["svd", () => svd(full, { method: "jacobi" })],
    ["qr", () => qr(full)],
    ["pivotedQr", () => pivotedQr(full)],
    ["eig", () => eig(full)],
    ["spectralRadius", () => spectralRadius(full)],
    ["numericalAbscissa", () => numericalAbscissa(full)],
    ["departureFromNormality", () => departureFromNormality(upper)],
    ["norms", () => norms(full)],
    ["norms", () => norms(full, { spectral: true })],
    ["conditionEstimate", () => conditionEstimate(full)],
    ["lu", () => lu(turned)],
    ["ldl", () => ldl(mixed)],
    ["ldl", () => ldl(full, { shift: -LARGEST })],
    ["generalizedEigh", () => generalizedEigh(scaleMatrix(spread, 1e300), scaleMatrix(identity(2), 1e-300))],
    ["leastSquares", () => leastSquares(fromRows([[1], [-1]]), Float64Array.of(LARGEST, LARGEST))],
    ["leastSquares", () => leastSquares(full, Float64Array.of(1, 1))],
    ["pinv", () => pinv(full)],
    ["matrixFunction", () => matrixFunction(full, "exp")],
    ["solveCholesky", () => solveCholesky({ l: fromRows([[1e-200]]) }, Float64Array.of(1))],
  ])("%s: a result beyond the range is an error, not an infinity", (name, run) => {
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow(new RegExp(`^${name}: .* must be representable \\(below 1.80e\\+308\\), got an overflow`));
  });

  test("pinv does not take an overflowing singular value for rank 0", () => {
    expect(() => pinv(fromRows([[LARGEST, LARGEST]]))).toThrow("must be representable");
  });

  test("LU overflows only where its results do", () => {
    const x = solve(turned, Float64Array.of(1e308, 1e308));
    expect(x[0]).toBe(0);
    expect(Math.abs(x[1]! * 1.7 - 1)).toBeLessThan(8 * EPSILON);
    const { sign, logModulus } = logDeterminant(turned);
    expect(sign).toBe(1);
    expect(Math.abs(logModulus / (2 * Math.log(LARGEST) + Math.LN2) - 1)).toBeLessThan(8 * EPSILON);
    const y = solve(fromRows([[3e-310]]), Float64Array.of(6e-310));
    expect(Math.abs(y[0]! - 2)).toBeLessThan(1e-13);
  });

  test("a pencil whose scales differ by more than the double range", () => {
    const A = scaleMatrix(spread, 1e200);
    const { values } = generalizedEigh(A, scaleMatrix(identity(2), 1e-100));
    expect(values[0]).toBe(0);
    expect(Math.abs(values[1]! / 1e300 - 1)).toBeLessThan(BOUND * EPSILON);
    expect(Array.from(generalizedEigh(scaleMatrix(spread, 1e-300), scaleMatrix(identity(2), 1e300)).values)).toEqual([
      0, 0,
    ]);
  });

  test("inertia with a shift far beyond the matrix, and the reverse", () => {
    const tiny = scaleMatrix(withSpectrum(5, [1, 2, 3]), 1e-300);
    expect(inertia(tiny, { shift: 1e300 })).toMatchObject({ negative: 3, zero: 0, positive: 0 });
    expect(inertia(tiny, { shift: -1e300 })).toMatchObject({ negative: 0, zero: 0, positive: 3 });
    expect(inertia(tiny, { shift: 1.5e-300 })).toMatchObject({ negative: 1, zero: 0, positive: 2 });
    const huge = scaleMatrix(withSpectrum(5, [-1, 2, 3]), 1e300);
    expect(inertia(huge, { shift: 1e-300 })).toMatchObject({ negative: 1, zero: 0, positive: 2 });
  });

  test("halves of subnormal entries are not lost", () => {
    expect(numericalAbscissa(fromRows([[5e-324]]))).toBe(5e-324);
    expect(departureFromNormality(upper3(1e308)).relative).toBe(1);
  });

  test("what fits is computed as everywhere, certificate included", () => {
    const A = fromRows([
      [1e308, -1e308],
      [1e308, 1e308],
    ]);
    const { singularValues, certificate } = svd(A, { certificate: true });
    for (const value of singularValues) expect(Math.abs(value / 1e308 / Math.SQRT2 - 1)).toBeLessThan(8 * EPSILON);
    expect(certificate!.errorBound).toBeLessThan(BOUND * 2 * EPSILON * 2e300 * 1e8);
    expect(certificate!.errorBound).toBeGreaterThan(0);
    expect(certificate!.backwardError).toBeGreaterThan(0);
  });

  test("error bounds of subnormal matrices do not vanish", () => {
    const { certificate, values } = eigh(scaleMatrix(randomSymmetric(3, 6), 1e-320), { certificate: true });
    for (const bound of certificate!.errorBounds) expect(bound).toBeGreaterThanOrEqual(Number.MIN_VALUE);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe("closed intervals", () => {
  const counts = (A: Matrix, interval: [number, number]): number[] =>
    [true, false].map((vectors) => eigh(A, { range: { interval }, vectors }).values.length);

  test("an eigenvalue at an end is inside, zero among them", () => {
    expect(counts(fromRows([[0]]), [0, 0])).toEqual([1, 1]);
    expect(counts(fromRows([[0]]), [0, 1])).toEqual([1, 1]);
    expect(counts(fromRows([[0]]), [-1, 0])).toEqual([1, 1]);
    for (const n of [5, 48, 49, 130]) {
      // Laplacian of a path: eigenvalue 0 exactly, the others in (0, 4).
      const d = Float64Array.from({ length: n }, (_, i) => (i === 0 || i === n - 1 ? 1 : 2));
      const path = assemble(d, new Float64Array(n - 1).fill(-1));
      expect(counts(path, [0, 4])).toEqual([n, n]);
      expect(counts(path, [0, 0])).toEqual([1, 1]);
      const repeated = assemble(
        Float64Array.from({ length: n }, (_, i) => i % 3),
        new Float64Array(n - 1),
      );
      const expected = Array.from({ length: n }, (_, i) => i % 3).filter((v) => v === 1).length;
      expect(counts(repeated, [1, 1])).toEqual([expected, expected]);
      const similar = withSpectrum(
        n,
        Array.from({ length: n }, (_, i) => i % 3),
      );
      expect(counts(similar, [1, 2])[0]).toBe(n - Math.ceil(n / 3));
    }
  });

  test("empty intervals are empty, on either side and in a gap", () => {
    const A = withSpectrum(2, [-1, 0, 0, 3, 4]);
    for (const interval of [
      [5, 6],
      [-3, -2],
      [1, 2],
    ] as const) {
      expect(counts(A, [...interval])).toEqual([0, 0]);
    }
  });

  test("ends that leave the double range when the matrix is scaled", () => {
    const tiny = scaleMatrix(randomSymmetric(4, 60), 1e-300);
    expect(counts(tiny, [-1e300, 1e300])).toEqual([60, 60]);
    expect(counts(tiny, [1e10, 1e300])).toEqual([0, 0]);
    expect(counts(tiny, [-1e300, -1e10])).toEqual([0, 0]);
  });
});

test("repeated complex pairs: members stay together and each vector belongs to its value", () => {
  const rotations = fromRows([
    [0, -1, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0],
    [0, 0, 0, -1, 0, 0],
    [0, 0, 1, 0, 0, 0],
    [0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, -1, 0],
  ]);
  const { imaginary, residualNorms, vectors } = eig(rotations, { vectors: true });
  expect(Array.from(imaginary)).toEqual([1, -1, 1, -1, 1, -1]);
  for (const residual of residualNorms) expect(residual).toBeLessThanOrEqual(tolerance(BOUND, 6, 3));
  // The three vectors to +i span three dimensions.
  const columns = [0, 2, 4].map((j) =>
    Array.from({ length: 12 }, (_, i) => (i < 6 ? vectors.re : vectors.im).data[(i % 6) * 6 + j]!),
  );
  const stacked = fromRows(columns);
  expect(pivotedQr(stacked).rank).toBe(3);
});

describe("reconstruct…", () => {
  test.each<[string, (factors: never) => unknown, string]>([
    ["reconstructEigh", reconstructEigh, "decomposition.vectors"],
    ["reconstructSvd", reconstructSvd, "decomposition.u"],
    ["reconstructHermitian", reconstructHermitian, "decomposition.values"],
    ["reconstructQr", reconstructQr, "factorization.q"],
    ["reconstructPivotedQr", reconstructPivotedQr, "factorization.q"],
    ["reconstructCholesky", reconstructCholesky, "factorization.l"],
    ["reconstructLu", reconstructLu, "factorization.l"],
    ["reconstructLdl", reconstructLdl, "factorization.l"],
    ["reconstructSchur", reconstructSchur, "decomposition.q"],
    ["reconstructPencil", (factors) => reconstructPencil(factors, identity(2)), "decomposition.vectors"],
  ])("%s refuses what has no factors", (name, run, argument) => {
    for (const nothing of [undefined, {}, { vectors: null, u: null, values: null }]) {
      expect(() => run(nothing as never)).toThrow(`${name}: ${argument} must be`);
    }
  });

  test("values and vectors that do not belong together", () => {
    const { vectors } = eigh(identity(2));
    expect(() => reconstructEigh({ values: new Float64Array(1), vectors })).toThrow(
      "reconstructEigh: decomposition.values must be of length 2, one per vector, got length 1",
    );
  });

  test("a pencil: B X Λ Xᵀ B = A", () => {
    for (const n of [1, 5, 40]) {
      const A = randomSymmetric(n, n);
      const B = gram(normalMatrix(createRng(n + 1), n, 3 * n));
      expect(differenceRatio(A, reconstructPencil(generalizedEigh(A, B), B))).toBeLessThanOrEqual(20 * BOUND);
    }
  });

  test("a tridiagonal matrix", () => {
    const d = Float64Array.of(1, 2, 3, 4);
    const e = Float64Array.of(-1, 0.5, 2);
    const { values, vectors } = tridiagonalEigh(d, e, { vectors: "full" });
    expect(differenceRatio(assemble(d, e), reconstructEigh({ values, vectors: vectors! }))).toBeLessThanOrEqual(BOUND);
  });
});

test("factors and sources that cannot be used are named", () => {
  expect(() => solveCholesky({ l: fromRows([[1, 2]]) }, Float64Array.of(1))).toThrow("got 1 x 2");
  expect(() => solveCholesky({ l: fromRows([[0]]) }, Float64Array.of(1))).toThrow(
    "diagonal > 0, as cholesky returns it, got 0 at index 0",
  );
  expect(solveCholesky(cholesky(fromRows([[4]])), Float64Array.of(8))[0]).toBe(2);
  expect(() => orthogonalMatrix(null as never, 2)).toThrow("orthogonalMatrix: rng must be a source of normals");
  expect(() => orthogonalMatrix({ normal: () => Number.NaN }, 2)).toThrow("rng.normal() must be finite");
});
