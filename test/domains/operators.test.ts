import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  type Matrix,
  ResourceError,
  ShapeError,
  SingularError,
  fromRows,
} from "../../src/core/index.js";
import {
  type ModeSpectrum,
  circle,
  commutator,
  compareWithOperator,
  composite,
  conditionNumber,
  equispacedCircle,
  fibonacciSphere,
  flatteningSymbol,
  gaussHermiteGrid,
  gaussian,
  hermitePolynomials,
  hermiteSpectrum,
  integrateSobolevFlow,
  optimalSmoothness,
  productQuadrature,
  sobolevFlow,
  sphere,
  sphericalHarmonics,
  symmetricComposite,
  torus,
  weightedNystrom,
  zonalHarmonics,
  zonalOperator,
} from "../../src/domains/index.js";
import { gramOperator, mehlerKernel, ntk, rbfKernel, zonalKernel } from "../../src/kernels/index.js";
import { eig, eigh, matmul } from "../../src/linalg/index.js";
import { integrate } from "../../src/ode/index.js";
import { fromFunction, fromMatrix } from "../../src/operators/index.js";
import { createRng, fillNormal, normalMatrix, spherePoints } from "../../src/random/index.js";
import { maxDifference, tolerance } from "../support/compare.js";
import { kernelLaws } from "../support/laws/kernel-laws.js";

test("spherical harmonics: addition theorem at random and polar points, to degree 2,000", () => {
  const addition = (x: readonly number[], y: readonly number[], L: number, degrees: readonly number[]): number => {
    const Y = sphericalHarmonics(fromRows([x, y]), L);
    const angle = 2 * Math.atan2(Math.hypot(...x.map((v, j) => v - y[j])), Math.hypot(...x.map((v, j) => v + y[j])));
    const P = zonalHarmonics(3, angle, L);
    let worst = 0;
    for (const l of degrees) {
      let sum = 0;
      for (let m = -l; m <= l; m++) sum += Y.data[l * l + l + m] * Y.data[Y.cols + l * l + l + m];
      worst = Math.max(worst, Math.abs(sum - (2 * l + 1) * P[l]) / (2 * l + 1));
    }
    return worst;
  };
  const unit = (v: number[]): number[] => v.map((x) => x / Math.hypot(...v));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
      const X = spherePoints(createRng(seed), 2, 3);
      return (
        addition(Array.from(X.data.subarray(0, 3)), Array.from(X.data.subarray(3)), 40, [0, 1, 2, 17, 40]) <
        tolerance(10, 40)
      );
    }),
    { numRuns: 20 },
  );
  expect(addition([0, 0, 1], unit([1, 2, 3]), 60, [1, 30, 60])).toBeLessThan(tolerance(10, 60));
  expect(addition(unit([0.3, -0.5, 0.8]), unit([0.31, -0.5, 0.8]), 2000, [1999, 2000])).toBeLessThan(
    tolerance(10, 2000),
  );
  expect(addition(unit([1e-3, 0, 1]), unit([1e-3, 1e-3, 1]), 2000, [500, 2000])).toBeLessThan(
    tolerance(1, 2000) / 1e-3,
  ); // z = cos θ has lost θ
});

test("harmonics are orthonormal under a rule of sufficient degree (and not under a weaker one)", () => {
  const defect = (latitudes: number, longitudes: number): number => {
    const { points, weights } = productQuadrature(latitudes, longitudes);
    const Y = sphericalHarmonics(points, 5);
    const weighted: Matrix = { ...Y, data: Y.data.map((v, i) => v * weights[Math.floor(i / Y.cols)]) };
    const G = matmul(weighted, Y, { transposeA: true });
    for (let i = 0; i < G.rows; i++) G.data[i * (G.rows + 1)] -= 1;
    return G.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  };
  expect(defect(6, 11)).toBeLessThan(1e-14);
  expect(defect(5, 11)).toBeGreaterThan(1e-3);
  const circleY = sphericalHarmonics(equispacedCircle(9), 4);
  const gram = matmul(circleY, circleY, { transposeA: true }).data.map((x) => x / 9);
  expect(gram.every((x, i) => Math.abs(x - (i % 10 === 0 ? 1 : 0)) < 1e-14)).toBe(true);
});

