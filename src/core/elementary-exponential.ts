import { exponentOf, powerOfTwo, productError, scaleByPowerOfTwo } from "./elementary-bits.js";
import {
  LN2_HIGH,
  LN2_LOW,
  ROOT_TWO,
  THIRD,
  THIRD_LOW,
  cubicSeries,
  exponentialOf,
  exponentialPair,
  pairHigh,
  pairLow,
} from "./elementary-pairs.js";

const LN2_INVERSE = 1.4426950408889634;
const HALF_LN2 = 0.34657359027997264;

/**
 * Exponential function, in additions and multiplications only: the same bits in every engine.
 *
 * Relation: e^x = 2^k e^r with r = x − k ln 2 in two doubles, |r| <= ln 2 / 2.
 *
 * @param x any number
 * @returns e^x; Infinity above 709.78, 0 below −745.13, NaN for NaN
 *
 * Accuracy: below 0.7 ulp, 0.8 where the result is subnormal (measured, docs/routines.md). Cost: about 8 ns.
 * @example
 * ```ts
 * import { exp } from "eigenscope/core";
 * console.log(exp(1)); // 2.718281828459045
 * ```
 */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Infinity : Number.NaN;
  if (x < -745.1332191019412) return 0;
  return exponentialOf(x, 0);
}

/**
 * e^x − 1 without cancellation, in additions and multiplications only: the same bits in every engine.
 *
 * @param x any number
 * @returns e^x − 1; −1 far left, Infinity above 709.78, x itself for tiny x, NaN for NaN
 *
 * Accuracy: below 0.8 ulp (measured, docs/routines.md). Cost: about 10 ns.
 * @example
 * ```ts
 * import { expm1 } from "eigenscope/core";
 * console.log(expm1(1e-10)); // 1.00000000005e-10
 * ```
 */
export function expm1(x: number): number {
  const size = Math.abs(x);
  if (size <= HALF_LN2) {
    if (size < 2 ** -54) return x;
    const square = x * x;
    // Below 2^−28 the rounding error of the square shows nowhere.
    const squareLow = size < 2 ** -28 ? 0 : productError(x, x, square);
    return x + (0.5 * square + (x * square * cubicSeries(x) + 0.5 * squareLow));
  }
  if (!(x <= 709.782712893384)) return x > 0 ? Infinity : Number.NaN;
  if (x < -40) return -1;
  const k = Math.floor(x * LN2_INVERSE + 0.5);
  const large = x - k * LN2_HIGH;
  const small = k * LN2_LOW;
  const r = large - small;
  // e^r − 1 = r + (r²/2 + r³ S) in two doubles: next to −1/2 it cancels half of itself.
  const square = r * r;
  const half = 0.5 * square;
  const cubic = r * square * cubicSeries(r);
  const curved = half + cubic;
  const tail = large - r - small;
  const rest = half - curved + cubic + (0.5 * productError(r, r, square) + tail * (1 + r));
  const e = r + curved;
  const eLow = r - e + curved + rest;
  // 2^k ((1 − 2^−k) + e): the first difference is exact up to k = 53, its rounding matters to k = 60.
  const power = k > 60 ? 0 : powerOfTwo(-k);
  const base = 1 - power;
  const baseLow = 1 - base - power;
  const sum = base + e;
  const back = sum - base;
  return scaleByPowerOfTwo(sum + (base - (sum - back) + (e - back) + (eLow + baseLow)), k);
}

/**
 * Natural logarithm, in the four operations only: the same bits in every engine.
 *
 * Relation: x = 2^k (1 + f), log(1 + f) = 2 artanh(s) with s = f/(2 + f) in two doubles, |s| < 0.172.
 *
 * @param x any number
 * @returns log x; −Infinity for ±0, NaN for negative numbers and NaN
 *
 * Accuracy: below 0.6 ulp (measured, docs/routines.md). Cost: about 12 ns.
 * @example
 * ```ts
 * import { log } from "eigenscope/core";
 * console.log(log(10)); // 2.302585092994046
 * ```
 */
export function log(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : Number.NaN;
  if (!(x < Infinity)) return x;
  return x < 2 ** -1022 ? logarithm(x * 2 ** 54, 0, -54) : logarithm(x, 0, 0);
}

/**
 * log(1 + x) without cancellation, in the four operations only: the same bits in every engine.
 *
 * @param x any number
 * @returns log(1 + x); −Infinity at −1, NaN below and for NaN, x itself for tiny x
 *
 * Accuracy: below 0.6 ulp (measured, docs/routines.md). Cost: about 12 ns.
 * @example
 * ```ts
 * import { log1p } from "eigenscope/core";
 * console.log(log1p(1e-10)); // 9.9999999995e-11
 * ```
 */
export function log1p(x: number): number {
  if (Math.abs(x) < 2 ** -54) return x;
  if (x <= -1) return x === -1 ? -Infinity : Number.NaN;
  if (!(x < Infinity)) return x;
  if (x > -0.29 && x < 0.41) return atanhSum(x, 0, 0);
  const sum = 1 + x;
  return logarithm(sum, x > 1 ? 1 - (sum - x) : x - (sum - 1), 0);
}

/** log(x + rest) + shift · ln 2 for a normal x > 0 and a tiny rest. */
function logarithm(x: number, rest: number, shift: number): number {
  let k = exponentOf(x);
  // 2^−1023 is subnormal, hence two factors for the largest exponent.
  let m = k > 1022 ? x * powerOfTwo(-1022) * powerOfTwo(1022 - k) : x * powerOfTwo(-k);
  let low = k > 1022 ? 0 : rest * powerOfTwo(-k);
  if (m > ROOT_TWO) {
    m *= 0.5;
    low *= 0.5;
    k++;
  }
  return atanhSum(m - 1, low, k + shift);
}

