import { EPSILON, pow } from "../core/index.js";
import { rot } from "../routines/index.js";
import { bidiagonalQr } from "./bidiagonal-qr.js";
import { BOTH, SECOND, groupByKind, mergeOrders, multiplyHalf } from "./merging.js";
import { type SecularRoot, recomputeWeights, solveSecular } from "./secular.js";
import { binaryExponent, length2 } from "./scalar.js";
import { borrowStore, releaseStore } from "./stores.js";

const LEAF = 32; // blocks of at most this many rows are solved by QR iteration
const DEFLATION = 8; // entries up to this many ε times the local norm count as zero

/** Vectors as rows, the internal form: a transposition at the end is cheaper than strided rotations throughout. */
export interface RowSvd {
  /** Singular values, descending. */
  readonly values: Float64Array;
  /** Row k is the left singular vector k; empty when not wanted. */
  readonly u: Float64Array;
  /** Row k is the right singular vector k; empty when not wanted. */
  readonly v: Float64Array;
  /** Room in the memory of u and v for what is done with them. */
  readonly scratch?: Float64Array;
  /** Gives that memory back; u and v may not be used afterwards. */
  readonly release?: () => void;
}

/**
 * SVD of an upper bidiagonal matrix, vectors as rows; d and e (length n, e[n − 1] unused) are destroyed. Values alone by
 * QR iteration, with vectors by QR up to order 32 and divide and conquer above.
 */
export function bidiagonalSvd(n: number, d: Float64Array, e: Float64Array, wantVectors: boolean): RowSvd {
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]), i < n - 1 ? Math.abs(e[i]) : 0);
  const scale = norm === 0 ? 1 : pow(2, -(binaryExponent(norm) + 1));
  for (let i = 0; i < n; i++) {
    d[i] *= scale;
    e[i] *= scale;
  }
  if (!wantVectors) {
    const none = new Float64Array(0);
    bidiagonalQr(n, d, e, none, 0, none, 0);
    return {
      values: d
        .map((value) => Math.abs(value) / scale)
        .sort()
        .reverse(),
      u: none,
      v: none,
    };
  }
  // One memory for all products: u, v, differences, left, right, room.
  const height = 6 * n + 4;
  const store = borrowStore(height, n);
  const part = (index: number): Float64Array => store.subarray(index * n * n, (index + 1) * n * n);
  const work: Workspace = {
    n,
    u: part(0).fill(0),
    v: part(1).fill(0),
    values: new Float64Array(n),
    order: new Uint32Array(n),
    d,
    e,
    differences: part(2),
    left: part(3),
    right: part(4),
    room: store.subarray(5 * n * n),
  };
  solveBlock(work, 0, n, 0);
  const { order, values, left: u, right: v } = work;
  for (let k = 0; k < n; k++) {
    const row = order[n - 1 - k];
    u.set(work.u.subarray(row * n, (row + 1) * n), k * n);
    v.set(work.v.subarray(row * n, (row + 1) * n), k * n);
  }
  return {
    values: Float64Array.from(order, (row) => values[row] / scale).reverse(),
    u,
    v,
    scratch: store.subarray(0, 3 * n * n),
    release: () => releaseStore(store, height, n),
  };
}

/**
 * What a merge needs. A block of rows start … end − 1 has `extra` (0 or 1) more columns than rows. Once solved, rows
 * start … end − 1 of u and v are its singular vectors and, with an extra column, row `end` of v is its null vector.
 */
interface Workspace {
  readonly n: number;
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** Singular values, by row. */
  readonly values: Float64Array;
  /** Within each solved block: its rows by ascending singular value. */
  readonly order: Uint32Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
  /** n² numbers each for the differences of a secular equation and for its left and right vectors. */
  readonly differences: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** n² + 4n numbers for gathered rows and their product. */
  readonly room: Float64Array;
}

/**
 * Divide and conquer: row `middle` couples two smaller bidiagonal blocks. In their singular bases that row is a dense
 * vector z and the rest diagonal, so the squares of the new singular values solve a secular equation with poles σ² and
 * an extra pole at zero. [gu1995b]
 */
