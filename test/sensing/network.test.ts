import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArgumentError,
  fromRows,
  identity,
  type Matrix,
  matrix,
  NonFiniteError,
  OptionError,
  ShapeError,
} from "../../src/core/index.js";
import { eigh, orthogonalMatrix } from "../../src/linalg/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import {
  commutativityDefect,
  commutingMeasurements,
  customMeasurements,
  diagonalDescent,
  diagonalFlow,
  diagonalProblem,
  diagonalState,
  diagonalSteps,
  entryMeasurements,
  gaussianMeasurements,
  initializeSpectralNetwork,
  localSteps,
  measure,
  measureAdjoint,
  type Measurements,
  measurementGram,
  measurementRows,
  packParameters,
  rankOneMeasurements,
  recoverSingularBasis,
  sensingDescent,
  sensingFlow,
  sensingGradient,
  spectralNetwork,
  type SpectralActivationName,
  unpackParameters,
} from "../../src/sensing/index.js";
import { createEngine } from "../../src/sensing/engine.js";
import { largestJacobianEigenvalue } from "../../src/sensing/local-steps.js";
import { replay, replayOrthogonal } from "../../src/studies/sensing/replay.js";
import { naiveProduct, poison, tolerance, within, withinRelative } from "../support/compare.js";
import { fixture } from "../support/shared.js";

interface GradientCase {
  act: SpectralActivationName;
  U: number[][][];
  V: number[][][];
  alpha: number[];
  A: number[][][];
  y: number[];
  X: number[][];
  loss: number;
  grad_U: number[][][];
  grad_V: number[][][];
  grad_alpha: number[];
  tol_rel: number;
}
const gradients = fixture<{ snn_grad: GradientCase[] }>("sensing/calculus.json").snn_grad;
const trajectory = fixture<{ diag_ode: { t: number[]; h: number[][]; B: number[][]; sigma_star: number[] }[] }>(
  "sensing/dynamics.json",
).diag_ode[0];
const B43 = fromRows([
  [1, 0.5, -0.2],
  [0.3, 1.1, 0.4],
  [0, 0.2, 0.9],
  [0.7, -0.3, 0.5],
]);
const codes = (run: { findings: readonly { code: string }[] }): string[] => run.findings.map(({ code }) => code);

function families(rng = createRng(5)): [string, Measurements][] {
  const left = orthogonalMatrix(rng, 4);
  const right = orthogonalMatrix(rng, 3);
  return [
    ["gaussian", gaussianMeasurements({ rows: 4, cols: 3, count: 7, scale: 0.5, rng })],
    ["commuting", commutingMeasurements(left, right, normalMatrix(rng, 5, 3))],
    [
      "entry",
      entryMeasurements(4, 3, [
        [0, 0],
        [3, 2],
        [1, 2],
        [2, 0],
      ]),
    ],
    ["rank-one", rankOneMeasurements(normalMatrix(rng, 6, 4), normalMatrix(rng, 6, 3))],
    ["custom", customMeasurements([normalMatrix(rng, 4, 3), normalMatrix(rng, 4, 3)])],
    [
      "custom functions",
      customMeasurements({
        rows: 4,
        cols: 3,
        count: 1,
        apply: (x, out) => void (out[0] = x[0] - 2 * x[11]),
        applyTranspose: (r, out) => {
          out.fill(0);
          out[0] = r[0];
          out[11] = -2 * r[0];
        },
      }),
    ],
  ];
}

