import {
  ArgumentError,
  defined,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOptions,
  type Tagged,
  transpose,
  undefinedBecause,
  square,
} from "../core/index.js";
import { matmul, svd } from "../linalg/index.js";
import type { Rng } from "../random/index.js";
import { measurementRows, requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";

/** How far measurements are from sharing their singular vectors. */
export interface CommutativityDefect {
  /** max over pairs of (‖A_i A_jᵀ − A_j A_iᵀ‖ + ‖A_iᵀ A_j − A_jᵀ A_i‖) / (‖A_i‖ ‖A_j‖), Frobenius norms throughout. */
  readonly defect: number;
  /** The pair where it is attained. */
  readonly pair: readonly [number, number];
  /** Pairs examined. */
  readonly pairs: number;
}

/**
 * Measures how far the measurement matrices are from having common singular vectors.
 *
 * Relation: the defect is zero if and only if all A_i = Φ diag(a_i) Ψᵀ with common orthogonal Φ, Ψ and real a_i (all
 * A_i A_jᵀ and A_iᵀ A_j symmetric). "Commuting measurements" means this; the A_i need not commute as matrices.
 *
 * @param measurements any family
 * @returns the largest defect over all pairs; about 1e-16 for commuting families, of order one for Gaussian ones
 *
 * Accuracy: d ε. Cost: 4 rows · cols · (rows + cols) flops for each of the m (m − 1)/2 pairs.
 * @example
 * ```ts
 * import { fromRows, identity } from "eigenscope/core";
 * import { commutativityDefect, customMeasurements } from "eigenscope/sensing";
 * const { defect } = commutativityDefect(customMeasurements([identity(2), fromRows([[0, 1], [0, 0]])]));
 * console.log(defect); // 2.00000000
 * ```
 */
export function commutativityDefect(measurements: Measurements): CommutativityDefect {
  requireMeasurements(measurements, "measurements", "commutativityDefect");
  const { rows, cols } = measurements.shape;
  const all = explicit(measurements);
  const norms = all.map((A) => frobenius(A.data));
  let defect = 0;
  let pair: [number, number] = [0, 0];
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const scale = norms[i] * norms[j];
      if (scale === 0) continue;
      const outer = skewNorm(matmul(all[i], all[j], { transposeB: true }), rows);
      const inner = skewNorm(matmul(all[i], all[j], { transposeA: true }), cols);
      const value = (outer + inner) / scale;
      if (value > defect) {
        defect = value;
        pair = [i, j];
      }
    }
  }
  return { defect, pair, pairs: (all.length * (all.length - 1)) / 2 };
}

/** Common singular vectors of a family of measurements. */
export interface SingularBasis {
  /** Φ, rows x rows orthogonal. */
  readonly left: Matrix;
  /** Ψ, cols x cols orthogonal. */
  readonly right: Matrix;
  /** B with the diagonals of Φᵀ A_i Ψ as rows. */
  readonly coefficients: Matrix;
  /** max_i ‖offdiag(Φᵀ A_i Ψ)‖ / ‖A_i‖. */
  readonly residual: number;
}

/** Options of {@link recoverSingularBasis}. */
export interface SingularBasisOptions {
  /** Draws the random combination. */
  readonly rng: Pick<Rng, "normal">;
  /** Largest residual that counts as commuting, default 1e-10. */
  readonly tolerance?: number;
  /** Random combinations to try, default 3: one is enough unless singular values of the combination collide. */
  readonly attempts?: number;
}

/**
 * Finds Φ and Ψ with A_i = Φ diag(a_i) Ψᵀ from the measurements alone.
 *
 * Relation: the singular vectors of a random combination Σ c_i A_i, whose singular values are distinct with probability
 * one unless two columns of B coincide up to sign; checked by ‖offdiag(Φᵀ A_i Ψ)‖ <= tolerance ‖A_i‖ for all i.
 *
 * @param measurements any family
 * @param options rng is required
 * @returns the basis, or the reason why there is none
 * @throws {ArgumentError} when rng is missing
 *
 * Accuracy: ε / (gap of the combination). Cost: one full singular value decomposition and 2 m products per attempt.
 * @example
 * ```ts
 * import { fromRows, identity } from "eigenscope/core";
 * import { createRng } from "eigenscope/random";
 * import { commutingMeasurements, recoverSingularBasis } from "eigenscope/sensing";
 * const A = commutingMeasurements(identity(2), identity(2), fromRows([[1, 2], [3, -1]]));
 * console.log(recoverSingularBasis(A, { rng: createRng(1) }).defined); // true
 * ```
 */
export function recoverSingularBasis(measurements: Measurements, options: SingularBasisOptions): Tagged<SingularBasis> {
  const caller = "recoverSingularBasis";
  requireMeasurements(measurements, "measurements", caller);
  requireOptions(options, ["rng", "tolerance", "attempts"], caller);
  if (typeof options?.rng?.normal !== "function") {
    throw new ArgumentError({ function: caller, argument: "rng", expected: "a generator", got: "none" });
  }
  const tolerance = requireNumber(options.tolerance ?? 1e-10, "tolerance", caller, 0);
  const attempts = requireInteger(options.attempts ?? 3, "attempts", caller, 1);
  const { rows, cols } = measurements.shape;
  const all = explicit(measurements);
  let best: SingularBasis | null = null;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const combination = new Float64Array(rows * cols);
    for (const A of all) {
      const c = options.rng.normal();
      for (let i = 0; i < combination.length; i++) combination[i] += c * A.data[i];
    }
    const { u, v } = svd({ rows, cols, data: combination }, { vectors: "full", method: "jacobi" });
    const candidate = diagonalise(all, u, v);
    if (best === null || candidate.residual < best.residual) best = candidate;
    if (best.residual <= tolerance) return defined(best);
  }
  const residual = best === null ? Infinity : best.residual;
  return undefinedBecause(
    `no common singular vectors: off-diagonal part ${residual.toExponential(2)} relative to the measurement, allowed ${tolerance.toExponential(2)} (a genuine defect, or columns of B that coincide)`,
  );
}

function diagonalise(all: readonly Matrix[], left: Matrix, right: Matrix): SingularBasis {
  const d = Math.min(left.rows, right.rows);
  const coefficients = { rows: all.length, cols: d, data: new Float64Array(all.length * d) };
  let residual = 0;
  const leftT = transpose(left);
  all.forEach((A, index) => {
    const T = matmul(matmul(leftT, A), right);
    let off = 0;
    for (let i = 0; i < T.rows; i++) {
      for (let j = 0; j < T.cols; j++) {
        if (i === j) coefficients.data[index * d + i] = T.data[i * T.cols + j];
        else off += T.data[i * T.cols + j] * T.data[i * T.cols + j];
      }
    }
    const norm = frobenius(A.data);
    if (norm > 0) residual = Math.max(residual, Math.sqrt(off) / norm);
  });
  return { left, right, coefficients, residual };
}

function explicit(measurements: Measurements): Matrix[] {
  const { rows, cols } = measurements.shape;
  const all = measurementRows(measurements);
  return Array.from({ length: all.rows }, (_, i) => ({
    rows,
    cols,
    data: all.data.slice(i * all.cols, (i + 1) * all.cols),
  }));
}

function skewNorm(A: Matrix, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += square(A.data[i * n + j] - A.data[j * n + i]);
  return Math.sqrt(sum);
}

function frobenius(data: Float64Array): number {
  let sum = 0;
  for (const x of data) sum += x * x;
  return Math.sqrt(sum);
}
