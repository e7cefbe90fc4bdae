import { describe, expect, test } from "vitest";
import { EPSILON, type Matrix } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  cholesky,
  eigh,
  eighHermitian,
  generalizedEigh,
  gram,
  ldl,
  lu,
  orthogonalMatrix,
  pivotedQr,
  qr,
  reconstructCholesky,
  reconstructLdl,
  reconstructLu,
  reconstructPivotedQr,
  reconstructQr,
  reconstructSchur,
  reconstructSvd,
  schur,
  svd,
} from "../../src/linalg/index.js";
import { certifyFactors } from "../../src/linalg/certificate.js";
import { certifyEigen } from "../../src/linalg/eigh-certificate.js";
import { norm2 } from "../../src/linalg/input.js";
import { certifyHermitian, certifyPencil } from "../../src/linalg/vector-certificate.js";
import { tolerance } from "../support/compare.js";
import { assemble, randomSymmetric, withSpectrum } from "./support.js";

const BOUND = 20;
const N = 24;
const WRONG = 1e-9; // relative error of one entry of one factor

/** A copy with one entry moved by a relative error. */
function spoil(A: Matrix, at: number): Matrix {
  const data = A.data.slice();
  data[at]! *= 1 + WRONG;
  return { ...A, data };
}

describe("a wrong factor shows in the certificate of its factorisation", () => {
  const A = normalMatrix(createRng(1), N, N);
  const S = randomSymmetric(2, N);
  const P = gram(normalMatrix(createRng(3), N, 2 * N));
  const largest = (M: Matrix): number =>
    M.data.reduce((best, v, k) => (Math.abs(v) > Math.abs(M.data[best]!) ? k : best), 0);
  const [q, p, c, l, d, t, s] = [qr(A), pivotedQr(A), cholesky(P), lu(A), ldl(S), schur(A), svd(A)];
  const cases: [string, Matrix, Matrix, Matrix, readonly Matrix[]][] = [
    ["qr", A, reconstructQr(q), reconstructQr({ ...q, r: spoil(q.r, largest(q.r)) }), [q.q]],
    ["pivotedQr", A, reconstructPivotedQr(p), reconstructPivotedQr({ ...p, r: spoil(p.r, largest(p.r)) }), [p.q]],
    ["cholesky", P, reconstructCholesky(c), reconstructCholesky({ l: spoil(c.l, largest(c.l)) }), []],
    ["lu", A, reconstructLu(l), reconstructLu({ ...l, u: spoil(l.u, largest(l.u)) }), []],
    ["ldl", S, reconstructLdl(d), reconstructLdl({ ...d, l: spoil(d.l, largest(d.l)) }), []],
    ["schur", A, reconstructSchur(t), reconstructSchur({ ...t, t: spoil(t.t, largest(t.t)) }), [t.q]],
    ["svd", A, reconstructSvd(s), reconstructSvd({ ...s, u: spoil(s.u, largest(s.u)) }), [s.u, s.v]],
  ];

  test.each(cases)("%s", (_name, original, product, wrong, orthogonal) => {
    const right = certifyFactors(original, () => product, orthogonal);
    expect(right.backwardError).toBeLessThanOrEqual(tolerance(BOUND, N));
    const bad = certifyFactors(original, () => wrong, orthogonal);
    expect(bad.backwardError).toBeGreaterThan(tolerance(BOUND, N));
    expect(bad.errorBound).toBeGreaterThan(100 * right.errorBound);
  });

  test("an orthogonal factor that is not orthogonal", () => {
    const loss = certifyFactors(A, () => reconstructQr(q), [spoil(q.q, largest(q.q))]);
    expect(loss.orthogonalityLoss!).toBeGreaterThan(tolerance(BOUND, N));
    expect(loss.errorBound).toBeGreaterThan(100 * certifyFactors(A, () => reconstructQr(q), [q.q]).errorBound);
  });

  test("a wrong permutation", () => {
    const permutation = p.permutation.slice().reverse();
    expect(certifyFactors(A, () => reconstructPivotedQr({ ...p, permutation }), [p.q]).backwardError).toBeGreaterThan(
      0.1,
    );
  });
});

