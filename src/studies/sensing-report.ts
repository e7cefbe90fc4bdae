import { comparedCurves } from "../plot/index.js";
import type { Provenance, ReportRecord, ReportSection, ReportTable } from "../report/index.js";
import { expectedText } from "./claims/claims-report.js";
import type { DigitResult, RecipeRecord, SensingStudy } from "./sensing/index.js";

/**
 * Turns the record of a sensing study into a report: one part per recipe, then robustness and digits.
 *
 * Relation: the status is "failed" when a recipe did not come out as expected, "cancelled" when the study was cut short.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { sensingStudy, sensingStudyReport } from "eigenscope/studies";
 * const study = sensingStudy({ rng: createRng(1), only: ["E1"] });
 * const provenance = { program: "study sensing", seed: 1, options: {}, versions: {}, input: "generated" };
 * console.log(sensingStudyReport(study, provenance).sections[0].id); // recipe-e1
 * ```
 */
export function sensingStudyReport(study: SensingStudy, provenance: Provenance): ReportRecord {
  const failed = study.recipes.filter((recipe) => !recipe.passed);
  const passed = study.recipes.length - failed.length;
  return {
    id: "sensing-study",
    title: "Spectral neural networks for matrix sensing",
    summary: [
      `${passed} of ${study.recipes.length} recipes came out as expected${failed.length === 0 ? "" : `; not: ${failed.map((recipe) => recipe.id).join(", ")}`}.`,
    ],
    status: study.status === "cancelled" ? "cancelled" : failed.length > 0 ? "failed" : "complete",
    provenance,
    sections: [
      ...study.recipes.map(recipeSection),
      ...(study.robustness.length === 0 ? [] : [robustnessSection(study.robustness)]),
      ...(study.digits === null ? [] : [digitsSection(study.digits)]),
      ...(study.fullDigit === null ? [] : [fullDigitSection(study.fullDigit)]),
    ],
    wallTimes: study.wallTimes,
  };
}

const PLAIN = { method: "", matvecs: null, status: "complete" } as const;

function recipeSection(recipe: RecipeRecord): ReportSection {
  const id = `recipe-${recipe.id.toLowerCase()}`;
  const { figure, table, comparisons } = recipe;
  return {
    ...PLAIN,
    id,
    title: `${recipe.id}. ${recipe.title}`,
    status: recipe.passed ? "complete" : "failed",
    text: [recipe.question, recipe.answer],
    tables: [
      {
        caption: "Results",
        columns: table.columns.map((label, j) => column(label, typeof table.rows[0]?.[j] === "string")),
        rows: table.rows,
      },
      comparisonTable(comparisons),
    ].filter((part) => part.rows.length > 0),
    figures:
      figure.series.length === 0
        ? []
        : [
            comparedCurves({
              ...figure,
              id: `${id}-figure`,
              description: `${figure.yLabel} against ${figure.xLabel}: ${figure.series.map((series) => series.name).join("; ")}.`,
            }),
          ],
    data: { ...recipe },
  };
}

function column(label: string, text: boolean): ReportTable["columns"][number] {
  return text ? { label, align: "left" } : { label };
}

function comparisonTable(comparisons: RecipeRecord["comparisons"]): ReportTable {
  return {
    caption: "Numbers and what was expected",
    columns: [
      column("number", true),
      { label: "measured", digits: 6 },
      column("expected", true),
      { label: "tolerance", digits: 2 },
    ],
    rows: comparisons.map(({ name, measured, expected, tolerance }) => [
      name,
      measured,
      expectedText(expected),
      tolerance,
    ]),
  };
}

function robustnessSection(rows: SensingStudy["robustness"]): ReportSection {
  return {
    ...PLAIN,
    id: "robustness",
    title: "Robustness of the spectral start",
    text: ["The spectral start is perturbed by δ times its scale and followed to the end."],
    tables: [
      {
        caption: "",
        columns: ["δ", "loss", "off-diagonal part", "angle", "nuclear norm", "relative error"].map((label) => ({
          label,
        })),
        rows: rows.map((row) => [row.delta, row.loss, row.offDiagonal, row.angle, row.nuclearNorm, row.relativeError]),
      },
    ],
    figures: [
      comparedCurves({
        id: "robustness-figure",
        title: "Error and angle against the perturbation",
        description:
          "Relative error and largest principal angle for each size of the perturbation; zero has no place on the logarithmic axis.",
        xLabel: "perturbation δ",
        yLabel: "relative error, angle in radians",
        xScale: "log",
        series: [
          { name: "relative error", x: rows.map((row) => row.delta), y: rows.map((row) => row.relativeError) },
          { name: "angle", x: rows.map((row) => row.delta), y: rows.map((row) => row.angle) },
        ],
      }),
    ],
    data: { rows },
  };
}

function digitsSection({ summary, results }: NonNullable<SensingStudy["digits"]>): ReportSection {
  return {
    ...PLAIN,
    id: "digits",
    title: "Digits as unknown matrices",
    text: [
      `Each of ${results.length} pictures is sensed by Gaussian measurements and reconstructed; nothing is classified.`,
    ],
    tables: [
      {
        caption: "Mean and standard deviation over the pictures",
        columns: [
          column("method", true),
          ...["pictures", "relative error", "its deviation", "PSNR in dB", "its deviation"].map((label) => ({ label })),
        ],
        rows: summary.map((row) => [
          row.method,
          row.count,
          row.meanError,
          row.spreadError,
          row.meanPsnr,
          row.spreadPsnr,
        ]),
      },
    ],
    figures: [],
    data: { summary },
  };
}

function fullDigitSection(digit: DigitResult): ReportSection {
  return {
    ...PLAIN,
    id: "full-digit",
    title: "One digit with the source's network",
    status: digit.status === "cancelled" ? "cancelled" : "complete",
    text: [`${digit.measurements} Gaussian measurements.`],
    tables: [
      {
        caption: "Methods",
        columns: [
          column("method", true),
          { label: "relative error" },
          { label: "nuclear norm" },
          { label: "effective rank" },
        ],
        rows: Object.entries(digit.methods).map(([name, result]) => [
          name,
          result.relativeError,
          result.nuclearNorm,
          result.effectiveRank,
        ]),
      },
    ],
    figures: [],
    data: { methods: digit.methods, measurements: digit.measurements },
  };
}
