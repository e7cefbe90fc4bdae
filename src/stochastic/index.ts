/**
 * Randomised estimates from products alone: traces, densities, counts and low-rank factors, each with its uncertainty.
 * @module stochastic
 */
export { trace, traceAsync } from "./trace.js";
export { absoluteHalfWidth, allOf, anyOf, decided, matvecLimit, relativeHalfWidth } from "./accuracy.js";
export type { StoppingOptions, StoppingRule } from "./accuracy.js";
export type { AccuracyOptions, TraceOptions } from "./trace.js";
export type { TraceMethod, TraceResult } from "./trace-result.js";
export type { ConfidenceInterval, IntervalEstimate } from "./estimate.js";
export type { ProbeDistribution } from "./probes.js";
export * from "./student.js";
export * from "./spectral-density.js";
export { chebyshevDensity, jacksonFactors } from "./kpm.js";
export * from "./log-density.js";
export * from "./diagonal.js";
export * from "./spectral-sum.js";
export * from "./log-determinant.js";
export { countEigenvalues, countEigenvaluesAsync } from "./count-eigenvalues.js";
export * from "./numerical-rank.js";
export type { BracketedEstimate, QuadratureOptions } from "./quadrature-sampling.js";
export * from "./low-rank.js";
