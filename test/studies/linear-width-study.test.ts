import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import { createRng } from "../../src/random/index.js";
import { htmlReport, jsonReport } from "../../src/report/index.js";
import { type LinearWidthStudy, linearWidthReport, linearWidthStudy } from "../../src/studies/index.js";
import { drawCase, recipeNormals } from "../../src/studies/linear-width/case.js";
import { kernelNormBound } from "../../src/studies/linear-width/move-bounds.js";
import { kernelAlignment, largeSteps } from "../../src/studies/linear-width/large-step.js";
import {
  criticalRate,
  difference,
  eigenvaluesOf,
  gradients,
  kernelsOf,
  outputs,
  tangentKernel,
  testError,
  valuesOf,
} from "../../src/studies/linear-width/network.js";
import {
  bulkDistance,
  chanceOfOverlap,
  ks,
  overlapQuantile,
  rankCorrelation,
  teacherOverlap,
} from "../../src/studies/linear-width/statistics.js";
import { trainCase } from "../../src/studies/linear-width/training.js";

interface Reference {
  readonly oneStep: {
    readonly loss0: number;
    readonly grad_op: number;
    readonly eta: number;
    readonly sv_top3: readonly number[];
    readonly align_beta: number;
    readonly row_energy_prediction: number;
    readonly y_first3: readonly number[];
  };
  readonly steps: readonly Readonly<Record<string, number>>[];
  readonly small: { readonly result: Readonly<Record<string, { readonly min: number; readonly max: number }>> };
}

const reference = JSON.parse(
  readFileSync(new URL("../fixtures/studies/linear-width.json", import.meta.url), "utf8"),
) as Reference;

const rng = createRng(5);
const EXACT = 1e-11; // gradients and singular values of matrices of a few hundred rows, in units of the values
const near = (measured: number, expected: number, tolerance: number): void =>
  expect(Math.abs(measured - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));

test("foreign oracle: one large step of the exact mini case", () => {
  const { oneStep } = reference;
  const start = drawCase(recipeNormals(7), { d: 40, h: 60, n: 80, outputScale: 0.1, noise: 0.3, teacher: "softplus" });
  oneStep.y_first3.forEach((y, i) => near(start.y[i], y, EXACT));
  const { loss, W } = gradients(start.W, start.v, start.X, start.y);
  near(loss, oneStep.loss0, EXACT);
  near(valuesOf(W)[0], oneStep.grad_op, EXACT);
  const step = largeSteps(start).step(2);
  near(step.rate, oneStep.eta, EXACT);
  oneStep.sv_top3.forEach((s, i) => near(step.singularValues[i], s, EXACT));
  near(step.alignment, oneStep.align_beta, EXACT);
  near(step.predicted, oneStep.row_energy_prediction, EXACT);
});

test("foreign oracle: recipe R2, full output weights, all seeds and strengths", () => {
  for (const seed of [7, 8, 9]) {
    const shape = { d: 150, h: 300, n: 600, noise: 0.3, teacher: "softplus" } as const;
    const start = drawCase(recipeNormals(seed), shape);
    const series = largeSteps(start);
    for (const row of reference.steps.filter((other) => other["seed"] === seed)) {
      const step = series.step(row["theta"]!);
      near(step.top, row["sv1"]!, EXACT);
      near(step.second, row["sv2"]!, EXACT);
      near(step.alignment, row["align_beta"]!, 1e-9);
      near(step.rankOneEnergy, row["grad_rank1_energy"]!, EXACT);
      near(step.naive, row["theory_sv1"]!, EXACT);
      if (row["theta"] === 2) near(kernelAlignment(step.W, start.X, start.y, rng), row["align_CK_u1_y"]!, 1e-6);
    }
  }
});

test("foreign oracle: recipe R1, seed 7, lies in the reference's range over its seeds", () => {
  const start = drawCase(recipeNormals(7), {
    d: 200,
    h: 300,
    n: 400,
    noise: 0.3,
    teacher: "softplus",
    testPoints: 1000,
  });
  const { W, v, losses } = trainCase(start, { rate: 20, steps: 120 });
  const inside = (name: string, value: number, slack = 1e-9): void => {
    const { min, max } = reference.small.result[name]!;
    expect(value).toBeGreaterThanOrEqual(min - slack);
    expect(value).toBeLessThanOrEqual(max + slack);
  };
  inside("train_loss", gradients(W, v, start.X, start.y).loss);
  inside("KS_W_sv", ks(valuesOf(W), valuesOf(start.W)));
  const move = difference(W, start.W);
  const length = (data: Float64Array): number => Math.hypot(...data);
  inside("rel_move_W_F", length(move.data) / length(start.W.data));
  inside("rel_move_W_2", valuesOf(move)[0] / valuesOf(start.W)[0]);
  inside("align_v1_beta", teacherOverlap(W, start.beta).first);
  const [before, after] = [kernelsOf(start.W, start.v, start.X), kernelsOf(W, v, start.X)];
  inside("KS_NTK", ks(eigenvaluesOf(tangentKernel(after)), eigenvaluesOf(tangentKernel(before))));
  // The same fresh points: the error is the reference's own number.
  inside("test_mse_over_var", testError(start, W, v));
  expect(losses[0]).toBeGreaterThan(1);
});

