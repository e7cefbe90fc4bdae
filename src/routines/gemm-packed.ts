// Products over packed panels: in WebAssembly onto a resident matrix in place, in WebAssembly onto an ordinary array
// through a block of sums, or in JavaScript. One order of every sum, so one set of bits.
import { PANEL_DEPTH, pack, packedLength } from "./pack.js";
import {
  BLOCK_COLS,
  BLOCK_ROWS,
  type ProductArena,
  RIGHT_LENGTH,
  RIGHT_PANELS,
  productArena,
} from "./product-arena.js";
import { residentProducts } from "./resident.js";

/**
 * Rows and columns of the register tile in JavaScript. Of its sixteen sums a few live in memory, which costs less than the
 * checks of the bounds of the two loads per sum that a 2 x 4 tile adds.
 */
const TILE = 4;
/** From this many columns on a row is copied faster by the engine than by a loop. */
const LONG_ROW = 64;

/** Packed panel of the left factor, BLOCK_ROWS x PANEL_DEPTH; reused by every call, nothing survives in it. */
let leftPanel = new Float64Array(0);
/** Packed panel of the right factor, PANEL_DEPTH x BLOCK_COLS. */
let rightPanel = new Float64Array(0);

/**
 * C += alpha op(A) op(B); with `fresh` C counts as zero whatever it holds. With `lower` (C square) blocks above the
 * diagonal are left out, and in blocks on the diagonal anything may be written above it.
 */
export function multiplyPacked(
  lower: boolean,
  fresh: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aRow: number,
  aTerm: number,
  b: Float64Array,
  bOffset: number,
  bTerm: number,
  bCol: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  const resident = residentProducts(c);
  const arena = resident === null ? productArena() : null;
  if (arena !== null) {
    throughSums(
      arena,
      lower,
      fresh,
      m,
      n,
      k,
      alpha,
      a,
      aOffset,
      aRow,
      aTerm,
      b,
      bOffset,
      bTerm,
      bCol,
      c,
      cOffset,
      cStride,
    );
    return;
  }
  if (fresh) for (let i = 0; i < m; i++) c.fill(0, cOffset + i * cStride, cOffset + i * cStride + n);
  let left = leftPanel;
  let right = rightPanel;
  if (resident === null) {
    const depthMax = Math.min(k, PANEL_DEPTH);
    const leftLength = packedLength(Math.min(m, BLOCK_ROWS), depthMax, TILE);
    const rightLength = packedLength(Math.min(n, BLOCK_COLS), depthMax, TILE);
    if (left.length < leftLength) left = leftPanel = new Float64Array(leftLength);
    if (right.length < rightLength) right = rightPanel = new Float64Array(rightLength);
  }
  const leftAt = resident?.left ?? 0;
  const rightAt = resident?.right ?? 0;
  for (let j0 = 0; j0 < n; j0 += BLOCK_COLS) {
    const width = Math.min(BLOCK_COLS, n - j0);
    for (let first = 0; first < k; first += PANEL_DEPTH) {
      const depth = Math.min(PANEL_DEPTH, k - first);
      const fromB = bOffset + j0 * bCol + first * bTerm;
      if (resident !== null) packBeside(resident, b, fromB, bCol, bTerm, width, depth, rightAt);
      else pack(b, fromB, bCol, bTerm, width, depth, TILE, right, 0);
      for (let i0 = 0; i0 < m; i0 += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, m - i0);
        const cols = lower ? Math.min(width, i0 + rows - j0) : width;
        if (cols <= 0) continue;
        const at = cOffset + i0 * cStride + j0;
        const fromA = aOffset + i0 * aRow + first * aTerm;
        if (resident !== null) {
          packBeside(resident, a, fromA, aRow, aTerm, rows, depth, leftAt);
          addInPlace(resident, rows, cols, depth, alpha, c, at, cStride, lower ? i0 - j0 : cols);
        } else {
          pack(a, fromA, aRow, aTerm, rows, depth, TILE, left, 0);
          addTiles(rows, cols, depth, alpha, left, right, c, at, cStride);
        }
      }
    }
  }
}

