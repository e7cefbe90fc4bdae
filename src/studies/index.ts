/**
 * Studies: functions from options and a random stream to a record, and the ledger of claims.
 * @module studies
 */
export * from "./claims/index.js";
export * from "./compression/index.js";
export * from "./curvature/index.js";
export * from "./linear-width/index.js";
export * from "./sensing-report.js";
export * from "./sensing/index.js";
export * from "./sobolev/index.js";
export * from "./spectral/index.js";
export * from "./weights/index.js";
