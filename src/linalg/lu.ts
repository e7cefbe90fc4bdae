import { type Matrix, SingularError, log, requireOptions } from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { type FactorizationCertificate, certifyFactors, moduli, scaledFactor } from "./certificate.js";
import {
  type MatrixInput,
  type VectorInput,
  norm2,
  requireFlags,
  requireRightHandSide,
  requireSquareInput,
  unscale,
} from "./input.js";
import { factorScaled, solvePacked } from "./lu-factor.js";
import { requirePermutation } from "./permutation.js";
import { multiplyFactors } from "./products.js";
import { solveColumns } from "./solve-columns.js";

/** Options of {@link lu}. */
export interface LuOptions {
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** P A = L U. */
export interface LuFactorization {
  /** n x n, unit lower triangular, |entries| <= 1. */
  readonly l: Matrix;
  /** n x n, upper triangular. */
  readonly u: Matrix;
  /** Row i of P A is row permutation[i] of A. */
  readonly permutation: Uint32Array;
  /** Determinant of P: +1 or −1. */
  readonly sign: 1 | -1;
  /** Index of the first pivot that is exactly zero, or null when there is none. */
  readonly singularAt: number | null;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/**
 * Factors a square matrix with partial pivoting. A singular matrix is factored too: see `singularAt`.
 *
 * Relation: A[permutation[i]] = (L U)[i] for every row i.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite, or U overflows
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: ‖P A − L U‖ <= n ε times the element growth, in practice near n ε ‖A‖. Cost: 2 n³/3 flops, blocked recursively.
 * @see [toledo1997]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { lu } from "eigenscope/linalg";
 * const { u, permutation } = lu(fromRows([[1, 2], [4, 4]]));
 * console.log(permutation[0], u.data[3]); // 1 1
 * ```
 */
export function lu<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<LuOptions, C>,
): Certified<LuFactorization, C>;
export function lu(A: MatrixInput, options: LuOptions = {}): LuFactorization {
  requireOptions(options, ["certificate"], "lu");
  requireFlags(options, ["certificate"], "lu");
  const { rows: n, data } = requireSquareInput(A, "A", "lu");
  const { packed, scale } = factorScaled(n, data, "lu");
  const l = new Float64Array(n * n);
  const u = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    l.set(packed.data.subarray(i * n, i * n + i), i * n);
    l[i * n + i] = 1;
    u.set(packed.data.subarray(i * n + i, (i + 1) * n), i * n + i);
  }
  packed.release();
  unscale(u, scale, "U", "lu");
  const { permutation, sign, singularAt } = packed;
  const result = { l: { rows: n, cols: n, data: l }, u: { rows: n, cols: n, data: u }, permutation, sign, singularAt };
  if (options.certificate !== true) return { ...result, certificate: null };
  const size = (near: number): number => {
    const factors = { l: { ...result.l, data: moduli(l, 1) }, u: { ...result.u, data: moduli(u, near) }, permutation };
    return norm2(reconstructLu(factors).data, 0, n * n);
  };
  const product = (near: number): Matrix => reconstructLu({ ...result, u: scaledFactor(result.u, near) });
  return { ...result, certificate: certifyFactors({ rows: n, cols: n, data }, product, [], size) };
}

/** Multiplies the factors of {@link lu} again and undoes the row exchanges: A. */
export function reconstructLu(factorization: Pick<LuFactorization, "l" | "u" | "permutation">): Matrix {
  const product = multiplyFactors(
    { value: factorization?.l, argument: "factorization.l" },
    { value: factorization?.u, argument: "factorization.u" },
    "reconstructLu",
  );
  const n = product.rows;
  const permutation = requirePermutation(factorization.permutation, n, "factorization.permutation", "reconstructLu");
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data.set(product.data.subarray(i * n, (i + 1) * n), permutation[i] * n);
  return { rows: n, cols: n, data };
}

