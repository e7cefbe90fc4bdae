import {
  ArgumentError,
  type LongRunning,
  type Matrix,
  type Tagged,
  defined,
  isCancelled,
  log,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOptions,
  undefinedBecause,
} from "../core/index.js";
import { svd } from "../linalg/index.js";
import { type Rng, permutation } from "../random/index.js";
import { type MarchenkoPasturFit, fitMarchenkoPastur, tracyWidomQuantile } from "./fit-marchenko-pastur.js";
import { hillEstimator } from "./hill.js";
import { medianOfSorted } from "./median.js";
import { type PowerLawFit, fitPowerLaw } from "./power-law.js";
import { tracyWidomCentring } from "./tracy-widom.js";

/** The five phases of Martin and Mahoney, and rank collapse. */
export type Phase = "random-like" | "bleeding-out" | "bulk+spikes" | "bulk-decay" | "heavy-tailed" | "rank-collapse";

/** What a spectrum is compared with: never a threshold alone. */
export interface PhaseBaseline {
  /** Stream for the permutations and the bootstrap. */
  readonly rng: Rng;
  /** Permutations of the entries of W, which keep their distribution and destroy correlations; default 19. */
  readonly draws?: number;
  /** The weights before training, if known: compared besides. */
  readonly initial?: Matrix;
}

/** Options of classifyPhase. */
export interface ClassifyPhaseOptions extends LongRunning {
  /** Bootstrap replicates of the power-law test; default 99. */
  readonly replicates?: number;
  /** Reach of "bleeding-out" beyond the bulk, in units of the Tracy–Widom scale; default 12. */
  readonly bleedingReach?: number;
}

/** A statistic of W with its values on the permuted copies. */
export interface BaselineComparison {
  /** Of W. */
  readonly value: number;
  /** Of each permuted copy, ascending. */
  readonly permuted: Float64Array;
  /** Of the initial weights, or null. */
  readonly initial: number | null;
  /** (1 + number of permuted values at least as extreme) / (1 + draws), the exact permutation p-value in the stated direction. */
  readonly pValue: number;
}

/** A phase with all its evidence. */
export interface PhaseClassification {
  /** The label. */
  readonly phase: Phase;
  /** The decisions that led to it, in order. */
  readonly reasons: readonly string[];
  /** Zeros among the min(rows, cols) values, relative to 1e-10 of the largest. */
  readonly zeros: number;
  /** Fit of the bulk; undefined when fewer than 5 values are not zero. */
  readonly bulk: Tagged<MarchenkoPasturFit>;
  /** KS distance above which the bulk does not count as Marchenko–Pastur: min(1.36/√n, twice the largest permuted one). */
  readonly bulkThreshold: number;
  /** Values beyond the 99% Tracy–Widom point of the fitted noise. */
  readonly beyondEdge: number;
  /** How far the largest value lies beyond the edge of the bulk, in Tracy–Widom scales. */
  readonly reach: number;
  /** Power-law fit with bootstrap; undefined when there are too few different values. */
  readonly tail: Tagged<PowerLawFit>;
  /** Largest value over the median of those above zero, against the baseline (large is extreme). */
  readonly spread: BaselineComparison;
  /** Hill exponent of the upper half, against the baseline (small is extreme). */
  readonly hill: BaselineComparison;
  /** KS distance of the bulk to Marchenko–Pastur, against the baseline (large is extreme). */
  readonly distance: BaselineComparison;
  /** Largest value, against the baseline (large is extreme): single large entries raise the permuted one too. */
  readonly largest: BaselineComparison;
  /**
   * Per permuted copy, ascending: Jensen–Shannon distance (natural logarithm) between the shares λ_k / Σ λ of W and of the
   * copy, both sorted. WeightWatcher's rand_distance is one unseeded draw of it.
   */
  readonly shareDistances: Float64Array;
  /** Mean over the permuted copies of the k-th largest value, descending. */
  readonly permutedMean: Float64Array;
  /** Permutations done. */
  readonly draws: number;
  /** "converged", or "cancelled" before all permutations were done. */
  readonly status: "converged" | "cancelled";
}

