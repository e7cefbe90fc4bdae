import { expect, test } from "vitest";
import { ArgumentError, type Matrix, OptionError, ShapeError, fromRows, matrix } from "../../src/core/index.js";
import { fibonacciSphere } from "../../src/domains/index.js";
import {
  type Kernel,
  covarianceOf,
  deepExpansion,
  deepSpectrum,
  type DualSlopes,
  dualActivation,
  edgeOfChaos,
  gramOperator,
  inverseCosineDistance,
  kernelGradient,
  kernelRegression,
  learningCurve,
  meanField,
  nngp,
  ntk,
  spectralProjection,
  zonalKernel,
} from "../../src/kernels/index.js";
import { eigh, matmul, solve } from "../../src/linalg/index.js";
import { integrate } from "../../src/ode/index.js";
import { createRng, fillNormal, normalMatrix, spherePoints } from "../../src/random/index.js";
import { maxDifference, tolerance } from "../support/compare.js";
import { fixture } from "../support/shared.js";

const { cases } = fixture<{
  cases: Record<string, { outputs: (Record<string, string> & { L: number; n: number; Delta: number })[] }>;
}>("kernels/reference.json");

test("S2.equi: extreme eigenvalues of equicorrelated points and their predictions", () => {
  for (const row of cases["S2.equi"].outputs) {
    if (row.L < 2) continue;
    const angle = Number(row["theta0"]);
    const report = deepSpectrum({
      depth: row.L,
      points: row.n,
      angle,
      activation: Number(row.Delta) === 1 ? "abs" : "relu",
    });
    if (!report.equicorrelated.defined) throw new Error(report.equicorrelated.reason);
    const { smallest, largest, condition } = report.equicorrelated.value;
    expect(Math.abs(smallest / Number(row["lambda_min"]) - 1)).toBeLessThan(1e-12);
    expect(Math.abs(largest / Number(row["lambda_max"]) - 1)).toBeLessThan(1e-12);
    expect(Math.abs(condition / Number(row["kappa"]) - 1)).toBeLessThan(1e-12);
    expect(report.smallest).toBeCloseTo(Number(row["lambda_min_leading"]), 11);
    expect(report.conditionLimit).toBeCloseTo(Number(row["kappa_limit"]), 12);
    expect(report.largest).toBeCloseTo(Number(row["lambda_max_leading"]), 11);
    // Next order: κ − (1 + n/3 + (16/9) n ξ/L) is second order in ξ/L.
    const { xi } = deepExpansion(angle, { depth: row.L, activation: Number(row.Delta) === 1 ? "abs" : "relu" });
    const bound = row.n * 5 * (xi / row.L) ** 2 + (2 * Math.abs(xi)) / row.L;
    if (Math.abs(xi) / row.L < 0.05) {
      expect(report.condition.defined && Math.abs(report.condition.value - condition)).toBeLessThan(bound);
    }
  }
});

