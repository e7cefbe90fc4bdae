/** Distance from 1 to the next larger double, 2⁻⁵². */
export const EPSILON: number = 2 ** -52;

/** Unit roundoff, 2⁻⁵³: the relative error of one correctly rounded operation. */
export const UNIT_ROUNDOFF: number = 2 ** -53;

/** Smallest positive normal double, 2⁻¹⁰²². */
export const SAFE_MINIMUM: number = 2 ** -1022;

/**
 * Threshold below which a computed value counts as zero: factor · n · ε · scale.
 *
 * @param factor named constant of the caller, the safety margin
 * @param n length of the longest sum in the computation
 * @param scale magnitude of the data, such as ‖A‖
 */
export function roundoffTolerance(factor: number, n: number, scale: number): number {
  return factor * Math.max(1, n) * EPSILON * scale;
}
