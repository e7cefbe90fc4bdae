import { type Matrix } from "../core/index.js";
import { type MatrixInput, largestModulus, requireRepresentable, requireSquareInput } from "./input.js";
import { type PackedLu, factorScaled, solvePacked } from "./lu-factor.js";
import { solveColumns } from "./solve-columns.js";

/** Estimated condition number in the 1-norm. */
export interface ConditionEstimate {
  /** ‖A‖₁ times the estimate of ‖A⁻¹‖₁: a lower bound, rarely off by more than a factor of three; Infinity for singular A and beyond the double range. */
  readonly condition: number;
  /** ‖A‖₁. */
  readonly norm: number;
  /** Lower bound on ‖A⁻¹‖₁; Infinity for singular A and beyond the double range. */
  readonly inverseNorm: number;
  /** Solves with A or Aᵀ that the estimate took. */
  readonly solves: number;
}

const MAXIMUM_STEPS = 5; // the iteration almost always stops after two

/**
 * Estimates the condition number of a square matrix from its LU factorisation, without forming the inverse.
 *
 * Relation: condition <= κ₁(A) = ‖A‖₁ ‖A⁻¹‖₁. Hager's maximisation of the convex function ‖A⁻¹ x‖₁ over the unit ball
 * in Higham's form, with an alternating vector as second opinion. The exact κ₂ comes from {@link svd}.
 *
 * @param A n x n
 * @throws {ShapeError} when A is not square
 * @throws {NonFiniteError} when A is not finite or ‖A‖₁ overflows
 *
 * Accuracy: a lower bound up to rounding. Cost: 2 n³/3 flops and at most 11 solves.
 * @see [higham2002]
 *
 * @example
 * ```ts
 * import { fromRows } from "eigenscope/core";
 * import { conditionEstimate } from "eigenscope/linalg";
 * console.log(conditionEstimate(fromRows([[1, 0], [0, 0.001]])).condition); // 1000
 * ```
 */
export function conditionEstimate(A: MatrixInput): ConditionEstimate {
  const input = requireSquareInput(A, "A", "conditionEstimate");
  const n = input.rows;
  if (n === 0) return { condition: 0, norm: 0, inverseNorm: 0, solves: 0 };
  const norm = oneNorm(input);
  requireRepresentable(Float64Array.of(norm), "‖A‖₁", "conditionEstimate");
  const { packed, scale } = factorScaled(n, input.data, "conditionEstimate");
  if (packed.singularAt !== null) {
    packed.release();
    return { condition: Infinity, norm, inverseNorm: Infinity, solves: 0 };
  }
  const { inverseNorm, solves } = estimateInverse(packed, n);
  packed.release();
  // The norm of the scaled matrix: that of a subnormal one has few digits, and its inverse may overflow where the product does not.
  const condition = oneNorm({ ...input, data: input.data.map((entry) => entry * scale) }) * inverseNorm;
  return { condition, norm, inverseNorm: inverseNorm * scale, solves };
}

function oneNorm(A: Matrix): number {
  const sums = new Float64Array(A.cols);
  for (let i = 0; i < A.rows; i++) for (let j = 0; j < A.cols; j++) sums[j] += Math.abs(A.data[i * A.cols + j]);
  return largestModulus(sums);
}

function sumOfModuli(x: Float64Array): number {
  return x.reduce((sum, entry) => sum + Math.abs(entry), 0);
}

function estimateInverse(packed: PackedLu, n: number): { inverseNorm: number; solves: number } {
  const solve = (data: Float64Array, transposed: boolean): void => {
    solveColumns({ rows: n, cols: 1, data }, 1, (b) => solvePacked(packed, n, b.data, b.cols, transposed));
  };
  let x: Float64Array = new Float64Array(n).fill(1 / n);
  let best = 0;
  let solves = 0;
  let previous = -1;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    solve(x, false);
    solves++;
    const size = sumOfModuli(x);
    if (!(size > best)) {
      if (Number.isNaN(size)) return { inverseNorm: Infinity, solves };
      break;
    }
    best = size;
    // Subgradient at x: A⁻ᵀ sign(A⁻¹ x). Its largest entry names the column to try next.
    const gradient = x.map((entry) => (entry < 0 ? -1 : 1));
    solve(gradient, true);
    solves++;
    let j = 0;
    for (let i = 1; i < n; i++) if (Math.abs(gradient[i]) > Math.abs(gradient[j])) j = i;
    if (j === previous) break;
    previous = j;
    x = new Float64Array(n);
    x[j] = 1;
  }
  // A vector that defeats matrices built to fool the iteration.
  const probe = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (n === 1 ? 0 : i / (n - 1))));
  solve(probe, false);
  const second = (2 * sumOfModuli(probe)) / (3 * n);
  return { inverseNorm: Number.isNaN(second) ? Infinity : Math.max(best, second), solves: solves + 1 };
}
