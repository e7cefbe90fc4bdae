import {
  ArgumentError,
  describe,
  type Matrix,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireOneOf,
  requireOptions,
  requireVector,
  ShapeError,
} from "../core/index.js";
import { activation as scalarActivation, type Activation, type ActivationLike } from "../special/index.js";
import {
  type CustomSpectralActivation,
  type SpectralActivation,
  spectralActivation,
  type SpectralActivationName,
} from "./activation.js";

/** Architecture of a spectral neural network; the numbers live in {@link SpectralParameters} or in one flat vector. */
export interface SpectralNetwork {
  /** Rows of the output. */
  readonly rows: number;
  /** Columns of the output. */
  readonly cols: number;
  /** Columns p of the factors U_k (rows x p) and V_k (cols x p). */
  readonly innerDimension: number;
  /** Neurons per layer; one number for the single-layer model. */
  readonly widths: readonly number[];
  /** γ of the spectral map; of the entries when `map` is "entrywise" it is unused. */
  readonly activation: SpectralActivation;
  /** Where the non-linearity acts. */
  readonly map: "spectral" | "entrywise";
  /** Non-linearity of the entries when `map` is "entrywise", else null. */
  readonly entrywise: Activation | null;
  /** Whether the mixing weights α are trained. */
  readonly alphaTrainable: boolean;
  /** Loss = residual² / 2 summed over the measurements, or their mean. */
  readonly normalisation: "sum" | "mean";
  /** Length of the flat parameter vector (fixed α included). */
  readonly parameterCount: number;
}

/** Options of {@link spectralNetwork}. */
export interface SpectralNetworkOptions {
  /** Rows of the output. */
  readonly rows: number;
  /** Columns of the output. */
  readonly cols: number;
  /** Neurons: K for one layer, or the widths of several layers, input side first. */
  readonly widths: number | readonly number[];
  /** γ, default "tanh"; for map "entrywise" a name of `activation` in eigenscope/special, such as "relu". */
  readonly activation?: SpectralActivationName | SpectralActivation | CustomSpectralActivation | ActivationLike;
  /** Columns of the factors, default min(rows, cols). */
  readonly innerDimension?: number;
  /** "spectral" (default) applies γ to singular values; "entrywise" to the entries, for comparison. */
  readonly map?: "spectral" | "entrywise";
  /** Train α (default true) or keep it. */
  readonly alphaTrainable?: boolean;
  /** "sum" (default) or "mean" over the measurements: rates and 1/η scale with it. */
  readonly normalisation?: "sum" | "mean";
  /** Accept γ(0) ≠ 0, to demonstrate what goes wrong; default false. */
  readonly allowJump?: boolean;
}

/** Parameters in their natural shapes. */
export interface SpectralParameters {
  /** U_k, rows x p, one per neuron of the first layer. */
  readonly u: readonly Matrix[];
  /** V_k, cols x p. */
  readonly v: readonly Matrix[];
  /** Mixing weights, one widths[l] x widths[l + 1] matrix per layer; the last has one column. */
  readonly alpha: readonly Matrix[];
}

const CALLER = "spectralNetwork";

/**
 * Checks that a value is a network made by `spectralNetwork`.
 *
 * @throws {ArgumentError} when it is not
 */
export function requireNetwork(value: unknown, caller: string): SpectralNetwork {
  const candidate = value as Partial<SpectralNetwork> | null | undefined;
  if (typeof candidate !== "object" || candidate === null || !Array.isArray(candidate.widths)) {
    const remedy = "build one with spectralNetwork";
    const expected = "a spectral network";
    throw new ArgumentError({ function: caller, argument: "network", expected, got: describe(value), remedy });
  }
  return candidate as SpectralNetwork;
}

/**
 * Checks a switch.
 *
 * @throws {ArgumentError} when the value is neither true nor false
 */
export function requireFlag(value: unknown, argument: string, caller: string): boolean {
  if (typeof value === "boolean") return value;
  throw new ArgumentError({ function: caller, argument, expected: "true or false", got: describe(value) });
}

