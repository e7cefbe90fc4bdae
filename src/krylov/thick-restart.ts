import {
  type CancellationSignal,
  EPSILON,
  type Progress,
  type Status,
  axpy,
  dot,
  isCancelled,
  norm,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";
import { type Rng } from "../random/index.js";
import { gemm, gemv } from "../routines/index.js";
import {
  type Basis,
  appendRow,
  basisRow,
  createBasis,
  createResultBasis,
  orthogonalize,
  subtract,
  workRow,
} from "./basis.js";
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
  /** Number of start vectors: copies of a multiple eigenvalue that the Krylov space can hold. */
  readonly blockSize: number;
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
   * the Krylov basis, then those to multiply next: one, or up to blockSize.
   */
  readonly basis: Basis;
  /** Number of locked rows. */
  readonly locked: number;
  /** Projected operator, m x m, row-major; its leading size x size block is filled. */
  readonly projected: Float64Array;
  /** Number of basis vectors already multiplied. */
  size: number;
  /**
   * Couplings of the vectors to multiply next (one a row, m columns) with the multiplied ones: the rows of the projected
   * operator below its filled block.
   */
  readonly coupling: Float64Array;
  /** Largest |Ritz value| seen: a lower bound of ‖A‖₂. */
  scale: number;
  /** Restarts done. */
  restarts: number;
  /** Products done. */
  matvecs: number;
  /** Number of products from which the next convergence test is due. */
  testAt: number;
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

/** The state before the first product; locked, start and further vectors are orthonormal. */
export function createThickRestartState(
  start: Float64Array,
  krylovDimension: number,
  randomized: boolean,
  { locked = [], further = [] }: { locked?: readonly Float64Array[]; further?: readonly Float64Array[] } = {},
): ThickRestartState {
  const blockSize = 1 + further.length;
  const basis = createBasis(start.length, locked.length + krylovDimension + blockSize, "small");
  for (const row of [...locked, start, ...further]) appendRow(basis, row, 1);
  return {
    basis,
    locked: locked.length,
    projected: new Float64Array(krylovDimension * krylovDimension),
    size: 0,
    coupling: new Float64Array(blockSize * krylovDimension),
    scale: 0,
    restarts: 0,
    matvecs: 0,
    testAt: 0,
    randomized,
  };
}

/**
 * Runs Lanczos with thick restarts until the wanted Ritz pairs have converged.
 *
 * Relation, before every product: A V_s = V_s H + P C for the first s = size basis vectors V_s and the vectors P to
 * multiply next, with couplings C; after a restart H is diagonal (Ritz values kept) and C holds the couplings of the
 * Ritz vectors. With several start vectors this is the band form of block Lanczos: each product of a vector of P
 * contributes one new vector, or none when it depends on those there are (the band then narrows by one).
 * @see [wu2000]
 */
export function* thickRestart(
  settings: ThickRestartSettings,
  state: ThickRestartState,
): Coroutine<ThickRestartOutcome> {
  const { n, count, krylovDimension: m, blockSize, rng, signal } = settings;
  const { basis, locked, projected, coupling } = state;
  const dimension = n - locked; // directions that exist
  const wanted = Math.min(count, dimension);
  const w = workRow(basis); // the product, orthogonalised in place
  const coefficients = new Float64Array(locked + m + blockSize); // those of the product in the rows
  for (;;) {
    if (isCancelled(signal)) return extract(settings, state, "cancelled");
    if (state.matvecs >= settings.maximumMatvecs) return extract(settings, state, "max-iterations");
    const j = state.size;
    const v = basisRow(basis, locked + j);
    yield* multiply(v, w);
    state.matvecs++;
    // First pass: the couplings are known from the steps before (the measured ones differ by rounding), the others are
    // zero by symmetry. Second pass: against everything.
    recur(state, w);
    const alpha = dot(v, w);
    axpy(-alpha, v, w);
    const beta = orthogonalize(basis, basis.count, w, coefficients);
    const diagonal = alpha + coefficients[locked + j];
    requireFiniteProduct(diagonal + beta, state.matvecs, "eigsh");
    for (let i = 0; i < j; i++) projected[i * m + j] = projected[j * m + i] = coupling[i];
    projected[j * m + j] = diagonal;
    state.scale = Math.max(state.scale, Math.abs(diagonal), beta);
    // v leaves the vectors to multiply next; its product's couplings with the others are the next column of theirs.
    coupling.copyWithin(0, m);
    coupling.fill(0, (blockSize - 1) * m);
    state.size = j + 1;
    for (let i = 0; locked + j + 1 + i < basis.count; i++) coupling[i * m + j] = coefficients[locked + j + 1 + i];
    if (basis.count < n && beta > roundoff(n, state.scale)) {
      coupling[(basis.count - locked - state.size) * m + j] = beta;
      appendRow(basis, w, beta);
    }

    const invariant = basis.count === locked + state.size;
    const complete = !invariant || state.randomized || rng === null || state.size === dimension;
    const full = state.size === m;
    const due = invariant || full || state.matvecs >= state.testAt;
    if (full || (state.size >= wanted && due && complete)) {
      const pairs = ritz(settings, state);
      const { converged, wait } = report(settings, state, pairs, wanted);
      state.testAt = state.matvecs + wait;
      if (converged === wanted && complete) return extract(settings, state, "converged", pairs);
      if (full) compress(settings, state, pairs, converged);
    }
    if (invariant) {
      // Any directions orthogonal to the invariant subspace continue, uncoupled.
      for (let i = 0; i < blockSize; i++) {
        const fresh = rng === null ? null : newDirection(basis, rng);
        if (fresh === null && i === 0) return extract(settings, state, "breakdown");
        if (fresh !== null) appendRow(basis, fresh, 1);
      }
      state.randomized = true;
    }
  }
}

/** w ← w − Σ coupling_i v_i: few vectors in an ordinary step, all the kept ones after a restart. */
function recur({ basis, locked, coupling, size }: ThickRestartState, w: Float64Array): void {
  let first = 0;
  while (first < size && coupling[first] === 0) first++;
  if (first === size) return;
  const rows = { ...basis, data: basis.data.subarray((locked + first) * basis.dimension) };
  subtract(rows, size - first, coupling.subarray(first, size), w);
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
  const pending = state.basis.count - state.locked - size;
  const shares = new Float64Array(pending);
  for (let i = 0; i < size; i++) {
    for (let p = 0; p < pending; p++) shares[p] = coupled(coupling.subarray(p * m), vectors.data, size, i);
    residualNorms[i] = norm(shares);
  }
  if (size > 0) state.scale = Math.max(state.scale, Math.abs(values[0]), Math.abs(values[size - 1]));
  return { values, vectors: vectors.data, residualNorms, order: preference(values, settings.which) };
}

/** The coupling of Ritz vector i with one of the vectors to multiply next. */
function coupled(coupling: Float64Array, vectors: Float64Array, size: number, i: number): number {
  let sum = 0;
  for (let j = 0; j < size; j++) sum += coupling[j] * vectors[j * size + i];
  return sum;
}

/**
 * Steps to go before the next convergence test, which costs O(m³): as many as the worst residual lacks powers of ten,
 * since it rarely falls faster than tenfold in a step. At most 8, at least m/20.
 */
export function stepsToWait(worst: number, target: number, m: number): number {
  let steps = 1;
  for (let residual = worst / 100; residual > target && steps < 8; residual /= 10) steps++;
  return Math.max(steps, Math.floor(m / 20));
}

/** Converged pairs among the wanted ones, and the steps until the next test; tells the caller's progress callback. */
function report(
  settings: ThickRestartSettings,
  state: ThickRestartState,
  pairs: ProjectedPairs,
  wanted: number,
): { readonly converged: number; readonly wait: number } {
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
  return { converged, wait: stepsToWait(worst, target, settings.krylovDimension) };
}

/** Replaces the basis by the best Ritz vectors, in place, and makes the projected operator diagonal. */
function compress(
  settings: ThickRestartSettings,
  state: ThickRestartState,
  pairs: ProjectedPairs,
  converged: number,
): void {
  const { n, count, krylovDimension: m, blockSize } = settings;
  const { basis, locked, projected, coupling, size } = state;
  const pending = basis.count - locked - size; // 0 after an invariant subspace
  // Keeping some more than asked for speeds up the next cycle; more of them once the first have converged.
  const spare = m - count;
  const keep = Math.min(m - 1 - blockSize, count + Math.max(1, Math.min(Math.floor(spare / 2), 2 + converged)));
  const kept = pairs.order.slice(0, keep);
  const rotation = selectColumns(pairs.vectors, size, kept);
  const rows = basis.data.subarray(locked * n);
  rotateRows(rows, n, rotation, size, keep, rows);
  rows.copyWithin(keep * n, size * n, (size + pending) * n);
  basis.count = locked + keep + pending;
  const couplings = Array.from({ length: pending }, (_, p) =>
    kept.map((i) => coupled(coupling.subarray(p * m), pairs.vectors, size, i)),
  );
  projected.fill(0);
  coupling.fill(0);
  for (let i = 0; i < keep; i++) projected[i * m + i] = pairs.values[kept[i]];
  couplings.forEach((row, p) => coupling.set(row, p * m));
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

/**
 * out ← Σ_j S_ji v_j for column i of a size x size matrix S: one sweep over the rows. For the few vectors of a result it is
 * faster than a matrix product, which packs its operands.
 */
export function combineRows(basis: Basis, S: Float64Array, size: number, i: number, out: Float64Array): void {
  const { data, dimension: n } = basis;
  gemv(true, size, n, 1, data, 0, n, S, i, size, 0, out, 0, 1);
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

function extract(
  settings: ThickRestartSettings,
  state: ThickRestartState,
  status: Status,
  known: ProjectedPairs | null = null,
): ThickRestartOutcome {
  const { n, count } = settings;
  const vectors = createResultBasis(n, Math.min(count, state.size));
  if (state.size === 0) {
    return { status, values: new Float64Array(0), residualNorms: new Float64Array(0), vectors, state };
  }
  const pairs = known ?? ritz(settings, state);
  const kept = pairs.order.slice(0, count);
  const rows = { ...state.basis, data: state.basis.data.subarray(state.locked * n) };
  kept.forEach((i, k) => combineRows(rows, pairs.vectors, state.size, i, basisRow(vectors, k)));
  vectors.count = kept.length;
  return {
    status,
    values: Float64Array.from(kept, (i) => pairs.values[i]),
    residualNorms: Float64Array.from(kept, (i) => pairs.residualNorms[i]),
    vectors,
    state,
  };
}
