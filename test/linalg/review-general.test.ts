import { describe, expect, test } from "vitest";
import { ArgumentError, EPSILON, type Matrix, NonFiniteError, fromRows, identity } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  cholesky,
  conditionEstimate,
  eig,
  expm,
  leastSquares,
  logDeterminant,
  lu,
  matmul,
  norms,
  orthogonalMatrix,
  pinv,
  reconstructCholesky,
  reconstructLu,
  reconstructPivotedQr,
  schur,
  solve,
  solveCholesky,
  solveLu,
  solveTriangular,
  svd,
  tryCholesky,
} from "../../src/linalg/index.js";
import { bidiagonalQr } from "../../src/linalg/bidiagonal-qr.js";
import { certifyFactors } from "../../src/linalg/certificate.js";
import { tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";
import { randomSymmetric, scaleMatrix } from "./support.js";

const BOUND = 20;

/** Q B Qᵀ with Jordan blocks of order up to three to the eigenvalues 0, 1 and 2. */
function defective(seed: number): Matrix {
  const rng = createRng(seed);
  const n = 4 + Math.floor(36 * rng.uniform());
  const data = new Float64Array(n * n);
  for (let start = 0; start < n;) {
    const width = Math.min(n - start, 1 + Math.floor(3 * rng.uniform()));
    const value = Math.floor(3 * rng.uniform());
    for (let i = start; i < start + width; i++) {
      data[i * (n + 1)] = value;
      if (i + 1 < start + width) data[i * (n + 1) + 1] = 1;
    }
    start += width;
  }
  const Q = orthogonalMatrix(rng, n);
  return matmul(matmul(Q, { rows: n, cols: n, data }), Q, { transposeB: true });
}

describe("QR sweeps on general matrices settle", () => {
  const settles = (A: Matrix): void => {
    const { certificate } = schur(A, { certificate: true });
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, A.rows));
    const { real, imaginary } = eig(A);
    expect([...real, ...imaginary].every(Number.isFinite)).toBe(true);
  };

  test("two nearly equal pairs ±1 (Day's matrix), for couplings from 1e-1 to 1e-20", () => {
    for (let exponent = 1; exponent <= 20; exponent++) {
      for (const other of [exponent, 1, 7, 19]) {
        const [h, k] = [10 ** -exponent, 10 ** -other];
        const A = fromRows([
          [0, 1, 0, 0],
          [1, 0, h, 0],
          [0, -k, 0, 1],
          [0, 0, 1, 0],
        ]);
        for (const scale of [1, 1e-150, 1e-305]) settles(scaleMatrix(A, scale));
      }
    }
  });

  test("many defective eigenvalues: the sweeps are limited in all, not for each value", () => {
    for (let seed = 1; seed <= 250; seed++) settles(defective(seed));
  });
});

describe("eigenvectors of graded matrices", () => {
  test("differences of small eigenvalues count beside these, not beside the norm", () => {
    for (const small of [1e-20, 1e-30, 1e-40]) {
      const A = fromRows([
        [1, 0, 0],
        [0, small, small],
        [0, 0, 1e-10 * small],
      ]);
      const { vectors, residualNorms } = eig(A, { vectors: true });
      const column = [0, 1, 2].map((i) => vectors.re.data[3 * i + 2]!);
      expect(within(column.map(Math.abs), [0, Math.SQRT1_2, Math.SQRT1_2], 1e-9).ok).toBe(true);
      expect(residualNorms[2]).toBeLessThanOrEqual(tolerance(BOUND, 3, small));
    }
  });

  test("a double zero: the vector of a Jordan block is exact", () => {
    const jordan = fromRows([
      [0, 1],
      [0, 0],
    ]);
    const { vectors, residualNorms } = eig(jordan, { vectors: true });
    expect(Math.max(...residualNorms)).toBeLessThanOrEqual(EPSILON ** 2);
    expect(Math.abs(vectors.re.data[1]!)).toBe(1);
  });
});