/**
 * Describes a spectral neural network: a sum of factorised matrices passed through a function of their singular values.
 *
 * Relation: one layer, X = Σ_k α_k Γ(U_k V_kᵀ) with Γ(W) = P diag(γ(s)) Qᵀ; several layers, X⁰_k = U_k V_kᵀ,
 * X^{l+1}_j = Σ_k α^l_kj Γ(X^l_k), output X^L_1. With γ = identity it is a sum of matrix factorisations.
 * No singular vectors are parameters: the decomposition is computed inside Γ.
 *
 * @param options rows, cols and widths are required
 * @throws {ArgumentError} for sizes that are not positive integers, or γ(0) ≠ 0 without `allowJump`
 * @throws {OptionError} for unknown names or options
 * @see [chu2024]
 * @example
 * ```ts
 * import { spectralNetwork } from "eigenscope/sensing";
 * const network = spectralNetwork({ rows: 6, cols: 5, widths: 2 });
 * console.log(network.parameterCount); // 112
 * ```
 */
export function spectralNetwork(options: SpectralNetworkOptions): SpectralNetwork {
  requireOptions(
    options,
    ["rows", "cols", "widths", "activation", "innerDimension", "map", "alphaTrainable", "normalisation", "allowJump"],
    CALLER,
  );
  const rows = requireInteger(options?.rows, "rows", CALLER, 1);
  const cols = requireInteger(options.cols, "cols", CALLER, 1);
  const widths = (typeof options.widths === "number" ? [options.widths] : [...(options.widths ?? [])]).map((width, l) =>
    requireInteger(width, `widths[${l}]`, CALLER, 1),
  );
  if (widths.length === 0) {
    const expected = "a number of neurons, or one per layer";
    throw new ArgumentError({ function: CALLER, argument: "widths", expected, got: describe(options.widths) });
  }
  const innerDimension = requireInteger(options.innerDimension ?? Math.min(rows, cols), "innerDimension", CALLER, 1);
  const map = requireOneOf(options.map ?? "spectral", ["spectral", "entrywise"] as const, "map", CALLER);
  const given = options.activation ?? "tanh";
  let alphaCount = 0;
  for (let l = 0; l < widths.length; l++) alphaCount += widths[l] * (widths[l + 1] ?? 1);
  return {
    rows,
    cols,
    innerDimension,
    widths,
    activation:
      map === "spectral"
        ? spectralActivation(given as SpectralActivationName, { allowJump: options.allowJump ?? false })
        : spectralActivation("identity"),
    map,
    entrywise: map === "entrywise" ? scalarActivation(given as ActivationLike) : null,
    alphaTrainable: requireFlag(options.alphaTrainable ?? true, "alphaTrainable", CALLER),
    normalisation: requireOneOf(options.normalisation ?? "sum", ["sum", "mean"] as const, "normalisation", CALLER),
    parameterCount: widths[0] * (rows + cols) * innerDimension + alphaCount,
  };
}

/** Where the parts of a flat parameter vector begin. */
export interface SpectralLayout {
  /** Offset of U_0. */
  readonly u: number;
  /** Offset of V_0. */
  readonly v: number;
  /** Offset of the mixing matrix of each layer. */
  readonly alpha: readonly number[];
  /** Length in all. */
  readonly length: number;
}

function requireSpectralNetwork(network: unknown, caller: string): SpectralNetwork {
  const candidate = network as Partial<SpectralNetwork> | null | undefined;
  if (Array.isArray(candidate?.widths) && typeof candidate.innerDimension === "number")
    return candidate as SpectralNetwork;
  throw new ArgumentError({
    function: caller,
    argument: "network",
    expected: "a spectral network",
    got: describe(network),
    remedy: "build one with spectralNetwork",
  });
}

/** Lays out U_0 … U_{K−1}, V_0 … V_{K−1}, α⁰, α¹, … one after the other. */
export function spectralLayout(network: SpectralNetwork): SpectralLayout {
  const { rows, cols, innerDimension, widths } = network;
  const v = widths[0] * rows * innerDimension;
  let next = v + widths[0] * cols * innerDimension;
  const alpha = widths.map((width, l) => {
    const at = next;
    next += width * (widths[l + 1] ?? 1);
    return at;
  });
  return { u: 0, v, alpha, length: next };
}

