import {
  ArgumentError,
  type Convergence,
  type Estimate,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  describe,
  isCancelled,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng, type RngState, createRng } from "../random/index.js";
import { copyBasis, createBasis } from "./basis.js";
import { type EigenvalueIntervals, certify } from "./certify.js";
import { createFilter } from "./chebyshev-filter.js";
import {
  WINDOW_CALLER,
  type WindowPairs,
  type WindowRun,
  type WindowSettings,
  beginWindow,
  enlargeBlock,
  iterateWindow,
  scaleOf,
  widenWindow,
} from "./chebyshev-iteration.js";
import { type Coroutine, drive, driveAsync } from "./products.js";
import { roundoff } from "./thick-restart.js";

/** Options of {@link chebyshevSubspace}. */
export interface ChebyshevSubspaceOptions extends LongRunning {
  /** The window [a, b], a < b: all eigenvalues in it are wanted. */
  readonly interval: readonly [number, number];
  /** Stream for the random block and the estimate of the count. */
  readonly rng: Rng;
  /** Residual asked for, relative to ‖A‖₂ (the larger end of the bounds); 1e-8 by default. */
  readonly tolerance?: number;
  /** Degree of the filter; by default its edges are half as wide as the window, at least 8 and at most 2,000. */
  readonly degree?: number;
  /** Vectors iterated together; by default 1.5 times the estimated trace of the filter (plus two standard errors) and 8. */
  readonly blockSize?: number;
  /** An interval that contains the spectrum; from 30 Lanczos steps by default, and widened when it turns out too small. */
  readonly bounds?: readonly [number, number];
  /** Number of eigenvalues below a point, for instance by an LDLᵀ factorisation of A − x: makes the count exact. */
  readonly inertia?: (x: number) => number;
  /** Products after which the run ends; 1,000,000 by default. */
  readonly maximumMatvecs?: number;
  /** `state` of an unfinished run with the same operator and interval: it goes on, bit for bit. */
  readonly resume?: ChebyshevSubspaceState;
}

/** All eigenpairs of a window with everything needed to judge them. */
export interface ChebyshevSubspaceResult extends Convergence {
  /** Eigenvalues in the window, ascending; as many as were found. */
  readonly values: Float64Array;
  /** Unit eigenvectors as columns, the entry of largest modulus positive. */
  readonly vectors: Matrix;
  /** ‖A v − λ v‖₂ of each pair, recomputed from A. */
  readonly residualNorms: Float64Array;
  /** For each value an interval that contains an eigenvalue. */
  readonly intervals: EigenvalueIntervals;
  /** Indices of values that are too close to be told apart. */
  readonly clusters: readonly (readonly number[])[];
  /** max |VᵀV − I|. */
  readonly orthogonalityLoss: number;
  /** The window. */
  readonly interval: readonly [number, number];
  /** The interval taken to contain the spectrum. */
  readonly bounds: readonly [number, number];
  /** Degree of the filter. */
  readonly degree: number;
  /** Vectors iterated together. */
  readonly blockSize: number;
  /**
   * What confirms that none is missing. "inertia": the count of the callback agrees. "block": random vectors were left
   * over after all directions that the filter lets pass. "none": not confirmed.
   */
  readonly countConfirmedBy: "inertia" | "block" | "none";
  /** Stochastic estimate of the trace of the filter: the eigenvalues in the window, those near its ends weighted. */
  readonly countEstimate: Estimate;
  /** What `resume` takes to go on; null unless the run ended by its budget or the signal. */
  readonly state: ChebyshevSubspaceState | null;
}

/** An unfinished run of chebyshevSubspace: plain numbers that structured clone and serializeState can store. */
export interface ChebyshevSubspaceState {
  /** Format of this record. */
  readonly kind: "eigenscope-window-1";
  /** Order of the operator. */
  readonly n: number;
  /** The window. */
  readonly interval: readonly [number, number];
  /** The interval taken to contain the spectrum. */
  readonly bounds: readonly [number, number];
  /** Degree of the filter. */
  readonly degree: number;
  /** The block, vectors as rows. */
  readonly vectors: Float64Array;
  /** Estimate of the trace of the filter. */
  readonly countEstimate: Estimate;
  /** Eigenvalues found in the window at the last iteration; −1 before the first. */
  readonly found: number;
  /** Iterations so far. */
  readonly iterations: number;
  /** Products so far. */
  readonly matvecs: number;
  /** State of the random stream. */
  readonly rng: RngState;
}

