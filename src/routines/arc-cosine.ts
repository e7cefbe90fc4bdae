import { ArgumentError, describe, requireInteger, requireNumber, requireOneOf } from "../core/index.js";
import { ARC_CONSTANTS, arcConstants, arcRecursion, arcStart } from "./arc-recursion.js";
import { requireBlock, requireStrided } from "./extent.js";
import { gemm } from "./gemm.js";
import { PANEL_DEPTH, pack } from "./pack.js";
import { BLOCK_COLS, BLOCK_ROWS, type ProductArena, productArena } from "./product-arena.js";

/** Below this 1 − |cos θ| the angle is taken from the difference (or sum) of the two unit vectors. */
const NEAR = 1 / 128;

/** What one Gram routine needs to know about its points and the network. */
interface ArcProblem {
  readonly dimension: number;
  readonly steps: number;
  readonly constants: Float64Array;
  readonly cosines: boolean;
  readonly x: Float64Array;
  readonly xOffset: number;
  readonly xStride: number;
  readonly xScales: Float64Array;
  readonly y: Float64Array;
  readonly yOffset: number;
  readonly yStride: number;
  readonly yScales: Float64Array;
}

/** Recursion state of one row: v, s and (with the JavaScript back end) the block of cosines. */
let state: Float64Array = new Float64Array(0);
let tile: Float64Array = new Float64Array(0);

/**
 * Computes the Gram matrix of a bias-free network kernel with activation a s + b|s| at the edge of chaos.
 *
 * Relation: K_ij = r_i r_j Θ(θ_ij), symmetric in every bit, where θ_ij is the angle of unit rows i and j, and Θ runs the
 * recursion T = cos θ; depth − 1 times: f = 1 − 2Δθ/π, θ ← map(θ), T ← cos θ + f T. Kind "ntk" gives T, kind "nngp" the
 * last cos θ; the diagonal is exactly depth r_i² or r_i². Inner products, recursion and mirrored store go tile by tile
 * through the cache; angles closer than about 7° to 0 or π are recomputed from differences of the rows, because there the
 * cosine has lost them. All back ends give the same bits.
 *
 * @param n points
 * @param dimension their dimension
 * @param unit storage of the points, one unit vector per row (a zero row with scale 0 gives zeros)
 * @param offset index of the first entry
 * @param stride distance of rows
 * @param scales r_i, n numbers
 * @param delta Δ = b²/(a² + b²) in [0, 1]: 1/2 for relu, 1 for abs
 * @param depth weight matrices, >= 1
 * @param kind which kernel
 * @param out storage of K, overwritten in full
 * @param outOffset index of its first entry
 * @param outStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when delta or depth is out of range
 *
 * Accuracy: absolute error about 4 ε depth² r_i r_j. Cost: n² dimension flops for the products and about 25 flops per pair and layer.
 * @see [cho2009]
 * @example
 * ```ts
 * import { arcCosineGram } from "eigenscope/routines";
 * const K = new Float64Array(4);
 * arcCosineGram(2, 2, Float64Array.of(1, 0, 0, 1), 0, 2, Float64Array.of(1, 1), 0.5, 2, "ntk", K, 0, 2);
 * console.log(K[0], K[1]); // 2 0.31830988618379
 * ```
 */
export function arcCosineGram(
  n: number,
  dimension: number,
  unit: Float64Array,
  offset: number,
  stride: number,
  scales: Float64Array,
  delta: number,
  depth: number,
  kind: "ntk" | "nngp",
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  const caller = "arcCosineGram";
  requireBlock(unit, offset, stride, n, dimension, "unit", caller);
  requireBlock(out, outOffset, outStride, n, n, "out", caller);
  const problem = requireProblem(
    dimension,
    unit,
    offset,
    stride,
    scales,
    n,
    unit,
    offset,
    stride,
    scales,
    n,
    delta,
    depth,
    kind,
    caller,
  );
  for (let i0 = 0; i0 < n; i0 += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, n - i0);
    for (let j0 = i0; j0 < n; j0 += BLOCK_COLS) {
      const cols = Math.min(BLOCK_COLS, n - j0);
      // Of the block on the diagonal only the part on and above it is computed.
      computeBlock(problem, i0, rows, j0, cols, true, out, outOffset, outStride);
      mirrorBlock(i0, rows, j0, cols, out, outOffset, outStride);
    }
    const atZero = kind === "ntk" ? depth : 1;
    for (let i = i0; i < i0 + rows; i++) out[outOffset + i * (outStride + 1)] = atZero * (scales[i] * scales[i]);
  }
}

