import type { ClaimDefinition } from "./claim.js";
import { hessianClaims } from "./hessian-claims.js";
import { kernelClaims } from "./kernel-claims.js";
import { linearWidthClaims } from "./linear-width-claims.js";
import { sensingClaims } from "./sensing-claims.js";
import { sobolevClaims } from "./sobolev-claims.js";
import { trainingClaims } from "./training-claims.js";
import { weightClaims } from "./weight-claims.js";

/** All claims, in the order of their groups: one file per group, named <group>-claims.ts. */
export const ledger: readonly ClaimDefinition[] = [
  ...weightClaims,
  ...linearWidthClaims,
  ...hessianClaims,
  ...trainingClaims,
  ...kernelClaims,
  ...sobolevClaims,
  ...sensingClaims,
];
