import { ArgumentError, requireOneOf, exp, log } from "../core/index.js";
import { integrate } from "../ode/index.js";
import {
  createDiagonalField,
  type DiagonalField,
  type DiagonalProblem,
  type DiagonalState,
  requireState,
} from "./diagonal-problem.js";
import { assembleDiagonalRun, type DiagonalRun } from "./diagonal-run.js";
import { type FlowOptions, planFlow } from "./flow-options.js";

/** Options of {@link diagonalFlow}. */
export interface DiagonalFlowOptions extends FlowOptions {
  /**
   * "factors" integrates u, v; "logarithm" integrates ln w for balanced u = v > 0, which cannot cross zero and follows
   * coordinates down to 1e-300 when their target is zero or negative. Default "factors".
   */
  readonly coordinates?: "factors" | "logarithm";
}

/**
 * Follows the gradient flow in diagonal coordinates, the exact reduction of the matrix flow for commuting measurements
 * and spectral initialisation.
 *
 * Relation: u̇_k = α_k γ′(w_k) v_k g, v̇_k = α_k γ′(w_k) u_k g, α̇_k = ⟨γ(w_k), g⟩, w = u v, g = Bᵀ(y − B h)/N.
 * u² − v² is conserved, and α_k²/2 − Σ_i P(w_ki) too when α is trained. Coordinates with u = v = 0 never move.
 *
 * @param problem from `diagonalProblem`
 * @param initial state, from `diagonalState`
 * @param options t1 is required
 * @throws {ShapeError} when state and problem do not fit
 * @throws {ArgumentError} when coordinates "logarithm" is asked of factors that are not equal and positive
 *
 * Accuracy: local error as given by `tolerance`, by default { relative: 1e-12, absolute: 1e-14 }; the invariants are the test. Cost: 2 m d + O(K d) flops per evaluation.
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalFlow, diagonalProblem, diagonalState } from "eigenscope/sensing";
 * // One coordinate, γ = identity, α = 1 fixed: the logistic law w(t) = 1 / (1 + 99 exp(−2t)).
 * const problem = diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity", alphaTrainable: false });
 * const run = diagonalFlow(problem, diagonalState(1, [1], 0.1), { t1: Math.log(99) / 2 });
 * console.log(run.finalH[0]); // 0.500000000
 * ```
 */
export function diagonalFlow(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: DiagonalFlowOptions,
): DiagonalRun {
  const caller = "diagonalFlow";
  const start = requireState(problem, initial, caller);
  const kind = requireOneOf(
    options?.coordinates ?? "factors",
    ["factors", "logarithm"] as const,
    "coordinates",
    caller,
  );
  const field = createDiagonalField(problem, initial.alpha.length);
  const chart = kind === "logarithm" ? logarithmicChart(field, start, caller) : plainChart(field);
  const buffer = new Float64Array(start.length);
  const tolerance = { relative: 1e-12, absolute: 1e-14 };
  const lossAt = (z: Float64Array): number => field.loss(chart.toFlat(z, buffer));
  const plan = planFlow(options, ["coordinates"], tolerance, lossAt, caller);
  const solution = integrate((_t, z, out) => chart.velocity(z, out), chart.fromFlat(start), plan.integrate);
  const samples = solution.samples!;
  const rows: Float64Array[] = [];
  for (let i = 0; i < samples.times.length; i++) {
    const z = samples.states.data.subarray(i * samples.states.cols, (i + 1) * samples.states.cols);
    rows.push(chart.toFlat(z, new Float64Array(start.length)).slice());
  }
  const last = chart.toFlat(solution.y, new Float64Array(start.length)).slice();
  return assembleDiagonalRun("flow", problem, field, start, samples.times, rows, last, {
    time: solution.t,
    status: solution.convergence.status,
    advice: solution.convergence.advice,
    iterations: solution.convergence.iterations,
    evaluations: solution.evaluations,
    tolerance: plan.lossTolerance,
    findings: [],
    largestLoss: 0,
  });
}

/** Coordinates in which the flow is integrated. */
interface Chart {
  fromFlat(flat: Float64Array): Float64Array;
  toFlat(z: Float64Array, out: Float64Array): Float64Array;
  velocity(z: Float64Array, out: Float64Array): void;
}

function plainChart(field: DiagonalField): Chart {
  return {
    fromFlat: (flat) => flat,
    toFlat: (z) => z,
    velocity(z, out) {
      field.velocity(z, out);
    },
  };
}

/** ln w for u = v = √w: (ln w)' = 2 α γ′(w) g. Neither underflow nor a change of sign can happen on the way. */
function logarithmicChart(field: DiagonalField, start: Float64Array, caller: string): Chart {
  const { K, d } = field;
  for (let i = 0; i < K * d; i++) {
    if (!(start[i] > 0 && start[i] === start[K * d + i])) {
      throw new ArgumentError({
        function: caller,
        argument: "initial",
        expected: 'balanced and positive (u = v > 0) for coordinates "logarithm"',
        got: `u = ${start[i]}, v = ${start[K * d + i]} at index ${i}`,
        remedy: 'use coordinates "factors"',
      });
    }
  }
  const flat = new Float64Array(start.length);
  const push = new Float64Array(start.length);
  const toFlat = (z: Float64Array, out: Float64Array): Float64Array => {
    for (let i = 0; i < K * d; i++) out[i] = out[K * d + i] = exp(0.5 * z[i]);
    for (let k = 0; k < K; k++) out[2 * K * d + k] = z[K * d + k];
    return out;
  };
  return {
    fromFlat(from) {
      const z = new Float64Array(K * d + K);
      for (let i = 0; i < K * d; i++) z[i] = 2 * log(from[i]);
      for (let k = 0; k < K; k++) z[K * d + k] = from[2 * K * d + k];
      return z;
    },
    toFlat,
    velocity(z, out) {
      field.velocity(toFlat(z, flat), push);
      // u̇ = α γ′ g u, hence (ln w)' = 2 u̇/u; at underflow (u = 0) the quotient is lost, so it is taken from g itself.
      for (let k = 0; k < K; k++) {
        for (let i = 0; i < d; i++) {
          const at = k * d + i;
          out[at] =
            flat[at] > 1e-150 ? (2 * push[at]) / flat[at] : 2 * flat[2 * K * d + k] * field.slopeAtZero * field.g[i];
        }
        out[K * d + k] = push[2 * K * d + k];
      }
    },
  };
}
