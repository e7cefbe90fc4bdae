import {
  type Matrix,
  OptionError,
  ShapeError,
  SingularError,
  requireMatrix,
  requireOptions,
  requireVector,
} from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { trsm } from "../routines/index.js";
import { factorInPlace } from "./cholesky.js";
import { reconstructEigh } from "./eigh-certificate.js";
import { eigh } from "./eigh.js";
import {
  type MatrixInput,
  type Triangle,
  requireFlags,
  requireRepresentable,
  requireSquareInput,
  requireSymmetric,
  timesQuotient,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { matmul } from "./products.js";
import { type VectorCertificate, certifyPencil } from "./vector-certificate.js";
import { signOf } from "./vectors.js";

/** Options of {@link generalizedEigh}. */
export interface GeneralizedEighOptions {
  /** Compute eigenvectors; default true. */
  readonly vectors?: boolean;
  /** Measure residuals and B-orthogonality (needs vectors); default false. */
  readonly certificate?: boolean;
  /** Read this triangle of both matrices only; without it symmetry is checked against n ε times the norms. */
  readonly triangle?: Triangle;
}

/** Eigenvalues and vectors of a symmetric-definite pencil. */
export interface GeneralizedEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Eigenvectors as columns with Xᵀ B X = I, the entry of largest modulus positive; null for vectors: false. */
  readonly vectors: Matrix | null;
  /** What was measured on request, else null. */
  readonly certificate: VectorCertificate | null;
}

/**
 * Solves A x = λ B x for symmetric A and symmetric positive definite B.
 *
 * Relation: A X = B X diag(values), Xᵀ B X = I. By the Cholesky factor B = L Lᵀ: an ordinary problem for L⁻¹ A L⁻ᵀ.
 *
 * @param A n x n, symmetric (checked)
 * @param B n x n, symmetric positive definite (checked)
 * @throws {SingularError} when B is not positive definite, with the failing pivot
 * @throws {ShapeError} when the sizes differ
 * @throws {NonFiniteError} when an entry is not finite, or an eigenvalue overflows
 * @throws {AsymmetricError} when one of them is not symmetric
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: the error of λ is within a small multiple of n ε (‖A‖ + |λ| ‖B‖) ‖B⁻¹‖, and Xᵀ B X = I holds to n ε cond(B): an ill-conditioned
 * B costs digits, which the certificate shows. Cost: that of {@link eigh} plus 3 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { generalizedEigh } from "eigenscope/linalg";
 * const { values } = generalizedEigh(fromRows([[1, 0], [0, 6]]), fromRows([[1, 0], [0, 2]]));
 * console.log(values[0].toFixed(12), values[1].toFixed(12)); // 1.000000000000 3.000000000000
 * ```
 */
