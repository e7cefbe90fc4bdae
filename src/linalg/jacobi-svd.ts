import { EPSILON, type Matrix } from "../core/index.js";
import { dot, nrm2, rot } from "../routines/index.js";
import type { RowSvd } from "./bidiagonal-svd.js";
import { completeRows } from "./complete-basis.js";
import { applyQ } from "./householder-qr.js";
import { largestModulus } from "./input.js";
import { pivotedHouseholderQr } from "./pivoted-qr.js";
import { length2 } from "./scalar.js";
import { stalled } from "./stalled.js";
import { borrowStore, releaseStore } from "./stores.js";

const MAXIMUM_SWEEPS = 60; // after the pivoted QR 4–8 are usual
const HUGE = 1e300;
const SMALLEST = 1e-290; // rows shorter than this (A has been brought within 1e±90) have lost digits to underflow

/**
 * One-sided Jacobi SVD of a rows x cols matrix with rows >= cols and entries near one, after a QR factorisation with
 * column pivoting: S A P = Q R, then plane rotations from the left make the rows of R orthogonal, J R = diag(s) Wᵀ, so
 * that A = (Sᵀ Q Jᵀ) diag(s) (P W)ᵀ. S sorts the rows by decreasing size.
 *
 * Every step is backward stable in each column (QR; with sorted rows and pivoted columns in each row too) or row
 * (rotations) relative to that column's or row's own norm, which is why small singular values of B D, and of D B with as many
 * columns as rows at least, keep their relative accuracy. [drmac2008] [cox1998]
 */
export function jacobiSvd(A: Matrix, wantVectors: boolean): RowSvd {
  const { rows, cols: n } = A;
  const sizes = Float64Array.from({ length: rows }, (_, i) => largestModulus(A.data.subarray(i * n, (i + 1) * n)));
  const rowOrder = Uint32Array.from(sizes, (_, i) => i).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const sorted = new Float64Array(rows * n);
  for (let i = 0; i < rows; i++) sorted.set(A.data.subarray(rowOrder[i] * n, (rowOrder[i] + 1) * n), i * n);
  const { factor, permutation } = pivotedHouseholderQr({ rows, cols: n, data: sorted });
  const width = wantVectors ? n : 0;
  const store = borrowStore(n + width, n);
  const r = store.subarray(0, n * n); // rows are rotated until orthogonal
  r.set(factor.r.subarray(0, n * n));
  const j = store.subarray(n * n, n * n + n * width).fill(0); // accumulated rotations: rows of J
  for (let i = 0; i < width; i++) j[i * n + i] = 1;
  orthogonalizeRows(n, r, j, width);

  const lengths = new Float64Array(n);
  for (let k = 0; k < n; k++) lengths[k] = nrm2(n, r, k * n, 1);
  const order = Uint32Array.from(lengths, (_, k) => k).sort((a, b) => lengths[b] - lengths[a] || a - b);
  const values = Float64Array.from(order, (k) => lengths[k]);
  if (!wantVectors) {
    releaseStore(store, n + width, n);
    return { values, u: new Float64Array(0), v: new Float64Array(0) };
  }

  let rank = n;
  while (rank > 0 && values[rank - 1] < SMALLEST) rank--;
  const w = new Float64Array(n * n); // rows of Wᵀ; those of negligible singular values are completed
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < n; i++) w[k * n + i] = r[order[k] * n + i] / values[k];
  }
  const complete = completeRows(n, rank, n, w);
  const v = new Float64Array(n * n);
  for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) v[k * n + permutation[i]] = complete[k * n + i];
  const columns = new Float64Array(rows * n); // [Jᵀ; 0] in the order of the values, then Q times it
  for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) columns[i * n + k] = j[order[k] * n + i];
  releaseStore(store, n + width, n);
  applyQ(factor, false, columns, n);
  const u = new Float64Array(n * rows);
  for (let i = 0; i < rows; i++) for (let k = 0; k < n; k++) u[k * rows + rowOrder[i]] = columns[i * n + k];
  return { values, u, v };
}

/** Sweeps of plane rotations over all pairs of rows until every pair is orthogonal to √n ε. */
export function orthogonalizeRows(
  n: number,
  r: Float64Array,
  j: Float64Array,
  width: number,
  sweeps: number = MAXIMUM_SWEEPS,
): void {
  const tolerance = Math.sqrt(n) * EPSILON;
  const lengths = new Float64Array(n);
  let worst = 0; // row of the largest cosine of the latest sweep
  let largest = 0;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let rotations = 0;
    largest = 0;
    for (let p = 0; p < n; p++) lengths[p] = nrm2(n, r, p * n, 1); // fresh: updated lengths drift within a sweep
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const a = lengths[p];
        const b = lengths[q];
        if (a === 0 || b === 0) continue;
        const cosine = cosineOf(n, r, p * n, a, q * n, b);
        // Entries, and sines that multiply the longer row, are multiples of the smallest number: subnormal rows cannot be more
        // orthogonal than that allows.
        const grain = n * Number.MIN_VALUE * Math.max(1, a, b);
        if (Math.abs(cosine) <= tolerance + grain / Math.min(a, b)) continue;
        rotations++;
        if (Math.abs(cosine) > largest) {
          largest = Math.abs(cosine);
          worst = p;
        }
        const zeta = (b / a - a / b) / (2 * cosine);
        // Where a quotient of lengths, or twice zeta, overflows, the limit of t.
        const limit = a > b ? -cosine * (b / a) : cosine * (a / b);
        const t = Math.abs(zeta) < HUGE ? (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + length2(1, zeta)) : limit;
        const c = 1 / length2(1, t);
        const s = c * t;
        rot(n, r, p * n, 1, r, q * n, 1, c, -s);
        if (width > 0) rot(width, j, p * width, 1, j, q * width, 1, c, -s);
        // |p'|² = a² − t a b cos, |q'|² = b² + t a b cos; the shrinking one may cancel, so it is recomputed then.
        lengths[p] = updatedLength(a, -t * (b / a) * cosine, n, r, p * n);
        lengths[q] = updatedLength(b, t * (a / b) * cosine, n, r, q * n);
      }
    }
    if (rotations === 0) return;
  }
  throw stalled("svd", "A", sweeps, worst, largest, 1);
}

function updatedLength(length: number, relativeChange: number, n: number, r: Float64Array, at: number): number {
  return relativeChange < -0.5 || !Number.isFinite(relativeChange)
    ? nrm2(n, r, at, 1)
    : length * Math.sqrt(1 + relativeChange);
}

/** x·y / (|x| |y|), dividing first where the products would underflow. */
function cosineOf(n: number, r: Float64Array, x: number, a: number, y: number, b: number): number {
  if (a > 1e-130 && b > 1e-130) return dot(n, r, x, 1, r, y, 1) / a / b;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (r[x + i] / a) * (r[y + i] / b);
  return sum;
}
