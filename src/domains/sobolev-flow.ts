import {
  ArgumentError,
  type Matrix,
  ShapeError,
  type Tagged,
  describe,
  defined,
  requireFinite,
  requireInteger,
  requireNumber,
  requireOptions,
  requirePositive,
  requireVector,
  undefinedBecause,
  exp,
  pow,
  log,
} from "../core/index.js";

/** What training starts from, mode by mode. */
export interface FlowProblem {
  /** Eigenvalue of the kernel operator on each mode (`mercer(…).eigenvalues`, or one entry per basis function). */
  readonly eigenvalues: Float64Array;
  /** Modes whose eigenvalue is zero within its error (`mercer(…).vanishing`): their rate is taken as exactly zero; none by default. */
  readonly vanishing?: readonly number[];
  /** Symbol σ of the Sobolev operator in the loss ½⟨r, P r⟩ on the same modes; ones by default (the plain L² loss). */
  readonly symbol?: Float64Array;
  /** Initial residual f_0 − f* by mode: coefficients in a basis of eigenfunctions. */
  readonly residual: Float64Array;
  /** Squared norms of the basis functions, 1 (orthonormal) by default; cos(2πkx) has 1/2. */
  readonly norms?: Float64Array;
}

/** Options of {@link sobolevFlow}. */
export interface FlowOptions {
  /** Times of gradient flow, or (with `step`) numbers of steps. */
  readonly times: readonly number[];
  /** Step size of gradient descent; absent for gradient flow. */
  readonly step?: number;
}

/** Training history by mode. */
export interface FlowHistory {
  /** The times or step counts. */
  readonly times: Float64Array;
  /** Residual coefficients: one row per time, one column per mode. */
  readonly amplitudes: Matrix;
  /** ½ ‖r‖² at each time. */
  readonly loss: Float64Array;
  /** ½ ⟨r, P r⟩ at each time. */
  readonly sobolevLoss: Float64Array;
  /** Decay rates μσ by mode. */
  readonly rates: Float64Array;
  /** Modes with residual and zero rate: they are never learned, at any smoothness. Pass `vanishing`, so that rounding is no rate. */
  readonly neverLearned: readonly number[];
  /** "gradient flow" or "gradient descent". */
  readonly method: "gradient flow" | "gradient descent";
  /** Descent is stable exactly for steps below this: 2/max(μσ). */
  readonly stepLimit: number;
  /** False when a mode grows: a negative rate, or descent with a step above the limit. */
  readonly stable: boolean;
}

/**
 * Solves Sobolev training with a frozen kernel, mode by mode, in closed form.
 *
 * Relation: r′ = −K P r, so each joint eigenmode decays as r̂(t) = r̂(0) e^{−μσt}; a descent step multiplies it by 1 − ημσ.
 * Modes with μσ = 0 keep their residual for ever (parity: odd degrees of two-layer bias-free networks).
 *
 * @param problem eigenvalues, symbol and initial residual by mode
 * @param options times, or step counts and the step size
 * @throws {ShapeError} when the lengths differ
 * @throws {ArgumentError} for negative times, fractional step counts, a step <= 0 or vanishing modes that do not exist
 *
 * Accuracy: a few ε per mode, at any time.
 *
 * @example
 * ```ts
 * import { sobolevFlow } from "eigenscope/domains";
 * const history = sobolevFlow(
 *   { eigenvalues: Float64Array.of(1, 0.1, 0), residual: Float64Array.of(1, 1, 1) },
 *   { times: [0, 10] },
 * );
 * console.log(history.amplitudes.data[4], history.neverLearned.join()); // 0.36787944117 2
 * ```
 */
