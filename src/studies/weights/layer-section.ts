import type { LayerReport } from "../../checkpoints/index.js";
import type { Tagged } from "../../core/index.js";
import { formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection, ReportTable } from "../../report/index.js";
import { describesBulk, layerLabel, singularUnits } from "./measures.js";
import { layerFigure } from "./weights-figures.js";

const left = { align: "left" } as const;

/** One layer with its figure, in sentences. */
export function layerSection(layer: LayerReport, index: number): ReportSection {
  return {
    id: `layer-${index + 1}`,
    title: `${index + 1}. ${layerLabel(layer)}`,
    status: "complete",
    text: [
      identity(layer),
      bulkSentence(layer),
      tailSentence(layer),
      ...operatorSentence(layer),
      ...layer.warnings.map((warning) => `Warning: ${warning}.`),
    ],
    method: "",
    matvecs:
      layer.operatorNorm.defined && layer.operatorNorm.value.matvecs > 0 ? layer.operatorNorm.value.matvecs : null,
    tables: [factsTable(layer), ...spikeTable(layer)],
    figures: [layerFigure(layer, `layer-${index + 1}-figure`)],
    data: {},
  };
}

function identity(layer: LayerReport): string {
  const tied = layer.tied.length === 0 ? "" : ` Tied to it and counted here: ${layer.tied.join(", ")}.`;
  return `${layer.kind}, ${layer.dtype} of shape ${layer.shape.join(" × ")}, as a matrix of ${layer.rows} outputs and ${layer.cols} inputs.${tied}`;
}

function bulkSentence(layer: LayerReport): string {
  const { bulk } = layer;
  if (!bulk.defined) return `No noise bulk was fitted: ${bulk.reason}.`;
  const { variance, interval, spikes, bulkAccepted, bulkDistance, bulkThreshold, edge } = bulk.value;
  const deviation = `${formatNumber(Math.sqrt(variance), 3)} (${formatNumber(Math.sqrt(Math.max(0, interval[0])), 3)} to ${formatNumber(Math.sqrt(interval[1]), 3)})`;
  const distance = `KS distance ${formatNumber(bulkDistance, 2)}`;
  const fit = describesBulk(layer)
    ? `The bulk is that of noise with standard deviation ${deviation} per entry (${distance}, accepted below ${formatNumber(bulkThreshold, 2)})`
    : bulkAccepted
      ? `Only ${bulk.value.bulkCount} of ${layer.singularValues.length} values fit a noise bulk (${distance}): edge and outliers are only a yardstick`
      : `The bulk is not that of noise (${distance}, above ${formatNumber(bulkThreshold, 2)}): edge and outliers are only a yardstick`;
  const beyond =
    spikes.length === 0
      ? "nothing lies beyond its edge"
      : `${spikes.length} singular ${spikes.length === 1 ? "value lies" : "values lie"} beyond its edge`;
  return `${fit}; ${beyond} ${formatNumber(singularUnits(edge, layer), 3)}.`;
}

function tailSentence({ tail, phase }: LayerReport): string {
  if (!tail.defined) return `No tail was fitted: ${tail.reason}.`;
  const { alpha, interval, tailCount, count, verdict, reasons, goodness } = tail.value;
  const p = !goodness.defined
    ? "no p-value"
    : goodness.value.pValue === 0
      ? `p below 1/${goodness.value.replicates}`
      : goodness.value.pValue === 1
        ? `p above ${goodness.value.replicates - 1}/${goodness.value.replicates}`
        : `p = ${formatNumber(goodness.value.pValue, 2)} ± ${formatNumber(goodness.value.standardError, 1)}`;
  const fit = `Tail: α = ${formatNumber(alpha, 3)} (${formatNumber(interval[0], 3)} to ${formatNumber(interval[1], 3)}) on ${tailCount} of ${count} values, ${p}: ${verdict} (${reasons.join("; ")})`;
  if (!phase.defined) return `${fit}. Baseline: none (${phase.reason}).`;
  const { hill, spread, draws } = phase.value;
  return `${fit}. Phase: ${phase.value.phase} (${phase.value.reasons.join("; ")}). Against ${draws} copies with shuffled entries: Hill exponent ${formatNumber(hill.value, 3)}, shuffled ${range(hill.permuted)}, p = ${formatNumber(hill.pValue, 2)}; largest over median ${formatNumber(spread.value, 3)}, shuffled ${range(spread.permuted)}.`;
}

