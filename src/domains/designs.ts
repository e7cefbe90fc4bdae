import { norm, requireInteger, requireOneOf } from "../core/index.js";
import type { SphereQuadrature } from "./points.js";

/** Highly symmetric point sets: the Platonic solids on S², the 24-cell on S³, the roots of E8 on S⁷. */
export type SphericalDesignName =
  "tetrahedron" | "octahedron" | "cube" | "icosahedron" | "dodecahedron" | "24-cell" | "E8 roots";

/**
 * Point sets with equal weights that integrate polynomials exactly and on which all zonal matrices commute exactly.
 *
 * Relation: exact to degree 2 (tetrahedron), 3 (octahedron, cube), 5 (icosahedron, dodecahedron, 24-cell) or 7 (E8 roots); the inner
 * products form a commutative association scheme. For other dimensions see {@link simplexDesign} and {@link crossPolytope}.
 */
export function sphericalDesign(name: SphericalDesignName): SphereQuadrature {
  const choices = ["tetrahedron", "octahedron", "cube", "icosahedron", "dodecahedron", "24-cell", "E8 roots"] as const;
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
    "24-cell": { degree: 5, rows: signedPairs(4) },
    "E8 roots": { degree: 7, rows: [...signedPairs(8), ...evenHalves()] },
  };
  const { degree, rows } = vertices[name];
  return equalWeights(rows, degree);
}

/**
 * The d + 1 vertices of a regular simplex in R^d: a design of degree 2 on which all zonal matrices commute.
 *
 * Relation: x_i·x_j = −1/d for i ≠ j, Σ x_i = 0.
 *
 * @param d dimension, >= 2
 */
export function simplexDesign(d: number): SphereQuadrature {
  requireInteger(d, "d", "simplexDesign", 2, 10_000);
  const shift = (Math.sqrt(d + 1) + 1) / (d * Math.sqrt(d));
  const rows = Array.from({ length: d + 1 }, (_, i) =>
    Array.from({ length: d }, (__, j) => (i === d ? 1 / Math.sqrt(d) : (i === j ? Math.sqrt(1 + 1 / d) : 0) - shift)),
  );
  return equalWeights(rows, 2);
}

/**
 * The 2d points ±e_i of R^d: a design of degree 3 on which all zonal matrices commute.
 *
 * Relation: inner products are 1, 0 and −1; eigenvalues of a zonal matrix are k(1) + (2d − 2) k(0) + k(−1) once, k(1) − k(−1)
 * d times and k(1) − 2k(0) + k(−1) d − 1 times.
 *
 * @param d dimension, >= 2
 */
export function crossPolytope(d: number): SphereQuadrature {
  requireInteger(d, "d", "crossPolytope", 2, 10_000);
  const rows = Array.from({ length: 2 * d }, (_, i) =>
    Array.from({ length: d }, (__, j) => (j !== i % d ? 0 : i < d ? 1 : -1)),
  );
  return equalWeights(rows, 3);
}

/** All ±e_i ± e_j: the roots of D_d. */
function signedPairs(d: number): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < d; i++) {
    for (let j = i + 1; j < d; j++) {
      for (const [a, b] of [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ]) {
        rows.push(Array.from({ length: d }, (_, k) => (k === i ? a : k === j ? b : 0)));
      }
    }
  }
  return rows;
}

/** The 128 points (±½, …, ±½) of R⁸ with an even number of minus signs. */
function evenHalves(): number[][] {
  return Array.from({ length: 256 }, (_, bits) =>
    Array.from({ length: 8 }, (__, j) => ((bits >> j) & 1 ? -0.5 : 0.5)),
  ).filter((row) => row.filter((x) => x < 0).length % 2 === 0);
}

function equalWeights(rows: readonly (readonly number[])[], degree: number): SphereQuadrature {
  const data = Float64Array.from(
    rows.flatMap((row) => {
      const length = norm(Float64Array.from(row));
      return row.map((x) => x / length);
    }),
  );
  return {
    points: { rows: rows.length, cols: rows[0].length, data },
    weights: new Float64Array(rows.length).fill(1 / rows.length),
    degree,
  };
}
