/**
 * Randomised estimates from products alone: traces, densities, counts and low-rank factors, each with its uncertainty.
 * @module stochastic
 */
export { trace, traceAsync } from "./trace.js";
export type { AccuracyOptions, TraceMethod, TraceOptions, TraceResult } from "./trace.js";
export type { ConfidenceInterval, IntervalEstimate } from "./estimate.js";
export type { ProbeDistribution } from "./probes.js";
export * from "./student.js";
export * from "./spectral-density.js";
export { chebyshevDensity, jacksonFactors } from "./kpm.js";
export * from "./diagonal.js";
export * from "./spectral-sum.js";
export * from "./low-rank.js";
