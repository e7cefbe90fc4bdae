import { ArgumentError, type Tagged, describe } from "../core/index.js";
import type { Figure } from "../plot/index.js";

/** Where a result comes from: with the same program and the same provenance, the same numbers come out. */
export interface Provenance {
  /** What was run, such as "study spectral". */
  readonly program: string;
  /** Seed of all randomness. */
  readonly seed: number | readonly number[];
  /** All options, after defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Versions of what computed: the library, the engine, the back end of its routines. */
  readonly versions: Readonly<Record<string, string>>;
  /** The input in words, with sizes; "generated" when there is none. */
  readonly input: string;
}

/** A table cell: a number (shortened for reading), a text, a quantity that may not exist, or nothing. */
export type Cell = number | string | Tagged | null;

/** A column of a table. */
export interface TableColumn {
  /** Heading. */
  readonly label: string;
  /** Numbers stand right, texts left; right by default. */
  readonly align?: "left" | "right";
  /** Significant digits of numbers, 4 by default. */
  readonly digits?: number;
}

/** A table of a report. */
export interface ReportTable {
  /** What the table shows. */
  readonly caption: string;
  /** Columns. */
  readonly columns: readonly TableColumn[];
  /** Rows, one cell per column. */
  readonly rows: readonly (readonly Cell[])[];
}

/** How far a piece of work came. */
export type ReportStatus = "complete" | "cancelled" | "failed";

/** One part of a report. */
export interface ReportSection {
  /** Identifier, unique in the report: lower-case letters, digits and hyphens. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Whether the part is complete. */
  readonly status: ReportStatus;
  /** What is to be seen, in sentences. */
  readonly text: readonly string[];
  /** How it was computed: method and its parameters. */
  readonly method: string;
  /** Operator applications spent; null where none were needed. */
  readonly matvecs: number | null;
  /** Tables. */
  readonly tables: readonly ReportTable[];
  /** Figures. */
  readonly figures: readonly Figure[];
  /** The numbers themselves, unrounded, for the JSON report. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A whole report as plain data. */
export interface ReportRecord {
  /** Identifier: lower-case letters, digits and hyphens. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** The findings in a few sentences. */
  readonly summary: readonly string[];
  /** Whether all parts are complete. */
  readonly status: ReportStatus;
  /** Where it comes from. */
  readonly provenance: Provenance;
  /** The parts. */
  readonly sections: readonly ReportSection[];
  /** Seconds of wall time by phase; apart from everything else, because they alone differ from run to run. */
  readonly wallTimes: Readonly<Record<string, number>>;
}

/**
 * Checks the outline of a report record and returns it.
 *
 * @throws {ArgumentError} when parts are missing, an id is malformed or used twice, or a row does not have one cell per column
 */
export function requireReport(report: ReportRecord, caller: string): ReportRecord {
  const fail = (argument: string, expected: string, got: string): never => {
    throw new ArgumentError({ function: caller, argument, expected, got });
  };
  if (report === null || typeof report !== "object" || !Array.isArray(report.sections)) {
    return fail("report", "a ReportRecord", describe(report));
  }
  const sections: readonly ReportSection[] = report.sections;
  const seen = new Set<string>();
  for (const id of [
    report.id,
    ...sections.flatMap((section) => [section.id, ...section.figures.map((figure) => figure.id)]),
  ]) {
    if (!/^[a-z][a-z0-9-]*$/.test(id)) fail("id", "lower-case letters, digits and hyphens", describe(id));
    if (seen.has(id)) fail("id", "unique in the report", `${describe(id)} twice`);
    seen.add(id);
  }
  for (const section of sections) {
    for (const table of section.tables) {
      table.rows.forEach((row, i) => {
        if (row.length !== table.columns.length) {
          fail(`row ${i} of table "${table.caption}"`, `of ${table.columns.length} cells`, `${row.length} cells`);
        }
      });
    }
  }
  return report;
}
