import { ArgumentError, describe, requireOptions } from "../core/index.js";
import { type LinearOperator, type SymmetricOperator, isSymmetric } from "./operator.js";
import { requireOperator } from "./require-operator.js";

/** What a {@link counted} operator has done so far. */
export interface OperatorCounts {
  /** Calls for products with A, a block counting once. */
  readonly matvecs: number;
  /** Products with Aᵀ (for a symmetric operator, calls of its applyTranspose). */
  readonly transposedMatvecs: number;
  /** Vectors multiplied in all these calls: what the methods report as their matvecs. */
  readonly columns: number;
  /** Time spent inside the products, in the units of the caller's clock; 0 without a clock. */
  readonly time: number;
}

/** An operator that counts its products. */
export interface Counted {
  /** The counts so far; a fresh record at each read. */
  readonly counts: OperatorCounts;
  /** Sets all counts to zero. */
  resetCounts(): void;
}

/** Options of {@link counted}. */
export interface CountedOptions {
  /** A clock, such as `() => performance.now()`. */
  readonly now?: () => number;
}

/**
 * Wraps an operator so that it counts its products, for checking what a method reports.
 *
 * Relation: the wrapped operator computes the same products; counts.columns is the number of vectors
 * multiplied, in counts.matvecs calls of apply or applyBlock.
 *
 * @param A operator
 * @param options.now clock for counts.time
 * @returns the operator with `counts` and `resetCounts`
 * @throws {ArgumentError} when A is not an operator or now is not a function
 *
 * Cost: a few ns per product.
 *
 * @example
 * ```ts
 * import { counted, diagonal, toDense } from "eigenscope/operators";
 * const A = counted(diagonal([1, 2, 3]));
 * toDense(A);
 * console.log(A.counts.matvecs); // 3
 * ```
 */
export function counted(A: SymmetricOperator, options?: CountedOptions): SymmetricOperator & Counted;
export function counted(A: LinearOperator, options?: CountedOptions): LinearOperator & Counted;
export function counted(A: LinearOperator, options: CountedOptions = {}): LinearOperator & Counted {
  const operator = requireOperator(A, "A", "counted");
  requireOptions(options, ["now"], "counted");
  if (options.now !== undefined && typeof options.now !== "function") {
    throw new ArgumentError({
      function: "counted",
      argument: "now",
      expected: "a function",
      got: describe(options.now),
    });
  }
  const now = options.now ?? ((): number => 0);
  let matvecs = 0;
  let transposedMatvecs = 0;
  let columns = 0;
  let time = 0;
  const timed = (vectors: number, product: () => void): void => {
    columns += vectors;
    const start = now();
    product();
    time += now() - start;
  };
  const { applyTranspose, applyBlock, exactSpectrum } = operator;
  return {
    rows: operator.rows,
    cols: operator.cols,
    ...(isSymmetric(operator) ? { symmetric: true as const } : {}),
    apply: (x, out) => {
      matvecs++;
      timed(1, () => operator.apply(x, out));
    },
    ...(applyTranspose === undefined
      ? {}
      : {
          applyTranspose: (x: Float64Array, out: Float64Array): void => {
            transposedMatvecs++;
            timed(1, () => applyTranspose.call(operator, x, out));
          },
        }),
    ...(applyBlock === undefined
      ? {}
      : {
          applyBlock: (X: Float64Array, out: Float64Array, count: number): void => {
            matvecs++;
            timed(count, () => applyBlock.call(operator, X, out, count));
          },
        }),
    ...(exactSpectrum === undefined ? {} : { exactSpectrum: () => exactSpectrum.call(operator) }),
    get counts() {
      return { matvecs, transposedMatvecs, columns, time };
    },
    resetCounts: () => {
      matvecs = 0;
      transposedMatvecs = 0;
      columns = 0;
      time = 0;
    },
  };
}
