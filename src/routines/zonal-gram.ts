// Longer than usual: Gram, cross and packed products share tiles, panels and the order of sums, whose bits must agree; apart
// they would repeat them.
import { ArgumentError, describe, requireInteger } from "../core/index.js";
import { requireBlock, requireStrided } from "./extent.js";
import { gemm } from "./gemm.js";
import { PANEL_DEPTH, pack } from "./pack.js";
import { SKEW, SLAB, ZONAL_COLS, ZONAL_ROWS, type ZonalArena, loadTable, zonalArena } from "./zonal-arena.js";
import { NEAR, type ZonalTable, wideValue, zonalValue } from "./zonal-table.js";

/** Numbers in the room of the kernel values of a block. */
const BLOCK_LENGTH: number = ZONAL_ROWS * (ZONAL_COLS + SKEW);
/** Rows of a strip of products on the diagonal. */
const STRIP = 32;

/** One set of points: unit rows, and what each row of the kernel is multiplied by. */
export interface Points {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride: number;
  readonly scales: Float64Array;
}

/** Cosines of a block, in the JavaScript back end. */
let tile = new Float64Array(0);

/**
 * Computes the Gram matrix of a kernel of directions.
 *
 * Relation: K_ij = r_i r_j f(θ_ij), symmetric in every bit, where θ_ij is the angle of unit rows i and j and f the kernel of
 * the table; the diagonal is r_i² · diagonal. Inner products, table and mirrored store go block by block through the cache;
 * angles closer than about 7° to 0 or π are recomputed from differences of the rows, because there the cosine has lost
 * them. All back ends give the same bits, and an entry depends on its own two rows only.
 *
 * @param n points
 * @param dimension their dimension
 * @param unit storage of the points, one unit vector per row (a zero row with scale 0 gives zeros)
 * @param offset index of the first entry
 * @param stride distance of rows
 * @param scales r_i, n numbers
 * @param table the kernel, from {@link createZonalTable}
 * @param diagonal f(0), where only this routine knows that the two points are the same
 * @param out storage of K, overwritten in full
 * @param outOffset index of its first entry
 * @param outStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when dimension is not a positive integer
 *
 * Accuracy: that of the table at an angle wrong by ε √dimension. Cost: n² dimension flops and about 25 more per pair.
 * @example
 * ```ts
 * import { createZonalTable, zonalGram } from "eigenscope/routines";
 * const squared = createZonalTable((s) => (1 - 2 * s * s) ** 2, 2, 1e-14);
 * const K = new Float64Array(4);
 * zonalGram(2, 2, Float64Array.of(1, 0, 0.6, 0.8), 0, 2, Float64Array.of(1, 1), squared, 1, K, 0, 2);
 * console.log(K[0], K[1].toFixed(10)); // 1 0.3600000000
 * ```
 */
export function zonalGram(
  n: number,
  dimension: number,
  unit: Float64Array,
  offset: number,
  stride: number,
  scales: Float64Array,
  table: ZonalTable,
  diagonal: number,
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  gramOf("zonalGram", n, dimension, { data: unit, offset, stride, scales }, table, diagonal, out, outOffset, outStride);
}

/**
 * {@link zonalGram} on behalf of a caller, which the error messages name; with outStride null into packed storage: row i of
 * the upper triangle after row i − 1, n(n + 1)/2 numbers.
 */
