/**
 * Krylov methods for operators known by their products: eigenpairs, singular triplets, linear systems, functions.
 * @module krylov
 */
export * from "./products.js";
export { lanczos, lanczosAsync, lanczosSteps, startLanczos } from "./lanczos.js";
export type {
  LanczosFactorization,
  LanczosOptions,
  LanczosRun,
  LanczosStepsOptions,
  Reorthogonalization,
} from "./lanczos.js";
export * from "./ritz.js";
export * from "./block-lanczos.js";
export * from "./eigsh.js";
export * from "./power-iteration.js";
export * from "./svds.js";
export * from "./chebyshev-subspace.js";
export {
  functionTimesVector,
  functionTimesVectorAsync,
  matrixFunctionTimesVector,
  matrixFunctionTimesVectorAsync,
} from "./matrix-function-times-vector.js";
export type { FunctionTimesVectorOptions, FunctionTimesVectorResult } from "./matrix-function-times-vector.js";
export * from "./expmv.js";
export * from "./lobpcg.js";
export * from "./cg.js";
export * from "./minres.js";
export * from "./lsmr.js";
export type { LinearSolveOptions, LinearSolveResult, LinearSolveState } from "./linear-solve.js";
export type { EigenvalueIntervals } from "./certify.js";
export * from "./state.js";
export type { EigshState } from "./eigsh-state.js";
export type { SvdsState } from "./svds-state.js";
export type { LobpcgState } from "./lobpcg-iteration.js";
export type { Which } from "./thick-restart.js";
export type { StartOptions } from "./start.js";
