import { ArgumentError, requireInteger, requirePositive, UnsupportedError } from "../core/index.js";
import { type Network, type ParameterBlock, requireParameters } from "../networks/index.js";

const HOMOGENEOUS = /^(relu|leaky-relu.*|abs|identity)$/;

/**
 * Multiplies one dense layer by α and divides the next one's weights by it: other parameters, the same function.
 *
 * Relation: for activations with φ(αx) = αφ(x), α > 0 (ReLU, leaky ReLU, abs, identity), (αW_l, αb_l, W_{l+1}/α) computes what (W_l, b_l,
 * W_{l+1}) computes, while trace and largest eigenvalue of the Hessian change with α: the counterexample to flatness as a property of the
 * function.
 *
 * @param layer index l of the layer that is multiplied, from 1
 * @returns new parameters
 * @throws {UnsupportedError} when the two layers are not dense with such an activation alone between them
 * @throws {ArgumentError} when α is not > 0
 * @see [dinh2017]
 *
 * @example
 * ```ts
 * import { mlp } from "eigenscope/networks";
 * import { rescaleLayer } from "eigenscope/training";
 * const net = mlp({ sizes: [1, 1, 1], bias: false });
 * console.log(rescaleLayer(net, Float64Array.of(2, 3), 1, 4).join(" ")); // 8 0.75
 * ```
 */
export function rescaleLayer(net: Network, params: Float64Array, layer: number, alpha: number): Float64Array {
  const caller = "rescaleLayer";
  requireParameters(net, params, caller);
  requirePositive(alpha, "alpha", caller);
  const { layers } = net.chain;
  const dense = layers.map((_, index) => index).filter((index) => net.definitions[index].kind === "dense");
  requireInteger(layer, "layer", caller, 1);
  if (layer >= dense.length) {
    throw new ArgumentError({
      function: caller,
      argument: "layer",
      expected: `the number of a dense layer that has a dense layer after it, 1 to ${dense.length - 1}`,
      got: String(layer),
    });
  }
  const [first, second] = [dense[layer - 1], dense[layer]];
  const between = net.definitions[first + 1];
  const activation = between.config["activation"];
  if (second !== first + 2 || between.kind !== "activation" || !HOMOGENEOUS.test(String(activation))) {
    throw new UnsupportedError({
      function: caller,
      argument: "net",
      expected: `a positively homogeneous activation (ReLU, leaky ReLU, abs, identity) alone between layers ${layer} and ${layer + 1}`,
      got: second === first + 2 ? `${between.kind} ${String(activation ?? "")}` : "other layers",
    });
  }
  const own = (index: number): ParameterBlock[] => net.blocks.filter((block) => block.layer === layers[index].name);
  const weight = own(second).find((block) => block.role === "weight");
  if (own(first).length === 0 || weight === undefined) {
    throw new UnsupportedError({
      function: caller,
      argument: "net",
      expected: "layers with parameters of their own",
      got: "a layer that shares them",
    });
  }
  const out = params.slice();
  for (const { offset, length } of own(first)) for (let i = offset; i < offset + length; i++) out[i] *= alpha;
  for (let i = weight.offset; i < weight.offset + weight.length; i++) out[i] /= alpha;
  return out;
}