export function gramOf(
  caller: string,
  n: number,
  dimension: number,
  points: Points,
  table: ZonalTable,
  diagonal: number,
  out: Float64Array,
  outOffset: number,
  outStride: number | null,
): void {
  requirePoints(points, n, dimension, "unit", caller);
  if (outStride === null) requireStrided(out, outOffset, 1, (n * (n + 1)) / 2, "out", caller);
  else requireBlock(out, outOffset, outStride, n, n, "out", caller);
  // Where entry (i, 0) is, or would be.
  const rowStart = (i: number): number => outOffset + (outStride === null ? i * n - (i * (i + 1)) / 2 : i * outStride);
  const arena = zonalArena(table);
  for (let j0 = 0; j0 < n; j0 += ZONAL_COLS) {
    const cols = Math.min(ZONAL_COLS, n - j0);
    if (arena !== null) packColumns(arena, points, j0, cols, dimension);
    for (let i0 = 0; i0 < j0 + cols; i0 += ZONAL_ROWS) {
      const rows = Math.min(ZONAL_ROWS, n - i0);
      // Of the blocks on the diagonal only the part above it.
      const first = Math.max(j0, i0);
      const used = j0 + cols - first;
      if (arena !== null) {
        cosinesInArena(arena, points, i0, rows, points, j0, first - j0, used, dimension, first === i0);
        for (let i = 0; i < rows; i++)
          rowInArena(arena, table, points, points, i0, i, first, j0, used, dimension, true);
        storeRows(arena, i0, rows, first, used, out, rowStart);
        if (outStride !== null) storeMirrored(arena, i0, rows, first, used, out, outOffset, outStride);
      } else {
        cosinesInTile(points, i0, rows, points, first, used, dimension);
        for (let i = 0; i < rows; i++) {
          const from = Math.max(0, i0 + i + 1 - first);
          const target = rowStart(i0 + i) + first;
          rowInTile(table, points, points, i0 + i, i * used, first, from, used, dimension, out, target);
        }
        if (outStride !== null) mirrorBlock(i0, rows, first, used, out, outOffset, outStride);
      }
    }
  }
  for (let i = 0; i < n; i++) out[rowStart(i) + i] = diagonal * (points.scales[i] * points.scales[i]);
}

/**
 * Computes the upper triangle of {@link zonalGram} in packed storage: half of the memory, and no mirrored store.
 *
 * Relation: entry (i, j), j >= i, is out[i n − i(i − 1)/2 + j − i]; the same bits as in the full matrix. 50,000 points take 10 GB.
 *
 * @param n points
 * @param dimension their dimension
 * @param unit storage of the points, one unit vector per row
 * @param offset index of the first entry
 * @param stride distance of rows
 * @param scales r_i, n numbers
 * @param table the kernel, from {@link createZonalTable}
 * @param diagonal f(0)
 * @param out n(n + 1)/2 numbers, overwritten
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when dimension is not a positive integer
 *
 * Accuracy and cost: as {@link zonalGram}.
 * @example
 * ```ts
 * import { createZonalTable, zonalPacked } from "eigenscope/routines";
 * const squared = createZonalTable((s) => (1 - 2 * s * s) ** 2, 2, 1e-14);
 * const K = new Float64Array(3);
 * zonalPacked(2, 2, Float64Array.of(1, 0, 0.6, 0.8), 0, 2, Float64Array.of(1, 1), squared, 1, K);
 * console.log(K[0], K[1].toFixed(10), K[2]); // 1 0.3600000000 1
 * ```
 */
export function zonalPacked(
  n: number,
  dimension: number,
  unit: Float64Array,
  offset: number,
  stride: number,
  scales: Float64Array,
  table: ZonalTable,
  diagonal: number,
  out: Float64Array,
): void {
  gramOf("zonalPacked", n, dimension, { data: unit, offset, stride, scales }, table, diagonal, out, 0, null);
}

/**
 * Computes the kernel of {@link zonalGram} between two sets of points.
 *
 * Relation: K_ij = r_i q_j f(θ_ij) for unit rows i of X and j of Y. An entry has the bits that {@link zonalGram} gives for
 * the same two rows (the diagonal excepted).
 *
 * @param m points of X
 * @param n points of Y
 * @param dimension their dimension
 * @param x storage of X, unit rows
 * @param xOffset index of the first entry
 * @param xStride distance of rows
 * @param xScales r_i, m numbers
 * @param y storage of Y, unit rows
 * @param yOffset index of the first entry
 * @param yStride distance of rows
 * @param yScales q_j, n numbers
 * @param table the kernel, from {@link createZonalTable}
 * @param out storage of K, m x n, overwritten
 * @param outOffset index of its first entry
 * @param outStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when dimension is not a positive integer
 *
 * Accuracy and cost: as {@link zonalGram}, without the saving by symmetry.
 * @example
 * ```ts
 * import { createZonalTable, zonalCross } from "eigenscope/routines";
 * const cosine = createZonalTable((s, opposite) => (opposite ? 2 * s * s - 1 : 1 - 2 * s * s), 2, 1e-14);
 * const K = new Float64Array(1);
 * const one = Float64Array.of(1);
 * zonalCross(1, 1, 2, Float64Array.of(1, 0), 0, 2, one, Float64Array.of(0.6, 0.8), 0, 2, one, cosine, K, 0, 1);
 * console.log(K[0].toFixed(12)); // 0.600000000000
 * ```
 */
