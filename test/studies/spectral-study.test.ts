import { beforeAll, expect, test } from "vitest";
import { ArgumentError, NonFiniteError, OptionError, ShapeError, toRows } from "../../src/core/index.js";
import { hessian } from "../../src/curvature/index.js";
import { eigh, svd } from "../../src/linalg/index.js";
import { toDense } from "../../src/operators/index.js";
import { createRng } from "../../src/random/index.js";
import { jsonReport } from "../../src/report/index.js";
import {
  type SpectralStudy,
  type SpectralStudyOptions,
  requireLabelledImages,
  spectralStudy,
  spectralStudyReport,
} from "../../src/studies/index.js";
import { weightSpectrum } from "../../src/studies/spectral/layers-part.js";
import { kernelPart } from "../../src/studies/spectral/kernel-part.js";
import { settleOptions } from "../../src/studies/spectral/options.js";
import { shareNearZero } from "../../src/studies/spectral/report-hessian.js";
import { prepareProblem, teacherStudent } from "../../src/studies/spectral/problem.js";
import { normalMatrix } from "../../src/random/index.js";
import { tolerance, within } from "../support/compare.js";

/** Small enough for a dense Hessian: 16-6-2 has 116 parameters. */
const SMALL: SpectralStudyOptions = {
  hidden: [6],
  steps: 30,
  subset: 64,
  sharpnessSteps: 3,
  largest: 4,
  smallest: 2,
  probes: 4,
  lanczosSteps: 20,
  torusSize: 8,
};

let study: SpectralStudy;

beforeAll(() => {
  study = spectralStudy({ ...SMALL, rng: createRng(3) });
});

const ROUNDING = 64; // accumulated rounding of sums over samples and layers, per parameter

test("all six parts are there, and the record survives structured cloning", () => {
  expect(study.status).toBe("complete");
  for (const part of [study.layers, study.training, study.hessian, study.kernel, study.torus, study.certificate])
    expect(part).not.toBeNull();
  expect(structuredClone(study)).toEqual(study);
  expect(study.wallTimes).toEqual({});
});

test("the ends of the Hessian agree with the dense Hessian within their residuals", () => {
  const settled = settleOptions(SMALL, [], "test");
  const problem = prepareProblem(null, null, settled, createRng(3), "test");
  const dense = toDense(hessian(problem.network, study.training!.trained, problem.subset));
  const { rows } = dense;
  const symmetric = {
    ...dense,
    data: dense.data.map((value, i) => (value + dense.data[(i % rows) * rows + Math.floor(i / rows)]!) / 2),
  };
  const { values } = eigh(symmetric, { vectors: false });
  const { largest, smallest } = study.hessian!;
  const slack = tolerance(ROUNDING, rows, values[rows - 1]!);
  largest.values.forEach((value, i) =>
    expect(Math.abs(value - values[rows - 1 - i]!)).toBeLessThanOrEqual(largest.residualNorms[i]! + slack),
  );
  smallest.values.forEach((value, i) =>
    expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(smallest.residualNorms[i]! + slack),
  );
  expect(largest.status).toBe("converged");
  // The last sharpness is the same eigenvalue, found on its own.
  const { sharpness } = study.training!;
  expect(Math.abs(sharpness.values.at(-1)! - largest.values[0]!)).toBeLessThanOrEqual(
    sharpness.residualNorms.at(-1)! + largest.residualNorms[0]! + slack,
  );
  expect(study.certificate!.certificate.hessian.method).toBe("dense");
});

test("the density has the trace of the Hessian's bulk within its band", () => {
  const { density, largest, dimension } = study.hessian!;
  const mass = density.grid.reduce(
    (sum, _, i) =>
      i === 0
        ? 0
        : sum + ((density.density[i]! + density.density[i - 1]!) / 2) * (density.grid[i]! - density.grid[i - 1]!),
    0,
  );
  const expected = 1 - largest.values.length / dimension; // the deflated eigenvalues are not part of it
  const QUADRATURE = 0.02; // trapezoidal rule on the default grid, and the Gaussians' tails beyond its ends
  expect(Math.abs(mass - expected)).toBeLessThan(QUADRATURE);
  density.density.forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(density.band.lower[i]!);
    expect(value).toBeLessThanOrEqual(density.band.upper[i]!);
  });
});

