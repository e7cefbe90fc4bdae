import {
  dot,
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import type { DataLike, LossOptions, Network } from "../networks/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { spectralDensity, type SpectralDensityResult } from "../stochastic/index.js";
import { estimateOf } from "./estimate-of.js";
import { ggnTraceOf } from "./gradient-norms.js";
import { curvatureAt, type CurvatureOperator, type CurvaturePoint, lossOptionsOf } from "./operators.js";

/** Options of {@link curvatureSplit}. */
export interface CurvatureSplitOptions extends LossOptions, LongRunning {
  /** Randomness of probes and starts. */
  readonly rng: Rng;
  /** Eigenvalues at each end of each matrix (default 3). */
  readonly count?: number;
  /** Sign probes of the traces (default 20). */
  readonly probes?: number;
  /** Probes of the densities (default 4; 0 leaves the densities out). */
  readonly densityProbes?: number;
  /** Lanczos steps per density probe (default 40). */
  readonly steps?: number;
  /** Residual tolerance of the eigenvalues, relative (default 1e-5). */
  readonly tolerance?: number;
}

/** One of the three matrices. */
export interface SplitPart {
  /** Trace. The Gauss–Newton trace is exact (standard error 0) where samples are independent. */
  readonly trace: Estimate;
  /** Largest eigenvalues, descending. */
  readonly largest: Float64Array;
  /** Smallest eigenvalues, ascending; exact zeros where a rank bound leaves a null space of that dimension. */
  readonly smallest: Float64Array;
  /** Residual norms of `largest`, then `smallest`. */
  readonly residualNorms: Float64Array;
  /** Spectral density with its band, or null when left out or cancelled before. */
  readonly density: SpectralDensityResult | null;
}

/** Hessian, Gauss–Newton matrix and residual side by side. */
export interface CurvatureSplit {
  /** H. */
  readonly hessian: SplitPart;
  /** G. */
  readonly ggn: SplitPart;
  /** R = H − G. */
  readonly residual: SplitPart;
  /** Largest |vᵀHv − vᵀGv − vᵀRv| over the probes, relative to the sum of the three moduli: rounding, since R is computed on its own. */
  readonly identityDefect: number;
  /** Mean loss plus penalties. */
  readonly value: number;
  /** Number of samples. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
  /** "converged", or how the first part that was not ended. */
  readonly status: Status;
  /** Products in all. */
  readonly matvecs: number;
}

/**
 * Splits the Hessian into Gauss–Newton matrix and residual and reports traces, ends and densities of the three side by side.
 *
 * Relation: H = G + R, so tr H = tr G + tr R exactly: the reported traces obey it to rounding, as G's is exact and H's is made of the other
 * two. R is multiplied by itself, not as a difference, and `identityDefect` compares the three on every probe. G is positive semidefinite
 * for convex losses: negative curvature is R's.
 *
 * @throws {ShapeError} when sizes do not fit
 * @throws {ArgumentError} when a count is out of range
 *
 * Accuracy: eigenvalues with residual norms, traces with standard errors, densities with bands. Cost: 3 · (probes + densityProbes · steps)
 * products and those of three eigsh.
 *
 * @example
 * ```ts
 * import { curvatureSplit } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [1, 1, 1], activation: "identity", bias: false }); // loss (w1 w2 - 1)^2 / 2
 * const split = curvatureSplit(net, Float64Array.of(0.5, 0.5), { inputs: [[1]], targets: [[1]] }, { rng: createRng(1), count: 1 });
 * console.log(split.hessian.largest[0]?.toFixed(6), split.ggn.largest[0]?.toFixed(6), split.residual.smallest[0]?.toFixed(6)); // 0.750000 0.500000 -0.750000
 * console.log(split.identityDefect < 1e-15); // true
 * ```
 */
export function curvatureSplit(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureSplitOptions,
): CurvatureSplit {
  const caller = "curvatureSplit";
  const own = ["rng", "count", "probes", "densityProbes", "steps", "tolerance"];
  requireOptions(options, [...own, "loss", "batchSize", "memoryBudget", "signal", "onProgress"], caller);
  requireRng(options?.rng, caller);
  const p = net.parameterCount;
  const plan: Plan = {
    count: Math.min(requireInteger(options.count ?? 3, "count", caller, 1), Math.max(1, Math.floor(p / 2))),
    densityProbes: requireInteger(options.densityProbes ?? 4, "densityProbes", caller),
    steps: Math.min(p, requireInteger(options.steps ?? 40, "steps", caller, 1)),
    tolerance: requirePositive(options.tolerance ?? 1e-5, "tolerance", caller),
  };
  const probes = requireInteger(options.probes ?? 20, "probes", caller, 1);
  const point = curvatureAt(net, params, data, lossOptionsOf(options));
  const forms = quadraticForms(point, probes, options);
  // Exact where samples are independent; batch normalisation leaves the estimate.
  const ggnTrace: Estimate = net.couplesSamples
    ? estimateOf(forms.ggn)
    : { mean: ggnTraceOf(point.expansion), standardError: 0, samples: forms.ggn.length, matvecs: 0 };
  const residualTrace = estimateOf(forms.residual);
  const bound = rankBound(point.ggn, net.outputs);
  const traces = {
    ggn: ggnTrace,
    residual: residualTrace,
    hessian: {
      ...residualTrace,
      mean: ggnTrace.mean + residualTrace.mean,
      standardError: net.couplesSamples ? estimateOf(forms.hessian).standardError : residualTrace.standardError,
    },
  };
  let status: Status = isCancelled(options.signal) ? "cancelled" : "converged";
  let matvecs = 3 * forms.ggn.length;
  const part = (name: "hessian" | "ggn" | "residual", nullity: number): SplitPart => {
    const ended = analyse(point[name], name, plan, nullity, options);
    if (status === "converged") status = ended.status;
    matvecs += ended.matvecs;
    return { trace: traces[name], ...ended.part };
  };
  const parts = {
    hessian: part("hessian", 0),
    ggn: part("ggn", Math.max(0, p - bound)),
    residual: part("residual", 0),
  };
  return {
    ...parts,
    identityDefect: forms.defect,
    value: point.value,
    samples: point.expansion.samples,
    loss: point.expansion.loss.name,
    status,
    matvecs,
  };
}

interface Plan {
  readonly count: number;
  readonly densityProbes: number;
  readonly steps: number;
  readonly tolerance: number;
}

/** vᵀHv, vᵀGv and vᵀRv of the same sign vectors, each by its own product. */
function quadraticForms(
  point: CurvaturePoint,
  probes: number,
  options: CurvatureSplitOptions,
): { hessian: number[]; ggn: number[]; residual: number[]; defect: number } {
  const n = point.hessian.rows;
  const v = new Float64Array(n); // sign probe
  const Av = new Float64Array(n);
  const stream = options.rng.fork("split probes");
  const forms = { hessian: [] as number[], ggn: [] as number[], residual: [] as number[], defect: 0 };
  const form = (A: CurvatureOperator): number => {
    A.apply(v, Av);
    return dot(v, Av);
  };
  for (let probe = 0; probe < probes && !isCancelled(options.signal); probe++) {
    fillRademacher(stream, v);
    const [h, g, r] = [form(point.hessian), form(point.ggn), form(point.residual)];
    forms.hessian.push(h);
    forms.ggn.push(g);
    forms.residual.push(r);
    const scale = Math.abs(h) + Math.abs(g) + Math.abs(r);
    if (scale > 0) forms.defect = Math.max(forms.defect, Math.abs(h - g - r) / scale);
    options.onProgress?.({ phase: "traces", done: probe + 1, total: probes });
  }
  return forms;
}

/** Rank bound of the Gauss–Newton matrix: a sample adds at most one rank per output, one fewer under softmax. */
function rankBound(G: CurvatureOperator, outputs: number): number {
  return G.samples * (G.loss === "cross-entropy" ? outputs - 1 : outputs);
}

function analyse(
  A: CurvatureOperator,
  name: string,
  plan: Plan,
  nullity: number,
  options: CurvatureSplitOptions,
): { part: Omit<SplitPart, "trace">; status: Status; matvecs: number } {
  const running = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  const { count } = plan;
  // A null space of known dimension is the lower end of a semidefinite matrix: nothing to search for.
  const known = nullity >= count;
  const found = eigsh(A, {
    count: Math.min(A.rows, known ? count : 2 * count),
    which: known || A.rows === 1 ? "largest" : "both",
    tolerance: plan.tolerance,
    rng: options.rng.fork(`${name} ends`),
    ...running,
  });
  const descending = Array.from(found.values.keys()).sort((i, j) => found.values[j] - found.values[i]);
  const top = descending.slice(0, count);
  const bottom = known ? [] : descending.slice(-count).reverse();
  const density =
    plan.densityProbes === 0 || isCancelled(options.signal)
      ? null
      : spectralDensity(A, {
          probes: plan.densityProbes,
          steps: plan.steps,
          rng: options.rng.fork(`${name} density`),
          ...(nullity > 0 ? { nullity } : {}),
          ...running,
        });
  return {
    part: {
      largest: Float64Array.from(top, (k) => found.values[k]),
      smallest: known ? new Float64Array(count) : Float64Array.from(bottom, (k) => found.values[k]),
      residualNorms: Float64Array.from([
        ...[...top, ...bottom].map((k) => found.residualNorms[k]),
        ...new Array<number>(known ? count : 0).fill(0),
      ]),
      density,
    },
    status: found.status === "converged" ? (density?.status ?? found.status) : found.status,
    matvecs: found.matvecs + (density?.matvecs ?? 0),
  };
}
