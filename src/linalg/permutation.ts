import { ArgumentError, describe } from "../core/index.js";

/** Checks a permutation of 0 … n − 1, as the pivoting factorisations return it. */
export function requirePermutation(value: unknown, n: number, argument: string, caller: string): Uint32Array {
  if (value instanceof Uint32Array && value.length === n && isPermutation(value)) return value;
  throw new ArgumentError({
    function: caller,
    argument,
    expected: n === 0 ? "an empty Uint32Array" : `a permutation of 0 … ${n - 1} as a Uint32Array`,
    got: value instanceof Uint32Array && value.length === n ? "a repeated or too large index" : describe(value),
  });
}

function isPermutation(indices: Uint32Array): boolean {
  const seen = new Uint8Array(indices.length);
  for (const index of indices) {
    if (index >= indices.length || seen[index] === 1) return false;
    seen[index] = 1;
  }
  return true;
}
