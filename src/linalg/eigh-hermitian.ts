import {
  AsymmetricError,
  EPSILON,
  type Matrix,
  OptionError,
  ShapeError,
  requireMatrix,
  requireOptions,
  requireVector,
} from "../core/index.js";
import type { ComplexVectors } from "./eig.js";
import {
  type MatrixInput,
  largestModulus,
  norm2,
  requireSquareInput,
  safeScale,
  unscale,
  unscaleNumber,
} from "./input.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import { matmul } from "./products.js";
import { type VectorCertificate, certifyHermitian } from "./vector-certificate.js";
import { length2 } from "./scalar.js";

/** A complex matrix in two parts. */
export interface ComplexMatrixInput {
  /** Real parts. */
  readonly re: MatrixInput;
  /** Imaginary parts, of the same shape. */
  readonly im: MatrixInput;
}

/** Options of {@link eighHermitian}. */
export interface EighHermitianOptions {
  /** Compute eigenvectors; default true. */
  readonly vectors?: boolean;
  /** Measure residuals and orthogonality (needs vectors); default false. */
  readonly certificate?: boolean;
}

/** Eigenvalues, and eigenvectors if asked for, of a Hermitian matrix. */
export interface HermitianEigen {
  /** Eigenvalues, ascending; real. */
  readonly values: Float64Array;
  /** Unit eigenvectors as columns, the component of largest modulus real and positive; null for vectors: false. */
  readonly vectors: ComplexVectors | null;
  /** ‖A‖_F. */
  readonly norm: number;
  /** Per value: |λ| > n ε ‖A‖_F. */
  readonly resolved: readonly boolean[];
  /** What was measured on request, else null. */
  readonly certificate: VectorCertificate | null;
}

/**
 * Computes eigenvalues and eigenvectors of a complex Hermitian matrix.
 *
 * Relation: A V = V diag(values), Vᴴ V = I, A = re + i im. Complex Householder reduction to a real tridiagonal matrix,
 * then as {@link eigh}: no doubled eigenvalues of a real embedding to be sorted out.
 *
 * @param A n x n: re symmetric and im antisymmetric, both checked against n ε ‖A‖_F
 * @throws {ShapeError} when the parts are not square or differ in size
 * @throws {AsymmetricError} when A is not Hermitian
 *
 * Accuracy: residual and orthogonality within a small multiple of n ε. Cost: about 16 n³/3 flops for values, 12 n³ more
 * with vectors, unblocked.
 * @see [parlett1998]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { eighHermitian } from "eigenscope/linalg";
 * const { values } = eighHermitian({ re: fromRows([[2, 0], [0, 2]]), im: fromRows([[0, -1], [1, 0]]) });
 * console.log(values[0].toFixed(12), values[1].toFixed(12)); // 1.000000000000 3.000000000000
 * ```
 */
export function eighHermitian(
  A: ComplexMatrixInput,
  options?: EighHermitianOptions & { readonly vectors?: true },
): HermitianEigen & { readonly vectors: ComplexVectors };
/** With vectors: false, or a choice made at run time. */
export function eighHermitian(A: ComplexMatrixInput, options?: EighHermitianOptions): HermitianEigen;
export function eighHermitian(A: ComplexMatrixInput, options: EighHermitianOptions = {}): HermitianEigen {
  requireOptions(options, ["vectors", "certificate"], "eighHermitian");
  if (options.certificate === true && options.vectors === false) {
    throw new OptionError({
      function: "eighHermitian",
      argument: 'option "certificate"',
      expected: "used with vectors",
      got: "vectors: false",
      remedy: "ask for vectors",
    });
  }
  const { n, re, im, scale, norm } = requireHermitian(A);
  const matrix = (data: Float64Array): Matrix => ({ rows: n, cols: n, data });
  const original = options.certificate === true ? { re: matrix(re.slice()), im: matrix(im.slice()) } : null;
  const reduction = reduce(n, re, im);
  const finish = (scaled: Float64Array, vectors: ComplexVectors | null): HermitianEigen => ({
    values: unscale(scaled.slice(), scale, "the eigenvalues", "eighHermitian"),
    vectors,
    norm: unscaleNumber(norm, scale, "the norm of A", "eighHermitian"),
    resolved: Array.from(scaled, (value) => Math.abs(value) > n * EPSILON * norm),
    certificate:
      original === null || vectors === null ? null : inUnits(certifyHermitian(original, norm, scaled, vectors), scale),
  });
  if (options.vectors === false) return finish(tridiagonalValues(n, reduction.diagonal, reduction.offDiagonal), null);
  const { values, rows } = tridiagonalVectors(n, reduction.diagonal, reduction.offDiagonal);
  return finish(values, backTransform(n, reduction, rows));
}

