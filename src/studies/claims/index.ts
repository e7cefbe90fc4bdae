export {
  type ClaimContext,
  type ClaimDefinition,
  type ClaimKind,
  type ClaimRow,
  type Comparison,
  type Verdict,
  judge,
  satisfies,
} from "./claim.js";
export { type ClaimsReportInput, claimsReport } from "./claims-report.js";
export { CLAIMS_SEED, type RunClaimsOptions, listClaims, runClaims, runDefinitions } from "./run-claims.js";
