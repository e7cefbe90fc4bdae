import { type Matrix, requireInteger, requireNumber, requireOneOf, requireOptions, ShapeError } from "../core/index.js";
import { densePass, type Parameterisation } from "./dense.js";
import type { Layer, LayerDefinition, LayerPass, ParameterSpec } from "./layer.js";
import { addInto, zeros } from "./products.js";

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
 * Cost: one product of patches (samples · positions) x (channels · kernel²) with the weights; the patches are kept for derivatives.
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

/** Sizes of a convolution after binding; a sequence is an image of height 1. */
interface Geometry {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly tall: number;
  readonly wide: number;
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

function convolution(kind: "conv1d" | "conv2d", options: ConvolutionOptions): LayerDefinition {
  const known = ["outputs", "kernel", "stride", "padding", "bias", "parameterisation", "weightScale", "biasScale"];
  requireOptions(options, known, kind);
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
      const geometry = {
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
      return {
        kind,
        name,
        inputShape,
        outputShape: dimensions === 2 ? [outputs, outWidth] : [outputs, outHeight, outWidth],
        parameters: bias
          ? [weight, { ...weight, name: "bias", role: "bias", shape: [outputs], effectiveScale: b }]
          : [weight],
        couplesSamples: false,
        memoryPerSample: positions * (fanIn + 2 * outputs),
        forward: (parameters, input) => convolutionPass(parameters, input, geometry, outputs, bias, w, b),
      };
    },
  };
}

/** A convolution is a dense layer on patches: all its derivatives are the dense ones between two linear rearrangements. */
function convolutionPass(
  parameters: Float64Array,
  input: Matrix,
  geometry: Geometry,
  outputs: number,
  bias: boolean,
  w: number,
  b: number,
): LayerPass {
  const positions = geometry.outHeight * geometry.outWidth;
  const patches = (A: Matrix): Matrix => gatherPatches(A, geometry);
  const inner = densePass(parameters, patches(input), outputs, bias, w, b);
  const toRows = (A: Matrix): Matrix => swapAxes(A, outputs, positions);
  const toChannels = (A: Matrix): Matrix => fromRows(A, input.rows, positions, outputs);
  return {
    output: toChannels(inner.output),
    input,
    linear: {
      positions,
      rows: inner.input,
      weightScale: w,
      biasScale: bias ? b : null,
      cotangentRows: toRows,
    },
    jvp: (direction, inputTangent) => ({
      output: toChannels(inner.jvp(direction, inputTangent === null ? null : patches(inputTangent)).output),
    }),
    vjp(cotangent, gradient, needInput) {
      const { input: back } = inner.vjp(toRows(cotangent), gradient, needInput);
      return { input: back === null ? null : scatterPatches(back, geometry, input) };
    },
    secondOrder(given, gradient, needInput) {
      const back = inner.secondOrder(
        {
          ...given,
          input: given.input === null ? null : patches(given.input),
          cotangent: toRows(given.cotangent),
          cotangentTangent: toRows(given.cotangentTangent),
        },
        gradient,
        needInput,
      );
      return back === null ? null : scatterPatches(back, geometry, input);
    },
    perSample(cotangent, out, offset) {
      const rows = zeros(input.rows * positions, outputs * inner.input.cols + (bias ? outputs : 0));
      inner.perSample(toRows(cotangent), rows, 0);
      for (let r = 0; r < rows.rows; r++) {
        const to = Math.floor(r / positions) * out.cols + offset;
        addInto(out.data.subarray(to, to + rows.cols), rows.data.subarray(r * rows.cols, (r + 1) * rows.cols));
      }
    },
  };
}

/** Samples x (channels · positions) to (samples · positions) x channels. */
function swapAxes(A: Matrix, channels: number, positions: number): Matrix {
  const out = zeros(A.rows * positions, channels);
  for (let i = 0; i < A.rows; i++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < positions; p++) {
        out.data[(i * positions + p) * channels + c] = A.data[i * A.cols + c * positions + p];
      }
    }
  }
  return out;
}

/** (samples · positions) x channels to samples x (channels · positions). */
function fromRows(A: Matrix, samples: number, positions: number, channels: number): Matrix {
  const out = zeros(samples, channels * positions);
  for (let i = 0; i < samples; i++) {
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < channels; c++) {
        out.data[i * out.cols + c * positions + p] = A.data[(i * positions + p) * channels + c];
      }
    }
  }
  return out;
}

/**
 * Runs over the stretches of taps that lie inside the image: `count` consecutive taps from `patch` in the patch matrix meet
 * consecutive pixels from `image`.
 */
function forEachStretch(
  g: Geometry,
  samples: number,
  visit: (patch: number, image: number, count: number) => void,
): void {
  const columns = g.channels * g.tall * g.wide;
  const imageSize = g.channels * g.height * g.width;
  for (let i = 0; i < samples; i++) {
    for (let p = 0; p < g.outHeight; p++) {
      for (let q = 0; q < g.outWidth; q++) {
        const row = ((i * g.outHeight + p) * g.outWidth + q) * columns;
        const left = q * g.stride - g.padLeft;
        const first = Math.max(0, -left);
        const count = Math.min(g.wide, g.width - left) - first;
        if (count <= 0) continue;
        for (let c = 0; c < g.channels; c++) {
          for (let a = 0; a < g.tall; a++) {
            const y = p * g.stride + a - g.padTop;
            if (y < 0 || y >= g.height) continue;
            visit(
              row + (c * g.tall + a) * g.wide + first,
              i * imageSize + (c * g.height + y) * g.width + left + first,
              count,
            );
          }
        }
      }
    }
  }
}

function gatherPatches(A: Matrix, g: Geometry): Matrix {
  const out = zeros(A.rows * g.outHeight * g.outWidth, g.channels * g.tall * g.wide);
  const { data: to } = out;
  const { data: from } = A;
  forEachStretch(g, A.rows, (patch, image, count) => {
    for (let k = 0; k < count; k++) to[patch + k] = from[image + k];
  });
  return out;
}

/** The transpose of {@link gatherPatches}: overlapping taps add up. */
function scatterPatches(patches: Matrix, g: Geometry, like: Matrix): Matrix {
  const out = zeros(like.rows, like.cols);
  const { data: to } = out;
  const { data: from } = patches;
  forEachStretch(g, like.rows, (patch, image, count) => {
    for (let k = 0; k < count; k++) to[image + k] += from[patch + k];
  });
  return out;
}
