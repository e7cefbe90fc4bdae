import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { eig, eigh, eighHermitian, pivotedQr, qr, schur, svd } from "../../src/linalg/index.js";
import { makeReflector } from "../../src/linalg/reflectors.js";
import { orthogonalityLoss, tolerance } from "../support/compare.js";
import { symmetrize } from "./support.js";

const BOUND = 20;

/** Entries ± 10^u, u uniform in ±`decades`; a share of them zero. */
function wild(seed: number, rows: number, cols: number, decades: number, zeros: number): Matrix {
  const rng = createRng(seed);
  const data = Float64Array.from({ length: rows * cols }, () =>
    rng.uniform() < zeros ? 0 : (rng.uniform() < 0.5 ? -1 : 1) * 10 ** ((2 * rng.uniform() - 1) * decades),
  );
  return { rows, cols, data };
}

test("a reflector of subnormal numbers is as orthogonal as any other", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const n = 2 + (seed % 7);
    const x = normalMatrix(createRng(seed), n, 1).data.map((entry) => entry * 1e-320);
    const y = x.slice();
    const tau = makeReflector(y, 0, n);
    // H = I − τ v vᵀ is orthogonal exactly when τ ‖v‖² = 2 (or τ = 0).
    let squares = 1;
    for (let i = 1; i < n; i++) squares += y[i]! * y[i]!;
    if (tau !== 0) expect(Math.abs(tau * squares - 2)).toBeLessThanOrEqual(tolerance(4, n));
    const norm = Math.hypot(...x.map((entry) => entry * 2 ** 600)) / 2 ** 600;
    expect(Math.abs(Math.abs(y[0]!) - norm)).toBeLessThanOrEqual(5e-324);
  }
});

test("columns from the largest to the subnormal numbers: orthogonal factors stay orthogonal", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const rows = 2 + (seed % 9);
    const cols = 2 + (seed % 5);
    // Beside entries near one, columns that only the subnormal numbers hold.
    const B = normalMatrix(createRng(seed), rows, cols);
    const graded = { ...B, data: B.data.map((entry, k) => entry * 10 ** (-160 * (k % cols))) };
    const subnormal = { ...B, data: B.data.map((entry, k) => (k % cols === 0 ? (k === 0 ? 1 : 0) : entry * 1e-320)) };
    for (const A of [graded, subnormal, wild(seed, rows, cols, 300, 0.3)]) {
      const size = Math.max(rows, cols);
      expect(orthogonalityLoss(qr(A, { mode: "full" }).q)).toBeLessThanOrEqual(tolerance(BOUND, size));
      expect(orthogonalityLoss(pivotedQr(A).q)).toBeLessThanOrEqual(tolerance(BOUND, size));
      for (const method of ["bidiagonal", "jacobi"] as const) {
        const { u, v } = svd(A, { method, vectors: "full" });
        expect(orthogonalityLoss(u)).toBeLessThanOrEqual(tolerance(BOUND, size));
        expect(orthogonalityLoss(v)).toBeLessThanOrEqual(tolerance(BOUND, size));
      }
    }
    const S = symmetrize(wild(seed, rows, rows, 290, 0.3));
    expect(orthogonalityLoss(eigh(S).vectors)).toBeLessThanOrEqual(tolerance(BOUND, rows));
    const zero = { ...S, data: new Float64Array(rows * rows) };
    expect(
      eighHermitian({ re: S, im: zero }, { certificate: true }).certificate!.orthogonalityLoss,
    ).toBeLessThanOrEqual(tolerance(BOUND, rows));
    expect(orthogonalityLoss(schur(wild(seed, rows, rows, 290, 0.3)).q)).toBeLessThanOrEqual(tolerance(BOUND, rows));
  }
});

test("half of the entries zero, the others over 600 decades: QR sweeps settle", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const A = wild(seed, 50, 50, 300, 0.5);
    const { real, imaginary } = eig(A);
    expect([...real, ...imaginary].every(Number.isFinite)).toBe(true);
    const { certificate } = schur(A, { certificate: true });
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, 50));
    expect(certificate!.orthogonalityLoss!).toBeLessThanOrEqual(tolerance(BOUND, 50));
  }
});

test("Hermitian matrices with subnormal entries beside ordinary ones: phases of modulus one", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const n = 2 + (seed % 5);
    const rng = createRng(seed);
    const entry = (): number =>
      rng.uniform() < 0.3 ? Number.MIN_VALUE * Math.floor(8 * rng.uniform() - 4) : rng.normal() * 10 ** (seed % 40);
    const re = new Float64Array(n * n);
    const im = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        re[i * n + j] = re[j * n + i] = entry();
        if (i === j) continue;
        im[i * n + j] = entry();
        im[j * n + i] = -im[i * n + j]!;
      }
    }
    const square = (data: Float64Array): Matrix => ({ rows: n, cols: n, data });
    const { certificate } = eighHermitian({ re: square(re), im: square(im) }, { certificate: true });
    expect(certificate!.orthogonalityLoss).toBeLessThanOrEqual(tolerance(BOUND, n));
    expect(certificate!.backwardError).toBeLessThanOrEqual(tolerance(BOUND, n));
  }
});
