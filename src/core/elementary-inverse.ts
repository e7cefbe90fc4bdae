import { productError } from "./elementary-bits.js";

const PI = 3.141592653589793;
const PI_LOW = 1.2246467991473532e-16;
const HALF_PI = 1.5707963267948966;
const HALF_PI_LOW = 6.123233995736766e-17;
const QUARTER_PI = 0.7853981633974483;
const QUARTER_PI_LOW = 3.061616997868383e-17;
/** tan(π/8). */
const TAN_EIGHTH = 0.41421356237309503;

/** (asin(√z)/√z − 1)/z for z in [0, 1/4]. */
function arcsineSeries(z: number): number {
  return (
    0.16666666666666666 +
    z *
      (0.07500000000000119 +
        z *
          (0.04464285714255019 +
            z *
              (0.030381944475693704 +
                z *
                  (0.022372157435623815 +
                    z *
                      (0.017352816768546473 +
                        z *
                          (0.013963775787848137 +
                            z *
                              (0.011566511821890942 +
                                z *
                                  (0.00962140274734483 +
                                    z *
                                      (0.009322101501082774 +
                                        z *
                                          (0.0030350071727267623 +
                                            z *
                                              (0.019579201619744684 +
                                                z * (-0.019277545928584557 + z * 0.02963502626354855))))))))))))
  );
}

/** asin(√z) = root + rootTail from the last call of arcsineOfRoot. */
let root = 0;
let rootTail = 0;

/** Sets root + rootTail to asin(√z) for z in [0, 1/4]; the rounding error of the square root is part of the tail. */
function arcsineOfRoot(z: number): void {
  root = Math.sqrt(z);
  const p = root * root;
  const rootLow = z === 0 ? 0 : (z - p - productError(root, root, p)) / (2 * root);
  rootTail = rootLow + root * z * arcsineSeries(z);
}

/** base + baseLow − 2 asin(√z) from the last call of arcsineOfRoot, large parts first. */
function minusTwice(base: number, baseLow: number): number {
  const difference = base - 2 * root;
  return difference + (base - difference - 2 * root + (baseLow - 2 * rootTail));
}

/**
 * Arc sine, in the four operations and square roots only: the same bits in every engine.
 *
 * @param x number in [−1, 1]
 * @returns angle in [−π/2, π/2]; NaN outside [−1, 1], x itself for ±0
 *
 * Accuracy: below 0.8 ulp (measured, docs/routines.md). Cost: about 8 ns.
 * @example
 * ```ts
 * import { asin } from "eigenscope/core";
 * console.log(asin(0.5)); // 0.5235987755982989
 * ```
 */
export function asin(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.5) return x + x * (x * x) * arcsineSeries(x * x);
  if (!(size <= 1)) return Number.NaN;
  arcsineOfRoot(0.5 * (1 - size));
  const value = minusTwice(HALF_PI, HALF_PI_LOW);
  return x < 0 ? -value : value;
}

/**
 * Arc cosine, in the four operations and square roots only: the same bits in every engine.
 *
 * Near x = 1 the angle of two vectors is lost in x itself: prefer {@link atan2} of ‖x − y‖ and ‖x + y‖.
 *
 * @param x number in [−1, 1]
 * @returns angle in [0, π]; NaN outside [−1, 1]
 *
 * Accuracy: below 0.8 ulp (measured, docs/routines.md). Cost: about 8 ns.
 * @example
 * ```ts
 * import { acos } from "eigenscope/core";
 * console.log(acos(0.5)); // 1.0471975511965979
 * ```
 */
export function acos(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.5) {
    const difference = HALF_PI - x;
    const z = x * x;
    return difference + (HALF_PI - difference - x + (HALF_PI_LOW - x * z * arcsineSeries(z)));
  }
  if (!(size <= 1)) return Number.NaN;
  arcsineOfRoot(0.5 * (1 - size));
  return x > 0 ? 2 * (root + rootTail) : minusTwice(PI, PI_LOW);
}

/**
 * Arc tangent, in the four operations only: the same bits in every engine.
 *
 * @param x any number
 * @returns angle in [−π/2, π/2]; NaN for NaN, x itself for ±0
 *
 * Accuracy: below 0.9 ulp (measured, docs/routines.md). Cost: about 20 ns.
 * @example
 * ```ts
 * import { atan } from "eigenscope/core";
 * console.log(atan(1)); // 0.7853981633974483
 * ```
 */
