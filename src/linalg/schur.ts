import { EPSILON, type Matrix, requireMatrix, requireOptions, pow } from "../core/index.js";
import { axpy, dot, gemv } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors } from "./certificate.js";
import { type MatrixInput, largestModulus, requireSquareInput, safeScale, unscale } from "./input.js";
import { matmul } from "./products.js";
import { makeReflector } from "./reflectors.js";
import { length2 } from "./scalar.js";
import { stalled } from "./stalled.js";

const SWEEPS_PER_VALUE = 60; // 3 on average
const EXCEPTIONAL = 10; // after this many sweeps on one block an unusual shift breaks possible cycles

/** Options of {@link schur}. */
export interface SchurOptions {
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** A = Q T Qᵀ with T quasi-triangular. */
export interface SchurDecomposition {
  /** n x n orthogonal. */
  readonly q: Matrix;
  /** n x n upper quasi-triangular: 1 x 1 blocks for real eigenvalues, 2 x 2 blocks for complex pairs. */
  readonly t: Matrix;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/**
 * Computes the real Schur form: Householder reduction to Hessenberg form, then Francis double-shift QR.
 *
 * Relation: A = Q T Qᵀ, Qᵀ Q = I, T upper quasi-triangular; every 2 x 2 block has a pair of complex eigenvalues.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NotConvergedError} when an iteration uses up its sweeps (no such matrix is known), with what was left
 *
 * Accuracy: ‖A − Q T Qᵀ‖ within a small multiple of n ε ‖A‖. Cost: about 25 n³ flops.
 * @see [francis1961]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { schur } from "eigenscope/linalg";
 * const { t } = schur(fromRows([[2, 1], [0, 3]]));
 * console.log(t.data[2], t.data[0] + t.data[3]); // 0 5
 * ```
 */
export function schur(A: MatrixInput, options: SchurOptions = {}): SchurDecomposition {
  requireOptions(options, ["certificate"], "schur");
  const { rows: n, data } = requireSquareInput(A, "A", "schur");
  const scale = safeScale(largestModulus(data));
  const t = data.map((entry) => entry * scale);
  const q = realSchur(n, t, true);
  unscale(t, scale, "T", "schur");
  const result = { q: { rows: n, cols: n, data: q ?? new Float64Array(0) }, t: { rows: n, cols: n, data: t } };
  const certificate =
    options.certificate === true
      ? certifyFactors({ rows: n, cols: n, data }, reconstructSchur(result), [result.q])
      : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link schur} again: Q T Qᵀ. */
export function reconstructSchur(decomposition: Pick<SchurDecomposition, "q" | "t">): Matrix {
  const q = requireMatrix(decomposition?.q, "decomposition.q", "reconstructSchur");
  const t = requireMatrix(decomposition.t, "decomposition.t", "reconstructSchur");
  return matmul(matmul(q, t), q, { transposeB: true });
}

/** Reduces h (n x n, entries near one) to real Schur form in place; returns Q when wanted. */
export function realSchur(n: number, h: Float64Array, wantQ: boolean): Float64Array | null {
  const q = hessenberg(n, h, wantQ);
  francis(n, h, q);
  return q;
}

/** Householder reduction to upper Hessenberg form in place. */
function hessenberg(n: number, h: Float64Array, wantQ: boolean): Float64Array | null {
  const vectors = new Float64Array(Math.max(0, n - 2) * n); // row k: reflector k, entries k + 1 … n − 1
  const taus = new Float64Array(Math.max(0, n - 2));
  const work = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    const length = n - k - 1;
    const v = k * n + k + 1;
    for (let i = k + 1; i < n; i++) vectors[k * n + i] = h[i * n + k];
    const tau = makeReflector(vectors, v, length);
    taus[k] = tau;
    h[(k + 1) * n + k] = vectors[v];
    for (let i = k + 2; i < n; i++) h[i * n + k] = 0;
    vectors[v] = 1;
    if (tau === 0) continue;
    // Left: rows k + 1 …, columns k + 1 …; right: all rows, columns k + 1 ….
    const width = n - k - 1;
    gemv(true, length, width, tau, h, (k + 1) * n + k + 1, n, vectors, v, 1, 0, work, 0, 1);
    for (let i = 0; i < length; i++) axpy(width, -vectors[v + i], work, 0, 1, h, (k + 1 + i) * n + k + 1, 1);
    for (let i = 0; i < n; i++) {
      const row = i * n + k + 1;
      axpy(length, -tau * dot(length, h, row, 1, vectors, v, 1), vectors, v, 1, h, row, 1);
    }
  }
  if (!wantQ) return null;
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    if (taus[k] === 0) continue;
    const length = n - k - 1;
    const v = k * n + k + 1;
    gemv(true, length, length, taus[k], q, (k + 1) * n + k + 1, n, vectors, v, 1, 0, work, 0, 1);
    for (let i = 0; i < length; i++) axpy(length, -vectors[v + i], work, 0, 1, q, (k + 1 + i) * n + k + 1, 1);
  }
  return q;
}

