import { asin, cos, sin } from "../core/index.js";
import { type MappedCosine, angleOf, mapCosineInto, mapSlope, sineMinusAngleCosine } from "./cosine-map.js";
import type { DualValue, PairCovariance } from "./dual-activation.js";
import type { NetworkSpecification } from "./network-kernel.js";

/** The geometry of a pair of points that the recursion starts from. */
export interface PairGeometry {
  /** |x|². */
  xx: number;
  /** |y|². */
  yy: number;
  /** |x − y|². */
  minus: number;
  /** |x + y|². */
  plus: number;
}

/** Value of both kernels at a pair. */
export interface PairKernels {
  /** Σ^L(x, y). */
  nngp: number;
  /** Θ^L(x, y). */
  ntk: number;
}

/**
 * A function that runs the recursion of NNGP and NTK for one pair. Scratch is allocated once, so it is not re-entrant:
 * make one per loop.
 *
 * Relation: Σ¹ = c x·y + σ_b², Θ¹ = Σ¹; Σ^{k+1} = σ_w² E φφ + σ_b², Θ^{k+1} = Σ^{k+1} + σ_w² E φ′φ′ Θ^k.
 * Carried are k11, k22, e = k11 − k22, dl = (k11 + k22)/2 − k12 and pl = (k11 + k22)/2 + k12 instead of the covariance:
 * the angle of the pair keeps its relative accuracy near 0 and π through all layers (a bias cancels in e and dl).
 */
export function pairRecursion(
  spec: NetworkSpecification,
  dimension: number,
): (pair: PairGeometry, out: PairKernels) => void {
  return spec.dual.linearAbsolute === null
    ? generalRecursion(spec, dimension)
    : linearAbsoluteRecursion(spec, dimension);
}

/** Factor c of Σ¹ = c x·y + σ_b². */
export function inputGain(spec: NetworkSpecification, dimension: number): number {
  return spec.inputScaling === "unit" ? 1 : spec.weightVariance / dimension;
}

/** Weight and bias factors of a layer's own term in the NTK. */
export function layerGains(
  spec: NetworkSpecification,
  dimension: number,
): { weight: Float64Array; input: number; bias: number } {
  // weight[k]: multiplies E φφ in layer k + 1; input: multiplies x·y; bias: the bias term.
  const gain = inputGain(spec, dimension);
  if (!spec.standard) {
    return { weight: new Float64Array(spec.depth).fill(spec.weightVariance), input: gain, bias: spec.biasVariance };
  }
  const weight = Float64Array.from({ length: spec.depth }, (_, k) => (k === 0 ? 1 : spec.widths[k - 1]));
  return { weight, input: 1, bias: spec.biasVariance > 0 ? 1 : 0 };
}

function linearAbsoluteRecursion(
  spec: NetworkSpecification,
  dimension: number,
): (pair: PairGeometry, out: PairKernels) => void {
  const { linear: a, absolute: b } = spec.dual.linearAbsolute!;
  const power = a * a + b * b;
  const delta = (b * b) / power;
  const gain = inputGain(spec, dimension);
  const layer = spec.weightVariance * power;
  const { biasVariance: bias, skip, depth } = spec;
  const again = spec.architecture === "concatenation" ? 1 : 0;
  const own = layerGains(spec, dimension);
  const mapped: MappedCosine = { below: 0, above: 0, cosine: 0 };
  return (pair, out) => {
    const inputDifference = (gain * pair.minus) / 2;
    const inputSum = (gain * pair.plus) / 2;
    const inputProduct = (pair.plus - pair.minus) / 4; // x·y
    const inputExcess = gain * (pair.xx - pair.yy);
    let k11 = gain * pair.xx + bias;
    let k22 = gain * pair.yy + bias;
    let e = inputExcess;
    let dl = inputDifference;
    let pl = inputSum + 2 * bias;
    let nngp = (pl - dl) / 2;
    let ntk = own.input * inputProduct + own.bias;
    for (let k = 1; k < depth; k++) {
      const r1 = Math.sqrt(k11);
      const r2 = Math.sqrt(k22);
      const S = r1 * r2;
      const h = S === 0 ? 0 : e / (r1 + r2);
      const gap = (h * h) / 2;
      // S − k12 and S + k12; rounding may leave them below 0 by an ulp of S.
      const below = Math.max(0, dl - gap);
      const above = Math.max(0, pl - gap);
      const theta = angleOf(below, above);
      const supplement = angleOf(above, below);
      mapCosineInto(theta, supplement, delta, mapped);
      const slope = layer * mapSlope(theta, supplement, delta);
      const product = S * mapped.cosine; // E φφ/(a² + b²)
      const fresh = own.weight[k] * power * product + own.bias + again * own.input * inputProduct;
      ntk = fresh + (slope + skip) * ntk;
      nngp = layer * product + bias + skip * nngp + again * gain * inputProduct;
      dl = layer * (gap + S * mapped.below) + skip * dl + again * inputDifference;
      pl = layer * (gap + S * mapped.above) + 2 * bias + skip * pl + again * inputSum;
      e = (layer + skip) * e + again * inputExcess;
      k11 = (layer + skip) * k11 + bias + again * gain * pair.xx;
      k22 = (layer + skip) * k22 + bias + again * gain * pair.yy;
    }
    out.nngp = nngp;
    out.ntk = spec.normalised ? ntk / depth : ntk;
  };
}

