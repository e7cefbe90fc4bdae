import type { AsyncLinearOperator, LinearOperator } from "../operators/index.js";

/** A product that an algorithm waits for: out ← A x, or Aᵀ x when `transpose` is true. */
export interface ProductRequest {
  /** Vector to multiply, not to be changed. */
  readonly x: Float64Array;
  /** Receives the product. */
  readonly out: Float64Array;
  /** Which of the two products is wanted. */
  readonly transpose: boolean;
  /** Number of vectors that x holds in a row, each with its product in out; 1 when absent. */
  readonly columns?: number;
}

/**
 * An algorithm as a coroutine that yields the products it needs: written once, driven synchronously or with promises,
 * so that the synchronous path never sees one.
 */
export type Coroutine<T> = Generator<ProductRequest, T, void>;

/** Asks for out ← A x. */
export function* multiply(x: Float64Array, out: Float64Array): Coroutine<void> {
  yield { x, out, transpose: false };
}

/** Asks for out ← Aᵀ x. */
export function* multiplyTransposed(x: Float64Array, out: Float64Array): Coroutine<void> {
  yield { x, out, transpose: true };
}

/** Asks for the products of `columns` vectors that X holds in a row: one call where the operator has applyBlock. */
export function* multiplyBlock(X: Float64Array, out: Float64Array, columns: number): Coroutine<void> {
  if (columns > 0) yield { x: X, out, transpose: false, columns };
}

/** Runs a coroutine to its end with the products of A. */
export function drive<T>(A: LinearOperator, coroutine: Coroutine<T>): T {
  for (;;) {
    const { value, done } = coroutine.next();
    if (done === true) return value;
    if (value.transpose && A.applyTranspose !== undefined) A.applyTranspose(value.x, value.out);
    else if (value.columns === undefined)
      A.apply(value.x, value.out); // a symmetric operator need not offer its transpose
    else if (A.applyBlock !== undefined) A.applyBlock(value.x, value.out, value.columns);
    else for (const { x, out } of pieces(value, A)) A.apply(x, out);
  }
}

/** Runs a coroutine to its end, waiting for each product. */
export async function driveAsync<T>(A: AsyncLinearOperator, coroutine: Coroutine<T>): Promise<T> {
  for (;;) {
    const { value, done } = coroutine.next();
    if (done === true) return value;
    if (value.transpose && A.applyTranspose !== undefined) await A.applyTranspose(value.x, value.out);
    else if (value.columns === undefined) await A.apply(value.x, value.out);
    else if (A.applyBlock !== undefined) await A.applyBlock(value.x, value.out, value.columns);
    else for (const { x, out } of pieces(value, A)) await A.apply(x, out);
  }
}

/** The vectors of a block request, one by one. */
function* pieces(
  { x, out, columns = 1 }: ProductRequest,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): Generator<{ x: Float64Array; out: Float64Array }> {
  for (let c = 0; c < columns; c++) {
    yield { x: x.subarray(c * cols, (c + 1) * cols), out: out.subarray(c * rows, (c + 1) * rows) };
  }
}
