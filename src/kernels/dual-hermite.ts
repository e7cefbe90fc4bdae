import { exp, pow } from "../core/index.js";
import type { Activation } from "../special/index.js";
import type { DualValue, PairCovariance } from "./dual-record.js";
import { hermiteGaps, isClose } from "./dual-quadrature-gaps.js";

/** Hermite degrees computed: the larger number where the smaller leaves too much. */
const DEGREES = [256, 1024] as const;
/** Range of the two interleaved grids, e^{−x²/4} = 4e-19 at its end, and their steps for either number of degrees. */
const RANGE = 13;
const STEPS = [1 / 16, 1 / 32] as const;
/** Variances whose expansions are kept: the points of a Gram matrix, layer by layer. */
const KEPT = 4096;
/** Error, relative to the diagonal, up to which the expansion is taken. */
const ACCEPTED = 1e-13;

/** Expansion of φ(√k ·) in orthonormal Hermite polynomials. */
interface Expansion {
  readonly coefficients: Float64Array;
  /** Number of degrees computed. */
  readonly degrees: number;
  /** E φ(√k Z)² and E φ′(√k Z)². */
  readonly power: number;
  readonly slopePower: number;
  /** What the coefficients leave of both (Parseval): bounds of the truncation. */
  readonly rest: number;
  readonly slopeRest: number;
  /** Norm of the disagreement of the two grids. */
  readonly disagreement: number;
}

/**
 * The dual of a smooth function by its Hermite expansion: once per variance, then a power series in the correlation.
 *
 * Relation: E φφ = Σ_r a_r(k11) a_r(k22) t^r and √(k11 k22) E φ′φ′ = Σ_r r a_r(k11) a_r(k22) t^{r−1}, t = k12/√(k11 k22), with
 * a_r(k) = E φ(√k Z) h_r(Z). The rest of a truncated series is at most the square root of the product of what Parseval's
 * identity leaves at both variances: a bound, where the analyticity of φ makes it small. It is not for functions that are
 * too rough or variances too large; then `evaluate` says false and the plane is integrated.
 */
export function hermiteDual(
  phi: Activation,
  hasDerivative: boolean,
): (pair: PairCovariance, variances: readonly [number, number], out: DualValue) => boolean {
  const kept = new Map<number, Expansion>();
  const expansionOf = (k: number): Expansion => {
    let expansion = kept.get(k);
    if (expansion === undefined) {
      expansion = expand(phi, k, hasDerivative, 0);
      const { power, slopePower, rest, slopeRest } = expansion;
      if (rest + slopeRest > 0.1 * ACCEPTED * (power + slopePower)) expansion = expand(phi, k, hasDerivative, 1);
      if (kept.size === KEPT) kept.delete(kept.keys().next().value!);
      kept.set(k, expansion);
    }
    return expansion;
  };
  return (pair, variances, out) => {
    const { k11, k12, k22 } = pair;
    const scale = Math.sqrt(k11) * Math.sqrt(k22);
    if (!(scale > 0)) return false;
    const first = expansionOf(k11);
    const second = expansionOf(k22);
    const t = Math.max(-1, Math.min(1, k12 / scale));
    const a = first.coefficients;
    const b = second.coefficients;
    let value = 0;
    let slope = 0;
    for (let r = Math.min(a.length, b.length) - 1; r > 0; r--) {
      const product = a[r] * b[r];
      value = value * t + product;
      slope = slope * t + r * product;
    }
    const sizes = Math.sqrt(first.power * second.power) + Math.sqrt(first.slopePower * second.slopePower);
    // What is left has degrees from R on, and with them the factor |t|^R, of use where a gap is not wanted for itself.
    const faded = isClose(pair) ? 1 : pow(Math.abs(t), Math.min(first.degrees, second.degrees));
    const rests = faded * (Math.sqrt(first.rest * second.rest) + Math.sqrt(first.slopeRest * second.slopeRest));
    const grids =
      first.disagreement * Math.sqrt(second.power + second.slopePower) +
      second.disagreement * Math.sqrt(first.power + first.slopePower);
    out.value = value * t + a[0] * b[0];
    out.derivative = hasDerivative ? slope / scale : 0;
    out.error = rests + grids + 16 * Number.EPSILON * sizes;
    if (out.error > ACCEPTED * sizes) return false;
    hermiteGaps(phi, hasDerivative, a, b, pair, variances, out);
    return true;
  };
}

function expand(phi: Activation, k: number, hasDerivative: boolean, level: 0 | 1): Expansion {
  const degrees = DEGREES[level];
  const step = STEPS[level];
  const grids = [0, step / 2].map((shift) => coefficientsOn(phi, Math.sqrt(k), step, shift, hasDerivative, degrees));
  const coefficients = grids[0].coefficients.map((value, r) => (value + grids[1].coefficients[r]) / 2);
  const power = (grids[0].power + grids[1].power) / 2;
  const slopePower = (grids[0].slopePower + grids[1].slopePower) / 2;
  let rest = power;
  let slopeRest = slopePower;
  let disagreement = 0;
  let length = 1;
  for (let r = 0; r < degrees; r++) {
    const square = coefficients[r] * coefficients[r];
    rest -= square;
    slopeRest -= (r * square) / k;
    const difference = grids[0].coefficients[r] - grids[1].coefficients[r];
    disagreement += (1 + r / k) * difference * difference;
    if (square * (1 + r / k) > 1e-36 * (power + slopePower)) length = r + 1;
  }
  return {
    coefficients: coefficients.slice(0, length),
    degrees,
    power,
    slopePower,
    // Below rounding the difference means nothing.
    rest: Math.max(rest, 2 * Number.EPSILON * power),
    slopeRest: hasDerivative ? Math.max(slopeRest, 2 * Number.EPSILON * slopePower) : 0,
    disagreement: Math.sqrt(disagreement),
  };
}

/** a_r, E φ² and E φ′² by the trapezoidal rule on one grid; half of the weight e^{−x²/2} goes to the polynomials. */
function coefficientsOn(
  phi: Activation,
  deviation: number,
  step: number,
  shift: number,
  hasDerivative: boolean,
  degrees: number,
): { coefficients: Float64Array; power: number; slopePower: number } {
  const coefficients = new Float64Array(degrees);
  const roots = Float64Array.from({ length: degrees + 1 }, (_, r) => Math.sqrt(r));
  const inverses = roots.map((root) => 1 / root);
  let power = 0;
  let slopePower = 0;
  const n = Math.ceil(RANGE / step);
  for (let i = -n; i <= n; i++) {
    const x = i * step + shift;
    const root = exp(-0.25 * x * x);
    const weight = (step / Math.sqrt(2 * Math.PI)) * root;
    const value = phi.value(deviation * x);
    power += weight * root * value * value;
    if (hasDerivative) {
      const derivative = phi.derivative(deviation * x);
      slopePower += weight * root * derivative * derivative;
    }
    let before = 0;
    let current = root;
    for (let r = 0; r < degrees; r++) {
      coefficients[r] += weight * value * current;
      const next = (x * current - roots[r] * before) * inverses[r + 1];
      before = current;
      current = next;
    }
  }
  return { coefficients, power, slopePower };
}
