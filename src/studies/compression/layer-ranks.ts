import { type LongRunning, isCancelled } from "../../core/index.js";
import { chooseRank } from "../../rmt/index.js";
import { type Reference, type TruncationEffect, effect, minus } from "./effects.js";
import { applyTruncated, continueFrom, rowNorms } from "./truncated-layers.js";

/** One layer at one rank, the others untouched. */
export interface RankRow extends TruncationEffect {
  /** Rank k kept. */
  readonly rank: number;
  /** σ_{k+1} = ‖W − W_k‖₂; 0 at full rank. */
  readonly spectralError: number;
  /** Share of Σ σ² kept. */
  readonly energy: number;
}

/** One layer at every rank. */
export interface CompressionLayer {
  /** Name. */
  readonly name: string;
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** Singular values, descending. */
  readonly singularValues: Float64Array;
  /** Product of the norms of the later layers: what a change of this layer's output is at most multiplied by. */
  readonly laterNorms: number;
  /** One row per rank, 0 first. */
  readonly ranks: readonly RankRow[];
  /** Ranks that rules choose. */
  readonly choices: readonly { readonly rule: string; readonly rank: number }[];
  /** Largest rank at which the two factors take fewer numbers than W: k < mn/(m + n). */
  readonly largestUseful: number;
  /** Smallest rank from which on the accuracy stays within one percentage point of the full network's. */
  readonly smallestSufficient: number;
}

/** Every rank of one layer: each adds one rank-one part to the pre-activations of the last. */
export function oneLayer(problem: Reference, l: number, full: number, signal: LongRunning["signal"]): CompressionLayer {
  const { layers, hidden, laterNorms } = problem;
  const { name, weights, singularValues, left, right } = layers[l];
  const r = singularValues.length;
  const { rows, cols } = weights;
  const inputs = hidden[l];
  const sizes = rowNorms(inputs);
  const whole = applyTruncated(layers[l], r, inputs);
  const pre = applyTruncated(layers[l], 0, inputs);
  const total = singularValues.reduce((sum, s) => sum + s * s, 0);
  const ranks: RankRow[] = [];
  let kept = 0;
  for (let k = 0; k <= r && !isCancelled(signal); k++) {
    if (k > 0) {
      kept += singularValues[k - 1] * singularValues[k - 1];
      for (let i = 0; i < pre.rows; i++) {
        let along = 0;
        for (let j = 0; j < cols; j++) along += inputs.data[i * cols + j] * right.data[j * r + k - 1];
        along *= singularValues[k - 1];
        for (let j = 0; j < rows; j++) pre.data[i * rows + j] += along * left.data[j * r + k - 1];
      }
    }
    const spectralError = k < r ? singularValues[k] : 0;
    const bounds = sizes.map((size) => spectralError * size * laterNorms[l]);
    const local = k < r ? rowNorms(minus(whole, pre)).map((size) => size * laterNorms[l]) : new Float64Array(pre.rows);
    // At full rank the layer is W itself, not the sum of its parts: equal outputs, not equal to rounding.
    const out = continueFrom(layers, l, k < r ? pre : whole);
    ranks.push({
      rank: k,
      spectralError,
      energy: total > 0 ? Math.min(1, kept / total) : 1,
      ...effect(problem, out, bounds, local),
    });
  }
  const choose = (energy: number): number =>
    chooseRank(singularValues, { rows, cols }, { method: "energy", energy }).rank;
  const insufficient = ranks.findLastIndex((row) => row.accuracy < full - 0.01);
  return {
    name,
    rows,
    cols,
    singularValues,
    laterNorms: laterNorms[l],
    ranks,
    choices: [
      { rule: "energy 90 %", rank: choose(0.9) },
      { rule: "energy 99 %", rank: choose(0.99) },
      { rule: "Gavish–Donoho", rank: chooseRank(singularValues, { rows, cols }).rank },
    ],
    largestUseful: Math.ceil((rows * cols) / (rows + cols)) - 1,
    smallestSufficient: Math.min(r, insufficient + 1),
  };
}
