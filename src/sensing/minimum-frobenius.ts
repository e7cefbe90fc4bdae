import { type Matrix, requireFinite, requireNumber, requireOptions, requireVector } from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { measurementGram, requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { norm2 } from "./small-products.js";

/** Options of {@link minimumFrobenius}. */
export interface MinimumFrobeniusOptions {
  /** Eigenvalues of A A* up to this times the largest count as zero; default 1e-12. */
  readonly rankTolerance?: number;
}

/** Interpolant of least Frobenius norm. */
export interface MinimumFrobenius {
  /** X = A*(A A*)⁺ y. */
  readonly X: Matrix;
  /** Coefficients λ with X = A*(λ). */
  readonly coefficients: Float64Array;
  /** Rank of the measurements. */
  readonly rank: number;
  /** ‖A(X) − y‖₂: zero to rounding when the data are consistent, the least possible otherwise. */
  readonly residual: number;
  /** Whether the residual is rounding only (below 1e-9 ‖y‖). */
  readonly consistent: boolean;
  /** What is special about the data; null when nothing is. */
  readonly advice: string | null;
}

/**
 * Computes linear regression of a matrix on its measurements.
 *
 * Relation: X = A*(A A*)⁺ y, the matrix of least Frobenius norm among those of least ‖A(X) − y‖; also the limit of
 * gradient descent on the entries of X from zero. Under commuting measurements of full column rank this is already
 * Φ diag(σ*) Ψᵀ: spectral networks then have nothing to add.
 *
 * @param measurements family of measurements, dependent ones allowed
 * @param y data
 * @throws {ShapeError} when y has another length
 *
 * Accuracy: cond(A A*) ε. Cost: m² · rows · cols flops for the Gram matrix and one m x m symmetric eigenproblem.
 * @example
 * ```ts
 * import { entryMeasurements, minimumFrobenius } from "eigenscope/sensing";
 * const { X, rank } = minimumFrobenius(entryMeasurements(2, 2, [[0, 0], [0, 1]]), Float64Array.of(1, 2));
 * console.log(X.data[1].toFixed(12), X.data[3], rank); // 2.000000000000 0 2
 * ```
 */
export function minimumFrobenius(
  measurements: Measurements,
  y: Float64Array,
  options: MinimumFrobeniusOptions = {},
): MinimumFrobenius {
  const caller = "minimumFrobenius";
  requireMeasurements(measurements, "measurements", caller);
  requireVector(y, measurements.rows, "y", caller);
  requireFinite(y, "y", caller);
  requireOptions(options, ["rankTolerance"], caller);
  const solver = gramSolver(measurements, requireNumber(options.rankTolerance ?? 1e-12, "rankTolerance", caller, 0, 1));
  const coefficients = solver.solve(y);
  const { rows, cols } = measurements.shape;
  const data = new Float64Array(rows * cols);
  measurements.applyTranspose(coefficients, data);
  const image = new Float64Array(y.length);
  measurements.apply(data, image);
  const residual = norm2(image.map((value, i) => value - y[i]));
  const consistent = residual <= 1e-9 * norm2(y);
  const dependent =
    solver.rank < Math.min(y.length, rows * cols)
      ? `the ${y.length} measurements have rank ${solver.rank}: dependent ones were resolved by the pseudo-inverse`
      : null;
  const contradiction = consistent
    ? null
    : `the data are inconsistent: no matrix has ‖A(X) − y‖ below ${residual.toExponential(3)}`;
  const advice = [dependent, contradiction].filter((text) => text !== null).join("; ");
  return {
    X: { rows, cols, data },
    coefficients,
    rank: solver.rank,
    residual,
    consistent,
    advice: advice === "" ? null : advice,
  };
}

/** Applies (A A*)⁺ repeatedly after one eigendecomposition; dependent measurements are projected out. */
export interface GramSolver {
  /** Rank of A A*. */
  readonly rank: number;
  /** (A A*)⁺ r. */
  solve(r: Float64Array): Float64Array;
}

/** Decomposes A A*. */
export function gramSolver(measurements: Measurements, rankTolerance: number): GramSolver {
  const m = measurements.rows;
  const { values, vectors } = eigh(measurementGram(measurements));
  const threshold = m === 0 ? 0 : rankTolerance * values[m - 1];
  const kept = Array.from({ length: m }, (_, j) => j).filter((j) => values[j] > threshold);
  const basis = new Float64Array(kept.length * m); // eigenvectors as rows
  kept.forEach((j, row) => {
    for (let i = 0; i < m; i++) basis[row * m + i] = vectors!.data[i * m + j];
  });
  return {
    rank: kept.length,
    solve(r) {
      const out = new Float64Array(m);
      for (let row = 0; row < kept.length; row++) {
        let sum = 0;
        for (let i = 0; i < m; i++) sum += basis[row * m + i] * r[i];
        sum /= values[kept[row]];
        for (let i = 0; i < m; i++) out[i] += sum * basis[row * m + i];
      }
      return out;
    },
  };
}