export function zonalCross(
  m: number,
  n: number,
  dimension: number,
  x: Float64Array,
  xOffset: number,
  xStride: number,
  xScales: Float64Array,
  y: Float64Array,
  yOffset: number,
  yStride: number,
  yScales: Float64Array,
  table: ZonalTable,
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  const left = { data: x, offset: xOffset, stride: xStride, scales: xScales };
  const right = { data: y, offset: yOffset, stride: yStride, scales: yScales };
  crossOf("zonalCross", m, n, dimension, left, right, table, out, outOffset, outStride);
}

/** {@link zonalCross} on behalf of a caller. */
export function crossOf(
  caller: string,
  m: number,
  n: number,
  dimension: number,
  left: Points,
  right: Points,
  table: ZonalTable,
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  requirePoints(left, m, dimension, "x", caller);
  requirePoints(right, n, dimension, "y", caller);
  requireBlock(out, outOffset, outStride, m, n, "out", caller);
  const arena = zonalArena(table);
  for (let j0 = 0; j0 < n; j0 += ZONAL_COLS) {
    const cols = Math.min(ZONAL_COLS, n - j0);
    if (arena !== null) packColumns(arena, right, j0, cols, dimension);
    for (let i0 = 0; i0 < m; i0 += ZONAL_ROWS) {
      const rows = Math.min(ZONAL_ROWS, m - i0);
      if (arena !== null) {
        cosinesInArena(arena, left, i0, rows, right, j0, 0, cols, dimension, false);
        const { values, block } = arena;
        for (let i = 0; i < rows; i++) {
          rowInArena(arena, table, left, right, i0, i, j0, j0, cols, dimension, false);
          const from = block + i * (padded(cols) + SKEW);
          out.set(values.subarray(from, from + cols), outOffset + (i0 + i) * outStride + j0);
        }
      } else {
        cosinesInTile(left, i0, rows, right, j0, cols, dimension);
        for (let i = 0; i < rows; i++) {
          const target = outOffset + (i0 + i) * outStride + j0;
          rowInTile(table, left, right, i0 + i, i * cols, j0, 0, cols, dimension, out, target);
        }
      }
    }
  }
}

function requirePoints(points: Points, n: number, dimension: number, argument: string, caller: string): void {
  requireInteger(dimension, "dimension", caller, 1);
  requireBlock(points.data, points.offset, points.stride, n, dimension, argument, caller);
  if (!(points.scales instanceof Float64Array)) {
    const got = describe(points.scales);
    throw new ArgumentError({ function: caller, argument: "scales", expected: "a Float64Array", got });
  }
  requireStrided(points.scales, 0, 1, n, "scales", caller);
}

/** Columns of a block in the arena: rounded up to whole panels. */
function padded(cols: number): number {
  return (cols + 3) & ~3;
}

/** Packs the right points of a column block for all row blocks to come, when all dimensions fit at once. */
function packColumns(arena: ZonalArena, right: Points, j0: number, cols: number, dimension: number): void {
  const { values, weights } = arena;
  values.fill(0, weights, weights + ZONAL_COLS);
  values.set(right.scales.subarray(j0, j0 + cols), weights);
  if (dimension <= SLAB) packSlab(arena, arena.right, right, j0, cols, 0, dimension);
}

/**
 * Packs dimensions [first, first + depth) of some points, panel depth by panel depth: rows that lie side by side by way of
 * the room of the kernel values, where WebAssembly reaches them, the others one number at a time.
 */
