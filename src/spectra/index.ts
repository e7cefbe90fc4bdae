/**
 * What a spectrum is and what it says: norms, gaps, ranks, densities, distances, decay, normalisation, truncation.
 * @module spectra
 */
export * from "./matrix-spectrum.js";
export { effectiveRank, participationRatio, stableRank } from "./ranks.js";
export type { RankMeasureOptions } from "./ranks.js";
export { histogram } from "./histogram.js";
export type { Histogram, HistogramOptions } from "./histogram.js";
export { kernelDensity } from "./kernel-density.js";
export type { KernelDensity, KernelDensityOptions } from "./kernel-density.js";
export { spectralDistance } from "./distance.js";
export type { ReferenceLaw, SpectralDistance } from "./distance.js";
export * from "./decay.js";
export * from "./normalize.js";
export * from "./schatten.js";
export * from "./truncate.js";
export * from "./regularize.js";
export type { MatrixOrSingularValues } from "./values.js";