/**
 * Computes the kernel of {@link arcCosineGram} between two sets of points.
 *
 * Relation: K_ij = r_i q_j Θ(θ_ij) for unit rows i of X and j of Y. An entry has the bits that {@link arcCosineGram} gives for
 * the same two rows (angle 0 excepted: there only the Gram routine knows that the points are the same).
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
 * @param delta Δ = b²/(a² + b²) in [0, 1]
 * @param depth weight matrices, >= 1
 * @param kind which kernel
 * @param out storage of K, m x n, overwritten
 * @param outOffset index of its first entry
 * @param outStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when delta or depth is out of range
 *
 * Accuracy and cost: as {@link arcCosineGram}, without the saving by symmetry.
 * @see [cho2009]
 * @example
 * ```ts
 * import { arcCosineCross } from "eigenscope/routines";
 * const K = new Float64Array(1);
 * const one = Float64Array.of(1);
 * arcCosineCross(1, 1, 2, Float64Array.of(1, 0), 0, 2, one, Float64Array.of(0, 1), 0, 2, one, 0.5, 2, "nngp", K, 0, 1);
 * console.log(K[0]); // 0.31830988618379
 * ```
 */
export function arcCosineCross(
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
  delta: number,
  depth: number,
  kind: "ntk" | "nngp",
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  const caller = "arcCosineCross";
  requireBlock(x, xOffset, xStride, m, dimension, "x", caller);
  requireBlock(y, yOffset, yStride, n, dimension, "y", caller);
  requireBlock(out, outOffset, outStride, m, n, "out", caller);
  const problem = requireProblem(
    dimension,
    x,
    xOffset,
    xStride,
    xScales,
    m,
    y,
    yOffset,
    yStride,
    yScales,
    n,
    delta,
    depth,
    kind,
    caller,
  );
  for (let i0 = 0; i0 < m; i0 += BLOCK_ROWS) {
    for (let j0 = 0; j0 < n; j0 += BLOCK_COLS) {
      computeBlock(
        problem,
        i0,
        Math.min(BLOCK_ROWS, m - i0),
        j0,
        Math.min(BLOCK_COLS, n - j0),
        false,
        out,
        outOffset,
        outStride,
      );
    }
  }
}

function requireProblem(
  dimension: number,
  x: Float64Array,
  xOffset: number,
  xStride: number,
  xScales: Float64Array,
  m: number,
  y: Float64Array,
  yOffset: number,
  yStride: number,
  yScales: Float64Array,
  n: number,
  delta: number,
  depth: number,
  kind: "ntk" | "nngp",
  caller: string,
): ArcProblem {
  requireInteger(dimension, "dimension", caller, 1);
  requireNumber(delta, "delta", caller, 0, 1);
  requireInteger(depth, "depth", caller, 1);
  requireOneOf(kind, ["ntk", "nngp"] as const, "kind", caller);
  for (const scales of [xScales, yScales]) {
    if (!(scales instanceof Float64Array)) {
      throw new ArgumentError({
        function: caller,
        argument: "scales",
        expected: "a Float64Array",
        got: describe(scales),
      });
    }
  }
  requireStrided(xScales, 0, 1, m, "scales", caller);
  requireStrided(yScales, 0, 1, n, "scales", caller);
  const cosines = kind === "nngp";
  return {
    dimension,
    steps: depth - 1,
    constants: arcConstants(delta),
    cosines,
    x,
    xOffset,
    xStride,
    xScales,
    y,
    yOffset,
    yStride,
    yScales,
  };
}

