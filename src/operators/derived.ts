import {
  AsymmetricError,
  type ExactSpectrum,
  type Matrix,
  ShapeError,
  type Tagged,
  defined,
  dot,
  norm,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOptions,
  undefinedBecause,
} from "../core/index.js";
import { qr } from "../linalg/index.js";
import { type Rng, fillNormal, requireRng } from "../random/index.js";
import { fromMatrix } from "./from-matrix.js";
import { type LinearOperator, type SymmetricOperator, applyTransposeOf, isSymmetric } from "./operator.js";
import {
  requireOperator,
  requireSquareOperator,
  requireSymmetricOperator,
  requireTranspose,
} from "./require-operator.js";

/**
 * Makes the Gram operator Aᵀ A.
 *
 * Relation: gramOperator(A) x = Aᵀ (A x); its eigenvalues are the squares of A's singular values. Squaring halves the number
 * of digits of small singular values: use svds for those.
 *
 * @param A operator with a transpose
 * @returns a symmetric operator of order A.cols
 * @throws {ArgumentError} when A offers only apply
 *
 * Cost: one product with A and one with Aᵀ.
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { fromMatrix, gramOperator } from "eigenscope/operators";
 * const out = new Float64Array(1);
 * gramOperator(fromMatrix(fromRows([[3], [4]]))).apply(Float64Array.of(1), out);
 * console.log(out[0]); // 25
 * ```
 */
export function gramOperator(A: LinearOperator): SymmetricOperator {
  const operator = requireTranspose(requireOperator(A, "A", "gramOperator"), "A", "gramOperator");
  const image = new Float64Array(operator.rows); // A x
  const apply = (x: Float64Array, out: Float64Array): void => {
    operator.apply(x, image);
    applyTransposeOf(operator, image, out);
  };
  return { rows: operator.cols, cols: operator.cols, symmetric: true, apply, applyTranspose: apply };
}

/**
 * Restricts a square operator to a set of coordinates (a principal submatrix), such as the parameters of one layer.
 *
 * Relation: restrict(A, J) = A[J, J]; for symmetric A its eigenvalues interlace those of A.
 *
 * @param A square operator of order n
 * @param indices distinct coordinates in 0 … n − 1, in the order of the result
 * @returns an operator of order indices.length, symmetric when A is
 * @throws {ShapeError} when A is not square
 * @throws {ArgumentError} when an index is out of range
 *
 * Cost: one product with A and two vectors of length n.
 */
export function restrict(A: SymmetricOperator, indices: ArrayLike<number>): SymmetricOperator;
export function restrict(A: LinearOperator, indices: ArrayLike<number>): LinearOperator;
export function restrict(A: LinearOperator, indices: ArrayLike<number>): LinearOperator {
  const operator = requireOperator(A, "A", "restrict");
  const n = requireSquareOperator(operator, "A", "restrict");
  requireFinite(indices, "indices", "restrict");
  const J = Uint32Array.from(indices, (index, k) => requireInteger(index, `indices[${k}]`, "restrict", 0, n - 1));
  const spread = new Float64Array(n); // x put back to its coordinates
  const image = new Float64Array(n);
  const through =
    (product: (x: Float64Array, out: Float64Array) => void) =>
    (x: Float64Array, out: Float64Array): void => {
      spread.fill(0);
      for (let k = 0; k < J.length; k++) spread[J[k]] = x[k];
      product(spread, image);
      for (let k = 0; k < J.length; k++) out[k] = image[J[k]];
    };
  const size = { rows: J.length, cols: J.length };
  const apply = through((x, out) => operator.apply(x, out));
  if (isSymmetric(operator)) return { ...size, symmetric: true, apply, applyTranspose: apply } as SymmetricOperator;
  if (operator.applyTranspose === undefined) return { ...size, apply };
  return { ...size, apply, applyTranspose: through((x, out) => operator.applyTranspose!(x, out)) };
}

/**
 * Projects known directions out of a symmetric operator.
 *
 * Relation: deflate(A, V) = (I − QQᵀ) A (I − QQᵀ) with Q an orthonormal basis of V's columns: eigenvectors in V get the
 * eigenvalue 0, the others keep theirs.
 *
 * @param A symmetric operator of order n
 * @param vectors n x k, k < n, for instance the vectors of an eigsh result
 * @returns a symmetric operator
 * @throws {ShapeError} when vectors has not n rows or too many columns
 * @throws {NonFiniteError} when an entry is NaN or infinite
 *
 * Cost: one product with A and 8 n k flops.
 */
export function deflate(A: SymmetricOperator, vectors: Matrix): SymmetricOperator {
  const operator = requireSymmetricOperator(A, "A", "deflate");
  requireMatrix(vectors, "vectors", "deflate");
  requireFinite(vectors.data, "vectors", "deflate");
  const n = operator.rows;
  if (vectors.rows !== n || vectors.cols >= n) {
    throw new ShapeError({
      function: "deflate",
      argument: "vectors",
      expected: `of ${n} rows and fewer columns`,
      got: `${vectors.rows} x ${vectors.cols}`,
    });
  }
  if (vectors.cols === 0) return operator;
  const Q = fromMatrix(qr(vectors).q, { symmetric: false });
  const overlaps = new Float64Array(vectors.cols);
  const inside = new Float64Array(n);
  const project = (v: Float64Array): void => {
    Q.applyTranspose!(v, overlaps);
    Q.apply(overlaps, inside);
    for (let i = 0; i < n; i++) v[i] -= inside[i];
  };
  const projected = new Float64Array(n);
  const apply = (x: Float64Array, out: Float64Array): void => {
    projected.set(x);
    project(projected);
    operator.apply(projected, out);
    project(out);
  };
  return { rows: n, cols: n, symmetric: true, apply, applyTranspose: apply };
}