/**
 * Computes all eigenpairs in a window of the spectrum by subspace iteration with a Chebyshev filter.
 *
 * Relation: ‖A vᵢ − λᵢ vᵢ‖₂ = residualNorms[i], VᵀV = I, λᵢ in [a, b]; `countConfirmedBy` says what shows that none is missing.
 * For interior eigenvalues when no solver with A − σ is at hand (with one, take eigsh with `nearest`) and for windows of many
 * eigenvalues. At the ends of the spectrum eigsh needs fewer products.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.interval the window
 * @param options.rng random block
 * @returns values, vectors, residuals, intervals, the confirmation of the count, status and advice
 * @throws {ArgumentError} when A lacks the symmetric mark or the interval is empty
 * @throws {NonFiniteError} when a product of A is not finite
 *
 * Accuracy: residuals to max(tolerance, 10 √n ε) · ‖A‖. Cost: blockSize · degree products an iteration, with degree about
 * 4π (width of the spectrum)/(2 · width of the window); 40 n blockSize bytes.
 * Stopping: every Ritz pair in the window below the tolerance, their number unchanged for two iterations and smaller than the
 * block; or maximumMatvecs, or the signal.
 * @see [zhou2006]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { chebyshevSubspace } from "eigenscope/krylov";
 * const A = diagonal(Float64Array.from({ length: 200 }, (_, i) => i));
 * const { values, status, countConfirmedBy } = chebyshevSubspace(A, { interval: [99.5, 104.5], rng: createRng(1) });
 * console.log(status, countConfirmedBy, Array.from(values, (value) => value.toFixed(6)).join(" "));
 * // converged block 100.000000 101.000000 102.000000 103.000000 104.000000
 * ```
 */
export function chebyshevSubspace(
  A: SymmetricOperator | Matrix,
  options: ChebyshevSubspaceOptions,
): ChebyshevSubspaceResult {
  const operator = requireSymmetricOperator(A, "A", "chebyshevSubspace");
  return drive(operator, search(operator.rows, options));
}

/**
 * The form of {@link chebyshevSubspace} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of chebyshevSubspace for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of chebyshevSubspace
 * @returns a promise of its result
 * @throws {ArgumentError} as chebyshevSubspace, as a rejection
 */
export async function chebyshevSubspaceAsync(
  A: AsyncSymmetricOperator,
  options: ChebyshevSubspaceOptions,
): Promise<ChebyshevSubspaceResult> {
  const operator = requireAsyncOperator(A, "A", "chebyshevSubspaceAsync", "symmetric");
  return driveAsync(operator, search(operator.rows, options));
}

const CALLER = WINDOW_CALLER;
const KEYS = [
  "interval", "rng", "tolerance", "degree", "blockSize", "bounds", "inertia", "maximumMatvecs", "resume", "signal", "onProgress",
]; // prettier-ignore

function* search(n: number, options: ChebyshevSubspaceOptions): Coroutine<ChebyshevSubspaceResult> {
  const settings = requireSettings(n, options);
  const { interval, rng, tolerance, maximumMatvecs, signal, inertia } = settings;
  const run =
    options.resume === undefined ? yield* beginWindow(settings, options.bounds) : restore(options.resume, settings);
  let pairs: WindowPairs = {
    values: new Float64Array(0),
    vectors: createBasis(n, 1),
    residualNorms: new Float64Array(0),
    passing: 0,
  };
  let status: Status | null = null;
  let state = save(settings, run);
  const target = (): number => Math.max(tolerance, roundoff(n, 1)) * scaleOf(run.bounds);
  while (status === null) {
    if (isCancelled(signal)) status = "cancelled";
    else if (run.matvecs + run.block.count * (run.filter.coefficients.length - 1) > maximumMatvecs)
      status = "max-iterations";
    if (status !== null) break;
    const outcome = yield* iterateWindow(settings, run);
    if (outcome === "cancelled") {
      status = "cancelled";
      break;
    }
    if (outcome === "outside") {
      if (settings.fixedBounds) status = "breakdown";
      else yield* widenWindow(settings, run);
      continue;
    }
    pairs = outcome;
    const count = pairs.values.length;
    const worst = pairs.residualNorms.reduce((most, value) => Math.max(most, value), 0);
    const whole = run.block.count === n;
    settings.onProgress?.({
      phase: CALLER,
      done: pairs.residualNorms.filter((value) => value <= target()).length,
      total: count,
      figures: { residualNorm: worst, matvecs: run.matvecs, blockSize: run.block.count },
    });
    const settled = whole || (count === run.found && pairs.passing < run.block.count);
    run.found = count;
    if (worst <= target() && settled) status = "converged";
    // Every direction passes: there may be more of them than the block holds.
    if (!whole && pairs.passing === run.block.count) enlargeBlock(run, rng);
    state = save(settings, run);
  }
  const certificate = yield* certify(pairs, {
    n,
    which: "nearest",
    scale: scaleOf(run.bounds),
    tolerance,
    verify: true,
  });
  const slack = roundoff(n, scaleOf(run.bounds));
  const closed = [interval[0] - slack, interval[1] + slack] as const; // the ends belong to the window
  const confirmed = status === "converged" ? confirm(closed, pairs.values.length, inertia) : "none";
  if (confirmed === "contradicted") status = "stagnated";
  return {
    ...certificate,
    status,
    iterations: run.iterations,
    matvecs: run.matvecs + certificate.matvecs,
    tolerance: Math.max(tolerance, roundoff(n, 1)),
    advice: adviceFor(status),
    interval,
    bounds: run.bounds,
    degree: run.filter.coefficients.length - 1,
    blockSize: run.block.count,
    countConfirmedBy: confirmed === "contradicted" ? "none" : confirmed,
    countEstimate: run.countEstimate,
    state: status === "max-iterations" || status === "cancelled" ? state : null,
  };
}

