import {
  ArgumentError,
  describe,
  type Matrix,
  requireInteger,
  requireMatrix,
  requireFinite,
  requireOptions,
  requireVector,
  ShapeError,
  toMatrix,
} from "../core/index.js";
import { createChain, usesOf } from "./chain.js";
import type { Chain } from "./layer.js";
import { requireSharedOnce, requireSharedShapes } from "./shared.js";
import { type LayerDefinition, type Layer, type ParameterSpec, parameterCountOf, shapeSize } from "./layer.js";
import { loss, type Loss, type LossLike, oneHot } from "./losses.js";

/** One array of parameters with its place in the parameter vector. */
export interface ParameterBlock extends Omit<ParameterSpec, "name"> {
  /** Unique name, such as "layer1.weight". */
  readonly name: string;
  /** Name of the layer that owns it. */
  readonly layer: string;
  /** Index of its first entry in the parameter vector. */
  readonly offset: number;
  /** Number of entries. */
  readonly length: number;
}

/** A term that depends on the parameters alone and is added to the mean loss. */
export interface Penalty {
  /** Name, echoed in results. */
  readonly name: string;
  /** The term's value. */
  value(net: Network, params: Float64Array): number;
  /** Adds the gradient to `out`. */
  addGradient(net: Network, params: Float64Array, out: Float64Array): void;
  /** Adds the Hessian times `direction` to `out`. */
  addHessianProduct(net: Network, params: Float64Array, direction: Float64Array, out: Float64Array): void;
}

/** A network: layers in a row, their common parameter vector, and the loss that it is studied with. */
export interface Network {
  /** The layers and the places of their parameters. */
  readonly chain: Chain;
  /** The definitions that the network was made of, for saving. */
  readonly definitions: readonly LayerDefinition[];
  /** Shape of one input sample; inputs are rows of that many numbers. */
  readonly inputShape: readonly number[];
  /** Width of the input. */
  readonly inputs: number;
  /** Width of the output. */
  readonly outputs: number;
  /** Length of the parameter vector. */
  readonly parameterCount: number;
  /** Parameters in their order: layer by layer, W row-major before b. */
  readonly blocks: readonly ParameterBlock[];
  /** Loss used when a call does not name another. */
  readonly loss: Loss;
  /** Terms added to the mean loss. */
  readonly penalties: readonly Penalty[];
  /** True when a layer makes the output of one sample depend on the others of its batch. */
  readonly couplesSamples: boolean;
}

/** Options of {@link sequential}. */
export interface SequentialOptions {
  /** Shape of one input sample, where the first layers do not fix it. */
  readonly inputShape?: readonly number[];
  /** Loss that the network is studied with (default "mse"). */
  readonly loss?: LossLike;
  /** Terms added to the mean loss (default none). */
  readonly penalties?: readonly Penalty[];
}

/**
 * Composes layers into a network.
 *
 * Relation: f = layer_L ∘ … ∘ layer_1 on samples in rows; the parameter vector is the layers' parameters in order, each
 * W row-major (outputs x inputs) before its b.
 *
 * @param layers definitions, first to last
 * @throws {ShapeError} when neighbouring layers do not fit; the message names the layer
 * @throws {ArgumentError} when there is no layer
 *
 * @example
 * ```ts
 * import { activationLayer, dense, sequential } from "eigenscope/networks";
 * const net = sequential([dense({ inputs: 3, outputs: 4 }), activationLayer("tanh"), dense({ outputs: 2 })]);
 * console.log(net.parameterCount, net.blocks.map((block) => block.name).join(" ")); // 26 layer1.weight layer1.bias layer2.weight layer2.bias
 * ```
 */
export function sequential(layers: readonly LayerDefinition[], options: SequentialOptions = {}): Network {
  requireOptions(options, ["inputShape", "loss", "penalties"], "sequential");
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ArgumentError({
      function: "sequential",
      argument: "layers",
      expected: "a non-empty array of layers",
      got: describe(layers),
    });
  }
  const inputShape = options.inputShape ?? layers.find((layer) => layer.inputShape !== null)?.inputShape;
  if (inputShape === undefined || inputShape === null) {
    throw new ArgumentError({
      function: "sequential",
      argument: "inputShape",
      expected: "given when no layer fixes it",
      got: "undefined",
      remedy: "pass { inputShape: [width] } or inputs in the first layer",
    });
  }
  inputShape.forEach((size: number, i: number) => requireInteger(size, `inputShape[${i}]`, "sequential", 1));
  const bound = bindLayers(layers, inputShape, "");
  requireSharedOnce(bound);
  const chain = createChain(bound);
  const outputShape = bound[bound.length - 1].outputShape;
  return {
    chain,
    definitions: layers,
    inputShape,
    inputs: shapeSize(inputShape),
    outputs: shapeSize(outputShape),
    parameterCount: chain.offsets[bound.length],
    blocks: listBlocks(chain, 0),
    loss: loss(options.loss ?? "mse"),
    penalties: options.penalties ?? [],
    couplesSamples: bound.some((layer) => layer.couplesSamples),
  };
}

/** Fixes the shapes of layers in a row; layers with parameters are named layer1, layer2, …, the others by kind and place. */
export function bindLayers(layers: readonly LayerDefinition[], inputShape: readonly number[], prefix: string): Layer[] {
  const bound: Layer[] = [];
  let shape = inputShape;
  let counted = 0;
  layers.forEach((definition, position) => {
    let layer = definition.bind(shape, `${prefix}layer${counted + 1}`);
    if (parameterCountOf(layer) > 0) counted++;
    else layer = definition.bind(shape, `${prefix}${definition.kind}${position + 1}`);
    bound.push(definition.shared === undefined ? layer : { ...layer, shared: definition.shared });
    shape = layer.outputShape;
  });
  requireSharedShapes(bound);
  return bound;
}

