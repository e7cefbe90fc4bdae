import { type Matrix, ArgumentError, describe, requireOptions } from "../core/index.js";
import { matmul, tridiagonalEigh } from "../linalg/index.js";
import type { LanczosFactorization } from "./lanczos.js";

/** Eigenpairs of T lifted to approximate eigenpairs of A. */
export interface RitzPairs {
  /** Ritz values, ascending. */
  readonly values: Float64Array;
  /** ‖A y − θ y‖₂ of each pair for the unit Ritz vector y, from the factorisation alone. */
  readonly residualNorms: Float64Array;
  /** Squared first components of T's eigenvectors: the Gauss quadrature weights of the start vector. */
  readonly weights: Float64Array;
  /** Ritz vectors as columns of an n x k matrix, or null when they were not asked for. */
  readonly vectors: Matrix | null;
}

/** Options of {@link ritzPairs}. */
export interface RitzOptions {
  /** Compute Ritz vectors; false by default. */
  readonly vectors?: boolean;
}

/**
 * Extracts the Ritz pairs of a Lanczos factorisation.
 *
 * Relation: T s_i = θ_i s_i; y_i = Vᵀ s_i; ‖A y_i − θ_i y_i‖ = β |last component of s_i|; weight_i = (first component)².
 * Some eigenvalue of A lies within the residual norm of each θ_i.
 *
 * @param factorization of k steps
 * @param options.vectors also compute the n x k Ritz vectors
 * @returns k values, ascending
 * @throws {ArgumentError} when vectors are asked of a factorisation without a basis
 *
 * Accuracy: values to a few k ε ‖T‖. Cost: O(k³) at most; vectors 2 n k² flops.
 * @see [parlett1998]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { lanczos, ritzPairs } from "eigenscope/krylov";
 * const factorization = lanczos(diagonal([1, 2, 3, 10]), { steps: 2, start: Float64Array.of(1, 1, 1, 1) });
 * console.log(ritzPairs(factorization).values[1].toFixed(6)); // 9.767367
 * ```
 */
export function ritzPairs(factorization: LanczosFactorization, options: RitzOptions = {}): RitzPairs {
  requireOptions(options, ["vectors"], "ritzPairs");
  if (typeof factorization?.steps !== "number") {
    throw new ArgumentError({
      function: "ritzPairs",
      argument: "factorization",
      expected: "the result of lanczos",
      got: describe(factorization),
    });
  }
  const { basis, diagonal, offDiagonal, residualNorm, steps } = factorization;
  const wanted = options.vectors === true;
  if (wanted && basis === null) {
    throw new ArgumentError({
      function: "ritzPairs",
      argument: "factorization",
      expected: "made with keepBasis for Ritz vectors",
      got: "one without a basis",
    });
  }
  const { values, vectors } = tridiagonalEigh(diagonal, offDiagonal, { vectors: "full" });
  const S = vectors!;
  const residualNorms = new Float64Array(steps);
  const weights = new Float64Array(steps);
  for (let i = 0; i < steps; i++) {
    residualNorms[i] = residualNorm * Math.abs(S.data[(steps - 1) * steps + i]);
    weights[i] = S.data[i] * S.data[i];
  }
  return { values, residualNorms, weights, vectors: wanted ? matmul(basis!, S, { transposeA: true }) : null };
}
