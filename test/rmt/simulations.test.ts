import { expect, test } from "vitest";
import { eigh, gram, svd } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  bbpCovariance,
  bbpRectangular,
  bbpWigner,
  chooseRank,
  fitMarchenkoPastur,
  fitPowerLaw,
  marchenkoPastur,
  semicircle,
  tracyWidom,
  tracyWidomCentring,
} from "../../src/rmt/index.js";
import { gaussLegendre } from "../../src/special/index.js";
import { within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Covariance {
  readonly ell: number;
  readonly gamma: number;
  readonly theory_lambda: number;
  readonly theory_overlap2: number;
  readonly sim_lambda_mean: number;
  readonly sim_overlap2_mean: number;
}
interface Rectangular {
  readonly theta: number;
  readonly c: number;
  readonly theory_sigma: number;
  readonly theory_u2: number;
  readonly theory_v2: number;
  readonly sim_sigma: number;
  readonly sim_u2: number;
  readonly sim_v2: number;
}
interface Wigner {
  readonly theta: number;
  readonly theory: readonly [number, number];
  readonly sim_lambda: number;
  readonly sim_ov2: number;
}

const {
  bbp_simulation: simulation,
  chiani_gamma: gamma,
  finite_size_check: finite,
} = fixture<{
  bbp_simulation: { cov_N600: Covariance[]; rect_300x600: Rectangular[]; wigner_500: Wigner[] };
  chiani_gamma: { k: number; theta: number; alpha: number; max_abs_err_vs_F1: number };
  finite_size_check: { n: number; p: number; reps: number; ks: number; fraction_above_q95: number };
}>("rmt/simulations.json");

const EXACT = 1e-13;
/** Finite-size deviations of the simulations away from the threshold, and near it, where they are O(N^{-1/3}). */
const FAR = 0.03;
const NEAR = 0.08;

test("BBP: theory of the reference in every row, and its simulations within their finite-size deviations", () => {
  for (const row of simulation.cov_N600) {
    const got = bbpCovariance(row.ell, { ratio: row.gamma });
    expect(withinRelative([got.location], [row.theory_lambda], EXACT).ok).toBe(true);
    expect(Math.abs(got.overlap - row.theory_overlap2)).toBeLessThan(EXACT);
    expect(Math.abs(row.sim_lambda_mean / got.location - 1)).toBeLessThan(FAR);
    expect(Math.abs(row.sim_overlap2_mean - got.overlap)).toBeLessThan(NEAR);
  }
  for (const row of simulation.rect_300x600) {
    const got = bbpRectangular(row.theta, { ratio: row.c });
    expect(
      within([got.location, got.shortOverlap, got.longOverlap], [row.theory_sigma, row.theory_u2, row.theory_v2], EXACT)
        .ok,
    ).toBe(true);
    expect(Math.abs(row.sim_sigma / got.location - 1)).toBeLessThan(FAR);
    expect(Math.abs(row.sim_u2 - got.shortOverlap)).toBeLessThan(NEAR);
    expect(Math.abs(row.sim_v2 - got.longOverlap)).toBeLessThan(NEAR);
  }
  for (const row of simulation.wigner_500) {
    const got = bbpWigner(row.theta);
    expect(within([got.location, got.overlap], [...row.theory], EXACT).ok).toBe(true);
    expect(Math.abs(row.sim_lambda / got.location - 1)).toBeLessThan(FAR);
    expect(Math.abs(row.sim_ov2 - got.overlap)).toBeLessThan(NEAR);
  }
});

test("BBP against simulations of our own: covariance and Wigner, location and overlap", () => {
  const rng = createRng(12);
  const [n, p, ell] = [500, 250, 4];
  const X = normalMatrix(rng, p, n); // columns are samples
  for (let j = 0; j < n; j++) X.data[j]! *= Math.sqrt(ell);
  const { values, vectors } = eigh(gram({ ...X, data: X.data.map((x) => x / Math.sqrt(n)) }));
  const covariance = bbpCovariance(ell, { ratio: p / n });
  expect(Math.abs(values[p - 1]! / covariance.location - 1)).toBeLessThan(0.1); // sd √(2/n) ℓ of the sampled variance
  expect(Math.abs(vectors!.data[p - 1]! ** 2 - covariance.overlap)).toBeLessThan(NEAR);
  const m = 300;
  const W = normalMatrix(rng, m, m);
  const symmetric = W.data.map((_, k) => {
    const [i, j] = [Math.floor(k / m), k % m];
    return (W.data[i * m + j]! + W.data[j * m + i]!) / Math.sqrt(2 * m);
  });
  symmetric[0]! += 2.5;
  const wigner = eigh({ rows: m, cols: m, data: symmetric });
  const expected = bbpWigner(2.5);
  expect(Math.abs(wigner.values[m - 1]! / expected.location - 1)).toBeLessThan(0.06);
  expect(Math.abs(wigner.vectors!.data[m - 1]! ** 2 - expected.overlap)).toBeLessThan(NEAR);
});

test("the shifted gamma law is as close to F₁ as the reference says: two independent forms of the same law", () => {
  // Density of k, θ shifted by α, integrated by Gauss rules: nothing of the determinant is used.
  const { nodes, weights } = gaussLegendre(60);
  const logNorm = (() => {
    // ∫ x^{k−1} e^{−x} dx by the same rule on the support that matters.
    let sum = 0;
    const [from, to] = [0, 150];
    nodes.forEach((t, i) => {
      const x = from + ((to - from) / 2) * (1 + t);
      sum += weights[i]! * ((to - from) / 2) * Math.exp((gamma.k - 1) * Math.log(x / gamma.k) - (x - gamma.k));
    });
    return sum;
  })();
  const cdf = (s: number): number => {
    const end = Math.max(0, (s + gamma.alpha) / gamma.theta);
    let sum = 0;
    nodes.forEach((t, i) => {
      const x = (end / 2) * (1 + t);
      sum += weights[i]! * (end / 2) * Math.exp((gamma.k - 1) * Math.log(x / gamma.k) - (x - gamma.k));
    });
    return sum / logNorm;
  };
  const law = tracyWidom(1);
  let worst = 0;
  for (let s = -5; s <= 3; s += 0.2) worst = Math.max(worst, Math.abs(cdf(s) - law.cdf(s)));
  expect(withinRelative(worst, gamma.max_abs_err_vs_F1, 0.05).ok).toBe(true);
});

test("finite size: 100 x 50 Gaussian matrices are as close to F₁ as the reference found", () => {
  const { n, p } = finite;
  const { center, scale } = tracyWidomCentring(n, p);
  const rng = createRng(77);
  const draws = 200;
  const scaled = Float64Array.from({ length: draws }, () => {
    const s = svd(normalMatrix(rng, n, p), { vectors: "none" }).singularValues[0]!;
    return (s * s - center) / scale;
  });
  const law = tracyWidom(1);
  // The KS distance of 300 draws from the law itself exceeds 1.63/√300 once in a hundred.
  let distance = 0;
  scaled.sort().forEach((value, i) => {
    const at = law.cdf(value);
    distance = Math.max(distance, at - i / draws, (i + 1) / draws - at);
  });
  expect(distance).toBeLessThan(finite.ks + 1.63 / Math.sqrt(draws));
  const point = law.quantile(0.95);
  const share = scaled.filter((value) => value > point).length / draws;
  const error = Math.sqrt(0.05 * 0.95 * (1 / draws + 1 / finite.reps));
  expect(Math.abs(share - finite.fraction_above_q95)).toBeLessThan(3.5 * error);
}, 30_000);

test("semicircle moments are Catalan numbers; the Marchenko–Pastur median and the cubic of Gavish and Donoho", () => {
  const { moments_even_2_4_6: moments, sigma } = fixture<{
    semicircle: { moments_even_2_4_6: number[]; sigma: number }[];
  }>("rmt/reference.json").semicircle[0]!;
  const law = semicircle({ variance: sigma ** 2 });
  const [low, high] = law.support;
  const { nodes, weights } = gaussLegendre(64);
  moments.forEach((expected, k) => {
    // x = R sin θ removes the root at the ends.
    const radius = (high - low) / 2;
    let sum = 0;
    nodes.forEach((t, i) => {
      const angle = (Math.PI / 2) * t;
      const x = radius * Math.sin(angle);
      sum += weights[i]! * (Math.PI / 2) * radius * Math.cos(angle) * law.pdf(x) * x ** (2 * (k + 1));
    });
    expect(withinRelative(sum, expected, 1e-12).ok).toBe(true);
  });
  const rows = fixture<{
    gavish_donoho: { beta: number; median_mp_beta: number; omega_cubic_approx: number }[];
  }>("rmt/reference.json").gavish_donoho;
  for (const { beta, median_mp_beta: median, omega_cubic_approx: cubic } of rows) {
    expect(withinRelative(marchenkoPastur({ ratio: beta }).quantile(0.5), median, 1e-12).ok).toBe(true);
    const long = 1000;
    const short = Math.max(1, Math.round(beta * long));
    if (short / long !== beta) continue;
    const { factor } = chooseRank(new Float64Array(short).fill(1), { rows: long, cols: short });
    expect(Math.abs(factor! - cubic)).toBeLessThan(0.02); // the cubic is only that good
  }
});

test("the trace estimator gives the mean of the bulk, and spikes appear where BBP predicts them", () => {
  const { mp_fit: row } = fixture<{
    mp_fit: {
      seed: number;
      sigma2_true: number;
      bbp_predicted_eigs: number[];
      top6_eigs: number[];
      n: number;
      p: number;
      spikes_added_at_diagonal: number[];
    };
  }>("rmt/reference.json");
  row.bbp_predicted_eigs.forEach((predicted, i) => {
    const strength = row.spikes_added_at_diagonal[i]! / Math.sqrt(row.n);
    const ours =
      bbpRectangular(strength, { ratio: row.p / row.n, deviation: Math.sqrt(row.sigma2_true) }).location ** 2;
    expect(Math.abs(ours / predicted - 1)).toBeLessThan(0.02); // the reference predicts with its fitted variance
    expect(Math.abs(row.top6_eigs[i]! / ours - 1)).toBeLessThan(0.05);
  });
  const W = normalMatrix(createRng(3), 200, 100);
  const values = svd(W, { vectors: "none" }).singularValues.map((s) => (s * s) / 200);
  const mean = values.reduce((sum, value) => sum + value, 0) / 100;
  const fit = fitMarchenkoPastur(values, { rows: 200, cols: 100 }, { estimator: "trace" });
  expect(fit.spikes).toHaveLength(0);
  expect(withinRelative(fit.variance, mean, 1e-12).ok).toBe(true);
});

test("likelihood ratios of the nested law, and the one-sided distance, as the reference states them", () => {
  const { powerlaw } = fixture<{
    powerlaw: Record<
      string,
      {
        data: number[];
        fit: { "variant_onesided_D(WeightWatcher/plfit.m)": { D_onesided: number } };
        truncated_powerlaw: { LR_2delta: number };
      }
    >;
  }>("rmt/reference.json");
  for (const [name, row] of Object.entries(powerlaw)) {
    const fit = fitPowerLaw(row.data, { compare: ["truncated-power-law"] });
    const nested = fit.comparisons[0]!;
    // Ours may climb higher where the reference's optimiser stopped at a bound.
    expect(-2 * nested.ratio - row.truncated_powerlaw.LR_2delta, name).toBeGreaterThan(-2e-2);
    const { D_onesided: distance } = row.fit["variant_onesided_D(WeightWatcher/plfit.m)"];
    const other = fitPowerLaw(row.data, { distance: "one-sided", compare: [] });
    expect(withinRelative(other.distance, distance, 1e-11).ok, name).toBe(true);
  }
});
