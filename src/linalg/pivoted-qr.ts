import { EPSILON, type Matrix, requireOptions, transpose } from "../core/index.js";
import type { Certified, Certifying } from "./certified.js";
import { gemm, gemv, nrm2 } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors, scaledFactor } from "./certificate.js";
import { type HouseholderQr, formQ } from "./householder-qr.js";
import {
  type MatrixInput,
  largestModulus,
  requireFlags,
  requireInput,
  requireRankTolerance,
  safeScale,
  unscale,
} from "./input.js";
import { inTheNameOf } from "./named.js";
import { requirePermutation } from "./permutation.js";
import { multiplyFactors } from "./products.js";
import { blockReflector, makeReflector } from "./reflectors.js";
import { borrowStore, releaseStore } from "./stores.js";

const PANEL = 32; // reflectors gathered before the remaining columns are updated by one product
const BLOCK = 48; // reflectors per compact WY block when Q is formed
/** A downdated squared norm that fell below this share of its last computed value has lost half its digits. */
const STALE = Math.sqrt(EPSILON);

/** Options of {@link pivotedQr}. */
export interface PivotedQrOptions {
  /** Diagonal entries of R up to this share of the first one count as zero; default max(m, n) ε. */
  readonly rankTolerance?: number;
  /** Multiply the factors again and measure the errors (see {@link FactorizationCertificate}); default false. */
  readonly certificate?: boolean;
}

/** A P = Q R with columns in the order of decreasing remaining norm. */
export interface PivotedQrFactorization {
  /** m x min(m, n), orthonormal columns. */
  readonly q: Matrix;
  /** min(m, n) x n, upper trapezoidal, diagonal >= 0 and, up to rounding, not increasing. */
  readonly r: Matrix;
  /** Column j of A P is column permutation[j] of A. */
  readonly permutation: Uint32Array;
  /** Number of diagonal entries of R above `threshold`. */
  readonly rank: number;
  /** Absolute threshold of the rank decision: rankTolerance · R₀₀. */
  readonly threshold: number;
  /** What was measured on request, else null. */
  readonly certificate: FactorizationCertificate | null;
}

/**
 * Factors A P = Q R by Householder reflections with column pivoting, which reveals the numerical rank.
 *
 * Relation: A[:, permutation] = Q R, Qᵀ Q = I, R₀₀ >= R₁₁ >= … >= 0 up to rounding.
 * The rank is a decision at `threshold`; singular values from {@link svd} decide more safely in doubtful cases.
 *
 * @param A m x n, any shape
 * @throws {NonFiniteError} when A is not finite or R overflows
 * @throws {ResourceError} when the memory for it cannot be allocated, with what was asked for
 *
 * Accuracy: columnwise backward stable: each column of Q R differs from that of A P by at most n ε of its own norm.
 * Cost: 4 m n² flops, half of them in products (the pivots need the norms of all remaining columns at every step).
 * @see [businger1965]
 * @see [quintana1998]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { pivotedQr } from "eigenscope/linalg";
 * console.log(pivotedQr(fromRows([[1, 2, 3], [2, 4, 6], [1, 0, 1]])).rank); // 2
 * ```
 */
export function pivotedQr<C extends boolean = false>(
  A: MatrixInput,
  options?: Certifying<PivotedQrOptions, C>,
): Certified<PivotedQrFactorization, C>;
export function pivotedQr(A: MatrixInput, options: PivotedQrOptions = {}): PivotedQrFactorization {
  requireOptions(options, ["rankTolerance", "certificate"], "pivotedQr");
  requireFlags(options, ["certificate"], "pivotedQr");
  const { rows, cols, data } = requireInput(A, "A", "pivotedQr");
  const relative = requireRankTolerance(options.rankTolerance, rows, cols, "pivotedQr");
  const scale = safeScale(largestModulus(data));
  const scaled = { rows, cols, data: data.map((entry) => entry * scale) };
  const { factor, permutation } = inTheNameOf("pivotedQr", () => pivotedHouseholderQr(scaled));
  const width = Math.min(rows, cols);
  const q = inTheNameOf("pivotedQr", () => formQ(factor, width));
  const r = factor.r.slice(0, width * cols);
  for (let i = 0; i < width; i++) {
    if (r[i * cols + i] >= 0) continue;
    for (let j = i; j < cols; j++) r[i * cols + j] = -r[i * cols + j];
    for (let k = 0; k < rows; k++) q[k * width + i] = -q[k * width + i];
  }
  unscale(r, scale, "R", "pivotedQr");
  const threshold = width === 0 ? 0 : relative * r[0];
  let rank = 0;
  while (rank < width && r[rank * cols + rank] > threshold) rank++;
  const result = { q: { rows, cols: width, data: q }, r: { rows: width, cols, data: r }, permutation, rank, threshold };
  const certificate =
    options.certificate === true
      ? certifyFactors(
          { rows, cols, data },
          (near) => reconstructPivotedQr({ ...result, r: scaledFactor(result.r, near) }),
          [result.q],
        )
      : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link pivotedQr} again and undoes the column exchanges: A. */
