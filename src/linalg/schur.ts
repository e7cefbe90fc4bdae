import { EPSILON, type Matrix, requireOptions, pow, transpose } from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { reflectColumns, reflectRows } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors, scaledFactor } from "./certificate.js";
import { type MatrixInput, largestModulus, requireFlags, requireSquareInput, safeScale, unscale } from "./input.js";
import { inTheNameOf } from "./named.js";
import { formTransposedQ, hessenbergRows, reduceToHessenberg } from "./hessenberg.js";
import { multiplyFactors } from "./products.js";
import { makeReflector } from "./reflectors.js";
import { length2 } from "./scalar.js";
import { stalled } from "./stalled.js";
import { borrowStore, releaseStore } from "./stores.js";

const SWEEPS_PER_VALUE = 60; // 3 on average, 11 where many eigenvalues are defective
const SMALL = 10; // a smaller matrix gets the sweeps of this order: close pairs of nearly defective values may wait for 200
const WINDOW = 24; // steps of a bulge between two updates outside the window on the diagonal
const PATIENCE = 30; // sweeps on one block before couplings that are rounding beside the norm are dropped
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
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
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
export function schur<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<SchurOptions, C>,
): Certified<SchurDecomposition, C>;
export function schur(A: MatrixInput, options: SchurOptions = {}): SchurDecomposition {
  requireOptions(options, ["certificate"], "schur");
  requireFlags(options, ["certificate"], "schur");
  const { rows: n, data } = requireSquareInput(A, "A", "schur");
  const scale = safeScale(largestModulus(data));
  const t = data.map((entry) => entry * scale);
  const q = inTheNameOf("schur", () => realSchur(n, t, true));
  unscale(t, scale, "T", "schur");
  const result = { q: { rows: n, cols: n, data: q ?? new Float64Array(0) }, t: { rows: n, cols: n, data: t } };
  const certificate =
    options.certificate === true
      ? certifyFactors(
          { rows: n, cols: n, data },
          (near) => reconstructSchur({ ...result, t: scaledFactor(result.t, near) }),
          [result.q],
        )
      : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link schur} again: Q T Qᵀ. */
export function reconstructSchur(decomposition: Pick<SchurDecomposition, "q" | "t">): Matrix {
  const q = { value: decomposition?.q, argument: "decomposition.q" };
  const product = multiplyFactors(q, { value: decomposition?.t, argument: "decomposition.t" }, "reconstructSchur");
  return multiplyFactors({ value: product, argument: "decomposition.t" }, q, "reconstructSchur", true);
}

/** Reduces h (n x n, entries near one) to real Schur form in place; returns Q when wanted. */
export function realSchur(n: number, h: Float64Array, wantQ: boolean): Float64Array | null {
  const q = wantQ ? n * n : 0; // entries of Qᵀ behind H
  const height = (wantQ ? 2 : 1) * n + hessenbergRows(n);
  const store = borrowStore(height, n);
  store.set(h);
  const reflectors = reduceToHessenberg(n, store, n * n + q);
  const rows = wantQ ? store.subarray(n * n, n * n + q).fill(0) : null;
  if (rows !== null) formTransposedQ(n, reflectors, rows, store.subarray(n * n + q));
  francis(n, store.subarray(0, n * n), rows);
  h.set(store.subarray(0, n * n));
  const Q = rows === null ? null : transpose({ rows: n, cols: n, data: rows }).data;
  releaseStore(store, height, n);
  return Q;
}

/** What the iteration works on. */
interface Iteration {
  readonly n: number;
  readonly h: Float64Array;
  /** Qᵀ, so that its update runs along rows; null when not wanted. */
  readonly q: Float64Array | null;
  /** τ, v₁, v₂ of the reflectors that have not been applied outside their window. */
  readonly reflectors: Float64Array;
}

/**
 * Francis double-shift QR on a Hessenberg matrix in place, accumulating into qᵀ unless it is null. The sweeps are limited in
 * all, not for each value: before a block of nearly defective eigenvalues splits, shifts wander for a time that has no bound
 * of its own, in exact arithmetic too.
 */
export function francis(n: number, h: Float64Array, q: Float64Array | null, limit: number = SWEEPS_PER_VALUE): void {
  const iteration = { n, h, q, reflectors: new Float64Array(3 * WINDOW) };
  const norm = largestModulus(h);
  const invisible = pow(EPSILON, 3) * norm; // entries whose squares could not be told from zero in the shifts
  let budget = limit * Math.max(n, SMALL);
  let last = n - 1;
  let sweeps = 0; // on the present block
  while (last > 0) {
    let first = last;
    // A block far below the rest of the matrix may not settle relative to itself; beside the norm its couplings are rounding.
    const negligible = sweeps > PATIENCE ? EPSILON * norm : invisible;
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
      if (budget-- === 0) throw stalled("schur", "A", limit, last, Math.abs(h[last * n + last - 1]), norm);
      sweep(iteration, first, last, ++sweeps);
    }
  }
}

