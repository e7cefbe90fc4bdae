import { type Matrix, ResourceError, requireInteger, requireOptions } from "../core/index.js";
import type { SymmetricOperator } from "../operators/index.js";
import { requireKernel, requirePoints } from "./geometry.js";
import type { Kernel } from "./types.js";

/** Options of {@link gramOperator}. */
export interface GramOperatorOptions {
  /** Rows of the Gram matrix formed at a time; by default as many as fit in 16 MB, and n/8 at most (but 64): the smaller, the less is computed twice. */
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
 * Accuracy: that of the kernel, plus n ε in the sums. Cost: the blocks on and above the diagonal, n²/2 kernel values per product
 * for blocks much smaller than n; memory blockRows · n numbers. The result must not lie in the array of the argument.
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
  const blockRows = Math.min(n, requireInteger(options.blockRows ?? defaultRows(n), "blockRows", caller, 1));
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
  const rowsFrom = (start: number, end: number): Matrix => ({
    rows: end - start,
    cols: points.cols,
    data: points.data.subarray(start * points.cols, end * points.cols),
  });
  const apply = (x: Float64Array, out: Float64Array): void => {
    out.fill(0);
    for (let start = 0; start < n; start += blockRows) {
      const end = Math.min(n, start + blockRows);
      // Columns from the block's own on: what lies right of it serves its transpose too.
      const { cols, data } = kernel.cross(rowsFrom(start, end), rowsFrom(start, n));
      const own = end - start;
      for (let i = 0; i < own; i++) {
        const at = i * cols;
        const xi = x[start + i];
        let s0 = 0;
        let s1 = 0;
        for (let j = 0; j < own; j++) s0 += data[at + j] * x[start + j];
        for (let j = own; j < cols; j++) {
          const value = data[at + j];
          s1 += value * x[start + j];
          out[start + j] += value * xi;
        }
        out[start + i] += s0 + s1;
      }
    }
  };
  return { rows: n, cols: n, symmetric: true, apply, applyTranspose: apply };
}

/** Rows of a block: within the memory allowed, and an eighth of the matrix, so that little is computed on both sides of the diagonal. */
function defaultRows(n: number): number {
  return Math.max(1, Math.min(Math.floor(BLOCK_NUMBERS / n), Math.max(64, Math.ceil(n / 8))));
}
