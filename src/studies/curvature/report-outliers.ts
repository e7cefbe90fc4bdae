import { type Color, type Figure, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import { percent } from "./percent.js";
import type { OutliersAt, OutliersPart } from "./outliers-part.js";

const PARTS = ["class", "crossClass", "ownClass", "withinClass"] as const;
const NAMES = {
  class: "class",
  crossClass: "cross-class",
  ownClass: "own class",
  withinClass: "within class",
} as const;
const PART_COLORS: Readonly<Record<(typeof PARTS)[number], Color>> = {
  class: "blue",
  crossClass: "vermilion",
  ownClass: "green",
  withinClass: "gray",
};

/** Outliers of the Gauss–Newton matrix and the classes that they come from. */
export function outliersSection(part: OutliersPart, study: CurvatureStudy): ReportSection {
  const { classes, initial, trained } = part;
  const total = PARTS.reduce((sum, name) => sum + trained.traces[name], 0);
  return {
    id: "outliers",
    title: "4. Outliers and classes",
    status: "complete",
    text: [
      `After training the largest ratio of neighbouring eigenvalues, ${formatNumber(trained.gapRatio, 3)}, stands after the first ${trained.outlierCount}; before training after ${initial.outlierCount} (${formatNumber(initial.gapRatio, 3)}). ` +
        `The literature expects C − 1 = ${classes - 1} or C = ${classes}: tendencies, not laws.`,
      `The class part holds ${percent(trained.traces.class / total)} of the trace, cross-class ${percent(trained.traces.crossClass / total)}, own class ${percent(trained.traces.ownClass / total)}, within class ${percent(trained.traces.withinClass / total)}. ` +
        `The four add up to the Gauss–Newton matrix: the shares of each eigenvalue sum to one up to ${formatNumber(Math.max(initial.shareDefect, trained.shareDefect), 1)}.`,
    ],
    method: `The gradients that a sample has toward each label are grouped by class and label and averaged twice: means of classes, means of pairs around them, and the rest. Leading eigenpairs by Lanczos; mean over ${study.options.subset} samples.`,
    matvecs: null,
    tables: [
      {
        caption: "Leading eigenvalues after training and their parts",
        columns: [
          { label: "rank" },
          { label: "eigenvalue", digits: 5 },
          { label: "residual norm", digits: 2 },
          ...PARTS.map((name) => ({ label: NAMES[name], align: "left" as const })),
        ],
        rows: trained.attributions.map((item, i): Cell[] => [
          i + 1,
          item.eigenvalue,
          item.residualNorm,
          ...PARTS.map((name) => percent(item.shares[name])),
        ]),
      },
    ],
    figures: [figure(part)],
    data: { ...part },
  };
}

function figure({ classes, initial, trained }: OutliersPart): Figure {
  const count = Math.max(initial.attributions.length, trained.attributions.length);
  const x = { label: "rank", scale: "linear", domain: [0.4, count + 0.6] } as const;
  const points = (at: OutliersAt, color: Color, label: string, shape: "circle" | "square"): Mark => ({
    kind: "points",
    x: at.attributions.map((_, i) => i + 1),
    y: at.attributions.map((item) => item.eigenvalue),
    color,
    shape,
    size: 4,
    label,
  });
  const eigenvalues: Panel = {
    title: "Eigenvalues",
    x,
    y: { label: "eigenvalue of G", scale: "log" },
    marks: [
      points(initial, "blue", "initial", "square"),
      points(trained, "vermilion", "trained", "circle"),
      { kind: "rule", axis: "x", value: classes - 0.5, text: `C − 1 = ${classes - 1}`, color: "gray" },
    ],
  };
  return {
    id: "outliers-figure",
    title: "What the outliers of the Gauss–Newton matrix are made of",
    description: `Left: the ${count} leading eigenvalues before and after training; the line separates the first C − 1 = ${classes - 1}. Right: the share of each part in each eigenvalue after training.`,
    columns: 2,
    panels: [
      eigenvalues,
      {
        title: "Parts, after training",
        x,
        y: { label: "share", scale: "linear", domain: [0, 1] },
        marks: stackedBars(trained),
      },
    ],
  };
}

/** Bars that stand on each other: each part is drawn from zero to the sum so far, the tallest first. */
function stackedBars({ attributions }: OutliersAt): Mark[] {
  const left = attributions.map((_, i) => i + 0.62);
  const right = attributions.map((_, i) => i + 1.38);
  return PARTS.map((name, k): Mark => {
    const below = PARTS.slice(0, k + 1);
    return {
      kind: "bars",
      left,
      right,
      height: attributions.map((item) =>
        Math.min(
          1,
          Math.max(
            0,
            below.reduce((sum, part) => sum + item.shares[part], 0),
          ),
        ),
      ),
      color: PART_COLORS[name],
      opacity: 1,
      label: NAMES[name],
    };
  }).reverse();
}