function generalRecursion(
  spec: NetworkSpecification,
  dimension: number,
): (pair: PairGeometry, out: PairKernels) => void {
  const gain = inputGain(spec, dimension);
  const { weightVariance: weight, biasVariance: bias, skip, depth, dual } = spec;
  const again = spec.architecture === "concatenation" ? 1 : 0;
  const own = layerGains(spec, dimension);
  const covariance: PairCovariance = { k11: 0, k12: 0, k22: 0, determinant: 0 };
  const cross: DualValue = { value: 0, derivative: 0, error: 0 };
  const first: DualValue = { value: 0, derivative: 0, error: 0 };
  const second: DualValue = { value: 0, derivative: 0, error: 0 };
  return (pair, out) => {
    const inputProduct = (pair.plus - pair.minus) / 4;
    const coincident = pair.minus === 0;
    let k11 = gain * pair.xx + bias;
    let k22 = gain * pair.yy + bias;
    let k12 = coincident ? k11 : gain * inputProduct + bias;
    let dl = (gain * pair.minus) / 2;
    let pl = (gain * pair.plus) / 2 + 2 * bias;
    let e = gain * (pair.xx - pair.yy);
    let ntk = own.input * inputProduct + own.bias;
    for (let k = 1; k < depth; k++) {
      covariance.k11 = k11;
      covariance.k22 = k22;
      covariance.k12 = k12;
      // k11 k22 − k12² = dl pl − e²/4 without cancellation of the large terms.
      covariance.determinant = Math.max(0, dl * pl - (e * e) / 4);
      dual.varianceInto(k11, first);
      if (coincident) Object.assign(cross, first);
      else dual.evaluateInto(covariance, cross);
      if (k11 === k22) Object.assign(second, first);
      else dual.varianceInto(k22, second);
      const fresh = own.weight[k] * cross.value + own.bias + again * own.input * inputProduct;
      ntk = fresh + (weight * cross.derivative + skip) * ntk;
      k12 = weight * cross.value + bias + skip * k12 + again * gain * inputProduct;
      k11 = weight * first.value + bias + skip * k11 + again * gain * pair.xx;
      k22 = weight * second.value + bias + skip * k22 + again * gain * pair.yy;
      e = k11 - k22;
      dl = coincident ? 0 : (k11 + k22) / 2 - k12;
      pl = (k11 + k22) / 2 + k12;
    }
    out.nngp = k12;
    out.ntk = spec.normalised ? ntk / depth : ntk;
  };
}

/**
 * Bias-free plain NTK and NNGP at the edge of chaos as functions of the input angle alone: the primitive of every
 * spectrum on the sphere, fast enough for depth 1e6.
 *
 * Relation: T = cos θ₀; depth − 1 times: f = ϱ′(θ), θ ← map(θ), T ← cos θ + f T.
 */
export function anglesRecursion(
  depth: number,
  delta: number,
  theta0: number,
  supplement0: number,
  out: PairKernels,
): number {
  const c = (2 * delta) / Math.PI;
  const mapped: MappedCosine = { below: 0, above: 0, cosine: 0 };
  let theta = theta0;
  let supplement = supplement0;
  let cosine = theta <= Math.PI / 2 ? cos(theta) : -cos(supplement);
  let ntk = cosine;
  let k = 1;
  for (; k < depth && theta > Math.PI / 2; k++) {
    const slope = mapSlope(theta, supplement, delta);
    mapCosineInto(theta, supplement, delta, mapped);
    cosine = mapped.cosine;
    ntk = cosine + slope * ntk;
    if (mapped.below <= 1) {
      theta = 2 * asin(Math.sqrt(mapped.below / 2));
      supplement = Math.PI - theta;
    } else {
      supplement = 2 * asin(Math.sqrt(mapped.above / 2));
      theta = Math.PI - supplement;
    }
  }
  // Angles up to π/2 shrink, and their supplements are no longer needed: from angle 1 down one sine and one arc sine per layer.
  for (; k < depth; k++) {
    const half = sin(theta / 2);
    const twice = 2 * half * half; // 1 − cos θ
    let below: number;
    if (theta >= 1) {
      const t = cos(theta);
      const g = c * (sin(theta) - theta * t);
      below = Math.max(0, twice - g);
      cosine = t + g; // may be small, and then 1 − below would have no relative accuracy
    } else {
      below = Math.max(0, twice - c * sineMinusAngleCosine(theta));
      cosine = 1 - below;
    }
    ntk = cosine + (1 - c * theta) * ntk;
    theta = 2 * asin(Math.sqrt(below / 2));
  }
  out.nngp = cosine;
  out.ntk = ntk;
  return theta;
}
