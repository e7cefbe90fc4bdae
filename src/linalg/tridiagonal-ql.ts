import { EPSILON, pow } from "../core/index.js";
import { binaryExponent, length2 } from "./scalar.js";
import { stalled } from "./stalled.js";

/**
 * QL needs 1.7 on average; beyond this average something is wrong with the input. One value may take hundreds where entries fall
 * by orders of magnitude from the first to the last row: the others are ready the sooner.
 */
const SWEEPS_PER_VALUE = 60;
const NEGLIGIBLE = EPSILON * EPSILON; // relative to ‖T‖: below it an off-diagonal entry moves no eigenvalue visibly
/** Callers scale T near one, so a block of entries below this is zero; rotations of such entries would lose digits to underflow. */
const INVISIBLE = 1e-140;

/** Quotients with a denominator below this may have lost digits to underflow. */
const SMALLEST_PRODUCT = 1e-250;

/**
 * QL iteration with implicit Wilkinson shifts on a symmetric tridiagonal matrix, in place.
 *
 * d holds the eigenvalues on return (not sorted), e is destroyed (length n, e[n − 1] unused). `rows` is n x width: the
 * rotations that diagonalise T are applied to its rows, so that rows = I gives Zᵀ and rows = the first column of I gives
 * the first components of all eigenvectors. Width 0 asks for values only, but then {@link rootFreeQl} is faster.
 * [parlett1998]
 */
