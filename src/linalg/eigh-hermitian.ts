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
import type { Certified, Certifying } from "./certified.js";
import { inUnitsOf } from "./certificate.js";
import type { ComplexVectors } from "./eig.js";
import {
  type MatrixInput,
  largestModulus,
  norm2,
  requireFlags,
  requireRepresentable,
  requireSquareInput,
  safeScale,
  unscale,
  unscaleNumber,
} from "./input.js";
import { backTransformHermitian, reduceHermitian } from "./hermitian-reduction.js";
import { tridiagonalValues, tridiagonalVectors } from "./tridiagonal-eigh.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";
import { type HermitianCertificate, certifyHermitian } from "./vector-certificate.js";
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
  /** Measure residuals, orthogonality and error bounds (needs vectors); default false. */
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
  readonly certificate: HermitianCertificate | null;
}

/**
 * Computes eigenvalues and eigenvectors of a complex Hermitian matrix.
 *
 * Relation: A V = V diag(values), Vᴴ V = I, A = re + i im. Complex Householder reduction to a real tridiagonal matrix in
 * blocks, then as {@link eigh}: no doubled eigenvalues of a real embedding to be sorted out.
 *
 * @param A n x n: re symmetric and im antisymmetric, both checked against n ε ‖A‖_F
 * @throws {ShapeError} when the parts are not square or differ in size
 * @throws {AsymmetricError} when A is not Hermitian
 * @throws {NonFiniteError} when an entry is not finite, or ‖A‖_F overflows
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 * @throws {ResourceError} when the work space is beyond memory
 *
 * Accuracy: residual and orthogonality within a small multiple of n ε. Cost: 8 n³ flops for values, about 9 n³
 * more with vectors.
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
export function eighHermitian<C extends boolean = false>(
  A: ComplexMatrixInput,
  options?: Certifying<EighHermitianOptions, C> & { readonly vectors?: true },
): Certified<HermitianEigen & { readonly vectors: ComplexVectors }, C>;
/** With vectors: false, or a choice made at run time. */
export function eighHermitian(A: ComplexMatrixInput, options?: EighHermitianOptions): HermitianEigen;
export function eighHermitian(A: ComplexMatrixInput, options: EighHermitianOptions = {}): HermitianEigen {
  return inTheNameOf("eighHermitian", () => decompose(A, options));
}

function decompose(A: ComplexMatrixInput, options: EighHermitianOptions): HermitianEigen {
  requireOptions(options, ["vectors", "certificate"], "eighHermitian");
  requireFlags(options, ["vectors", "certificate"], "eighHermitian");
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
  const reduction = reduceHermitian(n, re, im);
  const finish = (scaled: Float64Array, vectors: ComplexVectors | null): HermitianEigen => ({
    values: unscale(scaled.slice(), scale, "the eigenvalues", "eighHermitian"),
    vectors,
    norm: unscaleNumber(norm, scale, "the norm of A", "eighHermitian"),
    resolved: Array.from(scaled, (value) => Math.abs(value) > n * EPSILON * norm),
    certificate:
      original === null || vectors === null ? null : inUnits(certifyHermitian(original, norm, scaled, vectors), scale),
  });
  if (options.vectors === false) {
    reduction.release();
    return finish(tridiagonalValues(n, reduction.diagonal, reduction.offDiagonal), null);
  }
  const inner = tridiagonalVectors(n, reduction.diagonal, reduction.offDiagonal);
  const outer = backTransformHermitian(reduction, n, inner.rows);
  inner.release();
  reduction.release();
  const vectors = columnsFromRows(n, outer.rows);
  outer.release();
  return finish(inner.values, vectors);
}

function inUnits(certificate: HermitianCertificate, scale: number): HermitianCertificate {
  return {
    ...certificate,
    residualNorms: certificate.residualNorms.map((value) => value / scale),
    errorBounds: certificate.errorBounds.map((bound) => inUnitsOf(bound, scale)),
  };
}

/**
 * Multiplies the factors of {@link eighHermitian} again.
 *
 * Relation: V diag(values) Vᴴ = re + i im.
 *
 * @param decomposition from {@link eighHermitian}, with vectors
 * @throws {ShapeError} when the parts differ in size, or there is not one value per vector
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
  const re = requireMatrix(decomposition.vectors?.re, "decomposition.vectors.re", caller);
  const im = requireMatrix(decomposition.vectors.im, "decomposition.vectors.im", caller);
  const refuse = (argument: string, expected: string, got: string): ShapeError =>
    new ShapeError({ function: caller, argument: `decomposition.${argument}`, expected, got });
  const { rows: n, cols: count } = re;
  if (im.rows !== n || im.cols !== count) {
    throw refuse("vectors.im", `${n} x ${count}, as decomposition.vectors.re`, `${im.rows} x ${im.cols}`);
  }
  if (values.length !== count) {
    throw refuse("values", `of length ${count}, one per vector`, `length ${values.length}`);
  }
  const scaled = (V: Matrix): Matrix => ({ ...V, data: V.data.map((entry, k) => entry * values[k % count]) });
  const product = (A: Matrix, B: Matrix): Float64Array =>
    inTheNameOf(caller, () => matmul(A, B, { transposeB: true })).data;
  const [real, imaginary] = [scaled(re), scaled(im)];
  const ii = product(imaginary, im);
  const ri = product(real, im);
  const data = product(real, re).map((entry, k) => entry + ii[k]);
  const besides = product(imaginary, re).map((entry, k) => entry - ri[k]);
  requireRepresentable(data, "V diag(values) Vᴴ", caller);
  requireRepresentable(besides, "V diag(values) Vᴴ", caller);
  return { re: { rows: n, cols: n, data }, im: { rows: n, cols: n, data: besides } };
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

/** Turns each row of interleaved complex numbers so that its entry of largest modulus is real and positive, and makes them columns. */
function columnsFromRows(n: number, rows: Float64Array): ComplexVectors {
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  const turns = new Float64Array(2 * n); // conjugate phases
  const pivots = new Uint32Array(n);
  for (let k = 0; k < n; k++) {
    let largest = 0;
    for (let i = 0, at = 2 * k * n; i < n; i++, at += 2) {
      const squares = rows[at] * rows[at] + rows[at + 1] * rows[at + 1];
      // A component that is larger by rounding only must not win over an earlier one.
      if (squares > largest * (1 + 16 * EPSILON)) {
        largest = squares;
        pivots[k] = i;
      }
    }
    const at = 2 * (k * n + pivots[k]);
    const modulus = Math.sqrt(largest);
    turns[2 * k] = rows[at] / modulus;
    turns[2 * k + 1] = -rows[at + 1] / modulus;
  }
  const block = 16; // rows and columns of a block stay in cache
  for (let k0 = 0; k0 < n; k0 += block) {
    const k1 = Math.min(n, k0 + block);
    for (let i = 0; i < n; i++) {
      for (let k = k0, to = i * n + k0, from = 2 * (k0 * n + i); k < k1; k++, to++, from += 2 * n) {
        const x = rows[from];
        const y = rows[from + 1];
        re[to] = turns[2 * k] * x - turns[2 * k + 1] * y;
        im[to] = turns[2 * k] * y + turns[2 * k + 1] * x;
      }
    }
  }
  for (let k = 0; k < n; k++) im[pivots[k] * n + k] = 0;
  return { re: { rows: n, cols: n, data: re }, im: { rows: n, cols: n, data: im } };
}
