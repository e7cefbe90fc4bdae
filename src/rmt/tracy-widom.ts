import { requireNumber, requireOneOf, log1p, exp, expm1, square, sinh, cbrt } from "../core/index.js";
import { eigh, solve } from "../linalg/index.js";
import { airy, gaussLegendre } from "../special/index.js";
import { requireProbability, solveQuantile } from "./law.js";

/** A Tracy–Widom law. */
export interface TracyWidomLaw {
  /** 1 for real, 2 for complex, 4 for quaternion entries. */
  readonly beta: 1 | 2 | 4;
  /** P(X <= s). */
  readonly cdf: (s: number) => number;
  /** P(X > s), with its own relative accuracy: the p-value of a largest eigenvalue. */
  readonly survival: (s: number) => number;
  /** Density. */
  readonly pdf: (s: number) => number;
  /** s with cdf(s) = p, for 0 < p < 1. */
  readonly quantile: (p: number) => number;
  /** Mean, 12 digits. */
  readonly mean: number;
  /** Variance, 12 digits. */
  readonly variance: number;
  /** The scaling convention, in words. */
  readonly convention: string;
}

const NODES = 64; // Gauss nodes: the error falls geometrically, below 1e-14 for s >= -10
const LOWEST = -40; // exp(−|s|³/24) is below 1e-300 long before

const MOMENTS: Readonly<Record<1 | 2 | 4, readonly [number, number]>> = {
  1: [-1.206533574582, 1.607781034581],
  2: [-1.7710868074116, 0.8131947928329],
  4: [-3.2624279028517, 1.035447441541],
};

/**
 * Creates the Tracy–Widom law of the largest eigenvalue: β = 1, 2 or 4.
 *
 * Relation: with D± = det(I ∓ K), K(x, y) = Ai((x + y)/2) / 2 on L²(s, ∞): F₁ = D₊, F₂ = D₊ D₋ and
 * F₄ = (D₊ + D₋) / 2. The determinants are discretised by Gauss–Legendre quadrature and taken from the eigenvalues λ of
 * the discretised K, so that log D± = Σ log(1 ∓ λ) keeps the relative accuracy of survival probabilities.
 * β = 4 uses the variable in which F₄(s) = (F₁(s) + F₂(s)/F₁(s)) / 2; other texts use s/√2.
 *
 * @throws {OptionError} when beta is not 1, 2 or 4
 *
 * Accuracy: cdf absolute error below 1e-13 for s >= −10; survival relative error below 1e-10 up to
 * s = 16 for β = 1 and 2, absolute error below 1e-14 for β = 4.
 * Cost: one symmetric eigenvalue problem of order 64 per evaluation, one to three milliseconds.
 * @see [bornemann2010]
 * @see [tracy1996]
 *
 * @example
 * ```ts
 * import { tracyWidom } from "eigenscope/rmt";
 * const law = tracyWidom(1);
 * console.log(law.cdf(0.9793160534696), law.quantile(0.99)); // 0.95000000 2.0234492
 * ```
 */
export function tracyWidom(beta: 1 | 2 | 4): TracyWidomLaw {
  requireOneOf(beta, [1, 2, 4], "beta", "tracyWidom");
  const cdf = (s: number): number => {
    if (s === Infinity) return 1;
    if (s === -Infinity) return 0;
    return requireNumber(s, "s", "cdf") < LOWEST ? 0 : combine(beta, logDeterminants(s));
  };
  const survival = (s: number): number => {
    if (s === Infinity) return 0;
    if (s === -Infinity) return 1;
    return requireNumber(s, "s", "survival") < LOWEST ? 1 : combineSurvival(beta, logDeterminants(s));
  };
  const pdf = (s: number): number => (requireNumber(s, "s", "pdf") < LOWEST ? 0 : density(beta, s));
  const [mean, variance] = MOMENTS[beta];
  return {
    beta,
    cdf,
    survival,
    pdf,
    quantile: (p) => {
      requireProbability(p, "quantile");
      if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
      return solveQuantile(p, -14, 16, cdf, pdf);
    },
    mean,
    variance,
    convention: beta === 4 ? "F4(s) = (F1(s) + F2(s) / F1(s)) / 2" : "edge variable of the Gaussian ensembles",
  };
}

