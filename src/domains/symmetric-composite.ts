import {
  ArgumentError,
  type Matrix,
  ShapeError,
  SingularError,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requireSquare,
  requireVector,
  pow,
  exp,
  square,
} from "../core/index.js";
import { eigh, matmul } from "../linalg/index.js";
import { conditionFloor } from "./conditioning.js";

/** Spectral decomposition of T = K P through the symmetric form. */
export interface SymmetricComposite {
  /** Eigenvalues of K P, ascending: real and >= 0, those of P^{1/2} K P^{1/2}. */
  readonly eigenvalues: Float64Array;
  /** P^{1/2} K P^{1/2}, exactly symmetric. */
  readonly matrix: Matrix;
  /** Smallest eigenvalue of P, as computed. */
  readonly smallestOfP: number;
  /** How many negative eigenvalues of P were taken for zero, as rounding of a semidefinite matrix. */
  readonly clampedOfP: number;
  /** Residual of the flow r′ = −K P r at a time, from its start r(0); P must be positive definite. */
  flow(residual: Float64Array, time: number): Float64Array;
}

/**
 * Computes the spectrum of a product of two positive semidefinite matrices, commuting or not, and the training flow it drives.
 *
 * Relation: the eigenvalues of K P are those of P^{1/2} K P^{1/2}; r(t) = P^{−1/2} e^{−t P^{1/2} K P^{1/2}} P^{1/2} r(0) solves
 * r′ = −K P r. Pairing eigenvalues of K and P by rank would be wrong unless both commute and share their order.
 *
 * @param K n x n symmetric positive semidefinite (upper and lower triangle are averaged)
 * @param P n x n symmetric positive semidefinite
 * @throws {ShapeError} when the orders differ
 * @throws {ArgumentError} when P has an eigenvalue below −1e-10 of its largest; negative ones above are counted in clampedOfP
 * @throws {SingularError} by flow, when P has an eigenvalue below max(1e-13, n ε) of its largest
 *
 * Accuracy: eigenvalues n ε ‖K‖‖P‖ absolute. Cost: two symmetric eigendecompositions and two products.
 *
 * @example
 * ```ts
 * import { symmetricComposite } from "eigenscope/domains";
 * import { fromRows } from "eigenscope/core";
 * const { eigenvalues } = symmetricComposite(fromRows([[2, 1], [1, 2]]), fromRows([[1, 0], [0, 3]]));
 * console.log((eigenvalues[0]! * eigenvalues[1]!).toFixed(12)); // 9.000000000000
 * ```
 */
export function symmetricComposite(K: Matrix, P: Matrix): SymmetricComposite {
  const caller = "symmetricComposite";
  const n = requireSquare(K, "K", caller);
  if (requireSquare(P, "P", caller) !== n) {
    throw new ShapeError({
      function: caller,
      argument: "P",
      expected: `${n} x ${n}, as K`,
      got: `${P.rows} x ${P.cols}`,
    });
  }
  requireFinite(K.data, "K", caller);
  requireFinite(P.data, "P", caller);
  const { values, vectors } = eigh(P, { vectors: true });
  const top = n === 0 ? 0 : Math.max(0, values[n - 1]);
  if (n > 0 && values[0] < -1e-10 * top) {
    throw new ArgumentError({
      function: caller,
      argument: "P",
      expected: "positive semidefinite",
      got: `an eigenvalue ${values[0].toExponential(3)}`,
    });
  }
  const power = (exponent: number): Matrix => {
    const scaled: Matrix = { rows: n, cols: n, data: new Float64Array(n * n) };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++)
        scaled.data[i * n + j] = vectors.data[i * n + j] * pow(Math.max(0, values[j]), exponent);
    }
    return matmul(scaled, vectors, { transposeB: true });
  };
  const root = power(0.5);
  const product = matmul(matmul(root, K), root);
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) data[i * n + j] = (product.data[i * n + j] + product.data[j * n + i]) / 2;
  const matrix: Matrix = { rows: n, cols: n, data };
  const decomposition = eigh(matrix, { vectors: true });
  return {
    eigenvalues: decomposition.values,
    matrix,
    smallestOfP: n === 0 ? 0 : values[0],
    clampedOfP: values.reduce((count, value) => (value < 0 ? count + 1 : count), 0),
    flow(residual, time) {
      requireVector(residual, n, "residual", `${caller}.flow`);
      requireFinite(residual, "residual", `${caller}.flow`);
      requireNumber(time, "time", `${caller}.flow`, 0);
      if (n > 0 && !(top > 0 && values[0] >= conditionFloor(n) * top)) {
        throw new SingularError({
          function: `${caller}.flow`,
          argument: "P",
          expected: "positive definite",
          got: `a smallest eigenvalue ${values[0].toExponential(3)} beside ${top.toExponential(3)}`,
          remedy: "integrate r′ = −K P r with eigenscope/ode, or restrict to the range of P",
        });
      }
      const column = (v: Float64Array): Matrix => ({ rows: n, cols: 1, data: v });
      const start = matmul(decomposition.vectors, matmul(root, column(residual)), { transposeA: true });
      for (let i = 0; i < n; i++) start.data[i] *= exp(-Math.max(0, decomposition.values[i]) * time);
      return matmul(power(-0.5), matmul(decomposition.vectors, start)).data;
    },
  };
}

