/** The study of linear-width networks: invariance, outlier, heavy tails. */
export type { LinearWidthPlan, LinearWidthStudyOptions, Sizes } from "./plan.js";
export type { RunRow } from "./run-row.js";
export type { FeatureCorrelation } from "./run-table.js";
export type { InvariancePart, InvarianceRun } from "./invariance-part.js";
export type { LawCurve } from "./limit-laws.js";
export type { Bounded, MoveBounds } from "./move-bounds.js";
export type { NetworkSpectra, SpectraDistances } from "./network-spectra.js";
export type { ScalingPart, ScalingRow } from "./scaling-part.js";
export type { LargeStep } from "./large-step.js";
export type {
  OutlierPart,
  OutlierStep,
  RateWindowRow,
  StepWindowRow,
  StochasticEpoch,
  WindowPart,
} from "./outlier-part.js";
export type { HeavyTailPart, HeavyTailRun, TailComparisonRow, TailSummary } from "./heavy-tail-part.js";
export type { Finding, FindingCheck } from "./verdicts.js";
export { type LinearWidthStudy, linearWidthStudy } from "./linear-width-study.js";
export { linearWidthReport } from "./linear-width-report.js";
