import { type Matrix, acos, atan2 } from "../core/index.js";
import { type Directions, sumAndDifference } from "./geometry.js";

/**
 * Visits all pairs of rows with angle and supplement.
 *
 * Cosines come from inner products in row blocks; pairs closer to 0 or π than about 8° are recomputed from |x̂ − ŷ| and
 * |x̂ + ŷ|, because there the cosine no longer determines the angle. The error of the angle is below 1e-15 everywhere.
 *
 * @param symmetric true when both sets are the same: only j >= i is visited, and angle (i, i) is exactly 0
 */
export function forEachAngle(
  X: Directions,
  Y: Directions,
  symmetric: boolean,
  visit: (i: number, j: number, theta: number, supplement: number) => void,
): void {
  const x = X.unit;
  const y = Y.unit;
  const parts = new Float64Array(2);
  const NEAR = 0.99; // |cos| beyond this is recomputed from differences
  for (let i = 0; i < x.rows; i++) {
    for (let j = symmetric ? i : 0; j < y.rows; j++) {
      if (symmetric && i === j) {
        visit(i, j, 0, Math.PI);
        continue;
      }
      const t = dot(x, i, y, j);
      if (t < NEAR && t > -NEAR) {
        const theta = acos(t);
        visit(i, j, theta, Math.PI - theta);
      } else {
        sumAndDifference(x.data, i, y.data, j, x.cols, parts);
        const minus = Math.sqrt(parts[0]);
        const plus = Math.sqrt(parts[1]);
        visit(i, j, 2 * atan2(minus, plus), 2 * atan2(plus, minus));
      }
    }
  }
}

function dot(x: Matrix, i: number, y: Matrix, j: number): number {
  const a = x.data;
  const b = y.data;
  const n = x.cols;
  let p = i * n;
  let q = j * n;
  const end = p + n;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; p + 3 < end; p += 4, q += 4) {
    s0 += a[p] * b[q];
    s1 += a[p + 1] * b[q + 1];
    s2 += a[p + 2] * b[q + 2];
    s3 += a[p + 3] * b[q + 3];
  }
  for (; p < end; p++, q++) s0 += a[p] * b[q];
  return s0 + s1 + (s2 + s3);
}
