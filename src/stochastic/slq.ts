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

/** How the Lanczos run of one probe is made and ended. */
export interface QuadratureRun {
  /** Most steps. */
  readonly steps: number;
  /** "full" keeps the basis, "none" three vectors. */
  readonly reorthogonalization: Reorthogonalization;
  /** Cancellation. */
  readonly signal?: CancellationSignal | undefined;
  /** Applied to each product: the projection onto the complement of known eigenvectors. */
  readonly project?: ((v: Float64Array) => void) | undefined;
  /** out ← B x for a symmetric B that is made of products with A; A itself by default. */
  readonly product?: ((x: Float64Array, out: Float64Array) => Coroutine<void>) | undefined;
  /** Whether the rule is already good enough; asked at a geometric sequence of steps. */
  readonly resolved?: ((rule: ProbeQuadrature) => boolean) | undefined;
}

/** Steps before `resolved` is asked for the first time, and the growth until it is asked again. */
const FIRST_CHECK = 6;
const CHECK_GROWTH = 1.25;

/**
 * Runs Lanczos from one probe and turns T into a quadrature rule.
 *
 * Relation: Σ w_j θ_j^p = vᵀ A^p v for p = 0 … 2k − 1 with k steps; exact for all p after an invariant subspace.
 * @see [golub1969]
 * @see [golubmeurant2010]
 */
export function* probeQuadrature(probe: Float64Array, run: QuadratureRun): Coroutine<ProbeQuadrature> {
  const { steps, reorthogonalization, signal, project, product = multiply, resolved } = run;
  const lanczos = startLanczos(probe.length, {
    start: probe,
    reorthogonalization,
    keepBasis: reorthogonalization !== "none",
  });
  let check = FIRST_CHECK;
  for (;;) {
    yield* product(lanczos.current, lanczos.product);
    project?.(lanczos.product);
    const { steps: k, diagonal, offDiagonal, residualNorm, invariant, matvecs } = lanczos.advance();
    const last = k >= steps || invariant || isCancelled(signal);
    if (!last && (resolved === undefined || k < check)) continue;
    const { values, firstRow } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "first-row" });
    const weights = firstRow!.map((entry) => entry * entry);
    const left = invariant ? 0 : residualNorm;
    const rule = { nodes: values, weights, diagonal, offDiagonal, residualNorm: left, matvecs };
    if (last || resolved!(rule)) return rule;
    check = Math.ceil(CHECK_GROWTH * k);
  }
}

/** Σ_j w_j f(θ_j). */
export function integrate(nodes: Float64Array, weights: Float64Array, f: (x: number) => number): number {
  let total = 0;
  for (let j = 0; j < nodes.length; j++) total += weights[j] * f(nodes[j]);
  return total;
}
