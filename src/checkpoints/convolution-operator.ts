import type { Matrix } from "../core/index.js";
import { matmul } from "../linalg/index.js";
import type { LinearOperator } from "../operators/index.js";
import {
  type ConvolutionGeometry,
  type ConvolutionKernel,
  type Stencil,
  coordinates,
  product,
  requireGeometry,
  requireGeometryOptions,
  requireKernel,
} from "./convolution-geometry.js";

/**
 * Makes the linear map of a convolution layer: the cross-correlation that deep-learning frameworks call convolution.
 *
 * Relation: (A x)[p, o] = Σ_{t, i} K[o, i, t] x[p · stride + t · dilation − before, i], the sum over the input channels of the
 * group of o; vectors are ordered [position][channel]; before is ⌊(extent − 1)/2⌋ of the dilated kernel for "zero" and
 * "circular", 0 for "valid", the given number else. A transposed convolution is the adjoint of that map.
 *
 * @throws {ShapeError} when kernel or input size do not fit
 * @throws {ArgumentError} for groups that do not divide the channels, or an impossible output padding
 *
 * Cost per product: positions · taps · outChannels · inChannels multiply-adds.
 * @see [sedghi2019]
 *
 * @example
 * ```ts
 * import { convolutionOperator } from "eigenscope/checkpoints";
 * const kernel = { outChannels: 1, inChannels: 1, kernelSize: [3], data: Float64Array.of(1, 0, 1) };
 * const A = convolutionOperator(kernel, { inputSize: 4 });
 * const out = new Float64Array(4);
 * A.apply(Float64Array.of(1, 2, 3, 4), out);
 * console.log(out.join(" ")); // 2 4 6 3
 * ```
 */
export function convolutionOperator(kernel: ConvolutionKernel, geometry: ConvolutionGeometry): LinearOperator {
  const caller = "convolutionOperator";
  requireGeometryOptions(geometry, [], caller);
  requireKernel(kernel, caller);
  return operatorOf(kernel, requireGeometry(kernel, geometry, caller));
}

/** sources[p · taps + t]: the position that tap t reads at output position p, or −1 in the padding. */
function connections(kernel: ConvolutionKernel, stencil: Stencil): Int32Array {
  const { wide, narrow, before, geometry } = stencil;
  const { stride, dilation, padding } = geometry;
  const positions = product(narrow);
  const taps = product(kernel.kernelSize);
  const sources = new Int32Array(positions * taps);
  const offsets = Array.from({ length: taps }, (_, tap) => coordinates(tap, kernel.kernelSize));
  for (let position = 0; position < positions; position++) {
    const at = coordinates(position, narrow);
    for (let tap = 0; tap < taps; tap++) {
      let flat = 0;
      let inside = true;
      for (let axis = 0; axis < at.length; axis++) {
        let x = at[axis] * stride[axis] + offsets[tap][axis] * dilation[axis] - before[axis];
        if (padding === "circular") x = ((x % wide[axis]) + wide[axis]) % wide[axis];
        if (x < 0 || x >= wide[axis]) inside = false;
        flat = flat * wide[axis] + x;
      }
      sources[position * taps + tap] = inside ? flat : -1;
    }
  }
  return sources;
}

/** The weights of each group with columns ordered [tap][in], as the patches are. */
function groupWeights({ outChannels, inChannels: I, kernelSize, data }: ConvolutionKernel, groups: number): Matrix[] {
  const taps = product(kernelSize);
  const width = taps * I;
  const rows = outChannels / groups;
  return Array.from({ length: groups }, (_, g) => {
    const weights = new Float64Array(rows * width);
    for (let o = 0; o < rows; o++)
      for (let i = 0; i < I; i++)
        for (let t = 0; t < taps; t++) weights[o * width + t * I + i] = data[((g * rows + o) * I + i) * taps + t];
    return { rows, cols: width, data: weights };
  });
}

/** A product is a matrix product per group: patches (positions x taps · in) times the kernel. */
export function operatorOf(kernel: ConvolutionKernel, stencil: Stencil): LinearOperator {
  const { geometry, wide, narrow } = stencil;
  const { groups, transposed } = geometry;
  const sources = connections(kernel, stencil);
  const weights = groupWeights(kernel, groups);
  const positions = product(narrow);
  const I = kernel.inChannels;
  const outs = kernel.outChannels / groups;
  const width = weights[0].cols;
  const inStep = I * groups;
  const patches = { rows: positions, cols: width, data: new Float64Array(positions * width) };
  const forward = (x: Float64Array, out: Float64Array): void => {
    for (let g = 0; g < groups; g++) {
      // Padding entries are never written and stay zero.
      for (let k = 0; k < sources.length; k++) {
        if (sources[k] < 0) continue;
        const from = sources[k] * inStep + g * I;
        for (let i = 0; i < I; i++) patches.data[k * I + i] = x[from + i];
      }
      const part = matmul(patches, weights[g], { transposeB: true }).data;
      for (let p = 0; p < positions; p++)
        for (let o = 0; o < outs; o++) out[p * kernel.outChannels + g * outs + o] = part[p * outs + o];
    }
  };
  const slice = { rows: positions, cols: outs, data: new Float64Array(positions * outs) };
  const backward = (x: Float64Array, out: Float64Array): void => {
    out.fill(0);
    for (let g = 0; g < groups; g++) {
      for (let p = 0; p < positions; p++)
        for (let o = 0; o < outs; o++) slice.data[p * outs + o] = x[p * kernel.outChannels + g * outs + o];
      const spread = matmul(slice, weights[g]).data;
      for (let k = 0; k < sources.length; k++) {
        if (sources[k] < 0) continue;
        const to = sources[k] * inStep + g * I;
        for (let i = 0; i < I; i++) out[to + i] += spread[k * I + i];
      }
    }
  };
  const narrowLength = positions * kernel.outChannels;
  const wideLength = product(wide) * inStep;
  return transposed
    ? { rows: wideLength, cols: narrowLength, apply: backward, applyTranspose: forward }
    : { rows: narrowLength, cols: wideLength, apply: forward, applyTranspose: backward };
}

/** The kernel of one group as a layer of its own. */
export function groupKernel(kernel: ConvolutionKernel, groups: number, group: number): ConvolutionKernel {
  const outChannels = kernel.outChannels / groups;
  const size = kernel.data.length / groups;
  return { ...kernel, outChannels, data: kernel.data.subarray(group * size, (group + 1) * size) };
}

/** The reshaped kernel, outChannels x (inChannels · taps), of each group: the blocks of the map from patches to outputs. */
export function reshapedBlocks(kernel: ConvolutionKernel, groups: number): readonly Matrix[] {
  const cols = kernel.inChannels * product(kernel.kernelSize);
  return Array.from({ length: groups }, (_, g) => {
    const { outChannels, data } = groupKernel(kernel, groups, g);
    return { rows: outChannels, cols, data };
  });
}