test("Laplacian of a harmonic: the Gaussian bump e^{t} is reproduced by its expansion (closed-form twin)", () => {
  const smooth = zonalKernel((theta) => Math.exp(Math.cos(theta)));
  const points = fibonacciSphere(60);
  const A = zonalOperator(sphere(3).mercer(smooth, 25), points);
  const K = smooth.gram(points);
  const x = fillNormal(createRng(3), new Float64Array(60));
  const out = new Float64Array(60).fill(Number.NaN);
  A.apply(x, out);
  const exact = matmul(K, { rows: 60, cols: 1, data: x }).data;
  const norm = Math.hypot(...x);
  const error = Math.hypot(...out.map((value, i) => value - exact[i]));
  expect(error / norm).toBeLessThanOrEqual(A.errorBound);
  expect(A.errorBound).toBeLessThan(1e-10);
  // The bound is honest for a slowly decaying kernel too.
  const rough = ntk({ depth: 3 });
  const B = zonalOperator(sphere(3).mercer(rough, 12), points);
  B.apply(x, out);
  const roughExact = matmul(rough.gram(points), { rows: 60, cols: 1, data: x }).data;
  const ratio = Math.hypot(...out.map((value, i) => value - roughExact[i])) / norm / B.errorBound;
  expect(ratio).toBeLessThanOrEqual(1);
  expect(ratio).toBeGreaterThan(1e-3);
  expect(zonalOperator(circle().mercer(smooth, 10), equispacedCircle(7)).errorBound).toBeLessThan(1e-7);
});

test("symmetric composite: spectrum of K P for noncommuting matrices, and its flow against an ODE integrator", () => {
  const points = spherePoints(createRng(5), 14, 3);
  const K = ntk({ depth: 3 }).gram(points);
  const P = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 8 }).kernel.gram(points);
  P.data.forEach((value, i) => (P.data[i] = value / 14));
  expect(commutator(K, P).frobeniusRatio).toBeGreaterThan(1e-2);
  const T = symmetricComposite(K, P);
  const direct = eig(matmul(K, P)).real.slice().sort();
  expect(maxDifference(T.eigenvalues, direct)).toBeLessThan(1e-11 * direct[13]);
  const r0 = fillNormal(createRng(6), new Float64Array(14));
  const product = matmul(K, P);
  const solution = integrate(
    (_, r, out) => {
      for (let i = 0; i < 14; i++) {
        let sum = 0;
        for (let j = 0; j < 14; j++) sum -= product.data[i * 14 + j] * r[j];
        out[i] = sum;
      }
    },
    r0,
    { t0: 0, t1: 0.05, tolerance: 1e-10 },
  );
  expect(maxDifference(T.flow(r0, 0.05), solution.y)).toBeLessThan(1e-7);
  expect(maxDifference(T.flow(r0, 0), r0)).toBeLessThan(1e-10);
  const singular = symmetricComposite(
    K,
    sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 2 }).kernel.gram(points),
  );
  expect(() => singular.flow(r0, 1)).toThrow(SingularError);
  expect(() => symmetricComposite(K, { rows: 2, cols: 2, data: new Float64Array(4) })).toThrow(ShapeError);
});

