import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError, OptionError } from "../../src/core/index.js";
import {
  arcCosineSpectrum,
  circle,
  composite,
  conditionNumber,
  equispacedCircle,
  fibonacciSphere,
  flatteningSymbol,
  logMultiplicity,
  logZonalHarmonics,
  multiplicity,
  optimalSmoothness,
  productQuadrature,
  singularCoefficient,
  sphere,
  sphereAsymptotics,
  sphericalDesign,
  commutator,
  zonalHarmonics,
  zonalSum,
} from "../../src/domains/index.js";
import { arcCosine, deepNarrowNtk, deepSpectrum, nngp, ntk, zonalKernel } from "../../src/kernels/index.js";
import { eigh } from "../../src/linalg/index.js";
import { createRng } from "../../src/random/index.js";
import { logGamma } from "../../src/special/index.js";
import { tolerance } from "../support/compare.js";
import { barRatio, spectrumLaws } from "../support/laws/domain-laws.js";
import { fixture } from "../support/shared.js";

interface MuCase {
  readonly inputs: { d: number; L: number; Delta: string | null; bias: string };
  readonly outputs: Record<string, string> & {
    k: number[];
    mu: string[];
    mult: number[];
    mu_kappa0?: string[];
    mu_kappa1?: string[];
  };
  readonly tolerance: { abs: number; rel: number; rel_if_mu_gt: number };
}
interface NarrowCase {
  readonly inputs: { d: number; sigma: string; beta: string };
  readonly outputs: {
    k: number[];
    mu: string[];
    singular_coefficient: string;
    leading_term: (string | null)[];
    value_at_1: string;
  };
  readonly tolerance: { abs: number };
}
interface List<T> {
  readonly outputs: T[];
}
const spheres = fixture<{ cases: Record<string, unknown> }>("domains/spheres.json").cases;
const sobolev = fixture<{ cases: Record<string, unknown> }>("domains/sobolev.json").cases;
const withPrefix = <T>(prefix: string): [string, T][] =>
  Object.entries(spheres).filter(([id]) => id.startsWith(prefix)) as [string, T][];

for (const [id, { inputs, outputs, tolerance: allowed }] of withPrefix<MuCase>("S3.mu")) {
  test(`${id}: Mercer eigenvalues, multiplicities, error bars, decay constants`, () => {
    const { d, L } = inputs;
    const kernel =
      inputs.bias === ""
        ? ntk({ depth: L, activation: Number(inputs.Delta) === 1 ? "abs" : "relu" })
        : ntk({ depth: L, weightVariance: 2, biasVariance: 0.1 });
    const reference = new Map(outputs.k.map((k, i) => [k, Number(outputs.mu[i])]));
    for (const method of ["auto", "quadrature"] as const) {
      const spectrum = sphere(d).mercer(kernel, 40, { method });
      spectrumLaws(spectrum);
      for (const [k, mu] of reference) {
        const error = Math.abs(spectrum.eigenvalues[k] - mu);
        expect(error).toBeLessThanOrEqual(mu > allowed.rel_if_mu_gt ? allowed.rel * mu : allowed.abs);
        expect(error).toBeLessThanOrEqual(allowed.abs);
        if (spectrum.method === "recurrence") expect(error).toBeLessThanOrEqual(tolerance(8, 1, mu)); // relative accuracy
      }
      expect(barRatio(spectrum, reference)).toBeLessThanOrEqual(1);
      expect(Math.abs(spectrum.partialTrace - Number(outputs["partial_trace_to_40"]))).toBeLessThan(1e-10);
      expect(Math.abs(spectrum.valueAtOne / Number(outputs["value_at_1"]) - 1)).toBeLessThan(1e-14);
      outputs.k.forEach((k, i) => expect(spectrum.multiplicities[k]).toBe(outputs.mult[i]));
    }
    for (const order of [0, 1] as const) {
      const part = outputs[`mu_kappa${order}`];
      if (part === undefined) continue;
      const values = arcCosineSpectrum(d, order, 40);
      outputs.k.forEach((k, i) =>
        expect(Math.abs(values[k] - Number(part[i]))).toBeLessThanOrEqual(tolerance(8, 1, Number(part[i]))),
      );
    }
    if (inputs.bias === "") {
      const law = sphereAsymptotics(kernel, d);
      const close = (value: number, name: string): void =>
        expect(Math.abs(value - Number(outputs[name]))).toBeLessThanOrEqual(1e-12 * (1 + Number(outputs["C_even"])));
      close(law.slopeAtZero, "a_plus");
      close(law.slopeAtPi, "a_minus");
      close(law.evenConstant, "C_even");
      close(law.oddConstant, "C_odd");
    }
  });
}

