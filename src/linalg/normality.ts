import { EPSILON, type Matrix } from "../core/index.js";
import { inUnitsOf } from "./certificate.js";
import { eig } from "./eig.js";
import { eigh } from "./eigh.js";
import { type MatrixInput, largestModulus, norm2, requireSquareInput, safeScale, unscaleNumber } from "./input.js";
import { inTheNameOf } from "./named.js";
import { realSchur } from "./schur.js";
import { length2 } from "./scalar.js";

const ROUNDING = 20; // the Schur form has a backward error of a few n ε ‖A‖

/**
 * Computes the spectral radius of a square matrix.
 *
 * Relation: ρ(A) = max |λ| over the complex eigenvalues; ρ <= every operator norm, with equality in the 2-norm for
 * normal matrices. Not the largest algebraic eigenvalue: for diag(1, −3, 2) it is 3.
 *
 * @param A n x n; 0 for the empty matrix
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or the result overflows
 *
 * Accuracy: as {@link eig}. Cost: about 10 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { spectralRadius } from "eigenscope/linalg";
 * console.log(spectralRadius(fromRows([[0, -1], [1, 0]]))); // 1
 * ```
 */
export function spectralRadius(A: MatrixInput): number {
  const caller = "spectralRadius";
  const { matrix, scale } = nearOne(A, caller);
  const { real, imaginary } = inTheNameOf(caller, () => eig(matrix));
  return real.length === 0 ? 0 : unscaleNumber(length2(real[0], imaginary[0]), scale, "the result", caller);
}

/**
 * Computes the numerical abscissa of a square matrix.
 *
 * Relation: ω(A) = λ_max((A + Aᵀ)/2) = d/dt ‖exp(t A)‖₂ at t = 0.
 *
 * @param A n x n; −Infinity, the supremum of nothing, for the empty matrix
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or the result overflows
 *
 * Accuracy: n ε ‖A‖. Cost: that of the values of {@link eigh}.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { numericalAbscissa } from "eigenscope/linalg";
 * console.log(numericalAbscissa(fromRows([[0, 1], [0, 0]])).toFixed(12)); // 0.500000000000
 * ```
 */
export function numericalAbscissa(A: MatrixInput): number {
  const caller = "numericalAbscissa";
  const { matrix, scale } = nearOne(A, caller); // halves of subnormal entries would be rounded
  const { rows: n, data } = matrix;
  if (n === 0) return -Infinity;
  const symmetric = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) symmetric[i * n + j] = 0.5 * data[i * n + j] + 0.5 * data[j * n + i];
  const { values } = inTheNameOf(caller, () => eigh({ rows: n, cols: n, data: symmetric }, { vectors: false }));
  return unscaleNumber(values[n - 1], scale, "the result", caller);
}

/** The checked matrix times a power of two that brings its entries near one. */
function nearOne(A: MatrixInput, caller: string): { matrix: Matrix; scale: number } {
  const { rows, cols, data } = requireSquareInput(A, "A", caller);
  const scale = safeScale(largestModulus(data));
  return { matrix: { rows, cols, data: data.map((entry) => entry * scale) }, scale };
}

/** Departure from normality with the rounding level below which it means nothing. */
export interface DepartureFromNormality {
  /** sqrt(‖A‖_F² − Σ |λ|²), computed without that cancellation. */
  readonly departure: number;
  /** departure / ‖A‖_F; 0 for the zero matrix. */
  readonly relative: number;
  /** Values of `departure` up to this size are rounding: the matrix may be normal. */
  readonly roundingLevel: number;
}

/**
 * Computes Henrici's departure from normality.
 *
 * Relation: departure² = ‖A‖_F² − Σ |λ_i|² = squared norm of the strictly upper part of the complex Schur form. It is
 * computed from the real Schur form, in which nothing cancels: off-block entries as they are, and (a − d)² + (b + c)²
 * for a 2 x 2 block [a b; c d] of a complex pair.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or the result overflows
 *
 * Accuracy: that of a matrix within n ε ‖A‖_F of A. Near normal matrices that is an absolute error near n ε ‖A‖_F, where the
 * difference of squares would give sqrt(ε) ‖A‖_F; ill-conditioned eigenvalues make the departure ill conditioned too.
 * Cost: about 10 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { departureFromNormality } from "eigenscope/linalg";
 * console.log(departureFromNormality(fromRows([[0, 1], [0, 0]])).departure); // 1
 * ```
 */
export function departureFromNormality(A: MatrixInput): DepartureFromNormality {
  const caller = "departureFromNormality";
  const { matrix, scale } = nearOne(A, caller);
  const { rows: n, data: t } = matrix;
  const norm = norm2(t, 0, t.length);
  inTheNameOf(caller, () => realSchur(n, t, false));
  const rest = new Float64Array(n * n); // what the complex Schur form has above its diagonal, up to unitary rotations
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) rest[i * n + j] = t[i * n + j];
    if (i < n - 1 && t[(i + 1) * n + i] !== 0) {
      rest[i * n + i + 1] = t[i * n + i + 1] + t[(i + 1) * n + i];
      rest[(i + 1) * n + i] = t[i * (n + 1)] - t[(i + 1) * (n + 1)];
    }
  }
  const departure = norm2(rest, 0, rest.length);
  return {
    departure: unscaleNumber(departure, scale, "the departure", caller),
    relative: norm === 0 ? 0 : departure / norm,
    roundingLevel: inUnitsOf(ROUNDING * n * EPSILON * norm, scale),
  };
}
