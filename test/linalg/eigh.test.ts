import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix, fromRows, identity, transpose } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import {
  eigh,
  inertia,
  matmul,
  norms,
  orthogonalMatrix,
  reconstructEigh,
  sturmCount,
  tridiagonalEigh,
} from "../../src/linalg/index.js";
import { maxDifference, orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import {
  assemble,
  differenceRatio,
  hardSymmetric,
  randomSymmetric,
  residualRatio,
  scaleMatrix,
  symmetricArbitrary,
  symmetrize,
  withSpectrum,
} from "./support.js";

const BOUND = 20; // the bound on residual and orthogonality, in units of n ε ‖A‖ and n ε
const VALUES = 20; // two backward stable solvers differ by at most twice their backward errors

const hard = hardSymmetric();

describe("eigh on the hard cases", () => {
  test.each([...hard])("%s: residual, orthogonality, order, values without vectors", (_name, A) => {
    const { values, vectors, norm } = eigh(A);
    const n = A.rows;
    expect(residualRatio(A, values, vectors)).toBeLessThanOrEqual(BOUND);
    expect(orthogonalityLoss(vectors)).toBeLessThanOrEqual(tolerance(BOUND, n));
    for (let i = 1; i < n; i++) expect(values[i]!).toBeGreaterThanOrEqual(values[i - 1]!);
    const alone = eigh(A, { vectors: false });
    expect(alone.vectors).toBeNull();
    const verdict = within(alone.values, values, VALUES * n * EPSILON * norm);
    expect(verdict.ok, verdict.message).toBe(true);
  });
});

test("negative control: a decomposition with one value off by 1e-10 fails the same verdict", () => {
  const A = hard.get("random 65")!;
  const { values, vectors } = eigh(A);
  const wrong = values.slice();
  wrong[30]! += 1e-10;
  expect(residualRatio(A, values, vectors)).toBeLessThanOrEqual(BOUND);
  expect(residualRatio(A, wrong, vectors)).toBeGreaterThan(BOUND);
  const turned = { ...vectors, data: vectors.data.slice() };
  for (let i = 0; i < 65; i++) turned.data[i * 65]! += 1e-10 * turned.data[i * 65 + 1]!;
  expect(orthogonalityLoss(turned)).toBeGreaterThan(tolerance(BOUND, 65));
});

test("properties: A V = V Λ, VᵀV = I, trace, Frobenius norm, reconstruction", () => {
  fc.assert(
    fc.property(symmetricArbitrary, (A) => {
      const n = A.rows;
      const result = eigh(A);
      const { values, vectors, norm } = result;
      const scale = norm === 0 ? 1 : norm;
      let trace = 0;
      for (let i = 0; i < n; i++) trace += A.data[i * n + i]! / scale - values[i]! / scale;
      let squares = 0;
      for (const value of values) squares += (value / scale) ** 2;
      return (
        residualRatio(A, values, vectors) <= BOUND &&
        orthogonalityLoss(vectors) <= tolerance(BOUND, n) &&
        Math.abs(trace) <= tolerance(BOUND, n) &&
        (norm === 0 || n === 0 || Math.abs(squares - 1) <= tolerance(BOUND, n)) &&
        differenceRatio(A, reconstructEigh(result)) <= BOUND
      );
    }),
    { numRuns: 60 },
  );
});

test("metamorphic: scaling by powers of two is exact, shifts and orthogonal similarity move the values as they must", () => {
  const A = randomSymmetric(11, 40);
  const { values, norm } = eigh(A);
  for (const exponent of [-900, -400, -1, 1, 400, 900]) {
    const scaled = eigh(scaleMatrix(A, 2 ** exponent)).values;
    expect(
      maxDifference(
        scaled.map((v) => v / 2 ** exponent),
        values,
      ),
    ).toBeLessThanOrEqual(tolerance(VALUES, 40, norm));
  }
  const shifted = { ...A, data: A.data.map((entry, k) => (k % 41 === 0 ? entry + 3 : entry)) };
  expect(
    maxDifference(
      eigh(shifted).values,
      values.map((v) => v + 3),
    ),
  ).toBeLessThanOrEqual(tolerance(VALUES, 40, norm + 3));
  const Q = orthogonalMatrix(createRng(12), 40);
  const similar = symmetrize(matmul(matmul(Q, A), Q, { transposeB: true }));
  expect(maxDifference(eigh(similar).values, values)).toBeLessThanOrEqual(tolerance(VALUES, 40, norm));
  const permuted = { ...A, data: A.data.map((_, k) => A.data[(39 - Math.floor(k / 40)) * 40 + 39 - (k % 40)]!) };
  expect(maxDifference(eigh(permuted).values, values)).toBeLessThanOrEqual(tolerance(VALUES, 40, norm));
});

test("closed form: eigenvalues and vectors of the second difference", () => {
  const n = 50;
  const A = assemble(new Float64Array(n).fill(2), new Float64Array(n - 1).fill(-1));
  const { values, vectors } = eigh(A);
  const exact = Float64Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
  expect(within(values, exact, tolerance(4, n, 4)).ok).toBe(true);
  const first = Float64Array.from(
    { length: n },
    (_, i) => Math.sqrt(2 / (n + 1)) * Math.sin(((i + 1) * Math.PI) / (n + 1)),
  );
  const column = Float64Array.from({ length: n }, (_, i) => vectors.data[i * n]!);
  expect(within(column, first, tolerance(BOUND, n, 4 / (values[1]! - values[0]!))).ok).toBe(true);
});

test("foreign oracle: LAPACK values", () => {
  const { symmetric } = fixture<{ symmetric: { a: number[][]; values: number[] }[] }>("linalg/lapack.json");
  for (const { a, values } of symmetric) {
    const A = fromRows(a);
    const verdict = within(eigh(A).values, values, tolerance(VALUES, A.rows, norms(A).frobenius));
    expect(verdict.ok, verdict.message).toBe(true);
  }
});

test("sign convention: the entry of largest modulus of each vector is positive", () => {
  const { vectors } = eigh(randomSymmetric(13, 37));
  for (let j = 0; j < 37; j++) {
    let largest = 0;
    for (let i = 0; i < 37; i++)
      if (Math.abs(vectors.data[i * 37 + j]!) > Math.abs(largest)) largest = vectors.data[i * 37 + j]!;
    expect(largest).toBeGreaterThan(0);
  }
});

test("triangle: one half is read, the other may hold anything", () => {
  const A = randomSymmetric(14, 20);
  const reference = eigh(A).values;
  for (const triangle of ["lower", "upper"] as const) {
    const data = A.data.map((entry, k) => {
      const i = Math.floor(k / 20);
      const j = k % 20;
      return i === j || i > j === (triangle === "lower") ? entry : Number.NaN;
    });
    expect(Array.from(eigh({ rows: 20, cols: 20, data }, { triangle }).values)).toEqual(Array.from(reference));
  }
});

test("float32 input gives the float64 decomposition of the widened entries", () => {
  const data = Float32Array.from(randomSymmetric(15, 12).data);
  const widened: Matrix = { rows: 12, cols: 12, data: Float64Array.from(data) };
  expect(Array.from(eigh({ rows: 12, cols: 12, data }).values)).toEqual(Array.from(eigh(widened).values));
});

test("input is not modified", () => {
  const A = randomSymmetric(16, 70);
  const before = A.data.slice();
  eigh(A);
  eigh(A, { vectors: false });
  expect(maxDifference(A.data, before)).toBe(0);
});

describe("ranges", () => {
  const A = withSpectrum(
    17,
    Float64Array.from({ length: 120 }, (_, i) => (i < 10 ? -5 + 1e-11 * i : i / 60)),
  );
  const all = eigh(A);
  const n = 120;

  test.each([[[0, 0]], [[0, 11]], [[3, 7]], [[119, 119]], [[50, 60]], [[10, 100]], [[0, 119]]] as [[number, number]][])(
    "indices %j agree with the whole spectrum and are certified",
    (indices) => {
      const part = eigh(A, { range: { indices }, certificate: true });
      const count = indices[1] - indices[0] + 1;
      expect(part.first).toBe(indices[0]);
      expect(part.values.length).toBe(count);
      expect(
        within(part.values, all.values.subarray(indices[0], indices[1] + 1), tolerance(VALUES, n, all.norm)).ok,
      ).toBe(true);
      expect(residualRatio(A, part.values, part.vectors)).toBeLessThanOrEqual(BOUND);
      expect(orthogonalityLoss(part.vectors)).toBeLessThanOrEqual(tolerance(BOUND, n));
      const alone = eigh(A, { range: { indices }, vectors: false });
      expect(within(alone.values, part.values, tolerance(VALUES, n, all.norm)).ok).toBe(true);
    },
  );

  test("intervals are closed and may be empty", () => {
    const D = fromRows([
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 3],
    ]);
    expect(Array.from(eigh(D, { range: { interval: [1, 2] } }).values)).toEqual([1, 2]);
    const nothing = eigh(D, { range: { interval: [1.25, 1.5] } });
    expect(nothing.values.length).toBe(0);
    expect(nothing.first).toBe(1);
    expect(nothing.vectors.cols).toBe(0);
    const upper = eigh(A, { range: { interval: [1.5, 10] } });
    expect(upper.first + upper.values.length).toBe(n);
    expect(upper.values.every((value) => value >= 1.5 - tolerance(VALUES, n, all.norm))).toBe(true);
  });
});

