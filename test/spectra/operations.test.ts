import { expect, test } from "vitest";
import { type Matrix, fromRows, matrix } from "../../src/core/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, fillNormal, normalMatrix } from "../../src/random/index.js";
import {
  matrixSpectrum,
  spectralNormalize,
  spectralNormalizeGradient,
  spectralPenalty,
  truncateSvd,
} from "../../src/spectra/index.js";
import { tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Reference {
  spectral_normalisation: {
    W: number[][];
    u0: number[];
    steps: { t: number; sigma_hat: number; u: number[]; v: number[] }[];
    sigma1: number;
    sigmas: number[];
  };
  spectral_regularisation: { W1: number[][]; W2: number[][]; value: number; gradients: number[][][] };
  svd_pruning: {
    A: number[][];
    table: {
      k: number;
      err_2: number;
      err_F: number;
      err_nuc: number;
      energy: number;
      params_factored: number;
      compresses: boolean;
    }[];
  };
}
const reference = fixture<Reference>("spectra/reference.json");
const minus = (A: Matrix, B: Matrix): Matrix => ({ ...A, data: A.data.map((x, i) => x - B.data[i]!) });

test("spectral normalisation replays the reference steps with a persistent u", () => {
  const { W: rows, u0, steps, sigma1 } = reference.spectral_normalisation;
  const W = fromRows(rows);
  let u = Float64Array.from(u0);
  let t = 0;
  for (const step of steps) {
    let result = spectralNormalize(W, { u, steps: step.t - t });
    t = step.t;
    expect(withinRelative(result.sigma, step.sigma_hat, 1e-13).ok).toBe(true);
    expect(within(result.u, step.u, 1e-12).ok).toBe(true);
    expect(within(result.v, step.v, 1e-12).ok).toBe(true);
    expect(result.sigma).toBeLessThanOrEqual(sigma1 * (1 + tolerance(4, 6)));
    expect(sigma1 - result.sigma).toBeLessThanOrEqual(result.residual); // a singular value within the residual
    expect(matrixSpectrum(result.normalized).spectralNorm).toBeGreaterThanOrEqual(1 - tolerance(4, 6));
    u = Float64Array.from(result.u);
    result = spectralNormalize(W, { u, steps: 1, mode: "clip" });
    expect(result.divisor).toBe(result.sigma);
  }
  // The reference's spectrum, and the rate that it implies: a step turns u twice, by Wᵀ and by W, so that its
  // error falls by (s_2/s_1)² and that of sigma, quadratic in it, by (s_2/s_1)⁴.
  expect(withinRelative(matrixSpectrum(W).singularValues, reference.spectral_normalisation.sigmas, 1e-13).ok).toBe(
    true,
  );
  const [first, second] = reference.spectral_normalisation.sigmas;
  const errorAfter = (count: number): number =>
    sigma1 - spectralNormalize(W, { u: Float64Array.from(u0), steps: count }).sigma;
  expect(Math.abs(errorAfter(9) / errorAfter(8) / (second! / first!) ** 4 - 1)).toBeLessThan(0.1);
});

test("sigma grows monotonically towards the norm", () => {
  const W = normalMatrix(createRng(3), 12, 7);
  let u = fillNormal(createRng(4), new Float64Array(12));
  let last = 0;
  for (let i = 0; i < 30; i++) {
    const { sigma, u: next } = spectralNormalize(W, { u });
    expect(sigma).toBeGreaterThanOrEqual(last * (1 - tolerance(4, 12)));
    last = sigma;
    u = Float64Array.from(next);
  }
});

test("clipping leaves small matrices alone; division enlarges them", () => {
  const W = fromRows([
    [0.5, 0],
    [0, 0.25],
  ]);
  const u = Float64Array.of(1, 1);
  expect(spectralNormalize(W, { u, steps: 60, mode: "clip" }).normalized.data).toEqual(W.data);
  expect(spectralNormalize(W, { u, steps: 60 }).normalized.data[0]).toBeCloseTo(1, 12);
});

test("degenerate starts: u in the left null space, u = 0, W = 0", () => {
  const W = fromRows([
    [0, 0],
    [3, 4],
  ]);
  for (const u of [Float64Array.of(1, 0), new Float64Array(2)])
    expect(spectralNormalize(W, { u }).sigma).toBeCloseTo(5, 12);
  const zero = spectralNormalize(matrix(2, 2), { u: Float64Array.of(1, 0) });
  expect([zero.zero, zero.sigma, zero.normalized.data[0]]).toEqual([true, 0, 0]);
  expect(() => spectralNormalize(W, { u: Float64Array.of(1) })).toThrow("u must be of length 2, got length 1");
});

test("gradient through the normalisation against finite differences, u and v held", () => {
  const W = normalMatrix(createRng(8), 5, 4);
  const G = normalMatrix(createRng(9), 5, 4);
  const state = spectralNormalize(W, { u: fillNormal(createRng(10), new Float64Array(5)), steps: 3 });
  const value = (X: Matrix): number => {
    let sigma = 0;
    for (let i = 0; i < 5; i++) for (let j = 0; j < 4; j++) sigma += state.u[i]! * X.data[i * 4 + j]! * state.v[j]!;
    return X.data.reduce((sum, x, i) => sum + (x / sigma) * G.data[i]!, 0);
  };
  const gradient = spectralNormalizeGradient(G, state);
  const H = 1e-6;
  for (let i = 0; i < 20; i++) {
    const shifted = (h: number): Matrix => ({ ...W, data: W.data.map((x, k) => (k === i ? x + h : x)) });
    const slope = (value(shifted(H)) - value(shifted(-H))) / (2 * H);
    expect(Math.abs(slope - gradient.data[i]!)).toBeLessThan(1e-8);
  }
});

test("spectral penalty: reference value, gradients, directional derivative, and the flag at a kink", () => {
  const { W1, W2, value, gradients } = reference.spectral_regularisation;
  const weights = [fromRows(W1), fromRows(W2)];
  const penalty = spectralPenalty(weights);
  expect(withinRelative(penalty.value, value, 1e-13).ok).toBe(true);
  gradients.forEach((rows, l) => expect(within(penalty.gradients[l]!.data, rows.flat(), 1e-12).ok).toBe(true));
  const direction = normalMatrix(createRng(1), weights[0]!.rows, weights[0]!.cols);
  const H = 1e-6;
  const along = (h: number): number =>
    spectralPenalty([{ ...weights[0]!, data: weights[0]!.data.map((x, i) => x + h * direction.data[i]!) }]).value;
  const exact = direction.data.reduce((sum, x, i) => sum + x * penalty.gradients[0]!.data[i]!, 0);
  expect(withinRelative((along(H) - along(-H)) / (2 * H), exact, 1e-7).ok).toBe(true);
  const degenerate = spectralPenalty([
    fromRows([
      [1, 0],
      [0, 1],
    ]),
    matrix(2, 2),
    fromRows([
      [2, 0],
      [0, 1],
    ]),
  ]);
  expect(degenerate.gapTooSmall).toEqual([true, true, false]);
  expect(degenerate.gradients[1]!.data).toEqual(new Float64Array(4));
  expect(() => spectralPenalty([])).toThrow("a list of at least one matrix");
});

test("truncation: reference errors, and the errors really are those of W - W_k", () => {
  const A = fromRows(reference.svd_pruning.A);
  for (const row of reference.svd_pruning.table) {
    const got = truncateSvd(A, row.k);
    const scale = tolerance(16, 7, 3.5);
    expect(Math.abs(got.spectralError - row.err_2)).toBeLessThan(scale);
    expect(Math.abs(got.frobeniusError - row.err_F)).toBeLessThan(scale);
    expect(Math.abs(got.nuclearError - row.err_nuc)).toBeLessThan(scale);
    expect(Math.abs(got.energy - row.energy)).toBeLessThan(scale);
    expect([got.parameters, got.compresses]).toEqual([row.params_factored, row.compresses]);
    const difference = svd(minus(A, got.approximation), { vectors: "none" }).singularValues;
    expect(Math.abs(difference[0]! - got.spectralError)).toBeLessThan(scale);
    // Negative control: the source's sigma_k instead of sigma_{k+1} fails the same comparison.
    if (row.k >= 1 && row.k < 5) expect(Math.abs(difference[0]! - got.singularValues[row.k - 1]!)).toBeGreaterThan(0.1);
  }
  expect(() => truncateSvd(A, 6)).toThrow("truncateSvd: rank must be an integer in [0, 5], got 6");
});
