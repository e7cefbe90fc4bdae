import { exponentOf, powerOfTwo, productError } from "./elementary-bits.js";

const HALF_PI = 1.5707963267948966;
const QUARTER_PI = 0.7853981633974483;
const HALF_PI_LOW = 6.123233995736766e-17;
/** π/2 in pieces of 33 bits, so that products with integers below 2^20 are exact; the last piece is a full double. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_4 = 8.4784276603689e-32;
const TWO_OVER_PI = 0.6366197723675814;
/** Beyond this the pieces above no longer multiply exactly. */
const MEDIUM = 1e6;
/** ⌊(2/π) 2^1216⌋: enough bits for the largest double and 100 more. */
const TWO_OVER_PI_BITS =
  0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babn;
const FRACTION_BITS = 1216;
/** Mask of 53 bits. */
const WORD = 0x1fffffffffffffn;

/** Result of the last reduction: x = quadrant · π/2 + high + low with |high| <= π/4 (a little more at the edge). */
let high = 0;
let low = 0;

/**
 * Sine, in additions, multiplications and divisions only: the same bits in every engine.
 *
 * @param x angle in radians, any finite size
 * @returns sin x; NaN for NaN and infinities, x itself for ±0
 *
 * Accuracy: below 0.9 ulp (measured, docs/routines.md). Cost: about 10 ns; 1 µs beyond |x| = 10⁶.
 * @example
 * ```ts
 * import { sin } from "eigenscope/core";
 * console.log(sin(1)); // 0.8414709848078965
 * ```
 */
export function sin(x: number): number {
  if (x === 0) return x;
  return sineOf(reduce(x));
}

/**
 * Cosine, in additions, multiplications and divisions only: the same bits in every engine.
 *
 * @param x angle in radians, any finite size
 * @returns cos x; NaN for NaN and infinities
 *
 * Accuracy: below 0.9 ulp (measured, docs/routines.md). Cost: about 10 ns; 1 µs beyond |x| = 10⁶.
 * @example
 * ```ts
 * import { cos } from "eigenscope/core";
 * console.log(cos(1)); // 0.5403023058681398
 * ```
 */
export function cos(x: number): number {
  return sineOf(reduce(x) + 1);
}

/**
 * Sine of a rational part of the full turn: sin(2π k / n). The reduction is exact, so symmetric points get the same
 * magnitude and quarter turns give 0 and ±1 exactly.
 *
 * @param k integer numerator, |k| < 2⁴⁹
 * @param n positive integer denominator, < 2⁴⁹
 *
 * Accuracy: below 0.9 ulp.
 * @example
 * ```ts
 * import { sinTurns } from "eigenscope/core";
 * console.log(sinTurns(1, 4), sinTurns(1, 2)); // 1 0
 * ```
 */
export function sinTurns(k: number, n: number): number {
  return sineOfTurns(k, n, 0);
}

/**
 * Cosine of a rational part of the full turn: cos(2π k / n). The reduction is exact, so symmetric points get the same
 * magnitude and quarter turns give 0 and ±1 exactly.
 *
 * @param k integer numerator, |k| < 2⁴⁹
 * @param n positive integer denominator, < 2⁴⁹
 *
 * Accuracy: below 0.9 ulp.
 * @example
 * ```ts
 * import { cosTurns } from "eigenscope/core";
 * console.log(cosTurns(1, 6)); // 0.5
 * ```
 */
export function cosTurns(k: number, n: number): number {
  return sineOfTurns(k, n, 1);
}

/** sin(quadrant · π/2 + high + low) from the last reduction. */
function sineOf(quadrant: number): number {
  const value = (quadrant & 1) === 0 ? sineKernel(high, low) : cosineKernel(high, low);
  return (quadrant & 2) === 0 ? value : -value;
}

/** sin(2πk/n + shift · π/2); odd eighths of the turn get one value in all quadrants, zeros are positive. */
function sineOfTurns(k: number, n: number, shift: number): number {
  const quadrant = reduceTurns(k, n) + shift;
  if (Math.abs(high) !== QUARTER_PI) return sineOf(quadrant) + 0;
  const value = (quadrant & 1) === 0 && high < 0 ? -Math.SQRT1_2 : Math.SQRT1_2;
  return (quadrant & 2) === 0 ? value : -value;
}

