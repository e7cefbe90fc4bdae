import { describe, FormatError, ShapeError, UnsupportedError } from "../core/index.js";
import { type ByteInput, openSafetensors, writeSafetensors } from "../formats/index.js";
import { activationNames, type ActivationName, leakyRelu } from "../special/index.js";
import { activationLayer } from "./activation-layer.js";
import { conv1d, conv2d, type ConvolutionOptions } from "./convolution.js";
import { dense, type DenseOptions } from "./dense.js";
import type { LayerDefinition } from "./layer.js";
import { averagePool, flatten, maxPool, type PoolOptions } from "./linear-maps.js";
import type { LossName } from "./losses.js";
import { type Network, requireParameters, sequential } from "./network.js";
import { batchNorm, type BatchNormOptions, layerNorm, type NormalizationOptions } from "./normalization.js";
import { spectralPenalty, squaredNormPenalty } from "./penalties.js";
import type { Penalty } from "./network.js";
import { residual } from "./residual.js";
import { shared } from "./shared.js";
import { spectralDense, type SpectralDenseOptions } from "./spectral-dense.js";

/** A layer as plain data. */
export interface SavedLayer {
  /** Kind, such as "dense". */
  readonly kind: string;
  /** The options it was made with; for residual blocks `layers` holds saved layers. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Name of shared parameters, for layers that share them. */
  readonly shared?: string;
}

/** A network with its parameters as plain data that survive JSON exactly. */
export interface SavedNetwork {
  /** Marks the format and its version. */
  readonly format: "eigenscope-network-1";
  /** The layers in order. */
  readonly layers: readonly SavedLayer[];
  /** Shape of one input sample. */
  readonly inputShape: readonly number[];
  /** Name of the loss. */
  readonly loss: string;
  /** Names of the penalties, which carry their coefficients; absent when there are none. */
  readonly penalties?: readonly string[];
  /** The parameters by name, row-major. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

/** A network with its parameters. */
export interface LoadedNetwork {
  /** The network. */
  readonly net: Network;
  /** Its parameter vector. */
  readonly params: Float64Array;
}

/**
 * Turns a network and its parameters into plain data for JSON.
 *
 * Relation: networkFromJson(JSON.parse(JSON.stringify(networkToJson(net, params)))) is the same network with bit-equal parameters.
 * Penalties are stored with their coefficients.
 *
 * @throws {UnsupportedError} for a user's own loss, activation or penalty, which cannot be written as data
 *
 * @example
 * ```ts
 * import { mlp, networkFromJson, networkToJson } from "eigenscope/networks";
 * const saved = networkToJson(mlp({ sizes: [1, 1] }), Float64Array.of(0.1, -2));
 * console.log(networkFromJson(JSON.parse(JSON.stringify(saved))).params.join(" ")); // 0.1 -2
 * ```
 */
export function networkToJson(net: Network, params: Float64Array): SavedNetwork {
  requireParameters(net, params, "networkToJson");
  return {
    ...describeNetwork(net, "networkToJson"),
    parameters: Object.fromEntries(
      net.blocks.map(({ name, offset, length }) => [name, Array.from(params.subarray(offset, offset + length))]),
    ),
  };
}

/**
 * Rebuilds a network from {@link networkToJson}.
 *
 * @throws {FormatError} when the data are not such a record, or a layer is of an unknown kind
 * @throws {ShapeError} when a parameter array is missing or has the wrong length
 */
export function networkFromJson(saved: SavedNetwork): LoadedNetwork {
  const net = rebuild(saved, "networkFromJson");
  const stored = saved.parameters;
  return { net, params: collect(net, (name) => stored?.[name], "networkFromJson") };
}

/**
 * Writes a network and its parameters as one safetensors file; layers and loss are its metadata.
 *
 * Relation: await loadNetwork(saveNetwork(net, params)) is the same network with bit-equal float64 parameters. Other programs read the
 * parameters by name, in their shapes.
 *
 * @throws {UnsupportedError} for a user's own loss, activation or penalty
 *
 * @example
 * ```ts
 * import { loadNetwork, mlp, saveNetwork } from "eigenscope/networks";
 * const bytes = saveNetwork(mlp({ sizes: [1, 1] }), Float64Array.of(0.1, -2));
 * console.log((await loadNetwork(bytes)).params.join(" ")); // 0.1 -2
 * ```
 */
export function saveNetwork(net: Network, params: Float64Array): Uint8Array {
  requireParameters(net, params, "saveNetwork");
  const { format, ...rest } = describeNetwork(net, "saveNetwork");
  return writeSafetensors(
    net.blocks.map(({ name, shape, offset, length }) => ({
      name,
      dtype: "F64" as const,
      shape: [...shape],
      data: params.slice(offset, offset + length),
    })),
    { metadata: { format, network: JSON.stringify(rest) } },
  );
}

/**
 * Reads a network written by {@link saveNetwork} from bytes, a Blob or a path.
 *
 * @throws {FormatError} when the file is not such a network
 * @throws {ShapeError} when a parameter array is missing or has the wrong length
 */
export async function loadNetwork(input: ByteInput): Promise<LoadedNetwork> {
  const caller = "loadNetwork";
  const archive = await openSafetensors(input);
  try {
    const { format, network } = archive.metadata;
    const net = rebuild({ ...(parseObject(network) as object), format } as SavedNetwork, caller);
    const stored = new Map<string, ArrayLike<number>>();
    for (const { name } of archive.tensors) stored.set(name, (await archive.read(name)).data as ArrayLike<number>);
    return { net, params: collect(net, (name) => stored.get(name), caller) };
  } finally {
    await archive.close();
  }
}

function parseObject(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null; // reported by rebuild with the rest of what is wrong
  }
}

