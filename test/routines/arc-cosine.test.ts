import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../src/random/index.js";
import { arcCosineCross, arcCosineGram, setRoutinesBackend } from "../../src/routines/index.js";
import { poison } from "../support/compare.js";
import { firstBitDifference } from "./twins.js";

interface Row {
  readonly delta: number;
  readonly theta: number;
  readonly depth: number;
  readonly ntk: string;
  readonly nngpGap?: string | null;
}
const fixture = JSON.parse(readFileSync(new URL("../fixtures/routines/arc-cosine.json", import.meta.url), "utf8")) as {
  rows: readonly Row[];
};

/** Absolute error allowed in units of ε depth²: an error ε of the input angle alone moves the kernel by up to that. */
const FACTOR = 4;
const EPSILON = 2 ** -52;

/** n unit rows; some equal, some opposite, some almost so. */
function points(rng: Rng, n: number, d: number): Float64Array {
  const x = Float64Array.from({ length: n * d }, () => rng.normal());
  for (let i = 1; i < n; i++) {
    const kind = rng.uint32() % 8;
    if (kind > 3) continue;
    const sign = kind % 2 === 0 ? 1 : -1;
    const shift = kind < 2 ? 0 : 2 ** -(rng.uint32() % 40);
    for (let k = 0; k < d; k++) x[i * d + k] = sign * x[(i - 1) * d + k] + shift * rng.normal();
  }
  for (let i = 0; i < n; i++) {
    const norm = Math.hypot(...x.subarray(i * d, (i + 1) * d));
    for (let k = 0; k < d; k++) x[i * d + k] /= norm;
  }
  return x;
}

/** The recursion of the specification with atan2 and library functions, angle and supplement side by side. */
function plainKernel(x: Float64Array, y: Float64Array, delta: number, depth: number, kind: "ntk" | "nngp"): number {
  let [minus, plus] = [0, 0];
  for (let k = 0; k < x.length; k++) {
    minus += (x[k] - y[k]) ** 2;
    plus += (x[k] + y[k]) ** 2;
  }
  let theta = 2 * Math.atan2(Math.sqrt(minus), Math.sqrt(plus));
  let supplement = 2 * Math.atan2(Math.sqrt(plus), Math.sqrt(minus));
  const cosine = (): number => (theta < supplement ? Math.cos(theta) : -Math.cos(supplement));
  // Direct g for large angles, two terms of its series for small ones where the direct form cancels.
  const g = (t: number): number =>
    t > 0.02 ? Math.sin(t) - t * Math.cos(t) : (t ** 3 / 3) * (1 - t ** 2 / 10 + t ** 4 / 280);
  let value = cosine();
  for (let k = 1; k < depth; k++) {
    const c = (2 * delta) / Math.PI;
    const near = theta <= Math.PI / 2;
    const slope = near ? 1 - c * theta : 1 - 2 * delta + c * supplement;
    const below = near
      ? 2 * Math.sin(theta / 2) ** 2 - c * g(theta)
      : 2 * (1 - delta) - (1 - 2 * delta) * 2 * Math.sin(supplement / 2) ** 2 - c * g(supplement);
    const above = near
      ? 2 - below
      : 2 * delta + (1 - 2 * delta) * 2 * Math.sin(supplement / 2) ** 2 + c * g(supplement);
    theta = 2 * Math.atan2(Math.sqrt(below), Math.sqrt(above));
    supplement = 2 * Math.atan2(Math.sqrt(above), Math.sqrt(below));
    value = cosine() + slope * value;
  }
  return kind === "ntk" ? value : cosine();
}

function gram(
  x: Float64Array,
  n: number,
  d: number,
  scales: Float64Array,
  delta: number,
  depth: number,
  kind: "ntk" | "nngp",
): Float64Array {
  const out = poison(n * n);
  arcCosineGram(n, d, x, 0, d, scales, delta, depth, kind, out, 0, n);
  return out;
}

describe.each(["js", "wasm"] as const)("back end %s", (backend) => {
  beforeAll(() => expect(setRoutinesBackend(backend)).toBe(backend));
  afterAll(() => void setRoutinesBackend("auto"));

  test("pairs at given angles agree with 20-digit values down to depth 10000", () => {
    for (const { delta, theta, depth, ntk, nngpGap } of fixture.rows) {
      const x = Float64Array.of(1, 0, Math.cos(theta), Math.sin(theta));
      const ones = Float64Array.of(1, 1);
      const K = gram(x, 2, 2, ones, delta, depth, "ntk");
      expect(K[0]).toBe(depth);
      // At great depth the value forgets the angle: its size is about depth/4 and the errors of the layers average out.
      expect(Math.abs(K[1] - Number(ntk)), `delta ${delta}, theta ${theta}, depth ${depth}`).toBeLessThanOrEqual(
        FACTOR * EPSILON * Math.min(depth * depth, 40 * depth),
      );
      if (nngpGap === undefined || nngpGap === null) continue;
      const gap = 1 - gram(x, 2, 2, ones, delta, depth, "nngp")[1];
      expect(Math.abs(gap - Number(nngpGap))).toBeLessThanOrEqual(FACTOR * EPSILON);
    }
  });

  test("Gram and cross matrices equal the plain recursion: equal, opposite and nearly so, all deltas", () => {
    const rng = createRng(11);
    for (const [n, d] of [
      [1, 1],
      [2, 3],
      [17, 1],
      [33, 2],
      [50, 5],
      [9, 300],
    ]) {
      for (const delta of [0, 0.1, 0.5, 0.9, 1]) {
        for (const depth of [1, 2, 3, 20]) {
          const x = points(rng, n, d);
          const scales = Float64Array.from({ length: n }, () => 0.5 + rng.uniform());
          for (const kind of ["ntk", "nngp"] as const) {
            const K = gram(x, n, d, scales, delta, depth, kind);
            const m = Math.min(n, 7);
            const cross = poison(m * n);
            arcCosineCross(m, n, d, x, 0, d, scales, x, 0, d, scales, delta, depth, kind, cross, 0, n);
            for (let i = 0; i < n; i++) {
              for (let j = 0; j < n; j++) {
                const scale = scales[i] * scales[j];
                const expected =
                  i === j
                    ? kind === "ntk"
                      ? depth
                      : 1
                    : plainKernel(x.subarray(i * d, (i + 1) * d), x.subarray(j * d, (j + 1) * d), delta, depth, kind);
                const error = Math.abs(K[i * n + j] / scale - expected);
                // The angle of the unit rows as stored is defined up to ε √d; the kernel moves by depth² times that.
                if (!(error <= FACTOR * EPSILON * depth * depth * (3 + Math.sqrt(d))))
                  throw new Error(`${n} ${d} delta ${delta} depth ${depth} ${kind}: (${i}, ${j}) off by ${error}`);
                if (K[i * n + j] !== K[j * n + i]) throw new Error("asymmetric");
                if (i < m && i < j && cross[i * n + j] !== K[i * n + j])
                  throw new Error(`cross (${i}, ${j}) differs from gram`);
              }
            }
          }
        }
      }
    }
  });
});

