import { requireNumber, requireOneOf, requireOptions } from "../core/index.js";
import { orthogonalMatrix } from "../linalg/index.js";
import { fillNormal, requireRng, type Rng } from "../random/index.js";
import type { Network, ParameterBlock } from "./network.js";

/** Names of the initialisation schemes. */
export type InitializationScheme = "he" | "xavier" | "lecun" | "orthogonal" | "ntk";

/** Options of {@link initialize}. */
export interface InitializeOptions {
  /** Factor on all weights (default 1). */
  readonly gain?: number;
  /** Standard deviation of the biases (default 0, but 1 for "ntk"). */
  readonly biasDeviation?: number;
}

/**
 * Draws the parameters of a network.
 *
 * Relation: the weights that act (stored weight times σ_w/√fanIn in the NTK parameterisation) are N(0, v) with
 * v = 2/fanIn ("he"), 2/(fanIn + fanOut) ("xavier"), 1/fanIn ("lecun"), or semi-orthogonal by Haar measure
 * ("orthogonal"). "ntk" instead draws every stored weight and bias from N(0, 1): with parameterisation "ntk" this is the
 * initialisation of the neural tangent kernel. Scales of normalisations start at 1, shifts at 0.
 *
 * @param rng each parameter array has a stream of its own, forked by its name
 * @returns the parameter vector
 * @throws {OptionError} for an unknown scheme or option
 *
 * @see [he2015]
 * @see [glorot2010]
 * @see [jacot2018]
 *
 * @example
 * ```ts
 * import { initialize, mlp } from "eigenscope/networks";
 * import { createRng } from "eigenscope/random";
 * const params = initialize(mlp({ sizes: [2, 3, 1] }), "he", createRng(1));
 * console.log(params.length, params[6]); // 13 0
 * ```
 */
export function initialize(
  net: Network,
  scheme: InitializationScheme,
  rng: Rng,
  options: InitializeOptions = {},
): Float64Array {
  requireOneOf(scheme, ["he", "xavier", "lecun", "orthogonal", "ntk"] as const, "scheme", "initialize");
  requireRng(rng, "initialize");
  requireOptions(options, ["gain", "biasDeviation"], "initialize");
  const gain = requireNumber(options.gain ?? 1, "gain", "initialize", 0);
  const biasDeviation = requireNumber(
    options.biasDeviation ?? (scheme === "ntk" ? 1 : 0),
    "biasDeviation",
    "initialize",
    0,
  );
  const params = new Float64Array(net.parameterCount);
  for (const block of net.blocks) {
    const view = params.subarray(block.offset, block.offset + block.length);
    const stream = rng.fork(block.name);
    if (block.role === "scale") view.fill(1);
    else if (block.role === "bias" && biasDeviation > 0) scaledNormal(stream, view, biasDeviation);
    else if (block.role === "weight") drawWeight(block, scheme, gain, stream, view);
  }
  return params;
}

function drawWeight(
  block: ParameterBlock,
  scheme: InitializationScheme,
  gain: number,
  rng: Rng,
  out: Float64Array,
): void {
  const { fanIn, fanOut, effectiveScale } = block;
  if (scheme === "ntk") return scaledNormal(rng, out, gain);
  if (scheme === "orthogonal") return drawOrthogonal(block, gain / effectiveScale, rng, out);
  const variance = scheme === "he" ? 2 / fanIn : scheme === "xavier" ? 2 / (fanIn + fanOut) : 1 / fanIn;
  scaledNormal(rng, out, (gain * Math.sqrt(variance)) / effectiveScale);
}

function scaledNormal(rng: Rng, out: Float64Array, deviation: number): void {
  fillNormal(rng, out);
  for (let i = 0; i < out.length; i++) out[i] *= deviation;
}

/** Rows or columns (whichever are fewer) of a Haar-orthogonal matrix are orthonormal. */
function drawOrthogonal(block: ParameterBlock, factor: number, rng: Rng, out: Float64Array): void {
  const rows = block.shape[0];
  const cols = block.length / rows;
  const Q = orthogonalMatrix(rng, Math.max(rows, cols));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) out[i * cols + j] = factor * Q.data[i * Q.cols + j];
  }
}
