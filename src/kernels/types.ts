import type { Matrix } from "../core/index.js";
import type { LinearAbsolute } from "../special/index.js";

/** The choices behind a kernel: what the literature leaves to the reader, echoed in every result. */
export interface KernelConventions {
  /** Which kernel: "ntk", "nngp", "arc-cosine", "deep-narrow", "zonal" or "radial". */
  readonly kind: "ntk" | "nngp" | "arc-cosine" | "deep-narrow" | "zonal" | "radial";
  /** Number of weight matrices (two layers: depth 2), or null where depth has no meaning. */
  readonly depth: number | null;
  /** Name of the activation, or null. */
  readonly activation: string | null;
  /** φ(s) = a s + b |s| when the activation is of that form. */
  readonly linearAbsolute: LinearAbsolute | null;
  /** Variance σ_w² of the weights (times fan-in). */
  readonly weightVariance: number | null;
  /** Variance σ_b² of the biases. */
  readonly biasVariance: number | null;
  /**
   * How the first layer reads its input: "unit" takes Σ¹ = x·y + σ_b², so that unit vectors have variance 1 without
   * bias; "fan-in" takes Σ¹ = σ_w² x·y/d + σ_b².
   */
  readonly inputScaling: "unit" | "fan-in" | null;
  /** Norm of the points at which `profile` is taken: 1 for "unit", √d (that is |x|²/d = 1) for "fan-in". */
  readonly profileNorm: "1" | "sqrt(d)";
  /** "ntk" (weights scaled by 1/√fan-in, unit learning rates) or "standard". */
  readonly parameterisation: "ntk" | "standard" | null;
  /** Whether the kernel was divided by the depth (ntk) or to value 1 at angle 0 (arc-cosine). */
  readonly normalised: boolean;
  /** Plain layers, identity skips around every hidden layer, or the input concatenated to every hidden layer. */
  readonly architecture: "plain" | "skip" | "concatenation" | null;
  /** True when K(x, y) = |x| |y| profile(θ): kernels of homogeneous activations without bias. */
  readonly homogeneous: boolean;
}

/** A positive semidefinite function of two points. Points are rows. */
export interface Kernel {
  /** Short text for titles and reports. */
  readonly name: string;
  /** The choices behind the numbers. */
  readonly conventions: KernelConventions;
  /** The n x n matrix K(x_i, x_j), exactly symmetric. */
  gram(X: Matrix): Matrix;
  /** The n x m matrix K(x_i, y_j). */
  cross(X: Matrix, Y: Matrix): Matrix;
  /** The n values K(x_i, x_i). */
  diagonal(X: Matrix): Float64Array;
  /**
   * The kernel at two points of norm `conventions.profileNorm` and angle theta.
   *
   * @param theta      angle in [0, π]
   * @param supplement π − theta, if known more accurately than by subtraction (nearly antipodal points)
   */
  profile(theta: number, supplement?: number): number;
}