test("measurement families: adjoint pair, every entry written, inner products with the explicit matrices", () => {
  const rng = createRng(9);
  for (const [name, A] of families()) {
    const X = normalMatrix(rng, 4, 3);
    const r = normalMatrix(rng, A.rows, 1).data;
    const image = poison(A.rows);
    const back = poison(A.cols);
    A.apply(X.data, image);
    A.applyTranspose(r, back);
    const forward = image.reduce((sum, value, i) => sum + value * r[i], 0);
    const backward = back.reduce((sum, value, i) => sum + value * X.data[i], 0);
    expect(Math.abs(forward - backward), name).toBeLessThanOrEqual(tolerance(64, A.cols, 10));
    const explicit = measurementRows(A);
    const direct = Float64Array.from({ length: A.rows }, (_, i) =>
      X.data.reduce((sum, x, j) => sum + x * explicit.data[i * A.cols + j], 0),
    );
    expect(within(measure(A, X), direct, tolerance(64, A.cols, 10)).ok, name).toBe(true);
    const gram = measurementGram(A);
    expect(
      within(
        measure(A, measureAdjoint(A, r)),
        naiveProduct(gram, matrix(A.rows, 1, r)).data,
        tolerance(512, A.cols, 10),
      ).ok,
      name,
    ).toBe(true);
  }
});

test("common singular vectors are recovered from commuting families and refused for Gaussian ones", () => {
  const rng = createRng(4);
  const [, commuting] = families()[1];
  expect(commutativityDefect(commuting).defect).toBeLessThan(1e-14);
  const basis = recoverSingularBasis(commuting, { rng });
  expect(basis.defined).toBe(true);
  if (!basis.defined) return;
  expect(basis.value.residual).toBeLessThan(1e-13);
  const again = commutingMeasurements(basis.value.left, basis.value.right, basis.value.coefficients);
  expect(within(measurementRows(again).data, measurementRows(commuting).data, 1e-13).ok).toBe(true);
  const [, gaussian] = families()[0];
  expect(commutativityDefect(gaussian).defect).toBeGreaterThan(0.3);
  const none = recoverSingularBasis(gaussian, { rng });
  expect(none.defined).toBe(false);
  if (!none.defined) expect(none.reason).toContain("no common singular vectors");
});

test("output, loss and gradients equal the reference to 1e-10, degenerate spectra included", () => {
  for (const c of gradients) {
    const network = spectralNetwork({
      rows: c.X.length,
      cols: c.X[0].length,
      widths: c.alpha.length,
      activation: c.act,
      innerDimension: c.U[0][0].length,
    });
    const theta = {
      u: c.U.map((u) => fromRows(u)),
      v: c.V.map((v) => fromRows(v)),
      alpha: [matrix(c.alpha.length, 1, c.alpha)],
    };
    const result = sensingGradient(
      network,
      customMeasurements(c.A.map((a) => fromRows(a))),
      Float64Array.from(c.y),
      theta,
    );
    expect(within(result.X.data, fromRows(c.X).data, c.tol_rel).ok).toBe(true);
    expect(withinRelative(result.loss, c.loss, c.tol_rel).ok).toBe(true);
    const scale = Math.max(...c.grad_U.flat(2).map(Math.abs));
    c.grad_U.forEach((g, k) =>
      expect(within(result.gradient.u[k].data, fromRows(g).data, c.tol_rel * scale).ok).toBe(true),
    );
    c.grad_V.forEach((g, k) =>
      expect(within(result.gradient.v[k].data, fromRows(g).data, c.tol_rel * scale).ok).toBe(true),
    );
    expect(within(result.gradient.alpha[0].data, c.grad_alpha, c.tol_rel * scale).ok).toBe(true);
  }
});

