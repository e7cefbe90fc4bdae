import { EPSILON, ShapeError, requireFinite, requireNumber, requireVector } from "../core/index.js";
import { axpy, dot, nrm2, syrk } from "../routines/index.js";
import { largestModulus, safeScale } from "./input.js";
import { tridiagonalNorm } from "./tridiagonal-ql.js";

/**
 * Counts the eigenvalues of a symmetric tridiagonal matrix below a number.
 *
 * Relation: the number of negative pivots of T − x I = L D Lᵀ (Sylvester's law of inertia).
 *
 * @param diagonal the n diagonal entries
 * @param offDiagonal the n − 1 entries beside the diagonal
 * @param x where to count; eigenvalues equal to x in exact arithmetic may count either way
 * @throws {ShapeError} when offDiagonal has not n − 1 entries
 * @throws {NonFiniteError} when an entry or x is not finite
 *
 * Accuracy: the count is exact for a matrix with entries within a few ε of those given. Cost: n divisions.
 * @see [parlett1998]
 *
 * @example
 * ```ts
 * import { sturmCount } from "eigenscope/linalg";
 * console.log(sturmCount(Float64Array.of(2, 2, 2), Float64Array.of(1, 1), 1)); // 1
 * ```
 */
export function sturmCount(diagonal: Float64Array, offDiagonal: Float64Array, x: number): number {
  requireVector(diagonal, null, "diagonal", "sturmCount");
  requireVector(offDiagonal, null, "offDiagonal", "sturmCount");
  const n = diagonal.length;
  if (offDiagonal.length !== Math.max(0, n - 1)) {
    throw new ShapeError({
      function: "sturmCount",
      argument: "offDiagonal",
      expected: `of length n - 1 = ${Math.max(0, n - 1)}`,
      got: `length ${offDiagonal.length}`,
    });
  }
  requireFinite(diagonal, "diagonal", "sturmCount");
  requireFinite(offDiagonal, "offDiagonal", "sturmCount");
  requireNumber(x, "x", "sturmCount");
  const scale = safeScale(Math.max(largestModulus(diagonal), largestModulus(offDiagonal)));
  const squares = offDiagonal.map((entry) => entry * scale * (entry * scale));
  const d = diagonal.map((entry) => entry * scale);
  return countBelow(
    n,
    d,
    squares,
    smallestPivot(squares),
    Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x * scale)),
  );
}

/** Pivots are kept at least this far from zero: quotients do not overflow, and entries of T move by far less than ε. */
function smallestPivot(squares: Float64Array): number {
  return Math.max(Number.MIN_VALUE, largestModulus(squares) * 1e-300);
}

/** Number of negative pivots of T − x. */
function countBelow(n: number, d: Float64Array, squares: Float64Array, pivotFloor: number, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < n; i++) {
    pivot = d[i] - x - (i === 0 ? 0 : squares[i - 1] / pivot);
    if (Math.abs(pivot) < pivotFloor) pivot = -pivotFloor;
    if (pivot < 0) count++;
  }
  return count;
}

/** A tridiagonal matrix ready for repeated counting. */
export class TridiagonalCounter {
  private readonly n: number;
  private readonly d: Float64Array;
  private readonly squares: Float64Array;
  private readonly pivotFloor: number;
  /** Half-width of an interval around zero that holds all eigenvalues. */
  readonly radius: number;
  /** n ε ‖T‖: numbers nearer than this to an eigenvalue of the reduced matrix cannot be told from it. */
  readonly resolution: number;