/** Comparison of a sampled kernel matrix with its operator. */
export interface MatrixOperatorComparison {
  /** ℓ2 distance of the ordered spectra of K/n and of the operator (with multiplicity), over the modes given. */
  readonly distance: number;
  /** √n times the distance: bounded in probability for independent points. */
  readonly scaledDistance: number;
  /** Per degree: mean of its cluster of matrix eigenvalues, largest deviation in it, and the operator's eigenvalue. */
  readonly clusters: readonly {
    readonly degree: number;
    readonly operator: number;
    readonly mean: number;
    readonly width: number;
  }[];
  /** Number of eigenvalues compared. */
  readonly compared: number;
}

/** Options of {@link compareWithOperator}. */
export interface ComparisonOptions {
  /** Largest degree compared; all of the spectrum by default. */
  readonly maxDegree?: number;
}

/**
 * Compares the eigenvalues of a sampled kernel matrix K/n with those of the integral operator.
 *
 * Relation: for independent points the ordered spectrum of K/n converges to that of the operator in ℓ2 like n^{−1/2}; an
 * eigenvalue μ_k of multiplicity N(d, k) becomes a cluster of N(d, k) matrix eigenvalues of width O(n^{−1/2}).
 *
 * @param gramEigenvalues eigenvalues of the Gram matrix K (not divided by n), in any order; their number is n
 * @param spectrum        operator eigenvalues by mode
 * @param options         largest degree
 * @throws {ArgumentError} when the band has more dimensions than there are points
 * @see [koltchinskii2000]
 *
 * @example
 * ```ts
 * import { compareWithOperator, equispacedCircle, circle } from "eigenscope/domains";
 * import { ntk } from "eigenscope/kernels";
 * import { eigh } from "eigenscope/linalg";
 * const K = ntk({ depth: 3 }).gram(equispacedCircle(64));
 * const report = compareWithOperator(eigh(K).values, circle().mercer(ntk({ depth: 3 }), 3));
 * console.log(report.compared, report.distance < 1e-3); // 7 true
 * ```
 */
export function compareWithOperator(
  gramEigenvalues: Float64Array,
  spectrum: { readonly eigenvalues: Float64Array; readonly multiplicities: Float64Array },
  options: ComparisonOptions = {},
): MatrixOperatorComparison {
  const caller = "compareWithOperator";
  requireVector(gramEigenvalues, null, "gramEigenvalues", caller);
  requireFinite(gramEigenvalues, "gramEigenvalues", caller);
  requireOptions(options, ["maxDegree"], caller);
  requireFinite(
    requireVector(spectrum?.eigenvalues, null, "spectrum.eigenvalues", caller),
    "spectrum.eigenvalues",
    caller,
  );
  requireVector(spectrum.multiplicities, spectrum.eigenvalues.length, "spectrum.multiplicities", caller);
  const maxDegree = requireInteger(
    options.maxDegree ?? spectrum.eigenvalues.length - 1,
    "maxDegree",
    caller,
    0,
    spectrum.eigenvalues.length - 1,
  );
  const n = gramEigenvalues.length;
  const sampled = Float64Array.from(gramEigenvalues, (value) => value / n)
    .sort()
    .reverse();
  // Counted before they are listed: multiplicities reach 1e300 in high dimension.
  const dimensions = spectrum.multiplicities.subarray(0, maxDegree + 1).reduce((sum, count) => sum + count, 0);
  if (!(dimensions <= n)) {
    throw new ArgumentError({
      function: caller,
      argument: "maxDegree",
      expected: `small enough for its band to have at most n = ${n} dimensions`,
      got: `${dimensions} dimensions`,
    });
  }
  const modes: { degree: number; value: number }[] = [];
  for (let k = 0; k <= maxDegree; k++) {
    for (let j = 0; j < spectrum.multiplicities[k]; j++) modes.push({ degree: k, value: spectrum.eigenvalues[k] });
  }
  modes.sort((a, b) => b.value - a.value);
  let squares = 0;
  const clusters = new Map<number, number[]>();
  modes.forEach(({ degree, value }, i) => {
    squares += square(sampled[i] - value);
    clusters.set(degree, [...(clusters.get(degree) ?? []), sampled[i]]);
  });
  const distance = Math.sqrt(squares);
  return {
    distance,
    scaledDistance: Math.sqrt(n) * distance,
    compared: modes.length,
    clusters: [...clusters].map(([degree, values]) => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return {
        degree,
        operator: spectrum.eigenvalues[degree],
        mean,
        width: Math.max(...values.map((value) => Math.abs(value - mean))),
      };
    }),
  };
}
