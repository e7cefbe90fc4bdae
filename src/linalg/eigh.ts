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
import { TridiagonalCounter, inverseIteration } from "./bisection.js";
import { type EighCertificate, certifyEigen } from "./eigh-certificate.js";
import { type MatrixInput, type Triangle, norm2, requireSymmetric } from "./input.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import {
  type Tridiagonalization,
  backTransform,
  reductionStore,
  releaseReduction,
  tridiagonalize,
} from "./tridiagonalize.js";
import { columnsFromRows } from "./vectors.js";

/** Part of a spectrum: by index, counted from 0 in ascending order, both ends included; or by a closed interval. */
export type EigenvalueRange =
  | {
      /** First and last index. */
      readonly indices: readonly [number, number];
    }
  | {
      /** Lower and upper end. */
      readonly interval: readonly [number, number];
    };

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

/** A part of the spectrum up to this share of it is found by bisection and inverse iteration. */
const SMALL_SHARE = 0.15;
/** Below this order all values by QL cost nothing. */
const SMALL_ORDER = 48;

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
 * @throws {NonFiniteError} when an entry that is read is not finite
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ArgumentError} when the range is not ascending or leaves 0 … n − 1
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
export function eigh(A: MatrixInput, options?: EighOptions & { readonly vectors?: true }): SymmetricEigenWithVectors;
/** With vectors: false, or a choice made at run time. */
export function eigh(A: MatrixInput, options?: EighOptions): SymmetricEigen;
export function eigh(A: MatrixInput, options: EighOptions = {}): SymmetricEigen {
  requireOptions(options, ["vectors", "range", "triangle", "certificate"], "eigh");
  const wantVectors = options.vectors !== false;
  if (options.certificate === true && !wantVectors) {
    throw new OptionError({
      function: "eigh",
      argument: 'option "certificate"',
      expected: "used with vectors (residuals need them)",
      got: "vectors: false",
      remedy: "use inertia or sturmCount to confirm values alone",
    });
  }
  const { n, data, scale } = requireSymmetric(A, options.triangle, "A", "eigh", reductionStore);
  const range = requireRange(options.range, n);
  const norm = norm2(data, 0, n * n);
  const original = options.certificate === true ? data.slice(0, n * n) : null;
  const reduction = tridiagonalize(n, data);
  const part = wantVectors ? vectorsOf(reduction, range, scale) : valuesOf(reduction, range, scale);
  releaseReduction(n, data);
  const vectors = part.rows === null ? null : columnsFromRows(part.values.length, n, part.rows);
  part.release?.();
  const certificate =
    original === null || vectors === null
      ? null
      : certifyEigen({ rows: n, cols: n, data: original }, norm, part, vectors, scale);
  return {
    values: part.values.map((value) => value / scale),
    vectors,
    first: part.first,
    norm: norm / scale,
    resolved: Array.from(part.values, (value) => Math.abs(value) > n * EPSILON * norm),
    certificate,
  };
}

/** Eigenvalues of the scaled matrix, some or all, with their neighbours. */
export interface SpectrumPart {
  /** Ascending. */
  readonly values: Float64Array;
  /** Index of values[0] in the whole spectrum. */
  readonly first: number;
  /** Eigenvectors of A as rows, or null. */
  readonly rows: Float64Array | null;
  /** The eigenvalue before values[0], or −Infinity. */
  readonly before: number;
  /** The eigenvalue after the last value, or Infinity. */
  readonly after: number;
  /** Gives the memory of `rows` back. */
  readonly release?: () => void;
}

function requireRange(range: unknown, n: number): EigenvalueRange | undefined {
  if (range === undefined) return undefined;
  requireOptions(range, ["indices", "interval"], "eigh");
  const { indices, interval } = range as { indices?: unknown; interval?: unknown };
  const pair = indices ?? interval;
  if ((indices === undefined) === (interval === undefined) || !Array.isArray(pair) || pair.length !== 2) {
    throw new ArgumentError({
      function: "eigh",
      argument: "range",
      expected: "{ indices: [first, last] } or { interval: [lower, upper] }",
      got: describe(range),
    });
  }
  if (indices !== undefined) {
    requireInteger(pair[0], "range.indices[0]", "eigh", 0, Math.max(0, n - 1));
    requireInteger(pair[1], "range.indices[1]", "eigh", pair[0], Math.max(0, n - 1));
  } else {
    requireNumber(pair[0], "range.interval[0]", "eigh");
    requireNumber(pair[1], "range.interval[1]", "eigh", pair[0]);
  }
  return range as EigenvalueRange;
}

/** Indices of a range, as [first, last]; last < first when the interval holds nothing. */
function locate(range: EigenvalueRange, counter: TridiagonalCounter, n: number, scale: number): [number, number] {
  if (n === 0) return [0, -1];
  if ("indices" in range) return [range.indices[0], range.indices[1]];
  // The interval is closed: each end is moved outwards by one rounding before counting.
  const [lower, upper] = range.interval;
  const outwards = (end: number): number => Math.abs(end * scale) * EPSILON + Number.MIN_VALUE;
  return [counter.below(lower * scale - outwards(lower)), counter.below(upper * scale + outwards(upper)) - 1];
}

function valuesOf(reduction: Tridiagonalization, range: EigenvalueRange | undefined, scale: number): SpectrumPart {
  const { n, diagonal, offDiagonal } = reduction;
  if (range === undefined) {
    return {
      values: tridiagonalValues(n, diagonal, offDiagonal),
      first: 0,
      rows: null,
      before: -Infinity,
      after: Infinity,
    };
  }
  const counter = new TridiagonalCounter(n, diagonal, offDiagonal);
  const [first, last] = locate(range, counter, n, scale);
  return { values: counter.values(first, last), first, rows: null, before: -Infinity, after: Infinity };
}

function vectorsOf(reduction: Tridiagonalization, range: EigenvalueRange | undefined, scale: number): SpectrumPart {
  const { n, diagonal, offDiagonal } = reduction;
  let first = 0;
  let last = n - 1;
  if (range !== undefined) {
    const counter = new TridiagonalCounter(n, diagonal, offDiagonal);
    [first, last] = locate(range, counter, n, scale);
    const count = last - first + 1;
    if (n > SMALL_ORDER && count <= SMALL_SHARE * n) {
      // One value more on either side, for the gaps of the certificate.
      const from = Math.max(0, first - 1);
      const wide = count === 0 ? new Float64Array(0) : counter.values(from, Math.min(n - 1, last + 1));
      const values = wide.slice(first - from, first - from + count);
      const rows = inverseIteration(n, diagonal, offDiagonal, values);
      if (rows !== null) {
        backTransform(reduction, count, rows, null);
        const before = first > from ? wide[0] : -Infinity;
        const after = first - from + count < wide.length ? wide[wide.length - 1] : Infinity;
        return { values, first, rows, before, after };
      }
    }
  }
  const { values, rows, scratch, release } = tridiagonalVectors(n, diagonal, offDiagonal);
  const count = last - first + 1;
  const wanted = rows.subarray(first * n, (last + 1) * n);
  backTransform(reduction, count, wanted, scratch);
  return {
    release,
    values: values.slice(first, last + 1),
    first,
    rows: wanted,
    before: first > 0 ? values[first - 1] : -Infinity,
    after: last < n - 1 ? values[last + 1] : Infinity,
  };
}
