import { type Matrix, ShapeError, requireOptions } from "../core/index.js";
import {
  type MatrixInput,
  type VectorInput,
  newArray,
  requireFlags,
  requireRightHandSide,
  requireSquareInput,
} from "./input.js";
import { type LuFactorization, solveByLu } from "./lu.js";
import { requirePermutation } from "./permutation.js";
import { requireTriangle, solveTriangles } from "./triangular.js";

/** Options of {@link solveLu}. */
export interface SolveLuOptions {
  /** Solve Aᵀ X = B instead; default false. */
  readonly transpose?: boolean;
}

/**
 * Solves A X = B with the factors of `lu`: for right-hand sides that come one after the other.
 *
 * Relation: A X = B, or Aᵀ X = B with `transpose`, where P A = L U.
 *
 * @param factorization from `lu`
 * @param B right-hand sides: n x m, or a vector of length n (then a vector is returned)
 * @throws {SingularError} when a pivot is exactly zero, with its index
 * @throws {ShapeError} when the factors or B have another number of rows
 * @throws {ArgumentError} when the permutation is none
 * @throws {NonFiniteError} when the solution overflows
 *
 * Accuracy: that of `solve`: backward error near n ε. Cost: 2 n² flops per column, and 2 n² numbers of memory.
 * @see [higham2002]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { lu, solveLu } from "eigenscope/linalg";
 * const factors = lu(fromRows([[0, 2], [4, 1]]));
 * console.log(Array.from(solveLu(factors, Float64Array.of(2, 5)))); // [ 1, 1 ]
 * console.log(Array.from(solveLu(factors, Float64Array.of(4, 3), { transpose: true }))); // [ 1, 1 ]
 * ```
 */
export function solveLu(
  factorization: Pick<LuFactorization, "l" | "u" | "permutation">,
  B: VectorInput,
  options?: SolveLuOptions,
): Float64Array;
/** Solves for several right-hand sides, one per column. */
export function solveLu(
  factorization: Pick<LuFactorization, "l" | "u" | "permutation">,
  B: MatrixInput,
  options?: SolveLuOptions,
): Matrix;
/** With a choice made at run time. */
export function solveLu(
  factorization: Pick<LuFactorization, "l" | "u" | "permutation">,
  B: MatrixInput | VectorInput,
  options?: SolveLuOptions,
): Matrix | Float64Array;
export function solveLu(
  factorization: Pick<LuFactorization, "l" | "u" | "permutation">,
  B: MatrixInput | VectorInput,
  options: SolveLuOptions = {},
): Matrix | Float64Array {
  const caller = "solveLu";
  requireOptions(options, ["transpose"], caller);
  requireFlags(options, ["transpose"], caller);
  const l = requireTriangle(factorization?.l, "lower", true, "factorization.l", caller);
  const u = requireTriangle(factorization.u, "upper", false, "factorization.u", caller);
  if (u.rows !== l.rows) {
    const [expected, got] = [`${l.rows} x ${l.rows}, as l`, `${u.rows} x ${u.rows}`];
    throw new ShapeError({ function: caller, argument: "factorization.u", expected, got });
  }
  const permutation = requirePermutation(factorization.permutation, l.rows, "factorization.permutation", caller);
  const { columns, isVector } = requireRightHandSide(B, l.rows, "B", caller);
  const { rows: n, cols: m, data } = columns;
  const { transpose = false } = options;
  const moved = { rows: n, cols: m, data: new Float64Array(n * m) };
  if (transpose) moved.data.set(data);
  else for (let i = 0; i < n; i++) moved.data.set(data.subarray(permutation[i] * m, (permutation[i] + 1) * m), i * m);
  const factors = [
    { factor: l, triangle: "lower", unit: true },
    { factor: u, triangle: "upper", unit: false },
  ] as const;
  solveTriangles(factors, moved, transpose, caller);
  if (transpose) for (let i = 0; i < n; i++) data.set(moved.data.subarray(i * m, (i + 1) * m), permutation[i] * m);
  else data.set(moved.data);
  return isVector ? data : columns;
}

/**
 * Inverts a square matrix by LU with partial pivoting.
 *
 * Relation: A X = I.
 * To solve a system use `solve` (or {@link solveLu}, again and again): a quarter of the work, and smaller residuals. For a
 * symmetric matrix `matrixFunction(A, "inverse")` is symmetric to the last bit; for rank-deficient or rectangular ones see `pinv`.
 *
 * @param A n x n, not singular
 * @throws {SingularError} when a pivot is exactly zero, or the inverse overflows; `conditionEstimate` tells how near A is to that
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: relative error near cond(A) n ε. Cost: 8 n³/3 flops.
 * @see [higham2002]
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { inverse } from "eigenscope/linalg";
 * console.log(JSON.stringify(toRows(inverse(fromRows([[0, 2], [4, 4]]))))); // [[-0.5,0.25],[0.5,0]]
 * ```
 */
export function inverse(A: MatrixInput): Matrix {
  const input = requireSquareInput(A, "A", "inverse");
  const n = input.rows;
  const result = { rows: n, cols: n, data: newArray(n * n, "inverse") };
  for (let i = 0; i < n; i++) result.data[i * (n + 1)] = 1;
  solveByLu(input, result, "inverse");
  return result;
}
