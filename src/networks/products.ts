import { type Matrix } from "../core/index.js";
import { gemm } from "../routines/index.js";

/** A matrix that views a stretch of a parameter vector, without copying. */
export function viewMatrix(data: Float64Array, rows: number, cols: number, offset = 0): Matrix {
  return { rows, cols, data: data.subarray(offset, offset + rows * cols) };
}

/** A matrix of zeros. */
export function zeros(rows: number, cols: number): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) };
}

/** a += factor · b, entry by entry. */
export function addInto(a: Float64Array, b: Float64Array, factor = 1): void {
  for (let i = 0; i < b.length; i++) a[i] += factor * b[i];
}

/** The entrywise product of two matrices of one shape. */
export function hadamard(a: Matrix, b: Matrix): Matrix {
  const out = new Float64Array(a.data.length);
  for (let i = 0; i < out.length; i++) out[i] = a.data[i] * b.data[i];
  return { rows: a.rows, cols: a.cols, data: out };
}

/** Adds factor · (column sums of A) to out. */
export function addColumnSums(A: Matrix, out: Float64Array, factor: number): void {
  const { rows, cols, data } = A;
  for (let i = 0; i < rows; i++) {
    const base = i * cols;
    for (let j = 0; j < cols; j++) out[j] += factor * data[base + j];
  }
}

/** Adds factor · v to every row of A, in place. */
export function addToRows(A: Matrix, v: Float64Array, factor: number): void {
  const { rows, cols, data } = A;
  for (let i = 0; i < rows; i++) {
    const base = i * cols;
    for (let j = 0; j < cols; j++) data[base + j] += factor * v[j];
  }
}

/** out += alpha · A Bᵀ. The products here let NaN pass: a diverged training run must reach its own check. */
export function addTimesTranspose(A: Matrix, B: Matrix, out: Matrix, alpha: number): void {
  gemm(false, true, A.rows, B.rows, A.cols, alpha, A.data, 0, A.cols, B.data, 0, B.cols, 1, out.data, 0, out.cols);
}

/** alpha · A Bᵀ. */
export function timesTranspose(A: Matrix, B: Matrix, alpha = 1): Matrix {
  const out = zeros(A.rows, B.rows);
  addTimesTranspose(A, B, out, alpha);
  return out;
}

/** out += alpha · A B. */
export function addTimes(A: Matrix, B: Matrix, out: Matrix, alpha: number): void {
  gemm(false, false, A.rows, B.cols, A.cols, alpha, A.data, 0, A.cols, B.data, 0, B.cols, 1, out.data, 0, out.cols);
}

/** alpha · A B. */
export function times(A: Matrix, B: Matrix, alpha = 1): Matrix {
  const out = zeros(A.rows, B.cols);
  addTimes(A, B, out, alpha);
  return out;
}

/** out += alpha · Aᵀ B, row-major from `offset` on: weight gradients go straight to their place. */
export function addTransposeTimes(A: Matrix, B: Matrix, out: Float64Array, alpha: number, offset = 0): void {
  gemm(true, false, A.cols, B.cols, A.rows, alpha, A.data, 0, A.cols, B.data, 0, B.cols, 1, out, offset, B.cols);
}
