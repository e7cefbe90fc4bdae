import { requireInteger, requireNumber, requireOneOf, requireOptions, ShapeError } from "../core/index.js";
import { createPatchMap, type Geometry } from "./convolution-patches.js";
import { convolutionPass } from "./convolution-pass.js";
import type { Parameterisation } from "./dense.js";
import type { Layer, LayerDefinition, ParameterSpec } from "./layer.js";

/** Options of {@link conv1d} and {@link conv2d}. */
export interface ConvolutionOptions {
  /** Number of output channels. */
  readonly outputs: number;
  /** Side of the square kernel (images) or its length (sequences). */
  readonly kernel: number;
  /** Distance of neighbouring positions (default 1). */
  readonly stride?: number;
  /** Zeros added on every side (default 0). */
  readonly padding?: number;
  /** Whether there is a bias per output channel (default true). */
  readonly bias?: boolean;
  /** "standard" (default), or "ntk": weights times σ_w/√(inputs · taps), bias times σ_b. */
  readonly parameterisation?: Parameterisation;
  /** σ_w of the NTK parameterisation (default 1). */
  readonly weightScale?: number;
  /** σ_b of the NTK parameterisation (default 1). */
  readonly biasScale?: number;
}

/**
 * Defines a two-dimensional convolution (cross-correlation, as in every framework) of channels x height x width.
 *
 * Relation: output (k, p, q) = Σ_{c,i,j} W_{k,cij} x(c, p · stride + i − padding, q · stride + j − padding) + b_k, x zero outside. W is
 * outputs x (channels · kernel²), row-major: channel, row, column.
 *
 * @throws {ShapeError} when the input is not channels x height x width, or smaller than the kernel
 *
 * Cost: one product of the weights with the patches, (channels · kernel²) x positions, per sample. Patches are gathered again for each
 * product and never kept: memory is that of inputs and outputs.
 *
 * @example
 * ```ts
 * import { conv2d, predict, sequential } from "eigenscope/networks";
 * const net = sequential([conv2d({ outputs: 1, kernel: 2, bias: false })], { inputShape: [1, 2, 3] });
 * console.log(predict(net, Float64Array.of(1, 0, 0, 10), [[1, 2, 3, 4, 5, 6]]).data.join(" ")); // 51 62
 * ```
 */
export function conv2d(options: ConvolutionOptions): LayerDefinition {
  return convolution("conv2d", options);
}

/**
 * Defines a one-dimensional convolution (cross-correlation) of channels x length.
 *
 * Relation: output (k, p) = Σ_{c,j} W_{k,cj} x(c, p · stride + j − padding) + b_k, x zero outside. W is outputs x (channels · kernel).
 *
 * @throws {ShapeError} when the input is not channels x length, or smaller than the kernel
 *
 * @example
 * ```ts
 * import { conv1d, predict, sequential } from "eigenscope/networks";
 * const net = sequential([conv1d({ outputs: 1, kernel: 3, padding: 1, bias: false })], { inputShape: [1, 3] });
 * console.log(predict(net, Float64Array.of(1, 0, 1), [[1, 2, 3]]).data.join(" ")); // 2 4 2
 * ```
 */
export function conv1d(options: ConvolutionOptions): LayerDefinition {
  return convolution("conv1d", options);
}

function convolution(kind: "conv1d" | "conv2d", options: ConvolutionOptions): LayerDefinition {
  const known = ["outputs", "kernel", "stride", "padding", "bias", "parameterisation", "weightScale", "biasScale"];
  requireOptions(options, known, kind, "required");
  const outputs = requireInteger(options.outputs, "outputs", kind, 1);
  const kernel = requireInteger(options.kernel, "kernel", kind, 1);
  const stride = requireInteger(options.stride ?? 1, "stride", kind, 1);
  const padding = requireInteger(options.padding ?? 0, "padding", kind);
  const bias = options.bias ?? true;
  const parameterisation = requireOneOf(
    options.parameterisation ?? "standard",
    ["standard", "ntk"] as const,
    "parameterisation",
    kind,
  );
  const weightScale = requireNumber(options.weightScale ?? 1, "weightScale", kind, 0);
  const biasScale = requireNumber(options.biasScale ?? 1, "biasScale", kind, 0);
  const dimensions = kind === "conv1d" ? 2 : 3;
  return {
    kind,
    inputShape: null,
    config: { outputs, kernel, stride, padding, bias, parameterisation, weightScale, biasScale },
    bind(inputShape, name): Layer {
      const [channels, height, width] = dimensions === 2 ? [inputShape[0], 1, inputShape[1]] : inputShape;
      const tall = dimensions === 2 ? 1 : kernel;
      const padTop = dimensions === 2 ? 0 : padding;
      if (inputShape.length !== dimensions || height + 2 * padTop < tall || width + 2 * padding < kernel) {
        throw new ShapeError({
          function: "sequential",
          argument: `the input of ${name} (${kind})`,
          expected: `${dimensions === 2 ? "channels x length" : "channels x height x width"} of at least the kernel ${kernel} with padding ${padding}`,
          got: `shape ${inputShape.join(" x ")}`,
        });
      }
      const outHeight = Math.floor((height + 2 * padTop - tall) / stride) + 1;
      const outWidth = Math.floor((width + 2 * padding - kernel) / stride) + 1;
      const geometry: Geometry = {
        channels,
        height,
        width,
        tall,
        wide: kernel,
        stride,
        padTop,
        padLeft: padding,
        outHeight,
        outWidth,
      };
      const fanIn = channels * tall * kernel;
      const w = parameterisation === "ntk" ? weightScale / Math.sqrt(fanIn) : 1;
      const b = parameterisation === "ntk" ? biasScale : 1;
      const weight: ParameterSpec = {
        name: "weight",
        role: "weight",
        shape: [outputs, fanIn],
        fanIn,
        fanOut: outputs * tall * kernel,
        effectiveScale: w,
      };
      const positions = outHeight * outWidth;
      const patches = createPatchMap(geometry);
      return {
        kind,
        name,
        inputShape,
        outputShape: dimensions === 2 ? [outputs, outWidth] : [outputs, outHeight, outWidth],
        parameters: bias
          ? [weight, { ...weight, name: "bias", role: "bias", shape: [outputs], effectiveScale: b }]
          : [weight],
        couplesSamples: false,
        memoryPerSample: positions * outputs,
        forward: (parameters, input) => convolutionPass(parameters, input, patches, { outputs, bias, w, b }),
      };
    },
  };
}
