// Root-free QL does two sweeps at a time: what that must not change, and where it nearly did.
import { describe, expect, test } from "vitest";
import { EPSILON } from "../../src/core/index.js";
import { sturmCount } from "../../src/linalg/index.js";
import { rootFreeQl, sweepOnce, sweepTwice } from "../../src/linalg/tridiagonal-ql.js";
import { createRng } from "../../src/random/index.js";

describe("two sweeps at a time", () => {
  test.each([2, 3, 4, 7, 20, 101].map((length) => [length]))(
    "%i rows below the first: the bits of one sweep after the other",
    (length) => {
      const rng = createRng(length);
      for (let repeat = 0; repeat < 20; repeat++) {
        const first = repeat % 3;
        const n = first + length + 1;
        const spread = repeat % 4 === 3 ? 40 : 0;
        const entry = (): number => rng.normal() * 10 ** (-spread * rng.uniform());
        const d = Float64Array.from({ length: n }, entry);
        const squares = Float64Array.from({ length: n }, (_, i) => (i < n - 1 ? entry() ** 2 : 0));
        const [sigma, tau] = repeat % 5 === 0 ? [d[n - 1]!, 0] : [rng.normal(), rng.normal()];
        const [once, twice] = [
          { d: d.slice(), squares: squares.slice() },
          { d: d.slice(), squares: squares.slice() },
        ];
        sweepOnce(first, n - 1, sigma, once.d, once.squares);
        sweepOnce(first, n - 1, tau, once.d, once.squares);
        sweepTwice(first, n - 1, sigma, tau, twice.d, twice.squares);
        expect(twice).toEqual(once);
      }
    },
  );

  test("when the first sweep splits the top row off, the second one ends before it", () => {
    // Eigenvalues 0 and ±5, shifts 0 and 5 without rounding: gamma and the off-diagonal entry vanish in the same row.
    const d = new Float64Array(3);
    const squares = Float64Array.of(9, 16, 0);
    sweepTwice(0, 2, 0, 5, d, squares);
    expect(Array.from(d)).toEqual([0, 5, -5]);
    expect(Array.from(squares)).toEqual([0, 0, 0]);
  });
});

/** Eigenvalues confirmed by counting: exactly k of them below the k-th less, and k + 1 below it plus a few units of n ε ‖T‖. */
function confirmed(d: Float64Array, e: Float64Array): boolean {
  const n = d.length;
  const values = d.slice();
  const rest = new Float64Array(n);
  rest.set(e);
  rootFreeQl(n, values, rest);
  values.sort();
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!), Math.abs(e[i] ?? 0));
  const slack = 4 * n * EPSILON * (norm === 0 ? 1 : norm);
  return values.every(
    (value, k) => sturmCount(d, e, value - slack) <= k && sturmCount(d, e, value + slack) >= k + 1 && value < Infinity,
  );
}

test("root-free QL on 1200 matrices: entries over hundreds of decades, integers, zeros, clusters, constant ones", () => {
  const rng = createRng(3);
  const kinds: readonly (() => number)[] = [
    () => rng.normal(),
    () => Math.round(2 * rng.normal()),
    () => 0,
    () => 1,
    () => (rng.uniform() < 0.3 ? 0 : rng.normal()),
    () => rng.normal() * 10 ** (-30 * rng.uniform()),
    () => rng.normal() * 10 ** (-150 * rng.uniform()),
    () => 1 + 1e-15 * rng.normal(),
    () => 1e-160 * rng.normal(),
    () => 1e200 * rng.normal(),
  ];
  let wrong = 0;
  for (let repeat = 0; repeat < 12; repeat++) {
    for (const diagonal of kinds) {
      for (const offDiagonal of kinds) {
        const n = 7 + Math.floor(60 * rng.uniform() ** 2);
        const d = Float64Array.from({ length: n }, diagonal);
        const e = Float64Array.from({ length: n - 1 }, offDiagonal);
        if (!confirmed(d, e)) wrong++;
      }
    }
  }
  expect(wrong).toBe(0);
});

test("an entry whose square is subnormal costs no digits", () => {
  // The quotient gamma² / c of two subnormal numbers had few digits or none: off by 1e−4 ‖T‖, 1e−12 ‖T‖ and 1e−13 ‖T‖.
  const matrices = [
    [
      [1e-305, 1e-310, 2e-150],
      [2e-150, 2e-150],
    ],
    [
      [1e-73, 1e-155, 2],
      [2, 3],
    ],
    [
      [1, 1e-5, 2e150],
      [2e150, 2e150],
    ],
    [
      [1e-150, 4e-150, 1e-310],
      [2e-150, 5e-150],
    ],
  ] as const;
  for (const [d, e] of matrices) expect(confirmed(Float64Array.from(d), Float64Array.from(e))).toBe(true);
  const rng = createRng(4);
  const entries = [0, 1, 2, 3, 4, 1e-30, 1e-60, 1e-73, 1e-100, 1e-145, 1e-150, 1e-155, 1e-160, 1e-250];
  const entry = (): number => entries[Math.floor(entries.length * rng.uniform())]!;
  let wrong = 0;
  for (let repeat = 0; repeat < 20000; repeat++) {
    const n = 3 + (repeat % 8);
    const d = Float64Array.from({ length: n }, entry);
    const e = Float64Array.from({ length: n - 1 }, entry);
    if (!confirmed(d, e)) wrong++;
  }
  expect(wrong).toBe(0);
});
