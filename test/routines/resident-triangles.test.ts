import { afterEach, expect, test } from "vitest";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { residentMatrix, setRoutinesBackend, trsm } from "../../src/routines/index.js";
import { firstBitDifference } from "./twins.js";

afterEach(() => {
  setRoutinesBackend("auto");
});

test.each([1, 2, 7, 8, 23, 24, 25, 49].map((n) => [n]))(
  "order %i: trsm with triangle and right-hand sides in one memory has the bits of plain JavaScript",
  (n) => {
    for (const rows of [1, 7, 8, 9, 16, 30]) {
      const stride = n + 3;
      const height = n + rows;
      const source = normalMatrix(createRng(100 * n + rows), height, stride).data;
      for (let i = 0; i < n; i++) source[i * (stride + 1)]! += 4;
      for (const triangle of ["lower", "upper"] as const) {
        for (const transpose of [false, true]) {
          for (const unit of [false, true]) {
            const run = (backend: "js" | "auto", array: Float64Array): Float64Array => {
              setRoutinesBackend(backend);
              array.set(source);
              trsm("right", triangle, transpose, unit, rows, n, 1, array, 0, stride, array, n * stride + 1, stride);
              return array.slice();
            };
            const plain = run("js", new Float64Array(source.length));
            setRoutinesBackend("auto");
            expect(firstBitDifference(run("auto", residentMatrix(height, stride)), plain)).toBe(-1);
          }
        }
      }
    }
  },
);
