/**
 * Seeded, forkable random streams and the draws that the other folders need.
 * @module random
 */
export * from "./rng.js";
export * from "./draws.js";
export * from "./mulberry32.js";
export * from "./require-rng.js";
