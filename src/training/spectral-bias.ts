import {
  ArgumentError,
  cos,
  cosTurns,
  defined,
  describe,
  type Estimate,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  ShapeError,
  sin,
  sinTurns,
  type Status,
  type Tagged,
  undefinedBecause,
} from "../core/index.js";
import { empiricalNtk } from "../curvature/index.js";
import { eigh } from "../linalg/index.js";
import { initialize, type InitializationScheme, type Network, predict } from "../networks/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { gradientDescent } from "./optimizers.js";
import { estimateOf } from "./statistics.js";
import { train } from "./train.js";

/** Options of {@link spectralBias}. */
export interface SpectralBiasOptions extends LongRunning {
  /** Frequencies k of the target Σ sin(kθ + phase), each >= 1. */
  readonly frequencies: readonly number[];
  /** Points on the circle (default 64; more than twice the largest frequency). */
  readonly points?: number;
  /** Largest number of full-batch gradient-descent steps (default 4000). */
  readonly steps?: number;
  /** η as a share of 2n/λ_max(K), the limit of the linearised model (default 0.5). */
  readonly stepShare?: number;
  /** A frequency counts as learned when its amplitude in the residual falls below this share of its first (default 0.2). */
  readonly threshold?: number;
  /** Runs, each with phases and parameters of its own (default 5). */
  readonly runs?: number;
  /** Scheme of the starts (default "ntk"). */
  readonly initialization?: InitializationScheme;
  /** Randomness. */
  readonly rng: Rng;
}

/** How one frequency is learned. */
export interface FrequencyRecord {
  /** k. */
  readonly frequency: number;
  /** vᵀKv of the tangent kernel at the start, mean over the unit vectors cos kθ and sin kθ, over the runs. */
  readonly kernelEigenvalue: Estimate;
  /** Steps until learned, over the runs that got there; undefined when none did. */
  readonly steps: Tagged<Estimate>;
  /** Runs in which it was not learned within the steps allowed. */
  readonly notLearned: number;
  /** Steps of the linearised model r_t = (I − ηK/n)^t r_0 with the kernel of the start, over the runs in which it gets there. */
  readonly predicted: Tagged<Estimate>;
}

/** Learning times by frequency beside those of the tangent kernel. */
export interface SpectralBias {
  /** One record per frequency, in the order given. */
  readonly records: readonly FrequencyRecord[];
  /** Runs in which lower frequencies were never learned later than higher ones. */
  readonly orderedRuns: number;
  /** Runs done. */
  readonly runs: number;
  /** Convention: K = J Jᵀ, loss 1/(2n) Σ r², residual modes (1 − ηλ/n)^t. */
  readonly convention: string;
  /** "converged", or "cancelled" with the runs done so far. */
  readonly status: Status;
}

/**
 * Spectral bias: how many steps of gradient descent a network needs for each frequency on the circle, beside its tangent kernel.
 *
 * Relation: inputs (cos θ_i, sin θ_i), target Σ_k sin(kθ + phase_k). In the linear regime the residual's mode of kernel eigenvalue λ shrinks
 * by 1 − ηλ/n per step: low frequencies first because λ_k falls. On the circle an infinitely wide network has the waves as modes, and
 * frequency k is learned after log(threshold)/log(1 − ηλ_k/n) steps; the prediction uses the kernel of the network itself, whose modes are
 * waves only nearly. What remains is the change of the kernel along the run.
 *
 * @param net two inputs, one output, mse
 * @throws {ShapeError} when the network has not two inputs and one output
 * @throws {ArgumentError} for frequencies that the points cannot tell apart
 *
 * Accuracy: standard errors over the runs. Cost: the runs, one tangent kernel of n points each, one prediction per step.
 * @see [jacot2018]
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * import { spectralBias } from "eigenscope/training";
 * const net = mlp({ sizes: [2, 64, 1], activation: "relu", parameterisation: "ntk" });
 * const { orderedRuns } = spectralBias(net, { frequencies: [1, 4], points: 16, steps: 400, runs: 2, rng: createRng(1) });
 * console.log(orderedRuns); // 2
 * ```
 */