const ZERO = 1e-10;

/** Share of zeros that counts as collapse. */
const COLLAPSE_SHARE = 0.05;

/** Share of values beyond the edge above which "a few spikes" is no longer what is seen. */
const SPIKE_SHARE = 0.1;

/**
 * Names the phase of a weight matrix's spectrum, with all evidence and against a required baseline.
 *
 * Decision, in this order: rank collapse (at least 5% and two zeros); heavy-tailed (the bulk is not Marchenko–Pastur, the
 * power law is not rejected by its bootstrap, p >= 0.1, and preferred to the exponential, p < 0.1, and the tail is heavier than in every
 * permuted copy; a third law, such as a truncated power law, may still fit better: the reasons say so); bulk decay (the bulk is not Marchenko–Pastur, or more than 10% lie beyond the edge); bulk+spikes, or
 * bleeding-out when nothing reaches farther than 12 Tracy–Widom scales; otherwise random-like.
 * The label is a summary: read the evidence. Small matrices (fewer than about 50 values) rarely support any tail.
 *
 * @param W rows x cols with at least 10 singular values, finite
 * @param baseline stream, number of permutations and, if known, the initial weights
 * @throws {ArgumentError} when W is too small or zero, or the baseline has no rng
 * @throws {NonFiniteError} when W is not finite
 *
 * Accuracy: a statistical verdict, reproducible from the seed. Cost: draws + 1 SVDs of values, plus the bootstrap.
 * @see [martin2021]
 *
 * @example
 * ```ts
 * import { createRng, normalMatrix } from "eigenscope/random";
 * import { classifyPhase } from "eigenscope/rmt";
 * const W = normalMatrix(createRng(4), 30, 20);
 * const { phase, spread } = classifyPhase(W, { rng: createRng(5), draws: 9 }, { replicates: 9 });
 * console.log(phase, spread.permuted.length); // random-like 9
 * ```
 */
