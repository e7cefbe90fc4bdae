import { expect, test } from "vitest";
import { ArgumentError, OptionError, ResourceError, type Matrix, type Tagged } from "../../src/core/index.js";
import {
  commutator,
  compareWithOperator,
  composite,
  conditionNumber,
  crossPolytope,
  flatteningSymbol,
  gaussian,
  multiplicity,
  optimalSmoothness,
  simplexDesign,
  sphere,
  sphereQuadrature,
  sphericalDesign,
  sphericalHarmonics,
  torus,
  zonalHarmonics,
  zonalOperator,
  type SphereQuadrature,
} from "../../src/domains/index.js";
import { hermiteSeries } from "../../src/domains/hermite-series.js";
import { angleBetween, arcCosine, deepNarrowNtk, ntk, zonalKernel } from "../../src/kernels/index.js";
import { eigh, matmul } from "../../src/linalg/index.js";
import { createRng, fillNormal, spherePoints } from "../../src/random/index.js";
import { tolerance } from "../support/compare.js";

const valueOf = (tagged: Tagged): number => (tagged.defined ? tagged.value : Number.NaN);
const row = (X: Matrix, i: number): Float64Array => X.data.subarray(i * X.cols, (i + 1) * X.cols);

test("harmonics on S^3, S^4 and S^7: addition theorem at random points and where coordinates vanish", () => {
  for (const [d, L] of [
    [4, 40],
    [5, 14],
    [8, 6],
  ] as const) {
    const X = spherePoints(createRng(d), 7, d);
    for (const [i, axis] of [
      [0, d - 1],
      [1, 0],
      [2, d - 2],
    ] as const) {
      row(X, i).fill(0);
      row(X, i)[axis] = i === 1 ? -1 : 1;
    }
    const Y = sphericalHarmonics(X, L);
    expect(Y.cols).toBe(sphere(d).bandDimension(L));
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j <= i; j++) {
        const P = zonalHarmonics(d, i === j ? 0 : angleBetween(row(X, i), row(X, j)), L);
        for (let k = 0, at = 0; k <= L; k++) {
          const N = multiplicity(d, k);
          let sum = 0;
          for (let c = at; c < at + N; c++) sum += Y.data[i * Y.cols + c] * Y.data[j * Y.cols + c];
          at += N;
          expect(Math.abs(sum - N * P[k]) / N).toBeLessThanOrEqual(tolerance(8 * d, k + 1));
        }
      }
    }
  }
});

test("product rules on S^{d-1} make the harmonics orthonormal up to half of their degree, and not beyond", () => {
  const defect = (rule: SphereQuadrature, L: number): number => {
    const Y = sphericalHarmonics(rule.points, L);
    const weighted: Matrix = { ...Y, data: Y.data.map((v, i) => v * rule.weights[Math.floor(i / Y.cols)]) };
    const G = matmul(weighted, Y, { transposeA: true });
    for (let i = 0; i < G.rows; i++) G.data[i * (G.rows + 1)] -= 1;
    return G.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  };
  for (const d of [2, 3, 4, 5]) {
    const rule = sphereQuadrature(d, 6);
    expect(rule.points.rows).toBe(7 * 4 ** (d - 2));
    expect(defect(rule, 3)).toBeLessThanOrEqual(tolerance(16, 8));
    expect(defect(rule, 4)).toBeGreaterThan(1e-2);
  }
  expect(sphereQuadrature(3, 0).weights).toEqual(Float64Array.of(1));
});

