import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  EPSILON,
  type Matrix,
  NonFiniteError,
  OptionError,
  ShapeError,
  SingularError,
  fromRows,
  identity,
  matrix,
  transpose,
} from "../../src/core/index.js";
import {
  type LuFactorization,
  type Triangle,
  cholesky,
  conditionEstimate,
  inverse,
  lu,
  matmul,
  matvec,
  norms,
  nullSpace,
  orthogonalityLoss,
  qr,
  solve,
  solveCholesky,
  solveLu,
  solveTriangular,
  svd,
} from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { maxDifference, naiveProduct, tolerance, within } from "../support/compare.js";
import { EDGE_SIZES, scaleMatrix } from "./support.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

interface Fixture {
  readonly square: readonly {
    readonly n: number;
    readonly A: number[];
    readonly B: number[];
    readonly condition: number;
    readonly inverse: number[];
    readonly solution: number[];
    readonly transposed: number[];
    readonly triangles: Readonly<Record<string, number[]>>;
    readonly product: number[];
    readonly transposedProduct: number[];
  }[];
  readonly nullSpaces: readonly {
    readonly m: number;
    readonly n: number;
    readonly rank: number;
    readonly A: number[];
    readonly projector: number[];
  }[];
}
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/linalg/solvers.json", import.meta.url), "utf8"),
) as Fixture;

/** Error per n ε cond, of errors that conditioning amplifies. */
const FORWARD = 4;
/** Residual per n ε of the sizes that enter it. */
const BACKWARD = 4;

const TRIANGLES: readonly Triangle[] = ["lower", "upper"];
const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** op of the triangle that is read, as a full matrix. */
function triangleOf(T: Matrix, triangle: Triangle, unit: boolean, transposed: boolean): Matrix {
  const n = T.rows;
  const data = T.data.map((entry, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    if (i === j) return unit ? 1 : entry;
    return i > j === (triangle === "lower") ? entry : 0;
  });
  return transposed ? transpose({ rows: n, cols: n, data }) : { rows: n, cols: n, data };
}

/** max |T X − B| over n ε (|T| |X| + |B|) entrywise: the bound of substitution. */
function triangularRatio(T: Matrix, X: Matrix, B: Matrix): number {
  const modulus = (M: Matrix): Matrix => ({ ...M, data: M.data.map(Math.abs) });
  const product = naiveProduct(T, X);
  const sizes = naiveProduct(modulus(T), modulus(X));
  let worst = 0;
  for (let k = 0; k < B.data.length; k++) {
    const error = Math.abs(product.data[k] - B.data[k]);
    if (error === 0) continue;
    worst = Math.max(worst, error / (T.rows * EPSILON * (sizes.data[k] + Math.abs(B.data[k]))));
  }
  return worst;
}