describe("singular values of matrices over 600 decades settle", () => {
  const L = 1.7e308;
  const cases: [string, Matrix, "bidiagonal" | "jacobi"][] = [
    [
      "a first diagonal entry of the bidiagonal form far below the shift",
      fromRows([
        [1, -1e-8, 5e-324, 1e-300, -1],
        [L, 1e300, 1e-8, 2, 1e300],
        [0, -L, 1e-8, -1, 1e8],
      ]),
      "bidiagonal",
    ],
    [
      "a rotation by a subnormal angle",
      fromRows([
        [0, 0, 2, -1e-8, 1],
        [1e-8, 1e-300, 1e8, 1e300, 1e-300],
        [1e-8, 0, 1, -1e-8, 1],
        [0, 1e-8, 1, 1, 1e300],
        [1e300, 1e300, 1e-8, 1e300, 0],
      ]),
      "jacobi",
    ],
    [
      "a rotation whose sine underflows beside a row that is not small",
      fromRows([
        [-1e-8, 1e300, 0, 1e8],
        [1e300, 5e-324, L, 1],
        [0, L, 2, 1e-300],
        [1e-8, 0, 0, 1e8],
      ]),
      "jacobi",
    ],
  ];
  test.each(cases)("%s", (_name, A, method) => {
    const { certificate } = svd(A, { method, certificate: true });
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 5));
    expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, 5));
    const other = svd(A, { method: method === "jacobi" ? "bidiagonal" : "jacobi", vectors: "none" }).singularValues;
    const scale = 2 ** -500;
    const near = (values: Float64Array): Float64Array => values.map((value) => value * scale);
    expect(
      within(
        near(svd(A, { method, vectors: "none" }).singularValues),
        near(other),
        tolerance(BOUND, 5, other[0]! * scale),
      ).ok,
    ).toBe(true);
  });
});

test("a bidiagonal form that is graded upwards, beside two singular values that agree to 1e-8", () => {
  const A = fromRows([
    [0, -1e-8, 1e8],
    [-1, 1e8, 1e-8],
    [-1, 0, -1],
  ]);
  const wide = fromRows([
    [1e-8, 0, -1e-8, 1e-8, -1, -1e-8, 1],
    [1, 0, 1e-8, 0, 0, 1, 1e-8],
    [-1e-8, 1, 0, -1, -1e-8, 1e-8, -1e-8],
    [0, -1, 1, -1, -1e-8, 0, -1],
  ]);
  for (const B of [A, wide]) {
    const exact = svd(B, { method: "jacobi" }).singularValues;
    for (const vectors of ["none", "thin"] as const) {
      expect(within(svd(B, { vectors }).singularValues, exact, tolerance(BOUND, 7, exact[0])).ok).toBe(true);
    }
  }
});

test("the quotient of a shift and a tiny first entry does not overflow", () => {
  const d = Float64Array.of(1.1125369e-316, -1.75, 1.75);
  const e = Float64Array.of(-1.75, -(2 ** -51), 0);
  const none = new Float64Array(0);
  bidiagonalQr(3, d, e, none, 0, none, 0);
  const values = d.map(Math.abs).sort();
  expect(withinRelative(values, [1.1125369e-316 / Math.SQRT2, 1.75, 1.75 * Math.SQRT2], 1e-6).ok).toBe(true);
});

test("an exponential that overflows in its approximant says so, and not that A is not finite", () => {
  const A = fromRows([
    [2, 1e-8, 1, -1e-8],
    [-1e-8, 1e-8, 1e-300, 1e-8],
    [1e-300, 1e300, 1e8, 1e8],
    [-1, 1e-8, -1e-8, 0],
  ]);
  expect(() => expm(A)).toThrow(NonFiniteError);
  expect(() => expm(A)).toThrow(/^expm: .* must be representable/);
});