test("gradients of several layers, entrywise maps and mean loss agree with differences", () => {
  const DIFFERENCE = 1e-6;
  const rng = createRng(17);
  const A = gaussianMeasurements({ rows: 4, cols: 3, count: 6, rng });
  const y = normalMatrix(rng, 6, 1).data;
  const check = (options: Partial<Parameters<typeof spectralNetwork>[0]>): void => {
    const network = spectralNetwork({ rows: 4, cols: 3, widths: [2, 3, 2], ...options });
    const theta = packParameters(network, initializeSpectralNetwork(network, { scheme: "random", scale: 0.7, rng }));
    const { gradient } = sensingGradient(network, A, y, theta);
    const flat = packParameters(network, gradient);
    const direction = normalMatrix(rng, theta.length, 1).data;
    if (!network.alphaTrainable)
      direction.fill(0, theta.length - network.widths.reduce((sum, w, l) => sum + w * (network.widths[l + 1] ?? 1), 0));
    const h = 1e-5;
    const at = (t: number): number =>
      sensingGradient(
        network,
        A,
        y,
        theta.map((x, i) => x + t * direction[i]),
      ).loss;
    const numeric = (at(h) - at(-h)) / (2 * h);
    const exact = flat.reduce((sum, g, i) => sum + g * direction[i], 0);
    expect(Math.abs(numeric - exact), JSON.stringify(options)).toBeLessThanOrEqual(
      DIFFERENCE * Math.max(1, Math.abs(exact)),
    );
  };
  check({});
  check({ widths: 2, activation: "sig0", normalisation: "mean" });
  check({ widths: [2, 2], innerDimension: 2, alphaTrainable: false });
  check({ widths: [2, 2], innerDimension: 5, activation: "identity" });
  check({ widths: 2, map: "entrywise", activation: "tanh" });
});

