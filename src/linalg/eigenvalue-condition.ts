import { EPSILON, type Tagged, defined, pow, undefinedBecause } from "../core/index.js";
import type { ComplexColumns } from "./complex-columns.js";
import { largestModulus, norm2 } from "./input.js";
import { invisibleDifference, triangularVectors } from "./quasi-triangular.js";
import { length2 } from "./scalar.js";

/** Rounding moves an eigenvalue by up to its condition number times this many n ε ‖A‖_F. */
const ROUNDING = 10;

/** What the condition numbers are computed from. */
export interface SchurVectors {
  /** Order. */
  readonly n: number;
  /** Quasi-triangular Schur form of the balanced matrix. */
  readonly t: Float64Array;
  /** Real parts of its eigenvalues, by position on the diagonal. */
  readonly real: Float64Array;
  /** Imaginary parts. */
  readonly imaginary: Float64Array;
  /** Position on the diagonal of each eigenvalue of the result. */
  readonly order: Uint32Array;
  /** Unit right eigenvectors of t as columns, in the order of the result: real parts. */
  readonly xr: Float64Array;
  /** Imaginary parts. */
  readonly xi: Float64Array;
}

/**
 * Condition number ‖x‖ ‖y‖ / |yᴴ x| of each eigenvalue of D T D⁻¹, up to orthogonal similarity, with x and y its right and left
 * eigenvectors; `lengths` gives |D Q x| for unit columns x of the Schur basis, and with the inverse of D
 * |D⁻¹ Q y|. `inUnits` undoes the scaling of the matrix, for the reasons.
 *
 * yᴴ x is computed on T, where the two vectors overlap in one diagonal block only: nothing cancels.
 */
export function eigenvalueConditions(
  vectors: SchurVectors,
  lengths: (columns: ComplexColumns, inverse: boolean) => Float64Array,
  inUnits: (size: number) => number,
): Tagged[] {
  const { n, t, real, imaginary, order, xr, xi } = vectors;
  const [yr, yi] = leftVectors(vectors);
  const right = lengths({ re: xr, im: xi }, false);
  const left = lengths({ re: yr, im: yi }, true);
  const cosines = new Float64Array(n); // |yᴴ x| of unit vectors of T; y stands conjugated in yr and yi
  for (let j = 0; j < n; j++) {
    const k = order[j];
    const start = imaginary[k] < 0 ? k - 1 : k;
    let re = 0;
    let im = 0;
    for (let i = start, end = imaginary[k] === 0 ? k : start + 1; i <= end; i++) {
      const [a, b, c, d] = [xr[i * n + j], xi[i * n + j], yr[i * n + j], yi[i * n + j]];
      re += a * c - b * d;
      im += a * d + b * c;
    }
    cosines[j] = length2(re, im);
  }
  const rounding = ROUNDING * n * EPSILON * norm2(t, 0, n * n);
  const reaches = reachesOf(vectors, cosines, rounding);
  return Array.from(order, (k, j) => {
    if (cosines[j] === 0) {
      return undefinedBecause("defective as far as can be told: left and right eigenvector are orthogonal");
    }
    const reach = rounding / cosines[j];
    let nearest = Infinity;
    let other = -1; // the nearest eigenvalue that this one is not told from
    for (let i = 0; i < n; i++) {
      const distance = length2(real[order[i]] - real[k], imaginary[order[i]] - imaginary[k]);
      if (i === j || distance > reach + reaches[i] || distance >= nearest) continue;
      nearest = distance;
      other = i;
    }
    if (other >= 0) {
      const [distance, own, its] = [nearest, reach, reaches[other]].map((size) => inUnits(size).toExponential(1));
      return undefinedBecause(
        `not told from eigenvalue ${other} at a distance of ${distance}: rounding moves this one by up to ${own} to first ` +
          `order, that one by up to ${its}, so it may be defective or multiple`,
      );
    }
    const condition = (right[j] * left[j]) / cosines[j];
    return Number.isFinite(condition)
      ? defined(Math.max(1, condition))
      : undefinedBecause("the condition number leaves the double range");
  });
}

/**
 * How far rounding ρ may move each eigenvalue: r = ρ / cosine, as long as that is not farther than the nearest other one. A nearly
 * defective one of m + 1 moves by (ρ ‖T‖^m)^{1/(m + 1)} at most, however small its cosine is; m others at distances d_i with couplings
 * up to ‖T‖ explain a cosine down to Π d_i / ‖T‖^m. A condition number is the first-order r itself and is trusted only as far as that
 * goes, but the neighbours of a defective eigenvalue are safe from it beyond this bound.
 */
function reachesOf(
  { n, t, real, imaginary, order }: SchurVectors,
  cosines: Float64Array,
  rounding: number,
): Float64Array {
  const norm = norm2(t, 0, n * n);
  const largest = largestModulus(t);
  return cosines.map((cosine, j) => {
    const reach = rounding / cosine;
    if (!(reach < Infinity)) return reach;
    const k = order[j];
    const smallest = invisibleDifference(largest, real[k], imaginary[k]);
    const distances = Float64Array.from({ length: n }, (_, i) =>
      i === k ? Infinity : Math.max(smallest, length2(real[i] - real[k], imaginary[i] - imaginary[k])),
    ).filter((distance) => distance < reach);
    if (distances.length === 0) return reach;
    distances.sort();
    let m = 1;
    for (let product = distances[0] / norm; product > cosine && m < distances.length; m++) {
      product *= distances[m] / norm;
    }
    return Math.min(reach, norm * pow(rounding / norm, 1 / (m + 1)));
  });
}

/** Unit vectors with yᵀ T = λ yᵀ as columns: those of T turned over its antidiagonal, which is quasi-triangular again. */
function leftVectors({ n, t, real, imaginary, order }: SchurVectors): [Float64Array, Float64Array] {
  const turned = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) turned[(n - 1 - j) * n + n - 1 - i] = t[i * n + j];
  const at = (k: number): number => n - 1 - k;
  // Of a pair the member of positive imaginary part comes first here too.
  const partner = (k: number): number => (imaginary[k] > 0 ? k + 1 : imaginary[k] < 0 ? k - 1 : k);
  const turnedReal = Float64Array.from(real, (_, k) => real[at(k)]);
  const turnedImaginary = Float64Array.from(imaginary, (_, k) => imaginary[partner(at(k))]);
  const turnedOrder = Uint32Array.from(order, (k) => at(partner(k)));
  const [zr, zi] = triangularVectors(n, turned, turnedReal, turnedImaginary, turnedOrder);
  return [flipped(n, zr), flipped(n, zi)];
}

/** Rows in the opposite order. */
function flipped(n: number, rows: Float64Array): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out.set(rows.subarray(i * n, (i + 1) * n), (n - 1 - i) * n);
  return out;
}
