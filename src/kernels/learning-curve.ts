import {
  ArgumentError,
  type Matrix,
  requireFinite,
  requireNumber,
  requireOptions,
  requireSquare,
  requireVector,
  square,
  exp,
  log,
} from "../core/index.js";
import { eigh } from "../linalg/index.js";

/** Options of {@link learningCurve}. */
export interface LearningCurveOptions {
  /** Numbers of training samples n > 0 (need not be whole). */
  readonly samples: readonly number[];
  /** Power of the target in each eigenspace: Σ of its squared coefficients there. */
  readonly targetPower: Float64Array;
  /** Dimension of each eigenspace; ones by default. */
  readonly multiplicities?: Float64Array;
  /** Ridge λ of (K + λ I)^{−1}, 0 by default. */
  readonly ridge?: number;
  /** Variance of the label noise, 0 by default. */
  readonly noise?: number;
  /** Trace of the eigenvalues that were cut off: high frequencies act like an additional ridge. 0 by default. */
  readonly tailTrace?: number;
}

/** Expected generalisation error of kernel regression over random training sets. */
export interface LearningCurve {
  /** The sample sizes. */
  readonly samples: Float64Array;
  /** Effective ridge κ at each size. */
  readonly kappa: Float64Array;
  /** γ < 1, the variance inflation: errors carry 1/(1 − γ). */
  readonly gamma: Float64Array;
  /** Expected squared error of the prediction of the noiseless target. */
  readonly error: Float64Array;
  /** Its part from the target not yet learned. */
  readonly bias: Float64Array;
  /** Its part from label noise. */
  readonly noiseError: Float64Array;
  /** |κ equation| relative to κ, at each size: the solution is checked, not assumed. */
  readonly residual: Float64Array;
}

/**
 * Predicts the learning curve of kernel regression from a spectrum.
 *
 * Relation: κ = λ + κ Σ_ρ N_ρ η_ρ/(n η_ρ + κ), γ = n Σ_ρ N_ρ η_ρ²/(n η_ρ + κ)²,
 * error = [κ² Σ_ρ w_ρ/(n η_ρ + κ)² + γ σ²]/(1 − γ), with eigenvalues η_ρ of multiplicity N_ρ and target power w_ρ.
 * An average-case theory (features behaving like Gaussians), accurate to a few percent for kernels on spheres and tori.
 *
 * @param eigenvalues η_ρ >= 0 of the kernel operator, for instance `sphere(d).mercer(…).eigenvalues`
 * @param options     target power, multiplicities, ridge, noise, sample sizes
 * @throws {ShapeError} when the lengths differ
 * @throws {ArgumentError} for negative values, or when ridge, tail and samples leave κ undetermined
 *
 * Accuracy: κ to 1e-14 relative (bisection; the right side is concave in κ). Cost: 100 sums per sample size.
 * @see [canatar2021]
 *
 * @example
 * ```ts
 * import { learningCurve } from "eigenscope/kernels";
 * const curve = learningCurve(Float64Array.of(1, 0.1), {
 *   samples: [0.5, 4],
 *   targetPower: Float64Array.of(0, 1),
 *   multiplicities: Float64Array.of(1, 20),
 *   ridge: 0.1,
 * });
 * console.log(curve.error[0] > curve.error[1]); // true
 * ```
 */
