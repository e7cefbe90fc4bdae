import {
  type Convergence,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import { createDiagonalField, type DiagonalProblem, type DiagonalState, requireState } from "./diagonal-problem.js";
import { assembleDiagonalRun, type DiagonalRun } from "./diagonal-run.js";
import type { Finding } from "./diagnosis.js";

/** Options of {@link diagonalDescent}. */
export interface DiagonalDescentOptions extends LongRunning {
  /** Number of steps. */
  readonly steps: number;
  /** Step size η: a constant or a function of the step number. */
  readonly learningRate: number | ((step: number) => number);
  /** Steps at which to record; default the first, the last and 19 between. */
  readonly record?: ArrayLike<number>;
  /** Stop once the loss is at most this; default 0. */
  readonly lossTolerance?: number;
}

/**
 * Runs gradient descent in diagonal coordinates: the exact reduction of matrix gradient descent, for any step size.
 *
 * Relation: (u, v, α)_{t+1} = (u, v, α)_t + η · velocity; u² − v² is multiplied by 1 − η² α² γ′² g² per step, so that its
 * drift over a fixed time is O(η).
 *
 * @param problem from `diagonalProblem`
 * @param initial state, from `diagonalState`
 * @param options steps and learningRate are required
 * @returns status "converged" when the loss tolerance was reached, "max-iterations" otherwise, "breakdown" when the loss
 * exploded (the last finite state is returned)
 * @throws {ShapeError} when state and problem do not fit
 *
 * Cost: 2 m d + O(K d) flops per step.
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalDescent, diagonalProblem, diagonalState } from "eigenscope/sensing";
 * const problem = diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity", alphaTrainable: false });
 * const run = diagonalDescent(problem, diagonalState(1, [1], 0.1), { steps: 500, learningRate: 0.1 });
 * console.log(run.finalH[0]); // 1.000000000
 * ```
 */
export function diagonalDescent(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: DiagonalDescentOptions,
): DiagonalRun {
  const caller = "diagonalDescent";
  requireOptions(options, ["steps", "learningRate", "record", "lossTolerance", "signal", "onProgress"], caller);
  const start = requireState(problem, initial, caller);
  const steps = requireInteger(options?.steps, "steps", caller, 0);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", caller, 0);
  const { learningRate } = options;
  const rate =
    typeof learningRate === "function"
      ? (step: number) => requirePositive(learningRate(step), `learningRate(${step})`, caller)
      : (
          (eta) => () =>
            eta
        )(requirePositive(learningRate, "learningRate", caller));
  const marks = new Set(Array.from(options.record ?? spacedSteps(steps)));
  const field = createDiagonalField(problem, initial.alpha.length);
  const velocity = new Float64Array(start.length);
  const z = start.slice();
  const previous = start.slice();
  const at: number[] = [];
  const rows: Float64Array[] = [];
  const findings: Finding[] = [];
  const initialLoss = field.velocity(z, velocity);
  let loss = initialLoss;
  let largestLoss = loss;
  let status: Convergence["status"] = "max-iterations";
  let advice: string | null = lossTolerance > 0 ? "take more or larger steps" : null;
  let step = 0;
  let time = 0;
  for (;;) {
    if (marks.has(step)) {
      at.push(step);
      rows.push(z.slice());
      options.onProgress?.({ phase: "gradient descent", done: step, total: steps, figures: { loss } });
    }
    if (lossTolerance > 0 && loss <= lossTolerance) {
      status = "converged";
      advice = null;
      break;
    }
    if (step >= steps) break;
    if (isCancelled(options.signal)) {
      status = "cancelled";
      advice = `cancelled after ${step} steps`;
      break;
    }
    const eta = rate(step);
    previous.set(z);
    for (let i = 0; i < z.length; i++) z[i] += eta * velocity[i];
    const next = field.velocity(z, velocity);
    if (!Number.isFinite(next) || next > 1e8 * Math.max(initialLoss, Number.MIN_VALUE)) {
      z.set(previous);
      status = "breakdown";
      const message = `the loss exploded at step ${step + 1} with η = ${eta.toPrecision(3)}: diagonalSteps gives the bound 2/λ_max`;
      findings.push({ code: "diverged", message });
      break;
    }
    loss = next;
    largestLoss = Math.max(largestLoss, loss);
    time += eta;
    step++;
  }
  return assembleDiagonalRun("descent", problem, field, start, Float64Array.from(at), rows, z, {
    time,
    status,
    advice,
    iterations: step,
    evaluations: step + 1,
    tolerance: lossTolerance,
    findings,
    largestLoss,
  });
}

function spacedSteps(steps: number): number[] {
  return Array.from({ length: 21 }, (_, i) => Math.round((steps * i) / 20));
}
