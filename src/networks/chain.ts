import type { Matrix } from "../core/index.js";
import type { Adjoint, Layer, LayerPass, Tangent } from "./layer.js";
import { parameterCountOf } from "./layer.js";
import { zeros } from "./products.js";
import type { Chain, ChainPass, ChainAdjoint } from "./layer.js";

/** Lays out the parameters of the layers one after the other; shared ones stand once, at their first use. */
export function createChain(layers: readonly Layer[]): Chain {
  const offsets = [0];
  const sources: number[] = [];
  layers.forEach((layer, index) => {
    const source = layer.shared === undefined ? index : layers.findIndex((other) => other.shared === layer.shared);
    sources.push(source);
    offsets.push(offsets[index] + (source === index ? parameterCountOf(layer) : 0));
  });
  return { layers, offsets, sources };
}

/** The layers that use the parameters of a layer, in order; empty for layers that have none of their own. */
export function usesOf(chain: Chain, index: number): number[] {
  if (chain.offsets[index + 1] === chain.offsets[index]) return [];
  return chain.sources.flatMap((source, user) => (source === index ? [user] : []));
}

function part(chain: Chain, vector: Float64Array, index: number): Float64Array {
  const source = chain.sources[index];
  return vector.subarray(chain.offsets[source], chain.offsets[source + 1]);
}

/** Evaluates the layers in order. */
export function chainForward(chain: Chain, parameters: Float64Array, input: Matrix): ChainPass {
  const passes: LayerPass[] = [];
  let current = input;
  chain.layers.forEach((layer, index) => {
    const pass = layer.forward(part(chain, parameters, index), current);
    passes.push(pass);
    current = pass.output;
  });
  return { chain, passes, input, output: current };
}

/** Index of the first layer with parameters: nothing before it needs a cotangent, and no tangent exists before it. */
function firstTrained(chain: Chain): number {
  const { offsets } = chain;
  let index = 0;
  while (index < chain.layers.length && offsets[index + 1] === 0) index++;
  return index;
}

/** Derivatives of all layers' outputs along a direction in the parameters and, unless null, in the input. */
export function chainTangents(pass: ChainPass, direction: Float64Array, inputTangent: Matrix | null): Tangent[] {
  const { chain, passes } = pass;
  const start = inputTangent === null ? firstTrained(chain) : 0;
  const tangents: Tangent[] = [];
  let current = inputTangent;
  passes.forEach((layerPass, index) => {
    const tangent =
      index < start
        ? { output: zeros(layerPass.output.rows, layerPass.output.cols) }
        : layerPass.jvp(part(chain, direction, index), current);
    tangents.push(tangent);
    // A null stands for zero, so that layers skip the products with it.
    current = index < start ? null : tangent.output;
  });
  return tangents;
}

/** Backward sweep: adds the gradient to `gradient` (unless null). */
export function chainBackward(
  pass: ChainPass,
  cotangent: Matrix,
  gradient: Float64Array | null,
  needInput: boolean,
): ChainAdjoint {
  const { chain, passes } = pass;
  const stop = needInput ? 0 : firstTrained(chain);
  const cotangents: Matrix[] = new Array<Matrix>(passes.length);
  const adjoints: Adjoint[] = new Array<Adjoint>(passes.length).fill({ input: null });
  let current: Matrix | null = cotangent;
  for (let index = passes.length - 1; index >= stop; index--) {
    cotangents[index] = current as Matrix;
    const adjoint = passes[index].vjp(
      current as Matrix,
      gradient === null ? null : part(chain, gradient, index),
      needInput || index > stop,
    );
    adjoints[index] = adjoint;
    current = adjoint.input;
  }
  return { cotangents, adjoints, input: passes.length === 0 ? cotangent : needInput ? current : null };
}

/** Differentiates the backward sweep along a direction and adds the derivative of the gradient to `gradient`. */
export function chainSecondOrder(
  pass: ChainPass,
  direction: Float64Array,
  inputTangent: Matrix | null,
  tangents: readonly Tangent[],
  adjoint: ChainAdjoint,
  cotangentTangent: Matrix,
  gradient: Float64Array,
  needInput: boolean,
): Matrix | null {
  const { chain, passes } = pass;
  const first = firstTrained(chain);
  const stop = needInput ? 0 : first;
  let current: Matrix | null = cotangentTangent;
  for (let index = passes.length - 1; index >= stop; index--) {
    const before =
      index === 0 ? inputTangent : inputTangent === null && index <= first ? null : tangents[index - 1].output;
    current = passes[index].secondOrder(
      {
        parameters: part(chain, direction, index),
        input: before,
        tangent: tangents[index],
        cotangent: adjoint.cotangents[index],
        adjoint: adjoint.adjoints[index],
        cotangentTangent: current as Matrix,
      },
      part(chain, gradient, index),
      needInput || index > stop,
    );
  }
  return needInput ? current : null;
}
