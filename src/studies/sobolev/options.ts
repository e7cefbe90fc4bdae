import { ArgumentError, describe, requireInteger, requireOptions } from "../../core/index.js";

/** Options of the Sobolev study that are plain data. */
export interface SobolevStudyOptions {
  /** The short form: smaller bands, grids and sweeps. Default false. */
  readonly quick?: boolean;
  /** Largest degree of the band in which K, P and T are compared on sphere and Gaussian space. Default 40, quick 20. */
  readonly bandwidth?: number;
  /** Grid points per axis of the torus on which spectra are shown. Default 64, quick 32. */
  readonly torusSize?: number;
  /** Depth of the ReLU kernel, >= 3 (two layers have zero modes; they get a section of their own). Default 3. */
  readonly depth?: number;
}

/** Options after defaults. */
export interface SettledSobolevOptions extends Required<SobolevStudyOptions> {
  /** Ambient dimension of the sphere and dimension of Gaussian space; the torus has one less, so that all three kernels decay alike. */
  readonly dimension: 3;
  /** Largest degree of training on sphere and Gaussian space. */
  readonly trainingDegree: number;
  /** Grid points per axis of training on the torus. */
  readonly trainingGrid: number;
  /** Sample sizes of the comparison of matrices and operators. */
  readonly sampleSizes: readonly number[];
  /** Depths of the sweep. */
  readonly depths: readonly number[];
}

/** Checks the options and fills in the defaults. */
export function settleSobolevOptions(options: SobolevStudyOptions, caller: string): SettledSobolevOptions {
  requireOptions(options, ["quick", "bandwidth", "torusSize", "depth"], caller);
  const quick = options.quick ?? false;
  if (typeof quick !== "boolean") {
    throw new ArgumentError({ function: caller, argument: "quick", expected: "true or false", got: describe(quick) });
  }
  return {
    quick,
    bandwidth: requireInteger(options.bandwidth ?? (quick ? 20 : 40), "bandwidth", caller, 8, 100),
    torusSize: requireInteger(options.torusSize ?? (quick ? 32 : 64), "torusSize", caller, 16, 128),
    depth: requireInteger(options.depth ?? 3, "depth", caller, 3, 100),
    dimension: 3,
    trainingDegree: quick ? 800 : 2000,
    trainingGrid: 512,
    sampleSizes: quick ? [64, 128, 256] : [64, 256, 1024],
    depths: quick ? [2, 3, 5] : [2, 3, 5, 10, 30],
  };
}
