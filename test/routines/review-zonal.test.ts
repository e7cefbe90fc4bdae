import { afterEach, expect, test } from "vitest";
import { cosTurns, sinTurns } from "../../src/core/index.js";
import {
  arcCosineCross,
  arcCosineGram,
  createZonalTable,
  setRoutinesBackend,
  zonalValue,
} from "../../src/routines/index.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

test.each(["js", "wasm"] as const)(
  "points that are no unit vectors do not spoil the table for the next call (%s)",
  (backend) => {
    setRoutinesBackend(backend);
    const depth = backend === "js" ? 7 : 8; // a table of its own for each
    const n = 2000;
    const one = new Float64Array(n).fill(1);
    const circle = Float64Array.from({ length: 2 * n }, (_, i) =>
      i % 2 === 0 ? cosTurns(i / 2, n) : sinTurns((i - 1) / 2, n),
    );
    const row = (layers: number): Float64Array => {
      const K = new Float64Array(n);
      arcCosineCross(1, n, 2, circle, 0, 2, one, circle, 0, 2, one, 0.5, layers, "ntk", K, 0, n);
      return K;
    };
    const m = 400;
    const long = Float64Array.from({ length: 2 * m }, (_, i) => {
      const k = i >> 1;
      return (1.9 + k / 4000) * (i % 2 === 0 ? cosTurns(k, 1600) : sinTurns(k, 1600));
    });
    const K = new Float64Array(m * m);
    arcCosineGram(m, 2, long, 0, 2, one, 0.5, depth, "ntk", K, 0, m);
    // Some pairs lie so far apart that half their distance is no sine.
    expect(K.some((value) => Number.isNaN(value))).toBe(true);
    const after = row(depth);
    for (let layers = 20; layers < 30; layers++) row(layers); // the table is forgotten
    const fresh = row(depth);
    expect(after.reduce((worst, value, i) => Math.max(worst, Math.abs(value - fresh[i])), 0)).toBeLessThan(1e-13);
  },
);

test("a sine outside its range gives NaN and leaves the table alone", () => {
  for (const octaves of [2, 4, 5, 20]) {
    const cosine = createZonalTable((s, opposite) => (opposite ? 2 * s * s - 1 : 1 - 2 * s * s), octaves, 1e-14);
    for (const opposite of [false, true]) {
      for (const sine of [0.73, 0.8, 1, 3, 1e200, Infinity, -1e-9, -0.01, -0.06, -0.5, -1, Number.NaN]) {
        expect(zonalValue(cosine, sine, opposite), `${sine}`).toBeNaN();
      }
    }
    let worst = 0;
    for (let i = 0; i <= 1000; i++) {
      const sine = (Math.SQRT1_2 * i) / 1000;
      const value = 1 - 2 * sine * sine;
      worst = Math.max(worst, Math.abs(zonalValue(cosine, sine, false) - value));
      worst = Math.max(worst, Math.abs(zonalValue(cosine, sine, true) + value));
    }
    expect(worst).toBeLessThan(1e-13);
  }
});
