import {
  ArgumentError,
  type Convergence,
  type LongRunning,
  type Matrix,
  ShapeError,
  type Status,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
} from "../core/index.js";
import {
  type AsyncSymmetricOperator,
  type SymmetricOperator,
  requireAsyncOperator,
  requireSymmetricOperator,
} from "../operators/index.js";
import { type Rng, createRng } from "../random/index.js";
import { type EigenvalueIntervals, certify } from "./certify.js";
import { type LobpcgState, createLobpcgRun, iterateLobpcg, restoreLobpcg, saveLobpcg } from "./lobpcg-iteration.js";
import { type Coroutine, drive, driveAsync } from "./products.js";
import { roundoff } from "./thick-restart.js";

/** Options of {@link lobpcg}. */
export interface LobpcgOptions extends LongRunning {
  /** Number of eigenpairs, 1 … n. */
  readonly count: number;
  /** "smallest" (default) or "largest". */
  readonly which?: "smallest" | "largest";
  /** Vectors iterated together; count + min(count, 3), at most n, by default. Guards beyond count speed up the last pairs. */
  readonly blockSize?: number;
  /** out ← M⁻¹ r with M symmetric positive definite and close to A − λ. */
  readonly preconditioner?: (r: Float64Array, out: Float64Array) => void;
  /** First approximations as columns; random from `rng` (also where there are too few). */
  readonly guess?: Matrix;
  /** Stream for random directions: needed without a full guess, and whenever directions turn out to be dependent. */
  readonly rng: Rng;
  /** Residual asked for, relative to ‖A‖₂ (largest |Ritz value|); 1e-8 by default. */
  readonly tolerance?: number;
  /** Iterations after which the run ends, earlier ones included when resuming; 500 by default. */
  readonly maximumIterations?: number;
  /** `state` of an unfinished run with the same operator, options and preconditioner: it goes on, bit for bit. */
  readonly resume?: LobpcgState;
}

/** Eigenpairs by LOBPCG. */
export interface LobpcgResult extends Convergence {
  /** Eigenvalues: ascending, descending for "largest". */
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
  /** Largest |Ritz value| seen, the unit of `tolerance`. */
  readonly norm: number;
  /** Vectors iterated together. */
  readonly blockSize: number;
  /** What `resume` takes to go on; null when converged. */
  readonly state: LobpcgState | null;
}

/**
 * Computes eigenpairs at one end of the spectrum by locally optimal block preconditioned conjugate gradients.
 *
 * Relation: as eigsh: ‖A v − λ v‖₂ = residualNorms, VᵀV = I, intervals that contain eigenvalues.
 * The method of choice with a good preconditioner or good guesses; its block finds multiple eigenvalues up to blockSize.
 * Without a preconditioner eigsh needs fewer products.
 *
 * @param A symmetric operator (or symmetric Matrix) of order n >= 1
 * @param options.count number of eigenpairs
 * @param options.preconditioner symmetric positive definite approximate inverse
 * @param options.rng random first block
 * @returns values (ascending; descending for "largest"), vectors, residuals, intervals, clusters, status
 * @throws {ArgumentError} when A lacks the symmetric mark or count is out of range
 * @throws {ShapeError} when guess has not n rows
 * @throws {NonFiniteError} when a product or the preconditioner is not finite
 *
 * Accuracy: residuals to max(tolerance, 10 √n ε) · ‖A‖. Cost: one matvec for each unconverged vector an iteration (soft
 * locking); 8 n (9 blockSize + 2 count + 4) bytes. The trial space [X, R, P] is orthonormalised with dependent directions dropped, so
 * Rayleigh–Ritz is an ordinary eigenproblem that cannot break down.
 * Stopping: all wanted residuals below target, or maximumIterations, or the signal.
 * @see [knyazev2001]
 *
 * @example
 * ```ts
 * import { toeplitz } from "eigenscope/operators";
 * import { createRng } from "eigenscope/random";
 * import { lobpcg } from "eigenscope/krylov";
 * const A = toeplitz([2, -1, 0, 0, 0, 0, 0, 0, 0, 0]);
 * const { values, status } = lobpcg(A, { count: 2, rng: createRng(1) });
 * console.log(status, values[0].toFixed(8)); // converged 0.08101405
 * ```
 */
