// Eigenvalues and eigenvectors of a real quasi-triangular matrix, the last step of the general eigenproblem.
import { EPSILON, pow } from "../core/index.js";
import { largestModulus, norm2 } from "./input.js";
import { length2 } from "./scalar.js";

/** Eigenvalues of the diagonal blocks of a quasi-triangular matrix. */
export function quasiTriangularValues(n: number, t: Float64Array): { real: Float64Array; imaginary: Float64Array } {
  const real = new Float64Array(n);
  const imaginary = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const below = i < n - 1 ? t[(i + 1) * n + i] : 0;
    if (below === 0) {
      real[i] = t[i * (n + 1)];
      continue;
    }
    const half = 0.5 * (t[i * (n + 1)] - t[(i + 1) * (n + 1)]);
    const modulus = Math.sqrt(Math.max(0, -(half * half + t[i * n + i + 1] * below)));
    real[i] = real[i + 1] = 0.5 * (t[i * (n + 1)] + t[(i + 1) * (n + 1)]);
    imaginary[i] = modulus;
    imaginary[i + 1] = -modulus;
    i++;
  }
  return { real, imaginary };
}

/**
 * Unit eigenvectors of T as columns, real and imaginary parts: column j belongs to the eigenvalue at position order[j]. Pairs
 * are adjacent in the order, the member of positive imaginary part first.
 */
export function triangularVectors(
  n: number,
  t: Float64Array,
  real: Float64Array,
  imaginary: Float64Array,
  order: Uint32Array,
): [Float64Array, Float64Array] {
  const xr = new Float64Array(n * n);
  const xi = new Float64Array(n * n);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const largest = largestModulus(t);
  for (let column = 0; column < n; column++) {
    const k = order[column];
    if (imaginary[k] < 0) {
      // Second of a pair: the conjugate of the column before.
      for (let at = column; at < n * n; at += n) {
        xr[at] = xr[at - 1];
        xi[at] = -xi[at - 1];
      }
      continue;
    }
    const smallest = invisibleDifference(largest, real[k], imaginary[k]);
    backSubstitute(n, t, k, real[k], imaginary[k], smallest, re, im);
    const norm = length2(norm2(re, 0, n), norm2(im, 0, n));
    for (let i = 0, at = column; i < n; i++, at += n) {
      xr[at] = re[i] / norm;
      xi[at] = im[i] / norm;
    }
  }
  return [xr, xi];
}

/**
 * Differences from an eigenvalue that count as rounding: below that of the value itself, not of the norm, because T may be graded.
 * `largest` is the largest modulus of T.
 */
export function invisibleDifference(largest: number, wr: number, wi: number): number {
  return Math.max(pow(EPSILON, 3) * (largest || 1), EPSILON * length2(wr, wi));
}

/** Solves (T − λ) x = 0 for the block that starts at k, upwards; x is scaled whenever it grows large. */
function backSubstitute(
  n: number,
  t: Float64Array,
  k: number,
  wr: number,
  wi: number,
  smallest: number,
  re: Float64Array,
  im: Float64Array,
): void {
  re.fill(0);
  im.fill(0);
  let end = k; // last index of x that is not zero
  if (wi === 0) {
    re[k] = 1;
  } else {
    // Null vector of [a − λ, b; c, d − λ], from the row with the larger off-diagonal entry.
    const b = t[k * n + k + 1];
    const c = t[(k + 1) * n + k];
    end = k + 1;
    if (Math.abs(b) >= Math.abs(c)) {
      re[k] = 1;
      re[k + 1] = (wr - t[k * (n + 1)]) / b;
      im[k + 1] = wi / b;
    } else {
      re[k + 1] = 1;
      re[k] = (wr - t[(k + 1) * (n + 1)]) / c;
      im[k] = wi / c;
    }
  }
  for (let i = k - 1; i >= 0; i--) {
    const sums = rowSums(n, t, i, i + 1, end, re, im);
    if (i > 0 && t[i * n + i - 1] !== 0) {
      solvePair(n, t, i - 1, wr, wi, smallest, rowSums(n, t, i - 1, i + 1, end, re, im), sums, re, im);
      i--;
    } else {
      [re[i], im[i]] = divide(-sums[0], -sums[1], t[i * (n + 1)] - wr, -wi, smallest);
    }
    let size = Math.abs(re[i]) + Math.abs(im[i]);
    if (i + 1 < k) size = Math.max(size, Math.abs(re[i + 1]) + Math.abs(im[i + 1])); // the other half of a block
    if (size > 1e100) {
      for (let j = i; j <= end; j++) {
        re[j] /= size;
        im[j] /= size;
      }
    }
  }
}

