import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError, cosTurns, sinTurns } from "../../src/core/index.js";
import {
  circularConvolve,
  type ComplexArray,
  convolve,
  createFftPlan,
  dct,
  fft,
  fftn,
  fftnInPlace,
  idct,
  ifft,
  ifftn,
  irfft,
  rfft,
} from "../../src/fft/index.js";
import { createRng, type Rng } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { maxDifference, poison } from "../support/compare.js";
import { fftTolerance, naiveDft, relativeError } from "./twins.js";

interface Fixture {
  readonly complex: readonly { x: ComplexArray; fft: ComplexArray; ifft: ComplexArray }[];
  readonly nd: readonly { shape: number[]; x: ComplexArray; fftn: ComplexArray }[];
  readonly dct: readonly { x: number[]; type1?: number[]; type2: number[]; type3: number[] }[];
}
const fixture = JSON.parse(readFileSync(new URL("../fixtures/fft/fft.json", import.meta.url), "utf8")) as Fixture;
/** Relative 2-norm error in units of ε log₂ n: one for a direct transform, more for the three inside Bluestein's. */
const FACTOR = 4;

function signal(rng: Rng, n: number): ComplexArray {
  return {
    re: Float64Array.from({ length: n }, () => rng.normal()),
    im: Float64Array.from({ length: n }, () => rng.normal()),
  };
}