test("S2.fib: spectra of Fibonacci points as the depth grows, and the affine model in the inverse cosine distance", () => {
  for (const row of cases["S2.fib"].outputs) {
    const X = fibonacciSphere(row.n);
    const activation = row.Delta === 1 ? "abs" : "relu";
    const { values } = eigh(ntk({ depth: row.L, activation }).gram(X), { vectors: false });
    const largest = values[row.n - 1] / row.n;
    expect(Math.abs(largest / Number(row["lambda_max"]) - 1)).toBeLessThan(1e-8);
    const smallest = Number(row["lambda_min"]);
    expect(Math.abs(values[0] / row.n - smallest)).toBeLessThan(1e-12 * largest + 1e-8 * smallest);
    expect(Math.abs(values[row.n - 2] / row.n - Number(row["lambda_2"]))).toBeLessThan(
      1e-12 * largest + 1e-8 * smallest,
    );
    // κ inherits the absolute error of the smallest eigenvalue.
    const ratio = values[row.n - 1] / values[0] / Number(row["kappa"]);
    expect(Math.abs(ratio - 1)).toBeLessThan(1e-8 + (1e-13 * largest) / smallest);
    if (row.n === 10 || (row.n === 20 && row.L >= 1000)) {
      const model = inverseCosineDistance(X, { depth: row.L, activation });
      expect(maxDifference(model.exact.data, ntk({ depth: row.L, activation }).gram(X).data)).toBeLessThan(
        1e-12 * row.L,
      );
      // The file's model has 1/(2 sin(θ/2)) for 1/θ; it gives seven digits of the errors.
      const factor = (3 * Math.PI) / (16 * (row.Delta === 1 ? 1 : 0.5));
      const misfit = model.exact.data.map((value, at) => {
        const inverse = model.matrix.data[at];
        return inverse === 0 ? 0 : (value - factor / Math.sin(0.5 / inverse) + 1 / 8) / row.n;
      });
      const largestEntry = Math.max(...misfit.map(Math.abs)) * row.n;
      expect(Math.abs(largestEntry / Number(row["affine_max_abs_entry_times_n"]) - 1)).toBeLessThan(1e-6);
      const { values: errors } = eigh({ rows: row.n, cols: row.n, data: misfit }, { vectors: false });
      const spectral = Math.max(-errors[0], errors[row.n - 1]);
      expect(Math.abs(spectral / Number(row["affine_error_spectral_norm"]) - 1)).toBeLessThan(1e-6);
      if (row.L >= 100)
        expect(model.largestError, `${row.n} ${row.L} ${activation}`).toBeLessThan(model.predictedError);
    }
  }
});

test("deep expansion: the refined law gains a factor, the error falls like 1/L, and Δ = 0 is refused", () => {
  for (const activation of ["relu", "abs"] as const) {
    const at = (depth: number): ReturnType<typeof deepExpansion> => deepExpansion(1, { depth, activation });
    const first = at(1000);
    const second = at(8000);
    expect(Math.abs(first.exact - first.refined)).toBeLessThan(0.01 * Math.abs(first.exact - first.affine));
    const order = Math.log((second.affineResidual + 1 / 8) / (first.affineResidual + 1 / 8)) / Math.log(8);
    expect(Math.abs(order + 1)).toBeLessThan(0.03);
    const bound = (5.7 * second.delta ** -2) / 8000;
    expect(Math.abs(second.affineResidual + 1 / 8) / bound).toBeGreaterThan(0.9);
    expect(Math.abs(second.affineResidual + 1 / 8)).toBeLessThanOrEqual((6.2 * second.delta ** -2) / 8000);
  }
  expect(() => deepExpansion(1, { depth: 5, activation: "identity" })).toThrow(
    "deepExpansion: activation must be nonlinear (Δ > 0)",
  );
  expect(() => deepExpansion(0, { depth: 5 })).toThrow("deepExpansion: angle must be between distinct directions");
  expect(() => deepSpectrum({ depth: 5, points: 4, angle: 2.5 })).toThrow("for 4 equicorrelated points to exist");
  expect(() => inverseCosineDistance(matrix(2, 2, [1, 0, 2, 0]), { depth: 4 })).toThrow(
    "coincident images of rows 0 and 1",
  );
});

test("a Gram operator multiplies like the stored matrix, whatever the block, and copies its points", () => {
  const X = normalMatrix(createRng(1), 37, 5);
  for (const kernel of [ntk({ depth: 4 }), ntk({ depth: 2, activation: "erf", biasVariance: 0.1 })]) {
    const K = kernel.gram(X);
    const x = fillNormal(createRng(2), new Float64Array(37));
    const expected = matmul(K, { rows: 37, cols: 1, data: x }).data;
    const operators = [1, 8, 37, 100].map((blockRows) => gramOperator(kernel, X, { blockRows }));
    const saved = X.data[0];
    X.data[0] = 99;
    for (const operator of operators) {
      const out = new Float64Array(37).fill(Number.NaN);
      operator.apply(x, out);
      expect(maxDifference(out, expected)).toBeLessThan(tolerance(8, 37, 4 * Math.max(...K.data)));
    }
    X.data[0] = saved;
  }
  expect(() => gramOperator(ntk({ depth: 2 }), matrix(2, 2, [0, 0, 1, 0]))).toThrow(ArgumentError);
  expect(() => gramOperator(ntk({ depth: 2 }), X, { blockRows: 0 })).toThrow(ArgumentError);
});

