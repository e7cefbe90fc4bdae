// Longer than usual because one computation has five front doors (sync, async, resumed, inverse) that share its checks.
import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  describe,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  fromAsyncFunction,
  fromFunction,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng } from "../random/index.js";
import { appendRow, createBasis } from "./basis.js";
import { type EigenvalueIntervals, certify } from "./certify.js";
import { type FoundPairs, findCopies } from "./copies.js";
import { type EigshState, restoreState, saveState } from "./eigsh-state.js";
import { type Coroutine, drive, driveAsync } from "./products.js";
import { type StartOptions, randomUnit, requireStart } from "./start.js";
import {
  type ThickRestartSettings,
  type ThickRestartState,
  type Which,
  createThickRestartState,
  newDirection,
  roundoff,
  thickRestart,
} from "./thick-restart.js";

/** Stopping rules of {@link eigsh} that may also change when a run is resumed. */
export interface EigshStopping extends LongRunning {
  /** Residual norm asked for, relative to ‖A‖₂ (the largest |Ritz value|); 1e-8 by default. */
  readonly tolerance?: number;
  /** Products with A after which the run ends with what it has; 10,000 by default. */
  readonly maximumMatvecs?: number;
  /** Recompute each residual by one more product at the end; true by default. */
  readonly verify?: boolean;
}

/** Options of {@link eigsh}. */
export interface EigshOptions extends EigshStopping, StartOptions {
  /** Number of eigenpairs, 1 … n. */
  readonly count: number;
  /** Which ones; "largest" (algebraically) by default. "both" takes ⌈count/2⌉ from the top, the rest from the bottom. */
  readonly which?: Which;
  /** Largest number m of basis vectors; max(2 count + 8 blockSize, 24), at most n, by default. */
  readonly krylovDimension?: number;
  /**
   * Start vectors of the Krylov space, 1 by default: a block of b finds eigenvalues up to b-fold in one search; it needs
   * `rng` and more products for simple ones.
   */
  readonly blockSize?: number;
  /** Approximate eigenvectors as columns of an n x j matrix, such as those of a nearby operator: a warm start. */
  readonly guess?: Matrix;
  /** After convergence, search orthogonally to what was found for missed copies of multiple eigenvalues; needs `rng`. */
  readonly checkMultiplicity?: boolean;
  /** Look for the eigenvalues nearest to `target`: the callback leaves (A − target I)⁻¹ x in out. */
  readonly nearest?: {
    /** The point whose neighbourhood is wanted; not an eigenvalue. */
    readonly target: number;
    /** out ← (A − target I)⁻¹ x. */
    readonly solve: (x: Float64Array, out: Float64Array) => void;
  };
}

/** Eigenpairs with everything needed to judge them. */
export interface EigshResult extends Convergence {
  /** Eigenvalues: descending for "largest", ascending else. */
  readonly values: Float64Array;
  /** Unit eigenvectors as columns, the entry of largest modulus positive. */
  readonly vectors: Matrix;
  /** ‖A v − λ v‖₂ of each pair; recomputed from A unless `verify` is false. */
  readonly residualNorms: Float64Array;
  /** For each value an interval that contains an eigenvalue. */
  readonly intervals: EigenvalueIntervals;
  /** Indices of values that are too close to be told apart: only the space of their vectors is determined. */
  readonly clusters: readonly (readonly number[])[];
  /** max |VᵀV − I|. */
  readonly orthogonalityLoss: number;
  /** Largest |Ritz value| seen, a lower bound of ‖A‖₂ and the unit of `tolerance`. */
  readonly norm: number;
  /** Basis size m after defaults. */
  readonly krylovDimension: number;
  /** Which eigenvalues these are. */
  readonly which: Which | "nearest";
  /** Start vectors of the Krylov space. */
  readonly blockSize: number;
  /**
   * True when the search for missed copies ran and ended, or when a random block was larger than every cluster found,
   * so that it would have held one more copy.
   */
  readonly multiplicityChecked: boolean;
  /** What resumeEigsh needs to go on, bit for bit; null when converged. */
  readonly state: EigshState | null;
}

