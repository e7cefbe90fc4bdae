import {
  EPSILON,
  type Matrix,
  requireMatrix,
  requireNumber,
  requireOptions,
  requireSquare,
  requireVector,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { type FactorizationCertificate, certifyFactors, moduli } from "./certificate.js";
import {
  type MatrixInput,
  type Triangle,
  largestModulus,
  norm2,
  requireFlags,
  requireSymmetric,
  safeScale,
  unscale,
} from "./input.js";
import { LDL_EXTRA_ROWS, type PackedLdl, factorLdl } from "./ldl-factor.js";
import { inTheNameOf } from "./named.js";
import { requirePermutation } from "./permutation.js";
import { matmul } from "./products.js";
import { length2 } from "./scalar.js";
import { borrowStore, releaseStore } from "./stores.js";

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
  /** Eigenvalues of pivots up to `threshold` in modulus: those that cannot be told from the shift. */
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
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: backward error a small multiple of n ε ‖A‖. Cost: n³/3 flops, blocked.
 * @see [bunch1977]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { ldl } from "eigenscope/linalg";
 * console.log(ldl(fromRows([[0, 1], [1, 0]])).offDiagonal[0]); // 1
 * ```
 */
export function ldl<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<LdlOptions, C>,
): Certified<LdlFactorization, C>;
export function ldl(A: MatrixInput, options: LdlOptions = {}): LdlFactorization {
  requireOptions(options, ["shift", "triangle", "certificate"], "ldl");
  requireFlags(options, ["certificate"], "ldl");
  const { n, factors, scale, original, release } = factorShifted(A, options, options.certificate === true, "ldl");
  const { a } = factors;
  const last = n - 1; // row i of U D Uᵀ is row last − i of L D Lᵀ
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) l[i * n + j] = a[(last - j) * n + last - i];
  for (let i = 0; i < n; i++) l[i * (n + 1)] = 1;
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[(last - i) * (n + 1)]);
  const offDiagonal = Float64Array.from({ length: Math.max(0, last) }, (_, i) => factors.offDiagonal[last - i]);
  const result = {
    l: { rows: n, cols: n, data: l },
    diagonal: unscale(diagonal, scale, "D", "ldl"),
    offDiagonal: unscale(offDiagonal, scale, "D", "ldl"),
    permutation: factors.permutation.map((index) => last - index).reverse(),
  };
  release();
  if (original === null) return { ...result, certificate: null };
  const size = (near: number): number => {
    const factors = {
      ...result,
      l: { ...result.l, data: moduli(l, 1) },
      diagonal: moduli(result.diagonal, near),
      offDiagonal: moduli(result.offDiagonal, near),
    };
    return norm2(reconstructLdl(factors).data, 0, n * n);
  };
  const product = (near: number): Matrix => {
    const [d, e] = [result.diagonal, result.offDiagonal].map((values) => values.map((value) => value * near));
    return reconstructLdl({ ...result, diagonal: d, offDiagonal: e });
  };
  return { ...result, certificate: certifyFactors(original, product, [], size) };
}

/** Multiplies the factors of {@link ldl} again and undoes the exchanges: A − shift I. */
export function reconstructLdl(factorization: Omit<LdlFactorization, "certificate">): Matrix {
  const caller = "reconstructLdl";
  const l = requireMatrix(factorization?.l, "factorization.l", caller);
  const n = requireSquare(l, "factorization.l", caller);
  const diagonal = requireVector(factorization.diagonal, n, "factorization.diagonal", caller);
  const beside = Math.max(0, n - 1);
  const offDiagonal = requireVector(factorization.offDiagonal, beside, "factorization.offDiagonal", caller);
  const permutation = requirePermutation(factorization.permutation, n, "factorization.permutation", caller);
  const scaled = new Float64Array(n * n); // L D
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = l.data[i * n + j] * diagonal[j];
      if (j > 0) sum += l.data[i * n + j - 1] * offDiagonal[j - 1];
      if (j < n - 1) sum += l.data[i * n + j + 1] * offDiagonal[j];
      scaled[i * n + j] = sum;
    }
  }
  const product = inTheNameOf(caller, () => matmul({ ...l, data: scaled }, l, { transposeB: true })).data;
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
  const { n, factors, scale, norm, release } = factorShifted(A, options, false, "inertia");
  const { a, offDiagonal } = factors;
  const threshold = n * EPSILON * norm;
  let negative = 0;
  let zero = 0;
  const count = (pivot: number): void => {
    if (Math.abs(pivot) <= threshold) zero++;
    else if (pivot < 0) negative++;
  };
  for (let k = 0; k < n; k++) {
    const pivot = a[k * (n + 1)];
    if (k === n - 1 || offDiagonal[k + 1] === 0) {
      count(pivot);
      continue;
    }
    // A 2 x 2 pivot has a negative determinant by choice, but either of its eigenvalues may be too small to tell.
    const next = a[(k + 1) * (n + 1)];
    const beside = offDiagonal[k + 1];
    const mean = 0.5 * (pivot + next);
    const radius = length2(0.5 * (pivot - next), beside);
    const large = mean < 0 ? mean - radius : mean + radius;
    count(large);
    count((pivot / large) * next - (beside / large) * beside);
    k++;
  }
  release();
  return { negative, zero, positive: n - negative - zero, threshold: threshold / scale };
}

function factorShifted(
  A: MatrixInput,
  options: InertiaOptions,
  keep: boolean,
  caller: string,
): {
  n: number;
  factors: PackedLdl;
  scale: number;
  norm: number;
  original: Matrix | null;
  release: () => void;
} {
  const shift = requireNumber(options.shift ?? 0, "shift", caller);
  const height = (order: number): number => order + LDL_EXTRA_ROWS;
  const allocate = (order: number): Float64Array => inTheNameOf(caller, () => borrowStore(height(order), order));
  const input = requireSymmetric(A, options.triangle, "A", caller, allocate);
  const { n, data: store } = input;
  const data = store.subarray(0, n * n);
  // The shift may be larger than the matrix, and then it sets the scale.
  const scale = safeScale(Math.max(largestModulus(data) / input.scale, Math.abs(shift)));
  if (scale !== input.scale) for (let i = 0; i < n * n; i++) data[i] = (data[i] / input.scale) * scale;
  for (let i = 0; i < n; i++) data[i * n + i] -= shift * scale;
  const norm = norm2(data, 0, data.length);
  const original = keep ? { rows: n, cols: n, data: data.map((entry) => entry / scale) } : null;
  data.reverse(); // eliminated from the last row upwards, which is the first row of A
  const release = (): void => releaseStore(store, height(n), n);
  return { n, factors: factorLdl(n, store), scale, norm, original, release };
}
