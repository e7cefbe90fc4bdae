import {
  type Convergence,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  requireVector,
  ShapeError,
  requireMatrix,
  requireOneOf,
  pow,
  square,
} from "../core/index.js";
import { integrate } from "../ode/index.js";
import { product, transposedProduct } from "./diagonal-problem.js";
import { dataFindings, type Finding, lossAtZero, stepFinding } from "./diagnosis.js";
import { joinAdvice } from "./flow-options.js";
import { requireMeasurements } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { multiplyInto, multiplyTransposedInto, transposedMultiplyInto } from "./small-products.js";
import { recordedSteps } from "./sensing-descent.js";

/** Options of {@link deepFactorization}. */
export interface DeepFactorizationOptions extends LongRunning {
  /** Number of factors N >= 1. */
  readonly depth: number;
  /** Initial factors are this times the identity (rectangular where needed). */
  readonly scale: number;
  /** Number of gradient steps. */
  readonly steps: number;
  /** Step size η. */
  readonly stepSize: number;
  /** Inner dimension, default max(rows, cols). */
  readonly innerDimension?: number;
  /** "sum" (default) or "mean" over the measurements. */
  readonly normalisation?: "sum" | "mean";
  /** Stop once the loss is at most this; default 0. */
  readonly lossTolerance?: number;
  /** Steps at which the loss is recorded: a list or a count of geometric ones (default 24). */
  readonly record?: number | ArrayLike<number>;
}

/** Result of {@link deepFactorization}. */
export interface DeepFactorization {
  /** Product of the factors. */
  readonly X: Matrix;
  /** The factors W_1 … W_N, X = W_1 ⋯ W_N. */
  readonly factors: readonly Matrix[];
  /** Final loss. */
  readonly loss: number;
  /** Recorded steps and losses. */
  readonly history: { readonly at: Float64Array; readonly loss: Float64Array };
  /** max ‖W_jᵀW_j − W_{j+1}W_{j+1}ᵀ‖ change: conserved by the flow, O(η) for descent. */
  readonly balanceDrift: number;
  /** What was noticed. */
  readonly findings: readonly Finding[];
  /** Status as for `sensingDescent`. */
  readonly convergence: Convergence;
}

const CALLER = "deepFactorization";
const PROGRESS_EVERY = 100; // steps between reports

/**
 * Runs gradient descent on a product of N matrices, the deep linear baseline.
 *
 * Relation: X = W_1 ⋯ W_N, ∂L/∂W_j = (W_1 ⋯ W_{j−1})ᵀ G (W_{j+1} ⋯ W_N)ᵀ. A balanced start escapes the saddle at zero after
 * a time of order ln(1/ε) for N = 2 and ε^{2−N}/(N − 2) for N >= 3: started at 1e-4 a depth of three stays on the
 * plateau for 1e4 units of time, which is a matter of budget, not of bias.
 *
 * @param measurements family of measurements
 * @param y data
 * @param options depth, scale, steps and stepSize are required
 * @returns product, factors, history, status
 * @throws {ShapeError} when y has another length
 * @throws {ArgumentError} for options out of range
 *
 * Cost: 4 (N − 1) small products and two applications of the measurements per step.
 * @see [arora2019]
 * @example
 * ```ts
 * import { deepFactorization, entryMeasurements } from "eigenscope/sensing";
 * const A = entryMeasurements(2, 2, [[0, 0], [1, 1]]);
 * const run = deepFactorization(A, Float64Array.of(1, 0.5), { depth: 3, scale: 0.3, steps: 2000, stepSize: 0.1 });
 * console.log(run.X.data[0], run.X.data[3]); // 1.00000 0.50000
 * ```
 */
