/**
 * Linear operators known by their products: wrapping, algebra, structure, counting.
 * @module operators
 */
export * from "./operator.js";
export * from "./require-operator.js";
export * from "./from-matrix.js";
export * from "./from-function.js";
export * from "./algebra.js";
export * from "./diagonal.js";
export * from "./low-rank.js";
export * from "./to-dense.js";
export * from "./counted.js";
export * from "./circulant.js";
export * from "./toeplitz.js";
export * from "./kronecker.js";
export * from "./sparse.js";
export * from "./block.js";
export * from "./derived.js";
