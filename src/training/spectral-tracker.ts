import {
  ArgumentError,
  type CancellationSignal,
  defined,
  describe,
  dot,
  type Matrix,
  norm,
  requireInteger,
  requireOptions,
  requirePositive,
  type Tagged,
  undefinedBecause,
} from "../core/index.js";
import { curvatureAt, empiricalNtk } from "../curvature/index.js";
import { type EigshResult, eigsh } from "../krylov/index.js";
import { svd } from "../linalg/index.js";
import type { DataLike, InputsLike, LossLike, Network } from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { spectralDensity } from "../stochastic/index.js";
import type { StepState } from "./train.js";

/** Options of {@link spectralTracker}. */
export interface SpectralTrackerOptions {
  /** Randomness of starts and probes. */
  readonly rng: Rng;
  /** Steps between records (default 1). */
  readonly every?: number;
  /** Leading Hessian eigenpairs k (default 3). */
  readonly top?: number;
  /**
   * Hessian products allowed per record (default 100). The density takes its fixed share first; the smallest eigenvalue has a third of the
   * rest; what the leading pairs do not need they leave.
   */
  readonly matvecBudget?: number;
  /** Residual tolerance of the eigenpairs, relative (default 1e-3). */
  readonly tolerance?: number;
  /** Also the smallest eigenvalue, for κ (default false). */
  readonly smallest?: boolean;
  /** Also a spectral density by this many probes of 40 steps each (default 0: none). */
  readonly densityProbes?: number;
  /** Also the singular values of each weight matrix (default false). */
  readonly singularValues?: boolean;
  /** Inputs on which the tangent kernel's drift and alignment are followed (default: none). */
  readonly kernelInputs?: InputsLike;
  /** Loss instead of the network's own. */
  readonly loss?: LossLike;
  /** What an earlier tracker left, to continue it. */
  readonly resume?: TrackerState;
  /** Called with each record, for writing it as a line of JSON. */
  readonly onRecord?: (record: TrackerRecord) => void;
  /** Asked between Hessian products: a record that it cuts short says so in its status and holds what was found. */
  readonly signal?: CancellationSignal;
}

/** One line of a tracked run: plain data that survives JSON. */
export interface TrackerRecord {
  /** Steps taken. */
  readonly step: number;
  /** Loss on the tracker's data. */
  readonly loss: number;
  /** Norm of the gradient on the tracker's data. */
  readonly gradientNorm: number;
  /** Leading Hessian eigenvalues, descending. */
  readonly eigenvalues: readonly number[];
  /** Their residual norms. */
  readonly residualNorms: readonly number[];
  /** ‖projection of the gradient on the leading eigenvectors‖² over ‖gradient‖². */
  readonly gradientShare: number;
  /** λ_max/λ_min where the Hessian is positive definite, else the reason; absent unless asked for. */
  readonly kappa: Tagged | null;
  /** Spectral density on its grid, or null. */
  readonly density: { readonly grid: readonly number[]; readonly values: readonly number[] } | null;
  /** Singular values per weight block, or null. */
  readonly singularValues: Readonly<Record<string, readonly number[]>> | null;
  /** ‖K_t − K_0‖_F/‖K_0‖_F of the mean tangent kernel, or null. */
  readonly kernelDrift: number | null;
  /** ⟨K_t, K_0⟩/(‖K_t‖ ‖K_0‖) of the mean tangent kernel, or null. */
  readonly kernelAlignment: number | null;
  /** Hessian products of this record. */
  readonly matvecs: number;
  /** "converged", or what the eigensolver reported when the budget ran out. */
  readonly status: string;
}

/** What continues a tracker elsewhere; survives JSON. */
export interface TrackerState {
  /** Leading eigenvectors of the last record, row after row. */
  readonly vectors: readonly (readonly number[])[];
  /** Entries of the first tangent kernel, or null. */
  readonly kernel: readonly number[] | null;
  /** Records so far: numbering of random streams continues from here. */
  readonly count: number;
}

/** A tracker at work. */
export interface SpectralTracker {
  /** Give this to `train` as onStep. */
  readonly onStep: (state: StepState) => void;
  /** Takes a record now, whatever the step. */
  readonly observe: (step: number, params: Float64Array) => TrackerRecord;
  /** Records so far. */
  readonly records: readonly TrackerRecord[];
  /** What another tracker needs to continue. */
  readonly state: () => TrackerState;
}

