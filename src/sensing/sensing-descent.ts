import {
  ArgumentError,
  type Convergence,
  describe,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  cos,
  pow,
} from "../core/index.js";
import { type Finding, lossAtZero, stepFinding } from "./diagnosis.js";
import { createEngine } from "./engine.js";
import { largestJacobianEigenvalue } from "./local-steps.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { requireParameters, type SpectralNetwork, type SpectralParameters } from "./network.js";
import { createRunRecorder, type SensingRun } from "./run.js";

/**
 * Step sizes from the local theory: η = fraction · 2 / λ_max(J Jᵀ/N), the eigenvalue followed by power iteration. A step
 * that raises the loss is undone and halved, because far from a minimum λ_max can grow faster than it is followed.
 */
export interface LocalSchedule {
  /** Fraction of the critical step, in (0, 1); 0.25 to 0.5 is reasonable, because λ_max grows along the way. */
  readonly fraction: number;
  /** Steps between updates, default 20. */
  readonly every?: number;
  /** Power iterations per update, default 4. */
  readonly iterations?: number;
}

/** Options of {@link sensingDescent}. */
export interface SensingDescentOptions extends LongRunning {
  /** Number of steps. */
  readonly steps: number;
  /** Step size η: a constant, a function of the step number, or a local schedule. */
  readonly stepSize: number | ((step: number) => number) | LocalSchedule;
  /** Steps at which to record: a list, or a count of roughly geometric ones (default 24). Step 0 and the last are always recorded. */
  readonly record?: number | ArrayLike<number>;
  /** Stop once the loss is at most this; default 0. */
  readonly lossTolerance?: number;
}

const CALLER = "sensingDescent";
const PROGRESS_EVERY = 25; // steps between reports: about a second at 28 x 28 with three layers
const HOPELESS = 1e8; // loss over that of the start and of X = 0 at which a run counts as diverged
const RISE = 1e-9; // relative rise of the loss that is not rounding

/**
 * Runs gradient descent on a spectral neural network.
 *
 * Relation: θ_{t+1} = θ_t − η_t ∇L(θ_t). Locally stable exactly for η < 2/λ_max(J Jᵀ/N), see `localSteps`; larger steps
 * leave the neighbourhood and may settle at a flatter minimum. Descent keeps the singular vectors of a spectral
 * initialisation like the flow does, but not the invariants: their drift is O(η) and reported.
 *
 * @param network as described by `spectralNetwork`
 * @param measurements family of measurements
 * @param y data, one number per measurement
 * @param initial parameters, from `initializeSpectralNetwork` or flat
 * @param options steps and stepSize are required
 * @returns final state, history, findings; status "converged" when the loss tolerance was reached, "max-iterations" after
 * all steps without it, "breakdown" when the loss was no longer finite or exploded (the last finite state is returned)
 * @throws {ShapeError} when the parts do not fit
 * @throws {ArgumentError} for options out of range
 *
 * Cost: one singular value decomposition per neuron and two applications of the measurements per step.
 * @see [chu2024]
 * @example
 * ```ts
 * import { entryMeasurements, initializeSpectralNetwork, sensingDescent, spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 2, cols: 2, widths: 1, activation: "identity", alphaTrainable: false });
 * const start = initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1 });
 * const A = entryMeasurements(2, 2, [[0, 0], [1, 1]]);
 * const run = sensingDescent(network, A, Float64Array.of(1, 2), start, { steps: 1000, stepSize: 0.1, lossTolerance: 1e-20 });
 * console.log(run.convergence.status, run.X.data[3]); // converged 2.00000
 * ```
 */