test("foreign oracle: gradient descent and Adam on both layers, against numpy", () => {
  const { runs } = JSON.parse(
    readFileSync(new URL("../fixtures/studies/linear-width-adam.json", import.meta.url), "utf8"),
  ) as {
    readonly runs: readonly {
      readonly setup: {
        readonly d: number;
        readonly h: number;
        readonly n: number;
        readonly testPoints: number;
        readonly rate: number;
        readonly steps: number;
        readonly adam: boolean;
      };
      readonly losses: readonly [number, number, number];
      readonly singularValues: readonly number[];
      readonly testError: number;
    }[];
  };
  for (const { setup, losses, singularValues, testError: error } of runs) {
    const start = drawCase(recipeNormals(7), { ...setup, noise: 0.2, teacher: "relu" });
    const run = trainCase(start, { ...setup, both: true });
    // Forty steps amplify the rounding of the first; Adam divides by gradients, which may be small.
    const tolerance = setup.adam ? 1e-7 : 1e-11;
    [0, setup.steps / 2, setup.steps - 1].forEach((t, k) => near(run.losses[t], losses[k]!, tolerance));
    singularValues.forEach((s, k) => near(valuesOf(run.W)[k], s, tolerance));
    near(testError(start, run.W, run.v), error, tolerance);
  }
});

test("the gradient is that of the loss, by differences", () => {
  const start = drawCase(recipeNormals(3), { d: 6, h: 9, n: 12, noise: 0.3, teacher: "relu" });
  const { W, v } = gradients(start.W, start.v, start.X, start.y);
  const step = 1e-6;
  const loss = (dW: Float64Array, dv: Float64Array): number => {
    const moved = { ...start.W, data: start.W.data.map((value, e) => value + dW[e]) };
    const f = outputs(
      moved,
      start.v.map((value, k) => value + dv[k]),
      start.X,
    );
    return f.reduce((sum, value, i) => sum + (value - start.y[i]) ** 2, 0) / (2 * 12);
  };
  const direction = rng.fork("direction");
  const dW = W.data.map(() => direction.normal());
  const dv = v.map(() => direction.normal());
  const scaled = (x: Float64Array, t: number): Float64Array => x.map((value) => t * value);
  const slope = (loss(scaled(dW, step), scaled(dv, step)) - loss(scaled(dW, -step), scaled(dv, -step))) / (2 * step);
  const exact = W.data.reduce((sum, g, e) => sum + g * dW[e], 0) + v.reduce((sum, g, k) => sum + g * dv[k], 0);
  near(slope, exact, 1e-7);
});

test("batches: every epoch visits every sample once; the step norms add up to at least the move", () => {
  const start = drawCase(recipeNormals(3), { d: 8, h: 12, n: 20, noise: 0.3, teacher: "softplus" });
  const run = trainCase(start, { rate: 1, steps: 12, batch: 5, rng: createRng(1) });
  expect(run.losses).toHaveLength(12);
  const move = Math.hypot(...difference(run.W, start.W).data);
  const way = run.stepNorms.reduce((sum, step) => sum + step, 0);
  expect(way).toBeGreaterThanOrEqual(move);
  const again = trainCase(start, { rate: 1, steps: 12, batch: 5, rng: createRng(1) });
  expect(again.W.data).toEqual(run.W.data);
  const full = trainCase(start, { rate: 1, steps: 1, batch: 20, rng: createRng(1) });
  near(full.losses[0], trainCase(start, { rate: 1, steps: 1 }).losses[0], 1e-13);
});

test("the bound on the kernel holds along a run, for every step", () => {
  const start = drawCase(recipeNormals(4), { d: 20, h: 30, n: 40, noise: 0.3, teacher: "softplus" });
  const bound = kernelNormBound(start);
  let largest = 0;
  trainCase(start, { rate: 2 * criticalRate(start), steps: 15 }, {}, (_, W) => {
    const values = eigenvaluesOf(kernelsOf(W, start.v, start.X).firstLayer);
    largest = Math.max(largest, values[values.length - 1]);
  });
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest).toBeGreaterThan(bound / 20);
});

test("the chance of an overlap: quantiles invert it, and random directions obey it", () => {
  for (const [p, d, k] of [
    [0.5, 100, 1],
    [0.01, 150, 1],
    [0.01, 100, 5],
  ] as const)
    near(chanceOfOverlap(overlapQuantile(p, d, k), d, k), p, 1e-9);
  const high = overlapQuantile(0.1, 30);
  const draws = 4000; // standard error 0.0047
  let above = 0;
  for (let i = 0; i < draws; i++) {
    const x = Array.from({ length: 30 }, () => rng.normal());
    if (Math.abs(x[0]) / Math.hypot(...x) > high) above++;
  }
  expect(Math.abs(above / draws - 0.1)).toBeLessThan(4 * 0.0047);
});

test("rank correlation and bulk distance: closed forms", () => {
  expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
  expect(rankCorrelation([1, 1, 2, 2], [1, 2, 1, 2])).toBeCloseTo(0, 12);
  expect(bulkDistance(Float64Array.of(9, 2, 1), Float64Array.of(5, 2, 1), 1)).toBe(0);
});