for (const [id, { inputs, outputs, tolerance: allowed }] of withPrefix<NarrowCase>("S3.dn")) {
  test(`${id}: deep narrow eigenvalues and their leading term`, () => {
    const kernel = deepNarrowNtk({
      dimension: inputs.d,
      weightScale: Number(inputs.sigma),
      biasScale: Number(inputs.beta),
    });
    const spectrum = sphere(inputs.d).mercer(kernel, 40);
    spectrumLaws(spectrum);
    outputs.k.forEach((k, i) =>
      expect(Math.abs(spectrum.eigenvalues[k] - Number(outputs.mu[i]))).toBeLessThanOrEqual(allowed.abs),
    );
    expect(barRatio(spectrum, new Map(outputs.k.map((k, i) => [k, Number(outputs.mu[i])])))).toBeLessThanOrEqual(1);
    expect(Math.abs(kernel.singularCoefficient / Number(outputs.singular_coefficient) - 1)).toBeLessThan(1e-13);
    outputs.leading_term.forEach((text, i) => {
      if (text === null || Number(text) === 0) return;
      const value = kernel.singularCoefficient * singularCoefficient(inputs.d, 1.5, outputs.k[i]);
      expect(Math.abs(value / Number(text) - 1)).toBeLessThan(1e-11);
    });
  });
}

test("multiplicities count harmonics: sums, tables, logarithms beyond the double range", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 0, max: 30 }), (d, k) => {
      let sum = 0;
      for (let l = 0; l <= k; l++) sum += multiplicity(d, l);
      return Math.abs(sphere(d).bandDimension(k) / sum - 1) < 1e-13;
    }),
  );
  expect([multiplicity(2, 0), multiplicity(2, 7), multiplicity(3, 7), multiplicity(4, 7)]).toEqual([1, 2, 15, 64]);
  for (const [d, k] of [
    [1000, 10_000],
    [1000, 3],
    [5, 10_000],
  ]) {
    const direct = Math.log(2 * k + d - 2) + logGamma(k + d - 2) - logGamma(k + 1) - logGamma(d - 1);
    expect(Math.abs(logMultiplicity(d, k) - direct)).toBeLessThan(1e-10);
  }
  expect(multiplicity(1000, 10_000)).toBe(Infinity);
  expect(Number.isFinite(logMultiplicity(1000, 10_000))).toBe(true);
  expect(sphere(3).bandwidthFor(100)).toBe(9);
});

test("multiplicities are exact to 2^53, finite where they may be, and logarithms keep their digits", () => {
  const exact = (d: number, k: number): bigint => {
    let binomial = 1n;
    for (let j = 1; j <= d - 3; j++) binomial = (binomial * BigInt(k + j)) / BigInt(j);
    return (BigInt(2 * k + d - 2) * binomial) / BigInt(d - 2);
  };
  // Partial products of these leave the integers of a double although the result does not.
  for (const [d, k] of [
    [218, 9],
    [133, 11],
    [107, 12],
    [44, 19],
  ])
    expect(BigInt(multiplicity(d, k))).toBe(exact(d, k));
  for (const [d, k] of [
    [1000, 226],
    [300, 700],
    [120, 5000],
  ]) {
    const value = Number(exact(d, k));
    expect(value).toBeLessThan(Infinity);
    expect(Math.abs(multiplicity(d, k) / value - 1)).toBeLessThan(tolerance(2, Math.min(d, k)));
  }
  expect(Math.abs(logMultiplicity(4, 10_000) - 2 * Math.log(10_001))).toBeLessThan(tolerance(2, 1, 20));
  // No walk over the degrees one by one.
  expect(circle().bandwidthFor(Number.MAX_SAFE_INTEGER)).toBe((Number.MAX_SAFE_INTEGER - 1) / 2);
  for (const n of [1, 3, 4, 8, 9, 10]) expect(sphere(3).bandwidthFor(n)).toBe(Math.floor(Math.sqrt(n)) - 1);
});

