import { afterAll, expect, test } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError } from "../../src/core/index.js";
import { type ComplexArray, fftn, ifftn, irfft, irfftn, rfft, rfftn } from "../../src/fft/index.js";
import { createRng } from "../../src/random/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { fftTolerance, relativeError } from "./twins.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

const normals = (seed: number, n: number): Float64Array => {
  const rng = createRng(seed);
  return Float64Array.from({ length: n }, () => rng.normal());
};
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const SHAPES: readonly (readonly number[])[] = [
  [1],
  [7],
  [64],
  [1, 1],
  [1, 6],
  [6, 1],
  [2, 2],
  [3, 5],
  [5, 8],
  [16, 32],
  [33, 34],
  [11, 13],
  [40, 41],
  [37, 4],
  [2, 3, 4],
  [3, 1, 9],
  [8, 8, 8],
  [7, 6, 5],
  [2, 2, 2, 2, 2],
  [10, 12, 14],
];

/** The entries of a full spectrum that rfftn stores. */
function stored(full: ComplexArray, shape: readonly number[]): ComplexArray {
  const n = shape[shape.length - 1];
  const keep = (values: Float64Array): Float64Array => values.filter((_, index) => index % n <= n >> 1);
  return { re: keep(full.re), im: keep(full.im) };
}
const asReal = (re: Float64Array): ComplexArray => ({ re, im: new Float64Array(re.length) });

test.each(["js", "auto"] as const)("%s: half of fftn, and back, for every kind of length", (backend) => {
  setRoutinesBackend(backend);
  for (const shape of SHAPES) {
    const x = normals(product(shape), product(shape));
    const copy = x.slice();
    const half = rfftn(x, shape);
    const bound = fftTolerance(4, Math.max(2, x.length));
    expect(relativeError(half, stored(fftn({ re: x }, shape), shape)), shape.join(" x ")).toBeLessThanOrEqual(bound);
    const parts = [half.re.slice(), half.im.slice()];
    const back = irfftn(half, shape);
    expect(relativeError(asReal(back), asReal(x)), shape.join(" x ")).toBeLessThanOrEqual(bound);
    expect([x, half.re, half.im]).toEqual([copy, ...parts]);
    // Negative control: along the last axis alone it is another transform.
    if (shape.length === 2 && shape[0] > 1) {
      const rows = Array.from({ length: shape[0] }, (_, i) => rfft(x.subarray(i * shape[1], (i + 1) * shape[1])));
      const wrong = { re: rows.flatMap((row) => Array.from(row.re)), im: rows.flatMap((row) => Array.from(row.im)) };
      expect(relativeError({ re: Float64Array.from(wrong.re), im: Float64Array.from(wrong.im) }, half)).toBeGreaterThan(
        bound,
      );
    }
  }
});

test("one axis gives the bits of rfft and irfft", () => {
  for (const n of [1, 2, 3, 8, 15, 64, 101, 143]) {
    const x = normals(n, n);
    expect(rfftn(x, [n])).toEqual(rfft(x));
    expect(irfftn(rfft(x), [n])).toEqual(irfft(rfft(x), n));
  }
});

test("a spectrum that is not that of real data: the mean of each conjugate pair counts, as in the full inverse", () => {
  for (const shape of [
    [5, 6],
    [4, 7],
    [3, 4, 4],
  ]) {
    const n = shape[shape.length - 1];
    const bins = (n >> 1) + 1;
    const total = (product(shape) / n) * bins;
    const half = { re: normals(1, total), im: normals(2, total) };
    // The full spectrum with every missing entry put in as a conjugate, and pairs averaged where both are stored.
    const full = { re: new Float64Array(product(shape)), im: new Float64Array(product(shape)) };
    for (let at = 0; at < full.re.length; at++) {
      const indices = shape.map((length, axis) => Math.floor(at / product(shape.slice(axis + 1))) % length);
      const mirror = indices.map((k, axis) => (shape[axis] - k) % shape[axis]);
      const place = (k: readonly number[]): number =>
        k.reduce((index, one, axis) => index * (axis === k.length - 1 ? bins : shape[axis]) + one, 0);
      const values: [number, number][] = [];
      if (indices[indices.length - 1] < bins) values.push([half.re[place(indices)], half.im[place(indices)]]);
      if (mirror[mirror.length - 1] < bins) values.push([half.re[place(mirror)], -half.im[place(mirror)]]);
      full.re[at] = values.reduce((sum, value) => sum + value[0], 0) / values.length;
      full.im[at] = values.reduce((sum, value) => sum + value[1], 0) / values.length;
    }
    const expected = ifftn(full, shape);
    const bound = fftTolerance(4, product(shape));
    expect(relativeError(asReal(irfftn(half, shape)), expected)).toBeLessThanOrEqual(bound);
  }
});

test("bad input is refused with the numbers", () => {
  expect(() => rfftn([1, 2, 3], [2, 2])).toThrow(ShapeError);
  expect(() => rfftn([1, 2, 3], [2, 2])).toThrow("rfftn: x must be of length 2 x 2 = 4, got length 3");
  expect(() => rfftn([1, 2], [])).toThrow("rfftn: shape must be a non-empty array of lengths");
  expect(() => rfftn([1, Number.NaN], [1, 2])).toThrow("rfftn: x must be finite in every entry, got NaN at index 1");
  expect(() => irfftn({ re: [1, 2, 3] }, [1, 3])).toThrow(
    "irfftn: x must be of length 1 x 2 = 2 for data of 1 x 3, got length 3",
  );
  expect(() => irfftn([1, 2] as never, [3])).toThrow(ArgumentError);
  expect(() => irfftn([1, 2] as never, [3])).toThrow(
    "irfftn: x must be an object { re, im }, got an array of length 2",
  );
  // An imaginary part that cannot matter is looked at all the same.
  expect(() => irfftn({ re: [1, 2], im: [Number.NaN, 0] }, [3])).toThrow(NonFiniteError);
  expect(() => rfftn(new Float64Array(64).fill(1e308), [8, 8])).toThrow("rfftn: the result must be representable");
  expect(() => irfftn({ re: new Float64Array(40).fill(1e308) }, [8, 8])).toThrow("irfftn: the result must be");
});

test("an entry that is its own conjugate may be as large as irfft takes it", () => {
  for (const shape of [[4], [1, 4], [2, 4], [3, 2], [2, 3], [16, 6]]) {
    const total = product(shape);
    const last = shape[shape.length - 1]!;
    const re = new Float64Array((total / last) * ((last >> 1) + 1));
    re[0] = 1.5e308;
    const full = new Float64Array(total);
    full[0] = 1.5e308;
    expect(Array.from(irfftn({ re }, shape)), String(shape)).toEqual(Array.from(ifftn({ re: full }, shape).re));
  }
});
