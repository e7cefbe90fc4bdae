import { expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import {
  type ReportRecord,
  htmlReport,
  jsonReport,
  markdownReport,
  textReport,
  textTable,
  visibleText,
  toJson,
} from "../../src/report/index.js";
import { sampleReport } from "./sample-report.js";

test("JSON holds provenance and numbers; infinities and NaN are words; wall times come last", () => {
  const text = jsonReport(sampleReport());
  const record = JSON.parse(text) as {
    format: string;
    provenance: object;
    sections: { data: object; figures?: unknown }[];
    wallTimes: object;
  };
  expect(record.format).toBe("eigenscope-report-1");
  expect(record.provenance).toEqual(sampleReport().provenance);
  expect(record.sections[0]!.data).toEqual({ values: [1, 2.5], bad: ["NaN", "Infinity", "-Infinity"] });
  expect(record.sections[0]!).not.toHaveProperty("figures");
  expect(Object.keys(record).at(-1)).toBe("wallTimes");
  expect(JSON.parse(jsonReport(sampleReport(), { figures: true }))).toHaveProperty(
    ["sections", 0, "figures", 0, "id"],
    "singular-values",
  );
});

test("records that differ in wall times alone give the same JSON without them", () => {
  const other: ReportRecord = { ...sampleReport(), wallTimes: { all: 99 } };
  expect(jsonReport(other)).not.toBe(jsonReport(sampleReport()));
  expect(jsonReport(other, { wallTimes: false })).toBe(jsonReport(sampleReport(), { wallTimes: false }));
});

test("every number survives JSON to the last bit", () => {
  const values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.5];
  expect(JSON.parse(toJson({ values: Float64Array.from(values) }))).toEqual({ values });
});

test("what JSON cannot hold is refused", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  expect(() => toJson(cycle)).toThrow("toJson: value must be free of cycles");
  expect(() => toJson({ f: () => 1 })).toThrow("toJson: value must be plain data, got a function");
  expect(() => toJson(1n)).toThrow(ArgumentError);
});

test("the page is self-contained: no script, no address, nothing to load; the same page each time", () => {
  const page = htmlReport(sampleReport());
  expect(page).toContain("default-src 'none'");
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|<script|<img|@import|url\((?!#)/);
  expect(page).toContain("<title>A &lt;sample&gt; &amp; its parts</title>");
  expect(page).not.toContain("<sample>");
  expect(page).toContain("undefined: zero matrix");
  expect(page).toContain("12 matvecs.");
  expect(page).toContain("Status: cancelled");
  expect(page.match(/<svg /g)).toHaveLength(1);
  expect(page.match(/<style>/g)).toHaveLength(1);
  expect(htmlReport([structuredClone(sampleReport())])).toBe(page);
});

test("Markdown: headings, tables with escaped bars, reasons of undefined values", () => {
  const text = markdownReport(sampleReport());
  expect(text).toContain("# A <sample> & its parts");
  expect(text).toContain("| a \\| b | 1.235 | 1.2 |");
  expect(text).toContain("| tagged | −2 | undefined: zero matrix |");
  expect(text).toContain("| :-- | --: | --: |");
  expect(text).toContain("Method: By hand. (12 matvecs)");
  expect(text).toContain("**Status: cancelled.**");
});

test("terminal text: columns line up, sentences break at the width", () => {
  const text = textReport(sampleReport(), { width: 40 });
  const lines = text.split("\n");
  const table = lines.slice(lines.indexOf("Cells") + 1, lines.indexOf("Cells") + 6);
  expect(table).toEqual([
    "name     value                  digits",
    "───────  ─────  ──────────────────────",
    "a | b    1.235                     1.2",
    "tagged      −2  undefined: zero matrix",
    "nothing                              ∞",
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
});

test("a table alone: numbers to the right, texts to the left, rows without trailing blanks", () => {
  const table = {
    caption: "",
    columns: [{ label: "x" }, { label: "name", align: "left" as const }],
    rows: [
      [1, "one"],
      [-0.5, ""],
    ],
  };
  expect(textTable(table)).toEqual(["   x  name", "────  ────", "   1  one", "−0.5"]);
});

test("malformed reports are refused with the fault", () => {
  const report = sampleReport();
  const section = report.sections[0]!;
  const cases: readonly [unknown, string][] = [
    [null, "report must be a ReportRecord, got null"],
    [{ ...report, id: "Sample" }, 'id must be lower-case letters, digits and hyphens, got "Sample"'],
    [{ ...report, sections: [section, section] }, 'id must be unique in the report, got "numbers" twice'],
    [
      { ...report, sections: [{ ...section, tables: [{ caption: "C", columns: [{ label: "a" }], rows: [[1, 2]] }] }] },
      'row 0 of table "C" must be of 1 cells, got 2 cells',
    ],
  ];
  for (const [bad, message] of cases) {
    for (const write of [jsonReport, markdownReport, textReport])
      expect(() => write(bad as ReportRecord)).toThrow(message);
  }
  expect(() => htmlReport([])).toThrow("htmlReport: reports must be at least one report");
  expect(() => htmlReport([report, report])).toThrow("free of repeated ids");
  expect(() => jsonReport(report, { pretty: true } as object)).toThrow(OptionError);
  expect(() => textReport(report, { width: 3 })).toThrow("width must be an integer >= 20, got 3");
});

test("names from files cannot speak to the terminal: control characters are shown", () => {
  const hostile = "\u001b[31mred\u0007\nnext\u009b\u202e";
  const shown = "\\x1b[31mred\\x07\\x0anext\\x9b\\u202e";
  expect(visibleText(hostile)).toBe(shown);
  expect(visibleText("σ₁ ≤ 3 – “é” 漢")).toBe("σ₁ ≤ 3 – “é” 漢");
  const table = { caption: hostile, columns: [{ label: "name" }], rows: [[hostile]] } as const;
  expect(textTable(table)[3]).toBe(shown);
  const report = sampleReport();
  const section = { ...report.sections[0]!, title: hostile, text: [hostile], tables: [table] };
  const text = textReport({ ...report, title: hostile, summary: [hostile], sections: [section] });
  // eslint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text.split(shown)).toHaveLength(7);
});
