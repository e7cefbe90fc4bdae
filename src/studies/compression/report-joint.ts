import { type Color, type Mark, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { CompressionStudy } from "./compression-study.js";
import type { JointRow } from "./joint-ranks.js";
import { jointSentence, percent, ruleName } from "./report-words.js";

/** All layers cut together. */
export function jointSection(study: CompressionStudy): ReportSection {
  const { joint, training, layers } = study;
  const full = training?.testAccuracy ?? 0;
  const energies = joint.filter((row) => row.kind === "energy");
  const losses = joint.filter((row) => row.kind === "loss");
  const threshold = joint.filter((row) => row.kind === "gavish-donoho");
  const share = (row: JointRow): number => 100 * row.parameterShare;
  const one = losses.find((row) => row.setting === 0.01);
  return {
    id: "together",
    title: "2. All layers together",
    status: "complete",
    text: [
      jointSentence(study),
      one === undefined
        ? ""
        : `Ranks that each cost at most 1 % alone cost ${formatNumber(100 * Math.max(0, full - one.accuracy), 2)} points together (${percent(one.accuracy)} against ${percent(full)}) at ${percent(share(one) / 100)} of the size: errors add up, and later layers see hidden vectors they were not trained for.`,
      betterByLoss(energies, losses)
        ? "No network of equal energy is as good as one of equal loss that stores as much: the energy of a layer says how large its directions are, not whether the images use them."
        : "",
    ].filter((text) => text !== ""),
    method:
      "Every layer cut by the same rule. “Proved”: share of images whose class the bound by (W − Wₖ)h proves. Stored numbers: the two factors, or the matrix where that is smaller, and the biases. “Each loses ≤ x”: the smallest rank from which on the layer alone loses at most x of the accuracy, chosen on training images, so that nothing is fitted to the test images.",
    matvecs: null,
    figures: [
      {
        id: "accuracy-by-size",
        title: "Accuracy and what is kept",
        description:
          "Left: accuracy against the share of numbers to store, for the two families of rules and Gavish–Donoho. Right: accuracy, agreement and proof against the energy kept in every layer.",
        columns: 2,
        panels: [
          {
            title: "By size",
            x: {
              label: "numbers to store, % of the network",
              scale: "log",
              domain: [Math.min(5, ...joint.map(share)), 100],
            },
            y: { label: "accuracy", scale: "linear", domain: [0, 1] },
            marks: [
              ...curve(energies, share, (row) => row.accuracy, "blue", "solid", "equal energy"),
              ...curve(losses, share, (row) => row.accuracy, "green", "dashed", "equal loss alone"),
              {
                kind: "points",
                x: threshold.map(share),
                y: threshold.map((row) => row.accuracy),
                color: "vermilion",
                shape: "diamond",
                size: 5.5,
                label: "Gavish–Donoho",
              },
              { kind: "rule", axis: "y", value: full, text: "full", color: "gray", dash: "dotted" },
            ],
          },
          {
            title: "By energy",
            x: { label: "energy kept in every layer, %", scale: "linear", domain: [20, 100] },
            y: { label: "share of test images", scale: "linear", domain: [0, 1] },
            marks: [
              ...curve(energies, energyOf, (row) => row.accuracy, "blue", "solid", "accuracy"),
              ...curve(energies, energyOf, (row) => row.agreement, "green", "dashed", "same class as full"),
              ...curve(energies, energyOf, (row) => row.certifiedLocally, "vermilion", "dotted", "proved by (W − Wₖ)h"),
            ],
          },
        ],
      },
    ],
    tables: [
      {
        caption: "Every rule; the last two columns bound the largest change",
        columns: [
          { label: "rule", align: "left" },
          { label: `ranks of ${layers.map((layer) => layer.name).join(", ")}`, align: "left" },
          { label: "% stored", digits: 3 },
          { label: "accuracy", digits: 4 },
          { label: "same class", digits: 4 },
          { label: "proved", digits: 3 },
          { label: "rms change", digits: 3 },
          { label: "largest", digits: 3 },
          { label: "(W − Wₖ)h", digits: 3 },
          { label: "σₖ₊₁", digits: 3 },
        ],
        rows: joint.map((row) => [
          ruleName(row).replaceAll(" ", "\u00a0"),
          row.ranks.join(",\u00a0"),
          share(row),
          row.accuracy,
          row.agreement,
          row.certifiedLocally,
          row.rmsChange,
          row.largestChange,
          row.localBound,
          row.bound,
        ]),
      },
    ],
    data: { joint },
  };
}

/** Whether every network of equal loss is at least as accurate as every one of equal energy that stores no more. */
function betterByLoss(energies: readonly JointRow[], losses: readonly JointRow[]): boolean {
  return losses.every((row) =>
    energies.every((other) => other.parameterShare > row.parameterShare || other.accuracy <= row.accuracy),
  );
}

const energyOf = (row: JointRow): number => 100 * (row.setting ?? 1);

function curve(
  rows: readonly JointRow[],
  xOf: (row: JointRow) => number,
  yOf: (row: JointRow) => number,
  color: Color,
  dash: "solid" | "dashed" | "dotted",
  label: string,
): Mark[] {
  const sorted = [...rows].sort((a, b) => xOf(a) - xOf(b));
  const [x, y] = [sorted.map(xOf), sorted.map(yOf)];
  return [
    { kind: "line", x, y, color, dash, label },
    { kind: "points", x, y, color, size: 3 },
  ];
}