export function classifyPhase(
  W: Matrix,
  baseline: PhaseBaseline,
  options: ClassifyPhaseOptions = {},
): PhaseClassification {
  const caller = "classifyPhase";
  requireMatrix(W, "W", caller);
  requireFinite(W.data, "W", caller);
  requireOptions(baseline, ["rng", "draws", "initial"], caller);
  requireOptions(options, ["replicates", "bleedingReach", "signal", "onProgress"], caller);
  if (typeof baseline?.rng?.fork !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "baseline",
      expected: "given with rng",
      got: "none",
      remedy: "pass { rng: createRng(seed) }: a phase without a baseline means nothing",
    });
  }
  const draws = requireInteger(baseline.draws ?? 19, "draws", caller, 1);
  const replicates = requireInteger(options.replicates ?? 99, "replicates", caller, 1);
  const bleedingReach = options.bleedingReach ?? 12;
  if (Math.min(W.rows, W.cols) < 10) {
    throw new ArgumentError({
      function: caller,
      argument: "W",
      expected: "a matrix with at least 10 singular values",
      got: `${W.rows} x ${W.cols}`,
    });
  }
  if (baseline.initial !== undefined) {
    const { rows, cols, data } = requireMatrix(baseline.initial, "initial", caller);
    requireFinite(data, "initial", caller);
    if (rows !== W.rows || cols !== W.cols)
      throw new ArgumentError({
        function: caller,
        argument: "initial",
        expected: `${W.rows} x ${W.cols}, as W`,
        got: `${rows} x ${cols}`,
      });
  }
  const values = eigenvalues(W);
  if (values[0] === 0)
    throw new ArgumentError({ function: caller, argument: "W", expected: "not zero", got: "a zero matrix" });
  const own = statistics(values, W);
  const copies: Statistics[] = [];
  const permutedMean = new Float64Array(values.length);
  const shareDistances: number[] = [];
  for (let draw = 0; draw < draws && !isCancelled(options.signal); draw++) {
    const copy = eigenvalues(permuted(W, baseline.rng.fork("permutation").fork(draw)));
    copies.push(statistics(copy, W));
    shareDistances.push(shareDistance(values, copy));
    for (let k = 0; k < copy.length; k++) permutedMean[k] += (copy[k] - permutedMean[k]) / (draw + 1);
    options.onProgress?.({ phase: "permuted baseline", done: draw + 1, total: draws });
  }
  const start = baseline.initial === undefined ? null : statistics(eigenvalues(baseline.initial), W);
  const compare = (key: "spread" | "hill" | "distance" | "largest", sign: 1 | -1): BaselineComparison => {
    const sorted = Float64Array.from(copies, (copy) => copy[key]).sort();
    const extreme = sorted.filter((value) => sign * value >= sign * own[key]).length;
    return {
      value: own[key],
      permuted: sorted,
      initial: start === null ? null : start[key],
      pValue: (1 + extreme) / (1 + sorted.length),
    };
  };
  const evidence = { spread: compare("spread", 1), hill: compare("hill", -1), distance: compare("distance", 1) };
  const tail = fitTailOrReason(values, replicates, baseline.rng.fork("bootstrap"));
  const permutedDistance = evidence.distance.permuted[copies.length - 1] ?? Infinity;
  const bulkThreshold = Math.min(own.bulk.defined ? own.bulk.value.bulkThreshold : Infinity, 2 * permutedDistance);
  const edge = describeEdge(own.bulk, values, W);
  return {
    ...decide(values, own, tail, bulkThreshold, edge, evidence.hill, bleedingReach),
    zeros: own.zeros,
    bulk: own.bulk,
    bulkThreshold,
    ...edge,
    tail,
    ...evidence,
    largest: compare("largest", 1),
    shareDistances: Float64Array.from(shareDistances).sort(),
    permutedMean,
    draws: copies.length,
    status: copies.length === draws ? "converged" : "cancelled",
  };
}

interface Statistics {
  readonly largest: number;
  readonly spread: number;
  readonly hill: number;
  readonly distance: number;
  readonly zeros: number;
  readonly bulk: Tagged<MarchenkoPasturFit>;
}

/** s²/max(rows, cols), descending. */
function eigenvalues(W: Matrix): Float64Array {
  const root = Math.sqrt(Math.max(W.rows, W.cols));
  return svd(W, { vectors: "none" }).singularValues.map((s) => (s / root) * (s / root));
}

/** √((KL(p, m) + KL(q, m))/2) with m = (p + q)/2, for the shares of two lists of the same length. */
function shareDistance(a: Float64Array, b: Float64Array): number {
  const total = (list: Float64Array): number => list.reduce((sum, value) => sum + value, 0);
  const [sumA, sumB] = [total(a), total(b)];
  let divergence = 0;
  for (let k = 0; k < a.length; k++) {
    const [p, q] = [a[k] / sumA, b[k] / sumB];
    const middle = (p + q) / 2;
    if (p > 0) divergence += (p * log(p / middle)) / 2;
    if (q > 0) divergence += (q * log(q / middle)) / 2;
  }
  return Math.sqrt(Math.max(0, divergence));
}

function statistics(values: Float64Array, shape: { readonly rows: number; readonly cols: number }): Statistics {
  const positive = values.filter((value) => value > ZERO * values[0]);
  const bulk =
    positive.length < 5
      ? undefinedBecause<MarchenkoPasturFit>("fewer than 5 values above zero")
      : defined(fitMarchenkoPastur(values, shape, { estimator: "trace" }));
  return {
    largest: values[0],
    spread: values[0] / medianOfSorted(positive),
    hill: positive.length < 2 ? Infinity : hillEstimator(positive).alpha,
    distance: bulk.defined ? bulk.value.bulkDistance : 1,
    zeros: values.length - positive.length,
    bulk,
  };
}

