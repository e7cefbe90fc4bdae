import type { Matrix } from "../core/index.js";
import type { LinearOperator } from "../operators/index.js";

/** How a family of measurements was made. */
export type MeasurementKind = "gaussian" | "commuting" | "entry" | "rank-one" | "custom";

/**
 * Linear measurements of a matrix, A(X)_i = ⟨A_i, X⟩ = tr(A_iᵀ X), as an operator on the row-major entries of X:
 * `rows` is the number of measurements, `cols` the number of entries.
 */
export interface Measurements extends LinearOperator {
  /** How the family was made. */
  readonly kind: MeasurementKind;
  /** Shape of the matrices that are measured. */
  readonly shape: { readonly rows: number; readonly cols: number };
  /** out ← Aᵀ r: the row-major entries of A*(r) = Σ r_i A_i. */
  applyTranspose(r: Float64Array, out: Float64Array): void;
  /** For "commuting": A_i = left · diag(coefficients row i) · rightᵀ; null for the other kinds. */
  readonly commuting: {
    /** Left orthogonal factor Φ, rows x rows. */
    readonly left: Matrix;
    /** Right orthogonal factor Ψ, cols x cols. */
    readonly right: Matrix;
    /** The matrix B of diagonals, one measurement per row. */
    readonly coefficients: Matrix;
  } | null;
}
