import type { LongRunning, Status } from "../../core/index.js";
import { hessian } from "../../curvature/index.js";
import { type EigshResult, eigsh } from "../../krylov/index.js";
import type { Rng } from "../../random/index.js";
import { spectralDensity } from "../../stochastic/index.js";
import { renamed } from "../study-parts.js";
import type { SettledOptions } from "./options.js";
import type { Problem } from "./problem.js";
import type { TrainingPart } from "./training-part.js";

/** Eigenvalues at one end of the spectrum. */
export interface SpectrumEnd {
  /** The eigenvalues, the outermost first. */
  readonly values: Float64Array;
  /** ‖H v − λ v‖₂ of each: an eigenvalue lies within this distance. */
  readonly residualNorms: Float64Array;
  /** How the iteration ended. */
  readonly status: Status;
  /** What to try when it did not converge; null otherwise. */
  readonly advice: string | null;
  /** Hessian products. */
  readonly matvecs: number;
}

/** The Hessian of the mean loss at the end of training. */
export interface HessianPart {
  /** Order of the Hessian. */
  readonly dimension: number;
  /** Samples in the mean. */
  readonly samples: number;
  /** Largest eigenvalues, descending. */
  readonly largest: SpectrumEnd;
  /** Smallest eigenvalues, ascending. */
  readonly smallest: SpectrumEnd;
  /** Spectral density by stochastic Lanczos quadrature. */
  readonly density: {
    /** Abscissae. */
    readonly grid: Float64Array;
    /** Density. */
    readonly density: Float64Array;
    /** Band over the probes. */
    readonly band: { readonly lower: Float64Array; readonly upper: Float64Array; readonly level: number };
    /** Hessian products. */
    readonly matvecs: number;
  };
  /** Hessian products in all. */
  readonly matvecs: number;
}

/** Both ends of the Hessian's spectrum by Lanczos on exact products, and its density by stochastic Lanczos quadrature. */
export function hessianPart(
  problem: Problem,
  training: TrainingPart,
  settled: SettledOptions,
  rng: Rng,
  running: LongRunning,
): HessianPart {
  const H = hessian(problem.network, training.trained, problem.subset);
  const end = (which: "largest" | "smallest", count: number): EigshResult =>
    eigsh(H, {
      count: Math.min(count, H.rows - 1), // the density needs one direction that is not deflated
      which,
      tolerance: settled.tolerance,
      maximumMatvecs: settled.maximumMatvecs,
      rng: rng.fork(which),
      ...renamed(running, `${which} eigenvalues`),
    });
  const largest = end("largest", settled.largest);
  const smallest = end("smallest", settled.smallest);
  const density = spectralDensity(H, {
    method: "slq",
    probes: settled.probes,
    steps: settled.lanczosSteps,
    // What was found one by one is taken out exactly: probes then see the bulk alone.
    deflate: { values: largest.values, vectors: largest.vectors },
    rng: rng.fork("density"),
    ...renamed(running, "density"),
  });
  return {
    dimension: H.rows,
    samples: H.samples,
    largest: spectrumEnd(largest),
    smallest: spectrumEnd(smallest),
    density: { grid: density.grid, density: density.density, band: density.band, matvecs: density.matvecs },
    matvecs: largest.matvecs + smallest.matvecs + density.matvecs,
  };
}

function spectrumEnd({ values, residualNorms, status, advice, matvecs }: EigshResult): SpectrumEnd {
  return { values, residualNorms, status, advice, matvecs };
}
