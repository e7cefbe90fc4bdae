import { qlVectors } from "./tridiagonal-eigh.js";
/** Placeholder replaced below. */
export function divideAndConquer(n: number, d: Float64Array, e: Float64Array): { values: Float64Array; rows: Float64Array } {
  return qlVectors(n, d, e);
}