/** log(1 + f + low) + k ln 2 for 1 + f in [0.7, 1.42] and a tiny low. */
function atanhSum(f: number, low: number, k: number): number {
  const d = 2 + f;
  const dLow = f - (d - 2) + low;
  const s = f / d;
  const p = s * d;
  const sLow = (f - p - productError(s, d, p) - s * dLow + low) / d;
  const z = s * s;
  const series =
    0.6666666666666666 +
    z *
      (0.3999999999999999 +
        z *
          (0.28571428571435364 +
            z *
              (0.22222222219857288 +
                z *
                  (0.181818185938676 +
                    z *
                      (0.1538457511576662 +
                        z * (0.1333563938635947 + z * (0.11688107586595922 + z * 0.1188214271262732)))))));
  const small = 2 * sLow + s * z * series;
  if (k === 0) return 2 * s + small;
  const large = k * LN2_HIGH;
  const sum = large + 2 * s;
  return sum + (large - sum + 2 * s + (small + k * LN2_LOW));
}

/**
 * Hyperbolic tangent, in the four operations only: the same bits in every engine.
 *
 * Relation: a polynomial in x² below 3/4, 1 − 2/(e^{2x} + 1) above, ±1 from |x| = 20 on.
 *
 * @param x any number
 * @returns tanh x; ±1 for infinities, NaN for NaN, x itself for ±0
 *
 * Accuracy: below 0.7 ulp (measured, docs/routines.md). Cost: about 15 ns.
 * @example
 * ```ts
 * import { tanh } from "eigenscope/core";
 * console.log(tanh(0.5)); // 0.46211715726000973
 * ```
 */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -28) return x;
  if (size < 0.75) return tangentNearZero(x);
  if (size > 20) return x > 0 ? 1 : -1;
  // 2/(e^{2x} + 1) = 2 p/(h + l + p) with p = 2^−k, all of it in two doubles.
  const power = powerOfTwo(-exponentialPair(2 * size, 0));
  const high = pairHigh + pairLow;
  const sum = high + power;
  const sumLow = high - sum + power + (pairHigh - high + pairLow);
  const quotient = (2 * power) / sum;
  const product = quotient * sum;
  const quotientLow = (2 * power - product - productError(quotient, sum, product) - quotient * sumLow) / sum;
  const difference = 1 - quotient;
  const value = difference + (1 - difference - quotient - quotientLow);
  return x < 0 ? -value : value;
}

/** x + x³ (−1/3 + x² S(x²)) for |x| < 3/4, from 1/4 on with the rounding errors of the products kept. */
function tangentNearZero(x: number): number {
  const z = x * x;
  const zt = z * tangentSeries(z);
  const series = zt - THIRD;
  const cube = x * z;
  const curved = cube * series;
  if (Math.abs(x) < 0.25) return x + curved;
  const zLow = productError(x, x, z);
  const seriesLow = zt - (series + THIRD) - THIRD_LOW;
  const cubeLow = productError(x, z, cube) + x * zLow;
  const curvedLow = productError(cube, series, curved) + (cube * seriesLow + cubeLow * series);
  const value = x + curved;
  return value + (x - value + curved + curvedLow);
}

/** (tanh x/x − 1 + z/3)/z² in z = x² <= 1. */
function tangentSeries(z: number): number {
  return (
    0.1333333333333309 +
    z *
      (-0.05396825396804614 +
        z *
          (0.021869488529121704 +
            z *
              (-0.008863235404458924 +
                z *
                  (0.003592126678207501 +
                    z *
                      (-0.0014558246847687479 +
                        z *
                          (0.0005899792629247877 +
                            z *
                              (-0.00023895695556391946 +
                                z *
                                  (9.646256602976662e-5 +
                                    z *
                                      (-3.8389275551857015e-5 +
                                        z *
                                          (1.460575911182687e-5 +
                                            z *
                                              (-4.98746982389085e-6 +
                                                z *
                                                  (1.3790318017901427e-6 +
                                                    z * (-2.6326194483617806e-7 + z * 2.5148728259464626e-8)))))))))))))
  );
}

/**
 * Hyperbolic sine, in the four operations only: the same bits in every engine.
 *
 * @param x any number
 * @returns sinh x; ±Infinity beyond 710.48, x itself for tiny x, NaN for NaN
 *
 * Accuracy: below 0.9 ulp (measured, docs/routines.md). Cost: about 15 ns.
 * @example
 * ```ts
 * import { sinh } from "eigenscope/core";
 * console.log(sinh(1)); // 1.1752011936438014
 * ```
 */
export function sinh(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -28) return x;
  if (size <= 1) {
    const z = x * x;
    return x + x * z * hyperbolicSeries(z);
  }
  if (!(size < 711)) return x * Infinity;
  const k = exponentialPair(size, 0);
  // Beyond 22 the other exponential is below the last bit.
  const inverse = size > 22 ? 0 : powerOfTwo(-2 * k) / (pairHigh + pairLow);
  const value = scaleByPowerOfTwo(pairHigh + (pairLow - inverse), k - 1);
  return x < 0 ? -value : value;
}

/** (sinh x − x)/x³ in z = x² <= 1. */
function hyperbolicSeries(z: number): number {
  return (
    0.16666666666666666 +
    z *
      (0.008333333333333333 +
        z *
          (0.0001984126984126984 +
            z *
              (2.7557319223985893e-6 +
                z *
                  (2.505210838544172e-8 +
                    z * (1.6059043836821613e-10 + z * (7.647163731819816e-13 + z * 2.8114572543455206e-15))))))
  );
}