test("weighted zonal matrices on S^3 commute when both are band-limited and the rule is exact; the kernel itself does not", () => {
  const { points, weights } = sphereQuadrature(4, 7);
  const domain = sphere(4);
  const band = domain.multiplier(domain.mercer(ntk({ depth: 3 }), 4).eigenvalues).kernel;
  const P = domain.sobolev({ symbol: "D", smoothness: 2, bandwidth: 3 }).kernel.gram(points);
  expect(commutator(band.gram(points), P, { weights }).frobeniusRatio).toBeLessThan(1e-14);
  expect(commutator(ntk({ depth: 3 }).gram(points), P, { weights }).frobeniusRatio).toBeGreaterThan(1e-6);
  // Exact to degree 2 max(l_K, l_P) = 8: the nonzero eigenvalues are mu_l with multiplicity N(4, l).
  const fine = sphereQuadrature(4, 8);
  const K = band.gram(fine.points);
  const roots = fine.weights.map((w) => Math.sqrt(w));
  const Kw: Matrix = { ...K, data: K.data.map((v, i) => v * roots[Math.floor(i / K.cols)] * roots[i % K.cols]) };
  const values = eigh(Kw, { vectors: false }).values.slice().reverse();
  const { eigenvalues, multiplicities } = domain.mercer(ntk({ depth: 3 }), 4);
  const expected = Array.from(eigenvalues).flatMap((mu, k) => Array<number>(multiplicities[k]).fill(mu));
  expected.sort((a, b) => b - a);
  expected.forEach((mu, i) => expect(Math.abs(values[i] - mu)).toBeLessThanOrEqual(tolerance(16, K.rows, expected[0])));
  expect(Math.abs(values[expected.length])).toBeLessThanOrEqual(tolerance(16, K.rows, expected[0]));
});

test("simplices, cross-polytopes, the 24-cell and the roots of E8: degrees and commuting zonal matrices", () => {
  const averageError = ({ points, weights }: SphereQuadrature, degree: number): number => {
    const axis = fillNormal(createRng(5), new Float64Array(points.cols));
    let sum = 0;
    for (let i = 0; i < points.rows; i++)
      sum += weights[i] * zonalHarmonics(points.cols, angleBetween(axis, row(points, i)), degree)[degree];
    return Math.abs(sum);
  };
  for (const [rule, count] of [
    [simplexDesign(2), 3],
    [simplexDesign(5), 6],
    [crossPolytope(2), 4],
    [crossPolytope(6), 12],
    [sphericalDesign("24-cell"), 24],
    [sphericalDesign("E8 roots"), 240],
  ] as const) {
    expect(rule.points.rows).toBe(count);
    for (let degree = 1; degree <= rule.degree; degree++) expect(averageError(rule, degree)).toBeLessThan(1e-14);
    expect(averageError(rule, rule.degree + 1)).toBeGreaterThan(1e-4);
    const K = ntk({ depth: 3 }).gram(rule.points);
    expect(commutator(K, arcCosine(0).gram(rule.points)).frobeniusRatio).toBeLessThan(1e-14);
  }
  // The stated eigenvalues of a zonal matrix on the cross-polytope.
  const k = (theta: number): number => ntk({ depth: 3 }).profile(theta);
  const { values } = eigh(ntk({ depth: 3 }).gram(crossPolytope(4).points), { vectors: false });
  const [one, zero, minus] = [k(0), k(Math.PI / 2), k(Math.PI)];
  const expected = [
    one + 6 * zero + minus,
    ...Array<number>(4).fill(one - minus),
    ...Array<number>(3).fill(one - 2 * zero + minus),
  ].sort((a, b) => a - b);
  expected.forEach((value, i) => expect(Math.abs(values[i] - value)).toBeLessThanOrEqual(tolerance(8, 8, one)));
});

test("fast zonal product on S^3: within its bound of the Gram matrix, for a smooth and for a rough kernel", () => {
  const points = spherePoints(createRng(2), 300, 4);
  const x = fillNormal(createRng(3), new Float64Array(300));
  const size = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  const smooth = zonalKernel((theta) => Math.exp(Math.cos(theta)));
  for (const [kernel, degree, largest, least] of [
    [smooth, 14, 1e-8, 0],
    [ntk({ depth: 3 }), 8, 300, 1e-3],
  ] as const) {
    const A = zonalOperator(sphere(4).mercer(kernel, degree), points);
    const out = new Float64Array(300).fill(Number.NaN);
    A.apply(x, out);
    const exact = matmul(kernel.gram(points), { rows: 300, cols: 1, data: x }).data;
    const error = Math.sqrt(out.reduce((sum, value, i) => sum + (value - exact[i]) ** 2, 0)) / size;
    expect(error).toBeLessThanOrEqual(A.errorBound);
    expect(error).toBeGreaterThanOrEqual(least * A.errorBound);
    expect(A.errorBound).toBeLessThan(largest);
  }
});

