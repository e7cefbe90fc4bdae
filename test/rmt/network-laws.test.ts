import { expect, test } from "vitest";
import { type Matrix } from "../../src/core/index.js";
import { eigh, matmul } from "../../src/linalg/index.js";
import { type Rng, createRng, normalMatrix } from "../../src/random/index.js";
import { conjugateKernelLaw, marchenkoPastur, ntkLaw } from "../../src/rmt/index.js";
import { spectralDistance } from "../../src/spectra/index.js";
import { activation, activationMoments } from "../../src/special/index.js";
import { withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface Row {
  activation: string;
  b_sigma_sq: number;
  a_sigma: number;
  gamma_data_n_over_d0: number;
  gammas_n_over_dl: number[];
  z: [number, number];
  m_CK_last: [number, number];
  m_NTK: [number, number];
}
const { stieltjes_refs: rows, gaussian_constants: constants } = fixture<{
  stieltjes_refs: Row[];
  gaussian_constants: Record<string, { b_sigma_sq: number; a_sigma: number }>;
}>("rmt/reference.json");
const COARSE = { points: 64 };

test.each(rows)("Stieltjes transforms of the reference: $activation, ratios $gammas_n_over_dl", (row) => {
  const network = {
    constants: { bSquared: row.b_sigma_sq, a: row.a_sigma },
    dataRatio: row.gamma_data_n_over_d0,
    widthRatios: row.gammas_n_over_dl,
  };
  const z = { re: row.z[0], im: row.z[1] };
  for (const [law, expected] of [
    [conjugateKernelLaw(network, COARSE), row.m_CK_last],
    [ntkLaw(network, COARSE), row.m_NTK],
  ] as const) {
    const { value, residual } = law.stieltjes(z);
    expect(Math.hypot(value.re - expected[0], value.im - expected[1])).toBeLessThan(1e-12); // required: 1e-9 relative
    expect(residual).toBeLessThan(1e-12);
  }
});

test("constants of the activations, kinks included", () => {
  for (const [name, key] of [
    ["relu", "relu"],
    ["tanh", "tanh"],
    ["gelu", "gelu_erf"],
    ["erf", "erf"],
  ] as const) {
    const law = conjugateKernelLaw({ activation: name, dataRatio: 1, widthRatios: [1] }, { points: 16 });
    expect(
      withinRelative(
        [law.constants.bSquared, law.constants.a],
        [constants[key]!.b_sigma_sq, constants[key]!.a_sigma],
        1e-11,
      ).ok,
      name,
    ).toBe(true);
  }
});

test("the numerical law has mass one and its exact mean, for two and four weight matrices", () => {
  for (const widthRatios of [[2 / 3], [0.6, 0.7, 0.8], [1.5]]) {
    const network = { activation: "relu" as const, dataRatio: 0.8, widthRatios };
    for (const law of [conjugateKernelLaw(network), ntkLaw(network)]) {
      expect(Math.abs(law.massError)).toBeLessThan(1e-4);
      expect(law.residual).toBeLessThan(1e-10);
      let mean = law.atom * law.atomLocation;
      for (let i = 1; i < law.grid.length; i++) {
        mean +=
          ((law.density[i]! * law.grid[i]! + law.density[i - 1]! * law.grid[i - 1]!) / 2) *
          (law.grid[i]! - law.grid[i - 1]!);
      }
      expect(Math.abs(mean / law.mean - 1)).toBeLessThan(2e-3);
      for (const p of [0.4, 0.5, 0.9]) expect(Math.abs(law.cdf(law.quantile(p)) - p)).toBeLessThan(1e-9);
    }
  }
  expect(conjugateKernelLaw({ activation: "relu", dataRatio: 0.8, widthRatios: [1.5] }, COARSE).atom).toBe(1 - 1 / 1.5);
});

test("b = 0: the conjugate kernel is Marchenko–Pastur exactly; a linear network is a product of two", () => {
  const even = conjugateKernelLaw({ constants: { bSquared: 0, a: 2.75 }, dataRatio: 0.5, widthRatios: [0.5] });
  const mp = marchenkoPastur({ ratio: 0.5 });
  for (const x of [0.3, 1, 2]) expect(Math.abs(even.cdf(x) - mp.cdf(x))).toBeLessThan(1e-4);
  const linear = conjugateKernelLaw({ activation: "identity", dataRatio: 0.5, widthRatios: [0.5] });
  // Second moment of the free multiplicative convolution of two Marchenko–Pastur laws of ratio g: 1 + 2 g.
  let second = 0;
  for (let i = 1; i < linear.grid.length; i++) {
    second +=
      ((linear.density[i]! * linear.grid[i]! ** 2 + linear.density[i - 1]! * linear.grid[i - 1]! ** 2) / 2) *
      (linear.grid[i]! - linear.grid[i - 1]!);
  }
  expect(Math.abs(second - 2)).toBeLessThan(1e-3);
});

/** X ↦ σ(W X)/√d with the centred and normalised activation. */
function nextLayer(X: Matrix, width: number, name: "tanh" | "relu", rng: Rng): { X: Matrix; slopes: Matrix } {
  const phi = activation(name);
  const moments = activationMoments(name);
  const mean = moments.mean.value;
  const deviation = Math.sqrt(moments.secondMoment.value - mean ** 2);
  const hidden = matmul(normalMatrix(rng, width, X.rows), X);
  const scale = 1 / Math.sqrt(width);
  return {
    X: { ...hidden, data: hidden.data.map((h) => (scale * (phi.value(h) - mean)) / deviation) },
    slopes: { ...hidden, data: hidden.data.map((h) => phi.derivative(h) / deviation) },
  };
}

function unitColumns(rng: Rng, d: number, n: number): Matrix {
  const X = normalMatrix(rng, d, n);
  for (let j = 0; j < n; j++) {
    let square = 0;
    for (let i = 0; i < d; i++) square += X.data[i * n + j]! ** 2;
    for (let i = 0; i < d; i++) X.data[i * n + j]! /= Math.sqrt(square);
  }
  return X;
}

test.each(["tanh", "relu"] as const)(
  "a simulated network with %s follows the laws; plain Marchenko–Pastur does not",
  (name) => {
    const [n, d0, d1] = [200, 250, 300];
    const rng = createRng([61, name === "tanh" ? 1 : 2]);
    const X0 = unitColumns(rng.fork("data"), d0, n);
    const { X: X1, slopes } = nextLayer(X0, d1, name, rng.fork("weights"));
    const gramOf = (X: Matrix): Matrix => matmul(X, X, { transposeA: true });
    const network = { activation: name, dataRatio: n / d0, widthRatios: [n / d1] };
    const ckValues = eigh(gramOf(X1), { vectors: false }).values;
    expect(spectralDistance(ckValues, conjugateKernelLaw(network)).kolmogorovSmirnov).toBeLessThan(0.03);
    expect(spectralDistance(ckValues, marchenkoPastur({ ratio: n / d1 })).kolmogorovSmirnov).toBeGreaterThan(0.06); // negative control
    // NTK with sign output weights: X1ᵀX1 + (X0ᵀX0) ∘ (SᵀS)/d1.
    const inner = gramOf(X0);
    const slope = gramOf(slopes);
    const kernel = gramOf(X1);
    const ntk = { ...kernel, data: kernel.data.map((k, i) => k + (inner.data[i]! * slope.data[i]!) / d1) };
    expect(spectralDistance(eigh(ntk, { vectors: false }).values, ntkLaw(network)).kolmogorovSmirnov).toBeLessThan(
      0.04,
    );
  },
);

test("bad input", () => {
  expect(() => conjugateKernelLaw({ activation: "tanh", dataRatio: 1, widthRatios: [] })).toThrow(
    "at least one hidden layer",
  );
  expect(() => ntkLaw({ dataRatio: 1, widthRatios: [1] })).toThrow(
    "network must be given activation or constants, got neither",
  );
  expect(() => ntkLaw({ activation: "tanh", dataRatio: -1, widthRatios: [1] })).toThrow(
    "dataRatio must be a finite number > 0, got -1",
  );
  const law = conjugateKernelLaw({ activation: "tanh", dataRatio: 1, widthRatios: [1] }, COARSE);
  expect(() => law.stieltjes({ re: 1, im: 0 })).toThrow("z must be in the upper half plane, got imaginary part 0");
  expect(() => law.quantile(2)).toThrow("p must be a number in [0, 1]");
});
