/**
 * Special functions: Gauss–Legendre rules, error and gamma functions, activations with their Gaussian moments.
 * @module special
 */
export * from "./gauss-legendre.js";
export type { QuadratureRule } from "./quadrature-rule.js";
export * from "./elementary.js";
export * from "./activations.js";
export * from "./gaussian-moments.js";
export * from "./airy.js";
export * from "./zeta.js";
