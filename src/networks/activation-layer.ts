import type { Matrix } from "../core/index.js";
import { activation, type Activation, type ActivationLike } from "../special/index.js";
import type { Layer, LayerDefinition, LayerPass } from "./layer.js";
import { shapeSize } from "./layer.js";
import { hadamard, zeros } from "./products.js";

/**
 * Defines an elementwise activation layer a = φ(s).
 *
 * Relation: jvp multiplies by φ′(s), the second-order pass adds δ φ″(s) ṡ. At kinks φ′ and φ″ take the values of the
 * activation record (ReLU: φ′(0) = 0, φ″ = 0): the Hessian of a ReLU network is the almost-everywhere one.
 *
 * @param which name of an activation, or a record with φ, φ′ and φ″
 * @throws {OptionError} for an unknown name
 */
export function activationLayer(which: ActivationLike): LayerDefinition {
  const phi = activation(which);
  return {
    kind: "activation",
    inputShape: null,
    config: { activation: phi.name },
    bind: (inputShape, name): Layer => ({
      kind: "activation",
      name,
      inputShape,
      outputShape: inputShape,
      parameters: [],
      couplesSamples: false,
      memoryPerSample: 3 * shapeSize(inputShape),
      forward: (_, input) => activationPass(phi, input),
    }),
  };
}

function mapMatrix(A: Matrix, f: (x: number) => number): Matrix {
  const data = new Float64Array(A.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(A.data[i]);
  return { rows: A.rows, cols: A.cols, data };
}

function activationPass(phi: Activation, input: Matrix): LayerPass {
  let slopes: Matrix | null = null; // φ′(s), at the first derivative
  let bends: Matrix | null = null; // φ″(s), at the first second-order pass
  const slope = (): Matrix => (slopes ??= mapMatrix(input, (x) => phi.derivative(x)));
  return {
    output: mapMatrix(input, (x) => phi.value(x)),
    input,
    jvp: (_, inputTangent) => ({
      output: inputTangent === null ? zeros(input.rows, input.cols) : hadamard(slope(), inputTangent),
    }),
    vjp: (cotangent, _, needInput) => ({ input: needInput ? hadamard(slope(), cotangent) : null }),
    secondOrder(given, _, needInput) {
      if (!needInput) return null;
      const back = hadamard(slope(), given.cotangentTangent);
      // a s + b |s|: no second derivative away from the kink.
      if (given.input === null || phi.linearAbsolute !== null) return back;
      bends ??= mapMatrix(input, (x) => phi.secondDerivative(x));
      const { data } = back;
      for (let i = 0; i < data.length; i++) {
        data[i] += bends.data[i] * given.cotangent.data[i] * given.input.data[i];
      }
      return back;
    },
    perSample: () => undefined,
  };
}