describe.each(["js", "wasm"] as const)("back end %s", (backend) => {
  beforeAll(() => expect(setRoutinesBackend(backend)).toBe(backend));
  afterAll(() => void setRoutinesBackend("auto"));

  test("fft equals the definition at every length up to 66 and at awkward longer ones", () => {
    const rng = createRng(1);
    const lengths = [
      ...Array.from({ length: 130 }, (_, i) => i + 1),
      243,
      256,
      257,
      343,
      360,
      500,
      509,
      512,
      625,
      1021,
    ];
    for (const n of lengths) {
      const x = signal(rng, n);
      const exact = naiveDft(x.re, x.im);
      expect(relativeError(fft(x.re, x.im), exact), `n = ${n}`).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
      const back = ifft(exact.re, exact.im);
      expect(relativeError(back, x), `inverse, n = ${n}`).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
    }
  });

  test("fft, ifft, fftn and dct agree with SciPy", () => {
    for (const row of fixture.complex) {
      const n = row.x.re.length;
      expect(relativeError(fft(row.x.re, row.x.im), row.fft)).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
      expect(relativeError(ifft(row.x.re, row.x.im), row.ifft)).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
    }
    for (const row of fixture.nd) {
      const n = row.x.re.length;
      expect(relativeError(fftn(row.x, row.shape), row.fftn)).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
      expect(relativeError(ifftn(row.fftn, row.shape), row.x)).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
    }
    for (const row of fixture.dct) {
      const n = row.x.length;
      for (const type of [1, 2, 3] as const) {
        const expected = row[`type${type}`];
        if (expected === undefined) continue;
        const zero = new Float64Array(n);
        const actual = { re: dct(row.x, { type }), im: zero };
        expect(relativeError(actual, { re: Float64Array.from(expected), im: zero })).toBeLessThanOrEqual(
          fftTolerance(FACTOR, 2 * n),
        );
        expect(
          relativeError({ re: idct(actual.re, { type }), im: zero }, { re: Float64Array.from(row.x), im: zero }),
        ).toBeLessThanOrEqual(fftTolerance(FACTOR, 2 * n));
      }
    }
  });

  test("negative control: a twiddle table from Math.cos of rounded angles by recurrence fails the same verdict", () => {
    const n = 509;
    const x = signal(createRng(2), n);
    const exact = naiveDft(x.re, x.im);
    const wrong = { re: new Float64Array(n), im: new Float64Array(n) };
    for (let k = 0; k < n; k++) {
      const [stepRe, stepIm] = [Math.cos((2 * Math.PI * k) / n), -Math.sin((2 * Math.PI * k) / n)];
      let [wr, wi] = [1, 0];
      for (let j = 0; j < n; j++) {
        wrong.re[k] += x.re[j] * wr - x.im[j] * wi;
        wrong.im[k] += x.im[j] * wr + x.re[j] * wi;
        [wr, wi] = [wr * stepRe - wi * stepIm, wi * stepRe + wr * stepIm];
      }
    }
    expect(relativeError(wrong, exact)).toBeGreaterThan(fftTolerance(FACTOR, n));
  });

  test("Parseval, shift theorem, linearity, scale and inverse, at random lengths and extreme scales", () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(1, 2, 1024, 1009, 2310, 2048, 4099));
    fc.assert(
      fc.property(
        length,
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.constantFrom(1, 2 ** 498, 2 ** -498),
        (n, seed, scale) => {
          const rng = createRng(seed);
          const x = signal(rng, n);
          const X = fft(x.re, x.im);
          const tolerance = fftTolerance(FACTOR, n);
          const energy = (z: ComplexArray): number => z.re.reduce((sum, v, i) => sum + v * v + z.im[i] * z.im[i], 0);
          expect(Math.abs(energy(X) / (n * energy(x)) - 1)).toBeLessThanOrEqual(2 * tolerance + n * 2 ** -52);
          expect(relativeError(ifft(X.re, X.im), x)).toBeLessThanOrEqual(2 * tolerance);
          // Powers of two pass through every operation exactly.
          const scaled = fft(
            x.re.map((v) => v * scale),
            x.im.map((v) => v * scale),
          );
          expect(
            maxDifference(
              scaled.re.map((v) => v / scale),
              X.re,
            ),
          ).toBe(0);
          // Shift: entry j − s of x gives e^{−2πi sk/n} X_k.
          const shift = rng.uint32() % n;
          const moved = fft(
            x.re.map((_, j) => x.re[(j - shift + n) % n]),
            x.im.map((_, j) => x.im[(j - shift + n) % n]),
          );
          const turned = {
            re: X.re.map((v, k) => v * cosTurns((k * shift) % n, n) + X.im[k] * sinTurns((k * shift) % n, n)),
            im: X.im.map((v, k) => v * cosTurns((k * shift) % n, n) - X.re[k] * sinTurns((k * shift) % n, n)),
          };
          expect(relativeError(moved, turned)).toBeLessThanOrEqual(3 * tolerance);
        },
      ),
      { numRuns: 80 },
    );
  });

  test("real input: exactly conjugate spectrum, zero imaginary ends, rfft is its first half, irfft inverts", () => {
    const rng = createRng(4);
    for (const n of [1, 2, 3, 4, 5, 6, 9, 16, 17, 100, 101, 127, 128, 210, 1000]) {
      const x = signal(rng, n).re;
      const full = fft(x);
      const half = rfft(x);
      expect(half.re.length).toBe((n >> 1) + 1);
      expect(half.im[0]).toBe(0);
      if (n % 2 === 0) expect(half.im[n / 2]).toBe(0);
      for (let k = 0; k < half.re.length; k++) {
        expect(full.re[k]).toBe(half.re[k]);
        expect(full.re[(n - k) % n]).toBe(half.re[k]);
        expect(full.im[(n - k) % n] + half.im[k]).toBe(0);
      }
      const exact = naiveDft(x, new Float64Array(n));
      expect(relativeError(full, exact), `n = ${n}`).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
      const back = irfft(half.re, half.im, n);
      expect(relativeError({ re: back, im: back }, { re: x, im: x })).toBeLessThanOrEqual(2 * fftTolerance(FACTOR, n));
      expect(relativeError(ifft(x), ifft(x, new Float64Array(n)))).toBeLessThanOrEqual(2 * fftTolerance(FACTOR, n));
    }
  });

  test("plans work in place and out of place with the same bits, write every entry and can be reused", () => {
    for (const n of [1, 2, 12, 31, 64, 77]) {
      const x = signal(createRng(n), n);
      const plan = createFftPlan(n);
      const out = { re: poison(n), im: poison(n) };
      plan.forward(x.re, x.im, out.re, out.im);
      expect(relativeError(out, naiveDft(x.re, x.im))).toBeLessThanOrEqual(fftTolerance(FACTOR, n));
      const place = { re: x.re.slice(), im: x.im.slice() };
      plan.forward(place.re, place.im, place.re, place.im);
      expect(place).toEqual(out);
      plan.inverse(place.re, place.im, place.re, place.im);
      expect(relativeError(place, x)).toBeLessThanOrEqual(2 * fftTolerance(FACTOR, n));
      plan.forward(x.re, x.im, place.re, place.im);
      expect(place).toEqual(out);
    }
  });

  test("fftn is fft along every axis; in place and out of place agree; panel edges and prime axes included", () => {
    const rng = createRng(6);
    for (const shape of [[5], [3, 4], [33, 19], [2, 17, 40], [1, 1, 3], [130, 9], [64, 64], [7, 1, 13]]) {
      const total = shape.reduce((a, b) => a * b, 1);
      const x = signal(rng, total);
      const expected = { re: x.re.slice(), im: x.im.slice() };
      let stride = total;
      for (const n of shape) {
        stride /= n;
        for (let base = 0; base < total; base++) {
          if (Math.floor(base / stride) % n !== 0) continue;
          const pick = (v: Float64Array): Float64Array =>
            Float64Array.from({ length: n }, (_, i) => v[base + i * stride]);
          const line = naiveDft(pick(expected.re), pick(expected.im));
          for (let i = 0; i < n; i++) {
            expected.re[base + i * stride] = line.re[i];
            expected.im[base + i * stride] = line.im[i];
          }
        }
      }
      const actual = fftn(x, shape);
      expect(relativeError(actual, expected), shape.join("x")).toBeLessThanOrEqual(fftTolerance(FACTOR, total));
      const place = { re: x.re.slice(), im: x.im.slice() };
      fftnInPlace(place, shape, false);
      expect(place).toEqual(actual);
      fftnInPlace(place, shape, true);
      expect(relativeError(place, x)).toBeLessThanOrEqual(2 * fftTolerance(FACTOR, total));
    }
  });

  test("convolutions equal their definitions, below and above the switch to transforms", () => {
    const rng = createRng(7);
    for (const [m, n] of [
      [1, 1],
      [3, 5],
      [40, 60],
      [100, 1],
      [101, 57],
      [512, 513],
    ]) {
      const a = signal(rng, m).re;
      const b = signal(rng, n).re;
      const exact = new Float64Array(m + n - 1);
      const wrapped = new Float64Array(Math.max(m, n));
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          exact[i + j] += a[i] * b[j];
          wrapped[(i + j) % wrapped.length] += a[i] * b[j];
        }
      }
      const bound = (Math.min(m, n) + FACTOR * Math.log2(m + n)) * 2 ** -52 * Math.hypot(...a) * Math.hypot(...b);
      expect(maxDifference(convolve(a, b), exact)).toBeLessThanOrEqual(bound);
      const padded = (v: Float64Array): Float64Array =>
        Float64Array.from({ length: wrapped.length }, (_, i) => v[i] ?? 0);
      expect(maxDifference(circularConvolve(padded(a), padded(b)), wrapped)).toBeLessThanOrEqual(bound);
    }
  });
});

