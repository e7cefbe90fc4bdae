import { type Matrix, ResourceError, requireInteger, cos, pow, sin } from "../core/index.js";
import { golubWelsch } from "../linalg/index.js";
import { gaussLegendre } from "../special/index.js";

/** Largest product rule that is built. */
const MOST_POINTS = 4_000_000;

/**
 * Fibonacci points on S² in R³: a spiral with the golden angle, quasi-uniform for every n.
 *
 * Relation: z_i = 1 − (2i + 1)/n, azimuth 2πi(√5 − 1)/2. Not a group orbit and not a quadrature of any exact degree:
 * zonal matrices on it do not commute.
 *
 * @param n number of points, >= 1
 *
 * @example
 * ```ts
 * import { fibonacciSphere } from "eigenscope/domains";
 * console.log(fibonacciSphere(10).data[2]); // 0.9
 * ```
 */
export function fibonacciSphere(n: number): Matrix {
  requireInteger(n, "n", "fibonacciSphere", 1);
  const data = new Float64Array(3 * n);
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < n; i++) {
    const z = 1 - (2 * i + 1) / n;
    // sin of the polar angle without 1 − z²: (1 − z)(1 + z) from the integers.
    const r = Math.sqrt(((2 * i + 1) / n) * ((2 * n - 2 * i - 1) / n));
    const turns = i * golden;
    const azimuth = 2 * Math.PI * (turns - Math.floor(turns));
    data[3 * i] = r * cos(azimuth);
    data[3 * i + 1] = r * sin(azimuth);
    data[3 * i + 2] = z;
  }
  return { rows: n, cols: 3, data };
}

/** n equispaced points on the unit circle, the first at angle 0: the orbit of a cyclic group. */
export function equispacedCircle(n: number): Matrix {
  requireInteger(n, "n", "equispacedCircle", 1);
  const data = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    data[2 * i] = cos((2 * Math.PI * i) / n);
    data[2 * i + 1] = sin((2 * Math.PI * i) / n);
  }
  return { rows: n, cols: 2, data };
}

/** Points with positive weights that integrate spherical polynomials exactly. */
export interface SphereQuadrature {
  /** The points, one per row. */
  readonly points: Matrix;
  /** Weights of the uniform probability measure, summing to one. */
  readonly weights: Float64Array;
  /** Largest polynomial degree that is integrated exactly. */
  readonly degree: number;
}

/**
 * Product quadrature on S²: Gauss–Legendre in z times equispaced azimuths.
 *
 * Relation: Σ w_i p(x_i) = ∫ p over the uniform probability measure for every polynomial of degree
 * <= min(2 latitudes − 1, longitudes − 1).
 *
 * @param latitudes  number of Gauss–Legendre nodes
 * @param longitudes number of azimuths
 */
export function productQuadrature(latitudes: number, longitudes: number): SphereQuadrature {
  requireInteger(latitudes, "latitudes", "productQuadrature", 1);
  requireInteger(longitudes, "longitudes", "productQuadrature", 1);
  const rule = gaussLegendre(latitudes);
  const data = new Float64Array(3 * latitudes * longitudes);
  const weights = new Float64Array(latitudes * longitudes);
  for (let i = 0; i < latitudes; i++) {
    const z = rule.nodes[i];
    const r = Math.sqrt((1 - z) * (1 + z));
    for (let j = 0; j < longitudes; j++) {
      const at = i * longitudes + j;
      const azimuth = (2 * Math.PI * j) / longitudes;
      data[3 * at] = r * cos(azimuth);
      data[3 * at + 1] = r * sin(azimuth);
      data[3 * at + 2] = z;
      weights[at] = rule.weights[i] / (2 * longitudes);
    }
  }
  return {
    points: { rows: latitudes * longitudes, cols: 3, data },
    weights,
    degree: Math.min(2 * latitudes - 1, longitudes - 1),
  };
}

/**
 * Product quadrature on S^{d−1} for any d: Gauss rules of the polar angles times equispaced azimuths.
 *
 * Relation: Σ w_i p(x_i) = ∫ p over the uniform probability measure for every polynomial of degree <= degree. The nodes of polar angle
 * e are those of the weight (1 − z²)^{(e−3)/2}, e = 3 … d.
 *
 * @param d      ambient dimension, >= 2
 * @param degree polynomial degree to be integrated exactly
 * @returns (degree + 1) ⌈(degree + 1)/2⌉^{d−2} points
 * @throws {ResourceError} for more than 4,000,000 points
 *
 * Accuracy: nodes and weights to degree · ε.
 * @see [golub1969]
 *
 * @example
 * ```ts
 * import { sphereQuadrature } from "eigenscope/domains";
 * const { points, weights } = sphereQuadrature(4, 5);
 * const fourth = weights.reduce((sum, w, i) => sum + w * points.data[4 * i] ** 4, 0);
 * console.log(points.rows, fourth); // 54 0.125
 * ```
 */
export function sphereQuadrature(d: number, degree: number): SphereQuadrature {
  const caller = "sphereQuadrature";
  requireInteger(d, "d", caller, 2, 1000);
  requireInteger(degree, "degree", caller);
  const polar = Math.ceil((degree + 1) / 2);
  const count = (degree + 1) * pow(polar, d - 2);
  if (count > MOST_POINTS) {
    throw new ResourceError({
      function: caller,
      argument: "degree",
      expected: `such that (degree + 1) ceil((degree + 1)/2)^(d - 2) <= ${MOST_POINTS}`,
      got: `${count} points`,
      remedy: "draw random points with sphere(d).nodes",
    });
  }
  let points = equispacedCircle(degree + 1).data;
  let weights = new Float64Array(degree + 1).fill(1 / (degree + 1));
  for (let e = 3; e <= d; e++) {
    const rule = polarRule(e, polar);
    const lower = weights.length;
    const next = new Float64Array(polar * lower * e);
    const nextWeights = new Float64Array(polar * lower);
    for (let a = 0; a < polar; a++) {
      const z = rule.nodes[a];
      const r = Math.sqrt((1 - z) * (1 + z));
      for (let i = 0; i < lower; i++) {
        const at = (a * lower + i) * e;
        for (let c = 0; c < e - 1; c++) next[at + c] = r * points[i * (e - 1) + c];
        next[at + e - 1] = z;
        nextWeights[a * lower + i] = rule.weights[a] * weights[i];
      }
    }
    [points, weights] = [next, nextWeights];
  }
  return { points: { rows: weights.length, cols: d, data: points }, weights, degree };
}

/** Gauss rule of the law of one coordinate on S^{e−1}: monic recurrence β_k = k(k + 2λ − 1)/(4(k + λ)(k + λ − 1)), λ = (e − 2)/2. */
function polarRule(e: number, n: number): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  if (e === 3) {
    const { nodes, weights } = gaussLegendre(n);
    return { nodes, weights: weights.map((w) => w / 2) };
  }
  const lambda = (e - 2) / 2;
  const beta = Float64Array.from({ length: n }, (_, k) =>
    k === 0 ? 1 : (k * (k + 2 * lambda - 1)) / (4 * (k + lambda) * (k + lambda - 1)),
  );
  return golubWelsch(new Float64Array(n), beta);
}
