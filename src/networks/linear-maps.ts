import { ArgumentError, describe, type Matrix, requireInteger, requireOptions, ShapeError } from "../core/index.js";
import type { Layer, LayerDefinition, LayerPass } from "./layer.js";
import { shapeSize } from "./layer.js";
import { zeros } from "./products.js";

/** A layer without parameters whose output is (locally) a linear map of its input: no second derivative. */
function linearPass(
  input: Matrix,
  apply: (A: Matrix) => Matrix,
  transposed: (A: Matrix) => Matrix,
  outputs: number,
): LayerPass {
  return {
    output: apply(input),
    input,
    jvp: (_, inputTangent) => ({ output: inputTangent === null ? zeros(input.rows, outputs) : apply(inputTangent) }),
    vjp: (cotangent, _, needInput) => ({ input: needInput ? transposed(cotangent) : null }),
    secondOrder: (given, _, needInput) => (needInput ? transposed(given.cotangentTangent) : null),
    perSample: () => undefined,
  };
}

/**
 * Defines the layer that forgets the shape of a sample: channels x height x width becomes a vector.
 *
 * Relation: the numbers and their order stay as they are.
 *
 * @example
 * ```ts
 * import { dense, flatten, sequential } from "eigenscope/networks";
 * console.log(sequential([flatten(), dense({ outputs: 2 })], { inputShape: [3, 4, 4] }).parameterCount); // 98
 * ```
 */
export function flatten(): LayerDefinition {
  return {
    kind: "flatten",
    inputShape: null,
    config: {},
    bind: (inputShape, name): Layer => ({
      kind: "flatten",
      name,
      inputShape,
      outputShape: [shapeSize(inputShape)],
      parameters: [],
      couplesSamples: false,
      memoryPerSample: 0,
      forward: (_, input) =>
        linearPass(
          input,
          (A) => A,
          (A) => A,
          input.cols,
        ),
    }),
  };
}

/** Options of {@link averagePool} and {@link maxPool}. */
export interface PoolOptions {
  /** Side of the square window (images) or its length (sequences). */
  readonly size: number;
  /** Distance of neighbouring windows (default: the size). */
  readonly stride?: number;
}

/**
 * Defines average pooling over windows of each channel; windows that would leave the input are not taken.
 *
 * Relation: output (c, p) is the mean of the window's entries. Inputs are channels x length or channels x height x width.
 *
 * @throws {ShapeError} when the input is not such a shape, or smaller than the window
 */
export function averagePool(options: PoolOptions): LayerDefinition {
  return pooling("averagePool", options);
}

/**
 * Defines maximum pooling over windows of each channel; windows that would leave the input are not taken.
 *
 * Relation: output (c, p) is the largest entry of the window; derivatives follow the first such entry.
 *
 * @throws {ShapeError} when the input is not channels x length or channels x height x width, or smaller than the window
 */
export function maxPool(options: PoolOptions): LayerDefinition {
  return pooling("maxPool", options);
}

function pooling(kind: "averagePool" | "maxPool", options: PoolOptions): LayerDefinition {
  requireOptions(options, ["size", "stride"], kind);
  if (options === undefined) {
    throw new ArgumentError({
      function: kind,
      argument: "options",
      expected: "given with a size",
      got: describe(options),
    });
  }
  const size = requireInteger(options.size, "size", kind, 1);
  const stride = requireInteger(options.stride ?? size, "stride", kind, 1);
  return {
    kind,
    inputShape: null,
    config: { size, stride },
    bind(inputShape, name): Layer {
      const [channels, height, width] = inputShape.length === 2 ? [inputShape[0], 1, inputShape[1]] : inputShape;
      const tall = inputShape.length === 2 ? 1 : size;
      if ((inputShape.length !== 2 && inputShape.length !== 3) || height < tall || width < size) {
        throw new ShapeError({
          function: "sequential",
          argument: `the input of ${name} (${kind})`,
          expected: `channels x length or channels x height x width of at least the window ${size}`,
          got: `shape ${inputShape.join(" x ")}`,
        });
      }
      const outHeight = Math.floor((height - tall) / stride) + 1;
      const outWidth = Math.floor((width - size) / stride) + 1;
      const windows = windowsOf(channels, height, width, tall, size, stride, outHeight, outWidth);
      const outputs = channels * outHeight * outWidth;
      return {
        kind,
        name,
        inputShape,
        outputShape: inputShape.length === 2 ? [channels, outWidth] : [channels, outHeight, outWidth],
        parameters: [],
        couplesSamples: false,
        memoryPerSample: outputs,
        forward: (_, input) => (kind === "averagePool" ? averagePass(input, windows) : maxPass(input, windows)),
      };
    },
  };
}

/** Indices of the entries of each window, one array per output. */
function windowsOf(
  channels: number,
  height: number,
  width: number,
  tall: number,
  wide: number,
  stride: number,
  outHeight: number,
  outWidth: number,
): Int32Array[] {
  const windows: Int32Array[] = [];
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < outHeight; p++) {
      for (let q = 0; q < outWidth; q++) {
        const entries: number[] = [];
        for (let i = 0; i < tall; i++) {
          for (let j = 0; j < wide; j++) entries.push((c * height + p * stride + i) * width + q * stride + j);
        }
        windows.push(Int32Array.from(entries));
      }
    }
  }
  return windows;
}

function averagePass(input: Matrix, windows: readonly Int32Array[]): LayerPass {
  const outputs = windows.length;
  const gather = (A: Matrix): Matrix => {
    const out = zeros(A.rows, outputs);
    for (let i = 0; i < A.rows; i++) {
      windows.forEach((window, o) => {
        let sum = 0;
        for (const e of window) sum += A.data[i * A.cols + e];
        out.data[i * outputs + o] = sum / window.length;
      });
    }
    return out;
  };
  const scatter = (A: Matrix): Matrix => {
    const out = zeros(A.rows, input.cols);
    for (let i = 0; i < A.rows; i++) {
      windows.forEach((window, o) => {
        const share = A.data[i * outputs + o] / window.length;
        for (const e of window) out.data[i * input.cols + e] += share;
      });
    }
    return out;
  };
  return linearPass(input, gather, scatter, outputs);
}

function maxPass(input: Matrix, windows: readonly Int32Array[]): LayerPass {
  const outputs = windows.length;
  const chosen = new Int32Array(input.rows * outputs); // entry that each output takes
  for (let i = 0; i < input.rows; i++) {
    windows.forEach((window, o) => {
      let best = window[0];
      for (const e of window) if (input.data[i * input.cols + e] > input.data[i * input.cols + best]) best = e;
      chosen[i * outputs + o] = best;
    });
  }
  const gather = (A: Matrix): Matrix => {
    const out = zeros(A.rows, outputs);
    for (let i = 0; i < A.rows; i++) {
      for (let o = 0; o < outputs; o++) out.data[i * outputs + o] = A.data[i * A.cols + chosen[i * outputs + o]];
    }
    return out;
  };
  const scatter = (A: Matrix): Matrix => {
    const out = zeros(A.rows, input.cols);
    for (let i = 0; i < A.rows; i++) {
      for (let o = 0; o < outputs; o++) out.data[i * input.cols + chosen[i * outputs + o]] += A.data[i * outputs + o];
    }
    return out;
  };
  return linearPass(input, gather, scatter, outputs);
}
