import { EPSILON, pow } from "../core/index.js";
import { rot } from "../routines/index.js";
import { BOTH, FIRST, SECOND, gatherRows, groupByKind, mergeOrders, multiplyRows } from "./merging.js";
import { type SecularRoot, recomputeWeights, solveSecular } from "./secular.js";
import { implicitQl, tridiagonalNorm } from "./tridiagonal-ql.js";
import { binaryExponent, length2 } from "./scalar.js";
import { borrowStore, releaseStore } from "./stores.js";
import { ALONE, type Team, shareOf } from "./worker-team.js";

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

/**
 * What a merge needs; one set for the whole recursion. Threads of a team share the large arrays and what is written piece by
 * piece (`roots`, `weights`); everything else each of them computes for itself.
 */
interface Workspace {
  readonly team: Team;
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
  /** n² numbers for their differences p_j − λ_i, and then for products. */
  readonly differences: Float64Array;
  /** n² numbers for gathered rows. */
  readonly room: Float64Array;
  /** n roots of a secular equation. */
  readonly roots: Float64Array;
  /** n recomputed weights, and the eigenvalues of the leaves before. */
  readonly weights: Float64Array;
}

/** Rows of n numbers that the work of {@link divideAndConquer} takes. */
function storeHeight(n: number): number {
  return 4 * n + 2;
}

/** Numbers that a store shared by a team must hold. */
export function conquestLength(n: number): number {
  return storeHeight(n) * n;
}

/**
 * Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer; d and e are destroyed.
 *
 * T is torn into halves plus a rank-one term; the halves are solved; the eigenvalues of D + ρ z zᵀ are the roots of a
 * secular equation, and its eigenvectors follow from weights recomputed so that the computed roots are exact for
 * them, which makes the vectors orthogonal without extra precision. Negligible weights and nearly equal poles drop out
 * beforehand (deflation), the rest is one matrix product per half. [cuppen1981] [gu1995]
 *
 * The threads of a `team`, each with its own d and e and all with the same `shared` memory, share roots, weights, vectors and
 * products by ranges; none of them depends on where a range ends. All get the same result.
 */
export function divideAndConquer(
  n: number,
  d: Float64Array,
  e: Float64Array,
  team: Team = ALONE,
  shared: Float64Array | null = null,
): RowEigen {
  // Norm in [1/2, 1): the deflation test compares weights of size one with entries of T.
  const norm = tridiagonalNorm(n, d, e);
  const scale = norm === 0 ? 1 : pow(2, -(binaryExponent(norm) + 1));
  for (let i = 0; i < n; i++) {
    d[i] *= scale;
    e[i] *= scale;
  }
  // One memory for all products: rows, vectors, differences, room.
  const height = storeHeight(n);
  const store = shared ?? borrowStore(height, n);
  const rows = store.subarray(0, n * n);
  const work: Workspace = {
    team,
    n,
    rows,
    values: new Float64Array(n),
    order: new Uint32Array(n),
    d,
    e,
    vectors: store.subarray(n * n, 2 * n * n),
    differences: store.subarray(2 * n * n, 3 * n * n),
    room: store.subarray(3 * n * n, 4 * n * n),
    roots: store.subarray(4 * n * n, 4 * n * n + n),
    weights: store.subarray(4 * n * n + n, 4 * n * n + 2 * n),
  };
  const leaves: [number, number][] = [];
  const merges: Merge[] = [];
  tear(work, 0, n, leaves, merges);
  const [from, to] = shareOf(team, leaves.length);
  for (let k = from; k < to; k++) solveLeaf(work, ...leaves[k]);
  team.meet();
  work.values.set(work.weights);
  for (const [start, end] of leaves) {
    const sorted = work.order.subarray(start, end);
    for (let k = start; k < end; k++) sorted[k - start] = k;
    sorted.sort((a, b) => work.values[a] - work.values[b] || a - b);
  }
  for (const { start, middle, end, beta } of merges) merge(work, start, middle, end, Math.abs(beta), beta < 0 ? -1 : 1);
  // In ascending order, where the differences were.
  const sorted = work.differences;
  const [first, last] = shareOf(team, n);
  for (let k = first; k < last; k++) sorted.set(rows.subarray(work.order[k] * n, (work.order[k] + 1) * n), k * n);
  team.meet();
  return {
    values: Float64Array.from(work.order, (k) => work.values[k] / scale),
    rows: sorted,
    scratch: store.subarray(0, 2 * n * n),
    release: () => {
      if (shared === null) releaseStore(store, height, n);
    },
  };
}

/** Two solved blocks to be joined, with the entry that was torn. */
interface Merge {
  readonly start: number;
  readonly middle: number;
  readonly end: number;
  readonly beta: number;
}

/** Tears a block down to leaves and notes the merges in the order in which they can be done. */
function tear(work: Workspace, start: number, end: number, leaves: [number, number][], merges: Merge[]): void {
  const size = end - start;
  if (size <= LEAF) {
    leaves.push([start, end]);
    return;
  }
  const middle = start + (size >> 1);
  const beta = work.e[middle - 1];
  work.d[middle - 1] -= Math.abs(beta);
  work.d[middle] -= Math.abs(beta);
  tear(work, start, middle, leaves, merges);
  tear(work, middle, end, leaves, merges);
  merges.push({ start, middle, end, beta });
}

