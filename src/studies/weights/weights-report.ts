import type { LayerReport, SkippedTensor, WeightReport } from "../../checkpoints/index.js";
import { weightWatcherNotes } from "../../checkpoints/index.js";
import type { Tagged } from "../../core/index.js";
import { formatNumber } from "../../plot/index.js";
import type { Cell, Provenance, ReportRecord, ReportSection, ReportTable } from "../../report/index.js";
import { comparisonSections } from "./comparison-report.js";
import type { GateOutcome } from "./gate.js";
import { layerSection } from "./layer-section.js";
import { describesBulk, layerLabel, layerMeasures, singularUnits } from "./measures.js";
import type { WeightsResult } from "./weights-files.js";
import { hasFigure, overviewFigure } from "./weights-figures.js";

/** Options of weightsReport. */
export interface WeightsReportOptions {
  /** Layers that get a part of their own with figures, those with warnings and outliers first; default 40, 0 for none. */
  readonly details?: number;
  /** Seconds by phase. */
  readonly wallTimes?: Readonly<Record<string, number>>;
}

const DETAILS = 40;
const PLAIN = { method: "", matvecs: null, status: "complete", figures: [], data: {} } as const;
const left = { align: "left" } as const;

/**
 * Turns the result of a run over a checkpoint into a report: findings, table, warnings, what was skipped, the gate, the
 * comparison, and a part with figures for the layers worth looking at.
 *
 * Relation: every number is one of the layer records'; the parts of single layers are in the order of the file.
 *
 * @example
 * ```ts
 * import { analyzeWeights } from "eigenscope/checkpoints";
 * import { weightsReport } from "eigenscope/studies";
 * const report = analyzeWeights([{ name: "fc.weight", dtype: "F64", shape: [2, 2], data: Float64Array.of(3, 0, 0, 1) }]);
 * const provenance = { program: "weights", seed: 1, options: {}, versions: {}, input: "two by two" };
 * const { sections } = weightsReport({ report, comparison: null, gate: [] }, provenance);
 * console.log(sections.map(({ id }) => id).join(" ")); // layers skipped columns
 * ```
 */
export function weightsReport(
  { report, comparison, gate }: WeightsResult,
  provenance: Provenance,
  options: WeightsReportOptions = {},
): ReportRecord {
  const details = options.details ?? DETAILS;
  const detailed = chooseDetails(report.layers, details);
  const cancelled = report.summary.status === "cancelled" || comparison?.status === "cancelled";
  return {
    id: "weights",
    title: "Weights of a checkpoint",
    summary: findings(report, gate),
    // A gate that is not passed is a finding; the report itself is complete.
    status: cancelled ? "cancelled" : "complete",
    provenance,
    sections: [
      ...(gate.length === 0 ? [] : [gateSection(gate)]),
      layersSection(report, details > 0),
      ...warningsSection(report.layers),
      skippedSection(report, details > 0),
      ...(comparison === null ? [] : comparisonSections(comparison, details)),
      ...detailed.map((layer) => layerSection(layer, report.layers.indexOf(layer))),
      ...(details > 0 ? [columnsSection()] : []),
    ],
    wallTimes: options.wallTimes ?? {},
  };
}

/** Layers with warnings and outliers first, in the order of the file in the end. */
function chooseDetails(layers: readonly LayerReport[], count: number): readonly LayerReport[] {
  const interest = (layer: LayerReport): number =>
    layer.warnings.length * 1000 + (layer.bulk.defined ? layer.bulk.value.spikes.length : 0);
  const chosen = new Set(
    layers
      .filter(hasFigure)
      .sort((a, b) => interest(b) - interest(a))
      .slice(0, count),
  );
  return layers.filter((layer) => chosen.has(layer));
}

