import { type Color, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import type { CompressionStudy } from "./compression-study.js";
import type { CompressionLayer } from "./layer-ranks.js";
import { boundSection } from "./report-bound.js";
import { jointSection } from "./report-joint.js";
import { boundSentence, jointSentence, percent, sufficientSentence } from "./report-words.js";

/**
 * Turns the record of a compression study into a report: layers one at a time, then together, then what was proved.
 *
 * Relation: the status is "failed" when a change exceeded its bound or full rank did not reproduce the network, "cancelled"
 * when the study was cut short.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { compressionReport, compressionStudy } from "eigenscope/studies";
 * const study = compressionStudy({ rng: createRng(1), samples: 100, hidden: [8], steps: 20 });
 * const provenance = { program: "study compression", seed: 1, options: {}, versions: {}, input: "made digits" };
 * console.log(compressionReport(study, provenance).sections.length); // 3
 * ```
 */
export function compressionReport(study: CompressionStudy, provenance: Provenance): ReportRecord {
  const { layers, joint, training, samples, sizes } = study;
  return {
    id: "compression-study",
    title: "How much of each layer a digit classifier needs",
    summary:
      training === null
        ? []
        : [
            `Network ${sizes.join("-")} with ReLU, ${study.parameterCount} parameters, trained on ${samples.train} images: ${percent(training.testAccuracy)} of ${samples.test} test images rightly classified.`,
            ...(layers.length === 0 ? [] : [sufficientSentence(layers)]),
            ...(joint.length === 0 ? [] : [jointSentence(study)]),
            ...(layers.length === 0 ? [] : [boundSentence(study)]),
          ],
    status: study.status === "cancelled" ? "cancelled" : study.passed ? "complete" : "failed",
    provenance,
    sections: [
      ...(layers.length === 0 ? [] : [layersSection(study)]),
      ...(joint.length === 0 ? [] : [jointSection(study)]),
      ...(layers.length === 0 ? [] : [boundSection(study)]),
    ],
    wallTimes: study.wallTimes,
  };
}

/** Row of a layer at a rank. */
const at = (layer: CompressionLayer, rank: number): CompressionLayer["ranks"][number] => layer.ranks[rank];

const RULE_COLORS: readonly Color[] = ["amber", "green", "vermilion"];

function layersSection(study: CompressionStudy): ReportSection {
  const { layers, training, chance } = study;
  const full = training?.testAccuracy ?? 0;
  return {
    id: "layers",
    title: "1. One layer at a time",
    status: study.status === "cancelled" ? "cancelled" : "complete",
    text: [
      sufficientSentence(layers),
      `Knowing nothing gives ${percent(chance)}. Rank 0 is a layer that passes on its bias alone. “Energy” keeps the smallest rank with that share of Σσ²; Gavish–Donoho keeps what rises above white noise of unknown level, whose median value it estimates from the layer itself.`,
      choiceSentence(layers, full),
    ],
    method:
      "Every rank of every layer, the others untouched, all test images; Wₖ by the singular value decomposition, each rank adding one rank-one part.",
    matvecs: null,
    figures: [
      {
        id: "accuracy-by-rank",
        title: "Accuracy against the rank kept",
        description:
          "Accuracy on the test images with one layer truncated. Diamonds: ranks chosen by 90 % and 99 % of the energy and by Gavish–Donoho; the vertical rule is the rank from which factors no longer store less than the matrix.",
        columns: Math.min(3, layers.length),
        panels: layers.map((layer) => accuracyPanel(layer, full)),
      },
      {
        id: "error-by-rank",
        title: "Singular values, change of the output and its bound",
        description:
          "σₖ₊₁, the error of the truncated matrix; the change of the network's output, root mean square and largest over the test images; and two bounds on the largest. Logarithmic.",
        columns: Math.min(3, layers.length),
        panels: layers.map(errorPanel),
      },
    ],
    tables: [
      {
        caption: "What the rules choose",
        columns: [
          { label: "layer", align: "left" },
          { label: "shape", align: "left" },
          { label: "rule", align: "left" },
          { label: "rank" },
          { label: "stores less", align: "left" },
          { label: "σₖ₊₁", digits: 3 },
          { label: "rms change", digits: 3 },
          { label: "largest", digits: 3 },
          { label: "its bound", digits: 3 },
          { label: "accuracy", digits: 4 },
        ],
        rows: layers.flatMap((layer) =>
          [
            ...layer.choices,
            { rule: "within one point", rank: layer.smallestSufficient },
            { rule: "full", rank: layer.singularValues.length },
          ].map(({ rule, rank }): Cell[] => {
            const row = at(layer, rank);
            return [
              layer.name,
              `${layer.rows}\u00a0×\u00a0${layer.cols}`,
              rule.replaceAll(" ", "\u00a0"),
              rank,
              rank <= layer.largestUseful ? "yes" : "no",
              row.spectralError,
              row.rmsChange,
              row.largestChange,
              row.bound,
              row.accuracy,
            ];
          }),
        ),
      },
    ],
    data: { layers, training, chance },
  };
}

function choiceSentence(layers: readonly CompressionLayer[], full: number): string {
  const losses = layers.flatMap((layer) =>
    layer.choices.map(({ rule, rank }) => ({ layer: layer.name, rule, rank, loss: full - at(layer, rank).accuracy })),
  );
  const worst = losses.reduce((a, b) => (b.loss > a.loss ? b : a));
  const larger = layers.flatMap((layer) =>
    layer.choices
      .filter(({ rank }) => rank > layer.largestUseful)
      .map(({ rule, rank }) => `${rule} for ${layer.name} (rank ${rank}, at most ${layer.largestUseful} would pay)`),
  );
  return (
    (worst.loss > 0.01
      ? `None of the three knows the task: the largest loss among the choices is ${formatNumber(100 * worst.loss, 2)} points, by ${worst.rule} on ${worst.layer} (rank ${worst.rank}): a layer's noise level says nothing about what the next layer needs. `
      : "All three choices keep the accuracy within one point. ") +
    (larger.length === 0
      ? "All of them store less than the matrix."
      : `Not every choice compresses: ${larger.join("; ")}.`)
  );
}

function accuracyPanel(layer: CompressionLayer, full: number): Panel {
  const rows = layer.ranks.filter((row) => row.rank > 0);
  const useful = layer.largestUseful + 1;
  const marks: Mark[] = [
    {
      kind: "line",
      x: rows.map((row) => row.rank),
      y: rows.map((row) => row.accuracy),
      color: "blue",
      label: "accuracy",
    },
    ...layer.choices.map(({ rule, rank }, i): Mark => ({
      kind: "points",
      x: [Math.max(1, rank)],
      y: [at(layer, rank).accuracy],
      color: RULE_COLORS[i % RULE_COLORS.length],
      shape: "diamond",
      size: 5.5,
      label: rule,
    })),
    { kind: "rule", axis: "y", value: full, text: "full", color: "gray", dash: "dotted" },
  ];
  if (useful <= layer.singularValues.length)
    marks.push({ kind: "rule", axis: "x", value: useful, text: "mn/(m+n)", color: "gray" });
  return {
    title: `${layer.name}: ${layer.rows} × ${layer.cols}`,
    x: { label: "rank kept", scale: "log" },
    y: { label: "accuracy", scale: "linear", domain: [0, 1] },
    marks,
  };
}

function errorPanel(layer: CompressionLayer): Panel {
  const rows = layer.ranks.filter((row) => row.rank > 0 && row.spectralError > 0);
  const line = (
    y: (row: (typeof rows)[number]) => number,
    color: Color,
    dash: "solid" | "dashed" | "dotted",
    label: string,
  ): Mark => {
    const shown = rows.filter((row) => y(row) > 0);
    return { kind: "line", x: shown.map((row) => row.rank), y: shown.map(y), color, dash, label };
  };
  return {
    title: layer.name,
    x: { label: "rank kept k", scale: "log" },
    y: { label: "size", scale: "log" },
    marks: [
      line((row) => row.bound, "vermilion", "dotted", "bound by σₖ₊₁"),
      line((row) => row.localBound, "green", "dashed", "bound by (W − Wₖ)h"),
      line((row) => row.largestChange, "blue", "dashed", "change, largest"),
      line((row) => row.rmsChange, "blue", "solid", "change, rms"),
      line((row) => row.spectralError, "ink", "solid", "σₖ₊₁"),
    ],
  };
}
