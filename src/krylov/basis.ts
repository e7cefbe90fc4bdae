import { norm } from "../core/index.js";
import { gemv, residentMatrix } from "../routines/index.js";

/**
 * Orthonormal vectors under construction, stored as rows: row i is data[i n … (i + 1) n). Rows are written once and
 * never changed, so views of them stay valid while the basis grows.
 */
export interface Basis {
  /** Length of the vectors. */
  readonly dimension: number;
  /** At least count · dimension numbers. */
  data: Float64Array;
  /** Number of rows in use. */
  count: number;
}

/** Columns handled at a time: 1024 columns of 100 vectors are 0.8 MB, so that a chunk stays in the second-level cache. */
const CHUNK = 1024;

/** A vector that loses more than this factor in one pass consists of rounding errors and needs another pass. */
const CANCELLATION = 0.1;

/** Passes after which what is left of a vector is called dependent on the basis. */
const MAXIMUM_PASSES = 5;

/** Numbers from which a basis is worth a memory of its own where the fast routines read it without a copy (8 MB). */
const RESIDENT_FROM = 2 ** 20;

/** An empty basis with room for `capacity` vectors. */
export function createBasis(dimension: number, capacity: number): Basis {
  return { dimension, data: allocate(dimension, Math.max(1, capacity)), count: 0 };
}

function allocate(dimension: number, capacity: number): Float64Array {
  const length = dimension * capacity;
  return length < RESIDENT_FROM ? new Float64Array(length) : residentMatrix(capacity, dimension);
}

/** Row i, a view. */
export function basisRow(basis: Basis, i: number): Float64Array {
  return basis.data.subarray(i * basis.dimension, (i + 1) * basis.dimension);
}

/** Appends v / divisor, growing the storage by doubling (old views keep the old storage, with the same numbers). */
export function appendRow(basis: Basis, v: Float64Array, divisor: number): Float64Array {
  const n = basis.dimension;
  if ((basis.count + 1) * n > basis.data.length) {
    const larger = allocate(n, 2 * (basis.count + 1));
    larger.set(basis.data.subarray(0, basis.count * n));
    basis.data = larger;
  }
  const row = basisRow(basis, basis.count++);
  for (let i = 0; i < n; i++) row[i] = v[i] / divisor; // not times 1 / divisor, which overflows for tiny norms
  return row;
}

/**
 * Orthogonalises w against the basis in place by classical Gram–Schmidt, done at least twice and again while a pass
 * still removes most of what is left.
 *
 * Relation: w_in = w_out + Vᵀ h with V w_out = 0 up to a few ε ‖w_out‖, where V are the first `count` rows.
 *
 * Twice is enough when w is numerically independent of the basis; the loop is for vectors that are not. Classical
 * rather than modified Gram–Schmidt because its passes are matrix–vector products: three sweeps over the basis for two
 * passes, the middle one shared by the first subtraction and the second projection.
 *
 * @param h receives the coefficients, length >= count
 * @returns ‖w_out‖₂; 0 when w lies in the span to rounding (w is then not usable)
 */
export function orthogonalize(basis: Basis, count: number, w: Float64Array, h: Float64Array): number {
  h.fill(0, 0, count);
  if (count === 0) return norm(w);
  const pass = new Float64Array(count); // coefficients of the pass under way
  const following = new Float64Array(count); // coefficients of the next one
  const original = norm(w);
  let before = original;
  project(basis, count, w, pass);
  for (let passes = 1; ; passes++) {
    for (let i = 0; i < count; i++) h[i] += pass[i];
    following.fill(0);
    subtract(basis, count, pass, w, following);
    const after = norm(w);
    if (!(after > 0) || Number.isNaN(original)) return after;
    if (passes >= 2 && after >= CANCELLATION * before) return after;
    if (passes === MAXIMUM_PASSES) return 0;
    before = after;
    pass.set(following);
  }
}

/** h ← V w for the first `count` rows. */
export function project(basis: Basis, count: number, w: Float64Array, h: Float64Array): void {
  h.fill(0, 0, count);
  gemv(false, count, basis.dimension, 1, basis.data, 0, basis.dimension, w, 0, 1, 0, h, 0, 1);
}

/** w ← w − Vᵀ h and, while the columns are in cache, following ← V w. */
function subtract(basis: Basis, count: number, h: Float64Array, w: Float64Array, following: Float64Array): void {
  const { data, dimension: n } = basis;
  for (let from = 0; from < n; from += CHUNK) {
    const width = Math.min(CHUNK, n - from);
    gemv(true, count, width, -1, data, from, n, h, 0, 1, 1, w, from, 1);
    gemv(false, count, width, 1, data, from, n, w, from, 1, 1, following, 0, 1);
  }
}
