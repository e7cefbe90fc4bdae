import {
  ArgumentError,
  type CancellationSignal,
  type Convergence,
  type Estimate,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  axpy,
  describe,
  dot,
  isCancelled,
  norm,
  requireInteger,
  requireNumber,
  requireOptions,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng, type RngState, createRng, fillNormal } from "../random/index.js";
import { gemm } from "../routines/index.js";
import { type Basis, appendRow, basisRow, copyBasis, createBasis, orthogonalize } from "./basis.js";
import { type EigenvalueIntervals, certify } from "./certify.js";
import { type ChebyshevFilter, anglesOf, applyFilter, createFilter, filterAt } from "./chebyshev-filter.js";
import { startLanczos } from "./lanczos.js";
import { type Coroutine, drive, driveAsync, multiply, multiplyBlock } from "./products.js";
import { ritzPairs } from "./ritz.js";
import { requireFiniteProduct } from "./start.js";
import { newDirection, rotateRows, roundoff } from "./thick-restart.js";

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

/** Probes of the first estimate. */
const PROBES = 8;

/** Lanczos steps for the bounds of the spectrum. */
const BOUND_STEPS = 30;

/** Degree of the filter times the width of the window (as an angle) over π: its edges are about half as wide as the window. */
const SHARPNESS = 2;

/** Directions for which the filter has less than this share of its value at the ends of the window belong outside. */
const PASSING = 0.5;

/** The damped filter stays in [0, 1] on the bounds; a Ritz value outside says that eigenvalues lie beyond them. */
const OVERSHOOT = 1.05;

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

const CALLER = "chebyshevSubspace";
const KEYS = [
  "interval", "rng", "tolerance", "degree", "blockSize", "bounds", "inertia", "maximumMatvecs", "resume", "signal", "onProgress",
]; // prettier-ignore

/** What a run carries from one iteration to the next. */
interface Run {
  bounds: readonly [number, number];
  filter: ChebyshevFilter;
  /** The block, orthonormal rows. */
  block: Basis;
  countEstimate: Estimate;
  found: number;
  iterations: number;
  matvecs: number;
}

interface Settings {
  readonly n: number;
  readonly interval: readonly [number, number];
  readonly tolerance: number;
  readonly degree: number | undefined;
  readonly blockSize: number | undefined;
  readonly maximumMatvecs: number;
  readonly fixedBounds: boolean;
  readonly rng: Rng;
  readonly inertia: ((x: number) => number) | undefined;
  readonly signal: CancellationSignal | undefined;
  readonly onProgress: LongRunning["onProgress"];
}

/** Ritz pairs in the window. */
interface Found {
  readonly values: Float64Array;
  readonly vectors: Basis;
  readonly residualNorms: Float64Array;
  /** Directions that the filter lets pass. */
  readonly passing: number;
}

