/**
 * Float64 layers that compose, losses, initialisers, and exact first and second derivatives of the loss.
 * @module networks
 */
export type {
  Adjoint,
  Layer,
  LayerDefinition,
  LayerPass,
  LinearView,
  ParameterRole,
  ParameterSpec,
  SecondOrderInput,
  Tangent,
} from "./layer.js";
export { dense, type DenseOptions, type Parameterisation } from "./dense.js";
export * from "./activation-layer.js";
export * from "./normalization.js";
export type { NormalizationStatistics } from "./fixed-normalization.js";
export { evaluationMode, type EvaluationModeOptions } from "./evaluation-mode.js";
export { residual } from "./residual.js";
export { shared } from "./shared.js";
export { spectralDense, type SpectralDenseOptions } from "./spectral-dense.js";
export * from "./convolution.js";
export * from "./linear-maps.js";
export * from "./losses.js";
export type { Chain, ChainAdjoint, ChainPass } from "./layer.js";
export { chainBackward, chainForward, chainTangents, usesOf } from "./chain.js";
export {
  type DataLike,
  type InputsLike,
  type Network,
  type ParameterBlock,
  type Penalty,
  requireBlock,
  requireData,
  requireInputs,
  requireParameters,
  sequential,
  type SequentialOptions,
} from "./network.js";
export * from "./mlp.js";
export * from "./initialize.js";
export * from "./penalties.js";
export {
  createExpansion,
  type ExpansionChunk,
  expandLoss,
  type LossExpansion,
  lossOptionKeys,
  type LossOptions,
  type OutputMetric,
} from "./expansion.js";
export { ggnProduct, gradient, hvp, jvp, lossValue, predict, valueAndGradient, vjp } from "./derivatives.js";
export { jacobian, perSampleGradients, requireUncoupled, unitCotangent } from "./per-sample.js";
export {
  type LoadedNetwork,
  loadNetwork,
  networkFromJson,
  networkToJson,
  type SavedLayer,
  type SavedNetwork,
  saveNetwork,
} from "./save.js";
