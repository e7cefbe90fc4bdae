import { type Matrix, ShapeError, requireFinite, requireOptions, requireSquare, requireVector } from "../core/index.js";
import { ArgumentError } from "../core/index.js";
import { matmul, norms, svd } from "../linalg/index.js";

/** Size of a commutator. */
export interface Commutator {
  /** ‖KP − PK‖_F/(‖K‖_F ‖P‖_F). */
  readonly frobeniusRatio: number;
  /** ‖KP − PK‖₂/(‖K‖₂ ‖P‖₂). */
  readonly spectralRatio: number;
  /** ‖KP − PK‖_F. */
  readonly frobenius: number;
  /** Whether W^{1/2} K W^{1/2} and W^{1/2} P W^{1/2} were compared. */
  readonly weighted: boolean;
}

/** Options of {@link commutator}. */
export interface CommutatorOptions {
  /** Positive quadrature weights of the points: compares W^{1/2} K W^{1/2} with W^{1/2} P W^{1/2}. */
  readonly weights?: Float64Array;
}

/**
 * Measures how far two sampled kernels are from commuting.
 *
 * Relation: frobeniusRatio = ‖KP − PK‖_F/(‖K‖_F‖P‖_F). It is zero (to rounding) when the points are the orbit of a group
 * acting simply transitively (equispaced circle, torus grid) or carry a commutative association scheme (Platonic solids), or
 * with weights, when both kernels are band-limited to degrees ℓ_K, ℓ_P and the rule is exact to degree ℓ_K + ℓ_P. For other
 * points two zonal matrices do not commute, although their operators do.
 *
 * @throws {ShapeError} when the matrices differ in order or the weights in length
 * @throws {ArgumentError} for weights that are not positive
 *
 * Cost: two products and three singular value computations, O(n³).
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { commutator, fibonacciSphere, sphere } from "eigenscope/domains";
 * const points = fibonacciSphere(32);
 * const P = sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 6 }).kernel;
 * console.log(commutator(ntk({ depth: 3 }).gram(points), P.gram(points)).frobeniusRatio); // 0.029481666
 * ```
 */
export function commutator(K: Matrix, P: Matrix, options: CommutatorOptions = {}): Commutator {
  const n = requireSquare(K, "K", "commutator");
  requireOptions(options, ["weights"], "commutator");
  if (requireSquare(P, "P", "commutator") !== n) {
    throw new ShapeError({
      function: "commutator",
      argument: "P",
      expected: `${n} x ${n}, as K`,
      got: `${P.rows} x ${P.cols}`,
    });
  }
  requireFinite(K.data, "K", "commutator");
  requireFinite(P.data, "P", "commutator");
  const { weights } = options;
  const A = weights === undefined ? K : weightedMatrix(K, weights, "commutator");
  const B = weights === undefined ? P : weightedMatrix(P, weights, "commutator");
  const AB = matmul(A, B);
  const BA = matmul(B, A);
  const C: Matrix = { rows: n, cols: n, data: AB.data.map((value, i) => value - BA.data[i]) };
  const frobenius = norms(C).frobenius;
  const top = (M: Matrix): number => (n === 0 ? 0 : svd(M, { vectors: "none" }).singularValues[0]);
  const scaleF = norms(A).frobenius * norms(B).frobenius;
  const scale2 = top(A) * top(B);
  return {
    frobeniusRatio: scaleF === 0 ? 0 : frobenius / scaleF,
    spectralRatio: scale2 === 0 ? 0 : top(C) / scale2,
    frobenius,
    weighted: weights !== undefined,
  };
}

/** W^{1/2} K W^{1/2} for positive weights w. */
export function weightedMatrix(K: Matrix, weights: Float64Array, caller: string): Matrix {
  const n = requireSquare(K, "K", caller);
  requireVector(weights, n, "weights", caller);
  requireFinite(weights, "weights", caller);
  const roots = weights.map((w) => Math.sqrt(w));
  for (let i = 0; i < n; i++) {
    if (!(weights[i] > 0)) {
      throw new ArgumentError({
        function: caller,
        argument: "weights",
        expected: "positive",
        got: `${weights[i]} at index ${i}`,
      });
    }
  }
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) data[i * n + j] = roots[i] * K.data[i * n + j] * roots[j];
  return { rows: n, cols: n, data };
}
