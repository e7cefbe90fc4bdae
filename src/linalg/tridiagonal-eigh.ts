import {
  type Matrix,
  OptionError,
  ShapeError,
  requireFinite,
  requireOneOf,
  requireOptions,
  requireVector,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { type RowEigen, divideAndConquer } from "./divide-and-conquer.js";
import { type EighCertificate, certifyEigen } from "./eigh-certificate.js";
import { largestModulus, newArray, norm2, requireFlags, safeScale, unscale } from "./input.js";
import { inTheNameOf } from "./named.js";
import { ascendingOrder, implicitQl, rootFreeQl } from "./tridiagonal-ql.js";
import { columnsFromRows } from "./vectors.js";
import { ALONE, type Team } from "./worker-team.js";

/** Options of {@link tridiagonalEigh}. */
export interface TridiagonalEighOptions {
  /** "none": values only. "first-row" (default): first components of the eigenvectors too, in O(n²), what quadrature needs. "full": all of them. */
  readonly vectors?: "none" | "first-row" | "full";
  /** Measure residuals, orthogonality and error bounds, and confirm the count by inertia, as {@link eigh} does (needs vectors: "full"); default false. */
  readonly certificate?: boolean;
}

/** Eigenvalues of a symmetric tridiagonal matrix, with as much of the eigenvectors as was asked for. */
export interface TridiagonalEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Eigenvectors as columns, the entry of largest modulus positive; null unless vectors is "full". */
  readonly vectors: Matrix | null;
  /** First component of each unit eigenvector, made >= 0; null for "none". For "full" the signs are those of `vectors`. */
  readonly firstRow: Float64Array | null;
  /** What was measured on request, else null. */
  readonly certificate: EighCertificate | null;
}

/** A {@link TridiagonalEigen} with first components. */
export type TridiagonalEigenWithFirstRow = TridiagonalEigen & {
  /** First component of each unit eigenvector. */
  readonly firstRow: Float64Array;
};
/** A {@link TridiagonalEigen} with all vectors. */
export type TridiagonalEigenWithVectors = TridiagonalEigenWithFirstRow & {
  /** Eigenvectors as columns. */
  readonly vectors: Matrix;
};

/**
 * Computes eigenvalues of a symmetric tridiagonal matrix, and the first components or all of its eigenvectors.
 *
 * Relation: T z_j = values[j] z_j, z_j orthonormal, firstRow[j] = e₁ᵀ z_j.
 * Values by the root-free QL of Pal, Walker and Kahan; first components by implicit QL; all vectors by QL up to order
 * 32 and by divide and conquer above.
 *
 * @param diagonal the n diagonal entries
 * @param offDiagonal the n − 1 entries beside the diagonal
 * @throws {ShapeError} when offDiagonal has not n − 1 entries
 * @throws {NonFiniteError} when an entry is not finite or an eigenvalue overflows
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ResourceError} when the vectors are beyond memory
 *
 * Accuracy: residual and orthogonality within a small multiple of n ε ‖T‖. Cost: O(n²); "full" at most 4 n³/3 flops, less by deflation.
 * @see [parlett1998]
 * @see [gu1995]
 *
 * @example
 * ```ts
 * import { tridiagonalEigh } from "eigenscope/linalg";
 * const { values, firstRow } = tridiagonalEigh(Float64Array.of(2, 2), Float64Array.of(1));
 * console.log(values[0].toFixed(12), values[1].toFixed(12), firstRow[0].toFixed(12)); // 1.000000000000 3.000000000000 0.707106781187
 * ```
 */
export function tridiagonalEigh(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  options?: TridiagonalEighOptions & { readonly vectors?: "first-row" },
): TridiagonalEigenWithFirstRow;
/** With vectors: "full". */
export function tridiagonalEigh<C extends boolean = false>(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  options: Certifying<TridiagonalEighOptions, C> & { readonly vectors: "full" },
): Certified<TridiagonalEigenWithVectors, C>;
/** With vectors: "none", or a choice made at run time. */
export function tridiagonalEigh(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  options?: TridiagonalEighOptions,
): TridiagonalEigen;
export function tridiagonalEigh(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  options: TridiagonalEighOptions = {},
): TridiagonalEigen {
  return inTheNameOf("tridiagonalEigh", () => decompose(diagonal, offDiagonal, options, "tridiagonalEigh"));
}

