import type { LinearAbsolute } from "../special/index.js";

/** Covariance of a pair (u, v), with the combinations that must not be formed by subtraction. */
export interface PairCovariance {
  /** Variance of u. */
  k11: number;
  /** Covariance of u and v. */
  k12: number;
  /** Variance of v. */
  k22: number;
  /** Squared sine of the angle of u and v, 1 − k12²/(k11 k22); 0 where a variance is 0. */
  sineSquared: number;
  /** ½ E (u − v)² = (k11 + k22)/2 − k12. */
  gap: number;
  /** ½ E (u + v)² = (k11 + k22)/2 + k12. */
  sum: number;
  /** k11 − k22. */
  excess: number;
}

/** Values of a dual activation at one pair. */
export interface DualValue {
  /** E φ(u) φ(v). */
  value: number;
  /** E φ′(u) φ′(v), which is also the derivative of `value` in k12. */
  derivative: number;
  /** ½ E (φ(u) − φ(v))², of full relative accuracy where the gap of the pair has it. */
  gap: number;
  /** ½ E (φ(u) + φ(v))². */
  sum: number;
  /** E φ(u)² − E φ(v)². */
  excess: number;
  /** Squared sine of the angle of the images, 1 − (E φ(u)φ(v))²/(E φ(u)² E φ(v)²). */
  sineSquared: number;
  /** Estimate of the absolute error of both (rounding only, for closed forms). */
  error: number;
}

/** Derivatives of both duals in the covariance; by symmetry those in k22 are these of the swapped pair. */
export interface DualSlopes {
  /** ∂ E φφ/∂k11; ∂ E φφ/∂k12 is E φ′φ′ itself. */
  value11: number;
  /** ∂ E φ′φ′/∂k11. */
  derivative11: number;
  /** ∂ E φ′φ′/∂k12 = E φ″φ″. */
  derivative12: number;
  /** Estimate of the absolute error of all three. */
  error: number;
}

/** E φ(u)φ(v) and E φ′(u)φ′(v) as functions of the covariance of a centred normal pair. */
export interface DualActivation {
  /** Name of the activation. */
  readonly name: string;
  /** Whether a closed form or a quadrature is used. */
  readonly method: "closed-form" | "quadrature";
  /** φ(s) = a s + b|s|, when it is. */
  readonly linearAbsolute: LinearAbsolute | null;
  /** Whether E φ′φ′ is an ordinary function (false for "step", whose derivative is a point mass). */
  readonly differentiable: boolean;
  /**
   * The dual at covariance [[k11, k12], [k12, k22]].
   *
   * @throws {ArgumentError} when the matrix is not positive semidefinite (beyond rounding)
   */
  evaluate(k11: number, k12: number, k22: number): DualValue;
  /**
   * The same without checks, with the combinations of the covariance supplied, into `out`.
   *
   * @param variances E φ(u)² and E φ(v)² where they are known: pairs far from coincident, antipodal and equal variances are then
   *                  mapped by subtraction, which costs them no digits
   */
  evaluateInto(pair: PairCovariance, out: DualValue, variances?: readonly [number, number]): void;
  /** The dual at u = v of variance k: gap and excess 0. */
  varianceInto(k: number, out: DualValue): void;
  /**
   * Its derivatives in the covariance, unchecked, into `out`. Null for a s + b|s| (whose recursion differentiates the angle
   * instead) and where they are not ordinary functions or not to be had: functions with kinks, or without φ″.
   */
  readonly slopesInto: ((pair: PairCovariance, out: DualSlopes) => void) | null;
}

/** A value to be written into. */
export function emptyDual(): DualValue {
  return { value: 0, derivative: 0, gap: 0, sum: 0, excess: 0, sineSquared: 0, error: 0 };
}

/** Unchecked part of a dual activation, as its formula file supplies it. */
export type DualFormula = Omit<DualActivation, "evaluate">;
