// Longer than usual: gaps, sums and differences of one pair share the rules, the tables per variance and the error estimate.
import { exp, square } from "../core/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import { type Activation, gaussLegendre, gaussianExpectation } from "../special/index.js";
import type { DualValue, PairCovariance } from "./dual-record.js";
import { sineSquaredOf } from "./dual-gaps.js";

/** The parts of a function that see near-antipodal pairs differently: (φ(x) ± φ(−x))/2. */
interface Parts {
  readonly even: Activation;
  readonly odd: Activation;
}

/** Share of the mean variance below which a gap (or a sum) is integrated as such instead of subtracted. */
const SMALL = 1 / 16;
/** Relative difference of two variances below which the difference of their images is integrated as such. */
const CLOSE = 0.01;
/** Range of the standard normal in the quadratures: density 1e-16 relative at the end. */
const RANGE = 8.6;
/** Accepted disagreement of two resolutions, relative to the integral. */
const TARGET = 1e-14;
/** Most panels of a Gauss–Legendre rule between two breaks. */
const MOST_PANELS = 64;
/** Finest step of the trapezoidal rule. */
const FINEST = 1 / 64;

/**
 * Gap, sum and difference of variances of an integrated dual, without cancellation: near coincident (antipodal) pairs
 * ½E(φ(u) ∓ φ(v))² is integrated itself, with φ(u) − φ(v) from φ′ where the points are close; elsewhere the value that `plane`
 * puts into `out` is subtracted from the variances. Near pairs of smooth functions need no integral over the plane at all.
 *
 * @param variances E φ(u)² and E φ(v)²
 * @param plane     integrates value and derivative into `out`
 */
export function quadratureGaps(
  phi: Activation,
  hasDerivative: boolean,
  pair: PairCovariance,
  variances: readonly [number, number],
  plane: () => void,
  out: DualValue,
): void {
  const total = variances[0] + variances[1];
  const near = (SMALL * (pair.gap + pair.sum)) / 2;
  const close = isClose(pair);
  const smooth = phi.kinks.length === 0;
  const derivativeFrom = (derivative: number, change: number): void => {
    out.derivative = derivative;
    out.value = change;
    out.error = 64 * Number.EPSILON * (total + Math.abs(derivative));
  };
  if (!smooth || !close || Math.min(pair.gap, pair.sum) <= 0) plane();
  out.excess = varianceDifference(phi, hasDerivative, pair, variances);
  if (pair.gap <= near) {
    const integral = halfSquare(phi, hasDerivative, pair);
    out.gap = integral.gap;
    out.sum = total - integral.gap;
    if (smooth && pair.gap > 0) derivativeFrom(integral.derivative, total / 2 - integral.gap);
  } else if (close) {
    // v → −v turns the pair into a close one, of which the even part of φ has the gap and the odd part the sum.
    const parts = partsOf(phi);
    const mirrored = { ...pair, k12: -pair.k12, gap: pair.sum, sum: pair.gap };
    const even = halfSquare(parts.even, hasDerivative, mirrored);
    const odd = halfSquare(parts.odd, hasDerivative, mirrored);
    out.gap = even.gap + (powerOf(parts.odd, pair) - odd.gap);
    out.sum = odd.gap + (powerOf(parts.even, pair) - even.gap);
    if (out.gap < out.sum) out.sum = total - out.gap;
    else out.gap = total - out.sum;
    if (smooth && pair.sum > 0) derivativeFrom(odd.derivative - even.derivative, (out.sum - out.gap) / 2);
  } else subtractInto(total, out);
  sineSquaredOf(out);
}

/** Gap and sum from the value, where they are not small. */
function subtractInto(total: number, out: DualValue): void {
  out.gap = total / 2 - out.value;
  out.sum = total / 2 + out.value;
}

/** Whether the gap or the sum of a pair is small beside its variances. */
export function isClose({ gap, sum }: PairCovariance): boolean {
  return Math.min(gap, sum) <= (SMALL * (gap + sum)) / 2;
}