describe("against SciPy", () => {
  test.each(fixture.square)("n = $n: solveLu, inverse, solveTriangular and matvec", (expected) => {
    const { n } = expected;
    const A = matrix(n, n, expected.A);
    const B = matrix(n, 3, expected.B);
    const first = Float64Array.from({ length: n }, (_, i) => B.data[3 * i]);
    const allowed = (reference: readonly number[]): number =>
      tolerance(FORWARD, n, expected.condition * largest(reference));
    const factors = lu(A);
    const solution = solveLu(factors, B);
    expect(within(solution.data, expected.solution, allowed(expected.solution)).ok).toBe(true);
    const transposed = solveLu(factors, B, { transpose: true });
    expect(within(transposed.data, expected.transposed, allowed(expected.transposed)).ok).toBe(true);
    expect(within(inverse(A).data, expected.inverse, allowed(expected.inverse)).ok).toBe(true);
    expect(within(matvec(A, first), expected.product, tolerance(BACKWARD, n, 256)).ok).toBe(true);
    expect(
      within(matvec(A, first, { transpose: true }), expected.transposedProduct, tolerance(BACKWARD, n, 256)).ok,
    ).toBe(true);
    for (const triangle of TRIANGLES) {
      for (const transposeT of [false, true]) {
        for (const unitDiagonal of [false, true]) {
          const scaled = expected.A.map((entry, k) =>
            unitDiagonal ? entry / 16 : entry + (k % (n + 1) === 0 ? 24 : 0),
          );
          const T = matrix(n, n, scaled);
          const X = solveTriangular(T, B, { triangle, transpose: transposeT, unitDiagonal });
          const reference = expected.triangles[`${triangle} ${transposeT} ${unitDiagonal}`];
          const { singularValues } = svd(triangleOf(T, triangle, unitDiagonal, false));
          const condition = singularValues[0] / singularValues[n - 1];
          expect(within(X.data, reference, tolerance(FORWARD, n, condition * largest(reference))).ok).toBe(true);
        }
      }
    }
  });

  test.each(fixture.nullSpaces)("null space of $m x $n, rank $rank", ({ m, n, rank, A: entries, projector }) => {
    const A = matrix(m, n, entries);
    const found = nullSpace(A);
    expect(found.rank).toBe(rank);
    expect([found.basis.rows, found.basis.cols]).toEqual([n, n - rank]);
    const gap = rank === 0 ? 1 : found.singularValues[0] / found.singularValues[rank - 1];
    const P = matmul(found.basis, found.basis, { transposeB: true });
    expect(within(P.data, projector, tolerance(FORWARD, Math.max(m, n), gap)).ok).toBe(true);
    expect(norms(matmul(A, found.basis)).max).toBeLessThanOrEqual(
      tolerance(BACKWARD, Math.max(m, n), norms(A).frobenius),
    );
    expect(orthogonalityLoss(found.basis)).toBeLessThanOrEqual(tolerance(BACKWARD, n));
    for (let j = 0; j < found.basis.cols; j++) {
      const column = Array.from({ length: n }, (_, i) => found.basis.data[i * (n - rank) + j]);
      expect(column.find((entry) => Math.abs(entry) === largest(column))).toBeGreaterThan(0);
    }
  });
});

test("full: right singular vectors of no singular value keep the sign rule of the others", () => {
  for (const [m, n] of [
    [1, 4],
    [3, 5],
    [20, 33],
    [2, 70],
    [40, 24],
  ] as const) {
    for (const method of ["bidiagonal", "jacobi"] as const) {
      const A = normalMatrix(createRng(m + n), m, n);
      const { u, v, singularValues } = svd(A, { vectors: "full", method });
      for (const [vectors, from] of [
        [v, 0],
        [u, singularValues.length],
      ] as const) {
        for (let j = from; j < vectors.cols; j++) {
          const column = Array.from({ length: vectors.rows }, (_, i) => vectors.data[i * vectors.cols + j]);
          expect(column.find((entry) => Math.abs(entry) === largest(column))).toBeGreaterThan(0);
        }
      }
      expect(orthogonalityLoss(v)).toBeLessThanOrEqual(tolerance(BACKWARD, n));
    }
  }
});

