import type { LabelledData } from "../../core/index.js";
import { chooseRank } from "../../rmt/index.js";
import { accuracyOf } from "../../training/index.js";
import { selectRows } from "../spectral/images.js";
import { type Reference, type TruncationEffect, effect, minus, reference } from "./effects.js";
import { oneLayer } from "./layer-ranks.js";
import { type FactoredLayer, applyTruncated, forward, rowNorms } from "./truncated-layers.js";

/** All layers cut by one rule. */
export interface JointRow extends TruncationEffect {
  /** The rule: share of energy, accuracy lost by each layer alone on training images, Gavish–Donoho, or none. */
  readonly kind: "energy" | "loss" | "gavish-donoho" | "full";
  /** Share of energy, or accuracy allowed to be lost; null for the others. */
  readonly setting: number | null;
  /** Rank of each layer. */
  readonly ranks: readonly number[];
  /** Numbers stored (factors, or the matrix where that is smaller; biases) over those of the network. */
  readonly parameterShare: number;
}

const ENERGIES = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999] as const;

/** Accuracy that each layer alone may lose. */
const LOSSES = [0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1] as const;

/** Images on which ranks are chosen by the accuracy they lose: training images, so that nothing is fitted to the test images. */
const CHOOSING = 1000;

/** For every allowed loss, each layer's smallest rank from which on it loses no more accuracy than that alone. */
export function lossRanks(
  layers: readonly FactoredLayer[],
  training: LabelledData,
): { readonly allowed: number; readonly ranks: readonly number[] }[] {
  const count = Math.min(CHOOSING, training.inputs.rows);
  const problem = reference(
    layers,
    selectRows(
      training,
      Array.from({ length: count }, (_, i) => i),
    ),
  );
  const full = accuracyOf(problem.outputs, problem.test.targets);
  const curves = layers.map((_, l) => oneLayer(problem, l, full, undefined).ranks);
  return LOSSES.map((allowed) => ({
    allowed,
    ranks: curves.map((ranks) =>
      Math.min(ranks.length - 1, ranks.findLastIndex((row) => row.accuracy < full - allowed) + 1),
    ),
  }));
}

/** All layers cut by the same rule. */
export function jointRows(
  problem: Reference,
  losses: readonly { readonly allowed: number; readonly ranks: readonly number[] }[],
): JointRow[] {
  const { layers } = problem;
  const byEnergy = (energy: number): number[] =>
    layers.map(({ singularValues, weights }) => chooseRank(singularValues, weights, { method: "energy", energy }).rank);
  const rows: Pick<JointRow, "kind" | "setting" | "ranks">[] = [
    ...ENERGIES.map((energy) => ({ kind: "energy" as const, setting: energy, ranks: byEnergy(energy) })),
    ...losses.map(({ allowed, ranks }) => ({ kind: "loss" as const, setting: allowed, ranks })),
    {
      kind: "gavish-donoho",
      setting: null,
      ranks: layers.map((layer) => chooseRank(layer.singularValues, layer.weights).rank),
    },
    { kind: "full", setting: null, ranks: layers.map((layer) => layer.singularValues.length) },
  ];
  return rows.map((row) => ({
    ...row,
    parameterShare: parameterShare(layers, row.ranks),
    ...jointEffect(problem, row.ranks),
  }));
}

function parameterShare(layers: readonly FactoredLayer[], ranks: readonly number[]): number {
  let [stored, all] = [0, 0];
  layers.forEach(({ weights: { rows, cols } }, l) => {
    stored += Math.min(ranks[l] * (rows + cols), rows * cols) + rows;
    all += rows * cols + rows;
  });
  return stored / all;
}

/** Telescoping: layer by layer from the first, each change acts on the truncated network's hidden vectors and passes the original later layers. */
function jointEffect(problem: Reference, ranks: readonly number[]): TruncationEffect {
  const { layers, test, laterNorms } = problem;
  const { outputs, hidden } = forward(layers, ranks, test.inputs);
  const bounds = new Float64Array(outputs.rows);
  const local = new Float64Array(outputs.rows);
  layers.forEach((layer, l) => {
    const { singularValues } = layer;
    if (ranks[l] >= singularValues.length) return;
    const sizes = rowNorms(hidden[l]);
    const parts = rowNorms(
      minus(applyTruncated(layer, singularValues.length, hidden[l]), applyTruncated(layer, ranks[l], hidden[l])),
    );
    for (let i = 0; i < bounds.length; i++) {
      bounds[i] += singularValues[ranks[l]] * sizes[i] * laterNorms[l];
      local[i] += parts[i] * laterNorms[l];
    }
  });
  return effect(problem, outputs, bounds, local);
}
