import {
  ArgumentError,
  type Matrix,
  type Status,
  describe,
  pow,
  requireFinite,
  requireNumber,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import { type Coroutine, drive, driveAsync, multiply, multiplyTransposed } from "../krylov/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import {
  type AsyncLinearOperator,
  type AsyncSymmetricOperator,
  type LinearOperator,
  type SymmetricOperator,
  requireOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
  requireTranspose,
} from "../operators/index.js";
import { type IntervalEstimate } from "./estimate.js";
import { fillProbe } from "./probes.js";
import {
  QUADRATURE_SHARE,
  type QuadratureOptions,
  type QuadratureSettings,
  type QuadratureUse,
  quadratureAdvice,
  requireQuadrature,
  sampleQuadrature,
} from "./quadrature-sampling.js";
import { sampleMean } from "./sampling.js";
import { type ProbeQuadrature, integrate, radauRule } from "./slq.js";

/** Options of {@link spectralSum}. */
export interface SpectralSumOptions extends QuadratureOptions {
  /**
   * What turns the quadrature error from a judgement into a bracket: the signs of the derivatives of f on the spectrum, and
   * a number outside it. "alternating" (1/x, e^(−x), x^(−p), log x and √x for x > 0) wants one below the spectrum, "equal"
   * (e^x, powers with integer exponents on x >= 0, −log(c − x)) one above it.
   */
  readonly bracket?: { readonly derivatives: "alternating" | "equal"; readonly bound: number };
}

/** An estimate whose quadrature error is bracketed, or judged by the last steps. */
export interface SpectralSumResult extends IntervalEstimate {
  /**
   * Half the width of `quadrature` where there is one; else the mean change of the quadrature over its last two steps, the
   * size of its error once it converges.
   */
  readonly quadratureError: number;
  /**
   * Means over the same probes of a lower and an upper quadrature bound, between which the exact mean for these probes lies;
   * null when nothing is known of the derivatives of f.
   */
  readonly quadrature: { readonly lower: number; readonly upper: number } | null;
  /** "converged" when all probes were run, or the tolerance or the rule was met. */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

/**
 * Estimates tr f(A) for a symmetric operator by stochastic Lanczos quadrature.
 *
 * Relation: tr f(A) = n E Σ_j w_j f(θ_j) up to quadratureError, exact for polynomials of degree 2 · steps − 1.
 *
 * @param A symmetric operator (or Matrix)
 * @param f scalar function, finite on the spectrum
 * @param options.bracket signs of the derivatives of f and a bound of the spectrum: Gauss and Gauss–Radau rules then
 * bracket the quadrature, and the interval holds for any number of steps
 * @returns estimate with t interval (of the sampling; with `bracket` of both) and the size of the quadrature error
 * @throws {ArgumentError} when A lacks the symmetric mark or f is no function
 * @throws {NonFiniteError} when f is not finite at a Ritz value
 *
 * Accuracy: sampling by the interval, quadrature by quadratureError. Cost: probes · steps products.
 * @see [golubmeurant2010]
 * @see [ubaru2017]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { spectralSum } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 50 }, () => 2));
 * console.log(spectralSum(A, (x) => x ** 3, { rng: createRng(1) }).mean.toFixed(6)); // 400.000000
 * ```
 */
export function spectralSum(
  A: SymmetricOperator | Matrix,
  f: (eigenvalue: number) => number,
  options: SpectralSumOptions,
): SpectralSumResult {
  const operator = requireSymmetricOperator(A, "A", "spectralSum");
  return drive(operator, checkedSum(operator.rows, f, options));
}

/**
 * The form of {@link spectralSum} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @returns a promise of the result of spectralSum
 * @throws {ArgumentError} as spectralSum, as a rejection
 */
export async function spectralSumAsync(
  A: AsyncSymmetricOperator,
  f: (eigenvalue: number) => number,
  options: SpectralSumOptions,
): Promise<SpectralSumResult> {
  const operator = requireAsyncOperator(A, "A", "spectralSumAsync", "symmetric");
  return driveAsync(A, checkedSum(operator.rows, f, options));
}

function* checkedSum(
  n: number,
  f: (eigenvalue: number) => number,
  options: SpectralSumOptions,
): Coroutine<SpectralSumResult> {
  const caller = "spectralSum";
  const settings = requireQuadrature(n, options, ["bracket"], caller);
  if (typeof f !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "f",
      expected: "a function of one number",
      got: describe(f),
    });
  }
  if (options.bracket === undefined) return yield* sum(settings, f, caller, {});
  requireOptions(options.bracket, ["derivatives", "bound"], caller);
  const derivatives = requireOneOf(
    options.bracket.derivatives,
    ["alternating", "equal"],
    "bracket.derivatives",
    caller,
  );
  const bound = requireNumber(options.bracket.bound, "bracket.bound", caller);
  return yield* bracketedSum(settings, f, derivatives === "alternating" ? "lower" : "upper", bound, caller);
}

