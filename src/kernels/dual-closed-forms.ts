import { atan2, exp, expm1, pow, sin, square } from "../core/index.js";
import { type LinearAbsolute, gaussLegendre } from "../special/index.js";
import { arcCosineProfile } from "./arc-cosine.js";
import { type MappedCosine, mapCosineInto, mapSlope } from "./cosine-map.js";
import type { DualFormula, DualSlopes, DualValue, PairCovariance } from "./dual-activation.js";
import { erfSlopes, geluSlopes, homogeneousSlopes, polynomialSlopes, sineSlopes } from "./dual-slopes.js";

const ROUNDING = 4 * Number.EPSILON; // relative error of the closed forms, in units of their largest term

/** Angle of the pair from its determinant: accurate also when the correlation is near ±1. */
function pairAngle({ k12, determinant }: PairCovariance): number {
  return atan2(Math.sqrt(determinant), k12);
}

/** φ(s) = a s + b|s|. Relation: E φφ = √(k11 k22)(a² + b²) ϱ(cos θ), E φ′φ′ = (a² + b²) ϱ′. */
export function linearAbsoluteDual(name: string, form: LinearAbsolute): DualFormula {
  const { linear: a, absolute: b } = form;
  const power = a * a + b * b;
  const delta = power === 0 ? 0 : (b * b) / power;
  const mapped: MappedCosine = { below: 0, above: 0, cosine: 0 };
  return {
    name,
    method: "closed-form",
    linearAbsolute: form,
    differentiable: true,
    slopesInto: null,
    evaluateInto(pair, out) {
      const theta = pairAngle(pair);
      const supplement = atan2(Math.sqrt(pair.determinant), -pair.k12);
      mapCosineInto(theta, supplement, delta, mapped);
      const scale = Math.sqrt(pair.k11) * Math.sqrt(pair.k22) * power;
      out.value = scale * mapped.cosine;
      out.derivative = power * mapSlope(theta, supplement, delta);
      out.error = ROUNDING * Math.max(scale, power);
    },
    varianceInto(k, out) {
      out.value = power * k;
      out.derivative = power;
      out.error = ROUNDING * power * Math.max(1, k);
    },
  };
}

/** φ = erf. Relation: E φφ = (2/π) atan2(2 k12, √Q), E φ′φ′ = 4/(π√Q), Q = 1 + 2(k11 + k22) + 4 det. */
export function erfDual(): DualFormula {
  const evaluate = (k11: number, k12: number, k22: number, determinant: number, out: DualValue): void => {
    const root = Math.sqrt(1 + 2 * (k11 + k22) + 4 * determinant);
    out.value = (2 / Math.PI) * atan2(2 * k12, root);
    out.derivative = 4 / (Math.PI * root);
    out.error = ROUNDING * (Math.abs(out.value) + out.derivative);
  };
  return smoothForm("erf", evaluate, erfSlopes);
}

/**
 * φ(s) = s Φ(s), exactly. With P = (1 + k11)(1 + k22), D² = 1 + k11 + k22 + det, α = atan2(k12, D):
 * E φφ = k12/4 + (k12 α + (k12² + k11 k22 D²)/(P D))/(2π),
 * E φ′φ′ = 1/4 + α/(2π) + k12/(2π D) (1/D² + (1 − k11 k22)/P + 1).
 */
export function geluDual(): DualFormula {
  const evaluate = (k11: number, k12: number, k22: number, determinant: number, out: DualValue): void => {
    const product = (1 + k11) * (1 + k22);
    const square = 1 + k11 + k22 + determinant;
    const root = Math.sqrt(square);
    const alpha = atan2(k12, root);
    const rest = (k12 * k12 + k11 * k22 * square) / (product * root);
    out.value = k12 / 4 + (k12 * alpha + rest) / (2 * Math.PI);
    const inner = 1 / square + (1 - k11 * k22) / product + 1;
    out.derivative = 0.25 + alpha / (2 * Math.PI) + (k12 * inner) / (2 * Math.PI * root);
    out.error = ROUNDING * (1 + Math.abs(k12) + rest);
  };
  return smoothForm("gelu", evaluate, geluSlopes);
}

/** φ = sin. Relation: E φφ = e^{−(k11 + k22)/2} sinh k12, E φ′φ′ = e^{−(k11 + k22)/2} cosh k12. */
export function sineDual(): DualFormula {
  const evaluate = (k11: number, k12: number, k22: number, _determinant: number, out: DualValue): void => {
    // One exponential of a non-positive number: sinh k12 alone overflows at variance 710.
    const modulus = Math.abs(k12);
    const peak = exp(modulus - (k11 + k22) / 2) / 2;
    out.value = Math.sign(k12) * peak * -expm1(-2 * modulus);
    out.derivative = peak * (1 + exp(-2 * modulus));
    out.error = ROUNDING * out.derivative * (1 + k11 + k22);
  };
  return smoothForm("sine", evaluate, sineSlopes);
}

/**
 * φ(s) = Σ c_i s^i. Relation: E φφ = Σ_r k12^r A_r(k11) A_r(k22)/r!, A_r(k) = E φ^{(r)}(√k Z) (Wick's theorem), and
 * E φ′φ′ is its derivative in k12.
 */
