/** The compression study: accuracy against the rank kept in each layer. */
export {
  compressionStudy,
  type CompressionLayer,
  type CompressionStudy,
  type CompressionStudyOptions,
  type CompressionStudyRun,
  type JointRow,
  type RankRow,
  type TruncationEffect,
} from "./compression-study.js";
export { compressionReport } from "./compression-report.js";
export { madeDigits, type MadeDigitsOptions } from "./made-digits.js";
