import { afterEach, expect, test } from "vitest";
import { ShapeError } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { residentMatrix, setRoutinesBackend, symmetricModulus } from "../../src/routines/index.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

const ORDERS = [0, 1, 2, 3, 4, 15, 31, 32, 33, 34, 63, 64, 65, 97, 130];
const OFFSET = 3;

/** Symmetric normal entries at an offset, with a few numbers to spare in each row; the last number of the array is spare too. */
function fill(a: Float64Array, n: number, stride: number): void {
  const rng = createRng(n);
  a.fill(Number.NaN);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[OFFSET + i * stride + j] = a[OFFSET + j * stride + i] = rng.normal();
  }
}

/** What both back ends say, on an ordinary array and on one of the second back end. */
function witnesses(n: number, stride: number): (change: (a: Float64Array) => void) => number[] {
  const arrays = [new Float64Array(OFFSET + n * stride + 1), residentMatrix(1, OFFSET + n * stride + 1)];
  const source = arrays[0]!.slice();
  fill(source, n, stride);
  return (change) =>
    (["js", "auto"] as const).flatMap((backend) => {
      setRoutinesBackend(backend);
      return arrays.map((a) => {
        a.set(source);
        change(a);
        return symmetricModulus(n, a, OFFSET, stride);
      });
    });
}

test.each(ORDERS.map((n) => [n]))(
  "order %i: the largest modulus, and NaN for whatever is not its mirror image",
  (n) => {
    const stride = n + 2;
    const answers = witnesses(n, stride);
    let largest = 0;
    const known = answers((a) => {
      largest = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(a[OFFSET + i * stride + j]!));
      }
    });
    expect(known).toEqual([largest, largest, largest, largest]);
    // Every place near the edges of blocks: the largest entry, an infinite one, NaN, and one that differs in the last bit.
    const places = [0, 1, 30, 31, 32, 33, n - 2, n - 1].filter((i, k, all) => i >= 0 && i < n && all.indexOf(i) === k);
    for (const i of places) {
      for (const j of places) {
        const set = (value: number) => (a: Float64Array) => {
          a[OFFSET + i * stride + j] = a[OFFSET + j * stride + i] = value;
        };
        expect(answers(set(-1e3))).toEqual([1e3, 1e3, 1e3, 1e3]);
        expect(answers(set(-Infinity))).toEqual([Infinity, Infinity, Infinity, Infinity]);
        expect(answers(set(Number.NaN)).every(Number.isNaN)).toBe(true);
        if (i === j) continue;
        const bent = (a: Float64Array): void => {
          a[OFFSET + i * stride + j]! *= 1 + 2 ** -52;
        };
        expect(answers(bent).every(Number.isNaN)).toBe(true);
      }
    }
  },
);

test("zeros of either sign are equal; a block beyond its array is refused", () => {
  expect(symmetricModulus(2, Float64Array.of(0, -0, 0, -0), 0, 2)).toBe(0);
  expect(() => symmetricModulus(2, new Float64Array(3), 0, 2)).toThrow(ShapeError);
  expect(() => symmetricModulus(2, new Float64Array(3), 0, 2)).toThrow("symmetricModulus: a must be long enough");
});
