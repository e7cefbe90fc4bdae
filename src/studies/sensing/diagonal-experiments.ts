// Longer than usual because it is one list: the raw experiments in diagonal coordinates, read by recipes, claims and tests.
import { fromRows, identity, type Matrix, exp, log } from "../../core/index.js";
import { cholesky } from "../../linalg/index.js";
import {
  diagonalDescent,
  diagonalFlow,
  diagonalProblem,
  type DiagonalProblem,
  type DiagonalRun,
  diagonalState,
  type DiagonalState,
  diagonalSteps,
  mirrorLimit,
  type SpectralActivationName,
} from "../../sensing/index.js";
import { deficientProblem, distance, standardProblem, standardSigma } from "./problems.js";

/** E2: measured and predicted rate of the loss, and whether the envelope holds. */
export interface RateResult {
  /** Activation. */
  readonly activation: SpectralActivationName;
  /** Whether α was trained. */
  readonly alphaTrainable: boolean;
  /** 2 λ_min at the limit. */
  readonly predicted: number;
  /** Slope of ln L between L = 1e-9 L(0) and 1e-14 L(0). */
  readonly measured: number;
  /** Whether L(0) e^{−2∫λ_max} <= L(t) <= L(0) e^{−2∫λ_min} on [0, 15]. */
  readonly envelope: boolean;
  /** Times of the curve. */
  readonly times: readonly number[];
  /** Loss at those times. */
  readonly loss: readonly number[];
  /** Upper end of the envelope. */
  readonly upper: readonly number[];
}

/** Follows one flow to L = 1e-14 L(0) and compares its rate with the theory. */
export function rateExperiment(activation: SpectralActivationName, alphaTrainable: boolean): RateResult {
  const problem = standardProblem({ activation, alphaTrainable });
  const start = diagonalState(3, [1.5], 0.3);
  const dt = 0.02;
  const grid = Array.from({ length: 751 }, (_, i) => i * dt);
  const run = diagonalFlow(problem, start, { t1: 15, record: grid, tolerance: { relative: 1e-13, absolute: 1e-17 } });
  const L0 = run.loss[0];
  const crossing = (fraction: number): DiagonalRun =>
    diagonalFlow(problem, start, { t1: 500, lossTolerance: fraction * L0, record: [0] });
  const early = crossing(1e-9);
  const late = crossing(1e-14);
  const spectra = run.states.map((state) => diagonalSteps(problem, state));
  let low = 0; // ∫ λ_min, by the trapezoidal rule
  let high = 0;
  let envelope = true;
  const upper = [L0];
  for (let i = 1; i < grid.length; i++) {
    low += 0.5 * dt * (spectra[i - 1].smallest + spectra[i].smallest);
    high += 0.5 * dt * (spectra[i - 1].largest + spectra[i].largest);
    upper.push(L0 * exp(-2 * low));
    const QUADRATURE = 1e-3; // relative slack: the trapezoidal error of the integrals in the exponent
    if (run.loss[i] > upper[i] * (1 + QUADRATURE) + 1e-26) envelope = false;
    if (run.loss[i] < L0 * exp(-2 * high) * (1 - QUADRATURE)) envelope = false;
  }
  return {
    activation,
    alphaTrainable,
    predicted: diagonalSteps(problem, diagonalFlow(problem, start, { t1: 400, record: 2 }).final).lossRate,
    measured: log(early.finalLoss / late.finalLoss) / (late.time - early.time),
    envelope,
    times: grid,
    loss: Array.from(run.loss),
    upper,
  };
}

/** E3: largest overshoot of h over σ*. */
export interface OvershootResult {
  /** "identity" or "positive". */
  readonly M: "identity" | "positive";
  /** Whether α was trained. */
  readonly alphaTrainable: boolean;
  /** max_t (h_i − σ*_i). */
  readonly overshoot: readonly number[];
  /** Times of the curves. */
  readonly times: readonly number[];
  /** h per coordinate. */
  readonly h: readonly (readonly number[])[];
}