function inUnits(certificate: VectorCertificate, scale: number): VectorCertificate {
  return { ...certificate, residualNorms: certificate.residualNorms.map((value) => value / scale) };
}

/**
 * Multiplies the factors of {@link eighHermitian} again.
 *
 * Relation: V diag(values) Vᴴ = re + i im.
 *
 * @param decomposition from {@link eighHermitian}, with vectors
 *
 * Accuracy: n ε ‖A‖. Cost: 8 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { eighHermitian, reconstructHermitian } from "eigenscope/linalg";
 * const A = { re: fromRows([[2, 0], [0, 2]]), im: fromRows([[0, -1], [1, 0]]) };
 * console.log(reconstructHermitian(eighHermitian(A)).im.data[2].toFixed(12)); // 1.000000000000
 * ```
 */
export function reconstructHermitian(decomposition: {
  readonly values: Float64Array;
  readonly vectors: ComplexVectors;
}): ComplexVectors {
  const caller = "reconstructHermitian";
  const values = requireVector(decomposition?.values, null, "decomposition.values", caller);
  const vectors = {
    re: requireMatrix(decomposition.vectors?.re, "decomposition.vectors.re", caller),
    im: requireMatrix(decomposition.vectors.im, "decomposition.vectors.im", caller),
  };
  const n = values.length;
  const scaled = (V: Matrix): Matrix => ({ ...V, data: V.data.map((entry, k) => entry * values[k % n]) });
  const [re, im] = [scaled(vectors.re), scaled(vectors.im)];
  const product = (A: Matrix, B: Matrix): Float64Array => matmul(A, B, { transposeB: true }).data;
  const ii = product(im, vectors.im);
  const ri = product(re, vectors.im);
  return {
    re: { rows: n, cols: n, data: product(re, vectors.re).map((entry, k) => entry + ii[k]) },
    im: { rows: n, cols: n, data: product(im, vectors.re).map((entry, k) => entry - ri[k]) },
  };
}

function requireHermitian(A: ComplexMatrixInput): {
  n: number;
  re: Float64Array;
  im: Float64Array;
  scale: number;
  norm: number;
} {
  const caller = "eighHermitian";
  const real = requireSquareInput(A?.re, "A.re", caller);
  const imaginary = requireSquareInput(A.im, "A.im", caller);
  const n = real.rows;
  if (imaginary.rows !== n) {
    throw new ShapeError({
      function: caller,
      argument: "A.im",
      expected: `${n} x ${n}, as A.re`,
      got: `${imaginary.rows} x ${imaginary.rows}`,
    });
  }
  const scale = safeScale(Math.max(largestModulus(real.data), largestModulus(imaginary.data)));
  const re = real.data.map((entry) => entry * scale);
  const im = imaginary.data.map((entry) => entry * scale);
  const norm = length2(norm2(re, 0, re.length), norm2(im, 0, im.length));
  let asymmetry = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const ij = i * n + j;
      const ji = j * n + i;
      asymmetry = Math.max(asymmetry, Math.abs(re[ij] - re[ji]), Math.abs(im[ij] + im[ji]));
      re[ij] = re[ji] = 0.5 * (re[ij] + re[ji]);
      im[ij] = 0.5 * (im[ij] - im[ji]);
      im[ji] = -im[ij];
    }
  }
  if (asymmetry > n * EPSILON * norm) {
    throw new AsymmetricError({
      function: caller,
      argument: "A",
      expected: `Hermitian to n ε ‖A‖_F = ${((n * EPSILON * norm) / scale).toExponential(2)}`,
      got: `a difference of ${(asymmetry / scale).toExponential(2)} between an entry and its mirror's conjugate`,
      remedy: "re must be symmetric and im antisymmetric; average with the conjugate transpose",
    });
  }
  return { n, re, im, scale, norm };
}

