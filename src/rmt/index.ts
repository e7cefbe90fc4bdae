/**
 * Random-matrix laws and what they say about a given spectrum: Marchenko–Pastur, Tracy–Widom, spiked models, deformed
 * laws of linear-width networks, heavy tails and phases.
 * @module rmt
 */
export type { SpectralLaw } from "./law.js";
export * from "./marchenko-pastur.js";
export * from "./semicircle.js";
export * from "./tracy-widom.js";
export * from "./bbp.js";
export * from "./row-energy.js";
export * from "./spectrum-move.js";
export * from "./choose-rank.js";
export { fitMarchenkoPastur } from "./fit-marchenko-pastur.js";
export type { FitMarchenkoPasturOptions, MarchenkoPasturFit, Spike } from "./fit-marchenko-pastur.js";
export * from "./power-law.js";
export type { TailAlternative, TailComparison } from "./power-law-alternatives.js";
export type { KsVariant } from "./power-law-scan.js";
export * from "./hill.js";
export * from "./network-laws.js";
export type { Complex } from "./complex.js";
export * from "./phase.js";
