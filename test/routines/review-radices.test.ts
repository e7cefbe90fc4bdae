import { afterEach, expect, test } from "vitest";
import { cosTurns, sinTurns } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { createFftEngine, setRoutinesBackend } from "../../src/routines/index.js";
import { firstBitDifference } from "./twins.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

/** Every order of radices 2 and 4 with this product. */
function orders(length: number): number[][] {
  if (length === 1) return [[]];
  return [2, 4].flatMap((radix) =>
    length % radix === 0 ? orders(length / radix).map((rest) => [radix, ...rest]) : [],
  );
}

test("powers of two by radices in any order: transforms of single signals are right and have the same bits in both back ends", () => {
  for (const n of [16, 32, 64, 128]) {
    const rng = createRng(n);
    const re = Float64Array.from({ length: n }, () => rng.normal());
    const im = Float64Array.from({ length: n }, () => rng.normal());
    const expected = Float64Array.from({ length: n }, (_, k) =>
      re.reduce((sum, x, j) => sum + x * cosTurns(j * k, n) + im[j] * sinTurns(j * k, n), 0),
    );
    for (const radices of orders(n)) {
      const results = (["js", "wasm"] as const).map((backend) => {
        setRoutinesBackend(backend);
        const engine = createFftEngine(n, radices, 1);
        const out = [new Float64Array(n), new Float64Array(n)];
        engine.transform(re, im, 0, out[0], out[1], 0, 1);
        return Float64Array.of(...out[0], ...out[1]);
      });
      const error = expected.reduce((worst, value, k) => Math.max(worst, Math.abs(value - results[1][k])), 0);
      expect([radices, error < 1e-12]).toEqual([radices, true]);
      expect([radices, firstBitDifference(results[1], results[0])]).toEqual([radices, -1]);
    }
  }
});
