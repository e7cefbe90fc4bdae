import {
  ArgumentError,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireFinite,
  requireMatrix,
  square,
} from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import {
  deepFactorization,
  gaussianMeasurements,
  initializeSpectralNetwork,
  measure,
  minimumFrobenius,
  nuclearNormMinimization,
  sensingDescent,
  type SensingHistory,
  spectralNetwork,
} from "../../sensing/index.js";
import { methodResult, type MethodResult, nuclearNormOf } from "./matrix-experiments.js";
import type { GaussianProblem } from "./problems.js";

/** Settings of a digit run; the defaults are those of the source's experiment, the step size in our units. */
export interface DigitOptions {
  /** Share of measurements per entry, default 0.6 (470 for 28 x 28). */
  readonly sampling?: number;
  /** Standard deviation of the noise, default 1e-2. */
  readonly noise?: number;
  /** Widths of the spectral network, default [4, 8, 16]. */
  readonly widths?: readonly number[];
  /** Gradient steps of the network, default 2501. */
  readonly steps?: number;
  /** Step size of network and factorisation for measurements of unit variance, default 0.3. */
  readonly stepSize?: number;
  /** Initial scale of U and V, default 1e-4; the noise on their diagonals is a hundredth of it. */
  readonly scale?: number;
  /** Initial scale of the depth-3 factors, default 0.1 (1e-4 never leaves zero within the budget). */
  readonly deepScale?: number;
}

/** One digit with all methods side by side. */
export interface DigitResult {
  /** Number of measurements. */
  readonly measurements: number;
  /** The picture, scaled to nuclear norm one. */
  readonly truth: Matrix;
  /** Its effective rank and the like. */
  readonly truthResult: MethodResult;
  /** Methods by name: "spectral network", "linear regression", "nuclear norm", "depth 3"; those done when cancelled. */
  readonly methods: Readonly<Record<string, MethodResult>>;
  /** The network's history. */
  readonly history: SensingHistory | null;
  /** Gap of the nuclear-norm program. */
  readonly gap: number | null;
  /** "cancelled" when the signal stopped the run: methods that were done are kept. */
  readonly status: "complete" | "cancelled";
}

/**
 * Senses one picture with Gaussian measurements and reconstructs it with a spectral network, linear regression, nuclear
 * norm minimisation and a depth-3 factorisation. The picture itself is the unknown matrix: nothing is classified.
 *
 * The measurements have entries of standard deviation 28 as in the source; both sides are divided by 28, which leaves the
 * problem the same and gives step sizes that do not depend on it.
 */
