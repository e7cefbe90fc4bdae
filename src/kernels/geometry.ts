import {
  ArgumentError,
  type Matrix,
  ShapeError,
  describe,
  requireFinite,
  requireMatrix,
  pow,
  log2,
  atan2,
} from "../core/index.js";
import type { Kernel } from "./types.js";

/** Points prepared for angles: directions and lengths. */
export interface Directions {
  /** Unit rows; a zero row stays zero. */
  readonly unit: Matrix;
  /** Euclidean norms of the rows. */
  readonly norms: Float64Array;
}

/** Refuses what is not a kernel. */
export function requireKernel(kernel: Kernel, caller: string): void {
  if (
    typeof kernel?.gram === "function" &&
    typeof kernel.cross === "function" &&
    typeof kernel.diagonal === "function"
  ) {
    return;
  }
  throw new ArgumentError({
    function: caller,
    argument: "kernel",
    expected: "a Kernel, as ntk, nngp, arcCosine and zonalKernel return",
    got: describe(kernel),
  });
}

/** Checks a matrix of points: layout, at least one column, finite entries. */
export function requirePoints(X: unknown, argument: string, caller: string): Matrix {
  const matrix = requireMatrix(X, argument, caller);
  if (matrix.cols === 0 && matrix.rows > 0) {
    throw new ShapeError({ function: caller, argument, expected: "of at least one column", got: `${matrix.rows} x 0` });
  }
  requireFinite(matrix.data, argument, caller);
  return matrix;
}

/** Checks that two sets of points live in the same space. */
export function requireSameDimension(X: Matrix, Y: Matrix, caller: string): void {
  if (X.cols !== Y.cols && X.rows > 0 && Y.rows > 0) {
    throw new ShapeError({
      function: caller,
      argument: "Y",
      expected: `of ${X.cols} columns, as X`,
      got: `${Y.rows} x ${Y.cols}`,
    });
  }
}

/** Norms and directions of all rows, scaled so that entries of size 1e±150 neither overflow nor vanish. */
export function directionsOf(X: Matrix): Directions {
  const { rows, cols, data } = X;
  const unit = new Float64Array(rows * cols);
  const norms = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let largest = 0;
    for (let j = i * cols; j < (i + 1) * cols; j++) largest = Math.max(largest, Math.abs(data[j]));
    if (largest === 0) continue;
    // Dividing by a power of two is exact: the directions do not depend on the scale.
    const scale = pow(2, Math.max(-1000, Math.min(1000, Math.floor(log2(largest)))));
    let squares = 0;
    for (let j = i * cols; j < (i + 1) * cols; j++) {
      const x = data[j] / scale;
      squares += x * x;
    }
    const length = Math.sqrt(squares);
    norms[i] = length * scale;
    for (let j = i * cols; j < (i + 1) * cols; j++) unit[j] = data[j] / scale / length;
  }
  return { unit: { rows, cols, data: unit }, norms };
}

/** Refuses zero rows where an angle is needed. */
export function requireNonzeroRows(norms: Float64Array, argument: string, caller: string): void {
  for (let i = 0; i < norms.length; i++) {
    if (norms[i] === 0) {
      throw new ArgumentError({
        function: caller,
        argument,
        expected: "without zero rows (the angle to the zero vector is undefined)",
        got: `a zero vector in row ${i}`,
        remedy: 'remove the row, give the kernel biasVariance > 0, or set zeroVectors: "zero"',
      });
    }
  }
}

/**
 * |x − y|² and |x + y|² of two rows: the angle is 2 atan2(|x − y|, |x + y|) for unit rows, accurate near 0 and π,
 * where the cosine has forgotten it.
 */
export function sumAndDifference(
  x: Float64Array,
  i: number,
  y: Float64Array,
  j: number,
  cols: number,
  out: Float64Array,
): void {
  let minus = 0;
  let plus = 0;
  for (let k = 0, a = i * cols, b = j * cols; k < cols; k++, a++, b++) {
    const difference = x[a] - y[b];
    const sum = x[a] + y[b];
    minus += difference * difference;
    plus += sum * sum;
  }
  out[0] = minus;
  out[1] = plus;
}

/** The angle between two vectors, in [0, π]. */
export function angleBetween(x: Float64Array, y: Float64Array): number {
  const a = directionsOf({ rows: 1, cols: x.length, data: x });
  const b = directionsOf({ rows: 1, cols: y.length, data: y });
  const out = new Float64Array(2);
  sumAndDifference(a.unit.data, 0, b.unit.data, 0, x.length, out);
  return 2 * atan2(Math.sqrt(out[0]), Math.sqrt(out[1]));
}
