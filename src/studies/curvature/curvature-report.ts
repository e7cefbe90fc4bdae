import { formatNumber } from "../../plot/index.js";
import type { Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import { percent } from "./percent.js";
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
      ...summaryOf(study),
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

/** One sentence for each part that was done. */
function summaryOf({ training, profile, spectra, outliers, edge, classes }: CurvatureStudy): string[] {
  const sentences: string[] = [];
  if (training !== null) {
    const test = training.testAccuracy[training.testAccuracy.length - 1];
    const tested = test === undefined ? "" : ` and ${percent(test)} of the test samples`;
    sentences.push(`It classifies ${percent(training.trainAccuracy)} of the training samples${tested} rightly.`);
  }
  if (profile !== null) {
    const { name, ggnShare, parameterShare } = profile.heaviest;
    sentences.push(
      `Most of the curvature is in ${name}: ${percent(ggnShare)} of the Gauss–Newton trace with ${percent(parameterShare)} of the parameters.`,
    );
  }
  if (spectra !== null) {
    const [H, G, R] = spectra.matrices;
    sentences.push(
      `The Hessian's largest eigenvalue is ${formatNumber(H.largest.values[0], 4)}, its smallest ${formatNumber(H.smallest?.values[0] ?? 0, 4)}; its trace is ${formatNumber(G.trace.mean, 3)} of the Gauss–Newton matrix plus ${formatNumber(R.trace.mean, 3)} of the residual.`,
    );
  }
  if (outliers !== null) {
    sentences.push(
      `The clearest gap of the Gauss–Newton spectrum stands after ${outliers.trained.outlierCount} eigenvalues, for C = ${classes} classes.`,
    );
  }
  if (edge !== null) {
    const runs = edge.runs.map((run) => `${run.optimizer} ${run.verdict}`);
    sentences.push(`Against their stability limits: ${runs.join(", ")}.`);
  }
  return sentences;
}

function verdictSection(study: CurvatureStudy): ReportSection {
  return {
    id: "verdicts",
    title: "Questions and answers",
    status: study.status,
    text: [
      "Every answer is computed from the numbers of this run. What holds here need not hold elsewhere: another seed, network or data set may answer differently.",
    ],
    method: `Rules: ${rulesOf(study).join("; ")}.`,
    matvecs: null,
    tables: [
      {
        caption: "",
        columns: [
          { label: "question", align: "left" },
          { label: "answer", align: "left" },
          { label: "evidence", align: "left" },
        ],
        rows: study.verdicts.map(({ question, answer, evidence }) => [question, answer, evidence]),
      },
    ],
    figures: [],
    data: { verdicts: study.verdicts },
  };
}

/** The rules behind the answers, each once. */
function rulesOf({ verdicts }: CurvatureStudy): string[] {
  return [...new Set(verdicts.map(({ id, rule }) => `${id.startsWith("edge-") ? "edge" : id}: ${rule}`))];
}