test("Jacobian products are adjoint to each other and J Jᵀ / N is the Hessian's non-zero spectrum at zero loss", () => {
  const rng = createRng(23);
  const A = gaussianMeasurements({ rows: 3, cols: 3, count: 4, rng });
  const network = spectralNetwork({ rows: 3, cols: 3, widths: [2, 2], normalisation: "mean" });
  const theta = packParameters(network, initializeSpectralNetwork(network, { scheme: "random", scale: 0.8, rng }));
  const y = measure(A, sensingGradient(network, A, new Float64Array(4), theta).X); // zero loss by construction
  const engine = createEngine(network, A, y, "test");
  engine.evaluate(theta, null);
  const direction = normalMatrix(rng, theta.length, 1).data;
  const r = normalMatrix(rng, 4, 1).data;
  const Jd = poison(4);
  const Jr = poison(theta.length);
  engine.jacobian(direction, Jd);
  engine.jacobianTranspose(r, Jr);
  const forward = Jd.reduce((sum, value, i) => sum + value * r[i], 0);
  const backward = Jr.reduce((sum, value, i) => sum + value * direction[i], 0);
  expect(Math.abs(forward - backward)).toBeLessThanOrEqual(tolerance(256, theta.length, Math.abs(forward) + 1));
  const n = theta.length;
  const hessian = new Float64Array(n * n);
  const h = 1e-5;
  for (let j = 0; j < n; j++) {
    const side = (t: number): Float64Array => {
      const moved = theta.slice();
      moved[j] += t;
      return packParameters(network, sensingGradient(network, A, y, moved).gradient);
    };
    const [plus, minus] = [side(h), side(-h)];
    for (let i = 0; i < n; i++) hessian[i * n + j] = (plus[i] - minus[i]) / (2 * h);
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      hessian[i * n + j] = hessian[j * n + i] = 0.5 * (hessian[i * n + j] + hessian[j * n + i]);
  const top = eigh({ rows: n, cols: n, data: hessian }, { vectors: false }).values.slice(-4);
  const steps = localSteps(network, A, theta);
  expect(withinRelative(steps.eigenvalues, top, 1e-6).ok).toBe(true);
  expect(steps.criticalStep).toBe(2 / steps.largest);
  const power = largestJacobianEigenvalue(engine, Float64Array.of(1, 1, 1, 1), 200);
  expect(withinRelative(power, steps.largest, 1e-8).ok).toBe(true);
});

/** The case of E19: seeds 91, 92, 93. */
function commutingCase(): { left: Matrix; right: Matrix; A: Measurements } {
  const left = replayOrthogonal(replay(91), 3);
  const right = replayOrthogonal(replay(92), 3);
  return { left, right, A: commutingMeasurements(left, right, B43) };
}

test("full and diagonal engines agree: flow against the reference, descent for any step", () => {
  const { left, right, A } = commutingCase();
  const y = measure(
    A,
    naiveProduct(
      naiveProduct(
        left,
        fromRows([
          [1, 0, 0],
          [0, 0.6, 0],
          [0, 0, 0.25],
        ]),
      ),
      { ...right, data: right.data.map((_, i) => right.data[(i % 3) * 3 + Math.floor(i / 3)]) },
    ),
  );
  const network = spectralNetwork({ rows: 3, cols: 3, widths: 1 });
  const G = replayOrthogonal(replay(93), 3);
  const factor = (basis: Matrix): Matrix =>
    naiveProduct(
      { ...basis, data: basis.data.map((x) => 0.3 * x) },
      { ...G, data: G.data.map((_, i) => G.data[(i % 3) * 3 + Math.floor(i / 3)]) },
    );
  const start = { u: [factor(left)], v: [factor(right)], alpha: [matrix(1, 1, [1.5])] };
  const diagonalOf = (X: Matrix): number[] =>
    [0, 1, 2].map((i) => {
      let sum = 0;
      for (let a = 0; a < 3; a++)
        for (let b = 0; b < 3; b++) sum += left.data[a * 3 + i] * X.data[a * 3 + b] * right.data[b * 3 + i];
      return sum;
    });
  const flow = sensingFlow(network, A, y, start, { t1: 8 });
  expect(within(diagonalOf(flow.X), trajectory.h[trajectory.h.length - 1], 1e-9).ok).toBe(true);
  expect(flow.balanceDrift).toBeLessThan(1e-10);
  const problem = diagonalProblem(B43, { sigma: Float64Array.of(1, 0.6, 0.25) });
  for (const eta of [0.05, 0.3]) {
    const full = sensingDescent(network, A, y, start, { steps: 200, stepSize: eta });
    const diagonal = diagonalDescent(problem, diagonalState(3, [1.5], 0.3), { steps: 200, stepSize: eta });
    expect(within(diagonalOf(full.X), diagonal.finalH, 1e-10).ok).toBe(true);
    expect(withinRelative(full.largestLoss, diagonal.largestLoss, 1e-9).ok).toBe(true);
  }
  const limit = diagonalFlow(problem, diagonalState(3, [1.5], 0.3), { t1: 100 });
  const reduced = diagonalSteps(problem, limit.final);
  const matrixSteps = localSteps(network, A, sensingFlow(network, A, y, start, { t1: 100 }).parameters);
  expect(matrixSteps.rank).toBe(3);
  expect(
    withinRelative([matrixSteps.largest, matrixSteps.smallest], [reduced.largest, reduced.smallest], 1e-6).ok,
  ).toBe(true);
});

test("different G for U and V destroy the spectral form: the agreement test has power", () => {
  const { left, right, A } = commutingCase();
  const y = measure(A, left);
  const network = spectralNetwork({ rows: 3, cols: 3, widths: 1 });
  const same = initializeSpectralNetwork(network, { scheme: "spectral", left, right, scale: 0.3, rng: createRng(1) });
  const mixed = {
    ...same,
    v: initializeSpectralNetwork(network, { scheme: "spectral", left, right, scale: 0.3, rng: createRng(2) }).v,
  };
  const off = (theta: typeof same): number => {
    const { X } = sensingDescent(network, A, y, theta, { steps: 100, stepSize: 0.1 });
    const T = naiveProduct(
      naiveProduct({ ...left, data: left.data.map((_, i) => left.data[(i % 3) * 3 + Math.floor(i / 3)]) }, X),
      right,
    );
    return Math.hypot(...T.data.map((x, i) => (i % 4 === 0 ? 0 : x)));
  };
  expect(off(same)).toBeLessThan(1e-13);
  expect(off(mixed)).toBeGreaterThan(0.05);
});

test("flat and structured parameters are the same thing; initialisations have the documented form", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      (rows, cols, widths) => {
        const network = spectralNetwork({ rows, cols, widths });
        const theta = normalMatrix(createRng(1), network.parameterCount, 1).data;
        expect(packParameters(network, unpackParameters(network, theta))).toEqual(theta);
      },
    ),
    { numRuns: 20 },
  );
  const rng = createRng(2);
  const left = orthogonalMatrix(rng, 5);
  const right = orthogonalMatrix(rng, 3);
  const network = spectralNetwork({ rows: 5, cols: 3, widths: 2 });
  const u = fromRows([
    [0.1, 0.2, 0.3],
    [0.4, 0.5, 0.6],
  ]);
  const { u: U, v: V } = initializeSpectralNetwork(network, { scheme: "spectral", left, right, u, v: u, rng });
  const T = naiveProduct(
    naiveProduct(
      { rows: 5, cols: 5, data: left.data.map((_, i) => left.data[(i % 5) * 5 + Math.floor(i / 5)]) },
      naiveProduct(U[1], {
        rows: 3,
        cols: 3,
        data: V[1].data.map((_, i) => V[1].data[(i % 3) * 3 + Math.floor(i / 3)]),
      }),
    ),
    right,
  );
  for (let i = 0; i < 5; i++)
    for (let j = 0; j < 3; j++)
      expect(Math.abs(T.data[i * 3 + j] - (i === j ? u.data[3 + i] ** 2 : 0))).toBeLessThan(1e-14);
  const noisy = initializeSpectralNetwork(network, { scheme: "identity", scale: 0, perturbation: 1, rng });
  expect(noisy.u[0].data.some((x) => x !== 0)).toBe(true);
});

