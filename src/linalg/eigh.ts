import {
  ArgumentError,
  EPSILON,
  type Matrix,
  OptionError,
  describe,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { type EighCertificate, certifyEigen } from "./eigh-certificate.js";
import {
  type MatrixInput,
  type Triangle,
  norm2,
  requireFlags,
  requireSymmetric,
  unscale,
  unscaleNumber,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { type EigenvalueRange, type SpectrumPart, solveTridiagonal } from "./spectrum-part.js";
import { backTransform, reductionStore, releaseReduction, tridiagonalize } from "./tridiagonalize.js";
import { columnsFromRows } from "./vectors.js";

/** Options of {@link eigh}. */
export interface EighOptions {
  /** Compute eigenvectors; default true. */
  readonly vectors?: boolean;
  /** Compute this part of the spectrum only; default all of it. */
  readonly range?: EigenvalueRange;
  /** Read this triangle only; without it symmetry is checked against n ε ‖A‖_F. */
  readonly triangle?: Triangle;
  /** Measure residuals, orthogonality and error bounds, and confirm the count by inertia (needs vectors, about doubles the cost); default false. */
  readonly certificate?: boolean;
}

/** Eigenvalues, and eigenvectors if asked for, of a symmetric matrix. */
export interface SymmetricEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Eigenvectors as columns, orthonormal, the entry of largest modulus positive; null for vectors: false. */
  readonly vectors: Matrix | null;
  /** Index of values[0] in the whole spectrum; 0 without a range. */
  readonly first: number;
  /** ‖A‖_F. */
  readonly norm: number;
  /** Per value: |λ| > n ε ‖A‖_F. Where false, λ may be zero and its sign means nothing. */
  readonly resolved: readonly boolean[];
  /** What was measured on request, else null. */
  readonly certificate: EighCertificate | null;
}

/** An eigendecomposition that has its vectors. */
export type SymmetricEigenWithVectors = SymmetricEigen & {
  /** Eigenvectors as columns. */
  readonly vectors: Matrix;
};

/**
 * Computes eigenvalues and eigenvectors of a symmetric matrix, all of them or a range.
 *
 * Relation: A V = V diag(values), Vᵀ V = I.
 * Householder reduction to tridiagonal form in blocks, then: values only by root-free QL; vectors by divide and conquer
 * (QL up to order 32) and a blocked back-transformation; a small range by bisection and inverse iteration, checked,
 * with divide and conquer as the way out. For a few extreme eigenvalues of a large operator see the krylov folder.
 *
 * @param A n x n, symmetric (checked against n ε ‖A‖_F unless `triangle` is given)
 * @returns values ascending, vectors as columns; 0 x 0 gives empty results
 * @throws {ShapeError} when A is not square
 * @throws {AsymmetricError} when A is not symmetric
 * @throws {NonFiniteError} when an entry that is read is not finite, or ‖A‖_F overflows
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ArgumentError} when the range is not ascending or leaves 0 … n − 1
 * @throws {ResourceError} when the work space is beyond memory
 *
 * Accuracy: residual ‖A v − λ v‖ and orthogonality within a small multiple of n ε ‖A‖ and n ε; scales from 1e−300 to
 * 1e+300 are brought near one by a power of two first. Cost: 4 n³/3 flops for values, about 14 n³/3 with vectors.
 * @see [parlett1998]
 * @see [dongarra1989]
 * @see [gu1995]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { eigh } from "eigenscope/linalg";
 * const { values, vectors } = eigh(fromRows([[2, 1], [1, 2]]));
 * console.log(values[0].toFixed(12), values[1].toFixed(12)); // 1.000000000000 3.000000000000
 * console.log(vectors.data[1].toFixed(12)); // 0.707106781187
 * ```
 */
export function eigh<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<EighOptions, C> & { readonly vectors?: true },
): Certified<SymmetricEigenWithVectors, C>;
/** With vectors: false, or a choice made at run time. */
export function eigh(A: MatrixInput, options?: EighOptions): SymmetricEigen;
export function eigh(A: MatrixInput, options: EighOptions = {}): SymmetricEigen {
  return inTheNameOf("eigh", () => decompose(A, options));
}

