import { atan2, exp, expm1, pow, sin, square } from "../core/index.js";
import { type LinearAbsolute, gaussLegendre } from "../special/index.js";
import { arcCosineProfile } from "./arc-cosine.js";
import { type MappedCosine, mapCosineInto, mapSlope } from "./cosine-map.js";
import { type DualFormula, type DualSlopes, type DualValue, type PairCovariance, emptyDual } from "./dual-record.js";
import {
  erfGaps,
  geluGaps,
  isDelicate,
  polynomialGaps,
  rectifierPowerGaps,
  rootOfSum,
  sineGaps,
  subtractVariances,
} from "./dual-gaps.js";
import { erfSlopes, geluSlopes, homogeneousSlopes, polynomialSlopes, sineSlopes } from "./dual-slopes.js";

const ROUNDING = 4 * Number.EPSILON; // relative error of the closed forms, in units of their largest term

/** √(k11 k22 − k12²): with k12 it gives the angle of the pair and its supplement, accurate also near 0 and π. */
function rootDeterminant({ k11, k22, sineSquared }: PairCovariance): number {
  return Math.sqrt(sineSquared) * Math.sqrt(k11) * Math.sqrt(k22);
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
      const root = rootDeterminant(pair);
      const theta = atan2(root, pair.k12);
      const supplement = atan2(root, -pair.k12);
      mapCosineInto(theta, supplement, delta, mapped);
      const [first, second] = [Math.sqrt(pair.k11), Math.sqrt(pair.k22)];
      const scale = first * second * power;
      const radial = first + second === 0 ? 0 : (power * square(pair.excess / (first + second))) / 2;
      out.value = scale * mapped.cosine;
      out.gap = radial + scale * mapped.below;
      out.sum = radial + scale * mapped.above;
      out.excess = power * pair.excess;
      out.sineSquared = mapped.below * mapped.above;
      out.derivative = power * mapSlope(theta, supplement, delta);
      out.error = ROUNDING * Math.max(scale, power);
    },
    varianceInto(k, out) {
      atCoincidence(power * k, out);
      out.derivative = power;
      out.error = ROUNDING * power * Math.max(1, k);
    },
  };
}

/** φ = erf. Relation: E φφ = (2/π) atan2(2 k12, √Q), E φ′φ′ = 4/(π√Q), Q = 1 + 2(k11 + k22) + 4 det. */
export function erfDual(): DualFormula {
  const evaluate = ({ k11, k12, k22, sineSquared }: PairCovariance, out: DualValue): void => {
    const root = rootOfSum(1 + 2 * (k11 + k22), 4 * sineSquared, k11, k22);
    out.value = (2 / Math.PI) * atan2(2 * k12, root);
    out.derivative = 4 / (Math.PI * root);
    out.error = ROUNDING * (Math.abs(out.value) + out.derivative);
  };
  return smoothForm("erf", evaluate, erfGaps, erfSlopes);
}

/**
 * φ(s) = s Φ(s), exactly. With P = (1 + k11)(1 + k22), D² = 1 + k11 + k22 + det, α = atan2(k12, D):
 * E φφ = k12/4 + (k12 α + (k12² + k11 k22 D²)/(P D))/(2π),
 * E φ′φ′ = 1/4 + α/(2π) + k12/(2π D) (1/D² + (2 + k11 + k22)/P).
 */
export function geluDual(): DualFormula {
  const evaluate = ({ k11, k12, k22, sineSquared }: PairCovariance, out: DualValue): void => {
    const product = (1 + k11) * (1 + k22);
    const square = 1 + k11 + k22 + sineSquared * k11 * k22;
    const root = Math.sqrt(square);
    const alpha = atan2(k12, root);
    const rest = (k12 * k12 + k11 * k22 * square) / (product * root);
    out.value = k12 / 4 + (k12 * alpha + rest) / (2 * Math.PI);
    const inner = 1 / square + (2 + k11 + k22) / product;
    out.derivative = 0.25 + alpha / (2 * Math.PI) + (k12 * inner) / (2 * Math.PI * root);
    out.error = ROUNDING * (1 + Math.abs(k12) + rest);
  };
  return smoothForm("gelu", evaluate, geluGaps, geluSlopes);
}

/**
 * φ = sin. Relation: E φφ = e^{−(k11 + k22)/2} sinh k12, E φ′φ′ = e^{−(k11 + k22)/2} cosh k12; the exponents are taken from gap and
 * sum, because sinh k12 alone overflows at variance 710 and (k11 + k22)/2 − k12 loses the digits of a small gap.
 */
