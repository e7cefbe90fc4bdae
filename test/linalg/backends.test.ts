import { afterAll, expect, test } from "vitest";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  cholesky,
  eig,
  eigh,
  eighHermitian,
  expm,
  gram,
  ldl,
  lu,
  matmul,
  qr,
  schur,
  solve,
  svd,
} from "../../src/linalg/index.js";
import { routinesBackend, setRoutinesBackend } from "../../src/routines/index.js";
import { randomSymmetric } from "./support.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

/** All Float64Arrays of a result, in order. */
function arraysOf(value: unknown): Float64Array[] {
  if (value instanceof Float64Array) return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(arraysOf);
}

test.each([7, 48, 130])("order %i: JavaScript and WebAssembly routines give identical bits", (n) => {
  const S = randomSymmetric(n, n);
  const G = normalMatrix(createRng(n), n, n);
  const P = gram(normalMatrix(createRng(n + 1), n, n + 5));
  const run = (): unknown[] => [
    matmul(G, S, { transposeA: true }).data,
    eigh(S),
    eigh(S, { range: { indices: [1, 3] } }),
    eighHermitian({ re: S, im: { ...S, data: new Float64Array(n * n) } }),
    eig(G, { vectors: n < 100 }),
    svd(G),
    svd(G, { method: "jacobi" }),
    qr(G),
    cholesky(P),
    lu(G),
    ldl(S),
    schur(S),
    expm(G),
    solve(P, G),
  ];
  setRoutinesBackend("js");
  const plain = run();
  expect(routinesBackend()).toBe("js");
  // "auto" is WebAssembly where the engine has it; elsewhere this test compares JavaScript with itself.
  setRoutinesBackend("auto");
  const fast = run();
  const [left, right] = [arraysOf(plain), arraysOf(fast)];
  expect(left.length).toBeGreaterThan(20);
  expect(right.map((array) => array.length)).toEqual(left.map((array) => array.length));
  expect(left.every((array, k) => array.every((entry, i) => Object.is(entry, right[k]![i])))).toBe(true);
});
