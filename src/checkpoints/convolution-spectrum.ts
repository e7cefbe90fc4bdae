import { type LongRunning, cos, requireInteger, requireNumber, sin } from "../core/index.js";
import { svds } from "../krylov/index.js";
import { svd } from "../linalg/index.js";
import { toDense } from "../operators/index.js";
import type { Rng } from "../random/index.js";
import {
  type ConvolutionGeometry,
  type ConvolutionKernel,
  type ResolvedGeometry,
  type Stencil,
  coordinates,
  product,
  requireGeometry,
  requireGeometryOptions,
  requireKernel,
} from "./convolution-geometry.js";
import { groupKernel, operatorOf, reshapedBlocks } from "./convolution-operator.js";

/** Singular values of a convolution as a linear map. */
export interface ConvolutionSpectrum extends ResolvedGeometry {
  /** Descending: all of them, or the leading ones. */
  readonly singularValues: Float64Array;
  /** min(rows, cols) of the linear map: how many there are. */
  readonly total: number;
  /** Whether all of them are given. */
  readonly complete: boolean;
  /** "symbol": one SVD per frequency (circular padding); "dense": SVD of the assembled matrix; "Golub-Kahan": iteration. */
  readonly method: "symbol" | "dense" | "Golub-Kahan";
  /** For each value: a singular value lies within this distance; zeros for the two direct methods. */
  readonly residualNorms: Float64Array;
  /** √taps · ‖reshaped kernel‖₂: no input size, padding, stride or dilation exceeds it. */
  readonly upperBound: number;
  /** "converged", or why not. */
  readonly status: string;
  /** Products with the operator and its transpose. */
  readonly matvecs: number;
}

/** Options of convolutionSpectrum. */
export interface ConvolutionSpectrumOptions extends ConvolutionGeometry, LongRunning {
  /** Random start, needed where the spectrum is not computed whole. */
  readonly rng: Rng;
  /** Number of leading values where the spectrum is not computed whole; default 8. */
  readonly count?: number;
  /** Largest min(rows, cols) of one group's map that is assembled and decomposed densely; default 768. */
  readonly denseLimit?: number;
  /** Largest number of values that are computed whole by the symbol; default 65,536. */
  readonly symbolLimit?: number;
  /** Residual of iterated values relative to the largest; default 1e-8. */
  readonly tolerance?: number;
}

/**
 * Computes singular values of a convolution layer as the linear map that it is, with its padding, stride, dilation and groups.
 *
 * Relation: those of convolutionOperator(kernel, geometry). All of them for circular padding whose strides divide the input
 * (the union over the frequencies of the SVDs of the symbol) and for maps up to denseLimit; else the leading `count`, by
 * Golub–Kahan iteration with residuals. A transposed convolution has the singular values of its adjoint. The values of the
 * reshaped kernel are different numbers.
 *
 * @throws {ShapeError} when kernel or input size do not fit
 * @throws {ArgumentError} for groups that do not divide the channels, or an impossible output padding
 *
 * Accuracy: direct methods a few ε of the largest; iterated values to their residuals, and a value of multiplicity m may
 * appear fewer than m times. Stopping: residual √((‖A v − σ u‖² + ‖Aᵀu − σ v‖²)/2) <= tolerance · ‖A‖.
 * Cost: symbol: one SVD of twice the channel sizes per frequency (half of them by symmetry); dense: O(rows · cols · min).
 * @see [sedghi2019]
 *
 * @example
 * ```ts
 * import { convolutionSpectrum } from "eigenscope/checkpoints";
 * import { createRng } from "eigenscope/random";
 * const kernel = { outChannels: 1, inChannels: 1, kernelSize: [3], data: Float64Array.of(1, 0, 1) };
 * const { singularValues, method } = convolutionSpectrum(kernel, { inputSize: 5, dilation: 2, rng: createRng(1) });
 * console.log(method, singularValues.length, singularValues[0].toFixed(4)); // dense 5 1.4142
 * ```
 */
