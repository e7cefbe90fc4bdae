import type { Provenance, ReportRecord, ReportTable } from "../../report/index.js";
import type { ClaimRow, Comparison } from "./claim.js";

/** What a report on claims needs beside its rows. */
export interface ClaimsReportInput {
  /** The rows of `runClaims`. */
  readonly rows: readonly ClaimRow[];
  /** Where they come from. */
  readonly provenance: Provenance;
  /** Whether the run was cancelled. */
  readonly cancelled: boolean;
  /** Seconds by phase. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Turns rows of the claims ledger into a report record for `htmlReport` and its siblings.
 *
 * @example
 * ```ts
 * import { claimsReport } from "eigenscope/studies";
 * const provenance = { program: "claims", seed: 1, options: {}, versions: {}, input: "generated" };
 * console.log(claimsReport({ rows: [], provenance, cancelled: false, wallTimes: {} }).summary[0]); // 0 of 0 rows passed.
 * ```
 */
export function claimsReport({ rows, provenance, cancelled, wallTimes }: ClaimsReportInput): ReportRecord {
  const failed = rows.filter((row) => !row.passed);
  return {
    id: "claims",
    title: "Claims of the source notes, recomputed",
    summary: [
      `${rows.length - failed.length} of ${rows.length} rows passed${failed.length === 0 ? "" : `; failed: ${failed.map((row) => row.id).join(", ")}`}.`,
    ],
    status: cancelled ? "cancelled" : failed.length > 0 ? "failed" : "complete",
    provenance,
    sections: [
      {
        id: "claims-verdicts",
        title: "Verdicts",
        status: cancelled ? "cancelled" : "complete",
        text: [
          "Each number is computed here; where the source is wrong, its own number is computed too and must fail the same comparison.",
        ],
        method: "",
        matvecs: null,
        tables: [verdictTable(rows)],
        figures: [],
        data: {},
      },
      {
        id: "claims-numbers",
        title: "Numbers",
        status: cancelled ? "cancelled" : "complete",
        text: [],
        method: "",
        matvecs: null,
        tables: [numberTable(rows)],
        figures: [],
        data: { rows },
      },
    ],
    wallTimes,
  };
}

function verdictTable(rows: readonly ClaimRow[]): ReportTable {
  const left = { align: "left" } as const;
  return {
    caption: "",
    columns: [
      { label: "id", ...left },
      { label: "passed", ...left },
      { label: "verdict", ...left },
      { label: "kind", ...left },
      { label: "statement", ...left },
      { label: "correct statement", ...left },
    ],
    rows: rows.map((row) => [row.id, row.passed ? "yes" : "NO", row.verdict, row.kind, row.statement, row.correct]),
  };
}

function numberTable(rows: readonly ClaimRow[]): ReportTable {
  const left = { align: "left" } as const;
  return {
    caption: "",
    columns: [
      { label: "id", ...left },
      { label: "number", ...left },
      { label: "measured", digits: 8 },
      { label: "expected", ...left },
      { label: "tolerance", digits: 3 },
      { label: "by the source's formula", digits: 6 },
    ],
    rows: rows.flatMap((row) =>
      row.comparisons.length === 0
        ? [[row.id, row.reason ?? "", null, "", null, null]]
        : row.comparisons.map((part) => [
            row.id,
            part.name,
            part.measured,
            expectedText(part.expected),
            part.tolerance,
            part.source ?? null,
          ]),
    ),
  };
}

/** Writes what a number was expected to be: a value, or an interval in words. */
export function expectedText(expected: Comparison["expected"]): string {
  if (typeof expected === "number") return String(expected);
  if (expected.minimum === undefined) return `at most ${expected.maximum}`;
  if (expected.maximum === undefined) return `at least ${expected.minimum}`;
  return `${expected.minimum} to ${expected.maximum}`;
}
