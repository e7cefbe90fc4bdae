/**
 * Constants of the arc-cosine recursion, in this order: 12 coefficients of
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
 * Runs `steps` layers of the recursion at one pair with sin(θ/2) = sine, or with that sine for the supplement of θ.
 *
 * The state is v = 1 − |cos| and the sign of the cosine, so an angle near 0 or π keeps its relative accuracy; φ is the
 * angle for sign 1 and its supplement for sign −1. Per layer: slope f = 1 − 2Δθ/π, 1 − cos θ′ by the cosine map in angle form
 * with all its differences taken between well separated numbers, T ← cos θ′ + f T. Carried is the deficit of T against its
 * value at angle 0, the number of layers: near angle 0 it is small and keeps its own relative accuracy.
 *
 * @param cosines give cos θ of the last layer instead of T
 */
export function arcValue(sine: number, opposite: boolean, steps: number, k: Float64Array, cosines: boolean): number {
  const c = k[23];
  let v = 2 * sine * sine;
  let near = !opposite;
  let deficit = near ? v : 2 - v;
  for (let step = 1; step <= steps; step++) {
    const phi = angle(k, v);
    const g = arc(k, phi);
    const total = step - deficit;
    if (near) {
      v -= g;
      deficit += v + c * phi * total;
      continue;
    }
    const linear = k[25] * v;
    const above = k[24] + linear + g;
    near = above >= 1;
    v = near ? k[26] - linear - g : above;
    deficit += (near ? v : 2 - v) + (k[24] - c * phi) * total;
  }
  if (cosines) return near ? 1 - v : v - 1;
  return steps + 1 - deficit;
}
