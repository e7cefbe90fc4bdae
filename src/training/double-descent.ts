import {
  ArgumentError,
  defined,
  describe,
  type Estimate,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  type Status,
  type Tagged,
  undefinedBecause,
} from "../core/index.js";
import { eigh, gram, leastSquares, matmul } from "../linalg/index.js";
import { activationLayer, dense, type LayerDefinition, predict, sequential } from "../networks/index.js";
import { normalMatrix, requireRng, type Rng } from "../random/index.js";
import { estimateOf, quantile } from "./statistics.js";

/** Options of {@link doubleDescent}. */
export interface DoubleDescentOptions extends LongRunning {
  /** Training samples n. */
  readonly samples: number;
  /** Numbers of features p to fit. */
  readonly features: readonly number[];
  /**
   * "linear": p of D standard normal inputs, where the expected risk is known exactly (default). "random features": φ(Wx/√D) with p random
   * rows in W, a network of width p whose first layer is not trained.
   */
  readonly model?: "linear" | "random features";
  /** Inputs D (default: the largest number of features for "linear", 20 else). */
  readonly inputs?: number;
  /** ‖β‖ of the linear teacher (default 1). */
  readonly teacherNorm?: number;
  /** Standard deviation of the label noise (default 0.5). */
  readonly noise?: number;
  /** φ of the random features (default "tanh"). */
  readonly activation?: Parameters<typeof activationLayer>[0];
  /** Draws of everything per number of features (default 50). */
  readonly draws?: number;
  /** Fresh points for the test error of random features (default 200). */
  readonly testSamples?: number;
  /** Randomness. */
  readonly rng: Rng;
}

/** The minimum-norm fit with one number of features. */
export interface DoubleDescentRecord {
  /** Number of features p. */
  readonly features: number;
  /** Mean squared test error against the noise-free teacher, with its standard error over the draws. */
  readonly testError: Estimate;
  /** Its median: near p = n the mean does not exist. */
  readonly median: number;
  /** Its quartiles. */
  readonly quartiles: readonly [number, number];
  /** Median of the smallest nonzero eigenvalue of the Hessian FᵀF/n. */
  readonly smallestEigenvalue: number;
  /** Exact expectation of the test error; undefined where it is infinite or not known. */
  readonly expected: Tagged;
  /** (testError − expected) in standard errors; undefined with `expected`. */
  readonly zScore: Tagged;
}

/** Test error against the number of features. */
export interface DoubleDescent {
  /** One record per number of features, in the order given. */
  readonly records: readonly DoubleDescentRecord[];
  /** Number of features with the largest median error. */
  readonly peak: number;
  /** Training samples n: where the peak is expected. */
  readonly samples: number;
  /** Model after defaults. */
  readonly model: "linear" | "random features";
  /** "converged", or "cancelled" with the records done so far. */
  readonly status: Status;
}

/**
 * Double descent: test error of the minimum-norm least-squares fit against the number of features, beside exact linear theory.
 *
 * Relation ("linear", β with equal entries, β_p its fitted part, σ the noise): for p <= n − 2 the error is
 * (‖β − β_p‖² + σ²)(1 + p/(n − p − 1)) − σ², for p >= n + 2 it is ‖β_p‖²(1 − n/p) + (‖β − β_p‖² + σ²)(1 + n/(p − n − 1)) − σ², and infinite
 * between. The peak at p = n is where the smallest nonzero eigenvalue of the Hessian nearly vanishes.
 *
 * @throws {ArgumentError} for an empty list of features, or features beyond the inputs of the linear model
 *
 * Accuracy: standard errors over the draws; near the peak the variance is infinite and the median is what to look at. Cost: one
 * least-squares problem of n x p per draw.
 * @see [belkin2020]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { doubleDescent } from "eigenscope/training";
 * const { records, peak } = doubleDescent({ samples: 20, features: [5, 20, 80], draws: 20, rng: createRng(1) });
 * console.log(peak, records[0].expected.defined && records[0].expected.value.toFixed(6)); // 20 1.361607
 * ```
 */
