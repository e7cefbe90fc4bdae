import { ArgumentError, FormatError, ShapeError, describe } from "../core/index.js";
import { createRng, type RngState } from "../random/index.js";
import type { ThickRestartSettings, ThickRestartState, Which } from "./thick-restart.js";

/**
 * An unfinished run of eigsh. Plain numbers and Float64Arrays: it can be posted to a worker or stored by structured
 * clone; {@link serializeState} turns it into text. It shares the memory of the run, so it costs nothing to return.
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
  /** Relative residual asked for. */
  readonly tolerance: number;
  /** Whether copies of multiple eigenvalues are to be searched at the end. */
  readonly checkMultiplicity: boolean;
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
  /** Whether a random direction is in the basis. */
  readonly randomized: boolean;
  /** size + 1 basis vectors as rows. */
  readonly basis: Float64Array;
  /** Projected operator, m x m. */
  readonly projected: Float64Array;
  /** Couplings with the next vector, m numbers. */
  readonly coupling: Float64Array;
}

/** Takes the state of a run, without copying. */
export function saveState(
  settings: ThickRestartSettings,
  run: ThickRestartState,
  checkMultiplicity: boolean,
): EigshState {
  const { n, count, which, krylovDimension, tolerance, rng } = settings;
  const { basis, projected, coupling, size, scale, restarts, matvecs, randomized } = run;
  return {
    kind: "eigenscope-eigsh-1",
    n,
    count,
    which,
    krylovDimension,
    tolerance,
    checkMultiplicity,
    rng: rng === null ? null : rng.state,
    size,
    scale,
    restarts,
    matvecs,
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
  const { count, which, krylovDimension, tolerance, size, scale, restarts, matvecs, randomized } = state;
  const data = new Float64Array((krylovDimension + 1) * n);
  data.set(state.basis);
  return {
    settings: {
      n,
      count,
      which,
      krylovDimension,
      tolerance,
      rng: state.rng === null ? null : createRng.fromState(state.rng),
    },
    run: {
      basis: { dimension: n, data, count: state.basis.length / n },
      locked: 0,
      projected: state.projected.slice(),
      coupling: state.coupling.slice(),
      size,
      scale,
      restarts,
      matvecs,
      randomized,
    },
  };
}

function requireState(state: EigshState): void {
  const fits =
    state?.kind === "eigenscope-eigsh-1" &&
    state.basis instanceof Float64Array &&
    state.basis.length === (state.size + 1) * state.n &&
    state.projected instanceof Float64Array &&
    state.projected.length === state.krylovDimension * state.krylovDimension &&
    state.coupling instanceof Float64Array &&
    state.coupling.length === state.krylovDimension;
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

/**
 * Writes a state as text, every double exactly, for storage where structured clone does not reach.
 *
 * Relation: deserializeState(serializeState(state)) resumes bit for bit like state. Cost: 16 characters per number.
 */
export function serializeState(state: EigshState): string {
  requireState(state);
  const { basis, projected, coupling, ...rest } = state;
  return JSON.stringify({ ...rest, basis: toHex(basis), projected: toHex(projected), coupling: toHex(coupling) });
}

/**
 * Reads a state that {@link serializeState} wrote.
 *
 * @throws {FormatError} when the text is not such a state
 */
export function deserializeState(text: string): EigshState {
  const bad = (got: string): FormatError =>
    new FormatError({ function: "deserializeState", argument: "text", expected: "written by serializeState", got });
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw bad(describe(text));
  }
  const numbers = (key: string): Float64Array => {
    const value = record?.[key];
    if (typeof value !== "string" || value.length % 16 !== 0 || !/^[0-9a-f]*$/.test(value))
      throw bad(`${key} that is no list of doubles`);
    return fromHex(value);
  };
  const state = { ...record, basis: numbers("basis"), projected: numbers("projected"), coupling: numbers("coupling") };
  requireState(state as unknown as EigshState);
  return state as unknown as EigshState;
}

function toHex(values: Float64Array): string {
  const view = new DataView(new ArrayBuffer(8));
  const words: string[] = [];
  for (const value of values) {
    view.setFloat64(0, value); // big-endian, whatever the machine
    words.push(view.getBigUint64(0).toString(16).padStart(16, "0"));
  }
  return words.join("");
}

function fromHex(text: string): Float64Array {
  const view = new DataView(new ArrayBuffer(8));
  const out = new Float64Array(text.length / 16);
  for (let i = 0; i < out.length; i++) {
    view.setBigUint64(0, BigInt(`0x${text.slice(16 * i, 16 * i + 16)}`));
    out[i] = view.getFloat64(0);
  }
  return out;
}
