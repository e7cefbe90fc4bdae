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
export {
  type BlockCurvature,
  curvatureProfile,
  type CurvatureProfile,
  type CurvatureProfileOptions,
} from "./profile.js";
export {
  classOutliers,
  type ClassOutliers,
  type ClassOutliersOptions,
  type ClassParts,
  type OutlierAttribution,
} from "./class-outliers.js";
export {
  asyncOperatorFromHvp,
  type CheckedAsyncOperator,
  type CheckedOperator,
  type DifferenceOperator,
  type GradientFunction,
  operatorFromGradient,
  type OperatorFromGradientOptions,
  operatorFromHvp,
} from "./foreign.js";
export type { ForeignFindings, OperatorFromHvpOptions } from "./foreign-checks.js";
export { kfac, type Kfac, type KfacBlock, type KfacOptions, type KfacQuality } from "./kfac.js";
export { flatness, type Flatness, type FlatnessOptions } from "./flatness.js";
export { type EffectiveRankEstimate, type EffectiveRankOptions, estimateEffectiveRank } from "./effective-rank.js";
export {
  type PrincipalDirection,
  type PrincipalDirections,
  principalDirections,
  type PrincipalDirectionsOptions,
} from "./principal-directions.js";
export { type CurvatureSplit, curvatureSplit, type CurvatureSplitOptions, type SplitPart } from "./curvature-split.js";