test("integrated flow: noncommuting matrices, a Gram operator with an FFT multiplier, monotone Sobolev loss", () => {
  const points = spherePoints(createRng(5), 14, 3);
  const K = ntk({ depth: 3 }).gram(points);
  const P = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 8 }).kernel.gram(points);
  P.data.forEach((value, i) => (P.data[i] = value / 14));
  const r0 = fillNormal(createRng(6), new Float64Array(14));
  const flow = integrateSobolevFlow(fromMatrix(K), fromMatrix(P), r0, { times: [0, 0.02, 0.05] });
  expect(flow.convergence.status).toBe("converged");
  expect(maxDifference(flow.residuals.data.subarray(28), symmetricComposite(K, P).flow(r0, 0.05))).toBeLessThan(1e-8);
  expect(maxDifference(flow.residuals.data.subarray(0, 14), r0)).toBe(0);
  expect(flow.sobolevLoss[0]).toBeGreaterThan(flow.sobolevLoss[1]);
  expect(flow.sobolevLoss[1]).toBeGreaterThan(flow.sobolevLoss[2]);
  // Circle grid: K by blocks of its Gram matrix, P by FFT, against the closed form by mode.
  const grid = torus(1, 16);
  const multiplier = grid.sobolev({ smoothness: 0.5 });
  const gram = gramOperator(ntk({ depth: 3 }), grid.embedded, { blockRows: 5 });
  const mean = fromFunction(16, (x, out) => {
    gram.apply(x, out);
    for (let i = 0; i < 16; i++) out[i] /= 16;
  });
  const start = Float64Array.from({ length: 16 }, (_, j) => Math.cos((2 * Math.PI * 3 * j) / 16));
  const spectral = integrateSobolevFlow(
    mean,
    fromFunction(16, (x) => multiplier.apply(x)),
    start,
    { times: [5] },
  );
  const rate = grid.mercer(ntk({ depth: 3 })).eigenvalues[3] * multiplier.symbol[3];
  spectral.residuals.data.forEach((value, j) =>
    expect(Math.abs(value - start[j] * Math.exp(-5 * rate))).toBeLessThan(1e-9),
  );
  expect(() => integrateSobolevFlow(fromMatrix(K), null, start, { times: [1] })).toThrow(
    "integrateSobolevFlow: K must be 16 x 16, as the residual, got 14 x 14",
  );
  expect(() => integrateSobolevFlow(fromMatrix(K), null, r0, { times: [1, 1] })).toThrow(
    "times must be increasing, got 1, 1",
  );
  expect(() => integrateSobolevFlow(fromMatrix(K), null, r0, { times: [0] })).toThrow(
    "integrateSobolevFlow: times must be nonempty with a positive last time, got [0]",
  );
});

test("gradient descent step by step: the closed form by mode, the flow at small steps, breakdown beyond the limit, cancelling", () => {
  const grid = torus(1, 16);
  const K = grid.mercer(ntk({ depth: 3 })).eigenvalues;
  const P = grid.sobolev({ smoothness: 1 });
  const rates = K.map((mu, k) => mu * P.symbol[k]);
  const convolution = grid.multiplier("K", (k) => K[grid.indexOf(k)]);
  const kernel = fromFunction(16, (x, out) => out.set(convolution.apply(x)));
  const weights = fromFunction(16, (x, out) => out.set(P.apply(x)));
  const start = Float64Array.from({ length: 16 }, (_, j) => Math.cos((2 * Math.PI * 3 * j) / 16));
  const limit = 2 / Math.max(...rates);
  const step = 0.7 * limit;
  const descent = integrateSobolevFlow(kernel, weights, start, { times: [0, 1, 40], step });
  expect(descent.convergence).toMatchObject({ status: "converged", iterations: 40, matvecs: 40, advice: null });
  const closed = sobolevFlow(
    { eigenvalues: K.slice(3, 4), symbol: P.symbol.slice(3, 4), residual: Float64Array.of(1) },
    { times: [0, 1, 40], step },
  );
  for (let row = 0; row < 3; row++) {
    const factor = closed.amplitudes.data[row];
    for (let j = 0; j < 16; j++)
      expect(Math.abs(descent.residuals.data[row * 16 + j] - factor * start[j])).toBeLessThan(tolerance(40, 40));
  }
  const rough = fillNormal(createRng(8), new Float64Array(16));
  const fine = integrateSobolevFlow(kernel, weights, rough, { times: [2000], step: 0.5 / 2000 });
  const flow = integrateSobolevFlow(kernel, weights, rough, { times: [0.5] });
  expect(maxDifference(fine.residuals.data, flow.residuals.data)).toBeLessThan(1e-3); // first order in the step
  const wild = integrateSobolevFlow(kernel, weights, rough, { times: [1e6], step: 1.5 * limit });
  expect(wild.convergence.status).toBe("breakdown");
  expect(wild.convergence.advice).toContain("take a step below 2/λ_max(K P)");
  expect(wild.residuals.rows).toBe(0);
  const stopped = integrateSobolevFlow(kernel, weights, rough, { times: [0, 5], step, signal: { aborted: true } });
  expect([stopped.convergence.status, stopped.residuals.rows]).toEqual(["cancelled", 1]);
  expect(() => integrateSobolevFlow(kernel, weights, rough, { times: [0.5], step })).toThrow(ArgumentError);
  expect(() => integrateSobolevFlow(kernel, weights, rough, { times: [1], step: 0 })).toThrow("step must be");
  expect(() => integrateSobolevFlow(kernel, weights, rough, { times: [1], step, tolerance: 1e-8 })).toThrow(
    "option tolerance must be given for gradient flow only",
  );
});