/** Sixth-order difference of K(x, y) in coordinate j. */
function difference(kernel: Kernel, x: Float64Array, y: Float64Array, j: number, h: number): number {
  const at = (step: number): number => {
    const moved = x.slice();
    moved[j] += step;
    return kernel.cross({ rows: 1, cols: x.length, data: moved }, { rows: 1, cols: y.length, data: y }).data[0];
  };
  const d = (k: number): number => at(k * h) - at(-k * h);
  return (0.75 * d(1) - 0.15 * d(2) + d(3) / 60) / h;
}

test("kernel gradients agree with sixth-order differences on every path", () => {
  const x = Float64Array.of(0.8, -0.3, 1.1);
  const y = Float64Array.of(-0.2, 0.9, 0.7);
  const members: Kernel[] = [
    ntk({ depth: 3 }),
    ntk({ depth: 5, activation: "abs", normalised: true }),
    nngp({ depth: 3 }),
    ntk({ depth: 3, weightVariance: 1.8, biasVariance: 0.2 }),
    ntk({ depth: 4, architecture: "skip", skipScale: 0.8, weightVariance: 1.5, biasVariance: 0.1 }),
    ntk({ depth: 3, architecture: "concatenation" }),
    ntk({ depth: 3, parameterisation: "standard", widths: [4, 6], weightVariance: 2, biasVariance: 0.1 }),
    ntk({ depth: 2, activation: "erf" }),
    nngp({ depth: 3, activation: "step" }),
    ntk({ depth: 4, activation: "gelu", weightVariance: 1.4, biasVariance: 0.1, normalised: true }),
    ntk({ depth: 3, activation: "sine", architecture: "skip", skipScale: 0.5 }),
    ntk({ depth: 3, activation: { polynomial: [0.2, 1, 0, -0.1] }, architecture: "concatenation", biasVariance: 0.2 }),
    ntk({ depth: 2, activation: { rectifierPower: 1 } }),
    ntk({ depth: 3, activation: { rectifierPower: 2 }, weightVariance: 0.6 }),
    ntk({ depth: 2, activation: { rectifierPower: 3 }, biasVariance: 0.1 }),
    ntk({ depth: 3, activation: "erf", parameterisation: "standard", widths: [4, 6], biasVariance: 0.1 }),
    ntk({ depth: 3, activation: "tanh", weightVariance: 1.5, biasVariance: 0.1 }),
    nngp({ depth: 2, activation: "softplus" }),
    zonalKernel((theta) => Math.exp(Math.cos(theta)), { norms: 1 }),
  ];
  for (const kernel of members) {
    const { gradient, method, error } = kernelGradient(kernel, x, y);
    const { kind, activation } = kernel.conventions;
    const integrated = activation === "tanh" || activation === "softplus";
    expect(method).toBe(kind === "zonal" ? "differences" : integrated ? "quadrature" : "closed form");
    if (kind !== "zonal") expect(error).toBeLessThan(1e-11);
    for (let j = 0; j < 3; j++) {
      const reference = difference(kernel, x, y, j, 4e-3);
      expect(Math.abs(gradient[j] - reference), `${kernel.name} ${j}`).toBeLessThan(1e-10 + error);
    }
  }
});

