// Spectral sums and the log-determinant share the quadrature, the bounds and the stopping: apart they would repeat them.
import {
  ArgumentError,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  describe,
  isCancelled,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  log,
  pow,
} from "../core/index.js";
import { drive } from "../krylov/index.js";
import { tridiagonalEigh } from "../linalg/index.js";
import {
  type LinearOperator,
  type SymmetricOperator,
  gramOperator,
  requireOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng } from "../random/index.js";
import { type IntervalEstimate, type SampleMoments, addSample, createMoments, estimateOf } from "./estimate.js";
import { fillProbe } from "./probes.js";
import { requireRng } from "./require-rng.js";
import { type ProbeQuadrature, probeQuadrature } from "./slq.js";

/** Options that the estimators by Lanczos quadrature share. */
export interface QuadratureOptions extends LongRunning {
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Number of probes; 16 by default. */
  readonly probes?: number;
  /** Lanczos steps per probe; 60 by default, at most n. */
  readonly steps?: number;
  /** Confidence of the interval; 0.95 by default. */
  readonly confidence?: number;
}

/** An estimate whose quadrature error is bracketed. */
export interface BracketedEstimate extends IntervalEstimate {
  /** Mean over the same probes of a lower and an upper quadrature bound; the exact mean for these probes lies between. */
  readonly quadrature: { readonly lower: number; readonly upper: number };
  /** "converged" when all probes were run; "breakdown" when the function does not exist on the spectrum. */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

/** An estimate whose quadrature error is judged by the last steps. */
export interface SpectralSumResult extends IntervalEstimate {
  /** Mean change of the quadrature over its last two steps: the size of its error once it converges. */
  readonly quadratureError: number;
  /** "converged" when all probes were run. */
  readonly status: Status;
}

/** Options of {@link logDeterminant}. */
export interface LogDeterminantOptions extends QuadratureOptions {
  /** A number 0 < bound <= λ_min, such as a damping term. Gives the lower quadrature bound; without it that is −∞. */
  readonly lowerBound?: number;
}

const KEYS = ["rng", "probes", "steps", "confidence", "signal", "onProgress"];

interface Settings {
  readonly n: number;
  readonly rng: Rng;
  readonly probes: number;
  readonly steps: number;
  readonly confidence: number;
}

/**
 * Estimates the log-determinant of a symmetric positive definite operator by stochastic Lanczos quadrature, with Gauss and
 * Gauss–Radau bounds on the quadrature error.
 *
 * Relation: log det A = tr log A = n E vᵀ log(A) v for unit v uniform on the sphere. For each probe the Gauss rule is an
 * upper bound and the Radau rule with a node at lowerBound a lower one, because the derivatives of log alternate in sign.
 *
 * @param A symmetric positive definite operator (or Matrix)
 * @param options.lowerBound positive bound below the spectrum
 * @returns mean of the two bounds (of the Gauss rule without lowerBound), the bracket, and an interval that joins the
 * sampling intervals of both ends
 * @throws {ArgumentError} when A lacks the symmetric mark, or lowerBound exceeds a Ritz value
 *
 * Accuracy: the interval, for any number of steps, when lowerBound is given. Cost: probes · steps products; steps must grow
 * like the root of the condition number.
 * @see [golubmeurant2010]
 * @see [ubaru2017]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { logDeterminant } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 200 }, (_, i) => 1 + i / 200));
 * const { interval } = logDeterminant(A, { lowerBound: 1, rng: createRng(1) });
 * console.log(interval.lower < 76.9 && 76.9 < interval.upper); // true
 * ```
 */
export function logDeterminant(A: SymmetricOperator | Matrix, options: LogDeterminantOptions): BracketedEstimate {
  const caller = "logDeterminant";
  const operator = requireSymmetricOperator(A, "A", caller);
  const settings = requireSettings(operator.rows, options, [...KEYS, "lowerBound"], caller);
  const bound =
    options.lowerBound === undefined ? null : requireNumber(options.lowerBound, "lowerBound", caller, Number.MIN_VALUE);
  const lower = createMoments();
  const upper = createMoments();
  let broken = false;
  const { matvecs, status } = eachProbe(operator, settings, options, (rule) => {
    if (!(rule.nodes[0] > 0)) {
      broken = true;
      return false;
    }
    const gauss = integrate(rule.nodes, rule.weights, log);
    addSample(upper, settings.n * gauss);
    if (bound !== null) addSample(lower, settings.n * (rule.residualNorm === 0 ? gauss : radau(rule, bound, caller)));
    return true;
  });
  if (broken) {
    const nothing = { mean: 0, standardError: Infinity, samples: upper.count, matvecs };
    return {
      ...nothing,
      interval: { lower: -Infinity, upper: Infinity, level: settings.confidence },
      quadrature: { lower: -Infinity, upper: Infinity },
      status: "breakdown",
      advice: "A has an eigenvalue <= 0, so its log-determinant does not exist: add a damping with shift(A, λ)",
    };
  }
  return bracket(bound === null ? null : lower, upper, matvecs, settings.confidence, status);
}

/** Σ w_j log θ_j of the Gauss–Radau rule with one node at a, a below the spectrum. */
function radau({ diagonal, offDiagonal, residualNorm }: ProbeQuadrature, a: number, caller: string): number {
  const k = diagonal.length;
  // The last pivot of T − a I gives the entry that puts an eigenvalue of the extended T at a.
  let pivot = diagonal[0] - a;
  for (let i = 1; i < k && pivot > 0; i++) pivot = diagonal[i] - a - (offDiagonal[i - 1] * offDiagonal[i - 1]) / pivot;
  if (!(pivot > 0)) {
    throw new ArgumentError({
      function: caller,
      argument: "lowerBound",
      expected: "at most the smallest eigenvalue",
      got: `${a}, above a Ritz value`,
      remedy: "use a bound that is certain, such as the damping that was added",
    });
  }
  const extended = new Float64Array(k + 1);
  extended.set(diagonal);
  extended[k] = a + (residualNorm * residualNorm) / pivot;
  const off = new Float64Array(k);
  off.set(offDiagonal);
  off[k - 1] = residualNorm;
  const { values, firstRow } = tridiagonalEigh(extended, off, { vectors: "first-row" });
  values[0] = Math.max(values[0], a); // equal to a up to rounding, which must not fall below it
  return integrate(
    values,
    firstRow!.map((entry) => entry * entry),
    log,
  );
}

/**
 * Counts the eigenvalues of a symmetric operator in an interval, statistically.
 *
 * Relation: n E μ_v([a, b]) for unit v uniform on the sphere, μ_v the measure with moments vᵀ A^p v. For each probe the
 * Chebyshev–Markov–Stieltjes inequalities bracket μ_v: sums of Gauss weights without and with the nodes next to an end.
 * For outliers that eigsh resolves, count its values instead: they are exact.
 *
 * @param A symmetric operator (or Matrix)
 * @param interval [a, b] with a <= b; infinite ends are allowed
 * @returns estimated count, its bracket and interval
 * @throws {ArgumentError} when A lacks the symmetric mark or the ends are no interval
 *
 * Accuracy: the interval joins the sampling intervals of both brackets. Cost: probes · steps products.
 * @see [golubmeurant2010]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { countEigenvalues } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 400 }, (_, i) => (i < 100 ? 5 : 1)));
 * const { interval } = countEigenvalues(A, [3, 9], { rng: createRng(1) });
 * console.log(interval.lower <= 100 && 100 <= interval.upper); // true
 * ```
 */
export function countEigenvalues(
  A: SymmetricOperator | Matrix,
  interval: readonly [number, number],
  options: QuadratureOptions,
): BracketedEstimate {
  const caller = "countEigenvalues";
  const operator = requireSymmetricOperator(A, "A", caller);
  const settings = requireSettings(operator.rows, options, KEYS, caller);
  const [a, b] = interval ?? [];
  if (typeof a !== "number" || typeof b !== "number" || !(a <= b)) {
    throw new ArgumentError({
      function: caller,
      argument: "interval",
      expected: "[a, b] with a <= b",
      got: describe(interval),
    });
  }
  const lower = createMoments();
  const upper = createMoments();
  const { matvecs, status } = eachProbe(operator, settings, options, (rule) => {
    const { least, most } = massBetween(rule, a, b);
    addSample(lower, settings.n * least);
    addSample(upper, settings.n * most);
    return true;
  });
  return bracket(lower, upper, matvecs, settings.confidence, status);
}

/** Bounds on the mass of the probe's measure in [a, b]. */
function massBetween(
  { nodes, weights, residualNorm }: ProbeQuadrature,
  a: number,
  b: number,
): { least: number; most: number } {
  const k = nodes.length;
  const exact = residualNorm === 0; // an invariant subspace: the rule is the measure
  const slack = exact ? 1e-10 * Math.max(Math.abs(nodes[0]), Math.abs(nodes[k - 1])) : 0;
  const inside = (j: number): boolean => nodes[j] >= a - slack && nodes[j] <= b + slack;
  let least = 0;
  let most = 0;
  for (let j = 0; j < k; j++) {
    const above = j + 1 < k ? inside(j + 1) : b === Infinity;
    const below = j > 0 ? inside(j - 1) : a === -Infinity;
    // Certain: the node and its neighbours are inside. Possible: the node or a neighbour is inside, or [a, b] lies between.
    const between = j + 1 < k && nodes[j] < a && nodes[j + 1] > b;
    const betweenBelow = j > 0 && nodes[j - 1] < a && nodes[j] > b;
    if (inside(j) && (exact || (above && below))) least += weights[j];
    if (inside(j) || (!exact && (above || below || between || betweenBelow))) most += weights[j];
  }
  return { least, most };
}

/**
 * Estimates tr f(A) for a symmetric operator by stochastic Lanczos quadrature.
 *
 * Relation: tr f(A) = n E Σ_j w_j f(θ_j) up to quadratureError, exact for polynomials of degree 2 · steps − 1.
 *
 * @param A symmetric operator (or Matrix)
 * @param f scalar function, finite on the spectrum
 * @returns estimate with t interval (of the sampling) and the size of the quadrature error
 * @throws {ArgumentError} when A lacks the symmetric mark or f is no function
 * @throws {NonFiniteError} when f is not finite at a Ritz value
 *
 * Accuracy: sampling by the interval, quadrature by quadratureError. Cost: probes · steps products.
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
  options: QuadratureOptions,
): SpectralSumResult {
  return sum(requireSymmetricOperator(A, "A", "spectralSum"), f, options, "spectralSum");
}

function sum(
  operator: SymmetricOperator,
  f: (eigenvalue: number) => number,
  options: QuadratureOptions,
  caller: string,
): SpectralSumResult {
  const settings = requireSettings(operator.rows, options, KEYS, caller);
  if (typeof f !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "f",
      expected: "a function of one number",
      got: describe(f),
    });
  }
  const moments = createMoments();
  let quadratureError = 0;
  const { matvecs, status } = eachProbe(
    operator,
    settings,
    options,
    ({ nodes, weights, diagonal, offDiagonal, residualNorm }) => {
      requireFinite(nodes.map(f), "f at the Ritz values", caller);
      const value = integrate(nodes, weights, f);
      addSample(moments, settings.n * value);
      const k = diagonal.length;
      if (residualNorm > 0) {
        const earlier = k > 2 ? tridiagonalEigh(diagonal.slice(0, k - 2), offDiagonal.slice(0, k - 3)) : null;
        const before =
          earlier === null
            ? Infinity
            : integrate(
                earlier.values,
                earlier.firstRow!.map((entry) => entry * entry),
                f,
              );
        quadratureError += (settings.n * Math.abs(value - before)) / settings.probes;
      }
      return true;
    },
  );
  return { ...estimateOf(moments, matvecs, settings.confidence), quadratureError, status };
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
export function schattenNorm(A: LinearOperator | Matrix, p: number, options: SchattenNormOptions): IntervalEstimate {
  const caller = "schattenNorm";
  requireNumber(p, "p", caller, 1);
  const operator = requireOperator(A, "A", caller);
  const powered =
    p === 2 ? squaredFrobenius(operator, options, caller) : sum(gramOperator(operator), powerOf(p), options, caller);
  const { mean, standardError, interval, samples } = powered;
  const root = (value: number): number => pow(Math.max(0, value), 1 / p);
  const norm = root(mean);
  return {
    mean: norm,
    standardError: norm > 0 ? (standardError * norm) / (p * mean) : standardError,
    samples,
    matvecs: p === 2 ? powered.matvecs : 2 * powered.matvecs,
    interval: { lower: root(interval.lower), upper: root(interval.upper), level: interval.level },
  };
}

function powerOf(p: number): (value: number) => number {
  return (value) => pow(Math.max(0, value), p / 2); // Ritz values of Aᵀ A are negative by rounding only
}

function squaredFrobenius(operator: LinearOperator, options: QuadratureOptions, caller: string): IntervalEstimate {
  const settings = requireSettings(operator.cols, options, KEYS, caller);
  const moments = createMoments();
  const v = new Float64Array(operator.cols);
  const product = new Float64Array(operator.rows);
  for (let probe = 0; probe < settings.probes && !(probe > 0 && isCancelled(options.signal)); probe++) {
    fillProbe("sphere", settings.rng, v);
    operator.apply(v, product);
    addSample(
      moments,
      product.reduce((total, entry) => total + entry * entry, 0),
    );
  }
  return estimateOf(moments, moments.count, settings.confidence);
}

function requireSettings(n: number, options: QuadratureOptions, keys: readonly string[], caller: string): Settings {
  requireOptions(options, keys, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  return {
    n,
    rng: requireRng(options?.rng, caller),
    probes: requireInteger(options.probes ?? 16, "probes", caller, 1),
    steps: Math.min(n, requireInteger(options.steps ?? 60, "steps", caller, 1)),
    confidence: requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-12),
  };
}

/** Runs Lanczos from each probe, uniform on the sphere, until all are done or `use` returns false. */
function eachProbe(
  operator: SymmetricOperator,
  settings: Settings,
  { signal, onProgress }: LongRunning,
  use: (rule: ProbeQuadrature) => boolean,
): { matvecs: number; status: Status } {
  let matvecs = 0;
  for (let probe = 0; probe < settings.probes; probe++) {
    const v = fillProbe("sphere", settings.rng, new Float64Array(settings.n));
    const rule = drive(operator, probeQuadrature(v, settings.steps, "full", signal));
    matvecs += rule.matvecs;
    if (!use(rule)) return { matvecs, status: "breakdown" };
    onProgress?.({ phase: "lanczos quadrature", done: probe + 1, total: settings.probes, figures: { matvecs } });
    if (isCancelled(signal)) return { matvecs, status: "cancelled" };
  }
  return { matvecs, status: "converged" };
}

function integrate(nodes: Float64Array, weights: Float64Array, f: (x: number) => number): number {
  let total = 0;
  for (let j = 0; j < nodes.length; j++) total += weights[j] * f(nodes[j]);
  return total;
}

/** Joins the estimates of both quadrature bounds. */
function bracket(
  lower: SampleMoments | null,
  upper: SampleMoments,
  matvecs: number,
  confidence: number,
  status: Status,
): BracketedEstimate {
  const top = estimateOf(upper, matvecs, confidence);
  const bottom = lower === null ? null : estimateOf(lower, matvecs, confidence);
  return {
    mean: bottom === null ? top.mean : (bottom.mean + top.mean) / 2,
    standardError: bottom === null ? top.standardError : Math.max(bottom.standardError, top.standardError),
    samples: upper.count,
    matvecs,
    interval: { lower: bottom?.interval.lower ?? -Infinity, upper: top.interval.upper, level: confidence },
    quadrature: { lower: bottom?.mean ?? -Infinity, upper: top.mean },
    status,
    advice: status === "converged" ? null : "stopped by the signal: the interval is that of the probes done so far",
  };
}
