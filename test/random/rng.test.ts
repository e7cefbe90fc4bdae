import { expect, test } from "vitest";
import { ArgumentError } from "../../src/core/index.js";
import { createRng, mulberry32, permutation, spherePoints, uniformInteger } from "../../src/random/index.js";
import { fixture } from "../support/shared.js";

interface Replay {
  readonly cases: ReadonlyArray<{ seed: number; u32: number[]; u: number[]; normals: number[] }>;
  readonly floor: { seed: number; first3: number[]; first3_normals: number[] };
}
const replay = fixture<Replay>("random/mulberry32.json");

test("mulberry32 replays the published words, uniforms and normals of both conventions", () => {
  for (const { seed, u32, u, normals } of replay.cases) {
    const words = mulberry32(seed);
    expect(u32.map(() => words.uint32())).toEqual(u32);
    const uniforms = mulberry32(seed);
    expect(u.map(() => uniforms.uniform())).toEqual(u);
    const gaussian = mulberry32(seed).normals(normals.length);
    normals.forEach((value, i) =>
      expect(Math.abs(gaussian[i]! - value)).toBeLessThanOrEqual(5e-16 * Math.max(1, Math.abs(value))),
    );
  }
  const floor = mulberry32(replay.floor.seed, { uniform: "floor", normals: "single" });
  expect(replay.floor.first3.map(() => floor.uniform())).toEqual(replay.floor.first3);
  const single = mulberry32(replay.floor.seed, { uniform: "floor", normals: "single" });
  for (const value of replay.floor.first3_normals)
    expect(Math.abs(single.normal() - value)).toBeLessThanOrEqual(5e-16 * Math.abs(value));
});

test("equal seeds give equal streams and a fork depends on seed and labels alone", () => {
  const a = createRng(7);
  const b = createRng(7);
  for (let i = 0; i < 100; i++) a.normal(); // draws do not change forks
  a.fork("other");
  expect(a.fork("x").fork(3).uint32()).toBe(b.fork("x").fork(3).uint32());
  expect(createRng(7).fork("ab").uint32()).not.toBe(createRng(7).fork("a").fork("b").uint32());
  expect(createRng(7).fork(1).uint32()).not.toBe(createRng(7).fork("1").uint32());
  expect(createRng(7).uint32()).not.toBe(createRng([7]).uint32());
});

test("a fork does not advance its parent", () => {
  const a = createRng(11);
  const b = createRng(11);
  a.fork("x").normal();
  expect([a.normal(), a.uint32(), a.uniform()]).toEqual([b.normal(), b.uint32(), b.uniform()]);
});

test("a state saved as JSON continues the stream, forks included", () => {
  const rng = createRng([1, 2, 3]);
  for (let i = 0; i < 1000; i++) rng.normal();
  const copy = createRng.fromState(JSON.parse(JSON.stringify(rng.state)));
  for (let i = 0; i < 100; i++) expect(copy.normal()).toBe(rng.normal());
  expect(copy.uint32()).toBe(rng.uint32());
  expect(copy.fork("z").uniform()).toBe(rng.fork("z").uniform());
});

test("words are those of MT19937 seeded by the array (Matsumoto and Nishimura's own check vector)", async () => {
  const { default: mt19937 } = await import("@stdlib/random-base-mt19937");
  // mt19937ar.out: init_by_array {0x123, 0x234, 0x345, 0x456}
  const bits = mt19937.factory({ seed: Uint32Array.from([0x123, 0x234, 0x345, 0x456]) });
  expect([bits(), bits(), bits(), bits(), bits()]).toEqual([1067595299, 955945823, 477289528, 4107218783, 4228976476]);
  expect(createRng(5).uint32()).toBe(mt19937.factory({ seed: Uint32Array.from([1, 5, 0]) })());
});

/** z-score of a sample mean against known mean and variance; n fixed in advance. */
const zScore = (mean: number, truth: number, variance: number, n: number): number =>
  (mean - truth) / Math.sqrt(variance / n);

