import {
  type LongRunning,
  ShapeError,
  describe,
  requireFinite,
  requireInteger,
  requireOneOf,
  requireOptions,
  cos,
  sin,
} from "../core/index.js";
import { svds } from "../krylov/index.js";
import { matmul, svd } from "../linalg/index.js";
import type { LinearOperator } from "../operators/index.js";
import type { Rng } from "../random/index.js";

/** A convolution kernel, entries in the order [out][in][tap], taps row-major over the kernel's extents. */
export interface ConvolutionKernel {
  /** Output channels. */
  readonly outChannels: number;
  /** Input channels. */
  readonly inChannels: number;
  /** Extents of the kernel, one to three of them. */
  readonly kernelSize: readonly number[];
  /** outChannels · inChannels · Π kernelSize numbers. */
  readonly data: Float64Array;
}

/** Geometry of a convolution. */
export interface ConvolutionGeometry {
  /** Extents of the input, one per dimension of the kernel, or one number for all. */
  readonly inputSize: number | readonly number[];
  /** "zero": output as large as the input (at stride 1); "circular": periodic; "valid": no padding. Default "zero". */
  readonly padding?: "zero" | "circular" | "valid";
  /** Step between output positions; default 1. */
  readonly stride?: number;
}

/** Largest singular value of a convolution as a linear map, with its certificate. */
export interface ConvolutionNorm {
  /** Estimate from below: the largest singular Ritz value, or the exact one for circular padding at stride 1. */
  readonly norm: number;
  /** A singular value lies within this distance of norm. */
  readonly residual: number;
  /** √(taps) · ‖reshaped kernel‖₂: no input size, padding or stride exceeds it. */
  readonly upperBound: number;
  /** How it was computed. */
  readonly method: "symbol" | "Golub-Kahan";
  /** "converged", or why not. */
  readonly status: string;
  /** Products with the operator and its transpose. */
  readonly matvecs: number;
  /** Input extents, as used. */
  readonly inputSize: readonly number[];
  /** Padding, as used. */
  readonly padding: "zero" | "circular" | "valid";
  /** Stride, as used. */
  readonly stride: number;
}

interface Geometry {
  readonly inputSize: readonly number[];
  readonly padding: "zero" | "circular" | "valid";
  readonly stride: number;
}

const PADDINGS = ["zero", "circular", "valid"] as const;

function requireKernel(kernel: ConvolutionKernel, caller: string): void {
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

function requireGeometry(kernel: ConvolutionKernel, geometry: ConvolutionGeometry, caller: string): Geometry {
  const dimensions = kernel.kernelSize.length;
  const given = geometry.inputSize;
  const inputSize = typeof given === "number" ? new Array<number>(dimensions).fill(given) : given;
  const padding = requireOneOf(geometry.padding ?? "zero", PADDINGS, "padding", caller);
  if (!Array.isArray(inputSize) || inputSize.length !== dimensions) {
    throw new ShapeError({
      function: caller,
      argument: "inputSize",
      expected: `a number or ${dimensions} of them`,
      got: describe(given),
    });
  }
  inputSize.forEach((extent: unknown, axis) =>
    requireInteger(extent, "inputSize", caller, padding === "valid" ? kernel.kernelSize[axis] : 1),
  );
  return { inputSize, padding, stride: requireInteger(geometry.stride ?? 1, "stride", caller, 1) };
}

const product = (extents: readonly number[]): number => extents.reduce((size, extent) => size * extent, 1);

/** Splits a flat index into coordinates, last fastest. */
function coordinates(index: number, extents: readonly number[]): number[] {
  const out = new Array<number>(extents.length);
  let rest = index;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    out[axis] = rest % extents[axis];
    rest = Math.floor(rest / extents[axis]);
  }
  return out;
}

/** sources[p · taps + t]: the input position that tap t reads at output position p, or −1 in the padding. */
function connections(
  kernel: ConvolutionKernel,
  geometry: Geometry,
): { readonly sources: Int32Array; readonly outputs: number } {
  const { inputSize, padding, stride } = geometry;
  const { kernelSize } = kernel;
  const before = kernelSize.map((extent) => (padding === "valid" ? 0 : Math.floor((extent - 1) / 2)));
  const outputSize = inputSize.map((extent, axis) =>
    Math.ceil((padding === "valid" ? extent - kernelSize[axis] + 1 : extent) / stride),
  );
  const outputs = product(outputSize);
  const taps = product(kernelSize);
  const sources = new Int32Array(outputs * taps);
  for (let position = 0; position < outputs; position++) {
    const at = coordinates(position, outputSize);
    for (let tap = 0; tap < taps; tap++) {
      const offset = coordinates(tap, kernelSize);
      let flat = 0;
      let inside = true;
      for (let axis = 0; axis < at.length; axis++) {
        let x = at[axis] * stride + offset[axis] - before[axis];
        if (padding === "circular") x = ((x % inputSize[axis]) + inputSize[axis]) % inputSize[axis];
        if (x < 0 || x >= inputSize[axis]) inside = false;
        flat = flat * inputSize[axis] + x;
      }
      sources[position * taps + tap] = inside ? flat : -1;
    }
  }
  return { sources, outputs };
}