/**
 * C += alpha op(A) op(B) for C in an ordinary array: a block of C goes through WebAssembly memory once per RIGHT_PANELS
 * panels, and A and B enter it packed.
 */
function throughSums(
  arena: ProductArena,
  lower: boolean,
  fresh: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aRow: number,
  aTerm: number,
  b: Float64Array,
  bOffset: number,
  bTerm: number,
  bCol: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  const { functions, values, left, right, sums, scratch } = arena;
  values[scratch] = alpha;
  const factor = alpha === 1 ? 0 : 8 * scratch;
  const groupDepth = RIGHT_PANELS * PANEL_DEPTH;
  for (let j0 = 0; j0 < n; j0 += BLOCK_COLS) {
    const width = Math.min(BLOCK_COLS, n - j0);
    for (let group = 0; group < k; group += groupDepth) {
      const end = Math.min(k, group + groupDepth);
      for (let first = group, at = right; first < end; first += PANEL_DEPTH, at += RIGHT_LENGTH) {
        const depth = Math.min(PANEL_DEPTH, end - first);
        pack(b, bOffset + j0 * bCol + first * bTerm, bCol, bTerm, width, depth, 4, values, at);
      }
      for (let i0 = 0; i0 < m; i0 += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, m - i0);
        const cols = lower ? Math.min(width, i0 + rows - j0) : width;
        if (cols <= 0) continue;
        const stride = (cols + 3) & ~3;
        const padded = (rows + 3) & ~3;
        const place = cOffset + i0 * cStride + j0;
        const diagonal = lower ? i0 - j0 : stride;
        if (fresh && group === 0) values.fill(0, sums, sums + padded * stride);
        else copyRows(c, place, cStride, values, sums, stride, rows, cols);
        for (let first = group, at = right; first < end; first += PANEL_DEPTH, at += RIGHT_LENGTH) {
          const depth = Math.min(PANEL_DEPTH, end - first);
          pack(a, aOffset + i0 * aRow + first * aTerm, aRow, aTerm, rows, depth, 4, values, left);
          functions.addPanels(8 * left, 8 * at, 8 * sums, padded, stride, depth, stride, factor, diagonal);
        }
        copyRows(values, sums, stride, c, place, cStride, rows, cols);
      }
    }
  }
}

function copyRows(
  from: Float64Array,
  fromAt: number,
  fromStride: number,
  to: Float64Array,
  toAt: number,
  toStride: number,
  rows: number,
  cols: number,
): void {
  for (let i = 0; i < rows; i++) {
    const source = fromAt + i * fromStride;
    const target = toAt + i * toStride;
    if (cols >= LONG_ROW) to.set(from.subarray(source, source + cols), target);
    else for (let j = 0; j < cols; j++) to[target + j] = from[source + j];
  }
}

/** Packs in tiles of 4, inside WebAssembly when the source lives in the same memory. */
function packBeside(
  { functions, values }: ProductArena,
  source: Float64Array,
  offset: number,
  rowStep: number,
  termStep: number,
  count: number,
  depth: number,
  target: number,
): void {
  let done = 0;
  if (source.buffer === values.buffer && (rowStep === 1 || termStep === 1)) {
    done = count & ~3;
    const address = source.byteOffset + 8 * offset;
    if (termStep === 1) functions.packRows(address, rowStep, done, depth, 8 * target);
    else functions.packColumns(address, termStep, done, depth, 8 * target);
  }
  pack(source, offset + done * rowStep, rowStep, termStep, count - done, depth, 4, values, target + done * depth);
}

