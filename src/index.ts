/**
 * The first-hour surface: what most programs need, re-exported from the folders that own it.
 * @module eigenscope
 */
export { fromRows, matrix, toMatrix, toRows, requireConverged, type Matrix } from "./core/index.js";
export { createRng, type Rng } from "./random/index.js";