function describeNetwork(net: Network, caller: string): Omit<SavedNetwork, "parameters"> {
  if (net.loss.name !== "mse" && net.loss.name !== "cross-entropy") {
    throw new UnsupportedError({
      function: caller,
      argument: "loss",
      expected: '"mse" or "cross-entropy"',
      got: describe(net.loss.name),
      remedy: "a user's own loss is code: save under a built-in loss and pass yours at the call",
    });
  }
  return {
    format: "eigenscope-network-1",
    layers: net.definitions.map((definition) => describeLayer(definition, caller)),
    inputShape: net.inputShape,
    loss: net.loss.name,
    ...(net.penalties.length === 0
      ? {}
      : { penalties: net.penalties.map((penalty) => describePenalty(penalty, caller)) }),
  };
}

function describePenalty({ name }: Penalty, caller: string): string {
  if (penaltyOf(name) !== null) return name;
  throw new UnsupportedError({
    function: caller,
    argument: "penalties",
    expected: "made by squaredNormPenalty or spectralPenalty",
    got: describe(name),
    remedy: "a user's own penalty is code: save the network without it and pass it to sequential again",
  });
}

/** The penalty of a saved name, which carries its coefficient. */
function penaltyOf(name: unknown): Penalty | null {
  const found = typeof name === "string" ? /^(squared norm|spectral) \((.+)\)$/.exec(name) : null;
  if (found === null || !(Number(found[2]) >= 0)) return null;
  const options = { coefficient: Number(found[2]) };
  return found[1] === "spectral" ? spectralPenalty(options) : squaredNormPenalty(options);
}

function describeLayer(definition: LayerDefinition, caller: string): SavedLayer {
  const { kind, config } = definition;
  const sharing = definition.shared === undefined ? {} : { shared: definition.shared };
  if (kind === "residual") {
    return {
      kind,
      ...sharing,
      config: { layers: (config["layers"] as LayerDefinition[]).map((layer) => describeLayer(layer, caller)) },
    };
  }
  if (kind === "activation" && activationOf(config["activation"]) === null) {
    throw new UnsupportedError({
      function: caller,
      argument: "activation",
      expected: `one of ${activationNames.join(", ")}`,
      got: describe(config["activation"]),
      remedy: "a user's own activation is code and cannot be saved",
    });
  }
  return { kind, ...sharing, config: Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)) };
}

