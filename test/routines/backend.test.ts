import { execFileSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createFftPlan, fftnInPlace } from "../../src/fft/index.js";
import { createEngine } from "../../src/fft/engine.js";
import { createRng } from "../../src/random/index.js";
import {
  type FftEngine,
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
import { fftOrder, fftTwiddles, pairedTwiddles } from "../../src/routines/fft-tables.js";
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
  for (const n of [
    2, 3, 4, 5, 7, 8, 12, 15, 16, 30, 35, 49, 60, 64, 105, 210, 243, 625, 1024, 11, 22, 37, 101, 143, 169, 1001,
  ]) {
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

/** Transforms one axis of a grid line by line. */
function alongAxis(grid: { re: Float64Array; im: Float64Array }, n: number, stride: number): void {
  const engine = createFftEngine(n, fftRadices(n) as readonly number[], 1);
  for (let base = 0; base < grid.re.length; base++) {
    if (Math.floor(base / stride) % n !== 0) continue;
    for (let i = 0; i < n; i++) engine.input.set([grid.re[base + i * stride], grid.im[base + i * stride]], 2 * i);
    const out = engine.run();
    for (let i = 0; i < n; i++) {
      grid.re[base + i * stride] = out[2 * i];
      grid.im[base + i * stride] = out[2 * i + 1];
    }
  }
}

test("grids inside WebAssembly memory have the bits of axis by axis passes", () => {
  // Every radix first and last, sizes 1, rows and columns that do not fill a panel, grids whose units are padded.
  const shapes = [
    [12, 45, 7],
    [49, 63],
    [4, 128],
    [128, 18],
    [1, 40, 1, 30],
    [3, 3, 3, 3, 3, 3],
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
    [5, 2, 3, 7, 10],
    [300, 3],
    [9, 1000],
    [16, 64, 64],
    [64, 1024],
    // Primes with the common pass: alone, twice, first, last and between others.
    [11, 13, 17],
    [121, 26],
    [101, 3],
    [44, 37, 9],
  ];
  for (const shape of shapes) {
    const points = shape.reduce((a, b) => a * b, 1);
    const data = { re: entries(1, points, 1), im: entries(2, points, 1) };
    setRoutinesBackend("js");
    const reference = { re: data.re.slice(), im: data.im.slice() };
    let stride = 1;
    for (const n of [...shape].reverse()) {
      if (n > 1) alongAxis(reference, n, stride);
      stride *= n;
    }
    setRoutinesBackend("wasm");
    for (const divisor of [1, points]) {
      const grid = { re: data.re.slice(), im: data.im.slice() };
      expect(transformGrid(grid.re, grid.im, shape, divisor), shape.join("x")).toBe("finite");
      const [re, im] = [reference.re, reference.im].map((part) => part.map((value) => value / divisor));
      expect(firstBitDifference(grid.re, re), shape.join("x")).toBe(-1);
      expect(firstBitDifference(grid.im, im), shape.join("x")).toBe(-1);
    }
  }
});

test("long or few rows go through an engine of their length, also where they have a large prime factor, with the same bits", () => {
  for (const shape of [
    [3, 90],
    [2, 7, 1100],
    [9, 103],
    [40, 2018],
    [12, 3, 1025],
  ]) {
    const points = shape.reduce((a, b) => a * b, 1);
    const length = shape[shape.length - 1];
    const data = { re: entries(1, points, 1), im: entries(2, points, 1) };
    setRoutinesBackend("wasm");
    const grid = { re: data.re.slice(), im: data.im.slice() };
    const lengths: number[] = [];
    const rows = (n: number): FftEngine => {
      lengths.push(n);
      return createEngine(n, 1);
    };
    expect(transformGrid(grid.re, grid.im, shape, 1, grid.re, grid.im, rows)).toBe("finite");
    expect(lengths).toEqual([length]);
    const engine = createEngine(length, 1);
    for (let row = 0; row < points; row += length) {
      engine.transform(data.re, data.im, row, data.re, data.im, row, 1);
    }
    let stride = length;
    for (const n of shape.slice(0, -1).reverse()) {
      alongAxis(data, n, stride);
      stride *= n;
    }
    expect(firstBitDifference(grid.re, data.re), shape.join("x")).toBe(-1);
    expect(firstBitDifference(grid.im, data.im), shape.join("x")).toBe(-1);
  }
});

test("a grid of a few long lines takes no panel that is larger than the grid", () => {
  setRoutinesBackend("wasm");
  const points = 2 ** 19;
  const x = { re: new Float64Array(points), im: new Float64Array(points) };
  x.re[5] = 1;
  for (const shape of [
    [2, points / 2],
    [points / 2, 2],
  ]) {
    const before = process.memoryUsage().external;
    fftnInPlace(x, shape, false);
    // A copy, an engine with its tables and two work spaces; panels of eight lines took 14 times as much as the grid.
    expect(process.memoryUsage().external - before).toBeLessThan(6 * 16 * points);
  }
});

test("a grid with a NaN, an infinity or an overflow on the way is told from a finite one", () => {
  setRoutinesBackend("wasm");
  for (const bad of [Number.NaN, Infinity, 1e308]) {
    const grid = { re: entries(1, 600, 1), im: entries(2, 600, 1) };
    grid.re.fill(bad, 100, 110);
    expect(transformGrid(grid.re, grid.im, [20, 30], 600)).toBe("not finite");
    // Nothing of it stays in the memory, which is kept.
    const next = { re: entries(1, 600, 1), im: entries(2, 600, 1) };
    expect(transformGrid(next.re, next.im, [20, 30], 600)).toBe("finite");
  }
});

test("where the way of grids is closed nothing is touched", () => {
  const data = { re: entries(1, 3780, 1), im: entries(2, 3780, 1) };
  const grid = { re: data.re.slice(), im: data.im.slice() };
  setRoutinesBackend("js");
  expect(transformGrid(grid.re, grid.im, [12, 45, 7], 1)).toBe("declined");
  setRoutinesBackend("wasm");
  for (const shape of [
    [103, 100], // a prime factor above 101
    [3780, 1], // a single line
  ]) {
    expect(transformGrid(grid.re, grid.im, shape, 1)).toBe("declined");
  }
  expect(transformGrid(new Float64Array(4), new Float64Array(4), [2, 2], 1)).toBe("declined");
  expect(grid).toEqual(data);
});

test("lines of powers of two, which go through WebAssembly in parts, have the bits of the passes", () => {
  for (const n of [16, 32, 64, 512, 4096, 2 ** 15]) {
    const x = { re: entries(n, n, 1), im: entries(n + 1, n, 1) };
    const results = (["js", "wasm"] as const).map((backend) => {
      setRoutinesBackend(backend);
      const engine = createFftEngine(n, fftRadices(n) as readonly number[], 1);
      const out = { re: new Float64Array(n), im: new Float64Array(n) };
      engine.transform(x.re, x.im, 0, out.re, out.im, 0, n);
      return out;
    });
    expect(firstBitDifference(results[1].re, results[0].re)).toBe(-1);
    expect(firstBitDifference(results[1].im, results[0].im)).toBe(-1);
  }
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
  const x = entries(2, n, 1);
  const symmetric = (fusion: boolean): Float64Array => {
    fresh.allowFusedMultiplyAdd(fusion);
    const resident = fresh.residentMatrix(n, n);
    resident.set(a);
    const y = new Float64Array(n);
    fresh.symv(n, 1, resident, 0, n, x, 0, 0, y, 0);
    return y;
  };
  const [twice, once] = [symmetric(false), symmetric(true)];
  expect(firstBitDifference(once, twice)).not.toBe(-1);
  for (let i = 0; i < n; i++) {
    let size = 0;
    for (let j = 0; j < n; j++) size += Math.abs(a[Math.max(i, j) * n + Math.min(i, j)] * x[j]);
    expect(Math.abs(once[i] - twice[i])).toBeLessThanOrEqual(n * 2 ** -52 * size);
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
  const { functions, values, memory } = arena;
  const data = entries(4, 2 * 64 * 20, 1);
  const results = [2 ** 10, 2 ** 28 + 2 ** 10].map((base) => {
    // Radices, order, twiddles and their pairs; the panel; a grid of 64 rows of 20 numbers.
    const [plan, order, table, pairs, panel, grid] = [0, 8, 32, 160, 300, 2600].map((offset) => 8 * (base + offset));
    new Int32Array(memory.buffer, plan).set([4, 4, 4]);
    new Int32Array(memory.buffer, order).set(fftOrder(64, [4, 4, 4]));
    values.set(fftTwiddles(64, [4, 4, 4]), table / 8);
    values.set(pairedTwiddles(64), pairs / 8);
    values.set(data, grid / 8);
    const apart = 8 * 1280;
    // Two panels of columns and one of single columns; then the first 64 numbers as a line, the next ones as rows.
    functions.gridColumns(grid, 160, apart, 1, 64, plan, order, table, panel);
    const columns = values.slice(grid / 8, grid / 8 + 2560);
    const out = grid + 2 * apart;
    functions.powerLine(grid, apart, 64, out, apart, order, pairs);
    functions.gridRows(grid + 512, apart, 3, 64, out + 512, 512, apart, plan, order, table, panel);
    expect(functions.finishPart(out, 256, 3)).toBe(0);
    return { columns, lines: values.slice(out / 8, out / 8 + 256) };
  });
  expect(firstBitDifference(results[1].columns, results[0].columns)).toBe(-1);
  expect(firstBitDifference(results[1].lines, results[0].lines)).toBe(-1);
  const expected = { re: data.slice(0, 1280), im: data.slice(1280) };
  alongAxis(expected, 64, 20);
  expect(firstBitDifference(results[1].columns, Float64Array.of(...expected.re, ...expected.im))).toBe(-1);
  alongAxis(expected, 64, 1);
  expect(
    firstBitDifference(
      results[1].lines,
      expected.re.slice(0, 256).map((value) => value / 3),
    ),
  ).toBe(-1);
});
