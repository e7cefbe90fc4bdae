import { expect, test } from "vitest";
import { createRng } from "../../src/random/index.js";
import { htmlReport, jsonReport } from "../../src/report/index.js";
import { sensingStudy, sensingStudyReport } from "../../src/studies/index.js";

const provenance = { program: "study sensing", seed: 1, options: {}, versions: {}, input: "generated" };

test("each recipe becomes a part with its question, answer, numbers and figure", () => {
  const study = sensingStudy({ rng: createRng(1), only: ["E1", "E13"] });
  const report = sensingStudyReport(study, provenance);
  expect(report.status).toBe("complete");
  expect(report.summary).toEqual(["2 of 2 recipes came out as expected."]);
  expect(report.sections.map((section) => section.id)).toEqual(["recipe-e1", "recipe-e13"]);
  for (const [i, section] of report.sections.entries()) {
    expect(section.text).toEqual([study.recipes[i]!.question, study.recipes[i]!.answer]);
    expect(section.tables.at(-1)!.rows).toHaveLength(study.recipes[i]!.comparisons.length);
  }
  expect(htmlReport(report)).toContain("<svg ");
  expect(jsonReport(report)).toBe(
    jsonReport(sensingStudyReport(sensingStudy({ rng: createRng(1), only: ["E1", "E13"] }), provenance)),
  );
});

test("a recipe that did not come out as expected makes the report fail", () => {
  const study = sensingStudy({ rng: createRng(1), only: ["E1"] });
  const failed = { ...study, passed: false, recipes: study.recipes.map((recipe) => ({ ...recipe, passed: false })) };
  const report = sensingStudyReport(failed, provenance);
  expect(report.status).toBe("failed");
  expect(report.summary).toEqual(["0 of 1 recipes came out as expected; not: E1."]);
  expect(report.sections[0]!.status).toBe("failed");
});
