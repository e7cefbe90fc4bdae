import {
  type Estimate,
  type LongRunning,
  isCancelled,
  requireInteger,
  requireOneOf,
  requireOptions,
  type Status,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import type { DataLike, LossExpansion, LossOptions, Network } from "../networks/index.js";
import { fillRademacher, requireRng, type Rng } from "../random/index.js";
import { estimateOf } from "./estimate-of.js";
import { ggnBlockTraces, type ParameterRange } from "./gradient-norms.js";
import { curvatureAt, restrictedHessian, lossOptionsOf } from "./operators.js";

/** Options of {@link curvatureProfile}. */
export interface CurvatureProfileOptions extends LossOptions, LongRunning {
  /** Randomness of probes and starts. */
  readonly rng: Rng;
  /** Rademacher probes for the traces (default 20). */
  readonly probes?: number;
  /** Leading Hessian eigenvalues of each block (default 1; 0 leaves them out). */
  readonly top?: number;
  /** "layer" (default) or "parameter": weights and biases apart. */
  readonly granularity?: "layer" | "parameter";
  /** Residual tolerance of the eigenvalues, relative (default 1e-4). */
  readonly tolerance?: number;
}

/** Curvature of one block of parameters. */
export interface BlockCurvature {
  /** Name, such as "layer2" or "layer2.weight". */
  readonly name: string;
  /** Number of parameters. */
  readonly parameters: number;
  /** Trace of the Hessian's diagonal block: Gauss–Newton part plus estimated residual. */
  readonly trace: Estimate;
  /** Trace of the Gauss–Newton block (penalties do not enter). */
  readonly ggnTrace: number;
  /** Its standard error over the probes: 0, for an exact trace, unless a layer couples samples. */
  readonly ggnStandardError: number;
  /** ggnTrace over the Gauss–Newton trace of all blocks. */
  readonly ggnShare: number;
  /** Norm of the gradient's block. */
  readonly gradientNorm: number;
  /** Leading eigenvalues of the Hessian's diagonal block, descending. */
  readonly top: Float64Array;
  /** Their residual norms. */
  readonly residualNorms: Float64Array;
}

/** Where the curvature is, block by block. */
export interface CurvatureProfile {
  /** The blocks in parameter order. */
  readonly blocks: readonly BlockCurvature[];
  /** Trace of the Hessian: the Gauss–Newton trace plus the estimate for the residual. */
  readonly trace: Estimate;
  /** Trace of the Gauss–Newton matrix. */
  readonly ggnTrace: number;
  /** Its standard error over the probes: 0, for an exact trace, unless a layer couples samples. */
  readonly ggnStandardError: number;
  /** Estimated trace of the residual H − G: trace = ggnTrace + residualTrace. */
  readonly residualTrace: Estimate;
  /** Mean loss. */
  readonly value: number;
  /** Number of samples. */
  readonly samples: number;
  /** Name of the loss. */
  readonly loss: string;
  /** "converged", or "cancelled" with the blocks done so far. */
  readonly status: Status;
}

/**
 * Profiles the curvature of a network by blocks of parameters: trace, Gauss–Newton share, leading eigenvalues.
 *
 * Relation: tr H = tr G + tr R, block by block. Gauss–Newton traces are exact: one backward pass per output. One product of the residual
 * R = H − G with a sign vector v gives v_bᵀ(Rv)_b, an unbiased estimate of the trace of every diagonal block at once; the block traces add
 * up to the whole trace. Only the residual is estimated, which leaves little variance where the Gauss–Newton part dominates. Where batch
 * normalisation couples samples, G is multiplied by the same probes: then both parts are estimates. Eigenvalues are those of the diagonal
 * blocks: they interlace within [λ_min(H), λ_max(H)].
 *
 * @returns blocks in parameter order
 * @throws {ShapeError} when sizes do not fit
 *
 * Accuracy: traces with standard errors over the probes. Cost: `probes` products for all blocks together, then eigsh on
 * each block when `top` > 0.
 *
 * @example
 * ```ts
 * import { curvatureProfile } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [2, 1], bias: false });
 * const data = { inputs: [[2, 0], [0, 2]], targets: [[1], [1]] };
 * const profile = curvatureProfile(net, new Float64Array(2), data, { rng: createRng(1) });
 * console.log(profile.blocks[0]?.name, profile.trace.mean, profile.ggnTrace, profile.blocks[0]?.top[0]); // layer1 4 4 2
 * ```
 */
export function curvatureProfile(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: CurvatureProfileOptions,
): CurvatureProfile {
  const caller = "curvatureProfile";
  requireOptions(
    options,
    ["rng", "probes", "top", "granularity", "tolerance", "loss", "batchSize", "memoryBudget", "signal", "onProgress"],
    caller,
  );
  requireRng(options?.rng, caller);
  const probes = requireInteger(options.probes ?? 20, "probes", caller, 1);
  const top = requireInteger(options.top ?? 1, "top", caller);
  const granularity = requireOneOf(
    options.granularity ?? "layer",
    ["layer", "parameter"] as const,
    "granularity",
    caller,
  );
  const point = curvatureAt(net, params, data, lossOptionsOf(options));
  const ranges = blockRanges(net, granularity);
  const residual = probedTraces(point.expansion, ranges, probes, options);
  const ggn = ggnTracesOf(point.expansion, ranges, residual.ggn);
  const raised = (estimate: Estimate, by: number, standardError: number): Estimate => ({
    ...estimate,
    mean: estimate.mean + by,
    standardError,
  });
  let status: Status = residual.status;
  const blocks: BlockCurvature[] = [];
  ranges.forEach(({ name, start, end }, index) => {
    if (isCancelled(options.signal)) status = "cancelled";
    const count = Math.min(top, end - start);
    const found =
      count === 0 || status === "cancelled"
        ? { values: new Float64Array(0), residualNorms: new Float64Array(0) }
        : eigsh(restrictedHessian(point.expansion, name, caller), {
            count,
            which: "largest",
            tolerance: options.tolerance ?? 1e-4,
            rng: options.rng.fork(`eigsh ${name}`),
            ...(options.signal === undefined ? {} : { signal: options.signal }),
          });
    options.onProgress?.({ phase: "curvature by block", done: index + 1, total: ranges.length });
    blocks.push({
      name,
      parameters: end - start,
      trace: raised(residual.blocks[index], ggn.blocks[index].mean, residual.errors[index]),
      ggnTrace: ggn.blocks[index].mean,
      ggnStandardError: ggn.blocks[index].standardError,
      ggnShare: ggn.whole.mean === 0 ? 0 : ggn.blocks[index].mean / ggn.whole.mean,
      gradientNorm: Math.sqrt(point.gradient.subarray(start, end).reduce((sum, value) => sum + value * value, 0)),
      top: found.values,
      residualNorms: found.residualNorms,
    });
  });
  return {
    blocks,
    trace: raised(residual.whole, ggn.whole.mean, residual.errors[ranges.length]),
    ggnTrace: ggn.whole.mean,
    ggnStandardError: ggn.whole.standardError,
    residualTrace: residual.whole,
    value: point.value,
    samples: point.expansion.samples,
    loss: point.expansion.loss.name,
    status,
  };
}

function blockRanges(net: Network, granularity: "layer" | "parameter"): ParameterRange[] {
  if (granularity === "parameter") {
    return net.blocks.map(({ name, offset, length }) => ({ name, start: offset, end: offset + length }));
  }
  return [...new Set(net.blocks.map((block) => block.layer))].map((name) => {
    const own = net.blocks.filter((block) => block.layer === name);
    return { name, start: own[0].offset, end: own[own.length - 1].offset + own[own.length - 1].length };
  });
}

/** Quadratic forms of the diagonal blocks, probe by probe, the whole matrix last. */
type BlockForms = readonly (readonly number[])[];

/** Estimated traces of the diagonal blocks of H − G, from products with sign vectors; those of G by the same probes where samples are coupled. */
function probedTraces(
  point: LossExpansion,
  ranges: readonly ParameterRange[],
  probes: number,
  options: CurvatureProfileOptions,
): { blocks: Estimate[]; whole: Estimate; errors: number[]; ggn: BlockForms | null; status: Status } {
  const n = point.network.parameterCount;
  const v = new Float64Array(n); // sign probe
  const Av = new Float64Array(n);
  const residual: number[][] = [...ranges.map((): number[] => []), []];
  const ggn: number[][] | null = point.network.couplesSamples ? residual.map((): number[] => []) : null;
  const stream = options.rng.fork("trace probes");
  const collect = (into: number[][]): void => {
    let whole = 0;
    ranges.forEach(({ start, end }, index) => {
      let sum = 0;
      for (let i = start; i < end; i++) sum += v[i] * Av[i];
      into[index].push(sum);
      whole += sum;
    });
    into[ranges.length].push(whole);
  };
  let status: Status = "converged";
  for (let probe = 0; probe < probes; probe++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    fillRademacher(stream, v);
    point.residualProduct(v, Av);
    collect(residual);
    if (ggn !== null) {
      point.ggnProduct(v, Av);
      collect(ggn);
    }
    options.onProgress?.({ phase: "traces", done: probe + 1, total: probes });
  }
  const estimates = residual.map(estimateOf);
  // The two parts of one probe are not independent: the error of their sum is that of the sums.
  const sums = ggn === null ? residual : residual.map((forms, b) => forms.map((value, k) => value + ggn[b][k]));
  return {
    blocks: estimates.slice(0, -1),
    whole: estimates[ranges.length],
    errors: sums.map((forms) => estimateOf(forms).standardError),
    ggn,
    status,
  };
}

/** Traces of the Gauss–Newton blocks: exact, unless the probes of a network that couples samples are given. */
function ggnTracesOf(
  point: LossExpansion,
  ranges: readonly ParameterRange[],
  probed: BlockForms | null,
): { blocks: Estimate[]; whole: Estimate } {
  if (probed !== null) {
    const estimates = probed.map(estimateOf);
    return { blocks: estimates.slice(0, -1), whole: estimates[ranges.length] };
  }
  const exact = (mean: number): Estimate => ({ mean, standardError: 0, samples: point.samples, matvecs: 0 });
  const traces = ggnBlockTraces(point, ranges);
  return { blocks: traces.map(exact), whole: exact(traces.reduce((sum, value) => sum + value, 0)) };
}