test("matrix against operator: clusters per degree, distance falling like n^(-1/2) on random points", () => {
  const spectrum = sphere(3).mercer(ntk({ depth: 3 }), 3);
  const at = (n: number, seed: number): number =>
    compareWithOperator(
      eigh(ntk({ depth: 3 }).gram(spherePoints(createRng(seed), n, 3)), { vectors: false }).values,
      spectrum,
    ).scaledDistance;
  const mean = (n: number): number => [1, 2, 3, 4].reduce((sum, seed) => sum + at(n, seed) / 4, 0);
  // Reference Monte Carlo of the spec: 0.81, 0.96 at n = 64, 256; factor 1.6 for four draws.
  for (const n of [64, 256]) {
    expect(mean(n)).toBeGreaterThan(0.9 / 1.6);
    expect(mean(n)).toBeLessThan(0.9 * 1.6);
  }
  const report = compareWithOperator(
    eigh(ntk({ depth: 3 }).gram(fibonacciSphere(400)), { vectors: false }).values,
    spectrum,
  );
  expect(report.clusters.map(({ degree }) => degree)).toEqual([0, 1, 2, 3]);
  for (const { mean: value, operator, width } of report.clusters) {
    expect(Math.abs(value / operator - 1)).toBeLessThan(0.02);
    expect(width).toBeLessThan(0.01);
  }
  expect(() => compareWithOperator(new Float64Array(4), spectrum)).toThrow(ArgumentError);
});

test("Hermite basis: orthonormality by Gauss-Hermite, number operator, growth of the rule's degree", () => {
  const { points, weights } = gaussHermiteGrid(1, 12);
  expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 13);
  const H = Array.from(points.data, (x) => hermitePolynomials(x, 11));
  for (let i = 0; i <= 11; i++) {
    for (let j = 0; j <= 11; j++) {
      const sum = weights.reduce((s, w, k) => s + w * H[k][i] * H[k][j], 0);
      expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(2e-13);
    }
  }
  const x = 0.7;
  const h = hermitePolynomials(x, 9);
  for (let k = 2; k <= 9; k++) {
    const first = Math.sqrt(k) * h[k - 1];
    const second = Math.sqrt(k * (k - 1)) * h[k - 2];
    expect(Math.abs(-second + x * first - k * h[k])).toBeLessThan(1e-12);
  }
  // 500 nodes: the extreme weights are far below the double range and dropped.
  expect(gaussHermiteGrid(1, 500).weights.length).toBeLessThan(500);
  expect(() => gaussHermiteGrid(6, 60)).toThrow(ResourceError);
});