/**
 * The same for a dual whose Hermite coefficients a_r, b_r at the two variances are known:
 * gap = Σ_r [½(a_r − b_r)² + a_r b_r (1 − t^r)], where odd degrees change the sign of t with the pair.
 */
export function hermiteGaps(
  phi: Activation,
  hasDerivative: boolean,
  a: Float64Array,
  b: Float64Array,
  pair: PairCovariance,
  variances: readonly [number, number],
  out: DualValue,
): void {
  const total = variances[0] + variances[1];
  out.excess = varianceDifference(phi, hasDerivative, pair, variances);
  if (!isClose(pair)) {
    subtractInto(total, out);
    sineSquaredOf(out);
    return;
  }
  const t = Math.min(1, Math.abs(pair.k12) / (Math.sqrt(pair.k11) * Math.sqrt(pair.k22)));
  const below = pair.sineSquared / (1 + t); // 1 − t
  const unequal = Math.abs(pair.excess) > CLOSE * Math.max(pair.k11, pair.k22);
  const half = [0, 0]; // of even and odd degrees
  const power = [0, 0];
  let lost = 0; // 1 − t^r
  let current = 1; // t^r
  for (let r = 0; r < Math.min(a.length, b.length); r++) {
    if (r > 0) {
      lost += current * below;
      current *= t;
    }
    half[r % 2] += a[r] * b[r] * lost + (unequal ? square(a[r] - b[r]) / 2 : 0);
    power[r % 2] += a[r] * a[r] + b[r] * b[r];
  }
  const radial = pair.excess !== 0 && !unequal;
  if (pair.k12 >= 0) {
    out.gap = half[0] + half[1] + (radial ? radialGap(phi, "whole", hasDerivative, pair) : 0);
    out.sum = total - out.gap;
  } else {
    const even = half[0] + (radial ? radialGap(phi, "even", hasDerivative, pair) : 0);
    const odd = half[1] + (radial ? radialGap(phi, "odd", hasDerivative, pair) : 0);
    out.gap = even + (power[1] - odd);
    out.sum = odd + (power[0] - even);
    // The larger of the two from the variances, which the truncated series does not reach.
    if (out.gap < out.sum) out.sum = total - out.gap;
    else out.gap = total - out.sum;
  }
  sineSquaredOf(out);
}

/** Even and odd part of a function. */
function partsOf(phi: Activation): Parts {
  const kinks = [...new Set(phi.kinks.flatMap((kink) => (kink === 0 ? [0] : [kink, -kink])))].sort((a, b) => a - b);
  const part = (sign: 1 | -1): Activation => ({
    ...phi,
    kinks,
    linearAbsolute: null,
    value: (x) => (phi.value(x) + sign * phi.value(-x)) / 2,
    derivative: (x) => (phi.derivative(x) - sign * phi.derivative(-x)) / 2,
  });
  return { even: part(1), odd: part(-1) };
}

function powerOf(phi: Activation, { k11, k22 }: PairCovariance): number {
  const at = (variance: number): number =>
    gaussianExpectation((x) => square(phi.value(x)), { variance, kinks: phi.kinks }).value;
  const first = at(k11);
  return first + (k22 === k11 ? first : at(k22));
}

/** E φ(√k11 Z)² − E φ(√k22 Z)². */
function varianceDifference(
  phi: Activation,
  hasDerivative: boolean,
  pair: PairCovariance,
  [first, second]: readonly [number, number],
): number {
  const { k11, k22, excess } = pair;
  if (excess === 0) return 0;
  const relative = Math.abs(excess) / Math.max(k11, k22);
  if (relative > CLOSE) return first - second;
  if (hasDerivative && phi.kinks.length === 0) {
    // Far apart in angle the pair does not need more of its difference than either way gives at least: 1e-11.
    const far = !isClose(pair);
    if (relative <= (far ? NEARBY : NEXT)) return (excess * (slopesAt(phi, k11).power + slopesAt(phi, k22).power)) / 2;
    if (far) return first - second;
  }
  return scaleIntegral(phi, hasDerivative, k11, k22, excess, (increment, sum) => increment * sum);
}

