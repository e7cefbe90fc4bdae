import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matrix, type Tagged, fromRows, matrix } from "../../src/core/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  effectiveRank,
  matrixSchattenNorm,
  matrixSpectrum,
  participationRatio,
  stableRank,
} from "../../src/spectra/index.js";
import { tolerance, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

type Reference = Record<string, number | string | number[]> & { A: number[][]; singular_values: number[] };
const { matrices } = fixture<{ matrices: Record<string, Reference> }>("spectra/reference.json");

/** The number of a tagged value; NaN when there is none, as the reference file writes it. */
const numberOf = (tagged: Tagged): number => (tagged.defined ? tagged.value : Number.NaN);

const EXACT = 1e-13; // relative accuracy of quantities that depend smoothly on the entries

test.each(Object.entries(matrices))("%s agrees with the reference in every quantity", (name, reference) => {
  const spectrum = matrixSpectrum(fromRows(reference.A));
  const expected = (key: string): number => Number(reference[key] ?? Number.NaN);
  const s1 = reference.singular_values[0]!;
  const scale = tolerance(8, Math.max(spectrum.rows, spectrum.cols), s1);
  spectrum.singularValues.forEach((value, i) =>
    expect(Math.abs(value - reference.singular_values[i]!)).toBeLessThanOrEqual(scale),
  );
  const smooth: [string, number, string][] = [
    ["spectralNorm", spectrum.spectralNorm, "spectral_norm"],
    ["frobeniusNorm", spectrum.frobeniusNorm, "frobenius"],
    ["nuclearNorm", spectrum.nuclearNorm, "nuclear"],
    ["oneNorm", spectrum.oneNorm, "norm_1_operator"],
    ["infinityNorm", spectrum.infinityNorm, "norm_inf_operator"],
    ["rowNormSum", spectrum.rowNormSum, "norm_2_1_rows"],
    ["columnNormSum", spectrum.columnNormSum, "norm_2_1_cols"],
    ["stableRank", numberOf(spectrum.stableRank), "stable_rank"],
    ["effectiveRank", numberOf(spectrum.effectiveRank), "effective_rank_roy_vetterli"],
    ["effectiveRankEnergy", numberOf(spectrum.effectiveRankEnergy), "effective_rank_energy"],
    ["participationRatio", numberOf(spectrum.participationRatio), "participation_ratio_sv2"],
    ["participationRatioSingular", numberOf(spectrum.participationRatioSingular), "participation_ratio_sv"],
  ];
  for (const [field, got, key] of smooth) {
    const want = expected(key);
    if (Number.isNaN(want)) expect(got, field).toBeNaN();
    else expect(withinRelative(got, want, EXACT).ok, `${field}: ${got} against ${want}`).toBe(true);
  }
  expect(spectrum.numericalRank).toBe(expected("numerical_rank"));
  expect(withinRelative(spectrum.rankTolerance, expected("rank_tol"), EXACT).ok || s1 === 0).toBe(true);
  if (s1 > 0) {
    expect(withinRelative(matrixSchattenNorm(spectrum.singularValues, 3), expected("schatten_3"), EXACT).ok).toBe(true);
    expect(withinRelative(matrixSchattenNorm(spectrum.singularValues, 2), expected("frobenius"), EXACT).ok).toBe(true);
  }
  const kappa = expected("condition_number");
  // The smallest singular value has an absolute error of a few n ε s_1: relative error κ n ε.
  if (Number.isNaN(kappa)) expect(spectrum.conditionNumber.defined).toBe(false);
  else
    expect(
      withinRelative(numberOf(spectrum.conditionNumber), kappa, tolerance(8, 8, Math.min(kappa, 1e9))).ok,
      name,
    ).toBe(true);
  const effective = expected("condition_number_effective");
  if (!Number.isNaN(effective))
    expect(withinRelative(numberOf(spectrum.effectiveConditionNumber), effective, tolerance(8, 8, effective)).ok).toBe(
      true,
    );
  const gap = expected("spectral_gap_sv");
  if (Number.isNaN(gap)) expect(spectrum.spectralGap.defined).toBe(false);
  else expect(Math.abs(numberOf(spectrum.spectralGap) - gap)).toBeLessThanOrEqual(2 * scale);
  if ("spectral_radius" in reference) {
    // Jordan blocks: eigenvalues move by ε^{1/k}.
    const loose = name === "nonnormal_3" || name === "nilpotent_2" ? 1e-5 : 1e-8;
    expect(Math.abs(numberOf(spectrum.spectralRadius) - expected("spectral_radius"))).toBeLessThanOrEqual(loose * s1);
    expect(Math.abs(numberOf(spectrum.numericalAbscissa) - expected("numerical_abscissa"))).toBeLessThanOrEqual(scale);
    expect(
      Math.abs(numberOf(spectrum.departureFromNormality) - expected("departure_from_normality_fro")),
    ).toBeLessThanOrEqual(1e-7 * s1);
  } else {
    expect(spectrum.spectralRadius).toEqual({ defined: false, reason: "only square matrices have eigenvalues" });
  }
});

test("the zero matrix has reasons instead of ratios", () => {
  const spectrum = matrixSpectrum(matrix(3, 2));
  for (const field of [
    "conditionNumber",
    "stableRank",
    "effectiveRank",
    "participationRatio",
    "relativeGap",
  ] as const) {
    expect(spectrum[field]).toEqual({ defined: false, reason: "zero matrix" });
  }
  expect(spectrum.spectralGap).toEqual({ defined: true, value: 0 });
  expect(matrixSpectrum(matrix(0, 3)).singularValues).toHaveLength(0);
});

/** Random matrices of nasty kinds: graded, rank-deficient, clustered, tiny and huge. */
const nasty: fc.Arbitrary<Matrix> = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    cols: fc.integer({ min: 1, max: 9 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    kind: fc.constantFrom("plain", "graded", "deficient", "tiny", "huge"),
  })
  .map(({ rows, cols, seed, kind }) => {
    const W = normalMatrix(createRng(seed), rows, cols);
    const scale = kind === "tiny" ? 1e-150 : kind === "huge" ? 1e150 : 1;
    const data = W.data.map((x, index) => {
      const j = index % cols;
      if (kind === "graded") return x * 10 ** -j;
      if (kind === "deficient" && j > cols / 2) return W.data[index - j]!;
      return x * scale;
    });
    return { rows, cols, data };
  });

test("inequalities between the rank measures, and transposition", () => {
  const SLACK = 1 + 1e-12;
  fc.assert(
    fc.property(nasty, (W) => {
      const s = matrixSpectrum(W);
      if (
        !s.stableRank.defined ||
        !s.participationRatio.defined ||
        !s.effectiveRankEnergy.defined ||
        !s.effectiveRank.defined
      )
        return;
      expect(s.stableRank.value).toBeGreaterThanOrEqual(1 / SLACK);
      expect(s.stableRank.value).toBeLessThanOrEqual(s.participationRatio.value * SLACK);
      expect(s.participationRatio.value).toBeLessThanOrEqual(s.effectiveRankEnergy.value * SLACK);
      expect(s.effectiveRankEnergy.value).toBeLessThanOrEqual(s.effectiveRank.value * SLACK);
      expect(s.effectiveRank.value).toBeLessThanOrEqual(Math.min(W.rows, W.cols) * SLACK);
      if (s.spectralRadius.defined) expect(s.spectralRadius.value).toBeLessThanOrEqual(s.spectralNorm * SLACK);
      expect(numberOf(stableRank(W))).toBeCloseTo(s.stableRank.value, 10);
    }),
  );
});

test("scaling changes norms and nothing else", () => {
  const W = normalMatrix(createRng(5), 6, 4);
  const a = matrixSpectrum(W);
  const b = matrixSpectrum({ ...W, data: W.data.map((x) => x * 2 ** 400) });
  expect(b.spectralNorm).toBe(a.spectralNorm * 2 ** 400);
  expect(withinRelative(numberOf(b.effectiveRank), numberOf(a.effectiveRank), EXACT).ok).toBe(true);
  expect(withinRelative(numberOf(b.conditionNumber), numberOf(a.conditionNumber), EXACT).ok).toBe(true);
});

test("the measures accept singular values in any order, and say which weights they use", () => {
  expect(numberOf(effectiveRank([0, 1, 1]))).toBeCloseTo(2, 12);
  expect(numberOf(participationRatio([3, 4]))).toBeCloseTo(625 / 337, 12);
  expect(numberOf(participationRatio([3, 4], { weights: "singular-values" }))).toBeCloseTo(49 / 25, 12);
  expect(() => effectiveRank([1, -1])).toThrow(
    "effectiveRank: input must be a matrix or singular values >= 0, got a negative number",
  );
  expect(() => effectiveRank([1], { weights: "squares" as "energy" })).toThrow(
    'weights must be one of "singular-values", "energy"',
  );
  expect(() => stableRank([1, Number.NaN])).toThrow("NaN at index 1");
  expect(() => matrixSpectrum({ rows: 1, cols: 1, data: Float64Array.of(Infinity) })).toThrow("Infinity at index 0");
});

test("Schatten norms: order 1 and infinity, a matrix or its values, monotone in the order, and their limits", () => {
  const W = normalMatrix(createRng(8), 7, 5);
  const { singularValues, nuclearNorm, spectralNorm } = matrixSpectrum(W);
  expect(withinRelative(matrixSchattenNorm(W, 1), nuclearNorm, EXACT).ok).toBe(true);
  expect(matrixSchattenNorm(W, Infinity)).toBe(spectralNorm);
  const orders = [1, 1.5, 2, 4, 40].map((order) => matrixSchattenNorm(singularValues, order));
  orders.slice(1).forEach((value, i) => expect(value).toBeLessThanOrEqual(orders[i]! * (1 + EXACT)));
  expect(withinRelative(matrixSchattenNorm([3e160, 4e160], 2), 5e160, EXACT).ok).toBe(true);
  expect(matrixSchattenNorm(matrix(3, 2), 3)).toBe(0);
  expect(() => matrixSchattenNorm(W, 0.5)).toThrow("matrixSchattenNorm: order must be");
});
