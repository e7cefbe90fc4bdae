import { afterAll, expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { fft, fftn, fftnInPlace, ifftn } from "../../src/fft/index.js";
import { setRoutinesBackend } from "../../src/routines/index.js";
import { tolerance, within } from "../support/compare.js";

afterAll(() => {
  setRoutinesBackend("auto");
});

const normals = (seed: number, n: number): Float64Array => {
  const rng = createRng(seed);
  return Float64Array.from({ length: n }, () => rng.normal());
};

// 1024 points go through WebAssembly memory where it exists, 100 do not, 1021 is prime.
test.each(["js", "auto"] as const)("%s: axes of length 1 change nothing, wherever they stand", (backend) => {
  setRoutinesBackend(backend);
  for (const n of [1, 2, 100, 1021, 1024]) {
    const re = normals(n, n);
    const im = normals(n + 1, n);
    const flat = fft(re, im);
    for (const shape of [[n], [n, 1], [1, n], [1, n, 1], [n, 1, 1]]) {
      const grid = fftn({ re, im }, shape);
      expect(within(grid.re, flat.re, tolerance(8, Math.log2(n) + 1, Math.sqrt(n) * 4)).ok, String(shape)).toBe(true);
      expect(within(grid.im, flat.im, tolerance(8, Math.log2(n) + 1, Math.sqrt(n) * 4)).ok, String(shape)).toBe(true);
      const back = ifftn(grid, shape);
      expect(within(back.re, re, tolerance(8, Math.log2(n) + 1, 4)).ok).toBe(true);
      const place = { re: re.slice(), im: im.slice() };
      fftnInPlace(place, shape, false);
      expect(Array.from(place.re)).toEqual(Array.from(grid.re));
    }
  }
  // With two axes that count, the length-1 axes between them change no bit.
  const re = normals(7, 32 * 48);
  const plain = fftn({ re }, [32, 48]);
  for (const shape of [
    [32, 1, 48],
    [32, 48, 1],
    [1, 32, 48],
  ]) {
    expect(Array.from(fftn({ re }, shape).im)).toEqual(Array.from(plain.im));
  }
});
