import { type Mark, formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { LinearWidthStudy } from "./linear-width-study.js";
import { panel } from "./marks.js";
import type { RunRow } from "./run-row.js";
import { median } from "./statistics.js";

/** The table over the runs: spectral features beside the test error. */
export function runsSection({ runs, correlations, heavyTails }: LinearWidthStudy): ReportSection {
  const keyOf = (row: RunRow): string => `${row.part}|${row.name}|${row.trained}|${row.samplesPerInput}`;
  const groups = [...new Set(runs.map(keyOf))].map((key) => runs.filter((row) => keyOf(row) === key));
  const comparable =
    heavyTails === null ? [] : heavyTails.runs.map((run) => run.row).filter((row) => row.trained !== "none");
  const best = correlations.reduce<(typeof correlations)[number] | null>(
    (a, b) => (a === null || Math.abs(b.correlation) > Math.abs(a.correlation) ? b : a),
    null,
  );
  return {
    id: "runs",
    title: "6. Over the runs: spectral features beside the test error",
    status: "complete",
    text: [
      "Every training run of this study, medians over its seeds. Test errors are comparable where n/d and the trained layers agree: the problems differ between parts.",
      best === null
        ? "The trained runs of part 5, which share their problem, are too few here for rank correlations."
        : `Among the ${best.runs} trained runs of part 5, which share their problem, ${best.name} orders the runs most like the test error does (Spearman ${formatNumber(best.correlation, 2)}). The runs are few and those of one seed share network and data: this is a description, no significance is claimed.`,
    ].filter((paragraph) => paragraph !== ""),
    method:
      "Outliers: beyond the 95 % Tracy–Widom edge of the fitted bulk. Hill exponent: upper half of s², beside one permuted copy. Five directions: norm of the teacher's projection on the five leading right singular vectors.",
    matvecs: null,
    figures: comparable.length < 3 ? [] : [scatter(comparable)],
    tables: [
      {
        caption: "Medians over the seeds",
        columns: [
          { label: "run", align: "left" },
          { label: "trained", align: "left" },
          { label: "n/d" },
          { label: "seeds" },
          { label: "move", digits: 2 },
          { label: "s₁ / edge", digits: 3 },
          { label: "outliers" },
          { label: "stable rank", digits: 3 },
          { label: "Hill", digits: 3 },
          { label: "permuted", digits: 3 },
          { label: "teacher in five", digits: 2 },
          { label: "test error", digits: 3 },
        ],
        rows: groups.map((rows): Cell[] => {
          const of = (value: (row: RunRow) => number): number => median(rows.map(value));
          const [first] = rows;
          return [
            first.name.replaceAll(" ", "\u00a0"),
            first.trained,
            first.samplesPerInput,
            rows.length,
            of((row) => row.relativeMove),
            of((row) => row.topOverEdge),
            of((row) => row.outliers),
            of((row) => row.stableRank),
            of((row) => row.hill),
            of((row) => row.permutedHill),
            of((row) => row.alignmentFive),
            of((row) => row.testError),
          ];
        }),
      },
      ...(correlations.length === 0
        ? []
        : [
            {
              caption: `Rank correlation with the test error over ${correlations[0].runs} runs of part 5`,
              columns: [
                { label: "feature", align: "left" as const },
                { label: "Spearman", digits: 2 },
              ],
              rows: correlations.map(({ name, correlation }) => [name, correlation]),
            },
          ]),
    ],
    data: { runs, correlations },
  };
}

function scatter(rows: readonly RunRow[]): ReportSection["figures"][number] {
  const names = [...new Set(rows.map((row) => row.name))];
  const colors = ["blue", "amber", "green", "vermilion", "purple"] as const;
  const shapes = ["square", "circle", "triangle", "diamond", "cross"] as const;
  const marks = (x: (row: RunRow) => number): Mark[] =>
    names.map((name, i) => {
      const own = rows.filter((row) => row.name === name);
      return {
        kind: "points",
        x: own.map(x),
        y: own.map((row) => row.testError),
        color: colors[i % colors.length],
        shape: shapes[i % shapes.length],
        size: 4.5,
        label: name,
      };
    });
  return {
    id: "features-and-error",
    title: "Spectral features and test error, runs of part 5",
    description:
      "Every run a point: test error against the Hill exponent of the weights and against the teacher's share in the five leading directions.",
    columns: 2,
    panels: [
      panel(
        "Tail of the weights",
        "Hill exponent, upper half",
        "test error / variance",
        marks((row) => row.hill),
      ),
      panel(
        "Features",
        "teacher in five directions",
        "test error / variance",
        marks((row) => row.alignmentFive),
      ),
    ],
  };
}