test("logarithms of zonal harmonics keep their digits near the poles", () => {
  for (const theta of [3.1415884452395533, 4.2e-6, 1e-3]) {
    const { logarithms, signs } = logZonalHarmonics(4, theta, 2130);
    const near = Math.min(theta, Math.PI - theta + 1.2246467991473532e-16);
    const value = Math.sin(2131 * near) / (2131 * Math.sin(near));
    expect(Math.abs(logarithms[2130] - Math.log(Math.abs(value)))).toBeLessThan(tolerance(8, 46, 1 / Math.abs(value)));
    expect(signs[2130]).toBe(Math.sign(value));
  }
});

test("partial traces leave out what is not known: no NaN in dimension 1,000, and the error of the rest", () => {
  const far = sphere(1000).mercer(ntk({ depth: 3 }), 400);
  expect(Number.isFinite(far.partialTrace)).toBe(true);
  expect(far.partialTrace).toBeLessThanOrEqual(3 + far.partialTraceError);
  expect(far.partialTrace).toBeGreaterThan(1); // the linear part alone
  const two = sphere(20).mercer(ntk({ depth: 2 }), 60);
  const integrated = sphere(20).mercer(ntk({ depth: 2 }), 60, { method: "quadrature" });
  expect(two.partialTraceError).toBeLessThan(1e-13);
  const known = integrated.eigenvalues.reduce((sum, _, k) => {
    const error = integrated.multiplicities[k] * integrated.errorBounds[k];
    return error <= 2 ? sum + two.eigenvalues[k] * two.multiplicities[k] : sum;
  }, 0);
  expect(Math.abs(integrated.partialTrace - known)).toBeLessThanOrEqual(integrated.partialTraceError + 1e-14);
});

test("zonal harmonics: closed forms, parity, orthogonality, degree 10,000 and dimension 1,000", () => {
  for (const theta of [1e-6, 0.3, 1, 2, Math.PI - 1e-6]) {
    const T = zonalHarmonics(2, theta, 50);
    const U = zonalHarmonics(4, theta, 50); // sin((k + 1)θ)/((k + 1) sin θ)
    for (let k = 0; k <= 50; k++) {
      expect(Math.abs(T[k] - Math.cos(k * theta))).toBeLessThan(tolerance(4, k));
      expect(Math.abs(U[k] - Math.sin((k + 1) * theta) / ((k + 1) * Math.sin(theta)))).toBeLessThan(
        4e-9 ** (theta > 3 ? 1 : 2) + tolerance(8, k),
      );
    }
  }
  const theta = 0.7;
  const high = zonalHarmonics(2, theta, 10_000);
  expect(Math.abs(high[10_000] - Math.cos(10_000 * theta))).toBeLessThan(tolerance(8, 10_000));
  const { logarithms, signs } = logZonalHarmonics(1000, 1.5, 3000);
  const plain = zonalHarmonics(1000, 1.5, 3000);
  for (const k of [1, 2, 17, 60])
    expect(Math.abs((signs[k] * Math.exp(logarithms[k])) / plain[k] - 1)).toBeLessThan(1e-10);
  expect(plain.every((value) => Math.abs(value) <= 1)).toBe(true);
  // Far below the double range the logarithms go on.
  const tiny = logZonalHarmonics(1000, Math.PI / 2 - 1e-3, 2000);
  expect(tiny.logarithms[2000]).toBeLessThan(-700);
  expect(Number.isFinite(tiny.logarithms[2000])).toBe(true);
});

test("Clenshaw sums equal direct sums near both poles and in the middle", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.double({ min: 0, max: Math.PI, noNaN: true }),
      fc.integer({ min: 0, max: 60 }),
      (d, theta, K) => {
        const coefficients = Float64Array.from({ length: K + 1 }, (_, k) => (k + 1) ** 1.5);
        const P = zonalHarmonics(d, theta, K);
        const direct = coefficients.reduce((sum, a, k) => sum + a * P[k], 0);
        const scale = coefficients.reduce((a, b) => a + b);
        return Math.abs(zonalSum(coefficients, d, theta) - direct) <= tolerance(8, 1, scale);
      },
    ),
  );
});

