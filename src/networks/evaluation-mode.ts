import { ArgumentError, type Matrix, requireInteger, requireNumber, requireOptions } from "../core/index.js";
import { createChain } from "./chain.js";
import type { NormalizationStatistics } from "./fixed-normalization.js";
import type { Layer, LayerDefinition } from "./layer.js";
import { type InputsLike, type Network, requireInputs, requireParameters, sequential } from "./network.js";
import { batchNorm } from "./normalization.js";
import { addInto } from "./products.js";
import { residual } from "./residual.js";
import { shared } from "./shared.js";

/** Options of {@link evaluationMode}. */
export interface EvaluationModeOptions {
  /** Samples per batch of the running average (default: all inputs at once). */
  readonly batchSize?: number;
  /** m of the running average r ← (1 − m) r + m · (statistics of the batch) over the batches in order; it starts at the first batch (default 0.1). */
  readonly momentum?: number;
}

/**
 * The network in evaluation mode: every batch normalisation uses fixed statistics, those of the given inputs, instead of the batch's.
 *
 * Relation: with all inputs in one batch, outputs on these inputs are those of training mode; on other inputs they no longer depend on
 * which samples stand together, so that per-sample gradients, tangent kernels, Fisher matrices and chunks exist. With a batchSize the
 * statistics are running averages over the batches, as frameworks keep them during training (here with population variances).
 * Parameters and their order stay as they are; batch normalisations that already have statistics keep them.
 *
 * @param params at which the statistics are taken: those behind layers with parameters move with them
 * @param inputs n samples in rows, as a rule the training data
 * @returns a network with the same parameter vector
 * @throws {ShapeError} when sizes do not fit
 * @throws {ArgumentError} when momentum leaves [0, 1], or is given without a batchSize
 *
 * Cost: one forward pass.
 * @see [ioffe2015]
 *
 * @example
 * ```ts
 * import { batchNorm, evaluationMode, predict, sequential } from "eigenscope/networks";
 * const net = sequential([batchNorm({ epsilon: 1e-12 })], { inputShape: [1] });
 * const params = Float64Array.of(1, 0);
 * const frozen = evaluationMode(net, params, [[1], [3]]); // mean 2, variance 1
 * console.log(frozen.couplesSamples, predict(frozen, params, [[5]]).data[0]?.toFixed(6)); // false 3.000000
 * ```
 */
export function evaluationMode(
  net: Network,
  params: Float64Array,
  inputs: InputsLike,
  options: EvaluationModeOptions = {},
): Network {
  const caller = "evaluationMode";
  requireOptions(options, ["batchSize", "momentum"], caller);
  requireParameters(net, params, caller);
  const X = requireInputs(net, inputs, caller);
  if (options.momentum !== undefined && options.batchSize === undefined) {
    throw new ArgumentError({
      function: caller,
      argument: "momentum",
      expected: "given with a batchSize",
      got: String(options.momentum),
      remedy: "a running average runs over batches",
    });
  }
  const batchSize = Math.min(
    X.rows,
    options.batchSize === undefined ? X.rows : requireInteger(options.batchSize, "batchSize", caller, 1),
  );
  const momentum = requireNumber(options.momentum ?? 0.1, "momentum", caller, 0, 1);
  const running: { mean: Float64Array; variance: Float64Array }[] = [];
  for (let first = 0; first < X.rows; first += batchSize) {
    const rows = Math.min(batchSize, X.rows - first);
    const batch = { rows, cols: X.cols, data: X.data.subarray(first * X.cols, (first + rows) * X.cols) };
    let index = 0;
    sweep(net.chain.layers, net.definitions, params, batch, (input, positions) => {
      const found = statisticsOf(input, positions);
      const kept = running[index];
      if (kept === undefined) running[index] = found;
      else {
        blend(kept.mean, found.mean, momentum);
        blend(kept.variance, found.variance, momentum);
      }
      index++;
    });
  }
  let next = 0;
  return sequential(
    net.definitions.map((definition) => freeze(definition, () => running[next++])),
    { inputShape: net.inputShape, loss: net.loss, penalties: net.penalties },
  );
}

function isFree(definition: LayerDefinition): boolean {
  return definition.kind === "batchNorm" && definition.config["statistics"] === undefined;
}

/** Evaluates layers in a row and calls back with the input of every batch normalisation that takes the batch's statistics. */
function sweep(
  layers: readonly Layer[],
  definitions: readonly LayerDefinition[],
  params: Float64Array,
  input: Matrix,
  visit: (input: Matrix, positions: number) => void,
): Matrix {
  const { offsets, sources } = createChain(layers);
  let current = input;
  layers.forEach((layer, index) => {
    const definition = definitions[index];
    const own = params.subarray(offsets[sources[index]], offsets[sources[index] + 1]);
    if (definition.kind === "residual") {
      const inner = definition.config["layers"] as readonly LayerDefinition[];
      const branch = sweep(layer.children ?? [], inner, own, current, visit);
      const data = current.data.slice();
      addInto(data, branch.data);
      current = { ...current, data };
      return;
    }
    if (isFree(definition)) visit(current, current.cols / layer.parameters[0].shape[0]);
    current = layer.forward(own, current).output;
  });
  return current;
}

/** Mean and population variance of each feature over samples and positions, in two passes. */
function statisticsOf(A: Matrix, positions: number): { mean: Float64Array; variance: Float64Array } {
  const features = A.cols / positions;
  const count = A.rows * positions;
  const mean = new Float64Array(features);
  const variance = new Float64Array(features);
  const add = (out: Float64Array, value: (x: number, feature: number) => number): void => {
    for (let e = 0; e < A.data.length; e++) {
      const feature = Math.floor((e % A.cols) / positions);
      out[feature] += value(A.data[e], feature) / count;
    }
  };
  add(mean, (x) => x);
  add(variance, (x, feature) => (x - mean[feature]) * (x - mean[feature]));
  return { mean, variance };
}

function blend(kept: Float64Array, found: Float64Array, momentum: number): void {
  for (let i = 0; i < kept.length; i++) kept[i] += momentum * (found[i] - kept[i]);
}

function freeze(definition: LayerDefinition, statistics: () => NormalizationStatistics): LayerDefinition {
  const sharing = (layer: LayerDefinition): LayerDefinition =>
    definition.shared === undefined ? layer : shared(definition.shared, layer);
  if (definition.kind === "residual") {
    const inner = definition.config["layers"] as readonly LayerDefinition[];
    return sharing(residual(inner.map((layer) => freeze(layer, statistics))));
  }
  if (!isFree(definition)) return definition;
  return sharing(batchNorm({ epsilon: definition.config["epsilon"] as number, statistics: statistics() }));
}