describe("identities", () => {
  test.each(["js", "wasm"] as const)(
    "%s: substitution is backward stable for every variant, at block edges",
    (backend) => {
      setRoutinesBackend(backend);
      for (const n of EDGE_SIZES) {
        for (const m of [1, 3]) {
          const T = normalMatrix(createRng(n), n, n);
          for (let i = 0; i < n; i++) T.data[i * (n + 1)] += T.data[i * (n + 1)] < 0 ? -4 : 4;
          const B = normalMatrix(createRng(n + 1), n, m);
          const copies = [T.data.slice(), B.data.slice()];
          for (const triangle of TRIANGLES) {
            for (const transposeT of [false, true]) {
              for (const unitDiagonal of [false, true]) {
                const S = unitDiagonal ? scaleMatrix(T, 1 / 16) : T;
                const X = solveTriangular(S, B, { triangle, transpose: transposeT, unitDiagonal });
                const op = triangleOf(S, triangle, unitDiagonal, transposeT);
                expect(triangularRatio(op, X, B)).toBeLessThanOrEqual(BACKWARD);
                // Negative control: the other triangle does not satisfy the same verdict.
                const wrong = triangle === "lower" ? "upper" : "lower";
                const other = solveTriangular(S, B, { triangle: wrong, transpose: transposeT, unitDiagonal });
                if (n > 1) expect(triangularRatio(op, other, B)).toBeGreaterThan(BACKWARD);
              }
            }
          }
          expect([T.data, B.data]).toEqual(copies);
        }
      }
    },
  );

  test("what lies outside the triangle is not read, and neither is a unit diagonal", () => {
    const T = fromRows([
      [2, 0, 0],
      [1, 4, 0],
      [3, 5, 8],
    ]);
    const poisoned = {
      rows: 3,
      cols: 3,
      data: T.data.map((entry, k) => (k % 3 > Math.floor(k / 3) ? Number.NaN : entry)),
    };
    const b = Float64Array.of(2, 9, 37);
    expect(Array.from(solveTriangular(poisoned, b, { triangle: "lower" }))).toEqual([1, 2, 3]);
    const bare = { rows: 3, cols: 3, data: poisoned.data.map((entry, k) => (k % 4 === 0 ? Number.NaN : entry)) };
    expect(Array.from(solveTriangular(bare, b, { triangle: "lower", unitDiagonal: true }))).toEqual([2, 7, -4]);
    expect(() => solveTriangular(poisoned, b, { triangle: "upper" })).toThrow(
      "solveTriangular: T (upper triangle) must be finite in every entry",
    );
  });

  test.each(["js", "wasm"] as const)("%s: the factors of qr, cholesky and lu solve what solve solves", (backend) => {
    setRoutinesBackend(backend);
    for (const n of EDGE_SIZES) {
      const G = normalMatrix(createRng(n + 7), n, n);
      for (let i = 0; i < n; i++) G.data[i * (n + 1)] += 2 * n;
      const A = matmul(G, G, { transposeB: true });
      const B = normalMatrix(createRng(n + 8), n, 2);
      const reference = solve(A, B);
      const { condition } = conditionEstimate(A);
      const allowed = tolerance(FORWARD, n, Math.max(1, condition) * Math.max(1e-300, largest(reference.data)));
      const { q, r } = qr(A);
      const byQr = solveTriangular(r, matmul(q, B, { transposeA: true }), { triangle: "upper" });
      const { l } = cholesky(A);
      const half = solveTriangular(l, B, { triangle: "lower" });
      const byCholesky = solveTriangular(l, half, { triangle: "lower", transpose: true });
      for (const X of [byQr, byCholesky, solveLu(lu(A), B), matmul(inverse(A), B)]) {
        expect(maxDifference(X.data, reference.data)).toBeLessThanOrEqual(allowed);
      }
      expect(maxDifference(byCholesky.data, solveCholesky({ l }, B).data)).toBeLessThanOrEqual(allowed);
      const b = Float64Array.from({ length: n }, (_, i) => B.data[2 * i]);
      const x = solveLu(lu(A), b);
      expect(maxDifference(matvec(A, x), b)).toBeLessThanOrEqual(
        tolerance(BACKWARD, n, norms(A).frobenius * largest(x) + 1),
      );
    }
  });

  test("both back ends give the same bits", () => {
    const A = normalMatrix(createRng(5), 130, 130);
    const B = normalMatrix(createRng(6), 130, 40);
    const run = (backend: "js" | "wasm"): Float64Array[] => {
      setRoutinesBackend(backend);
      const factors = lu(A);
      return [
        solveLu(factors, B).data,
        solveLu(factors, B, { transpose: true }).data,
        solveLu(factors, B.data.slice(0, 130)),
        inverse(A).data,
        solveTriangular(factors.u, B, { triangle: "upper" }).data,
        matvec(A, B.data.slice(0, 130)),
        matvec(A, B.data.slice(0, 130), { transpose: true }),
        nullSpace({ rows: 40, cols: 130, data: B.data }).basis.data,
      ];
    };
    expect(run("js")).toEqual(run("wasm"));
  });

  test("float32 input gives the results of the same numbers in float64", () => {
    const A32 = { rows: 2, cols: 2, data: Float32Array.of(1.1, 2.2, 3.3, 4.5) };
    const A = { rows: 2, cols: 2, data: Float64Array.from(A32.data) };
    const x32 = Float32Array.of(0.1, 0.7);
    const x = Float64Array.from(x32);
    expect(matvec(A32, x32)).toEqual(matvec(A, x));
    expect(solveLu(lu(A32), x32)).toEqual(solveLu(lu(A), x));
    expect(solveTriangular(A32, x32, { triangle: "lower" })).toEqual(solveTriangular(A, x, { triangle: "lower" }));
    expect(inverse(A32)).toEqual(inverse(A));
    expect(nullSpace(A32)).toEqual(nullSpace(A));
    expect(solve(A32, x32)).toEqual(solve(A, x));
  });

  test("no intermediate overflows or vanishes unless the result does", () => {
    for (const [a, b] of [
      [1e-320, 1e-320],
      [1e-310, 1e-150],
      [1e300, 1e300],
      [1.5e308, 1e200],
      [1e-200, 1e100],
      [1e150, 1e-150],
    ] as const) {
      const T = fromRows([
        [a, 0],
        [a, a],
      ]);
      const x = b / a;
      const B = Float64Array.of(b, 2 * b);
      if (2 * b === Infinity || x === Infinity) continue;
      const solved = solveTriangular(T, B, { triangle: "lower" });
      expect(within(solved, [x, x], tolerance(2, 2, x)).ok).toBe(true);
      const byLu = solveLu(lu(T), B);
      expect(within(byLu, [x, x], tolerance(2, 2, x)).ok).toBe(true);
    }
    expect(Array.from(inverse(fromRows([[2 ** -1000]])).data)).toEqual([2 ** 1000]);
  });

  test("property: A A⁻¹ = I, also 0 x 0, 1 x 1 and at the scales 1e±150", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.nat(), fc.constantFrom(1, 1e-150, 1e150), (n, seed, scale) => {
        const A = scaleMatrix(normalMatrix(createRng(seed), n, n), scale);
        const X = inverse(A);
        const { condition } = conditionEstimate(A);
        return maxDifference(matmul(A, X).data, identity(n).data) <= tolerance(FORWARD, n, Math.max(1, condition));
      }),
      { numRuns: 60 },
    );
  });

  test("null space: the whole space, nothing, thresholds", () => {
    expect(nullSpace({ rows: 0, cols: 3, data: new Float64Array(0) }).basis).toEqual(identity(3));
    expect(nullSpace({ rows: 3, cols: 0, data: new Float64Array(0) }).basis).toEqual(matrix(0, 0));
    expect(nullSpace(matrix(2, 2)).basis.cols).toBe(2);
    expect(nullSpace(identity(4)).basis).toEqual(matrix(4, 0));
    const graded = fromRows([
      [1, 0],
      [0, 1e-6],
    ]);
    expect(nullSpace(graded).rank).toBe(2);
    const loose = nullSpace(graded, { rankTolerance: 1e-5 });
    expect([loose.rank, Array.from(loose.basis.data)]).toEqual([1, [0, 1]]);
    // A tall matrix costs its thin decomposition: a full one would need 8 GB here.
    const tall = nullSpace(normalMatrix(createRng(1), 32_000, 2));
    expect(tall.basis.cols).toBe(0);
  });
});

