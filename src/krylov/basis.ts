import { type Matrix, norm } from "../core/index.js";
import { gemm, gemv, residentMatrix } from "../routines/index.js";

/**
 * Orthonormal vectors under construction, stored as rows: row i is data[i n … (i + 1) n). Rows are written once and
 * never changed, so views of them stay valid while the basis grows.
 */
export interface Basis {
  /** Length of the vectors. */
  readonly dimension: number;
  /** The rows, and after the room for more of them one row for work: see {@link workRow}. */
  data: Float64Array;
  /** Number of rows in use. */
  count: number;
}

/**
 * A pass that removes less than this share of what it leaves is the last one: the overlaps it leaves are its own
 * coefficients times the basis's loss of orthogonality, plus the rounding of the pass, both a few ε.
 */
const NEGLIGIBLE = 0.1;

/** Passes after which what is left of a vector is called dependent on the basis. */
const MAXIMUM_PASSES = 5;

/**
 * Numbers from which a basis is worth a memory of its own where the fast routines read it without a copy: 512 kB, and
 * 64 kB ("small") for methods that make one basis in a whole run. A memory takes address space until it is collected.
 */
const RESIDENT_FROM = { large: 65_536, small: 8192 };

/** An empty basis with room for `capacity` vectors. */
export function createBasis(dimension: number, capacity: number, from: "large" | "small" = "large"): Basis {
  return { dimension, data: allocate(dimension, Math.max(1, capacity) + 1, from), count: 0 };
}

function allocate(dimension: number, rows: number, from: "large" | "small" = "large"): Float64Array {
  const length = dimension * rows;
  return length < RESIDENT_FROM[from] ? new Float64Array(length) : residentMatrix(rows, dimension);
}

/** An empty basis for vectors that are written once and read one by one, in ordinary memory: a memory of its own costs more. */
export function createResultBasis(dimension: number, capacity: number): Basis {
  return { dimension, data: new Float64Array(dimension * (Math.max(1, capacity) + 1)), count: 0 };
}

/** A basis with room for `capacity` vectors that starts with copies of the given rows, one after the other. */
export function copyBasis(dimension: number, rows: Float64Array, capacity: number): Basis {
  const basis = createBasis(dimension, capacity, "small");
  basis.data.set(rows);
  basis.count = rows.length / dimension;
  return basis;
}

/** Row i, a view. */
export function basisRow(basis: Basis, i: number): Float64Array {
  return basis.data.subarray(i * basis.dimension, (i + 1) * basis.dimension);
}

/** A vector beside the rows, in the same memory, so that the fast routines need no copy of it; it moves when the basis grows. */
export function workRow({ data, dimension }: Basis): Float64Array {
  return data.subarray(data.length - dimension);
}

/** Appends v / divisor, growing the storage by doubling (old views keep the old storage, with the same numbers). */
export function appendRow(basis: Basis, v: Float64Array, divisor: number): Float64Array {
  const n = basis.dimension;
  if ((basis.count + 2) * n > basis.data.length) {
    const larger = allocate(n, 2 * (basis.count + 1) + 1);
    larger.set(basis.data.subarray(0, basis.count * n));
    basis.data = larger;
  }
  const row = basisRow(basis, basis.count++);
  for (let i = 0; i < n; i++) row[i] = v[i] / divisor; // not times 1 / divisor, which overflows for tiny norms
  return row;
}

/**
 * Orthogonalises w against the basis in place by classical Gram–Schmidt, repeated until a pass removes next to nothing:
 * two passes for a general vector that is independent of the basis, one for a vector from which a recurrence has
 * already taken all but rounding errors, more for vectors that nearly lie in the span.
 *
 * Relation: w_in = w_out + Vᵀ h with V w_out = 0 up to a few ε ‖w_out‖, where V are the first `count` rows.
 *
 * Classical rather than modified Gram–Schmidt because its passes are matrix–vector products, one sweep over the basis for
 * the projection and one for the subtraction. Each sweep runs along whole rows: cutting it into columns that fit into a
 * cache saves a third of the traffic but breaks the processor's prefetching, which costs more than it saves.
 *
 * @param h receives the coefficients, length >= count
 * @returns ‖w_out‖₂; 0 when w lies in the span to rounding (w is then not usable)
 */
export function orthogonalize(basis: Basis, count: number, w: Float64Array, h: Float64Array): number {
  h.fill(0, 0, count);
  if (count === 0) return norm(w);
  const pass = new Float64Array(count); // coefficients of the pass under way
  for (let passes = 1; ; passes++) {
    project(basis, count, w, pass);
    for (let i = 0; i < count; i++) h[i] += pass[i];
    subtract(basis, count, pass, w);
    const after = norm(w);
    if (!(after > 0)) return after; // zero, or NaN for the caller to report
    if (norm(pass) <= NEGLIGIBLE * after) return after;
    if (passes === MAXIMUM_PASSES) return 0;
  }
}

/** h ← V w for the first `count` rows. */
export function project(basis: Basis, count: number, w: Float64Array, h: Float64Array): void {
  gemv(false, count, basis.dimension, 1, basis.data, 0, basis.dimension, w, 0, 1, 0, h, 0, 1);
}

/** w ← w − Vᵀ h for the first `count` rows. */
export function subtract(basis: Basis, count: number, h: Float64Array, w: Float64Array): void {
  gemv(true, count, basis.dimension, -1, basis.data, 0, basis.dimension, h, 0, 1, 1, w, 0, 1);
}

/** The symmetric part of X Yᵀ for rows X and their images Y. */
export function symmetricProducts(rows: Basis, images: Basis): Matrix {
  const { count: size, dimension: n } = rows;
  const data = new Float64Array(size * size);
  gemm(false, true, size, size, n, 1, rows.data, 0, n, images.data, 0, n, 0, data, 0, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i] = (data[i * size + j] + data[j * size + i]) / 2;
  }
  return { rows: size, cols: size, data };
}
