import { exp, log, square, expm1 } from "../core/index.js";
import { gaussLegendre } from "../special/index.js";
import { normalSurvival } from "./normal.js";

/** Distributions that a power law is compared with, on the same tail. */
export type TailAlternative = "exponential" | "lognormal" | "truncated-power-law";

/** A likelihood-ratio comparison of the power law with an alternative on the same tail. */
export interface TailComparison {
  /** The alternative. */
  readonly alternative: TailAlternative;
  /** Maximum-likelihood parameters of the alternative. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Log-likelihood of the alternative. */
  readonly logLikelihood: number;
  /** log-likelihood of the power law minus that of the alternative: positive favours the power law. */
  readonly ratio: number;
  /** Vuong's statistic ratio / (sd √n), population sd; 0 when the alternative has become the power law itself. */
  readonly statistic: number;
  /** Two-sided p-value of the statistic; for the nested truncated power law the boundary χ² p-value of −2 ratio. */
  readonly pValue: number;
  /** True when the power law is a special case: the ratio is then never positive. */
  readonly nested: boolean;
  /** True when the best alternative is the power law itself (parameter at its boundary). */
  readonly degenerate: boolean;
}

/** Moments of exp(a y − b T(y)) on y >= 0. */
interface Family {
  readonly logZ: number;
  readonly meanY: number;
  readonly meanT: number;
  readonly varY: number;
  readonly varT: number;
  readonly cov: number;
}

const DROP = 42; // integrand neglected below e^{-42} of its peak

/**
 * Integrates a concave log-density h(y) = a y − b T(y) on [0, ∞), b > 0, with its first two moments in y and T: Gauss
 * rules on both sides of the mode, out to where it has dropped by e^{-42}.
 */
function integrate(a: number, b: number, T: (y: number) => number, slopeT: (y: number) => number): Family {
  const h = (y: number): number => a * y - b * T(y);
  const slope = (y: number): number => a - b * slopeT(y);
  let mode = 0;
  let reach = 1;
  if (slope(0) > 0) {
    while (slope(reach) > 0) reach *= 2;
    let low = 0;
    for (let k = 0; k < 60; k++) {
      mode = (low + reach) / 2;
      if (slope(mode) > 0) low = mode;
      else reach = mode;
    }
  }
  const peak = h(mode);
  const cut = (inside: number, direction: 1 | -1): number => {
    let width = 1e-3;
    while (h(inside + direction * width) > peak - DROP && width < 1e6) {
      width *= 2;
      if (direction < 0 && inside - width <= 0) return 0;
    }
    return inside + direction * width;
  };
  const ends = [mode > 0 ? Math.max(0, cut(mode, -1)) : 0, mode, cut(mode, 1)];
  const { nodes, weights } = gaussLegendre(48);
  const sums = new Float64Array(6);
  for (let side = 0; side < 2; side++) {
    const pieces = 3;
    for (let piece = 0; piece < pieces; piece++) {
      const length = (ends[side + 1] - ends[side]) / pieces;
      const from = ends[side] + piece * length;
      if (!(length > 0)) continue;
      for (let k = 0; k < nodes.length; k++) {
        const y = from + (length / 2) * (1 + nodes[k]);
        const t = T(y);
        const mass = weights[k] * (length / 2) * exp(h(y) - peak);
        sums[0] += mass;
        sums[1] += mass * y;
        sums[2] += mass * t;
        sums[3] += mass * y * y;
        sums[4] += mass * t * t;
        sums[5] += mass * y * t;
      }
    }
  }
  const [z, y1, t1, y2, t2, yt] = sums;
  const meanY = y1 / z;
  const meanT = t1 / z;
  return {
    logZ: peak + log(z),
    meanY,
    meanT,
    varY: y2 / z - meanY * meanY,
    varT: t2 / z - meanT * meanT,
    cov: yt / z - meanY * meanT,
  };
}

/** Maximises a ȳ − b T̄ − log Z(a, b) over b > 0: concave, damped Newton from a = 0. */
function fitFamily(
  meanY: number,
  meanT: number,
  T: (y: number) => number,
  slopeT: (y: number) => number,
): { a: number; b: number; logZ: number } {
  let a = -0.5 / meanY;
  let b = 0.5 / meanT;
  let state = integrate(a, b, T, slopeT);
  const objective = (x: number, y: number, family: Family): number => x * meanY - y * meanT - family.logZ;
  let value = objective(a, b, state);
  for (let iteration = 0; iteration < 200; iteration++) {
    const gradA = meanY - state.meanY;
    const gradB = -(meanT - state.meanT);
    const determinant = state.varY * state.varT - state.cov * state.cov;
    if (!(determinant > 0)) break;
    const stepA = (state.varT * gradA + state.cov * gradB) / determinant;
    const stepB = (state.cov * gradA + state.varY * gradB) / determinant;
    const decrement = stepA * gradA + stepB * gradB; // twice the expected gain
    if (!(decrement > 1e-13)) break;
    let damping = b + stepB > 0.05 * b ? 1 : (0.95 * b) / -stepB;
    let accepted = false;
    for (let half = 0; half < 40 && !accepted; half++, damping /= 2) {
      const nextA = a + damping * stepA;
      const nextB = b + damping * stepB;
      const next = integrate(nextA, nextB, T, slopeT);
      const nextValue = objective(nextA, nextB, next);
      if (nextValue >= value) {
        accepted = nextValue > value || half > 0;
        [a, b, state, value] = [nextA, nextB, next, nextValue];
      }
    }
    if (!accepted) break;
  }
  return { a, b, logZ: state.logZ };
}