test("the share of the spectrum near zero is that of the density, in closed form", () => {
  const grid = Float64Array.from({ length: 201 }, (_, i) => (i - 100) / 100);
  const band = { lower: grid, upper: grid, level: 0.95 };
  const uniform = { grid, density: new Float64Array(201).fill(0.5), band, matvecs: 0 };
  const share = (top: number): number =>
    shareNearZero({ density: uniform, largest: { ...study.hessian!.largest, values: Float64Array.of(top) } });
  expect(within(share(10), 0.5, tolerance(1, 201)).ok).toBe(true); // |λ| <= 10/20 under the uniform law on [−1, 1]
  expect(within(share(40), 1, tolerance(1, 201)).ok).toBe(true);
  expect(share(0)).toBe(0);
});

test("the labels' shares sum to one, and the kernel's eigenvalues to its trace", () => {
  const { labelShares, eigenvalues, samples, leadingTen, forNinetyPercent } = study.kernel!;
  const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
  expect(within(sum(labelShares), 1, tolerance(ROUNDING, samples)).ok).toBe(true);
  expect(within(sum(labelShares.subarray(0, 10)), leadingTen, tolerance(ROUNDING, 10)).ok).toBe(true);
  expect(sum(labelShares.subarray(0, forNinetyPercent))).toBeGreaterThanOrEqual(0.9);
  expect(sum(labelShares.subarray(0, forNinetyPercent - 1))).toBeLessThan(0.9);
  for (let i = 1; i < samples; i++) expect(eigenvalues[i]!).toBeLessThanOrEqual(eigenvalues[i - 1]!);
});

test("the labels' shares do not change when the labels are scaled and shifted", () => {
  const settled = settleOptions({ ...SMALL, subset: 40 }, [], "test");
  const problem = prepareProblem(null, null, settled, createRng(3), "test");
  const { targets } = problem.subset;
  const moved = {
    ...problem,
    subset: { ...problem.subset, targets: { ...targets, data: targets.data.map((value) => 2 * value + 5) } },
  };
  const shares = kernelPart(moved, settled).labelShares;
  expect(within(shares, kernelPart(problem, settled).labelShares, tolerance(ROUNDING, 40, 25)).ok).toBe(true); // 25: the shift, squared
});

test("the torus eigenvalues for s = 0 sum to K(0) and weights multiply frequency by frequency", () => {
  const { spectra, lengths, traceDefect, errorBound, size } = study.torus!;
  expect(Math.abs(traceDefect)).toBeLessThanOrEqual(size * size * errorBound);
  const [plain, , weighted] = spectra;
  lengths.forEach((length, i) => {
    const expected = plain!.values[i]! * (1 + length * length) ** 1.5;
    expect(Math.abs(weighted!.values[i]! - expected)).toBeLessThanOrEqual(tolerance(ROUNDING, 1, Math.abs(expected)));
  });
});

test("singular values of a layer are those of its weights; a planted spike is found outside the bulk", () => {
  const rng = createRng(11);
  const W = normalMatrix(rng, 60, 120);
  for (let i = 0; i < 60; i++)
    for (let j = 0; j < 120; j++) W.data[i * 120 + j]! += 40 * (1 / Math.sqrt(60)) * (1 / Math.sqrt(120));
  const { singularValues, bulk } = weightSpectrum(W);
  expect(
    within(singularValues, svd(W, { vectors: "none" }).singularValues, tolerance(ROUNDING, 120, singularValues[0])).ok,
  ).toBe(true);
  expect(bulk.defined && bulk.value.outliers).toHaveLength(1);
  expect(bulk.defined && Math.abs(bulk.value.variance - 1) < 4 * bulk.value.standardError).toBe(true);
  // The density curve holds the share of the bulk: 59 of 60 values.
  const { grid, density } = bulk.defined ? bulk.value : { grid: [], density: [] };
  const mass = grid.reduce(
    (sum, s, i) => (i === 0 ? 0 : sum + ((density[i]! + density[i - 1]!) / 2) * (s - grid[i - 1]!)),
    0,
  );
  expect(Math.abs(mass - 59 / 60)).toBeLessThan(1e-3); // trapezoidal rule on 161 points
});

test("a matrix with few values has no law, and says so", () => {
  const { bulk } = weightSpectrum(normalMatrix(createRng(1), 3, 40));
  expect(bulk).toEqual({ defined: false, reason: "3 nonzero singular values are too few to fit a law" });
});

