// The one place where the two modules differ.

/** c + a b: two roundings, or one with FUSED. */
// @ts-ignore: decorator
@inline
export function term(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(c, f64x2.mul(a, b));
}