  /** Takes d and e (length n, e[n − 1] unused), scaled near one. */
  constructor(n: number, d: Float64Array, e: Float64Array) {
    this.n = n;
    this.d = d;
    this.squares = e.subarray(0, Math.max(0, n - 1)).map((entry) => entry * entry);
    this.pivotFloor = smallestPivot(this.squares);
    let radius = 0;
    for (let i = 0; i < n; i++) {
      const row = Math.abs(d[i]) + (i > 0 ? Math.abs(e[i - 1]) : 0) + (i < n - 1 ? Math.abs(e[i]) : 0);
      radius = Math.max(radius, row);
    }
    this.radius = radius * (1 + 4 * n * EPSILON) + Number.MIN_VALUE;
    this.resolution = n * EPSILON * radius + Number.MIN_VALUE;
  }

  /** Number of eigenvalues below x. */
  below(x: number): number {
    return countBelow(this.n, this.d, this.squares, this.pivotFloor, x);
  }

  /** Eigenvalues first … last by bisection, each to a few ε relative to the radius of the spectrum. */
  values(first: number, last: number): Float64Array {
    const count = last - first + 1;
    const lower = new Float64Array(count).fill(-this.radius);
    const upper = new Float64Array(count).fill(this.radius);
    const resolution = 0.5 * EPSILON * this.radius;
    for (let k = 0; k < count; k++) {
      while (upper[k] - lower[k] > Math.max(resolution, 2 * EPSILON * Math.abs(upper[k]))) {
        const middle = 0.5 * (lower[k] + upper[k]);
        if (middle <= lower[k] || middle >= upper[k]) break;
        const below = this.below(middle) - first;
        // One count narrows the brackets of all later eigenvalues too.
        for (let j = k; j < count; j++) {
          if (j < below) upper[j] = Math.min(upper[j], middle);
          else lower[j] = Math.max(lower[j], middle);
        }
      }
    }
    return lower.map((low, k) => 0.5 * (low + upper[k]) + 0); // never −0
  }
}

const ITERATIONS = 6; // two usually suffice
const CLUSTER = 1e-3; // eigenvalues nearer than this share of ‖T‖ are orthogonalised against each other

/**
 * Eigenvectors of T for some eigenvalues (ascending) by inverse iteration, orthogonalised within clusters; row k belongs to
 * values[k]. Returns null when a residual or the orthogonality is not at rounding level: the caller then takes the
 * way that has no such doubts.
 */
export function inverseIteration(
  n: number,
  d: Float64Array,
  e: Float64Array,
  values: Float64Array,
): Float64Array | null {
  const count = values.length;
  const rows = new Float64Array(count * n);
  const norm = tridiagonalNorm(n, d, e);
  const solver = new ShiftedSolver(n, d, e, norm);
  let seed = 1;
  let clusterStart = 0;
  let shift = -Infinity;
  for (let k = 0; k < count; k++) {
    if (k > 0 && values[k] - values[k - 1] > CLUSTER * norm) clusterStart = k;
    // Equal eigenvalues get shifts a few ε apart, or the same vector would come again.
    shift = k > clusterStart ? Math.max(values[k], shift + 4 * EPSILON * norm) : values[k];
    solver.factor(shift);
    const row = rows.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) {
      seed = (seed * 48271) % 2147483647; // any vector without structure will do
      row[i] = seed / 2147483647 - 0.5;
    }
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      solver.solve(row);
      orthogonalize(rows, n, clusterStart, k);
      if (iteration > 0 && residual(n, d, e, row, values[k]) <= 4 * EPSILON * norm * Math.sqrt(n)) break;
    }
    if (!(residual(n, d, e, row, values[k]) <= 10 * EPSILON * norm * Math.sqrt(n))) return null;
  }
  // Vectors of different clusters are as orthogonal as their residuals are small beside the gap: no more is known before.
  const products = new Float64Array(count * count);
  syrk(count, n, 1, rows, 0, n, 0, products, 0, count);
  for (let k = 1; k < count; k++) {
    for (let j = 0; j < k; j++) if (!(Math.abs(products[k * count + j]) <= 10 * EPSILON * Math.sqrt(n))) return null;
  }
  return rows;
}