function confirm(
  [a, b]: readonly [number, number],
  found: number,
  inertia: ((x: number) => number) | undefined,
): "inertia" | "block" | "contradicted" {
  if (inertia === undefined) return "block";
  return inertia(b) - inertia(a) === found ? "inertia" : "contradicted";
}

function requireSettings(n: number, options: ChebyshevSubspaceOptions): WindowSettings {
  requireOptions(options, KEYS, CALLER);
  if (n === 0) throw new ShapeError({ function: CALLER, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const interval = requireInterval(options?.interval, "interval");
  if (options.bounds !== undefined) requireInterval(options.bounds, "bounds");
  const { resume, inertia, degree, blockSize, signal, onProgress } = options;
  if (inertia !== undefined && typeof inertia !== "function") {
    throw new ArgumentError({
      function: CALLER,
      argument: "inertia",
      expected: "a function of one number",
      got: describe(inertia),
    });
  }
  const rng = resume === undefined ? options.rng : createRng.fromState(resume.rng);
  if (typeof rng?.normal !== "function") {
    throw new ArgumentError({ function: CALLER, argument: "rng", expected: "a stream of random numbers", got: "none" });
  }
  return {
    n,
    interval,
    tolerance: requireNumber(options.tolerance ?? 1e-8, "tolerance", CALLER, 0, 1),
    degree: degree === undefined ? undefined : requireInteger(degree, "degree", CALLER, 1, 100_000),
    blockSize: blockSize === undefined ? undefined : requireInteger(blockSize, "blockSize", CALLER, 1, n),
    maximumMatvecs: requireInteger(options.maximumMatvecs ?? 1_000_000, "maximumMatvecs", CALLER, 1),
    fixedBounds: options.bounds !== undefined,
    rng,
    inertia,
    signal,
    onProgress,
  };
}

function requireInterval(interval: readonly [number, number], argument: string): readonly [number, number] {
  const [a, b] = Array.isArray(interval) ? interval : [Number.NaN, Number.NaN];
  if (Number.isFinite(a) && Number.isFinite(b) && a < b) return [a, b];
  throw new ArgumentError({
    function: CALLER,
    argument,
    expected: "[a, b] with finite a < b",
    got: Array.isArray(interval) ? `[${interval.join(", ")}]` : describe(interval),
  });
}

function save({ n, interval, rng }: WindowSettings, run: WindowRun): ChebyshevSubspaceState {
  const { bounds, filter, block, countEstimate, found, iterations, matvecs } = run;
  return {
    kind: "eigenscope-window-1",
    n,
    interval,
    bounds,
    degree: filter.coefficients.length - 1,
    vectors: block.data.subarray(0, block.count * n), // never changed: each iteration makes a block of its own
    countEstimate,
    found,
    iterations,
    matvecs,
    rng: rng.state,
  };
}

function restore(state: ChebyshevSubspaceState, { n, interval }: WindowSettings): WindowRun {
  const fits =
    state?.kind === "eigenscope-window-1" &&
    state.n === n &&
    state.interval[0] === interval[0] &&
    state.interval[1] === interval[1] &&
    state.vectors?.length > 0 &&
    state.vectors.length % n === 0;
  if (!fits) {
    throw new ArgumentError({
      function: CALLER,
      argument: "resume",
      expected: `the state of a run of order ${n} with the same interval`,
      got: describe(state),
    });
  }
  const { bounds, degree, countEstimate, found, iterations, matvecs } = state;
  return {
    bounds,
    filter: createFilter(bounds, interval, degree),
    block: copyBasis(n, state.vectors, state.vectors.length / n),
    countEstimate,
    found,
    iterations,
    matvecs,
  };
}

function adviceFor(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: pass the state as resume to go on";
  if (status === "breakdown") return "eigenvalues lie outside the given bounds: widen them, or leave them out";
  if (status === "stagnated")
    return "the inertia count disagrees: an eigenvalue on an end of the interval, or one missing; raise blockSize or move the ends";
  return "raise maximumMatvecs (and pass the state as resume), or take a higher degree, a larger blockSize or a wider interval";
}
