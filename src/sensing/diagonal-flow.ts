import {
  ArgumentError,
  type Convergence,
  isCancelled,
  type LongRunning,
  type Matrix,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
} from "../core/index.js";
import { svd } from "../linalg/index.js";
import { integrate } from "../ode/index.js";
import { alphaPotential } from "./diagonal-invariants.js";
import {
  createDiagonalField,
  type DiagonalField,
  type DiagonalProblem,
  type DiagonalState,
  product,
  requireState,
  stateFrom,
} from "./diagonal-problem.js";
import type { Finding } from "./diagnosis.js";
import { type FlowOptions, joinAdvice, planFlow, reportNorm } from "./flow-options.js";

/** Options of {@link diagonalFlow}. */
export interface DiagonalFlowOptions extends FlowOptions {
  /**
   * "factors" integrates u, v; "logarithm" integrates ln w for balanced u = v > 0, which cannot cross zero and follows
   * coordinates down to 1e-300 when their target is zero or negative. Default "factors".
   */
  readonly coordinates?: "factors" | "logarithm";
}

/** Trajectory in diagonal coordinates. */
export interface DiagonalRun {
  /** "flow" or "descent". */
  readonly engine: "flow" | "descent";
  /** The problem, with its conventions. */
  readonly problem: DiagonalProblem;
  /** Recorded times (numbers of steps for descent). */
  readonly at: Float64Array;
  /** h at those times, one row each. */
  readonly h: Matrix;
  /** u, v, α at those times. */
  readonly states: readonly DiagonalState[];
  /** Loss at those times. */
  readonly loss: Float64Array;
  /** Last state. */
  readonly final: DiagonalState;
  /** h of the last state. */
  readonly finalH: Float64Array;
  /** Loss of the last state. */
  readonly finalLoss: number;
  /** Largest loss seen. */
  readonly largestLoss: number;
  /** Time reached (Σ η for descent). */
  readonly time: number;
  /** Drift of the invariants since the start, largest over the recorded times. */
  readonly invariants: {
    /** max |Δ(u² − v²)|. */
    readonly balance: number;
    /** max |Δ(α²/2 − Σ P(w))|; null when α is fixed. */
    readonly alpha: number | null;
    /** The values of α_k²/2 − Σ_i P(w_ki) at the start; null when α is fixed. */
    readonly alphaValues: Float64Array | null;
  };
  /** What was noticed. */
  readonly findings: readonly Finding[];
  /** iterations are steps, matvecs evaluations; residualNorms ‖y − B h‖ and ‖velocity‖. */
  readonly convergence: Convergence;
}

/**
 * Follows the gradient flow in diagonal coordinates, the exact reduction of the matrix flow for commuting measurements
 * and spectral initialisation.
 *
 * Relation: u̇_k = α_k γ′(w_k) v_k g, v̇_k = α_k γ′(w_k) u_k g, α̇_k = ⟨γ(w_k), g⟩, w = u v, g = Bᵀ(y − B h)/N.
 * u² − v² is conserved, and α_k²/2 − Σ_i P(w_ki) too when α is trained. Coordinates with u = v = 0 never move.
 *
 * @param problem from `diagonalProblem`
 * @param initial state, from `diagonalState`
 * @param options t1 is required
 * @throws {ShapeError} when state and problem do not fit
 * @throws {ArgumentError} when coordinates "logarithm" is asked of factors that are not equal and positive
 *
 * Accuracy: local error as given by `tolerance`, by default { relative: 1e-12, absolute: 1e-14 }; the invariants are the test. Cost: 2 m d + O(K d) flops per evaluation.
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalFlow, diagonalProblem, diagonalState } from "eigenscope/sensing";
 * // One coordinate, γ = identity, α = 1 fixed: the logistic law w(t) = 1 / (1 + 99 exp(−2t)).
 * const problem = diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity", alphaTrainable: false });
 * const run = diagonalFlow(problem, diagonalState(1, [1], 0.1), { t1: Math.log(99) / 2 });
 * console.log(run.finalH[0]); // 0.500000000
 * ```
 */
