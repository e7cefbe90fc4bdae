import { ArgumentError, type CancellationSignal, isCancelled } from "../core/index.js";
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

/**
 * The Gauss–Radau rule: one step more, with a node at a given end of the spectrum.
 *
 * Where the Gauss rule errs with the sign of f^(2k), this one errs with that of f^(2k + 1) (node below) or its opposite
 * (node above): for functions whose derivatives keep or alternate their signs the two bracket the integral.
 * @throws {ArgumentError} when the node lies inside the Ritz values
 * @see [golubmeurant2010]
 */
export function radauRule(
  { diagonal, offDiagonal, residualNorm }: ProbeQuadrature,
  node: number,
  side: "lower" | "upper",
  argument: string,
  caller: string,
): { nodes: Float64Array; weights: Float64Array } {
  const k = diagonal.length;
  const sign = side === "lower" ? 1 : -1;
  // The last pivot of T − node I gives the entry that puts an eigenvalue of the extended T at the node.
  let pivot = diagonal[0] - node;
  for (let i = 1; i < k && sign * pivot > 0; i++)
    pivot = diagonal[i] - node - (offDiagonal[i - 1] * offDiagonal[i - 1]) / pivot;
  if (!(sign * pivot > 0)) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: side === "lower" ? "at most the smallest eigenvalue" : "at least the largest eigenvalue",
      got: `${node}, ${side === "lower" ? "above" : "below"} a Ritz value`,
      remedy: "use a bound that is certain, such as the damping that was added",
    });
  }
  const extended = new Float64Array(k + 1);
  extended.set(diagonal);
  extended[k] = node + (residualNorm * residualNorm) / pivot;
  const off = new Float64Array(k);
  off.set(offDiagonal);
  off[k - 1] = residualNorm;
  const { values, firstRow } = tridiagonalEigh(extended, off, { vectors: "first-row" });
  // Equal to the node up to rounding, which must not take it outside.
  if (side === "lower") values[0] = Math.max(values[0], node);
  else values[k] = Math.min(values[k], node);
  return { nodes: values, weights: firstRow!.map((entry) => entry * entry) };
}