/**
 * Solves A X = B for a square matrix by LU with partial pivoting.
 *
 * Relation: A X = B.
 * For symmetric positive definite A prefer `cholesky` and `solveCholesky`; for rank-deficient or
 * rectangular A use `leastSquares`; for right-hand sides that come one after the other {@link lu} and `solveLu`.
 *
 * @param A n x n, not singular
 * @param B right-hand sides: n x m, or a vector of length n (then a vector is returned)
 * @throws {SingularError} when a pivot is exactly zero, or X overflows; `conditionEstimate` tells how near A is to that
 * @throws {ShapeError} when A is not square or B has another number of rows
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: backward error near n ε; relative error cond(A) n ε. Cost: 2 n³/3 + 2 n² m flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { solve } from "eigenscope/linalg";
 * const x = solve(fromRows([[0, 2], [4, 1]]), Float64Array.of(2, 5));
 * console.log(x[0], x[1]); // 1 1
 * ```
 */
export function solve(A: MatrixInput, B: VectorInput): Float64Array;
/** Solves for several right-hand sides, one per column. */
export function solve(A: MatrixInput, B: MatrixInput): Matrix;
/** With a choice made at run time. */
export function solve(A: MatrixInput, B: MatrixInput | VectorInput): Matrix | Float64Array;
export function solve(A: MatrixInput, B: MatrixInput | VectorInput): Matrix | Float64Array {
  const input = requireSquareInput(A, "A", "solve");
  const { columns, isVector } = requireRightHandSide(B, input.rows, "B", "solve");
  solveByLu(input, columns, "solve");
  return isVector ? columns.data : columns;
}

/** B <- A⁻¹ B in place. */
export function solveByLu({ rows: n, data }: Matrix, columns: Matrix, caller: string): void {
  const { packed, scale } = factorScaled(n, data, caller);
  if (packed.singularAt !== null) {
    packed.release();
    throw singular(`a zero at pivot ${packed.singularAt} of the elimination`, caller);
  }
  const finite = solveColumns(columns, scale, ({ cols, data: x }) => solvePacked(packed, n, x, cols));
  packed.release();
  if (!finite) throw singular("a solution that overflows", caller);
}

function singular(got: string, caller: string): SingularError {
  return new SingularError({
    function: caller,
    argument: "A",
    expected: "non-singular",
    got,
    remedy: "use leastSquares or pinv for rank-deficient systems",
  });
}

/** Sign and logarithm of the modulus of a determinant: the determinant itself over- and underflows early. */
export interface LogDeterminant {
  /** −1, 0 or 1. */
  readonly sign: -1 | 0 | 1;
  /** log |det A|; −Infinity when the matrix is exactly singular. */
  readonly logModulus: number;
}

/**
 * Computes the determinant of a square matrix as sign and logarithm.
 *
 * Relation: det A = sign · exp(logModulus).
 *
 * @param A n x n; the determinant of the 0 x 0 matrix is 1
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite, or the elimination overflows
 *
 * Accuracy: absolute error of the logarithm near n ε cond(A). Cost: 2 n³/3 flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { logDeterminant } from "eigenscope/linalg";
 * const { sign, logModulus } = logDeterminant(fromRows([[0, 2], [2, 0]]));
 * console.log(sign, logModulus.toFixed(12)); // -1 1.386294361120
 * ```
 */
export function logDeterminant(A: MatrixInput): LogDeterminant {
  const { rows: n, data } = requireSquareInput(A, "A", "logDeterminant");
  const { packed, scale } = factorScaled(n, data, "logDeterminant");
  if (packed.singularAt !== null) {
    packed.release();
    return { sign: 0, logModulus: -Infinity };
  }
  let sign: number = packed.sign;
  let logModulus = 0;
  const logScale = log(scale);
  for (let i = 0; i < n; i++) {
    const pivot = packed.data[i * n + i];
    if (pivot < 0) sign = -sign;
    logModulus += log(Math.abs(pivot)) - logScale; // pivot by pivot: n log(scale) alone may be large and cancel
  }
  packed.release();
  return { sign: sign as -1 | 1, logModulus };
}
