import { afterEach, expect, test } from "vitest";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { dot, nrm2, residentMatrix, rot, setRoutinesBackend } from "../../src/routines/index.js";
import { firstBitDifference } from "./twins.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

const LENGTHS = [0, 1, 63, 64, 65, 66, 67, 68, 129, 255, 300];

test.each(LENGTHS.map((n) => [n]))(
  "length %i: dot, nrm2 and rot on resident rows have the bits of ordinary ones",
  (n) => {
    const stride = n + 3;
    const source = normalMatrix(createRng(n), 2, stride).data;
    const run = (backend: "js" | "auto", array: Float64Array): Float64Array => {
      setRoutinesBackend(backend);
      array.set(source);
      const [x, y] = [1, stride + 2];
      const before = [dot(n, array, x, 1, array, y, 1), dot(n, array, x, 1, array, x, 1), nrm2(n, array, y, 1)];
      rot(n, array, x, 1, array, y, 1, 0.6, -0.8);
      return Float64Array.of(...before, ...array);
    };
    const plain = run("js", new Float64Array(2 * stride));
    setRoutinesBackend("auto");
    const resident = residentMatrix(2, stride);
    expect(firstBitDifference(run("auto", resident), plain)).toBe(-1);
    // Two arrays in different memories, and vectors that are not contiguous, take the plain way.
    setRoutinesBackend("auto");
    resident.set(source);
    expect(dot(n, resident, 1, 1, source, stride + 2, 1)).toBe(plain[0]);
    const [half, even] = [n >> 1, residentMatrix(1, 2 * stride)];
    even.set(source);
    expect(dot(half, even, 0, 2, even, 1, 2)).toBe(dot(half, source, 0, 2, source, 1, 2));
  },
);

test("exceptional values go through as they are", () => {
  const a = residentMatrix(2, 100);
  a.fill(1);
  a[7] = Infinity;
  expect(dot(100, a, 0, 1, a, 100, 1)).toBe(Infinity);
  a[8] = -Infinity;
  expect(dot(100, a, 0, 1, a, 100, 1)).toBeNaN();
  a[7] = a[8] = 1e200;
  expect(Math.abs(nrm2(100, a, 0, 1) / (Math.SQRT2 * 1e200) - 1)).toBeLessThan(1e-14);
});
