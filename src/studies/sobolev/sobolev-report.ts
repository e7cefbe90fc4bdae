import type { Provenance, ReportRecord, ReportSection } from "../../report/index.js";
import { satisfies } from "../claims/claim.js";
import { matrixSection, physicsSection, sweepSection, zeroModesSection } from "./report-rest.js";
import { spectraSection } from "./report-spectra.js";
import { cubeSection, trainingSection } from "./report-training.js";
import { type SobolevStudy, partComparisons } from "./sobolev-study.js";

/**
 * Turns the record of a Sobolev study into a report with verdicts, tables, figures and provenance.
 *
 * Relation: the status is "failed" when a number disagrees with what was expected of it, "cancelled" when the study was cut short.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { sobolevStudy, sobolevStudyReport } from "eigenscope/studies";
 * const study = sobolevStudy({ rng: createRng(1), quick: true, signal: { aborted: true } });
 * const provenance = { program: "study sobolev", seed: 1, options: {}, versions: {}, input: "generated" };
 * console.log(sobolevStudyReport(study, provenance).status); // cancelled
 * ```
 */
export function sobolevStudyReport(study: SobolevStudy, provenance: Provenance): ReportRecord {
  const { spectra, training, cube, zeroModes, physics, matrices, sweep } = study;
  const sections: ReportSection[] = [
    ...(spectra === null ? [] : [spectraSection(spectra, study.options.depth)]),
    ...(training === null ? [] : [trainingSection(training)]),
    ...(cube === null ? [] : [cubeSection(cube)]),
    ...(zeroModes === null ? [] : [zeroModesSection(zeroModes)]),
    ...(physics === null ? [] : [physicsSection(physics)]),
    ...(matrices === null ? [] : [matrixSection(matrices)]),
    ...(sweep === null ? [] : [sweepSection(sweep)]),
  ];
  const comparisons = [spectra, training, cube, zeroModes, physics, matrices, sweep].flatMap((part) =>
    part === null ? [] : partComparisons(part),
  );
  const agree = comparisons.filter((item) => satisfies(item, item.measured)).length;
  return {
    id: "sobolev-study",
    title: "Kernels and Sobolev losses on sphere, torus and Gaussian space",
    summary: [
      `${agree} of ${comparisons.length} numbers that theory or an independent computation predicts agree with it.`,
      ...sections.map((section) => section.text[0]),
    ],
    status: study.status === "cancelled" ? "cancelled" : agree < comparisons.length ? "failed" : "complete",
    provenance,
    sections,
    wallTimes: study.wallTimes,
  };
}
