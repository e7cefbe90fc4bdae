import { afterEach, expect, test } from "vitest";
import { createRng, spherePoints } from "../../src/random/index.js";
import {
  arcCosineCross,
  arcCosineGram,
  arcCosinePacked,
  createZonalTable,
  setRoutinesBackend,
  zonalCross,
  zonalGram,
  zonalPacked,
  zonalValue,
} from "../../src/routines/index.js";
import { poison } from "../support/compare.js";
import { firstBitDifference } from "./twins.js";

const EPSILON = Number.EPSILON;
/** Rounding of a table value, in units of ε times the largest value of the profile. */
const ROUNDING = 8;

afterEach(() => void setRoutinesBackend("auto"));

/** e^{−4 θ²} by the half angle: analytic, but not even in the cosine. */
const bell = (sine: number, opposite: boolean): number => {
  const half = Math.asin(sine);
  const theta = opposite ? Math.PI - 2 * half : 2 * half;
  return Math.exp(-4 * theta * theta);
};

test("a table gives the profile at every sine, on both sides and at the ends", () => {
  const table = createZonalTable(bell, 4, 4 * EPSILON);
  const rng = createRng(3);
  const sines = [0, 1e-300, 1e-12, 1 / 16, Math.SQRT1_2];
  for (let i = 0; i < 4000; i++) sines.push(Math.SQRT1_2 * rng.uniform() ** (1 + (i % 4)));
  for (const sine of sines) {
    for (const opposite of [false, true]) {
      const error = Math.abs(zonalValue(table, sine, opposite) - bell(sine, opposite));
      expect(error, `sine ${sine}, opposite ${String(opposite)}`).toBeLessThanOrEqual(ROUNDING * EPSILON);
    }
  }
  expect(table.direct.size).toBe(0);
  expect(zonalValue(table, 0, false)).toBe(1);
  expect(zonalValue(table, Number.NaN, false)).toBeNaN();
});

test("pieces with a kink are evaluated pair by pair, the others stay polynomials", () => {
  let calls = 0;
  const kinked = (sine: number, opposite: boolean): number => {
    calls++;
    return opposite ? 2 * sine * sine - 1 : Math.abs(sine - 0.3) + Math.abs(sine - 0.01);
  };
  const table = createZonalTable(kinked, 4, 4 * EPSILON);
  const rng = createRng(4);
  for (let i = 0; i < 3000; i++) {
    const sine = i < 1000 ? 0.0625 * rng.uniform() : Math.SQRT1_2 * rng.uniform();
    const error = Math.abs(zonalValue(table, sine, false) - (Math.abs(sine - 0.3) + Math.abs(sine - 0.01)));
    expect(error).toBeLessThanOrEqual(ROUNDING * EPSILON);
  }
  // One piece around each kink; the rest costs 11 values once.
  expect(table.direct.size).toBe(2);
  expect(calls).toBeLessThan(3000 + 11 * 300);
  // Negative control: the same table with a tolerance that accepts anything is wrong at the kink.
  const careless = createZonalTable(kinked, 4, 1);
  expect(Math.abs(zonalValue(careless, 0.3, false) - 0.29)).toBeGreaterThan(1e9 * EPSILON);
});

test("Gram and cross matrices of a zonal kernel: naive twin, symmetry, the same bits in both back ends and for any subset", () => {
  for (const [n, d] of [
    [5, 2],
    [130, 3],
    [300, 257],
    [700, 4],
    [40, 1500],
  ]) {
    const rng = createRng(n);
    const points = spherePoints(rng, n, d).data;
    // A duplicate, an opposite point and a close pair.
    points.copyWithin(d, 0, d);
    for (let k = 0; k < d; k++) points[2 * d + k] = -points[k];
    const scales = Float64Array.from({ length: n }, () => 0.5 + rng.uniform());
    const grams = (["js", "wasm"] as const).map((backend) => {
      expect(setRoutinesBackend(backend)).toBe(backend);
      const K = poison(n * n);
      zonalGram(n, d, points, 0, d, scales, createZonalTable(bell, 4, 4 * EPSILON), 1, K, 0, n);
      return K;
    });
    const [K] = grams;
    expect(firstBitDifference(grams[1], K)).toBe(-1);
    for (let i = 0; i < n; i++) {
      expect(K[i * n + i]).toBe(scales[i] * scales[i]);
      for (let j = 0; j < i; j++) if (K[i * n + j] !== K[j * n + i]) throw new Error(`(${i}, ${j}) asymmetric`);
    }
    for (let trial = 0; trial < 50; trial++) {
      const [i, j] = trial < 2 ? [0, trial + 1] : [rng.uint32() % n, rng.uint32() % n];
      if (i === j) continue;
      let [minus, plus] = [0, 0];
      for (let k = 0; k < d; k++) {
        minus += (points[i * d + k] - points[j * d + k]) ** 2;
        plus += (points[i * d + k] + points[j * d + k]) ** 2;
      }
      const expected = bell(Math.min(0.5 * Math.sqrt(Math.min(minus, plus)), Math.SQRT1_2), plus < minus);
      const error = Math.abs(K[i * n + j] / (scales[i] * scales[j]) - expected);
      // |d/dθ e^{−4θ²}| <= 2.5, and the angle of rows rounded to doubles is uncertain by ε √d.
      expect(error).toBeLessThanOrEqual((ROUNDING + 3 * Math.sqrt(d)) * EPSILON);
    }
    for (const backend of ["js", "wasm"] as const) {
      setRoutinesBackend(backend);
      const packed = poison((n * (n + 1)) / 2);
      zonalPacked(n, d, points, 0, d, scales, createZonalTable(bell, 4, 4 * EPSILON), 1, packed);
      for (let i = 0, at = 0; i < n; at += n - i, i++) {
        expect(firstBitDifference(packed.subarray(at, at + n - i), K.subarray(i * n + i, (i + 1) * n))).toBe(-1);
      }
    }
    const m = Math.min(n, 3);
    const rest = n - m;
    const cross = poison(m * rest);
    const table = createZonalTable(bell, 4, 4 * EPSILON);
    zonalCross(m, rest, d, points, 0, d, scales, points, m * d, d, scales.subarray(m), table, cross, 0, rest);
    for (let i = 0; i < m; i++) {
      expect(firstBitDifference(cross.subarray(i * rest, (i + 1) * rest), K.subarray(i * n + m, (i + 1) * n))).toBe(-1);
    }
  }
});