test("Funk-Hecke recovers known spectra: exponentials on the circle and a pure harmonic on S^6", () => {
  // e^{cos θ} = I_0(1) + 2 Σ I_k(1) cos kθ: coefficients I_k(1).
  const bessel = [1.266065877752008, 0.565159103992485, 0.135747669767038, 0.0221684249243319, 0.002737120221046866];
  const spectrum = circle().mercer(
    zonalKernel((theta) => Math.exp(Math.cos(theta))),
    4,
  );
  bessel.forEach((value, k) => expect(Math.abs(spectrum.eigenvalues[k] - value)).toBeLessThan(1e-15));
  const pure = sphere(7).mercer(
    zonalKernel((theta) => zonalHarmonics(7, theta, 9)[9]),
    12,
  );
  pure.eigenvalues.forEach((value, k) => {
    expect(Math.abs(value - (k === 9 ? 1 / multiplicity(7, 9) : 0))).toBeLessThanOrEqual(pure.errorBounds[k] + 1e-18);
  });
  const order2 = sphere(5).mercer(arcCosine(2), 12);
  const quadrature = sphere(5).mercer(arcCosine(2), 12, { method: "quadrature" });
  order2.eigenvalues.forEach((value, k) =>
    expect(Math.abs(value - quadrature.eigenvalues[k])).toBeLessThanOrEqual(quadrature.errorBounds[k] + 1e-17),
  );
  expect(sphere(3).mercer(nngp({ depth: 2 }), 5).vanishing).toEqual([3, 5]);
  expect(sphere(3).mercer(ntk({ depth: 3, activation: "abs" }), 5).vanishing).toEqual([1, 3, 5]);
});

test("error bars hold on random draws of dimension, degree and kernel, against the exact recurrences", () => {
  const rng = createRng(99);
  const kernels = [
    ntk({ depth: 2 }),
    nngp({ depth: 2 }),
    arcCosine(0),
    arcCosine(1),
    arcCosine(2),
    ntk({ depth: 2, activation: "leaky-relu" }),
    ntk({ depth: 2, activation: "abs", normalised: true }),
    ntk({ depth: 2, weightVariance: 2 }),
  ];
  for (let draw = 0; draw < 40; draw++) {
    const d = 2 + Math.floor(998 * rng.uniform() ** 4);
    const K = Math.floor(300 * rng.uniform() ** 2);
    const kernel = kernels[draw % kernels.length];
    const exact = sphere(d).mercer(kernel, K);
    const bars = sphere(d).mercer(kernel, K, { method: "quadrature" });
    expect([exact.method, bars.method]).toEqual(["recurrence", "quadrature"]);
    const reference = new Map(Array.from(exact.eigenvalues.entries()));
    expect(barRatio(bars, reference), `${kernel.name}, d = ${d}, K = ${K}`).toBeLessThanOrEqual(1);
  }
});

test("error bars hold for profiles of any shape: kinks, jumps and roots at random angles", () => {
  const rng = createRng(17);
  let worst = 0;
  for (let draw = 0; draw < 30; draw++) {
    const at = 0.1 + 2.9 * rng.uniform();
    const width = 0.2 + rng.uniform();
    const shapes = [
      (theta: number): number => Math.max(0, at - theta),
      (theta: number): number => Math.abs(theta - at) + Math.cos(theta),
      (theta: number): number => Math.max(0, 1 - ((theta - at) / width) ** 2),
      (theta: number): number => (theta < at ? 1 : 0),
      (theta: number): number => Math.sqrt(Math.abs(Math.cos(theta + at))),
      (theta: number): number => 1 - Math.abs(theta - at) ** 1.5,
    ];
    const kernel = zonalKernel(shapes[draw % shapes.length]);
    const [d, K] = [[2, 3, 5, 10, 20][draw % 5], [3, 10, 25][draw % 3]];
    const bars = sphere(d).mercer(kernel, K);
    const fine = sphere(d).mercer(kernel, 400);
    for (let k = 0; k <= K; k++) {
      const error = Math.abs(bars.eigenvalues[k] - fine.eigenvalues[k]);
      worst = Math.max(worst, error / bars.errorBounds[k]);
    }
  }
  expect(worst).toBeLessThanOrEqual(1);
  expect(worst).toBeGreaterThan(0.05); // not idle
  // A kink shows; a smooth profile of unknown origin keeps the bars of rounding.
  const kinked = sphere(3).mercer(
    zonalKernel((theta) => Math.max(0, 1 - theta)),
    10,
  );
  expect(kinked.errorBounds[0]).toBeGreaterThan(1e-6);
  const smooth = sphere(3).mercer(
    zonalKernel((theta) => Math.exp(Math.cos(theta))),
    10,
  );
  expect(Math.max(...smooth.errorBounds)).toBeLessThan(tolerance(40, 1, Math.E));
});

