/**
 * Matrices as plain records, guards, errors, result records, tolerances, progress and cancellation: what every other
 * folder stands on.
 * @module core
 */
export * from "./errors.js";
export * from "./guards.js";
export * from "./matrix.js";
export * from "./to-matrix.js";
export * from "./vectors.js";
export * from "./convergence.js";
export * from "./records.js";
export * from "./progress.js";
export * from "./tolerance.js";
export { productError } from "./elementary-bits.js";
export * from "./elementary-trigonometric.js";
export * from "./elementary-inverse.js";
export * from "./elementary-exponential.js";
export * from "./elementary-power.js";
