import { productError } from "./elementary-bits.js";
import { LN2_HIGH, LN2_LOW, exponentialOf, logarithmPair, pairHigh, pairLow } from "./elementary-pairs.js";
import { exp, log } from "./elementary-exponential.js";

/** 1/ln 2, 1/ln 10 and log₁₀ 2 in two parts; the high part of the last has 40 bits, so products with exponents are exact. */
const LN2_INVERSE = 1.4426950408889634;
const LN2_INVERSE_LOW = 2.0355273740931033e-17;
const LN10_INVERSE = 0.4342944819032518;
const LN10_INVERSE_LOW = 1.098319650216765e-17;
const LOG10_2_HIGH = 0.30102999566361177;
const LOG10_2_LOW = 3.694239077158931e-13;

/** high + low + (base + baseLow), the base being zero or at least as large as high. */
function added(base: number, baseLow: number, high: number, low: number): number {
  const sum = base + high;
  return sum + (base - sum + high + (low + baseLow));
}

/**
 * Binary logarithm, in the four operations only: the same bits in every engine. Exact at powers of two.
 *
 * @param x any number
 * @returns log₂ x; −Infinity for ±0, NaN for negative numbers and NaN
 *
 * Accuracy: below 0.6 ulp (measured, docs/routines.md). Cost: about 25 ns.
 * @example
 * ```ts
 * import { log2 } from "eigenscope/core";
 * console.log(log2(2 ** -1074)); // -1074
 * ```
 */
export function log2(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : Number.NaN;
  if (!(x < Infinity)) return x;
  const k = logarithmPair(x);
  const p = pairHigh * LN2_INVERSE;
  return added(k, 0, p, productError(pairHigh, LN2_INVERSE, p) + (pairHigh * LN2_INVERSE_LOW + pairLow * LN2_INVERSE));
}

/**
 * Decimal logarithm, in the four operations only: the same bits in every engine. Exact at the powers of ten that are
 * doubles.
 *
 * @param x any number
 * @returns log₁₀ x; −Infinity for ±0, NaN for negative numbers and NaN
 *
 * Accuracy: below 0.6 ulp (measured, docs/routines.md). Cost: about 25 ns.
 * @example
 * ```ts
 * import { log10 } from "eigenscope/core";
 * console.log(log10(1000)); // 3
 * ```
 */
export function log10(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : Number.NaN;
  if (!(x < Infinity)) return x;
  const k = logarithmPair(x);
  const p = pairHigh * LN10_INVERSE;
  const low = productError(pairHigh, LN10_INVERSE, p) + (pairHigh * LN10_INVERSE_LOW + pairLow * LN10_INVERSE);
  return added(k * LOG10_2_HIGH, k * LOG10_2_LOW, p, low);
}

/**
 * Power x^y, in the four operations only: the same bits in every engine (`**` and Math.pow are not, not even between the
 * interpreter and the compiler of one engine). Special values as Math.pow.
 *
 * @param x base
 * @param y exponent
 * @returns x^y; NaN for a negative base with a fractional exponent and for (±1)^±Infinity, 1 for y = 0
 *
 * Accuracy: below 0.7 ulp, 0.8 where the result is subnormal (measured, docs/routines.md). Cost: about 45 ns.
 * @example
 * ```ts
 * import { pow } from "eigenscope/core";
 * console.log(pow(10, -3), pow(1024, 0.1)); // 0.001 2
 * ```
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const size = Math.abs(x);
  if (Math.abs(y) === Infinity) return size === 1 ? Number.NaN : size > 1 === y > 0 ? Infinity : 0;
  const odd = Math.abs(y) < 2 ** 53 && Math.abs(y % 2) === 1;
  const negative = x < 0 || Object.is(x, -0);
  if (size === 0 || size === Infinity) {
    const value = (size === 0) === y > 0 ? 0 : Infinity;
    return negative && odd ? -value : value;
  }
  if (negative && y % 1 !== 0) return Number.NaN;
  const value = size === 1 ? 1 : powerOf(size, y);
  return negative && odd ? -value : value;
}

/** x^y for finite x > 0, x ≠ 1 and finite y: e^{y log x} with the exponent in two doubles. */
function powerOf(x: number, y: number): number {
  if (y === 1) return x;
  const k = logarithmPair(x);
  const base = k * LN2_HIGH;
  const sum = base + pairHigh;
  const rest = base - sum + pairHigh + (pairLow + k * LN2_LOW);
  const high = sum + rest;
  const low = sum - high + rest;
  const exponent = y * high;
  if (exponent > 720) return Infinity;
  if (exponent < -760) return 0;
  return exponentialOf(exponent, productError(y, high, exponent) + y * low);
}

