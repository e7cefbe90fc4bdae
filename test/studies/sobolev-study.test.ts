import { beforeAll, expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { jsonReport } from "../../src/report/index.js";
import { type SobolevStudy, sobolevStudy, sobolevStudyReport } from "../../src/studies/index.js";
import { satisfies } from "../../src/studies/claims/claim.js";
import { matrixPart } from "../../src/studies/sobolev/matrix-part.js";
import { goldenSection, logSlope, logSpaced } from "../../src/studies/sobolev/numbers.js";
import { settleSobolevOptions } from "../../src/studies/sobolev/options.js";
import { partComparisons } from "../../src/studies/sobolev/sobolev-study.js";
import { sphereTargetPower, tailPower, torusPower, torusTarget } from "../../src/studies/sobolev/targets.js";
import { tolerance } from "../support/compare.js";

const PARTS = ["spectra", "training", "cube", "zeroModes", "physics", "matrices", "sweep"] as const;
const SECTIONS = ["spectra", "training", "cube", "zero-modes", "physics", "matrices", "sweep"];
const provenance = { program: "study sobolev", seed: 1, options: {}, versions: {}, input: "generated" };

let study: SobolevStudy;
let phases: string[];
let clock = 0;

beforeAll(() => {
  phases = [];
  study = sobolevStudy({
    quick: true,
    bandwidth: 16,
    torusSize: 16,
    rng: createRng(1),
    now: () => (clock += 500),
    onProgress: ({ phase }) => {
      if (phases.at(-1) !== phase.split(":")[0]) phases.push(phase.split(":")[0]!);
    },
  });
}, 120_000);

test("all parts are there, every number with an expected value agrees with it, and the record is plain data", () => {
  expect(study.status).toBe("complete");
  for (const name of PARTS) {
    const part = study[name]!;
    for (const item of partComparisons(part)) expect(satisfies(item, item.measured), item.name).toBe(true);
    expect(partComparisons(part).length, name).toBeGreaterThanOrEqual(3);
  }
  expect(study.passed).toBe(true);
  expect(structuredClone(study)).toEqual(study);
  expect(phases).toEqual(["spectra", "training", "unit cube", "zero modes", "Poisson losses", "matrices", "sweep"]);
  expect(Object.keys(study.wallTimes)).toEqual(phases);
});

test("three targets of different smoothness on three domains, in closed form and integrated", () => {
  const { curves, checks, times } = study.training!;
  expect(new Set(curves.map((curve) => `${curve.domain}/${curve.target}/${curve.order}`)).size).toBe(18);
  for (const { loss, predicted, exponent } of curves) {
    expect(loss).toHaveLength(times.length);
    loss.forEach((value, i) => expect(value).toBeLessThanOrEqual(i === 0 ? 1 : loss[i - 1]!));
    if (predicted !== null) expect(Math.abs(exponent / predicted - 1)).toBeLessThan(0.1);
  }
  expect(checks.map((check) => check.domain)).toEqual(["sphere", "torus", "Gaussian space"]);
  for (const { closed, integrated, steps } of checks) {
    expect(steps).toBeGreaterThan(5);
    closed.forEach((value, i) => expect(Math.abs(integrated[i]! - value)).toBeLessThan(1e-6));
  }
});

test("spectra carry error bars, condition numbers are reported or unresolved, zero modes are never learned", () => {
  for (const domain of study.spectra!.domains) {
    expect(domain.errorBounds.every((bar) => bar > 0)).toBe(true);
    domain.composite.forEach((value, i) => {
      const product = domain.kernel[i]! * domain.sobolev[i]!;
      expect(Math.abs(value - product)).toBeLessThanOrEqual(tolerance(4, 1, product)); // by mode, never by rank
    });
    expect(domain.conditionOfComposite.defined && domain.conditionOfKernel.defined).toBe(true);
    if (domain.conditionOfComposite.defined && domain.conditionOfKernel.defined)
      expect(domain.conditionOfKernel.value / domain.conditionOfComposite.value).toBeGreaterThan(100);
  }
  const two = study.zeroModes!.rows.filter((row) => row.kernel === "2 layers");
  expect(two.map((row) => row.domain)).toEqual(["sphere", "torus", "Gaussian space"]);
  for (const row of two) {
    expect(row.condition.defined).toBe(false);
    expect(!row.condition.defined && row.condition.reason).toMatch(/^unresolved: eigenvalue .* modes vanish$/);
    expect(row.neverLearned).toBeGreaterThan(0);
    expect(row.loss.at(-1)).toBeGreaterThan(0.1);
  }
  expect(two[0]!.first.slice(0, 3)).toEqual(["3", "5", "7"]);
});

test("negative controls: what the source claims, and pairings and symbols that are wrong, fail the same verdicts", () => {
  const training = partComparisons(study.training!);
  const jump = training.find((item) => item.name === "sphere, jump, order 0: exponent of the loss")!;
  // A kernel that decayed like the power d + 1, as the source has it, would give 2τ/4.
  expect(satisfies({ ...jump, expected: 1 / 4, tolerance: 0.1 / 4 }, jump.measured)).toBe(false);
  const best = partComparisons(study.spectra!).find((item) => item.name.startsWith("sphere: s*"))!;
  expect(satisfies(best, 3)).toBe(false); // s* = d, its limit, is not s* of the band
  const commutator = partComparisons(study.matrices!).find((item) => item.name.includes("K cut at degree 6"))!;
  const uncut = partComparisons(study.matrices!).find((item) => item.name.includes("K not cut"))!;
  expect(satisfies(commutator, uncut.measured)).toBe(false);
  const broken = { ...study, physics: { ...study.physics!, comparisons: [{ ...jump, measured: 9 }] } };
  const report = sobolevStudyReport(broken, provenance);
  expect(report.status).toBe("failed");
  const section = report.sections.find(({ id }) => id === "physics")!;
  expect(section.status).toBe("failed");
  expect(section.text.at(-1)).toContain("1 of 1 numbers do not agree");
  expect(section.tables.at(-1)!.rows[0]!.at(-1)).toBe("NO");
});

test("the report: seven sections with verdicts, figures with descriptions, JSON equal for equal records", () => {
  const report = sobolevStudyReport(study, provenance);
  expect(report.status).toBe("complete");
  expect(report.sections.map(({ id }) => id)).toEqual(SECTIONS);
  for (const section of report.sections) {
    expect(section.text.at(-1)).toMatch(/^Verdict: all \d+ numbers that have an expected value agree with it\.$/);
    expect(section.figures.length).toBeGreaterThanOrEqual(1);
    expect(section.method).not.toBe("");
    for (const figure of section.figures) expect(figure.description.length).toBeGreaterThan(40);
  }
  expect(jsonReport(sobolevStudyReport(study, provenance))).toBe(jsonReport(report));
});

test("the seed moves the random points and nothing else; points are equal for equal seeds", () => {
  const settled = { ...settleSobolevOptions({ quick: true }, "test"), sampleSizes: [64] };
  const draw = (seed: number): number[] => [...matrixPart(settled, createRng(seed), {}).samples[0]!.eigenvalues];
  expect(draw(1)).toEqual(draw(1));
  expect(draw(2)).not.toEqual(draw(1));
});

test("a cancelled study keeps the parts that were done", () => {
  for (const [after, kept] of [
    [0, []],
    [7, ["spectra"]],
  ] as const) {
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > after;
      },
    };
    const partial = sobolevStudy({ quick: true, bandwidth: 8, torusSize: 16, rng: createRng(1), signal });
    expect(partial.status).toBe("cancelled");
    expect(partial.passed).toBe(false);
    const report = sobolevStudyReport(partial, provenance);
    expect(report.status).toBe("cancelled");
    expect(report.sections.map(({ id }) => id)).toEqual(kept);
  }
});

