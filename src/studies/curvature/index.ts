export { curvatureStudyReport } from "./curvature-report.js";
export { type CurvatureStudy, curvatureStudy, type CurvatureStudyRun } from "./curvature-study.js";
export type { EdgePart, EdgeRun } from "./edge-part.js";
export type { CurvatureStudyOptions, SettledCurvatureOptions } from "./options.js";
export type { OutliersAt, OutliersPart } from "./outliers-part.js";
export type { ProfilePart } from "./profile-part.js";
export type { CertifiedEigenvalues, MatrixSpectrumPart, SpectraPart } from "./spectra-part.js";
export type { CurvatureTraining } from "./training-part.js";
export type { CurvatureVerdict } from "./verdicts.js";
