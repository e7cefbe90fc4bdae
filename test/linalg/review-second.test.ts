import { describe, expect, test } from "vitest";
import { type Matrix, fromRows } from "../../src/core/index.js";
import {
  cholesky,
  conditionEstimate,
  eig,
  inverse,
  ldl,
  leastSquares,
  lu,
  matmul,
  orthogonalMatrix,
  orthogonalityLoss,
  pivotedQr,
  qr,
  reconstructCholesky,
  reconstructLu,
  reconstructPivotedQr,
  reconstructQr,
  reconstructSchur,
  reconstructSvd,
  schur,
  solve,
  solveCholesky,
  solveLu,
  solveTriangular,
  svd,
  type FactorizationCertificate,
} from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";

/** Jordan block of this order at λ with a well-separated simple eigenvalue beside it. */
function jordanBeside(order: number, value: number, other: number): Matrix {
  const n = order + 1;
  const data = new Float64Array(n * n);
  for (let i = 0; i < order; i++) {
    data[i * (n + 1)] = value;
    if (i + 1 < order) data[i * n + i + 1] = 1;
  }
  data[n * n - 1] = other;
  return { rows: n, cols: n, data };
}

describe("condition numbers of eigenvalues beside defective ones", () => {
  test.each([
    [2, 0],
    [2, 1],
    [3, 0],
    [3, 1],
    [5, 1],
  ])("a simple eigenvalue far from a Jordan block of order %i at %i has its condition number", (order, value) => {
    const { real, conditionNumbers } = eig(jordanBeside(order, value, 5), { conditionNumbers: true });
    expect(real[0]).toBe(5);
    expect(conditionNumbers[0]).toEqual({ defined: true, value: 1 });
    for (const c of conditionNumbers.slice(1)) {
      expect(!c.defined && c.reason).toMatch(/^not told from eigenvalue [1-9] at a distance of 0.0e\+0/);
    }
  });

  test("rounding of the block reaches an eigenvalue within the root of ε, and the reason says by how much", () => {
    const { conditionNumbers } = eig(jordanBeside(2, 1, 1 + 1e-9), { conditionNumbers: true });
    expect(conditionNumbers.map((c) => c.defined)).toEqual([false, false, false]);
    const [first] = conditionNumbers;
    const reason = first?.defined === false ? first.reason : "";
    const [distance, here, there] = [...reason.matchAll(/\d\.\de[+-]\d+/g)].map((m) => Number(m[0]));
    expect(distance).toBeLessThanOrEqual((here ?? 0) + (there ?? 0));
  });
});

test("condition numbers that are given hold for every matrix within rounding, also beside clusters", () => {
  const rng = createRng(3);
  let given = 0;
  for (let trial = 0; trial < 400; trial++) {
    const n = 2 + (trial % 8);
    const T = normalMatrix(rng, n, n);
    for (let i = 0; i < n; i++) {
      T.data.fill(0, i * n, i * n + i);
      const gap =
        2 * i < n - 1 ? 2 ** -Math.round(7 + 46 * rng.uniform()) * (trial % 3) : 2 ** -Math.round(30 * rng.uniform());
      T.data[i * (n + 1)] = 1 + gap * (i + 1);
    }
    const Q = orthogonalMatrix(rng, n);
    const A = matmul(matmul(Q, T), Q, { transposeB: true });
    const E = normalMatrix(rng, n, n);
    const before = eig(A, { conditionNumbers: true });
    const after = eig({ ...A, data: A.data.map((x, k) => x + 2 ** -52 * E.data[k]!) }, { conditionNumbers: true });
    before.conditionNumbers.forEach((condition, j) => {
      if (!condition.defined) return;
      const distances = Array.from(after.real, (x, i) =>
        Math.hypot(x - before.real[j]!, after.imaginary[i]! - before.imaginary[j]!),
      );
      const same = after.conditionNumbers[distances.indexOf(Math.min(...distances))]!;
      if (!same.defined) return;
      given++;
      expect(Math.abs(Math.log2(same.value / condition.value))).toBeLessThan(0.6);
    });
  }
  expect(given).toBeGreaterThan(200);
});

describe("intermediate results beyond the double range", () => {
  // x₁ = (1e150 − 1e200 x₂) / 1e200: the product overflows, the solution does not.
  const U = fromRows([
    [1e200, 1e200],
    [0, 1],
  ]);
  const b = Float64Array.of(1e150, 1e150);
  const check = (x: Float64Array): void => {
    expect(x[0]! / -1e150).toBeCloseTo(1, 14);
    expect(x[1]! / 1e150).toBeCloseTo(1, 14);
  };
  test("solve", () => check(solve(U, b)));
  test("solveLu", () => check(solveLu(lu(U), b)));
  test("solveTriangular", () => check(solveTriangular(U, b, { triangle: "upper" })));
  test("several columns, of which one is lowered", () => {
    const { data } = solve(
      U,
      fromRows([
        [1e150, 1],
        [1e150, 1],
      ]),
    );
    check(Float64Array.of(data[0]!, data[2]!));
    expect([data[1], data[3]]).toEqual([-1, 1]);
  });
  test("inverse", () => {
    const { data } = inverse(
      fromRows([
        [1e200, 1e200],
        [0, 1e-150],
      ]),
    );
    expect(data[0]! / 1e-200).toBeCloseTo(1, 14);
    expect(data[1]! / -1e150).toBeCloseTo(1, 14);
    expect(data[3]! / 1e150).toBeCloseTo(1, 14);
  });
  test("solveCholesky", () => {
    // y₂ = (1e150 − 1e200 y₁) / 1e200
    const l = fromRows([
      [1, 0],
      [1e200, 1e200],
    ]);
    const x = solveCholesky({ l }, b);
    expect(x[0]! / 2e150).toBeCloseTo(1, 14);
    expect(x[1]! / -1e-50).toBeCloseTo(1, 14);
  });
});