/** Follows h from small initialisation towards σ* = (1.2, 0.6, 0.1) and looks for overshoot. */
export function overshootExperiment(M: "identity" | "positive", alphaTrainable: boolean): OvershootResult {
  const sigma = [1.2, 0.6, 0.1];
  const gram = fromRows([
    [1, 0.6, 0.3],
    [0.6, 1, 0.5],
    [0.3, 0.5, 1],
  ]);
  // M = BᵀB with B = Lᵀ.
  const B = M === "identity" ? identity(3) : transposed(cholesky(gram).l);
  const problem = diagonalProblem(B, { sigma: Float64Array.from(sigma) }, { alphaTrainable });
  const times = Array.from({ length: 8001 }, (_, i) => i * 0.01);
  const run = diagonalFlow(problem, diagonalState(3, [alphaTrainable ? 0.5 : 2], 0.1), { t1: 80, record: times });
  const h = sigma.map((_, i) => times.map((__, t) => run.h.data[t * 3 + i]));
  return { M, alphaTrainable, overshoot: sigma.map((s, i) => Math.max(...h[i].map((x) => x - s))), times, h };
}

function transposed(A: Matrix): Matrix {
  return {
    rows: A.cols,
    cols: A.rows,
    data: A.data.map((_, i) => A.data[(i % A.rows) * A.cols + Math.floor(i / A.rows)]),
  };
}

/** E4: the coordinate with target zero. */
export interface ZeroTargetResult {
  /** Times of the balanced run. */
  readonly times: readonly number[];
  /** h of the coordinate with target 0, balanced start. */
  readonly balanced: readonly number[];
  /** h t at the last time: tends to 1/(2 α) = 1/3. */
  readonly limit: number;
  /** Times of the unbalanced run. */
  readonly unbalancedTimes: readonly number[];
  /** h of the coordinate with target 0, unbalanced start. */
  readonly unbalanced: readonly number[];
  /** Its exponential rate over the last interval. */
  readonly rate: number;
}

/** σ* = (1, 0), α = 1.5 fixed: 1/t decay from a balanced start, exponential from an unbalanced one. */
export function zeroTargetExperiment(): ZeroTargetResult {
  const problem = diagonalProblem(identity(2), { sigma: Float64Array.of(1, 0) }, { alphaTrainable: false });
  const times = [0, 100, 500, 1000, 2000];
  const slow = diagonalFlow(problem, diagonalState(2, [1.5], 0.3), {
    t1: 2000,
    record: times,
    coordinates: "logarithm",
  });
  const unbalancedTimes = [0, 5, 10, 15, 20];
  const fast = diagonalFlow(problem, diagonalState(2, [1.5], 0.5, 0.2), { t1: 20, record: unbalancedTimes });
  const balanced = times.map((_, i) => slow.h.data[2 * i + 1]);
  const unbalanced = unbalancedTimes.map((_, i) => fast.h.data[2 * i + 1]);
  return {
    times,
    balanced,
    limit: balanced[4] * 2000,
    unbalancedTimes,
    unbalanced,
    rate: log(unbalanced[3] / unbalanced[4]) / 5,
  };
}

/** E5: l¹ norm of the limit of one rank-deficient run. */
export interface DeficientResult {
  /** h at the end. */
  readonly h: readonly number[];
  /** Σ |h|. */
  readonly l1: number;
  /** Largest |y − B h|. */
  readonly residual: number;
}

/** E5, α trained: integrates to T = 3000 from balanced w0. */
export function deficientExperiment(
  activation: SpectralActivationName,
  alpha: readonly number[],
  w0: readonly number[],
): DeficientResult {
  const problem = deficientProblem(activation, true);
  const run = diagonalFlow(problem, balanced(alpha, w0, 3), { t1: 3000, coordinates: "logarithm", record: 2 });
  return { h: Array.from(run.finalH), l1: sumOf(run.finalH), residual: run.convergence.residualNorms[0] };
}