/**
 * Follows the spectrum of the Hessian along training: warm-started leading eigenpairs, and on request κ, density, singular values and
 * the drift of the tangent kernel, within a budget of products per record.
 *
 * Relation: every eigenvalue comes with its residual norm ‖Hv − λv‖; gradientShare is the part of ‖g‖² in the leading eigenspace, to be
 * compared with k/p for a random direction.
 *
 * @param data the samples that loss, gradient and Hessian are taken on
 * @throws {ArgumentError} for options out of range, or a budget that the density alone uses up
 *
 * Cost: at most matvecBudget Hessian products per record, all parts together; warm starts need a fraction of a cold start.
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { gradientDescent, spectralTracker, train } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1], bias: false });
 * const data = { inputs: [[2]], targets: [[0]] };
 * const tracker = spectralTracker(net, data, { top: 1, rng: createRng(1) });
 * train(net, data, { optimizer: gradientDescent({ stepSize: 0.1 }), steps: 3, params: Float64Array.of(1), onStep: tracker.onStep });
 * console.log(tracker.records.length, tracker.records[2]?.eigenvalues[0], tracker.records[2]?.gradientShare); // 3 4 1
 * ```
 */
export function spectralTracker(net: Network, data: DataLike, options: SpectralTrackerOptions): SpectralTracker {
  const caller = "spectralTracker";
  requireOptions(
    options,
    [
      "rng",
      "every",
      "top",
      "matvecBudget",
      "tolerance",
      "smallest",
      "densityProbes",
      "singularValues",
      "kernelInputs",
      "loss",
      "resume",
      "onRecord",
      "signal",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  const every = requireInteger(options.every ?? 1, "every", caller, 1);
  const top = requireInteger(options.top ?? 3, "top", caller, 1, net.parameterCount);
  const budget = requireInteger(options.matvecBudget ?? 100, "matvecBudget", caller, 1);
  const tolerance = requirePositive(options.tolerance ?? 1e-3, "tolerance", caller);
  const probes = requireInteger(options.densityProbes ?? 0, "densityProbes", caller);
  const densitySteps = Math.min(40, net.parameterCount);
  const share = shareBudget(budget, top, probes * densitySteps, options.smallest === true, caller);
  const records: TrackerRecord[] = [];
  let vectors: Matrix | null =
    options.resume === undefined ? null : fromColumns(requireState(options.resume, net, caller), net.parameterCount);
  let kernel: Float64Array | null = options.resume?.kernel ? Float64Array.from(options.resume.kernel) : null;
  let count = options.resume?.count ?? 0;

  const observe = (step: number, params: Float64Array): TrackerRecord => {
    const stream = options.rng.fork(count++);
    const point = curvatureAt(net, params.slice(), data, options.loss === undefined ? {} : { loss: options.loss });
    const running = options.signal === undefined ? {} : { signal: options.signal };
    const found = eigsh(point.hessian, {
      ...running,
      count: top,
      which: "largest",
      tolerance,
      maximumMatvecs: share.top,
      rng: stream.fork("top"),
      ...(vectors === null ? {} : { guess: vectors }),
    });
    if (found.values.length > 0) vectors = found.vectors; // none when cancelled before the first product
    const bottom =
      options.smallest === true
        ? eigsh(point.hessian, {
            ...running,
            count: 1,
            which: "smallest",
            tolerance,
            maximumMatvecs: share.afterTop - found.matvecs,
            rng: stream.fork("bottom"),
          })
        : null;
    const density =
      probes === 0
        ? null
        : spectralDensity(point.hessian, {
            ...running,
            probes,
            steps: densitySteps,
            rng: stream.fork("density"),
          });
    const gradientNorm = norm(point.gradient);
    const K =
      options.kernelInputs === undefined ? null : empiricalNtk(net, params, options.kernelInputs).meanGram().data;
    if (K !== null && kernel === null) kernel = K;
    const record: TrackerRecord = {
      step,
      loss: point.value,
      gradientNorm,
      eigenvalues: Array.from(found.values),
      residualNorms: Array.from(found.residualNorms),
      gradientShare: gradientNorm === 0 ? 0 : shareIn(found.vectors, point.gradient) / (gradientNorm * gradientNorm),
      kappa: bottom === null ? null : kappaOf(found, bottom),
      density: density === null ? null : { grid: Array.from(density.grid), values: Array.from(density.density) },
      singularValues: options.singularValues === true ? singularValuesOf(net, params) : null,
      ...kernelChange(K, kernel),
      matvecs: found.matvecs + (bottom?.matvecs ?? 0) + (density?.matvecs ?? 0),
      status: bottom?.status === "cancelled" || density?.status === "cancelled" ? "cancelled" : found.status,
    };
    records.push(record);
    options.onRecord?.(record);
    return record;
  };
  return {
    observe,
    onStep: ({ step, params }) => {
      if (step % every === 0) observe(step, params);
    },
    records,
    state: () => ({
      vectors: vectors === null ? [] : toColumns(vectors),
      kernel: kernel === null ? null : Array.from(kernel),
      count,
    }),
  };
}

const VERIFY = 2; // products that eigsh spends after its limit: one to verify each pair, and one for the last direction

/** Splits the budget of a record: what the leading pairs may spend, and what is left for them and the smallest eigenvalue together. */
function shareBudget(
  budget: number,
  top: number,
  density: number,
  smallest: boolean,
  caller: string,
): { readonly top: number; readonly afterTop: number } {
  const rest = budget - density;
  const least = top + VERIFY + (smallest ? 1 + VERIFY : 0);
  if (rest < least) {
    throw new ArgumentError({
      function: caller,
      argument: "matvecBudget",
      expected: `at least ${density + least}: ${density} for the density and ${least} for the eigenpairs`,
      got: String(budget),
    });
  }
  const bottom = smallest ? Math.max(1 + VERIFY, Math.floor(rest / 3)) : 0;
  return { top: Math.max(1, rest - bottom - top - 1), afterTop: rest - VERIFY };
}

/** Σ_k (v_kᵀ g)² over the columns of V. */
function shareIn(V: Matrix, g: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < V.cols; k++) {
    let projection = 0;
    for (let i = 0; i < V.rows; i++) projection += V.data[i * V.cols + k] * g[i];
    sum += projection * projection;
  }
  return sum;
}

function kappaOf(top: EigshResult, bottom: EigshResult): Tagged {
  if (top.values.length === 0 || bottom.values.length === 0)
    return undefinedBecause("cancelled before it was measured");
  const [largest, smallest, residual] = [top.values[0], bottom.values[0], bottom.residualNorms[0]];
  if (smallest < -residual) return undefinedBecause(`indefinite: λ_min = ${smallest.toPrecision(4)}`);
  if (smallest <= residual) return undefinedBecause("singular within the residual of λ_min");
  return defined(largest / smallest);
}

function singularValuesOf(net: Network, params: Float64Array): Record<string, readonly number[]> {
  const weights = net.blocks.filter((block) => block.role === "weight");
  return Object.fromEntries(
    weights.map(({ name, shape, offset, length }) => {
      const W = { rows: shape[0], cols: length / shape[0], data: params.slice(offset, offset + length) };
      return [name, Array.from(svd(W, { vectors: "none" }).singularValues)];
    }),
  );
}

function kernelChange(
  now: Float64Array | null,
  first: Float64Array | null,
): { readonly kernelDrift: number | null; readonly kernelAlignment: number | null } {
  if (now === null || first === null) return { kernelDrift: null, kernelAlignment: null };
  const change = now.map((value, e) => value - first[e]);
  return {
    kernelDrift: norm(change) / norm(first),
    kernelAlignment: dot(now, first) / (norm(now) * norm(first)),
  };
}

/** Checks what is to be continued: a state of another network would end in wrong starts, not in an error. */
function requireState(state: TrackerState, net: Network, caller: string): TrackerState["vectors"] {
  const fits =
    Array.isArray(state?.vectors) &&
    state.vectors.every((vector) => vector?.length === net.parameterCount) &&
    (state.kernel === null || Array.isArray(state.kernel));
  if (!fits) {
    throw new ArgumentError({
      function: caller,
      argument: "resume",
      expected: `what state() of a tracker on ${net.parameterCount} parameters returned`,
      got: describe(state?.vectors?.[0] ?? state),
    });
  }
  requireInteger(state.count, "resume.count", caller);
  return state.vectors;
}

function toColumns(V: Matrix): number[][] {
  return Array.from({ length: V.cols }, (_, k) => Array.from({ length: V.rows }, (__, i) => V.data[i * V.cols + k]));
}

function fromColumns(columns: readonly (readonly number[])[], rows: number): Matrix | null {
  if (columns.length === 0) return null;
  const data = new Float64Array(rows * columns.length);
  columns.forEach((column, k) => column.forEach((value, i) => (data[i * columns.length + k] = value)));
  return { rows, cols: columns.length, data };
}
