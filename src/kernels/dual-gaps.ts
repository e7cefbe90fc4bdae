// Half mean squares of difference and sum of φ(u) and φ(v), and differences of variances, without cancellation: in the chaotic
// phase a layer multiplies them, so that anything obtained by subtracting covariances would drown in noise after a few layers.
import { asin, atan, atan2, exp, expm1, hypot, sin, square } from "../core/index.js";
import { gaussLegendre } from "../special/index.js";
import { arcCosineProfile } from "./arc-cosine.js";
import { sineMinusAngleCosine } from "./cosine-map.js";
import type { DualValue, PairCovariance } from "./dual-record.js";

/** (gap · sum − excess²/4)/(E φ(u)² E φ(v)²), with the error of gap · sum: enough where no kink of φ sees an angle of √ε. */
export function sineSquaredOf(out: DualValue): void {
  const mean = (out.gap + out.sum) / 2;
  const first = mean + out.excess / 2;
  const second = mean - out.excess / 2;
  out.sineSquared =
    first > 0 && second > 0
      ? Math.max(0, (out.gap / first) * (out.sum / second) - ((out.excess / first) * (out.excess / second)) / 4)
      : 0;
}

/** Share of the variances below which gap, sum and excess are not had by subtraction. */
const SMALL = 1 / 32;

/** Whether gap or sum are small, or the variances close but unequal. */
export function isDelicate({ gap, sum, excess }: PairCovariance): boolean {
  const least = SMALL * (gap + sum);
  return gap < least || sum < least || (excess !== 0 && Math.abs(excess) < least);
}

/** Gap, sum and excess from E φ(u)², E φ(v)² and the value in `out`. */
export function subtractVariances([first, second]: readonly [number, number], out: DualValue): void {
  const mean = (first + second) / 2;
  out.gap = mean - out.value;
  out.sum = mean + out.value;
  out.excess = first - second;
  sineSquaredOf(out);
}

/** Above this angle a difference of arcs is taken directly; below, from its sine, which is known without cancellation. */
const WIDE = 0.5;

/** √(a + factor x y); the product of two variances alone may leave the double range. */
export function rootOfSum(a: number, factor: number, x: number, y: number): number {
  const sum = a + factor * x * y;
  return sum < Number.MAX_VALUE ? Math.sqrt(sum) : hypot(Math.sqrt(a), Math.sqrt(factor) * Math.sqrt(x) * Math.sqrt(y));
}

/** a − b from sin(a − b) sin(a + b) (or an arithmetic mean of arcs in the place of a), given the complements of both. */
function arcDifference(product: number, a: number, b: number, aComplement: number, bComplement: number): number {
  if (a - b > WIDE) return a - b;
  const sum = a + b;
  const sine = sin(sum < Math.PI / 2 ? sum : aComplement + bComplement);
  return sine === 0 ? 0 : asin(Math.min(1, product / sine));
}

/** tan of half the difference of the arcs α(k) = asin(k/(1 + k)) = 2 atan √(1 + 2k) − π/2 at both variances. */
function halfArcTangent(excess: number, root1: number, root2: number): number {
  return (2 * excess) / ((root1 + root2) * (1 + root1 * root2));
}

/**
 * φ = erf, whose arcs are those of doubled covariances. With α_i = asin(k_ii/(1 + k_ii)) and α = asin(k12/√P), all doubled:
 * gap = (2/π)((α₁ + α₂)/2 − α), where sin((α₁ + α₂)/2 − α) sin((α₁ + α₂)/2 + α) = sin²((α₁ − α₂)/2) + det/P.
 */
export function erfGaps(pair: PairCovariance, out: DualValue): void {
  const k11 = 2 * pair.k11;
  const k22 = 2 * pair.k22;
  const k12 = 2 * Math.abs(pair.k12);
  const root1 = Math.sqrt(1 + 2 * k11);
  const root2 = Math.sqrt(1 + 2 * k22);
  const root = rootOfSum(1 + k11 + k22, pair.sineSquared, k11, k22);
  const tangent = halfArcTangent(2 * pair.excess, root1, root2);
  const mean = (atan2(k11, root1) + atan2(k22, root2)) / 2;
  const complement = (atan2(root1, k11) + atan2(root2, k22)) / 2;
  const arc = atan2(k12, root);
  const product =
    (tangent * tangent) / (1 + tangent * tangent) + pair.sineSquared * (k11 / (1 + k11)) * (k22 / (1 + k22));
  const small = (2 / Math.PI) * arcDifference(product, mean, arc, complement, atan2(root, k12));
  const large = (2 / Math.PI) * (mean + arc);
  out.gap = pair.k12 >= 0 ? small : large;
  out.sum = pair.k12 >= 0 ? large : small;
  out.excess = (4 / Math.PI) * atan(tangent);
  sineSquaredOf(out);
}

