import { EPSILON, type Matrix, type Tagged, requireOptions, pow } from "../core/index.js";
import { type ComplexColumns, applyReal, columnLengths, normalizeColumns, residualNorms } from "./complex-columns.js";
import { eigenvalueConditions } from "./eigenvalue-condition.js";
import { refineVectors } from "./eigenvector-refinement.js";
import {
  type MatrixInput,
  largestModulus,
  norm2,
  requireFlags,
  requireSquareInput,
  safeScale,
  unscale,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { quasiTriangularValues, triangularVectors } from "./quasi-triangular.js";
import { realSchur } from "./schur.js";
import { binaryExponent, length2 } from "./scalar.js";

/** Options of {@link eig}. */
export interface EigOptions {
  /** Compute right eigenvectors and their residuals; default false. */
  readonly vectors?: boolean;
  /**
   * Balance the matrix by a diagonal similarity of powers of two first; default true. Vectors whose residuals suffer from
   * it are improved by inverse iteration; where that fails, all is computed again without.
   */
  readonly balance?: boolean;
  /** Compute the condition number of each eigenvalue, which needs left and right eigenvectors; default false. */
  readonly conditionNumbers?: boolean;
}

/** Eigenvectors of a real matrix: column j of re + i im belongs to eigenvalue j. */
export interface ComplexVectors {
  /** Real parts, n x n. */
  readonly re: Matrix;
  /** Imaginary parts, n x n. */
  readonly im: Matrix;
}

/** Eigenvalues of a general real matrix, by descending modulus; of a complex pair the one with positive imaginary part comes first. */
export interface GeneralEigen {
  /** Real parts. */
  readonly real: Float64Array;
  /** Imaginary parts. */
  readonly imaginary: Float64Array;
  /** Unit right eigenvectors, the component of largest modulus real and positive; null unless asked for. */
  readonly vectors: ComplexVectors | null;
  /** ‖A v − λ v‖₂ of each unit eigenvector; null unless vectors were asked for. */
  readonly residualNorms: Float64Array | null;
  /**
   * ‖x‖ ‖y‖ / |yᴴ x| >= 1 of each eigenvalue, x and y its right and left eigenvectors: a small change E of A moves the
   * eigenvalue by at most this times ‖E‖₂, to first order. Undefined, with the reason, where rounding does not tell the
   * eigenvalue from another one: it may be defective, or multiple. Null unless asked for.
   */
  readonly conditionNumbers: readonly Tagged[] | null;
}

/** What {@link eig} returns with `vectors: true`. */
export type GeneralEigenWithVectors = GeneralEigen & {
  /** Unit right eigenvectors. */
  readonly vectors: ComplexVectors;
  /** ‖A v − λ v‖₂ of each. */
  readonly residualNorms: Float64Array;
};

/** What {@link eig} returns with `conditionNumbers: true`. */
export type GeneralEigenWithConditions = GeneralEigen & {
  /** Condition number of each eigenvalue, or the reason why there is none. */
  readonly conditionNumbers: readonly Tagged[];
};

/**
 * Computes the eigenvalues, and on request the right eigenvectors, of a general real matrix.
 *
 * Relation: A v_j = (real_j + i imaginary_j) v_j.
 * For a symmetric matrix use {@link eigh}. Eigenvalues of matrices far from normal may be ill conditioned: a Jordan
 * block of order m has errors near ε^{1/m}, whatever the method. `conditionNumbers` tells, value by value.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or an eigenvalue overflows
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: the eigenvalues are those of A + E with ‖E‖ within a small multiple of n ε ‖A‖ (of the balanced matrix).
 * Cost: about 10 n³ flops, 27 n³ with vectors, 28 n³ with condition numbers.
 * @see [francis1961]
 * @see [golubvanloan2013]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { eig } from "eigenscope/linalg";
 * const { real, imaginary } = eig(fromRows([[0, -2], [2, 0]]));
 * console.log(real[0], imaginary[0], imaginary[1]); // 0 2 -2
 * ```
 */
export function eig(
  A: MatrixInput,
  options: EigOptions & { readonly vectors: true; readonly conditionNumbers: true },
): GeneralEigenWithVectors & GeneralEigenWithConditions;
/** With vectors. */
export function eig(A: MatrixInput, options: EigOptions & { readonly vectors: true }): GeneralEigenWithVectors;
/** With condition numbers. */
export function eig(
  A: MatrixInput,
  options: EigOptions & { readonly conditionNumbers: true },
): GeneralEigenWithConditions;
/** With neither, or with a choice made at run time. */
export function eig(A: MatrixInput, options?: EigOptions): GeneralEigen;
export function eig(A: MatrixInput, options: EigOptions = {}): GeneralEigen {
  requireOptions(options, ["vectors", "balance", "conditionNumbers"], "eig");
  requireFlags(options, ["vectors", "balance", "conditionNumbers"], "eig");
  const { rows: n, data } = requireSquareInput(A, "A", "eig");
  const scale = safeScale(largestModulus(data));
  const scaled = { rows: n, cols: n, data: data.map((entry) => entry * scale) };
  const { vectors = false, balance = true, conditionNumbers = false } = options;
  const wanted = { vectors, conditionNumbers, scale };
  let result = decompose(scaled, wanted, balance);
  if (vectors && balance) {
    const limit = POOR * n * EPSILON * norm2(scaled.data, 0, n * n);
    if (worstResidual(result) > limit) improve(scaled, result, limit);
    if (worstResidual(result) > limit) {
      // Balancing a reducible matrix may scale without bound, and then D may spoil the values too: keep the better attempt.
      const plain = decompose(scaled, wanted, false);
      if (worstResidual(plain) < worstResidual(result)) result = plain;
    }
  }
  return {
    real: unscale(result.real, scale, "the eigenvalues", "eig"),
    imaginary: unscale(result.imaginary, scale, "the eigenvalues", "eig"),
    vectors: result.vectors,
    residualNorms:
      result.residualNorms === null ? null : unscale(result.residualNorms, scale, "the residual norms", "eig"),
    conditionNumbers: result.conditionNumbers,
  };
}

/** Vectors with residuals above this many n ε ‖A‖_F are improved by inverse iteration without balancing. */
const POOR = 5;

function worstResidual({ residualNorms: norms }: GeneralEigen): number {
  return norms === null ? 0 : largestModulus(norms);
}

/** Inverse iteration for the vectors with residuals above the limit, in place. */
function improve({ rows: n, data }: Matrix, result: GeneralEigen, limit: number): void {
  if (result.vectors === null || result.residualNorms === null) return;
  const { re, im } = result.vectors;
  const pairs = { ...result, vectors: { re: re.data, im: im.data }, residualNorms: result.residualNorms };
  inTheNameOf("eig", () => refineVectors(n, data, pairs, limit));
}

/** What is asked for, and the power of two by which the matrix was multiplied. */
interface Wanted {
  readonly vectors: boolean;
  readonly conditionNumbers: boolean;
  readonly scale: number;
}

/** The decomposition of a matrix with entries near one. */
function decompose(A: Matrix, wanted: Wanted, balanced: boolean): GeneralEigen {
  const n = A.rows;
  const t = A.data.slice();
  const balance = balanced ? balanceInPlace(n, t) : new Float64Array(n).fill(1);
  const inner = safeScale(largestModulus(t)); // the balanced matrix may be far smaller than A
  if (inner !== 1) for (let i = 0; i < n * n; i++) t[i] *= inner;
  const q = inTheNameOf("eig", () => realSchur(n, t, wanted.vectors || wanted.conditionNumbers));
  const { real, imaginary } = quasiTriangularValues(n, t);
  // The members of a pair stay together, also where several pairs are equal.
  const start = (k: number): number => (imaginary[k] < 0 ? k - 1 : k);
  const order = Uint32Array.from(real, (_, k) => k).sort(
    (a, b) =>
      length2(real[b], imaginary[b]) - length2(real[a], imaginary[a]) ||
      real[b] - real[a] ||
      Math.abs(imaginary[b]) - Math.abs(imaginary[a]) ||
      start(a) - start(b) ||
      a - b,
  );
  const sortedReal = Float64Array.from(order, (k) => real[k] / inner);
  const sortedImaginary = Float64Array.from(order, (k) => imaginary[k] / inner);
  let vectors: ComplexVectors | null = null;
  let residuals: Float64Array | null = null;
  let conditionNumbers: Tagged[] | null = null;
  if (q !== null) {
    const [xr, xi] = triangularVectors(n, t, real, imaginary, order);
    if (wanted.conditionNumbers) {
      const lengths = (columns: ComplexColumns, inverse: boolean): Float64Array =>
        columnLengths(n, n, inOriginalBasis(n, q, balance, columns, inverse));
      conditionNumbers = eigenvalueConditions(
        { n, t, real, imaginary, order, xr, xi },
        lengths,
        (size) => size / inner / wanted.scale,
      );
    }
    if (wanted.vectors) {
      const columns = inOriginalBasis(n, q, balance, { re: xr, im: xi }, false);
      normalizeColumns(n, n, columns);
      residuals = residualNorms(n, A.data, n, columns, sortedReal, sortedImaginary);
      vectors = { re: { rows: n, cols: n, data: columns.re }, im: { rows: n, cols: n, data: columns.im } };
    }
  }
  return { real: sortedReal, imaginary: sortedImaginary, vectors, residualNorms: residuals, conditionNumbers };
}

/** Diagonal similarity D⁻¹ A D with powers of two that brings row and column norms together; returns D. */
function balanceInPlace(n: number, a: Float64Array): Float64Array {
  const d = new Float64Array(n).fill(1);
  for (let changed = true; changed;) {
    changed = false;
    for (let i = 0; i < n; i++) {
      // Off-diagonal norms: the diagonal is invariant.
      const diagonal = a[i * n + i];
      a[i * n + i] = 0;
      const row = norm2(a, i * n, n);
      const column = norm2(a, i, n, n);
      a[i * n + i] = diagonal;
      if (row === 0 || column === 0) continue;
      const exponent = Math.round(0.5 * (binaryExponent(row) - binaryExponent(column)));
      const factor = pow(2, exponent);
      // Only when the sum of both norms shrinks by 5 %, and D stays far from overflow.
      if (exponent === 0 || row / factor + column * factor > 0.95 * (row + column)) continue;
      if (!(d[i] * factor < 1e100 && d[i] * factor > 1e-100)) continue;
      changed = true;
      d[i] *= factor;
      for (let j = 0; j < n; j++) {
        a[i * n + j] /= factor;
        a[j * n + i] *= factor;
      }
    }
  }
  return d;
}

/** D Q X, or D⁻¹ Q X: what the columns X of the Schur basis are for the matrix before balancing. */
function inOriginalBasis(
  n: number,
  q: Float64Array,
  balance: Float64Array,
  x: ComplexColumns,
  inverse: boolean,
): ComplexColumns {
  const product = applyReal(n, q, false, n, x);
  for (let i = 0; i < n; i++) {
    const factor = inverse ? 1 / balance[i] : balance[i];
    if (factor === 1) continue;
    for (let at = i * n; at < (i + 1) * n; at++) {
      product.re[at] *= factor;
      product.im[at] *= factor;
    }
  }
  return product;
}