function solveBlock(work: Workspace, start: number, end: number, extra: number): void {
  if (end - start <= LEAF) {
    solveLeaf(work, start, end, extra);
    return;
  }
  const middle = start + ((end - start) >> 1);
  solveBlock(work, start, middle, 1);
  solveBlock(work, middle + 1, end, extra);
  merge(work, start, middle, end, extra);
}

/** A leaf with an extra column is solved as a square matrix with a zero row below: its null vector comes out last. */
function solveLeaf({ n, u, v, values, order, d, e }: Workspace, start: number, end: number, extra: number): void {
  const rows = end - start;
  const size = rows + extra;
  const left = new Float64Array(size * size);
  const right = new Float64Array(size * size);
  for (let i = 0; i < size; i++) left[i * size + i] = right[i * size + i] = 1;
  const diagonal = new Float64Array(size);
  const above = new Float64Array(size);
  diagonal.set(d.subarray(start, end));
  above.set(e.subarray(start, start + size - 1));
  bidiagonalQr(size, diagonal, above, left, size, right, size);
  for (let i = 0; i < size; i++) {
    const sign = diagonal[i] < 0 ? -1 : 1;
    for (let j = 0; j < size; j++) v[(start + i) * n + start + j] = sign * right[i * size + j];
    if (i >= rows) continue;
    values[start + i] = Math.abs(diagonal[i]);
    for (let j = 0; j < rows; j++) u[(start + i) * n + start + j] = left[i * size + j];
  }
  const sorted = Uint32Array.from({ length: rows }, (_, i) => start + i);
  order.set(
    sorted.sort((a, b) => values[a] - values[b] || a - b),
    start,
  );
}

function merge(work: Workspace, start: number, middle: number, end: number, extra: number): void {
  const { n, u, v, values, order, d, e } = work;
  const alpha = d[middle];
  const beta = e[middle];
  const total = end - start + extra;
  const z = new Float64Array(total); // row `middle` of B in the right singular bases, by row − start
  const kind = new Uint8Array(total);
  for (let r = start; r <= middle; r++) z[r - start] = alpha * v[r * n + middle];
  for (let r = middle + 1; r < start + total; r++) {
    z[r - start] = beta * v[r * n + middle + 1];
    kind[r - start] = SECOND;
  }
  u[middle * n + middle] = 1; // the coupling row itself, with pole 0
  values[middle] = 0;
  if (extra === 1) joinNullVectors(work, start, middle, end, z, kind);

  let norm = Math.max(Math.abs(alpha), Math.abs(beta));
  for (let r = start; r < end; r++) norm = Math.max(norm, values[r]);
  const threshold = DEFLATION * EPSILON * norm;
  const sorted = mergeOrders(values, order, start, middle, middle + 1, end);
  const { kept, deflated } = deflate(work, start, end + extra, threshold, sorted, z, kind);
  // The pole at zero always stays, first; its weight and its distance to the next pole are kept off zero.
  const weight = z[middle - start];
  if (Math.abs(weight) <= threshold) z[middle - start] = weight < 0 ? -threshold : threshold;
  kept.unshift(middle);
  if (norm > 0) updateRows(work, start, middle, end, extra, threshold, kept, z, kind);
  const all = Uint32Array.from([...kept, ...deflated]);
  order.set(
    all.sort((a, b) => values[a] - values[b] || a - b),
    start,
  );
}

/** Rotates the null vectors of the two blocks so that one carries all the weight and the other is that of the whole block. */
function joinNullVectors(
  { n, v }: Workspace,
  start: number,
  middle: number,
  end: number,
  z: Float64Array,
  kind: Uint8Array,
): void {
  const p = z[middle - start];
  const q = z[end - start];
  if (q === 0) return;
  const length = length2(p, q);
  rot(end + 1 - start, v, middle * n + start, 1, v, end * n + start, 1, p / length, q / length);
  z[middle - start] = length;
  z[end - start] = 0;
  kind[middle - start] = BOTH;
}

