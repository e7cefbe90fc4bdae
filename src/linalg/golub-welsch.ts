import { ArgumentError, ShapeError, requireFinite, requireVector } from "../core/index.js";
import { tridiagonalEigh } from "./tridiagonal-eigh.js";

/** Nodes and weights of a quadrature rule. */
export interface QuadratureRule {
  /** Nodes, ascending. */
  readonly nodes: Float64Array;
  /** Weights, one per node, > 0 in exact arithmetic. */
  readonly weights: Float64Array;
}

/**
 * Computes the Gauss quadrature rule of a measure from the recurrence coefficients of its orthogonal polynomials.
 *
 * Relation: Σ w_j f(x_j) = ∫ f dμ for polynomials f of degree <= 2n − 1, where the monic orthogonal polynomials satisfy
 * p_{k+1}(x) = (x − alpha_k) p_k(x) − beta_k p_{k−1}(x) and beta_0 = ∫ dμ. The nodes are the eigenvalues of the Jacobi
 * matrix and the weights beta_0 times the squared first components of its unit eigenvectors.
 *
 * @param alpha the n coefficients alpha_0 … alpha_{n−1}
 * @param beta the n coefficients beta_0 (the total mass) … beta_{n−1}, all > 0
 * @throws {ShapeError} when the lengths differ
 * @throws {ArgumentError} when some beta_k <= 0
 * @throws {NonFiniteError} when a coefficient is not finite
 *
 * Accuracy: nodes to n ε times the width of the support; weights to n ε times the total mass, absolute, and times the width over the
 * distance to the next node where nodes nearly meet. Cost: O(n²).
 * @see [golub1969]
 *
 * @example
 * ```ts
 * import { golubWelsch } from "eigenscope/linalg";
 * // Legendre on [-1, 1]: alpha = 0, beta_k = k² / (4k² - 1), mass 2.
 * const { nodes, weights } = golubWelsch(Float64Array.of(0, 0), Float64Array.of(2, 1 / 3));
 * console.log(nodes[1].toFixed(12), weights[1].toFixed(12)); // 0.577350269190 1.000000000000
 * ```
 */
export function golubWelsch(alpha: Float64Array, beta: Float64Array): QuadratureRule {
  requireVector(alpha, null, "alpha", "golubWelsch");
  requireVector(beta, null, "beta", "golubWelsch");
  const n = alpha.length;
  if (beta.length !== n) {
    throw new ShapeError({
      function: "golubWelsch",
      argument: "beta",
      expected: `of length ${n}, as alpha`,
      got: `length ${beta.length}`,
    });
  }
  requireFinite(alpha, "alpha", "golubWelsch");
  requireFinite(beta, "beta", "golubWelsch");
  const bad = beta.findIndex((value) => !(value > 0));
  if (bad >= 0) {
    throw new ArgumentError({
      function: "golubWelsch",
      argument: "beta",
      expected: "> 0 in every entry",
      got: `${beta[bad]} at index ${bad}`,
      remedy: "the measure has fewer than n points of support, or the recurrence is not monic",
    });
  }
  const { values, firstRow } = tridiagonalEigh(alpha, Float64Array.from(beta.subarray(1), Math.sqrt));
  const mass = n === 0 ? 0 : beta[0];
  return { nodes: values, weights: firstRow.map((component) => mass * component * component) };
}