export function lobpcg(A: SymmetricOperator | Matrix, options: LobpcgOptions): LobpcgResult {
  const operator = requireSymmetricOperator(A, "A", "lobpcg");
  return drive(operator, search(operator.rows, options));
}

/**
 * The form of {@link lobpcg} for operators whose products are computed elsewhere.
 *
 * Relation: the numbers of lobpcg for the same products, bit for bit.
 *
 * @param A asynchronous symmetric operator
 * @param options those of lobpcg; the preconditioner stays synchronous
 * @returns a promise of its result
 * @throws {ArgumentError} as lobpcg, as a rejection
 */
export async function lobpcgAsync(A: AsyncSymmetricOperator, options: LobpcgOptions): Promise<LobpcgResult> {
  const operator = requireAsyncOperator(A, "A", "lobpcgAsync", "symmetric");
  return driveAsync(operator, search(operator.rows, options));
}

const KEYS = [
  "count", "which", "blockSize", "preconditioner", "guess", "rng",
  "tolerance", "maximumIterations", "resume", "signal", "onProgress",
]; // prettier-ignore

function* search(n: number, options: LobpcgOptions): Coroutine<LobpcgResult> {
  const caller = "lobpcg";
  requireOptions(options, KEYS, caller);
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const count = requireInteger(options?.count, "count", caller, 1, n);
  const which = requireOneOf(options.which ?? "smallest", ["smallest", "largest"], "which", caller);
  const blockSize = requireInteger(
    options.blockSize ?? Math.min(n, count + Math.min(count, 3)),
    "blockSize",
    caller,
    count,
    n,
  );
  const tolerance = requireNumber(options.tolerance ?? 1e-8, "tolerance", caller, 0, 1);
  const maximumIterations = requireInteger(options.maximumIterations ?? 500, "maximumIterations", caller, 1);
  const { preconditioner, signal, onProgress, resume } = options;
  const rng = resume === undefined ? options.rng : createRng.fromState(resume.rng);
  if (typeof rng?.normal !== "function") {
    throw new ArgumentError({ function: caller, argument: "rng", expected: "a stream of random numbers", got: "none" });
  }
  const settings = {
    n,
    count,
    which,
    blockSize,
    preconditioner,
    rng,
    tolerance,
    maximumIterations,
    signal,
    onProgress,
  };
  const run = resume === undefined ? createLobpcgRun(settings, options.guess) : restoreLobpcg(resume, settings);
  const { status, residualNorms } = yield* iterateLobpcg(settings, run);
  const sign = which === "smallest" ? 1 : -1;
  const state = status === "converged" ? null : saveLobpcg(settings, run);
  const found = {
    values: run.values.slice(0, count).map((value) => sign * value),
    residualNorms: residualNorms.slice(0, count),
    // The signs of eigenvectors are fixed in place: not in the state.
    vectors: { dimension: n, data: run.trial.data.slice(0, count * n), count },
  };
  const certificate = yield* certify(found, { n, which, scale: run.scale, tolerance, verify: true });
  return {
    ...certificate,
    status,
    iterations: run.iterations,
    matvecs: run.matvecs + certificate.matvecs,
    tolerance: Math.max(tolerance, roundoff(n, 1)),
    advice: adviceFor(status),
    norm: run.scale,
    blockSize,
    state,
  };
}

function adviceFor(status: Status): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: pass the state as resume to go on";
  return "raise maximumIterations (and pass the state as resume) or blockSize, improve the preconditioner, or use eigsh";
}
