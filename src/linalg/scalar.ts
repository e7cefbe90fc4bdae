import { pow } from "../core/index.js";

// Scalar helpers that give the same bits in every engine: plain code, as the inner loops need it.

/** sqrt(f² + g²) without harmful overflow or underflow. */
export function length2(f: number, g: number): number {
  const squares = f * f + g * g;
  if (squares > 1e-280 && squares < 1e280) return Math.sqrt(squares);
  const scale = squares > 1 ? 2 ** -600 : 2 ** 600;
  const x = f * scale;
  const y = g * scale;
  return Math.sqrt(x * x + y * y) / scale;
}

const scalar = new Float64Array(1);
const words = new Uint32Array(scalar.buffer);
/** Which of the two words holds sign and exponent. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** The integer k with 2^k <= |x| < 2^(k + 1), for x finite and not zero, read from the bits. */
export function binaryExponent(x: number): number {
  scalar[0] = x;
  const biased = (words[HIGH] >>> 20) & 0x7ff;
  if (biased > 0) return biased - 1023;
  return binaryExponent(x * 2 ** 54) - 54; // subnormal
}

/** 2^k x, in steps: the factor itself may leave the double range. */
export function timesPowerOfTwo(x: number, k: number): number {
  let product = x;
  for (let rest = k; rest !== 0;) {
    const step = Math.max(-1000, Math.min(1000, rest));
    product *= pow(2, step);
    rest -= step;
  }
  return product;
}