test("powers of the targets: variances in closed form, Parseval on the torus, tails", () => {
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const D = 2000;
  expect(Math.abs(sum(sphereTargetPower(3, "jump", D)) - 1 / 4)).toBeLessThan(1 / D); // less a tail ~ 1/(2πD)
  expect(Math.abs(sum(sphereTargetPower(3, "kink", D)) - (1 / 6 - 1 / 16))).toBeLessThan(1 / D ** 3);
  const variance = Math.sinh(2) / 2 - Math.sinh(1) ** 2;
  expect(Math.abs(sum(sphereTargetPower(3, "smooth", D)) - variance)).toBeLessThan(tolerance(16, 1, variance));
  for (const name of ["jump", "kink", "smooth"] as const) {
    const values = torusTarget(name, 16);
    const power = torusPower(values, 16);
    const meanSquare = values.reduce((a, v) => a + v * v, 0) / 256;
    expect(Math.abs(sum(power) - meanSquare)).toBeLessThan(tolerance(16, 8, meanSquare));
    expect(Math.abs(power[0]!)).toBeLessThan(tolerance(16, 1) ** 2);
    const tail = tailPower(power, 16);
    expect(Math.abs(tail[0]! - meanSquare)).toBeLessThan(tolerance(16, 8, meanSquare));
    for (let k = 1; k < tail.length; k++) expect(tail[k]!).toBeLessThanOrEqual(tail[k - 1]!);
  }
});

test("slopes of power laws, logarithmic spacing and golden section", () => {
  const x = logSpaced(1, 100, 9);
  expect([x[0], x[8], x.length]).toEqual([1, 100, 9]);
  expect(
    Math.abs(
      logSlope(
        x,
        x.map((v) => 7 * v ** -2.5),
      ) + 2.5,
    ),
  ).toBeLessThan(tolerance(16, 9));
  expect(Math.abs(logSlope([1, 2, 4], [1, 0, 16]) - 2)).toBeLessThan(tolerance(16, 3));
  expect(Math.abs(goldenSection((t) => Math.abs(t - 0.3), -1, 2, 60) - 0.3)).toBeLessThan(1e-11);
});

test("wrong options are refused before any work", () => {
  const rng = createRng(1);
  const cases: readonly [object, new (...args: never[]) => Error, string][] = [
    [{ bandwidth: 4 }, ArgumentError, "sobolevStudy: bandwidth must be an integer in [8, 100], got 4"],
    [{ torusSize: 1000 }, ArgumentError, "torusSize must be an integer in [16, 128]"],
    [{ depth: 2 }, ArgumentError, "depth must be an integer in [3, 100], got 2"],
    [{ quick: "yes" }, ArgumentError, "quick must be true or false"],
    [{ depths: [2] }, OptionError, 'option "depths" must be one of quick'],
  ];
  for (const [options, type, message] of cases) {
    expect(() => sobolevStudy({ ...options, rng } as never), message).toThrow(type);
    expect(() => sobolevStudy({ ...options, rng } as never)).toThrow(message);
  }
});