/** Takes out negligible weights, and one of each pair of nearly equal singular values after a rotation of both bases. */
function deflate(
  { n, u, v, values }: Workspace,
  start: number,
  columnEnd: number,
  threshold: number,
  sorted: Uint32Array,
  z: Float64Array,
  kind: Uint8Array,
): { kept: number[]; deflated: number[] } {
  const kept: number[] = [];
  const deflated: number[] = [];
  const width = columnEnd - start;
  let pending = -1; // the last pole with a weight, not yet known to stay
  for (const r of sorted) {
    if (Math.abs(z[r - start]) <= threshold) {
      deflated.push(r);
      continue;
    }
    if (pending >= 0 && values[r] - values[pending] <= threshold) {
      const length = length2(z[r - start], z[pending - start]);
      const c = z[r - start] / length;
      const s = z[pending - start] / length;
      z[r - start] = length;
      z[pending - start] = 0;
      if (kind[r - start] !== kind[pending - start]) kind[r - start] = kind[pending - start] = BOTH;
      rot(width, u, pending * n + start, 1, u, r * n + start, 1, c, -s);
      rot(width, v, pending * n + start, 1, v, r * n + start, 1, c, -s);
      deflated.push(pending);
      pending = r;
      continue;
    }
    if (pending >= 0) kept.push(pending);
    pending = r;
  }
  if (pending >= 0) kept.push(pending);
  return { kept, deflated };
}

/** Solves the secular equation on the kept poles (kept[0] is the pole at zero) and multiplies its vectors into u and v. */
function updateRows(
  work: Workspace,
  start: number,
  middle: number,
  end: number,
  extra: number,
  threshold: number,
  kept: number[],
  z: Float64Array,
  kind: Uint8Array,
): void {
  const { n, u, v, values, room } = work;
  const count = kept.length;
  const poles = Float64Array.from(kept, (r) => values[r]);
  if (count > 1 && poles[1] < 0.5 * threshold) poles[1] = 0.5 * threshold;
  const weights = Float64Array.from(kept, (r) => z[r - start]);
  const problem = { count, d: poles, z: weights, inverseRho: 1, squared: true };
  const root: SecularRoot = { origin: 0, offset: 0 };
  const differences = work.differences.subarray(0, count * count); // row i: σ_j² − ω_i²
  for (let i = 0; i < count; i++) {
    solveSecular(problem, i, root, differences, i * count);
    const pole = poles[root.origin];
    values[kept[i]] = pole + root.offset / (pole + Math.sqrt(pole * pole + root.offset));
  }
  const exact = recomputeWeights(count, poles, weights, differences, true);

  const { columns, upTo, from } = groupByKind(kept, start, kind);
  // Right vectors x_j = ẑ_j / (σ_j² − ω²); left vectors y = M x: −1 at the pole zero, σ_j x_j else.
  const right = work.right.subarray(0, count * count);
  const left = work.left.subarray(0, count * count);
  const x = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let squaresX = 0;
    let squaresY = 1;
    for (let j = 0; j < count; j++) {
      x[j] = exact[j] / differences[i * count + j];
      squaresX += x[j] * x[j];
      squaresY += poles[j] * x[j] * (poles[j] * x[j]);
    }
    const normX = Math.sqrt(squaresX);
    const normY = Math.sqrt(squaresY);
    for (let c = 0; c < count; c++) {
      const j = columns[c];
      right[i * count + c] = x[j] / normX;
      left[i * count + c] = (j === 0 ? -1 : poles[j] * x[j]) / normY;
    }
  }
  multiplyHalf(n, v, kept, columns, 0, upTo, right, start, middle + 1, room);
  multiplyHalf(n, v, kept, columns, from, count, right, middle + 1, end + extra, room);
  // Row `middle` of u is a unit vector: outside its own column it is zero, in which it contributes the −1 entries.
  const coupling = columns.indexOf(0);
  multiplyHalf(n, u, kept, columns, 0, upTo, left, start, middle, room);
  multiplyHalf(n, u, kept, columns, from, count, left, middle + 1, end, room);
  for (let i = 0; i < count; i++) u[kept[i] * n + middle] = left[i * count + coupling];
}