test("S5.sob, S5.rank: Sobolev kernels, band condition numbers, and sampled matrices that differ from the operator", () => {
  for (const row of (
    sobolev["S5.sob"] as List<Record<string, string> & { d: number; lmax: number; symbol: "A"; values: string[] }>
  ).outputs) {
    const P = sphere(row.d).sobolev({ symbol: row.symbol, smoothness: Number(row["s"]), bandwidth: row.lmax });
    const size = Number(row["p_at_1"]);
    [0, 0.1, 1, 2.5, 3.1].forEach((theta, i) =>
      expect(Math.abs(P.profile(theta) - Number(row.values[i]))).toBeLessThanOrEqual(2e-14 * size),
    );
    expect(P.condition.defined && Math.abs(P.condition.value / Number(row["cond_band"]) - 1)).toBeLessThan(1e-12);
    expect(P.bandDimension).toBe(Number(row["band_dimension"]));
  }
  for (const row of (sobolev["S5.rank"] as List<Record<string, string> & { n: number; lmax: number; rank: number }>)
    .outputs) {
    const sampled = sphere(3)
      .sobolev({ symbol: "D", smoothness: Number(row["s"]), bandwidth: row.lmax })
      .sampled(fibonacciSphere(row.n));
    expect(sampled.rank).toBe(row.rank);
    expect(Math.abs(sampled.eigenvalues[row.n - 1] / Number(row["lambda_max"]) - 1)).toBeLessThan(1e-6);
    expect(Math.abs(sampled.smallestNonzero / Number(row["smallest_nonzero"]) - 1)).toBeLessThan(1e-6);
    expect(sampled.condition.defined).toBe(row.rank === row.n);
  }
});

test("S5.opt, S5.slope: the exact best exponent and composite slopes", () => {
  type Opt = Record<string, string> & { d: number; L: number; lmax: number; symbol: "D"; modes: "all" };
  for (const row of (sobolev["S5.opt"] as List<Opt>).outputs) {
    const spectrum = sphere(row.d).mercer(ntk({ depth: row.L }), row.lmax);
    const best = optimalSmoothness(spectrum, { symbol: row.symbol, degrees: row.modes });
    expect(Math.abs(best.smoothness - Number(row["s_star"]))).toBeLessThan(1e-9);
    const atBest = best.condition.defined ? best.condition.value : Number.NaN;
    expect(Math.abs(atBest / Number(row["cond_at_s_star"]) - 1)).toBeLessThan(1e-9);
    expect(Math.abs(best.spread - Math.log(Number(row["cond_at_s_star"])))).toBeLessThanOrEqual(
      best.spreadError + 1e-11,
    );
    const atZero = best.conditionAtZero.defined ? best.conditionAtZero.value : Number.NaN;
    expect(Math.abs(atZero / Number(row["cond_at_0"]) - 1)).toBeLessThan(1e-9);
    expect(best.active.length).toBeGreaterThanOrEqual(3);
  }
  type Slope = Record<string, string> & { d: number; L: number; symbol: "D" };
  for (const row of (sobolev["S5.slope"] as List<Slope>).outputs) {
    const K = sphere(row.d).mercer(ntk({ depth: row.L }), 80);
    const T = composite(K, sphere(row.d).sobolev({ symbol: row.symbol, smoothness: Number(row["s"]), bandwidth: 80 }));
    expect(Math.abs(Math.log2(T.eigenvalues[80] / T.eigenvalues[40]) / Number(row["slope"]) - 1)).toBeLessThan(1e-6);
    expect(T.errorBounds[80]).toBeGreaterThan(K.errorBounds[80]);
  }
});

