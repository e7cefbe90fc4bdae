import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as core from "../../src/core/index.js";

/** Rows [arguments…, value, remainder in ulps] per function, from test/fixtures/elementary/generate.py. */
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/elementary/elementary.json", import.meta.url), "utf8"),
) as Record<string, number[][]>;
const functions: Record<string, (a: number, b: number) => number> = {
  sin: core.sin,
  cos: core.cos,
  sinTurns: core.sinTurns,
  cosTurns: core.cosTurns,
  exp: core.exp,
  expm1: core.expm1,
  log: core.log,
  log1p: core.log1p,
  tanh: core.tanh,
  asin: core.asin,
  acos: core.acos,
  atan: core.atan,
  atan2: core.atan2,
  sinh: core.sinh,
  cbrt: core.cbrt,
  log2: core.log2,
  log10: core.log10,
  pow: core.pow,
  hypot: core.hypot,
};
/** Every function of the family is accurate to one unit in the last place. */
const LARGEST_ERROR = 1;

/** Distance between neighbouring doubles at x. */
function ulp(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  view.setBigUint64(0, bits + 1n);
  const above = view.getFloat64(0);
  return above === Infinity ? 2 ** 971 : above - Math.abs(x);
}

/** Largest error over the rows of a function, in ulps. */
function worstError(f: (a: number, b: number) => number, rows: readonly number[][]): number {
  let worst = 0;
  for (const row of rows) {
    const value = row[row.length - 2];
    const error = Math.abs((f(row[0], row[1]) - value) / ulp(value) - row[row.length - 1]);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

test("every elementary function is within one ulp of 400-digit values, and the error table of the docs is the measured one", () => {
  const page = readFileSync(new URL("../../docs/routines.md", import.meta.url), "utf8");
  for (const [name, f] of Object.entries(functions)) {
    const error = worstError(f, fixture[name]);
    expect(error, name).toBeLessThan(LARGEST_ERROR);
    expect(page, `docs/routines.md, row of ${name}`).toMatch(
      new RegExp(`\\| \`${name}\` +\\| ${error.toFixed(2)} +\\|`),
    );
  }
});

test("negative control: single-word argument reduction and naive expm1, log1p fail the same verdict", () => {
  expect(
    worstError((x) => core.sin(x - Math.round(x / (2 * Math.PI)) * (2 * Math.PI)), fixture["sin"]),
  ).toBeGreaterThan(LARGEST_ERROR);
  expect(worstError((x) => core.exp(x) - 1, fixture["expm1"])).toBeGreaterThan(LARGEST_ERROR);
  expect(worstError((x) => core.log(1 + x), fixture["log1p"])).toBeGreaterThan(LARGEST_ERROR);
});

test("the bits are the same in every engine: checksum over all rows and a grid", () => {
  // FNV-1a over the bytes of every value; the constant was written on Node 20 and must never depend on the engine.
  let hash = 0x811c9dc5;
  const view = new DataView(new ArrayBuffer(8));
  const add = (value: number): void => {
    view.setFloat64(0, value);
    for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x01000193);
  };
  for (const [name, f] of Object.entries(functions)) for (const row of fixture[name]) add(f(row[0], row[1]));
  expect((hash >>> 0).toString(16)).toBe("700d37ee");
});

test("special values match the conventions of Math", () => {
  const special = [
    0,
    -0,
    1,
    -1,
    Infinity,
    -Infinity,
    Number.NaN,
    2 ** -1074,
    -(2 ** -1074),
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** -1022,
  ];
  for (const name of [
    ...(["sin", "cos", "exp", "expm1", "log", "log1p", "tanh", "asin", "acos", "atan"] as const),
    ...(["sinh", "cbrt", "log2", "log10"] as const),
  ]) {
    for (const x of special) {
      const expected = Math[name](x);
      const actual = functions[name](x, 0);
      if (expected === 0 || !Number.isFinite(expected)) expect(actual, `${name}(${x})`).toBe(expected);
      else expect(Math.abs(actual - expected), `${name}(${x})`).toBeLessThanOrEqual(ulp(expected));
    }
  }
  for (const y of special) {
    for (const x of special) {
      const [actual, expected] = [core.atan2(y, x), Math.atan2(y, x)];
      if (expected === 0 || Number.isNaN(expected)) expect(actual, `atan2(${y}, ${x})`).toBe(expected);
      else expect(Math.abs(actual - expected), `atan2(${y}, ${x})`).toBeLessThanOrEqual(ulp(expected));
    }
  }
  for (const x of [...special, 0.5, -0.5, 2, 3, -3, -4, 2 ** 53, -(2 ** 53) - 2, 1e300]) {
    for (const y of [...special, 0.5, -0.5, 2, 3, -3, -4, 2 ** 53, -(2 ** 53) - 2, 1e300]) {
      for (const name of ["pow", "hypot"] as const) {
        const [actual, expected] = [core[name](x, y), Math[name](x, y)];
        if (expected === 0 || !Number.isFinite(expected)) expect(actual, `${name}(${x}, ${y})`).toBe(expected);
        else expect(Math.abs(actual - expected), `${name}(${x}, ${y})`).toBeLessThanOrEqual(ulp(expected));
      }
    }
  }
  expect(core.exp(709.782712893384)).toBeLessThan(Infinity);
  expect(core.exp(709.7827128933841)).toBe(Infinity);
  expect(core.exp(-745.1332191019411)).toBe(2 ** -1074);
  expect(core.exp(-745.1332191019412)).toBeLessThanOrEqual(2 ** -1074);
});

test("powers, logarithms and roots are exact where the result is a double", () => {
  for (let k = -1074; k < 1024; k++) expect(core.log2(2 ** k)).toBe(k);
  for (let k = 0; k <= 22; k++) {
    expect(core.log10(Number(`1e${k}`))).toBe(k);
    expect(core.pow(10, k)).toBe(Number(`1e${k}`));
  }
  for (let base = 2; base < 60; base++) {
    // Products of integers below 2^53 are exact, so the naive power is too.
    for (let exponent = 1, value = base; value < 2 ** 53; exponent++, value *= base) {
      expect(core.pow(base, exponent)).toBe(value);
    }
  }
  for (let i = 1; i < 2e5; i += 7) expect(core.cbrt(-i * i * i)).toBe(-i);
  expect(core.hypot(3, -4)).toBe(5);
  expect(core.square(-3)).toBe(9);
});

test("turns: quarter turns are exact, symmetric points agree in every bit", () => {
  for (const k of [0, 1, 2, 3, 5, -7]) {
    expect(Math.abs(core.cosTurns(k, 4))).toBe(k % 2 === 0 ? 1 : 0);
    expect(Math.abs(core.sinTurns(k, 4))).toBe(k % 2 === 0 ? 0 : 1);
  }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (n, k) => {
      const [c, s] = [core.cosTurns(k, n), core.sinTurns(k, n)];
      expect(core.cosTurns(-k, n)).toBe(c);
      expect(core.sinTurns(-k, n) + s).toBe(0);
      expect(core.cosTurns(k + 5 * n, n)).toBe(c);
      // c² + s² = 1 up to the rounding of two squares, a sum, and one ulp of each factor.
      expect(Math.abs(c * c + s * s - 1)).toBeLessThanOrEqual(4 * core.EPSILON);
    }),
    { numRuns: 300 },
  );
});

test("odd and even symmetry hold in every bit; exp and log invert each other", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (x) => {
      expect(core.sin(-x)).toBe(-core.sin(x));
      expect(core.cos(-x)).toBe(core.cos(x));
      expect(core.tanh(-x)).toBe(-core.tanh(x));
      expect(core.atan(-x)).toBe(-core.atan(x));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      // A relative error ε of exp(x) is an absolute error ε of its logarithm.
      expect(Math.abs(core.log(core.exp(x)) - x)).toBeLessThanOrEqual(core.EPSILON * (1 + Math.abs(x)));
      // Near −1 a rounding of expm1 is ε e^{−x} in its inverse: beyond −30 nothing is left to invert.
      const loss = Math.max(1, core.exp(-x));
      if (x > -30)
        expect(Math.abs(core.log1p(core.expm1(x)) - x)).toBeLessThanOrEqual(core.EPSILON * (loss + Math.abs(x)));
    }),
    { numRuns: 500 },
  );
});