function solveLeaf({ n, rows, weights, d, e }: Workspace, start: number, end: number): void {
  const size = end - start;
  const block = new Float64Array(size * size);
  for (let i = 0; i < size; i++) block[i * size + i] = 1;
  const diagonal = d.slice(start, end);
  const offDiagonal = e.slice(start, end);
  offDiagonal[size - 1] = 0;
  implicitQl(size, diagonal, offDiagonal, block, size);
  rows.fill(0, start * n, end * n);
  for (let i = 0; i < size; i++) rows.set(block.subarray(i * size, (i + 1) * size), (start + i) * n + start);
  weights.set(diagonal, start);
}

/** Joins two solved halves: T = diag(T₁, T₂) + rho v vᵀ, v = e_last ± e_first. */
function merge(work: Workspace, start: number, middle: number, end: number, rho: number, sign: number): void {
  const { team, n, rows, values, order } = work;
  const size = end - start;
  const sorted = mergeOrders(values, order, start, middle, middle, end);
  const z = new Float64Array(size); // Qᵀ v / √2, indexed by row − start
  for (let r = start; r < middle; r++) z[r - start] = rows[r * n + middle - 1] * Math.SQRT1_2;
  for (let r = middle; r < end; r++) z[r - start] = sign * rows[r * n + middle] * Math.SQRT1_2;
  const kind = new Uint8Array(size);
  for (let r = start; r < end; r++) kind[r - start] = r < middle ? FIRST : SECOND;

  const { kept, deflated, rotations } = deflate(work, start, 2 * rho, sorted, z, kind);
  if (rotations.length > 0) {
    team.meet(); // every thread has read z
    const [low, high] = shareOf(team, size);
    for (const { p, r, c, s } of rotations) {
      rot(high - low, rows, p * n + start + low, 1, rows, r * n + start + low, 1, c, -s);
    }
    team.meet();
  }
  if (kept.length > 0) updateRows(work, start, middle, end, 2 * rho, kept, z, kind);
  const all = Uint32Array.from([...kept, ...deflated]).sort((a, b) => values[a] - values[b] || a - b);
  order.set(all, start);
}

/** A rotation of rows p and r. */
interface Rotation {
  readonly p: number;
  readonly r: number;
  readonly c: number;
  readonly s: number;
}

/**
 * Takes out negligible weights, and one of each pair of poles that a rotation may merge: row indices by ascending values, and
 * the rotations, which are still to be applied to the rows.
 */
function deflate(
  work: Workspace,
  start: number,
  rho: number,
  sorted: Uint32Array,
  z: Float64Array,
  kind: Uint8Array,
): { kept: number[]; deflated: number[]; rotations: Rotation[] } {
  const { values } = work;
  const rotations: Rotation[] = [];
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
        rotations.push({ p: pending, r, c, s });
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
  return { kept, deflated, rotations };
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
  const { team, n, rows, values, room, differences, roots } = work;
  const count = kept.length;
  const poles = Float64Array.from(kept, (r) => values[r]);
  const weights = Float64Array.from(kept, (r) => z[r - start]);
  const problem = { count, d: poles, z: weights, inverseRho: 1 / rho, squared: false };
  const root: SecularRoot = { origin: 0, offset: 0 };
  const share = shareOf(team, count);
  const s = differences.subarray(0, count * count); // row i: p_j − λ_i, then the eigenvector i
  for (let i = share[0]; i < share[1]; i++) {
    solveSecular(problem, i, root, s, i * count);
    roots[i] = poles[root.origin] + root.offset;
  }
  team.meet();
  for (let i = 0; i < count; i++) values[kept[i]] = roots[i];
  const exact = work.weights.subarray(0, count);
  recomputeWeights(count, poles, weights, s, false, exact, share);
  team.meet();

  const { columns, upTo, from } = groupByKind(kept, start, kind);
  const vectors = work.vectors.subarray(0, count * count);
  for (let i = share[0]; i < share[1]; i++) {
    let squares = 0;
    for (let j = 0; j < count; j++) {
      const entry = exact[j] / s[i * count + j];
      s[i * count + j] = entry;
      squares += entry * entry;
    }
    const norm = Math.sqrt(squares);
    for (let j = 0; j < count; j++) vectors[i * count + j] = s[i * count + columns[j]] / norm;
  }
  // Rows of the first half and of the second one, gathered before any of them is replaced.
  const second = room.subarray(upTo * (middle - start));
  gatherRows(n, rows, kept, columns, 0, upTo, start, middle, room, shareOf(team, upTo));
  gatherRows(n, rows, kept, columns, from, count, middle, end, second, shareOf(team, count - from));
  team.meet();
  // The halves differ by one column in width: the pieces of the threads must not overlap for either.
  const product = differences.subarray(share[0] * (end - middle));
  multiplyRows(n, rows, kept, 0, upTo, vectors, start, middle, room, product, share);
  multiplyRows(n, rows, kept, from, count, vectors, middle, end, second, product, share);
  team.meet();
}
