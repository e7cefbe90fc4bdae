import { beforeAll, expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import { ggn, hessian } from "../../src/curvature/index.js";
import { eigh } from "../../src/linalg/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { htmlReport, jsonReport, textReport } from "../../src/report/index.js";
import {
  type CurvatureStudy,
  type CurvatureStudyOptions,
  curvatureStudy,
  curvatureStudyReport,
} from "../../src/studies/index.js";
import { settleCurvatureOptions } from "../../src/studies/curvature/options.js";
import { prepareCurvatureProblem } from "../../src/studies/curvature/problem.js";
import { curvatureVerdicts } from "../../src/studies/curvature/verdicts.js";

/** Small enough for a dense Hessian: 20-5-4 has 129 parameters. */
const SMALL: CurvatureStudyOptions = {
  quick: true,
  hidden: [5],
  epochs: 3,
  subset: 40,
  probes: 6,
  densityProbes: 2,
  lanczosSteps: 20,
  edgeSamples: 30,
  edgeSteps: 60,
};

const provenance = { program: "study curvature", seed: 3, options: {}, versions: {}, input: "generated" };

let study: CurvatureStudy;

beforeAll(() => {
  study = curvatureStudy({ ...SMALL, rng: createRng(3) });
});

test("all parts are there, and the record survives structured cloning", () => {
  expect(study.status).toBe("complete");
  for (const part of [study.training, study.profile, study.spectra, study.outliers, study.edge])
    expect(part).not.toBeNull();
  expect(structuredClone(study)).toEqual(study);
  expect(study.wallTimes).toEqual({});
  expect([study.sizes, study.parameterCount, study.classes]).toEqual([[20, 5, 4], 129, 4]);
});

test("ends, traces and outliers agree with dense matrices", () => {
  const settled = settleCurvatureOptions(SMALL, "test");
  const problem = prepareCurvatureProblem(null, null, settled, createRng(3), "test");
  const params = study.training!.trained;
  const options = { vectors: false, triangle: "lower" } as const;
  const H = eigh(toDense(hessian(problem.network, params, problem.subset)), options).values;
  const G = eigh(toDense(ggn(problem.network, params, problem.subset)), options).values;
  const [h, g, r] = study.spectra!.matrices;
  h.largest.values.forEach((value, i) => {
    expect(Math.abs(value - H[H.length - 1 - i])).toBeLessThanOrEqual(h.largest.residualNorms[i] + 1e-12);
    expect(h.largest.intervals.lower[i]).toBeLessThanOrEqual(h.largest.intervals.upper[i]);
  });
  h.smallest!.values.forEach((value, i) =>
    expect(Math.abs(value - H[i])).toBeLessThanOrEqual(h.smallest!.residualNorms[i] + 1e-12),
  );
  g.largest.values.forEach((value, i) =>
    expect(Math.abs(value - G[G.length - 1 - i])).toBeLessThanOrEqual(g.largest.residualNorms[i] + 1e-12),
  );
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  // Estimates from six sign vectors: within five standard errors (of a t-like law) of the exact traces; the identity to rounding.
  expect(Math.abs(h.trace.mean - sum(H))).toBeLessThan(5 * h.trace.standardError);
  expect(Math.abs(r.trace.mean - (sum(H) - sum(G)))).toBeLessThan(5 * r.trace.standardError);
  expect(study.spectra!.identityDefect).toBeLessThan(1e-13);
  expect(Math.abs(study.profile!.trained.ggnTrace / sum(G) - 1)).toBeLessThan(1e-12);
  study.outliers!.trained.attributions.forEach((item, i) => {
    expect(Math.abs(item.eigenvalue - G[G.length - 1 - i])).toBeLessThanOrEqual(item.residualNorm + 1e-12);
  });
  expect(study.outliers!.trained.shareDefect).toBeLessThan(1e-4);
});

test("three optimisers run against their own limits from one start", () => {
  const { runs, initialSharpness } = study.edge!;
  expect(runs.map((run) => run.optimizer)).toEqual(["gradient descent", "momentum", "adam"]);
  expect(runs.map((run) => run.limit.defined && Math.round(10 * run.limit.value) / 10)).toEqual([2, 3.8, 38]);
  expect(runs.map((run) => run.preconditioned)).toEqual([false, false, true]);
  for (const run of runs) expect(run.threshold).toBe(2 / run.stepSize);
  // Gradient descent starts at the stated share of its limit.
  expect(Math.abs((runs[0].stepSize * initialSharpness.value) / 2 - 0.7)).toBeLessThan(1e-12);
  expect(Math.abs(runs[0].records[0].product - 1.4)).toBeLessThan(1e-3);
});

test("verdicts follow from the numbers: other numbers, other answers", () => {
  const ids = ["heaviest-layer", "definiteness", "gauss-newton-top", "residual-trace", "effective-rank"];
  const more = ["outlier-count", "class-share", "edge-gradient-descent", "edge-momentum", "edge-adam"];
  expect(study.verdicts.map((verdict) => verdict.id)).toEqual([...ids, ...more]);
  const { spectra, outliers, edge } = study;
  const parts = { profile: null, spectra: null, outliers: null, edge: null };
  const answer = (changed: Partial<Parameters<typeof curvatureVerdicts>[0]>, id: string): string =>
    curvatureVerdicts({ ...parts, ...changed }, 4).find((verdict) => verdict.id === id)!.answer;
  const withBottom = (value: number): NonNullable<typeof spectra> => ({
    ...spectra!,
    matrices: [
      { ...spectra!.matrices[0], smallest: { ...spectra!.matrices[0].smallest!, values: Float64Array.of(value) } },
      spectra!.matrices[1],
      spectra!.matrices[2],
    ],
  });
  expect(answer({ spectra: withBottom(-1) }, "definiteness")).toBe("no: the Hessian is indefinite");
  expect(answer({ spectra: withBottom(0.1) }, "definiteness")).toBe("no direction of negative curvature was found");
  expect(answer({ spectra: { ...spectra!, leadingOverlap: 0.99 } }, "gauss-newton-top")).toBe("yes");
  expect(answer({ spectra: { ...spectra!, leadingOverlap: 0.5 } }, "gauss-newton-top")).toBe("only in part");
  const counted = (outlierCount: number): string =>
    answer({ outliers: { ...outliers!, trained: { ...outliers!.trained, outlierCount } } }, "outlier-count");
  expect([counted(3), counted(4), counted(1)]).toEqual([
    "3 (C − 1, C = 4)",
    "4 (C, C = 4)",
    "1 (neither C − 1 nor C, C = 4)",
  ]);
  const diverged = { ...edge!, runs: [{ ...edge!.runs[0], verdict: "diverged" as const }] };
  const [verdict] = curvatureVerdicts({ ...parts, edge: diverged }, 4);
  expect([verdict.answer, verdict.evidence]).toEqual([
    "diverged",
    `the loss left the range of numbers after ${edge!.runs[0].losses.length} steps`,
  ]);
});

test("the report: sections, figures, self-contained page, no parameter vectors in the JSON", () => {
  const report = curvatureStudyReport(study, provenance);
  expect(report.sections.map((section) => section.id)).toEqual([
    "verdicts",
    "training",
    "profile",
    "spectra",
    "outliers",
    "edge",
  ]);
  expect(report.summary).toHaveLength(6);
  const page = htmlReport(report);
  expect(page.match(/<svg /g)).toHaveLength(6);
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(jsonReport(report)).not.toContain('"trained":[');
  expect(textReport(report, { width: 100 })).toContain("5. Sharpness against 2/η: three optimisers");
});

test("the same seed gives the same report, another seed another; a clock gives wall times and changes nothing else", () => {
  const tiny = { ...SMALL, edgeSteps: 20, edgeSamples: 20, subset: 20, epochs: 1 };
  const run = (seed: number, now?: () => number): CurvatureStudy =>
    curvatureStudy({ ...tiny, rng: createRng(seed), ...(now === undefined ? {} : { now }) });
  const text = (record: CurvatureStudy): string =>
    jsonReport(curvatureStudyReport({ ...record, wallTimes: {} }, provenance));
  const first = run(1);
  let clock = 0;
  const timed = run(1, () => (clock += 1000));
  expect(text(timed)).toBe(text(first));
  expect(text(run(2))).not.toBe(text(first));
  expect(Object.keys(timed.wallTimes)).toEqual([
    "training",
    "curvature by layer",
    "spectra",
    "outliers and classes",
    "edge of stability",
  ]);
});

test("a cancelled study keeps the parts that were done", () => {
  let phase = "";
  const cut = curvatureStudy({
    ...SMALL,
    rng: createRng(3),
    onProgress: (progress) => (phase = progress.phase),
    signal: { get aborted() { return phase.startsWith("spectra"); } }, // prettier-ignore
  });
  expect(cut.status).toBe("cancelled");
  expect([cut.training === null, cut.profile === null, cut.spectra, cut.outliers, cut.edge]).toEqual([
    false,
    false,
    null,
    null,
    null,
  ]);
  const report = curvatureStudyReport(cut, provenance);
  expect(report.status).toBe("cancelled");
  expect(report.sections.map((section) => section.id)).toEqual(["verdicts", "training", "profile"]);
});

test("options out of range are refused before any work", () => {
  const run =
    (options: object): (() => CurvatureStudy) =>
    () =>
      curvatureStudy({ rng: createRng(1), ...options });
  expect(run({ quick: "yes" })).toThrow("curvatureStudy: quick must be true or false, got");
  expect(run({ hidden: [] })).toThrow(ArgumentError);
  expect(run({ subset: 3 })).toThrow("subset must be an integer >= 20, got 3");
  expect(run({ stepSize: -1 })).toThrow(ArgumentError);
  expect(run({ colour: 1 })).toThrow(OptionError);
  expect(run({ testImages: { images: { shape: [1], data: [] }, labels: { shape: [1], data: [] } } })).toThrow(
    "testImages must be given together with images",
  );
});
