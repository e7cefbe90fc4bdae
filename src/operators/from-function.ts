import { ArgumentError, ShapeError, describe, requireInteger, requireOptions } from "../core/index.js";
import type { AsyncLinearOperator, AsyncSymmetricOperator, LinearOperator, SymmetricOperator } from "./operator.js";

/** A product as users write it: fill `out`, or return the product as a new array. */
export type Product = (x: Float64Array, out: Float64Array) => void | ArrayLike<number>;

/** Options of {@link fromFunction}. */
export interface FromFunctionOptions {
  /** True promises xᵀ(A y) = (A x)ᵀ y; the operator is then square. */
  readonly symmetric?: boolean;
  /** Number of rows when the operator is not square; n by default. */
  readonly rows?: number;
  /** Computes Aᵀ x, needed by svds, lsmr and the Gram operator. */
  readonly applyTranspose?: Product;
  /** Fills out with the products of the `columns` vectors that X holds in a row; block methods use it. */
  readonly applyBlock?: (X: Float64Array, out: Float64Array, columns: number) => void;
}

/**
 * Makes an operator of a function that multiplies a vector.
 *
 * Relation: apply(x, out) leaves A x in out, whether the function fills `out` or returns the product.
 *
 * @param n number of columns, and of rows unless `rows` says otherwise
 * @param product fills `out` (poisoned with nothing: it may hold old values) or returns an array of the product
 * @returns an operator; a SymmetricOperator when `symmetric` is true
 * @throws {ArgumentError} when n is not an integer >= 0 or product is not a function; later, when a product returns a promise
 * @throws {ShapeError} when symmetric is asked with rows different from n; later, when a returned product has a wrong length
 *
 * Cost: that of the function, plus one copy when it returns an array.
 *
 * @example
 * ```ts
 * import { fromFunction } from "eigenscope/operators";
 * const shiftRight = fromFunction(3, (x) => [0, x[0] ?? 0, x[1] ?? 0]);
 * const out = new Float64Array(3);
 * shiftRight.apply(Float64Array.of(1, 2, 3), out);
 * console.log(out.join(" ")); // 0 1 2
 * ```
 */
export function fromFunction(
  n: number,
  product: Product,
  options: FromFunctionOptions & { readonly symmetric: true },
): SymmetricOperator;
export function fromFunction(n: number, product: Product, options?: FromFunctionOptions): LinearOperator;
export function fromFunction(n: number, product: Product, options: FromFunctionOptions = {}): LinearOperator {
  const caller = "fromFunction";
  requireOptions(options, ["symmetric", "rows", "applyTranspose", "applyBlock"], caller);
  const rows = requireRows(n, options.rows, options.symmetric === true, caller);
  const apply = writing(requireFunction(product, "product", caller), rows, caller);
  const { applyBlock } = options;
  const base = {
    rows,
    cols: n,
    apply,
    ...(applyBlock === undefined ? {} : { applyBlock: requireFunction(applyBlock, "applyBlock", caller) }),
  };
  if (options.symmetric === true) return { ...base, symmetric: true, applyTranspose: apply } as SymmetricOperator;
  if (options.applyTranspose === undefined) return base;
  const transposed = requireFunction(options.applyTranspose, "applyTranspose", caller);
  return { ...base, applyTranspose: writing(transposed, n, caller) };
}

/** A product computed elsewhere: resolves with the product, or with nothing once `out` is filled. */
export type AsyncProduct = (x: Float64Array, out: Float64Array) => Promise<void | ArrayLike<number>>;

/** Options of {@link fromAsyncFunction}. */
export interface FromAsyncFunctionOptions {
  /** True promises xᵀ(A y) = (A x)ᵀ y; the operator is then square. */
  readonly symmetric?: boolean;
  /** Number of rows when the operator is not square; n by default. */
  readonly rows?: number;
  /** Computes Aᵀ x. */
  readonly applyTranspose?: AsyncProduct;
  /** Fills out with the products of the `columns` vectors that X holds in a row: one message for a whole block. */
  readonly applyBlock?: (X: Float64Array, out: Float64Array, columns: number) => Promise<void>;
}