/** ½ E (φ(√k11 Z) − φ(√k22 Z))², of φ or of its even or odd part. */
function radialGap(phi: Activation, part: "whole" | keyof Parts, hasDerivative: boolean, pair: PairCovariance): number {
  const { k11, k22, excess } = pair;
  if (hasDerivative && phi.kinks.length === 0 && Math.abs(excess) <= NEXT * Math.max(k11, k22)) {
    const [first, second] = [slopesAt(phi, k11), slopesAt(phi, k22)];
    const mean = (at: keyof Parts): number => (first[at] + second[at]) / 2;
    const size = part === "whole" ? mean("even") + mean("odd") : mean(part);
    return (square(excess / (Math.sqrt(k11) + Math.sqrt(k22))) * size) / 2;
  }
  const of = part === "whole" ? phi : partsOf(phi)[part];
  return scaleIntegral(of, hasDerivative, k11, k22, excess, (increment) => (increment * increment) / 2);
}

/**
 * Relative differences of two variances up to which the mean of the slopes at both gives the difference of a function of the variance:
 * its error is the square of the relative difference. Points of one norm differ by rounding only, in all of their pairs.
 */
const NEXT = 1e-8;
const NEARBY = 1e-5;
/** Variances whose slopes are kept. */
const KEPT = 4096;

/** Slopes in the scale of a normal variable. */
interface ScaleSlopes {
  /** Derivative of E φ(√k Z)² in k, which is E φφ′(√k Z) Z/√k. */
  readonly power: number;
  /** E (φ₊′(√k Z) Z)² of the even part of φ. */
  readonly even: number;
  /** The same of its odd part. */
  readonly odd: number;
}

const keptSlopes = /* @__PURE__ */ new WeakMap<Activation, Map<number, ScaleSlopes>>();

function slopesAt(phi: Activation, k: number): ScaleSlopes {
  let kept = keptSlopes.get(phi);
  if (kept === undefined) keptSlopes.set(phi, (kept = new Map()));
  let slopes = kept.get(k);
  if (slopes === undefined) {
    const r = Math.sqrt(k);
    const part = (sign: 1 | -1): number =>
      normalIntegral(r, [], (z) => square((z * (phi.derivative(r * z) - sign * phi.derivative(-r * z))) / 2));
    slopes = {
      power: normalIntegral(r, [], (z) => (phi.value(r * z) * phi.derivative(r * z) * z) / r),
      even: part(1),
      odd: part(-1),
    };
    if (kept.size === KEPT) kept.delete(kept.keys().next().value!);
    kept.set(k, slopes);
  }
  return slopes;
}

/** E f(φ(u) − φ(v), φ(u) + φ(v)) at u = √k11 Z, v = √k22 Z. */
function scaleIntegral(
  phi: Activation,
  hasDerivative: boolean,
  k11: number,
  k22: number,
  excess: number,
  f: (increment: number, sum: number) => number,
): number {
  const [first, second] = [Math.sqrt(k11), Math.sqrt(k22)];
  const step = first + second === 0 ? 0 : excess / (first + second);
  const kinks = phi.kinks.flatMap((kink) => [first, second].filter((r) => r > 0).map((r) => kink / r));
  return normalIntegral(Math.max(first, second), kinks, (z) => {
    const increment = incrementOf(phi, hasDerivative, second * z, step * z);
    return f(increment, increment + 2 * phi.value(second * z));
  });
}

const panelRule = /* @__PURE__ */ gaussLegendre(12);
const BREAKS = [-RANGE, -6, -3, -1, 0, 1, 3, 6, RANGE] as const;

/**
 * E f(Z) in panels of at most unit length in scale · Z. Not adaptive: where f is a difference of nearly equal values its relative
 * noise would have every panel bisected for ever.
 */
