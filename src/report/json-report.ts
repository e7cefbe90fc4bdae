import { ArgumentError, describe, requireOptions } from "../core/index.js";
import { type ReportRecord, requireReport } from "./record.js";

/** What to put into the JSON. */
export interface JsonReportOptions {
  /** Whether to include the figure records, false by default: their numbers are in `data` already. */
  readonly figures?: boolean;
  /** Whether to include the wall times, true by default. */
  readonly wallTimes?: boolean;
}

/** Identifier of the layout of the JSON, in its key `format`. */
export const REPORT_FORMAT = "eigenscope-report-1" as const;

/**
 * Writes a report as JSON with its provenance; everything that differs from run to run lies in the one key `wallTimes`, the last.
 *
 * Relation: records that are equal apart from their wall times give texts that are equal apart from the key `wallTimes`.
 * Typed arrays become arrays; infinities and NaN, which JSON does not know, become the strings "Infinity", "-Infinity" and "NaN".
 *
 * @throws {ArgumentError} for a malformed report, or a value that JSON cannot hold (functions, cycles)
 *
 * @example
 * ```ts
 * import { jsonReport } from "eigenscope/report";
 * const provenance = { program: "demo", seed: 1, options: {}, versions: {}, input: "generated" };
 * const text = jsonReport({ id: "demo", title: "Demo", summary: [], status: "complete", provenance, sections: [], wallTimes: {} });
 * console.log(JSON.parse(text).provenance.seed); // 1
 * ```
 */
export function jsonReport(report: ReportRecord, options: JsonReportOptions = {}): string {
  requireOptions(options, ["figures", "wallTimes"], "jsonReport");
  requireReport(report, "jsonReport");
  const { id, title, status, summary, provenance, sections, wallTimes } = report;
  const parts = sections.map(({ figures, ...section }) =>
    options.figures === true ? { ...section, figures } : section,
  );
  const whole = { format: REPORT_FORMAT, id, title, status, summary, provenance, sections: parts };
  return toJson(options.wallTimes === false ? whole : { ...whole, wallTimes });
}

/**
 * Writes plain data as indented JSON: arrays of numbers on one line, typed arrays as arrays, infinities and NaN as strings.
 *
 * @throws {ArgumentError} for functions, symbols, big integers and cycles
 */
export function toJson(value: unknown): string {
  return `${write(value, "", [])}\n`;
}

function write(value: unknown, indent: string, parents: readonly object[]): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
  if (typeof value !== "object") {
    throw new ArgumentError({ function: "toJson", argument: "value", expected: "plain data", got: describe(value) });
  }
  if (parents.includes(value)) {
    throw new ArgumentError({
      function: "toJson",
      argument: "value",
      expected: "free of cycles",
      got: describe(value),
    });
  }
  const inner = `${indent}  `;
  const path = [...parents, value];
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : Array.from(value as unknown as ArrayLike<unknown>);
    if (items.every((item) => item === null || typeof item !== "object")) {
      return `[${items.map((item) => write(item ?? null, "", path)).join(", ")}]`;
    }
    return `[\n${items.map((item) => inner + write(item ?? null, inner, path)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return "{}";
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${write(item, inner, path)}`).join(",\n")}\n${indent}}`;
}
