/** Nodes and weights of a quadrature rule: ∫ f ≈ Σ weights[i] f(nodes[i]). */
export interface QuadratureRule {
  /** Abscissae, ascending. */
  readonly nodes: Float64Array;
  /** Weights, all positive for the rules of this library. */
  readonly weights: Float64Array;
}
