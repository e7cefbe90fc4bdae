import { execFileSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createFftPlan } from "../../src/fft/index.js";
import { createRng } from "../../src/random/index.js";
import {
  createFftEngine,
  fftRadices,
  gemm,
  gemmLower,
  gemv,
  mirrorLower,
  prepareRoutines,
  residentMatrix,
  routinesBackend,
  setRoutinesBackend,
  symv,
  transformBy,
  transformGrid,
  syr2kLower,
  syrk,
  trsm,
} from "../../src/routines/index.js";
import { createArena } from "../../src/routines/backend.js";
import { fftTwiddles } from "../../src/routines/fft-passes.js";
import { firstBitDifference } from "./twins.js";

afterEach(() => {
  setRoutinesBackend("auto");
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** Runs a routine on both back ends and returns the first entry whose bits differ, −1 when none does. */
function bitDifference(run: () => Float64Array): number {
  setRoutinesBackend("js");
  const reference = run();
  expect(setRoutinesBackend("wasm")).toBe("wasm");
  return firstBitDifference(run(), reference);
}

/** Entries with wildly different magnitudes, exact zeros of both signs included. */
function entries(seed: number, length: number, scale: number): Float64Array {
  const rng = createRng(seed);
  return Float64Array.from({ length }, () => {
    const kind = rng.uint32() % 16;
    return kind === 0 ? 0 : kind === 1 ? -0 : kind === 2 ? rng.normal() * scale * 1e-9 : rng.normal() * scale;
  });
}

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(63, 64, 65, 127, 128, 129, 130));
const depth = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(255, 256, 257, 513));
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const scale = fc.constantFrom(1, 1e150, 1e-150, 1e-310);

test("the committed module is what its sources compile to", () => {
  const script = new URL("../../scripts/build-wasm.mjs", import.meta.url);
  // Exit code 1, hence an exception, when the bytes differ.
  expect(execFileSync(process.execPath, [script.pathname, "--check"], { encoding: "utf8" })).toBe("");
});

test("gemm, syrk, syr2kLower and trsm give the same bits in both back ends", () => {
  fc.assert(
    fc.property(
      size,
      size,
      depth,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(1, -1, 0.3),
      fc.constantFrom(0, 1, -0.7),
      seed,
      scale,
      (m, n, k, ta, tb, alpha, beta, s, magnitude) => {
        const a = entries(s, m * k, magnitude);
        const b = entries(s + 1, k * n, 1);
        const c = entries(s + 2, m * n, magnitude);
        const product = (): Float64Array => {
          const out = c.slice();
          gemm(ta, tb, m, n, k, alpha, a, 0, ta ? m : k, b, 0, tb ? k : n, beta, out, 0, n);
          return out;
        };
        expect(bitDifference(product), "gemm").toBe(-1);
        const square = entries(s + 3, m * m, magnitude);
        const symmetric = (): Float64Array => {
          const out = square.slice();
          syrk(m, k, alpha, a, 0, k, beta, out, 0, m);
          syr2kLower(m, k, alpha, a, 0, k, a, 0, k, out, 0, m);
          mirrorLower(m, out, 0, m); // what stands above the diagonal is nobody's business
          return out;
        };
        expect(bitDifference(symmetric), "syrk").toBe(-1);
        const lower = (resident: boolean) => (): Float64Array => {
          const out = resident ? residentMatrix(m + 1, m) : new Float64Array((m + 1) * m);
          out.set(square);
          gemmLower(ta, !ta, m, k, alpha, a, 0, ta ? m : k, a, 0, ta ? m : k, out, 0, m);
          mirrorLower(m, out, 0, m);
          return out.slice();
        };
        expect(bitDifference(lower(false)), "gemmLower").toBe(-1);
        expect(bitDifference(lower(true)), "gemmLower in place").toBe(-1);
        const inPlace = (): Float64Array => {
          const out = residentMatrix(m, n);
          out.set(c);
          gemm(ta, tb, m, n, k, alpha, a, 0, ta ? m : k, b, 0, tb ? k : n, beta, out, 0, n);
          return out.slice();
        };
        expect(bitDifference(inPlace), "gemm in place").toBe(-1);
        const triangle = entries(s + 4, m * m, 0.1);
        for (let i = 0; i < m; i++) triangle[i * m + i] = 2;
        const solved = (): Float64Array => {
          const out = entries(s + 5, m * n, magnitude);
          trsm("left", ta ? "lower" : "upper", tb, false, m, n, 1, triangle, 0, m, out, 0, n);
          return out;
        };
        expect(bitDifference(solved), "trsm").toBe(-1);
      },
    ),
    { numRuns: 60 },
  );
  // Several blocks of columns, of rows and of depth, beyond the panels that are kept side by side.
  const [m, n, k] = [150, 1030, 1100];
  const a = entries(1, m * k, 1);
  const b = entries(2, k * n, 1);
  const product = (): Float64Array => {
    const out = new Float64Array(m * n);
    gemm(false, false, m, n, k, 1, a, 0, k, b, 0, n, 0, out, 0, n);
    return out;
  };
  expect(bitDifference(product)).toBe(-1);
  const order = 650;
  const left = entries(3, order * 70, 1);
  for (const resident of [false, true]) {
    const triangle = (): Float64Array => {
      const out = resident ? residentMatrix(order, order) : new Float64Array(order * order);
      gemmLower(true, false, order, 70, -1, left, 0, order, left, 0, order, out, 0, order);
      mirrorLower(order, out, 0, order);
      return out.slice();
    };
    expect(bitDifference(triangle)).toBe(-1);
  }
});