function normalIntegral(scale: number, kinks: readonly number[], f: (z: number) => number): number {
  const breaks = [...BREAKS, ...kinks.filter((kink) => Math.abs(kink) < RANGE)].sort((a, b) => a - b);
  let sum = 0;
  for (let i = 0; i + 1 < breaks.length; i++) {
    const length = breaks[i + 1] - breaks[i];
    const panels = Math.min(MOST_PANELS, Math.ceil(length * Math.max(scale, 1)));
    const half = length / panels / 2;
    for (let panel = 0; panel < panels; panel++) {
      const centre = breaks[i] + (2 * panel + 1) * half;
      for (let k = 0; k < panelRule.nodes.length; k++) {
        const z = centre + half * panelRule.nodes[k];
        sum += half * panelRule.weights[k] * exp(-0.5 * z * z) * f(z);
      }
    }
  }
  return sum / Math.sqrt(2 * Math.PI);
}

/** ½ E (φ(u) − φ(v))² of a close pair, and E φ′(u)φ′(v) for smooth functions. */
function halfSquare(phi: Activation, hasDerivative: boolean, pair: PairCovariance): CloseIntegral {
  if (pair.gap <= 0) return { gap: 0, derivative: Number.NaN };
  if (phi.kinks.length === 0) return smoothClose(phi, hasDerivative, pair);
  const term = (p: number, q: number): number => square(incrementOf(phi, hasDerivative, p - q, 2 * q)) / 2;
  return { gap: kinkedHalfSquare(phi.kinks, term, pair), derivative: Number.NaN };
}

/** Integral of a close pair of a smooth function: ½E(φ(u) − φ(v))² and E φ′(u)φ′(v). */
interface CloseIntegral {
  gap: number;
  derivative: number;
}

/** By the trapezoidal rule along x; along y, where φ hardly changes, by Gauss–Hermite as long as φ is a polynomial there. */
function smoothClose(phi: Activation, hasDerivative: boolean, pair: PairCovariance): CloseIntegral {
  const { main, slope, width } = frameOf(pair);
  let previous: CloseIntegral = { gap: Number.NaN, derivative: Number.NaN };
  // Both steps are halved together: lattices of two levels that share an alias would agree for the wrong reason.
  for (let h = 0.125; ; h /= 2) {
    const n = Math.ceil(RANGE / h);
    const rule = width <= STILL * h * main ? polynomialRule() : trapezoidalRule(4 * h);
    let [gap, derivative] = [0, 0];
    for (let j = 0; j < rule.nodes.length; j++) {
      const y = rule.nodes[j];
      if (slope === 0 && y < 0) continue; // −y exchanges u and v
      let [row, slopes] = [0, 0];
      for (let i = -n; i <= n; i++) {
        const x = i * h;
        const weight = exp(-0.5 * x * x);
        const [p, q] = [main * x, slope * x + width * y];
        row += (weight * square(incrementOf(phi, hasDerivative, p - q, 2 * q))) / 2;
        if (hasDerivative) slopes += weight * phi.derivative(p + q) * phi.derivative(p - q);
      }
      const weight = rule.weights[j] * (slope === 0 && y > 0 ? 2 : 1);
      gap += weight * row;
      derivative += weight * slopes;
    }
    const scale = h / Math.sqrt(2 * Math.PI);
    const result = { gap: scale * gap, derivative: scale * derivative };
    // Halving the step squares the error of the rule.
    const error = square(changeOf(result.gap, previous.gap)) + square(changeOf(result.derivative, previous.derivative));
    if (100 * error <= TARGET || h <= FINEST) return result;
    previous = result;
  }
}

function changeOf(now: number, before: number): number {
  return now === before ? 0 : (now - before) / now;
}

/** A rule for the standard normal distribution. */
interface NormalRule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

function trapezoidalRule(step: number): NormalRule {
  const n = Math.ceil(RANGE / step);
  const nodes = Float64Array.from({ length: 2 * n + 1 }, (_, i) => (i - n) * step);
  return { nodes, weights: nodes.map((y) => (step / Math.sqrt(2 * Math.PI)) * exp(-0.5 * y * y)) };
}

