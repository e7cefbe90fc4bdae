/**
 * Kernels of infinitely wide networks: dual activations, arc-cosine, NNGP and NTK recursions.
 * @module kernels
 */
export type { Kernel, KernelConventions } from "./types.js";
export { arcCosine, arcCosineProfile, oneMinusArcCosine, type ArcCosineOptions } from "./arc-cosine.js";
export { cosineMap, type CosineMapStep } from "./cosine-map.js";
export {
  covarianceOf,
  dualActivation,
  type DualActivationOptions,
  type DualSource,
  type PolynomialActivation,
  type RectifierPower,
} from "./dual-activation.js";
export { type DualActivation, type DualSlopes, type DualValue, type PairCovariance } from "./dual-record.js";
export type { NetworkKernelOptions } from "./network-kernel.js";
export { nngp, ntk } from "./ntk.js";
export { requireUnitRows, zonalKernel, type ZonalKernelOptions } from "./zonal-kernel.js";
export { deepNarrowNtk, type DeepNarrowKernel, type DeepNarrowOptions } from "./deep-narrow.js";
export {
  deepExpansion,
  deepSpectrum,
  inverseCosineDistance,
  type DeepExpansion,
  type DeepExpansionOptions,
  type DeepSpectrumOptions,
  type DeepSpectrumPrediction,
  type InverseCosineDistance,
} from "./deep-expansion.js";
export { gramOperator, type GramOperatorOptions } from "./gram-operator.js";
export { kernelGradient, type KernelGradient } from "./gradient.js";
export {
  edgeOfChaos,
  meanField,
  type EdgeOfChaos,
  type EdgeOfChaosOptions,
  type MeanField,
  type MeanFieldOptions,
} from "./edge-of-chaos.js";
export {
  learningCurve,
  spectralProjection,
  type LearningCurve,
  type LearningCurveOptions,
  type SpectralProjection,
  type SpectralProjectionOptions,
} from "./learning-curve.js";
export { kernelRegression, type KernelPrediction, type KernelRegressionOptions } from "./kernel-regression.js";
export { angleBetween, requirePoints } from "./geometry.js";
export { mehlerKernel, rbfKernel } from "./radial-kernels.js";