const DEFAULT_TOLERANCE = 1e-8;
const DEFAULT_MAXIMUM_MATVECS = 10_000;

/** Verified residuals this many times above the target are no rounding. */
const CONTRADICTION = 10;

/** Share of a random direction in a warm start, so that eigenvectors missing from the guess can still be found. */
const WARM_START_NOISE = 1e-3;

/**
 * Computes a few eigenpairs of a symmetric operator by thick-restart Lanczos, with residuals and error intervals.
 *
 * Relation: ‖A vᵢ − λᵢ vᵢ‖₂ = residualNorms[i], VᵀV = I, and intervals [lowerᵢ, upperᵢ] each contain an eigenvalue of A.
 * A Krylov space sees one vector of each eigenspace, one of blockSize start vectors that many: ask for
 * `checkMultiplicity` or a block where eigenvalues may be multiple.
 * With a good preconditioner use lobpcg; for interior eigenvalues pass `nearest`; for singular values use svds.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.count number of eigenpairs
 * @param options.which "largest" (default), "smallest", "both" or "magnitude"
 * @param options.rng random start, and new directions after an invariant subspace
 * @returns values, vectors, residuals, intervals, clusters, status and advice; never throws for slow convergence
 * @throws {ArgumentError} when A lacks the symmetric mark, count is not in 1 … n, or no start is given
 * @throws {NonFiniteError} when a product of A is not finite
 *
 * Accuracy: residuals to max(tolerance, 10 √n ε) · ‖A‖; errors of simple eigenvalues are the squares of that over the gap.
 * Cost: one matvec a step plus 4 n m flops; 8 n (m + blockSize + 2 count + 3) bytes at most, whatever the number of steps.
 * Stopping: every wanted Ritz pair has β |last component| <= tolerance · ‖A‖, or maximumMatvecs, or the signal.
 * @see [wu2000]
 * @see [parlett1998]
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { eigsh } from "eigenscope/krylov";
 * const A = diagonal(Float64Array.from({ length: 1000 }, (_, i) => 1 / (i + 1)));
 * const { values, status } = eigsh(A, { count: 3, rng: createRng(1) });
 * console.log(status, values[0].toFixed(8), values[2].toFixed(8)); // converged 1.00000000 0.33333333
 * ```
 */
export function eigsh(A: SymmetricOperator | Matrix, options: EigshOptions): EigshResult {
  const operator = requireSymmetricOperator(A, "A", "eigsh");
  return run(operator, prepare(operator.rows, options), options.nearest?.solve);
}

function run(operator: SymmetricOperator, plan: Plan, solve: Solve | undefined): EigshResult {
  if (plan.target === null) return drive(operator, search(plan));
  const inverse = fromFunction(operator.rows, requireSolve(solve), { symmetric: true });
  const found = drive(inverse, findAll(plan));
  return drive(operator, finish(plan, fromInverse(found, plan.target), "nearest"));
}

async function runAsync(
  operator: AsyncSymmetricOperator,
  plan: Plan,
  solve: AsyncSolve | undefined,
): Promise<EigshResult> {
  if (plan.target === null) return driveAsync(operator, search(plan));
  const inverse = fromAsyncFunction(operator.rows, requireSolve(solve), { symmetric: true });
  const found = await driveAsync(inverse, findAll(plan));
  return driveAsync(operator, finish(plan, fromInverse(found, plan.target), "nearest"));
}

type Solve = (x: Float64Array, out: Float64Array) => void;
type AsyncSolve = (x: Float64Array, out: Float64Array) => Promise<void>;

function requireSolve<T>(solve: T | undefined): T {
  if (typeof solve === "function") return solve;
  throw new ArgumentError({
    function: "eigsh",
    argument: "solve",
    expected: "a function (x, out) that leaves (A − target I)⁻¹ x in out",
    got: describe(solve),
  });
}

/** (A − σ I)⁻¹ v = θ v means A v = (σ + 1/θ) v; residuals of the inverse do not bound those of A, so A itself is asked later. */
function fromInverse(found: FoundPairs, target: number): FoundPairs {
  return { ...found, values: found.values.map((theta) => target + 1 / theta) };
}