describe("condition numbers of eigenvalues", () => {
  const numbers = (A: Matrix): number[] =>
    eig(A, { conditionNumbers: true }).conditionNumbers.map((c) => {
      if (!c.defined) throw new Error(c.reason);
      return c.value;
    });

  test("foreign oracle: SciPy's left and right vectors, at three scales, balanced or not, vectors asked for or not", () => {
    interface Case {
      a: number[][];
      real: number[];
      imaginary: number[];
      condition: number[];
    }
    const { cases } = fixture<{ cases: Case[] }>("linalg/eigenvalue-conditions.json");
    expect(cases.length).toBe(6);
    for (const { a, real, imaginary, condition } of cases) {
      const norm = norms(fromRows(a)).frobenius;
      for (const scale of [1, 1e-150, 1e150]) {
        for (const options of [{}, { vectors: true }, { balance: false }]) {
          const result = eig(scaleMatrix(fromRows(a), scale), { ...options, conditionNumbers: true });
          result.conditionNumbers.forEach((c, j) => {
            const distances = real.map((x, i) =>
              Math.hypot(x - result.real[j]! / scale, imaginary[i]! - result.imaginary[j]! / scale),
            );
            const nearest = distances.indexOf(Math.min(...distances));
            const gap = Math.min(
              ...real.flatMap((x, i) =>
                i === nearest ? [] : [Math.hypot(x - real[nearest]!, imaginary[i]! - imaginary[nearest]!)],
              ),
            );
            // First-order change of the vectors by rounding: norm times condition over the gap.
            const allowed = tolerance(BOUND, a.length, (norm * condition[nearest]!) / gap);
            expect(c.defined && withinRelative(c.value, condition[nearest]!, allowed).ok).toBe(true);
          });
        }
      }
    }
  });

  test("closed forms: normal matrices have one, [a, b; 0, c] has sqrt(1 + (b / (a - c))²)", () => {
    for (const A of [randomSymmetric(1, 20), orthogonalMatrix(createRng(2), 21), identity(1)]) {
      for (const value of numbers(A)) expect(value - 1).toBeLessThanOrEqual(tolerance(BOUND, A.rows));
    }
    for (const b of [0, 1, 1e3, 1e6]) {
      const exact = Math.hypot(1, b / 2);
      const triangle = fromRows([
        [3, b],
        [0, 1],
      ]);
      expect(withinRelative(numbers(triangle), [exact, exact], tolerance(BOUND, 2, Math.max(1, b))).ok).toBe(true);
    }
  });

  test("it is the derivative: a change of A along y xᴴ moves the eigenvalue by it", () => {
    const A = normalMatrix(createRng(3), 9, 9);
    const step = 1e-7;
    const { real, imaginary, vectors, conditionNumbers } = eig(A, { vectors: true, conditionNumbers: true });
    const left = eig({ ...A, data: A.data.map((_, k) => A.data[(k % 9) * 9 + Math.floor(k / 9)]!) }, { vectors: true });
    for (let j = 0; j < 9; j++) {
      const condition = conditionNumbers[j]!;
      if (imaginary[j] !== 0 || !condition.defined) continue;
      const same = left.real.findIndex((x, i) => left.imaginary[i] === 0 && Math.abs(x - real[j]!) < 1e-10);
      const y = (i: number): number => left.vectors.re.data[i * 9 + same]!;
      const x = (i: number): number => vectors.re.data[i * 9 + j]!;
      const data = A.data.map((entry, k) => entry + step * y(Math.floor(k / 9)) * x(k % 9)); // of norm one in A + step E
      const moved = eig({ ...A, data });
      const distance = Math.min(...Array.from(moved.real, (value) => Math.abs(value - real[j]!)));
      expect(Math.abs(distance / step / condition.value - 1)).toBeLessThan(1e-4);
    }
  });

  test("defective and multiple eigenvalues have none, with the reason", () => {
    const two = eig(
      fromRows([
        [1, 1],
        [0, 1],
      ]),
      { conditionNumbers: true },
    ).conditionNumbers;
    for (const c of two)
      expect(!c.defined && c.reason).toMatch(/^not told from eigenvalue [01] at a distance of 0.0e\+0/);
    for (const A of [identity(4), scaleMatrix(identity(3), 0)]) {
      for (const c of eig(A, { conditionNumbers: true }).conditionNumbers) expect(c.defined).toBe(false);
    }
    // Every eigenvalue here is multiple, in Jordan blocks or beside each other, however rounding splits it.
    for (let seed = 1; seed <= 40; seed++) {
      const B = defective(seed);
      const n = 2 * B.rows;
      const data = new Float64Array(n * n);
      for (let k = 0; k < B.data.length; k++) {
        const [i, j] = [Math.floor(k / B.rows), k % B.rows];
        data[i * n + j] = data[(i + B.rows) * n + j + B.rows] = B.data[k]!;
      }
      const Q = orthogonalMatrix(createRng(seed), n);
      const A = matmul(matmul(Q, { rows: n, cols: n, data }), Q, { transposeB: true });
      const { conditionNumbers } = eig(A, { conditionNumbers: true });
      expect(conditionNumbers.some((c) => c.defined)).toBe(false);
    }
  });

  test("not asked for: null; a switch that is none is refused", () => {
    expect(eig(identity(2)).conditionNumbers).toBeNull();
    expect(eig(fromRows([]), { conditionNumbers: true }).conditionNumbers).toEqual([]);
    expect(() => eig(identity(2), { conditionNumbers: "yes" as never })).toThrow(
      'eig: option "conditionNumbers" must be true or false',
    );
  });
});

