import { type CancellationSignal, EPSILON, type Progress, type Status, axpy, dot, isCancelled } from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type Rng } from "../random/index.js";
import { gemm } from "../routines/index.js";
import { type Basis, appendRow, basisRow, createBasis, orthogonalize, subtract } from "./basis.js";
import { type Coroutine, multiply } from "./products.js";
import { randomUnit, requireFiniteProduct } from "./start.js";

/** Which end of the spectrum is wanted. */
export type Which = "largest" | "smallest" | "both" | "magnitude";

/** What a thick-restart run needs to know. */
export interface ThickRestartSettings {
  /** Order of the operator. */
  readonly n: number;
  /** Number of eigenpairs. */
  readonly count: number;
  /** Which ones. */
  readonly which: Which;
  /** Largest number m of basis vectors. */
  readonly krylovDimension: number;
  /** Residual norm asked for, relative to ‖A‖. */
  readonly tolerance: number;
  /** Products after which the run ends unconverged. */
  readonly maximumMatvecs: number;
  /** Source of new directions after an invariant subspace; null ends the run there. */
  readonly rng: Rng | null;
  /** Asked between products. */
  readonly signal: CancellationSignal | undefined;
  /** Told after each restart. */
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Everything a run carries from one product to the next. */
export interface ThickRestartState {
  /**
   * Rows 0 … locked − 1: vectors the run stays orthogonal to (eigenvectors found before). Then the `size` vectors of
   * the Krylov basis, then the vector to multiply next.
   */
  readonly basis: Basis;
  /** Number of locked rows. */
  readonly locked: number;
  /** Projected operator, m x m, row-major; its leading size x size block is filled. */
  readonly projected: Float64Array;
  /** Number of basis vectors already multiplied. */
  size: number;
  /** Couplings of row `size` with the rows before it: column `size` of the projected operator above its diagonal. */
  readonly coupling: Float64Array;
  /** Largest |Ritz value| seen: a lower bound of ‖A‖₂. */
  scale: number;
  /** Restarts done. */
  restarts: number;
  /** Products done. */
  matvecs: number;
  /** Whether a random direction is in the basis: only then is an invariant subspace evidence that nothing is missing. */
  randomized: boolean;
}

/** What a run found: the wanted Ritz values, best first, and the state that holds their vectors. */
export interface ThickRestartOutcome {
  readonly status: Status;
  readonly values: Float64Array;
  /** β |last component| for each value. */
  readonly residualNorms: Float64Array;
  /** Ritz vectors as rows, unit to rounding. */
  readonly vectors: Basis;
  readonly state: ThickRestartState;
}

/** Rounding error of a product and an orthogonalisation, in multiples of √n ε ‖A‖: no residual is asked below it. */
export const ROUNDOFF_FACTOR = 10;

/** Columns rotated at a time when the basis is compressed in place. */
const CHUNK = 1024;

/** The state before the first product; the start vector is orthogonal to the locked ones. */
export function createThickRestartState(
  start: Float64Array,
  krylovDimension: number,
  randomized: boolean,
  locked: readonly Float64Array[] = [],
): ThickRestartState {
  const basis = createBasis(start.length, locked.length + krylovDimension + 1);
  for (const row of [...locked, start]) appendRow(basis, row, 1);
  return {
    basis,
    locked: locked.length,
    projected: new Float64Array(krylovDimension * krylovDimension),
    size: 0,
    coupling: new Float64Array(krylovDimension),
    scale: 0,
    restarts: 0,
    matvecs: 0,
    randomized,
  };
}

/**
 * Runs Lanczos with thick restarts until the wanted Ritz pairs have converged.
 *
 * Relation, before every product: A V_s = V_s H + v (coupling)ᵀ for the first s = size basis vectors and the next one v;
 * after a restart H is diagonal (Ritz values kept) and the coupling holds β times the last components.
 * @see [wu2000]
 */
export function* thickRestart(
  settings: ThickRestartSettings,
  state: ThickRestartState,
): Coroutine<ThickRestartOutcome> {
  const { n, count, krylovDimension: m, rng, signal } = settings;
  const { basis, locked, projected, coupling } = state;
  const dimension = n - locked; // directions that exist
  const wanted = Math.min(count, dimension);
  const period = Math.max(1, Math.floor(m / 20)); // steps between convergence tests: each costs O(m³)
  const w = new Float64Array(n); // the product, orthogonalised in place
  const coefficients = new Float64Array(locked + m + 1); // those of the product in the rows
  for (;;) {
    if (isCancelled(signal)) return extract(settings, state, "cancelled");
    if (state.matvecs >= settings.maximumMatvecs) return extract(settings, state, "max-iterations");
    const j = state.size;
    yield* multiply(basisRow(basis, locked + j), w);
    state.matvecs++;
    // First pass: the couplings are known from the step before (the measured ones differ by rounding), the others are
    // zero by symmetry. Second pass: against everything.
    recur(state, w);
    const alpha = dot(basisRow(basis, locked + j), w);
    axpy(-alpha, basisRow(basis, locked + j), w);
    let beta = orthogonalize(basis, locked + j + 1, w, coefficients);
    const diagonal = alpha + coefficients[locked + j];
    requireFiniteProduct(diagonal + beta, state.matvecs, "eigsh");
    for (let i = 0; i < j; i++) projected[i * m + j] = projected[j * m + i] = coupling[i];
    projected[j * m + j] = diagonal;
    state.size = j + 1;
    state.scale = Math.max(state.scale, Math.abs(diagonal), beta);
    coupling.fill(0);
    if (state.size === dimension || beta <= roundoff(n, state.scale)) beta = 0;
    coupling[j] = beta;
    if (beta > 0) appendRow(basis, w, beta);

    const complete = beta > 0 || state.randomized || rng === null || state.size === dimension;
    const due = beta === 0 || state.size === m || state.size % period === 0;
    if (state.size >= wanted && due && complete) {
      const pairs = ritz(settings, state);
      const converged = report(settings, state, pairs, wanted);
      if (converged === wanted) return extract(settings, state, "converged");
      if (state.size === m) compress(settings, state, pairs, converged);
    }
    if (beta === 0) {
      // Invariant subspace: any direction orthogonal to it continues, uncoupled.
      const fresh = rng === null ? null : newDirection(basis, rng);
      if (fresh === null) return extract(settings, state, "breakdown");
      appendRow(basis, fresh, 1);
      state.randomized = true;
    }
  }
}

/** w ← w − Σ coupling_i v_i: one vector in an ordinary step, all the kept ones after a restart. */
function recur({ basis, locked, coupling, size }: ThickRestartState, w: Float64Array): void {
  const first = coupling.findIndex((value) => value !== 0);
  if (first < 0) return;
  if (first === size - 1) return axpy(-coupling[first], basisRow(basis, locked + first), w);
  const h = new Float64Array(locked + size);
  h.set(coupling.subarray(0, size), locked);
  subtract(basis, locked + size, h, w);
}

/** Smallest residual norm that rounding lets one ask for. */
export function roundoff(n: number, scale: number): number {
  return ROUNDOFF_FACTOR * Math.sqrt(n) * EPSILON * scale;
}

/** Indices of ascending values, the most wanted first. */
export function preference(values: Float64Array, which: Which): number[] {
  const ascending = Array.from(values, (_, i) => i);
  if (which === "smallest") return ascending;
  if (which === "largest") return ascending.reverse();
  if (which === "magnitude") return ascending.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
  const last = values.length - 1;
  return ascending.map((i) => (i % 2 === 0 ? last - i / 2 : (i - 1) / 2)); // top, bottom, second from top, …
}

interface ProjectedPairs {
  readonly values: Float64Array; // ascending, length size
  readonly vectors: Float64Array; // size x size, eigenvectors as columns
  readonly residualNorms: Float64Array;
  readonly order: readonly number[]; // most wanted first
}

function ritz(settings: ThickRestartSettings, state: ThickRestartState): ProjectedPairs {
  const { size, projected, coupling } = state;
  const m = settings.krylovDimension;
  const H = new Float64Array(size * size);
  for (let i = 0; i < size; i++) H.set(projected.subarray(i * m, i * m + size), i * size);
  const { values, vectors } = eigh({ rows: size, cols: size, data: H });
  const residualNorms = new Float64Array(size);
  for (let i = 0; i < size; i++) residualNorms[i] = Math.abs(coupled(coupling, vectors.data, size, i));
  if (size > 0) state.scale = Math.max(state.scale, Math.abs(values[0]), Math.abs(values[size - 1]));
  return { values, vectors: vectors.data, residualNorms, order: preference(values, settings.which) };
}

/** The coupling of Ritz vector i with the next basis vector. */
function coupled(coupling: Float64Array, vectors: Float64Array, size: number, i: number): number {
  let sum = 0;
  for (let j = 0; j < size; j++) sum += coupling[j] * vectors[j * size + i];
  return sum;
}

/** Number of converged pairs among the wanted ones; tells the caller's progress callback. */
function report(
  settings: ThickRestartSettings,
  state: ThickRestartState,
  pairs: ProjectedPairs,
  wanted: number,
): number {
  const target = Math.max(settings.tolerance * state.scale, roundoff(settings.n, state.scale));
  let converged = 0;
  let worst = 0;
  for (const i of pairs.order.slice(0, wanted)) {
    if (pairs.residualNorms[i] <= target) converged++;
    worst = Math.max(worst, pairs.residualNorms[i]);
  }
  settings.onProgress?.({
    phase: "eigsh",
    done: converged,
    total: wanted,
    figures: { residualNorm: worst, matvecs: state.matvecs, restarts: state.restarts },
  });
  return converged;
}

/** Replaces the basis by the best Ritz vectors, in place, and makes the projected operator diagonal. */
function compress(
  settings: ThickRestartSettings,
  state: ThickRestartState,
  pairs: ProjectedPairs,
  converged: number,
): void {
  const { n, count, krylovDimension: m } = settings;
  const { basis, locked, projected, coupling, size } = state;
  // Keeping some more than asked for speeds up the next cycle; more of them once the first have converged.
  const spare = m - count;
  const keep = Math.min(m - 2, count + Math.max(1, Math.min(Math.floor(spare / 2), 2 + converged)));
  const kept = pairs.order.slice(0, keep);
  const rotation = selectColumns(pairs.vectors, size, kept);
  const rows = basis.data.subarray(locked * n);
  rotateRows(rows, n, rotation, size, keep, rows);
  const next = basis.count > locked + size; // false after an invariant subspace
  if (next) basisRow(basis, locked + keep).set(basisRow(basis, locked + size));
  basis.count = locked + keep + (next ? 1 : 0);
  const couplings = kept.map((i) => coupled(coupling, pairs.vectors, size, i));
  projected.fill(0);
  coupling.fill(0);
  for (let i = 0; i < keep; i++) {
    projected[i * m + i] = pairs.values[kept[i]];
    coupling[i] = couplings[i];
  }
  state.size = keep;
  state.restarts++;
}

/** Chosen columns of a size x size matrix, side by side. */
export function selectColumns(vectors: Float64Array, size: number, columns: readonly number[]): Float64Array {
  const out = new Float64Array(size * columns.length);
  for (let j = 0; j < size; j++) {
    for (let c = 0; c < columns.length; c++) out[j * columns.length + c] = vectors[j * size + columns[c]];
  }
  return out;
}

/** out[0 … keep) ← rotationᵀ rows[0 … size), a chunk of columns at a time, so that out may be the same storage. */
export function rotateRows(
  rows: Float64Array,
  n: number,
  rotation: Float64Array,
  size: number,
  keep: number,
  out: Float64Array,
): void {
  const width = Math.min(CHUNK, n);
  const scratch = new Float64Array(keep * width); // one chunk of the rotated rows
  for (let from = 0; from < n; from += width) {
    const columns = Math.min(width, n - from);
    gemm(true, false, keep, columns, size, 1, rotation, 0, keep, rows, from, n, 0, scratch, 0, width);
    for (let i = 0; i < keep; i++) out.set(scratch.subarray(i * width, i * width + columns), i * n + from);
  }
}

/** A random unit vector orthogonal to all rows, or null when rounding leaves none. */
export function newDirection(basis: Basis, rng: Rng): Float64Array | null {
  const attempts = 3;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const v = randomUnit(basis.dimension, rng);
    const length = orthogonalize(basis, basis.count, v, new Float64Array(basis.count));
    if (length > 0) return v.map((value) => value / length);
  }
  return null;
}

function extract(settings: ThickRestartSettings, state: ThickRestartState, status: Status): ThickRestartOutcome {
  const { n, count } = settings;
  const vectors = createBasis(n, Math.min(count, state.size));
  if (state.size === 0) {
    return { status, values: new Float64Array(0), residualNorms: new Float64Array(0), vectors, state };
  }
  const pairs = ritz(settings, state);
  const kept = pairs.order.slice(0, count);
  rotateRows(
    state.basis.data.subarray(state.locked * n),
    n,
    selectColumns(pairs.vectors, state.size, kept),
    state.size,
    kept.length,
    vectors.data,
  );
  vectors.count = kept.length;
  return {
    status,
    values: Float64Array.from(kept, (i) => pairs.values[i]),
    residualNorms: Float64Array.from(kept, (i) => pairs.residualNorms[i]),
    vectors,
    state,
  };
}