/** Options of {@link eigshAsync}. */
export interface EigshAsyncOptions extends Omit<EigshOptions, "nearest"> {
  /** As in eigsh, with a solve that is computed elsewhere. */
  readonly nearest?: {
    /** The point whose neighbourhood is wanted; not an eigenvalue. */
    readonly target: number;
    /** Resolves once out holds (A − target I)⁻¹ x. */
    readonly solve: (x: Float64Array, out: Float64Array) => Promise<void>;
  };
}

/**
 * The form of {@link eigsh} for operators whose products are computed elsewhere.
 *
 * Relation: the same numbers as eigsh gives for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of eigsh
 * @returns a promise of the result of eigsh
 * @throws {ArgumentError} as eigsh, as a rejection
 */
export async function eigshAsync(A: AsyncSymmetricOperator, options: EigshAsyncOptions): Promise<EigshResult> {
  const operator = requireAsyncOperator(A, "A", "eigshAsync", "symmetric");
  return runAsync(operator, prepare(operator.rows, options), options.nearest?.solve);
}

/** Options of {@link resumeEigsh}. */
export interface ResumeEigshOptions extends EigshStopping {
  /** The `nearest.solve` of the first run, when it had one. */
  readonly solve?: (x: Float64Array, out: Float64Array) => void;
}

/** Options of {@link resumeEigshAsync}. */
export interface ResumeEigshAsyncOptions extends EigshStopping {
  /** The `nearest.solve` of the first run, when it had one. */
  readonly solve?: (x: Float64Array, out: Float64Array) => Promise<void>;
}

/**
 * Continues a run of {@link eigsh} that ended before convergence.
 *
 * Relation: stopping a run (by budget or signal) and resuming it gives the numbers of the uninterrupted run, bit for
 * bit; matvecs and iterations go on counting.
 *
 * @param A the operator of the first run
 * @param state `state` of its result, possibly stored in between (see serializeState)
 * @param options new stopping rules
 * @returns as eigsh
 * @throws {ArgumentError} when the state is not one, or of another order
 *
 * @example
 * ```ts
 * import { diagonal } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { eigsh, resumeEigsh } from "eigenscope/krylov";
 * const A = diagonal(Float64Array.from({ length: 500 }, (_, i) => i));
 * const first = eigsh(A, { count: 2, rng: createRng(1), maximumMatvecs: 20 });
 * const whole = resumeEigsh(A, first.state!);
 * console.log(first.status, whole.status, whole.values[0].toFixed(6)); // max-iterations converged 499.000000
 * ```
 */
export function resumeEigsh(
  A: SymmetricOperator | Matrix,
  state: EigshState,
  options: ResumeEigshOptions = {},
): EigshResult {
  const operator = requireSymmetricOperator(A, "A", "resumeEigsh");
  return run(operator, preparedFrom(state, operator.rows, options), options.solve);
}

/**
 * The form of {@link resumeEigsh} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of resumeEigsh for the same products, bit for bit.
 *
 * @param A the asynchronous operator of the first run
 * @param state `state` of its result
 * @param options new stopping rules
 * @returns a promise of the result of resumeEigsh
 * @throws {ArgumentError} as resumeEigsh, as a rejection
 */
export async function resumeEigshAsync(
  A: AsyncSymmetricOperator,
  state: EigshState,
  options: ResumeEigshAsyncOptions = {},
): Promise<EigshResult> {
  const operator = requireAsyncOperator(A, "A", "resumeEigshAsync", "symmetric");
  return runAsync(operator, preparedFrom(state, operator.rows, options), options.solve);
}

