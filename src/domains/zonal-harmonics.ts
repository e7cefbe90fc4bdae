import { requireFinite, requireInteger, requireNumber, requireVector, log, cos, square, sin } from "../core/index.js";
import { logGamma } from "../special/index.js";

/**
 * Dimension N(d, k) of the spherical harmonics of degree k on S^{d−1}.
 *
 * Relation: N = (2k + d − 2)(k + d − 3)!/(k! (d − 2)!); 1 for k = 0 and 2 for d = 2, k >= 1.
 *
 * @param d ambient dimension, >= 2
 * @param k degree, >= 0
 * @returns an exact integer below 2^53, rounded beyond, Infinity beyond 1.8e308: see {@link logMultiplicity}
 *
 * @example
 * ```ts
 * import { multiplicity } from "eigenscope/domains";
 * console.log(multiplicity(3, 5), multiplicity(10, 2)); // 11 54
 * ```
 */
export function multiplicity(d: number, k: number): number {
  requireInteger(d, "d", "multiplicity", 2);
  requireInteger(k, "k", "multiplicity");
  if (k === 0) return 1;
  if (d === 2) return 2;
  // (2k + d − 2)/(d − 2) · C(k + d − 3, k), the binomial with its shorter product so that partial products stay integers.
  const top = k + d - 3;
  const short = Math.min(k, d - 3);
  let binomial = 1;
  for (let j = 1; j <= short; j++) {
    const product = binomial * (top - short + j);
    // Beyond 2^53 partial products round; beyond 1e300 they would overflow before the division.
    binomial = product < 1e300 ? product / j : binomial * ((top - short + j) / j);
  }
  const value = ((2 * k + d - 2) / (d - 2)) * binomial;
  return value < SURELY_EXACT
    ? Math.round(((2 * k + d - 2) * binomial) / (d - 2))
    : value < 2 ** 54
      ? exactCount(d, k)
      : value;
}

/** Below this no partial product of a multiplicity has left the integers of a double. */
const SURELY_EXACT = 2 ** 40;

/** N(d, k) by integer arithmetic, for counts near 2^53: the products that lead there exceed it. */
function exactCount(d: number, k: number): number {
  const top = k + d - 3;
  const short = Math.min(k, d - 3);
  let binomial = 1n;
  for (let j = 1; j <= short; j++) binomial = (binomial * BigInt(top - short + j)) / BigInt(j);
  return Number((BigInt(2 * k + d - 2) * binomial) / BigInt(d - 2));
}

/**
 * Natural logarithm of N(d, k), for dimensions and degrees whose multiplicity leaves the double range.
 *
 * Accuracy: a few ε where N(d, k) itself is a double; about 1e-15 times the largest of the logarithms of the factorials beyond.
 */
export function logMultiplicity(d: number, k: number): number {
  requireInteger(d, "d", "logMultiplicity", 2);
  requireInteger(k, "k", "logMultiplicity");
  const direct = Math.min(k, d) < 5000 ? multiplicity(d, k) : Infinity;
  if (Number.isFinite(direct)) return log(direct);
  return log(2 * k + d - 2) + logGamma(k + d - 2) - logGamma(k + 1) - logGamma(d - 1);
}

/** All multiplicities of degrees 0 … maxDegree. */
export function multiplicities(d: number, maxDegree: number): Float64Array {
  return Float64Array.from({ length: maxDegree + 1 }, (_, k) => multiplicity(d, k));
}

/** 1 − cos θ below which differences D_k = P_k − P_{k−1} are carried: θ < π/4 from either pole. */
export const NEAR_POLE = 0.3;

/**
 * Evaluates the zonal harmonics P_0 … P_K of dimension d at an angle.
 *
 * Relation: (k + d − 3) P_k = (2k + d − 4) t P_{k−1} − (k − 1) P_{k−2}, P_0 = 1, P_1 = t = cos θ, P_k(1) = 1; Chebyshev
 * T_k for d = 2, Legendre for d = 3. In terms of Gegenbauer polynomials P_k = C_k^{(d−2)/2}(t)/C_k^{(d−2)/2}(1).
 *
 * @param d         ambient dimension, >= 2
 * @param theta     angle in [0, π]
 * @param maxDegree K
 * @returns K + 1 values of modulus <= 1
 * @throws {ArgumentError} for d < 2, an angle out of range or a negative degree
 *
 * Accuracy: ε √K absolute for 3 <= d <= 1000 and K <= 10,000, and ε K for d = 2; values below 1e-308 are reported as 0 (see
 * {@link logZonalHarmonics}). Cost: 4 flops per degree.
 * @see [dai2013]
 *
 * @example
 * ```ts
 * import { zonalHarmonics } from "eigenscope/domains";
 * console.log(zonalHarmonics(3, Math.PI / 3, 2)[2]); // -0.125
 * ```
 */
export function zonalHarmonics(d: number, theta: number, maxDegree: number): Float64Array {
  requireInteger(d, "d", "zonalHarmonics", 2);
  requireNumber(theta, "theta", "zonalHarmonics", 0, Math.PI);
  requireInteger(maxDegree, "maxDegree", "zonalHarmonics");
  const out = new Float64Array(maxDegree + 1);
  const mirrored = theta > Math.PI / 2;
  const angle = mirrored ? Math.PI - theta : theta;
  const t = cos(angle);
  const u = 2 * square(sin(angle / 2));
  out[0] = 1;
  if (maxDegree >= 1) out[1] = t;
  if (u < NEAR_POLE) {
    // (k + d − 3) D_k = (k − 1) D_{k−1} − (2k + d − 4)(1 − t) P_{k−1} for D_k = P_k − P_{k−1}: t has lost the angle here.
    let difference = -u;
    for (let k = 2; k <= maxDegree; k++) {
      difference = ((k - 1) * difference - (2 * k + d - 4) * u * out[k - 1]) / (k + d - 3);
      out[k] = out[k - 1] + difference;
    }
  } else {
    for (let k = 2; k <= maxDegree; k++)
      out[k] = ((2 * k + d - 4) * t * out[k - 1] - (k - 1) * out[k - 2]) / (k + d - 3);
  }
  if (mirrored) for (let k = 1; k <= maxDegree; k += 2) out[k] = -out[k];
  return out;
}