describe("eigendecompositions", () => {
  const A = withSpectrum(
    4,
    Array.from({ length: N }, (_, i) => i - 7.5),
  );
  const norm = norm2(A.data, 0, N * N);
  const { values, vectors } = eigh(A);
  const whole = { first: 0, before: -Infinity, after: Infinity };

  test("the right one is complete, and its bounds hold", () => {
    const certificate = certifyEigen(A, norm, { ...whole, values }, vectors, 1);
    expect(certificate.complete).toBe(true);
    // The construction of A itself is rounded: a few n ε ‖A‖.
    values.forEach((value, i) => {
      expect(Math.abs(value - (i - 7.5))).toBeLessThanOrEqual(certificate.errorBounds[i]! + tolerance(4, N, norm));
    });
  });

  test("a value that is off enters its bound and its residual", () => {
    const wrong = values.slice();
    wrong[5]! += 1e-6;
    const certificate = certifyEigen(A, norm, { ...whole, values: wrong }, vectors, 1);
    expect(certificate.residualNorms[5]).toBeGreaterThan(0.99e-6);
    expect(certificate.errorBounds[5]).toBeGreaterThan(1e-6);
    expect(certificate.backwardError).toBeGreaterThan(tolerance(BOUND, N));
  });

  test("one pair twice and another missed: orthogonality and the count tell", () => {
    const [from, to] = [9, 3];
    const doubled = values.slice();
    const data = vectors.data.slice();
    for (let i = 0; i < N; i++) data[i * N + to] = data[i * N + from]!;
    doubled[to] = doubled[from]!;
    const order = Array.from(doubled, (_, k) => k).sort((a, b) => doubled[a]! - doubled[b]!);
    const sorted = Float64Array.from(order, (k) => doubled[k]!);
    const columns = data.map((_, k) => data[Math.floor(k / N) * N + order[k % N]!]!);
    const certificate = certifyEigen(A, norm, { ...whole, values: sorted }, { rows: N, cols: N, data: columns }, 1);
    expect(certificate.backwardError).toBeLessThanOrEqual(tolerance(BOUND, N)); // residuals alone see nothing
    expect(certificate.orthogonalityLoss).toBeGreaterThan(0.9);
    // The bound spans the spectrum then: shifts beyond its ends alone confirm nothing.
    expect(certificate.complete).toBe(false);
  });

  test("a part with a wrong index is not complete", () => {
    const { values: some, vectors: columns, first } = eigh(A, { range: { indices: [4, 6] } });
    const part = { values: some, first, before: values[3]!, after: values[7]! };
    expect(certifyEigen(A, norm, part, columns, 1).complete).toBe(true);
    const shifted = certifyEigen(A, norm, { ...part, first: 5 }, columns, 1);
    expect(shifted.complete).toBe(false);
    expect(shifted.counts.some((check) => check.expected !== check.found)).toBe(true);
  });

  test("empty intervals are confirmed by inertia at both ends of their gap", () => {
    for (const n of [10, 60]) {
      const B = withSpectrum(
        n,
        Array.from({ length: n }, (_, i) => i),
      );
      for (const interval of [
        [2.25, 2.75],
        [-9, -8],
        [n + 1, n + 2],
      ] as const) {
        const { values: none, certificate, first } = eigh(B, { range: { interval }, certificate: true });
        expect(none.length).toBe(0);
        expect(certificate!.complete).toBe(true);
        expect(certificate!.counts.length).toBeGreaterThan(0);
        for (const check of certificate!.counts) expect([check.expected, check.found]).toEqual([first, first]);
      }
    }
    const part = { values: new Float64Array(0), before: values[4]!, after: values[6]! };
    const none = { rows: N, cols: 0, data: new Float64Array(0) };
    expect(certifyEigen(A, norm, { ...part, first: 5 }, none, 1).complete).toBe(false); // values[5] was missed
  });

  test("a range that ends inside a cluster says that it confirms nothing there", () => {
    const cluster = assemble(
      Float64Array.from({ length: 12 }, (_, i) => (i < 6 ? 1 : 2 + i)),
      new Float64Array(11),
    );
    expect(eigh(cluster, { range: { indices: [2, 3] }, certificate: true }).certificate!.complete).toBe(false);
    expect(eigh(cluster, { range: { indices: [0, 5] }, certificate: true }).certificate!.complete).toBe(true);
  });

  test("resolved: eigenvalues below n ε ‖A‖ are not told from zero", () => {
    const Q = orthogonalMatrix(createRng(5), 8);
    const spectrum = [0, 0, 1e-18, 1e-3, 1, 2, 3, 4];
    const B = withSpectrum(6, spectrum);
    const { resolved, values: found } = eigh(B);
    expect(Q.rows).toBe(8);
    expect(resolved.slice(0, 3)).toEqual([false, false, false]);
    expect(resolved.slice(3)).toEqual([true, true, true, true, true]);
    expect(Math.abs(found[0]!)).toBeLessThanOrEqual(8 * EPSILON * 6);
  });

  test("Hermitian matrices and pencils", () => {
    const re = randomSymmetric(7, 12);
    const G = normalMatrix(createRng(8), 12, 12).data;
    const im = { ...re, data: re.data.map((_, k) => G[k]! - G[(k % 12) * 12 + Math.floor(k / 12)]!) };
    const h = eighHermitian({ re, im }, { certificate: true });
    expect(h.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 12));
    const turned = { ...h.vectors, im: spoil(h.vectors.im, 30) };
    const bad = certifyHermitian({ re, im }, h.norm, h.values, turned);
    expect(Math.max(bad.backwardError, bad.orthogonalityLoss)).toBeGreaterThan(tolerance(BOUND, 12));

    const A12 = randomSymmetric(9, 12);
    const B12 = gram(normalMatrix(createRng(10), 12, 40));
    const p = generalizedEigh(A12, B12, { certificate: true });
    expect(p.certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 12));
    const wrong = certifyPencil(A12, B12, p.values, spoil(p.vectors, 17));
    expect(Math.max(wrong.backwardError, wrong.orthogonalityLoss)).toBeGreaterThan(tolerance(BOUND, 12));
  });
});
