// Longer than usual because it is one list: the raw experiments on matrices, read by recipes, claims and tests alike.
import { fromRows, identity, type LongRunning, type Matrix, transpose, tanh } from "../../core/index.js";
import { matmul, svd } from "../../linalg/index.js";
import {
  commutativityDefect,
  commutingMeasurements,
  deepFactorization,
  diagonalFlow,
  diagonalState,
  entryMeasurements,
  measure,
  type Measurements,
  minimumFrobenius,
  nuclearNormMinimization,
  recoverSingularBasis,
  sensingDescent,
  sensingFlow,
  type SensingMetrics,
  sensingMetrics,
  type SensingRun,
  spectralActivation,
  type SpectralActivationName,
  spectralMap,
  spectralMapAdjoint,
  spectralNetwork,
} from "../../sensing/index.js";
import type { Rng } from "../../random/index.js";
import {
  commutingProblem,
  diagonalOf,
  distance,
  fromDiagonal,
  type GaussianProblem,
  gaussianProblem,
  spectralFactor,
  standardB,
  standardProblem,
  standardSigma,
  valueOf,
} from "./problems.js";
import { replay, replayNormal, replayOrthogonal } from "./replay.js";

/** E1: singular values of U Vᵀ under spectral initialisation. */
export interface SpectralInitResult {
  /** u ∘ v, sorted descending, per neuron. */
  readonly products: readonly (readonly number[])[];
  /** Singular values of U Vᵀ, per neuron. */
  readonly singularValues: readonly (readonly number[])[];
  /** Largest off-diagonal entry of Φᵀ U Vᵀ Ψ. */
  readonly offDiagonal: number;
  /** Largest |Γ(U Vᵀ) − Φ γ(u ∘ v) Ψᵀ|, tanh. */
  readonly imageError: number;
}

/** E1: 6 x 5, two neurons, seed 71. */
export function spectralInitExperiment(): SpectralInitResult {
  const rng = replay(71);
  const left = replayOrthogonal(rng, 6);
  const right = replayOrthogonal(rng, 5);
  const products: number[][] = [];
  const singularValues: number[][] = [];
  let offDiagonal = 0;
  let imageError = 0;
  for (let k = 0; k < 2; k++) {
    const G = replayOrthogonal(rng, 5);
    const u = Array.from({ length: 5 }, () => 0.05 + 0.2 * rng.uniform());
    const v = Array.from({ length: 5 }, () => 0.05 + 0.2 * rng.uniform());
    const W = matmul(spectralFactor(left, u, G), spectralFactor(right, v, G), { transposeB: true });
    const T = matmul(matmul(transpose(left), W), right);
    T.data.forEach((x, at) => {
      if (Math.floor(at / 5) !== at % 5) offDiagonal = Math.max(offDiagonal, Math.abs(x));
    });
    const w = u.map((x, i) => x * v[i]);
    const image = spectralFactor(left, w.map(tanh), identity(5));
    const expected = matmul(image, right, { transposeB: true });
    const { value, factors } = spectralMap(W, "tanh");
    imageError = Math.max(imageError, distance(value.data, expected.data));
    products.push(w.sort((a, b) => b - a));
    singularValues.push(Array.from(factors.singularValues));
  }
  return { products, singularValues, offDiagonal, imageError };
}

/** E6: commuting measurements with a start that may not be spectral. */
export interface NonSpectralResult {
  /** Loss at the end. */
  readonly loss: number;
  /** Largest |diag(Φᵀ X Ψ) − σ*|. */
  readonly diagonalError: number;
  /** Off-diagonal part relative to ‖X‖. */
  readonly offDiagonal: number;
  /** Nuclear norm at the end. */
  readonly nuclearNorm: number;
  /** ‖X − X*‖ / ‖X*‖. */
  readonly relativeError: number;
}