/** One implicit double-shift sweep on rows and columns first … last. */
function sweep(iteration: Iteration, first: number, last: number, count: number): void {
  const { n, h } = iteration;
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
  for (let from = start; from < last - 1; from += WINDOW) {
    chase(iteration, from, Math.min(last - 1, from + WINDOW), start, first, last, x);
  }
  finishSweep(iteration, last);
}

/**
 * Moves the bulge through rows from … to − 1 of the sweep. Inside a window on the diagonal reflectors act at once; the
 * rows right of it, the columns above it and Q get all of them together, each entry being read and written once.
 */
function chase(
  { n, h, q, reflectors }: Iteration,
  from: number,
  to: number,
  start: number,
  first: number,
  last: number,
  x: Float64Array,
): void {
  const end = Math.min(last, to + 2) + 1; // first column right of the window
  const count = to - from;
  for (let k = from; k < to; k++) {
    if (k > start) for (let i = 0; i < 3; i++) x[i] = h[(k + i) * n + k - 1];
    const tau = makeReflector(x, 0, 3);
    const v = x[1];
    const w = x[2];
    if (k > start) {
      h[k * n + k - 1] = x[0];
      h[(k + 1) * n + k - 1] = h[(k + 2) * n + k - 1] = 0;
    } else if (k > first) {
      h[k * n + k - 1] *= 1 - tau; // the two entries that this would fill below it are negligible
    }
    const at = 3 * (k - from);
    reflectors[at] = tau;
    reflectors[at + 1] = v;
    reflectors[at + 2] = w;
    const row1 = n;
    const row2 = 2 * n;
    for (let j = k * n + k, stop = k * n + end; j < stop; j++) {
      const s = tau * (h[j] + v * h[j + row1] + w * h[j + row2]);
      h[j] -= s;
      h[j + row1] -= s * v;
      h[j + row2] -= s * w;
    }
    for (let i = from * n + k, stop = Math.min(last, k + 3) * n + k; i <= stop; i += n) {
      const s = tau * (h[i] + v * h[i + 1] + w * h[i + 2]);
      h[i] -= s;
      h[i + 1] -= s * v;
      h[i + 2] -= s * w;
    }
  }
  reflectRows(n - end, count, reflectors, h, from * n + end, n);
  reflectColumns(from, count, reflectors, h, from, n);
  if (q !== null) reflectRows(n, count, reflectors, q, from * n, n);
}

/** The last reflector of a sweep, of two rows. */
function finishSweep({ n, h, q }: Iteration, last: number): void {
  const k = last - 1;
  const x = Float64Array.of(h[k * n + k - 1], h[last * n + k - 1]);
  const tau = makeReflector(x, 0, 2);
  const v = x[1];
  h[k * n + k - 1] = x[0];
  h[last * n + k - 1] = 0;
  const onRows = (a: Float64Array, from: number): void => {
    for (let j = k * n + from; j < (k + 1) * n; j++) {
      const s = tau * (a[j] + v * a[j + n]);
      a[j] -= s;
      a[j + n] -= s * v;
    }
  };
  onRows(h, k);
  for (let i = k; i <= last * n + k; i += n) {
    const s = tau * (h[i] + v * h[i + 1]);
    h[i] -= s;
    h[i + 1] -= s * v;
  }
  if (q !== null) onRows(q, 0);
}

/**
 * Two shifts σ, μ as (r, s, w) with (x − r)(x − s) − w = (x − σ)(x − μ): the complex pair of the trailing 2 x 2 block, or of two
 * real eigenvalues the one nearer to the last entry, twice. Both of them would stand still where the spectrum is symmetric
 * to them, as for pairs of nearly equal ±1.
 */
function chooseShifts(
  n: number,
  h: Float64Array,
  first: number,
  last: number,
  count: number,
): [number, number, number] {
  if (count % EXCEPTIONAL !== 0) {
    const [corner, above] = [h[last * (n + 1)], h[(last - 1) * (n + 1)]];
    const product = h[last * n + last - 1] * h[(last - 1) * n + last];
    const half = 0.5 * (above - corner);
    const discriminant = half * half + product;
    if (discriminant < 0) return [corner, above, product];
    // corner + half ± root; the smaller of half ± root without cancellation.
    const far = half + (half < 0 ? -1 : 1) * Math.sqrt(discriminant);
    const shift = far === 0 ? corner : corner - product / far;
    return [shift, shift, 0];
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
  rotateRows(h, n, k, k, cosine, sine);
  rotateColumns(h, n, k, k + 2, cosine, sine);
  if (q !== null) rotateRows(q, n, k, 0, cosine, sine);
  h[(k + 1) * n + k] = 0;
}

function rotateRows(a: Float64Array, n: number, k: number, from: number, c: number, s: number): void {
  for (let at = k * n + from, end = (k + 1) * n; at < end; at++) {
    const x = a[at];
    const y = a[at + n];
    a[at] = c * x + s * y;
    a[at + n] = c * y - s * x;
  }
}

function rotateColumns(a: Float64Array, n: number, k: number, rows: number, c: number, s: number): void {
  for (let i = 0, at = k; i < rows; i++, at += n) {
    const x = a[at];
    const y = a[at + 1];
    a[at] = c * x + s * y;
    a[at + 1] = c * y - s * x;
  }
}
