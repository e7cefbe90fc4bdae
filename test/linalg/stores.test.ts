import { expect, test, vi } from "vitest";
import type { Matrix } from "../../src/core/index.js";
import * as linalg from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";

/** Work arrays that are lent now. */
const lent = vi.hoisted(() => new Set<Float64Array>());

vi.mock(import("../../src/linalg/stores.js"), async (original) => {
  const stores = await original();
  return {
    borrowStore: (rows, cols) => {
      const store = stores.borrowStore(rows, cols);
      if (lent.has(store)) throw new Error("lent twice");
      lent.add(store);
      return store;
    },
    releaseStore: (store, rows, cols) => {
      if (!lent.delete(store)) throw new Error("given back without being lent");
      stores.releaseStore(store, rows, cols);
    },
  };
});

test.each([20, 130])("every work array of order %i is given back once, also by singular matrices", (n) => {
  lent.clear();
  const rng = createRng(n);
  const A = normalMatrix(rng, n, n);
  const S = linalg.gram(A);
  const zero: Matrix = { rows: n, cols: n, data: new Float64Array(n * n) };
  const tall = normalMatrix(rng, n + 30, n);
  const b = tall.data.slice(0, n);
  const calls: Record<string, () => unknown> = {
    lu: () => linalg.lu(A),
    solve: () => linalg.solve(A, b),
    "solve, several": () => linalg.solve(A, A),
    logDeterminant: () => linalg.logDeterminant(A),
    "logDeterminant, singular": () => linalg.logDeterminant(zero),
    conditionEstimate: () => linalg.conditionEstimate(A),
    "conditionEstimate, singular": () => linalg.conditionEstimate(zero),
    ldl: () => linalg.ldl(S),
    inertia: () => linalg.inertia(S),
    cholesky: () => linalg.cholesky(S),
    "tryCholesky, singular": () => linalg.tryCholesky(zero),
    qr: () => linalg.qr(tall),
    pivotedQr: () => linalg.pivotedQr(tall),
    leastSquares: () => linalg.leastSquares(tall, normalMatrix(rng, n + 30, 2)),
    svd: () => linalg.svd(tall),
    "svd, values": () => linalg.svd(tall, { vectors: "none" }),
    "svd, jacobi": () => linalg.svd(tall, { method: "jacobi" }),
    schur: () => linalg.schur(A),
    eig: () => linalg.eig(A),
    "eig, values": () => linalg.eig(A, { vectors: false }),
    eigh: () => linalg.eigh(S, { certificate: true }),
    "eigh, values": () => linalg.eigh(S, { vectors: false }),
    "eigh, a few": () => linalg.eigh(S, { range: { indices: [1, 3] } }),
    eighHermitian: () => linalg.eighHermitian({ re: S, im: zero }),
    "eighHermitian, values": () => linalg.eighHermitian({ re: S, im: zero }, { vectors: false }),
    tridiagonalEigh: () => linalg.tridiagonalEigh(b, b.subarray(1), { vectors: "full" }),
    expm: () => linalg.expm(A),
  };
  for (const [name, call] of Object.entries(calls)) {
    call();
    expect([name, lent.size]).toEqual([name, 0]);
  }
});
