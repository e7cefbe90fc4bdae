import { expect, expectTypeOf, test } from "vitest";
import { type Matrix, fromRows, matrix } from "../../src/core/index.js";
import {
  type EighCertificate,
  type EighOptions,
  type FactorizationCertificate,
  type MatrixInput,
  type SvdOptions,
  type TridiagonalEighOptions,
  type VectorInput,
  cholesky,
  eig,
  eigh,
  eighHermitian,
  generalizedEigh,
  ldl,
  leastSquares,
  lu,
  pivotedQr,
  qr,
  schur,
  solve,
  solveCholesky,
  solveLu,
  solveTriangular,
  svd,
  tridiagonalEigh,
  workerPool,
} from "../../src/linalg/index.js";

const A = fromRows([
  [2, 1],
  [1, 2],
]);
const [d, e] = [Float64Array.of(2, 2), Float64Array.of(1)];

test("what the options ask for is not null in the type, and what they refuse may be", () => {
  expectTypeOf(eigh(A).vectors).toEqualTypeOf<Matrix>();
  expectTypeOf(eigh(A, { range: { indices: [0, 0] } }).vectors).toEqualTypeOf<Matrix>();
  expectTypeOf(eigh(A, { vectors: false }).vectors).toEqualTypeOf<Matrix | null>();
  expectTypeOf(eigh(A, { vectors: true } as EighOptions).vectors).toEqualTypeOf<Matrix | null>();
  expectTypeOf(svd(A).u).toEqualTypeOf<Matrix>();
  expectTypeOf(svd(A, { vectors: "full", method: "jacobi" }).v).toEqualTypeOf<Matrix>();
  expectTypeOf(svd(A, { vectors: "none" }).u).toEqualTypeOf<Matrix | null>();
  expectTypeOf(svd(A, { vectors: "thin" } as SvdOptions).u).toEqualTypeOf<Matrix | null>();
  expectTypeOf(eig(A, { vectors: true }).residualNorms).toEqualTypeOf<Float64Array>();
  expectTypeOf(
    eighHermitian({
      re: A,
      im: fromRows([
        [0, 0],
        [0, 0],
      ]),
    }).vectors.re,
  ).toEqualTypeOf<Matrix>();
  expectTypeOf(generalizedEigh(A, A).vectors).toEqualTypeOf<Matrix>();
  // Tridiagonal: three choices, three types.
  expectTypeOf(tridiagonalEigh(d, e).firstRow).toEqualTypeOf<Float64Array>();
  expectTypeOf(tridiagonalEigh(d, e, { vectors: "first-row" }).firstRow).toEqualTypeOf<Float64Array>();
  expectTypeOf(tridiagonalEigh(d, e, { vectors: "full" }).vectors).toEqualTypeOf<Matrix>();
  expectTypeOf(tridiagonalEigh(d, e, { vectors: "full" }).firstRow).toEqualTypeOf<Float64Array>();
  expectTypeOf(tridiagonalEigh(d, e, { vectors: "none" }).firstRow).toEqualTypeOf<Float64Array | null>();
  expectTypeOf(tridiagonalEigh(d, e, {} as TridiagonalEighOptions).vectors).toEqualTypeOf<Matrix | null>();
  // … and that is what they hold.
  expect([tridiagonalEigh(d, e).vectors, tridiagonalEigh(d, e, { vectors: "none" }).firstRow]).toEqual([null, null]);
  expect(tridiagonalEigh(d, e, { vectors: "full" }).firstRow.length).toBe(2);
});

test("a certificate that was asked for is not null in the type", () => {
  expectTypeOf(eigh(A, { certificate: true }).certificate).toEqualTypeOf<EighCertificate>();
  expectTypeOf(eigh(A, { certificate: true }).vectors).toEqualTypeOf<Matrix>();
  expectTypeOf(eigh(A, { certificate: false }).certificate).toEqualTypeOf<EighCertificate | null>();
  expectTypeOf(eigh(A).certificate).toEqualTypeOf<EighCertificate | null>();
  const chosen: boolean = A.rows > 0;
  expectTypeOf(eigh(A, { certificate: chosen }).certificate).toEqualTypeOf<EighCertificate | null>();
  expectTypeOf(eigh(A, { certificate: chosen }).vectors).toEqualTypeOf<Matrix>();
  expectTypeOf(svd(A, { certificate: true, method: "jacobi" }).certificate).toEqualTypeOf<FactorizationCertificate>();
  expectTypeOf(qr(A, { certificate: true, mode: "full" }).certificate).toEqualTypeOf<FactorizationCertificate>();
  expectTypeOf(qr(A).certificate).toEqualTypeOf<FactorizationCertificate | null>();
  const measured = [
    qr(A, { certificate: true }).certificate.backwardError,
    pivotedQr(A, { certificate: true }).certificate.backwardError,
    cholesky(A, { certificate: true }).certificate.backwardError,
    lu(A, { certificate: true }).certificate.backwardError,
    ldl(A, { certificate: true, shift: 0.5 }).certificate.backwardError,
    schur(A, { certificate: true }).certificate.backwardError,
    svd(A, { certificate: true }).certificate.backwardError,
    eigh(A, { certificate: true }).certificate.backwardError,
    tridiagonalEigh(d, e, { vectors: "full", certificate: true }).certificate.backwardError,
    generalizedEigh(A, A, { certificate: true }).certificate.backwardError,
    eighHermitian({ re: A, im: matrix(2, 2) }, { certificate: true }).certificate.backwardError,
  ];
  for (const error of measured) expect(error).toBeLessThan(1e-15);
});

test("the pool types what the plain function types", async () => {
  const pool = workerPool({ workers: 1 });
  const { vectors } = await pool.eigh(A);
  expectTypeOf(vectors).toEqualTypeOf<Matrix>();
  const none = await pool.eigh(A, { vectors: false });
  expectTypeOf(none.vectors).toEqualTypeOf<Matrix | null>();
  expect([vectors.rows, none.vectors]).toEqual([2, null]);
  const certified = await pool.eigh(A, { certificate: true });
  expectTypeOf(certified.certificate).toEqualTypeOf<EighCertificate>();
  expect(certified.certificate.complete).toBe(true);
  await pool.close();
});

test("a right-hand side of either kind goes through, and its kind comes back", () => {
  const b: VectorInput = Float32Array.of(3, 3);
  expectTypeOf(solve(A, b)).toEqualTypeOf<Float64Array>();
  expectTypeOf(solve(A, A)).toEqualTypeOf<Matrix>();
  const either = (B: MatrixInput | VectorInput): (Matrix | Float64Array)[] => [
    solve(A, B),
    leastSquares(A, B).solution,
    solveCholesky(
      {
        l: fromRows([
          [1, 0],
          [0, 1],
        ]),
      },
      B,
    ),
    solveLu(
      {
        l: fromRows([
          [1, 0],
          [0, 1],
        ]),
        u: A,
        permutation: Uint32Array.of(0, 1),
      },
      B,
    ),
    solveTriangular(A, B, { triangle: "lower" }),
  ];
  for (const x of either(b)) expect(x).toBeInstanceOf(Float64Array);
  for (const X of either(A)) expect(X).toHaveProperty("rows", 2);
});