function decompose(A: MatrixInput, options: EighOptions): SymmetricEigen {
  requireEighOptions(options, "eigh");
  const wantVectors = options.vectors !== false;
  const { n, data, scale } = requireSymmetric(A, options.triangle, "A", "eigh", reductionStore);
  const range = requireRange(options.range, n, "eigh");
  const norm = norm2(data, 0, n * n);
  const original = options.certificate === true ? data.slice(0, n * n) : null;
  const reduction = tridiagonalize(n, data);
  const part = solveTridiagonal(reduction, range, scale, wantVectors);
  if (part.rows !== null) backTransform(reduction, part.values.length, part.rows, part.scratch ?? null);
  releaseReduction(n, data);
  const vectors = part.rows === null ? null : columnsFromRows(part.values.length, n, part.rows);
  part.release?.();
  const certificate =
    original === null || vectors === null
      ? null
      : certifyEigen({ rows: n, cols: n, data: original }, norm, part, vectors, scale);
  return assembleEigen(n, part, vectors, norm, scale, certificate);
}

/** The result for the matrix that came in, from that of the scaled one. */
export function assembleEigen(
  n: number,
  part: Pick<SpectrumPart, "values" | "first">,
  vectors: Matrix | null,
  norm: number,
  scale: number,
  certificate: EighCertificate | null,
): SymmetricEigen {
  return {
    values: unscale(part.values.slice(), scale, "the eigenvalues", "eigh"),
    vectors,
    first: part.first,
    norm: unscaleNumber(norm, scale, "the norm of A", "eigh"),
    resolved: Array.from(part.values, (value) => Math.abs(value) > n * EPSILON * norm),
    certificate,
  };
}

/** Names of the options of {@link eigh}. */
export const EIGH_OPTIONS = ["vectors", "range", "triangle", "certificate"] as const;

/** Checks the options that eigh and its twin in the worker pool share. */
export function requireEighOptions(options: EighOptions, caller: string): void {
  requireOptions(options, EIGH_OPTIONS, caller);
  requireFlags(options, ["vectors", "certificate"], caller);
  if (options.certificate === true && options.vectors === false) {
    throw new OptionError({
      function: caller,
      argument: 'option "certificate"',
      expected: "used with vectors (residuals need them)",
      got: "vectors: false",
      remedy: "use inertia or sturmCount to confirm values alone",
    });
  }
}

/** Checks a range against the order of the matrix. */
export function requireRange(range: unknown, n: number, caller: string): EigenvalueRange | undefined {
  if (range === undefined) return undefined;
  const isRecord = range !== null && typeof range === "object" && !Array.isArray(range);
  if (isRecord) requireOptions(range, ["indices", "interval"], caller);
  const { indices, interval } = Object(range) as { indices?: unknown; interval?: unknown };
  const pair = indices ?? interval;
  if ((indices === undefined) === (interval === undefined) || !Array.isArray(pair) || pair.length !== 2) {
    throw new ArgumentError({
      function: caller,
      argument: "range",
      expected: "{ indices: [first, last] } or { interval: [lower, upper] }",
      got: describe(range),
    });
  }
  if (indices !== undefined) {
    requireInteger(pair[0], "range.indices[0]", caller, 0, Math.max(0, n - 1));
    requireInteger(pair[1], "range.indices[1]", caller, pair[0], Math.max(0, n - 1));
  } else {
    // An open end is an infinite one: "all above 2" is [2, Infinity].
    const [lower, upper] = pair as readonly unknown[];
    if (lower !== -Infinity) requireNumber(lower, "range.interval[0]", caller);
    if (upper !== Infinity)
      requireNumber(upper, "range.interval[1]", caller, lower === -Infinity ? undefined : (lower as number));
  }
  return range as EigenvalueRange;
}