test("normals have the moments and tails of the normal law (n = 400,000 fixed in advance), and the check has power", () => {
  const n = 400_000;
  const rng = createRng(2026).fork("moments");
  const moments = [0, 0, 0, 0];
  const tails = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = rng.normal();
    for (let k = 0; k < 4; k++) moments[k]! += x ** (k + 1) / n;
    for (let s = 0; s < 3; s++) if (Math.abs(x) > s + 2) tails[s]! += 1 / n;
  }
  const truth = [0, 1, 0, 3];
  const variance = [1, 2, 15, 96]; // Var x^k = E x^2k − (E x^k)²
  truth.forEach((value, k) => expect(Math.abs(zScore(moments[k]!, value, variance[k]!, n))).toBeLessThan(4.5));
  const probability = [0.04550026389635842, 0.0026997960632601866, 6.334248366623973e-5]; // 2 (1 − Φ(s))
  probability.forEach((p, s) => expect(Math.abs(zScore(tails[s]!, p, p * (1 - p), n))).toBeLessThan(4.5));
  // Negative control: a standard deviation off by 1 % must be rejected by the same score.
  expect(Math.abs(zScore(moments[1]! * 1.01 ** 2, 1, 2, n))).toBeGreaterThan(4.5);
});

test("sphere points have unit norm and covariance I/d; permutations are permutations", () => {
  const n = 20_000;
  const d = 3;
  const X = spherePoints(createRng(3), n, d);
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++) {
    const point = X.data.subarray(i * d, (i + 1) * d);
    expect(Math.abs(Math.hypot(...point) - 1)).toBeLessThan(1e-15);
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) covariance[a * d + b]! += (point[a]! * point[b]!) / n;
  }
  // Var x_a² = 4/45 and Var x_a x_b = 1/15 on the sphere in R³.
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < d; b++) {
      const z = zScore(covariance[a * d + b]!, a === b ? 1 / 3 : 0, a === b ? 4 / 45 : 1 / 15, n);
      expect(Math.abs(z)).toBeLessThan(4.5);
    }
  }
  expect(Array.from(permutation(createRng(5), 50)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test("seeds and labels that are no seeds are refused by name", () => {
  for (const seed of [-1, 0.5, Number.NaN, "7", [], [-1], [2 ** 32], undefined, 2 ** 53]) {
    expect(() => createRng(seed as number)).toThrow(ArgumentError);
  }
  expect(() => createRng("7" as unknown as number)).toThrow(
    'createRng: seed must be an integer in [0, 2^53) or an array of 1 to 600 integers in [0, 2^32), got "7"; pass a fixed number for a reproducible result',
  );
  expect(() => createRng(1).fork(-1)).toThrow(ArgumentError);
  expect(() => createRng.fromState({ seedPath: [1], words: [1, 2, 3] })).toThrow(ArgumentError);
  expect(createRng(0).uniform()).toBeGreaterThanOrEqual(0);
});

test("uniformInteger has no modulo bias: three cells at a bound just above 2^31 (n = 30,000 fixed in advance)", () => {
  const bound = 3 * 2 ** 30; // taken modulo the bound, words would hit the lowest third twice as often
  const n = 30_000;
  const rng = createRng(12);
  const counts = [0, 0, 0];
  const biased = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    counts[Math.floor((3 * uniformInteger(rng, bound)) / bound)]! += 1;
    biased[Math.floor((3 * (rng.uint32() % bound)) / bound)]! += 1;
  }
  const z = (count: number): number => zScore(count / n, 1 / 3, 2 / 9, n);
  for (const count of counts) expect(Math.abs(z(count))).toBeLessThan(4.5);
  expect(z(biased[0]!)).toBeGreaterThan(4.5); // negative control
  expect(() => uniformInteger(rng, 0)).toThrow(ArgumentError);
});
