import {
  type Tagged,
  defined,
  requireNumber,
  requireOptions,
  requirePositive,
  undefinedBecause,
  square,
  log,
  pow,
} from "../core/index.js";
import {
  type Activation,
  type ActivationLike,
  type LinearAbsolute,
  activation,
  gaussianExpectation,
  hasJump,
} from "../special/index.js";
import { dualActivation } from "./dual-activation.js";

/** Fixed points and stability of the variance and correlation maps of deep wide networks. */
export interface MeanField {
  /** Activation, echoed. */
  readonly activation: string;
  /** σ_w². */
  readonly weightVariance: number;
  /** σ_b². */
  readonly biasVariance: number;
  /** Fixed point q of V(q) = σ_w² E φ(√q Z)² + σ_b² reached from q = 1, or the reason why there is none. */
  readonly variance: Tagged;
  /** χ = σ_w² E φ′(√q Z)² at the fixed point: slope of the correlation map at 1. Infinite, so undefined, where φ jumps. */
  readonly chi: Tagged;
  /** Fixed point of the correlation map: below 1 in the chaotic phase (undefined within 1e-6 of 1), else 1. */
  readonly correlation: Tagged;
  /** Layers over which the variance forgets its input, −1/ln V′(q); infinite slopes and marginal cases say why not. */
  readonly varianceLength: Tagged;
  /** Layers over which correlations forget their input, −1/ln of the slope at the correlation fixed point. */
  readonly correlationLength: Tagged;
  /** "ordered" (χ < 1: inputs merge), "chaotic" (χ > 1: inputs separate; every φ that jumps) or "edge" (|χ − 1| <= 1e-9). */
  readonly phase: "ordered" | "edge" | "chaotic" | "unbounded";
}

/** Parameters of {@link meanField}. */
export interface MeanFieldOptions {
  /** σ_w² > 0. */
  readonly weightVariance: number;
  /** σ_b² >= 0, 0 by default. */
  readonly biasVariance?: number;
}

/** |χ − 1| up to which a point counts as the edge. */
const EDGE = 1e-9;

/** Relative error of a Gaussian integral, with a margin. */
const ROUNDING = 1e-12;

/** Distance of the correlation fixed point from 1 below which it is not resolved. */
const NEAR_ONE = 1e-6;

/**
 * Analyses the signal propagation of a deep wide network: fixed points, χ and depth scales.
 *
 * Relation: q = σ_w² E φ(√q Z)² + σ_b²; χ = σ_w² E φ′(√q Z)²; correlations follow c ← (σ_w² E φ(u)φ(v) + σ_b²)/q.
 *
 * @param phi     activation
 * @param options variances of weights and biases
 * @throws {ArgumentError} for variances out of range
 *
 * Accuracy: fixed points to 1e-12 relative, the variance length to 1e-7. Cost: a few hundred Gaussian integrals.
 * @see [poole2016]
 *
 * @example
 * ```ts
 * import { meanField } from "eigenscope/kernels";
 * const { phase, chi } = meanField("tanh", { weightVariance: 2, biasVariance: 0.05 });
 * console.log(phase, chi.defined && chi.value); // chaotic 1.047666
 * ```
 */
export function meanField(phi: ActivationLike, options: MeanFieldOptions): MeanField {
  const caller = "meanField";
  requireOptions(options, ["weightVariance", "biasVariance"], caller);
  const record = activation(phi);
  const weightVariance = requirePositive(options?.weightVariance, "weightVariance", caller);
  const biasVariance = requireNumber(options.biasVariance ?? 0, "biasVariance", caller, 0);
  const head = { activation: record.name, weightVariance, biasVariance };
  const map = (q: number): number => weightVariance * secondMoment(record, q) + biasVariance;
  const found = varianceFixedPoint(record, map, weightVariance, biasVariance);
  if (!found.defined) {
    const { reason } = found;
    const none = undefinedBecause(reason);
    return {
      ...head,
      variance: none,
      chi: none,
      correlation: none,
      varianceLength: none,
      correlationLength: none,
      phase: "unbounded",
    };
  }
  const q = found.value;
  const jump = hasJump(record);
  const chi = jump ? Infinity : weightVariance * slopeMoment(record, q);
  const phase = Math.abs(chi - 1) <= EDGE ? "edge" : chi < 1 ? "ordered" : "chaotic";
  const correlation =
    phase === "chaotic" && q > 0 ? correlationFixedPoint(phi, weightVariance, biasVariance, q) : defined(1);
  return {
    ...head,
    variance: defined(q),
    chi: jump ? undefinedBecause("infinite: the activation jumps, and E φ′² with it") : defined(chi),
    correlation,
    varianceLength: lengthOf(
      varianceSlope(record, map, weightVariance, q),
      "the variance map is marginal (every variance is kept)",
    ),
    correlationLength: correlation.defined
      ? lengthOf(
          correlation.value === 1 ? chi : correlationSlope(phi, jump, weightVariance, q, correlation.value),
          "correlations move algebraically, not exponentially, at the edge",
        )
      : correlation,
    phase,
  };
}

