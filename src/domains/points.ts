import { type Matrix, requireInteger, requireOneOf, cos, sin, norm } from "../core/index.js";
import { gaussLegendre } from "../special/index.js";

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

/** Highly symmetric point sets on S². */
export type SphericalDesignName = "tetrahedron" | "octahedron" | "cube" | "icosahedron" | "dodecahedron";

/**
 * Vertices of the Platonic solids: spherical designs on which all zonal matrices commute exactly.
 *
 * Relation: equal weights integrate polynomials exactly up to degree 2 (tetrahedron), 3 (octahedron, cube) or 5
 * (icosahedron, dodecahedron), because the inner products form a commutative association scheme.
 */
export function sphericalDesign(name: SphericalDesignName): SphereQuadrature {
  const choices = ["tetrahedron", "octahedron", "cube", "icosahedron", "dodecahedron"] as const;
  requireOneOf(name, choices, "name", "sphericalDesign");
  const phi = (1 + Math.sqrt(5)) / 2;
  const signs = [-1, 1];
  const cube = signs.flatMap((a) => signs.flatMap((b) => signs.map((c) => [a, b, c])));
  const cyclic = (p: number, q: number): number[][] =>
    signs.flatMap((a) =>
      signs.flatMap((b) => [
        [0, a * p, b * q],
        [a * p, b * q, 0],
        [b * q, 0, a * p],
      ]),
    );
  const vertices: Record<SphericalDesignName, { degree: number; rows: number[][] }> = {
    tetrahedron: { degree: 2, rows: cube.filter(([a, b, c]) => a * b * c > 0) },
    octahedron: {
      degree: 3,
      rows: signs.flatMap((a) => [
        [a, 0, 0],
        [0, a, 0],
        [0, 0, a],
      ]),
    },
    cube: { degree: 3, rows: cube },
    icosahedron: { degree: 5, rows: cyclic(1, phi) },
    dodecahedron: { degree: 5, rows: [...cube, ...cyclic(1 / phi, phi)] },
  };
  const { degree, rows } = vertices[name];
  const data = Float64Array.from(rows.flatMap((row) => row.map((x) => x / norm(Float64Array.from(row)))));
  return {
    points: { rows: rows.length, cols: 3, data },
    weights: new Float64Array(rows.length).fill(1 / rows.length),
    degree,
  };
}
