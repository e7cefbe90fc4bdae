import type { LayerComparison, LayerReport, WeightReport, WeightWatcherAliases } from "../../checkpoints/index.js";
import { type Tagged, defined, undefinedBecause } from "../../core/index.js";

/** A number that can be read off a layer, a report or a comparison, by the name used in files and conditions. */
export interface Measure<T> {
  /** Name. */
  readonly name: string;
  /** What it is. */
  readonly help: string;
  /** The value, or why there is none. */
  readonly value: (subject: T) => Tagged;
}

const number = (value: number): Tagged => (Number.isNaN(value) ? undefinedBecause("not a number") : defined(value));
const orReason = (value: number | null, reason: string): Tagged =>
  value === null ? undefinedBecause(reason) : number(value);

/** A quantity inside a tagged record. */
function within<T>(tagged: Tagged<T>, read: (value: T) => number): Tagged {
  return tagged.defined ? number(read(tagged.value)) : undefinedBecause(tagged.reason);
}

/** A singular value in the units of the weights from s²/max(rows, cols). */
export function singularUnits(value: number, { rows, cols }: Pick<LayerReport, "rows" | "cols">): number {
  return Math.sqrt(value * Math.max(rows, cols));
}

const aliasReason = "undefined for this layer (no fit, no baseline, or zero weights)";

/** Columns of WeightWatcher that have no other name here. */
const ALIASES: readonly (keyof WeightWatcherAliases)[] = [
  "N",
  "M",
  "Q",
  "alpha_weighted",
  "log_alpha_norm",
  "norm",
  "log_norm",
  "log_spectral_norm",
  "spectral_norm",
  "sv_max",
  "sv_min",
  "stable_rank",
  "entropy",
  "xmin",
  "xmax",
  "D",
  "sigma",
  "num_evals",
  "num_pl_spikes",
  "num_spikes",
  "matrix_rank",
  "rank_loss",
  "mp_softrank",
  "rand_distance",
  "max_rand_eval",
  "ww_softrank",
  "ww_maxdist",
];

/** Numbers of one layer. */
export const layerMeasures: readonly Measure<LayerReport>[] = [
  { name: "parameters", help: "entries of the matrix", value: (layer) => number(layer.parameters) },
  { name: "spectralNorm", help: "largest singular value s₁", value: (layer) => number(layer.spectralNorm) },
  {
    name: "operatorNorm",
    help: "norm of the true convolution with its assumed geometry; convolutions only",
    value: (layer) => within(layer.operatorNorm, (value) => value.norm),
  },
  { name: "frobeniusNorm", help: "√Σ s²", value: (layer) => number(layer.frobeniusNorm) },
  { name: "nuclearNorm", help: "Σ s", value: (layer) => number(layer.nuclearNorm) },
  { name: "numericalRank", help: "singular values above rounding", value: (layer) => number(layer.numericalRank) },
  { name: "conditionNumber", help: "s₁ / s_min, Infinity below full rank", value: (layer) => layer.conditionNumber },
  { name: "stableRank", help: "Σ s² / s₁²", value: (layer) => layer.stableRank },
  {
    name: "relativeStableRank",
    help: "stable rank over the number of singular values",
    value: (layer) => within(layer.stableRank, (value) => value / layer.singularValues.length),
  },
  { name: "effectiveRank", help: "exp of the entropy of s / Σ s", value: (layer) => layer.effectiveRank },
  { name: "rankForEnergy90", help: "rank that keeps 90% of Σ s²", value: (layer) => layer.rankForEnergy90 },
  { name: "optimalRank", help: "rank above the Gavish–Donoho threshold", value: (layer) => layer.optimalRank },
  {
    name: "noiseDeviation",
    help: "standard deviation of the entries of the fitted noise",
    value: (layer) => within(layer.bulk, (bulk) => Math.sqrt(bulk.variance)),
  },
  {
    name: "bulkEdge",
    help: "95% Tracy–Widom point of that noise, as a singular value",
    value: (layer) => within(layer.bulk, (bulk) => singularUnits(bulk.edge, layer)),
  },
  {
    name: "outliers",
    help: "singular values beyond bulkEdge",
    value: (layer) => within(layer.bulk, (b) => b.spikes.length),
  },
  {
    name: "outlierPValue",
    help: "P(noise reaches s₁); for layers with outliers",
    value: (layer) =>
      layer.bulk.defined && layer.bulk.value.spikes.length === 0
        ? undefinedBecause("no outliers")
        : within(layer.bulk, (bulk) => bulk.spikes[0].pValue),
  },
  {
    name: "bulkDistance",
    help: "KS distance of the bulk to the Marchenko–Pastur law",
    value: (layer) => within(layer.bulk, (bulk) => bulk.bulkDistance),
  },
  {
    name: "alpha",
    help: "exponent of the tail; read its verdict",
    value: (layer) => within(layer.tail, (t) => t.alpha),
  },
  {
    name: "alphaLow",
    help: "lower end of its 95% interval",
    value: (layer) => within(layer.tail, (t) => t.interval[0]),
  },
  {
    name: "alphaHigh",
    help: "upper end of its 95% interval",
    value: (layer) => within(layer.tail, (t) => t.interval[1]),
  },
  { name: "tailCount", help: "values in the tail", value: (layer) => within(layer.tail, (t) => t.tailCount) },
  {
    name: "tailPValue",
    help: "bootstrap p-value of the power law, rejected below 0.1",
    value: (layer) => {
      if (!layer.tail.defined) return undefinedBecause(layer.tail.reason);
      return within(layer.tail.value.goodness, (goodness) => goodness.pValue);
    },
  },
  { name: "hill", help: "Hill exponent of the upper half", value: (layer) => within(layer.phase, (p) => p.hill.value) },
  {
    name: "hillPermuted",
    help: "median of the same over permuted copies",
    value: (layer) => within(layer.phase, (p) => p.hill.permuted[p.hill.permuted.length >> 1] ?? Number.NaN),
  },
  {
    name: "largestPermuted",
    help: "median largest singular value over permuted copies",
    value: (layer) =>
      within(layer.phase, ({ largest: { permuted } }) =>
        singularUnits(permuted[permuted.length >> 1] ?? Number.NaN, layer),
      ),
  },
  { name: "warnings", help: "number of warnings", value: (layer) => number(layer.warnings.length) },
  ...ALIASES.map((name): Measure<LayerReport> => ({
    name,
    help: `as WeightWatcher's ${name}`,
    value: (layer) => orReason(layer.aliases[name], aliasReason),
  })),
];

