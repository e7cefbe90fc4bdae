import { type LongRunning, norm, requireInteger, requireNumber, requireOptions } from "../core/index.js";
import { createExpansion, type DataLike, type Network, requireBlock } from "../networks/index.js";
import type { Rng } from "../random/index.js";
import { spectrumEnds, type SpectrumEnds, ZERO_FRACTION } from "./extremes.js";
import { type CurvatureOptions, lossOptionsOf, restrictedHessian } from "./operators.js";

/** Options of {@link classifyCriticalPoint}. */
export interface ClassifyOptions extends CurvatureOptions, LongRunning {
  /** Largest gradient norm that counts as critical (default 1e-8). */
  readonly gradientTolerance?: number;
  /** Number of parameters up to which all eigenvalues are computed (default 400). */
  readonly denseLimit?: number;
  /** Residual tolerance of Lanczos beyond (default 1e-8). */
  readonly tolerance?: number;
  /** Random start of Lanczos; needed beyond `denseLimit`. */
  readonly rng?: Rng;
}

/** What a parameter vector is. */
export type CriticalPointKind =
  "not critical" | "local minimum" | "local maximum" | "saddle" | "degenerate" | "undecided";

/** Verdict with its evidence. */
export interface CriticalPoint {
  /** The verdict. Signs of eigenvalues mean nothing unless the gradient vanishes. */
  readonly kind: CriticalPointKind;
  /** Why, in one sentence. */
  readonly reason: string;
  /** ‖gradient‖₂, of the block's part where a block was named. */
  readonly gradientNorm: number;
  /** Largest gradient norm that counted as critical. */
  readonly gradientTolerance: number;
  /** The ends of the Hessian's spectrum, reported in every case. */
  readonly spectrum: SpectrumEnds;
}

/**
 * Decides whether a parameter vector is a minimum, a maximum, a saddle, or no critical point at all.
 *
 * Relation: the gradient is tested first; only where ‖g‖ <= gradientTolerance do the signs of the Hessian's eigenvalues
 * decide: all positive a local minimum, all negative a local maximum, both signs a saddle. Zero eigenvalues without both signs
 * leave it undecided ("degenerate"). Zero means at most 1e-10 of the largest modulus. "undecided" is the verdict of a run that was
 * cancelled before it knew the spectrum. With `block`, both tests are those of the loss as a function of that block alone.
 *
 * @throws {ArgumentError} when more than denseLimit parameters are given without an rng
 *
 * Accuracy: beyond denseLimit the ends come from Lanczos, which may miss an eigenvalue whose eigenvector is nearly orthogonal
 * to the random start (probability zero, but not certified). Cost: denseLimit products at most, or those of eigsh.
 *
 * @example
 * ```ts
 * import { classifyCriticalPoint } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false }); // loss (w1 w2 - 1)^2 / 2
 * const data = { inputs: [[1]], targets: [[1]] };
 * console.log(classifyCriticalPoint(net, Float64Array.of(0, 0), data).kind); // saddle
 * console.log(classifyCriticalPoint(net, Float64Array.of(0.5, 0.5), data).kind); // not critical
 * ```
 */
export function classifyCriticalPoint(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: ClassifyOptions = {},
): CriticalPoint {
  const caller = "classifyCriticalPoint";
  requireOptions(
    options,
    [
      "gradientTolerance",
      "denseLimit",
      "tolerance",
      "rng",
      "loss",
      "batchSize",
      "memoryBudget",
      "block",
      "signal",
      "onProgress",
    ],
    caller,
  );
  const gradientTolerance = requireNumber(options.gradientTolerance ?? 1e-8, "gradientTolerance", caller, 0);
  const denseLimit = requireInteger(options.denseLimit ?? 400, "denseLimit", caller);
  const point = createExpansion(net, params, data, lossOptionsOf(options), caller);
  const H = restrictedHessian(point, options.block, caller);
  const gradient = point.gradient();
  const { start, end } =
    options.block === undefined ? { start: 0, end: gradient.length } : requireBlock(net, options.block, caller);
  const gradientNorm = norm(gradient.subarray(start, end));
  const spectrum = spectrumEnds(H, {
    rng: options.rng,
    tolerance: options.tolerance ?? 1e-8,
    denseLimit,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  return { ...verdict(gradientNorm, gradientTolerance, spectrum), gradientNorm, gradientTolerance, spectrum };
}

function verdict(
  gradientNorm: number,
  gradientTolerance: number,
  spectrum: SpectrumEnds,
): { readonly kind: CriticalPointKind; readonly reason: string } {
  const { largest, smallest, counts } = spectrum;
  if (Number.isNaN(largest) && gradientNorm <= gradientTolerance) {
    return {
      kind: "undecided",
      reason: "the gradient vanishes, and the run was cancelled before the spectrum was known",
    };
  }
  const range = `eigenvalues from ${smallest.toPrecision(4)} to ${largest.toPrecision(4)}`;
  if (!(gradientNorm <= gradientTolerance)) {
    return {
      kind: "not critical",
      reason: `the gradient has norm ${gradientNorm.toPrecision(4)}: signs of eigenvalues (${range}) do not classify this point`,
    };
  }
  const zero =
    counts?.tolerance ??
    ZERO_FRACTION * Math.max(Math.abs(largest), Math.abs(smallest)) + Math.max(...spectrum.residualNorms);
  if (largest > zero && smallest < -zero) return { kind: "saddle", reason: `eigenvalues of both signs: ${range}` };
  if (smallest > zero) return { kind: "local minimum", reason: `all eigenvalues positive: ${range}` };
  if (largest < -zero) return { kind: "local maximum", reason: `all eigenvalues negative: ${range}` };
  return {
    kind: "degenerate",
    reason: `eigenvalues that vanish to rounding and none of the other sign: ${range}; higher orders decide`,
  };
}
