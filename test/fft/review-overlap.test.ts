import { afterAll, expect, expectTypeOf, test } from "vitest";
import { createFftPlan, createRealFftPlan, fftnInPlace, irfft, irfftn, rfft } from "../../src/fft/index.js";
import { createRng } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

const normals = (seed: number, n: number): Float64Array => {
  const rng = createRng(seed);
  return Float64Array.from({ length: n }, () => rng.normal());
};

test.each(["js", "auto"] as const)(
  "%s: results whose parts overlap each other or the real data are refused",
  (backend) => {
    setRoutinesBackend(backend);
    for (const n of [8, 15, 16, 64, 103]) {
      const room = new Float64Array(2 * n);
      const [low, high] = [room.subarray(0, n), room.subarray(1, n + 1)];
      const x = normals(n, n);
      const plan = createFftPlan(n);
      for (const run of [plan.forward, plan.inverse]) {
        expect(() => run(x, x, low, high)).toThrow("outIm must be another array than outRe, got one that overlaps it");
      }
      expect(() => fftnInPlace({ re: low, im: high }, [n], false)).toThrow(
        "fftnInPlace: x.im must be another array than x.re, got one that overlaps it",
      );
      const bins = (n >> 1) + 1;
      const real = createRealFftPlan(n);
      const fresh = new Float64Array(bins);
      const [begin, middle] = [room.subarray(0, bins), room.subarray(bins, 2 * bins)];
      expect(() => real.forward(x, begin, room.subarray(1, bins + 1))).toThrow(
        "im must be another array than re, got one",
      );
      room.set(x);
      expect(() => real.forward(low, begin, fresh)).toThrow(
        "createRealFftPlan.forward: re must be another array than x",
      );
      expect(() => real.forward(low, fresh, begin)).toThrow(
        "createRealFftPlan.forward: im must be another array than x",
      );
      expect(Array.from(low)).toEqual(Array.from(x));
      // Neighbours do not overlap, and the inverse may overwrite what it reads.
      real.forward(x, begin, middle);
      const expected = rfft(x);
      expect([...begin, ...middle]).toEqual([...expected.re, ...expected.im]);
      real.inverse(begin, middle, low);
      expect(Array.from(low)).toEqual(Array.from(irfft(expected, n)));
    }
  },
);

test.each(["js", "auto"] as const)("%s: a complex plan takes output that overlaps its input in any way", (backend) => {
  setRoutinesBackend(backend);
  for (const n of [1, 2, 8, 15, 16, 33, 64, 101, 103, 128]) {
    const plan = createFftPlan(n);
    const [re, im, outRe, outIm] = [normals(n, n), normals(n + 1, n), new Float64Array(n), new Float64Array(n)];
    for (const run of [plan.forward, plan.inverse]) {
      run(re, im, outRe, outIm);
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ]) {
        const room = new Float64Array(2 * n + 1);
        const parts = (at: number): [Float64Array, Float64Array] => [
          room.subarray(at, at + n),
          room.subarray(at + n, at + 2 * n),
        ];
        const [x, y] = parts(from);
        x.set(re);
        y.set(im);
        run(x, y, ...parts(to));
        expect([...room.subarray(to, to + 2 * n)]).toEqual([...outRe, ...outIm]);
      }
      const [x, y] = [re.slice(), im.slice()];
      run(x, y, y, x);
      expect([...y, ...x]).toEqual([...outRe, ...outIm]);
    }
  }
});

test("half spectra come in any arrays of numbers, imaginary parts zero when absent; what is none is told", () => {
  expectTypeOf(irfft({ re: [6, 0], im: Float32Array.of(0, 1) }, 3)).toEqualTypeOf<Float64Array>();
  expect(irfft({ re: [6, 0], im: Float32Array.of(0, 1) }, 3)).toEqual(irfft([6, 0], [0, 1], 3));
  expect(irfft({ re: [6, 1, 2] }, 4)).toEqual(irfft([6, 1, 2], [0, 0, 0], 4));
  expect(irfftn({ re: [6, 1, 2] }, [1, 4])).toEqual(irfft({ re: [6, 1, 2] }, 4));
  for (const re of [null, undefined, 3, "abc"] as never[]) {
    expect(() => irfft({ re }, 3)).toThrow("irfft: re must be an array of numbers, typed or not, got");
    expect(() => irfftn({ re }, [1, 3])).toThrow("irfftn: re must be an array of numbers, typed or not, got");
  }
});
