import fc from "fast-check";
import { expect, test } from "vitest";
import { axpy, dot, norm, scaleVector } from "../../src/core/index.js";
import { tolerance, withinRelative } from "../support/compare.js";

const vectors = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 40 })
  .map((list) => Float64Array.from(list));

test("dot agrees with the plain sum up to the rounding of a reordered sum", () => {
  fc.assert(
    fc.property(vectors, (x) => {
      const y = x.map((value, i) => Math.fround(1 - i * value));
      let plain = 0;
      let size = 0;
      for (let i = 0; i < x.length; i++) {
        plain += x[i]! * y[i]!;
        size += Math.abs(x[i]! * y[i]!);
      }
      expect(Math.abs(dot(x, y) - plain)).toBeLessThanOrEqual(tolerance(1, x.length, size));
    }),
  );
});

test("norm survives entries of 1e160, 1e-170 and subnormals, and is homogeneous", () => {
  for (const scale of [1, 1e160, 1e-170, 2 ** -1070]) {
    const x = Float64Array.of(3, -4, 0, 12).map((value) => value * scale);
    expect(withinRelative(norm(x), 13 * scale, 4 * 2 ** -52).ok).toBe(true);
  }
  expect(norm(new Float64Array(0))).toBe(0);
  expect(norm(Float64Array.of(0, -0))).toBe(0);
  expect(norm(Float64Array.of(1, Infinity))).toBe(Infinity);
  expect(norm(Float64Array.of(1, Number.NaN))).toBeNaN();
});

test("axpy and scaleVector work in place, entry by entry", () => {
  const x = Float64Array.of(1, 2, 3);
  const y = Float64Array.of(10, 20, 30);
  axpy(2, x, y);
  expect(Array.from(y)).toEqual([12, 24, 36]);
  scaleVector(-0.5, y);
  expect(Array.from(y)).toEqual([-6, -12, -18]);
  expect(Array.from(x)).toEqual([1, 2, 3]);
});