export function diagonalFlow(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: DiagonalFlowOptions,
): DiagonalRun {
  const caller = "diagonalFlow";
  const start = requireState(problem, initial, caller);
  const kind = requireOneOf(
    options?.coordinates ?? "factors",
    ["factors", "logarithm"] as const,
    "coordinates",
    caller,
  );
  const field = createDiagonalField(problem, initial.alpha.length);
  const chart = kind === "logarithm" ? logarithmicChart(field, start, caller) : plainChart(field);
  const buffer = new Float64Array(start.length);
  const tolerance = { relative: 1e-12, absolute: 1e-14 };
  const lossAt = (z: Float64Array): number => field.loss(chart.toFlat(z, buffer));
  const plan = planFlow(options, ["coordinates"], tolerance, lossAt, caller);
  const solution = integrate((_t, z, out) => chart.velocity(z, out), chart.fromFlat(start), plan.integrate);
  const samples = solution.samples!;
  const rows: Float64Array[] = [];
  for (let i = 0; i < samples.times.length; i++) {
    const z = samples.states.data.subarray(i * samples.states.cols, (i + 1) * samples.states.cols);
    rows.push(chart.toFlat(z, new Float64Array(start.length)).slice());
  }
  const last = chart.toFlat(solution.y, new Float64Array(start.length)).slice();
  return assemble("flow", problem, field, start, samples.times, rows, last, {
    time: solution.t,
    status: solution.convergence.status,
    advice: solution.convergence.advice,
    iterations: solution.convergence.iterations,
    evaluations: solution.evaluations,
    tolerance: plan.lossTolerance,
    findings: [],
    largestLoss: 0,
  });
}

/** Options of {@link diagonalDescent}. */
export interface DiagonalDescentOptions extends LongRunning {
  /** Number of steps. */
  readonly steps: number;
  /** Step size η: a constant or a function of the step number. */
  readonly learningRate: number | ((step: number) => number);
  /** Steps at which to record; default the first, the last and 19 between. */
  readonly record?: ArrayLike<number>;
  /** Stop once the loss is at most this; default 0. */
  readonly lossTolerance?: number;
}

/**
 * Runs gradient descent in diagonal coordinates: the exact reduction of matrix gradient descent, for any step size.
 *
 * Relation: (u, v, α)_{t+1} = (u, v, α)_t + η · velocity; u² − v² is multiplied by 1 − η² α² γ′² g² per step, so that its
 * drift over a fixed time is O(η).
 *
 * @param problem from `diagonalProblem`
 * @param initial state, from `diagonalState`
 * @param options steps and learningRate are required
 * @returns status "converged" when the loss tolerance was reached, "max-iterations" otherwise, "breakdown" when the loss
 * exploded (the last finite state is returned)
 * @throws {ShapeError} when state and problem do not fit
 *
 * Cost: 2 m d + O(K d) flops per step.
 * @see [chu2024]
 * @example
 * ```ts
 * import { identity } from "eigenscope/core";
 * import { diagonalDescent, diagonalProblem, diagonalState } from "eigenscope/sensing";
 * const problem = diagonalProblem(identity(1), Float64Array.of(1), { activation: "identity", alphaTrainable: false });
 * const run = diagonalDescent(problem, diagonalState(1, [1], 0.1), { steps: 500, learningRate: 0.1 });
 * console.log(run.finalH[0]); // 1.000000000
 * ```
 */
