import { EPSILON, type Matrix } from "../../src/core/index.js";

/** Verdict of a comparison, with the ratio error / tolerance: tests can see how tight a bound is. */
export interface Verdict {
  readonly ok: boolean;
  readonly error: number;
  readonly tolerance: number;
  readonly message: string;
}

/** Largest absolute difference; Infinity when lengths differ or a NaN occurs. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue; // equal infinities
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}

/** Judges max |actual − expected| <= tolerance. Tolerance = named factor · n · ε · scale, computed by the caller. */
export function within(
  actual: ArrayLike<number> | number,
  expected: ArrayLike<number> | number,
  tolerance: number,
): Verdict {
  const a = typeof actual === "number" ? [actual] : actual;
  const b = typeof expected === "number" ? [expected] : expected;
  const error = maxDifference(a, b);
  const ok = error <= tolerance;
  return {
    ok,
    error,
    tolerance,
    message: `max difference ${error.toExponential(3)}, allowed ${tolerance.toExponential(3)}`,
  };
}

/** Judges |actual − expected| <= relative · |expected| in every entry (zero must be met exactly). */
export function withinRelative(
  actual: ArrayLike<number> | number,
  expected: ArrayLike<number> | number,
  relative: number,
): Verdict {
  const a = typeof actual === "number" ? [actual] : actual;
  const b = typeof expected === "number" ? [expected] : expected;
  let error = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const ratio = Math.abs(a[i]! - b[i]!) / Math.abs(b[i]!);
    if (!(ratio <= error)) error = Number.isNaN(ratio) ? Infinity : ratio;
  }
  const ok = error <= relative;
  return {
    ok,
    error,
    tolerance: relative,
    message: `max relative difference ${error.toExponential(3)}, allowed ${relative.toExponential(3)}`,
  };
}

/** factor · n · ε · scale, as everywhere in this project. */
export function tolerance(factor: number, n: number, scale = 1): number {
  return factor * Math.max(1, n) * EPSILON * scale;
}

/** Plain triple loop, the naive twin of every product in the library. */
export function naiveProduct(A: Matrix, B: Matrix): Matrix {
  const data = new Float64Array(A.rows * B.cols);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < B.cols; j++) {
      let sum = 0;
      for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
      data[i * B.cols + j] = sum;
    }
  }
  return { rows: A.rows, cols: B.cols, data };
}

/** Plain Frobenius norm. */
export function frobenius(A: Matrix): number {
  return Math.hypot(...chunks(A.data));
}

function chunks(values: Float64Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < values.length; i += 1000) out.push(Math.hypot(...values.subarray(i, i + 1000)));
  return out;
}

/** ‖VᵀV − I‖ in the largest entry, for a matrix with vectors as columns. */
export function orthogonalityLoss(V: Matrix): number {
  let worst = 0;
  for (let i = 0; i < V.cols; i++) {
    for (let j = i; j < V.cols; j++) {
      let sum = 0;
      for (let k = 0; k < V.rows; k++) sum += V.data[k * V.cols + i]! * V.data[k * V.cols + j]!;
      const error = Math.abs(sum - (i === j ? 1 : 0));
      if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
    }
  }
  return worst;
}

/** Fills an output buffer with NaN before an …Into call: entries left unwritten become visible. */
export function poison(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}
