import type { ClaimDefinition } from "./claim.js";

/** All claims, in the order of their groups: one file per group, named <group>-claims.ts. */
export const ledger: readonly ClaimDefinition[] = [];
