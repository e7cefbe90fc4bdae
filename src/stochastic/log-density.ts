import {
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  type Tagged,
  defined,
  exp,
  isCancelled,
  log10,
  pow,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  undefinedBecause,
} from "../core/index.js";
import { type Coroutine, drive, driveAsync } from "../krylov/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { type ProbeMeasure, mergeMeasures, summarize } from "./bulk.js";
import { type ConfidenceInterval, addSample, createMoments, estimateOf } from "./estimate.js";
import { fillProbe } from "./probes.js";
import { probeQuadrature } from "./slq.js";

/** Options of {@link logSpectralDensity}. */
export interface LogSpectralDensityOptions extends LongRunning {
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Number of random probes; 10 by default. The band needs at least two. */
  readonly probes?: number;
  /** Lanczos steps per probe, at most n; 80 by default. */
  readonly steps?: number;
  /** Standard deviation of the smoothing Gaussian in decades; 0.1 by default. */
  readonly bandwidth?: number;
  /** Number of abscissae per branch; 256 by default. */
  readonly points?: number;
  /** Moduli up to this one count as zero, in the units of A; 1e-12 of the largest node by default. */
  readonly floor?: number;
  /** Confidence of the band and of the interval; 0.95 by default. */
  readonly confidence?: number;
}

/** The density of the eigenvalues of one sign over the logarithm of their modulus. */
export interface LogDensityBranch {
  /** Moduli |λ|, ascending and equidistant in log₁₀ |λ|. */
  readonly moduli: Float64Array;
  /** Density per decade: its integral over log₁₀ |λ| is the share of the eigenvalues of this sign. */
  readonly density: Float64Array;
  /** Pointwise band over the probes. */
  readonly band: { readonly lower: Float64Array; readonly upper: Float64Array; readonly level: number };
  /**
   * Median over the probes of the smallest modulus of a node on this side. Below it the steps resolve nothing: what the
   * density shows there is smoothing, and eigenvalues there appear further out.
   */
  readonly resolvedFrom: number;
}

/** A spectral density on logarithmic scales. */
export interface LogSpectralDensityResult {
  /** Positive eigenvalues; undefined when no node is positive. */
  readonly positive: Tagged<LogDensityBranch>;
  /** Negative eigenvalues; undefined when no node is negative. */
  readonly negative: Tagged<LogDensityBranch>;
  /** Share of the eigenvalues whose modulus is at most `floor`. */
  readonly zero: { readonly mean: number; readonly standardError: number; readonly interval: ConfidenceInterval };
  /** Moduli up to this one counted as zero. */
  readonly floor: number;
  /** Quadrature nodes of all probes. */
  readonly nodes: Float64Array;
  /** Quadrature weights, summing to one. */
  readonly weights: Float64Array;
  /** Standard deviation of the smoothing, in decades. */
  readonly bandwidth: number;
  /** Probes used. */
  readonly probes: number;
  /** Lanczos steps per probe. */
  readonly steps: number;
  /** Products spent. */
  readonly matvecs: number;
  /** "converged" when all probes were run. */
  readonly status: Status;
}

const KEYS = ["rng", "probes", "steps", "bandwidth", "points", "floor", "confidence", "signal", "onProgress"];
const FLOOR = 1e-12;

/**
 * Estimates the density of the eigenvalues over the logarithm of their modulus, for spectra that spread over many decades:
 * Hessians, kernels, covariances. On a linear axis all but the largest eigenvalues of those are one spike at zero.
 *
 * Relation: Σ weights_j f(nodes_j) estimates tr f(A)/n as in spectralDensity; here each node is smoothed in log₁₀ |λ|.
 * ∫ positive + ∫ negative + zero.mean = 1, integrals over decades.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.floor moduli that count as zero
 * @returns a branch for each sign, the share at zero, nodes and weights
 * @throws {ArgumentError} when A lacks the symmetric mark or rng is missing
 *
 * Accuracy: the bands, and `resolvedFrom` for the steps: the smallest modulus seen falls like 1/steps² at an end of the
 * spectrum and like 1/steps inside it. Cost: probes · steps products and `steps` vectors.
 * @see [ghorbani2019]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { logSpectralDensity } from "eigenscope/stochastic";
 * const A = diagonal(Float64Array.from({ length: 300 }, (_, i) => (i < 200 ? 1e-4 : 1))); // two thirds at 10⁻⁴
 * const { positive, negative } = logSpectralDensity(A, { rng: createRng(1), points: 401 });
 * if (!positive.defined) throw new Error(positive.reason);
 * const { moduli, density } = positive.value;
 * const step = Math.log10(moduli[1] / moduli[0]);
 * const low = density.reduce((sum, value, i) => (moduli[i] < 1e-2 ? sum + value * step : sum), 0);
 * console.log(low.toFixed(2), negative.defined); // 0.66 false
 * ```
 */
export function logSpectralDensity(
  A: SymmetricOperator | Matrix,
  options: LogSpectralDensityOptions,
): LogSpectralDensityResult {
  const operator = requireSymmetricOperator(A, "A", "logSpectralDensity");
  return drive(operator, estimate(operator.rows, options));
}

