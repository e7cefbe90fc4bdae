import { type Matrix, requireInteger, requireNumber, requireOneOf, requireOptions, ShapeError } from "../core/index.js";
import type { Layer, LayerDefinition, LayerPass, ParameterSpec } from "./layer.js";
import { shapeSize } from "./layer.js";
import {
  addColumnSums,
  addTimes,
  addTimesTranspose,
  addToRows,
  addTransposeTimes,
  times,
  timesTranspose,
  viewMatrix,
} from "./products.js";

/** How stored weights act. */
export type Parameterisation = "standard" | "ntk";

/** Options of {@link dense}. */
export interface DenseOptions {
  /** Width of the output. */
  readonly outputs: number;
  /** Width of the input; by default that of the layer before. */
  readonly inputs?: number;
  /** Whether there is a bias (default true). */
  readonly bias?: boolean;
  /** "standard": s = W x + b (default). "ntk": s = (σ_w/√inputs) W x + σ_b b. */
  readonly parameterisation?: Parameterisation;
  /** σ_w of the NTK parameterisation (default 1). */
  readonly weightScale?: number;
  /** σ_b of the NTK parameterisation (default 1). */
  readonly biasScale?: number;
}

/**
 * Defines a fully connected layer s = W x + b with W of shape outputs x inputs.
 *
 * Relation: with samples as rows, S = w X Wᵀ + β 1 bᵀ, where (w, β) = (1, 1) in the standard parameterisation and
 * (σ_w/√inputs, σ_b) in the NTK parameterisation.
 *
 * @throws {ArgumentError} when a width is not an integer >= 1
 * @throws {OptionError} for unknown options
 *
 * Cost: one GEMM forward, two backward, one jvp (two with a moving input), four for the second-order pass.
 * @see [pearlmutter1994]
 */
export function dense(options: DenseOptions): LayerDefinition {
  requireOptions(
    options,
    ["outputs", "inputs", "bias", "parameterisation", "weightScale", "biasScale"],
    "dense",
    "required",
  );
  const outputs = requireInteger(options.outputs, "outputs", "dense", 1);
  const fixedInputs = options.inputs === undefined ? null : requireInteger(options.inputs, "inputs", "dense", 1);
  const bias = options.bias ?? true;
  const parameterisation = requireOneOf(
    options.parameterisation ?? "standard",
    ["standard", "ntk"] as const,
    "parameterisation",
    "dense",
  );
  const weightScale = requireNumber(options.weightScale ?? 1, "weightScale", "dense", 0);
  const biasScale = requireNumber(options.biasScale ?? 1, "biasScale", "dense", 0);
  return {
    kind: "dense",
    inputShape: fixedInputs === null ? null : [fixedInputs],
    config: { outputs, inputs: fixedInputs, bias, parameterisation, weightScale, biasScale },
    bind(inputShape, name) {
      const inputs = shapeSize(inputShape);
      if (inputShape.length !== 1 || (fixedInputs !== null && inputs !== fixedInputs)) {
        throw new ShapeError({
          function: "sequential",
          argument: `the input of ${name} (dense)`,
          expected: fixedInputs === null ? "a vector" : `a vector of width ${fixedInputs}`,
          got: `shape ${inputShape.join(" x ")}`,
          remedy: inputShape.length === 1 ? "match the widths of neighbouring layers" : "put flatten() before it",
        });
      }
      const w = parameterisation === "ntk" ? weightScale / Math.sqrt(inputs) : 1;
      const b = parameterisation === "ntk" ? biasScale : 1;
      return denseLayer(name, inputs, outputs, bias, w, b);
    },
  };
}

function denseLayer(name: string, inputs: number, outputs: number, bias: boolean, w: number, b: number): Layer {
  const weight: ParameterSpec = {
    name: "weight",
    role: "weight",
    shape: [outputs, inputs],
    fanIn: inputs,
    fanOut: outputs,
    effectiveScale: w,
  };
  const offset: ParameterSpec = { ...weight, name: "bias", role: "bias", shape: [outputs], effectiveScale: b };
  return {
    kind: "dense",
    name,
    inputShape: [inputs],
    outputShape: [outputs],
    parameters: bias ? [weight, offset] : [weight],
    couplesSamples: false,
    memoryPerSample: outputs,
    forward: (parameters, input) => densePass(parameters, input, outputs, bias, w, b),
  };
}

/** The derivatives of S = w X Wᵀ + b 1 biasᵀ; layers that reduce to one product use it too. */
export function densePass(
  parameters: Float64Array,
  input: Matrix,
  outputs: number,
  bias: boolean,
  w: number,
  b: number,
): LayerPass {
  const inputs = input.cols;
  const size = outputs * inputs;
  const W = viewMatrix(parameters, outputs, inputs);
  const output = timesTranspose(input, W, w);
  if (bias) addToRows(output, parameters.subarray(size), b);
  let features: { readonly other: Matrix; readonly product: Matrix } | null = null; // kept between outputs
  return {
    output,
    input,
    linear: {
      positions: 1,
      rows: input,
      weightScale: w,
      biasScale: bias ? b : null,
      cotangentRows: (cotangent) => cotangent,
    },
    jvp(direction, inputTangent) {
      const tangent = timesTranspose(input, viewMatrix(direction, outputs, inputs), w);
      if (inputTangent !== null) addTimesTranspose(inputTangent, W, tangent, w);
      if (bias) addToRows(tangent, direction.subarray(size), b);
      return { output: tangent };
    },
    vjp(cotangent, gradient, needInput) {
      if (gradient !== null) {
        addTransposeTimes(cotangent, input, gradient, w);
        if (bias) addColumnSums(cotangent, gradient.subarray(size), b);
      }
      return { input: needInput ? times(cotangent, W, w) : null };
    },
    secondOrder(given, gradient, needInput) {
      const { cotangent, cotangentTangent } = given;
      addTransposeTimes(cotangentTangent, input, gradient, w);
      if (given.input !== null) addTransposeTimes(cotangent, given.input, gradient, w);
      if (bias) addColumnSums(cotangentTangent, gradient.subarray(size), b);
      if (!needInput) return null;
      const back = times(cotangentTangent, W, w);
      addTimes(cotangent, viewMatrix(given.parameters, outputs, inputs), back, w);
      return back;
    },
    perSample(cotangent, out, offset) {
      for (let i = 0; i < input.rows; i++) {
        const base = i * out.cols + offset;
        const x = i * inputs;
        for (let k = 0; k < outputs; k++) {
          const delta = cotangent.data[i * outputs + k];
          const row = base + k * inputs;
          for (let j = 0; j < inputs; j++) out.data[row + j] += w * delta * input.data[x + j];
          if (bias) out.data[base + size + k] += b * delta;
        }
      }
    },
    gram(cotangent, other, otherCotangent, out) {
      // ⟨δ_i x_iᵀ, δ_j x_jᵀ⟩ = ⟨δ_i, δ_j⟩⟨x_i, x_j⟩: two small products instead of two long gradients.
      if (features === null || features.other !== other.input) {
        const constant = bias ? b * b : 0;
        const product = timesTranspose(input, other.input, w * w);
        for (let e = 0; e < product.data.length; e++) product.data[e] += constant;
        features = { other: other.input, product };
      }
      const deltas = timesTranspose(cotangent, otherCotangent);
      for (let e = 0; e < out.data.length; e++) out.data[e] += deltas.data[e] * features.product.data[e];
    },
  };
}