test("dct 1 integrates by Clenshaw-Curtis: Chebyshev coefficients of a cubic are exact", () => {
  // f(x) = x³ at the points cos(πj/4): f = (3 T_1 + T_3)/4.
  const values = [0, 1, 2, 3, 4].map((j) => cosTurns(j, 8) ** 3);
  const coefficients = dct(values, { type: 1 }).map((v) => v / 4);
  expect(maxDifference(coefficients, [0, 0.75, 0, 0.25, 0])).toBeLessThanOrEqual(fftTolerance(FACTOR, 8));
});

test("bad input is refused before any work, with the numbers", () => {
  expect(() => fft([])).toThrow(ShapeError);
  expect(() => fft([])).toThrow("fft: re must be of length at least 1, got length 0");
  expect(() => fft([1, 2], [1])).toThrow("fft: im must be of the length of re, 2, got length 1");
  expect(() => fft([1, Number.NaN])).toThrow(NonFiniteError);
  expect(() => ifft([1, Infinity])).toThrow("ifft: re must be finite in every entry, got Infinity at index 1");
  expect(() => fft("12" as unknown as number[])).toThrow(ArgumentError);
  expect(() => createFftPlan(0)).toThrow("createFftPlan: length must be an integer in [1, 1073741824], got 0");
  expect(() => createFftPlan(3).forward(poison(2), poison(3), poison(3), poison(3))).toThrow(
    "createFftPlan.forward: re must be of length 3, got length 2",
  );
  expect(() => irfft([1, 2], [0, 0], 4)).toThrow("irfft: re must be of length floor(n / 2) + 1 = 3, got length 2");
  expect(() => irfft([1, 2], [0, 1], 2)).toThrow(
    "irfft: im[1] must be 0, as for real data, got 1; set it to 0, or use ifft for complex data",
  );
  expect(() => fftn({ re: [1, 2, 3] }, [2, 2])).toThrow("fftn: x must be of length 2 x 2 = 4, got length 3");
  expect(() => fftn({ re: [1] }, [])).toThrow(ArgumentError);
  expect(() => fftnInPlace({ re: poison(4), im: poison(3) }, [4], false)).toThrow(ShapeError);
  expect(() => circularConvolve([1, 2], [1])).toThrow(
    "circularConvolve: b must be of the length of a, 2, got length 1",
  );
  expect(() => dct([1], { type: 1 })).toThrow("dct: x must be of length at least 2 for type 1, got length 1");
  expect(() => dct([1], { type: 4 as 1 })).toThrow('dct: option "type" must be one of 1, 2, 3, got 4');
  expect(() => dct([1], { kind: 1 } as never)).toThrow('dct: option "kind" must be one of type, got 1');
});
