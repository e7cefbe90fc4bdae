import type { ClaimDefinition } from "./claim.js";
import { hessianClaims } from "./hessian-claims.js";
import { kernelClaims } from "./kernel-claims.js";
import { sobolevClaims } from "./sobolev-claims.js";
import { weightClaims } from "./weight-claims.js";

/** All claims, in the order of their groups: one file per group, named <group>-claims.ts. */
export const ledger: readonly ClaimDefinition[] = [...weightClaims, ...hessianClaims, ...kernelClaims, ...sobolevClaims];