const percent = (share: number): string => `${formatNumber(100 * share, 3)} %`;
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function findings(report: WeightReport, gate: readonly GateOutcome[]): readonly string[] {
  const { summary, layers, skipped } = report;
  const sentences: string[] = [];
  if (gate.length > 0) {
    const failed = gate.filter((outcome) => !outcome.passed);
    sentences.push(
      failed.length === 0
        ? `The gate is passed: ${gate.length === 1 ? "its condition does not hold" : `none of ${gate.length} conditions holds`}.`
        : `The gate is not passed: ${failed.map((outcome) => outcome.condition.text).join("; ")}.`,
    );
  }
  const skippedShare = skipped.reduce((sum, tensor) => sum + tensor.share, 0);
  const skippedSentence =
    skipped.length === 0
      ? "no tensor was skipped"
      : `${plural(skipped.length, "tensor was", "tensors were")} skipped (${percent(skippedShare)}), with reasons below`;
  sentences.push(
    `${plural(summary.layers, "matrix", "matrices")} with ${percent(summary.analyzedShare)} of ${summary.parameters.toLocaleString("en-US")} parameters ${summary.layers === 1 ? "was" : "were"} analysed; ${skippedSentence}.`,
  );
  if (layers.length > 0) {
    const { name, value } = summary.largestSpectralNorm;
    sentences.push(`The largest spectral norm is ${formatNumber(value, 4)}, in ${name === "" ? "none" : name}.`);
  }
  const fitted = layers.filter((layer) => layer.bulk.defined);
  const spiked = fitted.filter((layer) => layer.bulk.defined && layer.bulk.value.spikes.length > 0);
  if (fitted.length > 0) {
    sentences.push(
      `${spiked.length} of ${fitted.length} matrices with a fitted noise bulk have singular values beyond it.`,
    );
  }
  const tails = layers.flatMap((layer) => (layer.tail.defined ? [layer.tail.value.verdict] : []));
  if (tails.length > 0) {
    const rejected = tails.filter((verdict) => verdict === "not supported by the data").length;
    const alpha = summary.meanSupportedAlpha === null ? "" : ` (mean α ${formatNumber(summary.meanSupportedAlpha, 3)})`;
    sentences.push(
      `A power-law tail is supported in ${summary.supportedTails}${alpha} of ${tails.length} fits, ruled out in ${rejected}, undecided in the rest: where it is not supported, α says nothing.`,
    );
  }
  sentences.push(
    `Axes: ${summary.layout.layout === "out-in" ? "outputs first, as PyTorch" : "inputs first, as Keras and Flax"} (${summary.layout.from}: ${summary.layout.reason}).`,
  );
  if (summary.layersWithWarnings > 0)
    sentences.push(`${plural(summary.layersWithWarnings, "layer has", "layers have")} warnings.`);
  return sentences;
}

function gateSection(gate: readonly GateOutcome[]): ReportSection {
  const places = (outcome: GateOutcome): string => {
    const worst = outcome.violations
      .slice(0, 5)
      .map(({ where, value }) => `${where} (${formatNumber(value, 4)})`)
      .join(", ");
    const more = outcome.violations.length > 5 ? ` and ${outcome.violations.length - 5} more` : "";
    if (worst !== "") return `${worst}${more}`;
    return outcome.decided === 0 ? `nowhere decided: ${outcome.undecided[0]?.reason ?? "matches no layer"}` : "";
  };
  return {
    ...PLAIN,
    id: "gate",
    title: "Gate",
    text: [
      "A condition fails where it holds. Places without the number are not counted for or against; a condition that could be decided nowhere does not pass.",
    ],
    tables: [
      {
        caption: "",
        columns: [
          { label: "fails if", ...left },
          { label: "outcome", ...left },
          { label: "holds in" },
          { label: "decided in" },
          { label: "no value in" },
          { label: "where", ...left },
        ],
        rows: gate.map((outcome) => [
          outcome.condition.text,
          outcome.passed ? "passed" : "FAILED",
          outcome.violations.length,
          outcome.decided,
          outcome.undecided.length,
          places(outcome),
        ]),
      },
    ],
    data: { gate },
  };
}

