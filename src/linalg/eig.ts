import { EPSILON, type Matrix, requireOptions, pow } from "../core/index.js";
import {
  type MatrixInput,
  largestModulus,
  norm2,
  requireFlags,
  requireSquareInput,
  safeScale,
  unscale,
} from "./input.js";
import { matmul } from "./products.js";
import { backSubstitute, quasiTriangularValues } from "./quasi-triangular.js";
import { realSchur } from "./schur.js";
import { binaryExponent, length2 } from "./scalar.js";

/** Options of {@link eig}. */
export interface EigOptions {
  /** Compute right eigenvectors and their residuals; default false. */
  readonly vectors?: boolean;
  /**
   * Balance the matrix by a diagonal similarity of powers of two first; default true. Vectors whose residuals suffer from
   * it are computed again without.
   */
  readonly balance?: boolean;
}

/** Eigenvectors of a real matrix: column j of re + i im belongs to eigenvalue j. */
export interface ComplexVectors {
  /** Real parts, n x n. */
  readonly re: Matrix;
  /** Imaginary parts, n x n. */
  readonly im: Matrix;
}

/** Eigenvalues of a general real matrix, by descending modulus; of a complex pair the one with positive imaginary part comes first. */
export interface GeneralEigen {
  /** Real parts. */
  readonly real: Float64Array;
  /** Imaginary parts. */
  readonly imaginary: Float64Array;
  /** Unit right eigenvectors, the component of largest modulus real and positive; null unless asked for. */
  readonly vectors: ComplexVectors | null;
  /** ‖A v − λ v‖₂ of each unit eigenvector; null unless vectors were asked for. */
  readonly residualNorms: Float64Array | null;
}

/**
 * Computes the eigenvalues, and on request the right eigenvectors, of a general real matrix.
 *
 * Relation: A v_j = (real_j + i imaginary_j) v_j.
 * For a symmetric matrix use {@link eigh}. Eigenvalues of matrices far from normal may be ill conditioned: a Jordan
 * block of order m has errors near ε^{1/m}, whatever the method.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or an eigenvalue overflows
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 *
 * Accuracy: the eigenvalues are those of A + E with ‖E‖ within a small multiple of n ε ‖A‖ (of the balanced matrix).
 * Cost: about 10 n³ flops, 27 n³ with vectors.
 * @see [francis1961]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { eig } from "eigenscope/linalg";
 * const { real, imaginary } = eig(fromRows([[0, -2], [2, 0]]));
 * console.log(real[0], imaginary[0], imaginary[1]); // 0 2 -2
 * ```
 */
export function eig(
  A: MatrixInput,
  options?: EigOptions & { readonly vectors: true },
): GeneralEigen & {
  readonly vectors: ComplexVectors;
  readonly residualNorms: Float64Array;
};
/** Without vectors, or with a choice made at run time. */
export function eig(A: MatrixInput, options?: EigOptions): GeneralEigen;
export function eig(A: MatrixInput, options: EigOptions = {}): GeneralEigen {
  requireOptions(options, ["vectors", "balance"], "eig");
  requireFlags(options, ["vectors", "balance"], "eig");
  const { rows: n, data } = requireSquareInput(A, "A", "eig");
  const scale = safeScale(largestModulus(data));
  const scaled = { rows: n, cols: n, data: data.map((entry) => entry * scale) };
  const wantVectors = options.vectors === true;
  let result = decompose(scaled, wantVectors, options.balance !== false);
  if (result.residualNorms !== null && options.balance !== false) {
    // Balancing a reducible matrix may scale without bound, and then D spoils the vectors: keep the better attempt.
    const worst = largestModulus(result.residualNorms);
    if (worst > POOR * n * EPSILON * norm2(scaled.data, 0, n * n)) {
      const plain = decompose(scaled, true, false);
      if (plain.residualNorms !== null && largestModulus(plain.residualNorms) < worst) result = plain;
    }
  }
  return {
    real: unscale(result.real, scale, "the eigenvalues", "eig"),
    imaginary: unscale(result.imaginary, scale, "the eigenvalues", "eig"),
    vectors: result.vectors,
    residualNorms:
      result.residualNorms === null ? null : unscale(result.residualNorms, scale, "the residual norms", "eig"),
  };
}

/** Residuals above this many n ε ‖A‖_F make the vectors be computed again without balancing. */
const POOR = 5;

/** The decomposition of a matrix with entries near one. */
function decompose(A: Matrix, wantVectors: boolean, balanced: boolean): GeneralEigen {
  const n = A.rows;
  const t = A.data.slice();
  const balance = balanced ? balanceInPlace(n, t) : new Float64Array(n).fill(1);
  const q = realSchur(n, t, wantVectors);
  const { real, imaginary } = quasiTriangularValues(n, t);
  // The members of a pair stay together, also where several pairs are equal.
  const start = (k: number): number => (imaginary[k] < 0 ? k - 1 : k);
  const order = Uint32Array.from(real, (_, k) => k).sort(
    (a, b) =>
      length2(real[b], imaginary[b]) - length2(real[a], imaginary[a]) ||
      real[b] - real[a] ||
      Math.abs(imaginary[b]) - Math.abs(imaginary[a]) ||
      start(a) - start(b) ||
      a - b,
  );
  const vectors = q === null ? null : eigenvectors(n, t, q, balance, real, imaginary, order);
  return {
    real: Float64Array.from(order, (k) => real[k]),
    imaginary: Float64Array.from(order, (k) => imaginary[k]),
    vectors,
    residualNorms: vectors === null ? null : residuals(A, vectors, order, real, imaginary),
  };
}

