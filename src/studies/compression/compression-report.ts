import { type Color, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import type { CompressionLayer, CompressionStudy, JointRow } from "./compression-study.js";

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

const percent = (share: number, digits = 3): string => `${formatNumber(100 * share, digits)} %`;

/** Row of a layer at a rank. */
const at = (layer: CompressionLayer, rank: number): CompressionLayer["ranks"][number] => layer.ranks[rank];

function sufficientSentence(layers: readonly CompressionLayer[]): string {
  const parts = layers.map((layer) => `${layer.name} ${layer.smallestSufficient} of ${layer.singularValues.length}`);
  return `Cut one at a time, the layers keep the accuracy to within one percentage point with these ranks: ${parts.join(", ")}.`;
}

/** The rule in words. */
function ruleName({ kind, setting }: JointRow): string {
  if (kind === "energy") return `energy ${formatNumber(100 * (setting ?? 0), 4)} %`;
  if (kind === "loss") return `each loses ≤ ${formatNumber(100 * (setting ?? 0), 2)} %`;
  return kind === "full" ? "full rank" : "Gavish–Donoho";
}

function jointSentence({ joint, training }: CompressionStudy): string {
  const enough = joint.filter((row) => row.accuracy >= (training?.testAccuracy ?? 0) - 0.01);
  const smallest = enough.reduce((a, b) => (b.parameterShare < a.parameterShare ? b : a));
  return smallest.parameterShare < 1
    ? `Cut together, the smallest network within one percentage point is “${ruleName(smallest)}”, ranks ${smallest.ranks.join(", ")}: ${percent(smallest.parameterShare)} of the numbers to store, accuracy ${percent(smallest.accuracy)}.`
    : "Cut together, no rule tried here keeps the accuracy within one percentage point and stores less.";
}

function boundSentence({ layers, joint }: CompressionStudy): string {
  const rows = [...layers.flatMap((layer) => layer.ranks), ...joint];
  const tightest = Math.max(...rows.map((row) => row.tightness));
  return `The bound by σₖ₊₁ and the later norms held for every image at every rank (largest quotient ${formatNumber(tightest, 3)}). It is far from the accuracy: low rank preserves this function much better than the bound can prove.`;
}

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

function jointSection(study: CompressionStudy): ReportSection {
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

/** How much smaller the bound is that knows what the truncated part does to each image. */
function localSentence(layers: readonly CompressionLayer[]): string {
  const quotients = layers.map((layer) => {
    const inside = layer.ranks.filter((row) => row.rank > 0 && row.localBound > 0);
    const list = inside.map((row) => row.bound / row.localBound).sort((a, b) => a - b);
    return `${layer.name} ${list.length === 0 ? "none" : formatNumber(list[list.length >> 1], 2)}`;
  });
  return `A part of the gap is that images hardly use the directions that are cut off, which no norm of a matrix can know: with ‖(Wₗ − Wₗ,ₖ) hₗ₋₁‖, which one more product computes, in the place of σₖ₊₁ ‖hₗ₋₁‖ the bound is smaller by these factors (median over the ranks): ${quotients.join(", ")}. It proves more, and still only close to full rank.`;
}

function boundSection(study: CompressionStudy): ReportSection {
  const { layers } = study;
  const firstRank = (
    layer: CompressionLayer,
    value: (row: CompressionLayer["ranks"][number]) => number,
  ): number | string => {
    const found = layer.ranks.find((_, k) => layer.ranks.slice(k).every((row) => value(row) >= 0.9));
    return found === undefined ? "none" : found.rank;
  };
  const quotient = (layer: CompressionLayer): number => {
    const inside = layer.ranks.filter((row) => row.rank > 0 && row.rank < layer.singularValues.length);
    const list = inside.map((row) => row.bound / row.largestChange).sort((a, b) => a - b);
    return list.length === 0 ? 1 : list[list.length >> 1];
  };
  return {
    id: "bound",
    title: "3. What the bound proves",
    status: study.passed ? "complete" : "failed",
    text: [
      boundSentence(study),
      "‖f − fₖ‖ ≤ σₖ₊₁(Wₗ) ‖hₗ₋₁‖ times the norms of the later layers, per image; for several layers the terms add up. An image whose margin is above √2 times its bound provably keeps its class. The bound multiplies worst cases: the truncated direction, the input and every later layer would have to line up.",
      localSentence(layers),
    ],
    method:
      "Bounds per image from its own hidden vectors; norms by the singular value decomposition. “Agree” counts images with the class of the full network, “proved” those whose margin the bound respects.",
    matvecs: null,
    figures: [
      {
        id: "agreement-by-rank",
        title: "Decisions that stay, and decisions proved to stay",
        description:
          "Share of test images that keep the full network's class, and share for which the bound proves it, against the rank kept in one layer.",
        columns: Math.min(3, layers.length),
        panels: layers.map((layer): Panel => {
          const rows = layer.ranks.filter((row) => row.rank > 0);
          const x = rows.map((row) => row.rank);
          return {
            title: layer.name,
            x: { label: "rank kept", scale: "log" },
            y: { label: "share of test images", scale: "linear", domain: [0, 1] },
            marks: [
              { kind: "line", x, y: rows.map((row) => row.agreement), color: "green", label: "agree" },
              {
                kind: "line",
                x,
                y: rows.map((row) => row.certifiedLocally),
                color: "blue",
                dash: "dashed",
                label: "proved by (W − Wₖ)h",
              },
              {
                kind: "line",
                x,
                y: rows.map((row) => row.certified),
                color: "vermilion",
                dash: "dotted",
                label: "proved by σₖ₊₁",
              },
            ],
          };
        }),
      },
    ],
    tables: [
      {
        caption: "Rank from which nine of ten decisions stay, and are proved to",
        columns: [
          { label: "layer", align: "left" },
          { label: "full rank" },
          { label: "agree" },
          { label: "proved by (W − Wₖ)h" },
          { label: "proved by σₖ₊₁" },
          { label: "later norms", digits: 3 },
          { label: "bound / largest change", digits: 3 },
        ],
        rows: layers.map((layer): Cell[] => [
          layer.name,
          layer.singularValues.length,
          firstRank(layer, (row) => row.agreement),
          firstRank(layer, (row) => row.certifiedLocally),
          firstRank(layer, (row) => row.certified),
          layer.laterNorms,
          quotient(layer),
        ]),
      },
    ],
    data: { passed: study.passed },
  };
}
