import { EPSILON, type Matrix, requireMatrix, requireNumber, requireOptions, transpose } from "../core/index.js";
import { axpy, dot, nrm2 } from "../routines/index.js";
import { type FactorizationCertificate, certifyFactors } from "./certificate.js";
import { type HouseholderQr, formQ } from "./householder-qr.js";
import { type MatrixInput, largestModulus, requireInput, safeScale, unscale } from "./input.js";
import { matmul } from "./products.js";
import { blockReflector, makeReflector } from "./reflectors.js";

const BLOCK = 128; // reflectors per compact WY block when Q is formed
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
  /** min(m, n) x n, upper trapezoidal, diagonal >= 0 and not increasing. */
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
 * Relation: A[:, permutation] = Q R, Qᵀ Q = I, R₀₀ >= R₁₁ >= … >= 0.
 * The rank is a decision at `threshold`; singular values from {@link svd} decide more safely in doubtful cases.
 *
 * @param A m x n, any shape
 * @throws {NonFiniteError} when A is not finite or R overflows
 *
 * Accuracy: columnwise backward stable: each column of Q R differs from that of A P by at most n ε of its own norm.
 * Cost: 4 m n² flops, unblocked (the pivots need the norms of all remaining columns at every step).
 * @see [businger1965]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { pivotedQr } from "eigenscope/linalg";
 * console.log(pivotedQr(fromRows([[1, 2, 3], [2, 4, 6], [1, 0, 1]])).rank); // 2
 * ```
 */
export function pivotedQr(A: MatrixInput, options: PivotedQrOptions = {}): PivotedQrFactorization {
  requireOptions(options, ["rankTolerance", "certificate"], "pivotedQr");
  const { rows, cols, data } = requireInput(A, "A", "pivotedQr");
  const relative = requireNumber(
    options.rankTolerance ?? Math.max(rows, cols) * EPSILON,
    "rankTolerance",
    "pivotedQr",
    0,
    1,
  );
  const scale = safeScale(largestModulus(data));
  const { factor, permutation } = pivotedHouseholderQr({ rows, cols, data: data.map((entry) => entry * scale) });
  const width = Math.min(rows, cols);
  const q = formQ(factor, width);
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
      ? certifyFactors({ rows, cols, data }, reconstructPivotedQr(result), [result.q])
      : null;
  return { ...result, certificate };
}

/** Multiplies the factors of {@link pivotedQr} again and undoes the column exchanges: A. */
export function reconstructPivotedQr(factorization: Pick<PivotedQrFactorization, "q" | "r" | "permutation">): Matrix {
  requireMatrix(factorization?.q, "factorization.q", "reconstructPivotedQr");
  requireMatrix(factorization.r, "factorization.r", "reconstructPivotedQr");
  const product = matmul(factorization.q, factorization.r);
  const data = new Float64Array(product.data.length);
  for (let i = 0; i < product.rows; i++) {
    for (let j = 0; j < product.cols; j++) {
      data[i * product.cols + factorization.permutation[j]] = product.data[i * product.cols + j];
    }
  }
  return { rows: product.rows, cols: product.cols, data };
}

/** The factorisation with Q as reflectors; entries of A near one. */
export function pivotedHouseholderQr(A: Matrix): { factor: HouseholderQr; permutation: Uint32Array } {
  const { rows, cols } = A;
  const count = Math.min(rows, cols);
  const columns = transpose(A).data; // row j is column j of A: everything below runs along it
  const permutation = Uint32Array.from({ length: cols }, (_, j) => j);
  const norms = new Float64Array(cols); // of the part of each column that is still active, downdated
  const exact = new Float64Array(cols); // the norm when it was last computed
  for (let j = 0; j < cols; j++) exact[j] = norms[j] = nrm2(rows, columns, j * rows, 1);
  const tau = new Float64Array(count);
  const swap = new Float64Array(rows);
  for (let k = 0; k < count; k++) {
    let pivot = k;
    for (let j = k + 1; j < cols; j++) if (norms[j] > norms[pivot]) pivot = j;
    if (pivot !== k) {
      swap.set(columns.subarray(k * rows, (k + 1) * rows));
      columns.copyWithin(k * rows, pivot * rows, (pivot + 1) * rows);
      columns.set(swap, pivot * rows);
      [permutation[k], permutation[pivot]] = [permutation[pivot], permutation[k]];
      norms[pivot] = norms[k];
      exact[pivot] = exact[k];
    }
    const v = k * rows + k;
    const length = rows - k;
    tau[k] = makeReflector(columns, v, length);
    const beta = columns[v];
    columns[v] = 1;
    for (let j = k + 1; j < cols; j++) {
      const x = j * rows + k;
      if (tau[k] !== 0) axpy(length, -tau[k] * dot(length, columns, v, 1, columns, x, 1), columns, v, 1, columns, x, 1);
      if (norms[j] === 0) continue;
      const ratio = columns[x] / norms[j];
      const rest = Math.max(0, (1 - ratio) * (1 + ratio));
      const share = norms[j] / exact[j];
      if (rest * share * share <= STALE) exact[j] = norms[j] = nrm2(length - 1, columns, x + 1, 1);
      else norms[j] *= Math.sqrt(rest);
    }
    columns[v] = beta;
  }
  return { factor: collect(rows, cols, columns, tau), permutation };
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