/** E6: flow from scale ε; "spectral", "identity" or "random" (seed 8). */
export function nonSpectralExperiment(scheme: "spectral" | "identity" | "random", epsilon: number): NonSpectralResult {
  const problem = commutingProblem();
  const { left, right } = problem;
  const network = spectralNetwork({ rows: 4, cols: 4, widths: 1 });
  const scale = Array<number>(4).fill(epsilon);
  const alpha = [{ rows: 1, cols: 1, data: Float64Array.of(1) }];
  const random = replay(8);
  const draw = (): Matrix => {
    const A = replayNormal(random, 4, 4);
    return { ...A, data: A.data.map((x) => epsilon * x) };
  };
  const G = replayOrthogonal(replay(5), 4);
  const eye = { rows: 4, cols: 4, data: identity(4).data.map((x) => epsilon * x) };
  const start =
    scheme === "spectral"
      ? { u: [spectralFactor(left, scale, G)], v: [spectralFactor(right, scale, G)], alpha }
      : scheme === "identity"
        ? { u: [eye], v: [eye], alpha }
        : { u: [draw()], v: [draw()], alpha };
  const run = sensingFlow(network, problem.measurements, problem.y, start, {
    t1: 400,
    lossTolerance: 1e-18,
    tolerance: { relative: 1e-10, absolute: 1e-13 },
    record: 2,
  });
  const metrics = sensingMetrics(run.X, { truth: problem.truth, left, right });
  return {
    loss: run.loss,
    diagonalError: distance(diagonalOf(left, run.X, right), problem.sigma),
    offDiagonal: valueOf(metrics.offDiagonalRatio),
    nuclearNorm: metrics.nuclearNorm,
    relativeError: valueOf(metrics.relativeError),
  };
}

/** Numbers by which E7, E11 and the digits compare methods. */
export interface MethodResult {
  /** Training loss, mean convention. */
  readonly loss: number;
  /** Nuclear norm. */
  readonly nuclearNorm: number;
  /** Nuclear norm above the optimum of the program, by its dual point; null where none was given. */
  readonly gap: number | null;
  /** Relative error to the truth. */
  readonly relativeError: number;
  /** Effective rank. */
  readonly effectiveRank: number;
  /** Numerical rank at 1e-3. */
  readonly rank: number;
  /** Peak signal to noise in decibel; NaN-free: Infinity for an exact reconstruction. */
  readonly psnr: number;
  /** The reconstruction. */
  readonly X: Matrix;
}

/** Summarises a reconstruction. */
export function methodResult(problem: GaussianProblem, X: Matrix, dual?: Float64Array): MethodResult {
  const metrics: SensingMetrics = sensingMetrics(X, {
    truth: problem.truth,
    measurements: problem.measurements,
    y: problem.y,
    ...(dual === undefined ? {} : { dual }),
  });
  return {
    loss: valueOf(metrics.lossMean),
    nuclearNorm: metrics.nuclearNorm,
    gap: metrics.gap.defined ? metrics.gap.value : null,
    relativeError: valueOf(metrics.relativeError),
    effectiveRank: metrics.effectiveRank.defined ? metrics.effectiveRank.value : 0,
    rank: metrics.numericalRank,
    psnr: metrics.peakSignalToNoise.defined ? metrics.peakSignalToNoise.value : Infinity,
    X,
  };
}

/** A spectral network run of E7 or E11: K = 2, U = V = ε I, α = (0.4, 0.8), mean loss. */
export function networkRun(
  problem: GaussianProblem,
  activation: SpectralActivationName,
  epsilon: number,
  stepSize: number,
  steps: number,
  record: number | readonly number[] = 2,
  running: LongRunning = {},
): SensingRun {
  const { rows, cols } = problem.measurements.shape;
  const network = spectralNetwork({ rows, cols, widths: 2, activation, normalisation: "mean" });
  const eye = { rows, cols, data: identity(rows).data.map((x) => epsilon * x) };
  const start = { u: [eye, eye], v: [eye, eye], alpha: [{ rows: 2, cols: 1, data: Float64Array.of(0.4, 0.8) }] };
  return sensingDescent(network, problem.measurements, problem.y, start, { steps, stepSize, record, ...running });
}

/** E7, E11: linear regression and the nuclear-norm program, whose dual point measures all other methods. */
export function gaussianBaselines(problem: GaussianProblem = gaussianProblem()): {
  readonly regression: MethodResult;
  readonly nuclear: MethodResult;
  readonly gap: number;
  readonly dual: Float64Array;
} {
  const { X, gap, dual } = nuclearNormMinimization(problem.measurements, problem.y);
  const regression = methodResult(problem, minimumFrobenius(problem.measurements, problem.y).X, dual);
  return { regression, nuclear: methodResult(problem, X, dual), gap, dual };
}