export function diagonalDescent(
  problem: DiagonalProblem,
  initial: DiagonalState,
  options: DiagonalDescentOptions,
): DiagonalRun {
  const caller = "diagonalDescent";
  requireOptions(options, ["steps", "learningRate", "record", "lossTolerance", "signal", "onProgress"], caller);
  const start = requireState(problem, initial, caller);
  const steps = requireInteger(options?.steps, "steps", caller, 0);
  const lossTolerance = requireNumber(options.lossTolerance ?? 0, "lossTolerance", caller, 0);
  const { learningRate } = options;
  const rate =
    typeof learningRate === "function"
      ? (step: number) => requirePositive(learningRate(step), `learningRate(${step})`, caller)
      : (
          (eta) => () =>
            eta
        )(requirePositive(learningRate, "learningRate", caller));
  const marks = new Set(Array.from(options.record ?? spacedSteps(steps)));
  const field = createDiagonalField(problem, initial.alpha.length);
  const velocity = new Float64Array(start.length);
  const z = start.slice();
  const previous = start.slice();
  const at: number[] = [];
  const rows: Float64Array[] = [];
  const findings: Finding[] = [];
  const initialLoss = field.velocity(z, velocity);
  let loss = initialLoss;
  let largestLoss = loss;
  let status: Convergence["status"] = "max-iterations";
  let advice: string | null = lossTolerance > 0 ? "take more or larger steps" : null;
  let step = 0;
  let time = 0;
  for (;;) {
    if (marks.has(step)) {
      at.push(step);
      rows.push(z.slice());
      options.onProgress?.({ phase: "gradient descent", done: step, total: steps, figures: { loss } });
    }
    if (lossTolerance > 0 && loss <= lossTolerance) {
      status = "converged";
      advice = null;
      break;
    }
    if (step >= steps) break;
    if (isCancelled(options.signal)) {
      status = "cancelled";
      advice = `cancelled after ${step} steps`;
      break;
    }
    const eta = rate(step);
    previous.set(z);
    for (let i = 0; i < z.length; i++) z[i] += eta * velocity[i];
    const next = field.velocity(z, velocity);
    if (!Number.isFinite(next) || next > 1e8 * Math.max(initialLoss, Number.MIN_VALUE)) {
      z.set(previous);
      status = "breakdown";
      const message = `the loss exploded at step ${step + 1} with η = ${eta.toPrecision(3)}: diagonalSteps gives the bound 2/λ_max`;
      findings.push({ code: "diverged", message });
      break;
    }
    loss = next;
    largestLoss = Math.max(largestLoss, loss);
    time += eta;
    step++;
  }
  return assemble("descent", problem, field, start, Float64Array.from(at), rows, z, {
    time,
    status,
    advice,
    iterations: step,
    evaluations: step + 1,
    tolerance: lossTolerance,
    findings,
    largestLoss,
  });
}

function spacedSteps(steps: number): number[] {
  return Array.from({ length: 21 }, (_, i) => Math.round((steps * i) / 20));
}

/** Coordinates in which the flow is integrated. */
interface Chart {
  fromFlat(flat: Float64Array): Float64Array;
  toFlat(z: Float64Array, out: Float64Array): Float64Array;
  velocity(z: Float64Array, out: Float64Array): void;
}

function plainChart(field: DiagonalField): Chart {
  return {
    fromFlat: (flat) => flat,
    toFlat: (z) => z,
    velocity(z, out) {
      field.velocity(z, out);
    },
  };
}

