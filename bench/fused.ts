// Our contender with fused multiply-add, which is an option and not the default because it changes bits.
import { allowFusedMultiplyAdd } from "eigenscope/routines";
import type { Contender } from "./harness.js";

/**
 * Ours with fused multiply-add in effect during its own runs only, or why it is not measured: engines before Node 22 refuse
 * relaxed SIMD.
 *
 * A fused term rounds once instead of twice, so results differ within the error bounds of both: k ε |A| |B| for entries of a
 * product with k terms, n ε ‖A‖ for values of a factorisation. With sizes of 2000 and less that is below 5e-13 of the scale of
 * a checksum, and a tolerance of 1e-11 asks no less of it than of the native peers.
 */
export function fusedContender(run: () => readonly number[]): Contender | string {
  const accepted = allowFusedMultiplyAdd(true);
  allowFusedMultiplyAdd(false);
  if (!accepted) return `eigenscope, fused multiply-add (Node ${process.version} has no relaxed SIMD)`;
  return {
    name: "eigenscope, fused multiply-add",
    run: () => {
      allowFusedMultiplyAdd(true);
      try {
        return run();
      } finally {
        allowFusedMultiplyAdd(false);
      }
    },
  };
}
