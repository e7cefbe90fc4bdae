import { ArgumentError, describe, requireInteger, requireOptions } from "../core/index.js";
import { cellText } from "./cell-text.js";
import { type ReportRecord, type ReportTable, requireReport } from "./record.js";
import { visibleText } from "./visible-text.js";

/** How to lay out the text. */
export interface TextReportOptions {
  /** Columns of the terminal, 100 by default; sentences break there, tables keep their width. */
  readonly width?: number;
}

/**
 * Writes a report for a terminal: findings, then each part with its tables in aligned columns. Control characters, which
 * names from files may hold, are shown instead of sent.
 *
 * @throws {ArgumentError} for a malformed report or a width below 20
 *
 * @example
 * ```ts
 * import { textReport } from "eigenscope/report";
 * const provenance = { program: "demo", seed: 1, options: {}, versions: {}, input: "generated" };
 * const text = textReport({ id: "demo", title: "Demo", summary: [], status: "complete", provenance, sections: [], wallTimes: {} });
 * console.log(text.split("\n")[1]); // ====
 * ```
 */
export function textReport(report: ReportRecord, options: TextReportOptions = {}): string {
  requireOptions(options, ["width"], "textReport");
  const width = requireInteger(options.width ?? 100, "width", "textReport", 20);
  requireReport(report, "textReport");
  const lines = [report.title, "=".repeat(Math.min(width, report.title.length))];
  if (report.status !== "complete") lines.push(`Status: ${report.status}; what follows is what was done.`);
  for (const sentence of report.summary) lines.push(...wrap(`- ${sentence}`, width, "  "));
  for (const section of report.sections) {
    lines.push("", section.title, "-".repeat(Math.min(width, section.title.length)));
    if (section.status !== "complete") lines.push(`(${section.status})`);
    for (const paragraph of section.text) lines.push(...wrap(paragraph, width, ""));
    for (const table of section.tables) lines.push("", ...textTable(table));
  }
  return `${lines.map(visibleText).join("\n")}\n`;
}

/** Lays out a table in aligned columns. */
export function textTable(table: ReportTable): string[] {
  if (table?.rows?.length === undefined || table.columns?.length === undefined) {
    throw new ArgumentError({
      function: "textTable",
      argument: "table",
      expected: "a ReportTable",
      got: describe(table),
    });
  }
  const cells = table.rows.map((row) => row.map((cell, j) => visibleText(cellText(cell, table.columns[j]!))));
  const widths = table.columns.map((column, j) =>
    Math.max(length(column.label), ...cells.map((row) => length(row[j]!))),
  );
  const pad = (text: string, j: number): string => {
    const space = " ".repeat(widths[j]! - length(text));
    return table.columns[j]!.align === "left" ? text + space : space + text;
  };
  const format = (row: readonly string[]): string => row.map(pad).join("  ").trimEnd();
  return [
    ...(table.caption === "" ? [] : [table.caption]),
    format(table.columns.map((column) => column.label)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...cells.map(format),
  ];
}

function length(text: string): number {
  return [...text].length; // code points: superscripts and minus signs take one column each
}

function wrap(text: string, width: number, hanging: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && length(longer) > width) {
      lines.push(line);
      line = hanging + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
