import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Matrix, fromRows, identity, transpose } from "../../src/core/index.js";
import { createRng, mulberry32, normalMatrix } from "../../src/random/index.js";
import {
  cholesky,
  conditionEstimate,
  gram,
  inertia,
  ldl,
  leastSquares,
  logDeterminant,
  lu,
  matmul,
  norms,
  orthogonalMatrix,
  pinv,
  pivotedQr,
  qr,
  reconstructCholesky,
  reconstructLdl,
  reconstructLu,
  reconstructPivotedQr,
  reconstructQr,
  reconstructSchur,
  schur,
  solve,
  solveCholesky,
  svd,
  tryCholesky,
} from "../../src/linalg/index.js";
import { maxDifference, naiveProduct, orthogonalityLoss, tolerance, within } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import {
  EDGE_SIZES,
  differenceRatio,
  hardSymmetric,
  randomSymmetric,
  rectangularArbitrary,
  scaleMatrix,
  symmetricArbitrary,
  withSpectrum,
} from "./support.js";

const BOUND = 20;

describe("products", () => {
  test("matmul with every transposition equals the plain triple loop", () => {
    const shapes = [
      [0, 3, 2],
      [1, 1, 1],
      [5, 7, 3],
      [33, 65, 17],
      [64, 300, 31],
    ] as const;
    for (const [m, k, n] of shapes) {
      const A = normalMatrix(createRng(m + k), m, k);
      const B = normalMatrix(createRng(k + n), k, n);
      const expected = naiveProduct(A, B).data;
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const C = matmul(transposeA ? transpose(A) : A, transposeB ? transpose(B) : B, { transposeA, transposeB });
          expect([C.rows, C.cols]).toEqual([m, n]);
          expect(within(C.data, expected, tolerance(2, k, 25)).ok).toBe(true);
        }
      }
    }
  });

  test("an empty inner dimension gives zeros", () => {
    const C = matmul({ rows: 2, cols: 0, data: new Float64Array(0) }, { rows: 0, cols: 3, data: new Float64Array(0) });
    expect(Array.from(C.data)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("gram is exactly symmetric and equals the plain product", () => {
    for (const [n, k] of [
      [1, 5],
      [33, 7],
      [70, 130],
    ] as const) {
      const A = normalMatrix(createRng(n), n, k);
      const G = gram(A);
      expect(maxDifference(G.data, transpose(G).data)).toBe(0);
      expect(within(G.data, naiveProduct(A, transpose(A)).data, tolerance(2, k, 25)).ok).toBe(true);
    }
  });
});

describe("QR", () => {
  test("properties: A = Q R, orthonormal Q, R upper triangular with diagonal >= 0, in both modes", () => {
    fc.assert(
      fc.property(rectangularArbitrary, fc.constantFrom("thin", "full"), (A, mode) => {
        const f = qr(A, { mode: mode as "thin" | "full" });
        const size = Math.max(A.rows, A.cols);
        let triangular = true;
        for (let i = 0; i < f.r.rows; i++) {
          for (let j = 0; j < Math.min(i, f.r.cols); j++) triangular &&= f.r.data[i * f.r.cols + j] === 0;
          if (i < f.r.cols) triangular &&= f.r.data[i * f.r.cols + i]! >= 0;
        }
        const width = mode === "full" ? A.rows : Math.min(A.rows, A.cols);
        return (
          f.q.cols === width &&
          triangular &&
          differenceRatio(A, reconstructQr(f)) <= BOUND &&
          orthogonalityLoss(f.q) <= tolerance(BOUND, size)
        );
      }),
      { numRuns: 60 },
    );
  });

  test("pivoted: A P = Q R, the diagonal does not increase, the rank is found", () => {
    fc.assert(
      fc.property(rectangularArbitrary, (A) => {
        const f = pivotedQr(A);
        const k = f.r.rows;
        for (let i = 1; i < k; i++) {
          // Norm downdating may misorder columns that are equal to a few digits.
          if (f.r.data[i * f.r.cols + i]! > f.r.data[(i - 1) * f.r.cols + i - 1]! * (1 + 1e-6)) return false;
        }
        return differenceRatio(A, reconstructPivotedQr(f)) <= BOUND && orthogonalityLoss(f.q) <= tolerance(BOUND, 60);
      }),
      { numRuns: 60 },
    );
    const rank3 = matmul(normalMatrix(createRng(1), 40, 3), normalMatrix(createRng(2), 3, 25));
    expect(pivotedQr(rank3).rank).toBe(3);
    expect(pivotedQr(scaleMatrix(rank3, 0)).rank).toBe(0);
    expect(pivotedQr(scaleMatrix(rank3, 1e-200)).rank).toBe(3);
    expect(pivotedQr(identity(4), { rankTolerance: 1 }).rank).toBe(0);
  });

  test("orthogonalMatrix: the value of the specification, and Haar's first moments", () => {
    const { rngCheck } = fixture<{ rngCheck: { seed: number; orth3: number[][] } }>("linalg/reference.json");
    const rng = mulberry32(rngCheck.seed, { uniform: "floor", normals: "single" });
    expect(within(orthogonalMatrix(rng, 3).data, rngCheck.orth3.flat(), tolerance(BOUND, 3)).ok).toBe(true);
    // E q₁₁ = 0, Var q₁₁ = 1/n, E tr Q = 0, Var tr Q = 1 for n >= 2: 400 draws of order 4, fixed in advance.
    const draws = 400;
    const source = createRng(77);
    let sum = 0;
    let traces = 0;
    let squares = 0;
    for (let k = 0; k < draws; k++) {
      const Q = orthogonalMatrix(source, 4).data;
      sum += Q[0]!;
      traces += Q[0]! + Q[5]! + Q[10]! + Q[15]!;
      squares += Q[0]! * Q[0]!;
    }
    expect(Math.abs(sum / Math.sqrt(draws / 4))).toBeLessThan(4.5);
    expect(Math.abs(traces / Math.sqrt(draws))).toBeLessThan(4.5);
    // Var q₁₁² = 2 (n − 1) / (n² (n + 2)) = 1/16 for n = 4.
    expect(Math.abs((squares - draws / 4) / Math.sqrt(draws / 16))).toBeLessThan(4.5);
    // Power: without the sign rule (diagonal of R negative, as Householder gives it) the mean of q₁₁ is far from zero.
    const signed = createRng(78);
    let biased = 0;
    for (let k = 0; k < draws; k++) biased -= Math.abs(orthogonalMatrix(signed, 4).data[0]!);
    expect(Math.abs(biased / Math.sqrt(draws / 4))).toBeGreaterThan(4.5);
  });
});

describe("Cholesky", () => {
  test.each(EDGE_SIZES.map((n) => [n]))("order %i: L Lᵀ = A, and it solves", (n) => {
    const A = gram(normalMatrix(createRng(n + 5), n, n + 3));
    const f = cholesky(A, { certificate: true });
    expect(differenceRatio(A, reconstructCholesky(f))).toBeLessThanOrEqual(BOUND);
    expect(f.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
    for (let i = 0; i < n; i++) {
      expect(f.l.data[i * n + i]!).toBeGreaterThan(0);
      for (let j = i + 1; j < n; j++) expect(f.l.data[i * n + j]).toBe(0);
    }
    const X = normalMatrix(createRng(n), n, 2);
    const B = matmul(A, X);
    const residual = matmul(A, solveCholesky(f, B)).data;
    expect(within(residual, B.data, tolerance(BOUND, n, norms(A).frobenius * 10)).ok).toBe(true);
  });

  test("try twin: index and pivot of the failure; scales", () => {
    const attempt = tryCholesky(
      fromRows(
        [
          [4, 2, 0],
          [2, 1, 0],
          [0, 0, 1],
        ].map((row) => [...row]),
      ),
    );
    expect(attempt).toEqual({ positiveDefinite: false, index: 1, pivot: 0 });
    const indefinite = tryCholesky(
      scaleMatrix(
        fromRows([
          [1, 2],
          [2, 1],
        ]),
        1e-160,
      ),
    );
    expect(indefinite.positiveDefinite).toBe(false);
    if (!indefinite.positiveDefinite) expect(indefinite.pivot / 1e-160).toBe(-3);
    const huge = tryCholesky(
      scaleMatrix(
        fromRows([
          [4, 2],
          [2, 5],
        ]),
        1e200,
      ),
    );
    expect(huge.positiveDefinite).toBe(true);
    if (huge.positiveDefinite) {
      expect(
        differenceRatio(
          scaleMatrix(
            fromRows([
              [4, 2],
              [2, 5],
            ]),
            1e200,
          ),
          reconstructCholesky(huge),
        ),
      ).toBeLessThanOrEqual(BOUND);
    }
  });
});

describe("LU and solve", () => {
  test.each(EDGE_SIZES.map((n) => [n]))("order %i: P A = L U, |L| <= 1", (n) => {
    const A = normalMatrix(createRng(n + 9), n, n);
    const f = lu(A, { certificate: true });
    expect(differenceRatio(A, reconstructLu(f))).toBeLessThanOrEqual(BOUND);
    expect(f.certificate!.orthogonalityLoss).toBeNull();
    expect(f.l.data.every((entry) => Math.abs(entry) <= 1)).toBe(true);
    expect(Array.from(f.permutation).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test("foreign oracle: solutions, determinants, condition estimates", () => {
    const { solve: cases } = fixture<{
      solve: { a: number[][]; b: number[][]; x: number[][]; sign: number; logdet: number; condition: number }[];
    }>("linalg/lapack.json");
    for (const { a, b, x, sign, logdet, condition } of cases) {
      const A = fromRows(a);
      const n = A.rows;
      expect(within(solve(A, fromRows(b)).data, x.flat(), tolerance(BOUND, n, condition * 5)).ok).toBe(true);
      const vector = solve(
        A,
        Float64Array.from(b, (row) => row[0]!),
      );
      expect(
        within(
          vector,
          x.map((row) => row[0]!),
          tolerance(BOUND, n, condition * 5),
        ).ok,
      ).toBe(true);
      const det = logDeterminant(A);
      expect(det.sign).toBe(sign);
      expect(Math.abs(det.logModulus - logdet)).toBeLessThanOrEqual(tolerance(BOUND, n, condition));
      const estimate = conditionEstimate(A).condition;
      expect(estimate).toBeLessThanOrEqual(condition * (1 + tolerance(BOUND, n, condition)));
      expect(estimate).toBeGreaterThan(condition / 10);
    }
  });

  test("singular matrices are factored and named", () => {
    const A = fromRows([
      [1, 2],
      [2, 4],
    ]);
    expect(lu(A).singularAt).toBe(1);
    expect(logDeterminant(A)).toEqual({ sign: 0, logModulus: -Infinity });
    expect(conditionEstimate(A).condition).toBe(Infinity);
    expect(logDeterminant(fromRows([]))).toEqual({ sign: 1, logModulus: 0 });
  });

  test("condition estimate at scales 1e±300 and for the empty matrix", () => {
    const A = normalMatrix(createRng(31), 15, 15);
    const reference = conditionEstimate(A).condition;
    for (const scale of [1e-300, 1e300]) {
      expect(Math.abs(conditionEstimate(scaleMatrix(A, scale)).condition / reference - 1)).toBeLessThan(1e-10);
    }
    expect(conditionEstimate(fromRows([])).condition).toBe(0);
  });
});

describe("LDLᵀ and inertia", () => {
  test("properties: reconstruction, and the inertia is that of the spectrum", () => {
    fc.assert(
      fc.property(symmetricArbitrary, (A) => {
        const n = A.rows;
        const f = ldl(A);
        const { negative, zero, positive, threshold } = inertia(A);
        if (negative + zero + positive !== n) return false;
        if (differenceRatio(A, reconstructLdl(f)) > BOUND) return false;
        const values = n === 0 ? new Float64Array(0) : svdSigns(A);
        const clear = BOUND * threshold;
        return (
          negative >= values.filter((value) => value < -clear).length &&
          positive >= values.filter((value) => value > clear).length
        );
      }),
      { numRuns: 50 },
    );
  });

  test("hard cases: reconstruction with a shift", () => {
    for (const [name, A] of hardSymmetric()) {
      const f = ldl(A, { certificate: true });
      expect(differenceRatio(A, reconstructLdl(f)), name).toBeLessThanOrEqual(BOUND);
    }
    const A = withSpectrum(3, [-2, -1, 0.5, 3, 4]);
    expect(inertia(A, { shift: 1 })).toMatchObject({ negative: 3, zero: 0, positive: 2 });
    expect(inertia(A, { shift: -5 }).negative).toBe(0);
    expect(
      inertia(
        fromRows([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toMatchObject({ negative: 0, zero: 2, positive: 0 });
  });
});

/** Eigenvalues from the singular values of A + c I, c = ‖A‖_F: an independent way. */
function svdSigns(A: Matrix): Float64Array {
  const n = A.rows;
  const c = norms(A).frobenius;
  const shifted = A.data.map((entry, k) => (k % (n + 1) === 0 ? entry + c : entry));
  return svd({ rows: n, cols: n, data: shifted }, { vectors: "none" }).singularValues.map((value) => value - c);
}

describe("Schur", () => {
  test.each([[0], [1], [2], [3], [10], [33], [60]])("order %i: A = Q T Qᵀ, quasi-triangular", (n) => {
    const A = normalMatrix(createRng(n + 50), n, n);
    const f = schur(A, { certificate: true });
    expect(differenceRatio(A, reconstructSchur(f))).toBeLessThanOrEqual(BOUND);
    expect(orthogonalityLoss(f.q)).toBeLessThanOrEqual(tolerance(BOUND, n));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i - 1; j++) expect(f.t.data[i * n + j]).toBe(0);
      if (i > 1) expect(Math.abs(f.t.data[i * n + i - 1]! * f.t.data[(i - 1) * n + i - 2]!)).toBe(0);
    }
  });
});

describe("least squares and pseudo-inverse", () => {
  test("foreign oracle: tall and wide", () => {
    const { leastSquares: cases } = fixture<{ leastSquares: { a: number[][]; b: number[][]; x: number[][] }[] }>(
      "linalg/lapack.json",
    );
    for (const { a, b, x } of cases) {
      const result = leastSquares(fromRows(a), fromRows(b));
      expect(within(result.solution.data, x.flat(), tolerance(BOUND, a.length, 50)).ok).toBe(true);
      expect(result.rank).toBe(3);
    }
  });

  test("rank-deficient: normal equations, least norm, residual norms", () => {
    const A = matmul(normalMatrix(createRng(21), 12, 3), normalMatrix(createRng(22), 3, 8));
    const b = normalMatrix(createRng(23), 12, 1).data;
    const { solution, residualNorms, rank } = leastSquares(A, b);
    expect(rank).toBe(3);
    const residual = matmul(A, { rows: 8, cols: 1, data: solution }).data.map((entry, i) => entry - b[i]!);
    const normal = matmul(A, { rows: 12, cols: 1, data: residual }, { transposeA: true }).data;
    expect(within(normal, new Float64Array(8), tolerance(BOUND, 12, norms(A).frobenius * 5)).ok).toBe(true);
    expect(Math.abs(residualNorms[0]! - Math.hypot(...residual))).toBeLessThanOrEqual(tolerance(BOUND, 12));
    const viaPinv = matmul(pinv(A).inverse, { rows: 12, cols: 1, data: b }).data;
    expect(within(solution, viaPinv, tolerance(BOUND, 12, 10)).ok).toBe(true);
  });

  test("the four Moore–Penrose identities", () => {
    for (const A of [
      normalMatrix(createRng(24), 7, 4),
      normalMatrix(createRng(25), 4, 7),
      matmul(normalMatrix(createRng(26), 6, 2), normalMatrix(createRng(27), 2, 5)),
    ]) {
      const { inverse: P } = pinv(A);
      const AP = matmul(A, P);
      const PA = matmul(P, A);
      const bound = tolerance(
        BOUND,
        7,
        norms(A).frobenius * norms(P).frobenius * Math.max(norms(A).frobenius, norms(P).frobenius),
      );
      expect(within(matmul(AP, A).data, A.data, bound).ok).toBe(true);
      expect(within(matmul(PA, P).data, P.data, bound).ok).toBe(true);
      expect(within(AP.data, transpose(AP).data, bound).ok).toBe(true);
      expect(within(PA.data, transpose(PA).data, bound).ok).toBe(true);
    }
    expect(Array.from(pinv(fromRows([[0, 0]])).inverse.data)).toEqual([0, 0]);
  });
});

test("inputs are not modified", () => {
  const A = randomSymmetric(40, 20);
  const before = A.data.slice();
  const positive = gram(A);
  const kept = positive.data.slice();
  qr(A);
  pivotedQr(A);
  lu(A);
  ldl(A);
  schur(A);
  svd(A);
  svd(A, { method: "jacobi" });
  solve(A, before.slice(0, 20));
  leastSquares(A, before.slice(0, 20));
  conditionEstimate(A);
  cholesky(positive);
  expect(maxDifference(A.data, before)).toBe(0);
  expect(maxDifference(positive.data, kept)).toBe(0);
});