/** sin(r + tail) for |r| <= π/4: r + r³ S(r²), the small terms summed before the large one. */
function sineKernel(r: number, tail: number): number {
  const z = r * r;
  const series =
    -0.16666666666666666 +
    z *
      (0.008333333333333331 +
        z *
          (-0.00019841269841265063 +
            z *
              (2.7557319219337312e-6 +
                z * (-2.5052106231802837e-8 + z * (1.6058531516797758e-10 + z * -7.586691094197958e-13)))));
  return r + (r * z * series + tail * (1 - 0.5 * z));
}

/** cos(r + tail) for |r| <= π/4: 1 − r²/2 with its rounding error kept, + r⁴ C(r²). */
function cosineKernel(r: number, tail: number): number {
  const z = r * r;
  const half = 0.5 * z;
  const series =
    0.041666666666666664 +
    z *
      (-0.0013888888888888887 +
        z *
          (2.4801587301584645e-5 +
            z *
              (-2.755731922140179e-7 +
                z * (2.0876755790721963e-9 + z * (-1.1470460830795304e-11 + z * 4.7458685530816656e-14)))));
  const leading = 1 - half;
  return leading + (1 - leading - half + (z * z * series - r * tail));
}

/** Sets high + low to x − quadrant · π/2 and returns the quadrant mod 4. */
function reduce(x: number): number {
  const size = Math.abs(x);
  if (size <= QUARTER_PI) {
    high = x;
    low = 0;
    return 0;
  }
  if (!(size <= MEDIUM)) return size < Infinity ? reduceLarge(x) : notANumber();
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  // The first difference is exact, every further piece enters with its rounding error.
  const first = x - n * HALF_PI_1;
  const w2 = n * HALF_PI_2;
  const second = first - w2;
  const e2 = first - second - w2;
  const w3 = n * HALF_PI_3;
  const third = second - w3;
  const back = third - second;
  const e3 = second - (third - back) - (w3 + back);
  const rest = e2 + e3 - n * HALF_PI_4;
  high = third + rest;
  low = third - high + rest;
  return n & 3;
}

function notANumber(): number {
  high = Number.NaN;
  low = 0;
  return 0;
}

/** Reduction of a large x in exact integer arithmetic: x = m 2^e, (2/π) x mod 4 from the bits of 2/π. */
function reduceLarge(x: number): number {
  const exponent = exponentOf(x) - 52;
  const size = Math.abs(x);
  const significand = BigInt(size * powerOfTwo(-exponent));
  const shift = BigInt(FRACTION_BITS - exponent);
  const product = significand * TWO_OVER_PI_BITS;
  const rounded = (product + (1n << (shift - 1n))) >> shift;
  // 159 bits of the fraction in [−1/2, 1/2] as three doubles: no double is closer than 2^−62 to a multiple of π/2.
  const bits = (product - (rounded << shift)) >> (shift - 159n);
  const f = Number(bits >> 106n) * 2 ** -53;
  const g = Number((bits >> 53n) & WORD) * 2 ** -106;
  const h = Number(bits & WORD) * 2 ** -159;
  const upper = f + g;
  const lower = f - upper + g + h;
  const sum = upper + lower;
  setProduct(sum, upper - sum + lower);
  const quadrant = Number(rounded & 3n);
  if (x > 0) return quadrant;
  high = -high;
  low = -low;
  return -quadrant & 3;
}

/** Sets high + low to (f + g) π/2. */
function setProduct(f: number, g: number): void {
  const p = f * HALF_PI;
  const rest = productError(f, HALF_PI, p) + (f * HALF_PI_LOW + g * HALF_PI);
  high = p + rest;
  low = p - high + rest;
}

/** Sets high + low to 2πk/n − quadrant · π/2 and returns the quadrant mod 4; k/n is reduced in exact integers. */
function reduceTurns(k: number, n: number): number {
  const turn = k % n;
  const quadrant = Math.floor((4 * turn) / n + 0.5);
  const rest = 4 * turn - quadrant * n;
  const f = rest / n;
  const p = f * n;
  setProduct(f, (rest - p - productError(f, n, p)) / n);
  return quadrant & 3;
}