function packSlab(
  { values, block, functions }: ZonalArena,
  at: number,
  { data, offset, stride }: Points,
  row: number,
  count: number,
  first: number,
  depth: number,
): void {
  const start = offset + row * stride + first;
  const most = stride <= 2 * depth ? Math.floor(BLOCK_LENGTH / stride) & ~3 : 0;
  const whole = most > 0 ? count & ~3 : 0;
  for (let done = 0; done < whole; done += most) {
    const rows = Math.min(most, whole - done);
    const from = start + done * stride;
    values.set(data.subarray(from, from + (rows - 1) * stride + depth), block);
    for (let p = 0; p < depth; p += PANEL_DEPTH) {
      const terms = Math.min(PANEL_DEPTH, depth - p);
      functions.packRows(8 * (block + p), stride, rows, terms, 8 * (at + p * padded(count) + done * terms));
    }
  }
  for (let p = 0; p < depth; p += PANEL_DEPTH) {
    const terms = Math.min(PANEL_DEPTH, depth - p);
    const target = at + p * padded(count) + whole * terms;
    pack(data, start + whole * stride + p, stride, 1, count - whole, terms, 4, values, target);
  }
}

/** Inner products of unit rows, left in the arena: the sums of gemm. The block begins `skip` columns after j0. */
function cosinesInArena(
  arena: ZonalArena,
  left: Points,
  i0: number,
  rows: number,
  right: Points,
  j0: number,
  skip: number,
  cols: number,
  dimension: number,
  triangle: boolean,
): void {
  const { cosines, functions } = arena;
  const width = padded(cols);
  const height = padded(rows);
  // On the diagonal the products go in strips, each from its own diagonal on.
  const step = triangle ? STRIP : height;
  for (let first = 0; first < dimension; first += SLAB) {
    const depth = Math.min(SLAB, dimension - first);
    if (dimension > SLAB) packSlab(arena, arena.right, right, j0, skip + cols, first, depth);
    packSlab(arena, arena.left, left, i0, rows, first, depth);
    for (let p = 0; p < depth; p += PANEL_DEPTH) {
      const terms = Math.min(PANEL_DEPTH, depth - p);
      const add = first + p > 0 ? 1 : 0;
      const a = arena.left + p * height;
      // `skip` is a multiple of the row block, so of the panel width.
      const b = arena.right + p * padded(skip + cols) + skip * terms;
      for (let i = 0; i < height; i += step) {
        const start = triangle ? i : 0;
        const to = cosines + i * (width + SKEW) + start;
        const count = Math.min(step, height - i);
        functions.multiplyPanels(
          8 * (a + i * terms),
          8 * (b + start * terms),
          8 * to,
          count,
          width - start,
          terms,
          width + SKEW,
          add,
        );
      }
    }
  }
}

/** Kernel values of row i of a block; `upper`: those right of the diagonal (and up to three more, to start evenly). */
function rowInArena(
  arena: ZonalArena,
  table: ZonalTable,
  left: Points,
  right: Points,
  i0: number,
  i: number,
  first: number,
  j0: number,
  cols: number,
  dimension: number,
  upper: boolean,
): void {
  const { values, cosines, block, weights, functions } = arena;
  const diagonal = upper ? i0 + i - first : -1;
  const from = Math.max(0, diagonal + 1) & ~3;
  const count = padded(cols) - from;
  if (count === 0) return;
  const row = i * (padded(cols) + SKEW);
  // Pairs up to the diagonal are not wanted; the diagonal itself would look like a pair of coincident points.
  if (from <= diagonal) values.fill(0, cosines + row + from, cosines + row + diagonal + 1);
  const scale = left.scales[i0 + i];
  const at = cosines + row + from;
  const target = block + row + from;
  values[arena.scale] = scale;
  values[arena.scale + 1] = scale;
  const weight = weights + first - j0 + from;
  const found = functions.zonalRow(8 * at, count, arena.constants, arena.table, 8 * weight, 8 * target);
  if (found === 0) return;
  for (let j = 0; j < cols - from; j++) {
    const cosine = values[at + j];
    if (1 - Math.abs(cosine) >= NEAR && !Number.isNaN(values[target + j])) continue;
    const value = valueOf(table, left, i0 + i, right, first + from + j, dimension, cosine);
    values[target + j] = value * (scale * right.scales[first + from + j]);
  }
  loadTable(arena, table);
}

