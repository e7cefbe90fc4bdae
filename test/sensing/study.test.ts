import { expect, test } from "vitest";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import type { Matrix } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { satisfies } from "../../src/studies/claims/claim.js";
import { digitExperiment, digitsExperiment, sensingRecipes, sensingStudy } from "../../src/studies/sensing/index.js";
import { robustnessExperiment } from "../../src/studies/sensing/matrix-experiments.js";
import { sharedData, sharedMissing } from "../support/shared.js";

/** Seconds each; their numbers are compared in experiments.test.ts and in the claims. */
const slow = ["E7", "E11"];

test("every recipe comes out as expected and has an answer, a table and a figure", { timeout: 120_000 }, () => {
  const ids = sensingRecipes.map((recipe) => recipe.id).filter((id) => !slow.includes(id));
  const study = sensingStudy({ rng: createRng(1), only: ids, now: () => performance.now() });
  for (const recipe of study.recipes) {
    const failed = recipe.comparisons
      .filter((c) => !satisfies(c, c.measured))
      .map((c) => `${c.name}: ${c.measured}, expected ${JSON.stringify(c.expected)} within ${c.tolerance}`);
    expect(failed, recipe.id).toEqual([]);
    expect(recipe.answer.length).toBeGreaterThan(20);
    expect(recipe.table.rows.length).toBeGreaterThan(0);
    for (const row of recipe.table.rows) expect(row.length, recipe.id).toBe(recipe.table.columns.length);
    for (const { x, y, name } of recipe.figure.series) {
      expect(x.length, `${recipe.id} ${name}`).toBe(y.length);
      expect([...x, ...y].every(Number.isFinite), `${recipe.id} ${name}`).toBe(true);
      if (recipe.figure.yScale === "log")
        expect(
          y.every((value) => value > 0),
          `${recipe.id} ${name}`,
        ).toBe(true);
      if (recipe.figure.xScale === "log")
        expect(
          x.every((value) => value > 0),
          `${recipe.id} ${name}`,
        ).toBe(true);
    }
  }
  expect(study.recipes.map((recipe) => recipe.id)).toEqual(ids);
  expect(study.passed).toBe(true);
  expect(Object.keys(study.wallTimes)).toEqual(ids);
  expect(JSON.parse(JSON.stringify(study.recipes)).length).toBe(ids.length);
});

test("robustness of the spectral start: exact without perturbation, the error grows with it, the nuclear norm hardly moves", () => {
  const rows = [0, 1e-3, 1].map((delta) => robustnessExperiment(delta, 0.1, createRng(1)));
  expect(rows[0].offDiagonal).toBeLessThan(1e-12);
  expect(rows[1].offDiagonal).toBeLessThan(0.01);
  expect(rows[2].offDiagonal).toBeGreaterThan(0.1);
  expect(rows.every((row) => row.loss < 1e-14)).toBe(true);
  expect(rows.every((row) => Math.abs(row.nuclearNorm - 2.05) < 0.1)).toBe(true);
});

test("selection, cancellation and unknown ids", () => {
  const study = sensingStudy({ rng: createRng(1), only: ["E4"] });
  expect(study.recipes.map((recipe) => recipe.id)).toEqual(["E4"]);
  const cancelled = sensingStudy({ rng: createRng(1), signal: { aborted: true } });
  expect(cancelled.status).toBe("cancelled");
  expect(cancelled.passed).toBe(false);
  expect(() => sensingStudy({ rng: createRng(1), only: ["E22" as never] })).toThrow(
    "sensingStudy: only must be one of",
  );
});

/** Images of an IDX file, as matrices. */
function images(path: string, count: number): Matrix[] {
  const bytes = gunzipSync(readFileSync(path));
  return Array.from({ length: count }, (_, i) => ({
    rows: 28,
    cols: 28,
    data: Float64Array.from(bytes.subarray(16 + i * 784, 16 + (i + 1) * 784)),
  }));
}

const data = sharedData("digits-train-images-idx3-ubyte.gz");
test.skipIf(data === null)(
  `real digits: every method beats nothing, the order is that of the theory (${data === null ? sharedMissing : "found"})`,
  { timeout: 120_000 },
  () => {
    const { digits, summary } = digitsExperiment(images(data!, 1), { rng: createRng(1), steps: 150 });
    expect(digits).toHaveLength(1);
    expect(digits[0].measurements).toBe(470);
    const of = (method: string): number => summary.find((row) => row.method === method)!.meanError;
    expect(of("nuclear norm")).toBeLessThan(of("linear regression"));
    expect(of("spectral network")).toBeLessThan(of("linear regression"));
    expect(Math.abs(digits[0].truthResult.nuclearNorm - 1)).toBeLessThan(1e-12);
  },
);

test("a picture of nothing is refused", () => {
  expect(() => digitExperiment({ rows: 3, cols: 3, data: new Float64Array(9) }, { rng: createRng(1) })).toThrow(
    "a picture that is not black",
  );
});
