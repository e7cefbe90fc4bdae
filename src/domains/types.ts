import type { Tagged } from "../core/index.js";
import type { KernelConventions } from "../kernels/index.js";

/** The measure that eigenvalues refer to, and the meaning of a mode's index. */
export interface DomainConventions {
  /** Name of the domain, such as "sphere S^2 in R^3". */
  readonly domain: string;
  /** Parameter d: ambient dimension of the sphere, number of angles of the torus, dimension of Gaussian space. */
  readonly dimension: number;
  /** Measure of total mass one that the integral operator averages over. */
  readonly measure: "uniform probability measure" | "grid average" | "standard normal law";
  /** What the index of a mode is. */
  readonly modes: "degree" | "frequency, flat row-major index of the FFT";
  /** The kernel's own choices, or null for operators that are not kernels of networks. */
  readonly kernel: KernelConventions | null;
}

/** Eigenvalues of an operator or of a structured matrix by mode, with error bounds: never sorted, never paired by rank. */
export interface ModeSpectrum {
  /** Measure, meaning of the index and the kernel's conventions. */
  readonly conventions: DomainConventions;
  /** Eigenvalue of each mode. */
  readonly eigenvalues: Float64Array;
  /** Bound on the absolute error of each eigenvalue. */
  readonly errorBounds: Float64Array;
  /** Dimension of each mode's eigenspace. */
  readonly multiplicities: Float64Array;
  /** Modes whose eigenvalue is exactly zero by symmetry or not distinguishable from zero within its error bound. */
  readonly vanishing: readonly number[];
}

/** Mean of (1 + number operator)^s over an eigenfunction |x| Y_ℓ of the kernel. */
export interface CompositeFactor {
  /** E_s(ℓ), or the reason why it is infinite or leaves the double range. */
  readonly value: Tagged;
  /** Estimate of its absolute error. */
  readonly error: number;
  /** "closed form" (s = 0, 1, 2 or ℓ = 1) or "extrapolated series". */
  readonly method: "closed form" | "extrapolated series";
}

/** Spectrum of a homogeneous kernel on Gaussian space, by degree ℓ of the eigenfunctions |x| Y_ℓ(x/|x|). */
export interface GaussianSpectrum extends ModeSpectrum {
  /** In words: which functions are eigenfunctions, and what happens to all others. */
  readonly eigenfunctions: string;
}
