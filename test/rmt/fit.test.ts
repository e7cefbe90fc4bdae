import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { svd } from "../../src/linalg/index.js";
import { createRng, mulberry32, normalMatrix } from "../../src/random/index.js";
import {
  bbpCovariance,
  bbpCovarianceInverse,
  bbpRectangular,
  bbpRectangularInverse,
  bbpWigner,
  bbpWignerInverse,
  chooseRank,
  fitMarchenkoPastur,
} from "../../src/rmt/index.js";
import { withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface FitReference {
  seed: number;
  n: number;
  p: number;
  spikes_added_at_diagonal: number[];
  top6_eigs: number[];
  sigma2_median_fit: number;
  mp_edge: number;
  tw95_edge: number;
  n_spikes: number;
  ks_bulk_vs_mp: number;
  frobenius_naive_sigma2: number;
}
interface Reference {
  mp_fit: FitReference;
  mp_fit_null: FitReference;
  bbp: {
    cov: { ell: number; gamma: number; lambda: number; overlap2: number }[];
    rect: { theta: number; c: number; sigma: number; u2: number; v2: number }[];
    wigner: { theta: number; s: number; lambda: number; overlap2: number }[];
  };
  gavish_donoho: { beta: number; lambda_star_known_sigma: number; omega_unknown_sigma: number }[];
}
const reference = fixture<Reference>("rmt/reference.json");

/** Eigenvalues s²/max of a matrix. */
function eigenvaluesOf(W: Matrix): Float64Array {
  return svd(W, { vectors: "none" }).singularValues.map((s) => s ** 2 / Math.max(W.rows, W.cols));
}

test.each([reference.mp_fit, reference.mp_fit_null])("replays the reference fit of seed $seed", (row) => {
  const data = mulberry32(row.seed)
    .normals(row.n * row.p)
    .map((x) => 1.3 * x);
  row.spikes_added_at_diagonal.forEach((spike, i) => (data[i * row.p + i] += spike));
  const fit = fitMarchenkoPastur(eigenvaluesOf({ rows: row.n, cols: row.p, data }), { rows: row.n, cols: row.p });
  expect(withinRelative(fit.variance, row.sigma2_median_fit, 1e-10).ok).toBe(true);
  expect(withinRelative(fit.law.support[1], row.mp_edge, 1e-10).ok).toBe(true);
  expect(withinRelative(fit.edge, row.tw95_edge, 1e-9).ok).toBe(true);
  expect(fit.spikes).toHaveLength(row.n_spikes);
  expect(withinRelative(fit.bulkDistance, row.ks_bulk_vs_mp, 1e-8).ok).toBe(true);
  expect([fit.status, fit.bulkAccepted]).toEqual(["converged", true]);
  // The true variance 1.69 lies in the interval; the Frobenius estimate is outside when there are spikes.
  expect(fit.interval[0] < 1.69 && 1.69 < fit.interval[1]).toBe(true);
  if (row.n_spikes > 0) {
    expect(fit.interval[1]).toBeLessThan(row.frobenius_naive_sigma2);
    fit.spikes.forEach((spike, i) => {
      expect(withinRelative(spike.value, row.top6_eigs[i]!, 1e-10).ok).toBe(true);
      expect(spike.pValue).toBeLessThan(1e-10);
      // Planted 40 and 30 on the diagonal: the strength in units of W, within the fluctuation.
      expect(Math.abs(spike.strength * Math.sqrt(row.n) - row.spikes_added_at_diagonal[i]!)).toBeLessThan(2);
    });
  }
});

test("variance within 1% for sigma 0.1 to 10, aspect 1 to 50, with five spikes", () => {
  for (const [sigma, rows, cols] of [
    [0.1, 400, 400],
    [1, 600, 300],
    [10, 300, 1200],
    [3, 100, 5000],
  ] as const) {
    const W = normalMatrix(createRng([31, rows, cols]), rows, cols);
    const data = W.data.map((x) => sigma * x);
    for (let i = 0; i < 5; i++) data[i * cols + i] += sigma * (6 - i) * 2 * Math.sqrt(Math.max(rows, cols));
    const values = eigenvaluesOf({ rows, cols, data });
    const robust = fitMarchenkoPastur(values, { rows, cols });
    expect(Math.abs(robust.variance / sigma ** 2 - 1)).toBeLessThan(3.5 * (robust.standardError / robust.variance));
    const fit = fitMarchenkoPastur(values, { rows, cols }, { estimator: "trace" });
    expect(fit.standardError).toBeLessThan(robust.standardError);
    expect(fit.spikes, `${rows} x ${cols}`).toHaveLength(5);
    expect(Math.abs(Math.sqrt(fit.variance) / sigma - 1), `${rows} x ${cols}`).toBeLessThan(0.01);
  }
}, 120_000);

test("the interval of the variance covers the truth as often as it says", () => {
  const draws = 300;
  let covered = 0;
  for (let i = 0; i < draws; i++) {
    const fit = fitMarchenkoPastur(eigenvaluesOf(normalMatrix(createRng([77, i]), 60, 40)), { rows: 60, cols: 40 });
    if (fit.interval[0] < 1 && 1 < fit.interval[1]) covered++;
  }
  // Slightly conservative by construction; a power check: an interval of half the width would cover about 67%.
  expect(covered / draws).toBeGreaterThan(0.92);
  expect(covered / draws).toBeLessThan(0.99);
});

test("pure noise shows a spike as often as the level of the edge says", () => {
  const draws = 400;
  for (const level of [0.9, 0.98]) {
    let found = 0;
    for (let i = 0; i < draws; i++) {
      const values = eigenvaluesOf(normalMatrix(createRng([78, i]), 60, 40));
      const { spikes } = fitMarchenkoPastur(values, { rows: 60, cols: 40 }, { edgeLevel: level, estimator: "trace" });
      for (const spike of spikes) expect(spike.pValue).toBeLessThan(1 - level + 1e-9);
      if (spikes.length > 0) found++;
    }
    const z = (found / draws - (1 - level)) / Math.sqrt((level * (1 - level)) / draws);
    expect(Math.abs(z), `level ${level}: ${found} of ${draws}`).toBeLessThan(3.5);
  }
});

test("rank-deficient matrices: zeros are set aside and the rest is fitted", () => {
  const W = normalMatrix(createRng(5), 80, 50);
  for (let i = 0; i < 80; i++) for (let j = 30; j < 50; j++) W.data[i * 50 + j] = 0;
  const fit = fitMarchenkoPastur(eigenvaluesOf(W), { rows: 80, cols: 50 });
  expect(fit.zeros).toBe(20);
  expect(fit.ratio).toBe(30 / 80);
  expect(Math.abs(fit.variance - 1)).toBeLessThan(4 * fit.standardError);
});

test("fit: bad input", () => {
  expect(() => fitMarchenkoPastur([1, 2], { rows: 3, cols: 3 })).toThrow(
    "values must be all 3 eigenvalues of a 3 x 3 matrix, got an array of length 2",
  );
  expect(() => fitMarchenkoPastur([0, 0, 1, 1, 1, 1], { rows: 6, cols: 6 })).toThrow(
    "at least 5 values above zero, got 4",
  );
  expect(() => fitMarchenkoPastur([0, 0, 0, 0, 0, 0], { rows: 6, cols: 6 })).toThrow(
    "at least 5 values above zero, got 0",
  );
  expect(() => fitMarchenkoPastur([1, 1, 1, 1, -1], { rows: 5, cols: 5 })).toThrow(
    "squared singular values >= 0, got -1",
  );
  expect(() => fitMarchenkoPastur([1, 1, 1, 1, Number.NaN], { rows: 5, cols: 5 })).toThrow("NaN at index 4");
});

test("BBP: reference values, and the inverse undoes the forward map", () => {
  for (const { ell, gamma, lambda, overlap2 } of reference.bbp.cov) {
    const forward = bbpCovariance(ell, { ratio: gamma });
    expect(withinRelative(forward.location, lambda, 1e-13).ok).toBe(true);
    expect(Math.abs(forward.overlap - overlap2)).toBeLessThan(1e-13);
    const back = bbpCovarianceInverse(forward.location, { ratio: gamma });
    if (forward.detectable) expect(back.defined && Math.abs(back.value.strength - ell)).toBeLessThan(1e-10);
    else expect(back.defined).toBe(false);
    const scaled = bbpCovariance(3 * ell, { ratio: gamma, variance: 3 });
    expect(withinRelative(scaled.location, 3 * lambda, 1e-13).ok).toBe(true);
  }
  for (const { theta, c, sigma, u2, v2 } of reference.bbp.rect) {
    const forward = bbpRectangular(theta, { ratio: c });
    expect(withinRelative(forward.location, sigma, 1e-13).ok).toBe(true);
    expect(Math.abs(forward.shortOverlap - u2) + Math.abs(forward.longOverlap - v2)).toBeLessThan(1e-13);
    const back = bbpRectangularInverse(2 * forward.location, { ratio: c, deviation: 2 });
    if (forward.detectable) expect(back.defined && Math.abs(back.value.strength - 2 * theta)).toBeLessThan(1e-9);
    else expect(back).toEqual({ defined: false, reason: "not above the bulk edge" });
  }
  for (const { theta, s, lambda, overlap2 } of reference.bbp.wigner) {
    const forward = bbpWigner(theta, { deviation: s });
    expect(withinRelative(forward.location, lambda, 1e-13).ok).toBe(true);
    expect(Math.abs(forward.overlap - overlap2)).toBeLessThan(1e-13);
    const back = bbpWignerInverse(forward.location, { deviation: s });
    if (forward.detectable) expect(back.defined && Math.abs(back.value.strength - theta)).toBeLessThan(1e-10);
  }
  expect(() => bbpRectangular(1, { ratio: 2 })).toThrow(
    "ratio must be in (0, 1], got 2; transpose: the short side comes first",
  );
});

test("BBP against a simulated rectangular spike", () => {
  const [n, m, theta] = [150, 300, 2];
  const W = normalMatrix(createRng(3), n, m);
  const data = W.data.map((x) => x / Math.sqrt(m));
  data[0] += theta; // u = e_1, v = e_1
  const { u, v, singularValues } = svd({ rows: n, cols: m, data });
  const forward = bbpRectangular(theta, { ratio: n / m });
  expect(withinRelative(singularValues[0]!, forward.location, 0.05).ok).toBe(true);
  expect(Math.abs(u.data[0]! ** 2 - forward.shortOverlap)).toBeLessThan(0.05);
  expect(Math.abs(v.data[0]! ** 2 - forward.longOverlap)).toBeLessThan(0.06);
});

test("Gavish–Donoho factors of the reference, and exact recovery of a planted rank", () => {
  for (const { beta, lambda_star_known_sigma: lambda, omega_unknown_sigma: omega } of reference.gavish_donoho) {
    const cols = 1000;
    const rows = Math.round(beta * cols);
    const values = new Float64Array(rows).fill(1);
    expect(withinRelative(chooseRank(values, { rows, cols }).factor!, omega, 1e-12).ok).toBe(true);
    expect(withinRelative(chooseRank(values, { rows: cols, cols: rows }, { noise: 1 }).factor!, lambda, 1e-13).ok).toBe(
      true,
    );
  }
  const W = normalMatrix(createRng(4), 120, 80);
  for (let i = 0; i < 4; i++) W.data[i * 80 + i] += 60;
  const s = svd(W, { vectors: "none" }).singularValues;
  expect(chooseRank(s, { rows: 120, cols: 80 }).rank).toBe(4);
  expect(chooseRank(s, { rows: 120, cols: 80 }, { noise: 1 }).rank).toBe(4);
});

test("rank by energy of the reference matrix, and bad input", () => {
  const { svd_pruning } = fixture<{
    svd_pruning: { singular_values: number[]; rank_for_energy: Record<string, number> };
  }>("spectra/reference.json");
  for (const [energy, rank] of Object.entries(svd_pruning.rank_for_energy)) {
    expect(
      chooseRank(svd_pruning.singular_values, { rows: 7, cols: 5 }, { method: "energy", energy: Number(energy) }).rank,
    ).toBe(rank);
  }
  expect(chooseRank([0, 0], { rows: 2, cols: 2 }, { method: "energy" }).rank).toBe(1);
  expect(() => chooseRank([1, 2], { rows: 3, cols: 3 })).toThrow("all 3 singular values of a 3 x 3 matrix, >= 0");
  expect(() => chooseRank([1], { rows: 1, cols: 1 }, { energy: 0.5 })).toThrow(
    'energy must be absent unless method is "energy"',
  );
});
