import { ArgumentError, type Matrix, norm } from "../../core/index.js";
import { matmul, svd } from "../../linalg/index.js";
import type { Network } from "../../networks/index.js";

/** A dense layer with its singular value decomposition. */
export interface FactoredLayer {
  /** Name of the layer. */
  readonly name: string;
  /** outputs x inputs. */
  readonly weights: Matrix;
  /** One per output. */
  readonly bias: Float64Array;
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** outputs x r. */
  readonly left: Matrix;
  /** inputs x r. */
  readonly right: Matrix;
}

/** Takes the dense layers of a ReLU network apart. */
export function factoredLayers(network: Network, params: Float64Array): FactoredLayer[] {
  return network.blocks
    .filter((block) => block.role === "weight" && block.shape.length === 2)
    .map((block) => {
      const [rows, cols] = block.shape as readonly [number, number];
      const weights: Matrix = { rows, cols, data: params.slice(block.offset, block.offset + block.length) };
      const biasBlock = network.blocks.find((other) => other.layer === block.layer && other.role === "bias");
      const bias =
        biasBlock === undefined
          ? new Float64Array(rows)
          : params.slice(biasBlock.offset, biasBlock.offset + biasBlock.length);
      const { u, singularValues, v } = svd(weights);
      if (u === null || v === null)
        throw new ArgumentError({
          function: "factoredLayers",
          argument: "network",
          expected: "with weights",
          got: block.layer,
        });
      return { name: block.layer, weights, bias, singularValues, left: u, right: v };
    });
}

/** Rows h ↦ W_k h + b, samples x outputs; W itself at full rank. */
export function applyTruncated(layer: FactoredLayer, rank: number, inputs: Matrix): Matrix {
  if (rank >= layer.singularValues.length)
    return addBias(matmul(inputs, layer.weights, { transposeB: true }), layer.bias);
  const { left, right, singularValues } = layer;
  const r = singularValues.length;
  const cut = (A: Matrix, scale: boolean): Matrix => {
    const data = new Float64Array(A.rows * rank);
    for (let i = 0; i < A.rows; i++)
      for (let k = 0; k < rank; k++) data[i * rank + k] = A.data[i * r + k] * (scale ? singularValues[k] : 1);
    return { rows: A.rows, cols: rank, data };
  };
  const zero: Matrix = { rows: inputs.rows, cols: left.rows, data: new Float64Array(inputs.rows * left.rows) };
  const out = rank === 0 ? zero : matmul(matmul(inputs, cut(right, false)), cut(left, true), { transposeB: true });
  return addBias(out, layer.bias);
}

function addBias(out: Matrix, bias: Float64Array): Matrix {
  for (let i = 0; i < out.rows; i++) for (let j = 0; j < out.cols; j++) out.data[i * out.cols + j] += bias[j];
  return out;
}

/** max(0, ·) of every entry, a new matrix. */
export const rectified = (A: Matrix): Matrix => ({ ...A, data: A.data.map((value) => (value > 0 ? value : 0)) });

/** Outputs and the input of every layer, with each layer at its rank. */
export function forward(
  layers: readonly FactoredLayer[],
  ranks: readonly number[],
  inputs: Matrix,
): { readonly outputs: Matrix; readonly hidden: readonly Matrix[] } {
  const hidden: Matrix[] = [inputs];
  let last = inputs;
  layers.forEach((layer, l) => {
    const out = applyTruncated(layer, ranks[l], last);
    last = l === layers.length - 1 ? out : rectified(out);
    hidden.push(last);
  });
  return { outputs: last, hidden: hidden.slice(0, -1) };
}

/** Outputs from the pre-activation of layer l on, through the untouched later layers. */
export function continueFrom(layers: readonly FactoredLayer[], l: number, preActivation: Matrix): Matrix {
  let last = preActivation;
  for (let j = l + 1; j < layers.length; j++)
    last = applyTruncated(layers[j], layers[j].singularValues.length, rectified(last));
  return last;
}

/** Euclidean norm of every row. */
export const rowNorms = (A: Matrix): Float64Array =>
  Float64Array.from({ length: A.rows }, (_, i) => norm(A.data.subarray(i * A.cols, (i + 1) * A.cols)));

/** Index of the largest entry of every row, and how far it is above the next. */
export function decisions(outputs: Matrix): { readonly classes: Int32Array; readonly margins: Float64Array } {
  const classes = new Int32Array(outputs.rows);
  const margins = new Float64Array(outputs.rows);
  for (let i = 0; i < outputs.rows; i++) {
    let [first, second, at] = [-Infinity, -Infinity, 0];
    for (let j = 0; j < outputs.cols; j++) {
      const value = outputs.data[i * outputs.cols + j];
      if (value > first) [second, first, at] = [first, value, j];
      else if (value > second) second = value;
    }
    classes[i] = at;
    margins[i] = first - second;
  }
  return { classes, margins };
}