export function deepFactorization(
  measurements: Measurements,
  y: Float64Array,
  options: DeepFactorizationOptions,
): DeepFactorization {
  requireMeasurements(measurements, "measurements", CALLER);
  requireVector(y, measurements.rows, "y", CALLER);
  requireFinite(y, "y", CALLER);
  requireOptions(
    options,
    [
      "depth",
      "scale",
      "steps",
      "stepSize",
      "innerDimension",
      "normalisation",
      "lossTolerance",
      "record",
      "signal",
      "onProgress",
    ],
    CALLER,
  );
  const depth = requireInteger(options?.depth, "depth", CALLER, 1);
  const scale = requireNumber(options.scale, "scale", CALLER, 0);
  const steps = requireInteger(options.steps, "steps", CALLER, 0);
  const eta = requirePositive(options.stepSize, "stepSize", CALLER);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", CALLER, 0);
  const { rows, cols } = measurements.shape;
  const inner = requireInteger(options.innerDimension ?? Math.max(rows, cols), "innerDimension", CALLER, 1);
  const mean =
    requireOneOf(options.normalisation ?? "sum", ["sum", "mean"] as const, "normalisation", CALLER) === "mean";
  const N = mean ? y.length : 1;
  const factors = Array.from({ length: depth }, (_, j) =>
    scaledIdentity(j === 0 ? rows : inner, j === depth - 1 ? cols : inner, scale),
  );
  const chain = createChain(factors);
  const start = chain.balances();
  const previous = factors.map(({ data }) => data.slice());
  const residual = new Float64Array(y.length);
  const G = new Float64Array(rows * cols);
  const lossOf = (): number => {
    measurements.apply(chain.product(), residual);
    let sum = 0;
    for (let i = 0; i < y.length; i++) {
      residual[i] -= y[i];
      sum += residual[i] * residual[i];
    }
    return sum / (2 * N);
  };
  const marks = recordedSteps(options.record ?? 24, steps, CALLER);
  const at: number[] = [];
  const losses: number[] = [];
  const findings: Finding[] = [];
  const initialLoss = lossOf();
  const hopeless = 1e8 * Math.max(initialLoss, lossAtZero(y, N), Number.MIN_VALUE);
  let lastRise = -1;
  let loss = initialLoss;
  let status: Convergence["status"] = "max-iterations";
  let step = 0;
  for (;;) {
    if (marks.has(step)) {
      at.push(step);
      losses.push(loss);
    }
    if (step % PROGRESS_EVERY === 0) {
      options.onProgress?.({ phase: `depth ${depth}`, done: step, total: steps, figures: { loss } });
    }
    if (lossTolerance > 0 && loss <= lossTolerance) {
      status = "converged";
      break;
    }
    if (step >= steps) break;
    if (isCancelled(options.signal)) {
      status = "cancelled";
      break;
    }
    measurements.applyTranspose(residual, G);
    if (N !== 1) for (let i = 0; i < G.length; i++) G[i] /= N;
    factors.forEach(({ data }, j) => previous[j].set(data));
    chain.descend(G, eta);
    const next = lossOf();
    if (!Number.isFinite(next) || next > hopeless) {
      factors.forEach(({ data }, j) => data.set(previous[j]));
      loss = lossOf();
      status = "breakdown";
      findings.push({
        code: "diverged",
        message: `the loss exploded at step ${step + 1} with η = ${eta}: use a smaller step`,
      });
      break;
    }
    if (next > loss * (1 + 1e-9)) lastRise = step + 1;
    loss = next;
    step++;
  }
  if (
    status === "max-iterations" &&
    depth >= 3 &&
    loss > 0.5 * initialLoss &&
    scale > 0 &&
    lossAtZero(y, N) > 0.5 * loss
  ) {
    const message = `still on the plateau around zero: the escape time from scale ε = ${scale} grows like ε^(2 − N) = ${pow(scale, 2 - depth).toPrecision(2)}, and ${(steps * eta).toPrecision(3)} units of time were given; start larger or go on longer`;
    findings.push({ code: "plateau", message });
  }
  if (status === "max-iterations" && loss > 1e-12 * initialLoss) {
    const tooLarge = stepFinding(eta, null, step, lastRise);
    if (tooLarge !== null) findings.push(tooLarge);
  }
  findings.push(...dataFindings(measurements, y, N, loss));
  if (depth >= 2 && scale === 0 && lossAtZero(y, N) > 0) {
    const message = "all factors started at zero, where every gradient vanishes for ever: give them a scale > 0";
    findings.push({ code: "plateau", message });
  }
  let gradientNorm = 0;
  for (const value of chain.gradientNorms()) gradientNorm += value;
  return {
    X: { rows, cols, data: chain.product().slice() },
    factors,
    loss,
    history: { at: Float64Array.from(at), loss: Float64Array.from(losses) },
    balanceDrift: chain.drift(start),
    findings,
    convergence: {
      status,
      iterations: step,
      matvecs: step + 1,
      tolerance: lossTolerance,
      residualNorms: Float64Array.of(Math.sqrt(residual.reduce((sum, r) => sum + r * r, 0)), Math.sqrt(gradientNorm)),
      advice: joinAdvice(
        status,
        status === "cancelled"
          ? `cancelled after ${step} steps`
          : status === "breakdown"
            ? null
            : `all ${steps} steps taken, loss ${loss.toExponential(2)}`,
        findings,
      ),
    },
  };
}