/** Share of the step along x up to which ten Gauss–Hermite nodes do for y. */
const STILL = 0.1;
const NODES = 10;
let hermiteRule: NormalRule | null = null;

/** Gauss–Hermite nodes from their Jacobi matrix. */
function polynomialRule(): NormalRule {
  if (hermiteRule === null) {
    const { values, firstRow } = tridiagonalEigh(
      new Float64Array(NODES),
      Float64Array.from({ length: NODES - 1 }, (_, i) => Math.sqrt(i + 1)),
      { vectors: "first-row" },
    );
    hermiteRule = { nodes: values, weights: firstRow!.map((v) => v * v) };
  }
  return hermiteRule;
}

/**
 * The frame u = p + q, v = p − q of a close pair: p = main x, q = slope x + width y with independent normals x, y, so that φ is
 * steep in x only.
 */
function frameOf({ k11, k22, sum, excess, sineSquared }: PairCovariance): {
  main: number;
  slope: number;
  width: number;
} {
  const main = Math.sqrt(sum / 2);
  return {
    main,
    slope: excess / 4 / main,
    width: (Math.sqrt(k11) * Math.sqrt(k22) * Math.sqrt(sineSquared)) / (2 * main),
  };
}

const outerRule = /* @__PURE__ */ gaussLegendre(10);
const OUTER_PANELS = [0, 1, 2, 3.5, 5.5, RANGE] as const;

function kinkedHalfSquare(
  kinks: readonly number[],
  term: (p: number, q: number) => number,
  pair: PairCovariance,
): number {
  const { main, slope, width } = frameOf(pair);
  const inner = (y: number): number => {
    const splits = kinks.flatMap((kink) => [(kink - width * y) / (main + slope), (kink + width * y) / (main - slope)]);
    return normalIntegral(main, splits, (x) => term(main * x, slope * x + width * y));
  };
  if (width === 0) return inner(0);
  let sum = 0;
  for (let panel = 0; panel + 1 < OUTER_PANELS.length; panel++) {
    const half = (OUTER_PANELS[panel + 1] - OUTER_PANELS[panel]) / 2;
    for (let k = 0; k < outerRule.nodes.length; k++) {
      const y = OUTER_PANELS[panel] + half * (1 + outerRule.nodes[k]);
      sum += half * outerRule.weights[k] * exp(-0.5 * y * y) * (inner(y) + inner(-y));
    }
  }
  return sum / Math.sqrt(2 * Math.PI);
}

const shortRules = [/* @__PURE__ */ gaussLegendre(2), /* @__PURE__ */ gaussLegendre(5)] as const;
/** Step up to which two nodes do. */
const VERY_SHORT = 1e-3;
/** Longest step over which φ′ is integrated by five nodes, most such steps, and share of |φ| above which plain subtraction has the digits. */
const SHORT = 0.05;
const MOST_PIECES = 8;
const RESOLVED = 0.02;

/** φ(from + step) − φ(from), from φ′ where the values nearly agree and no kink lies between. */
function incrementOf(phi: Activation, hasDerivative: boolean, from: number, step: number): number {
  if (step === 0) return 0;
  const to = from + step;
  const [a, b] = [phi.value(from), phi.value(to)];
  const direct = b - a;
  const pieces = Math.ceil(Math.abs(step) / SHORT);
  if (!hasDerivative || pieces > MOST_PIECES) return direct;
  if (Math.abs(direct) > RESOLVED * Math.max(Math.abs(a), Math.abs(b))) return direct;
  for (const kink of phi.kinks) if ((from - kink) * (to - kink) <= 0) return direct;
  const { nodes, weights } = shortRules[Math.abs(step) < VERY_SHORT ? 0 : 1];
  const half = step / pieces / 2;
  let sum = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const centre = from + (2 * piece + 1) * half;
    for (let k = 0; k < nodes.length; k++) sum += weights[k] * phi.derivative(centre + half * nodes[k]);
  }
  return half * sum;
}
