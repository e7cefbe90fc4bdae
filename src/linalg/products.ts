import { type Matrix, ShapeError, requireOptions } from "../core/index.js";
import { gemm, syrk } from "../routines/index.js";
import { type MatrixInput, newArray, requireFlags, requireInput, requireRepresentable } from "./input.js";
import { inTheNameOf } from "./named.js";

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Multiply by Aᵀ instead of A; default false. */
  readonly transposeA?: boolean;
  /** Multiply by Bᵀ instead of B; default false. */
  readonly transposeB?: boolean;
}

/**
 * Multiplies two matrices, either of them transposed on request, in blocks that stay in cache.
 *
 * Relation: C = op(A) op(B), with op the transpose where asked for.
 * For A Aᵀ use {@link gram}, which does half the work and is exactly symmetric.
 *
 * @param A m x k after op
 * @param B k x n after op
 * @returns m x n
 * @throws {ShapeError} when the inner sizes differ
 * @throws {NonFiniteError} when an input is not finite or the product overflows
 * @throws {ResourceError} when the result cannot be allocated
 *
 * Accuracy: |C − op(A) op(B)| <= k ε |op(A)| |op(B)| in every entry. Cost: 2 m n k flops.
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { matmul } from "eigenscope/linalg";
 * const A = fromRows([[1, 2], [3, 4]]);
 * console.log(JSON.stringify(toRows(matmul(A, A, { transposeB: true })))); // [[5,11],[11,25]]
 * ```
 */
export function matmul(A: MatrixInput, B: MatrixInput, options: MatmulOptions = {}): Matrix {
  requireOptions(options, ["transposeA", "transposeB"], "matmul");
  requireFlags(options, ["transposeA", "transposeB"], "matmul");
  const left = requireInput(A, "A", "matmul");
  const right = requireInput(B, "B", "matmul");
  const { transposeA = false, transposeB = false } = options;
  const [m, k, n] = requireProduct(left, right, transposeA, transposeB, "matmul");
  const data = newArray(m * n, "matmul");
  if (m > 0 && n > 0 && k > 0) {
    gemm(transposeA, transposeB, m, n, k, 1, left.data, 0, left.cols, right.data, 0, right.cols, 0, data, 0, n);
  }
  requireRepresentable(data, "the product A B", "matmul");
  return { rows: m, cols: n, data };
}

/** Checks that op(A) op(B) exists and returns its sizes: rows, the length of the sums, columns. */
export function requireProduct(
  A: Matrix,
  B: Matrix,
  transposeA: boolean,
  transposeB: boolean,
  caller: string,
): [m: number, k: number, n: number] {
  const [m, k] = transposeA ? [A.cols, A.rows] : [A.rows, A.cols];
  const [inner, n] = transposeB ? [B.cols, B.rows] : [B.rows, B.cols];
  if (k === inner) return [m, k, n];
  const size = ({ rows, cols }: Matrix, transpose: boolean): string =>
    transpose ? `(${rows} x ${cols})ᵀ` : `${rows} x ${cols}`;
  throw new ShapeError({
    function: caller,
    argument: "B",
    expected: `of ${k} ${transposeB ? "columns" : "rows"}, to match A`,
    got: `${inner} (${size(A, transposeA)} times ${size(B, transposeB)})`,
  });
}

/** A factor that the user gave, with its name for errors. */
export interface NamedFactor {
  /** What was given. */
  readonly value: unknown;
  /** As in "factorization.q". */
  readonly argument: string;
}

/** X Y, or X Yᵀ, of given factors: errors name them and the function that was called. */
export function multiplyFactors(X: NamedFactor, Y: NamedFactor, caller: string, transposeB = false): Matrix {
  const left = requireInput(X.value, X.argument, caller);
  const right = requireInput(Y.value, Y.argument, caller);
  const inner = transposeB ? right.cols : right.rows;
  if (left.cols !== inner) {
    throw new ShapeError({
      function: caller,
      argument: Y.argument,
      expected: `of ${left.cols} ${transposeB ? "columns" : "rows"}, to match ${X.argument}`,
      got: `${right.rows} x ${right.cols}`,
    });
  }
  return inTheNameOf(caller, () => matmul(left, right, { transposeB }));
}

/**
 * Forms the Gram matrix of the rows.
 *
 * Relation: G = A Aᵀ, entry (i, j) is the inner product of rows i and j; G is symmetric to the last bit.
 *
 * @param A n x k, points in rows
 * @returns n x n
 * @throws {NonFiniteError} when A is not finite or a product overflows
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: k ε |A| |A|ᵀ in every entry. Cost: n² k flops.
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { gram } from "eigenscope/linalg";
 * console.log(JSON.stringify(toRows(gram(fromRows([[1, 2], [3, 4]]))))); // [[5,11],[11,25]]
 * ```
 */
export function gram(A: MatrixInput): Matrix {
  const points = requireInput(A, "A", "gram");
  const n = points.rows;
  const data = newArray(n * n, "gram");
  if (n > 0 && points.cols > 0) syrk(n, points.cols, 1, points.data, 0, points.cols, 0, data, 0, n);
  requireRepresentable(data, "the product A Aᵀ", "gram");
  return { rows: n, cols: n, data };
}