/** Numbers of the whole report. */
export const totalMeasures: readonly Measure<WeightReport>[] = [
  { name: "layers", help: "matrices analysed", value: ({ summary }) => number(summary.layers) },
  {
    name: "analyzedShare",
    help: "share of all parameters in them",
    value: ({ summary }) => number(summary.analyzedShare),
  },
  {
    name: "skippedShare",
    help: "share of all parameters that was skipped",
    value: ({ skipped }) => number(skipped.reduce((sum, tensor) => sum + tensor.share, 0)),
  },
  {
    name: "layersWithWarnings",
    help: "layers with warnings",
    value: ({ summary }) => number(summary.layersWithWarnings),
  },
  {
    name: "largestSpectralNorm",
    help: "largest spectral norm of all layers",
    value: ({ summary }) => number(summary.largestSpectralNorm.value),
  },
  {
    name: "logSpectralNormSum",
    help: "sum of the logarithms of the spectral norms",
    value: ({ summary }) => number(summary.logSpectralNormSum),
  },
  {
    name: "supportedTails",
    help: "layers with a supported power law",
    value: ({ summary }) => number(summary.supportedTails),
  },
  {
    name: "meanSupportedAlpha",
    help: "mean exponent over those layers",
    value: ({ summary }) => orReason(summary.meanSupportedAlpha, "no tail is supported"),
  },
];

const largest = (angles: Tagged<Float64Array>): Tagged => within(angles, (values) => values[values.length - 1]);

/** Numbers of a compared layer. */
export const comparisonMeasures: readonly Measure<LayerComparison>[] = [
  { name: "relativeChange", help: "‖B − A‖_F / ‖A‖_F", value: (layer) => number(layer.relativeChange) },
  { name: "spectralChange", help: "‖B − A‖₂", value: (layer) => number(layer.spectralChange) },
  { name: "frobeniusChange", help: "‖B − A‖_F", value: (layer) => number(layer.frobeniusChange) },
  { name: "changeStableRank", help: "stable rank of B − A", value: (layer) => number(layer.changeStableRank) },
  {
    name: "spectrumDistance",
    help: "Wasserstein-2 distance of the spectra",
    value: (layer) => number(layer.spectrumDistance),
  },
  { name: "spectrumKs", help: "KS distance of the spectra", value: (layer) => number(layer.spectrumKs) },
  {
    name: "leftAngle",
    help: "largest principal angle of the left subspaces",
    value: (layer) => largest(layer.leftAngles),
  },
  { name: "rightAngle", help: "the same on the right", value: (layer) => largest(layer.rightAngles) },
];

/** Name of a layer with its part. */
export function layerLabel({ name, part }: { readonly name: string; readonly part: string | null }): string {
  return part === null ? name : `${name} [${part}]`;
}

/** Share of values beyond the edge from which noise with a few spikes is no longer what is seen. */
const MANY = 0.25;

/** Whether noise describes the bulk: the fit is accepted, and most values belong to it. */
export function describesBulk({ bulk, singularValues }: LayerReport): boolean {
  return bulk.defined && bulk.value.bulkAccepted && bulk.value.spikes.length <= MANY * singularValues.length;
}
