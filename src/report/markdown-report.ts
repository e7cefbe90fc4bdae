import { requireOptions } from "../core/index.js";
import { cellText } from "./cell-text.js";
import { type ReportRecord, type ReportTable, requireReport } from "./record.js";

/**
 * Writes a report as Markdown: text and tables, without figures.
 *
 * @throws {ArgumentError} for a malformed report
 *
 * @example
 * ```ts
 * import { markdownReport } from "eigenscope/report";
 * const provenance = { program: "demo", seed: 1, options: {}, versions: {}, input: "generated" };
 * const text = markdownReport({ id: "demo", title: "Demo", summary: ["Fine."], status: "complete", provenance, sections: [], wallTimes: {} });
 * console.log(text.split("\n")[0]); // # Demo
 * ```
 */
export function markdownReport(report: ReportRecord, options: Readonly<Record<string, never>> = {}): string {
  requireOptions(options, [], "markdownReport");
  requireReport(report, "markdownReport");
  const { provenance } = report;
  const lines = [`# ${report.title}`, ""];
  if (report.status !== "complete") lines.push(`**Status: ${report.status}.**`, "");
  for (const sentence of report.summary) lines.push(`- ${sentence}`);
  lines.push("", `Program: ${provenance.program}. Seed: ${String(provenance.seed)}. Input: ${provenance.input}.`, "");
  for (const section of report.sections) {
    lines.push(`## ${section.title}`, "");
    if (section.status !== "complete") lines.push(`**Status: ${section.status}.**`, "");
    for (const paragraph of section.text) lines.push(paragraph, "");
    for (const table of section.tables) lines.push(...markdownTable(table), "");
    if (section.method !== "")
      lines.push(`Method: ${section.method}${section.matvecs === null ? "" : ` (${section.matvecs} matvecs)`}`, "");
  }
  return `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

function markdownTable(table: ReportTable): string[] {
  const escape = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");
  const rows = table.rows.map(
    (row) => `| ${row.map((cell, j) => escape(cellText(cell, table.columns[j]!))).join(" | ")} |`,
  );
  return [
    ...(table.caption === "" ? [] : [`*${table.caption}*`, ""]),
    `| ${table.columns.map((column) => escape(column.label)).join(" | ")} |`,
    `| ${table.columns.map((column) => (column.align === "left" ? ":--" : "--:")).join(" | ")} |`,
    ...rows,
  ];
}