function diagonal(...entries: number[]): Matrix {
  const n = entries.length;
  return {
    rows: n,
    cols: n,
    data: Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? entries[k % n]! : 0)),
  };
}

describe("small beside huge", () => {
  const A = diagonal(1e300, 1e-300);
  const extreme = diagonal(1e308, 1e-310);

  test("solves: neither another column nor another entry makes a solution zero", () => {
    expect(Array.from(solve(A, Float64Array.of(1e300, 1e-300)))).toEqual([1, 1]);
    expect(Array.from(solve(extreme, Float64Array.of(1e308, 1e-310)))).toEqual([1, 1]);
    const B = fromRows([
      [1e300, 1e-300, 3e-310],
      [1e300, 1e-300, 1e-310],
    ]);
    expect(Array.from(solve(identity(2), B).data)).toEqual(Array.from(B.data));
    expect(Array.from(solveLu(lu(identity(2)), B).data)).toEqual(Array.from(B.data));
    expect(Array.from(solveTriangular(identity(2), B, { triangle: "lower" }).data)).toEqual(Array.from(B.data));
    expect(Array.from(solveTriangular(extreme, Float64Array.of(1e308, 1e-310), { triangle: "upper" }))).toEqual([1, 1]);
    expect(Array.from(solveCholesky(cholesky(identity(2)), B).data)).toEqual(Array.from(B.data));
    // Subnormal entries on both sides: lifting the right-hand side alone would overflow.
    expect(Array.from(solve(diagonal(1, 1e-310), Float64Array.of(1e-310, 1e-310)))).toEqual([1e-310, 1]);
    // The first step of the substitution overflows, the solution does not.
    const steep = fromRows([
      [1, 0],
      [-1.5, 1e10],
    ]);
    const x = solve(steep, Float64Array.of(1.5e308, 1.5e308));
    expect(withinRelative(x, [1.5e308, 3.75e298], tolerance(BOUND, 2)).ok).toBe(true);
  });

  test("determinants and condition numbers", () => {
    expect(Math.abs(logDeterminant(extreme).logModulus - Math.log(1e-2))).toBeLessThan(1e-12);
    expect(Math.abs(logDeterminant(diagonal(1e302, 1e-303)).logModulus - Math.log(1e-1))).toBeLessThan(1e-12);
    const { inverseNorm, condition } = conditionEstimate(diagonal(1e300, 1e-5));
    expect(withinRelative([inverseNorm, condition], [1e5, 1e305], tolerance(BOUND, 2)).ok).toBe(true);
    expect(conditionEstimate(A)).toMatchObject({ condition: Infinity, norm: 1e300 });
    expect(withinRelative(conditionEstimate(A).inverseNorm, 1e300, tolerance(BOUND, 2)).ok).toBe(true);
    const subnormal = conditionEstimate(diagonal(3e-310, 1e-310));
    expect(Math.abs(subnormal.condition - 3)).toBeLessThan(1e-12);
  });

  test("Cholesky: a positive definite matrix is one at every grading", () => {
    for (const B of [A, extreme, diagonal(1e-310, 1e300, 1)]) {
      expect(tryCholesky(B).positiveDefinite).toBe(true);
      expect(withinRelative(reconstructCholesky(cholesky(B)).data, B.data, 1e-7).ok).toBe(true);
    }
    const graded = fromRows([
      [1e200, 1e-1, 1e45],
      [1e-1, 1e-200, 3e-156],
      [1e45, 3e-156, 1e-108],
    ]);
    const again = reconstructCholesky(cholesky(graded));
    for (const [i, j] of [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [row, column] as const))) {
      const size = Math.sqrt(graded.data[4 * i]!) * Math.sqrt(graded.data[4 * j]!);
      expect(Math.abs(again.data[3 * i + j]! - graded.data[3 * i + j]!)).toBeLessThanOrEqual(tolerance(BOUND, 3, size));
    }
    expect(
      tryCholesky(
        fromRows([
          [1e-300, 1e200, 0],
          [1e200, 1, 0],
          [0, 0, 1],
        ]),
      ),
    ).toEqual({ positiveDefinite: false, index: 1, pivot: -Infinity });
    const asymmetric = fromRows([
      [1.7e308, 1.7e308],
      [-1.7e308, 1.7e308],
    ]);
    expect(() => cholesky(asymmetric)).toThrow("cholesky: A must be symmetric");
  });
});