test("best smoothness on the torus: beats a grid search, equals the composite's condition number, parity and bandwidth count", () => {
  const kernel = ntk({ depth: 3 });
  for (const [d, N] of [
    [1, 17],
    [2, 12],
    [3, 6],
  ] as const) {
    const domain = torus(d, N);
    const spectrum = domain.mercer(kernel);
    for (const symbol of ["A", "B", "C", "D"] as const) {
      for (const frequency of ["integer", "angular"] as const) {
        const at = (smoothness: number): number => {
          const T = conditionNumber(composite(spectrum, domain.sobolev({ symbol, smoothness, frequency }))).condition;
          return T.defined ? T.value : Infinity;
        };
        const best = optimalSmoothness(spectrum, { symbol, frequency });
        expect(Math.abs(valueOf(best.condition) / at(best.smoothness) - 1)).toBeLessThan(1e-9);
        expect(Math.abs(valueOf(best.conditionAtZero) / at(0) - 1)).toBeLessThan(1e-9);
        for (let s = 0; s <= 4; s += 0.125) expect(at(s)).toBeGreaterThanOrEqual(valueOf(best.condition) * (1 - 1e-9));
        expect(best.active.length).toBeGreaterThanOrEqual(2);
      }
    }
  }
  const even = torus(2, 8).mercer(ntk({ depth: 2 }));
  const all = optimalSmoothness(even, { symbol: "C" });
  expect(all.omitted).toEqual(even.vanishing);
  const narrow = optimalSmoothness(even, { symbol: "C", maxDegree: 2, degrees: "even" });
  expect(narrow.omitted.length).toBe(64 - 13); // |k_j| <= 2 and k_1 + k_2 even
  expect(narrow.spread).toBeLessThanOrEqual(all.spread);
});

test("best smoothness on Gaussian space: no scan point does better; overlaps sum to one and give E_s", () => {
  const domain = gaussian(3);
  const kernel = ntk({ depth: 3 });
  const best = domain.optimalSmoothness(kernel, 6);
  const at = (s: number): number => {
    const T = domain.composite(kernel, 6, s);
    const condition = T.defined ? conditionNumber(T.value).condition : null;
    return condition !== null && condition.defined ? condition.value : Infinity;
  };
  expect(Math.abs(at(best.smoothness) / valueOf(best.condition) - 1)).toBeLessThan(1e-9);
  expect(Math.abs(at(0) / valueOf(best.conditionAtZero) - 1)).toBeLessThan(1e-12);
  for (let s = 0; s < 2.5; s += 0.05) expect(at(s)).toBeGreaterThanOrEqual(valueOf(best.condition) * (1 - 1e-6));
  expect(best.uncertainty).toBeLessThan(1e-4);
  // The bound from convexity: no exponent of the whole range does better, on other spheres and depths too.
  for (const [d, degrees, depth] of [
    [1, 1, 3],
    [2, 10, 2],
    [5, 20, 4],
    [60, 12, 2],
  ] as const) {
    const space = gaussian(d);
    const network = ntk({ depth });
    const found = space.optimalSmoothness(network, degrees);
    expect(found.spread - found.spreadBound).toBeLessThanOrEqual(1e-10);
    expect(found.spreadError).toBeLessThan(1e-3);
    const { eigenvalues, vanishing } = space.mercer(network, degrees);
    for (let i = 0; i < 25; i++) {
      const s = (0.998 * Math.min(100, 1 + d / 2) * i) / 25;
      const heights = Array.from(eigenvalues, (mu, l) =>
        vanishing.includes(l) ? Number.NaN : Math.log(mu * valueOf(space.compositeFactor(l, s).value)),
      ).filter((height) => !Number.isNaN(height));
      expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThanOrEqual(found.spreadBound);
    }
  }
  for (const degree of [0, 1, 2, 5]) {
    const w = domain.overlaps(degree, 20_000);
    const sum = w.reduce((a, b) => a + b, 0);
    const first = w.reduce((a, b, m) => a + b * (1 + degree + 2 * m), 0); // E_1, less a tail of order M^{-3/2}
    const exact = domain.compositeFactor(degree, 1).value;
    expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
    expect(exact.defined && Math.abs(first / exact.value - 1)).toBeLessThan(1e-5);
  }
  const linear = domain.overlaps(1, 3); // x_j is a Hermite polynomial itself
  expect(Math.abs(linear[0] - 1)).toBeLessThanOrEqual(tolerance(16, 1));
  expect(Array.from(linear.subarray(1))).toEqual([0, 0]);
});

