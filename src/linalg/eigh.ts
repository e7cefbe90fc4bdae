import { EPSILON, type Matrix, requireOptions } from "../core/index.js";
import { type MatrixInput, type Triangle, norm2, requireSymmetric } from "./input.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import { backTransform, tridiagonalize } from "./tridiagonalize.js";
import { columnsFromRows } from "./vectors.js";

/** Options of {@link eigh}. */
export interface EighOptions {
  /** Compute eigenvectors; default true. */
  readonly vectors?: boolean;
  /** Read this triangle only; without it symmetry is checked against n ε ‖A‖_F. */
  readonly triangle?: Triangle;
}

/** Eigenvalues, and eigenvectors if asked for, of a symmetric matrix. */
export interface SymmetricEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Eigenvectors as columns, orthonormal, the entry of largest modulus positive; null for vectors: false. */
  readonly vectors: Matrix | null;
  /** ‖A‖_F. */
  readonly norm: number;
  /** Per value: |λ| > n ε ‖A‖_F. Where false, λ may be zero and its sign means nothing. */
  readonly resolved: readonly boolean[];
}

/**
 * Computes eigenvalues and eigenvectors of a symmetric matrix.
 *
 * Relation: A V = V diag(values), Vᵀ V = I.
 */
export function eigh(A: MatrixInput, options?: EighOptions & { readonly vectors?: true }): SymmetricEigen & { readonly vectors: Matrix };
/** With vectors: false, or a choice made at run time. */
export function eigh(A: MatrixInput, options?: EighOptions): SymmetricEigen;
export function eigh(A: MatrixInput, options: EighOptions = {}): SymmetricEigen {
  requireOptions(options, ["vectors", "triangle"], "eigh");
  const { n, data, scale } = requireSymmetric(A, options.triangle, "A", "eigh");
  const norm = norm2(data, 0, data.length);
  const reduction = tridiagonalize(n, data);
  const finish = (scaled: Float64Array, vectors: Matrix | null): SymmetricEigen => ({
    values: scaled.map((value) => value / scale),
    vectors,
    norm: norm / scale,
    resolved: Array.from(scaled, (value) => Math.abs(value) > n * EPSILON * norm),
  });
  if (options.vectors === false) return finish(tridiagonalValues(n, reduction.diagonal, reduction.offDiagonal), null);
  const { values, rows } = tridiagonalVectors(n, reduction.diagonal, reduction.offDiagonal);
  backTransform(reduction, n, rows);
  return finish(values, columnsFromRows(n, n, rows));
}
