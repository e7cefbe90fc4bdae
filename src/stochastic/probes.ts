import { type Matrix } from "../core/index.js";
import { type Coroutine, multiply } from "../krylov/index.js";
import { qr } from "../linalg/index.js";
import { type Rng, fillNormal, fillRademacher } from "../random/index.js";

/** Law of the probe vectors, all with covariance I. */
export type ProbeDistribution = "rademacher" | "gaussian" | "sphere";

/** Names of the probe laws, for checking options. */
export const PROBE_DISTRIBUTIONS: readonly ProbeDistribution[] = ["rademacher", "gaussian", "sphere"];

/** Fills v with a probe: E v vᵀ = I in all three laws. */
export function fillProbe(distribution: ProbeDistribution, rng: Rng, v: Float64Array): Float64Array {
  if (distribution === "rademacher") return fillRademacher(rng, v);
  fillNormal(rng, v);
  if (distribution === "gaussian") return v;
  let squares = 0;
  for (let i = 0; i < v.length; i++) squares += v[i] * v[i];
  const factor = Math.sqrt(v.length / squares);
  for (let i = 0; i < v.length; i++) v[i] *= factor;
  return v;
}

/** A matrix whose columns are independent probes. */
export function probeMatrix(distribution: ProbeDistribution, rng: Rng, n: number, count: number): Matrix {
  const data = new Float64Array(n * count);
  const v = new Float64Array(n);
  for (let j = 0; j < count; j++) {
    fillProbe(distribution, rng, v);
    for (let i = 0; i < n; i++) data[i * count + j] = v[i];
  }
  return { rows: n, cols: count, data };
}

/** A X, column by column. */
export function* multiplyColumns(X: Matrix): Coroutine<Matrix> {
  const { rows: n, cols, data } = X;
  const out = new Float64Array(n * cols);
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let j = 0; j < cols; j++) {
    for (let i = 0; i < n; i++) x[i] = data[i * cols + j];
    yield* multiply(x, y);
    for (let i = 0; i < n; i++) out[i * cols + j] = y[i];
  }
  return { rows: n, cols, data: out };
}

/** Two matrices of equally many rows side by side. */
export function besides(A: Matrix, B: Matrix): Matrix {
  const cols = A.cols + B.cols;
  const data = new Float64Array(A.rows * cols);
  for (let i = 0; i < A.rows; i++) {
    data.set(A.data.subarray(i * A.cols, (i + 1) * A.cols), i * cols);
    data.set(B.data.subarray(i * B.cols, (i + 1) * B.cols), i * cols + A.cols);
  }
  return { rows: A.rows, cols, data };
}

/** Orthonormal columns that span, together with those of Q, what Q and the block span. */
export function orthonormalBeside(q: Matrix, block: Matrix): Matrix {
  const whole = qr(besides(q, block)).q;
  const data = new Float64Array(q.rows * block.cols);
  for (let i = 0; i < q.rows; i++)
    data.set(whole.data.subarray(i * whole.cols + q.cols, (i + 1) * whole.cols), i * block.cols);
  return { rows: q.rows, cols: block.cols, data };
}

/** v ← (I − QQᵀ) v for orthonormal columns Q. */
export function projectOut(q: Matrix, v: Float64Array): void {
  const { rows, cols, data } = q;
  const overlaps = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) overlaps[j] += data[i * cols + j] * v[i];
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += data[i * cols + j] * overlaps[j];
    v[i] -= sum;
  }
}