test("least squares: where the solution underflows, the residual is that of what is returned", () => {
  const A = fromRows([
    [1e200, 0],
    [0, 1e200],
    [1e200, 1e200],
  ]);
  const zero = leastSquares(A, Float64Array.of(1e-290, 2e-290, 3e-290));
  expect(Array.from(zero.solution, Math.abs)).toEqual([0, 0]);
  expect(zero.residualNorms[0]! / (Math.sqrt(14) * 1e-290)).toBeCloseTo(1, 14);
  // Subnormal: x is one of the few numbers there are.
  const few = leastSquares(fromRows([[1e200]]), Float64Array.of(1.3e-123));
  expect(few.residualNorms[0]! / Math.abs(1e200 * few.solution[0]! - 1.3e-123)).toBeCloseTo(1, 9);
});

describe("factors that do not fit are named, and the function that was called", () => {
  const nan = { rows: 2, cols: 2, data: Float64Array.of(1, NaN, 0, 1) };
  const wide = { rows: 2, cols: 3, data: new Float64Array(6) };
  const huge = { rows: 2, cols: 2, data: new Float64Array(4).fill(1e300) };
  const permutation = Uint32Array.of(0, 1);
  test.each<[string, string, (m: Matrix) => unknown]>([
    ["reconstructLu", "factorization.l", (m) => reconstructLu({ l: m, u: m, permutation })],
    ["reconstructQr", "factorization.q", (m) => reconstructQr({ q: m, r: m })],
    ["reconstructPivotedQr", "factorization.q", (m) => reconstructPivotedQr({ q: m, r: m, permutation })],
    ["reconstructSchur", "decomposition.q", (m) => reconstructSchur({ q: m, t: m })],
    ["reconstructCholesky", "factorization.l", (m) => reconstructCholesky({ l: m })],
  ])("%s", (name, first, run) => {
    expect(() => run(nan)).toThrow(`${name}: ${first} must be finite in every entry, got NaN at index 1`);
    expect(() => run(huge)).toThrow(`${name}: the product A B must be representable`);
    if (name === "reconstructCholesky") return;
    const second = first.replace(/[lq]$/, { reconstructLu: "u", reconstructSchur: "t" }[name] ?? "r");
    expect(() => run(wide)).toThrow(`${name}: ${second} must be of 3 rows, to match ${first}, got 2 x 3`);
  });
  test("reconstructSvd refuses more values than vectors, which would read across rows", () => {
    const two = { rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 1) };
    expect(() => reconstructSvd({ u: two, v: two, singularValues: Float64Array.of(3, 2, 1) })).toThrow(
      "reconstructSvd: decomposition.u must be of at least 3 columns, one for each singular value, got 2 x 2",
    );
  });
  test("orthogonalityLoss", () => {
    expect(() => orthogonalityLoss(huge)).toThrow("orthogonalityLoss: the product A B must be representable");
  });
});

test("a certificate of factors near the end of the double range is no overflow", () => {
  const rng = createRng(41);
  const runs: ((A: Matrix, certificate: boolean) => { certificate: FactorizationCertificate | null })[] = [
    (A, certificate) => lu(A, { certificate }),
    (A, certificate) => qr(A, { certificate }),
    (A, certificate) => pivotedQr(A, { certificate }),
    (A, certificate) => schur(A, { certificate }),
    (A, certificate) => svd(A, { certificate }),
    (A, certificate) => ldl(A, { certificate, triangle: "lower" }),
    (A, certificate) => cholesky(definite(A), { certificate, triangle: "lower" }),
  ];
  const counts = runs.map(() => 0);
  for (let trial = 0; trial < 400; trial++) {
    const n = 2 + (trial % 5);
    const G = normalMatrix(rng, n, n);
    const top = G.data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    const size = [1.79e308, 1.25e308, 9e307, 7e307][trial % 4]!;
    const A = { ...G, data: G.data.map((x) => (x / top) * size) };
    runs.forEach((run, k) => {
      try {
        run(A, false);
      } catch {
        return; // a factor itself leaves the double range
      }
      const { certificate } = run(A, true);
      counts[k]!++;
      expect(certificate!.backwardError).toBeLessThan(1e-13);
      expect(certificate!.errorBound).toBeLessThan(1e296);
    });
  }
  expect(Math.min(...counts)).toBeGreaterThan(20);
});

test("the certificate of a definite matrix with the largest number there is", () => {
  const [M, b] = [Number.MAX_VALUE, 0.3 * Number.MAX_VALUE];
  const { certificate } = cholesky({ rows: 2, cols: 2, data: Float64Array.of(M, b, b, M) }, { certificate: true });
  expect(certificate.backwardError).toBeLessThan(1e-15);
});

/** Diagonally dominant, with entries as large as those of A. */
function definite({ rows, cols, data }: Matrix): Matrix {
  return {
    rows,
    cols,
    data: data.map((x, k) => (k % (cols + 1) === 0 ? Math.max(...data.map(Math.abs)) : x / (2 * cols))),
  };
}

test("conditionEstimate: ‖A⁻¹‖ is representable where intermediate results are not", () => {
  const A = fromRows([
    [1e200, 1e200],
    [0, 1e-200],
  ]);
  const { inverseNorm, condition } = conditionEstimate(A);
  expect(inverseNorm / 2e200).toBeCloseTo(1, 14);
  expect(condition).toBe(Infinity);
});