describe("least squares and pseudo-inverses of subnormal and huge matrices have all their digits", () => {
  const B = normalMatrix(createRng(11), 7, 4);
  const b = normalMatrix(createRng(12), 7, 3);
  const reference = leastSquares(B, b);

  test.each([-1060, -1040, -1000, 1000, 1015])("2^%i", (exponent) => {
    const scale = 2 ** exponent;
    const tiny = exponent < -1022;
    const A = scaleMatrix(B, scale);
    const digits = tiny ? 8 * 2 ** (-1074 - exponent) : 0; // entries of A itself are rounded
    const { solution, rank, residualNorms } = leastSquares(A, scaleMatrix(b, scale));
    expect(rank).toBe(4);
    expect(within(solution.data, reference.solution.data, tolerance(BOUND, 7, 10) + 10 * digits).ok).toBe(true);
    const allowed = (tolerance(BOUND, 7, 10) + 10 * digits) * scale;
    reference.residualNorms.forEach((norm, j) => {
      expect(Math.abs(residualNorms[j]! - norm * scale)).toBeLessThanOrEqual(allowed);
    });
    if (exponent > -1000) {
      const inverse = pinv(A).inverse.data.map((entry) => entry * scale);
      expect(within(inverse, pinv(B).inverse.data, tolerance(BOUND, 7, 10)).ok).toBe(true);
    }
  });

  test("an exact subnormal system", () => {
    const unit = 2 ** -1074;
    const A = scaleMatrix(
      fromRows([
        [60, 20],
        [20, 100],
        [40, 40],
      ]),
      unit,
    );
    const { solution } = leastSquares(A, Float64Array.of(60 * unit, 20 * unit, 40 * unit));
    expect(within(solution, [1, 0], tolerance(BOUND, 3)).ok).toBe(true);
  });

  test("columns of the right-hand side do not decide over each other", () => {
    const { solution } = leastSquares(
      identity(2),
      fromRows([
        [1e308, 1e-320],
        [1e308, 2e-320],
      ]),
    );
    expect(within([solution.data[0]! / 1e308, solution.data[2]! / 1e308], [1, 1], tolerance(BOUND, 2)).ok).toBe(true);
    expect([solution.data[1], solution.data[3]]).toEqual([1e-320, 2e-320]);
  });
});

