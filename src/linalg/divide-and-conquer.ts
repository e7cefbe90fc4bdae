import { EPSILON, pow } from "../core/index.js";
import { rot } from "../routines/index.js";
import { BOTH, FIRST, SECOND, groupByKind, mergeOrders, multiplyHalf } from "./merging.js";
import { type SecularRoot, recomputeWeights, solveSecular } from "./secular.js";
import { implicitQl, tridiagonalNorm } from "./tridiagonal-ql.js";
import { binaryExponent, length2 } from "./scalar.js";
import { borrowStore, releaseStore } from "./stores.js";

const LEAF = 32; // blocks of at most this order are solved by QL
const DEFLATION = 8; // entries up to this many ε times the local norm count as zero

/** Eigenvalues ascending, eigenvectors as rows. */
export interface RowEigen {
  /** Eigenvalues, ascending. */
  readonly values: Float64Array;
  /** Row k is the unit eigenvector k. */
  readonly rows: Float64Array;
  /** Room in the same memory, at least 2n² numbers, for what is done with the rows; null for small ones. */
  readonly scratch: Float64Array | null;
  /** Gives the memory of rows and scratch back; neither may be used afterwards. */
  readonly release: () => void;
}

/** What a merge needs; one set for the whole recursion. */
interface Workspace {
  readonly n: number;
  /** n x n; the rows of a solved block are its eigenvectors, inside its own columns. */
  readonly rows: Float64Array;
  /** n eigenvalues, in the order of the rows. */
  readonly values: Float64Array;
  /** Within each solved block: its row indices (absolute) by ascending eigenvalue. */
  readonly order: Uint32Array;
  /** Diagonal and off-diagonal of T; tearing changes the diagonal. */
  readonly d: Float64Array;
  readonly e: Float64Array;
  /** n² numbers for the eigenvectors of a secular equation. */
  readonly vectors: Float64Array;
  /** n² numbers for their differences p_j − λ_i. */
  readonly differences: Float64Array;
  /** n² + 2n numbers for gathered rows and their product. */
  readonly room: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer; d and e are destroyed.
 *
 * T is torn into halves plus a rank-one term; the halves are solved; the eigenvalues of D + ρ z zᵀ are the roots of a
 * secular equation, and its eigenvectors follow from weights recomputed so that the computed roots are exact for
 * them, which makes the vectors orthogonal without extra precision. Negligible weights and nearly equal poles drop out
 * beforehand (deflation), the rest is one matrix product per half. [cuppen1981] [gu1995]
 */
export function divideAndConquer(n: number, d: Float64Array, e: Float64Array): RowEigen {
  // Norm in [1/2, 1): the deflation test compares weights of size one with entries of T.
  const norm = tridiagonalNorm(n, d, e);
  const scale = norm === 0 ? 1 : pow(2, -(binaryExponent(norm) + 1));
  for (let i = 0; i < n; i++) {
    d[i] *= scale;
    e[i] *= scale;
  }
  // One memory for all products: rows, vectors, differences, room.
  const height = 4 * n + 2;
  const store = borrowStore(height, n);
  const rows = store.subarray(0, n * n);
  rows.fill(0);
  const work: Workspace = {
    n,
    rows,
    values: new Float64Array(n),
    order: new Uint32Array(n),
    d,
    e,
    vectors: store.subarray(n * n, 2 * n * n),
    differences: store.subarray(2 * n * n, 3 * n * n),
    room: store.subarray(3 * n * n),
  };
  solveBlock(work, 0, n);
  // In ascending order, where the differences were.
  const sorted = work.differences;
  for (let k = 0; k < n; k++) sorted.set(rows.subarray(work.order[k] * n, (work.order[k] + 1) * n), k * n);
  return {
    values: Float64Array.from(work.order, (k) => work.values[k] / scale),
    rows: sorted,
    scratch: store.subarray(0, 2 * n * n),
    release: () => releaseStore(store, height, n),
  };
}

function solveBlock(work: Workspace, start: number, end: number): void {
  const size = end - start;
  if (size <= LEAF) {
    solveLeaf(work, start, end);
    return;
  }
  const middle = start + (size >> 1);
  const beta = work.e[middle - 1];
  const rho = Math.abs(beta);
  work.d[middle - 1] -= rho;
  work.d[middle] -= rho;
  solveBlock(work, start, middle);
  solveBlock(work, middle, end);
  merge(work, start, middle, end, rho, beta < 0 ? -1 : 1);
}

function solveLeaf({ n, rows, values, order, d, e }: Workspace, start: number, end: number): void {
  const size = end - start;
  const block = new Float64Array(size * size);
  for (let i = 0; i < size; i++) block[i * size + i] = 1;
  const diagonal = d.slice(start, end);
  const offDiagonal = e.slice(start, end);
  offDiagonal[size - 1] = 0;
  implicitQl(size, diagonal, offDiagonal, block, size);
  for (let i = 0; i < size; i++) rows.set(block.subarray(i * size, (i + 1) * size), (start + i) * n + start);
  values.set(diagonal, start);
  const sorted = Uint32Array.from(diagonal, (_, i) => start + i).sort((a, b) => values[a] - values[b] || a - b);
  order.set(sorted, start);
}

/** Joins two solved halves: T = diag(T₁, T₂) + rho v vᵀ, v = e_last ± e_first. */
function merge(work: Workspace, start: number, middle: number, end: number, rho: number, sign: number): void {
  const { n, rows, values, order } = work;
  const size = end - start;
  const sorted = mergeOrders(values, order, start, middle, middle, end);
  const z = new Float64Array(size); // Qᵀ v / √2, indexed by row − start
  for (let r = start; r < middle; r++) z[r - start] = rows[r * n + middle - 1] * Math.SQRT1_2;
  for (let r = middle; r < end; r++) z[r - start] = sign * rows[r * n + middle] * Math.SQRT1_2;
  const kind = new Uint8Array(size);
  for (let r = start; r < end; r++) kind[r - start] = r < middle ? FIRST : SECOND;

  const { kept, deflated } = deflate(work, start, end, 2 * rho, sorted, z, kind);
  if (kept.length > 0) updateRows(work, start, middle, end, 2 * rho, kept, z, kind);
  const all = Uint32Array.from([...kept, ...deflated]).sort((a, b) => values[a] - values[b] || a - b);
  order.set(all, start);
}

/** Takes out negligible weights, and one of each pair of poles that a rotation may merge. Row indices, ascending values. */
function deflate(
  work: Workspace,
  start: number,
  end: number,
  rho: number,
  sorted: Uint32Array,
  z: Float64Array,
  kind: Uint8Array,
): { kept: number[]; deflated: number[] } {
  const { n, rows, values } = work;
  let norm = rho;
  for (const r of sorted) norm = Math.max(norm, Math.abs(values[r]));
  const threshold = DEFLATION * EPSILON * norm;
  const kept: number[] = [];
  const deflated: number[] = [];
  let pending = -1; // the last pole with a weight, not yet known to stay
  for (const r of sorted) {
    if (rho * Math.abs(z[r - start]) <= threshold) {
      deflated.push(r);
      continue;
    }
    if (pending >= 0) {
      // A rotation that moves all weight to r leaves (d_r − d_p) c s off the diagonal.
      const length = length2(z[r - start], z[pending - start]);
      const c = z[r - start] / length;
      const s = z[pending - start] / length;
      const gap = values[r] - values[pending];
      if (Math.abs(gap * c * s) <= threshold) {
        z[r - start] = length;
        z[pending - start] = 0;
        if (kind[r - start] !== kind[pending - start]) kind[r - start] = kind[pending - start] = BOTH;
        rot(end - start, rows, pending * n + start, 1, rows, r * n + start, 1, c, -s);
        const low = values[pending];
        values[pending] = low + gap * s * s;
        values[r] = low + gap * c * c;
        deflated.push(pending);
        pending = r;
        continue;
      }
      kept.push(pending);
    }
    pending = r;
  }
  if (pending >= 0) kept.push(pending);
  return { kept, deflated };
}

/** Solves D + ρ z zᵀ on the kept poles and multiplies its eigenvectors into their rows. */
function updateRows(
  work: Workspace,
  start: number,
  middle: number,
  end: number,
  rho: number,
  kept: number[],
  z: Float64Array,
  kind: Uint8Array,
): void {
  const { n, rows, values, room } = work;
  const count = kept.length;
  const poles = Float64Array.from(kept, (r) => values[r]);
  const weights = Float64Array.from(kept, (r) => z[r - start]);
  const problem = { count, d: poles, z: weights, inverseRho: 1 / rho, squared: false };
  const root: SecularRoot = { origin: 0, offset: 0 };
  const s = work.differences.subarray(0, count * count); // row i: p_j − λ_i, then the eigenvector i
  for (let i = 0; i < count; i++) {
    solveSecular(problem, i, root, s, i * count);
    values[kept[i]] = poles[root.origin] + root.offset;
  }
  const exact = recomputeWeights(count, poles, weights, s, false);

  const { columns, upTo, from } = groupByKind(kept, start, kind);
  const vectors = work.vectors.subarray(0, count * count);
  for (let i = 0; i < count; i++) {
    let squares = 0;
    for (let j = 0; j < count; j++) {
      const entry = exact[j] / s[i * count + j];
      s[i * count + j] = entry;
      squares += entry * entry;
    }
    const norm = Math.sqrt(squares);
    for (let j = 0; j < count; j++) vectors[i * count + j] = s[i * count + columns[j]] / norm;
  }
  multiplyHalf(n, rows, kept, columns, 0, upTo, vectors, start, middle, room);
  multiplyHalf(n, rows, kept, columns, from, count, vectors, middle, end, room);
}
