import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.resetModules();
});

test("an engine that compiles but refuses instances or memories falls back to JavaScript, with the same bits", async () => {
  const n = 60;
  const product = async (): Promise<number[]> => {
    vi.resetModules();
    const { gemm, residentMatrix, symv } = await import("../../src/routines/index.js");
    const a = residentMatrix(n, n);
    for (let i = 0; i < n * n; i++) a[i] = ((i * 7919) % 1009) / 1009;
    const c = new Float64Array(n * n);
    gemm(false, true, n, n, n, 1, a, 0, n, a, 0, n, 0, c, 0, n);
    const y = new Float64Array(n);
    symv(n, 1, a, 0, n, c, 0, 0, y, 0);
    return [...c, ...y];
  };
  const expected = await product();
  const refuse = class {
    constructor() {
      throw new RangeError("refused");
    }
  };
  const { Module, Memory, Instance, compile } = WebAssembly;
  for (const part of [
    { Module, Memory, Instance: refuse, compile },
    { Module, Memory: refuse, Instance, compile },
  ]) {
    vi.stubGlobal("WebAssembly", part);
    expect(await product()).toEqual(expected);
    vi.unstubAllGlobals();
  }
});

test("an unknown value of EIGENSCOPE_BACKEND counts as auto", async () => {
  vi.resetModules();
  const { routinesBackend } = await import("../../src/routines/index.js");
  const found = routinesBackend();
  vi.stubEnv("EIGENSCOPE_BACKEND", "gpu");
  vi.resetModules();
  const fresh = await import("../../src/routines/index.js");
  expect(fresh.routinesBackend()).toBe(found);
});