test("gemv and symv on a resident matrix give the bits of ordinary arrays", () => {
  fc.assert(
    fc.property(
      size,
      size,
      fc.constantFrom(1, -0.3),
      fc.constantFrom(0, 1, 2),
      fc.integer({ min: 1, max: 3 }),
      seed,
      scale,
      (m, n, alpha, beta, step, s, magnitude) => {
        const values = entries(s, m * n, magnitude);
        const square = entries(s + 1, m * m, magnitude);
        const x = entries(s + 2, Math.max(m, n) * step, 1);
        const y = entries(s + 3, Math.max(m, n) * step, 1);
        const run = (): Float64Array => {
          const a = residentMatrix(m, n);
          a.set(values);
          const rows = y.slice();
          gemv(false, m, n, alpha, a, 0, n, x, 0, step, beta, rows, 0, step);
          const transposed = y.slice();
          gemv(true, m, n, alpha, a, 0, n, x, 0, step, beta, transposed, 0, step);
          const q = residentMatrix(m, m + 2);
          for (let i = 0; i < m; i++) q.set(square.subarray(i * m, (i + 1) * m), i * (m + 2) + 1);
          const product = y.slice();
          symv(m, alpha, q, 1, m + 2, x, 0, beta, product, 0);
          // A vector inside the same memory is used where it is.
          const inside = residentMatrix(m + 2, m);
          inside.set(square);
          inside.set(x.subarray(0, m), m * m);
          symv(m, alpha, inside, 0, m, inside, m * m, 0, inside, m * m + m);
          return Float64Array.of(...rows, ...transposed, ...product, ...inside);
        };
        expect(bitDifference(run)).toBe(-1);
      },
    ),
    { numRuns: 60 },
  );
});