export function sineDual(): DualFormula {
  const evaluate = ({ k11, k12, k22, gap, sum }: PairCovariance, out: DualValue): void => {
    const [near, far] = [exp(-Math.min(gap, sum)), exp(-Math.max(gap, sum))];
    out.value = (Math.sign(k12) * near * -expm1(-2 * Math.abs(k12))) / 2;
    out.derivative = (near + far) / 2;
    out.error = ROUNDING * out.derivative * (1 + k11 + k22);
  };
  return smoothForm("sine", evaluate, sineGaps, sineSlopes);
}

/**
 * φ(s) = Σ c_i s^i. Relation: E φφ = Σ_r k12^r A_r(k11) A_r(k22)/r!, A_r(k) = E φ^{(r)}(√k Z) (Wick's theorem), and
 * E φ′φ′ is its derivative in k12.
 */
export function polynomialDual(coefficients: readonly number[]): DualFormula {
  const degree = coefficients.length - 1;
  const evaluate = ({ k11, k12, k22 }: PairCovariance, out: DualValue): void => {
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
  const factors = coefficients.map((_, r) => hermiteFactors(coefficients, r));
  return smoothForm(
    `polynomial of degree ${Math.max(degree, 0)}`,
    evaluate,
    (pair, out) => polynomialGaps(factors, pair, out),
    (pair, out) => polynomialSlopes(degree, mean, pair, out),
  );
}

/** The factors c_i i!/(j! 2^j), i = r + 2j, of E φ^{(r)}(√k Z) = Σ_j factor_j k^j. */
function hermiteFactors(coefficients: readonly number[], r: number): number[] {
  const factors: number[] = [];
  for (let i = r; i < coefficients.length; i += 2) {
    let factor = coefficients[i];
    for (let f = 2; f <= i; f++) factor *= f;
    for (let j = 1; j <= (i - r) / 2; j++) factor /= 2 * j;
    factors.push(factor);
  }
  return factors;
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
  const scratch = emptyDual();
  const evaluate = (pair: PairCovariance, out: DualValue): void => {
    const { k11, k12, k22 } = pair;
    const root = rootDeterminant(pair);
    const theta = atan2(root, k12);
    const supplement = atan2(root, -k12);
    out.value = half(power, k11, k22, theta, supplement);
    out.derivative =
      power === 0 ? 1 / (2 * Math.PI * root) : power * power * half(power - 1, k11, k22, theta, supplement);
    out.error = ROUNDING * (out.value + (power === 0 ? 0 : out.derivative));
  };
  const gaps = (pair: PairCovariance, out: DualValue): void => {
    const root = rootDeterminant(pair);
    const theta = atan2(root, pair.k12);
    const profile = profileOf(power, theta, atan2(root, -pair.k12));
    rectifierPowerGaps(power, [1, 1, 3, 15][power] / 2, theta, profile, pair, out);
  };
  const slopes = (pair: PairCovariance, out: DualSlopes): void => {
    const { k11, k12, k22 } = pair;
    const root = rootDeterminant(pair);
    const theta = atan2(root, k12);
    const supplement = atan2(root, -k12);
    evaluate(pair, scratch);
    // The step jumps: at coincident points the mean of its one-sided derivatives, which is 0, is taken.
    const derivative = power === 0 && root === 0 ? 0 : scratch.derivative;
    const second = power < 2 ? Number.NaN : square(power * (power - 1)) * half(power - 2, k11, k22, theta, supplement);
    homogeneousSlopes(power, scratch.value, derivative, second, pair, out);
  };
  return {
    ...smoothForm(power === 0 ? "step" : `relu^${power}`, evaluate, gaps, slopes),
    // Always in full: a kink sees the angle that a subtraction leaves between parallel points.
    evaluateInto(pair, out) {
      evaluate(pair, out);
      gaps(pair, out);
    },
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
  evaluate: (pair: PairCovariance, out: DualValue) => void,
  gaps: (pair: PairCovariance, out: DualValue) => void,
  slopesInto: (pair: PairCovariance, out: DualSlopes) => void,
): DualFormula {
  const pair: PairCovariance = { k11: 0, k12: 0, k22: 0, sineSquared: 0, gap: 0, sum: 0, excess: 0 };
  return {
    name,
    method: "closed-form",
    linearAbsolute: null,
    differentiable: true,
    slopesInto,
    evaluateInto(pair, out, variances) {
      evaluate(pair, out);
      if (variances === undefined || isDelicate(pair)) gaps(pair, out);
      else subtractVariances(variances, out);
    },
    varianceInto(k, out) {
      pair.k11 = pair.k12 = pair.k22 = k;
      pair.sum = 2 * k;
      evaluate(pair, out);
      atCoincidence(out.value, out);
    },
  };
}

/** Fills in what u = v with E φ² = value means. */
function atCoincidence(value: number, out: DualValue): void {
  out.value = value;
  out.gap = out.excess = out.sineSquared = 0;
  out.sum = 2 * value;
}