export function learningCurve(eigenvalues: Float64Array, options: LearningCurveOptions): LearningCurve {
  const caller = "learningCurve";
  requireVector(eigenvalues, null, "eigenvalues", caller);
  requireNonnegative(eigenvalues, "eigenvalues", caller);
  requireOptions(options, ["samples", "targetPower", "multiplicities", "ridge", "noise", "tailTrace"], caller);
  const modes = eigenvalues.length;
  const power = requireVector(options?.targetPower, modes, "targetPower", caller);
  requireNonnegative(power, "targetPower", caller);
  const counts =
    options.multiplicities === undefined
      ? new Float64Array(modes).fill(1)
      : requireVector(options.multiplicities, modes, "multiplicities", caller);
  requireNonnegative(counts, "multiplicities", caller);
  const noise = requireNumber(options.noise ?? 0, "noise", caller, 0);
  const ridge =
    requireNumber(options.ridge ?? 0, "ridge", caller, 0) +
    requireNumber(options.tailTrace ?? 0, "tailTrace", caller, 0);
  if (options.samples === undefined || options.samples === null) {
    throw new ArgumentError({
      function: caller,
      argument: "samples",
      expected: "numbers of training samples",
      got: String(options.samples),
    });
  }
  const samples = Float64Array.from(options.samples);
  const out = Array.from({ length: 6 }, () => new Float64Array(samples.length));
  const [kappa, gammas, error, bias, noiseError, residual] = out;
  const rank = counts.reduce((sum, count, i) => sum + (eigenvalues[i] > 0 ? count : 0), 0);
  samples.forEach((n, index) => {
    requireNumber(n, "samples", caller, Number.MIN_VALUE);
    if (ridge === 0 && n >= rank) {
      // Without ridge κ = 0 as soon as the samples determine all modes: the target in the range is interpolated exactly.
      throw new ArgumentError({
        function: caller,
        argument: "samples",
        expected: `below the number ${rank} of nonzero modes when ridge and tailTrace are 0`,
        got: String(n),
        remedy: "pass tailTrace (the trace beyond the modes given) or a ridge",
      });
    }
    const k = solveKappa(eigenvalues, counts, n, ridge);
    let gamma = 0;
    let unlearned = 0;
    let total = ridge;
    for (let i = 0; i < modes; i++) {
      const denominator = n * eigenvalues[i] + k;
      gamma += (n * counts[i] * (eigenvalues[i] * eigenvalues[i])) / (denominator * denominator);
      unlearned += power[i] * square(k / denominator);
      total += (k * counts[i] * eigenvalues[i]) / denominator;
    }
    kappa[index] = k;
    gammas[index] = gamma;
    bias[index] = unlearned / (1 - gamma);
    noiseError[index] = (gamma * noise) / (1 - gamma);
    error[index] = bias[index] + noiseError[index];
    residual[index] = Math.abs(total - k) / k;
  });
  return { samples, kappa, gamma: gammas, error, bias, noiseError, residual };
}

/** The positive root of κ = λ + κ Σ N η/(nη + κ): λ/κ + Σ N η/(nη + κ) = 1 has a decreasing left side. */
function solveKappa(eta: Float64Array, counts: Float64Array, n: number, ridge: number): number {
  const left = (k: number): number => {
    let sum = ridge / k;
    for (let i = 0; i < eta.length; i++) sum += (counts[i] * eta[i]) / (n * eta[i] + k);
    return sum;
  };
  let high = ridge;
  for (let i = 0; i < eta.length; i++) high += counts[i] * eta[i]; // left(high) <= 1
  let low = high;
  while (low > 0 && left(low) <= 1) low /= 4;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (left(middle) > 1) low = middle;
    else high = middle;
  }
  return high;
}

function requireNonnegative(values: Float64Array, argument: string, caller: string): void {
  requireFinite(values, argument, caller);
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) {
      throw new ArgumentError({
        function: caller,
        argument,
        expected: ">= 0 in every entry",
        got: `${values[i]} at index ${i}`,
      });
    }
  }
}

/** How a target sits in the eigenbasis of a kernel matrix. */
export interface SpectralProjection {
  /** Eigenvalues of K, descending. */
  readonly eigenvalues: Float64Array;
  /** Squared coefficients of the target on the eigenvectors, in the same order; they sum to ‖y‖². */
  readonly power: Float64Array;
  /** Cumulated power over total power: what the first i + 1 directions contain. */
  readonly cumulative: Float64Array;
  /** Kernel–target alignment yᵀKy/(‖K‖_F ‖y‖²), in [−1, 1]. */
  readonly alignment: number;
  /** The same for the centred kernel H K H, H = I − 11ᵀ/n, and the centred target; 0 when the centred target vanishes. */
  readonly centredAlignment: number;
  /**
   * Time after which gradient flow r′ = −K r has reduced a mode by `factor`: ln(1/factor)/λ; Infinity for eigenvalues up to
   * max(1e-13, n ε) of the largest in modulus, which are zero as far as double precision tells.
   */
  readonly times: Float64Array;
  /** How many eigenvalues lie below that, negative ones included. */
  readonly unresolved: number;
}