test("the generated targets have mean 0 and variance 1", () => {
  const rows = toRows(teacherStudent(createRng(1)).targets);
  for (const j of [0, 1]) {
    const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + row[j]! ** 2, 0) / rows.length;
    expect(within(mean, 0, tolerance(ROUNDING, rows.length)).ok).toBe(true);
    expect(within(variance, 1, tolerance(ROUNDING, rows.length)).ok).toBe(true);
  }
});

test("the same seed gives the same report, another seed another", () => {
  const context = { seed: 3, input: "generated", versions: {} };
  const text = jsonReport(spectralStudyReport(study, context));
  expect(jsonReport(spectralStudyReport(spectralStudy({ ...SMALL, rng: createRng(3) }), context))).toBe(text);
  expect(jsonReport(spectralStudyReport(spectralStudy({ ...SMALL, rng: createRng(4) }), context))).not.toBe(text);
});

test("a clock gives wall times by phase, and changes nothing else", () => {
  let time = 0;
  const timed = spectralStudy({ ...SMALL, rng: createRng(3), now: () => (time += 500) });
  expect(timed.wallTimes["training"]).toBe(0.5);
  expect({ ...timed, wallTimes: {} }).toEqual(study);
});

test("a cancelled study keeps the parts that were done", () => {
  for (const [after, kept] of [
    [0, []],
    [12, ["training"]],
  ] as const) {
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > after;
      },
    };
    const partial = spectralStudy({ ...SMALL, rng: createRng(3), signal });
    expect(partial.status).toBe("cancelled");
    expect(
      spectralStudyReport(partial, { seed: 3, input: "generated", versions: {} }).sections.map((section) => section.id),
    ).toEqual(kept);
  }
});

test("progress names the part", () => {
  const phases = new Set<string>();
  spectralStudy({ ...SMALL, rng: createRng(3), onProgress: ({ phase }) => phases.add(phase.split(":")[0]!) });
  expect([...phases]).toEqual([
    "training",
    "singular values",
    "Hessian",
    "neural tangent kernel",
    "torus",
    "certificate",
  ]);
});

test("wrong options are refused before any work", () => {
  const rng = createRng(1);
  const images = { shape: [60, 2], data: Array.from({ length: 120 }, (_, i) => i % 7) };
  const labels = { shape: [60], data: Array.from({ length: 60 }, (_, i) => i % 2) };
  const cases: readonly [SpectralStudyOptions, new (...args: never[]) => Error, string][] = [
    [{ subset: 3 }, ArgumentError, "spectralStudy: subset must be an integer >= 20, got 3"],
    [{ hidden: [] }, ArgumentError, "hidden must be a list of at least one width"],
    [{ hidden: [1] }, ArgumentError, "hidden[0] must be an integer in [2, 4096], got 1"],
    [{ stepSize: 0 }, ArgumentError, "stepSize must be a finite number > 0, got 0"],
    [{ stepSize: Number.NaN }, NonFiniteError, "stepSize"],
    [{ smoothness: [] }, ArgumentError, "smoothness must be a list of at least one number"],
    [{ testImages: { images, labels } }, OptionError, "testImages must be given together with images"],
    [
      { images: { images, labels: { shape: [61], data: labels.data } } },
      ShapeError,
      "labels must be one per image, 60 in all, got 61 labels",
    ],
    [
      { images: { images: { shape: [60, 2], data: [1] }, labels } },
      ShapeError,
      "images must be backed by 120 numbers, got 1 numbers",
    ],
    [
      { images: { images, labels: { shape: [60], data: labels.data.map((label) => -label) } } },
      ArgumentError,
      "labels must be integers in [0, 999], got -1 at index 1",
    ],
    [{ depth: 3 } as object, OptionError, 'option "depth" must be one of images'],
  ];
  for (const [options, type, message] of cases) {
    expect(() => spectralStudy({ ...options, rng })).toThrow(type);
    expect(() => spectralStudy({ ...options, rng })).toThrow(message);
  }
});

test("images and labels that fit are handed back as they are; big integers are labels too", () => {
  const data = {
    images: { shape: [60, 1, 2], data: Float32Array.from({ length: 120 }, (_, i) => i % 7) },
    labels: { shape: [60], data: BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i % 3)) },
  };
  expect(requireLabelledImages(data, "test")).toBe(data);
  expect(() => requireLabelledImages({ images: [[1]], labels: [0] } as never, "test")).toThrow(
    "test: data must be { images, labels } with shape and data",
  );
});