test("derivatives of the duals: differences, duality with E φ″φ″, and symmetry under the swap of the pair", () => {
  const sources = [
    "erf",
    "gelu",
    "sine",
    "tanh",
    "sigmoid",
    "silu",
    { polynomial: [0.3, -1, 0.5, 0.2] },
    { rectifierPower: 2 },
    { rectifierPower: 3 },
  ] as const;
  const h = 1e-3;
  for (const source of sources) {
    const dual = dualActivation(source);
    for (const [k11, k12, k22] of [
      [1, 0.3, 1.5],
      [0.6, -0.5, 0.8],
      [2, 1.2, 1],
    ]) {
      const slopes: DualSlopes = { value11: 0, derivative11: 0, derivative12: 0, error: 0 };
      dual.slopesInto!(covarianceOf(k11, k12, k22), slopes);
      // Fourth-order differences of the values.
      const along = (pick: "value" | "derivative", s11: number, s12: number): number => {
        const at = (m: number): number => dual.evaluate(k11 + m * h * s11, k12 + m * h * s12, k22)[pick];
        return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
      };
      const size = Math.abs(dual.evaluate(k11, k12, k22).value) + 1;
      expect(Math.abs(slopes.value11 - along("value", 1, 0)), dual.name).toBeLessThan(2e-9 * size);
      expect(Math.abs(slopes.derivative11 - along("derivative", 1, 0)), dual.name).toBeLessThan(2e-9 * size);
      expect(Math.abs(slopes.derivative12 - along("derivative", 0, 1)), dual.name).toBeLessThan(2e-9 * size);
      expect(slopes.error).toBeLessThan(1e-12 * size);
    }
  }
  // Forced quadrature against the closed forms, within the estimates of both.
  for (const name of ["erf", "gelu", "sine"] as const) {
    for (const [k11, k12, k22] of [
      [1, 0.3, 1.5],
      [1, 1, 1],
      [0.7, -0.7, 0.7],
    ]) {
      const pair = covarianceOf(k11, k12, k22);
      const [closed, integrated] = [dualActivation(name), dualActivation(name, { method: "quadrature" })].map(
        (dual) => {
          const out: DualSlopes = { value11: 0, derivative11: 0, derivative12: 0, error: 0 };
          dual.slopesInto!(pair, out);
          return out;
        },
      );
      for (const key of ["value11", "derivative11", "derivative12"] as const) {
        expect(Math.abs(closed[key] - integrated[key])).toBeLessThanOrEqual(closed.error + integrated.error);
      }
    }
  }
  expect(dualActivation("relu").slopesInto).toBeNull();
  expect(dualActivation((x) => Math.sin(x), { derivative: (x) => Math.cos(x) }).slopesInto).toBeNull();
});

test("gradients are finite at coincident, parallel and antipodal points; half the gradient of the diagonal at x = y", () => {
  const x = Float64Array.of(0.6, -0.2, 0.3);
  const h = 1e-3;
  for (const kernel of [
    ntk({ depth: 4 }),
    ntk({ depth: 3, weightVariance: 2, biasVariance: 0.3 }),
    nngp({ depth: 2 }),
    ntk({ depth: 3, activation: "gelu", biasVariance: 0.1 }),
    ntk({ depth: 3, activation: "erf" }),
    ntk({ depth: 2, activation: "tanh", weightVariance: 1.5 }),
    ntk({ depth: 2, activation: { rectifierPower: 2 } }),
    ntk({ depth: 2, activation: { rectifierPower: 3 }, architecture: "skip" }),
    ntk({ depth: 3, activation: "sine", weightVariance: 3 }),
    ntk({ depth: 3, activation: { polynomial: [0.1, 1, 0, 0.2] }, architecture: "concatenation" }),
    nngp({ depth: 3, activation: "step", biasVariance: 0.1 }),
    nngp({ depth: 3, activation: "step", architecture: "skip" }),
  ]) {
    const { gradient } = kernelGradient(kernel, x, x);
    for (let j = 0; j < 3; j++) {
      const diagonal = (shift: number): number => {
        const moved = x.slice();
        moved[j] += shift;
        return kernel.diagonal({ rows: 1, cols: 3, data: moved })[0];
      };
      const slope = (8 * (diagonal(h) - diagonal(-h)) - (diagonal(2 * h) - diagonal(-2 * h))) / (12 * h);
      expect(Math.abs(gradient[j] - slope / 2), `${kernel.name} ${j}`).toBeLessThan(1e-9);
    }
    for (const factor of [1, 2, -1, -3]) {
      const y = x.map((value) => factor * value);
      const scaled = kernelGradient(kernel, x, y);
      expect(scaled.gradient.every(Number.isFinite)).toBe(true);
      const scale = Math.max(1, kernel.diagonal({ rows: 1, cols: 3, data: y })[0]);
      // The slopes of the step's kernel are 1/θ at parallel points as rounded: any error may be true there, but not NaN.
      const allowed = kernel.conventions.activation === "step" ? Number.MAX_VALUE : 1e-10 * scale;
      expect(scaled.error, `${kernel.name} ${factor}`).toBeLessThan(allowed);
    }
    // Nearly coincident: one-sided slopes of the cusp, on either side of the mean.
    const near = x.map((value, j) => value + (j === 1 ? 1e-7 : 0));
    const side = kernelGradient(kernel, x, near).gradient[1] - gradient[1];
    const other =
      kernelGradient(
        kernel,
        x,
        x.map((value, j) => value - (j === 1 ? 1e-7 : 0)),
      ).gradient[1] - gradient[1];
    expect(Math.abs(side + other)).toBeLessThan(1e-5 * Math.max(1, Math.abs(side)));
  }
  expect(() => kernelGradient(ntk({ depth: 2 }), x, Float64Array.of(1))).toThrow(ShapeError);
});

