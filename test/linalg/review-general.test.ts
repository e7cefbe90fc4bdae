import { describe, expect, test } from "vitest";
import { type Matrix, fromRows } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { eig, matmul, orthogonalMatrix, schur } from "../../src/linalg/index.js";
import { tolerance } from "../support/compare.js";
import { scaleMatrix } from "./support.js";

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
