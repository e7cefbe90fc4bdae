/**
 * The per-layer weight report of a checkpoint, and the comparison of two checkpoints.
 * @module checkpoints
 */
export * from "./analyze-weights.js";
export { compareWeights } from "./compare-weights.js";
export type { CompareWeightsOptions, LayerComparison, WeightComparison } from "./compare-weights.js";
export * from "./convolution.js";
export type { LayerKind, LayoutChoice, WeightLayout } from "./layer-matrices.js";
export type { LayerReport, LayerValues } from "./layer-report.js";
export type { WeightWatcherAliases } from "./weight-watcher.js";