/**
 * The form of {@link logSpectralDensity} for operators whose products are computed elsewhere; the same numbers, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @returns a promise of the result of logSpectralDensity
 * @throws {ArgumentError} as logSpectralDensity, as a rejection
 */
export async function logSpectralDensityAsync(
  A: AsyncSymmetricOperator,
  options: LogSpectralDensityOptions,
): Promise<LogSpectralDensityResult> {
  const operator = requireAsyncOperator(A, "A", "logSpectralDensityAsync", "symmetric");
  return driveAsync(A, estimate(operator.rows, options));
}

function* estimate(n: number, options: LogSpectralDensityOptions): Coroutine<LogSpectralDensityResult> {
  const caller = "logSpectralDensity";
  requireOptions(options, KEYS, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const rng = requireRng(options?.rng, caller);
  const probes = requireInteger(options.probes ?? 10, "probes", caller, 1);
  const steps = Math.min(n, requireInteger(options.steps ?? 80, "steps", caller, 1));
  const bandwidth = requirePositive(options.bandwidth ?? 0.1, "bandwidth", caller);
  const points = requireInteger(options.points ?? 256, "points", caller, 2);
  const confidence = requireNumber(options.confidence ?? 0.95, "confidence", caller, 0.5, 1 - 1e-12);
  const given = options.floor === undefined ? null : requireNumber(options.floor, "floor", caller, 0);
  const { signal, onProgress } = options;
  const measures: ProbeMeasure[] = [];
  let matvecs = 0;
  let status: Status = "converged";
  for (let p = 0; p < probes; p++) {
    if (p > 0 && isCancelled(signal)) {
      status = "cancelled";
      break;
    }
    const v = fillProbe("sphere", rng, new Float64Array(n));
    const rule = yield* probeQuadrature(v, { steps, reorthogonalization: "full", signal });
    matvecs += rule.matvecs;
    measures.push(rule);
    onProgress?.({ phase: "log density", done: p + 1, total: probes, figures: { matvecs } });
  }
  const merged = mergeMeasures(measures);
  const largest = merged.nodes.reduce((most, node) => Math.max(most, Math.abs(node)), 0);
  const floor = given ?? FLOOR * largest;
  const shares = createMoments();
  for (const { nodes, weights } of measures) {
    let share = 0;
    for (let j = 0; j < nodes.length; j++) if (Math.abs(nodes[j]) <= floor) share += weights[j];
    addSample(shares, share);
  }
  const { mean, standardError, interval } = estimateOf(shares, matvecs, confidence);
  const branch = (sign: 1 | -1): Tagged<LogDensityBranch> =>
    branchOf(measures, sign, floor, { bandwidth, points, confidence });
  return {
    positive: branch(1),
    negative: branch(-1),
    zero: { mean, standardError, interval },
    floor,
    ...merged,
    bandwidth,
    probes: measures.length,
    steps,
    matvecs,
    status,
  };
}

function branchOf(
  measures: readonly ProbeMeasure[],
  sign: 1 | -1,
  floor: number,
  { bandwidth, points, confidence }: { bandwidth: number; points: number; confidence: number },
): Tagged<LogDensityBranch> {
  const sides = measures.map(({ nodes, weights }) => {
    const at: number[] = [];
    const mass: number[] = [];
    for (let j = 0; j < nodes.length; j++) {
      if (sign * nodes[j] > floor) {
        at.push(log10(sign * nodes[j]));
        mass.push(weights[j]);
      }
    }
    return { at, mass, smallest: at.reduce((least, value) => Math.min(least, value), Infinity) };
  });
  const all = sides.flatMap(({ at }) => at);
  if (all.length === 0) {
    return undefinedBecause(`no node of ${measures.length} probes is ${sign > 0 ? "above" : "below minus"} the floor`);
  }
  const lowest = all.reduce((least, value) => Math.min(least, value), Infinity) - 4 * bandwidth;
  const highest = all.reduce((most, value) => Math.max(most, value), -Infinity) + 4 * bandwidth;
  const grid = Float64Array.from({ length: points }, (_, i) => lowest + ((highest - lowest) * i) / (points - 1));
  const height = 1 / (Math.sqrt(2 * Math.PI) * bandwidth);
  const curves = sides.map(({ at, mass }) =>
    grid.map((x) => {
      let sum = 0;
      for (let j = 0; j < at.length; j++) {
        const z = (x - at[j]) / bandwidth;
        if (Math.abs(z) < 39) sum += mass[j] * height * exp(-0.5 * z * z); // exp underflows beyond
      }
      return sum;
    }),
  );
  const seen = sides.map(({ smallest }) => smallest).sort((a, b) => a - b);
  return defined({
    moduli: grid.map((x) => pow(10, x)),
    ...summarize(curves, confidence),
    resolvedFrom: pow(10, seen[Math.floor((seen.length - 1) / 2)]),
  });
}