/**
 * φ = sin. gap = ½[(1 − e^{−g})(1 + e^{−s}) − ½(e^{−k11} − e^{−k22})²] with g, s the gap and sum of the pair; sum with g and s exchanged.
 */
export function sineGaps({ k11, k22, gap, sum, excess }: PairCovariance, out: DualValue): void {
  const least = Math.min(k11, k22);
  const radial = square(exp(-least) * expm1(-Math.abs(excess))) / 2;
  out.gap = (-expm1(-gap) * (1 + exp(-sum)) - radial) / 2;
  out.sum = (-expm1(-sum) * (1 + exp(-gap)) - radial) / 2;
  out.excess = (Math.sign(excess) * exp(-2 * least) * -expm1(-2 * Math.abs(excess))) / 2;
  sineSquaredOf(out);
}

/**
 * φ(s) = s Φ(s) = s/2 + ½ s erf(s/√2): an odd part with gap g/4 and an even part whose dual is (k12 α + R)/(2π), R = 1/D + D − 2 (1 + m) D/P,
 * m = (k11 + k22)/2. The gap of the even part has an angular half, from k12 to √(k11 k22) along the arc, where
 * 2π dE = (√P x cos x + sin x/(√P cos² x) + 2 (1 + m) sin x/√P) dx is a sum of positive terms, and a radial half between the two
 * variances at correlation one, whose second differences are multiplied out below.
 */
export function geluGaps(pair: PairCovariance, out: DualValue): void {
  const { k11, k22, excess } = pair;
  const determinant = pair.sineSquared * k11 * k22;
  const k12 = Math.abs(pair.k12); // the even part does not see the sign
  const mean = (k11 + k22) / 2;
  const P = (1 + k11) * (1 + k22);
  const rootP = Math.sqrt(P);
  const D1 = Math.sqrt(1 + 2 * k11);
  const D2 = Math.sqrt(1 + 2 * k22);
  const Dm = Math.sqrt(1 + k11 + k22); // D at correlation one
  const D = Math.sqrt(1 + k11 + k22 + determinant);
  const geometric = Math.sqrt(k11) * Math.sqrt(k22);
  const arc = atan2(k12, D);
  const arcComplement = atan2(D, k12);
  const end = atan2(geometric, Dm);
  const endComplement = atan2(Dm, geometric);
  // Angular half.
  const half = arcDifference(determinant / P, end, arc, endComplement, arcComplement) / 2;
  const centre = (end + arc) / 2;
  const ramp =
    2 * centre * sin((endComplement + arcComplement) / 2) * sin(half) - 2 * sin(centre) * sineMinusAngleCosine(half);
  const cosines = 2 * sin(centre) * sin(half);
  const angular = rootP * ramp + (rootP * cosines) / (D * Dm) + (2 * (1 + mean) * cosines) / rootP;
  // Radial half.
  const arc1 = atan2(k11, D1);
  const arc2 = atan2(k22, D2);
  const difference = (2 * excess) / (D1 + D2); // D1 − D2
  const tangent = halfArcTangent(excess, D1, D2);
  const arcs = 2 * atan(tangent); // α₁ − α₂
  const spread = arcDifference(
    (tangent * tangent) / (1 + tangent * tangent),
    (arc1 + arc2) / 2,
    end,
    (atan2(D1, k11) + atan2(D2, k22)) / 2,
    endComplement,
  );
  const roots = Math.sqrt(k11) + Math.sqrt(k22);
  const step = roots === 0 ? 0 : square(excess / roots) / 2; // m − √(k11 k22)
  const first = square(difference) / (4 * ((D1 + D2) / 2 + Dm)); // Dm − (D1 + D2)/2
  const second = ((D1 + D2) * first + square(difference) / 2) / (2 * D1 * D2 * Dm);
  const third =
    ((excess / 2) * ((difference / 2) * (1 + D1 * D1 + D1 * D2 + D2 * D2) + excess * Dm)) / (P * (D1 + Dm) * (D2 + Dm));
  const radial = mean * spread + (excess * arcs) / 4 + step * end + second - first + 2 * third;
  const evenGap = (angular + radial) / (2 * Math.PI);
  const variances =
    (k11 * arc1 + (2 * k11 * k11) / ((1 + k11) * D1) + k22 * arc2 + (2 * k22 * k22) / ((1 + k22) * D2)) / (2 * Math.PI);
  out.gap = pair.gap / 4 + evenGap;
  out.sum = pair.sum / 4 + (variances - evenGap);
  // k11 α₁ − k22 α₂ + R₁ − R₂ in the same way.
  const product = (2 * (k11 + k22) + 4 * k11 * k22) / (D1 * D2 + 1); // D1 D2 − 1
  const rest = difference * product * (1 / (D1 * D2) + 1 / P);
  out.excess = excess / 4 + (mean * arcs + (excess * (arc1 + arc2)) / 2 + rest) / (2 * Math.PI);
  sineSquaredOf(out);
}