function listBlocks(chain: Chain, start: number): ParameterBlock[] {
  const blocks: ParameterBlock[] = [];
  chain.layers.forEach((layer, index) => {
    if (usesOf(chain, index).length === 0) return;
    let offset = start + chain.offsets[index];
    for (const parameter of layer.parameters) {
      const length = shapeSize(parameter.shape);
      blocks.push({ ...parameter, name: `${layer.name}.${parameter.name}`, layer: layer.name, offset, length });
      offset += length;
    }
  });
  return blocks;
}

/** Inputs as users hold them: a Matrix, nested arrays, or anything that `toMatrix` reads. */
export type InputsLike = Matrix | readonly ArrayLike<number>[];

/** Labelled data as users hold them; targets may be class labels when the loss is a classification loss. */
export interface DataLike {
  /** n x inputs, one sample per row. */
  readonly inputs: InputsLike;
  /** n x outputs, or n class labels 0 … outputs − 1. */
  readonly targets: InputsLike | ArrayLike<number>;
}

/** Checks inputs for a network and returns them as a Matrix. */
export function requireInputs(net: Network, inputs: unknown, caller: string): Matrix {
  requireNetwork(net, caller);
  const X = isMatrixRecord(inputs) ? requireMatrix(inputs, "inputs", caller) : toMatrix(inputs);
  if (X.cols !== net.inputs) {
    throw new ShapeError({
      function: caller,
      argument: "inputs",
      expected: `of ${net.inputs} columns, the width of the network's input`,
      got: `${X.rows} x ${X.cols}`,
    });
  }
  requireFinite(X.data, "inputs", caller);
  return X;
}

/** Checks that a value is a network as `sequential` and `mlp` make it. */
export function requireNetwork(net: unknown, caller: string): Network {
  const candidate = net as Partial<Network> | null | undefined;
  if (Array.isArray(candidate?.blocks) && typeof candidate.parameterCount === "number") return candidate as Network;
  throw new ArgumentError({
    function: caller,
    argument: "net",
    expected: "a network",
    got: describe(net),
    remedy: "build one with mlp or sequential",
  });
}

/** Checks labelled data for a network and a loss: sizes, finiteness, label range. */
export function requireData(
  net: Network,
  data: DataLike,
  lossUsed: Loss,
  caller: string,
): { readonly inputs: Matrix; readonly targets: Matrix } {
  if (data === null || typeof data !== "object" || !("inputs" in data) || !("targets" in data)) {
    throw new ArgumentError({
      function: caller,
      argument: "data",
      expected: "an object { inputs, targets }",
      got: describe(data),
    });
  }
  const inputs = requireInputs(net, data.inputs, caller);
  const targets = toTargets(net, data.targets);
  if (targets.rows !== inputs.rows || targets.cols !== net.outputs) {
    throw new ShapeError({
      function: caller,
      argument: "targets",
      expected: `${inputs.rows} x ${net.outputs}, one row per sample`,
      got: `${targets.rows} x ${targets.cols}`,
    });
  }
  if (inputs.rows === 0) {
    throw new ShapeError({ function: caller, argument: "inputs", expected: "of at least one row", got: "0 rows" });
  }
  requireFinite(targets.data, "targets", caller);
  lossUsed.validate?.(targets, caller);
  return { inputs, targets };
}

function isMatrixRecord(value: unknown): boolean {
  return value !== null && typeof value === "object" && "rows" in value && "data" in value;
}

function toTargets(net: Network, targets: DataLike["targets"]): Matrix {
  if (isMatrixRecord(targets)) return requireMatrix(targets, "targets", "requireData");
  const list = targets as ArrayLike<unknown>;
  if (list.length > 0 && typeof list[0] === "number") {
    const numbers = targets as ArrayLike<number>;
    // One output and a flat array: regression targets; several outputs: class labels.
    return net.outputs === 1
      ? { rows: numbers.length, cols: 1, data: Float64Array.from(numbers) }
      : oneHot(numbers, net.outputs);
  }
  return toMatrix(targets);
}

/** Checks a parameter vector: type, length, finite entries. */
export function requireParameters(net: Network, params: unknown, caller: string, argument = "params"): Float64Array {
  requireNetwork(net, caller);
  const vector = requireVector(params, null, argument, caller);
  if (vector.length !== net.parameterCount) {
    throw new ShapeError({
      function: caller,
      argument,
      expected: `of length ${net.parameterCount}, the network's parameters`,
      got: `length ${vector.length}`,
      remedy: "initialize(net, scheme, rng) makes a vector of the right length",
    });
  }
  requireFinite(vector, argument, caller);
  return vector;
}

/** Finds the contiguous range of parameters of a block ("layer1.weight") or a layer ("layer1"). */
export function requireBlock(
  net: Network,
  name: string,
  caller: string,
): { readonly start: number; readonly end: number } {
  const found = requireNetwork(net, caller).blocks.filter(
    (block) => block.name === name || block.layer === name || block.layer.startsWith(`${name}.`),
  );
  if (found.length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "block",
      expected: `one of ${[...new Set(net.blocks.flatMap((block) => [block.layer, block.name]))].join(", ")}`,
      got: describe(name),
    });
  }
  const last = found[found.length - 1];
  return { start: found[0].offset, end: last.offset + last.length };
}
