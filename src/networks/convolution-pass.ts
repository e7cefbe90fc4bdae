import type { Matrix } from "../core/index.js";
import { gemm } from "../routines/index.js";
import type { PatchMap } from "./convolution-patches.js";
import type { LayerPass } from "./layer.js";
import { zeros } from "./products.js";

/** What a convolution adds to its geometry. */
export interface ConvolutionWeights {
  /** Output channels. */
  readonly outputs: number;
  /** Whether there is a bias per channel. */
  readonly bias: boolean;
  /** Factor of the weights. */
  readonly w: number;
  /** Factor of the bias. */
  readonly b: number;
}

/** A block of a matrix where it stands: first entry and distance of rows. */
interface Block {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/**
 * The derivatives of S = w W P(X) + b bias, P the patches of the input, group by group of samples. Patches are gathered for each product
 * from images that are in the cache: that costs less than reading kept ones, and their memory is `kernel²` times that of the images.
 */
export function convolutionPass(
  parameters: Float64Array,
  input: Matrix,
  map: PatchMap,
  { outputs, bias, w, b }: ConvolutionWeights,
): LayerPass {
  const { taps, positions, group } = map;
  const samples = input.rows;
  const size = outputs * taps;
  const width = outputs * positions;
  let gathered = new Float64Array(0); // outputs x (group · positions), where samples stand side by side

  const forEachGroup = (visit: (first: number, count: number) => void): void => {
    for (let first = 0; first < samples; first += group) visit(first, Math.min(group, samples - first));
  };
  /** The rows first … first + count − 1 of a matrix of channel images as outputs x (count · positions). */
  const columnsOf = (A: Matrix, first: number, count: number): Block => {
    if (count === 1) return { data: A.data, offset: first * width, stride: positions };
    if (gathered.length === 0) gathered = new Float64Array(outputs * group * positions);
    const stride = count * positions;
    for (let s = 0; s < count; s++) {
      for (let k = 0; k < outputs; k++) {
        const from = (first + s) * width + k * positions;
        for (let p = 0; p < positions; p++) gathered[k * stride + s * positions + p] = A.data[from + p];
      }
    }
    return { data: gathered, offset: 0, stride };
  };
  /** out += w · weights · patches for one group. */
  const addProduct = (
    weights: Float64Array,
    patches: Float64Array,
    first: number,
    count: number,
    out: Matrix,
  ): void => {
    const columns = count * positions;
    if (count === 1) {
      const at = first * width;
      gemm(false, false, outputs, columns, taps, w, weights, 0, taps, patches, 0, columns, 1, out.data, at, positions);
      return;
    }
    const product = new Float64Array(outputs * columns);
    gemm(false, false, outputs, columns, taps, w, weights, 0, taps, patches, 0, columns, 0, product, 0, columns);
    for (let s = 0; s < count; s++) {
      for (let k = 0; k < outputs; k++) {
        const to = (first + s) * width + k * positions;
        for (let p = 0; p < positions; p++) out.data[to + p] += product[k * columns + s * positions + p];
      }
    }
  };
  /** gradient += w · cotangent · patchesᵀ for one group. */
  const addOuter = (cotangent: Block, patches: Float64Array, count: number, gradient: Float64Array, at = 0): void => {
    const { data, offset, stride } = cotangent;
    const columns = count * positions;
    gemm(false, true, outputs, taps, columns, w, data, offset, stride, patches, 0, columns, 1, gradient, at, taps);
  };
  /** scratch ← beta scratch + w · weightsᵀ · cotangent: the cotangents of the patches of one group. */
  const toPatches = (weights: Float64Array, cotangent: Block, count: number, beta: 0 | 1): void => {
    const { data, offset, stride } = cotangent;
    const columns = count * positions;
    gemm(true, false, taps, columns, outputs, w, weights, 0, taps, data, offset, stride, beta, map.scratch, 0, columns);
  };
  const addBias = (vector: Float64Array, out: Matrix): void => {
    for (let i = 0; i < samples; i++) {
      for (let k = 0; k < outputs; k++) {
        const value = b * vector[size + k];
        const from = i * width + k * positions;
        for (let p = from; p < from + positions; p++) out.data[p] += value;
      }
    }
  };
  const addBiasGradient = (cotangent: Matrix, gradient: Float64Array): void => {
    for (let i = 0; i < samples; i++) {
      for (let k = 0; k < outputs; k++)
        gradient[size + k] += b * sumOf(cotangent.data, i * width + k * positions, positions);
    }
  };

  const output = zeros(samples, width);
  forEachGroup((first, count) => addProduct(parameters, map.gather(input, first, count), first, count, output));
  if (bias) addBias(parameters, output);
  return {
    output,
    input,
    linear: {
      positions,
      // Made when asked for: K-FAC alone reads all patches at once.
      get rows() {
        return patchRows(input, map);
      },
      weightScale: w,
      biasScale: bias ? b : null,
      cotangentRows: (cotangent) => channelRows(cotangent, outputs, positions),
    },
    jvp(direction, inputTangent) {
      const tangent = zeros(samples, width);
      forEachGroup((first, count) => {
        addProduct(direction, map.gather(input, first, count), first, count, tangent);
        if (inputTangent !== null)
          addProduct(parameters, map.gather(inputTangent, first, count), first, count, tangent);
      });
      if (bias) addBias(direction, tangent);
      return { output: tangent };
    },
    vjp(cotangent, gradient, needInput) {
      const back = needInput ? zeros(samples, input.cols) : null;
      forEachGroup((first, count) => {
        const delta = columnsOf(cotangent, first, count);
        if (gradient !== null) addOuter(delta, map.gather(input, first, count), count, gradient);
        if (back === null) return;
        toPatches(parameters, delta, count, 0);
        map.scatter(first, count, back);
      });
      if (gradient !== null && bias) addBiasGradient(cotangent, gradient);
      return { input: back };
    },
    secondOrder(given, gradient, needInput) {
      const { cotangent, cotangentTangent } = given;
      const back = needInput ? zeros(samples, input.cols) : null;
      forEachGroup((first, count) => {
        const moved = columnsOf(cotangentTangent, first, count);
        addOuter(moved, map.gather(input, first, count), count, gradient);
        if (back !== null) toPatches(parameters, moved, count, 0);
        if (given.input === null && back === null) return;
        const delta = columnsOf(cotangent, first, count);
        if (given.input !== null) addOuter(delta, map.gather(given.input, first, count), count, gradient);
        if (back === null) return;
        toPatches(given.parameters, delta, count, 1);
        map.scatter(first, count, back);
      });
      if (bias) addBiasGradient(cotangentTangent, gradient);
      return back;
    },
    perSample(cotangent, out, offset) {
      for (let i = 0; i < samples; i++) {
        const at = i * out.cols + offset;
        const delta = { data: cotangent.data, offset: i * width, stride: positions };
        addOuter(delta, map.gather(input, i, 1), 1, out.data, at);
        if (!bias) continue;
        for (let k = 0; k < outputs; k++) {
          out.data[at + size + k] += b * sumOf(cotangent.data, i * width + k * positions, positions);
        }
      }
    },
  };
}

function sumOf(data: Float64Array, first: number, count: number): number {
  let sum = 0;
  for (let p = first; p < first + count; p++) sum += data[p];
  return sum;
}

/** All patches as rows, (samples · positions) x taps. */
function patchRows(input: Matrix, map: PatchMap): Matrix {
  const { taps, positions } = map;
  const rows = zeros(input.rows * positions, taps);
  for (let i = 0; i < input.rows; i++) {
    const patches = map.gather(input, i, 1);
    for (let r = 0; r < taps; r++) {
      for (let p = 0; p < positions; p++) rows.data[(i * positions + p) * taps + r] = patches[r * positions + p];
    }
  }
  return rows;
}

/** Samples x (channels · positions) to (samples · positions) x channels. */
function channelRows(A: Matrix, channels: number, positions: number): Matrix {
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
