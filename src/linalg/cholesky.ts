import { ArgumentError, type Matrix, SingularError, requireMatrix, requireOptions } from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { gemmLower, trsm } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors, scaledFactor } from "./certificate.js";
import {
  type MatrixInput,
  type VectorInput,
  type Triangle,
  eliminationScale,
  newArray,
  requireFlags,
  overflow,
  requireRightHandSide,
  requireSymmetric,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { multiplyFactors } from "./products.js";
import { solveColumns } from "./solve-columns.js";
import { borrowStore, releaseStore } from "./stores.js";

const BASE = 48; // blocks up to this order are factored row by row

/** Options of {@link cholesky} and {@link tryCholesky}. */
export interface CholeskyOptions {
  /** Read this triangle only; without it symmetry is checked against n ε ‖A‖_F. */
  readonly triangle?: Triangle;
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** A = L Lᵀ. */
export interface CholeskyFactorization {
  /** n x n lower triangular with positive diagonal, zeros above. */
  readonly l: Matrix;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/** What {@link tryCholesky} found. */
export type CholeskyAttempt =
  | ({
      /** The matrix is numerically positive definite. */
      readonly positiveDefinite: true;
    } & CholeskyFactorization)
  | {
      /** The matrix is not numerically positive definite. */
      readonly positiveDefinite: false;
      /** Index of the first pivot that was not positive: the leading block of this order plus one is not definite. */
      readonly index: number;
      /** That pivot, in the units of A; −Infinity where it leaves the double range. */
      readonly pivot: number;
    };

/**
 * Factors a symmetric positive definite matrix.
 *
 * Relation: A = L Lᵀ, L lower triangular with positive diagonal.
 *
 * @param A n x n, symmetric (checked) positive definite
 * @throws {SingularError} at the first pivot that is not positive, with its index and value; {@link tryCholesky} returns instead
 * @throws {AsymmetricError} when A is not symmetric to n ε ‖A‖_F
 * @throws {ShapeError} when A is not square
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: ‖A − L Lᵀ‖ <= n ε ‖A‖, componentwise too. Cost: n³/3 flops, blocked.
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { cholesky } from "eigenscope/linalg";
 * console.log(JSON.stringify(toRows(cholesky(fromRows([[4, 2], [2, 5]])).l))); // [[2,0],[1,2]]
 * ```
 */
export function cholesky<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<CholeskyOptions, C>,
): Certified<CholeskyFactorization, C>;
export function cholesky(A: MatrixInput, options: CholeskyOptions = {}): CholeskyFactorization {
  const attempt = factor(A, options, "cholesky");
  if (attempt.positiveDefinite) return { l: attempt.l, certificate: attempt.certificate };
  throw new SingularError({
    function: "cholesky",
    argument: "A",
    expected: "positive definite",
    got: `pivot ${attempt.pivot.toExponential(3)} at index ${attempt.index}`,
    remedy: "use tryCholesky to test, inertia or eigh for indefinite matrices, or add a multiple of the identity",
  });
}

/**
 * Factors a symmetric matrix if it is numerically positive definite, and says where it failed otherwise.
 *
 * Relation: A = L Lᵀ when `positiveDefinite` is true.
 *
 * @param A n x n, symmetric (checked)
 * @throws {AsymmetricError} when A is not symmetric to n ε ‖A‖_F
 * @throws {ShapeError} when A is not square
 *
 * Accuracy: success proves that A + E is definite for some ‖E‖ <= n ε ‖A‖. Cost: at most n³/3 flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { tryCholesky } from "eigenscope/linalg";
 * const attempt = tryCholesky(fromRows([[1, 2], [2, 1]]));
 * console.log(attempt.positiveDefinite); // false
 * ```
 */
export function tryCholesky(A: MatrixInput, options: CholeskyOptions = {}): CholeskyAttempt {
  return factor(A, options, "tryCholesky");
}

/** Multiplies the factor of {@link cholesky} again: L Lᵀ. */
export function reconstructCholesky(factorization: Pick<CholeskyFactorization, "l">): Matrix {
  const l = { value: factorization?.l, argument: "factorization.l" };
  return multiplyFactors(l, l, "reconstructCholesky", true);
}

/**
 * Solves A X = B with the factor of {@link cholesky}.
 *
 * Relation: L Lᵀ X = B.
 *
 * @param factorization from {@link cholesky}
 * @param B right-hand sides: n x m, or a vector of length n (then a vector is returned)
 * @throws {ShapeError} when B has another number of rows
 * @throws {ArgumentError} when the factor is not square or its diagonal not positive
 * @throws {NonFiniteError} when the solution overflows
 *
 * Accuracy: backward error n ε. Cost: 2 n² flops per column.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { cholesky, solveCholesky } from "eigenscope/linalg";
 * const x = solveCholesky(cholesky(fromRows([[4, 2], [2, 5]])), Float64Array.of(6, 7));
 * console.log(x[0], x[1]); // 1 1
 * ```
 */
export function solveCholesky(factorization: Pick<CholeskyFactorization, "l">, B: VectorInput): Float64Array;
/** Solves for several right-hand sides, one per column. */
export function solveCholesky(factorization: Pick<CholeskyFactorization, "l">, B: MatrixInput): Matrix;
/** With a choice made at run time. */
export function solveCholesky(
  factorization: Pick<CholeskyFactorization, "l">,
  B: MatrixInput | VectorInput,
): Matrix | Float64Array;
export function solveCholesky(
  factorization: Pick<CholeskyFactorization, "l">,
  B: MatrixInput | VectorInput,
): Matrix | Float64Array {
  const l = requireFactor(factorization?.l);
  const { columns, isVector } = requireRightHandSide(B, l.rows, "B", "solveCholesky");
  const finite = solveColumns(columns, 1, ({ cols, data }) => {
    for (const transposed of [false, true])
      trsm("left", "lower", transposed, false, l.rows, cols, 1, l.data, 0, l.rows, data, 0, cols);
  });
  if (!finite) throw overflow("the solution", "solveCholesky");
  return isVector ? columns.data : columns;
}

/** A square factor with a diagonal that can be divided by. */
function requireFactor(value: unknown): Matrix {
  const l = requireMatrix(value, "factorization.l", "solveCholesky");
  const bad = Array.from({ length: Math.min(l.rows, l.cols) }, (_, i) => l.data[i * l.cols + i]).findIndex(
    (pivot) => !(pivot > 0 && pivot < Infinity),
  );
  if (l.rows === l.cols && bad < 0) return l;
  throw new ArgumentError({
    function: "solveCholesky",
    argument: "factorization.l",
    expected: "square with a diagonal > 0, as cholesky returns it",
    got: l.rows === l.cols ? `${l.data[bad * (l.cols + 1)]} at index ${bad}` : `${l.rows} x ${l.cols}`,
  });
}

function factor(A: MatrixInput, options: CholeskyOptions, caller: string): CholeskyAttempt {
  requireOptions(options, ["triangle", "certificate"], caller);
  requireFlags(options, ["certificate"], caller);
  const {
    n,
    data: work,
    scale,
  } = requireSymmetric(
    A,
    options.triangle,
    "A",
    caller,
    (order) => inTheNameOf(caller, () => borrowStore(order, order)),
    definiteScale,
  );
  const original = options.certificate === true ? Float64Array.from(work, (entry) => entry / scale) : null;
  const failed = factorInPlace(n, work);
  if (failed >= 0) {
    const pivot = work[failed * n + failed] / scale;
    releaseStore(work, n, n);
    // Where entries of L in this row overflowed, so did the sum of their squares.
    return { positiveDefinite: false, index: failed, pivot: Number.isNaN(pivot) ? -Infinity : pivot };
  }
  const data = newArray(n * n, caller);
  for (let i = 0; i < n; i++) data.set(work.subarray(i * n, i * n + i + 1), i * n);
  releaseStore(work, n, n);
  if (scale !== 1) {
    const root = Math.sqrt(scale);
    for (let i = 0; i < data.length; i++) data[i] /= root;
  }
  const l = { rows: n, cols: n, data };
  if (original === null) return { positiveDefinite: true, l, certificate: null };
  // The moduli of L times their transpose: at most ‖L‖_F², the trace of A.
  const size = (near: number): number =>
    original.reduce((sum, entry, k) => sum + (k % (n + 1) === 0 ? entry * near : 0), 0);
  // The product may exceed the largest double by rounding.
  const product = (near: number): Matrix =>
    near === 1
      ? reconstructCholesky({ l })
      : scaledFactor(reconstructCholesky({ l: scaledFactor(l, 2 ** -20) }), near * 2 ** 40);
  const certificate = certifyFactors({ rows: n, cols: n, data: original }, product, [], size);
  return { positiveDefinite: true, l, certificate };
}

/**
 * Power of two for a positive definite matrix, with an exact root. No entry of L is larger than the root of the largest of A, so only
 * the ends of the double range need it: bringing every matrix near one would lose what is far below its largest entry, and with it
 * the definiteness of diag(1e300, 1e-300).
 */
function definiteScale(modulus: number): number {
  return modulus > 2 ** 1000 ? 2 ** -20 : eliminationScale(modulus);
}

/**
 * Factors the lower triangle in place; returns −1 or the index of the failing pivot.
 *
 * By halves: the products of the recursion are as deep as they are wide, so each entry passes through the packed
 * routines log n times instead of n / 64 times.
 */
export function factorInPlace(n: number, a: Float64Array): number {
  return factorBlock(n, a, 0, n);
}

function factorBlock(n: number, a: Float64Array, start: number, order: number): number {
  if (order <= BASE) return factorDiagonalBlock(n, a, start, order);
  const half = (order >> 4) << 3; // a multiple of 8 keeps the tiles of the products full
  const rest = order - half;
  const corner = start * (n + 1);
  const below = corner + half * n;
  const failed = factorBlock(n, a, start, half);
  if (failed >= 0) return failed;
  trsm("right", "lower", true, false, rest, half, 1, a, corner, n, a, below, n);
  gemmLower(false, true, rest, half, -1, a, below, n, a, below, n, a, below + half, n);
  return factorBlock(n, a, start + half, rest);
}

/** Unblocked factorisation of one diagonal block, row by row: every inner product runs along two rows. */
function factorDiagonalBlock(n: number, a: Float64Array, start: number, width: number): number {
  for (let i = start; i < start + width; i++) {
    for (let j = start; j < i; j++) {
      let sum = a[i * n + j];
      for (let k = start; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = sum / a[j * n + j];
    }
    let pivot = a[i * n + i];
    for (let k = start; k < i; k++) pivot -= a[i * n + k] * a[i * n + k];
    a[i * n + i] = pivot;
    if (!(pivot > 0)) return i;
    a[i * n + i] = Math.sqrt(pivot);
  }
  return -1;
}
