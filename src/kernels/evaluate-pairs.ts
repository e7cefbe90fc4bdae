import { type Matrix, log2, productError, square } from "../core/index.js";
import { createZonalTable, gemm, zonalCross, zonalGram } from "../routines/index.js";
import { type Directions, directionsOf } from "./geometry.js";
import type { NetworkSpecification } from "./network-kernel.js";
import { type PairGeometry, type PairKernels, equalNorms, pairRecursion } from "./recursion.js";

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
  const pair = equalNorms(square, 0, 4 * square);
  run(pair, out);
  const diagonal = out[field];
  const profile = (sine: number, opposite: boolean): number => {
    const small = 4 * square * sine * sine;
    const large = 4 * square * (1 - sine * sine);
    pair.minus = opposite ? large : small;
    pair.plus = opposite ? small : large;
    pair.product = (pair.plus - pair.minus) / 4;
    pair.sineSquared = sine * sine * (1 - sine * sine) * 4;
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
  const pair = equalNorms(0, 0, 0);
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
        pair.product = (product / 2) * t;
        pair.xx = a.norms[i] * a.norms[i];
        pair.yy = b.norms[j] * b.norms[j];
        if (1 - Math.abs(t) >= CLOSE) {
          pair.minus = difference * difference + product * (1 - t);
          pair.plus = difference * difference + product * (1 + t);
          pair.excess = difference * (a.norms[i] + b.norms[j]);
          pair.sineSquared = (1 - t) * (1 + t);
        } else geometryInto(X, i, Y, j, pair);
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
  const pair = equalNorms(0, 0, 0);
  for (let i = 0; i < X.rows; i++) {
    for (let j = symmetric ? i : 0; j < Y.rows; j++) {
      pair.xx = a.norms[i] * a.norms[i];
      pair.yy = b.norms[j] * b.norms[j];
      geometryInto(X, i, Y, j, pair);
      run(pair, out);
      store(i, j, out[field]);
    }
  }
}

/** The geometry of two points. */
export function pairGeometry(x: Matrix, y: Matrix): PairGeometry {
  const [a, b] = [directionsOf(x), directionsOf(y)];
  const pair = equalNorms(0, 0, 0);
  pair.xx = a.norms[0] * a.norms[0];
  pair.yy = b.norms[0] * b.norms[0];
  geometryInto(x, 0, y, 0, pair);
  return pair;
}

/** Fills in everything but the norms of a pair of rows. */
function geometryInto(X: Matrix, i: number, Y: Matrix, j: number, pair: PairGeometry): void {
  const { cols } = X;
  let [minus, plus, product, excess] = [0, 0, 0, 0];
  for (let k = 0, p = i * cols, q = j * cols; k < cols; k++, p++, q++) {
    const difference = X.data[p] - Y.data[q];
    const sum = X.data[p] + Y.data[q];
    minus += difference * difference;
    plus += sum * sum;
    product += X.data[p] * Y.data[q];
    excess += difference * sum;
  }
  pair.minus = minus;
  pair.plus = plus;
  pair.product = product;
  pair.excess = excess;
  pair.sineSquared = sineSquaredOf(X, i, Y, j, pair);
}

/** Below this share the product of the squared diagonals cancels with the square of the difference of squared norms. */
const CANCELS = 0.1;

/**
 * Squared sine of the angle of two rows: |x − y|²|x + y|² − (|x|² − |y|²)² over 4|x|²|y|², unless it cancels (nearly parallel rows of
 * unequal norms): then from y − (y_a/x_a) x, a the largest entry of x, by products without rounding, made orthogonal to x.
 */
function sineSquaredOf(
  X: Matrix,
  i: number,
  Y: Matrix,
  j: number,
  { xx, yy, minus, plus, excess }: PairGeometry,
): number {
  if (xx === 0 || yy === 0 || minus === 0 || plus === 0) return 0;
  const product = (minus / xx) * (plus / yy);
  const direct = product - (excess / xx) * (excess / yy);
  if (direct > CANCELS * product) return direct / 4;
  const { cols } = X;
  const x = X.data.subarray(i * cols, (i + 1) * cols);
  const y = Y.data.subarray(j * cols, (j + 1) * cols);
  const at = x.reduce((best, value, k) => (Math.abs(value) > Math.abs(x[best]) ? k : best), 0);
  let along = 0;
  const rest = x.map((value, k) => {
    const left = x[at] * y[k];
    const right = value * y[at];
    const minor = left - right + (productError(x[at], y[k], left) - productError(value, y[at], right));
    along += (value / xx) * (minor / x[at]);
    return minor / x[at];
  });
  return rest.reduce((sum, value, k) => sum + square(value - along * x[k]), 0) / yy;
}