/** The value, or a dash: reasons stand in the parts of the layers and in the JSON. */
function cell(tagged: Tagged): Cell {
  return tagged.defined ? tagged.value : "–";
}

const measure = (name: string): ((layer: LayerReport) => Cell) => {
  const found = layerMeasures.find((candidate) => candidate.name === name)!;
  return (layer) => cell(found.value(layer));
};

interface LayerColumn {
  readonly label: string;
  readonly read: (layer: LayerReport) => Cell;
  readonly digits?: number;
  readonly align?: "left";
}

const NAME: LayerColumn = { label: "layer", read: layerLabel, ...left };

const NORMS: readonly LayerColumn[] = [
  NAME,
  { label: "kind", read: (layer) => layer.kind, ...left },
  { label: "matrix", read: (layer) => `${layer.rows}\u00a0×\u00a0${layer.cols}`, ...left },
  { label: "‖W‖₂", read: measure("spectralNorm"), digits: 4 },
  { label: "‖conv‖₂", read: measure("operatorNorm"), digits: 4 },
  { label: "stable rank", read: measure("stableRank"), digits: 3 },
  { label: "effective rank", read: measure("effectiveRank"), digits: 3 },
  { label: "rank", read: measure("numericalRank") },
  { label: "warnings", read: (layer) => (layer.warnings.length === 0 ? "" : layer.warnings.length) },
];

const STATISTICS: readonly LayerColumn[] = [
  NAME,
  { label: "noise edge", read: edgeCell },
  { label: "beyond", read: measure("outliers") },
  { label: "α (95 %)", read: alphaCell },
  { label: "p", read: measure("tailPValue"), digits: 2 },
  { label: "Hill / shuffled", read: hillCell },
  { label: "phase", read: (layer) => (layer.phase.defined ? layer.phase.value.phase : "–"), ...left },
];

function layerTable(caption: string, columns: readonly LayerColumn[], layers: readonly LayerReport[]): ReportTable {
  return {
    caption,
    columns: columns.map(({ label, digits, align }) => ({
      label,
      ...(digits === undefined ? {} : { digits }),
      ...(align === undefined ? {} : { align }),
    })),
    rows: layers.map((layer) => columns.map(({ read }) => read(layer))),
  };
}

function edgeCell(layer: LayerReport): Cell {
  if (!layer.bulk.defined) return "–";
  const edge = formatNumber(singularUnits(layer.bulk.value.edge, layer), 3);
  return describesBulk(layer) ? edge : `${edge}\u00a0✗`;
}

function alphaCell({ tail }: LayerReport): Cell {
  if (!tail.defined || !Number.isFinite(tail.value.alpha)) return "–";
  const { alpha, interval, verdict } = tail.value;
  const mark = verdict === "supported" ? "" : verdict === "undecided" ? "\u00a0?" : "\u00a0✗";
  return `${alpha.toFixed(2)}\u00a0(${interval[0].toFixed(1)}–${interval[1].toFixed(1)})${mark}`;
}

function hillCell({ phase }: LayerReport): Cell {
  if (!phase.defined) return "–";
  const { value, permuted } = phase.value.hill;
  const middle = permuted[permuted.length >> 1];
  return middle === undefined ? value.toFixed(2) : `${value.toFixed(2)} / ${middle.toFixed(2)}`;
}