/** Francis double-shift QR on a Hessenberg matrix in place, accumulating into q unless it is null. */
export function francis(n: number, h: Float64Array, q: Float64Array | null, limit: number = SWEEPS_PER_VALUE): void {
  const norm = largestModulus(h);
  const negligible = pow(EPSILON, 3) * norm; // entries whose squares could not be told from zero in the shifts
  let last = n - 1;
  let sweeps = 0;
  while (last > 0) {
    let first = last;
    while (first > 0) {
      let size = Math.abs(h[(first - 1) * (n + 1)]) + Math.abs(h[first * (n + 1)]);
      if (size === 0) size = norm;
      if (Math.abs(h[first * n + first - 1]) <= Math.max(EPSILON * size, negligible)) {
        h[first * n + first - 1] = 0;
        break;
      }
      first--;
    }
    if (first === last) {
      last--;
      sweeps = 0;
    } else if (first === last - 1) {
      splitRealPair(n, h, q, first);
      last -= 2;
      sweeps = 0;
    } else {
      if (++sweeps > limit) throw stalled("schur", "A", limit, last, Math.abs(h[last * n + last - 1]), norm);
      sweep(n, h, q, first, last, sweeps);
    }
  }
}

/** One implicit double-shift sweep on rows and columns first … last. */
function sweep(n: number, h: Float64Array, q: Float64Array | null, first: number, last: number, count: number): void {
  const shifts = chooseShifts(n, h, first, last, count);
  const x = new Float64Array(3);
  // Start as low as two small subdiagonal entries in a row allow: what is above them would not notice the bulge.
  let start = last - 2;
  for (; ; start--) {
    firstColumn(n, h, start, shifts, x);
    if (start === first) break;
    const above =
      Math.abs(h[(start - 1) * (n + 1)]) + Math.abs(h[start * (n + 1)]) + Math.abs(h[(start + 1) * (n + 1)]);
    const left = Math.abs(h[start * n + start - 1]) * (Math.abs(x[1]) + Math.abs(x[2]));
    if (left <= EPSILON * Math.abs(x[0]) * above) break;
  }
  for (let k = start; k < last; k++) {
    const size = Math.min(3, last - k + 1);
    if (k > start) {
      for (let i = 0; i < size; i++) x[i] = h[(k + i) * n + k - 1];
    }
    const tau = makeReflector(x, 0, size);
    const v1 = x[1];
    const v2 = size === 3 ? x[2] : 0;
    if (k > start) {
      h[k * n + k - 1] = x[0];
      for (let i = 1; i < size; i++) h[(k + i) * n + k - 1] = 0;
    } else if (k > first) {
      h[k * n + k - 1] *= 1 - tau; // the two entries that this would fill below it are negligible
    }
    if (tau === 0) continue;
    const row0 = k * n;
    for (let j = k; j < n; j++) {
      const sum = tau * (h[row0 + j] + v1 * h[row0 + n + j] + (size === 3 ? v2 * h[row0 + 2 * n + j] : 0));
      h[row0 + j] -= sum;
      h[row0 + n + j] -= sum * v1;
      if (size === 3) h[row0 + 2 * n + j] -= sum * v2;
    }
    reflectColumns(h, n, k, Math.min(last, k + 3) + 1, size, tau, v1, v2);
    if (q !== null) reflectColumns(q, n, k, n, size, tau, v1, v2);
  }
}