/** E5b: limit with fixed α = 1.1 and γ = tanh for h0 + 2 h1 = 3, exactly by the mirror system. */
export function boxExperiment(w0: number): DeficientResult {
  const problem = diagonalProblem(fromRows([[1, 2]]), Float64Array.of(3), { alphaTrainable: false });
  const limit = mirrorLimit(problem, balanced([1.1], [w0], 2));
  return { h: Array.from(limit.h), l1: limit.nuclearNorm, residual: limit.convergence.residualNorms[0] };
}

/** K balanced neurons with u v = w0[k] in all d coordinates. */
export function balanced(alpha: readonly number[], w0: readonly number[], d: number): DiagonalState {
  const data = Float64Array.from({ length: alpha.length * d }, (_, i) => Math.sqrt(w0[Math.floor(i / d)]));
  const factors = { rows: alpha.length, cols: d, data };
  return { u: factors, v: { ...factors, data: data.slice() }, alpha: Float64Array.from(alpha) };
}

/** E8: one activation. */
export interface ActivationResult {
  /** Activation. */
  readonly activation: SpectralActivationName;
  /** Neurons. */
  readonly K: number;
  /** Whether α was trained. */
  readonly alphaTrainable: boolean;
  /** Third target. */
  readonly sigma3: number;
  /** Loss at T = 300. */
  readonly loss: number;
  /** Largest |h − σ*|. */
  readonly error: number;
  /** α at the end. */
  readonly alpha: readonly number[];
}

/** E8: u = v = 0.1 and 0.15, α = 1.5 and 0.7, T = 300. */
export function activationExperiment(
  activation: SpectralActivationName,
  K: number,
  alphaTrainable: boolean,
  sigma3: number,
): ActivationResult {
  const sigma = [1, 0.6, sigma3];
  const problem = standardProblem({ activation, alphaTrainable, sigma, allowJump: true });
  const start = balanced([1.5, 0.7].slice(0, K), [0.01, 0.0225].slice(0, K), 3);
  const run = diagonalFlow(problem, start, { t1: 300, record: 2, maximumSteps: 50_000 });
  return {
    activation,
    K,
    alphaTrainable,
    sigma3,
    loss: run.finalLoss,
    error: distance(run.finalH, sigma),
    alpha: Array.from(run.final.alpha),
  };
}

/** E9: gradient descent near the limit at multiples of the critical step. */
export interface StepResult {
  /** Whether α was trained. */
  readonly alphaTrainable: boolean;
  /** Eigenvalues of 𝒦 M at the limit, non-zero ones ascending. */
  readonly eigenvalues: readonly number[];
  /** 2/λ_max. */
  readonly critical: number;
  /** 2/(λ_min + λ_max). */
  readonly best: number;
  /** Runs at multiples of the critical step. */
  readonly runs: readonly {
    /** Multiple of the critical step. */
    readonly multiple: number;
    /** Loss after 20000 steps. */
    readonly finalLoss: number;
    /** Largest loss on the way. */
    readonly largestLoss: number;
    /** η λ_max at the end. */
    readonly product: number;
    /** Recorded steps. */
    readonly at: readonly number[];
    /** Loss at those steps. */
    readonly loss: readonly number[];
  }[];
}

