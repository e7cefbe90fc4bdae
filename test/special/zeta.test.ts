import { expect, test } from "vitest";
import { hurwitzZeta } from "../../src/special/index.js";
import { fixture } from "../support/shared.js";
import { withinRelative } from "../support/compare.js";

const { zeta: rows } = fixture<{ zeta: [number, number, number, number, number][] }>("special/airy-zeta.json");

test("value and two derivatives agree with mpmath", () => {
  const RELATIVE = 1e-14; // the stated accuracy
  for (const [s, q, value, first, second] of rows) {
    const got = hurwitzZeta(s, q);
    const label = `s = ${s}, q = ${q}`;
    expect(
      withinRelative(got.value, value, RELATIVE).ok,
      `${label}: ${withinRelative(got.value, value, RELATIVE).message}`,
    ).toBe(true);
    // Near s = 1 the conditioning of the pole, 1 / (s − 1), multiplies the roundoff of s − 1.
    expect(
      withinRelative(got.derivative, first, 5e-14).ok,
      `${label}: ${withinRelative(got.derivative, first, 1e-14).message}`,
    ).toBe(true);
    expect(
      withinRelative(got.secondDerivative, second, 5e-14).ok,
      `${label}: ${withinRelative(got.secondDerivative, second, 1e-14).message}`,
    ).toBe(true);
  }
});

test("closed forms: zeta(2), zeta(4), and the recurrence in q", () => {
  expect(withinRelative(hurwitzZeta(2, 1).value, Math.PI ** 2 / 6, 1e-15).ok).toBe(true);
  expect(withinRelative(hurwitzZeta(4, 1).value, Math.PI ** 4 / 90, 1e-15).ok).toBe(true);
  expect(
    withinRelative(hurwitzZeta(2.3, 5).value + 5 ** -2.3 + 4 ** -2.3, hurwitzZeta(2.3, 4).value + 5 ** -2.3, 1e-14).ok,
  ).toBe(true);
});

test("refuses s <= 1 and q <= 0", () => {
  expect(() => hurwitzZeta(1, 1)).toThrow("hurwitzZeta: s must be a finite number > 1, got 1");
  expect(() => hurwitzZeta(2, 0)).toThrow("hurwitzZeta: q must be a finite number > 0, got 0");
});
