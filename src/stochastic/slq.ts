import { type CancellationSignal, isCancelled } from "../core/index.js";
import { type Coroutine, type Reorthogonalization, multiply, startLanczos } from "../krylov/index.js";
import { tridiagonalEigh } from "../linalg/index.js";

/** The Gauss quadrature of one probe: Σ weights_j f(nodes_j) ≈ vᵀ f(A) v for the unit probe v. */
export interface ProbeQuadrature {
  /** Ritz values, ascending. */
  readonly nodes: Float64Array;
  /** Squared first components of T's eigenvectors, summing to one. */
  readonly weights: Float64Array;
  /** Diagonal of T. */
  readonly diagonal: Float64Array;
  /** Off-diagonal of T. */
  readonly offDiagonal: Float64Array;
  /** β after the last step; 0 when the rule is exact for every function. */
  readonly residualNorm: number;
  /** Products spent. */
  readonly matvecs: number;
}

/**
 * Runs Lanczos from one probe and turns T into a quadrature rule.
 *
 * Relation: Σ w_j θ_j^p = vᵀ A^p v for p = 0 … 2k − 1 with k steps; exact for all p after an invariant subspace.
 * @see [golub1969]
 * @see [golubmeurant2010]
 */
export function* probeQuadrature(
  probe: Float64Array,
  steps: number,
  reorthogonalization: Reorthogonalization,
  signal?: CancellationSignal,
  project?: (v: Float64Array) => void,
): Coroutine<ProbeQuadrature> {
  const run = startLanczos(probe.length, {
    start: probe,
    reorthogonalization,
    keepBasis: reorthogonalization !== "none",
  });
  for (;;) {
    yield* multiply(run.current, run.product);
    project?.(run.product);
    const { steps: k, diagonal, offDiagonal, residualNorm, invariant, matvecs } = run.advance();
    if (k < steps && !invariant && !isCancelled(signal)) continue;
    const { values, firstRow } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "first-row" });
    const weights = firstRow!.map((entry) => entry * entry);
    return { nodes: values, weights, diagonal, offDiagonal, residualNorm: invariant ? 0 : residualNorm, matvecs };
  }
}