function permuted(W: Matrix, rng: Rng): Matrix {
  const order = permutation(rng, W.data.length);
  return { ...W, data: W.data.map((_, i) => W.data[order[i]]) };
}

function fitTailOrReason(values: Float64Array, replicates: number, rng: Rng): Tagged<PowerLawFit> {
  const positive = values.filter((value) => value > ZERO * values[0]);
  if (new Set(positive).size < 10) return undefinedBecause("fewer than 10 different values above zero");
  return defined(fitPowerLaw(positive, { bootstrap: { replicates, rng } }));
}

function describeEdge(
  bulk: Tagged<MarchenkoPasturFit>,
  values: Float64Array,
  shape: { readonly rows: number; readonly cols: number },
): { beyondEdge: number; reach: number } {
  if (!bulk.defined) return { beyondEdge: 0, reach: 0 };
  const { variance, bulkCount, spikes } = bulk.value;
  const long = Math.max(shape.rows, shape.cols);
  const { center, scale } = tracyWidomCentring(long, bulkCount + spikes.length);
  const inScales = (value: number): number => ((long * value) / variance - center) / scale;
  const point = tracyWidomQuantile(0.99);
  return { beyondEdge: values.filter((value) => inScales(value) > point).length, reach: inScales(values[0]) };
}

/** Not rejected by the bootstrap, and preferred to the exponential. */
function isHeavy({ goodness, comparisons }: PowerLawFit): boolean {
  const exponential = comparisons.find((comparison) => comparison.alternative === "exponential");
  return (
    goodness.defined &&
    goodness.value.pValue >= 0.1 &&
    exponential !== undefined &&
    exponential.ratio > 0 &&
    exponential.pValue < 0.1
  );
}

function decide(
  values: Float64Array,
  own: Statistics,
  tail: Tagged<PowerLawFit>,
  bulkThreshold: number,
  edge: { readonly beyondEdge: number; readonly reach: number },
  hill: BaselineComparison,
  bleedingReach: number,
): { readonly phase: Phase; readonly reasons: readonly string[] } {
  const count = values.length;
  if (own.zeros >= Math.max(2, COLLAPSE_SHARE * count)) {
    return { phase: "rank-collapse", reasons: [`${own.zeros} of ${count} singular values are zero`] };
  }
  const few = edge.beyondEdge <= SPIKE_SHARE * count;
  const bulkFits = own.distance <= bulkThreshold && few;
  const reasons = [
    `KS distance of the bulk to Marchenko–Pastur ${own.distance.toPrecision(3)}, threshold ${bulkThreshold.toPrecision(3)}`,
    `${edge.beyondEdge} of ${count} values beyond the 99% Tracy–Widom point`,
  ];
  if (!bulkFits) {
    const heavier = hill.pValue <= 1 / (1 + hill.permuted.length) + 1e-12;
    reasons.push(
      `Hill exponent ${hill.value.toPrecision(3)}, permuted ${hill.permuted[0]?.toPrecision(3) ?? "none"} and above`,
    );
    if (tail.defined)
      reasons.push(
        `power law of exponent ${tail.value.alpha.toPrecision(3)} on ${tail.value.tailCount} values, ${tail.value.verdict}: ${tail.value.reasons.join("; ")}`,
      );
    else reasons.push(`no tail fit: ${tail.reason}`);
    const supported = tail.defined && isHeavy(tail.value);
    if (supported && heavier && tail.value.verdict === "not supported by the data")
      reasons.push("heavy against the exponential and against every permuted copy, though not a pure power law");
    return { phase: supported && heavier ? "heavy-tailed" : "bulk-decay", reasons };
  }
  if (edge.beyondEdge === 0) return { phase: "random-like", reasons };
  reasons.push(`the largest value is ${edge.reach.toPrecision(3)} Tracy–Widom scales out`);
  return { phase: edge.reach > bleedingReach ? "bulk+spikes" : "bleeding-out", reasons };
}
