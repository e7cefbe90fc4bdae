import { EPSILON } from "../core/index.js";
import { length2 } from "./scalar.js";
import { stalled } from "./stalled.js";

const SWEEPS_PER_VALUE = 60; // 2 on average
const PATIENCE = 30; // sweeps for one value before couplings that are rounding beside the norm are dropped
const REVERSED = 100; // shift over first entry of a block that is graded upwards
const LOST = 1e-290; // beside a norm near one: the bulge of a shifted sweep would underflow at such a diagonal entry

/**
 * Implicit-shift QR on an upper bidiagonal matrix, in place, with the zero-shift sweep of Demmel and Kahan where a shift
 * would spoil small singular values (and where a diagonal entry is zero or nearly: that sweep deflates it).
 *
 * d holds the singular values on return, not sorted and of either sign (the caller moves signs into V); e (length n,
 * e[n − 1] unused) is destroyed. The rotations are applied to the rows of `u` (n x uWidth) and `v` (n x vWidth):
 * starting from identities they become Uᵀ and Vᵀ with B = U diag(d) Vᵀ. Width 0 means not wanted. [demmel1990]
 */
export function bidiagonalQr(
  n: number,
  d: Float64Array,
  e: Float64Array,
  u: Float64Array,
  uWidth: number,
  v: Float64Array,
  vWidth: number,
  sweeps: number = SWEEPS_PER_VALUE,
): void {
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]), i < n - 1 ? Math.abs(e[i]) : 0);
  let negligible = EPSILON * EPSILON * norm;
  let waited = 0; // sweeps since the last value was found
  let budget = sweeps * n;
  let last = n - 1;
  while (last > 0) {
    if (isSmall(e[last - 1], d[last - 1], d[last], negligible)) {
      e[last - 1] = 0;
      last--;
      waited = 0;
      negligible = EPSILON * EPSILON * norm;
      continue;
    }
    let first = last - 1;
    while (first > 0 && !isSmall(e[first - 1], d[first - 1], d[first], negligible)) first--;
    if (first > 0) e[first - 1] = 0;
    if (budget-- === 0) throw stalled("bidiagonalQr", "B", sweeps, last, Math.abs(e[last - 1]), norm);
    // Beside the norm such couplings are rounding, also where they do not settle relative to their neighbours.
    if (++waited > PATIENCE) negligible = 4 * EPSILON * norm;
    const shift = chooseShift(first, last, d, e);
    if (shift === 0) zeroShiftSweep(first, last, d, e, u, uWidth, v, vWidth);
    else shiftedSweep(first, last, shift, d, e, u, uWidth, v, vWidth);
  }
}

function isSmall(entry: number, left: number, right: number, negligible: number): boolean {
  const modulus = Math.abs(entry);
  return modulus <= negligible || modulus <= 0.5 * EPSILON * (Math.abs(left) + Math.abs(right));
}

/** Smaller singular value of the trailing 2 x 2 block, or 0 when it is negligible beside the first entry or that beside it. */
function chooseShift(first: number, last: number, d: Float64Array, e: Float64Array): number {
  const f = Math.abs(d[last - 1]);
  const g = Math.abs(e[last - 1]);
  const h = Math.abs(d[last]);
  for (let i = first; i <= last; i++) if (Math.abs(d[i]) < LOST) return 0;
  const small = Math.min(f, h);
  const large = Math.max(f, h);
  // Singular values of [f g; 0 h]: product f h, and (s₁ ± s₂)² = (f ± h)² + g².
  const sum = 0.5 * (length2(large + small, g) + length2(large - small, g));
  const shift = sum === 0 ? 0 : small * (large / sum);
  const ratio = shift / Math.abs(d[first]);
  // A first entry far below the shift (the smallest singular value is no larger): the block is graded against the direction of the
  // sweeps, which would stand still. Without a shift the small value goes to the bottom at once.
  return ratio * ratio < EPSILON || ratio > REVERSED ? 0 : shift;
}

/** One sweep with shift, chasing the bulge from the top. */
function shiftedSweep(
  first: number,
  last: number,
  shift: number,
  d: Float64Array,
  e: Float64Array,
  u: Float64Array,
  uWidth: number,
  v: Float64Array,
  vWidth: number,
): void {
  let f = (Math.abs(d[first]) - shift) * ((d[first] < 0 ? -1 : 1) + shift / d[first]);
  let g = e[first];
  for (let k = first; k < last; k++) {
    let r = length2(f, g);
    let c = r === 0 ? 1 : f / r;
    let s = r === 0 ? 0 : g / r;
    if (k > first) e[k - 1] = r;
    f = c * d[k] + s * e[k];
    e[k] = c * e[k] - s * d[k];
    g = s * d[k + 1];
    d[k + 1] = c * d[k + 1];
    if (vWidth > 0) rotateRows(v, k * vWidth, vWidth, c, s);
    r = length2(f, g);
    c = r === 0 ? 1 : f / r;
    s = r === 0 ? 0 : g / r;
    d[k] = r;
    f = c * e[k] + s * d[k + 1];
    d[k + 1] = c * d[k + 1] - s * e[k];
    if (k < last - 1) {
      g = s * e[k + 1];
      e[k + 1] = c * e[k + 1];
    }
    if (uWidth > 0) rotateRows(u, k * uWidth, uWidth, c, s);
  }
  e[last - 1] = f;
}

/** One sweep with shift zero in the form that has no subtraction, so every entry keeps its relative accuracy. */
function zeroShiftSweep(
  first: number,
  last: number,
  d: Float64Array,
  e: Float64Array,
  u: Float64Array,
  uWidth: number,
  v: Float64Array,
  vWidth: number,
): void {
  let c = 1;
  let oldC = 1;
  let oldS = 0;
  for (let k = first; k < last; k++) {
    const f = d[k] * c;
    let r = length2(f, e[k]);
    c = r === 0 ? 1 : f / r;
    const s = r === 0 ? 0 : e[k] / r;
    if (k > first) e[k - 1] = r * oldS;
    if (vWidth > 0) rotateRows(v, k * vWidth, vWidth, c, s);
    const p = oldC * r;
    const q = d[k + 1] * s;
    r = length2(p, q);
    oldC = r === 0 ? 1 : p / r;
    oldS = r === 0 ? 0 : q / r;
    d[k] = r;
    if (uWidth > 0) rotateRows(u, k * uWidth, uWidth, oldC, oldS);
  }
  const h = d[last] * c;
  e[last - 1] = h * oldS;
  d[last] = h * oldC;
}

/** Rows k and k + 1: (x, y) <- (c x + s y, c y − s x). */
function rotateRows(rows: Float64Array, at: number, width: number, c: number, s: number): void {
  for (let k = at; k < at + width; k++) {
    const x = rows[k];
    const y = rows[k + width];
    rows[k] = c * x + s * y;
    rows[k + width] = c * y - s * x;
  }
}
