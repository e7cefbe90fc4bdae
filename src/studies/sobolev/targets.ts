import { cos, exp } from "../../core/index.js";
import { arcCosineSpectrum, multiplicity, sphere, torus } from "../../domains/index.js";
import { fftn } from "../../fft/index.js";
import { zonalKernel } from "../../kernels/index.js";

/** The three targets, by what they do worst. */
export type TargetName = "jump" | "kink" | "smooth";

/** A target on all three domains. */
export interface SobolevTarget {
  /** Name. */
  readonly name: TargetName;
  /** The target lies in H^s exactly for s below this; Infinity for entire functions. */
  readonly smoothness: number;
  /** The function on the sphere, in words; on Gaussian space |x| times it. */
  readonly onSphere: string;
  /** The function on the torus, in words. */
  readonly onTorus: string;
}

/** The targets: one with a jump, one with a kink, one entire. All are taken without their mean. */
export const SOBOLEV_TARGETS: readonly SobolevTarget[] = [
  {
    name: "jump",
    smoothness: 0.5,
    onSphere: "1 where x·e > 0, else 0",
    onTorus: "x₁x₂ of the unit cube, not periodic: the gluing makes jumps along the seams",
  },
  {
    name: "kink",
    smoothness: 1.5,
    onSphere: "max(x·e, 0)",
    onTorus: "tent(x₁) tent(x₂), tent(x) = 1 − |2x − 1|: the even reflection of 4x₁x₂, continuous when glued",
  },
  { name: "smooth", smoothness: Infinity, onSphere: "exp(x·e)", onTorus: "exp(cos 2πx₁ + cos 2πx₂)" },
];

/** Largest degree at which exp(x·e) has a coefficient above 1e-30. */
const ENTIRE_DEGREES = 40;

/**
 * ‖f_ℓ‖² of a zonal function f(x) = g(x·e) on S^{d−1} by degree ℓ, without the mean: λ_ℓ² N(d, ℓ), λ the Funk–Hecke coefficients of g.
 * Those of max(t, 0)^n are in the spectra of the arc-cosine kernels: 2λ² for n = 0, 2dλ² for n = 1.
 */
export function sphereTargetPower(d: number, name: TargetName, maxDegree: number): Float64Array {
  const power = new Float64Array(maxDegree + 1);
  if (name === "smooth") {
    const top = Math.min(maxDegree, ENTIRE_DEGREES);
    const { eigenvalues } = sphere(d).mercer(
      zonalKernel((theta) => exp(cos(theta))),
      top,
    );
    for (let l = 1; l <= top; l++) power[l] = eigenvalues[l] * eigenvalues[l] * multiplicity(d, l);
    return power;
  }
  const order = name === "jump" ? 0 : 1;
  const squares = arcCosineSpectrum(d, order, maxDegree);
  const factor = order === 0 ? 2 : 2 * d;
  for (let l = 1; l <= maxDegree; l++) power[l] = (squares[l] / factor) * multiplicity(d, l);
  return power;
}

/** Values of a target on the N x N grid of the torus, without its mean. */
export function torusTarget(name: TargetName, N: number): Float64Array {
  const tent = (x: number): number => 1 - Math.abs(2 * x - 1);
  const factor = (x: number): number => (name === "jump" ? x : name === "kink" ? tent(x) : exp(cos(2 * Math.PI * x)));
  const axis = Float64Array.from({ length: N }, (_, j) => factor(j / N));
  const values = new Float64Array(N * N);
  let mean = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      values[i * N + j] = axis[i] * axis[j];
      mean += values[i * N + j] / (N * N);
    }
  }
  return values.map((value) => value - mean);
}

/** |f̂_k|² of grid values by flat frequency: they sum to the mean square. */
export function torusPower(values: Float64Array, N: number): Float64Array {
  const { re, im } = fftn({ re: values, im: new Float64Array(N * N) }, [N, N]);
  return re.map((a, k) => (a * a + im[k] * im[k]) / (N * N * N * N));
}

/** Σ of |f̂_k|² over all |k| >= κ − ½, κ = 0 … ⌊N/2⌋. */
export function tailPower(power: Float64Array, N: number): Float64Array {
  const domain = torus(2, N);
  const top = Math.floor(N / 2);
  const out = new Float64Array(top + 1);
  for (let i = 0; i < power.length; i++) {
    out[Math.min(top, Math.floor(Math.sqrt(domain.level(i).squaredNorm) + 0.5))] += power[i];
  }
  for (let k = top - 1; k >= 0; k--) out[k] += out[k + 1];
  return out;
}