test("both back ends give the same bits, over block edges", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 5, 127, 128, 129, 300),
      fc.constantFrom(1, 2, 3, 10, 257),
      fc.constantFrom(0, 0.3, 0.5, 1),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom("ntk", "nngp"),
      fc.integer({ min: 0, max: 1e6 }),
      (n, d, delta, depth, kind, seed) => {
        const x = points(createRng(seed), n, d);
        const ones = new Float64Array(n).fill(1);
        const [first, second] = (["js", "wasm"] as const).map((backend) => {
          setRoutinesBackend(backend);
          return gram(x, n, d, ones, delta, depth, kind as "ntk" | "nngp");
        });
        expect(firstBitDifference(second, first)).toBe(-1);
      },
    ),
    { numRuns: 25 },
  );
  const [n, d] = [700, 4];
  const x = points(createRng(5), n, d);
  const ones = new Float64Array(n).fill(1);
  setRoutinesBackend("js");
  const reference = gram(x, n, d, ones, 0.5, 3, "ntk");
  setRoutinesBackend("wasm");
  expect(firstBitDifference(gram(x, n, d, ones, 0.5, 3, "ntk"), reference)).toBe(-1);
  setRoutinesBackend("auto");
});

test("closed forms: antipodal abs is exactly singular, orthogonal relu of depth 2 is 1/π, zero rows give zeros", () => {
  const x = Float64Array.of(0.6, 0.8, -0.6, -0.8, 0, 0);
  const scales = Float64Array.of(1, 1, 0);
  const abs = gram(x, 3, 2, scales, 1, 5, "ntk");
  // Layer 0 has cosine −1 and slope −1; every later layer sees equal points: T = 5 as on the diagonal.
  expect(abs[1]).toBe(5);
  expect(abs[0]).toBe(5);
  expect([abs[2], abs[5], abs[6], abs[8]]).toEqual([0, 0, 0, 0]);
  const relu = gram(Float64Array.of(1, 0, 0, 1), 2, 2, Float64Array.of(1, 1), 0.5, 2, "ntk");
  expect(Math.abs(relu[1] - 1 / Math.PI)).toBeLessThanOrEqual(2 * EPSILON);
  expect(gram(new Float64Array(0), 0, 3, new Float64Array(0), 0.5, 2, "ntk").length).toBe(0);
});

test("negative control: angles from acos of the cosine fail the verdict near equal points", () => {
  const theta = 1e-6;
  const x = Float64Array.of(1, 0, Math.cos(theta), Math.sin(theta));
  const exact = plainKernel(x.subarray(0, 2), x.subarray(2), 0.5, 2, "ntk");
  const lost = Math.acos(x[2]);
  const naive = (Math.sin(lost) + 2 * (Math.PI - lost) * Math.cos(lost)) / Math.PI;
  expect(Math.abs(naive - exact)).toBeGreaterThan(FACTOR * EPSILON * 4 * (3 + Math.sqrt(2)));
  expect(Math.abs(gram(x, 2, 2, Float64Array.of(1, 1), 0.5, 2, "ntk")[1] - exact)).toBeLessThanOrEqual(
    FACTOR * EPSILON * 4,
  );
});

test("bad input is refused with the numbers", () => {
  const x = Float64Array.of(1, 0);
  const one = Float64Array.of(1);
  const call =
    (delta: number, depth: number, scales = one): (() => void) =>
    () =>
      arcCosineGram(1, 2, x, 0, 2, scales, delta, depth, "ntk", new Float64Array(1), 0, 1);
  expect(call(1.5, 2)).toThrow("arcCosineGram: delta must be a number in [0, 1], got 1.5");
  expect(call(0.5, 0)).toThrow("arcCosineGram: depth must be an integer >= 1, got 0");
  expect(call(0.5, 2, new Float64Array(0))).toThrow(
    "arcCosineGram: scales must be long enough for 1 entries at offset 0 with step 1, got length 0",
  );
  expect(() => arcCosineGram(2, 2, x, 0, 2, one, 0.5, 2, "ntk", new Float64Array(4), 0, 2)).toThrow(
    "arcCosineGram: unit must be long enough",
  );
});