export function implicitQl(
  n: number,
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array,
  width: number,
  sweeps: number = SWEEPS_PER_VALUE,
): void {
  const negligible = Math.max(INVISIBLE, NEGLIGIBLE * tridiagonalNorm(n, d, e));
  for (let first = 0, spent = 0; first < n; first++) {
    for (;;) {
      let last = first;
      while (last < n - 1 && !splits(Math.abs(e[last]), d[last], d[last + 1], negligible)) last++;
      if (last === first) break;
      if (spent++ === sweeps * n)
        throw stalled("implicitQl", "T", sweeps, first, Math.abs(e[first]), tridiagonalNorm(n, d, e));
      let g = (d[first + 1] - d[first]) / (2 * e[first]);
      // Shift: the eigenvalue of the leading 2 x 2 block nearer to its first diagonal entry.
      g = d[last] - d[first] + e[first] / (g + (g >= 0 ? 1 : -1) * length2(g, 1));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = last - 1;
      for (; i >= first; i--) {
        const f = s * e[i];
        const b = c * e[i];
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          // Both squares underflowed: the matrix splits here.
          d[i + 1] -= p;
          e[last] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const t = (d[i] - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        if (width > 0) rotateRows(rows, i * width, width, c, s);
      }
      if (i >= first) continue;
      d[first] -= p;
      e[first] = g;
      e[last] = 0;
    }
  }
}

/** Rows i and i + 1: (x, y) <- (c x − s y, s x + c y). */
function rotateRows(rows: Float64Array, at: number, width: number, c: number, s: number): void {
  for (let k = at; k < at + width; k++) {
    const x = rows[k];
    const y = rows[k + width];
    rows[k] = c * x - s * y;
    rows[k + width] = s * x + c * y;
  }
}

/** Rows of the block at the top of T whose eigenvalues are the two shifts of a pair of sweeps. */
const WINDOW = 6;
/** Pairs of sweeps per value; then single sweeps with Wilkinson's shift, of which it is known that they converge. */
const PAIRS_PER_VALUE = 20;
/** A second shift this many times the first would cost the small eigenvalues of a graded matrix their digits. */
const ALIKE = 64;

/**
 * Root-free QL of Pal, Walker and Kahan: eigenvalues only, in place and not sorted. Works on the squares of the
 * off-diagonal entries, two divisions per step and no square root.
 * [parlett1998]
 *
 * A step waits for the divisions of the step before; so two sweeps go at a time, the second one a row behind the first. Their
 * shifts are the two eigenvalues of a small block at the top that are nearest to convergence.
 */
export function rootFreeQl(n: number, d: Float64Array, e: Float64Array, sweeps: number = SWEEPS_PER_VALUE): void {
  // A step forms sixth powers of the entries: the norm is brought to one first, which a power of two does without rounding.
  const norm = tridiagonalNorm(n, d, e);
  const scale = norm === 0 ? 1 : pow(2, -binaryExponent(norm));
  for (let i = 0; i < n; i++) {
    d[i] *= scale;
    e[i] *= scale;
  }
  const negligible = NEGLIGIBLE * norm * scale;
  const squares = new Float64Array(n); // e²
  for (let i = 0; i < n - 1; i++) squares[i] = splits(Math.abs(e[i]), d[i], d[i + 1], negligible) ? 0 : e[i] * e[i];
  const tiny = negligible * negligible;
  const work = new Float64Array(3 * WINDOW);
  for (let first = 0, spent = 0; first < n; first++) {
    for (let sweep = 0; ; sweep++) {
      let last = first;
      while (last < n - 1) {
        const square = squares[last];
        if (square <= tiny || square <= EPSILON * EPSILON * Math.abs(d[last] * d[last + 1])) {
          squares[last] = 0;
          break;
        }
        last++;
      }
      if (last === first) break;
      if (spent++ === sweeps * n) {
        throw stalled("rootFreeQl", "T", sweeps, first, Math.sqrt(squares[first]) / scale, norm);
      }
      if (last >= first + WINDOW && sweep < PAIRS_PER_VALUE && twoShifts(first, d, squares, work)) {
        sweepTwice(first, last, work[0], work[1], d, squares);
      } else {
        sweepOnce(first, last, wilkinsonShift(first, d, squares), d, squares);
      }
    }
  }
  for (let i = 0; i < n; i++) d[i] /= scale;
}

/** The eigenvalue of the 2 x 2 block at the top that is nearer to its first diagonal entry. */
function wilkinsonShift(first: number, d: Float64Array, squares: Float64Array): number {
  const root = Math.sqrt(squares[first]);
  const half = (d[first + 1] - d[first]) / (2 * root);
  return d[first] - root / (half + (half >= 0 ? 1 : -1) * length2(half, 1));
}

/**
 * Puts the two eigenvalues of the WINDOW x WINDOW block at the top whose vectors reach least into the rest of T first in
 * `work`; false when they differ too much.
 */
function twoShifts(first: number, d: Float64Array, squares: Float64Array, work: Float64Array): boolean {
  const values = work.subarray(0, WINDOW);
  const roots = work.subarray(WINDOW, 2 * WINDOW);
  const ends = work.subarray(2 * WINDOW);
  for (let i = 0; i < WINDOW; i++) {
    values[i] = d[first + i];
    roots[i] = Math.sqrt(squares[first + i]);
    ends[i] = 0;
  }
  ends[WINDOW - 1] = 1;
  implicitQl(WINDOW, values, roots, ends, 1);
  let [best, second] = Math.abs(ends[1]) < Math.abs(ends[0]) ? [1, 0] : [0, 1];
  for (let i = 2; i < WINDOW; i++) {
    if (Math.abs(ends[i]) < Math.abs(ends[best])) {
      second = best;
      best = i;
    } else if (Math.abs(ends[i]) < Math.abs(ends[second])) second = i;
  }
  const [x, y] = [values[best], values[second]];
  work[0] = x;
  work[1] = y;
  return Math.abs(y) <= ALIKE * Math.abs(x);
}

/** One sweep from row `last` to row `first`. */
export function sweepOnce(first: number, last: number, sigma: number, d: Float64Array, squares: Float64Array): void {
  let c = 1;
  let s = 0;
  let gamma = d[last] - sigma;
  let p = gamma * gamma;
  for (let i = last - 1; i >= first; i--) {
    const square = squares[i];
    const r = p + square;
    if (i < last - 1) squares[i + 1] = s * r;
    const oldC = c;
    const inverse = 1 / r;
    c = p * inverse;
    s = square * inverse;
    const oldGamma = gamma;
    // gamma = c (d − σ) − s γ and p = gamma² / c, both over one numerator: two divisions that do not wait for each
    // other instead of three in a row, which are what a step costs.
    const numerator = p * (d[i] - sigma) - square * oldGamma;
    const denominator = r * p;
    gamma = numerator * inverse;
    d[i + 1] = oldGamma + (d[i] - gamma);
    if (denominator > SMALLEST_PRODUCT) p = (numerator * numerator) / denominator;
    else p = nextSquare(p, d[i] - sigma, square, oldC, oldGamma, r);
  }
  squares[first] = s * p;
  d[first] = sigma + gamma;
}

/**
 * Two sweeps as {@link sweepOnce} does them one after the other, for last > first + 1, and to the last bit unless the first one
 * splits row `first` off: each turn of the loop is row i of the first and row i + 1 of the second, whose divisions overlap.
 */
export function sweepTwice(
  first: number,
  last: number,
  sigma: number,
  tau: number,
  d: Float64Array,
  squares: Float64Array,
): void {
  // First sweep, row last − 1.
  let gamma = d[last] - sigma;
  let p = gamma * gamma;
  let square = squares[last - 1];
  let r = p + square;
  let inverse = 1 / r;
  let c = p * inverse;
  let s = square * inverse;
  let shifted = d[last - 1] - sigma;
  let numerator = p * shifted - square * gamma;
  let denominator = r * p;
  let next = numerator * inverse;
  let delta = gamma + (d[last - 1] - next) - tau;
  if (denominator > SMALLEST_PRODUCT) p = (numerator * numerator) / denominator;
  else p = nextSquare(p, shifted, square, 1, gamma, r);
  gamma = next;
  // Second sweep, before its first row.
  let q = delta * delta;
  let c2 = 1;
  let s2 = 0;
  for (let i = last - 2; i >= first; i--) {
    square = squares[i];
    r = p + square;
    const moved = s * r; // what the first sweep leaves of squares[i + 1]
    inverse = 1 / r;
    const oldC = c;
    c = p * inverse;
    s = square * inverse;
    const entry = d[i];
    shifted = entry - sigma;
    numerator = p * shifted - square * gamma;
    denominator = r * p;
    next = numerator * inverse;
    const diagonal = gamma + (entry - next); // and of d[i + 1]
    if (denominator > SMALLEST_PRODUCT) p = (numerator * numerator) / denominator;
    else p = nextSquare(p, shifted, square, oldC, gamma, r);
    gamma = next;
    // Row i + 1 of the second sweep.
    const r2 = q + moved;
    if (i < last - 2) squares[i + 2] = s2 * r2;
    const inverse2 = 1 / r2;
    const oldC2 = c2;
    c2 = q * inverse2;
    s2 = moved * inverse2;
    const numerator2 = q * (diagonal - tau) - moved * delta;
    const denominator2 = r2 * q;
    const next2 = numerator2 * inverse2;
    d[i + 2] = delta + (diagonal - next2);
    if (denominator2 > SMALLEST_PRODUCT) q = (numerator2 * numerator2) / denominator2;
    else q = nextSquare(q, diagonal - tau, moved, oldC2, delta, r2);
    delta = next2;
  }
  // The last row of the second sweep.
  const moved = s * p;
  const diagonal = sigma + gamma;
  if (moved < SMALLEST_PRODUCT) {
    // The first sweep split the first row off: the second one ends before it, since q may be zero too.
    squares[first + 1] = s2 * q;
    d[first + 1] = tau + delta;
    squares[first] = 0;
    d[first] = diagonal;
    return;
  }
  const r2 = q + moved;
  squares[first + 1] = s2 * r2;
  const inverse2 = 1 / r2;
  s2 = moved * inverse2;
  const numerator2 = q * (diagonal - tau) - moved * delta;
  const denominator2 = r2 * q;
  const next2 = numerator2 * inverse2;
  d[first + 1] = delta + (diagonal - next2);
  if (denominator2 > SMALLEST_PRODUCT) q = (numerator2 * numerator2) / denominator2;
  else q = nextSquare(q, diagonal - tau, moved, c2, delta, r2);
  delta = next2;
  squares[first] = s2 * q;
  d[first] = tau + delta;
}

/**
 * p of the next step, gamma² / c of the new gamma and c, where these are too small for it: √p and √oldC keep the digits that gamma²
 * and c lose below the smallest normal number.
 */
function nextSquare(p: number, shifted: number, square: number, oldC: number, gamma: number, r: number): number {
  const root = (gamma < 0 ? -1 : 1) * Math.sqrt(p) * shifted - Math.sqrt(oldC) * square;
  return root * (root / r);
}

/** Whether an off-diagonal entry may be set to zero: relative to its neighbours, or invisible beside ‖T‖. */
function splits(modulus: number, left: number, right: number, negligible: number): boolean {
  return modulus <= negligible || modulus <= EPSILON * Math.sqrt(Math.abs(left)) * Math.sqrt(Math.abs(right));
}

/** Largest modulus of an entry of T. */
export function tridiagonalNorm(n: number, d: Float64Array, e: Float64Array): number {
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]), i < n - 1 ? Math.abs(e[i]) : 0);
  return norm;
}

/** Indices that sort values ascending; stable. */
export function ascendingOrder(values: Float64Array): Uint32Array {
  const order = Uint32Array.from(values, (_, i) => i);
  return order.sort((a, b) => values[a] - values[b] || a - b);
}