export function reconstructPivotedQr(factorization: Pick<PivotedQrFactorization, "q" | "r" | "permutation">): Matrix {
  const product = multiplyFactors(
    { value: factorization?.q, argument: "factorization.q" },
    { value: factorization?.r, argument: "factorization.r" },
    "reconstructPivotedQr",
  );
  const permutation = requirePermutation(
    factorization.permutation,
    product.cols,
    "factorization.permutation",
    "reconstructPivotedQr",
  );
  const data = new Float64Array(product.data.length);
  for (let i = 0; i < product.rows; i++) {
    for (let j = 0; j < product.cols; j++) {
      data[i * product.cols + permutation[j]] = product.data[i * product.cols + j];
    }
  }
  return { rows: product.rows, cols: product.cols, data };
}

/** The factorisation with Q as reflectors; entries of A near one. */
export function pivotedHouseholderQr(A: Matrix): { factor: HouseholderQr; permutation: Uint32Array } {
  const { rows, cols } = A;
  const count = Math.min(rows, cols);
  // Row j is column j of A; behind it the panel: its reflectors as rows, and Fᵀ.
  const height = cols + PANEL + Math.ceil((PANEL * cols) / Math.max(1, rows));
  const columns = borrowStore(height, rows);
  columns.set(transpose(A).data);
  const work: Pivoting = {
    rows,
    cols,
    columns,
    v: cols * rows,
    f: (cols + PANEL) * rows,
    tau: new Float64Array(count),
    permutation: Uint32Array.from({ length: cols }, (_, j) => j),
    norms: new Float64Array(cols),
    exact: new Float64Array(cols),
  };
  for (let j = 0; j < cols; j++) work.exact[j] = work.norms[j] = nrm2(rows, columns, j * rows, 1);
  for (let k = 0; k < count;) k += eliminatePanel(work, k, Math.min(PANEL, count - k));
  const factor = collect(rows, cols, columns, work.tau);
  releaseStore(columns, height, rows);
  return { factor, permutation: work.permutation };
}

/** What the panels share. The current matrix is, by columns, C − F V: row i of C loses Σ_p F_ip V_p. */
interface Pivoting {
  readonly rows: number;
  readonly cols: number;
  /** C, cols x rows, and behind it V (PANEL x rows, at `v`) and Fᵀ (PANEL x cols, at `f`). */
  readonly columns: Float64Array;
  readonly v: number;
  readonly f: number;
  readonly tau: Float64Array;
  readonly permutation: Uint32Array;
  /** Norms of what is still active of each column, downdated. */
  readonly norms: Float64Array;
  /** Each norm when it was last computed. */
  readonly exact: Float64Array;
}

/**
 * Up to `most` steps from column k on, then one product for all columns that remain; returns the number of steps. Pivots need
 * the norms of all remaining columns at every step, hence one row of R, hence Fᵀ = τ Aᵀ v without the updates: that is half
 * of the work, and the other half is the product. A norm that lost its digits ends the panel, because it can be computed again
 * only when the columns are up to date. [quintana1998]
 */
