import type { InvariantRecord } from "./solution.js";

/** A quantity that the exact flow conserves, watched along the way. */
export interface Invariant {
  /** Name in the result. */
  readonly name: string;
  /** Its value at (t, y). */
  readonly value: (t: number, y: Float64Array) => number;
}

/** Watches conserved quantities from the initial point on. */
export function watchInvariants(
  invariants: readonly Invariant[],
  t: number,
  y: Float64Array,
): { update(t: number, y: Float64Array): void; records(): InvariantRecord[] } {
  const initial = invariants.map((invariant) => invariant.value(t, y));
  const final = initial.slice();
  const drift = initial.map(() => 0);
  return {
    update(tNow, yNow) {
      for (let i = 0; i < invariants.length; i++) {
        final[i] = invariants[i].value(tNow, yNow);
        const distance = Math.abs(final[i] - initial[i]);
        if (!(distance <= drift[i])) drift[i] = distance;
      }
    },
    records() {
      return invariants.map(({ name }, i) => ({
        name,
        initial: initial[i],
        final: final[i],
        maximumDrift: drift[i],
      }));
    },
  };
}
