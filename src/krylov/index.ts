/**
 * Krylov methods for operators known by their products: eigenpairs, singular triplets, linear systems, functions.
 * @module krylov
 */
export { lanczos, lanczosSteps } from "./lanczos.js";
export type { LanczosFactorization, LanczosOptions, LanczosStepsOptions, Reorthogonalization } from "./lanczos.js";
export * from "./ritz.js";
export type { StartOptions } from "./start.js";
