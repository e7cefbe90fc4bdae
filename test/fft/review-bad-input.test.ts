import { afterAll, expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError } from "../../src/core/index.js";
import {
  circularConvolve,
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
import { createFftEngine, fftRadices, setRoutinesBackend } from "../../src/routines/index.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

const large = (n: number): Float64Array => new Float64Array(n).fill(1e308);
const zeros = (n: number): Float64Array => new Float64Array(n);

test.each(["js", "auto"] as const)(
  "%s: an overflow on the way is an error that says so, never NaN in silence",
  (backend) => {
    setRoutinesBackend(backend);
    for (const n of [4, 7, 11, 16, 600]) {
      const cases: [string, () => unknown][] = [
        ["fft", () => fft(large(n))],
        ["fft", () => fft(large(n), large(n))],
        ["ifft", () => ifft(large(n), zeros(n))],
        ["rfft", () => rfft(large(n))],
        ["irfft", () => irfft(large(n), zeros(n), 2 * n - 1)],
        ["fftn", () => fftn({ re: large(n) }, [n, 1])],
        ["ifftn", () => ifftn({ re: large(n) }, [1, n])],
        ["dct", () => dct(large(n))],
        ["dct", () => dct(large(n), { type: 1 })],
        ["idct", () => idct(large(n), { type: 3 })],
        ["convolve", () => convolve(large(n), large(n))],
        ["circularConvolve", () => circularConvolve(large(n), large(n))],
      ];
      for (const [name, run] of cases) {
        expect(run).toThrow(NonFiniteError);
        expect(run).toThrow(`${name}: the result must be representable (below 1.80e+308), got an overflow`);
      }
      expect(() => fftnInPlace({ re: large(n), im: zeros(n) }, [n], false)).toThrow("fftnInPlace: the result");
    }
  },
);

test("NaN and infinities in the input are named, with their index", () => {
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    for (const n of [1, 2, 5, 8, 11, 64]) {
      const x = zeros(n);
      x[n - 1] = bad;
      const said = `got ${bad} at index ${n - 1}`;
      expect(() => fft(x)).toThrow(`fft: re must be finite in every entry, ${said}`);
      expect(() => fft(zeros(n), x)).toThrow(`fft: im must be finite in every entry, ${said}`);
      expect(() => ifft(x, zeros(n))).toThrow(said);
      expect(() => rfft(x)).toThrow(`rfft: x must be finite in every entry, ${said}`);
      expect(() => dct(x)).toThrow(said);
      expect(() => idct(x)).toThrow(said);
      expect(() => convolve(x, zeros(n))).toThrow(said);
      expect(() => circularConvolve(zeros(n), x)).toThrow(`circularConvolve: b must be finite in every entry, ${said}`);
      expect(() => fftn({ re: x }, [n])).toThrow(said);
      expect(() => ifftn({ re: zeros(n), im: x }, [n])).toThrow(said);
    }
  }
});

test("parts of a result in one array, and an inverse that is neither true nor false, are refused", () => {
  const [x, y] = [Float64Array.of(1, 2, 3, 4), zeros(4)];
  const plan = createFftPlan(4);
  expect(() => plan.forward(x, y, y, y)).toThrow(
    "createFftPlan.forward: outIm must be another array than outRe, got the same one",
  );
  expect(() => plan.inverse(x, x, y, y)).toThrow("createFftPlan.inverse: outIm must be another array than outRe");
  expect(() => fftnInPlace({ re: x, im: x }, [2, 2], false)).toThrow("fftnInPlace: x.im must be another array");
  expect(() => fftnInPlace({ re: x, im: y }, [2, 2], { inverse: false } as never)).toThrow(
    "fftnInPlace: inverse must be true or false, got an object",
  );
  expect(Array.from(x)).toEqual([1, 2, 3, 4]);
});

test("what is no grid is refused", () => {
  expect(() => fftn({} as never, [2])).toThrow(ArgumentError);
  expect(() => fftnInPlace(null as never, [2], false)).toThrow("fftnInPlace: x must be an object { re, im }, got null");
  expect(() => createFftPlan(0)).toThrow("createFftPlan: length must be an integer in [1, 1073741824], got 0");
});

test("radices: zero does not hang, a wrong product is refused", () => {
  for (const n of [0, -4, 1.5, Infinity, Number.NaN]) expect(() => fftRadices(n)).toThrow(ArgumentError);
  expect(() => createFftEngine(6, [2, 2], 1)).toThrow(ShapeError);
  expect(() => createFftEngine(6, [2, 2], 1)).toThrow(
    "radices must be of 4, 2, 3, 5, 7 and primes from 11 to 101 with the product 6, got [2, 2]",
  );
  for (const n of [9, 33, 103, 121, -11, 11.5]) expect(() => createFftEngine(n, [n], 1)).toThrow(/radices|length/);
  expect(() => createFftEngine(4, [4], 0)).toThrow("batch must be an integer >= 1, got 0");
});