/** Options of {@link deepDiagonalFlow}. */
export interface DeepDiagonalOptions {
  /** Number of factors N >= 1. */
  readonly depth: number;
  /** Times at which to report, monotone from 0. */
  readonly times: ArrayLike<number>;
  /** Local tolerance, default 1e-13. */
  readonly tolerance?: number;
}

/**
 * Follows the balanced depth-N factorisation in the coordinates of commuting measurements.
 *
 * Relation: σ̇ = N σ^{2 − 2/N} ∘ Bᵀ(y − B σ), the law of aligned balanced factors, each w = σ^{1/N}; the power of σ is what
 * makes large singular values grow first, the more so the deeper.
 *
 * @param coefficients B, m x d
 * @param y data
 * @param initial σ at time zero, d positive numbers
 * @param options depth and times are required
 * @returns σ at the times, one row each, and the integrator's report
 * @throws {ShapeError} when the lengths do not fit
 * @throws {ArgumentError} when an initial value is not positive
 *
 * Accuracy: 1e-12. Integrates w = σ^{1/N}, ẇ = w^{N−1} g, whose right-hand side is smooth at zero for every N.
 * @see [arora2019]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { deepDiagonalFlow } from "eigenscope/sensing";
 * const { sigma } = deepDiagonalFlow(identity(1), Float64Array.of(1), Float64Array.of(0.001), { depth: 3, times: [0, 30] });
 * console.log(sigma.data[1]); // 1.00000
 * ```
 */
export function deepDiagonalFlow(
  coefficients: Matrix,
  y: Float64Array,
  initial: Float64Array,
  options: DeepDiagonalOptions,
): { readonly times: Float64Array; readonly sigma: Matrix; readonly convergence: Convergence } {
  const caller = "deepDiagonalFlow";
  requireMatrix(coefficients, "coefficients", caller);
  requireVector(y, coefficients.rows, "y", caller);
  requireVector(initial, coefficients.cols, "initial", caller);
  requireOptions(options, ["depth", "times", "tolerance"], caller);
  const depth = requireInteger(options?.depth, "depth", caller, 1);
  for (const value of initial) requirePositive(value, "initial", caller);
  const times = Float64Array.from(options.times ?? []);
  if (times.length === 0) {
    throw new ShapeError({ function: caller, argument: "times", expected: "at least one time", got: "none" });
  }
  const tolerance = requirePositive(options.tolerance ?? 1e-13, "tolerance", caller);
  const sigmaOf = (w: Float64Array): Float64Array => w.map((value) => pow(value, depth));
  const solution = integrate(
    (_t, w, out) => {
      const residual = product(coefficients, sigmaOf(w)).map((value, i) => y[i] - value);
      const g = transposedProduct(coefficients, residual);
      for (let i = 0; i < w.length; i++) out[i] = pow(w[i], depth - 1) * g[i];
    },
    initial.map((value) => pow(value, 1 / depth)),
    {
      t0: 0,
      t1: times[times.length - 1],
      times,
      tolerance: { relative: tolerance, absolute: 0.01 * tolerance },
      dense: false,
    },
  );
  const samples = solution.samples!;
  return {
    times: samples.times,
    sigma: { ...samples.states, data: sigmaOf(samples.states.data) },
    convergence: solution.convergence,
  };
}

