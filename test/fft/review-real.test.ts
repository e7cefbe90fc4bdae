import { afterAll, expect, test } from "vitest";
import { convolve, createFftPlan, createRealFftPlan, dct, fft, irfft, rfft } from "../../src/fft/index.js";
import { engineOf } from "../../src/fft/plan.js";
import { createRng } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { maxDifference, poison } from "../support/compare.js";
import { fftTolerance, naiveDft, relativeError } from "./twins.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

const normals = (seed: number, n: number): Float64Array => {
  const rng = createRng(seed);
  return Float64Array.from({ length: n }, () => rng.normal());
};
const lengths = [1, 2, 3, 7, 16, 27, 32, 34, 37, 64, 66, 74, 101, 128, 143, 202, 210, 221, 254, 512];

test.each(["js", "auto"] as const)("%s: a real plan has the bits of rfft and irfft and keeps its input", (backend) => {
  setRoutinesBackend(backend);
  for (const n of lengths) {
    const plan = createRealFftPlan(n);
    expect(plan.length).toBe(n);
    const x = normals(n, n);
    const copy = x.slice();
    const bins = (n >> 1) + 1;
    const expected = rfft(x);
    expect(relativeError(expected, firstHalf(x)), `n = ${n}`).toBeLessThanOrEqual(fftTolerance(4, n));
    for (let round = 0; round < 3; round++) {
      const out = { re: poison(bins), im: poison(bins) };
      plan.forward(x, out.re, out.im);
      expect(out).toEqual(expected);
      const back = poison(n);
      plan.inverse(out.re, out.im, back);
      expect(Array.from(back)).toEqual(Array.from(irfft(expected.re, expected.im, n)));
      expect(maxDifference(back, x)).toBeLessThanOrEqual(fftTolerance(4, n) * Math.hypot(...x));
      expect(out).toEqual(expected);
    }
    expect(x).toEqual(copy);
    expect(Array.from(fft(x).re.subarray(0, bins))).toEqual(Array.from(expected.re));
  }
});

function firstHalf(x: Float64Array): { re: Float64Array; im: Float64Array } {
  const full = naiveDft(x, new Float64Array(x.length));
  const bins = (x.length >> 1) + 1;
  return { re: full.re.subarray(0, bins), im: full.im.subarray(0, bins) };
}

test("real transforms have the same bits in both back ends where no power of two or chirp is inside", () => {
  for (const n of [17, 33, 36, 44, 62, 90, 93, 99, 143, 186, 484, 837, 1000, 1001, 1023]) {
    const x = normals(n, n);
    const results = (["js", "wasm"] as const).map((backend) => {
      setRoutinesBackend(backend);
      const { re, im } = rfft(x);
      return [...re, ...im, ...irfft(re, im, n)];
    });
    expect(results[1], `n = ${n}`).toEqual(results[0]);
  }
});

test("an inverse plan takes imaginary parts that cannot come from real data as zero", () => {
  for (const backend of ["js", "auto"] as const) {
    setRoutinesBackend(backend);
    for (const n of [5, 8, 33, 48, 128]) {
      const { re, im } = rfft(normals(n, n));
      const x = new Float64Array(n);
      const y = new Float64Array(n);
      const plan = createRealFftPlan(n);
      plan.inverse(re, im, x);
      im[0] = 7;
      if (n % 2 === 0) im[n / 2] = -3;
      plan.inverse(re, im, y);
      expect(y).toEqual(x);
    }
  }
});

test.each(["js", "auto"] as const)("%s: primes with the common pass, alone, repeated and mixed", (backend) => {
  setRoutinesBackend(backend);
  for (const n of [11, 13, 17, 31, 37, 61, 97, 101, 103, 121, 187, 202, 209, 407]) {
    const [re, im] = [normals(n, n), normals(n + 1, n)];
    const out = { re: poison(n), im: poison(n) };
    const plan = createFftPlan(n);
    plan.forward(re, im, out.re, out.im);
    expect(relativeError(out, naiveDft(re, im)), `n = ${n}`).toBeLessThanOrEqual(fftTolerance(4, n));
    plan.inverse(out.re, out.im, out.re, out.im);
    expect(relativeError(out, { re, im })).toBeLessThanOrEqual(fftTolerance(4, n));
    // All entries alike: everything but the sum cancels.
    const level = { re: new Float64Array(n).fill(1 / 3), im: new Float64Array(n).fill(-0.7) };
    expect(relativeError(fft(level.re, level.im), naiveDft(level.re, level.im))).toBeLessThanOrEqual(
      fftTolerance(4, n),
    );
  }
});