/** ln w for u = v = √w: (ln w)' = 2 α γ′(w) g. Neither underflow nor a change of sign can happen on the way. */
function logarithmicChart(field: DiagonalField, start: Float64Array, caller: string): Chart {
  const { K, d } = field;
  for (let i = 0; i < K * d; i++) {
    if (!(start[i] > 0 && start[i] === start[K * d + i])) {
      throw new ArgumentError({
        function: caller,
        argument: "initial",
        expected: 'balanced and positive (u = v > 0) for coordinates "logarithm"',
        got: `u = ${start[i]}, v = ${start[K * d + i]} at index ${i}`,
        remedy: 'use coordinates "factors"',
      });
    }
  }
  const flat = new Float64Array(start.length);
  const push = new Float64Array(start.length);
  const toFlat = (z: Float64Array, out: Float64Array): Float64Array => {
    for (let i = 0; i < K * d; i++) out[i] = out[K * d + i] = Math.exp(0.5 * z[i]);
    for (let k = 0; k < K; k++) out[2 * K * d + k] = z[K * d + k];
    return out;
  };
  return {
    fromFlat(from) {
      const z = new Float64Array(K * d + K);
      for (let i = 0; i < K * d; i++) z[i] = 2 * Math.log(from[i]);
      for (let k = 0; k < K; k++) z[K * d + k] = from[2 * K * d + k];
      return z;
    },
    toFlat,
    velocity(z, out) {
      field.velocity(toFlat(z, flat), push);
      // u̇ = α γ′ g u, hence (ln w)' = 2 u̇/u; at underflow (u = 0) the quotient is lost, so it is taken from g itself.
      for (let k = 0; k < K; k++) {
        for (let i = 0; i < d; i++) {
          const at = k * d + i;
          out[at] =
            flat[at] > 1e-150 ? (2 * push[at]) / flat[at] : 2 * flat[2 * K * d + k] * field.slopeAtZero * field.g[i];
        }
        out[K * d + k] = push[2 * K * d + k];
      }
    },
  };
}

interface RunParts {
  readonly time: number;
  readonly status: Convergence["status"];
  readonly advice: string | null;
  readonly iterations: number;
  readonly evaluations: number;
  readonly tolerance: number;
  readonly findings: readonly Finding[];
  readonly largestLoss: number;
}

function assemble(
  engine: "flow" | "descent",
  problem: DiagonalProblem,
  field: DiagonalField,
  start: Float64Array,
  at: Float64Array,
  rows: readonly Float64Array[],
  last: Float64Array,
  parts: RunParts,
): DiagonalRun {
  const { K, d } = field;
  const h = new Float64Array(rows.length * d);
  const loss = new Float64Array(rows.length);
  let largestLoss = parts.largestLoss;
  let balance = 0;
  let alphaDrift = 0;
  const initialValues = problem.alphaTrainable ? alphaValues(problem, start, start, K, d) : null;
  [...rows, last].forEach((flat, row) => {
    const value = field.loss(flat);
    largestLoss = Math.max(largestLoss, value);
    if (row < rows.length) {
      loss[row] = value;
      h.set(field.h, row * d);
    }
    for (let i = 0; i < K * d; i++) {
      const now = (flat[i] - flat[K * d + i]) * (flat[i] + flat[K * d + i]);
      const before = (start[i] - start[K * d + i]) * (start[i] + start[K * d + i]);
      balance = Math.max(balance, Math.abs(now - before));
    }
    if (initialValues !== null) {
      const now = alphaValues(problem, flat, start, K, d);
      for (let k = 0; k < K; k++) alphaDrift = Math.max(alphaDrift, Math.abs(now[k] - initialValues[k]));
    }
  });
  const velocity = new Float64Array(last.length);
  const finalLoss = field.velocity(last, velocity);
  const finalH = field.h.slice();
  const findings = [...parts.findings, ...explain(problem, start, last, finalH, finalLoss, K)];
  const residual = product(problem.coefficients, finalH).map((value, i) => problem.y[i] - value);
  return {
    engine,
    problem,
    at,
    h: { rows: rows.length, cols: d, data: h },
    states: rows.map((flat) => stateFrom(flat, K, d)),
    loss,
    final: stateFrom(last, K, d),
    finalH,
    finalLoss,
    largestLoss,
    time: parts.time,
    invariants: { balance, alpha: initialValues === null ? null : alphaDrift, alphaValues: initialValues },
    findings,
    convergence: {
      status: parts.status,
      iterations: parts.iterations,
      matvecs: parts.evaluations,
      tolerance: parts.tolerance,
      residualNorms: Float64Array.of(reportNorm(residual), reportNorm(velocity)),
      advice: joinAdvice(parts.status, parts.advice, findings),
    },
  };
}