export function digitExperiment(
  image: Matrix,
  options: DigitOptions & LongRunning & { readonly rng: Rng },
): DigitResult {
  requireMatrix(image, "image", "digitExperiment");
  requireFinite(image.data, "image", "digitExperiment");
  const total = nuclearNormOf(image);
  if (!(total > 0)) {
    const expected = "a picture that is not black";
    throw new ArgumentError({ function: "digitExperiment", argument: "image", expected, got: "nuclear norm 0" });
  }
  const { rows, cols } = image;
  const truth = { rows, cols, data: image.data.map((x) => x / total) };
  const count = Math.round((options.sampling ?? 0.6) * rows * cols);
  const measurements = gaussianMeasurements({ rows, cols, count, rng: options.rng.fork("measurements") });
  const y = measure(measurements, truth);
  const noise = options.rng.fork("noise");
  for (let i = 0; i < count; i++) y[i] += ((options.noise ?? 1e-2) / 28) * noise.normal();
  const problem: GaussianProblem = { measurements, truth, y };
  const methods: Record<string, MethodResult> = {};
  let gap: number | null = null;
  let dual: Float64Array | undefined;
  let history: SensingHistory | null = null;
  const running: LongRunning = {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  const stages: readonly (() => boolean)[] = [
    () => {
      const program = nuclearNormMinimization(measurements, y, {
        tolerance: 1e-9,
        maximumIterations: 4000,
        ...running,
      });
      if (program.convergence.status === "cancelled") return false;
      dual = program.dual;
      gap = program.gap;
      methods["nuclear norm"] = methodResult(problem, program.X, dual);
      return true;
    },
    () => {
      methods["linear regression"] = methodResult(problem, minimumFrobenius(measurements, y).X, dual);
      return true;
    },
    () => {
      const steps = options.steps ?? 2501;
      const scale = options.deepScale ?? 0.1;
      const deep = deepFactorization(measurements, y, {
        depth: 3,
        scale,
        steps,
        stepSize: options.stepSize ?? 0.3,
        normalisation: "mean",
        ...running,
      });
      if (deep.convergence.status === "cancelled") return false;
      methods["depth 3"] = methodResult(problem, deep.X, dual);
      return true;
    },
    () => {
      const scale = options.scale ?? 1e-4;
      const network = spectralNetwork({ rows, cols, widths: options.widths ?? [4, 8, 16], normalisation: "mean" });
      const start = initializeSpectralNetwork(network, {
        scheme: "identity",
        scale,
        diagonalNoise: 0.01 * scale,
        rng: options.rng.fork("network"),
      });
      const run = sensingDescent(network, measurements, y, start, {
        steps: options.steps ?? 2501,
        stepSize: options.stepSize ?? 0.3,
        record: 60,
        ...running,
      });
      if (run.convergence.status === "cancelled") return false;
      methods["spectral network"] = methodResult(problem, run.X, dual);
      history = run.history;
      return true;
    },
  ];
  let status: DigitResult["status"] = "complete";
  for (const stage of stages) {
    if (isCancelled(options.signal) || !stage()) {
      status = "cancelled";
      break;
    }
  }
  return { measurements: count, truth, truthResult: methodResult(problem, truth), methods, history, gap, status };
}

/** Mean and spread of one number over several digits. */
export interface DigitSummary {
  /** Method. */
  readonly method: string;
  /** Digits it was run on. */
  readonly count: number;
  /** Mean relative error. */
  readonly meanError: number;
  /** Standard deviation of the relative error over the digits. */
  readonly spreadError: number;
  /** Mean peak signal to noise in decibel. */
  readonly meanPsnr: number;
  /** Its standard deviation. */
  readonly spreadPsnr: number;
}

/** Runs a smaller network (K = 2, 800 steps, scale 0.03) and all baselines on several pictures. */
export function digitsExperiment(
  images: readonly Matrix[],
  options: DigitOptions & LongRunning & { readonly rng: Rng },
): { readonly digits: readonly DigitResult[]; readonly summary: readonly DigitSummary[] } {
  const digits: DigitResult[] = [];
  for (const [index, image] of images.entries()) {
    if (isCancelled(options.signal)) break;
    options.onProgress?.({ phase: "digits", done: index, total: images.length });
    const settings = { widths: [2], steps: 800, scale: 0.03, ...options };
    const { onProgress: _quiet, ...rest } = settings;
    digits.push(digitExperiment(image, { ...rest, rng: options.rng.fork(index) }));
  }
  const names = ["spectral network", "linear regression", "nuclear norm", "depth 3"];
  const summary = names.map((method): DigitSummary => {
    const results = digits.map((digit) => digit.methods[method]).filter((result) => result !== undefined);
    const [meanError, spreadError] = meanAndSpread(results.map((result) => result.relativeError));
    const [meanPsnr, spreadPsnr] = meanAndSpread(results.map((result) => result.psnr));
    return { method, count: results.length, meanError, spreadError, meanPsnr, spreadPsnr };
  });
  return { digits, summary };
}

function meanAndSpread(values: readonly number[]): readonly [number, number] {
  const n = values.length;
  if (n === 0) return [0, 0];
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + square(value - mean), 0);
  return [mean, n > 1 ? Math.sqrt(squares / (n - 1)) : 0];
}
