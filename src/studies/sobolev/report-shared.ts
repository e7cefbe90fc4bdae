import { formatNumber } from "../../plot/index.js";
import type { ReportSection, ReportTable } from "../../report/index.js";
import { type Comparison, satisfies } from "../claims/claim.js";

/** What a section of this study is made of. */
export interface SectionParts {
  /** Identifier. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** What is to be seen. */
  readonly text: readonly string[];
  /** How it was computed. */
  readonly method: string;
  /** Tables beside that of the comparisons. */
  readonly tables: ReportSection["tables"];
  /** Figures. */
  readonly figures: ReportSection["figures"];
  /** The numbers. */
  readonly data: ReportSection["data"];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** A section with its verdict in words and in a table. */
export function verdictSection({ comparisons, ...parts }: SectionParts): ReportSection {
  const failed = comparisons.filter((item) => !satisfies(item, item.measured));
  const verdict =
    failed.length === 0
      ? `Verdict: all ${comparisons.length} numbers that have an expected value agree with it.`
      : `Verdict: ${failed.length} of ${comparisons.length} numbers do not agree with what was expected: ${failed.map((item) => item.name).join("; ")}.`;
  return {
    ...parts,
    status: failed.length === 0 ? "complete" : "failed",
    text: [...parts.text, verdict],
    matvecs: null,
    tables: [...parts.tables, comparisonTable(comparisons)],
  };
}

function comparisonTable(comparisons: readonly Comparison[]): ReportTable {
  return {
    caption: "Measured and expected",
    columns: [
      { label: "number", align: "left" },
      { label: "measured", digits: 6 },
      { label: "expected", align: "left" },
      { label: "tolerance", digits: 2 },
      { label: "agrees", align: "left" },
    ],
    rows: comparisons.map((item) => [
      item.name,
      item.measured,
      expectedCell(item.expected),
      item.tolerance,
      satisfies(item, item.measured) ? "yes" : "NO",
    ]),
  };
}

/** What was expected, without breaks inside (the spaces are no-break spaces). */
function expectedCell(expected: Comparison["expected"]): string {
  if (typeof expected === "number") return formatNumber(expected, 6);
  const { minimum, maximum } = expected;
  if (minimum === undefined) return `≤\u00a0${formatNumber(maximum ?? Infinity, 3)}`;
  if (maximum === undefined) return `≥\u00a0${formatNumber(minimum, 3)}`;
  return `${formatNumber(minimum, 3)}\u00a0to\u00a0${formatNumber(maximum, 3)}`;
}
