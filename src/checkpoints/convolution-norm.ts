import { type LongRunning, requireNumber } from "../core/index.js";
import { svds } from "../krylov/index.js";
import type { Rng } from "../random/index.js";
import {
  type ConvolutionGeometry,
  type ConvolutionKernel,
  type ResolvedGeometry,
  requireGeometry,
  requireGeometryOptions,
  requireKernel,
} from "./convolution-geometry.js";
import { operatorOf } from "./convolution-operator.js";
import { forEachSymbol, hasSymbol, upperBoundOf } from "./convolution-spectrum.js";

/** Largest singular value of a convolution as a linear map, with its certificate. */
export interface ConvolutionNorm extends ResolvedGeometry {
  /** Estimate from below: the largest singular Ritz value, or the exact one by the symbol. */
  readonly norm: number;
  /** A singular value lies within this distance of norm. */
  readonly residual: number;
  /** √taps · ‖reshaped kernel‖₂: no input size, padding, stride or dilation exceeds it. */
  readonly upperBound: number;
  /** How it was computed. */
  readonly method: "symbol" | "dense" | "Golub-Kahan";
  /** "converged", or why not. */
  readonly status: string;
  /** Products with the operator and its transpose. */
  readonly matvecs: number;
}

/** Options of convolutionNorm. */
export interface ConvolutionNormOptions extends ConvolutionGeometry, LongRunning {
  /** Random start of the iteration. */
  readonly rng: Rng;
  /** Residual relative to the norm; default 1e-8. */
  readonly tolerance?: number;
}

/** Channels per group up to which one SVD per frequency beats the iteration. */
const SYMBOL_CHANNELS = 64;

/**
 * Computes the spectral norm of a convolution as a linear map, for its padding, stride, dilation and groups.
 *
 * Relation: the largest singular value of convolutionOperator(kernel, geometry); for circular padding whose strides divide
 * the input the largest singular value of the symbol, exactly. The norm of the reshaped kernel is a different number: they
 * differ by up to √taps in either direction of use.
 *
 * @throws {ShapeError} when kernel or input size do not fit
 * @throws {ArgumentError} for groups that do not divide the channels, or an impossible output padding
 *
 * Stopping: residual √((‖A v − σ u‖² + ‖Aᵀu − σ v‖²)/2) <= tolerance · norm.
 * Cost: one product with operator and transpose per iteration, some tens of them.
 * @see [sedghi2019]
 */
export function convolutionNorm(kernel: ConvolutionKernel, options: ConvolutionNormOptions): ConvolutionNorm {
  const caller = "convolutionNorm";
  requireGeometryOptions(options, ["rng", "tolerance", "signal", "onProgress"], caller);
  requireKernel(kernel, caller);
  const tolerance = requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0);
  const stencil = requireGeometry(kernel, options, caller);
  const { geometry } = stencil;
  const upperBound = upperBoundOf(kernel, geometry.groups);
  const exact = { residual: 0, upperBound, method: "symbol" as const, status: "converged", matvecs: 0, ...geometry };
  if (upperBound === 0) return { norm: 0, ...exact };
  const channels = Math.min(kernel.outChannels / geometry.groups, kernel.inChannels);
  if (hasSymbol(stencil) && channels <= SYMBOL_CHANNELS) {
    let norm = 0;
    forEachSymbol(kernel, stencil, (values) => (norm = Math.max(norm, values[0])));
    return { norm, ...exact };
  }
  const { singularValues, residualNorms, status, matvecs } = svds(operatorOf(kernel, stencil), {
    count: 1,
    rng: options.rng,
    tolerance,
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
