import { type Matrix, log2 } from "../core/index.js";
import { createZonalTable, gemm, zonalCross, zonalGram } from "../routines/index.js";
import { type Directions, sumAndDifference } from "./geometry.js";
import type { NetworkSpecification } from "./network-kernel.js";
import { type PairGeometry, type PairKernels, pairRecursion } from "./recursion.js";

/** From this many entries on a table of the profile, or products in blocks, pay. */
const MANY_PAIRS = 8192;

/**
 * Evaluates a network kernel that is not homogeneous at all pairs, symmetric where Y is null.
 *
 * Few pairs run the recursion one by one. Many pairs of points of one norm read a table of the kernel as a function of the
 * angle, whatever the activation; many pairs of other points run the recursion on inner products taken in blocks.
 */
export function evaluatePairs(
  X: Matrix,
  Y: Matrix | null,
  a: Directions,
  b: Directions,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  data: Float64Array,
): void {
  const cols = (Y ?? X).rows;
  const store = (i: number, j: number, value: number): void => {
    data[i * cols + j] = value;
    if (Y === null) data[j * cols + i] = value;
  };
  const many = X.rows * cols >= MANY_PAIRS;
  const norm = many ? commonNorm(a.norms, b.norms, X.cols) : null;
  if (norm !== null) fillByTable(a, Y === null ? null : b, norm, spec, field, data);
  else if (many) fillByBlocks(X, Y ?? X, a, b, Y === null, spec, field, store);
  else fillByPairs(X, Y ?? X, a, b, Y === null, spec, field, store);
}

/** The norm that all points share up to the rounding of a sum of squares, or null. */
function commonNorm(left: Float64Array, right: Float64Array, dimension: number): number | null {
  const norm = left[0];
  const same = (value: number): boolean => Math.abs(value - norm) <= (4 + Math.sqrt(dimension)) * Number.EPSILON * norm;
  return norm > 0 && left.every(same) && right.every(same) ? norm : null;
}

/** Points of one norm: every network kernel is then a function of the angle alone, and a table of it serves all pairs. */
function fillByTable(
  a: Directions,
  b: Directions | null,
  norm: number,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  data: Float64Array,
): void {
  const { rows, cols: d } = a.unit;
  const run = pairRecursion(spec, d);
  const out: PairKernels = { nngp: 0, ntk: 0 };
  const square = norm * norm;
  const pair: PairGeometry = { xx: square, yy: square, minus: 0, plus: 4 * square };
  run(pair, out);
  const diagonal = out[field];
  const profile = (sine: number, opposite: boolean): number => {
    const small = 4 * square * sine * sine;
    const large = 4 * square * (1 - sine * sine);
    pair.minus = opposite ? large : small;
    pair.plus = opposite ? small : large;
    run(pair, out);
    return out[field];
  };
  const tolerance = (spec.dual.method === "quadrature" ? 1e-13 : 64 * Number.EPSILON) * Math.abs(diagonal);
  const octaves = Math.min(20, 4 + Math.ceil(log2(spec.depth)));
  const table = createZonalTable(profile, octaves, Math.max(tolerance, Number.MIN_VALUE));
  const ones = new Float64Array(Math.max(rows, b?.unit.rows ?? 0)).fill(1);
  if (b === null) {
    zonalGram(rows, d, a.unit.data, 0, d, ones, table, diagonal, data, 0, rows);
    return;
  }
  const cols = b.unit.rows;
  zonalCross(rows, cols, d, a.unit.data, 0, d, ones, b.unit.data, 0, d, ones, table, data, 0, cols);
}

/** Below this 1 − |cos| the angle of a pair is taken from sum and difference. */
const CLOSE = 1 / 128;
/** Rows of a block of cosines. */
const BLOCK = 64;

/** fillByPairs for many points: inner products of directions in blocks, the recursion at each pair. */
function fillByBlocks(
  X: Matrix,
  Y: Matrix,
  a: Directions,
  b: Directions,
  symmetric: boolean,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  store: (i: number, j: number, value: number) => void,
): void {
  const { rows: n, cols: d } = Y;
  const run = pairRecursion(spec, d);
  const out: PairKernels = { nngp: 0, ntk: 0 };
  const parts = new Float64Array(2);
  const pair: PairGeometry = { xx: 0, yy: 0, minus: 0, plus: 0 };
  const cosines = new Float64Array(BLOCK * n);
  for (let i0 = 0; i0 < X.rows; i0 += BLOCK) {
    const rows = Math.min(BLOCK, X.rows - i0);
    const first = symmetric ? i0 : 0;
    gemm(
      false,
      true,
      rows,
      n - first,
      d,
      1,
      a.unit.data,
      i0 * d,
      d,
      b.unit.data,
      first * d,
      d,
      0,
      cosines,
      0,
      n - first,
    );
    for (let i = i0; i < i0 + rows; i++) {
      for (let j = symmetric ? i : 0; j < n; j++) {
        const t = cosines[(i - i0) * (n - first) + j - first];
        const difference = a.norms[i] - b.norms[j];
        const product = 2 * a.norms[i] * b.norms[j];
        pair.xx = a.norms[i] * a.norms[i];
        pair.yy = b.norms[j] * b.norms[j];
        if (1 - Math.abs(t) >= CLOSE) {
          pair.minus = difference * difference + product * (1 - t);
          pair.plus = difference * difference + product * (1 + t);
        } else {
          sumAndDifference(X.data, i, Y.data, j, d, parts);
          pair.minus = parts[0];
          pair.plus = parts[1];
        }
        run(pair, out);
        store(i, j, out[field]);
      }
    }
  }
}

function fillByPairs(
  X: Matrix,
  Y: Matrix,
  a: Directions,
  b: Directions,
  symmetric: boolean,
  spec: NetworkSpecification,
  field: keyof PairKernels,
  store: (i: number, j: number, value: number) => void,
): void {
  const run = pairRecursion(spec, X.cols);
  const out: PairKernels = { nngp: 0, ntk: 0 };
  const parts = new Float64Array(2);
  const pair: PairGeometry = { xx: 0, yy: 0, minus: 0, plus: 0 };
  for (let i = 0; i < X.rows; i++) {
    for (let j = symmetric ? i : 0; j < Y.rows; j++) {
      sumAndDifference(X.data, i, Y.data, j, X.cols, parts);
      pair.xx = a.norms[i] * a.norms[i];
      pair.yy = b.norms[j] * b.norms[j];
      pair.minus = parts[0];
      pair.plus = parts[1];
      run(pair, out);
      store(i, j, out[field]);
    }
  }
}
