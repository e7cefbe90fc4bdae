/** One double and its two words, reused: reading and writing bits without an allocation. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Index of the word with sign, exponent and 20 bits of significand. */
const HIGH: number = words[1] !== 0 ? 1 : 0;

/** 2^k for an integer k in [−1022, 1023], exactly. */
export function powerOfTwo(k: number): number {
  words[1 - HIGH] = 0;
  words[HIGH] = (k + 1023) << 20;
  return double[0];
}

/** x · 2^k with one rounding, for a normal x of modulus in [1/4, 4] and any integer k. */
export function scaleByPowerOfTwo(x: number, k: number): number {
  if (k > 1023) return x * powerOfTwo(1023) * powerOfTwo(Math.min(k - 1023, 1023));
  // A subnormal result is rounded by the last product alone.
  if (k < -1020) return x * powerOfTwo(Math.max(k + 1000, -1022)) * powerOfTwo(-1000);
  return x * powerOfTwo(k);
}

/** The exponent e of a normal x = ±m · 2^e with m in [1, 2). */
export function exponentOf(x: number): number {
  double[0] = x;
  return ((words[HIGH] >>> 20) & 0x7ff) - 1023;
}

const SPLITTER = 134217729; // 2^27 + 1

/**
 * The rounding error of the product p = fl(a b), exactly: a b = p + productError(a, b, p), barring over- and underflow.
 */
export function productError(a: number, b: number, p: number): number {
  const ca = SPLITTER * a;
  const aHigh = ca - (ca - a);
  const aLow = a - aHigh;
  const cb = SPLITTER * b;
  const bHigh = cb - (cb - b);
  const bLow = b - bHigh;
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
