import {
  ArgumentError,
  describe,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireNumber,
  requireMatrix,
  requireOptions,
  ShapeError,
} from "../core/index.js";
import { normalMatrix, type Rng } from "../random/index.js";
import { gaussianMeasurements, requireGenerator } from "./measurements.js";
import type { Measurements } from "./measurement-operator.js";
import { nuclearNormMinimization } from "./nuclear-norm.js";
import { multiplyTransposedInto, norm2 } from "./small-products.js";

/** A method under test: from measurements and data to a matrix. */
export type SensingMethod = (measurements: Measurements, y: Float64Array, rng: Rng) => Matrix;

/** One point of the plane of ranks and numbers of measurements. */
export interface PhaseCell {
  /** Rank of the truth. */
  readonly rank: number;
  /** Number of measurements. */
  readonly count: number;
  /** Trials finished. */
  readonly trials: number;
  /** Trials with relative error at most `tolerance`. */
  readonly successes: number;
  /** Fraction of successes. */
  readonly frequency: number;
  /** Its binomial standard error, of the Laplace estimate so that it is never zero. */
  readonly standardError: number;
  /** Relative errors, one per trial. */
  readonly errors: readonly number[];
}

/** Options of {@link phaseTransition}. */
export interface PhaseTransitionOptions extends LongRunning {
  /** Rows of the matrices. */
  readonly rows: number;
  /** Columns of the matrices. */
  readonly cols: number;
  /** Ranks of the truth. */
  readonly ranks: readonly number[];
  /** Numbers of measurements. */
  readonly counts: readonly number[];
  /** Trials per cell. */
  readonly trials: number;
  /** Source of all draws; every trial forks it by rank, count and number, so that order and selection change nothing. */
  readonly rng: Rng;
  /** Method under test; default nuclear-norm minimisation to 1e-9. */
  readonly solve?: SensingMethod;
  /** Relative error that counts as recovery, default 1e-3. */
  readonly tolerance?: number;
  /** An earlier, unfinished result of the same call: its finished trials are not repeated. */
  readonly resume?: PhaseTransition;
}

/** Result of {@link phaseTransition}. */
export interface PhaseTransition {
  /** Rows of the matrices. */
  readonly rows: number;
  /** Columns of the matrices. */
  readonly cols: number;
  /** Cells, ranks outermost, in the order given. */
  readonly cells: readonly PhaseCell[];
  /** "converged" when every trial is done, "cancelled" otherwise: hand the result back as `resume`. */
  readonly status: "converged" | "cancelled";
  /** Relative error that counted as recovery. */
  readonly tolerance: number;
  /** Seed of the draws: a result resumed under another one would mix two experiments and is refused. */
  readonly seedPath: readonly number[];
}

const CALLER = "phaseTransition";

/**
 * Measures how often a method recovers a random low-rank matrix from Gaussian measurements, over ranks and counts.
 *
 * Relation: one trial draws X = L Rᵀ with normal rows x rank and cols x rank factors, Gaussian A with standard deviation
 * 1/√m, and counts ‖X̂ − X‖_F <= tolerance ‖X‖_F. A matrix of rank r has r (rows + cols − r) degrees of freedom: no method
 * can recover below that count.
 *
 * @param options rows, cols, ranks, counts, trials and rng are required
 * @returns frequencies with standard errors; resumable when cancelled
 * @throws {ArgumentError} for empty lists, sizes out of range or a `resume` of another shape or seed
 * @throws {ShapeError} when the method returns a matrix of another shape
 *
 * Cost: ranks · counts · trials runs of the method.
 * @see [recht2010]
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { phaseTransition } from "eigenscope/sensing";
 * const { cells } = phaseTransition({ rows: 3, cols: 3, ranks: [1], counts: [3, 9], trials: 2, rng: createRng(1) });
 * console.log(cells.map((cell) => cell.successes).join(" ")); // 0 2
 * ```
 */