/**
 * φ = Σ c_i s^i in its Hermite components: with a_r, b_r those at the two variances and t the correlation,
 * gap = Σ_r [½(a_r − b_r)² + a_r b_r (1 − t^r)]/r!.
 *
 * @param factors factors[r][j] = c_{r+2j} (r + 2j)!/(j! 2^j)
 */
export function polynomialGaps(factors: readonly (readonly number[])[], pair: PairCovariance, out: DualValue): void {
  const first = Math.sqrt(pair.k11);
  const second = Math.sqrt(pair.k22);
  const scale = first * second;
  const step = first + second === 0 ? 0 : pair.excess / (first + second); // first − second
  const modulus = Math.abs(pair.k12);
  const below = scale === 0 ? 0 : pair.sineSquared * scale * (scale / (scale + modulus)); // scale − |k12|
  let [gap, sum, excess] = [0, 0, 0];
  let factorial = 1;
  let missing = 0; // scale^r − |k12|^r
  let power = 1; // |k12|^r
  for (let r = 0; r < factors.length; r++) {
    if (r > 0) {
      missing = missing * scale + power * below;
      power *= modulus;
      factorial *= r;
    }
    // a = first^r A, b = second^r B, and a − b term by term.
    let [A, B, a, b, difference] = [0, 0, 0, 0, 0];
    for (let j = 0; j < factors[r].length; j++) {
      const factor = factors[r][j];
      const powers = powersOf(first, second, r + 2 * j);
      A += factor * integerPower(pair.k11, j);
      B += factor * integerPower(pair.k22, j);
      a += factor * powers.first;
      b += factor * powers.second;
      difference += factor * powers.quotient * step;
    }
    const near = (difference * difference) / 2 + A * B * missing;
    const far = square(a + b) / 2 - A * B * missing;
    const same = pair.k12 >= 0 || r % 2 === 0;
    gap += (same ? near : far) / factorial;
    sum += (same ? far : near) / factorial;
    excess += (difference * (a + b)) / factorial;
  }
  out.gap = gap;
  out.sum = sum;
  out.excess = excess;
  sineSquaredOf(out);
}

/** first^n, second^n and (first^n − second^n)/(first − second). */
function powersOf(first: number, second: number, n: number): { first: number; second: number; quotient: number } {
  let [p, q, quotient] = [1, 1, 0];
  for (let l = 0; l < n; l++) {
    quotient = quotient * first + q;
    p *= first;
    q *= second;
  }
  return { first: p, second: q, quotient };
}

function integerPower(x: number, n: number): number {
  let result = 1;
  for (let i = 0; i < n; i++) result *= x;
  return result;
}

const closeRule = /* @__PURE__ */ gaussLegendre(16);

/** 1 − κ_n: near angle 0 as the integral of n²/(2n − 1) κ_{n−1} sin, a sum of positive terms. */
function oneMinusProfile(n: number, theta: number, value: number): number {
  if (n === 0) return theta / Math.PI;
  if (theta > 1) return 1 - value;
  let sum = 0;
  for (let i = 0; i < closeRule.nodes.length; i++) {
    const x = (theta / 2) * (1 + closeRule.nodes[i]);
    sum += closeRule.weights[i] * arcCosineProfile((n - 1) as 0 | 1 | 2, x) * sin(x);
  }
  return ((n * n) / (2 * n - 1)) * (theta / 2) * sum;
}

/**
 * φ(s) = max(s, 0)^n: gap = c_n [½(ρ₁^n − ρ₂^n)² + (ρ₁ρ₂)^n (1 − κ_n(θ))], ρ_i the standard deviations, c_n = (2n − 1)!!/2.
 *
 * @param profile κ_n(θ)
 */
export function rectifierPowerGaps(
  n: number,
  factor: number,
  theta: number,
  profile: number,
  { k11, k22, excess }: PairCovariance,
  out: DualValue,
): void {
  const first = Math.sqrt(k11);
  const second = Math.sqrt(k22);
  const step = first + second === 0 ? 0 : excess / (first + second);
  const { first: p, second: q, quotient } = powersOf(first, second, n);
  const radial = square(quotient * step) / 2;
  const size = p * q;
  const missing = oneMinusProfile(n, theta, profile);
  out.gap = factor * (radial + size * missing);
  out.sum = factor * (radial + size * (1 + profile));
  out.excess = factor * quotient * step * (p + q);
  out.sineSquared = missing * (1 + profile);
}
