import { afterEach, expect, test, vi } from "vitest";
import { eigh } from "../../src/linalg/index.js";
import { isWorthKeeping, sharedStores } from "../../src/linalg/worker-stores.js";
import { normalMatrix, createRng } from "../../src/random/index.js";
import { arenaOver, createMemory, fusedProducts } from "../../src/routines/backend.js";
import { gemm, openStore, setRoutinesBackend, shareStore, symv, symvRows } from "../../src/routines/index.js";

afterEach(() => {
  setRoutinesBackend("auto");
  vi.unstubAllGlobals();
});

test("a shared store holds the same numbers for every thread; products in it have the bits of an ordinary array", () => {
  for (const backend of ["wasm", "js"] as const) {
    setRoutinesBackend(backend);
    const n = 70;
    const store = shareStore(3 * n * n, n, 2);
    if (store === null) throw new Error("no shared memory in Node");
    expect(store.memory instanceof SharedArrayBuffer).toBe(backend === "js");
    const [plain, zero, one] = [openStore(store), openStore(store, 0), openStore(store, 1)];
    const A = normalMatrix(createRng(1), n, n).data;
    plain.set(A);
    zero.set(A, n * n);
    expect(one.slice(0, 2 * n * n)).toEqual(Float64Array.of(...A, ...A));
    const expected = new Float64Array(n * n);
    gemm(false, true, n, n, n, 1, A, 0, n, A, 0, n, 0, expected, 0, n);
    gemm(false, true, 30, n, n, 1, zero, 0, n, zero, n * n, n, 0, zero, 2 * n * n, n);
    gemm(false, true, 40, n, n, 1, one, 30 * n, n, one, n * n, n, 0, one, 2 * n * n + 30 * n, n);
    expect(plain.slice(2 * n * n)).toEqual(expected);
  }
});

test("both modules run over shared memory too, the fused one where the engine has it", () => {
  const [shared, own] = [createMemory(10, true), createMemory(10, false)];
  if (shared === null || own === null) throw new Error("no WebAssembly memory in Node");
  expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
  const arena = arenaOver(shared);
  expect(Object.keys(arena?.functions ?? {})).toEqual(Object.keys(arenaOver(own)?.functions ?? {}));
  expect(Object.keys(arena?.functions ?? {})).toContain("multiplyPanels");
  expect(fusedProducts(shared) === null).toBe(fusedProducts(own) === null);
});

test("without shared memory there is no store", () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect(shareStore(10, 2, 1)).toBeNull();
  expect(sharedStores(1).borrow(10, 2)).toBeNull();
});

test("stores come back for the same shape and back end, not after they were dropped, and not when they are large", () => {
  const stores = sharedStores(2);
  const first = stores.borrow(1000, 10)!;
  const second = stores.borrow(1000, 10)!;
  expect(second.id).not.toBe(first.id);
  expect(stores.known()).toEqual([first.id, second.id]);
  stores.giveBack(first);
  expect(stores.borrow(1000, 11)!.id).not.toBe(first.id);
  expect(stores.borrow(1000, 10)!.id).toBe(first.id);
  stores.giveBack(first);
  setRoutinesBackend("js");
  expect(stores.borrow(1000, 10)!.id).not.toBe(first.id);
  setRoutinesBackend("auto");
  stores.drop(second);
  expect(stores.known()).not.toContain(second.id);
  const large = stores.borrow(2 ** 23 + 1, 10)!;
  expect([isWorthKeeping(first.store.length), isWorthKeeping(large.store.length)]).toEqual([true, false]);
  stores.giveBack(large);
  expect(stores.known()).not.toContain(large.id);
});

test("symvRows: pieces add up to symv, from row 0 they are symv, in both back ends with the same bits", () => {
  const n = 101;
  const a = normalMatrix(createRng(2), n, n).data;
  const x = normalMatrix(createRng(3), n, 1).data;
  const whole = new Float64Array(n);
  symv(n, 0.75, a, 0, n, x, 0, 0, whole, 0);
  const fromZero = new Float64Array(n);
  symvRows(0, n, 0.75, a, 0, n, x, 0, fromZero, 0);
  expect(fromZero).toEqual(whole);
  const shared = openStore(shareStore(n * n + 2 * n, n, 1)!, 0);
  shared.set(a);
  shared.set(x, n * n);
  const sum = new Float64Array(n);
  for (const [first, end] of [
    [0, 52],
    [52, 100],
    [100, 101],
  ]) {
    const piece = new Float64Array(n);
    symvRows(first, end, 0.75, a, 0, n, x, 0, piece, 0);
    shared.fill(0, n * n + n);
    symvRows(first, end, 0.75, shared, 0, n, shared, n * n, shared, n * n + n);
    expect(shared.slice(n * n + n)).toEqual(piece);
    for (let i = 0; i < n; i++) sum[i] += piece[i];
  }
  for (let i = 0; i < n; i++) expect(Math.abs(sum[i] - whole[i])).toBeLessThan(1e-13);
  expect(() => symvRows(2, n, 1, a, 0, n, x, 0, sum, 0)).toThrow("symvRows: first must be a multiple of 4, got 2");
});

test("eigenvectors of orders around the edges of the pieces", () => {
  for (const n of [255, 256, 257, 259]) {
    const A = normalMatrix(createRng(n), n, n);
    const { values } = eigh(A, { triangle: "lower" });
    let trace = 0;
    for (let i = 0; i < n; i++) trace += A.data[i * (n + 1)];
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) - trace)).toBeLessThan(1e-11);
  }
});
