import { requireInteger } from "../core/index.js";
import { ARENA_START, createArena, routinesBackend, type WasmArena } from "./backend.js";
import { type ProductArena, fusedIfAllowed, layProducts, productLength } from "./product-arena.js";

/** A matrix that lives in the memory of the WebAssembly routines, with room for the vectors of a product. */
interface Resident extends WasmArena {
  /** Index of the vectors' room. */
  readonly scratch: number;
  /** Its length. */
  readonly scratchLength: number;
  /** Panels for products that end in the matrix. */
  readonly products: ProductArena;
}

/** Which buffers are memories of ours. Weak: a memory goes when the last view of it goes. */
const residents = new WeakMap<ArrayBufferLike, Resident>();

/**
 * Allocates a zero-filled matrix where the fast back end can read it without a copy.
 *
 * gemv and symv read a matrix once: copying it in would cost as much as the product. Iterative methods therefore keep
 * their matrix in an array from here; the products then run in WebAssembly with the same bits. The array behaves like any
 * other Float64Array (it cannot be transferred to a worker). With the JavaScript back end, or beyond 4 GiB, it is one.
 *
 * @param rows rows of the matrix
 * @param cols columns of the matrix
 * @returns rows · cols zeros
 * @throws {ArgumentError} when a size is not a non-negative integer
 *
 * @example
 * ```ts
 * import { residentMatrix, symv } from "eigenscope/routines";
 * const a = residentMatrix(2, 2);
 * a.set([2, 0, 1, 2]); // lower triangle
 * const y = new Float64Array(2);
 * symv(2, 1, a, 0, 2, Float64Array.of(1, 1), 0, 0, y, 0);
 * console.log(Array.from(y)); // [ 3, 3 ]
 * ```
 */
export function residentMatrix(rows: number, cols: number): Float64Array {
  requireInteger(rows, "rows", "residentMatrix");
  requireInteger(cols, "cols", "residentMatrix");
  const length = rows * cols;
  const scratchLength = 2 * Math.max(rows, cols) + 8;
  // Pages that no product touches are never backed by memory.
  const arena = length === 0 ? null : createArena(length + scratchLength + 1 + productLength(1));
  if (arena === null) return new Float64Array(length);
  const start = ARENA_START / 8;
  const scratch = start + length;
  const products = layProducts(arena, (scratch + scratchLength + 1) & ~1, 1);
  residents.set(arena.values.buffer, { ...arena, scratch, scratchLength, products });
  return arena.values.subarray(start, start + length);
}

/** The memory behind an array, or null when it is an ordinary one, too small to matter, or JavaScript is in effect. */
function residentOf(a: Float64Array, entries: number, vectors: number): Resident | null {
  if (entries < 256 || routinesBackend() === "js") return null;
  const resident = residents.get(a.buffer);
  return resident !== undefined && vectors <= resident.scratchLength ? resident : null;
}

/** The panels beside a resident matrix, for products that add to it in place; null for an ordinary array. */
export function residentProducts(c: Float64Array): ProductArena | null {
  const resident = routinesBackend() === "js" ? undefined : residents.get(c.buffer);
  return resident === undefined ? null : fusedIfAllowed(resident.products);
}

/** Address of a contiguous vector: its own when it lives in the same memory, else that of a copy at `slot`. */
function addressOf(resident: Resident, x: Float64Array, offset: number, step: number, n: number, slot: number): number {
  if (x.buffer === resident.values.buffer && step === 1) return x.byteOffset + 8 * offset;
  const { values } = resident;
  if (step === 1) values.set(x.subarray(offset, offset + n), slot);
  else for (let i = 0; i < n; i++) values[slot + i] = x[offset + i * step];
  return 8 * slot;
}

/** y += alpha A x on a resident matrix; false when the caller must do it. */
export function residentRows(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): boolean {
  const resident = residentOf(a, m * n, m + n);
  if (resident === null) return false;
  const { values, scratch: sums } = resident;
  const vector = addressOf(resident, x, xOffset, xStep, n, sums + m);
  resident.functions.rowSums(m, n, a.byteOffset + 8 * aOffset, aStride, vector, 8 * sums);
  for (let i = 0; i < m; i++) y[yOffset + i * yStep] += alpha * values[sums + i];
  return true;
}

/** y += alpha Aᵀ x on a resident matrix; false when the caller must do it. */
export function residentTransposed(
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
  y: Float64Array,
  yOffset: number,
  yStep: number,
): boolean {
  const resident = residentOf(a, m * n, m + n);
  if (resident === null) return false;
  const { values, scratch } = resident;
  for (let i = 0; i < m; i++) values[scratch + i] = alpha * x[xOffset + i * xStep];
  const target = scratch + m;
  const address = addressOf(resident, y, yOffset, yStep, n, target);
  resident.functions.addTransposed(m, n, a.byteOffset + 8 * aOffset, aStride, 8 * scratch, address);
  if (address === 8 * target) for (let j = 0; j < n; j++) y[yOffset + j * yStep] = values[target + j];
  return true;
}

/** y += alpha A x for symmetric A, lower triangle, on a resident matrix; false when the caller must do it. */
export function residentSymmetric(
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  y: Float64Array,
  yOffset: number,
): boolean {
  const resident = residentOf(a, n * n, 2 * n);
  if (resident === null) return false;
  const { values, scratch } = resident;
  const vector = addressOf(resident, x, xOffset, 1, n, scratch);
  const address = addressOf(resident, y, yOffset, 1, n, scratch + n);
  resident.functions.addSymmetric(n, alpha, a.byteOffset + 8 * aOffset, aStride, vector, address);
  if (address === 8 * (scratch + n)) y.set(values.subarray(scratch + n, scratch + 2 * n), yOffset);
  return true;
}