describe("bad input", () => {
  const L = fromRows([
    [2, 0],
    [1, 0],
  ]);
  const b = Float64Array.of(1, 2);

  test("solveTriangular", () => {
    expect(() => solveTriangular(L, b, undefined as never)).toThrow("solveTriangular: options must be an object");
    expect(() => solveTriangular(L, b, {} as never)).toThrow(OptionError);
    expect(() => solveTriangular(L, b, { triangle: "left" } as never)).toThrow(
      'triangle must be one of "lower", "upper"',
    );
    expect(() => solveTriangular(L, b, { triangle: "lower", unit: true } as never)).toThrow(
      'option "unit" must be one of',
    );
    expect(() => solveTriangular(L, b, { triangle: "lower" })).toThrow(SingularError);
    expect(() => solveTriangular(L, b, { triangle: "lower" })).toThrow(
      "solveTriangular: T must be non-singular, got a zero at index 1 of the diagonal; use leastSquares or pinv",
    );
    expect(() => solveTriangular(matrix(2, 3), b, { triangle: "lower" })).toThrow(ShapeError);
    expect(() => solveTriangular(identity(3), b, { triangle: "lower" })).toThrow("B must be of 3 rows");
    expect(() => solveTriangular(fromRows([[1e-300]]), Float64Array.of(1e200), { triangle: "upper" })).toThrow(
      NonFiniteError,
    );
  });

  test("solveLu", () => {
    const factors = lu(L);
    expect(() => solveLu(factors, b)).toThrow(SingularError);
    expect(() => solveLu(factors, b)).toThrow(
      "factorization.u must be non-singular, got a zero at index 1 of the diagonal",
    );
    const good = lu(identity(2));
    expect(() => solveLu(good, Float64Array.of(1))).toThrow("solveLu: B must be of 2 rows");
    expect(() => solveLu(good, b, { transposed: true } as never)).toThrow('option "transposed"');
    expect(() => solveLu({ ...good, permutation: Uint32Array.of(0, 0) }, b)).toThrow(ArgumentError);
    expect(() => solveLu({ ...good, permutation: [0, 1] } as unknown as LuFactorization, b)).toThrow(
      "solveLu: factorization.permutation must be a permutation of 0 … 1 as a Uint32Array, got an array of length 2",
    );
    expect(() => solveLu({ ...good, u: identity(3) }, b)).toThrow(
      "solveLu: factorization.u must be 2 x 2, as l, got 3 x 3",
    );
    expect(() => solveLu(identity(2) as never, b)).toThrow("factorization.l must be a Matrix");
    expect(() => solveLu(undefined as never, b)).toThrow("factorization.l must be a Matrix");
  });

  test("inverse, nullSpace and matvec", () => {
    expect(() => inverse(L)).toThrow(SingularError);
    expect(() => inverse(L)).toThrow("inverse: A must be non-singular, got a zero at pivot 1 of the elimination");
    expect(() => inverse(matrix(2, 3))).toThrow("inverse: A must be square, got 2 x 3");
    expect(() => inverse(fromRows([[1e-310]]))).toThrow(
      "inverse: A must be non-singular, got a solution that overflows",
    );
    expect(() => nullSpace(L, { rankTolerance: 2 })).toThrow(
      "nullSpace: rankTolerance must be a number in [0, 1], got 2",
    );
    expect(() => nullSpace(L, { rcond: 1 } as never)).toThrow('nullSpace: option "rcond"');
    expect(() => matvec(L, Float64Array.of(1))).toThrow("matvec: x must be of 2 rows, got a Float64Array of length 1");
    expect(() => matvec(L, matrix(2, 1) as never)).toThrow(
      "matvec: x must be a vector of length 2, got 2 x 1; use matmul",
    );
    expect(() => matvec(L, [1, 2] as never)).toThrow("matvec: x must be a Float64Array of length 2");
    expect(() => matvec(L, b, { transposeA: true } as never)).toThrow(OptionError);
    expect(() => matvec(fromRows([[1e200, 0]]), Float64Array.of(1e200, 1))).toThrow(
      "matvec: the product A x must be representable",
    );
  });
});
