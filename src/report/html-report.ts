import { ArgumentError, describe, requireOptions } from "../core/index.js";
import { type Figure, figureStyle, renderSvg } from "../plot/index.js";
import { cellText } from "./cell-text.js";
import { escapeHtml } from "./escape-html.js";
import { pageStyle } from "./page-style.js";
import { type ReportRecord, type ReportSection, type ReportTable, requireReport } from "./record.js";

/**
 * Writes one or more reports as a single self-contained HTML page: figures as inline SVG, no script, no network.
 *
 * Relation: equal records give equal pages. The page carries a content security policy that forbids everything but its own styles.
 * It follows the reader's light or dark setting and prints.
 *
 * @param reports one record, or several with different ids
 * @throws {ArgumentError} for malformed reports, or ids that are used twice
 *
 * @example
 * ```ts
 * import { htmlReport } from "eigenscope/report";
 * const provenance = { program: "demo", seed: 1, options: {}, versions: {}, input: "generated" };
 * const page = htmlReport({ id: "demo", title: "Demo", summary: [], status: "complete", provenance, sections: [], wallTimes: {} });
 * console.log(page.startsWith("<!doctype html>")); // true
 * ```
 */
export function htmlReport(
  reports: ReportRecord | readonly ReportRecord[],
  options: Readonly<Record<string, never>> = {},
): string {
  requireOptions(options, [], "htmlReport");
  const list: readonly ReportRecord[] = Array.isArray(reports) ? reports : [reports as ReportRecord];
  if (list.length === 0) {
    throw new ArgumentError({
      function: "htmlReport",
      argument: "reports",
      expected: "at least one report",
      got: describe(reports),
    });
  }
  list.forEach((report) => requireReport(report, "htmlReport"));
  const ids = list.flatMap((report) => [
    report.id,
    ...report.sections.flatMap((section) => [section.id, ...section.figures.map((figure) => figure.id)]),
  ]);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) {
    throw new ArgumentError({
      function: "htmlReport",
      argument: "reports",
      expected: "free of repeated ids",
      got: `${describe(twice)} twice`,
    });
  }
  const title = list.map((report) => report.title).join(" · ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${pageStyle()}\n${figureStyle()}</style>`,
    "</head>",
    "<body>",
    ...list.map(reportHtml),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function reportHtml(report: ReportRecord): string {
  const links = report.sections.map((section) => `<li><a href="#${section.id}">${escapeHtml(section.title)}</a></li>`);
  const { provenance } = report;
  return [
    `<main id="${report.id}">`,
    "<header>",
    `<h1>${escapeHtml(report.title)}</h1>`,
    `<p class="origin">${escapeHtml(`${provenance.program} · seed ${String(provenance.seed)} · ${provenance.input}`)}</p>`,
    statusHtml(report.status),
    report.summary.length === 0
      ? ""
      : `<ul class="summary">${report.summary.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("")}</ul>`,
    links.length < 2 ? "" : `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>`,
    "</header>",
    ...report.sections.map(sectionHtml),
    provenanceHtml(report),
    "</main>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function statusHtml(status: ReportRecord["status"]): string {
  return status === "complete"
    ? ""
    : `<p class="status">Status: ${status}. What is shown is what was done until then.</p>`;
}

function sectionHtml(section: ReportSection): string {
  const matvecs = section.matvecs === null ? "" : ` <span class="matvecs">${section.matvecs} matvecs.</span>`;
  return [
    `<section id="${section.id}">`,
    `<h2>${escapeHtml(section.title)}</h2>`,
    statusHtml(section.status),
    ...section.text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...section.figures.map(figureHtml),
    ...section.tables.map(tableHtml),
    section.method === ""
      ? ""
      : `<p class="method"><strong>Method.</strong> ${escapeHtml(section.method)}${matvecs}</p>`,
    "</section>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function figureHtml(figure: Figure): string {
  return `<figure>\n${renderSvg(figure, { standalone: false })}\n<figcaption>${escapeHtml(figure.description)}</figcaption>\n</figure>`;
}

function tableHtml(table: ReportTable): string {
  const side = (j: number): string => (table.columns[j]!.align === "left" ? ' class="left"' : "");
  return [
    '<div class="table"><table>',
    table.caption === "" ? "" : `<caption>${escapeHtml(table.caption)}</caption>`,
    `<thead><tr>${table.columns.map((column, j) => `<th scope="col"${side(j)}>${escapeHtml(column.label)}</th>`).join("")}</tr></thead>`,
    "<tbody>",
    ...table.rows.map(
      (row) =>
        `<tr>${row.map((cell, j) => `<td${side(j)}>${escapeHtml(cellText(cell, table.columns[j]!))}</td>`).join("")}</tr>`,
    ),
    "</tbody></table></div>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function provenanceHtml({ provenance }: ReportRecord): string {
  const line = (name: string, value: unknown): string =>
    `<tr><th scope="row" class="left">${escapeHtml(name)}</th><td class="left">${escapeHtml(typeof value === "string" ? value : JSON.stringify(value))}</td></tr>`;
  return [
    '<section class="provenance">',
    "<details><summary>Provenance: options after defaults and versions</summary>",
    '<div class="table"><table><tbody>',
    line("program", provenance.program),
    line("seed", provenance.seed),
    line("input", provenance.input),
    ...Object.entries(provenance.options).map(([name, value]) => line(`option ${name}`, value)),
    ...Object.entries(provenance.versions).map(([name, value]) => line(`version of ${name}`, value)),
    "</tbody></table></div></details>",
    "</section>",
  ].join("\n");
}
