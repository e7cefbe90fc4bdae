import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eigsh, lobpcg, svds } from "../../src/krylov/index.js";
import { counted, diagonal, fromFunction } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { fixture } from "../support/shared.js";

interface Products {
  readonly origin: string;
  readonly products: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

const scipy = fixture<Products>("krylov/scipy-matvecs.json").products;
const rng = () => createRng(1);
const n = 600;

/** Products that ours count, by the counter of the operator and not by what the method says. */
function ours(value: (i: number) => number): Record<string, number> {
  const d = Float64Array.from({ length: n }, (_, i) => value(i));
  const preconditioner = (r: Float64Array, out: Float64Array): void => r.forEach((x, i) => (out[i] = x / d[i]));
  const columns = (run: (A: ReturnType<typeof counted>) => { readonly status: string }): number => {
    const A = counted(diagonal(d));
    expect(run(A).status).toBe("converged");
    return A.counts.columns;
  };
  return {
    eigsh: columns((A) => eigsh(A as never, { count: 3, which: "smallest", rng: rng() })),
    lobpcg: columns((A) => lobpcg(A as never, { count: 3, rng: rng() })),
    lobpcgPreconditioned: columns((A) => lobpcg(A as never, { count: 3, rng: rng(), preconditioner })),
  };
}

function harmonic(): Record<string, number> {
  const multiply = (x: Float64Array, out: Float64Array): void => {
    out.fill(0);
    for (let i = 0; i < 500; i++) out[i] = x[i] / (1 + i);
  };
  const A = counted(fromFunction(500, multiply, { rows: 2000, applyTranspose: multiply }));
  expect(svds(A, { count: 6, rng: rng() }).status).toBe("converged");
  return { svds: A.counts.columns };
}

test("no more products than SciPy's eigsh, lobpcg and svds for the same residuals; the table of the docs says the same", () => {
  const page = readFileSync(new URL("../../docs/which-eigensolver.md", import.meta.url), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => /^\| (flat|growing|harmonic)/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map((cells) => cells.filter((cell) => /^\d+$/.test(cell)).map(Number));
  const problems = {
    flat: ours((i) => 1 + i / n),
    growing: ours((i) => 1 + i * Math.sqrt(i)),
    harmonic: harmonic(),
  };
  const expected = Object.entries(problems).map(([problem, counts]) =>
    Object.entries(counts).flatMap(([method, count]) => {
      const theirs = scipy[problem][method];
      expect({ problem, method, fewer: theirs === null || count <= theirs }).toEqual({ problem, method, fewer: true });
      return theirs === null ? [count] : [count, theirs];
    }),
  );
  expect(rows).toEqual(expected);
});