/** Whole 4 x 4 tiles straight into the resident C; the last rows and columns by way of the sums. */
function addInPlace(
  { functions, values, left, right, sums, scratch }: ProductArena,
  rows: number,
  cols: number,
  depth: number,
  alpha: number,
  c: Float64Array,
  at: number,
  cStride: number,
  diagonal: number,
): void {
  const wholeRows = rows & ~3;
  const wholeCols = cols & ~3;
  values[scratch] = alpha;
  const factor = alpha === 1 ? 0 : 8 * scratch;
  const address = c.byteOffset + 8 * at;
  functions.addPanels(8 * left, 8 * right, address, wholeRows, wholeCols, depth, cStride, factor, diagonal);
  if (wholeCols < cols) {
    const edge = 8 * (right + wholeCols * depth);
    functions.multiplyPanels(8 * left, edge, 8 * sums, (rows + 3) & ~3, 4, depth, 4, 0);
    addSums(values, sums, 4, rows, cols - wholeCols, alpha, c, at + wholeCols, cStride);
  }
  if (wholeRows < rows && wholeCols > 0) {
    const edge = 8 * (left + wholeRows * depth);
    functions.multiplyPanels(edge, 8 * right, 8 * sums, 4, wholeCols, depth, wholeCols, 0);
    addSums(values, sums, wholeCols, rows - wholeRows, wholeCols, alpha, c, at + wholeRows * cStride, cStride);
  }
}

function addSums(
  values: Float64Array,
  sums: number,
  stride: number,
  rows: number,
  cols: number,
  alpha: number,
  c: Float64Array,
  at: number,
  cStride: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) c[at + i * cStride + j] += alpha * values[sums + i * stride + j];
  }
}

/** The sums of a tile that reaches beyond the last row or column. */
const edge = new Float64Array(TILE * TILE);

/** C += alpha · (packed left) (packed right), tile by tile. */
function addTiles(
  rows: number,
  cols: number,
  depth: number,
  alpha: number,
  left: Float64Array,
  right: Float64Array,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  for (let j = 0; j < cols; j += TILE) {
    for (let i = 0; i < rows; i += TILE) {
      if (i + TILE <= rows && j + TILE <= cols) {
        addTile(depth, alpha, left, i * depth, right, j * depth, c, cOffset + i * cStride + j, cStride);
        continue;
      }
      const [validRows, validCols] = [Math.min(TILE, rows - i), Math.min(TILE, cols - j)];
      for (let r = 0; r < validRows; r++) {
        const row = cOffset + (i + r) * cStride + j;
        for (let q = 0; q < validCols; q++) edge[r * TILE + q] = c[row + q];
      }
      addTile(depth, alpha, left, i * depth, right, j * depth, edge, 0, TILE);
      for (let r = 0; r < validRows; r++) {
        const row = cOffset + (i + r) * cStride + j;
        for (let q = 0; q < validCols; q++) c[row + q] = edge[r * TILE + q];
      }
    }
  }
}

/** The same for one tile, of which all entries exist. */
function addTile(
  depth: number,
  alpha: number,
  left: Float64Array,
  leftAt: number,
  right: Float64Array,
  rightAt: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
): void {
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c03 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c13 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  let c23 = 0;
  let c30 = 0;
  let c31 = 0;
  let c32 = 0;
  let c33 = 0;
  let pa = leftAt;
  let pb = rightAt;
  for (let p = 0; p < depth; p++) {
    const b0 = right[pb];
    const b1 = right[pb + 1];
    const b2 = right[pb + 2];
    const b3 = right[pb + 3];
    const a0 = left[pa];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = left[pa + 1];
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = left[pa + 2];
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    const a3 = left[pa + 3];
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
    pa += 4;
    pb += 4;
  }
  c[cOffset] += alpha * c00;
  c[cOffset + 1] += alpha * c01;
  c[cOffset + 2] += alpha * c02;
  c[cOffset + 3] += alpha * c03;
  const r1 = cOffset + cStride;
  c[r1] += alpha * c10;
  c[r1 + 1] += alpha * c11;
  c[r1 + 2] += alpha * c12;
  c[r1 + 3] += alpha * c13;
  const r2 = r1 + cStride;
  c[r2] += alpha * c20;
  c[r2 + 1] += alpha * c21;
  c[r2 + 2] += alpha * c22;
  c[r2 + 3] += alpha * c23;
  const r3 = r2 + cStride;
  c[r3] += alpha * c30;
  c[r3 + 1] += alpha * c31;
  c[r3 + 2] += alpha * c32;
  c[r3 + 3] += alpha * c33;
}
