import { expect, test } from "vitest";
import { fromRows, identity } from "../../../src/core/index.js";
import {
  frobenius,
  maxDifference,
  naiveProduct,
  orthogonalityLoss,
  poison,
  tolerance,
  within,
  withinRelative,
} from "../compare.js";
import { fixture, sharedData, sharedMissing } from "../shared.js";

test("within accepts what lies inside and rejects what lies outside, on both signs", () => {
  expect(within(1 + 1e-12, 1, 1e-11).ok).toBe(true);
  expect(within(1 + 1e-10, 1, 1e-11).ok).toBe(false);
  expect(within(1 - 1e-10, 1, 1e-11).ok).toBe(false);
  expect(within([1, 2], [1, 2], 0).ok).toBe(true);
  expect(within(Infinity, Infinity, 0).ok).toBe(true);
});

test("within rejects NaN and different lengths whatever the tolerance", () => {
  expect(within(Number.NaN, 1, Infinity).error).toBe(Infinity);
  expect(within(Number.NaN, 1, 1e300).ok).toBe(false);
  expect(within(1, Number.NaN, 1e300).ok).toBe(false);
  expect(within([1, 2], [1], 1e300).ok).toBe(false);
  expect(within([Number.NaN, 5], [1, 5], 1e300).ok).toBe(false);
});

test("withinRelative scales with the expected value and wants zero exactly", () => {
  expect(withinRelative([1e-200 * (1 + 1e-13)], [1e-200], 1e-12).ok).toBe(true);
  expect(withinRelative([1e-200 * (1 + 1e-11)], [1e-200], 1e-12).ok).toBe(false);
  expect(withinRelative([0], [0], 0).ok).toBe(true);
  expect(withinRelative([1e-300], [0], 1).ok).toBe(false);
  expect(withinRelative([Number.NaN], [1], 1e9).ok).toBe(false);
  expect(withinRelative([1], [1, 2], 1).ok).toBe(false);
});

test("matrix helpers: product, norm and orthogonality loss see what they should", () => {
  const A = fromRows([
    [1, 2],
    [3, 4],
  ]);
  expect(Array.from(naiveProduct(A, A).data)).toEqual([7, 10, 15, 22]);
  expect(frobenius(A)).toBe(Math.sqrt(30));
  expect(orthogonalityLoss(identity(3))).toBe(0);
  expect(orthogonalityLoss(A)).toBeGreaterThan(1);
  expect(Array.from(poison(2)).every(Number.isNaN)).toBe(true);
  expect(maxDifference([1, 5], [1, 3])).toBe(2);
  expect(tolerance(2, 8, 3)).toBe(48 * 2 ** -52);
});

test("fixtures name their origin, and a missing data file is null, not an error", () => {
  expect(fixture<{ origin: string }>("random/mulberry32.json").origin).toContain("reference/");
  expect(sharedData("no-such-file")).toBeNull();
  expect(sharedMissing).toContain("EIGENSCOPE_SHARED");
});
