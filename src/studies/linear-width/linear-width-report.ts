import { formatNumber } from "../../plot/index.js";
import type { Cell, Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import type { LinearWidthStudy } from "./linear-width-study.js";
import { heavyTailSection } from "./report-heavy-tails.js";
import { invarianceSection, scalingSection } from "./report-invariance.js";
import { outlierSection, windowSection } from "./report-outlier.js";
import { runsSection } from "./report-runs.js";
import type { Finding } from "./verdicts.js";

/**
 * Turns the record of a linear-width study into a report: verdicts first, then one part per recipe, then all runs.
 *
 * Relation: the status is "failed" when a number of a finding did not come out as expected, "cancelled" when the study was
 * cut short.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { linearWidthReport, linearWidthStudy } from "eigenscope/studies";
 * const study = linearWidthStudy({ rng: createRng(1), signal: { aborted: true } });
 * const provenance = { program: "study linear-width", seed: 1, options: {}, versions: {}, input: "generated" };
 * console.log(linearWidthReport(study, provenance).status); // cancelled
 * ```
 */
export function linearWidthReport(study: LinearWidthStudy, provenance: Provenance): ReportRecord {
  const { invariance, scaling, outlier, window, heavyTails, findings, plan } = study;
  const sections: ReportSection[] = [
    ...(findings.length === 0 ? [] : [verdictSection(findings)]),
    ...(invariance === null ? [] : [invarianceSection(invariance, plan)]),
    ...(scaling === null ? [] : [scalingSection(scaling, plan)]),
    ...(outlier === null ? [] : [outlierSection(outlier, plan)]),
    ...(window === null ? [] : [windowSection(window, plan)]),
    ...(heavyTails === null ? [] : [heavyTailSection(heavyTails, plan)]),
    ...(study.runs.length === 0 ? [] : [runsSection(study)]),
    ...(study.status === "cancelled" ? [] : [limitsSection()]),
  ];
  const failed = findings.filter((finding) => !finding.reproduced);
  return {
    id: "linear-width-study",
    title: "Spectral evolution in linear-width networks",
    summary: [
      ...findings.map(
        (finding) =>
          `${finding.number}. “${finding.statement}” ${finding.reproduced ? capital(finding.verdict) : "Not reproduced by this run"}. ${finding.shown}`,
      ),
      ...(plan.quick
        ? [
            `Quick form: one seed for adaptive training, sizes up to n = ${plan.scalingSizes[plan.scalingSizes.length - 1]}.`,
          ]
        : []),
      ...(plan.scale === 1
        ? []
        : [`All sizes were scaled by ${formatNumber(plan.scale)}: what is expected belongs to the full sizes.`]),
    ],
    status: study.status === "cancelled" ? "cancelled" : failed.length > 0 && plan.scale === 1 ? "failed" : "complete",
    provenance,
    sections,
    wallTimes: study.wallTimes,
  };
}

const SUBJECTS = ["Small steps", "Large steps", "Adaptive training"];

const capital = (words: string): string => `${words[0].toUpperCase()}${words.slice(1)}`;

function rangeText({ minimum, maximum }: { readonly minimum?: number; readonly maximum?: number }): string {
  const low = minimum === undefined ? "" : `≥ ${formatNumber(minimum, 3)}`;
  const high = maximum === undefined ? "" : `≤ ${formatNumber(maximum, 3)}`;
  return [low, high].filter((part) => part !== "").join(", ");
}

function verdictSection(findings: readonly Finding[]): ReportSection {
  return {
    id: "verdicts",
    title: "Verdicts, each with its baseline",
    status: findings.every((finding) => finding.reproduced) ? "complete" : "failed",
    text: [
      "Every number stands beside the same statistic where nothing was learned: a redrawn network, permuted entries, a random direction. “True with conditions” names what the note's sentence leaves out.",
    ],
    method: "",
    matvecs: null,
    figures: [],
    tables: findings.map((finding) => ({
      caption: `${finding.number}. ${SUBJECTS[finding.number - 1]}: ${finding.reproduced ? finding.verdict : "not reproduced by this run"}`,
      columns: [
        { label: "number", align: "left" },
        { label: "measured", digits: 3 },
        { label: "expected", align: "left" },
        { label: "baseline", digits: 3 },
        { label: "of", align: "left" },
        { label: "as expected", align: "left" },
      ],
      rows: finding.checks.map((check): Cell[] => [
        check.name,
        check.measured,
        typeof check.expected === "number"
          ? `${formatNumber(check.expected)}${check.tolerance > 0 ? ` ± ${formatNumber(check.tolerance)}` : ""}`
          : rangeText(check.expected),
        check.baseline.value,
        check.baseline.name,
        check.passed ? "yes" : "NO",
      ]),
    })),
    data: { findings },
  };
}

function limitsSection(): ReportSection {
  return {
    id: "limits",
    title: "7. What this does not show",
    status: "complete",
    text: [
      "These are two-layer networks with hundreds of units and a single-index teacher. The note speaks of larger ones and of real data; nothing here extrapolates to them beyond the exponents of part 2.",
      "The proposition behind part 1 is proved for squared loss and full steps of gradient descent; the theorem of the paper itself was not read, only its abstract. That the loss falls geometrically is an assumption of the 1/√n rate, seen here and not proved.",
      "Three seeds (one for adaptive training in the quick form) show that the effects are not accidents of one draw. They do not give confidence intervals.",
    ],
    method: "",
    matvecs: null,
    figures: [],
    tables: [],
    data: {},
  };
}