/** E9: flow to T = 400, perturb u and v by 1e-4, then 20000 steps. */
export function stepExperiment(
  alphaTrainable: boolean,
  multiples: readonly number[] = [0.5, 0.9, 0.98, 1.02, 1.1],
): StepResult {
  const problem = standardProblem({ alphaTrainable });
  const limit = diagonalFlow(problem, diagonalState(3, [1.5], 0.3), { t1: 400, record: 2 }).final;
  const steps = diagonalSteps(problem, limit);
  const grown = (A: Matrix): Matrix => ({ ...A, data: A.data.map((x) => x * (1 + 1e-4)) });
  const start = { u: grown(limit.u), v: grown(limit.v), alpha: limit.alpha };
  const runs = multiples.map((multiple) => {
    const stepSize = multiple * steps.criticalStep;
    const record = Array.from({ length: 200 }, (_, i) => i * 5);
    const run = diagonalDescent(problem, start, { steps: 20_000, stepSize, record });
    return {
      multiple,
      finalLoss: run.finalLoss,
      largestLoss: run.largestLoss,
      product: stepSize * diagonalSteps(problem, run.final).largest,
      at: Array.from(run.at),
      loss: Array.from(run.loss),
    };
  });
  const eigenvalues = Array.from(steps.eigenvalues.filter((value) => value > 1e-10 * steps.largest));
  return { alphaTrainable, eigenvalues, critical: steps.criticalStep, best: steps.bestStep, runs };
}

/** E12: times to L = 1e-10 for K = 1, 2, 4, 8 equal neurons. */
export function neuronExperiment(alphaTrainable: boolean, shared: boolean): number[] {
  return [1, 2, 4, 8].map((K) => {
    const alpha = Array<number>(K).fill(shared ? 1.5 / K : 1.5);
    const problem = standardProblem({ alphaTrainable });
    return diagonalFlow(problem, diagonalState(3, alpha, 0.1), { t1: 1000, lossTolerance: 1e-10, record: [0] }).time;
  });
}

/** E13: drift of u² − v² under gradient descent over a total time of 200. */
export function driftExperiment(eta: number): { readonly drift: readonly number[]; readonly alpha: number } {
  const problem = standardProblem();
  const start = diagonalState(3, [1.5], [0.5, 0.4, 0.3], [0.2, 0.3, 0.25]);
  const run = diagonalDescent(problem, start, { steps: Math.round(200 / eta), stepSize: eta, record: [0] });
  const { u, v } = run.final;
  const drift = [0, 1, 2].map(
    (i) =>
      u.data[i] * u.data[i] -
      v.data[i] * v.data[i] -
      (start.u.data[i] * start.u.data[i] - start.v.data[i] * start.v.data[i]),
  );
  return { drift, alpha: run.final.alpha[0] };
}

/** E14: the flow with fixed α on inconsistent data, against least squares with and without the sign constraint. */
export interface NoiseResult {
  /** h at T = 600. */
  readonly h: readonly number[];
  /** Non-negative least squares, by trying every support. */
  readonly nnls: readonly number[];
  /** Unconstrained least squares. */
  readonly leastSquares: readonly number[];
}

/** E14 on given B and y. */
export function noiseExperiment(B: Matrix, y: Float64Array): NoiseResult {
  const problem = diagonalProblem(B, y, { alphaTrainable: false });
  const run = diagonalFlow(problem, diagonalState(B.cols, [1.5], 0.2), {
    t1: 600,
    coordinates: "logarithm",
    record: 2,
  });
  const all = Array.from({ length: B.cols }, (_, i) => i);
  return {
    h: Array.from(run.finalH),
    nnls: nonNegativeLeastSquares(B, y),
    leastSquares: restrictedLeastSquares(B, y, all),
  };
}

/** Non-negative least squares by enumeration of the 2^d supports: slow, and beyond doubt for small d. */
export function nonNegativeLeastSquares(B: Matrix, y: Float64Array): number[] {
  let best: number[] = Array<number>(B.cols).fill(0);
  let least = misfit(B, y, best);
  for (let mask = 1; mask < 1 << B.cols; mask++) {
    const support = Array.from({ length: B.cols }, (_, i) => i).filter((i) => (mask >> i) & 1);
    const x = restrictedLeastSquares(B, y, support);
    const value = misfit(B, y, x);
    if (x.every((entry) => entry >= 0) && value < least) {
      best = x;
      least = value;
    }
  }
  return best;
}

