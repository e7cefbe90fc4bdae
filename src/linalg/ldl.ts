import { EPSILON, type Matrix, requireMatrix, requireNumber, requireOptions, requireVector } from "../core/index.js";
import { axpy } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors } from "./certificate.js";
import {
  type MatrixInput,
  type Triangle,
  largestModulus,
  norm2,
  requireSymmetric,
  safeScale,
  unscale,
} from "./input.js";
import { matmul } from "./products.js";

/** (1 + √17)/8: balances the growth of 1 x 1 and 2 x 2 pivots. [bunch1977] */
const GROWTH = (1 + Math.sqrt(17)) / 8;

/** Options of {@link inertia}. */
export interface InertiaOptions {
  /** Factor A − shift · I; default 0. */
  readonly shift?: number;
  /** Read this triangle only; without it symmetry is checked against n ε ‖A‖_F. */
  readonly triangle?: Triangle;
}

/** Options of {@link ldl}. */
export interface LdlOptions extends InertiaOptions {
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** P (A − shift I) Pᵀ = L D Lᵀ with D block diagonal. */
export interface LdlFactorization {
  /** n x n unit lower triangular. */
  readonly l: Matrix;
  /** Diagonal of D. */
  readonly diagonal: Float64Array;
  /** n − 1 entries of D beside the diagonal; not zero inside the 2 x 2 blocks only. */
  readonly offDiagonal: Float64Array;
  /** Row i of P A is row permutation[i] of A. */
  readonly permutation: Uint32Array;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/** Numbers of negative, zero and positive eigenvalues. */
export interface Inertia {
  /** Eigenvalues below the shift. */
  readonly negative: number;
  /** Pivots up to `threshold` in modulus: eigenvalues that cannot be told from the shift. */
  readonly zero: number;
  /** Eigenvalues above the shift. */
  readonly positive: number;
  /** n ε ‖A − shift I‖_F. */
  readonly threshold: number;
}

/**
 * Factors a symmetric indefinite matrix with Bunch–Kaufman pivoting.
 *
 * Relation: P (A − shift I) Pᵀ = L D Lᵀ, L unit lower triangular, D of 1 x 1 and 2 x 2 blocks, each 2 x 2 block with one
 * positive and one negative eigenvalue.
 *
 * @param A n x n, symmetric (checked)
 * @throws {AsymmetricError} when A is not symmetric to n ε ‖A‖_F
 *
 * Accuracy: backward error a small multiple of n ε ‖A‖. Cost: n³/3 flops, unblocked.
 * @see [bunch1977]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { ldl } from "eigenscope/linalg";
 * console.log(ldl(fromRows([[0, 1], [1, 0]])).offDiagonal[0]); // 1
 * ```
 */
export function ldl(A: MatrixInput, options: LdlOptions = {}): LdlFactorization {
  requireOptions(options, ["shift", "triangle", "certificate"], "ldl");
  const { n, factors, scale, original } = factorShifted(A, options, options.certificate === true, "ldl");
  const { a, offDiagonal, permutation } = factors;
  const l = new Float64Array(n * n);
  const diagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    l.set(a.subarray(i * n, i * n + i), i * n);
    l[i * n + i] = 1;
    if (i > 0 && offDiagonal[i - 1] !== 0) l[i * n + i - 1] = 0;
    diagonal[i] = a[i * n + i];
  }
  unscale(diagonal, scale, "D", "ldl");
  const result = {
    l: { rows: n, cols: n, data: l },
    diagonal,
    offDiagonal: unscale(offDiagonal.slice(0, Math.max(0, n - 1)), scale, "D", "ldl"),
    permutation,
  };
  return { ...result, certificate: original === null ? null : certifyFactors(original, reconstructLdl(result), []) };
}

/** Multiplies the factors of {@link ldl} again and undoes the exchanges: A − shift I. */
export function reconstructLdl(factorization: Omit<LdlFactorization, "certificate">): Matrix {
  const l = requireMatrix(factorization?.l, "factorization.l", "reconstructLdl");
  const n = l.rows;
  const diagonal = requireVector(factorization.diagonal, n, "factorization.diagonal", "reconstructLdl");
  const { offDiagonal, permutation } = factorization;
  const scaled = new Float64Array(n * n); // L D
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = l.data[i * n + j] * diagonal[j];
      if (j > 0) sum += l.data[i * n + j - 1] * offDiagonal[j - 1];
      if (j < n - 1) sum += l.data[i * n + j + 1] * offDiagonal[j];
      scaled[i * n + j] = sum;
    }
  }
  const product = matmul({ rows: n, cols: n, data: scaled }, l, { transposeB: true }).data;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) data[permutation[i] * n + permutation[j]] = product[i * n + j];
  }
  return { rows: n, cols: n, data };
}

/**
 * Counts the negative, zero and positive eigenvalues of a symmetric matrix without computing them.
 *
 * Relation: by Sylvester's law of inertia, the signs of the eigenvalues of A − shift I are those of D in L D Lᵀ. With a
 * shift between two eigenvalues the count confirms that an eigensolver missed none.
 *
 * @param A n x n, symmetric (checked)
 * @throws {AsymmetricError} when A is not symmetric to n ε ‖A‖_F
 * @throws {NonFiniteError} when the shift is not finite
 *
 * Accuracy: exact for a matrix within a small multiple of n ε ‖A‖ of A. Cost: n³/3 flops.
 * @see [bunch1977]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { inertia } from "eigenscope/linalg";
 * const { negative, zero, positive } = inertia(fromRows([[1, 2], [2, 1]]));
 * console.log(negative, zero, positive); // 1 0 1
 * ```
 */