export function convolutionSpectrum(
  kernel: ConvolutionKernel,
  options: ConvolutionSpectrumOptions,
): ConvolutionSpectrum {
  const caller = "convolutionSpectrum";
  requireGeometryOptions(
    options,
    ["rng", "count", "denseLimit", "symbolLimit", "tolerance", "signal", "onProgress"],
    caller,
  );
  requireKernel(kernel, caller);
  const stencil = requireGeometry(kernel, options, caller);
  const count = requireInteger(options.count ?? 8, "count", caller, 1);
  const denseLimit = requireInteger(options.denseLimit ?? 768, "denseLimit", caller, 0);
  const symbolLimit = requireInteger(options.symbolLimit ?? 65_536, "symbolLimit", caller, 0);
  const tolerance = requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0);
  const { geometry } = stencil;
  const total = Math.min(
    product(stencil.narrow) * kernel.outChannels,
    product(stencil.wide) * kernel.inChannels * geometry.groups,
  );
  const upperBound = upperBoundOf(kernel, geometry.groups);
  const whole = (values: Float64Array, method: "symbol" | "dense"): ConvolutionSpectrum => ({
    singularValues: values,
    total,
    complete: true,
    method,
    residualNorms: new Float64Array(values.length),
    upperBound,
    status: "converged",
    matvecs: 0,
    ...geometry,
  });
  if (upperBound === 0) return whole(new Float64Array(total), "symbol");
  if (hasSymbol(stencil) && total <= symbolLimit) return whole(allSymbolValues(kernel, stencil), "symbol");
  if (total / geometry.groups <= denseLimit) return whole(denseValues(kernel, stencil), "dense");
  const { singularValues, residualNorms, status, matvecs } = svds(operatorOf(kernel, stencil), {
    count: Math.min(count, total),
    rng: options.rng,
    tolerance,
    maximumMatvecs: 4000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  return {
    singularValues,
    total,
    complete: singularValues.length === total,
    method: "Golub-Kahan",
    residualNorms,
    upperBound,
    status,
    matvecs,
    ...geometry,
  };
}

/** Each input position is read by at most one output position per tap: ‖patches‖ <= √taps. */
export function upperBoundOf(kernel: ConvolutionKernel, groups: number): number {
  const norm = reshapedBlocks(kernel, groups).reduce(
    (largest, block) => Math.max(largest, svd(block, { vectors: "none" }).singularValues[0]),
    0,
  );
  return Math.sqrt(product(kernel.kernelSize)) * norm;
}

/** Groups do not see each other: the assembled matrix is block diagonal, and each block is decomposed by itself. */
function denseValues(kernel: ConvolutionKernel, stencil: Stencil): Float64Array {
  const { groups } = stencil.geometry;
  const single = { ...stencil, geometry: { ...stencil.geometry, groups: 1 } };
  const all: number[] = [];
  for (let g = 0; g < groups; g++) {
    const matrix = toDense(operatorOf(groupKernel(kernel, groups, g), single));
    for (const value of svd(matrix, { vectors: "none" }).singularValues) all.push(value);
  }
  return Float64Array.from(all).sort().reverse();
}

/** Whether the map is block diagonal in the Fourier basis: periodic, and every stride divides its extent. */
export function hasSymbol({ geometry, wide }: Stencil): boolean {
  return geometry.padding === "circular" && wide.every((extent, axis) => extent % geometry.stride[axis] === 0);
}

function allSymbolValues(kernel: ConvolutionKernel, stencil: Stencil): Float64Array {
  const all: number[] = [];
  forEachSymbol(kernel, stencil, (values, copies) => {
    for (let c = 0; c < copies; c++) for (const value of values) all.push(value);
  });
  return Float64Array.from(all).sort().reverse();
}

/**
 * Visits the singular values of the symbol at each frequency of the narrow grid; ω and −ω share them.
 *
 * A step of s per dimension adds up the s frequencies that it cannot tell apart: the symbol is then
 * [K̂(ω), K̂(ω + n/s), …] / √(Π s), outputs x (inputs · Π s).
 */
export function forEachSymbol(
  kernel: ConvolutionKernel,
  stencil: Stencil,
  visit: (values: Float64Array, copies: 1 | 2) => void,
): void {
  const { wide, narrow, geometry } = stencil;
  const { stride, dilation, groups } = geometry;
  const taps = product(kernel.kernelSize);
  const offsets = Array.from({ length: taps }, (_, t) => coordinates(t, kernel.kernelSize));
  const aliases = product(stride);
  const frequencies = product(narrow);
  const cosines = new Float64Array(aliases * taps);
  const sines = new Float64Array(aliases * taps);
  for (let f = 0; f < frequencies; f++) {
    const omega = coordinates(f, narrow);
    const mirrored = omega.reduce((flat, k, axis) => flat * narrow[axis] + ((narrow[axis] - k) % narrow[axis]), 0);
    if (mirrored < f) continue;
    for (let a = 0; a < aliases; a++) {
      const shift = coordinates(a, stride);
      offsets.forEach((offset, t) => {
        let angle = 0;
        for (let axis = 0; axis < wide.length; axis++) {
          const k = omega[axis] + shift[axis] * narrow[axis];
          // Reduced in integers: the angle stays below 2π and keeps its digits.
          angle += (2 * Math.PI * ((k * offset[axis] * dilation[axis]) % wide[axis])) / wide[axis];
        }
        cosines[a * taps + t] = cos(angle) / Math.sqrt(aliases);
        sines[a * taps + t] = sin(angle) / Math.sqrt(aliases);
      });
    }
    for (let g = 0; g < groups; g++) {
      visit(symbolValues(groupKernel(kernel, groups, g), aliases, taps, cosines, sines), mirrored === f ? 1 : 2);
    }
  }
}

/** [[A, −B], [B, A]] has the singular values of A + iB, each twice. */
function symbolValues(
  { outChannels: O, inChannels: I, data }: ConvolutionKernel,
  aliases: number,
  taps: number,
  cosines: Float64Array,
  sines: Float64Array,
): Float64Array {
  const half = I * aliases;
  const cols = 2 * half;
  const block = new Float64Array(2 * O * cols);
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < I; i++) {
      for (let a = 0; a < aliases; a++) {
        let re = 0;
        let im = 0;
        for (let t = 0; t < taps; t++) {
          const value = data[(o * I + i) * taps + t];
          re += value * cosines[a * taps + t];
          im += value * sines[a * taps + t];
        }
        const j = a * I + i;
        block[o * cols + j] = re;
        block[(O + o) * cols + half + j] = re;
        block[(O + o) * cols + j] = im;
        block[o * cols + half + j] = -im;
      }
    }
  }
  const doubled = svd({ rows: 2 * O, cols, data: block }, { vectors: "none" }).singularValues;
  return doubled.filter((_, k) => k % 2 === 0);
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
  return allSymbolValues(kernel, requireGeometry(kernel, { inputSize, padding: "circular" }, caller));
}