/** Diagonal similarity D⁻¹ A D with powers of two that brings row and column norms together; returns D. */
function balanceInPlace(n: number, a: Float64Array): Float64Array {
  const d = new Float64Array(n).fill(1);
  for (let changed = true; changed;) {
    changed = false;
    for (let i = 0; i < n; i++) {
      // Off-diagonal norms: the diagonal is invariant.
      const diagonal = a[i * n + i];
      a[i * n + i] = 0;
      const row = norm2(a, i * n, n);
      const column = norm2(a, i, n, n);
      a[i * n + i] = diagonal;
      if (row === 0 || column === 0) continue;
      const exponent = Math.round(0.5 * (binaryExponent(row) - binaryExponent(column)));
      const factor = pow(2, exponent);
      // Only when the sum of both norms shrinks by 5 %, and D stays far from overflow.
      if (exponent === 0 || row / factor + column * factor > 0.95 * (row + column)) continue;
      if (!(d[i] * factor < 1e100 && d[i] * factor > 1e-100)) continue;
      changed = true;
      d[i] *= factor;
      for (let j = 0; j < n; j++) {
        a[i * n + j] /= factor;
        a[j * n + i] *= factor;
      }
    }
  }
  return d;
}

/** Eigenvectors of T by back substitution, then D Q x, normalised, in the given order. */
function eigenvectors(
  n: number,
  t: Float64Array,
  q: Float64Array,
  balance: Float64Array,
  real: Float64Array,
  imaginary: Float64Array,
  order: Uint32Array,
): ComplexVectors {
  const xr = new Float64Array(n * n); // columns: eigenvectors of T
  const xi = new Float64Array(n * n);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const smallest = EPSILON * (largestModulus(t) || 1);
  for (let column = 0; column < n; column++) {
    const k = order[column];
    // Second of a pair: the conjugate of the column before. Pairs are adjacent in the order.
    if (imaginary[k] < 0) {
      for (let i = 0; i < n; i++) {
        xr[i * n + column] = xr[i * n + column - 1];
        xi[i * n + column] = -xi[i * n + column - 1];
      }
      continue;
    }
    backSubstitute(n, t, k, real[k], imaginary[k], smallest, re, im);
    for (let i = 0; i < n; i++) {
      xr[i * n + column] = re[i];
      xi[i * n + column] = im[i];
    }
  }
  const Q = { rows: n, cols: n, data: q };
  const vr = matmul(Q, { rows: n, cols: n, data: xr });
  const vi = matmul(Q, { rows: n, cols: n, data: xi });
  for (let j = 0; j < n; j++) normalizeColumn(n, vr.data, vi.data, j, balance);
  return { re: vr, im: vi };
}

/** Undoes the balancing and makes column j of unit norm with its largest component real and positive. */
function normalizeColumn(n: number, re: Float64Array, im: Float64Array, j: number, balance: Float64Array): void {
  let largest = 0;
  let at = j;
  for (let i = 0; i < n; i++) {
    re[i * n + j] *= balance[i];
    im[i * n + j] *= balance[i];
    const modulus = length2(re[i * n + j], im[i * n + j]);
    // A component that is larger by rounding only must not win over an earlier one.
    if (modulus > largest * (1 + 8 * EPSILON)) {
      largest = modulus;
      at = i * n + j;
    }
  }
  if (largest === 0) return;
  const c = re[at] / largest;
  const s = im[at] / largest;
  for (let i = 0; i < n; i++) {
    const x = re[i * n + j] / largest;
    const y = im[i * n + j] / largest;
    re[i * n + j] = c * x + s * y;
    im[i * n + j] = c * y - s * x;
  }
  im[at] = 0;
  const norm = length2(norm2(re, j, n, n), norm2(im, j, n, n));
  for (let i = 0; i < n; i++) {
    re[i * n + j] /= norm;
    im[i * n + j] /= norm;
  }
}

function residuals(
  A: Matrix,
  vectors: ComplexVectors,
  order: Uint32Array,
  real: Float64Array,
  imaginary: Float64Array,
): Float64Array {
  const n = A.rows;
  const rr = matmul(A, vectors.re).data;
  const ri = matmul(A, vectors.im).data;
  for (let j = 0; j < n; j++) {
    const wr = real[order[j]];
    const wi = imaginary[order[j]];
    for (let at = j; at < n * n; at += n) {
      rr[at] -= wr * vectors.re.data[at] - wi * vectors.im.data[at];
      ri[at] -= wr * vectors.im.data[at] + wi * vectors.re.data[at];
    }
  }
  return Float64Array.from({ length: n }, (_, j) => length2(norm2(rr, j, n, n), norm2(ri, j, n, n)));
}
