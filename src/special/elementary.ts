import { exp, log1p, log } from "../core/index.js";
import stdlibErf from "@stdlib/math-base-special-erf";
import stdlibErfc from "@stdlib/math-base-special-erfc";
import stdlibGamma from "@stdlib/math-base-special-gamma";
import stdlibGammaln from "@stdlib/math-base-special-gammaln";
import stdlibBetainc from "@stdlib/math-base-special-betainc";
import stdlibGammainc from "@stdlib/math-base-special-gammainc";

/** Error function erf x = (2/√π) ∫₀ˣ e^{−t²} dt. */
export function erf(x: number): number {
  return stdlibErf(x);
}

/** Complementary error function 1 − erf x, with full relative accuracy in the right tail. */
export function erfc(x: number): number {
  return stdlibErfc(x);
}

/** Gamma function Γ(x). */
export function gamma(x: number): number {
  return stdlibGamma(x);
}

/** Natural logarithm of |Γ(x)|. */
export function logGamma(x: number): number {
  return stdlibGammaln(x);
}

/** Regularised lower incomplete gamma function P(a, x) = γ(a, x)/Γ(a), for x >= 0 and a > 0. */
export function regularizedGamma(a: number, x: number): number {
  return stdlibGammainc(x, a);
}

/** Regularised incomplete beta function I_x(a, b), for x in [0, 1] and a, b > 0. */
export function regularizedBeta(x: number, a: number, b: number): number {
  return stdlibBetainc(x, a, b);
}

/** Density of the standard normal law, e^{−x²/2}/√(2π). */
export function normalPdf(x: number): number {
  return exp(-0.5 * x * x) * 0.3989422804014327;
}

/** Distribution function of the standard normal law, with full relative accuracy in the left tail. */
export function normalCdf(x: number): number {
  return 0.5 * stdlibErfc(-x * Math.SQRT1_2);
}

/**
 * Ratio Γ(x + a)/Γ(x + b) for x + a, x + b > 0, without overflow for large x.
 *
 * Relation: Γ(x + a)/Γ(x + b) = (x + …)^{a − b} (1 + O(1/x)).
 *
 * Accuracy: about 1e-15 relative for moderate arguments; the logarithms of two large gamma functions are never
 * subtracted: both arguments are shifted above 20 by their recurrence and the Stirling series are differenced.
 */
export function gammaRatio(x: number, a: number, b: number): number {
  let p = x + a;
  let q = x + b;
  let factor = 1;
  while (p < 20) {
    factor /= p;
    p += 1;
  }
  while (q < 20) {
    factor *= q;
    q += 1;
  }
  // ln Γ(p) − ln Γ(q) = (p − 1/2) ln p − p − [(q − 1/2) ln q − q] + S(p) − S(q)
  //                   = (q − 1/2) ln(1 + h/q) + h (ln p − 1) with h = p − q: no large terms cancel.
  const h = p - q;
  const logarithm = (q - 0.5) * log1p(h / q) + h * (log(p) - 1) + stirling(p) - stirling(q);
  return factor * exp(logarithm);
}

/** ln Γ(x) − [(x − 1/2) ln x − x + ln √(2π)] for x >= 20, below 1e-17 absolute error. */
function stirling(x: number): number {
  const y = 1 / (x * x);
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x;
}