/** Signs and logarithms of zonal harmonics. */
export interface LogZonalHarmonics {
  /** ln |P_k|; −Infinity where P_k = 0. */
  readonly logarithms: Float64Array;
  /** Sign of P_k. */
  readonly signs: Int8Array;
}

/**
 * Zonal harmonics in logarithmic form, for high dimension and degree where they underflow.
 *
 * Relation: P_k = signs[k] · exp(logarithms[k]). The recurrence is rescaled whenever both terms leave [1e-150, 1e150].
 *
 * Accuracy: that of {@link zonalHarmonics} where P_k is a double, and about ε K relative to the neighbouring degrees below.
 *
 * @throws {ArgumentError} as {@link zonalHarmonics}
 */
export function logZonalHarmonics(d: number, theta: number, maxDegree: number): LogZonalHarmonics {
  requireInteger(d, "d", "logZonalHarmonics", 2);
  requireNumber(theta, "theta", "logZonalHarmonics", 0, Math.PI);
  requireInteger(maxDegree, "maxDegree", "logZonalHarmonics");
  const logarithms = new Float64Array(maxDegree + 1);
  const signs = new Int8Array(maxDegree + 1);
  const plain = zonalHarmonics(d, theta, maxDegree); // keeps its accuracy near the poles, where t does not tell the angle
  const t = cos(theta);
  let shift = 0; // P_k = current · e^{shift}
  let previous = 1;
  let current = t;
  signs[0] = 1;
  for (let k = 1; k <= maxDegree; k++) {
    if (k > 1) {
      const next = ((2 * k + d - 4) * t * current - (k - 1) * previous) / (k + d - 3);
      previous = current;
      current = next;
    }
    const size = Math.max(Math.abs(previous), Math.abs(current));
    if (size > 0 && size < 1e-150) {
      previous /= size;
      current /= size;
      shift += log(size);
    }
    const direct = Math.abs(plain[k]) > 1e-250;
    logarithms[k] = direct ? log(Math.abs(plain[k])) : log(Math.abs(current)) + shift;
    signs[k] = Math.sign(direct ? plain[k] : current);
  }
  return { logarithms, signs };
}

/**
 * Sums a zonal series Σ_k a_k P_k(cos θ) by Clenshaw's recurrence.
 *
 * Relation: b_k = a_k + α_k t b_{k+1} − β_{k+1} b_{k+2}, α_k = (2k + d − 2)/(k + d − 2), β_k = k/(k + d − 2); the sum is b_0.
 * The supplement keeps sums near θ = π accurate: P_k(−t) = (−1)^k P_k(t).
 *
 * @param coefficients a_0 … a_K
 * @param d            ambient dimension, >= 2
 * @param theta        angle in [0, π]
 * @param supplement   π − θ, where it is known better than the difference
 * @throws {ArgumentError} for d < 2 or angles out of range
 * @throws {NonFiniteError} for coefficients that are not finite
 *
 * Accuracy: about 3 ε Σ |a_k| for d >= 3; on the circle, where harmonics do not decay, the rounding of the angle adds up to ε Σ k |a_k|.
 */
export function zonalSum(
  coefficients: Float64Array,
  d: number,
  theta: number,
  supplement: number = Math.PI - theta,
): number {
  requireVector(coefficients, null, "coefficients", "zonalSum");
  requireFinite(coefficients, "coefficients", "zonalSum");
  requireInteger(d, "d", "zonalSum", 2);
  requireNumber(theta, "theta", "zonalSum", 0, Math.PI);
  requireNumber(supplement, "supplement", "zonalSum", 0, Math.PI);
  return coefficients.length === 0 ? 0 : sumAt(coefficients, d, theta, supplement);
}

/** {@link zonalSum} of at least one coefficient, without checks. */
export function sumAt(coefficients: Float64Array, d: number, theta: number, supplement: number): number {
  const mirrored = theta > Math.PI / 2;
  const angle = mirrored ? supplement : theta;
  const t = cos(angle);
  const K = coefficients.length - 1;
  const u = 2 * square(sin(angle / 2));
  if (u < 0.1) return differenceSum(coefficients, d, u, mirrored);
  let next = 0; // b_{k+1}
  let afterNext = 0; // b_{k+2}
  for (let k = K; k >= 1; k--) {
    const a = mirrored && k % 2 === 1 ? -coefficients[k] : coefficients[k];
    const current = a + ((2 * k + d - 2) / (k + d - 2)) * t * next - ((k + 1) / (k + d - 1)) * afterNext;
    afterNext = next;
    next = current;
  }
  return coefficients[0] + t * next - (1 / (d - 1)) * afterNext;
}

/** Forward sum with differences, for angles near the poles where Clenshaw's recurrence amplifies rounding like 1/θ. */
function differenceSum(coefficients: Float64Array, d: number, u: number, mirrored: boolean): number {
  let value = 1;
  let difference = 0;
  let sum = coefficients[0];
  for (let k = 1; k < coefficients.length; k++) {
    difference = k === 1 ? -u : ((k - 1) * difference - (2 * k + d - 4) * u * value) / (k + d - 3);
    value += difference;
    sum += mirrored && k % 2 === 1 ? -coefficients[k] * value : coefficients[k] * value;
  }
  return sum;
}