describe("growth of elimination", () => {
  /** Partial pivoting doubles the last column at every step. */
  function growing(n: number): Matrix {
    const data = Float64Array.from({ length: n * n }, (_, k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      return j === n - 1 || i === j ? 1 : i > j ? -1 : 0;
    });
    return { rows: n, cols: n, data };
  }

  test("an overflow of U is an error, not an infinity; determinants and solutions do not overflow with it", () => {
    const [n, scale] = [40, 2 ** 990];
    const A = scaleMatrix(growing(n), scale);
    expect(() => lu(A)).toThrow(NonFiniteError);
    expect(() => lu(A)).toThrow("lu: U must be representable");
    const { sign, logModulus } = logDeterminant(A);
    expect(sign).toBe(1);
    expect(Math.abs(logModulus / ((n * 990 + n - 1) * Math.LN2) - 1)).toBeLessThan(n * EPSILON);
    const x = Float64Array.from({ length: n }, (_, i) => (i % 5) - 2);
    const b = matmul(A, { rows: n, cols: 1, data: x }).data;
    expect(within(solve(A, b), x, tolerance(1, n, 2 ** (n - 1))).ok).toBe(true);
    expect(conditionEstimate(A).condition).toBe(conditionEstimate(growing(n)).condition);
  });

  test("order 1100, entries of one: 2^1099 is beyond the double range, the determinant is not", () => {
    const { sign, logModulus } = logDeterminant(growing(1100));
    expect(sign).toBe(1);
    expect(Math.abs(logModulus / (1099 * Math.LN2) - 1)).toBeLessThan(1e-12);
    expect(() => lu(growing(1100))).toThrow("lu: U must be representable");
  });
});

describe("bounds of certificates are bounds", () => {
  const UNIT = 2n ** 200n; // every entry below is a multiple of 2^-200
  const exact = (x: number): bigint => BigInt(x * 2 ** 200);

  /** ‖A − B C‖_F without rounding but that of the last root; rows of A in the order given. */
  function distance(A: Matrix, order: ArrayLike<number>, B: Matrix, C: Matrix): number {
    const n = A.rows;
    const [a, b, c] = [A, B, C].map((M) => Array.from(M.data, exact)) as [bigint[], bigint[], bigint[]];
    let squares = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = a[order[i]! * n + j]! * UNIT;
        for (let k = 0; k < n; k++) sum -= b[i * n + k]! * c[k * n + j]!;
        squares += (Number(sum) / 2 ** 400) ** 2;
      }
    }
    return Math.sqrt(squares);
  }

  test("LU with growth near 2^24: the rounding of the measuring product is that of its terms", () => {
    const n = 25;
    let missed = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const rng = createRng(seed);
      const data = Float64Array.from({ length: n * n }, (_, k) => {
        const [i, j] = [Math.floor(k / n), k % n];
        return j === n - 1 ? 0.5 + 0.5 * rng.uniform() : i === j ? 1 : i > j ? -0.9 - 0.1 * rng.uniform() : 0;
      });
      const A = { rows: n, cols: n, data };
      const factors = lu(A, { certificate: true });
      const error = distance(A, factors.permutation, factors.l, factors.u);
      expect(error).toBeLessThanOrEqual(factors.certificate!.errorBound);
      expect(factors.certificate!.errorBound).toBeLessThan(1e-5);
      // Negative control: the rounding of ‖A‖ alone is not enough.
      if (error > certifyFactors(A, () => reconstructLu(factors), []).errorBound) missed++;
    }
    expect(missed).toBeGreaterThan(0);
  });
});

