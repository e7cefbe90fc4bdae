/** The Sobolev study. */
export type { CubePart, CubeSection } from "./cube-part.js";
export type { IntegratedCheck } from "./integrated-checks.js";
export type { MatrixPart } from "./matrix-part.js";
export type { SettledSobolevOptions, SobolevStudyOptions } from "./options.js";
export type { PhysicsPart } from "./physics-part.js";
export { sobolevStudyReport } from "./sobolev-report.js";
export { type SobolevStudy, type SobolevStudyRun, sobolevStudy } from "./sobolev-study.js";
export type { DomainName, DomainSpectra, DomainSpectraPart } from "./spectra-part.js";
export type { SweepPart, SweepRow } from "./sweep-part.js";
export type { TargetName } from "./targets.js";
export type { LossCurve, TrainingCurvesPart } from "./training-part.js";
export type { ZeroModeRow, ZeroModesPart } from "./zero-modes-part.js";
