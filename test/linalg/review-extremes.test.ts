import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix, NonFiniteError, fromRows } from "../../src/core/index.js";
import { eig, eigh, eighHermitian, pinv, pivotedQr, qr, svd, tridiagonalEigh } from "../../src/linalg/index.js";
import { tolerance } from "../support/compare.js";
import { assemble, randomSymmetric, scaleMatrix, withSpectrum } from "./support.js";

const BOUND = 20;
const LARGEST = 1.7e308;
const full = fromRows([
  [LARGEST, LARGEST],
  [LARGEST, LARGEST],
]);
const zero2 = fromRows([
  [0, 0],
  [0, 0],
]);

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
  ])("%s: a result beyond the range is an error, not an infinity", (name, run) => {
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow(new RegExp(`^${name}: .* must be representable \\(below 1.80e\\+308\\), got an overflow`));
  });

  test("pinv does not take an overflowing singular value for rank 0", () => {
    expect(() => pinv(fromRows([[LARGEST, LARGEST]]))).toThrow("must be representable");
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
