import { type Matrix, ResourceError, requireInteger, requireOptions } from "../core/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { requireKernel, requirePoints } from "./geometry.js";
import type { Kernel } from "./types.js";

/** Options of {@link gramOperator}. */
export interface GramOperatorOptions {
  /** Rows of the Gram matrix formed at a time; by default as many as fit in 16 MB. */
  readonly blockRows?: number;
}

/** Largest block of the Gram matrix that is held, in numbers. */
const BLOCK_NUMBERS = 2 ** 21;

/**
 * The Gram matrix of a kernel as an operator that never stores it.
 *
 * Relation: apply(v) gives K v with K = kernel.gram(X), row block by row block; every block is formed, used and overwritten.
 * For iterative methods on more points than n² numbers fit; below a few thousand points the stored matrix is faster.
 *
 * @param kernel any kernel
 * @param X      n points, one per row; copied, so that later changes do not matter
 * @param options size of the blocks
 * @throws {ArgumentError} for an empty set of points or blockRows < 1, and what kernel.cross throws, at once
 *
 * Accuracy: that of the kernel, plus n ε in the sums. Cost: one full Gram matrix (without symmetry) per product;
 * memory blockRows · n numbers.
 *
 * @example
 * ```ts
 * import { gramOperator, ntk } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * const K = gramOperator(ntk({ depth: 2 }), fromRows([[1, 0], [0, 1]]));
 * const out = new Float64Array(2);
 * K.apply(Float64Array.of(1, 0), out);
 * console.log(out[0], out[1]); // 2 0.318309886183
 * ```
 */
export function gramOperator(kernel: Kernel, X: Matrix, options: GramOperatorOptions = {}): SymmetricOperator {
  const caller = "gramOperator";
  requireOptions(options, ["blockRows"], caller);
  requireKernel(kernel, caller);
  requirePoints(X, "X", caller);
  const n = requireInteger(X.rows, "X.rows", caller, 1);
  const points: Matrix = { rows: n, cols: X.cols, data: X.data.slice() };
  const blockRows = Math.min(
    n,
    requireInteger(options.blockRows ?? Math.max(1, Math.floor(BLOCK_NUMBERS / n)), "blockRows", caller, 1),
  );
  if (blockRows * n > 2 ** 31) {
    throw new ResourceError({
      function: caller,
      argument: "blockRows",
      expected: `at most ${Math.floor(2 ** 31 / n)} for ${n} points`,
      got: String(blockRows),
      remedy: "leave it out",
    });
  }
  // What the kernel has against these points it says now, not in the middle of an iteration.
  kernel.diagonal(points);
  const apply = (x: Float64Array, out: Float64Array): void => {
    for (let start = 0; start < n; start += blockRows) {
      const rows = Math.min(blockRows, n - start);
      const block = kernel.cross(
        { rows, cols: points.cols, data: points.data.subarray(start * points.cols, (start + rows) * points.cols) },
        points,
      ).data;
      for (let i = 0; i < rows; i++) {
        let s0 = 0;
        let s1 = 0;
        const at = i * n;
        let j = 0;
        for (; j + 1 < n; j += 2) {
          s0 += block[at + j] * x[j];
          s1 += block[at + j + 1] * x[j + 1];
        }
        if (j < n) s0 += block[at + j] * x[j];
        out[start + i] = s0 + s1;
      }
    }
  };
  return { rows: n, cols: n, symmetric: true, apply, applyTranspose: apply };
}