export function generalizedEigh<C extends boolean = false>(
  A: MatrixInput,
  B: MatrixInput,
  options?: Certifying<GeneralizedEighOptions, C> & { readonly vectors?: true },
): Certified<GeneralizedEigen & { readonly vectors: Matrix }, C>;
/** With vectors: false, or a choice made at run time. */
export function generalizedEigh(A: MatrixInput, B: MatrixInput, options?: GeneralizedEighOptions): GeneralizedEigen;
export function generalizedEigh(
  A: MatrixInput,
  B: MatrixInput,
  options: GeneralizedEighOptions = {},
): GeneralizedEigen {
  const caller = "generalizedEigh";
  requireOptions(options, ["vectors", "triangle", "certificate"], caller);
  requireFlags(options, ["vectors", "certificate"], caller);
  if (options.certificate === true && options.vectors === false) {
    throw new OptionError({
      function: caller,
      argument: 'option "certificate"',
      expected: "used with vectors",
      got: "vectors: false",
      remedy: "ask for vectors",
    });
  }
  const left = requireSymmetric(A, options.triangle, "A", caller);
  const right = requireSymmetric(B, options.triangle, "B", caller);
  const { n } = left;
  if (right.n !== n) {
    throw new ShapeError({
      function: caller,
      argument: "B",
      expected: `${n} x ${n}, as A`,
      got: `${right.n} x ${right.n}`,
    });
  }
  const matrix = ({ data, scale }: { data: Float64Array; scale: number }): Matrix => ({
    rows: n,
    cols: n,
    data: data.map((entry) => entry / scale),
  });
  const original = options.certificate === true ? { A: matrix(left), B: matrix(right) } : null;
  const failed = factorInPlace(n, right.data);
  if (failed >= 0) {
    throw new SingularError({
      function: caller,
      argument: "B",
      expected: "positive definite",
      got: `pivot ${(right.data[failed * n + failed] / right.scale).toExponential(3)} at index ${failed}`,
      remedy: "exchange the matrices if A is definite, or regularise B",
    });
  }
  const c = left.data; // A, then L⁻¹ A L⁻ᵀ
  trsm("left", "lower", false, false, n, n, 1, right.data, 0, n, c, 0, n);
  trsm("right", "lower", true, false, n, n, 1, right.data, 0, n, c, 0, n);
  requireRepresentable(c, "L⁻¹ A L⁻ᵀ with B = L Lᵀ", caller);
  const inner = inTheNameOf(caller, () =>
    eigh({ rows: n, cols: n, data: c }, { vectors: options.vectors !== false, triangle: "lower" }),
  );
  // λ of the scaled pencil is λ left.scale / right.scale.
  const values = timesQuotient(inner.values.slice(), right.scale, left.scale);
  requireRepresentable(values, "the eigenvalues", caller);
  if (inner.vectors === null) return { values, vectors: null, certificate: null };
  const x = inner.vectors.data;
  trsm("left", "lower", true, false, n, n, 1, right.data, 0, n, x, 0, n);
  const root = Math.sqrt(right.scale); // scaled B is right.scale · B
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) column[i] = x[i * n + j];
    const sign = signOf(column, 0, n) * root;
    for (let i = 0; i < n; i++) x[i * n + j] *= sign;
  }
  const vectors = { rows: n, cols: n, data: x };
  return {
    values,
    vectors,
    certificate: original === null ? null : certifyPencil(original.A, original.B, values, vectors),
  };
}

/**
 * Multiplies the factors of {@link generalizedEigh} again.
 *
 * Relation: B X diag(values) Xᵀ B = A, because Xᵀ B X = I.
 *
 * @param decomposition from {@link generalizedEigh}, with vectors
 * @param B the matrix that the pencil was solved with
 * @throws {ShapeError} when the sizes differ
 *
 * Accuracy: n ε ‖A‖ cond(B). Cost: 6 n³ flops.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { generalizedEigh, reconstructPencil } from "eigenscope/linalg";
 * const B = fromRows([[2, 1], [1, 2]]);
 * const A = reconstructPencil(generalizedEigh(fromRows([[1, 0], [0, 3]]), B), B);
 * console.log(A.data[0].toFixed(12), A.data[3].toFixed(12)); // 1.000000000000 3.000000000000
 * ```
 */
export function reconstructPencil(
  decomposition: {
    /** Eigenvalues. */
    readonly values: Float64Array;
    /** Eigenvectors as columns, Xᵀ B X = I. */
    readonly vectors: Matrix;
  },
  B: MatrixInput,
): Matrix {
  const caller = "reconstructPencil";
  const right = requireSquareInput(B, "B", caller);
  const vectors = requireMatrix(decomposition?.vectors, "decomposition.vectors", caller);
  const { rows: n } = right;
  if (vectors.rows !== n || vectors.cols !== n) {
    throw new ShapeError({
      function: caller,
      argument: "decomposition.vectors",
      expected: `${n} x ${n}, as B`,
      got: `${vectors.rows} x ${vectors.cols}`,
    });
  }
  const values = requireVector(decomposition.values, n, "decomposition.values", caller);
  return inTheNameOf(caller, () => reconstructEigh({ values, vectors: matmul(right, vectors) }));
}
