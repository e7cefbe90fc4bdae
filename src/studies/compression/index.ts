/** The compression study: accuracy against the rank kept in each layer. */
export { compressionReport } from "./compression-report.js";
export { type CompressionStudy, compressionStudy } from "./compression-study.js";
export type { TruncationEffect } from "./effects.js";
export type { JointRow } from "./joint-ranks.js";
export type { CompressionLayer, RankRow } from "./layer-ranks.js";
export { madeDigits, type MadeDigitsOptions } from "./made-digits.js";
export type { CompressionStudyOptions, CompressionStudyRun } from "./options.js";