export function sobolevFlow(problem: FlowProblem, options: FlowOptions): FlowHistory {
  const caller = "sobolevFlow";
  requireOptions(options, ["times", "step"], caller);
  const { rates, residual, masses, symbol } = requireProblem(problem, caller);
  const { step, times } = options ?? {};
  if (step !== undefined) requirePositive(step, "step", caller);
  if (!Array.isArray(times)) {
    throw new ArgumentError({
      function: caller,
      argument: "times",
      expected: "an array of numbers",
      got: typeof times,
    });
  }
  for (const time of options.times) {
    requireNumber(time, "times", caller, 0);
    if (step !== undefined && !Number.isInteger(time)) {
      throw new ArgumentError({
        function: caller,
        argument: "times",
        expected: "whole numbers of steps when a step is given",
        got: String(time),
      });
    }
  }
  const modes = rates.length;
  const rows = options.times.length;
  const data = new Float64Array(rows * modes);
  const loss = new Float64Array(rows);
  const sobolevLoss = new Float64Array(rows);
  options.times.forEach((time, i) => {
    for (let k = 0; k < modes; k++) {
      if (residual[k] === 0) continue; // a growing factor may be infinite
      const factor = step === undefined ? exp(-rates[k] * time) : pow(1 - step * rates[k], time);
      const value = residual[k] * factor;
      data[i * modes + k] = value;
      if (masses[k] === 0) continue;
      const part = (masses[k] * value * value) / 2;
      loss[i] += part;
      if (symbol[k] !== 0) sobolevLoss[i] += symbol[k] * part;
    }
  });
  const fastest = rates.reduce((a, b) => Math.max(a, b), 0);
  const stepLimit = fastest === 0 ? Infinity : 2 / fastest;
  const neverLearned: number[] = [];
  for (let k = 0; k < modes; k++) if (rates[k] === 0 && residual[k] !== 0 && masses[k] !== 0) neverLearned.push(k);
  return {
    times: Float64Array.from(options.times),
    amplitudes: { rows, cols: modes, data },
    loss,
    sobolevLoss,
    rates,
    neverLearned,
    method: step === undefined ? "gradient flow" : "gradient descent",
    stepLimit,
    stable: rates.every((rate) => rate >= 0) && (step === undefined || step < stepLimit),
  };
}

function requireProblem(
  problem: FlowProblem,
  caller: string,
): { rates: Float64Array; residual: Float64Array; masses: Float64Array; symbol: Float64Array } {
  const eigenvalues = requireVector(problem?.eigenvalues, null, "eigenvalues", caller);
  const modes = eigenvalues.length;
  const residual = requireVector(problem.residual, modes, "residual", caller);
  const symbol =
    problem.symbol === undefined
      ? new Float64Array(modes).fill(1)
      : requireVector(problem.symbol, null, "symbol", caller);
  if (symbol.length < modes) {
    throw new ShapeError({
      function: caller,
      argument: "symbol",
      expected: `of length >= ${modes}`,
      got: `length ${symbol.length}`,
    });
  }
  const masses =
    problem.norms === undefined
      ? new Float64Array(modes).fill(1)
      : requireVector(problem.norms, modes, "norms", caller);
  for (const [name, values] of [
    ["eigenvalues", eigenvalues],
    ["symbol", symbol],
    ["residual", residual],
    ["norms", masses],
  ] as const) {
    requireFinite(values, name, caller);
  }
  const negative = masses.findIndex((mass) => mass < 0);
  if (negative >= 0) {
    throw new ArgumentError({
      function: caller,
      argument: "norms",
      expected: "squared norms >= 0",
      got: `${masses[negative]} at index ${negative}`,
    });
  }
  const rates = eigenvalues.map((mu, k) => mu * symbol[k]);
  const vanishing = problem.vanishing ?? [];
  if (!Array.isArray(vanishing)) {
    throw new ArgumentError({
      function: caller,
      argument: "vanishing",
      expected: "an array of modes",
      got: describe(vanishing),
    });
  }
  for (const k of vanishing as readonly number[]) rates[requireInteger(k, "vanishing", caller, 0, modes - 1)] = 0;
  return { rates, residual, masses, symbol };
}

/** Options of {@link timeToAccuracy}. */
export interface AccuracyOptions {
  /** Wanted ‖f_t − f*‖. */
  readonly epsilon: number;
  /** Bound δ on ‖K_t − K‖₂ over the whole training (0: frozen kernel). */
  readonly perturbation?: number;
}

/** When training reaches an accuracy. */
export interface TimeToAccuracy {
  /** First time with ‖r(t)‖ <= ε for the frozen kernel, or the reason why there is none. */
  readonly exact: Tagged;
  /** A time that suffices for every path of kernels with ‖K_t − K‖ <= perturbation, or the reason why none is known. */
  readonly guaranteed: Tagged;
  /** min μσ − perturbation · max σ, the rate behind the guarantee (Weyl's inequality). */
  readonly guaranteedRate: number;
}

