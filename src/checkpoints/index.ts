/**
 * The per-layer weight report of a checkpoint, and the comparison of two checkpoints.
 * @module checkpoints
 */
export type { AnalyzeWeightsOptions } from "./analyze-options.js";
export * from "./analyze-weights.js";
export { compareCheckpoints, compareWeights } from "./compare-weights.js";
export type { LayerComparison } from "./compare-layers.js";
export type { CompareWeightsOptions, WeightComparison } from "./compare-weights.js";
export type {
  ConvolutionGeometry,
  ConvolutionKernel,
  ConvolutionPadding,
  ResolvedGeometry,
} from "./convolution-geometry.js";
export * from "./convolution-norm.js";
export { convolutionOperator } from "./convolution-operator.js";
export { circularConvolutionSpectrum, convolutionSpectrum } from "./convolution-spectrum.js";
export type { ConvolutionSpectrum, ConvolutionSpectrumOptions } from "./convolution-spectrum.js";
export type { LayerGeometry } from "./layer-geometry.js";
export type { LayerKind, LayoutChoice, WeightLayout } from "./layer-matrices.js";
export type { LayerReport, LayerValues } from "./layer-record.js";
export { matchesPattern } from "./patterns.js";
export { weightWatcherNotes } from "./weight-watcher.js";
export type { WeightWatcherAliases } from "./weight-watcher.js";
export type { SkippedTensor, WeightReport, WeightSummary } from "./weight-summary.js";