/** The Gauss and the Radau rule of every probe: the integral lies between them. */
function* bracketedSum(
  settings: QuadratureSettings,
  f: (eigenvalue: number) => number,
  side: "lower" | "upper",
  bound: number,
  caller: string,
): Coroutine<SpectralSumResult> {
  const { n, tolerance } = settings;
  const ends = (rule: ProbeQuadrature): readonly [number, number] => {
    const gauss = integrate(rule.nodes, rule.weights, f);
    if (rule.residualNorm === 0) return [gauss, gauss];
    const { nodes, weights } = radauRule(rule, bound, side, "bracket.bound", caller);
    requireFinite(nodes.map(f), "f at the quadrature nodes", caller);
    const radau = integrate(nodes, weights, f);
    return [Math.min(gauss, radau), Math.max(gauss, radau)];
  };
  const result = yield* sampleQuadrature(settings, {
    values: (rule) => {
      requireFinite(rule.nodes.map(f), "f at the Ritz values", caller);
      return ends(rule).map((end) => n * end);
    },
    resolved: (rule, share) => {
      const size = integrate(rule.nodes, rule.weights, (x) => Math.abs(f(x)));
      if (!Number.isFinite(size)) return true;
      const [lower, upper] = ends(rule);
      return upper - lower <= share * size;
    },
  });
  const { ends: quadrature, ...estimate } = result;
  const quadratureError = (quadrature.upper - quadrature.lower) / 2;
  const open = tolerance !== null && quadratureError > tolerance * Math.abs(result.mean);
  return { ...estimate, quadratureError, quadrature, advice: quadratureAdvice(result.status, open) };
}

function* sum(
  settings: QuadratureSettings,
  f: (eigenvalue: number) => number,
  caller: string,
  use: Pick<QuadratureUse, "cost" | "product">,
): Coroutine<SpectralSumResult> {
  const { n, tolerance } = settings;
  let changes = 0;
  const result = yield* sampleQuadrature(
    // The quadrature gets its share of the tolerance, the sampling the rest.
    tolerance === null ? settings : { ...settings, tolerance: (1 - QUADRATURE_SHARE) * tolerance },
    {
      ...use,
      values: (rule) => {
        requireFinite(rule.nodes.map(f), "f at the Ritz values", caller);
        changes += n * lastChange(rule, f);
        return [n * integrate(rule.nodes, rule.weights, f)];
      },
      resolved: (rule, share) => {
        const size = integrate(rule.nodes, rule.weights, (x) => Math.abs(f(x)));
        return !Number.isFinite(size) || lastChange(rule, f) <= share * size;
      },
    },
  );
  const { ends: _ends, ...estimate } = result;
  const quadratureError = changes / Math.max(1, result.samples);
  const open = tolerance !== null && quadratureError > 2 * QUADRATURE_SHARE * tolerance * Math.abs(result.mean);
  const status = open && result.status === "converged" ? "max-iterations" : result.status;
  return { ...estimate, quadratureError, quadrature: null, status, advice: quadratureAdvice(status, open) };
}

/** |I_k − I_{k−2}|; zero for an exact rule, Infinity when there is no earlier rule to compare with. */
function lastChange(
  { nodes, weights, diagonal, offDiagonal, residualNorm }: ProbeQuadrature,
  f: (x: number) => number,
): number {
  if (residualNorm === 0) return 0;
  const k = diagonal.length;
  if (k < 3) return Infinity;
  const earlier = tridiagonalEigh(diagonal.slice(0, k - 2), offDiagonal.slice(0, k - 3), { vectors: "first-row" });
  const before = integrate(
    earlier.values,
    earlier.firstRow!.map((entry) => entry * entry),
    f,
  );
  return Math.abs(integrate(nodes, weights, f) - before);
}