/** One block of K: cosines, then row by row the recursion and the scaled store; with `upper` only entries j > i. */
function computeBlock(
  problem: ArcProblem,
  i0: number,
  rows: number,
  j0: number,
  cols: number,
  upper: boolean,
  out: Float64Array,
  outOffset: number,
  outStride: number,
): void {
  const { steps, cosines, constants, xScales, yScales } = problem;
  const stride = (cols + 3) & ~3;
  const arena = productArena();
  let values = tile;
  let block = 0;
  let scratch = 0;
  let own = state;
  if (arena !== null) {
    cosinesInArena(arena, problem, i0, rows, j0, cols, stride);
    values = own = arena.values;
    block = arena.sums;
    scratch = arena.scratch;
    values.set(constants, scratch);
  } else {
    const { x, xOffset, xStride, y, yOffset, yStride, dimension } = problem;
    if (tile.length < rows * stride) values = tile = new Float64Array(BLOCK_ROWS * BLOCK_COLS);
    if (state.length === 0) own = state = new Float64Array(ARC_CONSTANTS + 1 + 2 * BLOCK_COLS);
    gemm(
      false,
      true,
      rows,
      cols,
      dimension,
      1,
      x,
      xOffset + i0 * xStride,
      xStride,
      y,
      yOffset + j0 * yStride,
      yStride,
      0,
      tile,
      0,
      stride,
    );
  }
  const vAt = scratch + ARC_CONSTANTS + 1;
  for (let i = 0; i < rows; i++) {
    // Pairs go in twos, so a row starts at an even column; columns beyond the last are zero cosines, harmless.
    const first = upper ? Math.min(Math.max(0, i0 + i + 1 - j0), cols) & ~1 : 0;
    const count = (cols - first + 1) & ~1;
    if (count === 0) continue;
    const at = block + i * stride + first;
    const sAt = vAt + count;
    if (arena === null && cols % 2 === 1) values[block + i * stride + cols] = 0;
    const close =
      arena === null
        ? arcStart(values, at, own, vAt, sAt, count, NEAR)
        : arena.functions.arcStart(8 * at, 8 * vAt, 8 * sAt, count, NEAR);
    if (close > 0) recomputeClose(problem, i0 + i, j0 + first, cols - first, own, vAt, sAt);
    if (arena === null) arcRecursion(values, at, own, vAt, sAt, count, steps, constants, cosines);
    else arena.functions.arcRecursion(8 * at, 8 * vAt, 8 * sAt, count, steps, 8 * scratch, cosines ? 1 : 0);
    const scale = xScales[i0 + i];
    const target = outOffset + (i0 + i) * outStride + j0;
    for (let j = first; j < cols; j++) out[target + j] = values[block + i * stride + j] * (scale * yScales[j0 + j]);
  }
}

/** Inner products of unit rows, left in the arena; the same sums as gemm. */
function cosinesInArena(
  arena: ProductArena,
  problem: ArcProblem,
  i0: number,
  rows: number,
  j0: number,
  cols: number,
  stride: number,
): void {
  const { x, xOffset, xStride, y, yOffset, yStride, dimension } = problem;
  const { values, left, right, sums, functions } = arena;
  for (let first = 0; first < dimension; first += PANEL_DEPTH) {
    const depth = Math.min(PANEL_DEPTH, dimension - first);
    pack(y, yOffset + j0 * yStride + first, yStride, 1, cols, depth, 4, values, right);
    pack(x, xOffset + i0 * xStride + first, xStride, 1, rows, depth, 4, values, left);
    functions.multiplyPanels(8 * left, 8 * right, 8 * sums, (rows + 3) & ~3, stride, depth, stride, first > 0 ? 1 : 0);
  }
}

/** v = |x̂ ∓ ŷ|²/2 for the pairs of a row whose cosine is close to ±1. */
function recomputeClose(
  problem: ArcProblem,
  row: number,
  col: number,
  count: number,
  own: Float64Array,
  vAt: number,
  sAt: number,
): void {
  const { x, xOffset, xStride, y, yOffset, yStride, dimension } = problem;
  for (let j = 0; j < count; j++) {
    if (!(own[vAt + j] < NEAR)) continue;
    const sign = own[sAt + j];
    let p = xOffset + row * xStride;
    let q = yOffset + (col + j) * yStride;
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      const difference = x[p++] - sign * y[q++];
      sum += difference * difference;
    }
    own[vAt + j] = 0.5 * sum;
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
