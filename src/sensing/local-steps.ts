import { type Matrix, requireVector } from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { createEngine, type SensingEngine } from "./engine.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { requireParameters, type SpectralNetwork, type SpectralParameters } from "./network.js";

/** Step sizes and rates of gradient descent near a point of zero loss. */
export interface LocalSteps {
  /** Eigenvalues of J Jᵀ / N, ascending: the non-zero spectrum of the Hessian at zero loss. */
  readonly eigenvalues: Float64Array;
  /** Largest eigenvalue. */
  readonly largest: number;
  /** Smallest eigenvalue on the range of J (above rangeTolerance times the largest). */
  readonly smallest: number;
  /** Dimension of that range: independent directions in data space that the parameters can move. */
  readonly rank: number;
  /** Relative threshold that separates the range from rounding. */
  readonly rangeTolerance: number;
  /** 2 / largest: gradient descent is locally stable exactly below this step. */
  readonly criticalStep: number;
  /** 1 / largest: below it the approach does not oscillate. */
  readonly monotoneStep: number;
  /** 2 / (smallest + largest): the fastest local step. */
  readonly bestStep: number;
  /** (κ − 1) / (κ + 1): factor of the error per step at the best step. */
  readonly bestFactor: number;
  /** 2 · smallest: exponential rate of the loss under gradient flow. */
  readonly lossRate: number;
}

const RANGE_TOLERANCE = 1e-10;

/** Summarises a positive semi-definite spectrum of J Jᵀ / N. */
export function stepsFromEigenvalues(values: Float64Array): LocalSteps {
  const largest = values.length === 0 ? 0 : values[values.length - 1];
  const range = values.filter((value) => value > RANGE_TOLERANCE * largest);
  const smallest = range.length === 0 ? 0 : range[0];
  const kappa = largest / smallest;
  return {
    eigenvalues: values,
    largest,
    smallest,
    rank: range.length,
    rangeTolerance: RANGE_TOLERANCE,
    criticalStep: largest > 0 ? 2 / largest : Infinity,
    monotoneStep: largest > 0 ? 1 / largest : Infinity,
    bestStep: largest > 0 ? 2 / (smallest + largest) : Infinity,
    bestFactor: largest > 0 ? (kappa - 1) / (kappa + 1) : 0,
    lossRate: 2 * smallest,
  };
}

/**
 * Computes the local step-size theory of a network at given parameters.
 *
 * Relation: at zero loss the Hessian is Jᵀ J / N with J = ∂A(X)/∂θ; its non-zero spectrum is that of J Jᵀ / N. Gradient
 * descent is stable for η < 2/λ_max, does not oscillate for η < 1/λ_max and is fastest at η = 2/(λ_min + λ_max); the loss
 * of gradient flow falls like exp(−2 λ_min t). These are local statements: no step is best globally, and beyond 2/λ_max
 * the iteration leaves the neighbourhood, possibly to a flatter minimum.
 *
 * @param network as described by `spectralNetwork`; its normalisation sets N
 * @param measurements family of measurements
 * @param parameters where to linearise, normally near a minimum of zero loss
 * @throws {ShapeError} when the parts do not fit
 *
 * Accuracy: m ε λ_max. Cost: m backward passes, one m x m product and symmetric eigenproblem.
 * @see [chu2024]
 * @example
 * ```ts
 * import { entryMeasurements, initializeSpectralNetwork, localSteps, spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 1, cols: 1, widths: 1, activation: "identity", alphaTrainable: false });
 * const theta = initializeSpectralNetwork(network, { scheme: "identity", scale: 2 }); // X = u v, J = (v, u) = (2, 2)
 * console.log(localSteps(network, entryMeasurements(1, 1, [[0, 0]]), theta).criticalStep); // 0.25
 * ```
 */
export function localSteps(
  network: SpectralNetwork,
  measurements: Measurements,
  parameters: SpectralParameters | Float64Array,
): LocalSteps {
  requireMeasurements(measurements, "measurements", "localSteps");
  const theta = requireParameters(network, parameters, "localSteps");
  const engine = createEngine(network, measurements, new Float64Array(measurements.rows), "localSteps");
  engine.evaluate(theta, null);
  const G = jacobianGram(engine);
  for (let i = 0; i < G.data.length; i++) G.data[i] /= engine.divisor;
  return stepsFromEigenvalues(eigh(G, { vectors: false }).values);
}

/** J Jᵀ at the engine's last evaluation, m x m. */
function jacobianGram(engine: SensingEngine): Matrix {
  const m = engine.measurements.rows;
  const P = engine.network.parameterCount;
  const J = new Float64Array(m * P);
  const unit = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    unit[i] = 1;
    engine.jacobianTranspose(unit, J.subarray(i * P, (i + 1) * P));
    unit[i] = 0;
  }
  const data = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = i; j < m; j++) {
      let sum = 0;
      for (let p = 0; p < P; p++) sum += J[i * P + p] * J[j * P + p];
      data[i * m + j] = data[j * m + i] = sum;
    }
  }
  return { rows: m, cols: m, data };
}

/**
 * Largest eigenvalue of J Jᵀ / N at the engine's last evaluation, by power iterations from `start`, which is overwritten
 * with the vector reached: handed back in, a few iterations per call follow the eigenvalue along training.
 *
 * A lower bound on the eigenvalue, from below within a few per cent after 3–5 warm iterations.
 */
export function largestJacobianEigenvalue(engine: SensingEngine, start: Float64Array, iterations: number): number {
  requireVector(start, engine.measurements.rows, "start", "largestJacobianEigenvalue");
  const back = new Float64Array(engine.network.parameterCount);
  const image = new Float64Array(start.length);
  let value = 0;
  for (let i = 0; i < iterations; i++) {
    let norm = 0;
    for (const x of start) norm += x * x;
    norm = Math.sqrt(norm);
    if (norm === 0) return value;
    for (let j = 0; j < start.length; j++) start[j] /= norm;
    engine.jacobianTranspose(start, back);
    engine.jacobian(back, image);
    value = 0;
    for (const x of back) value += x * x; // Rayleigh quotient ‖Jᵀ x‖²
    start.set(image);
  }
  return value / engine.divisor;
}