/** Options of {@link spectralProjection}. */
export interface SpectralProjectionOptions {
  /** Reduction whose time is reported for each mode, in (0, 1); e^{−1} by default. */
  readonly factor?: number;
}

/**
 * Projects a target on the eigenvectors of a kernel matrix: how much of it is learned early.
 *
 * Relation: y = Σ c_i v_i, power_i = c_i²; mode i of gradient flow decays as e^{−λ_i t}.
 *
 * @param K n x n symmetric kernel matrix
 * @param y target, n numbers
 * @param options reduction factor of the times
 * @throws {ShapeError} when the target has another length
 * @throws {ArgumentError} for a zero target or a factor outside (0, 1)
 *
 * Cost: one symmetric eigendecomposition.
 *
 * @example
 * ```ts
 * import { spectralProjection } from "eigenscope/kernels";
 * import { fromRows } from "eigenscope/core";
 * const { power, alignment } = spectralProjection(fromRows([[2, 1], [1, 2]]), Float64Array.of(1, 1));
 * console.log(power[0]!.toFixed(12), alignment); // 2.000000000000 0.948683298
 * ```
 */
export function spectralProjection(
  K: Matrix,
  y: Float64Array,
  options: SpectralProjectionOptions = {},
): SpectralProjection {
  const caller = "spectralProjection";
  const n = requireSquare(K, "K", caller);
  requireVector(y, n, "y", caller);
  requireFinite(y, "y", caller);
  requireOptions(options, ["factor"], caller);
  const factor = requireNumber(options.factor ?? exp(-1), "factor", caller, 0, 1);
  if (factor === 0 || factor === 1) {
    throw new ArgumentError({ function: caller, argument: "factor", expected: "in (0, 1)", got: String(factor) });
  }
  const squared = y.reduce((sum, value) => sum + value * value, 0);
  if (squared === 0)
    throw new ArgumentError({ function: caller, argument: "y", expected: "a nonzero target", got: "zeros" });
  const { values, vectors } = eigh(K, { vectors: true });
  const eigenvalues = values.slice().reverse();
  const power = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let c = 0;
    for (let k = 0; k < n; k++) c += vectors.data[k * n + (n - 1 - i)] * y[k];
    power[i] = c * c;
  }
  const cumulative = new Float64Array(n);
  let sum = 0;
  power.forEach((value, i) => {
    sum += value;
    cumulative[i] = sum / squared;
  });
  const floor = Math.max(1e-13, n * Number.EPSILON) * Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
  const times = eigenvalues.map((value) => (value > floor ? log(1 / factor) / value : Infinity));
  const unresolved = eigenvalues.reduce((count, value) => count + (value > floor ? 0 : 1), 0);
  const [alignment, centredAlignment] = [align(K, y), centredAlign(K, y)];
  return { eigenvalues, power, cumulative, alignment, centredAlignment, times, unresolved };
}

function align(K: Matrix, y: Float64Array): number {
  const n = y.length;
  let form = 0;
  let squares = 0;
  let norm = 0;
  for (let i = 0; i < n; i++) {
    norm += y[i] * y[i];
    for (let j = 0; j < n; j++) {
      const value = K.data[i * n + j];
      form += y[i] * value * y[j];
      squares += value * value;
    }
  }
  return squares === 0 || norm === 0 ? 0 : form / (Math.sqrt(squares) * norm);
}

function centredAlign(K: Matrix, y: Float64Array): number {
  const n = y.length;
  const rowMeans = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rowMeans[i] += K.data[i * n + j] / n;
  const mean = rowMeans.reduce((a, b) => a + b, 0) / n;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) data[i * n + j] = K.data[i * n + j] - rowMeans[i] - rowMeans[j] + mean;
  const target = y.reduce((a, b) => a + b, 0) / n;
  return align(
    { rows: n, cols: n, data },
    y.map((value) => value - target),
  );
}