function layersSection({ layers }: WeightReport, withFigure: boolean): ReportSection {
  const norms = NORMS.filter(
    ({ label }) => label !== "‖conv‖₂" || layers.some((layer) => layer.kind === "convolution"),
  );
  return {
    ...PLAIN,
    id: "layers",
    title: "Layers",
    text: [
      "‖W‖₂ is the largest singular value, for convolutions of the reshaped kernel; ‖conv‖₂ is the norm of the convolution as a linear map. " +
        "“Beyond” counts singular values past the 95 % Tracy–Widom point of the fitted noise; “✗” at the edge means that the bulk is not that of noise, and the edge only a yardstick. α carries its interval; “?” means the data cannot decide, “✗” that they rule the power law out. " +
        "Hill is a tail exponent without a cut-off, beside its median over copies of the matrix with shuffled entries: only a clear drop against these says anything. " +
        "The phase “heavy-tailed” asks that the tail beat the exponential and every shuffled copy, not that it be a power law: it may stand beside “✗”.",
    ],
    method:
      "All singular values by a dense SVD (Gram matrix of tiles for matrices above the tile limit). Noise: median of the bulk, repeated without what lies beyond. Tail: maximum likelihood, cut-off by least KS distance, p-value by semiparametric bootstrap.",
    figures: withFigure && layers.length > 1 ? [overviewFigure(layers)] : [],
    tables: [layerTable("Norms and ranks", norms, layers), layerTable("Noise, tail and baseline", STATISTICS, layers)],
  };
}

function warningsSection(layers: readonly LayerReport[]): readonly ReportSection[] {
  const rows = layers.flatMap((layer) => layer.warnings.map((warning): Cell[] => [layerLabel(layer), warning]));
  if (rows.length === 0) return [];
  return [
    {
      ...PLAIN,
      id: "warnings",
      title: "What to look at",
      text: [],
      tables: [
        {
          caption: "",
          columns: [
            { label: "layer", ...left },
            { label: "finding, and what to do about it", ...left },
          ],
          rows,
        },
      ],
    },
  ];
}

/** Tensors in a row of this table; the JSON has them all. */
const SHOWN = 60;

function skippedSection({ skipped }: WeightReport, each: boolean): ReportSection {
  const groups = new Map<string, SkippedTensor[]>();
  for (const tensor of skipped) {
    const list = groups.get(tensor.reason);
    if (list === undefined) groups.set(tensor.reason, [tensor]);
    else list.push(tensor);
  }
  const summary: ReportTable = {
    caption: "By reason",
    columns: [
      { label: "reason", ...left },
      { label: "tensors" },
      { label: "parameters" },
      { label: "share of all", ...left },
    ],
    rows: Array.from(groups, ([reason, list]) => [
      reason,
      list.length,
      list.reduce((sum, tensor) => sum + tensor.parameters, 0).toLocaleString("en-US"),
      percent(list.reduce((sum, tensor) => sum + tensor.share, 0)),
    ]),
  };
  const list: ReportTable = {
    caption: skipped.length > SHOWN ? `The largest ${SHOWN} of ${skipped.length} tensors` : "Tensors",
    columns: [
      { label: "tensor", ...left },
      { label: "shape", ...left },
      { label: "parameters" },
      { label: "share of all", ...left },
      { label: "reason", ...left },
    ],
    rows: skipped
      .toSorted((a, b) => b.parameters - a.parameters)
      .slice(0, SHOWN)
      .map((tensor) => [
        tensor.name,
        tensor.shape.length === 0 ? "scalar" : tensor.shape.join("\u00a0×\u00a0"),
        tensor.parameters.toLocaleString("en-US"),
        percent(tensor.share),
        tensor.reason,
      ]),
  };
  return {
    ...PLAIN,
    id: "skipped",
    title: "What was skipped",
    text: skipped.length === 0 ? ["Nothing: every tensor of the file is in the table."] : [],
    tables: skipped.length === 0 ? [] : each ? [summary, list] : [{ ...summary, caption: "" }],
  };
}

/** What the numbers mean, for those who come from another tool. */
function columnsSection(): ReportSection {
  return {
    ...PLAIN,
    id: "columns",
    title: "Names and conventions",
    text: [
      "λ = s²/N with N the larger side; WeightWatcher's columns in JSON and CSV use λ = s² and logarithms to base 10, as there. Columns not listed mean the same.",
    ],
    tables: [
      {
        caption: "Columns of WeightWatcher that need a word",
        columns: [
          { label: "column", ...left },
          { label: "note", ...left },
        ],
        rows: Object.entries(weightWatcherNotes).map(([name, note]) => [name, note]),
      },
    ],
  };
}
