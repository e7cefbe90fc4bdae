import {
  axpy,
  column,
  dot,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireOptions,
  type Status,
  transpose,
  UnsupportedError,
} from "../core/index.js";
import { eigsh } from "../krylov/index.js";
import { eigh, matmul } from "../linalg/index.js";
import {
  argmaxRows,
  chainBackward,
  chainForward,
  type DataLike,
  type LossExpansion,
  type LossOptions,
  type Network,
  requireUncoupled,
  softmax,
} from "../networks/index.js";
import { lowRank, type SymmetricOperator } from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { ggnTraceOf } from "./gradient-norms.js";
import { ggn, lossOptionsOf } from "./operators.js";

/** Options of {@link classOutliers}. */
export interface ClassOutliersOptions extends LossOptions, LongRunning {
  /** Random start of the eigensolver. */
  readonly rng: Rng;
  /** Leading eigenpairs to attribute (default 2 · classes). */
  readonly count?: number;
  /** Residual tolerance of the eigenpairs, relative (default 1e-6). */
  readonly tolerance?: number;
}

/** The parts of the Gauss–Newton matrix of a softmax classifier; as operators they add up to it. */
export interface ClassParts {
  /** Σ_c w_c g_c g_cᵀ: class means of the gradients toward other labels; rank at most C. */
  readonly class: SymmetricOperator;
  /** Σ_{c≠c'} w_cc' (g_cc' − g_c)(g_cc' − g_c)ᵀ: cross-class means around class means. */
  readonly crossClass: SymmetricOperator;
  /** Σ_c w_cc g_cc g_ccᵀ: means toward the sample's own label. */
  readonly ownClass: SymmetricOperator;
  /** What remains: gradients around their cross-class means. */
  readonly withinClass: SymmetricOperator;
}

/** One eigenpair of the Gauss–Newton matrix and where its curvature comes from. */
export interface OutlierAttribution {
  /** Eigenvalue. */
  readonly eigenvalue: number;
  /** Residual norm. */
  readonly residualNorm: number;
  /** vᵀ P v / λ for each part P; the four add up to 1 up to residualNorm/λ. */
  readonly shares: {
    readonly class: number;
    readonly crossClass: number;
    readonly ownClass: number;
    readonly withinClass: number;
  };
}

/** Attribution of the outliers of a classifier's curvature to its classes. */
export interface ClassOutliers {
  /** Number of classes C. */
  readonly classes: number;
  /** The leading eigenpairs, descending. */
  readonly attributions: readonly OutlierAttribution[];
  /** Nonzero spectrum of the class part, descending (at most C values, exact). */
  readonly classEigenvalues: Float64Array;
  /** Traces of the four parts; they add up to the trace of the Gauss–Newton matrix. */
  readonly traces: {
    readonly class: number;
    readonly crossClass: number;
    readonly ownClass: number;
    readonly withinClass: number;
  };
  /** Index k of the largest ratio λ_k/λ_{k+1} among the leading 2C − 1 computed: the number of outliers by that rule. */
  readonly outlierCount: number;
  /** That ratio. */
  readonly gapRatio: number;
  /** The counts that the literature expects; tendencies, not laws. */
  readonly expected: { readonly classesMinusOne: number; readonly classes: number };
  /** The parts as operators. */
  readonly parts: ClassParts;
  /** How the eigensolver ended. */
  readonly status: Status;
  /** Number of samples. */
  readonly samples: number;
}

/**
 * Splits the Gauss–Newton matrix of a softmax classifier into class, cross-class, own-class and within-class parts and attributes its
 * leading eigenvalues to them.
 *
 * Relation: with p = softmax(f(x_i)), g_{i,c'} = J_iᵀ(p − e_{c'}) and weights p_{c'}/n, G = Σ_{i,c'} (p_{ic'}/n) g_{i,c'} g_{i,c'}ᵀ. Grouping by
 * (class of i, c') and taking means twice gives four positive semidefinite parts whose sum is G to rounding.
 *
 * @param data targets are class labels or one-hot rows
 * @throws {UnsupportedError} for losses other than cross-entropy, or layers that couple samples
 *
 * Cost: C backward passes over the data (C² over class subsets), C² vectors of parameters, and eigsh on the Gauss–Newton matrix. The parts are
 * completed before `signal` is looked at, so that they always add up.
 * @see [papyan2019]
 *
 * @example
 * ```ts
 * import { classOutliers } from "eigenscope/curvature";
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const net = mlp({ sizes: [1, 2], bias: false, loss: "cross-entropy" });
 * const data = { inputs: [[1], [1], [1], [1]], targets: [0, 1, 0, 1] };
 * const report = classOutliers(net, new Float64Array(2), data, { rng: createRng(1) });
 * console.log(report.traces.class, report.traces.ownClass, report.traces.withinClass < 1e-15); // 0.25 0.25 true
 * ```
 */
