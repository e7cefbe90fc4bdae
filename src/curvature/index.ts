/**
 * Curvature of the loss of networks: Hessian, Gauss–Newton, Fisher and tangent-kernel operators, and what their spectra say.
 * @module curvature
 */
export {
  type CurvatureKind,
  type CurvatureOperator,
  type CurvatureOptions,
  curvatureAt,
  type CurvaturePoint,
  empiricalFisher,
  fisher,
  type FisherOptions,
  ggn,
  gradientCovariance,
  hessian,
  hessianResidual,
} from "./operators.js";
export { type EmpiricalNtk, empiricalNtk } from "./ntk.js";
export {
  type GeneralizationBound,
  type GeneralizationBoundOptions,
  generalizationBounds,
  type GeneralizationReport,
} from "./bounds.js";
export type { PacBayesBound } from "./pac-bayes.js";
export type { EigenvalueCounts, SpectrumEnds } from "./extremes.js";
export { type Sharpness, sharpness, type SharpnessOptions } from "./sharpness.js";
export { classifyCriticalPoint, type ClassifyOptions, type CriticalPoint, type CriticalPointKind } from "./classify.js";
export {
  type LayerTruncation,
  type SpectralCertificate,
  spectralCertificate,
  type SpectralCertificateOptions,
} from "./certificate.js";