function decompose(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  options: TridiagonalEighOptions,
  caller: string,
): TridiagonalEigen {
  requireOptions(options, ["vectors", "certificate"], caller);
  requireFlags(options, ["certificate"], caller);
  const wanted = requireOneOf(
    options.vectors ?? "first-row",
    ["none", "first-row", "full"] as const,
    "vectors",
    caller,
  );
  if (options.certificate === true && wanted !== "full") {
    throw new OptionError({
      function: caller,
      argument: 'option "certificate"',
      expected: 'used with vectors: "full" (residuals need them)',
      got: `vectors: "${wanted}"`,
      remedy: "use sturmCount to confirm values alone",
    });
  }
  requireVector(diagonal, null, "diagonal", caller);
  const n = diagonal.length;
  requireVector(offDiagonal, null, "offDiagonal", caller);
  if (offDiagonal.length !== Math.max(0, n - 1)) {
    throw new ShapeError({
      function: caller,
      argument: "offDiagonal",
      expected: `of length n - 1 = ${Math.max(0, n - 1)}`,
      got: `length ${offDiagonal.length}`,
    });
  }
  requireFinite(diagonal, "diagonal", caller);
  requireFinite(offDiagonal, "offDiagonal", caller);
  const scale = safeScale(Math.max(largestModulus(diagonal), largestModulus(offDiagonal)));
  const d = diagonal.map((entry) => entry * scale);
  const e = new Float64Array(n);
  for (let i = 0; i < n - 1; i++) e[i] = offDiagonal[i] * scale;

  if (wanted === "none") {
    const values = unscale(tridiagonalValues(n, d, e), scale, "the eigenvalues", caller);
    return { values, vectors: null, firstRow: null, certificate: null };
  }
  if (wanted === "first-row") {
    const first = new Float64Array(n);
    if (n > 0) first[0] = 1;
    implicitQl(n, d, e, first, 1);
    const order = ascendingOrder(d);
    return {
      values: unscale(
        Float64Array.from(order, (k) => d[k]),
        scale,
        "the eigenvalues",
        caller,
      ),
      vectors: null,
      firstRow: Float64Array.from(order, (k) => Math.abs(first[k])),
      certificate: null,
    };
  }
  const original = options.certificate === true ? assemble(n, d, e) : null;
  const { values, rows, release } = tridiagonalVectors(n, d, e);
  const vectors = columnsFromRows(n, n, rows);
  release();
  let certificate: EighCertificate | null = null;
  if (original !== null) {
    const whole = { values, first: 0, before: -Infinity, after: Infinity };
    certificate = certifyEigen(original, norm2(original.data, 0, n * n), whole, vectors, scale);
  }
  return {
    values: unscale(values, scale, "the eigenvalues", caller),
    vectors,
    firstRow: vectors.data.slice(0, n),
    certificate,
  };
}

/** T in full. */
function assemble(n: number, d: Float64Array, e: Float64Array): Matrix {
  const data = newArray(n * n, "tridiagonalEigh");
  for (let i = 0; i < n; i++) data[i * (n + 1)] = d[i];
  for (let i = 0; i + 1 < n; i++) data[i * (n + 1) + 1] = data[(i + 1) * (n + 1) - 1] = e[i];
  return { rows: n, cols: n, data };
}

/** Eigenvalues of T, ascending; d and e (length n) are destroyed. T scaled near one. */
export function tridiagonalValues(n: number, d: Float64Array, e: Float64Array): Float64Array {
  rootFreeQl(n, d, e);
  return d.sort();
}

const QL_LIMIT = 32; // below this order QL with vectors beats the bookkeeping of divide and conquer

/**
 * Eigenvalues ascending and eigenvectors as rows; d and e (length n) are destroyed. T scaled near one. Threads of a team
 * pass the memory that they share.
 */
export function tridiagonalVectors(
  n: number,
  d: Float64Array,
  e: Float64Array,
  team: Team = ALONE,
  shared: Float64Array | null = null,
): RowEigen {
  if (n > QL_LIMIT) return divideAndConquer(n, d, e, team, shared);
  return qlVectors(n, d, e);
}

/** Eigenvalues ascending and eigenvectors as rows by QL alone. */
function qlVectors(n: number, d: Float64Array, e: Float64Array): RowEigen {
  const unsorted = new Float64Array(n * n);
  for (let i = 0; i < n; i++) unsorted[i * n + i] = 1;
  implicitQl(n, d, e, unsorted, n);
  const order = ascendingOrder(d);
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows.set(unsorted.subarray(order[i] * n, (order[i] + 1) * n), i * n);
  return { values: Float64Array.from(order, (k) => d[k]), rows, scratch: null, release: () => undefined };
}
