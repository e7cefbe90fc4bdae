import { requireBlock, requireStrided } from "./extent.js";
import { gemm, scaleBlock } from "./gemm.js";
import { gemv } from "./gemv.js";
import { residentProducts } from "./resident.js";

/** Triangles up to this order are solved by substitution; larger ones are halved, and the halves meet in gemm. */
const BASE = 24;

/**
 * Solves a triangular system with many right-hand sides in place.
 *
 * Relation: op(A) X = alpha B for side "left" (A m x m), X op(A) = alpha B for "right" (A n x n); X overwrites B.
 * A zero on the diagonal gives infinities or NaN: the caller checks pivots. B must not overlap A.
 *
 * @param side which side of X the triangle stands on
 * @param triangle which triangle of A is stored; the other one is not read
 * @param transpose op(A) = Aᵀ when true
 * @param unit take the diagonal as ones without reading it
 * @param m rows of B
 * @param n columns of B
 * @param alpha factor of B
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param b storage of B, overwritten by X
 * @param bOffset index of its first entry
 * @param bStride distance of its rows
 * @throws {ShapeError} when a block leaves its array
 *
 * Accuracy: backward stable, |residual| <= c n ε |A| |X| entrywise. Cost: m²n or mn² flops, mostly in gemm.
 */
export function trsm(
  side: "left" | "right",
  triangle: "lower" | "upper",
  transpose: boolean,
  unit: boolean,
  m: number,
  n: number,
  alpha: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  b: Float64Array,
  bOffset: number,
  bStride: number,
): void {
  const order = side === "left" ? m : n;
  requireBlock(a, aOffset, aStride, order, order, "a", "trsm");
  requireBlock(b, bOffset, bStride, m, n, "b", "trsm");
  scaleBlock(m, n, alpha, b, bOffset, bStride);
  if (m === 0 || n === 0 || alpha === 0) return;
  const lower = (triangle === "lower") !== transpose;
  if (side === "left") solveLeft(lower, transpose, unit, m, n, a, aOffset, aStride, b, bOffset, bStride);
  else solveRight(lower, transpose, unit, m, n, a, aOffset, aStride, b, bOffset, bStride);
}

/** Splits an order near its middle at a multiple of 8, so that gemm tiles stay full. */
function split(order: number): number {
  return (order >> 4) << 3;
}

/** op(A) X = B in place; `lower` says the shape of op(A). */
function solveLeft(
  lower: boolean,
  transpose: boolean,
  unit: boolean,
  m: number,
  n: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  b: Float64Array,
  bOffset: number,
  bStride: number,
): void {
  const rowStep = transpose ? 1 : aStride;
  const colStep = transpose ? aStride : 1;
  if (m <= BASE) {
    for (let count = 0; count < m; count++) {
      const i = lower ? count : m - 1 - count;
      const row = bOffset + i * bStride;
      const from = lower ? 0 : i + 1;
      const to = lower ? i : m;
      // All rows that are solved already at once, in the order of gemv.
      const factors = aOffset + i * rowStep + from * colStep;
      gemv(true, to - from, n, -1, b, bOffset + from * bStride, bStride, a, factors, colStep, 1, b, row, 1);
      if (unit) continue;
      const pivot = a[aOffset + i * (aStride + 1)];
      for (let j = row; j < row + n; j++) b[j] /= pivot;
    }
    return;
  }
  const half = split(m);
  const rest = m - half;
  const second = aOffset + half * (aStride + 1);
  const below = bOffset + half * bStride;
  if (lower) {
    solveLeft(lower, transpose, unit, half, n, a, aOffset, aStride, b, bOffset, bStride);
    gemm(
      transpose,
      false,
      rest,
      n,
      half,
      -1,
      a,
      aOffset + half * rowStep,
      aStride,
      b,
      bOffset,
      bStride,
      1,
      b,
      below,
      bStride,
    );
    solveLeft(lower, transpose, unit, rest, n, a, second, aStride, b, below, bStride);
  } else {
    solveLeft(lower, transpose, unit, rest, n, a, second, aStride, b, below, bStride);
    gemm(
      transpose,
      false,
      half,
      n,
      rest,
      -1,
      a,
      aOffset + half * colStep,
      aStride,
      b,
      below,
      bStride,
      1,
      b,
      bOffset,
      bStride,
    );
    solveLeft(lower, transpose, unit, half, n, a, aOffset, aStride, b, bOffset, bStride);
  }
}

