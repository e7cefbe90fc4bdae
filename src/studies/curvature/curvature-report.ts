import type { Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import { edgeSection } from "./report-edge.js";
import { outliersSection } from "./report-outliers.js";
import { profileSection } from "./report-profile.js";
import { spectraSection } from "./report-spectra.js";
import { trainingSection } from "./report-training.js";

/**
 * Turns the record of a curvature study into a report with verdicts, tables, figures and provenance.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { curvatureStudy, curvatureStudyReport } from "eigenscope/studies";
 * const study = curvatureStudy({ rng: createRng(1), signal: { aborted: true } });
 * const provenance = { program: "study curvature", seed: 1, options: {}, versions: {}, input: "generated" };
 * console.log(curvatureStudyReport(study, provenance).status); // cancelled
 * ```
 */
export function curvatureStudyReport(study: CurvatureStudy, provenance: Provenance): ReportRecord {
  const { training, profile, spectra, outliers, edge } = study;
  return {
    id: "curvature-study",
    title: "Where is the curvature, and what does it do to training?",
    summary: [
      `Network ${study.sizes.join("-")} with tanh, ${study.parameterCount} parameters, ${study.options.samples} training samples of ${study.classes} classes; ` +
        `curvature on a seeded subset of ${study.options.subset}.`,
      ...study.verdicts.map(({ question, answer, evidence }) => `${question} ${capital(answer)}: ${evidence}.`),
    ],
    status: study.status,
    provenance,
    sections: [
      ...(study.verdicts.length === 0 ? [] : [verdictSection(study)]),
      ...(training === null ? [] : [trainingSection(training, study)]),
      ...(profile === null ? [] : [profileSection(profile, study)]),
      ...(spectra === null ? [] : [spectraSection(spectra, study)]),
      ...(outliers === null ? [] : [outliersSection(outliers, study)]),
      ...(edge === null ? [] : [edgeSection(edge, study)]),
    ],
    wallTimes: study.wallTimes,
  };
}

const capital = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}`;

function verdictSection(study: CurvatureStudy): ReportSection {
  return {
    id: "verdicts",
    title: "Questions and answers",
    status: study.status,
    text: [
      "Every answer is computed from this run by the rule beside it. What holds here need not hold elsewhere: another seed, network or data set may answer differently.",
    ],
    method: "",
    matvecs: null,
    tables: [
      {
        caption: "",
        columns: [
          { label: "question", align: "left" },
          { label: "answer for this run", align: "left" },
          { label: "rule", align: "left" },
        ],
        rows: study.verdicts.map(({ question, answer, rule }) => [question, answer, rule]),
      },
    ],
    figures: [],
    data: { verdicts: study.verdicts },
  };
}
