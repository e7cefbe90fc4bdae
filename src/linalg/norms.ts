import { requireOptions } from "../core/index.js";
import { type MatrixInput, largestModulus, norm2, requireFlags, requireInput, requireRepresentable } from "./input.js";
import { inTheNameOf } from "./named.js";
import { svd } from "./svd.js";

/** Options of {@link norms}. */
export interface NormsOptions {
  /** Compute the spectral and nuclear norms too, which costs an SVD; default false. */
  readonly spectral?: boolean;
}

/** Norms of one matrix. */
export interface MatrixNorms {
  /** sqrt(Σ a²). */
  readonly frobenius: number;
  /** Largest column sum of moduli: the norm induced by ‖·‖₁. */
  readonly one: number;
  /** Largest row sum of moduli: the norm induced by ‖·‖_∞. */
  readonly infinity: number;
  /** Largest modulus of an entry. */
  readonly max: number;
  /** ‖A‖_{2,1}: sum of the Euclidean norms of the columns. */
  readonly columnSum: number;
  /** ‖Aᵀ‖_{2,1}: sum of the Euclidean norms of the rows. */
  readonly rowSum: number;
  /** Largest singular value, or null when not asked for. */
  readonly spectral: number | null;
  /** Sum of the singular values, or null when not asked for. */
  readonly nuclear: number | null;
}

/**
 * Computes the norms of a matrix, with scaling: entries of 1e160 or 1e-170 survive the squares.
 *
 * Relation: one(A) = infinity(Aᵀ) and max <= spectral <= frobenius <= sqrt(rank) · spectral.
 *
 * @param A any shape; an empty matrix has all norms 0
 * @throws {NonFiniteError} when A is not finite or a norm overflows
 *
 * Accuracy: n ε relative, n the length of the longest sum. Cost: O(rows · cols), plus values of an SVD if spectral.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { norms } from "eigenscope/linalg";
 * const { frobenius, one, infinity } = norms(fromRows([[3, 0], [4, 0]]));
 * console.log(frobenius, one, infinity); // 5 7 4
 * ```
 */
export function norms(A: MatrixInput, options: NormsOptions = {}): MatrixNorms {
  requireOptions(options, ["spectral"], "norms");
  requireFlags(options, ["spectral"], "norms");
  const { rows, cols, data } = requireInput(A, "A", "norms");
  const columnSums = new Float64Array(cols); // Σ |a| down each column
  let infinity = 0;
  let rowSum = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) {
      const modulus = Math.abs(data[i * cols + j]);
      sum += modulus;
      columnSums[j] += modulus;
    }
    infinity = Math.max(infinity, sum);
    rowSum += norm2(data, i * cols, cols);
  }
  let columnSum = 0;
  for (let j = 0; j < cols; j++) columnSum += norm2(data, j, rows, cols);
  const values =
    options.spectral === true
      ? inTheNameOf("norms", () => svd({ rows, cols, data }, { vectors: "none" }).singularValues)
      : null;
  const result = {
    frobenius: norm2(data, 0, data.length),
    one: largestModulus(columnSums),
    infinity,
    max: largestModulus(data),
    columnSum,
    rowSum,
    spectral: values === null ? null : values.length === 0 ? 0 : values[0],
    nuclear: values === null ? null : values.reduce((sum, value) => sum + value, 0),
  };
  requireRepresentable(
    Float64Array.from(Object.values(result), (norm) => norm ?? 0),
    "every norm",
    "norms",
  );
  return result;
}
