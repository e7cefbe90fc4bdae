import {
  AsymmetricError,
  type Matrix,
  dot,
  requireFinite,
  requireMatrix,
  requireOptions,
  requireSquare,
} from "../core/index.js";
import type { LinearOperator, SymmetricOperator } from "./operator.js";

/** Options of {@link fromMatrix}. */
export interface FromMatrixOptions {
  /** True: require symmetry. False: do not look. Absent: take the mark exactly when A equals its transpose bit for bit. */
  readonly symmetric?: boolean;
}

/** Relative asymmetry that `symmetric: true` tolerates, in multiples of n ε max|a_ij|: rounding of a product A Aᵀ. */
const SYMMETRY_FACTOR = 8;

/**
 * Wraps a matrix as an operator; the matrix is not copied.
 *
 * Relation: apply computes A x, applyTranspose computes Aᵀ x.
 *
 * @param A matrix, finite entries; later changes of its entries change the operator
 * @param options.symmetric true requires a symmetric matrix and gives the type SymmetricOperator
 * @returns an operator; at run time it is marked symmetric whenever A equals Aᵀ exactly
 * @throws {ShapeError} when symmetric is asked of a matrix that is not square
 * @throws {AsymmetricError} when symmetric is asked and |a_ij − a_ji| > 8 n ε max|a|
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Accuracy: each entry of the product carries at most cols · ε · Σ|a_ij x_j|. Cost: 2 · rows · cols flops a product.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { fromMatrix } from "eigenscope/operators";
 * const A = fromMatrix(fromRows([[2, 1], [1, 2]]), { symmetric: true });
 * const out = new Float64Array(2);
 * A.apply(Float64Array.of(1, 0), out);
 * console.log(out[0], out[1]); // 2 1
 * ```
 */
export function fromMatrix(A: Matrix, options: { readonly symmetric: true }): SymmetricOperator;
export function fromMatrix(A: Matrix, options?: FromMatrixOptions): LinearOperator;
export function fromMatrix(A: Matrix, options: FromMatrixOptions = {}): LinearOperator {
  requireMatrix(A, "A", "fromMatrix");
  requireFinite(A.data, "A", "fromMatrix");
  requireOptions(options, ["symmetric"], "fromMatrix");
  const { rows, cols, data } = A;
  if (options.symmetric === true) requireSymmetricMatrix(A);
  const symmetric = options.symmetric ?? (rows === cols && largestAsymmetry(A) === 0);
  const apply = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < rows; i++) out[i] = dot(data.subarray(i * cols, (i + 1) * cols), x);
  };
  if (symmetric) return { rows, cols, symmetric: true, apply, applyTranspose: apply } as SymmetricOperator;
  const applyTranspose = (x: Float64Array, out: Float64Array): void => {
    // Row by row (y += x_i a_i): the matrix is read in the order in which it is stored.
    out.fill(0, 0, cols);
    for (let i = 0; i < rows; i++) {
      const factor = x[i];
      const at = i * cols;
      for (let j = 0; j < cols; j++) out[j] += factor * data[at + j];
    }
  };
  return { rows, cols, apply, applyTranspose };
}

function requireSymmetricMatrix(A: Matrix): void {
  const n = requireSquare(A, "A", "fromMatrix");
  let largest = 0;
  for (let i = 0; i < A.data.length; i++) largest = Math.max(largest, Math.abs(A.data[i]));
  const asymmetry = largestAsymmetry(A);
  if (asymmetry > SYMMETRY_FACTOR * n * Number.EPSILON * largest) {
    throw new AsymmetricError({
      function: "fromMatrix",
      argument: "A",
      expected: "symmetric up to rounding",
      got: `entries with |a_ij - a_ji| = ${asymmetry.toExponential(2)} and largest entry ${largest.toExponential(2)}`,
      remedy: "pass (A + Aᵀ)/2 if that is what you mean",
    });
  }
}

function largestAsymmetry(A: Matrix): number {
  let worst = 0;
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < i; j++) {
      const difference = Math.abs(A.data[i * A.cols + j] - A.data[j * A.cols + i]);
      if (difference > worst) worst = difference;
    }
  }
  return worst;
}