test("Fourier passes give the same bits for every radix; powers of two and chirps agree to 4 ε log2 n", () => {
  for (const n of [2, 3, 4, 5, 7, 8, 12, 15, 16, 30, 35, 49, 60, 64, 105, 210, 243, 625, 1024]) {
    for (const batch of [1, 2, 5, 16]) {
      const x = entries(n + batch, 2 * n * batch, 1);
      const run = (): Float64Array => {
        const engine = createFftEngine(n, fftRadices(n) as readonly number[], batch);
        engine.input.set(x);
        return engine.run().slice();
      };
      expect(bitDifference(run), `n = ${n}, batch ${batch}`).toBe(-1);
    }
  }
  for (const n of [2, 16, 64, 4096, 11, 1009, 2 ** 16]) {
    const x = { re: entries(n, n, 1), im: entries(n + 1, n, 1) };
    const results = (["js", "wasm"] as const).map((backend) => {
      setRoutinesBackend(backend);
      const out = { re: new Float64Array(n), im: new Float64Array(n) };
      createFftPlan(n).forward(x.re, x.im, out.re, out.im);
      return out;
    });
    let difference = 0;
    let norm = 0;
    for (let i = 0; i < n; i++) {
      difference += (results[0].re[i] - results[1].re[i]) ** 2 + (results[0].im[i] - results[1].im[i]) ** 2;
      norm += results[0].re[i] ** 2 + results[0].im[i] ** 2;
    }
    expect(Math.sqrt(difference / norm)).toBeLessThanOrEqual(4 * 2 ** -52 * Math.max(1, Math.log2(n)));
  }
});

test("grids inside WebAssembly memory have the bits of axis by axis passes; where that way is closed nothing is touched", () => {
  const shape = [12, 45, 7];
  const [re, im] = [entries(1, 3780, 1), entries(2, 3780, 1)];
  const grid = { re: re.slice(), im: im.slice() };
  setRoutinesBackend("js");
  expect(transformGrid(grid.re, grid.im, shape, 1)).toBe(false);
  expect(grid).toEqual({ re, im });
  const reference = { re: re.slice(), im: im.slice() };
  // Rows first, then the other axes.
  for (const [n, stride] of [
    [7, 1],
    [12, 315],
    [45, 7],
  ]) {
    const engine = createFftEngine(n, fftRadices(n) as readonly number[], 1);
    for (let base = 0; base < 3780; base++) {
      if (Math.floor(base / stride) % n !== 0) continue;
      for (let i = 0; i < n; i++)
        engine.input.set([reference.re[base + i * stride], reference.im[base + i * stride]], 2 * i);
      const out = engine.run();
      for (let i = 0; i < n; i++) {
        reference.re[base + i * stride] = out[2 * i];
        reference.im[base + i * stride] = out[2 * i + 1];
      }
    }
  }
  setRoutinesBackend("wasm");
  expect(transformGrid(grid.re, grid.im, [11, 100], 1)).toBe(false);
  expect(transformGrid(new Float64Array(4), new Float64Array(4), [2, 2], 1)).toBe(false);
  expect(transformGrid(grid.re, grid.im, shape, 1)).toBe(true);
  expect(firstBitDifference(grid.re, reference.re)).toBe(-1);
  expect(firstBitDifference(grid.im, reference.im)).toBe(-1);
  expect(transformGrid(im, re, [...shape].reverse(), 3780)).toBe(true);
});

test("transformBy wraps a run between separate parts, with offsets and a divisor, in place too", () => {
  const input = new Float64Array(4);
  const double = transformBy(2, input, () => input.map((value) => 2 * value));
  const [re, im] = [Float64Array.of(9, 1, 2), Float64Array.of(9, 3, 4)];
  double(re, im, 1, re, im, 0, 1);
  expect([[...re], [...im]]).toEqual([
    [2, 4, 2],
    [6, 8, 4],
  ]);
  double(re, im, 0, re, im, 1, 4);
  expect([[...re], [...im]]).toEqual([
    [2, 1, 2],
    [6, 3, 4],
  ]);
});

test("negative control: a sum in another order is seen by the comparison", () => {
  const [m, k] = [40, 300];
  const a = entries(7, m * k, 1);
  const forward = new Float64Array(m * m);
  gemm(false, true, m, m, k, 1, a, 0, k, a, 0, k, 0, forward, 0, m);
  const reversed = Float64Array.from(a, (_, i) => a[i - (i % k) + (k - 1 - (i % k))]);
  const backward = new Float64Array(m * m);
  gemm(false, true, m, m, k, 1, reversed, 0, k, reversed, 0, k, 0, backward, 0, m);
  expect(firstBitDifference(backward, forward)).not.toBe(-1);
});

