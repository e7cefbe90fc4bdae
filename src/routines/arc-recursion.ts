/**
 * Constants of the arc-cosine recursion, in the order in which both back ends read them: 12 coefficients of
 * (asin s/s − 1)/s² in s² (error 6e-17 of the angle on s² <= 1/4), 8 of (sin φ − φ cos φ)/φ³ in φ², then 1/2, 1, π/2, and
 * for a given Δ: 2Δ/π, 2Δ, 1 − 2Δ, 2(1 − Δ).
 */
export function arcConstants(delta: number): Float64Array {
  return Float64Array.of(
    0.1666666666666665,
    0.07500000000020869,
    0.04464285710323956,
    0.030381947379559158,
    0.022372047201808885,
    0.01735526856395352,
    0.013929545950485803,
    0.011876344296279416,
    0.0077986264075622334,
    0.01604912458494932,
    -0.010773195325585556,
    0.028187667142318098,
    0.3333333333333333,
    -0.03333333333333302,
    0.0011904761904735195,
    -2.204585537052558e-5,
    2.5052107005072273e-7,
    -1.9270733100607925e-9,
    1.0700291720502204e-11,
    -4.3545173503113706e-14,
    0.5,
    1,
    1.5707963267948966,
    (2 * delta) / 3.141592653589793,
    2 * delta,
    1 - 2 * delta,
    2 * (1 - delta),
  );
}

/** How many constants there are. */
export const ARC_CONSTANTS = 27;

/**
 * Splits cosines into v = 1 − |t| (at least 0) and the sign s of t.
 *
 * @returns how many v lie below `near`: there the cosine no longer determines the angle
 */
export function arcStart(
  t: Float64Array,
  tAt: number,
  v: Float64Array,
  vAt: number,
  sAt: number,
  count: number,
  near: number,
): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const cosine = t[tAt + i];
    const below = Math.max(1 - Math.abs(cosine), 0);
    v[vAt + i] = below;
    v[sAt + i] = cosine < 0 ? -1 : 1;
    if (below < near) found++;
  }
  return found;
}

/** Angle 2 asin √(v/2) of 1 − cos = v for v in [0, 1]; Estrin's order, so that the terms run in parallel. */
function angle(k: Float64Array, v: number): number {
  const half = 0.5 * v;
  const y = 1 - v;
  const small = v <= 0.5;
  const z = small ? half : y * y;
  const root = small ? Math.sqrt(half) : y;
  const z2 = z * z;
  const z4 = z2 * z2;
  const low = k[0] + k[1] * z + (k[2] + k[3] * z) * z2;
  const middle = k[4] + k[5] * z + (k[6] + k[7] * z) * z2;
  const high = k[8] + k[9] * z + (k[10] + k[11] * z) * z2;
  const p = root + root * z * (low + middle * z4 + high * (z4 * z4));
  return small ? p + p : k[22] - p;
}

/** c (sin φ − φ cos φ), from its series: the closed form cancels for small φ. */
function arc(k: Float64Array, phi: number): number {
  const q = phi * phi;
  const q2 = q * q;
  const low = k[12] + k[13] * q + (k[14] + k[15] * q) * q2;
  const high = k[16] + k[17] * q + (k[18] + k[19] * q) * q2;
  return k[23] * (phi * q * (low + high * (q2 * q2)));
}

/**
 * Runs `steps` layers of the recursion on a row of pairs, in place.
 *
 * The state is v = 1 − |cos| and the sign of the cosine, so an angle near 0 or π keeps its relative accuracy; θ is the
 * angle for s = 1 and its supplement for s = −1. Per layer: f = 1 − 2Δθ/π, 1 − cos θ′ by the cosine map in angle form
 * with all its differences taken between well separated numbers, T ← cos θ′ + f T.
 *
 * @param cosines leave cos θ of the last layer in t instead of T
 */
export function arcRecursion(
  t: Float64Array,
  tAt: number,
  v: Float64Array,
  vAt: number,
  sAt: number,
  count: number,
  steps: number,
  k: Float64Array,
  cosines: boolean,
): void {
  for (let i = 0; i < count; i++) t[tAt + i] = v[sAt + i] * (1 - v[vAt + i]);
  const c = k[23];
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < count; i++) {
      const below = v[vAt + i];
      const phi = angle(k, below);
      const g = arc(k, phi);
      if (v[sAt + i] > 0) {
        const next = below - g;
        v[vAt + i] = next;
        t[tAt + i] = 1 - next + (1 - c * phi) * t[tAt + i];
        continue;
      }
      const linear = k[25] * below;
      const above = k[24] + linear + g;
      const stays = above < 1;
      const next = stays ? above : k[26] - linear - g;
      const sign = stays ? -1 : 1;
      v[vAt + i] = next;
      v[sAt + i] = sign;
      t[tAt + i] = sign * (1 - next) + (k[25] + c * phi) * t[tAt + i];
    }
  }
  if (cosines) for (let i = 0; i < count; i++) t[tAt + i] = v[sAt + i] * (1 - v[vAt + i]);
}
