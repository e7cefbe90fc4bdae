import {
  type Convergence,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import {
  createDiagonalField,
  type DiagonalProblem,
  type DiagonalState,
  requireState,
  stateFrom,
} from "./diagonal-problem.js";
import { assembleDiagonalRun, type DiagonalRun } from "./diagonal-run.js";
import { type Finding, lossAtZero, stepFinding } from "./diagnosis.js";
import { diagonalSteps } from "./diagonal-steps.js";

/** Options of {@link diagonalDescent}. */
export interface DiagonalDescentOptions extends LongRunning {
  /** Number of steps. */
  readonly steps: number;
  /** Step size η: a constant or a function of the step number. */
  readonly stepSize: number | ((step: number) => number);
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
 * @param options steps and stepSize are required
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
 * const run = diagonalDescent(problem, diagonalState(1, [1], 0.1), { steps: 500, stepSize: 0.1 });
 * console.log(run.finalH[0]); // 1.000000000
 * ```
 */
export function diagonalDescent(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: DiagonalDescentOptions,
): DiagonalRun {
  const caller = "diagonalDescent";
  requireOptions(options, ["steps", "stepSize", "record", "lossTolerance", "signal", "onProgress"], caller);
  const start = requireState(problem, initial, caller);
  const steps = requireInteger(options?.steps, "steps", caller, 0);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", caller, 0);
  const { stepSize } = options;
  const rate =
    typeof stepSize === "function"
      ? (step: number) => requirePositive(stepSize(step), `stepSize(${step})`, caller)
      : (
          (eta) => () =>
            eta
        )(requirePositive(stepSize, "stepSize", caller));
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
  let advice: string | null = null;
  const N = problem.normalisation === "mean" ? problem.y.length : 1;
  const hopeless = 1e8 * Math.max(initialLoss, lossAtZero(problem.y, N), Number.MIN_VALUE);
  let lastRise = -1;
  let eta = 0;
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
      break;
    }
    if (step >= steps) {
      advice =
        lossTolerance > 0
          ? `loss ${loss.toExponential(2)} after ${steps} steps, wanted ${lossTolerance.toExponential(2)}: take more steps or larger ones (diagonalSteps gives the bound)`
          : `all ${steps} steps taken; no loss tolerance was asked for`;
      break;
    }
    if (isCancelled(options.signal)) {
      status = "cancelled";
      advice = `cancelled after ${step} steps`;
      break;
    }
    eta = rate(step);
    previous.set(z);
    for (let i = 0; i < z.length; i++) z[i] += eta * velocity[i];
    const next = field.velocity(z, velocity);
    if (!Number.isFinite(next) || next > hopeless) {
      z.set(previous);
      status = "breakdown";
      const bound = diagonalSteps(problem, stateFrom(z, field.K, field.d)).criticalStep;
      const message = `the loss exploded at step ${step + 1} with η = ${eta.toPrecision(3)}; at the last finite point 2/λ_max = ${bound.toPrecision(3)}: use a step below it (diagonalSteps)`;
      findings.push({ code: "diverged", message });
      break;
    }
    if (next > loss * (1 + 1e-9)) lastRise = step + 1;
    loss = next;
    largestLoss = Math.max(largestLoss, loss);
    time += eta;
    step++;
  }
  if (status === "max-iterations" && eta > 0 && loss > 1e-12 * Math.max(initialLoss, lossAtZero(problem.y, N))) {
    const { largest } = diagonalSteps(problem, stateFrom(z, field.K, field.d));
    const tooLarge = stepFinding(eta, largest, step, lastRise);
    if (tooLarge !== null) findings.push(tooLarge);
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