test("Mehler and RBF kernels: laws, and Nyström eigenvalues equal to their closed forms", () => {
  kernelLaws(mehlerKernel(0.4), { points: normalMatrix(createRng(7), 12, 2) });
  kernelLaws(rbfKernel(0.8), { points: normalMatrix(createRng(7), 12, 3) });
  const grid = gaussHermiteGrid(1, 60);
  for (const [kernel, exact] of [
    [mehlerKernel(0.5), hermiteSpectrum("mehler", 0.5, 1, 10)],
    [rbfKernel(1), hermiteSpectrum("rbf", 1, 1, 10)],
  ] as const) {
    const { eigenvalues, trace } = weightedNystrom(kernel, grid.points, grid.weights);
    for (let k = 0; k <= 10; k++) expect(Math.abs(eigenvalues[k] - exact.eigenvalues[k])).toBeLessThan(1e-12);
    expect(Math.abs(trace - eigenvalues.reduce((a, b) => a + b))).toBeLessThan(1e-12);
  }
  const plane = gaussHermiteGrid(2, 16);
  const two = hermiteSpectrum("rbf", 1.2, 2, 3);
  const list = Array.from(two.eigenvalues).flatMap((value, k) =>
    Array.from({ length: two.multiplicities[k] }, () => value),
  );
  const found = weightedNystrom(rbfKernel(1.2), plane.points, plane.weights).eigenvalues;
  list.forEach((value, i) => expect(Math.abs(found[i] - value)).toBeLessThan(1e-5 * two.eigenvalues[0]));
  expect(two.multiplicities).toEqual(Float64Array.of(1, 2, 3, 4));
});

test("the NTK on Gaussian space by Nyström: its largest eigenvalues are d μ, slowly (kinks), and it couples Hermite degrees", () => {
  const { points, weights } = gaussHermiteGrid(2, 24);
  const kernel = ntk({ depth: 3, zeroVectors: "zero" });
  const found = weightedNystrom(kernel, points, weights).eigenvalues;
  const exact = gaussian(2).mercer(kernel, 2).eigenvalues;
  expect(Math.abs(found[0] / exact[0] - 1)).toBeLessThan(1e-2);
  expect(Math.abs(found[1] / exact[1] - 1)).toBeLessThan(1e-2);
  const K = kernel.gram(points);
  const h = Array.from({ length: points.rows }, (_, i) => hermitePolynomials(points.data[2 * i], 2)[2]);
  let coupling = 0;
  for (let i = 0; i < points.rows; i++)
    for (let j = 0; j < points.rows; j++) coupling += weights[i] * K.data[i * points.rows + j] * weights[j] * h[j];
  expect(Math.abs(coupling)).toBeGreaterThan(0.1); // ⟨1, K h_2⟩ ≠ 0
});

test("fractional number operator on |x| Y: matrix elements in the Hermite basis give E_s (d = 1, ℓ = 0)", () => {
  // E|x| h_{2m}(x)² summed with (1 + 2m)^s is E_s(0) of d = 1 up to ‖|x|‖² = 1.
  const s = 0.5;
  let sum = 0;
  let coefficient = Math.sqrt(2 / Math.PI); // ⟨|x|, h_0⟩
  for (let m = 0; m < 400_000; m++) {
    sum += coefficient ** 2 * (1 + 2 * m) ** s;
    coefficient *= -(2 * m - 1) / Math.sqrt((2 * m + 1) * (2 * m + 2));
  }
  const factor = gaussian(1).compositeFactor(0, s);
  expect(factor.value.defined && Math.abs(factor.value.value / sum - 1)).toBeLessThan(2e-3);
});

test("fast zonal products refuse kernels that show themselves indefinite: their bound would not hold", () => {
  const points = spherePoints(createRng(4), 50, 3);
  const beyond = zonalKernel((theta) => Math.cos(theta) - 0.5 * zonalHarmonics(3, theta, 12)[12]);
  expect(() => zonalOperator(sphere(3).mercer(beyond, 6), points)).toThrow(
    "zonalOperator: spectrum must be of a positive semidefinite kernel, got a trace beyond degree 6 of -5.000e-1; use gramOperator",
  );
  expect(() => zonalOperator(sphere(3).mercer(beyond, 14), points)).toThrow(
    "got the eigenvalue -2.000e-2 of degree 12",
  );
  const bump = zonalOperator(
    sphere(3).mercer(sphere(3).sobolev({ symbol: "D", smoothness: 2, bandwidth: 30 }).kernel, 30),
    points,
  );
  expect(bump.errorBound).toBeGreaterThan(0); // all of the trace is there: rounding alone is left
});

