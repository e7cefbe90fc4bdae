import { requireInteger } from "../core/index.js";
import { ARENA_START, arenaOver, createArena, createMemory, routinesBackend, type WasmArena } from "./backend.js";
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
  register(arena, scratch, scratchLength);
  return arena.values.subarray(start, start + length);
}

/** A memory for several threads; it may be sent to a worker as it is. */
export interface SharedStore {
  /** A memory of the WebAssembly routines, or an ordinary shared one. */
  readonly memory: object;
  /** Numbers in it. */
  readonly length: number;
  /** Longest row or column of a matrix in it. */
  readonly longest: number;
}

/**
 * Allocates zeros that several threads can work on; null where the platform refuses shared memory (pages that are not
 * cross-origin isolated).
 *
 * @param length how many
 * @param longest rows or columns, whichever are more, of the matrices that will be in it
 * @param ranks number of threads
 */
export function shareStore(length: number, longest: number, ranks: number): SharedStore | null {
  if (typeof SharedArrayBuffer !== "function") return null;
  const memory = createMemory(length + 1 + ranks * roomLength(longest), true);
  if (memory !== null) return { memory, length, longest };
  try {
    return { memory: new SharedArrayBuffer(8 * length), length, longest };
  } catch {
    return null;
  }
}

/**
 * The numbers of a shared store. Thread `rank` of those that use it has panels and room for vectors of its own, so that
 * products run in WebAssembly; without a rank they are numbers only.
 *
 * @param store the store, as it was made or as it came in a message
 * @param rank number of the thread
 */
export function openStore({ memory, length, longest }: SharedStore, rank?: number): Float64Array {
  if (typeof SharedArrayBuffer === "function" && memory instanceof SharedArrayBuffer) return new Float64Array(memory);
  const start = ARENA_START / 8;
  const arena = rank === undefined ? null : arenaOver(memory as WebAssembly.Memory);
  const room = (start + length + 1) & ~1;
  if (arena !== null && rank !== undefined) register(arena, room + rank * roomLength(longest), 2 * longest + 8);
  return new Float64Array((memory as WebAssembly.Memory).buffer, 8 * start, length);
}

/** Room for the vectors of a product and for its panels, an even number of doubles. */
function roomLength(longest: number): number {
  return (2 * longest + 10 + productLength(1)) & ~1;
}

/** Makes the arrays of a memory known to the routines. */
function register(arena: WasmArena, scratch: number, scratchLength: number): void {
  const products = layProducts(arena, (scratch + scratchLength + 1) & ~1, 1);
  residents.set(arena.values.buffer, { ...arena, scratch, scratchLength, products });
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

/** y += alpha A x for symmetric A, rows `first` … of its lower triangle, on a resident matrix; false when the caller must do it. */
export function residentSymmetric(
  first: number,
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
  const resident = residentOf(a, n * n, 2 * n + 4);
  if (resident === null) return false;
  const { values, scratch } = resident;
  const vector = addressOf(resident, x, xOffset, 1, n, scratch);
  const address = addressOf(resident, y, yOffset, 1, n, scratch + n);
  const factors = 8 * (scratch + 2 * n); // behind the two vectors
  fusedIfAllowed(resident.products).functions.addSymmetric(
    first,
    n,
    alpha,
    a.byteOffset + 8 * aOffset,
    aStride,
    vector,
    address,
    factors,
  );
  if (address === 8 * (scratch + n)) y.set(values.subarray(scratch + n, scratch + 2 * n), yOffset);
  return true;
}