test("the series for E_s agrees with the closed forms of s = 1 and 2 within its own error, to degree 10,000 and dimension 1,000", () => {
  for (const [d, l] of [
    [3, 0],
    [3, 2],
    [3, 40],
    [3, 41],
    [3, 1000],
    [5, 10_000],
    [50, 30],
    [1000, 20],
    [1000, 1000],
  ]) {
    const series = hermiteSeries(d, l);
    const laplacian = l * (l + d - 2);
    const c = d - 1 - laplacian;
    const first = series.power(1);
    expect(Math.abs(first.value - 1 - (1 + laplacian) / d)).toBeLessThanOrEqual(first.error);
    const second = series.power(2);
    expect(Math.abs(second.value - (4 - (4 * c) / d + (c * c) / (d * (d - 2))))).toBeLessThanOrEqual(second.error);
    if (l <= 100 && d <= 50)
      expect(Math.max(first.error / first.value, second.error / second.value)).toBeLessThan(1e-12);
  }
});

test("bad input is refused by name", () => {
  const spectrum = gaussian(3).mercer(ntk({ depth: 3 }), 4);
  const grid = torus(1, 8).mercer(ntk({ depth: 3 }));
  const cases: readonly [() => unknown, new (...args: never[]) => Error, string][] = [
    [() => sphereQuadrature(1, 3), ArgumentError, "sphereQuadrature: d must be an integer in [2, 1000], got 1"],
    [() => sphereQuadrature(20, 40), ResourceError, "sphereQuadrature: degree must be such that"],
    [() => simplexDesign(1), ArgumentError, "simplexDesign: d"],
    [() => crossPolytope(1.5), ArgumentError, "crossPolytope: d"],
    [() => sphericalDesign("120-cell" as never), OptionError, "sphericalDesign: name"],
    [
      () => sphericalHarmonics({ rows: 1, cols: 1, data: Float64Array.of(1) }, 2),
      ArgumentError,
      "of 2 columns or more",
    ],
    [() => sphericalHarmonics(spherePoints(createRng(1), 10, 6), 60), ResourceError, "sphericalHarmonics: maxDegree"],
    [() => optimalSmoothness(spectrum, { symbol: "D" }), ArgumentError, "use gaussian(d).optimalSmoothness"],
    [
      () => optimalSmoothness(grid, { symbol: "C", maxDegree: 5 }),
      ArgumentError,
      "maxDegree must be an integer in [0, 4]",
    ],
    [
      () => optimalSmoothness(sphere(3).mercer(ntk({ depth: 3 }), 4), { symbol: "C", frequency: "angular" }),
      OptionError,
      "option frequency must be given for spectra of the torus only",
    ],
    [() => flatteningSymbol(grid, { growth: -1 }), ArgumentError, "flatteningSymbol: growth must be"],
    [() => flatteningSymbol(grid, { growth: Number.NaN }), Error, "flatteningSymbol: growth must be"],
    [
      () => flatteningSymbol(grid, { growth: 1, maxDegree: 5 }),
      ArgumentError,
      "flatteningSymbol: maxDegree must be an integer in [0, 4]",
    ],
    [
      () => flatteningSymbol(torus(1, 1).mercer(ntk({ depth: 3 })), { growth: 1 }),
      ArgumentError,
      "flatteningSymbol: spectrum must be with two nonvanishing modes at least, got 1",
    ],
    [
      () => sphere(5).mercer(sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 3 }).kernel, 4),
      ArgumentError,
      "sphere.mercer: kernel must be a kernel of points in R^5",
    ],
    [() => torus(2, 8).mercer(deepNarrowNtk({ dimension: 3 })), ArgumentError, "a kernel of points in R^4"],
    [
      () => compareWithOperator(new Float64Array(9), sphere(1000).mercer(ntk({ depth: 2 }), 400)),
      ArgumentError,
      "small enough for its band to have at most n = 9 dimensions, got",
    ],
    [() => gaussian(3).overlaps(-1, 3), ArgumentError, "gaussian.overlaps: degree"],
    [() => gaussian(3).optimalSmoothness(ntk({ depth: 3 }), 0), ArgumentError, "gaussian.optimalSmoothness: kernel"],
  ];
  for (const [act, type, message] of cases) {
    expect(act, message).toThrow(type);
    expect(act).toThrow(message);
  }
});