/** E7, E11: depth three from scale · I with mean loss. */
export function depthThree(
  problem: GaussianProblem,
  scale: number,
  stepSize: number,
  steps: number,
  dual?: Float64Array,
): MethodResult {
  const options = { depth: 3, scale, stepSize, steps, normalisation: "mean", record: 2 } as const;
  return methodResult(problem, deepFactorization(problem.measurements, problem.y, options).X, dual);
}

/** E10: completion of [[1, R], [R, x]]. */
export interface CompletionResult {
  /** The completed entry. */
  readonly x: number;
  /** Nuclear norm. */
  readonly nuclearNorm: number;
  /** Effective rank. */
  readonly effectiveRank: number;
  /** α at the end. */
  readonly alpha: number;
  /** Loss at the end. */
  readonly loss: number;
}

/** E10: gradient descent to loss 1e-22 from U = ε diag(1.001, 1), V = ε I. */
export function completionExperiment(
  activation: SpectralActivationName,
  alphaTrainable: boolean,
  alpha: number,
  epsilon: number,
  stepSize: number,
  R = 2,
): CompletionResult {
  const measurements = entryMeasurements(2, 2, [
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  const network = spectralNetwork({ rows: 2, cols: 2, widths: 1, activation, alphaTrainable });
  const start = {
    u: [
      fromRows([
        [1.001 * epsilon, 0],
        [0, epsilon],
      ]),
    ],
    v: [
      fromRows([
        [epsilon, 0],
        [0, epsilon],
      ]),
    ],
    alpha: [fromRows([[alpha]])],
  };
  const run = sensingDescent(network, measurements, Float64Array.of(1, R, R), start, {
    steps: 40_000,
    stepSize,
    lossTolerance: 1e-22,
    record: 2,
  });
  const metrics = sensingMetrics(run.X);
  return {
    x: run.X.data[3],
    nuclearNorm: metrics.nuclearNorm,
    effectiveRank: valueOf(metrics.effectiveRank),
    alpha: run.parameters[run.parameters.length - 1],
    loss: run.loss,
  };
}

/** E17: the non-linearity on entries instead of singular values. */
export function entrywiseExperiment(activation: "tanh" | "relu", steps: number): NonSpectralResult {
  const problem = commutingProblem();
  const { left, right } = problem;
  const G = replayOrthogonal(replay(5), 4);
  const scale = Array<number>(4).fill(0.1);
  const network = spectralNetwork({ rows: 4, cols: 4, widths: 1, activation, map: "entrywise" });
  const start = {
    u: [spectralFactor(left, scale, G)],
    v: [spectralFactor(right, scale, G)],
    alpha: [fromRows([[1]])],
  };
  const run = sensingDescent(network, problem.measurements, problem.y, start, { steps, stepSize: 0.02, record: 2 });
  const metrics = sensingMetrics(run.X, { truth: problem.truth, left, right });
  return {
    loss: run.loss,
    diagonalError: distance(diagonalOf(left, run.X, right), problem.sigma),
    offDiagonal: valueOf(metrics.offDiagonalRatio),
    nuclearNorm: metrics.nuclearNorm,
    relativeError: valueOf(metrics.relativeError),
  };
}

/** E19: full matrices against the diagonal engine. */
export interface EnginesResult {
  /** Largest |diag(Φᵀ X Ψ) − h| over the recorded times. */
  readonly difference: number;
  /** Largest off-diagonal entry of Φᵀ X Ψ at the end. */
  readonly offDiagonal: number;
  /** Times. */
  readonly times: readonly number[];
  /** h of the diagonal engine, per coordinate. */
  readonly h: readonly (readonly number[])[];
}

/** E19: seeds 91, 92, 93, the standard problem, flow to T = 8. */
export function enginesExperiment(): EnginesResult {
  const left = replayOrthogonal(replay(91), 3);
  const right = replayOrthogonal(replay(92), 3);
  const G = replayOrthogonal(replay(93), 3);
  const measurements = commutingMeasurements(left, right, standardB());
  const y = measure(measurements, fromDiagonal(left, standardSigma, right));
  const network = spectralNetwork({ rows: 3, cols: 3, widths: 1 });
  const scale = [0.3, 0.3, 0.3];
  const start = {
    u: [spectralFactor(left, scale, G)],
    v: [spectralFactor(right, scale, G)],
    alpha: [fromRows([[1.5]])],
  };
  const times = [0.5, 1, 2, 4, 8];
  const diagonal = diagonalFlow(standardProblem(), diagonalState(3, [1.5], 0.3), { t1: 8, record: times });
  let difference = 0;
  let offDiagonal = 0;
  times.forEach((t1, i) => {
    const run = sensingFlow(network, measurements, y, start, { t1, record: 2 });
    const h = diagonal.h.data.subarray(3 * i, 3 * i + 3);
    difference = Math.max(difference, distance(diagonalOf(left, run.X, right), h));
    const T = matmul(matmul(transpose(left), run.X), right);
    T.data.forEach((x, at) => {
      if (at % 4 !== 0) offDiagonal = Math.max(offDiagonal, Math.abs(x));
    });
  });
  return { difference, offDiagonal, times, h: [0, 1, 2].map((i) => times.map((_, t) => diagonal.h.data[3 * t + i])) };
}

/** E20: what γ(0) ≠ 0 does near a rank-deficient matrix. */
export interface JumpResult {
  /** Scale ε of the two matrices ε Q₁ and ε Q₂. */
  readonly epsilon: number;
  /** ‖Γ(ε Q₁) − Γ(ε Q₂)‖_F for the sigmoid: it tends to γ(0) ‖Q₁ − Q₂‖ although the arguments meet at zero. */
  readonly jump: number;
  /** ‖DΓ(ε Q₁)*[G]‖_F for the sigmoid: grows like γ(0)/ε. */
  readonly sigmoid: number;
  /** ‖DΓ(ε Q₁)*[G]‖_F for tanh: bounded. */
  readonly tanh: number;
}

/** E20 for two orthogonal matrices and a direction G. */
export function jumpExperiment(first: Matrix, second: Matrix, G: Matrix, epsilon: number): JumpResult {
  const allow = { allowJump: true };
  const scaled = (Q: Matrix): Matrix => ({ ...Q, data: Q.data.map((x) => epsilon * x) });
  const sigmoid = spectralActivation("sigmoid", allow);
  const above = spectralMap(scaled(first), sigmoid, allow);
  const below = spectralMap(scaled(second), sigmoid, allow);
  const norm = (data: Float64Array): number => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
  return {
    epsilon,
    jump: norm(above.value.data.map((x, i) => x - below.value.data[i])),
    sigmoid: norm(spectralMapAdjoint(above.factors, G, sigmoid, allow).data),
    tanh: norm(spectralMapAdjoint(above.factors, G, "tanh").data),
  };
}

/** E21: structure of commuting problems. */
export interface StructureResult {
  /** Commutativity defect of the E6 measurements. */
  readonly defectCommuting: number;
  /** Commutativity defect of the E7 measurements. */
  readonly defectGaussian: number;
  /** |‖Φ S Ψᵀ‖_* − ‖X*‖_*| for a positive semi-definite S with the diagonal of σ*. */
  readonly normChange: number;
  /** Change of the data between the two. */
  readonly dataChange: number;
  /** ‖Φ S Ψᵀ − X*‖_F: the minimisers really differ. */
  readonly familyDistance: number;
  /** Change of the data by an off-diagonal part of X*. */
  readonly offDiagonalDataChange: number;
  /** Relative error that this part costs every method. */
  readonly unavoidableError: number;
  /** Residual of Φ, Ψ recovered from a random combination. */
  readonly recovery: number;
  /** u of the dead coordinate at the end: exactly zero. */
  readonly deadValue: number;
  /** Loss at T = 50 with the dead coordinate. */
  readonly deadLoss: number;
}

/** E21: seeds 31 and the given stream. */
export function structureExperiment(rng: Rng): StructureResult {
  const { left, right, measurements, truth, sigma, y } = commutingProblem();
  const root = sigma.map(Math.sqrt);
  const C = identity(4);
  C.data[1] = C.data[4] = 0.7;
  C.data[11] = C.data[14] = -0.4;
  const S = { ...C, data: C.data.map((c, at) => root[Math.floor(at / 4)] * c * root[at % 4]) };
  const other = matmul(matmul(left, S), right, { transposeB: true });
  const nuclear = (X: Matrix): number => sensingMetrics(X).nuclearNorm;
  const Z = replayNormal(replay(31), 4, 4);
  const off = { ...Z, data: Z.data.map((z, at) => (at % 5 === 0 ? 0 : 0.5 * z)) };
  const extra = matmul(matmul(left, off), right, { transposeB: true });
  const shifted = { ...truth, data: truth.data.map((x, i) => x + extra.data[i]) };
  const norm = (data: Float64Array): number => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
  const basis = recoverSingularBasis(measurements, { rng });
  const dead = deadCoordinate(measurements);
  return {
    defectCommuting: commutativityDefect(measurements).defect,
    defectGaussian: commutativityDefect(gaussianProblem().measurements).defect,
    normChange: Math.abs(nuclear(other) - nuclear(truth)),
    dataChange: distance(measure(measurements, other), y),
    familyDistance: norm(other.data.map((x, i) => x - truth.data[i])),
    offDiagonalDataChange: distance(measure(measurements, shifted), y),
    unavoidableError: norm(extra.data) / norm(shifted.data),
    recovery: valueOf(basis).residual,
    deadValue: dead.value,
    deadLoss: dead.loss,
  };
}

function deadCoordinate(measurements: Measurements): { readonly value: number; readonly loss: number } {
  const B = measurements.commuting!.coefficients;
  const y = Float64Array.from({ length: B.rows }, (_, i) =>
    [1, 0.6, 0.3, 0.15].reduce((sum, s, j) => sum + s * B.data[i * 4 + j], 0),
  );
  const problem = { coefficients: B, y, activation: spectralActivation("tanh"), alphaTrainable: true } as const;
  const start = diagonalState(4, [1], [0.3, 0.3, 0, 0.3]);
  const run = diagonalFlow({ ...problem, normalisation: "sum" }, start, { t1: 50, record: 2 });
  return { value: run.final.u.data[2], loss: run.finalLoss };
}

/** Robustness of the spectral initialisation. */
export interface RobustnessResult {
  /** Size δ of the perturbation relative to the scale of the factors. */
  readonly delta: number;
  /** Loss at the end. */
  readonly loss: number;
  /** Off-diagonal part relative to ‖X‖. */
  readonly offDiagonal: number;
  /** Largest principal angle between the leading two left singular vectors of X and of the truth, in radians. */
  readonly angle: number;
  /** Nuclear norm. */
  readonly nuclearNorm: number;
  /** Relative error. */
  readonly relativeError: number;
}

/** Perturbs a spectral start of scale ε by δ ε times normals and follows the flow. */
export function robustnessExperiment(delta: number, epsilon: number, rng: Rng): RobustnessResult {
  const problem = commutingProblem();
  const { left, right } = problem;
  const network = spectralNetwork({ rows: 4, cols: 4, widths: 1 });
  const G = replayOrthogonal(replay(5), 4);
  const scale = Array<number>(4).fill(epsilon);
  const perturb = (A: Matrix, label: string): Matrix => {
    const stream = rng.fork(label);
    return { ...A, data: A.data.map((x) => x + delta * epsilon * stream.normal()) };
  };
  const start = {
    u: [perturb(spectralFactor(left, scale, G), "u")],
    v: [perturb(spectralFactor(right, scale, G), "v")],
    alpha: [fromRows([[1]])],
  };
  const run = sensingFlow(network, problem.measurements, problem.y, start, {
    t1: 400,
    lossTolerance: 1e-16,
    tolerance: { relative: 1e-8, absolute: 1e-11 },
    record: 2,
  });
  const metrics = sensingMetrics(run.X, { truth: problem.truth, left, right, subspace: 2 });
  const angles = valueOf(metrics.leftAngles);
  return {
    delta,
    loss: run.loss,
    offDiagonal: valueOf(metrics.offDiagonalRatio),
    angle: angles[angles.length - 1],
    nuclearNorm: metrics.nuclearNorm,
    relativeError: valueOf(metrics.relativeError),
  };
}

/** Nuclear norm of a matrix, for the glyph and the digits. */
export function nuclearNormOf(X: Matrix): number {
  return svd(X, { vectors: "none" }).singularValues.reduce((sum, s) => sum + s, 0);
}
