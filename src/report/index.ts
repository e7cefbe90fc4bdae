/**
 * Report records (text, tables, figures, provenance) become HTML, Markdown, terminal text and JSON.
 * @module report
 */
export * from "./html-report.js";
export * from "./json-report.js";
export * from "./markdown-report.js";
export {
  type Cell,
  type Provenance,
  type ReportRecord,
  type ReportSection,
  type ReportStatus,
  type ReportTable,
  type TableColumn,
} from "./record.js";
export { type TextReportOptions, textReport, textTable } from "./text-report.js";
export * from "./visible-text.js";
