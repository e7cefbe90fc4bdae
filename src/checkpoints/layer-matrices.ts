import { type Matrix, OptionError, describe, requireOneOf } from "../core/index.js";
import type { Tensor } from "../formats/index.js";
import type { ConvolutionKernel } from "./convolution-geometry.js";
import { isDepthwiseName } from "./layer-geometry.js";

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

/** A matrix to analyse, described without its entries. */
export interface LayerPart {
  /** Part of a packed tensor, such as "query"; null for a whole tensor. */
  readonly part: string | null;
  /** What the layer is. */
  readonly kind: LayerKind;
  /** Outputs. */
  readonly rows: number;
  /** Inputs; of convolution kernels inChannels · taps. */
  readonly cols: number;
  /** Where its entries are in the stored tensor, seen as a matrix of `viewCols` columns. */
  readonly block: { readonly row: number; readonly col: number; readonly height: number; readonly width: number };
  /** Whether the stored block is inputs x outputs. */
  readonly transposed: boolean;
  /** Channels and extents of a convolution kernel. */
  readonly convolution: Omit<ConvolutionKernel, "data"> | null;
}

/** A tensor as the matrices that act in the network. */
export interface LayerOutline {
  /** Columns of the stored tensor as a matrix. */
  readonly viewCols: number;
  /** The matrices. */
  readonly parts: readonly LayerPart[];
}

/** A matrix to analyse with its entries. */
export interface LayerMatrix {
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

const WEIGHT_TYPES = new Set(["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8"]);

/** Whether elements of this type may be weights. */
export const isWeightType = (dtype: string): boolean => WEIGHT_TYPES.has(dtype);

/** Why a tensor is not analysed, or null when it is. */
export function skipReason({ dtype, shape }: TensorOutline): string | null {
  if (!isWeightType(dtype)) return `elements of type ${dtype} are not weights`;
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

/** Says which matrices a tensor holds. */
export function outlineLayer(tensor: Pick<Tensor, "name" | "shape">, layout: WeightLayout): LayerOutline {
  return tensor.shape.length === 2 ? outlineDense(tensor.name, tensor.shape, layout) : outlineKernel(tensor, layout);
}

function outlineDense(name: string, [height, width]: readonly number[], layout: WeightLayout): LayerOutline {
  const whole = { row: 0, col: 0, height, width };
  if (/embed|(^|[._/])(wte|wpe)([._/]|$)|lookup/i.test(name)) {
    const part = { part: null, kind: "embedding", rows: height, cols: width } as const;
    return { viewCols: width, parts: [{ ...part, block: whole, transposed: false, convolution: null }] };
  }
  const packedName = /in_proj|qkv|c_attn|query_key_value/i.test(name);
  // GPT-2 keeps its packed projection as inputs x outputs in a file whose other layers may not tell: three times as wide
  // as high can only be that.
  const transposed = layout === "in-out" || (packedName && width === 3 * height);
  const [rows, cols] = transposed ? [width, height] : [height, width];
  if (!(packedName && rows % 3 === 0 && rows >= cols)) {
    const kind = /attn|attention|[qkvo]_proj/i.test(name) ? "attention" : "dense";
    return { viewCols: width, parts: [{ part: null, kind, rows, cols, block: whole, transposed, convolution: null }] };
  }
  const third = rows / 3;
  const parts = ["query", "key", "value"].map((part, index): LayerPart => ({
    part,
    kind: "attention",
    rows: third,
    cols,
    block: transposed
      ? { row: 0, col: index * third, height, width: third }
      : { row: index * third, col: 0, height: third, width },
    transposed,
    convolution: null,
  }));
  return { viewCols: width, parts };
}

function outlineKernel({ name, shape }: Pick<Tensor, "name" | "shape">, layout: WeightLayout): LayerOutline {
  const dimensions = shape.length - 2;
  if (dimensions < 1 || dimensions > 3) {
    throw new OptionError({
      function: "outlineLayer",
      argument: "shape",
      expected: "of 3 to 5 dimensions",
      got: describe(shape),
    });
  }
  const transposed = layout === "in-out";
  const kernelSize = transposed ? shape.slice(0, dimensions) : shape.slice(2);
  const taps = kernelSize.reduce((size, extent) => size * extent, 1);
  let [outChannels, inChannels] = transposed ? [shape[dimensions + 1], shape[dimensions]] : [shape[0], shape[1]];
  // Keras stores a depthwise kernel as taps x channels x multiplier: each output sees one channel.
  if (transposed && isDepthwiseName(name)) [outChannels, inChannels] = [outChannels * inChannels, 1];
  const [rows, cols] = [outChannels, inChannels * taps];
  const [height, width] = transposed ? [cols, rows] : [rows, cols];
  return {
    viewCols: width,
    parts: [
      {
        part: null,
        kind: "convolution",
        rows,
        cols,
        block: { row: 0, col: 0, height, width },
        transposed,
        convolution: { outChannels, inChannels, kernelSize },
      },
    ],
  };
}

/** Takes the entries of one part out of a tensor's float64 data. */
export function layerMatrix(part: LayerPart, data: Float64Array, viewCols: number): LayerMatrix {
  const { rows, cols, block, transposed, convolution } = part;
  if (convolution !== null) {
    const kernel = { ...convolution, data: transposed ? kernelData(convolution, data) : data };
    return { matrix: { rows, cols, data: kernel.data }, kernel };
  }
  const { row, col, height, width } = block;
  if (!transposed && width === viewCols)
    return { matrix: { rows, cols, data: data.subarray(row * width, (row + height) * width) }, kernel: null };
  const out = new Float64Array(rows * cols);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = data[(row + i) * viewCols + col + j];
      if (transposed) out[j * height + i] = value;
      else out[i * width + j] = value;
    }
  }
  return { matrix: { rows, cols, data: out }, kernel: null };
}

/** Splits a tensor into the matrices that act in the network. The data are float64, row-major. */
export function layerMatrices(
  tensor: Pick<Tensor, "name" | "shape">,
  data: Float64Array,
  layout: WeightLayout,
): readonly (LayerPart & LayerMatrix)[] {
  const { viewCols, parts } = outlineLayer(tensor, layout);
  return parts.map((part) => ({ ...part, ...layerMatrix(part, data, viewCols) }));
}

/** Entries [tap][in][out], as Keras and Flax store them, in the order [out][in][tap]. */
function kernelData(
  { outChannels, inChannels, kernelSize }: Omit<ConvolutionKernel, "data">,
  data: Float64Array,
): Float64Array {
  const taps = kernelSize.reduce((size, extent) => size * extent, 1);
  const out = new Float64Array(data.length);
  for (let t = 0; t < taps; t++) {
    for (let i = 0; i < inChannels; i++) {
      for (let o = 0; o < outChannels; o++)
        out[(o * inChannels + i) * taps + t] = data[(t * inChannels + i) * outChannels + o];
    }
  }
  return out;
}