test.each(["js", "auto"] as const)("%s: NaN and overflow are seen wherever they stand", (backend) => {
  setRoutinesBackend(backend);
  for (const n of [32, 33, 34, 36, 62, 64, 66, 101, 128, 1000]) {
    for (let at = 0; at < n; at += Math.max(1, n >> 4)) {
      const x = normals(n, n);
      x[at] = Number.NaN;
      expect(() => rfft(x)).toThrow(`rfft: x must be finite in every entry, got NaN at index ${at}`);
      const { re, im } = rfft(normals(n, n));
      const k = Math.min(at, (n >> 1) - 1);
      re[k] = Infinity;
      expect(() => irfft(re, im, n)).toThrow(`irfft: re must be finite in every entry, got Infinity at index ${k}`);
    }
    expect(() => rfft(new Float64Array(n).fill(1e308))).toThrow("rfft: the result must be representable");
    expect(() => irfft(new Float64Array((n >> 1) + 1).fill(1e308), new Float64Array((n >> 1) + 1), n)).toThrow(
      "irfft: the result must be representable",
    );
  }
});

test("a cosine transform of subnormal numbers loses no more than its additions: nothing is divided by n and multiplied again", () => {
  for (const backend of ["js", "auto"] as const) {
    setRoutinesBackend(backend);
    const n = 4096;
    const x = normals(1, n).map((v) => Math.round(1000 * v) * 2 ** -1074);
    const exact = dct(
      x.map((v) => v * 2 ** 700),
      { type: 3 },
    ).map((v) => v * 2 ** -700);
    // Sums round to multiples of 2^−1074; these errors grow like a random walk of n steps and are doubled at the end.
    expect(maxDifference(dct(x, { type: 3 }), exact)).toBeLessThanOrEqual(8 * Math.sqrt(n) * 2 ** -1074);
  }
});

test("a real plan checks lengths", () => {
  const plan = createRealFftPlan(4);
  const [x, y] = [poison(4), poison(3)];
  expect(() => createRealFftPlan(0)).toThrow("createRealFftPlan: length must be an integer in [1, 1073741824], got 0");
  expect(() => plan.forward(y, y, y)).toThrow("createRealFftPlan.forward: x must be of length 4, got length 3");
  expect(() => plan.forward(x, x, y)).toThrow("createRealFftPlan.forward: re must be of length 3, got length 4");
  expect(() => plan.forward(x, y, y)).toThrow("createRealFftPlan.forward: im must be another array than re");
  expect(() => plan.inverse(y, x, x)).toThrow("createRealFftPlan.inverse: im must be of length 3, got length 4");
});

test("a convolution with a short factor is summed directly: exact for one number, also beyond thousands of products", () => {
  const x = normals(3, 5000);
  expect(convolve([1], x)).toEqual(x);
  expect(convolve(x, [0, -2])).toEqual(Float64Array.of(0, ...x.map((v) => -2 * v)));
  // Entries that are tiny beside the others keep their digits.
  const graded = x.map((v, i) => v * 2 ** -(i % 40));
  const [a, b] = [graded.subarray(0, 3000), Float64Array.of(1, 0, 0, 0.5)];
  const out = convolve(a, b);
  for (let k = 0; k < out.length; k++) expect(out[k]).toBe((a[k] ?? 0) + 0.5 * (a[k - 3] ?? 0));
});

test("tables of long transforms are kept while there is room, those of another length replace them", () => {
  const long = engineOf(2 ** 18 + 2);
  expect(engineOf(2 ** 18 + 2)).toBe(long);
  expect(engineOf(2 ** 18 + 2, 2)).not.toBe(long);
  expect(engineOf(2 ** 18 + 2)).not.toBe(long);
});
