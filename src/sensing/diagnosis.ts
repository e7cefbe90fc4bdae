import { eigh, svd } from "../linalg/index.js";
import type { SensingEngine } from "./engine.js";
import { measurementGram } from "./measure.js";
import type { Measurements } from "./measurement-operator.js";
import { spectralLayout } from "./network.js";

/** Something that a user should know about a run. */
export interface Finding {
  /** Machine-readable kind. */
  readonly code:
    | "inconsistent-data"
    | "dependent-measurements"
    | "rank-deficient"
    | "dead-neuron"
    | "dead-coordinate"
    | "sublinear"
    | "identical-neurons"
    | "saturated"
    | "unreachable"
    | "jump-at-zero"
    | "plateau"
    | "step-too-large"
    | "diverged";
  /** One sentence with numbers. */
  readonly message: string;
}

const LARGEST_GRAM = 600; // measurements up to which the m x m eigenproblem is worth a diagnosis
const SMALL_LOSS = 1e-12; // of ‖y‖²/(2N): below, the data are fitted and nothing needs explaining
const STALLED = 1e-6; // share of the loss that as much time again would have to remove
const DEAD = 1e-14; // singular values of [U; V] below this times the largest belong to directions that never move
const SATURATED = 1e-3; // γ′(s) below this: the neuron hardly moves any more

/**
 * Explains the state reached: only what is wrong or undetermined is said.
 *
 * @param decrease ‖∇L‖² times the time of the run: by how much the loss would fall in as much time again, at its present rate
 */
export function diagnose(
  engine: SensingEngine,
  start: Float64Array,
  theta: Float64Array,
  y: Float64Array,
  loss: number,
  decrease: number,
): Finding[] {
  const { network, measurements, divisor } = engine;
  const findings: Finding[] = [];
  let energy = 0;
  for (const value of y) energy += value * value;
  const fitted = loss <= (SMALL_LOSS * energy) / (2 * divisor);
  if (network.activation.valueAtZero !== 0) {
    findings.push({
      code: "jump-at-zero",
      message: `γ(0) = ${network.activation.valueAtZero}: the output jumps wherever a singular value of U Vᵀ vanishes and the gradient blows up like γ(0)/s there`,
    });
  }
  findings.push(...neuronFindings(engine, start, theta, fitted));
  findings.push(...dataFindings(measurements, y, divisor, loss));
  const explained = findings.some(({ code }) => code === "inconsistent-data" || code === "unreachable");
  if (!fitted && !explained && decrease < STALLED * loss && Number.isFinite(loss)) {
    findings.push({
      code: "plateau",
      message: `the loss has stopped at ${loss.toExponential(3)}, where as much time again would lower it by less than a millionth: dead directions, a sign that balanced factors and α cannot change, or a start too small for the budget; a random start tells which`,
    });
  }
  return findings;
}

/** What is wrong with the data whatever the model: dependent measurements, and numbers that no matrix attains. */
export function dataFindings(measurements: Measurements, y: Float64Array, divisor: number, loss: number): Finding[] {
  const findings: Finding[] = [];
  if (measurements.rows > LARGEST_GRAM || !Number.isFinite(loss)) return findings;
  let energy = 0;
  for (const value of y) energy += value * value;
  const least = leastLoss(measurements, y, divisor);
  if (least.rank < Math.min(y.length, measurements.cols)) {
    findings.push({
      code: "dependent-measurements",
      message: `${y.length} measurements have rank ${least.rank}: the dependent ones add no information, only weight`,
    });
  }
  if (least.loss > (1e-14 * energy) / divisor && loss > 0) findings.push(inconsistency(y.length, least, loss));
  return findings;
}

/** Says that no matrix attains the data. */
export function inconsistency(
  count: number,
  least: { readonly loss: number; readonly rank: number },
  loss: number,
): Finding {
  return {
    code: "inconsistent-data",
    message: `the data are inconsistent: ${count} measurements of rank ${least.rank}, no matrix has a loss below ${least.loss.toExponential(3)} (reached ${loss.toExponential(3)})`,
  };
}

const STILL_RISING = 50; // steps within which a rise of the loss counts as present behaviour

/**
 * Says that steps are too large where a run ended: η is above the local bound, or the loss still rises from step to step,
 * which no step below the bound can cause (an orbit of period two visits points that are flat enough by themselves).
 *
 * @param lambda λ_max where the run ended, null when not known
 * @param lastRise last step that raised the loss, -1 for none
 */
export function stepFinding(eta: number, lambda: number | null, step: number, lastRise: number): Finding | null {
  const rising = lastRise >= 0 && step - lastRise <= STILL_RISING;
  if (lambda !== null && eta * lambda > 2) {
    return {
      code: "step-too-large",
      message: `η = ${eta.toPrecision(3)} is above the local bound 2/λ_max = ${(2 / lambda).toPrecision(3)}: expect oscillation or a move to a flatter minimum, not convergence here`,
    };
  }
  if (!rising) return null;
  const bound = lambda === null || !(lambda > 0) ? "" : ` (2/λ_max = ${(2 / lambda).toPrecision(3)} at the last point)`;
  return {
    code: "step-too-large",
    message: `the loss still rises at step ${lastRise} with η = ${eta.toPrecision(3)}${bound}: the iteration oscillates instead of converging; use a smaller step`,
  };
}

