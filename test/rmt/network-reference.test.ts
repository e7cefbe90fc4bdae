import { expect, test } from "vitest";
import { conjugateKernelLaw, marchenkoPastur, ntkLaw } from "../../src/rmt/index.js";
import { marchenkoPasturTransform } from "../../src/rmt/linear-pencil.js";
import { fixture } from "../support/shared.js";

interface Row {
  readonly gamma_data_n_over_d0: number;
  readonly z: readonly [number, number];
  readonly m_data: readonly [number, number];
}
interface Simulated {
  readonly n: number;
  readonly d0: number;
  readonly d1: number;
  readonly CK1_support_limit: readonly [number, number];
  readonly CK1_emp_minmax: readonly [number, number];
  readonly NTK_mean_theory: number;
  readonly NTK_mean_emp: number;
  readonly cdf_total_check: readonly number[];
}
interface UnitColumns {
  readonly n: number;
  readonly d0: number;
  readonly d1: number;
  readonly mean_theory: number;
  readonly mean_emp: number;
}
const { stieltjes_refs: rows } = fixture<{ readonly stieltjes_refs: readonly Row[] }>("rmt/reference.json");
const { gaussian_v_and_unnormalised_columns: gaussian, sign_v_and_unit_norm_columns: signs } = fixture<{
  readonly ck_ntk_simulation_report: {
    readonly gaussian_v_and_unnormalised_columns: Readonly<Record<"tanh" | "relu" | "abs", Simulated>> & {
      readonly L2_sim_check: Readonly<
        Record<"sim_CK" | "sim_NTK", { readonly re: number; readonly im: number }> & { readonly z: readonly number[] }
      >;
    };
    readonly sign_v_and_unit_norm_columns: Readonly<Record<string, UnitColumns>>;
  };
}>("rmt/simulations.json").ck_ntk_simulation_report;

test("the transform of the data: the reference's value, and the integral of the density", () => {
  const POINTS = 1000;
  for (const { gamma_data_n_over_d0: ratio, z, m_data: expected } of rows) {
    const m = marchenkoPasturTransform(ratio, { re: z[0], im: z[1] });
    expect(Math.hypot(m.re - expected[0], m.im - expected[1])).toBeLessThan(1e-14 * Math.hypot(...expected) * 8);
    const law = marchenkoPastur({ ratio });
    const [a, b] = law.support;
    let [re, im] = [(-law.atom * z[0]) / Math.hypot(...z) ** 2, (law.atom * z[1]) / Math.hypot(...z) ** 2];
    for (let i = 1; i < POINTS; i++) {
      // x = (a + b)/2 − (b − a)/2 cos φ: a smooth periodic integrand, for which equal weights converge geometrically.
      const phi = (Math.PI * i) / POINTS;
      const x = (a + b) / 2 - ((b - a) / 2) * Math.cos(phi);
      const mass = (Math.PI / POINTS) * ((b - a) / 2) * Math.sin(phi) * law.pdf(x);
      const size = (x - z[0]) ** 2 + z[1] ** 2;
      re += (mass * (x - z[0])) / size;
      im += (mass * z[1]) / size;
    }
    expect(Math.hypot(re - expected[0], im - expected[1])).toBeLessThan(1e-12);
  }
});

test.each(["tanh", "relu", "abs"] as const)("%s: ends of the limit and mean of the NTK as in the reference", (name) => {
  const row = gaussian[name];
  const network = { activation: name, dataRatio: row.n / row.d0, widthRatios: [row.n / row.d1] };
  const law = conjugateKernelLaw(network);
  // Both sides read the ends off a grid: its spacing near an edge is the accuracy.
  const [low, high] = law.support;
  const width = row.CK1_support_limit[1] - row.CK1_support_limit[0];
  expect(Math.abs(low - row.CK1_support_limit[0])).toBeLessThan(2e-3 * width);
  expect(Math.abs(high - row.CK1_support_limit[1])).toBeLessThan(2e-3 * width);
  // The reference's 400 eigenvalues stay inside, and nearly fill it: n^{-2/3} of the width is the scale of an edge.
  const scale = row.n ** (-2 / 3) * width;
  expect(row.CK1_emp_minmax[0]).toBeGreaterThan(low - scale);
  expect(Math.abs(row.CK1_emp_minmax[1] - high)).toBeLessThan(4 * scale);
  expect(Math.abs(ntkLaw(network, { points: 64 }).mean - row.NTK_mean_theory)).toBeLessThan(1e-11);
  expect(Math.abs(law.massError)).toBeLessThanOrEqual(1e-4);
});

test("two layers: the simulated transforms of the reference lie at the limit", () => {
  const { z, sim_CK, sim_NTK } = gaussian.L2_sim_check;
  const network = { activation: "tanh", dataRatio: 0.8, widthRatios: [2 / 3, 0.5] } as const;
  const at = { re: z[0]!, im: z[1]! };
  const distance = (m: { re: number; im: number }, other: { re: number; im: number }): number =>
    Math.hypot(m.re - other.re, m.im - other.im) / Math.hypot(m.re, m.im);
  expect(distance(conjugateKernelLaw(network, { points: 16 }).stieltjes(at).value, sim_CK)).toBeLessThan(0.01);
  // Gaussian output weights move the mean of the NTK by O(d^{-1/2}).
  expect(distance(ntkLaw(network, { points: 16 }).stieltjes(at).value, sim_NTK)).toBeLessThan(0.05);
});

test("unit columns and sign output weights: the mean of the simulated NTK is the law's within 0.2 %", () => {
  for (const [key, row] of Object.entries(signs)) {
    const network = {
      activation: key.startsWith("tanh") ? "tanh" : "relu",
      dataRatio: row.n / row.d0,
      widthRatios: [row.n / row.d1],
    } as const;
    const { mean } = ntkLaw(network, { points: 16 });
    expect(Math.abs(mean - row.mean_theory)).toBeLessThan(1e-11);
    expect(Math.abs(mean / row.mean_emp - 1)).toBeLessThan(2e-3);
  }
});
