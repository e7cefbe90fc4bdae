import { EPSILON } from "../core/index.js";

const MAXIMUM_STEPS = 100; // 2–4 are usual
const PATIENCE = 3; // steps in a row that may fail to reduce |f| by a factor of ten before one halves the bracket
const BISECT_AFTER = 30; // from here on every step does: the rest is enough to the last digit
const NEARER = 2 ** -8; // a guess for a root between zero and the other end of its bracket

/** The secular equation 1/ρ + Σ z_j² / (p_j − x) = 0 with poles p₀ < p₁ < … and ρ > 0. */
export interface SecularProblem {
  /** Number of poles. */
  readonly count: number;
  /** Ascending. Poles are p_j = d_j, or p_j = d_j² when `squared`. */
  readonly d: Float64Array;
  /** Weights z_j, none negligible. */
  readonly z: Float64Array;
  /** 1/ρ. */
  readonly inverseRho: number;
  /** Poles are the squares of d >= 0: differences are formed as (d_j − d_i)(d_j + d_i), without cancellation. */
  readonly squared: boolean;
}

/** A root as offset from the pole that it is nearer to: x − p_j is known to high relative accuracy for every j. */
export interface SecularRoot {
  /** Index of the pole. */
  origin: number;
  /** x − p_origin. */
  offset: number;
}

/**
 * Finds root `index` (between poles index and index + 1; the last one beyond the last pole) and writes p_j − x for all j
 * to `differences` at `at`.
 *
 * Rational interpolation with the two neighbouring poles kept exactly: the start solves the equation with the other
 * terms frozen at the midpoint, the steps are the fixed-weight iteration of R.-C. Li with the middle way as its
 * alternate when it stalls, inside a bracket. Stops when |f| is below the rounding error of its own evaluation, which
 * makes the recomputed weights of Gu and Eisenstat agree with z to rounding. [gu1995]
 */
export function solveSecular(
  problem: SecularProblem,
  index: number,
  root: SecularRoot,
  differences: Float64Array,
  at: number,
): void {
  const { count, z, inverseRho } = problem;
  if (count === 1) {
    root.origin = 0;
    root.offset = (z[0] * z[0]) / inverseRho;
    differences[at] = -root.offset;
    return;
  }
  const isLast = index === count - 1;
  const left = isLast ? index - 1 : index; // the two poles kept exactly
  const right = left + 1;
  const zl = z[left] * z[left];
  const zr = z[right] * z[right];

  // Distances from the pole at `index`, and the frozen rest of the equation at the middle of the interval.
  gaps(problem, index, differences, at);
  let total = 0;
  for (let j = 0; j < count; j++) total += z[j] * z[j];
  const width = isLast ? total / inverseRho : differences[at + right];
  const middle = 0.5 * width;
  let rest = inverseRho;
  for (let j = 0; j < left; j++) rest += (z[j] * z[j]) / (differences[at + j] - middle);
  for (let j = right + 1; j < count; j++) rest += (z[j] * z[j]) / (differences[at + j] - middle);
  const atMiddle = rest + zl / (differences[at + left] - middle) + zr / (differences[at + right] - middle);

  let lower: number;
  let upper: number;
  let tau: number;
  let origin = index;
  if (isLast) {
    const gap = -differences[at + left];
    lower = atMiddle <= 0 ? middle : 0;
    upper = atMiddle <= 0 ? width : middle;
    tau = positiveRoot(rest, zl + zr - rest * gap, zr * gap);
  } else if (atMiddle >= 0) {
    lower = 0;
    upper = middle;
    tau = smallerRoot(rest, rest * width + zl + zr, zl * width);
  } else {
    origin = right;
    gaps(problem, origin, differences, at);
    lower = -middle;
    upper = 0;
    tau = -smallerRoot(-rest, -rest * width + zl + zr, zr * width);
  }
  // The upper end of the last root is no pole; where all other weights are invisible it is the root.
  if (isLast && tau >= upper && upper === width) tau = upper;
  else if (!(tau > lower && tau < upper)) tau = middleOf(lower, upper);

  let useMiddleWay = false;
  let slowSteps = 0;
  let previous = Infinity;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    // ψ: poles up to `left`, all terms negative; φ: the rest, positive (for the last root the last term is negative).
    let psi = 0;
    let psiSlope = 0;
    let error = 0;
    for (let j = 0; j <= left; j++) {
      const ratio = z[j] / (differences[at + j] - tau);
      psi += z[j] * ratio;
      psiSlope += ratio * ratio;
      error -= psi;
    }
    let phi = 0;
    let phiSlope = 0;
    for (let j = count - 1; j >= right; j--) {
      const ratio = z[j] / (differences[at + j] - tau);
      phi += z[j] * ratio;
      phiSlope += ratio * ratio;
      error += Math.abs(phi);
    }
    const value = inverseRho + psi + phi;
    const slope = psiSlope + phiSlope;
    error += 8 * (Math.abs(phi) - psi) + inverseRho + Math.abs(tau) * slope;
    if (Math.abs(value) <= EPSILON * error) break;
    if (value <= 0) lower = tau;
    else upper = tau;
    if (upper - lower <= 2 * EPSILON * Math.max(Math.abs(lower), Math.abs(upper))) break;
    const isSlow = Math.abs(value) > 0.1 * Math.abs(previous);
    if (isSlow && value * previous > 0) useMiddleWay = !useMiddleWay;
    slowSteps = isSlow ? slowSteps + 1 : 0;
    previous = value;

    let next: number;
    if (slowSteps >= PATIENCE || step >= BISECT_AFTER) {
      next = middleOf(lower, upper);
      slowSteps = 0;
    } else {
      const dl = differences[at + left] - tau;
      const dr = differences[at + right] - tau;
      let c: number;
      if (useMiddleWay || isLast) {
        c = value - dl * psiSlope - dr * phiSlope;
      } else if (origin === left) {
        const ratio = z[left] / dl;
        c = value - dr * slope - (dl - dr) * ratio * ratio;
      } else {
        const ratio = z[right] / dr;
        c = value - dl * slope - (dr - dl) * ratio * ratio;
      }
      const a = (dl + dr) * value - dl * dr * slope;
      const b = dl * dr * value;
      let eta: number;
      const root2 = Math.sqrt(Math.abs(a * a - 4 * b * c));
      if (c === 0) eta = b / a;
      else if (isLast ? a >= 0 : a <= 0) eta = (isLast ? a + root2 : a - root2) / (2 * c);
      else eta = (2 * b) / (isLast ? a - root2 : a + root2);
      if (!(value * eta < 0)) eta = -value / slope; // f increases, so the step must go against its sign
      next = tau + eta;
    }
    tau = next > lower && next < upper ? next : middleOf(lower, upper);
  }
  for (let j = at; j < at + count; j++) differences[j] -= tau;
  root.origin = origin;
  root.offset = tau;
}