/** Options of {@link checkedSymmetric}. */
export interface CheckedSymmetricOptions {
  /** Stream for the test vectors. */
  readonly rng: Rng;
  /** Number of random pairs; 3 by default. */
  readonly probes?: number;
  /** Largest |xᵀ A y − yᵀ A x| accepted, relative to ‖A x‖ ‖y‖ + ‖A y‖ ‖x‖; 1e-10 by default. */
  readonly tolerance?: number;
}

/**
 * Tests that an operator is symmetric and deterministic, and returns it with the symmetric mark.
 *
 * Relation: xᵀ (A y) = (A x)ᵀ y for random x, y, and A x twice gives the same bits. A random pair misses an asymmetry of
 * norm δ only with probability of order tolerance/δ.
 *
 * @param A square operator
 * @param options.rng stream for the test vectors
 * @returns the operator, marked symmetric
 * @throws {AsymmetricError} when a pair disagrees, or a repeated product differs
 * @throws {ShapeError} when A is not square
 *
 * Cost: 2 · probes + 1 products.
 *
 * @example
 * ```ts
 * import { checkedSymmetric, fromFunction } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * const A = checkedSymmetric(fromFunction(2, (x) => [x[1] ?? 0, x[0] ?? 0]), { rng: createRng(1) });
 * console.log(A.symmetric); // true
 * ```
 */
export function checkedSymmetric(A: LinearOperator, options: CheckedSymmetricOptions): SymmetricOperator {
  const caller = "checkedSymmetric";
  const operator = requireOperator(A, "A", caller);
  const n = requireSquareOperator(operator, "A", caller);
  requireOptions(options, ["rng", "probes", "tolerance"], caller, "required");
  const rng = requireRng(options.rng, caller);
  const probes = requireInteger(options?.probes ?? 3, "probes", caller, 1);
  const tolerance = requireNumber(options?.tolerance ?? 1e-10, "tolerance", caller, 0, 1);
  const product = (x: Float64Array): Float64Array => {
    const out = new Float64Array(n);
    operator.apply(x, out);
    return out;
  };
  for (let probe = 0; probe < probes; probe++) {
    const x = fillNormal(rng, new Float64Array(n));
    const y = fillNormal(rng, new Float64Array(n));
    const Ax = product(x);
    const Ay = product(y);
    const difference = Math.abs(dot(x, Ay) - dot(Ax, y));
    const scale = norm(Ax) * norm(y) + norm(Ay) * norm(x);
    const repeated = probe > 0 || product(x).every((value, i) => value === Ax[i]);
    if (difference <= tolerance * scale && repeated) continue;
    throw new AsymmetricError({
      function: caller,
      argument: "A",
      expected: repeated ? "symmetric: xᵀ A y = yᵀ A x" : "deterministic: equal inputs, equal products",
      got: repeated
        ? `a relative difference of ${(difference / scale).toExponential(2)}`
        : "two different products of one vector",
      remedy: "check the operator (a Hessian of a fixed batch, without dropout), or use svds for a general one",
    });
  }
  const { applyTranspose, exactSpectrum } = operator;
  return {
    rows: n,
    cols: n,
    symmetric: true,
    apply: (x, out) => operator.apply(x, out),
    applyTranspose: (x, out) => (applyTranspose ?? operator.apply).call(operator, x, out),
    ...(exactSpectrum === undefined ? {} : { exactSpectrum: () => exactSpectrum.call(operator) }),
  };
}

/**
 * All eigenvalues of an operator whose structure gives them, without assembling it.
 *
 * Relation: diagonal, symmetric circulant, tridiagonal Toeplitz and symmetric low-rank operators know their spectrum; shift, scale, Kronecker
 * products and block diagonals carry it through.
 *
 * @param A symmetric operator
 * @returns the spectrum with an error bound, or the reason why the structure does not give it
 * @throws {ArgumentError} when A is not a symmetric operator
 *
 * @example
 * ```ts
 * import { exactSpectrum, kronecker, toeplitz } from "eigenscope/operators";
 * const line = toeplitz([2, -1, 0]);
 * const spectrum = exactSpectrum(kronecker(line, line));
 * console.log(spectrum.defined && spectrum.value.values[8].toFixed(6)); // 11.656854
 * ```
 */
export function exactSpectrum(A: SymmetricOperator): Tagged<ExactSpectrum> {
  const operator = requireSymmetricOperator(A, "A", "exactSpectrum");
  if (operator.exactSpectrum !== undefined) return defined(operator.exactSpectrum());
  return undefinedBecause(
    "the structure of this operator does not give its eigenvalues: use eigsh, spectralDensity or eigh(toDense(A))",
  );
}