function eliminatePanel(work: Pivoting, k: number, most: number): number {
  const { rows, cols, columns, v, f, tau, norms, exact } = work;
  const weights = new Float64Array(PANEL);
  const row = new Float64Array(cols);
  const stale: number[] = [];
  columns.fill(0, v, v + most * rows);
  let done = 0;
  while (done < most && stale.length === 0) {
    const c = k + done; // column and row of this step
    bringPivot(work, c, done);
    const at = c * rows + c;
    const length = rows - c;
    const rest = cols - c - 1;
    if (done > 0) {
      for (let p = 0; p < done; p++) weights[p] = columns[f + p * cols + c];
      gemv(true, done, length, -1, columns, v + c, rows, weights, 0, 1, 1, columns, at, 1);
    }
    tau[c] = makeReflector(columns, at, length);
    const vector = v + done * rows + c;
    columns.copyWithin(vector, at, at + length);
    columns[vector] = 1;
    const target = f + done * cols + c + 1;
    columns.fill(0, target, target + rest);
    if (tau[c] !== 0 && rest > 0) {
      gemv(false, rest, length, tau[c], columns, at + rows, rows, columns, vector, 1, 0, columns, target, 1);
      if (done > 0) {
        gemv(false, done, length, tau[c], columns, v + c, rows, columns, vector, 1, 0, weights, 0, 1);
        gemv(true, done, rest, -1, columns, f + c + 1, cols, weights, 0, 1, 1, columns, target, 1);
      }
    }
    // Row c of R, and with it the norms below it.
    for (let p = 0; p <= done; p++) weights[p] = columns[v + p * rows + c];
    for (let j = c + 1; j < cols; j++) row[j] = columns[j * rows + c];
    if (rest > 0) gemv(true, done + 1, rest, -1, columns, f + c + 1, cols, weights, 0, 1, 1, row, c + 1, 1);
    for (let j = c + 1; j < cols; j++) {
      columns[j * rows + c] = row[j];
      if (norms[j] === 0) continue;
      const ratio = row[j] / norms[j];
      const left = Math.max(0, (1 - ratio) * (1 + ratio));
      const share = norms[j] / exact[j];
      if (left * share * share <= STALE) stale.push(j);
      else norms[j] *= Math.sqrt(left);
    }
    done++;
  }
  const next = k + done;
  const [others, below] = [cols - next, rows - next];
  if (others > 0 && below > 0) {
    const corner = next * rows + next;
    gemm(
      true,
      false,
      others,
      below,
      done,
      -1,
      columns,
      f + next,
      cols,
      columns,
      v + next,
      rows,
      1,
      columns,
      corner,
      rows,
    );
  }
  for (const j of stale) exact[j] = norms[j] = nrm2(below, columns, j * rows + next, 1);
  return done;
}

/** Brings the column of largest remaining norm to position c, with its row of F. */
function bringPivot({ rows, cols, columns, f, permutation, norms, exact }: Pivoting, c: number, done: number): void {
  let pivot = c;
  for (let j = c + 1; j < cols; j++) if (norms[j] > norms[pivot]) pivot = j;
  if (pivot === c) return;
  const swap = columns.slice(c * rows, (c + 1) * rows);
  columns.copyWithin(c * rows, pivot * rows, (pivot + 1) * rows);
  columns.set(swap, pivot * rows);
  for (let at = f, p = 0; p < done; p++, at += cols) {
    const entry = columns[at + c];
    columns[at + c] = columns[at + pivot];
    columns[at + pivot] = entry;
  }
  [permutation[c], permutation[pivot]] = [permutation[pivot], permutation[c]];
  norms[pivot] = norms[c];
  exact[pivot] = exact[c];
}

/** Gathers R and the blocks of reflectors from the factored columns. */
function collect(rows: number, cols: number, columns: Float64Array, tau: Float64Array): HouseholderQr {
  const r = new Float64Array(rows * cols);
  for (let j = 0; j < cols; j++)
    for (let i = 0; i <= Math.min(j, rows - 1); i++) r[i * cols + j] = columns[j * rows + i];
  const blocks = [];
  for (let start = 0; start < tau.length; start += BLOCK) {
    const width = Math.min(BLOCK, tau.length - start);
    const length = rows - start;
    const v = new Float64Array(width * length);
    for (let c = 0; c < width; c++) {
      const from = (start + c) * rows + start;
      v.set(columns.subarray(from + c + 1, from + length), c * length + c + 1);
      v[c * length + c] = 1;
    }
    blocks.push({ start, block: blockReflector(v, width, length, tau.subarray(start, start + width)) });
  }
  return { rows, cols, blocks, r };
}
