import { ArgumentError, type Matrix, log, requireNumber } from "../core/index.js";
import { type Coroutine, drive, driveAsync } from "../krylov/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import {
  type BracketedEstimate,
  type QuadratureOptions,
  bracketed,
  requireQuadrature,
  sampleQuadrature,
} from "./quadrature-sampling.js";
import { type ProbeQuadrature, integrate, radauRule } from "./slq.js";

/** Options of {@link logDeterminant}. */
export interface LogDeterminantOptions extends QuadratureOptions {
  /**
   * A number 0 < bound <= λ_min, such as a damping term. Gives the lower quadrature bound; without it that is −∞, and a
   * tolerance cannot be promised.
   */
  readonly lowerBound?: number;
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
 * @throws {ArgumentError} when A lacks the symmetric mark, lowerBound exceeds a Ritz value, or a tolerance comes without it
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
  const operator = requireSymmetricOperator(A, "A", "logDeterminant");
  return drive(operator, estimate(operator.rows, options));
}

/**
 * The form of {@link logDeterminant} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @returns a promise of the result of logDeterminant
 * @throws {ArgumentError} as logDeterminant, as a rejection
 */
export async function logDeterminantAsync(
  A: AsyncSymmetricOperator,
  options: LogDeterminantOptions,
): Promise<BracketedEstimate> {
  const operator = requireAsyncOperator(A, "A", "logDeterminantAsync", "symmetric");
  return driveAsync(A, estimate(operator.rows, options));
}

function* estimate(n: number, options: LogDeterminantOptions): Coroutine<BracketedEstimate> {
  const caller = "logDeterminant";
  const settings = requireQuadrature(n, options, ["lowerBound"], caller);
  const bound =
    options.lowerBound === undefined ? null : requireNumber(options.lowerBound, "lowerBound", caller, Number.MIN_VALUE);
  if (bound === null && settings.tolerance !== null) {
    throw new ArgumentError({
      function: caller,
      argument: "lowerBound",
      expected: "given together with tolerance",
      got: "undefined",
      remedy:
        "without a bound below the spectrum the quadrature error is not bounded; use stop for the sampling error alone",
    });
  }
  const ends = (rule: ProbeQuadrature): readonly number[] => {
    const gauss = integrate(rule.nodes, rule.weights, log);
    if (bound === null) return [gauss];
    if (rule.residualNorm === 0) return [gauss, gauss];
    const { nodes, weights } = radauRule(rule, bound, "lower", "lowerBound", caller);
    return [integrate(nodes, weights, log), gauss];
  };
  const result = yield* sampleQuadrature(settings, {
    values: (rule) => (rule.nodes[0] > 0 ? ends(rule).map((end) => n * end) : null),
    resolved: (rule, share) => {
      if (!(rule.nodes[0] > 0)) return true;
      const [lower, upper] = ends(rule);
      return upper - lower <= share * integrate(rule.nodes, rule.weights, (x) => Math.abs(log(x)));
    },
  });
  if (result.status === "breakdown") {
    return {
      mean: 0,
      standardError: Infinity,
      samples: result.samples,
      matvecs: result.matvecs,
      interval: { lower: -Infinity, upper: Infinity, level: settings.confidence },
      quadrature: { lower: -Infinity, upper: Infinity },
      status: "breakdown",
      advice: "A has an eigenvalue <= 0, so its log-determinant does not exist: add a damping with shift(A, λ)",
    };
  }
  const whole = bracketed(result, settings.tolerance);
  if (bound !== null) return whole;
  return {
    ...whole,
    interval: { ...whole.interval, lower: -Infinity },
    quadrature: { ...whole.quadrature, lower: -Infinity },
  };
}
