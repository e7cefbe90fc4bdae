import { type Convergence, type Matrix, undefinedBecause, square } from "../core/index.js";
import { svd } from "../linalg/index.js";
import { effectiveRank } from "../spectra/index.js";
import { diagnose, type Finding } from "./diagnosis.js";
import { joinAdvice, reportNorm } from "./flow-options.js";
import type { SensingEngine } from "./engine.js";
import type { SpectralNetwork } from "./network.js";
import { spectralLayout } from "./network.js";

/** What a run looked like along the way, one entry per recorded point. */
export interface SensingHistory {
  /** Flow time, or number of steps for descent. */
  readonly at: Float64Array;
  /** Loss in the network's normalisation. */
  readonly loss: Float64Array;
  /** Nuclear norm of X. */
  readonly nuclearNorm: Float64Array;
  /** Effective rank of X (0 where X is zero). */
  readonly effectiveRank: Float64Array;
}

/** Result of `sensingFlow` and `sensingDescent`. */
export interface SensingRun {
  /** "flow" or "descent". */
  readonly engine: "flow" | "descent";
  /** The network, with its conventions. */
  readonly network: SpectralNetwork;
  /** Final parameters, flat; `unpackParameters` gives the matrices. */
  readonly parameters: Float64Array;
  /** Final output. */
  readonly X: Matrix;
  /** Loss at the beginning. */
  readonly initialLoss: number;
  /** Loss at the end. */
  readonly loss: number;
  /** Largest loss over all steps taken: above initialLoss when the steps were too large somewhere. */
  readonly largestLoss: number;
  /** Loss, nuclear norm and effective rank along the way. */
  readonly history: SensingHistory;
  /** max_k ‖Δ(U_kᵀU_k − V_kᵀV_k)‖_F since the start: zero for the exact flow, O(η) for descent. */
  readonly balanceDrift: number;
  /** Flow time or total Σ η. */
  readonly time: number;
  /** What was noticed: dead or saturated neurons, inconsistent data, too large steps, … */
  readonly findings: readonly Finding[];
  /** iterations are steps, matvecs evaluations of the gradient; residualNorms ‖A(X) − y‖ and the gradient norm. */
  readonly convergence: Convergence;
}

/** Collects the history and assembles the result. */
export interface RunRecorder {
  /** Records the engine's last evaluation. */
  record(at: number, loss: number): void;
  /** Assembles the result after a last evaluation with gradient. */
  finish(parts: {
    readonly theta: Float64Array;
    readonly gradient: Float64Array;
    readonly loss: number;
    readonly initialLoss: number;
    readonly largestLoss: number;
    readonly time: number;
    readonly status: Convergence["status"];
    readonly advice: string | null;
    readonly iterations: number;
    readonly evaluations: number;
    readonly tolerance: number;
    readonly findings?: readonly Finding[];
  }): SensingRun;
}

/** Starts recording a run from given parameters. */
export function createRunRecorder(
  kind: "flow" | "descent",
  engine: SensingEngine,
  start: Float64Array,
  y: Float64Array,
): RunRecorder {
  const { network } = engine;
  const { rows, cols } = network;
  const at: number[] = [];
  const losses: number[] = [];
  const nuclear: number[] = [];
  const ranks: number[] = [];
  const balance = balances(network, start);
  const snapshot = (): Matrix => ({ rows, cols, data: engine.X.slice() });
  return {
    record(where, loss) {
      const X = snapshot();
      if (!X.data.every(Number.isFinite)) return;
      const { singularValues } = svd(X, { vectors: "none" });
      const rank = singularValues[0] > 0 ? effectiveRank(singularValues) : undefinedBecause("zero");
      at.push(where);
      losses.push(loss);
      nuclear.push(singularValues.reduce((sum, s) => sum + s, 0));
      ranks.push(rank.defined ? rank.value : 0);
    },
    finish(parts) {
      const after = balances(network, parts.theta);
      let drift = 0;
      balance.forEach((before, k) => {
        let sum = 0;
        for (let i = 0; i < before.length; i++) sum += square(after[k][i] - before[i]);
        drift = Math.max(drift, Math.sqrt(sum));
      });
      const steepness = parts.gradient.reduce((sum, g) => sum + g * g, 0);
      const decrease = parts.status === "breakdown" || parts.iterations === 0 ? Infinity : steepness * parts.time;
      const findings = [...(parts.findings ?? []), ...diagnose(engine, start, parts.theta, y, parts.loss, decrease)];
      return {
        engine: kind,
        network,
        parameters: parts.theta.slice(),
        X: snapshot(),
        initialLoss: parts.initialLoss,
        loss: parts.loss,
        largestLoss: parts.largestLoss,
        history: {
          at: Float64Array.from(at),
          loss: Float64Array.from(losses),
          nuclearNorm: Float64Array.from(nuclear),
          effectiveRank: Float64Array.from(ranks),
        },
        balanceDrift: drift,
        time: parts.time,
        findings,
        convergence: {
          status: parts.status,
          iterations: parts.iterations,
          matvecs: parts.evaluations,
          tolerance: parts.tolerance,
          residualNorms: Float64Array.of(reportNorm(engine.residual), reportNorm(parts.gradient)),
          advice: joinAdvice(parts.status, parts.advice, findings),
        },
      };
    },
  };
}

/** UᵀU − VᵀV of every neuron, p x p: conserved by the flow for every spectral map, because DΓ is self-adjoint. */
function balances(network: SpectralNetwork, theta: Float64Array): Float64Array[] {
  const { rows, cols, innerDimension: p, widths } = network;
  const layout = spectralLayout(network);
  return Array.from({ length: widths[0] }, (_, k) => {
    const out = new Float64Array(p * p);
    const add = (offset: number, count: number, sign: number): void => {
      for (let i = 0; i < count; i++) {
        for (let a = 0; a < p; a++) {
          const x = sign * theta[offset + i * p + a];
          if (x !== 0) for (let b = 0; b < p; b++) out[a * p + b] += x * theta[offset + i * p + b];
        }
      }
    };
    add(layout.u + k * rows * p, rows, 1);
    add(layout.v + k * cols * p, cols, -1);
    return out;
  });
}