describe("certificates", () => {
  test("bounds hold for a known spectrum, and the counts confirm it", () => {
    const exact = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i) * 3).sort();
    const A = withSpectrum(18, exact);
    const { values, certificate } = eigh(A, { certificate: true });
    expect(certificate!.complete).toBe(true);
    expect(certificate!.counts.length).toBe(3);
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 60));
    expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, 60));
    // The construction of A itself is rounded: that error is added to the bound.
    const construction = tolerance(BOUND, 60, 3);
    for (let i = 0; i < 60; i++) {
      expect(Math.abs(values[i]! - exact[i]!)).toBeLessThanOrEqual(certificate!.errorBounds[i]! + construction);
    }
  });

  test("zero matrix, 0 x 0 and 1 x 1", () => {
    for (const A of [assemble([0, 0, 0], [0, 0]), fromRows([]), fromRows([[-4]])]) {
      const { certificate } = eigh(A, { certificate: true });
      expect(certificate!.backwardError).toBe(0);
      expect(certificate!.complete).toBe(true);
    }
  });

  test("resolved flags: below n ε ‖A‖ a value may be zero", () => {
    const { resolved } = eigh(
      fromRows([
        [1, 0, 0],
        [0, 1e-17, 0],
        [0, 0, -1e-3],
      ]),
    );
    expect(resolved).toEqual([true, false, true]);
  });
});

test("inertia and Sturm counts agree with the values", () => {
  const A = randomSymmetric(19, 50);
  const { values } = eigh(A);
  for (const shift of [-3, 0.1, 2]) {
    const below = values.filter((value) => value < shift).length;
    expect(inertia(A, { shift }).negative).toBe(below);
    expect(inertia(A, { shift }).positive).toBe(50 - below);
  }
  const d = Float64Array.from({ length: 30 }, (_, i) => Math.cos(i));
  const e = Float64Array.from({ length: 29 }, (_, i) => Math.sin(3 * i));
  const spectrum = tridiagonalEigh(d, e, { vectors: "none" }).values;
  for (const x of [-1.3, 0, 0.77]) expect(sturmCount(d, e, x)).toBe(spectrum.filter((value) => value < x).length);
});

test("transposing a symmetric matrix changes nothing", () => {
  const A = randomSymmetric(20, 33);
  expect(Array.from(eigh(transpose(A)).values)).toEqual(Array.from(eigh(A).values));
  expect(maxDifference(eigh(identity(5)).vectors.data, identity(5).data)).toBe(0);
});