test("a local schedule trains where a constant step explodes; the explosion is a status with the bound", () => {
  const rng = createRng(8);
  const A = gaussianMeasurements({ rows: 4, cols: 4, count: 12, rng });
  const truth = naiveProduct(normalMatrix(rng, 4, 1), normalMatrix(rng, 1, 4));
  const y = measure(A, truth);
  const network = spectralNetwork({ rows: 4, cols: 4, widths: 2, activation: "identity", normalisation: "mean" });
  const start = initializeSpectralNetwork(network, { scheme: "identity", scale: 0.3 });
  const local = sensingDescent(network, A, y, start, {
    steps: 4000,
    stepSize: { fraction: 0.3 },
    lossTolerance: 1e-8,
  });
  expect(local.convergence.status).toBe("converged");
  const reports: number[] = [];
  sensingDescent(network, A, y, start, { steps: 60, stepSize: 0.01, onProgress: ({ done }) => reports.push(done) });
  expect(reports).toEqual([25, 50, 60]);
  const exploded = sensingDescent(network, A, y, start, { steps: 4000, stepSize: 5 });
  expect(exploded.convergence.status).toBe("breakdown");
  expect(codes(exploded)).toContain("diverged");
  expect(exploded.convergence.advice).toMatch(
    /the loss exploded at step \d+ with η = 5\.00; at the last finite point 2\/λ_max = /,
  );
  expect(exploded.X.data.every(Number.isFinite)).toBe(true);
  const cancelled = sensingDescent(network, A, y, start, {
    steps: 4000,
    stepSize: 0.01,
    signal: { aborted: true },
  });
  expect(cancelled.convergence.status).toBe("cancelled");
});

test("overflow inside a deep network ends in a status, not in NaN or an exception", () => {
  const network = spectralNetwork({ rows: 2, cols: 2, widths: [2, 2], activation: "identity" });
  const start = initializeSpectralNetwork(network, { scheme: "identity", scale: 1, rng: createRng(1) });
  const A = entryMeasurements(2, 2, [
    [0, 0],
    [1, 1],
  ]);
  const run = sensingDescent(network, A, Float64Array.of(1, 1), start, { steps: 50, stepSize: 1e80 });
  expect(run.convergence.status).toBe("breakdown");
  expect(run.X.data.every(Number.isFinite)).toBe(true);
  expect(run.convergence.advice).toContain("the loss exploded at step 1");
  const huge = new Float64Array(network.parameterCount).fill(1e200);
  expect(() => sensingDescent(network, A, Float64Array.of(1, 1), huge, { steps: 1, stepSize: 1 })).toThrow(
    "small enough for a finite loss",
  );
  expect(() => sensingFlow(network, A, Float64Array.of(1, 1), huge, { t1: 1 })).toThrow(
    "small enough for a finite loss",
  );
});

