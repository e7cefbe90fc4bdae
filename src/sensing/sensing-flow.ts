import { ArgumentError } from "../core/index.js";
import { integrate } from "../ode/index.js";
import { createEngine } from "./engine.js";
import { type FlowOptions, planFlow } from "./flow-options.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { requireParameters, type SpectralNetwork, type SpectralParameters } from "./network.js";
import { createRunRecorder, type SensingRun } from "./run.js";

const CALLER = "sensingFlow";

/**
 * Follows the gradient flow of a spectral neural network in matrix form.
 *
 * Relation: dU_k/dt = −R_k V_k, dV_k/dt = −R_kᵀ U_k, dα_k/dt = −⟨G, Γ_k⟩ with G = A*(A(X) − y)/N and
 * R_k = α_k DΓ(U_k V_kᵀ)*[G]. U_kᵀU_k − V_kᵀV_k is conserved; its drift is reported. With commuting measurements and
 * spectral initialisation use `diagonalFlow`, which is the same flow with d numbers per factor.
 *
 * @param network as described by `spectralNetwork`
 * @param measurements family of measurements
 * @param y data, one number per measurement
 * @param initial parameters, from `initializeSpectralNetwork` or flat
 * @param options t1 is required
 * @returns final state, history, drift of the invariants, findings, status ("converged": t1 or the loss tolerance reached)
 * @throws {ShapeError} when the parts do not fit
 * @throws {ArgumentError} for options out of range
 *
 * Accuracy: local error as given by `tolerance`, by default { relative: 1e-10, absolute: 1e-12 }. Cost: one singular value decomposition per neuron and evaluation, 11 or
 * 6 evaluations per step. Stopping: t1, or loss <= lossTolerance.
 * @see [chu2024]
 * @example
 * ```ts
 * import { entryMeasurements, initializeSpectralNetwork, sensingFlow, spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 2, cols: 2, widths: 1, activation: "identity", alphaTrainable: false });
 * const start = initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1 });
 * const A = entryMeasurements(2, 2, [[0, 0], [0, 1], [1, 0]]);
 * const run = sensingFlow(network, A, Float64Array.of(1, 0.5, 0.5), start, { t1: 60 });
 * console.log(run.X.data[0], run.balanceDrift < 1e-9); // 1.000000 true
 * ```
 */
export function sensingFlow(
  network: SpectralNetwork,
  measurements: Measurements,
  y: Float64Array,
  initial: SpectralParameters | Float64Array,
  options: FlowOptions,
): SensingRun {
  requireMeasurements(measurements, "measurements", CALLER);
  const start = requireParameters(network, initial, CALLER);
  const engine = createEngine(network, measurements, y, CALLER);
  const recorder = createRunRecorder("flow", engine, start, y);
  const initialLoss = engine.evaluate(start, null);
  if (!Number.isFinite(initialLoss)) {
    const expected = "small enough for a finite loss";
    throw new ArgumentError({ function: CALLER, argument: "initial", expected, got: `loss ${initialLoss}` });
  }
  const tolerance = { relative: 1e-10, absolute: 1e-12 };
  const plan = planFlow(options, [], tolerance, (theta) => engine.evaluate(theta, null), CALLER);
  const velocity = (_t: number, theta: Float64Array, out: Float64Array): void => {
    engine.evaluate(theta, out);
    for (let i = 0; i < out.length; i++) out[i] = -out[i];
  };
  const solution = integrate(velocity, start, plan.integrate);
  let largestLoss = initialLoss;
  const samples = solution.samples!;
  for (let i = 0; i < samples.times.length; i++) {
    const theta = samples.states.data.slice(i * start.length, (i + 1) * start.length);
    const loss = engine.evaluate(theta, null);
    largestLoss = Math.max(largestLoss, loss);
    recorder.record(samples.times[i], loss);
  }
  const gradient = new Float64Array(start.length);
  const loss = engine.evaluate(solution.y, gradient);
  return recorder.finish({
    theta: solution.y,
    gradient,
    loss,
    initialLoss,
    largestLoss,
    time: solution.t,
    status: solution.convergence.status,
    advice: solution.convergence.advice,
    iterations: solution.convergence.iterations,
    evaluations: solution.evaluations,
    tolerance: plan.lossTolerance,
  });
}
