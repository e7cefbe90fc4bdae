import { describe, expect, test } from "vitest";
import { EPSILON, ResourceError, identity } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  cholesky,
  eig,
  eigh,
  eighHermitian,
  generalizedEigh,
  gram,
  ldl,
  logDeterminant,
  lu,
  pivotedQr,
  qr,
  reconstructSchur,
  schur,
  solve,
  svd,
  tridiagonalEigh,
} from "../../src/linalg/index.js";
import { tolerance, within } from "../support/compare.js";
import { differenceRatio, randomSymmetric, residualRatio, scaleMatrix } from "./support.js";

const BOUND = 20;
const N = 37;
// Powers of two, so that nothing is rounded by the scaling itself; near 1e±90 the folder starts to scale by itself.
const EXPONENTS = [-960, -500, -310, -297, -250, -200, -180, -100, 0, 100, 172, 180, 200, 250, 297, 310, 500, 960];

describe("every power of two between 1e-289 and 1e+289: the same results, scaled", () => {
  const S = randomSymmetric(1, N);
  const A = normalMatrix(createRng(2), N, N);
  const P = gram(normalMatrix(createRng(3), N, N + 10));
  const d = Float64Array.from({ length: N }, (_, i) => S.data[i * (N + 1)]!);
  const e = Float64Array.from({ length: N - 1 }, (_, i) => S.data[i * (N + 1) + 1]!);
  const norm = eigh(S).norm;
  const values = eigh(S).values;
  const close = (actual: Float64Array, expected: Float64Array, scale: number): void => {
    const verdict = within(
      actual.map((x) => x / scale),
      expected,
      tolerance(BOUND, N, norm),
    );
    expect(verdict.ok, verdict.message).toBe(true);
  };

  test.each(EXPONENTS)("2^%i", (exponent) => {
    const scale = 2 ** exponent;
    const symmetric = scaleMatrix(S, scale);
    close(eigh(symmetric, { vectors: false }).values, values, scale);
    close(eigh(symmetric, { vectors: false, range: { indices: [0, N - 1] } }).values, values, scale);
    const whole = eigh(symmetric, { certificate: true });
    expect(residualRatio(symmetric, whole.values, whole.vectors)).toBeLessThanOrEqual(BOUND);
    expect(whole.certificate!.complete).toBe(true);
    close(eighHermitian({ re: symmetric, im: scaleMatrix(S, 0) }, { vectors: false }).values, values, scale);
    for (const vectors of ["none", "first-row", "full"] as const) {
      close(
        tridiagonalEigh(
          d.map((x) => x * scale),
          e.map((x) => x * scale),
          { vectors },
        ).values,
        tridiagonalEigh(d, e, { vectors: "full" }).values,
        scale,
      );
    }
    close(generalizedEigh(symmetric, identity(N)).values, values, scale);
    close(generalizedEigh(S, scaleMatrix(identity(N), 1 / scale), { vectors: false }).values, values, scale);

    const general = scaleMatrix(A, scale);
    for (const method of ["bidiagonal", "jacobi"] as const) {
      const reference = svd(A, { method }).singularValues;
      close(svd(general, { method, vectors: "none" }).singularValues, reference, scale);
      const { certificate, singularValues } = svd(general, { method, certificate: true });
      close(singularValues, reference, scale);
      expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, N));
    }
    for (const factor of [qr, pivotedQr, lu] as const) {
      expect(factor(general, { certificate: true }).certificate!.backwardError).toBeLessThanOrEqual(
        tolerance(BOUND, N),
      );
    }
    expect(ldl(symmetric, { certificate: true }).certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, N));
    expect(cholesky(scaleMatrix(P, scale), { certificate: true }).certificate!.backwardError).toBeLessThanOrEqual(
      tolerance(BOUND, N),
    );
    expect(differenceRatio(general, reconstructSchur(schur(general)))).toBeLessThanOrEqual(BOUND);
    const { residualNorms, real } = eig(general, { vectors: true });
    expect(Math.max(...residualNorms) / scale).toBeLessThanOrEqual(tolerance(BOUND, N, 40));
    expect(Math.abs(real[0]! / scale - eig(A).real[0]!)).toBeLessThan(1e-10);
    const x = solve(general, scaleMatrix(A, scale));
    expect(differenceRatio(identity(N), x)).toBeLessThan(1e5);
    const change = logDeterminant(general).logModulus - logDeterminant(A).logModulus - N * exponent * Math.LN2;
    expect(Math.abs(change)).toBeLessThanOrEqual(tolerance(BOUND, N, Math.abs(exponent) + 1));
  });

  test("values of a tridiagonal matrix with entries from 1e-100 to 1e+85", () => {
    const rng = createRng(5);
    for (let run = 0; run < 40; run++) {
      const n = 3 + (run % 30);
      const entry = (): number => rng.normal() * 2 ** Math.round(-330 + 610 * rng.uniform());
      const diagonal = Float64Array.from({ length: n }, entry);
      const off = Float64Array.from({ length: n - 1 }, entry);
      const none = tridiagonalEigh(diagonal, off, { vectors: "none" }).values;
      const full = tridiagonalEigh(diagonal, off, { vectors: "full" }).values;
      const size = Math.max(Math.abs(full[0]!), Math.abs(full[n - 1]!));
      expect(within(none, full, BOUND * n * EPSILON * size).ok).toBe(true);
    }
  });
});

test("full singular vectors beyond memory are refused with their size", () => {
  const n = 400_000;
  const column = { rows: n, cols: 1, data: new Float64Array(n).fill(1) };
  expect(() => svd(column, { vectors: "full" })).toThrow(ResourceError);
  expect(() => svd(column, { vectors: "full" })).toThrow(
    "svd: the result must be small enough to allocate, got 160000000000",
  );
  expect(() => qr(column, { mode: "full" })).toThrow(ResourceError);
});