/** The activation of a saved name; leaky rectifiers carry their slope in it. */
function activationOf(name: unknown): ActivationName | ReturnType<typeof leakyRelu> | null {
  if (typeof name !== "string") return null;
  const leaky = /^leaky-relu\((.+)\)$/.exec(name);
  if (leaky !== null) return Number.isFinite(Number(leaky[1])) ? leakyRelu(Number(leaky[1])) : null;
  return activationNames.includes(name as ActivationName) ? (name as ActivationName) : null;
}

function rebuild(saved: SavedNetwork, caller: string): Network {
  const valid = saved !== null && typeof saved === "object" && saved.format === "eigenscope-network-1";
  if (!valid || !Array.isArray(saved.layers) || !Array.isArray(saved.inputShape)) {
    throw new FormatError({
      function: caller,
      argument: "the data",
      expected: 'a network saved by this library (format "eigenscope-network-1")',
      got: describe(saved),
    });
  }
  return sequential(
    saved.layers.map((layer) => rebuildLayer(layer as SavedLayer, caller)),
    { inputShape: saved.inputShape, loss: saved.loss as LossName, penalties: rebuildPenalties(saved, caller) },
  );
}

function rebuildPenalties({ penalties = [] }: SavedNetwork, caller: string): Penalty[] {
  const rebuilt = Array.isArray(penalties) ? penalties.map(penaltyOf) : [null];
  if (!rebuilt.includes(null)) return rebuilt as Penalty[];
  throw new FormatError({
    function: caller,
    argument: "penalties",
    expected: 'names such as "squared norm (0.1)"',
    got: describe(penalties),
  });
}

function rebuildLayer(saved: SavedLayer, caller: string): LayerDefinition {
  const layer = rebuildKind(saved, caller);
  return saved.shared === undefined ? layer : shared(saved.shared, layer);
}

function rebuildKind(saved: SavedLayer, caller: string): LayerDefinition {
  const config = (saved?.config ?? {}) as unknown;
  switch (saved?.kind) {
    case "dense":
      return dense(config as DenseOptions);
    case "spectralDense":
      return spectralDense(config as SpectralDenseOptions);
    case "activation": {
      const phi = activationOf((config as { activation?: unknown }).activation);
      if (phi !== null) return activationLayer(phi);
      break;
    }
    case "batchNorm":
      return batchNorm(config as BatchNormOptions);
    case "layerNorm":
      return layerNorm(config as NormalizationOptions);
    case "conv1d":
      return conv1d(config as ConvolutionOptions);
    case "conv2d":
      return conv2d(config as ConvolutionOptions);
    case "averagePool":
      return averagePool(config as PoolOptions);
    case "maxPool":
      return maxPool(config as PoolOptions);
    case "flatten":
      return flatten();
    case "residual":
      return residual(((config as { layers?: SavedLayer[] }).layers ?? []).map((layer) => rebuildLayer(layer, caller)));
  }
  throw new FormatError({
    function: caller,
    argument: "a layer",
    expected: "of a known kind",
    got: describe(saved?.kind),
  });
}

function collect(net: Network, find: (name: string) => ArrayLike<number> | undefined, caller: string): Float64Array {
  const params = new Float64Array(net.parameterCount);
  for (const { name, offset, length } of net.blocks) {
    const values = find(name);
    if (values === undefined || values.length !== length) {
      throw new ShapeError({
        function: caller,
        argument: `parameter "${name}"`,
        expected: `of ${length} numbers`,
        got: values === undefined ? "nothing" : `${values.length} numbers`,
      });
    }
    params.set(values, offset);
  }
  return requireParameters(net, params, caller);
}