function* search(n: number, options: ChebyshevSubspaceOptions): Coroutine<ChebyshevSubspaceResult> {
  const settings = requireSettings(n, options);
  const { interval, rng, tolerance, maximumMatvecs, signal, inertia } = settings;
  const run = options.resume === undefined ? yield* begin(settings, options.bounds) : restore(options.resume, settings);
  let pairs: Found = {
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
    const outcome = yield* iterate(settings, run);
    if (outcome === "cancelled") {
      status = "cancelled";
      break;
    }
    if (outcome === "outside") {
      if (settings.fixedBounds) status = "breakdown";
      else yield* widen(settings, run);
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
    if (!whole && pairs.passing === run.block.count) enlarge(run, rng);
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

/** One step: filter the block, keep what passes, and take eigenpairs of A out of it. */
function* iterate(settings: Settings, run: Run): Coroutine<Found | "cancelled" | "outside"> {
  const { n, interval, signal } = settings;
  const { block, filter } = run;
  const size = block.count;
  const degree = filter.coefficients.length - 1;
  const filtered = createBasis(n, size, "small");
  const out = new Float64Array(n);
  for (let i = 0; i < size; i++) {
    if (isCancelled(signal)) return "cancelled"; // the state is that of the iteration's beginning
    yield* applyFilter(filter, basisRow(block, i), out);
    requireFiniteProduct(norm(out), run.matvecs + (i + 1) * degree, CALLER);
    appendRow(filtered, out, 1);
  }
  run.matvecs += size * degree;
  run.iterations++;
  // Rayleigh–Ritz with the filter first: eigenvalues on both sides of the window mix to Ritz values of A inside it, but
  // their filter values stay small.
  const { values, vectors } = eigh(symmetricProducts(block, filtered));
  if (values[size - 1] > OVERSHOOT || values[0] < 1 - OVERSHOOT) return "outside";
  const order = Array.from({ length: size }, (_, i) => size - 1 - i);
  const rotation = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) rotation[i * size + k] = vectors.data[i * size + order[k]];
  rotateRows(filtered.data, n, rotation, size, size, filtered.data);
  const next = createBasis(n, size, "small");
  const passing = values.filter((value) => value >= PASSING * endValue(run, interval)).length;
  for (let i = 0; i < size; i++) appendIndependent(next, basisRow(filtered, i), settings.rng);
  const pairs = yield* rayleighRitz(settings, run, next, passing);
  run.block = next;
  const kept = Array.from(pairs.values, (_, i) => i).filter((i) =>
    isInside(pairs.values[i], pairs.residualNorms[i], settings, run),
  );
  const found = createBasis(n, Math.max(1, kept.length));
  for (const i of kept) appendRow(found, basisRow(next, i), 1);
  return {
    values: Float64Array.from(kept, (i) => pairs.values[i]),
    vectors: found,
    residualNorms: Float64Array.from(kept, (i) => pairs.residualNorms[i]),
    passing,
  };
}

/** The smaller value of the filter at the ends of the window, 1/2 where the degree resolves it: no eigenvalue in it has less. */
function endValue({ filter, bounds }: Run, interval: readonly [number, number]): number {
  const clip = (x: number): number => Math.max(bounds[0], Math.min(bounds[1], x));
  // A window beside the bounds has the filter zero: nothing passes.
  return Math.max(1e-12, Math.min(filterAt(filter, clip(interval[0])), filterAt(filter, clip(interval[1]))));
}

/** A Ritz value in the window, or so near to it that an unconverged residual reaches in. */
function isInside(value: number, residual: number, { interval, tolerance, n }: Settings, run: Run): boolean {
  const settled = residual <= Math.max(tolerance, roundoff(n, 1)) * scaleOf(run.bounds);
  const slack = settled ? roundoff(n, scaleOf(run.bounds)) : residual;
  return value >= interval[0] - slack && value <= interval[1] + slack;
}

/** Replaces the first `count` rows by Ritz vectors of A, ascending, with their residuals. */
function* rayleighRitz(
  { n }: Settings,
  run: Run,
  rows: Basis,
  count: number,
): Coroutine<{ readonly values: Float64Array; readonly residualNorms: Float64Array }> {
  const images = createBasis(n, Math.max(1, count), "small");
  yield* multiplyBlock(rows.data.subarray(0, count * n), images.data.subarray(0, count * n), count);
  images.count = count;
  run.matvecs += count;
  if (count === 0) return { values: new Float64Array(0), residualNorms: new Float64Array(0) };
  const { values, vectors } = eigh(symmetricProducts({ ...rows, count }, images));
  rotateRows(rows.data, n, vectors.data, count, count, rows.data);
  rotateRows(images.data, n, vectors.data, count, count, images.data);
  const residualNorms = Float64Array.from({ length: count }, (_, i) => {
    const residual = basisRow(images, i).slice();
    axpy(-values[i], basisRow(rows, i), residual);
    return norm(residual);
  });
  return { values, residualNorms };
}

/** The symmetric part of X Yᵀ for rows X and their images Y. */
function symmetricProducts(rows: Basis, images: Basis): Matrix {
  const { count: size, dimension: n } = rows;
  const data = new Float64Array(size * size);
  gemm(false, true, size, size, n, 1, rows.data, 0, n, images.data, 0, n, 0, data, 0, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i] = (data[i * size + j] + data[j * size + i]) / 2;
  }
  return { rows: size, cols: size, data };
}

/** Appends what of v is independent of the rows, or a random direction where nothing is. */
function appendIndependent(rows: Basis, v: Float64Array, rng: Rng): void {
  const w = v.slice();
  const before = norm(w);
  const length = before > 0 ? orthogonalize(rows, rows.count, w, new Float64Array(rows.count)) : 0;
  if (length > roundoff(w.length, before)) {
    appendRow(rows, w, length);
    return;
  }
  const fresh = newDirection(rows, rng);
  if (fresh !== null) appendRow(rows, fresh, 1);
}

/** Bounds, filter, an estimate of the count, and a random block of a size to suit it. */
function* begin(settings: Settings, bounds: readonly [number, number] | undefined): Coroutine<Run> {
  const { n, rng } = settings;
  const run: Run = {
    bounds: [0, 0],
    filter: { center: 0, halfWidth: 1, coefficients: new Float64Array(1) },
    block: createBasis(n, 1),
    countEstimate: { mean: 0, standardError: 0, samples: 0, matvecs: 0 },
    found: -1,
    iterations: 0,
    matvecs: 0,
  };
  run.bounds = bounds ?? (yield* lanczosBounds(n, rng, run));
  yield* plan(settings, run);
  return run;
}

/** Doubles the bounds around their middle after an eigenvalue turned up outside, and starts again. */
function* widen(settings: Settings, run: Run): Coroutine<void> {
  const [low, high] = run.bounds;
  const reach = (high - low) / 2;
  run.bounds = [low - reach, high + reach];
  run.found = -1;
  yield* plan(settings, run);
}

function* plan(settings: Settings, run: Run): Coroutine<void> {
  const { n, rng, interval } = settings;
  const [low, high] = anglesOf(run.bounds[0] / 2 + run.bounds[1] / 2, run.bounds[1] / 2 - run.bounds[0] / 2, interval);
  const automatic = low === high ? 8 : Math.min(2000, Math.max(8, Math.ceil((SHARPNESS * Math.PI) / (low - high))));
  run.filter = createFilter(run.bounds, interval, settings.degree ?? automatic);
  const sums: number[] = [];
  const out = new Float64Array(n);
  const samples = Math.min(PROBES, n);
  for (let probe = 0; probe < samples; probe++) {
    const z = fillNormal(rng, new Float64Array(n));
    yield* applyFilter(run.filter, z, out);
    sums.push(dot(z, out));
  }
  const matvecs = samples * (run.filter.coefficients.length - 1);
  run.matvecs += matvecs;
  const mean = sums.reduce((sum, value) => sum + value, 0) / samples;
  const variance = sums.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / Math.max(1, samples - 1);
  const standardError = Math.sqrt(variance / samples);
  run.countEstimate = { mean, standardError, samples, matvecs };
  // A trace beyond 0 … n says that eigenvalues lie outside the bounds, which a small block will show as well.
  const sound = mean > -n && mean < 2 * n;
  const count = sound ? (Math.max(0, mean) + 2 * standardError) / (2 * endValue(run, interval)) : 0;
  const size = Math.min(n, Math.ceil(1.5 * count) + 8);
  const wanted = Math.min(n, settings.blockSize ?? size);
  run.block = createBasis(n, wanted, "small");
  while (run.block.count < wanted) {
    const fresh = newDirection(run.block, rng);
    if (fresh === null) break;
    appendRow(run.block, fresh, 1);
  }
}

/** Ritz values of a short Lanczos run, widened by the norm of its residual: a safe guess, checked by the filter later. */
function* lanczosBounds(n: number, rng: Rng, run: Run): Coroutine<readonly [number, number]> {
  const steps = Math.min(n, BOUND_STEPS);
  const lanczosRun = startLanczos(n, { rng }, steps);
  for (;;) {
    yield* multiply(lanczosRun.current, lanczosRun.product);
    run.matvecs++;
    const factorization = lanczosRun.advance();
    if (!factorization.invariant && factorization.steps < steps) continue;
    const { values } = ritzPairs(factorization);
    const scale = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
    const margin = factorization.residualNorm + 0.01 * scale || 1; // 1 for the zero operator
    return [values[0] - margin, values[values.length - 1] + margin];
  }
}

/** Doubles the block by random directions. */
function enlarge(run: Run, rng: Rng): void {
  const { block } = run;
  const wanted = Math.min(block.dimension, 2 * block.count);
  while (block.count < wanted) {
    const fresh = newDirection(block, rng);
    if (fresh === null) break;
    appendRow(block, fresh, 1);
  }
}

function scaleOf([low, high]: readonly [number, number]): number {
  return Math.max(Math.abs(low), Math.abs(high));
}

function confirm(
  [a, b]: readonly [number, number],
  found: number,
  inertia: ((x: number) => number) | undefined,
): "inertia" | "block" | "contradicted" {
  if (inertia === undefined) return "block";
  return inertia(b) - inertia(a) === found ? "inertia" : "contradicted";
}

function requireSettings(n: number, options: ChebyshevSubspaceOptions): Settings {
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

function save({ n, interval, rng }: Settings, run: Run): ChebyshevSubspaceState {
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

function restore(state: ChebyshevSubspaceState, { n, interval }: Settings): Run {
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
