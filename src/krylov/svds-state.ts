import { ArgumentError, describe } from "../core/index.js";
import { type RngState } from "../random/index.js";
import { copyBasis } from "./basis.js";
import type { GolubKahanRun, GolubKahanSettings } from "./golub-kahan.js";

/** An unfinished run of svds: plain numbers that structured clone and serializeState can store. It shares the run's memory. */
export interface SvdsState {
  /** Format of this record. */
  readonly kind: "eigenscope-svds-1";
  /** Larger side of the operator. */
  readonly rows: number;
  /** Smaller side of the operator. */
  readonly cols: number;
  /** Number of triplets wanted. */
  readonly count: number;
  /** Which ones. */
  readonly which: "largest" | "smallest";
  /** Basis size m. */
  readonly krylovDimension: number;
  /** State of the random stream, or null. */
  readonly rng: RngState | null;
  /** Columns of the projected operator so far. */
  readonly size: number;
  /** Norm of the residual term. */
  readonly beta: number;
  /** Largest singular Ritz value so far. */
  readonly scale: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** Products so far. */
  readonly matvecs: number;
  /** Number of products from which the next convergence test is due. */
  readonly testAt: number;
  /** Basis vectors on the larger side, as rows. */
  readonly left: Float64Array;
  /** Basis vectors on the smaller side, as rows, the next one included. */
  readonly right: Float64Array;
  /** Projected operator, m x m. */
  readonly projected: Float64Array;
  /** What the recurrence knows of the next product. */
  readonly coupling: Float64Array;
}

/** Takes the state of a run, without copying. */
export function saveSvds(settings: GolubKahanSettings, run: GolubKahanRun): SvdsState {
  const { rows, cols, count, which, krylovDimension, rng } = settings;
  const { size, beta, scale, restarts, matvecs, testAt, left, right, B, coupling } = run;
  return {
    kind: "eigenscope-svds-1",
    rows,
    cols,
    count,
    which,
    krylovDimension,
    rng: rng === null ? null : rng.state,
    size,
    beta,
    scale,
    restarts,
    matvecs,
    testAt,
    left: left.data.subarray(0, left.count * rows),
    right: right.data.subarray(0, right.count * cols),
    projected: B,
    coupling,
  };
}

/**
 * Rebuilds a run, copying, so that a state can be resumed more than once.
 *
 * @throws {ArgumentError} when the state belongs to another problem
 */
export function restoreSvds(state: SvdsState, settings: Omit<GolubKahanSettings, "rng">): GolubKahanRun {
  const { rows, cols, count, which, krylovDimension: m } = settings;
  const sizes = { rows, cols, count, which, krylovDimension: m };
  const fits =
    state?.kind === "eigenscope-svds-1" &&
    Object.entries(sizes).every(([key, value]) => state[key as keyof typeof sizes] === value) &&
    state.left?.length === state.size * rows &&
    state.right?.length === (state.size + 1) * cols &&
    state.projected?.length === m * m;
  if (!fits) {
    throw new ArgumentError({
      function: "svds",
      argument: "resume",
      expected: `the state of a run with ${Object.entries(sizes)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ")}`,
      got: describe(state),
      remedy: "pass the options of the first run; only tolerance, maximumMatvecs, signal and onProgress may change",
    });
  }
  const { size, beta, scale, restarts, matvecs, testAt } = state;
  return {
    left: copyBasis(rows, state.left, m),
    right: copyBasis(cols, state.right, m + 1),
    B: state.projected.slice(),
    size,
    beta,
    coupling: state.coupling.slice(),
    scale,
    restarts,
    matvecs,
    testAt,
  };
}
