import type { Matrix } from "../core/index.js";
import { createEngine } from "./engine.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { requireParameters, type SpectralNetwork, type SpectralParameters, unpackParameters } from "./network.js";

/** Output, loss and gradient of a network at given parameters. */
export interface SensingGradient {
  /** Output X. */
  readonly X: Matrix;
  /** ‖A(X) − y‖² / (2 N). */
  readonly loss: number;
  /** Residual A(X) − y. */
  readonly residual: Float64Array;
  /** Gradient in the shapes of the parameters; zero for α that is not trained. */
  readonly gradient: SpectralParameters;
}

/**
 * Evaluates a spectral neural network with its loss and exact gradient.
 *
 * Relation: with G = A*(A(X) − y)/N and R_k = α_k DΓ(U_k V_kᵀ)*[G], ∂L/∂U_k = R_k V_k, ∂L/∂V_k = R_kᵀ U_k,
 * ∂L/∂α_k = ⟨G, Γ(U_k V_kᵀ)⟩; layer by layer for several layers. Exact where singular values repeat or vanish.
 *
 * @param network as described by `spectralNetwork`
 * @param measurements family of measurements
 * @param y data, one number per measurement
 * @param parameters matrices or flat
 * @throws {ShapeError} when the parts do not fit
 * @throws {NonFiniteError} when an input is not finite
 *
 * Accuracy: d ε relative to the norm of the gradient. Cost: one singular value decomposition per neuron.
 * @see [chu2024]
 * @example
 * ```ts
 * import { entryMeasurements, initializeSpectralNetwork, sensingGradient, spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 1, cols: 1, widths: 1, activation: "softsat" });
 * const theta = initializeSpectralNetwork(network, { scheme: "identity", scale: 1 }); // X = γ(1) = 1/2
 * const { loss, gradient } = sensingGradient(network, entryMeasurements(1, 1, [[0, 0]]), Float64Array.of(1), theta);
 * console.log(loss, gradient.u[0].data[0], gradient.alpha[0].data[0]); // 0.125 -0.125 -0.25
 * ```
 */
export function sensingGradient(
  network: SpectralNetwork,
  measurements: Measurements,
  y: Float64Array,
  parameters: SpectralParameters | Float64Array,
): SensingGradient {
  requireMeasurements(measurements, "measurements", "sensingGradient");
  const theta = requireParameters(network, parameters, "sensingGradient");
  const engine = createEngine(network, measurements, y, "sensingGradient");
  const gradient = new Float64Array(theta.length);
  const loss = engine.evaluate(theta, gradient);
  return {
    X: { rows: network.rows, cols: network.cols, data: engine.X.slice() },
    loss,
    residual: engine.residual.slice(),
    gradient: unpackParameters(network, gradient),
  };
}