test("condition numbers without Sobolev weights are unresolved where double precision cannot know them", () => {
  // κ₀ on S^29: the exact recurrence has every digit of μ_41 = 1e-22 μ_0, but no matrix of doubles shows 1e-13 of the largest.
  const steep = sphere(30).mercer(arcCosine(0), 41);
  const best = optimalSmoothness(steep, { symbol: "C" });
  expect(best.conditionAtZero.defined ? "" : best.conditionAtZero.reason).toContain(
    "unresolved: the smallest eigenvalue",
  );
  expect(conditionNumber(steep, { modes: "nonzero" }).condition.defined).toBe(false);
  expect(best.condition.defined && best.condition.value).toBeLessThan(1e9);
  const close = deepSpectrum({ depth: 10, points: 10, angle: 1e-15 }).equicorrelated;
  expect(close.defined ? "" : close.reason).toContain("unresolved: the smallest eigenvalue");
});

test("best smoothness beats a fine grid search (naive twin) and a flattening symbol does better still", () => {
  const spectrum = sphere(4).mercer(ntk({ depth: 4 }), 25);
  const best = optimalSmoothness(spectrum, { symbol: "B" });
  for (let s = 0; s <= 8; s += 0.01) {
    const heights = Array.from(
      spectrum.eigenvalues,
      (mu, l) => Math.log(mu) + s * Math.log(1 + Math.sqrt(l * (l + 2))),
    );
    expect(Math.exp(Math.max(...heights) - Math.min(...heights))).toBeGreaterThanOrEqual(
      Math.exp(best.spread) * (1 - 1e-12),
    );
  }
  const free = flatteningSymbol(spectrum, { growth: 40 });
  expect([free.spread, free.bound, free.condition]).toEqual([0, null, { defined: true, value: 1 }]);
  const tight = flatteningSymbol(spectrum, { growth: 3 });
  expect(tight.spread).toBeGreaterThan(Math.log(1.5));
  for (let l = 1; l <= 25; l++) {
    expect(tight.symbol[l]).toBeGreaterThanOrEqual(tight.symbol[l - 1] * (1 - 1e-12));
    expect(tight.symbol[l] / tight.symbol[l - 1]).toBeLessThanOrEqual(((l + 1) / l) ** 3 * (1 + 1e-10));
  }
  // (1 + l)^3 is admissible for growth 3: the free symbol must not be worse.
  const power = Array.from(spectrum.eigenvalues, (mu, l) => mu * (1 + l) ** 3);
  expect(Math.exp(tight.spread)).toBeLessThanOrEqual(Math.max(...power) / Math.min(...power) + 1e-9);
  expect(flatteningSymbol(sphere(3).mercer(ntk({ depth: 2 }), 9), { growth: 3 }).omitted).toEqual([3, 5, 7, 9]);
});

test("S4.circle, S4.circlekappa, S4.pairing: equispaced points on the circle", () => {
  for (const row of (spheres["S4.circle"] as List<{ n: number; L: number; Delta: string; eig_K_over_n: string[] }>)
    .outputs) {
    const K = ntk({ depth: row.L, activation: Number(row.Delta) === 1 ? "abs" : "relu" }).gram(equispacedCircle(row.n));
    const values = eigh(K, { vectors: false }).values.map((x) => x / row.n);
    const expected = Array.from({ length: row.n }, (_, k) => Number(row.eig_K_over_n[Math.min(k, row.n - k)])).sort(
      (a, b) => a - b,
    );
    expected.forEach((value, i) => expect(Math.abs(values[i] - value)).toBeLessThanOrEqual(1e-14));
  }
  for (const row of (spheres["S4.circlekappa"] as List<{ n: number; L: number; kappa: string }>).outputs) {
    const values = eigh(ntk({ depth: row.L }).gram(equispacedCircle(row.n)), { vectors: false }).values;
    expect(Math.abs(values[row.n - 1] / values[0] / Number(row.kappa) - 1)).toBeLessThan(1e-9);
  }
});

