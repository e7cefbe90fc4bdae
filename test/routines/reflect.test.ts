import { afterEach, expect, test } from "vitest";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { reflectColumns, reflectRows, residentMatrix, setRoutinesBackend } from "../../src/routines/index.js";
import { firstBitDifference } from "./twins.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

/** τ, v, w of reflectors that are orthogonal, one of them the identity. */
function reflectors(count: number): Float64Array {
  const rng = createRng(count);
  const result = new Float64Array(3 * count);
  for (let p = 0; p < count; p++) {
    const [v, w] = [rng.normal(), rng.normal()];
    result.set([p === 1 ? 0 : 2 / (1 + v * v + w * w), v, w], 3 * p);
  }
  return result;
}

/** H_p as a full matrix applied to column j of x. */
function naive(size: number, count: number, r: Float64Array, x: Float64Array): Float64Array {
  let y = x.slice();
  for (let p = 0; p < count; p++) {
    const u = new Float64Array(size);
    u.set([1, r[3 * p + 1]!, r[3 * p + 2]!], p);
    const inner = u.reduce((sum, entry, i) => sum + entry * y[i]!, 0);
    y = y.map((entry, i) => entry - r[3 * p]! * inner * u[i]!);
  }
  return y;
}

const SIZES = [0, 1, 2, 7, 8, 9, 15, 16, 17, 40];

test.each([0, 1, 2, 5, 24, 70, 257].map((count) => [count]))(
  "%i reflectors: the product of full ones, from both sides, with the same bits in both back ends",
  (count) => {
    const r = reflectors(count);
    const long = count + 2;
    for (const other of SIZES) {
      const stride = Math.max(long, other) + 3;
      const source = normalMatrix(createRng(other), stride, stride).data;
      const run = (backend: "js" | "auto", side: "rows" | "columns"): Float64Array => {
        setRoutinesBackend(backend);
        const a = residentMatrix(stride, stride);
        a.set(source);
        if (side === "rows") reflectRows(other, count, r, a, stride + 2, stride);
        else reflectColumns(other, count, r, a, stride + 2, stride);
        return a.slice();
      };
      for (const side of ["rows", "columns"] as const) {
        const plain = run("js", side);
        expect(firstBitDifference(run("auto", side), plain)).toBe(-1);
        const at = (i: number, j: number): number =>
          side === "rows" ? (i + 1) * stride + 2 + j : (j + 1) * stride + 2 + i;
        let worst = 0;
        const touched = new Set<number>();
        for (let j = 0; j < other; j++) {
          const before = Float64Array.from({ length: long }, (_, i) => source[at(i, j)]!);
          const after = naive(long, count, r, before);
          const size = Math.hypot(...before);
          for (let i = 0; i < long; i++) {
            touched.add(at(i, j));
            worst = Math.max(worst, Math.abs(after[i]! - plain[at(i, j)]!) / size);
          }
        }
        expect(worst).toBeLessThanOrEqual(4 * (count + 1) * Number.EPSILON);
        expect(plain.every((entry, k) => touched.has(k) || entry === source[k])).toBe(true);
      }
    }
  },
);

test("blocks that leave the array are refused", () => {
  const a = new Float64Array(12);
  expect(() => reflectRows(4, 2, new Float64Array(6), a, 0, 4)).toThrow(
    "reflectRows: a must be long enough for a 4 x 4 block at offset 0 with stride 4, got length 12",
  );
  expect(() => reflectColumns(3, 3, new Float64Array(9), a, 0, 4)).toThrow("reflectColumns: a must be long enough");
  expect(() => reflectRows(1, 1, new Float64Array(2), a, 0, 1)).toThrow("reflectRows: reflectors must be long enough");
});
