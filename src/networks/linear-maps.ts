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

/** Where the windows look: entry e of window o of a sample is `entries[o · count + e]`. */
interface Windows {
  readonly outputs: number;
  readonly count: number;
  readonly entries: Int32Array;
}

function windowsOf(
  channels: number,
  height: number,
  width: number,
  tall: number,
  wide: number,
  stride: number,
  outHeight: number,
  outWidth: number,
): Windows {
  const outputs = channels * outHeight * outWidth;
  const count = tall * wide;
  const entries = new Int32Array(outputs * count);
  let next = 0;
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < outHeight; p++) {
      for (let q = 0; q < outWidth; q++) {
        for (let i = 0; i < tall; i++) {
          for (let j = 0; j < wide; j++) entries[next++] = (c * height + p * stride + i) * width + q * stride + j;
        }
      }
    }
  }
  return { outputs, count, entries };
}

function averagePass(input: Matrix, { outputs, count, entries }: Windows): LayerPass {
  const gather = (A: Matrix): Matrix => {
    const out = zeros(A.rows, outputs);
    for (let i = 0; i < A.rows; i++) {
      const base = i * A.cols;
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let e = o * count; e < (o + 1) * count; e++) sum += A.data[base + entries[e]];
        out.data[i * outputs + o] = sum / count;
      }
    }
    return out;
  };
  const scatter = (A: Matrix): Matrix => {
    const out = zeros(A.rows, input.cols);
    for (let i = 0; i < A.rows; i++) {
      const base = i * input.cols;
      for (let o = 0; o < outputs; o++) {
        const share = A.data[i * outputs + o] / count;
        for (let e = o * count; e < (o + 1) * count; e++) out.data[base + entries[e]] += share;
      }
    }
    return out;
  };
  return linearPass(input, gather, scatter, outputs);
}

function maxPass(input: Matrix, { outputs, count, entries }: Windows): LayerPass {
  const chosen = new Int32Array(input.rows * outputs); // entry of the whole batch that each output takes
  for (let i = 0; i < input.rows; i++) {
    const base = i * input.cols;
    for (let o = 0; o < outputs; o++) {
      let best = base + entries[o * count];
      for (let e = o * count + 1; e < (o + 1) * count; e++) {
        if (input.data[base + entries[e]] > input.data[best]) best = base + entries[e];
      }
      chosen[i * outputs + o] = best;
    }
  }
  const gather = (A: Matrix): Matrix => {
    const out = zeros(A.rows, outputs);
    for (let e = 0; e < chosen.length; e++) out.data[e] = A.data[chosen[e]];
    return out;
  };
  const scatter = (A: Matrix): Matrix => {
    const out = zeros(A.rows, input.cols);
    for (let e = 0; e < chosen.length; e++) out.data[chosen[e]] += A.data[e];
    return out;
  };
  return linearPass(input, gather, scatter, outputs);
}
