import {
  ArgumentError,
  type LongRunning,
  OptionError,
  describe,
  isCancelled,
  requireOneOf,
  requireOptions,
} from "../../core/index.js";
import { type Rng, createRng } from "../../random/index.js";
import { type ClaimDefinition, type ClaimKind, type ClaimRow, judge } from "./claim.js";
import { ledger } from "./ledger.js";

/** Which claims to run, and how. */
export interface RunClaimsOptions extends LongRunning {
  /** Ids of the claims to run, such as "U05"; all by default. */
  readonly only?: readonly string[];
  /** Only claims of this kind of evidence; all kinds by default. */
  readonly kind?: ClaimKind;
  /** Randomness; each claim takes the fork named by its id. By default the stream of seed `CLAIMS_SEED`. */
  readonly rng?: Rng;
}

/** Seed of the claims when the caller gives no stream: fixed, so that the ledger is the same everywhere. */
export const CLAIMS_SEED = 1 as const;

/**
 * Runs claims of the source notes: computes the numbers of each row and judges them.
 *
 * Relation: a row passed when every measured number lies within its tolerance of the expected one and, where the source
 * gives a wrong number, that number (computed by the source's own formula) does not. The selection changes no row.
 * A check that throws gives a row that did not pass, with the error as its reason. A cancelled run returns the rows done.
 *
 * @returns rows in the order of the ledger
 * @throws {OptionError} for unknown options, kinds or ids
 * @throws {ArgumentError} when `only` is not a list of ids, or nothing is selected
 *
 * @example
 * ```ts
 * import { runClaims } from "eigenscope/studies";
 * console.log(runClaims({ only: ["U46"] }).map((row) => row.passed).join(" ")); // true
 * ```
 */
export function runClaims(options: RunClaimsOptions = {}): ClaimRow[] {
  return runDefinitions(ledger, options);
}

/** The claims of the ledger: id, statement, verdict and kind, without running anything. */
export function listClaims(): readonly Pick<ClaimDefinition, "id" | "statement" | "correct" | "verdict" | "kind">[] {
  return ledger.map(({ id, statement, correct, verdict, kind }) => ({ id, statement, correct, verdict, kind }));
}

/** Runs the selected ones of the given definitions; `runClaims` on any ledger. */
export function runDefinitions(definitions: readonly ClaimDefinition[], options: RunClaimsOptions = {}): ClaimRow[] {
  requireOptions(options, ["only", "kind", "rng", "signal", "onProgress"], "runClaims");
  const { only, kind, signal, onProgress } = options;
  if (kind !== undefined) requireOneOf(kind, ["exact", "iterative", "statistical"], "kind", "runClaims");
  const selected = select(definitions, only).filter((definition) => kind === undefined || definition.kind === kind);
  if (selected.length === 0) {
    throw new ArgumentError({
      function: "runClaims",
      argument: "only and kind",
      expected: "a selection that holds at least one claim",
      got: `none of kind ${describe(kind)} among ${describe(only ?? "all")}`,
    });
  }
  const rng = options.rng ?? createRng(CLAIMS_SEED);
  const rows: ClaimRow[] = [];
  for (const definition of selected) {
    if (isCancelled(signal)) break;
    onProgress?.({ phase: "claims", done: rows.length, total: selected.length });
    const context = { rng: rng.fork(definition.id), ...(signal === undefined ? {} : { signal }) };
    try {
      rows.push(judge(definition, context));
    } catch (error) {
      rows.push(thrown(definition, error));
    }
  }
  if (!isCancelled(signal)) onProgress?.({ phase: "claims", done: rows.length, total: selected.length });
  return rows;
}

function select(
  definitions: readonly ClaimDefinition[],
  only: readonly string[] | undefined,
): readonly ClaimDefinition[] {
  if (only === undefined) return definitions;
  if (!Array.isArray(only) || only.length === 0) {
    throw new ArgumentError({
      function: "runClaims",
      argument: "only",
      expected: "a list of at least one id",
      got: describe(only),
    });
  }
  const known = definitions.map((definition) => definition.id);
  for (const id of only as readonly string[]) {
    if (!known.includes(id)) {
      throw new OptionError({
        function: "runClaims",
        argument: "only",
        expected: known.length === 0 ? "empty (there are no claims)" : `among ${known.join(", ")}`,
        got: describe(id),
      });
    }
  }
  return definitions.filter((definition) => (only as readonly string[]).includes(definition.id));
}

function thrown(definition: ClaimDefinition, error: unknown): ClaimRow {
  const { id, statement, correct, verdict, kind } = definition;
  return {
    id,
    statement,
    correct,
    verdict,
    kind,
    expected: null,
    measured: null,
    tolerance: null,
    comparisons: [],
    sourceRefuted: null,
    reason: `the check threw: ${error instanceof Error ? error.message : String(error)}`,
    passed: false,
  };
}