/** Options of {@link schattenNorm}. */
export type SchattenNormOptions = QuadratureOptions;

/**
 * Estimates a Schatten norm ‖A‖_p = (Σ σ_i^p)^{1/p}: p = 1 nuclear, p = 2 Frobenius.
 *
 * Relation: ‖A‖_p^p = tr (Aᵀ A)^{p/2}, by Lanczos quadrature on Aᵀ A; for p = 2 the samples are ‖A v‖² themselves.
 *
 * @param A operator with a transpose (or Matrix); for p = 2 apply alone is enough
 * @param p exponent >= 1
 * @returns the norm, its standard error by the delta method, and an interval mapped through the root
 * @throws {ArgumentError} when p < 1, or A offers only apply and p is not 2
 *
 * Accuracy: the interval for p = 2; for other p also the quadrature, largest for p < 2 with many tiny singular values.
 * Cost: 2 · probes · steps products; probes products for p = 2.
 * @see [ubaru2017]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { schattenNorm } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 3 : -3)));
 * console.log(schattenNorm(A, 1, { rng: createRng(1) }).mean.toFixed(6)); // 300.000000
 * ```
 */
export function schattenNorm(A: LinearOperator | Matrix, p: number, options: SchattenNormOptions): SpectralSumResult {
  const operator = requireOperator(A, "A", "schattenNorm");
  return drive(operator, norm(operator, p, options));
}

/**
 * The form of {@link schattenNorm} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous operator
 * @returns a promise of the result of schattenNorm
 * @throws {ArgumentError} as schattenNorm, as a rejection
 */
export async function schattenNormAsync(
  A: AsyncLinearOperator,
  p: number,
  options: SchattenNormOptions,
): Promise<SpectralSumResult> {
  const operator = requireOperator(A as unknown as LinearOperator, "A", "schattenNormAsync");
  return driveAsync(A, norm(operator, p, options));
}

function* norm(operator: LinearOperator, p: number, options: SchattenNormOptions): Coroutine<SpectralSumResult> {
  const caller = "schattenNorm";
  requireNumber(p, "p", caller, 1);
  const settings = requireQuadrature(operator.cols, options, [], caller);
  // A relative error δ of the norm is p δ of its p-th power.
  const { tolerance } = settings;
  const powered = { ...settings, tolerance: tolerance === null ? null : p * tolerance };
  if (p === 2) return rooted(yield* squaredFrobenius(operator.rows, powered), p);
  requireTranspose(operator, "A", caller);
  const image = new Float64Array(operator.rows); // A x
  const product = function* (x: Float64Array, out: Float64Array): Coroutine<void> {
    yield* multiply(x, image);
    yield* multiplyTransposed(image, out);
  };
  // Ritz values of Aᵀ A are negative by rounding only.
  const power = (value: number): number => pow(Math.max(0, value), p / 2);
  return rooted(yield* sum(powered, power, caller, { cost: 2, product }), p);
}

/** The estimate of a norm from that of its p-th power: the delta method for the error, the root of the interval. */
function rooted(powered: SpectralSumResult, p: number): SpectralSumResult {
  const { mean, standardError, interval, quadratureError } = powered;
  const root = (value: number): number => pow(Math.max(0, value), 1 / p);
  const value = root(mean);
  const slope = value > 0 ? value / (p * mean) : 1;
  return {
    ...powered,
    mean: value,
    standardError: standardError * slope,
    interval: { lower: root(interval.lower), upper: root(interval.upper), level: interval.level },
    quadratureError: quadratureError * slope,
  };
}

/** ‖A‖_F² as the mean of ‖A v‖²: no quadrature, and no transpose. */
function* squaredFrobenius(rows: number, settings: QuadratureSettings): Coroutine<SpectralSumResult> {
  const v = new Float64Array(settings.n);
  const product = new Float64Array(rows);
  let matvecs = 0;
  const { ends: _ends, ...result } = yield* sampleMean({
    ...settings,
    phase: "Frobenius norm",
    constant: 0,
    samples: settings.probes,
    spent: () => matvecs,
    *sample() {
      yield* multiply(fillProbe("sphere", settings.rng, v), product);
      matvecs++;
      return [product.reduce((total, entry) => total + entry * entry, 0)];
    },
  });
  return { ...result, quadratureError: 0, quadrature: null, advice: quadratureAdvice(result.status, false) };
}