/**
 * Makes an asynchronous operator of a function whose product is computed elsewhere (a worker, a GPU, a server).
 *
 * Relation: once apply(x, out) resolves, out holds A x.
 *
 * @param n number of columns, and of rows unless `rows` says otherwise
 * @param product fills `out` or resolves with the product
 * @returns an asynchronous operator, accepted by the drivers' async forms
 * @throws {ArgumentError} when n is not an integer >= 0 or product is not a function
 * @throws {ShapeError} when symmetric is asked with rows different from n; later, when a product has a wrong length
 *
 * Cost: that of the function, plus one copy when it resolves with an array.
 *
 * @example
 * ```ts
 * import { fromAsyncFunction } from "eigenscope/operators";
 * const A = fromAsyncFunction(2, async (x) => x.map((value) => 3 * value), { symmetric: true });
 * console.log(A.rows, A.symmetric); // 2 true
 * ```
 */
export function fromAsyncFunction(
  n: number,
  product: AsyncProduct,
  options: FromAsyncFunctionOptions & { readonly symmetric: true },
): AsyncSymmetricOperator;
export function fromAsyncFunction(
  n: number,
  product: AsyncProduct,
  options?: FromAsyncFunctionOptions,
): AsyncLinearOperator;
export function fromAsyncFunction(
  n: number,
  product: AsyncProduct,
  options: FromAsyncFunctionOptions = {},
): AsyncLinearOperator {
  const caller = "fromAsyncFunction";
  requireOptions(options, ["symmetric", "rows", "applyTranspose", "applyBlock"], caller);
  const rows = requireRows(n, options.rows, options.symmetric === true, caller);
  const apply = awaiting(requireFunction(product, "product", caller), rows, caller);
  const { applyBlock } = options;
  const base = {
    rows,
    cols: n,
    apply,
    ...(applyBlock === undefined ? {} : { applyBlock: requireFunction(applyBlock, "applyBlock", caller) }),
  };
  if (options.symmetric === true) return { ...base, symmetric: true, applyTranspose: apply } as AsyncSymmetricOperator;
  if (options.applyTranspose === undefined) return base;
  const transposed = requireFunction(options.applyTranspose, "applyTranspose", caller);
  return { ...base, applyTranspose: awaiting(transposed, n, caller) };
}

function requireRows(n: number, rows: number | undefined, symmetric: boolean, caller: string): number {
  requireInteger(n, "n", caller);
  const count = rows === undefined ? n : requireInteger(rows, "rows", caller);
  if (symmetric && count !== n) {
    throw new ShapeError({
      function: caller,
      argument: "rows",
      expected: `${n} for a symmetric operator`,
      got: String(count),
    });
  }
  return count;
}

function requireFunction<T>(value: T, argument: string, caller: string): T {
  if (typeof value === "function") return value;
  throw new ArgumentError({ function: caller, argument, expected: "a function (x, out)", got: describe(value) });
}

function writing(product: Product, rows: number, caller: string): (x: Float64Array, out: Float64Array) => void {
  return (x, out) => {
    const returned = product(x, out) as unknown;
    if (returned === undefined || returned === out) return;
    if (returned !== null && typeof (returned as { then?: unknown }).then === "function") {
      throw new ArgumentError({
        function: caller,
        argument: "product",
        expected: "synchronous",
        got: "a function that returns a promise",
        remedy: "use fromAsyncFunction with an async driver",
      });
    }
    copyProduct(returned, out, rows, caller);
  };
}

function awaiting(
  product: AsyncProduct,
  rows: number,
  caller: string,
): (x: Float64Array, out: Float64Array) => Promise<void> {
  return async (x, out) => {
    const returned = await product(x, out);
    if (returned !== undefined && returned !== out) copyProduct(returned, out, rows, caller);
  };
}

function copyProduct(returned: unknown, out: Float64Array, rows: number, caller: string): void {
  const length = (returned as { length?: unknown } | null)?.length;
  if (length !== rows) {
    throw new ShapeError({
      function: caller,
      argument: "product",
      expected: `a function that fills out or returns an array of length ${rows}`,
      got: `${describe(returned)} from it`,
    });
  }
  out.set(returned as ArrayLike<number>);
}
