/**
 * Spectral neural networks for matrix sensing, nuclear-norm programs and the baselines they are compared with.
 * @module sensing
 */
export * from "./activation.js";
export { spectralMap, spectralMapAdjoint, type SpectralFactors, type SpectralMapOptions, type SpectralMapResult } from "./spectral-map.js";
export * from "./measurements.js";
export * from "./network.js";
