import { exp, expm1 } from "../core/index.js";
import type { Activation } from "../special/index.js";
import type { DualSlopes, PairCovariance } from "./dual-record.js";

/** Derivatives of the dual of erf: value (2/π) asin(2 k12/√P), derivative 4/(π√Q). */
export function erfSlopes({ k11, k12, k22, sineSquared }: PairCovariance, out: DualSlopes): void {
  const Q = 1 + 2 * (k11 + k22) + 4 * sineSquared * k11 * k22;
  const root = Math.sqrt(Q);
  out.value11 = (-4 * k12) / (Math.PI * (1 + 2 * k11) * root);
  out.derivative12 = (16 * k12) / (Math.PI * Q * root);
  out.derivative11 = (-4 * (1 + 2 * k22)) / (Math.PI * Q * root);
  out.error = 8 * Number.EPSILON;
}

/** Derivatives of the dual of s Φ(s), by the chain rule through P, D and α of its closed form. */
export function geluSlopes({ k11, k12, k22, sineSquared }: PairCovariance, out: DualSlopes): void {
  const determinant = sineSquared * k11 * k22;
  const P = (1 + k11) * (1 + k22);
  const square = 1 + k11 + k22 + determinant; // D²
  const D = Math.sqrt(square);
  const D11 = (1 + k22) / (2 * D); // ∂D/∂k11
  const alpha11 = (-k12 * D11) / P; // α = atan2(k12, D), k12² + D² = P
  const top = k12 * k12 + k11 * k22 * square;
  const top11 = k22 * square + k11 * k22 * (1 + k22);
  const rest11 = (top11 - top / (1 + k11) - (top * D11) / D) / (P * D);
  out.value11 = (k12 * alpha11 + rest11) / (2 * Math.PI);
  const inner = 1 / square + (2 + k11 + k22) / P;
  const inner11 = -(1 + k22) / (square * square) - 1 / ((1 + k11) * (1 + k11));
  out.derivative11 = (alpha11 + (k12 * (inner11 - (inner * D11) / D)) / D) / (2 * Math.PI);
  // E φ″φ″ = E (2 − u²)(2 − v²) of the normal pair with covariance Σ(1 + Σ)⁻¹, over 2πD.
  const a = (k11 + determinant) / square;
  const b = (k22 + determinant) / square;
  const c = k12 / square;
  out.derivative12 = (4 - 2 * (a + b) + a * b + 2 * c * c) / (2 * Math.PI * D);
  out.error = 16 * Number.EPSILON;
}

/** Derivatives of the dual of the sine: e^{−(k11 + k22)/2} times sinh and cosh of k12. */
export function sineSlopes({ k11, k12, k22, gap, sum }: PairCovariance, out: DualSlopes): void {
  const [near, far] = [exp(-Math.min(gap, sum)), exp(-Math.max(gap, sum))];
  const odd = (Math.sign(k12) * near * -expm1(-2 * Math.abs(k12))) / 2;
  const even = (near + far) / 2;
  out.value11 = -odd / 2;
  out.derivative12 = odd;
  out.derivative11 = -even / 2;
  out.error = 8 * Number.EPSILON * (1 + k11 + k22);
}

/**
 * Derivatives of Σ_r k12^r A_r(k11) A_r(k22)/r!, with dA_r/dk = A_{r+2}/2.
 *
 * @param mean A_r(k)
 */
export function polynomialSlopes(
  degree: number,
  mean: (r: number, k: number) => number,
  { k11, k12, k22 }: PairCovariance,
  out: DualSlopes,
): void {
  out.value11 = out.derivative12 = out.derivative11 = 0;
  let size = 0;
  let power = 1; // k12^r / r!
  let before = 0;
  let beforeThat = 0;
  for (let r = 0; r <= degree; r++) {
    const right = mean(r, k22);
    const weight = mean(r, k11) * right;
    const slope = (mean(r + 2, k11) * right) / 2;
    out.value11 += power * slope;
    out.derivative11 += before * slope;
    out.derivative12 += beforeThat * weight;
    size += Math.abs(power * slope) + Math.abs(before * slope) + Math.abs(beforeThat * weight);
    beforeThat = before;
    before = power;
    power *= k12 / (r + 1);
  }
  out.error = 8 * Number.EPSILON * (degree + 1) * size;
}

