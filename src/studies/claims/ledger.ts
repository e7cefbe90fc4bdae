import type { ClaimDefinition } from "./claim.js";
import { hessianClaims } from "./hessian-claims.js";
import { kernelClaims } from "./kernel-claims.js";
import { sensingClaims } from "./sensing-claims.js";
import { sobolevClaims } from "./sobolev-claims.js";
import { trainingClaims } from "./training-claims.js";
import { weightClaims } from "./weight-claims.js";

/** All claims, in the order of their groups: one file per group, named <group>-claims.ts. */
export const ledger: readonly ClaimDefinition[] = [
  ...weightClaims,
  ...hessianClaims,
  ...trainingClaims,
  ...kernelClaims,
  ...sobolevClaims,
  ...sensingClaims,
];
