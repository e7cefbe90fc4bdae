import { ArgumentError, ShapeError, describe } from "../core/index.js";
import { createRng, type RngState } from "../random/index.js";
import { copyBasis } from "./basis.js";
import type { ThickRestartSettings, ThickRestartState, Which } from "./thick-restart.js";

/**
 * An unfinished run of eigsh. Plain numbers and Float64Arrays: it can be posted to a worker or stored by structured
 * clone; serializeState turns it into text. It shares the memory of the run, so it costs nothing to return.
 */
export interface EigshState {
  /** Format of this record. */
  readonly kind: "eigenscope-eigsh-1";
  /** Order of the operator. */
  readonly n: number;
  /** Number of eigenpairs wanted. */
  readonly count: number;
  /** Which ones. */
  readonly which: Which;
  /** Basis size m. */
  readonly krylovDimension: number;
  /** Start vectors of the block. */
  readonly blockSize: number;
  /** Relative residual asked for. */
  readonly tolerance: number;
  /** Whether copies of multiple eigenvalues are to be searched at the end. */
  readonly checkMultiplicity: boolean;
  /** The point of `nearest`, or null: with one, the run is one with (A − target I)⁻¹. */
  readonly target: number | null;
  /** State of the random stream, or null. */
  readonly rng: RngState | null;
  /** Basis vectors already multiplied. */
  readonly size: number;
  /** Largest |Ritz value| so far. */
  readonly scale: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** Products so far. */
  readonly matvecs: number;
  /** Number of products from which the next convergence test is due. */
  readonly testAt: number;
  /** Whether a random direction is in the basis. */
  readonly randomized: boolean;
  /** The basis vectors multiplied and those to multiply next, as rows. */
  readonly basis: Float64Array;
  /** Projected operator, m x m. */
  readonly projected: Float64Array;
  /** Couplings with the vectors to multiply next, blockSize x m. */
  readonly coupling: Float64Array;
}

/** Takes the state of a run, without copying. */
export function saveState(
  settings: ThickRestartSettings,
  run: ThickRestartState,
  { checkMultiplicity, target }: { readonly checkMultiplicity: boolean; readonly target: number | null },
): EigshState {
  const { n, count, which, krylovDimension, blockSize, tolerance, rng } = settings;
  const { basis, projected, coupling, size, scale, restarts, matvecs, testAt, randomized } = run;
  return {
    kind: "eigenscope-eigsh-1",
    n,
    count,
    which,
    krylovDimension,
    blockSize,
    tolerance,
    checkMultiplicity,
    target,
    rng: rng === null ? null : rng.state,
    size,
    scale,
    restarts,
    matvecs,
    testAt,
    randomized,
    basis: basis.data.subarray(0, basis.count * n),
    projected,
    coupling,
  };
}

/** Rebuilds a run from its state, copying, so that a state can be resumed more than once. */
export function restoreState(
  state: EigshState,
  n: number,
): { settings: Omit<ThickRestartSettings, "signal" | "onProgress" | "maximumMatvecs">; run: ThickRestartState } {
  requireState(state);
  if (state.n !== n) {
    throw new ShapeError({
      function: "resumeEigsh",
      argument: "A",
      expected: `of order ${state.n}, as the operator of the first run`,
      got: `${n} x ${n}`,
    });
  }
  const { count, which, krylovDimension, blockSize, tolerance, size, scale, restarts, matvecs, testAt, randomized } =
    state;
  return {
    settings: {
      n,
      count,
      which,
      krylovDimension,
      blockSize,
      tolerance,
      rng: state.rng === null ? null : createRng.fromState(state.rng),
    },
    run: {
      basis: copyBasis(n, state.basis, krylovDimension + blockSize),
      locked: 0,
      projected: state.projected.slice(),
      coupling: state.coupling.slice(),
      size,
      scale,
      restarts,
      matvecs,
      testAt,
      randomized,
    },
  };
}

function requireState(state: EigshState): void {
  const fits =
    state?.kind === "eigenscope-eigsh-1" &&
    state.basis instanceof Float64Array &&
    state.basis.length > state.size * state.n &&
    state.basis.length <= (state.size + state.blockSize) * state.n &&
    state.projected instanceof Float64Array &&
    state.projected.length === state.krylovDimension * state.krylovDimension &&
    state.coupling instanceof Float64Array &&
    state.coupling.length === state.krylovDimension * state.blockSize;
  if (!fits) {
    throw new ArgumentError({
      function: "resumeEigsh",
      argument: "state",
      expected: "the state of an eigsh result that did not converge",
      got: describe(state),
      remedy: "a converged result has state null: there is nothing to resume",
    });
  }
}
