import { type Matrix, SingularError, log, requireMatrix, requireOptions } from "../core/index.js";
import { gemm, trsm } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors } from "./certificate.js";
import {
  type MatrixInput,
  largestModulus,
  requireRightHandSide,
  requireSquareInput,
  safeScale,
  timesQuotient,
  unscale,
} from "./input.js";
import { matmul } from "./products.js";

const PANEL = 32; // columns eliminated between two trailing updates

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
 * @throws {NonFiniteError} when A is not finite
 *
 * Accuracy: ‖P A − L U‖ <= n ε times the element growth, in practice near n ε ‖A‖. Cost: 2 n³/3 flops, blocked.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { lu } from "eigenscope/linalg";
 * const { u, permutation } = lu(fromRows([[1, 2], [4, 4]]));
 * console.log(permutation[0], u.data[3]); // 1 1
 * ```
 */
export function lu(A: MatrixInput, options: LuOptions = {}): LuFactorization {
  requireOptions(options, ["certificate"], "lu");
  const { rows: n, data } = requireSquareInput(A, "A", "lu");
  const { packed, scale } = factorScaled(n, data);
  const l = new Float64Array(n * n);
  const u = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    l.set(packed.data.subarray(i * n, i * n + i), i * n);
    l[i * n + i] = 1;
    u.set(packed.data.subarray(i * n + i, (i + 1) * n), i * n + i);
  }
  unscale(u, scale, "U", "lu");
  const { permutation, sign, singularAt } = packed;
  const result = { l: { rows: n, cols: n, data: l }, u: { rows: n, cols: n, data: u }, permutation, sign, singularAt };
  const certificate =
    options.certificate === true ? certifyFactors({ rows: n, cols: n, data }, reconstructLu(result), []) : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link lu} again and undoes the row exchanges: A. */
export function reconstructLu(factorization: Pick<LuFactorization, "l" | "u" | "permutation">): Matrix {
  const l = requireMatrix(factorization?.l, "factorization.l", "reconstructLu");
  const product = matmul(l, requireMatrix(factorization.u, "factorization.u", "reconstructLu"));
  const n = product.rows;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data.set(product.data.subarray(i * n, (i + 1) * n), factorization.permutation[i] * n);
  return { rows: n, cols: n, data };
}

/** The factors of the matrix times a power of two that brings its entries near one: growth overflows only if U does. */
function factorScaled(n: number, data: Float64Array): { packed: PackedLu; scale: number } {
  const scale = safeScale(largestModulus(data));
  return { packed: luInPlace(n, scale === 1 ? data.slice() : data.map((entry) => entry * scale)), scale };
}

/** L and U packed in one array, with the row exchanges. */
export interface PackedLu {
  /** n x n: U on and above the diagonal, L below it. */
  readonly data: Float64Array;
  /** Row i of P A is row permutation[i] of A. */
  readonly permutation: Uint32Array;
  /** Determinant of P. */
  readonly sign: 1 | -1;
  /** Index of the first zero pivot, or null. */
  readonly singularAt: number | null;
}

/** Right-looking blocked elimination; overwrites `a`. */
export function luInPlace(n: number, a: Float64Array): PackedLu {
  const permutation = Uint32Array.from({ length: n }, (_, i) => i);
  let sign: 1 | -1 = 1;
  let singularAt: number | null = null;
  for (let start = 0; start < n; start += PANEL) {
    const end = Math.min(n, start + PANEL);
    for (let j = start; j < end; j++) {
      let pivotRow = j;
      for (let i = j + 1; i < n; i++) if (Math.abs(a[i * n + j]) > Math.abs(a[pivotRow * n + j])) pivotRow = i;
      if (pivotRow !== j) {
        // Whole rows are exchanged at once: rows are contiguous, so this costs no more than a later permutation.
        const swap = a.slice(j * n, (j + 1) * n);
        a.copyWithin(j * n, pivotRow * n, (pivotRow + 1) * n);
        a.set(swap, pivotRow * n);
        const index = permutation[j];
        permutation[j] = permutation[pivotRow];
        permutation[pivotRow] = index;
        sign = sign === 1 ? -1 : 1;
      }
      const pivot = a[j * n + j];
      if (pivot === 0) {
        singularAt ??= j;
        continue;
      }
      for (let i = j + 1; i < n; i++) {
        const factor = a[i * n + j] / pivot;
        a[i * n + j] = factor;
        if (factor === 0) continue;
        for (let k = j + 1; k < end; k++) a[i * n + k] -= factor * a[j * n + k];
      }
    }
    const rest = n - end;
    if (rest === 0) break;
    const width = end - start;
    trsm("left", "lower", false, true, width, rest, 1, a, start * n + start, n, a, start * n + end, n);
    gemm(false, false, rest, rest, width, -1, a, end * n + start, n, a, start * n + end, n, 1, a, end * n + end, n);
  }
  return { data: a, permutation, sign, singularAt };
}

/** B <- A⁻¹ B (or A⁻ᵀ B) with packed factors; B is n x m. */
export function solvePacked(packed: PackedLu, n: number, b: Float64Array, m: number, transposed = false): void {
  const source = b.slice();
  if (!transposed) {
    for (let i = 0; i < n; i++)
      b.set(source.subarray(packed.permutation[i] * m, (packed.permutation[i] + 1) * m), i * m);
    trsm("left", "lower", false, true, n, m, 1, packed.data, 0, n, b, 0, m);
    trsm("left", "upper", false, false, n, m, 1, packed.data, 0, n, b, 0, m);
    return;
  }
  trsm("left", "upper", true, false, n, m, 1, packed.data, 0, n, b, 0, m);
  trsm("left", "lower", true, true, n, m, 1, packed.data, 0, n, b, 0, m);
  source.set(b);
  for (let i = 0; i < n; i++) b.set(source.subarray(i * m, (i + 1) * m), packed.permutation[i] * m);
}

/**
 * Solves A X = B for a square matrix by LU with partial pivoting.
 *
 * Relation: A X = B.
 * For symmetric positive definite A prefer `cholesky` and `solveCholesky`; for rank-deficient or
 * rectangular A use `leastSquares`.
 *
 * @param A n x n, not singular
 * @param B right-hand sides: n x m, or a vector of length n (then a vector is returned)
 * @throws {SingularError} when a pivot is exactly zero, or X overflows; `conditionEstimate` tells how near A is to that
 * @throws {ShapeError} when A is not square or B has another number of rows
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
export function solve(A: MatrixInput, B: Float64Array): Float64Array;
/** Solves for several right-hand sides, one per column. */
export function solve(A: MatrixInput, B: MatrixInput): Matrix;
export function solve(A: MatrixInput, B: MatrixInput | Float64Array): Matrix | Float64Array {
  const { rows: n, data } = requireSquareInput(A, "A", "solve");
  const { columns, isVector } = requireRightHandSide(B, n, "B", "solve");
  const { packed, scale } = factorScaled(n, data);
  if (packed.singularAt !== null) throw singular(`pivot ${packed.singularAt} of the elimination is exactly zero`);
  const sideScale = safeScale(largestModulus(columns.data));
  timesQuotient(columns.data, sideScale, 1);
  solvePacked(packed, n, columns.data, columns.cols);
  timesQuotient(columns.data, scale, sideScale);
  if (!columns.data.every(Number.isFinite)) throw singular("a solution that overflows");
  return isVector ? columns.data : columns;
}

function singular(got: string): SingularError {
  return new SingularError({
    function: "solve",
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
  const { packed, scale } = factorScaled(n, data);
  if (packed.singularAt !== null) return { sign: 0, logModulus: -Infinity };
  let sign: number = packed.sign;
  let logModulus = scale === 1 ? 0 : -n * log(scale);
  for (let i = 0; i < n; i++) {
    const pivot = packed.data[i * n + i];
    if (pivot < 0) sign = -sign;
    logModulus += log(Math.abs(pivot));
  }
  return { sign: sign as -1 | 1, logModulus };
}