/** V′(q): by a symmetric difference of relative step 1e-4, because V is smooth in ln q; at 0 and for a s + b|s| in closed form. */
function varianceSlope(phi: Activation, map: (q: number) => number, weight: number, q: number): number {
  if (phi.linearAbsolute !== null) return weight * homogeneousMoment(phi.linearAbsolute);
  if (q === 0) return weight * square(phi.derivative(0));
  const step = 1e-4 * q;
  return (map(q + step) - map(q - step)) / (2 * step);
}

/** Slope of the correlation map at c < 1; where φ jumps, by a difference of the map itself, smooth on (−1, 1). */
function correlationSlope(phi: ActivationLike, jump: boolean, weight: number, q: number, c: number): number {
  const dual = dualActivation(phi);
  if (!jump) return weight * dual.evaluate(q, c * q, q).derivative;
  const step = 1e-4 * (1 - c);
  return (
    (weight * (dual.evaluate(q, (c + step) * q, q).value - dual.evaluate(q, (c - step) * q, q).value)) / (2 * step * q)
  );
}

function homogeneousMoment({ linear, absolute }: LinearAbsolute): number {
  return linear * linear + absolute * absolute;
}

function secondMoment(phi: Activation, q: number): number {
  return gaussianExpectation((x) => square(phi.value(x)), { variance: q, kinks: phi.kinks }).value;
}

function slopeMoment(phi: Activation, q: number): number {
  // At variance 0 the one-sided derivatives of a kink average in the square.
  if (q === 0 && phi.linearAbsolute !== null) return homogeneousMoment(phi.linearAbsolute);
  return gaussianExpectation((x) => square(phi.derivative(x)), { variance: q, kinks: phi.kinks }).value;
}

function lengthOf(slope: number, marginal: string): Tagged {
  if (Math.abs(slope - 1) <= EDGE) return undefinedBecause(marginal);
  if (slope > 1) return undefinedBecause("the fixed point repels");
  if (slope <= 0) return defined(0);
  return defined(-1 / log(slope));
}

/** Iterates V from 1, then bisects V(q) − q around the last step. */
function varianceFixedPoint(phi: Activation, map: (q: number) => number, weight: number, bias: number): Tagged {
  if (phi.linearAbsolute !== null) {
    const growth = weight * homogeneousMoment(phi.linearAbsolute);
    if (Math.abs(growth - 1) <= 1e-14) {
      return bias === 0 ? defined(1) : undefinedBecause("the variance grows by the bias variance in each layer");
    }
    return growth < 1 ? defined(bias / (1 - growth)) : undefinedBecause("the variance grows without bound");
  }
  let low = 1;
  let high = 1;
  if (map(1) > 1) {
    do {
      high *= 2;
      if (high > 1e12) return undefinedBecause("the variance grows without bound");
      // V(q) − q within rounding of 0 is no crossing: softplus at σ_w² = 2 approaches the diagonal from above for ever.
    } while (map(high) > high * (1 - ROUNDING));
    low = high / 2;
  } else {
    while (low > 1e-12 && map(low) < low) low /= 2;
    if (low <= 1e-12) return defined(0);
    high = 2 * low;
  }
  for (let i = 0; i < 60 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (map(middle) > middle) low = middle;
    else high = middle;
  }
  return defined((low + high) / 2);
}

/** The correlation c < 1 with C(c) = c in the chaotic phase, by bisection on [0, 1): C(c) − c changes sign once. */
function correlationFixedPoint(phi: ActivationLike, weight: number, bias: number, q: number): Tagged {
  const dual = dualActivation(phi);
  const excess = (c: number): number => (weight * dual.evaluate(q, c * q, q).value + bias) / q - c;
  let low = 0;
  let high = 1 - NEAR_ONE;
  if (excess(low) <= 0) return defined(0);
  if (excess(high) > 0) return undefinedBecause(`within ${NEAR_ONE} of 1: too near the edge to be resolved`);
  for (let i = 0; i < 45; i++) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  return defined((low + high) / 2);
}