export function phaseTransition(options: PhaseTransitionOptions): PhaseTransition {
  requireOptions(
    options,
    ["rows", "cols", "ranks", "counts", "trials", "rng", "solve", "tolerance", "resume", "signal", "onProgress"],
    CALLER,
  );
  const rows = requireInteger(options?.rows, "rows", CALLER, 1);
  const cols = requireInteger(options.cols, "cols", CALLER, 1);
  const trials = requireInteger(options.trials, "trials", CALLER, 1);
  const tolerance = requireNumber(options.tolerance ?? 1e-3, "tolerance", CALLER, 0);
  const ranks = requireList(options.ranks, "ranks", Math.min(rows, cols));
  const counts = requireList(options.counts, "counts", Number.MAX_SAFE_INTEGER);
  requireGenerator(options.rng, "fork", CALLER);
  const solve = options.solve ?? defaultMethod;
  const earlier = options.resume ?? null;
  if (earlier !== null && (earlier.rows !== rows || earlier.cols !== cols || earlier.tolerance !== tolerance)) {
    const expected = `a result for ${rows} x ${cols} at tolerance ${tolerance}`;
    const got = `${earlier.rows} x ${earlier.cols} at ${earlier.tolerance}`;
    throw new ArgumentError({ function: CALLER, argument: "resume", expected, got });
  }
  const { seedPath } = options.rng.state;
  if (earlier !== null && earlier.seedPath?.join() !== seedPath.join()) {
    const expected = "a result of the same seed";
    const got = `seed ${earlier.seedPath?.join(".") ?? "unknown"}, not ${seedPath.join(".")}`;
    throw new ArgumentError({ function: CALLER, argument: "resume", expected, got });
  }
  const cells: PhaseCell[] = [];
  const total = ranks.length * counts.length * trials;
  let done = 0;
  let cancelled = false;
  for (const rank of ranks) {
    for (const count of counts) {
      const known = earlier?.cells.find((cell) => cell.rank === rank && cell.count === count)?.errors ?? [];
      const errors = known.slice(0, trials);
      done += errors.length;
      while (errors.length < trials && !cancelled) {
        if (isCancelled(options.signal)) {
          cancelled = true;
          break;
        }
        const rng = options.rng.fork(`rank ${rank}`).fork(`count ${count}`).fork(errors.length);
        errors.push(trial(rows, cols, rank, count, rng, solve));
        done++;
        options.onProgress?.({ phase: "phase transition", done, total, figures: { rank, count } });
      }
      cells.push(summarise(rank, count, errors, tolerance));
    }
  }
  return { rows, cols, cells, status: cancelled ? "cancelled" : "converged", tolerance, seedPath };
}

function trial(rows: number, cols: number, rank: number, count: number, rng: Rng, solve: SensingMethod): number {
  const truth = new Float64Array(rows * cols);
  const left = normalMatrix(rng.fork("left"), rows, rank);
  const right = normalMatrix(rng.fork("right"), cols, rank);
  multiplyTransposedInto(truth, left.data, right.data, rows, rank, cols);
  const scale = 1 / Math.sqrt(count);
  const measurements = gaussianMeasurements({ rows, cols, count, scale, rng: rng.fork("measurements") });
  const y = new Float64Array(count);
  measurements.apply(truth, y);
  const X = solve(measurements, y, rng.fork("method"));
  requireMatrix(X, "the result of solve", CALLER);
  if (X.rows !== rows || X.cols !== cols) {
    const got = `${X.rows} x ${X.cols}`;
    throw new ShapeError({ function: CALLER, argument: "the result of solve", expected: `${rows} x ${cols}`, got });
  }
  const error = norm2(X.data.map((x, i) => x - truth[i])) / norm2(truth);
  // A method that broke down has not recovered anything; the number is finite because results are kept as JSON.
  return Number.isFinite(error) ? error : Number.MAX_VALUE;
}

function defaultMethod(measurements: Measurements, y: Float64Array): Matrix {
  return nuclearNormMinimization(measurements, y, { tolerance: 1e-9, maximumIterations: 3000 }).X;
}

function summarise(rank: number, count: number, errors: readonly number[], tolerance: number): PhaseCell {
  const trials = errors.length;
  const successes = errors.filter((error) => error <= tolerance).length;
  const smoothed = (successes + 1) / (trials + 2);
  return {
    rank,
    count,
    trials,
    successes,
    frequency: trials === 0 ? 0 : successes / trials,
    standardError: Math.sqrt((smoothed * (1 - smoothed)) / Math.max(1, trials)),
    errors,
  };
}

function requireList(list: readonly number[], argument: string, maximum: number): readonly number[] {
  if (!Array.isArray(list) || list.length === 0) {
    const expected = "a non-empty array of integers";
    throw new ArgumentError({ function: CALLER, argument, expected, got: describe(list) });
  }
  list.forEach((value, i) => requireInteger(value, `${argument}[${i}]`, CALLER, 1, maximum));
  return list;
}