/**
 * Weights for which the computed roots are exact, from Löwner's formula
 * ẑ_j² ∝ (λ_j − p_j) Π_{i≠j} (λ_i − p_j) / (p_i − p_j); every factor is positive and accurate. Row i of
 * `differences` holds p_j − λ_i. Those in `share` are written to `out`. The common factor 1/ρ is dropped: the vectors are normalised anyway. [gu1995]
 */
export function recomputeWeights(
  count: number,
  d: Float64Array,
  z: Float64Array,
  differences: Float64Array,
  squared: boolean,
  out: Float64Array = new Float64Array(count),
  share: readonly [number, number] = [0, count],
): Float64Array {
  const [first, last] = share;
  const product = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    const pole = d[i];
    const at = i * count;
    const before = Math.min(i, last);
    const after = Math.max(i + 1, first);
    if (squared) {
      for (let j = first; j < before; j++) product[j] *= differences[at + j] / ((d[j] - pole) * (d[j] + pole));
      for (let j = after; j < last; j++) product[j] *= differences[at + j] / ((d[j] - pole) * (d[j] + pole));
    } else {
      for (let j = first; j < before; j++) product[j] *= differences[at + j] / (d[j] - pole);
      for (let j = after; j < last; j++) product[j] *= differences[at + j] / (d[j] - pole);
    }
    if (i >= first && i < last) product[i] *= -differences[at + i];
  }
  for (let j = first; j < last; j++) out[j] = (z[j] < 0 ? -1 : 1) * Math.sqrt(Math.abs(product[j]));
  return out;
}

/** p_j − p_origin for all j. */
function gaps(problem: SecularProblem, origin: number, out: Float64Array, at: number): void {
  const { count, d, squared } = problem;
  const pole = d[origin];
  if (squared) for (let j = 0; j < count; j++) out[at + j] = (d[j] - pole) * (d[j] + pole);
  else for (let j = 0; j < count; j++) out[at + j] = d[j] - pole;
}

/**
 * A number inside a bracket whose ends have one sign or are zero: the middle, or that of the exponents when the ends differ by
 * orders of magnitude, because a root next to a light pole may be nearer to it by any of them.
 */
function middleOf(lower: number, upper: number): number {
  const sign = lower < 0 ? -1 : 1;
  const far = Math.max(Math.abs(lower), Math.abs(upper));
  const near = Math.min(Math.abs(lower), Math.abs(upper));
  if (near === 0) return sign * far * NEARER;
  return far > 4 * near ? sign * Math.sqrt(near) * Math.sqrt(far) : 0.5 * (lower + upper);
}

/** Smaller positive root of c x² − a x + b = 0 with b > 0, by the formula that does not cancel. */
function smallerRoot(c: number, a: number, b: number): number {
  const root = Math.sqrt(Math.abs(a * a - 4 * b * c));
  return a > 0 ? (2 * b) / (a + root) : (a - root) / (2 * c);
}

/** Positive root of c x² − a x − b = 0 with b > 0. */
function positiveRoot(c: number, a: number, b: number): number {
  const root = Math.sqrt(Math.abs(a * a + 4 * b * c));
  return a >= 0 ? (a + root) / (2 * c) : (2 * b) / (root - a);
}