/** X op(A) = B in place; `lower` says the shape of op(A). */
function solveRight(
  lower: boolean,
  transpose: boolean,
  unit: boolean,
  m: number,
  n: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  b: Float64Array,
  bOffset: number,
  bStride: number,
): void {
  const rowStep = transpose ? 1 : aStride;
  const colStep = transpose ? aStride : 1;
  if (n <= BASE) {
    let i = 0;
    const resident = !lower && m >= 8 && a.buffer === b.buffer ? residentProducts(b) : null;
    if (resident !== null) {
      i = m & ~7;
      const [from, to] = [a.byteOffset + 8 * aOffset, b.byteOffset + 8 * bOffset];
      const { functions, scratch } = resident;
      functions.solveForward(i, n, from, rowStep, colStep, unit ? 1 : 0, to, bStride, 8 * scratch);
    }
    for (; i + 4 <= m; i += 4) {
      // Four rows at a time: each entry waits for the subtraction before it, so one row alone leaves the processor idle.
      const r0 = bOffset + i * bStride;
      const r1 = r0 + bStride;
      const r2 = r1 + bStride;
      const r3 = r2 + bStride;
      for (let count = 0; count < n; count++) {
        // Columns of X in the order in which the triangle gives them: last first for a lower one.
        const j = lower ? n - 1 - count : count;
        const from = lower ? j + 1 : 0;
        const to = lower ? n : j;
        let v0 = b[r0 + j];
        let v1 = b[r1 + j];
        let v2 = b[r2 + j];
        let v3 = b[r3 + j];
        for (let p = from, at = aOffset + from * rowStep + j * colStep; p < to; p++, at += rowStep) {
          const factor = a[at];
          v0 -= b[r0 + p] * factor;
          v1 -= b[r1 + p] * factor;
          v2 -= b[r2 + p] * factor;
          v3 -= b[r3 + p] * factor;
        }
        const pivot = unit ? 1 : a[aOffset + j * (aStride + 1)];
        b[r0 + j] = v0 / pivot;
        b[r1 + j] = v1 / pivot;
        b[r2 + j] = v2 / pivot;
        b[r3 + j] = v3 / pivot;
      }
    }
    for (; i < m; i++) {
      const row = bOffset + i * bStride;
      for (let count = 0; count < n; count++) {
        const j = lower ? n - 1 - count : count;
        const from = lower ? j + 1 : 0;
        const to = lower ? n : j;
        let value = b[row + j];
        for (let p = from; p < to; p++) value -= b[row + p] * a[aOffset + p * rowStep + j * colStep];
        b[row + j] = unit ? value : value / a[aOffset + j * (aStride + 1)];
      }
    }
    return;
  }
  const half = split(n);
  const rest = n - half;
  const second = aOffset + half * (aStride + 1);
  const right = bOffset + half;
  if (lower) {
    solveRight(lower, transpose, unit, m, rest, a, second, aStride, b, right, bStride);
    gemm(
      false,
      transpose,
      m,
      half,
      rest,
      -1,
      b,
      right,
      bStride,
      a,
      aOffset + half * rowStep,
      aStride,
      1,
      b,
      bOffset,
      bStride,
    );
    solveRight(lower, transpose, unit, m, half, a, aOffset, aStride, b, bOffset, bStride);
  } else {
    solveRight(lower, transpose, unit, m, half, a, aOffset, aStride, b, bOffset, bStride);
    gemm(
      false,
      transpose,
      m,
      rest,
      half,
      -1,
      b,
      bOffset,
      bStride,
      a,
      aOffset + half * colStep,
      aStride,
      1,
      b,
      right,
      bStride,
    );
    solveRight(lower, transpose, unit, m, rest, a, second, aStride, b, right, bStride);
  }
}

/**
 * Solves a triangular system with one right-hand side in place.
 *
 * Relation: op(A) x = b; x overwrites b. A zero on the diagonal gives infinities or NaN: the caller checks pivots.
 *
 * @param triangle which triangle of A is stored; the other one is not read
 * @param transpose op(A) = Aᵀ when true
 * @param unit take the diagonal as ones without reading it
 * @param n order of A
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @param x storage of the right-hand side, overwritten by the solution
 * @param xOffset index of its first entry
 * @param xStep distance of its entries
 * @throws {ShapeError} when a block or vector leaves its array
 *
 * Accuracy: backward stable, |residual| <= n ε |A| |x| entrywise. Cost: n² flops.
 */
export function trsv(
  triangle: "lower" | "upper",
  transpose: boolean,
  unit: boolean,
  n: number,
  a: Float64Array,
  aOffset: number,
  aStride: number,
  x: Float64Array,
  xOffset: number,
  xStep: number,
): void {
  requireBlock(a, aOffset, aStride, n, n, "a", "trsv");
  requireStrided(x, xOffset, xStep, n, "x", "trsv");
  const forward = (triangle === "lower") !== transpose;
  for (let count = 0; count < n; count++) {
    const i = forward ? count : n - 1 - count;
    const row = aOffset + i * aStride;
    let value = x[xOffset + i * xStep];
    if (transpose) {
      // Row i of A is column i of Aᵀ: once x_i is known it is subtracted from the entries still open.
      if (!unit) value /= a[row + i];
      x[xOffset + i * xStep] = value;
      const from = forward ? i + 1 : 0;
      const to = forward ? n : i;
      for (let j = from; j < to; j++) x[xOffset + j * xStep] -= value * a[row + j];
    } else {
      const from = forward ? 0 : i + 1;
      const to = forward ? i : n;
      for (let j = from; j < to; j++) value -= a[row + j] * x[xOffset + j * xStep];
      x[xOffset + i * xStep] = unit ? value : value / a[row + i];
    }
  }
}