/**
 * Makes the linear map of a convolution layer: the cross-correlation that deep-learning frameworks call convolution.
 *
 * Relation: (A x)[p, o] = Σ_{t, i} K[o, i, t] x[p · stride + t − before, i], vectors ordered [position][channel]; before is
 * ⌊(extent − 1)/2⌋ for "zero" and "circular", 0 for "valid".
 *
 * @throws {ShapeError} when kernel or input size do not fit
 *
 * Cost per product: outputs · taps · outChannels · inChannels multiply-adds.
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
  requireOptions(geometry, ["inputSize", "padding", "stride"], caller);
  requireKernel(kernel, caller);
  return assemble(kernel, requireGeometry(kernel, geometry, caller));
}

/** One product is a matrix product: patches (outputs x taps · I) times the kernel, so that it runs at the speed of those. */
function assemble(kernel: ConvolutionKernel, geometry: Geometry): LinearOperator {
  const { outChannels: O, inChannels: I, data } = kernel;
  const { sources, outputs } = connections(kernel, geometry);
  const taps = sources.length / outputs;
  const width = taps * I;
  const weights = { rows: O, cols: width, data: new Float64Array(data.length) }; // columns ordered [tap][in], as the patches
  for (let o = 0; o < O; o++)
    for (let i = 0; i < I; i++)
      for (let t = 0; t < taps; t++) weights.data[o * width + t * I + i] = data[(o * I + i) * taps + t];
  const patches = { rows: outputs, cols: width, data: new Float64Array(outputs * width) };
  return {
    rows: outputs * O,
    cols: product(geometry.inputSize) * I,
    apply(x, out) {
      // Padding entries are never written and stay zero.
      for (let k = 0; k < sources.length; k++) {
        const from = sources[k] * I;
        if (from >= 0) for (let i = 0; i < I; i++) patches.data[k * I + i] = x[from + i];
      }
      out.set(matmul(patches, weights, { transposeB: true }).data);
    },
    applyTranspose(x, out) {
      const spread = matmul({ rows: outputs, cols: O, data: x }, weights).data;
      out.fill(0);
      for (let k = 0; k < sources.length; k++) {
        const to = sources[k] * I;
        if (to >= 0) for (let i = 0; i < I; i++) out[to + i] += spread[k * I + i];
      }
    },
  };
}

/**
 * Computes all singular values of a convolution with circular padding and stride 1.
 *
 * Relation: the union over the frequencies ω of the singular values of the symbol K̂(ω) = Σ_t K[:, :, t] e^{iω·t}.
 *
 * @param inputSize extents of the input
 * @returns Π inputSize · min(outChannels, inChannels) values, descending
 * @throws {ShapeError} when kernel or input size do not fit
 *
 * Accuracy: a few ε of the largest. Cost: one SVD of twice the channel sizes per frequency (half of them by symmetry).
 * @see [sedghi2019]
 *
 * @example
 * ```ts
 * import { circularConvolutionSpectrum } from "eigenscope/checkpoints";
 * const kernel = { outChannels: 1, inChannels: 1, kernelSize: [3], data: Float64Array.of(1, 0, 1) };
 * console.log(circularConvolutionSpectrum(kernel, 4)[0]); // 2
 * ```
 */
export function circularConvolutionSpectrum(
  kernel: ConvolutionKernel,
  inputSize: number | readonly number[],
): Float64Array {
  const caller = "circularConvolutionSpectrum";
  requireKernel(kernel, caller);
  const { inputSize: extents } = requireGeometry(kernel, { inputSize, padding: "circular" }, caller);
  const all: number[] = [];
  forEachSymbol(kernel, extents, (values, copies) => {
    for (let c = 0; c < copies; c++) all.push(...values);
  });
  return Float64Array.from(all).sort().reverse();
}