/**
 * Derivatives of a dual that is homogeneous of degree n in the two standard deviations together with their like: by Euler's
 * relation k11 ∂11 f = (n f − k12 ∂12 f)/2.
 *
 * @param value      E φφ, of degree n
 * @param derivative E φ′φ′, of degree n − 1
 * @param second     E φ″φ″
 */
export function homogeneousSlopes(
  n: number,
  value: number,
  derivative: number,
  second: number,
  { k11, k12 }: PairCovariance,
  out: DualSlopes,
): void {
  out.value11 = k11 === 0 ? 0 : (n * value - k12 * derivative) / (2 * k11);
  out.derivative11 = k11 === 0 ? 0 : ((n - 1) * derivative - k12 * second) / (2 * k11);
  out.derivative12 = second;
  // For the step (n = 0) only the derivative of the value exists.
  const size = n === 0 ? derivative : n * value + Math.abs(k12) * (derivative + second);
  out.error = (16 * Number.EPSILON * size) / Math.max(k11, Number.MIN_VALUE);
}

/** Range of the standard normal and accepted disagreement of two resolutions, as for the duals themselves. */
const RANGE = 10;
const TARGET = 1e-14;

/**
 * Derivatives of the dual of a smooth function by the trapezoidal rule: ∂12 E φ′φ′ = E φ″φ″, and by Stein's lemma
 * 2 k11 ∂11 E φφ = E u φ′(u) φ(v) − k12 E φ′φ′, 2 k11 ∂11 E φ′φ′ = E u φ″(u) φ′(v) − k12 E φ″φ″, so that no derivative beyond
 * the second is needed.
 */
export function quadratureSlopes(phi: Activation, pair: PairCovariance, out: DualSlopes): void {
  const { k11, k12, k22, sineSquared } = pair;
  const a = Math.sqrt(k11);
  const b = a === 0 ? 0 : k12 / a;
  const c = a === 0 ? Math.sqrt(k22) : Math.sqrt(sineSquared * k22);
  let previous: readonly number[] = [Number.NaN, Number.NaN, Number.NaN];
  for (let h = 0.5; h >= 1 / 16; h /= 2) {
    const n = Math.ceil(RANGE / h);
    const sums = [0, 0, 0, 0]; // u φ′ φ, φ′ φ′, φ″ φ″, u φ″ φ′
    for (let i = -n; i <= n; i++) {
      const x = i * h;
      const u = a * x;
      const left = exp(-0.5 * x * x);
      let [row0, row1, row2] = [0, 0, 0];
      for (let j = c === 0 ? 0 : -n; j <= (c === 0 ? 0 : n); j++) {
        const y = j * h;
        // For c = 0 (v a multiple of u) the y-integral is 1: the factor √(2π)/h stands for it.
        const right = c === 0 ? Math.sqrt(2 * Math.PI) / h : exp(-0.5 * y * y);
        const v = b * x + c * y;
        row0 += phi.value(v) * right;
        row1 += phi.derivative(v) * right;
        row2 += phi.secondDerivative(v) * right;
      }
      const first = left * phi.derivative(u);
      const second = left * phi.secondDerivative(u);
      sums[0] += u * first * row0;
      sums[1] += first * row1;
      sums[2] += second * row2;
      sums[3] += u * second * row1;
    }
    const scale = (h * h) / (2 * Math.PI);
    const results = [
      k11 === 0 ? 0 : ((sums[0] - k12 * sums[1]) * scale) / (2 * k11),
      sums[2] * scale,
      k11 === 0 ? 0 : ((sums[3] - k12 * sums[2]) * scale) / (2 * k11),
    ];
    const size = Math.abs(results[0]) + Math.abs(results[1]) + Math.abs(results[2]);
    const gap = results.reduce((most, value, i) => Math.max(most, Math.abs(value - previous[i])), 0);
    [out.value11, out.derivative12, out.derivative11] = results;
    out.error = Number.isNaN(gap) ? Infinity : gap + 16 * Number.EPSILON * (size + 1);
    if (gap <= TARGET * size) return;
    previous = results;
  }
}
