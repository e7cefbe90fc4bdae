import { type Convergence, type Matrix } from "../core/index.js";
import { svd } from "../linalg/index.js";
import { alphaPotential } from "./diagonal-invariants.js";
import {
  type DiagonalField,
  type DiagonalProblem,
  type DiagonalState,
  product,
  stateFrom,
} from "./diagonal-problem.js";
import { type Finding, inconsistency } from "./diagnosis.js";
import { joinAdvice, reportNorm } from "./flow-options.js";

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

/** What an engine hands over at the end. */
export interface DiagonalRunParts {
  readonly time: number;
  readonly status: Convergence["status"];
  readonly advice: string | null;
  readonly iterations: number;
  readonly evaluations: number;
  readonly tolerance: number;
  readonly findings: readonly Finding[];
  readonly largestLoss: number;
}

/** Assembles the record of a run: trajectory, drift of the invariants, findings. */
export function assembleDiagonalRun(
  engine: "flow" | "descent",
  problem: DiagonalProblem,
  field: DiagonalField,
  start: Float64Array,
  at: Float64Array,
  rows: readonly Float64Array[],
  last: Float64Array,
  parts: DiagonalRunParts,
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
    let value = 0.5 * (flat[2 * K * d + k] * flat[2 * K * d + k]);
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
  const { u, singularValues: spectrum } = svd(coefficients);
  const rank = spectrum.filter((s) => s > 1e-12 * spectrum[0]).length;
  if (rank < d) {
    const message = `B has column rank ${rank} for ${d} coordinates: the limit depends on the start, its scale, γ and α, and is not σ* in general (mirrorLimit computes it for fixed α)`;
    findings.push({ code: "rank-deficient", message });
  }
  const energy = y.reduce((sum, value) => sum + value * value, 0);
  if (loss <= FITTED * energy) return findings;
  const least = outsideRange(u!, rank, y) / (problem.normalisation === "mean" ? 2 * y.length : 2);
  if (least > 0) findings.push(inconsistency(y.length, { loss: least, rank }, loss));
  if (!problem.alphaTrainable && Number.isFinite(gamma.supremum)) {
    let cap = 0;
    for (let k = 0; k < K; k++) cap += Math.abs(last[2 * K * d + k]) * gamma.supremum;
    const stuck = coordinates.filter((i) => Math.abs(h[i]) > 0.99 * cap);
    if (stuck.length > 0) {
      const message = `coordinate ${stuck.join(", ")} is at the bound Σ|α| sup γ = ${cap.toPrecision(4)} of fixed α: its target lies there or beyond; train α or enlarge it`;
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

/** ‖y‖² outside the span of the first columns of U, zero when it is rounding. */
function outsideRange(U: Matrix, rank: number, y: Float64Array): number {
  const rest = y.slice();
  for (let j = 0; j < rank; j++) {
    let component = 0;
    for (let i = 0; i < y.length; i++) component += U.data[i * U.cols + j] * y[i];
    for (let i = 0; i < y.length; i++) rest[i] -= component * U.data[i * U.cols + j];
  }
  const size = reportNorm(y);
  const norm = reportNorm(rest);
  return norm > 1e-9 * size ? norm * norm : 0;
}