export function doubleDescent(options: DoubleDescentOptions): DoubleDescent {
  const caller = "doubleDescent";
  requireOptions(
    options,
    [
      "samples",
      "features",
      "model",
      "inputs",
      "teacherNorm",
      "noise",
      "activation",
      "draws",
      "testSamples",
      "rng",
      "signal",
      "onProgress",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  const n = requireInteger(options.samples, "samples", caller, 2);
  if (!Array.isArray(options.features) || options.features.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "features",
      expected: "a list of at least one number",
      got: describe(options.features),
    });
  }
  const features = (options.features as readonly number[]).map((p, i) =>
    requireInteger(p, `features[${i}]`, caller, 1),
  );
  const model = requireOneOf(options.model ?? "linear", ["linear", "random features"] as const, "model", caller);
  const largest = Math.max(...features);
  const inputs = requireInteger(options.inputs ?? (model === "linear" ? largest : 20), "inputs", caller, 1);
  if (model === "linear" && inputs < largest) {
    throw new ArgumentError({
      function: caller,
      argument: "inputs",
      expected: `at least ${largest}, the largest number of features`,
      got: String(inputs),
    });
  }
  const recipe: Recipe = {
    n,
    inputs,
    teacherNorm: requireNumber(options.teacherNorm ?? 1, "teacherNorm", caller, 0),
    noise: requireNumber(options.noise ?? 0.5, "noise", caller, 0),
    testSamples: requireInteger(options.testSamples ?? 200, "testSamples", caller, 1),
    phi: activationLayer(options.activation ?? "tanh"),
  };
  const draws = requireInteger(options.draws ?? 50, "draws", caller, 2);
  const records: DoubleDescentRecord[] = [];
  let status: Status = "converged";
  for (const [index, p] of features.entries()) {
    const errors: number[] = [];
    const smallest: number[] = [];
    for (let draw = 0; draw < draws && !isCancelled(options.signal); draw++) {
      const stream = options.rng.fork(p).fork(draw);
      const { error, eigenvalue } = (model === "linear" ? linearDraw : featureDraw)(recipe, p, stream);
      errors.push(error);
      smallest.push(eigenvalue);
    }
    if (errors.length < draws) {
      status = "cancelled"; // records are whole or absent
      break;
    }
    const testError = estimateOf(errors);
    const expected =
      model === "linear"
        ? expectedError(recipe, p)
        : undefinedBecause("no exact theory at finite size for nonlinear features");
    records.push({
      features: p,
      testError,
      median: quantile(errors, 0.5),
      quartiles: [quantile(errors, 0.25), quantile(errors, 0.75)],
      smallestEigenvalue: quantile(smallest, 0.5),
      expected,
      zScore: expected.defined
        ? defined((testError.mean - expected.value) / testError.standardError)
        : undefinedBecause(expected.reason),
    });
    options.onProgress?.({ phase: "double descent", done: index + 1, total: features.length });
  }
  const worst = records.reduce<DoubleDescentRecord | null>(
    (most, record) => (most === null || record.median > most.median ? record : most),
    null,
  );
  return { records, peak: worst?.features ?? 0, samples: n, model, status };
}

interface Recipe {
  readonly n: number;
  readonly inputs: number;
  readonly teacherNorm: number;
  readonly noise: number;
  readonly testSamples: number;
  readonly phi: LayerDefinition;
}

interface Draw {
  readonly error: number;
  readonly eigenvalue: number;
}

/** Fits p of D inputs; the test error is ‖β − β̂‖² because inputs are standard normal. */
function linearDraw({ n, inputs, teacherNorm, noise }: Recipe, p: number, rng: Rng): Draw {
  const X = normalMatrix(rng.fork("inputs"), n, inputs);
  const beta = teacherNorm / Math.sqrt(inputs);
  const stream = rng.fork("noise");
  const y = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < inputs; j++) sum += X.data[i * inputs + j];
    return beta * sum + noise * stream.normal();
  });
  const F: Matrix = { rows: n, cols: p, data: new Float64Array(n * p) };
  for (let i = 0; i < n; i++) F.data.set(X.data.subarray(i * inputs, i * inputs + p), i * p);
  const { solution } = leastSquares(F, y);
  let error = (inputs - p) * beta * beta;
  for (let j = 0; j < p; j++) error += (solution[j] - beta) * (solution[j] - beta);
  return { error, eigenvalue: smallestNonzero(F) };
}

/** Fits p random features of D inputs to a linear teacher; the test error is taken on fresh points. */
function featureDraw(recipe: Recipe, p: number, rng: Rng): Draw {
  const { n, inputs, teacherNorm, noise, testSamples, phi } = recipe;
  const first = sequential([dense({ inputs, outputs: p, bias: false }), phi]);
  const W = normalMatrix(rng.fork("features"), p, inputs).data.map((value) => value / Math.sqrt(inputs));
  const teacher = normalMatrix(rng.fork("teacher"), inputs, 1);
  const lift = (X: Matrix): Matrix => predict(first, W, X);
  const label = (X: Matrix): Float64Array =>
    matmul(X, teacher).data.map((value) => (teacherNorm * value) / Math.sqrt(inputs));
  const X = normalMatrix(rng.fork("inputs"), n, inputs);
  const Xt = normalMatrix(rng.fork("test"), testSamples, inputs);
  const stream = rng.fork("noise");
  const F = lift(X);
  const { solution } = leastSquares(
    F,
    label(X).map((value) => value + noise * stream.normal()),
  );
  const fitted = matmul(lift(Xt), { rows: p, cols: 1, data: solution }).data;
  const truth = label(Xt);
  const error = fitted.reduce((sum, value, i) => sum + (value - truth[i]) * (value - truth[i]), 0) / testSamples;
  return { error, eigenvalue: smallestNonzero(F) };
}

/** Smallest eigenvalue of the smaller of FᵀF/n and FFᵀ/n: they share their nonzero ones. */
function smallestNonzero(F: Matrix): number {
  const small = F.cols <= F.rows ? matmul(F, F, { transposeA: true }) : gram(F);
  return eigh(small, { vectors: false, triangle: "lower" }).values[0] / F.rows;
}

/** Expected ‖β − β̂‖² for standard normal inputs. [belkin2020] */
function expectedError({ n, inputs, teacherNorm, noise }: Recipe, p: number): Tagged {
  const energy = teacherNorm * teacherNorm;
  const fitted = (energy * p) / inputs; // ‖β_p‖²
  const rest = energy - fitted + noise * noise;
  if (p <= n - 2) return defined(rest * (1 + p / (n - p - 1)) - noise * noise);
  if (p >= n + 2) return defined(fitted * (1 - n / p) + rest * (1 + n / (p - n - 1)) - noise * noise);
  return undefinedBecause("infinite: within one feature of p = n");
}