function preparedFrom(state: EigshState, n: number, options: EigshStopping & { readonly solve?: unknown }): Plan {
  const caller = "resumeEigsh";
  requireOptions(options, ["tolerance", "maximumMatvecs", "verify", "solve", "signal", "onProgress"], caller);
  const { settings, run } = restoreState(state, n);
  const tolerance = requireNumber(options.tolerance ?? settings.tolerance, "tolerance", caller, 0, 1);
  const maximumMatvecs = requireInteger(options.maximumMatvecs ?? DEFAULT_MAXIMUM_MATVECS, "maximumMatvecs", caller, 1);
  const { signal, onProgress } = options;
  return {
    settings: { ...settings, tolerance, maximumMatvecs, signal, onProgress },
    run,
    verify: options.verify ?? true,
    checkMultiplicity: state.checkMultiplicity,
    target: state.target,
  };
}

/** Checked options. */
interface Plan {
  readonly settings: ThickRestartSettings;
  readonly run: ThickRestartState;
  readonly verify: boolean;
  readonly checkMultiplicity: boolean;
  /** The point of `nearest`: the run is then one with the inverse. */
  readonly target: number | null;
}

const KEYS = [
  "count", "which", "krylovDimension", "blockSize", "start", "rng", "guess", "checkMultiplicity", "nearest",
  "tolerance", "maximumMatvecs", "verify", "signal", "onProgress",
]; // prettier-ignore

function prepare(n: number, options: EigshOptions | EigshAsyncOptions): Plan {
  const caller = "eigsh";
  requireOptions(options, KEYS, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const count = requireInteger(options?.count, "count", caller, 1, n);
  const choice = requireOneOf(
    options.which ?? "largest",
    ["largest", "smallest", "both", "magnitude"],
    "which",
    caller,
  );
  const which = options.nearest === undefined ? choice : "magnitude"; // of the inverse
  if (options.nearest !== undefined) requireNumber(options.nearest.target, "nearest.target", caller);
  const blockSize = requireInteger(options.blockSize ?? 1, "blockSize", caller, 1, n);
  const smallest = Math.min(n, count + 1 + blockSize);
  const krylovDimension = requireInteger(
    options.krylovDimension ?? Math.min(n, Math.max(2 * count + 8 * blockSize, 24)),
    "krylovDimension",
    caller,
    smallest,
    n,
  );
  const tolerance = requireNumber(options.tolerance ?? DEFAULT_TOLERANCE, "tolerance", caller, 0, 1);
  const maximumMatvecs = requireInteger(options.maximumMatvecs ?? DEFAULT_MAXIMUM_MATVECS, "maximumMatvecs", caller, 1);
  const { rng, signal, onProgress } = options;
  const checkMultiplicity = options.checkMultiplicity ?? false;
  if ((checkMultiplicity || blockSize > 1) && rng === undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "rng",
      expected: checkMultiplicity ? "given for checkMultiplicity" : "given for blockSize > 1",
      got: "undefined",
      remedy: "the search for copies of multiple eigenvalues starts from random vectors",
    });
  }
  const start = options.guess === undefined ? requireStart(n, options, caller) : warmStart(n, options.guess, rng);
  const randomized = options.start === undefined;
  const further = blockSize === 1 ? [] : furtherDirections(start, blockSize - 1, rng!);
  return {
    settings: {
      n,
      count,
      which,
      krylovDimension,
      blockSize,
      tolerance,
      maximumMatvecs,
      rng: rng ?? null,
      signal,
      onProgress,
    },
    run: createThickRestartState(start, krylovDimension, randomized || blockSize > 1, { further }),
    verify: options.verify ?? true,
    checkMultiplicity,
    target: options.nearest?.target ?? null,
  };
}

/** Random unit vectors, orthogonal to the start vector and to each other: the rest of a block. */
function furtherDirections(start: Float64Array, wanted: number, rng: Rng): Float64Array[] {
  const basis = createBasis(start.length, wanted + 1);
  appendRow(basis, start, 1);
  const further: Float64Array[] = [];
  while (further.length < wanted) {
    const fresh = newDirection(basis, rng);
    if (fresh === null) break; // the block is the whole space
    further.push(appendRow(basis, fresh, 1));
  }
  return further;
}

