import { requireInteger, requireNumber, requireOneOf } from "../core/index.js";
import { arcConstants, arcValue } from "./arc-recursion.js";
import { crossOf, gramOf } from "./zonal-gram.js";
import { type ZonalTable, createZonalTable } from "./zonal-table.js";

/**
 * Computes the Gram matrix of a bias-free network kernel with activation a s + b|s| at the edge of chaos.
 *
 * Relation: K_ij = r_i r_j Θ(θ_ij), symmetric in every bit, where θ_ij is the angle of unit rows i and j, and Θ runs the
 * recursion T = cos θ; depth − 1 times: f = 1 − 2Δθ/π, θ ← map(θ), T ← cos θ + f T. Kind "ntk" gives T, kind "nngp" the
 * last cos θ; the diagonal is exactly depth r_i² or r_i². The recursion is run at the nodes of a table of polynomials in
 * sin(θ/2), kept for the next call with the same network; the pairs read the table ({@link zonalGram}), so that a pair costs the
 * same at every depth. All back ends give the same bits.
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
 * Accuracy: absolute error about 4 ε min(depth², 40 depth) r_i r_j. Cost: n² dimension flops for the products, about 25 flops
 * per pair, and 11 runs of the recursion per piece of the table that some pair needs (some hundred pieces).
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
  const table = arcTable(delta, depth, kind, "arcCosineGram");
  const diagonal = kind === "ntk" ? depth : 1;
  const points = { data: unit, offset, stride, scales };
  gramOf("arcCosineGram", n, dimension, points, table, diagonal, out, outOffset, outStride);
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
  const table = arcTable(delta, depth, kind, "arcCosineCross");
  const left = { data: x, offset: xOffset, stride: xStride, scales: xScales };
  const right = { data: y, offset: yOffset, stride: yStride, scales: yScales };
  crossOf("arcCosineCross", m, n, dimension, left, right, table, out, outOffset, outStride);
}

/**
 * Computes the upper triangle of {@link arcCosineGram} in packed storage: half of the memory, and no mirrored store.
 *
 * Relation: entry (i, j), j >= i, is out[i n − i(i − 1)/2 + j − i]; the same bits as in the full matrix. 50,000 points take 10 GB.
 *
 * @param n points
 * @param dimension their dimension
 * @param unit storage of the points, one unit vector per row
 * @param offset index of the first entry
 * @param stride distance of rows
 * @param scales r_i, n numbers
 * @param delta Δ = b²/(a² + b²) in [0, 1]
 * @param depth weight matrices, >= 1
 * @param kind which kernel
 * @param out n(n + 1)/2 numbers, overwritten
 * @throws {ShapeError} when a block leaves its array
 * @throws {ArgumentError} when delta or depth is out of range
 *
 * Accuracy and cost: as {@link arcCosineGram}.
 * @see [cho2009]
 * @example
 * ```ts
 * import { arcCosinePacked } from "eigenscope/routines";
 * const K = new Float64Array(3);
 * arcCosinePacked(2, 2, Float64Array.of(1, 0, 0, 1), 0, 2, Float64Array.of(1, 1), 0.5, 2, "ntk", K);
 * console.log(K[0], K[1], K[2]); // 2 0.31830988618379 2
 * ```
 */
export function arcCosinePacked(
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
): void {
  const table = arcTable(delta, depth, kind, "arcCosinePacked");
  const points = { data: unit, offset, stride, scales };
  gramOf("arcCosinePacked", n, dimension, points, table, kind === "ntk" ? depth : 1, out, 0, null);
}

/** Tables of the networks asked for last; each is at most 300 kB. */
const tables = new Map<string, ZonalTable>();
const TABLES = 8;

function arcTable(delta: number, depth: number, kind: "ntk" | "nngp", caller: string): ZonalTable {
  requireNumber(delta, "delta", caller, 0, 1);
  requireInteger(depth, "depth", caller, 1);
  requireOneOf(kind, ["ntk", "nngp"] as const, "kind", caller);
  const key = `${kind} ${depth} ${delta}`;
  let table = tables.get(key);
  if (table === undefined) {
    const constants = arcConstants(delta);
    const cosines = kind === "nngp";
    const scale = cosines ? 1 : depth;
    table = createZonalTable(
      (sine, opposite) => arcValue(sine, opposite, depth - 1, constants, cosines),
      octavesOf(delta, depth),
      16 * Number.EPSILON * scale,
    );
    if (tables.size === TABLES) tables.delete(tables.keys().next().value!);
  } else {
    tables.delete(key); // to be the youngest again
  }
  tables.set(key, table);
  return table;
}

/**
 * How finely the table must resolve small sines. The recursion 1/θ ← 1/θ + 2Δ/(3π) has its pole at angle −3π/(2Δ depth); at
 * antipodal points the first layer has branch points at distance √Δ, and √(1 − Δ) where the kernel is nearly even.
 */
function octavesOf(delta: number, depth: number): number {
  const edge = Math.min(delta, 1 - delta);
  const distance = Math.min(1 / (delta * depth), edge > 0 ? Math.sqrt(edge) : 1);
  let octaves = 2;
  for (let shift = 0.25; octaves < 20 && shift > distance; shift /= 2) octaves++;
  return octaves;
}
