import { toJson, htmlReport, textTable } from "../report/index.js";
import { type ClaimKind, type ClaimRow, claimsReport, listClaims } from "../studies/index.js";
import { type ParsedArguments, integerOption } from "./arguments.js";
import { DEFAULT_SEED } from "./commands.js";
import { executeJob } from "./execute-job.js";
import { EXIT } from "./exit-codes.js";
import type { Host } from "./host.js";
import { createOutputFiles } from "./output-files.js";
import { UsageError } from "./usage-error.js";

const KINDS: readonly ClaimKind[] = ["exact", "iterative", "statistical"];

/** `eigenscope claims`: runs the ledger, shows the rows, fails when one does not pass. */
export async function claimsCommand(parsed: ParsedArguments, host: Host): Promise<number> {
  if (parsed.positionals.length > 0) {
    throw new UsageError(
      `"eigenscope claims" takes options only, got ${JSON.stringify(parsed.positionals[0])}; name claims with --only`,
    );
  }
  const kind = selectedKind(parsed);
  const only = selectedIds(parsed, kind);
  const seed = integerOption(parsed, "seed", DEFAULT_SEED, 0, Number.MAX_SAFE_INTEGER);
  const json = parsed.options.get("json");
  const html = parsed.options.get("html")?.[0];
  const jsonFile = json?.[0] === "-" ? undefined : json?.[0];
  const files = createOutputFiles();
  try {
    for (const path of [jsonFile, html]) if (path !== undefined) files.reserve(path);
    const job = { kind: "claims", seed, only, claimKind: kind } as const;
    const { result, cancelled, seconds } = await executeJob(job, host, parsed.options.has("quiet"));
    if (result.kind !== "claims") throw new Error("a claims job gave another result");
    const { rows } = result;
    if (jsonFile !== undefined) files.write(jsonFile, toJson(rows));
    if (html !== undefined) {
      const provenance = {
        program: "claims",
        seed,
        options: { only, kind },
        versions: host.versions,
        input: "generated",
      };
      files.write(html, htmlReport(claimsReport({ rows, provenance, cancelled, wallTimes: { total: seconds } })));
    }
    host.stdout.write(json !== undefined && jsonFile === undefined ? toJson(rows) : rowsText(rows));
    const written = [jsonFile, html].filter((path) => path !== undefined);
    if (written.length > 0 && !parsed.options.has("quiet")) host.stderr.write(`written: ${written.join(", ")}\n`);
    if (cancelled) return EXIT.interrupted;
    return rows.every((row) => row.passed) ? EXIT.fine : EXIT.checkFailed;
  } finally {
    files.discard();
  }
}

/** The kind from --kind, or null. */
function selectedKind(parsed: ParsedArguments): ClaimKind | null {
  const word = parsed.options.get("kind")?.[0];
  if (word === undefined) return null;
  const kind = KINDS.find((name) => name === word);
  if (kind === undefined)
    throw new UsageError(`--kind expects one of ${KINDS.join(", ")}, got ${JSON.stringify(word)}`);
  return kind;
}

/** Ids from --only, separated by blanks or commas, in either case; unknown ones are refused before any work. */
function selectedIds(parsed: ParsedArguments, kind: ClaimKind | null): readonly string[] | null {
  const words = parsed.options.get("only");
  if (words === undefined) return null;
  const claims = listClaims();
  const known = claims.map((claim) => claim.id);
  const ids = words
    .flatMap((word) => word.split(","))
    .filter((id) => id !== "")
    .map((id) => known.find((name) => name.toLowerCase() === id.toLowerCase()) ?? id);
  if (ids.length === 0) throw new UsageError(`--only expects at least one id, got ${JSON.stringify(words.join(" "))}`);
  for (const id of ids) {
    if (!known.includes(id))
      throw new UsageError(`--only: ${JSON.stringify(id)} is not a claim; expected ids among ${known.join(", ")}`);
  }
  const left = claims.filter((claim) => ids.includes(claim.id) && (kind === null || claim.kind === kind));
  if (left.length === 0) {
    const kinds = claims.filter(({ id }) => ids.includes(id)).map((claim) => `${claim.id} is ${claim.kind}`);
    throw new UsageError(`--only with --kind ${kind} expects a claim of that kind, got none: ${kinds.join(", ")}`);
  }
  return ids;
}

function rowsText(rows: readonly ClaimRow[]): string {
  const left = { align: "left" } as const;
  const table = textTable({
    caption: "",
    columns: [
      { label: "id", ...left },
      { label: "passed", ...left },
      { label: "verdict", ...left },
      { label: "kind", ...left },
      { label: "correct statement", ...left },
    ],
    rows: rows.map((row) => [row.id, row.passed ? "yes" : "NO", row.verdict, row.kind, shorten(row.correct, 100)]),
  });
  const details = rows.filter((row) => !row.passed).flatMap(failureLines);
  const passed = rows.filter((row) => row.passed).length;
  return `${[...table, ...details, "", `${passed} of ${rows.length} rows passed`].join("\n")}\n`;
}

function failureLines(row: ClaimRow): string[] {
  const numbers = row.comparisons.map(
    (part) =>
      `  ${part.name}: measured ${part.measured}, expected ${JSON.stringify(part.expected)} within ${part.tolerance}${part.source === undefined ? "" : `, source ${part.source}`}`,
  );
  return ["", `${row.id} did not pass${row.reason === null ? "" : `: ${row.reason}`}`, ...numbers];
}

function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