export function sensingDescent(
  network: SpectralNetwork,
  measurements: Measurements,
  y: Float64Array,
  initial: SpectralParameters | Float64Array,
  options: SensingDescentOptions,
): SensingRun {
  requireMeasurements(measurements, "measurements", CALLER);
  requireOptions(options, ["steps", "stepSize", "record", "lossTolerance", "signal", "onProgress"], CALLER);
  const steps = requireInteger(options?.steps, "steps", CALLER, 0);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", CALLER, 0);
  const marks = recordedSteps(options.record ?? 24, steps, CALLER);
  const theta = requireParameters(network, initial, CALLER);
  const engine = createEngine(network, measurements, y, CALLER);
  const recorder = createRunRecorder("descent", engine, theta, y);
  const schedule = requireSchedule(options.stepSize);
  const gradient = new Float64Array(theta.length);
  const previous = theta.slice();
  const direction = Float64Array.from({ length: y.length }, (_, i) => cos(1 + i)); // start of the power iteration
  const findings: Finding[] = [];
  const initialLoss = engine.evaluate(theta, gradient);
  if (!Number.isFinite(initialLoss)) {
    const expected = "small enough for a finite loss";
    throw new ArgumentError({ function: CALLER, argument: "initial", expected, got: `loss ${initialLoss}` });
  }
  const hopeless = HOPELESS * Math.max(initialLoss, lossAtZero(y, engine.divisor), Number.MIN_VALUE);
  let lastRise = -1;
  let loss = initialLoss;
  let largestLoss = initialLoss;
  let step = 0;
  let time = 0;
  let eta = 0;
  let status: Convergence["status"] = "max-iterations";
  let advice: string | null = null;
  let evaluations = 1;
  let retries = 0; // halvings in a row, local schedule only
  recorder.record(0, loss);
  for (;;) {
    if (loss <= lossTolerance && lossTolerance > 0) {
      status = "converged";
      break;
    }
    if (step >= steps) {
      advice =
        lossTolerance > 0
          ? `loss ${loss.toExponential(2)} after ${steps} steps, wanted ${lossTolerance.toExponential(2)}: take more steps or larger ones (localSteps gives the bound)`
          : `all ${steps} steps taken; no loss tolerance was asked for`;
      break;
    }
    if (isCancelled(options.signal)) {
      status = "cancelled";
      advice = `cancelled after ${step} steps: continue from the returned parameters`;
      break;
    }
    if (schedule.kind === "local") {
      if ((step % schedule.every === 0 && retries === 0) || eta === 0) {
        const lambda = largestJacobianEigenvalue(engine, direction, schedule.iterations);
        if (lambda > 0) eta = (2 * schedule.fraction) / lambda;
      }
    } else eta = schedule.at(step);
    previous.set(theta);
    for (let i = 0; i < theta.length; i++) theta[i] -= eta * gradient[i];
    const finite = theta.every(Number.isFinite);
    const next = finite ? engine.evaluate(theta, gradient) : Number.POSITIVE_INFINITY;
    evaluations++;
    if (schedule.kind === "local" && !(next <= loss * (1 + RISE)) && eta > 1e-12) {
      theta.set(previous);
      loss = engine.evaluate(theta, gradient);
      evaluations++;
      eta /= 2;
      retries++;
      continue;
    }
    retries = 0;
    if (!Number.isFinite(next) || next > hopeless) {
      theta.set(previous);
      loss = engine.evaluate(theta, gradient);
      status = "breakdown";
      const lambda = largestJacobianEigenvalue(engine, direction, 20);
      findings.push({
        code: "diverged",
        message: `the loss exploded at step ${step + 1} with η = ${eta.toPrecision(3)}; at the last finite point 2/λ_max = ${(2 / lambda).toPrecision(3)}: use a step below it, or stepSize { fraction: 0.25 }`,
      });
      break;
    }
    if (next > loss * (1 + RISE)) lastRise = step + 1;
    loss = next;
    largestLoss = Math.max(largestLoss, loss);
    time += eta;
    step++;
    if (marks.has(step)) recorder.record(step, loss);
    if (step % PROGRESS_EVERY === 0 || step === steps) {
      options.onProgress?.({ phase: "gradient descent", done: step, total: steps, figures: { loss, eta } });
    }
  }
  if (!marks.has(step)) recorder.record(step, loss);
  // At zero loss the curvature is that of J Jᵀ/N: a step beyond the bound that has not settled is worth a word.
  if (status === "max-iterations" && eta > 0 && loss > 1e-12 * initialLoss) {
    const tooLarge = stepFinding(eta, largestJacobianEigenvalue(engine, direction, 20), step, lastRise);
    if (tooLarge !== null) findings.push(tooLarge);
  }
  return recorder.finish({
    theta,
    gradient,
    loss,
    initialLoss,
    largestLoss,
    time,
    status,
    advice,
    iterations: step,
    evaluations,
    tolerance: lossTolerance,
    findings,
  });
}

type Schedule =
  | { readonly kind: "given"; readonly at: (step: number) => number }
  | { readonly kind: "local"; readonly fraction: number; readonly every: number; readonly iterations: number };

function requireSchedule(rate: SensingDescentOptions["stepSize"]): Schedule {
  if (typeof rate === "number") {
    const eta = requirePositive(rate, "stepSize", CALLER);
    return { kind: "given", at: () => eta };
  }
  if (typeof rate === "function") {
    return { kind: "given", at: (step) => requirePositive(rate(step), `stepSize(${step})`, CALLER) };
  }
  if (rate === null || typeof rate !== "object") {
    const expected = "a number, a function of the step or { fraction }";
    throw new ArgumentError({ function: CALLER, argument: "stepSize", expected, got: describe(rate) });
  }
  requireOptions(rate, ["fraction", "every", "iterations"], `${CALLER} (stepSize)`);
  return {
    kind: "local",
    fraction: requireNumber(rate.fraction, "stepSize.fraction", CALLER, 1e-12, 1),
    every: requireInteger(rate.every ?? 20, "stepSize.every", CALLER, 1),
    iterations: requireInteger(rate.iterations ?? 4, "stepSize.iterations", CALLER, 1),
  };
}

/** Steps to record: as listed, or 0, 1, 2, … spaced geometrically up to the last. */
export function recordedSteps(record: number | ArrayLike<number>, steps: number, caller: string): Set<number> {
  if (typeof record !== "number") {
    return new Set(Array.from(record, (step, i) => requireInteger(step, `record[${i}]`, caller, 0)));
  }
  const count = requireInteger(record, "record", caller, 2);
  const marks = new Set<number>([steps]);
  for (let i = 0; i < count - 1; i++) marks.add(Math.round(pow(steps + 1, i / (count - 1))) - 1);
  return marks;
}