function misfit(B: Matrix, y: Float64Array, x: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < B.rows; i++) {
    let r = -y[i];
    for (let j = 0; j < B.cols; j++) r += B.data[i * B.cols + j] * x[j];
    sum += r * r;
  }
  return sum;
}

/** Least squares on the coordinates of a support, by Gaussian elimination with pivoting on the normal equations. */
function restrictedLeastSquares(B: Matrix, y: Float64Array, support: readonly number[]): number[] {
  const n = support.length;
  const A = support.map((i) => {
    const row = support.map((j) => columnProduct(B, i, j));
    let right = 0;
    for (let r = 0; r < B.rows; r++) right += B.data[r * B.cols + i] * y[r];
    return [...row, right];
  });
  for (let p = 0; p < n; p++) {
    const pivot = A.slice(p).reduce((at, row, i) => (Math.abs(row[p]) > Math.abs(A[at][p]) ? p + i : at), p);
    [A[p], A[pivot]] = [A[pivot], A[p]];
    for (let i = 0; i < n; i++) {
      if (i === p) continue;
      const factor = A[i][p] / A[p][p];
      for (let j = p; j <= n; j++) A[i][j] -= factor * A[p][j];
    }
  }
  const x = Array<number>(B.cols).fill(0);
  support.forEach((i, p) => (x[i] = A[p][n] / A[p][p]));
  return x;
}

function columnProduct(B: Matrix, i: number, j: number): number {
  let sum = 0;
  for (let r = 0; r < B.rows; r++) sum += B.data[r * B.cols + i] * B.data[r * B.cols + j];
  return sum;
}

/** E15: starts that violate h(0) <= σ*, or cannot reach it. */
export interface ViolationResult {
  /** Loss at T = 400. */
  readonly loss: number;
  /** Largest |h − σ*|. */
  readonly error: number;
  /** α at the end. */
  readonly alpha: number;
}

/** The four starts of E15. */
export const violations: Readonly<Record<string, { readonly u: readonly number[]; readonly alpha: number }>> = {
  above: { u: [1, 1, 1], alpha: 2 },
  saturated: { u: [2, 2, 2], alpha: 2 },
  mixed: { u: [1.2, 0.1, 0.05], alpha: 2 },
  unreachable: { u: [0.3, 0.3, 0.3], alpha: 0.8 },
};

/** E15: flow from one of the starts to T = 400. */
export function violationExperiment(name: string, alphaTrainable: boolean): ViolationResult {
  const { u, alpha } = violations[name];
  const problem = standardProblem({ alphaTrainable });
  const run = diagonalFlow(problem, diagonalState(3, [alpha], u), { t1: 400, record: 2 });
  return { loss: run.finalLoss, error: distance(run.finalH, standardSigma), alpha: run.final.alpha[0] };
}

/** The trajectories of E16 and E18. */
export function trajectoryProblems(): readonly {
  readonly name: string;
  readonly problem: DiagonalProblem;
  readonly start: DiagonalState;
}[] {
  const two = fromRows([
    [1, 0.5],
    [0.3, 1.1],
    [0, 0.2],
    [0.7, -0.3],
  ]);
  return [
    { name: "K1_tanh_trained_balanced", problem: standardProblem(), start: diagonalState(3, [1.5], 0.3) },
    {
      name: "K1_tanh_fixed_unbalanced",
      problem: standardProblem({ alphaTrainable: false }),
      start: diagonalState(3, [1.5], [0.5, 0.4, 0.3], [0.2, 0.3, 0.25]),
    },
    {
      name: "K2_expsat_trained",
      problem: diagonalProblem(two, { sigma: Float64Array.of(1, 0.6) }, { activation: "expsat" }),
      start: {
        u: fromRows([
          [0.4, 0.2],
          [0.1, 0.3],
        ]),
        v: fromRows([
          [0.3, 0.3],
          [0.2, 0.1],
        ]),
        alpha: Float64Array.of(1, 0.7),
      },
    },
  ];
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}