/** The sum of the guessed vectors, each of unit length, and a little of a random one. */
function warmStart(n: number, guess: Matrix, rng: Rng | undefined): Float64Array {
  requireMatrix(guess, "guess", "eigsh");
  requireFinite(guess.data, "guess", "eigsh");
  if (guess.rows !== n || guess.cols === 0) {
    throw new ShapeError({
      function: "eigsh",
      argument: "guess",
      expected: `a matrix of ${n} rows and one or more columns`,
      got: `${guess.rows} x ${guess.cols}`,
    });
  }
  const noise = rng === undefined ? null : randomUnit(n, rng);
  const start = new Float64Array(n);
  for (let j = 0; j < guess.cols; j++) {
    let squares = 0;
    for (let i = 0; i < n; i++) squares += guess.data[i * guess.cols + j] * guess.data[i * guess.cols + j];
    if (squares === 0) continue;
    const factor = 1 / Math.sqrt(squares);
    for (let i = 0; i < n; i++) start[i] += factor * guess.data[i * guess.cols + j];
  }
  if (noise !== null) for (let i = 0; i < n; i++) start[i] += WARM_START_NOISE * noise[i];
  return requireStart(n, { start }, "eigsh");
}

/** The whole computation for an operator that is asked directly. */
function* search(plan: Plan): Coroutine<EigshResult> {
  const found = yield* findAll(plan);
  return yield* finish(plan, found, plan.settings.which);
}

/** Finds the wanted pairs and, if asked, copies of multiple eigenvalues that the first run could not see. */
function* findAll(plan: Plan): Coroutine<FoundPairs> {
  const { settings, run } = plan;
  const { status, values, residualNorms, vectors } = yield* thickRestart(settings, run);
  const { matvecs, restarts } = run;
  const first = { status, values, residualNorms, vectors, matvecs, restarts, multiplicityChecked: false };
  return plan.checkMultiplicity && status === "converged" ? yield* findCopies(settings, first, run.scale) : first;
}

function* finish(plan: Plan, found: FoundPairs, which: Which | "nearest"): Coroutine<EigshResult> {
  const { settings, run, verify, checkMultiplicity } = plan;
  const { n, count, krylovDimension, blockSize } = settings;
  let scale = run.scale;
  if (which === "nearest") {
    scale = 0; // the scale of the inverse says nothing about A
    for (const value of found.values) scale = Math.max(scale, Math.abs(value));
  }
  const certificate = yield* certify(found, {
    n,
    which,
    scale,
    tolerance: settings.tolerance,
    verify: verify || which === "nearest",
  });
  const target = Math.max(settings.tolerance, roundoff(n, 1));
  let status = found.status;
  if (status === "converged" && certificate.values.length < count) status = "breakdown";
  let largest = 0;
  for (const residual of certificate.residualNorms) largest = Math.max(largest, residual);
  // Verified residuals carry the rounding of one more product; far above the target they contradict the recurrence.
  if (status === "converged" && largest > CONTRADICTION * target * scale) status = "stagnated";
  const largestCluster = certificate.clusters.reduce((most, { length }) => Math.max(most, length), 1);
  const resumable = status === "max-iterations" || status === "cancelled";
  return {
    ...certificate,
    status,
    iterations: found.restarts,
    matvecs: found.matvecs + certificate.matvecs,
    tolerance: target,
    advice: adviceFor(status, krylovDimension),
    norm: scale,
    krylovDimension,
    blockSize,
    which,
    multiplicityChecked: found.multiplicityChecked || (status === "converged" && blockSize > largestCluster),
    state:
      resumable && run.matvecs === found.matvecs
        ? saveState(settings, run, { checkMultiplicity, target: plan.target })
        : null,
  };
}

function adviceFor(status: Status, krylovDimension: number): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: resumeEigsh(A, result.state) goes on";
  if (status === "breakdown")
    return "the start vector spans an invariant subspace: pass rng so that other directions can be tried";
  if (status === "stagnated") {
    return "the residuals recomputed with A exceed those of the recurrence: A is not symmetric or not deterministic (try checkedSymmetric), or nearest.solve is inaccurate";
  }
  return `raise maximumMatvecs (or resumeEigsh), raise krylovDimension (now ${krylovDimension}), or use nearest or lobpcg with a preconditioner for a dense end of the spectrum`;
}