interface HermitianReduction {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
  /** Row k: reflector k, entries k + 1 … n − 1. */
  readonly vr: Float64Array;
  readonly vi: Float64Array;
  readonly tau: Float64Array;
  /** Phases that make the subdiagonal real: A = Q diag(phase) T diag(phase)ᴴ Qᴴ. */
  readonly phaseRe: Float64Array;
  readonly phaseIm: Float64Array;
}

/** Householder reduction with H = I − τ v vᴴ, τ real; re and im (full, exactly Hermitian) are destroyed. */
function reduce(n: number, re: Float64Array, im: Float64Array): HermitianReduction {
  const vr = new Float64Array(n * n);
  const vi = new Float64Array(n * n);
  const tau = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const phaseRe = new Float64Array(n).fill(1);
  const phaseIm = new Float64Array(n);
  const pr = new Float64Array(n); // τ A v, then w
  const pi = new Float64Array(n);
  for (let k = 0; k + 1 < n; k++) {
    // Column k below the diagonal is the conjugate of row k, which is contiguous.
    const at = k * n;
    for (let i = k + 1; i < n; i++) {
      vr[at + i] = re[at + i];
      vi[at + i] = -im[at + i];
    }
    const tail = length2(norm2(vr, at + k + 2, n - k - 2), norm2(vi, at + k + 2, n - k - 2));
    const ar = vr[at + k + 1];
    const ai = vi[at + k + 1];
    const modulus = length2(ar, ai);
    const norm = length2(modulus, tail);
    const ur = modulus === 0 ? 1 : ar / modulus;
    const ui = modulus === 0 ? 0 : ai / modulus;
    // H x = −e^{iθ} ‖x‖ e₁ with θ the phase of x₁; for a column that is already reduced H = I keeps +.
    const isReduced = tail === 0; // not norm = modulus: a tail that vanishes in the norm does not vanish in A
    const sign = isReduced ? 1 : -1;
    offDiagonal[k] = norm;
    // φ_{k+1} = φ_k β/|β|.
    phaseRe[k + 1] = sign * (phaseRe[k] * ur - phaseIm[k] * ui);
    phaseIm[k + 1] = sign * (phaseRe[k] * ui + phaseIm[k] * ur);
    if (isReduced) continue;
    vr[at + k + 1] = ur * (modulus + norm);
    vi[at + k + 1] = ui * (modulus + norm);
    // Unit-free v: divided by its norm, so that τ = 2 whatever the scale.
    const length = Math.sqrt(2 * norm) * Math.sqrt(norm + modulus);
    for (let i = k + 1; i < n; i++) {
      vr[at + i] /= length;
      vi[at + i] /= length;
    }
    tau[k] = 2;
    rankTwoUpdate(n, k, re, im, vr, vi, pr, pi);
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => re[i * n + i]);
  return { diagonal, offDiagonal, vr, vi, tau, phaseRe, phaseIm };
}

