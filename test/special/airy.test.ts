import { expect, test } from "vitest";
import { airy } from "../../src/special/index.js";
import { fixture } from "../support/shared.js";
import { tolerance, within, withinRelative } from "../support/compare.js";

const { airy: rows } = fixture<{ airy: [number, number, number][] }>("special/airy-zeta.json");

/** Phase of the oscillation: its roundoff is what limits the accuracy beyond −10. */
const phase = (x: number): number => (2 / 3) * Math.abs(x) ** 1.5;

test("Ai and Ai' agree with mpmath to the stated accuracy", () => {
  const ABSOLUTE = 8; // in units of ε times the amplitude and the phase
  for (const [x, ai, derivative] of rows) {
    const { ai: gotAi, derivative: gotDerivative } = airy(x);
    if (x >= 0) {
      const relative = x <= 10 ? 2e-14 : tolerance(ABSOLUTE, phase(x));
      expect(withinRelative(gotAi, ai, relative).message + ` at ${x}`).toSatisfy(
        () => withinRelative(gotAi, ai, relative).ok,
      );
      expect(withinRelative(gotDerivative, derivative, relative).ok, `derivative at ${x}`).toBe(true);
    } else {
      const scale = x >= -10 ? 1 : phase(x);
      const verdict = within(gotAi, ai, tolerance(ABSOLUTE, scale, 0.5));
      expect(verdict.ok, `${verdict.message} at ${x}`).toBe(true);
      const slope = within(gotDerivative, derivative, tolerance(ABSOLUTE, scale, Math.abs(x) ** 0.25));
      expect(slope.ok, `${slope.message} at ${x}`).toBe(true);
    }
  }
});

test("the two expansions meet: no jump at -10, 0 and 10", () => {
  for (const x of [-10, 0, 10]) {
    const below = airy(x - 1e-12);
    const above = airy(x + 1e-12);
    expect(Math.abs(above.ai - below.ai - 2e-12 * airy(x).derivative)).toBeLessThan(tolerance(32, 1));
  }
});

test("satisfies Ai'' = x Ai by central differences of Ai'", () => {
  for (const x of [-7.3, -2.1, 0.4, 3.3]) {
    const h = 1e-4;
    const second = (airy(x + h).derivative - airy(x - h).derivative) / (2 * h);
    expect(Math.abs(second - x * airy(x).ai)).toBeLessThan(1e-6 * Math.max(1, Math.abs(x)));
  }
});

test("refuses NaN", () => {
  expect(() => airy(Number.NaN)).toThrow("airy: x must be a finite number, got NaN");
});
