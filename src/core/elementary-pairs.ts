import { exponentOf, powerOfTwo, productError, scaleByPowerOfTwo } from "./elementary-bits.js";

/** ln 2 = LN2_HIGH + LN2_LOW; the high part has 32 bits, so its products with exponents are exact. */
export const LN2_HIGH = 0.6931471803691238;
export const LN2_LOW = 1.9082149292705877e-10;
const LN2_INVERSE = 1.4426950408889634;
export const ROOT_TWO = 1.4142135623730951;
export const THIRD = 0.3333333333333333;
export const THIRD_LOW = 1.850371707708594e-17;
const FIFTH = 0.2;
const FIFTH_LOW = -1.1102230246251566e-17;

/** (e^r − 1 − r)/r² for |r| <= ln 2 / 2. */
export function exponentialSeries(r: number): number {
  return 0.5 + r * cubicSeries(r);
}

/** (e^r − 1 − r − r²/2)/r³ for |r| <= ln 2 / 2. */
export function cubicSeries(r: number): number {
  return (
    0.16666666666666666 +
    r *
      (0.04166666666666668 +
        r *
          (0.008333333333333333 +
            r *
              (0.0013888888888879073 +
                r *
                  (0.00019841269841263298 +
                    r *
                      (2.4801587336442236e-5 +
                        r *
                          (2.755731924721873e-6 +
                            r *
                              (2.75572632790885e-7 +
                                r *
                                  (2.505207109429355e-8 +
                                    r * (2.0918137737642736e-9 + r * 1.608662795678037e-10)))))))))
  );
}

/** The two parts of the last exponentialPair or logarithmPair. */
export let pairHigh = 0;
export let pairLow = 0;

/** Sets pairHigh + pairLow to e^(x + tail) / 2^k and returns k, for |x| < 800 and a tail below 1e−12. */
export function exponentialPair(x: number, tail: number): number {
  const k = Math.floor(x * LN2_INVERSE + 0.5);
  const large = x - k * LN2_HIGH;
  const small = k * LN2_LOW;
  const r = large - small;
  const curved = r * r * exponentialSeries(r);
  pairHigh = 1 + r;
  // The tail of a power is far larger than that of the reduction: it is multiplied by all of e^r.
  pairLow = 1 - pairHigh + r + (curved + (large - r - small + tail * (pairHigh + curved)));
  return k;
}

/** e^(x + tail) for |x| < 800 and a tail below 1e−12. */
export function exponentialOf(x: number, tail: number): number {
  const k = exponentialPair(x, tail);
  return scaleByPowerOfTwo(pairHigh + pairLow, k);
}

/** 1/7 + z/9 + z²/11 + …, for z <= 0.03. */
function arctanhTail(z: number): number {
  return (
    0.14285714285714285 +
    z *
      (0.1111111111111111 +
        z *
          (0.09090909090909091 +
            z *
              (0.07692307692307693 +
                z *
                  (0.06666666666666667 +
                    z *
                      (0.058823529411764705 +
                        z *
                          (0.05263157894736842 +
                            z *
                              (0.047619047619047616 +
                                z * (0.043478260869565216 + z * (0.04 + z * 0.037037037037037035)))))))))
  );
}

/**
 * Sets pairHigh + pairLow to log(x / 2^k), |log| <= ln 2 / 2, and returns k, for finite x > 0.
 *
 * log m = 2 s (1 + z/3 + z²/5 + …) with s = (m − 1)/(m + 1), z = s²: the first two terms are carried in two doubles each,
 * so the pair has a relative error below 2^−66. A power with an exponent of 1000 is still rounded right to one ulp.
 */
export function logarithmPair(x: number): number {
  const subnormal = x < 2 ** -1022;
  const normal = subnormal ? x * 2 ** 54 : x;
  let k = exponentOf(normal);
  // 2^−1023 is subnormal, hence two factors for the largest exponent.
  let m = k > 1022 ? normal * powerOfTwo(-1022) * powerOfTwo(1022 - k) : normal * powerOfTwo(-k);
  if (m > ROOT_TWO) {
    m *= 0.5;
    k++;
  }
  const f = m - 1;
  const d = 2 + f;
  const dLow = f - (d - 2);
  const s = f / d;
  const back = s * d;
  const sLow = (f - back - productError(s, d, back) - s * dLow) / d;
  const z = s * s;
  const zLow = productError(s, s, z) + 2 * s * sLow;
  const t = z * arctanhTail(z);
  const u = FIFTH + t;
  const uLow = FIFTH - u + t + FIFTH_LOW;
  const zu = z * u;
  const v = THIRD + zu;
  const vLow = THIRD - v + zu + (productError(z, u, zu) + z * uLow + zLow * u + THIRD_LOW);
  const w = z * v;
  const wLow = productError(z, v, w) + z * vLow + zLow * v;
  const q = s * w;
  const sum = s + q;
  pairHigh = 2 * sum;
  pairLow = 2 * (s - sum + q + (productError(s, w, q) + s * wLow + sLow * w + sLow));
  return subnormal ? k - 54 : k;
}
