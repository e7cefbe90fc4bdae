import {
  ArgumentError,
  ShapeError,
  describe,
  requireFinite,
  requireInteger,
  requireOneOf,
  requireOptions,
} from "../core/index.js";

/**
 * A convolution kernel, entries in the order [out][in][tap], taps row-major over the kernel's extents.
 *
 * Of a transposed convolution: the kernel of the convolution whose transpose it is, so `outChannels` are the layer's inputs.
 */
export interface ConvolutionKernel {
  /** Output channels, of all groups together. */
  readonly outChannels: number;
  /** Input channels of one group: all of them when there is one group. */
  readonly inChannels: number;
  /** Extents of the kernel, one to three of them. */
  readonly kernelSize: readonly number[];
  /** outChannels · inChannels · Π kernelSize numbers. */
  readonly data: Float64Array;
}

/** How the borders are treated. */
export type ConvolutionPadding = "zero" | "circular" | "valid";

/** Geometry of a convolution layer; a single number stands for every dimension. */
export interface ConvolutionGeometry {
  /** Extents of the layer's input. */
  readonly inputSize: number | readonly number[];
  /**
   * "zero" (default): output of ⌈input / stride⌉; "circular": periodic; "valid": none; numbers: so many zeros on both sides
   * of each dimension, as PyTorch counts them.
   */
  readonly padding?: ConvolutionPadding | number | readonly number[];
  /** Step between output positions; default 1. */
  readonly stride?: number | readonly number[];
  /** Distance of the kernel's taps; default 1. */
  readonly dilation?: number | readonly number[];
  /** Groups of channels that do not see each other; default 1, the number of channels for a depthwise layer. */
  readonly groups?: number;
  /** Whether the layer is a transposed convolution: the adjoint of the convolution with this kernel and geometry. */
  readonly transposed?: boolean;
  /** Rows added to the output of a transposed convolution with "valid" or numeric padding, below the stride; default 0. */
  readonly outputPadding?: number | readonly number[];
}

/** A geometry with everything filled in, as results echo it. */
export interface ResolvedGeometry {
  /** Extents of the layer's input. */
  readonly inputSize: readonly number[];
  /** Extents of the layer's output. */
  readonly outputSize: readonly number[];
  /** Padding, as given or by default. */
  readonly padding: ConvolutionPadding | readonly number[];
  /** Step per dimension. */
  readonly stride: readonly number[];
  /** Dilation per dimension. */
  readonly dilation: readonly number[];
  /** Groups of channels. */
  readonly groups: number;
  /** Whether it is a transposed convolution. */
  readonly transposed: boolean;
}

/** The convolution itself, or the one whose transpose the layer is: from the `wide` grid to the `narrow` one. */
export interface Stencil {
  /** Extents on the side that the taps read. */
  readonly wide: readonly number[];
  /** Extents on the side with one position per window. */
  readonly narrow: readonly number[];
  /** Offset of the first tap, subtracted. */
  readonly before: readonly number[];
  /** What results echo. */
  readonly geometry: ResolvedGeometry;
}

export const GEOMETRY_OPTIONS = [
  "inputSize",
  "padding",
  "stride",
  "dilation",
  "groups",
  "transposed",
  "outputPadding",
] as const;

const PADDINGS = ["zero", "circular", "valid"] as const;

/** Product of a list of extents. */
export const product = (extents: readonly number[]): number => extents.reduce((size, extent) => size * extent, 1);

/** Splits a flat index into coordinates, last fastest. */
export function coordinates(index: number, extents: readonly number[]): number[] {
  const out = new Array<number>(extents.length);
  let rest = index;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    out[axis] = rest % extents[axis];
    rest = Math.floor(rest / extents[axis]);
  }
  return out;
}

/** Checks a kernel. */
export function requireKernel(kernel: ConvolutionKernel, caller: string): void {
  requireInteger(kernel?.outChannels, "outChannels", caller, 1);
  requireInteger(kernel.inChannels, "inChannels", caller, 1);
  const { kernelSize, data } = kernel;
  if (!Array.isArray(kernelSize) || kernelSize.length < 1 || kernelSize.length > 3) {
    throw new ShapeError({
      function: caller,
      argument: "kernelSize",
      expected: "a list of one to three extents",
      got: describe(kernelSize),
    });
  }
  for (const extent of kernelSize) requireInteger(extent, "kernelSize", caller, 1);
  const size = kernel.outChannels * kernel.inChannels * product(kernelSize);
  if (!(data instanceof Float64Array) || data.length !== size) {
    throw new ShapeError({
      function: caller,
      argument: "data",
      expected: `a Float64Array of ${size} numbers`,
      got: describe(data),
    });
  }
  requireFinite(data, "data", caller);
}