test("values that leave the double range, and eigenvalues that are rounding, are said to be", () => {
  expect(() => hermitePolynomials(60, 1000)).toThrow(
    "hermitePolynomials: maxDegree must be below 508, where the values at x = 60 leave the double range, got 1000",
  );
  expect(hermitePolynomials(60, 507).every(Number.isFinite)).toBe(true);
  const { points, weights } = gaussHermiteGrid(1, 40);
  const { eigenvalues, resolved } = weightedNystrom(mehlerKernel(0.25), points, weights);
  expect(resolved).toBe(Array.from(eigenvalues).filter((value) => value >= 1e-13).length);
  expect(resolved).toBe(22); // 4^{-21} = 2.3e-13
  expect(Math.abs(eigenvalues[resolved - 1] / 0.25 ** (resolved - 1) - 1)).toBeLessThan(0.05);
  const beyond = gaussian(10_000).compositeFactor(10_000, 100).value;
  expect(beyond.defined ? "" : beyond.reason).toBe("E_s of degree 10000 at s = 100 leaves the double range");
  expect(gaussian(10_000).compositeFactor(10_000, -100).value.defined).toBe(false);
  const empty = { rows: 0, cols: 3, data: new Float64Array(0) };
  expect(() => sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 2 }).sampled(empty)).toThrow(
    "sphere.sobolev.sampled: points must be of one row or more",
  );
});

test("physics-informed losses on the torus: which modes are learned when", () => {
  const grid = torus(2, 12);
  const K = grid.mercer(ntk({ depth: 3 }));
  const target = new Float64Array(144);
  for (const k of [
    [0, 0],
    [1, 0],
    [3, 0],
  ])
    target[grid.indexOf(k)] = 1;
  const times = [50];
  const plain = sobolevFlow({ eigenvalues: K.eigenvalues, residual: target }, { times });
  const ritz = sobolevFlow(
    { eigenvalues: K.eigenvalues, symbol: grid.poisson("ritz").symbol, residual: target },
    { times },
  );
  const residual = sobolevFlow(
    { eigenvalues: K.eigenvalues, symbol: grid.poisson("residual").symbol, residual: target },
    { times },
  );
  expect(ritz.neverLearned).toEqual([0]);
  expect(plain.neverLearned).toEqual([]);
  const at = (history: typeof plain): number => history.amplitudes.data[grid.indexOf([3, 0])];
  expect(at(residual)).toBeLessThan(at(ritz));
  expect(at(ritz)).toBeLessThan(at(plain));
  expect(composite(K, grid.poisson("residual")).eigenvalues[grid.indexOf([2, 1])]).toBeCloseTo(
    25 * K.eigenvalues[grid.indexOf([2, 1])],
    12,
  );
  expect(() => grid.poisson("energy" as "ritz")).toThrow('torus.poisson: loss must be one of "ritz", "residual"');
});

