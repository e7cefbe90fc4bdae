import { ArgumentError, describe, requireNumber, sin, cos, atan2 } from "../core/index.js";
import { type ActivationLike, activation } from "../special/index.js";

/**
 * sin θ − θ cos θ for θ in [0, π], with full relative accuracy.
 *
 * Relation: Σ_{k>=1} (−1)^{k+1} 2k θ^{2k+1}/(2k + 1)!; the direct formula cancels like θ² below 1.
 */
export function sineMinusAngleCosine(theta: number): number {
  if (theta >= 1) return sin(theta) - theta * cos(theta);
  const s = theta * theta;
  // 2k/(2k + 1)! for k = 9 … 1, alternating: 1/3, −1/30, 1/840, …
  return (
    theta *
    s *
    (1 / 3 -
      s *
        (1 / 30 -
          s *
            (1 / 840 -
              s *
                (1 / 45360 -
                  s *
                    (1 / 3991680 -
                      s * (1 / 518918400 - s * (1 / 93405312000 - s * (1 / 22230464256000 - s / 6758061133824000))))))))
  );
}

/** The cosine after one layer in three forms, each with its own relative accuracy: any of them may be tiny. */
export interface MappedCosine {
  /** 1 − ϱ(cos θ). */
  below: number;
  /** 1 + ϱ(cos θ). */
  above: number;
  /** ϱ(cos θ). */
  cosine: number;
}

/**
 * Applies the cosine map of φ(s) = a s + b|s| to an angle: 1 − ϱ and 1 + ϱ without cancellation.
 *
 * Relation: ϱ(cos θ) = cos θ + (2Δ/π)(sin θ − θ cos θ), Δ = b²/(a² + b²).
 *
 * @param theta      angle in [0, π]
 * @param supplement π − theta
 * @param delta      Δ in [0, 1]
 * @param out        receives the result
 */
export function mapCosineInto(theta: number, supplement: number, delta: number, out: MappedCosine): void {
  const c = (2 * delta) / Math.PI;
  if (theta <= Math.PI / 2) {
    const half = sin(theta / 2);
    const g = c * sineMinusAngleCosine(theta);
    out.below = 2 * half * half - g;
    out.above = 2 - out.below;
    out.cosine = cos(theta) + g;
  } else {
    const half = sin(supplement / 2);
    const linear = (1 - 2 * delta) * 2 * half * half;
    const g = c * sineMinusAngleCosine(supplement);
    out.below = 2 * (1 - delta) - linear - g;
    out.above = 2 * delta + linear + g;
    out.cosine = (2 * delta - 1) * cos(supplement) + g;
  }
  // Rounding may leave [0, 2] by one ulp at coincident or antipodal points: the map itself does not.
  if (out.below < 0) out.below = 0;
  if (out.above < 0) out.above = 0;
}

/** Derivative of the cosine map, ϱ′ = 1 − (2Δ/π) θ, from the smaller of θ and its supplement. */
export function mapSlope(theta: number, supplement: number, delta: number): number {
  const c = (2 * delta) / Math.PI;
  return theta <= Math.PI / 2 ? 1 - c * theta : 1 - 2 * delta + c * supplement;
}

/** The angle whose 1 − cos and 1 + cos are given. */
export function angleOf(below: number, above: number): number {
  return 2 * atan2(Math.sqrt(below), Math.sqrt(above));
}

/** One step of the cosine map. */
export interface CosineMapStep {
  /** Angle after the layer. */
  readonly angle: number;
  /** 1 − cos of that angle, with full relative accuracy. */
  readonly oneMinusCosine: number;
  /** Derivative of the map in the cosine, E φ′φ′ normalised. */
  readonly slope: number;
  /** Δ of the activation. */
  readonly delta: number;
}

/**
 * Maps the angle between two inputs to the angle between their images after one infinitely wide layer.
 *
 * Relation: cos(angle′) = ϱ(cos angle), ϱ(t) = E φ(u)φ(v)/E φ(u)² for unit-variance normals of correlation t.
 * For activations a s + b|s| at the edge of chaos, where unit variance is preserved.
 *
 * @param angle angle in [0, π]
 * @param phi   activation of the form a s + b|s|, or Δ = b²/(a² + b²) itself
 * @throws {ArgumentError} for an angle out of range or another activation
 *
 * Accuracy: 1 − cos to 4 ε relative, also at angles of 1e-12 and π − 1e-12.
 *
 * @example
 * ```ts
 * import { cosineMap } from "eigenscope/kernels";
 * const { angle, slope } = cosineMap(Math.PI / 2, "relu");
 * console.log(Math.cos(angle), slope); // 0.31830988618379 0.5
 * ```
 */
export function cosineMap(angle: number, phi: ActivationLike | number = "relu"): CosineMapStep {
  requireNumber(angle, "angle", "cosineMap", 0, Math.PI);
  const delta = deltaOf(phi, "cosineMap");
  const out: MappedCosine = { below: 0, above: 0, cosine: 0 };
  mapCosineInto(angle, Math.PI - angle, delta, out);
  return {
    angle: angleOf(out.below, out.above),
    oneMinusCosine: out.below,
    slope: mapSlope(angle, Math.PI - angle, delta),
    delta,
  };
}

/** Δ = b²/(a² + b²) of an activation a s + b|s|, or a number in [0, 1] taken as Δ. */
export function deltaOf(phi: ActivationLike | number, caller: string): number {
  if (typeof phi === "number") return requireNumber(phi, "activation", caller, 0, 1);
  const record = activation(phi);
  if (record.linearAbsolute === null) {
    throw new ArgumentError({
      function: caller,
      argument: "activation",
      expected: "of the form a s + b|s| (relu, leaky-relu, abs, identity) or a number Δ in [0, 1]",
      got: describe(record.name),
    });
  }
  const { linear: a, absolute: b } = record.linearAbsolute;
  if (a === 0 && b === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "activation",
      expected: "not identically zero",
      got: describe(record.name),
    });
  }
  return (b * b) / (a * a + b * b);
}