test("S4.comm, S4.icosa: commutators on Fibonacci points and exact blocks on the icosahedron", () => {
  for (const row of (
    spheres["S4.comm"] as List<{ n: number; comm_fro_ratio: string; comm_2_ratio: string; eig_K_top16: string[] }>
  ).outputs) {
    const X = fibonacciSphere(row.n);
    const K = ntk({ depth: 3 }).gram(X);
    const P = sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 6 }).kernel.gram(X);
    const report = commutator(K, P);
    expect(Math.abs(report.frobeniusRatio / Number(row.comm_fro_ratio) - 1)).toBeLessThan(1e-8);
    expect(Math.abs(report.spectralRatio / Number(row.comm_2_ratio) - 1)).toBeLessThan(1e-8);
    const top = eigh(K, { vectors: false }).values.slice(-16).reverse();
    row.eig_K_top16.forEach((value, i) => expect(Math.abs(top[i] / row.n / Number(value) - 1)).toBeLessThan(1e-8));
  }
  const { points } = sphericalDesign("icosahedron");
  type Block = {
    L: number;
    Delta: string;
    lmax: number;
    symbol: "D";
    s: string;
    multiplicity: number[];
    eig_K: string[];
    eig_P: string[];
  };
  for (const row of (spheres["S4.icosa"] as List<Block>).outputs) {
    const K = ntk({ depth: row.L, activation: Number(row.Delta) === 1 ? "abs" : "relu" }).gram(points);
    const P = sphere(3)
      .sobolev({ symbol: row.symbol, smoothness: Number(row.s), bandwidth: row.lmax })
      .kernel.gram(points);
    expect(commutator(K, P).frobeniusRatio).toBeLessThan(1e-14);
    for (const [M, list] of [
      [K, row.eig_K],
      [P, row.eig_P],
    ] as const) {
      const values = eigh(M, { vectors: false }).values.map((x) => x / 12);
      const expected = list
        .flatMap((value, b) => Array.from({ length: row.multiplicity[b] }, () => Number(value)))
        .sort((a, b) => a - b);
      expected.forEach((value, i) =>
        expect(Math.abs(values[i] - value)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(value))),
      );
    }
  }
});