function range(values: Float64Array): string {
  if (values.length === 0) return "none";
  return `${formatNumber(values[0], 3)} to ${formatNumber(values[values.length - 1], 3)}`;
}

function operatorSentence({ operatorNorm, operatorSpectrum, spectralNorm, kind }: LayerReport): readonly string[] {
  if (kind !== "convolution") return [];
  if (!operatorNorm.defined) return [`The norm of the convolution was not computed: ${operatorNorm.reason}.`];
  const { norm, residual, upperBound, method, inputSize, padding, stride, dilation, groups, transposed } =
    operatorNorm.value;
  const geometry = [
    `input ${inputSize.join(" × ")}`,
    `padding ${typeof padding === "string" ? padding : padding.join(" × ")}`,
    `stride ${stride.join(" × ")}`,
    ...(dilation.some((d) => d > 1) ? [`dilation ${dilation.join(" × ")}`] : []),
    ...(groups > 1 ? [`${groups} groups`] : []),
    ...(transposed ? ["transposed"] : []),
  ].join(", ");
  const certainty = method === "Golub-Kahan" ? ` ± ${formatNumber(residual, 1)}` : "";
  const leading =
    operatorSpectrum.defined && !operatorSpectrum.value.complete
      ? ` Its leading values: ${Array.from(operatorSpectrum.value.singularValues, (value) => formatNumber(value, 4)).join(", ")}.`
      : "";
  return [
    `As a linear map (assumed: ${geometry}) its norm is ${formatNumber(norm, 4)}${certainty}, ${formatNumber(norm / spectralNorm, 3)} times that of the reshaped kernel and never above ${formatNumber(upperBound, 4)}.${leading}`,
  ];
}

function factsTable(layer: LayerReport): ReportTable {
  const tagged = (value: Tagged): Cell => value;
  return {
    caption: "",
    columns: [{ label: "quantity", ...left }, { label: "value" }, { label: "quantity", ...left }, { label: "value" }],
    rows: [
      [
        "spectral norm",
        layer.spectralNorm,
        "numerical rank",
        `${layer.numericalRank} of ${layer.singularValues.length}`,
      ],
      ["Frobenius norm", layer.frobeniusNorm, "stable rank", tagged(layer.stableRank)],
      ["nuclear norm", layer.nuclearNorm, "effective rank", tagged(layer.effectiveRank)],
      ["condition number", tagged(layer.conditionNumber), "rank for 90% of energy", tagged(layer.rankForEnergy90)],
      [
        "values trusted above",
        layer.reliableAbove,
        "rank above Gavish–Donoho",
        layer.optimalRank.defined ? layer.optimalRank.value : "–",
      ],
    ],
  };
}

/** Outliers with what they say about the signal behind them. */
function spikeTable(layer: LayerReport): readonly ReportTable[] {
  if (!layer.bulk.defined || layer.bulk.value.spikes.length === 0) return [];
  const { spikes } = layer.bulk.value;
  const root = Math.sqrt(Math.max(layer.rows, layer.cols));
  const shown = spikes.slice(0, 8);
  return [
    {
      caption: spikes.length > shown.length ? `The ${shown.length} largest of ${spikes.length} outliers` : "Outliers",
      columns: [
        { label: "singular value" },
        { label: "P(noise reaches it)", digits: 2 },
        { label: "signal behind it" },
        { label: "overlap, short side", digits: 3 },
        { label: "overlap, long side", digits: 3 },
      ],
      rows: shown.map((spike) => [
        singularUnits(spike.value, layer),
        spike.pValue,
        spike.strength * root,
        spike.shortOverlap,
        spike.longOverlap,
      ]),
    },
  ];
}