export function inertia(A: MatrixInput, options: InertiaOptions = {}): Inertia {
  requireOptions(options, ["shift", "triangle"], "inertia");
  const { n, factors, scale, norm } = factorShifted(A, options, false, "inertia");
  const { a, offDiagonal } = factors;
  const threshold = n * EPSILON * norm;
  let negative = 0;
  let zero = 0;
  for (let i = 0; i < n; i++) {
    const pivot = a[i * n + i];
    if (i < n - 1 && offDiagonal[i] !== 0) {
      negative++; // 2 x 2 pivots are indefinite by choice
      i++;
    } else if (Math.abs(pivot) <= threshold) {
      zero++;
    } else if (pivot < 0) {
      negative++;
    }
  }
  return { negative, zero, positive: n - negative - zero, threshold: threshold / scale };
}

function factorShifted(
  A: MatrixInput,
  options: InertiaOptions,
  keep: boolean,
  caller: string,
): { n: number; factors: BlockFactors; scale: number; norm: number; original: Matrix | null } {
  const shift = requireNumber(options.shift ?? 0, "shift", caller);
  const input = requireSymmetric(A, options.triangle, "A", caller);
  const { n, data } = input;
  // The shift may be larger than the matrix, and then it sets the scale.
  const scale = safeScale(Math.max(largestModulus(data) / input.scale, Math.abs(shift)));
  if (scale !== input.scale) for (let i = 0; i < n * n; i++) data[i] = (data[i] / input.scale) * scale;
  for (let i = 0; i < n; i++) data[i * n + i] -= shift * scale;
  const norm = norm2(data, 0, data.length);
  const original = keep ? { rows: n, cols: n, data: data.map((entry) => entry / scale) } : null;
  return { n, factors: factorInPlace(n, data), scale, norm, original };
}

interface BlockFactors {
  /** L below the diagonal, the diagonal of D on it. */
  readonly a: Float64Array;
  readonly offDiagonal: Float64Array;
  readonly permutation: Uint32Array;
}

/** Bunch–Kaufman factorisation of the lower triangle in place. */
function factorInPlace(n: number, a: Float64Array): BlockFactors {
  const offDiagonal = new Float64Array(n);
  const permutation = Uint32Array.from({ length: n }, (_, i) => i);
  const first = new Float64Array(n); // pivot columns, contiguous for the updates
  const second = new Float64Array(n);
  for (let k = 0; k < n;) {
    const { size, row } = choosePivot(n, a, k);
    const target = k + size - 1;
    if (row !== target) exchange(n, a, permutation, target, row);
    if (size === 1) {
      const pivot = a[k * n + k];
      if (pivot !== 0) {
        for (let i = k + 1; i < n; i++) first[i] = a[i * n + k];
        for (let i = k + 1; i < n; i++) {
          const factor = first[i] / pivot;
          a[i * n + k] = factor;
          axpy(i - k, -factor, first, k + 1, 1, a, i * n + k + 1, 1);
        }
      }
      k += 1;
      continue;
    }
    const d11 = a[k * n + k];
    const d21 = a[(k + 1) * n + k];
    const d22 = a[(k + 1) * n + k + 1];
    offDiagonal[k] = d21;
    for (let i = k + 2; i < n; i++) {
      first[i] = a[i * n + k];
      second[i] = a[i * n + k + 1];
    }
    // Solve with the 2 x 2 block divided by d21: no overflow in the determinant.
    const p = d22 / d21;
    const q = d11 / d21;
    const t = 1 / (q * p - 1) / d21;
    for (let i = k + 2; i < n; i++) {
      const factor1 = t * (p * first[i] - second[i]);
      const factor2 = t * (q * second[i] - first[i]);
      a[i * n + k] = factor1;
      a[i * n + k + 1] = factor2;
      axpy(i - k - 1, -factor1, first, k + 2, 1, a, i * n + k + 2, 1);
      axpy(i - k - 1, -factor2, second, k + 2, 1, a, i * n + k + 2, 1);
    }
    k += 2;
  }
  return { a, offDiagonal, permutation };
}

/** Size of the next pivot block and the row to bring to its last position. */
function choosePivot(n: number, a: Float64Array, k: number): { size: 1 | 2; row: number } {
  const diagonal = Math.abs(a[k * n + k]);
  let lambda = 0;
  let r = k;
  for (let i = k + 1; i < n; i++) {
    if (Math.abs(a[i * n + k]) > lambda) {
      lambda = Math.abs(a[i * n + k]);
      r = i;
    }
  }
  if (lambda === 0 || diagonal >= GROWTH * lambda) return { size: 1, row: k };
  let sigma = 0; // largest off-diagonal entry of row and column r
  for (let j = k; j < r; j++) sigma = Math.max(sigma, Math.abs(a[r * n + j]));
  for (let i = r + 1; i < n; i++) sigma = Math.max(sigma, Math.abs(a[i * n + r]));
  if (diagonal * sigma >= GROWTH * lambda * lambda) return { size: 1, row: k };
  if (Math.abs(a[r * n + r]) >= GROWTH * sigma) return { size: 1, row: r };
  return { size: 2, row: r };
}

/** Exchanges rows and columns p < r of the lower triangle, L included. */
function exchange(n: number, a: Float64Array, permutation: Uint32Array, p: number, r: number): void {
  const swap = (x: number, y: number): void => {
    const value = a[x];
    a[x] = a[y];
    a[y] = value;
  };
  for (let j = 0; j < p; j++) swap(p * n + j, r * n + j);
  for (let j = p + 1; j < r; j++) swap(j * n + p, r * n + j);
  for (let i = r + 1; i < n; i++) swap(i * n + p, i * n + r);
  swap(p * n + p, r * n + r);
  const index = permutation[p];
  permutation[p] = permutation[r];
  permutation[r] = index;
}