/** A <- H A H on rows and columns > k, H = I − 2 v vᴴ: A −= v wᴴ + w vᴴ, w = p − (vᴴ p) v, p = 2 A v. */
function rankTwoUpdate(
  n: number,
  k: number,
  re: Float64Array,
  im: Float64Array,
  vr: Float64Array,
  vi: Float64Array,
  pr: Float64Array,
  pi: Float64Array,
): void {
  const v = k * n;
  let inner = 0; // vᴴ p, real because A is Hermitian
  for (let i = k + 1; i < n; i++) {
    let sumR = 0;
    let sumI = 0;
    for (let j = k + 1, a = i * n + k + 1; j < n; j++, a++) {
      sumR += re[a] * vr[v + j] - im[a] * vi[v + j];
      sumI += re[a] * vi[v + j] + im[a] * vr[v + j];
    }
    pr[i] = 2 * sumR;
    pi[i] = 2 * sumI;
    inner += vr[v + i] * pr[i] + vi[v + i] * pi[i];
  }
  for (let i = k + 1; i < n; i++) {
    pr[i] -= inner * vr[v + i];
    pi[i] -= inner * vi[v + i];
  }
  for (let i = k + 1; i < n; i++) {
    const xr = vr[v + i];
    const xi = vi[v + i];
    const yr = pr[i];
    const yi = pi[i];
    for (let j = k + 1, a = i * n + k + 1; j < n; j++, a++) {
      // v_i conj(w_j) + w_i conj(v_j)
      re[a] -= xr * pr[j] + xi * pi[j] + yr * vr[v + j] + yi * vi[v + j];
      im[a] -= xi * pr[j] - xr * pi[j] + yi * vr[v + j] - yr * vi[v + j];
    }
  }
}

/** V = Q diag(phase) Z for Z given as rows, normalised in phase. */
function backTransform(n: number, reduction: HermitianReduction, rows: Float64Array): ComplexVectors {
  const { vr, vi, tau, phaseRe, phaseIm } = reduction;
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      re[i * n + j] = phaseRe[i] * rows[j * n + i];
      im[i * n + j] = phaseIm[i] * rows[j * n + i];
    }
  }
  const sr = new Float64Array(n); // vᴴ C
  const si = new Float64Array(n);
  for (let k = n - 2; k >= 0; k--) {
    if (tau[k] === 0) continue;
    sr.fill(0);
    si.fill(0);
    for (let i = k + 1; i < n; i++) {
      const xr = vr[k * n + i];
      const xi = vi[k * n + i];
      for (let j = 0, c = i * n; j < n; j++, c++) {
        sr[j] += xr * re[c] + xi * im[c];
        si[j] += xr * im[c] - xi * re[c];
      }
    }
    for (let i = k + 1; i < n; i++) {
      const xr = 2 * vr[k * n + i];
      const xi = 2 * vi[k * n + i];
      for (let j = 0, c = i * n; j < n; j++, c++) {
        re[c] -= xr * sr[j] - xi * si[j];
        im[c] -= xr * si[j] + xi * sr[j];
      }
    }
  }
  for (let j = 0; j < n; j++) fixPhase(n, re, im, j);
  return { re: { rows: n, cols: n, data: re }, im: { rows: n, cols: n, data: im } };
}

/** Turns column j so that its component of largest modulus is real and positive. */
function fixPhase(n: number, re: Float64Array, im: Float64Array, j: number): void {
  let largest = 0;
  let at = j;
  for (let i = j; i < n * n; i += n) {
    const modulus = length2(re[i], im[i]);
    // A component that is larger by rounding only must not win over an earlier one.
    if (modulus > largest * (1 + 8 * EPSILON)) {
      largest = modulus;
      at = i;
    }
  }
  if (largest === 0) return;
  const c = re[at] / largest;
  const s = im[at] / largest;
  for (let i = j; i < n * n; i += n) {
    const x = re[i];
    re[i] = c * x + s * im[i];
    im[i] = c * im[i] - s * x;
  }
  im[at] = 0;
}