export function spectralBias(net: Network, options: SpectralBiasOptions): SpectralBias {
  const caller = "spectralBias";
  requireOptions(
    options,
    [
      "frequencies",
      "points",
      "steps",
      "stepShare",
      "threshold",
      "runs",
      "initialization",
      "rng",
      "signal",
      "onProgress",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  if (net.inputs !== 2 || net.outputs !== 1) {
    throw new ShapeError({
      function: caller,
      argument: "net",
      expected: "a network of two inputs (a point on the circle) and one output",
      got: `${net.inputs} inputs and ${net.outputs} outputs`,
    });
  }
  const n = requireInteger(options.points ?? 64, "points", caller, 3);
  const frequencies = requireFrequencies(options.frequencies, n, caller);
  const steps = requireInteger(options.steps ?? 4000, "steps", caller, 1);
  const stepShare = requirePositive(options.stepShare ?? 0.5, "stepShare", caller);
  const threshold = requireNumber(options.threshold ?? 0.2, "threshold", caller, 1e-12, 1 - 1e-12);
  const runs = requireInteger(options.runs ?? 5, "runs", caller, 1);
  const inputs: Matrix = { rows: n, cols: 2, data: new Float64Array(2 * n) };
  for (let i = 0; i < n; i++) {
    inputs.data[2 * i] = cosTurns(i, n);
    inputs.data[2 * i + 1] = sinTurns(i, n);
  }
  const waves = frequencies.map((k) => waveOf(k, n));
  const learned = frequencies.map((): number[] => []);
  const eigenvalues = frequencies.map((): number[] => []);
  const predicted = frequencies.map((): number[] => []);
  let orderedRuns = 0;
  let done = 0;
  let status: Status = "converged";
  for (; done < runs; done++) {
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    const stream = options.rng.fork(done);
    const params = initialize(net, options.initialization ?? "ntk", stream.fork("parameters"));
    const phases = stream.fork("phases");
    const targets = new Float64Array(n);
    waves.forEach(({ cosine, sine }) => {
      const turn = 2 * Math.PI * phases.uniform();
      const [a, b] = [sin(turn), cos(turn)];
      for (let i = 0; i < n; i++) targets[i] += a * cosine[i] + b * sine[i];
    });
    const K = empiricalNtk(net, params, inputs).gram();
    const modes = eigh(K, { triangle: "lower" });
    const stepSize = (stepShare * 2 * n) / modes.values[n - 1];
    const residual = (theta: Float64Array): Float64Array =>
      predict(net, theta, inputs).data.map((value, i) => targets[i] - value);
    const first = residual(params);
    const goals = waves.map((wave) => threshold * amplitude(first, wave));
    const times = frequencies.map(() => Infinity);
    const run = train(
      net,
      { inputs, targets: { rows: n, cols: 1, data: targets } },
      {
        optimizer: gradientDescent({ stepSize }),
        loss: "mse",
        steps,
        params,
        recordEvery: steps,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        stop({ step, params: theta }) {
          const r = residual(theta);
          waves.forEach((wave, j) => {
            if (times[j] === Infinity && amplitude(r, wave) < goals[j]) times[j] = step;
          });
          return times.every(Number.isFinite);
        },
      },
    );
    if (run.status === "cancelled") {
      status = "cancelled"; // a run that was cut short says nothing about what it had not learned yet
      break;
    }
    const byFrequency = [...frequencies.keys()].sort((i, j) => frequencies[i] - frequencies[j]);
    if (byFrequency.every((j, place) => place === 0 || times[j] >= times[byFrequency[place - 1]])) orderedRuns++;
    waves.forEach((wave, j) => {
      const lambda = (quadratic(K, wave.cosine) + quadratic(K, wave.sine)) / n; // unit vectors: norms² are n/2
      eigenvalues[j].push(lambda);
      if (times[j] !== Infinity) learned[j].push(times[j]);
    });
    linearTimes(modes, first, waves, goals, stepSize, steps).forEach((time, j) => {
      if (time !== Infinity) predicted[j].push(time);
    });
    options.onProgress?.({ phase: "spectral bias", done: done + 1, total: runs });
  }
  return {
    records: frequencies.map((frequency, j) => ({
      frequency,
      kernelEigenvalue: estimateOf(eigenvalues[j]),
      steps:
        learned[j].length === 0
          ? undefinedBecause(`not learned within ${steps} steps in any run`)
          : defined(estimateOf(learned[j])),
      notLearned: done - learned[j].length,
      predicted:
        predicted[j].length === 0
          ? undefinedBecause(`not within ${steps} steps of the linearised model in any run`)
          : defined(estimateOf(predicted[j])),
    })),
    orderedRuns,
    runs: done,
    convention: "K = J Jᵀ, loss 1/(2n) Σ r², modes of the residual shrink by 1 − ηλ/n per step",
    status,
  };
}

/** First steps at which r_t = (I − ηK/n)^t r_0 is below the goals, in the eigenbasis of K. */
function linearTimes(
  { values, vectors }: { readonly values: Float64Array; readonly vectors: Matrix },
  start: Float64Array,
  waves: readonly Wave[],
  goals: readonly number[],
  stepSize: number,
  steps: number,
): number[] {
  const n = start.length;
  const inBasis = (v: Float64Array): Float64Array =>
    Float64Array.from({ length: n }, (_, m) => v.reduce((sum, value, i) => sum + value * vectors.data[i * n + m], 0));
  const residual = inBasis(start);
  const seen = waves.map(({ cosine, sine }) => ({ cosine: inBasis(cosine), sine: inBasis(sine) }));
  const times = waves.map(() => Infinity);
  for (let step = 0; step <= steps && times.includes(Infinity); step++) {
    seen.forEach((wave, j) => {
      if (times[j] === Infinity && amplitude(residual, wave) < goals[j]) times[j] = step;
    });
    for (let m = 0; m < n; m++) residual[m] *= 1 - (stepSize * values[m]) / n;
  }
  return times;
}

interface Wave {
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
}

function waveOf(k: number, n: number): Wave {
  return {
    cosine: Float64Array.from({ length: n }, (_, i) => cosTurns(k * i, n)),
    sine: Float64Array.from({ length: n }, (_, i) => sinTurns(k * i, n)),
  };
}

/** Length of the projection of r on cos kθ and sin kθ. */
function amplitude(r: Float64Array, { cosine, sine }: Wave): number {
  let a = 0;
  let b = 0;
  for (let i = 0; i < r.length; i++) {
    a += r[i] * cosine[i];
    b += r[i] * sine[i];
  }
  return Math.sqrt(a * a + b * b);
}

function quadratic(K: Matrix, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < K.rows; i++) {
    let row = 0;
    for (let j = 0; j < K.cols; j++) row += K.data[i * K.cols + j] * v[j];
    sum += v[i] * row;
  }
  return sum;
}

function requireFrequencies(value: unknown, points: number, caller: string): number[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "frequencies",
      expected: "a list of at least one integer >= 1",
      got: describe(value),
    });
  }
  const list = value.map((k, i) => requireInteger(k, `frequencies[${i}]`, caller, 1));
  const largest = Math.max(...list);
  if (2 * largest >= points || new Set(list).size < list.length) {
    throw new ArgumentError({
      function: caller,
      argument: "frequencies",
      expected: `different from each other and below points/2 = ${points / 2}`,
      got: list.join(", "),
      remedy: `with ${points} points higher frequencies look like lower ones`,
    });
  }
  return list;
}