test("NaN in a point gives NaN in its row and column alone, in both back ends", () => {
  const n = 6;
  const points = spherePoints(createRng(1), n, 3).data;
  points[4] = Number.NaN;
  for (const backend of ["js", "wasm"] as const) {
    setRoutinesBackend(backend);
    const K = new Float64Array(n * n);
    const table = createZonalTable(bell, 4, 4 * EPSILON);
    zonalGram(n, 3, points, 0, 3, new Float64Array(n).fill(1), table, 1, K, 0, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) if (i !== j) expect(Number.isNaN(K[i * n + j])).toBe(i === 1 || j === 1);
    }
  }
});

test("the cost of a pair does not depend on the depth, and tables of several networks do not mix", () => {
  const n = 40;
  const points = spherePoints(createRng(9), n, 3).data;
  const ones = new Float64Array(n).fill(1);
  const gram = (depth: number, delta: number): Float64Array => {
    const K = new Float64Array(n * n);
    arcCosineGram(n, 3, points, 0, 3, ones, delta, depth, "ntk", K, 0, n);
    return K;
  };
  const first = gram(3, 0.5);
  for (let depth = 2; depth < 14; depth++) gram(depth, depth / 20);
  // The table of the first network was dropped meanwhile and is built again: the same bits.
  expect(firstBitDifference(gram(3, 0.5), first)).toBe(-1);
  const packed = new Float64Array((n * (n + 1)) / 2);
  arcCosinePacked(n, 3, points, 0, 3, ones, 0.5, 3, "ntk", packed);
  expect(firstBitDifference(packed.subarray(0, n), first.subarray(0, n))).toBe(-1);
  expect(packed[packed.length - 1]).toBe(3);
  expect(() => arcCosinePacked(n, 3, points, 0, 3, ones, 0.5, 3, "ntk", ones)).toThrow(
    "arcCosinePacked: out must be long enough for 820 entries",
  );
  const cross = new Float64Array(n);
  arcCosineCross(1, n, 3, points, 0, 3, ones, points, 0, 3, ones, 0.5, 3, "ntk", cross, 0, n);
  expect(firstBitDifference(cross.subarray(1), first.subarray(1, n))).toBe(-1);
});

test("bad input is refused with the numbers", () => {
  expect(() => createZonalTable(1 as never, 4, 1e-15)).toThrow(
    "createZonalTable: profile must be a function of a sine and a side, got 1",
  );
  expect(() => createZonalTable(bell, 1, 1e-15)).toThrow(
    "createZonalTable: octaves must be an integer in [2, 20], got 1",
  );
  expect(() => createZonalTable(bell, 4, 0)).toThrow("createZonalTable: tolerance must be");
  const table = createZonalTable(bell, 4, 1e-15);
  const one = Float64Array.of(1);
  expect(() => zonalGram(2, 1, one, 0, 1, one, table, 1, new Float64Array(4), 0, 2)).toThrow("zonalGram: unit must be");
  expect(() => zonalGram(1, 0, one, 0, 1, one, table, 1, one, 0, 1)).toThrow("zonalGram: dimension must be");
  expect(() => zonalGram(1, 1, one, 0, 1, [1] as never, table, 1, one, 0, 1)).toThrow(
    "zonalGram: scales must be a Float64Array",
  );
  expect(() => zonalCross(1, 1, 1, one, 0, 1, one, one, 1, 1, one, table, one, 0, 1)).toThrow("zonalCross: y must be");
});