test("memories are never grown: views of resident matrices survive other allocations and products", () => {
  setRoutinesBackend("wasm");
  const a = residentMatrix(100, 100).fill(1);
  const others = Array.from({ length: 20 }, (_, i) => residentMatrix(50 + i, 50 + i));
  const c = new Float64Array(100 * 100);
  gemm(false, false, 100, 100, 100, 1, a, 0, 100, a, 0, 100, 0, c, 0, 100);
  expect(a.length).toBe(10000);
  expect(c[0]).toBe(100);
  expect(others.every((other) => other.length > 0 && other[0] === 0)).toBe(true);
  // Beyond 4 GiB an ordinary array would be used; a zero size is an ordinary empty array.
  expect(residentMatrix(0, 5).length).toBe(0);
});

describe("choice of the back end", () => {
  test("by call, with the names checked", () => {
    expect(setRoutinesBackend("js")).toBe("js");
    expect(routinesBackend()).toBe("js");
    expect(setRoutinesBackend("auto")).toBe("wasm");
    expect(() => setRoutinesBackend("gpu" as "js")).toThrow(
      'setRoutinesBackend: backend must be one of "auto", "js", "wasm", got "gpu"',
    );
  });

  test("by environment variable", async () => {
    vi.stubEnv("EIGENSCOPE_BACKEND", "js");
    vi.resetModules();
    const fresh = await import("../../src/routines/index.js");
    expect(fresh.routinesBackend()).toBe("js");
    expect(fresh.setRoutinesBackend("auto")).toBe("wasm");
  });

  test.each([
    ["no WebAssembly at all", undefined],
    [
      "a refused compile",
      {
        Module: class {
          constructor() {
            throw new EvalError("refused by content security policy");
          }
        },
        compile: () => Promise.reject(new EvalError("refused by content security policy")),
      },
    ],
  ])("falls back to JavaScript with %s and computes the same", async (_, WebAssembly) => {
    vi.stubGlobal("WebAssembly", WebAssembly);
    vi.resetModules();
    const fresh = await import("../../src/routines/index.js");
    expect(fresh.setRoutinesBackend("wasm")).toBe("js");
    expect(await fresh.prepareRoutines()).toBe("js");
    const a = fresh.residentMatrix(40, 40).fill(1);
    const c = new Float64Array(1600);
    fresh.gemm(false, false, 40, 40, 40, 1, a, 0, 40, a, 0, 40, 0, c, 0, 40);
    expect(c[7]).toBe(40);
  });

  test("a refused memory falls back to JavaScript too", async () => {
    vi.stubGlobal("WebAssembly", {
      Module: WebAssembly.Module,
      Instance: WebAssembly.Instance,
      Memory: class {
        constructor() {
          throw new RangeError("could not allocate memory");
        }
      },
    });
    vi.resetModules();
    const fresh = await import("../../src/routines/index.js");
    const a = fresh.residentMatrix(40, 40).fill(1);
    const c = new Float64Array(1600);
    fresh.gemm(false, false, 40, 40, 40, 1, a, 0, 40, a, 0, 40, 0, c, 0, 40);
    expect(c[7]).toBe(40);
  });

  test("prepareRoutines compiles where the synchronous compile was refused", async () => {
    const { Module, Instance, Memory, compile } = WebAssembly;
    let refuse = true;
    const Picky = new Proxy(Module, {
      construct: (target, args: [BufferSource]) => {
        if (refuse) throw new RangeError("too large for the main thread");
        return new target(...args);
      },
    });
    vi.stubGlobal("WebAssembly", { Module: Picky, Instance, Memory, compile });
    vi.resetModules();
    const fresh = await import("../../src/routines/index.js");
    expect(fresh.routinesBackend()).toBe("js");
    expect(await fresh.prepareRoutines()).toBe("wasm");
    refuse = false;
    expect(await prepareRoutines()).toBe("wasm");
  });
});

