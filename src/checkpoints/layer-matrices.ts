import { type Matrix, OptionError, describe, requireOneOf } from "../core/index.js";
import type { Tensor } from "../formats/index.js";
import type { ConvolutionKernel } from "./convolution-geometry.js";

/** Order of the axes of a weight: "out-in" as PyTorch (kernel axes last), "in-out" as Keras and Flax (kernel axes first). */
export type WeightLayout = "out-in" | "in-out";

/** What a layer is. */
export type LayerKind = "dense" | "convolution" | "embedding" | "attention";

/** A layout with where it comes from. */
export interface LayoutChoice {
  /** The layout. */
  readonly layout: WeightLayout;
  /** "given" by the caller, or "guessed". */
  readonly from: "given" | "guessed";
  /** Why, in words. */
  readonly reason: string;
}

/** A matrix to analyse. */
export interface LayerMatrix {
  /** Part of a packed tensor, such as "query"; null for a whole tensor. */
  readonly part: string | null;
  /** What the layer is. */
  readonly kind: LayerKind;
  /** Outputs x inputs; convolution kernels reshaped to outChannels x (inChannels · taps). */
  readonly matrix: Matrix;
  /** The kernel of a convolution. */
  readonly kernel: ConvolutionKernel | null;
}

/** Shape and name are all that is needed to say what a tensor is. */
export interface TensorOutline {
  /** Name. */
  readonly name: string;
  /** Element type as the file names it. */
  readonly dtype: string;
  /** Extents. */
  readonly shape: readonly number[];
}

const FLOATS = new Set(["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8"]);

/** Why a tensor is not analysed, or null when it is. */
export function skipReason({ dtype, shape }: TensorOutline): string | null {
  if (!FLOATS.has(dtype)) return `elements of type ${dtype} are not weights`;
  if (shape.includes(0)) return "no elements";
  const extents = shape.filter((extent) => extent > 1);
  if (shape.length < 2 || extents.length < 2)
    return shape.length === 0 ? "a scalar" : "a vector (bias, normalisation or slope)";
  if (shape.length > 5) return `${shape.length} dimensions`;
  return null;
}

/** Checks the option. */
export function requireLayout(layout: unknown, caller: string): "auto" | WeightLayout {
  return requireOneOf(layout ?? "auto", ["auto", "out-in", "in-out"] as const, "layout", caller);
}

/**
 * Guesses the layout of a checkpoint from names and kernel shapes: one layout per file, by majority, because a file comes
 * from one framework.
 */
export function guessLayout(tensors: readonly TensorOutline[]): LayoutChoice {
  let first = 0; // votes for kernel axes first
  let last = 0;
  for (const { name, shape } of tensors) {
    if (/(^|[./])kernel(:0)?$/.test(name)) first += 2;
    if (/\.weight$/.test(name)) last += 2;
    if (shape.length < 3) continue;
    const count = shape.length - 2;
    const leading = shape.slice(0, count);
    const trailing = shape.slice(2);
    const small = (extents: readonly number[]): boolean => Math.max(...extents) <= 11;
    const equal = (extents: readonly number[]): boolean => extents.every((extent) => extent === extents[0]);
    const asFirst = small(leading) && equal(leading);
    const asLast = small(trailing) && equal(trailing);
    if (asFirst && !asLast) first++;
    if (asLast && !asFirst) last++;
  }
  const layout = first > last ? "in-out" : "out-in";
  const reason =
    first === last
      ? "names and shapes do not tell; the PyTorch order is assumed"
      : `names and kernel shapes vote ${Math.max(first, last)} to ${Math.min(first, last)}`;
  return { layout, from: "guessed", reason };
}

/** Splits a weight into the matrices that act in the network. The data are float64, row-major. */
export function layerMatrices(
  tensor: Pick<Tensor, "name" | "shape">,
  data: Float64Array,
  layout: WeightLayout,
): readonly LayerMatrix[] {
  const { name, shape } = tensor;
  if (shape.length === 2) return dense(name, shape[0], shape[1], data, layout);
  const kernel = convolutionKernel(shape, data, layout);
  const taps = kernel.kernelSize.reduce((size, extent) => size * extent, 1);
  return [
    {
      part: null,
      kind: "convolution",
      matrix: { rows: kernel.outChannels, cols: kernel.inChannels * taps, data: kernel.data },
      kernel,
    },
  ];
}

function dense(
  name: string,
  rows: number,
  cols: number,
  data: Float64Array,
  layout: WeightLayout,
): readonly LayerMatrix[] {
  const packedName = /in_proj|qkv|c_attn|query_key_value/i.test(name);
  // GPT-2 keeps its packed projection as inputs x outputs in a file whose other layers may not tell: three times as wide
  // as high can only be that.
  const asStored = layout === "out-in" && !(packedName && cols === 3 * rows);
  const matrix = asStored ? { rows, cols, data } : transposed(rows, cols, data);
  if (/embed|(^|[._/])(wte|wpe)([._/]|$)|lookup/i.test(name))
    return [{ part: null, kind: "embedding", matrix: { rows, cols, data }, kernel: null }];
  const packed = packedName && matrix.rows % 3 === 0 && matrix.rows >= matrix.cols;
  if (!packed)
    return [
      { part: null, kind: /attn|attention|[qkvo]_proj/i.test(name) ? "attention" : "dense", matrix, kernel: null },
    ];
  const height = matrix.rows / 3;
  return ["query", "key", "value"].map((part, index) => ({
    part,
    kind: "attention" as const,
    matrix: {
      rows: height,
      cols: matrix.cols,
      data: matrix.data.slice(index * height * matrix.cols, (index + 1) * height * matrix.cols),
    },
    kernel: null,
  }));
}

function transposed(rows: number, cols: number, data: Float64Array): Matrix {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j];
  return { rows: cols, cols: rows, data: out };
}

function convolutionKernel(shape: readonly number[], data: Float64Array, layout: WeightLayout): ConvolutionKernel {
  const dimensions = shape.length - 2;
  if (dimensions < 1 || dimensions > 3) {
    throw new OptionError({
      function: "layerMatrices",
      argument: "shape",
      expected: "of 3 to 5 dimensions",
      got: describe(shape),
    });
  }
  if (layout === "out-in") return { outChannels: shape[0], inChannels: shape[1], kernelSize: shape.slice(2), data };
  const kernelSize = shape.slice(0, dimensions);
  const [inChannels, outChannels] = shape.slice(dimensions);
  const taps = kernelSize.reduce((size, extent) => size * extent, 1);
  const out = new Float64Array(data.length);
  for (let t = 0; t < taps; t++) {
    for (let i = 0; i < inChannels; i++) {
      for (let o = 0; o < outChannels; o++)
        out[(o * inChannels + i) * taps + t] = data[(t * inChannels + i) * outChannels + o];
    }
  }
  return { outChannels, inChannels, kernelSize, data: out };
}