/** Nodes, square roots of weights and the symmetric matrix √w K √w on (s, end). */
function discretize(s: number): {
  readonly nodes: Float64Array;
  readonly roots: Float64Array;
  readonly kernel: Float64Array;
} {
  const end = Math.max(16, s + 8); // the kernel is below 1e-18 beyond
  const { nodes, weights } = gaussLegendre(NODES);
  const half = (end - s) / 2;
  const x = Float64Array.from(nodes, (t) => s + half * (1 + t));
  const roots = Float64Array.from(weights, (w) => Math.sqrt(half * w));
  const kernel = new Float64Array(NODES * NODES);
  for (let i = 0; i < NODES; i++) {
    for (let j = 0; j <= i; j++) {
      const value = 0.5 * roots[i] * roots[j] * airy((x[i] + x[j]) / 2).ai;
      kernel[i * NODES + j] = value;
      kernel[j * NODES + i] = value;
    }
  }
  return { nodes: x, roots, kernel };
}

interface LogDeterminants {
  /** log det(I − K). */
  readonly plus: number;
  /** log det(I + K). */
  readonly minus: number;
}

function logDeterminants(s: number): LogDeterminants {
  const { kernel } = discretize(s);
  const { values } = eigh({ rows: NODES, cols: NODES, data: kernel }, { vectors: false });
  let plus = 0;
  let minus = 0;
  for (const value of values) {
    plus += log1p(-Math.min(value, 1 - 1e-18));
    minus += log1p(value);
  }
  return { plus, minus };
}

function combine(beta: 1 | 2 | 4, { plus, minus }: LogDeterminants): number {
  if (beta === 1) return exp(plus);
  if (beta === 2) return exp(plus + minus);
  return (exp(plus) + exp(minus)) / 2;
}

function combineSurvival(beta: 1 | 2 | 4, { plus, minus }: LogDeterminants): number {
  if (beta === 1) return -expm1(plus);
  if (beta === 2) return -expm1(plus + minus);
  // With D± = exp(m ∓ d): 1 − e^m cosh d = −expm1(m) − e^m (cosh d − 1). The two terms cancel in the far tail.
  const mean = (plus + minus) / 2;
  const half = (minus - plus) / 2;
  return -expm1(mean) - exp(mean) * 2 * square(sinh(half / 2));
}

/** d/ds log det(I ∓ K) = R(s, s), the resolvent kernel ±K (I ∓ K)^{-1} at the end point, by Nyström's formula. */
function density(beta: 1 | 2 | 4, s: number): number {
  const { nodes, roots, kernel } = discretize(s);
  const edge = Float64Array.from(nodes, (x, i) => 0.5 * roots[i] * airy((s + x) / 2).ai);
  const corner = 0.5 * airy(s).ai;
  const resolvent = (sign: 1 | -1): number => {
    const data = kernel.map((value) => -sign * value);
    for (let i = 0; i < NODES; i++) data[i * NODES + i] += 1;
    const solution = solve({ rows: NODES, cols: NODES, data }, edge);
    let sum = 0;
    for (let i = 0; i < NODES; i++) sum += edge[i] * solution[i];
    return sign * corner + sum; // ±K(s,s) + k (I ∓ K)^{-1} k: the second term has sign (±1)² = 1
  };
  const logs = logDeterminants(s);
  const plus = resolvent(1);
  if (beta === 1) return exp(logs.plus) * plus;
  const minus = resolvent(-1);
  if (beta === 2) return exp(logs.plus + logs.minus) * (plus + minus);
  return (exp(logs.plus) * plus + exp(logs.minus) * minus) / 2;
}

/** Centre and scale of the largest eigenvalue of a Gram matrix. */
export interface TracyWidomCentring {
  /** Centre of the largest eigenvalue of XᵀX for unit variance. */
  readonly center: number;
  /** Scale: (largest − center) / scale follows the Tracy–Widom law of β = 1. */
  readonly scale: number;
}

/**
 * Computes centre and scale of the largest eigenvalue of XᵀX for an N x p matrix of independent unit normals.
 *
 * Relation: center = (√(N − ½) + √(p − ½))², scale = √center (1/√(N − ½) + 1/√(p − ½))^{1/3}: with these half shifts the
 * law is approached at the rate O(p^{−2/3}) instead of O(p^{−1/3}).
 *
 * @param rows N >= 1, not necessarily the larger one
 * @param cols p >= 1
 * @throws {ArgumentError} when one is below 1
 * @see [ma2012]
 * @see [johnstone2001]
 */
export function tracyWidomCentring(rows: number, cols: number): TracyWidomCentring {
  const caller = "tracyWidomCentring";
  const n = Math.sqrt(requireNumber(rows, "rows", caller, 1) - 0.5);
  const p = Math.sqrt(requireNumber(cols, "cols", caller, 1) - 0.5);
  const center = square(n + p);
  return { center, scale: (n + p) * cbrt(1 / n + 1 / p) };
}