test("bad input is refused by name", () => {
  expect(() => sphericalHarmonics(fromRows([[1, 1, 0]]), 3)).toThrow("sphericalHarmonics: points must be of unit rows");
  expect(() => sphericalHarmonics(fromRows([[1]]), 3)).toThrow(ArgumentError);
  expect(() => sphericalHarmonics(fibonacciSphere(40_000), 100)).toThrow(ResourceError);
  expect(() => zonalOperator(sphere(3).mercer(ntk({ depth: 2 }), 4), equispacedCircle(4))).toThrow(ArgumentError);
  expect(() => weightedNystrom(rbfKernel(1), fromRows([[0], [1]]), Float64Array.of(1, 0))).toThrow(
    "weightedNystrom: weights must be positive, got 0 at index 1",
  );
  expect(() => mehlerKernel(1)).toThrow("mehlerKernel: r must be in (0, 1), got 1");
  expect(() => hermiteSpectrum("mehler", 1.5, 1, 3)).toThrow(ArgumentError);
  expect(() => hermiteSpectrum("laguerre" as "rbf", 0.5, 1, 3)).toThrow('kind must be one of "mehler", "rbf"');
  // Modes of one domain never multiply those of another, even where the counts fit.
  const kernel = ntk({ depth: 3 });
  const wide = sphere(3).sobolev({ symbol: "D", smoothness: 1, bandwidth: 63 });
  expect(() => composite(torus(2, 8).mercer(kernel), wide)).toThrow(
    "composite: sobolev must be an operator on the modes of torus T^2, 8^2 grid, embedded in S^3, got one on sphere S^2 in R^3",
  );
  expect(() => composite(sphere(4).mercer(kernel, 5), wide)).toThrow(ArgumentError);
  expect(() => composite(torus(1, 5).mercer(kernel), torus(1, 7).sobolev({ symbol: "C", smoothness: 1 }))).toThrow(
    ArgumentError,
  );
  const line = gaussian(3);
  expect(() => composite(line.mercer(kernel, 4), line.sobolev({ smoothness: 1, bandwidth: 4 }))).toThrow(
    "use gaussian(d).composite(kernel, maxDegree, smoothness)",
  );
  expect(() => weightedNystrom({} as typeof kernel, fromRows([[1]]), Float64Array.of(1))).toThrow(
    "weightedNystrom: kernel must be a Kernel",
  );
  expect(() => gramOperator({} as typeof kernel, equispacedCircle(4))).toThrow("gramOperator: kernel must be a Kernel");
  expect(() => compareWithOperator(Float64Array.of(1), {} as Parameters<typeof compareWithOperator>[1])).toThrow(
    "compareWithOperator: spectrum.eigenvalues must be",
  );
  expect(() => compareWithOperator(Float64Array.of(1, 1), sphere(3).mercer(kernel, 3), { maxDegree: 0.5 })).toThrow(
    "compareWithOperator: maxDegree must be an integer in [0, 3], got 0.5",
  );
  expect(() => zonalOperator({} as ReturnType<ReturnType<typeof sphere>["mercer"]>, equispacedCircle(4))).toThrow(
    "zonalOperator: spectrum must be a spectrum by mode",
  );
  expect(() => conditionNumber({} as ModeSpectrum)).toThrow("conditionNumber: spectrum must be a spectrum by mode");
  expect(() => optimalSmoothness({} as ModeSpectrum, { symbol: "D" })).toThrow("optimalSmoothness: spectrum must be");
  expect(() => flatteningSymbol({} as ModeSpectrum, { growth: 1 })).toThrow("flatteningSymbol: spectrum must be");
  const broken = { ...sphere(3).mercer(kernel, 3), eigenvalues: Float64Array.of(1, Number.NaN, 1, 1) };
  expect(() => conditionNumber(broken)).toThrow("conditionNumber: spectrum.eigenvalues must be finite");
  expect(() => composite(broken, wide)).toThrow("composite: spectrum.eigenvalues must be finite");
  expect(() => composite(sphere(3).mercer(kernel, 1), { symbol: Float64Array.of(1, Number.NaN) })).toThrow(
    "composite: sobolev.symbol must be finite",
  );
  expect(() => composite(sphere(3).mercer(ntk({ depth: 900 }), 0), { symbol: Float64Array.of(1e308) })).toThrow(
    "composite: kernel times sobolev must be finite",
  );
  expect(() =>
    optimalSmoothness({ ...sphere(3).mercer(kernel, 1), errorBounds: Float64Array.of(0, Number.NaN) }, { symbol: "D" }),
  ).toThrow("optimalSmoothness: spectrum.errorBounds must be >= 0, got NaN at index 1");
  for (const theta of [-1, 4, Number.NaN]) expect(() => wide.profile(theta)).toThrow("profile: theta must be");
});
