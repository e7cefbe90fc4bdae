/**
 * Compute loops on (array, offset, stride): matrix products, triangular solves, rotations. Row-major, unchecked for
 * NaN, exact about the order of every sum; the only folder where a second back end exists.
 * @module routines
 */
export { gemm, gemmLower } from "./gemm.js";
export * from "./syrk.js";
export { symmetricModulus } from "./symmetric-modulus.js";
export * from "./gemv.js";
export { symv, symvRows } from "./symv.js";
export * from "./trsm.js";
export * from "./reflect.js";
export * from "./vectors.js";
export { transformGrid } from "./fft-grid.js";
export type { GridOutcome } from "./fft-grid.js";
export { fftRadices } from "./fft-tables.js";
export { createFftEngine, transformBy } from "./fft-engine.js";
export type { FftEngine } from "./fft-engine.js";
export type { OddSignal, OddSpectrum } from "./fft-odd.js";
export {
  allowFusedMultiplyAdd,
  fusedInEffect,
  prepareRoutines,
  routinesBackend,
  routinesBytes,
  setRoutinesBackend,
  takeRoutinesBytes,
} from "./backend.js";
export type { RoutinesBackendChoice, RoutinesBytes } from "./backend.js";
export { createWeakSlot } from "./weak-slot.js";
export type { WeakSlot } from "./weak-slot.js";
export { openStore, residentMatrix, shareStore } from "./resident.js";
export type { SharedStore } from "./resident.js";
export * from "./arc-cosine.js";
export { zonalCross, zonalGram, zonalPacked } from "./zonal-gram.js";
export { createZonalTable, zonalValue } from "./zonal-table.js";
export type { ZonalProfile, ZonalTable } from "./zonal-table.js";
