import {
  type Matrix,
  OptionError,
  ShapeError,
  requireMatrix,
  requireOneOf,
  requireOptions,
  requireVector,
  transpose,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { type RowSvd, bidiagonalSvd } from "./bidiagonal-svd.js";
import { completeRows } from "./complete-basis.js";
import { applyLeftReflectors, applyRightReflectors, bidiagonalize } from "./bidiagonalize.js";
import { applyQ, householderQr } from "./householder-qr.js";
import { type FactorizationCertificate, certifyFactors } from "./certificate.js";
import { type MatrixInput, largestModulus, requireFlags, requireInput, safeScale, unscale } from "./input.js";
import { inTheNameOf } from "./named.js";
import { jacobiSvd } from "./jacobi-svd.js";
import { multiplyFactors } from "./products.js";
import { signOf } from "./vectors.js";

const TALL = 1.6; // with more rows per column than this a QR factorisation first saves flops

/** Options of {@link svd}. */
export interface SvdOptions {
  /** "thin" (default): min(m, n) vectors on each side; "full": square U and V; "none": values only. */
  readonly vectors?: "thin" | "full" | "none";
  /**
   * "bidiagonal" (default) is fast, with errors near n ε times the largest singular value. "jacobi" is slower and keeps
   * the relative accuracy of small singular values of matrices B D, B well conditioned and D diagonal.
   */
  readonly method?: "bidiagonal" | "jacobi";
  /** Multiply the factors again and measure the errors (needs vectors; see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** A = U diag(singularValues) Vᵀ. */
export interface SingularValueDecomposition {
  /** Left singular vectors as columns: m x k, k = min(m, n) for "thin" and m for "full"; null for "none". */
  readonly u: Matrix | null;
  /** min(m, n) singular values, descending, >= 0. */
  readonly singularValues: Float64Array;
  /** Right singular vectors as columns: n x k; the entry of largest modulus of each is positive; null for "none". */
  readonly v: Matrix | null;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/** A decomposition that has its vectors. */
export type SvdWithVectors = SingularValueDecomposition & {
  /** Left singular vectors as columns. */
  readonly u: Matrix;
  /** Right singular vectors as columns. */
  readonly v: Matrix;
};

/**
 * Computes the singular value decomposition.
 *
 * Relation: A = U diag(s) Vᵀ, Uᵀ U = I, Vᵀ V = I, s descending and >= 0.
 * "bidiagonal": QR first when one side is 1.6 times the other, blocked bidiagonalisation, then divide and conquer (values
 * alone by QR iteration). "jacobi": QR with column pivoting, then one-sided Jacobi: use it when small singular values
 * matter relative to themselves and the matrix is badly scaled by columns or rows rather than ill conditioned at heart.
 * A few singular values of a large operator: see `svds` in the krylov folder.
 *
 * @param A m x n, any shape; an empty matrix has no singular values
 * @throws {NonFiniteError} when A is not finite or a singular value overflows
 * @throws {OptionError} for an unknown choice, or a certificate without vectors
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: backward error and orthogonality within a small multiple of n ε; singular values to n ε s₁. "jacobi" computes
 * every singular value of B D, D diagonal, to a relative error near n ε cond(B). Cost for n x n: 8 n³/3 flops for
 * values, about 28 n³/3 with vectors; "jacobi" several times as much.
 * @see [demmel1990]
 * @see [gu1995b]
 * @see [drmac2008]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { svd } from "eigenscope/linalg";
 * const { singularValues } = svd(fromRows([[3, 0], [4, 5]]));
 * console.log(singularValues[0].toFixed(12), singularValues[1].toFixed(12)); // 6.708203932499 2.236067977500
 * ```
 */
export function svd<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<SvdOptions, C> & { readonly vectors?: "thin" | "full" },
): Certified<SvdWithVectors, C>;
/** With vectors: "none", or a choice made at run time. */
export function svd(A: MatrixInput, options?: SvdOptions): SingularValueDecomposition;
export function svd(A: MatrixInput, options: SvdOptions = {}): SingularValueDecomposition {
  requireOptions(options, ["vectors", "method", "certificate"], "svd");
  requireFlags(options, ["certificate"], "svd");
  const vectors = requireOneOf(options.vectors ?? "thin", ["thin", "full", "none"] as const, "vectors", "svd");
  const method = requireOneOf(options.method ?? "bidiagonal", ["bidiagonal", "jacobi"] as const, "method", "svd");
  if (options.certificate === true && vectors === "none") {
    throw new OptionError({
      function: "svd",
      argument: 'option "certificate"',
      expected: "used with vectors",
      got: 'vectors: "none"',
      remedy: 'ask for vectors: "thin"',
    });
  }
  const input = requireInput(A, "A", "svd");
  const flipped = input.rows < input.cols;
  const tall = flipped ? transpose(input) : input;
  const scale = safeScale(largestModulus(tall.data));
  const scaled = { rows: tall.rows, cols: tall.cols, data: tall.data.slice() };
  if (scale !== 1) for (let i = 0; i < scaled.data.length; i++) scaled.data[i] *= scale;
  const compute = method === "jacobi" ? jacobiSvd : bidiagonalMethod;
  const { values, u, v, release } = inTheNameOf("svd", () => compute(scaled, vectors !== "none"));
  const singularValues = unscale(values, scale, "the singular values", "svd");
  if (vectors === "none") return { u: null, singularValues, v: null, certificate: null };
  const { rows, cols } = tall;
  normalizeSigns(flipped ? u : v, flipped ? rows : cols, flipped ? v : u, flipped ? cols : rows, cols);
  const right = transpose({ rows: cols, cols, data: v });
  const leftCount = vectors === "full" ? rows : cols;
  const leftRows = completeRows(rows, cols, leftCount, u);
  makePositive(leftRows, rows, cols, leftCount);
  const left = transpose({ rows: leftCount, cols: rows, data: leftRows });
  release?.();
  const result = flipped ? { u: right, singularValues, v: left } : { u: left, singularValues, v: right };
  const certificate =
    options.certificate === true
      ? certifyFactors(
          input,
          (near) => reconstructSvd({ ...result, singularValues: singularValues.map((value) => value * near) }),
          [result.u, result.v],
        )
      : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link svd} again: U diag(s) Vᵀ. */
export function reconstructSvd(decomposition: Omit<SvdWithVectors, "certificate">): Matrix {
  const caller = "reconstructSvd";
  const u = requireMatrix(decomposition?.u, "decomposition.u", caller);
  const v = requireMatrix(decomposition.v, "decomposition.v", caller);
  const singularValues = requireVector(decomposition.singularValues, null, "decomposition.singularValues", caller);
  const k = singularValues.length;
  for (const [name, { rows, cols }] of Object.entries({ u, v })) {
    if (cols >= k) continue;
    const [expected, got] = [`of at least ${k} columns, one for each singular value`, `${rows} x ${cols}`];
    throw new ShapeError({ function: caller, argument: `decomposition.${name}`, expected, got });
  }
  const scaled = new Float64Array(u.rows * k);
  for (let i = 0; i < u.rows; i++) {
    for (let j = 0; j < k; j++) scaled[i * k + j] = u.data[i * u.cols + j] * singularValues[j];
  }
  const right = new Float64Array(v.rows * k);
  for (let i = 0; i < v.rows; i++) right.set(v.data.subarray(i * v.cols, i * v.cols + k), i * k);
  return multiplyFactors(
    { value: { rows: u.rows, cols: k, data: scaled }, argument: "the product U diag(s)" },
    { value: { rows: v.rows, cols: k, data: right }, argument: "decomposition.v" },
    caller,
    true,
  );
}

/** Bidiagonalisation, after a QR factorisation when A is tall; `A` is overwritten. */
function bidiagonalMethod(A: Matrix, wantVectors: boolean): RowSvd {
  const { rows, cols } = A;
  if (rows > TALL * cols && cols > 0) {
    const factor = householderQr(A);
    const r = factor.r.slice(0, cols * cols);
    factor.release?.();
    const small = bidiagonalMethod({ rows: cols, cols, data: r }, wantVectors);
    if (!wantVectors) return small;
    const columns = new Float64Array(rows * cols); // [U_R; 0], then Q [U_R; 0]
    for (let k = 0; k < cols; k++) for (let i = 0; i < cols; i++) columns[i * cols + k] = small.u[k * cols + i];
    applyQ(factor, false, columns, cols);
    return { ...small, u: transpose({ rows, cols, data: columns }).data };
  }
  const reduction = bidiagonalize(rows, cols, A.data);
  const inner = bidiagonalSvd(cols, reduction.diagonal, reduction.superDiagonal, wantVectors);
  if (!wantVectors) return inner;
  const { values, v, scratch } = inner;
  applyRightReflectors(reduction, cols, v, scratch);
  if (rows === cols) {
    applyLeftReflectors(reduction, cols, inner.u, scratch);
    return inner;
  }
  const u = new Float64Array(cols * rows);
  for (let k = 0; k < cols; k++) u.set(inner.u.subarray(k * cols, (k + 1) * cols), k * rows);
  applyLeftReflectors(reduction, cols, u);
  return { ...inner, values, u };
}

/** Makes the entry of largest modulus of the rows from `first` on positive: vectors of no singular value have no partner. */
function makePositive(vectors: Float64Array, length: number, first: number, end: number): void {
  for (let k = first; k < end; k++) {
    if (signOf(vectors, k * length, length) === 1) continue;
    for (let i = k * length; i < (k + 1) * length; i++) vectors[i] = -vectors[i];
  }
}

/** Makes the entry of largest modulus of each `leading` row positive, and flips its partner with it. */
function normalizeSigns(
  leading: Float64Array,
  length: number,
  partner: Float64Array,
  other: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    if (signOf(leading, k * length, length) === 1) continue;
    for (let i = k * length; i < (k + 1) * length; i++) leading[i] = -leading[i];
    for (let i = k * other; i < (k + 1) * other; i++) partner[i] = -partner[i];
  }
}
