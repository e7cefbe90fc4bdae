import { type Matrix, requireOneOf, requireOptions } from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { formQ, householderQr } from "./householder-qr.js";
import { type FactorizationCertificate, certifyFactors, scaledFactor } from "./certificate.js";
import { type MatrixInput, largestModulus, requireFlags, requireInput, safeScale, unscale } from "./input.js";
import { inTheNameOf } from "./named.js";
import { multiplyFactors } from "./products.js";

/** Options of {@link qr}. */
export interface QrOptions {
  /** "thin" (default): Q is m x min(m, n). "full": Q is m x m. */
  readonly mode?: "thin" | "full";
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** A = Q R. */
export interface QrFactorization {
  /** Orthonormal columns: m x k, k = min(m, n) for "thin" and m for "full". */
  readonly q: Matrix;
  /** k x n, upper trapezoidal with diagonal >= 0. */
  readonly r: Matrix;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/**
 * Factors A = Q R by blocked Householder reflections, with the diagonal of R made non-negative, so that the
 * factorisation of a matrix of full column rank is unique.
 *
 * Relation: A = Q R, Qᵀ Q = I, R upper triangular with R_ii >= 0.
 * For rank decisions use {@link pivotedQr}; for least squares {@link leastSquares}.
 *
 * @param A m x n, any shape
 * @throws {NonFiniteError} when A is not finite or R overflows
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: ‖A − Q R‖ and ‖Qᵀ Q − I‖ within a small multiple of n ε. Cost: 2 n² (m − n/3) flops, as much again for Q.
 *
 * @example
 * ```ts
 * import { fromRows, toRows } from "eigenscope/core";
 * import { qr } from "eigenscope/linalg";
 * const { r } = qr(fromRows([[3, 1], [4, 2]]));
 * console.log(r.data[0].toFixed(12), r.data[1].toFixed(12)); // 5.000000000000 2.200000000000
 * ```
 */
export function qr<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<QrOptions, C>,
): Certified<QrFactorization, C>;
export function qr(A: MatrixInput, options: QrOptions = {}): QrFactorization {
  requireOptions(options, ["mode", "certificate"], "qr");
  requireFlags(options, ["certificate"], "qr");
  const mode = requireOneOf(options.mode ?? "thin", ["thin", "full"] as const, "mode", "qr");
  const { rows, cols, data } = requireInput(A, "A", "qr");
  const scale = safeScale(largestModulus(data));
  const scaled = { rows, cols, data: scale === 1 ? data : data.map((entry) => entry * scale) };
  const factor = inTheNameOf("qr", () => householderQr(scaled));
  const width = mode === "full" ? rows : Math.min(rows, cols);
  const r = factor.r.slice(0, width * cols);
  factor.release?.();
  const q = inTheNameOf("qr", () => formQ(factor, width));
  unscale(r, scale, "R", "qr");
  for (let i = 0; i < Math.min(width, cols); i++) {
    if (r[i * cols + i] >= 0) continue;
    for (let j = i; j < cols; j++) r[i * cols + j] = -r[i * cols + j];
    for (let k = 0; k < rows; k++) q[k * width + i] = -q[k * width + i];
  }
  const Q = { rows, cols: width, data: q };
  const R = { rows: width, cols, data: r };
  const certificate =
    options.certificate === true
      ? certifyFactors({ rows, cols, data }, (near) => reconstructQr({ q: Q, r: scaledFactor(R, near) }), [Q])
      : null;
  return { q: Q, r: R, certificate };
}

/** Multiplies the factors of {@link qr} (and of {@link pivotedQr}, in its column order) again: Q R. */
export function reconstructQr(factorization: Pick<QrFactorization, "q" | "r">): Matrix {
  return multiplyFactors(
    { value: factorization?.q, argument: "factorization.q" },
    { value: factorization?.r, argument: "factorization.r" },
    "reconstructQr",
  );
}