/** Loss of X = 0, by which explosions are judged: a start near a minimum may rightly leave it by many orders. */
export function lossAtZero(y: Float64Array, divisor: number): number {
  let energy = 0;
  for (const value of y) energy += value * value;
  return energy / (2 * divisor);
}

function neuronFindings(engine: SensingEngine, start: Float64Array, theta: Float64Array, fitted: boolean): Finding[] {
  const { network } = engine;
  const { rows, cols, innerDimension: p, widths, activation: gamma } = network;
  const layout = spectralLayout(network);
  const findings: Finding[] = [];
  const part = (from: Float64Array, k: number): Float64Array => {
    const u = from.subarray(layout.u + k * rows * p, layout.u + (k + 1) * rows * p);
    const v = from.subarray(layout.v + k * cols * p, layout.v + (k + 1) * cols * p);
    const out = new Float64Array(u.length + v.length);
    out.set(u);
    out.set(v, u.length);
    return out;
  };
  const dead: number[] = [];
  for (let k = 0; k < widths[0]; k++) if (part(start, k).every((x) => x === 0)) dead.push(k);
  if (dead.length > 0) {
    findings.push({
      code: "dead-neuron",
      message: `neuron ${dead.join(", ")} started at U = V = 0, where its gradient is zero for ever: start it at a small scale instead`,
    });
  }
  const d = Math.min(rows, cols, p);
  for (let k = 0; k < widths[0]; k++) {
    if (dead.includes(k)) continue;
    const stacked = { rows: rows + cols, cols: p, data: part(start, k) };
    const { singularValues } = svd(stacked, { vectors: "none" });
    const rank = singularValues.filter((s) => s > DEAD * singularValues[0]).length;
    if (rank >= d) continue;
    findings.push({
      code: "dead-coordinate",
      message: `neuron ${k} started with U c = V c = 0 in ${p - rank} of its ${p} inner directions c, which stay dead for ever: its matrix keeps a rank of at most ${rank}; start them at a small scale instead`,
    });
  }
  if (widths.length === 1 && widths[0] > 1) {
    const same = Array.from({ length: widths[0] - 1 }, (_, k) => k + 1).every(
      (k) =>
        start[layout.alpha[0] + k] === start[layout.alpha[0]] &&
        part(start, k).every((x, i) => x === part(start, 0)[i]),
    );
    if (same) {
      findings.push({
        code: "identical-neurons",
        message: `all ${widths[0]} neurons started equal and stay equal: effectively one neuron; give them different α`,
      });
    }
  }
  if (fitted || network.map !== "spectral" || !theta.every(Number.isFinite)) return findings;
  const spectra = engine.singularValues();
  const saturated = spectra.filter((s) => s[0] > 0 && gamma.derivative(s[0]) < SATURATED * gamma.derivative(0)).length;
  if (saturated > 0) {
    findings.push({
      code: "saturated",
      message: `γ′ is below ${SATURATED} of γ′(0) at the largest singular value of ${saturated} neuron(s): they hardly move any more`,
    });
  }
  if (!network.alphaTrainable && widths.length === 1 && Number.isFinite(gamma.supremum)) {
    let cap = 0;
    for (let k = 0; k < widths[0]; k++) cap += Math.abs(theta[layout.alpha[0] + k]) * gamma.supremum;
    const reached = largestValue(engine.X, rows, cols);
    if (reached > 0.98 * cap) {
      findings.push({
        code: "unreachable",
        message: `‖X‖₂ = ${reached.toPrecision(4)} is at the bound Σ|α| sup γ = ${cap.toPrecision(4)} of a network with fixed α: the target lies there or beyond; train α or enlarge it`,
      });
    }
  }
  return findings;
}

/** Largest singular value by power iteration on XᵀX, to the few digits that a message needs. */
function largestValue(X: Float64Array, rows: number, cols: number): number {
  const v = new Float64Array(cols).fill(1);
  const u = new Float64Array(rows);
  let value = 0;
  for (let iteration = 0; iteration < 50; iteration++) {
    let norm = 0;
    for (let i = 0; i < rows; i++) {
      u[i] = 0;
      for (let j = 0; j < cols; j++) u[i] += X[i * cols + j] * v[j];
    }
    v.fill(0);
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) v[j] += X[i * cols + j] * u[i];
    for (const x of v) norm += x * x;
    norm = Math.sqrt(norm);
    if (norm === 0) return value;
    for (let j = 0; j < cols; j++) v[j] /= norm;
    value = Math.sqrt(norm);
  }
  return value;
}

/** Least loss over all matrices: the part of y outside the range of A, from the eigenvectors of A A*. */
function leastLoss(
  measurements: Measurements,
  y: Float64Array,
  divisor: number,
): { readonly loss: number; readonly rank: number } {
  const { values, vectors } = eigh(measurementGram(measurements));
  const m = y.length;
  const threshold = 1e-12 * (m === 0 ? 0 : values[m - 1]);
  let loss = 0;
  let rank = 0;
  for (let j = 0; j < m; j++) {
    if (values[j] > threshold) {
      rank++;
      continue;
    }
    let component = 0;
    for (let i = 0; i < m; i++) component += vectors!.data[i * m + j] * y[i];
    loss += component * component;
  }
  return { loss: loss / (2 * divisor), rank };
}
