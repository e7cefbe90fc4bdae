import { EPSILON, type Matrix } from "../core/index.js";
import { type MatrixInput, largestModulus, norm2, requireInput, safeScale } from "./input.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";

/** Measured quality of a factorisation. */
export interface FactorizationCertificate {
  /** ‖A − product of the factors‖_F / ‖A‖_F; 0 for the zero matrix. */
  readonly backwardError: number;
  /** Largest entry of |Qᵀ Q − I| over the orthogonal factors; null when there is none. */
  readonly orthogonalityLoss: number | null;
  /**
   * Bound on what perturbation of A the factorisation stands for, in the units of A: ‖A − product‖_F, plus ‖A‖_F times
   * the orthogonality loss in the Frobenius norm, plus the rounding of this measurement (2 n ε ‖A‖_F; for `lu`, `ldl` and
   * `cholesky` of the product of the moduli of the factors, which growth makes larger than A). No singular value of A is farther
   * than this from the corresponding one of the exactly orthogonal factorisation, or of the product.
   */
  readonly errorBound: number;
}

/** The product that measures is rounded itself: this many n ε times its size are added to the bound. */
const MEASUREMENT = 2;

/**
 * Measures how far the columns of a matrix are from orthonormal.
 *
 * Relation: max |Qᵀ Q − I| over the entries; 0 for a matrix without columns.
 *
 * @param Q m x n
 * @throws {NonFiniteError} when Q is not finite or Qᵀ Q overflows
 *
 * Accuracy: m ε. Cost: 2 m n² flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { orthogonalityLoss } from "eigenscope/linalg";
 * console.log(orthogonalityLoss(fromRows([[1, 0], [0, 2]]))); // 3
 * ```
 */
export function orthogonalityLoss(Q: MatrixInput): number {
  const input = requireInput(Q, "Q", "orthogonalityLoss");
  return inTheNameOf("orthogonalityLoss", () => measure(input)).largest;
}

/**
 * Compares A with the product of its factors and measures the orthogonal ones. `product` gives it times a power of two <= 1, for it
 * may leave the double range on the way to a result within it. Without orthogonal factors the product may be the
 * small difference of large terms, whose rounding is that of the terms: `size` gives the Frobenius norm of the product of the
 * moduli of the factors, times a power of two.
 */
export function certifyFactors(
  A: Matrix,
  product: (scale: number) => Matrix,
  orthogonal: readonly Matrix[],
  size?: (scale: number) => number,
): FactorizationCertificate {
  // Near one, so that neither the norms nor their sum leave the double range before the result does.
  const scale = safeScale(largestModulus(A.data));
  const norm = norm2(
    A.data.map((entry) => entry * scale),
    0,
    A.data.length,
  );
  const lowering = Math.min(1, scale);
  const { data } = product(lowering);
  const difference = norm2(
    A.data.map((entry, k) => entry * scale - data[k] * (scale / lowering)),
    0,
    A.data.length,
  );
  let largest: number | null = null;
  let frobenius = 0;
  for (const Q of orthogonal) {
    const loss = measure(Q);
    largest = Math.max(largest ?? 0, loss.largest);
    frobenius += loss.frobenius;
  }
  const terms = Math.max(norm, size?.(scale) ?? 0);
  const bound = difference + norm * frobenius + MEASUREMENT * Math.max(A.rows, A.cols) * EPSILON * terms;
  // Products of subnormal numbers are rounded to multiples of the smallest one.
  const subnormal = scale > 1 ? A.data.length * Math.max(A.rows, A.cols) * Number.MIN_VALUE : 0;
  return {
    backwardError: norm === 0 ? difference : difference / norm,
    orthogonalityLoss: largest,
    errorBound: inUnitsOf(bound, scale) + subnormal,
  };
}

/** A factor times a power of two. */
export function scaledFactor(factor: Matrix, scale: number): Matrix {
  return scale === 1 ? factor : { ...factor, data: factor.data.map((entry) => entry * scale) };
}

/** The moduli of the entries times a power of two. */
export function moduli(values: Float64Array, scale: number): Float64Array {
  return values.map((value) => Math.abs(value) * scale);
}

/** A bound for the unscaled matrix; one that is subnormal there is rounded up. */
export function inUnitsOf(bound: number, scale: number): number {
  return scale > 1 ? bound / scale + Number.MIN_VALUE : bound / scale;
}

function measure(Q: Matrix): { largest: number; frobenius: number } {
  const { data } = matmul(Q, Q, { transposeA: true });
  for (let j = 0; j < Q.cols; j++) data[j * Q.cols + j] -= 1;
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]));
  return { largest, frobenius: norm2(data, 0, data.length) };
}
