/**
 * Spectral neural networks for matrix sensing, nuclear-norm programs and the baselines they are compared with.
 * @module sensing
 */
export {
  oddExtension,
  spectralActivation,
  spectralActivationNames,
  type CustomSpectralActivation,
  type SpectralActivation,
  type SpectralActivationLike,
  type SpectralActivationName,
  type SpectralActivationOptions,
} from "./activation.js";
export { spectralMap, spectralMapAdjoint, type SpectralMapOptions, type SpectralMapResult } from "./spectral-map.js";
export { type SpectralFactors } from "./thin-svd.js";
export { measure, measureAdjoint, measurementGram, measurementRows } from "./measure.js";
export {
  commutingMeasurements,
  customMeasurements,
  entryMeasurements,
  gaussianMeasurements,
  rankOneMeasurements,
  type CustomMeasurements,
  type MeasurementSize,
} from "./measurements.js";
export { type MeasurementKind, type Measurements } from "./measurement-operator.js";
export {
  packParameters,
  spectralNetwork,
  unpackParameters,
  type SpectralNetwork,
  type SpectralNetworkOptions,
  type SpectralParameters,
} from "./network.js";
export * from "./initialize.js";
export * from "./structure.js";
export { sensingFlow } from "./sensing-flow.js";
export type { FlowOptions } from "./flow-options.js";
export { sensingDescent, type LocalSchedule, type SensingDescentOptions } from "./sensing-descent.js";
export type { SensingHistory, SensingRun } from "./run.js";
export type { Finding } from "./diagnosis.js";
export { localSteps, type LocalSteps } from "./local-steps.js";
export * from "./gradient.js";
export { principalAngles, sensingMetrics, type SensingMetrics, type SensingMetricsOptions } from "./metrics.js";
export {
  diagonalProblem,
  diagonalState,
  type DiagonalProblem,
  type DiagonalProblemOptions,
  type DiagonalState,
} from "./diagonal-problem.js";
export { diagonalFlow, type DiagonalFlowOptions } from "./diagonal-flow.js";
export { diagonalDescent, type DiagonalDescentOptions } from "./diagonal-descent.js";
export type { DiagonalRun } from "./diagonal-run.js";
export { diagonalKernel, diagonalSteps } from "./diagonal-steps.js";
export { mirrorLimit, type MirrorLimit, type MirrorLimitOptions } from "./mirror-limit.js";
export { minimumFrobenius, type MinimumFrobenius, type MinimumFrobeniusOptions } from "./minimum-frobenius.js";
export { nuclearNormMinimization, type NuclearNormOptions, type NuclearNormSolution } from "./nuclear-norm.js";
export type { DualCertificate } from "./certificate.js";
export {
  deepDiagonalFlow,
  deepFactorization,
  type DeepDiagonalOptions,
  type DeepFactorization,
  type DeepFactorizationOptions,
} from "./deep-factorization.js";
export { restrictedIsometry, type RestrictedIsometry, type RestrictedIsometryOptions } from "./restricted-isometry.js";
export {
  phaseTransition,
  type PhaseCell,
  type PhaseTransition,
  type PhaseTransitionOptions,
  type SensingMethod,
} from "./phase-transition.js";
