import { EPSILON, pow } from "../core/index.js";
import { binaryExponent, length2 } from "./scalar.js";
import { stalled } from "./stalled.js";

const SWEEPS_PER_VALUE = 60; // QL needs 1.7 on average; beyond this something is wrong with the input
const NEGLIGIBLE = EPSILON * EPSILON; // relative to ‖T‖: below it an off-diagonal entry moves no eigenvalue visibly
/** Callers scale T near one, so a block of entries below this is zero; rotations of such entries would lose digits to underflow. */
const INVISIBLE = 1e-140;

/** Products of two numbers below this may have lost digits to underflow. */
const SMALLEST_PRODUCT = 1e-290;

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
  for (let first = 0; first < n; first++) {
    for (let sweep = 0; ; sweep++) {
      let last = first;
      while (last < n - 1 && !splits(Math.abs(e[last]), d[last], d[last + 1], negligible)) last++;
      if (last === first) break;
      if (sweep === sweeps)
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

/**
 * Root-free QL of Pal, Walker and Kahan: eigenvalues only, in place and not sorted. Works on the squares of the
 * off-diagonal entries, two divisions per step and no square root.
 * [parlett1998]
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
  for (let first = 0; first < n; first++) {
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
      if (sweep === sweeps) {
        throw stalled("rootFreeQl", "T", sweeps, first, Math.sqrt(squares[first]) / scale, norm);
      }
      const root = Math.sqrt(squares[first]);
      let sigma = (d[first + 1] - d[first]) / (2 * root);
      sigma = d[first] - root / (sigma + (sigma >= 0 ? 1 : -1) * length2(sigma, 1));
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
        // c = 0 only if gamma was 0: then p of the next step is the limit of gamma² / c.
        else p = c === 0 ? oldC * square : (gamma * gamma) / c;
      }
      squares[first] = s * p;
      d[first] = sigma + gamma;
    }
  }
  for (let i = 0; i < n; i++) d[i] /= scale;
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
