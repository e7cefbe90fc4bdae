import {
  ArgumentError,
  type Matrix,
  ResourceError,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireVector,
  pow,
} from "../core/index.js";
import { type Kernel, requirePoints } from "../kernels/index.js";
import { eigh, golubWelsch } from "../linalg/index.js";
import { weightedMatrix } from "./commutator.js";
import { conditionFloor } from "./conditioning.js";
import { requireKernel } from "./require-kernel.js";

/** Points and weights of a quadrature rule in several dimensions. */
export interface PointRule {
  /** Points, one per row. */
  readonly points: Matrix;
  /** Positive weights, summing to one. */
  readonly weights: Float64Array;
}

/** Eigenvalues and eigenfunctions of an integral operator on L²(γ), from a quadrature rule of γ. */
export interface NystromSpectrum {
  /** Eigenvalues, descending. */
  readonly eigenvalues: Float64Array;
  /** How many of them exceed max(1e-13, n ε) of the largest; the others, and their eigenfunctions, are rounding. */
  readonly resolved: number;
  /** Values of the eigenfunctions at the points (columns), of unit norm in L²(weights). */
  readonly eigenfunctions: Matrix;
  /** Σ of all eigenvalues, equal to Σ w_i K(x_i, x_i). */
  readonly trace: number;
}

/**
 * Approximates the spectrum of a kernel on L²(γ) for any measure γ given by points and weights.
 *
 * Relation: eigenvalues of W^{1/2} K W^{1/2}; if v is an eigenvector, v_i/√w_i are the values of the eigenfunction at x_i.
 * Exact for kernels and rules such that products of the eigenfunctions are integrated exactly; kinked kernels converge
 * algebraically in the number of points only.
 *
 * @param kernel  any kernel
 * @param points  n points, one per row
 * @param weights n positive weights (a probability measure, or any multiple)
 * @throws {ShapeError} when the lengths differ
 * @throws {ArgumentError} for weights that are not positive
 *
 * Accuracy: rounding n ε λ_max beside the error of the rule. Cost: one symmetric eigendecomposition.
 *
 * @example
 * ```ts
 * import { gaussHermiteGrid, weightedNystrom } from "eigenscope/domains";
 * import { mehlerKernel } from "eigenscope/kernels";
 * const { points, weights } = gaussHermiteGrid(1, 40);
 * const { eigenvalues } = weightedNystrom(mehlerKernel(0.5), points, weights);
 * console.log(eigenvalues[0]!.toFixed(10), eigenvalues[3]!.toFixed(10)); // 1.0000000000 0.1250000000
 * ```
 */
export function weightedNystrom(kernel: Kernel, points: Matrix, weights: Float64Array): NystromSpectrum {
  const caller = "weightedNystrom";
  requireKernel(kernel, caller);
  requirePoints(points, "points", caller);
  const n = points.rows;
  requireVector(weights, n, "weights", caller);
  const A = weightedMatrix(kernel.gram(points), weights, caller);
  const { values, vectors } = eigh(A, { vectors: true });
  const functions = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) functions[i * n + j] = vectors.data[i * n + (n - 1 - j)] / Math.sqrt(weights[i]);
  }
  let trace = 0;
  for (let i = 0; i < n; i++) trace += A.data[i * n + i];
  const eigenvalues = values.slice().reverse();
  const floor = conditionFloor(n) * Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
  return {
    eigenvalues,
    resolved: eigenvalues.filter((value) => Math.abs(value) >= floor && value !== 0).length,
    eigenfunctions: { rows: n, cols: n, data: functions },
    trace,
  };
}

/**
 * The tensor Gauss–Hermite rule for the standard normal law on R^d.
 *
 * Relation: Σ w_i p(x_i) = E p(X), X ~ N(0, I), for polynomials of degree <= 2m − 1 in each coordinate.
 *
 * @param d dimension
 * @param m nodes per axis
 * @throws {ResourceError} when m^d exceeds 4,000,000
 *
 * Accuracy: nodes to about 1e-14 (Golub–Welsch), weights to 1e-12 relative; weights below 1e-300 are dropped with their points.
 */
export function gaussHermiteGrid(d: number, m: number): PointRule {
  const caller = "gaussHermiteGrid";
  requireInteger(d, "d", caller, 1, 12);
  requireInteger(m, "m", caller, 1, 500);
  if (pow(m, d) > 4_000_000) {
    throw new ResourceError({
      function: caller,
      argument: "m",
      expected: "such that m^d <= 4,000,000",
      got: `${m}^${d}`,
    });
  }
  // Probabilists' Hermite polynomials: p_{k+1} = x p_k − k p_{k−1}, mass 1.
  const { nodes } = golubWelsch(
    new Float64Array(m),
    Float64Array.from({ length: m }, (_, k) => Math.max(1, k)),
  );
  // Weights 1/Σ_{k<m} h_k², relatively accurate where first components of eigenvectors are rounding only.
  const weightsOfAxis = nodes.map((x) => 1 / hermitePolynomials(x, m - 1).reduce((sum, h) => sum + h * h, 0));
  const rows: number[] = [];
  const weights: number[] = [];
  const index = new Int32Array(d);
  for (let i = 0; i < pow(m, d); i++) {
    let rest = i;
    let weight = 1;
    for (let j = d - 1; j >= 0; j--) {
      index[j] = rest % m;
      rest = (rest - index[j]) / m;
      weight *= weightsOfAxis[index[j]];
    }
    if (weight < 1e-300) continue;
    weights.push(weight);
    for (let j = 0; j < d; j++) rows.push(nodes[index[j]]);
  }
  return {
    points: { rows: weights.length, cols: d, data: Float64Array.from(rows) },
    weights: Float64Array.from(weights),
  };
}

