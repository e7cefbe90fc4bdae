import { ArgumentError, EPSILON, type Matrix, describe } from "../core/index.js";
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
import { type ProbeQuadrature } from "./slq.js";

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
  const operator = requireSymmetricOperator(A, "A", "countEigenvalues");
  return drive(operator, count(operator.rows, interval, options));
}

/**
 * The form of {@link countEigenvalues} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @returns a promise of the result of countEigenvalues
 * @throws {ArgumentError} as countEigenvalues, as a rejection
 */
export async function countEigenvaluesAsync(
  A: AsyncSymmetricOperator,
  interval: readonly [number, number],
  options: QuadratureOptions,
): Promise<BracketedEstimate> {
  const operator = requireAsyncOperator(A, "A", "countEigenvaluesAsync", "symmetric");
  return driveAsync(A, count(operator.rows, interval, options));
}

function* count(
  n: number,
  interval: readonly [number, number],
  options: QuadratureOptions,
): Coroutine<BracketedEstimate> {
  const caller = "countEigenvalues";
  const settings = requireQuadrature(n, options, [], caller);
  const [a, b] = interval ?? [];
  if (typeof a !== "number" || typeof b !== "number" || !(a <= b)) {
    throw new ArgumentError({
      function: caller,
      argument: "interval",
      expected: "[a, b] with a <= b",
      got: describe(interval),
    });
  }
  const result = yield* sampleQuadrature(settings, {
    values: (rule) => {
      const { least, most } = massBetween(rule, a, b);
      return [n * least, n * most];
    },
    resolved: (rule, share) => {
      const { least, most } = massBetween(rule, a, b);
      return most - least <= share * (most + least);
    },
  });
  return bracketed(result, settings.tolerance);
}

/** Rounding of a Ritz value in units of the largest one: an eigenvalue at an end of the interval belongs to it. */
const SLACK = 64 * EPSILON;

/** Bounds on the mass of the probe's measure in [a, b]. */
export function massBetween(
  { nodes, weights, residualNorm }: ProbeQuadrature,
  a: number,
  b: number,
): { least: number; most: number } {
  const k = nodes.length;
  const exact = residualNorm === 0; // an invariant subspace: the rule is the measure
  const slack = exact ? SLACK * Math.max(Math.abs(nodes[0]), Math.abs(nodes[k - 1])) : 0;
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