/**
 * Packs parameters into one flat vector: U_0 …, V_0 …, then the mixing weights layer by layer, all row-major.
 *
 * @throws {ShapeError} when a matrix does not have the shape of the network
 */
export function packParameters(network: SpectralNetwork, parameters: SpectralParameters): Float64Array {
  const caller = "packParameters";
  const { rows, cols, innerDimension, widths } = requireSpectralNetwork(network, caller);
  const layout = spectralLayout(network);
  const out = new Float64Array(layout.length);
  const put = (list: readonly Matrix[], name: string, count: number, r: number, c: number, offset: number): void => {
    if (list.length !== count) {
      throw new ShapeError({ function: caller, argument: name, expected: `${count} matrices`, got: `${list.length}` });
    }
    list.forEach((A, k) => {
      requireMatrix(A, `${name}[${k}]`, caller);
      if (A.rows !== r || A.cols !== c) {
        const expected = `${r} x ${c}`;
        throw new ShapeError({ function: caller, argument: `${name}[${k}]`, expected, got: `${A.rows} x ${A.cols}` });
      }
      requireFinite(A.data, `${name}[${k}]`, caller);
      out.set(A.data, offset + k * r * c);
    });
  };
  put(parameters.u, "u", widths[0], rows, innerDimension, layout.u);
  put(parameters.v, "v", widths[0], cols, innerDimension, layout.v);
  if (parameters.alpha.length !== widths.length) {
    const expected = `${widths.length} matrices, one per layer`;
    throw new ShapeError({ function: caller, argument: "alpha", expected, got: `${parameters.alpha.length}` });
  }
  widths.forEach((width, l) => {
    put([parameters.alpha[l]], `alpha[${l}]`, 1, width, widths[l + 1] ?? 1, layout.alpha[l]);
  });
  return out;
}

/**
 * Copies a flat vector back into matrices.
 *
 * Relation: `packParameters(network, unpackParameters(network, theta))` equals theta.
 *
 * @throws {ShapeError} when theta does not have `network.parameterCount` entries
 */
export function unpackParameters(network: SpectralNetwork, theta: Float64Array): SpectralParameters {
  requireSpectralNetwork(network, "unpackParameters");
  requireVector(theta, network.parameterCount, "theta", "unpackParameters");
  const { rows, cols, innerDimension, widths } = network;
  const layout = spectralLayout(network);
  const take = (offset: number, r: number, c: number): Matrix => ({
    rows: r,
    cols: c,
    data: theta.slice(offset, offset + r * c),
  });
  const neurons = Array.from({ length: widths[0] }, (_, k) => k);
  return {
    u: neurons.map((k) => take(layout.u + k * rows * innerDimension, rows, innerDimension)),
    v: neurons.map((k) => take(layout.v + k * cols * innerDimension, cols, innerDimension)),
    alpha: widths.map((width, l) => take(layout.alpha[l], width, widths[l + 1] ?? 1)),
  };
}

/**
 * Accepts parameters as matrices or flat and returns a flat copy.
 *
 * @throws {ShapeError} when they do not fit the network
 * @throws {NonFiniteError} when an entry is not finite
 */
export function requireParameters(
  network: SpectralNetwork,
  parameters: SpectralParameters | Float64Array,
  caller: string,
): Float64Array {
  requireNetwork(network, caller);
  if (parameters instanceof Float64Array) {
    requireVector(parameters, network.parameterCount, "parameters", caller);
    requireFinite(parameters, "parameters", caller);
    return parameters.slice();
  }
  if (parameters === null || typeof parameters !== "object") {
    const expected = "a record { u, v, alpha } or a flat Float64Array";
    throw new ArgumentError({ function: caller, argument: "parameters", expected, got: describe(parameters) });
  }
  return packParameters(network, parameters);
}
