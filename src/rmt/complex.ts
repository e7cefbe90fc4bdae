import { hypot } from "../core/index.js";

/** A complex number; products of the solver below are small enough for records. */
export interface Complex {
  /** Real part. */
  readonly re: number;
  /** Imaginary part. */
  readonly im: number;
}

/** Builds a complex number. */
export const complex = (re: number, im = 0): Complex => ({ re, im });
/** a + b. */
export const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
/** a − b. */
export const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
/** a b. */
export const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
/** t a for real t. */
export const stretch = (a: Complex, t: number): Complex => ({ re: t * a.re, im: t * a.im });
/** |a|. */
export const modulus = (a: Complex): number => hypot(a.re, a.im);

/** a / b. The moduli here are far from overflow, so the plain formula is enough. */
export const over = (a: Complex, b: Complex): Complex => {
  const square = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / square, im: (a.im * b.re - a.re * b.im) / square };
};

/** The root with real part >= 0. */
export const squareRoot = (a: Complex): Complex => {
  const r = modulus(a);
  if (r === 0) return { re: 0, im: 0 };
  const large = Math.sqrt((r + Math.abs(a.re)) / 2);
  const small = Math.abs(a.im) / (2 * large);
  const sign = a.im < 0 ? -1 : 1;
  return a.re >= 0 ? { re: large, im: sign * small } : { re: small, im: sign * large };
};