/** Two shifts σ, μ as (r, s, w) with (x − r)(x − s) − w = (x − σ)(x − μ): the eigenvalues of the trailing 2 x 2 block. */
function chooseShifts(
  n: number,
  h: Float64Array,
  first: number,
  last: number,
  count: number,
): [number, number, number] {
  if (count % EXCEPTIONAL !== 0) {
    return [h[last * (n + 1)], h[(last - 1) * (n + 1)], h[last * n + last - 1] * h[(last - 1) * n + last]];
  }
  // Off the beaten track, alternately from the bottom and from the top of the block.
  const fromTop = count % (2 * EXCEPTIONAL) === 0;
  const size = fromTop
    ? Math.abs(h[(first + 1) * n + first]) + Math.abs(h[(first + 2) * n + first + 1])
    : Math.abs(h[last * n + last - 1]) + Math.abs(h[(last - 1) * n + last - 2]);
  const base = 0.75 * size + h[(fromTop ? first : last) * (n + 1)];
  return [base, base, -0.4375 * size * size];
}

/** First column of (H − σ)(H − μ) for the part of H that starts at k, divided by its subdiagonal entry and scaled. */
function firstColumn(
  n: number,
  h: Float64Array,
  k: number,
  shifts: readonly [number, number, number],
  x: Float64Array,
): void {
  const below = h[(k + 1) * n + k];
  const r = shifts[0] - h[k * (n + 1)];
  const s = shifts[1] - h[k * (n + 1)];
  x[0] = (r * s - shifts[2]) / below + h[k * n + k + 1];
  x[1] = h[(k + 1) * (n + 1)] - h[k * (n + 1)] - r - s;
  x[2] = h[(k + 2) * n + k + 1];
  const size = Math.abs(x[0]) + Math.abs(x[1]) + Math.abs(x[2]);
  if (size === 0 || size === Infinity) {
    // The quotient overflowed: it decides alone.
    x[0] = 1;
    x[1] = x[2] = 0;
    return;
  }
  for (let i = 0; i < 3; i++) x[i] /= size;
}

/** Applies I − τ (1, v₁, v₂)ᵀ(1, v₁, v₂) from the right to columns k … of the first `rows` rows. */
function reflectColumns(
  a: Float64Array,
  n: number,
  k: number,
  rows: number,
  size: number,
  tau: number,
  v1: number,
  v2: number,
): void {
  for (let i = 0, at = k; i < rows; i++, at += n) {
    const sum = tau * (a[at] + v1 * a[at + 1] + (size === 3 ? v2 * a[at + 2] : 0));
    a[at] -= sum;
    a[at + 1] -= sum * v1;
    if (size === 3) a[at + 2] -= sum * v2;
  }
}

/** Turns a 2 x 2 diagonal block with real eigenvalues into an upper triangle by a rotation; leaves complex pairs alone. */
function splitRealPair(n: number, h: Float64Array, q: Float64Array | null, k: number): void {
  const a = h[k * (n + 1)];
  const b = h[k * n + k + 1];
  const c = h[(k + 1) * n + k];
  const d = h[(k + 1) * (n + 1)];
  const half = 0.5 * (a - d);
  const discriminant = half * half + b * c;
  if (discriminant < 0) return;
  const root = Math.sqrt(discriminant);
  const z = half + (half >= 0 ? root : -root); // (z, c) is an eigenvector for d + z: no cancellation in z
  const r = length2(z, c);
  const cosine = r === 0 ? 1 : z / r;
  const sine = r === 0 ? 0 : c / r;
  for (let j = k; j < n; j++) {
    const x = h[k * n + j];
    const y = h[(k + 1) * n + j];
    h[k * n + j] = cosine * x + sine * y;
    h[(k + 1) * n + j] = cosine * y - sine * x;
  }
  rotateColumns(h, n, k, k + 2, cosine, sine);
  if (q !== null) rotateColumns(q, n, k, n, cosine, sine);
  h[(k + 1) * n + k] = 0;
}

function rotateColumns(a: Float64Array, n: number, k: number, rows: number, c: number, s: number): void {
  for (let i = 0, at = k; i < rows; i++, at += n) {
    const x = a[at];
    const y = a[at + 1];
    a[at] = c * x + s * y;
    a[at + 1] = c * y - s * x;
  }
}