/**
 * Length of the vector (x, y) without overflow or harmful underflow, in the four operations and square roots only: the
 * same bits in every engine.
 *
 * @param x first coordinate
 * @param y second coordinate
 * @returns √(x² + y²); Infinity when one of them is infinite, NaN when one is NaN and none is infinite
 *
 * Accuracy: below 0.6 ulp, 0.8 where the result is subnormal (measured, docs/routines.md). Cost: about 8 ns.
 * @example
 * ```ts
 * import { hypot } from "eigenscope/core";
 * console.log(hypot(3e200, 4e200) / 1e200); // 5
 * ```
 */
export function hypot(x: number, y: number): number {
  const p = Math.abs(x);
  const q = Math.abs(y);
  if (p === Infinity || q === Infinity) return Infinity;
  if (Number.isNaN(p) || Number.isNaN(q)) return Number.NaN;
  const a = p > q ? p : q;
  const b = p > q ? q : p;
  // The smaller one adds less than 2^−121 of the larger one.
  if (b <= a * 2 ** -60) return a;
  // The ratio is bounded now, so one scale serves both.
  const scale = a > 2 ** 450 ? 2 ** -600 : a < 2 ** -390 ? 2 ** 600 : 1;
  return length(a * scale, b * scale) / scale;
}

/** √(a² + b²) for a >= b > 0 in the middle of the range, with one step of correction for the rounding of all three. */
function length(a: number, b: number): number {
  const aa = a * a;
  const bb = b * b;
  const sum = aa + bb;
  const rest = aa - sum + bb + (productError(a, a, aa) + productError(b, b, bb));
  const root = Math.sqrt(sum);
  const square = root * root;
  return root + (sum - square - productError(root, root, square) + rest) / (2 * root);
}

/**
 * Cube root, in the four operations only: the same bits in every engine.
 *
 * @param x any number
 * @returns ∛x, of the sign of x; x itself for ±0, infinities and NaN
 *
 * Accuracy: below 0.6 ulp (measured, docs/routines.md). Cost: about 40 ns.
 * @example
 * ```ts
 * import { cbrt } from "eigenscope/core";
 * console.log(cbrt(-27)); // -3
 * ```
 */
export function cbrt(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0 && size < Infinity)) return x;
  // Away from the ends of the range the cube neither overflows nor loses bits.
  const scale = size > 2 ** 800 ? 2 ** -999 : size < 2 ** -800 ? 2 ** 999 : 1;
  const a = size * scale;
  const guess = exp(log(a) / 3);
  const square = guess * guess;
  const squareLow = productError(guess, guess, square);
  const cube = square * guess;
  const residual = a - cube - (productError(square, guess, cube) + squareLow * guess);
  const root = guess + residual / (3 * square);
  const value = scale === 1 ? root : scale < 1 ? root * 2 ** 333 : root * 2 ** -333;
  return x < 0 ? -value : value;
}

/**
 * Square of a number: one multiplication, where `x ** 2` is left to the engine.
 *
 * @example
 * ```ts
 * import { square } from "eigenscope/core";
 * console.log(square(-3)); // 9
 * ```
 */
export function square(x: number): number {
  return x * x;
}
