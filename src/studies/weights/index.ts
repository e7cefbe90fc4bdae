/** The report on the weights of a checkpoint: tables, figures, files, and the gate. */
export * from "./gate.js";
export { type WeightsResult, WEIGHTS_FORMAT, weightsCsv, weightsJson } from "./weights-files.js";
export * from "./weights-report.js";