test("fused multiply-add is off by default, changes bits when allowed, keeps the error bound, and can be taken back", async () => {
  const old = Number(process.versions.node.split(".")[0]) < 22;
  if (old) {
    // Node 20 does not know relaxed SIMD: allowing it changes nothing.
    vi.resetModules();
    const without = await import("../../src/routines/index.js");
    expect(without.allowFusedMultiplyAdd(true)).toBe(false);
    setFlagsFromString("--experimental-wasm-relaxed-simd");
  }
  vi.resetModules();
  const fresh = await import("../../src/routines/index.js");
  const n = 60;
  const a = entries(1, n * n, 1);
  const product = (): Float64Array => {
    const out = new Float64Array(n * n);
    fresh.gemm(false, false, n, n, n, 1, a, 0, n, a, 0, n, 0, out, 0, n);
    return out;
  };
  const plain = product();
  expect(fresh.fusedInEffect()).toBe(false);
  expect(fresh.allowFusedMultiplyAdd(true)).toBe(true);
  const fused = product();
  expect(firstBitDifference(fused, plain)).not.toBe(-1);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let size = 0;
      for (let k = 0; k < n; k++) size += Math.abs(a[i * n + k] * a[k * n + j]);
      expect(Math.abs(fused[i * n + j] - plain[i * n + j])).toBeLessThanOrEqual(n * 2 ** -52 * size);
    }
  }
  fresh.setRoutinesBackend("js");
  expect(fresh.fusedInEffect()).toBe(false);
  expect(firstBitDifference(product(), plain)).toBe(-1);
  fresh.setRoutinesBackend("wasm");
  expect(fresh.allowFusedMultiplyAdd(false)).toBe(false);
  expect(firstBitDifference(product(), plain)).toBe(-1);
  expect(() => fresh.allowFusedMultiplyAdd(1 as never)).toThrow(
    "allowFusedMultiplyAdd: allowed must be a boolean, got 1",
  );
});

test("addresses beyond 2 GiB, as a grid of 512³ points has them, give the same bits as low ones", () => {
  const arena = createArena(2 ** 28 + 2 ** 16); // pages that are not touched are never backed by memory
  if (arena === null) throw new Error("no WebAssembly memory of 2 GiB here");
  const { functions, values } = arena;
  const data = entries(4, 2 * 64 * 20, 1);
  const table = fftTwiddles(64, [4, 4, 4]);
  const results = [2 ** 10, 2 ** 28 + 2 ** 10].map((base) => {
    const [w, grid, panel] = [base, base + 512, base + 8192];
    values.set(table, w);
    values.set(data, grid);
    // 64 rows of 20 numbers: the first pass gathers 16 columns, the last one scatters them.
    functions.gather4(8 * grid, 320, 8 * panel, 8 * w, 16, 16);
    functions.pass4(8 * panel, 8 * (panel + 4096), 8 * (w + 96), 64, 4);
    functions.last4(8 * (panel + 4096), 8 * grid, 320, 16, 16);
    functions.copyPieces(8 * grid, 320, 8 * panel, 256, 256, 64);
    functions.separate(8 * panel, 8 * (panel + 4096), 1024, 1);
    return values.slice(panel + 4096, panel + 6144);
  });
  expect(firstBitDifference(results[1], results[0])).toBe(-1);
  const engine = createFftEngine(64, [4, 4, 4], 1);
  for (let i = 0; i < 64; i++) engine.input.set([data[40 * i + 6], data[40 * i + 7]], 2 * i);
  const expected = engine.run();
  for (let i = 0; i < 64; i++) {
    expect(results[1][16 * i + 3]).toBe(expected[2 * i]);
    expect(results[1][1024 + 16 * i + 3]).toBe(expected[2 * i + 1]);
  }
});