/** x <- a multiple of (T − λ)⁻¹ x: scaled whenever it grows large, so that it never overflows near an eigenvalue. */
export function solveShifted(
  n: number,
  t: Float64Array,
  wr: number,
  wi: number,
  smallest: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const rest = (i: number, from: number): [number, number] => {
    const [sr, si] = rowSums(n, t, i, from, n - 1, re, im);
    return [sr - re[i], si - im[i]];
  };
  for (let i = n - 1; i >= 0; i--) {
    const last = i;
    if (i > 0 && t[i * n + i - 1] !== 0) {
      solvePair(n, t, i - 1, wr, wi, smallest, rest(i - 1, i + 1), rest(i, i + 1), re, im);
      i--;
    } else {
      const [sr, si] = rest(i, i + 1);
      [re[i], im[i]] = divide(-sr, -si, t[i * (n + 1)] - wr, -wi, smallest);
    }
    const size = Math.max(Math.abs(re[i]) + Math.abs(im[i]), Math.abs(re[last]) + Math.abs(im[last]));
    if (size <= 1e100) continue;
    for (let j = 0; j < n; j++) {
      re[j] /= size;
      im[j] /= size;
    }
  }
}

/** Σ_j t[i][j] x_j over from … to. */
function rowSums(
  n: number,
  t: Float64Array,
  i: number,
  from: number,
  to: number,
  re: Float64Array,
  im: Float64Array,
): [number, number] {
  let sr = 0;
  let si = 0;
  for (let j = from; j <= to; j++) {
    const entry = t[i * n + j];
    sr += entry * re[j];
    si += entry * im[j];
  }
  return [sr, si];
}

/** (a + i b) / (c + i d); a divisor below `smallest` is replaced by it: a perturbation of T within rounding. */
function divide(a: number, b: number, c: number, d: number, smallest: number): [number, number] {
  const modulus = length2(c, d);
  if (modulus < smallest) return [a / smallest, b / smallest];
  const x = c / modulus;
  const y = d / modulus;
  return [(a * x + b * y) / modulus, (b * x - a * y) / modulus];
}

/** A complex number as [real part, imaginary part]. */
type Complex = readonly [number, number];

/** x − y z. */
function subtractProduct(x: Complex, y: Complex, z: Complex): Complex {
  return [x[0] - (y[0] * z[0] - y[1] * z[1]), x[1] - (y[0] * z[1] + y[1] * z[0])];
}

/**
 * Solves the 2 x 2 complex system of a diagonal block at k: (T_kk − λ) (x_k, x_{k+1}) = −(p, s), by elimination with complete
 * pivoting: Cramer's rule would lose everything where the determinant cancels.
 */
function solvePair(
  n: number,
  t: Float64Array,
  k: number,
  wr: number,
  wi: number,
  smallest: number,
  p: Complex,
  s: Complex,
  re: Float64Array,
  im: Float64Array,
): void {
  const entries: Complex[] = [
    [t[k * (n + 1)] - wr, -wi],
    [t[k * n + k + 1], 0],
    [t[(k + 1) * n + k], 0],
    [t[(k + 1) * (n + 1)] - wr, -wi],
  ];
  let at = 0;
  for (let e = 1; e < 4; e++) if (length2(...entries[e]) > length2(...entries[at])) at = e;
  const rowSwapped = at >= 2;
  const columnSwapped = at % 2 === 1;
  const entry = (row: 0 | 1, column: 0 | 1): Complex =>
    entries[(rowSwapped ? 1 - row : row) * 2 + (columnSwapped ? 1 - column : column)];
  const first: Complex = rowSwapped ? [-s[0], -s[1]] : [-p[0], -p[1]];
  const second: Complex = rowSwapped ? [-p[0], -p[1]] : [-s[0], -s[1]];
  const pivot = entry(0, 0);
  const factor = divide(...entry(1, 0), ...pivot, smallest);
  const corner = subtractProduct(entry(1, 1), factor, entry(0, 1));
  const y = divide(...subtractProduct(second, factor, first), ...corner, smallest);
  const x = divide(...subtractProduct(first, entry(0, 1), y), ...pivot, smallest);
  const [left, right] = columnSwapped ? [y, x] : [x, y];
  [re[k], im[k]] = left;
  [re[k + 1], im[k + 1]] = right;
}
