import type { ReportRecord, ReportSection } from "../../report/index.js";
import { certificateSection } from "./report-certificate.js";
import { hessianSection } from "./report-hessian.js";
import { kernelSection, torusSection } from "./report-kernels.js";
import { layersSection } from "./report-layers.js";
import { trainingSection, trainingSentence } from "./report-training.js";
import type { SpectralStudy } from "./spectral-study.js";

/** What a report needs that the study does not know. */
export interface SpectralReportContext {
  /** Seed of the stream that the study was given. */
  readonly seed: number | readonly number[];
  /** The input in words. */
  readonly input: string;
  /** Versions of what computed. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Turns the record of a spectral study into a report with tables, figures and provenance.
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { spectralStudy, spectralStudyReport } from "eigenscope/studies";
 * const study = spectralStudy({ rng: createRng(1), signal: { aborted: true } });
 * const report = spectralStudyReport(study, { seed: 1, input: "generated", versions: {} });
 * console.log(report.status, report.sections.length); // cancelled 0
 * ```
 */
export function spectralStudyReport(study: SpectralStudy, context: SpectralReportContext): ReportRecord {
  const { training, layers, hessian, kernel, torus, certificate } = study;
  const sections: ReportSection[] = [
    ...(layers === null ? [] : [layersSection(layers, study)]),
    ...(training === null ? [] : [trainingSection(training, study)]),
    ...(hessian === null ? [] : [hessianSection(hessian, study)]),
    ...(kernel === null ? [] : [kernelSection(kernel, study)]),
    ...(torus === null ? [] : [torusSection(torus, study)]),
    ...(certificate === null ? [] : [certificateSection(certificate, study)]),
  ];
  return {
    id: "spectral-study",
    title: "What the spectra of a small network say",
    summary: [
      `Network ${study.sizes.join("-")} with ReLU, ${study.parameterCount} parameters, ${study.options.loss} loss, ${study.options.samples} training samples; ` +
        `curvature and kernels on a seeded subset of ${study.subsetSize}.`,
      ...(training === null ? [] : [trainingSentence(training)]),
      ...sections.flatMap((section) => section.text.slice(0, 1)),
    ],
    status: study.status,
    provenance: {
      program: "study spectral",
      seed: context.seed,
      options: { ...study.options },
      versions: context.versions,
      input: context.input,
    },
    sections,
    wallTimes: study.wallTimes,
  };
}
