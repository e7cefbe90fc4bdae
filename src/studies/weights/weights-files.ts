import type { LayerReport, WeightComparison, WeightReport } from "../../checkpoints/index.js";
import { type Provenance, toJson } from "../../report/index.js";
import type { GateOutcome } from "./gate.js";
import { layerLabel, layerMeasures } from "./measures.js";

/** Everything that a run over a checkpoint found. */
export interface WeightsResult {
  /** The per-layer report. */
  readonly report: WeightReport;
  /** The comparison with another checkpoint, or null. */
  readonly comparison: WeightComparison | null;
  /** What became of the conditions; empty without any. */
  readonly gate: readonly GateOutcome[];
}

/** Identifier of the layout of the JSON, in its key `format`. */
export const WEIGHTS_FORMAT = "eigenscope-weights-1" as const;

/** Values of a true convolution's spectrum that the JSON keeps: there may be a hundred thousand. */
const KEPT = 64;

/**
 * Writes the result as JSON: provenance, summary, layers with all singular values, skipped tensors, comparison and gate.
 *
 * Relation: equal results give equal texts apart from the key `wallTimes`, the last one.
 */
export function weightsJson(
  { report, comparison, gate }: WeightsResult,
  provenance: Provenance,
  wallTimes: Readonly<Record<string, number>> = {},
): string {
  const { summary, layers, skipped } = report;
  return toJson({
    format: WEIGHTS_FORMAT,
    provenance,
    summary,
    layers: layers.map(plainLayer),
    skipped,
    comparison,
    gate,
    wallTimes,
  });
}

/** A layer without functions. */
function plainLayer(layer: LayerReport): Readonly<Record<string, unknown>> {
  const { operatorSpectrum, bulk, phase } = layer;
  return {
    ...layer,
    operatorSpectrum: operatorSpectrum.defined
      ? {
          ...operatorSpectrum,
          value: {
            ...operatorSpectrum.value,
            singularValues: operatorSpectrum.value.singularValues.slice(0, KEPT),
            residualNorms: operatorSpectrum.value.residualNorms.slice(0, KEPT),
          },
        }
      : operatorSpectrum,
    bulk: plainBulk(bulk),
    phase: phase.defined ? { ...phase, value: { ...phase.value, bulk: plainBulk(phase.value.bulk) } } : phase,
  };
}

function plainBulk(bulk: LayerReport["bulk"]): unknown {
  if (!bulk.defined) return bulk;
  const { law, ...fit } = bulk.value;
  return { defined: true, value: { ...fit, support: law.support, atom: law.atom } };
}

/**
 * Writes one line per matrix and per skipped tensor, comma-separated with a heading line (RFC 4180).
 *
 * Relation: the columns are the names that conditions use; an undefined number is an empty field. `skipped` holds the reason
 * of a tensor that was not analysed.
 */
export function weightsCsv({ report }: Pick<WeightsResult, "report">): string {
  const head = [
    "name",
    "part",
    "kind",
    "dtype",
    "shape",
    "rows",
    "cols",
    ...layerMeasures.map(({ name }) => name),
    "tailVerdict",
    "phase",
    "warningTexts",
    "skipped",
  ];
  const lines = report.layers.map((layer) => [
    layer.name,
    layer.part ?? "",
    layer.kind,
    layer.dtype,
    layer.shape.join("x"),
    String(layer.rows),
    String(layer.cols),
    ...layerMeasures.map(({ value }) => {
      const tagged = value(layer);
      return tagged.defined ? String(tagged.value) : "";
    }),
    layer.tail.defined ? layer.tail.value.verdict : "",
    layer.phase.defined ? layer.phase.value.phase : "",
    layer.warnings.join("; "),
    "",
  ]);
  const measures = layerMeasures.map(({ name }) => name);
  const rest = report.skipped.map(({ name, shape, parameters, reason }) => [
    layerLabel({ name, part: null }),
    "",
    "",
    "",
    shape.join("x"),
    "",
    "",
    ...measures.map((measure) => (measure === "parameters" ? String(parameters) : "")),
    "",
    "",
    "",
    reason,
  ]);
  return `${[head, ...lines, ...rest].map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

/** Quotes where needed; a leading = + - @ of a text would be run by spreadsheets. */
function field(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || /^-(?![\d.]|Infinity)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