/** Log-densities in x of the alternative at each tail value, with its parameters. */
interface FittedAlternative {
  readonly parameters: Readonly<Record<string, number>>;
  readonly logDensity: (x: number) => number;
  readonly degenerate: boolean;
}

/**
 * Compares the power law with one alternative on the tail, all of them fitted by maximum likelihood.
 *
 * The truncated lognormal and the truncated power law are exponential families in y = ln(x/xmin): densities
 * exp(a y − b y²) and exp(a y − b (e^y − 1)), whose likelihood is concave in (a, b); b = 0 is the power law.
 *
 * @param tail values >= xmin
 */
export function compareTail(
  alternative: TailAlternative,
  tail: Float64Array,
  xmin: number,
  alpha: number,
): TailComparison {
  const n = tail.length;
  const fitted =
    alternative === "exponential" ? fitExponential(tail, xmin) : fitExponentialFamily(alternative, tail, xmin, alpha);
  let sum = 0;
  let squares = 0;
  let logLikelihood = 0;
  const differences = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const power = log((alpha - 1) / xmin) - alpha * log(tail[i] / xmin);
    const other = fitted.logDensity(tail[i]);
    logLikelihood += other;
    differences[i] = power - other;
    sum += differences[i];
  }
  for (let i = 0; i < n; i++) squares += square(differences[i] - sum / n);
  const nested = alternative === "truncated-power-law";
  const deviation = Math.sqrt(squares / n);
  const statistic = fitted.degenerate || deviation === 0 ? 0 : sum / (deviation * Math.sqrt(n));
  const pValue = nested
    ? normalSurvival(Math.sqrt(Math.max(0, -2 * sum)))
    : Math.min(1, 2 * normalSurvival(Math.abs(statistic)));
  return {
    alternative,
    parameters: fitted.parameters,
    logLikelihood,
    ratio: fitted.degenerate ? 0 : sum,
    statistic,
    pValue: fitted.degenerate ? 1 : pValue,
    nested,
    degenerate: fitted.degenerate,
  };
}

function fitExponential(tail: Float64Array, xmin: number): FittedAlternative {
  let sum = 0;
  for (const x of tail) sum += x - xmin;
  const rate = tail.length / sum;
  return { parameters: { rate }, logDensity: (x) => log(rate) - rate * (x - xmin), degenerate: false };
}

function fitExponentialFamily(
  alternative: "lognormal" | "truncated-power-law",
  tail: Float64Array,
  xmin: number,
  alpha: number,
): FittedAlternative {
  const lognormal = alternative === "lognormal";
  const T = lognormal ? (y: number): number => y * y : expm1;
  const slopeT = lognormal ? (y: number): number => 2 * y : exp;
  let meanY = 0;
  let meanT = 0;
  for (const x of tail) {
    const y = log(x / xmin);
    meanY += y / tail.length;
    meanT += T(y) / tail.length;
  }
  // The gradient at b = 0 is E_powerlaw[T] − mean T: when it is not positive, the power law itself is the optimum.
  const expected = lognormal ? 2 * (meanY * meanY) : alpha > 2 ? 1 / (alpha - 2) : Infinity;
  if (meanT >= expected) {
    const density = (x: number): number => log((alpha - 1) / xmin) - alpha * log(x / xmin);
    const parameters: Record<string, number> = lognormal ? { mu: -Infinity, sigma: Infinity } : { alpha, rate: 0 };
    return { parameters, logDensity: density, degenerate: true };
  }
  const { a, b, logZ } = fitFamily(meanY, meanT, T, slopeT);
  const logDensity = (x: number): number => {
    const y = log(x / xmin);
    return a * y - b * T(y) - logZ - log(x);
  };
  // exp(a y − b y²) is a normal density of variance 1/(2b) and mean a/(2b), shifted by ln xmin.
  const parameters: Record<string, number> = lognormal
    ? { mu: log(xmin) + a / (2 * b), sigma: Math.sqrt(0.5 / b) }
    : { alpha: 1 - a, rate: b / xmin };
  return { parameters, logDensity, degenerate: false };
}
