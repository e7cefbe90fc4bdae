import type { AsyncLinearOperator, LinearOperator } from "../operators/index.js";

/** A product that an algorithm waits for: out ← A x, or Aᵀ x when `transpose` is true. */
export interface ProductRequest {
  /** Vector to multiply, not to be changed. */
  readonly x: Float64Array;
  /** Receives the product. */
  readonly out: Float64Array;
  /** Which of the two products is wanted. */
  readonly transpose: boolean;
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

/** Runs a coroutine to its end with the products of A. */
export function drive<T>(A: LinearOperator, coroutine: Coroutine<T>): T {
  for (;;) {
    const { value, done } = coroutine.next();
    if (done === true) return value;
    if (value.transpose && A.applyTranspose !== undefined) A.applyTranspose(value.x, value.out);
    else A.apply(value.x, value.out); // a symmetric operator need not offer its transpose
  }
}

/** Runs a coroutine to its end, waiting for each product. */
export async function driveAsync<T>(A: AsyncLinearOperator, coroutine: Coroutine<T>): Promise<T> {
  for (;;) {
    const { value, done } = coroutine.next();
    if (done === true) return value;
    if (value.transpose && A.applyTranspose !== undefined) await A.applyTranspose(value.x, value.out);
    else await A.apply(value.x, value.out);
  }
}