test("reconstruct… refuses a permutation that is none", () => {
  const factors = lu(normalMatrix(createRng(1), 3, 3));
  for (const permutation of [undefined, new Uint32Array(3), new Uint32Array(2), [0, 1, 2]]) {
    const wrong = { ...factors, q: factors.l, r: factors.u, permutation: permutation as never };
    expect(() => reconstructLu(wrong)).toThrow(ArgumentError);
    expect(() => reconstructPivotedQr(wrong)).toThrow(
      "reconstructPivotedQr: factorization.permutation must be a permutation of 0 … 2",
    );
  }
});

test("a matrix that balancing brings from 1 to 1e-160: its blocks are not lost in squares", () => {
  // D B D⁻¹ with B near 1e-160; the first row and column are coupled in one direction only after scaling.
  const B = normalMatrix(createRng(21), 6, 6);
  const exponents = [0, 130, 260, 60, 200, 265];
  const scale = 2 ** -531;
  const A = {
    ...B,
    data: B.data.map((entry, k) => entry * scale * 2 ** (exponents[Math.floor(k / 6)]! - exponents[k % 6]!)),
  };
  const reference = eig(B);
  const { real, imaginary } = eig(A);
  const verdict = (actual: Float64Array, expected: Float64Array): boolean =>
    within(
      actual.map((entry) => entry / scale),
      expected,
      tolerance(10 * BOUND, 6, norms(B).frobenius),
    ).ok;
  expect([verdict(real, reference.real), verdict(imaginary, reference.imaginary)]).toEqual([true, true]);
  // Entries over 600 decades, of which balancing leaves 1e-172 of the norm.
  const wild = fromRows([
    [-1e-160, 1e150, 1e-300, -1, 1e-8],
    [-1, 1e-300, 1e-300, -1, 1],
    [2, 1e-8, -1e-8, 1e300, 2],
    [2, -1e-8, 1e-300, -1e-160, 0],
    [-1e-8, 1e8, 1e150, 1e-8, -1e-160],
  ]);
  const { residualNorms } = eig(wild, { vectors: true });
  expect(Math.max(...residualNorms)).toBeLessThanOrEqual(tolerance(BOUND, 5, 1e300));
});

test("vectors spoilt by balancing are mended without spoiling the eigenvalues: those of D G D⁻¹ are those of G", () => {
  // Sparse matrices whose balanced vectors have poor residuals; all computed without balancing would lose up to eight digits.
  for (const seed of [4289, 5822, 6273, 6789, 7652, 8352]) {
    const rng = createRng(seed);
    const n = 2 + Math.floor(6 * rng.uniform());
    const d = Float64Array.from({ length: n }, () => Math.round(54 * rng.uniform() - 27));
    const data = Float64Array.from({ length: n * n }, () => (rng.uniform() < 0.5 ? 0 : rng.normal()));
    const G = eig({ rows: n, cols: n, data }, { conditionNumbers: true });
    const A = { rows: n, cols: n, data: data.map((g, k) => g * 2 ** (d[Math.floor(k / n)]! - d[k % n]!)) };
    const { real, imaginary, residualNorms } = eig(A, { vectors: true });
    expect(Math.max(...residualNorms)).toBeLessThanOrEqual(tolerance(BOUND, n, norms(A).frobenius));
    const radius = Math.hypot(G.real[0]!, G.imaginary[0]!);
    G.conditionNumbers.forEach((c, i) => {
      if (!c.defined || c.value > 100) return;
      const distances = Array.from(real, (x, j) => Math.hypot(x - G.real[i]!, imaginary[j]! - G.imaginary[i]!));
      expect(Math.min(...distances)).toBeLessThanOrEqual(tolerance(BOUND, n, c.value * radius));
    });
    expect([real, imaginary]).toEqual([eig(A).real, eig(A).imaginary]);
  }
});