/** α_k²/2 − Σ_i P(w_ki) with the balances c of the start. */
function alphaValues(
  problem: DiagonalProblem,
  flat: Float64Array,
  start: Float64Array,
  K: number,
  d: number,
): Float64Array {
  return Float64Array.from({ length: K }, (_, k) => {
    let value = 0.5 * flat[2 * K * d + k] ** 2;
    for (let i = 0; i < d; i++) {
      const at = k * d + i;
      const c = (start[at] - start[K * d + at]) * (start[at] + start[K * d + at]);
      value -= alphaPotential(problem.activation, flat[at] * flat[K * d + at], c);
    }
    return value;
  });
}

const FITTED = 1e-12; // relative loss below which nothing needs explaining

function explain(
  problem: DiagonalProblem,
  start: Float64Array,
  last: Float64Array,
  h: Float64Array,
  loss: number,
  K: number,
): Finding[] {
  const { activation: gamma, coefficients, y } = problem;
  const d = coefficients.cols;
  const findings: Finding[] = [];
  if (gamma.valueAtZero !== 0) {
    const message = `γ(0) = ${gamma.valueAtZero}: h jumps where w crosses zero and cannot come closer to 0 than Σ α γ(0)`;
    findings.push({ code: "jump-at-zero", message });
  }
  const coordinates = Array.from({ length: d }, (_, i) => i);
  const dead = coordinates.filter((i) =>
    Array.from({ length: K }, (_, k) => k * d + i).every((at) => start[at] === 0 && start[K * d + at] === 0),
  );
  if (dead.length > 0) {
    const message = `coordinate ${dead.join(", ")} started at u = v = 0 and stays there for ever: start it at a small scale`;
    findings.push({ code: "dead-coordinate", message });
  }
  const spectrum = svd(coefficients, { vectors: "none" }).singularValues;
  const rank = spectrum.filter((s) => s > 1e-12 * spectrum[0]).length;
  if (rank < d) {
    const message = `B has column rank ${rank} for ${d} coordinates: the limit depends on the start, its scale, γ and α, and is not σ* in general (mirrorLimit computes it for fixed α)`;
    findings.push({ code: "rank-deficient", message });
  }
  const energy = y.reduce((sum, value) => sum + value * value, 0);
  if (loss <= FITTED * energy) return findings;
  if (!problem.alphaTrainable && Number.isFinite(gamma.supremum)) {
    let cap = 0;
    for (let k = 0; k < K; k++) cap += Math.abs(last[2 * K * d + k]) * gamma.supremum;
    const stuck = coordinates.filter((i) => Math.abs(h[i]) > 0.99 * cap);
    if (stuck.length > 0) {
      const message = `coordinate ${stuck.join(", ")} is at the bound Σ|α| sup γ = ${cap.toPrecision(4)} of fixed α: its target lies outside; train α or enlarge it`;
      findings.push({ code: "unreachable", message });
    }
  }
  const saturated = coordinates.filter((i) =>
    Array.from({ length: K }, (_, k) => k * d + i).every(
      (at) => gamma.derivative(Math.abs(last[at] * last[K * d + at])) < 1e-3 * gamma.derivative(0),
    ),
  );
  if (saturated.length > 0) {
    const message = `γ′(w) is below 0.001 γ′(0) in coordinate ${saturated.join(", ")}: it hardly moves any more; start smaller`;
    findings.push({ code: "saturated", message });
  }
  const vanishing = coordinates.filter((i) => {
    let largest = 0;
    for (let k = 0; k < K; k++) largest = Math.max(largest, Math.abs(last[k * d + i] * last[K * d + k * d + i]));
    return largest > 0 && largest < 1e-2 && !dead.includes(i);
  });
  if (vanishing.length > 0) {
    const message = `coordinate ${vanishing.join(", ")} decays towards 0: with u = v that is as slow as 1/(2 α t) for a target of 0 (u² ≠ v² restores an exponential rate), and a negative target is approached no closer than 0`;
    findings.push({ code: "sublinear", message });
  }
  return findings;
}
