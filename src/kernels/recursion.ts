import { asin, cos, sin, square } from "../core/index.js";
import { type MappedCosine, mapCosineInto, mapSlope, sineMinusAngleCosine } from "./cosine-map.js";
import { type DualValue, type PairCovariance, emptyDual } from "./dual-record.js";
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
  /** x·y, which a difference of the squares would not resolve for norms far apart. */
  product: number;
  /** |x|² − |y|². */
  excess: number;
  /** Squared sine of the angle of x and y; 0 for zero vectors. */
  sineSquared: number;
}

/** Two points of squared norm `square` with the given squared distances. */
export function equalNorms(square: number, minus: number, plus: number): PairGeometry {
  const sineSquared = ((minus / square) * (plus / square)) / 4;
  return { xx: square, yy: square, minus, plus, product: (plus - minus) / 4, excess: 0, sineSquared };
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
 * Beside the covariance its gap (k11 + k22)/2 − k12, the sum (k11 + k22)/2 + k12, k11 − k22 and the angle are carried, each
 * mapped by the dual without a subtraction: angles keep their relative accuracy near 0 and π, and where φ is chaotic (χ > 1) the
 * distance of two inputs grows by χ a layer, not their rounding. (A bias cancels in the gap and the difference.)
 */
export function pairRecursion(
  spec: NetworkSpecification,
  dimension: number,
): (pair: PairGeometry, out: PairKernels) => void {
  const gain = inputGain(spec, dimension);
  const { weightVariance: weight, biasVariance: bias, skip, depth, dual } = spec;
  const again = spec.architecture === "concatenation" ? 1 : 0;
  const own = layerGains(spec, dimension);
  const state: PairCovariance = { k11: 0, k12: 0, k22: 0, sineSquared: 0, gap: 0, sum: 0, excess: 0 };
  const input: PairCovariance = { ...state };
  const cross = emptyDual();
  const first = emptyDual();
  const second = emptyDual();
  const variances: [number, number] = [0, 0];
  return (pair, out) => {
    const inputProduct = pair.product;
    const coincident = pair.minus === 0;
    inputInto(pair, gain, input);
    addBias(input, bias, state);
    let ntk = own.input * inputProduct + own.bias;
    for (let k = 1; k < depth; k++) {
      dual.varianceInto(state.k11, first);
      variances[0] = variances[1] = first.value;
      if (state.k11 !== state.k22) {
        dual.varianceInto(state.k22, second);
        variances[1] = second.value;
      }
      if (coincident) Object.assign(cross, first);
      else dual.evaluateInto(state, cross, variances);
      const fresh = own.weight[k] * cross.value + own.bias + again * own.input * inputProduct;
      ntk = fresh + (weight * cross.derivative + skip) * ntk;
      advance(state, variances[0], variances[1], cross, weight, bias, skip, again, input);
    }
    out.nngp = state.k12;
    out.ntk = spec.normalised ? ntk / depth : ntk;
  };
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

/** Covariance c x·y of the inputs. */
export function inputInto(pair: PairGeometry, gain: number, out: PairCovariance): void {
  out.k11 = gain * pair.xx;
  out.k22 = gain * pair.yy;
  out.gap = (gain * pair.minus) / 2;
  out.sum = (gain * pair.plus) / 2;
  out.excess = gain * pair.excess;
  out.sineSquared = pair.sineSquared;
  out.k12 = pair.minus === 0 ? out.k11 : gain * pair.product;
}

/** Adds a bias to all variances: the gap and the difference do not see it. */
export function addBias(input: PairCovariance, bias: number, out: PairCovariance): void {
  out.k11 = input.k11 + bias;
  out.k22 = input.k22 + bias;
  out.gap = input.gap;
  out.sum = input.sum + 2 * bias;
  out.excess = input.excess;
  out.k12 = input.k12 + bias;
  out.sineSquared = bias === 0 ? input.sineSquared : withBias(input.k11, input.k22, input.sineSquared, input.gap, bias);
}

/** Squared sine after adding a bias: det(A + b 1 1ᵀ) = det A + 2 b gap(A), over the new variances. */
function withBias(k11: number, k22: number, sineSquared: number, gap: number, bias: number): number {
  return (k11 / (k11 + bias)) * (k22 / (k22 + bias)) * sineSquared + ((2 * bias) / (k11 + bias)) * (gap / (k22 + bias));
}

/** Scratch of `advance`, which runs once per pair and layer. */
const fresh: PairCovariance = { k11: 0, k12: 0, k22: 0, sineSquared: 0, gap: 0, sum: 0, excess: 0 };

/** One layer: covariance ← weight · image + bias + skip · covariance + again · input, in all its parts. */
export function advance(
  state: PairCovariance,
  variance1: number,
  variance2: number,
  image: DualValue,
  weight: number,
  bias: number,
  skip: number,
  again: number,
  input: PairCovariance,
): void {
  fresh.k11 = weight * variance1;
  fresh.k12 = weight * image.value;
  fresh.k22 = weight * variance2;
  fresh.gap = weight * image.gap;
  fresh.sum = weight * image.sum;
  fresh.excess = weight * image.excess;
  fresh.sineSquared = image.sineSquared;
  if (skip > 0) addPart(fresh, state, skip);
  if (again > 0) addPart(fresh, input, again);
  addBias(fresh, bias, state);
  const mean = (state.k11 + state.k22) / 2;
  // Near the ends the gap knows more than the product; in between the product keeps small covariances small.
  if (Math.abs(state.k12) >= mean / 2) state.k12 = state.k12 > 0 ? mean - state.gap : state.sum - mean;
}

/**
 * total ← total + factor · part. Of det(A + B) = det A + det B + (a11 b22 + a22 b11 − 2 a12 b12) the last term is
 * (√(a11 b22) − √(a22 b11))² + 2 (AB − a12 b12), A² = a11 a22, B² = b11 b22: sums of positive terms, in units of the new variances.
 */
function addPart(total: PairCovariance, part: PairCovariance, factor: number): void {
  const k11 = total.k11 + factor * part.k11;
  const k22 = total.k22 + factor * part.k22;
  if (k11 > 0 && k22 > 0) {
    // Shares of both terms in the standard deviations.
    const [a1, a2] = [Math.sqrt(total.k11 / k11), Math.sqrt(total.k22 / k22)];
    const [b1, b2] = [Math.sqrt((factor * part.k11) / k11), Math.sqrt((factor * part.k22) / k22)];
    const [scaleA, scaleB] = [Math.sqrt(total.k11) * Math.sqrt(total.k22), Math.sqrt(part.k11) * Math.sqrt(part.k22)];
    const cosineA = scaleA === 0 ? 0 : total.k12 / scaleA;
    const cosineB = scaleB === 0 ? 0 : part.k12 / scaleB;
    const [s, t] = [Math.abs(cosineA), Math.abs(cosineB)];
    const apart = cosineA * cosineB >= 0 ? total.sineSquared / (1 + s) + (s * part.sineSquared) / (1 + t) : 1 + s * t; // 1 − cos cos
    // a1 b2 − a2 b1 from the differences of variances: it may be far smaller than the products.
    const crossed = a1 * b2 + a2 * b1;
    const turned =
      crossed === 0 ? 0 : ((total.excess / k11) * b2 * b2 - a2 * a2 * ((factor * part.excess) / k11)) / crossed;
    total.sineSquared =
      square(a1 * a2) * total.sineSquared +
      square(b1 * b2) * part.sineSquared +
      square(turned) +
      2 * a1 * a2 * b1 * b2 * apart;
  }
  total.k11 = k11;
  total.k22 = k22;
  total.k12 += factor * part.k12;
  total.gap += factor * part.gap;
  total.sum += factor * part.sum;
  total.excess += factor * part.excess;
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