/** Visits the singular values of the symbol at each frequency; ω and −ω share them. */
function forEachSymbol(
  kernel: ConvolutionKernel,
  extents: readonly number[],
  visit: (values: Float64Array, copies: 1 | 2) => void,
): void {
  const { outChannels: O, inChannels: I, kernelSize, data } = kernel;
  const taps = product(kernelSize);
  const offsets = Array.from({ length: taps }, (_, t) => coordinates(t, kernelSize));
  const frequencies = product(extents);
  for (let f = 0; f < frequencies; f++) {
    const omega = coordinates(f, extents);
    const mirrored = omega.reduce((flat, k, axis) => flat * extents[axis] + ((extents[axis] - k) % extents[axis]), 0);
    if (mirrored < f) continue;
    const cosines = new Float64Array(taps);
    const sines = new Float64Array(taps);
    offsets.forEach((offset, t) => {
      const angle = offset.reduce(
        (sum, x, axis) => sum + (2 * Math.PI * ((omega[axis] * x) % extents[axis])) / extents[axis],
        0,
      );
      cosines[t] = cos(angle);
      sines[t] = sin(angle);
    });
    // [[A, −B], [B, A]] has the singular values of A + iB, each twice.
    const cols = 2 * I;
    const block = new Float64Array(4 * O * I);
    for (let o = 0; o < O; o++) {
      for (let i = 0; i < I; i++) {
        let re = 0;
        let im = 0;
        for (let t = 0; t < taps; t++) {
          const value = data[(o * I + i) * taps + t];
          re += value * cosines[t];
          im += value * sines[t];
        }
        block[o * cols + i] = re;
        block[(O + o) * cols + I + i] = re;
        block[(O + o) * cols + i] = im;
        block[o * cols + I + i] = -im;
      }
    }
    const doubled = svd({ rows: 2 * O, cols, data: block }, { vectors: "none" }).singularValues;
    visit(
      doubled.filter((_, k) => k % 2 === 0),
      mirrored === f ? 1 : 2,
    );
  }
}

/** Options of convolutionNorm. */
export interface ConvolutionNormOptions extends ConvolutionGeometry, LongRunning {
  /** Random start of the iteration. */
  readonly rng: Rng;
  /** Residual relative to the norm; default 1e-8. */
  readonly tolerance?: number;
}

/**
 * Computes the spectral norm of a convolution as a linear map, for its padding and stride.
 *
 * Relation: the largest singular value of convolutionOperator(kernel, geometry); for circular padding at stride 1 the
 * largest singular value of the symbol, exactly. The norm of the reshaped kernel is a different number: they differ by up
 * to √taps in either direction of use.
 *
 * @throws {ShapeError} when kernel or input size do not fit
 *
 * Stopping: residual √((‖A v − σ u‖² + ‖Aᵀu − σ v‖²)/2) <= tolerance · norm.
 * Cost: one product with operator and transpose per iteration, some tens of them.
 * @see [sedghi2019]
 */
export function convolutionNorm(kernel: ConvolutionKernel, options: ConvolutionNormOptions): ConvolutionNorm {
  const caller = "convolutionNorm";
  requireOptions(options, ["inputSize", "padding", "stride", "rng", "tolerance", "signal", "onProgress"], caller);
  requireKernel(kernel, caller);
  const geometry = requireGeometry(kernel, options, caller);
  const taps = product(kernel.kernelSize);
  const reshaped = svd(
    { rows: kernel.outChannels, cols: kernel.inChannels * taps, data: kernel.data },
    { vectors: "none" },
  ).singularValues[0];
  const upperBound = Math.sqrt(taps) * reshaped;
  if (reshaped === 0)
    return { norm: 0, residual: 0, upperBound: 0, method: "symbol", status: "converged", matvecs: 0, ...geometry };
  const channels = Math.min(kernel.outChannels, kernel.inChannels);
  if (geometry.padding === "circular" && geometry.stride === 1 && channels <= 64) {
    let norm = 0;
    forEachSymbol(kernel, geometry.inputSize, (values) => (norm = Math.max(norm, values[0])));
    return { norm, residual: 0, upperBound, method: "symbol", status: "converged", matvecs: 0, ...geometry };
  }
  const { singularValues, residualNorms, status, matvecs } = svds(assemble(kernel, geometry), {
    count: 1,
    rng: options.rng,
    tolerance: options.tolerance ?? 1e-8,
    maximumMatvecs: 4000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  return {
    norm: singularValues[0],
    residual: residualNorms[0],
    upperBound,
    method: "Golub-Kahan",
    status,
    matvecs,
    ...geometry,
  };
}
