import { requireBlock } from "./extent.js";
import { residentProducts } from "./resident.js";

/**
 * Finds the largest modulus of a matrix that is symmetric to the last bit, and whether it is, in one pass.
 *
 * Relation: max |a_ij| when a_ij = a_ji for all i and j; NaN when one pair differs or an entry is NaN; 0 for n = 0.
 *
 * @param n order of A
 * @param a storage of A, row-major
 * @param aOffset index of its first entry
 * @param aStride distance of its rows
 * @returns the modulus, Infinity when an entry is infinite, or NaN
 * @throws {ShapeError} when the block leaves its array
 *
 * Accuracy: exact. Cost: one pass over A, a comparison per entry.
 *
 * @example
 * ```ts
 * import { symmetricModulus } from "eigenscope/routines";
 * console.log(symmetricModulus(2, Float64Array.of(1, -3, -3, 2), 0, 2)); // 3
 * console.log(symmetricModulus(2, Float64Array.of(1, -3, 3, 2), 0, 2)); // NaN
 * ```
 */
export function symmetricModulus(n: number, a: Float64Array, aOffset: number, aStride: number): number {
  requireBlock(a, aOffset, aStride, n, n, "a", "symmetricModulus");
  const resident = residentProducts(a);
  if (resident !== null) return resident.functions.symmetricModulus(n, a.byteOffset + 8 * aOffset, aStride);
  const block = 32; // both triangles of a pair of blocks stay in cache
  let largest = 0;
  for (let i0 = 0; i0 < n; i0 += block) {
    const i1 = Math.min(n, i0 + block);
    for (let j0 = 0; j0 <= i0; j0 += block) {
      for (let i = i0; i < i1; i++) {
        const row = aOffset + i * aStride;
        const end = Math.min(i + 1, j0 + block);
        for (let j = j0, at = aOffset + j0 * aStride + i; j < end; j++, at += aStride) {
          const entry = a[row + j];
          if (entry !== a[at]) return Number.NaN;
          const modulus = Math.abs(entry);
          if (modulus > largest) largest = modulus;
        }
      }
    }
  }
  return largest;
}