export function classOutliers(
  net: Network,
  params: Float64Array,
  data: DataLike,
  options: ClassOutliersOptions,
): ClassOutliers {
  const caller = "classOutliers";
  requireOptions(
    options,
    ["rng", "count", "tolerance", "loss", "batchSize", "memoryBudget", "signal", "onProgress"],
    caller,
  );
  requireRng(options?.rng, caller);
  requireUncoupled(net, caller);
  const G = ggn(net, params, data, lossOptionsOf(options));
  const point = G.expansion;
  if (point.loss.name !== "cross-entropy") {
    throw new UnsupportedError({
      function: caller,
      argument: "loss",
      expected: "cross-entropy: the parts are means over labels drawn from a softmax",
      got: `"${point.loss.name}"`,
      remedy: 'pass { loss: "cross-entropy" }',
    });
  }
  const C = net.outputs;
  const means = groupMeans(point);
  const factors = partFactors(means, C);
  const parts = partOperators(G, factors);
  const found = eigsh(G, {
    count: Math.min(net.parameterCount, requireInteger(options.count ?? 2 * C, "count", caller, 1)),
    which: "largest",
    tolerance: options.tolerance ?? 1e-6,
    rng: options.rng,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const squares = (factor: Matrix): number => factor.data.reduce((sum, value) => sum + value * value, 0);
  const traces = {
    class: squares(factors.class),
    crossClass: squares(factors.crossClass),
    ownClass: squares(factors.ownClass),
  };
  const between = matmul(factors.class, factors.class, { transposeB: true });
  return {
    classes: C,
    attributions: Array.from(found.values, (eigenvalue, k) =>
      attribute(parts, column(found.vectors, k), eigenvalue, found.residualNorms[k]),
    ),
    classEigenvalues: eigh(between, { vectors: false, triangle: "lower" }).values.slice().reverse(),
    traces: { ...traces, withinClass: means.total - traces.class - traces.crossClass - traces.ownClass },
    ...largestGap(found.values, C),
    expected: { classesMinusOne: C - 1, classes: C },
    parts,
    status: found.status,
    samples: point.samples,
  };
}

interface GroupMeans {
  /** Σ_i (p_{ic'}/n) g_{i,c'} over samples of class c, at index c · C + c'. */
  readonly sums: readonly Float64Array[];
  /** Σ_i p_{ic'}/n over samples of class c. */
  readonly weights: Float64Array;
  /** Trace of the Gauss–Newton matrix. */
  readonly total: number;
}

/** Weighted sums of the gradients of each pair (class, label), by backward passes on the samples of one class at a time. */
function groupMeans(point: LossExpansion): GroupMeans {
  const { network: net, params } = point;
  const C = net.outputs;
  const sums = Array.from({ length: C * C }, () => new Float64Array(net.parameterCount));
  const weights = new Float64Array(C * C);
  point.forEachChunk((chunk) => {
    const labels = argmaxRows(chunk.targets);
    for (let own = 0; own < C; own++) {
      const inputs = selectRows(chunk.pass.input, labels, own);
      if (inputs.rows === 0) continue;
      const pass = chainForward(net.chain, params, inputs);
      const p = softmax(pass.output);
      for (let other = 0; other < C; other++) {
        const cotangent = { rows: p.rows, cols: C, data: new Float64Array(p.rows * C) };
        for (let i = 0; i < p.rows; i++) {
          const share = p.data[i * C + other] / point.samples;
          weights[own * C + other] += share;
          for (let j = 0; j < C; j++) cotangent.data[i * C + j] = share * (p.data[i * C + j] - (j === other ? 1 : 0));
        }
        chainBackward(pass, cotangent, sums[own * C + other], false);
      }
    }
  });
  return { sums, weights, total: ggnTraceOf(point) };
}

function selectRows(A: Matrix, labels: Int32Array, wanted: number): Matrix {
  const rows = labels.reduce((count, label) => count + (label === wanted ? 1 : 0), 0);
  const data = new Float64Array(rows * A.cols);
  let next = 0;
  labels.forEach((label, i) => {
    if (label === wanted) data.set(A.data.subarray(i * A.cols, (i + 1) * A.cols), A.cols * next++);
  });
  return { rows, cols: A.cols, data };
}

interface Factors {
  readonly class: Matrix;
  readonly crossClass: Matrix;
  readonly ownClass: Matrix;
}

/** Rows √w · mean of each part: P = FᵀF. */
function partFactors({ sums, weights }: GroupMeans, C: number): Factors {
  const p = sums[0].length;
  const stack = (rows: readonly Float64Array[]): Matrix => {
    const data = new Float64Array(rows.length * p);
    rows.forEach((row, r) => data.set(row, r * p));
    return { rows: rows.length, cols: p, data };
  };
  const classRows: Float64Array[] = [];
  const crossRows: Float64Array[] = [];
  const ownRows: Float64Array[] = [];
  for (let c = 0; c < C; c++) {
    const toOthers = Array.from({ length: C }, (_, other) => other).filter((other) => other !== c);
    const weight = toOthers.reduce((sum, other) => sum + weights[c * C + other], 0);
    const mean = new Float64Array(p); // g_c
    if (weight > 0) for (const other of toOthers) axpy(1 / weight, sums[c * C + other], mean);
    classRows.push(mean.map((value) => Math.sqrt(weight) * value));
    for (const other of toOthers) {
      const own = weights[c * C + other];
      const row = new Float64Array(p);
      if (own > 0) for (let e = 0; e < p; e++) row[e] = Math.sqrt(own) * (sums[c * C + other][e] / own - mean[e]);
      crossRows.push(row);
    }
    const diagonal = weights[c * C + c];
    ownRows.push(sums[c * C + c].map((value) => (diagonal > 0 ? value / Math.sqrt(diagonal) : 0)));
  }
  return { class: stack(classRows), crossClass: stack(crossRows), ownClass: stack(ownRows) };
}

/** The four parts as operators; the last is what the first three leave of G, so that they add up to rounding. */
function partOperators(G: SymmetricOperator, factors: Factors): ClassParts {
  const known = [factors.class, factors.crossClass, factors.ownClass].map((factor) => lowRank(transpose(factor)));
  const scratch = new Float64Array(G.rows); // product of one known part
  return {
    class: known[0],
    crossClass: known[1],
    ownClass: known[2],
    withinClass: {
      rows: G.rows,
      cols: G.cols,
      symmetric: true,
      apply(v, out) {
        G.apply(v, out);
        for (const part of known) {
          part.apply(v, scratch);
          axpy(-1, scratch, out);
        }
      },
    },
  };
}

function attribute(parts: ClassParts, v: Float64Array, eigenvalue: number, residualNorm: number): OutlierAttribution {
  const out = new Float64Array(v.length);
  const share = (part: SymmetricOperator): number => {
    part.apply(v, out);
    return dot(v, out) / eigenvalue;
  };
  return {
    eigenvalue,
    residualNorm,
    shares: {
      class: share(parts.class),
      crossClass: share(parts.crossClass),
      ownClass: share(parts.ownClass),
      withinClass: share(parts.withinClass),
    },
  };
}

/** Largest ratio of neighbouring eigenvalues among the first 2C. */
function largestGap(values: Float64Array, C: number): { readonly outlierCount: number; readonly gapRatio: number } {
  let outlierCount = 0;
  let gapRatio = 1;
  const floor = 1e-12 * (values[0] ?? 0); // ratios of rounding errors are not gaps
  for (let k = 1; k < Math.min(values.length, 2 * C); k++) {
    const ratio = values[k - 1] / Math.max(values[k], floor);
    if (values[k - 1] > floor && ratio > gapRatio) {
      gapRatio = ratio;
      outlierCount = k;
    }
  }
  return { outlierCount, gapRatio };
}