/** Makes row k orthogonal to rows first … k − 1 (twice is enough) and of unit norm. */
function orthogonalize(rows: Float64Array, n: number, first: number, k: number): void {
  for (let pass = 0; pass < 2; pass++) {
    const norm = nrm2(n, rows, k * n, 1);
    for (let i = k * n; i < (k + 1) * n; i++) rows[i] /= norm;
    for (let j = first; j < k; j++) {
      axpy(n, -dot(n, rows, k * n, 1, rows, j * n, 1), rows, j * n, 1, rows, k * n, 1);
    }
  }
  const norm = nrm2(n, rows, k * n, 1);
  for (let i = k * n; i < (k + 1) * n; i++) rows[i] /= norm;
}

/** ‖T x − λ x‖₂. */
function residual(n: number, d: Float64Array, e: Float64Array, x: Float64Array, value: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const entry = (d[i] - value) * x[i] + (i > 0 ? e[i - 1] * x[i - 1] : 0) + (i < n - 1 ? e[i] * x[i + 1] : 0);
    sum += entry * entry;
  }
  return Math.sqrt(sum);
}

/** LU of T − shift with row exchanges, for inverse iteration. */
class ShiftedSolver {
  private readonly n: number;
  private readonly d: Float64Array;
  private readonly e: Float64Array;
  private readonly floor: number;
  private readonly diagonal: Float64Array;
  private readonly above: Float64Array; // first superdiagonal of U
  private readonly second: Float64Array; // second superdiagonal of U, from row exchanges
  private readonly factors: Float64Array;
  private readonly swapped: Uint8Array;

  constructor(n: number, d: Float64Array, e: Float64Array, norm: number) {
    this.n = n;
    this.d = d;
    this.e = e;
    this.floor = Math.max(EPSILON * norm, 1e-290);
    this.diagonal = new Float64Array(n);
    this.above = new Float64Array(n);
    this.second = new Float64Array(n);
    this.factors = new Float64Array(n);
    this.swapped = new Uint8Array(n);
  }

  factor(shift: number): void {
    const { n, d, e, diagonal, above, second, factors, swapped } = this;
    let pivot = d[0] - shift;
    let next = n > 1 ? e[0] : 0;
    for (let i = 0; i < n - 1; i++) {
      const below = e[i];
      const diagonalBelow = d[i + 1] - shift;
      const aboveBelow = i + 1 < n - 1 ? e[i + 1] : 0;
      if (Math.abs(below) > Math.abs(pivot)) {
        swapped[i] = 1;
        factors[i] = pivot / below;
        diagonal[i] = below;
        above[i] = diagonalBelow;
        second[i] = aboveBelow;
        pivot = next - factors[i] * diagonalBelow;
        next = -factors[i] * aboveBelow;
      } else {
        swapped[i] = 0;
        if (Math.abs(pivot) < this.floor) pivot = pivot < 0 ? -this.floor : this.floor;
        factors[i] = below / pivot;
        diagonal[i] = pivot;
        above[i] = next;
        second[i] = 0;
        pivot = diagonalBelow - factors[i] * next;
        next = aboveBelow;
      }
    }
    if (Math.abs(pivot) < this.floor) pivot = pivot < 0 ? -this.floor : this.floor;
    diagonal[n - 1] = pivot;
  }

  /** x <- (T − shift)⁻¹ x. */
  solve(x: Float64Array): void {
    const { n, diagonal, above, second, factors, swapped } = this;
    for (let i = 0; i < n - 1; i++) {
      if (swapped[i] === 1) {
        const top = x[i];
        x[i] = x[i + 1];
        x[i + 1] = top - factors[i] * x[i];
      } else {
        x[i + 1] -= factors[i] * x[i];
      }
    }
    for (let i = n - 1; i >= 0; i--) {
      let value = x[i];
      if (i < n - 1) value -= above[i] * x[i + 1];
      if (i < n - 2) value -= second[i] * x[i + 2];
      x[i] = value / diagonal[i];
    }
  }
}
