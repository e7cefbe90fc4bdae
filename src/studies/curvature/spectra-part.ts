import { type Estimate, type LongRunning, type Matrix, type Status, square } from "../../core/index.js";
import { type EffectiveRankEstimate, curvatureAt, estimateEffectiveRank } from "../../curvature/index.js";
import { type EigshResult, eigsh } from "../../krylov/index.js";
import { matmul } from "../../linalg/index.js";
import type { SymmetricOperator } from "../../operators/index.js";
import type { Rng } from "../../random/index.js";
import { spectralDensity, trace } from "../../stochastic/index.js";
import { renamed } from "../study-parts.js";
import type { SettledCurvatureOptions } from "./options.js";
import type { CurvatureProblem } from "./problem.js";
import type { CurvatureTraining } from "./training-part.js";

/** Eigenvalues with what certifies them. */
export interface CertifiedEigenvalues {
  /** The eigenvalues, the outermost first. */
  readonly values: Float64Array;
  /** ‖A v − λ v‖₂ of each. */
  readonly residualNorms: Float64Array;
  /** For each value an interval that contains an eigenvalue. */
  readonly intervals: { readonly lower: Float64Array; readonly upper: Float64Array };
  /** How the iteration ended. */
  readonly status: Status;
  /** Products spent. */
  readonly matvecs: number;
}

/** The spectrum of one of the three matrices. */
export interface MatrixSpectrumPart {
  /** Which matrix. */
  readonly name: "Hessian" | "Gauss–Newton" | "residual";
  /** Largest eigenvalues, descending. */
  readonly largest: CertifiedEigenvalues;
  /** Smallest eigenvalues, ascending; null for the Gauss–Newton matrix, whose smallest is zero by its rank. */
  readonly smallest: CertifiedEigenvalues | null;
  /** Density of the rest by stochastic Lanczos quadrature. */
  readonly density: {
    /** Abscissae. */
    readonly grid: Float64Array;
    /** Density. */
    readonly density: Float64Array;
    /** Band over the probes. */
    readonly band: { readonly lower: Float64Array; readonly upper: Float64Array; readonly level: number };
    /** Share of the spectrum that is exactly zero by a rank bound. */
    readonly atom: number;
  };
  /** Hutchinson's estimate of the trace, from the same sign vectors for all three. */
  readonly trace: Estimate;
  /** Products spent. */
  readonly matvecs: number;
}

/** H = G + R side by side. */
export interface SpectraPart {
  /** Order of the matrices. */
  readonly dimension: number;
  /** Samples in the mean. */
  readonly samples: number;
  /** The Hessian, the Gauss–Newton matrix and their difference. */
  readonly matrices: readonly [MatrixSpectrumPart, MatrixSpectrumPart, MatrixSpectrumPart];
  /** |tr H − tr G − tr R| over |tr H| with common probes: zero to rounding. */
  readonly identityDefect: number;
  /** ‖V_HᵀV_G‖_F²/k of the k = C leading eigenvectors: 1 when the two spaces are one. */
  readonly leadingOverlap: number;
  /** The k of the overlap. */
  readonly overlapCount: number;
  /** Rank of G is at most this: samples · (classes − 1). */
  readonly rankBound: number;
  /** How many eigenvalues of H matter. */
  readonly effectiveRank: EffectiveRankEstimate;
}

const TOLERANCE = 1e-6; // residual relative to the norm; the eigenvalue error is its square over the gap
const MATVECS = 500; // per end: what is not converged by then shows it in its residuals
const SMALLEST = 3;
const RESIDUAL = 5; // its ends only: it has no outliers to count

/** Both ends, density and trace of Hessian, Gauss–Newton matrix and residual at the end of training. */
export function spectraPart(
  problem: CurvatureProblem,
  training: CurvatureTraining,
  settled: SettledCurvatureOptions,
  rng: Rng,
  running: LongRunning,
): SpectraPart {
  const { network, subset, classes } = problem;
  const point = curvatureAt(network, training.trained, subset);
  const p = network.parameterCount;
  const samples = subset.inputs.rows;
  const rankBound = samples * (classes - 1);
  const count = Math.min(2 * classes, p - 1);
  const one = (
    name: MatrixSpectrumPart["name"],
    A: SymmetricOperator,
    wanted: number,
    nullity: number,
  ): { readonly part: MatrixSpectrumPart; readonly vectors: Matrix } => {
    const end = (which: "largest" | "smallest", many: number): EigshResult =>
      eigsh(A, {
        count: Math.min(many, p - 1),
        which,
        tolerance: TOLERANCE,
        maximumMatvecs: MATVECS,
        rng: rng.fork(`${name} ${which}`),
        ...renamed(running, `${name}: ${which} eigenvalues`),
      });
    const largest = end("largest", wanted);
    const smallest = nullity > 0 ? null : end("smallest", SMALLEST);
    const density = spectralDensity(A, {
      method: "slq",
      probes: settled.densityProbes,
      steps: Math.min(settled.lanczosSteps, p),
      deflate: { values: largest.values, vectors: largest.vectors },
      rng: rng.fork(`${name} density`),
      ...(nullity > 0 ? { nullity } : {}),
      ...renamed(running, `${name}: density`),
    });
    const sum = trace(A, {
      method: "hutchinson",
      matvecs: settled.probes,
      rng: rng.fork("trace"),
      ...renamed(running, `${name}: trace`),
    });
    const { grid, density: heights, band, atom } = density;
    return {
      vectors: largest.vectors,
      part: {
        name,
        largest: certified(largest),
        smallest: smallest === null ? null : certified(smallest),
        density: { grid, density: heights, band, atom },
        trace: { mean: sum.mean, standardError: sum.standardError, samples: sum.samples, matvecs: sum.matvecs },
        matvecs: largest.matvecs + (smallest?.matvecs ?? 0) + density.matvecs + sum.matvecs,
      },
    };
  };
  const H = one("Hessian", point.hessian, count, 0);
  const G = one("Gauss–Newton", point.ggn, count, Math.max(0, p - rankBound));
  const R = one("residual", point.residual, RESIDUAL, 0);
  const traceOf = ({ part }: typeof H): number => part.trace.mean;
  const overlapCount = Math.min(classes, count);
  return {
    dimension: p,
    samples,
    matrices: [H.part, G.part, R.part],
    identityDefect: Math.abs(traceOf(H) - traceOf(G) - traceOf(R)) / Math.abs(traceOf(H)),
    leadingOverlap: overlap(H.vectors, G.vectors, overlapCount),
    overlapCount,
    rankBound,
    effectiveRank: estimateEffectiveRank(point.hessian, {
      probes: settled.probes,
      rng: rng.fork("rank"),
      ...renamed(running, "effective rank"),
    }),
  };
}

function certified({ values, residualNorms, intervals, status, matvecs }: EigshResult): CertifiedEigenvalues {
  return { values, residualNorms, intervals: { lower: intervals.lower, upper: intervals.upper }, status, matvecs };
}

/** ‖VᵀW‖_F²/k over the first k columns of each. */
function overlap(V: Matrix, W: Matrix, k: number): number {
  const product = matmul(V, W, { transposeA: true });
  let sum = 0;
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) sum += square(product.data[i * product.cols + j]);
  return sum / k;
}
