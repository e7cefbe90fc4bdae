import { type Matrix, hypot } from "../core/index.js";
import { multiplicity } from "./zonal-harmonics.js";

/**
 * Writes the orthonormal harmonics of S^{d−1}, d >= 4, at the rows of a matrix, given those of S² at the first three coordinates.
 *
 * Relation: with x = (sin θ ξ, cos θ), Y_{k,j,i}(x) = sin^j θ q_{k−j}(cos θ) Y_{j,i}(ξ)/√m_j, where Y_{j,i} are the harmonics of degree
 * j <= k one dimension lower, q_n the orthonormal polynomials of the weight (1 − z²)^{λ−1/2}, λ = j + (d − 2)/2, and
 * m_j = E sin^{2j} θ. Columns: by degree k, in it by j, in it as one dimension lower.
 *
 * sin^j θ may underflow only where the product is below 1e-300 for degrees under 1,900, which no matrix in memory reaches.
 */
export function hypersphericalRows(
  points: Matrix,
  maxDegree: number,
  data: Float64Array,
  innerRow: (x: number, y: number, z: number, row: Float64Array) => void,
): void {
  const d = points.cols;
  const L = maxDegree;
  const widths = Array.from({ length: d + 1 }, (_, e) => (e < 3 ? 0 : columnsUpTo(e, L)));
  const rows = widths.map((width) => new Float64Array(width)); // harmonics of S^{e−1} at one point
  const q = new Float64Array(L + 1);
  const counts = Array.from({ length: d + 1 }, (_, e) =>
    Array.from({ length: L + 1 }, (_, k) => (e < 3 ? 0 : multiplicity(e, k))),
  );
  for (let i = 0; i < points.rows; i++) {
    const x = points.data.subarray(i * d, (i + 1) * d);
    let radius = hypot(hypot(x[0], x[1]), x[2]);
    rows[3].fill(0); // harmonics that underflow are left as they are
    if (radius === 0) innerRow(0, 0, 1, rows[3]);
    else innerRow(x[0] / radius, x[1] / radius, x[2] / radius, rows[3]);
    for (let e = 4; e <= d; e++) {
      const inner = radius;
      radius = hypot(inner, x[e - 1]);
      const cosine = radius === 0 ? 1 : x[e - 1] / radius;
      const sine = radius === 0 ? 0 : inner / radius;
      const out = e === d ? data.subarray(i * widths[d], (i + 1) * widths[d]) : rows[e];
      liftRow(e, L, cosine, sine, rows[e - 1], out, q, counts[e - 1], counts[e]);
    }
  }
}

/** Number of harmonics of degrees 0 … L on S^{d−1}: N(d + 1, L). */
export function columnsUpTo(d: number, L: number): number {
  return multiplicity(d + 1, L);
}

/** From S^{e−2} to S^{e−1}: one orthonormal ultraspherical sequence for each inner degree j. */
function liftRow(
  e: number,
  L: number,
  z: number,
  sine: number,
  inner: Float64Array,
  out: Float64Array,
  q: Float64Array,
  innerCounts: readonly number[],
  counts: readonly number[],
): void {
  let seed = 1; // sin^j θ/√m_j
  let innerStart = 0;
  let blockStart = 0; // column of degree j: where the sequence of j enters
  let offset = 0; // place of j inside the block of a degree
  for (let j = 0; j <= L; j++) {
    const lambda = j + (e - 2) / 2;
    // E (1 − z²) under the weight of j − 1 is (2λ − 1)/(2λ).
    if (j > 0) seed *= sine * Math.sqrt((2 * lambda) / (2 * lambda - 1));
    q[0] = seed;
    for (let n = 1; n <= L - j; n++) {
      // z q_{n−1} = a_n q_n + a_{n−1} q_{n−2}
      const a = Math.sqrt((n * (n + 2 * lambda - 1)) / (4 * (n + lambda) * (n + lambda - 1)));
      const before =
        n === 1 ? 0 : Math.sqrt(((n - 1) * (n + 2 * lambda - 2)) / (4 * (n + lambda - 1) * (n + lambda - 2)));
      q[n] = (z * q[n - 1] - (n === 1 ? 0 : before * q[n - 2])) / a;
    }
    const size = innerCounts[j];
    let block = blockStart;
    for (let k = j; k <= L; k++) {
      const factor = q[k - j];
      const at = block + offset;
      for (let i = 0; i < size; i++) out[at + i] = factor * inner[innerStart + i];
      block += counts[k];
    }
    innerStart += size;
    offset += size;
    blockStart += counts[j];
  }
}