/**
 * Computes the training time after which ‖f_t − f*‖ <= ε.
 *
 * Relation: exact solves Σ_k m_k r̂_k² e^{−2μ_kσ_k t} = ε²; guaranteed is ln(‖r(0)‖/ε)/(λ_min − δ): by Weyl's inequality
 * λ_min(K_t) >= λ_min(K) − δ, and Grönwall's does the rest, for any path of kernels. With a symbol the same holds for
 * P^{1/2} K_t P^{1/2} in the norm ⟨r, P r⟩: ln(‖P^{1/2} r(0)‖/(ε √σ_min))/(min μσ − δ σ_max).
 *
 * @throws {ArgumentError} for epsilon <= 0, a negative perturbation or negative norms
 *
 * Accuracy: exact to 1e-14 relative (bisection of a decreasing function to rounding).
 *
 * @example
 * ```ts
 * import { timeToAccuracy } from "eigenscope/domains";
 * const problem = { eigenvalues: Float64Array.of(1, 0.5), residual: Float64Array.of(0, 1) };
 * const { exact, guaranteed } = timeToAccuracy(problem, { epsilon: Math.exp(-1), perturbation: 0.25 });
 * console.log(exact.defined && exact.value.toFixed(12), guaranteed.defined && guaranteed.value); // 2.000000000000 4
 * ```
 */
export function timeToAccuracy(problem: FlowProblem, options: AccuracyOptions): TimeToAccuracy {
  const caller = "timeToAccuracy";
  requireOptions(options, ["epsilon", "perturbation"], caller);
  const epsilon = requirePositive(options?.epsilon, "epsilon", caller);
  const perturbation = requireNumber(options.perturbation ?? 0, "perturbation", caller, 0);
  const { rates, residual, masses, symbol } = requireProblem(problem, caller);
  // ln of √m |r̂|/ε by mode: squares of residuals and accuracies of 1e±200 would leave the double range.
  const logarithms = residual.map((r, k) => log(Math.abs(r)) + log(masses[k]) / 2 - log(epsilon));
  const unlearned = rates.findIndex((rate, k) => rate < 0 && logarithms[k] > -Infinity);
  let slowest = Infinity;
  let smallest = Infinity;
  let largest = 0;
  for (let k = 0; k < rates.length; k++) {
    slowest = Math.min(slowest, rates[k]);
    smallest = Math.min(smallest, symbol[k]);
    largest = Math.max(largest, symbol[k]);
  }
  const guaranteedRate = slowest - perturbation * largest;
  return {
    exact:
      unlearned < 0
        ? exactTime(logarithms, rates, epsilon)
        : undefinedBecause(
            `mode ${unlearned} has the negative rate ${rates[unlearned].toExponential(3)}; give modes that are zero within their error as vanishing`,
          ),
    guaranteed: guaranteedTime(logarithms, symbol, smallest, guaranteedRate),
    guaranteedRate,
  };
}

/** The crossing of Σ e^{2(a_k − λ_k t)} = 1, by doubling and bisection to rounding. */
function exactTime(logarithms: Float64Array, rates: Float64Array, epsilon: number): Tagged {
  const squared = (t: number): number => {
    let sum = 0;
    for (let k = 0; k < rates.length; k++)
      if (logarithms[k] > -Infinity) sum += exp(2 * (logarithms[k] - rates[k] * t));
    return sum;
  };
  if (squared(0) <= 1) return defined(0);
  const stuck = logarithms.reduce((sum, a, k) => (rates[k] === 0 ? sum + exp(2 * a) : sum), 0);
  if (stuck > 1) {
    return undefinedBecause(
      `modes with zero rate keep a residual of norm ${(Math.sqrt(stuck) * epsilon).toExponential(3)} for ever`,
    );
  }
  let high = 1;
  while (squared(high) > 1) {
    high *= 2;
    if (high > 1e300) return undefinedBecause("not reached before t = 1e300");
  }
  let low = high === 1 ? 0 : high / 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return defined(high);
    if (squared(middle) > 1) low = middle;
    else high = middle;
  }
}

/** From ‖r‖² σ_min <= ⟨r, P r⟩ <= ⟨r_0, P r_0⟩ e^{−2 rate t}; a kernel path is positive semidefinite, so ⟨r, P r⟩ never grows. */
function guaranteedTime(logarithms: Float64Array, symbol: Float64Array, smallest: number, rate: number): Tagged {
  if (logarithms.length === 0) return defined(0);
  if (!(smallest > 0)) {
    return undefinedBecause(`the symbol takes the value ${smallest}: the Sobolev norm does not bound ‖f − f*‖ there`);
  }
  // ln (⟨r_0, P r_0⟩/(ε² σ_min)), the largest term outside the sum.
  const terms = logarithms.map((a, k) => 2 * a + log(symbol[k]) - log(smallest));
  const top = terms.reduce((a, b) => Math.max(a, b), -Infinity);
  const excess = top === -Infinity ? top : top + log(terms.reduce((sum, term) => sum + exp(term - top), 0));
  if (excess <= 0) return defined(0);
  if (!(rate > 0)) return undefinedBecause(`λ_min − perturbation · σ_max = ${rate.toExponential(3)} is not positive`);
  return defined(excess / (2 * rate));
}