function scaledIdentity(rows: number, cols: number, scale: number): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < Math.min(rows, cols); i++) data[i * cols + i] = scale;
  return { rows, cols, data };
}

/** Products of a chain of factors from both ends, on buffers of its own. */
interface Chain {
  product(): Float64Array;
  descend(G: Float64Array, eta: number): void;
  balances(): Float64Array[];
  drift(start: readonly Float64Array[]): number;
  gradientNorms(): number[];
}

function createChain(factors: readonly Matrix[]): Chain {
  const depth = factors.length;
  const rows = factors[0].rows;
  const cols = factors[depth - 1].cols;
  // left[j] = W_1 ⋯ W_j, right[j] = W_{j+1} ⋯ W_N; the gradients need both.
  const left = factors.map((W) => new Float64Array(rows * W.cols));
  const right = factors.map((W) => new Float64Array(W.cols * cols));
  const gradients = factors.map((W) => new Float64Array(W.data.length));
  const half = factors.map((W) => new Float64Array(rows * W.cols));
  const squared = gradients.map(() => 0);
  const balances = (): Float64Array[] =>
    factors.slice(1).map((next, j) => {
      const W = factors[j];
      const out = new Float64Array(W.cols * W.cols);
      const other = new Float64Array(W.cols * W.cols);
      transposedMultiplyInto(out, W.data, W.data, W.cols, W.rows, W.cols);
      multiplyTransposedInto(other, next.data, next.data, W.cols, next.cols, W.cols);
      return out.map((value, i) => value - other[i]);
    });
  return {
    product() {
      left[0].set(factors[0].data);
      for (let j = 1; j < depth; j++) {
        multiplyInto(left[j], left[j - 1], factors[j].data, rows, factors[j].rows, factors[j].cols);
      }
      return left[depth - 1];
    },
    descend(G, eta) {
      for (let j = depth - 2; j >= 0; j--) {
        const W = factors[j + 1];
        if (j === depth - 2) right[j].set(W.data);
        else multiplyInto(right[j], W.data, right[j + 1], W.rows, W.cols, cols);
      }
      for (let j = 0; j < depth; j++) {
        const W = factors[j];
        const tail = j === depth - 1 ? G : half[j];
        if (j < depth - 1) multiplyTransposedInto(half[j], G, right[j], rows, cols, W.cols);
        if (j === 0) gradients[0].set(tail.subarray(0, gradients[0].length));
        else transposedMultiplyInto(gradients[j], left[j - 1], tail, W.rows, rows, W.cols);
        squared[j] = gradients[j].reduce((sum, g) => sum + g * g, 0);
      }
      for (let j = 0; j < depth; j++) {
        const { data } = factors[j];
        for (let i = 0; i < data.length; i++) data[i] -= eta * gradients[j][i];
      }
    },
    balances,
    drift(start) {
      let worst = 0;
      balances().forEach((now, j) => {
        let sum = 0;
        for (let i = 0; i < now.length; i++) sum += square(now[i] - start[j][i]);
        worst = Math.max(worst, Math.sqrt(sum));
      });
      return worst;
    },
    gradientNorms: () => squared,
  };
}