/** One value from the table, with the angle taken from differences where the cosine has lost it. */
function valueOf(
  table: ZonalTable,
  left: Points,
  row: number,
  right: Points,
  col: number,
  dimension: number,
  cosine: number,
): number {
  const below = 1 - Math.abs(cosine);
  if (below >= NEAR) return wideValue(table, below, cosine < 0);
  const sign = cosine < 0 ? -1 : 1;
  let p = left.offset + row * left.stride;
  let q = right.offset + col * right.stride;
  let sum = 0;
  for (let k = 0; k < dimension; k++) {
    const difference = left.data[p++] - sign * right.data[q++];
    sum += difference * difference;
  }
  return zonalValue(table, 0.5 * Math.sqrt(sum), cosine < 0);
}

/** Copies the entries of a block above the diagonal to their rows. */
function storeRows(
  { values, block }: ZonalArena,
  i0: number,
  rows: number,
  first: number,
  cols: number,
  out: Float64Array,
  rowStart: (i: number) => number,
): void {
  const wide = padded(cols) + SKEW;
  for (let i = 0; i < rows; i++) {
    const from = Math.max(0, i0 + i + 1 - first);
    const at = block + i * wide;
    if (from < cols) out.set(values.subarray(at + from, at + cols), rowStart(i0 + i) + first + from);
  }
}

/** Copies the transpose of a block to its place below the diagonal. */
function storeMirrored(
  { values, block, transposed, functions }: ZonalArena,
  i0: number,
  rows: number,
  first: number,
  cols: number,
  out: Float64Array,
  offset: number,
  stride: number,
): void {
  const width = padded(cols);
  const height = padded(rows);
  const high = height + SKEW;
  functions.transposeBlock(8 * block, height, width, width + SKEW, 8 * transposed, high);
  for (let j = 0; j < cols; j++) {
    const count = Math.min(rows, first + j - i0);
    const at = transposed + j * high;
    if (count > 0) out.set(values.subarray(at, at + count), offset + (first + j) * stride + i0);
  }
}

/** Cosines of a block by gemm, row after row in `tile`. */
function cosinesInTile(
  left: Points,
  i0: number,
  rows: number,
  right: Points,
  j0: number,
  cols: number,
  dimension: number,
): void {
  if (tile.length === 0) tile = new Float64Array(ZONAL_ROWS * ZONAL_COLS);
  const x = left.offset + i0 * left.stride;
  const y = right.offset + j0 * right.stride;
  gemm(false, true, rows, cols, dimension, 1, left.data, x, left.stride, right.data, y, right.stride, 0, tile, 0, cols);
}

/** Kernel values of one row from its cosines at tile[at …], columns [from, cols), stored at out[target …]. */
function rowInTile(
  table: ZonalTable,
  left: Points,
  right: Points,
  row: number,
  at: number,
  j0: number,
  from: number,
  cols: number,
  dimension: number,
  out: Float64Array,
  target: number,
): void {
  const scale = left.scales[row];
  for (let j = from; j < cols; j++) {
    const value = valueOf(table, left, row, right, j0 + j, dimension, tile[at + j]);
    out[target + j] = value * (scale * right.scales[j0 + j]);
  }
}

/** Copies a block above the diagonal to its place below, in tiles of 32 so that both sides stay in cache. */
function mirrorBlock(
  i0: number,
  rows: number,
  j0: number,
  cols: number,
  out: Float64Array,
  offset: number,
  stride: number,
): void {
  const side = 32;
  for (let j1 = j0; j1 < j0 + cols; j1 += side) {
    const jEnd = Math.min(j1 + side, j0 + cols);
    for (let i1 = i0; i1 < i0 + rows; i1 += side) {
      const iEnd = Math.min(i1 + side, i0 + rows);
      for (let j = Math.max(j1, i1 + 1); j < jEnd; j++) {
        const end = Math.min(iEnd, j);
        for (let i = i1; i < end; i++) out[offset + j * stride + i] = out[offset + i * stride + j];
      }
    }
  }
}