test("findings: dead and identical neurons, inconsistent data, unreachable target", () => {
  const A = customMeasurements([identity(2), identity(2)]);
  const network = spectralNetwork({ rows: 2, cols: 2, widths: 2 });
  const zero = sensingDescent(
    network,
    A,
    Float64Array.of(1, 1),
    initializeSpectralNetwork(network, { scheme: "identity", scale: 0 }),
    { steps: 20, stepSize: 0.1 },
  );
  expect(codes(zero)).toContain("dead-neuron");
  const equal = sensingDescent(
    network,
    A,
    Float64Array.of(1, 1),
    initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1, alpha: [1, 1] }),
    { steps: 20, stepSize: 0.1 },
  );
  expect(codes(equal)).toContain("identical-neurons");
  const contradiction = sensingDescent(
    network,
    A,
    Float64Array.of(1, 2),
    initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1 }),
    { steps: 500, stepSize: 0.1 },
  );
  expect(codes(contradiction)).toContain("inconsistent-data");
  expect(codes(contradiction)).toContain("dependent-measurements");
  // Repeated measurements that agree are fitted, and still said to be dependent.
  const repeated = sensingFlow(
    network,
    A,
    Float64Array.of(1, 1),
    initializeSpectralNetwork(network, { scheme: "identity", scale: 0.1 }),
    { t1: 60 },
  );
  expect(repeated.loss).toBeLessThan(1e-12);
  expect(codes(repeated)).toEqual(["dependent-measurements"]);
  expect(repeated.convergence.advice).toContain("2 measurements have rank 1");
  // A period-two orbit: the curvature at the last point need not exceed the bound, the loss still rises.
  const single = spectralNetwork({ rows: 1, cols: 1, widths: 1, alphaTrainable: false, activation: "identity" });
  const orbit = sensingDescent(
    single,
    entryMeasurements(1, 1, [[0, 0]]),
    Float64Array.of(1),
    initializeSpectralNetwork(single, { scheme: "identity", scale: 0.9 }),
    { steps: 3001, stepSize: 1.03 },
  );
  expect(codes(orbit)).toEqual(["step-too-large"]);
  expect(contradiction.convergence.advice).toContain("2 measurements of rank 1, no matrix has a loss below 2.500e-1");
  const fixed = spectralNetwork({ rows: 2, cols: 2, widths: 1, alphaTrainable: false });
  const capped = sensingFlow(
    fixed,
    entryMeasurements(2, 2, [[0, 0]]),
    Float64Array.of(3),
    initializeSpectralNetwork(fixed, { scheme: "identity", scale: 0.3 }),
    { t1: 400 },
  );
  expect(codes(capped)).toContain("unreachable");
  // A coordinate that starts at zero in U and in V, and a sign that balanced factors with fixed α cannot make.
  const one = spectralNetwork({ rows: 2, cols: 2, widths: 1 });
  const flat = fromRows([
    [0.3, 0],
    [0, 0],
  ]);
  const all = entryMeasurements(2, 2, [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const half = { u: [flat], v: [flat], alpha: [fromRows([[1]])] };
  const stuck = sensingFlow(one, all, Float64Array.of(1, 0, 0, 0.5), half, { t1: 60 });
  expect(stuck.convergence.status).toBe("converged"); // as an integration
  expect(codes(stuck)).toEqual(["dead-coordinate", "plateau"]);
  expect(stuck.convergence.advice).toContain("its matrix keeps a rank of at most 1");
  expect(stuck.loss).toBeGreaterThan(0.1);
  const negative = sensingFlow(
    fixed,
    all,
    Float64Array.of(-1, 0, 0, -1),
    initializeSpectralNetwork(fixed, { scheme: "identity", scale: 0.3 }),
    { t1: 60 },
  );
  expect(codes(negative)).toEqual(["plateau"]);
  expect(negative.convergence.advice).toContain("a sign that balanced factors and α cannot change");
  const moving = sensingFlow(
    one,
    all,
    Float64Array.of(1, 0, 0, 0.5),
    initializeSpectralNetwork(one, { scheme: "identity", scale: 0.3 }),
    { t1: 3 },
  );
  expect(codes(moving)).toEqual([]);
});