test("edge of chaos: χ = 1 at the point found, closed forms for the homogeneous family, phases on either side", () => {
  for (const [name, bias] of [
    ["tanh", 0.05],
    ["erf", 0.2],
    ["sine", 0.1],
    ["gelu", 0.3],
    ["silu", 0.2],
  ] as const) {
    const edge = edgeOfChaos(name, { biasVariance: bias });
    if (!edge.weightVariance.defined || !edge.variance.defined) continue;
    const dual = dualActivation(name).evaluate(edge.variance.value, edge.variance.value, edge.variance.value);
    expect(Math.abs(edge.weightVariance.value * dual.derivative - 1)).toBeLessThan(1e-11);
    expect(Math.abs(edge.weightVariance.value * dual.value + bias - edge.variance.value)).toBeLessThan(1e-10);
  }
  expect(edgeOfChaos("tanh", { biasVariance: 0.05 }).weightVariance.defined).toBe(true);
  expect(edgeOfChaos("abs").weightVariance).toEqual({ defined: true, value: 1 });
  expect(edgeOfChaos("relu").degenerate).toBe(true);
  expect(edgeOfChaos("relu", { biasVariance: 0.1 }).weightVariance.defined).toBe(false);
  expect(edgeOfChaos("tanh").weightVariance).toEqual({ defined: true, value: 1 });
  expect(meanField("tanh", { weightVariance: 1.2, biasVariance: 0.05 }).phase).toBe("ordered");
  expect(meanField("relu", { weightVariance: 2 }).phase).toBe("edge");
  expect(meanField("relu", { weightVariance: 2.1 }).phase).toBe("unbounded");
  const chaotic = meanField("erf", { weightVariance: 3, biasVariance: 0.1 });
  expect(chaotic.phase).toBe("chaotic");
  // The correlation length is the measured rate of approach of the recursion itself.
  if (!chaotic.variance.defined || !chaotic.correlation.defined || !chaotic.correlationLength.defined)
    throw new Error("defined");
  const q = chaotic.variance.value;
  let c = chaotic.correlation.value + 1e-3;
  const gaps: number[] = [];
  for (let k = 0; k < 12; k++) {
    gaps.push(c - chaotic.correlation.value);
    c = (3 * dualActivation("erf").evaluate(q, c * q, q).value + 0.1) / q;
  }
  expect(Math.abs(-1 / Math.log(gaps[11] / gaps[10]) / chaotic.correlationLength.value - 1)).toBeLessThan(2e-3);
  expect(() => meanField("relu", { weightVariance: -1 })).toThrow(ArgumentError);
});