/**
 * Evaluates the orthonormal Hermite polynomials h_0 … h_K of the standard normal law.
 *
 * Relation: E h_i(Z) h_j(Z) = δ_ij; √(k + 1) h_{k+1} = x h_k − √k h_{k−1}; number operator: −h″ + x h′ = k h.
 *
 * @param x         real argument
 * @param maxDegree K
 * @throws {ArgumentError} when the values leave the double range
 *
 * Accuracy: about K ε relative to the largest value up to K; values grow like e^{x²/4}.
 *
 * @example
 * ```ts
 * import { hermitePolynomials } from "eigenscope/domains";
 * console.log(hermitePolynomials(2, 2)[2]); // 2.121320343
 * ```
 */
export function hermitePolynomials(x: number, maxDegree: number): Float64Array {
  requireNumber(x, "x", "hermitePolynomials");
  requireInteger(maxDegree, "maxDegree", "hermitePolynomials");
  const out = new Float64Array(maxDegree + 1);
  out[0] = 1;
  if (maxDegree >= 1) out[1] = x;
  for (let k = 1; k < maxDegree; k++) out[k + 1] = (x * out[k] - Math.sqrt(k) * out[k - 1]) / Math.sqrt(k + 1);
  const beyond = out.findIndex((value) => !Number.isFinite(value));
  if (beyond >= 0) {
    throw new ArgumentError({
      function: "hermitePolynomials",
      argument: "maxDegree",
      expected: `below ${beyond}, where the values at x = ${x} leave the double range`,
      got: String(maxDegree),
    });
  }
  return out;
}

/** Spectrum of a kernel that is diagonal in (scaled) Hermite functions. */
export interface HermiteSpectrum {
  /** Eigenvalue of every function of total degree k. */
  readonly eigenvalues: Float64Array;
  /** Number of functions of total degree k, C(k + d − 1, k). */
  readonly multiplicities: Float64Array;
  /** Geometric ratio of successive eigenvalues. */
  readonly ratio: number;
}

/**
 * Exact spectrum on Gaussian space of the two classical kernels with Hermite eigenfunctions.
 *
 * Relation: Mehler's kernel with parameter r has eigenvalue r^{|α|} on h_α. The kernel e^{−|x − y|²/(2ℓ²)} has
 * (2a/A)^{d/2} (b/A)^{|α|} with a = 1/4, b = 1/(2ℓ²), c = √(a² + 2ab), A = a + b + c, on Hermite functions scaled by 2c.
 * The NTK is not of this kind: see `gaussian(d).mercer`.
 *
 * @param kind      "mehler" or "rbf"
 * @param parameter r in (0, 1), or the length scale ℓ > 0
 * @param d         dimension
 * @param maxDegree largest total degree
 * @throws {ArgumentError} for a parameter out of range
 * @throws {OptionError} for another kind
 */
export function hermiteSpectrum(
  kind: "mehler" | "rbf",
  parameter: number,
  d: number,
  maxDegree: number,
): HermiteSpectrum {
  const caller = "hermiteSpectrum";
  requireInteger(d, "d", caller, 1, 1000);
  requireInteger(maxDegree, "maxDegree", caller);
  requireOneOf(kind, ["mehler", "rbf"], "kind", caller);
  requireFinite([parameter], "parameter", caller);
  if (!(parameter > 0) || (kind === "mehler" && parameter >= 1)) {
    throw new ArgumentError({
      function: caller,
      argument: "parameter",
      expected: 'in (0, 1) for "mehler" and > 0 for "rbf"',
      got: `${parameter} for ${kind}`,
    });
  }
  let first = 1;
  let ratio = parameter;
  if (kind === "rbf") {
    const a = 0.25;
    const b = 1 / (2 * parameter * parameter);
    const total = a + b + Math.sqrt(a * a + 2 * a * b);
    first = pow((2 * a) / total, d / 2);
    ratio = b / total;
  }
  const multiplicities = new Float64Array(maxDegree + 1);
  let count = 1;
  for (let k = 0; k <= maxDegree; k++) {
    multiplicities[k] = Math.round(count);
    count = (count * (k + d)) / (k + 1);
  }
  return { eigenvalues: multiplicities.map((_, k) => first * pow(ratio, k)), multiplicities, ratio };
}
