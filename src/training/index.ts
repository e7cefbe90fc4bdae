/**
 * Optimisers, schedules and training runs with records, and what their dynamics say about curvature.
 * @module training
 */
export * from "./optimizer.js";
export * from "./optimizers.js";
export * from "./schedules.js";
export * from "./train.js";
export * from "./second-order.js";
export * from "./gradient-flow.js";
export * from "./edge-of-stability.js";
export * from "./spectral-tracker.js";
export * from "./mode-connectivity.js";
export * from "./convergence-rate.js";
export * from "./rank-correlation.js";
export * from "./passage-time.js";
export * from "./escape-times.js";
export * from "./escape-from-minimum.js";
export * from "./sgd-noise.js";
export * from "./rescale.js";
export * from "./flatness-comparison.js";
export * from "./double-descent.js";
export * from "./spectral-bias.js";
export * from "./compare-architectures.js";
export * from "./architecture-effects.js";