test("mean field: variances that only seem fixed, homogeneous lengths, and activations that jump", () => {
  // V(q) > q at every q, by ever less: no fixed point, although rounding makes the two equal near q = 1e10.
  expect(meanField("softplus", { weightVariance: 2 }).phase).toBe("unbounded");
  for (const [name, moment] of [
    ["relu", 0.5],
    ["abs", 1],
    ["leaky-relu", (1 + 0.01 ** 2) / 2],
  ] as const) {
    for (const biasVariance of [0, 0.1]) {
      const { varianceLength, correlationLength } = meanField(name, { weightVariance: 0.5, biasVariance });
      if (!varianceLength.defined || !correlationLength.defined) throw new Error("defined");
      expect(Math.abs(varianceLength.value * -Math.log(0.5 * moment) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(correlationLength.value / varianceLength.value - 1)).toBeLessThan(1e-12);
    }
  }
  // step: q = w/2 + b, C(c) = (w (1/4 + asin(c)/(2π)) + b)/q, whose slope at 1 is infinite.
  const [w, b] = [1.5, 0.2];
  const step = meanField("step", { weightVariance: w, biasVariance: b });
  expect(step.phase).toBe("chaotic");
  expect(step.chi.defined ? "" : step.chi.reason).toContain("infinite");
  if (!step.variance.defined || !step.correlation.defined || !step.correlationLength.defined)
    throw new Error("defined");
  const q = step.variance.value;
  const c = step.correlation.value;
  expect(Math.abs(q - (w / 2 + b))).toBeLessThan(1e-12);
  expect(Math.abs((w * (0.25 + Math.asin(c) / (2 * Math.PI)) + b) / q - c)).toBeLessThan(1e-12);
  const slope = w / (2 * Math.PI * q * Math.sqrt(1 - c * c));
  expect(Math.abs(step.correlationLength.value * -Math.log(slope) - 1)).toBeLessThan(1e-6);
  expect(edgeOfChaos("step").weightVariance).toEqual({
    defined: false,
    reason: "χ is infinite at every variance: the activation jumps",
  });
  // A user's own jump is found from its kinks: no NTK, while the NNGP exists and is the step's.
  const own = { name: "own step", value: (x: number) => (x > 0 ? 1 : 0), derivative: () => 0, kinks: [0] };
  expect(() => ntk({ depth: 3, activation: own })).toThrow("ntk: activation must be differentiable almost everywhere");
  const options = { depth: 3, weightVariance: 1, biasVariance: 0.1 };
  const difference =
    nngp({ ...options, activation: own }).profile(1) - nngp({ ...options, activation: "step" }).profile(1);
  expect(Math.abs(difference)).toBeLessThan(1e-12);
  // So close to the edge that the fixed point is not told from 1.
  const edge = edgeOfChaos("erf", { biasVariance: 0.1 }).weightVariance;
  const near = meanField("erf", {
    weightVariance: (edge.defined ? edge.value : Number.NaN) * (1 + 1e-8),
    biasVariance: 0.1,
  });
  expect(near.phase).toBe("chaotic");
  expect(near.correlation.defined ? "" : near.correlation.reason).toContain("too near the edge");
});

test("kernel regression: interpolation, ridge, posterior variance, and flow against an ODE integrator", () => {
  const rng = createRng(4);
  const X = spherePoints(rng, 12, 3);
  const Y = normalMatrix(rng, 12, 2);
  const test = spherePoints(rng, 5, 3);
  const kernel = ntk({ depth: 3 });
  const K = kernel.gram(X);
  const exact = kernelRegression(kernel, X, Y, test);
  expect(maxDifference(exact.fitted.data, Y.data)).toBeLessThan(1e-11);
  expect(maxDifference(exact.mean.data, matmul(kernel.cross(test, X), solve(K, Y)).data)).toBeLessThan(1e-10);
  const ridge = kernelRegression(kernel, X, Y, test, { noiseVariance: 0.3 });
  const shifted: Matrix = { ...K, data: K.data.map((value, i) => value + (i % 13 === 0 ? 0.3 : 0)) };
  expect(maxDifference(ridge.mean.data, matmul(kernel.cross(test, X), solve(shifted, Y)).data)).toBeLessThan(1e-12);
  const naive = kernel.diagonal(test).map((prior, i) => {
    const k = kernel.cross({ rows: 1, cols: 3, data: test.data.subarray(3 * i, 3 * i + 3) }, X);
    return prior - matmul(k, solve(shifted, { rows: 12, cols: 1, data: k.data })).data[0];
  });
  expect(maxDifference(ridge.variance!, naive)).toBeLessThan(1e-12);
  expect(ridge.varianceRounding).toBe(0);
  // At the training points the variance is 0, and what rounding makes of it is told.
  const known = kernelRegression(kernel, X, Y, X);
  expect(Math.min(...known.variance!)).toBeGreaterThanOrEqual(0);
  expect(known.varianceRounding).toBeLessThan(1e-12);
  // f′ = −K(·, X)(f − y): integrate training and test outputs together.
  const y = Float64Array.from({ length: 12 }, (_, i) => Y.data[2 * i]);
  const cross = kernel.cross(test, X);
  const solution = integrate(
    (_, f, out) => {
      for (let i = 0; i < 17; i++) {
        let sum = 0;
        for (let j = 0; j < 12; j++)
          sum -= (i < 12 ? K.data[i * 12 + j] : cross.data[(i - 12) * 12 + j]) * (f[j] - y[j]);
        out[i] = sum;
      }
    },
    new Float64Array(17),
    { t0: 0, t1: 2, tolerance: 1e-11 },
  );
  const flow = kernelRegression(kernel, X, { rows: 12, cols: 1, data: y }, test, { time: 2 });
  expect(maxDifference(flow.mean.data, solution.y.subarray(12))).toBeLessThan(1e-8);
  expect(maxDifference(flow.fitted.data, solution.y.subarray(0, 12))).toBeLessThan(1e-8);
  expect(flow.variance).toBeNull();
  // Duplicates: a singular kernel leaves a direction unlearned instead of dividing by zero.
  const twice = fromRows([
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  const singular = kernelRegression(ntk({ depth: 2 }), twice, fromRows([[1], [3], [0]]), twice);
  expect(singular.unresolved).toBe(1);
  expect(singular.fitted.data[0]).toBeCloseTo(2, 12);
  expect(() => kernelRegression(kernel, X, matrix(3, 1), test)).toThrow(ShapeError);
  expect(() => kernelRegression(kernel, X, Y, test, { time: -1 })).toThrow(ArgumentError);
});

test("spectral projection: power sums to the norm, times, and alignment of an eigenvector", () => {
  const K = ntk({ depth: 2 }).gram(spherePoints(createRng(6), 9, 3));
  const { values, vectors } = eigh(K);
  const y = Float64Array.from({ length: 9 }, (_, i) => vectors.data[i * 9 + 7]);
  const report = spectralProjection(K, y, { factor: 0.01 });
  expect(report.power[1]).toBeCloseTo(1, 12);
  expect(report.cumulative[8]).toBeCloseTo(1, 12);
  expect(report.times[1]).toBeCloseTo(Math.log(100) / values[7], 10);
  expect(report.unresolved).toBe(0);
  // A duplicate makes a zero mode: rounding gives it no finite time.
  const double = ntk({ depth: 2 }).gram(
    fromRows([
      [1, 0],
      [1, 0],
      [0.6, 0.8],
    ]),
  );
  const singular = spectralProjection(double, Float64Array.of(1, -1, 0.5));
  expect(singular.unresolved).toBe(1);
  expect(singular.times[2]).toBe(Infinity);
  expect(report.alignment).toBeCloseTo(values[7] / Math.hypot(...values), 12);
  expect(() => spectralProjection(K, new Float64Array(9))).toThrow(
    "spectralProjection: y must be a nonzero target, got zeros",
  );
  expect(() => spectralProjection(K, y, { power: 2 } as never)).toThrow(OptionError);
});

test("learning curves: limits, the κ equation, and simulated regression within 4 standard errors plus 5 % (power check at 30 %)", () => {
  // Four eigenspaces of Gaussian features, the setting of the theory.
  const eta = Float64Array.of(1, 0.1, 0.03, 0.003);
  const counts = Float64Array.of(1, 8, 24, 60);
  const power = Float64Array.of(0, 1, 0, 0.5);
  const ridge = 0.02;
  const noise = 0.1;
  const curve = learningCurve(eta, {
    samples: [1e-9, 40, 1e7],
    targetPower: power,
    multiplicities: counts,
    ridge,
    noise,
  });
  expect(Math.max(...curve.residual)).toBeLessThan(1e-12);
  expect(curve.error[0]).toBeCloseTo(1.5, 6); // no data: all power is error
  expect(curve.error[2]).toBeLessThan(1e-5);
  const modes = Array.from(eta).flatMap((value, i) => Array.from({ length: counts[i] }, () => value));
  const weights = Array.from(eta).flatMap((_, i) =>
    Array.from({ length: counts[i] }, () => Math.sqrt(power[i] / counts[i])),
  );
  const draws = 60;
  const n = 40;
  const errors = Array.from({ length: draws }, (_, draw) => {
    const stream = createRng(8).fork(draw);
    const Phi = normalMatrix(stream, n, modes.length);
    const weighted: Matrix = { ...Phi, data: Phi.data.map((x, i) => x * modes[i % modes.length]) };
    const K = matmul(weighted, Phi, { transposeB: true });
    for (let i = 0; i < n; i++) K.data[i * n + i] += ridge;
    const y = Float64Array.from({ length: n }, (_, i) =>
      weights.reduce((s, w, k) => s + w * Phi.data[i * modes.length + k], Math.sqrt(noise) * stream.normal()),
    );
    const alpha = solve(K, { rows: n, cols: 1, data: y });
    const learned = matmul(weighted, alpha, { transposeA: true }).data;
    return weights.reduce((s, w, k) => s + (learned[k] - w) ** 2, 0);
  });
  const mean = errors.reduce((a, b) => a + b) / draws;
  const spread = Math.sqrt(errors.reduce((a, b) => a + (b - mean) ** 2, 0) / (draws - 1) / draws);
  const allowed = 4 * spread + 0.05 * mean;
  expect(Math.abs(mean - curve.error[1]), `${mean} against ${curve.error[1]}`).toBeLessThan(allowed);
  expect(0.3 * mean).toBeGreaterThan(allowed); // a curve off by 30 % would be noticed
  expect(() => learningCurve(eta, { samples: [93], targetPower: power, multiplicities: counts })).toThrow(
    "below the number 93 of nonzero modes",
  );
  expect(() => learningCurve(Float64Array.of(-1), { samples: [1], targetPower: Float64Array.of(1) })).toThrow(
    ArgumentError,
  );
  expect(() => learningCurve(eta, { samples: [1], targetPower: Float64Array.of(1) })).toThrow(ShapeError);
});

test("bad input and edges of the tools: no kernel, half an initial function, no samples, zero vectors of a step, one point", () => {
  const X = fromRows([
    [1, 0],
    [0.6, 0.8],
  ]);
  const Y = fromRows([[1], [2]]);
  const kernel = ntk({ depth: 2 });
  const none = {} as Kernel;
  expect(() => kernelRegression(none, X, Y, X)).toThrow("kernelRegression: kernel must be a Kernel, as ntk, nngp");
  expect(() => kernelGradient(none, Float64Array.of(1), Float64Array.of(1))).toThrow("kernelGradient: kernel must be");
  expect(() => gramOperator(none, X)).toThrow("gramOperator: kernel must be a Kernel");
  expect(() => kernelRegression(kernel, X, Y, X, { initial: { train: Y } as never })).toThrow("initial.test");
  expect(() => learningCurve(Float64Array.of(1), { targetPower: Float64Array.of(1) } as never)).toThrow(
    "learningCurve: samples must be numbers of training samples, got undefined",
  );
  const zero = fromRows([
    [0, 0],
    [1, 0],
  ]);
  expect(() => nngp({ depth: 2, activation: "step" }).gram(zero)).toThrow("without zero rows");
  expect(nngp({ depth: 2, activation: "step", biasVariance: 0.1 }).gram(zero).data.every(Number.isFinite)).toBe(true);
  const single = deepSpectrum({ depth: 5, points: 1, angle: 1 });
  expect([single.smallest, single.largest, single.conditionLimit]).toEqual([5, 5, 1]);
  expect(single.condition).toEqual({ defined: true, value: 1 });
  // Variances of 1e200: the product of two of them overflows, the kernel does not. E φφ → (2/π) asin(cos θ).
  const far = fromRows([
    [1e100, 0],
    [0.6e100, 0.8e100],
  ]);
  const erf = nngp({ depth: 2, activation: "erf", weightVariance: 1 }).gram(far).data;
  expect(Math.abs(erf[1] - (2 / Math.PI) * Math.asin(0.6))).toBeLessThan(1e-15);
});