/** A point of the phase boundary. */
export interface EdgeOfChaos {
  /** Activation, echoed. */
  readonly activation: string;
  /** σ_w² with χ = 1, or the reason why there is none for this bias variance. */
  readonly weightVariance: Tagged;
  /** σ_b², echoed. */
  readonly biasVariance: number;
  /** Fixed-point variance q at the edge (1 where every variance is a fixed point). */
  readonly variance: Tagged;
  /** True when the whole line of variances is fixed (homogeneous activations without bias). */
  readonly degenerate: boolean;
}

/** Options of {@link edgeOfChaos}. */
export interface EdgeOfChaosOptions {
  /** σ_b² >= 0 at which the boundary is sought, 0 by default. */
  readonly biasVariance?: number;
}

/**
 * Finds the edge of chaos of an activation: the weight variance at which χ = 1, for a given bias variance.
 *
 * Relation: σ_w² E φ′(√q Z)² = 1 and q = σ_w² E φ(√q Z)² + σ_b². Along the boundary, parameterised by q,
 * σ_w² = 1/E φ′² and σ_b² = q − σ_w² E φ²: one equation in q. For a s + b|s|: σ_w² = 1/(a² + b²), σ_b = 0.
 *
 * @param phi     activation
 * @param options bias variance
 * @throws {ArgumentError} for a negative bias variance
 *
 * Accuracy: 1e-12 relative. Cost: about 100 Gaussian integrals.
 * @see [poole2016]
 *
 * @example
 * ```ts
 * import { edgeOfChaos } from "eigenscope/kernels";
 * const relu = edgeOfChaos("relu").weightVariance;
 * const tanh = edgeOfChaos("tanh", { biasVariance: 0.05 }).weightVariance;
 * console.log(relu.defined && relu.value, tanh.defined && tanh.value); // 2 1.7609546396
 * ```
 */
export function edgeOfChaos(phi: ActivationLike, options: EdgeOfChaosOptions = {}): EdgeOfChaos {
  const caller = "edgeOfChaos";
  requireOptions(options, ["biasVariance"], caller);
  const record = activation(phi);
  const biasVariance = requireNumber(options.biasVariance ?? 0, "biasVariance", caller, 0);
  const head = { activation: record.name, biasVariance };
  if (record.linearAbsolute !== null) {
    const { linear: a, absolute: b } = record.linearAbsolute;
    const reason = "with a bias the variance of a homogeneous activation has no fixed point at the edge";
    return biasVariance === 0
      ? { ...head, weightVariance: defined(1 / (a * a + b * b)), variance: defined(1), degenerate: true }
      : { ...head, weightVariance: undefinedBecause(reason), variance: undefinedBecause(reason), degenerate: false };
  }
  if (hasJump(record)) {
    const reason = "χ is infinite at every variance: the activation jumps";
    return { ...head, weightVariance: undefinedBecause(reason), variance: undefinedBecause(reason), degenerate: false };
  }
  const weightAt = (q: number): number => 1 / slopeMoment(record, q);
  const biasAt = (q: number): number => q - weightAt(q) * secondMoment(record, q) - biasVariance;
  if (biasVariance === 0 && record.value(0) === 0 && record.derivative(0) !== 0 && biasAt(1e-6) >= -1e-12) {
    return { ...head, weightVariance: defined(pow(record.derivative(0), -2)), variance: defined(0), degenerate: false };
  }
  let low = 1e-8;
  const sign = Math.sign(biasAt(low));
  for (let high = low * 2; high < 1e6; high *= 2) {
    if (Math.sign(biasAt(high)) !== sign) {
      for (let i = 0; i < 60 && high - low > 1e-14 * high; i++) {
        const middle = (low + high) / 2;
        if (Math.sign(biasAt(middle)) === sign) low = middle;
        else high = middle;
      }
      const q = (low + high) / 2;
      return { ...head, weightVariance: defined(weightAt(q)), variance: defined(q), degenerate: false };
    }
    low = high;
  }
  const reason = `no variance in [1e-8, 1e6] has χ = 1 with this bias variance`;
  return { ...head, weightVariance: undefinedBecause(reason), variance: undefinedBecause(reason), degenerate: false };
}
