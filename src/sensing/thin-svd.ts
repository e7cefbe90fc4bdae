import type { Matrix } from "../core/index.js";
import { svd } from "../linalg/index.js";

/** Thin singular value decomposition W = P diag(s) Qᵀ with all d = min(rows, cols) values, zeros included. */
export interface SpectralFactors {
  /** Left singular vectors, rows x d, orthonormal columns also for zero singular values. */
  readonly u: Matrix;
  /** Singular values, d numbers, descending. */
  readonly singularValues: Float64Array;
  /** Right singular vectors, cols x d, orthonormal columns. */
  readonly v: Matrix;
}

const SMALL = 10; // up to this order Jacobi rotations are also the faster method

/**
 * The decomposition inside Γ. "accurate": one-sided Jacobi. "fast": bidiagonalisation above order 10, backward stable,
 * which is all that training needs: Γ and DΓ are continuous functions of W, so an error of ε ‖W‖ in W moves them by that.
 */
export function thinSvd(W: Matrix, speed: "accurate" | "fast" = "accurate"): SpectralFactors {
  const method = speed === "fast" && Math.min(W.rows, W.cols) > SMALL ? "bidiagonal" : "jacobi";
  return svd(W, { method, vectors: "thin" });
}