export function atan(x: number): number {
  return atan2(x, 1);
}

/**
 * Angle of the point (x, y), in the four operations only: the same bits in every engine. Arguments in the order of
 * Math.atan2, with its values at zeros and infinities.
 *
 * @param y second coordinate
 * @param x first coordinate
 * @returns angle in [−π, π]; NaN when an argument is NaN
 *
 * Accuracy: below 0.9 ulp (measured, docs/routines.md). Cost: about 20 ns.
 * @example
 * ```ts
 * import { atan2 } from "eigenscope/core";
 * console.log(atan2(1, -1)); // 2.356194490192345
 * ```
 */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const value = angleOf(Math.abs(y), Math.abs(x), x < 0 || Object.is(x, -0));
  return y < 0 || Object.is(y, -0) ? -value : value;
}

/** Angle of (±x, y) for x, y >= 0. */
function angleOf(y: number, x: number, left: boolean): number {
  if (y === 0) return left ? PI : 0;
  if (x === y) return left ? 2.356194490192345 : QUARTER_PI;
  if (y === Infinity || x === 0) return HALF_PI;
  if (x === Infinity) return left ? PI : 0;
  const steep = y > x;
  const ratio = steep ? x / y : y / x;
  // atan q = q up to q³/3: below 2^−27 the quotient is already the rounded answer.
  if (!steep && !left && ratio < 2 ** -27) return ratio;
  arcTangent(ratio, quotientError(ratio, steep ? x : y, steep ? y : x));
  if (steep) return left ? shifted(HALF_PI, HALF_PI_LOW, 1) : shifted(HALF_PI, HALF_PI_LOW, -1);
  return left ? shifted(PI, PI_LOW, -1) : angle + angleLow;
}

/** The part of numerator / denominator that the rounded quotient misses. */
function quotientError(quotient: number, numerator: number, denominator: number): number {
  if (quotient < 2 ** -400) return 0;
  // Away from the ends of the range the splitting products neither overflow nor underflow.
  const scale = denominator > 2 ** 400 ? 2 ** -560 : denominator < 2 ** -400 ? 2 ** 560 : 1;
  const d = denominator * scale;
  const p = quotient * d;
  return (numerator * scale - p - productError(quotient, d, p)) / d;
}

/** Result of arcTangent. */
let angle = 0;
let angleLow = 0;

/** base + sign · (angle + angleLow), large parts first. */
function shifted(base: number, baseLow: number, sign: number): number {
  const sum = base + sign * angle;
  return sum + (base - sum + sign * angle + (baseLow + sign * angleLow));
}

/** Sets angle + angleLow to atan(q + qLow) for q in [0, 1]. */
function arcTangent(q: number, qLow: number): void {
  let s = q;
  let sLow = qLow;
  const turned = q > TAN_EIGHTH;
  if (turned) {
    // atan q = π/4 + atan((q − 1)/(q + 1)), the quotient again in two doubles.
    const top = q - 1;
    const topLow = q - (top + 1) + qLow;
    const bottom = q + 1;
    const bottomLow = q - (bottom - 1) + qLow;
    s = top / bottom;
    const p = s * bottom;
    sLow = (top - p - productError(s, bottom, p) + topLow - s * bottomLow) / bottom;
  }
  const z = s * s;
  const series =
    -0.3333333333333333 +
    z *
      (0.19999999999999804 +
        z *
          (-0.14285714285659779 +
            z *
              (0.11111111105150588 +
                z *
                  (-0.09090908753259112 +
                    z *
                      (0.07692296368042296 +
                        z *
                          (-0.0666642476020052 +
                            z *
                              (0.05878927554473807 +
                                z *
                                  (-0.05230443640686948 +
                                    z *
                                      (0.045515447340221615 +
                                        z * (-0.03456931506332609 + z * 0.016284375050043393))))))))));
  const small = sLow + s * z * series;
  if (!turned) {
    angle = s + small;
    angleLow = s - angle + small;
    return;
  }
  const sum = QUARTER_PI + s;
  const rest = QUARTER_PI - sum + s + (small + QUARTER_PI_LOW);
  angle = sum + rest;
  angleLow = sum - angle + rest;
}