export function polynomialDual(coefficients: readonly number[]): DualFormula {
  const degree = coefficients.length - 1;
  const evaluate = (k11: number, k12: number, k22: number, _determinant: number, out: DualValue): void => {
    let value = 0;
    let derivative = 0;
    let size = 0;
    let power = 1; // k12^r / r!
    let before = 0; // k12^{r−1} / (r − 1)!
    for (let r = 0; r <= degree; r++) {
      const weight = derivativeMean(coefficients, r, k11) * derivativeMean(coefficients, r, k22);
      value += power * weight;
      derivative += before * weight;
      size += Math.abs(power * weight) + Math.abs(before * weight);
      before = power;
      power *= k12 / (r + 1);
    }
    out.value = value;
    out.derivative = derivative;
    out.error = ROUNDING * (degree + 1) * size;
  };
  const mean = (r: number, k: number): number => derivativeMean(coefficients, r, k);
  return smoothForm(`polynomial of degree ${Math.max(degree, 0)}`, evaluate, (pair, out) =>
    polynomialSlopes(degree, mean, pair, out),
  );
}

/** E φ^{(r)}(√k Z) = Σ_{i = r, r + 2, …} c_i i!/(j! 2^j) k^j, j = (i − r)/2. */
function derivativeMean(coefficients: readonly number[], r: number, k: number): number {
  let sum = 0;
  for (let i = r; i < coefficients.length; i += 2) {
    let factor = coefficients[i];
    for (let f = 2; f <= i; f++) factor *= f;
    for (let j = 1; j <= (i - r) / 2; j++) factor *= k / (2 * j);
    sum += factor;
  }
  return sum;
}

/**
 * φ(s) = max(s, 0)^n, n = 0, 2, 3 (n = 1 is of the form a s + b|s|). Relation: E φφ = (2n − 1)!! (k11 k22)^{n/2} κ_n(θ)/2, E φ′φ′ = n² E s₊^{n−1} s₊^{n−1}.
 * For n = 0 the "derivative" is the density of (u, v) at 0, 1/(2π √det): infinite at coincident points.
 */
export function rectifierPowerDual(power: number): DualFormula {
  const half = (n: number, k11: number, k22: number, theta: number, supplement: number): number =>
    ([1, 1, 3, 15][n] / 2) * pow(Math.sqrt(k11) * Math.sqrt(k22), n) * profileOf(n, theta, supplement);
  const scratch: DualValue = { value: 0, derivative: 0, error: 0 };
  const evaluate = (k11: number, k12: number, k22: number, determinant: number, out: DualValue): void => {
    const root = Math.sqrt(determinant);
    const theta = atan2(root, k12);
    const supplement = atan2(root, -k12);
    out.value = half(power, k11, k22, theta, supplement);
    out.derivative =
      power === 0 ? 1 / (2 * Math.PI * root) : power * power * half(power - 1, k11, k22, theta, supplement);
    out.error = ROUNDING * (out.value + (power === 0 ? 0 : out.derivative));
  };
  const slopes = (pair: PairCovariance, out: DualSlopes): void => {
    const { k11, k12, k22, determinant } = pair;
    const root = Math.sqrt(determinant);
    const theta = atan2(root, k12);
    const supplement = atan2(root, -k12);
    evaluate(k11, k12, k22, determinant, scratch);
    // The step jumps: at coincident points the mean of its one-sided derivatives, which is 0, is taken.
    const derivative = power === 0 && root === 0 ? 0 : scratch.derivative;
    const second = power < 2 ? Number.NaN : square(power * (power - 1)) * half(power - 2, k11, k22, theta, supplement);
    homogeneousSlopes(power, scratch.value, derivative, second, pair, out);
  };
  return {
    ...smoothForm(power === 0 ? "step" : `relu^${power}`, evaluate, slopes),
    differentiable: power > 0,
  };
}

const thirdRule = /* @__PURE__ */ gaussLegendre(24);

/** κ_n with κ_n(0) = 1. κ₃ from dκ₃/dcos θ = (9/5) κ₂: an integral of positive terms, so nothing cancels near π. */
function profileOf(n: number, theta: number, supplement: number): number {
  if (n < 3) return arcCosineProfile(n as 0 | 1 | 2, theta, supplement);
  let sum = 0;
  for (let i = 0; i < thirdRule.nodes.length; i++) {
    const s = (supplement / 2) * (1 + thirdRule.nodes[i]);
    sum += thirdRule.weights[i] * arcCosineProfile(2, Math.PI - s, s) * sin(s);
  }
  return (9 / 5) * (supplement / 2) * sum;
}

function smoothForm(
  name: string,
  evaluate: (k11: number, k12: number, k22: number, determinant: number, out: DualValue) => void,
  slopesInto: (pair: PairCovariance, out: DualSlopes) => void,
): DualFormula {
  return {
    name,
    method: "closed-form",
    linearAbsolute: null,
    differentiable: true,
    slopesInto,
    evaluateInto: ({ k11, k12, k22, determinant }, out) => evaluate(k11, k12, k22, determinant, out),
    varianceInto: (k, out) => evaluate(k, k, k, 0, out),
  };
}