let small: LinearWidthStudy;
const SMALL = { seeds: [7], quick: true, scale: 0.2 } as const;

beforeAll(() => {
  small = linearWidthStudy({ rng: createRng(1), ...SMALL });
});

test("a small study has all its parts, bounds that hold, and baselines on every number", () => {
  expect(small.status).toBe("complete");
  expect(small.findings.map((finding) => finding.number)).toEqual([1, 2, 3]);
  for (const finding of small.findings) {
    expect(finding.checks.length).toBeGreaterThan(5);
    for (const check of finding.checks) {
      expect(Number.isFinite(check.measured), check.name).toBe(true);
      expect(Number.isFinite(check.baseline.value), check.name).toBe(true);
      expect(check.baseline.name).not.toBe("");
    }
  }
  for (const { bounds } of small.invariance!.runs) {
    if (bounds === null) continue;
    for (const key of ["relativeMove", "weights", "levy", "features", "tangent"] as const) {
      const { measured, direct, bound } = bounds[key];
      expect(measured).toBeLessThanOrEqual(direct * (1 + 1e-12));
      expect(direct).toBeLessThanOrEqual(bound * (1 + 1e-12));
    }
  }
  expect(small.runs.length).toBeGreaterThan(10);
  for (const run of small.runs) expect(Number.isFinite(run.testError), run.name).toBe(true);
});

test("the report of a small study: sections, figures, no outside address, and the scale is said", () => {
  const provenance = {
    program: "study linear-width",
    seed: 1,
    options: { ...small.plan },
    versions: {},
    input: "generated",
  };
  const report = linearWidthReport(small, provenance);
  expect(report.status).toBe("complete");
  expect(report.sections.map((section) => section.id)).toEqual([
    "verdicts",
    "small-steps",
    "scaling",
    "large-step",
    "window",
    "heavy-tails",
    "runs",
    "limits",
  ]);
  expect(report.summary.join(" ")).toContain("All sizes were scaled by 0.2");
  const page = htmlReport(report);
  expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(9);
  expect(page).not.toMatch(/(src|href)="https?:/);
  expect(jsonReport(report)).toContain('"permutedHill"');
});

test("equal options and streams give equal records; another stream another one", () => {
  const again = linearWidthStudy({ rng: createRng(1), ...SMALL });
  expect(JSON.stringify(again)).toBe(JSON.stringify(small));
  const other = linearWidthStudy({ rng: createRng(2), ...SMALL, signal: abortAfter(60) });
  expect(other.status).toBe("cancelled");
});

/** Aborted once it was looked at often enough. */
function abortAfter(looks: number): { readonly aborted: boolean } {
  let left = looks;
  return {
    get aborted() {
      return left-- <= 0;
    },
  };
}

test("a cancelled study keeps whole parts, and its report says so", () => {
  const phases: string[] = [];
  const study = linearWidthStudy({
    rng: createRng(1),
    ...SMALL,
    onProgress: ({ phase }) => phases.push(phase),
    signal: {
      get aborted() {
        return phases.some((phase) => phase.startsWith("scaling"));
      },
    },
  });
  expect(study.status).toBe("cancelled");
  expect(study.invariance).not.toBeNull();
  expect(study.scaling).toBeNull();
  expect(study.findings).toEqual([]);
  expect(study.passed).toBe(false);
  const provenance = { program: "study linear-width", seed: 1, options: {}, versions: {}, input: "generated" };
  const report = linearWidthReport(study, provenance);
  expect(report.status).toBe("cancelled");
  expect(report.sections.map((section) => section.id)).toEqual(["small-steps", "runs"]);
});

test("negative control: a study whose numbers are not as expected fails", () => {
  const finding = small.findings[0]!;
  const broken: LinearWidthStudy = {
    ...small,
    plan: { ...small.plan, scale: 1 },
    findings: [{ ...finding, reproduced: false }],
  };
  const provenance = { program: "study linear-width", seed: 1, options: {}, versions: {}, input: "generated" };
  const report = linearWidthReport(broken, provenance);
  expect(report.status).toBe("failed");
  expect(report.summary[0]).toContain("Not reproduced by this run");
});

test("wrong options are refused before any work", () => {
  const wrong: readonly (readonly [object, new (...words: never[]) => Error, string])[] = [
    [{}, ArgumentError, "rng must be a stream"],
    [{ rng, seeds: [] }, ArgumentError, "seeds must be a list of at least one seed"],
    [{ rng, seeds: [-1] }, ArgumentError, "seeds[0] must be"],
    [{ rng, quick: 1 }, ArgumentError, "quick must be true or false"],
    [{ rng, scale: 0.1 }, ArgumentError, "scale must be"],
    [{ rng, depth: 3 }, OptionError, 'option "depth" must be one of'],
  ];
  for (const [options, type, message] of wrong) {
    expect(() => linearWidthStudy(options as never)).toThrow(type);
    expect(() => linearWidthStudy(options as never)).toThrow(message);
  }
});