test("bad input is refused", () => {
  const network = spectralNetwork({ rows: 2, cols: 2, widths: 1 });
  const A = entryMeasurements(2, 2, [[0, 0]]);
  const theta = initializeSpectralNetwork(network, { scheme: "identity" });
  expect(() => spectralNetwork({ rows: 2, cols: 2, widths: 1, activation: "sigmoid" })).toThrow("γ(0) = 0");
  expect(() => spectralNetwork({ rows: 2, cols: 2, widths: [] })).toThrow(ArgumentError);
  expect(() => sensingGradient(network, A, Float64Array.of(1, 2), theta)).toThrow(ShapeError);
  expect(() => sensingGradient(network, entryMeasurements(3, 2, [[0, 0]]), Float64Array.of(1), theta)).toThrow(
    "sensingGradient: measurements must be of 2 x 2 matrices, as the network, got 3 x 2",
  );
  expect(() => sensingGradient(network, A, Float64Array.of(NaN), theta)).toThrow(NonFiniteError);
  expect(() => sensingDescent(network, A, Float64Array.of(1), theta, { steps: 1, stepSize: { fraction: 2 } })).toThrow(
    "stepSize.fraction",
  );
  expect(() => sensingDescent(network, A, Float64Array.of(1), theta, { steps: 1 } as never)).toThrow(ArgumentError);
  expect(() => sensingDescent(undefined as never, A, Float64Array.of(1), theta, { steps: 1, stepSize: 1 })).toThrow(
    "sensingDescent: network must be a spectral network, got undefined; build one with spectralNetwork",
  );
  expect(() => sensingDescent(network, A, Float64Array.of(1), theta, { steps: 1, stepSize: 1, record: [NaN] })).toThrow(
    "sensingDescent: record[0] must be an integer >= 0, got NaN",
  );
  expect(() => spectralNetwork({ rows: 2, cols: 2, widths: 0 })).toThrow("widths[0] must be an integer >= 1, got 0");
  expect(() => gaussianMeasurements({ rows: 2, cols: 2, count: 2 } as never)).toThrow(
    "gaussianMeasurements: rng must be a generator, got undefined",
  );
  expect(() => entryMeasurements(2, 2, [])).toThrow("a list of at least one position");
  expect(() => entryMeasurements(2, 2, [3 as never])).toThrow("entries[0] must be [row, column], got 3");
  const none = { rows: 0, cols: 2, data: new Float64Array(0) };
  expect(() => sensingFlow(network, rankOneMeasurements(none, none), new Float64Array(0), theta, { t1: 1 })).toThrow(
    "sensingFlow: measurements must be at least one measurement, got 0 measurements",
  );
  expect(() => initializeSpectralNetwork(network, { scheme: "spectral" })).toThrow(
    "recoverSingularBasis finds the singular vectors",
  );
  expect(() => initializeSpectralNetwork(network, { scheme: "random" })).toThrow(
    'initializeSpectralNetwork: rng must be given for scheme "random", got undefined',
  );
  expect(() => initializeSpectralNetwork(network, { scheme: "ones" as never })).toThrow(OptionError);
  expect(() => packParameters(network, { ...theta, u: [] })).toThrow(ShapeError);
  expect(() =>
    commutingMeasurements(
      fromRows([
        [1, 1],
        [0, 1],
      ]),
      identity(2),
      identity(2),
    ),
  ).toThrow("commutingMeasurements: left must be orthogonal");
  expect(() =>
    entryMeasurements(2, 2, [
      [0, 0],
      [0, 0],
    ]),
  ).toThrow("distinct positions");
  expect(() =>
    customMeasurements({
      rows: 2,
      cols: 1,
      count: 1,
      apply: (x, out) => void (out[0] = x[0]),
      applyTranspose: (r, out) => out.fill(r[0]),
    }),
  ).toThrow("the adjoint of apply");
});