/** One integer per dimension. */
function perAxis(value: unknown, dimensions: number, name: string, caller: string, minimum: number): number[] {
  const list = typeof value === "number" ? new Array<number>(dimensions).fill(value) : value;
  if (!Array.isArray(list) || list.length !== dimensions) {
    throw new ShapeError({
      function: caller,
      argument: name,
      expected: `a number or ${dimensions} of them`,
      got: describe(value),
    });
  }
  return list.map((extent: unknown) => requireInteger(extent, name, caller, minimum));
}

/** Checks a geometry against a kernel and works out the grids on both sides. */
export function requireGeometry(
  kernel: Omit<ConvolutionKernel, "data">,
  given: ConvolutionGeometry,
  caller: string,
): Stencil {
  const { kernelSize } = kernel;
  const dimensions = kernelSize.length;
  const inputSize = perAxis(given.inputSize, dimensions, "inputSize", caller, 1);
  const stride = perAxis(given.stride ?? 1, dimensions, "stride", caller, 1);
  const dilation = perAxis(given.dilation ?? 1, dimensions, "dilation", caller, 1);
  const groups = requireInteger(given.groups ?? 1, "groups", caller, 1);
  const transposed = given.transposed ?? false;
  if (typeof transposed !== "boolean") {
    throw new ArgumentError({
      function: caller,
      argument: "transposed",
      expected: "true or false",
      got: describe(transposed),
    });
  }
  if (kernel.outChannels % groups !== 0) {
    throw new ArgumentError({
      function: caller,
      argument: "groups",
      expected: `a divisor of the ${kernel.outChannels} output channels of the kernel`,
      got: String(groups),
    });
  }
  const padding =
    given.padding === undefined || typeof given.padding === "string"
      ? requireOneOf(given.padding ?? "zero", PADDINGS, "padding", caller)
      : perAxis(given.padding, dimensions, "padding", caller, 0);
  const extra = perAxis(given.outputPadding ?? 0, dimensions, "outputPadding", caller, 0);
  const reach = kernelSize.map((extent, axis) => dilation[axis] * (extent - 1) + 1);
  const whole = padding === "zero" || padding === "circular"; // the grid keeps its size, up to the stride
  extra.forEach((value, axis) => {
    if (value > 0 && (!transposed || whole || value >= stride[axis])) {
      throw new ArgumentError({
        function: caller,
        argument: "outputPadding",
        expected: 'below the stride, and for transposed convolutions with "valid" or numeric padding',
        got: String(value),
      });
    }
  });
  const side = (axis: number): number => (typeof padding === "string" ? 0 : padding[axis]);
  const before = reach.map((extent, axis) => (whole ? Math.floor((extent - 1) / 2) : side(axis)));
  let wide: readonly number[] = inputSize;
  if (transposed) {
    wide = inputSize.map((extent, axis) =>
      whole ? extent * stride[axis] : (extent - 1) * stride[axis] + reach[axis] + extra[axis] - 2 * side(axis),
    );
    wide.forEach((extent) => requireInteger(extent, "inputSize (extent of the output)", caller, 1));
  }
  wide.forEach((extent, axis) => {
    if (!whole) requireInteger(extent, "inputSize", caller, Math.max(1, reach[axis] - 2 * side(axis)));
  });
  const narrow = wide.map((extent, axis) =>
    whole ? Math.ceil(extent / stride[axis]) : Math.floor((extent + 2 * side(axis) - reach[axis]) / stride[axis]) + 1,
  );
  const outputSize = transposed ? wide : narrow;
  return {
    wide,
    narrow,
    before,
    geometry: { inputSize, outputSize, padding, stride, dilation, groups, transposed },
  };
}

/** Checks the keys and values of a geometry given as options. */
export function requireGeometryOptions(options: object, more: readonly string[], caller: string): void {
  requireOptions(options, [...GEOMETRY_OPTIONS, ...more], caller);
}
