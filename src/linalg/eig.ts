import { EPSILON, type Matrix, requireOptions } from "../core/index.js";
import { type MatrixInput, largestModulus, norm2, requireSquareInput, safeScale } from "./input.js";
import { matmul } from "./products.js";
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
 * @throws {NonFiniteError} when A is not finite
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
    real: result.real.map((value) => value / scale),
    imaginary: result.imaginary.map((value) => value / scale),
    vectors: result.vectors,
    residualNorms: result.residualNorms === null ? null : result.residualNorms.map((norm) => norm / scale),
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
  const order = Uint32Array.from(real, (_, k) => k).sort(
    (a, b) =>
      length2(real[b], imaginary[b]) - length2(real[a], imaginary[a]) ||
      real[b] - real[a] ||
      imaginary[b] - imaginary[a] ||
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
      const factor = 2 ** exponent;
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

/** Eigenvalues of the diagonal blocks of a quasi-triangular matrix. */
function quasiTriangularValues(n: number, t: Float64Array): { real: Float64Array; imaginary: Float64Array } {
  const real = new Float64Array(n);
  const imaginary = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const below = i < n - 1 ? t[(i + 1) * n + i] : 0;
    if (below === 0) {
      real[i] = t[i * (n + 1)];
      continue;
    }
    const half = 0.5 * (t[i * (n + 1)] - t[(i + 1) * (n + 1)]);
    const modulus = Math.sqrt(Math.max(0, -(half * half + t[i * n + i + 1] * below)));
    real[i] = real[i + 1] = 0.5 * (t[i * (n + 1)] + t[(i + 1) * (n + 1)]);
    imaginary[i] = modulus;
    imaginary[i + 1] = -modulus;
    i++;
  }
  return { real, imaginary };
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

/** Solves (T − λ) x = 0 for the block that starts at k, upwards; x is scaled whenever it grows large. */
function backSubstitute(
  n: number,
  t: Float64Array,
  k: number,
  wr: number,
  wi: number,
  smallest: number,
  re: Float64Array,
  im: Float64Array,
): void {
  re.fill(0);
  im.fill(0);
  let end = k; // last index of x that is not zero
  if (wi === 0) {
    re[k] = 1;
  } else {
    // Null vector of [a − λ, b; c, d − λ], from the row with the larger off-diagonal entry.
    const b = t[k * n + k + 1];
    const c = t[(k + 1) * n + k];
    end = k + 1;
    if (Math.abs(b) >= Math.abs(c)) {
      re[k] = 1;
      re[k + 1] = (wr - t[k * (n + 1)]) / b;
      im[k + 1] = wi / b;
    } else {
      re[k + 1] = 1;
      re[k] = (wr - t[(k + 1) * (n + 1)]) / c;
      im[k] = wi / c;
    }
  }
  for (let i = k - 1; i >= 0; i--) {
    const sums = rowSums(n, t, i, i + 1, end, re, im);
    if (i > 0 && t[i * n + i - 1] !== 0) {
      solvePair(n, t, i - 1, wr, wi, smallest, rowSums(n, t, i - 1, i + 1, end, re, im), sums, re, im);
      i--;
    } else {
      [re[i], im[i]] = divide(-sums[0], -sums[1], t[i * (n + 1)] - wr, -wi, smallest);
    }
    let size = Math.abs(re[i]) + Math.abs(im[i]);
    if (i + 1 < k) size = Math.max(size, Math.abs(re[i + 1]) + Math.abs(im[i + 1])); // the other half of a block
    if (size > 1e100) {
      for (let j = i; j <= end; j++) {
        re[j] /= size;
        im[j] /= size;
      }
    }
  }
}

/** Σ_j t[i][j] x_j over from … to. */
function rowSums(
  n: number,
  t: Float64Array,
  i: number,
  from: number,
  to: number,
  re: Float64Array,
  im: Float64Array,
): [number, number] {
  let sr = 0;
  let si = 0;
  for (let j = from; j <= to; j++) {
    const entry = t[i * n + j];
    sr += entry * re[j];
    si += entry * im[j];
  }
  return [sr, si];
}

/** (a + i b) / (c + i d); a divisor below `smallest` is replaced by it: a perturbation of T within rounding. */
function divide(a: number, b: number, c: number, d: number, smallest: number): [number, number] {
  const modulus = length2(c, d);
  if (modulus < smallest) return [a / smallest, b / smallest];
  const x = c / modulus;
  const y = d / modulus;
  return [(a * x + b * y) / modulus, (b * x - a * y) / modulus];
}

/** A complex number as [real part, imaginary part]. */
type Complex = readonly [number, number];

/** x − y z. */
function subtractProduct(x: Complex, y: Complex, z: Complex): Complex {
  return [x[0] - (y[0] * z[0] - y[1] * z[1]), x[1] - (y[0] * z[1] + y[1] * z[0])];
}

/**
 * Solves the 2 x 2 complex system of a diagonal block at k: (T_kk − λ) (x_k, x_{k+1}) = −(p, s), by elimination with complete
 * pivoting: Cramer's rule would lose everything where the determinant cancels.
 */
function solvePair(
  n: number,
  t: Float64Array,
  k: number,
  wr: number,
  wi: number,
  smallest: number,
  p: Complex,
  s: Complex,
  re: Float64Array,
  im: Float64Array,
): void {
  const entries: Complex[] = [
    [t[k * (n + 1)] - wr, -wi],
    [t[k * n + k + 1], 0],
    [t[(k + 1) * n + k], 0],
    [t[(k + 1) * (n + 1)] - wr, -wi],
  ];
  let at = 0;
  for (let e = 1; e < 4; e++) if (length2(...entries[e]) > length2(...entries[at])) at = e;
  const rowSwapped = at >= 2;
  const columnSwapped = at % 2 === 1;
  const entry = (row: 0 | 1, column: 0 | 1): Complex =>
    entries[(rowSwapped ? 1 - row : row) * 2 + (columnSwapped ? 1 - column : column)];
  const first: Complex = rowSwapped ? [-s[0], -s[1]] : [-p[0], -p[1]];
  const second: Complex = rowSwapped ? [-p[0], -p[1]] : [-s[0], -s[1]];
  const pivot = entry(0, 0);
  const factor = divide(...entry(1, 0), ...pivot, smallest);
  const corner = subtractProduct(entry(1, 1), factor, entry(0, 1));
  const y = divide(...subtractProduct(second, factor, first), ...corner, smallest);
  const x = divide(...subtractProduct(first, entry(0, 1), y), ...pivot, smallest);
  const [left, right] = columnSwapped ? [y, x] : [x, y];
  [re[k], im[k]] = left;
  [re[k + 1], im[k + 1]] = right;
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