test("all Platonic solids commute and integrate their degree; product rules too (and not one degree more)", () => {
  const averageError = (rule: ReturnType<typeof productQuadrature>, degree: number): number => {
    const axis = [0.36, 0.48, 0.8];
    let sum = 0;
    for (let i = 0; i < rule.weights.length; i++) {
      const t = axis.reduce((acc, a, j) => acc + a * rule.points.data[3 * i + j], 0);
      sum += rule.weights[i] * zonalHarmonics(3, Math.acos(Math.max(-1, Math.min(1, t))), degree)[degree];
    }
    return Math.abs(sum);
  };
  for (const name of ["tetrahedron", "octahedron", "cube", "icosahedron", "dodecahedron"] as const) {
    const rule = sphericalDesign(name);
    expect(rule.weights.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    for (let degree = 1; degree <= rule.degree; degree++) expect(averageError(rule, degree)).toBeLessThan(1e-14);
    expect(averageError(rule, rule.degree + 1)).toBeGreaterThan(1e-3);
    expect(commutator(ntk({ depth: 3 }).gram(rule.points), arcCosine(0).gram(rule.points)).frobeniusRatio).toBeLessThan(
      1e-14,
    );
  }
  const rule = productQuadrature(5, 10);
  expect(rule.degree).toBe(9);
  for (let degree = 1; degree <= 9; degree++) expect(averageError(rule, degree)).toBeLessThan(1e-14);
  expect(averageError(rule, 10)).toBeGreaterThan(1e-4);
});

test(
  "high dimension and high degree: d = 1000, degree 2,000 on S^2, 10,000 on the circle, error bars and decay law",
  { timeout: 180_000 },
  () => {
    const high = sphere(1000).mercer(ntk({ depth: 3 }), 400);
    spectrumLaws(high);
    expect(Number.isFinite(high.partialTrace)).toBe(true);
    // In high dimension μ_k N ~ Taylor coefficients of f(t): Σ_{k <= 3} carries almost all of f(1) that is smooth.
    const exactTwo = sphere(1000).mercer(ntk({ depth: 2 }), 4);
    const quadrature = sphere(1000).mercer(ntk({ depth: 2 }), 4, { method: "quadrature" });
    exactTwo.eigenvalues.forEach((mu, k) =>
      expect(Math.abs(mu - quadrature.eigenvalues[k])).toBeLessThanOrEqual(quadrature.errorBounds[k] + 1e-18),
    );
    const kernel = ntk({ depth: 3 });
    const far = circle().mercer(kernel, 10_000);
    const law = sphereAsymptotics(kernel, 2);
    for (const k of [5000, 9999, 10_000]) expect(Math.abs(far.eigenvalues[k] / law.predict(k) - 1)).toBeLessThan(1e-4);
    const two = sphere(3).mercer(ntk({ depth: 2 }), 2000);
    expect(Math.abs(two.eigenvalues[2000] / sphereAsymptotics(ntk({ depth: 2 }), 3).predict(2000) - 1)).toBeLessThan(
      1e-5,
    );
  },
);

test("error bars hold and stay small at high degree: quadrature in panels against the exact two-layer formulas", () => {
  for (const [d, K] of [
    [2, 2000],
    [3, 2000],
    [4, 500],
    [10, 500],
    [100, 200],
  ]) {
    for (const kernel of [ntk({ depth: 2 }), nngp({ depth: 2 }), arcCosine(0), arcCosine(2)]) {
      const exact = sphere(d).mercer(kernel, K);
      const quadrature = sphere(d).mercer(kernel, K, { method: "quadrature" });
      const reference = new Map(Array.from(exact.eigenvalues.entries()));
      expect(barRatio(quadrature, reference), `${kernel.name}, d = ${d}`).toBeLessThanOrEqual(1);
      expect(quadrature.errorBounds[K]).toBeLessThanOrEqual(tolerance(K, 1, exact.valueAtOne));
    }
  }
});

test("condition numbers: unresolved below the noise, nonzero modes on request", () => {
  const two = sphere(3).mercer(ntk({ depth: 2 }), 6);
  const all = conditionNumber(two);
  expect(all.condition.defined).toBe(false);
  expect(!all.condition.defined && all.condition.reason).toContain(
    "unresolved: eigenvalue 0.00e+0 of mode 3 is below 5.00e-14",
  );
  const nonzero = conditionNumber(two, { modes: "nonzero" });
  expect(nonzero.condition.defined && nonzero.condition.value).toBeCloseTo(0.5 / 0.00140380859375, 10);
  expect(nonzero.omitted).toBe(2);
  const steep = sphere(10).mercer(
    zonalKernel((theta) => Math.exp(Math.cos(theta))),
    30,
  );
  expect(conditionNumber(steep, { modes: "nonzero" }).condition.defined || steep.vanishing.length > 0).toBe(true);
});

test("bad input is refused by name", () => {
  expect(() => sphere(1)).toThrow("sphere: d must be an integer in [2, 10000], got 1");
  expect(() => sphere(3).mercer({} as never, 5)).toThrow("sphere.mercer: kernel must be a Kernel");
  expect(() => sphere(3).mercer(ntk({ depth: 2 }), -1)).toThrow(ArgumentError);
  expect(() => sphere(3).sobolev({ symbol: "E" as "A", smoothness: 1, bandwidth: 3 })).toThrow(
    'sphere.sobolev: symbol must be one of "A", "B", "C", "D", got "E"',
  );
  expect(() => sphere(3).sobolev({ symbol: "A", smoothness: Number.NaN, bandwidth: 3 })).toThrow(
    "smoothness must be a number in [-200, 200], got NaN",
  );
  expect(() => sphere(3).sobolev({ symbol: "A", smoothness: 1, bandwidth: 3, foo: 1 } as never)).toThrow(OptionError);
  expect(() => sphere(5).nodes(10)).toThrow("sphere.nodes: rng must be given for d > 3");
  const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 5);
  expect(() => optimalSmoothness(spectrum, { symbol: "D", maxDegree: 9 })).toThrow(ArgumentError);
  const D1 = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 5 });
  expect(composite(ntk({ depth: 3 }), D1).eigenvalues).toEqual(composite(spectrum, D1).eigenvalues);
  expect(() => composite({} as never, D1)).toThrow("composite: kernel must be a spectrum by mode, or a Kernel");
  expect(() => composite(spectrum, sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 3 }))).toThrow(
    "composite: sobolev must be defined on all 6 modes of the kernel, got 4 modes; raise the bandwidth",
  );
  expect(() => sphereAsymptotics(ntk({ depth: 2, activation: "erf" }), 3)).toThrow(
    "sphereAsymptotics: kernel must be a plain bias-free NTK",
  );
  expect(() =>
    sphere(3)
      .sobolev({ symbol: "D", smoothness: 1, bandwidth: 2 })
      .kernel.gram({ rows: 1, cols: 2, data: Float64Array.of(1, 0) }),
  ).toThrow(ArgumentError);
});
